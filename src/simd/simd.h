/* The inner loops, in C and per instruction set, chosen once at run time.
 *
 * The C kernels are the reference; an ISA file only replaces pointers. MIEN_SIMD=c|avx2|avx512|neon caps the
 * choice (for tests and measurements). All kernels are pure and thread-safe; pointers need no alignment
 * unless said. */
#ifndef MN_SIMD_SIMD_H
#define MN_SIMD_SIMD_H

#include <stddef.h>
#include <stdint.h>

typedef enum { MN_SIMD_C, MN_SIMD_AVX2, MN_SIMD_AVX512, MN_SIMD_NEON, MN_SIMD_LEVELS } mn_simd_level;

/* How u8 pixels become a network's f32 planes: out[c] = (in[order[c]] - mean[c]) * scale[c]. */
typedef struct {
    uint8_t order[3]; /* {0,1,2} RGB, {2,1,0} BGR */
    float mean[3], scale[3];
} mn_plane_spec;

typedef struct {
    mn_simd_level level;
    const char *name; /* "avx512" */

    /* n rows of stride bytes (dim rounded up to 64, zero-padded, 64-byte aligned) against one probe: out[i] =
     * dot. */
    void (*scan_i8)(const int8_t *rows, size_t n, size_t stride, const int8_t *probe, int32_t *out);
    /* The same for 1 to 16 probes (each stride bytes, back to back) in one pass: out[q * n_out + i]. */
    void (*scan_i8_multi)(const int8_t *rows, size_t n, size_t stride, const int8_t *probes, size_t n_probes,
                          int32_t *out, size_t n_out);
    /* Which of up to 64 scores dots[i] * (scales[i] * probe_scale) - halves[i] are at `floor` or above: one
     * bit each. halves: NULL for none. */
    uint64_t (*reaching)(const int32_t *dots, const float *scales, const float *halves, size_t n,
                         float probe_scale, float floor);
    float (*dot_f32)(const float *a, const float *b, size_t n);
    float (*l2sq_f32)(const float *a, const float *b, size_t n); /* sum of squared differences */

    /* Interleaved u8 RGB row of `width` pixels to three float planes. */
    void (*planes_f32)(const uint8_t *rgb, size_t width, const mn_plane_spec *spec, float *p0, float *p1,
                       float *p2);
    /* One output row of a bilinear affine warp of interleaved RGB. The source position of output pixel x is
     * (sx + x*dx, sy + x*dy), in source pixels with integer centres; outside the picture is black (border 0).
     */
    void (*warp_row_rgb)(const uint8_t *src, size_t stride, int w, int h, float sx, float sy, float dx,
                         float dy, uint8_t *out, int n);
    /* Vertical blend of the resizer: out[i] = (a[i]*wa + b[i]*wb + rounding) >> 11 of 11-bit weights, wa + wb
     * = 2048. */
    void (*blend_rows_u8)(const uint8_t *a, const uint8_t *b, unsigned wa, unsigned wb, size_t n,
                          uint8_t *out);
    /* Adds a row to 32-bit sums (area resize, means). */
    void (*add_row_u32)(const uint8_t *row, size_t n, uint32_t *sums);
    /* RGB to luma, BT.601: (77 r + 150 g + 29 b + 128) >> 8. */
    void (*luma_u8)(const uint8_t *rgb, size_t width, uint8_t *out);
} mn_simd;

const mn_simd *mn_simd_get(void); /* the best for this CPU */
/* The table of one level, or NULL where this CPU or build lacks it. For tests and benchmarks. */
const mn_simd *mn_simd_level_get(mn_simd_level level);
/* Does the CPU multiply bytes without saturation (AVX-512 VNNI, AVX-VNNI, or NEON dot product)? Decides int8
 * networks; MIEN_SIMD does not change the answer. */
int mn_simd_has_vnni(void);

#endif
