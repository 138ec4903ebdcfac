/* /v1/extract and /v1/attributes: descriptors that are kept in memory for a while. */
#include "app/face_json.h"
#include "app/pictures.h"
#include "app/records_json.h"
#include "core/attributes.h"
#include "face/aggregate.h"
#include "gallery/calibration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static json_t *attribute_json(const mn_temporary *t)
{
    return json_pack("{s:o, s:o, s:o, s:s, s:f, s:o, s:o}", "attribute", mn_value_id(&t->id), "sample",
                     t->sample.n > 0 ? mn_value_id(&t->id) : json_null(), "person", mn_value_id(&t->person),
                     "model", t->descriptor.model, "quality", (double)t->quality, "created",
                     mn_value_time(t->created), "until", mn_value_time(t->until));
}

/* ---- extract ---- */

#define WANT (MN_WANT_DESCRIPTOR | MN_WANT_SAMPLE | MN_WANT_QUALITY | MN_WANT_POSE)

typedef struct {
    double min_quality;
    int64_t ttl;
    mn_id person;
    bool together;
    const char *which;
    mn_aggregate_part parts[MN_SHOWN_MAX];
    size_t n_parts;
} extraction;

static mn_code keep(mn_api_call *call, const extraction *x, const mn_temporary *what, json_t **out,
                    mn_error *err)
{
    mn_temporary kept, t = *what;
    t.person = x->person;
    mn_code code = mn_core_attribute_keep(call->core, call->actor, &t, x->ttl, &kept, err);
    if (code == MN_OK)
        *out = attribute_json(&kept);
    return code;
}

static mn_code keep_face(mn_api_call *call, const extraction *x, const mn_face *f, json_t *face,
                         mn_error *err)
{
    json_t *attribute = NULL;
    mn_temporary t = {.quality = f->quality.overall, .descriptor = f->descriptor};
    mn_code code = mn_api_encode_sample(call, f, &t.sample, err);
    if (code == MN_OK)
        code = keep(call, x, &t, &attribute, err);
    if (code == MN_OK)
        json_object_set_new(face, "attribute", attribute);
    return code;
}

/* Of a picture with several faces those that are good enough are kept; with none, the picture fails. */
static void refuse_poor(const extraction *x, mn_shown *p)
{
    double best = 0;
    for (size_t i = 0; i < p->n_faces; i++)
        best = (double)p->faces[i].quality.overall > best ? (double)p->faces[i].quality.overall : best;
    if (p->code == MN_OK && p->n_faces > 0 && best < x->min_quality)
        p->code = mn_fail(&p->error, MN_E_QUALITY,
                          "the quality is %.2f, and %.2f is needed: take a sharper, larger, frontal picture",
                          best, x->min_quality);
}

static mn_code look(mn_api_call *call, const extraction *x, mn_shown *p, mn_error *err)
{
    mn_code code = mn_shown_look(call, p, WANT, MN_SIDE_ALL_FACES, NULL, NULL, err);
    if (code != MN_OK)
        return code;
    mn_shown_choose(p, x->together && strcmp(x->which, "all") == 0 ? "only" : x->which);
    refuse_poor(x, p);
    return MN_OK;
}

static mn_code tell(mn_api_call *call, extraction *x, const mn_shown *p, json_t *images, mn_error *err)
{
    mn_code code = MN_OK;
    json_t *o = mn_shown_json(p), *faces = json_array();
    for (size_t i = 0; code == MN_OK && p->code == MN_OK && i < p->n_faces; i++) {
        const mn_face *f = &p->faces[i];
        json_t *face = mn_json_face(f);
        if (x->together)
            x->parts[x->n_parts++] = (mn_aggregate_part){&f->descriptor, f->quality.overall};
        else if ((double)f->quality.overall >= x->min_quality)
            code = keep_face(call, x, f, face, err);
        json_array_append_new(faces, face);
    }
    if (p->code == MN_OK)
        json_object_set(o, "faces", faces);
    json_decref(faces);
    json_array_append_new(images, o);
    return code;
}

/* One descriptor of all: a picture that failed fails the whole, for it might have been of somebody else. */
static mn_code aggregate(mn_api_call *call, const extraction *x, const mn_shown *shown, size_t n,
                         json_t **out, mn_error *err)
{
    bool measured;
    mn_temporary t = {0};
    const mn_calibration *c = &mn_pipeline_descriptor_model(call->pipeline)->calibration;
    const mn_aggregate_rules rules = {.pair = mn_calibration_threshold(c, MN_AGGREGATE_PAIR_FMR, &measured),
                                      .rest = mn_calibration_threshold(c, MN_AGGREGATE_REST_FMR, &measured)};
    for (size_t i = 0; i < n; i++)
        if (shown[i].code != MN_OK) {
            if (err)
                *err = shown[i].error;
            mn_error_prefix(err, "picture %zu", i + 1);
            return shown[i].code;
        }
    mn_code code =
        mn_aggregate(x->parts, x->n_parts, &rules, call->arena, &t.descriptor, &t.quality, NULL, err);
    return code == MN_OK ? keep(call, x, &t, out, err) : code;
}

