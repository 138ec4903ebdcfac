/* What the files of app share, and handlers do not need. */
#ifndef MN_APP_INTERNAL_H
#define MN_APP_INTERNAL_H

#include "app/call.h"
#include "app/gate.h"
#include "app/metrics.h"
#include "base/live.h"
#include "net/download.h"

#include <pthread.h>

struct mn_app {
    mn_live *live;
    const mn_settings *start; /* as they were at the start: for what is not live; lives as long as the app */
    pthread_mutex_t follow_lock; /* guards the next one */
    mn_time settings_seen;       /* `updated` of those in the store that are in force */
    pthread_t watch;             /* live.c */
    pthread_mutex_t watch_lock;  /* guards watch_stop */
    pthread_cond_t watch_wake;
    bool watching, watch_stop;
    mn_core *core;
    mn_pipeline *pipeline;
    mn_http_server *server;
    const char *data_dir;
    mn_metrics *metrics;
    mn_census *census;                 /* from start on */
    mn_gate *gate;                     /* to the networks */
    mn_download_rules *download_rules; /* of fetch.allow */
    atomic_uint transfers;             /* that go on */
    mn_pool *matchers;                 /* of whole lists: a thread for each that may go on */
    uint8_t cursor_key[32];            /* of this process: cursors do not outlive it */
    atomic_bool ready;
    atomic_llong
        store_answered; /* monotonic ns: when the watch last had an answer; 0: the last one was none */
};

/* What belongs to a request from head to done. */
typedef struct {
    const mn_route *route;       /* NULL: there is none */
    const mn_settings *settings; /* in force when the request came; a reference */
    mn_route_match match;
    json_t *more;     /* see mn_api_problem_more */
    char user[37];    /* id of the caller, for the access log; "": nobody */
    mn_holder holder; /* keeps the answer back until what was seen is on record */
    mn_actor actor;   /* the caller, with that holder */
    mn_http_request *request;
    size_t fetched; /* bytes of pictures that were fetched for it */
} mn_visit;

/* live.c: puts the settings in force where they are used. */
mn_code mn_app_settings_use(mn_app *app, mn_error *err);
/* Takes over what is stored by now. */
mn_code mn_app_settings_follow(mn_app *app, mn_error *err);
/* Does so once a second, in a thread. */
mn_code mn_app_watch_start(mn_app *app, mn_error *err);
void mn_app_watch_stop(mn_app *app);
/* Did the store answer the watch lately? Never waits. */
bool mn_app_store_answers(const mn_app *app);

/* dispatch.c */
/* Largest body of a request to this route. */
size_t mn_app_body_max(const mn_settings *settings, const mn_route *route);
extern const mn_http_ops mn_app_http_ops;

/* authenticate.c: who is this? Fills caller and actor, or leaves them empty where nobody said who they are.
 * MN_E_UNAUTHENTICATED for a token or session that is none (any more); MN_E_FORBIDDEN for a cookie whose
 * request lacks the session's X-CSRF-Token. */
#define MN_SESSION_COOKIE        "mien_session"
#define MN_SESSION_COOKIE_SECURE "__Host-mien_session"
mn_code mn_app_authenticate(mn_api_call *call, mn_error *err);
bool mn_app_has_credentials(const mn_http_request *r);

/* reply.c: the answer to whatever went wrong. faults may be NULL. */
void mn_app_fail(const mn_http_request *r, mn_http_response *answer, json_t *more, const mn_faults *faults,
                 const mn_error *why);

/* cursor.c */
mn_code mn_app_cursor_make(mn_api_call *call, const char *key, const char **text, mn_error *err);

/* handlers.c */
typedef mn_code mn_handler(mn_api_call *call, mn_error *err);
extern mn_handler *const mn_app_handlers[MN_OPS];

/* once.c: calls the handler, unless the request came before with the same Idempotency-Key. */
mn_code mn_app_run_once(mn_api_call *call, mn_handler *handler, mn_error *err);

#endif
