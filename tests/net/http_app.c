#include "http_app.h"
#include "support.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

http_app app;

#define WORK 0
#define SLOW 1

static bool is(const mn_http_request *r, const char *path)
{
    return strcmp(r->path, path) == 0;
}

static void pause_ms(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static void head(void *ctx, mn_http_request *r, mn_http_plan *plan, mn_http_response *a)
{
    (void)ctx;
    if (is(r, "/refuse")) {
        const mn_problem p = {.status = 401, .code = "unauthorized", .action = "log in"};
        mn_http_problem(a, &p);
        plan->refuse = true;
    } else if (is(r, "/work")) {
        plan->run_on = WORK;
        plan->body_max = (size_t)4 * 1024 * 1024;
    } else if (is(r, "/gate") || is(r, "/late") || is(r, "/long") || is(r, "/held")) {
        plan->run_on = SLOW;
        plan->deadline_ms = is(r, "/late") ? (int)strtol(r->query, NULL, 10) : 0;
    } else if (is(r, "/echo")) {
        plan->body_max = 100000;
    }
}

/* ---- streams ---------------------------------------------------------------------------------------------
 */

typedef struct {
    int made, lines, cut_after;
} lines;

static mn_code more(void *stream, mn_buf *out, bool *last, mn_error *err)
{
    lines *s = stream;
    for (int i = 0; i < 100 && s->made < s->lines; i++, s->made++) {
        mn_code code = mn_buf_printf(out, err, "line %d\n", s->made);
        if (code)
            return code;
    }
    if (s->cut_after && s->made > s->cut_after) {
        usleep(100 * 1000); /* the client has read all that came before, and waits */
        return mn_fail(err, MN_E_IO, "cut");
    }
    *last = s->made == s->lines;
    return MN_OK;
}

static void end(void *stream, bool complete)
{
    atomic_fetch_add(complete ? &app.streams_whole : &app.streams_cut, 1);
    free(stream);
}

static void answer_stream(mn_http_response *a, int n, int cut_after, int run_on)
{
    static const mn_http_stream_ops ops = {more, end};
    lines *s = calloc(1, sizeof *s);
    assert_non_null(s);
    *s = (lines){.lines = n, .cut_after = cut_after};
    mn_http_body_stream(a, "text/csv", run_on, &ops, s);
}

/* ---- answers ---------------------------------------------------------------------------------------------
 */

static void answer_file(mn_http_response *a)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/file", mn_test_folder());
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    mn_http_validators(a, "\"f1\"", INT64_C(784111777) * MN_TIME_SECOND);
    mn_http_body_fd(a, "video/mp4", fd, 10);
}

static void answer_json(mn_http_response *a)
{
    mn_buf out;
    mn_buf_init(&out, 20000);
    for (int i = 0; i < 1000; i++)
        assert_ok(mn_buf_printf(&out, err, "{\"n\":%3d}", i % 1000));
    mn_http_body_buf(a, "application/json", &out);
}

static void answer_who(mn_http_request *r, mn_http_response *a)
{
    char peer[MN_ADDRESS_TEXT];
    mn_address_format(&r->peer, peer);
    char *text =
        mn_arena_printf(r->arena, "%s %s %s %s", peer, r->secure ? "secure" : "plain", r->host, r->id);
    mn_http_body(a, "text/plain", text, strlen(text));
}

static void wait_for_gate(void)
{
    atomic_fetch_add(&app.in_gate, 1);
    while (!atomic_load(&app.gate))
        pause_ms(2);
}

static void *release_later(void *request)
{
    mn_http_request *r = request;
    mn_code code = (mn_code)strtol(r->query, NULL, 10);
    while (!atomic_load(&app.gate))
        pause_ms(2);
    mn_http_release(r, code);
    mn_http_release(r, MN_OK);
    return NULL;
}

/* Twice, as who looks at two people. */
static void hold(mn_http_request *r, mn_http_response *a)
{
    pthread_t thread;
    mn_http_hold(r);
    mn_http_hold(r);
    assert_int_equal(pthread_create(&thread, NULL, release_later, r), 0);
    pthread_detach(thread);
    mn_http_header_add(a, "X-Seen", "Anna");
    mn_http_body(a, "text/plain", "told", 4);
    atomic_fetch_add(&app.holding, 1);
}

