#include "simd/pixel_scalar.h"
#include "simd/simd_levels.h"
#include <arm_neon.h>
#include <string.h>

static inline float32x4_t to_floats(uint16x4_t v)
{
    return vcvtq_f32_u32(vmovl_u16(v));
}

static void planes_f32(const uint8_t *rgb, size_t width, const mn_plane_spec *spec, float *p0, float *p1,
                       float *p2)
{
    float *const planes[3] = {p0, p1, p2};
    size_t x = 0;
    for (; x + 8 <= width; x += 8) {
        uint8x8x3_t pixels = vld3_u8(rgb + 3 * x);
        for (int c = 0; c < 3; c++) {
            uint16x8_t v = vmovl_u8(pixels.val[spec->order[c]]);
            float32x4_t mean = vdupq_n_f32(spec->mean[c]), scale = vdupq_n_f32(spec->scale[c]);
            float *to = planes[c] + x;
            vst1q_f32(to, vmulq_f32(vsubq_f32(to_floats(vget_low_u16(v)), mean), scale));
            vst1q_f32(to + 4, vmulq_f32(vsubq_f32(to_floats(vget_high_u16(v)), mean), scale));
        }
    }
    mn_planes_scalar(rgb, x, width, spec, planes);
}

/* R G B R and B R G B of a pixel and its right neighbour, of 4 pixels: exactly the 6 bytes of both. */
typedef struct {
    uint32x4_t near, far;
} taps_4;

static inline taps_4 load_taps(const uint8_t *src, const int32_t offset[4])
{
    uint32_t near[4], far[4];
    for (int i = 0; i < 4; i++) {
        memcpy(&near[i], src + offset[i], 4);
        memcpy(&far[i], src + offset[i] + 2, 4);
    }
    return (taps_4){vld1q_u32(near), vld1q_u32(far)};
}

static inline float32x4_t byte_of_4(uint32x4_t words, int byte)
{
    return vcvtq_f32_u32(vandq_u32(vshlq_u32(words, vdupq_n_s32(-8 * byte)), vdupq_n_u32(255)));
}

static inline float32x4_t mix_4(float32x4_t a, float32x4_t b, float32x4_t weight)
{
    return vaddq_f32(a, vmulq_f32(vsubq_f32(b, a), weight));
}

static inline uint32x4_t blend_channel_4(const taps_4 *top, const taps_4 *bottom, int c, float32x4_t fx,
                                         float32x4_t fy)
{
    float32x4_t b, e, a = byte_of_4(top->near, c), d = byte_of_4(bottom->near, c);
    b = c == 0 ? byte_of_4(top->near, 3) : byte_of_4(top->far, c + 1);
    e = c == 0 ? byte_of_4(bottom->near, 3) : byte_of_4(bottom->far, c + 1);
    float32x4_t v = mix_4(mix_4(a, b, fx), mix_4(d, e, fx), fy);
    return vcvtq_u32_f32(vaddq_f32(v, vdupq_n_f32(0.5f)));
}

static inline bool all_taps_inside_4(float32x4_t px, float32x4_t py, const mn_warp_row *row)
{
    float32x4_t zero = vdupq_n_f32(0);
    uint32x4_t x = vandq_u32(vcgeq_f32(px, zero), vcltq_f32(px, vdupq_n_f32((float)(row->w - 1))));
    uint32x4_t y = vandq_u32(vcgeq_f32(py, zero), vcltq_f32(py, vdupq_n_f32((float)(row->h - 1))));
    return vminvq_u32(vandq_u32(x, y)) != 0;
}

