/* Ends of rows are masked: a masked load touches no byte that its mask leaves out. */
#include "simd/pixel_scalar.h"
#include "simd/pixel_x86.h"
#include "simd/simd_levels.h"

static inline uint64_t first_bits(size_t n)
{
    return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

static inline size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

static inline void load_pixels(const uint8_t *rgb, size_t n, __m128i out[3])
{
    uint64_t mask = first_bits(3 * n);
    for (int i = 0; i < 3; i++)
        out[i] = _mm_maskz_loadu_epi8((__mmask16)(mask >> 16 * i), rgb + 16 * i);
}

static inline __m512 plane_of_16(const __m128i pixels[3], const mn_plane_spec *spec, int c)
{
    __m512 v = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(mn_channel_of_16(pixels, spec->order[c])));
    return _mm512_mul_ps(_mm512_sub_ps(v, _mm512_set1_ps(spec->mean[c])), _mm512_set1_ps(spec->scale[c]));
}

static void planes_f32(const uint8_t *rgb, size_t width, const mn_plane_spec *spec, float *p0, float *p1,
                       float *p2)
{
    float *const planes[3] = {p0, p1, p2};
    __m128i pixels[3];
    size_t x = 0;
    for (; x + 16 <= width; x += 16) {
        load_pixels(rgb + 3 * x, 16, pixels);
        for (int c = 0; c < 3; c++)
            _mm512_storeu_ps(planes[c] + x, plane_of_16(pixels, spec, c));
    }
    load_pixels(rgb + 3 * x, width - x, pixels);
    for (int c = 0; c < 3; c++)
        _mm512_mask_storeu_ps(planes[c] + x, (__mmask16)first_bits(width - x), plane_of_16(pixels, spec, c));
}

/* As in the AVX2 kernel: R G B R and B R G B of a pixel and its right neighbour. */
typedef struct {
    __m512i near, far;
} taps_16;

static inline taps_16 gather_16(const uint8_t *src, __m512i offset, __mmask16 lanes)
{
    __m512i none = _mm512_setzero_si512();
    return (taps_16){_mm512_mask_i32gather_epi32(none, lanes, offset, src, 1),
                     _mm512_mask_i32gather_epi32(none, lanes, offset, src + 2, 1)};
}

static inline __m512 byte_of_16(__m512i words, unsigned byte)
{
    return _mm512_cvtepi32_ps(_mm512_and_si512(_mm512_srli_epi32(words, 8 * byte), _mm512_set1_epi32(255)));
}

static inline __m512 mix_16(__m512 a, __m512 b, __m512 weight)
{
    return _mm512_add_ps(a, _mm512_mul_ps(_mm512_sub_ps(b, a), weight));
}

static inline __m512i blend_channel_16(const taps_16 *top, const taps_16 *bottom, unsigned c, __m512 fx,
                                       __m512 fy)
{
    __m512 b, e, a = byte_of_16(top->near, c), d = byte_of_16(bottom->near, c);
    b = c == 0 ? byte_of_16(top->near, 3) : byte_of_16(top->far, c + 1);
    e = c == 0 ? byte_of_16(bottom->near, 3) : byte_of_16(bottom->far, c + 1);
    __m512 v = mix_16(mix_16(a, b, fx), mix_16(d, e, fx), fy);
    return _mm512_cvttps_epi32(_mm512_add_ps(v, _mm512_set1_ps(0.5f)));
}

/* n words 0BGR to 3 n bytes: 12 bytes in each quarter, then the quarters together. */
static inline void store_pixels(__m512i words, size_t n, uint8_t *out)
{
    __m512i pack =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    __m512i join = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15);
    words = _mm512_permutexvar_epi32(join, _mm512_shuffle_epi8(words, pack));
    _mm512_mask_storeu_epi8(out, first_bits(3 * n), words);
}

static inline __mmask16 all_taps_inside_16(__m512 px, __m512 py, const mn_warp_row *row)
{
    __m512 zero = _mm512_setzero_ps();
    __mmask16 inside = _mm512_cmp_ps_mask(px, zero, _CMP_GE_OQ);
    inside = _mm512_mask_cmp_ps_mask(inside, px, _mm512_set1_ps((float)(row->w - 1)), _CMP_LT_OQ);
    inside = _mm512_mask_cmp_ps_mask(inside, py, zero, _CMP_GE_OQ);
    return _mm512_mask_cmp_ps_mask(inside, py, _mm512_set1_ps((float)(row->h - 1)), _CMP_LT_OQ);
}

