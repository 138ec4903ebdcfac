/* Several pictures of one person as one descriptor: the mean of the descriptors, each weighed by its
 * picture's quality.
 *
 * First it is looked whether they show one person: each pair must reach `pair`, and each picture the mean of
 * the others at `rest`. A picture of somebody else would pull the descriptor away for good, and nobody would
 * see it. Pure; the rates behind the scores are the caller's business. bench/aggregate.py measures both. */
#ifndef MN_FACE_AGGREGATE_H
#define MN_FACE_AGGREGATE_H

#include "base/arena.h"
#include "face/face.h"

#define MN_AGGREGATE_MAX 100 /* pictures */

typedef struct {
    const mn_descriptor *descriptor;
    float quality; /* overall, 0 … 1 */
} mn_aggregate_part;

/* Raw scores, see mn_descriptor_score. For the rates that they should have: pairs 1 in 100, the others
 * together 1 in 1000. */
typedef struct {
    double pair, rest;
} mn_aggregate_rules;
#define MN_AGGREGATE_PAIR_FMR 1e-2
#define MN_AGGREGATE_REST_FMR 1e-3

/* *out: in the arena, of unit length where the metric is cosine. *quality (may be NULL): the weighed mean.
 * One picture gives its own descriptor. MN_E_INVALID for none, for too many, or for descriptors of different
 * models; MN_E_SEVERAL_FACES where they do not show one person: *odd (may be NULL) is then the number of the
 * picture that fits the others least, from 0, and the text says it from 1. */
mn_code mn_aggregate(const mn_aggregate_part *parts, size_t n, const mn_aggregate_rules *rules,
                     mn_arena *arena, mn_descriptor *out, float *quality, size_t *odd, mn_error *err);

#endif
