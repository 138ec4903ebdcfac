#include "base/alloc.h"
#include "image/encode.h"
#include "pictures.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define FILE_MAX ((size_t)1 << 20)

static const struct {
    const char *name;
    mn_image_format format;
    const char *quarters; /* NULL: see `pixels` */
    uint8_t pixels[4][3];
} files[] = {
    {"rgb.jpg", MN_FORMAT_JPEG, "RGBW", {{0}}},
    {"progressive.jpg", MN_FORMAT_JPEG, "RGBW", {{0}}},
    {"cmyk.jpg", MN_FORMAT_JPEG, "RGBW", {{0}}},
    {"rgb.png", MN_FORMAT_PNG, "RGBW", {{0}}},
    {"interlaced.png", MN_FORMAT_PNG, "RGBW", {{0}}},
    {"palette.png", MN_FORMAT_PNG, "RGBW", {{0}}},
    {"rgb16.png", MN_FORMAT_PNG, "RGBW", {{0}}},
    {"rgb.webp", MN_FORMAT_WEBP, "RGBW", {{0}}},
    {"lossless.webp", MN_FORMAT_WEBP, "RGBW", {{0}}},
    {"rgb.bmp", MN_FORMAT_BMP, "RGBW", {{0}}},
    {"rle.bmp", MN_FORMAT_BMP, "RGBW", {{0}}},
    {"rgb.ppm", MN_FORMAT_PNM, "RGBW", {{0}}},
    {"rgb16.ppm", MN_FORMAT_PNM, "RGBW", {{0}}},
    {"text.ppm", MN_FORMAT_PNM, "RGBW", {{0}}},
    {"lzw.tif", MN_FORMAT_TIFF, "RGBW", {{0}}},
    {"deflate.tif", MN_FORMAT_TIFF, "RGBW", {{0}}},
    {"palette.tif", MN_FORMAT_TIFF, "RGBW", {{0}}},
    {"cmyk.tif", MN_FORMAT_TIFF, "RGBW", {{0}}},
    {"rgb.jp2", MN_FORMAT_JP2, "RGBW", {{0}}},
    {"rgb.j2k", MN_FORMAT_JP2, "RGBW", {{0}}},
    {"grey.jpg", MN_FORMAT_JPEG, NULL, {{66, 66, 66}, {139, 139, 139}, {65, 65, 65}, {239, 239, 239}}},
    {"grey.png", MN_FORMAT_PNG, NULL, {{66, 66, 66}, {139, 139, 139}, {65, 65, 65}, {239, 239, 239}}},
    {"grey16.png", MN_FORMAT_PNG, NULL, {{66, 66, 66}, {139, 139, 139}, {65, 65, 65}, {239, 239, 239}}},
    {"grey.pgm", MN_FORMAT_PNM, NULL, {{66, 66, 66}, {139, 139, 139}, {65, 65, 65}, {239, 239, 239}}},
    {"grey16.tif", MN_FORMAT_TIFF, NULL, {{66, 66, 66}, {139, 139, 139}, {65, 65, 65}, {239, 239, 239}}},
    {"grey16.jp2", MN_FORMAT_JP2, NULL, {{66, 66, 66}, {139, 139, 139}, {65, 65, 65}, {239, 239, 239}}},
    {"bits.pbm", MN_FORMAT_PNM, NULL, {{0, 0, 0}, {255, 255, 255}, {0, 0, 0}, {255, 255, 255}}},
    {"bits-text.pbm", MN_FORMAT_PNM, NULL, {{0, 0, 0}, {255, 255, 255}, {0, 0, 0}, {255, 255, 255}}},
    /* the green quarter is half transparent, on white */
    {"alpha.png", MN_FORMAT_PNG, NULL, {{200, 30, 40}, {142, 217, 157}, {40, 60, 200}, {240, 240, 230}}},
    {"alpha16.png", MN_FORMAT_PNG, NULL, {{200, 30, 40}, {142, 217, 157}, {40, 60, 200}, {240, 240, 230}}},
    {"alpha.webp", MN_FORMAT_WEBP, NULL, {{200, 30, 40}, {142, 217, 157}, {40, 60, 200}, {240, 240, 230}}},
    {"alpha.bmp", MN_FORMAT_BMP, NULL, {{200, 30, 40}, {142, 217, 157}, {40, 60, 200}, {240, 240, 230}}},
    /* the blue quarter is transparent */
    {"palette-alpha.png",
     MN_FORMAT_PNG,
     NULL,
     {{200, 30, 40}, {30, 180, 60}, {255, 255, 255}, {240, 240, 230}}},
};
#define FILES (sizeof files / sizeof *files)

