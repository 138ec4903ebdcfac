/* Records as rows: statements made from a kind's columns. */
#include "store/sqlite_internal.h"

#include "base/buf.h"

#include <string.h>

#define SQL_MAX ((size_t)16 << 10)

/* "a", "b": the columns from first on. */
static mn_code add_names(mn_buf *sql, const mn_kind *k, size_t first, size_t n, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = first; code == MN_OK && i < first + n; i++)
        code = mn_buf_printf(sql, err, "%s\"%s\"", i > first ? ", " : "", k->columns[i].name);
    return code;
}

static mn_code add_places(mn_buf *sql, size_t n, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = mn_buf_printf(sql, err, "%s?", i > 0 ? ", " : "");
    return code;
}

static mn_code make_select(const mn_kind *k, bool after, mn_buf *sql, mn_error *err)
{
    mn_code code = mn_buf_printf(sql, err, "SELECT ");
    if (code == MN_OK)
        code = add_names(sql, k, 0, k->n_columns, err);
    if (code == MN_OK)
        code = mn_buf_printf(sql, err, " FROM \"%s\"%s", k->name, after ? " WHERE (" : "");
    if (code == MN_OK && after)
        code = add_names(sql, k, 0, k->keys, err);
    if (code == MN_OK && after)
        code = mn_buf_printf(sql, err, ") > (");
    if (code == MN_OK && after)
        code = add_places(sql, k->keys, err);
    if (code == MN_OK)
        code = mn_buf_printf(sql, err, "%s ORDER BY ", after ? ")" : "");
    if (code == MN_OK)
        code = add_names(sql, k, 0, k->keys, err);
    return code == MN_OK ? mn_buf_printf(sql, err, " LIMIT %d", MN_KIND_ROWS) : code;
}

static mn_code make_insert(const mn_kind *k, mn_buf *sql, mn_error *err)
{
    mn_code code = mn_buf_printf(sql, err, "INSERT INTO \"%s\" (", k->name);
    if (code == MN_OK)
        code = add_names(sql, k, 0, k->n_columns, err);
    if (code == MN_OK)
        code = mn_buf_printf(sql, err, ") VALUES (");
    if (code == MN_OK)
        code = add_places(sql, k->n_columns, err);
    if (code == MN_OK)
        code = mn_buf_printf(sql, err, ") ON CONFLICT (");
    if (code == MN_OK)
        code = add_names(sql, k, 0, k->keys, err);
    bool keep = k->append_only || k->keys == k->n_columns;
    if (code == MN_OK)
        code = mn_buf_printf(sql, err, ") DO %s", keep ? "NOTHING" : "UPDATE SET ");
    for (size_t i = k->keys; code == MN_OK && !keep && i < k->n_columns; i++)
        code = mn_buf_printf(sql, err, "%s\"%s\" = excluded.\"%s\"", i > k->keys ? ", " : "",
                             k->columns[i].name, k->columns[i].name);
    return code;
}

/* The cursor ends with close_cursor. */
static mn_code open_cursor(mn_sqlite *s, const mn_buf *sql, mn_sql *q, mn_error *err)
{
    pthread_mutex_lock(&s->lock);
    *q = (mn_sql){.s = s};
    mn_code code = MN_OK;
    if (s->in_tx && sqlite3_get_autocommit(s->db))
        code = mn_fail(err, MN_E_IO, "the transaction was taken back after an earlier failure: begin again");
    int rc = code == MN_OK ? sqlite3_prepare_v2(s->db, (const char *)sql->data, (int)sql->len, &q->st, NULL)
                           : SQLITE_OK;
    if (rc != SQLITE_OK)
        code = mn_sql_fail(s, rc, err);
    if (code != MN_OK)
        pthread_mutex_unlock(&s->lock);
    return code;
}

static void close_cursor(const mn_sql *q)
{
    sqlite3_finalize(q->st);
    pthread_mutex_unlock(&q->s->lock);
}

static void bind(mn_sql *q, mn_column_type type, const mn_value *v)
{
    int rc = SQLITE_OK, at = ++q->bound;
    if (v->null)
        rc = sqlite3_bind_null(q->st, at);
    else if (type == MN_COLUMN_INT || type == MN_COLUMN_BOOL)
        rc = sqlite3_bind_int64(q->st, at, v->integer);
    else if (type == MN_COLUMN_REAL)
        rc = sqlite3_bind_double(q->st, at, v->real);
    else if (type == MN_COLUMN_TEXT)
        rc = sqlite3_bind_text64(q->st, at, (const char *)v->bytes, v->n, SQLITE_STATIC, SQLITE_UTF8);
    else
        rc = sqlite3_bind_blob64(q->st, at, v->n ? (const void *)v->bytes : "", v->n, SQLITE_STATIC);
    if (q->rc == SQLITE_OK)
        q->rc = rc;
}

