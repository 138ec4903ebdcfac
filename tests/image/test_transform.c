#include "base/alloc.h"
#include "image/transform.h"
#include "pictures.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void near_affine(const mn_affine *m, float a, float b, float c, float d, float e, float f)
{
    assert_float_equal(a, m->a, 1e-4);
    assert_float_equal(b, m->b, 1e-4);
    assert_float_equal(c, m->c, 1e-3);
    assert_float_equal(d, m->d, 1e-4);
    assert_float_equal(e, m->e, 1e-4);
    assert_float_equal(f, m->f, 1e-3);
}

static void a_similarity_is_found_again(void **state)
{
    (void)state;
    /* twice as large, turned by 90°, shifted by (10, 20): (x, y) -> (-2y + 10, 2x + 20) */
    const mn_point from[3] = {{0, 0}, {1, 0}, {0, 3}}, to[3] = {{10, 20}, {10, 22}, {4, 20}};
    mn_affine m;
    assert_ok(mn_similarity_fit(from, to, 3, &m, err));
    near_affine(&m, 0, -2, 10, 2, 0, 20);
    mn_affine back = mn_affine_invert(&m);
    mn_point p = mn_affine_apply(&back, (mn_point){4, 20});
    assert_float_equal(0, p.x, 1e-5);
    assert_float_equal(3, p.y, 1e-5);
}

/* Points that no similarity maps exactly. The mirror image of a triangle would be met by a reflection, which
 * must not come out; expected values worked out by hand from the normal equations. */
static void the_fit_has_the_least_squares(void **state)
{
    (void)state;
    const mn_point square[4] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}},
                   wide[4] = {{-3, -1}, {3, -1}, {3, 1}, {-3, 1}};
    mn_affine m;
    assert_ok(mn_similarity_fit(square, wide, 4, &m, err));
    near_affine(&m, 2, 0, 0, 0, 2, 0);
    const mn_point triangle[3] = {{0, 0}, {4, 0}, {0, 1}}, mirrored[3] = {{0, 0}, {-4, 0}, {0, 1}};
    assert_ok(mn_similarity_fit(triangle, mirrored, 3, &m, err));
    assert_true(m.a * m.e - m.b * m.d > 0);
}

static void hopeless_points_are_refused(void **state)
{
    (void)state;
    const mn_point same[2] = {{5, 5}, {5, 5}}, two[2] = {{0, 0}, {1, 1}}, odd[2] = {{0, NAN}, {1, INFINITY}};
    mn_affine m = {.a = 42};
    mn_error said;
    assert_int_equal(MN_E_INVALID, mn_similarity_fit(same, two, 2, &m, &said));
    assert_int_equal(MN_E_INVALID, mn_similarity_fit(two, same, 2, &m, &said));
    assert_int_equal(MN_E_INVALID, mn_similarity_fit(odd, two, 2, &m, &said));
    assert_int_equal(MN_E_INVALID, mn_similarity_fit(two, odd, 2, &m, &said));
    assert_int_equal(MN_E_INVALID, mn_similarity_fit(two, two, 1, &m, &said));
    assert_int_equal(MN_E_INVALID, mn_similarity_fit(two, two, 0, &m, &said));
    assert_float_equal(42, m.a, 0);
}

/* A slope of one grey level a pixel to the right and two downwards. */
static mn_image *slope(int w, int h)
{
    mn_image *image = NULL;
    assert_ok(mn_image_create(w, h, 3, &image, err));
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            memset(mn_image_row_mut(image, y) + 3 * x, x + 2 * y, 3);
    return image;
}

static void check_slope(const mn_image *image, int margin, double per_x, double per_y, double at_0,
                        double within)
{
    for (int y = margin; y < mn_image_height(image) - margin; y++)
        for (int x = margin; x < mn_image_width(image) - margin; x++) {
            double want = at_0 + x * per_x + y * per_y, got = mn_image_row(image, y)[3 * x + 1];
            if (fabs(want - got) > within)
                fail_msg("at %d,%d: %g instead of %g", x, y, got, want);
        }
}

static void resize_keeps_places(void **state)
{
    (void)state;
    mn_image *image = slope(60, 40), *out = NULL;
    const struct {
        int width, height;
    } sizes[] = {{120, 80}, {90, 60}, {30, 20}, {20, 10}, {17, 13}, {7, 9}, {61, 41}, {240, 10}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_ok(mn_image_resize(image, sizes[i].width, sizes[i].height, &out, err));
        double rx = 60.0 / sizes[i].width, ry = 40.0 / sizes[i].height;
        /* the middle of output pixel 0 is at (r - 1) / 2 in the source; averages of a slope are the slope */
        check_slope(out, 1, rx, 2 * ry, (rx - 1) / 2 + 2 * ((ry - 1) / 2), 1.51);
        assert_float_equal(rx, mn_image_scale(out), 1e-5);
        mn_image_unref(out);
    }
    assert_ok(mn_image_resize(image, 60, 40, &out, err));
    assert_ptr_equal(image, out);
    mn_image_unref(out);
    mn_image_unref(image);
}

