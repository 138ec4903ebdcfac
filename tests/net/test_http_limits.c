/* What a server does when there is too much of everything: slow clients, full queues, many connections, and
 * its end. Nothing here measures time: each test waits for what must happen in the end. */
#include "base/alloc.h"
#include "http_app.h"
#include "http_client.h"
#include "support.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define IDLE 1000
#define SLOW 200

static int stop(void **state)
{
    (void)state;
    gate_open();
    app_stop();
    return 0;
}

static mn_http_stats stats(void)
{
    mn_http_stats s;
    mn_http_server_stats(app.server, &s);
    return s;
}

static void served(void)
{
    reply r = get(app.port, "/work", "");
    assert_int_equal(r.status, 200);
    reply_free(&r);
}

/* ---- slow clients ----------------------------------------------------------------------------------------
 */

static int start_impatient(void **state)
{
    (void)state;
    mn_http_options o = app_options();
    o.head_ms = o.body_ms = o.send_ms = o.idle_ms = 300;
    app_start(&o);
    return 0;
}

static void slow_heads_are_cut_off(void **state)
{
    (void)state;
    static const char *const beginnings[] = {"", "GE", "GET /hello HTTP/1.1\r\nHost: a\r\n"};
    for (size_t i = 0; i < 3; i++) {
        int fd = dial(app.port);
        say(fd, beginnings[i]);
        assert_true(is_closed(fd));
        close(fd);
    }
    /* Bytes now and then do not help. */
    int fd = dial(app.port);
    say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\nX: ");
    const struct timeval soon = {.tv_usec = 50000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    char byte;
    ssize_t n = -1;
    for (int i = 0; i < 200 && n < 0; i++) {
        say(fd, "x");
        n = recv(fd, &byte, 1, 0);
        if (n < 0 && errno == ECONNRESET)
            n = 0;
    }
    assert_int_equal(n, 0);
    close(fd);
    assert_int_equal(stats().connections_cut, 4);
}

static void slow_bodies_and_idle_connections_are_cut_off(void **state)
{
    (void)state;
    int fd = dial(app.port);
    say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    assert_true(is_closed(fd));
    close(fd);
    fd = dial(app.port);
    say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    reply r = hear(fd);
    assert_int_equal(r.status, 200);
    reply_free(&r);
    assert_true(is_closed(fd));
    close(fd);
}

static void slow_readers_are_cut_off(void **state)
{
    (void)state;
    int small = 4096, fd = dial(app.port);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    say(fd, "GET /stream?10000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_until(&app.streams_cut, 1);
    close(fd);
}

static void who_waits_for_a_worker_is_not_cut_off(void **state)
{
    (void)state;
    int waiting = dial(app.port), other = dial(app.port);
    say(waiting, "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_until(&app.in_gate, 1);
    assert_true(is_closed(other)); /* so the idle time is over for both */
    close(other);
    gate_open();
    reply r = hear(waiting);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "through");
    reply_free(&r);
    close(waiting);
}

/* ---- many ------------------------------------------------------------------------------------------------
 */

static int start_patient(void **state)
{
    (void)state;
    mn_http_options o = app_options();
    o.connections_per_address = 0;
    /* Nobody is cut off, however slow the machine is. */
    o.head_ms = o.body_ms = o.send_ms = o.idle_ms = 600000;
    app_start(&o);
    return 0;
}

/* The last bytes and the end are one packet. */
static void who_hangs_up_is_not_waited_for(void **state)
{
    (void)state;
    static const char *const last[] = {"\r\n", "GET /hel", "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
                                       "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"};
    for (size_t i = 0; i < 4; i++) {
        int on = 1, fd = dial(app.port);
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on), 0);
        say(fd, last[i]);
        shutdown_sending(fd);
        if (i == 2) {
            reply r = hear(fd);
            assert_int_equal(r.status, 200);
            reply_free(&r);
        }
        assert_true(is_closed(fd));
        close(fd);
    }
}

