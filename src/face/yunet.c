/* YuNet-n (https://github.com/ShiqiYu/libfacedetection.train): an anchor-free detector for faces of about 10
 * to 300 px, so a picture is looked at on every second level of its pyramid, from the one where the smallest
 * wanted face has 10 px. */
#include "face/detector.h"
#include <math.h>
#include <string.h>

#define SMALLEST_PX 10   /* of a face in the input, that is found reliably */
#define LEAST_SIDE  240  /* the finest level is not made smaller than this: nothing would be saved */
#define TILE_SIDE   1280 /* bounds the memory of a run: about 100 MB */
#define TILE_SHARED                                                                                          \
    96 /* overlap: faces up to this are whole in one tile; larger ones are the coarser level's */

static mn_code plan(const mn_pyramid *p, int min_face, mn_views *out, mn_error *err)
{
    const mn_tiling tiling = {.side = TILE_SIDE, .overlap = TILE_SHARED, .multiple = 32};
    int width = mn_pyramid_width(p, 0), height = mn_pyramid_height(p, 0);
    int longer = width > height ? width : height, level = 0;
    while (longer >> (level + 1) >= LEAST_SIDE && min_face >> (level + 1) >= SMALLEST_PX)
        level++;
    mn_code code = MN_OK;
    for (; code == MN_OK && level < MN_PYRAMID_LEVELS && (out->n == 0 || longer >> level >= 32); level += 2)
        code = mn_views_tile(out, p, level, &tiling, err);
    return code;
}

typedef struct {
    int stride, columns, rows;
    const float *cls, *obj, *box, *points;
} grid;

static mn_code find_grid(const mn_result *r, const mn_view *view, int stride, int order, grid *g,
                         mn_error *err)
{
    static const char *const names[3][4] = {{"cls_8", "obj_8", "bbox_8", "kps_8"},
                                            {"cls_16", "obj_16", "bbox_16", "kps_16"},
                                            {"cls_32", "obj_32", "bbox_32", "kps_32"}};
    static const size_t per_cell[4] = {1, 1, 4, 10};
    const float *data[4];
    g->stride = stride;
    g->columns = view->input_width / stride;
    g->rows = view->input_height / stride;
    for (int i = 0; i < 4; i++) {
        int at = mn_net_output_index(r->net, names[order][i]);
        if (at < 0)
            return mn_fail(err, MN_E_MODEL, "%s has no output %s", mn_yunet.model, names[order][i]);
        mn_code code = mn_work_expect(r, (size_t)at, per_cell[i] * (size_t)g->columns * (size_t)g->rows, err);
        if (code != MN_OK)
            return code;
        data[i] = r->data[at];
    }
    g->cls = data[0], g->obj = data[1], g->box = data[2], g->points = data[3];
    return MN_OK;
}

static mn_detection cell_detection(const grid *g, int cell, float score)
{
    const float *b = g->box + 4 * (size_t)cell, *k = g->points + 10 * (size_t)cell;
    float s = (float)g->stride, column = (float)(cell % g->columns), row = (float)(cell / g->columns);
    float width = expf(b[2]) * s, height = expf(b[3]) * s;
    mn_detection d = {.score = score,
                      .box = {(column + b[0]) * s - width / 2, (row + b[1]) * s - height / 2, width, height}};
    for (int i = 0; i < 5; i++)
        d.points[i] = (mn_point){(column + k[2 * i]) * s, (row + k[2 * i + 1]) * s};
    return d;
}

static mn_code read_outputs(const mn_result *r, const mn_view *view, float min_score, mn_detections *out,
                            mn_error *err)
{
    for (int order = 0; order < 3; order++) {
        grid g = {0};
        mn_code code = find_grid(r, view, 8 << order, order, &g, err);
        for (int cell = 0; code == MN_OK && cell < g.columns * g.rows; cell++) {
            /* score = sqrt(cls · obj), compared without the root, which few cells need */
            float squared = g.cls[cell] * g.obj[cell];
            if (!(squared >= min_score * min_score))
                continue;
            mn_detection d = cell_detection(&g, cell, sqrtf(squared));
            if (isfinite(d.box.width) && isfinite(d.box.height))
                code = mn_detections_add(out, &d, err);
        }
        if (code != MN_OK)
            return code;
    }
    return MN_OK;
}

const mn_detector mn_yunet = {
    .model = "yunet-n",
    .input = {{-1, 3, -1, -1}, 4},
    .planes = {.order = {2, 1, 0}, .mean = {0, 0, 0}, .scale = {1, 1, 1}},
    .plan = plan,
    .read = read_outputs,
};
