#include "core/check.h"

#include "core/internal.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE  512                    /* people */
#define YOUNG (600 * MN_TIME_SECOND) /* a blob's record may come later than the blob by less than this */

typedef struct {
    mn_core *c;
    const mn_check_options *o;
    mn_arena *arena; /* of a page */
    mn_time began;
    mn_check_report report;
} check;

static mn_code go_on(const check *k, const char *what, uint64_t done, uint64_t all, mn_error *err)
{
    if (k->o->progress)
        k->o->progress(k->o->user, what, done, all);
    return mn_cancelled(k->o->cancel) ? mn_fail(err, MN_E_CANCELLED, "interrupted: not all was looked at")
                                      : MN_OK;
}

static void tell(check *k, mn_damage_kind kind, const mn_id *person, const mn_id *item, const char *why)
{
    mn_damage d = {.kind = kind, .why = why};
    if (person)
        d.person = *person;
    if (item)
        d.item = *item;
    if (kind == MN_DAMAGE_ORPHAN)
        k->report.orphans++;
    else
        k->report.damaged++;
    if (k->o->found)
        k->o->found(k->o->user, &d);
}

/* ---- keys and descriptors ---- */

typedef struct {
    char name[MN_DESCRIPTOR_CONTEXT];
    int dim;
    mn_secret_rotation *rotation;
    bool first; /* of the models: keys are told of once */
    uint64_t people, all;
} model;

static mn_code open_all(check *k, model *m, const mn_dossier *d, mn_error *err)
{
    float v[MN_DESCRIPTOR_MAX];
    mn_error e = {0};
    mn_key *key = NULL;
    mn_code code = d->key ? mn_key_unwrap(k->c->master, d->person.bytes, sizeof d->person.bytes, d->key,
                                          d->key_len, &key, &e)
                          : mn_fail(&e, MN_E_CORRUPT, "there are descriptors and no key to open them");
    k->report.keys += m->first && d->key;
    if (code == MN_E_CORRUPT) {
        if (m->first && (d->key || d->n_faces > 0))
            tell(k, MN_DAMAGE_KEY, &d->person, NULL, e.text);
        return MN_OK;
    }
    for (size_t i = 0; code == MN_OK && i < d->n_faces; i++) {
        const mn_descriptor_record *sealed = &d->faces[i].descriptor;
        code = mn_core_unseal_turned(m->rotation, m->dim, key, sealed, v, &e);
        k->report.descriptors++;
        if (code == MN_E_CORRUPT) {
            tell(k, MN_DAMAGE_DESCRIPTOR, &d->person, &sealed->face, e.text);
            code = MN_OK;
        }
    }
    sodium_memzero(v, sizeof v);
    mn_key_close(key);
    if (code != MN_OK && err)
        *err = e;
    return code;
}

/* In one moment's view: a person's key and descriptors belong together. */
static mn_code read_people(check *k, const model *m, const mn_id *after, size_t limit, mn_dossier **people,
                           size_t *n, mn_error *err)
{
    mn_store *s = k->c->store;
    mn_arena_reset(k->arena);
    mn_code code = s->ops->begin_read(s, err);
    if (code != MN_OK)
        return code;
    code = s->ops->dossiers(s, m->name, after, limit, k->arena, people, n, err);
    s->ops->rollback(s);
    return code;
}

static mn_code check_people(check *k, model *m, mn_error *err)
{
    mn_id after = {{0}};
    size_t n = 0, limit = PAGE;
    mn_code code = MN_OK;
    do {
        mn_dossier *people = NULL;
        code = read_people(k, m, &after, limit, &people, &n, err);
        if (code == MN_E_MEMORY && limit > 1) { /* many faces each */
            limit = limit / 8 + 1 < limit ? limit / 8 + 1 : 1;
            code = MN_OK;
            n = 1;
            continue;
        }
        for (size_t i = 0; code == MN_OK && i < n; i++)
            code = open_all(k, m, &people[i], err);
        if (code == MN_OK && n > 0)
            after = people[n - 1].person;
        m->people += n;
        if (code == MN_OK)
            code = go_on(k, "people", m->people < m->all ? m->people : m->all, m->all, err);
    } while (code == MN_OK && n > 0);
    return code;
}

