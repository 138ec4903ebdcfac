/* Resize: averages over boxes of a power of two, then bilinear. */
#include "base/alloc.h"
#include "image/image_internal.h"
#include "image/transform.h"
#include <string.h>

#define WEIGHT_BITS 11
#define WEIGHT_ONE  (1u << WEIGHT_BITS)

/* One row of boxes, kx pixels wide and of `rows` rows whose column sums are given. The last box may be
 * narrower. */
static void average_row(const uint32_t *sums, size_t width, size_t channels, size_t kx, size_t rows,
                        uint8_t *out)
{
    for (size_t x = 0; x < width; x += kx) {
        size_t n = width - x < kx ? width - x : kx;
        for (size_t c = 0; c < channels; c++) {
            uint32_t sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += sums[(x + i) * channels + c];
            uint32_t count = (uint32_t)(n * rows);
            *out++ = (uint8_t)((sum + count / 2) / count);
        }
    }
}

mn_code mn_image_shrink(const mn_image *image, int x0, int y0, int x1, int y1, int kx, int ky, mn_image **out,
                        mn_error *err)
{
    const mn_simd *simd = mn_simd_get();
    size_t width = (size_t)(x1 - x0), channels = (size_t)mn_image_channels(image);
    mn_image *made = NULL;
    mn_code code =
        mn_image_create((x1 - x0 + kx - 1) / kx, (y1 - y0 + ky - 1) / ky, (int)channels, &made, err);
    if (code != MN_OK)
        return code;
    uint32_t *sums = mn_alloc(width * channels * sizeof *sums);
    if (!sums) {
        mn_image_unref(made);
        return mn_fail(err, MN_E_MEMORY, "no memory to shrink a picture of %d pixels a row", x1 - x0);
    }
    for (int y = y0; y < y1; y += ky) {
        int rows = y1 - y < ky ? y1 - y : ky;
        memset(sums, 0, width * channels * sizeof *sums);
        for (int i = 0; i < rows; i++)
            simd->add_row_u32(mn_image_row(image, y + i) + (size_t)x0 * channels, width * channels, sums);
        average_row(sums, width, channels, (size_t)kx, (size_t)rows, mn_image_row_mut(made, (y - y0) / ky));
    }
    mn_free(sums);
    *out = made;
    return MN_OK;
}

/* Which two source pixels an output pixel lies between, and how near the second is. */
typedef struct {
    uint32_t first, second;
    uint32_t weight; /* of the second, of WEIGHT_ONE */
} tap;

/* Output pixel i is centred on (i + 1/2) * ratio - 1/2; the border repeats. */
static tap tap_of(int i, double ratio, int size)
{
    double at = (i + 0.5) * ratio - 0.5;
    at = at < 0 ? 0 : at > size - 1 ? size - 1 : at;
    uint32_t first = (uint32_t)at;
    return (tap){first, first + 1 < (uint32_t)size ? first + 1 : first,
                 (uint32_t)((at - first) * WEIGHT_ONE + 0.5)};
}

static void stretch_row_rgb(const uint8_t *row, const tap *taps, int n, uint8_t *out)
{
    for (int x = 0; x < n; x++, out += 3) {
        const uint8_t *a = row + 3 * taps[x].first, *b = row + 3 * taps[x].second;
        uint32_t wb = taps[x].weight, wa = WEIGHT_ONE - wb;
        out[0] = (uint8_t)((a[0] * wa + b[0] * wb + WEIGHT_ONE / 2) >> WEIGHT_BITS);
        out[1] = (uint8_t)((a[1] * wa + b[1] * wb + WEIGHT_ONE / 2) >> WEIGHT_BITS);
        out[2] = (uint8_t)((a[2] * wa + b[2] * wb + WEIGHT_ONE / 2) >> WEIGHT_BITS);
    }
}

static void stretch_row_grey(const uint8_t *row, const tap *taps, int n, uint8_t *out)
{
    for (int x = 0; x < n; x++) {
        uint32_t wb = taps[x].weight, wa = WEIGHT_ONE - wb;
        out[x] =
            (uint8_t)((row[taps[x].first] * wa + row[taps[x].second] * wb + WEIGHT_ONE / 2) >> WEIGHT_BITS);
    }
}

/* Ratios are those of the picture that was asked for, over the boxes: with a last, narrower box they differ
 * from the quotient of the sizes. */
static mn_code stretch(const mn_image *image, double ratio_x, double ratio_y, mn_image *out, mn_error *err)
{
    const mn_simd *simd = mn_simd_get();
    int w = mn_image_width(image), h = mn_image_height(image), width = mn_image_width(out);
    size_t row_bytes = (size_t)w * (size_t)mn_image_channels(image);
    tap *taps = mn_alloc((size_t)width * sizeof *taps + row_bytes);
    if (!taps)
        return mn_fail(err, MN_E_MEMORY, "no memory to resize a picture to %d pixels a row", width);
    uint8_t *blended = (uint8_t *)(taps + width);
    for (int x = 0; x < width; x++)
        taps[x] = tap_of(x, ratio_x, w);
    for (int y = 0; y < mn_image_height(out); y++) {
        tap t = tap_of(y, ratio_y, h);
        const uint8_t *row = mn_image_row(image, (int)t.first);
        if (t.weight) {
            simd->blend_rows_u8(row, mn_image_row(image, (int)t.second), WEIGHT_ONE - t.weight, t.weight,
                                row_bytes, blended);
            row = blended;
        }
        if (mn_image_channels(image) == 3)
            stretch_row_rgb(row, taps, width, mn_image_row_mut(out, y));
        else
            stretch_row_grey(row, taps, width, mn_image_row_mut(out, y));
    }
    mn_free(taps);
    return MN_OK;
}

/* The largest power of two that leaves at least the size asked for. */
static int power_below(int from, int to)
{
    int k = 1;
    while (k < 256 && from / (2 * k) >= to)
        k *= 2;
    return k;
}

mn_code mn_image_resize(const mn_image *image, int width, int height, mn_image **out, mn_error *err)
{
    int w = mn_image_width(image), h = mn_image_height(image);
    if (width == w && height == h) {
        *out = mn_image_ref(image);
        return MN_OK;
    }
    mn_image *made = NULL, *boxes = NULL;
    mn_code code = mn_image_create(width, height, mn_image_channels(image), &made, err);
    if (code != MN_OK)
        return code;
    int kx = power_below(w, width), ky = power_below(h, height);
    if (kx > 1 || ky > 1)
        code = mn_image_shrink(image, 0, 0, w, h, kx, ky, &boxes, err);
    if (code == MN_OK)
        code = stretch(boxes ? boxes : image, (double)w / width / kx, (double)h / height / ky, made, err);
    mn_image_unref(boxes);
    if (code != MN_OK) {
        mn_image_unref(made);
        return code;
    }
    mn_image_set_scale(made, mn_image_scale(image) * (float)w / (float)width);
    *out = made;
    return MN_OK;
}
