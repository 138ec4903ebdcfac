/* /v1/settings: what is in force, what is allowed, and changing what is live. */
#include "app/internal.h"
#include "core/settings.h"

#include <string.h>

/* ---- showing ---- */

static const char *const type_words[] = {[MN_SET_BOOL] = "bool",
                                         [MN_SET_INT] = "int",
                                         [MN_SET_REAL] = "real",
                                         [MN_SET_TEXT] = "text",
                                         [MN_SET_CHOICE] = "choice"};

static json_t *value_json(const mn_settings *s, mn_setting which)
{
    const mn_setting_info *info = mn_setting_describe(which);
    if (info->secret)
        return json_null();
    switch (info->type) {
    case MN_SET_BOOL:
        return json_boolean(mn_settings_bool(s, which));
    case MN_SET_INT:
        return json_integer(mn_settings_int(s, which));
    case MN_SET_REAL:
        return json_real(mn_settings_real(s, which));
    default:
        return json_string(mn_settings_text(s, which));
    }
}

static const char *source_of(const char *origin)
{
    static const char environment[] = "environment ";
    if (strcmp(origin, "default") == 0 || strcmp(origin, "stored") == 0)
        return origin;
    if (strcmp(origin, "command line") == 0)
        return "command_line";
    return strncmp(origin, environment, sizeof environment - 1) == 0 ? "environment" : "file";
}

static void put_range(json_t *out, const mn_setting_info *info)
{
    char low[32] = "";
    const char *dots = strstr(info->range, "..");
    if ((info->type != MN_SET_INT && info->type != MN_SET_REAL) || !dots)
        return;
    snprintf(low, sizeof low, "%.*s", (int)(dots - info->range), info->range);
    if (info->type == MN_SET_INT) {
        json_object_set_new(out, "min", json_integer(strtoll(low, NULL, 10)));
        json_object_set_new(out, "max", json_integer(strtoll(dots + 2, NULL, 10)));
    } else {
        json_object_set_new(out, "min", json_real(strtod(low, NULL)));
        json_object_set_new(out, "max", json_real(strtod(dots + 2, NULL)));
    }
}

static void put_choices(json_t *out, const mn_setting_info *info)
{
    if (info->type != MN_SET_CHOICE)
        return;
    json_t *words = json_array();
    for (const char *p = info->range; *p;) {
        size_t n = strcspn(p, "|");
        json_array_append_new(words, json_stringn(p, n));
        p += n + (p[n] == '|');
    }
    json_object_set_new(out, "choices", words);
}

static json_t *setting_json(const mn_settings *now, const mn_settings *defaults, mn_setting which)
{
    const mn_setting_info *info = mn_setting_describe(which);
    const char *origin = mn_settings_origin(now, which);
    json_t *out = json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:b, s:b, s:s}", "name", info->name, "type",
                            type_words[info->type], "value", value_json(now, which), "default",
                            value_json(defaults, which), "source", source_of(origin), "origin", origin,
                            "live", (int)info->live, "secret", (int)info->secret, "text", info->text);
    if (info->secret)
        json_object_set_new(out, "set", json_boolean(*mn_settings_text(now, which)));
    if (*info->unit)
        json_object_set_new(out, "unit", json_string(info->unit));
    put_range(out, info);
    put_choices(out, info);
    return out;
}

static mn_code answer(mn_api_call *call, const mn_settings *now, mn_time updated, mn_error *err)
{
    static const char *const columns[] = {"name", "value",   "default", "source", "origin",
                                          "live", "secret",  "set",     "unit",   "min",
                                          "max",  "choices", "type",    "text",   NULL};
    mn_settings *defaults = mn_settings_create();
    if (!defaults)
        return mn_fail(err, MN_E_MEMORY, "no memory for the settings");
    json_t *rows = json_array();
    for (int i = 0; i < MN_S_COUNT; i++)
        json_array_append_new(rows, setting_json(now, defaults, (mn_setting)i));
    mn_settings_unref(defaults);
    mn_api_etag(call, updated);
    return mn_api_all(call, "settings", rows, columns, err);
}

