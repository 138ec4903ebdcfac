/* What libmicrohttpd calls for a request, in this order: mn_on_line (the request line is there), mn_on_access
 * (the head is there; then each piece of the body; then all is there; and once more after a suspended
 * connection was resumed), mn_on_completed. All on the connection's I/O thread, one at a time. */
#include "net/http_internal.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

static const uint8_t empty_body[1];

/* The query is parsed where it is wanted (query.h). libmicrohttpd would do it here and now, and leave a
 * client without any answer where its parameters do not fit into a connection's memory. */
static void hide_query(const char *uri)
{
    char *query = (char *)(uintptr_t)strchr(uri, '?');
    if (query)
        query[1] = 0;
}

void *mn_on_line(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    mn_http_server *s = ((listener *)cls)->server;
    connection *c = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    mn_arena *arena = c ? mn_arena_borrow(s) : NULL;
    request *q = arena ? mn_arena_calloc(arena, 1, sizeof *q) : NULL;
    if (!q) {
        mn_arena_return(s, arena);
        return NULL; /* and mn_on_access closes the connection */
    }
    mn_request_abandon(c);
    c->current = q;
    mn_connection_phase(s, c, PHASE_HEAD);
    c->requests++;
    q->server = s;
    q->conn = c;
    q->mhd = mhd;
    q->r.arena = arena;
    q->r.body = empty_body;
    q->r.cancel = &s->cancel;
    q->r.target = mn_arena_strdup(arena, uri ? uri : "");
    if (uri)
        hide_query(uri);
    mn_response_init(&q->a, q);
    return q;
}

/* ---- handling --------------------------------------------------------------------------------------------
 */

static void handle(request *q)
{
    mn_http_server *s = q->server;
    if (mn_cancelled(&s->cancel))
        mn_answer_shed(q, "the server stops", -1);
    else if (q->r.deadline && mn_deadline_passed(q->r.deadline))
        mn_answer_shed(q, "the request waited too long in the queue", q->plan.run_on);
    else
        s->ops.handle(s->ctx, &q->r, &q->a);
    mn_answer_shape(q);
}

static void withhold(request *q, mn_code code)
{
    const mn_error why = {.code = code};
    mn_response_clear(&q->a);
    mn_http_fail(&q->a, &why);
    mn_answer_shape(q);
}

/* The last one who holds the answer sends it off; from there on the request is the I/O thread's. */
static void let_go(request *q)
{
    if (atomic_fetch_sub_explicit(&q->holds, 1, memory_order_acq_rel) > 1)
        return;
    mn_code code = (mn_code)atomic_load_explicit(&q->withheld, memory_order_relaxed);
    if (code != MN_OK)
        withhold(q, code);
    q->stage = STAGE_ANSWER;
    MHD_resume_connection(q->mhd);
}

void mn_http_hold(mn_http_request *r)
{
    request *q = (request *)r;
    assert(q->plan.run_on != MN_HTTP_IO);
    count_up(&q->server->held, 1);
    atomic_fetch_add_explicit(&q->holds, 1, memory_order_relaxed);
}

void mn_http_release(mn_http_request *r, mn_code code)
{
    request *q = (request *)r;
    mn_http_server *s = q->server;
    if (code != MN_OK)
        atomic_store_explicit(&q->withheld, (int)code, memory_order_relaxed);
    let_go(q);
    atomic_fetch_sub_explicit(&s->held, 1, memory_order_release);
}

static void work(void *job, unsigned worker)
{
    (void)worker;
    request *q = job;
    work_class *class = &q->server->classes[q->plan.run_on];
    q->queued_ns = mn_monotonic_ns() - q->queued_at;
    count_down(&class->queued, 1);
    count_up(&class->running, 1);
    atomic_store_explicit(&q->holds, 1, memory_order_relaxed);
    handle(q);
    count_down(&class->running, 1);
    count_up(&class->done, 1);
    let_go(q);
}

static void drop(void *job)
{
    request *q = job;
    count_down(&q->server->classes[q->plan.run_on].queued, 1);
    mn_answer_shed(q, "the server stops", -1);
    mn_answer_shape(q);
    q->stage = STAGE_ANSWER;
    MHD_resume_connection(q->mhd);
}

static enum MHD_Result hand_to_worker(request *q)
{
    mn_connection_phase(q->server, q->conn, PHASE_WORK);
    q->stage = STAGE_WORKING;
    q->queued_at = mn_monotonic_ns();
    MHD_suspend_connection(q->mhd);
    if (mn_work_submit(q->server, q->plan.run_on, work, drop, q, false))
        return MHD_YES;
    mn_answer_shed(q, "too many requests are waiting", q->plan.run_on);
    mn_answer_shape(q);
    q->stage = STAGE_ANSWER;
    MHD_resume_connection(q->mhd);
    return MHD_YES;
}