/* Puts out n pixels, of which those of `lanes` are right. */
static inline void warp_pixels(const mn_warp_row *row, __m512 px, __m512 py, __mmask16 lanes, size_t n,
                               uint8_t *out)
{
    __m512i ix = _mm512_cvttps_epi32(px), iy = _mm512_cvttps_epi32(py);
    __m512 fx = _mm512_sub_ps(px, _mm512_cvtepi32_ps(ix)), fy = _mm512_sub_ps(py, _mm512_cvtepi32_ps(iy));
    __m512i offset = _mm512_add_epi32(_mm512_mullo_epi32(iy, _mm512_set1_epi32((int)row->stride)),
                                      _mm512_add_epi32(ix, _mm512_add_epi32(ix, ix)));
    taps_16 top = gather_16(row->src, offset, lanes),
            bottom = gather_16(row->src + row->stride, offset, lanes);
    __m512i r = blend_channel_16(&top, &bottom, 0, fx, fy);
    __m512i g = blend_channel_16(&top, &bottom, 1, fx, fy);
    __m512i b = blend_channel_16(&top, &bottom, 2, fx, fy);
    g = _mm512_or_si512(_mm512_slli_epi32(g, 8), _mm512_slli_epi32(b, 16));
    store_pixels(_mm512_or_si512(r, g), n, out);
}

static void warp_row_rgb(const uint8_t *src, size_t stride, int w, int h, float sx, float sy, float dx,
                         float dy, uint8_t *out, int n)
{
    mn_warp_row row = {src, stride, w, h, sx, sy, dx, dy};
    if ((uint64_t)stride * (uint64_t)h >
        INT32_MAX) { /* the offsets of the gathers are signed 32-bit numbers */
        mn_warp_scalar(&row, 0, n, out);
        return;
    }
    __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (int x = 0; x < n; x += 16) {
        size_t count = at_most((size_t)(n - x), 16);
        __mmask16 lanes = (__mmask16)first_bits(count);
        __m512 at = _mm512_cvtepi32_ps(_mm512_add_epi32(first, _mm512_set1_epi32(x)));
        __m512 px = _mm512_add_ps(_mm512_set1_ps(sx), _mm512_mul_ps(at, _mm512_set1_ps(dx)));
        __m512 py = _mm512_add_ps(_mm512_set1_ps(sy), _mm512_mul_ps(at, _mm512_set1_ps(dy)));
        __mmask16 inside = all_taps_inside_16(px, py, &row) & lanes;
        if (inside)
            warp_pixels(&row, px, py, inside, count, out + 3 * (size_t)x);
        mn_warp_rest(&row, x, (unsigned)(lanes & ~inside), out);
    }
}

static void blend_rows_u8(const uint8_t *a, const uint8_t *b, unsigned wa, unsigned wb, size_t n,
                          uint8_t *out)
{
    __m512i weights = _mm512_set1_epi32((int)(wa | wb << 16)), round = _mm512_set1_epi32(MN_BLEND_ROUND);
    for (size_t i = 0; i < n; i += 32) {
        __mmask32 lanes = (__mmask32)first_bits(at_most(n - i, 32));
        __m512i va = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(lanes, a + i));
        __m512i vb = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(lanes, b + i));
        __m512i low = _mm512_madd_epi16(_mm512_unpacklo_epi16(va, vb), weights);
        __m512i high = _mm512_madd_epi16(_mm512_unpackhi_epi16(va, vb), weights);
        low = _mm512_srli_epi32(_mm512_add_epi32(low, round), MN_BLEND_BITS);
        high = _mm512_srli_epi32(_mm512_add_epi32(high, round), MN_BLEND_BITS);
        _mm256_mask_storeu_epi8(out + i, lanes, _mm512_cvtepi16_epi8(_mm512_packs_epi32(low, high)));
    }
}

static void add_row_u32(const uint8_t *row, size_t n, uint32_t *sums)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512i v = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(row + i)));
        _mm512_storeu_si512(sums + i, _mm512_add_epi32(v, _mm512_loadu_si512(sums + i)));
    }
    __mmask16 lanes = (__mmask16)first_bits(n - i);
    __m512i v = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, row + i));
    v = _mm512_add_epi32(v, _mm512_maskz_loadu_epi32(lanes, sums + i));
    _mm512_mask_storeu_epi32(sums + i, lanes, v);
}

static void luma_u8(const uint8_t *rgb, size_t width, uint8_t *out)
{
    static const short weights[3] = {77, 150, 29};
    for (size_t x = 0; x < width; x += 16) {
        size_t n = at_most(width - x, 16);
        __m128i pixels[3];
        load_pixels(rgb + 3 * x, n, pixels);
        __m256i sum = _mm256_set1_epi16(128);
        for (int c = 0; c < 3; c++) {
            __m256i channel = _mm256_cvtepu8_epi16(mn_channel_of_16(pixels, c));
            sum = _mm256_add_epi16(sum, _mm256_mullo_epi16(channel, _mm256_set1_epi16(weights[c])));
        }
        _mm_mask_storeu_epi8(out + x, (__mmask16)first_bits(n),
                             _mm256_cvtepi16_epi8(_mm256_srli_epi16(sum, 8)));
    }
}

void mn_simd_fill_pixel_avx512(mn_simd *t)
{
    t->planes_f32 = planes_f32;
    t->warp_row_rgb = warp_row_rgb;
    t->blend_rows_u8 = blend_rows_u8;
    t->add_row_u32 = add_row_u32;
    t->luma_u8 = luma_u8;
}
