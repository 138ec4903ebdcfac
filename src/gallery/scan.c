#include "gallery/scan.h"

#include "base/alloc.h"
#include "gallery/filter.h"
#include <string.h>

#define BLOCK_ROWS        4096u /* taken at a time, and between two looks at the clock: up to 0.1 ms of work */
#define BLOCK_WORDS       (BLOCK_ROWS / 64)
#define BLOCKS_OF_A_CHUNK (MN_CHUNK_ROWS / BLOCK_ROWS)
#define TILE_ROWS         256u /* scores of 16 probes stay in the first-level cache */
/* A list with fewer of the block's rows is read row by row. Below about a quarter that is faster than reading
 * all. */
#define NARROW 4
/* Waking a helper takes about as long as one thread needs for this many bytes. */
#define BYTES_PER_HELPER ((size_t)1 << 20)

/* What one thread needs for its blocks. */
typedef struct {
    mn_scan *scan;
    mn_best best[MN_GALLERY_QUERIES_MAX];
    size_t searched[MN_GALLERY_QUERIES_MAX];
    size_t blocks;
    int32_t dots[MN_GALLERY_QUERIES_MAX * TILE_ROWS];
    uint64_t wanted[MN_GALLERY_QUERIES_MAX]
                   [BLOCK_WORDS]; /* rows of the block that pass each query's filter */
} worker;

/* One block: rows from … from + n of a segment. */
typedef struct {
    const mn_segment *segment;
    uint32_t first; /* number of row `from` in the view */
    uint32_t from, n;
    bool filtered[MN_GALLERY_QUERIES_MAX]; /* false: all rows are wanted, and `wanted` says nothing */
    size_t count[MN_GALLERY_QUERIES_MAX];
} block;

/* ---- the clock ---- */

mn_code mn_query_stopped(const mn_query *q)
{
    if (mn_cancelled(q->cancel))
        return MN_E_CANCELLED;
    return mn_deadline_passed(q->deadline) ? MN_E_TIMEOUT : MN_OK;
}

static bool stopped(const mn_scan *s, size_t q)
{
    return atomic_load_explicit(&s->stops[q], memory_order_relaxed) != MN_OK;
}

static void look_at_clock(mn_scan *s)
{
    for (size_t q = 0; q < s->n; q++) {
        mn_code code = stopped(s, q) ? MN_OK : mn_query_stopped(s->probes[q].query);
        if (code)
            atomic_store(&s->stops[q], code);
    }
}

/* ---- scores ---- */

static void select_rows(worker *w, block *b, size_t q)
{
    const mn_scan *s = w->scan;
    b->count[q] = b->n;
    b->filtered[q] = s->probes[q].counted || mn_rowset_count(b->segment->dead) > 0;
    if (!b->filtered[q])
        return;
    mn_filter_block here = {.segment = b->segment, .first = b->first, .n = b->n};
    size_t people;
    b->count[q] = mn_filter_rows(&s->probes[q], s->now, &here, w->wanted[q], &people);
    w->searched[q] += people;
}

static void prefetch_row(const int8_t *row, size_t stride)
{
    for (size_t i = 0; i < stride; i += 64)
        __builtin_prefetch(row + i);
}

/* Of the rows selected, those whose sketches are near to the probe's. */
static void keep_near(worker *w, block *b, size_t q)
{
    const mn_sketch_probe *p = &w->scan->probes[q].sketch;
    const mn_chunk *c = b->segment->chunk;
    const uint64_t *sketches = mn_chunk_sketches(c);
    if (!p->used || !sketches || b->n < BLOCK_ROWS)
        return;
    uint64_t near[BLOCK_WORDS];
    size_t words = mn_sketch_words(c->stride);
    mn_sketch_near(sketches + b->from * words, BLOCK_ROWS / MN_SKETCH_GROUP, words, p->words, p->limit, near);
    b->count[q] = 0;
    for (uint32_t i = 0; i < BLOCK_WORDS; i++) {
        w->wanted[q][i] = b->filtered[q] ? w->wanted[q][i] & near[i] : near[i];
        for (uint64_t bits = w->wanted[q][i]; bits; bits &= bits - 1, b->count[q]++)
            prefetch_row(c->rows + (b->from + i * 64 + (size_t)__builtin_ctzll(bits)) * c->stride, c->stride);
    }
    b->filtered[q] = true;
}

static inline float score_of(const mn_chunk *c, size_t row, int32_t dot, float probe_scale)
{
    float score = (float)dot * (c->scales[row] * probe_scale);
    return c->halves ? score - c->halves[row] : score;
}

static void raise_floor(worker *w, size_t q)
{
    _Atomic float *shared = &w->scan->floors[q];
    float theirs = atomic_load_explicit(shared, memory_order_relaxed), own = w->best[q].floor;
    while (theirs < own && !atomic_compare_exchange_weak_explicit(shared, &theirs, own, memory_order_relaxed,
                                                                  memory_order_relaxed))
        ;
    if (theirs > own)
        w->best[q].floor = theirs;
}

