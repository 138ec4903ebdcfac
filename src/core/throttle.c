/* Who failed to sign in lately, by user and by address. Bounded: the one that failed longest ago gives way.
 */
#include "core/signin_state.h"

#include <string.h>

#define WAYS          4
#define FORGOTTEN_NS  (INT64_C(3600) * 1000000000)
#define ADDRESS_TIMES 4 /* several people may be behind one address */

unsigned mn_throttle_seconds(const mn_signin_policy *p, unsigned allowed, int64_t failures)
{
    if (failures < allowed)
        return 0;
    int64_t doublings = failures - allowed;
    uint64_t wait = doublings >= 20 ? p->wait_max_s : UINT64_C(1) << doublings;
    return (unsigned)(wait < p->wait_max_s ? wait : p->wait_max_s);
}

static uint64_t key_of(const mn_core *c, char kind, const char *what)
{
    uint8_t hash[MN_SECRET_HASH];
    uint64_t key;
    mn_secret_hash(c, kind, (const uint8_t *)what, strlen(what), hash);
    memcpy(&key, hash, sizeof key);
    return key ? key : 1;
}

/* The one with this key, else the one to be used for it. */
static mn_throttle *find(mn_signin *s, uint64_t key, int64_t now)
{
    mn_throttle *best = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        mn_throttle *t = &s->throttles[(key + i) & (MN_THROTTLE_SLOTS - 1)];
        if (t->key && now - t->last_ns > FORGOTTEN_NS && now >= t->until_ns)
            *t = (mn_throttle){0};
        if (t->key == key)
            return t;
        if (!best || (best->key && (!t->key || t->last_ns < best->last_ns)))
            best = t;
    }
    return best;
}

unsigned mn_throttle_wait(mn_core *c, char kind, const char *what)
{
    mn_signin *s = c->signin;
    uint64_t key = key_of(c, kind, what);
    int64_t now = mn_monotonic_ns(), left = 0;
    pthread_mutex_lock(&s->throttle_lock);
    const mn_throttle *t = find(s, key, now);
    if (t->key == key && t->until_ns > now)
        left = t->until_ns - now;
    pthread_mutex_unlock(&s->throttle_lock);
    return (unsigned)((left + 999999999) / 1000000000);
}

void mn_throttle_failed(mn_core *c, char kind, const char *what)
{
    mn_signin *s = c->signin;
    uint64_t key = key_of(c, kind, what);
    int64_t now = mn_monotonic_ns();
    const mn_signin_policy policy = mn_signin_policy_of(c);
    unsigned allowed = policy.failures * (kind == 'a' ? ADDRESS_TIMES : 1);
    pthread_mutex_lock(&s->throttle_lock);
    mn_throttle *t = find(s, key, now);
    if (t->key != key)
        *t = (mn_throttle){.key = key};
    t->failures++;
    t->last_ns = now;
    t->until_ns = now + (int64_t)mn_throttle_seconds(&policy, allowed, t->failures) * 1000000000;
    pthread_mutex_unlock(&s->throttle_lock);
}

void mn_throttle_passed(mn_core *c, char kind, const char *what)
{
    mn_signin *s = c->signin;
    uint64_t key = key_of(c, kind, what);
    pthread_mutex_lock(&s->throttle_lock);
    mn_throttle *t = find(s, key, mn_monotonic_ns());
    if (t->key == key)
        *t = (mn_throttle){0};
    pthread_mutex_unlock(&s->throttle_lock);
}
