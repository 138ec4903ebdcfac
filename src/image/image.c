#include "image/image.h"
#include "base/alloc.h"
#include "image/image_internal.h"
#include <assert.h>
#include <stdatomic.h>

/* The pixels follow the struct in one piece of memory; its size is a multiple of 64, so that rows are
 * aligned. */
struct mn_image {
    atomic_int refs;
    int width, height, channels;
    float scale;
    size_t stride;
    _Alignas(64) uint8_t pixels[];
};

/* Coordinates stay exact in a float and byte offsets in a row fit an int32 (the gathers of the warp kernels).
 */
#define SIDE_MAX 65535

mn_code mn_image_create(int width, int height, int channels, mn_image **out, mn_error *err)
{
    if (width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX)
        return mn_fail(err, MN_E_INVALID, "a picture of %d × %d pixels: sides must be 1 to %d", width, height,
                       SIDE_MAX);
    if (channels != 1 && channels != 3)
        return mn_fail(err, MN_E_INVALID, "a picture of %d channels: 1 or 3 are possible", channels);
    size_t stride = ((size_t)width * (size_t)channels + 63) & ~(size_t)63;
    mn_image *image = mn_alloc_aligned(sizeof *image + stride * (size_t)height);
    if (!image)
        return mn_fail(err, MN_E_MEMORY, "no memory for a picture of %d × %d pixels", width, height);
    *image = (mn_image){
        .refs = 1, .width = width, .height = height, .channels = channels, .scale = 1, .stride = stride};
    *out = image;
    return MN_OK;
}

mn_image *mn_image_ref(const mn_image *image)
{
    mn_image *mutable = (mn_image *)image; /* the count is no part of what the reader sees */
    atomic_fetch_add_explicit(&mutable->refs, 1, memory_order_relaxed);
    return mutable;
}

void mn_image_unref(const mn_image *image)
{
    mn_image *mutable = (mn_image *)image;
    if (mutable && atomic_fetch_sub_explicit(&mutable->refs, 1, memory_order_acq_rel) == 1)
        mn_free_aligned(mutable);
}

int mn_image_width(const mn_image *image)
{
    return image->width;
}

int mn_image_height(const mn_image *image)
{
    return image->height;
}

int mn_image_channels(const mn_image *image)
{
    return image->channels;
}

size_t mn_image_stride(const mn_image *image)
{
    return image->stride;
}

const uint8_t *mn_image_row(const mn_image *image, int y)
{
    assert(y >= 0 && y < image->height);
    return image->pixels + (size_t)y * image->stride;
}

uint8_t *mn_image_row_mut(mn_image *image, int y)
{
    assert(y >= 0 && y < image->height);
    assert(atomic_load(&image->refs) == 1);
    return image->pixels + (size_t)y * image->stride;
}

float mn_image_scale(const mn_image *image)
{
    return image->scale;
}

void mn_image_set_scale(mn_image *image, float scale)
{
    image->scale = scale;
}
