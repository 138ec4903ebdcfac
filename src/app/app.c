/* The parts of the server, put together and taken apart. */
#include "app/internal.h"

#include "base/alloc.h"

#include <sodium.h>

mn_code mn_app_create(const mn_app_options *options, mn_app **out, mn_error *err)
{
    mn_http_options http;
    mn_app *app = mn_calloc(1, sizeof *app);
    if (!app)
        return mn_fail(err, MN_E_MEMORY, "no memory for the server");
    app->settings = options->settings;
    app->core = options->core;
    app->pipeline = options->pipeline;
    randombytes_buf(app->cursor_key, sizeof app->cursor_key);
    mn_http_options_read(app->settings, &http);
    mn_code code = mn_metrics_create(&app->metrics, err);
    if (code == MN_OK)
        code = mn_download_rules_create(mn_settings_text(app->settings, MN_S_FETCH_ALLOW),
                                        &app->download_rules, err);
    if (code == MN_OK)
        code = mn_http_server_create(&http, &mn_app_http_ops, app, &app->server, err);
    if (code != MN_OK) {
        mn_app_destroy(app);
        return code;
    }
    *out = app;
    return MN_OK;
}

mn_code mn_app_start(mn_app *app, mn_error *err)
{
    mn_code code = mn_http_server_start(app->server, err);
    if (code == MN_OK)
        atomic_store(&app->ready, true);
    return code;
}

mn_code mn_app_reload(mn_app *app, mn_error *err)
{
    return mn_http_server_reload(app->server, err);
}

void mn_app_stop(mn_app *app)
{
    atomic_store(&app->ready, false);
    mn_http_server_stop(app->server);
}

void mn_app_destroy(mn_app *app)
{
    if (!app)
        return;
    if (app->server)
        mn_http_server_destroy(app->server);
    mn_metrics_destroy(app->metrics);
    mn_download_rules_destroy(app->download_rules);
    sodium_memzero(app->cursor_key, sizeof app->cursor_key);
    mn_free(app);
}

int mn_app_port(const mn_app *app, size_t n)
{
    return mn_http_server_port(app->server, n);
}
