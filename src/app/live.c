/* The settings in force, and what is looked for once a second: settings that another process stored, and
 * whether the store answers at all. */
#include "app/internal.h"

#include "base/log.h"
#include "core/settings.h"

#include <errno.h>
#include <string.h>

#define LOOK_EVERY_NS INT64_C(1000000000)
#define SILENT_NS     INT64_C(5000000000) /* without an answer for so long, the store is taken for gone */
#define ARENA         ((size_t)1 << 20)

static void use_log(const mn_settings *s)
{
    mn_log_level level = MN_LOG_WARN;
    bool json = strcmp(mn_settings_text(s, MN_S_LOG_FORMAT), "json") == 0;
    mn_log_parse_level(mn_settings_text(s, MN_S_LOG_LEVEL), &level);
    mn_log_setup(level, json ? MN_LOG_JSON : MN_LOG_TEXT, 2);
}

mn_code mn_app_settings_use(mn_app *app, mn_error *err)
{
    const mn_settings *s = mn_live_take(app->live);
    use_log(s);
    mn_core_settings_use(app->core, s);
    mn_code code = mn_pipeline_tune(app->pipeline, (float)mn_settings_real(s, MN_S_FACE_MIN_SCORE),
                                    (int)mn_settings_int(s, MN_S_FACE_MIN_SIZE),
                                    (int)mn_settings_int(s, MN_S_FACE_MAX), err);
    mn_settings_unref(s);
    return code;
}

/* With follow_lock held, so that what was read earlier is not put in force later. */
static mn_code follow(mn_app *app, mn_arena *arena, size_t *ignored, mn_error *err)
{
    mn_core_settings stored;
    mn_code code = mn_core_settings_read(app->core, arena, &stored, err);
    if (code != MN_OK || stored.updated == app->settings_seen)
        return code;
    code = mn_live_store(app->live, stored.values, stored.n, ignored, err);
    if (code == MN_OK)
        code = mn_app_settings_use(app, err);
    if (code == MN_OK)
        app->settings_seen = stored.updated;
    return code;
}

mn_code mn_app_settings_follow(mn_app *app, mn_error *err)
{
    size_t ignored = 0;
    mn_arena *arena = mn_arena_create(ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for the settings");
    pthread_mutex_lock(&app->follow_lock);
    mn_code code = follow(app, arena, &ignored, err);
    pthread_mutex_unlock(&app->follow_lock);
    mn_arena_destroy(arena);
    if (code == MN_OK && ignored > 0)
        mn_log(MN_LOG_WARN, "app", "%zu settings in the store are none that this version takes from there",
               ignored);
    return code;
}

/* ---- the watch ---- */

static void next_look(struct timespec *at)
{
    clock_gettime(CLOCK_MONOTONIC, at);
    at->tv_sec += LOOK_EVERY_NS / 1000000000;
}

static void ask_store(mn_app *app)
{
    mn_error why = {0};
    bool answers = mn_core_alive(app->core, &why) == MN_OK;
    atomic_store(&app->store_answered, answers ? mn_monotonic_ns() : 0);
}

bool mn_app_store_answers(const mn_app *app)
{
    int64_t answered = atomic_load(&app->store_answered);
    return answered != 0 && mn_monotonic_ns() - answered < SILENT_NS;
}

static void *watch(void *arg)
{
    mn_app *app = arg;
    bool failing = false;
    pthread_mutex_lock(&app->watch_lock);
    while (!app->watch_stop) {
        struct timespec at;
        mn_error err = {0};
        next_look(&at);
        if (pthread_cond_timedwait(&app->watch_wake, &app->watch_lock, &at) != ETIMEDOUT)
            continue;
        pthread_mutex_unlock(&app->watch_lock);
        ask_store(app);
        bool failed = mn_app_settings_follow(app, &err) != MN_OK;
        if (failed && !failing) /* once, not each second */
            mn_log(MN_LOG_WARN, "app", "the settings in the store cannot be read, those in force stay: %s",
                   err.text);
        failing = failed;
        pthread_mutex_lock(&app->watch_lock);
    }
    pthread_mutex_unlock(&app->watch_lock);
    return NULL;
}

mn_code mn_app_watch_start(mn_app *app, mn_error *err)
{
    app->watch_stop = false;
    ask_store(app);
    if (pthread_create(&app->watch, NULL, watch, app) != 0)
        return mn_fail(err, MN_E_MEMORY, "no thread to watch the settings");
    app->watching = true;
    return MN_OK;
}

void mn_app_watch_stop(mn_app *app)
{
    if (!app->watching)
        return;
    pthread_mutex_lock(&app->watch_lock);
    app->watch_stop = true;
    pthread_cond_signal(&app->watch_wake);
    pthread_mutex_unlock(&app->watch_lock);
    pthread_join(app->watch, NULL);
    app->watching = false;
}
