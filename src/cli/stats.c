#include "cli/stats.h"
#include "base/alloc.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>

#define Z95 1.959963984540054 /* 97.5 % quantile of the normal distribution */

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How many of the sorted scores are below the threshold. */
static size_t count_below(const double *sorted, size_t n, double threshold)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < threshold)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static double share(size_t k, size_t n)
{
    return n ? (double)k / (double)n : 0;
}

void mn_scores_sort(mn_scores *s)
{
    qsort(s->mates, s->n_mates, sizeof *s->mates, rising);
    qsort(s->others, s->n_others, sizeof *s->others, rising);
}

double mn_stats_fmr(const mn_scores *s, double threshold)
{
    return share(s->n_others - count_below(s->others, s->n_others, threshold), s->n_others);
}

double mn_stats_fnmr(const mn_scores *s, double threshold)
{
    return share(count_below(s->mates, s->n_mates, threshold), s->n_mates);
}

double mn_stats_threshold(const double *sorted, size_t n, double rate)
{
    /* The smallest margin keeps 0.001 of 3000 at 3 although the product is a hair below it. */
    size_t allowed = (size_t)floor(rate * (double)n + 1e-9);
    if (allowed >= n)
        return -INFINITY;
    /* Everything up to and including this score must be refused. */
    double refused = sorted[n - 1 - allowed];
    return isinf(refused) ? refused : nextafter(refused, INFINITY);
}

void mn_stats_wilson(size_t k, size_t n, double *low, double *high)
{
    if (!n) {
        *low = 0, *high = 1;
        return;
    }
    double p = share(k, n), m = (double)n, z2 = Z95 * Z95;
    double centre = (p + z2 / (2 * m)) / (1 + z2 / m);
    double half = Z95 / (1 + z2 / m) * sqrt(p * (1 - p) / m + z2 / (4 * m * m));
    *low = centre - half > 0 ? centre - half : 0;
    *high = centre + half < 1 ? centre + half : 1;
}

/* ---- equal error rate ---- */

/* The next threshold at which something changes: the smallest score above t, of both kinds. */
static double next_score(const mn_scores *s, double t)
{
    double above = nextafter(t, INFINITY), next = INFINITY;
    size_t m = count_below(s->mates, s->n_mates, above), o = count_below(s->others, s->n_others, above);
    if (m < s->n_mates)
        next = s->mates[m];
    if (o < s->n_others && s->others[o] < next)
        next = s->others[o];
    return next;
}

double mn_stats_eer(const mn_scores *s)
{
    if (!s->n_mates || !s->n_others)
        return 0;
    /* Whatever could be compared is accepted. */
    double fmr = mn_stats_fmr(s, -DBL_MAX), fnmr = mn_stats_fnmr(s, -DBL_MAX);
    if (fnmr >= fmr)
        return fnmr;
    double t = -INFINITY;
    for (;;) {
        t = next_score(s, t);
        double above = nextafter(t, INFINITY); /* refuses everything up to t */
        double fmr_now = mn_stats_fmr(s, above), fnmr_now = mn_stats_fnmr(s, above);
        if (fnmr_now >= fmr_now) {
            /* Between (fmr, fnmr) and (fmr_now, fnmr_now) the two are equal once. */
            double before = fmr - fnmr, after = fnmr_now - fmr_now, f = before / (before + after);
            return fmr + f * (fmr_now - fmr);
        }
        fmr = fmr_now, fnmr = fnmr_now;
    }
}

mn_tar mn_stats_tar_at_far(const mn_scores *s, double far)
{
    mn_tar r = {.far = far, .threshold = mn_stats_threshold(s->others, s->n_others, far)};
    size_t accepted = s->n_mates - count_below(s->mates, s->n_mates, r.threshold);
    /* A mate that failed is accepted by nobody, also where the threshold is -INFINITY. */
    size_t compared = s->n_mates - count_below(s->mates, s->n_mates, -DBL_MAX);
    if (accepted > compared)
        accepted = compared;
    r.tar = share(accepted, s->n_mates);
    mn_stats_wilson(accepted, s->n_mates, &r.low, &r.high);
    r.measurable = (double)s->n_others * far >= 1 - 1e-9;
    return r;
}

/* ---- accuracy over folds ---- */

static int by_score(const void *a, const void *b)
{
    return rising(&((const mn_pair_score *)a)->score, &((const mn_pair_score *)b)->score);
}

static bool failed(const mn_pair_score *p)
{
    return p->score == -INFINITY;
}

