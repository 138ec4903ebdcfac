/* /v1/tokens: what programs show instead of a password. */
#include "app/internal.h"
#include "app/records_json.h"
#include "core/sessions.h"

#include <string.h>

static json_t *token_json(const mn_token *t, const char *secret)
{
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s*}", "token", mn_value_id(&t->id), "name",
                     t->name, "user", mn_value_id(&t->user), "rights", mn_value_words(t->rights), "lists",
                     mn_value_scope(t->limited, t->lists, t->n_lists), "created", mn_value_time(t->created),
                     "until", mn_value_time(t->until), "last_used", mn_value_time(t->used), "secret", secret);
}

static mn_code answer(mn_api_call *call, const mn_token *t, mn_error *err)
{
    mn_api_etag(call, mn_core_token_state(t));
    return mn_api_answer(call, 200, token_json(t, NULL), err);
}

static mn_time sorted_by(const mn_token *t, mn_token_order order)
{
    return order >= MN_TOKENS_UNTIL ? t->until : order >= MN_TOKENS_USED ? t->used : t->created;
}

mn_code mn_api_tokens_list(mn_api_call *call, mn_error *err)
{
    static const char *const columns[] = {"token",   "name",  "user",      "rights", "lists",
                                          "created", "until", "last_used", NULL};
    static const char *const orders[] = {"created",    "-created", "name",   "-name", "last_used",
                                         "-last_used", "until",    "-until", NULL};
    mn_place room;
    const char *next = NULL;
    mn_token *tokens = NULL;
    size_t n = 0;
    const mn_id user = mn_api_id(call, MN_P_TOKENS_LIST_USER);
    mn_token_query q = {
        .user = mn_api_given(call, MN_P_TOKENS_LIST_USER) ? &user : NULL,
        .like = mn_api_text(call, MN_P_TOKENS_LIST_LIKE),
        .active = mn_api_yes_or_no(call, MN_P_TOKENS_LIST_ACTIVE),
        .used_to = mn_api_time(call, MN_P_TOKENS_LIST_UNUSED_SINCE, MN_TIME_NEVER),
        .order = (mn_token_order)mn_api_choice(call, MN_P_TOKENS_LIST_SORT, orders),
        .limit = (size_t)mn_api_whole(call, MN_P_TOKENS_LIST_LIMIT),
    };
    mn_code code = mn_api_place(call, MN_P_TOKENS_LIST_CURSOR, &room, &q.after, err);
    if (code == MN_OK)
        code = mn_core_tokens(call->core, call->actor, &q, call->arena, &tokens, &n, err);
    if (code != MN_OK)
        return code;
    if (n == q.limit)
        next = mn_place_make(call, &tokens[n - 1].id, sorted_by(&tokens[n - 1], q.order), tokens[n - 1].name);
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, token_json(&tokens[i], NULL));
    return mn_api_page(call, "tokens", rows, next, columns, err);
}

/* *user and *rights: room for what the fields point to. */
static mn_code read_fields(mn_api_call *call, mn_token_fields *f, mn_id *user, mn_rights *rights,
                           mn_error *err)
{
    *f = (mn_token_fields){
        .name = mn_field_text(call->body, "name"),
        .user = mn_field_id(call->body, "user", user) ? user : NULL,
        .rights = mn_field_given(call->body, "rights") ? rights : NULL,
        .until = mn_field_time(call->body, "until", 0),
    };
    mn_code code = mn_field_rights(call->body, rights, err);
    return code == MN_OK
               ? mn_field_scope(call, call->body, &f->set_lists, &f->limited, &f->lists, &f->n_lists, err)
               : code;
}

mn_code mn_api_token_create(mn_api_call *call, mn_error *err)
{
    mn_token_fields f;
    mn_id user;
    mn_rights rights;
    mn_token t;
    char secret[MN_SECRET_TEXT] = "", id[MN_ID_TEXT];
    const mn_identity_info who = mn_identity_describe(call->caller);
    mn_code code = read_fields(call, &f, &user, &rights, err);
    if (code == MN_OK && !f.user) /* a program makes one for its own user */
        f.user = &who.user;
    if (code == MN_OK)
        code = mn_core_token_add(call->core, call->actor, &f, call->arena, &t, secret, err);
    if (code != MN_OK)
        return code;
    mn_id_format(&t.id, id);
    mn_api_etag(call, mn_core_token_state(&t));
    code = mn_api_created(call, "/v1/tokens", id, token_json(&t, secret), err);
    memset(secret, 0, sizeof secret);
    return code;
}

mn_code mn_api_token_get(mn_api_call *call, mn_error *err)
{
    mn_token t;
    const mn_id id = mn_api_id(call, MN_P_TOKEN_GET_TOKEN);
    mn_code code = mn_core_token_get(call->core, call->actor, &id, call->arena, &t, err);
    return code == MN_OK ? answer(call, &t, err) : code;
}

mn_code mn_api_token_change(mn_api_call *call, mn_error *err)
{
    mn_token_fields f;
    mn_id user;
    mn_rights rights;
    mn_token t;
    mn_time room;
    const mn_time *state = NULL;
    const mn_id id = mn_api_id(call, MN_P_TOKEN_CHANGE_TOKEN);
    mn_code code = mn_api_if_match(call, MN_P_TOKEN_CHANGE_IF_MATCH, &room, &state, err);
    if (code == MN_OK)
        code = read_fields(call, &f, &user, &rights, err);
    if (code == MN_OK)
        code = mn_core_token_change(call->core, call->actor, &id, &f, state, call->arena, &t, err);
    return code == MN_OK ? answer(call, &t, err) : code;
}

mn_code mn_api_token_revoke(mn_api_call *call, mn_error *err)
{
    mn_time when;
    const mn_time *seen = NULL;
    const mn_id id = mn_api_id(call, MN_P_TOKEN_REVOKE_TOKEN);
    mn_code code = mn_api_if_match(call, MN_P_TOKEN_REVOKE_IF_MATCH, &when, &seen, err);
    if (code == MN_OK)
        code = mn_core_token_revoke(call->core, call->actor, &id, seen, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}

mn_code mn_api_tokens_revoke_batch(mn_api_call *call, mn_error *err)
{
    const mn_http_request *r = call->request;
    const mn_id *ids = NULL;
    size_t n = 0;
    mn_code code = mn_field_ids(call, json_object_get(call->body, "tokens"), &ids, &n, err);
    mn_made *made = code == MN_OK ? mn_batch_room(call, n, err) : NULL;
    if (!made)
        return code == MN_OK ? MN_E_MEMORY : code;
    code = mn_core_tokens_revoke(call->core, call->actor, ids, n, r->deadline, r->cancel, call->arena, made,
                                 err);
    return mn_batch_made(call, code, made, n, err);
}
