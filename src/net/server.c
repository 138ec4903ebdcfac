#include "base/alloc.h"
#include "net/http_internal.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define IO_THREADS_MAX  8
#define LAST_ANSWERS_MS 500 /* for the answers of those that waited to get out */

void mn_http_options_default(mn_http_options *o)
{
    *o = (mn_http_options){
        .listen = "127.0.0.1:8080",
        .listen_tls = "",
        .cert_file = "",
        .key_file = "",
        .head_max = (size_t)16 * 1024,
        .headers_max = 100,
        .url_max = (size_t)8 * 1024,
        .body_max = (size_t)64 * 1024 * 1024,
        .bodies_max = UINT64_C(1024) * 1024 * 1024,
        .connections_max = 4096,
        .connections_per_address = 512,
        .requests_per_connection = 10000,
        .head_ms = 10000,
        .body_ms = 15000,
        .send_ms = 30000,
        .idle_ms = 60000,
        .rate_min = 8192,
        .deadline_ms = 30000,
        .stop_ms = 20000,
        .retry_after_s = 1,
        .trusted_proxies = "",
        .cors_origins = "",
        .csp = "default-src 'none'; frame-ancestors 'none'",
        .gzip_level = 5,
    };
}

/* ---- arenas ----------------------------------------------------------------------------------------------
 */

mn_arena *mn_arena_borrow(mn_http_server *s)
{
    mn_arena *arena = NULL;
    pthread_mutex_lock(&s->arenas_lock);
    if (s->n_arenas)
        arena = s->arenas[--s->n_arenas];
    pthread_mutex_unlock(&s->arenas_lock);
    return arena ? arena : mn_arena_create(ARENA_MAX);
}

void mn_arena_return(mn_http_server *s, mn_arena *arena)
{
    if (!arena)
        return;
    mn_arena_reset(arena);
    pthread_mutex_lock(&s->arenas_lock);
    bool kept = s->n_arenas < ARENAS_KEPT;
    if (kept)
        s->arenas[s->n_arenas++] = arena;
    pthread_mutex_unlock(&s->arenas_lock);
    if (!kept)
        mn_arena_destroy(arena);
}

/* ---- options ---------------------------------------------------------------------------------------------
 */

static mn_code check_options(const mn_http_options *o, mn_error *err)
{
    if (o->head_ms <= 0 || o->body_ms <= 0 || o->send_ms <= 0 || o->idle_ms <= 0 || o->stop_ms < 0)
        return mn_fail(err, MN_E_INVALID, "a time limit of the server must be greater than 0");
    if (o->head_max < 1024 || o->head_max > 1024 * 1024 || !o->connections_max)
        return mn_fail(err, MN_E_INVALID, "a size limit of the server is out of range");
    if (o->cors_credentials && strchr(o->cors_origins, '*'))
        return mn_fail(err, MN_E_INVALID, "CORS with credentials needs a list of origins, not \"*\"");
    if (*o->listen_tls && (!*o->cert_file || !*o->key_file))
        return mn_fail(err, MN_E_INVALID,
                       "server.listen_tls needs a certificate and its key: set server.cert and server.key");
    return MN_OK;
}

static mn_code copy_texts(mn_http_options *o, mn_error *err)
{
    const char **texts[] = {&o->listen,          &o->listen_tls,   &o->cert_file, &o->key_file,
                            &o->trusted_proxies, &o->cors_origins, &o->csp};
    bool failed = false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = mn_strdup(*texts[i]);
        failed |= !*texts[i];
    }
    return failed ? mn_fail(err, MN_E_MEMORY, "out of memory") : MN_OK;
}

static void free_texts(mn_http_options *o)
{
    const char *texts[] = {o->listen,          o->listen_tls,   o->cert_file, o->key_file,
                           o->trusted_proxies, o->cors_origins, o->csp};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        mn_free((void *)(uintptr_t)texts[i]);
}

