/* /v1/people: records of people. */
#include "app/pictures.h"
#include "app/records_json.h"
#include "core/fields.h"

#include <stdlib.h>
#include <string.h>

static mn_code answer(mn_api_call *call, const mn_person_view *v, mn_error *err)
{
    mn_buf room;
    mn_json_out o;
    mn_api_write(&o, &room);
    mn_json_person(&o, v);
    mn_api_etag(call, mn_core_person_state(v));
    return mn_api_written(call, 200, &o, err);
}

/* ---- finding ---- */

static mn_choice choice(const mn_api_call *call, int param)
{
    return !mn_api_given(call, param) ? MN_ANY : mn_api_yes(call, param) ? MN_YES : MN_NO;
}

static mn_people_order order_of(const char *sort)
{
    static const char *const words[MN_PEOPLE_ORDERS] = {"created", "-created", "name",
                                                        "-name",   "updated",  "-updated"};
    int order = 0;
    while (order < MN_PEOPLE_ORDERS - 1 && strcmp(words[order], sort) != 0)
        order++;
    return (mn_people_order)order;
}

static mn_code read_conditions(mn_api_call *call, const char **out, mn_error *err)
{
    const mn_param_value *fields = &call->params[MN_P_PEOPLE_LIST_FIELD];
    if (fields->n == 0)
        return MN_OK;
    const char **texts = mn_arena_calloc(call->arena, fields->n, sizeof *texts);
    if (!texts)
        return mn_fail(err, MN_E_MEMORY, "no memory for custom fields");
    for (size_t i = 0; i < fields->n; i++)
        texts[i] = fields->v[i].text;
    return mn_core_fields_conditions(call->core, call->actor, texts, fields->n, call->arena, out, err);
}

static mn_code read_query(mn_api_call *call, mn_people_query *q, mn_purpose *consent, mn_id *after,
                          mn_error *err)
{
    const char *key = NULL, *purpose = mn_api_text(call, MN_P_PEOPLE_LIST_CONSENT);
    *q = (mn_people_query){
        .like = mn_api_text(call, MN_P_PEOPLE_LIST_LIKE),
        .external_id = mn_api_text(call, MN_P_PEOPLE_LIST_EXTERNAL_ID),
        .active = choice(call, MN_P_PEOPLE_LIST_ACTIVE),
        .faces = choice(call, MN_P_PEOPLE_LIST_HAS_FACES),
        .created_from = mn_api_time(call, MN_P_PEOPLE_LIST_CREATED_FROM, INT64_MIN),
        .created_to = mn_api_time(call, MN_P_PEOPLE_LIST_CREATED_TO, MN_TIME_NEVER),
        .updated_from = INT64_MIN,
        .updated_to = MN_TIME_NEVER,
        .order = order_of(mn_api_text(call, MN_P_PEOPLE_LIST_SORT)),
        .limit = (size_t)mn_api_whole(call, MN_P_PEOPLE_LIST_LIMIT),
    };
    if (purpose && mn_purpose_parse(purpose, consent))
        q->consent = consent;
    mn_code code = read_conditions(call, &q->custom, err);
    if (code == MN_OK)
        code = mn_api_cursor(call, MN_P_PEOPLE_LIST_CURSOR, &key, err);
    if (code == MN_OK && key && !mn_place_read(key, after, &q->after_time, &q->after_name))
        code = mn_fail(err, MN_E_INVALID, "cursor: it belongs to another order");
    if (code == MN_OK && key)
        q->after = after;
    return code;
}

/* A table has a column for each custom field. */
static mn_code columns_of(mn_api_call *call, const char *const **out, mn_error *err)
{
    static const char *const fixed[] = {"person", "name",    "external_id", "active",
                                        "lists",  "created", "updated",     "user_data"};
    const size_t n_fixed = sizeof fixed / sizeof *fixed;
    json_t *fields = NULL;
    mn_time updated;
    if (!call->csv)
        return MN_OK;
    mn_code code = mn_core_fields_get(call->core, call->actor, call->arena, &fields, &updated, err);
    if (code != MN_OK)
        return code;
    const char **all = mn_arena_calloc(call->arena, n_fixed + json_array_size(fields) + 1, sizeof *all);
    if (!all)
        return mn_fail(err, MN_E_MEMORY, "no memory for a table");
    memcpy(all, fixed, sizeof fixed);
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(fields, i), "name"));
        all[n_fixed + i] = mn_arena_printf(call->arena, "custom.%s", name);
        if (!all[n_fixed + i])
            return mn_fail(err, MN_E_MEMORY, "no memory for a table");
    }
    *out = all;
    return MN_OK;
}

