/* From what the application filled in to what is sent: conditions, ranges, compression, headers. */
#include "net/accept.h"
#include "net/http_internal.h"
#include "net/range.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GZIP_MIN 1024 /* bytes; what fits into one packet does not get there sooner */

/* ---- failures --------------------------------------------------------------------------------------------
 */

static void replace_failed(request *q)
{
    mn_error why = {.code = q->a.failed};
    mn_response_clear(&q->a);
    if (why.code == MN_E_MEMORY)
        snprintf(why.text, sizeof why.text, "out of memory");
    mn_http_fail(&q->a, &why);
}

/* ---- conditions and ranges -------------------------------------------------------------------------------
 */

static void without_body(mn_http_response *a, int status)
{
    const char *etag = a->etag;
    mn_time modified = a->modified;
    header_line *headers = a->headers;
    bool caching = a->caching;
    mn_response_clear(a);
    a->status = status;
    a->etag = etag;
    a->modified = modified;
    a->headers = headers;
    a->caching = caching;
}

static bool client_has_it(const request *q)
{
    const mn_http_response *a = &q->a;
    const char *tags = mn_http_header_value(&q->r, "If-None-Match");
    const char *since = mn_http_header_value(&q->r, "If-Modified-Since");
    mn_time t;
    if (tags)
        return a->etag && mn_etag_in(tags, a->etag, true);
    return since && a->modified > 0 && mn_http_date_parse(since, &t) &&
           a->modified / MN_TIME_SECOND <= t / MN_TIME_SECOND;
}

static bool range_is_of_this(const request *q)
{
    const mn_http_response *a = &q->a;
    const char *condition = mn_http_header_value(&q->r, "If-Range");
    mn_time t;
    if (!condition)
        return true;
    if (*condition == '"')
        return a->etag && mn_etag_in(condition, a->etag, false);
    return a->modified > 0 && mn_http_date_parse(condition, &t) &&
           a->modified / MN_TIME_SECOND == t / MN_TIME_SECOND;
}

/* What is compressed is sent as a whole: a range of it would be of other bytes. */
static bool has_ranges(const mn_http_response *a)
{
    return (a->etag || a->modified > 0) &&
           (a->kind == BODY_BYTES || a->kind == BODY_BUF || a->kind == BODY_FD) &&
           !mn_media_type_compressible(a->type) && !a->encoded;
}

static const char *cut_to_range(request *q)
{
    mn_http_response *a = &q->a;
    uint64_t first = 0, last = 0, size = a->n;
    mn_range_kind kind = mn_range_parse(mn_http_header_value(&q->r, "Range"), size, &first, &last);
    if (kind == MN_RANGE_ALL || !range_is_of_this(q))
        return NULL;
    if (kind == MN_RANGE_NONE) {
        mn_response_clear(a);
        const mn_problem p = {.status = 416,
                              .code = "range",
                              .detail = "the range lies behind the end",
                              .field = "Range",
                              .action = "ask for one within the size that Content-Range says"};
        mn_http_problem(a, &p);
        return mn_arena_printf(q->r.arena, "bytes */%" PRIu64, size);
    }
    a->status = 206;
    a->offset = a->kind == BODY_FD ? first : 0;
    a->bytes = a->kind == BODY_FD ? NULL : (const uint8_t *)a->bytes + first;
    a->n = last - first + 1;
    return mn_arena_printf(q->r.arena, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first, last, size);
}

/* ---- compression -----------------------------------------------------------------------------------------
 */

static bool may_compress(const request *q)
{
    const mn_http_response *a = &q->a;
    return q->server->o.gzip_level > 0 && (a->kind == BODY_BYTES || a->kind == BODY_BUF) &&
           a->n >= GZIP_MIN && !a->encoded && mn_media_type_compressible(a->type);
}

static bool wants_gzip(const request *q)
{
    int gzip = 0, identity = -1;
    for (size_t i = 0; i < q->r.n_headers; i++) {
        const mn_http_header *h = &q->r.headers[i];
        if (strcasecmp(h->name, "Accept-Encoding") != 0)
            continue;
        int weight = mn_accept_coding(h->value, "gzip");
        gzip = weight > gzip ? weight : gzip;
        if (strcasestr(h->value, "identity"))
            identity = mn_accept_coding(h->value, "identity");
    }
    return gzip > 0 && gzip >= identity;
}

static bool compress_body(request *q)
{
    mn_http_response *a = &q->a;
    mn_buf smaller;
    if (!wants_gzip(q) || !mn_gzip(a->bytes, (size_t)a->n, q->server->o.gzip_level, &smaller))
        return false;
    mn_http_body_buf(a, a->type, &smaller);
    return true;
}

/* ---- headers ---------------------------------------------------------------------------------------------
 */

static bool add(struct MHD_Response *m, const char *name, const char *value)
{
    return MHD_add_response_header(m, name, value) == MHD_YES;
}

