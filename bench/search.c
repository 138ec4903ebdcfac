/* How fast a gallery is searched, against reading the same bytes and against a scan of floats.
 *
 *   bench-search [--threads N] [--rounds N] [--float-bytes N] [rows×dim …]      default: 1000000x128
 * 1000000x512 10000000x128
 *
 * Synthetic unit vectors with normal components, made anew from their number whenever they are needed; the
 * mate of probe i is planted at cosine 0.6. Prints a JSON list, one object for each engine, size and number
 * of queries in a pass: ms: median time of a pass, first pass left out; read_ms: median time in which as many
 * threads read as many bytes; rank1: share of the probes whose mate came first; comparisons_per_s: rows ×
 * queries / ms; bytes_per_row: resident. */
#include "base/alloc.h"
#include "base/time.h"
#include "gallery/gallery.h"
#include "simd/simd.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PROBES      16
#define ROUNDS_MAX  200
#define THREADS_MAX 64
#define BATCH       4096
#define MATE_COSINE 0.6f

typedef struct {
    size_t rows;
    int dim;
    unsigned threads;
    size_t rounds, float_bytes;
    float *probes; /* PROBES × dim */
    double read_ms;
} bench;

static bool printed;

static void print(const bench *b, const char *engine, size_t queries, double ms, double rank1,
                  double bytes_per_row)
{
    double bytes = (double)b->rows * (double)((b->dim + 63) / 64 * 64);
    printf("%s\n "
           "{\"engine\":\"%s\",\"rows\":%zu,\"dim\":%d,\"queries\":%zu,\"threads\":%u,\"ms\":%.3f,\"read_"
           "ms\":%.3f,"
           "\"rank1\":%.4f,\"bytes_per_row\":%.1f,\"comparisons_per_s\":%.4g,\"read_gb_per_s\":%.1f}",
           printed ? "," : "[", engine, b->rows, b->dim, queries, b->threads, ms, b->read_ms, rank1,
           bytes_per_row, (double)b->rows * (double)queries / ms * 1e3, bytes / b->read_ms / 1e6);
    printed = true;
    fflush(stdout);
}

static void die(const char *what)
{
    fprintf(stderr, "bench-search: %s\n", what);
    exit(3);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    return v[n / 2];
}

/* ---- vectors from their number ---- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The sum of four uniform numbers is nearly normal, with tails up to 3.5 deviations, and cheap. */
static void random_vector(uint64_t number, int dim, float *v)
{
    uint64_t state = number * UINT64_C(0xd1342543de82ef95) + 1;
    float squares = 0;
    for (int i = 0; i < dim; i++) {
        uint64_t x = next_random(&state);
        v[i] = (float)((x & 0xffff) + (x >> 16 & 0xffff) + (x >> 32 & 0xffff) + (x >> 48)) - 131070.0f;
        squares += v[i] * v[i];
    }
    float unit = 1 / sqrtf(squares);
    for (int i = 0; i < dim; i++)
        v[i] *= unit;
}

static size_t mate_of(const bench *b, size_t probe)
{
    return (probe * 2 + 1) * b->rows / (2 * PROBES);
}

/* A row; where it is a mate, its random vector is turned towards the probe. */
static void row_vector(const bench *b, size_t row, float *v)
{
    random_vector(row, b->dim, v);
    for (size_t p = 0; p < PROBES; p++) {
        if (mate_of(b, p) != row)
            continue;
        const float *probe = b->probes + p * (size_t)b->dim;
        float along = 0, squares = 0;
        for (int i = 0; i < b->dim; i++)
            along += v[i] * probe[i];
        for (int i = 0; i < b->dim; i++) {
            v[i] -= along * probe[i];
            squares += v[i] * v[i];
        }
        float side = sqrtf(1 - MATE_COSINE * MATE_COSINE) / sqrtf(squares);
        for (int i = 0; i < b->dim; i++)
            v[i] = MATE_COSINE * probe[i] + side * v[i];
    }
}

static void make_probes(bench *b)
{
    b->probes = mn_alloc(PROBES * (size_t)b->dim * sizeof(float));
    if (!b->probes)
        die("out of memory");
    for (size_t p = 0; p < PROBES; p++)
        random_vector((UINT64_C(1) << 40) + p, b->dim, b->probes + p * (size_t)b->dim);
}

/* ---- work shared by threads ---- */

typedef void (*share_fn)(void *ctx, unsigned thread, size_t from, size_t to);

typedef struct {
    pthread_barrier_t *start, *end;
    share_fn fn;
    void *ctx;
    unsigned index;
    size_t from, to, rounds;
} share;

