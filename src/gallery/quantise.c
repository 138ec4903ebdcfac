#include "gallery/quantise.h"

#include <math.h>
#include <string.h>

#define NORM_MAX 1e6 /* squares and sums of 1 024 of them stay far inside a float */

mn_code mn_quantise(const float *v, size_t dim, size_t stride, mn_metric metric, int8_t *row,
                    mn_quantised *out, mn_error *err)
{
    double squares = 0;
    float largest = 0;
    for (size_t i = 0; i < dim; i++) {
        squares += (double)v[i] * (double)v[i];
        largest = fmaxf(largest, fabsf(v[i]));
    }
    double norm = sqrt(squares);
    if (!isfinite(norm) || norm > NORM_MAX)
        return mn_fail(err, MN_E_INVALID,
                       "a descriptor of length %g: components must be finite and the length at most %g", norm,
                       NORM_MAX);
    if (metric == MN_METRIC_COSINE && norm < 1e-9)
        return mn_fail(err, MN_E_INVALID, "a descriptor of length %g has no direction to compare", norm);
    float unit = metric == MN_METRIC_COSINE ? (float)(1 / norm) : 1;
    float steps = largest > 1e-30f ? 127 / largest
                                   : 0; /* what is smaller counts as zero: 127 / largest must be finite */
    float scale = largest * unit / 127;
    float lost = 0;
    memset(row, 0, stride);
    for (size_t i = 0; i < dim; i++) {
        float level = rintf(v[i] * steps);
        row[i] = (int8_t)level;
        float difference = v[i] * unit - level * scale;
        lost += difference * difference;
    }
    *out = (mn_quantised){scale, metric == MN_METRIC_COSINE ? 1 : (float)norm, sqrtf(lost)};
    return MN_OK;
}
