#include "simd/simd_levels.h"

void mn_simd_fill_pixel_avx512(mn_simd *t)
{
    (void)t;
}
