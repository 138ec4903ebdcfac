/* Faces that somebody else has found: in a box of a picture, or on a sample that was aligned before. */
#include "face/pipeline_internal.h"

#include <math.h>
#include <string.h>

/* The detector looks at a square of this many pixels, in which what was said to be the face takes half of a
 * side: it finds faces of that size with ease, and costs as much as for a small picture. The landmark network
 * alone does not do: it draws a face into whatever it is shown (measured: bench/given.c). */
#define VIEW       256
#define VIEW_BOXES 2.0f
/* Somebody has said that there is a face: less is wanted of the detector than in a search. */
#define MIN_SCORE 0.3f

static mn_code check_box(const mn_image *image, const mn_box *b, size_t number, mn_error *err)
{
    float k = mn_image_scale(image);
    float width = k * (float)mn_image_width(image), height = k * (float)mn_image_height(image);
    float x = b->x + b->width / 2, y = b->y + b->height / 2;
    if (!isfinite(b->x) || !isfinite(b->y) || !isfinite(b->width) || !isfinite(b->height) ||
        b->width < MN_BOX_SMALLEST || b->height < MN_BOX_SMALLEST)
        return mn_fail(err, MN_E_INVALID, "box %zu: %g × %g px at %g,%g is none: %g px a side at least",
                       number, (double)b->width, (double)b->height, (double)b->x, (double)b->y,
                       (double)MN_BOX_SMALLEST);
    if (x < 0 || y < 0 || x >= width || y >= height || b->width > 2 * width || b->height > 2 * height)
        return mn_fail(
            err, MN_E_INVALID,
            "box %zu: its middle is at %.0f,%.0f, and it is %.0f × %.0f px; the picture has %.0f × "
            "%.0f px",
            number, (double)x, (double)y, (double)b->width, (double)b->height, (double)width, (double)height);
    return MN_OK;
}

static mn_box in_memory(const mn_image *image, const mn_box *b)
{
    float k = mn_image_scale(image), shift = (k - 1) / 2;
    return (mn_box){(b->x - shift) / k, (b->y - shift) / k, b->width / k, b->height / k};
}

/* From a pixel of the view to the picture. */
static mn_affine view_of(const mn_box *b)
{
    float side = VIEW_BOXES * fmaxf(b->width, b->height), step = side / VIEW;
    float x = b->x + b->width / 2 - side / 2, y = b->y + b->height / 2 - side / 2;
    return (mn_affine){.a = step, .c = x + (step - 1) / 2, .e = step, .f = y + (step - 1) / 2};
}

static mn_detection out_of_view(const mn_detection *d, const mn_affine *view)
{
    mn_point corner = mn_affine_apply(view, (mn_point){d->box.x, d->box.y});
    mn_detection out = {.box = {corner.x, corner.y, d->box.width * view->a, d->box.height * view->a},
                        .score = d->score};
    for (int i = 0; i < 5; i++)
        out.points[i] = mn_affine_apply(view, d->points[i]);
    return out;
}

/* The one that covers the box best, of those whose middle lies in it. */
static bool choose(const mn_detections *found, const mn_affine *view, const mn_box *box, mn_detection *out)
{
    float best = 0;
    for (size_t i = 0; i < found->n; i++) {
        mn_detection d = out_of_view(&found->items[i], view);
        float x = d.box.x + d.box.width / 2 - box->x, y = d.box.y + d.box.height / 2 - box->y;
        float overlap = mn_box_overlap(&d.box, box);
        if (x < 0 || y < 0 || x >= box->width || y >= box->height || overlap <= best)
            continue;
        best = overlap;
        *out = d;
    }
    return best > 0;
}

/* The face in a box of the picture in memory. MN_E_NO_FACE, without a text, where there is none. */
static mn_code detect_in(mn_pipeline *p, mn_work *w, const mn_box *box, mn_detection *out, mn_error *err)
{
    const mn_detect_options options = {.min_score = MIN_SCORE, .min_face = VIEW / 8, .max_faces = 100};
    mn_affine map = view_of(box);
    mn_detections found = {0};
    mn_image *view = NULL;
    mn_work_stage(w, MN_STAGE_DETECT);
    mn_code code = mn_pyramid_warp(&w->pyramid, &map, VIEW, VIEW, &view, err);
    if (code != MN_OK)
        return code;
    mn_pyramid picture = w->pyramid;
    w->pyramid = mn_pyramid_of(view);
    code = mn_detect(w, p->detector, &options, &found, err);
    mn_pyramid_finish(&w->pyramid);
    w->pyramid = picture;
    mn_image_unref(view);
    if (code == MN_OK && !choose(&found, &map, box, out))
        code = MN_E_NO_FACE;
    mn_detections_finish(&found);
    return code;
}

static mn_code no_face_in(const mn_box *box, size_t number, mn_error *err)
{
    return mn_fail(err, MN_E_NO_FACE, "box %zu: no face is in it (%.0f × %.0f px at %.0f,%.0f)", number,
                   (double)box->width, (double)box->height, (double)box->x, (double)box->y);
}

