/* Who, which lists, which consents, which faces. The store is asked for all people of a round at once, and
 * nothing is written here, so that a refused record leaves nothing behind. Of somebody who is there, all is
 * read in two statements. */
#include "core/import_parts.h"
#include "core/records_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the store has ---- */

static int by_id(const void *a, const void *b)
{
    return mn_id_compare(&((const mn_owned *)a)->id, &((const mn_owned *)b)->id);
}

static int by_external_id(const void *a, const void *b)
{
    return strcmp(((const mn_person *)a)->external_id, ((const mn_person *)b)->external_id);
}

static int compare_ids(const void *a, const void *b)
{
    return mn_id_compare(a, b);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once. */
static size_t unique(void *items, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    char *at = items;
    size_t kept = 0;
    if (n > 1)
        qsort(items, n, size, compare);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || compare(at + (kept - 1) * size, at + i * size) != 0)
            memmove(at + kept++ * size, at + i * size, size);
    return kept;
}

static mn_code look_owners(mn_import_batch *b, mn_owned_kind kind, mn_id *ids, size_t n, mn_owned **out,
                           size_t *n_out, mn_error *err)
{
    mn_code code = MN_OK;
    *n_out = 0;
    n = unique(ids, n, sizeof *ids, compare_ids);
    if (n > 0)
        code = b->c->store->ops->owners(b->c->store, kind, ids, n, b->arena, out, n_out, err);
    if (code == MN_OK && *n_out > 1)
        qsort(*out, *n_out, sizeof **out, by_id);
    return code;
}

static mn_code look_externals(mn_import_batch *b, const char **texts, size_t n, mn_error *err)
{
    mn_store *s = b->c->store;
    mn_code code = MN_OK;
    b->n_externals = 0;
    n = unique(texts, n, sizeof *texts, compare_texts);
    if (n > 0)
        code = s->ops->people_find(s, &b->i->who->account, NULL, 0, texts, n, b->arena, &b->externals,
                                   &b->n_externals, err);
    if (code == MN_OK && b->n_externals > 1)
        qsort(b->externals, b->n_externals, sizeof *b->externals, by_external_id);
    return code;
}

static mn_code make_keys(mn_import_batch *b, size_t n, mn_error *err)
{
    size_t room = 16;
    while (room < 2 * n)
        room *= 2;
    b->keys.mask = room - 1;
    b->keys.slots = mn_arena_calloc(b->arena, room, sizeof *b->keys.slots);
    return b->keys.slots ? MN_OK : mn_import_no_memory(err);
}

mn_code mn_import_look(mn_import_batch *b, mn_import_plan *plans, size_t n, mn_error *err)
{
    size_t n_ids = 0, n_faces = 0, n_texts = 0, most = 0;
    for (size_t i = 0; i < n; i++)
        most += plans[i].p->n_faces;
    mn_id *ids = mn_arena_calloc(b->arena, n + 1, sizeof *ids);
    mn_id *faces = mn_arena_calloc(b->arena, most + 1, sizeof *faces);
    const char **texts = mn_arena_calloc(b->arena, n + 1, sizeof *texts);
    if (!ids || !faces || !texts)
        return mn_import_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const mn_import_person *p = plans[i].p;
        if (plans[i].done)
            continue;
        if (!mn_id_is_nil(&p->id))
            ids[n_ids++] = p->id;
        if (p->external_id)
            texts[n_texts++] = p->external_id;
        for (size_t k = 0; k < p->n_faces; k++)
            if (!mn_id_is_nil(&p->faces[k].id))
                faces[n_faces++] = p->faces[k].id;
    }
    mn_code code = make_keys(b, 2 * n + most, err);
    if (code == MN_OK)
        code = look_owners(b, MN_OWNED_PEOPLE, ids, n_ids, &b->people, &b->n_people, err);
    if (code == MN_OK)
        code = look_owners(b, MN_OWNED_FACES, faces, n_faces, &b->faces, &b->n_faces, err);
    return code == MN_OK ? look_externals(b, texts, n_texts, err) : code;
}

static const mn_owned *find_owned(const mn_owned *all, size_t n, const mn_id *id)
{
    const mn_owned wanted = {.id = *id};
    return n > 0 && !mn_id_is_nil(id) ? bsearch(&wanted, all, n, sizeof *all, by_id) : NULL;
}

static const mn_person *find_external(const mn_import_batch *b, const char *external_id)
{
    const mn_person wanted = {.external_id = external_id};
    return b->n_externals > 0 && external_id
               ? bsearch(&wanted, b->externals, b->n_externals, sizeof *b->externals, by_external_id)
               : NULL;
}

/* ---- who hangs on another one of this round ---- */

static uint64_t hash_of(const void *bytes, size_t n)
{
    uint64_t h = 14695981039346656037ull; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const uint8_t *)bytes)[i]) * 1099511628211ull;
    return h | 1;
}

