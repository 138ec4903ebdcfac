#include "simd/pixel_scalar.h"
#include "simd/pixel_x86.h"
#include "simd/simd_levels.h"

static inline void load_16_pixels(const uint8_t *rgb, __m128i out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = _mm_loadu_si128((const __m128i *)(rgb + 16 * i));
}

static void planes_f32(const uint8_t *rgb, size_t width, const mn_plane_spec *spec, float *p0, float *p1,
                       float *p2)
{
    float *const planes[3] = {p0, p1, p2};
    size_t x = 0;
    for (; x + 16 <= width; x += 16) {
        __m128i pixels[3];
        load_16_pixels(rgb + 3 * x, pixels);
        for (int c = 0; c < 3; c++) {
            __m128i bytes = mn_channel_of_16(pixels, spec->order[c]);
            __m256 mean = _mm256_set1_ps(spec->mean[c]), scale = _mm256_set1_ps(spec->scale[c]);
            __m256 low = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
            __m256 high = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8)));
            _mm256_storeu_ps(planes[c] + x, _mm256_mul_ps(_mm256_sub_ps(low, mean), scale));
            _mm256_storeu_ps(planes[c] + x + 8, _mm256_mul_ps(_mm256_sub_ps(high, mean), scale));
        }
    }
    mn_planes_scalar(rgb, x, width, spec, planes);
}

/* Four taps of 8 pixels. "near" holds R G B of the left tap and R of the right, "far" B of the left and R G B
 * of the right: two loads of 4 bytes that together touch exactly the 6 bytes of both. */
typedef struct {
    __m256i near, far;
} taps_8;

static inline taps_8 gather_8(const uint8_t *src, __m256i offset, __m256i lanes)
{
    __m256i none = _mm256_setzero_si256();
    return (taps_8){_mm256_mask_i32gather_epi32(none, (const int *)src, offset, lanes, 1),
                    _mm256_mask_i32gather_epi32(none, (const int *)(src + 2), offset, lanes, 1)};
}

static inline __m256 byte_of_8(__m256i words, int byte)
{
    return _mm256_cvtepi32_ps(_mm256_and_si256(_mm256_srli_epi32(words, 8 * byte), _mm256_set1_epi32(255)));
}

static inline __m256 mix_8(__m256 a, __m256 b, __m256 weight)
{
    return _mm256_add_ps(a, _mm256_mul_ps(_mm256_sub_ps(b, a), weight));
}

static inline __m256i blend_channel_8(const taps_8 *top, const taps_8 *bottom, int c, __m256 fx, __m256 fy)
{
    __m256 b, e, a = byte_of_8(top->near, c), d = byte_of_8(bottom->near, c);
    b = c == 0 ? byte_of_8(top->near, 3) : byte_of_8(top->far, c + 1);
    e = c == 0 ? byte_of_8(bottom->near, 3) : byte_of_8(bottom->far, c + 1);
    __m256 v = mix_8(mix_8(a, b, fx), mix_8(d, e, fx), fy);
    return _mm256_cvttps_epi32(_mm256_add_ps(v, _mm256_set1_ps(0.5f)));
}

/* 8 words 0BGR to 24 bytes. */
static inline void store_8_pixels(__m256i words, uint8_t *out)
{
    __m256i pack =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    words = _mm256_shuffle_epi8(words, pack);
    __m128i low = _mm256_castsi256_si128(words), high = _mm256_extracti128_si256(words, 1);
    _mm_storeu_si128((__m128i *)out, _mm_or_si128(low, _mm_slli_si128(high, 12)));
    _mm_storel_epi64((__m128i *)(out + 16), _mm_srli_si128(high, 4));
}

static inline __m256i all_taps_inside_8(__m256 px, __m256 py, const mn_warp_row *row)
{
    __m256 zero = _mm256_setzero_ps();
    __m256 x = _mm256_and_ps(_mm256_cmp_ps(px, zero, _CMP_GE_OQ),
                             _mm256_cmp_ps(px, _mm256_set1_ps((float)(row->w - 1)), _CMP_LT_OQ));
    __m256 y = _mm256_and_ps(_mm256_cmp_ps(py, zero, _CMP_GE_OQ),
                             _mm256_cmp_ps(py, _mm256_set1_ps((float)(row->h - 1)), _CMP_LT_OQ));
    return _mm256_castps_si256(_mm256_and_ps(x, y));
}

