/* A batch is a transaction. In it, each person is looked at in turn: everything that can refuse the record is
 * decided before anything of it is made, so that one person's fault costs the others nothing. Who hangs on an
 * earlier one of the batch (the same person, list or face twice in the file) comes in a round of their own
 * after it. Each round is one call of the store. Samples are put away before the transaction
 * (import_early.c). */
#include "core/import_parts.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 8
#define TOGETHER 3 /* rounds for all of a batch that is left; then one by one */

mn_code mn_import_no_memory(mn_error *err)
{
    return mn_fail(err, MN_E_MEMORY, "no memory for an import");
}

bool mn_import_is_fatal(mn_code code)
{
    return mn_code_http(code) >= 500;
}

/* ---- who was erased ---- */

static mn_code note_erased(void *ctx, const mn_audit_record *r, mn_error *err)
{
    mn_import *i = ctx;
    mn_id id;
    i->audit_seen = r->seq;
    if (strcmp(r->action, "person.erase") != 0 || !r->target || !mn_id_parse(r->target, &id))
        return MN_OK;
    if (i->n_erased == i->cap_erased) {
        size_t cap = i->cap_erased ? 2 * i->cap_erased : 256;
        mn_id *more = mn_realloc(i->erased, cap * sizeof *more);
        if (!more)
            return mn_import_no_memory(err);
        i->erased = more;
        i->cap_erased = cap;
    }
    i->erased[i->n_erased++] = id;
    return MN_OK;
}

static int by_id(const void *a, const void *b)
{
    return mn_id_compare(a, b);
}

/* And since it was last asked. */
static mn_code follow_erased(mn_import *i, mn_error *err)
{
    mn_store *s = i->c->store;
    size_t known = i->n_erased;
    mn_code code = s->ops->audit_each(s, i->audit_seen + 1, note_erased, i, err);
    if (i->n_erased > known)
        qsort(i->erased, i->n_erased, sizeof *i->erased, by_id);
    return code;
}

bool mn_import_was_erased(const mn_import *i, const mn_id *id)
{
    return i->n_erased > 0 && bsearch(id, i->erased, i->n_erased, sizeof *i->erased, by_id);
}

/* ---- a round ---- */

static mn_code take(mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    mn_import_person *p = plan->p;
    p->code = mn_import_decide(b, plan, &p->error);
    if (mn_import_is_fatal(p->code)) {
        *err = p->error;
        return p->code;
    }
    if (plan->waits)
        return MN_OK;
    plan->done = true;
    return p->code == MN_OK ? mn_import_fill(b, plan, err) : MN_OK;
}

/* plans[0 … n - 1]; *left: how many of them wait for the next round. */
static mn_code run_round(mn_import_batch *b, mn_import_plan *plans, size_t n, size_t *left, mn_error *err)
{
    mn_code code = mn_import_look(b, plans, n, err);
    if (code == MN_OK)
        code = mn_import_make_rows(b, plans, n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (!plans[i].done)
            code = take(b, &plans[i], err);
    if (code == MN_OK)
        code = mn_import_put_rows(b, err);
    *left = 0;
    for (size_t i = 0; i < n; i++)
        *left += !plans[i].done;
    return code;
}

static mn_code run_rounds(mn_import_batch *b, mn_error *err)
{
    size_t left = 0, alone;
    mn_code code = MN_OK;
    for (size_t i = 0; i < b->n; i++)
        left += !b->plans[i].done;
    for (int together = 0; code == MN_OK && left > 0 && together < TOGETHER; together++)
        code = run_round(b, b->plans, b->n, &left, err);
    for (size_t i = 0; code == MN_OK && left > 0 && i < b->n; i++)
        if (!b->plans[i].done)
            code = run_round(b, &b->plans[i], 1, &alone, err);
    return code;
}

/* ---- a batch ---- */

/* A commit whose answer was lost may have been done: then the samples belong to faces, and stay. Where that
 * cannot be asked now, they stay too. */
static bool may_be_stored(const mn_import_batch *b)
{
    mn_face_record f;
    mn_store *s = b->c->store;
    return s->ops->face_get(s, &b->face, b->arena, &f, NULL) != MN_E_NOT_FOUND;
}

/* *stored: what became of it, as far as that is known. */
static mn_code run_batch(mn_import *i, mn_import_batch *b, bool *stored, mn_error *err)
{
    mn_store *s = b->c->store;
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = mn_core_check_current(b->c, b->arena, err);
    if (code == MN_OK)
        code = follow_erased(i, err);
    if (code == MN_OK)
        code = run_rounds(b, err);
    if (code != MN_OK || i->dry_run || b->again) {
        s->ops->rollback(s);
        return code;
    }
    code = s->ops->commit(s, err);
    *stored = code == MN_OK || (!mn_id_is_nil(&b->face) && may_be_stored(b));
    return code;
}

static mn_code make_plans(mn_import_batch *b, mn_import_person *people, size_t n, mn_error *err)
{
    b->n = n;
    b->plans = mn_arena_calloc(b->arena, n + 1, sizeof *b->plans);
    if (!b->plans)
        return mn_import_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        mn_import_person *p = &people[i];
        p->is_new = false;
        p->faces_new = p->faces_known = 0;
        p->code = mn_import_check(b->c, p, &p->error);
        b->plans[i] = (mn_import_plan){.p = p, .early = &b->i->early[i], .done = p->code != MN_OK};
    }
    return MN_OK;
}

