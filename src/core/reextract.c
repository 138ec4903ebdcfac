#include "core/reextract.h"

#include "core/enrolment.h"
#include "core/internal.h"

#include "base/alloc.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PAGE     64                 /* faces in a transaction */
#define LOOK     4096               /* ids looked at together, where nothing is made of them */
#define ONE_FACE ((size_t)64 << 20) /* memory for a sample on its way to a descriptor */

typedef struct {
    mn_core *c;
    const mn_reextract *what;
    mn_face_record face;
    mn_buf sealed;
    mn_code code;
    mn_error error;
} item;

typedef struct {
    mn_core *c;
    const mn_actor *who;
    const mn_reextract *what;
    mn_arena *arena; /* of a page */
    mn_pool *pool;
    item *items;    /* PAGE */
    mn_id *missing; /* sorted */
    size_t n_missing, cap_missing;
    uint64_t done, all;
    mn_reextract_report report;
} change;

static mn_code no_memory(mn_error *err)
{
    return mn_fail(err, MN_E_MEMORY, "no memory for a change of model");
}

static mn_code check_cancel(const change *h, mn_error *err)
{
    return mn_cancelled(h->what->cancel)
               ? mn_fail(err, MN_E_CANCELLED, "interrupted: start the same command again to go on")
               : MN_OK;
}

/* ---- one face, on a worker's thread ---- */

static mn_code make(item *it, mn_arena *arena, mn_error *err)
{
    mn_core *c = it->c;
    mn_key *key = NULL;
    mn_buf jpeg;
    mn_descriptor d = {0};
    if (mn_id_is_nil(&it->face.sample))
        return mn_fail(err, MN_E_NOT_FOUND, "no sample was stored for this face");
    mn_buf_init(&jpeg, MN_ENROL_SAMPLE_MAX);
    mn_code code = mn_core_person_key(c, &it->face.person, arena, &key, err);
    if (code == MN_OK)
        code = mn_core_open_sample(c, &it->face, arena, &jpeg, err);
    if (code == MN_OK)
        code = it->what->describe(it->what->ctx, &jpeg, arena, &d, err);
    if (code == MN_OK)
        code = mn_core_check_descriptor(c, &d, err);
    if (code == MN_OK)
        code = mn_core_seal_descriptor(c, key, &it->face.id, d.v, &it->sealed, err);
    if (jpeg.data)
        sodium_memzero(jpeg.data, jpeg.len);
    mn_buf_finish(&jpeg);
    mn_key_close(key);
    return code;
}

static void work(void *job, unsigned worker)
{
    item *it = job;
    (void)worker;
    mn_arena *arena = mn_arena_create(ONE_FACE);
    it->code = arena ? make(it, arena, &it->error) : no_memory(&it->error);
    mn_arena_destroy(arena);
}

static void drop(void *job)
{
    item *it = job;
    it->code = mn_fail(&it->error, MN_E_CANCELLED, "interrupted");
}

/* ---- a page ---- */

static int by_id(const void *a, const void *b)
{
    return mn_id_compare(a, b);
}

static bool is_missing(const change *h, const mn_id *face)
{
    return h->n_missing > 0 && bsearch(face, h->missing, h->n_missing, sizeof *h->missing, by_id);
}

static mn_code note_missing(change *h, const item *it, mn_error *err)
{
    if (h->n_missing == h->cap_missing) {
        size_t cap = h->cap_missing ? 2 * h->cap_missing : 64;
        mn_id *more = mn_realloc(h->missing, cap * sizeof *more);
        if (!more)
            return no_memory(err);
        h->missing = more;
        h->cap_missing = cap;
    }
    h->missing[h->n_missing++] = it->face.id;
    size_t n = h->n_missing; /* a first pass comes in order */
    if (n > 1 && mn_id_compare(&h->missing[n - 2], &h->missing[n - 1]) > 0)
        qsort(h->missing, n, sizeof *h->missing, by_id);
    return h->what->cannot(h->what->ctx, &it->face, &it->error, err);
}

/* Faults of the machine: the face is not at fault, and the next one would meet it, too. */
static bool is_fatal(mn_code code)
{
    return code == MN_E_MEMORY || code == MN_E_IO || code == MN_E_FULL || code == MN_E_BUSY ||
           code == MN_E_TIMEOUT || code == MN_E_INTERNAL || code == MN_E_RUNTIME || code == MN_E_CANCELLED;
}

