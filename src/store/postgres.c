/* Records on PostgreSQL: opening, closing and checking. */
#include "store/postgres_internal.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- check ---- */

/* Fails where the query names something; `complaint` has a place for the store and one for that name. */
static mn_code check_none(mn_store *store, mn_pg_query which, const char *complaint, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, which, &q);
    mn_code code = mn_pg_read(&q, err);
    if (code != MN_OK)
        return code;
    if (PQntuples(q.result) > 0)
        code = mn_fail(err, MN_E_CORRUPT, "%s: \"%s\" %s: put the backup back", q.s->place,
                       PQgetvalue(q.result, 0, 0), complaint);
    mn_pg_end(&q);
    return code;
}

static mn_code check_with(mn_store *store, mn_pg_conn *c, mn_error *err)
{
    /* Every row is read, which may take minutes. */
    mn_code code = mn_pg_be_patient((mn_postgres *)store, c, err);
    if (code == MN_OK)
        code = check_none(store, P_CHECK_PARTS, "is missing, switched off or incomplete", err);
    if (code == MN_OK)
        code = check_none(store, P_CHECK_KEYS, "has a record that belongs to nothing", err);
    return code;
}

mn_code mn_pg_check(mn_store *store, mn_error *err)
{
    mn_postgres *s = (mn_postgres *)store;
    mn_pg_conn *c = NULL;
    bool own = false;
    mn_code code = mn_pg_enter(s, true, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_pg_take(s, &c, err);
    if (code == MN_OK) {
        code = check_with(store, c, err);
        mn_pg_give(s, c);
    }
    return mn_pg_leave(s, own, code, err);
}

/* ---- open and close ---- */

void mn_pg_close(mn_store *store)
{
    mn_postgres *s = (mn_postgres *)store;
    mn_pg_close_pool(s);
    pthread_cond_destroy(&s->freed);
    pthread_mutex_destroy(&s->lock);
    mn_free(s->conninfo);
    mn_free(s);
}

/* For messages. Everything that may be secret is left out; what is not said is libpq's default. */
static void name_place(mn_postgres *s)
{
    const char *host = "its usual socket", *port = "", *database = "";
    PQconninfoOption *options = PQconninfoParse(s->conninfo, NULL);
    for (PQconninfoOption *o = options; o && o->keyword; o++) {
        if (!o->val)
            continue;
        if (strcmp(o->keyword, "host") == 0)
            host = o->val;
        else if (strcmp(o->keyword, "port") == 0)
            port = o->val;
        else if (strcmp(o->keyword, "dbname") == 0)
            database = o->val;
    }
    snprintf(s->place, sizeof s->place, "PostgreSQL at %.160s%s%.20s%s%.80s", host, *port ? ":" : "", port,
             *database ? ", database " : "", database);
    PQconninfoFree(options);
}

static mn_code alloc_store(const char *conninfo, int timeout_ms, mn_postgres **out, mn_error *err)
{
    mn_postgres *s = mn_calloc(1, sizeof *s);
    char *copy = mn_strdup(conninfo);
    if (!s || !copy) {
        mn_free(s);
        mn_free(copy);
        mn_fail(err, MN_E_MEMORY, "no memory for the store");
        return MN_E_MEMORY;
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->freed, &attr);
    pthread_condattr_destroy(&attr);
    for (int i = 0; i < MN_PG_CONNECTIONS; i++)
        mn_buf_init(&s->conns[i].journal, MN_PG_JOURNAL);
    s->base.ops = &mn_pg_ops;
    s->conninfo = copy;
    s->timeout_ms = timeout_ms > 0 ? timeout_ms : MN_STORE_TIMEOUT_MS;
    name_place(s);
    *out = s;
    return MN_OK;
}

mn_code mn_store_open_postgres(const char *conninfo, mn_store **out, mn_error *err)
{
    const mn_store_where where = {.url = conninfo};
    return mn_pg_open_as(&where, MN_STORE_MIGRATE, 0, out, err);
}

mn_code mn_pg_open_as(const mn_store_where *where, mn_store_how how, int version, mn_store **out,
                      mn_error *err)
{
    mn_postgres *s = NULL;
    mn_code code = mn_pg_check_conninfo(where->url, err);
    if (code == MN_OK)
        code = alloc_store(where->url, where->timeout_ms, &s, err);
    if (code != MN_OK)
        return code;
    code = mn_pg_migrate(s, how, version, err);
    if (code != MN_OK) {
        mn_pg_close(&s->base);
        return code;
    }
    *out = &s->base;
    return MN_OK;
}