static bool add_validators(struct MHD_Response *m, const mn_http_response *a)
{
    char date[MN_HTTP_DATE];
    if (a->etag && !add(m, "ETag", a->etag))
        return false;
    if (a->modified <= 0)
        return true;
    mn_http_date_format(a->modified, date);
    return add(m, "Last-Modified", date);
}

static bool add_cors(struct MHD_Response *m, const request *q)
{
    const mn_http_server *s = q->server;
    if (!q->origin)
        return true;
    return add(m, "Access-Control-Allow-Origin", q->origin) &&
           add(m, "Access-Control-Expose-Headers",
               "Content-Disposition, Content-Range, ETag, Location, Retry-After, X-Next-Cursor, "
               "X-Request-Id") &&
           (!s->o.cors_credentials || add(m, "Access-Control-Allow-Credentials", "true"));
}

static bool add_security(struct MHD_Response *m, const request *q)
{
    const mn_http_server *s = q->server;
    const char *csp = q->a.csp ? q->a.csp : s->o.csp;
    return add(m, "X-Content-Type-Options", "nosniff") && (!*csp || add(m, "Content-Security-Policy", csp)) &&
           add(m, "Referrer-Policy", "no-referrer") &&
           (q->a.caching || add(m, "Cache-Control", "no-store")) &&
           (!s->hsts[0] || !q->r.secure || add(m, "Strict-Transport-Security", s->hsts));
}

static const char *vary(const request *q, bool compressible)
{
    bool by_origin = q->server->n_origins > 0;
    if (compressible)
        return by_origin ? "Accept-Encoding, Origin" : "Accept-Encoding";
    return by_origin ? "Origin" : NULL;
}

static bool add_headers(struct MHD_Response *m, const request *q, const shape *sh)
{
    const mn_http_response *a = &q->a;
    const char *differs = vary(q, sh->compressible);
    bool good = (a->kind == BODY_NONE || add(m, "Content-Type", a->type)) &&
                (!q->r.id[0] || add(m, "X-Request-Id", q->r.id)) && add_security(m, q) && add_cors(m, q) &&
                add_validators(m, a) && (!differs || add(m, "Vary", differs)) &&
                (!sh->compressed || add(m, "Content-Encoding", "gzip")) &&
                (!sh->ranges || add(m, "Accept-Ranges", "bytes")) &&
                (!sh->content_range || add(m, "Content-Range", sh->content_range)) &&
                (!q->close_after || add(m, "Connection", "close"));
    for (const header_line *h = a->headers; good && h; h = h->next)
        good = add(m, h->name, h->value);
    return good;
}

/* ---- all of it -------------------------------------------------------------------------------------------
 */

static struct MHD_Response *create(request *q)
{
    mn_http_response *a = &q->a;
    struct MHD_Response *m;
    switch (a->kind) {
    case BODY_FD:
        m = MHD_create_response_from_fd_at_offset64(a->n, a->fd, a->offset);
        if (m)
            a->fd = -1; /* libmicrohttpd's */
        break;
    case BODY_STREAM:
        return mn_stream_response(q);
    default: /* the bytes are there until mn_on_completed, and are not looked at after it */
        m = MHD_create_response_from_buffer((size_t)a->n, (void *)(uintptr_t)a->bytes,
                                            MHD_RESPMEM_PERSISTENT);
    }
    if (m && q->r.method != MN_HTTP_HEAD)
        q->bytes_out = a->n;
    return m;
}

static bool may_be_partial(const request *q)
{
    return (q->r.method == MN_HTTP_GET || q->r.method == MN_HTTP_HEAD) &&
           mn_http_response_status(&q->a) == 200;
}

static void shape_body(request *q, shape *sh)
{
    mn_http_response *a = &q->a;
    sh->ranges = has_ranges(a);
    sh->compressible = may_compress(q);
    if (may_be_partial(q) && client_has_it(q))
        without_body(a, 304);
    else if (may_be_partial(q) && sh->ranges)
        sh->content_range = cut_to_range(q);
    if (sh->compressible && a->kind != BODY_NONE)
        sh->compressed = compress_body(q);
}

static bool must_close(const request *q)
{
    const mn_http_server *s = q->server;
    return q->close_after || atomic_load_explicit(&s->stopping, memory_order_relaxed) ||
           (s->o.requests_per_connection && q->conn->requests >= s->o.requests_per_connection);
}

void mn_answer_shape(request *q)
{
    if (q->a.failed)
        replace_failed(q);
    q->a.status = mn_http_response_status(&q->a);
    q->shape = (shape){.compressible = false};
    shape_body(q, &q->shape);
}

static struct MHD_Response *build(request *q)
{
    q->close_after = must_close(q);
    struct MHD_Response *m = q->a.failed ? NULL : create(q);
    if (m && !add_headers(m, q, &q->shape)) {
        MHD_destroy_response(m);
        m = NULL;
    }
    return m;
}

enum MHD_Result mn_answer_send(request *q)
{
    q->response = build(q);
    q->status = q->response ? q->a.status : 503;
    return MHD_queue_response(q->mhd, (unsigned)q->status,
                              q->response ? q->response : q->server->last_resort);
}
