/* How the files that are written once for both back ends (*.inc) ask, bind, read and write here: with the
 * names that access.inc lists. */
#ifndef MN_STORE_POSTGRES_LAYER_H
#define MN_STORE_POSTGRES_LAYER_H

#include "store/postgres_internal.h"

typedef mn_pg cursor;
typedef mn_pg_query query;
#define Q(name)   P_##name
#define OWN(name) mn_pg_##name

/* So many rows are in memory at a time; the statement that appends to the audit log keeps its head. */
enum { WALK_PAGE = 512, HEAD_APART = false };

#define ask(s, which, q, err)            mn_pg_ask(s, which, q)
#define bind_id                          mn_pg_id
#define bind_text                        mn_pg_text
#define bind_blob                        mn_pg_blob
#define bind_int                         mn_pg_int
#define bind_real                        mn_pg_real
#define bind_bool                        mn_pg_bool
#define column_id                        mn_pg_column_id
#define column_text                      mn_pg_column_text
#define column_blob                      mn_pg_column_blob
#define column_int                       mn_pg_column_int
#define column_real                      mn_pg_column_real
#define column_bool                      mn_pg_column_bool
#define column_hash                      mn_pg_column_hash
#define column_purpose                   mn_pg_column_purpose
#define row_ok                           mn_pg_row_ok
#define run                              mn_pg_write
#define one(q, a, read, out, what, err)  mn_pg_one(q, a, read, sizeof *(out), out, what, err)
#define collect(q, a, read, out, n, err) mn_pg_collect(q, a, read, sizeof **(out), out, n, err)
#define each                             mn_pg_each
/* The statement notes whose change it is by itself. */
#define run_noted(q, missing, whose, id, err) mn_pg_write(q, missing, err)

static inline bool column_null(const cursor *q, int i)
{
    return PQgetisnull(q->result, q->row, i);
}

static inline const char *peek_text(const cursor *q, int i)
{
    return column_null(q, i) ? NULL : PQgetvalue(q->result, q->row, i);
}

static inline const uint8_t *peek_blob(const cursor *q, int i, size_t *n)
{
    *n = (size_t)PQgetlength(q->result, q->row, i);
    return (const uint8_t *)PQgetvalue(q->result, q->row, i);
}

static inline mn_code enter(mn_store *s, bool *own, mn_error *err)
{
    return mn_pg_enter((mn_postgres *)s, false, own, err);
}

static inline mn_code leave(mn_store *s, bool own, mn_code code, mn_error *err)
{
    return mn_pg_leave((mn_postgres *)s, own, code, err);
}

/* All pages are of one moment. */
static inline mn_code enter_walk(mn_store *s, bool *own, mn_error *err)
{
    return mn_pg_enter((mn_postgres *)s, true, own, err);
}

static inline mn_code leave_walk(mn_store *s, bool own, mn_code code, mn_error *err)
{
    return mn_pg_leave((mn_postgres *)s, own, code, err);
}

#endif
