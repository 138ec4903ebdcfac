/* What the files of the PostgreSQL back end share: the pool of connections, and a statement with its
 * parameters and its answer.
 *
 * A statement holds a connection only while it runs; its rows are in our memory afterwards. A thread that
 * holds a connection (in a transaction) gets the same one again. */
#ifndef MN_STORE_POSTGRES_INTERNAL_H
#define MN_STORE_POSTGRES_INTERNAL_H

#include "base/buf.h"
#include "store/open_internal.h"
#include "store/postgres_queries.h"
#include "store/store.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

#define MN_PG_CONNECTIONS 8
#define MN_PG_PARAMETERS  44
#define MN_PG_PLACE       320
#define MN_PG_JOURNAL     ((size_t)64 << 20)

enum { MN_PG_TEXT = 0, MN_PG_BINARY = 1 }; /* libpq's formats */

typedef struct {
    /* Under the pool's lock. */
    pthread_t owner; /* where depth > 0 */
    unsigned depth;  /* how often its owner took it; 0: free */

    /* The owner's alone. */
    PGconn *pg; /* NULL: not connected */
    bool prepared[P_COUNT];
    bool in_tx, reading; /* between begin and commit; for reading */
    bool lost;           /* the server is gone from the other end */
    bool silent;         /* lost because nothing came from there */
    bool patient;        /* the transaction waits as long as it takes */
    unsigned silences;   /* of the store, when it was made */
    bool guarded;        /* the transaction has a savepoint, and the journal what was written since */
    mn_buf journal;
} mn_pg_conn;

typedef struct {
    mn_store base;
    char *conninfo;          /* may hold a password: in no message */
    char place[MN_PG_PLACE]; /* for messages: "PostgreSQL at host:port/database" */
    int timeout_ms;          /* of a statement */
    atomic_uint silences;    /* connections that were given up: all that are older are doubted */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    mn_pg_conn conns[MN_PG_CONNECTIONS];
} mn_postgres;

/* ---- postgres_pool.c ---- */

/* MN_E_INVALID for what is no address. What is wrong with it is not said in libpq's words, for these may
 * quote the password. */
mn_code mn_pg_check_conninfo(const char *conninfo, mn_error *err);
void mn_pg_close_pool(mn_postgres *s);

/* Connected; waits while all are in use. MN_E_BUSY after ten seconds, MN_E_IO where there is no server. */
mn_code mn_pg_take(mn_postgres *s, mn_pg_conn **out, mn_error *err);
void mn_pg_give(mn_postgres *s, mn_pg_conn *c);
mn_code mn_pg_reconnect(mn_postgres *s, mn_pg_conn *c, mn_error *err);
/* A transaction that failed or lost its server takes nothing more. */
mn_code mn_pg_usable(const mn_postgres *s, const mn_pg_conn *c, mn_error *err);
mn_code mn_pg_command(mn_postgres *s, mn_pg_conn *c, const char *sql, mn_error *err);

mn_code mn_pg_begin(mn_store *store, mn_error *err);
mn_code mn_pg_begin_read(mn_store *store, mn_error *err);
mn_code mn_pg_commit(mn_store *store, mn_error *err);
void mn_pg_rollback(mn_store *store);
/* Joins the thread's transaction, or begins one of its own that leave() ends. */
mn_code mn_pg_enter(mn_postgres *s, bool reading, bool *own, mn_error *err);
mn_code mn_pg_leave(mn_postgres *s, bool own, mn_code code, mn_error *err);

/* ---- postgres_wait.c ---- */

/* What was sent (a PQsend… that returned `sent`) is answered: the last result, as from PQexec. NULL: see
 * mn_pg_fail; also where nothing came for so long that the connection was given up. */
PGresult *mn_pg_answer(mn_postgres *s, mn_pg_conn *c, int sent);
int mn_pg_silence_ms(const mn_postgres *s);
/* Until the transaction's end its statements take as long as they take. */
mn_code mn_pg_be_patient(mn_postgres *s, mn_pg_conn *c, mn_error *err);

/* ---- postgres_errors.c: a failed answer → code and advice; notes that the connection is lost ---- */
mn_code mn_pg_fail(const mn_postgres *s, mn_pg_conn *c, const PGresult *r, mn_error *err);
mn_code mn_pg_fail_connect(const mn_postgres *s, const PGconn *pg, mn_error *err);

/* ---- postgres_schema.c ---- */
mn_code mn_pg_migrate(mn_postgres *s, mn_store_how how, int to, mn_error *err);
mn_code mn_pg_version(mn_store *s, int *out, mn_error *err);

/* ---- postgres_rows.c ---- */
mn_code mn_pg_rows(mn_store *s, const mn_kind *k, const mn_value *after, mn_arena *a, mn_value **rows,
                   size_t *n, mn_error *err);
mn_code mn_pg_rows_put(mn_store *s, const mn_kind *k, const mn_value *rows, size_t n, mn_error *err);
mn_code mn_pg_rows_end(mn_store *s, mn_error *err);

/* ---- postgres_sql.c ---- */
typedef struct {
    mn_postgres *s;
    mn_pg_query which;
    int bound;
    const char *values[MN_PG_PARAMETERS]; /* the caller's memory, or numbers */
    int lengths[MN_PG_PARAMETERS], formats[MN_PG_PARAMETERS];
    uint64_t numbers[MN_PG_PARAMETERS]; /* big-endian */
    bool too_long;                      /* a parameter of 2 GiB or more */
    PGresult *result;
    int row;
    mn_code column; /* first failure of a column: memory, or a value of the wrong shape */
} mn_pg;

void mn_pg_ask(mn_store *store, mn_pg_query which, mn_pg *q);
void mn_pg_end(mn_pg *q);

