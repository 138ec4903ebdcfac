/* What bench-search does not measure of a gallery:
 *
 *   bench-gallery snapshot ROWSxDIM   how long until a snapshot is written, and until its rows are ready
 *   bench-gallery misses ROWSxDIM     planted mates that a search did not put first although a full scan of
 * floats does bench-gallery threads ROWSxDIM    16 threads that search one by one, as independent callers do
 *
 *   --threads N (2)   --probes N (16; for misses 10000)   --prefilter auto|on|off   --folder DIR (/tmp)
 * --seconds N (10)
 *
 * The vectors are those of vectors.h. Prints one JSON object. Snapshots are read from the page cache: what is
 * measured is checking, opening and making the tables. */
#include "base/alloc.h"
#include "base/time.h"
#include "gallery/snapshot.h"
#include "simd/simd.h"
#include "vectors.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH   4096
#define CALLERS 16

typedef struct {
    vectors v;
    unsigned threads;
    size_t probes, seconds;
    mn_prefilter prefilter;
    const char *folder;
} bench;

static void die(const char *what)
{
    fprintf(stderr, "bench-gallery: %s\n", what);
    exit(3);
}

static double ms_since(int64_t from)
{
    return (double)(mn_monotonic_ns() - from) / 1e6;
}

static mn_id row_id(size_t row)
{
    uint64_t parts[2] = {row * UINT64_C(0x9e3779b97f4a7c15), row};
    mn_id id;
    memcpy(id.bytes, parts, sizeof parts);
    return id;
}

static mn_code fetch(void *ctx, const mn_id *face, float *out, mn_error *err)
{
    (void)err;
    uint64_t row;
    memcpy(&row, face->bytes + 8, sizeof row);
    vectors_row(ctx, (size_t)row, out);
    return MN_OK;
}

static mn_gallery *create(bench *b)
{
    const mn_gallery_options o = {.dim = b->v.dim,
                                  .threads = b->threads,
                                  .fetch = fetch,
                                  .fetch_ctx = &b->v,
                                  .cold_dir = b->folder,
                                  .prefilter = b->prefilter};
    mn_gallery *g;
    mn_error err = {0};
    if (mn_gallery_create(&o, &g, &err))
        die(err.text);
    return g;
}

static mn_gallery *fill(bench *b)
{
    size_t dim = (size_t)b->v.dim;
    mn_gallery *g = create(b);
    float *v = mn_alloc(BATCH * dim * sizeof *v);
    mn_gallery_entry *entries = mn_calloc(BATCH, sizeof *entries);
    mn_error err = {0};
    if (!v || !entries)
        die("out of memory");
    for (size_t row = 0; row < b->v.rows; row += BATCH) {
        size_t n = b->v.rows - row < BATCH ? b->v.rows - row : BATCH;
        for (size_t i = 0; i < n; i++) {
            vectors_row(&b->v, row + i, v + i * dim);
            entries[i] =
                (mn_gallery_entry){.face = row_id(row + i), .person = row_id(row + i), .v = v + i * dim};
        }
        if (mn_gallery_add(g, entries, n, &err))
            die(err.text);
    }
    if (mn_gallery_compact(g, &err)) /* makes missing sketches */
        die(err.text);
    mn_free(v);
    mn_free(entries);
    return g;
}

/* ---- snapshot ---- */

