/* mien bench pipeline: pictures a second for each number of workers, and where the time goes. */
#include "base/alloc.h"
#include "cli/config.h"
#include "cli/crew.h"
#include "cli/out.h"
#include "cli/round.h"
#include "cli/say.h"
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#define WANT         (MN_WANT_LANDMARKS | MN_WANT_DESCRIPTOR) /* and what --with names */
#define SECONDS      3
#define PICTURES_MAX ((size_t)1 << 30) /* bytes kept in memory */
#define STAGES_MAX   16
#define RUNS_MAX     10 /* 1, 2, 4 … 256 workers, and the number asked for */

typedef struct {
    uint8_t *bytes;
    size_t n;
} file;

typedef struct {
    const mn_cli *cli;
    mn_engine engine;
    unsigned want;
    file *files;
    size_t n_files, bytes, failed;
    bool full; /* more pictures were given than are kept */
} bench;

typedef struct {
    unsigned workers;
    uint64_t images, faces;
    double seconds;
    uint64_t busy_ns, decode_ns, net_ns; /* summed over the workers */
    mn_stage_stats stages[STAGES_MAX];   /* of this run alone */
    size_t n_stages;
} run_result;

/* What the workers of one run share. */
typedef struct {
    const bench *b;
    mn_decode_limits limits;
    int64_t end_ns;
    atomic_size_t next;
    atomic_ullong images, faces, busy_ns, decode_ns;
    atomic_int failed;
} lap;

/* ---- load: every picture once, which also warms everything up ---- */

static mn_code keep(void *ctx, mn_picture *p, mn_error *err)
{
    bench *b = ctx;
    if (p->code != MN_OK) {
        mn_say_error(p->label, &p->error);
        b->failed++;
        return MN_OK;
    }
    if (b->bytes + p->bytes.len > PICTURES_MAX) {
        b->full = true;
        return MN_OK;
    }
    uint8_t *copy = mn_alloc(p->bytes.len);
    if (!copy)
        return mn_fail(err, MN_E_MEMORY, "no memory for the pictures");
    memcpy(copy, p->bytes.data, p->bytes.len);
    b->files[b->n_files++] = (file){copy, p->bytes.len};
    b->bytes += p->bytes.len;
    return MN_OK;
}

static mn_code load(bench *b, const mn_inputs *inputs, mn_error *err)
{
    const mn_crew_task task = {.want = b->want, .show = keep, .ctx = b};
    b->files = mn_calloc(inputs->n, sizeof *b->files);
    if (!b->files)
        return mn_fail(err, MN_E_MEMORY, "no memory for the pictures");
    mn_code code = mn_engine_open(b->cli, b->want, MN_PEOPLE_NONE, &b->engine, err);
    if (code == MN_OK)
        code = mn_crew_run(b->cli, b->engine.pipeline, inputs, &task, err);
    if (code == MN_OK && !b->n_files)
        code = mn_fail(err, MN_E_INVALID, "no picture to measure with");
    if (b->full)
        mn_say_note(b->cli, "only the first %zu pictures are used: more do not fit into 1 GiB", b->n_files);
    return code;
}

/* ---- run ---- */

static mn_code one_picture(lap *l, const file *f, mn_arena *arena)
{
    mn_image *image;
    mn_face *faces;
    size_t n = 0;
    int64_t start = mn_monotonic_ns();
    mn_code code = mn_image_decode(f->bytes, f->n, &l->limits, &image, NULL);
    if (code != MN_OK)
        return code;
    int64_t decoded = mn_monotonic_ns();
    code = mn_pipeline_run(l->b->engine.pipeline, image, l->b->want, arena, &faces, &n, NULL);
    mn_image_unref(image);
    mn_arena_reset(arena);
    int64_t end = mn_monotonic_ns();
    atomic_fetch_add(&l->decode_ns, (unsigned long long)(decoded - start));
    atomic_fetch_add(&l->busy_ns, (unsigned long long)(end - start));
    atomic_fetch_add(&l->images, 1);
    atomic_fetch_add(&l->faces, n);
    return code;
}

