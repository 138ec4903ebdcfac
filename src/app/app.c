/* The parts of the server, put together and taken apart. */
#include "app/internal.h"

#include "base/alloc.h"
#include "base/log.h"

#include <sodium.h>

static void init_watch(mn_app *app)
{
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&app->watch_wake, &clock);
    pthread_condattr_destroy(&clock);
    pthread_mutex_init(&app->watch_lock, NULL);
    pthread_mutex_init(&app->follow_lock, NULL);
    app->settings_seen = -1;
}

mn_code mn_app_create(const mn_app_options *options, mn_app **out, mn_error *err)
{
    mn_http_options http;
    mn_app *app = mn_calloc(1, sizeof *app);
    if (!app)
        return mn_fail(err, MN_E_MEMORY, "no memory for the server");
    app->data_dir = options->data_dir ? options->data_dir : "";
    app->core = options->core;
    app->pipeline = options->pipeline;
    init_watch(app);
    randombytes_buf(app->cursor_key, sizeof app->cursor_key);
    mn_code code = mn_live_create(options->settings, &app->live, err);
    if (code == MN_OK)
        code = mn_app_settings_follow(app, err);
    if (code == MN_OK)
        code = mn_metrics_create(&app->metrics, err);
    if (code == MN_OK) {
        app->start = mn_live_take(app->live);
        code = mn_gate_create((unsigned)mn_settings_int(app->start, MN_S_INFER_WORKERS),
                              (uint64_t)mn_settings_int(app->start, MN_S_IMAGE_MEMORY), &app->gate, err);
    }
    if (code == MN_OK) {
        unsigned transfers = (unsigned)mn_settings_int(app->start, MN_S_SERVER_TRANSFERS);
        code = mn_pool_create(transfers, transfers, &app->matchers, err);
    }
    if (code == MN_OK) {
        mn_http_options_read(app->start, &http);
        code = mn_download_rules_create(mn_settings_text(app->start, MN_S_FETCH_ALLOW), &app->download_rules,
                                        err);
    }
    if (code == MN_OK)
        code = mn_http_server_create(&http, &mn_app_http_ops, app, &app->server, err);
    if (code != MN_OK) {
        mn_app_destroy(app);
        return code;
    }
    *out = app;
    return MN_OK;
}

/* Served all the same: who renews it needs the server meanwhile, and a reload takes the new one. */
static void warn_of_certificate(mn_app *app)
{
    mn_error why;
    if (mn_http_server_check_certificate(app->server, &why) != MN_OK)
        mn_log(MN_LOG_WARN, "app", "%s", why.text);
}

mn_code mn_app_start(mn_app *app, mn_error *err)
{
    mn_code code = mn_census_create(app->core, &app->census, err);
    if (code == MN_OK)
        code = mn_app_watch_start(app, err);
    if (code == MN_OK)
        code = mn_http_server_start(app->server, err);
    if (code != MN_OK) {
        mn_app_watch_stop(app);
        return code;
    }
    atomic_store(&app->ready, true);
    warn_of_certificate(app);
    return MN_OK;
}

mn_code mn_app_reload(mn_app *app, const mn_settings *settings, mn_error *err)
{
    mn_code code = mn_http_server_reload(app->server, err); /* first, as this is what may fail */
    if (code == MN_OK)
        warn_of_certificate(app);
    if (code == MN_OK && settings)
        code = mn_live_give(app->live, settings, err);
    return code == MN_OK ? mn_app_settings_use(app, err) : code;
}

void mn_app_stop(mn_app *app)
{
    atomic_store(&app->ready, false);
    mn_http_server_stop(app->server);
    mn_pool_destroy(app->matchers);
    app->matchers = NULL;
    mn_app_watch_stop(app);
}

void mn_app_destroy(mn_app *app)
{
    if (!app)
        return;
    if (app->server)
        mn_http_server_destroy(app->server);
    mn_pool_destroy(app->matchers);
    mn_census_destroy(app->census);
    mn_metrics_destroy(app->metrics);
    mn_gate_destroy(app->gate);
    mn_download_rules_destroy(app->download_rules);
    mn_settings_unref(app->start);
    mn_live_destroy(app->live);
    pthread_mutex_destroy(&app->follow_lock);
    pthread_mutex_destroy(&app->watch_lock);
    pthread_cond_destroy(&app->watch_wake);
    sodium_memzero(app->cursor_key, sizeof app->cursor_key);
    mn_free(app);
}

int mn_app_port(const mn_app *app, size_t n)
{
    return mn_http_server_port(app->server, n);
}

bool mn_app_address(const mn_app *app, size_t n, char out[MN_HTTP_ADDRESS])
{
    return mn_http_server_address(app->server, n, out);
}
