#include "base/live.h"

#include "base/alloc.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct mn_live {
    pthread_mutex_t change; /* held by who makes the next snapshot; guards the next three */
    const mn_settings *start;
    const mn_settings *given;
    mn_settings *stored; /* defaults but for what is stored */
    pthread_mutex_t lock;
    const mn_settings *now; /* guarded by lock */
};

static const char no_memory[] = "no memory for the settings";

static bool is_default(const mn_settings *s, mn_setting which)
{
    return strcmp(mn_settings_origin(s, which), "default") == 0;
}

/* Which layer a setting comes from. */
static const mn_settings *layer_of(mn_setting which, const mn_settings *start, const mn_settings *given,
                                   const mn_settings *stored)
{
    if (!mn_setting_describe(which)->live)
        return start;
    return is_default(given, which) ? stored : given;
}

static mn_code mix(const mn_settings *start, const mn_settings *given, const mn_settings *stored,
                   const mn_settings **out, mn_error *err)
{
    mn_settings *s = mn_settings_create();
    mn_code code = s ? MN_OK : mn_fail(err, MN_E_MEMORY, no_memory);
    for (int i = 0; code == MN_OK && i < MN_S_COUNT; i++) {
        const mn_settings *from = layer_of((mn_setting)i, start, given, stored);
        if (!is_default(from, (mn_setting)i))
            code = mn_settings_set(s, (mn_setting)i, mn_settings_text(from, (mn_setting)i),
                                   mn_settings_origin(from, (mn_setting)i), err);
    }
    if (code != MN_OK) {
        mn_settings_unref(s);
        return code;
    }
    *out = s;
    return MN_OK;
}

mn_code mn_live_create(const mn_settings *given, mn_live **out, mn_error *err)
{
    mn_live *live = mn_calloc(1, sizeof *live);
    if (!live)
        return mn_fail(err, MN_E_MEMORY, no_memory);
    pthread_mutex_init(&live->change, NULL);
    pthread_mutex_init(&live->lock, NULL);
    live->start = mn_settings_copy(given);
    live->given = mn_settings_copy(given);
    live->now = mn_settings_copy(given);
    live->stored = mn_settings_create();
    if (!live->start || !live->given || !live->now || !live->stored) {
        mn_live_destroy(live);
        return mn_fail(err, MN_E_MEMORY, no_memory);
    }
    *out = live;
    return MN_OK;
}

void mn_live_destroy(mn_live *live)
{
    if (!live)
        return;
    mn_settings_unref(live->start);
    mn_settings_unref(live->given);
    mn_settings_unref(live->stored);
    mn_settings_unref(live->now);
    pthread_mutex_destroy(&live->change);
    pthread_mutex_destroy(&live->lock);
    mn_free(live);
}

const mn_settings *mn_live_take(mn_live *live)
{
    pthread_mutex_lock(&live->lock);
    const mn_settings *s = mn_settings_ref(live->now);
    pthread_mutex_unlock(&live->lock);
    return s;
}

bool mn_live_given(mn_live *live, mn_setting which, char *origin, size_t size)
{
    pthread_mutex_lock(&live->change);
    bool given = !is_default(live->given, which);
    if (given)
        snprintf(origin, size, "%s", mn_settings_origin(live->given, which));
    pthread_mutex_unlock(&live->change);
    return given;
}

static void exchange(mn_live *live, const mn_settings *next)
{
    pthread_mutex_lock(&live->lock);
    const mn_settings *before = live->now;
    live->now = next;
    pthread_mutex_unlock(&live->lock);
    mn_settings_unref(before);
}

mn_code mn_live_give(mn_live *live, const mn_settings *given, mn_error *err)
{
    const mn_settings *next = NULL, *copy = mn_settings_copy(given);
    if (!copy)
        return mn_fail(err, MN_E_MEMORY, no_memory);
    pthread_mutex_lock(&live->change);
    mn_code code = mix(live->start, copy, live->stored, &next, err);
    if (code == MN_OK) {
        const mn_settings *before = live->given;
        live->given = copy;
        copy = before;
        exchange(live, next);
    }
    pthread_mutex_unlock(&live->change);
    mn_settings_unref(copy);
    return code;
}

static mn_code fill(mn_settings *s, const mn_live_value *values, size_t n, size_t *ignored, mn_error *err)
{
    *ignored = 0;
    for (size_t i = 0; i < n; i++) {
        const mn_live_value *v = &values[i];
        mn_code code = MN_E_INVALID;
        if (mn_setting_describe(v->which)->live)
            code = mn_settings_set(s, v->which, v->value, "stored", err);
        if (code == MN_E_INVALID)
            ++*ignored;
        else if (code != MN_OK)
            return code;
    }
    return MN_OK;
}

mn_code mn_live_store(mn_live *live, const mn_live_value *values, size_t n, size_t *ignored, mn_error *err)
{
    size_t left_out = 0;
    const mn_settings *next = NULL;
    mn_settings *stored = mn_settings_create();
    mn_code code = stored ? fill(stored, values, n, &left_out, err) : mn_fail(err, MN_E_MEMORY, no_memory);
    pthread_mutex_lock(&live->change);
    if (code == MN_OK)
        code = mix(live->start, live->given, stored, &next, err);
    if (code == MN_OK) {
        mn_settings *before = live->stored;
        live->stored = stored;
        stored = before;
        exchange(live, next);
    }
    pthread_mutex_unlock(&live->change);
    mn_settings_unref(stored);
    if (code == MN_OK && ignored)
        *ignored = left_out;
    return code;
}
