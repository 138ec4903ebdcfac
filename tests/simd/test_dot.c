/* Every instruction set against the C kernels, and the C kernels against literals. Buffers end at a page that
 * may not be touched, so that a kernel that reads or writes past the end dies. */
#include "simd/simd.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Memory that ends where a guard page begins, and begins where one ends when `size` is a multiple of the
 * page. */
typedef struct {
    char *map;
    size_t mapped;
    void *at;
} guarded;

static guarded guarded_make(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = size ? (size + page - 1) / page * page : page;
    guarded g = {.mapped = inner + 2 * page};
    g.map = mmap(NULL, g.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g.map != MAP_FAILED);
    assert_int_equal(mprotect(g.map + page, inner, PROT_READ | PROT_WRITE), 0);
    g.at = g.map + page + inner - size;
    return g;
}

static void guarded_free(guarded *g)
{
    munmap(g->map, g->mapped);
}

typedef enum { RANDOM, HIGHEST, LOWEST, HIGHEST_LOWEST, BELOW_LOWEST, ZERO, FILLS } fill;

static int8_t value(fill f, size_t i, uint64_t *seed)
{
    switch (f) {
    case HIGHEST:
        return 127;
    case LOWEST:
        return -127;
    case HIGHEST_LOWEST:
        return i % 2 ? 127 : -128;
    case BELOW_LOWEST:
        return -128;
    case ZERO:
        return 0;
    default:
        return (int8_t)(mn_test_random(seed) >> 56);
    }
}

static void fill_bytes(int8_t *p, size_t n, fill f, uint64_t *seed)
{
    for (size_t i = 0; i < n; i++)
        p[i] = value(f, i, seed);
}

static void compare_scan(const mn_simd *t, size_t n, size_t stride, fill of_rows, fill of_probes,
                         uint64_t *seed)
{
    const mn_simd *c = mn_simd_level_get(MN_SIMD_C);
    guarded rows = guarded_make(n * stride), probe = guarded_make(stride),
            out = guarded_make(n * sizeof(int32_t));
    int32_t *expected = malloc(n * sizeof *expected);
    assert_non_null(expected);
    fill_bytes(rows.at, n * stride, of_rows, seed);
    fill_bytes(probe.at, stride, of_probes, seed);
    c->scan_i8(rows.at, n, stride, probe.at, expected);
    memset(out.at, 0x55, n * sizeof(int32_t));
    t->scan_i8(rows.at, n, stride, probe.at, out.at);
    if (memcmp(out.at, expected, n * sizeof *expected) != 0)
        fail_msg("scan_i8 of %s: %zu rows of %zu bytes, fills %d and %d", t->name, n, stride, (int)of_rows,
                 (int)of_probes);
    free(expected);
    guarded_free(&rows);
    guarded_free(&probe);
    guarded_free(&out);
}

/* out has gaps between the probes: they must stay as they were. */
static void compare_multi(const mn_simd *t, size_t n, size_t stride, size_t n_probes, fill of_rows,
                          fill of_probes, uint64_t *seed)
{
    const mn_simd *c = mn_simd_level_get(MN_SIMD_C);
    size_t n_out = n + 3, bytes = ((n_probes - 1) * n_out + n) * sizeof(int32_t);
    guarded rows = guarded_make(n * stride), probes = guarded_make(n_probes * stride),
            out = guarded_make(bytes);
    int32_t *expected = malloc(bytes);
    assert_non_null(expected);
    fill_bytes(rows.at, n * stride, of_rows, seed);
    fill_bytes(probes.at, n_probes * stride, of_probes, seed);
    memset(expected, 0x55, bytes);
    memset(out.at, 0x55, bytes);
    c->scan_i8_multi(rows.at, n, stride, probes.at, n_probes, expected, n_out);
    t->scan_i8_multi(rows.at, n, stride, probes.at, n_probes, out.at, n_out);
    if (memcmp(out.at, expected, bytes) != 0)
        fail_msg("scan_i8_multi of %s: %zu rows of %zu bytes, %zu probes, fills %d and %d", t->name, n,
                 stride, n_probes, (int)of_rows, (int)of_probes);
    free(expected);
    guarded_free(&rows);
    guarded_free(&probes);
    guarded_free(&out);
}

static void bytes_are_compared_exactly_at_every_level(void **state)
{
    (void)state;
    static const size_t strides[] = {64, 128, 192, 512, 576, 1024},
                        counts[] = {1, 2, 3, 4, 5, 15, 16, 17, 31, 33, 64, 257};
    uint64_t seed = 1;
    for (mn_simd_level level = MN_SIMD_C; level < MN_SIMD_LEVELS; level++) {
        const mn_simd *t = mn_simd_level_get(level);
        if (!t)
            continue;
        for (size_t s = 0; s < sizeof strides / sizeof strides[0]; s++)
            for (size_t n = 0; n < sizeof counts / sizeof counts[0]; n++)
                for (fill f = RANDOM; f < FILLS; f++)
                    compare_scan(t, counts[n], strides[s], f, (fill)((f + n) % FILLS), &seed);
    }
}