/* Who was erased while the sample was worked on is passed over. */
static mn_code put_one(change *h, const item *it, mn_error *err)
{
    mn_store *s = h->c->store;
    mn_face_record still;
    mn_code code = s->ops->face_get(s, &it->face.id, h->arena, &still, err);
    if (code == MN_E_NOT_FOUND)
        return MN_OK;
    const mn_descriptor_record d = {.face = it->face.id,
                                    .model = h->c->model_name,
                                    .dim = h->c->model->dim,
                                    .sealed = it->sealed.data,
                                    .sealed_len = it->sealed.len};
    if (code == MN_OK)
        code = s->ops->descriptor_put(s, &d, err);
    h->report.made += code == MN_OK;
    return code;
}

static mn_code need_role(change *h, mn_model_role wanted, mn_error *err)
{
    mn_model_role role;
    mn_code code = mn_core_model_role(h->c, h->arena, &role, err);
    if (code == MN_OK && role != wanted)
        code = mn_fail(err, MN_E_BUSY,
                       "another process changes the model as well: look what it made, and start again");
    return code;
}

static mn_code put_page(change *h, size_t n, mn_error *err)
{
    mn_store *s = h->c->store;
    uint64_t made = h->report.made;
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = need_role(h, MN_MODEL_NEXT, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (h->items[i].code == MN_OK)
            code = put_one(h, &h->items[i], err);
    if (code == MN_OK)
        code = s->ops->commit(s, err);
    else
        s->ops->rollback(s);
    if (code != MN_OK)
        h->report.made = made;
    return code;
}

static mn_code work_page(change *h, size_t n, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        const mn_job job = {.run = work, .drop = drop, .job = &h->items[i], .cancel = h->what->cancel};
        code = mn_pool_submit(h->pool, &job, true, err);
    }
    mn_pool_drain(h->pool);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (is_fatal(h->items[i].code)) {
            code = h->items[i].code;
            if (err)
                *err = h->items[i].error;
        }
    if (code == MN_OK)
        code = put_page(h, n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (h->items[i].code != MN_OK)
            code = note_missing(h, &h->items[i], err);
    return code;
}

/* Those faces of the page that are to be made; the others were tried before, by this call. */
static size_t fill_items(change *h, const mn_face_record *faces, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        item *it = &h->items[used];
        if (is_missing(h, &faces[i].id))
            continue;
        mn_buf_clear(&it->sealed);
        it->c = h->c;
        it->what = h->what;
        it->face = faces[i];
        it->code = MN_OK;
        used++;
    }
    return used;
}

static mn_code make_all(change *h, mn_error *err)
{
    mn_store *s = h->c->store;
    mn_id after = {{0}};
    size_t n = PAGE;
    mn_code code = MN_OK;
    while (code == MN_OK && n == PAGE) {
        mn_face_record *faces = NULL;
        mn_arena_reset(h->arena);
        code = check_cancel(h, err);
        if (code == MN_OK)
            code = s->ops->faces_page(s, NULL, h->c->model_name, &after, PAGE, h->arena, &faces, &n, err);
        if (code != MN_OK || n == 0)
            break;
        after = faces[n - 1].id;
        code = work_page(h, fill_items(h, faces, n), err);
        h->done += n;
        if (code == MN_OK && h->what->progress)
            h->what->progress(h->what->ctx, h->done < h->all ? h->done : h->all, h->all);
    }
    return code;
}

/* ---- the switch ---- */

/* *out: faces without a new descriptor. *untried (may be NULL): those that this call has not tried. */
static mn_code count_lacking(change *h, uint64_t *out, uint64_t *untried, mn_error *err)
{
    mn_store *s = h->c->store;
    mn_id after = {{0}};
    size_t n = LOOK;
    uint64_t lacking = 0, others = 0;
    mn_code code = MN_OK;
    while (code == MN_OK && n == LOOK) {
        mn_face_record *faces = NULL;
        mn_arena_reset(h->arena);
        code = s->ops->faces_page(s, NULL, h->c->model_name, &after, LOOK, h->arena, &faces, &n, err);
        for (size_t i = 0; code == MN_OK && i < n; i++) {
            after = faces[i].id;
            others += !is_missing(h, &after);
        }
        lacking += code == MN_OK ? n : 0;
    }
    *out = lacking;
    if (untried)
        *untried = others;
    return code;
}

