#include "base/alloc.h"
#include "image/draw.h"
#include "image/encode.h"
#include "pictures.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* fontconfig keeps what it has read until the process ends. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig";
}

static void a_round_trip_keeps_the_picture(void **state)
{
    (void)state;
    const mn_image_format formats[] = {MN_FORMAT_JPEG, MN_FORMAT_JPEG, MN_FORMAT_PNG, MN_FORMAT_WEBP};
    const int qualities[] = {95, 60, 1, 90};
    mn_image *image = mn_test_quarters("GWRB", 61, 39);
    for (int i = 0; i < 4; i++) {
        mn_buf out;
        mn_buf_init(&out, 1 << 20);
        mn_image *read = NULL;
        char quarters[5];
        assert_ok(mn_buf_append(&out, "before", 6, err));
        assert_ok(mn_image_encode(image, formats[i], qualities[i], &out, err));
        assert_memory_equal("before", out.data, 6);
        mn_decode_limits limits = mn_decode_limits_default();
        assert_ok(mn_image_decode(out.data + 6, out.len - 6, &limits, &read, err));
        assert_int_equal(61, mn_image_width(read));
        assert_int_equal(39, mn_image_height(read));
        mn_test_read_quarters(read, quarters);
        assert_string_equal("GWRB", quarters);
        for (int y = 0; y < 39 && formats[i] == MN_FORMAT_PNG; y++)
            assert_memory_equal(mn_image_row(image, y), mn_image_row(read, y), 183);
        mn_image_unref(read);
        mn_buf_finish(&out);
    }
    mn_image_unref(image);
}

static void grey_is_written(void **state)
{
    (void)state;
    mn_image *image = NULL;
    assert_ok(mn_image_create(8, 8, 1, &image, err));
    for (int y = 0; y < 8; y++)
        memset(mn_image_row_mut(image, y), 77, 8);
    const mn_image_format formats[] = {MN_FORMAT_JPEG, MN_FORMAT_PNG, MN_FORMAT_WEBP};
    for (int i = 0; i < 3; i++) {
        mn_buf out;
        mn_image *read = NULL;
        mn_buf_init(&out, 1 << 20);
        assert_ok(mn_image_encode(image, formats[i], 90, &out, err));
        assert_ok(mn_test_decode(&out, &read, err));
        for (int c = 0; c < 3; c++)
            assert_in_range(mn_image_row(read, 4)[12 + c], 76, 78);
        mn_image_unref(read);
        mn_buf_finish(&out);
    }
    mn_image_unref(image);
}

static void too_small_a_buffer_stays_as_it_was(void **state)
{
    (void)state;
    mn_image *image = mn_test_quarters("RGBW", 640, 480);
    for (int y = 0; y < 480; y++) /* noise, so that no format makes it small */
        for (int x = 0; x < 1920; x++)
            mn_image_row_mut(image, y)[x] = (uint8_t)((x * 7919 + y * 104729) ^ (x * y));
    const mn_image_format formats[] = {MN_FORMAT_JPEG, MN_FORMAT_PNG, MN_FORMAT_WEBP};
    for (int i = 0; i < 3; i++) {
        mn_buf out;
        mn_error said = {0};
        mn_buf_init(&out, 40000);
        assert_ok(mn_buf_append(&out, "before", 6, err));
        assert_int_equal(MN_E_LIMIT, mn_image_encode(image, formats[i], 95, &out, &said));
        assert_int_equal(6, out.len);
        assert_string_equal("before", (char *)out.data);
        mn_buf_finish(&out);
    }
    mn_image_unref(image);
}

static void wrong_wishes_are_refused(void **state)
{
    (void)state;
    mn_image *image = mn_test_quarters("RGBW", 16, 16);
    mn_buf out;
    mn_error said = {0};
    mn_buf_init(&out, 1 << 20);
    assert_int_equal(MN_E_INVALID, mn_image_encode(image, MN_FORMAT_JPEG, 0, &out, &said));
    assert_int_equal(MN_E_INVALID, mn_image_encode(image, MN_FORMAT_JPEG, 101, &out, &said));
    assert_int_equal(MN_E_UNSUPPORTED, mn_image_encode(image, MN_FORMAT_BMP, 90, &out, &said));
    assert_string_equal("BMP is not written here: JPEG, PNG and WebP are", said.text);
    mn_image *wide = mn_test_quarters("RGBW", 17000, 2);
    assert_int_equal(MN_E_LIMIT, mn_image_encode(wide, MN_FORMAT_WEBP, 90, &out, &said));
    assert_int_equal(0, out.len);
    mn_image_unref(image);
    mn_image_unref(wide);
    mn_buf_finish(&out);
}