static void check_pixels(const mn_image *image, const uint8_t want[4][3], const char *name)
{
    for (int q = 0; q < 4; q++) {
        const uint8_t *got = mn_image_row(image, 8 + q / 2 * 16) + 3 * (12 + q % 2 * 24);
        for (int c = 0; c < 3; c++)
            if (abs(got[c] - want[q][c]) > 3)
                fail_msg("%s: quarter %d is %d,%d,%d", name, q, got[0], got[1], got[2]);
    }
}

static void every_kind_of_file_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        mn_buf file;
        mn_buf_init(&file, FILE_MAX);
        mn_test_data(files[i].name, &file);
        mn_decode_limits limits = mn_decode_limits_default();
        mn_image_info info;
        assert_ok(mn_image_probe(file.data, file.len, &limits, &info, err));
        assert_int_equal(files[i].format, info.format);
        assert_int_equal(48, info.width);
        assert_int_equal(32, info.height);
        assert_int_equal(1, info.orientation);
        assert_in_range(info.memory, 48 * 32 * 3, 48 * 32 * 40); /* known before a byte of it is taken */
        mn_image *image = NULL;
        assert_ok(mn_test_decode(&file, &image, err));
        assert_int_equal(48, mn_image_width(image));
        assert_int_equal(32, mn_image_height(image));
        char quarters[5];
        mn_test_read_quarters(image, quarters);
        if (files[i].quarters && strcmp(files[i].quarters, quarters) != 0)
            fail_msg("%s shows %s", files[i].name, quarters);
        if (!files[i].quarters)
            check_pixels(image, files[i].pixels, files[i].name);
        mn_image_unref(image);
        mn_buf_finish(&file);
    }
}

/* A cut of any file, in the header or late in the data, is an error that says so; no half picture comes out.
 */
static void cut_files_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        mn_buf file;
        mn_buf_init(&file, FILE_MAX);
        mn_test_data(files[i].name, &file);
        const size_t lengths[] = {16, file.len / 4, file.len / 2, file.len * 9 / 10, file.len - 4};
        size_t cuts =
            strncmp(files[i].name, "text", 4) == 0 ? 4 : 5; /* of text, a shorter last number is a number */
        for (size_t k = 0; k < cuts; k++) {
            mn_decode_limits limits = mn_decode_limits_default();
            mn_image *image = NULL;
            mn_error said = {0};
            mn_code code = mn_image_decode(file.data, lengths[k], &limits, &image, &said);
            if (code != MN_E_DECODE)
                fail_msg("%s cut to %zu of %zu: %s (%s)", files[i].name, lengths[k], file.len,
                         mn_code_word(code), said.text);
            assert_null(image);
            if (!strstr(said.text, "truncated"))
                fail_msg("%s cut to %zu of %zu: %s", files[i].name, lengths[k], file.len, said.text);
        }
        mn_buf_finish(&file);
    }
}

static void expect(const void *bytes, size_t n, mn_code want, const char *words)
{
    mn_decode_limits limits = mn_decode_limits_default();
    mn_image *image = NULL;
    mn_image_info info;
    mn_error said = {0};
    assert_int_equal(want, mn_image_decode(bytes, n, &limits, &image, &said));
    if (!strstr(said.text, words))
        fail_msg("'%s' does not say '%s'", said.text, words);
    assert_null(image);
    assert_int_equal(want, mn_image_probe(bytes, n, &limits, &info, &said));
}

static void what_is_no_picture_is_named(void **state)
{
    (void)state;
    expect("", 0, MN_E_INVALID, "the file is empty");
    expect("hello, I am a letter\n", 21, MN_E_UNSUPPORTED, "this is text, not a picture: JPEG, PNG, WebP");
    expect("GIF89a\1\0\1\0", 10, MN_E_UNSUPPORTED, "this is a GIF, which is not read here: JPEG, PNG, WebP");
    expect("\0\0\0\x18"
           "ftypheic\0\0\0\0",
           16, MN_E_UNSUPPORTED, "a HEIC picture");
    expect("\0\0\0\x18"
           "ftypavif\0\0\0\0",
           16, MN_E_UNSUPPORTED, "an AVIF picture");
    expect("%PDF-1.4\n", 9, MN_E_UNSUPPORTED, "a PDF");
    expect("\0\1\2\3\4\5\6\7", 8, MN_E_UNSUPPORTED, "no picture in a known format");
    expect("\xff", 1, MN_E_UNSUPPORTED, "are read here");
}

