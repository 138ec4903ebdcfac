/* In the batch's transaction, for each person: look at everything (who, lists, consents, faces), say what is
 * wrong; then make the records, and put them in one call that is whole or nothing. So one person's fault
 * costs the others nothing. Samples are written before the commit, as at enrolment. */
#include "core/import.h"

#include "core/enrolment.h"
#include "core/internal.h"

#include "base/alloc.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HASH_TEXT   65
#define LENGTH_OFF  0.02 /* of a unit vector: half precision loses a thousandth */
#define NUMBER_MOST 1e4f /* of a model that is not normalised */

struct mn_import {
    mn_core *c;
    const mn_actor *who;
    bool dry_run;
    mn_arena *arena; /* of a batch */
    mn_id *erased;   /* sorted */
    size_t n_erased, cap_erased;
    mn_quota *quota; /* of this batch */
    mn_id *blobs;    /* written in this batch */
    size_t n_blobs;
};

/* What is worked on: one person of a batch. */
typedef struct {
    mn_import *i;
    mn_import_person *p;
    mn_time now;
    mn_list *lists;
    bool *list_is_new;
    mn_person person;
    bool is_new;
    mn_key *key;
    mn_records records;
    mn_buf wrapped;
} record;

static mn_code no_memory(mn_error *err)
{
    return mn_fail(err, MN_E_MEMORY, "no memory for an import");
}

/* ---- who was erased ---- */

