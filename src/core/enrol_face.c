/* A face for somebody who is there: what is asked before, the look for others who look the same, and one
 * transaction.
 *
 *   person, consent, same picture? ─ look-alikes ─┬─ none, or reported ─ pictures put away ─ transaction
 *                                                 └─ refused, or a decision waits ─ on record */
#include "core/attributes.h"
#include "core/enrolment.h"
#include "core/faces.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    mn_core *c;
    const mn_actor *who;
    const mn_face_new *what;
    mn_arena *arena; /* the caller's */
    mn_person person;
    mn_consent *consents;
    size_t n_consents;
    bool already;
    mn_face_record face; /* where already */
    mn_duplicate *duplicates;
    size_t n_duplicates;
} enrolling;

/* ---- may this face be stored? ---- */

static bool agrees_to_any(const enrolling *e, mn_time now)
{
    for (size_t i = 0; i < e->n_consents; i++)
        if (mn_consent_valid(&e->consents[i], e->consents[i].purpose, now))
            return true;
    return false;
}

/* For the purpose of every list that they are in; who is in none yet has agreed to something all the same. */
static mn_code check_consent(enrolling *e, mn_error *err)
{
    mn_membership *m = NULL;
    size_t n = 0;
    mn_time now = mn_time_now();
    const mn_id *person = &e->person.id;
    mn_store *s = e->c->store;
    mn_code code = s->ops->consent_list(s, person, e->arena, &e->consents, &e->n_consents, err);
    if (code == MN_OK)
        code = s->ops->lists_of(s, person, now, e->arena, &m, &n, err);
    if (code == MN_OK && !agrees_to_any(e, now))
        return mn_fail(err, MN_E_CONSENT,
                       "this person has no valid consent: put on record what they agreed to, then enrol");
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (!mn_consents_allow(e->consents, e->n_consents, m[i].list.purpose, now))
            code =
                mn_fail(err, MN_E_CONSENT,
                        "this person is in the list \"%.200s\" and has no valid consent for %s: ask for one, "
                        "or take them out of the list",
                        m[i].list.name, mn_purpose_word(m[i].list.purpose));
    return code;
}

