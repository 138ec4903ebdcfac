/* /v1/lists: lists, and who is in them. */
#include "app/records_json.h"

#include <string.h>

static json_t *list_row(const mn_list_view *v)
{
    const mn_list *l = &v->list;
    json_t *retention = l->retention == MN_TIME_NEVER
                            ? json_null()
                            : json_integer((json_int_t)(l->retention / MN_TIME_SECOND));
    return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:b, s:b, s:I, s:o, s:o}", "list_id",
                     mn_value_id(&l->id), "name", l->name, "purpose", mn_purpose_word(l->purpose), "comment",
                     l->comment ? l->comment : "", "retention_s", retention, "fmr",
                     l->fmr > 0 ? json_real(l->fmr) : json_null(), "color", mn_value_text(l->color), "active",
                     (int)!l->inactive, "acknowledge", (int)l->acknowledge, "sound", (int)l->sound, "members",
                     (json_int_t)v->members, "created", mn_value_time(l->created), "updated",
                     mn_value_time(l->updated));
}

static mn_code answer(mn_api_call *call, const mn_list_view *v, mn_error *err)
{
    mn_api_etag(call, v->list.updated);
    return mn_api_answer(call, 200, list_row(v), err);
}

/* ---- lists ---- */

mn_code mn_api_lists_list(mn_api_call *call, mn_error *err)
{
    static const char *const orders[] = {"name", "-name", "created", "-created", NULL};
    static const char *const columns[] = {"list_id", "name",        "purpose", "active",
                                          "members", "retention_s", "fmr",     "comment",
                                          "created", "updated",     NULL};
    mn_id after;
    mn_purpose purpose;
    mn_list_view *found = NULL;
    size_t n = 0;
    const char *key = NULL, *next = NULL, *word = mn_api_text(call, MN_P_LISTS_LIST_PURPOSE);
    mn_list_query q = {
        .purpose = word && mn_purpose_parse(word, &purpose) ? &purpose : NULL,
        .like = mn_api_text(call, MN_P_LISTS_LIST_LIKE),
        .active = mn_api_yes_or_no(call, MN_P_LISTS_LIST_ACTIVE),
        .order = (mn_list_order)mn_api_choice(call, MN_P_LISTS_LIST_SORT, orders),
        .limit = (size_t)mn_api_whole(call, MN_P_LISTS_LIST_LIMIT),
    };
    mn_code code = mn_api_cursor(call, MN_P_LISTS_LIST_CURSOR, &key, err);
    if (code == MN_OK && key && mn_place_read(key, &after, &q.after_created, &q.after_name))
        q.after = &after;
    if (code == MN_OK)
        code = mn_core_lists_find(call->core, call->actor, &q, call->arena, &found, &n, err);
    if (code != MN_OK)
        return code;
    if (n == q.limit)
        next = mn_place_make(call, &found[n - 1].list.id, found[n - 1].list.created, found[n - 1].list.name);
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, list_row(&found[i]));
    return mn_api_page(call, "lists", rows, next, columns, err);
}

/* What the fields point to. */
typedef struct {
    mn_purpose purpose;
    mn_time retention;
    double fmr;
    bool active, acknowledge, sound;
} room;

static mn_list_fields read_fields(const json_t *body, room *r)
{
    const char *purpose = mn_field_text(body, "purpose");
    int64_t seconds = mn_field_whole(body, "retention_s", 0);
    r->retention = seconds > 0 ? seconds * MN_TIME_SECOND : MN_TIME_NEVER;
    r->fmr = mn_field_number(body, "fmr", 0);
    r->active = mn_field_yes(body, "active", true);
    r->acknowledge = mn_field_yes(body, "acknowledge", false);
    r->sound = mn_field_yes(body, "sound", false);
    return (mn_list_fields){
        .name = mn_field_text(body, "name"),
        .purpose = purpose && mn_purpose_parse(purpose, &r->purpose) ? &r->purpose : NULL,
        .comment = mn_text_change_of(body, "comment"),
        .color = mn_text_change_of(body, "color"),
        .retention = json_object_get(body, "retention_s") ? &r->retention : NULL, /* null: without end */
        .fmr = json_object_get(body, "fmr") ? &r->fmr : NULL,                     /* null: none */
        .active = mn_field_given(body, "active") ? &r->active : NULL,
        .acknowledge = mn_field_given(body, "acknowledge") ? &r->acknowledge : NULL,
        .sound = mn_field_given(body, "sound") ? &r->sound : NULL,
    };
}

