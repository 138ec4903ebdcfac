/* Bytes of a picture file to pixels.
 *
 * The format is told from the bytes, never from a name: JPEG (libjpeg-turbo); PNG, WebP, BMP, PPM/PGM, TIFF,
 * JPEG 2000 (FFmpeg, from a closed list of decoders). All eight EXIF orientations are applied. Grey becomes
 * RGB; CMYK is converted; alpha is laid over white; 16 bits become 8. Of an animated file, nothing is
 * guessed: it is refused by name. Sizes are checked from the header, before memory is taken. Thread-safe. */
#ifndef MN_IMAGE_DECODE_H
#define MN_IMAGE_DECODE_H

#include "base/settings.h"
#include "image/image.h"

typedef enum {
    MN_FORMAT_UNKNOWN,
    MN_FORMAT_JPEG,
    MN_FORMAT_PNG,
    MN_FORMAT_WEBP,
    MN_FORMAT_BMP,
    MN_FORMAT_PNM,
    MN_FORMAT_TIFF,
    MN_FORMAT_JP2
} mn_image_format;

typedef struct {
    size_t max_bytes;   /* of the file */
    int64_t max_pixels; /* width × height as stored in the file */
    int max_side;       /* of width and of height */
    int64_t max_ms;  /* decoding time; JPEG stops within a scan line, the others are checked between steps */
    int wanted_side; /* > 0: the longer side may be scaled down (by 2, 4 or 8, JPEG only) while it stays ≥
                        this */
} mn_decode_limits;

typedef struct {
    mn_image_format format;
    int width, height; /* upright */
    int orientation;   /* 1 … 8 as EXIF has it; 1 where it is not said */
    uint64_t memory;   /* bytes that decoding within these limits takes at most, with the pixels it gives */
} mn_image_info;

/* 64 MiB, 100 M pixels, 30 000 a side, 10 s, no scaling. */
mn_decode_limits mn_decode_limits_default(void);
mn_decode_limits mn_decode_limits_read(const mn_settings *s); /* as image.* says */
const char *mn_image_format_name(mn_image_format format);     /* "JPEG" */

/* The header alone. MN_E_UNSUPPORTED for what is no picture known here, MN_E_LIMIT, MN_E_DECODE. */
mn_code mn_image_probe(const uint8_t *bytes, size_t n, const mn_decode_limits *limits, mn_image_info *out,
                       mn_error *err);
mn_code mn_image_decode(const uint8_t *bytes, size_t n, const mn_decode_limits *limits, mn_image **out,
                        mn_error *err);

#endif