static void *run_share(void *arg)
{
    share *s = arg;
    for (size_t i = 0; i < s->rounds; i++) {
        pthread_barrier_wait(s->start);
        s->fn(s->ctx, s->index, s->from, s->to);
        pthread_barrier_wait(s->end);
    }
    return NULL;
}

/* Median time of fn over 0 … n, split among the threads. */
static double time_shares(const bench *b, share_fn fn, void *ctx, size_t n, size_t rounds)
{
    pthread_barrier_t start, end;
    pthread_barrier_init(&start, NULL, b->threads + 1);
    pthread_barrier_init(&end, NULL, b->threads + 1);
    pthread_t threads[THREADS_MAX];
    share shares[THREADS_MAX];
    for (unsigned t = 0; t < b->threads; t++) {
        shares[t] =
            (share){&start, &end, fn, ctx, t, n * t / b->threads, n * (t + 1) / b->threads, rounds + 1};
        if (pthread_create(&threads[t], NULL, run_share, &shares[t]) != 0)
            die("no thread");
    }
    double times[ROUNDS_MAX + 1];
    for (size_t i = 0; i <= rounds; i++) {
        pthread_barrier_wait(&start);
        int64_t from = mn_monotonic_ns();
        pthread_barrier_wait(&end);
        times[i] = (double)(mn_monotonic_ns() - from) / 1e6;
    }
    for (unsigned t = 0; t < b->threads; t++)
        pthread_join(threads[t], NULL);
    pthread_barrier_destroy(&start);
    pthread_barrier_destroy(&end);
    return median(times + 1, rounds);
}

/* ---- reading ---- */

typedef struct {
    const uint64_t *words;
    uint64_t sums[THREADS_MAX][8]; /* a cache line each */
} reading;

static void read_share(void *ctx, unsigned thread, size_t from, size_t to)
{
    reading *r = ctx;
    uint64_t sums[8] = {0};
    for (size_t i = from / 8 * 8; i + 8 <= to; i += 8)
        for (size_t j = 0; j < 8; j++)
            sums[j] += r->words[i + j];
    memcpy(r->sums[thread], sums, sizeof sums);
}

static double time_reading(const bench *b)
{
    size_t bytes = b->rows * (size_t)((b->dim + 63) / 64 * 64);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        die("no memory for reading");
    (void)madvise(memory, bytes, MADV_HUGEPAGE);
    memset(memory, 1, bytes);
    reading *r = mn_calloc(1, sizeof *r);
    if (!r)
        die("out of memory");
    r->words = memory;
    double ms = time_shares(b, read_share, r, bytes / 8, b->rounds);
    mn_free(r);
    munmap(memory, bytes);
    return ms;
}

/* ---- engines ---- */

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
    row_vector(ctx, (size_t)row, out);
    return MN_OK;
}

static void fill(const bench *b, mn_gallery *g)
{
    float *v = mn_alloc(BATCH * (size_t)b->dim * sizeof *v);
    mn_gallery_entry *entries = mn_calloc(BATCH, sizeof *entries);
    if (!v || !entries)
        die("out of memory");
    for (size_t row = 0; row < b->rows; row += BATCH) {
        size_t n = b->rows - row < BATCH ? b->rows - row : BATCH;
        for (size_t i = 0; i < n; i++) {
            row_vector(b, row + i, v + i * (size_t)b->dim);
            entries[i] = (mn_gallery_entry){
                .face = row_id(row + i), .person = row_id(row + i), .v = v + i * (size_t)b->dim};
        }
        mn_error err = {0};
        if (mn_gallery_add(g, entries, n, &err))
            die(err.text);
    }
    mn_free(v);
    mn_free(entries);
}

static void run_queries(bench *b, mn_gallery *g, size_t queries)
{
    size_t hits = 0, probes = 0;
    double times[ROUNDS_MAX + 1];
    for (size_t round = 0; round <= b->rounds; round++) {
        mn_query q[PROBES];
        mn_candidate out[PROBES];
        mn_answer answers[PROBES];
        for (size_t i = 0; i < queries; i++) {
            size_t p = (round + i) % PROBES;
            q[i] = (mn_query){.probe = b->probes + p * (size_t)b->dim, .k = 1, .min_raw = -1};
            answers[i].out = &out[i];
        }
        mn_error err = {0};
        int64_t from = mn_monotonic_ns();
        if (mn_gallery_search_many(g, q, queries, answers, &err))
            die(err.text);
        times[round] = (double)(mn_monotonic_ns() - from) / 1e6;
        for (size_t i = 0; i < queries; i++, probes++) {
            mn_id mate = row_id(mate_of(b, (round + i) % PROBES));
            hits += answers[i].n == 1 && mn_id_compare(&out[i].face, &mate) == 0;
        }
    }
    mn_gallery_stats s = mn_gallery_stats_get(g);
    print(b, "mien", queries, median(times + 1, b->rounds), (double)hits / (double)probes,
          (double)s.bytes / (double)b->rows);
}