static mn_code work_on_box(mn_pipeline *p, mn_work *w, unsigned want, const mn_box *box, size_t number,
                           mn_face *out, mn_error *err)
{
    mn_detection found;
    mn_box inside = in_memory(w->pyramid.level[0], box);
    mn_code code = detect_in(p, w, &inside, &found, err);
    if (code == MN_OK) {
        mn_subject s = mn_subject_of(p, w, want, &found);
        bool there = true;
        code = mn_subject_run(&s, out, &there, err);
        if (code == MN_OK && !there)
            code = MN_E_NO_FACE;
    }
    return code == MN_E_NO_FACE ? no_face_in(box, number, err) : code;
}

mn_code mn_pipeline_run_boxes(mn_pipeline *p, const mn_image *image, const mn_box *boxes, size_t n,
                              unsigned want, mn_arena *arena, mn_face **faces, mn_error *err)
{
    mn_work w;
    if (n < 1 || n > MN_BOXES_MAX)
        return mn_fail(err, MN_E_INVALID, "1 to %d boxes can be given for a picture, not %zu", MN_BOXES_MAX,
                       n);
    for (size_t i = 0; i < n; i++) {
        mn_code code = check_box(image, &boxes[i], i + 1, err);
        if (code != MN_OK)
            return code;
    }
    mn_face *made = mn_arena_calloc(arena, n, sizeof *made);
    if (!made)
        return mn_fail(err, MN_E_MEMORY, "out of memory for %zu faces", n);
    mn_code code = mn_pipeline_begin(p, image, arena, &w, err);
    if (code != MN_OK)
        return code;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = work_on_box(p, &w, want, &boxes[i], i + 1, &made[i], err);
    mn_pipeline_end(p, &w);
    if (code == MN_OK)
        *faces = made;
    return code;
}

#define SAMPLE_UNKNOWN 250 /* px of the samples whose template is not known */

/* The template by which a sample of this size was made; NULL: none, or not known. */
static const mn_template *template_of(const mn_pipeline *p, int size)
{
    const mn_template *own = p->descriptor->align;
    return size == own->size              ? own
           : size == mn_template_112.size ? &mn_template_112
           : size == mn_template_150.size ? &mn_template_150
                                          : NULL;
}

static mn_code check_sample(const mn_pipeline *p, const mn_image *sample, mn_error *err)
{
    int width = mn_image_width(sample), height = mn_image_height(sample);
    if (width == height && (template_of(p, width) || width == SAMPLE_UNKNOWN))
        return MN_OK;
    return mn_fail(
        err, MN_E_INVALID,
        "a sample of %d × %d px: it has %d, %d or %d px a side, and was aligned before; send anything "
        "else as a picture",
        width, height, mn_template_112.size, mn_template_150.size, SAMPLE_UNKNOWN);
}

/* The face's box by its five points: eyes to mouth is two fifths of it, and it is four fifths as wide as
 * high. Without a template: the middle three fifths of the sample. */
static mn_box box_of_sample(const mn_template *t, const mn_image *sample)
{
    float side = (float)mn_image_width(sample);
    if (!t)
        return (mn_box){0.2f * side, 0.2f * side, 0.6f * side, 0.6f * side};
    const mn_point *p = t->points;
    float x = (p[0].x + p[1].x) / 2, eyes = (p[0].y + p[1].y) / 2, mouth = (p[3].y + p[4].y) / 2;
    float height = 2.5f * (mouth - eyes), width = 0.8f * height;
    return (mn_box){x - width / 2, (eyes + mouth) / 2 - height / 2, width, height};
}

static mn_code work_on_sample(mn_pipeline *p, mn_work *w, unsigned want, const mn_image *sample, mn_face *out,
                              mn_error *err)
{
    const mn_template *t = template_of(p, mn_image_width(sample));
    mn_box box = box_of_sample(t, sample);
    mn_detection found;
    bool there = true;
    mn_code code = detect_in(p, w, &box, &found, err);
    if (code == MN_OK) {
        mn_subject s = mn_subject_of(p, w, want, &found);
        s.ready = t == p->descriptor->align ? sample : NULL;
        s.aligned = t ? t->points : NULL;
        code = mn_subject_run(&s, out, &there, err);
    }
    if (code == MN_E_NO_FACE || (code == MN_OK && !there))
        return mn_fail(err, MN_E_NO_FACE, "no face is to be seen in the sample");
    return code;
}

mn_code mn_pipeline_run_sample(mn_pipeline *p, const mn_image *sample, unsigned want, mn_arena *arena,
                               mn_face *out, mn_error *err)
{
    mn_work w;
    mn_face face = {0};
    mn_code code = check_sample(p, sample, err);
    if (code == MN_OK)
        code = mn_pipeline_begin(p, sample, arena, &w, err);
    if (code != MN_OK)
        return code;
    code = work_on_sample(p, &w, want, sample, &face, err);
    mn_pipeline_end(p, &w);
    if (code == MN_OK)
        *out = face;
    return code;
}