static void a_thousand_idle_and_slow_connections_do_no_harm(void **state)
{
    (void)state;
    const struct rlimit room = {8192, 8192};
    setrlimit(RLIMIT_NOFILE, &room);
    struct rlimit now;
    getrlimit(RLIMIT_NOFILE, &now);
    mn_test_need(now.rlim_cur >= 3000, "3 000 open files (ulimit -n)");
    static int fds[IDLE + SLOW];
    for (int i = 0; i < IDLE + SLOW; i++) {
        fds[i] = dial(app.port);
        if (i < IDLE) {
            say(fds[i], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
            reply r = hear(fds[i]);
            assert_int_equal(r.status, 200);
            reply_free(&r);
        } else if (i % 3 == 0) {
            say(fds[i], "GET /hello HTTP/1.1\r\nHo");
        } else if (i % 3 == 1) {
            say(fds[i], "POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc");
        } else {
            int small = 4096;
            setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
            say(fds[i], "GET /stream?10000000 HTTP/1.1\r\nHost: a\r\n\r\n");
        }
    }
    for (int i = 0; i < 200; i++)
        served();
    assert_true(stats().connections >= IDLE + SLOW);
    assert_int_equal(stats().shed, 0);
    for (int i = 0; i < IDLE + SLOW; i++)
        close(fds[i]);
    served();
}

static int start_narrow(void **state)
{
    (void)state;
    mn_http_options o = app_options();
    o.connections_per_address = 3;
    o.requests_per_connection = 2;
    o.bodies_max = 1000;
    app_start(&o);
    return 0;
}

static void an_address_has_so_many_connections(void **state)
{
    (void)state;
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(app.port);
        say(fds[i], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        reply r = hear(fds[i]);
        assert_int_equal(r.status, 200);
        reply_free(&r);
    }
    int more = dial(app.port);
    assert_true(is_closed(more));
    close(more);
    assert_int_equal(stats().connections_refused, 1);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    while (stats().connections)
        usleep(2000);
    served();
}

static void a_connection_has_so_many_requests(void **state)
{
    (void)state;
    int fd = dial(app.port);
    say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello "
            "HTTP/1.1\r\nHost: a\r\n\r\n");
    reply r = hear(fd);
    assert_null(header(&r, "Connection"));
    reply_free(&r);
    r = hear(fd);
    assert_string_equal(header(&r, "Connection"), "close");
    reply_free(&r);
    assert_true(is_closed(fd));
    close(fd);
}

