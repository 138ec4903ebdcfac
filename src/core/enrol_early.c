/* What is done before the transaction: the pictures of an enrolment are sealed and put where samples are.
 *
 * A transaction holds up every other writer, and where samples are (a server, a slow disk) may take long to
 * answer or not answer at all: so nothing is put there while one is open. The price is that the person is
 * guessed. Inside the transaction it is known who they are (mn_enrol_settle); where somebody made, erased or
 * sealed them anew in between, nothing of the enrolment is written, and it goes round again, sealed for whom
 * the transaction says. */
#include "core/enrolment.h"

#include <string.h>

static bool has_pictures(const mn_enrol_job *job)
{
    return job->jpeg.len > 0 || job->original.n > 0;
}

/* ---- sealed, and put away ---- */

static void drop(mn_enrol_job *job, mn_id *blob)
{
    if (!mn_id_is_nil(blob))
        job->c->blobs->ops->remove(job->c->blobs, blob, NULL);
    *blob = (mn_id){{0}};
}

static mn_code put(mn_enrol_job *job, const mn_buf *sealed, mn_id *blob, mn_error *err)
{
    *blob = mn_id_make();
    return job->c->blobs->ops->put(job->c->blobs, blob, sealed->data, sealed->len, err);
}

static mn_code put_sample(mn_enrol_job *job, mn_error *err)
{
    mn_buf sealed;
    mn_buf_init(&sealed, MN_ENROL_SAMPLE_MAX + MN_SEAL_ROOM);
    mn_code code = mn_core_seal_sample(job->early.key, &job->face_id, &job->jpeg, &sealed, err);
    if (code == MN_OK)
        code = put(job, &sealed, &job->blob, err);
    mn_buf_finish(&sealed);
    return code;
}

static mn_code put_original(mn_enrol_job *job, mn_error *err)
{
    mn_buf sealed;
    const mn_picture_file *o = &job->original;
    mn_buf_init(&sealed, o->n + MN_SEAL_ROOM);
    mn_code code = mn_core_seal_original(job->early.key, &job->face_id, o->bytes, o->n, &sealed, err);
    if (code == MN_OK)
        code = put(job, &sealed, &job->original_blob, err);
    mn_buf_finish(&sealed);
    return code;
}

mn_code mn_enrol_put_early(mn_enrol_job *job, mn_error *err)
{
    mn_code code = MN_OK;
    drop(job, &job->blob);
    drop(job, &job->original_blob);
    if (job->jpeg.len > 0)
        code = put_sample(job, err);
    if (code == MN_OK && job->original.n > 0)
        code = put_original(job, err);
    job->put = code == MN_OK;
    return code;
}

/* ---- for whom ---- */

static mn_code guess_newcomer(mn_enrol_job *job, mn_error *err)
{
    const mn_id id = mn_id_make();
    job->newcomer = true;
    return mn_core_early_key_make(job->c, &id, &job->early, err);
}

/* Would the transaction refuse somebody who is there, or have nothing to store? */
static mn_code is_needed(mn_enrol_job *job, const mn_id *person, const mn_list *list, bool *yes,
                         mn_error *err)
{
    mn_face_record before;
    bool put = false;
    mn_store *s = job->c->store;
    mn_code code = MN_E_NOT_FOUND;
    if (job->hash[0])
        code = s->ops->face_by_source(s, person, job->hash, job->arena, &before, err);
    *yes = code == MN_E_NOT_FOUND;
    if (code != MN_E_NOT_FOUND || !list)
        return code == MN_E_NOT_FOUND ? MN_OK : code;
    return mn_core_consent_decide(job->c, person, job->person->consent, list->purpose, job->now, job->arena,
                                  &put, err);
}

static mn_code guess_by_store(mn_enrol_job *job, mn_error *err)
{
    mn_list list;
    mn_person p;
    bool there = false, found = false, needed = false;
    mn_code code = mn_core_find_list(job->c, job->who, job->person->list, job->arena, &list, &there, err);
    if (code == MN_OK)
        code = mn_enrol_find_person(job->c, job->who, job->person, there ? &list : NULL, job->arena, &p,
                                    &found, err);
    if (code == MN_OK && found)
        code = is_needed(job, &p.id, there ? &list : NULL, &needed, err);
    if (code == MN_OK && needed)
        return mn_core_early_key_take(job->c, &p.id, job->arena, &job->early, err);
    return code == MN_OK && !found && job->person->consent ? guess_newcomer(job, err) : code;
}

