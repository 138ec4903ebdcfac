#include "base/alloc.h"
#include "face/detector.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Above this overlap two boxes are the same face. YuNet's authors use 0.3 to 0.45; two faces cheek to cheek
 * overlap by up to 0.3. */
#define SAME_FACE 0.4f
/* One that lies in another by this much of its area is part of it: the coarse look at a close-up finds the
 * face, the fine one parts of it. */
#define PART_OF 0.6f

void mn_detections_finish(mn_detections *d)
{
    mn_free(d->items);
    *d = (mn_detections){0};
}

mn_code mn_detections_add(mn_detections *d, const mn_detection *one, mn_error *err)
{
    if (d->n == MN_DETECTIONS_MAX)
        return MN_OK;
    if (d->n == d->cap) {
        size_t cap = d->cap ? d->cap * 2 : 64;
        mn_detection *grown = mn_realloc(d->items, cap * sizeof *grown);
        if (!grown)
            return mn_fail(err, MN_E_MEMORY, "out of memory for %zu detections", cap);
        d->items = grown;
        d->cap = cap;
    }
    d->items[d->n++] = *one;
    return MN_OK;
}

mn_code mn_views_add(mn_views *v, const mn_view *one, mn_error *err)
{
    if (v->n == MN_VIEWS_MAX)
        return mn_fail(err, MN_E_LIMIT, "the picture would need more than %d looks: raise face.min_size",
                       MN_VIEWS_MAX);
    if (v->n == v->cap) {
        size_t cap = v->cap ? v->cap * 2 : 16;
        mn_view *grown = mn_realloc(v->items, cap * sizeof *grown);
        if (!grown)
            return mn_fail(err, MN_E_MEMORY, "out of memory for %zu views", cap);
        v->items = grown;
        v->cap = cap;
    }
    v->items[v->n++] = *one;
    return MN_OK;
}

static int round_up(int n, int multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

/* How many tiles of `side` cover `length`, overlapping by at least `overlap`. */
static int tiles_along(int length, int side, int overlap)
{
    return length <= side ? 1 : 1 + (length - side + side - overlap - 1) / (side - overlap);
}

/* Where tile i of n begins: spread evenly, the last one ends with the picture. */
static int tile_start(int i, int n, int length, int side)
{
    return n == 1 ? 0 : (int)((int64_t)(length - side) * i / (n - 1));
}

mn_code mn_views_tile(mn_views *v, const mn_pyramid *p, int level, const mn_tiling *t, mn_error *err)
{
    int width = mn_pyramid_width(p, level), height = mn_pyramid_height(p, level);
    int columns = tiles_along(width, t->side, t->overlap), rows = tiles_along(height, t->side, t->overlap);
    for (int i = 0; i < rows * columns; i++) {
        mn_view view = {.level = level,
                        .x = tile_start(i % columns, columns, width, t->side),
                        .y = tile_start(i / columns, rows, height, t->side)};
        view.width = t->input ? t->side : round_up(width < t->side ? width : t->side, t->multiple);
        view.height = t->input ? t->side : round_up(height < t->side ? height : t->side, t->multiple);
        view.input_width = t->input ? t->input : view.width;
        view.input_height = t->input ? t->input : view.height;
        mn_code code = mn_views_add(v, &view, err);
        if (code != MN_OK)
            return code;
    }
    return MN_OK;
}

const mn_detector *mn_detector_for(const mn_model_info *model)
{
    static const mn_detector *const all[] = {&mn_yunet, &mn_blazeface};
    for (size_t i = 0; model && i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->model, model->name) == 0)
            return all[i];
    return NULL;
}

static float shared_area(const mn_box *a, const mn_box *b)
{
    float w = fminf(a->x + a->width, b->x + b->width) - fmaxf(a->x, b->x);
    float h = fminf(a->y + a->height, b->y + b->height) - fmaxf(a->y, b->y);
    return w > 0 && h > 0 ? w * h : 0;
}

float mn_box_overlap(const mn_box *a, const mn_box *b)
{
    float shared = shared_area(a, b);
    return shared > 0 ? shared / (a->width * a->height + b->width * b->height - shared) : 0;
}

static bool same_face(const mn_box *a, const mn_box *b)
{
    float smaller = fminf(a->width * a->height, b->width * b->height);
    return mn_box_overlap(a, b) > SAME_FACE || shared_area(a, b) > PART_OF * smaller;
}

static int by_place(const mn_detection *a, const mn_detection *b)
{
    if (a->box.x != b->box.x)
        return a->box.x < b->box.x ? -1 : 1;
    return a->box.y < b->box.y ? -1 : a->box.y > b->box.y;
}

static int by_score(const void *pa, const void *pb)
{
    const mn_detection *a = pa, *b = pb;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return by_place(a, b);
}

static int by_area(const void *pa, const void *pb)
{
    const mn_detection *a = pa, *b = pb;
    float na = a->box.width * a->box.height, nb = b->box.width * b->box.height;
    if (na != nb)
        return na > nb ? -1 : 1;
    return by_place(a, b);
}

void mn_detections_suppress(mn_detections *d)
{
    size_t kept = 0;
    if (d->n > 1)
        qsort(d->items, d->n, sizeof *d->items, by_score);
    for (size_t i = 0; i < d->n; i++) {
        size_t k = 0;
        while (k < kept && !same_face(&d->items[k].box, &d->items[i].box))
            k++;
        if (k == kept)
            d->items[kept++] = d->items[i];
    }
    d->n = kept;
}

