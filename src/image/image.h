/* Pixels in memory.
 *
 * Reference-counted, immutable after creation, safe to share between threads. Rows are 64-byte aligned, 8
 * bits a channel, RGB (3 channels, interleaved) or grey (1). Orientation is already applied. */
#ifndef MN_IMAGE_IMAGE_H
#define MN_IMAGE_IMAGE_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

typedef struct mn_image mn_image;

typedef struct {
    float x, y;
} mn_point;
typedef struct {
    float x, y, width, height;
} mn_box; /* pixels, origin top left */

mn_image *mn_image_ref(const mn_image *image);
void mn_image_unref(const mn_image *image); /* NULL is allowed */
int mn_image_width(const mn_image *image);
int mn_image_height(const mn_image *image);
int mn_image_channels(const mn_image *image);
size_t mn_image_stride(const mn_image *image);
const uint8_t *mn_image_row(const mn_image *image, int y);
/* How many pixels of the file one pixel here stands for (1, or more after a scaled decode). */
float mn_image_scale(const mn_image *image);

/* A new image whose rows the caller fills before sharing it: the only time when its pixels may change. */
mn_code mn_image_create(int width, int height, int channels, mn_image **out, mn_error *err);
uint8_t *mn_image_row_mut(mn_image *image, int y);

#endif
