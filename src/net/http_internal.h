/* What the files of the HTTP server share.
 *
 *   server.c       life of the server, counters        connections.c  deadlines of connections; who has how
 * many request.c      what libmicrohttpd calls, in order  head.c         checks of a request's head
 *   response.c     what the application fills in       answer.c       from that to what is sent
 *   work.c         queues and workers                  stream.c       answers made piece by piece
 *   tls.c          certificates                        gzip.c         compression
 *
 * States of a request; in brackets, who may touch it:
 *
 *   LINE ── head ──┬── BODY ── all of it there ──┬── handle [I/O] ─────────────────────┐
 *   [I/O]          │  [I/O]                      └── suspended, WORKING [worker] ── ANSWER ── queued, SENDING
 * ── completed └── DRAIN (refused; what is announced is little: read it, so that the client reads the answer)
 * ──┘
 */
#ifndef MN_NET_HTTP_INTERNAL_H
#define MN_NET_HTTP_INTERNAL_H

#include "net/http.h"
#include "net/listen.h"
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#define ARENA_MAX   ((size_t)64 * 1024 * 1024) /* of one request */
#define ARENAS_KEPT 256                        /* for the next requests */
#define DRAIN_MAX                                                                                            \
    ((uint64_t)1024 * 1024) /* of a body that is not wanted: read for the sake of the answer                 \
                             */
#define NETWORKS_MAX 64
#define ORIGINS_MAX  64
#define CONNECTION_POOL_SPARE                                                                                \
    ((size_t)8 * 1024) /* of libmicrohttpd's memory for a connection, besides the head */

/* ---- connections -----------------------------------------------------------------------------------------
 */

typedef enum {
    PHASE_HEAD, /* from the connection's or the request line's arrival */
    PHASE_BODY,
    PHASE_WORK, /* ours: no deadline */
    PHASE_SEND,
    PHASE_IDLE
} phase;

typedef struct peer_count peer_count;

typedef struct connection connection;
struct connection {
    connection *older, *newer; /* under connections.lock */
    int fd;                    /* open as long as the connection is in the list */
    bool tls, is_unix, cut;    /* cut: under connections.lock, as the next */
    int64_t ended_ns;          /* since_ns of the phase in which the reaper saw the client's end; 0 */
    int64_t nothing_ns;        /* the same of a phase in which it saw neither bytes nor an end */
    mn_address peer;
    peer_count *counted;     /* NULL: not counted by address */
    unsigned requests;       /* I/O thread, as the next */
    struct request *current; /* from mn_on_line to its end */
    atomic_int phase;        /* set after the times: read first */
    _Atomic int64_t since_ns, deadline_ns;
    _Atomic uint64_t received;    /* bytes of the body in PHASE_BODY */
    _Atomic uint64_t sent_before; /* bytes that the client had acknowledged when PHASE_SEND began */
};

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* of the reaper; monotonic clock */
    connection *newest;
    peer_count *counts[1024]; /* by hash of the address */
    bool stop, close_idle;
    pthread_t reaper;
    bool reaping;
    atomic_size_t open;
    _Atomic uint64_t total, refused, cut;
} connections;

mn_code mn_connections_init(connections *c, mn_error *err);
void mn_connections_finish(connections *c);                     /* when none is left */
mn_code mn_connections_watch(mn_http_server *s, mn_error *err); /* starts the reaper */
void mn_connections_unwatch(mn_http_server *s);
void mn_connections_close_idle(mn_http_server *s);
void mn_connection_phase(mn_http_server *s, connection *c, phase next);

enum MHD_Result mn_on_accept(void *cls, const struct sockaddr *addr, socklen_t len);
void mn_on_connection(void *cls, struct MHD_Connection *mhd, void **context,
                      enum MHD_ConnectionNotificationCode code);

/* ---- requests --------------------------------------------------------------------------------------------
 */

typedef enum { STAGE_LINE, STAGE_BODY, STAGE_DRAIN, STAGE_WORKING, STAGE_ANSWER, STAGE_SENDING } stage;

typedef struct header_line header_line;
struct header_line {
    header_line *next;
    const char *name, *value;
};

typedef enum { BODY_NONE, BODY_BYTES, BODY_BUF, BODY_FD, BODY_STREAM } body_kind;

typedef struct request request;

typedef struct {
    const mn_http_stream_ops *ops;
    void *user;
    int run_on;
    mn_buf piece;
    size_t at;                /* of piece: sent */
    bool last, failed, asked; /* asked: a worker makes the next piece */
} stream;

struct mn_http_response {
    request *q;
    int status; /* 0: not set */
    header_line *headers;
    body_kind kind;
    const char *type;
    const void *bytes; /* BODY_BYTES, or what is in buf */
    uint64_t n;
    uint64_t offset; /* BODY_FD: of the part that is sent */
    mn_buf buf;
    int fd;
    stream stream;
    const char *etag, *csp;
    mn_time modified;
    mn_code failed; /* a setter's: the answer becomes a problem */
    bool caching;   /* the application set Cache-Control */
    bool encoded;   /* or Content-Encoding */
};

/* A body that is taken piece by piece. */
typedef struct {
    const mn_http_body_ops *ops; /* NULL: nobody takes it (yet) */
    void *user;
    bool begun; /* handle was called */
    bool last;  /* the piece at hand */
    uint64_t taken;
} upload;

/* What was decided of a body. */
typedef struct {
    bool compressible, compressed, ranges;
    const char *content_range;
} shape;

