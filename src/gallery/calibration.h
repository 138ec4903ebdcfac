/* What a raw score means: similarity, false-match rate, and back.
 *
 * Between support points, log10 of the rate is interpolated linearly in the raw score; beyond them it is held
 * constant (a rate below what was measured is never claimed). In 1:N with n people searched, the chance of at
 * least one false match is 1 - (1 - fmr)^n (independent comparisons; ISO/IEC 19795-1, 8.6). Pure functions.
 */
#ifndef MN_GALLERY_CALIBRATION_H
#define MN_GALLERY_CALIBRATION_H

#include "infer/pack.h"

double mn_calibration_fmr(const mn_calibration *c, double raw);
double mn_calibration_similarity(const mn_calibration *c, double raw);
/* The lowest raw score whose rate is at most fmr. When fmr is below what was measured, *reached is false and
 * the answer is the strictest measured score. */
double mn_calibration_threshold(const mn_calibration *c, double fmr, bool *reached);

double mn_fmr_1n(double fmr, double n);              /* one comparison → a search through n people */
double mn_fmr_per_comparison(double fpir, double n); /* and back */

/* Adaptive symmetric score normalisation: raw scores of probe and mate against a cohort, the `top` best of
 * each side averaged (s-norm with the top-scoring part of the cohort). probe_* and gallery_* are mean and
 * deviation of those best scores. */
double mn_score_normalise(double raw, double probe_mean, double probe_std, double gallery_mean,
                          double gallery_std);
void mn_cohort_stats(const float *scores, size_t n, size_t top, double *mean, double *std);

#endif
