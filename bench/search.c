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
} bench;

static bool printed;

typedef struct {
    double ms[ROUNDS_MAX + 1], read_ms[ROUNDS_MAX + 1]; /* the first round is left out */
    size_t rounds, probes, hits;
} result;

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

static void print(const bench *b, const char *engine, size_t queries, result *r, double bytes_per_row)
{
    double ms = median(r->ms + 1, r->rounds - 1), read_ms = median(r->read_ms + 1, r->rounds - 1);
    double rank1 = (double)r->hits / (double)r->probes;
    double bytes = (double)b->rows * (double)((b->dim + 63) / 64 * 64);
    printf("%s\n "
           "{\"engine\":\"%s\",\"rows\":%zu,\"dim\":%d,\"queries\":%zu,\"threads\":%u,\"ms\":%.3f,\"read_"
           "ms\":%.3f,"
           "\"rank1\":%.4f,\"bytes_per_row\":%.1f,\"comparisons_per_s\":%.4g,\"read_gb_per_s\":%.1f}",
           printed ? "," : "[", engine, b->rows, b->dim, queries, b->threads, ms, read_ms, rank1,
           bytes_per_row, (double)b->rows * (double)queries / ms * 1e3, bytes / read_ms / 1e6);
    printed = true;
    fflush(stdout);
}

static void die(const char *what)
{
    fprintf(stderr, "bench-search: %s\n", what);
    exit(3);
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

/* ---- threads that wait for work ---- */

typedef void (*share_fn)(void *ctx, unsigned thread, unsigned threads);

typedef struct team team;

typedef struct {
    team *team;
    unsigned index;
    pthread_t thread;
} member;

struct team {
    pthread_barrier_t start, end;
    unsigned threads;
    share_fn fn; /* NULL: go home */
    void *ctx;
    member members[THREADS_MAX];
};

static void *work(void *arg)
{
    member *m = arg;
    for (;;) {
        pthread_barrier_wait(&m->team->start);
        if (!m->team->fn)
            return NULL;
        m->team->fn(m->team->ctx, m->index, m->team->threads);
        pthread_barrier_wait(&m->team->end);
    }
}

static void team_init(team *t, unsigned threads)
{
    t->threads = threads;
    pthread_barrier_init(&t->start, NULL, threads + 1);
    pthread_barrier_init(&t->end, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++) {
        t->members[i] = (member){.team = t, .index = i};
        if (pthread_create(&t->members[i].thread, NULL, work, &t->members[i]) != 0)
            die("no thread");
    }
}

/* Milliseconds until all are done. */
static double team_run(team *t, share_fn fn, void *ctx)
{
    t->fn = fn;
    t->ctx = ctx;
    int64_t from = mn_monotonic_ns();
    pthread_barrier_wait(&t->start);
    pthread_barrier_wait(&t->end);
    return (double)(mn_monotonic_ns() - from) / 1e6;
}

static void team_finish(team *t)
{
    t->fn = NULL;
    pthread_barrier_wait(&t->start);
    for (unsigned i = 0; i < t->threads; i++)
        pthread_join(t->members[i].thread, NULL);
    pthread_barrier_destroy(&t->start);
    pthread_barrier_destroy(&t->end);
}

/* ---- reading ---- */

typedef struct {
    team team;
    uint64_t *words;
    size_t n;
    uint64_t sums[THREADS_MAX][8]; /* a cache line each; kept so that reading is not optimised away */
} reading;

static void *map_huge(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        die("out of memory");
    (void)madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

static void read_share(void *ctx, unsigned thread, unsigned threads)
{
    reading *r = ctx;
    size_t from = r->n * thread / threads / 8 * 8, to = r->n * (thread + 1) / threads;
    uint64_t sums[8] = {0};
    for (size_t i = from; i + 8 <= to; i += 8)
        for (size_t j = 0; j < 8; j++)
            sums[j] += r->words[i + j];
    memcpy(r->sums[thread], sums, sizeof sums);
}

static reading *reading_create(const bench *b)
{
    size_t bytes = b->rows * (size_t)((b->dim + 63) / 64 * 64);
    reading *r = mn_calloc(1, sizeof *r);
    if (!r)
        die("out of memory");
    r->words = map_huge(bytes);
    r->n = bytes / sizeof *r->words;
    memset(r->words, 1, bytes);
    team_init(&r->team, b->threads);
    return r;
}

static void reading_destroy(reading *r)
{
    team_finish(&r->team);
    munmap(r->words, r->n * sizeof *r->words);
    mn_free(r);
}

static double time_reading(reading *r)
{
    return team_run(&r->team, read_share, r);
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

static void run_queries(bench *b, mn_gallery *g, reading *r, size_t queries)
{
    result res = {.rounds = b->rounds + 1};
    for (size_t round = 0; round < res.rounds; round++) {
        mn_query q[PROBES];
        mn_candidate out[PROBES];
        mn_answer answers[PROBES];
        for (size_t i = 0; i < queries; i++) {
            size_t p = (round + i) % PROBES;
            q[i] = (mn_query){.probe = b->probes + p * (size_t)b->dim, .k = 1, .min_raw = -1};
            answers[i].out = &out[i];
        }
        res.read_ms[round] = time_reading(r);
        mn_error err = {0};
        int64_t from = mn_monotonic_ns();
        if (mn_gallery_search_many(g, q, queries, answers, &err))
            die(err.text);
        res.ms[round] = (double)(mn_monotonic_ns() - from) / 1e6;
        for (size_t i = 0; i < queries; i++, res.probes++) {
            mn_id mate = row_id(mate_of(b, (round + i) % PROBES));
            res.hits += answers[i].n == 1 && mn_id_compare(&out[i].face, &mate) == 0;
        }
    }
    mn_gallery_stats s = mn_gallery_stats_get(g);
    print(b, "mien", queries, &res, (double)s.bytes / (double)b->rows);
}

static void run_gallery(bench *b, reading *r)
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
    run_queries(b, g, r, 1);
    run_queries(b, g, r, PROBES);
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

static void scan_share(void *ctx, unsigned thread, unsigned threads)
{
    float_scan *f = ctx;
    size_t dim = (size_t)f->b->dim, from = f->b->rows * thread / threads,
           to = f->b->rows * (thread + 1) / threads;
    size_t best = from;
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
static void run_floats(bench *b, reading *r)
{
    size_t dim = (size_t)b->dim, bytes = b->rows * dim * sizeof(float);
    if (bytes > b->float_bytes) {
        fprintf(stderr, "float scan of %zu rows of %d left out: it needs %.1f GB (--float-bytes)\n", b->rows,
                b->dim, (double)bytes / 1e9);
        return;
    }
    float *rows = map_huge(bytes);
    for (size_t row = 0; row < b->rows; row++)
        row_vector(b, row, rows + row * dim);
    result res = {.rounds = PROBES};
    float_scan f = {.b = b, .rows = rows};
    for (f.probe = 0; f.probe < PROBES; f.probe++, res.probes++) {
        res.read_ms[f.probe] = time_reading(r);
        res.ms[f.probe] = team_run(&r->team, scan_share, &f);
        unsigned best = 0;
        for (unsigned t = 1; t < b->threads; t++)
            best = f.best[t].score > f.best[best].score ? t : best;
        res.hits += f.best[best].row == mate_of(b, f.probe);
    }
    print(b, "float scan", 1, &res, (double)(dim * sizeof(float)));
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
    reading *r = reading_create(&b);
    run_gallery(&b, r);
    run_floats(&b, r);
    reading_destroy(r);
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
