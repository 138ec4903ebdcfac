#include "simd/simd_levels.h"

void mn_simd_fill_dot_neon(mn_simd *t)
{
    (void)t;
}
