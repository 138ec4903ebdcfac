/* Stored settings are one text in meta, {"updated": microseconds, "values": {"name": "value"}}: a read is one
 * row, and backups and copies of the store have them without knowing. */
#include "core/settings.h"

#include "core/signin.h"

#include <stdlib.h>
#include <string.h>

#define META "settings"

/* ---- reading ---- */

static mn_code damaged(mn_error *err)
{
    return mn_fail(err, MN_E_CORRUPT, "the settings in the store are damaged: put its backup back");
}

static mn_code read_values(const json_t *values, mn_arena *arena, mn_core_settings *out, mn_error *err)
{
    const char *name;
    json_t *value;
    size_t n = 0;
    mn_live_value *all = mn_arena_calloc(arena, json_object_size(values) + 1, sizeof *all);
    if (!all)
        return mn_fail(err, MN_E_MEMORY, "no memory for the settings");
    json_object_foreach((json_t *)values, name, value)
    {
        mn_setting which;
        if (!json_is_string(value))
            return damaged(err);
        if (!mn_setting_find(name, &which)) /* of another version of this program */
            continue;
        all[n].which = which;
        all[n].value = mn_arena_strdup(arena, json_string_value(value));
        if (!all[n++].value)
            return mn_fail(err, MN_E_MEMORY, "no memory for the settings");
    }
    out->values = all;
    out->n = n;
    return MN_OK;
}

/* *stored: the whole of it, to be changed; the caller's. */
static mn_code read_stored(mn_store *s, mn_arena *arena, json_t **stored, mn_error *err)
{
    const char *text = NULL;
    mn_code code = s->ops->meta_get(s, META, arena, &text, err);
    if (code != MN_OK)
        return code;
    json_t *all = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL)
                       : json_pack("{s:I, s:{}}", "updated", (json_int_t)0, "values");
    if (!all || !json_is_integer(json_object_get(all, "updated")) ||
        !json_is_object(json_object_get(all, "values"))) {
        json_decref(all);
        return damaged(err);
    }
    *stored = all;
    return MN_OK;
}

static mn_code tell(const json_t *stored, mn_arena *arena, mn_core_settings *out, mn_error *err)
{
    mn_core_settings s = {.updated = json_integer_value(json_object_get(stored, "updated"))};
    mn_code code = read_values(json_object_get(stored, "values"), arena, &s, err);
    if (code == MN_OK)
        *out = s;
    return code;
}

static mn_code read_all(mn_store *s, mn_arena *arena, mn_core_settings *out, mn_error *err)
{
    json_t *stored = NULL;
    mn_code code = read_stored(s, arena, &stored, err);
    if (code == MN_OK)
        code = tell(stored, arena, out, err);
    json_decref(stored);
    return code;
}

mn_code mn_core_settings_read(mn_core *c, mn_arena *arena, mn_core_settings *out, mn_error *err)
{
    return read_all(c->store, arena, out, err);
}

mn_code mn_core_settings_of(const mn_core_options *options, mn_arena *arena, mn_core_settings *out,
                            mn_error *err)
{
    mn_store *s = NULL;
    mn_code code = mn_core_look_at_store(options, &s, err);
    if (code == MN_OK && !s)
        *out = (mn_core_settings){0};
    if (code != MN_OK || !s)
        return code;
    code = read_all(s, arena, out, err);
    s->ops->close(s);
    return code;
}

mn_code mn_core_settings_may_view(const mn_actor *who, mn_error *err)
{
    return mn_core_may_everywhere(who, MN_R_SETTINGS, MN_VERB_VIEW, err);
}

/* ---- changing ---- */

typedef struct {
    const mn_actor *who;
    const mn_live_value *changes;
    size_t n;
    const mn_time *if_updated;
    mn_arena *arena;
    mn_core_settings now;
} job;

static mn_code check_one(const mn_live_value *v, mn_live *live, mn_settings *trial, mn_error *err)
{
    char origin[512];
    const mn_setting_info *info = mn_setting_describe(v->which);
    if (!info->live || info->secret)
        return mn_fail(err, MN_E_CONFLICT,
                       "%s is read when mien starts: set it in the file, the environment or on the command "
                       "line, and start anew",
                       info->name);
    if (live && v->value && mn_live_given(live, v->which, origin, sizeof origin))
        return mn_fail(err, MN_E_CONFLICT, "%s is set by %.300s, which wins: change it there", info->name,
                       origin);
    return v->value ? mn_settings_set(trial, v->which, v->value, "the new value", err) : MN_OK;
}

static mn_code check(const mn_live_value *changes, size_t n, mn_live *live, mn_error *err)
{
    mn_settings *trial = mn_settings_create();
    mn_code code = trial ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for the settings");
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = check_one(&changes[i], live, trial, err);
    mn_settings_unref(trial);
    return code;
}

/* The audit log's {"name": {"from": old, "to": new}}; null is "not stored". */
static json_t *apply(json_t *values, const job *j)
{
    json_t *detail = json_object();
    for (size_t i = 0; i < j->n; i++) {
        const char *name = mn_setting_describe(j->changes[i].which)->name, *value = j->changes[i].value;
        const char *before = json_string_value(json_object_get(values, name));
        json_object_set_new(detail, name, json_pack("{s:s?, s:s?}", "from", before, "to", value));
        if (value)
            json_object_set_new(values, name, json_string(value));
        else
            json_object_del(values, name);
    }
    return detail;
}

static mn_code write(mn_core *c, const json_t *stored, mn_error *err)
{
    char *text = json_dumps(stored, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        return mn_fail(err, MN_E_MEMORY, "no memory for the settings");
    mn_code code = c->store->ops->meta_put(c->store, META, text, err);
    free(text);
    return code;
}

static mn_code change(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    json_t *stored = NULL;
    mn_code code = read_stored(c->store, j->arena, &stored, err);
    if (code != MN_OK)
        return code;
    mn_time updated = json_integer_value(json_object_get(stored, "updated"));
    code = mn_core_check_updated(updated, j->if_updated, err);
    if (code == MN_OK) {
        json_object_set_new(stored, "updated", json_integer(mn_core_next_update(updated)));
        json_t *detail = apply(json_object_get(stored, "values"), j);
        code = mn_core_record(c, j->who, "settings.change", NULL, detail, err);
    }
    if (code == MN_OK)
        code = write(c, stored, err);
    if (code == MN_OK)
        code = tell(stored, j->arena, &j->now, err);
    json_decref(stored);
    return code;
}

mn_code mn_core_settings_change(mn_core *c, const mn_actor *who, const mn_live_value *changes, size_t n,
                                mn_live *live, const mn_time *if_updated, mn_arena *arena,
                                mn_core_settings *out, mn_error *err)
{
    job j = {.who = who, .changes = changes, .n = n, .if_updated = if_updated, .arena = arena};
    mn_code code = mn_core_may_everywhere(who, MN_R_SETTINGS, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = check(changes, n, live, err);
    if (code == MN_OK)
        code = mn_core_transact(c, change, &j, err);
    if (code == MN_OK)
        *out = j.now;
    return code;
}

void mn_core_settings_use(mn_core *c, const mn_settings *settings)
{
    mn_signin_policy_use(c, settings);
    c->fmr = mn_settings_real(settings, MN_S_MATCH_FMR);
}
