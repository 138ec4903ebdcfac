#include "face/aggregate.h"
#include "face/describe.h"
#include "face/pipeline.h"
#include <math.h>
#include <string.h>

/* A picture of no measurable quality still says something. */
#define LEAST_WEIGHT 0.01f

static mn_code check_parts(const mn_aggregate_part *parts, size_t n, mn_error *err)
{
    if (n < 1 || n > MN_AGGREGATE_MAX)
        return mn_fail(err, MN_E_INVALID, "1 to %d pictures make one descriptor, not %zu", MN_AGGREGATE_MAX,
                       n);
    const mn_descriptor *first = parts[0].descriptor;
    for (size_t i = 0; i < n; i++) {
        const mn_descriptor *d = parts[i].descriptor;
        if (d->dim < 1 || d->dim > MN_DESCRIPTOR_MAX || !d->v)
            return mn_fail(err, MN_E_INVALID, "picture %zu has no descriptor", i + 1);
        if (d->dim != first->dim || d->metric != first->metric || strcmp(d->model, first->model) != 0)
            return mn_fail(err, MN_E_INVALID, "picture %zu has a descriptor of another model than the first",
                           i + 1);
    }
    return MN_OK;
}

/* The weighed mean of all but one; skip == n: of all. False where they cancel out. */
static bool mean_of(const mn_aggregate_part *parts, size_t n, size_t skip, float *v)
{
    const mn_descriptor *first = parts[0].descriptor;
    size_t dim = (size_t)first->dim;
    float sum = 0;
    memset(v, 0, dim * sizeof *v);
    for (size_t i = 0; i < n; i++) {
        float weight = parts[i].quality > LEAST_WEIGHT ? parts[i].quality : LEAST_WEIGHT;
        if (i == skip)
            continue;
        for (size_t j = 0; j < dim; j++)
            v[j] += weight * parts[i].descriptor->v[j];
        sum += weight;
    }
    for (size_t j = 0; j < dim; j++)
        v[j] /= sum;
    return first->metric == MN_METRIC_L2 || mn_normalise(v, dim);
}

static double score_with_rest(const mn_aggregate_part *parts, size_t n, size_t i)
{
    float v[MN_DESCRIPTOR_MAX];
    mn_descriptor rest = *parts[i].descriptor;
    if (!mean_of(parts, n, i, v))
        return -INFINITY;
    rest.v = v;
    return (double)mn_descriptor_score(parts[i].descriptor, &rest);
}

static bool pairs_fit(const mn_aggregate_part *parts, size_t n, double least)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            if (!((double)mn_descriptor_score(parts[i].descriptor, parts[j].descriptor) >= least))
                return false;
    return true;
}

static bool fit_together(const mn_aggregate_part *parts, size_t n, const mn_aggregate_rules *rules,
                         size_t *odd)
{
    double least = INFINITY;
    for (size_t i = 0; i < n; i++) {
        double score = score_with_rest(parts, n, i);
        if (score < least || (i == 0 && !(score > -INFINITY)))
            least = score, *odd = i;
    }
    return least >= rules->rest && pairs_fit(parts, n, rules->pair);
}

static float mean_quality(const mn_aggregate_part *parts, size_t n)
{
    float sum = 0, weights = 0;
    for (size_t i = 0; i < n; i++) {
        float weight = parts[i].quality > LEAST_WEIGHT ? parts[i].quality : LEAST_WEIGHT;
        sum += weight * parts[i].quality;
        weights += weight;
    }
    return sum / weights;
}

mn_code mn_aggregate(const mn_aggregate_part *parts, size_t n, const mn_aggregate_rules *rules,
                     mn_arena *arena, mn_descriptor *out, float *quality, size_t *odd, mn_error *err)
{
    size_t worst = 0;
    mn_code code = check_parts(parts, n, err);
    if (code != MN_OK)
        return code;
    if (n > 1 && !fit_together(parts, n, rules, &worst)) {
        if (odd)
            *odd = worst;
        return mn_fail(err, MN_E_SEVERAL_FACES,
                       "the pictures do not show one person: number %zu fits the others least", worst + 1);
    }
    float *v = mn_arena_alloc(arena, (size_t)parts[0].descriptor->dim * sizeof *v);
    if (!v)
        return mn_fail(err, MN_E_MEMORY, "out of memory for a descriptor");
    if (n == 1)
        memcpy(v, parts[0].descriptor->v, (size_t)parts[0].descriptor->dim * sizeof *v);
    else if (!mean_of(parts, n, n, v))
        return mn_fail(err, MN_E_INVALID, "the descriptors cancel out");
    *out = *parts[0].descriptor;
    out->v = v;
    if (quality)
        *quality = mean_quality(parts, n);
    return MN_OK;
}