mn_code mn_api_list_create(mn_api_call *call, mn_error *err)
{
    room r;
    mn_list_view v;
    char id[MN_ID_TEXT];
    const mn_list_fields fields = read_fields(call->body, &r);
    mn_code code = mn_core_list_create(call->core, call->actor, &fields, call->arena, &v, err);
    if (code != MN_OK)
        return code;
    mn_id_format(&v.list.id, id);
    mn_api_etag(call, v.list.updated);
    return mn_api_created(call, "/v1/lists", id, list_row(&v), err);
}

mn_code mn_api_list_get(mn_api_call *call, mn_error *err)
{
    mn_list_view v;
    const mn_id id = mn_api_id(call, MN_P_LIST_GET_LIST_ID);
    mn_code code = mn_core_list_get(call->core, call->actor, &id, call->arena, &v, err);
    return code == MN_OK ? answer(call, &v, err) : code;
}

mn_code mn_api_list_change(mn_api_call *call, mn_error *err)
{
    room r;
    mn_list_view v;
    mn_time at;
    const mn_time *seen = NULL;
    const mn_id id = mn_api_id(call, MN_P_LIST_CHANGE_LIST_ID);
    const mn_list_fields fields = read_fields(call->body, &r);
    mn_code code = mn_api_if_match(call, MN_P_LIST_CHANGE_IF_MATCH, &at, &seen, err);
    if (code == MN_OK)
        code = mn_core_list_change(call->core, call->actor, &id, &fields, seen, call->arena, &v, err);
    return code == MN_OK ? answer(call, &v, err) : code;
}

mn_code mn_api_list_delete(mn_api_call *call, mn_error *err)
{
    mn_time when;
    const mn_time *seen = NULL;
    const mn_id id = mn_api_id(call, MN_P_LIST_DELETE_LIST_ID);
    mn_code code = mn_api_if_match(call, MN_P_LIST_DELETE_IF_MATCH, &when, &seen, err);
    if (code == MN_OK)
        code = mn_core_list_delete(call->core, call->actor, &id, seen, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}

/* ---- many ---- */

mn_code mn_api_lists_create_batch(mn_api_call *call, mn_error *err)
{
    const json_t *lists = json_object_get(call->body, "lists");
    const mn_http_request *r = call->request;
    size_t n = json_array_size(lists);
    room *rooms = mn_arena_calloc(call->arena, n + 1, sizeof *rooms);
    mn_list_fields *fields = mn_arena_calloc(call->arena, n + 1, sizeof *fields);
    mn_made *made = mn_batch_room(call, n, err);
    if (!rooms || !fields || !made)
        return mn_fail(err, MN_E_MEMORY, "no memory for a report");
    for (size_t i = 0; i < n; i++)
        fields[i] = read_fields(json_array_get(lists, i), &rooms[i]);
    mn_code code = mn_core_lists_create(call->core, call->actor, fields, n, r->deadline, r->cancel,
                                        call->arena, made, err);
    return mn_batch_made(call, code, made, n, err);
}

mn_code mn_api_lists_delete_batch(mn_api_call *call, mn_error *err)
{
    const mn_http_request *r = call->request;
    const mn_id *ids = NULL;
    size_t n = 0;
    mn_code code = mn_field_ids(call, json_object_get(call->body, "lists"), &ids, &n, err);
    mn_made *made = code == MN_OK ? mn_batch_room(call, n, err) : NULL;
    if (!made)
        return code == MN_OK ? MN_E_MEMORY : code;
    code =
        mn_core_lists_delete(call->core, call->actor, ids, n, r->deadline, r->cancel, call->arena, made, err);
    return mn_batch_made(call, code, made, n, err);
}

/* ---- members ---- */

static json_t *member_row(const mn_id *list, const mn_member *m)
{
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o}", "list_id", mn_value_id(list), "person",
                     mn_value_id(&m->person), "name", m->name, "external_id", mn_value_text(m->external_id),
                     "added", mn_value_time(m->added), "until", mn_value_time(m->until));
}

