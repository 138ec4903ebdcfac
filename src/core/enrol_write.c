/* The records of enrolments, in one transaction and by few calls of the store: list, person, consent, key,
 * face and audit record are there together or not at all. Samples are put away before it (enrol_early.c);
 * when it fails they are removed, and when the machine dies in between, what stays is sealed under the key of
 * the person it is of, and goes with that, or, of somebody new, under a key that exists nowhere. */
#include "core/enrolment.h"

#include <string.h>

#define TOGETHER 3 /* calls of the store for all of a transaction; each needs memory for all */

/* ---- what is sealed ---- */

/* Into the arena. */
static mn_code copy_out(const mn_buf *from, mn_arena *a, const uint8_t **bytes, size_t *n, mn_error *err)
{
    uint8_t *copy = mn_arena_alloc(a, from->len + 1);
    if (!copy)
        return mn_fail(err, MN_E_MEMORY, "no memory to enrol somebody");
    memcpy(copy, from->data, from->len);
    *bytes = copy;
    *n = from->len;
    return MN_OK;
}

static mn_code seal_descriptor(mn_enrol_job *job, const mn_id *face, mn_arena *a, mn_descriptor_record *out,
                               mn_error *err)
{
    const mn_descriptor *d = &job->face->face->descriptor;
    mn_buf sealed;
    mn_buf_init(&sealed, MN_DESCRIPTOR_MAX * sizeof(float) + 256);
    *out = (mn_descriptor_record){.face = *face, .model = job->c->model_name, .dim = d->dim};
    mn_code code = mn_core_seal_descriptor(job->c, job->key, face, d->v, &sealed, err);
    if (code == MN_OK)
        code = copy_out(&sealed, a, &out->sealed, &out->sealed_len, err);
    mn_buf_finish(&sealed);
    return code;
}

static mn_code make_face(mn_enrol_job *job, mn_arena *a, mn_face_record *f, mn_descriptor_record *d,
                         mn_error *err)
{
    *f = (mn_face_record){.id = job->face_id,
                          .person = job->record.id,
                          .source = job->face->source,
                          .source_hash = job->hash[0] ? job->hash : NULL,
                          .quality = job->face->face->quality.overall,
                          .sample = job->blob,
                          .created = job->now};
    job->done.face = f->id;
    return seal_descriptor(job, &f->id, a, d, err);
}

/* ---- the audit record ---- */

/* The gallery proposes, the store disposes, as in a search. */
static mn_code may_be_told(mn_enrol_job *job, const mn_id *person, mn_person *p, bool *yes, mn_error *err)
{
    mn_consent *consents = NULL;
    size_t n = 0;
    mn_store *s = job->c->store;
    mn_code code = s->ops->person_get(s, person, job->arena, p, err);
    *yes = false;
    if (code == MN_E_NOT_FOUND || (code == MN_OK && !p->active))
        return MN_OK;
    if (code == MN_OK)
        code = s->ops->consent_list(s, person, job->arena, &consents, &n, err);
    *yes = code == MN_OK && mn_consents_allow(consents, n, job->list->list.purpose, mn_time_now());
    return code;
}

/* The nearest other person, when as near as a search at the default rate would report. */
static mn_code note_duplicate(mn_enrol_job *job, mn_error *err)
{
    bool measured;
    mn_core *c = job->c;
    mn_enrolment *out = &job->done;
    double threshold = job->lookalikes.n > 0 ? mn_core_threshold(&job->lookalikes, c->fmr, &measured) : 0;
    for (size_t i = 0; i < job->lookalikes.n && !out->duplicate; i++) {
        const mn_ranked *like = &job->lookalike[i];
        const mn_id *id = &like->found.person;
        mn_person p;
        bool told = false;
        if (like->score < threshold || mn_id_compare(id, &job->record.id) == 0)
            continue;
        mn_code code = may_be_told(job, id, &p, &told, err);
        if (code != MN_OK)
            return code;
        if (!told)
            continue;
        out->duplicate = true;
        out->duplicate_person = p.id;
        out->duplicate_name = p.name;
        out->duplicate_similarity = mn_calibration_similarity(job->lookalikes.calibration, like->score);
    }
    return MN_OK;
}

