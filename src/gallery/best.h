/* The best rows seen so far, for one probe and one thread.
 *
 * A row's int8 score and its float score differ by no more than the slack. So whatever lies more than twice
 * the slack below the best row of the k-th person cannot be among the answers, nor can a face that lies as
 * far below another of the same person; all else is kept, to be scored again in float. Where very many people
 * are that close together, the best 4k + 252 of them are kept.
 *
 * Rows at or above the floor are appended, and when there are twice as many as were kept they are pruned,
 * which raises the floor. Pruning is rare: between two prunes the number of rows seen grows by a factor. What
 * is kept does not depend on the order in which rows arrive: ties are broken by the person's id, then by the
 * face's. */
#ifndef MN_GALLERY_BEST_H
#define MN_GALLERY_BEST_H

#include "gallery/view.h"

typedef struct {
    const mn_chunk *chunk;
    uint32_t row; /* in the chunk */
    float score;
} mn_hit;

typedef struct {
    float floor; /* rows below it are not wanted */
    float slack;
    size_t k, n, cap;
    size_t full; /* as many rows are pruned */
    mn_hit *hits;
    uint32_t *people; /* scratch of pruning: a hash table of indices into hits, twice as many slots as hits */
    bool failed;      /* memory was short, and rows that were wanted are lost */
} mn_best;

bool mn_best_init(mn_best *b, size_t k, float floor, float slack); /* false: out of memory */
void mn_best_finish(mn_best *b);
void mn_best_add(mn_best *b, const mn_chunk *chunk, uint32_t row, float score); /* score ≥ b->floor */
void mn_best_merge(mn_best *b, const mn_best *from);
void mn_best_prune(mn_best *b); /* afterwards hits are in order, best first */

static inline const mn_id *mn_hit_person(const mn_hit *h)
{
    return &h->chunk->people[h->row];
}

static inline const mn_id *mn_hit_face(const mn_hit *h)
{
    return &h->chunk->faces[h->row];
}

#endif
