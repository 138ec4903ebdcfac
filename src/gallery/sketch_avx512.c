#include "gallery/sketch_near.h"

#include <immintrin.h>

/* Asked for ahead of the work, because the rows that survive interrupt the hardware's own reading ahead. */
#define AHEAD 4096

static inline __m512i differing_bits(const uint64_t *group, size_t words, const uint64_t *probe)
{
    __m512i sums = _mm512_setzero_si512();
    for (size_t w = 0; w < words; w++) {
        __m512i differ = _mm512_xor_si512(_mm512_loadu_si512(group + w * MN_SKETCH_GROUP),
                                          _mm512_set1_epi64((long long)probe[w]));
        sums = _mm512_add_epi64(sums, _mm512_popcnt_epi64(differ));
    }
    return sums;
}

void mn_sketch_count_avx512(const uint64_t *group, size_t words, const uint64_t *probe,
                            uint64_t counts[MN_SKETCH_GROUP])
{
    _mm512_storeu_si512(counts, differing_bits(group, words, probe));
}

void mn_sketch_near_avx512(const uint64_t *sketches, size_t n_groups, size_t words, const uint64_t *probe,
                           unsigned limit, uint64_t *near)
{
    const __m512i most = _mm512_set1_epi64((long long)limit);
    for (size_t g = 0; g < n_groups; g++) {
        const uint64_t *group = sketches + g * MN_SKETCH_GROUP * words;
        for (size_t w = 0; w < words; w++)
            _mm_prefetch((const char *)(group + w * MN_SKETCH_GROUP) + AHEAD, _MM_HINT_T0);
        uint64_t bits = _mm512_cmple_epu64_mask(differing_bits(group, words, probe), most);
        size_t shift = g * MN_SKETCH_GROUP % 64;
        near[g * MN_SKETCH_GROUP / 64] = shift ? near[g * MN_SKETCH_GROUP / 64] | bits << shift : bits;
    }
}
