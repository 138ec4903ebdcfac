/* Connections and transactions:
 *
 *          take                     begin: BEGIN, advisory lock
 *   free ────────▶ owned by a thread ──────────────▶ in_tx ── commit, rollback ──▶ free
 *     ▲                  │  give                       │
 *     │                  ▼                             ▼ server gone, or a statement failed
 *     └── lost: closed, made anew by the next take   only rollback (or a commit that fails)
 *
 * Writers take turns, over all processes: each transaction that writes holds one advisory lock to its end.
 * That is what SQLite does, and core counts on it (look first, write then); it keeps the audit log one chain,
 * and lets the numbers of the change log become visible in rising order. Readers never wait.
 *
 * A connection that was idle while the server restarted is found out by the first statement on it. Where that
 * statement only reads or begins, it is sent once more over a new connection. A commit is never repeated:
 * when its answer is lost, nobody knows. */
#include "store/postgres_internal.h"

#include "base/alloc.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_SECONDS 10
/* "mien" in ASCII, and which store of this database. */
#define BEGIN_WRITE                                                                                          \
    "BEGIN ISOLATION LEVEL READ COMMITTED;"                                                                  \
    "SELECT pg_advisory_xact_lock(1835623790, hashtext(current_schema()))"
#define GUARDED    "; SAVEPOINT mien_write"
#define BEGIN_READ "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
/* A store answers or says why not: none of these waits is for ever. A commit is on the disk when it returns,
 * whatever the server's default is. */
#define SESSION                                                                                              \
    "SET client_min_messages = warning; SET statement_timeout = %d; SET lock_timeout = %d;"                  \
    "SET idle_in_transaction_session_timeout = '5min';"                                                      \
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = "    \
    "'off'"

/* ---- one connection ---- */

static bool plain_host(const char *text)
{
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr(".:,-_/", *text))
            return false;
    return true;
}

/* A password with an unescaped "@" or "/" in it ends up as a part of these, and so in messages. */
static bool plain_place(const PQconninfoOption *options)
{
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        if (!o->val)
            continue;
        if (strncmp(o->keyword, "host", 4) == 0 && !plain_host(o->val))
            return false;
        if (strcmp(o->keyword, "port") == 0 && o->val[strspn(o->val, "0123456789,")])
            return false;
        if (strcmp(o->keyword, "dbname") == 0 && strchr(o->val, '@'))
            return false;
    }
    return true;
}

static bool waits_for_ever(const PQconninfoOption *options)
{
    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        if (strcmp(o->keyword, "connect_timeout") == 0 && o->val)
            return strtol(o->val, NULL, 10) <= 0;
    return false;
}

mn_code mn_pg_check_conninfo(const char *conninfo, mn_error *err)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    bool fine = options && plain_place(options), endless = waits_for_ever(options);
    PQconninfoFree(options);
    if (fine && endless)
        return mn_fail(
            err, MN_E_INVALID,
            "store.url: connect_timeout is in seconds, 1 or more: without an end a server that says "
            "nothing would be waited for for ever");
    if (fine)
        return MN_OK;
    return mn_fail(
        err, MN_E_INVALID,
        "store.url is no PostgreSQL address: write it as postgresql://user@host:port/database, with "
        "%%40 for @, %%2F for / and %%25 for %% in a user or password");
}

static void ignore_notice(void *ctx, const PGresult *r)
{
    (void)ctx, (void)r;
}

static void close_connection(mn_pg_conn *c)
{
    PQfinish(c->pg);
    c->pg = NULL;
    c->lost = c->silent = false;
    memset(c->prepared, 0, sizeof c->prepared);
}

static int at_most(int value, int most)
{
    return value < most ? value : most;
}

/* A lock is waited for less long than a statement, so that the error says what it was. */
static mn_code set_session(mn_postgres *s, mn_pg_conn *c, mn_error *err)
{
    char sql[sizeof SESSION + 24];
    snprintf(sql, sizeof sql, SESSION, s->timeout_ms, at_most(s->timeout_ms / 2, WAIT_SECONDS * 1000));
    return mn_pg_command(s, c, sql, err);
}

