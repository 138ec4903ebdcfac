/* /v1/roles: the predefined ones, then the account's own by name. */
#include "app/call.h"
#include "core/users.h"

#include <string.h>

static json_t *role_json(const mn_role *r, bool predefined)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:b}", "role", r->name, "text", r->text ? r->text : "", "rights",
                     mn_value_words(r->rights), "lists", mn_value_scope(r->limited, r->lists, r->n_lists),
                     "predefined", (int)predefined);
}

static mn_code answer(mn_api_call *call, const mn_role *r, mn_error *err)
{
    mn_api_etag(call, r->updated);
    return mn_api_answer(call, 200, role_json(r, mn_id_is_nil(&r->id)), err);
}

/* Keys of pages: "-3" behind the third predefined role, "+name" behind a custom one. */
static mn_code add_predefined(mn_api_call *call, const char *key, size_t limit, json_t *rows, size_t *at,
                              mn_error *err)
{
    mn_role r;
    mn_code code = MN_OK;
    *at = !key ? 0 : *key == '-' ? (size_t)strtoul(key + 1, NULL, 10) : MN_ROLES;
    for (; code == MN_OK && *at < MN_ROLES && json_array_size(rows) < limit; ++*at) {
        const char *name = mn_role_word((mn_role_id)*at);
        code = mn_core_role_find(call->core, call->actor, name, call->arena, &r, err);
        if (code == MN_OK)
            json_array_append_new(rows, role_json(&r, true));
    }
    return code;
}

static mn_code add_custom(mn_api_call *call, const char *after, size_t limit, json_t *rows, const char **last,
                          mn_error *err)
{
    mn_role *roles = NULL;
    size_t n = 0;
    mn_code code = mn_core_roles(call->core, call->actor, after, limit, call->arena, &roles, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        json_array_append_new(rows, role_json(&roles[i], false));
    *last = n > 0 ? roles[n - 1].name : NULL;
    return code;
}

mn_code mn_api_roles_list(mn_api_call *call, mn_error *err)
{
    static const char *const columns[] = {"role", "text", "rights", "lists", "predefined", NULL};
    const char *key = NULL, *last = NULL;
    char next[MN_LOGIN_MAX + 2] = "";
    size_t at = 0, limit = (size_t)mn_api_whole(call, MN_P_ROLES_LIST_LIMIT);
    mn_code code = mn_api_cursor(call, MN_P_ROLES_LIST_CURSOR, &key, err);
    if (code != MN_OK)
        return code;
    json_t *rows = json_array();
    code = add_predefined(call, key, limit, rows, &at, err);
    size_t left = limit - json_array_size(rows);
    if (code == MN_OK && left > 0)
        code = add_custom(call, key && *key == '+' ? key + 1 : NULL, left, rows, &last, err);
    if (code != MN_OK) {
        json_decref(rows);
        return code;
    }
    if (last)
        snprintf(next, sizeof next, "+%s", last);
    else
        snprintf(next, sizeof next, "-%zu", at);
    return mn_api_page(call, "roles", rows, json_array_size(rows) == limit ? next : NULL, columns, err);
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
    return mn_api_created(call, "/v1/roles", r.name, role_json(&r, false), err);
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
    mn_code code =
        mn_core_role_remove(call->core, call->actor, mn_api_text(call, MN_P_ROLE_DELETE_ROLE), err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}
