/* What the x86 pixel kernels share: one channel out of 16 interleaved RGB pixels. Needs SSSE3. */
#ifndef MN_SIMD_PIXEL_X86_H
#define MN_SIMD_PIXEL_X86_H

#include <immintrin.h>
#include <stdint.h>

/* Where byte 3 i + channel of pixel i lies in the first, second and third 16 bytes; -1 makes a zero. */
static const int8_t mn_channel_at[3][3][16] = {
    {{0, 3, 6, 9, 12, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
     {-1, -1, -1, -1, -1, -1, 2, 5, 8, 11, 14, -1, -1, -1, -1, -1},
     {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1, 4, 7, 10, 13}},
    {{1, 4, 7, 10, 13, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
     {-1, -1, -1, -1, -1, 0, 3, 6, 9, 12, 15, -1, -1, -1, -1, -1},
     {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 2, 5, 8, 11, 14}},
    {{2, 5, 8, 11, 14, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
     {-1, -1, -1, -1, -1, 1, 4, 7, 10, 13, -1, -1, -1, -1, -1, -1},
     {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 3, 6, 9, 12, 15}},
};

static inline __m128i mn_channel_of_16(const __m128i rgb[3], int channel)
{
    __m128i out = _mm_setzero_si128();
    for (int i = 0; i < 3; i++) {
        __m128i at = _mm_loadu_si128((const __m128i *)mn_channel_at[channel][i]);
        out = _mm_or_si128(out, _mm_shuffle_epi8(rgb[i], at));
    }
    return out;
}

#endif
