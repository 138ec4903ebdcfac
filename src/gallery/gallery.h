/* Descriptors in memory: who of the enrolled is this?
 *
 * Rows of int8, each with a scale of its own, stride a multiple of 64 bytes, 64-byte aligned, in append-only
 * chunks of 65 536 rows; a set of rows per list and one of the removed for each chunk. Readers never lock: a
 * search takes a reference to the current view (an immutable table of chunks and sets) and keeps it to its
 * end. One writer at a time; a write publishes a new view. What add() returned for is found by the next
 * search; what remove() returned for is not. Chunks of which more than half was removed are compacted in the
 * background.
 *
 * Exact, unless sketches are compared first (mn_prefilter: by default from 500 MB of rows of 256 dimensions
 * and more on, and then a mate may be lost, see mn_found): every row that passes the filter is compared in
 * int8, and whatever lies within the proven bound of the rounding of the k-th best is scored again in float
 * by the caller's fetch, so that the answer is that of a float scan (where more than 4k + 252 people are that
 * close together, the best of them by int8). The best face of each person is kept. L2 models are searched by
 * |a|²+|b|²-2ab with the length kept beside the row.
 *
 * Limits: 1 000 people of a search, 16 probes of a pass, 2^31 rows. Memory per row: stride + 4 bytes (8 for
 * L2) in chunks, 40 for ids (see cold_dir), and 6 to 7 a person in the writer's table. All functions are
 * thread-safe, except destroy. */
#ifndef MN_GALLERY_GALLERY_H
#define MN_GALLERY_GALLERY_H

#include "base/id.h"
#include "base/thread.h"
#include "base/time.h"
#include "gallery/calibration.h"

typedef struct mn_gallery mn_gallery;

typedef enum {
    MN_PREFILTER_AUTO, /* from 500 MB of rows of 256 dimensions and more on */
    MN_PREFILTER_OFF,
    MN_PREFILTER_ON
} mn_prefilter;
#define MN_PREFILTER_MISSED_MAX 1e-4

typedef struct {
    int dim; /* 64 … 1024 */
    mn_metric metric;
    unsigned threads; /* per search, 1 … 64 */
    /* The exact float descriptor of a face (dim floats into out), e.g. unsealed from the store. NULL: int8
     * scores stand. MN_E_NOT_FOUND passes the face over (it is being erased); any other failure fails the
     * search. Called on the searcher's thread, best face first, until no further face can change the answer.
     */
    mn_code (*fetch)(void *ctx, const mn_id *face, float *out, mn_error *err);
    void *fetch_ctx;
    /* A directory on disk for what a search asks of its last few rows only (ids, 40 bytes a row): there it is
     * a deleted file that the kernel may write out when memory is short. NULL: in memory. Where the disk is
     * full later, memory is taken. Copied. */
    const char *cold_dir;
    /* Sketches of one bit a dimension, compared before the rows (cosine only). Made in the background, for an
     * eighth more memory. A search that would pass over more than MN_PREFILTER_MISSED_MAX of the mates at
     * cosine 0.6 compares all rows. */
    mn_prefilter prefilter;
} mn_gallery_options;

mn_code mn_gallery_create(const mn_gallery_options *options, mn_gallery **out, mn_error *err);
void mn_gallery_destroy(mn_gallery *g);

typedef struct {
    mn_id face, person;
    const mn_id *lists; /* the lists that this person is in */
    size_t n_lists;
    const float *v;
    mn_time until; /* from then on the person is not found; 0: for ever */
} mn_gallery_entry;

/* All entries or none. MN_E_EXISTS: a person has that face already, or twice among the entries (a face
 * belongs to one person: that is the caller's to know); MN_E_INVALID: a vector cannot be compared. Lists and
 * the end belong to the person: those given last stand for all faces of that person. */
mn_code mn_gallery_add(mn_gallery *g, const mn_gallery_entry *entries, size_t n, mn_error *err);
/* These entries in the place of all faces of these people, at once: every search sees what was there or what
 * is. Entries of one person stand together, with the same lists and end, and each is one of the people, who
 * may be new, or gone without an entry. All or nothing; MN_E_EXISTS: an entry's person is there and does not
 * go. */
mn_code mn_gallery_exchange(mn_gallery *g, const mn_id *people, size_t n_people,
                            const mn_gallery_entry *entries, size_t n, mn_error *err);
/* Compacts all that is worth it, and makes missing sketches, before it returns (the background does the same
 * after writes). */
mn_code mn_gallery_compact(mn_gallery *g, mn_error *err);

typedef struct {
    const float *probe; /* dim floats */
    const mn_id *lists; /* any of these; n_lists = 0: all */
    size_t n_lists;
    /* Only these people; n_people = 0: all. They are looked up under the writers' lock: such a search may
     * wait for a write. */
    const mn_id *people;
    size_t n_people;
    size_t k;      /* people wanted, 1 … 1000 */
    float min_raw; /* nothing below it is returned */
    mn_deadline deadline;
    const mn_cancel *cancel; /* may be NULL */
} mn_query;

typedef struct {
    mn_id face, person;
    float raw; /* cosine, or minus L2 distance */
} mn_candidate;

/* Searches of several threads at once share their passes over the rows, up to 16 in one; a lone one does not
 * wait.
 *
 * Best first, at most one per person; ties by id. out holds q->k; *n of them are filled. *searched: people
 * compared with. */
mn_code mn_gallery_search(mn_gallery *g, const mn_query *q, mn_candidate *out, size_t *n, size_t *searched,
                          mn_error *err);

typedef struct {
    mn_candidate *out; /* room for the query's k */
    size_t n, searched;
    bool prefiltered; /* false: all rows that pass the filter were compared */
    /* Else the share of mates at cosine 0.6 that are expected to be passed over: computed from the limit of
     * this search and the distribution of the bits, not counted. More of those at a lower cosine. */
    float missed;
} mn_found;

#define MN_GALLERY_QUERIES_MAX 16
/* Up to 16 searches in one pass over the rows, which costs a fraction of one after the other. They see the
 * same view. The first failure (also one query's deadline or cancellation) fails all, and no answer is
 * touched. */
mn_code mn_gallery_search_many(mn_gallery *g, const mn_query *queries, size_t n_queries, mn_found *answers,
                               mn_error *err);

typedef struct {
    size_t faces, people, removed, chunks, bytes, cold_bytes;
    size_t lists;    /* different ones */
    size_t sketched; /* chunks that have sketches */
    bool prefilter;  /* do searches use them? */
} mn_gallery_stats; /* removed: rows not compacted yet; bytes: memory of the rows in use with all that belongs
                       to them; cold_bytes: what of them is in files instead */
/* Looks at every chunk and list, and waits for a write. */
mn_gallery_stats mn_gallery_stats_get(mn_gallery *g);
/* The number of faces alone: waits for nobody. */
size_t mn_gallery_faces(mn_gallery *g);

#endif