/* A chessboard of single pixels is even grey when it is made smaller; skipping pixels would leave patterns.
 */
static void shrinking_averages(void **state)
{
    (void)state;
    mn_image *image = NULL, *out = NULL;
    assert_ok(mn_image_create(256, 256, 3, &image, err));
    for (int y = 0; y < 256; y++)
        for (int x = 0; x < 256; x++)
            memset(mn_image_row_mut(image, y) + 3 * x, (x + y) % 2 ? 255 : 0, 3);
    assert_ok(mn_image_resize(image, 50, 33, &out, err));
    for (int y = 0; y < 33; y++)
        for (int x = 0; x < 150; x++)
            assert_in_range(mn_image_row(out, y)[x], 127, 128);
    mn_image_unref(out);
    mn_affine fifth = {5, 0, 3, 0, 5, 2};
    assert_ok(mn_image_warp(image, &fifth, 48, 48, &out, err));
    for (int y = 0; y < 48; y++)
        for (int x = 0; x < 144; x++)
            assert_in_range(mn_image_row(out, y)[x], 126, 129);
    mn_image_unref(out);
    mn_image_unref(image);
}

static void grey_is_resized_too(void **state)
{
    (void)state;
    mn_image *image = NULL, *out = NULL;
    assert_ok(mn_image_create(2, 1, 1, &image, err));
    memcpy(mn_image_row_mut(image, 0), "\0\x64", 2);
    assert_ok(mn_image_resize(image, 4, 1, &out, err));
    const uint8_t want[4] = {0, 25, 75, 100};
    assert_memory_equal(want, mn_image_row(out, 0), 4);
    mn_image_unref(out);
    mn_image_unref(image);
}

static void warp_keeps_places(void **state)
{
    (void)state;
    mn_image *image = slope(60, 40), *out = NULL;
    mn_affine same = {1, 0, 0, 0, 1, 0};
    assert_ok(mn_image_warp(image, &same, 60, 40, &out, err));
    for (int y = 0; y < 40; y++)
        assert_memory_equal(mn_image_row(image, y), mn_image_row(out, y), 180);
    mn_image_unref(out);
    mn_affine turned = {0.8f, -0.6f, 20, 0.6f, 0.8f, 5}; /* slope: x' + 2 y' */
    assert_ok(mn_image_warp(image, &turned, 20, 20, &out, err));
    check_slope(out, 0, 0.8 + 2 * 0.6, -0.6 + 2 * 0.8, 20 + 10, 0.51);
    mn_image_unref(out);
    mn_affine shrunk = {2.5f, 0, 5, 0, 2.5f, 4}; /* over boxes of 2 × 2, which must not shift it */
    assert_ok(mn_image_warp(image, &shrunk, 18, 12, &out, err));
    check_slope(out, 0, 2.5, 5, 5 + 8, 1.01);
    assert_float_equal(2.5, mn_image_scale(out), 1e-5);
    mn_image_unref(out);
    mn_image_unref(image);
}

static void warp_is_black_outside(void **state)
{
    (void)state;
    mn_image *image = mn_test_quarters("WWWW", 16, 16), *out = NULL;
    const mn_affine far_away[] = {{1, 0, 100, 0, 1, 100}, {4, 0, 1000, 0, 4, -900}, {3, 0, 1e30f, 0, 3, 0}};
    for (int i = 0; i < 3; i++) {
        assert_ok(mn_image_warp(image, &far_away[i], 8, 8, &out, err));
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 24; x++)
                assert_int_equal(0, mn_image_row(out, y)[x]);
        mn_image_unref(out);
    }
    mn_error said;
    mn_affine no_number = {NAN, 0, 0, 0, 1, 0};
    assert_int_equal(MN_E_INVALID, mn_image_warp(image, &no_number, 8, 8, &out, &said));
    mn_image_unref(image);
}

static void crop_is_clamped(void **state)
{
    (void)state;
    mn_image *image = slope(60, 40), *out = NULL;
    assert_ok(mn_image_crop(image, &(mn_box){10, 5, 8, 6}, &out, err));
    assert_int_equal(8, mn_image_width(out));
    assert_int_equal(6, mn_image_height(out));
    assert_int_equal(20, mn_image_row(out, 0)[0]);
    mn_image_unref(out);
    assert_ok(mn_image_crop(image, &(mn_box){-5, -5, 7.5f, 1000}, &out, err));
    assert_int_equal(3, mn_image_width(out));
    assert_int_equal(40, mn_image_height(out));
    mn_image_unref(out);
    mn_error said;
    const mn_box nothing[] = {{60, 0, 5, 5}, {0, 0, 0, 5}, {0, -9, 5, 9}, {NAN, 0, 5, 5}, {0, 0, -3, 5}};
    for (int i = 0; i < 5; i++)
        assert_int_equal(MN_E_INVALID, mn_image_crop(image, &nothing[i], &out, &said));
    mn_image_unref(image);
}

