#include "store/postgres_internal.h"

#include <string.h>

/* ---- people ---- */

static void read_person(mn_pg *q, mn_arena *a, void *item)
{
    *(mn_person *)item = (mn_person){
        .id = mn_pg_column_id(q, 0),
        .account = mn_pg_column_id(q, 1),
        .external_id = mn_pg_column_text(q, 2, a),
        .name = mn_pg_column_text(q, 3, a),
        .user_data = mn_pg_column_text(q, 4, a),
        .active = mn_pg_column_bool(q, 5),
        .created = mn_pg_column_int(q, 6),
        .updated = mn_pg_column_int(q, 7),
        .custom = mn_pg_column_text(q, 8, a),
        .avatar = mn_pg_column_id(q, 9),
    };
}

mn_code mn_pg_person_put(mn_store *store, const mn_person *p, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_PERSON_PUT, &q);
    mn_pg_id(&q, &p->id);
    mn_pg_id(&q, &p->account);
    mn_pg_text(&q, p->external_id);
    mn_pg_text(&q, p->name);
    mn_pg_text(&q, p->user_data);
    mn_pg_bool(&q, p->active);
    mn_pg_int(&q, p->created);
    mn_pg_int(&q, p->updated);
    mn_pg_text(&q, p->custom);
    mn_pg_id(&q, mn_id_is_nil(&p->avatar) ? NULL : &p->avatar);
    return mn_pg_write(&q, NULL, err);
}

static mn_code one_person(mn_pg *q, mn_arena *a, mn_person *out, mn_error *err)
{
    mn_person found;
    mn_code code = mn_pg_one(q, a, read_person, &found, "person", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

mn_code mn_pg_person_get(mn_store *store, const mn_id *id, mn_arena *a, mn_person *out, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_PERSON_GET, &q);
    mn_pg_id(&q, id);
    return one_person(&q, a, out, err);
}

mn_code mn_pg_person_by_external_id(mn_store *store, const mn_id *account, const char *external_id,
                                    mn_arena *a, mn_person *out, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_PERSON_BY_EXTERNAL_ID, &q);
    mn_pg_id(&q, account);
    mn_pg_text(&q, external_id);
    return one_person(&q, a, out, err);
}

mn_code mn_pg_person_list(mn_store *store, const mn_person_query *query, mn_arena *a, mn_person **out,
                          size_t *n, mn_error *err)
{
    mn_pg q;
    const char *pattern = NULL;
    void *items = NULL;
    mn_pg_query which = query->name   ? P_PERSON_LIST_NAMED
                        : query->list ? P_PERSON_LIST_MEMBERS
                                      : P_PERSON_LIST;
    mn_code code = mn_store_pattern(query->name_like, a, &pattern, err);
    if (code != MN_OK)
        return code;
    mn_pg_ask(store, which, &q);
    mn_pg_id(&q, &query->account);
    mn_pg_id(&q, &query->after);
    mn_pg_int(&q, (int64_t)query->limit);
    mn_pg_text(&q, pattern);
    if (which != P_PERSON_LIST)
        mn_pg_id(&q, query->list);
    if (which == P_PERSON_LIST_NAMED)
        mn_pg_text(&q, query->name);
    code = mn_pg_collect(&q, a, read_person, sizeof(mn_person), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}

mn_code mn_pg_people_find(mn_store *store, const mn_id *account, const mn_id *list, const char *const *texts,
                          size_t n, mn_arena *a, mn_person **out, size_t *n_out, mn_error *err)
{
    mn_pg q;
    void *items = NULL;
    mn_pg_ask(store, list ? P_PEOPLE_NAMED : P_PEOPLE_BY_EXTERNAL_ID, &q);
    mn_pg_id(&q, account);
    mn_code code = mn_pg_array(&q, MN_PG_WORD, texts, sizeof *texts, n, a, err);
    if (list)
        mn_pg_id(&q, list);
    if (code == MN_OK)
        code = mn_pg_collect(&q, a, read_person, sizeof(mn_person), &items, n_out, err);
    if (code == MN_OK)
        *out = items;
    return code;
}

mn_code mn_pg_person_delete(mn_store *store, const mn_id *id, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_PERSON_DELETE, &q);
    mn_pg_id(&q, id);
    return mn_pg_write(&q, "there is no such person", err);
}

/* ---- keys ---- */

