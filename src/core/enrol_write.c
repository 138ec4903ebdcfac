/* The records of enrolments, in one transaction: list, person, consent, key, face and audit record are there
 * together or not at all. A sample's blob is written before the commit; when the commit fails it is removed,
 * and when the machine dies in between, what stays on the disk is sealed under a key that exists nowhere. */
#include "core/enrolment.h"

#include <string.h>

#define WRAPPED_MAX 512

/* ---- what is sealed ---- */

static mn_code put_sample(mn_enrol_job *job, mn_face_record *f, mn_error *err)
{
    if (job->jpeg.len == 0)
        return MN_OK;
    mn_core *c = job->c;
    mn_buf sealed;
    mn_buf_init(&sealed, MN_ENROL_SAMPLE_MAX + 256);
    mn_code code = mn_core_seal_sample(job->key, &f->id, &job->jpeg, &sealed, err);
    if (code == MN_OK) {
        job->blob = f->sample = mn_id_make();
        code = c->blobs->ops->put(c->blobs, &f->sample, sealed.data, sealed.len, err);
    }
    mn_buf_finish(&sealed);
    return code;
}

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
    *f = (mn_face_record){.id = mn_id_make(),
                          .person = job->record.id,
                          .source = job->face->source,
                          .source_hash = job->hash[0] ? job->hash : NULL,
                          .quality = job->face->face->quality.overall,
                          .created = job->now};
    job->done.face = f->id;
    mn_code code = put_sample(job, f, err);
    return code == MN_OK ? seal_descriptor(job, &f->id, a, d, err) : code;
}

/* ---- the audit record ---- */

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
        if (like->score < threshold || mn_id_compare(id, &job->record.id) == 0)
            continue;
        mn_code code = c->store->ops->person_get(c->store, id, job->arena, &p, err);
        if (code == MN_E_NOT_FOUND)
            continue;
        if (code != MN_OK)
            return code;
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

/* ---- people who are new: all in one call ---- */

typedef struct {
    mn_person *people;
    mn_key_record *keys;
    mn_consent *consents;
    mn_member_record *members;
    mn_face_record *faces;
    mn_descriptor_record *descriptors;
    mn_audit_record *audit;
    size_t n;
} rows;

static mn_code make_rows(rows *r, size_t n, mn_arena *a, mn_error *err)
{
    r->people = mn_arena_calloc(a, n, sizeof *r->people);
    r->keys = mn_arena_calloc(a, n, sizeof *r->keys);
    r->consents = mn_arena_calloc(a, n, sizeof *r->consents);
    r->members = mn_arena_calloc(a, n, sizeof *r->members);
    r->faces = mn_arena_calloc(a, n, sizeof *r->faces);
    r->descriptors = mn_arena_calloc(a, n, sizeof *r->descriptors);
    r->audit = mn_arena_calloc(a, n, sizeof *r->audit);
    if (r->people && r->keys && r->consents && r->members && r->faces && r->descriptors && r->audit)
        return MN_OK;
    return mn_fail(err, MN_E_MEMORY, "no memory to enrol %zu people", n);
}

static mn_code make_key(mn_enrol_job *job, mn_arena *a, mn_key_record *out, mn_error *err)
{
    const mn_id *person = &job->record.id;
    mn_buf wrapped;
    mn_buf_init(&wrapped, WRAPPED_MAX);
    out->person = *person;
    mn_code code = mn_key_make(job->c->master, person->bytes, sizeof person->bytes, &job->key, &wrapped, err);
    if (code == MN_OK)
        code = copy_out(&wrapped, a, &out->wrapped, &out->n, err);
    mn_buf_finish(&wrapped);
    return code;
}

static mn_code fill_row(mn_enrol_job *job, mn_arena *a, rows *r, mn_error *err)
{
    size_t i = r->n;
    job->done.person = job->record.id;
    job->done.person_is_new = true;
    r->people[i] = job->record;
    r->consents[i] = mn_core_consent_record(&job->record.id, job->person->consent);
    r->members[i] = (mn_member_record){job->list->list.id, job->record.id, job->now};
    mn_code code = make_key(job, a, &r->keys[i], err);
    if (code == MN_OK)
        code = make_face(job, a, &r->faces[i], &r->descriptors[i], err);
    if (code == MN_OK)
        code = note_duplicate(job, err);
    if (code == MN_OK)
        code = mn_core_make_record(job->who, "person.enrol", &job->record.id, detail_of(job), job->now, a,
                                   &r->audit[i], err);
    mn_key_close(job->key);
    job->key = NULL;
    r->n += code == MN_OK;
    return code;
}

static mn_code need_list(const mn_enrol_round *r, mn_enrol_list *l, mn_error *err)
{
    if (!l->is_new)
        return MN_OK;
    l->is_new = false;
    return r->c->store->ops->list_put(r->c->store, &l->list, err);
}

static mn_code write_new(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err)
{
    rows made = {0};
    mn_code code = make_rows(&made, n, r->arena, err);
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        if (jobs[i]->code != MN_OK || jobs[i]->fate != MN_JOB_NEW)
            continue;
        code = need_list(r, jobs[i]->list, err);
        if (code == MN_OK)
            code = fill_row(jobs[i], r->arena, &made, err);
    }
    if (code != MN_OK || made.n == 0)
        return code;
    const mn_records all = {made.people,      made.keys,  made.consents, made.members, made.faces,
                            made.descriptors, made.audit, made.n,        made.n,       made.n,
                            made.n,           made.n,     made.n,        made.n};
    return r->c->store->ops->put_many(r->c->store, &all, err);
}

/* ---- people who are there ---- */

