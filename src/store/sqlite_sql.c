#include "store/sqlite_internal.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>

static const char *const query_text[Q_COUNT] = {
#define X(name, sql) [Q_##name] = sql,
    MN_SQLITE_STATEMENTS(X)
#undef X
};

/* ---- errors ---- */

static mn_code fail_constraint(sqlite3 *db, int rc, mn_error *err)
{
    const char *why = sqlite3_errmsg(db);
    switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return mn_fail(err, MN_E_EXISTS, "there is such a record already (%s)", why);
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return mn_fail(err, MN_E_NOT_FOUND,
                       "the account, person, list or face that this record belongs to is not there");
    default:
        return mn_fail(err, MN_E_INVALID, "the store refuses this record: %s", why);
    }
}

static mn_code fail_io(mn_sqlite *s, sqlite3 *db, int rc, mn_error *err)
{
    int why = sqlite3_system_errno(db);
    if (why == 0)
        why = errno; /* a commit that fails does not note it; mn_sql_step cleared errno before */
    if (why == ENOSPC || why == EDQUOT || why == EFBIG)
        return mn_fail(err, MN_E_FULL,
                       "no room left for %s (%s): make room and try again; what was stored before is safe",
                       s->path, strerror(why));
    return mn_fail(
        err, MN_E_IO,
        "the disk failed under %s (%s, code %d): look at the system log, and keep a copy of the folder",
        s->path, why ? strerror(why) : sqlite3_errstr(rc), rc);
}

static mn_code fail(mn_sqlite *s, sqlite3 *db, int rc, mn_error *err)
{
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
        return fail_constraint(db, rc, err);
    case SQLITE_FULL:
        return mn_fail(err, MN_E_FULL,
                       "no room left for %s: make room and try again; what was stored before is safe",
                       s->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return mn_fail(err, MN_E_BUSY, "another process keeps %s in use: try again, or stop the other one",
                       s->path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return mn_fail(err, MN_E_CORRUPT, "%s is damaged (%s): put its backup back", s->path,
                       sqlite3_errstr(rc));
    case SQLITE_READONLY:
        return mn_fail(err, MN_E_IO,
                       "%s cannot be written: check the owner and mode of the file and of its folder, and "
                       "that the disk is not mounted read-only",
                       s->path);
    case SQLITE_CANTOPEN:
        return mn_fail(err, MN_E_IO,
                       "%s cannot be opened (%s): check that its folder is there and may be written", s->path,
                       strerror(sqlite3_system_errno(db)));
    case SQLITE_IOERR:
        return fail_io(s, db, rc, err);
    case SQLITE_NOMEM:
        return mn_fail(err, MN_E_MEMORY, "no memory for the store");
    case SQLITE_TOOBIG:
        return mn_fail(err, MN_E_LIMIT, "a value is too large for the store");
    default:
        return mn_fail(err, MN_E_INTERNAL, "store: %s (code %d)", sqlite3_errmsg(db), rc);
    }
}

mn_code mn_sql_fail(mn_sqlite *s, int rc, mn_error *err)
{
    return fail(s, s->db, rc, err);
}

mn_code mn_sql_exec(mn_sqlite *s, const char *sql, mn_error *err)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? MN_OK : mn_sql_fail(s, rc, err);
}

/* ---- the cursor ---- */

