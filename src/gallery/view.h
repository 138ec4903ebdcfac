/* What a search looks at: an immutable picture of the gallery, and how a new one takes the place of the old.
 *
 *     published ── view ──┬── segment ──┬── chunk: 65 536 rows in columns; only rows that no view shows
 *                         │             │   are written
 *                         │             └── row sets: removed, further faces, one for each list
 *                         └── segment …
 *
 * Views, segments, chunks and row sets are shared by count. A writer copies the table of segments, replaces
 * the segments and sets it touches, and publishes; what it did not touch is shared with the view before.
 *
 * Readers never lock and never repeat: taking a view is one atomic addition. The published word holds the
 * slot of the current view (high 16 bits) and how often it was taken (low 48 bits), so that choosing the view
 * and counting oneself cannot be torn apart. A reader that is done subtracts one from the view's own count,
 * which thus falls below zero while the view is current. Publishing exchanges the word and adds what it had
 * counted: from then on the view's count is the readers it still has, and who brings it to zero - the last
 * reader or the writer - frees it. Its slot is free for another view only after that. */
#ifndef MN_GALLERY_VIEW_H
#define MN_GALLERY_VIEW_H

#include "base/id.h"
#include "gallery/rowset.h"
#include <stdatomic.h>

#define MN_VIEW_SLOTS 1024 /* views alive at a time, at most */
#define MN_NO_ROW     UINT32_MAX
#define MN_NO_END     UINT32_MAX

typedef struct {
    size_t stride;
    bool halves;
    const char
        *cold_dir; /* where the file of the cold columns is made; NULL: they are memory like the rest */
} mn_chunk_shape;

/* Columns of one chunk. A scan reads the hot ones; the cold ones are asked for the few rows that could be
 * among the answers, and by writers. `next` belongs to the writer: readers must not look at it. */
typedef struct {
    atomic_uint refs;
    size_t stride;
    void *memory, *cold;
    size_t memory_bytes, cold_bytes;
    bool cold_in_file;
    int8_t *rows;          /* 64-byte aligned, zero past dim */
    float *scales;         /* row × scale = descriptor */
    float *halves;         /* |descriptor|² / 2; NULL for cosine, where it is the same for all */
    mn_id *faces, *people; /* cold, as are those below */
    atomic_uint *until;    /* second since 1970 at which the row ends, or MN_NO_END; changed in place */
    _Atomic(uint64_t *) sketches; /* of a full chunk, sometime later; sketch.h */
    uint32_t *next;               /* next row of the same person, or MN_NO_ROW */
} mn_chunk;

typedef struct {
    mn_id list;
    mn_rowset *rows; /* may hold removed rows: what is removed is asked of `dead` alone */
} mn_segment_list;

typedef struct {
    atomic_uint refs;
    mn_chunk *chunk;
    uint32_t n;        /* rows in use, from 0 */
    uint32_t earliest; /* no row ends before this second; until then nobody asks the rows */
    mn_rowset *dead;
    mn_rowset *further; /* rows of people who have an earlier row: people = rows not dead and not further */
    mn_segment_list *lists; /* by id */
    size_t n_lists;
} mn_segment;

typedef struct {
    atomic_int_least64_t refs;
    unsigned slot;
    size_t faces, people;
    float max_error, max_norm; /* over all rows there ever were: |descriptor - row × scale|, |descriptor| */
    size_t n_segments, cap_segments, tail; /* tail: the segment that grows */
    mn_segment *segments[]; /* row number = position << 16 | row; NULL: free to be used again */
} mn_view;

typedef struct {
    atomic_uint_least64_t current;
    _Atomic(mn_view *) slots[MN_VIEW_SLOTS];
} mn_published;

mn_chunk *mn_chunk_create(const mn_chunk_shape *shape, bool huge_pages);
size_t mn_chunk_hot_bytes(const mn_chunk *c); /* of a row */
size_t mn_chunk_cold_bytes(const mn_chunk *c);

/* Writers only, on a view that is not published. NULL or false: out of memory, and nothing has changed. */
mn_view *mn_view_copy(mn_published *p, const mn_view *from,
                      size_t room);             /* from NULL: empty. NULL also: no slot is free */
void mn_view_drop(mn_published *p, mn_view *v); /* instead of publishing */
mn_segment *mn_view_own(mn_view *v, size_t i);  /* a segment that may be changed */
/* A segment with room for one more row: the last one, or a new one. */
mn_segment *mn_view_tail(mn_view *v, const mn_chunk_shape *shape, bool huge_pages, size_t *position);
void mn_view_forget(mn_view *v, size_t i);
mn_rowset **mn_segment_list_own(mn_segment *s, const mn_id *list); /* its place, made when missing */
const mn_rowset *mn_segment_list_find(const mn_segment *s, const mn_id *list);

void mn_view_publish(mn_published *p, mn_view *v);
mn_view *mn_view_current(mn_published *p); /* writers: valid until they publish */
/* Publishes an empty view; p must be zeroed. False: out of memory. */
bool mn_published_init(mn_published *p);
void mn_published_finish(mn_published *p); /* no reader may be left */

/* Readers. */
mn_view *mn_view_take(mn_published *p);
void mn_view_give_back(mn_published *p, mn_view *v);

static inline const uint64_t *mn_chunk_sketches(const mn_chunk *c)
{
    return atomic_load_explicit(&c->sketches, memory_order_acquire);
}

static inline const mn_id *mn_view_face(const mn_view *v, uint32_t row)
{
    return &v->segments[row >> 16]->chunk->faces[row & 0xffff];
}

static inline const mn_id *mn_view_person(const mn_view *v, uint32_t row)
{
    return &v->segments[row >> 16]->chunk->people[row & 0xffff];
}

#endif
