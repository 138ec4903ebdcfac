#include "simd/simd_levels.h"

#include <stdbool.h>

static int32_t dot_i8(const int8_t *a, const int8_t *b, size_t n)
{
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void scan_i8(const int8_t *rows, size_t n, size_t stride, const int8_t *probe, int32_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = dot_i8(rows + i * stride, probe, stride);
}

static void scan_i8_multi(const int8_t *rows, size_t n, size_t stride, const int8_t *probes, size_t n_probes,
                          int32_t *out, size_t n_out)
{
    for (size_t i = 0; i < n; i++)
        for (size_t q = 0; q < n_probes; q++)
            out[q * n_out + i] = dot_i8(rows + i * stride, probes + q * stride, stride);
}

static inline bool reaches(int32_t dot, const float *scale, const float *half, float probe_scale, float floor)
{
    float score = (float)dot * (*scale * probe_scale);
    return (half ? score - *half : score) >= floor;
}

/* Almost never any: sixteen are asked together first, which the compiler makes a few vector steps. */
static uint64_t reaching(const int32_t *dots, const float *scales, const float *halves, size_t n,
                         float probe_scale, float floor)
{
    uint64_t answer = 0;
    for (size_t i = 0; i < n; i += 16) {
        size_t end = n - i < 16 ? n : i + 16;
        int any = end - i < 16;
        if (!any && halves)
            for (size_t j = i; j < i + 16; j++)
                any |= reaches(dots[j], &scales[j], &halves[j], probe_scale, floor);
        else if (!any)
            for (size_t j = i; j < i + 16; j++)
                any |= reaches(dots[j], &scales[j], NULL, probe_scale, floor);
        for (size_t j = i; any && j < end; j++)
            answer |= (uint64_t)reaches(dots[j], &scales[j], halves ? &halves[j] : NULL, probe_scale, floor)
                      << j;
    }
    return answer;
}

/* Four sums side by side: shorter chains of additions lose less, and the compiler may keep them in one
 * register. */
static float dot_f32(const float *a, const float *b, size_t n)
{
    float sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t j = 0; j < 4; j++)
            sum[j] += a[i + j] * b[i + j];
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static float l2sq_f32(const float *a, const float *b, size_t n)
{
    float sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t j = 0; j < 4; j++)
            sum[j] += (a[i + j] - b[i + j]) * (a[i + j] - b[i + j]);
    for (; i < n; i++)
        sum[0] += (a[i] - b[i]) * (a[i] - b[i]);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void mn_simd_fill_dot_c(mn_simd *t)
{
    t->scan_i8 = scan_i8;
    t->scan_i8_multi = scan_i8_multi;
    t->reaching = reaching;
    t->dot_f32 = dot_f32;
    t->l2sq_f32 = l2sq_f32;
}
