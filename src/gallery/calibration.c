#include "gallery/calibration.h"

#include <math.h>
#include <string.h>

/* Where raw lies among the support points: between i and i + 1, a share f of the way. Held at the ends. */
static size_t place(const mn_calibration *c, double raw, double *f)
{
    *f = 0;
    if (c->n < 2 || !(raw > (double)c->raw[0]))
        return 0;
    if (raw >= (double)c->raw[c->n - 1])
        return c->n - 1;
    size_t low = 0, high = c->n - 1;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if ((double)c->raw[middle] <= raw)
            low = middle;
        else
            high = middle;
    }
    *f = (raw - (double)c->raw[low]) / ((double)c->raw[high] - (double)c->raw[low]);
    return low;
}

static double between(const float *values, size_t i, double f)
{
    return f > 0 ? (double)values[i] + f * ((double)values[i + 1] - (double)values[i]) : (double)values[i];
}

double mn_calibration_fmr(const mn_calibration *c, double raw)
{
    if (c->n == 0)
        return 1; /* nothing measured: nothing is claimed */
    double f;
    size_t i = place(c, raw, &f);
    return pow(10, between(c->log10_fmr, i, f));
}

double mn_calibration_similarity(const mn_calibration *c, double raw)
{
    if (c->n == 0)
        return 0;
    double f;
    size_t i = place(c, raw, &f);
    return between(c->similarity, i, f);
}

double mn_calibration_threshold(const mn_calibration *c, double fmr, bool *reached)
{
    *reached = false;
    if (c->n == 0)
        return INFINITY;
    /* The manifest's floats: a rate that was written as 1e-4 must find the point -4 in spite of rounding. */
    double wanted = (fmr > 0 ? log10(fmr) : -INFINITY) + 1e-6;
    size_t i = c->n - 1;
    if ((double)c->log10_fmr[i] > wanted) {
        /* The last point stands for identical pictures, at the strictest rate that was measured: a score
         * where that rate begins is enough. */
        while (i > 0 && c->log10_fmr[i - 1] <= c->log10_fmr[i])
            i--;
        return c->raw[i];
    }
    *reached = true;
    while (i > 0 && (double)c->log10_fmr[i - 1] <= wanted)
        i--;
    if (i == 0)
        return c->raw[0];
    double above = c->log10_fmr[i - 1], below = c->log10_fmr[i];
    double f = (above - wanted) / (above - below);
    return (double)c->raw[i - 1] + f * ((double)c->raw[i] - (double)c->raw[i - 1]);
}

double mn_fmr_1n(double fmr, double n)
{
    if (fmr <= 0 || n <= 0)
        return 0;
    return fmr >= 1 ? 1 : -expm1(n * log1p(-fmr)); /* keeps its digits where 1 - fmr would round to 1 */
}

double mn_fmr_per_comparison(double fpir, double n)
{
    if (fpir <= 0)
        return 0;
    if (n <= 1 || fpir >= 1)
        return fpir >= 1 ? 1 : fpir;
    return -expm1(log1p(-fpir) / n);
}

double mn_score_normalise(double raw, double probe_mean, double probe_std, double gallery_mean,
                          double gallery_std)
{
    /* A cohort whose scores do not differ says nothing about its side: that side's score is only centred. */
    double probe = (raw - probe_mean) / (probe_std > 0 ? probe_std : 1);
    double gallery = (raw - gallery_mean) / (gallery_std > 0 ? gallery_std : 1);
    return (probe + gallery) / 2;
}

/* How many of the scores are larger than x, and how many equal it. */
static size_t count_above(const float *scores, size_t n, float x, size_t *equal)
{
    size_t above = 0;
    *equal = 0;
    for (size_t i = 0; i < n; i++) {
        above += scores[i] > x;
        *equal += scores[i] == x;
    }
    return above;
}

/* Floats in the order of their bits, so that halving the interval ends after 32 steps. */
static uint32_t to_ordered(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float from_ordered(uint32_t ordered)
{
    uint32_t bits = ordered & 0x80000000u ? ordered & 0x7fffffffu : ~ordered;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The smallest score that belongs to the `top` largest. Needs no memory, and leaves the scores where they
 * are. */
static float smallest_of_top(const float *scores, size_t n, size_t top)
{
    uint32_t low = to_ordered(-INFINITY), high = to_ordered(INFINITY);
    size_t equal;
    while (low < high) { /* the smallest x with fewer than `top` scores above it */
        uint32_t middle = low + (high - low) / 2;
        if (count_above(scores, n, from_ordered(middle), &equal) < top)
            high = middle;
        else
            low = middle + 1;
    }
    return from_ordered(low);
}

void mn_cohort_stats(const float *scores, size_t n, size_t top, double *mean, double *std)
{
    *mean = *std = 0;
    if (top > n)
        top = n;
    if (top == 0)
        return;
    float edge = smallest_of_top(scores, n, top);
    size_t equal, above = count_above(scores, n, edge, &equal);
    double sum = (double)edge * (double)(top - above);
    for (size_t i = 0; i < n; i++)
        sum += scores[i] > edge ? (double)scores[i] : 0;
    *mean = sum / (double)top;
    double squares = (double)(top - above) * ((double)edge - *mean) * ((double)edge - *mean);
    for (size_t i = 0; i < n; i++)
        if (scores[i] > edge)
            squares += ((double)scores[i] - *mean) * ((double)scores[i] - *mean);
    *std = sqrt(squares / (double)top);
}