/* Rows at … at + n of the block, whose dot products are there. */
static void offer(worker *w, const block *b, size_t q, uint32_t at, uint32_t n, const int32_t *dots)
{
    const mn_chunk *c = b->segment->chunk;
    const float probe_scale = w->scan->probes[q].scale;
    mn_best *best = &w->best[q];
    for (uint32_t i = 0; i < n; i += 64) {
        uint32_t row = b->from + at + i;
        uint64_t bits =
            w->scan->g->simd->reaching(dots + i, c->scales + row, c->halves ? c->halves + row : NULL,
                                       n - i < 64 ? n - i : 64, probe_scale, best->floor);
        for (; bits; bits &= bits - 1) {
            uint32_t j = i + (uint32_t)__builtin_ctzll(bits), in_block = at + j;
            float score = score_of(c, b->from + in_block, dots[j], probe_scale);
            if (score >= best->floor && /* which rises meanwhile */
                (!b->filtered[q] || w->wanted[q][in_block / 64] >> in_block % 64 & 1))
                mn_best_add(best, c, b->from + in_block, score);
        }
    }
}

static const int8_t *rows_at(const block *b, uint32_t at)
{
    return b->segment->chunk->rows + (size_t)(b->from + at) * b->segment->chunk->stride;
}

static void scan_all(worker *w, const block *b, const size_t *wide, size_t n_wide)
{
    mn_scan *s = w->scan;
    const mn_simd *simd = s->g->simd;
    for (uint32_t at = 0; at < b->n; at += TILE_ROWS) {
        uint32_t n = b->n - at < TILE_ROWS ? b->n - at : TILE_ROWS;
        if (n_wide == 1)
            simd->scan_i8(rows_at(b, at), n, s->g->stride, s->rows + wide[0] * s->g->stride, w->dots);
        else
            simd->scan_i8_multi(rows_at(b, at), n, s->g->stride, s->rows, s->n, w->dots, TILE_ROWS);
        for (size_t i = 0; i < n_wide; i++)
            offer(w, b, wide[i], at, n, w->dots + (n_wide == 1 ? 0 : wide[i] * TILE_ROWS));
    }
}

static void scan_wanted(worker *w, const block *b, size_t q)
{
    mn_scan *s = w->scan;
    for (uint32_t word = 0; word * 64 < b->n; word++) {
        for (uint64_t bits = w->wanted[q][word]; bits; bits &= bits - 1) {
            uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(bits);
            int32_t dot;
            s->g->simd->scan_i8(rows_at(b, at), 1, s->g->stride, s->rows + q * s->g->stride, &dot);
            offer(w, b, q, at, 1, &dot);
        }
    }
}

static void scan_block(worker *w, size_t number)
{
    mn_scan *s = w->scan;
    block b = {.segment = s->view->segments[number / BLOCKS_OF_A_CHUNK],
               .first = (uint32_t)number * BLOCK_ROWS,
               .from = (uint32_t)(number % BLOCKS_OF_A_CHUNK) * BLOCK_ROWS};
    if (!b.segment || b.segment->n <= b.from)
        return;
    b.n = b.segment->n - b.from < BLOCK_ROWS ? b.segment->n - b.from : BLOCK_ROWS;
    size_t wide[MN_GALLERY_QUERIES_MAX], n_wide = 0;
    for (size_t q = 0; q < s->n; q++) {
        if (stopped(s, q))
            continue;
        select_rows(w, &b, q);
        raise_floor(w, q);
        if (b.count[q] * NARROW >= b.n)
            keep_near(w, &b, q);
        if (b.count[q] * NARROW >= b.n)
            wide[n_wide++] = q;
        else if (b.count[q] > 0)
            scan_wanted(w, &b, q);
    }
    if (n_wide > 0)
        scan_all(w, &b, wide, n_wide);
}

/* ---- threads ---- */

static worker *worker_create(mn_scan *s)
{
    worker *w = mn_alloc(sizeof *w);
    if (!w)
        return NULL;
    w->scan = s;
    w->blocks = 0;
    for (size_t q = 0; q < s->n; q++) {
        w->searched[q] = 0;
        if (mn_best_init(&w->best[q], s->best[q].k, atomic_load(&s->floors[q]), s->best[q].slack))
            continue;
        while (q-- > 0)
            mn_best_finish(&w->best[q]);
        mn_free(w);
        return NULL;
    }
    return w;
}

static void worker_destroy(worker *w, size_t n)
{
    for (size_t q = 0; w && q < n; q++)
        mn_best_finish(&w->best[q]);
    mn_free(w);
}

static void hand_in(mn_scan *s, const worker *w, size_t blocks)
{
    pthread_mutex_lock(&s->lock);
    for (size_t q = 0; w && q < s->n; q++) {
        mn_best_merge(&s->best[q], &w->best[q]);
        s->searched[q] += w->searched[q];
    }
    s->done += blocks;
    if (s->done == s->n_blocks)
        pthread_cond_signal(&s->all_done);
    pthread_mutex_unlock(&s->lock);
}

