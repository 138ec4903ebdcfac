/* From a request to its handler: route, caller, right, parameters, body; and the answer to whatever went
 * wrong. */
#include "app/internal.h"

#include "base/log.h"
#include "net/accept.h"
#include "net/json.h"
#include "net/query.h"

#include <stddef.h>
#include <string.h>

#define RAW_MAX    256 /* parameters of a request, known or not */
#define FAULTS_MAX 16
#define BODY_PIECE ((size_t)256 << 10)

/* ---- head: on the I/O thread ---- */

static bool route_method(mn_http_method m, mn_method *out)
{
    switch (m) {
    case MN_HTTP_GET:
    case MN_HTTP_HEAD:
        *out = MN_GET;
        return true;
    case MN_HTTP_POST:
        *out = MN_POST;
        return true;
    case MN_HTTP_PUT:
        *out = MN_PUT;
        return true;
    case MN_HTTP_PATCH:
        *out = MN_PATCH;
        return true;
    case MN_HTTP_DELETE:
        *out = MN_DELETE;
        return true;
    default:
        return false;
    }
}

static void say_allowed(mn_http_response *answer, unsigned methods)
{
    char text[64] = "";
    size_t n = 0;
    for (unsigned m = 0; m < MN_METHODS; m++)
        if (methods >> m & 1)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s%s", n ? ", " : "",
                                  mn_method_word((mn_method)m), m == MN_GET ? ", HEAD" : "");
    mn_http_header_add(answer, "Allow", text);
}

static void refuse(mn_http_request *r, mn_http_plan *plan, mn_http_response *answer, const mn_error *why)
{
    plan->refuse = true;
    mn_app_fail(r, answer, NULL, NULL, why);
}

static mn_code find_route(mn_http_request *r, mn_visit *visit, mn_error *err)
{
    mn_method method = MN_GET;
    bool known = route_method(r->method, &method);
    mn_code code = mn_route_find(&mn_api_root, method, r->path, strlen(r->path), &visit->match, err);
    return known || code == MN_E_NOT_FOUND
               ? code
               : mn_fail(err, MN_E_METHOD, "this method is not one that is answered here");
}

size_t mn_app_body_max(const mn_settings *settings, const mn_route *route)
{
    size_t all = (size_t)mn_settings_int(settings, MN_S_SERVER_BODY_MAX),
           own = route->body_setting >= 0 ? (size_t)mn_settings_int(settings, (mn_setting)route->body_setting)
                                          : route->body_limit;
    return own < all || route->in_pieces ? own : all;
}

static void plan_route(const mn_settings *settings, const mn_route *route, mn_http_plan *plan)
{
    static const int classes[] = {
        [MN_RUN_INLINE] = MN_HTTP_IO,           [MN_RUN_RECORDS] = MN_HTTP_RECORDS,
        [MN_RUN_PIXELS] = MN_HTTP_PIXELS,       [MN_RUN_PASSWORDS] = MN_HTTP_PASSWORDS,
        [MN_RUN_TRANSFERS] = MN_HTTP_TRANSFERS,
    };
    plan->run_on = classes[route->run];
    plan->body_max = mn_app_body_max(settings, route);
    plan->piece = route->in_pieces ? BODY_PIECE : 0;
}

static void head(void *ctx, mn_http_request *r, mn_http_plan *plan, mn_http_response *answer)
{
    mn_app *app = ctx;
    mn_error err = {0};
    mn_visit *visit = mn_arena_calloc(r->arena, 1, sizeof *visit);
    if (!visit) {
        mn_fail(&err, MN_E_MEMORY, "no memory for a request");
        refuse(r, plan, answer, &err);
        return;
    }
    visit->settings = mn_live_take(app->live);
    r->user = visit;
    mn_code code = find_route(r, visit, &err);
    if (code == MN_E_METHOD && visit->match.allowed)
        say_allowed(answer, visit->match.allowed);
    if (code == MN_OK) {
        visit->route = visit->match.route;
        plan_route(visit->settings, visit->route, plan);
        if (visit->route->access != MN_ACCESS_ANYBODY && !mn_app_has_credentials(r))
            code = mn_fail(
                &err, MN_E_UNAUTHENTICATED,
                "sign in first: send a token as Authorization: Bearer TOKEN, or the cookie of /v1/login");
    }
    if (code != MN_OK)
        refuse(r, plan, answer, &err);
}

/* ---- handle: right, parameters, body ---- */