static mn_code start_batch(mn_import *i, mn_import_person *people, size_t n, mn_import_batch *b,
                           mn_error *err)
{
    mn_arena_reset(i->arena);
    *b = (mn_import_batch){.i = i, .c = i->c, .arena = i->arena, .now = mn_time_now()};
    return make_plans(b, people, n, err);
}

static mn_code guess(mn_import *i, mn_import_person *people, size_t n, mn_error *err)
{
    mn_import_batch b;
    mn_code code = mn_import_make_early(i, people, n, err);
    if (code != MN_OK || !i->has_samples)
        return code;
    code = start_batch(i, people, n, &b, err);
    return code == MN_OK ? mn_import_guess(&b, err) : code;
}

/* Once more, as long as others change whom the samples are for. */
static mn_code run_attempts(mn_import *i, mn_import_person *people, size_t n, bool *stored, mn_error *err)
{
    mn_import_batch b = {.again = true};
    mn_code code = guess(i, people, n, err);
    for (int tries = 0; code == MN_OK && b.again && tries < ATTEMPTS; tries++) {
        code = mn_import_put_early(i, people, err);
        if (code == MN_OK)
            code = start_batch(i, people, n, &b, err);
        if (code == MN_OK)
            code = run_batch(i, &b, stored, err);
    }
    return code == MN_OK && b.again
               ? mn_fail(err, MN_E_BUSY, "others change these people all the time meanwhile: try again")
               : code;
}

mn_code mn_core_import_people(mn_import *i, mn_import_person *people, size_t n, mn_error *err)
{
    mn_error own = {0};
    bool stored = false;
    if (n > MN_ENROL_BATCH_MAX)
        return mn_fail(err, MN_E_LIMIT, "a transaction takes in %d people at most, not %zu",
                       MN_ENROL_BATCH_MAX, n);
    mn_code code = run_attempts(i, people, n, &stored, &own);
    mn_import_drop_early(i, stored);
    if (code != MN_OK && err)
        *err = own;
    return code;
}

/* ---- opening ---- */

static mn_code check_rights(const mn_core *c, const mn_actor *who, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = mn_core_may(who, MN_R_DESCRIPTORS, MN_VERB_CREATE, err);
    if (code == MN_OK && !c->model)
        code = mn_fail(err, MN_E_INTERNAL, "this data directory was opened for its records only");
    return code;
}

mn_code mn_core_import_may(const mn_import *i, mn_error *err)
{
    return check_rights(i->c, i->who, err);
}

mn_code mn_core_import_open(mn_core *c, const mn_actor *who, bool dry_run, mn_import **out, mn_error *err)
{
    mn_code code = check_rights(c, who, err);
    mn_import *i = code == MN_OK ? mn_calloc(1, sizeof *i) : NULL;
    if (!i)
        return code == MN_OK ? mn_import_no_memory(err) : code;
    *i = (mn_import){.c = c,
                     .who = who,
                     .dry_run = dry_run,
                     .arena = mn_arena_create(MN_CORE_ARENA),
                     .early_arena = mn_arena_create(MN_CORE_ARENA)};
    code = i->arena && i->early_arena ? follow_erased(i, err) : mn_import_no_memory(err);
    if (code != MN_OK) {
        mn_core_import_close(i);
        return code;
    }
    *out = i;
    return MN_OK;
}

void mn_core_import_close(mn_import *i)
{
    if (!i)
        return;
    mn_arena_destroy(i->arena);
    mn_arena_destroy(i->early_arena);
    mn_import_forget_promises(i);
    mn_free(i->erased);
    mn_free(i);
}
