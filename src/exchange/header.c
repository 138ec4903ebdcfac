/* The first line: what the file is, and the lists and custom fields that its people have. */
#include "exchange/values.h"

#include <string.h>

#define SECONDS_MAX    3155760000 /* of a membership: a hundred years */
#define FIELD_NAME_MAX 64
#define CHOICES_MAX    256
#define CHOICE_MAX     200

static mn_code read_retention(mn_reading *r, json_t *o, mn_time *out)
{
    json_t *v = mn_exchange_get(o, "retention_s");
    *out = MN_TIME_NEVER;
    if (!v)
        return MN_OK;
    if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > SECONDS_MAX)
        return mn_exchange_wrong(r, "retention_s", "a number of seconds, or null for ever");
    *out = json_integer_value(v) * MN_TIME_SECOND;
    return MN_OK;
}

static mn_code read_fmr(mn_reading *r, json_t *o, double *out)
{
    json_t *v = mn_exchange_get(o, "fmr");
    if (v && !(json_number_value(v) > 0 && json_number_value(v) < 1))
        return mn_exchange_wrong(r, "fmr", "more than 0 and less than 1, or null for none of its own");
    *out = json_number_value(v);
    return MN_OK;
}

static mn_code read_list(mn_reading *r, json_t *o, mn_list *out)
{
    static const char *const keys[] = {"name", "purpose", "comment",     "color", "retention_s",
                                       "fmr",  "active",  "acknowledge", "sound", NULL};
    bool there = false, active = true;
    if (!json_is_object(o))
        return mn_exchange_wrong(r, "lists", "an array of objects with a name and a purpose");
    mn_code code = mn_exchange_check_keys(r, o, "a list", keys);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "name", &out->name);
    if (code == MN_OK)
        code = mn_exchange_purpose(r, o, &there, &out->purpose);
    if (code == MN_OK && (!out->name || !there))
        code = mn_exchange_wrong(r, out->name ? "purpose" : "name", "given for each list");
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "comment", &out->comment);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "color", &out->color);
    if (code == MN_OK)
        code = read_retention(r, o, &out->retention);
    if (code == MN_OK)
        code = read_fmr(r, o, &out->fmr);
    if (code == MN_OK)
        code = mn_exchange_flag(r, o, "active", true, &active);
    if (code == MN_OK)
        code = mn_exchange_flag(r, o, "acknowledge", false, &out->acknowledge);
    out->inactive = !active;
    return code == MN_OK ? mn_exchange_flag(r, o, "sound", false, &out->sound) : code;
}

/* ---- custom fields, as GET /v1/fields has them ---- */

static bool is_field_name(const char *name)
{
    size_t n = strlen(name);
    return n >= 1 && n <= FIELD_NAME_MAX && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static bool is_type(const char *type)
{
    static const char *const types[] = {"text", "number", "boolean", "date", "time", "choice"};
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

static mn_code check_choices(mn_reading *r, json_t *o)
{
    json_t *v = mn_exchange_get(o, "choices");
    bool right = !v || (json_is_array(v) && json_array_size(v) >= 1 && json_array_size(v) <= CHOICES_MAX);
    for (size_t i = 0; right && i < json_array_size(v); i++) {
        json_t *choice = json_array_get(v, i);
        right = json_is_string(choice) && json_string_length(choice) >= 1 &&
                json_string_length(choice) <= CHOICE_MAX;
    }
    return right ? MN_OK : mn_exchange_wrong(r, "choices", "an array of 1 to 256 texts");
}

static mn_code check_field(mn_reading *r, json_t *o)
{
    static const char *const keys[] = {"name",     "label",   "type",   "description", "tab",     "choices",
                                       "multiple", "in_list", "filter", "editable",    "default", NULL};
    static const char *const texts[] = {"label", "description", "tab"};
    static const char *const flags[] = {"multiple", "in_list", "filter", "editable"};
    const char *name = NULL, *type = NULL, *text = NULL;
    bool flag;
    if (!json_is_object(o))
        return mn_exchange_wrong(r, "fields", "an array of objects");
    mn_code code = mn_exchange_check_keys(r, o, "a custom field", keys);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "name", &name);
    if (code == MN_OK && (!name || !is_field_name(name)))
        code =
            mn_exchange_wrong(r, "name", "1 to 64 small letters, digits, _ and -, beginning with a letter");
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "type", &type);
    if (code == MN_OK && !is_type(type))
        code = mn_exchange_wrong(r, "type", "text, number, boolean, date, time or choice");
    for (size_t i = 0; code == MN_OK && i < sizeof texts / sizeof *texts; i++)
        code = mn_exchange_text(r, o, texts[i], &text);
    for (size_t i = 0; code == MN_OK && i < sizeof flags / sizeof *flags; i++)
        code = mn_exchange_flag(r, o, flags[i], false, &flag);
    return code == MN_OK ? check_choices(r, o) : code;
}

static mn_code read_field(mn_reading *r, json_t *all, size_t at, const char **out)
{
    json_t *o = json_array_get(all, at);
    mn_code code = check_field(r, o);
    for (size_t i = 0; code == MN_OK && i < at; i++)
        if (json_equal(json_object_get(json_array_get(all, i), "name"), json_object_get(o, "name")))
            code = mn_fail(r->err, MN_E_INVALID, "there are two custom fields of the name \"%s\"",
                           json_string_value(json_object_get(o, "name")));
    return code == MN_OK ? mn_exchange_dump(r, o, out) : code;
}

/* ---- the header ---- */

static mn_code read_tables(mn_reading *r, json_t *o, mn_exchange_header *h)
{
    json_t *lists = NULL, *fields = NULL;
    mn_code code = mn_exchange_array(r, o, "lists", MN_EXCHANGE_HEADER_LISTS_MAX, sizeof *h->lists, &lists,
                                     (void **)&h->lists, &h->n_lists);
    for (size_t i = 0; code == MN_OK && i < h->n_lists; i++)
        code = read_list(r, json_array_get(lists, i), &h->lists[i]);
    if (code == MN_OK)
        code = mn_exchange_array(r, o, "fields", MN_EXCHANGE_FIELDS_MAX, sizeof *h->fields, &fields,
                                 (void **)&h->fields, &h->n_fields);
    for (size_t i = 0; code == MN_OK && i < h->n_fields; i++)
        code = read_field(r, fields, i, &h->fields[i]);
    return code;
}

mn_code mn_exchange_read_header(mn_reading *r, json_t *o, mn_exchange_header *h)
{
    static const char *const keys[] = {"mien", "version", "model", "dim", "vectors", "lists", "fields", NULL};
    const char *what = json_string_value(mn_exchange_get(o, "mien"));
    json_int_t version = json_integer_value(mn_exchange_get(o, "version"));
    mn_code code = mn_exchange_check_keys(r, o, "the header", keys);
    if (code == MN_OK && (!what || strcmp(what, "people") != 0))
        code = mn_exchange_wrong(r, "mien", "\"people\"");
    if (code == MN_OK && (version < 1 || version > MN_EXCHANGE_VERSION))
        code = mn_fail(r->err, MN_E_UNSUPPORTED,
                       "the file is of version %lld of the format, and this program reads up to version %d",
                       (long long)version, MN_EXCHANGE_VERSION);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "model", &h->model);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "vectors", &h->vectors);
    if (code == MN_OK && h->vectors && !mn_exchange_safe_path(h->vectors))
        code = mn_exchange_wrong(r, "vectors", "a path below the folder of this file");
    return code == MN_OK ? read_tables(r, o, h) : code;
}
