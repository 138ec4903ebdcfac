/* Requests and answers of a real server: what is served, and every kind of malformed request by raw socket.
 */
#include "http_app.h"
#include "http_client.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static int start(void **state)
{
    (void)state;
    mn_http_options o = app_options();
    o.cors_origins = "https://a.example, https://b.example";
    o.cors_credentials = true;
    o.trusted_proxies = "127.0.0.0/8, 10.0.0.0/8";
    o.hsts_s = 600;
    app_start(&o);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    app_stop();
    return 0;
}

static void expect_header(const reply *r, const char *name, const char *value)
{
    const char *got = header(r, name);
    if (!got || strcmp(got, value) != 0)
        fail_msg("%s: %s, not %s\n%s", name, got ? got : "(none)", value, r->head);
}

static void expect_body(const reply *r, const char *text)
{
    assert_non_null(r->body);
    assert_string_equal(r->body, text);
    assert_true(r->whole);
}

static void answers_have_what_every_answer_has(void **state)
{
    (void)state;
    reply r = get(app.port, "/hello", "");
    assert_int_equal(r.status, 200);
    expect_body(&r, "hello");
    expect_header(&r, "Content-Type", "text/plain");
    expect_header(&r, "Content-Length", "5");
    expect_header(&r, "X-Content-Type-Options", "nosniff");
    expect_header(&r, "Referrer-Policy", "no-referrer");
    expect_header(&r, "Cache-Control", "no-store");
    expect_header(&r, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    assert_int_equal(strlen(header(&r, "X-Request-Id")), 36);
    assert_null(header(&r, "Strict-Transport-Security"));
    reply_free(&r);
}

static void requests_follow_each_other_on_a_connection(void **state)
{
    (void)state;
    int fd = dial(app.port);
    /* Two at once (pipelined), then one more. */
    say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /work HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 2; i++) {
        reply r = hear(fd);
        assert_int_equal(r.status, 200);
        reply_free(&r);
    }
    say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    reply r = hear(fd);
    expect_body(&r, "abc");
    reply_free(&r);
    /* A refusal of a short body, too, leaves the connection open. */
    say(fd, "POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /hello HTTP/1.1\r\nHost: "
            "a\r\n\r\n");
    r = hear(fd);
    assert_int_equal(r.status, 401);
    assert_non_null(strstr(r.body, "\"code\":\"unauthorized\""));
    reply_free(&r);
    r = hear(fd);
    expect_body(&r, "hello");
    reply_free(&r);
    close(fd);
}

static void workers_get_the_body(void **state)
{
    (void)state;
    size_t n = 3000000;
    char *body = malloc(n), head[128];
    for (size_t i = 0; i < n; i++)
        body[i] = (char)(i * 7 % 251);
    int fd = dial(app.port);
    snprintf(head, sizeof head, "POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", n);
    say(fd, head);
    say_bytes(fd, body, n);
    reply r = hear(fd);
    assert_int_equal(r.status, 200);
    expect_header(&r, "X-Length", "3000000");
    assert_int_equal(r.n, n);
    assert_memory_equal(r.body, body, n);
    reply_free(&r);
    free(body);
    close(fd);
}