/* Was it there before? Then it is left. */
static bool add_key(const mn_import_keys *keys, uint64_t hash, bool only_look)
{
    size_t i = (size_t)(hash ^ hash >> 32) & keys->mask;
    while (keys->slots[i] != 0 && keys->slots[i] != hash)
        i = (i + 1) & keys->mask;
    bool there = keys->slots[i] == hash;
    if (!only_look)
        keys->slots[i] = hash;
    return there;
}

/* The person as resolved, the external id, the ids of faces. */
static bool visit_keys(const mn_import_batch *b, const mn_import_plan *plan, bool only_look)
{
    const mn_import_person *p = plan->p;
    bool there = add_key(&b->keys, hash_of(&plan->record.id, sizeof(mn_id)), only_look);
    if (p->external_id)
        there |= add_key(&b->keys, hash_of(p->external_id, strlen(p->external_id)), only_look);
    for (size_t i = 0; i < p->n_faces; i++)
        if (!mn_id_is_nil(&p->faces[i].id))
            there |= add_key(&b->keys, hash_of(&p->faces[i].id, sizeof(mn_id)), only_look);
    return there;
}

/* ---- who ---- */

static mn_code find_person(const mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    const mn_import_person *p = plan->p;
    const mn_actor *who = b->i->who;
    const mn_owned *there = find_owned(b->people, b->n_people, &p->id);
    const mn_person *other = find_external(b, p->external_id);
    if (there && mn_id_compare(&there->owner, &who->account) != 0)
        return mn_fail(err, MN_E_EXISTS, "the person's id is taken: leave it out");
    if (!there && mn_import_was_erased(b->i, &p->id))
        return mn_fail(
            err, MN_E_FORBIDDEN,
            "this person was erased here, and does not come back by an import: who agreed again is "
            "enrolled as somebody new, without this id");
    if (there && other && mn_id_compare(&there->id, &other->id) != 0)
        return mn_fail(err, MN_E_EXISTS,
                       "the person's id and external id belong to two different people here");
    plan->is_new = !there && !other;
    plan->record.id = there ? there->id : other ? other->id : p->id;
    return MN_OK;
}

static mn_code read_known(const mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    mn_store *s = b->c->store;
    mn_person_whole *there = &plan->there;
    mn_code code = s->ops->people->whole(s, &plan->record.id, b->now, b->arena, there, err);
    bool visible = !b->i->who->limited;
    if (code != MN_OK)
        return code;
    plan->record = there->person;
    for (size_t i = 0; i < there->n_lists; i++)
        visible = visible || mn_core_list_allowed(b->i->who, &there->lists[i].id);
    return visible ? MN_OK
                   : mn_fail(err, MN_E_FORBIDDEN, "this person is in other lists than those %s is kept to",
                             b->i->who->name);
}

/* The same one when the batch goes round again. */
static mn_id new_person_id(const mn_import_plan *plan)
{
    mn_id *id = &plan->early->newcomer_id;
    if (mn_id_is_nil(id))
        *id = mn_id_is_nil(&plan->p->id) ? mn_id_make() : plan->p->id;
    return *id;
}

static mn_code make_person(mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    mn_code code = MN_OK;
    const mn_import_person *p = plan->p;
    plan->record = (mn_person){.id = new_person_id(plan),
                               .account = b->i->who->account,
                               .external_id = p->external_id,
                               .name = p->name ? p->name : p->external_id,
                               .user_data = p->user_data,
                               .active = p->active,
                               .created = p->created == MN_TIME_NEVER ? b->now : p->created,
                               .updated = b->now};
    if (p->custom && !b->fields)
        code = mn_import_fields(b->i, b->arena, &b->fields, err);
    return code == MN_OK && p->custom
               ? mn_core_fields_fit(b->fields, p->custom, b->arena, &plan->record.custom, err)
               : code;
}

/* ---- which lists ---- */

mn_code mn_import_note_list(mn_import_batch *b, const char *name, const mn_list *list, mn_error *err)
{
    if (b->n_lists == b->cap_lists) {
        size_t room = b->cap_lists ? 2 * b->cap_lists : 16;
        mn_import_seen_list *larger = mn_arena_calloc(b->arena, room, sizeof *larger);
        if (!larger)
            return mn_import_no_memory(err);
        if (b->n_lists > 0)
            memcpy(larger, b->lists, b->n_lists * sizeof *larger);
        b->lists = larger;
        b->cap_lists = room;
    }
    b->lists[b->n_lists++] = (mn_import_seen_list){name, *list};
    return MN_OK;
}

