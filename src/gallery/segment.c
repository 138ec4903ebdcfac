#include "base/alloc.h"
#include "gallery/view.h"
#include "gallery/view_parts.h"

#include <string.h>

mn_segment *mn_segment_create(mn_chunk *chunk)
{
    mn_segment *s = mn_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    atomic_init(&s->refs, 1);
    s->chunk = chunk;
    s->earliest = MN_NO_END;
    return s;
}

mn_segment *mn_segment_ref(mn_segment *s)
{
    if (s)
        atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void mn_segment_unref(mn_segment *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < s->n_lists; i++)
        mn_rowset_unref(s->lists[i].rows);
    mn_free(s->lists);
    mn_rowset_unref(s->dead);
    mn_rowset_unref(s->further);
    mn_chunk_unref(s->chunk);
    mn_free(s);
}

mn_segment *mn_segment_copy(const mn_segment *from)
{
    mn_segment *s = mn_segment_create(NULL);
    if (!s)
        return NULL;
    if (from->n_lists > 0) {
        s->lists = mn_alloc(from->n_lists * sizeof *s->lists);
        if (!s->lists) {
            mn_free(s);
            return NULL;
        }
    }
    s->n_lists = from->n_lists;
    for (size_t i = 0; i < from->n_lists; i++)
        s->lists[i] = (mn_segment_list){from->lists[i].list, mn_rowset_ref(from->lists[i].rows)};
    s->chunk = mn_chunk_ref(from->chunk);
    s->n = from->n;
    s->earliest = from->earliest;
    s->dead = mn_rowset_ref(from->dead);
    s->further = mn_rowset_ref(from->further);
    return s;
}

/* Index of the first list that is not below id. */
static size_t find(const mn_segment *s, const mn_id *list)
{
    size_t low = 0, high = s->n_lists;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (mn_id_compare(&s->lists[middle].list, list) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const mn_rowset *mn_segment_list_find(const mn_segment *s, const mn_id *list)
{
    size_t i = find(s, list);
    return i < s->n_lists && mn_id_compare(&s->lists[i].list, list) == 0 ? s->lists[i].rows : NULL;
}

mn_rowset **mn_segment_list_own(mn_segment *s, const mn_id *list)
{
    size_t i = find(s, list);
    if (i < s->n_lists && mn_id_compare(&s->lists[i].list, list) == 0)
        return &s->lists[i].rows;
    mn_segment_list *grown = mn_realloc(s->lists, (s->n_lists + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    s->lists = grown;
    memmove(grown + i + 1, grown + i, (s->n_lists - i) * sizeof *grown);
    grown[i] = (mn_segment_list){.list = *list};
    s->n_lists++;
    return &grown[i].rows;
}
