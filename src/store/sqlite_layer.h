/* How the files that are written once for both back ends (*.inc) ask, bind and read here. */
#ifndef MN_STORE_SQLITE_LAYER_H
#define MN_STORE_SQLITE_LAYER_H

#include "store/sqlite_internal.h"

#include <string.h>

typedef mn_sql cursor;
typedef mn_sqlite_query query;
#define Q(name) Q_##name

#define ask            mn_sql_open
#define bind_id        mn_sql_id
#define bind_text      mn_sql_text
#define bind_blob      mn_sql_blob
#define bind_int       mn_sql_int
#define bind_real      mn_sql_real
#define column_id      mn_sql_column_id
#define column_text    mn_sql_column_text
#define column_blob    mn_sql_column_blob
#define column_purpose mn_sql_column_purpose
#define one            mn_sql_one
#define collect        mn_sql_collect

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

/* missing: what is said where nothing was there to be changed; NULL: that is fine. */
static inline mn_code run(cursor *q, const char *missing, mn_error *err)
{
    bool row = false;
    mn_code code = q->s->in_tx && q->s->reading
                       ? mn_fail(err, MN_E_INTERNAL, "a write inside a transaction for reading")
                       : mn_sql_step(q, &row, err);
    if (code == MN_OK && missing && sqlite3_changes(q->s->db) == 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "%s", missing);
    mn_sql_end(q);
    return code;
}

static inline mn_code enter(mn_store *s, bool *own, mn_error *err)
{
    return mn_sqlite_enter((mn_sqlite *)s, own, err);
}

static inline mn_code leave(mn_store *s, bool own, mn_code code, mn_error *err)
{
    return mn_sqlite_leave((mn_sqlite *)s, own, code, err);
}

#endif
