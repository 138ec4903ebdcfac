/* Erasure: the wrapped key and all records go in one transaction, with the certificate in the audit log; the
 * sealed blobs, unreadable from that moment, are removed after it, again and again until they are gone. */
#include "core/internal.h"

#define TRASH_PAGE 256

void mn_core_empty_trash(mn_core *c)
{
    mn_id *blobs = NULL;
    size_t n = TRASH_PAGE;
    mn_code code = MN_OK;
    mn_arena *arena = mn_arena_create(1 << 20);
    while (arena && code == MN_OK && n == TRASH_PAGE) {
        code = c->store->ops->trash_list(c->store, TRASH_PAGE, arena, &blobs, &n, NULL);
        for (size_t i = 0; code == MN_OK && i < n; i++) {
            code = c->blobs->ops->remove(c->blobs, &blobs[i], NULL);
            if (code == MN_OK)
                code = c->store->ops->trash_drop(c->store, &blobs[i], NULL);
        }
        mn_arena_reset(arena);
    }
    mn_arena_destroy(arena);
}

/* ---- a whole person ---- */

typedef struct {
    size_t faces, samples, consents, lists;
    bool key;
} traces;

static mn_code count_traces(mn_core *c, const mn_id *person, mn_arena *arena, traces *t, mn_error *err)
{
    mn_face_record *faces = NULL;
    mn_consent *consents = NULL;
    mn_membership *lists = NULL;
    const uint8_t *wrapped = NULL;
    size_t key_len = 0;
    mn_code code = c->store->ops->faces_of(c->store, person, arena, &faces, &t->faces, err);
    if (code == MN_OK)
        code = c->store->ops->consent_list(c->store, person, arena, &consents, &t->consents, err);
    if (code == MN_OK)
        code = c->store->ops->lists_of(c->store, person, arena, &lists, &t->lists, err);
    if (code != MN_OK)
        return code;
    for (size_t i = 0; i < t->faces; i++)
        t->samples += !mn_id_is_nil(&faces[i].sample);
    code = c->store->ops->key_get(c->store, person, arena, &wrapped, &key_len, err);
    t->key = code == MN_OK;
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code record_erasure(mn_core *c, const mn_actor *who, const mn_id *person, const traces *t,
                              mn_error *err)
{
    char when[MN_TIME_TEXT];
    mn_time_format(mn_time_now(), when);
    return mn_core_record(c, who, "person.erase", person,
                          json_pack("{s:I, s:I, s:I, s:I, s:b, s:s}", "faces", (json_int_t)t->faces,
                                    "samples", (json_int_t)t->samples, "consents", (json_int_t)t->consents,
                                    "memberships", (json_int_t)t->lists, "key_destroyed", t->key, "time",
                                    when),
                          err);
}

static mn_code erase(mn_core *c, const mn_actor *who, const mn_id *person, mn_arena *arena, mn_error *err)
{
    mn_person p;
    traces t = {0};
    mn_code code = mn_core_get_whole_person(c, who, person, arena, &p, err);
    if (code == MN_OK)
        code = count_traces(c, person, arena, &t, err);
    if (code == MN_OK)
        code = c->store->ops->person_delete(c->store, person, err);
    if (code == MN_OK)
        code = record_erasure(c, who, person, &t, err);
    return code == MN_OK ? mn_core_backups_due(c, err) : code;
}

mn_code mn_core_erase(mn_core *c, const mn_actor *who, const mn_id *person, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_DELETE, err);
    if (code != MN_OK)
        return code;
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to erase a person");
    code = c->store->ops->begin(c->store, err);
    if (code == MN_OK) {
        code = erase(c, who, person, arena, err);
        if (code == MN_OK)
            code = c->store->ops->commit(c->store, err);
        else
            c->store->ops->rollback(c->store);
    }
    mn_arena_destroy(arena);
    if (code != MN_OK)
        return code;
    mn_core_empty_trash(c);
    mn_core_backups_follow(c);
    /* It is done: what hinders the gallery from following now is told to who searches next. */
    mn_core_follow(c, NULL);
    return MN_OK;
}

/* ---- biometrics whose consent ended ---- */

mn_code mn_core_forget(mn_core *c, const mn_id *person, mn_arena *arena, size_t *n_faces, mn_error *err)
{
    mn_face_record *faces = NULL;
    mn_code code = c->store->ops->faces_of(c->store, person, arena, &faces, n_faces, err);
    for (size_t i = 0; code == MN_OK && i < *n_faces; i++)
        code = c->store->ops->face_delete(c->store, &faces[i].id, err);
    if (code == MN_OK)
        code = c->store->ops->key_delete(c->store, person, err);
    return code == MN_OK ? mn_core_backups_due(c, err) : code;
}

static mn_code has_valid_consent(mn_core *c, const mn_id *person, mn_time now, mn_arena *arena, bool *yes,
                                 mn_error *err)
{
    mn_consent *consents = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->consent_list(c->store, person, arena, &consents, &n, err);
    *yes = false;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        *yes = *yes || mn_consent_valid(&consents[i], consents[i].purpose, now);
    return code;
}

static mn_code forget_expired(mn_core *c, const mn_actor *who, const mn_id *person, mn_time now,
                              mn_arena *arena, size_t *people, mn_error *err)
{
    bool valid = false;
    size_t faces = 0;
    mn_code code = has_valid_consent(c, person, now, arena, &valid, err);
    if (code != MN_OK || valid)
        return code;
    code = mn_core_forget(c, person, arena, &faces, err);
    if (code != MN_OK || faces == 0)
        return code;
    ++*people;
    return mn_core_record(c, who, "consent.expire", person,
                          json_pack("{s:b, s:I}", "key_destroyed", true, "faces_erased", (json_int_t)faces),
                          err);
}

static mn_code expire(mn_core *c, const mn_actor *who, mn_arena *arena, size_t *people, mn_error *err)
{
    mn_id *ended = NULL;
    size_t n = 0;
    mn_time now = mn_time_now();
    mn_code code = c->store->ops->ended(c->store, 0, now, arena, &ended, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        code = c->store->ops->begin(c->store, err); /* one a person: others get their turn in between */
        if (code != MN_OK)
            break;
        code = forget_expired(c, who, &ended[i], now, arena, people, err);
        if (code == MN_OK)
            code = c->store->ops->commit(c->store, err);
        else
            c->store->ops->rollback(c->store);
    }
    return code;
}

mn_code mn_core_expire(mn_core *c, const mn_actor *who, size_t *people, mn_error *err)
{
    size_t done = 0;
    mn_code code = mn_core_may_everywhere(who, MN_R_PEOPLE, MN_VERB_DELETE, err);
    if (code != MN_OK)
        return code;
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to look for consents that ended");
    code = expire(c, who, arena, &done, err);
    mn_arena_destroy(arena);
    mn_core_empty_trash(c);
    mn_core_backups_follow(c);
    if (code == MN_OK)
        code = mn_core_follow(c, err);
    if (code == MN_OK && people)
        *people = done;
    return code;
}
