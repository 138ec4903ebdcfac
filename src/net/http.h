/* HTTP server: connections, limits, queues, and everything of a request and of an answer that is the same
 * whatever they are about. Knows nothing of what is served.
 *
 * The way of a request:
 *
 *   I/O thread: head ─ ops.head ─┬─ refused (or no room in the queue): answered, the body is not read
 *                                └─ body, at most plan.body_max ─┬─ I/O thread: ops.handle ───────────────┬─
 * answer ─ ops.done └─ queue of a class ─ worker: ops.handle ┘
 *
 * While a request waits in a queue or is worked on, and while a streamed answer waits for its next piece, its
 * connection is suspended: waiting costs no thread. One I/O thread serves any number of connections; what
 * runs on it (head, done, handle of MN_HTTP_IO) must not block.
 *
 * Ownership: a request, its texts, its body and its arena live until ops.done returned. Threads: one at a
 * time works on a request, so no locks are needed for it; ops are called for different requests from many
 * threads. Cost: no heap memory of our own for a small request in the steady state (arenas are used again);
 * libmicrohttpd takes its own for the answer's headers. */
#ifndef MN_NET_HTTP_H
#define MN_NET_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/settings.h"
#include "base/thread.h"
#include "base/time.h"
#include "net/address.h"
#include "net/problem.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct mn_http_server mn_http_server;
typedef struct mn_http_response mn_http_response;

typedef enum {
    MN_HTTP_GET,
    MN_HTTP_HEAD,
    MN_HTTP_POST,
    MN_HTTP_PUT,
    MN_HTTP_PATCH,
    MN_HTTP_DELETE,
    MN_HTTP_OPTIONS,
    MN_HTTP_OTHER /* answered with 501 before ops.head */
} mn_http_method;

typedef struct {
    const char *name, *value; /* value without blanks around it; neither has a control character but tab */
} mn_http_header;

#define MN_HTTP_ID_TEXT 65 /* of a request id, with the zero byte */

/* Read-only for the application, but for `user`. */
typedef struct mn_http_request {
    mn_http_method method;
    const char *target; /* as sent, "/v1/people/a%20b?x=1" */
    const char
        *path; /* decoded: valid UTF-8 without control characters; begins with "/"; no empty, "." or
                  ".."   segment; no slash was encoded, so splitting it at "/" is safe. May end in "/" */
    const char *raw_path; /* the same as it came, percent-encoded, without query; not ended by a zero byte */
    size_t raw_path_len;
    const char *query; /* raw, without "?"; "" where there is none; see net/query.h */
    const mn_http_header *headers;
    size_t n_headers;
    const char *host;         /* of the Host header; "" in HTTP/1.0 without one */
    mn_address peer;          /* who asks: behind a trusted proxy, whom the proxy says */
    bool secure;              /* TLS here, or at a trusted proxy */
    char id[MN_HTTP_ID_TEXT]; /* of X-Request-Id where that is well-formed, else a new UUIDv7; echoed in the
                                 answer */
    const uint8_t *body;      /* in handle: complete; followed by a zero byte; never NULL */
    size_t body_len;
    int64_t began_ns;        /* monotonic: the head was complete */
    mn_deadline deadline;    /* for handle */
    const mn_cancel *cancel; /* set when the server stops and will wait no longer */
    mn_arena *arena;         /* for everything that must live as long as the request */
    void *user;              /* the application's, from head to done */
} mn_http_request;

/* The first header of this name (any case), or NULL. */
const char *mn_http_header_value(const mn_http_request *r, const char *name);

/* ---- what the application is asked -----------------------------------------------------------------------
 */

#define MN_HTTP_IO      (-1)
#define MN_HTTP_CLASSES 4