static mn_code check_right(const mn_api_call *call, short resource, short verb, mn_error *err)
{
    return mn_core_may(call->actor, (mn_resource)resource, (mn_verb)verb, err);
}

/* From here on the caller is kept to the lists in which the route's right holds. */
static mn_code use_right(mn_api_call *call, mn_error *err)
{
    mn_visit *visit = call->request->user;
    mn_resource r = (mn_resource)call->route->resource;
    mn_verb verb = (mn_verb)call->route->verb;
    mn_code code = mn_identity_narrow(call->caller, r, verb, call->arena, &visit->actor, err);
    if (code != MN_OK)
        return code;
    call->actor = &visit->actor;
    return mn_core_may(call->actor, r, verb, err);
}

static mn_visit *visit_of(mn_holder *h)
{
    return (mn_visit *)((char *)h - offsetof(mn_visit, holder));
}

static void hold(mn_holder *h)
{
    mn_http_hold(visit_of(h)->request);
}

static void release(mn_holder *h, const mn_error *why)
{
    const mn_visit *visit = visit_of(h);
    if (why)
        mn_log(MN_LOG_ERROR, "app", "%s was not answered (request %s): %s", visit->route->name,
               visit->request->id, why->text);
    mn_http_release(visit->request, why ? why->code : MN_OK);
}

/* No worker waits for the disk that puts a look on record: the answer does. */
static void let_answer_wait(mn_api_call *call)
{
    mn_visit *visit = call->request->user;
    if (call->route->run == MN_RUN_INLINE)
        return;
    visit->holder = (mn_holder){.arena = call->arena, .hold = hold, .release = release};
    visit->request = call->request;
    visit->actor = *call->actor;
    visit->actor.request = call->request->id;
    visit->actor.holder = &visit->holder;
    call->actor = &visit->actor;
}

static mn_code check_access(mn_api_call *call, mn_error *err)
{
    const mn_route *route = call->route;
    if (route->access == MN_ACCESS_ANYBODY)
        return MN_OK;
    mn_code code = mn_app_authenticate(call, err);
    if (code == MN_OK && route->access == MN_ACCESS_RIGHT)
        code = use_right(call, err);
    if (code == MN_OK)
        let_answer_wait(call);
    return code;
}

/* Only what has a table as CSV can be asked for as one. */
static mn_code choose_answer(mn_api_call *call, mn_error *err)
{
    const char *accept = mn_http_header_value(call->request, "Accept");
    const mn_route *route = call->route;
    if (!accept || !route->csv)
        return MN_OK;
    call->csv = mn_accept_type(accept, "text/csv") > mn_accept_type(accept, "application/json");
    return call->csv && route->csv_resource >= 0
               ? check_right(call, route->csv_resource, route->csv_verb, err)
               : MN_OK;
}

static mn_code raw_params(mn_api_call *call, mn_param_raw *raw, size_t *n, mn_error *err)
{
    const mn_visit *visit = call->request->user;
    size_t args = 0, count = 0;
    for (size_t i = 0; i < call->route->n_params; i++) {
        const mn_param *p = &call->route->params[i];
        const char *text = p->in == MN_IN_HEADER ? mn_http_header_value(call->request, p->name) : NULL;
        if (p->in == MN_IN_PATH && args < visit->match.n_args) {
            raw[count++] =
                (mn_param_raw){MN_IN_PATH, p->name, visit->match.args[args].text, visit->match.args[args].n};
            args++;
        }
        if (text)
            raw[count++] = (mn_param_raw){MN_IN_HEADER, p->name, text, strlen(text)};
    }
    const mn_query_pair *pairs = NULL;
    size_t n_pairs = 0;
    const char *query = call->request->query;
    mn_code code = mn_query_parse(query, strlen(query), RAW_MAX - count, call->arena, &pairs, &n_pairs, err);
    for (size_t i = 0; code == MN_OK && i < n_pairs; i++)
        raw[count++] = (mn_param_raw){MN_IN_QUERY, pairs[i].name, pairs[i].value, pairs[i].value_len};
    if (code == MN_OK)
        *n = count;
    return code;
}

static mn_code read_params(mn_api_call *call, mn_faults *faults, mn_error *err)
{
    mn_param_raw raw[RAW_MAX];
    size_t n = 0;
    mn_code code = raw_params(call, raw, &n, err);
    if (code != MN_OK)
        return code;
    call->params = mn_arena_calloc(call->arena, call->route->n_params + 1, sizeof *call->params);
    if (!call->params)
        return mn_fail(err, MN_E_MEMORY, "no memory for the parameters");
    return mn_params_read(call->route->params, call->route->n_params, raw, n, call->settings, call->arena,
                          call->params, faults, err);
}