static void work(void *job, unsigned worker)
{
    lap *l = job;
    mn_arena *arena = mn_arena_create((size_t)256 << 20);
    mn_code code = arena ? MN_OK : MN_E_MEMORY;
    (void)worker;
    while (code == MN_OK && mn_monotonic_ns() < l->end_ns && !mn_cancelled(l->b->cli->cancel))
        code = one_picture(l, &l->b->files[atomic_fetch_add(&l->next, 1) % l->b->n_files], arena);
    if (code != MN_OK)
        atomic_store(&l->failed, (int)code);
    if (arena)
        mn_arena_destroy(arena);
}

/* What the stages did since `before`. */
static void subtract_stages(run_result *r, const mn_stage_stats *before, size_t n_before)
{
    for (size_t i = 0; i < r->n_stages; i++) {
        if (i < n_before) {
            r->stages[i].calls -= before[i].calls;
            r->stages[i].ns -= before[i].ns;
            r->stages[i].net_ns -= before[i].net_ns;
        }
        r->net_ns += r->stages[i].net_ns;
    }
}

static mn_code measure(const bench *b, unsigned workers, long seconds, run_result *r, mn_error *err)
{
    mn_stage_stats before[STAGES_MAX];
    mn_pool *pool;
    lap l = {.b = b, .limits = mn_decode_limits_read(b->cli->settings)};
    size_t n_before = mn_pipeline_stats(b->engine.pipeline, before, STAGES_MAX);
    mn_code code = mn_pool_create(workers, workers, &pool, err);
    if (code != MN_OK)
        return code;
    int64_t start = mn_monotonic_ns();
    l.end_ns = start + seconds * INT64_C(1000000000);
    for (unsigned i = 0; i < workers && code == MN_OK; i++)
        code = mn_pool_submit(pool, &(mn_job){.run = work, .job = &l}, true, err);
    mn_pool_drain(pool);
    double took = (double)(mn_monotonic_ns() - start) / 1e9;
    mn_pool_destroy(pool);
    if (code == MN_OK && l.failed)
        code =
            mn_fail(err, (mn_code)l.failed, "the measurement failed: %s", mn_code_meaning((mn_code)l.failed));
    if (code == MN_OK && mn_cancelled(b->cli->cancel))
        code = mn_fail(err, MN_E_CANCELLED, "interrupted");
    if (code != MN_OK)
        return code;
    *r = (run_result){.workers = workers,
                      .images = l.images,
                      .faces = l.faces,
                      .seconds = took,
                      .busy_ns = l.busy_ns,
                      .decode_ns = l.decode_ns};
    r->n_stages = mn_pipeline_stats(b->engine.pipeline, r->stages, STAGES_MAX);
    subtract_stages(r, before, n_before);
    return MN_OK;
}

/* 1, 2, 4 … and at last the number asked for. */
static mn_code measure_all(const bench *b, long seconds, run_result runs[RUNS_MAX], size_t *n, mn_error *err)
{
    unsigned most = mn_config_workers(b->cli->settings);
    mn_code code = MN_OK;
    for (unsigned workers = 1; workers < most && code == MN_OK; workers *= 2)
        code = measure(b, workers, seconds, &runs[(*n)++], err);
    return code == MN_OK ? measure(b, most, seconds, &runs[(*n)++], err) : code;
}

/* ---- print ---- */

static double rate(const run_result *r)
{
    return (double)r->images / r->seconds;
}

static double network_share(const run_result *r)
{
    return r->busy_ns ? (double)r->net_ns / (double)r->busy_ns : 0;
}

static double peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static json_t *stage_json(const char *name, uint64_t calls, uint64_t ns, uint64_t net_ns, const run_result *r)
{
    return json_pack("{ss sI sf sf sf}", "stage", name, "calls", (json_int_t)calls, "ms_per_image",
                     (double)ns / 1e6 / (double)r->images, "network_ms_per_image",
                     (double)net_ns / 1e6 / (double)r->images, "share", (double)ns / (double)r->busy_ns);
}

