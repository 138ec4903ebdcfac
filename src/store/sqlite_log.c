/* The change log and the audit log. */
#include "store/audit.h"
#include "store/sqlite_internal.h"

#include <string.h>

/* ---- change log ---- */

mn_code mn_sqlite_changed(mn_sqlite *s, mn_sqlite_query how, const mn_id *id, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(&s->base, how, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, id);
    return mn_sql_run(&q, err);
}

static void read_number(mn_sql *q, mn_arena *a, void *item)
{
    (void)a;
    *(uint64_t *)item = (uint64_t)sqlite3_column_int64(q->st, 0);
}

mn_code mn_sqlite_generation(mn_store *store, uint64_t *out, mn_error *err)
{
    mn_sql q;
    uint64_t found = 0;
    mn_code code = mn_sql_open(store, Q_GENERATION, &q, err);
    if (code == MN_OK)
        code = mn_sql_one(&q, NULL, read_number, &found, "generation", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

typedef struct {
    mn_id person;
    uint64_t seq;
} change;

static void read_change(mn_sql *q, mn_arena *a, void *item)
{
    (void)a;
    *(change *)item =
        (change){.person = mn_sql_column_id(q, 0), .seq = (uint64_t)sqlite3_column_int64(q->st, 1)};
}

mn_code mn_sqlite_changes(mn_store *store, uint64_t since, size_t limit, mn_arena *a, mn_id **people,
                          size_t *n, uint64_t *reached, mn_error *err)
{
    mn_sql q;
    void *items = NULL;
    size_t count = 0;
    mn_code code = mn_sql_open(store, Q_CHANGES, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_int(&q, (int64_t)since);
    mn_sql_int(&q, (int64_t)limit);
    code = mn_sql_collect(&q, a, read_change, sizeof(change), &items, &count, err);
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

mn_code mn_sqlite_ended(mn_store *store, mn_time from, mn_time to, mn_arena *a, mn_id **people, size_t *n,
                        mn_error *err)
{
    mn_sql q;
    void *items = NULL;
    mn_code code = mn_sql_open(store, Q_ENDED, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_int(&q, from);
    mn_sql_int(&q, to);
    code = mn_sql_collect(&q, a, mn_sql_read_id, sizeof(mn_id), &items, n, err);
    if (code == MN_OK)
        *people = items;
    return code;
}

/* ---- audit log ---- */

static void column_hash(mn_sql *q, int i, uint8_t out[32])
{
    const void *bytes = sqlite3_column_blob(q->st, i);
    if (bytes && sqlite3_column_bytes(q->st, i) == 32)
        memcpy(out, bytes, 32);
    else
        q->column = MN_E_CORRUPT;
}

typedef struct {
    uint64_t seq;
    uint8_t hash[32];
} audit_end;

static void read_end(mn_sql *q, mn_arena *a, void *item)
{
    (void)a;
    audit_end *end = item;
    end->seq = (uint64_t)sqlite3_column_int64(q->st, 0);
    column_hash(q, 1, end->hash);
}

static mn_code find_end(mn_store *store, audit_end *end, mn_error *err)
{
    mn_sql q;
    *end = (audit_end){0};
    mn_code code = mn_sql_open(store, Q_AUDIT_LAST, &q, err);
    if (code == MN_OK)
        code = mn_sql_one(&q, NULL, read_end, end, "audit record", NULL);
    if (code == MN_E_NOT_FOUND)
        return MN_OK; /* the first record follows zeros */
    return code == MN_OK ? MN_OK : mn_fail(err, code, "the end of the audit log cannot be read");
}

static mn_code insert_audit(mn_store *store, const mn_audit_record *r, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_AUDIT_APPEND, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_int(&q, (int64_t)r->seq);
    mn_sql_int(&q, r->time);
    mn_sql_id(&q, &r->account);
    mn_sql_text(&q, r->actor);
    mn_sql_text(&q, r->action);
    mn_sql_text(&q, r->target);
    mn_sql_text(&q, r->detail);
    mn_sql_blob(&q, r->prev, sizeof r->prev);
    mn_sql_blob(&q, r->hash, sizeof r->hash);
    return mn_sql_run(&q, err);
}

mn_code mn_sqlite_audit_append_many(mn_store *store, mn_audit_record *r, size_t n, mn_error *err)
{
    audit_end end;
    if (n == 0)
        return MN_OK;
    mn_code code = find_end(store, &end, err);
    if (code == MN_OK)
        mn_audit_chain(end.seq, end.hash, r, n);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = insert_audit(store, &r[i], err);
    if (code != MN_OK)
        return code;
    char head[MN_AUDIT_HEAD_TEXT];
    mn_audit_format_head(r[n - 1].seq, r[n - 1].hash, head);
    return mn_sqlite_meta_put(store, "audit_head", head, err);
}

mn_code mn_sqlite_audit_append(mn_store *store, mn_audit_record *r, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_audit_record made = *r;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_sqlite_audit_append_many(store, &made, 1, err);
    code = mn_sqlite_leave(s, own, code, err);
    if (code == MN_OK)
        *r = made;
    return code;
}

mn_code mn_sqlite_audit_append_all(mn_store *store, mn_audit_record *r, size_t n, mn_error *err)
{
    const mn_records only = {.audit = r, .n_audit = n};
    return mn_sqlite_put_many(store, &only, err);
}

static mn_code visit_audit(mn_sql *q, mn_code (*fn)(void *ctx, const mn_audit_record *r, mn_error *err),
                           void *ctx, mn_error *err)
{
    mn_audit_record r = {
        .seq = (uint64_t)sqlite3_column_int64(q->st, 0),
        .time = sqlite3_column_int64(q->st, 1),
        .account = mn_sql_column_id(q, 2),
        .actor = (const char *)sqlite3_column_text(q->st, 3),
        .action = (const char *)sqlite3_column_text(q->st, 4),
        .target = (const char *)sqlite3_column_text(q->st, 5),
        .detail = (const char *)sqlite3_column_text(q->st, 6),
    };
    column_hash(q, 7, r.prev);
    column_hash(q, 8, r.hash);
    mn_code code = mn_sql_row_ok(q, err);
    return code != MN_OK ? code : fn(ctx, &r, err);
}

mn_code mn_sqlite_audit_each(mn_store *store, uint64_t from_seq,
                             mn_code (*fn)(void *ctx, const mn_audit_record *r, mn_error *err), void *ctx,
                             mn_error *err)
{
    mn_sql q;
    bool row = false;
    mn_code code = mn_sql_open(store, Q_AUDIT_EACH, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_int(&q, (int64_t)from_seq);
    while ((code = mn_sql_step(&q, &row, err)) == MN_OK && row) {
        code = visit_audit(&q, fn, ctx, err);
        if (code != MN_OK)
            break;
    }
    mn_sql_end(&q);
    return code;
}
