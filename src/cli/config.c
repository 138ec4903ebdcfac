#include "cli/config.h"
#include "base/file.h"
#include "base/log.h"
#include "base/thread.h"
#include "core/settings.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEM_FILE "/etc/mien.conf"

/* "NAME=VALUE" of a --set. */
static mn_code set_pair(mn_settings *s, const char *pair, mn_error *err)
{
    char name[64];
    mn_setting which;
    size_t n = strcspn(pair, "=");
    if (!pair[n] || n >= sizeof name)
        return mn_fail(err, MN_E_INVALID, "--set %.100s: it takes NAME=VALUE (mien settings lists the names)",
                       pair);
    memcpy(name, pair, n);
    name[n] = 0;
    if (!mn_setting_find(name, &which))
        return mn_fail(err, MN_E_INVALID, "there is no setting %s (mien settings lists them)", name);
    return mn_settings_set(s, which, pair + n + 1, "command line", err);
}

mn_code mn_config_from_args(mn_settings *s, const mn_args *args, mn_error *err)
{
    mn_code code = MN_OK;
    for (int i = 0; i < MN_O_COUNT && code == MN_OK; i++) {
        const mn_option_info *info = mn_option_describe((mn_option)i);
        const char *value = args->value[i];
        if (!value || info->setting < 0)
            continue;
        code =
            mn_settings_set(s, (mn_setting)info->setting, info->value ? value : "true", "command line", err);
        if (code == MN_OK && i == MN_O_THREADS)
            code = mn_settings_set(s, MN_S_MATCH_THREADS, value, "command line", err);
        if (code != MN_OK)
            mn_error_prefix(err, "--%s", info->name);
    }
    for (size_t i = 0; i < args->n_sets && code == MN_OK; i++)
        code = set_pair(s, args->sets[i], err);
    return code;
}

static mn_code read_file(mn_settings *s, const mn_args *args, mn_error *err)
{
    const char *given = args->value[MN_O_CONFIG];
    if (given)
        return mn_settings_read_file(s, given, err);
    return mn_file_exists(SYSTEM_FILE) ? mn_settings_read_file(s, SYSTEM_FILE, err) : MN_OK;
}

mn_code mn_config_load(const mn_args *args, const mn_settings **out, bool *usage, mn_error *err)
{
    mn_settings *s = mn_settings_create();
    *usage = false;
    if (!s)
        return mn_fail(err, MN_E_MEMORY, "no memory for the settings");
    mn_code code = read_file(s, args, err);
    if (code == MN_OK)
        code = mn_settings_read_environment(s, err);
    if (code == MN_OK) {
        code = mn_config_from_args(s, args, err);
        *usage = code == MN_E_INVALID;
    }
    if (code != MN_OK) {
        mn_settings_destroy(s);
        return code;
    }
    *out = s;
    return MN_OK;
}

/* ---- what is kept in the store ---- */

#define STORED_ARENA ((size_t)1 << 20)

static mn_code mix(const mn_settings **settings, const mn_core_settings *stored, mn_error *err)
{
    mn_live *live = NULL;
    size_t ignored = 0;
    mn_code code = mn_live_create(*settings, &live, err);
    if (code == MN_OK)
        code = mn_live_store(live, stored->values, stored->n, &ignored, err);
    if (code == MN_OK) {
        mn_settings_unref(*settings);
        *settings = mn_live_take(live);
    }
    if (code == MN_OK && ignored > 0)
        mn_log(MN_LOG_WARN, "cli", "%zu settings in the store are none that this version takes from there",
               ignored);
    mn_live_destroy(live);
    return code;
}

mn_code mn_config_add_stored(const mn_settings **settings, mn_error *err)
{
    char dir[MN_PATH_SIZE];
    mn_core_settings stored;
    /* Without any place for data (no HOME) there is nothing stored; who needs one says so. */
    if (mn_config_data_dir(*settings, dir, NULL) != MN_OK)
        return MN_OK;
    const mn_core_options where = {.data_dir = dir, .settings = *settings};
    mn_arena *arena = mn_arena_create(STORED_ARENA);
    mn_code code = arena ? mn_core_settings_of(&where, arena, &stored, err)
                         : mn_fail(err, MN_E_MEMORY, "no memory for the settings");
    if (code == MN_OK && stored.n > 0)
        code = mix(settings, &stored, err);
    mn_arena_destroy(arena);
    return code;
}

static mn_code fits(int n, const char *what, mn_error *err)
{
    return n > 0 && n < MN_PATH_SIZE ? MN_OK
                                     : mn_fail(err, MN_E_LIMIT, "the path of the %s is too long", what);
}

mn_code mn_config_data_dir(const mn_settings *s, char out[MN_PATH_SIZE], mn_error *err)
{
    const char *given = mn_settings_text(s, MN_S_DATA_DIR), *xdg = getenv("XDG_DATA_HOME"),
               *home = getenv("HOME");
    if (*given)
        return fits(snprintf(out, MN_PATH_SIZE, "%s", given), "data directory", err);
    if (xdg && *xdg)
        return fits(snprintf(out, MN_PATH_SIZE, "%s/mien", xdg), "data directory", err);
    if (home && *home)
        return fits(snprintf(out, MN_PATH_SIZE, "%s/.local/share/mien", home), "data directory", err);
    return mn_fail(err, MN_E_INVALID, "no data directory: neither --data nor HOME is set (give --data DIR)");
}

mn_code mn_config_model_dir(const mn_settings *s, char out[MN_PATH_SIZE], mn_error *err)
{
    const char *given = mn_settings_text(s, MN_S_MODEL_DIR), *program = mn_file_program_folder();
    if (*given)
        return fits(snprintf(out, MN_PATH_SIZE, "%s", given), "model directory", err);
    mn_code code = fits(snprintf(out, MN_PATH_SIZE, "%s/models", program), "model directory", err);
    if (code != MN_OK || mn_file_is_folder(out))
        return code;
    char shared[MN_PATH_SIZE];
    int n = snprintf(shared, sizeof shared, "%s/../share/mien/models", program);
    if (n > 0 && n < MN_PATH_SIZE && mn_file_is_folder(shared))
        memcpy(out, shared, (size_t)n + 1);
    return MN_OK;
}

unsigned mn_config_workers(const mn_settings *s)
{
    int64_t n = mn_settings_int(s, MN_S_INFER_WORKERS);
    return n > 0 ? (unsigned)n : mn_cpu_count();
}

mn_code mn_config_number(const mn_args *args, mn_option option, long low, long high, long otherwise,
                         long *out, mn_error *err)
{
    const char *text = args->value[option];
    if (!text) {
        *out = otherwise;
        return MN_OK;
    }
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || end == text || *end || n < low || n > high)
        return mn_fail(err, MN_E_INVALID, "--%s %.40s: it takes a whole number from %ld to %ld",
                       mn_option_describe(option)->name, text, low, high);
    *out = n;
    return MN_OK;
}

mn_code mn_config_box(const mn_args *args, mn_box *out, bool *given, mn_error *err)
{
    const char *text = args->value[MN_O_BOX];
    float v[4];
    *given = text != NULL;
    for (int i = 0; text && i < 4; i++) {
        char *end;
        v[i] = strtof(text, &end);
        if (end == text || *end != (i < 3 ? ',' : '\0'))
            return mn_fail(
                err, MN_E_INVALID,
                "--box %.40s: it takes left, top, width and height in pixels, such as 120,80,200,240",
                args->value[MN_O_BOX]);
        text = end + 1;
    }
    if (*given)
        *out = (mn_box){v[0], v[1], v[2], v[3]};
    return MN_OK;
}
