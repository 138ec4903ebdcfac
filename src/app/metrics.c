#include "app/metrics.h"

#include "base/alloc.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define STAGES_MAX 32

/* Upper ends in milliseconds; what takes longer is in the last, without end. */
static const double ends[] = {0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000, 5000};
#define BUCKETS (sizeof ends / sizeof *ends + 1)

typedef struct {
    atomic_uint_fast64_t status[6]; /* by first digit; [0]: the client went */
    atomic_uint_fast64_t bucket[BUCKETS];
    atomic_uint_fast64_t ns;
} operation_counts;

struct mn_metrics {
    operation_counts of[MN_OPS + 1];
};

mn_code mn_metrics_create(mn_metrics **out, mn_error *err)
{
    mn_metrics *m = mn_calloc(1, sizeof *m);
    if (!m)
        return mn_fail(err, MN_E_MEMORY, "no memory for the metrics");
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

void mn_metrics_count(mn_metrics *m, int operation, const mn_http_outcome *o)
{
    operation_counts *c = &m->of[operation];
    int digit = o->status / 100;
    size_t i = 0;
    add(&c->status[digit >= 1 && digit <= 5 ? digit : 0], 1);
    while (i < BUCKETS - 1 && (double)o->took_ns / 1e6 > ends[i])
        i++;
    add(&c->bucket[i], 1);
    add(&c->ns, (uint64_t)o->took_ns);
}

/* ---- as text ---- */

/* The first failure stays, so that writers need not look at each line. */
typedef struct {
    mn_buf *out;
    mn_error *err;
    mn_code code;
} writer;

static void head(writer *w, const char *name, const char *type, const char *help)
{
    if (w->code == MN_OK)
        w->code =
            mn_buf_printf(w->out, w->err, "# HELP mien_%s %s\n# TYPE mien_%s %s\n", name, help, name, type);
}

static void value(writer *w, const char *name, const char *labels, double v)
{
    if (w->code == MN_OK)
        w->code = mn_buf_printf(w->out, w->err, "mien_%s%s %.17g\n", name, labels, v);
}

static const char *operation_name(int op)
{
    return op < MN_OPS ? mn_api_routes[op]->name : "none";
}

static void write_requests(writer *w, const mn_metrics *m)
{
    char labels[128];
    head(w, "requests_total", "counter",
         "Requests by operation and first digit of the status; 0: the client went");
    for (int op = 0; op <= MN_OPS; op++)
        for (int digit = 0; digit < 6; digit++) {
            uint64_t n = get(&m->of[op].status[digit]);
            snprintf(labels, sizeof labels, "{operation=\"%s\",status=\"%dxx\"}", operation_name(op), digit);
            if (n > 0)
                value(w, "requests_total", labels, (double)n);
        }
}

static void write_durations(writer *w, const mn_metrics *m)
{
    char labels[128];
    head(w, "request_seconds", "histogram", "Time from the end of the request head to the end of the answer");
    for (int op = 0; op <= MN_OPS; op++) {
        uint64_t n = 0;
        for (size_t i = 0; i < BUCKETS; i++)
            n += get(&m->of[op].bucket[i]);
        if (n == 0)
            continue;
        n = 0;
        for (size_t i = 0; i < BUCKETS; i++) {
            n += get(&m->of[op].bucket[i]);
            if (i < BUCKETS - 1)
                snprintf(labels, sizeof labels, "{operation=\"%s\",le=\"%g\"}", operation_name(op),
                         ends[i] / 1000);
            else
                snprintf(labels, sizeof labels, "{operation=\"%s\",le=\"+Inf\"}", operation_name(op));
            value(w, "request_seconds_bucket", labels, (double)n);
        }
        snprintf(labels, sizeof labels, "{operation=\"%s\"}", operation_name(op));
        value(w, "request_seconds_sum", labels, (double)get(&m->of[op].ns) / 1e9);
        value(w, "request_seconds_count", labels, (double)n);
    }
}

static void one(writer *w, const char *name, const char *type, const char *help, double v)
{
    head(w, name, type, help);
    value(w, name, "", v);
}

static void write_server(writer *w, const mn_http_server *server)
{
    mn_http_stats s;
    char labels[64];
    mn_http_server_stats(server, &s);
    one(w, "connections", "gauge", "Open connections", (double)s.connections);
    one(w, "connections_total", "counter", "Connections since the start", (double)s.connections_total);
    one(w, "connections_refused_total", "counter", "Connections over a limit", (double)s.connections_refused);
    one(w, "connections_cut_total", "counter", "Connections that were too slow", (double)s.connections_cut);
    one(w, "requests_in_flight", "gauge", "Requests being read, waited for, worked on or answered",
        (double)s.in_flight);
    one(w, "requests_shed_total", "counter", "Requests answered with 503 for want of room", (double)s.shed);
    one(w, "body_bytes", "gauge", "Request bodies in memory", (double)s.body_bytes);
    one(w, "bytes_in_total", "counter", "Bytes of request bodies", (double)s.bytes_in);
    one(w, "bytes_out_total", "counter", "Bytes of answers", (double)s.bytes_out);
    head(w, "queued", "gauge", "Requests that wait for a worker");
    for (int i = 0; i < MN_HTTP_CLASSES && s.classes[i].name; i++) {
        snprintf(labels, sizeof labels, "{queue=\"%s\"}", s.classes[i].name);
        value(w, "queued", labels, (double)s.classes[i].queued);
    }
    head(w, "running", "gauge", "Requests that a worker is at");
    for (int i = 0; i < MN_HTTP_CLASSES && s.classes[i].name; i++) {
        snprintf(labels, sizeof labels, "{queue=\"%s\"}", s.classes[i].name);
        value(w, "running", labels, (double)s.classes[i].running);
    }
}

static void write_pipeline(writer *w, const mn_pipeline *pipeline)
{
    mn_stage_stats stages[STAGES_MAX];
    size_t n = mn_pipeline_stats(pipeline, stages, STAGES_MAX);
    char labels[64];
    head(w, "stage_seconds_total", "counter", "Time in the stages of the pipeline");
    for (size_t i = 0; i < n; i++) {
        snprintf(labels, sizeof labels, "{stage=\"%s\"}", stages[i].name);
        value(w, "stage_seconds_total", labels, (double)stages[i].ns / 1e9);
    }
    head(w, "stage_calls_total", "counter", "Calls of the stages of the pipeline");
    for (size_t i = 0; i < n; i++) {
        snprintf(labels, sizeof labels, "{stage=\"%s\"}", stages[i].name);
        value(w, "stage_calls_total", labels, (double)stages[i].calls);
    }
}

static double resident_bytes(void)
{
    long pages = 0, skipped;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%ld %ld", &skipped, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void write_process(writer *w)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    one(w, "process_cpu_seconds_total", "counter", "Time of the CPUs",
        (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
            (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
    one(w, "process_resident_bytes", "gauge", "Memory in use", resident_bytes());
}

mn_code mn_metrics_write(const mn_metrics *m, const mn_http_server *server, const mn_pipeline *pipeline,
                         mn_buf *out, mn_error *err)
{
    writer w = {.out = out, .err = err};
    write_requests(&w, m);
    write_durations(&w, m);
    write_server(&w, server);
    write_pipeline(&w, pipeline);
    write_process(&w);
    return w.code;
}