static mn_code prepare(mn_sqlite *s, mn_sqlite_conn *c, mn_sqlite_query which, mn_error *err)
{
    sqlite3_stmt **st = &c->statements[which];
    if (*st && sqlite3_stmt_busy(*st))
        return mn_fail(err, MN_E_INTERNAL, "statement %d of the store is used inside itself", (int)which);
    if (*st)
        return MN_OK;
    int rc = sqlite3_prepare_v3(c->db, query_text[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
    return rc == SQLITE_OK ? MN_OK : fail(s, c->db, rc, err);
}

static void leave(mn_sqlite *s, mn_sqlite_conn *reader)
{
    if (reader)
        mn_sqlite_give_reader(s, reader);
    else
        pthread_mutex_unlock(&s->lock);
}

mn_code mn_sql_open(mn_store *store, mn_sqlite_query which, mn_sql *q, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    mn_sqlite_conn *reader = mn_sqlite_take_reader(s, query_text[which]), *c = reader ? reader : &s->main;
    mn_code code = MN_OK;
    if (!reader)
        pthread_mutex_lock(&s->lock);
    /* Some failures (a full disk) make SQLite take the whole transaction back. Going on would commit halves.
     */
    if (!reader && s->in_tx && sqlite3_get_autocommit(s->db) && which != Q_ROLLBACK)
        code = mn_fail(err, MN_E_IO, "the transaction was taken back after an earlier failure: begin again");
    if (code == MN_OK)
        code = prepare(s, c, which, err);
    *q = (mn_sql){.s = s, .reader = reader, .failed = code};
    if (code == MN_OK)
        q->st = c->statements[which];
    else
        leave(s, reader);
    return code;
}

void mn_sql_end(mn_sql *q)
{
    if (!q->st)
        return;
    sqlite3_reset(q->st);
    sqlite3_clear_bindings(q->st); /* they point into the caller's memory */
    leave(q->s, q->reader);
}

/* The place of the next parameter; 0 where there is no statement to take it. */
static int next_place(mn_sql *q)
{
    return q->st ? ++q->bound : 0;
}

static void note(mn_sql *q, int rc)
{
    if (q->rc == SQLITE_OK)
        q->rc = rc;
}

void mn_sql_id(mn_sql *q, const mn_id *id)
{
    mn_sql_blob(q, id ? id->bytes : NULL, sizeof id->bytes);
}

void mn_sql_text(mn_sql *q, const char *text)
{
    int place = next_place(q);
    if (place)
        note(q, sqlite3_bind_text(q->st, place, text, -1, SQLITE_STATIC));
}

void mn_sql_blob(mn_sql *q, const void *bytes, size_t n)
{
    int place = next_place(q);
    if (place)
        note(q, sqlite3_bind_blob64(q->st, place, bytes, n, SQLITE_STATIC));
}

void mn_sql_int(mn_sql *q, int64_t value)
{
    int place = next_place(q);
    if (place)
        note(q, sqlite3_bind_int64(q->st, place, value));
}

void mn_sql_real(mn_sql *q, double value)
{
    int place = next_place(q);
    if (place)
        note(q, sqlite3_bind_double(q->st, place, value));
}

mn_code mn_sql_step(mn_sql *q, bool *row, mn_error *err)
{
    if (q->failed != MN_OK)
        return q->failed;
    errno = 0;
    int rc = q->rc != SQLITE_OK ? q->rc : sqlite3_step(q->st);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return fail(q->s, sqlite3_db_handle(q->st), rc, err);
    *row = rc == SQLITE_ROW;
    return MN_OK;
}

/* ---- columns ---- */

mn_id mn_sql_column_id(mn_sql *q, int i)
{
    mn_id id = {0};
    const void *bytes = sqlite3_column_blob(q->st, i);
    if (bytes && sqlite3_column_bytes(q->st, i) == (int)sizeof id.bytes)
        memcpy(id.bytes, bytes, sizeof id.bytes);
    else if (sqlite3_column_type(q->st, i) != SQLITE_NULL)
        q->column = MN_E_CORRUPT;
    return id;
}

const char *mn_sql_column_text(mn_sql *q, int i, mn_arena *a)
{
    if (sqlite3_column_type(q->st, i) == SQLITE_NULL)
        return NULL;
    const char *text = (const char *)sqlite3_column_text(q->st, i);
    char *copy = text ? mn_arena_strdup(a, text) : NULL;
    if (!copy)
        q->column = MN_E_MEMORY;
    return copy;
}

const uint8_t *mn_sql_column_blob(mn_sql *q, int i, mn_arena *a, size_t *n)
{
    const void *bytes = sqlite3_column_blob(q->st, i);
    *n = (size_t)sqlite3_column_bytes(q->st, i);
    uint8_t *copy = mn_arena_alloc(a, *n ? *n : 1);
    if (!copy)
        q->column = MN_E_MEMORY;
    else if (*n > 0)
        memcpy(copy, bytes, *n);
    return copy;
}

mn_purpose mn_sql_column_purpose(mn_sql *q, int i)
{
    mn_purpose p = MN_PURPOSE_VERIFICATION;
    const char *word = (const char *)sqlite3_column_text(q->st, i);
    if (!word || !mn_purpose_parse(word, &p))
        q->column = MN_E_CORRUPT;
    return p;
}

mn_code mn_sql_row_ok(const mn_sql *q, mn_error *err)
{
    if (q->column == MN_E_MEMORY)
        return mn_fail(err, MN_E_MEMORY, "no memory for what the store found");
    if (q->column != MN_OK)
        return mn_fail(err, MN_E_CORRUPT, "%s has a record that no mien wrote: put its backup back",
                       q->s->path);
    return MN_OK;
}

/* ---- whole statements ---- */

mn_code mn_sql_run(mn_sql *q, mn_error *err)
{
    bool row = true;
    mn_code code = MN_OK;
    while (code == MN_OK && row)
        code = mn_sql_step(q, &row, err);
    mn_sql_end(q);
    return code;
}

mn_code mn_sql_write(mn_sql *q, const char *missing, mn_error *err)
{
    bool row = false;
    mn_code code = mn_sql_step(q, &row, err);
    if (code == MN_OK && missing && sqlite3_changes(q->s->db) == 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "%s", missing);
    mn_sql_end(q);
    return code;
}

mn_code mn_sql_write_noted(mn_sql *q, const char *missing, mn_sqlite_query how, const mn_id *id,
                           mn_error *err)
{
    mn_sqlite *s = q->s;
    bool own = false;
    mn_code code = q->failed != MN_OK ? q->failed : mn_sqlite_enter(s, &own, err);
    if (code != MN_OK) {
        mn_sql_end(q);
        return code;
    }
    code = mn_sql_write(q, missing, err);
    if (code == MN_OK && !s->noted_together)
        code = mn_sqlite_changed(s, how, id, err);
    return mn_sqlite_leave(s, own, code, err);
}

static mn_code read_row(mn_sql *q, mn_arena *a, mn_sql_reader *read, void *item, mn_error *err)
{
    read(q, a, item);
    return mn_sql_row_ok(q, err);
}

mn_code mn_sql_one(mn_sql *q, mn_arena *a, mn_sql_reader *read, size_t size, void *out, const char *what,
                   mn_error *err)
{
    mn_store_item item;
    bool row = false;
    mn_code code = mn_sql_step(q, &row, err);
    if (code == MN_OK && size > sizeof item)
        code = mn_fail(err, MN_E_INTERNAL, "a %s is larger than %zu bytes", what, sizeof item);
    if (code == MN_OK && !row)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such %s", what);
    if (code == MN_OK)
        code = read_row(q, a, read, &item, err);
    mn_sql_end(q);
    if (code == MN_OK)
        memcpy(out, &item, size);
    return code;
}

mn_code mn_sql_each(mn_sql *q, mn_sql_visitor *fn, void *ctx, size_t *n, mn_error *err)
{
    bool row = false;
    mn_code code;
    *n = 0;
    while ((code = mn_sql_step(q, &row, err)) == MN_OK && row) {
        ++*n;
        code = fn(q, ctx, err);
        if (code != MN_OK)
            break;
    }
    mn_sql_end(q);
    return code;
}

/* Room for one more item: the array in the arena doubles when its size reaches a power of two. */
static void *push(mn_arena *a, void **items, size_t *n, size_t item_size)
{
    enum { FIRST = 8 };
    bool full = *n == 0 || (*n >= FIRST && (*n & (*n - 1)) == 0);
    if (full) {
        size_t room = *n ? *n * 2 : FIRST;
        void *more = mn_arena_calloc(a, room, item_size);
        if (!more)
            return NULL;
        if (*n > 0)
            memcpy(more, *items, *n * item_size);
        *items = more;
    }
    return (char *)*items + (*n)++ * item_size;
}

mn_code mn_sql_collect(mn_sql *q, mn_arena *a, mn_sql_reader *read, size_t size, void *out, size_t *n,
                       mn_error *err)
{
    void *found = NULL;
    size_t count = 0;
    bool row = false;
    mn_code code;
    while ((code = mn_sql_step(q, &row, err)) == MN_OK && row) {
        void *item = push(a, &found, &count, size);
        code = item ? read_row(q, a, read, item, err)
                    : mn_fail(err, MN_E_MEMORY, "no memory for what the store found");
        if (code != MN_OK)
            break;
    }
    mn_sql_end(q);
    if (code != MN_OK)
        return code;
    memcpy(out, &found, sizeof found);
    *n = count;
    return MN_OK;
}