mn_code mn_api_people_list(mn_api_call *call, mn_error *err)
{
    const char *const *columns = NULL;
    mn_people_query q;
    mn_purpose consent;
    mn_id after;
    mn_buf room;
    mn_json_out o;
    mn_person_view *found = NULL;
    size_t n = 0;
    const char *next = NULL;
    mn_code code = read_query(call, &q, &consent, &after, err);
    if (code == MN_OK)
        code = columns_of(call, &columns, err);
    if (code == MN_OK)
        code = mn_core_people_find(call->core, call->actor, mn_api_text(call, MN_P_PEOPLE_LIST_LIST), &q,
                                   call->arena, &found, &n, err);
    if (code != MN_OK)
        return code;
    if (n == q.limit && !q.external_id) {
        const mn_person *last = &found[n - 1].person;
        bool updated = q.order == MN_PEOPLE_UPDATED || q.order == MN_PEOPLE_UPDATED_DOWN;
        next = mn_place_make(call, &last->id, updated ? last->updated : last->created, last->name);
        if (!next)
            return mn_fail(err, MN_E_MEMORY, "no memory for a page");
    }
    mn_api_page_begin(&o, &room, "people");
    for (size_t i = 0; i < n; i++)
        mn_json_person(&o, &found[i]);
    return mn_api_page_end(call, &o, next, columns, err);
}

mn_code mn_api_person_get(mn_api_call *call, mn_error *err)
{
    mn_person_view v;
    const mn_id id = mn_api_id(call, MN_P_PERSON_GET_PERSON);
    mn_code code = mn_core_person_get(call->core, call->actor, &id, call->arena, &v, err);
    return code == MN_OK ? answer(call, &v, err) : code;
}

mn_code mn_api_person_avatar(mn_api_call *call, mn_error *err)
{
    mn_buf jpeg;
    const mn_id id = mn_api_id(call, MN_P_PERSON_AVATAR_PERSON);
    mn_buf_init(&jpeg, (size_t)8 << 20);
    mn_code code = mn_core_avatar(call->core, call->actor, &id, &jpeg, err);
    if (code == MN_OK)
        mn_api_send_file(call, "image/jpeg", &jpeg);
    else
        mn_buf_finish(&jpeg);
    return code;
}

/* ---- making and changing ---- */

/* The object of custom fields as text; *out is NULL where there is none. */
static mn_code custom_of(mn_api_call *call, const json_t *object, const char **out, mn_error *err)
{
    const json_t *custom = json_object_get(object, "custom");
    if (!custom)
        return MN_OK;
    char *text = json_dumps(custom, JSON_COMPACT);
    *out = text ? mn_arena_strdup(call->arena, text) : NULL;
    free(text);
    return *out ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for custom fields");
}

static mn_code read_new(mn_api_call *call, const json_t *object, bool *active, mn_person_new *out,
                        mn_error *err)
{
    const json_t *consents = json_object_get(object, "consents");
    *active = mn_field_yes(object, "active", true);
    *out = (mn_person_new){.fields = {.name = mn_field_text(object, "name"),
                                      .external_id = mn_text_change_of(object, "external_id"),
                                      .user_data = mn_text_change_of(object, "user_data"),
                                      .active = active},
                           .n_consents = json_array_size(consents)};
    mn_consent_given *given = mn_arena_calloc(call->arena, out->n_consents + 1, sizeof *given);
    if (!given)
        return mn_fail(err, MN_E_MEMORY, "no memory for consents");
    for (size_t i = 0; i < out->n_consents; i++)
        given[i] = mn_given_of(json_array_get(consents, i));
    out->consents = given;
    mn_code code = custom_of(call, object, &out->fields.custom, err);
    return code == MN_OK ? mn_field_texts(call, object, "lists", &out->lists, &out->n_lists, err) : code;
}

mn_code mn_api_person_create(mn_api_call *call, mn_error *err)
{
    bool active;
    mn_person_new what;
    mn_person_view v;
    mn_buf room;
    mn_json_out o;
    char id[MN_ID_TEXT];
    mn_code code = read_new(call, call->body, &active, &what, err);
    if (code == MN_OK)
        code = mn_core_person_create(call->core, call->actor, &what, call->arena, &v, err);
    if (code != MN_OK)
        return code;
    mn_id_format(&v.person.id, id);
    mn_api_write(&o, &room);
    mn_json_person(&o, &v);
    mn_api_etag(call, mn_core_person_state(&v));
    return mn_api_created_written(call, "/v1/people", id, &o, err);
}

