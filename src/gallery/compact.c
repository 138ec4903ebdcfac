/* Compaction: the living rows of a chunk that is mostly dead move to the end of the gallery, and the chunk is
 * let go when its last reader is. A chunk is worth it when more than half of it is dead, so every removal
 * pays for less than one moved row. The write lock is held for one chunk at a time: at most 32 767 rows, a
 * few milliseconds. */
#include "gallery/gallery_parts.h"

#include "base/alloc.h"
#include "gallery/prefilter.h"
#include <string.h>

#define DEAD_MIN 256 /* fewer dead rows are not worth a move */

static size_t worth_it(const mn_view *v)
{
    for (size_t i = 0; i < v->n_segments; i++) {
        size_t dead = v->segments[i] ? mn_rowset_count(v->segments[i]->dead) : 0;
        if (dead >= DEAD_MIN && dead * 2 > v->segments[i]->n)
            return i;
    }
    return v->n_segments;
}

static void copy_row(const mn_chunk *from, uint32_t r, mn_segment *s)
{
    mn_chunk *to = s->chunk;
    uint32_t n = s->n, until = atomic_load_explicit(&from->until[r], memory_order_relaxed);
    memcpy(to->rows + n * to->stride, from->rows + r * from->stride, to->stride);
    to->scales[n] = from->scales[r];
    if (to->halves)
        to->halves[n] = from->halves[r];
    to->faces[n] = from->faces[r];
    to->people[n] = from->people[r];
    to->next[n] = from->next[r];
    atomic_init(&to->until[n], until);
    s->earliest = until < s->earliest ? until : s->earliest;
}

/* moved[r]: where row r went, or MN_NO_ROW. */
static bool copy_rows(mn_gallery *g, mn_view *v, const mn_segment *from, uint32_t *moved)
{
    const mn_chunk_shape shape = mn_gallery_shape(g);
    for (uint32_t r = 0; r < from->n; r++) {
        moved[r] = MN_NO_ROW;
        if (mn_rowset_has(from->dead, r))
            continue;
        size_t position;
        mn_segment *to = mn_view_tail(v, &shape, true, &position);
        if (!to)
            return false;
        copy_row(from->chunk, r, to);
        moved[r] = (uint32_t)(position << 16 | to->n++);
    }
    return true;
}

static bool copy_set(mn_view *v, const mn_segment *from, const mn_rowset *set, const mn_id *list,
                     const uint32_t *moved)
{
    uint64_t words[MN_ROWSET_WORDS] = {0};
    mn_rowset_or(set, 0, words, MN_ROWSET_WORDS);
    mn_rowset_andnot(from->dead, 0, words, MN_ROWSET_WORDS);
    for (uint32_t w = 0; w < MN_ROWSET_WORDS; w++) {
        for (uint64_t bits = words[w]; bits; bits &= bits - 1) {
            uint32_t to = moved[w * 64 + (uint32_t)__builtin_ctzll(bits)];
            mn_segment *s = v->segments[to >> 16]; /* our own: rows were appended to it */
            mn_rowset **rows = list ? mn_segment_list_own(s, list) : &s->further;
            if (!rows || !mn_rowset_add(rows, to & 0xffff))
                return false;
        }
    }
    return true;
}

static bool copy_sets(mn_view *v, const mn_segment *from, const uint32_t *moved)
{
    if (!copy_set(v, from, from->further, NULL, moved))
        return false;
    for (size_t i = 0; i < from->n_lists; i++)
        if (!copy_set(v, from, from->lists[i].rows, &from->lists[i].list, moved))
            return false;
    return true;
}

static uint32_t *next_at(mn_view *v, uint32_t row)
{
    return &v->segments[row >> 16]->chunk->next[row & 0xffff];
}

/* Old and new row are both in the view; table and chain of the person change over to the new one. */
static void relink(mn_gallery *g, mn_view *v, uint32_t old, uint32_t new)
{
    *next_at(v, new) = *next_at(v, old);
    uint32_t at = mn_rowmap_find(&g->people, v, mn_view_person(v, old));
    if (at == old) {
        mn_rowmap_move(&g->people, v, old, new);
        return;
    }
    while (*next_at(v, at) != old)
        at = *next_at(v, at);
    *next_at(v, at) = new;
}

static bool compact(mn_gallery *g, size_t i, uint32_t *moved)
{
    mn_view *v = mn_view_copy(&g->views, mn_view_current(&g->views), 2);
    if (!v)
        return false;
    const mn_segment *from = v->segments[i];
    if (v->tail == i)
        v->tail = SIZE_MAX; /* not onto itself */
    if (!copy_rows(g, v, from, moved) || !copy_sets(v, from, moved)) {
        mn_view_drop(&g->views, v);
        return false;
    }
    for (uint32_t r = 0; r < from->n; r++)
        if (moved[r] != MN_NO_ROW)
            relink(g, v, (uint32_t)(i << 16 | r), moved[r]);
    mn_view_forget(v, i);
    (void)mn_rowmap_reserve(&g->people, v, 0); /* smaller, where there is memory for it */
    mn_view_publish(&g->views, v);
    return true;
}

mn_code mn_gallery_compact(mn_gallery *g, mn_error *err)
{
    uint32_t *moved = mn_alloc(MN_CHUNK_ROWS * sizeof *moved);
    bool done = moved != NULL, more = true;
    while (done && more) {
        pthread_mutex_lock(&g->write);
        const mn_view *v = mn_view_current(&g->views);
        size_t i = worth_it(v);
        more = !g->closing && i < v->n_segments;
        if (more)
            done = compact(g, i, moved);
        pthread_mutex_unlock(&g->write);
    }
    mn_free(moved);
    return done && mn_prefilter_build(g) ? MN_OK
                                         : mn_fail(err, MN_E_MEMORY, "no memory to compact the gallery");
}

/* Without memory the dead rows stay where they are until the next removal asks again. */
static void keep(void *job, unsigned worker)
{
    (void)worker;
    mn_gallery *g = job;
    mn_code code = mn_gallery_compact(g, NULL);
    pthread_mutex_lock(&g->write);
    g->keeping = false;
    if (code == MN_OK && !g->closing)
        mn_gallery_tidy(g); /* for what was removed while the last look was over and keeping still set */
    pthread_mutex_unlock(&g->write);
}

void mn_gallery_tidy(mn_gallery *g)
{
    const mn_view *v = mn_view_current(&g->views);
    if (g->keeping || (worth_it(v) == v->n_segments && !mn_prefilter_wants(g, v)))
        return;
    if (!g->keeper && mn_pool_create(1, 2, &g->keeper, NULL))
        return;
    mn_job job = {.run = keep, .job = g};
    g->keeping = mn_pool_submit(g->keeper, &job, false, NULL) == MN_OK;
}