static mn_code set_roles(change *h, mn_error *err)
{
    mn_model_mark old, new;
    mn_core *c = h->c;
    mn_arena_reset(h->arena);
    mn_code code = mn_core_model_mark(c, MN_MODEL_CURRENT, h->arena, &old, err);
    if (code == MN_OK)
        code = mn_core_model_mark(c, MN_MODEL_NEXT, h->arena, &new, err);
    if (code == MN_OK)
        code = mn_core_model_set(c, MN_MODEL_CURRENT, &new, err);
    if (code == MN_OK)
        code = mn_core_model_set(c, MN_MODEL_PREVIOUS, &old, err);
    if (code == MN_OK)
        code = mn_core_model_set(c, MN_MODEL_NEXT, NULL, err);
    if (code != MN_OK)
        return code;
    return mn_core_record(c, h->who, "model.switch", NULL,
                          json_pack("{s:s, s:s, s:s, s:s, s:I}", "from_pack", old.pack, "from", old.model,
                                    "to_pack", new.pack, "to", new.model, "faces_missing",
                                    (json_int_t)h->report.missing),
                          err);
}

/* Nobody enrols between the look and the switch: both are in one transaction. *again: somebody came
 * meanwhile. */
static mn_code try_switch(change *h, bool *again, mn_error *err)
{
    mn_store *s = h->c->store;
    uint64_t lacking = 0, untried = 0;
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    *again = false;
    code = need_role(h, MN_MODEL_NEXT, err);
    if (code == MN_OK)
        code = count_lacking(h, &lacking, &untried, err);
    *again = untried > 0;
    h->report.missing = lacking;
    bool ready = code == MN_OK && !*again && (lacking == 0 || h->what->accept_missing);
    if (ready)
        code = set_roles(h, err);
    if (ready && code == MN_OK)
        code = s->ops->commit(s, err);
    else
        s->ops->rollback(s);
    h->report.switched = h->report.current = ready && code == MN_OK;
    return code;
}

static mn_code convert(change *h, mn_error *err)
{
    mn_store_counts counts;
    bool again = true;
    uint64_t lacking = 0;
    mn_code code = h->c->store->ops->counts(h->c->store, &counts, err);
    if (code == MN_OK)
        code = count_lacking(h, &lacking, NULL, err);
    h->report.faces = h->all = counts.faces;
    h->done = counts.faces > lacking ? counts.faces - lacking : 0;
    while (code == MN_OK && again) {
        code = make_all(h, err);
        if (code == MN_OK)
            code = try_switch(h, &again, err);
    }
    return code;
}

/* ---- removal ---- */

/* In one transaction. all: also of faces that have no descriptor of this core's model. */
static mn_code remove_page(change *h, const char *model, bool all, mn_id *after, size_t *n, mn_error *err)
{
    mn_store *s = h->c->store;
    mn_face_record *faces = NULL;
    mn_descriptor_record d;
    uint64_t removed = 0;
    mn_arena_reset(h->arena);
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = s->ops->faces_page(s, model, NULL, after, PAGE, h->arena, &faces, n, err);
    for (size_t i = 0; code == MN_OK && i < *n; i++) {
        mn_code has =
            all ? MN_OK : s->ops->descriptor_get(s, &faces[i].id, h->c->model_name, h->arena, &d, err);
        if (has == MN_OK)
            code = s->ops->descriptor_delete(s, &faces[i].id, model, err);
        else if (has != MN_E_NOT_FOUND)
            code = has;
        removed += has == MN_OK && code == MN_OK;
    }
    if (code == MN_OK && *n > 0)
        *after = faces[*n - 1].id;
    if (code == MN_OK)
        code = s->ops->commit(s, err);
    else
        s->ops->rollback(s);
    if (code == MN_OK)
        h->report.removed += removed;
    return code;
}

static mn_code remove_all(change *h, const char *model, bool all, mn_error *err)
{
    mn_id after = {{0}};
    size_t n = PAGE;
    mn_code code = MN_OK;
    while (code == MN_OK && n == PAGE) {
        code = check_cancel(h, err);
        if (code == MN_OK)
            code = remove_page(h, model, all, &after, &n, err);
    }
    return code;
}

