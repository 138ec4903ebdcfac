/* A face into a person's record, for a purpose that the person agreed to: what is checked before the
 * transaction (core/enrolment.h says where the rest is). */
#include "core/enrolment.h"

#include "base/alloc.h"
#include "image/encode.h"

#include <sodium.h>
#include <string.h>

#define SAMPLE_QUALITY 92
#define HASH_TEXT      MN_ENROL_HASH_TEXT

/* ---- who ---- */

static mn_code check_person(const mn_enrol_person *p, mn_error *err)
{
    mn_code code = MN_OK;
    if (!p->name && !p->external_id)
        return mn_fail(err, MN_E_INVALID, "the person has neither a name nor an external id");
    if (p->name)
        code = mn_core_check_text("the person's name", p->name, err);
    if (code == MN_OK && p->external_id)
        code = mn_core_check_text("the person's external id", p->external_id, err);
    return code == MN_OK ? mn_core_check_text("the list's name", p->list, err) : code;
}

static mn_code find_by_name(mn_core *c, const mn_actor *who, const mn_enrol_person *p, const mn_list *list,
                            mn_arena *arena, mn_person *out, bool *found, mn_error *err)
{
    mn_person *people = NULL;
    size_t n = 0;
    const mn_person_query q = {
        .account = who->account, .list = &list->id, .now = mn_time_now(), .name = p->name, .limit = 2};
    mn_code code = c->store->ops->person_list(c->store, &q, arena, &people, &n, err);
    if (code != MN_OK)
        return code;
    if (n > 1)
        return mn_fail(err, MN_E_EXISTS,
                       "several people in \"%s\" are called \"%s\": say which one by external id", list->name,
                       p->name);
    *found = n == 1;
    if (*found)
        *out = people[0];
    return MN_OK;
}

mn_code mn_enrol_find_person(mn_core *c, const mn_actor *who, const mn_enrol_person *p, const mn_list *list,
                             mn_arena *arena, mn_person *out, bool *found, mn_error *err)
{
    *found = false;
    if (p->external_id) {
        mn_code code =
            c->store->ops->person_by_external_id(c->store, &who->account, p->external_id, arena, out, err);
        *found = code == MN_OK;
        return code == MN_E_NOT_FOUND ? MN_OK : code;
    }
    return list ? find_by_name(c, who, p, list, arena, out, found, err) : MN_OK;
}

void mn_enrol_hash(const mn_core *c, const uint8_t *bytes, size_t n, char text[HASH_TEXT])
{
    uint8_t hash[32];
    mn_key_hash(c->deployment, bytes, n, hash);
    sodium_bin2hex(text, HASH_TEXT, hash, sizeof hash);
}

mn_code mn_core_enrolled_before(mn_core *c, const mn_actor *who, const mn_enrol_person *person,
                                const uint8_t *bytes, size_t n, bool *yes, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_FACES, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = check_person(person, err);
    if (code != MN_OK)
        return code;
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to look a picture up");
    mn_list list;
    mn_person p;
    mn_face_record face;
    bool there = false, found = false;
    char hash[HASH_TEXT];
    code = mn_core_find_list(c, who, person->list, arena, &list, &there, err);
    if (code == MN_OK)
        code = mn_enrol_find_person(c, who, person, there ? &list : NULL, arena, &p, &found, err);
    if (code == MN_OK && there && found) {
        mn_enrol_hash(c, bytes, n, hash);
        code = c->store->ops->face_by_source(c->store, &p.id, hash, arena, &face, err);
        found = code == MN_OK;
        if (code == MN_E_NOT_FOUND)
            code = MN_OK;
    }
    mn_arena_destroy(arena);
    if (code == MN_OK)
        *yes = there && found;
    return code;
}

/* ---- before the transaction ---- */

static mn_code check_face(const mn_core *c, const mn_enrol_face *f, mn_error *err)
{
    if (!f->face)
        return mn_fail(err, MN_E_INVALID, "no face was given");
    mn_code code = mn_core_check_descriptor(c, &f->face->descriptor, err);
    if (code != MN_OK)
        return code;
    if (f->min_quality > 0 && !f->face->quality.made)
        return mn_fail(err, MN_E_INVALID, "the face's quality was not measured");
    if (f->min_quality > 0 && !(f->face->quality.overall >= f->min_quality))
        return mn_fail(
            err, MN_E_QUALITY,
            "the face's quality is %.2f, and %.2f is needed: take a sharper, larger, frontal picture",
            (double)f->face->quality.overall, (double)f->min_quality);
    return MN_OK;
}