static void animations_are_refused_by_name(void **state)
{
    (void)state;
    mn_buf file, png;
    mn_buf_init(&file, FILE_MAX);
    mn_buf_init(&png, FILE_MAX);
    mn_test_data("rgb.png", &png);
    assert_ok(mn_buf_append(&file, png.data, 33, err));
    mn_test_png_chunk(&file, "acTL", "\0\0\0\3\0\0\0\0", 8);
    assert_ok(mn_buf_append(&file, png.data + 33, png.len - 33, err));
    expect(file.data, file.len, MN_E_UNSUPPORTED,
           "this is an animated PNG of 3 frames: only still pictures are read");
    const char webp[] = "RIFF\x2e\0\0\0WEBPVP8X\x0a\0\0\0\2\0\0\0\7\0\0\7\0\0"
                        "ANIM\6\0\0\0\0\0\0\0\0\0ANMF\0\0\0\0";
    expect(webp, 54, MN_E_UNSUPPORTED, "this is an animated WebP: only still pictures are read");
    mn_buf_finish(&file);
    mn_buf_finish(&png);
}

static void damaged_data_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *name;
        size_t at;
    } hits[] = {{"rgb.png", 60}, {"lossless.webp", 26}, {"deflate.tif", 20}};
    for (size_t i = 0; i < 3; i++) {
        mn_buf file;
        mn_buf_init(&file, FILE_MAX);
        mn_test_data(hits[i].name, &file);
        for (size_t k = 0; k < 12; k++)
            file.data[hits[i].at + k] ^= 0x5a;
        mn_image *image = NULL;
        mn_error said = {0};
        if (mn_test_decode(&file, &image, &said) == MN_OK)
            fail_msg("%s was decoded in spite of the damage", hits[i].name);
        mn_buf_finish(&file);
    }
}

static void limits_are_stated_with_what_was_found(void **state)
{
    (void)state;
    mn_buf file;
    mn_buf_init(&file, FILE_MAX);
    mn_test_data("rgb.jpg", &file);
    mn_decode_limits limits = mn_decode_limits_default();
    mn_image *image = NULL;
    mn_error said = {0};
    limits.max_side = 47;
    assert_int_equal(MN_E_LIMIT, mn_image_decode(file.data, file.len, &limits, &image, &said));
    assert_string_equal("the picture is 48 × 32 pixels; the limit is 47 a side", said.text);
    limits.max_side = 48;
    limits.max_pixels = 48 * 32 - 1;
    assert_int_equal(MN_E_LIMIT, mn_image_decode(file.data, file.len, &limits, &image, &said));
    limits.max_pixels = 48 * 32;
    limits.max_bytes = file.len - 1;
    assert_int_equal(MN_E_LIMIT, mn_image_decode(file.data, file.len, &limits, &image, &said));
    assert_non_null(strstr(said.text, "337 bytes; the limit is 336"));
    limits.max_bytes = file.len;
    assert_ok(mn_image_decode(file.data, file.len, &limits, &image, err));
    mn_image_unref(image);
    mn_buf_finish(&file);
}

static long peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void a_huge_png_costs_nothing(void **state)
{
    (void)state;
    mn_buf file;
    mn_buf_init(&file, FILE_MAX);
    mn_test_hollow_png(30000, 30000, 100000, &file);
    long before = peak_kb();
    mn_alloc_fail_at(0);
    expect(file.data, file.len, MN_E_LIMIT,
           "the picture is 30000 × 30000, 900.0 million pixels; the limit is 100.0 million");
    assert_int_equal(0, mn_alloc_count());
    assert_true(peak_kb() - before < 4096);
    mn_buf_clear(&file);
    mn_test_hollow_png(4000000000u, 1, 10, &file);
    expect(file.data, file.len, MN_E_DECODE, "past what PNG allows");
    mn_buf_finish(&file);
}

/* Scans of a few bytes, each of which costs a pass over the whole picture. */
static void scan_bombs_are_stopped(void **state)
{
    (void)state;
    mn_buf file, bomb;
    mn_buf_init(&file, FILE_MAX);
    mn_buf_init(&bomb, FILE_MAX);
    mn_test_data("progressive.jpg", &file);
    size_t scan = 0;
    for (size_t i = 0; i + 1 < file.len; i++) /* the last scan of the file */
        if (file.data[i] == 0xff && file.data[i + 1] == 0xda)
            scan = i;
    assert_ok(mn_buf_append(&bomb, file.data, file.len - 2, err));
    for (int i = 0; i < 400; i++)
        assert_ok(mn_buf_append(&bomb, file.data + scan, file.len - 2 - scan, err));
    assert_ok(mn_buf_append(&bomb, "\xff\xd9", 2, err));
    mn_image *image = NULL;
    mn_error said = {0};
    assert_int_equal(MN_E_LIMIT, mn_test_decode(&bomb, &image, &said));
    assert_non_null(strstr(said.text, "more than 200 scans"));
    mn_buf_finish(&file);
    mn_buf_finish(&bomb);
}

