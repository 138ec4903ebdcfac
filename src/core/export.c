/* A page is read in one moment's view, then put on record, then given. Who is erased in between is given once
 * more, as one who came a moment earlier would have been. */
#include "core/export.h"

#include "base/alloc.h"
#include "core/enrolment.h"
#include "core/fields.h"
#include "core/internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 64

typedef struct mn_export_run exporting;
struct mn_export_run {
    mn_core *c;
    const mn_actor *who;
    const mn_export *what;
    mn_arena *names; /* of the list */
    mn_list list;
    char model[MN_CORE_MODEL_NAME];
    int dim;
    mn_secret_rotation *rotation; /* NULL where no vectors are wanted */

    mn_arena *arena; /* of a page */
    mn_id after;
    mn_person_view *views;
    mn_export_face **faces;
    size_t n, at; /* at: who of the page is given next */
    bool last;    /* this page is */
    mn_export_person given;
};

/* ---- which model ---- */

mn_code mn_core_model_of(mn_core *c, char name[MN_CORE_MODEL_NAME], int *dim, mn_error *err)
{
    const char *model = NULL, *numbers = NULL;
    mn_arena *arena = mn_arena_create(1 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to look at the store");
    mn_code code = c->store->ops->meta_get(c->store, "descriptor_model", arena, &model, err);
    if (code == MN_OK)
        code = c->store->ops->meta_get(c->store, "descriptor_dim", arena, &numbers, err);
    long n = code == MN_OK && numbers ? strtol(numbers, NULL, 10) : 0;
    if (code == MN_OK && model && (strlen(model) >= MN_CORE_MODEL_NAME || n < 1 || n > MN_DESCRIPTOR_MAX))
        code = mn_fail(err, MN_E_CORRUPT, "the store's descriptor model is damaged: put its backup back");
    if (code == MN_OK) {
        snprintf(name, MN_CORE_MODEL_NAME, "%s", model ? model : "");
        *dim = (int)n;
    }
    mn_arena_destroy(arena);
    return code;
}

/* ---- a page ---- */

static mn_code read_vector(exporting *e, const mn_key *key, const mn_id *face, mn_export_face *out,
                           mn_error *err)
{
    mn_descriptor_record d;
    mn_code code = e->c->store->ops->descriptor_get(e->c->store, face, e->model, e->arena, &d, err);
    if (code == MN_E_NOT_FOUND)
        return MN_OK;
    size_t n = (size_t)e->dim;
    float *v = mn_arena_calloc(e->arena, n, sizeof *v), *plain = mn_arena_calloc(e->arena, n, sizeof *plain);
    if (code == MN_OK && (!v || !plain))
        code = mn_fail(err, MN_E_MEMORY, "no memory for a descriptor");
    if (code == MN_OK)
        code = mn_core_unseal_turned(e->rotation, e->dim, key, &d, v, err);
    if (code == MN_OK) {
        mn_secret_rotation_undo(e->rotation, v, plain);
        out->v = plain;
    }
    return code;
}

/* Of somebody whose consents have all ended the record is given, and nothing biometric. */
static bool agrees(const mn_person_view *v)
{
    mn_time now = mn_time_now();
    for (size_t i = 0; i < v->n_consents; i++)
        if (mn_consent_valid(&v->consents[i], v->consents[i].purpose, now))
            return true;
    return false;
}

static mn_code read_vectors(exporting *e, size_t at, mn_error *err)
{
    mn_person_view *v = &e->views[at];
    mn_key *key = NULL;
    e->faces[at] = mn_arena_calloc(e->arena, v->n_faces + 1, sizeof **e->faces);
    if (!e->faces[at])
        return mn_fail(err, MN_E_MEMORY, "no memory for an export");
    if (!e->what->vectors || v->n_faces == 0 || !agrees(v))
        return MN_OK;
    mn_code code = mn_core_person_key(e->c, &v->person.id, e->arena, &key, err);
    for (size_t i = 0; code == MN_OK && i < v->n_faces; i++)
        code = read_vector(e, key, &v->faces[i].id, &e->faces[at][i], err);
    mn_key_close(key);
    if (code != MN_OK) {
        char id[MN_ID_TEXT];
        mn_id_format(&v->person.id, id);
        mn_error_prefix(err, "person %s", id);
    }
    return code;
}

static mn_code read_page(exporting *e, mn_error *err)
{
    mn_person *people = NULL;
    const mn_person_query q = {.account = e->who->account,
                               .list = e->what->list ? &e->list.id : NULL,
                               .now = mn_time_now(),
                               .after = e->after,
                               .limit = PAGE};
    mn_code code = e->c->store->ops->begin_read(e->c->store, err);
    if (code != MN_OK)
        return code;
    code = e->c->store->ops->person_list(e->c->store, &q, e->arena, &people, &e->n, err);
    if (code == MN_OK)
        code = mn_core_make_views(e->c, e->who, people, e->n, e->arena, &e->views, err);
    e->faces = mn_arena_calloc(e->arena, PAGE, sizeof *e->faces);
    if (code == MN_OK && !e->faces)
        code = mn_fail(err, MN_E_MEMORY, "no memory for an export");
    for (size_t i = 0; code == MN_OK && i < e->n; i++)
        code = read_vectors(e, i, err);
    e->c->store->ops->rollback(e->c->store);
    return code;
}

static mn_code record_page(exporting *e, mn_error *err)
{
    mn_code code = e->c->store->ops->begin(e->c->store, err);
    if (code != MN_OK)
        return code;
    for (size_t i = 0; code == MN_OK && i < e->n; i++)
        code = mn_core_record(e->c, e->who, "person.export", &e->views[i].person.id,
                              json_pack("{s:s, s:s?, s:b, s:b, s:I}", "reason", e->what->reason, "list",
                                        e->what->list, "vectors", e->what->vectors && agrees(&e->views[i]),
                                        "samples", e->what->samples && agrees(&e->views[i]), "faces",
                                        (json_int_t)e->views[i].n_faces),
                              err);
    if (code == MN_OK)
        return e->c->store->ops->commit(e->c->store, err);
    e->c->store->ops->rollback(e->c->store);
    return code;
}

/* One sample after the other is opened, for the person who is given next. */
static mn_code read_samples(exporting *e, size_t at, mn_error *err)
{
    const mn_person_view *v = &e->views[at];
    bool wanted = e->what->samples && agrees(v);
    mn_code code = MN_OK;
    for (size_t i = 0; wanted && code == MN_OK && i < v->n_faces; i++) {
        mn_buf jpeg;
        if (mn_id_is_nil(&v->faces[i].sample))
            continue;
        mn_buf_init(&jpeg, MN_ENROL_SAMPLE_MAX);
        code = mn_core_open_sample(e->c, &v->faces[i], e->arena, &jpeg, err);
        uint8_t *copy = code == MN_OK ? mn_arena_alloc(e->arena, jpeg.len + 1) : NULL;
        if (copy) {
            memcpy(copy, jpeg.data, jpeg.len);
            e->faces[at][i].jpeg = copy;
            e->faces[at][i].n = jpeg.len;
        } else if (code == MN_OK) {
            code = mn_fail(err, MN_E_MEMORY, "no memory for a sample");
        } else if (code == MN_E_NOT_FOUND) { /* erased meanwhile */
            code = MN_OK;
        }
        mn_buf_finish(&jpeg);
    }
    return code;
}

static mn_code next_page(exporting *e, mn_error *err)
{
    if (mn_cancelled(e->what->cancel))
        return mn_fail(err, MN_E_CANCELLED, "interrupted: the export is not complete");
    mn_arena_reset(e->arena);
    e->at = e->n = 0;
    mn_code code = read_page(e, err);
    if (code == MN_OK && e->n > 0)
        code = record_page(e, err);
    if (code != MN_OK) {
        e->n = 0;
        return code;
    }
    e->last = e->n < PAGE;
    if (e->n > 0)
        e->after = e->views[e->n - 1].person.id;
    return MN_OK;
}

mn_code mn_core_export_next(mn_export_run *e, const mn_export_person **out, mn_error *err)
{
    mn_code code = e->at == e->n && !e->last ? next_page(e, err) : MN_OK;
    bool more = code == MN_OK && e->at < e->n;
    if (more)
        code = read_samples(e, e->at, err);
    if (code != MN_OK)
        return code;
    *out = NULL;
    if (more) {
        e->given = (mn_export_person){
            .view = &e->views[e->at], .faces = e->faces[e->at], .model = e->model, .dim = e->dim};
        e->at++;
        *out = &e->given;
    }
    return MN_OK;
}

/* ---- before ---- */

static mn_code check(const mn_actor *who, const mn_export *what, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_EXPORT, err);
    if (code == MN_OK && what->vectors)
        code = mn_core_may(who, MN_R_DESCRIPTORS, MN_VERB_EXPORT, err);
    if (code == MN_OK && what->samples)
        code = mn_core_may(who, MN_R_SAMPLES, MN_VERB_EXPORT, err);
    if (code == MN_OK)
        code = mn_core_check_text("the reason for the export", what->reason, err);
    if (code == MN_OK && who->limited && !what->list)
        code = mn_fail(err, MN_E_FORBIDDEN, "%s is kept to some lists: name one of them", who->name);
    return code;
}

