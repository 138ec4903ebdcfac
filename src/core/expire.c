/* Consents that ran out, erasures that are due, and memberships that ended. All are found by what the store
 * holds, so that a restart loses nothing: whatever is not done yet is found again. */
#include "core/internal.h"
#include "core/once.h"
#include "core/sessions.h"

#include <time.h>

#define PAGE 256

/* The moment in which the last of them ended; *valid: one holds now. */
static mn_time ended_at(const mn_consent *c, size_t n, mn_time now, bool *valid)
{
    mn_time last = 0;
    *valid = false;
    for (size_t i = 0; i < n; i++) {
        mn_time end = c[i].until < c[i].withdrawn ? c[i].until : c[i].withdrawn;
        *valid |= mn_consent_valid(&c[i], c[i].purpose, now);
        last = end > last && end <= now ? end : last;
    }
    return last;
}

static mn_code look_at_consents(mn_core *c, const mn_id *person, mn_arena *arena, mn_time *ended, bool *valid,
                                mn_error *err)
{
    mn_consent *all = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->consent_list(c->store, person, arena, &all, &n, err);
    if (code == MN_OK)
        *ended = ended_at(all, n, mn_time_now(), valid);
    return code;
}

typedef struct {
    const mn_actor *who;
    const mn_id *person;
    const mn_erasure *erasure;
    mn_expired done;
} job;

/* In a transaction of its own: others get their turn in between, and the world may have changed since the
 * list was made. */
static mn_code retire_expired(mn_core *c, void *ctx, mn_arena *arena, mn_error *err)
{
    job *j = ctx;
    bool valid = false;
    mn_erasure e = {.person = *j->person, .why = MN_ERASURE_EXPIRED};
    mn_code code = look_at_consents(c, j->person, arena, &e.asked, &valid, err);
    if (code != MN_OK || valid || e.asked == 0)
        return code;
    code = mn_core_retire(c, j->who, &e, arena, err);
    if (code != MN_OK)
        return code;
    json_t *due = mn_core_json_due(c, &e);
    j->done.people += json_is_null(due);
    return mn_core_record(c, j->who, "consent.expire", j->person,
                          json_pack("{s:b, s:o}", "key_destroyed", json_is_null(due), "erasure_due", due),
                          err);
}

static mn_code destroy_due(mn_core *c, void *ctx, mn_arena *arena, mn_error *err)
{
    job *j = ctx;
    mn_time ended = 0;
    bool valid = false;
    mn_erasure e;
    mn_code code = c->store->ops->erasure->get(c->store, &j->erasure->person, arena, &e, err);
    if (code != MN_OK)
        return code == MN_E_NOT_FOUND ? MN_OK : code;
    code = look_at_consents(c, &e.person, arena, &ended, &valid, err);
    if (code != MN_OK)
        return code;
    if (valid) /* whoever stated it, and however */
        return mn_core_undo_erasure(c, j->who, &e.person, arena, err);
    if (e.due > mn_time_now())
        return MN_OK;
    j->done.people++;
    return mn_core_destroy(c, j->who, &e, arena, err);
}

/* Arena: reset after each person. */
static mn_code retire_all(mn_core *c, job *j, mn_arena *list, mn_arena *arena, mn_error *err)
{
    mn_id *people = NULL, after = {{0}};
    size_t n = PAGE;
    mn_code code = MN_OK;
    while (code == MN_OK && n == PAGE) {
        mn_arena_reset(list);
        code = c->store->ops->erasure->without_consent(c->store, mn_time_now(), &after, PAGE, list, &people,
                                                       &n, err);
        for (size_t i = 0; code == MN_OK && i < n; i++) {
            j->person = &people[i];
            code = mn_core_in_transaction(c, retire_expired, j, arena, err);
            mn_arena_reset(arena);
            after = people[i];
        }
    }
    return code;
}

static mn_code destroy_all(mn_core *c, job *j, mn_arena *list, mn_arena *arena, mn_error *err)
{
    mn_erasure *due = NULL;
    size_t n = PAGE;
    mn_code code = MN_OK;
    mn_time now = mn_time_now();
    while (code == MN_OK && n == PAGE) {
        mn_arena_reset(list);
        code = c->store->ops->erasure->due(c->store, now, PAGE, list, &due, &n, err);
        for (size_t i = 0; code == MN_OK && i < n; i++) {
            j->erasure = &due[i];
            code = mn_core_in_transaction(c, destroy_due, j, arena, err);
            mn_arena_reset(arena);
        }
    }
    return code;
}

