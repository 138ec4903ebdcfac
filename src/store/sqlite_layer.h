/* How the files that are written once for both back ends (*.inc) ask, bind, read and write here: with the
 * names that access.inc lists. */
#ifndef MN_STORE_SQLITE_LAYER_H
#define MN_STORE_SQLITE_LAYER_H

#include "store/sqlite_internal.h"

#include <string.h>

typedef mn_sql cursor;
typedef mn_sqlite_query query;
#define Q(name)   Q_##name
#define OWN(name) mn_sqlite_##name

/* Rows come one by one, so that a walk needs no pages; the head of the audit log takes a statement of its
 * own. */
enum { WALK_PAGE = INT32_MAX, HEAD_APART = true };

#define ask                                   (void)mn_sql_open
#define bind_id                               mn_sql_id
#define bind_text                             mn_sql_text
#define bind_blob                             mn_sql_blob
#define bind_int                              mn_sql_int
#define bind_real                             mn_sql_real
#define column_id                             mn_sql_column_id
#define column_text                           mn_sql_column_text
#define column_blob                           mn_sql_column_blob
#define column_purpose                        mn_sql_column_purpose
#define row_ok                                mn_sql_row_ok
#define one(q, a, read, out, what, err)       mn_sql_one(q, a, read, sizeof *(out), out, what, err)
#define collect(q, a, read, out, n, err)      mn_sql_collect(q, a, read, sizeof **(out), out, n, err)
#define each                                  mn_sql_each
#define run_noted(q, missing, whose, id, err) mn_sql_write_noted(q, missing, Q_CHANGE_##whose, id, err)

static inline void bind_bool(cursor *q, bool value)
{
    mn_sql_int(q, value);
}

static inline int64_t column_int(cursor *q, int i)
{
    return sqlite3_column_int64(q->st, i);
}

static inline double column_real(cursor *q, int i)
{
    return sqlite3_column_double(q->st, i);
}

static inline bool column_null(cursor *q, int i)
{
    return sqlite3_column_type(q->st, i) == SQLITE_NULL;
}

static inline bool column_bool(cursor *q, int i)
{
    return sqlite3_column_int(q->st, i) != 0;
}

static inline void column_hash(cursor *q, int i, uint8_t out[MN_SECRET_HASH])
{
    const void *bytes = sqlite3_column_blob(q->st, i);
    if (bytes && sqlite3_column_bytes(q->st, i) == MN_SECRET_HASH)
        memcpy(out, bytes, MN_SECRET_HASH);
    else
        q->column = MN_E_CORRUPT;
}

static inline const char *peek_text(cursor *q, int i)
{
    return (const char *)sqlite3_column_text(q->st, i);
}

static inline const uint8_t *peek_blob(cursor *q, int i, size_t *n)
{
    const uint8_t *bytes = sqlite3_column_blob(q->st, i);
    *n = (size_t)sqlite3_column_bytes(q->st, i);
    return bytes;
}

static inline mn_code run(cursor *q, const char *missing, mn_error *err)
{
    if (q->failed == MN_OK && q->s->in_tx && q->s->reading)
        q->failed = mn_fail(err, MN_E_INTERNAL, "a write inside a transaction for reading");
    return mn_sql_write(q, missing, err);
}

static inline mn_code enter(mn_store *s, bool *own, mn_error *err)
{
    return mn_sqlite_enter((mn_sqlite *)s, own, err);
}

static inline mn_code leave(mn_store *s, bool own, mn_code code, mn_error *err)
{
    return mn_sqlite_leave((mn_sqlite *)s, own, code, err);
}

/* One statement is of one moment. */
static inline mn_code enter_walk(mn_store *s, bool *own, mn_error *err)
{
    (void)s;
    (void)err;
    *own = false;
    return MN_OK;
}

static inline mn_code leave_walk(mn_store *s, bool own, mn_code code, mn_error *err)
{
    (void)s;
    (void)own;
    (void)err;
    return code;
}

#endif