mn_code mn_api_members_list(mn_api_call *call, mn_error *err)
{
    static const char *const columns[] = {"list_id", "person", "name", "external_id", "added", "until", NULL};
    static const char *const orders[] = {"person", "added", "-added", "name", "-name", NULL};
    mn_place place;
    const char *next = NULL;
    mn_member *found = NULL;
    size_t n = 0;
    mn_member_query q = {.list = mn_api_id(call, MN_P_MEMBERS_LIST_LIST_ID),
                         .like = mn_api_text(call, MN_P_MEMBERS_LIST_LIKE),
                         .order = (mn_member_order)mn_api_choice(call, MN_P_MEMBERS_LIST_SORT, orders),
                         .limit = (size_t)mn_api_whole(call, MN_P_MEMBERS_LIST_LIMIT)};
    mn_code code = mn_api_place(call, MN_P_MEMBERS_LIST_CURSOR, &place, &q.after, err);
    if (code == MN_OK)
        code = mn_core_members(call->core, call->actor, &q, call->arena, &found, &n, err);
    if (code != MN_OK)
        return code;
    if (n == q.limit)
        next = mn_place_make(call, &found[n - 1].person, found[n - 1].added, found[n - 1].name);
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, member_row(&q.list, &found[i]));
    return mn_api_page(call, "members", rows, next, columns, err);
}

mn_code mn_api_members_change(mn_api_call *call, mn_error *err)
{
    const mn_id *add = NULL, *remove = NULL;
    size_t n_add = 0, n_remove = 0;
    const mn_id list = mn_api_id(call, MN_P_MEMBERS_CHANGE_LIST_ID);
    mn_code code = mn_field_ids(call, json_object_get(call->body, "add"), &add, &n_add, err);
    if (code == MN_OK)
        code = mn_field_ids(call, json_object_get(call->body, "remove"), &remove, &n_remove, err);
    if (code != MN_OK)
        return code;
    mn_member_result *results = mn_arena_calloc(call->arena, n_add + n_remove + 1, sizeof *results);
    if (!results)
        return mn_fail(err, MN_E_MEMORY, "no memory for a report");
    code = mn_core_members_change(call->core, call->actor, &list, add, n_add, remove, n_remove, call->arena,
                                  results, err);
    json_t *rows = json_array();
    for (size_t i = 0; code == MN_OK && i < n_add + n_remove; i++)
        code = mn_batch_add(rows, i < n_add ? &add[i] : &remove[i - n_add], results[i].code, results[i].why,
                            err);
    if (code == MN_OK)
        return mn_batch_answer(call, rows, err);
    json_decref(rows);
    return code;
}

mn_code mn_api_member_add(mn_api_call *call, mn_error *err)
{
    mn_member m;
    const mn_id list = mn_api_id(call, MN_P_MEMBER_ADD_LIST_ID);
    const mn_id person = mn_api_id(call, MN_P_MEMBER_ADD_PERSON);
    mn_code code = mn_core_member_add(call->core, call->actor, &list, &person, call->arena, &m, err);
    return code == MN_OK ? mn_api_answer(call, 200, member_row(&list, &m), err) : code;
}

mn_code mn_api_member_remove(mn_api_call *call, mn_error *err)
{
    const mn_id list = mn_api_id(call, MN_P_MEMBER_REMOVE_LIST_ID);
    const mn_id person = mn_api_id(call, MN_P_MEMBER_REMOVE_PERSON);
    mn_code code = mn_core_member_remove(call->core, call->actor, &list, &person, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}