static mn_code look_up(enrolling *e, const mn_enrol_job *job, mn_error *err)
{
    mn_store *s = e->c->store;
    mn_code code = mn_core_get_person(e->c, e->who, &e->what->person, e->arena, &e->person, err);
    if (code == MN_OK)
        code = check_consent(e, err);
    if (code != MN_OK || !job->hash[0])
        return code;
    code = s->ops->face_by_source(s, &e->person.id, job->hash, e->arena, &e->face, err);
    e->already = code == MN_OK;
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

/* ---- who looks the same? ---- */

static bool is_known(const enrolling *e, const mn_id *person)
{
    bool known = mn_id_compare(person, &e->person.id) == 0;
    for (size_t i = 0; i < e->n_duplicates && !known; i++)
        known = mn_id_compare(person, &e->duplicates[i].person) == 0;
    return known;
}

/* The gallery proposes, the store disposes, as in a search. */
static mn_code take_duplicate(enrolling *e, const mn_ranking *found, const mn_ranked *like,
                              mn_purpose purpose, const mn_scope *scope, mn_error *err)
{
    mn_person p;
    const mn_list *list = NULL;
    if (e->n_duplicates == MN_DUPLICATES_MAX || is_known(e, &like->found.person))
        return MN_OK;
    mn_code code = e->c->store->ops->person_get(e->c->store, &like->found.person, e->arena, &p, err);
    if (code == MN_E_NOT_FOUND || (code == MN_OK && !p.active))
        return MN_OK;
    if (code == MN_OK)
        code = mn_core_allowed_by(e->c, &p.id, purpose, scope, e->arena, &list, err);
    if (code == MN_OK && list)
        e->duplicates[e->n_duplicates++] =
            (mn_duplicate){.person = p.id,
                           .similarity = mn_calibration_similarity(found->calibration, like->score),
                           .name = p.name};
    return code;
}

static mn_code look_in(enrolling *e, mn_purpose purpose, mn_error *err)
{
    bool measured;
    mn_scope scope = {0};
    mn_ranked room[MN_DUPLICATES_MAX + 1]; /* one may be the person */
    mn_ranking found = {.out = room};
    mn_code code = mn_core_scope(e->c, e->who, NULL, 0, purpose, e->arena, &scope, err);
    const mn_core_query q = {
        .probe = e->what->descriptor, .lists = scope.ids, .n_lists = scope.n, .k = MN_DUPLICATES_MAX + 1};
    if (code == MN_OK)
        code = mn_core_search(e->c, &q, &found, err);
    if (code != MN_OK || found.n == 0)
        return code;
    double threshold = mn_core_threshold(&found, e->c->fmr, &measured);
    for (size_t i = 0; code == MN_OK && i < found.n && room[i].score >= threshold; i++)
        code = take_duplicate(e, &found, &room[i], purpose, &scope, err);
    return code;
}

static int more_alike(const void *left, const void *right)
{
    const mn_duplicate *a = left, *b = right;
    return a->similarity > b->similarity ? -1 : a->similarity < b->similarity;
}

static mn_code find_duplicates(enrolling *e, mn_error *err)
{
    mn_time now = mn_time_now();
    e->duplicates = mn_arena_calloc(e->arena, MN_DUPLICATES_MAX, sizeof *e->duplicates);
    mn_code code = e->duplicates ? mn_core_follow(e->c, err)
                                 : mn_fail(err, MN_E_MEMORY, "no memory to look for duplicates");
    for (int p = 0; code == MN_OK && p < MN_PURPOSES; p++)
        if (p != MN_PURPOSE_VERIFICATION && mn_consents_allow(e->consents, e->n_consents, (mn_purpose)p, now))
            code = look_in(e, (mn_purpose)p, err);
    if (code == MN_OK && e->n_duplicates > 1)
        qsort(e->duplicates, e->n_duplicates, sizeof *e->duplicates, more_alike);
    return code;
}

static json_t *json_people(const enrolling *e)
{
    json_t *people = json_array();
    for (size_t i = 0; i < e->n_duplicates; i++)
        json_array_append_new(people, mn_core_json_id(&e->duplicates[i].person));
    return people;
}

/* Who looks the same was looked at: that is on record before it is told. */
static mn_code record_look(const enrolling *e, const char *outcome, mn_error *err)
{
    return mn_core_record(e->c, e->who, "person.enrol", &e->person.id,
                          json_pack("{s:s, s:o}", "outcome", outcome, "looks_like", json_people(e)), err);
}

static mn_code wait_for_decision(const enrolling *e, mn_face_made *out, mn_error *err)
{
    mn_temporary t = {.kind = MN_TEMPORARY_DECISION,
                      .account = e->who->account,
                      .person = e->person.id,
                      .quality = e->what->quality,
                      .until = mn_time_now() + MN_DECISION_S * MN_TIME_SECOND,
                      .descriptor = *e->what->descriptor,
                      .sample = e->what->sample,
                      .source = e->what->source,
                      .picture = e->what->picture,
                      .keep_original = e->what->keep_original,
                      .duplicates = e->duplicates,
                      .n_duplicates = e->n_duplicates};
    t.descriptor.model = e->c->model_name;
    mn_code code = mn_temporary_put(e->c->temporary, &t, err);
    if (code == MN_OK) {
        out->decision = t.id;
        out->until = t.until;
    }
    return code;
}

static mn_code put_off(const enrolling *e, mn_face_made *out, mn_error *err)
{
    bool ask = e->what->on_duplicate == MN_DUPLICATE_ASK;
    *out = (mn_face_made){.outcome = ask ? MN_FACE_WAITS : MN_FACE_REFUSED,
                          .duplicates = e->duplicates,
                          .n_duplicates = e->n_duplicates};
    mn_code code = record_look(e, ask ? "waits" : "refused", err);
    return code == MN_OK && ask ? wait_for_decision(e, out, err) : code;
}

/* ---- the transaction ---- */

typedef struct {
    mn_enrol_job job; /* first */
    enrolling *e;
} writing;

static json_t *detail_of(const writing *w)
{
    bool enrolled = w->job.done.outcome == MN_ENROLLED;
    return json_pack("{s:s, s:o, s:b, s:o}", "outcome", enrolled ? "enrolled" : "already", "face",
                     mn_core_json_id(&w->job.done.face), "original", enrolled && w->job.original.n > 0,
                     "looks_like", json_people(w->e));
}

static mn_code write_face(writing *w, mn_arena *arena, mn_error *err)
{
    enrolling *e = w->e;
    mn_enrol_job *job = &w->job;
    mn_code code = MN_OK;
    if (e->already)
        job->done = (mn_enrolment){.outcome = MN_ENROLLED_ALREADY, .face = e->face.id};
    else
        code = mn_enrol_put_face(job, arena, err);
    return code == MN_OK ? mn_core_record(e->c, e->who, "person.enrol", &e->person.id, detail_of(w), err)
                         : code;
}

/* All that can refuse it, or have it go round again, comes before anything is written. */
static mn_code decide_and_write(writing *w, mn_quota **quota, mn_arena *arena, bool *refused, mn_error *err)
{
    enrolling *e = w->e;
    mn_enrol_job *job = &w->job;
    mn_code code = look_up(e, job, err);
    if (code == MN_OK && !e->already)
        code = mn_quota_take(e->c, quota, &e->who->account, 0, 1, arena, err);
    *refused = code != MN_OK && mn_code_http(code) < 500;
    job->record = e->person;
    if (code == MN_OK && !e->already)
        code = mn_enrol_settle(job, &e->person.id, arena, err);
    if (code == MN_OK && job->fate == MN_JOB_AGAIN)
        mn_quota_give_back(*quota, &e->who->account, 0, 1);
    return code == MN_OK && job->fate != MN_JOB_AGAIN ? write_face(w, arena, err) : code;
}

static mn_code write_in_round(mn_enrol_job *job, mn_enrol_round *r, mn_error *err)
{
    bool refused = false;
    mn_error own = {0};
    mn_code code = decide_and_write((writing *)job, &r->quota, r->arena, &refused, &own);
    if (refused)
        job->error = own;
    else if (code != MN_OK && err)
        *err = own;
    return refused ? mn_enrol_refuse(r, job, code, err) : code;
}

/* ---- one ---- */

static mn_code check_new(mn_core *c, const mn_face_new *what, mn_error *err)
{
    mn_code code = mn_core_check_descriptor(c, what->descriptor, err);
    if (code == MN_OK && what->source)
        code = mn_core_check_text("the face's source", what->source, err);
    if (code == MN_OK && what->sample.n > MN_ENROL_SAMPLE_MAX)
        code = mn_fail(err, MN_E_LIMIT, "a sample of %zu bytes: at most %zu are stored", what->sample.n,
                       MN_ENROL_SAMPLE_MAX);
    return code;
}

/* The job borrows the sample; nothing of it is to be freed. */
static void make_job(enrolling *e, const mn_enrol_face *as, mn_enrol_job *job)
{
    const mn_face_new *what = e->what;
    *job = (mn_enrol_job){.c = e->c,
                          .who = e->who,
                          .face = as,
                          .arena = e->arena,
                          .now = mn_time_now(),
                          .face_id = mn_id_make(),
                          .write = write_in_round};
    if (what->picture.bytes)
        mn_enrol_hash(e->c, what->picture.bytes, what->picture.n, job->hash);
    if (what->sample.bytes) {
        job->jpeg.data = (uint8_t *)(uintptr_t)what->sample.bytes; /* read only */
        job->jpeg.len = what->sample.n;
    }
    if (what->keep_original && what->picture.bytes)
        job->original = what->picture;
}

static mn_enrol_face face_of(const mn_face_new *what, mn_face *face)
{
    *face = (mn_face){.descriptor = *what->descriptor};
    face->quality.overall = what->quality;
    return (mn_enrol_face){.source = what->source, .face = face};
}

static mn_code answer(enrolling *e, const writing *w, mn_face_made *out, mn_error *err)
{
    mn_face_made made = {.outcome = w->job.done.outcome == MN_ENROLLED ? MN_FACE_MADE : MN_FACE_ALREADY,
                         .duplicates = e->duplicates,
                         .n_duplicates = e->n_duplicates};
    mn_original o;
    mn_store *s = e->c->store;
    mn_code code = s->ops->face_get(s, &w->job.done.face, e->arena, &made.face.face, err);
    if (code == MN_OK) {
        code = s->ops->face->original_get(s, &made.face.face.id, e->arena, &o, err);
        made.face.original = code == MN_OK;
        code = code == MN_E_NOT_FOUND ? MN_OK : code;
    }
    if (code == MN_OK)
        *out = made;
    return code;
}

static mn_code put_early(enrolling *e, mn_enrol_job *job)
{
    mn_code code = MN_OK;
    if (!e->already && (job->jpeg.len > 0 || job->original.n > 0))
        code = mn_core_early_key_take(e->c, &e->person.id, e->arena, &job->early, &job->error);
    return code == MN_OK && job->early.key ? mn_enrol_put_early(job, &job->error) : code;
}

static mn_code store(enrolling *e, writing *w, mn_face_made *out, mn_error *err)
{
    mn_enrol_job *job = &w->job;
    job->code = put_early(e, job);
    if (job->code == MN_OK)
        mn_enrol_run_grouped(e->c, job);
    else
        mn_enrol_end(job, false);
    if (job->code != MN_OK && err)
        *err = job->error;
    return job->code == MN_OK ? answer(e, w, out, err) : job->code;
}

static mn_code enrol(enrolling *e, mn_face_made *out, mn_error *err)
{
    mn_face face;
    writing w = {.e = e};
    const mn_enrol_face as = face_of(e->what, &face);
    make_job(e, &as, &w.job);
    mn_code code = look_up(e, &w.job, err);
    if (code == MN_OK && !e->already)
        code = find_duplicates(e, err);
    if (code != MN_OK)
        return code;
    if (e->n_duplicates > 0 && e->what->on_duplicate != MN_DUPLICATE_REPORT)
        return put_off(e, out, err);
    return store(e, &w, out, err);
}

mn_code mn_core_face_enrol(mn_core *c, const mn_actor *who, const mn_face_new *what, mn_arena *arena,
                           mn_face_made *out, mn_error *err)
{
    enrolling e = {.c = c, .who = who, .what = what, .arena = arena};
    mn_code code = mn_core_may(who, MN_R_FACES, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = check_new(c, what, err);
    return code == MN_OK ? enrol(&e, out, err) : code;
}

/* ---- many ---- */

typedef struct {
    const mn_actor *who;
    const mn_face_new *what;
    size_t n;
    mn_arena *arena;
    mn_face_result *results;
} import;

/* Nothing but records is written: no picture has to be put away while the transaction is open. */
static mn_code check_import(mn_core *c, const mn_face_new *what, mn_error *err)
{
    mn_code code = check_new(c, what, err);
    return code == MN_OK && (what->sample.bytes || what->keep_original)
               ? mn_fail(err, MN_E_INVALID, "descriptors are imported without pictures")
               : code;
}

static mn_code import_one(mn_core *c, const import *i, size_t at, mn_quota **quota, mn_arena *arena,
                          mn_error *err)
{
    mn_face face;
    mn_error why = {0};
    bool refused = true;
    enrolling e = {.c = c, .who = i->who, .what = &i->what[at], .arena = arena};
    writing w = {.e = &e};
    mn_face_result *result = &i->results[at];
    result->code = check_import(c, e.what, &why);
    if (result->code == MN_OK) {
        const mn_enrol_face as = face_of(e.what, &face);
        make_job(&e, &as, &w.job);
        result->code = decide_and_write(&w, quota, arena, &refused, &why);
        mn_core_early_key_close(&w.job.early);
        result->face = w.job.done.face;
    }
    if (result->code != MN_OK && !refused) {
        if (err)
            *err = why;
        return why.code;
    }
    result->why = result->code != MN_OK ? mn_arena_strdup(i->arena, why.text) : NULL;
    return result->code == MN_OK || result->why
               ? MN_OK
               : mn_fail(err, MN_E_MEMORY, "no memory for the answer about %zu descriptors", i->n);
}

static mn_code import_all(mn_core *c, void *ctx, mn_arena *arena, mn_error *err)
{
    const import *i = ctx;
    mn_quota *quota = NULL;
    mn_code code = mn_core_check_current(c, arena, err);
    size_t done = 0;
    for (size_t at = 0; code == MN_OK && at < i->n; at++) {
        code = import_one(c, i, at, &quota, arena, err);
        done += i->results[at].code == MN_OK;
    }
    return code == MN_OK ? mn_core_record(c, i->who, "descriptor.import", NULL,
                                          json_pack("{s:I, s:I}", "done", (json_int_t)done, "refused",
                                                    (json_int_t)(i->n - done)),
                                          err)
                         : code;
}

mn_code mn_core_faces_import(mn_core *c, const mn_actor *who, const mn_face_new *what, size_t n,
                             mn_arena *arena, mn_face_result *results, mn_error *err)
{
import i = {.who = who, .what = what, .n = n, .arena = arena, .results = results };
    mn_code code = mn_core_may(who, MN_R_DESCRIPTORS, MN_VERB_CREATE, err);
    if (code == MN_OK && (n < 1 || n > MN_FACES_IMPORT_MAX))
        code = mn_fail(err, MN_E_LIMIT, "1 to %d descriptors are imported at a time, not %zu",
                       MN_FACES_IMPORT_MAX, n);
    if (code != MN_OK)
        return code;
    mn_arena *own = mn_arena_create(MN_CORE_ARENA);
    code = own ? mn_core_in_transaction(c, import_all, &i, own, err)
               : mn_fail(err, MN_E_MEMORY, "no memory to import %zu descriptors", n);
    mn_arena_destroy(own);
    return code;
}

/* ---- decisions ---- */

static mn_code get_decision(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena,
                            mn_temporary *out, mn_error *err)
{
    mn_person p;
    mn_temporary t;
    bool stands = true;
    mn_code code = mn_core_may(who, MN_R_FACES, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = mn_temporary_get(c->temporary, MN_TEMPORARY_DECISION, &who->account, id, arena, &t, err);
    if (code == MN_OK)
        code = mn_core_temporary_stands(c, &t, arena, &stands, err);
    if (code == MN_OK && !stands)
        code = MN_E_NOT_FOUND;
    if (code == MN_OK)
        code = mn_core_get_person(c, who, &t.person, arena, &p, err);
    if (code == MN_E_NOT_FOUND)
        mn_temporary_missing(MN_TEMPORARY_DECISION, err);
    if (code == MN_OK)
        *out = t;
    return code;
}

/* Who was found alike is told only while they agree to be. */
static mn_code look_at_duplicate(mn_core *c, const mn_actor *who, const mn_duplicate *d, mn_arena *arena,
                                 mn_duplicate *out, bool *keep, mn_error *err)
{
    mn_person p;
    bool agreed = false;
    *keep = false;
    mn_code code = mn_core_get_person(c, who, &d->person, arena, &p, err);
    if (code == MN_E_NOT_FOUND)
        return MN_OK;
    if (code == MN_OK && p.active)
        code = mn_core_agreed_to_any(c, &p.id, arena, &agreed, err);
    *keep = agreed;
    *out = (mn_duplicate){.person = p.id, .similarity = d->similarity, .name = p.name};
    return code;
}

static json_t *json_decision(const mn_id *decision, const mn_duplicate *d, size_t n)
{
    json_t *people = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(people, mn_core_json_id(&d[i].person));
    return json_pack("{s:o, s:o}", "decision", mn_core_json_id(decision), "looks_like", people);
}

mn_code mn_core_decision(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_decision *out,
                         mn_error *err)
{
    mn_temporary t;
    size_t n = 0;
    mn_code code = get_decision(c, who, id, arena, &t, err);
    mn_duplicate *there = code == MN_OK ? mn_arena_calloc(arena, MN_DUPLICATES_MAX, sizeof *there) : NULL;
    if (code == MN_OK && !there)
        code = mn_fail(err, MN_E_MEMORY, "no memory for a decision");
    for (size_t i = 0; code == MN_OK && i < t.n_duplicates; i++) {
        bool keep = false;
        code = look_at_duplicate(c, who, &t.duplicates[i], arena, &there[n], &keep, err);
        n += keep;
    }
    if (code == MN_OK)
        code = mn_core_record(c, who, "decision.view", &t.person, json_decision(&t.id, there, n), err);
    if (code == MN_OK)
        *out = (mn_decision){
            .decision = t.id, .person = t.person, .until = t.until, .duplicates = there, .n_duplicates = n};
    return code;
}

static bool is_duplicate(const mn_temporary *t, const mn_id *person)
{
    for (size_t i = 0; i < t->n_duplicates; i++)
        if (mn_id_compare(&t->duplicates[i].person, person) == 0)
            return true;
    return false;
}

mn_code mn_core_decision_make(mn_core *c, const mn_actor *who, const mn_id *id, const mn_id *person,
                              mn_arena *arena, mn_face_made *out, mn_error *err)
{
    mn_temporary t;
    mn_code code = get_decision(c, who, id, arena, &t, err);
    if (code == MN_OK && person && !is_duplicate(&t, person))
        code = mn_fail(err, MN_E_INVALID, "person: merge with one of the duplicates that the decision names");
    if (code == MN_OK)
        code = mn_temporary_claim(c->temporary, MN_TEMPORARY_DECISION, &who->account, id, err);
    if (code != MN_OK)
        return code;
    const mn_face_new what = {.person = person ? *person : t.person,
                              .source = t.source,
                              .descriptor = &t.descriptor,
                              .quality = t.quality,
                              .sample = t.sample,
                              .picture = t.picture,
                              .keep_original = t.keep_original,
                              .on_duplicate = MN_DUPLICATE_REPORT};
    code = mn_core_face_enrol(c, who, &what, arena, out, err);
    mn_temporary_release(c->temporary, id, code == MN_OK);
    return code;
}

mn_code mn_core_decision_cancel(mn_core *c, const mn_actor *who, const mn_id *id, mn_error *err)
{
    mn_temporary t;
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    mn_code code = arena ? get_decision(c, who, id, arena, &t, err)
                         : mn_fail(err, MN_E_MEMORY, "no memory for a decision");
    if (code == MN_OK)
        code = mn_temporary_drop(c->temporary, MN_TEMPORARY_DECISION, &who->account, id, err);
    if (code == MN_OK)
        code = mn_core_record(c, who, "decision.cancel", &t.person, json_decision(id, NULL, 0), err);
    mn_arena_destroy(arena);
    return code;
}
