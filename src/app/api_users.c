/* /v1/users: who may sign in. */
#include "app/user_json.h"

#include <string.h>

json_t *mn_user_json(const mn_user *u, const char *once)
{
    mn_time locked = u->locked > mn_time_now() ? u->locked : 0;
    return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:s*}", "user",
                     mn_value_id(&u->id), "login", u->login, "name", u->name, "comment",
                     u->comment ? u->comment : "", "roles", mn_value_words(u->roles), "lists",
                     mn_value_scope(u->limited, u->lists, u->n_lists), "active", (int)!u->disabled,
                     "password_change", (int)u->once, "created", mn_value_time(u->created), "updated",
                     mn_value_time(u->updated), "last_login", mn_value_time(u->seen), "locked_until",
                     mn_value_time(locked), "one_time_password", once && *once ? once : NULL);
}

static mn_code answer(mn_api_call *call, const mn_user *u, mn_error *err)
{
    mn_api_etag(call, u->updated);
    return mn_api_answer(call, 200, mn_user_json(u, NULL), err);
}

mn_code mn_api_users_list(mn_api_call *call, mn_error *err)
{
    static const char *const columns[] = {
        "user",       "login",        "name",    "roles",   "lists",   "active", "password_change",
        "last_login", "locked_until", "comment", "created", "updated", NULL};
    char next[MN_USER_NEXT];
    mn_user *users = NULL;
    size_t n = 0;
    const char *sort = mn_api_text(call, MN_P_USERS_LIST_SORT);
    const bool active = mn_api_yes(call, MN_P_USERS_LIST_ACTIVE);
    mn_user_query q = {.descending = *sort == '-',
                       .like = mn_api_text(call, MN_P_USERS_LIST_LIKE),
                       .role = mn_api_text(call, MN_P_USERS_LIST_ROLE),
                       .active = mn_api_given(call, MN_P_USERS_LIST_ACTIVE) ? &active : NULL,
                       .limit = (size_t)mn_api_whole(call, MN_P_USERS_LIST_LIMIT)};
    sort += q.descending;
    q.order = strcmp(sort, "login") == 0     ? MN_USERS_BY_LOGIN
              : strcmp(sort, "name") == 0    ? MN_USERS_BY_NAME
              : strcmp(sort, "created") == 0 ? MN_USERS_BY_CREATED
                                             : MN_USERS_BY_SEEN;
    mn_code code = mn_api_cursor(call, MN_P_USERS_LIST_CURSOR, &q.after, err);
    if (code == MN_OK)
        code = mn_core_users_find(call->core, call->actor, &q, call->arena, &users, &n, next, err);
    if (code != MN_OK)
        return code;
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, mn_user_json(&users[i], NULL));
    return mn_api_page(call, "users", rows, *next ? next : NULL, columns, err);
}

/* *disabled: room for what fields->disabled points to. */
static mn_code read_fields(mn_api_call *call, mn_user_fields *f, bool *disabled, mn_error *err)
{
    *disabled = !mn_field_yes(call->body, "active", true);
    *f = (mn_user_fields){
        .login = mn_field_text(call->body, "login"),
        .name = mn_field_text(call->body, "name"),
        .comment = mn_field_text(call->body, "comment"),
        .password = mn_field_text(call->body, "password"),
        .disabled = mn_field_given(call->body, "active") ? disabled : NULL,
    };
    mn_code code = mn_field_texts(call, call->body, "roles", &f->roles, &f->n_roles, err);
    return code == MN_OK
               ? mn_field_scope(call, call->body, &f->set_lists, &f->limited, &f->lists, &f->n_lists, err)
               : code;
}

mn_code mn_api_user_create(mn_api_call *call, mn_error *err)
{
    mn_user_fields f;
    mn_user u;
    bool disabled;
    char once[MN_ONCE_TEXT] = "", id[MN_ID_TEXT];
    mn_code code = read_fields(call, &f, &disabled, err);
    if (code == MN_OK)
        code = mn_core_user_add(call->core, call->actor, &f, call->arena, &u, once, err);
    if (code != MN_OK)
        return code;
    mn_id_format(&u.id, id);
    mn_api_etag(call, u.updated);
    code = mn_api_created(call, "/v1/users", id, mn_user_json(&u, once), err);
    memset(once, 0, sizeof once);
    return code;
}

mn_code mn_api_user_get(mn_api_call *call, mn_error *err)
{
    mn_user u;
    const mn_id id = mn_api_id(call, MN_P_USER_GET_USER);
    mn_code code = mn_core_user_get(call->core, call->actor, &id, call->arena, &u, err);
    return code == MN_OK ? answer(call, &u, err) : code;
}

mn_code mn_api_user_change(mn_api_call *call, mn_error *err)
{
    mn_user_fields f;
    mn_user u;
    bool disabled;
    mn_time room;
    const mn_time *seen = NULL;
    const mn_id id = mn_api_id(call, MN_P_USER_CHANGE_USER);
    mn_code code = mn_api_if_match(call, MN_P_USER_CHANGE_IF_MATCH, &room, &seen, err);
    if (code == MN_OK)
        code = read_fields(call, &f, &disabled, err);
    if (code == MN_OK)
        code = mn_core_user_change(call->core, call->actor, &id, &f, seen, call->arena, &u, err);
    return code == MN_OK ? answer(call, &u, err) : code;
}

mn_code mn_api_user_delete(mn_api_call *call, mn_error *err)
{
    mn_time when;
    const mn_time *seen = NULL;
    const mn_id id = mn_api_id(call, MN_P_USER_DELETE_USER);
    mn_code code = mn_api_if_match(call, MN_P_USER_DELETE_IF_MATCH, &when, &seen, err);
    if (code == MN_OK)
        code = mn_core_user_remove(call->core, call->actor, &id, seen, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}

mn_code mn_api_user_reset(mn_api_call *call, mn_error *err)
{
    mn_user u;
    char once[MN_ONCE_TEXT] = "";
    const mn_id id = mn_api_id(call, MN_P_USER_RESET_USER);
    mn_code code = mn_core_user_reset(call->core, call->actor, &id, NULL, call->arena, &u, once, err);
    if (code != MN_OK)
        return code;
    code = mn_api_answer(call, 200, mn_user_json(&u, once), err);
    memset(once, 0, sizeof once);
    return code;
}
