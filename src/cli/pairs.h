/* Lists of pairs as Labeled Faces in the Wild has them: a line with the number of folds and of pairs of each
 * kind a fold, then "name <tab> i <tab> j" for two pictures of a person and "name <tab> i <tab> other <tab>
 * j" for two people. */
#ifndef MN_CLI_PAIRS_H
#define MN_CLI_PAIRS_H

#include "base/arena.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *name[2];
    unsigned number[2];
    bool mate;
    unsigned fold;
} mn_pair;

#define MN_PAIRS_MAX 10000000

/* Names are the arena's. MN_E_INVALID names the line. */
mn_code mn_pairs_parse(const char *text, size_t n, mn_arena *arena, mn_pair **out, size_t *n_pairs,
                       unsigned *folds, mn_error *err);

#endif