/* ---- bodies in pieces -------------------------------------------------------------------------------------
 */

void mn_http_take_body(mn_http_request *r, const mn_http_body_ops *ops, void *user)
{
    request *q = (request *)r;
    assert(q->plan.piece > 0 && !q->upload.ops);
    q->upload.ops = ops;
    q->upload.user = user;
}

static void handle_first(request *q)
{
    q->upload.begun = true;
    q->queued_ns = mn_monotonic_ns() - q->queued_at;
    count_down(&q->server->classes[q->plan.run_on].queued, 1);
    if (q->body.len) {
        q->r.body = q->body.data;
        q->r.body_len = q->body.len;
    }
    q->r.deadline = q->plan.deadline_ms > 0 ? mn_deadline_in_ms(q->plan.deadline_ms) : 0;
    q->server->ops.handle(q->server->ctx, &q->r, &q->a);
    q->r.body = empty_body;
    q->r.body_len = 0;
}

/* True: the answer is there. */
static bool take_next(request *q)
{
    mn_error why = {.code = MN_OK};
    if (mn_cancelled(&q->server->cancel)) {
        mn_answer_shed(q, "the server stops", -1);
        return true;
    }
    if (!q->upload.begun)
        handle_first(q);
    if (!q->upload.ops)
        return true;
    mn_code code = q->upload.ops->take(q->upload.user, q->body.len ? q->body.data : empty_body, q->body.len,
                                       q->upload.last, &q->a, &why);
    if (code != MN_OK) {
        mn_response_clear(&q->a);
        mn_http_fail(&q->a, &why);
    }
    return code != MN_OK || q->upload.last;
}

/* After the last piece the answer goes off; an earlier one waits until the client has sent what it sends. */
static void work_on_piece(void *job, unsigned worker)
{
    (void)worker;
    request *q = job;
    work_class *class = &q->server->classes[q->plan.run_on];
    count_up(&class->running, 1);
    atomic_store_explicit(&q->holds, 1, memory_order_relaxed);
    bool answered = take_next(q);
    mn_buf_clear(&q->body);
    count_down(&class->running, 1);
    count_up(&class->done, q->upload.last);
    if (answered && q->upload.last) {
        mn_answer_shape(q);
        let_go(q);
        return;
    }
    q->stage = answered ? STAGE_DRAIN : STAGE_BODY;
    mn_connection_phase(q->server, q->conn, PHASE_BODY);
    MHD_resume_connection(q->mhd);
}

static void shed_piece(request *q, const char *what, int class)
{
    mn_answer_shed(q, what, class);
    q->stage = q->upload.last ? STAGE_ANSWER : STAGE_DRAIN;
    if (q->upload.last)
        mn_answer_shape(q);
    else
        mn_connection_phase(q->server, q->conn, PHASE_BODY);
    MHD_resume_connection(q->mhd);
}

static void drop_piece(void *job)
{
    request *q = job;
    if (!q->upload.begun)
        count_down(&q->server->classes[q->plan.run_on].queued, 1);
    shed_piece(q, "the server stops", -1);
}

static enum MHD_Result hand_piece(request *q, bool last)
{
    q->upload.last = last;
    mn_connection_phase(q->server, q->conn, PHASE_WORK);
    q->stage = STAGE_WORKING;
    q->queued_at = mn_monotonic_ns();
    MHD_suspend_connection(q->mhd);
    if (!mn_work_submit(q->server, q->plan.run_on, work_on_piece, drop_piece, q, q->upload.begun))
        shed_piece(q, "too many requests are waiting", q->plan.run_on);
    return MHD_YES;
}

static enum MHD_Result send_answer(request *q)
{
    mn_connection_phase(q->server, q->conn, PHASE_SEND);
    q->stage = STAGE_SENDING;
    return mn_answer_send(q);
}

/* The request is there as a whole, and was not refused. */
static enum MHD_Result all_here(request *q)
{
    if (q->plan.piece > 0)
        return hand_piece(q, true);
    if (q->body.len) {
        q->r.body = q->body.data;
        q->r.body_len = q->body.len;
    }
    q->r.deadline = q->plan.deadline_ms > 0 ? mn_deadline_in_ms(q->plan.deadline_ms) : 0;
    if (q->plan.run_on != MN_HTTP_IO)
        return hand_to_worker(q);
    handle(q);
    return send_answer(q);
}

