/* The records of enrolments, in one transaction and by few calls of the store: list, person, consent, key,
 * face and audit record are there together or not at all. A sample's blob is written before the commit; when
 * the commit fails it is removed, and when the machine dies in between, what stays on the disk is sealed
 * under a key that exists nowhere. */
#include "core/enrolment.h"

#include <string.h>

#define WRAPPED_MAX 512
#define TOGETHER    3 /* calls of the store for all of a transaction; each needs memory for all */

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

/* ---- the records of a call of the store ---- */

typedef struct {
    mn_person *people;
    mn_key_record *keys;
    mn_consent *consents;
    mn_member_record *members;
    mn_face_record *faces;
    mn_descriptor_record *descriptors;
    mn_audit_record *audit;
    size_t n_people, n_consents, n_members, n_faces, n_audit; /* a key for each of the people */
} rows;

static mn_code make_rows(rows *r, size_t n, mn_arena *a, mn_error *err)
{
    *r = (rows){0};
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

static mn_code put_rows(mn_core *c, const rows *r, mn_error *err)
{
    const mn_records all = {r->people,      r->keys,    r->consents, r->members,  r->faces,
                            r->descriptors, r->audit,   r->n_people, r->n_people, r->n_consents,
                            r->n_members,   r->n_faces, r->n_faces,  r->n_audit};
    return r->n_audit > 0 ? c->store->ops->put_many(c->store, &all, err) : MN_OK;
}

/* What every enrolment ends with. */
static mn_code fill_audit(mn_enrol_job *job, mn_arena *a, rows *r, mn_error *err)
{
    job->done.person = job->record.id;
    mn_code code = note_duplicate(job, err);
    if (code == MN_OK)
        code = mn_core_make_record(job->who, "person.enrol", &job->record.id, detail_of(job), job->now, a,
                                   &r->audit[r->n_audit], err);
    r->n_audit += code == MN_OK;
    return code;
}

static mn_code fill_face(mn_enrol_job *job, mn_key *key, mn_arena *a, rows *r, mn_error *err)
{
    job->key = key;
    mn_code code = make_face(job, a, &r->faces[r->n_faces], &r->descriptors[r->n_faces], err);
    job->key = NULL;
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

static mn_code make_key(mn_enrol_job *job, mn_arena *a, mn_key **key, mn_key_record *out, mn_error *err)
{
    const mn_id *person = &job->record.id;
    mn_buf wrapped;
    mn_buf_init(&wrapped, WRAPPED_MAX);
    out->person = *person;
    mn_code code = mn_key_make(job->c->master, person->bytes, sizeof person->bytes, key, &wrapped, err);
    if (code == MN_OK)
        code = copy_out(&wrapped, a, &out->wrapped, &out->n, err);
    mn_buf_finish(&wrapped);
    return code;
}

static mn_code fill_new(mn_enrol_round *round, mn_enrol_job *job, rows *r, mn_error *err)
{
    mn_arena *a = round->arena;
    mn_key *key = NULL;
    job->done.person_is_new = true;
    r->people[r->n_people] = job->record;
    r->consents[r->n_consents++] = mn_core_consent_record(&job->record.id, job->person->consent);
    r->members[r->n_members++] = (mn_member_record){job->list->list.id, job->record.id, job->now};
    mn_code code = need_list(round, job->list, err);
    if (code == MN_OK)
        code = make_key(job, a, &key, &r->keys[r->n_people], err);
    r->n_people++;
    if (code == MN_OK)
        code = fill_face(job, key, a, r, err);
    mn_key_close(key);
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

static bool joins_list(const known *k, const mn_enrol_job *job)
{
    for (const mn_enrol_job *other = k->jobs; other; other = other->same)
        if (other->list == job->list)
            return false;
    return true;
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

/* One that is there takes no room. */
static mn_code check_room(mn_enrol_round *r, mn_enrol_job *job, bool *there, mn_error *err)
{
    mn_code code = find_picture(job, r->arena, err);
    *there = code == MN_OK;
    return code == MN_E_NOT_FOUND ? mn_quota_take(r->c, &r->quota, &job->record.account, 0, 1, r->arena, err)
                                  : code;
}

static mn_code need_key(mn_core *c, known *k, mn_arena *a, mn_error *err)
{
    mn_code code = k->key ? MN_OK : mn_core_person_key(c, &k->person, a, &k->key, err);
    return code == MN_E_NOT_FOUND ? mn_core_make_person_key(c, &k->person, &k->key, err) : code;
}

static mn_code fill_consent(mn_enrol_round *round, mn_enrol_job *job, known *k, rows *r, mn_error *err)
{
    k->stated = true;
    r->consents[r->n_consents++] = mn_core_consent_record(&k->person, job->person->consent);
    return mn_core_undo_erasure(round->c, job->who, &k->person, round->arena, err);
}

static mn_code fill_known(mn_enrol_round *round, mn_enrol_job *job, const known_set *set, rows *r,
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
    code = need_list(round, job->list, err);
    if (code == MN_OK && state)
        code = fill_consent(round, job, k, r, err);
    if (joins_list(k, job))
        r->members[r->n_members++] = (mn_member_record){job->list->list.id, k->person, job->now};
    job->same = k->jobs;
    k->jobs = job;
    if (code == MN_OK && !there)
        code = need_key(round->c, k, round->arena, err);
    if (code == MN_OK && !there)
        code = fill_face(job, k->key, round->arena, r, err);
    return code == MN_OK ? fill_audit(job, round->arena, r, err) : code;
}

/* ---- one face by itself ---- */

static mn_code write_face(mn_enrol_job *job, mn_arena *a, mn_error *err)
{
    mn_face_record f;
    mn_descriptor_record d;
    mn_store *s = job->c->store;
    known k = {.person = job->record.id};
    mn_code code = need_key(job->c, &k, a, err);
    job->key = k.key;
    if (code == MN_OK)
        code = make_face(job, a, &f, &d, err);
    if (code == MN_OK)
        code = s->ops->face_put(s, &f, err);
    return code == MN_OK ? s->ops->descriptor_put(s, &d, err) : code;
}

mn_code mn_enrol_put_face(mn_enrol_job *job, mn_arena *a, mn_error *err)
{
    mn_code code = find_picture(job, a, err);
    return code == MN_E_NOT_FOUND ? write_face(job, a, err) : code;
}

/* ---- the transaction ---- */

static mn_code fill(mn_enrol_round *round, mn_enrol_job *job, const known_set *set, rows *r, mn_error *err)
{
    if (job->code != MN_OK || job->fate == MN_JOB_LATER)
        return MN_OK;
    return job->fate == MN_JOB_NEW ? fill_new(round, job, r, err) : fill_known(round, job, set, r, err);
}

static mn_code write_planned(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err)
{
    rows made;
    known_set set = {0};
    mn_code code = mn_enrol_plan(r, jobs, n, err);
    if (code == MN_OK)
        code = make_rows(&made, n, r->arena, err);
    if (code == MN_OK)
        code = make_known(&set, n, r->arena, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = fill(r, jobs[i], &set, &made, err);
    end_known(&set);
    return code == MN_OK ? put_rows(r->c, &made, err) : code;
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
static mn_code write_all(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err)
{
    mn_enrol_job **left = mn_arena_calloc(r->arena, n + 1, sizeof *left);
    if (!left)
        return mn_fail(err, MN_E_MEMORY, "no memory to enrol %zu people", n);
    for (size_t i = 0; i < n; i++)
        left[i] = jobs[i];
    mn_code code = MN_OK;
    for (int together = 0; code == MN_OK && n > 0 && together < TOGETHER; together++) {
        code = write_planned(r, left, n, err);
        n = keep_waiting(left, n);
    }
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = write_planned(r, &left[i], 1, err);
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
