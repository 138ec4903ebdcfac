/* What the application fills in. A setter that cannot do its work remembers why; mn_answer_shape makes a
 * problem of it. */
#include "net/http_internal.h"
#include "net/range.h"
#include "net/text.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void mn_response_init(mn_http_response *a, request *q)
{
    *a = (mn_http_response){.q = q, .fd = -1};
}

static void drop_body(mn_http_response *a)
{
    if (a->kind == BODY_BUF)
        mn_buf_finish(&a->buf);
    if (a->kind == BODY_FD && a->fd >= 0)
        close(a->fd);
    if (a->kind == BODY_STREAM) {
        mn_buf_finish(&a->stream.piece);
        a->stream.ops->end(a->stream.user, a->stream.last && !a->stream.failed);
    }
    a->kind = BODY_NONE;
    a->fd = -1;
    a->bytes = NULL;
    a->n = a->offset = 0;
}

void mn_response_finish(mn_http_response *a)
{
    if (a->kind == BODY_STREAM && !(a->stream.last && a->stream.at == a->stream.piece.len))
        a->stream.failed = true;
    drop_body(a);
}

void mn_response_clear(mn_http_response *a)
{
    if (a->kind == BODY_STREAM)
        a->stream.failed = true;
    drop_body(a);
    mn_response_init(a, a->q);
}

void mn_http_status(mn_http_response *a, int status)
{
    if (status < 200 || status > 599)
        a->failed = MN_E_INTERNAL;
    a->status = status;
}

int mn_http_response_status(const mn_http_response *a)
{
    return a->status ? a->status : a->kind == BODY_NONE ? 204 : 200;
}

static const char *copy(mn_http_response *a, const char *text)
{
    const char *kept = mn_arena_strdup(a->q->r.arena, text);
    if (!kept)
        a->failed = MN_E_MEMORY;
    return kept;
}

void mn_http_header_add(mn_http_response *a, const char *name, const char *value)
{
    if (!mn_is_token(name, strlen(name)) || !mn_is_field_value(value, strlen(value)) ||
        strcasecmp(name, "Content-Length") == 0 || strcasecmp(name, "Transfer-Encoding") == 0) {
        a->failed = MN_E_INTERNAL;
        return;
    }
    header_line *line = mn_arena_alloc(a->q->r.arena, sizeof *line);
    const char *kept_name = copy(a, name), *kept_value = copy(a, value);
    if (!line || !kept_name || !kept_value) {
        a->failed = MN_E_MEMORY;
        return;
    }
    a->caching |= strcasecmp(name, "Cache-Control") == 0;
    a->encoded |= strcasecmp(name, "Content-Encoding") == 0;
    *line = (header_line){.name = kept_name, .value = kept_value};
    header_line **at = &a->headers;
    while (*at)
        at = &(*at)->next;
    *at = line;
}

void mn_http_body(mn_http_response *a, const char *type, const void *bytes, size_t n)
{
    drop_body(a);
    a->kind = BODY_BYTES;
    a->type = type;
    a->bytes = n ? bytes : "";
    a->n = n;
}

void mn_http_body_buf(mn_http_response *a, const char *type, mn_buf *buf)
{
    drop_body(a);
    a->kind = BODY_BUF;
    a->type = type;
    a->buf = *buf;
    a->bytes = a->buf.len ? a->buf.data : (const uint8_t *)"";
    a->n = a->buf.len;
    mn_buf_init(buf, buf->max);
}

void mn_http_body_fd(mn_http_response *a, const char *type, int fd, uint64_t size)
{
    drop_body(a);
    a->kind = BODY_FD;
    a->type = type;
    a->fd = fd;
    a->n = size;
}

void mn_http_body_stream(mn_http_response *a, const char *type, int run_on, const mn_http_stream_ops *ops,
                         void *user)
{
    drop_body(a);
    a->kind = BODY_STREAM;
    a->type = type;
    a->stream = (stream){.ops = ops, .user = user, .run_on = run_on};
    mn_buf_init(&a->stream.piece, MN_HTTP_PIECE);
    if (run_on != MN_HTTP_IO &&
        (run_on < 0 || run_on >= MN_HTTP_CLASSES || !a->q->server->classes[run_on].name))
        a->failed = MN_E_INTERNAL;
}

void mn_http_validators(mn_http_response *a, const char *etag, mn_time modified)
{
    if (etag && !mn_etag_valid(etag)) {
        a->failed = MN_E_INTERNAL;
        return;
    }
    a->etag = etag ? copy(a, etag) : NULL;
    a->modified = modified;
}

void mn_http_csp(mn_http_response *a, const char *policy)
{
    if (mn_is_field_value(policy, strlen(policy)))
        a->csp = copy(a, policy);
    else
        a->failed = MN_E_INTERNAL;
}

void mn_http_problem(mn_http_response *a, const mn_problem *p)
{
    mn_buf json;
    mn_buf_init(&json, MN_PROBLEM_MAX * 8);
    a->status = p->status;
    if (mn_problem_render(p, a->q->r.id, &json, NULL) != MN_OK) {
        mn_buf_finish(&json);
        drop_body(a);
        a->failed = MN_E_MEMORY;
        return;
    }
    mn_http_body_buf(a, MN_PROBLEM_TYPE, &json);
    if (p->retry_after_s > 0) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", p->retry_after_s);
        mn_http_header_add(a, "Retry-After", seconds);
    }
}

void mn_http_fail(mn_http_response *a, const mn_error *why)
{
    mn_problem p = mn_problem_of(why);
    if (p.status == 503)
        p.retry_after_s = a->q->server->o.retry_after_s;
    mn_http_problem(a, &p);
}

void mn_answer_shed(request *q, const char *what, int class)
{
    const mn_problem p = {.status = 503,
                          .code = mn_code_word(MN_E_BUSY),
                          .detail = what,
                          .action = "try again later",
                          .retry_after_s = q->server->o.retry_after_s};
    count_up(&q->server->shed, 1);
    if (class >= 0)
        count_up(&q->server->classes[class].shed, 1);
    mn_response_clear(&q->a);
    mn_http_problem(&q->a, &p);
}
