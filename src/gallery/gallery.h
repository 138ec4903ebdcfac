/* Descriptors in memory: who of the enrolled is this?
 *
 * Rows of int8 (unit vectors × 127), stride a multiple of 64 bytes, 64-byte aligned, in append-only chunks; a bitmap per
 * list and one of the removed. Readers never lock: a search takes a reference to the current view (an immutable
 * table of chunks and bitmaps) and keeps it to its end. One writer at a time; a write publishes a new view. What add()
 * returned for is found by the next search; what remove() returned for is not.
 *
 * Exact: every row that passes the filter is compared in int8, the best 4k are scored again in float by the caller's
 * fetch (exact order), and the best face of each person is kept. L2 models are searched by |a|²+|b|²-2ab with the length
 * kept beside the row. */
#ifndef MN_GALLERY_GALLERY_H
#define MN_GALLERY_GALLERY_H

#include "base/id.h"
#include "base/thread.h"
#include "base/time.h"
#include "gallery/calibration.h"

typedef struct mn_gallery mn_gallery;

typedef struct {
    int dim; /* 64 … 1024 */
    mn_metric metric;
    unsigned threads;  /* per search, 1 … 64 */
    /* The exact float descriptor of a face (dim floats into out), e.g. unsealed from the store. NULL: int8 scores stand. */
    mn_code (*fetch)(void *ctx, const mn_id *face, float *out, mn_error *err);
    void *fetch_ctx;
} mn_gallery_options;

mn_code mn_gallery_create(const mn_gallery_options *options, mn_gallery **out, mn_error *err);
void mn_gallery_destroy(mn_gallery *g);

typedef struct {
    mn_id face, person;
    const mn_id *lists; /* the lists that this person is in */
    size_t n_lists;
    const float *v;
} mn_gallery_entry;

mn_code mn_gallery_add(mn_gallery *g, const mn_gallery_entry *entries, size_t n, mn_error *err);
/* Unknown ids are passed over. *n_removed counts faces. */
mn_code mn_gallery_remove_person(mn_gallery *g, const mn_id *person, size_t *n_removed, mn_error *err);
mn_code mn_gallery_remove_face(mn_gallery *g, const mn_id *face, mn_error *err);

typedef struct {
    const float *probe; /* dim floats */
    const mn_id *lists; /* any of these; n_lists = 0: all */
    size_t n_lists;
    size_t k;           /* people wanted, 1 … 1000 */
    float min_raw;      /* nothing below it is returned */
    mn_deadline deadline;
    const mn_cancel *cancel; /* may be NULL */
} mn_query;

typedef struct {
    mn_id face, person;
    float raw; /* cosine, or minus L2 distance */
} mn_candidate;

/* Best first, at most one per person; ties by id. out holds q->k; *n of them are filled. *searched: people compared with. */
mn_code mn_gallery_search(mn_gallery *g, const mn_query *q, mn_candidate *out, size_t *n, size_t *searched, mn_error *err);

typedef struct {
    size_t faces, people, removed, chunks, bytes;
} mn_gallery_stats;
mn_gallery_stats mn_gallery_stats_get(mn_gallery *g);

#endif
