#include "image/header.h"
#include "image/bytes.h"
#include "image/exif.h"
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define READ_HERE "JPEG, PNG, WebP, BMP, PPM/PGM/PBM, TIFF and JPEG 2000 are"

typedef struct {
    const char *magic;
    size_t at, n;
    const char *what; /* in words, for what is known and not read */
    mn_image_format format;
} signature;

static const signature signatures[] = {
    {"\xff\xd8\xff", 0, 3, NULL, MN_FORMAT_JPEG},
    {"\x89PNG\r\n\x1a\n", 0, 8, NULL, MN_FORMAT_PNG},
    {"WEBP", 8, 4, NULL, MN_FORMAT_WEBP}, /* after "RIFF" and a size */
    {"BM", 0, 2, NULL, MN_FORMAT_BMP},
    {"II*\0", 0, 4, NULL, MN_FORMAT_TIFF},
    {"MM\0*", 0, 4, NULL, MN_FORMAT_TIFF},
    {"\0\0\0\x0cjP  \r\n\x87\n", 0, 12, NULL, MN_FORMAT_JP2},
    {"\xff\x4f\xff\x51", 0, 4, NULL, MN_FORMAT_JP2},
    {"GIF8", 0, 4, "a GIF", MN_FORMAT_UNKNOWN},
    {"ftypavif", 4, 8, "an AVIF picture", MN_FORMAT_UNKNOWN},
    {"ftypavis", 4, 8, "an AVIF animation", MN_FORMAT_UNKNOWN},
    {"ftyphei", 4, 7, "a HEIC picture", MN_FORMAT_UNKNOWN},
    {"ftyphev", 4, 7, "a HEIC animation", MN_FORMAT_UNKNOWN},
    {"ftypmif1", 4, 8, "a HEIF picture", MN_FORMAT_UNKNOWN},
    {"ftyp", 4, 4, "a video", MN_FORMAT_UNKNOWN},
    {"\x1a\x45\xdf\xa3", 0, 4, "a video", MN_FORMAT_UNKNOWN},
    {"\xff\x0a", 0, 2, "a JPEG XL picture", MN_FORMAT_UNKNOWN},
    {"\0\0\0\x0cJXL ", 0, 8, "a JPEG XL picture", MN_FORMAT_UNKNOWN},
    {"II+\0", 0, 4, "a BigTIFF", MN_FORMAT_UNKNOWN},
    {"MM\0+", 0, 4, "a BigTIFF", MN_FORMAT_UNKNOWN},
    {"8BPS", 0, 4, "a Photoshop document", MN_FORMAT_UNKNOWN},
    {"%PDF", 0, 4, "a PDF", MN_FORMAT_UNKNOWN},
    {"PK\3\4", 0, 4, "a ZIP archive", MN_FORMAT_UNKNOWN},
};

static const signature *find_signature(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const signature *s = &signatures[i];
        bool webp = s->format == MN_FORMAT_WEBP;
        if (n >= s->at + s->n && memcmp(bytes + s->at, s->magic, s->n) == 0 &&
            (!webp || memcmp(bytes, "RIFF", 4) == 0))
            return s;
    }
    return NULL;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

mn_image_format mn_header_sniff(const uint8_t *bytes, size_t n)
{
    if (n >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
        (is_space(bytes[2]) || bytes[2] == '#'))
        return MN_FORMAT_PNM;
    const signature *s = find_signature(bytes, n);
    return s ? s->format : MN_FORMAT_UNKNOWN;
}

static bool looks_like_text(const uint8_t *bytes, size_t n)
{
    size_t look = n < 256 ? n : 256;
    for (size_t i = 0; i < look; i++)
        if (bytes[i] == 0x7f || (bytes[i] < ' ' && !is_space(bytes[i])))
            return false;
    return true;
}

mn_code mn_header_refuse(const uint8_t *bytes, size_t n, mn_error *err)
{
    const signature *s = find_signature(bytes, n);
    if (s)
        return mn_fail(err, MN_E_UNSUPPORTED, "this is %s, which is not read here: " READ_HERE, s->what);
    if (looks_like_text(bytes, n))
        return mn_fail(err, MN_E_UNSUPPORTED, "this is text, not a picture: " READ_HERE " read here");
    return mn_fail(err, MN_E_UNSUPPORTED, "this is no picture in a known format: " READ_HERE " read here");
}

