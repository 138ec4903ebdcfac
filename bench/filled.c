#include "filled.h"

#include "base/alloc.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 16384

void bench_die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(3);
}

double bench_ms_since(int64_t from)
{
    return (double)(mn_monotonic_ns() - from) / 1e6;
}

mn_id filled_row_id(size_t row)
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

mn_gallery *filled_empty(const vectors *v, const filled_options *o)
{
    const mn_gallery_options options = {.dim = v->dim,
                                        .threads = o->threads,
                                        .fetch = fetch,
                                        .fetch_ctx = (void *)v,
                                        .cold_dir = o->folder,
                                        .prefilter = o->prefilter};
    mn_gallery *g;
    mn_error err = {0};
    if (mn_gallery_create(&options, &g, &err))
        bench_die(err.text);
    return g;
}

typedef struct {
    const vectors *v;
    size_t first, n; /* of a batch */
    float *rows;
    mn_gallery_entry *entries;
} batch;

static void make_share(void *ctx, unsigned thread, unsigned threads)
{
    const batch *b = ctx;
    size_t dim = (size_t)b->v->dim;
    for (size_t i = b->n * thread / threads; i < b->n * (thread + 1) / threads; i++) {
        mn_id id = filled_row_id(b->first + i);
        vectors_row(b->v, b->first + i, b->rows + i * dim);
        b->entries[i] = (mn_gallery_entry){.face = id, .person = id, .v = b->rows + i * dim};
    }
}

mn_gallery *filled_make(const vectors *v, const filled_options *o, reading *r)
{
    mn_gallery *g = filled_empty(v, o);
    batch b = {.v = v,
               .rows = mn_alloc(BATCH * (size_t)v->dim * sizeof *b.rows),
               .entries = mn_calloc(BATCH, sizeof *b.entries)};
    mn_error err = {0};
    int64_t from = mn_monotonic_ns();
    if (!b.rows || !b.entries)
        bench_die("out of memory");
    for (; b.first < v->rows; b.first += b.n) {
        b.n = v->rows - b.first < BATCH ? v->rows - b.first : BATCH;
        (void)reading_run(r, make_share, &b);
        if (mn_gallery_add(g, b.entries, b.n, &err))
            bench_die(err.text);
    }
    if (mn_gallery_compact(g, &err)) /* makes missing sketches */
        bench_die(err.text);
    mn_free(b.rows);
    mn_free(b.entries);
    fprintf(stderr, "bench: %zu rows of %d made and added in %.1f s\n", v->rows, v->dim,
            bench_ms_since(from) / 1e3);
    return g;
}

void filled_measure(mn_gallery *g, const vectors *v, const filled_options *o, const char *engine,
                    size_t queries, size_t rounds, reading *r, const char *extra)
{
    static results res;
    res = (results){.rounds = rounds + 1};
    for (size_t round = 0, first = 0; round < res.rounds; round++, first += queries) {
        mn_query q[MN_GALLERY_QUERIES_MAX];
        mn_candidate out[MN_GALLERY_QUERIES_MAX];
        mn_found answers[MN_GALLERY_QUERIES_MAX];
        mn_error err = {0};
        for (size_t i = 0; i < queries; i++) {
            const float *probe = v->probes + (first + i) % v->n_probes * (size_t)v->dim;
            q[i] = (mn_query){.probe = probe, .k = 1, .min_raw = -1};
            answers[i].out = &out[i];
        }
        res.read_ms[round] = reading_ms(r);
        if (queries > 1)
            res.multiply_ms[round] = reading_multiply_ms(r, (double)(v->rows * queries) * v->dim);
        int64_t from = mn_monotonic_ns();
        if (mn_gallery_search_many(g, q, queries, answers, &err))
            bench_die(err.text);
        res.ms[round] = bench_ms_since(from);
        for (size_t i = 0; i < queries; i++, res.probes++) {
            mn_id mate = filled_row_id(vectors_mate(v, (first + i) % v->n_probes));
            res.hits += answers[i].n == 1 && mn_id_compare(&out[i].face, &mate) == 0;
        }
    }
    double bytes = (double)mn_gallery_stats_get(g).bytes;
    results_print(v, engine, queries, o->threads, &res, bytes / (double)v->rows, extra);
}
