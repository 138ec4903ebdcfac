/* BlazeFace, back camera, 256 px (the detector of the offline pack). Its input is small: a face under 9 % of
 * the input's width is not found, so the picture is looked at as a whole and then, where smaller faces are
 * wanted, in tiles. */
#include "face/detector.h"
#include <math.h>

#define INPUT     256
#define SMALLEST  0.09f /* of the input's width */
#define TILES_MAX 20    /* a run takes 3 ms: where more would be needed, the smallest faces are not found */
/* Tiling begins where faces this much larger than the smallest wanted would be missed. */
#define WORTH_IT    1.5f
#define MOUTH_WIDTH 0.4f /* half of the mouth, in eye distances: the network gives only its middle */

static const struct {
    int stride, per_cell;
} anchors[2] = {{16, 2}, {32, 6}};

/* The level whose pixels are between one and two of the input's for a square of `side` picture pixels. */
static mn_code add_squares(const mn_pyramid *p, int side, int overlap, mn_views *out, mn_error *err)
{
    int level = mn_pyramid_level_for(p, (float)side / INPUT);
    mn_tiling tiling = {.side = side >> level, .overlap = overlap >> level, .input = INPUT};
    return mn_views_tile(out, p, level, &tiling, err);
}

static size_t squares_needed(int width, int height, int side, int overlap)
{
    int columns = width <= side ? 1 : 2 + (width - side) / (side - overlap);
    int rows = height <= side ? 1 : 2 + (height - side) / (side - overlap);
    return (size_t)columns * (size_t)rows;
}

static mn_code plan(const mn_pyramid *p, int min_face, mn_views *out, mn_error *err)
{
    int width = mn_pyramid_width(p, 0), height = mn_pyramid_height(p, 0);
    int longer = width > height ? width : height;
    mn_code code = add_squares(p, longer, 0, out, err);
    /* A tile shares with its neighbours what the whole view would just have found. */
    int overlap = (int)(SMALLEST * (float)longer), side = longer;
    while (side / 2 > 2 * overlap && SMALLEST * (float)side > WORTH_IT * (float)min_face &&
           squares_needed(width, height, side / 2, overlap) <= TILES_MAX)
        side /= 2;
    if (code == MN_OK && side < longer)
        code = add_squares(p, side, overlap, out, err);
    if (code != MN_OK)
        return code;
    /* Close-ups: a face larger than the picture is found when a black rim is laid around it. */
    int level = mn_pyramid_level_for(p, (float)longer * 2 / INPUT), rim = (longer >> level) * 2;
    mn_view view = {.level = level, .width = rim, .height = rim, .input_width = INPUT, .input_height = INPUT};
    view.x = (mn_pyramid_width(p, level) - rim) / 2;
    view.y = (mn_pyramid_height(p, level) - rim) / 2;
    view.spare = true;
    return mn_views_add(out, &view, err);
}

static mn_detection anchor_detection(const float *v, float x, float y, float score)
{
    /* eyes, nose, middle of the mouth, ears; offsets from the anchor in input pixels */
    mn_point eye0 = {x + v[4], y + v[5]}, eye1 = {x + v[6], y + v[7]};
    mn_point nose = {x + v[8], y + v[9]}, mouth = {x + v[10], y + v[11]};
    float dx = (eye1.x - eye0.x) * MOUTH_WIDTH, dy = (eye1.y - eye0.y) * MOUTH_WIDTH;
    return (mn_detection){
        .box = {x + v[0] - v[2] / 2, y + v[1] - v[3] / 2, v[2], v[3]},
        .score = score,
        .points = {eye0, eye1, nose, {mouth.x - dx, mouth.y - dy}, {mouth.x + dx, mouth.y + dy}},
    };
}

static mn_code read_grid(const float *logits, const float *values, int which, float min_score,
                         mn_detections *out, mn_error *err)
{
    int stride = anchors[which].stride, per_cell = anchors[which].per_cell, cells = INPUT / stride;
    float min_logit = logf(min_score / (1 - min_score));
    mn_code code = MN_OK;
    for (int i = 0; i < cells * cells * per_cell && code == MN_OK; i++) {
        if (!(logits[i] >= min_logit))
            continue;
        int cell = i / per_cell;
        float x = ((float)(cell % cells) + 0.5f) * (float)stride,
              y = ((float)(cell / cells) + 0.5f) * (float)stride;
        mn_detection d = anchor_detection(values + 16 * (size_t)i, x, y, 1 / (1 + expf(-logits[i])));
        if (isfinite(d.box.x + d.box.y) && d.box.width > 0 && d.box.height > 0)
            code = mn_detections_add(out, &d, err);
    }
    return code;
}

/* The network has four outputs of different sizes: logits and values for each of the two grids. */
static const float *output_of(const mn_result *r, size_t count)
{
    for (size_t i = 0; i < mn_net_outputs(r->net); i++)
        if (r->count[i] == count)
            return r->data[i];
    return NULL;
}

static mn_code read_outputs(const mn_result *r, const mn_view *view, float min_score, mn_detections *out,
                            mn_error *err)
{
    (void)view; /* the input has one size */
    for (int i = 0; i < 2; i++) {
        size_t cells = (size_t)(INPUT / anchors[i].stride), n = cells * cells * (size_t)anchors[i].per_cell;
        const float *logits = output_of(r, n), *values = output_of(r, 16 * n);
        if (!logits || !values)
            return mn_fail(err, MN_E_MODEL, "%s has no outputs of %zu scores and boxes", mn_blazeface.model,
                           n);
        mn_code code = read_grid(logits, values, i, min_score, out, err);
        if (code != MN_OK)
            return code;
    }
    return MN_OK;
}

const mn_detector mn_blazeface = {
    .model = "blazeface-256",
    .input = {{-1, 3, INPUT, INPUT}, 4},
    .planes = {.order = {0, 1, 2},
               .mean = {127.5f, 127.5f, 127.5f},
               .scale = {1 / 127.5f, 1 / 127.5f, 1 / 127.5f}},
    .plan = plan,
    .read = read_outputs,
};
