/* The pixel kernels, one element at a time: what every instruction set must agree with, bit for bit.
 *
 * pixel_c.c makes the C level of them; the ISA files use them for the ends of rows and for pixels at the
 * border. Float arithmetic is multiply, then add, each rounded (the room is built with -ffp-contract=off): a
 * fused multiply-add would be as good, but not the same everywhere. */
#ifndef MN_SIMD_PIXEL_SCALAR_H
#define MN_SIMD_PIXEL_SCALAR_H

#include "simd/simd.h"
#include <stdbool.h>

#define MN_BLEND_BITS  11
#define MN_BLEND_ROUND (1u << (MN_BLEND_BITS - 1))

typedef struct {
    const uint8_t *src;
    size_t stride;
    int w, h;
    float sx, sy, dx, dy;
} mn_warp_row;

static inline void mn_planes_scalar(const uint8_t *rgb, size_t from, size_t to, const mn_plane_spec *spec,
                                    float *const planes[3])
{
    for (int c = 0; c < 3; c++)
        for (size_t x = from; x < to; x++)
            planes[c][x] = ((float)rgb[3 * x + spec->order[c]] - spec->mean[c]) * spec->scale[c];
}

/* One channel of one tap; black outside the picture. */
static inline float mn_tap(const mn_warp_row *row, int x, int y, int c)
{
    if (x < 0 || y < 0 || x >= row->w || y >= row->h)
        return 0.0f;
    return (float)row->src[(size_t)y * row->stride + 3 * (size_t)x + (size_t)c];
}

static inline void mn_warp_pixel(const mn_warp_row *row, int x, uint8_t out[3])
{
    float px = row->sx + (float)x * row->dx, py = row->sy + (float)x * row->dy;
    /* Written so that a NaN is outside, and before the conversion, which a large number would overflow. */
    if (!(px > -1.0f && py > -1.0f && px < (float)row->w && py < (float)row->h)) {
        out[0] = out[1] = out[2] = 0;
        return;
    }
    int ix = (int)px, iy = (int)py; /* towards zero; then down, exactly */
    ix -= px < (float)ix;
    iy -= py < (float)iy;
    float fx = px - (float)ix, fy = py - (float)iy;
    for (int c = 0; c < 3; c++) {
        float a = mn_tap(row, ix, iy, c), b = mn_tap(row, ix + 1, iy, c);
        float d = mn_tap(row, ix, iy + 1, c), e = mn_tap(row, ix + 1, iy + 1, c);
        float top = a + (b - a) * fx, bottom = d + (e - d) * fx;
        out[c] = (uint8_t)(top + (bottom - top) * fy + 0.5f);
    }
}

static inline void mn_warp_scalar(const mn_warp_row *row, int from, int to, uint8_t *out)
{
    for (int x = from; x < to; x++)
        mn_warp_pixel(row, x, out + 3 * (size_t)x);
}

/* Of the pixels from x on, those whose bit is set: what a vector left out because taps of theirs are outside.
 */
static inline void mn_warp_rest(const mn_warp_row *row, int x, unsigned rest, uint8_t *out)
{
    for (; rest; rest &= rest - 1) {
        int at = x + __builtin_ctz(rest);
        mn_warp_pixel(row, at, out + 3 * (size_t)at);
    }
}

static inline void mn_blend_scalar(const uint8_t *a, const uint8_t *b, unsigned wa, unsigned wb, size_t from,
                                   size_t to, uint8_t *out)
{
    for (size_t i = from; i < to; i++)
        out[i] = (uint8_t)((a[i] * wa + b[i] * wb + MN_BLEND_ROUND) >> MN_BLEND_BITS);
}

static inline void mn_add_row_scalar(const uint8_t *row, size_t from, size_t to, uint32_t *sums)
{
    for (size_t i = from; i < to; i++)
        sums[i] += row[i];
}

static inline void mn_luma_scalar(const uint8_t *rgb, size_t from, size_t to, uint8_t *out)
{
    for (size_t x = from; x < to; x++)
        out[x] = (uint8_t)((77u * rgb[3 * x] + 150u * rgb[3 * x + 1] + 29u * rgb[3 * x + 2] + 128u) >> 8);
}

#endif