static void drop_json(void *value)
{
    json_decref(value);
}

static mn_code read_json(mn_api_call *call, const mn_schema *schema, mn_faults *faults, mn_error *err)
{
    json_t *body = NULL;
    const mn_http_request *r = call->request;
    const mn_json_limits limits = {
        .bytes = r->body_len, .depth = call->route->json_depth, .values = call->route->json_values};
    mn_code code = mn_json_read((const char *)r->body, r->body_len, &limits, &body, err);
    if (code != MN_OK)
        return code;
    if (mn_arena_on_end(call->arena, drop_json, body) != 0) {
        json_decref(body);
        return mn_fail(err, MN_E_MEMORY, "no memory for the body");
    }
    code = mn_schema_check(schema, body, call->settings, faults, err);
    if (code == MN_OK)
        code = mn_schema_complete(schema, body, call->settings, err);
    if (code == MN_OK)
        call->body = body;
    return code;
}

/* Pictures and parts are read where they are used (pictures.c): only JSON is checked here. */
static mn_code read_body(mn_api_call *call, mn_faults *faults, mn_error *err)
{
    const mn_media *media = NULL;
    const mn_http_request *r = call->request;
    if (r->body_len == 0) {
        if (!call->route->body_required)
            return MN_OK;
        return mn_fail(err, MN_E_INVALID, "the body is missing");
    }
    if (call->route->n_bodies == 0)
        return mn_fail(err, MN_E_INVALID, "this request takes no body");
    mn_code code = mn_route_media(call->route, mn_http_header_value(r, "Content-Type"), &media, err);
    if (code != MN_OK)
        return code;
    call->media = media->type;
    return strcmp(media->type, "application/json") == 0 ? read_json(call, media->schema, faults, err) : MN_OK;
}

static mn_code run(mn_api_call *call, mn_faults *faults, mn_error *err)
{
    mn_code code = check_access(call, err);
    if (code == MN_OK)
        code = choose_answer(call, err);
    if (code == MN_OK)
        code = read_params(call, faults, err);
    if (code == MN_OK)
        code = read_body(call, faults, err);
    return code == MN_OK ? mn_app_run_once(call, mn_app_handlers[call->route->operation], err) : code;
}

static void handle(void *ctx, mn_http_request *r, mn_http_response *answer)
{
    static const mn_actor nobody = {.name = "nobody"};
    mn_app *app = ctx;
    mn_error err = {0};
    mn_fault room[FAULTS_MAX];
    mn_faults faults = {.v = room, .max = FAULTS_MAX};
    mn_visit *visit = r->user;
    mn_api_call call = {
        .app = app,
        .core = app->core,
        .pipeline = app->pipeline,
        .settings = visit->settings,
        .route = visit->route,
        .request = r,
        .answer = answer,
        .arena = r->arena,
        .actor = &nobody,
    };
    mn_code code = run(&call, &faults, &err);
    if (code == MN_OK)
        return;
    mn_app_fail(r, answer, visit->more, &faults, &err);
    if (mn_code_http(code) == 500)
        mn_log(MN_LOG_ERROR, "app", "%s failed (request %s): %s", visit->route->name, r->id, err.text);
}

/* ---- done ---- */

/* Neither addresses, queries nor names: who wants to know who looked at whom asks the audit log. */
static void log_access(const mn_http_request *r, const mn_visit *visit, const mn_http_outcome *o)
{
    mn_log(MN_LOG_INFO, "access", "%s %s %d %.1f ms queued %.1f ms in %llu out %llu by %s request %s",
           visit && visit->route ? mn_method_word(visit->route->method) : "-",
           visit && visit->route ? visit->route->path : "-", o->status, (double)o->took_ns / 1e6,
           (double)o->queued_ns / 1e6, (unsigned long long)o->bytes_in, (unsigned long long)o->bytes_out,
           visit && visit->user[0] ? visit->user : "-", r->id);
}

static void done(void *ctx, mn_http_request *r, const mn_http_outcome *outcome)
{
    mn_app *app = ctx;
    mn_visit *visit = r->user;
    mn_metrics_count(app->metrics, visit && visit->route ? visit->route->operation : MN_OPS, outcome);
    log_access(r, visit, outcome);
    if (visit) {
        json_decref(visit->more);
        mn_settings_unref(visit->settings);
    }
}

const mn_http_ops mn_app_http_ops = {.head = head, .handle = handle, .done = done};
