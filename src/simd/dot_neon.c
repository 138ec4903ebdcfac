/* The dot-product extension multiplies signed bytes and sums four products into 32 bits: exact for all
 * values. */
#include "simd/simd_levels.h"

#include <arm_neon.h>

/* Element i of the result is the sum of the elements of s[i]. */
static inline int32x4_t sum_each(const int32x4_t s[4])
{
    return vpaddq_s32(vpaddq_s32(s[0], s[1]), vpaddq_s32(s[2], s[3]));
}

static void store(int32x4_t sums, size_t n, int32_t *out)
{
    int32_t all[4];
    vst1q_s32(all, sums);
    for (size_t i = 0; i < n; i++)
        out[i] = all[i];
}

/* Rows i … i + 3 of n; beyond the end the last is taken again, and its answer dropped by store(). */
static size_t four_rows(const int8_t *rows, size_t i, size_t n, size_t stride, const int8_t *r[4])
{
    size_t left = n - i < 4 ? n - i : 4;
    for (size_t j = 0; j < 4; j++)
        r[j] = rows + (i + (j < left ? j : left - 1)) * stride;
    return left;
}

static void scan_i8(const int8_t *rows, size_t n, size_t stride, const int8_t *probe, int32_t *out)
{
    for (size_t i = 0; i < n; i += 4) {
        const int8_t *r[4];
        size_t left = four_rows(rows, i, n, stride, r);
        int32x4_t s[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
        for (size_t k = 0; k < stride; k += 16) {
            int8x16_t p = vld1q_s8(probe + k);
            for (size_t j = 0; j < 4; j++)
                s[j] = vdotq_s32(s[j], vld1q_s8(r[j] + k), p);
        }
        store(sum_each(s), left, out + i);
    }
}

/* Four rows against two probes. */
static inline void four_by_two(const int8_t *const r[4], const int8_t *p0, const int8_t *p1, size_t stride,
                               int32x4_t sums[2])
{
    int32x4_t a[4], b[4];
    for (size_t j = 0; j < 4; j++)
        a[j] = b[j] = vdupq_n_s32(0);
    for (size_t k = 0; k < stride; k += 16) {
        int8x16_t x = vld1q_s8(p0 + k), y = vld1q_s8(p1 + k);
        for (size_t j = 0; j < 4; j++) {
            int8x16_t row = vld1q_s8(r[j] + k);
            a[j] = vdotq_s32(a[j], row, x);
            b[j] = vdotq_s32(b[j], row, y);
        }
    }
    sums[0] = sum_each(a);
    sums[1] = sum_each(b);
}

static void scan_i8_multi(const int8_t *rows, size_t n, size_t stride, const int8_t *probes, size_t n_probes,
                          int32_t *out, size_t n_out)
{
    for (size_t i = 0; i < n; i += 4) {
        const int8_t *r[4];
        size_t left = four_rows(rows, i, n, stride, r);
        for (size_t q = 0; q < n_probes; q += 2) {
            size_t other = q + 1 < n_probes ? q + 1 : q;
            int32x4_t sums[2];
            four_by_two(r, probes + q * stride, probes + other * stride, stride, sums);
            store(sums[0], left, out + q * n_out + i);
            store(sums[1], left, out + other * n_out + i);
        }
    }
}

static float dot_f32(const float *a, const float *b, size_t n)
{
    float32x4_t s0 = vdupq_n_f32(0), s1 = s0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        s0 = vfmaq_f32(s0, vld1q_f32(a + i), vld1q_f32(b + i));
        s1 = vfmaq_f32(s1, vld1q_f32(a + i + 4), vld1q_f32(b + i + 4));
    }
    float rest = 0;
    for (; i < n; i++)
        rest += a[i] * b[i];
    return vaddvq_f32(vaddq_f32(s0, s1)) + rest;
}

static float l2sq_f32(const float *a, const float *b, size_t n)
{
    float32x4_t s0 = vdupq_n_f32(0), s1 = s0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        float32x4_t d0 = vsubq_f32(vld1q_f32(a + i), vld1q_f32(b + i));
        float32x4_t d1 = vsubq_f32(vld1q_f32(a + i + 4), vld1q_f32(b + i + 4));
        s0 = vfmaq_f32(s0, d0, d0);
        s1 = vfmaq_f32(s1, d1, d1);
    }
    float rest = 0;
    for (; i < n; i++)
        rest += (a[i] - b[i]) * (a[i] - b[i]);
    return vaddvq_f32(vaddq_f32(s0, s1)) + rest;
}

void mn_simd_fill_dot_neon(mn_simd *t)
{
    t->scan_i8 = scan_i8;
    t->scan_i8_multi = scan_i8_multi;
    t->dot_f32 = dot_f32;
    t->l2sq_f32 = l2sq_f32;
}
