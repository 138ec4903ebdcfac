/* Copying what stands in the WAL into the database, on a thread of its own: a commit waits for one fsync of
 * the WAL and for nothing else. SQLite by itself copies in the commit that makes the WAL long, and whoever
 * shares that commit waits for all of it.
 *
 *   short ── a commit makes it long ──▶ copied and synced while others write ──▶ the rest, with the lock of
 *   those who write ──▶ the next commit begins the WAL anew
 *
 * The rest is what was written during the copy before. Without the lock there would always be one, and the
 * WAL begins anew only when all of it was copied. It is never cut: its blocks are there already for what
 * comes, so that an fsync has no more to write than the bytes. */
#include "store/sqlite_internal.h"

#include <limits.h>
#include <signal.h>
#include <time.h>

#define LONG_PAGES   8000             /* of 4 KiB: then it is copied */
#define TOO_LONG     (2 * LONG_PAGES) /* more: who commits waits for who copies, and copies */
#define REST_PAGES   250              /* few enough for others to wait for */
#define READER_TRIES 100              /* of 0.1 ms */
#define PAUSE_MS     100              /* where a longer statement reads from the WAL */

/* RESTART waits for those who still read from the WAL what an earlier commit left: mostly for a statement. */
static int wait_a_little(void *ctx, int tries)
{
    (void)ctx;
    const struct timespec pause = {.tv_nsec = 100 * 1000};
    return tries < READER_TRIES && nanosleep(&pause, NULL) == 0;
}

/* SQLite syncs the database only after a copy to which nothing was added meanwhile. */
static void sync_database(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file &&
        file->pMethods)
        file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

static void copy_beside_writers(mn_sqlite *s)
{
    pthread_mutex_lock(&s->copying);
    sqlite3_wal_checkpoint_v2(s->keeper.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    sync_database(s->keeper.db);
    pthread_mutex_unlock(&s->copying);
}

/* With the writers' lock. False: somebody reads on, or the disk failed, which is for commits to tell. */
static bool copy_rest(mn_sqlite *s)
{
    pthread_mutex_lock(&s->copying);
    int rc = sqlite3_wal_checkpoint_v2(s->keeper.db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    pthread_mutex_unlock(&s->copying);
    return rc == SQLITE_OK;
}

static int pages_now(mn_sqlite_keeper *k)
{
    pthread_mutex_lock(&k->lock);
    int pages = k->pages;
    pthread_mutex_unlock(&k->lock);
    return pages;
}

static bool copy_all(mn_sqlite *s)
{
    int rest = INT_MAX, last;
    do { /* as long as it is worth it */
        last = rest;
        int before = pages_now(&s->keeper);
        copy_beside_writers(s);
        rest = pages_now(&s->keeper) - before;
    } while (rest > REST_PAGES && rest < last / 2);
    pthread_mutex_lock(&s->lock);
    bool all = copy_rest(s);
    pthread_mutex_unlock(&s->lock);
    return all;
}

static void *keep_short(void *store)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000 * 1000};
    mn_sqlite *s = store;
    mn_sqlite_keeper *k = &s->keeper;
    pthread_mutex_lock(&k->lock);
    while (!k->stop) {
        if (k->pages < k->due) {
            pthread_cond_wait(&k->wake, &k->lock);
            continue;
        }
        pthread_mutex_unlock(&k->lock);
        bool all = copy_all(s);
        if (!all)
            nanosleep(&pause, NULL);
        pthread_mutex_lock(&k->lock);
        if (all)
            k->due = k->pages + LONG_PAGES; /* until it begins anew */
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

/* Under the lock. Signals belong to other threads. */
static bool start(mn_sqlite *s)
{
    sigset_t all, before;
    mn_sqlite_keeper *k = &s->keeper;
    k->db = mn_sqlite_open_db(s, "PRAGMA synchronous = FULL; PRAGMA schema_version");
    if (!k->db)
        return false;
    sqlite3_busy_handler(k->db, wait_a_little, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    k->running = pthread_create(&k->thread, NULL, keep_short, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!k->running) {
        sqlite3_close(k->db);
        k->db = NULL;
    }
    return k->running;
}

/* After each commit, with the lock of those who write. */
static int committed(void *store, sqlite3 *db, const char *name, int pages)
{
    (void)name;
    mn_sqlite *s = store;
    mn_sqlite_keeper *k = &s->keeper;
    pthread_mutex_lock(&k->lock);
    if (pages < k->pages) /* it began anew */
        k->due = LONG_PAGES;
    k->pages = pages;
    bool due = pages >= k->due, kept = due && (k->running || start(s));
    if (kept)
        pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
    if (due && !kept) /* as SQLite does it by itself */
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

void mn_sqlite_keep_up(mn_sqlite *s)
{
    mn_sqlite_keeper *k = &s->keeper;
    pthread_mutex_lock(&k->lock);
    bool too_long = k->running && k->pages >= k->due + TOO_LONG;
    pthread_mutex_unlock(&k->lock);
    if (too_long)
        copy_rest(s);
}

void mn_sqlite_keep_init(mn_sqlite *s)
{
    s->keeper.due = LONG_PAGES;
    pthread_mutex_init(&s->copying, NULL);
    pthread_mutex_init(&s->keeper.lock, NULL);
    pthread_cond_init(&s->keeper.wake, NULL);
}

void mn_sqlite_keep(mn_sqlite *s)
{
    sqlite3_wal_hook(s->db, committed, s);
}

void mn_sqlite_keep_finish(mn_sqlite *s)
{
    mn_sqlite_keeper *k = &s->keeper;
    pthread_mutex_lock(&k->lock);
    k->stop = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
    if (k->running)
        pthread_join(k->thread, NULL);
    sqlite3_close(k->db);
    pthread_cond_destroy(&k->wake);
    pthread_mutex_destroy(&k->lock);
    pthread_mutex_destroy(&s->copying);
}