struct request {
    mn_http_request r; /* first: the application's view */
    mn_http_server *server;
    connection *conn;
    struct MHD_Connection *mhd;
    stage stage;
    bool http10, known; /* known: ops.head was called */
    bool close_after;
    bool overflow; /* the body was longer than allowed */
    mn_http_plan plan;
    mn_buf body; /* or its piece at hand */
    upload upload;
    uint64_t announced; /* Content-Length, or UINT64_MAX for chunks */
    uint64_t drained;
    uint64_t counted;   /* of server.body_bytes */
    const char *origin; /* allowed by CORS, or NULL */
    mn_http_response a;
    shape shape;
    struct MHD_Response *response; /* queued, not yet destroyed */
    int status;                    /* queued */
    int64_t queued_at, queued_ns;
    uint64_t bytes_out;
    atomic_uint holds;   /* the worker's own, and those of mn_http_hold: the last one lets the answer go */
    atomic_int withheld; /* a mn_code: the answer may not be told */
};

void *mn_on_line(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result mn_on_access(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                             const char *version, const char *data, size_t *n, void **context);
void mn_on_completed(void *cls, struct MHD_Connection *mhd, void **context,
                     enum MHD_RequestTerminationCode why);
/* Ends what libmicrohttpd did not say the end of, if there is such a request. */
void mn_request_abandon(connection *c);

/* Reads and checks everything of the head into q->r. False: the answer (a problem) is filled in. */
bool mn_head_read(request *q, const char *method, const char *url, const char *version);
/* Whether this is a preflight, which is answered here: the answer is filled in. */
bool mn_cors_preflight(request *q);

void mn_response_init(mn_http_response *a, request *q);
void mn_response_finish(mn_http_response *a); /* releases body and stream */
void mn_response_clear(mn_http_response *a);  /* as it was at first */

/* Conditions, ranges, compression; any thread. Nothing is filled in any more after it. */
void mn_answer_shape(request *q);
/* Makes libmicrohttpd's response and queues it; I/O thread. What it takes from the heap, some thirty pieces,
 * goes back on the same thread. MHD_NO: the connection must be closed. */
enum MHD_Result mn_answer_send(request *q);
/* Fills q->a with a problem and counts what was shed. */
void mn_answer_shed(request *q, const char *what, int class);

struct MHD_Response *mn_stream_response(request *q);

/* false: no gzip (too little gained, no memory); out is empty then. */
bool mn_gzip(const void *bytes, size_t n, int level, mn_buf *out);

/* ---- work ------------------------------------------------------------------------------------------------
 */

typedef struct {
    const char *name;
    unsigned workers, queue_max;
    pthread_rwlock_t lock; /* of pool: read by those who submit */
    mn_pool *pool;         /* NULL: stopped */
    _Atomic uint64_t queued, running, done, shed;
} work_class;

mn_code mn_work_start(mn_http_server *s, mn_error *err);
void mn_work_stop(mn_http_server *s); /* drops what is queued, waits for what runs */
bool mn_work_room(const mn_http_server *s, int class);
/* On a worker of the class: run(q), or drop(q) where it comes to nothing. False: there is no room (a piece of
 * a stream always has some), or no pool any more. */
bool mn_work_submit(mn_http_server *s, int class, void (*run)(void *q, unsigned worker),
                    void (*drop)(void *q), request *q, bool piece);

/* ---- TLS -------------------------------------------------------------------------------------------------
 */

typedef struct tls_keys tls_keys;
mn_code mn_tls_load(mn_http_server *s, mn_error *err); /* first, and again: replaces what is in use */
mn_code mn_tls_check_dates(mn_http_server *s, mn_time now, mn_error *err);
void mn_tls_finish(mn_http_server *s);
void mn_tls_enter(mn_http_server *s); /* this thread's handshakes are of this server */
extern const char *const mn_tls_priorities;
void *mn_tls_callback(void); /* for MHD_OPTION_HTTPS_CERT_CALLBACK */

/* ---- the server ------------------------------------------------------------------------------------------
 */

typedef struct {
    mn_http_server *server;
    struct MHD_Daemon *daemon;
    mn_listening listening;
    bool tls;
} listener;

struct mn_http_server {
    mn_http_options o; /* with texts of its own */
    mn_http_ops ops;
    void *ctx;
    listener listeners[MN_LISTEN_MAX];
    size_t n_listeners;
    mn_network proxies[NETWORKS_MAX];
    size_t n_proxies;
    char *origins[ORIGINS_MAX];
    size_t n_origins;
    bool any_origin, started;
    char hsts[64];
    connections connections;
    work_class classes[MN_HTTP_CLASSES];
    mn_cancel cancel;
    atomic_bool stopping;
    struct MHD_Response *last_resort; /* 503, made beforehand */

    pthread_mutex_t arenas_lock;
    mn_arena *arenas[ARENAS_KEPT];
    size_t n_arenas;

    pthread_mutex_t tls_lock;
    tls_keys *tls; /* newest first; older ones may be in a handshake */

    _Atomic uint64_t in_flight, body_bytes, requests, shed, bytes_in, bytes_out, status[6];
    _Atomic uint64_t held; /* holds that were not released */
};

mn_arena *mn_arena_borrow(mn_http_server *s);
void mn_arena_return(mn_http_server *s, mn_arena *arena);

static inline void count_up(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static inline void count_down(_Atomic uint64_t *gauge, uint64_t by)
{
    atomic_fetch_sub_explicit(gauge, by, memory_order_relaxed);
}

#endif
