/* Samples are put away before the transaction that names them, as at enrolment (enrol_early.c says why): it
 * is guessed who each record is for, by deciding everything as if the batch were written now. Inside the
 * transaction the person must still be that one with that key, and each new face have its sample: else the
 * batch is not written, and goes round again, sealed for whom the transaction said. So it does too where a
 * record hangs on an earlier one of the batch, of whom nothing was in the store yet.
 *
 * A batch may have thousands of people: their keys are kept wrapped, and opened one at a time. */
#include "core/import_parts.h"

#include <string.h>

static bool has_sample(const mn_import_face *f)
{
    return f->jpeg;
}

mn_code mn_import_make_early(mn_import *i, const mn_import_person *people, size_t n, mn_error *err)
{
    mn_arena_reset(i->early_arena);
    i->early = mn_arena_calloc(i->early_arena, n + 1, sizeof *i->early);
    i->n_early = 0;
    i->has_samples = false;
    for (size_t at = 0; i->early && at < n; at++) {
        mn_import_early *e = &i->early[at];
        e->faces = mn_arena_calloc(i->early_arena, people[at].n_faces + 1, sizeof *e->faces);
        if (!e->faces)
            return mn_import_no_memory(err);
        e->n_faces = people[at].n_faces;
        i->n_early++;
        for (size_t k = 0; k < e->n_faces && !i->dry_run; k++)
            i->has_samples = i->has_samples || has_sample(&people[at].faces[k]);
    }
    return i->early ? MN_OK : mn_import_no_memory(err);
}

/* ---- for whom ---- */

static void note_faces(const mn_import_plan *plan)
{
    for (size_t i = 0; i < plan->n_faces; i++)
        plan->early->faces[plan->faces[i].face - plan->p->faces].id = plan->faces[i].id;
}

/* What this plan says, closed: the key is in it wrapped. */
static mn_code note_person(mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    mn_core_early_key *key = &plan->early->key;
    *key = (mn_core_early_key){0};
    mn_code code = plan->is_new ? mn_core_early_key_make(b->c, &plan->record.id, key, err)
                                : mn_core_early_key_take(b->c, &plan->record.id, b->arena, key, err);
    mn_core_early_key_close(key);
    if (code != MN_OK)
        return code;
    plan->early->newcomer = plan->is_new;
    note_faces(plan);
    return MN_OK;
}

static mn_code guess_plan(mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    mn_error refused = {0};
    mn_code code = mn_import_decide(b, plan, &refused);
    if (mn_import_is_fatal(code)) {
        *err = refused;
        return code;
    }
    bool decided = code == MN_OK && !plan->waits && plan->n_faces > 0;
    return decided ? note_person(b, plan, err) : MN_OK;
}

static mn_code guess_all(mn_import_batch *b, mn_error *err)
{
    mn_code code = mn_import_look(b, b->plans, b->n, err);
    for (size_t i = 0; code == MN_OK && i < b->n; i++)
        if (!b->plans[i].done)
            code = guess_plan(b, &b->plans[i], err);
    return code;
}

mn_code mn_import_guess(mn_import_batch *b, mn_error *err)
{
    mn_store *s = b->c->store;
    mn_code code = s->ops->begin_read(s, err);
    if (code != MN_OK)
        return code;
    code = guess_all(b, err);
    s->ops->rollback(s);
    return code;
}

/* ---- put away ---- */

static void drop(mn_core *c, mn_import_early_face *f)
{
    if (!mn_id_is_nil(&f->blob))
        c->blobs->ops->remove(c->blobs, &f->blob, NULL);
    f->blob = (mn_id){{0}};
    f->wrong = false;
}

static mn_code put_sample(mn_core *c, const mn_key *key, const mn_import_face *f, mn_import_early_face *early,
                          mn_error *err)
{
    mn_buf sealed, jpeg;
    mn_buf_init(&sealed, MN_ENROL_SAMPLE_MAX + MN_SEAL_ROOM);
    mn_buf_init(&jpeg, MN_ENROL_SAMPLE_MAX);
    mn_code code = mn_buf_append(&jpeg, f->jpeg, f->n, err);
    if (code == MN_OK)
        code = mn_core_seal_sample(key, &early->id, &jpeg, &sealed, err);
    if (code == MN_OK) {
        early->blob = mn_id_make();
        code = c->blobs->ops->put(c->blobs, &early->blob, sealed.data, sealed.len, err);
    }
    mn_buf_finish(&jpeg);
    mn_buf_finish(&sealed);
    return code;
}

