#include "pictures.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    char name;
    uint8_t rgb[3];
} colours[4] = {{'R', {200, 30, 40}}, {'G', {30, 180, 60}}, {'B', {40, 60, 200}}, {'W', {240, 240, 230}}};

static const uint8_t *colour_of(char name)
{
    for (int i = 0; i < 4; i++)
        if (colours[i].name == name)
            return colours[i].rgb;
    fail_msg("no colour %c", name);
    return NULL;
}

mn_image *mn_test_quarters(const char *names, int width, int height)
{
    mn_image *image = NULL;
    assert_ok(mn_image_create(width, height, 3, &image, err));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memcpy(mn_image_row_mut(image, y) + 3 * x,
                   colour_of(names[(y >= height / 2) * 2 + (x >= width / 2)]), 3);
    return image;
}

void mn_test_read_quarters(const mn_image *image, char names[5])
{
    int w = mn_image_width(image), h = mn_image_height(image);
    assert_int_equal(3, mn_image_channels(image));
    for (int q = 0; q < 4; q++) {
        const uint8_t *p = mn_image_row(image, h / 4 + q / 2 * (h / 2)) + 3 * (w / 4 + q % 2 * (w / 2));
        names[q] = '?';
        for (int i = 0; i < 4; i++)
            if (abs(p[0] - colours[i].rgb[0]) <= 8 && abs(p[1] - colours[i].rgb[1]) <= 8 &&
                abs(p[2] - colours[i].rgb[2]) <= 8)
                names[q] = colours[i].name;
    }
    names[4] = '\0';
}

void mn_test_data(const char *name, mn_buf *out)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/image/data/%s", mn_test_root(), name);
    mn_test_read(path, out);
}

mn_code mn_test_decode(const mn_buf *file, mn_image **out, mn_error *err)
{
    mn_decode_limits limits = mn_decode_limits_default();
    return mn_image_decode(file->data, file->len, &limits, out, err);
}

static void put(mn_buf *out, const void *bytes, size_t n)
{
    assert_ok(mn_buf_append(out, bytes, n, err));
}

void mn_test_put16(mn_buf *out, unsigned v, bool big)
{
    uint8_t high = (uint8_t)(v >> 8), low = (uint8_t)v;
    put(out, big ? (uint8_t[]){high, low} : (uint8_t[]){low, high}, 2);
}

void mn_test_put32(mn_buf *out, uint32_t v, bool big)
{
    mn_test_put16(out, big ? v >> 16 : v & 0xffff, big);
    mn_test_put16(out, big ? v & 0xffff : v >> 16, big);
}

static void put_entry(mn_buf *out, unsigned tag, unsigned type, uint32_t count, uint32_t value, bool big)
{
    mn_test_put16(out, tag, big);
    mn_test_put16(out, type, big);
    mn_test_put32(out, count, big);
    if (type == 3 && count == 1) {
        mn_test_put16(out, value, big);
        mn_test_put16(out, 0, big);
    } else {
        mn_test_put32(out, value, big);
    }
}

static void put_tiff_start(mn_buf *out, bool big)
{
    put(out, big ? "MM" : "II", 2);
    mn_test_put16(out, 42, big);
    mn_test_put32(out, 8, big);
}

/* A directory with one entry before the orientation, as cameras have. */
static void put_exif(mn_buf *out, int orientation)
{
    put_tiff_start(out, orientation % 2);
    mn_test_put16(out, 2, orientation % 2);
    put_entry(out, 0x100, 4, 1, 7, orientation % 2);
    put_entry(out, 0x112, 3, 1, (uint32_t)orientation, orientation % 2);
    mn_test_put32(out, 0, orientation % 2);
}

static uint32_t crc_of(const uint8_t *bytes, size_t n)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

void mn_test_png_chunk(mn_buf *out, const char *type, const void *data, size_t n)
{
    mn_test_put32(out, (uint32_t)n, true);
    size_t at = out->len;
    put(out, type, 4);
    put(out, data, n);
    mn_test_put32(out, crc_of(out->data + at, n + 4), true);
}

