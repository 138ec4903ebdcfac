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

static mn_once_request request_of(const mn_api_call *call, const char *key)
{
    const mn_http_request *r = call->request;
    const mn_identity_info info = mn_identity_describe(call->caller);
    int person = find_param(call->route, MN_IN_PATH, "person");
    return (mn_once_request){
        .caller = info.user,
        .key = key,
        .method = mn_method_word(call->route->method),
        .path = r->path,
        .query = r->query,
        .body = r->body,
        .n_body = r->body_len,
        .person = person >= 0 ? mn_api_id(call, person) : (mn_id){{0}},
    };
}

/* "/v1/people/ID" speaks of that person. */
static mn_id person_of(const mn_app_kept *kept)
{
    static const char folder[] = "/v1/people/";
    mn_id id = {{0}};
    if (kept->location && strncmp(kept->location, folder, strlen(folder)) == 0)
        mn_id_parse(kept->location + strlen(folder), &id);
    return id;
}

static mn_code answer_again(mn_api_call *call, const mn_once_answer *first)
{
    if (first->location)
        mn_http_header_add(call->answer, "Location", first->location);
    if (first->etag)
        mn_http_header_add(call->answer, "ETag", first->etag);
    mn_http_status(call->answer, first->status);
    mn_http_body(call->answer, "application/json", first->body, strlen(first->body));
    return MN_OK;
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
    const mn_id person = person_of(&kept);
    if (!kept.body)
        return MN_OK; /* no memory for it: the key says that it may have been done */
    const mn_once_answer answer = {kept.status, kept.location, kept.etag, kept.body};
    size_t max = (size_t)mn_settings_int(call->settings, MN_S_IDEMPOTENCY_ANSWER_MAX);
    /* It is done: the caller hears so. The key without an answer says that it may have been. */
    if (mn_core_once_done(call->core, call->actor, r, &answer, max, &person, &own) != MN_OK)
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
    unsigned hours = (unsigned)mn_settings_int(call->settings, MN_S_IDEMPOTENCY_HOURS);
    mn_code code = mn_core_once_begin(call->core, call->actor, &r, hours, call->arena, &again, &first, err);
    if (code != MN_OK)
        return code;
    return again ? answer_again(call, &first) : work(call, handler, &r, err);
}