mn_code mn_api_people_create_batch(mn_api_call *call, mn_error *err)
{
    const json_t *people = json_object_get(call->body, "people");
    const mn_http_request *r = call->request;
    size_t n = json_array_size(people);
    bool *active = mn_arena_calloc(call->arena, n + 1, sizeof *active);
    mn_person_new *what = mn_arena_calloc(call->arena, n + 1, sizeof *what);
    mn_made *made = mn_batch_room(call, n, err);
    mn_code code = active && what && made ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for a report");
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = read_new(call, json_array_get(people, i), &active[i], &what[i], err);
    if (code == MN_OK)
        code = mn_core_people_create(call->core, call->actor, what, n, r->deadline, r->cancel, call->arena,
                                     made, err);
    return mn_batch_made(call, code, made, n, err);
}

mn_code mn_api_person_change(mn_api_call *call, mn_error *err)
{
    mn_person_view v;
    mn_time room;
    const mn_time *seen = NULL;
    mn_id avatar = {0};
    const bool active = mn_field_yes(call->body, "active", true);
    const mn_id id = mn_api_id(call, MN_P_PERSON_CHANGE_PERSON);
    mn_person_fields f = {.name = mn_field_text(call->body, "name"),
                          .external_id = mn_text_change_of(call->body, "external_id"),
                          .user_data = mn_text_change_of(call->body, "user_data"),
                          .active = mn_field_given(call->body, "active") ? &active : NULL};
    if (json_object_get(call->body, "avatar_face")) {
        mn_field_id(call->body, "avatar_face", &avatar); /* null: none */
        f.avatar = &avatar;
    }
    mn_code code = custom_of(call, call->body, &f.custom, err);
    if (code == MN_OK)
        code = mn_api_if_match(call, MN_P_PERSON_CHANGE_IF_MATCH, &room, &seen, err);
    if (code == MN_OK)
        code = mn_core_person_change(call->core, call->actor, &id, &f, seen, call->arena, &v, err);
    return code == MN_OK ? answer(call, &v, err) : code;
}

/* ---- erasing ---- */

mn_code mn_api_person_erase(mn_api_call *call, mn_error *err)
{
    mn_certificate done;
    const mn_id id = mn_api_id(call, MN_P_PERSON_ERASE_PERSON);
    mn_code code = mn_core_erase_certified(call->core, call->actor, &id, &done, err);
    if (code != MN_OK)
        return code;
    return mn_api_answer(call, 200,
                         json_pack("{s:o, s:b, s:o, s:I, s:I, s:I, s:b, s:I}", "person", mn_value_id(&id),
                                   "erased", (int)done.erased, "time", mn_value_time(done.time), "faces",
                                   (json_int_t)done.faces, "samples", (json_int_t)done.samples, "consents",
                                   (json_int_t)done.consents, "key_destroyed", (int)done.key_destroyed,
                                   "audit", (json_int_t)done.audit),
                         err);
}

static mn_code erase_one(mn_api_call *call, const mn_id *id, mn_error *err)
{
    mn_certificate done;
    return mn_core_erase_certified(call->core, call->actor, id, &done, err);
}

mn_code mn_api_people_erase_batch(mn_api_call *call, mn_error *err)
{
    return mn_batch_one_by_one(call, "people", erase_one, err);
}

mn_code mn_api_person_merge(mn_api_call *call, mn_error *err)
{
    mn_person_view v;
    mn_id from;
    const mn_id into = mn_api_id(call, MN_P_PERSON_MERGE_PERSON);
    mn_field_id(call->body, "from", &from);
    mn_code code = mn_core_person_merge(call->core, call->actor, &into, &from, call->arena, &v, err);
    return code == MN_OK ? answer(call, &v, err) : code;
}

/* ---- custom fields ---- */

mn_code mn_api_fields_get(mn_api_call *call, mn_error *err)
{
    static const char *const columns[] = {"name",   "label",    "type",     "description",
                                          "tab",    "choices",  "multiple", "in_list",
                                          "filter", "editable", "default",  NULL};
    json_t *fields = NULL;
    mn_time updated;
    mn_code code = mn_core_fields_get(call->core, call->actor, call->arena, &fields, &updated, err);
    if (code != MN_OK)
        return code;
    mn_api_etag(call, updated);
    return mn_api_all(call, "fields", json_incref(fields), columns, err);
}

mn_code mn_api_fields_put(mn_api_call *call, mn_error *err)
{
    mn_time room, updated;
    const mn_time *seen = NULL;
    json_t *fields = json_object_get(call->body, "fields");
    mn_code code = mn_api_if_match(call, MN_P_FIELDS_PUT_IF_MATCH, &room, &seen, err);
    if (code == MN_OK)
        code = mn_core_fields_put(call->core, call->actor, fields, mn_api_yes(call, MN_P_FIELDS_PUT_DROP),
                                  seen, call->arena, &updated, err);
    if (code != MN_OK)
        return code;
    mn_api_etag(call, updated);
    return mn_api_answer(call, 200, json_pack("{s:O}", "fields", fields), err);
}
