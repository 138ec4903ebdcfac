/* Pixels to bytes. Output is appended to the caller's bounded buffer; no metadata is written. */
#ifndef MN_IMAGE_ENCODE_H
#define MN_IMAGE_ENCODE_H

#include "base/buf.h"
#include "image/decode.h"

/* format: JPEG (4:2:0 below quality 90, else 4:4:4), PNG (quality ignored), WebP. quality 1 … 100. */
mn_code mn_image_encode(const mn_image *image, mn_image_format format, int quality, mn_buf *out,
                        mn_error *err);
/* The format that a file name asks for by its ending, or MN_FORMAT_UNKNOWN. */
mn_image_format mn_image_format_of_name(const char *path);

#endif
