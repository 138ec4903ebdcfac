#include "gallery/sketch.h"

#include "gallery/sketch_near.h"
#include "gallery/view_parts.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define KEPT          128  /* 1 in so many rows is compared in int8 */
#define SAMPLE_GROUPS 2048 /* 16 384 rows: the limit is off by 9 % of the rows kept */
#define K_SHARE       100  /* so many times k rows are kept at least */
#define MATE_COSINE   0.6

size_t mn_sketch_words(size_t stride)
{
    size_t bits = 64;
    while (bits < stride)
        bits *= 2;
    return bits / 64;
}

size_t mn_sketch_bytes(size_t stride)
{
    return MN_CHUNK_ROWS * mn_sketch_words(stride) * sizeof(uint64_t);
}

/* ---- rotation ---- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void flip_signs(float *v, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i += 64) {
        uint64_t bits = next_random(&seed);
        for (size_t j = 0; j < 64; j++)
            v[i + j] = bits >> j & 1 ? -v[i + j] : v[i + j];
    }
}

static void hadamard(float *v, size_t n)
{
    for (size_t half = 1; half < n; half *= 2)
        for (size_t i = 0; i < n; i += 2 * half)
            for (size_t j = i; j < i + half; j++) {
                float a = v[j], b = v[j + half];
                v[j] = a + b;
                v[j + half] = a - b;
            }
}

void mn_sketch_row(const int8_t *row, size_t stride, uint64_t words[MN_SKETCH_WORDS])
{
    float v[MN_SKETCH_WORDS * 64] = {0};
    size_t n_words = mn_sketch_words(stride), bits = n_words * 64;
    for (size_t i = 0; i < stride; i++)
        v[i] = row[i];
    for (uint64_t round = 1; round <= 2; round++) {
        flip_signs(v, bits, round);
        hadamard(v, bits);
    }
    for (size_t w = 0; w < n_words; w++) {
        words[w] = 0;
        for (size_t j = 0; j < 64; j++)
            words[w] |= (uint64_t)(v[w * 64 + j] < 0) << j;
    }
}

uint64_t *mn_sketch_chunk(const mn_chunk *c)
{
    size_t n_words = mn_sketch_words(c->stride);
    uint64_t *sketches = mn_hot_map(mn_sketch_bytes(c->stride), true);
    uint64_t words[MN_SKETCH_WORDS];
    for (size_t r = 0; sketches && r < MN_CHUNK_ROWS; r++) {
        mn_sketch_row(c->rows + r * c->stride, c->stride, words);
        uint64_t *at = sketches + r / MN_SKETCH_GROUP * MN_SKETCH_GROUP * n_words + r % MN_SKETCH_GROUP;
        for (size_t w = 0; w < n_words; w++)
            at[w * MN_SKETCH_GROUP] = words[w];
    }
    return sketches;
}

/* ---- comparing ---- */

#if defined(__x86_64__)
static bool cpu_counts_bits(void)
{
    return __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}
#endif

void mn_sketch_near(const uint64_t *sketches, size_t n_groups, size_t words, const uint64_t *probe,
                    unsigned limit, uint64_t *near)
{
#if defined(__x86_64__)
    if (cpu_counts_bits()) {
        mn_sketch_near_avx512(sketches, n_groups, words, probe, limit, near);
        return;
    }
#endif
    mn_sketch_near_loop(sketches, n_groups, words, probe, limit, near);
}

static void count(const uint64_t *group, size_t words, const uint64_t *probe,
                  uint64_t counts[MN_SKETCH_GROUP])
{
#if defined(__x86_64__)
    if (cpu_counts_bits()) {
        mn_sketch_count_avx512(group, words, probe, counts);
        return;
    }
#endif
    mn_sketch_count(group, words, probe, counts);
}

/* ---- the limit ---- */

/* How many of the sampled rows differ from the probe in so many bits. */
static size_t sample(const mn_view *v, const uint64_t *probe, size_t words, size_t *histogram)
{
    size_t n = 0, full = 0;
    for (size_t i = 0; i < v->n_segments; i++)
        full += v->segments[i] && mn_chunk_sketches(v->segments[i]->chunk);
    if (full == 0)
        return 0;
    size_t all = full * (MN_CHUNK_ROWS / MN_SKETCH_GROUP),
           step = all > SAMPLE_GROUPS ? all / SAMPLE_GROUPS : 1;
    size_t skip = 0;
    for (size_t i = 0; i < v->n_segments; i++) {
        const uint64_t *sketches = v->segments[i] ? mn_chunk_sketches(v->segments[i]->chunk) : NULL;
        size_t g = skip;
        for (; sketches && g < MN_CHUNK_ROWS / MN_SKETCH_GROUP; g += step, n += MN_SKETCH_GROUP) {
            uint64_t counts[MN_SKETCH_GROUP];
            for (size_t w = 0; w < words; w++)
                __builtin_prefetch(sketches + ((g + step) * words + w) * MN_SKETCH_GROUP);
            count(sketches + g * MN_SKETCH_GROUP * words, words, probe, counts);
            for (size_t j = 0; j < MN_SKETCH_GROUP; j++)
                histogram[counts[j]]++;
        }
        skip = sketches ? g - MN_CHUNK_ROWS / MN_SKETCH_GROUP : skip;
    }
    return n;
}

/* Share of the mates that differ in more than `limit` bits: the tail of the normal distribution. */
static double share_missed(unsigned limit, size_t bits)
{
    double p = acos(MATE_COSINE) / acos(-1.0);
    double deviations = ((double)limit + 0.5 - p * (double)bits) / sqrt(p * (1 - p) * (double)bits);
    return erfc(deviations / sqrt(2.0)) / 2;
}

void mn_sketch_prepare(const mn_view *v, const int8_t *row, size_t stride, size_t k, mn_sketch_probe *p)
{
    size_t histogram[MN_SKETCH_WORDS * 64 + 1] = {0}, words = mn_sketch_words(stride);
    p->used = false;
    p->missed = 0;
    if (v->faces < k * K_SHARE * KEPT)
        return;
    mn_sketch_row(row, stride, p->words);
    size_t n = sample(v, p->words, words, histogram), near = 0;
    unsigned limit = 0;
    while (n > 0 && near + histogram[limit] <= n / KEPT)
        near += histogram[limit++];
    if (n == 0 || limit == 0)
        return;
    p->limit = limit - 1;
    double missed = share_missed(p->limit, words * 64);
    p->used = missed <= MN_PREFILTER_MISSED_MAX;
    p->missed = p->used ? (float)missed : 0;
}