/* Puts out 8 pixels, of which those of `lanes` are right. */
static inline void warp_8_pixels(const mn_warp_row *row, __m256 px, __m256 py, __m256i lanes, uint8_t *out)
{
    __m256i ix = _mm256_cvttps_epi32(px), iy = _mm256_cvttps_epi32(py);
    __m256 fx = _mm256_sub_ps(px, _mm256_cvtepi32_ps(ix)), fy = _mm256_sub_ps(py, _mm256_cvtepi32_ps(iy));
    __m256i offset = _mm256_add_epi32(_mm256_mullo_epi32(iy, _mm256_set1_epi32((int)row->stride)),
                                      _mm256_add_epi32(ix, _mm256_add_epi32(ix, ix)));
    taps_8 top = gather_8(row->src, offset, lanes), bottom = gather_8(row->src + row->stride, offset, lanes);
    __m256i r = blend_channel_8(&top, &bottom, 0, fx, fy);
    __m256i g = blend_channel_8(&top, &bottom, 1, fx, fy);
    __m256i b = blend_channel_8(&top, &bottom, 2, fx, fy);
    g = _mm256_or_si256(_mm256_slli_epi32(g, 8), _mm256_slli_epi32(b, 16));
    store_8_pixels(_mm256_or_si256(r, g), out);
}

static void warp_row_rgb(const uint8_t *src, size_t stride, int w, int h, float sx, float sy, float dx,
                         float dy, uint8_t *out, int n)
{
    mn_warp_row row = {src, stride, w, h, sx, sy, dx, dy};
    int x = 0;
    /* Offsets of the gathers are signed 32-bit numbers. */
    for (; x + 8 <= n && (uint64_t)stride * (uint64_t)h <= INT32_MAX; x += 8) {
        __m256i at = _mm256_add_epi32(_mm256_set1_epi32(x), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
        __m256 fat = _mm256_cvtepi32_ps(at);
        __m256 px = _mm256_add_ps(_mm256_set1_ps(sx), _mm256_mul_ps(fat, _mm256_set1_ps(dx)));
        __m256 py = _mm256_add_ps(_mm256_set1_ps(sy), _mm256_mul_ps(fat, _mm256_set1_ps(dy)));
        __m256i lanes = all_taps_inside_8(px, py, &row);
        unsigned inside = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(lanes));
        if (inside)
            warp_8_pixels(&row, px, py, lanes, out + 3 * (size_t)x);
        mn_warp_rest(&row, x, ~inside & 0xff, out);
    }
    mn_warp_scalar(&row, x, n, out);
}

static void blend_rows_u8(const uint8_t *a, const uint8_t *b, unsigned wa, unsigned wb, size_t n,
                          uint8_t *out)
{
    __m256i weights = _mm256_set1_epi32((int)(wa | wb << 16)), round = _mm256_set1_epi32(MN_BLEND_ROUND);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256i va = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(a + i)));
        __m256i vb = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(b + i)));
        __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(va, vb), weights);
        __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(va, vb), weights);
        low = _mm256_srli_epi32(_mm256_add_epi32(low, round), MN_BLEND_BITS);
        high = _mm256_srli_epi32(_mm256_add_epi32(high, round), MN_BLEND_BITS);
        __m256i words = _mm256_packs_epi32(low, high);
        __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128((__m128i *)(out + i), bytes);
    }
    mn_blend_scalar(a, b, wa, wb, i, n, out);
}

static void add_row_u32(const uint8_t *row, size_t n, uint32_t *sums)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256i v = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(row + i)));
        __m256i *to = (__m256i *)(sums + i);
        _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), v));
    }
    mn_add_row_scalar(row, i, n, sums);
}

static void luma_u8(const uint8_t *rgb, size_t width, uint8_t *out)
{
    static const short weights[3] = {77, 150, 29};
    size_t x = 0;
    for (; x + 16 <= width; x += 16) {
        __m128i pixels[3];
        load_16_pixels(rgb + 3 * x, pixels);
        __m256i sum = _mm256_set1_epi16(128);
        for (int c = 0; c < 3; c++) {
            __m256i channel = _mm256_cvtepu8_epi16(mn_channel_of_16(pixels, c));
            sum = _mm256_add_epi16(sum, _mm256_mullo_epi16(channel, _mm256_set1_epi16(weights[c])));
        }
        sum = _mm256_srli_epi16(sum, 8);
        __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        _mm_storeu_si128((__m128i *)(out + x), bytes);
    }
    mn_luma_scalar(rgb, x, width, out);
}

void mn_simd_fill_pixel_avx2(mn_simd *t)
{
    t->planes_f32 = planes_f32;
    t->warp_row_rgb = warp_row_rgb;
    t->blend_rows_u8 = blend_rows_u8;
    t->add_row_u32 = add_row_u32;
    t->luma_u8 = luma_u8;
}