static bool is_missing(const mn_import_face *f, const mn_import_early_face *early)
{
    return has_sample(f) && !mn_id_is_nil(&early->id) && mn_id_is_nil(&early->blob);
}

static mn_code put_person(mn_core *c, const mn_import_person *p, mn_import_early *e, mn_error *err)
{
    mn_core_early_key key = {0};
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < p->n_faces; i++) {
        e->faces[i].used = false;
        if (e->faces[i].wrong)
            drop(c, &e->faces[i]);
        if (!is_missing(&p->faces[i], &e->faces[i]))
            continue;
        if (!key.key)
            code = mn_core_early_key_copy(c, &e->key, &key, err);
        if (code == MN_OK)
            code = put_sample(c, key.key, &p->faces[i], &e->faces[i], err);
    }
    mn_core_early_key_close(&key);
    return code;
}

mn_code mn_import_put_early(mn_import *i, const mn_import_person *people, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t at = 0; code == MN_OK && at < i->n_early; at++)
        code = put_person(i->c, &people[at], &i->early[at], err);
    return code;
}

void mn_import_drop_early(mn_import *i, bool unused_only)
{
    for (size_t at = 0; at < i->n_early; at++)
        for (size_t k = 0; k < i->early[at].n_faces; k++)
            if (!unused_only || !i->early[at].faces[k].used)
                drop(i->c, &i->early[at].faces[k]);
}

/* ---- inside the transaction ---- */

/* The key with which it was sealed is the person's, or is put with them. */
static mn_code settle_key(mn_import_batch *b, const mn_import_plan *plan, const mn_core_early_key *key,
                          bool *right, mn_error *err)
{
    mn_rows *r = &b->rows;
    *right = mn_id_compare(&key->person, &plan->record.id) == 0 && plan->early->newcomer == plan->is_new;
    if (!*right || !plan->is_new)
        return *right ? mn_core_early_key_settle(b->c, key, b->arena, right, err) : MN_OK;
    r->keys[r->n_keys++] =
        (mn_key_record){.person = key->person, .wrapped = plan->early->key.wrapped, .n = key->n};
    return MN_OK;
}

static mn_code begin_again(mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    b->again = true;
    for (size_t i = 0; i < plan->early->n_faces; i++)
        plan->early->faces[i].wrong = true;
    return note_person(b, plan, err);
}

mn_code mn_import_settle(mn_import_batch *b, mn_import_plan *plan, mn_key **key, mn_error *err)
{
    mn_core_early_key open = {0};
    bool right = false;
    mn_code code = MN_OK;
    if (plan->early->key.n > 0)
        code = mn_core_early_key_copy(b->c, &plan->early->key, &open, err);
    if (code == MN_OK && open.key)
        code = settle_key(b, plan, &open, &right, err);
    if (code == MN_OK && !right) {
        mn_core_early_key_close(&open);
        code = begin_again(b, plan, err);
        if (code == MN_OK)
            code = mn_core_early_key_copy(b->c, &plan->early->key, &open, err);
        if (code == MN_OK)
            code = settle_key(b, plan, &open, &right, err);
    }
    if (code != MN_OK)
        mn_core_early_key_close(&open);
    *key = open.key;
    return code;
}

void mn_import_take_sample(mn_import_batch *b, const mn_import_plan *plan, const mn_import_new_face *f,
                           mn_face_record *face)
{
    mn_import_early_face *early = &plan->early->faces[f->face - plan->p->faces];
    if (!has_sample(f->face) || b->i->dry_run)
        return;
    if (early->wrong || mn_id_is_nil(&early->blob) || mn_id_compare(&early->id, &face->id) != 0) {
        b->again = early->wrong = true;
        early->id = face->id;
        return;
    }
    early->used = true;
    face->sample = early->blob;
}
