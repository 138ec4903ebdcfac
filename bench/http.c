/* What the HTTP server itself costs: a server with handlers that do next to nothing, for a load generator.
 *
 * Usage: bench_http [io threads] [workers]. Prints its port, serves until its standard input ends, then
 * prints what it counted. GET /io is answered on the I/O thread, GET /worker by a worker, GET /json with 8
 * KiB of JSON, GET /stream with 1 MiB in pieces, POST /body with the body's length; bench/http runs wrk on
 * them. */
#include "net/http.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char json[8192];

static void head(void *ctx, mn_http_request *r, mn_http_plan *plan, mn_http_response *a)
{
    (void)ctx, (void)a;
    plan->body_max = (size_t)16 * 1024 * 1024;
    plan->run_on = strcmp(r->path, "/worker") == 0 || strcmp(r->path, "/body") == 0 ? 0 : MN_HTTP_IO;
}

static mn_code more(void *stream, mn_buf *out, bool *last, mn_error *err)
{
    int *left = stream;
    *last = --*left == 0;
    return mn_buf_append(out, json, sizeof json, err);
}

static void end(void *stream, bool complete)
{
    (void)complete;
    free(stream);
}

static void handle(void *ctx, mn_http_request *r, mn_http_response *a)
{
    (void)ctx;
    static const mn_http_stream_ops ops = {more, end};
    if (strcmp(r->path, "/json") == 0) {
        mn_http_body(a, "application/json", json, sizeof json);
    } else if (strcmp(r->path, "/stream") == 0) {
        int *left = malloc(sizeof *left);
        if (!left)
            return;
        *left = 128;
        mn_http_body_stream(a, "text/csv", 0, &ops, left);
    } else if (strcmp(r->path, "/body") == 0) {
        char *text = mn_arena_printf(r->arena, "%zu\n", r->body_len);
        if (text)
            mn_http_body(a, "text/plain", text, strlen(text));
    } else {
        static const char text[] = "{\"id\":\"0190a3f2-0000-7000-8000-000000000000\",\"name\":\"Anna\"}";
        mn_http_body(a, "application/json", text, sizeof text - 1);
    }
}

int main(int argc, char **argv)
{
    const mn_http_ops ops = {.head = head, .handle = handle};
    mn_http_options o;
    mn_http_server *s = NULL;
    mn_http_stats stats;
    mn_error err = {.code = MN_OK};
    mn_http_options_default(&o);
    o.listen = "127.0.0.1:0";
    o.connections_per_address = 0;
    o.requests_per_connection = 0;
    o.io_threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    o.classes[0] = (mn_http_class){"work", argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0, 4096};
    for (size_t i = 0; i < sizeof json; i++)
        json[i] = "{\"name\": \"Anna Kern\", \"n\": 123456789},"[i % 40];
    if (mn_http_server_create(&o, &ops, NULL, &s, &err) || mn_http_server_start(s, &err)) {
        fprintf(stderr, "bench_http: %s\n", err.text);
        mn_http_server_destroy(s);
        return 1;
    }
    printf("%d\n", mn_http_server_port(s, 0));
    fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0)
        ;
    mn_http_server_stop(s);
    mn_http_server_stats(s, &stats);
    fprintf(stderr, "requests %" PRIu64 ", connections %" PRIu64 ", shed %" PRIu64 "\n", stats.requests,
            stats.connections_total, stats.shed);
    mn_http_server_destroy(s);
    return 0;
}