/* Filled before ops.head: run_on MN_HTTP_IO, body_max, piece 0, deadline_ms of the server, refuse false. */
typedef struct {
    bool refuse;     /* answer now with the response given to head; handle is not called */
    int run_on;      /* MN_HTTP_IO, or the number of a class of workers */
    size_t body_max; /* bytes; more than options.body_max is cut to it. A longer body is answered with 413 */
    /* 0: handle sees all of the body. Else the body, of body_max whatever options.body_max says, comes in
     * pieces of so many bytes (512 at least): handle sees the first one as its body, and takes them by
     * mn_http_take_body. On a class of workers only. */
    size_t piece;
    int deadline_ms; /* for handle, from the end of the body; 0: none */
} mn_http_plan;

typedef struct {
    int status;         /* 0: none was sent, the client went first */
    uint64_t bytes_in;  /* of the body */
    uint64_t bytes_out; /* of the answer's body, as produced */
    bool complete;      /* the whole answer went to the kernel */
    int64_t took_ns;    /* since began_ns */
    int64_t queued_ns;  /* of it, waiting for a worker */
} mn_http_outcome;

typedef struct {
    /* I/O thread, once a request, when its head is complete and well-formed. Decides about the body and the
     * queue; may refuse. Must not block. */
    void (*head)(void *ctx, mn_http_request *r, mn_http_plan *plan, mn_http_response *answer);
    /* Once a request that was neither refused nor shed, on the thread of plan.run_on. Fills the answer; an
     * answer that it left empty is 204. Should look at deadline and cancel when it takes long. */
    void (*handle)(void *ctx, mn_http_request *r, mn_http_response *answer);
    /* I/O thread, once for each request whose head was called, at its very end. For access log and metrics.
     * May be NULL. */
    void (*done)(void *ctx, mn_http_request *r, const mn_http_outcome *outcome);
} mn_http_ops;

/* ---- the answer ------------------------------------------------------------------------------------------
 */

/* None of these can fail visibly: when memory is short, or a header has a character that it must not have,
 * the answer becomes a problem of status 503 or 500 instead. `type` must be static or live in the request's
 * arena. Setting a body twice releases the first. Sent in any case: X-Request-Id, nosniff, CSP,
 * Referrer-Policy, CORS as configured, and Cache-Control: no-store unless set here. */
void mn_http_status(mn_http_response *a, int status); /* 200..599; default 200 with a body, 204 without */
void mn_http_header_add(mn_http_response *a, const char *name, const char *value); /* both are copied */
/* One of: bytes that live as long as the request (its arena) or longer. */
void mn_http_body(mn_http_response *a, const char *type, const void *bytes, size_t n);
/* The content of *buf, which is taken over and left empty. */
void mn_http_body_buf(mn_http_response *a, const char *type, mn_buf *buf);
/* `size` bytes of a regular file from its beginning; fd is closed when the answer is over. */
void mn_http_body_fd(mn_http_response *a, const char *type, int fd, uint64_t size);
/* For what may be asked for in part and kept by clients: etag with quotes ("\"v3\"" or "W/\"v3\""), or NULL;
 * modified: or 0. Switches on Range, If-Range, If-None-Match and If-Modified-Since for GET and HEAD; 304 and
 * 206 then are made here. */
void mn_http_validators(mn_http_response *a, const char *etag, mn_time modified);
/* Overrides options.csp for this answer (a page with scripts). Copied. */
void mn_http_csp(mn_http_response *a, const char *policy);

/* A streamed answer, of any length, made piece by piece as fast as the client reads. */
typedef struct {
    /* Appends the next piece to `out` (which holds MN_HTTP_PIECE bytes at most; some KiB at a time are best),
     * and sets *last with the last one. Runs on the class given; one call at a time. A piece without bytes
     * must be the last. An error cuts the connection, so that the client sees that the answer is not whole;
     * MN_E_CANCELLED when the server stops. */
    mn_code (*more)(void *stream, mn_buf *out, bool *last, mn_error *err);
    void (*end)(void *stream, bool complete); /* once, in the end; on an I/O thread or a worker; never NULL */
} mn_http_stream_ops;
#define MN_HTTP_PIECE ((size_t)256 * 1024)
void mn_http_body_stream(mn_http_response *a, const char *type, int run_on, const mn_http_stream_ops *ops,
                         void *stream);

