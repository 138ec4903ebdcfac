/* /healthz, /readyz, /metrics, /docs: for those who run the server or write for it. */
#include "app/docs.h"
#include "app/internal.h"

#include <stdio.h>
#include <string.h>

#define METRICS_MAX ((size_t)4 << 20)

mn_code mn_api_healthz(mn_api_call *call, mn_error *err)
{
    return mn_api_answer(call, 200, json_pack("{s:b}", "alive", 1), err);
}

static json_t *check_row(const char *name, bool ready, const char *text)
{
    return json_pack("{s:s, s:b, s:s*}", "name", name, "ready", ready, "text", text);
}

/* Damaged records hinder nobody else, so the server is ready all the same. */
static json_t *gallery_row(mn_core *core)
{
    char text[200];
    size_t n = mn_core_unreadable_count(core);
    snprintf(text, sizeof text,
             "of %zu people something was damaged and is in no search: see mien store check", n);
    return check_row("gallery", true, n > 0 ? text : NULL);
}

/* Runs where nothing may wait: a database that is gone or silent is seen by the watch. */
mn_code mn_api_readyz(mn_api_call *call, mn_error *err)
{
    bool up = atomic_load(&call->app->ready), store = mn_app_store_answers(call->app);
    json_t *checks =
        json_pack("[o, o, o]", check_row("store", store, store ? NULL : "the records cannot be read"),
                  gallery_row(call->core), check_row("shutdown", up, up ? NULL : "the server is stopping"));
    return mn_api_answer(call, up && store ? 200 : 503,
                         json_pack("{s:b, s:o}", "ready", up && store, "checks", checks), err);
}

mn_code mn_api_metrics(mn_api_call *call, mn_error *err)
{
    mn_app *app = call->app;
    mn_buf out;
    mn_code code = mn_core_status_may(call->actor, err);
    if (code != MN_OK)
        return code;
    const mn_metrics_sources from = {
        .server = app->server, .pipeline = app->pipeline, .census = app->census, .data_dir = app->data_dir};
    mn_buf_init(&out, METRICS_MAX);
    code = mn_metrics_write(app->metrics, &from, &out, err);
    if (code == MN_OK)
        mn_http_body_buf(call->answer, "text/plain; version=0.0.4; charset=utf-8", &out);
    else
        mn_buf_finish(&out);
    return code;
}

/* ---- the description and its viewer ---- */

static mn_code send_file(mn_api_call *call, const char *name, mn_error *err)
{
    const mn_docs_file *f = mn_docs_find(name);
    if (!f)
        return mn_fail(err, MN_E_NOT_FOUND,
                       "there is no such page; the description itself is at /v1/openapi.json");
    mn_http_body(call->answer, f->type, f->bytes, f->n);
    mn_http_header_add(call->answer, "Cache-Control", "no-cache");
    mn_http_validators(call->answer, f->etag, 0);
    mn_http_csp(call->answer, MN_DOCS_POLICY);
    return MN_OK;
}

mn_code mn_api_openapi_get(mn_api_call *call, mn_error *err)
{
    return send_file(call, "openapi.json", err);
}

mn_code mn_api_docs_get(mn_api_call *call, mn_error *err)
{
    return send_file(call, "index.html", err);
}

mn_code mn_api_docs_file(mn_api_call *call, mn_error *err)
{
    const char *name = mn_api_text(call, MN_P_DOCS_FILE_FILE);
    /* These two have addresses of their own. */
    if (strcmp(name, "index.html") == 0 || strcmp(name, "openapi.json") == 0)
        name = "";
    return send_file(call, name, err);
}
