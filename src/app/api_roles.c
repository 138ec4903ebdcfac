/* /v1/roles: the predefined ones, and the account's own. */
#include "app/call.h"
#include "core/users.h"

#include <string.h>

static json_t *role_json(const mn_role *r)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:b, s:o, s:o}", "role", r->name, "text", r->text ? r->text : "",
                     "rights", mn_value_words(r->rights), "lists",
                     mn_value_scope(r->limited, r->lists, r->n_lists), "predefined",
                     (int)mn_id_is_nil(&r->id), "created", mn_value_time(r->created), "updated",
                     mn_value_time(r->updated));
}

static mn_code answer(mn_api_call *call, const mn_role *r, mn_error *err)
{
    mn_api_etag(call, r->updated);
    return mn_api_answer(call, 200, role_json(r), err);
}

static mn_role_query query_of(const mn_api_call *call)
{
    const char *sort = mn_api_text(call, MN_P_ROLES_LIST_SORT);
    mn_role_query q = {.descending = *sort == '-',
                       .like = mn_api_text(call, MN_P_ROLES_LIST_LIKE),
                       .predefined = mn_api_yes_or_no(call, MN_P_ROLES_LIST_PREDEFINED),
                       .limit = (size_t)mn_api_whole(call, MN_P_ROLES_LIST_LIMIT)};
    sort += q.descending;
    q.order = strcmp(sort, "role") == 0      ? MN_ROLES_BY_NAME
              : strcmp(sort, "updated") == 0 ? MN_ROLES_BY_UPDATED
                                             : MN_ROLES_PREDEFINED_FIRST;
    return q;
}

mn_code mn_api_roles_list(mn_api_call *call, mn_error *err)
{
    static const char *const columns[] = {"role",       "text",    "rights",  "lists",
                                          "predefined", "created", "updated", NULL};
    mn_place room;
    mn_rights rights = {{0}};
    mn_role *roles = NULL;
    size_t n = 0;
    bool more = false;
    const char *next = NULL, *right = mn_api_text(call, MN_P_ROLES_LIST_RIGHT);
    mn_role_query q = query_of(call);
    mn_code code = mn_api_place(call, MN_P_ROLES_LIST_CURSOR, &room, &q.after, err);
    if (code == MN_OK && right) {
        code = mn_rights_parse(right, strlen(right), &rights, err);
        q.right = &rights;
    }
    if (code == MN_OK)
        code = mn_core_roles(call->core, call->actor, &q, call->arena, &roles, &n, &more, err);
    if (code != MN_OK)
        return code;
    if (more)
        next = mn_place_make(call, &roles[n - 1].id, roles[n - 1].updated, roles[n - 1].name);
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, role_json(&roles[i]));
    return mn_api_page(call, "roles", rows, next, columns, err);
}

static mn_code read_fields(mn_api_call *call, mn_role_fields *f, mn_rights *rights, mn_error *err)
{
    *f = (mn_role_fields){
        .name = mn_field_text(call->body, "role"),
        .text = mn_field_text(call->body, "text"),
        .rights = mn_field_given(call->body, "rights") ? rights : NULL,
    };
    mn_code code = mn_field_rights(call->body, rights, err);
    return code == MN_OK
               ? mn_field_scope(call, call->body, &f->set_lists, &f->limited, &f->lists, &f->n_lists, err)
               : code;
}

mn_code mn_api_role_create(mn_api_call *call, mn_error *err)
{
    mn_role_fields f;
    mn_rights rights;
    mn_role r;
    mn_code code = read_fields(call, &f, &rights, err);
    if (code == MN_OK)
        code = mn_core_role_add(call->core, call->actor, &f, call->arena, &r, err);
    if (code != MN_OK)
        return code;
    mn_api_etag(call, r.updated);
    return mn_api_created(call, "/v1/roles", r.name, role_json(&r), err);
}

mn_code mn_api_role_get(mn_api_call *call, mn_error *err)
{
    mn_role r;
    mn_code code = mn_core_role_find(call->core, call->actor, mn_api_text(call, MN_P_ROLE_GET_ROLE),
                                     call->arena, &r, err);
    return code == MN_OK ? answer(call, &r, err) : code;
}

mn_code mn_api_role_change(mn_api_call *call, mn_error *err)
{
    mn_role_fields f;
    mn_rights rights;
    mn_role r;
    mn_time room;
    const mn_time *seen = NULL;
    mn_code code = mn_api_if_match(call, MN_P_ROLE_CHANGE_IF_MATCH, &room, &seen, err);
    if (code == MN_OK)
        code = read_fields(call, &f, &rights, err);
    if (code == MN_OK)
        code = mn_core_role_change(call->core, call->actor, mn_api_text(call, MN_P_ROLE_CHANGE_ROLE), &f,
                                   seen, call->arena, &r, err);
    return code == MN_OK ? answer(call, &r, err) : code;
}

mn_code mn_api_role_delete(mn_api_call *call, mn_error *err)
{
    mn_time when;
    const mn_time *seen = NULL;
    const char *name = mn_api_text(call, MN_P_ROLE_DELETE_ROLE);
    mn_code code = mn_api_if_match(call, MN_P_ROLE_DELETE_IF_MATCH, &when, &seen, err);
    if (code == MN_OK)
        code = mn_core_role_remove(call->core, call->actor, name, seen, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}
