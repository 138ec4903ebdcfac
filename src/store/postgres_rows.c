/* Records as rows: statements made from a kind's columns; many rows in one statement. */
#include "store/postgres_internal.h"

#include "base/alloc.h"

#include <endian.h>
#include <limits.h>
#include <string.h>

#define SQL_MAX   ((size_t)1 << 20)
#define AT_A_TIME 100 /* rows in one statement */

static const struct {
    const char *word;
    Oid oid; /* of pg_type.dat, the same in every PostgreSQL */
} types[MN_COLUMN_TYPES] = {
    [MN_COLUMN_ID] = {"uuid", 2950},    [MN_COLUMN_INT] = {"int8", 20},  [MN_COLUMN_BOOL] = {"bool", 16},
    [MN_COLUMN_REAL] = {"float8", 701}, [MN_COLUMN_TEXT] = {"text", 25}, [MN_COLUMN_BYTES] = {"bytea", 17},
};

typedef struct {
    const char *values[AT_A_TIME * MN_COLUMNS_MAX];
    int lengths[AT_A_TIME * MN_COLUMNS_MAX], formats[AT_A_TIME * MN_COLUMNS_MAX];
    Oid oids[AT_A_TIME * MN_COLUMNS_MAX];
    uint64_t numbers[AT_A_TIME * MN_COLUMNS_MAX]; /* big-endian */
    int n;
    bool too_long;
} parameters;

static void bind(parameters *p, mn_column_type type, const mn_value *v)
{
    uint64_t bits = (uint64_t)v->integer;
    int i = p->n++;
    const char *at = v->bytes ? (const char *)v->bytes : "";
    size_t n = v->n;
    if (type == MN_COLUMN_REAL)
        memcpy(&bits, &v->real, sizeof bits);
    if (type == MN_COLUMN_INT || type == MN_COLUMN_REAL) {
        p->numbers[i] = htobe64(bits);
        at = (const char *)&p->numbers[i];
        n = sizeof bits;
    } else if (type == MN_COLUMN_BOOL) {
        at = v->integer ? "\1" : "\0";
        n = 1;
    }
    p->values[i] = v->null ? NULL : at;
    p->lengths[i] = n > INT_MAX ? 0 : (int)n;
    p->formats[i] = MN_PG_BINARY;
    p->oids[i] = types[type].oid;
    p->too_long |= n > INT_MAX;
}

static mn_code add_names(mn_buf *sql, const mn_kind *k, size_t n, bool typed, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = mn_buf_printf(sql, err, "%s\"%s\"%s%s", i > 0 ? ", " : "", k->columns[i].name,
                             typed ? "::" : "", typed ? types[k->columns[i].type].word : "");
    return code;
}

static mn_code add_places(mn_buf *sql, size_t first, size_t n, mn_error *err)
{
    mn_code code = mn_buf_printf(sql, err, "(");
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = mn_buf_printf(sql, err, "%s$%zu", i > 0 ? ", " : "", first + i + 1);
    return code == MN_OK ? mn_buf_printf(sql, err, ")") : code;
}

static mn_code make_select(const mn_kind *k, bool after, mn_buf *sql, mn_error *err)
{
    mn_code code = mn_buf_printf(sql, err, "SELECT ");
    if (code == MN_OK)
        code = add_names(sql, k, k->n_columns, true, err);
    if (code == MN_OK)
        code = mn_buf_printf(sql, err, " FROM \"%s\"%s", k->name, after ? " WHERE (" : "");
    if (code == MN_OK && after)
        code = add_names(sql, k, k->keys, false, err);
    if (code == MN_OK && after)
        code = mn_buf_printf(sql, err, ") > ");
    if (code == MN_OK && after)
        code = add_places(sql, 0, k->keys, err);
    if (code == MN_OK)
        code = mn_buf_printf(sql, err, " ORDER BY ");
    /* By the table's name: the output column of the same name has lost its collation's index. */
    for (size_t i = 0; code == MN_OK && i < k->keys; i++)
        code = mn_buf_printf(sql, err, "%s\"%s\".\"%s\"", i > 0 ? ", " : "", k->name, k->columns[i].name);
    return code == MN_OK ? mn_buf_printf(sql, err, " LIMIT %d", MN_KIND_ROWS) : code;
}

