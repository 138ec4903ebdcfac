#include "simd/pixel_scalar.h"
#include "simd/simd_levels.h"

static void planes_f32(const uint8_t *rgb, size_t width, const mn_plane_spec *spec, float *p0, float *p1,
                       float *p2)
{
    mn_planes_scalar(rgb, 0, width, spec, (float *const[]){p0, p1, p2});
}

static void warp_row_rgb(const uint8_t *src, size_t stride, int w, int h, float sx, float sy, float dx,
                         float dy, uint8_t *out, int n)
{
    mn_warp_row row = {src, stride, w, h, sx, sy, dx, dy};
    mn_warp_scalar(&row, 0, n, out);
}

static void blend_rows_u8(const uint8_t *a, const uint8_t *b, unsigned wa, unsigned wb, size_t n,
                          uint8_t *out)
{
    mn_blend_scalar(a, b, wa, wb, 0, n, out);
}

static void add_row_u32(const uint8_t *row, size_t n, uint32_t *sums)
{
    mn_add_row_scalar(row, 0, n, sums);
}

static void luma_u8(const uint8_t *rgb, size_t width, uint8_t *out)
{
    mn_luma_scalar(rgb, 0, width, out);
}

void mn_simd_fill_pixel_c(mn_simd *t)
{
    t->planes_f32 = planes_f32;
    t->warp_row_rgb = warp_row_rgb;
    t->blend_rows_u8 = blend_rows_u8;
    t->add_row_u32 = add_row_u32;
    t->luma_u8 = luma_u8;
}