/* The role ends when no descriptor is left. */
static mn_code end_role(change *h, mn_model_role role, const char *model, const char *action, mn_error *err)
{
    mn_store *s = h->c->store;
    mn_face_record *left = NULL;
    mn_id first = {{0}};
    size_t n = 0;
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = s->ops->faces_page(s, model, NULL, &first, 1, h->arena, &left, &n, err);
    if (code == MN_OK && n == 0)
        code = mn_core_model_set(h->c, role, NULL, err);
    if (code == MN_OK)
        code = mn_core_record(h->c, h->who, action, NULL,
                              json_pack("{s:s, s:I, s:b}", "model", model, "removed",
                                        (json_int_t)h->report.removed, "all", n == 0),
                              err);
    if (code == MN_OK)
        code = s->ops->commit(s, err);
    else
        s->ops->rollback(s);
    h->report.old_is_there = role == MN_MODEL_PREVIOUS && n > 0;
    if (code == MN_OK)
        mn_core_snapshot_tidy(h->c);
    return code;
}

static mn_code remove_previous(change *h, mn_error *err)
{
    mn_model_mark old;
    mn_arena *names = mn_arena_create(1 << 20);
    mn_code code = names ? mn_core_model_mark(h->c, MN_MODEL_PREVIOUS, names, &old, err) : no_memory(err);
    bool there = code == MN_OK && old.model;
    h->report.old_is_there = there;
    if (there && h->what->remove_old) {
        code = remove_all(h, old.model, h->what->accept_missing, err);
        if (code == MN_OK)
            code = end_role(h, MN_MODEL_PREVIOUS, old.model, "model.remove", err);
    }
    mn_arena_destroy(names);
    return code;
}

/* ---- the whole ---- */

static mn_code run(change *h, mn_error *err)
{
    mn_model_role role = MN_MODEL_OTHER;
    mn_code code = mn_core_model_role(h->c, h->arena, &role, err);
    if (code != MN_OK)
        return code;
    if (role == MN_MODEL_PREVIOUS)
        return mn_fail(
            err, MN_E_PACK,
            "the data were changed from this model to another one, and the old descriptors are still "
            "there: name the new pack to remove them");
    h->report.current = role == MN_MODEL_CURRENT;
    if (h->what->abandon && role != MN_MODEL_NEXT)
        return mn_fail(err, MN_E_INVALID, "no change to this model is under way");
    if (h->what->abandon) {
        code = remove_all(h, h->c->model_name, true, err);
        return code == MN_OK ? end_role(h, MN_MODEL_NEXT, h->c->model_name, "model.abandon", err) : code;
    }
    if (role == MN_MODEL_NEXT) {
        code = mn_core_record(h->c, h->who, "model.reextract", NULL,
                              json_pack("{s:s}", "to", h->c->model_name), err);
        if (code == MN_OK)
            code = convert(h, err);
    }
    return code == MN_OK && h->report.current ? remove_previous(h, err) : code;
}

static mn_code check(const mn_core *c, const mn_actor *who, mn_error *err)
{
    mn_code code = mn_core_may_everywhere(who, MN_R_DESCRIPTORS, MN_VERB_CREATE, err);
    if (code == MN_OK && !c->gallery)
        code = mn_fail(err, MN_E_INTERNAL, "this data directory was opened for its records only");
    return code;
}

mn_code mn_core_reextract(mn_core *c, const mn_actor *who, const mn_reextract *what, mn_reextract_report *out,
                          mn_error *err)
{
    mn_code code = check(c, who, err);
    if (code != MN_OK)
        return code;
    change h = {.c = c, .who = who, .what = what, .arena = mn_arena_create(MN_CORE_ARENA)};
    h.items = mn_calloc(PAGE, sizeof *h.items);
    mn_pool *pool = NULL;
    code =
        h.arena && h.items ? mn_pool_create(c->threads ? c->threads : 1, PAGE, &pool, err) : no_memory(err);
    h.pool = pool;
    for (size_t i = 0; h.items && i < PAGE; i++)
        mn_buf_init(&h.items[i].sealed, MN_DESCRIPTOR_MAX * sizeof(float) + 256);
    if (code == MN_OK)
        code = run(&h, err);
    if (code == MN_OK)
        *out = h.report;
    if (pool)
        mn_pool_destroy(pool);
    for (size_t i = 0; h.items && i < PAGE; i++)
        mn_buf_finish(&h.items[i].sealed);
    mn_free(h.items);
    mn_free(h.missing);
    mn_arena_destroy(h.arena);
    return code;
}
