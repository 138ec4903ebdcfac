#include "store/postgres_internal.h"

#include <endian.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const query_text[P_COUNT] = {
#define X(name, sql) [P_##name] = sql,
    MN_POSTGRES_STATEMENTS(X)
#undef X
};

/* ---- parameters ---- */

void mn_pg_ask(mn_store *store, mn_pg_query which, mn_pg *q)
{
    *q = (mn_pg){.s = (mn_postgres *)store, .which = which};
}

void mn_pg_end(mn_pg *q)
{
    PQclear(q->result);
    q->result = NULL;
}

static void bind(mn_pg *q, const void *value, size_t n, int format)
{
    q->values[q->bound] = value;
    q->lengths[q->bound] = n > INT_MAX ? 0 : (int)n;
    q->formats[q->bound++] = format;
    q->too_long |= n > INT_MAX;
}

static void bind_number(mn_pg *q, uint64_t bits)
{
    uint64_t *number = &q->numbers[q->bound];
    *number = htobe64(bits);
    bind(q, number, sizeof *number, MN_PG_BINARY);
}

void mn_pg_id(mn_pg *q, const mn_id *id)
{
    bind(q, id ? id->bytes : NULL, sizeof id->bytes, MN_PG_BINARY);
}

void mn_pg_text(mn_pg *q, const char *text)
{
    bind(q, text, 0, MN_PG_TEXT); /* libpq takes the length of a text from its zero byte */
}

void mn_pg_blob(mn_pg *q, const void *bytes, size_t n)
{
    bind(q, bytes ? bytes : "", n, MN_PG_BINARY);
}

void mn_pg_int(mn_pg *q, int64_t value)
{
    bind_number(q, (uint64_t)value);
}

void mn_pg_real(mn_pg *q, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bind_number(q, bits);
}

void mn_pg_bool(mn_pg *q, bool value)
{
    bind(q, value ? "t" : "f", 0, MN_PG_TEXT);
}

/* ---- columns ---- */

/* The value's n bytes; NULL, and the row marked, where it is NULL or of another length. */
static const void *exactly(mn_pg *q, int i, int n)
{
    if (!PQgetisnull(q->result, q->row, i) && PQgetlength(q->result, q->row, i) == n)
        return PQgetvalue(q->result, q->row, i);
    q->column = MN_E_CORRUPT;
    return NULL;
}

mn_id mn_pg_column_id(mn_pg *q, int i)
{
    mn_id id = {0};
    if (PQgetisnull(q->result, q->row, i))
        return id;
    const void *bytes = exactly(q, i, sizeof id.bytes);
    if (bytes)
        memcpy(id.bytes, bytes, sizeof id.bytes);
    return id;
}

void mn_pg_column_hash(mn_pg *q, int i, uint8_t out[32])
{
    const void *bytes = exactly(q, i, 32);
    if (bytes)
        memcpy(out, bytes, 32);
}

static uint64_t column_number(mn_pg *q, int i)
{
    uint64_t bits = 0;
    const void *bytes = exactly(q, i, sizeof bits);
    if (bytes)
        memcpy(&bits, bytes, sizeof bits);
    return be64toh(bits);
}

int64_t mn_pg_column_int(mn_pg *q, int i)
{
    return (int64_t)column_number(q, i);
}

double mn_pg_column_real(mn_pg *q, int i)
{
    double value;
    uint64_t bits = column_number(q, i);
    memcpy(&value, &bits, sizeof value);
    return value;
}

bool mn_pg_column_bool(mn_pg *q, int i)
{
    const char *byte = exactly(q, i, 1);
    return byte && *byte;
}

const uint8_t *mn_pg_column_blob(mn_pg *q, int i, mn_arena *a, size_t *n)
{
    *n = (size_t)PQgetlength(q->result, q->row, i);
    uint8_t *copy = mn_arena_alloc(a, *n + 1);
    if (!copy)
        q->column = MN_E_MEMORY;
    else
        memcpy(copy, PQgetvalue(q->result, q->row, i), *n + 1); /* libpq ends every value with a zero byte */
    return copy;
}

const char *mn_pg_column_text(mn_pg *q, int i, mn_arena *a)
{
    size_t n;
    return PQgetisnull(q->result, q->row, i) ? NULL : (const char *)mn_pg_column_blob(q, i, a, &n);
}

mn_purpose mn_pg_column_purpose(mn_pg *q, int i)
{
    mn_purpose p = MN_PURPOSE_VERIFICATION;
    if (!mn_purpose_parse(PQgetvalue(q->result, q->row, i), &p))
        q->column = MN_E_CORRUPT;
    return p;
}

mn_code mn_pg_row_ok(const mn_pg *q, mn_error *err)
{
    if (q->column == MN_E_MEMORY)
        return mn_fail(err, MN_E_MEMORY, "no memory for what the store found");
    if (q->column != MN_OK)
        return mn_fail(err, MN_E_CORRUPT, "%s has a record that no mien wrote: put its backup back",
                       q->s->place);
    return MN_OK;
}

/* ---- running ---- */