static void bodies_in_memory_are_counted(void **state)
{
    (void)state;
    int fd = dial(app.port);
    say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\nabc");
    while (stats().body_bytes != 900)
        usleep(2000);
    reply r = ask(app.port,
                  "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(r.status, 503);
    assert_string_equal(header(&r, "Retry-After"), "1");
    assert_non_null(strstr(r.body, "\"code\":\"busy\""));
    reply_free(&r);
    close(fd);
    while (stats().body_bytes)
        usleep(2000);
    r = ask(app.port, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert_int_equal(r.status, 200);
    reply_free(&r);
}

/* ---- full queues -----------------------------------------------------------------------------------------
 */

static void a_full_queue_sheds_and_recovers(void **state)
{
    (void)state;
    static const char gate[] = "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n";
    int fds[3];
    for (int i = 0; i < 3; i++) { /* one works, two wait */
        fds[i] = dial(app.port);
        say(fds[i], gate);
        if (i == 0)
            wait_until(&app.in_gate, 1);
        while (stats().classes[1].queued < (unsigned)i)
            usleep(2000);
    }
    /* Before the body: who expects 100 gets 503 instead. */
    reply r = ask(app.port, "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(r.status, 503);
    assert_string_equal(header(&r, "Retry-After"), "1");
    assert_null(header(&r, "Connection"));
    reply_free(&r);
    assert_int_equal(stats().classes[1].shed, 1);
    assert_int_equal(stats().shed, 1);
    served(); /* another class is not concerned */
    gate_open();
    for (int i = 0; i < 3; i++) {
        r = hear(fds[i]);
        assert_int_equal(r.status, 200);
        assert_string_equal(r.body, "through");
        reply_free(&r);
        close(fds[i]);
    }
    r = ask(app.port, gate);
    assert_int_equal(r.status, 200);
    reply_free(&r);
    assert_int_equal(stats().classes[1].queued, 0);
}

/* ---- answers that are held ---- */

/* Three by the one worker of their class, which is free for each next one. */
static void held_answers_take_no_worker(void **state)
{
    (void)state;
    int fds[3];
    for (unsigned i = 0; i < 3; i++) {
        char text[64];
        fds[i] = dial(app.port);
        snprintf(text, sizeof text, "GET /held?%d HTTP/1.1\r\nHost: a\r\n\r\n", i == 1 ? MN_E_FULL : MN_OK);
        say(fds[i], text);
        wait_until(&app.holding, i + 1);
    }
    served();
    while (stats().in_flight != 3)
        usleep(2000); /* the answer came before its request was counted out */
    gate_open();
    for (int i = 0; i < 3; i++) {
        reply r = hear(fds[i]);
        assert_int_equal(r.status, i == 1 ? 507 : 200);
        assert_int_equal(strcmp(r.body, "told") == 0, i != 1);
        assert_int_equal(header(&r, "X-Seen") != NULL, i != 1);
        reply_free(&r);
        close(fds[i]);
    }
}

static void *open_later(void *arg)
{
    (void)arg;
    usleep(300000); /* after all that stopping waits for otherwise */
    gate_open();
    return NULL;
}

static void stopping_waits_for_held_answers(void **state)
{
    (void)state;
    pthread_t opener;
    int fd = dial(app.port);
    say(fd, "GET /held?0 HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_until(&app.holding, 1);
    assert_int_equal(pthread_create(&opener, NULL, open_later, NULL), 0);
    mn_http_server_stop(app.server);
    assert_int_equal(stats().in_flight, 0);
    reply r = hear(fd);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "told");
    reply_free(&r);
    pthread_join(opener, NULL);
    close(fd);
}

/* ---- the end ---------------------------------------------------------------------------------------------
 */

static void *stop_server(void *arg)
{
    (void)arg;
    mn_http_server_stop(app.server);
    return NULL;
}

static int start_without_haste(void **state)
{
    (void)state;
    mn_http_options o = app_options();
    o.stop_ms = 600000;
    app_start(&o);
    return 0;
}

static void stopping_finishes_what_runs(void **state)
{
    (void)state;
    pthread_t stopper;
    int idle = dial(app.port), busy = dial(app.port);
    say(idle, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    reply r = hear(idle);
    reply_free(&r);
    say(busy, "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_until(&app.in_gate, 1);
    pthread_create(&stopper, NULL, stop_server, NULL);
    assert_true(is_closed(idle));
    assert_true(is_refused(app.port)); /* not left waiting for a server that goes */
    gate_open();
    r = hear(busy);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "through");
    assert_string_equal(header(&r, "Connection"), "close");
    reply_free(&r);
    pthread_join(stopper, NULL);
    close(idle);
    close(busy);
}

static int start_hasty(void **state)
{
    (void)state;
    mn_http_options o = app_options();
    o.stop_ms = 100;
    app_start(&o);
    return 0;
}

/* One runs until it sees `cancel`, one waits in the queue, one sends its body, one reads a stream. */
static void stopping_does_not_wait_for_ever(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "GET /long HTTP/1.1\r\nHost: a\r\n\r\n", "GET /long HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc",
        "GET /stream?10000000 HTTP/1.1\r\nHost: a\r\n\r\n"};
    int fds[4];
    for (int i = 0; i < 4; i++) {
        fds[i] = dial(app.port);
        say(fds[i], requests[i]);
    }
    reply r = hear_head(fds[3]);
    assert_int_equal(r.status, 200);
    wait_until(&app.waiting, 1);
    while (stats().in_flight < 4)
        usleep(2000);
    mn_http_server_stop(app.server);
    assert_int_equal(stats().in_flight, 0);
    assert_int_equal(stats().connections, 0);
    int answered[2];
    for (int i = 0; i < 2; i++) {
        r = hear(fds[i]);
        answered[i] = r.status;
        reply_free(&r);
    }
    /* The one that ran saw the stop; the other one was not begun. */
    assert_int_equal(answered[0] + answered[1], 200 + 503);
    for (int i = 0; i < 4; i++) {
        assert_true(is_closed(fds[i]));
        close(fds[i]);
    }
    assert_int_equal(app.streams_cut, 1);
}

static void deadlines_are_the_handler_s_to_see(void **state)
{
    (void)state;
    /* A busy machine may begin it too late; with more time, in the end, it does not. */
    reply r = {.status = 503};
    for (unsigned ms = 50; r.status == 503; ms *= 2) {
        char path[32];
        reply_free(&r);
        snprintf(path, sizeof path, "/late?%u", ms);
        r = get(app.port, path, "");
    }
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "deadline");
    reply_free(&r);
    /* What waited past its deadline is not begun. */
    int first = dial(app.port), second = dial(app.port);
    say(first, "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_until(&app.in_gate, 1);
    say(second, "GET /late?50 HTTP/1.1\r\nHost: a\r\n\r\n");
    while (stats().classes[1].queued < 1)
        usleep(2000);
    usleep(60000);
    gate_open();
    r = hear(second);
    assert_int_equal(r.status, 503);
    reply_free(&r);
    close(first);
    close(second);
}

/* From some allocation on there is no memory: the answer is a problem, or the connection ends; the server
 * goes on. */
static void memory_may_run_out(void **state)
{
    (void)state;
    static const char *const requests[] = {"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
                                           "GET /none HTTP/1.1\r\nHost: a\r\n\r\n",
                                           "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
                                           "GET /stream?500 HTTP/1.1\r\nHost: a\r\n\r\n",
                                           "GET /hel%zz HTTP/1.1\r\nHost: a\r\n\r\n",
                                           "GET /media HTTP/1.1\r\nHost: a\r\nRange: bytes=20-\r\n\r\n"};
    unsigned whole = 0;
    for (long n = 1; n <= 8; n++) {
        for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
            mn_alloc_fail_at(n);
            reply r = ask(app.port, requests[i]);
            mn_alloc_fail_at(0);
            if (r.status && r.status != 200 && r.status != 400 && r.status != 404 && r.status != 416 &&
                r.status != 503)
                fail_msg("%s: %d", requests[i], r.status);
            whole += r.whole;
            reply_free(&r);
            served();
        }
    }
    assert_true(whole > 0);
    while (stats().in_flight)
        usleep(2000);
    assert_int_equal(stats().body_bytes, 0);
}

static void a_server_needs_memory(void **state)
{
    (void)state;
    static const mn_http_ops ops = {0};
    mn_http_options o = app_options();
    mn_code code = MN_E_MEMORY;
    o.cors_origins = "https://a.example,https://b.example";
    long n = 1;
    for (; code && n < 100; n++) {
        mn_http_server *s = NULL;
        mn_error why = {.code = MN_OK};
        mn_alloc_fail_at(n);
        code = mn_http_server_create(&o, &ops, NULL, &s, &why);
        if (!code)
            code = mn_http_server_start(s, &why);
        mn_alloc_fail_at(0);
        if (code && code != MN_E_MEMORY)
            fail_msg("%s: %s", mn_code_word(code), why.text);
        mn_http_server_destroy(s);
    }
    assert_int_equal(code, MN_OK);
    assert_true(n > 5);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    static const mn_http_ops ops = {0};
    mn_http_server *s = NULL;
    struct {
        const char *listen, *proxies, *origins;
        bool credentials;
        const char *says;
    } cases[] = {
        {"somewhere", "", "", false, "is no address to listen on"},
        {"127.0.0.1:99999", "", "", false, "is no address to listen on"},
        {"example.com:80", "", "", false, "give the address in numbers"},
        {"unix:relative", "", "", false, "absolute path"},
        {"systemd", "", "", false, "hands over no sockets"},
        {"", "", "", false, "no address to listen on"},
        {"0.0.0.0:0", "", "", false, "plain HTTP on 0.0.0.0:"},
        {"127.0.0.1:0, *:0", "", "", false, "server.allow_plain"},
        {"127.0.0.1:0", "10.0.0.0/33", "", false, "is no address or network"},
        {"127.0.0.1:0", "", "a.example", false, "is no origin"},
        {"127.0.0.1:0", "", "*", true, "needs a list of origins"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mn_http_options o = app_options();
        mn_error why = {.code = MN_OK};
        o.listen = cases[i].listen;
        o.trusted_proxies = cases[i].proxies;
        o.cors_origins = cases[i].origins;
        o.cors_credentials = cases[i].credentials;
        assert_int_equal(mn_http_server_create(&o, &ops, NULL, &s, &why), MN_E_INVALID);
        if (!strstr(why.text, cases[i].says))
            fail_msg("'%s' should say '%s'", why.text, cases[i].says);
        assert_null(s);
    }
    mn_http_options o = app_options();
    char taken[64];
    mn_error why = {.code = MN_OK};
    snprintf(taken, sizeof taken, "127.0.0.1:%d", app.port);
    o.listen = taken;
    assert_int_equal(mn_http_server_create(&o, &ops, NULL, &s, &why), MN_E_IO);
}

int main(void)
{
#define WITH(test, start) cmocka_unit_test_setup_teardown(test, start, stop)
    const struct CMUnitTest tests[] = {
        WITH(slow_heads_are_cut_off, start_impatient),
        WITH(slow_bodies_and_idle_connections_are_cut_off, start_impatient),
        WITH(slow_readers_are_cut_off, start_impatient),
        WITH(who_waits_for_a_worker_is_not_cut_off, start_impatient),
        WITH(who_hangs_up_is_not_waited_for, start_patient),
        WITH(a_thousand_idle_and_slow_connections_do_no_harm, start_patient),
        WITH(an_address_has_so_many_connections, start_narrow),
        WITH(a_connection_has_so_many_requests, start_narrow),
        WITH(bodies_in_memory_are_counted, start_narrow),
        WITH(a_full_queue_sheds_and_recovers, start_patient),
        WITH(held_answers_take_no_worker, start_patient),
        WITH(stopping_waits_for_held_answers, start_hasty),
        WITH(stopping_finishes_what_runs, start_without_haste),
        WITH(stopping_does_not_wait_for_ever, start_hasty),
        WITH(deadlines_are_the_handler_s_to_see, start_patient),
        WITH(memory_may_run_out, start_patient),
        cmocka_unit_test(a_server_needs_memory),
        WITH(wrong_options_are_refused, start_patient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
