/* The best rows seen so far, for one probe and one thread.
 *
 * Keeps the rows of the `want` best people, at most MN_BEST_FACES of each, without keeping them in order:
 * rows at or above the floor are appended, and when the buffer is full it is pruned, which raises the floor.
 * Pruning is rare: between two prunes the number of rows seen grows by a factor, so a scan of a million rows
 * prunes about five times. What is kept does not depend on the order in which rows arrive: ties are broken by
 * the person's id, then by the face's. */
#ifndef MN_GALLERY_BEST_H
#define MN_GALLERY_BEST_H

#include "gallery/view.h"

/* A person's best face in float is among the best three in int8, unless four differ by less than the
 * rounding. */
#define MN_BEST_FACES 3

typedef struct {
    const mn_chunk *chunk;
    uint32_t row; /* in the chunk */
    float score;
} mn_hit;

typedef struct {
    float floor; /* rows below it are not wanted */
    size_t want, n, cap;
    mn_hit *hits;
    uint32_t *people; /* scratch of pruning: a hash table of indices into hits */
    uint8_t *faces;
    size_t n_slots;
} mn_best;

bool mn_best_init(mn_best *b, size_t want, float floor); /* false: out of memory */
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
