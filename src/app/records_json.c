#include "app/records_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put_id(mn_json_out *o, const char *name, const mn_id *id)
{
    char text[MN_ID_TEXT];
    mn_id_format(id, text);
    mn_json_put_text(o, name, mn_id_is_nil(id) ? NULL : text);
}

static void put_time(mn_json_out *o, const char *name, mn_time t)
{
    char text[MN_TIME_TEXT];
    mn_time_format(t, text);
    mn_json_put_text(o, name, t == MN_TIME_NEVER || t == 0 ? NULL : text);
}

static void put_face(mn_json_out *o, const mn_face_record *f)
{
    static const mn_id none;
    mn_json_begin(o, NULL, '{');
    put_id(o, "face", &f->id);
    put_id(o, "person", &f->person);
    mn_json_put_text(o, "source", f->source);
    mn_json_put_real(o, "quality", (double)f->quality);
    put_id(o, "sample", mn_id_is_nil(&f->sample) ? &none : &f->id);
    put_id(o, "original", f->original ? &f->id : &none);
    put_time(o, "created", f->created);
    mn_json_end(o, '}');
}

void mn_json_consent(mn_json_out *o, const mn_consent *c, mn_time now, const bool *file)
{
    mn_json_begin(o, NULL, '{');
    put_id(o, "consent", &c->id);
    put_id(o, "person", &c->person);
    mn_json_put_text(o, "purpose", mn_purpose_word(c->purpose));
    mn_json_put_text(o, "state", c->withdrawn <= now ? "withdrawn" : c->until <= now ? "expired" : "valid");
    mn_json_put_text(o, "method", c->method);
    mn_json_put_text(o, "evidence", c->evidence);
    put_time(o, "given", c->given);
    put_time(o, "until", c->until);
    put_time(o, "withdrawn", c->withdrawn);
    if (file)
        mn_json_put_bool(o, "evidence_file", *file);
    mn_json_end(o, '}');
}

static void put_custom(mn_json_out *o, const char *custom)
{
    json_t *fields = custom ? json_loads(custom, 0, NULL) : NULL;
    if (custom) {
        mn_json_put(o, "custom", fields);
        json_decref(fields);
        return;
    }
    mn_json_begin(o, "custom", '{');
    mn_json_end(o, '}');
}

void mn_json_person(mn_json_out *o, const mn_person_view *v)
{
    const mn_person *p = &v->person;
    mn_time now = mn_time_now();
    mn_json_begin(o, NULL, '{');
    put_id(o, "person", &p->id);
    mn_json_put_text(o, "name", p->name);
    mn_json_put_text(o, "external_id", p->external_id);
    mn_json_put_text(o, "user_data", p->user_data);
    put_custom(o, p->custom);
    mn_json_put_bool(o, "active", p->active);
    put_id(o, "avatar_face", &p->avatar);
    put_time(o, "created", p->created);
    put_time(o, "updated", p->updated);
    mn_json_begin(o, "lists", '[');
    for (size_t i = 0; i < v->n_lists; i++)
        mn_json_put_text(o, NULL, v->lists[i].name);
    mn_json_end(o, ']');
    mn_json_begin(o, "consents", '[');
    for (size_t i = 0; i < v->n_consents; i++)
        mn_json_consent(o, &v->consents[i], now, NULL);
    mn_json_end(o, ']');
    mn_json_begin(o, "faces", '[');
    for (size_t i = 0; i < v->n_faces; i++)
        put_face(o, &v->faces[i]);
    mn_json_end(o, ']');
    mn_json_end(o, '}');
}

/* ---- pages ---- */

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

mn_code mn_batch_may_go_on(const mn_api_call *call, mn_error *err)
{
    if (!mn_cancelled(call->request->cancel) && !mn_deadline_passed(call->request->deadline))
        return MN_OK;
    return mn_fail(err, MN_E_BUSY, "the time for this request is over: send those that are left again");
}

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

mn_made *mn_batch_room(const mn_api_call *call, size_t n, mn_error *err)
{
    mn_made *made = mn_arena_calloc(call->arena, n + 1, sizeof *made);
    if (!made)
        mn_fail(err, MN_E_MEMORY, "no memory for a report");
    return made;
}

mn_code mn_batch_made(mn_api_call *call, mn_code code, const mn_made *made, size_t n, mn_error *err)
{
    json_t *rows = json_array();
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = mn_batch_add(rows, &made[i].id, made[i].code, made[i].why, err);
    if (code == MN_OK)
        return mn_batch_answer(call, rows, err);
    json_decref(rows);
    return code;
}

mn_code mn_batch_one_by_one(mn_api_call *call, const char *field, mn_batch_one *one, mn_error *err)
{
    const mn_id *ids = NULL;
    size_t n = 0;
    json_t *rows = json_array();
    mn_code code = rows ? mn_field_ids(call, json_object_get(call->body, field), &ids, &n, err)
                        : mn_fail(err, MN_E_MEMORY, "no memory for a report");
    mn_error own = {0};
    mn_code last = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        if (mn_code_http(last) < 500)
            last = mn_batch_may_go_on(call, &own);
        if (mn_code_http(last) < 500)
            last = one(call, &ids[i], &own);
        code = mn_batch_add(rows, &ids[i], last, own.text, err);
    }
    if (code == MN_OK)
        return mn_batch_answer(call, rows, err);
    json_decref(rows);
    return code;
}