static void run_snapshot(bench *b)
{
    char path[4096];
    mn_error err = {0};
    const mn_snapshot_seal seal = {.key = {1}};
    const uint8_t stamp[MN_SNAPSHOT_STAMP] = {0};
    mn_snapshot *s;
    mn_snapshot_info info;
    mn_gallery *g = fill(b);
    snprintf(path, sizeof path, "%s/bench-gallery-%d.snapshot", b->folder, (int)getpid());
    int64_t from = mn_monotonic_ns();
    if (mn_snapshot_take(g, &s, &err) || mn_snapshot_write(s, path, &seal, stamp, NULL, &err))
        die(err.text);
    double write_ms = ms_since(from);
    mn_snapshot_release(s);
    mn_gallery_destroy(g);
    double best = INFINITY;
    for (int i = 0; i < 5; i++) {
        g = create(b);
        from = mn_monotonic_ns();
        if (mn_snapshot_read(g, path, &seal, NULL, NULL, &err))
            die(err.text);
        best = fmin(best, ms_since(from));
        mn_gallery_destroy(g);
    }
    if (mn_snapshot_look(path, &info, &err))
        die(err.text);
    (void)unlink(path);
    printf("{\"engine\": \"mien\", \"what\": \"snapshot\", \"rows\": %zu, \"dim\": %d, \"threads\": %u, "
           "\"write_ms\": %.1f, \"ready_ms\": %.1f, \"bytes\": %llu}\n",
           b->v.rows, b->v.dim, b->threads, write_ms, best, (unsigned long long)info.bytes);
}

/* ---- misses ---- */

/* By floats, all rows: is the mate really the first? */
static bool mate_is_first(const bench *b, size_t probe)
{
    size_t dim = (size_t)b->v.dim, best = 0;
    float v[1024], best_score = -2;
    for (size_t row = 0; row < b->v.rows; row++) {
        vectors_row(&b->v, row, v);
        float score = mn_simd_get()->dot_f32(v, b->v.probes + probe * dim, dim);
        if (score > best_score) {
            best_score = score;
            best = row;
        }
    }
    return best == vectors_mate(&b->v, probe);
}

static size_t count_misses(bench *b, mn_gallery *g, size_t first, size_t n, double *bound)
{
    mn_query q[MN_GALLERY_QUERIES_MAX];
    mn_candidate out[MN_GALLERY_QUERIES_MAX];
    mn_found answers[MN_GALLERY_QUERIES_MAX];
    mn_error err = {0};
    size_t missed = 0;
    for (size_t i = 0; i < n; i++) {
        q[i] = (mn_query){.probe = b->v.probes + (first + i) * (size_t)b->v.dim, .k = 1, .min_raw = -1};
        answers[i].out = &out[i];
    }
    if (mn_gallery_search_many(g, q, n, answers, &err))
        die(err.text);
    for (size_t i = 0; i < n; i++) {
        mn_id mate = row_id(vectors_mate(&b->v, first + i));
        *bound = fmax(*bound, (double)answers[i].missed);
        if ((answers[i].n == 0 || mn_id_compare(&out[i].face, &mate) != 0) && mate_is_first(b, first + i))
            missed++;
    }
    return missed;
}

static void run_misses(bench *b)
{
    mn_gallery *g = fill(b);
    mn_gallery_stats stats = mn_gallery_stats_get(g);
    size_t missed = 0;
    double bound = 0;
    int64_t from = mn_monotonic_ns();
    for (size_t i = 0; i < b->v.n_probes; i += MN_GALLERY_QUERIES_MAX) {
        size_t left = b->v.n_probes - i;
        missed +=
            count_misses(b, g, i, left < MN_GALLERY_QUERIES_MAX ? left : MN_GALLERY_QUERIES_MAX, &bound);
    }
    printf("{\"engine\": \"mien\", \"what\": \"misses\", \"rows\": %zu, \"dim\": %d, \"threads\": %u, "
           "\"probes\": %zu, "
           "\"missed\": %zu, \"bound\": %.3g, \"sketched_chunks\": %zu, \"chunks\": %zu, \"ms_per_probe\": "
           "%.2f, "
           "\"bytes_per_row\": %.1f}\n",
           b->v.rows, b->v.dim, b->threads, b->v.n_probes, missed, bound, stats.sketched, stats.chunks,
           ms_since(from) / (double)b->v.n_probes, (double)stats.bytes / (double)b->v.rows);
    mn_gallery_destroy(g);
}

/* ---- independent callers ---- */

typedef struct {
    bench *b;
    mn_gallery *g;
    unsigned number;
    int64_t until;
    size_t searches, hits;
} caller;