static mn_code truncated(mn_error *err, const char *format)
{
    return mn_fail(err, MN_E_DECODE, "the %s is truncated: the file ends before the picture does", format);
}

static mn_code damaged(mn_error *err, const char *format, const char *how)
{
    return mn_fail(err, MN_E_DECODE, "the %s is damaged: %s", format, how);
}

static mn_code read_png(const uint8_t *bytes, size_t n, mn_image_info *info, mn_error *err)
{
    if (n < 33)
        return truncated(err, "PNG");
    if (memcmp(bytes + 8, "\0\0\0\rIHDR", 8) != 0)
        return damaged(err, "PNG", "it does not begin with its header");
    uint32_t width = mn_be32(bytes + 16), height = mn_be32(bytes + 20);
    if (width > INT32_MAX || height > INT32_MAX)
        return damaged(err, "PNG", "its size is past what PNG allows");
    info->width = (int)width;
    info->height = (int)height;
    size_t at = 8;
    while (n - at >= 12) { /* a chunk: length, type, data, checksum */
        size_t length = mn_be32(bytes + at);
        const uint8_t *type = bytes + at + 4, *data = type + 4;
        if (length > n - at - 12)
            break;
        if (memcmp(type, "IEND", 4) == 0)
            return MN_OK;
        if (memcmp(type, "acTL", 4) == 0 && length >= 4 && mn_be32(data) > 1)
            return mn_fail(err, MN_E_UNSUPPORTED,
                           "this is an animated PNG of %" PRIu32 " frames: only still pictures are read",
                           mn_be32(data));
        if (memcmp(type, "eXIf", 4) == 0)
            info->orientation = mn_exif_orientation(data, length);
        at += 12 + length;
    }
    return truncated(err, "PNG");
}

/* The size of a frame in a VP8 (RFC 6386, 9.1) or VP8L (WebP lossless, 3) chunk. */
static bool read_webp_frame(const uint8_t *type, const uint8_t *data, size_t length, mn_image_info *info)
{
    if (memcmp(type, "VP8 ", 4) == 0 && length >= 10 && memcmp(data + 3, "\x9d\x01\x2a", 3) == 0) {
        info->width = (int)(mn_le16(data + 6) & 0x3fff);
        info->height = (int)(mn_le16(data + 8) & 0x3fff);
        return true;
    }
    if (memcmp(type, "VP8L", 4) == 0 && length >= 5 && data[0] == 0x2f) {
        uint32_t bits = mn_le32(data + 1);
        info->width = (int)(bits & 0x3fff) + 1;
        info->height = (int)(bits >> 14 & 0x3fff) + 1;
        return true;
    }
    return false;
}

static mn_code read_webp(const uint8_t *bytes, size_t n, mn_image_info *info, mn_error *err)
{
    if (n < 20 || mn_le32(bytes + 4) > n - 8)
        return truncated(err, "WebP");
    if (mn_le32(bytes + 4) < 12)
        return damaged(err, "WebP", "there is no picture in it");
    bool animated = false, found = false;
    size_t end = (size_t)mn_le32(bytes + 4) + 8;
    for (size_t at = 12; end - at >= 8;) {
        const uint8_t *type = bytes + at, *data = type + 8;
        size_t length = mn_le32(bytes + at + 4);
        if (length > end - at - 8)
            return truncated(err, "WebP");
        animated |= memcmp(type, "ANIM", 4) == 0 || memcmp(type, "ANMF", 4) == 0;
        animated |= memcmp(type, "VP8X", 4) == 0 && length >= 10 && (data[0] & 2);
        if (memcmp(type, "EXIF", 4) == 0)
            info->orientation = mn_exif_orientation(data, length);
        else if (!found)
            found = read_webp_frame(type, data, length, info);
        at += 8 + length;
        at += (length & 1) && at < end; /* chunks are padded to even lengths */
    }
    if (animated)
        return mn_fail(err, MN_E_UNSUPPORTED, "this is an animated WebP: only still pictures are read");
    return found ? MN_OK : damaged(err, "WebP", "there is no picture in it");
}

