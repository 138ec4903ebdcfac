/* A line that is a person, and what kind of line it is. */
#include "exchange/values.h"

#include <sodium.h>
#include <string.h>

/* ---- a person's parts ---- */

static mn_code read_list(mn_reading *r, json_t *o, mn_exchange_list *out)
{
    static const char *const keys[] = {"name", "purpose", NULL};
    if (json_is_string(o)) { /* the name alone: of a list that is there */
        out->name = mn_arena_strdup(r->arena, json_string_value(o));
        return out->name ? MN_OK : mn_exchange_no_memory(r);
    }
    if (!json_is_object(o))
        return mn_exchange_wrong(r, "lists", "an array of names, or of objects with a name and a purpose");
    mn_code code = mn_exchange_check_keys(r, o, "a list", keys);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "name", &out->name);
    if (code == MN_OK && !out->name)
        code = mn_exchange_wrong(r, "name", "given for each list");
    return code == MN_OK ? mn_exchange_purpose(r, o, &out->with_purpose, &out->purpose) : code;
}

static mn_code read_consent(mn_reading *r, json_t *o, mn_consent *out)
{
    static const char *const keys[] = {"purpose", "method", "evidence", "given", "until", "withdrawn", NULL};
    bool there = false;
    if (!json_is_object(o))
        return mn_exchange_wrong(r, "consents", "an array of objects");
    mn_code code = mn_exchange_check_keys(r, o, "a consent", keys);
    if (code == MN_OK)
        code = mn_exchange_purpose(r, o, &there, &out->purpose);
    if (code == MN_OK && !there)
        code = mn_exchange_wrong(r, "purpose", "given for each consent");
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "method", &out->method);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "evidence", &out->evidence);
    if (code == MN_OK)
        code = mn_exchange_time(r, o, "given", MN_TIME_NEVER, &out->given);
    if (code == MN_OK && out->given == MN_TIME_NEVER)
        code = mn_exchange_wrong(r, "given", "given for each consent: when did the person agree?");
    if (code == MN_OK)
        code = mn_exchange_time(r, o, "until", MN_TIME_NEVER, &out->until);
    return code == MN_OK ? mn_exchange_time(r, o, "withdrawn", MN_TIME_NEVER, &out->withdrawn) : code;
}

static mn_code read_vector(mn_reading *r, json_t *o, mn_exchange_face *out)
{
    json_t *v = mn_exchange_get(o, "vector");
    size_t n = 0, room;
    if (!v)
        return MN_OK;
    if (!json_is_string(v))
        return mn_exchange_wrong(r, "vector", "base64 of little-endian float32 numbers");
    room = json_string_length(v) / 4 * 3 + 3;
    if (room > MN_EXCHANGE_NUMBERS_MAX * sizeof(float) + 3)
        return mn_fail(r->err, MN_E_LIMIT, "\"vector\" has more than %d numbers", MN_EXCHANGE_NUMBERS_MAX);
    uint8_t *bytes = mn_arena_alloc(r->arena, room);
    if (!bytes)
        return mn_exchange_no_memory(r);
    if (sodium_base642bin(bytes, room, json_string_value(v), json_string_length(v), NULL, &n, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        n == 0 || n % sizeof(float) != 0)
        return mn_exchange_wrong(r, "vector", "base64 of little-endian float32 numbers");
    out->n_vector = n / sizeof(float);
    out->vector = mn_arena_calloc(r->arena, out->n_vector, sizeof *out->vector);
    if (!out->vector)
        return mn_exchange_no_memory(r);
    for (size_t i = 0; i < out->n_vector; i++) {
        const uint8_t *b = bytes + 4 * i;
        uint32_t bits = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(&out->vector[i], &bits, sizeof bits);
    }
    return MN_OK;
}

static mn_code read_face(mn_reading *r, json_t *o, mn_exchange_face *out)
{
    static const char *const keys[] = {"face", "source", "quality", "created", "model",
                                       "row",  "vector", "sample",  NULL};
    if (!json_is_object(o))
        return mn_exchange_wrong(r, "faces", "an array of objects");
    json_t *quality = mn_exchange_get(o, "quality"), *row = mn_exchange_get(o, "row");
    mn_code code = mn_exchange_check_keys(r, o, "a face", keys);
    if (code == MN_OK)
        code = mn_exchange_id(r, o, "face", &out->id);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "source", &out->source);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "model", &out->model);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "sample", &out->sample);
    if (code == MN_OK)
        code = mn_exchange_time(r, o, "created", MN_TIME_NEVER, &out->created);
    if (code == MN_OK)
        code = read_vector(r, o, out);
    if (code != MN_OK)
        return code;
    if (quality && !(json_number_value(quality) >= 0 && json_number_value(quality) <= 1))
        return mn_exchange_wrong(r, "quality", "a number from 0 to 1");
    if (row && (!json_is_integer(row) || json_integer_value(row) < 0))
        return mn_exchange_wrong(r, "row", "a whole number, from 0 on");
    if (row && out->vector)
        return mn_fail(r->err, MN_E_INVALID, "a face has both \"row\" and \"vector\": give one of them");
    if (out->sample && !mn_exchange_safe_path(out->sample))
        return mn_exchange_wrong(r, "sample", "a path below the folder of this file");
    out->quality = (float)json_number_value(quality);
    out->with_row = row != NULL;
    out->row = (uint64_t)json_integer_value(row);
    return MN_OK;
}

