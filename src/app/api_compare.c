/* /v1/verify and /v1/identify: is this the same person, and which of those enrolled is it? */
#include "app/face_json.h"
#include "app/pictures.h"

#include <string.h>

static mn_purpose purpose_of(const mn_api_call *call, int param)
{
    mn_purpose purpose = MN_PURPOSE_VERIFICATION;
    mn_purpose_parse(mn_api_text(call, param), &purpose);
    return purpose;
}

static json_t *threshold(double fmr, double raw, bool measured)
{
    return json_pack("{s:f, s:o, s:b}", "fmr", fmr, "raw", mn_value_real(raw), "measured", measured);
}

/* ---- 1:1 ---- */

/* The side that is somebody enrolled; where both are, the second. */
static const mn_compared *enrolled_side(const mn_comparison *c)
{
    return !mn_id_is_nil(&c->b.person) ? &c->b : !mn_id_is_nil(&c->a.person) ? &c->a : NULL;
}

static json_t *verdict(const mn_api_call *call, const mn_comparison *c)
{
    const mn_verdict *v = &c->verdict;
    const mn_compared *who = enrolled_side(c);
    const mn_model_info *model = mn_pipeline_descriptor_model(call->pipeline);
    json_t *o = json_pack("{s:b, s:f, s:f, s:f, s:s, s:o, s:s, s:s, s:s}", "same", v->same, "similarity",
                          v->similarity, "fmr", v->fmr, "raw", v->raw, "metric",
                          v->metric == MN_METRIC_L2 ? "l2" : "cosine", "threshold",
                          threshold(v->threshold_fmr, v->threshold_raw, v->threshold_measured), "pack",
                          mn_pack_name(mn_pipeline_pack(call->pipeline)), "model",
                          model->made_from ? model->made_from : model->name, "precision", model->precision);
    if (o && who) {
        json_object_set_new(o, "person", mn_value_id(&who->person));
        json_object_set_new(o, "name", mn_value_text(who->name));
        json_object_set_new(o, "face", mn_value_id(&who->face));
        json_object_set_new(o, "comparisons", json_integer((json_int_t)c->comparisons));
    }
    return o;
}

/* The two sides, from the fields a and b of a form or of JSON. */
static mn_code read_sides(mn_api_call *call, mn_shown sides[2], mn_error *err)
{
    static const char *const names[] = {"a", "b"};
    mn_shown *shown = NULL;
    size_t n = 0;
    mn_code code = MN_OK;
    for (int i = 0; code == MN_OK && call->body && i < 2; i++)
        code = mn_shown_of_source(call, json_object_get(call->body, names[i]), &sides[i], err);
    if (call->body || code != MN_OK)
        return code;
    code = mn_shown_read(call, NULL, "a b", NULL, &shown, &n, err);
    if (code == MN_OK && (n != 2 || strcmp(shown[0].part, shown[1].part) == 0))
        code = mn_fail(err, MN_E_INVALID, "send the two pictures in the fields a and b of the form");
    for (size_t i = 0; code == MN_OK && i < 2; i++)
        sides[shown[i].part[0] == 'b'] = shown[i];
    return code;
}

mn_code mn_api_verify(mn_api_call *call, mn_error *err)
{
    mn_shown shown[2] = {0};
    mn_side sides[2];
    mn_comparison c;
    const mn_compare_rules rules = {.purpose = purpose_of(call, MN_P_VERIFY_PURPOSE),
                                    .fmr = mn_api_number(call, MN_P_VERIFY_FMR)};
    mn_code code = read_sides(call, shown, err);
    for (int i = 0; code == MN_OK && i < 2; i++) {
        code = mn_shown_side(call, &shown[i], mn_api_text(call, MN_P_VERIFY_FACES), &sides[i], err);
        if (code != MN_OK)
            mn_error_prefix(err, i == 0 ? "a" : "b");
    }
    if (code == MN_OK)
        code = mn_core_verify(call->core, call->actor, &sides[0], &sides[1], &rules, call->arena, &c, err);
    return code == MN_OK ? mn_api_answer(call, 200, verdict(call, &c), err) : code;
}

/* ---- 1:N ---- */

typedef struct {
    mn_identify what; /* all but the probe */
    double min_quality;
} search;

static json_t *candidate(const mn_match *m)
{
    return json_pack("{s:o, s:o, s:s?, s:s?, s:s?, s:o, s:f, s:f, s:f}", "person", mn_value_id(&m->person),
                     "face", mn_value_id(&m->face), "name", m->name, "external_id", m->external_id, "list",
                     m->list, "list_id", mn_value_id(&m->list_id), "similarity", m->similarity, "fmr", m->fmr,
                     "raw", m->raw);
}

static void add_answer(json_t *face, const mn_identification *a)
{
    json_t *candidates = json_array();
    for (size_t i = 0; i < a->n; i++)
        json_array_append_new(candidates, candidate(&a->matches[i]));
    json_object_set_new(face, "searched", json_integer((json_int_t)a->searched));
    json_object_set_new(face, "normalised", json_boolean(a->normalised));
    if (a->prefiltered)
        json_object_set_new(face, "prefilter", json_pack("{s:f}", "missed", a->missed));
    json_object_set_new(face, "threshold",
                        threshold(a->threshold_fmr, a->threshold_score, a->threshold_measured));
    json_object_set_new(face, "candidates", candidates);
}

