#include "infer/sha256.h"
#include <sodium.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#define BLOCK 64

/* FIPS 180-4, 4.2.2. */
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The instructions keep the eight words as A B E F and C D G H, the first in the highest lane. */
typedef struct {
    __m128i abef, cdgh;
} state;

__attribute__((target("sha,sse4.1"))) static void hash_blocks(state *s, const uint8_t *at, size_t blocks)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    for (; blocks; blocks--, at += BLOCK) {
        __m128i w[4], abef = s->abef, cdgh = s->cdgh;
        for (int i = 0; i < 4; i++)
            w[i] =
                _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i)), big_endian);
            /* Four rounds a turn; w[i & 3] is the oldest four words of the schedule, and becomes the newest.
             * Unrolled, so that w stays in registers. */
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            const __m128i oldest = w[i & 3], newest = w[(i + 3) & 3];
            const __m128i in =
                _mm_add_epi32(oldest, _mm_loadu_si128((const __m128i *)(const void *)&K[4 * i]));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, in);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(in, 0x0e));
            const __m128i seven_back = _mm_alignr_epi8(newest, w[(i + 2) & 3], 4);
            w[i & 3] = _mm_sha256msg2_epu32(
                _mm_add_epi32(_mm_sha256msg1_epu32(oldest, w[(i + 1) & 3]), seven_back), newest);
        }
        s->abef = _mm_add_epi32(s->abef, abef);
        s->cdgh = _mm_add_epi32(s->cdgh, cdgh);
    }
}

/* The last, padded block or two: a 1 bit, zeros, the length in bits (FIPS 180-4, 5.1.1). */
static size_t pad(uint8_t tail[2 * BLOCK], const uint8_t *rest, size_t n_rest, uint64_t n)
{
    const size_t blocks = n_rest + 9 > BLOCK ? 2 : 1;
    memset(tail, 0, 2 * BLOCK);
    memcpy(tail, rest, n_rest);
    tail[n_rest] = 0x80;
    for (size_t i = 0; i < 8; i++)
        tail[blocks * BLOCK - 1 - i] = (uint8_t)(8 * n >> 8 * i);
    return blocks;
}

static void put_word(uint8_t *out, int word)
{
    const uint32_t w = (uint32_t)word;
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(w >> (24 - 8 * i));
}

__attribute__((target("sha,sse4.1"))) static void hash_all(const uint8_t *bytes, size_t n,
                                                           uint8_t sum[MN_SHA256_BYTES])
{
    uint8_t tail[2 * BLOCK];
    const size_t whole = n / BLOCK;
    /* FIPS 180-4, 5.3.3 */
    state s = {_mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
               _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19)};
    hash_blocks(&s, bytes, whole);
    hash_blocks(&s, tail, pad(tail, bytes + whole * BLOCK, n % BLOCK, n));
    put_word(sum, _mm_extract_epi32(s.abef, 3));
    put_word(sum + 4, _mm_extract_epi32(s.abef, 2));
    put_word(sum + 8, _mm_extract_epi32(s.cdgh, 3));
    put_word(sum + 12, _mm_extract_epi32(s.cdgh, 2));
    put_word(sum + 16, _mm_extract_epi32(s.abef, 1));
    put_word(sum + 20, _mm_extract_epi32(s.abef, 0));
    put_word(sum + 24, _mm_extract_epi32(s.cdgh, 1));
    put_word(sum + 28, _mm_extract_epi32(s.cdgh, 0));
}

static bool cpu_has_sha(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

void mn_sha256(const uint8_t *bytes, size_t n, uint8_t sum[MN_SHA256_BYTES])
{
    if (cpu_has_sha())
        hash_all(bytes, n, sum);
    else
        crypto_hash_sha256(sum, bytes, n);
}
#else
void mn_sha256(const uint8_t *bytes, size_t n, uint8_t sum[MN_SHA256_BYTES])
{
    crypto_hash_sha256(sum, bytes, n);
}
#endif