static mn_code print_json(const bench *b, const run_result *runs, size_t n, mn_error *err)
{
    const run_result *last = &runs[n - 1];
    const mn_model_info *model = mn_pipeline_descriptor_model(b->engine.pipeline);
    json_t *stages = json_array(), *scaling = json_array();
    json_array_append_new(stages, stage_json("decode", last->images, last->decode_ns, 0, last));
    for (size_t i = 0; i < last->n_stages; i++)
        if (last->stages[i].calls)
            json_array_append_new(stages, stage_json(last->stages[i].name, last->stages[i].calls,
                                                     last->stages[i].ns, last->stages[i].net_ns, last));
    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            scaling, json_pack("{si sf}", "workers", (int)runs[i].workers, "images_per_s", rate(&runs[i])));
    return mn_json_print(b->cli->out,
                         json_pack("{ss ss ss si sI sI sf sf sf so so}", "pack", mn_pack_name(b->engine.pack),
                                   "model", model->name, "precision", model->precision, "workers",
                                   (int)last->workers, "images", (json_int_t)last->images, "faces",
                                   (json_int_t)last->faces, "images_per_s", rate(last), "network_share",
                                   network_share(last), "peak_rss_mb", peak_mb(), "stages", stages, "scaling",
                                   scaling),
                         err);
}

static void stage_row(FILE *out, const char *name, uint64_t ns, uint64_t net_ns, const run_result *r)
{
    fprintf(out, "  %-12s %8.3f ms  %5.1f %%   in networks %8.3f ms\n", name,
            (double)ns / 1e6 / (double)r->images, 100 * (double)ns / (double)r->busy_ns,
            (double)net_ns / 1e6 / (double)r->images);
}

static void print_text(const bench *b, const run_result *runs, size_t n)
{
    FILE *out = b->cli->out;
    const run_result *last = &runs[n - 1];
    const mn_model_info *model = mn_pipeline_descriptor_model(b->engine.pipeline);
    fprintf(out, "%s pack, %s %s; %zu pictures\n", mn_pack_name(b->engine.pack), model->name,
            model->precision, b->n_files);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "  %3u worker%s  %8.1f pictures/s  %.2f times one\n", runs[i].workers,
                runs[i].workers == 1 ? " " : "s", rate(&runs[i]), rate(&runs[i]) / rate(&runs[0]));
    fprintf(out, "a picture, with %u worker%s:\n", last->workers, last->workers == 1 ? "" : "s");
    stage_row(out, "decode", last->decode_ns, 0, last);
    for (size_t i = 0; i < last->n_stages; i++)
        if (last->stages[i].calls)
            stage_row(out, last->stages[i].name, last->stages[i].ns, last->stages[i].net_ns, last);
    fprintf(out, "inside the networks %.1f %%, peak memory %.0f MB\n", 100 * network_share(last), peak_mb());
}

static mn_code run(bench *b, const mn_inputs *inputs, long seconds, mn_error *err)
{
    run_result runs[RUNS_MAX];
    size_t n = 0;
    mn_code code = load(b, inputs, err);
    if (code == MN_OK)
        code = measure_all(b, seconds, runs, &n, err);
    if (code == MN_OK && b->cli->json)
        code = print_json(b, runs, n, err);
    else if (code == MN_OK)
        print_text(b, runs, n);
    return code;
}

int mn_cmd_bench_pipeline(mn_cli *cli)
{
    mn_error err = {0};
    mn_inputs inputs = {0};
    bench b = {.cli = cli, .want = WANT};
    long seconds;
    if (mn_config_number(cli->args, MN_O_SECONDS, 1, 600, SECONDS, &seconds, &err) != MN_OK ||
        mn_parts_parse(cli->args, &b.want, &err) != MN_OK)
        return mn_say_usage(cli->args->command, err.text);
    mn_code code = mn_inputs_gather(cli->args->operands, cli->args->n_operands, &inputs, &err);
    if (code == MN_OK)
        code = run(&b, &inputs, seconds, &err);
    for (size_t i = 0; i < b.n_files; i++)
        mn_free(b.files[i].bytes);
    mn_free(b.files);
    mn_engine_close(&b.engine);
    bool failed = code != MN_OK || b.failed || inputs.missing;
    mn_inputs_finish(&inputs);
    if (code != MN_OK)
        mn_say_error(NULL, &err);
    return failed ? MN_EXIT_FAILURE : MN_EXIT_DONE;
}
