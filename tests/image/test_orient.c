#include "image/encode.h"
#include "pictures.h"
#include "support.h"
#include <string.h>

/* How the upright picture RGBW is stored under each orientation, by the definition of EXIF tag 274: "6" has
 * the right side of the picture in its first row and the top in its first column. */
static const char *const stored_as[9] = {NULL,   "RGBW", "GRWB", "WBGR", "BWRG",
                                         "RBGW", "GWRB", "WGBR", "BRWG"};

static void check_upright(const mn_buf *file, int orientation)
{
    mn_decode_limits limits = mn_decode_limits_default();
    mn_image_info info;
    mn_image *image = NULL;
    char quarters[5];
    assert_ok(mn_image_probe(file->data, file->len, &limits, &info, err));
    assert_int_equal(orientation, info.orientation);
    assert_int_equal(80, info.width);
    assert_int_equal(48, info.height);
    assert_ok(mn_image_decode(file->data, file->len, &limits, &image, err));
    assert_int_equal(80, mn_image_width(image));
    assert_int_equal(48, mn_image_height(image));
    mn_test_read_quarters(image, quarters);
    assert_string_equal("RGBW", quarters);
    mn_image_unref(image);
}

static mn_image *stored(int orientation)
{
    bool turned = orientation >= 5;
    return mn_test_quarters(stored_as[orientation], turned ? 48 : 80, turned ? 80 : 48);
}

static void check_format(mn_image_format format)
{
    for (int orientation = 1; orientation <= 8; orientation++) {
        mn_buf plain, file;
        mn_buf_init(&plain, 1 << 20);
        mn_buf_init(&file, 1 << 20);
        mn_image *image = stored(orientation);
        assert_ok(mn_image_encode(image, format, 95, &plain, err));
        mn_test_add_exif(&plain, format, orientation, &file);
        check_upright(&file, orientation);
        mn_image_unref(image);
        mn_buf_finish(&plain);
        mn_buf_finish(&file);
    }
}

static void jpeg_is_turned(void **state)
{
    (void)state;
    check_format(MN_FORMAT_JPEG);
}

static void png_is_turned(void **state)
{
    (void)state;
    check_format(MN_FORMAT_PNG);
}

static void webp_is_turned(void **state)
{
    (void)state;
    check_format(MN_FORMAT_WEBP);
}

static void tiff_is_turned(void **state)
{
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int big = 0; big < 2; big++) {
            mn_buf file;
            mn_buf_init(&file, 1 << 20);
            mn_image *image = stored(orientation);
            mn_test_write_tiff(image, orientation, big, &file);
            check_upright(&file, orientation);
            mn_image_unref(image);
            mn_buf_finish(&file);
        }
}

/* A wrong value in the metadata is no reason to refuse a picture. */
static void odd_orientations_mean_upright(void **state)
{
    (void)state;
    const int odd[] = {0, 9, 255};
    for (int i = 0; i < 3; i++) {
        mn_buf plain, file;
        mn_buf_init(&plain, 1 << 20);
        mn_buf_init(&file, 1 << 20);
        mn_image *image = stored(1);
        assert_ok(mn_image_encode(image, MN_FORMAT_JPEG, 95, &plain, err));
        mn_test_add_exif(&plain, MN_FORMAT_JPEG, odd[i], &file);
        check_upright(&file, 1);
        mn_image_unref(image);
        mn_buf_finish(&plain);
        mn_buf_finish(&file);
    }
}

/* The one-pixel column and row, where a wrong step would leave the picture. */
static void thin_pictures_are_turned(void **state)
{
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        mn_buf file;
        mn_buf_init(&file, 1 << 20);
        mn_image *image = NULL, *read = NULL;
        assert_ok(mn_image_create(5, 1, 3, &image, err));
        memcpy(mn_image_row_mut(image, 0), "aaabbbcccdddeee", 15);
        mn_test_write_tiff(image, orientation, true, &file);
        assert_ok(mn_test_decode(&file, &read, err));
        bool turned = orientation >= 5,
             reversed = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        assert_int_equal(turned ? 1 : 5, mn_image_width(read));
        for (int i = 0; i < 5; i++)
            assert_int_equal(reversed ? 'e' - i : 'a' + i,
                             turned ? mn_image_row(read, i)[0] : mn_image_row(read, 0)[3 * i]);
        mn_image_unref(image);
        mn_image_unref(read);
        mn_buf_finish(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jpeg_is_turned),
        cmocka_unit_test(png_is_turned),
        cmocka_unit_test(webp_is_turned),
        cmocka_unit_test(tiff_is_turned),
        cmocka_unit_test(odd_orientations_mean_upright),
        cmocka_unit_test(thin_pictures_are_turned),
    };
    return cmocka_run_group_tests_name("image: orientation", tests, NULL, NULL);
}
