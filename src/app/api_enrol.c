/* Enrolling a face for a person, and deciding about those who look the same. */
#include "app/checks_json.h"
#include "app/face_json.h"
#include "app/faces_json.h"
#include "app/pictures.h"
#include "core/attributes.h"

#include <string.h>

/* ---- answers ---- */

static json_t *duplicates_json(const mn_duplicate *d, size_t n)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, json_pack("{s:o, s:s, s:f}", "person", mn_value_id(&d[i].person), "name",
                                              d[i].name, "similarity", d[i].similarity));
    return rows;
}

static json_t *decision_json(const mn_id *id, const mn_id *person, mn_time until, const mn_duplicate *d,
                             size_t n)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "decision", mn_value_id(id), "person", mn_value_id(person),
                     "until", mn_value_time(until), "duplicates", duplicates_json(d, n));
}

static mn_code answer_enrolled(mn_api_call *call, int status, const mn_face_made *made, mn_error *err)
{
    char face[MN_ID_TEXT];
    if (made->n_duplicates > 0) /* an answer that names others is not kept: it would outlive their erasure */
        call->kept = NULL;
    json_t *o =
        json_pack("{s:s, s:o, s:o, s:o}", "outcome", made->outcome == MN_FACE_MADE ? "enrolled" : "already",
                  "person", mn_value_id(&made->face.face.person), "face", mn_json_enrolled(&made->face),
                  "duplicates", duplicates_json(made->duplicates, made->n_duplicates));
    mn_id_format(&made->face.face.id, face);
    if (status == 201)
        mn_api_etag(call, mn_core_face_state(&made->face));
    return status == 201 ? mn_api_created(call, "/v1/faces", face, o, err)
                         : mn_api_answer(call, status, o, err);
}

static mn_code answer_made(mn_api_call *call, const mn_id *person, const mn_face_made *made, mn_error *err)
{
    switch (made->outcome) {
    case MN_FACE_WAITS:
        call->kept = NULL; /* as it names others too */
        return mn_api_answer(
            call, 202,
            decision_json(&made->decision, person, made->until, made->duplicates, made->n_duplicates), err);
    case MN_FACE_REFUSED:
        mn_api_problem_more(
            call, json_pack("{s:o}", "duplicates", duplicates_json(made->duplicates, made->n_duplicates)));
        return mn_fail(err, MN_E_DUPLICATE,
                       "somebody else enrolled looks the same: enrol the face for them, or ask with "
                       "on_duplicate=ask and decide");
    default:
        return answer_enrolled(call, 201, made, err);
    }
}

/* ---- quality ---- */

/* What is wrong with the face, by the checks for recognition. */
static json_t *reasons(const mn_shown *p)
{
    mn_check checks[MN_CHECKS];
    size_t n = 0;
    const mn_check_profile profile = mn_check_profile_recognition();
    const mn_check_subject subject = {
        .format = p->format, .file_bytes = p->n, .image = p->image, .face = &p->faces[0]};
    json_t *rows = json_array();
    if (mn_checks_make(&subject, &profile, checks, &n, NULL) != MN_OK)
        return rows;
    for (size_t i = 0; i < n; i++)
        if (checks[i].verdict == MN_CHECK_FAILED)
            json_array_append_new(rows, mn_checks_to_json(&checks[i], &profile));
    return rows;
}

static mn_code refuse_poor(double quality, double wanted, mn_error *err)
{
    return mn_fail(err, MN_E_QUALITY,
                   "the face's quality is %.2f, and %.2f is needed: take a sharper, larger, frontal picture",
                   quality, wanted);
}

/* ---- what is enrolled ---- */

/* While the pixels are there. */
static void choose_face(mn_api_call *call, mn_shown *p, void *ctx)
{
    const double *min_quality = ctx;
    mn_shown_choose(p, mn_api_text(call, MN_P_FACE_CREATE_FACES));
    if (p->code != MN_OK || (double)p->faces[0].quality.overall >= *min_quality)
        return;
    mn_api_problem_more(call, json_pack("{s:o}", "reasons", reasons(p)));
    p->code = refuse_poor((double)p->faces[0].quality.overall, *min_quality, &p->error);
}

static mn_code from_picture(mn_api_call *call, mn_shown *p, double min_quality, mn_face_new *out,
                            mn_error *err)
{
    const mn_check_profile profile = mn_check_profile_recognition();
    unsigned want = MN_WANT_DESCRIPTOR | MN_WANT_SAMPLE | MN_WANT_QUALITY | mn_check_profile_want(&profile);
    mn_code code = mn_shown_look(call, p, want, MN_SIDE_ONE_FACE, choose_face, &min_quality, err);
    if (code == MN_OK && p->code != MN_OK) {
        if (err)
            *err = p->error;
        return p->code;
    }
    if (code != MN_OK)
        return code;
    const mn_face *f = &p->faces[0];
    out->descriptor = &f->descriptor;
    out->quality = f->quality.overall;
    out->source = p->file;
    out->picture = (mn_picture_file){p->bytes, p->n, mn_api_media_type(p->format)};
    if (p->is_sample) { /* as it came: it is not a picture that somebody took */
        out->sample = (mn_picture_file){p->bytes, p->n, "image/jpeg"};
        return MN_OK;
    }
    out->keep_original = mn_api_yes(call, MN_P_FACE_CREATE_KEEP_ORIGINAL) &&
                         mn_settings_bool(call->settings, MN_S_FACE_ORIGINALS);
    return mn_api_encode_sample(call, f, &out->sample, err);
}

