/* Pictures that the tests draw, and files put together by hand. */
#ifndef MN_TESTS_IMAGE_PICTURES_H
#define MN_TESTS_IMAGE_PICTURES_H

#include "base/buf.h"
#include "image/decode.h"
#include <stdbool.h>

/* Four quarters, named as they are read (top left, top right, bottom left, bottom right), each of one colour:
 * R (200,30,40), G (30,180,60), B (40,60,200), W (240,240,230). "RGBW" is what the files in data/ show. */
mn_image *mn_test_quarters(const char *names, int width, int height);
/* The names of the quarters of a picture, by the nearest colour in their middles; "?" where none is near. */
void mn_test_read_quarters(const mn_image *image, char names[5]);

/* A file of tests/image/data. */
void mn_test_data(const char *name, mn_buf *out);
mn_code mn_test_decode(const mn_buf *file, mn_image **out, mn_error *err); /* default limits */

/* The file with an EXIF block that holds the orientation, where its format has a place for one. */
void mn_test_add_exif(const mn_buf *file, mn_image_format format, int orientation, mn_buf *out);
/* An uncompressed RGB TIFF of the picture, big- or little-endian. */
void mn_test_write_tiff(const mn_image *image, int orientation, bool big, mn_buf *out);
/* A PNG of nothing but a header that says this size, and n bytes of data that are none. */
void mn_test_hollow_png(uint32_t width, uint32_t height, size_t n, mn_buf *out);
/* One PNG chunk with its checksum. */
void mn_test_png_chunk(mn_buf *out, const char *type, const void *data, size_t n);

void mn_test_put16(mn_buf *out, unsigned v, bool big);
void mn_test_put32(mn_buf *out, uint32_t v, bool big);

#endif
