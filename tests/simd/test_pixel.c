/* Every level's pixel kernels against the C ones, bit for bit, on random and edge sizes, with unaligned
 * pointers, and with pages around the buffers that kill the process when touched. */
#include "simd/simd.h"
#include "support.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE   4096
#define ROUNDS 200

/* A piece of memory whose end, or whose start, lies against a page that must not be touched. */
typedef struct {
    uint8_t *map, *at;
    size_t map_size;
} fenced;

static fenced fence(size_t n, bool at_end)
{
    size_t inner = (n + PAGE - 1) / PAGE * PAGE + PAGE;
    fenced f = {.map_size = inner + 2 * PAGE};
    f.map = mmap(NULL, f.map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(f.map != MAP_FAILED);
    assert_int_equal(0, mprotect(f.map + PAGE, inner, PROT_READ | PROT_WRITE));
    f.at = at_end ? f.map + PAGE + inner - n : f.map + PAGE;
    return f;
}

static fenced fence_random(size_t n, bool at_end, uint64_t *state)
{
    fenced f = fence(n, at_end);
    for (size_t i = 0; i < n; i++)
        f.at[i] = (uint8_t)mn_test_random(state);
    return f;
}

static void unfence(fenced f)
{
    munmap(f.map, f.map_size);
}

static uint64_t seed(const char *kernel, mn_simd_level level)
{
    return (uint64_t)kernel[0] * 257 + level;
}

static size_t random_size(uint64_t *state, int round)
{
    return round < 70 ? (size_t)round : 1 + mn_test_random(state) % 700;
}

static void check_planes(const mn_simd *c, const mn_simd *t)
{
    uint64_t state = seed("planes", t->level);
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = random_size(&state, round);
        mn_plane_spec spec = {{0, 1, 2}, {0.5f, 127.5f, 103.94f}, {1, 1 / 127.5f, 0.017f}};
        if (round & 1)
            spec.order[0] = 2, spec.order[2] = 0;
        fenced in = fence_random(3 * n, round & 2, &state);
        fenced got = fence(3 * n * sizeof(float), round & 2);
        float *g = (float *)(void *)got.at, want[3][800];
        c->planes_f32(in.at, n, &spec, want[0], want[1], want[2]);
        t->planes_f32(in.at, n, &spec, g, g + n, g + 2 * n);
        for (int p = 0; p < 3; p++)
            assert_memory_equal(want[p], g + (size_t)p * n, n * sizeof(float));
        unfence(in);
        unfence(got);
    }
}

/* Warps that turn, shrink, stretch and leave the picture. */
static void check_warp(const mn_simd *c, const mn_simd *t)
{
    uint64_t state = seed("warp", t->level);
    for (int round = 0; round < 10 * ROUNDS; round++) {
        int w = 1 + (int)(mn_test_random(&state) % 90), h = 1 + (int)(mn_test_random(&state) % 60);
        int n = round < 70 ? round : 1 + (int)(mn_test_random(&state) % 200);
        size_t stride = 3 * (size_t)w + (round % 3 ? mn_test_random(&state) % 64 : 0);
        size_t size = stride * (size_t)(h - 1) + 3 * (size_t)w; /* the last row ends with its last pixel */
        fenced in = fence_random(size, round & 1, &state), got = fence((size_t)n * 3, round & 2);
        float sx = mn_test_random_normal(&state) * (float)w, sy = mn_test_random_normal(&state) * (float)h;
        float dx = mn_test_random_normal(&state) * 0.7f,
              dy = mn_test_random_normal(&state) * (round % 5 ? 0.05f : 0.7f);
        if (round % 4 == 0) /* on whole pixels, up to the last column and row */
            sx = 0, dx = 1, dy = 0, sy = (float)(round % h);
        uint8_t want[3 * 256];
        c->warp_row_rgb(in.at, stride, w, h, sx, sy, dx, dy, want, n);
        t->warp_row_rgb(in.at, stride, w, h, sx, sy, dx, dy, got.at, n);
        assert_memory_equal(want, got.at, (size_t)n * 3);
        unfence(in);
        unfence(got);
    }
}

static void check_blend(const mn_simd *c, const mn_simd *t)
{
    uint64_t state = seed("blend", t->level);
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = random_size(&state, round);
        unsigned wb = round == 70 ? 2048 : round == 71 ? 0 : (unsigned)(mn_test_random(&state) % 2049);
        fenced a = fence_random(n, round & 1, &state), b = fence_random(n, round & 1, &state),
               got = fence(n, round & 2);
        uint8_t want[800];
        c->blend_rows_u8(a.at, b.at, 2048 - wb, wb, n, want);
        t->blend_rows_u8(a.at, b.at, 2048 - wb, wb, n, got.at);
        assert_memory_equal(want, got.at, n);
        unfence(a);
        unfence(b);
        unfence(got);
    }
}

static void check_add_row(const mn_simd *c, const mn_simd *t)
{
    uint64_t state = seed("add", t->level);
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = random_size(&state, round);
        fenced row = fence_random(n, round & 1, &state), got = fence_random(n * 4, round & 2, &state);
        uint32_t want[800];
        memcpy(want, got.at, n * 4);
        c->add_row_u32(row.at, n, want);
        t->add_row_u32(row.at, n, (uint32_t *)(void *)got.at);
        assert_memory_equal(want, got.at, n * 4);
        unfence(row);
        unfence(got);
    }
}

