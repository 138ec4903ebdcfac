#include "face/describe.h"
#include <math.h>
#include <string.h>

static const mn_descriptor_recipe recipes[] = {
    /* RGB by the mean and deviation of ImageNet, as the network was trained */
    {"mobilefacenet-128",
     {{-1, 3, 112, 112}, 4},
     &mn_template_112,
     {{0, 1, 2},
      {0.485f * 255, 0.456f * 255, 0.406f * 255},
      {1 / (0.229f * 255), 1 / (0.224f * 255), 1 / (0.225f * 255)}}},
    /* RGB 0 … 255: the mean is folded into the first convolution */
    {"dlib-resnet-150", {{-1, 3, 150, 150}, 4}, &mn_template_150, {{0, 1, 2}, {0, 0, 0}, {1, 1, 1}}},
};

const mn_descriptor_recipe *mn_descriptor_recipe_for(const mn_model_info *model)
{
    for (size_t i = 0; model && i < sizeof recipes / sizeof *recipes; i++)
        if (strcmp(recipes[i].model, model->name) == 0 ||
            (model->made_from && strcmp(recipes[i].model, model->made_from) == 0))
            return &recipes[i];
    return NULL;
}

bool mn_normalise(float *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)v[i] * (double)v[i];
    double length = sqrt(sum);
    if (!(length > 0) || !isfinite(length))
        return false;
    for (size_t i = 0; i < n; i++)
        v[i] = (float)(v[i] / length);
    return true;
}

/* Adds the chip's vector (of unit length where the metric is cosine) to v. */
static mn_code add_vector(mn_work *w, const mn_descriptor_recipe *recipe, const mn_image *chip, float *v,
                          mn_error *err)
{
    const mn_model_info *model = w->nets->place[MN_NET_DESCRIPTOR].model;
    size_t dim = (size_t)model->dim;
    float one[MN_DESCRIPTOR_MAX];
    mn_result result = {0};
    mn_code code = mn_work_run_image(w, MN_NET_DESCRIPTOR, chip, &recipe->planes, &result, err);
    if (code != MN_OK)
        return code;
    code = mn_work_expect(&result, 0, dim, err);
    if (code == MN_OK)
        memcpy(one, result.data[0], dim * sizeof *one);
    mn_result_finish(&result);
    if (code == MN_OK && model->metric == MN_METRIC_COSINE && !mn_normalise(one, dim))
        code = mn_fail(err, MN_E_MODEL, "%s gave a vector without a direction", model->name);
    for (size_t i = 0; i < dim && code == MN_OK; i++)
        v[i] += one[i];
    return code;
}

static mn_code add_mirrored(mn_work *w, const mn_descriptor_recipe *recipe, const mn_image *chip, float *v,
                            mn_error *err)
{
    mn_image *mirror;
    mn_code code = mn_image_flip(chip, &mirror, err);
    if (code != MN_OK)
        return code;
    code = add_vector(w, recipe, mirror, v, err);
    mn_image_unref(mirror);
    return code;
}

mn_code mn_describe(mn_work *w, const mn_descriptor_recipe *recipe, const mn_image *chip, bool flip,
                    mn_descriptor *out, mn_error *err)
{
    const mn_model_info *model = w->nets->place[MN_NET_DESCRIPTOR].model;
    size_t dim = (size_t)model->dim;
    float *v = mn_arena_calloc(w->arena, dim, sizeof *v);
    if (!v)
        return mn_fail(err, MN_E_MEMORY, "out of memory for a descriptor");
    mn_code code = add_vector(w, recipe, chip, v, err);
    if (code == MN_OK && flip)
        code = add_mirrored(w, recipe, chip, v, err);
    if (code != MN_OK)
        return code;
    for (size_t i = 0; flip && i < dim; i++)
        v[i] /= 2;
    if (model->metric == MN_METRIC_COSINE && !mn_normalise(v, dim))
        return mn_fail(err, MN_E_MODEL, "%s: chip and mirror image cancel out", model->name);
    *out = (mn_descriptor){.dim = model->dim, .model = model->name, .metric = model->metric, .v = v};
    return MN_OK;
}

float mn_descriptor_score(const mn_descriptor *a, const mn_descriptor *b)
{
    const mn_simd *simd = mn_simd_get();
    return a->metric == MN_METRIC_L2 ? -sqrtf(simd->l2sq_f32(a->v, b->v, (size_t)a->dim))
                                     : simd->dot_f32(a->v, b->v, (size_t)a->dim);
}