static mn_code extract(mn_api_call *call, extraction *x, json_t *images, json_t **together, mn_error *err)
{
    mn_shown *shown = NULL;
    size_t n = 0;
    mn_code code = mn_shown_read(call, "pictures", "picture boxes", NULL, &shown, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = look(call, x, &shown[i], err);
    if (code == MN_OK)
        code = mn_shown_all_failed(shown, n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = tell(call, x, &shown[i], images, err);
    return code == MN_OK && x->together ? aggregate(call, x, shown, n, together, err) : code;
}

mn_code mn_api_extract(mn_api_call *call, mn_error *err)
{
    json_t *images = json_array(), *together = NULL;
    extraction x = {.min_quality = mn_api_min_quality(call, MN_P_EXTRACT_MIN_QUALITY),
                    .ttl = mn_api_whole(call, MN_P_EXTRACT_TTL),
                    .person = mn_api_id(call, MN_P_EXTRACT_PERSON),
                    .together = mn_api_yes(call, MN_P_EXTRACT_AGGREGATE),
                    .which = mn_api_text(call, MN_P_EXTRACT_FACES)};
    mn_code code = extract(call, &x, images, &together, err);
    if (code == MN_OK)
        return mn_api_answer(call, 201, json_pack("{s:o, s:o*}", "images", images, "aggregate", together),
                             err);
    json_decref(images);
    return code;
}

/* ---- attributes ---- */

/* "<until> <quality> <id>" */
static bool read_place(const char *key, mn_temporary *out)
{
    char id[MN_ID_TEXT];
    *out = (mn_temporary){0};
    return key && sscanf(key, "%" SCNd64 " %f %36s", &out->until, &out->quality, id) == 3 &&
           mn_id_parse(id, &out->id);
}

static const char *make_place(mn_api_call *call, const mn_temporary *t)
{
    char id[MN_ID_TEXT];
    mn_id_format(&t->id, id);
    return mn_arena_printf(call->arena, "%" PRId64 " %.9g %s", t->until, (double)t->quality, id);
}

mn_code mn_api_attributes_list(mn_api_call *call, mn_error *err)
{
    static const char *const columns[] = {"attribute", "person",  "sample", "model",
                                          "quality",   "created", "until",  NULL};
    static const char *const orders[] = {"created", "-created", "until", "-until",
                                         "quality", "-quality", NULL};
    mn_temporary last, *found = NULL;
    const char *key = NULL, *next = NULL;
    size_t n = 0;
    bool more = false;
    const int order = mn_api_choice(call, MN_P_ATTRIBUTES_LIST_SORT, orders);
    const mn_id person = mn_api_id(call, MN_P_ATTRIBUTES_LIST_PERSON);
    mn_temporary_query q = {.order = (mn_temporary_order)(order / 2),
                            .descending = order % 2 == 1,
                            .person = mn_api_given(call, MN_P_ATTRIBUTES_LIST_PERSON) ? &person : NULL,
                            .min_quality = (float)mn_api_number(call, MN_P_ATTRIBUTES_LIST_MIN_QUALITY),
                            .limit = (size_t)mn_api_whole(call, MN_P_ATTRIBUTES_LIST_LIMIT)};
    mn_code code = mn_api_cursor(call, MN_P_ATTRIBUTES_LIST_CURSOR, &key, err);
    q.after = read_place(key, &last) ? &last : NULL;
    if (code == MN_OK)
        code = mn_core_attributes(call->core, call->actor, &q, call->arena, &found, &n, &more, err);
    if (code == MN_OK && more && !(next = make_place(call, &found[n - 1])))
        code = mn_fail(err, MN_E_MEMORY, "no memory for a page");
    if (code != MN_OK)
        return code;
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, attribute_json(&found[i]));
    return mn_api_page(call, "attributes", rows, next, columns, err);
}

mn_code mn_api_attribute_get(mn_api_call *call, mn_error *err)
{
    mn_temporary t;
    const mn_id id = mn_api_id(call, MN_P_ATTRIBUTE_GET_ATTRIBUTE);
    mn_code code =
        mn_core_attribute(call->core, call->actor, MN_R_ATTRIBUTES, MN_VERB_VIEW, &id, call->arena, &t, err);
    return code == MN_OK ? mn_api_answer(call, 200, attribute_json(&t), err) : code;
}

mn_code mn_api_attribute_delete(mn_api_call *call, mn_error *err)
{
    const mn_id id = mn_api_id(call, MN_P_ATTRIBUTE_DELETE_ATTRIBUTE);
    mn_code code = mn_core_attribute_drop(call->core, call->actor, &id, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}

static mn_code drop_one(mn_api_call *call, const mn_id *id, mn_error *err)
{
    return mn_core_attribute_drop(call->core, call->actor, id, err);
}

mn_code mn_api_attributes_delete_batch(mn_api_call *call, mn_error *err)
{
    return mn_batch_one_by_one(call, "attributes", drop_one, err);
}
