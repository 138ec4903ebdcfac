#include "app/records_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static json_t *face_row(const mn_face_record *f)
{
    return json_pack("{s:o, s:o, s:o, s:f, s:o, s:o, s:o}", "face", mn_value_id(&f->id), "person",
                     mn_value_id(&f->person), "source", mn_value_text(f->source), "quality",
                     (double)f->quality, "sample",
                     mn_id_is_nil(&f->sample) ? json_null() : mn_value_id(&f->id), "original",
                     f->original ? mn_value_id(&f->id) : json_null(), "created", mn_value_time(f->created));
}

json_t *mn_json_consent(const mn_consent *c, mn_time now)
{
    const char *state = c->withdrawn <= now ? "withdrawn" : c->until <= now ? "expired" : "valid";
    return json_pack("{s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "consent", mn_value_id(&c->id),
                     "person", mn_value_id(&c->person), "purpose", mn_purpose_word(c->purpose), "state",
                     state, "method", c->method, "evidence", mn_value_text(c->evidence), "given",
                     mn_value_time(c->given), "until", mn_value_time(c->until), "withdrawn",
                     mn_value_time(c->withdrawn));
}

json_t *mn_json_person(const mn_person_view *v)
{
    const mn_person *p = &v->person;
    mn_time now = mn_time_now();
    json_t *lists = json_array(), *consents = json_array(), *faces = json_array();
    for (size_t i = 0; i < v->n_lists; i++)
        json_array_append_new(lists, json_string(v->lists[i].name));
    for (size_t i = 0; i < v->n_consents; i++)
        json_array_append_new(consents, mn_json_consent(&v->consents[i], now));
    for (size_t i = 0; i < v->n_faces; i++)
        json_array_append_new(faces, face_row(&v->faces[i]));
    json_t *custom = p->custom ? json_loads(p->custom, 0, NULL) : json_object();
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "person",
                     mn_value_id(&p->id), "name", p->name, "external_id", mn_value_text(p->external_id),
                     "user_data", mn_value_text(p->user_data), "custom", custom, "active", (int)p->active,
                     "avatar_face", mn_value_id(&p->avatar), "created", mn_value_time(p->created), "updated",
                     mn_value_time(p->updated), "lists", lists, "consents", consents, "faces", faces);
}

/* ---- pages ---- */

const char *mn_place_make(const mn_api_call *call, const mn_id *id, mn_time time, const char *name)
{
    char text[MN_ID_TEXT];
    mn_id_format(id, text);
    return mn_arena_printf(call->arena, "%s %" PRId64 " %s", text, time, name ? name : "");
}

bool mn_place_read(const char *key, mn_id *id, mn_time *time, const char **name)
{
    char text[MN_ID_TEXT];
    int end = 0;
    if (sscanf(key, "%36[0-9a-f-] %" SCNd64 "%n", text, time, &end) != 2 || !mn_id_parse(text, id) ||
        key[end] != ' ')
        return false;
    *name = key + end + 1;
    return true;
}

/* ---- fields ---- */

mn_consent_given mn_given_of(const json_t *object)
{
    mn_consent_given given = {
        .method = mn_field_text(object, "method"),
        .evidence = mn_field_text(object, "evidence"),
        .given = mn_field_time(object, "given", mn_time_now()),
        .until = mn_field_time(object, "until", MN_TIME_NEVER),
    };
    mn_purpose_parse(mn_field_text(object, "purpose"), &given.purpose);
    return given;
}

mn_text_change mn_text_change_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return (mn_text_change){.set = value != NULL, .text = json_string_value(value)};
}

/* ---- batches ---- */

mn_code mn_batch_add(json_t *rows, const mn_id *id, mn_code code, const char *why, mn_error *err)
{
    json_t *row = code == MN_OK ? json_pack("{s:o}", "id", mn_value_id(id))
                                : json_pack("{s:{s:s, s:s}}", "error", "code", mn_code_word(code), "text",
                                            why ? why : mn_code_meaning(code));
    return json_array_append_new(rows, row) == 0 ? MN_OK
                                                 : mn_fail(err, MN_E_MEMORY, "no memory for a report");
}

mn_code mn_batch_answer(mn_api_call *call, json_t *rows, mn_error *err)
{
    json_int_t refused = 0;
    for (size_t i = 0; i < json_array_size(rows); i++)
        refused += json_object_get(json_array_get(rows, i), "error") != NULL;
    return mn_api_answer(call, 200,
                         json_pack("{s:I, s:I, s:o}", "done", (json_int_t)json_array_size(rows) - refused,
                                   "refused", refused, "results", rows),
                         err);
}