static void check_luma(const mn_simd *c, const mn_simd *t)
{
    uint64_t state = seed("luma", t->level);
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = random_size(&state, round);
        fenced rgb = fence_random(3 * n, round & 1, &state), got = fence(n, round & 2);
        uint8_t want[800];
        c->luma_u8(rgb.at, n, want);
        t->luma_u8(rgb.at, n, got.at);
        assert_memory_equal(want, got.at, n);
        unfence(rgb);
        unfence(got);
    }
}

static void every_level(void (*check)(const mn_simd *c, const mn_simd *t))
{
    const mn_simd *c = mn_simd_level_get(MN_SIMD_C);
    assert_non_null(c);
    int checked = 0;
    for (mn_simd_level level = MN_SIMD_AVX2; level < MN_SIMD_LEVELS; level++) {
        const mn_simd *t = mn_simd_level_get(level);
        if (!t)
            continue;
        check(c, t);
        checked++;
    }
    if (checked == 0)
        fprintf(stderr, "this CPU has only the C kernels: nothing was compared\n");
}

static void planes_agree(void **state)
{
    (void)state;
    every_level(check_planes);
}

static void warps_agree(void **state)
{
    (void)state;
    every_level(check_warp);
}

static void blends_agree(void **state)
{
    (void)state;
    every_level(check_blend);
}

static void sums_agree(void **state)
{
    (void)state;
    every_level(check_add_row);
}

static void luma_agrees(void **state)
{
    (void)state;
    every_level(check_luma);
}

static void planes_are_what_the_formula_says(void **state)
{
    (void)state;
    const uint8_t rgb[6] = {10, 20, 30, 255, 0, 128};
    mn_plane_spec bgr = {{2, 1, 0}, {0, 10, 5}, {1, 0.5f, 2}};
    float p[3][2];
    mn_simd_level_get(MN_SIMD_C)->planes_f32(rgb, 2, &bgr, p[0], p[1], p[2]);
    const float want[3][2] = {{30, 128}, {5, -5}, {10, 500}};
    assert_memory_equal(want, p, sizeof want);
}

/* Three pixels of 0, 100 and 200: between, on, and half outside of them. */
static void warp_is_bilinear_and_black_outside(void **state)
{
    (void)state;
    const uint8_t row[9] = {0, 0, 0, 100, 100, 100, 200, 200, 200};
    uint8_t out[3 * 4];
    const mn_simd *c = mn_simd_level_get(MN_SIMD_C);
    c->warp_row_rgb(row, 9, 3, 1, 0.25f, 0, 0.75f, 0, out, 4); /* at 0.25, 1, 1.75 and 2.5 */
    const uint8_t want[12] = {25, 25, 25, 100, 100, 100, 175, 175, 175, 100, 100, 100};
    assert_memory_equal(want, out, 12);
    c->warp_row_rgb(row, 9, 3, 1, 1, -0.5f, 0, 0.5f, out,
                    4); /* half a row above, on it, half below, a row below */
    const uint8_t down[12] = {50, 50, 50, 100, 100, 100, 50, 50, 50, 0, 0, 0};
    assert_memory_equal(down, out, 12);
}

static void warp_of_no_number_is_black(void **state)
{
    (void)state;
    const uint8_t rgb[12] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    const uint8_t black[60] = {0};
    const float odd[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 3e9f};
    for (mn_simd_level level = MN_SIMD_C; level < MN_SIMD_LEVELS; level++)
        for (size_t i = 0; i < sizeof odd / sizeof *odd && mn_simd_level_get(level); i++) {
            uint8_t out[60];
            mn_simd_level_get(level)->warp_row_rgb(rgb, 6, 2, 2, odd[i], 0, 0, 0, out, 20);
            assert_memory_equal(black, out, 60);
        }
}

static void blend_and_luma_round(void **state)
{
    (void)state;
    const mn_simd *c = mn_simd_level_get(MN_SIMD_C);
    const uint8_t a[2] = {0, 255}, b[2] = {255, 0};
    uint8_t out[2];
    c->blend_rows_u8(a, b, 1024, 1024, 2, out);
    assert_int_equal(128, out[0]);
    assert_int_equal(128, out[1]);
    c->luma_u8((const uint8_t[]){255, 255, 255, 255, 0, 0}, 2, out);
    assert_int_equal(255, out[0]);
    assert_int_equal(77, out[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_agree),
        cmocka_unit_test(warps_agree),
        cmocka_unit_test(blends_agree),
        cmocka_unit_test(sums_agree),
        cmocka_unit_test(luma_agrees),
        cmocka_unit_test(planes_are_what_the_formula_says),
        cmocka_unit_test(warp_is_bilinear_and_black_outside),
        cmocka_unit_test(warp_of_no_number_is_black),
        cmocka_unit_test(blend_and_luma_round),
    };
    return cmocka_run_group_tests_name("simd: pixel", tests, NULL, NULL);
}
