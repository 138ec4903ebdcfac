/* Transactions:
 *
 *            begin                       commit / rollback
 *   idle ────────────▶ in_tx (lock held by one thread) ────────────▶ idle, scrubbed when something was
 * deleted └─ a write outside: enter ─ statements ─ leave, the same in one call
 *
 * WAL with synchronous=FULL: a commit is on the disk when it returns. secure_delete overwrites deleted bytes
 * in the pages, and the checkpoint after a deletion takes the older pages out of the WAL. Other checkpoints
 * are sqlite_checkpoint.c's. */
#include "store/sqlite_internal.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MS 10000

mn_code mn_sqlite_run(mn_sqlite *s, mn_sqlite_query which, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(&s->base, which, &q, err);
    return code != MN_OK ? code : mn_sql_run(&q, err);
}

/* ---- transactions ---- */

static mn_code begin_with(mn_sqlite *s, mn_sqlite_query how, mn_error *err)
{
    pthread_mutex_lock(&s->lock);
    mn_code code = s->in_tx ? mn_fail(err, MN_E_INTERNAL, "a transaction was begun inside another")
                            : mn_sqlite_run(s, how, err);
    if (code != MN_OK) {
        pthread_mutex_unlock(&s->lock);
        return code;
    }
    s->in_tx = true;
    atomic_store_explicit(&s->owner, mn_sqlite_self(), memory_order_relaxed);
    s->reading = how == Q_BEGIN_READ;
    return MN_OK;
}

mn_code mn_sqlite_begin(mn_store *store, mn_error *err)
{
    return begin_with((mn_sqlite *)store, Q_BEGIN, err);
}

mn_code mn_sqlite_begin_read(mn_store *store, mn_error *err)
{
    return begin_with((mn_sqlite *)store, Q_BEGIN_READ, err);
}

static void end_tx(mn_sqlite *s)
{
    s->in_tx = false;
    atomic_store_explicit(&s->owner, NULL, memory_order_relaxed);
}

void mn_sqlite_rollback(mn_store *store)
{
    mn_sqlite *s = (mn_sqlite *)store;
    if (!sqlite3_get_autocommit(s->db))
        mn_sqlite_run(s, Q_ROLLBACK, NULL);
    end_tx(s);
    pthread_mutex_unlock(&s->lock);
}

/* Not a failure of the write: the deleted bytes are gone from the pages already, and their older copies in
 * the WAL go at the next write, or when the store is opened or closed. */
static void scrub(mn_sqlite *s)
{
    mn_sql q;
    bool row = false;
    if (mn_sql_open(&s->base, Q_SCRUB, &q, NULL) != MN_OK)
        return;
    pthread_mutex_lock(&s->copying);
    if (mn_sql_step(&q, &row, NULL) == MN_OK && row)
        s->scrub_due = sqlite3_column_int(q.st, 0) != 0; /* 1: somebody else is reading the WAL */
    pthread_mutex_unlock(&s->copying);
    mn_sql_end(&q);
}

mn_code mn_sqlite_commit(mn_store *store, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    mn_code code = mn_sqlite_run(s, Q_COMMIT, err);
    if (code != MN_OK) {
        mn_sqlite_rollback(store);
        return code;
    }
    end_tx(s);
    if (s->scrub_due)
        scrub(s);
    mn_sqlite_keep_up(s);
    pthread_mutex_unlock(&s->lock);
    return MN_OK;
}

mn_code mn_sqlite_enter(mn_sqlite *s, bool *own, mn_error *err)
{
    pthread_mutex_lock(&s->lock);
    *own = !s->in_tx;
    mn_code code = MN_OK;
    if (*own)
        code = mn_sqlite_begin(&s->base, err);
    else if (s->reading)
        code = mn_fail(err, MN_E_INTERNAL, "a write inside a transaction for reading");
    if (code != MN_OK)
        pthread_mutex_unlock(&s->lock);
    return code;
}

mn_code mn_sqlite_leave(mn_sqlite *s, bool own, mn_code code, mn_error *err)
{
    if (own && code == MN_OK)
        code = mn_sqlite_commit(&s->base, err);
    else if (own)
        mn_sqlite_rollback(&s->base);
    pthread_mutex_unlock(&s->lock);
    return code;
}

/* ---- check ---- */