/* Parameters, in their order. */
void mn_pg_id(mn_pg *q, const mn_id *id); /* NULL binds NULL */
void mn_pg_text(mn_pg *q, const char *text);
void mn_pg_blob(mn_pg *q, const void *bytes, size_t n); /* binary, whatever its type is */
void mn_pg_int(mn_pg *q, int64_t value);
void mn_pg_real(mn_pg *q, double value);
void mn_pg_bool(mn_pg *q, bool value);

/* ---- postgres_many.c ---- */
typedef enum {
    MN_PG_ID,        /* mn_id */
    MN_PG_ID_OR_NIL, /* mn_id, NULL where it is nil */
    MN_PG_WORD,      /* const char *, may be NULL */
    MN_PG_PURPOSE,   /* mn_purpose */
    MN_PG_BYTES,     /* const uint8_t *, followed by a size_t */
    MN_PG_HASH,      /* 32 bytes */
    MN_PG_TIME,      /* int64_t or uint64_t */
    MN_PG_NUMBER,    /* int */
    MN_PG_FLOAT,     /* float */
    MN_PG_FLAG       /* bool */
} mn_pg_kind;
/* A parameter that is an array: of n items, `stride` bytes apart, the field that `first` points to. Its bytes
 * are in the arena. */
mn_code mn_pg_array(mn_pg *q, mn_pg_kind kind, const void *first, size_t stride, size_t n, mn_arena *a,
                    mn_error *err);
mn_code mn_pg_put_many(mn_store *s, const mn_records *r, mn_error *err);
mn_code mn_pg_owners(mn_store *s, mn_owned_kind kind, const mn_id *ids, size_t n, mn_arena *a, mn_owned **out,
                     size_t *n_out, mn_error *err);

/* ---- postgres_journal.c: what a guarded transaction wrote since its savepoint ---- */
/* *start: where it begins, so that it can be cut off again. */
mn_code mn_pg_journal_add(mn_pg_conn *c, const mn_pg *q, size_t *start, mn_error *err);
/* The next write from *at on, as a statement whose parameters are in the journal; false after the last. */
bool mn_pg_journal_next(const mn_pg_conn *c, size_t *at, mn_pg *q);

/* Columns of the current row. */
mn_id mn_pg_column_id(mn_pg *q, int i); /* nil for NULL */
const char *mn_pg_column_text(mn_pg *q, int i, mn_arena *a);
const uint8_t *mn_pg_column_blob(mn_pg *q, int i, mn_arena *a, size_t *n);
void mn_pg_column_hash(mn_pg *q, int i, uint8_t out[32]);
int64_t mn_pg_column_int(mn_pg *q, int i);
double mn_pg_column_real(mn_pg *q, int i);
bool mn_pg_column_bool(mn_pg *q, int i);
mn_purpose mn_pg_column_purpose(mn_pg *q, int i);
mn_code mn_pg_row_ok(const mn_pg *q, mn_error *err); /* after reading the columns of a row */

/* Runs a statement that only reads, once more where the connection turned out to be lost. The caller ends q
 * after MN_OK. */
mn_code mn_pg_read(mn_pg *q, mn_error *err);

/* Reads the columns of the current row into an item. */
typedef void mn_pg_reader(mn_pg *q, mn_arena *a, void *item);

/* Each of these ends q.
 * out: one item of `size` bytes, filled on success only. */
mn_code mn_pg_one(mn_pg *q, mn_arena *a, mn_pg_reader *read, size_t size, void *out, const char *what,
                  mn_error *err);
/* out: a pointer to items of `size` bytes each, which points to the arena's on success. */
mn_code mn_pg_collect(mn_pg *q, mn_arena *a, mn_pg_reader *read, size_t size, void *out, size_t *n,
                      mn_error *err);
/* Each row; *n: how many there were. A non-zero answer stops, and is returned. */
typedef mn_code mn_pg_visitor(mn_pg *q, void *ctx, mn_error *err);
mn_code mn_pg_each(mn_pg *q, mn_pg_visitor *fn, void *ctx, size_t *n, mn_error *err);
/* missing: what MN_E_NOT_FOUND says where the statement touched nothing; NULL where that is fine. */
mn_code mn_pg_write(mn_pg *q, const char *missing, mn_error *err);

/* ---- the operations that are written for PostgreSQL alone, by file ---- */
void mn_pg_close(mn_store *store);
mn_code mn_pg_check(mn_store *store, mn_error *err);

mn_code mn_pg_person_delete(mn_store *s, const mn_id *id, mn_error *err);
mn_code mn_pg_key_delete(mn_store *s, const mn_id *person, mn_error *err);
mn_code mn_pg_key_replace(mn_store *s, const mn_id *person, const uint8_t *old, size_t old_len,
                          const uint8_t *wrapped, size_t n, bool *replaced, mn_error *err);
mn_code mn_pg_face_delete(mn_store *s, const mn_id *id, mn_error *err);
mn_code mn_pg_descriptor_delete(mn_store *s, const mn_id *face, const char *model, mn_error *err);

mn_code mn_pg_people_find(mn_store *s, const mn_id *account, const mn_id *list, mn_time now,
                          const char *const *texts, size_t n, mn_arena *a, mn_person **out, size_t *n_out,
                          mn_error *err);

/* ---- those that are written once for both back ends, see access.inc ---- */
/* Inside a writing transaction: fills seq, prev and hash of n records that follow the newest one; audit_put
 * appends them too. */
mn_code mn_pg_audit_chain(mn_store *s, mn_audit_record *r, size_t n, mn_error *err);
mn_code mn_pg_audit_put(mn_store *s, mn_audit_record *r, size_t n, mn_error *err);
void mn_pg_read_person(mn_pg *q, mn_arena *a, void *item);
extern const mn_store_ops mn_pg_ops;

#endif