static const uint8_t *copy_text(mn_sql *q, int i, mn_arena *a, size_t *n)
{
    const char *text = (const char *)sqlite3_column_text(q->st, i);
    *n = (size_t)sqlite3_column_bytes(q->st, i);
    uint8_t *copy = text ? mn_arena_alloc(a, *n + 1) : NULL;
    if (!copy)
        q->column = MN_E_MEMORY;
    else
        memcpy(copy, text, *n + 1);
    return copy;
}

static void read_value(mn_sql *q, int i, mn_column_type type, mn_arena *a, mn_value *v)
{
    *v = (mn_value){.null = sqlite3_column_type(q->st, i) == SQLITE_NULL};
    if (v->null)
        return;
    if (type == MN_COLUMN_INT || type == MN_COLUMN_BOOL)
        v->integer = sqlite3_column_int64(q->st, i);
    else if (type == MN_COLUMN_REAL)
        v->real = sqlite3_column_double(q->st, i);
    else if (type == MN_COLUMN_TEXT)
        v->bytes = copy_text(q, i, a, &v->n);
    else
        v->bytes = mn_sql_column_blob(q, i, a, &v->n);
    if (type == MN_COLUMN_ID && v->n != sizeof(mn_id) && q->column == MN_OK)
        q->column = MN_E_CORRUPT;
}

static mn_code read_rows(mn_sql *q, const mn_kind *k, mn_arena *a, mn_value *rows, size_t *n, mn_error *err)
{
    bool row = false;
    mn_code code;
    while ((code = mn_sql_step(q, &row, err)) == MN_OK && row && *n < MN_KIND_ROWS) {
        for (size_t i = 0; i < k->n_columns; i++)
            read_value(q, (int)i, k->columns[i].type, a, &rows[*n * k->n_columns + i]);
        ++*n;
        code = mn_sql_row_ok(q, err);
        if (code != MN_OK)
            break;
    }
    return code;
}

mn_code mn_sqlite_rows(mn_store *store, const mn_kind *k, const mn_value *after, mn_arena *a, mn_value **rows,
                       size_t *n, mn_error *err)
{
    mn_buf sql;
    mn_sql q;
    size_t count = 0;
    mn_value *found = mn_arena_calloc(a, MN_KIND_ROWS * k->n_columns, sizeof *found);
    if (!found)
        return mn_fail(err, MN_E_MEMORY, "no memory for what the store found");
    mn_buf_init(&sql, SQL_MAX);
    mn_code code = make_select(k, after != NULL, &sql, err);
    if (code == MN_OK)
        code = open_cursor((mn_sqlite *)store, &sql, &q, err);
    if (code == MN_OK) {
        for (size_t i = 0; after && i < k->keys; i++)
            bind(&q, k->columns[i].type, &after[i]);
        code = read_rows(&q, k, a, found, &count, err);
        close_cursor(&q);
    }
    mn_buf_finish(&sql);
    if (code != MN_OK)
        return code;
    *rows = found;
    *n = count;
    return MN_OK;
}

static mn_code put_row(mn_sql *q, const mn_kind *k, const mn_value *row, mn_error *err)
{
    bool more = false;
    q->bound = 0;
    for (size_t i = 0; i < k->n_columns; i++)
        bind(q, k->columns[i].type, &row[i]);
    mn_code code = mn_sql_step(q, &more, err);
    sqlite3_reset(q->st);
    sqlite3_clear_bindings(q->st); /* they point into the caller's memory */
    return code;
}

mn_code mn_sqlite_rows_put(mn_store *store, const mn_kind *k, const mn_value *rows, size_t n, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    mn_buf sql;
    mn_sql q;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    mn_buf_init(&sql, SQL_MAX);
    code = make_insert(k, &sql, err);
    if (code == MN_OK)
        code = open_cursor(s, &sql, &q, err);
    if (code == MN_OK) {
        for (size_t i = 0; code == MN_OK && i < n; i++)
            code = put_row(&q, k, rows + i * k->n_columns, err);
        close_cursor(&q);
    }
    mn_buf_finish(&sql);
    return mn_sqlite_leave(s, own, code, err);
}

/* AUTOINCREMENT has noted the highest number by itself. */
mn_code mn_sqlite_rows_end(mn_store *store, mn_error *err)
{
    (void)store;
    (void)err;
    return MN_OK;
}
