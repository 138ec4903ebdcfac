/* Connections that only read. WAL lets them read while somebody writes and while the disk syncs; each of
 * their statements sees the last commit. Who is in a transaction must see it, and stays with the connection
 * that writes. */
#include "store/sqlite_internal.h"

#include "base/alloc.h"

#include <string.h>

#define BUSY_MS 10000 /* only while another process recovers the WAL */

const void *mn_sqlite_self(void)
{
    static _Thread_local char self;
    return &self;
}

void mn_sqlite_close_conn(mn_sqlite_conn *c)
{
    for (int i = 0; i < Q_COUNT; i++)
        sqlite3_finalize(c->statements[i]);
    sqlite3_close(c->db);
}

sqlite3 *mn_sqlite_open_db(const mn_sqlite *s, const char *pragmas)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(s->path, &db, flags, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(db, BUSY_MS);
        sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        rc = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
    }
    if (rc == SQLITE_OK)
        return db;
    sqlite3_close(db);
    return NULL;
}

static mn_sqlite_conn *open_reader(const mn_sqlite *s)
{
    mn_sqlite_conn *c = mn_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->db =
        mn_sqlite_open_db(s, "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096");
    if (c->db)
        return c;
    mn_free(c);
    return NULL;
}

mn_sqlite_conn *mn_sqlite_take_reader(mn_sqlite *s, const char *sql)
{
    if (strncmp(sql, "SELECT", 6) != 0 ||
        atomic_load_explicit(&s->owner, memory_order_relaxed) == mn_sqlite_self())
        return NULL;
    pthread_mutex_lock(&s->readers_lock);
    mn_sqlite_conn *c = s->free_readers;
    bool make = !c && s->n_readers < s->readers_max;
    if (c)
        s->free_readers = c->next;
    s->n_readers += make;
    pthread_mutex_unlock(&s->readers_lock);
    if (!make)
        return c;
    c = open_reader(s);
    if (!c) {
        pthread_mutex_lock(&s->readers_lock);
        s->n_readers--;
        pthread_mutex_unlock(&s->readers_lock);
    }
    return c;
}

void mn_sqlite_give_reader(mn_sqlite *s, mn_sqlite_conn *reader)
{
    pthread_mutex_lock(&s->readers_lock);
    reader->next = s->free_readers;
    s->free_readers = reader;
    pthread_mutex_unlock(&s->readers_lock);
}

void mn_sqlite_close_readers(mn_sqlite *s)
{
    while (s->free_readers) {
        mn_sqlite_conn *c = s->free_readers;
        s->free_readers = c->next;
        mn_sqlite_close_conn(c);
        mn_free(c);
    }
}