static mn_code make_insert(const mn_kind *k, size_t rows, mn_buf *sql, mn_error *err)
{
    bool keep = k->append_only || k->keys == k->n_columns;
    mn_code code = mn_buf_printf(sql, err, "INSERT INTO \"%s\" (", k->name);
    if (code == MN_OK)
        code = add_names(sql, k, k->n_columns, false, err);
    if (code == MN_OK)
        code = mn_buf_printf(sql, err, ") VALUES ");
    for (size_t i = 0; code == MN_OK && i < rows; i++) {
        code = i > 0 ? mn_buf_printf(sql, err, ", ") : MN_OK;
        if (code == MN_OK)
            code = add_places(sql, i * k->n_columns, k->n_columns, err);
    }
    if (code == MN_OK)
        code = mn_buf_printf(sql, err, " ON CONFLICT (");
    if (code == MN_OK)
        code = add_names(sql, k, k->keys, false, err);
    if (code == MN_OK)
        code = mn_buf_printf(sql, err, ") DO %s", keep ? "NOTHING" : "UPDATE SET ");
    for (size_t i = k->keys; code == MN_OK && !keep && i < k->n_columns; i++)
        code = mn_buf_printf(sql, err, "%s\"%s\" = excluded.\"%s\"", i > k->keys ? ", " : "",
                             k->columns[i].name, k->columns[i].name);
    return code;
}

static mn_code execute(mn_postgres *s, mn_pg_conn *c, const mn_buf *sql, const parameters *p, PGresult **out,
                       mn_error *err)
{
    mn_code code = mn_pg_usable(s, c, err);
    if (code == MN_OK && p->too_long)
        code = mn_fail(err, MN_E_LIMIT, "a value is too large for the store");
    if (code != MN_OK)
        return code;
    PGresult *r = mn_pg_answer(s, c,
                               PQsendQueryParams(c->pg, (const char *)sql->data, p->n, p->oids, p->values,
                                                 p->lengths, p->formats, MN_PG_BINARY));
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        *out = r;
        return MN_OK;
    }
    code = mn_pg_fail(s, c, r, err);
    PQclear(r);
    return code;
}

/* ---- reading ---- */

static void read_value(mn_pg *q, int i, mn_column_type type, mn_arena *a, mn_value *v)
{
    *v = (mn_value){.null = PQgetisnull(q->result, q->row, i)};
    if (v->null)
        return;
    if (type == MN_COLUMN_INT)
        v->integer = mn_pg_column_int(q, i);
    else if (type == MN_COLUMN_BOOL)
        v->integer = mn_pg_column_bool(q, i);
    else if (type == MN_COLUMN_REAL)
        v->real = mn_pg_column_real(q, i);
    else
        v->bytes = mn_pg_column_blob(q, i, a, &v->n);
    if (type == MN_COLUMN_ID && v->n != sizeof(mn_id) && q->column == MN_OK)
        q->column = MN_E_CORRUPT;
}

static mn_code read_rows(mn_pg *q, const mn_kind *k, mn_arena *a, mn_value *rows, mn_error *err)
{
    mn_code code = MN_OK;
    for (q->row = 0; code == MN_OK && q->row < PQntuples(q->result); q->row++) {
        for (size_t i = 0; i < k->n_columns; i++)
            read_value(q, (int)i, k->columns[i].type, a, &rows[(size_t)q->row * k->n_columns + i]);
        code = mn_pg_row_ok(q, err);
    }
    return code;
}