static void run_gallery(bench *b)
{
    mn_gallery_options o = {.dim = b->dim, .threads = b->threads, .fetch = fetch, .fetch_ctx = b};
    mn_gallery *g;
    mn_error err = {0};
    if (mn_gallery_create(&o, &g, &err))
        die(err.text);
    int64_t from = mn_monotonic_ns();
    fill(b, g);
    fprintf(stderr, "%zu rows of %d made and added in %.1f s\n", b->rows, b->dim,
            (double)(mn_monotonic_ns() - from) / 1e9);
    run_queries(b, g, 1);
    run_queries(b, g, PROBES);
    mn_gallery_destroy(g);
}

typedef struct {
    const bench *b;
    const float *rows;
    size_t probe;
    struct {
        float score;
        size_t row;
        char line[48]; /* threads do not share a cache line */
    } best[THREADS_MAX];
} float_scan;

static void scan_share(void *ctx, unsigned thread, size_t from, size_t to)
{
    float_scan *f = ctx;
    size_t dim = (size_t)f->b->dim, best = from;
    float best_score = -2;
    const mn_simd *simd = mn_simd_get();
    for (size_t row = from; row < to; row++) {
        float score = simd->dot_f32(f->rows + row * dim, f->b->probes + f->probe * dim, dim);
        if (score > best_score) {
            best_score = score;
            best = row;
        }
    }
    f->best[thread].score = best_score;
    f->best[thread].row = best;
}

/* A plain scan of floats, as exact as can be: what IndexFlatIP does for one query. */
static void run_floats(bench *b)
{
    size_t dim = (size_t)b->dim, bytes = b->rows * dim * sizeof(float);
    if (bytes > b->float_bytes) {
        fprintf(stderr, "float scan of %zu rows of %d left out: it needs %.1f GB (--float-bytes)\n", b->rows,
                b->dim, (double)bytes / 1e9);
        return;
    }
    float *rows = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (rows == MAP_FAILED)
        die("no memory for floats");
    (void)madvise(rows, bytes, MADV_HUGEPAGE);
    for (size_t row = 0; row < b->rows; row++)
        row_vector(b, row, rows + row * dim);
    double times[PROBES];
    size_t hits = 0;
    float_scan f = {.b = b, .rows = rows};
    for (f.probe = 0; f.probe < PROBES; f.probe++) {
        times[f.probe] = time_shares(b, scan_share, &f, b->rows, 1);
        unsigned best = 0;
        for (unsigned t = 1; t < b->threads; t++)
            best = f.best[t].score > f.best[best].score ? t : best;
        hits += f.best[best].row == mate_of(b, f.probe);
    }
    print(b, "float scan", 1, median(times, PROBES), (double)hits / PROBES, (double)(dim * sizeof(float)));
    munmap(rows, bytes);
}

static void run_size(bench b, const char *text)
{
    char *end;
    b.rows = strtoull(text, &end, 10);
    b.dim = *end == 'x' ? (int)strtol(end + 1, &end, 10) : 0;
    if (*end || b.rows < PROBES || b.dim < 64 || b.dim > 1024)
        die("sizes are written as 1000000x128: at least 16 rows, 64 to 1024 dimensions");
    make_probes(&b);
    b.read_ms = time_reading(&b);
    run_gallery(&b);
    run_floats(&b);
    mn_free(b.probes);
}

int main(int argc, char **argv)
{
    bench b = {.threads = 2, .rounds = 31, .float_bytes = (size_t)3 << 30};
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        unsigned long value = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--threads") == 0 && value >= 1 && value <= THREADS_MAX)
            b.threads = (unsigned)value;
        else if (strcmp(argv[i], "--rounds") == 0 && value >= 1 && value <= ROUNDS_MAX)
            b.rounds = value;
        else if (strcmp(argv[i], "--float-bytes") == 0)
            b.float_bytes = value;
        else
            die("options are --threads 1…64, --rounds 1…200, --float-bytes N");
    }
    static const char *const usual[] = {"1000000x128", "1000000x512", "10000000x128"};
    for (size_t j = 0; i >= argc && j < sizeof usual / sizeof usual[0]; j++)
        run_size(b, usual[j]);
    for (; i < argc; i++)
        run_size(b, argv[i]);
    printf("\n]\n");
    return 0;
}