static void flip_swaps_left_and_right(void **state)
{
    (void)state;
    mn_image *image = mn_test_quarters("RGBW", 21, 10), *out = NULL;
    char quarters[5];
    assert_ok(mn_image_flip(image, &out, err));
    mn_test_read_quarters(out, quarters);
    assert_string_equal("GRWB", quarters);
    mn_image_unref(out);
    mn_image_unref(image);
}

static void planes_stand_one_after_the_other(void **state)
{
    (void)state;
    mn_image *image = NULL;
    assert_ok(mn_image_create(2, 2, 3, &image, err));
    memcpy(mn_image_row_mut(image, 0), "\1\2\3\4\5\6", 6);
    memcpy(mn_image_row_mut(image, 1), "\7\x08\x09\x0a\x0b\x0c", 6);
    float planes[12];
    mn_plane_spec spec = {{2, 1, 0}, {0, 0, 1}, {1, 1, 10}};
    mn_image_to_planes(image, &spec, planes);
    const float want[12] = {3, 6, 9, 12, 2, 5, 8, 11, 0, 30, 60, 90};
    assert_memory_equal(want, planes, sizeof want);
    mn_image_unref(image);
}

static void sizes_without_sense_are_refused(void **state)
{
    (void)state;
    mn_image *out = NULL;
    mn_error said;
    assert_int_equal(MN_E_INVALID, mn_image_create(0, 5, 3, &out, &said));
    assert_int_equal(MN_E_INVALID, mn_image_create(5, -1, 3, &out, &said));
    assert_int_equal(MN_E_INVALID, mn_image_create(70000, 1, 3, &out, &said));
    assert_int_equal(MN_E_INVALID, mn_image_create(5, 5, 4, &out, &said));
    assert_null(out);
    mn_image_unref(NULL);
}

static void rows_are_aligned_and_shared(void **state)
{
    (void)state;
    mn_image *image = NULL;
    assert_ok(mn_image_create(33, 3, 3, &image, err));
    assert_int_equal(128, mn_image_stride(image));
    for (int y = 0; y < 3; y++)
        assert_int_equal(0, (uintptr_t)mn_image_row(image, y) % 64);
    mn_image *again = mn_image_ref(image);
    assert_ptr_equal(image, again);
    mn_image_unref(image);
    assert_int_equal(33, mn_image_width(again));
    mn_image_unref(again);
}

static mn_code all_steps(const mn_image *image, mn_error *err)
{
    mn_image *out = NULL;
    mn_affine shrink = {3, 0, 0, 0, 3, 0};
    mn_code code = mn_image_resize(image, 13, 11, &out, err);
    mn_image_unref(out);
    out = NULL;
    if (code == MN_OK)
        code = mn_image_warp(image, &shrink, 9, 9, &out, err);
    mn_image_unref(out);
    out = NULL;
    if (code == MN_OK)
        code = mn_image_crop(image, &(mn_box){1, 1, 5, 5}, &out, err);
    mn_image_unref(out);
    out = NULL;
    if (code == MN_OK)
        code = mn_image_flip(image, &out, err);
    mn_image_unref(out);
    return code;
}

static void running_out_of_memory_is_an_error(void **state)
{
    (void)state;
    mn_image *image = slope(60, 40);
    mn_error said;
    assert_int_equal(MN_OK, all_steps(image, &said));
    mn_alloc_fail_at(0);
    assert_int_equal(MN_OK, all_steps(image, &said));
    long needed = mn_alloc_count();
    assert_true(needed >= 7);
    for (long n = 1; n <= needed; n++) {
        mn_alloc_fail_at(n);
        mn_code code = all_steps(image, &said);
        mn_alloc_fail_at(0);
        assert_int_equal(MN_E_MEMORY, code);
    }
    mn_image_unref(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_similarity_is_found_again),
        cmocka_unit_test(the_fit_has_the_least_squares),
        cmocka_unit_test(hopeless_points_are_refused),
        cmocka_unit_test(resize_keeps_places),
        cmocka_unit_test(shrinking_averages),
        cmocka_unit_test(grey_is_resized_too),
        cmocka_unit_test(warp_keeps_places),
        cmocka_unit_test(warp_is_black_outside),
        cmocka_unit_test(crop_is_clamped),
        cmocka_unit_test(flip_swaps_left_and_right),
        cmocka_unit_test(planes_stand_one_after_the_other),
        cmocka_unit_test(sizes_without_sense_are_refused),
        cmocka_unit_test(rows_are_aligned_and_shared),
        cmocka_unit_test(running_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("image: transform", tests, NULL, NULL);
}
