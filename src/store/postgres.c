/* Records on PostgreSQL: opening, what the store knows of itself, and the table of operations. */
#include "store/postgres_internal.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- meta, counts, check ---- */

static void read_text(mn_pg *q, mn_arena *a, void *item)
{
    *(const char **)item = mn_pg_column_text(q, 0, a);
}

static mn_code meta_get(mn_store *store, const char *key, mn_arena *a, const char **value, mn_error *err)
{
    mn_pg q;
    void *found = NULL;
    size_t n = 0;
    mn_pg_ask(store, P_META_GET, &q);
    mn_pg_text(&q, key);
    mn_code code = mn_pg_collect(&q, a, read_text, sizeof(const char *), &found, &n, err);
    if (code == MN_OK)
        *value = n > 0 ? *(const char **)found : NULL;
    return code;
}

static mn_code meta_put(mn_store *store, const char *key, const char *value, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_META_PUT, &q);
    mn_pg_text(&q, key);
    mn_pg_text(&q, value);
    return mn_pg_write(&q, NULL, err);
}

static void read_counts(mn_pg *q, mn_arena *a, void *item)
{
    (void)a;
    mn_store_counts *c = item;
    uint64_t *const fields[] = {&c->people, &c->faces, &c->descriptors, &c->lists, &c->consents, &c->audit};
    for (int i = 0; i < 6; i++)
        *fields[i] = (uint64_t)mn_pg_column_int(q, i);
}

static mn_code counts(mn_store *store, mn_store_counts *out, mn_error *err)
{
    mn_pg q;
    mn_store_counts found;
    mn_pg_ask(store, P_COUNTS, &q);
    mn_code code = mn_pg_one(&q, NULL, read_counts, &found, "count", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

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
    mn_code code = mn_pg_command((mn_postgres *)store, c, "SET LOCAL statement_timeout = 0", err);
    if (code == MN_OK)
        code = check_none(store, P_CHECK_PARTS, "is missing, switched off or incomplete", err);
    if (code == MN_OK)
        code = check_none(store, P_CHECK_KEYS, "has a record that belongs to nothing", err);
    return code;
}

static mn_code check(mn_store *store, mn_error *err)
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

static void close_store(mn_store *store)
{
    mn_postgres *s = (mn_postgres *)store;
    mn_pg_close_pool(s);
    pthread_cond_destroy(&s->freed);
    pthread_mutex_destroy(&s->lock);
    mn_free(s->conninfo);
    mn_free(s);
}

static const mn_store_ops postgres_ops = {
    .name = "postgresql",
    .erasure = &mn_pg_erasure,
    .face = &mn_pg_face_ops,
    .people = &mn_pg_people_ops,
    .access = &mn_pg_access,
    .close = close_store,
    .begin = mn_pg_begin,
    .begin_read = mn_pg_begin_read,
    .commit = mn_pg_commit,
    .rollback = mn_pg_rollback,
    .generation = mn_pg_generation,
    .changes = mn_pg_changes,
    .ended = mn_pg_ended,
    .meta_get = meta_get,
    .meta_put = meta_put,
    .person_put = mn_pg_person_put,
    .person_get = mn_pg_person_get,
    .person_by_external_id = mn_pg_person_by_external_id,
    .person_list = mn_pg_person_list,
    .person_delete = mn_pg_person_delete,
    .key_put = mn_pg_key_put,
    .key_get = mn_pg_key_get,
    .key_delete = mn_pg_key_delete,
    .key_each = mn_pg_key_each,
    .key_replace = mn_pg_key_replace,
    .consent_put = mn_pg_consent_put,
    .consent_list = mn_pg_consent_list,
    .list_put = mn_pg_list_put,
    .list_get = mn_pg_list_get,
    .list_by_name = mn_pg_list_by_name,
    .list_list = mn_pg_list_list,
    .member_put = mn_pg_member_put,
    .member_delete = mn_pg_member_delete,
    .lists_of = mn_pg_lists_of,
    .face_put = mn_pg_face_put,
    .face_get = mn_pg_face_get,
    .face_delete = mn_pg_face_delete,
    .faces_of = mn_pg_faces_of,
    .face_by_source = mn_pg_face_by_source,
    .descriptor_put = mn_pg_descriptor_put,
    .descriptor_get = mn_pg_descriptor_get,
    .descriptor_delete = mn_pg_descriptor_delete,
    .faces_page = mn_pg_faces_page,
    .descriptor_each = mn_pg_descriptor_each,
    .dossiers = mn_pg_dossiers,
    .trash_list = mn_pg_trash_list,
    .trash_drop = mn_pg_trash_drop,
    .audit_append = mn_pg_audit_append,
    .audit_append_many = mn_pg_audit_append_many,
    .audit_find = mn_pg_audit_find,
    .audit_each = mn_pg_audit_each,
    .put_many = mn_pg_put_many,
    .people_find = mn_pg_people_find,
    .rows = mn_pg_rows,
    .rows_put = mn_pg_rows_put,
    .rows_end = mn_pg_rows_end,
    .version = mn_pg_version,
    .counts = counts,
    .check = check,
};

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

static mn_code alloc_store(const char *conninfo, mn_postgres **out, mn_error *err)
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
    s->base.ops = &postgres_ops;
    s->conninfo = copy;
    name_place(s);
    *out = s;
    return MN_OK;
}

mn_code mn_store_open_postgres(const char *conninfo, mn_store **out, mn_error *err)
{
    return mn_pg_open_as(conninfo, MN_STORE_MIGRATE, 0, out, err);
}

mn_code mn_pg_open_as(const char *conninfo, mn_store_how how, int version, mn_store **out, mn_error *err)
{
    mn_postgres *s = NULL;
    mn_code code = mn_pg_check_conninfo(conninfo, err);
    if (code == MN_OK)
        code = alloc_store(conninfo, &s, err);
    if (code != MN_OK)
        return code;
    code = mn_pg_migrate(s, how, version, err);
    if (code != MN_OK) {
        close_store(&s->base);
        return code;
    }
    *out = &s->base;
    return MN_OK;
}
