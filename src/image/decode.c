#include "image/decode.h"
#include "image/decode_internal.h"
#include "image/header.h"
#include "image/image_internal.h"

mn_decode_limits mn_decode_limits_default(void)
{
    return (mn_decode_limits){
        .max_bytes = (size_t)64 << 20,
        .max_pixels = 100 * 1000 * 1000,
        .max_side = 30000,
        .max_ms = 10 * 1000,
    };
}

mn_decode_limits mn_decode_limits_read(const mn_settings *s)
{
    mn_decode_limits l = mn_decode_limits_default();
    l.max_bytes = (size_t)mn_settings_int(s, MN_S_IMAGE_MAX_BYTES);
    l.max_pixels = mn_settings_int(s, MN_S_IMAGE_MAX_PIXELS);
    l.max_side = (int)mn_settings_int(s, MN_S_IMAGE_MAX_SIDE);
    l.max_ms = mn_settings_int(s, MN_S_IMAGE_MAX_MS);
    return l;
}

const char *mn_image_format_name(mn_image_format format)
{
    switch (format) {
    case MN_FORMAT_JPEG:
        return "JPEG";
    case MN_FORMAT_PNG:
        return "PNG";
    case MN_FORMAT_WEBP:
        return "WebP";
    case MN_FORMAT_BMP:
        return "BMP";
    case MN_FORMAT_PNM:
        return "PNM";
    case MN_FORMAT_TIFF:
        return "TIFF";
    case MN_FORMAT_JP2:
        return "JPEG 2000";
    case MN_FORMAT_UNKNOWN:
        break;
    }
    return "unknown";
}

static mn_code sniff(const uint8_t *bytes, size_t n, const mn_decode_limits *limits, mn_image_format *format,
                     mn_error *err)
{
    if (n == 0)
        return mn_fail(err, MN_E_INVALID, "the file is empty");
    if (n > limits->max_bytes)
        return mn_fail(err, MN_E_LIMIT, "the file has %zu bytes; the limit is %zu", n, limits->max_bytes);
    *format = mn_header_sniff(bytes, n);
    return *format == MN_FORMAT_UNKNOWN ? mn_header_refuse(bytes, n, err) : MN_OK;
}

uint64_t mn_decode_memory(const mn_image_info *info, unsigned work, unsigned by)
{
    uint64_t pixels = (uint64_t)info->width * (uint64_t)info->height;
    uint64_t given = ((uint64_t)info->width / by + 1) * ((uint64_t)info->height / by + 1) * 3;
    return pixels * work + given * (info->orientation > 1 ? 2 : 1);
}

/* What FFmpeg's frame takes a pixel, and the step from one with alpha to one without. */
static unsigned work_of(mn_image_format format, const uint8_t *bytes)
{
    static const unsigned png[] = {1, 0, 4, 1,
                                   2, 0, 4}; /* samples, by kind of colour; one may be given out as clear */
    if (format == MN_FORMAT_JP2)
        return 24; /* four coefficients of four bytes as well */
    if (format != MN_FORMAT_PNG || bytes[25] > 6)
        return 12;
    return png[bytes[25]] * (bytes[24] > 8 ? 2 : 1) + 4;
}

mn_code mn_image_probe(const uint8_t *bytes, size_t n, const mn_decode_limits *limits, mn_image_info *out,
                       mn_error *err)
{
    mn_image_info info = {0};
    mn_code code = sniff(bytes, n, limits, &info.format, err);
    if (code != MN_OK)
        return code;
    if (info.format == MN_FORMAT_JPEG)
        code = mn_jpeg_probe(bytes, n, limits, &info, err);
    else if ((code = mn_header_read(bytes, n, info.format, &info, err)) == MN_OK)
        code = mn_header_check(&info, limits, err);
    if (code != MN_OK)
        return code;
    if (info.format != MN_FORMAT_JPEG)
        info.memory = mn_decode_memory(&info, work_of(info.format, bytes), 1);
    if (info.orientation >= 5) { /* a quarter turn */
        int width = info.width;
        info.width = info.height;
        info.height = width;
    }
    *out = info;
    return MN_OK;
}

mn_code mn_image_decode(const uint8_t *bytes, size_t n, const mn_decode_limits *limits, mn_image **out,
                        mn_error *err)
{
    mn_image_info info = {0};
    mn_image *image = NULL;
    mn_code code = sniff(bytes, n, limits, &info.format, err);
    if (code != MN_OK)
        return code;
    if (info.format == MN_FORMAT_JPEG)
        code = mn_jpeg_decode(bytes, n, limits, &info, &image, err);
    else if ((code = mn_header_read(bytes, n, info.format, &info, err)) == MN_OK &&
             (code = mn_header_check(&info, limits, err)) == MN_OK)
        code = mn_av_decode(bytes, n, &info, limits, &image, err);
    if (code == MN_OK)
        code = mn_image_orient(&image, info.orientation, err);
    if (code != MN_OK) {
        mn_image_unref(image);
        return code;
    }
    *out = image;
    return MN_OK;
}
