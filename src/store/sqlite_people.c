#include "store/sqlite_internal.h"

#include "base/alloc.h"

#include <string.h>

/* ---- people ---- */

static void read_person(mn_sql *q, mn_arena *a, void *item)
{
    *(mn_person *)item = (mn_person){
        .id = mn_sql_column_id(q, 0),
        .account = mn_sql_column_id(q, 1),
        .external_id = mn_sql_column_text(q, 2, a),
        .name = mn_sql_column_text(q, 3, a),
        .user_data = mn_sql_column_text(q, 4, a),
        .active = sqlite3_column_int(q->st, 5) != 0,
        .created = sqlite3_column_int64(q->st, 6),
        .updated = sqlite3_column_int64(q->st, 7),
        .custom = mn_sql_column_text(q, 8, a),
        .avatar = mn_sql_column_id(q, 9),
    };
}

mn_code mn_sqlite_insert_person(mn_store *store, const mn_person *p, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_PERSON_PUT, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, &p->id);
    mn_sql_id(&q, &p->account);
    mn_sql_text(&q, p->external_id);
    mn_sql_text(&q, p->name);
    mn_sql_text(&q, p->user_data);
    mn_sql_int(&q, p->active);
    mn_sql_int(&q, p->created);
    mn_sql_int(&q, p->updated);
    mn_sql_text(&q, p->custom);
    mn_sql_id(&q, mn_id_is_nil(&p->avatar) ? NULL : &p->avatar);
    return mn_sql_run(&q, err);
}

mn_code mn_sqlite_person_put(mn_store *store, const mn_person *p, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_sqlite_insert_person(store, p, err);
    if (code == MN_OK)
        code = mn_sqlite_changed(s, Q_CHANGE_PERSON, &p->id, err);
    return mn_sqlite_leave(s, own, code, err);
}

