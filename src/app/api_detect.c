/* /v1/detect, /v1/quality, /v1/liveness: what can be said about the faces of a picture. Nobody enrolled is
 * looked at, and nothing is kept. */
#include "app/checks_json.h"
#include "app/face_json.h"
#include "app/pictures.h"
#include "face/live.h"

#include <string.h>

/* One entry of an answer, for a picture that was looked at. */
typedef json_t *entry_maker(mn_api_call *call, const mn_shown *p, void *ctx);

/* Fills `images`, one entry a picture. Nothing but failures: the first of them is the call's. */
static mn_code fill_images(mn_api_call *call, const mn_shown *shown, size_t n, entry_maker *make, void *ctx,
                           json_t *images, mn_error *err)
{
    mn_code code = mn_shown_all_failed(shown, n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        json_array_append_new(images,
                              shown[i].code == MN_OK ? make(call, &shown[i], ctx) : mn_shown_json(&shown[i]));
    return code;
}

/* ---- detect ---- */

static const struct {
    const char *word;
    unsigned want;
} parts[] = {
    {"pose", MN_WANT_POSE},
    {"quality", MN_WANT_QUALITY},
    {"landmarks", MN_WANT_LANDMARKS},
    {"landmarks68", MN_WANT_LANDMARKS},
    {"expression", MN_WANT_EXPRESSION},
    {"liveness", MN_WANT_LIVENESS},
    {"age", MN_WANT_AGE},
};

static unsigned wanted_parts(const mn_api_call *call)
{
    unsigned want = MN_WANT_BOXES;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (mn_api_has(call, MN_P_DETECT_WITH, parts[i].word) &&
            mn_pipeline_can(call->pipeline, parts[i].want))
            want |= parts[i].want;
    return want;
}

static json_t *points68(const mn_face *f)
{
    mn_point p[68];
    json_t *all = json_array();
    mn_face_points68(f, p);
    for (int i = 0; i < 68; i++)
        json_array_append_new(all, json_pack("[ff]", (double)p[i].x, (double)p[i].y));
    return all;
}

/* The pipeline makes some parts for the sake of others: told is what was asked for. */
static json_t *found_face(mn_api_call *call, const mn_face *f)
{
    json_t *o = mn_json_face(f);
    for (size_t i = 0; o && i < sizeof parts / sizeof *parts; i++)
        if (!mn_api_has(call, MN_P_DETECT_WITH, parts[i].word))
            json_object_del(o, parts[i].word);
    if (o && f->mesh && mn_api_has(call, MN_P_DETECT_WITH, "landmarks68"))
        json_object_set_new(o, "landmarks68", points68(f));
    return o;
}

static json_t *detection(mn_api_call *call, const mn_shown *p, void *ctx)
{
    (void)ctx;
    json_t *o = mn_shown_json(p), *faces = json_array();
    for (size_t i = 0; i < p->n_faces; i++)
        json_array_append_new(faces, found_face(call, &p->faces[i]));
    json_object_set_new(o, "faces", faces);
    return o;
}

mn_code mn_api_detect(mn_api_call *call, mn_error *err)
{
    mn_shown *shown = NULL;
    size_t n = 0;
    unsigned want = wanted_parts(call);
    json_t *images = json_array();
    mn_code code = mn_shown_read(call, "pictures", "picture boxes", NULL, &shown, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = mn_shown_look(call, &shown[i], want, MN_SIDE_ALL_FACES, NULL, NULL, err);
    if (code == MN_OK)
        code = fill_images(call, shown, n, detection, NULL, images, err);
    if (code == MN_OK)
        return mn_api_answer(call, 200, json_pack("{s:o}", "images", images), err);
    json_decref(images);
    return code;
}

/* ---- quality ---- */

static json_t *report(const mn_shown *p, const mn_check_profile *profile)
{
    const mn_check_subject subject = {
        .format = p->format, .file_bytes = p->n, .image = p->image, .face = &p->faces[0]};
    mn_check checks[MN_CHECKS];
    mn_error why = {0};
    size_t n = 0, made = 0;
    bool passed = true;
    json_t *o = mn_shown_json(p), *rows = json_array();
    if (mn_checks_make(&subject, profile, checks, &n, &why) != MN_OK) {
        json_object_set_new(o, "error", mn_error_json(why.code, why.text));
        json_decref(rows);
        return o;
    }
    for (size_t i = 0; i < n; i++) {
        made += checks[i].verdict != MN_CHECK_NOT_MADE;
        passed = passed && checks[i].verdict != MN_CHECK_FAILED;
        json_array_append_new(rows, mn_checks_to_json(&checks[i], profile));
    }
    json_object_set_new(o, "box", mn_json_box(&p->faces[0].box));
    json_object_set_new(o, "passed", json_boolean(passed));
    json_object_set_new(o, "made", json_integer((json_int_t)made));
    json_object_set_new(o, "checks", rows);
    return o;
}

typedef struct {
    mn_check_profile profile;
    json_t *report; /* of the last picture; NULL: there is none */
} reporting;

/* Some checks look at the pixels. */
static void check_picture(mn_api_call *call, mn_shown *p, void *ctx)
{
    reporting *r = ctx;
    mn_shown_choose(p, mn_api_text(call, MN_P_QUALITY_FACES));
    if (p->code == MN_OK)
        r->report = report(p, &r->profile);
}

static mn_code check_pictures(mn_api_call *call, reporting *r, mn_shown *shown, size_t n, json_t *images,
                              mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        r->report = NULL;
        /* Every pixel: what is judged is the file as it is. */
        code = mn_shown_look(call, &shown[i], mn_check_profile_want(&r->profile), 0, check_picture, r, err);
        json_array_append_new(images, r->report ? r->report : mn_shown_json(&shown[i]));
    }
    return code == MN_OK ? mn_shown_all_failed(shown, n, err) : code;
}

mn_code mn_api_quality(mn_api_call *call, mn_error *err)
{
    mn_shown *shown = NULL;
    size_t n = 0;
    json_t *ranges = NULL, *images = json_array();
    reporting r = {0};
    mn_check_profile_parse(mn_api_text(call, MN_P_QUALITY_PROFILE), &r.profile);
    mn_code code = mn_shown_read(call, "pictures", "picture boxes checks", &ranges, &shown, &n, err);
    if (!ranges && call->body)
        ranges = json_object_get(call->body, "checks");
    if (code == MN_OK && ranges)
        code = mn_checks_apply(ranges, &r.profile, err);
    if (code == MN_OK)
        code = check_pictures(call, &r, shown, n, images, err);
    if (code == MN_OK)
        return mn_api_answer(call, 200, json_pack("{s:o}", "images", images), err);
    json_decref(images);
    return code;
}

/* ---- liveness ---- */

typedef struct {
    mn_live_rules rules;
    mn_live *judged; /* of all faces told, for the verdict on them together */
    size_t n;
} judging;

static json_t *live_verdict(const mn_live *l, const mn_live_rules *rules)
{
    char reasons[MN_LIVE_TEXT];
    mn_live_reasons(l->reasons, rules, reasons);
    return json_pack("{s:s, s:o, s:s*}", "verdict", mn_live_word(l->verdict), "score",
                     l->scored ? json_real((double)l->score) : json_null(), "reason",
                     reasons[0] ? reasons : NULL);
}

static json_t *judgement(mn_api_call *call, const mn_shown *p, void *ctx)
{
    (void)call;
    judging *j = ctx;
    json_t *o = mn_shown_json(p), *faces = json_array();
    for (size_t i = 0; i < p->n_faces; i++) {
        const mn_face *f = &p->faces[i];
        mn_live l = mn_live_judge(f, p->width, p->height, &j->rules);
        json_array_append_new(faces, json_pack("{s:o, s:o*, s:o}", "box", mn_json_box(&f->box), "quality",
                                               f->quality.made ? mn_json_quality(&f->quality) : NULL,
                                               "liveness", live_verdict(&l, &j->rules)));
        j->judged[j->n++] = l;
    }
    json_object_set_new(o, "faces", faces);
    return o;
}

static float given_or(const mn_api_call *call, int param, mn_setting setting)
{
    return (float)(mn_api_given(call, param) ? mn_api_number(call, param)
                                             : mn_settings_real(call->settings, setting));
}

static mn_code start_judging(mn_api_call *call, judging *j, mn_error *err)
{
    *j = (judging){.rules = mn_live_rules_default()};
    j->rules.threshold = given_or(call, MN_P_LIVENESS_THRESHOLD, MN_S_LIVENESS_THRESHOLD);
    j->rules.min_quality = given_or(call, MN_P_LIVENESS_MIN_QUALITY, MN_S_LIVENESS_MIN_QUALITY);
    size_t most = MN_SHOWN_MAX * (size_t)mn_settings_int(call->settings, MN_S_FACE_MAX);
    j->judged = mn_arena_calloc(call->arena, most, sizeof *j->judged);
    return j->judged ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for the verdicts");
}

mn_code mn_api_liveness(mn_api_call *call, mn_error *err)
{
    judging j;
    mn_shown *shown = NULL;
    size_t n = 0;
    json_t *images = json_array(), *together = NULL;
    mn_code code = start_judging(call, &j, err);
    if (code == MN_OK)
        code = mn_shown_read(call, "pictures", "picture boxes", NULL, &shown, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        code = mn_shown_look(call, &shown[i], MN_LIVE_WANT, 0, NULL, NULL, err);
        mn_shown_choose(&shown[i], mn_api_text(call, MN_P_LIVENESS_FACES));
    }
    if (code == MN_OK)
        code = fill_images(call, shown, n, judgement, &j, images, err);
    if (code == MN_OK && mn_api_yes(call, MN_P_LIVENESS_AGGREGATE)) {
        const mn_live l = mn_live_judge_together(j.judged, j.n, &j.rules);
        together = live_verdict(&l, &j.rules);
    }
    if (code == MN_OK)
        return mn_api_answer(call, 200, json_pack("{s:o, s:o*}", "images", images, "aggregate", together),
                             err);
    json_decref(images);
    return code;
}
