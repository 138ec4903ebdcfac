/* VNNI multiplies unsigned by signed bytes. Rows are made unsigned by flipping the top bit (row + 128), and
 * 128 times the sum of the probe is taken off afterwards: exact for all values, because dpbusd sums four
 * products into 32 bits without saturation. Sixteen sums are reduced together: 45 steps instead of 16
 * times 7. */
#include "simd/simd_levels.h"

#include <immintrin.h>

#define LANES 16
/* Bytes ahead of the rows in work that are asked for; the hardware alone stops at the end of a page. */
#define AHEAD 4096

static inline __m512i load(const int8_t *p)
{
    return _mm512_loadu_si512((const void *)p);
}

static inline __m512i load_row(const int8_t *p)
{
    return _mm512_xor_si512(load(p), _mm512_set1_epi8(-128));
}

/* 128 times the sum of a probe's bytes. */
static int32_t correction(const int8_t *probe, size_t stride)
{
    __m512i sum = _mm512_setzero_si512(), ones = _mm512_set1_epi8(1);
    for (size_t k = 0; k < stride; k += 64)
        sum = _mm512_dpbusd_epi32(sum, ones, load(probe + k));
    return _mm512_reduce_add_epi32(sum) * 128;
}

static inline __m512i add_pairs32(__m512i a, __m512i b)
{
    return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
}

static inline __m512i add_pairs64(__m512i a, __m512i b)
{
    return _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

static inline __m512i add_pairs128(__m512i a, __m512i b)
{
    return _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xdd));
}

/* Element i of the result is the sum of the elements of a[i]. */
static inline __m512i sum_each(const __m512i a[LANES])
{
    __m512i four[4];
    for (size_t i = 0; i < 4; i++)
        four[i] = add_pairs64(add_pairs32(a[4 * i], a[4 * i + 1]), add_pairs32(a[4 * i + 2], a[4 * i + 3]));
    return add_pairs128(add_pairs128(four[0], four[1]), add_pairs128(four[2], four[3]));
}

static inline __m512i row_sums(const int8_t *row, const int8_t *probe, size_t stride)
{
    __m512i sums = _mm512_setzero_si512();
    for (size_t k = 0; k < stride; k += 64) {
        _mm_prefetch((const char *)row + k + AHEAD, _MM_HINT_T0);
        sums = _mm512_dpbusd_epi32(sums, load_row(row + k), load(probe + k));
    }
    return sums;
}

/* One row after the other, in the order of memory: sixteen rows side by side read a quarter slower. */
static void scan_i8(const int8_t *rows, size_t n, size_t stride, const int8_t *probe, int32_t *out)
{
    const int32_t off = correction(probe, stride);
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        __m512i sums[LANES];
        for (size_t r = 0; r < LANES; r++)
            sums[r] = row_sums(rows + (i + r) * stride, probe, stride);
        _mm512_storeu_si512((void *)(out + i), _mm512_sub_epi32(sum_each(sums), _mm512_set1_epi32(off)));
    }
    for (; i < n; i++)
        out[i] = _mm512_reduce_add_epi32(row_sums(rows + i * stride, probe, stride)) - off;
}

/* Four rows against four probes: sums of the rows with probe 0, then with probe 1 and so on. */
static inline __m512i four_by_four(const int8_t *const rows[4], const int8_t *const probes[4], size_t stride)
{
    __m512i sums[LANES];
    for (size_t i = 0; i < LANES; i++)
        sums[i] = _mm512_setzero_si512();
    for (size_t k = 0; k < stride; k += 64) {
        __m512i r[4];
        for (size_t j = 0; j < 4; j++)
            r[j] = load_row(rows[j] + k);
        for (size_t q = 0; q < 4; q++) {
            __m512i p = load(probes[q] + k);
            for (size_t j = 0; j < 4; j++)
                sums[q * 4 + j] = _mm512_dpbusd_epi32(sums[q * 4 + j], r[j], p);
        }
    }
    return sum_each(sums);
}