static void chunks_are_joined(void **state)
{
    (void)state;
    reply r = ask(app.port, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n");
    assert_int_equal(r.status, 200);
    expect_body(&r, "abc0123456789");
    reply_free(&r);
}

static void bodies_have_limits(void **state)
{
    (void)state;
    /* /echo takes 100 000 bytes, /hello none. */
    reply r = ask(app.port, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n");
    assert_int_equal(r.status, 413);
    expect_header(&r, "Connection", "close");
    assert_non_null(strstr(r.body, "\"code\":\"limit\""));
    assert_non_null(strstr(r.body, "longer than 100000 bytes"));
    reply_free(&r);
    r = ask(app.port, "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
    assert_int_equal(r.status, 413);
    reply_free(&r);
    int fd = dial(app.port);
    char chunk[10008] = "2710\r\n";
    memset(chunk + 6, 'x', 10000);
    memcpy(chunk + 10006, "\r\n", 2);
    say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 11; i++)
        say_bytes(fd, chunk, sizeof chunk);
    say(fd, "0\r\n\r\n");
    r = hear(fd);
    assert_int_equal(r.status, 413);
    reply_free(&r);
    close(fd);
}

static void endless_bodies_are_cut_off(void **state)
{
    (void)state;
    int fd = dial(app.port);
    char chunk[10008] = "2710\r\n";
    memset(chunk + 6, 'x', 10000);
    memcpy(chunk + 10006, "\r\n", 2);
    say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 400; i++)
        say_bytes(fd, chunk, sizeof chunk);
    assert_true(is_closed(fd));
    close(fd);
}

static void expect_100_is_answered_before_the_body(void **state)
{
    (void)state;
    int fd = dial(app.port);
    say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    reply r = hear(fd);
    assert_int_equal(r.status, 100);
    say(fd, "abc");
    r = hear(fd);
    expect_body(&r, "abc");
    reply_free(&r);
    close(fd);
    static const char *const refused[][2] = {
        {"POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", "401"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\nExpect: 100-continue\r\n\r\n", "413"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: something\r\n\r\n", "417"},
    };
    for (size_t i = 0; i < 3; i++) {
        r = ask(app.port, refused[i][0]);
        assert_int_equal(r.status, strtol(refused[i][1], NULL, 10));
        reply_free(&r);
    }
}

static void head_and_options(void **state)
{
    (void)state;
    int fd = dial(app.port);
    say(fd, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    reply r = hear_head(fd);
    assert_int_equal(r.status, 200);
    expect_header(&r, "Content-Length", "5");
    r = hear(fd);
    expect_body(&r, "hello");
    reply_free(&r);
    close(fd);
    fd = dial(app.port);
    say(fd, "HEAD /stream?5 HTTP/1.1\r\nHost: a\r\n\r\n");
    r = hear_head(fd);
    assert_int_equal(r.status, 200);
    expect_header(&r, "Content-Type", "text/csv");
    char byte;
    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
    r = ask(app.port, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(r.status, 404);
    reply_free(&r);
    r = get(app.port, "/empty", "");
    assert_int_equal(r.status, 204);
    assert_null(header(&r, "Content-Type"));
}

/* ---- malformed -------------------------------------------------------------------------------------------
 */

static void malformed_requests_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"GET /hello HTTP/1.1\r\n\r\n", 400}, /* no Host */
        {"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: a/../b\r\n\r\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         400},
        {"POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 413},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 415},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: br\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         415},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", 200},
        {"GET /hello HTTP/1.1\r\nHost: a\r\nno colon here\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: a\r\nX-A : blank before the colon\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: a\r\nX\x01Y: control\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: a\r\nX-A: con\x02trol\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\nHost: a\n\n", 400}, /* LF alone: a proxy may see other lines */
        {"GET /hello HTTP/1.1\r\nHost: a\r\nX-A: b\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: a\n\r\n", 400},
        {"GET /hello HTTP/1.1\r\nHost: a\r\n\n", 400},
        {"GET /hello HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"GET   /hello   HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /a%5Cb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /a/%2e%2E/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /./b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET //b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
        {"TRACE /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501},
        {"get /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501},
        {"PROPFIND /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reply r = ask(app.port, cases[i].request);
        if (r.status != cases[i].status)
            fail_msg("%s: %d, not %d\n%s", cases[i].request, r.status, cases[i].status, r.head);
        reply_free(&r);
    }
    reply r = get(app.port, "/hello", "");
    assert_int_equal(r.status, 200);
    reply_free(&r);
}

/* What is refused may also end with the connection: no answer at all. Never is it served. */
static void nonsense_is_not_served(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } cases[] = {
#define CASE(text) {text, sizeof(text) - 1}
        CASE("\r\n\r\n\r\n\r\n"),
        CASE("GET\r\n\r\n"),
        CASE("GET /hello\r\n\r\n"),
        CASE("GET /hello HTTP/2.0\r\nHost: a\r\n\r\n"),
        CASE("GET /hello HTTP/9\r\nHost: a\r\n\r\n"),
        CASE("GET /hello HTTX/1.1\r\nHost: a\r\n\r\n"),
        CASE("GET /hel lo HTTP/1.1\r\nHost: a\r\n\r\n"),
        CASE("GET /hello\0/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: a\0b\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHo\0st: a\r\n\r\n"),
        CASE("GET /hello HTTP/1.1\r\nHost: a\r\nX-A: x\0y\r\n\r\n"),
        CASE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        CASE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00\x00\x00\r\n\r\n"),
        CASE("\0\0\0\0\0\0\0\0\r\n\r\n"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = dial(app.port);
        say_bytes(fd, cases[i].bytes, cases[i].n);
        shutdown_sending(fd);
        reply r = hear(fd);
        if (r.status && r.status < 400)
            fail_msg("case %zu: %d\n%s", i, r.status, r.head);
        reply_free(&r);
        close(fd);
    }
}

static void folded_headers_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "GET /who HTTP/1.1\r\nHost: a\r\nX-A: ab\r\n cd\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: a\r\n\tb\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n 0\r\n\r\nabc",
        "GET /who HTTP/1.1\r\nHost: a\r\nX-A: ab\r\n \r\n\r\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reply r = ask(app.port, cases[i]);
        if (r.status != 400)
            fail_msg("case %zu: %d\n%s", i, r.status, r.head);
        reply_free(&r);
    }
    /* Blanks around a value are no fold. */
    reply r = ask(app.port, "GET /who HTTP/1.1\r\nHost:   a  \r\nX-Request-Id:\tab \t\r\nX-Empty:\r\n\r\n");
    expect_body(&r, "127.0.0.1 plain a ab");
    reply_free(&r);
}

static void heads_have_limits(void **state)
{
    (void)state;
    static char request[70000];
    size_t n = (size_t)snprintf(request, sizeof request, "GET /hello HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 101; i++)
        n += (size_t)snprintf(request + n, sizeof request - n, "X-%d: y\r\n", i);
    snprintf(request + n, sizeof request - n, "\r\n");
    reply r = ask(app.port, request);
    assert_int_equal(r.status, 431);
    expect_header(&r, "Content-Type", "application/problem+json");
    reply_free(&r);

    memset(request, 'x', sizeof request);
    memcpy(request, "GET /hello HTTP/1.1\r\nHost: a\r\nX: ", 33);
    memcpy(request + 20000, "\r\n\r\n", 5);
    r = ask(app.port, request);
    assert_int_equal(r.status, 431);
    reply_free(&r);
    request[20000] = 'x';
    memset(request + 20000, 'x', 45000);
    memcpy(request + 65000, "\r\n\r\n", 5);
    r = ask(app.port, request);
    assert_true(r.status == 431 || r.status == 413);
    reply_free(&r);

    memset(request, 'x', sizeof request);
    memcpy(request, "GET /", 5);
    memcpy(request + 9000, " HTTP/1.1\r\nHost: a\r\n\r\n", 23);
    r = ask(app.port, request);
    assert_int_equal(r.status, 414);
    reply_free(&r);
}

/* ---- features --------------------------------------------------------------------------------------------
 */

static void paths_are_decoded_and_queries_are_not(void **state)
{
    (void)state;
    reply r = get(app.port, "/q/a%20b/%C3%A4?x=%20&y=a/../b", "");
    expect_body(&r, "/q/a b/\xc3\xa4|x=%20&y=a/../b");
    reply_free(&r);
    r = ask(app.port, "GET http://elsewhere.example/q/1?z HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_body(&r, "/q/1|z");
    reply_free(&r);
    char path[2008] = "/q/1?", wanted[2008] = "/q/1|"; /* more parameters than libmicrohttpd has memory for */
    for (int i = 0; i < 1000; i++)
        memcpy(path + 5 + 2 * i, "a&", 3), memcpy(wanted + 5 + 2 * i, "a&", 3);
    r = get(app.port, path, "");
    expect_body(&r, wanted);
    reply_free(&r);
}

static void errors_are_problems(void **state)
{
    (void)state;
    reply r = get(app.port, "/fail", "X-Request-Id: my-id.1\r\n");
    assert_int_equal(r.status, 404);
    expect_header(&r, "Content-Type", "application/problem+json");
    expect_body(&r, "{\"type\":\"about:blank\",\"status\":404,\"title\":\"Not Found\",\"code\":\"not_found\","
                    "\"detail\":\"no person \\\"x\\\"\",\"action\":\"check the address and the ids in it\","
                    "\"request_id\":\"my-id.1\"}");
    reply_free(&r);
    r = get(app.port, "/bad-header", "");
    assert_int_equal(r.status, 500);
    assert_null(header(&r, "Set-Cookie"));
    assert_null(strstr(r.body, "detail"));
    reply_free(&r);
    r = ask(app.port, "GET /hello HTTP/1.1\r\n\r\n");
    expect_header(&r, "Content-Type", "application/problem+json");
    assert_int_equal(r.body[0], '{');
    reply_free(&r);
}

static void request_ids_come_back(void **state)
{
    (void)state;
    reply r = get(app.port, "/hello", "X-Request-Id: abc-123\r\n");
    expect_header(&r, "X-Request-Id", "abc-123");
    reply_free(&r);
    static const char *const bad[] = {
        "a b", "a\"b", "<script>", "",
        "0123456789012345678901234567890123456789012345678901234567890123456789"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char line[128];
        snprintf(line, sizeof line, "X-Request-Id: %s\r\n", bad[i]);
        r = get(app.port, "/hello", line);
        assert_int_equal(strlen(header(&r, "X-Request-Id")), 36);
        reply_free(&r);
    }
}

static void who_asks_is_said_by_trusted_proxies(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"X-Request-Id: i\r\n", "127.0.0.1 plain localhost i"},
        {"X-Request-Id: i\r\nX-Forwarded-For: 198.51.100.7\r\n", "198.51.100.7 plain localhost i"},
        {"X-Request-Id: i\r\nX-Forwarded-For: 1.1.1.1, 198.51.100.7, 10.1.2.3\r\nX-Forwarded-Proto: "
         "https\r\n",
         "198.51.100.7 secure localhost i"},
        {"X-Request-Id: i\r\nX-Forwarded-For: 198.51.100.7\r\nX-Forwarded-For: 10.1.2.3\r\n",
         "198.51.100.7 plain localhost i"},
        {"X-Request-Id: i\r\nForwarded: for=198.51.100.7\r\n", "127.0.0.1 plain localhost i"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reply r = get(app.port, "/who", cases[i][0]);
        expect_body(&r, cases[i][1]);
        if (strstr(cases[i][1], "secure"))
            expect_header(&r, "Strict-Transport-Security", "max-age=600; includeSubDomains");
        reply_free(&r);
    }
}

static void cors_lets_the_listed_origins_read(void **state)
{
    (void)state;
    reply r = get(app.port, "/hello", "Origin: https://b.example\r\n");
    expect_header(&r, "Access-Control-Allow-Origin", "https://b.example");
    expect_header(&r, "Access-Control-Allow-Credentials", "true");
    expect_header(&r, "Vary", "Origin");
    reply_free(&r);
    r = get(app.port, "/hello", "Origin: https://evil.example\r\n");
    assert_null(header(&r, "Access-Control-Allow-Origin"));
    reply_free(&r);
    r = ask(app.port, "OPTIONS /anything HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\n"
                      "Access-Control-Request-Method: PUT\r\n\r\n");
    assert_int_equal(r.status, 204);
    expect_header(&r, "Access-Control-Allow-Origin", "https://a.example");
    expect_header(&r, "Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
    r = ask(app.port, "OPTIONS /anything HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\n"
                      "Access-Control-Request-Method: PUT\r\n\r\n");
    assert_int_equal(r.status, 204);
    assert_null(header(&r, "Access-Control-Allow-Methods"));
}

static void inflate_is(const reply *r, size_t n, const char *begins)
{
    static unsigned char out[65536];
    z_stream z = {.next_in = (unsigned char *)r->body,
                  .avail_in = (unsigned)r->n,
                  .next_out = out,
                  .avail_out = sizeof out};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, n);
    assert_memory_equal(out, begins, strlen(begins));
    inflateEnd(&z);
}

static void json_is_compressed_for_those_who_want_it(void **state)
{
    (void)state;
    reply r = get(app.port, "/json", "Accept-Encoding: br, gzip;q=0.5\r\n");
    expect_header(&r, "Content-Encoding", "gzip");
    expect_header(&r, "Vary", "Accept-Encoding, Origin");
    assert_true(r.n < 4500);
    inflate_is(&r, 9000, "{\"n\":  0}{\"n\":  1}");
    reply_free(&r);
    static const char *const no[] = {"", "Accept-Encoding: br\r\n", "Accept-Encoding: gzip;q=0\r\n",
                                     "Accept-Encoding: gzip;q=0.1, identity;q=0.9\r\n",
                                     "Accept-Encoding: *;q=0\r\n"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        r = get(app.port, "/json", no[i]);
        assert_null(header(&r, "Content-Encoding"));
        expect_header(&r, "Vary", "Accept-Encoding, Origin");
        assert_int_equal(r.n, 9000);
        reply_free(&r);
    }
    r = get(app.port, "/media", "Accept-Encoding: gzip\r\n"); /* never media */
    assert_null(header(&r, "Content-Encoding"));
    reply_free(&r);
}

static void media_come_in_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *path, *headers;
        int status;
        const char *body, *range;
    } cases[] = {
        {"/media", "", 200, "0123456789", NULL},
        {"/media", "Range: bytes=2-4\r\n", 206, "234", "bytes 2-4/10"},
        {"/file", "Range: bytes=2-4\r\n", 206, "234", "bytes 2-4/10"},
        {"/file", "Range: bytes=7-\r\n", 206, "789", "bytes 7-9/10"},
        {"/file", "Range: bytes=-2\r\n", 206, "89", "bytes 8-9/10"},
        {"/file", "Range: bytes=8-99\r\n", 206, "89", "bytes 8-9/10"},
        {"/file", "Range: bytes=0-1,3-4\r\n", 200, "0123456789", NULL},
        {"/file", "Range: lines=1-2\r\n", 200, "0123456789", NULL},
        {"/media", "Range: bytes=2-4\r\nIf-Range: \"v1\"\r\n", 206, "234", "bytes 2-4/10"},
        {"/media", "Range: bytes=2-4\r\nIf-Range: \"v0\"\r\n", 200, "0123456789", NULL},
        {"/file", "Range: bytes=2-4\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 206, "234",
         "bytes 2-4/10"},
        {"/media", "If-None-Match: \"v0\", W/\"v1\"\r\n", 304, NULL, NULL},
        {"/media", "If-None-Match: \"v0\"\r\n", 200, "0123456789", NULL},
        {"/file", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 304, NULL, NULL},
        {"/file", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 200, "0123456789", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reply r = get(app.port, cases[i].path, cases[i].headers);
        if (r.status != cases[i].status)
            fail_msg("case %zu: %d", i, r.status);
        if (cases[i].body)
            expect_body(&r, cases[i].body);
        if (cases[i].range)
            expect_header(&r, "Content-Range", cases[i].range);
        assert_non_null(header(&r, "ETag"));
        reply_free(&r);
    }
    reply r = get(app.port, "/media", "Range: bytes=10-\r\n");
    assert_int_equal(r.status, 416);
    expect_header(&r, "Content-Range", "bytes */10");
    reply_free(&r);
}

static void streams_arrive_whole_or_visibly_cut(void **state)
{
    (void)state;
    static const char *const paths[] = {"/stream?20000", "/stream-io?20000"};
    for (size_t i = 0; i < 2; i++) {
        reply r = get(app.port, paths[i], "");
        assert_int_equal(r.status, 200);
        assert_true(r.whole);
        assert_int_equal(r.n, 208890);
        assert_string_equal(r.body + r.n - 11, "line 19999\n");
        reply_free(&r);
        wait_until(&app.streams_whole, (unsigned)i + 1);
    }
    unsigned cut = app.streams_cut;
    reply r = get(app.port, "/stream-cut", "");
    assert_int_equal(r.status, 200);
    assert_false(r.whole);
    reply_free(&r);
    wait_until(&app.streams_cut, cut + 1);
    /* A client that goes in the middle. */
    int fd = dial(app.port);
    say(fd, "GET /stream?10000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    r = hear_head(fd);
    close(fd);
    wait_until(&app.streams_cut, cut + 2);
    r = get(app.port, "/stream?0", "");
    assert_true(r.whole);
    assert_int_equal(r.n, 0);
    reply_free(&r);
    wait_until(&app.streams_whole, 3);
    assert_int_equal(app.streams_cut, cut + 2);
}

/* Of a server that did nothing before. What a connection did is counted before it is gone. */
static void counters_count(void **state)
{
    (void)state;
    mn_http_stats now;
    reply r = ask(app.port, "POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    reply_free(&r);
    wait_until(&app.done, 1);
    r = get(app.port, "/none", "");
    reply_free(&r);
    wait_until(&app.done, 2);
    while (mn_http_server_stats(app.server, &now), now.connections > 0)
        ;
    assert_int_equal(now.requests, 2);
    assert_int_equal(now.bytes_in, 3);
    assert_int_equal(now.status[2], 1);
    assert_int_equal(now.status[4], 1);
    assert_int_equal(now.connections_total, 2);
    assert_int_equal(now.classes[0].done, 1);
    assert_string_equal(now.classes[0].name, "work");
    assert_int_equal(now.in_flight, 0);
    assert_int_equal(now.body_bytes, 0);
    assert_int_equal(app.done_status, 404);
    assert_int_equal(app.done_complete, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_have_what_every_answer_has),
        cmocka_unit_test(requests_follow_each_other_on_a_connection),
        cmocka_unit_test(workers_get_the_body),
        cmocka_unit_test(chunks_are_joined),
        cmocka_unit_test(bodies_have_limits),
        cmocka_unit_test(endless_bodies_are_cut_off),
        cmocka_unit_test(expect_100_is_answered_before_the_body),
        cmocka_unit_test(head_and_options),
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(nonsense_is_not_served),
        cmocka_unit_test(folded_headers_are_refused),
        cmocka_unit_test(heads_have_limits),
        cmocka_unit_test(paths_are_decoded_and_queries_are_not),
        cmocka_unit_test(errors_are_problems),
        cmocka_unit_test(request_ids_come_back),
        cmocka_unit_test(who_asks_is_said_by_trusted_proxies),
        cmocka_unit_test(cors_lets_the_listed_origins_read),
        cmocka_unit_test(json_is_compressed_for_those_who_want_it),
        cmocka_unit_test(media_come_in_ranges),
        cmocka_unit_test(streams_arrive_whole_or_visibly_cut),
    };
    const struct CMUnitTest alone[] = {cmocka_unit_test(counters_count)};
    return cmocka_run_group_tests(tests, start, stop) + cmocka_run_group_tests(alone, start, stop);
}
