/* What the files of the SQLite back end share: the connection, its lock, and a cursor over one prepared
 * statement.
 *
 * A cursor holds its connection from mn_sql_open to mn_sql_end (mn_sql_run, mn_sql_one and mn_sql_collect end
 * it themselves). There is one connection that writes; its lock is recursive, so that the thread that began a
 * transaction goes on inside it while others wait. A SELECT of a thread that is in no transaction goes to a
 * connection that only reads, so that it waits for nobody's fsync; it sees what was committed. */
#ifndef MN_STORE_SQLITE_INTERNAL_H
#define MN_STORE_SQLITE_INTERNAL_H

#include "store/open_internal.h"
#include "store/sqlite_queries.h"
#include "store/store.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#define MN_SQLITE_READERS 16 /* connections that only read; opened when they are first needed */

/* A connection and its statements, used by one thread at a time. */
typedef struct mn_sqlite_conn {
    sqlite3 *db;
    sqlite3_stmt *statements[Q_COUNT];
    struct mn_sqlite_conn *next; /* of the free readers */
} mn_sqlite_conn;

/* The thread that keeps the WAL short, see sqlite_checkpoint.c. */
typedef struct {
    pthread_mutex_t lock; /* guards the rest; taken last */
    pthread_cond_t wake;
    pthread_t thread;
    sqlite3 *db; /* the thread's own */
    bool running, stop;
    int pages, due; /* in the WAL after the last commit; when there is something to do */
} mn_sqlite_keeper;

typedef struct {
    mn_store base;
    char *path;
    pthread_mutex_t lock; /* recursive; guards what follows and the connection that writes */
    mn_sqlite_conn main;
    sqlite3 *db;         /* main's */
    bool reading;        /* that transaction is for reading */
    bool in_tx;          /* between begin and commit */
    bool scrub_due;      /* deleted bytes may still stand in the WAL */
    bool noted_together; /* by put_many, which names each person in the change log once */

    _Atomic(const void *) owner; /* the thread that is in the transaction, see mn_sqlite_self; NULL: none */

    pthread_mutex_t copying; /* one checkpoint at a time: SQLite refuses a second one. Taken after lock */
    mn_sqlite_keeper keeper;

    pthread_mutex_t readers_lock; /* guards the next three */
    mn_sqlite_conn *free_readers;
    unsigned n_readers;   /* open, free or not */
    unsigned readers_max; /* 0 until the tables are as they should be */
} mn_sqlite;

/* Tells this thread from all others. */
const void *mn_sqlite_self(void);

/* sqlite_schema.c */
mn_code mn_sqlite_migrate(mn_sqlite *s, mn_store_how how, int to, mn_error *err);
mn_code mn_sqlite_version(mn_store *s, int *out, mn_error *err);

/* sqlite_rows.c */
mn_code mn_sqlite_rows(mn_store *s, const mn_kind *k, const mn_value *after, mn_arena *a, mn_value **rows,
                       size_t *n, mn_error *err);
mn_code mn_sqlite_rows_put(mn_store *s, const mn_kind *k, const mn_value *rows, size_t n, mn_error *err);
mn_code mn_sqlite_rows_end(mn_store *s, mn_error *err);

/* sqlite_sql.c: result code → error with advice. `rc` is an extended code of SQLite. */
mn_code mn_sql_fail(mn_sqlite *s, int rc, mn_error *err); /* of the connection that writes */
mn_code mn_sql_exec(mn_sqlite *s, const char *sql, mn_error *err);

/* A write of several statements: joins the caller's transaction, or is one of its own that leave() commits or
 * takes back. */
mn_code mn_sqlite_enter(mn_sqlite *s, bool *own, mn_error *err);
mn_code mn_sqlite_leave(mn_sqlite *s, bool own, mn_code code, mn_error *err);

typedef struct {
    mn_sqlite *s;
    mn_sqlite_conn *reader; /* NULL: the connection that writes, with its lock */
    sqlite3_stmt *st;
    mn_code failed; /* the statement could not be had: st is NULL, and nothing is held */
    int bound;      /* parameters bound so far */
    int rc;         /* first failure of a bind */
    mn_code column; /* first failure of a column: memory, or a value of the wrong shape */
} mn_sql;

/* sqlite_readers.c: a reader for this thread, or NULL where it must not or cannot have one: then the
 * connection that writes does it. */
mn_sqlite_conn *mn_sqlite_take_reader(mn_sqlite *s, const char *sql);
void mn_sqlite_give_reader(mn_sqlite *s, mn_sqlite_conn *reader);
void mn_sqlite_close_conn(mn_sqlite_conn *c);
void mn_sqlite_close_readers(mn_sqlite *s);
/* One more, with these pragmas; for sqlite3_close. NULL: it cannot be had. */
sqlite3 *mn_sqlite_open_db(const mn_sqlite *s, const char *pragmas);

/* sqlite_checkpoint.c */
void mn_sqlite_keep_init(mn_sqlite *s);
void mn_sqlite_keep(mn_sqlite *s);        /* from here on; the connection that writes is open */
void mn_sqlite_keep_up(mn_sqlite *s);     /* after a commit, with the lock: waits where it got too long */
void mn_sqlite_keep_finish(mn_sqlite *s); /* before anything is closed */

