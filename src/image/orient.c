/* The eight EXIF orientations (Exif 2.32, tag 274). */
#include "image/image_internal.h"
#include <stdbool.h>
#include <stddef.h>

/* Where the stored pixels lie as seen from the upright picture. */
typedef struct {
    bool swap;       /* rows become columns */
    bool from_right; /* the first pixel of an upright row is the last of the stored row (or column) */
    bool from_bottom;
} turn;

static turn turn_of(int orientation)
{
    static const turn turns[9] = {
        [1] = {false, false, false}, [2] = {false, true, false}, [3] = {false, true, true},
        [4] = {false, false, true},  [5] = {true, false, false}, [6] = {true, false, true},
        [7] = {true, true, true},    [8] = {true, true, false},
    };
    return turns[orientation];
}

/* In stored coordinates, of the upright picture's row y: the address of its first pixel and the step to the
 * next. */
static const uint8_t *start_of_row(const mn_image *stored, turn t, int y, ptrdiff_t *step)
{
    int w = mn_image_width(stored), h = mn_image_height(stored), channels = mn_image_channels(stored);
    ptrdiff_t stride = (ptrdiff_t)mn_image_stride(stored);
    if (t.swap) {
        int column = t.from_right ? w - 1 - y : y;
        *step = t.from_bottom ? -stride : stride;
        return mn_image_row(stored, t.from_bottom ? h - 1 : 0) + (ptrdiff_t)column * channels;
    }
    *step = t.from_right ? -channels : channels;
    return mn_image_row(stored, t.from_bottom ? h - 1 - y : y) +
           (t.from_right ? (ptrdiff_t)(w - 1) * channels : 0);
}

/* Blocks of this side keep a quarter turn inside the first cache: it reads columns and writes rows. */
#define BLOCK 32

static void copy_block(const mn_image *stored, turn t, mn_image *upright, int x0, int y0)
{
    int channels = mn_image_channels(stored);
    int x1 = x0 + BLOCK < mn_image_width(upright) ? x0 + BLOCK : mn_image_width(upright);
    int y1 = y0 + BLOCK < mn_image_height(upright) ? y0 + BLOCK : mn_image_height(upright);
    for (int y = y0; y < y1; y++) {
        ptrdiff_t step;
        const uint8_t *from = start_of_row(stored, t, y, &step);
        uint8_t *to = mn_image_row_mut(upright, y);
        for (int x = x0; x < x1; x++)
            for (int c = 0; c < channels; c++)
                to[x * channels + c] = from[x * step + c];
    }
}

mn_code mn_image_orient(mn_image **image, int orientation, mn_error *err)
{
    if (orientation <= 1 || orientation > 8)
        return MN_OK;
    const mn_image *stored = *image;
    turn t = turn_of(orientation);
    int w = mn_image_width(stored), h = mn_image_height(stored);
    mn_image *upright = NULL;
    mn_code code = mn_image_create(t.swap ? h : w, t.swap ? w : h, mn_image_channels(stored), &upright, err);
    if (code != MN_OK)
        return code;
    for (int y = 0; y < mn_image_height(upright); y += BLOCK)
        for (int x = 0; x < mn_image_width(upright); x += BLOCK)
            copy_block(stored, t, upright, x, y);
    mn_image_set_scale(upright, mn_image_scale(stored));
    mn_image_unref(stored);
    *image = upright;
    return MN_OK;
}
