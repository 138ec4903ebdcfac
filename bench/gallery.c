/* What bench-search does not measure of a gallery:
 *
 *   bench-gallery snapshot ROWSxDIM    how long until a snapshot is written, and until its rows are ready
 *   bench-gallery threads ROWSxDIM     16 threads that search one by one, as independent callers do
 *   bench-gallery prefilter ROWSxDIM   with sketches and without, and planted mates that a search with them
 *                                      did not put first although a full scan of floats does
 *
 *   --threads N (2)   --probes N (16; prefilter 20000)   --seconds N (10; prefilter 300: of counting at most)
 *   --rounds N (15)   --folder DIR (/tmp)
 *
 * The vectors are those of vectors.h. Prints a JSON list like bench-search, with more fields where there is
 * more. Snapshots are read from the page cache: what is measured is checking, opening and making the tables.
 */
#include "base/alloc.h"
#include "base/time.h"
#include "filled.h"
#include "gallery/gallery_parts.h"
#include "gallery/snapshot.h"
#include "simd/simd.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLERS 16
#define READS   5

typedef struct {
    vectors v;
    filled_options how;
    size_t probes, seconds, rounds;
    reading *read;
} bench;

/* ---- snapshot ---- */

static double write_snapshot(const bench *b, const char *path, const mn_snapshot_seal *seal)
{
    const uint8_t stamp[MN_SNAPSHOT_STAMP] = {0};
    mn_error err = {0};
    mn_snapshot *s;
    mn_gallery *g = filled_make(&b->v, &b->how, b->read);
    int64_t from = mn_monotonic_ns();
    if (mn_snapshot_take(g, &s, &err) || mn_snapshot_write(s, path, seal, stamp, NULL, &err))
        bench_die(err.text);
    double ms = bench_ms_since(from);
    mn_snapshot_release(s);
    mn_gallery_destroy(g);
    return ms;
}

static mn_gallery *read_snapshot(const bench *b, const char *path, const mn_snapshot_seal *seal, double *ms)
{
    mn_error err = {0};
    mn_gallery *g = filled_empty(&b->v, &b->how);
    int64_t from = mn_monotonic_ns();
    if (mn_snapshot_read(g, path, seal, NULL, NULL, &err))
        bench_die(err.text);
    *ms = bench_ms_since(from);
    return g;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void run_snapshot(bench *b)
{
    char path[4096], extra[200];
    double ready[READS];
    mn_error err = {0};
    mn_snapshot_info info;
    const mn_snapshot_seal seal = {.key = {1}};
    snprintf(path, sizeof path, "%s/bench-gallery-%d.snapshot", b->how.folder, (int)getpid());
    double write_ms = write_snapshot(b, path, &seal);
    mn_gallery *g = NULL;
    for (int i = 0; i < READS; i++) {
        mn_gallery_destroy(g);
        g = read_snapshot(b, path, &seal, &ready[i]);
    }
    if (mn_snapshot_look(path, &info, &err))
        bench_die(err.text);
    (void)unlink(path);
    qsort(ready, READS, sizeof *ready, by_value);
    snprintf(extra, sizeof extra, ",\"write_ms\":%.1f,\"ready_ms\":%.1f,\"file_bytes\":%llu", write_ms,
             ready[READS / 2], (unsigned long long)info.bytes);
    filled_measure(g, &b->v, &b->how, "mien, from a snapshot", 1, b->rounds, b->read, extra);
    mn_gallery_destroy(g);
}

/* ---- the prefilter ---- */

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

static size_t count_misses(const bench *b, mn_gallery *g, size_t first, size_t n, double *bound)
{
    mn_query q[MN_GALLERY_QUERIES_MAX] = {0};
    mn_candidate out[MN_GALLERY_QUERIES_MAX];
    mn_found answers[MN_GALLERY_QUERIES_MAX];
    mn_error err = {0};
    size_t missed = 0;
    for (size_t i = 0; i < n; i++) {
        q[i] = (mn_query){.probe = b->v.probes + (first + i) * (size_t)b->v.dim, .k = 1, .min_raw = -1};
        answers[i].out = &out[i];
    }
    if (mn_gallery_search_many(g, q, n, answers, &err))
        bench_die(err.text);
    for (size_t i = 0; i < n; i++) {
        mn_id mate = filled_row_id(vectors_mate(&b->v, first + i));
        *bound = fmax(*bound, (double)answers[i].missed);
        if ((answers[i].n == 0 || mn_id_compare(&out[i].face, &mate) != 0) && mate_is_first(b, first + i))
            missed++;
    }
    return missed;
}

/* All probes, or those for which there is time: how many is a field of its own. */
static void describe_misses(const bench *b, mn_gallery *g, char *out, size_t size)
{
    size_t missed = 0, searched = 0;
    double bound = 0;
    int64_t until = mn_monotonic_ns() + (int64_t)b->seconds * 1000000000;
    while (searched < b->v.n_probes && mn_monotonic_ns() < until) {
        size_t left = b->v.n_probes - searched,
               n = left < MN_GALLERY_QUERIES_MAX ? left : MN_GALLERY_QUERIES_MAX;
        missed += count_misses(b, g, searched, n, &bound);
        searched += n;
    }
    mn_gallery_stats stats = mn_gallery_stats_get(g);
    snprintf(out, size,
             ",\"probes\":%zu,\"missed\":%zu,\"bound\":%.3g,\"sketched_chunks\":%zu,\"chunks\":%zu,"
             "\"cold_bytes_per_row\":%.1f",
             searched, missed, bound, stats.sketched, stats.chunks,
             (double)stats.cold_bytes / (double)b->v.rows);
}

static void run_prefilter(bench *b)
{
    char extra[300];
    b->how.prefilter = MN_PREFILTER_ON;
    mn_gallery *g = filled_make(&b->v, &b->how, b->read);
    filled_measure(g, &b->v, &b->how, "mien, with sketches", 1, b->rounds, b->read, NULL);
    g->options.prefilter = MN_PREFILTER_OFF; /* nothing is written any more, so nobody else reads it */
    filled_measure(g, &b->v, &b->how, "mien, all rows", 1, b->rounds, b->read, NULL);
    g->options.prefilter = MN_PREFILTER_ON;
    describe_misses(b, g, extra, sizeof extra);
    filled_measure(g, &b->v, &b->how, "mien, with sketches", CALLERS, b->rounds, b->read, extra);
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
        mn_id mate = filled_row_id(vectors_mate(&c->b->v, p));
        const mn_query q = {.probe = c->b->v.probes + p * (size_t)c->b->v.dim, .k = 1, .min_raw = -1};
        if (mn_gallery_search(c->g, &q, &out, &n, NULL, &err))
            bench_die(err.text);
        c->hits += n == 1 && mn_id_compare(&out.face, &mate) == 0;
    }
    return NULL;
}

