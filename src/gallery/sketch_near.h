/* Inside sketch: the loop, compiled for every machine and once more for AVX-512 with VPOPCNTDQ. */
#ifndef MN_GALLERY_SKETCH_NEAR_H
#define MN_GALLERY_SKETCH_NEAR_H

#include "gallery/sketch.h"

/* Bits in which the eight rows of a group differ from the probe. */
static inline void mn_sketch_count(const uint64_t *group, size_t words, const uint64_t *probe,
                                   uint64_t counts[MN_SKETCH_GROUP])
{
    for (size_t i = 0; i < MN_SKETCH_GROUP; i++)
        counts[i] = 0;
    for (size_t w = 0; w < words; w++)
        for (size_t i = 0; i < MN_SKETCH_GROUP; i++)
            counts[i] += (uint64_t)__builtin_popcountll(group[w * MN_SKETCH_GROUP + i] ^ probe[w]);
}

static inline void mn_sketch_near_loop(const uint64_t *sketches, size_t n_groups, size_t words,
                                       const uint64_t *probe, unsigned limit, uint64_t *near)
{
    for (size_t g = 0; g < n_groups; g++) {
        uint64_t counts[MN_SKETCH_GROUP], bits = 0;
        mn_sketch_count(sketches + g * MN_SKETCH_GROUP * words, words, probe, counts);
        for (size_t i = 0; i < MN_SKETCH_GROUP; i++)
            bits |= (uint64_t)(counts[i] <= limit) << i;
        size_t shift = g * MN_SKETCH_GROUP % 64;
        near[g * MN_SKETCH_GROUP / 64] = shift ? near[g * MN_SKETCH_GROUP / 64] | bits << shift : bits;
    }
}

#if defined(__x86_64__)
void mn_sketch_count_avx512(const uint64_t *group, size_t words, const uint64_t *probe,
                            uint64_t counts[MN_SKETCH_GROUP]);
void mn_sketch_near_avx512(const uint64_t *sketches, size_t n_groups, size_t words, const uint64_t *probe,
                           unsigned limit, uint64_t *near);
#endif

#endif
