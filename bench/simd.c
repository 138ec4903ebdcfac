/* How fast each kernel is on each level that this CPU has, on data that fit the second cache.
 *
 * Usage: bench_simd [--json]. Each figure is the best of several runs of at least 5 ms: a shared machine is
 * only ever slower than itself. */
#include "simd/simd.h"
#include "base/alloc.h"
#include "base/time.h"
#include <stdio.h>
#include <string.h>

#define ROWS   1024
#define STRIDE 128 /* bytes of a gallery row */
#define PROBES 16
#define PIXELS 4096
#define CHIP   112
#define SIDE   250

typedef struct {
    uint8_t *bytes;  /* random: pixels, or rows of the gallery */
    uint8_t *more;   /* random: a second row, or probes */
    uint8_t *pixels; /* written */
    float *floats, *more_floats;
    float *planes; /* written */
    int32_t *dots; /* written */
} data;

typedef struct {
    const char *name, *unit; /* "GB/s" read, or "Mpx/s" put out */
    void (*run)(const mn_simd *t, const data *d);
    double amount; /* bytes or pixels of one run */
} kernel;

static volatile float sink;

static void run_scan(const mn_simd *t, const data *d)
{
    t->scan_i8((int8_t *)d->bytes, ROWS, STRIDE, (int8_t *)d->more, d->dots);
}

static void run_scan_multi(const mn_simd *t, const data *d)
{
    t->scan_i8_multi((int8_t *)d->bytes, ROWS, STRIDE, (int8_t *)d->more, PROBES, d->dots, ROWS);
}

static void run_dot(const mn_simd *t, const data *d)
{
    sink = t->dot_f32(d->floats, d->more_floats, PIXELS);
}

static void run_l2sq(const mn_simd *t, const data *d)
{
    sink = t->l2sq_f32(d->floats, d->more_floats, PIXELS);
}

static void run_planes(const mn_simd *t, const data *d)
{
    const mn_plane_spec spec = {{2, 1, 0}, {127.5f, 127.5f, 127.5f}, {1 / 127.5f, 1 / 127.5f, 1 / 127.5f}};
    t->planes_f32(d->bytes, PIXELS, &spec, d->planes, d->planes + PIXELS, d->planes + 2 * (size_t)PIXELS);
}

/* A face chip out of a picture of the usual size, turned a little. */
static void run_warp(const mn_simd *t, const data *d)
{
    for (int y = 0; y < CHIP; y++)
        t->warp_row_rgb(d->bytes, SIDE * 3, SIDE, SIDE, 60 - 0.2f * (float)y, 40 + 1.2f * (float)y, 1.2f,
                        0.2f, d->pixels, CHIP);
}

static void run_blend(const mn_simd *t, const data *d)
{
    t->blend_rows_u8(d->bytes, d->more, 700, 1348, 3 * (size_t)PIXELS, d->pixels);
}

static void run_add_row(const mn_simd *t, const data *d)
{
    t->add_row_u32(d->bytes, 3 * (size_t)PIXELS, (uint32_t *)d->dots);
}

static void run_luma(const mn_simd *t, const data *d)
{
    t->luma_u8(d->bytes, PIXELS, d->pixels);
}

static const kernel kernels[] = {
    {"scan_i8", "GB/s", run_scan, ROWS *STRIDE},
    {"scan_i8_multi", "GB/s", run_scan_multi, (double)ROWS *STRIDE *PROBES},
    {"dot_f32", "GB/s", run_dot, PIXELS * 8.0},
    {"l2sq_f32", "GB/s", run_l2sq, PIXELS * 8.0},
    {"planes_f32", "Mpx/s", run_planes, PIXELS},
    {"warp_row_rgb", "Mpx/s", run_warp, CHIP *CHIP},
    {"blend_rows_u8", "GB/s", run_blend, PIXELS * 6.0},
    {"add_row_u32", "GB/s", run_add_row, PIXELS * 3.0},
    {"luma_u8", "Mpx/s", run_luma, PIXELS},
};
#define KERNELS (sizeof kernels / sizeof *kernels)

static double measure(const kernel *k, const mn_simd *t, const data *d)
{
    double best = 0, unit = strcmp(k->unit, "GB/s") == 0 ? 1e9 : 1e6;
    for (int round = 0; round < 7; round++) {
        int64_t start = mn_monotonic_ns(), took = 0;
        long runs = 0;
        for (; took < 5 * 1000 * 1000; runs++, took = mn_monotonic_ns() - start)
            k->run(t, d);
        double rate = k->amount * (double)runs / ((double)took * 1e-9) / unit;
        best = rate > best ? rate : best;
    }
    return best;
}

static int fill(data *d)
{
    size_t n = (size_t)SIDE * SIDE * 3;
    *d = (data){mn_alloc_aligned(n),
                mn_alloc_aligned(n),
                mn_alloc_aligned(n),
                mn_alloc_aligned(PIXELS * 4),
                mn_alloc_aligned(PIXELS * 4),
                mn_alloc_aligned((size_t)PIXELS * 12),
                mn_alloc_aligned((size_t)ROWS * PROBES * 4)};
    if (!d->bytes || !d->more || !d->pixels || !d->floats || !d->more_floats || !d->planes || !d->dots)
        return 0;
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525 + 1013904223;
        d->bytes[i] = (uint8_t)(state >> 24);
        d->more[i] = (uint8_t)(state >> 16);
    }
    for (size_t i = 0; i < PIXELS; i++) {
        d->floats[i] = (float)d->bytes[i] / 255;
        d->more_floats[i] = (float)d->more[i] / 255;
    }
    memset(d->dots, 0, (size_t)ROWS * PROBES * 4);
    return 1;
}

static void finish(data *d)
{
    void *const all[] = {d->bytes, d->more, d->pixels, d->floats, d->more_floats, d->planes, d->dots};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mn_free_aligned(all[i]);
}

static void print_text(const data *d)
{
    for (size_t k = 0; k < KERNELS; k++) {
        printf("%-14s", kernels[k].name);
        for (mn_simd_level level = MN_SIMD_C; level < MN_SIMD_LEVELS; level++) {
            const mn_simd *t = mn_simd_level_get(level);
            if (t)
                printf("  %s %8.1f", t->name, measure(&kernels[k], t, d));
        }
        printf("  %s\n", kernels[k].unit);
    }
}

static void print_json(const data *d)
{
    printf("{");
    for (size_t k = 0; k < KERNELS; k++) {
        printf("%s\"%s\":{\"unit\":\"%s\"", k ? "," : "", kernels[k].name, kernels[k].unit);
        for (mn_simd_level level = MN_SIMD_C; level < MN_SIMD_LEVELS; level++) {
            const mn_simd *t = mn_simd_level_get(level);
            if (t)
                printf(",\"%s\":%.1f", t->name, measure(&kernels[k], t, d));
        }
        printf("}");
    }
    printf("}\n");
}

int main(int argc, char **argv)
{
    data d;
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !json) {
        fprintf(stderr, "usage: bench_simd [--json]\n");
        return 2;
    }
    if (!fill(&d)) {
        fprintf(stderr, "bench_simd: out of memory\n");
        return 3;
    }
    if (json)
        print_json(&d);
    else
        print_text(&d);
    finish(&d);
    return 0;
}