static json_t *detail_of(const mn_enrol_job *job)
{
    const mn_enrolment *done = &job->done;
    json_t *duplicate = done->duplicate ? mn_core_json_id(&done->duplicate_person) : json_null();
    return json_pack("{s:s, s:s, s:b, s:s, s:o, s:o}", "list", job->list->list.name, "purpose",
                     mn_purpose_word(job->list->list.purpose), "new", done->person_is_new, "outcome",
                     done->outcome == MN_ENROLLED ? "enrolled" : "already", "face",
                     mn_core_json_id(&done->face), "looks_like", duplicate);
}

/* ---- its records ---- */

/* What every enrolment ends with. */
static mn_code fill_audit(mn_enrol_job *job, mn_arena *a, mn_rows *r, mn_error *err)
{
    job->done.person = job->record.id;
    mn_code code = note_duplicate(job, err);
    if (code == MN_OK)
        code = mn_core_make_record(job->who, "person.enrol", &job->record.id, detail_of(job), job->now, a,
                                   &r->audit[r->n_audit], err);
    r->n_audit += code == MN_OK;
    return code;
}

/* Under job->key. */
static mn_code fill_face(mn_enrol_job *job, mn_arena *a, mn_rows *r, mn_error *err)
{
    mn_code code = make_face(job, a, &r->faces[r->n_faces], &r->descriptors[r->n_faces], err);
    r->n_faces += code == MN_OK;
    return code;
}

static mn_code need_list(const mn_enrol_round *r, mn_enrol_list *l, mn_error *err)
{
    if (!l->is_new)
        return MN_OK;
    l->is_new = false;
    return r->c->store->ops->list_put(r->c->store, &l->list, err);
}

/* ---- people who are new ---- */

static mn_code fill_new(mn_enrol_round *round, mn_enrol_job *job, mn_rows *r, mn_error *err)
{
    mn_arena *a = round->arena;
    mn_code code = mn_enrol_settle(job, NULL, a, err);
    if (code == MN_OK && job->fate == MN_JOB_AGAIN)
        mn_quota_give_back(round->quota, &job->record.account, 1, 1);
    if (code != MN_OK || job->fate == MN_JOB_AGAIN)
        return code;
    job->key = job->early.key;
    job->record.id = job->early.person;
    job->done.person_is_new = true;
    r->keys[r->n_keys++] = (mn_key_record){job->record.id, job->early.wrapped, job->early.n};
    r->people[r->n_people++] = job->record;
    r->consents[r->n_consents++] = mn_core_consent_record(&job->record.id, job->person->consent);
    r->members[r->n_members++] = (mn_member_record){job->list->list.id, job->record.id, job->now};
    code = need_list(round, job->list, err);
    if (code == MN_OK)
        code = fill_face(job, a, r, err);
    return code == MN_OK ? fill_audit(job, a, r, err) : code;
}

/* ---- people who are there ---- */

/* One of them, and what is under way for them in the same call. */
typedef struct {
    mn_id person;       /* nil: a free slot */
    mn_key *key;        /* once it was needed */
    bool stated;        /* a consent that the store does not show yet */
    mn_enrol_job *jobs; /* by job->same */
} known;

typedef struct {
    known *slots;
    size_t mask;
} known_set;

static mn_code make_known(known_set *set, size_t n, mn_arena *a, mn_error *err)
{
    size_t room = 4;
    while (room < 2 * n)
        room *= 2;
    set->mask = room - 1;
    set->slots = mn_arena_calloc(a, room, sizeof *set->slots);
    return set->slots ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory to enrol %zu people", n);
}

static void end_known(known_set *set)
{
    for (size_t i = 0; set->slots && i <= set->mask; i++)
        mn_key_close(set->slots[i].key);
}

