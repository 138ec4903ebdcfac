#include "cli/calibrate.h"
#include "base/alloc.h"
#include <math.h>
#include <string.h>

#define BINS               ((size_t)450001)
#define SCORES_MIN         1000
#define COUNT_MIN          30 /* scores behind a rate */
#define A_DECADE           4
#define SIMILARITY_DECADES 8.0

mn_code mn_impostors_init(mn_impostors *s, double low, double high, mn_error *err)
{
    *s = (mn_impostors){.low = low, .per_unit = (double)(BINS - 1) / (high - low)};
    s->bins = mn_calloc(BINS, sizeof *s->bins);
    return s->bins ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for the histogram");
}

void mn_impostors_finish(mn_impostors *s)
{
    mn_free(s->bins);
    memset(s, 0, sizeof *s);
}

void mn_impostors_add(mn_impostors *s, double score)
{
    double at = floor((score - s->low) * s->per_unit);
    size_t bin = at < 0 ? 0 : at >= (double)BINS ? BINS - 1 : (size_t)at;
    s->bins[bin]++;
    s->n++;
    s->sum += score;
    s->squares += score * score;
}

static void add_point(mn_calibration_made *c, double raw, double log10_fmr)
{
    c->raw[c->n] = raw;
    c->log10_fmr[c->n] = log10_fmr;
    c->similarity[c->n] = fabs(log10_fmr) / SIMILARITY_DECADES;
    c->n++;
}

/* From the lowest score up: a point wherever the share of scores from here on has fallen to the next quarter
 * of a decade. */
static void add_points(const mn_impostors *s, mn_calibration_made *c)
{
    uint64_t from_here = s->n;
    int step = 0;
    for (size_t bin = 0; bin < BINS && from_here >= COUNT_MIN && c->n < MN_SUPPORT_MAX - 1; bin++) {
        double log10_fmr = log10((double)from_here / (double)s->n);
        bool last_before_empty = step == 0 && s->bins[bin] > 0; /* rate 1 up to the lowest score */
        if (last_before_empty || (step > 0 && log10_fmr <= -(double)step / A_DECADE)) {
            add_point(c, s->low + (double)bin / s->per_unit, log10_fmr);
            while (log10_fmr <= -(double)step / A_DECADE)
                step++;
        }
        from_here -= s->bins[bin];
    }
}

mn_code mn_calibrate(const mn_impostors *s, double identical, mn_calibration_made *out, mn_error *err)
{
    if (s->n < SCORES_MIN)
        return mn_fail(err, MN_E_INVALID, "%llu comparisons of different people are too few: it takes %d",
                       (unsigned long long)s->n, SCORES_MIN);
    mn_calibration_made c = {0};
    add_points(s, &c);
    if (c.raw[c.n - 1] < identical) {
        add_point(&c, identical, c.log10_fmr[c.n - 1]);
        c.similarity[c.n - 1] = 1;
    }
    double n = (double)s->n, variance = s->squares / n - (s->sum / n) * (s->sum / n);
    c.cohort_mean = s->sum / n;
    c.cohort_std = variance > 0 ? sqrt(variance) : 0;
    *out = c;
    return MN_OK;
}
