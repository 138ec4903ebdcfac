/* How fast a gallery is searched, against reading the same bytes and against a scan of floats.
 *
 *   bench-search [--threads N] [--rounds N] [--float-bytes N] [--pairs FILE] [rows×dim …]
 *
 * Without sizes: 1000000x128 1000000x512 10000000x128. The vectors are those of vectors.h. Prints a JSON
 * list, one object for each engine, size and number of queries in a pass: ms: median time of a pass, first
 * pass left out; read_ms: median time in which as many threads read as many bytes; rank1: share of the probes
 * whose mate came first; comparisons_per_s: rows × queries / ms; bytes_per_row: resident. bench/search runs
 * it side by side with other engines. */
#include "base/alloc.h"
#include "base/time.h"
#include "gallery/gallery.h"
#include "reading.h"
#include "results.h"
#include "simd/simd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BATCH 4096

typedef struct {
    vectors v;
    unsigned threads;
    size_t rounds, float_bytes;
    const char *pairs;
} bench;

static void die(const char *what)
{
    fprintf(stderr, "bench-search: %s\n", what);
    exit(3);
}

/* ---- the gallery ---- */

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

static void fill(const bench *b, mn_gallery *g)
{
    size_t dim = (size_t)b->v.dim;
    float *v = mn_alloc(BATCH * dim * sizeof *v);
    mn_gallery_entry *entries = mn_calloc(BATCH, sizeof *entries);
    if (!v || !entries)
        die("out of memory");
    for (size_t row = 0; row < b->v.rows; row += BATCH) {
        size_t n = b->v.rows - row < BATCH ? b->v.rows - row : BATCH;
        for (size_t i = 0; i < n; i++) {
            vectors_row(&b->v, row + i, v + i * dim);
            entries[i] =
                (mn_gallery_entry){.face = row_id(row + i), .person = row_id(row + i), .v = v + i * dim};
        }
        mn_error err = {0};
        if (mn_gallery_add(g, entries, n, &err))
            die(err.text);
    }
    mn_free(v);
    mn_free(entries);
}

static void run_queries(bench *b, mn_gallery *g, reading *r, size_t queries)
{
    static results res;
    res = (results){.rounds = results_rounds(&b->v, b->rounds, queries)};
    for (size_t round = 0, first = 0; round < res.rounds; round++, first += queries) {
        mn_query q[MN_GALLERY_QUERIES_MAX];
        mn_candidate out[MN_GALLERY_QUERIES_MAX];
        mn_found answers[MN_GALLERY_QUERIES_MAX];
        for (size_t i = 0; i < queries; i++) {
            size_t p = (first + i) % b->v.n_probes;
            q[i] = (mn_query){.probe = b->v.probes + p * (size_t)b->v.dim, .k = 1, .min_raw = -1};
            answers[i].out = &out[i];
        }
        res.read_ms[round] = reading_ms(r);
        mn_error err = {0};
        int64_t from = mn_monotonic_ns();
        if (mn_gallery_search_many(g, q, queries, answers, &err))
            die(err.text);
        res.ms[round] = (double)(mn_monotonic_ns() - from) / 1e6;
        for (size_t i = 0; i < queries; i++, res.probes++) {
            mn_id mate = row_id(vectors_mate(&b->v, (first + i) % b->v.n_probes));
            res.hits += answers[i].n == 1 && mn_id_compare(&out[i].face, &mate) == 0;
        }
    }
    double bytes = (double)mn_gallery_stats_get(g).bytes;
    results_print(&b->v, "mien", queries, b->threads, &res, bytes / (double)b->v.rows);
}

static void run_gallery(bench *b, reading *r)
{
    mn_gallery_options o = {.dim = b->v.dim, .threads = b->threads, .fetch = fetch, .fetch_ctx = &b->v};
    mn_gallery *g;
    mn_error err = {0};
    if (mn_gallery_create(&o, &g, &err))
        die(err.text);
    int64_t from = mn_monotonic_ns();
    fill(b, g);
    fprintf(stderr, "%zu rows of %d made and added in %.1f s\n", b->v.rows, b->v.dim,
            (double)(mn_monotonic_ns() - from) / 1e9);
    run_queries(b, g, r, 1);
    run_queries(b, g, r, MN_GALLERY_QUERIES_MAX);
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
        die("out of memory");
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
    results_print(&b->v, "float scan", 1, b->threads, &res, (double)(dim * sizeof(float)));
    munmap(rows, bytes);
}

/* ---- */

static void run_size(bench b, const char *text)
{
    size_t rows;
    int dim;
    if (!vectors_parse(text, &rows, &dim))
        die("sizes are written as 1000000x128: at least 16 rows, 64 to 1024 dimensions");
    if (b.pairs ? !vectors_read_pairs(&b.v, rows, dim, b.pairs) : !vectors_make(&b.v, rows, dim))
        die(b.pairs ? "the pairs are not of this dimension, or too many" : "out of memory");
    reading *r = reading_create(rows * (size_t)((dim + 63) / 64 * 64), b.threads);
    if (!r)
        die("no memory or no threads");
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
        else
            die("options are --threads 1…64, --rounds 1…1024, --float-bytes N, --pairs FILE");
    }
    static const char *const usual[] = {"1000000x128", "1000000x512", "10000000x128"};
    for (size_t j = 0; i >= argc && j < sizeof usual / sizeof usual[0]; j++)
        run_size(b, usual[j]);
    for (; i < argc; i++)
        run_size(b, argv[i]);
    results_end();
    return 0;
}