static mn_code look_for_list(mn_import_batch *b, const char *name, mn_list *out, bool *found, mn_error *err)
{
    for (size_t i = 0; i < b->n_lists; i++)
        if (strcmp(b->lists[i].name, name) == 0) {
            *out = b->lists[i].list;
            *found = true;
            return MN_OK;
        }
    mn_code code = mn_core_find_list(b->c, b->i->who, name, b->arena, out, found, err);
    return code == MN_OK && *found ? mn_import_note_list(b, name, out, err) : code;
}

static mn_code new_list(const mn_import_batch *b, const mn_import_list *wanted, mn_list *out, mn_error *err)
{
    const mn_actor *who = b->i->who;
    const mn_list *promised = mn_import_promised(b->i, wanted->name);
    if (!wanted->with_purpose && !promised)
        return mn_fail(err, MN_E_NOT_FOUND,
                       "there is no list \"%s\", and the record does not say what it would be for",
                       wanted->name);
    mn_code code = mn_core_may(who, MN_R_LISTS, MN_VERB_CREATE, err);
    if (code == MN_OK && who->limited)
        code = mn_fail(err, MN_E_FORBIDDEN, "there is no list \"%.200s\" among those that %s is kept to",
                       wanted->name, who->name);
    *out = (mn_list){.id = mn_id_make(),
                     .account = who->account,
                     .name = wanted->name,
                     .purpose = promised ? promised->purpose : wanted->purpose,
                     .retention = MN_TIME_NEVER,
                     .created = b->now,
                     .updated = b->now};
    return code;
}

static mn_code find_list(mn_import_batch *b, mn_import_plan *plan, size_t at, mn_error *err)
{
    const mn_import_list *wanted = &plan->p->lists[at];
    mn_list *list = &plan->lists[at];
    bool found = false;
    mn_code code = look_for_list(b, wanted->name, list, &found, err);
    if (code != MN_OK)
        return code;
    for (size_t i = 0; !found && i < at; i++) /* twice in the record */
        if (strcmp(plan->lists[i].name, wanted->name) == 0) {
            *list = plan->lists[i];
            found = true;
        }
    plan->list_is_new[at] = !found;
    code = found ? MN_OK : new_list(b, wanted, list, err);
    if (code == MN_OK && wanted->with_purpose && list->purpose != wanted->purpose)
        return mn_fail(err, MN_E_PURPOSE, "the list \"%s\" is for %s here, and for %s in the record",
                       list->name, mn_purpose_word(list->purpose), mn_purpose_word(wanted->purpose));
    return code;
}

