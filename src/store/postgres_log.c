/* The change log and the audit log. */
#include "store/audit.h"
#include "store/postgres_internal.h"

#include <string.h>

#define PAGE 512 /* audit records in memory at a time */

/* ---- change log ---- */

static void read_number(mn_pg *q, mn_arena *a, void *item)
{
    (void)a;
    *(uint64_t *)item = (uint64_t)mn_pg_column_int(q, 0);
}

mn_code mn_pg_generation(mn_store *store, uint64_t *out, mn_error *err)
{
    mn_pg q;
    uint64_t found = 0;
    mn_pg_ask(store, P_GENERATION, &q);
    mn_code code = mn_pg_one(&q, NULL, read_number, &found, "generation", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

typedef struct {
    mn_id person;
    uint64_t seq;
} change;

static void read_change(mn_pg *q, mn_arena *a, void *item)
{
    (void)a;
    *(change *)item = (change){.person = mn_pg_column_id(q, 0), .seq = (uint64_t)mn_pg_column_int(q, 1)};
}

mn_code mn_pg_changes(mn_store *store, uint64_t since, size_t limit, mn_arena *a, mn_id **people, size_t *n,
                      uint64_t *reached, mn_error *err)
{
    mn_pg q;
    void *items = NULL;
    size_t count = 0;
    mn_pg_ask(store, P_CHANGES, &q);
    mn_pg_int(&q, (int64_t)since);
    mn_pg_int(&q, (int64_t)limit);
    mn_code code = mn_pg_collect(&q, a, read_change, sizeof(change), &items, &count, err);
    if (code != MN_OK)
        return code;
    const change *found = items;
    mn_id *ids = mn_arena_alloc(a, (count ? count : 1) * sizeof *ids);
    if (!ids)
        return mn_fail(err, MN_E_MEMORY, "no memory for what the store found");
    for (size_t i = 0; i < count; i++)
        ids[i] = found[i].person;
    *people = ids;
    *n = count;
    *reached = count ? found[count - 1].seq : since;
    return MN_OK;
}

mn_code mn_pg_ended(mn_store *store, mn_time from, mn_time to, mn_arena *a, mn_id **people, size_t *n,
                    mn_error *err)
{
    mn_pg q;
    void *items = NULL;
    mn_pg_ask(store, P_ENDED, &q);
    mn_pg_int(&q, from);
    mn_pg_int(&q, to);
    mn_code code = mn_pg_collect(&q, a, mn_pg_read_id, sizeof(mn_id), &items, n, err);
    if (code == MN_OK)
        *people = items;
    return code;
}

/* ---- audit log ---- */

typedef struct {
    uint64_t seq;
    uint8_t hash[32];
} audit_end;

static void read_end(mn_pg *q, mn_arena *a, void *item)
{
    (void)a;
    audit_end *end = item;
    end->seq = (uint64_t)mn_pg_column_int(q, 0);
    mn_pg_column_hash(q, 1, end->hash);
}

static mn_code find_end(mn_store *store, audit_end *end, mn_error *err)
{
    mn_pg q;
    *end = (audit_end){0};
    mn_pg_ask(store, P_AUDIT_LAST, &q);
    mn_code code = mn_pg_one(&q, NULL, read_end, end, "audit record", err);
    return code == MN_E_NOT_FOUND ? MN_OK : code; /* the first record follows zeros */
}

static mn_code insert_audit(mn_store *store, const mn_audit_record *r, mn_error *err)
{
    mn_pg q;
    char head[MN_AUDIT_HEAD_TEXT];
    mn_audit_format_head(r->seq, r->hash, head);
    mn_pg_ask(store, P_AUDIT_APPEND, &q);
    mn_pg_int(&q, (int64_t)r->seq);
    mn_pg_int(&q, r->time);
    mn_pg_id(&q, &r->account);
    mn_pg_text(&q, r->actor);
    mn_pg_text(&q, r->action);
    mn_pg_text(&q, r->target);
    mn_pg_text(&q, r->detail);
    mn_pg_blob(&q, r->prev, sizeof r->prev);
    mn_pg_blob(&q, r->hash, sizeof r->hash);
    mn_pg_text(&q, head);
    return mn_pg_write(&q, NULL, err);
}

mn_code mn_pg_audit_chain(mn_store *store, mn_audit_record *r, size_t n, mn_error *err)
{
    audit_end end;
    mn_code code = n > 0 ? find_end(store, &end, err) : MN_OK;
    if (code == MN_OK)
        mn_audit_chain(end.seq, end.hash, r, n);
    return code;
}

/* Inside a writing transaction, so that nobody else appends between the two. */
static mn_code append(mn_store *store, mn_audit_record *r, mn_error *err)
{
    mn_code code = mn_pg_audit_chain(store, r, 1, err);
    return code == MN_OK ? insert_audit(store, r, err) : code;
}

mn_code mn_pg_audit_append(mn_store *store, mn_audit_record *r, mn_error *err)
{
    mn_postgres *s = (mn_postgres *)store;
    bool own = false;
    mn_audit_record made = *r;
    mn_code code = mn_pg_enter(s, false, &own, err);
    if (code != MN_OK)
        return code;
    code = append(store, &made, err);
    code = mn_pg_leave(s, own, code, err);
    if (code == MN_OK)
        *r = made;
    return code;
}

mn_code mn_pg_audit_append_many(mn_store *store, mn_audit_record *r, size_t n, mn_error *err)
{
    const mn_records only = {.audit = r, .n_audit = n};
    return n == 1 ? mn_pg_audit_append(store, r, err) : mn_pg_put_many(store, &only, err);
}

typedef mn_code visitor(void *ctx, const mn_audit_record *r, mn_error *err);

static const char *text_or_null(const mn_pg *q, int i)
{
    return PQgetisnull(q->result, q->row, i) ? NULL : PQgetvalue(q->result, q->row, i);
}

static mn_code visit_row(mn_pg *q, visitor *fn, void *ctx, mn_error *err)
{
    mn_audit_record r = {
        .seq = (uint64_t)mn_pg_column_int(q, 0),
        .time = mn_pg_column_int(q, 1),
        .account = mn_pg_column_id(q, 2),
        .actor = text_or_null(q, 3),
        .action = text_or_null(q, 4),
        .target = text_or_null(q, 5),
        .detail = text_or_null(q, 6),
    };
    mn_pg_column_hash(q, 7, r.prev);
    mn_pg_column_hash(q, 8, r.hash);
    mn_code code = mn_pg_row_ok(q, err);
    return code != MN_OK ? code : fn(ctx, &r, err);
}

/* *next moves behind what was seen; *n: how many there were. */
static mn_code visit_page(mn_store *store, uint64_t *next, visitor *fn, void *ctx, int *n, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_AUDIT_PAGE, &q);
    mn_pg_int(&q, (int64_t)*next);
    mn_pg_int(&q, PAGE);
    mn_code code = mn_pg_read(&q, err);
    if (code != MN_OK)
        return code;
    *n = PQntuples(q.result);
    for (; code == MN_OK && q.row < *n; q.row++) {
        *next = (uint64_t)mn_pg_column_int(&q, 0) + 1;
        code = visit_row(&q, fn, ctx, err);
    }
    mn_pg_end(&q);
    return code;
}

mn_code mn_pg_audit_each(mn_store *store, uint64_t from_seq, visitor *fn, void *ctx, mn_error *err)
{
    mn_postgres *s = (mn_postgres *)store;
    bool own = false;
    int n = PAGE;
    mn_code code = mn_pg_enter(s, true, &own, err); /* all pages are of one moment */
    if (code != MN_OK)
        return code;
    while (code == MN_OK && n == PAGE)
        code = visit_page(store, &from_seq, fn, ctx, &n, err);
    return mn_pg_leave(s, own, code, err);
}
