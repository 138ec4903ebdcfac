/* Without VNNI, bytes are widened to 16 bits and multiplied pairwise into 32: exact for all values. The byte
 * multiply of AVX2 (maddubs) saturates its sums of two products, and is not used. */
#include "simd/simd_levels.h"

#include <immintrin.h>
#include <stdbool.h>

static inline __m256i widen(const int8_t *p)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p));
}

static inline __m256i multiply_add(__m256i sum, __m256i a, __m256i b)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

static inline __m128i halves_added(__m256i v)
{
    return _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}

/* Element i of the result is the sum of the elements of s[i]. */
static inline __m128i sum_each(const __m256i s[4])
{
    __m256i a = _mm256_hadd_epi32(s[0], s[1]), b = _mm256_hadd_epi32(s[2], s[3]);
    return halves_added(_mm256_hadd_epi32(a, b));
}

/* Two rows against up to two probes; sums of rows 0 and 1 with probe 0, then with probe 1. */
static inline void two_by_two(const int8_t *const rows[2], const int8_t *const probes[2], size_t stride,
                              int32_t out[4])
{
    __m256i s[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                    _mm256_setzero_si256()};
    for (size_t k = 0; k < stride; k += 16) {
        __m256i r0 = widen(rows[0] + k), r1 = widen(rows[1] + k), p0 = widen(probes[0] + k),
                p1 = widen(probes[1] + k);
        s[0] = multiply_add(s[0], r0, p0);
        s[1] = multiply_add(s[1], r1, p0);
        s[2] = multiply_add(s[2], r0, p1);
        s[3] = multiply_add(s[3], r1, p1);
    }
    _mm_storeu_si128((__m128i *)(void *)out, sum_each(s));
}

static void scan_i8(const int8_t *rows, size_t n, size_t stride, const int8_t *probe, int32_t *out)
{
    for (size_t i = 0; i < n; i += 4) {
        size_t left = n - i < 4 ? n - i : 4; /* where fewer are left, the last is taken again and dropped */
        const int8_t *r[4];
        __m256i s[4];
        for (size_t j = 0; j < 4; j++) {
            r[j] = rows + (i + (j < left ? j : left - 1)) * stride;
            s[j] = _mm256_setzero_si256();
        }
        for (size_t k = 0; k < stride; k += 16) {
            __m256i p = widen(probe + k);
            for (size_t j = 0; j < 4; j++)
                s[j] = multiply_add(s[j], widen(r[j] + k), p);
        }
        int32_t sums[4];
        _mm_storeu_si128((__m128i *)(void *)sums, sum_each(s));
        for (size_t j = 0; j < left; j++)
            out[i + j] = sums[j];
    }
}

static void scan_i8_multi(const int8_t *rows, size_t n, size_t stride, const int8_t *probes, size_t n_probes,
                          int32_t *out, size_t n_out)
{
    for (size_t i = 0; i < n; i += 2) {
        bool two_rows = i + 1 < n;
        const int8_t *r[2] = {rows + i * stride, rows + (i + two_rows) * stride};
        for (size_t q = 0; q < n_probes; q += 2) {
            bool two_probes = q + 1 < n_probes;
            const int8_t *p[2] = {probes + q * stride, probes + (q + two_probes) * stride};
            int32_t sums[4];
            two_by_two(r, p, stride, sums);
            for (size_t b = 0; b <= two_probes; b++)
                for (size_t a = 0; a <= two_rows; a++)
                    out[(q + b) * n_out + i + a] = sums[b * 2 + a];
        }
    }
}

static inline float sum_f32(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

static float dot_f32(const float *a, const float *b, size_t n)
{
    __m256 s0 = _mm256_setzero_ps(), s1 = s0;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        s0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), s0);
        s1 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8), s1);
    }
    float rest = 0;
    for (; i < n; i++)
        rest += a[i] * b[i];
    return sum_f32(_mm256_add_ps(s0, s1)) + rest;
}

static float l2sq_f32(const float *a, const float *b, size_t n)
{
    __m256 s0 = _mm256_setzero_ps(), s1 = s0;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256 d0 = _mm256_sub_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));
        __m256 d1 = _mm256_sub_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8));
        s0 = _mm256_fmadd_ps(d0, d0, s0);
        s1 = _mm256_fmadd_ps(d1, d1, s1);
    }
    float rest = 0;
    for (; i < n; i++)
        rest += (a[i] - b[i]) * (a[i] - b[i]);
    return sum_f32(_mm256_add_ps(s0, s1)) + rest;
}

static inline __m256i first(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < 8 ? (int)n : 8),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static uint64_t reaching(const int32_t *dots, const float *scales, const float *halves, size_t n,
                         float probe_scale, float floor)
{
    uint64_t answer = 0;
    for (size_t i = 0; i < n; i += 8) {
        __m256i m = first(n - i);
        __m256 score =
            _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_maskload_epi32(dots + i, m)),
                          _mm256_mul_ps(_mm256_maskload_ps(scales + i, m), _mm256_set1_ps(probe_scale)));
        if (halves)
            score = _mm256_sub_ps(score, _mm256_maskload_ps(halves + i, m));
        __m256 reached =
            _mm256_and_ps(_mm256_cmp_ps(score, _mm256_set1_ps(floor), _CMP_GE_OQ), _mm256_castsi256_ps(m));
        answer |= (uint64_t)(unsigned)_mm256_movemask_ps(reached) << i;
    }
    return answer;
}

void mn_simd_fill_dot_avx2(mn_simd *t)
{
    t->scan_i8 = scan_i8;
    t->scan_i8_multi = scan_i8_multi;
    t->reaching = reaching;
    t->dot_f32 = dot_f32;
    t->l2sq_f32 = l2sq_f32;
}
