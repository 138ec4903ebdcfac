/* How the files that are written once for both back ends (*.inc) ask, bind and read here. */
#ifndef MN_STORE_POSTGRES_LAYER_H
#define MN_STORE_POSTGRES_LAYER_H

#include "store/postgres_internal.h"

typedef mn_pg cursor;
typedef mn_pg_query query;
#define Q(name) P_##name

#define bind_id        mn_pg_id
#define bind_text      mn_pg_text
#define bind_blob      mn_pg_blob
#define bind_int       mn_pg_int
#define bind_real      mn_pg_real
#define bind_bool      mn_pg_bool
#define column_id      mn_pg_column_id
#define column_text    mn_pg_column_text
#define column_blob    mn_pg_column_blob
#define column_int     mn_pg_column_int
#define column_real    mn_pg_column_real
#define column_bool    mn_pg_column_bool
#define column_hash    mn_pg_column_hash
#define column_purpose mn_pg_column_purpose
#define run            mn_pg_write
#define one            mn_pg_one
#define collect        mn_pg_collect

static inline bool column_null(const cursor *q, int i)
{
    return PQgetisnull(q->result, q->row, i);
}

static inline mn_code ask(mn_store *s, query which, cursor *q, mn_error *err)
{
    (void)err;
    mn_pg_ask(s, which, q);
    return MN_OK;
}

static inline mn_code enter(mn_store *s, bool *own, mn_error *err)
{
    return mn_pg_enter((mn_postgres *)s, false, own, err);
}

static inline mn_code leave(mn_store *s, bool own, mn_code code, mn_error *err)
{
    return mn_pg_leave((mn_postgres *)s, own, code, err);
}

#endif