/* The purpose that this enrolment is for: the list's, or the consent's where the list is still to be made. */
static bool purpose_of(const mn_enrol_job *e, const mn_list *lists, size_t n, mn_purpose *purpose)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(lists[i].name, e->person->list) == 0) {
            *purpose = lists[i].purpose;
            return true;
        }
    if (e->person->consent)
        *purpose = e->person->consent->purpose;
    return e->person->consent != NULL;
}

/* Who looks like this, among those who agreed to be searched for the same purpose? */
static mn_code find_lookalikes(mn_enrol_job *e, mn_error *err)
{
    mn_list *lists = NULL;
    size_t n = 0, used = 0;
    mn_purpose purpose;
    mn_code code = e->c->store->ops->list_list(e->c->store, &e->who->account, e->arena, &lists, &n, err);
    if (code != MN_OK || !purpose_of(e, lists, n, &purpose) || purpose == MN_PURPOSE_VERIFICATION)
        return code;
    mn_id *ids = mn_arena_calloc(e->arena, n + 1, sizeof *ids);
    if (!ids)
        return mn_fail(err, MN_E_MEMORY, "no memory for a search");
    for (size_t i = 0; i < n; i++)
        if (lists[i].purpose == purpose && mn_core_list_allowed(e->who, &lists[i].id))
            ids[used++] = lists[i].id;
    code = mn_core_follow(e->c, err);
    e->lookalikes.out = e->lookalike;
    const mn_core_query q = {.probe = &e->face->face->descriptor, .lists = ids, .n_lists = used, .k = 2};
    return code == MN_OK ? mn_core_search(e->c, &q, &e->lookalikes, err) : code;
}

static mn_code prepare(mn_enrol_job *e, bool search, mn_error *err)
{
    const mn_enrol_face *f = e->face;
    mn_code code = mn_core_may(e->who, MN_R_FACES, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = check_person(e->person, err);
    if (code == MN_OK)
        code = check_face(e->c, f, err);
    if (code == MN_OK && e->person->consent)
        code = mn_core_may(e->who, MN_R_CONSENTS, MN_VERB_CREATE, err);
    if (code == MN_OK && e->person->consent)
        code = mn_core_consent_check(e->person->consent, e->now, err);
    if (code != MN_OK)
        return code;
    if (f->bytes)
        mn_enrol_hash(e->c, f->bytes, f->n, e->hash);
    if (f->face->sample)
        code = mn_image_encode(f->face->sample, MN_FORMAT_JPEG, SAMPLE_QUALITY, &e->jpeg, err);
    return code == MN_OK && search ? find_lookalikes(e, err) : code;
}

static void job_init(mn_enrol_job *job, mn_core *c, const mn_actor *who, const mn_enrol_person *person,
                     const mn_enrol_face *face, mn_arena *arena)
{
    *job = (mn_enrol_job){
        .c = c, .who = who, .person = person, .face = face, .arena = arena, .face_id = mn_id_make()};
    job->now = mn_time_now();
    mn_buf_init(&job->jpeg, MN_ENROL_SAMPLE_MAX);
}

mn_code mn_core_enrol(mn_core *c, const mn_actor *who, const mn_enrol_person *person,
                      const mn_enrol_face *face, mn_arena *arena, mn_enrolment *out, mn_error *err)
{
    mn_enrol_job job;
    job_init(&job, c, who, person, face, arena);
    job.code = prepare(&job, true, &job.error);
    if (job.code == MN_OK && job.jpeg.len > 0)
        job.code = mn_enrol_guess(&job, NULL, 0, &job.error);
    if (job.code == MN_OK)
        mn_enrol_run_grouped(c, &job);
    else
        mn_enrol_end(&job, false);
    mn_buf_finish(&job.jpeg);
    if (job.code != MN_OK && err)
        *err = job.error;
    if (job.code == MN_OK)
        *out = job.done;
    return job.code;
}

/* ---- many ---- */

typedef struct {
    mn_core *c;
    const mn_actor *who;
    const mn_enrol_record *records;
    const mn_enrol_options *options;
    mn_arena *arena;
    mn_enrol_result *results;
    mn_enrol_job *jobs; /* room for one transaction */
    mn_enrol_job **pointers;
} many;

static mn_code check_options(const mn_core *c, const mn_enrol_options *o, size_t n, size_t *batch,
                             mn_error *err)
{
    *batch = o->batch ? o->batch : c->enrol_batch;
    if (*batch > MN_ENROL_BATCH_MAX)
        return mn_fail(err, MN_E_LIMIT, "a transaction enrols %d at most, not %zu", MN_ENROL_BATCH_MAX,
                       *batch);
    if (o->all_or_nothing && n > MN_ENROL_BATCH_MAX)
        return mn_fail(err, MN_E_LIMIT,
                       "all or nothing goes up to %d records, not %zu: that is one transaction",
                       MN_ENROL_BATCH_MAX, n);
    if (o->all_or_nothing)
        *batch = n;
    return MN_OK;
}

/* An error of the machine's, not of the record's, ends everything. */
static mn_code prepare_batch(many *m, size_t from, size_t n, size_t *ready, mn_error *err)
{
    *ready = 0;
    for (size_t i = 0; i < n; i++) {
        mn_enrol_job *job = &m->jobs[i];
        const mn_enrol_record *r = &m->records[from + i];
        job_init(job, m->c, m->who, &r->person, &r->face, m->arena);
        job->code = prepare(job, m->options->look_for_duplicates, &job->error);
        job->refused = job->code != MN_OK;
        if (job->code == MN_OK)
            m->pointers[(*ready)++] = job;
        else if (m->options->all_or_nothing || mn_code_http(job->code) >= 500) {
            if (err)
                *err = job->error;
            return job->code;
        }
    }
    return MN_OK;
}

/* Where one of them has a sample, somebody's key is one and the same for all that is theirs. */
static mn_code guess_batch(const many *m, size_t n, mn_error *err)
{
    bool samples = false;
    mn_code code = MN_OK;
    for (size_t i = 0; i < n; i++)
        samples |= m->pointers[i]->jpeg.len > 0;
    for (size_t i = 0; samples && code == MN_OK && i < n; i++)
        code = mn_enrol_guess(m->pointers[i], m->pointers, i, err);
    return code;
}

/* What was put away for one that does not come to its transaction. */
static void end_batch(const many *m, size_t n, mn_code code)
{
    for (size_t i = 0; i < n; i++) {
        m->pointers[i]->code = code;
        mn_enrol_end(m->pointers[i], false);
    }
}

static mn_code give_results(many *m, size_t from, size_t n, mn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const mn_enrol_job *job = &m->jobs[i];
        mn_enrol_result *out = &m->results[from + i];
        *out = (mn_enrol_result){.code = job->code, .done = job->done};
        if (job->code != MN_OK) {
            out->done = (mn_enrolment){0};
            out->why = mn_arena_strdup(m->arena, job->error.text);
        }
        if (job->code != MN_OK && !out->why)
            return mn_fail(err, MN_E_MEMORY, "no memory for the answer about %zu records", n);
    }
    return MN_OK;
}

