/* Making and ending the state behind signing in, and small things that its files share. */
#include "core/signin_state.h"

#include "base/alloc.h"

#include <string.h>

static mn_signin_policy read_policy(const mn_settings *s)
{
    if (!s) /* the defaults of settings.def */
        return (mn_signin_policy){.failures = 5,
                                  .wait_max_s = 900,
                                  .memory = (size_t)64 << 20,
                                  .passes = 2,
                                  .password_min = 10,
                                  .idle = 3600 * MN_TIME_SECOND,
                                  .longest = 43200 * MN_TIME_SECOND};
    return (mn_signin_policy){
        .failures = (unsigned)mn_settings_int(s, MN_S_LOGIN_FAILURES),
        .wait_max_s = (unsigned)mn_settings_int(s, MN_S_LOGIN_WAIT_MAX),
        .memory = (size_t)mn_settings_int(s, MN_S_LOGIN_MEMORY) << 10,
        .passes = (unsigned)mn_settings_int(s, MN_S_LOGIN_PASSES),
        .password_min = (size_t)mn_settings_int(s, MN_S_LOGIN_PASSWORD_MIN),
        .idle = mn_settings_int(s, MN_S_SESSION_IDLE) * MN_TIME_SECOND,
        .longest = mn_settings_int(s, MN_S_SESSION_MAX) * MN_TIME_SECOND,
    };
}

mn_code mn_signin_create(const mn_settings *settings, mn_signin **out, mn_error *err)
{
    mn_signin *s = mn_calloc(1, sizeof *s);
    if (!s)
        return mn_fail(err, MN_E_MEMORY, "no memory for signing in");
    s->policy = read_policy(settings);
    pthread_mutex_init(&s->policy_lock, NULL);
    pthread_mutex_init(&s->work_lock, NULL);
    pthread_cond_init(&s->work_done, NULL);
    pthread_mutex_init(&s->throttle_lock, NULL);
    pthread_mutex_init(&s->cache_lock, NULL);
    *out = s;
    return MN_OK;
}

void mn_signin_destroy(mn_signin *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < MN_IDENTITY_SLOTS; i++)
        for (mn_identity *id = s->slots[i], *next; id; id = next) {
            next = id->next;
            mn_identity_unref(id);
        }
    pthread_mutex_destroy(&s->cache_lock);
    pthread_mutex_destroy(&s->throttle_lock);
    pthread_cond_destroy(&s->work_done);
    pthread_mutex_destroy(&s->work_lock);
    pthread_mutex_destroy(&s->policy_lock);
    mn_free(s);
}

mn_signin_policy mn_signin_policy_of(const mn_core *c)
{
    pthread_mutex_lock(&c->signin->policy_lock);
    const mn_signin_policy p = c->signin->policy;
    pthread_mutex_unlock(&c->signin->policy_lock);
    return p;
}

void mn_signin_policy_use(mn_core *c, const mn_settings *settings)
{
    const mn_signin_policy p = read_policy(settings);
    pthread_mutex_lock(&c->signin->policy_lock);
    c->signin->policy = p;
    pthread_mutex_unlock(&c->signin->policy_lock);
}

mn_code mn_core_transact(mn_core *c, mn_core_work *fn, void *ctx, mn_error *err)
{
    mn_code code = c->store->ops->begin(c->store, err);
    if (code != MN_OK)
        return code;
    code = fn(c, ctx, err);
    if (code == MN_OK)
        return c->store->ops->commit(c->store, err);
    c->store->ops->rollback(c->store);
    return code;
}

mn_code mn_core_take_away(mn_core *c, mn_core_work *fn, void *ctx, mn_arena **arena, mn_error *err)
{
    *arena = mn_arena_create(MN_SIGNIN_ARENA);
    if (!*arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for what is taken away");
    mn_code code = mn_core_transact(c, fn, ctx, err);
    mn_arena_destroy(*arena);
    if (code == MN_OK)
        mn_identity_forget(c);
    return code;
}

mn_code mn_core_check_page(size_t limit, mn_error *err)
{
    return limit >= 1 && limit <= MN_SIGNIN_PAGE
               ? MN_OK
               : mn_fail(err, MN_E_INVALID, "a page has 1 to %d entries, not %zu", MN_SIGNIN_PAGE, limit);
}

mn_code mn_core_check_updated(mn_time updated, const mn_time *if_updated, mn_error *err)
{
    return !if_updated || *if_updated == updated
               ? MN_OK
               : mn_fail(err, MN_E_PRECONDITION,
                         "somebody else changed this meanwhile: read it again, then change it");
}

mn_time mn_core_next_update(mn_time before)
{
    mn_time now = mn_time_now();
    return now > before ? now : before + 1;
}