static mn_code note_erased(void *ctx, const mn_audit_record *r, mn_error *err)
{
    mn_import *i = ctx;
    mn_id id;
    if (strcmp(r->action, "person.erase") != 0 || !r->target || !mn_id_parse(r->target, &id))
        return MN_OK;
    if (i->n_erased == i->cap_erased) {
        size_t cap = i->cap_erased ? 2 * i->cap_erased : 256;
        mn_id *more = mn_realloc(i->erased, cap * sizeof *more);
        if (!more)
            return no_memory(err);
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

static bool was_erased(const mn_import *i, const mn_id *id)
{
    return i->n_erased > 0 && bsearch(id, i->erased, i->n_erased, sizeof *i->erased, by_id);
}

/* ---- checks that need no store ---- */

static mn_code check_texts(const mn_import_person *p, mn_error *err)
{
    mn_code code = MN_OK;
    if (mn_id_is_nil(&p->id) && !p->external_id)
        return mn_fail(
            err, MN_E_INVALID,
            "the person has neither an id nor an external id: a second run could not know who it is");
    if (p->external_id)
        code = mn_core_check_text("the person's external id", p->external_id, err);
    if (code == MN_OK && p->name)
        code = mn_core_check_text("the person's name", p->name, err);
    if (code == MN_OK && !p->name && !p->external_id)
        code = mn_fail(err, MN_E_INVALID, "the person has neither a name nor an external id");
    if (code == MN_OK && p->n_lists == 0)
        code = mn_fail(err, MN_E_INVALID, "the person is in no list: name one in the record or with --list");
    for (size_t i = 0; code == MN_OK && i < p->n_lists; i++)
        code = mn_core_check_text("the list's name", p->lists[i].name, err);
    return code;
}

static mn_code check_consent(const mn_consent *c, mn_error *err)
{
    mn_code code = (unsigned)c->purpose < MN_PURPOSES
                       ? MN_OK
                       : mn_fail(err, MN_E_INVALID, "the consent is for no known purpose");
    if (code == MN_OK)
        code = mn_core_check_text("how the consent was given", c->method, err);
    if (code == MN_OK && c->evidence && *c->evidence)
        code = mn_core_check_text("the consent's evidence", c->evidence, err);
    if (code == MN_OK && c->given > mn_time_now())
        code = mn_fail(err, MN_E_CONSENT, "the consent is said to be given in the future");
    if (code == MN_OK && c->until <= c->given)
        code = mn_fail(err, MN_E_INVALID, "the consent ends before it was given");
    return code;
}

static mn_code check_vector(const mn_core *c, const mn_import_face *f, mn_error *err)
{
    double sum = 0;
    if (!f->model || !*f->model)
        return mn_fail(
            err, MN_E_INVALID,
            "it is not said which model made the descriptor: say it in the record, in the header or "
            "with --model");
    if (strcmp(f->model, c->model_name) != 0)
        return mn_fail(
            err, MN_E_PACK,
            "the descriptor is of the model %.80s, and the people here are of %s: descriptors of two "
            "models cannot be compared; enrol the pictures instead",
            f->model, c->model_name);
    if (f->dim != c->model->dim)
        return mn_fail(err, MN_E_INVALID, "the descriptor has %d numbers, and those of %s have %d", f->dim,
                       c->model_name, c->model->dim);
    for (int i = 0; i < f->dim; i++) {
        if (!isfinite(f->v[i]) || fabsf(f->v[i]) > NUMBER_MOST)
            return mn_fail(err, MN_E_INVALID, "number %d of the descriptor is %g: that is no descriptor", i,
                           (double)f->v[i]);
        sum += (double)f->v[i] * (double)f->v[i];
    }
    if (sum == 0)
        return mn_fail(err, MN_E_INVALID, "all numbers of the descriptor are 0");
    if (c->model->metric == MN_METRIC_COSINE && fabs(sqrt(sum) - 1) > LENGTH_OFF)
        return mn_fail(
            err, MN_E_INVALID,
            "the descriptor has the length %.4g, and those of %s have 1: divide each by its length, "
            "if it is one",
            sqrt(sum), c->model_name);
    return MN_OK;
}

static mn_code check_face(const mn_core *c, const mn_import_face *f, mn_error *err)
{
    mn_code code = MN_OK;
    if (!f->v)
        return mn_fail(err, MN_E_INVALID, "it has no descriptor");
    code = check_vector(c, f, err);
    if (code == MN_OK && f->source && *f->source)
        code = mn_core_check_text("the face's source", f->source, err);
    if (code == MN_OK && f->jpeg &&
        (f->n < 4 || f->n > MN_ENROL_SAMPLE_MAX || f->jpeg[0] != 0xff || f->jpeg[1] != 0xd8))
        code = mn_fail(err, MN_E_INVALID, "its sample is no JPEG of at most %zu bytes", MN_ENROL_SAMPLE_MAX);
    return code;
}

static mn_code check_alone(const mn_core *c, const mn_import_person *p, mn_error *err)
{
    mn_code code = check_texts(p, err);
    for (size_t i = 0; code == MN_OK && i < p->n_consents; i++)
        code = check_consent(&p->consents[i], err);
    for (size_t i = 0; code == MN_OK && i < p->n_faces; i++) {
        code = check_face(c, &p->faces[i], err);
        if (code != MN_OK)
            mn_error_prefix(err, "face %zu", i + 1);
    }
    return code;
}

/* ---- checks against what is there ---- */

static mn_code find_by_id(record *r, bool *found, mn_error *err)
{
    const mn_actor *who = r->i->who;
    mn_store *s = r->i->c->store;
    mn_code code = s->ops->person_get(s, &r->p->id, r->i->arena, &r->person, err);
    *found = code == MN_OK;
    if (code == MN_OK && mn_id_compare(&r->person.account, &who->account) != 0)
        return mn_fail(err, MN_E_EXISTS, "the person's id is taken: leave it out");
    if (code == MN_E_NOT_FOUND && was_erased(r->i, &r->p->id))
        return mn_fail(
            err, MN_E_FORBIDDEN,
            "this person was erased here, and does not come back by an import: who agreed again is "
            "enrolled as somebody new, without this id");
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code find_person(record *r, mn_error *err)
{
    mn_store *s = r->i->c->store;
    bool found = false;
    mn_person other;
    mn_code code = mn_id_is_nil(&r->p->id) ? MN_OK : find_by_id(r, &found, err);
    if (code != MN_OK)
        return code;
    if (r->p->external_id) {
        code = s->ops->person_by_external_id(s, &r->i->who->account, r->p->external_id, r->i->arena, &other,
                                             err);
        if (code == MN_OK && found && mn_id_compare(&other.id, &r->person.id) != 0)
            return mn_fail(err, MN_E_EXISTS,
                           "the person's id and external id belong to two different people here");
        if (code == MN_OK)
            r->person = other;
        found = found || code == MN_OK;
        if (code != MN_OK && code != MN_E_NOT_FOUND)
            return code;
    }
    r->is_new = !found;
    if (found) {
        bool visible = false;
        code = mn_core_person_visible(r->i->c, r->i->who, &r->person.id, r->i->arena, &visible, err);
        return code == MN_OK && !visible
                   ? mn_fail(err, MN_E_FORBIDDEN, "this person is in other lists than those %s is kept to",
                             r->i->who->name)
                   : code;
    }
    r->person = (mn_person){.id = mn_id_is_nil(&r->p->id) ? mn_id_make() : r->p->id,
                            .account = r->i->who->account,
                            .external_id = r->p->external_id,
                            .name = r->p->name ? r->p->name : r->p->external_id,
                            .user_data = r->p->user_data,
                            .active = r->p->active,
                            .created = r->p->created == MN_TIME_NEVER ? r->now : r->p->created,
                            .updated = r->now};
    return MN_OK;
}

static mn_code find_list(record *r, size_t at, mn_error *err)
{
    const mn_import_list *wanted = &r->p->lists[at];
    mn_list *list = &r->lists[at];
    bool found = false;
    mn_code code =
        mn_core_find_list(r->i->c, &r->i->who->account, wanted->name, r->i->arena, list, &found, err);
    r->list_is_new[at] = !found;
    if (code != MN_OK)
        return code;
    if (found && wanted->with_purpose && list->purpose != wanted->purpose)
        return mn_fail(err, MN_E_PURPOSE, "the list \"%s\" is for %s here, and for %s in the record",
                       list->name, mn_purpose_word(list->purpose), mn_purpose_word(wanted->purpose));
    if (found)
        return mn_core_may_list(r->i->who, list, err);
    if (!wanted->with_purpose)
        return mn_fail(err, MN_E_NOT_FOUND,
                       "there is no list \"%s\", and the record does not say what it would be for",
                       wanted->name);
    code = mn_core_may(r->i->who, MN_R_LISTS, MN_VERB_CREATE, err);
    if (code == MN_OK && r->i->who->limited)
        code = mn_fail(err, MN_E_FORBIDDEN, "there is no list \"%.200s\" among those that %s is kept to",
                       wanted->name, r->i->who->name);
    *list = (mn_list){.id = mn_id_make(),
                      .account = r->i->who->account,
                      .name = wanted->name,
                      .purpose = wanted->purpose,
                      .retention = MN_TIME_NEVER,
                      .created = r->now,
                      .updated = r->now};
    return code;
}

/* Times in a file have milliseconds. */
static bool same_time(mn_time a, mn_time b)
{
    return a == b || a / 1000 == b / 1000;
}

static bool same_consent(const mn_consent *a, const mn_consent *b)
{
    return a->purpose == b->purpose && same_time(a->given, b->given) && same_time(a->until, b->until) &&
           same_time(a->withdrawn, b->withdrawn) && strcmp(a->method, b->method) == 0 &&
           strcmp(a->evidence ? a->evidence : "", b->evidence ? b->evidence : "") == 0;
}

/* Who withdrew here must have agreed again afterwards. */
static const mn_consent *withdrawn_after(const mn_consent *there, size_t n, const mn_consent *given)
{
    for (size_t i = 0; i < n; i++)
        if (there[i].purpose == given->purpose && there[i].withdrawn != MN_TIME_NEVER &&
            given->withdrawn == MN_TIME_NEVER && given->given <= there[i].withdrawn)
            return &there[i];
    return NULL;
}

/* The consents that are to be put, into records; then each list's purpose must be covered. */
static mn_code settle_consents(record *r, mn_error *err)
{
    mn_store *s = r->i->c->store;
    mn_consent *there = NULL;
    size_t n = 0, n_new = 0;
    const mn_import_person *p = r->p;
    mn_code code = r->is_new ? MN_OK : s->ops->consent_list(s, &r->person.id, r->i->arena, &there, &n, err);
    mn_consent *all = mn_arena_calloc(r->i->arena, p->n_consents + n + 1, sizeof *all);
    if (code == MN_OK && !all)
        code = no_memory(err);
    for (size_t i = 0; code == MN_OK && i < p->n_consents; i++) {
        bool known = false;
        for (size_t j = 0; j < n; j++)
            known = known || same_consent(&there[j], &p->consents[i]);
        if (known || withdrawn_after(there, n, &p->consents[i]))
            continue;
        all[n_new] = p->consents[i];
        all[n_new].id = mn_id_make();
        all[n_new].evidence = all[n_new].evidence ? all[n_new].evidence : "";
        all[n_new++].person = r->person.id;
    }
    r->records.consents = all;
    r->records.n_consents = n_new;
    for (size_t i = 0; code == MN_OK && i < p->n_lists; i++) {
        mn_purpose purpose = r->lists[i].purpose;
        if (!mn_consents_allow(all, n_new, purpose, r->now) && !mn_consents_allow(there, n, purpose, r->now))
            code = mn_fail(err, MN_E_CONSENT,
                           "for the list \"%s\" the person needs a consent to %s that is valid now: there is "
                           "none in the record (purpose, method, given, until), or it was withdrawn here",
                           r->lists[i].name, mn_purpose_word(purpose));
    }
    return code;
}

/* ---- the records ---- */

static mn_code make_key(record *r, mn_error *err)
{
    mn_core *c = r->i->c;
    mn_code code =
        r->is_new ? MN_E_NOT_FOUND : mn_core_person_key(c, &r->person.id, r->i->arena, &r->key, err);
    if (code != MN_E_NOT_FOUND)
        return code;
    code = mn_key_make(c->master, r->person.id.bytes, sizeof r->person.id.bytes, &r->key, &r->wrapped, err);
    mn_key_record *k = mn_arena_calloc(r->i->arena, 1, sizeof *k);
    if (code == MN_OK && !k)
        code = no_memory(err);
    if (code != MN_OK)
        return code;
    *k = (mn_key_record){.person = r->person.id, .wrapped = r->wrapped.data, .n = r->wrapped.len};
    r->records.keys = k;
    r->records.n_keys = 1;
    return MN_OK;
}

/* The unit vector, or the numbers as they are; little-endian machines alone are built for. */
static const float *stored_vector(record *r, const mn_import_face *f)
{
    size_t n = (size_t)f->dim;
    float *v = mn_arena_calloc(r->i->arena, n, sizeof *v);
    if (!v)
        return NULL;
    memcpy(v, f->v, n * sizeof *v);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)v[i] * (double)v[i];
    for (size_t i = 0; i < n && r->i->c->model->metric == MN_METRIC_COSINE; i++)
        v[i] = (float)(v[i] / sqrt(sum));
    return v;
}

/* A face's numbers as they came, so that a second run knows them again. */
static char *hash_vector(record *r, const mn_import_face *f)
{
    uint8_t hash[32];
    char *text = mn_arena_alloc(r->i->arena, HASH_TEXT);
    if (!text)
        return NULL;
    mn_key_hash(r->i->c->deployment, f->v, (size_t)f->dim * sizeof *f->v, hash);
    return sodium_bin2hex(text, HASH_TEXT, hash, sizeof hash);
}

static mn_code is_known(record *r, const mn_import_face *f, const char *hash, bool *known, mn_error *err)
{
    mn_store *s = r->i->c->store;
    mn_face_record there;
    mn_code code = MN_E_NOT_FOUND;
    *known = false;
    if (!mn_id_is_nil(&f->id)) {
        code = s->ops->face_get(s, &f->id, r->i->arena, &there, err);
        if (code == MN_OK && mn_id_compare(&there.person, &r->person.id) != 0)
            return mn_fail(err, MN_E_EXISTS, "its id belongs to a face of somebody else: leave it out");
    }
    for (size_t i = 0; code == MN_E_NOT_FOUND && i < r->records.n_faces; i++) {
        const mn_face_record *earlier = &r->records.faces[i];
        if (strcmp(earlier->source_hash, hash) == 0 || mn_id_compare(&earlier->id, &f->id) == 0)
            code = MN_OK;
    }
    if (code == MN_E_NOT_FOUND && !r->is_new)
        code = s->ops->face_by_source(s, &r->person.id, hash, r->i->arena, &there, err);
    *known = code == MN_OK;
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code seal_vector(record *r, const mn_id *face, const mn_import_face *f, mn_descriptor_record *out,
                           mn_error *err)
{
    size_t n = (size_t)f->dim * sizeof(float);
    const float *v = stored_vector(r, f);
    mn_buf sealed;
    mn_buf_init(&sealed, n + 256);
    mn_code code = v ? mn_core_seal_descriptor(r->i->c, r->key, face, v, &sealed, err) : no_memory(err);
    uint8_t *copy = code == MN_OK ? mn_arena_alloc(r->i->arena, sealed.len) : NULL;
    if (copy) {
        memcpy(copy, sealed.data, sealed.len);
        *out = (mn_descriptor_record){.face = *face,
                                      .model = r->i->c->model_name,
                                      .dim = f->dim,
                                      .sealed = copy,
                                      .sealed_len = sealed.len};
    } else if (code == MN_OK) {
        code = no_memory(err);
    }
    mn_buf_finish(&sealed);
    return code;
}

static mn_code put_sample(record *r, const mn_import_face *f, mn_face_record *face, mn_error *err)
{
    mn_core *c = r->i->c;
    mn_buf sealed, jpeg;
    if (!f->jpeg || r->i->dry_run)
        return MN_OK;
    mn_buf_init(&sealed, MN_ENROL_SAMPLE_MAX + 256);
    mn_buf_init(&jpeg, MN_ENROL_SAMPLE_MAX);
    mn_code code = mn_buf_append(&jpeg, f->jpeg, f->n, err);
    if (code == MN_OK)
        code = mn_core_seal_sample(r->key, &face->id, &jpeg, &sealed, err);
    if (code == MN_OK) {
        face->sample = mn_id_make();
        r->i->blobs[r->i->n_blobs++] = face->sample;
        code = c->blobs->ops->put(c->blobs, &face->sample, sealed.data, sealed.len, err);
    }
    mn_buf_finish(&jpeg);
    mn_buf_finish(&sealed);
    return code;
}

static mn_code make_face(record *r, const mn_import_face *f, mn_face_record *faces,
                         mn_descriptor_record *vectors, mn_error *err)
{
    bool known = false;
    size_t at = r->records.n_faces;
    const char *hash = hash_vector(r, f);
    mn_code code = hash ? is_known(r, f, hash, &known, err) : no_memory(err);
    if (code != MN_OK || known) {
        r->p->faces_known += known;
        return code;
    }
    faces[at] = (mn_face_record){.id = mn_id_is_nil(&f->id) ? mn_id_make() : f->id,
                                 .person = r->person.id,
                                 .source = f->source,
                                 .source_hash = hash,
                                 .quality = f->quality,
                                 .created = f->created == MN_TIME_NEVER ? r->now : f->created};
    if (!r->key)
        code = make_key(r, err);
    if (code == MN_OK)
        code = seal_vector(r, &faces[at].id, f, &vectors[at], err);
    if (code == MN_OK)
        code = put_sample(r, f, &faces[at], err);
    r->records.n_faces = r->records.n_descriptors = at + (code == MN_OK);
    return code;
}

static mn_code make_faces(record *r, mn_error *err)
{
    mn_code code = MN_OK;
    size_t n = r->p->n_faces;
    mn_face_record *faces = mn_arena_calloc(r->i->arena, n + 1, sizeof *faces);
    mn_descriptor_record *vectors = mn_arena_calloc(r->i->arena, n + 1, sizeof *vectors);
    if (!faces || !vectors)
        return no_memory(err);
    r->records.faces = faces;
    r->records.descriptors = vectors;
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        code = make_face(r, &r->p->faces[i], faces, vectors, err);
        if (code != MN_OK)
            mn_error_prefix(err, "face %zu", i + 1);
    }
    return code;
}

static mn_code make_members(record *r, mn_error *err)
{
    mn_membership *there = NULL;
    size_t n = 0, n_new = 0;
    mn_store *s = r->i->c->store;
    mn_code code = r->is_new ? MN_OK : s->ops->lists_of(s, &r->person.id, r->i->arena, &there, &n, err);
    mn_member_record *members = mn_arena_calloc(r->i->arena, r->p->n_lists + 1, sizeof *members);
    if (code == MN_OK && !members)
        code = no_memory(err);
    for (size_t i = 0; code == MN_OK && i < r->p->n_lists; i++) {
        bool known = false;
        for (size_t j = 0; j < n; j++)
            known =
                known || (mn_id_compare(&there[j].list.id, &r->lists[i].id) == 0 && r->now < there[j].until);
        for (size_t j = 0; j < n_new; j++)
            known = known || mn_id_compare(&members[j].list, &r->lists[i].id) == 0;
        if (!known)
            members[n_new++] = (mn_member_record){r->lists[i].id, r->person.id, r->now};
    }
    r->records.members = members;
    r->records.n_members = n_new;
    return code;
}

static mn_code note(record *r, mn_error *err)
{
    json_t *lists = json_array();
    for (size_t i = 0; i < r->p->n_lists; i++)
        json_array_append_new(lists, json_string(r->lists[i].name));
    return mn_core_record(r->i->c, r->i->who, "person.import", &r->person.id,
                          json_pack("{s:o, s:b, s:I, s:I, s:I}", "lists", lists, "new", (int)r->is_new,
                                    "faces", (json_int_t)r->records.n_faces, "faces_known",
                                    (json_int_t)r->p->faces_known, "consents",
                                    (json_int_t)r->records.n_consents),
                          err);
}

static mn_code put(record *r, mn_error *err)
{
    mn_store *s = r->i->c->store;
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < r->p->n_lists; i++) {
        bool made = false; /* by an earlier entry of the same name */
        for (size_t j = 0; j < i; j++)
            made = made || mn_id_compare(&r->lists[i].id, &r->lists[j].id) == 0;
        if (r->list_is_new[i] && !made)
            code = s->ops->list_put(s, &r->lists[i], err);
    }
    r->records.people = &r->person;
    r->records.n_people = r->is_new;
    if (code == MN_OK)
        code = s->ops->put_many(s, &r->records, err);
    return code == MN_OK ? note(r, err) : code;
}

static void merge_lists(record *r)
{
    for (size_t i = 0; i < r->p->n_lists; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(r->lists[i].name, r->lists[j].name) == 0)
                r->lists[i].id = r->lists[j].id;
}

static mn_code look(record *r, mn_error *err)
{
    mn_arena *arena = r->i->arena;
    mn_code code = check_alone(r->i->c, r->p, err);
    r->lists = mn_arena_calloc(arena, r->p->n_lists + 1, sizeof *r->lists);
    r->list_is_new = mn_arena_calloc(arena, r->p->n_lists + 1, sizeof *r->list_is_new);
    if (code == MN_OK && (!r->lists || !r->list_is_new))
        code = no_memory(err);
    if (code == MN_OK)
        code = find_person(r, err);
    for (size_t i = 0; code == MN_OK && i < r->p->n_lists; i++)
        code = find_list(r, i, err);
    if (code == MN_OK)
        merge_lists(r);
    if (code == MN_OK)
        code = settle_consents(r, err);
    if (code == MN_OK)
        code = make_members(r, err);
    if (code == MN_OK)
        code = make_faces(r, err);
    return code == MN_OK ? mn_quota_take(r->i->c, &r->i->quota, &r->i->who->account, r->is_new,
                                         (int64_t)r->records.n_faces, arena, err)
                         : code;
}

/* Faults of the machine, not of the record: they end the batch. */
static bool is_fatal(mn_code code)
{
    return code == MN_E_MEMORY || code == MN_E_IO || code == MN_E_FULL || code == MN_E_BUSY ||
           code == MN_E_INTERNAL || code == MN_E_CORRUPT || code == MN_E_TIMEOUT;
}

/* Those written since there were `kept` of them. */
static void drop_blobs(mn_import *i, size_t kept)
{
    while (i->n_blobs > kept)
        i->c->blobs->ops->remove(i->c->blobs, &i->blobs[--i->n_blobs], NULL);
}

static mn_code take(mn_import *i, mn_import_person *p, mn_error *err)
{
    record r = {.i = i, .p = p, .now = mn_time_now()};
    size_t blobs = i->n_blobs;
    mn_buf_init(&r.wrapped, 512);
    p->faces_new = p->faces_known = 0;
    p->code = look(&r, &p->error);
    if (p->code == MN_OK)
        p->code = put(&r, &p->error);
    mn_code code = is_fatal(p->code) ? p->code : MN_OK;
    if (p->code == MN_OK) {
        p->person = r.person.id;
        p->is_new = r.is_new;
        p->faces_new = r.records.n_faces;
    } else {
        drop_blobs(i, blobs);
    }
    if (code != MN_OK && err)
        *err = p->error;
    mn_key_close(r.key);
    mn_buf_finish(&r.wrapped);
    return code;
}

/* ---- a batch ---- */

static mn_code take_all(mn_import *i, mn_import_person *people, size_t n, mn_error *err)
{
    mn_store *s = i->c->store;
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = mn_core_check_current(i->c, i->arena, err);
    for (size_t at = 0; code == MN_OK && at < n; at++)
        code = take(i, &people[at], err);
    if (code == MN_OK && !i->dry_run)
        code = s->ops->commit(s, err);
    else
        s->ops->rollback(s);
    return code;
}

mn_code mn_core_import_people(mn_import *i, mn_import_person *people, size_t n, mn_error *err)
{
    size_t faces = 0;
    for (size_t at = 0; at < n; at++)
        faces += people[at].n_faces;
    mn_arena_reset(i->arena);
    i->quota = NULL;
    i->n_blobs = 0;
    i->blobs = mn_arena_calloc(i->arena, faces + 1, sizeof *i->blobs);
    mn_code code = i->blobs ? take_all(i, people, n, err) : no_memory(err);
    if (code != MN_OK)
        drop_blobs(i, 0);
    return code;
}

mn_code mn_core_import_open(mn_core *c, const mn_actor *who, bool dry_run, mn_import **out, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = mn_core_may(who, MN_R_DESCRIPTORS, MN_VERB_CREATE, err);
    if (code == MN_OK && !c->model)
        code = mn_fail(err, MN_E_INTERNAL, "this data directory was opened for its records only");
    if (code != MN_OK)
        return code;
    mn_import *i = mn_calloc(1, sizeof *i);
    if (!i)
        return no_memory(err);
    *i = (mn_import){.c = c, .who = who, .dry_run = dry_run, .arena = mn_arena_create(MN_CORE_ARENA)};
    code = i->arena ? c->store->ops->audit_each(c->store, 1, note_erased, i, err) : no_memory(err);
    if (code != MN_OK) {
        mn_core_import_close(i);
        return code;
    }
    if (i->n_erased > 0)
        qsort(i->erased, i->n_erased, sizeof *i->erased, by_id);
    *out = i;
    return MN_OK;
}

void mn_core_import_close(mn_import *i)
{
    if (!i)
        return;
    mn_arena_destroy(i->arena);
    mn_free(i->erased);
    mn_free(i);
}
