#include "app/face_json.h"

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

json_t *mn_json_quality(const mn_quality *q)
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
        json_object_set_new(o, "quality", mn_json_quality(&f->quality));
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

json_t *mn_json_box(const mn_box *b)
{
    return json_pack("{sf sf sf sf}", "x", (double)b->x, "y", (double)b->y, "width", (double)b->width,
                     "height", (double)b->height);
}

json_t *mn_json_face(const mn_face *f)
{
    json_t *o =
        json_pack("{so sf so}", "box", mn_json_box(&f->box), "score", (double)f->score, "points", points(f));
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