static mn_code read_bmp(const uint8_t *bytes, size_t n, mn_image_info *info, mn_error *err)
{
    if (n < 26 || (mn_le32(bytes + 14) >= 40 && n < 54))
        return truncated(err, "BMP");
    bool old = mn_le32(bytes + 14) == 12; /* the OS/2 header */
    if (!old && mn_le32(bytes + 14) < 40)
        return damaged(err, "BMP", "its header is of no known kind");
    int64_t width = old ? (int64_t)mn_le16(bytes + 18) : (int32_t)mn_le32(bytes + 18);
    int64_t height = old ? (int64_t)mn_le16(bytes + 20) : (int32_t)mn_le32(bytes + 22);
    height = height < 0 ? -height : height; /* negative: rows run from the top */
    if (width < 1 || height < 1 || height > INT32_MAX)
        return damaged(err, "BMP", "its size is none");
    info->width = (int)width;
    info->height = (int)height;
    int64_t bits = mn_le16(bytes + (old ? 24 : 28)), kind = old ? 0 : mn_le32(bytes + 30);
    bool plain = kind == 0 || kind == 3; /* not run-length coded: the size of the pixels is known */
    uint64_t need = plain ? mn_le32(bytes + 10) + (uint64_t)((width * bits + 31) / 32 * 4) * (uint64_t)height
                          : mn_le32(bytes + 2);
    return need > n ? truncated(err, "BMP") : MN_OK;
}

/* The next number of a PNM header, past spaces and comments; -1 when there is none below 2^24. */
static int64_t pnm_number(const uint8_t *bytes, size_t n, size_t *at)
{
    while (*at < n && (is_space(bytes[*at]) || bytes[*at] == '#')) {
        if (bytes[*at] == '#')
            while (*at < n && bytes[*at] != '\n')
                ++*at;
        else
            ++*at;
    }
    int64_t value = -1;
    for (; *at < n && bytes[*at] >= '0' && bytes[*at] <= '9' && value < 1 << 24; ++*at)
        value = (value < 0 ? 0 : value * 10) + (bytes[*at] - '0');
    return value < 1 << 24 ? value : -1;
}

static mn_code read_pnm(const uint8_t *bytes, size_t n, mn_image_info *info, mn_error *err)
{
    char kind = (char)bytes[1];
    bool bitmap = kind == '1' || kind == '4', binary = kind >= '4';
    size_t at = 2;
    int64_t width = pnm_number(bytes, n, &at), height = pnm_number(bytes, n, &at);
    int64_t highest = bitmap ? 1 : pnm_number(bytes, n, &at);
    if (width < 1 || height < 1 || highest < 1 || highest > 65535)
        return at >= n ? truncated(err, "PNM") : damaged(err, "PNM", "its header is not three numbers");
    info->width = (int)width;
    info->height = (int)height;
    int64_t samples = width * (kind == '3' || kind == '6' ? 3 : 1);
    int64_t row = kind == '4' ? (width + 7) / 8 : binary ? samples * (highest > 255 ? 2 : 1) : samples;
    /* Of text, a sample takes at least one byte; the decoder counts them exactly. */
    return row > (int64_t)(n - at) / height ? truncated(err, "PNM") : MN_OK;
}

static mn_code read_tiff(const uint8_t *bytes, size_t n, mn_image_info *info, mn_error *err)
{
    mn_tiff_facts facts;
    if (!mn_tiff_read(bytes, n, &facts) || !facts.complete)
        return truncated(err, "TIFF"); /* directory and values often stand at the end of the file */
    if (facts.width < 1 || facts.height < 1 || facts.width > INT32_MAX || facts.height > INT32_MAX)
        return damaged(err, "TIFF", "its directory does not say its size");
    info->width = (int)facts.width;
    info->height = (int)facts.height;
    info->orientation = facts.orientation;
    return MN_OK;
}