static void *call(void *arg)
{
    caller *c = arg;
    mn_candidate out;
    for (size_t i = c->number; mn_monotonic_ns() < c->until; i++, c->searches++) {
        size_t p = i % c->b->v.n_probes, n = 0;
        mn_error err = {0};
        mn_id mate = row_id(vectors_mate(&c->b->v, p));
        const mn_query q = {.probe = c->b->v.probes + p * (size_t)c->b->v.dim, .k = 1, .min_raw = -1};
        if (mn_gallery_search(c->g, &q, &out, &n, NULL, &err))
            die(err.text);
        c->hits += n == 1 && mn_id_compare(&out.face, &mate) == 0;
    }
    return NULL;
}

static void run_threads(bench *b)
{
    caller callers[CALLERS];
    pthread_t threads[CALLERS];
    mn_gallery *g = fill(b);
    size_t searches = 0, hits = 0;
    int64_t from = mn_monotonic_ns(), until = from + (int64_t)b->seconds * 1000000000;
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i] = (caller){.b = b, .g = g, .number = i, .until = until};
        if (pthread_create(&threads[i], NULL, call, &callers[i]))
            die("no thread");
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        searches += callers[i].searches;
        hits += callers[i].hits;
    }
    double ms = ms_since(from);
    printf("{\"engine\": \"mien\", \"what\": \"independent threads\", \"rows\": %zu, \"dim\": %d, "
           "\"queries\": %d, "
           "\"threads\": %u, \"ms\": %.3f, \"rank1\": %.6f, \"comparisons_per_s\": %.4g}\n",
           b->v.rows, b->v.dim, CALLERS, b->threads, ms / (double)searches * CALLERS,
           (double)hits / (double)searches, (double)searches * (double)b->v.rows / ms * 1e3);
    mn_gallery_destroy(g);
}

/* ---- */

static bool take_option(bench *b, const char *name, const char *value)
{
    unsigned long n = strtoul(value, NULL, 10);
    if (strcmp(name, "--threads") == 0 && n >= 1 && n <= 64)
        b->threads = (unsigned)n;
    else if (strcmp(name, "--probes") == 0 && n >= 1 && n <= 1000000)
        b->probes = n;
    else if (strcmp(name, "--seconds") == 0 && n >= 1 && n <= 3600)
        b->seconds = n;
    else if (strcmp(name, "--folder") == 0)
        b->folder = value;
    else if (strcmp(name, "--prefilter") == 0 && strcmp(value, "on") == 0)
        b->prefilter = MN_PREFILTER_ON;
    else if (strcmp(name, "--prefilter") == 0 && strcmp(value, "off") == 0)
        b->prefilter = MN_PREFILTER_OFF;
    else
        return strcmp(name, "--prefilter") == 0 && strcmp(value, "auto") == 0;
    return true;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(bench *b);
        size_t probes;
    } modes[] = {{"snapshot", run_snapshot, 16}, {"misses", run_misses, 10000}, {"threads", run_threads, 16}};
    bench b = {.threads = 2, .seconds = 10, .folder = "/tmp"};
    size_t rows, mode = 0;
    int dim;
    while (argc > 1 && mode < 3 && strcmp(argv[1], modes[mode].name) != 0)
        mode++;
    if (argc < 3 || mode == 3 || !vectors_parse(argv[2], &rows, &dim))
        die("usage: bench-gallery snapshot|misses|threads ROWSxDIM [options]");
    for (int i = 3; i < argc; i += 2)
        if (i + 1 >= argc || !take_option(&b, argv[i], argv[i + 1]))
            die("options: --threads N --probes N --seconds N --folder DIR --prefilter auto|on|off");
    size_t probes = b.probes ? b.probes : modes[mode].probes;
    if (!vectors_make_many(&b.v, rows, dim, probes < rows ? probes : rows))
        die("out of memory");
    modes[mode].run(&b);
    vectors_finish(&b.v);
    return 0;
}