static known *find_known(const known_set *set, const mn_id *person)
{
    uint64_t h;
    memcpy(&h, person->bytes + sizeof person->bytes - sizeof h, sizeof h); /* random in every id */
    for (size_t i = (size_t)h;; i++) {
        known *k = &set->slots[i & set->mask];
        if (mn_id_is_nil(&k->person))
            k->person = *person;
        if (mn_id_compare(&k->person, person) == 0)
            return k;
    }
}

/* Can this one be decided by what the store shows, whatever is under way? */
static bool must_wait(const known *k, const mn_enrol_job *job)
{
    if (k->stated)
        return true;
    for (const mn_enrol_job *other = k->jobs; job->hash[0] && other; other = other->same)
        if (strcmp(other->hash, job->hash) == 0)
            return true;
    return false;
}

/* Who is in the list stays in it from the day they came: one more picture does not put its retention off. */
static mn_code put_member(const mn_enrol_round *round, const mn_enrol_job *job, const known *k, mn_rows *r,
                          mn_error *err)
{
    mn_membership *there = NULL;
    size_t n = 0;
    const mn_id *list = &job->list->list.id;
    for (const mn_enrol_job *other = k->jobs; other; other = other->same)
        if (other->list == job->list)
            return MN_OK;
    mn_code code =
        round->c->store->ops->lists_of(round->c->store, &k->person, job->now, round->arena, &there, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (mn_id_compare(&there[i].list.id, list) == 0)
            return MN_OK;
    if (code == MN_OK)
        r->members[r->n_members++] = (mn_member_record){*list, k->person, job->now};
    return code;
}

/* A picture that is there already is passed over. */
static mn_code find_picture(mn_enrol_job *job, mn_arena *a, mn_error *err)
{
    mn_face_record before;
    mn_store *s = job->c->store;
    mn_code code = MN_E_NOT_FOUND;
    if (job->hash[0])
        code = s->ops->face_by_source(s, &job->record.id, job->hash, a, &before, err);
    if (code == MN_OK) {
        job->done.outcome = MN_ENROLLED_ALREADY;
        job->done.face = before.id;
    }
    return code;
}

static mn_code need_key(mn_core *c, known *k, mn_arena *a, mn_error *err)
{
    mn_code code = k->key ? MN_OK : mn_core_person_key(c, &k->person, a, &k->key, err);
    return code == MN_E_NOT_FOUND ? mn_core_make_person_key(c, &k->person, &k->key, err) : code;
}

/* One that is there takes no room. */
static mn_code check_room(mn_enrol_round *r, mn_enrol_job *job, bool *there, mn_error *err)
{
    mn_code code = find_picture(job, r->arena, err);
    *there = code == MN_OK;
    return code == MN_E_NOT_FOUND ? mn_quota_take(r->c, &r->quota, &job->record.account, 0, 1, r->arena, err)
                                  : code;
}

/* What this face is sealed under. */
static mn_code settle_key(mn_enrol_round *r, mn_enrol_job *job, known *k, mn_error *err)
{
    mn_code code;
    if (job->jpeg.len == 0 && !job->early.key) {
        code = need_key(r->c, k, r->arena, err);
        job->key = k->key;
        return code;
    }
    code = mn_enrol_settle(job, &k->person, r->arena, err);
    if (job->fate == MN_JOB_AGAIN)
        mn_quota_give_back(r->quota, &job->record.account, 0, 1);
    job->key = job->early.key;
    return code;
}

static mn_code fill_consent(mn_enrol_round *round, mn_enrol_job *job, known *k, mn_rows *r, mn_error *err)
{
    k->stated = true;
    r->consents[r->n_consents++] = mn_core_consent_record(&k->person, job->person->consent);
    return mn_core_undo_erasure(round->c, job->who, &k->person, round->arena, err);
}

static mn_code fill_known(mn_enrol_round *round, mn_enrol_job *job, const known_set *set, mn_rows *r,
                          mn_error *err)
{
    known *k = find_known(set, &job->record.id);
    bool state = false, there = false;
    if (must_wait(k, job)) {
        job->fate = MN_JOB_LATER;
        return MN_OK;
    }
    mn_code code = mn_core_consent_decide(round->c, &k->person, job->person->consent, job->list->list.purpose,
                                          job->now, round->arena, &state, &job->error);
    if (code == MN_OK)
        code = check_room(round, job, &there, &job->error);
    if (code != MN_OK)
        return mn_enrol_refuse(round, job, code, err);
    if (!there)
        code = settle_key(round, job, k, &job->error);
    if (code != MN_OK) {
        mn_quota_give_back(round->quota, &job->record.account, 0, 1);
        code = mn_enrol_refuse(round, job, code, err);
        return code == MN_E_CORRUPT && !round->whole ? MN_OK : code; /* the key is this person's alone */
    }
    if (job->fate == MN_JOB_AGAIN)
        return MN_OK;
    code = need_list(round, job->list, err);
    if (code == MN_OK && state)
        code = fill_consent(round, job, k, r, err);
    if (code == MN_OK)
        code = put_member(round, job, k, r, err);
    job->same = k->jobs;
    k->jobs = job;
    if (code == MN_OK && !there)
        code = fill_face(job, round->arena, r, err);
    return code == MN_OK ? fill_audit(job, round->arena, r, err) : code;
}

/* ---- one face by itself ---- */

mn_code mn_enrol_put_face(mn_enrol_job *job, mn_arena *a, mn_error *err)
{
    mn_face_record f;
    mn_descriptor_record d;
    mn_store *s = job->c->store;
    job->key = job->early.key;
    mn_code code = make_face(job, a, &f, &d, err);
    if (code == MN_OK)
        code = s->ops->face_put(s, &f, err);
    if (code == MN_OK)
        code = s->ops->descriptor_put(s, &d, err);
    if (code != MN_OK || job->original.n == 0)
        return code;
    const mn_original o = {.face = f.id,
                           .blob = job->original_blob,
                           .format = job->original.type,
                           .bytes = (int64_t)job->original.n};
    return s->ops->face->original_put(s, &o, err);
}

/* ---- the transaction ---- */

static mn_code fill(mn_enrol_round *round, mn_enrol_job *job, const known_set *set, mn_rows *r, mn_error *err)
{
    if (job->code != MN_OK || job->fate == MN_JOB_LATER)
        return MN_OK;
    return job->fate == MN_JOB_NEW ? fill_new(round, job, r, err) : fill_known(round, job, set, r, err);
}

static mn_code write_planned(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err)
{
    mn_rows made, room = {.n_people = n, .n_consents = n, .n_members = n, .n_faces = n};
    known_set set = {0};
    mn_code code = mn_enrol_plan(r, jobs, n, err);
    if (code == MN_OK)
        code = mn_rows_make(&made, &room, r->arena, err);
    if (code == MN_OK)
        code = make_known(&set, n, r->arena, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = fill(r, jobs[i], &set, &made, err);
    end_known(&set);
    return code == MN_OK ? mn_rows_put(r->c, &made, err) : code;
}

static size_t keep_waiting(mn_enrol_job **jobs, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (jobs[i]->code == MN_OK && jobs[i]->fate == MN_JOB_LATER)
            jobs[kept++] = jobs[i];
    return kept;
}

/* Those that wait for others come together once these are in the store. Usually none is left then; if any
 * are, each may make what the next one hangs on, and they come one by one. */
static mn_code write_people(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err)
{
    size_t left = 0;
    mn_code code = MN_OK;
    mn_enrol_job **all = mn_arena_calloc(r->arena, n + 1, sizeof *all);
    if (!all)
        return mn_fail(err, MN_E_MEMORY, "no memory to enrol %zu people", n);
    for (size_t i = 0; i < n; i++)
        if (!jobs[i]->write)
            all[left++] = jobs[i];
    for (int together = 0; code == MN_OK && left > 0 && together < TOGETHER; together++) {
        code = write_planned(r, all, left, err);
        left = keep_waiting(all, left);
    }
    for (size_t i = 0; code == MN_OK && i < left; i++)
        code = write_planned(r, &all[i], 1, err);
    return code;
}

static size_t count_again(mn_enrol_job *const *jobs, size_t n)
{
    size_t again = 0;
    for (size_t i = 0; i < n; i++)
        again += jobs[i]->code == MN_OK && jobs[i]->fate == MN_JOB_AGAIN;
    return again;
}

static mn_code write_all(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        jobs[i]->fate = MN_JOB_NEW;
        jobs[i]->done = (mn_enrolment){0};
    }
    mn_code code = write_people(r, jobs, n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (jobs[i]->write)
            code = jobs[i]->write(jobs[i], r, err);
    return code;
}

static mn_code run(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, size_t *again, bool *committing,
                   mn_error *err)
{
    mn_store *s = r->c->store;
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = mn_core_check_current(r->c, r->arena, err);
    if (code == MN_OK)
        code = write_all(r, jobs, n, err);
    *again = code == MN_OK ? count_again(jobs, n) : 0;
    *committing = code == MN_OK && !(r->whole && *again > 0);
    if (*committing)
        return s->ops->commit(s, err);
    s->ops->rollback(s);
    return code;
}

static void fail_all(mn_enrol_job *const *jobs, size_t n, const mn_error *why)
{
    for (size_t i = 0; i < n; i++)
        if (jobs[i]->code == MN_OK) {
            jobs[i]->code = why->code;
            jobs[i]->error = *why;
        }
}

/* Ends all but those that go round again, which come to the front. */
static size_t end_others(mn_enrol_job **jobs, size_t n, bool committing)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        mn_enrol_job *job = jobs[i];
        if (job->code != MN_OK || job->fate != MN_JOB_AGAIN) {
            mn_enrol_end(job, committing);
            continue;
        }
        jobs[i] = jobs[kept];
        jobs[kept++] = job;
    }
    return kept;
}