static mn_code ask_rows(mn_postgres *s, const mn_kind *k, const mn_value *after, parameters *p,
                        PGresult **out, mn_error *err)
{
    mn_buf sql;
    mn_pg_conn *c = NULL;
    mn_buf_init(&sql, SQL_MAX);
    for (size_t i = 0; after && i < k->keys; i++)
        bind(p, k->columns[i].type, &after[i]);
    mn_code code = make_select(k, after != NULL, &sql, err);
    if (code == MN_OK)
        code = mn_pg_take(s, &c, err);
    if (code == MN_OK) {
        code = execute(s, c, &sql, p, out, err);
        mn_pg_give(s, c);
    }
    mn_buf_finish(&sql);
    return code;
}

mn_code mn_pg_rows(mn_store *store, const mn_kind *k, const mn_value *after, mn_arena *a, mn_value **rows,
                   size_t *n, mn_error *err)
{
    mn_pg q = {.s = (mn_postgres *)store};
    mn_value *found = mn_arena_calloc(a, MN_KIND_ROWS * k->n_columns, sizeof *found);
    parameters *p = mn_calloc(1, sizeof *p);
    mn_code code = found && p ? ask_rows(q.s, k, after, p, &q.result, err)
                              : mn_fail(err, MN_E_MEMORY, "no memory for what the store found");
    mn_free(p);
    if (code != MN_OK)
        return code;
    size_t count = (size_t)PQntuples(q.result);
    code = read_rows(&q, k, a, found, err);
    mn_pg_end(&q);
    if (code != MN_OK)
        return code;
    *rows = found;
    *n = count;
    return MN_OK;
}

/* ---- writing ---- */

static mn_code insert(mn_postgres *s, mn_pg_conn *c, const mn_kind *k, const mn_value *rows, size_t n,
                      parameters *p, mn_error *err)
{
    mn_buf sql;
    PGresult *r = NULL;
    mn_buf_init(&sql, SQL_MAX);
    p->n = 0;
    for (size_t i = 0; i < n * k->n_columns; i++)
        bind(p, k->columns[i % k->n_columns].type, &rows[i]);
    mn_code code = make_insert(k, n, &sql, err);
    if (code == MN_OK)
        code = execute(s, c, &sql, p, &r, err);
    PQclear(r);
    mn_buf_finish(&sql);
    return code;
}

static mn_code insert_all(mn_postgres *s, const mn_kind *k, const mn_value *rows, size_t n, parameters *p,
                          mn_error *err)
{
    mn_pg_conn *c = NULL;
    mn_code code = mn_pg_take(s, &c, err);
    if (code != MN_OK)
        return code;
    for (size_t i = 0; code == MN_OK && i < n; i += AT_A_TIME)
        code = insert(s, c, k, rows + i * k->n_columns, n - i < AT_A_TIME ? n - i : AT_A_TIME, p, err);
    /* The journal knows nothing of these rows: going back to the savepoint must not undo them. */
    if (code == MN_OK && c->guarded) {
        code = mn_pg_command(s, c, "RELEASE mien_write; SAVEPOINT mien_write", err);
        mn_buf_clear(&c->journal);
    }
    mn_pg_give(s, c);
    return code;
}

mn_code mn_pg_rows_put(mn_store *store, const mn_kind *k, const mn_value *rows, size_t n, mn_error *err)
{
    mn_postgres *s = (mn_postgres *)store;
    bool own = false;
    parameters *p = mn_calloc(1, sizeof *p);
    if (!p)
        return mn_fail(err, MN_E_MEMORY, "no memory to write records");
    mn_code code = mn_pg_enter(s, false, &own, err);
    if (code == MN_OK)
        code = mn_pg_leave(s, own, insert_all(s, k, rows, n, p, err), err);
    mn_free(p);
    return code;
}

mn_code mn_pg_rows_end(mn_store *store, mn_error *err)
{
    mn_postgres *s = (mn_postgres *)store;
    mn_pg_conn *c = NULL;
    bool own = false;
    mn_code code = mn_pg_enter(s, false, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_pg_take(s, &c, err);
    if (code == MN_OK) {
        code = mn_pg_command(s, c, "SELECT setval('change_seq', (SELECT greatest(max(seq), 1) FROM change))",
                             err);
        mn_pg_give(s, c);
    }
    return mn_pg_leave(s, own, code, err);
}