/* A body that is taken piece by piece, as the client sends it; no more than a piece is in memory. */
typedef struct {
    /* The next piece, the first one included; one call at a time, on the class of the plan. With `last`, when
     * there may be no bytes, the answer is filled in. A failure becomes the answer at once, and what is still
     * to come of the body is dropped. */
    mn_code (*take)(void *user, const uint8_t *bytes, size_t n, bool last, mn_http_response *answer,
                    mn_error *err);
    void (*end)(void *user); /* once, in the end; on an I/O thread; never NULL */
} mn_http_body_ops;
/* In handle, where the plan said `piece`. A handle that does not call it has answered. */
void mn_http_take_body(mn_http_request *r, const mn_http_body_ops *ops, void *user);

/* Keeps the answer back until a release for each hold: for what must be on the disk before anybody is told.
 * The handler fills in the answer and returns, and its worker is free. In handle, on a worker only. Whoever
 * holds must release, however long it takes: the server does not stop before. */
void mn_http_hold(mn_http_request *r);
/* Any thread. code: MN_OK, or why nothing of the answer may be told: it becomes a problem, without a text. */
void mn_http_release(mn_http_request *r, mn_code code);

/* So many bytes more are held in memory for this request until it is over, as its body is. False: all bodies
 * together would be more than options.bodies_max, and nothing is counted. */
bool mn_http_count_bytes(mn_http_request *r, uint64_t n);

/* Problem details (RFC 9457). mn_http_fail takes code, text and status from the error; what is wrong inside
 * (status 500) is told to the client without its text. */
void mn_http_problem(mn_http_response *a, const mn_problem *p);
void mn_http_fail(mn_http_response *a, const mn_error *why);
int mn_http_response_status(const mn_http_response *a);

/* ---- the server ------------------------------------------------------------------------------------------
 */

typedef struct {
    const char *name;   /* "records", "pixels": for statistics and messages; static */
    unsigned workers;   /* 0: one a CPU */
    unsigned queue_max; /* requests that wait for a worker; one more is answered with 503 */
} mn_http_class;

/* mn_http_options_default fills in what is written here. Texts are copied by create. */
typedef struct {
    const char *listen; /* "127.0.0.1:8080": addresses of plain HTTP, with commas between; see net/listen.h */
    const char *listen_tls;           /* "": the same for HTTPS; needs cert_file and key_file */
    bool allow_plain;                 /* false: `listen` may name loopback addresses and Unix sockets only */
    const char *cert_file, *key_file; /* PEM; the chain, own certificate first */
    unsigned io_threads;              /* 0: one a CPU, at most 8; of HTTP and of HTTPS each */

    size_t head_max;                  /* 16 KiB: request line and headers */
    unsigned headers_max;             /* 100 */
    size_t url_max;                   /* 8 KiB */
    size_t body_max;                  /* 64 MiB: whatever a plan allows */
    uint64_t bodies_max;              /* 1 GiB: bodies in memory at once, of all requests; then 503 */
    unsigned connections_max;         /* 4096 */
    unsigned connections_per_address; /* 512, IPv6 by /64; 0: no limit. Trusted proxies and Unix sockets have
                                         none */
    unsigned requests_per_connection; /* 10 000, then the connection is closed; 0: no limit */
    int head_ms;                      /* 10 000: for TLS handshake and head */
    int body_ms;                      /* 15 000: for the body; and in addition bytes / rate_min */
    int send_ms;       /* 30 000: for the client to take the answer; and in addition bytes / rate_min */
    int idle_ms;       /* 60 000: between requests; 1 000 while three quarters of the connections are taken */
    unsigned rate_min; /* 8192 bytes a second: slower clients are cut off */
    int deadline_ms;   /* 30 000: for handle, where the plan says nothing else; 0: none */
    int stop_ms;       /* 20 000: what runs may take so long when the server stops */
    int retry_after_s; /* 1: in answers of 503 */

    const char *trusted_proxies; /* "": addresses and networks with commas between, whose header counts;
                                    "unix": Unix sockets */
    bool forwarded_header; /* false: they write X-Forwarded-For and -Proto. true: Forwarded (RFC 7239). Only
                              the one that the proxy writes may be read: the other is the client's */
    const char *cors_origins; /* "": with commas between, "https://a.example", or "*" */
    bool cors_credentials;    /* false; refused with "*" */
    const char *csp;          /* "default-src 'none'; frame-ancestors 'none'" */
    int hsts_s;               /* 0: no Strict-Transport-Security */
    int gzip_level;           /* 5; 0: never */

    mn_http_class classes[MN_HTTP_CLASSES]; /* those with a name */
} mn_http_options;