static void run_threads(bench *b)
{
    caller callers[CALLERS];
    pthread_t threads[CALLERS];
    mn_gallery *g = filled_make(&b->v, &b->how, b->read);
    static results res;
    res = (results){.rounds = 2}; /* the first does not count */
    res.read_ms[0] = reading_ms(b->read);
    res.read_ms[1] = reading_ms(b->read);
    int64_t from = mn_monotonic_ns(), until = from + (int64_t)b->seconds * 1000000000;
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i] = (caller){.b = b, .g = g, .number = i, .until = until};
        if (pthread_create(&threads[i], NULL, call, &callers[i]))
            bench_die("no thread");
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        res.probes += callers[i].searches;
        res.hits += callers[i].hits;
    }
    res.ms[1] = bench_ms_since(from) / (double)res.probes * CALLERS; /* of a round in which each has one */
    results_print(&b->v, "mien, independent threads", CALLERS, b->how.threads, &res,
                  (double)mn_gallery_stats_get(g).bytes / (double)b->v.rows, NULL);
    mn_gallery_destroy(g);
}

/* ---- */

static bool take_option(bench *b, const char *name, const char *value)
{
    unsigned long n = strtoul(value, NULL, 10);
    if (strcmp(name, "--threads") == 0 && n >= 1 && n <= THREADS_MAX)
        b->how.threads = (unsigned)n;
    else if (strcmp(name, "--probes") == 0 && n >= VECTORS_PROBES && n <= 1000000)
        b->probes = n;
    else if (strcmp(name, "--seconds") == 0 && n >= 1 && n <= 3600)
        b->seconds = n;
    else if (strcmp(name, "--rounds") == 0 && n >= 1 && n < ROUNDS_MAX)
        b->rounds = n;
    else if (strcmp(name, "--folder") == 0)
        b->how.folder = value;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(bench *b);
        size_t probes, seconds;
    } modes[] = {{"snapshot", run_snapshot, VECTORS_PROBES, 1},
                 {"prefilter", run_prefilter, 20000, 300},
                 {"threads", run_threads, VECTORS_PROBES, 10}};
    bench b = {.rounds = 15, .how = {.threads = 2, .folder = "/tmp", .prefilter = MN_PREFILTER_OFF}};
    size_t rows, mode = 0;
    int dim;
    while (argc > 1 && mode < 3 && strcmp(argv[1], modes[mode].name) != 0)
        mode++;
    if (argc < 3 || mode == 3 || !vectors_parse(argv[2], &rows, &dim))
        bench_die("usage: bench-gallery snapshot|prefilter|threads ROWSxDIM [options]");
    b.probes = modes[mode].probes;
    b.seconds = modes[mode].seconds;
    for (int i = 3; i < argc; i += 2)
        if (i + 1 >= argc || !take_option(&b, argv[i], argv[i + 1]))
            bench_die("options: --threads N --probes N --seconds N --rounds N --folder DIR");
    b.read = reading_create(rows * (size_t)((dim + 63) / 64 * 64), b.how.threads);
    if (!b.read || !vectors_make_many(&b.v, rows, dim, b.probes < rows ? b.probes : rows))
        bench_die("out of memory, or no threads");
    modes[mode].run(&b);
    reading_destroy(b.read);
    vectors_finish(&b.v);
    results_end();
    return 0;
}
