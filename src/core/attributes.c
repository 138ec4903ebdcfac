#include "core/attributes.h"

#include "core/internal.h"

#include <stdio.h>

#define PAGE 256 /* people whose consent is looked at in one go */

/* Is there anything that this person agrees to now? *ended: when they last did; for ever where nobody is
 * there, the least time where they never did. */
static mn_code agrees(mn_core *c, const mn_id *person, mn_arena *arena, bool *yes, mn_time *ended,
                      mn_error *err)
{
    mn_person p;
    mn_consent *consents = NULL;
    size_t n = 0;
    mn_time now = mn_time_now();
    mn_code code = c->store->ops->person_get(c->store, person, arena, &p, err);
    *yes = false;
    *ended = code == MN_E_NOT_FOUND ? MN_TIME_NEVER : INT64_MIN;
    if (code != MN_OK)
        return code == MN_E_NOT_FOUND ? MN_OK : code;
    code = c->store->ops->consent_list(c->store, person, arena, &consents, &n, err);
    for (size_t i = 0; code == MN_OK && i < n && !*yes; i++) {
        mn_time end = consents[i].until < consents[i].withdrawn ? consents[i].until : consents[i].withdrawn;
        *yes = mn_consent_valid(&consents[i], consents[i].purpose, now);
        *ended = end <= now && end > *ended ? end : *ended;
    }
    return code;
}

/* One that was kept while its person agreed to something, or longer than anybody's may be, is there only
 * while they do. */
mn_code mn_core_temporary_stands(mn_core *c, const mn_temporary *e, mn_arena *arena, bool *yes, mn_error *err)
{
    mn_time ended = 0;
    *yes = true;
    if (mn_id_is_nil(&e->person))
        return MN_OK;
    mn_code code = agrees(c, &e->person, arena, yes, &ended, err);
    if (code != MN_OK || *yes)
        return code;
    mn_temporary_forget(c->temporary, &e->person, ended);
    *yes = e->created > ended && e->until - e->created <= MN_ATTRIBUTE_ANYBODY_S * MN_TIME_SECOND;
    return MN_OK;
}

static mn_code check_person(mn_core *c, const mn_actor *who, const mn_id *person, int64_t seconds,
                            mn_error *err)
{
    mn_person p;
    bool yes = false;
    mn_time ended;
    mn_arena *arena = mn_arena_create(1 << 20);
    mn_code code = arena ? mn_core_get_person(c, who, person, arena, &p, err)
                         : mn_fail(err, MN_E_MEMORY, "no memory for an attribute");
    if (code == MN_OK && seconds > MN_ATTRIBUTE_ANYBODY_S) {
        code = agrees(c, person, arena, &yes, &ended, err);
        if (code == MN_OK && !yes)
            code = mn_fail(err, MN_E_CONSENT,
                           "this person has no valid consent: without one a face is kept for %d s at most",
                           MN_ATTRIBUTE_ANYBODY_S);
    }
    mn_arena_destroy(arena);
    return code;
}

/* Names change, and others get them. */
static const mn_id *owner(const mn_actor *who)
{
    return mn_id_is_nil(&who->user) ? &who->token : &who->user;
}

/* Nobody is looked at where nobody knows who it is. */
static mn_code note(mn_core *c, const mn_actor *who, const char *action, const mn_temporary *e, mn_error *err)
{
    char id[MN_ID_TEXT], detail[MN_ID_TEXT + 32];
    if (mn_id_is_nil(&e->person))
        return MN_OK;
    mn_id_format(&e->id, id);
    snprintf(detail, sizeof detail, "{\"attribute\":\"%s\"}", id);
    return mn_core_note_look(c, who, action, &e->person, detail, err);
}