/* As the plan has it: the same external id, or the same name in the same list. */
static bool is_same(const mn_enrol_person *a, const mn_enrol_person *b)
{
    if (b->external_id)
        return a->external_id && strcmp(a->external_id, b->external_id) == 0;
    return a->name && strcmp(a->name, b->name) == 0 && strcmp(a->list, b->list) == 0;
}

static mn_code guess_by_others(mn_enrol_job *job, mn_enrol_job *const *before, size_t n, mn_error *err)
{
    for (size_t i = n; i-- > 0;)
        if (before[i]->early.key && is_same(before[i]->person, job->person)) {
            job->newcomer = before[i]->newcomer;
            return mn_core_early_key_copy(job->c, &before[i]->early, &job->early, err);
        }
    return MN_E_NOT_FOUND;
}

mn_code mn_enrol_guess(mn_enrol_job *job, mn_enrol_job *const *before, size_t n, mn_error *err)
{
    mn_error own = {0};
    mn_code code = guess_by_others(job, before, n, &own);
    if (code == MN_E_NOT_FOUND)
        code = guess_by_store(job, &own);
    if (code != MN_OK && mn_code_http(code) < 500) /* refused in the transaction, if it is so there too */
        return MN_OK;
    if (code != MN_OK && err)
        *err = own;
    return code == MN_OK && job->early.key ? mn_enrol_put_early(job, err) : code;
}

/* ---- inside the transaction ---- */

static bool is_guessed(const mn_enrol_job *job, const mn_id *person)
{
    if (!job->early.key || !person)
        return job->early.key && job->newcomer;
    return mn_id_compare(person, &job->early.person) == 0;
}

static mn_code correct(mn_enrol_job *job, const mn_id *person, mn_arena *arena, mn_error *err)
{
    bool stands = true;
    mn_core_early_key_close(&job->early);
    job->put = job->newcomer = false;
    mn_code code =
        person ? mn_core_early_key_take(job->c, person, arena, &job->early, err) : guess_newcomer(job, err);
    if (code == MN_OK && has_pictures(job))
        job->fate = MN_JOB_AGAIN;
    else if (code == MN_OK && person)
        code = mn_core_early_key_settle(job->c, &job->early, arena, &stands, err);
    return code;
}

mn_code mn_enrol_settle(mn_enrol_job *job, const mn_id *person, mn_arena *arena, mn_error *err)
{
    bool right = is_guessed(job, person) && (job->put || !has_pictures(job));
    mn_code code =
        right && person ? mn_core_early_key_settle(job->c, &job->early, arena, &right, err) : MN_OK;
    return code == MN_OK && !right ? correct(job, person, arena, err) : code;
}

/* ---- after it ---- */

/* A commit whose answer was lost may have been done: then the blobs belong to a face, and stay. Where that
 * cannot be asked now, they stay too. */
static bool may_be_stored(const mn_enrol_job *job)
{
    mn_face_record f;
    mn_store *s = job->c->store;
    mn_arena *a = mn_arena_create(1 << 20);
    mn_code code = a ? s->ops->face_get(s, &job->face_id, a, &f, NULL) : MN_E_MEMORY;
    mn_arena_destroy(a);
    return code != MN_E_NOT_FOUND;
}

void mn_enrol_end(mn_enrol_job *job, bool committing)
{
    mn_core_early_key_close(&job->early);
    job->key = NULL;
    bool stored = job->code == MN_OK && job->done.outcome == MN_ENROLLED;
    if (stored || (mn_id_is_nil(&job->blob) && mn_id_is_nil(&job->original_blob)))
        return;
    if (job->code != MN_OK && committing && !job->refused && may_be_stored(job))
        return;
    drop(job, &job->blob);
    drop(job, &job->original_blob);
}