mn_code mn_pg_key_put(mn_store *store, const mn_id *person, const uint8_t *wrapped, size_t n, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_KEY_PUT, &q);
    mn_pg_id(&q, person);
    mn_pg_blob(&q, wrapped, n);
    return mn_pg_write(&q, NULL, err);
}

typedef struct {
    const uint8_t *bytes;
    size_t n;
} blob;

static void read_blob(mn_pg *q, mn_arena *a, void *item)
{
    blob *b = item;
    b->bytes = mn_pg_column_blob(q, 0, a, &b->n);
}

mn_code mn_pg_key_get(mn_store *store, const mn_id *person, mn_arena *a, const uint8_t **wrapped, size_t *n,
                      mn_error *err)
{
    mn_pg q;
    blob found;
    mn_pg_ask(store, P_KEY_GET, &q);
    mn_pg_id(&q, person);
    mn_code code = mn_pg_one(&q, a, read_blob, &found, "key", err);
    if (code != MN_OK)
        return code;
    *wrapped = found.bytes;
    *n = found.n;
    return MN_OK;
}

mn_code mn_pg_key_delete(mn_store *store, const mn_id *person, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_KEY_DELETE, &q);
    mn_pg_id(&q, person);
    return mn_pg_write(&q, NULL, err);
}

mn_code mn_pg_key_each(mn_store *store, const mn_id *after, size_t limit,
                       mn_code (*fn)(void *ctx, const mn_id *person, const uint8_t *wrapped, size_t n,
                                     mn_error *err),
                       void *ctx, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_KEY_EACH, &q);
    mn_pg_id(&q, after);
    mn_pg_int(&q, (int64_t)limit);
    mn_code code = mn_pg_read(&q, err);
    if (code != MN_OK)
        return code;
    for (int rows = PQntuples(q.result); code == MN_OK && q.row < rows; q.row++) {
        mn_id person = mn_pg_column_id(&q, 0);
        code = mn_pg_row_ok(&q, err);
        if (code == MN_OK)
            code = fn(ctx, &person, (const uint8_t *)PQgetvalue(q.result, q.row, 1),
                      (size_t)PQgetlength(q.result, q.row, 1), err);
    }
    mn_pg_end(&q);
    return code;
}

mn_code mn_pg_key_replace(mn_store *store, const mn_id *person, const uint8_t *old, size_t old_len,
                          const uint8_t *wrapped, size_t n, bool *replaced, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_KEY_REPLACE, &q);
    mn_pg_id(&q, person);
    mn_pg_blob(&q, old, old_len);
    mn_pg_blob(&q, wrapped, n);
    mn_code code = mn_pg_write(&q, "that key is not there any more", err);
    if (code != MN_OK && code != MN_E_NOT_FOUND)
        return code;
    *replaced = code == MN_OK;
    return MN_OK;
}

/* ---- consent ---- */

static void read_consent(mn_pg *q, mn_arena *a, void *item)
{
    *(mn_consent *)item = (mn_consent){
        .id = mn_pg_column_id(q, 0),
        .person = mn_pg_column_id(q, 1),
        .purpose = mn_pg_column_purpose(q, 2),
        .method = mn_pg_column_text(q, 3, a),
        .evidence = mn_pg_column_text(q, 4, a),
        .given = mn_pg_column_int(q, 5),
        .until = mn_pg_column_int(q, 6),
        .withdrawn = mn_pg_column_int(q, 7),
    };
}

mn_code mn_pg_consent_put(mn_store *store, const mn_consent *c, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_CONSENT_PUT, &q);
    mn_pg_id(&q, &c->id);
    mn_pg_id(&q, &c->person);
    mn_pg_text(&q, mn_purpose_word(c->purpose));
    mn_pg_text(&q, c->method);
    mn_pg_text(&q, c->evidence);
    mn_pg_int(&q, c->given);
    mn_pg_int(&q, c->until);
    mn_pg_int(&q, c->withdrawn);
    return mn_pg_write(&q, NULL, err);
}

mn_code mn_pg_consent_list(mn_store *store, const mn_id *person, mn_arena *a, mn_consent **out, size_t *n,
                           mn_error *err)
{
    mn_pg q;
    void *items = NULL;
    mn_pg_ask(store, P_CONSENT_LIST, &q);
    mn_pg_id(&q, person);
    mn_code code = mn_pg_collect(&q, a, read_consent, sizeof(mn_consent), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}