/* ---- the body --------------------------------------------------------------------------------------------
 */

static void too_long(request *q)
{
    char detail[128];
    snprintf(detail, sizeof detail, "the body is longer than %zu bytes", q->plan.body_max);
    const mn_problem p = {.status = 413,
                          .code = mn_code_word(MN_E_LIMIT),
                          .detail = mn_arena_strdup(q->r.arena, detail),
                          .action = q->plan.body_max ? "send less" : "send no body with this request"};
    mn_response_clear(&q->a);
    mn_http_problem(&q->a, &p);
}

/* The answer is known before the body was read. A client that still sends would not look at it, and a closed
 * socket with unread bytes resets the connection; so a short body is read and dropped, unless the client
 * waits to be told (Expect: 100-continue). */
static enum MHD_Result refuse(request *q)
{
    bool waits = mn_http_header_value(&q->r, "Expect") != NULL;
    if (!q->close_after && (q->announced == 0 || (!waits && q->announced <= DRAIN_MAX))) {
        q->stage = STAGE_DRAIN;
        mn_connection_phase(q->server, q->conn, PHASE_BODY);
        return MHD_YES;
    }
    q->close_after = true;
    mn_answer_shape(q);
    return send_answer(q);
}

/* Counts n bytes more of bodies in memory. False: that would be too many. */
static bool reserve(request *q, uint64_t n)
{
    mn_http_server *s = q->server;
    if (atomic_fetch_add(&s->body_bytes, n) + n > s->o.bodies_max) {
        count_down(&s->body_bytes, n);
        return false;
    }
    q->counted += n;
    return true;
}

bool mn_http_count_bytes(mn_http_request *r, uint64_t n)
{
    return reserve((request *)r, n);
}

static void give_up_body(request *q)
{
    q->stage = STAGE_DRAIN;
    q->overflow = true;
    mn_buf_finish(&q->body);
    count_down(&q->server->body_bytes, q->counted);
    q->counted = 0;
}

static enum MHD_Result drain(request *q, size_t *n)
{
    const uint64_t most = q->plan.piece > 0 ? q->server->o.body_max : DRAIN_MAX;
    q->drained += *n;
    atomic_fetch_add_explicit(&q->conn->received, *n, memory_order_relaxed);
    *n = 0;
    return q->drained > most ? MHD_NO : MHD_YES;
}

/* A byte stays with libmicrohttpd when a piece is handed over: while something is left unread it does not go
 * on with a suspended connection. */
static enum MHD_Result take_piece(request *q, const char *data, size_t *n)
{
    size_t room = q->body.max - q->body.len;
    bool full = *n >= room;
    size_t now = !full ? *n : room < *n ? room : *n - 1;
    atomic_fetch_add_explicit(&q->conn->received, now, memory_order_relaxed);
    q->upload.taken += now;
    if (q->upload.taken > q->plan.body_max) {
        give_up_body(q);
        too_long(q);
        return drain(q, n);
    }
    if (mn_buf_append(&q->body, data, now, NULL) != MN_OK) {
        give_up_body(q);
        mn_answer_shed(q, "there is no memory for the body", -1);
        return drain(q, n);
    }
    *n -= now;
    return full ? hand_piece(q, false) : MHD_YES;
}

static enum MHD_Result take(request *q, const char *data, size_t *n)
{
    atomic_fetch_add_explicit(&q->conn->received, *n, memory_order_relaxed);
    bool fits = *n <= q->body.max - q->body.len;
    bool room = fits && (q->announced != UINT64_MAX || reserve(q, *n));
    if (room && mn_buf_append(&q->body, data, *n, NULL) == MN_OK) {
        *n = 0;
        return MHD_YES;
    }
    give_up_body(q);
    if (!fits)
        too_long(q);
    else
        mn_answer_shed(q, "too much is being uploaded at once", -1);
    return drain(q, n);
}

/* ---- the head --------------------------------------------------------------------------------------------
 */

static bool shed_before_body(request *q)
{
    if (q->plan.run_on != MN_HTTP_IO && !mn_work_room(q->server, q->plan.run_on))
        mn_answer_shed(q, "too many requests are waiting", q->plan.run_on);
    else if (q->plan.piece > 0 ? !reserve(q, q->plan.piece)
                               : q->announced != UINT64_MAX && !reserve(q, q->announced))
        mn_answer_shed(q, "too much is being uploaded at once", -1);
    else
        return false;
    return true;
}

static bool valid_class(const mn_http_server *s, int class)
{
    return class == MN_HTTP_IO || (class >= 0 && class < MN_HTTP_CLASSES && s->classes[class].name);
}

