#include "gallery/view.h"

#include "base/alloc.h"
#include "gallery/view_parts.h"
#include <assert.h>

#define SLOT_SHIFT 48
#define TAKEN_MASK ((UINT64_C(1) << SLOT_SHIFT) - 1)

static void destroy(mn_published *p, mn_view *v)
{
    unsigned slot = v->slot;
    for (size_t i = 0; i < v->n_segments; i++)
        mn_segment_unref(v->segments[i]);
    mn_free(v);
    atomic_store_explicit(&p->slots[slot], NULL, memory_order_release);
}

/* ---- readers ---- */

mn_view *mn_view_take(mn_published *p)
{
    uint64_t word = atomic_fetch_add_explicit(&p->current, 1, memory_order_acquire);
    return atomic_load_explicit(&p->slots[word >> SLOT_SHIFT], memory_order_relaxed);
}

void mn_view_give_back(mn_published *p, mn_view *v)
{
    if (atomic_fetch_sub_explicit(&v->refs, 1, memory_order_acq_rel) == 1)
        destroy(p, v);
}

/* ---- writers ---- */

mn_view *mn_view_current(mn_published *p)
{
    uint64_t word = atomic_load_explicit(&p->current, memory_order_relaxed);
    return atomic_load_explicit(&p->slots[word >> SLOT_SHIFT], memory_order_relaxed);
}

void mn_view_publish(mn_published *p, mn_view *v)
{
    mn_view *old = mn_view_current(p);
    uint64_t word =
        atomic_exchange_explicit(&p->current, (uint64_t)v->slot << SLOT_SHIFT, memory_order_acq_rel);
    int64_t taken = (int64_t)(word & TAKEN_MASK);
    if (atomic_fetch_add_explicit(&old->refs, taken, memory_order_acq_rel) + taken == 0)
        destroy(p, old);
}

bool mn_published_init(mn_published *p)
{
    mn_view *empty = mn_view_copy(p, NULL, 0);
    if (empty)
        atomic_store_explicit(&p->current, (uint64_t)empty->slot << SLOT_SHIFT, memory_order_release);
    return empty != NULL;
}

void mn_published_finish(mn_published *p)
{
    mn_view *v = mn_view_current(p);
    if (v)
        destroy(p, v);
}

mn_view *mn_view_copy(mn_published *p, const mn_view *from, size_t room)
{
    unsigned slot = 0;
    while (slot < MN_VIEW_SLOTS && atomic_load_explicit(&p->slots[slot], memory_order_acquire))
        slot++;
    if (slot == MN_VIEW_SLOTS)
        return NULL;
    size_t n = from ? from->n_segments : 0;
    mn_view *v = mn_alloc(sizeof *v + (n + room) * sizeof v->segments[0]);
    if (!v)
        return NULL;
    *v = (mn_view){.slot = slot, .n_segments = n, .cap_segments = n + room};
    atomic_init(&v->refs, 0);
    if (from) {
        v->faces = from->faces;
        v->people = from->people;
        v->max_error = from->max_error;
        v->max_norm = from->max_norm;
        v->tail = from->tail;
    }
    for (size_t i = 0; i < n; i++)
        v->segments[i] = mn_segment_ref(from->segments[i]);
    /* Seen by readers only through the exchange of `current`. */
    atomic_store_explicit(&p->slots[slot], v, memory_order_relaxed);
    return v;
}

void mn_view_drop(mn_published *p, mn_view *v)
{
    if (v)
        destroy(p, v);
}

mn_segment *mn_view_own(mn_view *v, size_t i)
{
    mn_segment *s = v->segments[i];
    if (atomic_load_explicit(&s->refs, memory_order_acquire) == 1)
        return s;
    mn_segment *copy = mn_segment_copy(s);
    if (!copy)
        return NULL;
    mn_segment_unref(s);
    v->segments[i] = copy;
    return copy;
}

mn_segment *mn_view_tail(mn_view *v, const mn_chunk_shape *shape, bool huge_pages, size_t *position)
{
    size_t i = v->tail;
    if (i < v->n_segments && v->segments[i] && v->segments[i]->n < MN_CHUNK_ROWS) {
        *position = i;
        return mn_view_own(v, i);
    }
    for (i = 0; i < v->n_segments && v->segments[i]; i++)
        ;
    assert(i < v->cap_segments);
    mn_chunk *chunk = mn_chunk_create(shape, huge_pages);
    if (!chunk)
        return NULL;
    mn_segment *s = mn_segment_create(chunk);
    if (!s) {
        mn_chunk_unref(chunk);
        return NULL;
    }
    v->segments[i] = s;
    v->n_segments += i == v->n_segments;
    v->tail = *position = i;
    return s;
}

void mn_view_forget(mn_view *v, size_t i)
{
    mn_segment_unref(v->segments[i]);
    v->segments[i] = NULL;
}
