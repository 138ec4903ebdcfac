/* Values of a line, each with the name that it has in the error. */
#include "exchange/values.h"

#include <stdlib.h>
#include <string.h>

mn_code mn_exchange_wrong(mn_reading *r, const char *key, const char *what)
{
    return mn_fail(r->err, MN_E_INVALID, "\"%s\" must be %s", key, what);
}

mn_code mn_exchange_no_memory(mn_reading *r)
{
    return mn_fail(r->err, MN_E_LIMIT, "the line needs more memory than one may take");
}

mn_code mn_exchange_check_keys(mn_reading *r, json_t *o, const char *what, const char *const *keys)
{
    const char *key;
    json_t *value;
    json_object_foreach(o, key, value)
    {
        size_t i = 0;
        while (keys[i] && strcmp(keys[i], key) != 0)
            i++;
        if (!keys[i])
            return mn_fail(r->err, MN_E_INVALID, "%s has no \"%.40s\": see the guide for what a line holds",
                           what, key);
    }
    return MN_OK;
}

json_t *mn_exchange_get(json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    return json_is_null(v) ? NULL : v;
}

mn_code mn_exchange_text(mn_reading *r, json_t *o, const char *key, const char **out)
{
    json_t *v = mn_exchange_get(o, key);
    if (v && !json_is_string(v))
        return mn_exchange_wrong(r, key, "a text");
    *out = v ? mn_arena_strdup(r->arena, json_string_value(v)) : NULL;
    return v && !*out ? mn_exchange_no_memory(r) : MN_OK;
}

mn_code mn_exchange_id(mn_reading *r, json_t *o, const char *key, mn_id *out)
{
    json_t *v = mn_exchange_get(o, key);
    if (v && (!json_is_string(v) || !mn_id_parse(json_string_value(v), out)))
        return mn_exchange_wrong(r, key, "an id such as 0190a3f2-7c1e-7d3a-9b4e-2f60c1d5a8e7");
    return MN_OK;
}

mn_code mn_exchange_time(mn_reading *r, json_t *o, const char *key, mn_time otherwise, mn_time *out)
{
    json_t *v = mn_exchange_get(o, key);
    *out = otherwise;
    if (v && (!json_is_string(v) || !mn_time_parse(json_string_value(v), out)))
        return mn_exchange_wrong(r, key, "a time such as 2026-01-31T12:00:00Z, or null for never");
    return MN_OK;
}

mn_code mn_exchange_purpose(mn_reading *r, json_t *o, bool *there, mn_purpose *out)
{
    json_t *v = mn_exchange_get(o, "purpose");
    *there = v != NULL;
    if (v && (!json_is_string(v) || !mn_purpose_parse(json_string_value(v), out)))
        return mn_exchange_wrong(r, "purpose",
                                 "verification, identification, live_identification or attendance");
    return MN_OK;
}

mn_code mn_exchange_array(mn_reading *r, json_t *o, const char *key, size_t max, size_t size, json_t **array,
                          void **out, size_t *n)
{
    json_t *v = mn_exchange_get(o, key);
    if (v && !json_is_array(v))
        return mn_exchange_wrong(r, key, "an array");
    if (json_array_size(v) > max)
        return mn_fail(r->err, MN_E_LIMIT, "\"%s\" has %zu entries: at most %zu are read", key,
                       json_array_size(v), max);
    *array = v;
    *n = json_array_size(v);
    *out = mn_arena_calloc(r->arena, *n + 1, size);
    return *out ? MN_OK : mn_exchange_no_memory(r);
}

bool mn_exchange_safe_path(const char *path)
{
    if (!*path || *path == '/' || strlen(path) > 1000)
        return false;
    for (const char *p = path; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (*p == '/' || !*p || (p[0] == '.' && (!p[1] || p[1] == '/')) ||
            (p[0] == '.' && p[1] == '.' && (!p[2] || p[2] == '/')))
            return false;
    }
    return true;
}

mn_code mn_exchange_flag(mn_reading *r, json_t *o, const char *key, bool otherwise, bool *out)
{
    json_t *v = mn_exchange_get(o, key);
    if (v && !json_is_boolean(v))
        return mn_exchange_wrong(r, key, "true or false");
    *out = v ? json_is_true(v) : otherwise;
    return MN_OK;
}

mn_code mn_exchange_object(mn_reading *r, json_t *o, const char *key, const char **out)
{
    json_t *v = mn_exchange_get(o, key);
    *out = NULL;
    if (!v)
        return MN_OK;
    if (!json_is_object(v))
        return mn_exchange_wrong(r, key, "an object");
    return mn_exchange_dump(r, v, out);
}

mn_code mn_exchange_dump(mn_reading *r, json_t *v, const char **out)
{
    char *text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS);
    *out = text ? mn_arena_strdup(r->arena, text) : NULL;
    free(text);
    return *out ? MN_OK : mn_exchange_no_memory(r);
}