/* The code may be passed over: binding does nothing after a failure, and what runs the statement answers it.
 */
mn_code mn_sql_open(mn_store *store, mn_sqlite_query which, mn_sql *q, mn_error *err);
void mn_sql_end(mn_sql *q);

void mn_sql_id(mn_sql *q, const mn_id *id); /* NULL binds NULL */
void mn_sql_text(mn_sql *q, const char *text);
void mn_sql_blob(mn_sql *q, const void *bytes, size_t n);
void mn_sql_int(mn_sql *q, int64_t value);
void mn_sql_real(mn_sql *q, double value);

mn_code mn_sql_step(mn_sql *q, bool *row, mn_error *err);
mn_code mn_sql_row_ok(const mn_sql *q, mn_error *err); /* after reading the columns of a row */

mn_id mn_sql_column_id(mn_sql *q, int i); /* nil for NULL */
const char *mn_sql_column_text(mn_sql *q, int i, mn_arena *a);
const uint8_t *mn_sql_column_blob(mn_sql *q, int i, mn_arena *a, size_t *n);
mn_purpose mn_sql_column_purpose(mn_sql *q, int i);

/* Reads the columns of the current row into an item. */
typedef void mn_sql_reader(mn_sql *q, mn_arena *a, void *item);

/* Each of these runs the statement to its end and ends the cursor. */
mn_code mn_sql_run(mn_sql *q, mn_error *err);
/* missing: what MN_E_NOT_FOUND says where the statement touched nothing; NULL where that is fine. */
mn_code mn_sql_write(mn_sql *q, const char *missing, mn_error *err);
/* The same, and in the same transaction a note in the change log, see mn_sqlite_changed. */
mn_code mn_sql_write_noted(mn_sql *q, const char *missing, mn_sqlite_query how, const mn_id *id,
                           mn_error *err);
/* out: one item of `size` bytes, filled on success only. */
mn_code mn_sql_one(mn_sql *q, mn_arena *a, mn_sql_reader *read, size_t size, void *out, const char *what,
                   mn_error *err);
/* out: a pointer to items of `size` bytes each, which points to the arena's on success. */
mn_code mn_sql_collect(mn_sql *q, mn_arena *a, mn_sql_reader *read, size_t size, void *out, size_t *n,
                       mn_error *err);
/* Each row; *n: how many there were. A non-zero answer stops, and is returned. */
typedef mn_code mn_sql_visitor(mn_sql *q, void *ctx, mn_error *err);
mn_code mn_sql_each(mn_sql *q, mn_sql_visitor *fn, void *ctx, size_t *n, mn_error *err);

mn_code mn_sqlite_run(mn_sqlite *s, mn_sqlite_query which, mn_error *err); /* without parameters */

/* Notes in the change log that something of this person (or of the person with this face) changed. */
mn_code mn_sqlite_changed(mn_sqlite *s, mn_sqlite_query how, const mn_id *id, mn_error *err);

/* The operations that are written for SQLite alone, by file. */
void mn_sqlite_close(mn_store *store);
mn_code mn_sqlite_begin(mn_store *store, mn_error *err);
mn_code mn_sqlite_begin_read(mn_store *store, mn_error *err);
mn_code mn_sqlite_commit(mn_store *store, mn_error *err);
void mn_sqlite_rollback(mn_store *store);
mn_code mn_sqlite_check(mn_store *store, mn_error *err);

mn_code mn_sqlite_person_delete(mn_store *s, const mn_id *id, mn_error *err);
mn_code mn_sqlite_key_delete(mn_store *s, const mn_id *person, mn_error *err);
mn_code mn_sqlite_key_replace(mn_store *s, const mn_id *person, const uint8_t *old, size_t old_len,
                              const uint8_t *wrapped, size_t n, bool *replaced, mn_error *err);
mn_code mn_sqlite_face_delete(mn_store *s, const mn_id *id, mn_error *err);
mn_code mn_sqlite_descriptor_delete(mn_store *s, const mn_id *face, const char *model, mn_error *err);

mn_code mn_sqlite_put_many(mn_store *s, const mn_records *r, mn_error *err);
mn_code mn_sqlite_people_find(mn_store *s, const mn_id *account, const mn_id *list, mn_time now,
                              const char *const *texts, size_t n, mn_arena *a, mn_person **out, size_t *n_out,
                              mn_error *err);
mn_code mn_sqlite_owners(mn_store *s, mn_owned_kind kind, const mn_id *ids, size_t n, mn_arena *a,
                         mn_owned **out, size_t *n_out, mn_error *err);

/* Those that are written once for both back ends, see access.inc. */
/* Inside a writing transaction: fills seq, prev and hash of n records and appends them. */
mn_code mn_sqlite_audit_put(mn_store *s, mn_audit_record *r, size_t n, mn_error *err);
mn_code mn_sqlite_audit_chain(mn_store *s, mn_audit_record *r, size_t n, mn_error *err);
void mn_sqlite_read_person(mn_sql *q, mn_arena *a, void *item);
extern const mn_store_ops mn_sqlite_ops;

#endif
