/* What a handler reads of its request. */
#include "app/call.h"

#include <math.h>
#include <string.h>

static const mn_param_one *one(const mn_api_call *call, int param)
{
    const mn_param_value *v = &call->params[param];
    return v->n > 0 ? &v->v[0] : NULL;
}

bool mn_api_given(const mn_api_call *call, int param)
{
    return call->params[param].given;
}

const char *mn_api_text(const mn_api_call *call, int param)
{
    const mn_param_one *v = one(call, param);
    return v ? v->text : NULL;
}

int64_t mn_api_whole(const mn_api_call *call, int param)
{
    const mn_param_one *v = one(call, param);
    return v ? v->whole : 0;
}

double mn_api_number(const mn_api_call *call, int param)
{
    const mn_param_one *v = one(call, param);
    return v ? v->number : 0;
}

bool mn_api_yes(const mn_api_call *call, int param)
{
    const mn_param_one *v = one(call, param);
    return v && v->yes;
}

mn_id mn_api_id(const mn_api_call *call, int param)
{
    mn_id id = {{0}};
    const mn_param_one *v = one(call, param);
    if (v)
        mn_id_parse(v->text, &id);
    return id;
}

mn_time mn_api_time(const mn_api_call *call, int param, mn_time otherwise)
{
    const mn_param_one *v = one(call, param);
    if (v)
        mn_time_parse(v->text, &otherwise);
    return otherwise;
}

int mn_api_choice(const mn_api_call *call, int param, const char *const words[])
{
    const char *text = mn_api_text(call, param);
    int i = 0;
    while (words[i + 1] && strcmp(words[i], text) != 0)
        i++;
    return i;
}

mn_choice mn_api_yes_or_no(const mn_api_call *call, int param)
{
    return !mn_api_given(call, param) ? MN_ANY : mn_api_yes(call, param) ? MN_YES : MN_NO;
}

bool mn_api_has(const mn_api_call *call, int param, const char *word)
{
    const mn_param_value *v = &call->params[param];
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->v[i].text, word) == 0)
            return true;
    return false;
}

const char *mn_field_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

bool mn_field_yes(const json_t *object, const char *name, bool otherwise)
{
    const json_t *v = json_object_get(object, name);
    return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

double mn_field_number(const json_t *object, const char *name, double otherwise)
{
    const json_t *v = json_object_get(object, name);
    return json_is_number(v) ? json_number_value(v) : otherwise;
}

int64_t mn_field_whole(const json_t *object, const char *name, int64_t otherwise)
{
    const json_t *v = json_object_get(object, name);
    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool mn_field_id(const json_t *object, const char *name, mn_id *out)
{
    const char *text = mn_field_text(object, name);
    return text && mn_id_parse(text, out);
}

mn_time mn_field_time(const json_t *object, const char *name, mn_time otherwise)
{
    const char *text = mn_field_text(object, name);
    if (text)
        mn_time_parse(text, &otherwise);
    return otherwise;
}

mn_code mn_field_texts(const mn_api_call *call, const json_t *object, const char *name,
                       const char *const **out, size_t *n, mn_error *err)
{
    const json_t *array = json_object_get(object, name);
    size_t count = json_array_size(array);
    const char **texts = mn_arena_calloc(call->arena, count + 1, sizeof *texts);
    if (!texts)
        return mn_fail(err, MN_E_MEMORY, "no memory for a list of texts");
    for (size_t i = 0; i < count; i++)
        texts[i] = json_string_value(json_array_get(array, i));
    *out = count ? texts : NULL;
    *n = count;
    return MN_OK;
}

mn_code mn_field_ids(const mn_api_call *call, const json_t *array, const mn_id **out, size_t *n,
                     mn_error *err)
{
    size_t count = json_array_size(array);
    mn_id *ids = mn_arena_calloc(call->arena, count + 1, sizeof *ids);
    if (!ids)
        return mn_fail(err, MN_E_MEMORY, "no memory for a list of ids");
    for (size_t i = 0; i < count; i++)
        mn_id_parse(json_string_value(json_array_get(array, i)), &ids[i]);
    *out = count ? ids : NULL;
    *n = count;
    return MN_OK;
}

bool mn_field_given(const json_t *object, const char *name)
{
    return json_object_get(object, name) != NULL;
}

mn_code mn_field_scope(const mn_api_call *call, const json_t *object, bool *given, bool *limited,
                       const mn_id **lists, size_t *n, mn_error *err)
{
    const json_t *value = json_object_get(object, "lists");
    *given = value != NULL;
    if (!value)
        return MN_OK;
    *limited = !json_is_null(value);
    return mn_field_ids(call, value, lists, n, err);
}

mn_code mn_field_rights(const json_t *object, mn_rights *out, mn_error *err)
{
    size_t i;
    const json_t *word;
    mn_rights rights = {{0}};
    mn_code code = MN_OK;
    json_array_foreach(json_object_get(object, "rights"), i, word)
    {
        const char *text = json_string_value(word);
        code = mn_rights_parse(text, strlen(text), &rights, err);
        if (code != MN_OK)
            return code;
    }
    *out = rights;
    return MN_OK;
}

json_t *mn_value_account(const mn_id *id)
{
    char text[MN_ID_TEXT];
    mn_id_format(id, text);
    return json_string(text);
}

json_t *mn_value_words(const char *text)
{
    json_t *out = json_array();
    while (*text) {
        size_t n = strcspn(text, " ");
        if (n > 0)
            json_array_append_new(out, json_stringn(text, n));
        text += n + (text[n] ? 1 : 0);
    }
    return out;
}

json_t *mn_value_scope(bool limited, const mn_id *lists, size_t n)
{
    if (!limited)
        return json_null();
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(out, mn_value_id(&lists[i]));
    return out;
}

json_t *mn_value_id(const mn_id *id)
{
    char text[MN_ID_TEXT];
    if (mn_id_is_nil(id))
        return json_null();
    mn_id_format(id, text);
    return json_string(text);
}

json_t *mn_value_time(mn_time t)
{
    char text[MN_TIME_TEXT];
    if (t == MN_TIME_NEVER || t == 0)
        return json_null();
    mn_time_format(t, text);
    return json_string(text);
}

json_t *mn_value_text(const char *text)
{
    return text ? json_string(text) : json_null();
}

json_t *mn_value_real(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}
