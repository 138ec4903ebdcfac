#include "simd/simd.h"
#include "simd/simd_levels.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#define HWCAP_DOT (1UL << 20) /* asimddp */
#elif defined(__x86_64__)
#include <cpuid.h>
#define AVX_VNNI (1u << 4) /* leaf 7, subleaf 1, EAX */
#endif

static mn_simd tables[MN_SIMD_LEVELS];
static bool available[MN_SIMD_LEVELS];
static const mn_simd *best;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool cpu_has(mn_simd_level level)
{
#if defined(__x86_64__)
    if (level == MN_SIMD_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (level == MN_SIMD_AVX512)
        return cpu_has(MN_SIMD_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
    if (level == MN_SIMD_NEON)
        return (getauxval(AT_HWCAP) & HWCAP_DOT) != 0;
#endif
    return level == MN_SIMD_C;
}

/* From the plainest up, so that a kernel that a level lacks is the one of the level below. */
static void fill(mn_simd_level level, mn_simd *t)
{
    static const char *const names[MN_SIMD_LEVELS] = {"c", "avx2", "avx512", "neon"};
    mn_simd_fill_dot_c(t);
    mn_simd_fill_pixel_c(t);
#if defined(__x86_64__)
    if (level == MN_SIMD_AVX2 || level == MN_SIMD_AVX512) {
        mn_simd_fill_dot_avx2(t);
        mn_simd_fill_pixel_avx2(t);
    }
    if (level == MN_SIMD_AVX512) {
        mn_simd_fill_dot_avx512(t);
        mn_simd_fill_pixel_avx512(t);
    }
#elif defined(__aarch64__)
    if (level == MN_SIMD_NEON) {
        mn_simd_fill_dot_neon(t);
        mn_simd_fill_pixel_neon(t);
    }
#endif
    t->level = level;
    t->name = names[level];
}

static void choose(void)
{
    const char *cap = getenv("MIEN_SIMD");
    for (mn_simd_level level = MN_SIMD_C; level < MN_SIMD_LEVELS; level++) {
        if (!cpu_has(level))
            continue;
        fill(level, &tables[level]);
        available[level] = true;
        best = &tables[level];
    }
    for (mn_simd_level level = MN_SIMD_C; cap && level < MN_SIMD_LEVELS; level++)
        if (available[level] && strcmp(cap, tables[level].name) == 0)
            best = &tables[level];
}

const mn_simd *mn_simd_get(void)
{
    pthread_once(&once, choose);
    return best;
}

const mn_simd *mn_simd_level_get(mn_simd_level level)
{
    pthread_once(&once, choose);
    return level < MN_SIMD_LEVELS && available[level] ? &tables[level] : NULL;
}

int mn_simd_has_vnni(void)
{
#if defined(__x86_64__)
    unsigned a, b, c, d;
    if (cpu_has(MN_SIMD_AVX512))
        return 1;
    return cpu_has(MN_SIMD_AVX2) && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & AVX_VNNI) != 0;
#else
    return cpu_has(MN_SIMD_NEON);
#endif
}