void mn_test_hollow_png(uint32_t width, uint32_t height, size_t n, mn_buf *out)
{
    mn_buf head;
    mn_buf_init(&head, 64);
    mn_test_put32(&head, width, true);
    mn_test_put32(&head, height, true);
    put(&head, "\x08\x02\0\0\0", 5);
    put(out, "\x89PNG\r\n\x1a\n", 8);
    mn_test_png_chunk(out, "IHDR", head.data, head.len);
    uint8_t *data = calloc(n, 1);
    mn_test_png_chunk(out, "IDAT", data, n);
    free(data);
    mn_test_png_chunk(out, "IEND", "", 0);
    mn_buf_finish(&head);
}

static void add_to_webp(const mn_buf *file, const mn_buf *exif, mn_buf *out)
{
    mn_image_info info;
    mn_decode_limits limits = mn_decode_limits_default();
    assert_ok(mn_image_probe(file->data, file->len, &limits, &info, err));
    put(out, "RIFF", 4);
    mn_test_put32(out, (uint32_t)(file->len - 8 + 18 + 8 + exif->len), false);
    put(out, "WEBPVP8X\x0a\0\0\0\x08\0\0\0", 16);
    put(out, (uint8_t[]){(uint8_t)(info.width - 1), 0, 0, (uint8_t)(info.height - 1), 0, 0}, 6);
    put(out, file->data + 12, file->len - 12);
    put(out, "EXIF", 4);
    mn_test_put32(out, (uint32_t)exif->len, false);
    put(out, exif->data, exif->len);
}

void mn_test_add_exif(const mn_buf *file, mn_image_format format, int orientation, mn_buf *out)
{
    mn_buf exif;
    mn_buf_init(&exif, 256);
    if (format == MN_FORMAT_JPEG)
        put(&exif, "Exif\0\0", 6);
    put_exif(&exif, orientation);
    if (format == MN_FORMAT_JPEG) {
        put(out, file->data, 2); /* after the start marker */
        put(out, "\xff\xe1", 2);
        mn_test_put16(out, (unsigned)exif.len + 2, true);
        put(out, exif.data, exif.len);
        put(out, file->data + 2, file->len - 2);
    } else if (format == MN_FORMAT_PNG) {
        put(out, file->data, 33); /* signature and header */
        mn_test_png_chunk(out, "eXIf", exif.data, exif.len);
        put(out, file->data + 33, file->len - 33);
    } else {
        add_to_webp(file, &exif, out);
    }
    mn_buf_finish(&exif);
}

void mn_test_write_tiff(const mn_image *image, int orientation, bool big, mn_buf *out)
{
    uint32_t w = (uint32_t)mn_image_width(image), h = (uint32_t)mn_image_height(image);
    uint32_t bits_at = 8 + 2 + 9 * 12 + 4, pixels_at = bits_at + 8;
    put_tiff_start(out, big);
    mn_test_put16(out, 9, big);
    put_entry(out, 256, 4, 1, w, big);
    put_entry(out, 257, 3, 1, h, big);
    put_entry(out, 258, 3, 3, bits_at, big);
    put_entry(out, 259, 3, 1, 1, big); /* not compressed */
    put_entry(out, 262, 3, 1, 2, big); /* RGB */
    put_entry(out, 273, 4, 1, pixels_at, big);
    put_entry(out, 274, 3, 1, (uint32_t)orientation, big);
    put_entry(out, 277, 3, 1, 3, big);
    put_entry(out, 279, 4, 1, 3 * w * h, big);
    mn_test_put32(out, 0, big);
    for (int i = 0; i < 4; i++)
        mn_test_put16(out, 8, big);
    for (uint32_t y = 0; y < h; y++)
        put(out, mn_image_row(image, (int)y), (size_t)w * 3);
}