static mn_code read_origins(mn_http_server *s, mn_error *err)
{
    for (const char *at = s->o.cors_origins; *(at += strspn(at, ", \t")) != 0;) {
        size_t len = strcspn(at, ", \t");
        if (s->n_origins == ORIGINS_MAX)
            return mn_fail(err, MN_E_LIMIT, "CORS: more than %d origins", ORIGINS_MAX);
        char *origin = mn_calloc(1, len + 1);
        if (!origin)
            return mn_fail(err, MN_E_MEMORY, "out of memory");
        memcpy(origin, at, len);
        s->origins[s->n_origins++] = origin;
        s->any_origin |= strcmp(origin, "*") == 0;
        if (!s->any_origin && !strstr(origin, "://"))
            return mn_fail(err, MN_E_INVALID, "CORS: \"%.100s\" is no origin (such as https://a.example)",
                           origin);
        at += len;
    }
    if (s->any_origin) {
        while (s->n_origins)
            mn_free(s->origins[--s->n_origins]);
    }
    return MN_OK;
}

/* ---- create and destroy ----------------------------------------------------------------------------------
 */

/* Passwords, tokens and pictures must not go over a network in the clear because somebody forgot TLS. */
static mn_code check_plain(const mn_listening *l, size_t n, mn_error *err)
{
    char name[MN_LISTEN_NAME];
    for (size_t i = 0; i < n; i++)
        if (!mn_listen_is_local(&l[i])) {
            mn_listen_name(&l[i], name);
            return mn_listen_refuse_plain(name, err);
        }
    return MN_OK;
}

static mn_code open_listeners(mn_http_server *s, const char *addresses, bool tls, mn_error *err)
{
    mn_listening open[MN_LISTEN_MAX];
    size_t n = 0;
    mn_code code = mn_listen_open(addresses, open, &n, err);
    if (!code && n > MN_LISTEN_MAX - s->n_listeners)
        code = mn_fail(err, MN_E_LIMIT, "more than %d addresses to listen on", MN_LISTEN_MAX);
    if (!code && !tls && !s->o.allow_plain)
        code = check_plain(open, n, err);
    while (code && n)
        mn_listen_close(&open[--n]);
    for (size_t i = 0; !code && i < n; i++)
        s->listeners[s->n_listeners++] = (listener){.server = s, .listening = open[i], .tls = tls};
    return code;
}

static mn_code set_up(mn_http_server *s, mn_error *err)
{
    static char text[] =
        "{\"type\":\"about:blank\",\"status\":503,\"title\":\"Service Unavailable\",\"code\":\"memory\"}";
    s->last_resort = MHD_create_response_from_buffer(sizeof text - 1, text, MHD_RESPMEM_PERSISTENT);
    if (!s->last_resort ||
        MHD_add_response_header(s->last_resort, "Content-Type", MN_PROBLEM_TYPE) != MHD_YES ||
        MHD_add_response_header(s->last_resort, "Retry-After", "1") != MHD_YES)
        return mn_fail(err, MN_E_MEMORY, "out of memory");
    if (s->o.hsts_s > 0)
        snprintf(s->hsts, sizeof s->hsts, "max-age=%d; includeSubDomains", s->o.hsts_s);
    mn_code code = mn_networks_parse(s->o.trusted_proxies, s->proxies, NETWORKS_MAX, &s->n_proxies, err);
    if (!code)
        code = read_origins(s, err);
    if (!code && *s->o.listen_tls)
        code = mn_tls_load(s, err);
    return code;
}

static mn_code listen_everywhere(mn_http_server *s, mn_error *err)
{
    mn_code code = open_listeners(s, s->o.listen, false, err);
    if (!code)
        code = open_listeners(s, s->o.listen_tls, true, err);
    if (!code && !s->n_listeners)
        code = mn_fail(err, MN_E_INVALID, "no address to listen on");
    return code;
}

static void init_locks(mn_http_server *s)
{
    pthread_mutex_init(&s->arenas_lock, NULL);
    pthread_mutex_init(&s->tls_lock, NULL);
    for (int i = 0; i < MN_HTTP_CLASSES; i++)
        pthread_rwlock_init(&s->classes[i].lock, NULL);
}

