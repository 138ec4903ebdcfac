#include "base/alloc.h"
#include "cli/out.h"
#include <math.h>
#include <string.h>

/* Seven digits hold what a float knows; nine bring a descriptor back bit by bit. */
#define DIGITS            7
#define DIGITS_DESCRIPTOR 9

static json_t *points(const mn_face *f)
{
    const mn_point *p = f->points;
    return json_pack("[[ff][ff][ff][ff][ff]]", (double)p[0].x, (double)p[0].y, (double)p[1].x, (double)p[1].y,
                     (double)p[2].x, (double)p[2].y, (double)p[3].x, (double)p[3].y, (double)p[4].x,
                     (double)p[4].y);
}

static json_t *mesh(const mn_face *f)
{
    json_t *all = json_array();
    for (int i = 0; all && i < MN_MESH_POINTS; i++)
        json_array_append_new(
            all, json_pack("[fff]", (double)f->mesh[i].x, (double)f->mesh[i].y, (double)f->mesh[i].z));
    return all;
}

static json_t *quality(const mn_quality *q)
{
    json_t *o =
        json_pack("{sf sf sf sf sf}", "overall", (double)q->overall, "sharpness", (double)q->sharpness,
                  "exposure", (double)q->exposure, "size", (double)q->size, "pose", (double)q->pose);
    if (o && q->network >= 0)
        json_object_set_new(o, "network", json_real((double)q->network));
    if (o)
        json_object_set_new(o, "eye_distance_px", json_real((double)q->eye_distance_px));
    return o;
}

static void set_made_parts(json_t *o, const mn_face *f)
{
    if (f->pose.made)
        json_object_set_new(o, "pose",
                            json_pack("{sf sf sf}", "yaw", (double)f->pose.yaw, "pitch",
                                      (double)f->pose.pitch, "roll", (double)f->pose.roll));
    if (f->quality.made)
        json_object_set_new(o, "quality", quality(&f->quality));
    if (f->expression.made)
        json_object_set_new(o, "expression",
                            json_pack("{sf sf sf}", "left_eye_open", (double)f->expression.left_open,
                                      "right_eye_open", (double)f->expression.right_open, "mouth_open",
                                      (double)f->expression.mouth_open));
    if (f->liveness.made)
        json_object_set_new(o, "liveness", json_pack("{sf}", "score", (double)f->liveness.score));
    if (f->age.made)
        json_object_set_new(o, "age", json_pack("{sf}", "years", (double)f->age.years));
    if (f->mesh)
        json_object_set_new(o, "landmarks", mesh(f));
}

json_t *mn_json_face(const mn_face *f)
{
    json_t *o = json_pack("{s{sf sf sf sf} sf so}", "box", "x", (double)f->box.x, "y", (double)f->box.y,
                          "width", (double)f->box.width, "height", (double)f->box.height, "score",
                          (double)f->score, "points", points(f));
    if (o)
        set_made_parts(o, f);
    return o;
}

json_t *mn_json_descriptor(const mn_descriptor *d)
{
    json_t *values = json_array();
    for (int i = 0; values && i < d->dim; i++)
        json_array_append_new(values, json_real((double)d->v[i]));
    return json_pack("{ss ss so}", "model", d->model, "metric", d->metric == MN_METRIC_L2 ? "l2" : "cosine",
                     "values", values);
}

json_t *mn_json_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *o = json_string(text);
    if (o)
        return o;
    char *clean = mn_strdup(text);
    for (char *c = clean; c && *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    o = clean ? json_string(clean) : NULL;
    mn_free(clean);
    return o;
}

json_t *mn_json_real(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

json_t *mn_json_picture(const mn_picture *p, json_t *faces)
{
    float scale = mn_image_scale(p->image);
    return json_pack("{so si si so}", "file", mn_json_text(p->input->path), "width",
                     (int)(scale * (float)mn_image_width(p->image)), "height",
                     (int)(scale * (float)mn_image_height(p->image)), "faces", faces);
}

json_t *mn_json_failure(const char *label, const mn_error *error)
{
    return json_pack("{so s{ss so}}", "file", mn_json_text(label), "error", "code", mn_code_word(error->code),
                     "text", mn_json_text(error->text));
}

json_t *mn_json_id(const mn_id *id)
{
    char text[MN_ID_TEXT];
    mn_id_format(id, text);
    return json_string(text);
}

json_t *mn_json_time(mn_time t)
{
    char text[MN_TIME_TEXT];
    if (t == MN_TIME_NEVER)
        return json_null();
    mn_time_format(t, text);
    return json_string(text);
}

/* Are there descriptors in it? They need more digits than anything else. */
static bool holds_descriptors(const json_t *document)
{
    const json_t *face = json_array_get(json_object_get(document, "faces"), 0);
    return json_object_get(face, "descriptor") != NULL;
}

mn_code mn_json_print(FILE *out, json_t *document, mn_error *err)
{
    if (!document)
        return mn_fail(err, MN_E_MEMORY, "no memory for the JSON document");
    int digits = holds_descriptors(document) ? DIGITS_DESCRIPTOR : DIGITS;
    int rc = json_dumpf(document, out, JSON_COMPACT | JSON_REAL_PRECISION(digits));
    json_decref(document);
    if (rc != 0 && !ferror(out))
        return mn_fail(err, MN_E_MEMORY, "no memory for the JSON text");
    fputc('\n', out);
    return MN_OK;
}
