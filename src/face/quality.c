#include "face/quality.h"
#include "base/alloc.h"
#include <math.h>

#define NETWORK_INPUT 96
#define NETWORK_BEST  0.62f /* the network's output seldom passes this */

static float clamp01(float v)
{
    return v > 0 ? (v < 1 ? v : 1) : 0; /* also 0 for what is not a number */
}

/* Sums over the pixels looked at. */
typedef struct {
    double luma, luma2, laplace, laplace2;
    size_t dark, bright, n;
} sums;

static void add_row(const uint8_t *above, const uint8_t *row, const uint8_t *below, int from, int to, sums *s)
{
    uint64_t luma = 0, luma2 = 0, laplace2 = 0;
    int64_t laplace = 0;
    for (int x = from; x < to; x++) {
        int v = row[x], l = 4 * v - row[x - 1] - row[x + 1] - above[x] - below[x];
        luma += (uint64_t)v;
        luma2 += (uint64_t)(v * v);
        laplace += l;
        laplace2 += (uint64_t)((int64_t)l * l);
        s->dark += v < 16;
        s->bright += v > 240;
    }
    s->luma += (double)luma, s->luma2 += (double)luma2;
    s->laplace += (double)laplace, s->laplace2 += (double)laplace2;
    s->n += (size_t)(to - from);
}

static double variance(double sum, double squares, size_t n)
{
    double mean = sum / (double)n;
    double v = squares / (double)n - mean * mean;
    return v > 0 ? v : 0;
}

/* The middle two thirds of the chip: the face without hair and background. */
mn_code mn_quality_measure_chip(const mn_image *chip, mn_chip_measures *out, mn_error *err)
{
    int size = mn_image_width(chip), height = mn_image_height(chip), rim = size / 6, foot = height / 6;
    if (size < 12 || height < 12)
        return mn_fail(err, MN_E_INVALID, "a chip of %d × %d px is too small to be measured", size, height);
    uint8_t *luma = mn_alloc(3 * (size_t)size);
    if (!luma)
        return mn_fail(err, MN_E_MEMORY, "out of memory for three rows of a chip");
    const mn_simd *simd = mn_simd_get();
    uint8_t *rows[3] = {luma, luma + size, luma + 2 * size};
    sums s = {0};
    for (int y = foot - 1; y <= height - foot; y++) {
        uint8_t *next = rows[0];
        rows[0] = rows[1], rows[1] = rows[2], rows[2] = next;
        simd->luma_u8(mn_image_row(chip, y), (size_t)size, next);
        if (y > foot)
            add_row(rows[0], rows[1], rows[2], rim, size - rim, &s);
    }
    mn_free(luma);
    double spread = variance(s.luma, s.luma2, s.n);
    *out = (mn_chip_measures){
        .sharpness_raw = (float)(variance(s.laplace, s.laplace2, s.n) / (spread + 25)),
        .brightness = (float)(s.luma / (double)s.n / 255),
        .contrast = (float)(sqrt(spread) / 255),
        .dark_share = (float)s.dark / (float)s.n,
        .bright_share = (float)s.bright / (float)s.n,
    };
    return MN_OK;
}

/* The variance of the Laplacian falls by orders of magnitude with blur, so its logarithm is taken: 0 at
 * SHARP_LOW, 1 at SHARP_HIGH. Dividing by the luma's variance keeps flat light from looking like blur. Press
 * pictures (LFW) have about 0.03, faces of 60 px in a group 0.02, portraits 0.2. */
#define SHARP_LOW  0.002f
#define SHARP_HIGH 0.2f

static float sharpness_of(float raw)
{
    return clamp01(logf(fmaxf(raw, 1e-6f) / SHARP_LOW) / logf(SHARP_HIGH / SHARP_LOW));
}

static float exposure_of(const mn_chip_measures *c)
{
    float level = fminf(clamp01(c->brightness / 0.3f), clamp01((1 - c->brightness) / 0.25f));
    float contrast = clamp01(c->contrast / 0.12f);
    float clipped = clamp01(1 - (c->dark_share + c->bright_share) / 0.5f);
    return cbrtf(level * contrast * clipped);
}

/* 1 to 10° from frontal, 0 at 75°: by the cosine of the angle between the nose and the viewer. */
static float frontality_of(const mn_pose *p)
{
    const float radians = 0.01745329252f, near = 0.9848f, far = 0.2588f;
    return clamp01((cosf(p->yaw * radians) * cosf(p->pitch * radians) - far) / (near - far));
}

mn_quality mn_quality_combine(const mn_chip_measures *chip, float eye_distance_px, const mn_pose *pose,
                              float network)
{
    mn_quality q = {
        .made = true,
        .sharpness = sharpness_of(chip->sharpness_raw),
        .exposure = exposure_of(chip),
        /* 36 px is what a chip of 112 px has between the eyes; below 8 px there is nothing left to tell
           people by */
        .size = clamp01((eye_distance_px - 8) / (36 - 8)),
        .pose = pose->made ? frontality_of(pose) : 0,
        .network = network < 0 ? -1 : clamp01(network / NETWORK_BEST),
        .eye_distance_px = eye_distance_px,
        .brightness = chip->brightness,
        .contrast = chip->contrast,
        .dark_share = chip->dark_share,
        .bright_share = chip->bright_share,
    };
    float product = q.sharpness * q.exposure * q.size * q.pose;
    /* the network has seen what makes faces hard to recognise: it weighs as much as two of the others */
    q.overall = q.network < 0 ? powf(product, 1.0f / 4) : powf(product * q.network * q.network, 1.0f / 6);
    return q;
}

mn_code mn_quality_run_network(mn_work *w, const mn_point points[5], float *out, mn_error *err)
{
    static const mn_plane_spec spec = {{0, 1, 2}, {128, 128, 128}, {1 / 128.0f, 1 / 128.0f, 1 / 128.0f}};
    mn_template align = mn_template_scaled(&mn_template_112, NETWORK_INPUT);
    mn_image *chip;
    mn_result result = {0};
    mn_code code = mn_align_chip(&w->pyramid, &align, points, &chip, err);
    if (code != MN_OK)
        return code;
    code = mn_work_run_image(w, MN_NET_QUALITY, chip, &spec, &result, err);
    mn_image_unref(chip);
    if (code != MN_OK)
        return code;
    code = mn_work_expect(&result, 0, 1, err);
    if (code == MN_OK)
        *out = result.data[0][0];
    mn_result_finish(&result);
    return code;
}
