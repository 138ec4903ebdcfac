/* Inside search: all rows of a view against up to 16 probes, shared between threads. */
#ifndef MN_GALLERY_SCAN_H
#define MN_GALLERY_SCAN_H

#include "gallery/best.h"
#include "gallery/gallery_parts.h"
#include "gallery/sketch.h"

typedef struct {
    const mn_query *query;
    uint32_t *rows; /* of the query's people, in order */
    size_t n_rows;
    bool counted;      /* not everybody passes the filter: who does is counted on the way */
    float scale;       /* of the quantised probe */
    float norm, error; /* of the probe: length, and length of what quantising lost */
    float slack;       /* int8 and float score of any row differ by no more */
    float least;       /* score of min_raw */
    mn_sketch_probe sketch;
    float unit; /* probe × unit is what is compared: 1 / length for cosine, else 1 */
} mn_probe;

#define MN_SCAN_SHARES 64

typedef struct {
    _Alignas(64) atomic_size_t next; /* a cache line of its own */
    size_t end;
} mn_scan_share;

/* A score orders rows: the cosine, or a·b - |a|²/2 for L2, where d² = |b|² - 2 score. */
typedef struct {
    mn_gallery *g;
    mn_view *view;
    uint32_t now; /* second since 1970 */
    size_t n;     /* probes */
    mn_probe probes[MN_GALLERY_QUERIES_MAX];
    int8_t *rows; /* the quantised probes, n × stride */

    /* Each thread has a share of neighbouring blocks, because that is how memory is read fastest (taking
     * turns block by block was a fifth slower), and helps with the other shares when its own is done. */
    size_t n_blocks;
    unsigned n_shares;
    atomic_uint joined; /* threads so far: the next one's share */
    mn_scan_share shares[MN_SCAN_SHARES];
    atomic_bool no_memory;                        /* nothing more is scanned */
    atomic_int stops[MN_GALLERY_QUERIES_MAX];     /* a code: this query is over */
    _Atomic float floors[MN_GALLERY_QUERIES_MAX]; /* highest of all threads */

    atomic_uint refs;
    pthread_mutex_t lock;
    pthread_cond_t all_done;
    size_t done; /* blocks, under lock as all below */
    mn_best best[MN_GALLERY_QUERIES_MAX];
    size_t searched[MN_GALLERY_QUERIES_MAX];
} mn_scan;

mn_scan *mn_scan_create(mn_gallery *g, size_t n); /* NULL: out of memory */
/* Takes the current view. The probes are set. False: out of memory. */
bool mn_scan_look(mn_scan *s);
void mn_scan_unref(mn_scan *s);
/* Afterwards best is pruned, and stops say which queries did not get to their end. MN_E_MEMORY otherwise. */
mn_code mn_scan_run(mn_scan *s);
mn_code mn_query_stopped(const mn_query *q); /* is it cancelled, or its deadline past? */

static inline float mn_score_of_raw(const mn_gallery *g, const mn_probe *p, float raw)
{
    return mn_gallery_halves(g) ? (p->norm * p->norm - raw * raw) / 2 : raw;
}

#endif