static mn_code ask(mn_api_call *call, const search *s, const mn_descriptor *probe, json_t *face,
                   mn_error *err)
{
    mn_identification answer;
    mn_code code =
        mn_core_identify_each(call->core, call->actor, &s->what, &probe, 1, call->arena, &answer, err);
    if (code == MN_OK)
        add_answer(face, &answer);
    return code;
}

static mn_code ask_each(mn_api_call *call, const search *s, const mn_shown *p, json_t *faces, mn_error *err)
{
    mn_identification *answers = mn_arena_calloc(call->arena, p->n_faces + 1, sizeof *answers);
    const mn_descriptor **probes = mn_arena_calloc(call->arena, p->n_faces + 1, sizeof *probes);
    if (!answers || !probes)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu searches", p->n_faces);
    for (size_t i = 0; i < p->n_faces; i++)
        probes[i] = &p->faces[i].descriptor;
    mn_code code = mn_core_identify_each(call->core, call->actor, &s->what, probes, p->n_faces, call->arena,
                                         answers, err);
    for (size_t i = 0; code == MN_OK && i < p->n_faces; i++) {
        json_t *face = mn_json_face(&p->faces[i]);
        add_answer(face, &answers[i]);
        json_array_append_new(faces, face);
    }
    return code;
}

static void check_quality(mn_shown *p, double least)
{
    for (size_t i = 0; p->code == MN_OK && i < p->n_faces; i++)
        if ((double)p->faces[i].quality.overall < least)
            p->code = mn_fail(&p->error, MN_E_QUALITY, "the quality of face %zu is %.2f, below %.2f", i + 1,
                              (double)p->faces[i].quality.overall, least);
}

static mn_code ask_faces(mn_api_call *call, const search *s, mn_shown *p, json_t *faces, mn_error *err)
{
    mn_code code = mn_shown_look(call, p, MN_WANT_DESCRIPTOR | MN_WANT_POSE | MN_WANT_QUALITY,
                                 MN_SIDE_ALL_FACES, NULL, NULL, err);
    if (code != MN_OK)
        return code;
    mn_shown_choose(p, mn_api_text(call, MN_P_IDENTIFY_FACES));
    check_quality(p, s->min_quality);
    return p->code == MN_OK ? ask_each(call, s, p, faces, err) : MN_OK;
}

/* Who is not there, or may not be looked at, is no fault of the other references. */
static mn_code ask_reference(mn_api_call *call, const search *s, mn_shown *p, json_t *faces, mn_error *err)
{
    mn_side side;
    mn_descriptor probe;
    json_t *face = json_object();
    mn_code code = mn_shown_side(call, p, "only", &side, &p->error);
    if (code == MN_OK)
        code = mn_core_side_probe(call->core, call->actor, &side, s->what.purpose, call->arena, &probe,
                                  &p->error);
    if (code == MN_E_NOT_FOUND || code == MN_E_CONSENT || code == MN_E_FORBIDDEN || code == MN_E_INVALID ||
        code == MN_E_PACK)
        p->code = code;
    else if (code != MN_OK && err)
        *err = p->error;
    else if (code == MN_OK)
        code = ask(call, s, &probe, face, err);
    json_array_append_new(faces, face);
    return p->code != MN_OK ? MN_OK : code;
}

static mn_code ask_one(mn_api_call *call, const search *s, mn_shown *p, json_t *images, mn_error *err)
{
    json_t *faces = json_array();
    bool known = p->reference || p->is_enrolled;
    mn_code code = known ? ask_reference(call, s, p, faces, err) : ask_faces(call, s, p, faces, err);
    json_t *o = mn_shown_json(p);
    if (p->code == MN_OK)
        json_object_set(o, "faces", faces);
    json_decref(faces);
    json_array_append_new(images, o);
    return code;
}

static mn_code read_search(mn_api_call *call, search *s, mn_error *err)
{
    const mn_param_value *lists = &call->params[MN_P_IDENTIFY_LIST];
    const char **names = mn_arena_calloc(call->arena, lists->n + 1, sizeof *names);
    if (!names)
        return mn_fail(err, MN_E_MEMORY, "no memory for a search");
    for (size_t i = 0; i < lists->n; i++)
        names[i] = lists->v[i].text;
    *s = (search){
        .what = {.lists = names,
                 .n_lists = lists->n,
                 .purpose = purpose_of(call, MN_P_IDENTIFY_PURPOSE),
                 .fmr = mn_api_number(call, MN_P_IDENTIFY_FMR),
                 .k = (size_t)mn_api_whole(call, MN_P_IDENTIFY_K),
                 .deadline = call->request->deadline,
                 .cancel = call->request->cancel},
        .min_quality = mn_api_min_quality(call, MN_P_IDENTIFY_MIN_QUALITY),
    };
    return MN_OK;
}

mn_code mn_api_identify(mn_api_call *call, mn_error *err)
{
    search s = {0};
    mn_shown *shown = NULL;
    size_t n = 0;
    json_t *images = json_array();
    mn_code code = read_search(call, &s, err);
    if (code == MN_OK)
        code = mn_shown_read(call, "sources", "picture boxes", NULL, &shown, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = ask_one(call, &s, &shown[i], images, err);
    if (code == MN_OK)
        code = mn_shown_all_failed(shown, n, err);
    if (code == MN_OK)
        return mn_api_answer(call, 200, json_pack("{s:o}", "images", images), err);
    json_decref(images);
    return code;
}