mn_code mn_core_expire(mn_core *c, const mn_actor *who, mn_expired *out, mn_error *err)
{
    job j = {.who = who};
    mn_code code = mn_core_may_everywhere(who, MN_R_PEOPLE, MN_VERB_DELETE, err);
    if (code != MN_OK)
        return code;
    mn_arena *list = mn_arena_create(MN_CORE_ARENA), *arena = mn_arena_create(MN_CORE_ARENA);
    if (list && arena)
        code = retire_all(c, &j, list, arena, err);
    else
        code = mn_fail(err, MN_E_MEMORY, "no memory to look for consents that ended");
    if (code == MN_OK)
        code = destroy_all(c, &j, list, arena, err);
    if (code == MN_OK)
        code = mn_core_members_expire(c, who, arena, &j.done.memberships, err);
    mn_arena_destroy(list);
    mn_arena_destroy(arena);
    mn_core_empty_trash(c);
    mn_core_backups_follow(c);
    mn_core_attributes_expire(c);
    if (code == MN_OK)
        code = mn_core_follow(c, err);
    if (code == MN_OK && out)
        *out = j.done;
    return code;
}

mn_expired mn_core_expired_at_opening(const mn_core *c)
{
    return c->expired;
}

mn_code mn_core_erasure_due(mn_core *c, const mn_actor *who, const mn_id *person, mn_time *due, mn_error *err)
{
    mn_person p;
    mn_erasure e;
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_VIEW, err);
    mn_arena *arena = code == MN_OK ? mn_arena_create(1 << 20) : NULL;
    if (code == MN_OK && !arena)
        code = mn_fail(err, MN_E_MEMORY, "no memory to look an erasure up");
    if (code == MN_OK)
        code = mn_core_get_person(c, who, person, arena, &p, err);
    if (code == MN_OK)
        code = c->store->ops->erasure->get(c->store, person, arena, &e, err);
    mn_arena_destroy(arena);
    if (code != MN_OK && code != MN_E_NOT_FOUND)
        return code;
    *due = code == MN_OK ? e.due : MN_TIME_NEVER;
    return MN_OK;
}

/* ---- by itself, in a server ---- */

static void *keep_house(void *p)
{
    static const mn_actor self = {.name = "mien"};
    mn_core *c = p;
    mn_actor who = self;
    who.rights = mn_rights_all();
    pthread_mutex_lock(&c->house_lock);
    while (!c->house_closed) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += c->house_seconds;
        pthread_mutex_unlock(&c->house_lock);
        mn_error err = {0};
        mn_code code = mn_core_expire(c, &who, NULL, &err);
        if (code == MN_OK)
            code = mn_core_sessions_expire(c, &err);
        if (code == MN_OK)
            code = mn_core_once_expire(c, &err);
        if (code != MN_OK && c->house_failed)
            c->house_failed(c->house_user, &err);
        pthread_mutex_lock(&c->house_lock);
        while (!c->house_closed && pthread_cond_timedwait(&c->house_wake, &c->house_lock, &until) == 0)
            continue;
    }
    pthread_mutex_unlock(&c->house_lock);
    return NULL;
}

mn_code mn_core_keep_house(mn_core *c, unsigned seconds, void (*failed)(void *user, const mn_error *err),
                           void *user, mn_error *err)
{
    if (c->house_running)
        return mn_fail(err, MN_E_INTERNAL, "the housekeeping runs already");
    if (seconds < 1 || seconds > MN_CORE_HOUSE_SECONDS_MAX)
        return mn_fail(err, MN_E_INVALID, "the housekeeping runs every 1 to %d seconds, not %u",
                       MN_CORE_HOUSE_SECONDS_MAX, seconds);
    c->house_seconds = seconds;
    c->house_failed = failed;
    c->house_user = user;
    c->house_closed = false;
    int rc = pthread_create(&c->house, NULL, keep_house, c);
    if (rc != 0)
        return mn_fail_errno(err, rc, "no thread for the housekeeping");
    c->house_running = true;
    return MN_OK;
}

void mn_core_end_house(mn_core *c)
{
    if (!c->house_running)
        return;
    pthread_mutex_lock(&c->house_lock);
    c->house_closed = true;
    pthread_cond_signal(&c->house_wake);
    pthread_mutex_unlock(&c->house_lock);
    pthread_join(c->house, NULL);
    c->house_running = false;
}
