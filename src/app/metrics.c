#include "app/metrics_parts.h"

#include "base/alloc.h"

#include <stdatomic.h>
#include <stdio.h>

#define STAGES_MAX 32

/* Upper ends in milliseconds; what takes longer is in the last, without end. */
static const double ends[] = {0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000, 5000};
#define BUCKETS (sizeof ends / sizeof *ends + 1)

typedef struct {
    atomic_uint_fast64_t bucket[BUCKETS];
    atomic_uint_fast64_t ns;
} durations;

typedef struct {
    atomic_uint_fast64_t status[6]; /* by first digit; [0]: the client went */
    durations took;
} operation_counts;

struct mn_metrics {
    mn_time started;
    operation_counts of[MN_OPS + 1];
    durations waited[MN_HTTP_CLASSES];
};

mn_code mn_metrics_create(mn_metrics **out, mn_error *err)
{
    mn_metrics *m = mn_calloc(1, sizeof *m);
    if (!m)
        return mn_fail(err, MN_E_MEMORY, "no memory for the metrics");
    m->started = mn_time_now();
    *out = m;
    return MN_OK;
}

void mn_metrics_destroy(mn_metrics *m)
{
    mn_free(m);
}

static void add(atomic_uint_fast64_t *to, uint64_t n)
{
    atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_fast64_t *from)
{
    return atomic_load_explicit((atomic_uint_fast64_t *)from, memory_order_relaxed);
}

static void add_duration(durations *d, int64_t ns)
{
    size_t i = 0;
    while (i < BUCKETS - 1 && (double)ns / 1e6 > ends[i])
        i++;
    add(&d->bucket[i], 1);
    add(&d->ns, (uint64_t)ns);
}

/* The class of workers that an operation runs on; -1: the I/O threads. */
static int class_of(int operation)
{
    if (operation == MN_OPS)
        return -1;
    switch (mn_api_routes[operation]->run) {
    case MN_RUN_RECORDS:
        return MN_HTTP_RECORDS;
    case MN_RUN_PIXELS:
        return MN_HTTP_PIXELS;
    case MN_RUN_PASSWORDS:
        return MN_HTTP_PASSWORDS;
    case MN_RUN_TRANSFERS:
        return MN_HTTP_TRANSFERS;
    default:
        return -1;
    }
}

void mn_metrics_count(mn_metrics *m, int operation, const mn_http_outcome *o)
{
    operation_counts *c = &m->of[operation];
    int digit = o->status / 100, queue = class_of(operation);
    add(&c->status[digit >= 1 && digit <= 5 ? digit : 0], 1);
    add_duration(&c->took, o->took_ns);
    if (queue >= 0)
        add_duration(&m->waited[queue], o->queued_ns);
}

/* ---- as text ---- */

void mn_metrics_head(mn_metrics_writer *w, const char *name, const char *type, const char *help)
{
    if (w->code == MN_OK)
        w->code =
            mn_buf_printf(w->out, w->err, "# HELP mien_%s %s\n# TYPE mien_%s %s\n", name, help, name, type);
}

void mn_metrics_value(mn_metrics_writer *w, const char *name, const char *labels, double v)
{
    if (w->code == MN_OK)
        w->code = mn_buf_printf(w->out, w->err, "mien_%s%s %.17g\n", name, labels, v);
}

void mn_metrics_one(mn_metrics_writer *w, const char *name, const char *type, const char *help, double v)
{
    mn_metrics_head(w, name, type, help);
    mn_metrics_value(w, name, "", v);
}

static const char *operation_name(int op)
{
    return op < MN_OPS ? mn_api_routes[op]->name : "none";
}

static void write_requests(mn_metrics_writer *w, const mn_metrics *m)
{
    char labels[128];
    mn_metrics_head(w, "requests_total", "counter",
                    "Requests by operation and first digit of the status; 0: the client went");
    for (int op = 0; op <= MN_OPS; op++)
        for (int digit = 0; digit < 6; digit++) {
            uint64_t n = get(&m->of[op].status[digit]);
            snprintf(labels, sizeof labels, "{operation=\"%s\",status=\"%dxx\"}", operation_name(op), digit);
            if (n > 0)
                mn_metrics_value(w, "requests_total", labels, (double)n);
        }
}

/* label: "operation=\"x\"". Nothing where nothing was counted. */
static void write_histogram(mn_metrics_writer *w, const char *name, const char *label, const durations *d)
{
    char labels[128], part[64];
    uint64_t n = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        n += get(&d->bucket[i]);
    if (n == 0)
        return;
    n = 0;
    snprintf(part, sizeof part, "%s_bucket", name);
    for (size_t i = 0; i < BUCKETS; i++) {
        n += get(&d->bucket[i]);
        if (i < BUCKETS - 1)
            snprintf(labels, sizeof labels, "{%s,le=\"%g\"}", label, ends[i] / 1000);
        else
            snprintf(labels, sizeof labels, "{%s,le=\"+Inf\"}", label);
        mn_metrics_value(w, part, labels, (double)n);
    }
    snprintf(labels, sizeof labels, "{%s}", label);
    snprintf(part, sizeof part, "%s_sum", name);
    mn_metrics_value(w, part, labels, (double)get(&d->ns) / 1e9);
    snprintf(part, sizeof part, "%s_count", name);
    mn_metrics_value(w, part, labels, (double)n);
}

