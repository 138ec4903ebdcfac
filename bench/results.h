/* What is measured of an engine, and its line of JSON. */
#ifndef MN_BENCH_RESULTS_H
#define MN_BENCH_RESULTS_H

#include "vectors.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ROUNDS_MAX (VECTORS_PAIRS_MAX / 16 + 1)

typedef struct {
    double ms[ROUNDS_MAX + 1], read_ms[ROUNDS_MAX + 1]; /* the first round is left out */
    double multiply_ms[ROUNDS_MAX + 1];                 /* 0: not measured */
    size_t rounds, probes, hits;
} results;

/* Rounds after which the medians mean something and, with 16 queries in a round, every pair was searched for.
 */
size_t results_rounds(const vectors *v, size_t at_least, size_t queries);
/* One object of a JSON list. ms, read_ms and multiply_ms are medians; bytes_per_row as resident. extra: more fields, as
 * ",\"name\":value…", or NULL. */
void results_print(const vectors *v, const char *engine, size_t queries, unsigned threads, results *r,
                   double bytes_per_row, const char *extra);
void results_end(void); /* closes the list */

#ifdef __cplusplus
}
#endif

#endif
