/* Inside simd: every ISA file fills in the kernels it has, over the ones of the level below. */
#ifndef MN_SIMD_LEVELS_H
#define MN_SIMD_LEVELS_H

#include "simd/simd.h"

void mn_simd_fill_dot_c(mn_simd *t);
void mn_simd_fill_pixel_c(mn_simd *t);
#if defined(__x86_64__)
void mn_simd_fill_dot_avx2(mn_simd *t);
void mn_simd_fill_pixel_avx2(mn_simd *t);
void mn_simd_fill_dot_avx512(mn_simd *t); /* needs F, BW, VL, VNNI */
void mn_simd_fill_pixel_avx512(mn_simd *t);
#elif defined(__aarch64__)
void mn_simd_fill_dot_neon(mn_simd *t); /* needs the dot-product extension */
void mn_simd_fill_pixel_neon(mn_simd *t);
#endif

#endif