mn_code mn_enrol_run_once(mn_core *c, mn_enrol_job **jobs, size_t n, bool whole, size_t *again, mn_error *err)
{
    mn_error own = {0};
    bool committing = false;
    mn_enrol_round r = {.c = c, .whole = whole, .arena = mn_arena_create(MN_CORE_ARENA)};
    mn_code code = r.arena ? run(&r, jobs, n, again, &committing, &own)
                           : mn_fail(&own, MN_E_MEMORY, "no memory to enrol %zu people", n);
    mn_arena_destroy(r.arena);
    if (code != MN_OK)
        fail_all(jobs, n, &own);
    if (code == MN_OK && whole && *again > 0)
        *again = n;
    else
        *again = end_others(jobs, n, committing);
    if (code != MN_OK && err)
        *err = own;
    return code;
}

mn_code mn_enrol_again(mn_enrol_job *job, int attempt)
{
    job->code = attempt < MN_ENROL_ATTEMPTS
                    ? mn_enrol_put_early(job, &job->error)
                    : mn_fail(&job->error, MN_E_CONFLICT,
                              "the person is made, erased or merged all the time meanwhile: try again");
    if (job->code != MN_OK)
        mn_enrol_end(job, false);
    return job->code;
}

/* *n: those that are left. */
static mn_code prepare_again(mn_enrol_job **jobs, size_t *n, bool whole, int attempt, mn_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        mn_enrol_job *job = jobs[i];
        if (job->fate != MN_JOB_AGAIN || mn_enrol_again(job, attempt) == MN_OK) {
            jobs[kept++] = job;
        } else if (whole) {
            const mn_error why = job->error;
            fail_all(jobs, *n, &why);
            end_others(jobs, *n, false);
            if (err)
                *err = why;
            return why.code;
        }
    }
    *n = kept;
    return MN_OK;
}

mn_code mn_enrol_run(mn_core *c, mn_enrol_job **jobs, size_t n, bool whole, mn_error *err)
{
    mn_code code = MN_OK;
    for (int attempt = 1; code == MN_OK && n > 0; attempt++) {
        code = mn_enrol_run_once(c, jobs, n, whole, &n, err);
        if (code == MN_OK && n > 0)
            code = prepare_again(jobs, &n, whole, attempt, err);
    }
    return code;
}
