#include "simd/simd_levels.h"

void mn_simd_fill_dot_avx2(mn_simd *t)
{
    (void)t;
}
