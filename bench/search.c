/* How fast a gallery is searched, against reading the same bytes and against a scan of floats.
 *
 *   bench-search [--threads N] [--rounds N] [--float-bytes N] [--pairs FILE] [--folder DIR] [rows×dim …]
 *
 * Without sizes: 1000000x128 1000000x512 10000000x128. The vectors are those of vectors.h. Prints a JSON
 * list, one object for each engine, size and number of queries in a pass: ms: median time of a pass, first
 * pass left out; read_ms: median time in which as many threads read as many bytes; rank1: share of the probes
 * whose mate came first; comparisons_per_s: rows × queries / ms; bytes_per_row: resident. With --folder, what
 * a search needs of few rows only is in a file there, as core has it. bench/search runs it side by side with
 * other engines. */
#include "filled.h"
#include "simd/simd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct {
    vectors v;
    unsigned threads;
    size_t rounds, float_bytes;
    const char *pairs, *folder;
} bench;

/* ---- the gallery ---- */

static void run_gallery(const bench *b, reading *r)
{
    const filled_options o = {.threads = b->threads, .folder = b->folder, .prefilter = MN_PREFILTER_OFF};
    mn_gallery *g = filled_make(&b->v, &o, r);
    filled_measure(g, &b->v, &o, "mien", 1, b->rounds, r, NULL);
    size_t all = results_rounds(&b->v, b->rounds, MN_GALLERY_QUERIES_MAX) - 1; /* every pair once */
    filled_measure(g, &b->v, &o, "mien", MN_GALLERY_QUERIES_MAX, all, r, NULL);
    mn_gallery_destroy(g);
}

/* ---- floats ---- */

typedef struct {
    const vectors *v;
    const float *rows;
    size_t probe;
    struct {
        float score;
        size_t row;
        char line[48]; /* threads do not share a cache line */
    } best[THREADS_MAX];
} float_scan;

static void scan_share(void *ctx, unsigned thread, unsigned threads)
{
    float_scan *f = ctx;
    size_t dim = (size_t)f->v->dim, from = f->v->rows * thread / threads,
           to = f->v->rows * (thread + 1) / threads;
    size_t best = from;
    float best_score = -2;
    const mn_simd *simd = mn_simd_get();
    for (size_t row = from; row < to; row++) {
        float score = simd->dot_f32(f->rows + row * dim, f->v->probes + f->probe * dim, dim);
        if (score > best_score) {
            best_score = score;
            best = row;
        }
    }
    f->best[thread].score = best_score;
    f->best[thread].row = best;
}

/* A plain scan of floats, as exact as can be: what IndexFlatIP does for one query, with all threads. */
static void run_floats(bench *b, reading *r)
{
    size_t dim = (size_t)b->v.dim, bytes = b->v.rows * dim * sizeof(float);
    if (bytes > b->float_bytes) {
        fprintf(stderr, "float scan of %zu rows of %d left out: it needs %.1f GB (--float-bytes)\n",
                b->v.rows, b->v.dim, (double)bytes / 1e9);
        return;
    }
    float *rows = map_huge(bytes);
    if (!rows)
        bench_die("out of memory");
    for (size_t row = 0; row < b->v.rows; row++)
        vectors_row(&b->v, row, rows + row * dim);
    static results res;
    res = (results){.rounds = results_rounds(&b->v, VECTORS_PROBES, 1)};
    float_scan f = {.v = &b->v, .rows = rows};
    for (size_t round = 0; round < res.rounds; round++, res.probes++) {
        f.probe = round % b->v.n_probes;
        res.read_ms[round] = reading_ms(r);
        res.ms[round] = reading_run(r, scan_share, &f);
        unsigned best = 0;
        for (unsigned t = 1; t < b->threads; t++)
            best = f.best[t].score > f.best[best].score ? t : best;
        res.hits += f.best[best].row == vectors_mate(&b->v, f.probe);
    }
    results_print(&b->v, "float scan", 1, b->threads, &res, (double)(dim * sizeof(float)), NULL);
    munmap(rows, bytes);
}

/* ---- */

static void run_size(bench b, const char *text)
{
    size_t rows;
    int dim;
    if (!vectors_parse(text, &rows, &dim))
        bench_die("sizes are written as 1000000x128: at least 16 rows, 64 to 1024 dimensions");
    if (b.pairs ? !vectors_read_pairs(&b.v, rows, dim, b.pairs) : !vectors_make(&b.v, rows, dim))
        bench_die(b.pairs ? "the pairs are not of this dimension, or too many" : "out of memory");
    reading *r = reading_create(rows * (size_t)((dim + 63) / 64 * 64), b.threads);
    if (!r)
        bench_die("no memory or no threads");
    run_gallery(&b, r);
    run_floats(&b, r);
    reading_destroy(r);
    vectors_finish(&b.v);
}

int main(int argc, char **argv)
{
    bench b = {.threads = 2, .rounds = 31, .float_bytes = (size_t)3 << 30};
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        unsigned long value = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--threads") == 0 && value >= 1 && value <= THREADS_MAX)
            b.threads = (unsigned)value;
        else if (strcmp(argv[i], "--rounds") == 0 && value >= 1 && value < ROUNDS_MAX)
            b.rounds = value;
        else if (strcmp(argv[i], "--float-bytes") == 0)
            b.float_bytes = value;
        else if (strcmp(argv[i], "--pairs") == 0)
            b.pairs = argv[i + 1];
        else if (strcmp(argv[i], "--folder") == 0)
            b.folder = argv[i + 1];
        else
            bench_die(
                "options are --threads 1…64, --rounds 1…1024, --float-bytes N, --pairs FILE, --folder DIR");
    }
    static const char *const usual[] = {"1000000x128", "1000000x512", "10000000x128"};
    for (size_t j = 0; i >= argc && j < sizeof usual / sizeof usual[0]; j++)
        run_size(b, usual[j]);
    for (; i < argc; i++)
        run_size(b, argv[i]);
    results_end();
    return 0;
}