/* No masked store: gcc 12 folds it into vextracti32x4, which faults for the lanes that are masked out. */
static inline void store(__m128i sums, size_t n, int32_t *out)
{
    if (n == 4) {
        _mm_storeu_si128((__m128i *)(void *)out, sums);
        return;
    }
    int32_t all[4];
    _mm_storeu_si128((__m128i *)(void *)all, sums);
    for (size_t i = 0; i < n; i++)
        out[i] = all[i];
}

/* All rows against up to four probes. Where there are fewer of either, the last is taken again and its answer
 * dropped. */
static void scan_four(const int8_t *rows, size_t n, size_t stride, const int8_t *probes, size_t n_probes,
                      int32_t *out, size_t n_out)
{
    const int8_t *p[4];
    int32_t offs[LANES];
    for (size_t q = 0; q < 4; q++) {
        p[q] = probes + (q < n_probes ? q : n_probes - 1) * stride;
        offs[q * 4] = offs[q * 4 + 1] = offs[q * 4 + 2] = offs[q * 4 + 3] = correction(p[q], stride);
    }
    const __m512i off = _mm512_loadu_si512((const void *)offs);
    for (size_t i = 0; i < n; i += 4) {
        size_t left = n - i < 4 ? n - i : 4;
        const int8_t *r[4];
        for (size_t j = 0; j < 4; j++)
            r[j] = rows + (i + (j < left ? j : left - 1)) * stride;
        __m512i sums = _mm512_sub_epi32(four_by_four(r, p, stride), off);
        for (size_t q = 0; q < n_probes; q++) {
            store(_mm512_castsi512_si128(sums), left, out + q * n_out + i);
            sums = _mm512_alignr_epi64(sums, sums, 2); /* the next probe's sums come to the front */
        }
    }
}

static void scan_i8_multi(const int8_t *rows, size_t n, size_t stride, const int8_t *probes, size_t n_probes,
                          int32_t *out, size_t n_out)
{
    for (size_t q = 0; q < n_probes; q += 4)
        scan_four(rows, n, stride, probes + q * stride, n_probes - q < 4 ? n_probes - q : 4, out + q * n_out,
                  n_out);
}

static inline __mmask16 first(size_t n)
{
    return (__mmask16)(n >= LANES ? 0xffff : (1u << n) - 1);
}

static float dot_f32(const float *a, const float *b, size_t n)
{
    __m512 s0 = _mm512_setzero_ps(), s1 = s0;
    size_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
        s1 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + LANES), _mm512_loadu_ps(b + i + LANES), s1);
    }
    for (; i < n; i += LANES) {
        __mmask16 m = first(n - i);
        s0 = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(m, a + i), _mm512_maskz_loadu_ps(m, b + i), s0);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(s0, s1));
}

static float l2sq_f32(const float *a, const float *b, size_t n)
{
    __m512 s0 = _mm512_setzero_ps(), s1 = s0;
    size_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        __m512 d0 = _mm512_sub_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));
        __m512 d1 = _mm512_sub_ps(_mm512_loadu_ps(a + i + LANES), _mm512_loadu_ps(b + i + LANES));
        s0 = _mm512_fmadd_ps(d0, d0, s0);
        s1 = _mm512_fmadd_ps(d1, d1, s1);
    }
    for (; i < n; i += LANES) {
        __mmask16 m = first(n - i);
        __m512 d = _mm512_sub_ps(_mm512_maskz_loadu_ps(m, a + i), _mm512_maskz_loadu_ps(m, b + i));
        s0 = _mm512_fmadd_ps(d, d, s0);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(s0, s1));
}

void mn_simd_fill_dot_avx512(mn_simd *t)
{
    t->scan_i8 = scan_i8;
    t->scan_i8_multi = scan_i8_multi;
    t->dot_f32 = dot_f32;
    t->l2sq_f32 = l2sq_f32;
}
