/* A request's head, checked once so that nobody behind has to: what two readers (a proxy and we) could take
 * for different things is refused. libmicrohttpd refuses the rest by itself: a malformed request line, header
 * or Content-Length, and what does not fit into its memory. */
#include "net/forwarded.h"
#include "net/http_internal.h"
#include "net/path.h"
#include "net/text.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool refused(request *q, int status, const char *code, const char *detail, const char *field,
                    const char *action)
{
    const mn_problem p = {.status = status,
                          .code = code,
                          .detail = detail,
                          .field = field,
                          .action = action ? action : "send it as HTTP/1.1 (RFC 9112) has it"};
    mn_http_problem(&q->a, &p);
    return false;
}

static bool malformed(request *q, const char *detail, const char *field)
{
    q->close_after = true; /* where this request ends is not sure */
    return refused(q, 400, "malformed_request", detail, field, NULL);
}

/* ---- headers ---------------------------------------------------------------------------------------------
 */

typedef struct {
    request *q;
    mn_http_header *headers;
    size_t n, max;
    bool bad, full, memory;
    const char *at, *end; /* of the head that is not accounted for yet */
} collecting;

/* libmicrohttpd's texts end at the first zero byte, it joins folded lines wrongly, and it takes LF alone for
 * the end of a line. All that shows between the names and values that it reports. From a name to its value
 * there must be nothing but blanks, and the zero byte that the colon became. */
static bool nothing_between(const char *from, const char *to)
{
    if (from > to)
        return false;
    for (; from < to; from++)
        if (*from && *from != ' ' && *from != '\t')
            return false;
    return true;
}

/* From a value to what follows there must be so many times CR LF, which became zero bytes. */
static bool is_line_end(const char *from, const char *to, ptrdiff_t times)
{
    static const char ends[4];
    return to - from == 2 * times && memcmp(from, ends, (size_t)(to - from)) == 0;
}

static bool accounted(collecting *c, const char *name, size_t name_len, const char *value, size_t value_len)
{
    if (!value || name < c->at || value < name || value + value_len > c->end ||
        !is_line_end(c->at, name, 1) || !nothing_between(name + name_len, value))
        return false;
    c->at = value + value_len;
    return true;
}

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
                               const char *value, size_t value_len)
{
    (void)kind;
    collecting *c = cls;
    if (c->n == c->max) {
        c->full = true;
        return MHD_NO;
    }
    if (!accounted(c, name, name_len, value, value_len)) {
        c->bad = true;
        return MHD_NO;
    }
    mn_trim(&value, &value_len);
    if (!mn_is_token(name, name_len) || !mn_is_field_value(value, value_len))
        c->bad = true;
    /* The text ends where the value does, but for blanks. */
    if (value[value_len]) {
        char *copy = mn_arena_alloc(c->q->r.arena, value_len + 1);
        if (!copy) {
            c->memory = true;
            return MHD_NO;
        }
        memcpy(copy, value, value_len);
        copy[value_len] = 0;
        value = copy;
    }
    c->headers[c->n++] = (mn_http_header){name, value};
    return MHD_YES;
}

static bool collect_headers(request *q, collecting *c)
{
    int there = MHD_get_connection_values_n(q->mhd, MHD_HEADER_KIND, NULL, NULL);
    c->max = there > 0 ? (size_t)there : 0;
    if (c->max > q->server->o.headers_max)
        c->max = q->server->o.headers_max;
    c->headers = mn_arena_calloc(q->r.arena, c->max + 1, sizeof *c->headers);
    if (!c->headers)
        return false;
    MHD_get_connection_values_n(q->mhd, MHD_HEADER_KIND, collect, c);
    c->bad |= !c->full && !c->memory && !is_line_end(c->at, c->end, 2);
    q->r.headers = c->headers;
    q->r.n_headers = c->n;
    return true;
}

static bool is_request_id(const char *text)
{
    size_t n = strlen(text);
    return n > 0 && n < MN_HTTP_ID_TEXT &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~:+/=-") == n;
}

static void read_id(request *q)
{
    const char *given = mn_http_header_value(&q->r, "X-Request-Id");
    if (given && is_request_id(given)) {
        snprintf(q->r.id, sizeof q->r.id, "%s", given);
    } else {
        mn_id id = mn_id_make();
        mn_id_format(&id, q->r.id);
    }
}

