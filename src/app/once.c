/* The header Idempotency-Key: for every route that has it as a parameter, see core/once.h. Handlers know
 * nothing of it; what they answer is noted on its way (mn_app_kept). */
#include "core/once.h"

#include "app/internal.h"
#include "base/log.h"

#include <string.h>

static int find_param(const mn_route *route, int in, const char *name)
{
    for (size_t i = 0; i < route->n_params; i++)
        if ((int)route->params[i].in == in && strcmp(route->params[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* Attributes end soon, and answers that speak of them with them. */
static mn_time keep_for(const mn_api_call *call)
{
    int ttl = find_param(call->route, MN_IN_QUERY, "ttl");
    return ttl >= 0 ? mn_api_whole(call, ttl) * MN_TIME_SECOND
                    : mn_settings_int(call->settings, MN_S_IDEMPOTENCY_HOURS) * 3600 * MN_TIME_SECOND;
}

static mn_once_request request_of(const mn_api_call *call, const char *key)
{
    const mn_http_request *r = call->request;
    const mn_identity_info info = mn_identity_describe(call->caller);
    int in_path = find_param(call->route, MN_IN_PATH, "person"),
        person = in_path >= 0 ? in_path : find_param(call->route, MN_IN_QUERY, "person");
    return (mn_once_request){
        .caller = info.user,
        .key = key,
        .method = mn_method_word(call->route->method),
        .path = r->path,
        .query = r->query,
        .body = r->body,
        .n_body = r->body_len,
        .person = person >= 0 ? mn_api_id(call, person) : (mn_id){{0}},
        .keep = keep_for(call),
    };
}

/* ---- what an answer speaks of ---- */

/* Which field of each operation's answer names it. */
static const struct {
    int operation;
    mn_once_kind kind;
    const char *field;
} subjects[] = {
    {MN_OP_PERSON_CREATE, MN_ONCE_PERSON, "person"}, {MN_OP_PEOPLE_CREATE_BATCH, MN_ONCE_PERSON, "id"},
    {MN_OP_CONSENT_GIVE, MN_ONCE_PERSON, "person"},  {MN_OP_FACE_CREATE, MN_ONCE_PERSON, "person"},
    {MN_OP_DECISION_MAKE, MN_ONCE_PERSON, "person"}, {MN_OP_DESCRIPTORS_IMPORT, MN_ONCE_FACE, "id"},
    {MN_OP_LISTS_CREATE_BATCH, MN_ONCE_LIST, "id"},  {MN_OP_CONSENTS_GIVE_BATCH, MN_ONCE_CONSENT, "id"},
    {MN_OP_EXTRACT, MN_ONCE_ATTRIBUTE, "attribute"}, {MN_OP_LIST_CREATE, MN_ONCE_LIST, "list_id"},
    {MN_OP_USER_CREATE, MN_ONCE_USER, "user"},       {MN_OP_ROLE_CREATE, MN_ONCE_ROLE, "role"},
    {MN_OP_TOKEN_CREATE, MN_ONCE_TOKEN, "token"},    {MN_OP_ACCOUNT_CREATE, MN_ONCE_ACCOUNT, "account"},
};

typedef mn_code on_subject(mn_api_call *call, mn_once_kind kind, const char *ref, void *ctx, mn_error *err);

/* fn for each place of the answer that names one. */
static mn_code walk(mn_api_call *call, const json_t *v, size_t subject, on_subject *fn, void *ctx,
                    mn_error *err)
{
    size_t i;
    const char *name;
    json_t *part;
    mn_code code = MN_OK;
    json_array_foreach(v, i, part)
    {
        code = walk(call, part, subject, fn, ctx, err);
        if (code != MN_OK)
            return code;
    }
    json_object_foreach((json_t *)v, name, part)
    {
        bool named = json_is_string(part) && strcmp(name, subjects[subject].field) == 0;
        code = named ? fn(call, subjects[subject].kind, json_string_value(part), ctx, err)
                     : walk(call, part, subject, fn, ctx, err);
        if (code != MN_OK)
            return code;
    }
    return MN_OK;
}

static mn_code each_subject(mn_api_call *call, const char *body, on_subject *fn, void *ctx, mn_error *err)
{
    size_t subject = 0, n = sizeof subjects / sizeof *subjects;
    while (subject < n && subjects[subject].operation != call->route->operation)
        subject++;
    if (subject == n)
        return mn_fail(err, MN_E_INTERNAL, "nobody knows what a kept answer of %s speaks of",
                       call->route->name);
    if (!*body)
        return MN_OK;
    json_t *v = json_loads(body, 0, NULL);
    mn_code code =
        v ? walk(call, v, subject, fn, ctx, err) : mn_fail(err, MN_E_MEMORY, "no memory for a kept answer");
    json_decref(v);
    return code;
}

static mn_code check_subject(mn_api_call *call, mn_once_kind kind, const char *ref, void *ctx, mn_error *err)
{
    (void)ctx;
    return mn_core_once_stands(call->core, call->actor, kind, ref, call->arena, err);
}

/* The person that an answer of one is about; a batch's has only ids in it. */
static mn_code note_person(mn_api_call *call, mn_once_kind kind, const char *ref, void *ctx, mn_error *err)
{
    (void)err;
    if (kind == MN_ONCE_PERSON && call->route->operation != MN_OP_PEOPLE_CREATE_BATCH)
        mn_id_parse(ref, ctx);
    return MN_OK;
}

/* Where the path names somebody who is out of the caller's lists now, they are not there, as with any other
 * request. */
static mn_code check_stands(mn_api_call *call, const mn_once_answer *first, mn_error *err)
{
    mn_code code = each_subject(call, first->body, check_subject, NULL, err);
    return code == MN_E_FORBIDDEN && find_param(call->route, MN_IN_PATH, "person") >= 0
               ? mn_fail(err, MN_E_NOT_FOUND, "there is no such person")
               : code;
}

static mn_code answer_again(mn_api_call *call, const mn_once_answer *first, mn_error *err)
{
    if (first->location)
        mn_http_header_add(call->answer, "Location", first->location);
    if (first->etag)
        mn_http_header_add(call->answer, "ETag", first->etag);
    mn_http_status(call->answer, first->status);
    if (*first->body)
        mn_http_body(call->answer, "application/json", first->body, strlen(first->body));
    return mn_core_once_told(call->core, call->actor, first, err);
}

static mn_code work(mn_api_call *call, mn_handler *handler, const mn_once_request *r, mn_error *err)
{
    mn_error own = {0};
    mn_app_kept kept = {0};
    call->kept = &kept;
    mn_code code = handler(call, err);
    call->kept = NULL;
    if (code != MN_OK) {
        mn_core_once_failed(call->core, call->actor, r, code);
        return code;
    }
    if (!kept.body)
        return MN_OK; /* no memory for it, or not to be kept: the key says that it may have been done */
    mn_once_answer answer = {kept.status, kept.location, kept.etag, kept.body, {{0}}};
    each_subject(call, kept.body, note_person, &answer.person, NULL);
    size_t max = (size_t)mn_settings_int(call->settings, MN_S_IDEMPOTENCY_ANSWER_MAX);
    /* It is done: the caller hears so. The key without an answer says that it may have been. */
    if (mn_core_once_done(call->core, call->actor, r, &answer, max, &own) != MN_OK)
        mn_log(MN_LOG_WARN, "app", "the answer to request %s is not kept for its Idempotency-Key: %s",
               call->request->id, own.text);
    return MN_OK;
}

mn_code mn_app_run_once(mn_api_call *call, mn_handler *handler, mn_error *err)
{
    int param = find_param(call->route, MN_IN_HEADER, "Idempotency-Key");
    const char *key = param >= 0 && call->caller ? mn_api_text(call, param) : NULL;
    bool again = false;
    mn_once_answer first;
    if (!key)
        return handler(call, err);
    key = mn_arena_printf(call->arena, "%s %s", call->route->name, key); /* each operation has its own keys */
    if (!key)
        return mn_fail(err, MN_E_MEMORY, "no memory for a request");
    const mn_once_request r = request_of(call, key);
    mn_code code = mn_core_once_begin(call->core, call->actor, &r, call->arena, &again, &first, err);
    if (code == MN_OK && again) {
        code = check_stands(call, &first, err);
        if (code == MN_OK)
            return answer_again(call, &first, err);
        if (code != MN_E_NOT_FOUND || call->route->operation != MN_OP_EXTRACT)
            return code; /* but attributes that are over can be made again */
        code = mn_core_once_forget(call->core, call->actor, &r, err);
        if (code == MN_OK)
            code = mn_core_once_begin(call->core, call->actor, &r, call->arena, &again, &first, err);
    }
    if (code == MN_OK && again)
        return mn_fail(err, MN_E_CONFLICT, "somebody else works on this request: wait, then send it again");
    return code == MN_OK ? work(call, handler, &r, err) : code;
}