static mn_code no_list(const exporting *e, mn_error *err)
{
    return mn_fail(err, MN_E_NOT_FOUND, "there is no list \"%.200s\"", e->what->list);
}

static mn_code find_list(exporting *e, mn_arena *arena, mn_error *err)
{
    bool found = false;
    if (!e->what->list)
        return MN_OK;
    mn_code code = mn_core_find_list(e->c, e->who, e->what->list, arena, &e->list, &found, err);
    return code == MN_OK && !found ? no_list(e, err) : code;
}

mn_code mn_core_export_may(const mn_export_run *e, mn_error *err)
{
    mn_code code = check(e->who, e->what, err);
    return code == MN_OK && e->what->list && !mn_core_list_allowed(e->who, &e->list.id) ? no_list(e, err)
                                                                                        : code;
}

static size_t keep_allowed(const mn_actor *who, mn_list *lists, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (mn_core_list_allowed(who, &lists[i].id))
            lists[kept++] = lists[i];
    return kept;
}

mn_code mn_core_export_head(mn_core *c, const mn_actor *who, const char *list, mn_arena *arena,
                            mn_list **lists, size_t *n, json_t **fields, mn_error *err)
{
    const mn_export what = {.list = list};
    exporting e = {.c = c, .who = who, .what = &what};
    mn_time updated;
    mn_list *all = &e.list;
    size_t found = list ? 1 : 0;
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_EXPORT, err);
    if (code == MN_OK)
        code = list ? find_list(&e, arena, err)
                    : c->store->ops->list_list(c->store, &who->account, arena, &all, &found, err);
    if (code == MN_OK)
        code = mn_core_fields_get(c, who, arena, fields, &updated, err);
    mn_list *out = code == MN_OK ? mn_arena_calloc(arena, found + 1, sizeof *out) : NULL;
    if (!out)
        return code == MN_OK ? mn_fail(err, MN_E_MEMORY, "no memory for an export") : code;
    if (found > 0)
        memcpy(out, all, found * sizeof *out);
    *lists = out;
    *n = keep_allowed(who, out, found);
    return MN_OK;
}