mn_code mn_api_settings_get(mn_api_call *call, mn_error *err)
{
    mn_core_settings stored;
    mn_code code = mn_core_settings_may_view(call->actor, err);
    if (code == MN_OK)
        code = mn_core_settings_read(call->core, call->arena, &stored, err);
    return code == MN_OK ? answer(call, call->settings, stored.updated, err) : code;
}

/* ---- changing ---- */

/* As it would stand in a file. A number or word of another type than the setting's is refused. */
static mn_code value_text(mn_api_call *call, mn_setting which, const json_t *v, const char **out,
                          mn_error *err)
{
    static const char *const wanted[] = {[MN_SET_BOOL] = "true or false",
                                         [MN_SET_INT] = "a whole number",
                                         [MN_SET_REAL] = "a number",
                                         [MN_SET_TEXT] = "a text",
                                         [MN_SET_CHOICE] = "a text"};
    const mn_setting_info *info = mn_setting_describe(which);
    const char *text = NULL;
    bool fits = true;
    if (json_is_null(v))
        text = NULL;
    else if (info->type == MN_SET_BOOL && json_is_boolean(v))
        text = json_is_true(v) ? "true" : "false";
    else if (info->type == MN_SET_INT && json_is_integer(v))
        text = mn_arena_printf(call->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (info->type == MN_SET_REAL && json_is_number(v))
        text = mn_arena_printf(call->arena, "%.17g", json_number_value(v));
    else if ((info->type == MN_SET_TEXT || info->type == MN_SET_CHOICE) && json_is_string(v))
        text = json_string_value(v);
    else
        fits = false;
    if (!fits)
        return mn_fail(err, MN_E_INVALID, "%s takes %s, or null for the default", info->name,
                       wanted[info->type]);
    if (!text && !json_is_null(v))
        return mn_fail(err, MN_E_MEMORY, "no memory for the settings");
    *out = text;
    return MN_OK;
}

static mn_code read_changes(mn_api_call *call, mn_live_value **out, size_t *n, mn_error *err)
{
    const json_t *array = json_object_get(call->body, "settings");
    bool seen[MN_S_COUNT] = {false};
    size_t count = json_array_size(array);
    mn_live_value *all = mn_arena_calloc(call->arena, count, sizeof *all);
    mn_code code = all ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for the settings");
    for (size_t i = 0; code == MN_OK && i < count; i++) {
        const json_t *item = json_array_get(array, i);
        const char *name = mn_field_text(item, "name");
        if (!mn_setting_find(name, &all[i].which))
            return mn_fail(err, MN_E_INVALID, "there is no setting %.64s", name);
        if (seen[all[i].which])
            return mn_fail(err, MN_E_INVALID, "%s is named twice", name);
        seen[all[i].which] = true;
        code = value_text(call, all[i].which, json_object_get(item, "value"), &all[i].value, err);
    }
    if (code == MN_OK) {
        *out = all;
        *n = count;
    }
    return code;
}

mn_code mn_api_settings_change(mn_api_call *call, mn_error *err)
{
    mn_live_value *changes = NULL;
    mn_core_settings stored;
    size_t n = 0;
    mn_time room;
    const mn_time *seen = NULL;
    mn_code code = mn_api_if_match(call, MN_P_SETTINGS_CHANGE_IF_MATCH, &room, &seen, err);
    if (code == MN_OK)
        code = read_changes(call, &changes, &n, err);
    if (code == MN_OK)
        code = mn_core_settings_change(call->core, call->actor, changes, n, call->app->live, seen,
                                       call->arena, &stored, err);
    if (code == MN_OK)
        code = mn_app_settings_follow(call->app, err);
    if (code != MN_OK)
        return code;
    const mn_settings *now = mn_live_take(call->app->live);
    code = answer(call, now, stored.updated, err);
    mn_settings_unref(now);
    return code;
}