static mn_code check_pages(mn_store *store, mn_error *err)
{
    mn_sql q;
    bool row = false;
    mn_code code = mn_sql_open(store, Q_CHECK, &q, err);
    if (code != MN_OK)
        return code;
    code = mn_sql_step(&q, &row, err);
    const char *word = code == MN_OK && row ? (const char *)sqlite3_column_text(q.st, 0) : "";
    if (code == MN_OK && (!word || strcmp(word, "ok") != 0))
        code = mn_fail(err, MN_E_CORRUPT, "%s is damaged: %s: put its backup back", q.s->path,
                       word ? word : "unreadable");
    mn_sql_end(&q);
    return code;
}

mn_code mn_sqlite_check(mn_store *store, mn_error *err)
{
    mn_sql q;
    bool row = false;
    mn_code code = check_pages(store, err);
    if (code == MN_OK)
        code = mn_sql_open(store, Q_CHECK_KEYS, &q, err);
    if (code != MN_OK)
        return code;
    code = mn_sql_step(&q, &row, err);
    if (code == MN_OK && row)
        code = mn_fail(err, MN_E_CORRUPT,
                       "%s has a record in table %s that belongs to nothing: put its backup back", q.s->path,
                       (const char *)sqlite3_column_text(q.st, 0));
    mn_sql_end(&q);
    return code;
}

/* ---- open and close ---- */

void mn_sqlite_close(mn_store *store)
{
    mn_sqlite *s = (mn_sqlite *)store;
    mn_sqlite_keep_finish(s);
    mn_sqlite_close_readers(s);
    mn_sqlite_close_conn(&s->main);
    pthread_mutex_destroy(&s->readers_lock);
    pthread_mutex_destroy(&s->lock);
    mn_free(s->path);
    mn_free(s);
}

/* The database holds names: nobody else reads it. SQLite gives its -wal and -shm files the same mode. */
static mn_code create_private(const char *path, mn_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return MN_OK;
    }
    if (errno == EACCES || errno == EROFS || errno == EPERM)
        return mn_fail(err, MN_E_IO,
                       "%s cannot be written (%s): check the owner and mode of the file and of its folder, "
                       "and that the disk "
                       "is not mounted read-only",
                       path, strerror(errno));
    return mn_fail_errno(err, errno, "%s", path);
}

static mn_code alloc_store(const char *path, mn_sqlite **out, mn_error *err)
{
    mn_sqlite *s = mn_calloc(1, sizeof *s);
    char *copy = mn_strdup(path);
    if (!s || !copy) {
        mn_free(s);
        mn_free(copy);
        return mn_fail(err, MN_E_MEMORY, "no memory for the store");
    }
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&s->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    pthread_mutex_init(&s->readers_lock, NULL);
    mn_sqlite_keep_init(s);
    s->base.ops = &mn_sqlite_ops;
    s->path = copy;
    *out = s;
    return MN_OK;
}

/* SQLite counts its memory by default, with one lock for all threads around each piece. Refused, and without
 * harm, where somebody else in the process has used SQLite before. */
static void do_not_count(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static mn_code connect(mn_sqlite *s, mn_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, do_not_count);
    /* NOMUTEX: our own lock guards the connection. EXRESCODE: the codes tell a full disk from a broken one.
     */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(s->path, &s->main.db, flags, NULL);
    s->db = s->main.db;
    if (!s->db)
        return mn_fail(err, MN_E_MEMORY, "no memory for the store");
    if (rc != SQLITE_OK)
        return mn_sql_fail(s, rc, err);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return mn_sql_exec(s,
                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                       "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384",
                       err);
}

mn_code mn_store_open_sqlite(const char *path, mn_store **out, mn_error *err)
{
    return mn_sqlite_open_as(path, MN_STORE_MIGRATE, 0, out, err);
}

mn_code mn_sqlite_open_as(const char *path, mn_store_how how, int version, mn_store **out, mn_error *err)
{
    mn_sqlite *s = NULL;
    mn_code code = create_private(path, err);
    if (code == MN_OK)
        code = alloc_store(path, &s, err);
    if (code != MN_OK)
        return code;
    code = connect(s, err);
    if (code == MN_OK)
        code = mn_sqlite_migrate(s, how, version, err);
    if (code != MN_OK) {
        mn_sqlite_close(&s->base);
        return code;
    }
    scrub(s); /* what an interrupted erasure may have left in the WAL */
    mn_sqlite_keep(s);
    s->readers_max = MN_SQLITE_READERS;
    *out = &s->base;
    return MN_OK;
}