static mn_code write_face(mn_enrol_job *job, mn_arena *a, mn_error *err)
{
    mn_face_record f;
    mn_descriptor_record d;
    mn_store *s = job->c->store;
    const mn_id *person = &job->record.id;
    mn_code code = mn_core_person_key(job->c, person, a, &job->key, err);
    if (code == MN_E_NOT_FOUND)
        code = mn_core_make_person_key(job->c, person, &job->key, err);
    if (code == MN_OK)
        code = make_face(job, a, &f, &d, err);
    if (code == MN_OK)
        code = s->ops->face_put(s, &f, err);
    return code == MN_OK ? s->ops->descriptor_put(s, &d, err) : code;
}

mn_code mn_enrol_put_face(mn_enrol_job *job, mn_arena *a, mn_error *err)
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
    return code == MN_E_NOT_FOUND ? write_face(job, a, err) : code;
}

/* A picture that is there already takes no room. */
static mn_code check_room(mn_enrol_round *r, const mn_enrol_job *job, mn_error *err)
{
    mn_face_record before;
    mn_code code = MN_E_NOT_FOUND;
    if (job->hash[0])
        code =
            r->c->store->ops->face_by_source(r->c->store, &job->record.id, job->hash, r->arena, &before, err);
    return code == MN_E_NOT_FOUND ? mn_quota_take(r->c, &r->quota, &job->record.account, 0, 1, r->arena, err)
                                  : code;
}

static mn_code write_known(mn_enrol_round *r, mn_enrol_job *job, mn_error *err)
{
    mn_store *s = r->c->store;
    bool state = false;
    const mn_id *person = &job->record.id;
    mn_code code = mn_core_consent_decide(r->c, person, job->person->consent, job->list->list.purpose,
                                          job->now, r->arena, &state, &job->error);
    if (code == MN_OK)
        code = check_room(r, job, &job->error);
    if (code != MN_OK)
        return mn_enrol_refuse(r, job, code, err);
    job->done.person = *person;
    code = need_list(r, job->list, err);
    if (code == MN_OK && state) {
        const mn_consent stated = mn_core_consent_record(person, job->person->consent);
        code = s->ops->consent_put(s, &stated, err);
        if (code == MN_OK)
            code = mn_core_undo_erasure(r->c, job->who, person, r->arena, err);
    }
    if (code == MN_OK)
        code = s->ops->member_put(s, &job->list->list.id, person, job->now, err);
    if (code == MN_OK)
        code = mn_enrol_put_face(job, r->arena, err);
    if (code == MN_OK)
        code = note_duplicate(job, err);
    return code == MN_OK ? mn_core_record(r->c, job->who, "person.enrol", person, detail_of(job), err) : code;
}

/* ---- the transaction ---- */

static mn_code write_planned(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err)
{
    mn_code code = mn_enrol_plan(r, jobs, n, err);
    if (code == MN_OK)
        code = write_new(r, jobs, n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (jobs[i]->code == MN_OK && jobs[i]->fate == MN_JOB_KNOWN)
            code = write_known(r, jobs[i], err);
    return code;
}

/* Those that wait for others come one by one: each may make what the next one hangs on. */
static mn_code write_all(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err)
{
    mn_code code = write_planned(r, jobs, n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (jobs[i]->code == MN_OK && jobs[i]->fate == MN_JOB_LATER)
            code = write_planned(r, &jobs[i], 1, err);
    return code;
}

/* A commit whose answer was lost may have been done: then the blob belongs to a face, and stays. Where that
 * cannot be asked now, it stays too. */
static bool may_be_stored(mn_core *c, const mn_enrol_job *job)
{
    mn_face_record f;
    mn_arena *a = mn_arena_create(1 << 20);
    mn_code code = a ? c->store->ops->face_get(c->store, &job->done.face, a, &f, NULL) : MN_E_MEMORY;
    mn_arena_destroy(a);
    return code != MN_E_NOT_FOUND;
}

bool mn_enrol_end(mn_core *c, mn_enrol_job *job, bool committing)
{
    mn_key_close(job->key);
    job->key = NULL;
    if (job->code == MN_OK || mn_id_is_nil(&job->done.face))
        return false;
    if (committing && may_be_stored(c, job))
        return true;
    if (!mn_id_is_nil(&job->blob))
        c->blobs->ops->remove(c->blobs, &job->blob, NULL);
    return false;
}

static mn_code run(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, bool *committing, mn_error *err)
{
    mn_store *s = r->c->store;
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = mn_core_check_current(r->c, r->arena, err);
    if (code == MN_OK)
        code = write_all(r, jobs, n, err);
    *committing = code == MN_OK;
    if (code == MN_OK)
        return s->ops->commit(s, err);
    s->ops->rollback(s);
    return code;
}

mn_code mn_enrol_run(mn_core *c, mn_enrol_job *const *jobs, size_t n, bool whole, mn_error *err)
{
    mn_error own = {0};
    bool committing = false;
    mn_enrol_round r = {.c = c, .whole = whole, .arena = mn_arena_create(MN_CORE_ARENA)};
    mn_code code = r.arena ? run(&r, jobs, n, &committing, &own)
                           : mn_fail(&own, MN_E_MEMORY, "no memory to enrol %zu people", n);
    mn_arena_destroy(r.arena);
    for (size_t i = 0; i < n; i++) {
        if (code != MN_OK && jobs[i]->code == MN_OK) {
            jobs[i]->code = code;
            jobs[i]->error = own;
        }
        mn_enrol_end(c, jobs[i], committing);
    }
    if (code != MN_OK && err)
        *err = own;
    return code;
}