/* Where the codestream starts and ends: in boxes (ISO 15444-1, annex I), or the file itself. */
static bool find_codestream(const uint8_t *bytes, size_t n, size_t *start, size_t *end)
{
    *start = 0;
    *end = n;
    if (bytes[0] == 0xff)
        return true;
    for (size_t at = 0; n - at >= 8;) {
        uint64_t length = mn_be32(bytes + at), head = 8;
        if (length == 1 && n - at >= 16) {
            length = (uint64_t)mn_be32(bytes + at + 8) << 32 | mn_be32(bytes + at + 12);
            head = 16;
        } else if (length == 0) {
            length = n - at; /* to the end of the file */
        }
        if (length < head || length > n - at)
            return false;
        if (memcmp(bytes + at + 4, "jp2c", 4) == 0) {
            *start = at + (size_t)head;
            *end = at + (size_t)length;
            return true;
        }
        at += (size_t)length;
    }
    return false;
}

static mn_code read_jp2(const uint8_t *bytes, size_t n, mn_image_info *info, mn_error *err)
{
    size_t start, end;
    if (!find_codestream(bytes, n, &start, &end) || end - start < 42)
        return truncated(err, "JPEG 2000");
    const uint8_t *size =
        bytes + start; /* SOC, SIZ, its length, capabilities, then the extent and its offset */
    if (memcmp(size, "\xff\x4f\xff\x51", 4) != 0)
        return damaged(err, "JPEG 2000", "its codestream does not begin with its size");
    int64_t width = (int64_t)mn_be32(size + 8) - mn_be32(size + 16);
    int64_t height = (int64_t)mn_be32(size + 12) - mn_be32(size + 20);
    if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX)
        return damaged(err, "JPEG 2000", "its size is none");
    info->width = (int)width;
    info->height = (int)height;
    while (end > start && bytes[end - 1] == 0)
        end--; /* padding */
    return end - start >= 2 && bytes[end - 2] == 0xff && bytes[end - 1] == 0xd9 ? MN_OK
                                                                                : truncated(err, "JPEG 2000");
}

mn_code mn_header_read(const uint8_t *bytes, size_t n, mn_image_format format, mn_image_info *out,
                       mn_error *err)
{
    mn_image_info info = {.format = format, .orientation = 1};
    mn_code code = MN_E_INTERNAL;
    switch (format) {
    case MN_FORMAT_PNG:
        code = read_png(bytes, n, &info, err);
        break;
    case MN_FORMAT_WEBP:
        code = read_webp(bytes, n, &info, err);
        break;
    case MN_FORMAT_BMP:
        code = read_bmp(bytes, n, &info, err);
        break;
    case MN_FORMAT_PNM:
        code = read_pnm(bytes, n, &info, err);
        break;
    case MN_FORMAT_TIFF:
        code = read_tiff(bytes, n, &info, err);
        break;
    case MN_FORMAT_JP2:
        code = read_jp2(bytes, n, &info, err);
        break;
    case MN_FORMAT_JPEG:
    case MN_FORMAT_UNKNOWN:
        return mn_fail(err, MN_E_INTERNAL, "no header reader for this format");
    }
    if (code == MN_OK)
        *out = info;
    return code;
}

mn_code mn_header_check(const mn_image_info *info, const mn_decode_limits *limits, mn_error *err)
{
    int64_t pixels = (int64_t)info->width * info->height;
    const char *name = mn_image_format_name(info->format);
    if (info->width < 1 || info->height < 1)
        return damaged(err, name, "its size is none");
    if (info->width > limits->max_side || info->height > limits->max_side)
        return mn_fail(err, MN_E_LIMIT, "the picture is %d × %d pixels; the limit is %d a side", info->width,
                       info->height, limits->max_side);
    if (pixels > limits->max_pixels)
        return mn_fail(err, MN_E_LIMIT,
                       "the picture is %d × %d, %.1f million pixels; the limit is %.1f million", info->width,
                       info->height, (double)pixels / 1e6, (double)limits->max_pixels / 1e6);
    return MN_OK;
}