static mn_code from_attribute(mn_api_call *call, const json_t *source, double min_quality, mn_face_new *out,
                              mn_error *err)
{
    mn_id id;
    mn_temporary *t = mn_arena_calloc(call->arena, 1, sizeof *t);
    if (!t)
        return mn_fail(err, MN_E_MEMORY, "no memory for an attribute");
    mn_field_id(source, "attribute", &id);
    mn_code code =
        mn_core_attribute(call->core, call->actor, MN_R_FACES, MN_VERB_CREATE, &id, call->arena, t, err);
    if (code == MN_OK && (double)t->quality < min_quality)
        code = refuse_poor((double)t->quality, min_quality, err);
    if (code == MN_OK && !mn_id_is_nil(&t->person) && mn_id_compare(&t->person, &out->person) != 0)
        code = mn_fail(err, MN_E_CONFLICT, "the attribute was extracted for somebody else");
    if (code != MN_OK)
        return code;
    out->descriptor = &t->descriptor;
    out->quality = t->quality;
    out->sample = t->sample;
    return MN_OK;
}

static mn_code from_descriptor(mn_api_call *call, const json_t *source, mn_face_new *out, mn_error *err)
{
    mn_descriptor *d = mn_arena_calloc(call->arena, 1, sizeof *d);
    mn_code code = d ? mn_core_may(call->actor, MN_R_DESCRIPTORS, MN_VERB_CREATE, err)
                     : mn_fail(err, MN_E_MEMORY, "no memory for a descriptor");
    if (code == MN_OK)
        code = mn_api_read_descriptor(call, source, d, err);
    out->descriptor = d;
    return code;
}

static mn_code from_source(mn_api_call *call, mn_face_new *out, mn_error *err)
{
    mn_shown *shown = NULL;
    size_t n = 0;
    double min_quality = mn_api_min_quality(call, MN_P_FACE_CREATE_MIN_QUALITY);
    mn_code code = mn_shown_read(call, NULL, "picture box", NULL, &shown, &n, err);
    if (code == MN_OK && n != 1)
        code = mn_fail(err, MN_E_INVALID, "one picture makes one face: there are %zu here", n);
    if (code != MN_OK)
        return code;
    const json_t *reference = shown->reference;
    const char *type = reference ? mn_field_text(reference, "type") : "";
    if (strcmp(type, "attribute") == 0)
        return from_attribute(call, reference, min_quality, out, err);
    if (strcmp(type, "descriptor") == 0)
        return from_descriptor(call, reference, out, err);
    if (strcmp(type, "person") == 0)
        return mn_fail(err, MN_E_INVALID, "name the face: a person may have several");
    if (strcmp(type, "face") == 0) {
        *shown = (mn_shown){0};
        code = mn_shown_of_sample(call, reference, "face", shown, err);
    }
    return code == MN_OK ? from_picture(call, shown, min_quality, out, err) : code;
}

static mn_on_duplicate on_duplicate(const mn_api_call *call)
{
    const char *word = mn_api_text(call, MN_P_FACE_CREATE_ON_DUPLICATE);
    return strcmp(word, "ask") == 0      ? MN_DUPLICATE_ASK
           : strcmp(word, "refuse") == 0 ? MN_DUPLICATE_REFUSE
                                         : MN_DUPLICATE_REPORT;
}

mn_code mn_api_face_create(mn_api_call *call, mn_error *err)
{
    mn_face_made made;
    mn_face_new what = {.person = mn_api_id(call, MN_P_FACE_CREATE_PERSON),
                        .on_duplicate = on_duplicate(call)};
    mn_code code = from_source(call, &what, err);
    if (mn_api_given(call, MN_P_FACE_CREATE_SOURCE))
        what.source = mn_api_text(call, MN_P_FACE_CREATE_SOURCE);
    if (code == MN_OK)
        code = mn_core_face_enrol(call->core, call->actor, &what, call->arena, &made, err);
    return code == MN_OK ? answer_made(call, &what.person, &made, err) : code;
}

/* ---- decisions ---- */

mn_code mn_api_decision_get(mn_api_call *call, mn_error *err)
{
    mn_decision d;
    const mn_id id = mn_api_id(call, MN_P_DECISION_GET_DECISION);
    mn_code code = mn_core_decision(call->core, call->actor, &id, call->arena, &d, err);
    return code == MN_OK
               ? mn_api_answer(call, 200,
                               decision_json(&d.decision, &d.person, d.until, d.duplicates, d.n_duplicates),
                               err)
               : code;
}

mn_code mn_api_decision_make(mn_api_call *call, mn_error *err)
{
    mn_face_made made;
    mn_id person;
    const mn_id id = mn_api_id(call, MN_P_DECISION_MAKE_DECISION);
    const char *action = mn_field_text(call->body, "action");
    bool merge = strcmp(action, "merge") == 0, named = mn_field_id(call->body, "person", &person);
    mn_code code = MN_OK;
    if (merge != named)
        return mn_fail(err, MN_E_INVALID,
                       merge ? "person: say for whom of the duplicates the face is"
                             : "person: is named for merge only");
    if (strcmp(action, "cancel") == 0) {
        code = mn_core_decision_cancel(call->core, call->actor, &id, err);
        return code == MN_OK ? mn_api_nothing(call, err) : code;
    }
    code =
        mn_core_decision_make(call->core, call->actor, &id, merge ? &person : NULL, call->arena, &made, err);
    return code == MN_OK ? answer_enrolled(call, 200, &made, err) : code;
}
