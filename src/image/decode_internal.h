/* Inside decode: one function per library. Bytes are of the format that was sniffed; limits were not yet
 * checked. */
#ifndef MN_IMAGE_DECODE_INTERNAL_H
#define MN_IMAGE_DECODE_INTERNAL_H

#include "image/decode.h"

/* Both give the picture as it is stored, and its header (orientation as said in the file, size as stored). */
mn_code mn_jpeg_probe(const uint8_t *bytes, size_t n, const mn_decode_limits *limits, mn_image_info *info,
                      mn_error *err);
mn_code mn_jpeg_decode(const uint8_t *bytes, size_t n, const mn_decode_limits *limits, mn_image_info *info,
                       mn_image **out, mn_error *err);
/* What decoding holds: `work` bytes a pixel of the file besides the pixels given, which are scaled down by
 * `by` and, where they must be turned, are there twice. */
uint64_t mn_decode_memory(const mn_image_info *info, unsigned work, unsigned by);
/* info: what mn_header_read said of these bytes. */
mn_code mn_av_decode(const uint8_t *bytes, size_t n, const mn_image_info *info,
                     const mn_decode_limits *limits, mn_image **out, mn_error *err);

#endif