/* Everything but the addresses. */
static mn_code create(const mn_http_options *options, mn_http_server **out, mn_error *err)
{
    mn_code code = check_options(options, err);
    if (code)
        return code;
    mn_http_server *s = mn_calloc(1, sizeof *s);
    if (!s)
        return mn_fail(err, MN_E_MEMORY, "out of memory");
    code = mn_connections_init(&s->connections, err);
    if (code) {
        mn_free(s);
        return code;
    }
    init_locks(s);
    s->o = *options;
    for (int i = 0; i < MN_HTTP_CLASSES; i++) {
        s->classes[i].name = options->classes[i].name;
        s->classes[i].workers = options->classes[i].workers;
        s->classes[i].queue_max = options->classes[i].queue_max;
    }
    code = copy_texts(&s->o, err);
    if (!code)
        code = set_up(s, err);
    if (code)
        mn_http_server_destroy(s);
    else
        *out = s;
    return code;
}

mn_code mn_http_server_create(const mn_http_options *options, const mn_http_ops *ops, void *ctx,
                              mn_http_server **out, mn_error *err)
{
    mn_http_server *s;
    mn_code code = create(options, &s, err);
    if (code)
        return code;
    s->ops = *ops;
    s->ctx = ctx;
    code = listen_everywhere(s, err);
    if (code)
        mn_http_server_destroy(s);
    else
        *out = s;
    return code;
}

mn_code mn_http_server_check(const mn_http_options *options, mn_error *err)
{
    mn_http_server *s;
    mn_code code = mn_listen_check(options->listen, !options->allow_plain, err);
    if (!code)
        code = mn_listen_check(options->listen_tls, false, err);
    if (!code)
        code = create(options, &s, err);
    if (code)
        return code;
    code = mn_http_server_check_certificate(s, err);
    mn_http_server_destroy(s);
    return code;
}

mn_code mn_http_server_check_certificate(mn_http_server *s, mn_error *err)
{
    return mn_tls_check_dates(s, mn_time_now(), err);
}

void mn_http_server_destroy(mn_http_server *s)
{
    if (!s)
        return;
    mn_http_server_stop(s);
    for (size_t i = 0; i < s->n_listeners; i++)
        mn_listen_close(&s->listeners[i].listening);
    while (s->n_arenas)
        mn_arena_destroy(s->arenas[--s->n_arenas]);
    while (s->n_origins)
        mn_free(s->origins[--s->n_origins]);
    if (s->last_resort)
        MHD_destroy_response(s->last_resort);
    mn_tls_finish(s);
    free_texts(&s->o);
    for (int i = 0; i < MN_HTTP_CLASSES; i++)
        pthread_rwlock_destroy(&s->classes[i].lock);
    pthread_mutex_destroy(&s->tls_lock);
    pthread_mutex_destroy(&s->arenas_lock);
    mn_connections_finish(&s->connections);
    mn_free(s);
}

/* ---- start and stop --------------------------------------------------------------------------------------
 */

static void stay_silent(void *cls, const char *format, va_list args)
{
    (void)cls, (void)format, (void)args;
}

static unsigned io_threads(const mn_http_server *s)
{
    unsigned n = s->o.io_threads ? s->o.io_threads : mn_cpu_count();
    return n < IO_THREADS_MAX ? n : IO_THREADS_MAX;
}

/* The whole encoded path is ours to decode: see net/path.h. */
static size_t keep_as_it_is(void *cls, struct MHD_Connection *mhd, char *text)
{
    (void)cls, (void)mhd;
    return strlen(text);
}

/* Not STRICT_FOR_CLIENT: what it refuses head.c does too, and libmicrohttpd would answer a missing Host with
 * two heads, and blanks in the address not at all. TURBO reads before it polls and spares calls of
 * shutdown(), which TLS needs for its last message. */
static mn_code start_listener(listener *l, mn_error *err)
{
    mn_http_server *s = l->server;
    unsigned threads = io_threads(s),
             flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, mn_tls_callback()},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)mn_tls_priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}},
                                pool[] = {{MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL},
                                          {MHD_OPTION_END, 0, NULL}};
    l->daemon = MHD_start_daemon(
        flags | (l->tls ? MHD_USE_TLS : MHD_USE_TURBO), 0, mn_on_accept, l, mn_on_access, l,
        MHD_OPTION_EXTERNAL_LOGGER, stay_silent, NULL, MHD_OPTION_LISTEN_SOCKET, l->listening.fd,
        MHD_OPTION_ARRAY, l->tls ? tls : none, MHD_OPTION_ARRAY, threads > 1 ? pool : none,
        MHD_OPTION_CONNECTION_LIMIT, s->o.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        2 * s->o.head_max + CONNECTION_POOL_SPARE, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
        MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_UNESCAPE_CALLBACK, keep_as_it_is, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, mn_on_line, l, MHD_OPTION_NOTIFY_COMPLETED, mn_on_completed, l,
        MHD_OPTION_NOTIFY_CONNECTION, mn_on_connection, l, MHD_OPTION_END);
    return l->daemon
               ? MN_OK
               : mn_fail(err, MN_E_IO, "the HTTP server cannot be started: too few descriptors or threads");
}