mn_code mn_core_export_open(mn_core *c, const mn_actor *who, const mn_export *what, mn_export_run **out,
                            mn_error *err)
{
    mn_code code = check(who, what, err);
    exporting *e = code == MN_OK ? mn_calloc(1, sizeof *e) : NULL;
    if (!e)
        return code == MN_OK ? mn_fail(err, MN_E_MEMORY, "no memory for an export") : code;
    *e = (exporting){.c = c,
                     .who = who,
                     .what = what,
                     .names = mn_arena_create(1 << 20),
                     .arena = mn_arena_create(MN_CORE_ARENA)};
    code = e->names && e->arena ? mn_core_model_of(c, e->model, &e->dim, err)
                                : mn_fail(err, MN_E_MEMORY, "no memory for an export");
    if (code == MN_OK)
        code = find_list(e, e->names, err);
    if (code == MN_OK && what->vectors && e->dim > 0)
        code = mn_core_make_rotation(c, e->dim, &e->rotation, err);
    if (code != MN_OK) {
        mn_core_export_close(e);
        return code;
    }
    *out = e;
    return MN_OK;
}

void mn_core_export_close(mn_export_run *e)
{
    if (!e)
        return;
    mn_secret_rotation_destroy(e->rotation);
    mn_arena_destroy(e->arena);
    mn_arena_destroy(e->names);
    mn_free(e);
}

mn_code mn_core_export(mn_core *c, const mn_actor *who, const mn_export *what, uint64_t *n, mn_error *err)
{
    exporting *e = NULL;
    const mn_export_person *p = NULL;
    uint64_t given = 0;
    mn_code code = mn_core_export_open(c, who, what, &e, err);
    if (code == MN_OK)
        code = mn_core_export_next(e, &p, err);
    while (code == MN_OK && p) {
        code = what->person(what->ctx, p, err);
        given += code == MN_OK;
        if (code == MN_OK)
            code = mn_core_export_next(e, &p, err);
    }
    if (code == MN_OK)
        *n = given;
    mn_core_export_close(e);
    return code;
}
