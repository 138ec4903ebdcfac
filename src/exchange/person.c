#include "exchange/person.h"

#include <math.h>
#include <sodium.h>
#include <string.h>

typedef struct {
    mn_arena *arena;
    mn_error *err;
} reading;

/* ---- values, each with the name that it has in the error ---- */

static mn_code wrong(reading *r, const char *key, const char *what)
{
    return mn_fail(r->err, MN_E_INVALID, "\"%s\" must be %s", key, what);
}

static mn_code no_memory(reading *r)
{
    return mn_fail(r->err, MN_E_LIMIT, "the line needs more memory than one may take");
}

/* Only these keys. */
static mn_code check_keys(reading *r, json_t *o, const char *what, const char *const *keys)
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

static json_t *get(json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    return json_is_null(v) ? NULL : v;
}

static mn_code get_text(reading *r, json_t *o, const char *key, const char **out)
{
    json_t *v = get(o, key);
    if (v && !json_is_string(v))
        return wrong(r, key, "a text");
    *out = v ? mn_arena_strdup(r->arena, json_string_value(v)) : NULL;
    return v && !*out ? no_memory(r) : MN_OK;
}

static mn_code get_id(reading *r, json_t *o, const char *key, mn_id *out)
{
    json_t *v = get(o, key);
    if (v && (!json_is_string(v) || !mn_id_parse(json_string_value(v), out)))
        return wrong(r, key, "an id such as 0190a3f2-7c1e-7d3a-9b4e-2f60c1d5a8e7");
    return MN_OK;
}

static mn_code get_time(reading *r, json_t *o, const char *key, mn_time otherwise, mn_time *out)
{
    json_t *v = get(o, key);
    *out = otherwise;
    if (v && (!json_is_string(v) || !mn_time_parse(json_string_value(v), out)))
        return wrong(r, key, "a time such as 2026-01-31T12:00:00Z, or null for never");
    return MN_OK;
}

static mn_code get_purpose(reading *r, json_t *o, bool *there, mn_purpose *out)
{
    json_t *v = get(o, "purpose");
    *there = v != NULL;
    if (v && (!json_is_string(v) || !mn_purpose_parse(json_string_value(v), out)))
        return wrong(r, "purpose", "verification, identification, live_identification or attendance");
    return MN_OK;
}

/* An array of at most `max`; *n elements of `size` bytes, zeroed. */
static mn_code get_array(reading *r, json_t *o, const char *key, size_t max, size_t size, json_t **array,
                         void **out, size_t *n)
{
    json_t *v = get(o, key);
    if (v && !json_is_array(v))
        return wrong(r, key, "an array");
    if (json_array_size(v) > max)
        return mn_fail(r->err, MN_E_LIMIT, "\"%s\" has %zu entries: at most %zu are read", key,
                       json_array_size(v), max);
    *array = v;
    *n = json_array_size(v);
    *out = mn_arena_calloc(r->arena, *n + 1, size);
    return *out ? MN_OK : no_memory(r);
}

/* ---- a person's parts ---- */

static mn_code read_list(reading *r, json_t *o, mn_exchange_list *out)
{
    static const char *const keys[] = {"name", "purpose", NULL};
    if (json_is_string(o)) { /* the name alone: of a list that is there */
        out->name = mn_arena_strdup(r->arena, json_string_value(o));
        return out->name ? MN_OK : no_memory(r);
    }
    if (!json_is_object(o))
        return wrong(r, "lists", "an array of names, or of objects with a name and a purpose");
    mn_code code = check_keys(r, o, "a list", keys);
    if (code == MN_OK)
        code = get_text(r, o, "name", &out->name);
    if (code == MN_OK && !out->name)
        code = wrong(r, "name", "given for each list");
    return code == MN_OK ? get_purpose(r, o, &out->with_purpose, &out->purpose) : code;
}