static void names_say_formats(void **state)
{
    (void)state;
    assert_int_equal(MN_FORMAT_JPEG, mn_image_format_of_name("a/b.c/face.JPG"));
    assert_int_equal(MN_FORMAT_JPEG, mn_image_format_of_name("x.jpeg"));
    assert_int_equal(MN_FORMAT_PNG, mn_image_format_of_name(".png"));
    assert_int_equal(MN_FORMAT_WEBP, mn_image_format_of_name("x.y.webp"));
    assert_int_equal(MN_FORMAT_UNKNOWN, mn_image_format_of_name("a.png/face"));
    assert_int_equal(MN_FORMAT_UNKNOWN, mn_image_format_of_name("face"));
    assert_int_equal(MN_FORMAT_UNKNOWN, mn_image_format_of_name(""));
    assert_int_equal(MN_FORMAT_UNKNOWN, mn_image_format_of_name("face.gif"));
}

static void encoding_without_memory_is_an_error(void **state)
{
    (void)state;
    mn_image *image = mn_test_quarters("RGBW", 64, 64);
    mn_buf out;
    mn_error said = {0};
    mn_buf_init(&out, 1 << 20);
    mn_alloc_fail_at(1);
    assert_int_equal(MN_E_MEMORY, mn_image_encode(image, MN_FORMAT_JPEG, 90, &out, &said));
    mn_alloc_fail_at(1);
    assert_int_equal(MN_E_MEMORY, mn_image_encode(image, MN_FORMAT_PNG, 90, &out, &said));
    mn_alloc_fail_at(0);
    mn_image_unref(image);
    mn_buf_finish(&out);
}

static int difference(const mn_image *a, const mn_image *b, int x, int y)
{
    int sum = 0;
    for (int c = 0; c < 3; c++)
        sum += abs(mn_image_row(a, y)[3 * x + c] - mn_image_row(b, y)[3 * x + c]);
    return sum;
}

static void marks_are_seen_and_the_rest_is_left(void **state)
{
    (void)state;
    mn_image *image = mn_test_quarters("RGBW", 400, 300), *out = NULL;
    const mn_point point = {150, 150};
    const mn_mark mark = {{100, 100, 100, 120}, &point, 1, "Zo\xc3\xab", 1};
    assert_ok(mn_image_draw(image, &mark, 1, &out, err));
    assert_true(difference(image, out, 100, 160) > 60);    /* the left edge */
    assert_true(difference(image, out, 150, 150) > 60);    /* the point */
    assert_true(difference(image, out, 101, 92) > 60);     /* the plate, above the box */
    assert_int_equal(0, difference(image, out, 130, 200)); /* inside, where nothing is marked */
    assert_int_equal(0, difference(image, out, 300, 50));
    mn_image_unref(out);
    mn_image_unref(image);
}

static void labels_may_hold_anything(void **state)
{
    (void)state;
    const char *const labels[] = {
        "",
        "\xff\xfe",
        "\xc3",
        "\xed\xa0\x80 surrogate",
        "two\nlines",
        "\xf0\x9f\x98\x80",
        ("a very long name that nobody has but somebody will type anyway to see what happens then, "
         "\xe2\x80\xa6 and it goes on and on and on and on and on")};
    mn_image *image = mn_test_quarters("RGBW", 120, 90), *out = NULL;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        for (int y = -50; y < 150; y += 50) { /* also outside of the picture */
            const mn_mark mark = {{50, (float)y, 30, 30}, NULL, 0, labels[i], (int)i % 3};
            assert_ok(mn_image_draw(image, &mark, 1, &out, err));
            assert_int_equal(120, mn_image_width(out));
            mn_image_unref(out);
        }
    mn_image_unref(image);
}

static void wrong_marks_are_refused(void **state)
{
    (void)state;
    mn_image *image = mn_test_quarters("RGBW", 16, 16), *out = NULL;
    mn_error said = {0};
    const mn_point nowhere = {NAN, 0};
    const mn_mark wrong[] = {{{0, 0, INFINITY, 5}, NULL, 0, NULL, 0},
                             {{0, 0, 5, 5}, NULL, 0, NULL, 3},
                             {{0, 0, 5, 5}, &nowhere, 1, NULL, 0}};
    for (int i = 0; i < 3; i++)
        assert_int_equal(MN_E_INVALID, mn_image_draw(image, &wrong[i], 1, &out, &said));
    mn_alloc_fail_at(1);
    assert_int_equal(MN_E_MEMORY, mn_image_draw(image, NULL, 0, &out, &said));
    mn_alloc_fail_at(0);
    assert_null(out);
    mn_image_unref(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_trip_keeps_the_picture),
        cmocka_unit_test(grey_is_written),
        cmocka_unit_test(too_small_a_buffer_stays_as_it_was),
        cmocka_unit_test(wrong_wishes_are_refused),
        cmocka_unit_test(names_say_formats),
        cmocka_unit_test(encoding_without_memory_is_an_error),
        cmocka_unit_test(marks_are_seen_and_the_rest_is_left),
        cmocka_unit_test(labels_may_hold_anything),
        cmocka_unit_test(wrong_marks_are_refused),
    };
    return cmocka_run_group_tests_name("image: encode and draw", tests, NULL, NULL);
}