static void many_probes_give_what_each_alone_gives(void **state)
{
    (void)state;
    static const size_t strides[] = {64, 128, 320, 512, 1024}, counts[] = {1, 3, 4, 7, 16, 64, 65, 200};
    uint64_t seed = 2;
    for (mn_simd_level level = MN_SIMD_C; level < MN_SIMD_LEVELS; level++) {
        const mn_simd *t = mn_simd_level_get(level);
        for (size_t s = 0; t && s < sizeof strides / sizeof strides[0]; s++)
            for (size_t n = 0; n < sizeof counts / sizeof counts[0]; n++)
                for (size_t q = 1; q <= 16; q++)
                    compare_multi(t, counts[n], strides[s], q, (fill)((n + q) % FILLS), (fill)(q % FILLS),
                                  &seed);
    }
}

static void scores_that_reach_the_floor_are_the_same_at_every_level(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (size_t n = 1; n <= 64; n++) {
        guarded dots = guarded_make(n * sizeof(int32_t)), scales = guarded_make(n * sizeof(float)),
                halves = guarded_make(n * sizeof(float));
        int32_t *d = (void *)dots.at;
        float *scale = (void *)scales.at, *half = (void *)halves.at;
        for (size_t i = 0; i < n; i++) {
            d[i] = (int32_t)(mn_test_random(&seed) % 200001) - 100000;
            scale[i] = (float)(1 + mn_test_random(&seed) % 1000) / 1e6F;
            half[i] = (float)(mn_test_random(&seed) % 1000) / 1e3F;
        }
        for (int with_halves = 0; with_halves < 2; with_halves++) {
            const float *h = with_halves ? half : NULL, third = 0.3F;
            size_t middle = n / 2;
            float floor =
                (float)d[middle] * (scale[middle] * third) - (h ? h[middle] : 0); /* reached exactly */
            uint64_t expected = 0;
            for (size_t i = 0; i < n; i++) {
                float score = (float)d[i] * (scale[i] * third);
                expected |= (uint64_t)((h ? score - h[i] : score) >= floor) << i;
            }
            assert_true(expected >> middle & 1);
            for (mn_simd_level level = MN_SIMD_C; level < MN_SIMD_LEVELS; level++) {
                const mn_simd *t = mn_simd_level_get(level);
                if (t && t->reaching(d, scale, h, n, third, floor) != expected)
                    fail_msg("reaching of %s: %zu rows", t->name, n);
            }
        }
        guarded_free(&dots);
        guarded_free(&scales);
        guarded_free(&halves);
    }
}

static void the_reference_gives_known_numbers(void **state)
{
    (void)state;
    const mn_simd *c = mn_simd_level_get(MN_SIMD_C);
    int8_t rows[3 * 64] = {0}, probes[2 * 64] = {0};
    memset(rows, -128, 64);
    memset(rows + 64, 127, 64);
    rows[128] = 3, rows[191] = -5;
    memset(probes, -128, 64);
    probes[64] = 7, probes[127] = 11;
    int32_t out[6];
    c->scan_i8_multi(rows, 3, 64, probes, 2, out, 3);
    static const int32_t expected[6] = {1048576, -1040384, 256, -2304, 2286, -34};
    assert_memory_equal(out, expected, sizeof expected);
    c->scan_i8(rows, 3, 64, probes, out);
    assert_memory_equal(out, expected, 3 * sizeof expected[0]);
    static const float a[] = {1, 2, 3, 4, 5, 6, 7}, b[] = {2, -1, 0.5f, 3, -2, 1, 10};
    assert_true(c->dot_f32(a, b, 7) == 79.5f);
    assert_true(c->l2sq_f32(a, b, 7) == 100.25f);
    assert_true(c->dot_f32(a, b, 0) == 0.0f);
}

static void one_float_size(const mn_simd *t, size_t n, uint64_t *seed)
{
    guarded a = guarded_make(n * sizeof(float)), b = guarded_make(n * sizeof(float));
    float *x = a.at, *y = b.at;
    double dot = 0, squares = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = mn_test_random_normal(seed);
        y[i] = mn_test_random_normal(seed);
        dot += (double)x[i] * (double)y[i];
        squares += ((double)x[i] - (double)y[i]) * ((double)x[i] - (double)y[i]);
        size += fabs((double)x[i] * (double)y[i]);
    }
    if (fabs((double)t->dot_f32(x, y, n) - dot) > 1e-6 * (size + 1))
        fail_msg("dot_f32 of %s at %zu", t->name, n);
    if (fabs((double)t->l2sq_f32(x, y, n) - squares) > 1e-6 * (squares + 1))
        fail_msg("l2sq_f32 of %s at %zu", t->name, n);
    guarded_free(&a);
    guarded_free(&b);
}

static void floats_agree_with_double_at_every_length(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (mn_simd_level level = MN_SIMD_C; level < MN_SIMD_LEVELS; level++) {
        const mn_simd *t = mn_simd_level_get(level);
        for (size_t n = 0; t && n <= 130; n++)
            one_float_size(t, n, &seed);
        if (t)
            one_float_size(t, 1024, &seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_that_reach_the_floor_are_the_same_at_every_level),
        cmocka_unit_test(the_reference_gives_known_numbers),
        cmocka_unit_test(bytes_are_compared_exactly_at_every_level),
        cmocka_unit_test(many_probes_give_what_each_alone_gives),
        cmocka_unit_test(floats_agree_with_double_at_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
