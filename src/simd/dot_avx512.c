/* VNNI multiplies unsigned by signed bytes. Rows are made unsigned by flipping the top bit (row + 128), and
 * 128 times the sum of the probe is taken off afterwards: exact for all values, because dpbusd sums four
 * products into 32 bits without saturation. Sixteen sums are reduced together: 45 steps instead of 16
 * times 7. */
#include "simd/simd_levels.h"

#include <immintrin.h>
#include <string.h>

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

/* ---- more than four probes ----
 *
 * Rows are turned first, so that lane r of a vector holds four bytes of row r: then no sum goes across lanes,
 * and the turning is shared by all probes. 64 rows × 64 bytes at a time stay in the first-level cache. */
#define TURNED_ROWS  64
#define TURNED_BYTES 64
#define FOUR         4 /* probes, and vectors of 16 rows */

typedef struct {
    __m512i at[TURNED_BYTES / 4][FOUR];
} turned;

static inline __m128i load_16(const int8_t *p)
{
    return _mm_loadu_si128((const void *)p);
}

/* 16 bytes of one row in each of four quarters. */
static inline __m512i load_quarters(const int8_t *const quarters[FOUR], size_t at)
{
    __m512i v = _mm512_castsi128_si512(load_16(quarters[0] + at));
    v = _mm512_inserti32x4(v, load_16(quarters[1] + at), 1);
    v = _mm512_inserti32x4(v, load_16(quarters[2] + at), 2);
    return _mm512_xor_si512(_mm512_inserti32x4(v, load_16(quarters[3] + at), 3), _mm512_set1_epi8(-128));
}

/* 16 bytes of 16 rows: to[i][r] gets bytes 4i … 4i + 3 of each. */
static inline void turn_16(const int8_t *const quarters[FOUR], size_t at, size_t stride, __m512i to[4][FOUR],
                           size_t r)
{
    __m512i r0 = load_quarters(quarters, at), r1 = load_quarters(quarters, at + stride),
            r2 = load_quarters(quarters, at + 2 * stride), r3 = load_quarters(quarters, at + 3 * stride);
    __m512i low01 = _mm512_unpacklo_epi32(r0, r1), low23 = _mm512_unpacklo_epi32(r2, r3);
    __m512i high01 = _mm512_unpackhi_epi32(r0, r1), high23 = _mm512_unpackhi_epi32(r2, r3);
    to[0][r] = _mm512_unpacklo_epi64(low01, low23);
    to[1][r] = _mm512_unpackhi_epi64(low01, low23);
    to[2][r] = _mm512_unpacklo_epi64(high01, high23);
    to[3][r] = _mm512_unpackhi_epi64(high01, high23);
}

/* 64 bytes of 64 rows; those of the next 64 are asked for. */
static void turn(const int8_t *rows, size_t stride, turned *t)
{
    for (size_t r = 0; r < FOUR; r++) {
        const int8_t *sixteen = rows + r * LANES * stride;
        for (size_t i = 0; i < LANES; i++)
            _mm_prefetch((const char *)sixteen + (TURNED_ROWS + i) * stride, _MM_HINT_T0);
        const int8_t *const quarters[] = {sixteen, sixteen + 4 * stride, sixteen + 8 * stride,
                                          sixteen + 12 * stride};
        for (size_t k = 0; k < TURNED_BYTES; k += 16)
            turn_16(quarters, k, stride, &t->at[k / 4], r);
    }
}

/* Adds the products of 64 turned rows with four probes to what `out` holds. */
static void add_four(const turned *t, const int8_t *const probes[FOUR], int32_t *const out[FOUR])
{
    __m512i sums[FOUR][FOUR];
    for (size_t q = 0; q < FOUR; q++)
        for (size_t r = 0; r < FOUR; r++)
            sums[q][r] = _mm512_loadu_si512((const void *)(out[q] + r * LANES));
    for (size_t k = 0; k < TURNED_BYTES / 4; k++)
        for (size_t q = 0; q < FOUR; q++) {
            int32_t four;
            memcpy(&four, probes[q] + 4 * k, sizeof four);
            __m512i p = _mm512_set1_epi32(four);
            for (size_t r = 0; r < FOUR; r++)
                sums[q][r] = _mm512_dpbusd_epi32(sums[q][r], t->at[k][r], p);
        }
    for (size_t q = 0; q < FOUR; q++)
        for (size_t r = 0; r < FOUR; r++)
            _mm512_storeu_si512((void *)(out[q] + r * LANES), sums[q][r]);
}

/* The first rows, a multiple of 64. */
static void scan_turned(const int8_t *rows, size_t n, size_t stride, const int8_t *probes, size_t n_probes,
                        int32_t *out, size_t n_out)
{
    turned t;
    int32_t dropped[TURNED_ROWS]; /* sums of probes that fill the last four up */
    for (size_t q = 0; q < n_probes; q++) {
        const __m512i off = _mm512_set1_epi32(-correction(probes + q * stride, stride));
        for (size_t i = 0; i < n; i += LANES)
            _mm512_storeu_si512((void *)(out + q * n_out + i), off);
    }
    memset(dropped, 0, sizeof dropped);
    for (size_t i = 0; i < n; i += TURNED_ROWS)
        for (size_t from = 0; from < stride; from += TURNED_BYTES) {
            turn(rows + i * stride + from, stride, &t);
            for (size_t q = 0; q < n_probes; q += FOUR) {
                const int8_t *p[FOUR];
                int32_t *to[FOUR];
                for (size_t j = 0; j < FOUR; j++) {
                    p[j] = probes + (q + j < n_probes ? q + j : q) * stride + from;
                    to[j] = q + j < n_probes ? out + (q + j) * n_out + i : dropped;
                }
                add_four(&t, p, to);
            }
        }
}

static void scan_i8_multi(const int8_t *rows, size_t n, size_t stride, const int8_t *probes, size_t n_probes,
                          int32_t *out, size_t n_out)
{
    size_t whole = n_probes > FOUR ? n / TURNED_ROWS * TURNED_ROWS : 0;
    if (whole)
        scan_turned(rows, whole, stride, probes, n_probes, out, n_out);
    for (size_t q = 0; q < n_probes; q += FOUR)
        scan_four(rows + whole * stride, n - whole, stride, probes + q * stride,
                  n_probes - q < FOUR ? n_probes - q : FOUR, out + q * n_out + whole, n_out);
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

static uint64_t reaching(const int32_t *dots, const float *scales, const float *halves, size_t n,
                         float probe_scale, float floor)
{
    uint64_t answer = 0;
    for (size_t i = 0; i < n; i += LANES) {
        __mmask16 m = first(n - i);
        __m512 score =
            _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(m, dots + i)),
                          _mm512_mul_ps(_mm512_maskz_loadu_ps(m, scales + i), _mm512_set1_ps(probe_scale)));
        if (halves)
            score = _mm512_sub_ps(score, _mm512_maskz_loadu_ps(m, halves + i));
        answer |= (uint64_t)_mm512_mask_cmp_ps_mask(m, score, _mm512_set1_ps(floor), _CMP_GE_OQ) << i;
    }
    return answer;
}

void mn_simd_fill_dot_avx512(mn_simd *t)
{
    t->reaching = reaching;
    t->scan_i8 = scan_i8;
    t->scan_i8_multi = scan_i8_multi;
    t->dot_f32 = dot_f32;
    t->l2sq_f32 = l2sq_f32;
}
