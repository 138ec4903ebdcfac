/* The server: the routes of api/openapi.yaml over HTTP.
 *
 *   net/http ─ dispatch.c: route ─ who (authenticate.c) ─ right ─ parameters, body (net/schema) ─ handler
 *                                                                    api_*.c, one a group of routes ─┘
 *              └─ answer (reply.c) ─ metrics.c, access log
 *
 * One per process. The handlers are called by many threads at once; what they share is core and pipeline,
 * which are thread-safe, and the few members of mn_app below, which do not change while serving. */
#ifndef MN_APP_APP_H
#define MN_APP_APP_H

#include "base/settings.h"
#include "core/core.h"
#include "face/pipeline.h"
#include "net/http.h"

typedef struct mn_app mn_app;

typedef struct {
    const mn_settings *settings; /* as given by file, environment and command line; copied */
    const char *data_dir;        /* for the metrics; "" or NULL: none. Must outlive the app */
    mn_core *core;               /* the caller's, as the pipeline; both must outlive the app */
    mn_pipeline *pipeline;
} mn_app_options;

/* Binds the addresses of server.listen and server.listen_tls, so that a wrong one is told at once. */
mn_code mn_app_create(const mn_app_options *options, mn_app **out, mn_error *err);
/* From here on requests are answered. */
mn_code mn_app_start(mn_app *app, mn_error *err);
/* Certificates again, and of the settings (as given anew; NULL: as before) those that are live. On failure
 * everything stays as it was. */
mn_code mn_app_reload(mn_app *app, const mn_settings *settings, mn_error *err);
/* Stops taking requests, finishes those that run within server.stop_ms; blocks. */
void mn_app_stop(mn_app *app);
void mn_app_destroy(mn_app *app); /* NULL is allowed */

/* The port of the n-th address that is listened on; 0: none. */
int mn_app_port(const mn_app *app, size_t n);
/* The n-th address in full, with its scheme; false: there is none. */
bool mn_app_address(const mn_app *app, size_t n, char out[MN_HTTP_ADDRESS]);

#endif