static mn_code find_lists(mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    size_t n = plan->p->n_lists;
    plan->lists = mn_arena_calloc(b->arena, n + 1, sizeof *plan->lists);
    plan->list_is_new = mn_arena_calloc(b->arena, n + 1, sizeof *plan->list_is_new);
    mn_code code = MN_OK;
    if (!plan->lists || !plan->list_is_new)
        return mn_import_no_memory(err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = find_list(b, plan, i, err);
    return code;
}

/* ---- which consents ---- */

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

/* Is it on record, or was it withdrawn here later? Who withdrew must have agreed again afterwards. */
static bool is_settled(const mn_person_whole *there, const mn_consent *c)
{
    for (size_t i = 0; i < there->n_consents; i++) {
        const mn_consent *known = &there->consents[i];
        if (same_consent(known, c) || (known->purpose == c->purpose && known->withdrawn != MN_TIME_NEVER &&
                                       c->withdrawn == MN_TIME_NEVER && c->given <= known->withdrawn))
            return true;
    }
    return false;
}

/* What is stated for all of them is put once, however often it is imported, and takes back nothing of who
 * withdrew. */
static bool is_said(const mn_person_whole *there, const mn_consent *c, mn_time now)
{
    const mn_consent_given given = {.purpose = c->purpose,
                                    .method = c->method,
                                    .evidence = c->evidence,
                                    .given = c->given,
                                    .until = c->until,
                                    .of_all = true};
    return mn_core_consent_said(there->consents, there->n_consents, &given, now);
}

/* Those that are to be put; then each list's purpose must be covered. */
static mn_code settle_consents(const mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    const mn_import_person *p = plan->p;
    const mn_person_whole *there = &plan->there;
    plan->consents = mn_arena_calloc(b->arena, p->n_consents + 1, sizeof *plan->consents);
    if (!plan->consents)
        return mn_import_no_memory(err);
    for (size_t i = 0; i < p->n_consents; i++) {
        const bool of_all = p->said_of_all && i == p->n_consents - 1;
        if (is_settled(there, &p->consents[i]) || (of_all && is_said(there, &p->consents[i], b->now)))
            continue;
        mn_consent *c = &plan->consents[plan->n_consents++];
        *c = p->consents[i];
        c->id = mn_id_make();
        c->person = plan->record.id;
        c->evidence = c->evidence ? c->evidence : "";
    }
    for (size_t i = 0; i < p->n_lists; i++) {
        mn_purpose purpose = plan->lists[i].purpose;
        if (!mn_consents_allow(plan->consents, plan->n_consents, purpose, b->now) &&
            !mn_consents_allow(there->consents, there->n_consents, purpose, b->now))
            return mn_fail(err, MN_E_CONSENT,
                           "for the list \"%s\" the person needs a consent to %s that is valid now: there is "
                           "none in the record (purpose, method, given, until), or it was withdrawn here",
                           plan->lists[i].name, mn_purpose_word(purpose));
    }
    return MN_OK;
}

/* ---- which faces ---- */

static char *hash_vector(const mn_import_batch *b, const mn_import_face *f)
{
    uint8_t hash[32];
    char *text = mn_arena_alloc(b->arena, MN_ENROL_HASH_TEXT);
    if (!text)
        return NULL;
    mn_key_hash(b->c->deployment, f->v, (size_t)f->dim * sizeof *f->v, hash);
    return sodium_bin2hex(text, MN_ENROL_HASH_TEXT, hash, sizeof hash);
}

/* The face that is there or planned already. */
static const mn_id *find_known(const mn_import_plan *plan, const mn_import_face *f, const char *hash)
{
    for (size_t i = 0; i < plan->there.n_faces; i++) {
        const mn_face_record *known = &plan->there.faces[i];
        if (mn_id_compare(&known->id, &f->id) == 0 ||
            (known->source_hash && strcmp(known->source_hash, hash) == 0))
            return &known->id;
    }
    for (size_t i = 0; i < plan->n_faces; i++)
        if (mn_id_compare(&plan->faces[i].id, &f->id) == 0 || strcmp(plan->faces[i].hash, hash) == 0)
            return &plan->faces[i].id;
    return NULL;
}

static mn_id new_face_id(const mn_import_plan *plan, const mn_import_face *f)
{
    const mn_id *sealed = &plan->early->faces[f - plan->p->faces].id;
    if (!mn_id_is_nil(&f->id))
        return f->id;
    return mn_id_is_nil(sealed) ? mn_id_make() : *sealed;
}

static mn_code settle_face(const mn_import_batch *b, mn_import_plan *plan, const mn_import_face *f,
                           mn_error *err)
{
    const mn_owned *there = find_owned(b->faces, b->n_faces, &f->id);
    if (there && mn_id_compare(&there->owner, &plan->record.id) != 0)
        return mn_fail(err, MN_E_EXISTS, "its id belongs to a face of somebody else: leave it out");
    const char *hash = hash_vector(b, f);
    if (!hash)
        return mn_import_no_memory(err);
    const mn_id *known = find_known(plan, f, hash);
    const mn_id id = known ? *known : new_face_id(plan, f);
    if (plan->is_new && !mn_id_is_nil(&f->id) && mn_id_compare(&f->id, &plan->p->avatar) == 0)
        plan->record.avatar = id;
    if (known)
        plan->n_known++;
    else
        plan->faces[plan->n_faces++] = (mn_import_new_face){f, id, hash};
    return MN_OK;
}

static mn_code settle_faces(const mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    const mn_import_person *p = plan->p;
    mn_code code = MN_OK;
    plan->faces = mn_arena_calloc(b->arena, p->n_faces + 1, sizeof *plan->faces);
    if (!plan->faces)
        return mn_import_no_memory(err);
    for (size_t i = 0; code == MN_OK && i < p->n_faces; i++) {
        code = settle_face(b, plan, &p->faces[i], err);
        if (code != MN_OK)
            mn_error_prefix(err, "face %zu", i + 1);
    }
    if (code == MN_OK && plan->is_new && !mn_id_is_nil(&p->avatar) && mn_id_is_nil(&plan->record.avatar))
        code = mn_fail(err, MN_E_INVALID, "the avatar is none of the person's faces");
    return code;
}

/* ---- one person ---- */

mn_code mn_import_decide(mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    *plan = (mn_import_plan){.p = plan->p, .early = plan->early};
    mn_code code = find_person(b, plan, err);
    if (code != MN_OK)
        return code;
    plan->waits = visit_keys(b, plan, true);
    if (plan->waits)
        return MN_OK;
    code = plan->is_new ? make_person(b, plan, err) : read_known(b, plan, err);
    if (code == MN_OK)
        code = find_lists(b, plan, err);
    if (code == MN_OK)
        code = settle_consents(b, plan, err);
    if (code == MN_OK)
        code = settle_faces(b, plan, err);
    if (code == MN_OK)
        code = mn_quota_take(b->c, &b->quota, &b->i->who->account, plan->is_new, (int64_t)plan->n_faces,
                             b->arena, err);
    if (code == MN_OK)
        visit_keys(b, plan, false);
    return code;
}