static void make_shares(mn_scan *s, unsigned n)
{
    s->n_shares = n;
    for (unsigned i = 0; i < n; i++) {
        atomic_init(&s->shares[i].next, s->n_blocks * i / n);
        s->shares[i].end = s->n_blocks * (i + 1) / n;
    }
}

/* The next block of the share, or of those after it. False: none is left. */
static bool take_block(mn_scan *s, unsigned *share, size_t *number)
{
    for (unsigned i = 0; i < s->n_shares; i++, *share = (*share + 1) % s->n_shares) {
        *number = atomic_fetch_add_explicit(&s->shares[*share].next, 1, memory_order_relaxed);
        if (*number < s->shares[*share].end)
            return true;
    }
    return false;
}

/* Scans blocks until none is left. A helper that comes late finds none, and touches nothing that the searcher
 * owns. */
static void scan_blocks(mn_scan *s)
{
    unsigned share = atomic_fetch_add(&s->joined, 1) % s->n_shares;
    size_t number, taken = 0;
    if (!take_block(s, &share, &number))
        return;
    worker *w = worker_create(s);
    if (!w)
        atomic_store(&s->no_memory, true);
    do {
        look_at_clock(s);
        if (!atomic_load(&s->no_memory))
            scan_block(w, number);
        taken++;
    } while (take_block(s, &share, &number));
    hand_in(s, w, taken);
    worker_destroy(w, s->n);
}

static void help(void *job, unsigned worker_index)
{
    (void)worker_index;
    scan_blocks(job);
    mn_scan_unref(job);
}

static void never_ran(void *job)
{
    mn_scan_unref(job);
}

/* Rows that the queries want at most, for the choice of how many threads are worth it. */
static size_t bytes_to_read(const mn_scan *s)
{
    size_t rows = 0;
    for (size_t q = 0; q < s->n; q++)
        rows += mn_filter_most(&s->probes[q], s->view);
    return rows * s->g->stride;
}

/* Shares the work out, and wakes who is to help. Where they are busy with other searches, this thread does
 * their shares. */
static void call_helpers(mn_scan *s)
{
    size_t worth = bytes_to_read(s) / BYTES_PER_HELPER,
           n = s->g->helpers ? mn_pool_workers(s->g->helpers) : 0;
    n = worth < n ? worth : n;
    make_shares(s, (unsigned)n + 1);
    for (size_t i = 0; i < n; i++) {
        atomic_fetch_add(&s->refs, 1);
        mn_job job = {.run = help, .drop = never_ran, .job = s};
        if (mn_pool_submit(s->g->helpers, &job, false, NULL)) {
            mn_scan_unref(s);
            return;
        }
    }
}

mn_code mn_scan_run(mn_scan *s)
{
    for (size_t q = 0; q < s->n; q++)
        atomic_store(&s->floors[q], s->best[q].floor);
    call_helpers(s);
    scan_blocks(s);
    pthread_mutex_lock(&s->lock);
    while (s->done < s->n_blocks)
        pthread_cond_wait(&s->all_done, &s->lock);
    pthread_mutex_unlock(&s->lock);
    if (atomic_load(&s->no_memory))
        return MN_E_MEMORY;
    for (size_t q = 0; q < s->n; q++) {
        mn_best_prune(&s->best[q]);
        if (s->best[q].failed)
            return MN_E_MEMORY;
    }
    return MN_OK;
}

mn_scan *mn_scan_create(mn_gallery *g, size_t n)
{
    mn_scan *s = mn_alloc_aligned(sizeof *s);
    if (!s)
        return NULL;
    memset(s, 0, sizeof *s);
    s->rows = mn_alloc_aligned(n * g->stride);
    if (!s->rows) {
        mn_free_aligned(s);
        return NULL;
    }
    atomic_init(&s->refs, 1);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->all_done, NULL);
    s->g = g;
    s->n = n;
    return s;
}

/* Rows of people are looked up in the writers' table, which belongs to the current view under their lock. */
bool mn_scan_look(mn_scan *s)
{
    bool locked = false, done = true;
    for (size_t q = 0; q < s->n; q++)
        locked |= s->probes[q].query->n_people > 0;
    s->now = (uint32_t)(mn_time_now() / MN_TIME_SECOND);
    if (locked)
        pthread_mutex_lock(&s->g->write);
    s->view = mn_view_take(&s->g->views);
    for (size_t q = 0; q < s->n; q++)
        done = done && mn_filter_prepare(&s->probes[q], s->g, s->view, s->now);
    if (locked)
        pthread_mutex_unlock(&s->g->write);
    s->n_blocks = s->view->n_segments * BLOCKS_OF_A_CHUNK;
    return done;
}

void mn_scan_unref(mn_scan *s)
{
    if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    if (s->view)
        mn_view_give_back(&s->g->views, s->view);
    for (size_t q = 0; q < s->n; q++) {
        mn_best_finish(&s->best[q]);
        mn_free(s->probes[q].rows);
    }
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->all_done);
    mn_free_aligned(s->rows);
    mn_free_aligned(s);
}