/* method: where the head begins in libmicrohttpd's buffer; version: the last of its first line. */
static bool check_headers(request *q, const char *method, const char *version)
{
    mn_http_server *s = q->server;
    size_t size = MHD_get_connection_info(q->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    bool known = strcmp(version, "HTTP/1.1") == 0 || strcmp(version, "HTTP/1.0") == 0;
    collecting c = {.q = q, .at = known ? version + strlen(version) : NULL, .end = method + size};
    bool memory = known ? collect_headers(q, &c) : true;
    read_id(q); /* the problem below carries it */
    if (!memory || c.memory)
        return refused(q, 503, mn_code_word(MN_E_MEMORY), NULL, NULL, NULL);
    q->close_after = true; /* until it is known where the request ends: see read_length */
    if (size > s->o.head_max || c.full)
        return refused(q, 431, "head_too_large", "the request has too many headers, or too long ones", NULL,
                       "send fewer and shorter headers");
    if (!known)
        return refused(q, 505, "version_unknown", "the version of HTTP must be 1.1 or 1.0", NULL, NULL);
    return !c.bad ||
           malformed(q, "a header has a character that it must not have, is folded, or ends without CR LF",
                     NULL);
}

const char *mn_http_header_value(const mn_http_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    return NULL;
}

static unsigned count(const mn_http_request *r, const char *name)
{
    unsigned n = 0;
    for (size_t i = 0; i < r->n_headers; i++)
        n += strcasecmp(r->headers[i].name, name) == 0;
    return n;
}

/* ---- framing ---------------------------------------------------------------------------------------------
 */

static bool read_length(request *q)
{
    const char *length = mn_http_header_value(&q->r, "Content-Length");
    const char *coding = mn_http_header_value(&q->r, "Transfer-Encoding");
    if (count(&q->r, "Content-Length") > 1)
        return malformed(q, "Content-Length is there more than once", "Content-Length");
    if (length && coding)
        return malformed(q, "both Content-Length and Transfer-Encoding are there", "Transfer-Encoding");
    if (coding && (count(&q->r, "Transfer-Encoding") > 1 || strcasecmp(coding, "chunked") != 0 || q->http10))
        return malformed(q, "Transfer-Encoding must be \"chunked\", once, in HTTP/1.1", "Transfer-Encoding");
    q->announced = coding ? UINT64_MAX : 0;
    if (length) {
        size_t n = strlen(length);
        if (n == 0 || n > 18 || strspn(length, "0123456789") != n)
            return malformed(q, "Content-Length is no number", "Content-Length");
        for (const char *p = length; *p; p++)
            q->announced = q->announced * 10 + (unsigned)(*p - '0');
    }
    q->close_after = false;
    return true;
}

static bool is_host(const char *text)
{
    size_t n = strlen(text);
    return n > 0 && n < 256 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") == n;
}

static bool read_host(request *q)
{
    const char *host = mn_http_header_value(&q->r, "Host");
    unsigned n = count(&q->r, "Host");
    q->r.host = host ? host : "";
    if (n > 1 || (n == 0 && !q->http10) || (host && !is_host(host)))
        return malformed(q, "there must be one Host header with a host", "Host");
    return true;
}

static bool read_expect(request *q)
{
    const char *expect = mn_http_header_value(&q->r, "Expect");
    return !expect || strcasecmp(expect, "100-continue") == 0 ||
           refused(q, 417, "expectation_failed", "only \"100-continue\" can be expected", "Expect", NULL);
}

/* Of compressed bodies the size is not known before they are unpacked. */
static bool read_encoding(request *q)
{
    const char *encoding = mn_http_header_value(&q->r, "Content-Encoding");
    return !encoding || q->announced == 0 || strcasecmp(encoding, "identity") == 0 ||
           refused(q, 415, mn_code_word(MN_E_UNSUPPORTED), "a compressed body is not read here",
                   "Content-Encoding", "send the body as it is");
}

/* ---- request line ----------------------------------------------------------------------------------------
 */

static bool read_method(request *q, const char *method)
{
    static const char *const names[] = {
        [MN_HTTP_GET] = "GET",        [MN_HTTP_HEAD] = "HEAD",   [MN_HTTP_POST] = "POST",
        [MN_HTTP_PUT] = "PUT",        [MN_HTTP_PATCH] = "PATCH", [MN_HTTP_DELETE] = "DELETE",
        [MN_HTTP_OPTIONS] = "OPTIONS"};
    q->r.method = MN_HTTP_OTHER;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(method, names[i]) == 0)
            q->r.method = (mn_http_method)i;
    return q->r.method != MN_HTTP_OTHER ||
           refused(q, 501, "method_unknown", "the method is not one that is known here", NULL, NULL);
}

/* The path within the target: also proxies' form "http://host/path". */
static const char *path_of(const char *target)
{
    size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
                    : strncasecmp(target, "https://", 8) == 0 ? 8
                                                              : 0;
    if (!scheme)
        return target;
    const char *path = target + scheme + strcspn(target + scheme, "/?");
    return *path == '/' ? path : "/";
}