static mn_code set_up(mn_postgres *s, mn_pg_conn *c, mn_error *err)
{
    if (PQsetnonblocking(c->pg, 1) != 0)
        return mn_pg_fail_connect(s, c->pg, err);
    if (PQserverVersion(c->pg) < 150000)
        return mn_fail(err, MN_E_UNSUPPORTED, "%s is version %d: mien needs PostgreSQL 15 or newer", s->place,
                       PQserverVersion(c->pg) / 10000);
    const char *encoding = PQparameterStatus(c->pg, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return mn_fail(err, MN_E_UNSUPPORTED,
                       "%s keeps texts as %s: make the database with ENCODING 'UTF8' TEMPLATE template0",
                       s->place, encoding ? encoding : "?");
    return set_session(s, c, err);
}

static mn_code connect_to(mn_postgres *s, mn_pg_conn *c, mn_error *err)
{
    /* What stands in conninfo (after dbname's value is taken apart) goes before what is above it here. */
    static const char *const keys[] = {"connect_timeout",  "keepalives_idle",  "keepalives_interval",
                                       "keepalives_count", "tcp_user_timeout", "fallback_application_name",
                                       "dbname",           "client_encoding",  NULL};
    char seconds[16], ms[16];
    const char *const values[] = {seconds, "30", "10", "3", ms, "mien", s->conninfo, "UTF8", NULL};
    snprintf(seconds, sizeof seconds, "%d", at_most((s->timeout_ms + 999) / 1000, WAIT_SECONDS));
    snprintf(ms, sizeof ms, "%d", s->timeout_ms);
    c->silences = atomic_load(&s->silences);
    c->pg = PQconnectdbParams(keys, values, 1);
    if (!c->pg)
        return mn_fail(err, MN_E_MEMORY, "no memory for a connection to PostgreSQL");
    PQsetNoticeReceiver(c->pg, ignore_notice, NULL);
    mn_code code = PQstatus(c->pg) == CONNECTION_OK ? set_up(s, c, err) : mn_pg_fail_connect(s, c->pg, err);
    if (code != MN_OK)
        close_connection(c);
    return code;
}

mn_code mn_pg_reconnect(mn_postgres *s, mn_pg_conn *c, mn_error *err)
{
    close_connection(c);
    return connect_to(s, c, err);
}

mn_code mn_pg_command(mn_postgres *s, mn_pg_conn *c, const char *sql, mn_error *err)
{
    PGresult *r = mn_pg_answer(s, c, PQsendQuery(c->pg, sql));
    ExecStatusType status = PQresultStatus(r);
    mn_code code = MN_OK;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        code = mn_pg_fail(s, c, r, err);
    PQclear(r);
    return code;
}

/* ---- the pool ---- */

void mn_pg_close_pool(mn_postgres *s)
{
    for (int i = 0; i < MN_PG_CONNECTIONS; i++) {
        close_connection(&s->conns[i]);
        mn_buf_finish(&s->conns[i].journal);
    }
}

/* Under the lock. */
static mn_pg_conn *find_own(mn_postgres *s)
{
    for (int i = 0; i < MN_PG_CONNECTIONS; i++)
        if (s->conns[i].depth > 0 && pthread_equal(s->conns[i].owner, pthread_self()))
            return &s->conns[i];
    return NULL;
}

/* Under the lock. One that is connected already, before one that is not. */
static mn_pg_conn *find_free(mn_postgres *s)
{
    mn_pg_conn *found = NULL;
    for (int i = 0; i < MN_PG_CONNECTIONS; i++)
        if (s->conns[i].depth == 0 && (!found || (!found->pg && s->conns[i].pg)))
            found = &s->conns[i];
    return found;
}

/* Under the lock; NULL when none became free in time. */
static mn_pg_conn *wait_for_free(mn_postgres *s)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_SECONDS;
    mn_pg_conn *c = find_free(s);
    while (!c && pthread_cond_timedwait(&s->freed, &s->lock, &until) == 0)
        c = find_free(s);
    return c ? c : find_free(s);
}

mn_code mn_pg_take(mn_postgres *s, mn_pg_conn **out, mn_error *err)
{
    pthread_mutex_lock(&s->lock);
    mn_pg_conn *c = find_own(s);
    if (!c)
        c = wait_for_free(s);
    if (c) {
        c->owner = pthread_self();
        c->depth++;
    }
    pthread_mutex_unlock(&s->lock);
    if (!c) {
        mn_fail(err, MN_E_BUSY, "all %d connections to %s are in use: try again", MN_PG_CONNECTIONS,
                s->place);
        return MN_E_BUSY;
    }
    if (c->depth == 1 && c->silences != atomic_load(&s->silences))
        close_connection(c);
    mn_code code = c->pg ? MN_OK : connect_to(s, c, err);
    if (code != MN_OK) {
        mn_pg_give(s, c);
        return code;
    }
    *out = c;
    return MN_OK;
}

void mn_pg_give(mn_postgres *s, mn_pg_conn *c)
{
    if (c->lost && !c->in_tx)
        close_connection(c);
    pthread_mutex_lock(&s->lock);
    if (--c->depth == 0)
        pthread_cond_signal(&s->freed);
    pthread_mutex_unlock(&s->lock);
}

/* ---- transactions ---- */

static mn_pg_conn *own_transaction(mn_postgres *s)
{
    pthread_mutex_lock(&s->lock);
    mn_pg_conn *c = find_own(s);
    pthread_mutex_unlock(&s->lock);
    return c && c->in_tx ? c : NULL;
}