mn_code mn_http_server_start(mn_http_server *s, mn_error *err)
{
    mn_code code = mn_work_start(s, err);
    s->started = true;
    if (!code)
        code = mn_connections_watch(s, err);
    for (size_t i = 0; !code && i < s->n_listeners; i++)
        code = start_listener(&s->listeners[i], err);
    if (code)
        mn_http_server_stop(s);
    return code;
}

mn_code mn_http_server_reload(mn_http_server *s, mn_error *err)
{
    return *s->o.listen_tls ? mn_tls_load(s, err) : MN_OK;
}

static void wait_for_requests(mn_http_server *s, int ms)
{
    mn_deadline until = mn_deadline_in_ms(ms);
    while (s->in_flight && !mn_deadline_passed(until)) {
        const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
        nanosleep(&pause, NULL);
    }
}

/* However long it takes: libmicrohttpd cannot end with a connection that is suspended. */
static void wait_for_holders(mn_http_server *s)
{
    while (atomic_load_explicit(&s->held, memory_order_acquire) > 0) {
        const struct timespec pause = {.tv_nsec = 1000 * 1000};
        nanosleep(&pause, NULL);
    }
}

void mn_http_server_stop(mn_http_server *s)
{
    if (!s->started)
        return;
    s->started = false;
    atomic_store(&s->stopping, true);
    for (size_t i = 0; i < s->n_listeners; i++)
        if (s->listeners[i].daemon) {
            MHD_quiesce_daemon(s->listeners[i].daemon);
            mn_listen_end(&s->listeners[i].listening);
        }
    mn_connections_close_idle(s);
    wait_for_requests(s, s->o.stop_ms);
    mn_cancel_set(&s->cancel);
    mn_work_stop(s);
    wait_for_holders(s); /* and no connection is suspended any more, nor can become so for long */
    wait_for_requests(s, LAST_ANSWERS_MS);
    for (size_t i = 0; i < s->n_listeners; i++) {
        if (s->listeners[i].daemon)
            MHD_stop_daemon(s->listeners[i].daemon);
        s->listeners[i].daemon = NULL;
    }
    mn_connections_unwatch(s);
}

/* ---- what can be seen ------------------------------------------------------------------------------------
 */

int mn_http_server_port(const mn_http_server *s, size_t n)
{
    return n < s->n_listeners ? s->listeners[n].listening.port : 0;
}

bool mn_http_server_address(const mn_http_server *s, size_t n, char out[MN_HTTP_ADDRESS])
{
    char name[MN_LISTEN_NAME];
    if (n >= s->n_listeners)
        return false;
    const listener *l = &s->listeners[n];
    mn_listen_name(&l->listening, name);
    snprintf(out, MN_HTTP_ADDRESS, "%s%s", !l->listening.port ? "" : l->tls ? "https://" : "http://", name);
    return true;
}

void mn_http_server_stats(const mn_http_server *s, mn_http_stats *out)
{
    const connections *c = &s->connections;
    *out = (mn_http_stats){
        .connections = c->open,
        .connections_total = c->total,
        .connections_refused = c->refused,
        .connections_cut = c->cut,
        .in_flight = s->in_flight,
        .body_bytes = s->body_bytes,
        .requests = s->requests,
        .shed = s->shed,
        .bytes_in = s->bytes_in,
        .bytes_out = s->bytes_out,
    };
    for (int i = 0; i < 6; i++)
        out->status[i] = s->status[i];
    for (int i = 0; i < MN_HTTP_CLASSES; i++) {
        const work_class *w = &s->classes[i];
        out->classes[i].name = w->name;
        out->classes[i].queued = w->queued;
        out->classes[i].running = w->running;
        out->classes[i].done = w->done;
        out->classes[i].shed = w->shed;
    }
}