mn_code mn_sqlite_person_get(mn_store *store, const mn_id *id, mn_arena *a, mn_person *out, mn_error *err)
{
    mn_sql q;
    mn_person found;
    mn_code code = mn_sql_open(store, Q_PERSON_GET, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, id);
    code = mn_sql_one(&q, a, read_person, &found, "person", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

mn_code mn_sqlite_person_by_external_id(mn_store *store, const mn_id *account, const char *external_id,
                                        mn_arena *a, mn_person *out, mn_error *err)
{
    mn_sql q;
    mn_person found;
    mn_code code = mn_sql_open(store, Q_PERSON_BY_EXTERNAL_ID, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, account);
    mn_sql_text(&q, external_id);
    code = mn_sql_one(&q, a, read_person, &found, "person", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

/* One statement a text, each found by an index. */
static mn_code find_one(mn_store *store, const mn_id *account, const mn_id *list, const char *text,
                        mn_arena *a, mn_person **out, size_t *n, mn_error *err)
{
    mn_sql q;
    void *items = NULL;
    mn_code code = mn_sql_open(store, list ? Q_PEOPLE_NAMED : Q_PERSON_BY_EXTERNAL_ID, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, account);
    mn_sql_text(&q, text);
    if (list)
        mn_sql_id(&q, list);
    code = mn_sql_collect(&q, a, read_person, sizeof(mn_person), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}

mn_code mn_sqlite_people_find(mn_store *store, const mn_id *account, const mn_id *list,
                              const char *const *texts, size_t n, mn_arena *a, mn_person **out, size_t *n_out,
                              mn_error *err)
{
    mn_person *all = NULL;
    size_t count = 0, room = 0;
    for (size_t i = 0; i < n; i++) {
        mn_person *found = NULL;
        size_t more = 0;
        mn_code code = find_one(store, account, list, texts[i], a, &found, &more, err);
        if (code != MN_OK)
            return code;
        if (count + more > room) {
            room = 2 * (count + more) + 8;
            mn_person *larger = mn_arena_calloc(a, room, sizeof *larger);
            if (!larger)
                return mn_fail(err, MN_E_MEMORY, "no memory for what the store found");
            if (count > 0)
                memcpy(larger, all, count * sizeof *all);
            all = larger;
        }
        if (more > 0)
            memcpy(all + count, found, more * sizeof *all);
        count += more;
    }
    *out = all;
    *n_out = count;
    return MN_OK;
}

mn_code mn_sqlite_person_list(mn_store *store, const mn_person_query *query, mn_arena *a, mn_person **out,
                              size_t *n, mn_error *err)
{
    mn_sql q;
    const char *pattern = NULL;
    void *items = NULL;
    mn_sqlite_query which = query->name   ? Q_PERSON_LIST_NAMED
                            : query->list ? Q_PERSON_LIST_MEMBERS
                                          : Q_PERSON_LIST;
    mn_code code = mn_store_pattern(query->name_like, a, &pattern, err);
    if (code == MN_OK)
        code = mn_sql_open(store, which, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, &query->account);
    mn_sql_id(&q, &query->after);
    mn_sql_int(&q, (int64_t)query->limit);
    mn_sql_text(&q, pattern);
    if (which != Q_PERSON_LIST)
        mn_sql_id(&q, query->list);
    if (which == Q_PERSON_LIST_NAMED)
        mn_sql_text(&q, query->name);
    code = mn_sql_collect(&q, a, read_person, sizeof(mn_person), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}

/* Runs a statement whose one parameter is an id; *touched counts the rows. */
static mn_code run_with_id(mn_store *store, mn_sqlite_query which, const mn_id *id, int *touched,
                           mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, which, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, id);
    code = mn_sql_run(&q, err);
    if (code == MN_OK && touched)
        *touched = sqlite3_changes(((mn_sqlite *)store)->db);
    return code;
}

mn_code mn_sqlite_person_delete(mn_store *store, const mn_id *id, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    int gone = 0;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = run_with_id(store, Q_PERSON_TRASH, id, NULL, err);
    if (code == MN_OK)
        code = run_with_id(store, Q_PERSON_DELETE, id, &gone, err);
    if (code == MN_OK && gone == 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such person");
    if (code == MN_OK)
        code = mn_sqlite_changed(s, Q_CHANGE_PERSON, id, err);
    if (code == MN_OK)
        code = mn_sqlite_destroyed(s, err);
    return mn_sqlite_leave(s, own, code, err);
}

/* ---- keys ---- */

mn_code mn_sqlite_key_put(mn_store *store, const mn_id *person, const uint8_t *wrapped, size_t n,
                          mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_KEY_PUT, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, person);
    mn_sql_blob(&q, wrapped, n);
    return mn_sql_run(&q, err);
}

typedef struct {
    const uint8_t *bytes;
    size_t n;
} blob;

static void read_blob(mn_sql *q, mn_arena *a, void *item)
{
    blob *b = item;
    b->bytes = mn_sql_column_blob(q, 0, a, &b->n);
}

mn_code mn_sqlite_key_get(mn_store *store, const mn_id *person, mn_arena *a, const uint8_t **wrapped,
                          size_t *n, mn_error *err)
{
    mn_sql q;
    blob found;
    mn_code code = mn_sql_open(store, Q_KEY_GET, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, person);
    code = mn_sql_one(&q, a, read_blob, &found, "key", err);
    if (code != MN_OK)
        return code;
    *wrapped = found.bytes;
    *n = found.n;
    return MN_OK;
}

mn_code mn_sqlite_key_delete(mn_store *store, const mn_id *person, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = run_with_id(store, Q_KEY_DELETE, person, NULL, err);
    if (code == MN_OK)
        code = mn_sqlite_destroyed(s, err);
    return mn_sqlite_leave(s, own, code, err);
}

mn_code mn_sqlite_key_each(mn_store *store, const mn_id *after, size_t limit,
                           mn_code (*fn)(void *ctx, const mn_id *person, const uint8_t *wrapped, size_t n,
                                         mn_error *err),
                           void *ctx, mn_error *err)
{
    mn_sql q;
    bool row = false;
    mn_code code = mn_sql_open(store, Q_KEY_EACH, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, after);
    mn_sql_int(&q, (int64_t)limit);
    while ((code = mn_sql_step(&q, &row, err)) == MN_OK && row) {
        mn_id person = mn_sql_column_id(&q, 0);
        code = mn_sql_row_ok(&q, err);
        if (code == MN_OK)
            code = fn(ctx, &person, sqlite3_column_blob(q.st, 1), (size_t)sqlite3_column_bytes(q.st, 1), err);
        if (code != MN_OK)
            break;
    }
    mn_sql_end(&q);
    return code;
}

mn_code mn_sqlite_key_replace(mn_store *store, const mn_id *person, const uint8_t *old, size_t old_len,
                              const uint8_t *wrapped, size_t n, bool *replaced, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    mn_sql q;
    bool own = false, done = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_sql_open(store, Q_KEY_REPLACE, &q, err);
    if (code == MN_OK) {
        mn_sql_id(&q, person);
        mn_sql_blob(&q, old, old_len);
        mn_sql_blob(&q, wrapped, n);
        code = mn_sql_run(&q, err);
        done = code == MN_OK && sqlite3_changes(s->db) > 0;
    }
    s->scrub_due |= done;
    code = mn_sqlite_leave(s, own, code, err);
    if (code == MN_OK)
        *replaced = done;
    return code;
}

/* ---- consent ---- */

static void read_consent(mn_sql *q, mn_arena *a, void *item)
{
    *(mn_consent *)item = (mn_consent){
        .id = mn_sql_column_id(q, 0),
        .person = mn_sql_column_id(q, 1),
        .purpose = mn_sql_column_purpose(q, 2),
        .method = mn_sql_column_text(q, 3, a),
        .evidence = mn_sql_column_text(q, 4, a),
        .given = sqlite3_column_int64(q->st, 5),
        .until = sqlite3_column_int64(q->st, 6),
        .withdrawn = sqlite3_column_int64(q->st, 7),
    };
}

mn_code mn_sqlite_insert_consent(mn_store *store, const mn_consent *c, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_CONSENT_PUT, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, &c->id);
    mn_sql_id(&q, &c->person);
    mn_sql_text(&q, mn_purpose_word(c->purpose));
    mn_sql_text(&q, c->method);
    mn_sql_text(&q, c->evidence);
    mn_sql_int(&q, c->given);
    mn_sql_int(&q, c->until);
    mn_sql_int(&q, c->withdrawn);
    return mn_sql_run(&q, err);
}

mn_code mn_sqlite_consent_put(mn_store *store, const mn_consent *c, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_sqlite_insert_consent(store, c, err);
    if (code == MN_OK)
        code = mn_sqlite_changed(s, Q_CHANGE_PERSON, &c->person, err);
    return mn_sqlite_leave(s, own, code, err);
}

mn_code mn_sqlite_consent_list(mn_store *store, const mn_id *person, mn_arena *a, mn_consent **out, size_t *n,
                               mn_error *err)
{
    mn_sql q;
    void *items = NULL;
    mn_code code = mn_sql_open(store, Q_CONSENT_LIST, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, person);
    code = mn_sql_collect(&q, a, read_consent, sizeof(mn_consent), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}