void mn_detections_largest(mn_detections *d, size_t max)
{
    if (d->n > 1)
        qsort(d->items, d->n, sizeof *d->items, by_area);
    if (d->n > max)
        d->n = max;
}

/* One row of the view: pixels where the picture has them, black to the right of it. */
static void load_row(const mn_simd *simd, const mn_image *from, const mn_view *v, int y,
                     const mn_plane_spec *spec, float *planes)
{
    size_t plane = (size_t)v->input_width * (size_t)v->input_height;
    float *row = planes + (size_t)y * (size_t)v->input_width;
    int there = v->y + y < mn_image_height(from) ? mn_image_width(from) - v->x : 0;
    size_t n = (size_t)(there < v->width ? there : v->width);
    if (n)
        simd->planes_f32(mn_image_row(from, v->y + y) + 3 * (size_t)v->x, n, spec, row, row + plane,
                         row + 2 * plane);
    for (int c = 0; c < 3; c++)
        for (size_t x = n; x < (size_t)v->input_width; x++)
            row[(size_t)c * plane + x] = -spec->mean[c] * spec->scale[c];
}

/* From the network's input to the view's level. */
static mn_affine view_to_level(const mn_view *v)
{
    float rx = (float)v->width / (float)v->input_width, ry = (float)v->height / (float)v->input_height;
    return (mn_affine){.a = rx, .c = (float)v->x + (rx - 1) / 2, .e = ry, .f = (float)v->y + (ry - 1) / 2};
}

/* The pixels of a view as planes. A view of the input's own size needs no copy in between. */
static mn_code load_view(const mn_image *level, const mn_view *v, const mn_plane_spec *spec, float *planes,
                         mn_error *err)
{
    if (v->width == v->input_width && v->height == v->input_height) {
        for (int y = 0; y < v->height; y++)
            load_row(mn_simd_get(), level, v, y, spec, planes);
        return MN_OK;
    }
    mn_image *input;
    mn_affine m = view_to_level(v);
    mn_code code = mn_image_warp(level, &m, v->input_width, v->input_height, &input, err);
    if (code != MN_OK)
        return code;
    mn_image_to_planes(input, spec, planes);
    mn_image_unref(input);
    return MN_OK;
}

static void map_detection(const mn_affine *m, mn_detection *d)
{
    mn_point corner = mn_affine_apply(m, (mn_point){d->box.x, d->box.y});
    d->box = (mn_box){corner.x, corner.y, d->box.width * m->a, d->box.height * m->e};
    for (int i = 0; i < 5; i++)
        d->points[i] = mn_affine_apply(m, d->points[i]);
}

/* Does the view's edge, somewhere inside the picture, cut this box? Then another view shows the face whole,
 * and here half a face may have been taken for a smaller one. `d` is in the input's pixels. */
static bool is_cut(const mn_detection *d, const mn_view *v, const mn_image *level)
{
    float rx = (float)v->width / (float)v->input_width, ry = (float)v->height / (float)v->input_height;
    float left = d->box.x * rx, right = (d->box.x + d->box.width) * rx;
    float top = d->box.y * ry, bottom = (d->box.y + d->box.height) * ry;
    return (left < 0 && v->x > 0) || (top < 0 && v->y > 0) ||
           (right > (float)v->width && v->x + v->width < mn_image_width(level)) ||
           (bottom > (float)v->height && v->y + v->height < mn_image_height(level));
}

static void drop_cut(mn_detections *d, size_t first, const mn_view *v, const mn_image *level)
{
    size_t kept = first;
    for (size_t i = first; i < d->n; i++)
        if (!is_cut(&d->items[i], v, level))
            d->items[kept++] = d->items[i];
    d->n = kept;
}

static mn_code look(mn_work *w, const mn_detector *d, const mn_view *v, float min_score, mn_detections *out,
                    mn_error *err)
{
    mn_shape shape = {{1, 3, v->input_height, v->input_width}, 4};
    mn_result result = {0};
    const mn_image *level;
    float *planes;
    size_t first = out->n;
    mn_code code = mn_pyramid_get(&w->pyramid, v->level, &level, err);
    if (code == MN_OK)
        code = mn_work_floats(w, 3 * (size_t)v->input_width * (size_t)v->input_height, &planes, err);
    if (code == MN_OK)
        code = load_view(level, v, &d->planes, planes, err);
    if (code == MN_OK)
        code = mn_work_run(w, MN_NET_DETECTOR, planes, &shape, &result, err);
    if (code != MN_OK)
        return code;
    code = d->read(&result, v, min_score, out, err);
    mn_result_finish(&result);
    drop_cut(out, first, v, level);
    mn_affine in_level = view_to_level(v), up = mn_pyramid_to_picture(&w->pyramid, v->level);
    mn_affine m = mn_affine_chain(&in_level, &up);
    for (size_t i = first; i < out->n; i++)
        map_detection(&m, &out->items[i]);
    return code;
}

mn_code mn_detect(mn_work *w, const mn_detector *d, const mn_detect_options *o, mn_detections *out,
                  mn_error *err)
{
    mn_views views = {0};
    mn_code code = d->plan(&w->pyramid, o->min_face, &views, err);
    for (size_t i = 0; i < views.n && code == MN_OK; i++)
        if (!views.items[i].spare || out->n == 0)
            code = look(w, d, &views.items[i], o->min_score, out, err);
    mn_free(views.items);
    mn_detections_suppress(out);
    mn_detections_largest(out, o->max_faces);
    return code;
}