/* The name is copied, as the page's arena is reset; where no model has a part, there are keys at most. */
static mn_code check_model(check *k, const mn_model_mark *mark, model *m, mn_error *err)
{
    char *end = NULL;
    long dim = mark->dim ? strtol(mark->dim, &end, 10) : 0;
    if (mark->model && (dim < 1 || dim > MN_DESCRIPTOR_MAX || *end || strlen(mark->model) >= sizeof m->name))
        return mn_fail(err, MN_E_CORRUPT,
                       "the store names a descriptor model that none can be: put its backup back");
    snprintf(m->name, sizeof m->name, "%s", mark->model ? mark->model : "");
    m->dim = (int)dim;
    m->rotation = NULL;
    mn_code code = mark->model ? mn_core_make_rotation(k->c, m->dim, &m->rotation, err) : MN_OK;
    if (code == MN_OK)
        code = check_people(k, m, err);
    mn_secret_rotation_destroy(m->rotation);
    m->first = false;
    return code;
}

static mn_code check_descriptors(check *k, mn_error *err)
{
    mn_store_counts counts;
    mn_code code = k->c->store->ops->counts(k->c->store, &counts, err);
    model m = {.first = true};
    for (int role = MN_MODEL_CURRENT; code == MN_OK && role < MN_MODEL_OTHER; role++) {
        mn_model_mark mark;
        mn_arena_reset(k->arena);
        code = mn_core_model_mark(k->c, (mn_model_role)role, k->arena, &mark, err);
        m.people = 0;
        m.all = counts.people;
        if (code == MN_OK && (mark.model || role == MN_MODEL_CURRENT))
            code = check_model(k, &mark, &m, err);
    }
    return code;
}

/* ---- blobs ---- */

/* Who names blobs, by which columns. */
enum { FACE, ORIGINAL, EVIDENCE, TRASH, NAMERS };
static const struct {
    const char *kind, *owner, *blob;
    const char *lost;
} namers[NAMERS] = {
    [FACE] = {"face", "id", "sample", "the sample of a face is nowhere"},
    [ORIGINAL] = {"original", "face", "blob", "the whole picture of a face is nowhere"},
    [EVIDENCE] = {"evidence", "consent", "blob", "the file that proves a consent is nowhere"},
    [TRASH] = {"trash", "blob", "blob", NULL}, /* is going to be removed */
};

typedef struct {
    mn_id blob, owner;
    uint8_t namer;
    bool seen;
} named;

typedef struct {
    check *k;
    named *v; /* sorted by blob */
    size_t n, room;
} names;

static mn_code add_name(names *all, const named *one, mn_error *err)
{
    if (all->n == all->room) {
        size_t room = all->room ? all->room * 2 : 1024;
        named *more = mn_realloc(all->v, room * sizeof *more);
        if (!more)
            return mn_fail(err, MN_E_MEMORY, "no memory for a list of %zu blobs", room);
        all->v = more;
        all->room = room;
    }
    all->v[all->n++] = *one;
    return MN_OK;
}

static mn_code add_page(names *all, uint8_t namer, const mn_kind *kind, const mn_value *rows, size_t n,
                        mn_error *err)
{
    const size_t blob = mn_kind_column(kind, namers[namer].blob);
    const size_t owner = mn_kind_column(kind, namers[namer].owner);
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++, rows += kind->n_columns) {
        named one = {.namer = namer};
        if (rows[blob].null)
            continue;
        memcpy(one.blob.bytes, rows[blob].bytes, sizeof one.blob.bytes);
        memcpy(one.owner.bytes, rows[owner].bytes, sizeof one.owner.bytes);
        if (!mn_id_is_nil(&one.blob))
            code = add_name(all, &one, err);
    }
    return code;
}

/* The keys of these kinds are ids. */
static mn_code add_kind(names *all, uint8_t namer, mn_error *err)
{
    mn_store *s = all->k->c->store;
    const mn_kind *kind = mn_kind_find(namers[namer].kind);
    mn_id last = {{0}};
    mn_value after = {.bytes = last.bytes, .n = sizeof last.bytes};
    size_t n = 0;
    mn_code code = MN_OK;
    do {
        mn_value *rows = NULL;
        mn_arena_reset(all->k->arena);
        code = s->ops->rows(s, kind, mn_id_is_nil(&last) ? NULL : &after, all->k->arena, &rows, &n, err);
        if (code == MN_OK)
            code = add_page(all, namer, kind, rows, n, err);
        if (code == MN_OK && n > 0)
            memcpy(last.bytes, rows[(n - 1) * kind->n_columns].bytes, sizeof last.bytes);
        if (code == MN_OK)
            code = go_on(all->k, "names", all->n, all->n, err);
    } while (code == MN_OK && n == MN_KIND_ROWS);
    return code;
}

static int by_blob(const void *a, const void *b)
{
    return mn_id_compare(&((const named *)a)->blob, &((const named *)b)->blob);
}

static mn_time made(const mn_id *id)
{
    int64_t ms = 0;
    for (size_t i = 0; i < 6; i++)
        ms = ms << 8 | id->bytes[i];
    return ms * (MN_TIME_SECOND / 1000);
}