static mn_code read_consent(reading *r, json_t *o, mn_consent *out)
{
    static const char *const keys[] = {"purpose", "method", "evidence", "given", "until", "withdrawn", NULL};
    bool there = false;
    if (!json_is_object(o))
        return wrong(r, "consents", "an array of objects");
    mn_code code = check_keys(r, o, "a consent", keys);
    if (code == MN_OK)
        code = get_purpose(r, o, &there, &out->purpose);
    if (code == MN_OK && !there)
        code = wrong(r, "purpose", "given for each consent");
    if (code == MN_OK)
        code = get_text(r, o, "method", &out->method);
    if (code == MN_OK)
        code = get_text(r, o, "evidence", &out->evidence);
    if (code == MN_OK)
        code = get_time(r, o, "given", MN_TIME_NEVER, &out->given);
    if (code == MN_OK && out->given == MN_TIME_NEVER)
        code = wrong(r, "given", "given for each consent: when did the person agree?");
    if (code == MN_OK)
        code = get_time(r, o, "until", MN_TIME_NEVER, &out->until);
    return code == MN_OK ? get_time(r, o, "withdrawn", MN_TIME_NEVER, &out->withdrawn) : code;
}

static mn_code read_vector(reading *r, json_t *o, mn_exchange_face *out)
{
    json_t *v = get(o, "vector");
    size_t n = 0, room;
    if (!v)
        return MN_OK;
    if (!json_is_string(v))
        return wrong(r, "vector", "base64 of little-endian float32 numbers");
    room = json_string_length(v) / 4 * 3 + 3;
    if (room > MN_EXCHANGE_NUMBERS_MAX * sizeof(float) + 3)
        return mn_fail(r->err, MN_E_LIMIT, "\"vector\" has more than %d numbers", MN_EXCHANGE_NUMBERS_MAX);
    uint8_t *bytes = mn_arena_alloc(r->arena, room);
    if (!bytes)
        return no_memory(r);
    if (sodium_base642bin(bytes, room, json_string_value(v), json_string_length(v), NULL, &n, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        n == 0 || n % sizeof(float) != 0)
        return wrong(r, "vector", "base64 of little-endian float32 numbers");
    out->n_vector = n / sizeof(float);
    out->vector = mn_arena_calloc(r->arena, out->n_vector, sizeof *out->vector);
    if (!out->vector)
        return no_memory(r);
    for (size_t i = 0; i < out->n_vector; i++) {
        const uint8_t *b = bytes + 4 * i;
        uint32_t bits = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(&out->vector[i], &bits, sizeof bits);
    }
    return MN_OK;
}

/* Below the folder of the file that names it, and nowhere else. */
static bool is_safe_path(const char *path)
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

static mn_code read_face(reading *r, json_t *o, mn_exchange_face *out)
{
    static const char *const keys[] = {"face", "source", "quality", "created", "model",
                                       "row",  "vector", "sample",  NULL};
    if (!json_is_object(o))
        return wrong(r, "faces", "an array of objects");
    json_t *quality = get(o, "quality"), *row = get(o, "row");
    mn_code code = check_keys(r, o, "a face", keys);
    if (code == MN_OK)
        code = get_id(r, o, "face", &out->id);
    if (code == MN_OK)
        code = get_text(r, o, "source", &out->source);
    if (code == MN_OK)
        code = get_text(r, o, "model", &out->model);
    if (code == MN_OK)
        code = get_text(r, o, "sample", &out->sample);
    if (code == MN_OK)
        code = get_time(r, o, "created", MN_TIME_NEVER, &out->created);
    if (code == MN_OK)
        code = read_vector(r, o, out);
    if (code != MN_OK)
        return code;
    if (quality && !(json_number_value(quality) >= 0 && json_number_value(quality) <= 1))
        return wrong(r, "quality", "a number from 0 to 1");
    if (row && (!json_is_integer(row) || json_integer_value(row) < 0))
        return wrong(r, "row", "a whole number, from 0 on");
    if (row && out->vector)
        return mn_fail(r->err, MN_E_INVALID, "a face has both \"row\" and \"vector\": give one of them");
    if (out->sample && !is_safe_path(out->sample))
        return wrong(r, "sample", "a path below the folder of this file");
    out->quality = (float)json_number_value(quality);
    out->with_row = row != NULL;
    out->row = (uint64_t)json_integer_value(row);
    return MN_OK;
}

static mn_code read_parts(reading *r, json_t *o, mn_exchange_person *p)
{
    json_t *lists = NULL, *consents = NULL, *faces = NULL;
    mn_code code = get_array(r, o, "lists", MN_EXCHANGE_LISTS_MAX, sizeof *p->lists, &lists,
                             (void **)&p->lists, &p->n_lists);
    for (size_t i = 0; code == MN_OK && i < p->n_lists; i++)
        code = read_list(r, json_array_get(lists, i), &p->lists[i]);
    if (code == MN_OK)
        code = get_array(r, o, "consents", MN_EXCHANGE_CONSENTS_MAX, sizeof *p->consents, &consents,
                         (void **)&p->consents, &p->n_consents);
    for (size_t i = 0; code == MN_OK && i < p->n_consents; i++)
        code = read_consent(r, json_array_get(consents, i), &p->consents[i]);
    if (code == MN_OK)
        code = get_array(r, o, "faces", MN_EXCHANGE_FACES_MAX, sizeof *p->faces, &faces, (void **)&p->faces,
                         &p->n_faces);
    for (size_t i = 0; code == MN_OK && i < p->n_faces; i++)
        code = read_face(r, json_array_get(faces, i), &p->faces[i]);
    return code;
}

static mn_code read_person(reading *r, json_t *o, mn_exchange_person *p)
{
    static const char *const keys[] = {"person",  "external_id", "name",     "user_data", "active",
                                       "created", "lists",       "consents", "faces",     NULL};
    json_t *active = get(o, "active");
    mn_code code = check_keys(r, o, "a person", keys);
    if (code == MN_OK)
        code = get_id(r, o, "person", &p->person.id);
    if (code == MN_OK)
        code = get_text(r, o, "external_id", &p->person.external_id);
    if (code == MN_OK)
        code = get_text(r, o, "name", &p->person.name);
    if (code == MN_OK)
        code = get_text(r, o, "user_data", &p->person.user_data);
    if (code == MN_OK)
        code = get_time(r, o, "created", MN_TIME_NEVER, &p->person.created);
    if (code == MN_OK && active && !json_is_boolean(active))
        code = wrong(r, "active", "true or false");
    p->person.active = !active || json_is_true(active);
    return code == MN_OK ? read_parts(r, o, p) : code;
}

static mn_code read_header(reading *r, json_t *o, mn_exchange_header *h)
{
    static const char *const keys[] = {"mien", "version", "model", "dim", "vectors", NULL};
    json_t *version = get(o, "version");
    mn_code code = check_keys(r, o, "the header", keys);
    if (code == MN_OK &&
        (!json_is_string(get(o, "mien")) || strcmp(json_string_value(get(o, "mien")), "people") != 0))
        code = wrong(r, "mien", "\"people\"");
    if (code == MN_OK && json_integer_value(version) != MN_EXCHANGE_VERSION)
        code = mn_fail(r->err, MN_E_UNSUPPORTED,
                       "the file is of version %lld of the format, and this program reads version %d",
                       (long long)json_integer_value(version), MN_EXCHANGE_VERSION);
    if (code == MN_OK)
        code = get_text(r, o, "model", &h->model);
    if (code == MN_OK)
        code = get_text(r, o, "vectors", &h->vectors);
    if (code == MN_OK && h->vectors && !is_safe_path(h->vectors))
        code = wrong(r, "vectors", "a path below the folder of this file");
    return code;
}

/* ---- a line ---- */

/* Before the parser, which goes down as deep as the text does. */
static bool is_too_deep(const char *text, size_t n)
{
    bool in_text = false;
    int depth = 0;
    for (size_t i = 0; i < n; i++) {
        if (in_text && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            in_text = !in_text;
        else if (!in_text && (text[i] == '{' || text[i] == '[') && ++depth > MN_EXCHANGE_DEPTH_MAX)
            return true;
        else if (!in_text && (text[i] == '}' || text[i] == ']'))
            depth--;
    }
    return false;
}

mn_code mn_exchange_parse(const char *text, size_t n, mn_arena *arena, mn_exchange_line *out, mn_error *err)
{
    json_error_t fault;
    mn_exchange_line line = {0};
    reading r = {.arena = arena, .err = err};
    if (is_too_deep(text, n))
        return mn_fail(err, MN_E_LIMIT, "the JSON is nested more than %d deep", MN_EXCHANGE_DEPTH_MAX);
    json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, &fault);
    if (!o)
        return mn_fail(err, MN_E_DECODE, "this is no JSON: %.200s, at byte %d", fault.text, fault.position);
    line.is_header = json_object_get(o, "mien") != NULL;
    mn_code code = !json_is_object(o) ? mn_fail(err, MN_E_INVALID, "a line must be a JSON object")
                   : line.is_header   ? read_header(&r, o, &line.header)
                                      : read_person(&r, o, &line.person);
    json_decref(o);
    if (code == MN_OK)
        *out = line;
    return code;
}