static enum MHD_Result begin(request *q, const char *method, const char *url, const char *version)
{
    mn_http_server *s = q->server;
    q->r.began_ns = mn_monotonic_ns();
    count_up(&s->in_flight, 1);
    q->stage = STAGE_BODY;
    if (!mn_head_read(q, method, url, version) || mn_cors_preflight(q))
        return refuse(q);
    q->plan = (mn_http_plan){.run_on = MN_HTTP_IO, .deadline_ms = s->o.deadline_ms};
    q->known = true;
    s->ops.head(s->ctx, &q->r, &q->plan, &q->a);
    if (q->plan.body_max > s->o.body_max && q->plan.piece == 0)
        q->plan.body_max = s->o.body_max;
    if (!q->plan.refuse &&
        (!valid_class(s, q->plan.run_on) || (q->plan.piece > 0 && q->plan.run_on == MN_HTTP_IO))) {
        q->plan.refuse = true;
        q->a.failed = MN_E_INTERNAL;
    }
    if (!q->plan.refuse && q->announced != UINT64_MAX && q->announced > q->plan.body_max) {
        q->plan.refuse = true;
        too_long(q);
    }
    if (q->plan.refuse || shed_before_body(q))
        return refuse(q);
    mn_buf_init(&q->body, q->plan.piece > 0 ? q->plan.piece : q->plan.body_max);
    mn_connection_phase(s, q->conn, PHASE_BODY);
    return MHD_YES;
}

enum MHD_Result mn_on_access(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                             const char *version, const char *data, size_t *n, void **context)
{
    (void)cls, (void)mhd;
    request *q = *context;
    if (!q)
        return MHD_NO;
    switch (q->stage) {
    case STAGE_LINE:
        return begin(q, method, url, version);
    case STAGE_BODY:
        return !*n ? all_here(q) : q->plan.piece > 0 ? take_piece(q, data, n) : take(q, data, n);
    case STAGE_DRAIN:
        if (*n)
            return drain(q, n);
        mn_answer_shape(q);
        return send_answer(q);
    case STAGE_ANSWER:
        return send_answer(q);
    default:
        return MHD_NO;
    }
}

/* ---- the end ---------------------------------------------------------------------------------------------
 */

static void count_request(request *q, const mn_http_outcome *o)
{
    mn_http_server *s = q->server;
    if (q->r.began_ns)
        count_down(&s->in_flight, 1);
    count_up(&s->requests, 1);
    count_up(&s->bytes_in, o->bytes_in);
    count_up(&s->bytes_out, o->bytes_out);
    count_up(&s->status[o->status >= 100 && o->status < 600 ? o->status / 100 : 0], 1);
}

static void end(request *q, enum MHD_RequestTerminationCode why)
{
    mn_http_server *s = q->server;
    bool streamed = q->a.kind == BODY_STREAM;
    mn_http_outcome outcome = {
        .status = q->status,
        .bytes_in = q->plan.piece > 0 ? q->upload.taken : q->r.body_len,
        .bytes_out = q->bytes_out,
        .complete =
            q->status && why == MHD_REQUEST_TERMINATED_COMPLETED_OK && !(streamed && q->a.stream.failed),
        .took_ns = q->r.began_ns ? mn_monotonic_ns() - q->r.began_ns : 0,
        .queued_ns = q->queued_ns,
    };
    q->a.stream.failed |= streamed && !outcome.complete;
    if (q->known && s->ops.done)
        s->ops.done(s->ctx, &q->r, &outcome);
    count_request(q, &outcome);
    if (q->upload.ops)
        q->upload.ops->end(q->upload.user);
    mn_response_finish(&q->a);
    mn_buf_finish(&q->body);
    count_down(&s->body_bytes, q->counted);
    if (q->response)
        MHD_destroy_response(q->response);
    q->conn->current = NULL;
    mn_connection_phase(s, q->conn, PHASE_IDLE);
    mn_arena_return(s, q->r.arena);
}

void mn_on_completed(void *cls, struct MHD_Connection *mhd, void **context,
                     enum MHD_RequestTerminationCode why)
{
    (void)cls, (void)mhd;
    request *q = *context;
    *context = NULL;
    if (q)
        end(q, why);
}

/* Where libmicrohttpd answers by itself, because cookies or parameters do not fit into the connection's
 * memory, it forgets to say that the request is over. */
void mn_request_abandon(connection *c)
{
    if (c->current)
        end(c->current, MHD_REQUEST_TERMINATED_WITH_ERROR);
}