static mn_code see_blob(void *ctx, const mn_id *id, uint64_t size, mn_error *err)
{
    names *all = ctx;
    check *k = all->k;
    const named want = {.blob = *id};
    named *one = all->n > 0 ? bsearch(&want, all->v, all->n, sizeof *all->v, by_blob) : NULL;
    (void)size;
    k->report.blobs++;
    if (one)
        one->seen = true;
    else if (made(id) < k->began - YOUNG)
        tell(k, MN_DAMAGE_ORPHAN, NULL, id, "no record names it");
    return k->report.blobs % 256 == 0
               ? go_on(k, "blobs", k->report.blobs < all->n ? k->report.blobs : all->n, all->n, err)
               : MN_OK;
}

/* Whose it is, as the store says now; MN_E_NOT_FOUND: who named it is gone. */
static mn_code still_named(check *k, const named *one, mn_id *person, mn_error *err)
{
    mn_store *s = k->c->store;
    mn_face_record f = {0};
    mn_original o;
    mn_evidence e;
    mn_consent c;
    mn_id blob = {{0}};
    mn_code code = MN_OK;
    if (one->namer == EVIDENCE) {
        code = s->ops->people->evidence_get(s, &one->owner, k->arena, &e, err);
        if (code == MN_OK)
            code = s->ops->people->consent_get(s, &one->owner, k->arena, &c, err);
        if (code == MN_OK) {
            *person = c.person;
            blob = e.blob;
        }
    } else {
        code = s->ops->face_get(s, &one->owner, k->arena, &f, err);
        *person = f.person;
        blob = f.sample;
        if (code == MN_OK && one->namer == ORIGINAL) {
            code = s->ops->face->original_get(s, &one->owner, k->arena, &o, err);
            blob = code == MN_OK ? o.blob : blob;
        }
    }
    return code == MN_OK && mn_id_compare(&blob, &one->blob) != 0 ? MN_E_NOT_FOUND : code;
}

static mn_code tell_missing(check *k, const named *one, mn_error *err)
{
    mn_id person = {{0}};
    mn_error e = {0};
    mn_arena_reset(k->arena);
    mn_code code = still_named(k, one, &person, &e);
    if (code == MN_OK)
        tell(k, MN_DAMAGE_BLOB, &person, &one->blob, namers[one->namer].lost);
    else if (code != MN_E_NOT_FOUND && err)
        *err = e;
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code check_blobs(check *k, mn_error *err)
{
    names all = {.k = k};
    mn_code code = MN_OK;
    for (uint8_t i = 0; code == MN_OK && i < NAMERS; i++)
        code = add_kind(&all, i, err);
    if (all.n > 1)
        qsort(all.v, all.n, sizeof *all.v, by_blob);
    if (code == MN_OK)
        code = k->c->blobs->ops->each(k->c->blobs, see_blob, &all, err);
    for (size_t i = 0; code == MN_OK && i < all.n; i++)
        if (!all.v[i].seen && namers[all.v[i].namer].lost)
            code = tell_missing(k, &all.v[i], err);
    if (code == MN_OK)
        code = go_on(k, "blobs", all.n, all.n, err);
    mn_free(all.v);
    return code;
}

/* ---- all of it ---- */

static mn_code check_records(check *k, mn_error *err)
{
    mn_store *s = k->c->store;
    mn_audit_report audit = {0};
    mn_code code = s->ops->check(s, err);
    if (code == MN_OK)
        code = mn_audit_verify(s, &audit, err);
    k->report.audit = audit.records;
    if (code == MN_OK)
        code = check_descriptors(k, err);
    return code == MN_OK ? check_blobs(k, err) : code;
}

mn_code mn_core_check(mn_core *c, const mn_check_options *options, mn_check_report *out, mn_error *err)
{
    static const mn_check_options quiet = {0};
    check k = {.c = c, .o = options ? options : &quiet, .began = mn_time_now()};
    k.arena = mn_arena_create(MN_CORE_ARENA);
    if (!k.arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to check the store");
    mn_code code = check_records(&k, err);
    mn_arena_destroy(k.arena);
    if (code != MN_OK)
        return code;
    if (out)
        *out = k.report;
    return k.report.damaged == 0
               ? MN_OK
               : mn_fail(err, MN_E_CORRUPT,
                         "%" PRIu64
                         " records are damaged or lack what belongs to them: put a backup back, or enrol "
                         "these people anew",
                         k.report.damaged);
}

mn_code mn_core_counts(mn_core *c, mn_store_counts *out, mn_error *err)
{
    return c->store->ops->counts(c->store, out, err);
}

mn_code mn_core_alive(mn_core *c, mn_error *err)
{
    uint64_t generation;
    return c->store->ops->generation(c->store, &generation, err);
}
