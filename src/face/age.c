#include "face/age.h"
#include <math.h>

#define MARGIN 0.4f /* of the box, on each side */

void mn_stretch_255(float *v, size_t n)
{
    float low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        low = fminf(low, v[i]);
        high = fmaxf(high, v[i]);
    }
    float scale = high > low ? 255 / (high - low) : 0;
    for (size_t i = 0; i < n; i++)
        v[i] = (v[i] - low) * scale;
}

static mn_code load_crop(mn_work *w, const mn_box *face, float *planes, mn_error *err)
{
    static const mn_plane_spec spec = {{2, 1, 0}, {0, 0, 0}, {1, 1, 1}};
    float width = face->width * (1 + 2 * MARGIN), height = face->height * (1 + 2 * MARGIN);
    float rx = width / MN_AGE_INPUT, ry = height / MN_AGE_INPUT;
    mn_affine map = {.a = rx,
                     .c = face->x - MARGIN * face->width + (rx - 1) / 2,
                     .e = ry,
                     .f = face->y - MARGIN * face->height + (ry - 1) / 2};
    mn_image *crop;
    mn_code code = mn_pyramid_warp(&w->pyramid, &map, MN_AGE_INPUT, MN_AGE_INPUT, &crop, err);
    if (code != MN_OK)
        return code;
    mn_image_to_planes(crop, &spec, planes);
    mn_image_unref(crop);
    return MN_OK;
}

mn_code mn_age_guess(mn_work *w, const mn_box *face, mn_age *out, mn_error *err)
{
    static const mn_shape shape = {{1, 3, MN_AGE_INPUT, MN_AGE_INPUT}, 4};
    const size_t n = 3 * MN_AGE_INPUT * MN_AGE_INPUT;
    mn_result result = {0};
    float *planes;
    mn_code code = mn_work_floats(w, n, &planes, err);
    if (code == MN_OK)
        code = load_crop(w, face, planes, err);
    if (code != MN_OK)
        return code;
    mn_stretch_255(planes, n);
    code = mn_work_run(w, MN_NET_AGE, planes, &shape, &result, err);
    if (code != MN_OK)
        return code;
    code = mn_work_expect(&result, 0, 1, err);
    if (code == MN_OK)
        *out = (mn_age){.made = true, .years = result.data[0][0]};
    mn_result_finish(&result);
    return code;
}
