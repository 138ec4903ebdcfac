/* Quality from made-up chips, whose measures can be worked out by hand. */
#include "base/alloc.h"
#include "face/quality.h"
#include "support.h"

#define SIZE 112

typedef uint8_t (*painter)(int x, int y);

static mn_image *painted(painter paint)
{
    mn_image *image;
    assert_ok(mn_image_create(SIZE, SIZE, 3, &image, err));
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < 3 * SIZE; x++)
            mn_image_row_mut(image, y)[x] = paint(x / 3, y);
    return image;
}

static mn_chip_measures measures_of(painter paint)
{
    mn_chip_measures m;
    mn_image *chip = painted(paint);
    assert_ok(mn_quality_measure_chip(chip, &m, err));
    mn_image_unref(chip);
    return m;
}

static uint8_t grey(int x, int y)
{
    (void)x, (void)y;
    return 128;
}

static uint8_t checks(int x, int y)
{
    return (x + y) % 2 ? 200 : 56;
}

static uint8_t stripes(int x, int y)
{
    (void)y;
    return x / 8 % 2 ? 200 : 56;
}

static uint8_t slope(int x, int y)
{
    (void)y;
    return (uint8_t)(2 * x);
}

static uint8_t black_and_white(int x, int y)
{
    (void)y;
    return x < SIZE / 2 ? 0 : 255;
}

static void measures_are_those_of_the_pixels(void **state)
{
    (void)state;
    mn_chip_measures m = measures_of(grey);
    assert_float_equal(m.sharpness_raw, 0, 0);
    assert_float_equal(m.brightness, 128.0 / 255, 1e-4);
    assert_float_equal(m.contrast, 0, 0);
    /* Laplacian of ±8 × 72, luma of ±72 about 128: 331776 / (5184 + 25) */
    m = measures_of(checks);
    assert_float_equal(m.sharpness_raw, 63.693, 0.01);
    assert_float_equal(m.contrast, 72.0 / 255, 1e-3);
    m = measures_of(slope);
    assert_float_equal(m.sharpness_raw, 0, 1e-6);
    m = measures_of(black_and_white);
    assert_float_equal(m.dark_share, 0.5, 0.02);
    assert_float_equal(m.bright_share, 0.5, 0.02);
}

static void blur_lowers_sharpness(void **state)
{
    (void)state;
    mn_image *sharp = painted(stripes), *small, *blurred;
    mn_chip_measures before, after;
    mn_pose frontal = {.made = true};
    assert_ok(mn_image_resize(sharp, SIZE / 4, SIZE / 4, &small, err));
    assert_ok(mn_image_resize(small, SIZE, SIZE, &blurred, err));
    assert_ok(mn_quality_measure_chip(sharp, &before, err));
    assert_ok(mn_quality_measure_chip(blurred, &after, err));
    mn_quality q0 = mn_quality_combine(&before, 40, &frontal, -1),
               q1 = mn_quality_combine(&after, 40, &frontal, -1);
    assert_true(q0.sharpness > q1.sharpness + 0.2f);
    assert_true(q0.overall > q1.overall);
    mn_image_unref(sharp);
    mn_image_unref(small);
    mn_image_unref(blurred);
}

static mn_quality quality_with(float brightness, float eyes, float yaw, float network)
{
    mn_chip_measures m = {.sharpness_raw = 0.02f, .brightness = brightness, .contrast = 0.2f};
    mn_pose pose = {.made = true, .yaw = yaw};
    return mn_quality_combine(&m, eyes, &pose, network);
}

static void single_measures_fall_with_what_they_measure(void **state)
{
    (void)state;
    mn_quality good = quality_with(0.5f, 60, 0, -1);
    assert_true(good.made);
    assert_float_equal(good.sharpness, 0.5, 0.001); /* the middle of the logarithmic scale */
    assert_float_equal(good.exposure, 1, 0);
    assert_float_equal(good.size, 1, 0);
    assert_float_equal(good.pose, 1, 0);
    assert_float_equal(good.network, -1, 0);
    assert_float_equal(good.overall, 0.8409, 0.001); /* 0.5 to the power of 1/4 */
    assert_float_equal(quality_with(0.5f, 22, 0, -1).size, 0.5, 0.001);
    assert_float_equal(quality_with(0.5f, 5, 0, -1).overall, 0, 0);
    assert_float_equal(quality_with(0.5f, 60, 80, -1).pose, 0, 0);
    assert_float_equal(quality_with(0.5f, 60, -45, -1).pose, 0.6174, 0.001);
    assert_true(quality_with(0.1f, 60, 0, -1).exposure < 0.75f);
    assert_true(quality_with(0.95f, 60, 0, -1).exposure < 0.65f);
}

static void the_network_weighs_twice(void **state)
{
    (void)state;
    mn_quality q = quality_with(0.5f, 60, 0, 0.31f);
    assert_float_equal(q.network, 0.5, 0.001);
    assert_float_equal(q.overall, 0.7071, 0.001); /* (0.5 · 0.5²) to the power of 1/6 */
}

static void bad_chips_and_short_memory_are_errors(void **state)
{
    (void)state;
    mn_image *tiny, *chip = painted(grey);
    mn_chip_measures m = {.brightness = 42};
    mn_error error = {0};
    assert_ok(mn_image_create(8, 8, 3, &tiny, err));
    assert_int_equal(mn_quality_measure_chip(tiny, &m, &error), MN_E_INVALID);
    mn_alloc_fail_at(1);
    mn_code code = mn_quality_measure_chip(chip, &m, &error);
    mn_alloc_fail_at(0);
    assert_int_equal(code, MN_E_MEMORY);
    assert_float_equal(m.brightness, 42, 0);
    mn_image_unref(tiny);
    mn_image_unref(chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_are_those_of_the_pixels),
        cmocka_unit_test(blur_lowers_sharpness),
        cmocka_unit_test(single_measures_fall_with_what_they_measure),
        cmocka_unit_test(the_network_weighs_twice),
        cmocka_unit_test(bad_chips_and_short_memory_are_errors),
    };
    return cmocka_run_group_tests_name("quality", tests, NULL, NULL);
}