static void wait_for_end(const mn_http_request *r, mn_http_response *a)
{
    atomic_fetch_add(&app.waiting, 1);
    while (!mn_cancelled(r->cancel) && !(r->deadline && mn_deadline_passed(r->deadline)))
        pause_ms(2);
    mn_http_body(a, "text/plain", mn_cancelled(r->cancel) ? "stop" : "deadline",
                 mn_cancelled(r->cancel) ? 4 : 8);
}

static void handle_rest(mn_http_request *r, mn_http_response *a)
{
    if (is(r, "/fail")) {
        mn_error why;
        mn_fail(&why, MN_E_NOT_FOUND, "no person \"x\"");
        mn_http_fail(a, &why);
    } else if (is(r, "/bad-header")) {
        mn_http_header_add(a, "X-A", "a\r\nSet-Cookie: b");
        mn_http_body(a, "text/plain", "x", 1);
    } else if (is(r, "/stream")) {
        answer_stream(a, (int)strtol(r->query, NULL, 10), 0, WORK);
    } else if (is(r, "/stream-io")) {
        answer_stream(a, (int)strtol(r->query, NULL, 10), 0, MN_HTTP_IO);
    } else if (is(r, "/stream-cut")) {
        answer_stream(a, 1000, 100, WORK);
    } else if (strncmp(r->path, "/q/", 3) == 0) {
        char *text = mn_arena_printf(r->arena, "%s|%s", r->path, r->query);
        mn_http_body(a, "text/plain", text, strlen(text));
    } else if (!is(r, "/empty")) {
        const mn_problem p = {.status = 404, .code = "not_found"};
        mn_http_problem(a, &p);
    }
}

static void handle(void *ctx, mn_http_request *r, mn_http_response *a)
{
    (void)ctx;
    if (is(r, "/hello")) {
        mn_http_body(a, "text/plain", "hello", 5);
    } else if (is(r, "/echo") || is(r, "/work")) {
        assert_int_equal(r->body[r->body_len], 0);
        mn_http_header_add(a, "X-Length", mn_arena_printf(r->arena, "%zu", r->body_len));
        mn_http_body(a, "application/octet-stream", r->body, r->body_len);
    } else if (is(r, "/gate")) {
        wait_for_gate();
        mn_http_body(a, "text/plain", "through", 7);
    } else if (is(r, "/late") || is(r, "/long")) {
        wait_for_end(r, a);
    } else if (is(r, "/held")) {
        hold(r, a);
    } else if (is(r, "/json")) {
        answer_json(a);
    } else if (is(r, "/media")) {
        mn_http_validators(a, "\"v1\"", 0);
        mn_http_body(a, "image/jpeg", "0123456789", 10);
    } else if (is(r, "/file")) {
        answer_file(a);
    } else if (is(r, "/who")) {
        answer_who(r, a);
    } else {
        handle_rest(r, a);
    }
}

static void done(void *ctx, mn_http_request *r, const mn_http_outcome *o)
{
    (void)ctx, (void)r;
    app.done_status = o->status;
    app.done_complete = o->complete;
    atomic_fetch_add(&app.done, 1);
}

/* ---- life ------------------------------------------------------------------------------------------------
 */

mn_http_options app_options(void)
{
    mn_http_options o;
    mn_http_options_default(&o);
    o.listen = "127.0.0.1:0";
    o.io_threads = 2;
    o.classes[WORK] = (mn_http_class){"work", 2, 16};
    o.classes[SLOW] = (mn_http_class){"slow", 1, 2};
    o.stop_ms = 2000;
    return o;
}

void app_start(const mn_http_options *o)
{
    static const mn_http_ops ops = {head, handle, done};
    memset(&app, 0, sizeof app);
    assert_ok(mn_http_server_create(o, &ops, NULL, &app.server, err));
    assert_ok(mn_http_server_start(app.server, err));
    app.port = mn_http_server_port(app.server, 0);
}

void app_stop(void)
{
    mn_http_server_destroy(app.server);
    app.server = NULL;
}

void gate_open(void)
{
    atomic_store(&app.gate, 1);
}

void wait_until(_Atomic unsigned *counter, unsigned value)
{
    while (atomic_load(counter) < value)
        pause_ms(2);
}