mn_code mn_core_attribute_keep(mn_core *c, const mn_actor *who, const mn_temporary *what, int64_t seconds,
                               mn_temporary *out, mn_error *err)
{
    bool known = !mn_id_is_nil(&what->person);
    mn_code code = mn_core_may(who, MN_R_ACTIONS, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = mn_core_check_descriptor(c, &what->descriptor, err);
    if (code == MN_OK && (seconds < 1 || seconds > MN_ATTRIBUTE_MAX_S))
        code = mn_fail(err, MN_E_INVALID, "an attribute is kept for 1 to %d s", MN_ATTRIBUTE_MAX_S);
    if (code == MN_OK && !known && seconds > MN_ATTRIBUTE_ANYBODY_S)
        code = mn_fail(err, MN_E_CONSENT,
                       "a face is kept for more than %d s only for a person with a valid consent: say who it "
                       "is, or keep it for a shorter time",
                       MN_ATTRIBUTE_ANYBODY_S);
    if (code == MN_OK && known)
        code = check_person(c, who, &what->person, seconds, err);
    if (code != MN_OK)
        return code;
    mn_temporary e = {.kind = MN_TEMPORARY_ATTRIBUTE,
                      .account = who->account,
                      .person = what->person,
                      .by = *owner(who),
                      .quality = what->quality,
                      .until = mn_time_now() + seconds * MN_TIME_SECOND,
                      .descriptor = what->descriptor,
                      .sample = what->sample};
    e.descriptor.model = c->model_name;
    code = mn_temporary_put(c->temporary, &e, err);
    if (code == MN_OK)
        code = note(c, who, "attribute.keep", &e, err);
    if (code == MN_OK)
        *out = e;
    return code;
}

/* Of somebody whom the actor may not see, nothing is to be seen. A face that nobody knows is in no list: who
 * is kept to some sees only those that they brought themselves. */
static mn_code is_visible(mn_core *c, const mn_actor *who, const mn_temporary *e, mn_arena *arena, bool *yes,
                          mn_error *err)
{
    mn_person p;
    mn_code code = mn_core_temporary_stands(c, e, arena, yes, err);
    if (code == MN_OK && *yes && mn_id_is_nil(&e->person)) {
        *yes = !who->limited || (!mn_id_is_nil(&e->by) && mn_id_compare(&e->by, owner(who)) == 0);
        return MN_OK;
    }
    if (code != MN_OK || !*yes)
        return code;
    code = mn_core_get_person(c, who, &e->person, arena, &p, err);
    *yes = code == MN_OK;
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code find_visible(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena,
                            mn_temporary *out, mn_error *err)
{
    mn_temporary e;
    bool yes = true;
    mn_code code = mn_temporary_get(c->temporary, MN_TEMPORARY_ATTRIBUTE, &who->account, id, arena, &e, err);
    if (code == MN_OK)
        code = is_visible(c, who, &e, arena, &yes, err);
    if (code == MN_OK && !yes)
        code = mn_temporary_missing(MN_TEMPORARY_ATTRIBUTE, err);
    if (code == MN_OK)
        *out = e;
    return code;
}

static mn_code find(mn_core *c, const mn_actor *who, mn_resource r, mn_verb verb, const mn_id *id,
                    mn_arena *arena, mn_temporary *out, mn_error *err)
{
    mn_code code = mn_core_may(who, r, verb, err);
    return code == MN_OK ? find_visible(c, who, id, arena, out, err) : code;
}

mn_code mn_core_attribute_there(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena,
                                mn_error *err)
{
    mn_temporary e;
    return find_visible(c, who, id, arena, &e, err);
}

mn_code mn_core_attribute(mn_core *c, const mn_actor *who, mn_resource r, mn_verb verb, const mn_id *id,
                          mn_arena *arena, mn_temporary *out, mn_error *err)
{
    mn_temporary e;
    mn_code code = find(c, who, r, verb, id, arena, &e, err);
    if (code == MN_OK)
        code = note(c, who, "attribute.view", &e, err);
    if (code == MN_OK)
        *out = e;
    return code;
}

/* Those of a page that are visible, and one more. */
static mn_code look_through(mn_core *c, const mn_actor *who, const mn_temporary_query *what, mn_arena *arena,
                            mn_temporary *out, size_t *n, mn_error *err)
{
    mn_temporary_query q = *what;
    mn_code code = MN_OK;
    size_t kept = 0, count = q.limit;
    while (code == MN_OK && kept <= what->limit && count == q.limit) {
        mn_temporary *some = NULL;
        code = mn_temporary_list(c->temporary, MN_TEMPORARY_ATTRIBUTE, &who->account, &q, arena, &some,
                                 &count, err);
        for (size_t i = 0; code == MN_OK && i < count && kept <= what->limit; i++) {
            bool yes = true;
            code = is_visible(c, who, &some[i], arena, &yes, err);
            if (yes)
                out[kept++] = some[i];
        }
        if (code == MN_OK && count > 0)
            q.after = &some[count - 1];
    }
    *n = kept;
    return code;
}

mn_code mn_core_attributes(mn_core *c, const mn_actor *who, const mn_temporary_query *q, mn_arena *arena,
                           mn_temporary **out, size_t *n, bool *more, mn_error *err)
{
    char detail[80];
    size_t kept = 0, known = 0;
    mn_code code = mn_core_may(who, MN_R_ATTRIBUTES, MN_VERB_VIEW, err);
    mn_temporary *all = code == MN_OK ? mn_arena_calloc(arena, q->limit + 1, sizeof *all) : NULL;
    if (code == MN_OK && !all)
        code = mn_fail(err, MN_E_MEMORY, "no memory for %zu attributes", q->limit);
    if (code == MN_OK)
        code = look_through(c, who, q, arena, all, &kept, err);
    if (code != MN_OK)
        return code;
    *more = kept > q->limit;
    kept -= *more;
    for (size_t i = 0; i < kept; i++)
        known += !mn_id_is_nil(&all[i].person);
    snprintf(detail, sizeof detail, "{\"attributes\":%zu,\"known\":%zu}", kept, known);
    if (known > 0)
        code = mn_core_note_look(c, who, "attribute.list", NULL, detail, err);
    if (code != MN_OK)
        return code;
    *out = all;
    *n = kept;
    return MN_OK;
}

mn_code mn_core_attribute_drop(mn_core *c, const mn_actor *who, const mn_id *id, mn_error *err)
{
    mn_temporary e;
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    mn_code code = arena ? find(c, who, MN_R_ATTRIBUTES, MN_VERB_DELETE, id, arena, &e, err)
                         : mn_fail(err, MN_E_MEMORY, "no memory for an attribute");
    if (code == MN_OK)
        code = mn_temporary_drop(c->temporary, MN_TEMPORARY_ATTRIBUTE, &who->account, id, err);
    if (code == MN_OK)
        code = note(c, who, "attribute.delete", &e, err);
    mn_arena_destroy(arena);
    return code;
}

/* Called with each look for consents that ended. What fails is done by the next one. */
void mn_core_attributes_expire(mn_core *c)
{
    mn_id people[PAGE], after = {{0}};
    size_t n;
    mn_arena *arena = mn_arena_create(1 << 20);
    while (arena && (n = mn_temporary_people(c->temporary, &after, people, PAGE)) > 0)
        for (size_t i = 0; i < n; i++) {
            bool yes = false;
            mn_time ended = 0;
            if (agrees(c, &people[i], arena, &yes, &ended, NULL) == MN_OK && !yes)
                mn_temporary_forget(c->temporary, &people[i], ended);
            mn_arena_reset(arena);
        }
    mn_arena_destroy(arena);
}