void mn_http_options_default(mn_http_options *o);
/* From the settings server.*, with the classes below; the texts are the settings'. */
void mn_http_options_read(const mn_settings *settings, mn_http_options *o);
#define MN_HTTP_RECORDS 0 /* the class of those who wait for the store */
#define MN_HTTP_PIXELS  1 /* and of those whose pictures are worked on */
#define MN_HTTP_PASSWORDS                                                                                    \
    2 /* and of those who have a password hashed: long work that anybody can ask for                         \
       */

#define MN_HTTP_TRANSFERS 3 /* and of long ones, which come back piece by piece: exports, imports */

/* Binds and listens, so that a wrong address is told at once; serves nothing until start. ctx is for the ops.
 */
mn_code mn_http_server_create(const mn_http_options *options, const mn_http_ops *ops, void *ctx,
                              mn_http_server **out, mn_error *err);
/* What create would refuse in options, addresses, certificate and key, and a certificate that is not valid
 * now. Binds nothing. */
mn_code mn_http_server_check(const mn_http_options *options, mn_error *err);
/* Whether the certificate in use is valid now. MN_E_INVALID: it has ended, or begins later. Without HTTPS
 * MN_OK. */
mn_code mn_http_server_check_certificate(mn_http_server *s, mn_error *err);
mn_code mn_http_server_start(mn_http_server *s, mn_error *err);
/* Reads certificate and key again; connections go on. On failure the old ones stay. Any thread. */
mn_code mn_http_server_reload(mn_http_server *s, mn_error *err);
/* No new connections; idle ones are closed; what runs may finish within stop_ms, then `cancel` is set and
 * what waits is answered with 503. Returns when the last request is done: a handler that looks neither at its
 * deadline nor at `cancel` holds it up. Blocks; not from the ops. */
void mn_http_server_stop(mn_http_server *s);
void mn_http_server_destroy(mn_http_server *s); /* stops it first; NULL is allowed */

/* The port of the n-th address that is listened on (HTTP first, then HTTPS); 0: none or a Unix socket. For
 * port 0 in options. */
int mn_http_server_port(const mn_http_server *s, size_t n);
/* The n-th address in full: "https://[::]:8443", "unix:/run/mien.sock". False: there is none. */
#define MN_HTTP_ADDRESS 128
bool mn_http_server_address(const mn_http_server *s, size_t n, char out[MN_HTTP_ADDRESS]);

/* Counters since start and gauges. Read without locks; each is exact, together they are of about the same
 * moment. */
typedef struct {
    uint64_t connections, connections_total, connections_refused,
        connections_cut;          /* cut: too slow, or idle for too long */
    uint64_t in_flight;           /* requests between head and done */
    uint64_t body_bytes;          /* held in memory */
    uint64_t requests;            /* done */
    uint64_t shed;                /* answered with 503 for want of room */
    uint64_t bytes_in, bytes_out; /* of bodies */
    uint64_t status[6];           /* by first digit; [0]: none was sent */
    struct {
        const char *name;
        uint64_t queued, running, done, shed;
    } classes[MN_HTTP_CLASSES];
} mn_http_stats;
void mn_http_server_stats(const mn_http_server *s, mn_http_stats *out);

#endif
