/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
#include "exchange/npy.h"

#include <math.h>
#include <string.h>

float mn_half_to_float(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    float v = exponent == 0    ? ldexpf((float)fraction, -24)
              : exponent == 31 ? (fraction ? NAN : INFINITY)
                               : ldexpf((float)(1024 + fraction), exponent - 25);
    return h & 0x8000 ? -v : v;
}

uint16_t mn_float_to_half(float f)
{
    uint16_t sign = signbit(f) ? 0x8000 : 0;
    float a = fabsf(f);
    int exponent;
    if (isnan(f))
        return sign | 0x7e00;
    if (a >= 65520) /* half way between the largest number and what would come next */
        return sign | 0x7c00;
    if (a == 0)
        return sign;
    frexpf(a, &exponent); /* a = m · 2^exponent, m in [0.5, 1) */
    if (exponent < -13)
        exponent = -13; /* subnormal: the step stays 2^-24 */
    /* The integer part is exact: 2^(11 - exponent) only moves the point. rintf rounds ties to even. */
    uint32_t steps = (uint32_t)rintf(ldexpf(a, 11 - exponent));
    /* steps is 1024 … 2048, or below 1024 for subnormal numbers; a carry into 2048 is the next exponent. */
    return sign | (uint16_t)(((uint32_t)(exponent + 13) << 10) + steps);
}