/* The threshold with the fewest errors on all folds but one; of several, the middle of the widest gap between
 * scores. pairs are sorted by score. */
static double best_threshold(const mn_pair_score *pairs, size_t n, unsigned left_out)
{
    long errors = 0; /* at a threshold that accepts whatever could be compared */
    for (size_t i = 0; i < n; i++)
        if (pairs[i].fold != left_out)
            errors += failed(&pairs[i]) == pairs[i].mate;
    long least = errors;
    double last = -INFINITY, best = -INFINITY, gap = 0;
    for (size_t i = 0; i < n; i++) {
        if (pairs[i].fold == left_out || failed(&pairs[i]))
            continue;
        /* Up to here the errors belong to every threshold in (last, this score]. */
        if (pairs[i].score > last) {
            double width = isinf(last) ? 0 : pairs[i].score - last;
            if (errors < least || (errors == least && width > gap)) {
                least = errors;
                gap = width;
                best = isinf(last) ? pairs[i].score : last + width / 2;
            }
            last = pairs[i].score;
        }
        errors += pairs[i].mate ? 1 : -1;
    }
    return errors < least ? nextafter(last, INFINITY) : best;
}

static double accuracy_of_fold(const mn_pair_score *pairs, size_t n, unsigned fold, double threshold)
{
    size_t right = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        if (pairs[i].fold != fold)
            continue;
        bool accepted = pairs[i].score >= threshold && !failed(&pairs[i]);
        right += accepted == pairs[i].mate;
        all++;
    }
    return share(right, all);
}

mn_code mn_stats_accuracy(const mn_pair_score *pairs, size_t n, unsigned folds, mn_accuracy *out,
                          mn_error *err)
{
    if (folds < 2 || !n)
        return mn_fail(err, MN_E_INVALID, "accuracy needs pairs in at least two folds, not %zu pairs in %u",
                       n, folds);
    mn_pair_score *sorted = mn_alloc(n * sizeof *sorted);
    if (!sorted)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu pairs", n);
    for (size_t i = 0; i < n; i++)
        sorted[i] = pairs[i];
    qsort(sorted, n, sizeof *sorted, by_score);

    double sum = 0, squares = 0, thresholds = 0;
    for (unsigned fold = 0; fold < folds; fold++) {
        double threshold = best_threshold(sorted, n, fold);
        double accuracy = accuracy_of_fold(sorted, n, fold, threshold);
        sum += accuracy;
        squares += accuracy * accuracy;
        thresholds += threshold;
    }
    mn_free(sorted);
    double mean = sum / folds, variance = (squares - folds * mean * mean) / (folds - 1);
    double std = variance > 0 ? sqrt(variance) : 0;
    *out = (mn_accuracy){
        .accuracy = mean, .std = std, .standard_error = std / sqrt(folds), .threshold = thresholds / folds};
    return MN_OK;
}

/* ---- identification ---- */

void mn_searches_sort(mn_searches *s)
{
    qsort(s->unmated, s->n_unmated, sizeof *s->unmated, rising);
}

/* A failed mate (-INFINITY) is never the best one. */
static bool mate_is_first(const mn_mated_search *m)
{
    return m->mate > m->best_other;
}

double mn_stats_rank1(const mn_searches *s)
{
    size_t first = 0;
    for (size_t i = 0; i < s->n_mated; i++)
        first += mate_is_first(&s->mated[i]);
    return share(first, s->n_mated);
}

double mn_stats_fpir(const mn_searches *s, double threshold)
{
    return share(s->n_unmated - count_below(s->unmated, s->n_unmated, threshold), s->n_unmated);
}

static size_t misses(const mn_searches *s, double threshold)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_mated; i++)
        n += !mate_is_first(&s->mated[i]) || s->mated[i].mate < threshold;
    return n;
}

double mn_stats_fnir(const mn_searches *s, double threshold)
{
    return share(misses(s, threshold), s->n_mated);
}

mn_fnir mn_stats_fnir_at_fpir(const mn_searches *s, double fpir)
{
    mn_fnir r = {.fpir = fpir, .threshold = mn_stats_threshold(s->unmated, s->n_unmated, fpir)};
    size_t missed = misses(s, r.threshold);
    r.fnir = share(missed, s->n_mated);
    mn_stats_wilson(missed, s->n_mated, &r.low, &r.high);
    r.measurable = (double)s->n_unmated * fpir >= 1 - 1e-9;
    return r;
}