static void decoding_stops_in_time(void **state)
{
    (void)state;
    mn_buf file;
    mn_buf_init(&file, (size_t)64 << 20);
    mn_image *large = mn_test_quarters("RGBW", 4000, 3000), *image = NULL;
    assert_ok(mn_image_encode(large, MN_FORMAT_JPEG, 90, &file, err));
    mn_decode_limits limits = mn_decode_limits_default();
    mn_error said = {0};
    limits.max_ms = 1;
    assert_int_equal(MN_E_LIMIT, mn_image_decode(file.data, file.len, &limits, &image, &said));
    assert_non_null(strstr(said.text, "the limit of 1 ms"));
    assert_null(image);
    mn_image_unref(large);
    mn_buf_finish(&file);
}

static void jpeg_is_scaled_while_decoding(void **state)
{
    (void)state;
    const struct {
        int wanted, width, height;
        float scale;
    } cases[] = {{0, 400, 300, 1},   {400, 400, 300, 1}, {201, 400, 300, 1},
                 {200, 200, 150, 2}, {101, 200, 150, 2}, {100, 100, 75, 4},
                 {51, 100, 75, 4},   {50, 50, 38, 8},    {1, 50, 38, 8}};
    mn_buf file;
    mn_buf_init(&file, FILE_MAX);
    mn_image *drawn = mn_test_quarters("RGBW", 400, 300);
    assert_ok(mn_image_encode(drawn, MN_FORMAT_JPEG, 95, &file, err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mn_decode_limits limits = mn_decode_limits_default();
        limits.wanted_side = cases[i].wanted;
        mn_image *image = NULL;
        char quarters[5];
        assert_ok(mn_image_decode(file.data, file.len, &limits, &image, err));
        assert_int_equal(cases[i].width, mn_image_width(image));
        assert_int_equal(cases[i].height, mn_image_height(image));
        assert_float_equal(cases[i].scale, mn_image_scale(image), 0);
        mn_test_read_quarters(image, quarters);
        assert_string_equal("RGBW", quarters);
        mn_image_unref(image);
    }
    mn_image_unref(drawn);
    mn_buf_finish(&file);
}

static void running_out_of_memory_is_an_error(void **state)
{
    (void)state;
    const char *const names[] = {"rgb.jpg", "cmyk.jpg", "alpha.png", "rgb.webp", "lzw.tif"};
    for (size_t i = 0; i < 5; i++) {
        mn_buf file, turned;
        mn_buf_init(&file, FILE_MAX);
        mn_buf_init(&turned, FILE_MAX);
        mn_test_data(names[i], &file);
        if (i == 0) {
            mn_test_add_exif(&file, MN_FORMAT_JPEG, 6, &turned);
            mn_buf_clear(&file);
            assert_ok(mn_buf_append(&file, turned.data, turned.len, err));
        }
        mn_code code = MN_E_MEMORY;
        long n = 0;
        while (code != MN_OK && n < 20) {
            mn_image *image = NULL;
            mn_error said = {0};
            mn_alloc_fail_at(++n);
            code = mn_test_decode(&file, &image, &said);
            mn_alloc_fail_at(0);
            assert_true(code == MN_OK || (code == MN_E_MEMORY && !image));
            mn_image_unref(image);
        }
        assert_true(n > 1 && code == MN_OK); /* at least one allocation failed, and at last none did */
        mn_buf_finish(&file);
        mn_buf_finish(&turned);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_file_is_read),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(what_is_no_picture_is_named),
        cmocka_unit_test(animations_are_refused_by_name),
        cmocka_unit_test(damaged_data_are_refused),
        cmocka_unit_test(limits_are_stated_with_what_was_found),
        cmocka_unit_test(a_huge_png_costs_nothing),
        cmocka_unit_test(scan_bombs_are_stopped),
        cmocka_unit_test(decoding_stops_in_time),
        cmocka_unit_test(jpeg_is_scaled_while_decoding),
        cmocka_unit_test(running_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("image: decode", tests, NULL, NULL);
}
