#include "face/liveness.h"
#include <math.h>
#include <string.h>

#define CLASSES 3 /* printed, live, shown on a screen */
#define LIVE    1

static const mn_liveness_recipe recipes[] = {{"minifasnet-v2", 2.7f}, {"minifasnet-v1se", 4.0f}};

const mn_liveness_recipe *mn_liveness_recipe_for(const mn_model_info *model)
{
    for (size_t i = 0; model && i < sizeof recipes / sizeof *recipes; i++)
        if (strcmp(recipes[i].model, model->name) == 0)
            return &recipes[i];
    return NULL;
}

mn_box mn_liveness_crop(const mn_box *face, float scale, int width, int height)
{
    float fits = fminf((float)(width - 1) / face->width, (float)(height - 1) / face->height);
    float s = fminf(fits, scale), w = face->width * s, h = face->height * s;
    float x = face->x + face->width / 2 - w / 2, y = face->y + face->height / 2 - h / 2;
    x = fmaxf(0, fminf(x, (float)(width - 1) - w));
    y = fmaxf(0, fminf(y, (float)(height - 1) - h));
    return (mn_box){x, y, w, h};
}

/* The box is not square and the input is: the networks were trained on crops stretched so. */
static mn_code run_one(mn_work *w, int i, const mn_box *face, float *live, mn_error *err)
{
    static const mn_plane_spec spec = {{2, 1, 0}, {0, 0, 0}, {1, 1, 1}};
    mn_net_slot slot = (mn_net_slot)(MN_NET_LIVENESS + i);
    const mn_liveness_recipe *recipe = mn_liveness_recipe_for(w->nets->place[slot].model);
    mn_box b = mn_liveness_crop(face, recipe->scale, mn_pyramid_width(&w->pyramid, 0),
                                mn_pyramid_height(&w->pyramid, 0));
    float rx = b.width / MN_LIVENESS_INPUT, ry = b.height / MN_LIVENESS_INPUT;
    mn_affine map = {.a = rx, .c = b.x + (rx - 1) / 2, .e = ry, .f = b.y + (ry - 1) / 2};
    mn_image *crop;
    mn_result result = {0};
    mn_code code = mn_pyramid_warp(&w->pyramid, &map, MN_LIVENESS_INPUT, MN_LIVENESS_INPUT, &crop, err);
    if (code != MN_OK)
        return code;
    code = mn_work_run_image(w, slot, crop, &spec, &result, err);
    mn_image_unref(crop);
    if (code != MN_OK)
        return code;
    code = mn_work_expect(&result, 0, CLASSES, err);
    if (code == MN_OK)
        *live = result.data[0][LIVE];
    mn_result_finish(&result);
    return code;
}

mn_code mn_liveness_check(mn_work *w, const mn_box *face, mn_liveness *out, mn_error *err)
{
    mn_liveness made = {.made = true};
    for (int i = 0; i < MN_LIVENESS_MAX; i++) {
        float live = 0;
        if (!w->nets->place[MN_NET_LIVENESS + i].model)
            continue;
        mn_code code = run_one(w, i, face, &live, err);
        if (code != MN_OK)
            return code;
        made.each[made.n++] = live;
        made.score += live;
    }
    made.score /= (float)made.n;
    *out = made;
    return MN_OK;
}