static void write_durations(mn_metrics_writer *w, const mn_metrics *m, const mn_http_stats *server)
{
    char label[96];
    mn_metrics_head(w, "request_seconds", "histogram",
                    "Time from the end of the request head to the end of the answer");
    for (int op = 0; op <= MN_OPS; op++) {
        snprintf(label, sizeof label, "operation=\"%s\"", operation_name(op));
        write_histogram(w, "request_seconds", label, &m->of[op].took);
    }
    mn_metrics_head(w, "queue_wait_seconds", "histogram", "Time that requests waited for a worker");
    for (int i = 0; i < MN_HTTP_CLASSES && server->classes[i].name; i++) {
        snprintf(label, sizeof label, "queue=\"%s\"", server->classes[i].name);
        write_histogram(w, "queue_wait_seconds", label, &m->waited[i]);
    }
}

static void write_server(mn_metrics_writer *w, const mn_http_stats *s)
{
    char labels[64];
    mn_metrics_one(w, "connections", "gauge", "Open connections", (double)s->connections);
    mn_metrics_one(w, "connections_total", "counter", "Connections since the start",
                   (double)s->connections_total);
    mn_metrics_one(w, "connections_refused_total", "counter", "Connections over a limit",
                   (double)s->connections_refused);
    mn_metrics_one(w, "connections_cut_total", "counter", "Connections that were too slow",
                   (double)s->connections_cut);
    mn_metrics_one(w, "requests_in_flight", "gauge", "Requests being read, waited for, worked on or answered",
                   (double)s->in_flight);
    mn_metrics_one(w, "requests_shed_total", "counter", "Requests answered with 503 for want of room",
                   (double)s->shed);
    mn_metrics_one(w, "body_bytes", "gauge", "Request bodies in memory", (double)s->body_bytes);
    mn_metrics_one(w, "bytes_in_total", "counter", "Bytes of request bodies", (double)s->bytes_in);
    mn_metrics_one(w, "bytes_out_total", "counter", "Bytes of answers", (double)s->bytes_out);
    mn_metrics_head(w, "queued", "gauge", "Requests that wait for a worker");
    for (int i = 0; i < MN_HTTP_CLASSES && s->classes[i].name; i++) {
        snprintf(labels, sizeof labels, "{queue=\"%s\"}", s->classes[i].name);
        mn_metrics_value(w, "queued", labels, (double)s->classes[i].queued);
    }
    mn_metrics_head(w, "running", "gauge", "Requests that a worker is at");
    for (int i = 0; i < MN_HTTP_CLASSES && s->classes[i].name; i++) {
        snprintf(labels, sizeof labels, "{queue=\"%s\"}", s->classes[i].name);
        mn_metrics_value(w, "running", labels, (double)s->classes[i].running);
    }
}

static void write_pipeline(mn_metrics_writer *w, const mn_pipeline *pipeline)
{
    mn_stage_stats stages[STAGES_MAX];
    size_t n = mn_pipeline_stats(pipeline, stages, STAGES_MAX);
    char labels[64];
    mn_metrics_head(w, "stage_seconds_total", "counter", "Time in the stages of the pipeline");
    for (size_t i = 0; i < n; i++) {
        snprintf(labels, sizeof labels, "{stage=\"%s\"}", stages[i].name);
        mn_metrics_value(w, "stage_seconds_total", labels, (double)stages[i].ns / 1e9);
    }
    mn_metrics_head(w, "stage_calls_total", "counter", "Calls of the stages of the pipeline");
    for (size_t i = 0; i < n; i++) {
        snprintf(labels, sizeof labels, "{stage=\"%s\"}", stages[i].name);
        mn_metrics_value(w, "stage_calls_total", labels, (double)stages[i].calls);
    }
}

mn_code mn_metrics_write(const mn_metrics *m, const mn_metrics_sources *from, mn_buf *out, mn_error *err)
{
    mn_metrics_writer w = {.out = out, .err = err};
    mn_http_stats server;
    mn_http_server_stats(from->server, &server);
    write_requests(&w, m);
    write_durations(&w, m, &server);
    write_server(&w, &server);
    write_pipeline(&w, from->pipeline);
    mn_metrics_store(&w, from->census);
    mn_metrics_disk(&w, from->data_dir);
    mn_metrics_process(&w, m->started);
    return w.code;
}
