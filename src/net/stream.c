/* Answers made piece by piece. libmicrohttpd asks for bytes when the client has taken the last ones; when the
 * piece at hand is used up, the connection is suspended and a worker makes the next one. So a slow client
 * holds one piece and no thread. A connection is suspended as long as a worker has the stream: they never
 * meet. */
#include "net/http_internal.h"
#include <string.h>
#include <sys/socket.h>

static void make(request *q)
{
    stream *s = &q->a.stream;
    mn_error why = {.code = MN_OK};
    mn_buf_clear(&s->piece);
    s->at = 0;
    if (mn_cancelled(&q->server->cancel) || s->ops->more(s->user, &s->piece, &s->last, &why) != MN_OK ||
        (!s->piece.len && !s->last))
        s->failed = true;
}

static void make_on_worker(void *job, unsigned worker)
{
    (void)worker;
    request *q = job;
    work_class *class = &q->server->classes[q->a.stream.run_on];
    count_up(&class->running, 1);
    make(q);
    count_down(&class->running, 1);
    MHD_resume_connection(q->mhd);
}

static void drop(void *job)
{
    request *q = job;
    q->a.stream.failed = true;
    MHD_resume_connection(q->mhd);
}

static void ask(request *q)
{
    stream *s = &q->a.stream;
    if (s->run_on == MN_HTTP_IO) {
        make(q);
        return;
    }
    s->asked = true;
    mn_connection_phase(q->server, q->conn, PHASE_WORK);
    MHD_suspend_connection(q->mhd);
    if (mn_work_submit(q->server, s->run_on, make_on_worker, drop, q, true))
        return;
    s->failed = true;
    MHD_resume_connection(q->mhd);
}

static ssize_t put_out(void *cls, uint64_t at, char *out, size_t max)
{
    (void)at;
    request *q = cls;
    stream *s = &q->a.stream;
    if (s->asked) {
        s->asked = false;
        mn_connection_phase(q->server, q->conn, PHASE_SEND);
    }
    if (!s->failed && !s->last && s->at == s->piece.len) {
        ask(q);
        if (s->asked)
            return 0;
    }
    if (s->failed) {
        /* libmicrohttpd marks the connection as closed and looks at it again with its next event, which a
         * client that has read everything never causes. */
        shutdown(q->conn->fd, SHUT_RDWR);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t n = s->piece.len - s->at;
    if (n == 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    n = n < max ? n : max;
    memcpy(out, s->piece.data + s->at, n);
    s->at += n;
    q->bytes_out += n;
    return (ssize_t)n;
}

/* To HEAD, libmicrohttpd 0.9.75 would send the last chunk of a chunked body; so there the connection's end
 * takes its place. */
struct MHD_Response *mn_stream_response(request *q)
{
    struct MHD_Response *m = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16 * 1024, put_out, q, NULL);
    if (m && q->r.method == MN_HTTP_HEAD)
        MHD_set_response_options(m, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return m;
}
