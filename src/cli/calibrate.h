/* From scores to a calibration: which raw score has which false-match rate and similarity.
 *
 * The rate at a support point is the share of impostor comparisons that reach it, counted; nothing is
 * extrapolated: the smallest rate is that of the 30 highest impostor scores (fewer say little: the rule of
 * 30). The similarity is -log10(rate) / 8, so that 0.5 is a false-match rate of 1 in 10 000; from the
 * smallest measured rate it rises in a straight line to 1 at identical descriptors. Pure but for memory. */
#ifndef MN_CLI_CALIBRATE_H
#define MN_CLI_CALIBRATE_H

#include "base/error.h"
#include "infer/pack.h"
#include <stddef.h>
#include <stdint.h>

/* Impostor scores, counted in 450 001 bins, so that tens of millions fit. */
typedef struct {
    double low, per_unit; /* lowest score, and bins for a difference of 1 */
    uint32_t *bins;
    uint64_t n;
    double sum, squares;
} mn_impostors;

/* Scores are low … high; beyond, they count at the border. */
mn_code mn_impostors_init(mn_impostors *s, double low, double high, mn_error *err);
void mn_impostors_finish(mn_impostors *s);
void mn_impostors_add(mn_impostors *s, double score);

#define MN_SUPPORT_MAX 64
typedef struct {
    double raw[MN_SUPPORT_MAX], log10_fmr[MN_SUPPORT_MAX], similarity[MN_SUPPORT_MAX];
    size_t n;
    double cohort_mean, cohort_std;
} mn_calibration_made;

/* Four support points a decade. identical: the score of a descriptor with itself (1 for cosine, 0 for L2).
 * MN_E_INVALID for fewer than 1000 scores. */
mn_code mn_calibrate(const mn_impostors *s, double identical, mn_calibration_made *out, mn_error *err);

#endif