static mn_code read_parts(mn_reading *r, json_t *o, mn_exchange_person *p)
{
    json_t *lists = NULL, *consents = NULL, *faces = NULL;
    mn_code code = mn_exchange_array(r, o, "lists", MN_EXCHANGE_LISTS_MAX, sizeof *p->lists, &lists,
                                     (void **)&p->lists, &p->n_lists);
    for (size_t i = 0; code == MN_OK && i < p->n_lists; i++)
        code = read_list(r, json_array_get(lists, i), &p->lists[i]);
    if (code == MN_OK)
        code = mn_exchange_array(r, o, "consents", MN_EXCHANGE_CONSENTS_MAX, sizeof *p->consents, &consents,
                                 (void **)&p->consents, &p->n_consents);
    for (size_t i = 0; code == MN_OK && i < p->n_consents; i++)
        code = read_consent(r, json_array_get(consents, i), &p->consents[i]);
    if (code == MN_OK)
        code = mn_exchange_array(r, o, "faces", MN_EXCHANGE_FACES_MAX, sizeof *p->faces, &faces,
                                 (void **)&p->faces, &p->n_faces);
    for (size_t i = 0; code == MN_OK && i < p->n_faces; i++)
        code = read_face(r, json_array_get(faces, i), &p->faces[i]);
    return code;
}

static mn_code read_person(mn_reading *r, json_t *o, mn_exchange_person *p)
{
    static const char *const keys[] = {"person", "external_id", "name",  "user_data", "active", "created",
                                       "custom", "avatar",      "lists", "consents",  "faces",  NULL};
    mn_code code = mn_exchange_check_keys(r, o, "a person", keys);
    if (code == MN_OK)
        code = mn_exchange_id(r, o, "person", &p->person.id);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "external_id", &p->person.external_id);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "name", &p->person.name);
    if (code == MN_OK)
        code = mn_exchange_text(r, o, "user_data", &p->person.user_data);
    if (code == MN_OK)
        code = mn_exchange_time(r, o, "created", MN_TIME_NEVER, &p->person.created);
    if (code == MN_OK)
        code = mn_exchange_flag(r, o, "active", true, &p->person.active);
    if (code == MN_OK)
        code = mn_exchange_object(r, o, "custom", &p->person.custom);
    if (code == MN_OK)
        code = mn_exchange_id(r, o, "avatar", &p->person.avatar);
    return code == MN_OK ? read_parts(r, o, p) : code;
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
    mn_reading r = {.arena = arena, .err = err};
    if (is_too_deep(text, n))
        return mn_fail(err, MN_E_LIMIT, "the JSON is nested more than %d deep", MN_EXCHANGE_DEPTH_MAX);
    json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, &fault);
    if (!o)
        return mn_fail(err, MN_E_DECODE, "this is no JSON: %.200s, at byte %d", fault.text, fault.position);
    line.is_header = json_object_get(o, "mien") != NULL;
    mn_code code = !json_is_object(o) ? mn_fail(err, MN_E_INVALID, "a line must be a JSON object")
                   : line.is_header   ? mn_exchange_read_header(&r, o, &line.header)
                                      : read_person(&r, o, &line.person);
    json_decref(o);
    if (code == MN_OK)
        *out = line;
    return code;
}