mn_code mn_pg_usable(const mn_postgres *s, const mn_pg_conn *c, mn_error *err)
{
    if (c->in_tx && c->lost)
        return mn_fail(
            err, MN_E_IO,
            "the connection to %s was lost inside the transaction, and nothing of it is stored: begin "
            "again",
            s->place);
    if (c->in_tx && PQtransactionStatus(c->pg) != PQTRANS_INTRANS)
        return mn_fail(err, MN_E_IO, "the transaction was taken back after an earlier failure: begin again");
    return MN_OK;
}

static mn_code start(mn_postgres *s, mn_pg_conn *c, const char *sql, mn_error *err)
{
    if (c->in_tx)
        return mn_fail(err, MN_E_INTERNAL, "a transaction was begun inside another");
    mn_code code = mn_pg_command(s, c, sql, err);
    if (code != MN_OK && c->lost && !c->silent) {
        code = mn_pg_reconnect(s, c, err);
        if (code == MN_OK)
            code = mn_pg_command(s, c, sql, err);
    }
    if (code != MN_OK && c->pg && !c->lost && PQtransactionStatus(c->pg) != PQTRANS_IDLE &&
        mn_pg_command(s, c, "ROLLBACK", NULL) != MN_OK)
        c->lost = true;
    return code;
}

typedef enum { READING, WRITING, SEVERAL_WRITES } intent;

static mn_code begin_with(mn_postgres *s, intent how, mn_error *err)
{
    static const char *const sql[] = {BEGIN_READ, BEGIN_WRITE, BEGIN_WRITE GUARDED};
    mn_pg_conn *c = NULL;
    mn_code code = mn_pg_take(s, &c, err);
    if (code != MN_OK)
        return code;
    code = start(s, c, sql[how], err);
    if (code != MN_OK) {
        mn_pg_give(s, c);
        return code;
    }
    c->in_tx = true;
    c->reading = how == READING;
    c->guarded = how == SEVERAL_WRITES;
    mn_buf_clear(&c->journal);
    return MN_OK; /* and keeps the connection */
}

mn_code mn_pg_begin(mn_store *store, mn_error *err)
{
    return begin_with((mn_postgres *)store, SEVERAL_WRITES, err);
}

mn_code mn_pg_begin_read(mn_store *store, mn_error *err)
{
    return begin_with((mn_postgres *)store, READING, err);
}

/* The connection is free for others. */
static void end_transaction(mn_postgres *s, mn_pg_conn *c)
{
    c->in_tx = c->reading = c->guarded = c->patient = false;
    mn_pg_give(s, c);
}

void mn_pg_rollback(mn_store *store)
{
    mn_postgres *s = (mn_postgres *)store;
    mn_pg_conn *c = own_transaction(s);
    assert(c);
    if (!c->lost && PQtransactionStatus(c->pg) != PQTRANS_IDLE &&
        mn_pg_command(s, c, "ROLLBACK", NULL) != MN_OK)
        c->lost = true;
    end_transaction(s, c);
}

static mn_code finish(mn_postgres *s, mn_pg_conn *c, mn_error *err)
{
    mn_code code = mn_pg_usable(s, c, err);
    if (code != MN_OK)
        return code;
    code = mn_pg_command(s, c, "COMMIT", err);
    if (code != MN_OK && c->lost && !c->reading)
        return mn_fail(
            err, MN_E_IO,
            "the connection to %s was %s during a commit: the change is stored as a whole or not at all, and "
            "which is not known here: look before you repeat it",
            s->place, c->silent ? "given up" : "lost");
    return code;
}

mn_code mn_pg_commit(mn_store *store, mn_error *err)
{
    mn_postgres *s = (mn_postgres *)store;
    mn_pg_conn *c = own_transaction(s);
    assert(c);
    mn_code code = finish(s, c, err);
    if (code != MN_OK) {
        mn_pg_rollback(store);
        return code;
    }
    end_transaction(s, c);
    return MN_OK;
}

mn_code mn_pg_enter(mn_postgres *s, bool reading, bool *own, mn_error *err)
{
    const mn_pg_conn *c = own_transaction(s);
    *own = !c;
    if (!c)
        return begin_with(s, reading ? READING : WRITING, err);
    if (c->reading && !reading)
        return mn_fail(err, MN_E_INTERNAL, "a write inside a transaction for reading");
    return MN_OK;
}

mn_code mn_pg_leave(mn_postgres *s, bool own, mn_code code, mn_error *err)
{
    if (!own)
        return code;
    if (code == MN_OK && !own_transaction(s)->reading)
        return mn_pg_commit(&s->base, err);
    mn_pg_rollback(&s->base);
    return code;
}