static bool good(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static mn_code prepare(mn_pg *q, mn_pg_conn *c, char name[16], mn_error *err)
{
    mn_code code = MN_OK;
    snprintf(name, 16, "m%d", (int)q->which);
    if (c->prepared[q->which])
        return MN_OK;
    PGresult *r = mn_pg_answer(q->s, c, PQsendPrepare(c->pg, name, query_text[q->which], 0, NULL));
    if (good(r))
        c->prepared[q->which] = true;
    else
        code = mn_pg_fail(q->s, c, r, err);
    PQclear(r);
    return code;
}

static mn_code execute(mn_pg *q, mn_pg_conn *c, mn_error *err)
{
    char name[16];
    mn_code code = prepare(q, c, name, err);
    if (code != MN_OK)
        return code;
    PGresult *r = mn_pg_answer(
        q->s, c, PQsendQueryPrepared(c->pg, name, q->bound, q->values, q->lengths, q->formats, MN_PG_BINARY));
    if (good(r)) {
        q->result = r;
        return MN_OK;
    }
    code = mn_pg_fail(q->s, c, r, err);
    PQclear(r);
    return code;
}

/* After a failure inside a guarded transaction: back to the savepoint, and the writes since then once more.
 * When that fails too, the transaction takes nothing more (mn_pg_usable). */
static void recover(mn_postgres *s, mn_pg_conn *c)
{
    mn_pg q = {.s = s};
    size_t at = 0;
    mn_code code = mn_pg_command(s, c, "ROLLBACK TO mien_write", NULL);
    while (code == MN_OK && mn_pg_journal_next(c, &at, &q)) {
        code = execute(&q, c, NULL);
        mn_pg_end(&q);
    }
}

static mn_code execute_guarded(mn_pg *q, mn_pg_conn *c, mn_error *err)
{
    size_t start = 0;
    mn_code code = mn_pg_journal_add(c, q, &start, err);
    if (code != MN_OK)
        return code;
    code = execute(q, c, err);
    if (code != MN_OK && !c->lost) {
        mn_buf_cut(&c->journal, start);
        recover(q->s, c);
    }
    return code;
}

static mn_code check_parameters(const mn_pg *q, mn_error *err)
{
    return q->too_long ? mn_fail(err, MN_E_LIMIT, "a value is too large for the store") : MN_OK;
}

static mn_code read_with(mn_pg *q, mn_pg_conn *c, mn_error *err)
{
    mn_code code = mn_pg_usable(q->s, c, err);
    if (code != MN_OK)
        return code;
    code = execute(q, c, err);
    if (code != MN_OK && c->lost && !c->silent && !c->in_tx) {
        code = mn_pg_reconnect(q->s, c, err);
        return code == MN_OK ? execute(q, c, err) : code;
    }
    if (code != MN_OK && c->guarded && !c->lost)
        recover(q->s, c);
    return code;
}

mn_code mn_pg_read(mn_pg *q, mn_error *err)
{
    mn_pg_conn *c = NULL;
    mn_code code = check_parameters(q, err);
    if (code == MN_OK)
        code = mn_pg_take(q->s, &c, err);
    if (code != MN_OK)
        return code;
    code = read_with(q, c, err);
    mn_pg_give(q->s, c);
    return code;
}

static mn_code write_in_transaction(mn_pg *q, const char *missing, mn_error *err)
{
    mn_pg_conn *c = NULL;
    mn_code code = mn_pg_take(q->s, &c, err);
    if (code != MN_OK)
        return code;
    code = mn_pg_usable(q->s, c, err);
    if (code == MN_OK)
        code = c->guarded ? execute_guarded(q, c, err) : execute(q, c, err);
    if (code == MN_OK && missing && strcmp(PQcmdTuples(q->result), "0") == 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "%s", missing);
    mn_pg_give(q->s, c);
    return code;
}

mn_code mn_pg_write(mn_pg *q, const char *missing, mn_error *err)
{
    bool own = false;
    mn_code code = check_parameters(q, err);
    if (code == MN_OK)
        code = mn_pg_enter(q->s, false, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_pg_leave(q->s, own, write_in_transaction(q, missing, err), err);
    mn_pg_end(q);
    return code;
}

/* ---- rows ---- */

mn_code mn_pg_one(mn_pg *q, mn_arena *a, mn_pg_reader *read, size_t size, void *out, const char *what,
                  mn_error *err)
{
    mn_store_item item;
    mn_code code = mn_pg_read(q, err);
    if (code != MN_OK)
        return code;
    if (size > sizeof item) {
        code = mn_fail(err, MN_E_INTERNAL, "a %s is larger than %zu bytes", what, sizeof item);
    } else if (PQntuples(q->result) == 0) {
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such %s", what);
    } else {
        read(q, a, &item);
        code = mn_pg_row_ok(q, err);
    }
    mn_pg_end(q);
    if (code == MN_OK)
        memcpy(out, &item, size);
    return code;
}

mn_code mn_pg_each(mn_pg *q, mn_pg_visitor *fn, void *ctx, size_t *n, mn_error *err)
{
    mn_code code = mn_pg_read(q, err);
    if (code != MN_OK)
        return code;
    int count = PQntuples(q->result);
    for (; code == MN_OK && q->row < count; q->row++)
        code = fn(q, ctx, err);
    mn_pg_end(q);
    *n = (size_t)count;
    return code;
}

mn_code mn_pg_collect(mn_pg *q, mn_arena *a, mn_pg_reader *read, size_t size, void *out, size_t *n,
                      mn_error *err)
{
    mn_code code = mn_pg_read(q, err);
    if (code != MN_OK)
        return code;
    int count = PQntuples(q->result);
    char *found = count > 0 ? mn_arena_calloc(a, (size_t)count, size) : NULL;
    if (count > 0 && !found)
        code = mn_fail(err, MN_E_MEMORY, "no memory for what the store found");
    for (; code == MN_OK && q->row < count; q->row++) {
        read(q, a, found + (size_t)q->row * size);
        code = mn_pg_row_ok(q, err);
    }
    mn_pg_end(q);
    if (code != MN_OK)
        return code;
    void *items = found;
    memcpy(out, &items, sizeof items);
    *n = (size_t)count;
    return MN_OK;
}