static void name_record(const many *m, size_t from, size_t n, mn_error *err)
{
    if (err && m->options->all_or_nothing)
        for (size_t i = 0; i < n; i++)
            if (m->jobs[i].refused) {
                mn_error_prefix(err, "record %zu", from + i + 1);
                return;
            }
}

static mn_code enrol_batch(many *m, size_t from, size_t n, mn_error *err)
{
    size_t ready = 0;
    memset(m->jobs, 0, n * sizeof *m->jobs);
    mn_code code = prepare_batch(m, from, n, &ready, err);
    if (code == MN_OK)
        code = guess_batch(m, ready, err);
    if (code == MN_OK && ready > 0)
        code = mn_enrol_run(m->c, m->pointers, ready, m->options->all_or_nothing, err);
    else
        end_batch(m, ready, code);
    for (size_t i = 0; i < n; i++)
        mn_buf_finish(&m->jobs[i].jpeg);
    if (code != MN_OK)
        name_record(m, from, n, err);
    return code == MN_OK ? give_results(m, from, n, err) : code;
}

static mn_code enrol_batches(many *m, size_t n, size_t batch, size_t *done, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t from = 0; code == MN_OK && from < n; from += batch) {
        size_t count = n - from < batch ? n - from : batch;
        code = enrol_batch(m, from, count, err);
        if (code == MN_OK)
            *done = from + count;
    }
    return code;
}

mn_code mn_core_enrol_many(mn_core *c, const mn_actor *who, const mn_enrol_record *records, size_t n,
                           const mn_enrol_options *options, mn_arena *arena, mn_enrol_result *results,
                           size_t *done, mn_error *err)
{
    size_t batch = 0;
    *done = 0;
    mn_code code = mn_core_may(who, MN_R_FACES, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = check_options(c, options, n, &batch, err);
    if (code != MN_OK || n == 0)
        return code;
    many m = {.c = c, .who = who, .records = records, .options = options, .arena = arena, .results = results};
    batch = batch < n ? batch : n;
    m.jobs = mn_calloc(batch, sizeof *m.jobs);
    m.pointers = mn_calloc(batch, sizeof *m.pointers);
    code = m.jobs && m.pointers ? enrol_batches(&m, n, batch, done, err)
                                : mn_fail(err, MN_E_MEMORY, "no memory to enrol %zu people", n);
    mn_free(m.jobs);
    mn_free(m.pointers);
    return code;
}
