/* Biometric error rates from scores, as ISO/IEC 19795-1 and the protocol of Labeled Faces in the Wild define
 * them.
 *
 * A score is better when higher; a comparison is accepted when score >= threshold. -INFINITY is the worst
 * score: it stands for a picture that could not be used, which counts against mates and is accepted at no
 * threshold. Pure; the caller's memory. */
#ifndef MN_CLI_STATS_H
#define MN_CLI_STATS_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    double *mates, *others; /* comparisons of one person with himself, and with somebody else; sorted by
                               mn_scores_sort */
    size_t n_mates, n_others;
} mn_scores;

void mn_scores_sort(mn_scores *s);
double mn_stats_fmr(const mn_scores *s, double threshold);  /* share of others >= threshold */
double mn_stats_fnmr(const mn_scores *s, double threshold); /* share of mates < threshold */

/* Where false matches and false non-matches are equally frequent, the curve taken as straight between its
 * points. */
double mn_stats_eer(const mn_scores *s);

typedef struct {
    double far, tar, low, high; /* low … high: 95 % confidence interval of tar (Wilson) */
    double threshold;           /* the lowest that gives at most this false-accept rate */
    bool measurable;            /* there are at least 1/far others */
} mn_tar;
mn_tar mn_stats_tar_at_far(const mn_scores *s, double far);

/* 95 % interval of a share of k in n (Wilson 1927). 0 … 1 for n = 0. */
void mn_stats_wilson(size_t k, size_t n, double *low, double *high);

typedef struct {
    double score;
    bool mate;
    unsigned fold;
} mn_pair_score;
typedef struct {
    double accuracy, std, standard_error, threshold; /* means over the folds; std is the sample's */
} mn_accuracy;
/* Each fold is judged at the threshold that is best on all the others. MN_E_INVALID for fewer than two folds.
 */
mn_code mn_stats_accuracy(const mn_pair_score *pairs, size_t n, unsigned folds, mn_accuracy *out,
                          mn_error *err);

/* A search with a mate enrolled: the mate's score, and the best of the other people's. */
typedef struct {
    double mate, best_other;
} mn_mated_search;
/* Open-set identification: mated searches, and the best scores of searches by people not enrolled (sorted by
 * mn_searches_sort). */
typedef struct {
    const mn_mated_search *mated;
    double *unmated;
    size_t n_mated, n_unmated;
} mn_searches;

void mn_searches_sort(mn_searches *s);
double mn_stats_rank1(const mn_searches *s);
double mn_stats_fpir(const mn_searches *s, double threshold);
/* Share of mated searches where the mate is not the best one, or is below the threshold (rank 1). */
double mn_stats_fnir(const mn_searches *s, double threshold);

typedef struct {
    double fpir, fnir, low, high, threshold;
    bool measurable;
} mn_fnir;
mn_fnir mn_stats_fnir_at_fpir(const mn_searches *s, double fpir);

/* The lowest threshold at which at most `rate` of the sorted scores is accepted; +INFINITY where none is. */
double mn_stats_threshold(const double *sorted, size_t n, double rate);

#endif