static inline void warp_4_pixels(const mn_warp_row *row, float32x4_t px, float32x4_t py, uint8_t *out)
{
    int32x4_t ix = vcvtq_s32_f32(px), iy = vcvtq_s32_f32(py);
    float32x4_t fx = vsubq_f32(px, vcvtq_f32_s32(ix)), fy = vsubq_f32(py, vcvtq_f32_s32(iy));
    int32_t offset[4];
    vst1q_s32(offset, vmlaq_n_s32(vmulq_n_s32(ix, 3), iy, (int32_t)row->stride));
    taps_4 top = load_taps(row->src, offset), bottom = load_taps(row->src + row->stride, offset);
    uint32x4_t r = blend_channel_4(&top, &bottom, 0, fx, fy);
    uint32x4_t g = blend_channel_4(&top, &bottom, 1, fx, fy);
    uint32x4_t b = blend_channel_4(&top, &bottom, 2, fx, fy);
    uint32_t words[4];
    vst1q_u32(words, vorrq_u32(r, vorrq_u32(vshlq_n_u32(g, 8), vshlq_n_u32(b, 16))));
    for (int i = 0; i < 4; i++)
        memcpy(out + 3 * i, &words[i], 3);
}

static void warp_row_rgb(const uint8_t *src, size_t stride, int w, int h, float sx, float sy, float dx,
                         float dy, uint8_t *out, int n)
{
    mn_warp_row row = {src, stride, w, h, sx, sy, dx, dy};
    const float steps[4] = {0, 1, 2, 3};
    int x = 0;
    for (; x + 4 <= n && (uint64_t)stride * (uint64_t)h <= INT32_MAX; x += 4) {
        float32x4_t at = vaddq_f32(vdupq_n_f32((float)x), vld1q_f32(steps));
        float32x4_t px = vaddq_f32(vdupq_n_f32(sx), vmulq_n_f32(at, dx));
        float32x4_t py = vaddq_f32(vdupq_n_f32(sy), vmulq_n_f32(at, dy));
        if (all_taps_inside_4(px, py, &row))
            warp_4_pixels(&row, px, py, out + 3 * (size_t)x);
        else
            mn_warp_scalar(&row, x, x + 4, out);
    }
    mn_warp_scalar(&row, x, n, out);
}

static inline uint8x8_t blend_8(uint16x8_t a, uint16x8_t b, uint16_t wa, uint16_t wb)
{
    uint32x4_t low = vmlal_n_u16(vmull_n_u16(vget_low_u16(a), wa), vget_low_u16(b), wb);
    uint32x4_t high = vmlal_n_u16(vmull_n_u16(vget_high_u16(a), wa), vget_high_u16(b), wb);
    return vmovn_u16(vcombine_u16(vrshrn_n_u32(low, MN_BLEND_BITS), vrshrn_n_u32(high, MN_BLEND_BITS)));
}

static void blend_rows_u8(const uint8_t *a, const uint8_t *b, unsigned wa, unsigned wb, size_t n,
                          uint8_t *out)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        vst1_u8(out + i,
                blend_8(vmovl_u8(vld1_u8(a + i)), vmovl_u8(vld1_u8(b + i)), (uint16_t)wa, (uint16_t)wb));
    mn_blend_scalar(a, b, wa, wb, i, n, out);
}

static void add_row_u32(const uint8_t *row, size_t n, uint32_t *sums)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint16x8_t v = vmovl_u8(vld1_u8(row + i));
        vst1q_u32(sums + i, vaddw_u16(vld1q_u32(sums + i), vget_low_u16(v)));
        vst1q_u32(sums + i + 4, vaddw_u16(vld1q_u32(sums + i + 4), vget_high_u16(v)));
    }
    mn_add_row_scalar(row, i, n, sums);
}

static void luma_u8(const uint8_t *rgb, size_t width, uint8_t *out)
{
    size_t x = 0;
    for (; x + 8 <= width; x += 8) {
        uint8x8x3_t pixels = vld3_u8(rgb + 3 * x);
        uint16x8_t sum = vmull_u8(pixels.val[0], vdup_n_u8(77));
        sum = vmlal_u8(sum, pixels.val[1], vdup_n_u8(150));
        sum = vmlal_u8(sum, pixels.val[2], vdup_n_u8(29));
        vst1_u8(out + x, vrshrn_n_u16(sum, 8));
    }
    mn_luma_scalar(rgb, x, width, out);
}

void mn_simd_fill_pixel_neon(mn_simd *t)
{
    t->planes_f32 = planes_f32;
    t->warp_row_rgb = warp_row_rgb;
    t->blend_rows_u8 = blend_rows_u8;
    t->add_row_u32 = add_row_u32;
    t->luma_u8 = luma_u8;
}