static bool read_target(request *q)
{
    mn_error why = {.code = MN_OK};
    const char *target = q->r.target;
    if (!target)
        return refused(q, 503, mn_code_word(MN_E_MEMORY), NULL, NULL, NULL);
    if (strlen(target) > q->server->o.url_max)
        return refused(q, 414, "url_too_long", "the address is too long", NULL,
                       "send what is long in the body");
    for (const char *p = target; *p; p++)
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p == 0x7f)
            return malformed(q, "the address has a blank or a control character", NULL);
    if (strcmp(target, "*") == 0 && q->r.method == MN_HTTP_OPTIONS) {
        q->r.path = q->r.raw_path = "*";
        q->r.raw_path_len = 1;
        q->r.query = "";
        return true;
    }
    const char *raw = path_of(target);
    size_t n = strcspn(raw, "?#");
    char *path = mn_arena_alloc(q->r.arena, n + 1);
    if (!path)
        return refused(q, 503, mn_code_word(MN_E_MEMORY), NULL, NULL, NULL);
    if (raw[n] == '#')
        return malformed(q, "the address has a fragment (\"#\")", NULL);
    if (mn_path_decode(raw, n, path, &why))
        return refused(q, 400, "malformed_path", why.text, NULL, "check the address and the ids in it");
    q->r.path = path;
    q->r.raw_path = raw;
    q->r.raw_path_len = n;
    q->r.query = raw[n] == '?' ? raw + n + 1 : "";
    return true;
}

/* ---- who asks --------------------------------------------------------------------------------------------
 */

/* All headers of a name as one list, as RFC 9110 5.3 has it. */
static const char *joined(request *q, const char *name)
{
    const char *all = NULL;
    for (size_t i = 0; i < q->r.n_headers; i++)
        if (strcasecmp(q->r.headers[i].name, name) == 0)
            all = all ? mn_arena_printf(q->r.arena, "%s, %s", all, q->r.headers[i].value)
                      : q->r.headers[i].value;
    return all;
}

static void read_peer(request *q)
{
    const mn_http_server *s = q->server;
    q->r.peer = q->conn->peer;
    q->r.secure = q->conn->tls;
    if (!s->n_proxies || !mn_networks_have(s->proxies, s->n_proxies, &q->r.peer))
        return;
    bool rfc7239 = s->o.forwarded_header;
    const char *list = joined(q, rfc7239 ? "Forwarded" : "X-Forwarded-For");
    if (list)
        q->r.peer = mn_forwarded_peer(list, rfc7239, &q->conn->peer, s->proxies, s->n_proxies);
    const char *proto = rfc7239 ? NULL : mn_http_header_value(&q->r, "X-Forwarded-Proto");
    if (rfc7239 ? list && mn_forwarded_secure(list) : proto && strcasecmp(proto, "https") == 0)
        q->r.secure = true;
}

/* The origin of a page that may read the answer (CORS). */
static void read_origin(request *q)
{
    const mn_http_server *s = q->server;
    const char *origin = s->any_origin || s->n_origins ? mn_http_header_value(&q->r, "Origin") : NULL;
    if (!origin)
        return;
    if (s->any_origin)
        q->origin = "*";
    for (size_t i = 0; i < s->n_origins && !q->origin; i++)
        if (strcmp(s->origins[i], origin) == 0)
            q->origin = s->origins[i];
}

/* libmicrohttpd hands out texts that end at the first zero byte; but target and version lie in one buffer, a
 * blank apart, so that a target with one inside is shorter than the room between them. */
static bool read_line(request *q, const char *url, const char *version)
{
    q->http10 = strcmp(version, "HTTP/1.0") == 0;
    size_t room = version > url ? (size_t)(version - url) - 1 : 0;
    return room == strlen(q->r.target ? q->r.target : "") ||
           malformed(q, "the request line has a zero byte or too many blanks", NULL);
}

bool mn_head_read(request *q, const char *method, const char *url, const char *version)
{
    q->r.path = q->r.raw_path = q->r.query = q->r.host = "";
    bool good = check_headers(q, method, version);
    read_peer(q);
    read_origin(q);
    return good && read_line(q, url, version) && read_length(q) && read_host(q) && read_method(q, method) &&
           read_target(q) && read_expect(q) && read_encoding(q);
}

bool mn_cors_preflight(request *q)
{
    if (q->r.method != MN_HTTP_OPTIONS || !mn_http_header_value(&q->r, "Access-Control-Request-Method") ||
        !mn_http_header_value(&q->r, "Origin"))
        return false;
    mn_http_status(&q->a, 204);
    if (q->origin) {
        mn_http_header_add(&q->a, "Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
        mn_http_header_add(&q->a, "Access-Control-Allow-Headers",
                           "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Range, "
                           "X-CSRF-Token, X-Request-Id");
        mn_http_header_add(&q->a, "Access-Control-Max-Age", "600");
    }
    return true;
}
