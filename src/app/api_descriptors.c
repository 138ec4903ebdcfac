/* Descriptors out and in, by right. */
#include "app/face_json.h"
#include "app/faces_json.h"
#include "app/pictures.h"

#include <inttypes.h>

static json_t *vector_json(const mn_face_vector *v)
{
    json_t *o = mn_json_descriptor(&v->descriptor);
    if (o) {
        json_object_set_new(o, "face", mn_value_id(&v->face));
        json_object_set_new(o, "person", mn_value_id(&v->person));
    }
    return o;
}

mn_code mn_api_descriptor_get(mn_api_call *call, mn_error *err)
{
    mn_face_vector v;
    const mn_id id = mn_api_id(call, MN_P_DESCRIPTOR_GET_FACE);
    mn_code code = mn_core_face_descriptor(call->core, call->actor, &id, call->arena, &v, err);
    return code == MN_OK ? mn_api_answer(call, 200, vector_json(&v), err) : code;
}

static bool read_place(const char *key, mn_face_record *after)
{
    char id[MN_ID_TEXT];
    *after = (mn_face_record){0};
    return key && sscanf(key, "%" SCNd64 " %36s", &after->created, id) == 2 && mn_id_parse(id, &after->id);
}

mn_code mn_api_descriptors_export(mn_api_call *call, mn_error *err)
{
    static const char *const columns[] = {"face", "person", "model", "metric", "values", NULL};
    char id[MN_ID_TEXT];
    const char *key = NULL, *next = NULL;
    mn_face_record after, last;
    mn_face_vector *found = NULL;
    size_t n = 0, limit = (size_t)mn_api_whole(call, MN_P_DESCRIPTORS_EXPORT_LIMIT);
    bool more = false;
    mn_code code = mn_api_cursor(call, MN_P_DESCRIPTORS_EXPORT_CURSOR, &key, err);
    if (code == MN_OK)
        code = mn_core_descriptors(call->core, call->actor, mn_api_text(call, MN_P_DESCRIPTORS_EXPORT_LIST),
                                   read_place(key, &after) ? &after : NULL, limit, call->arena, &found, &n,
                                   &last, &more, err);
    if (code == MN_OK && more) {
        mn_id_format(&last.id, id);
        next = mn_arena_printf(call->arena, "%" PRId64 " %s", last.created, id);
        if (!next)
            code = mn_fail(err, MN_E_MEMORY, "no memory for a page");
    }
    if (code != MN_OK)
        return code;
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, vector_json(&found[i]));
    return mn_api_page(call, "descriptors", rows, next, columns, err);
}

/* ---- in ---- */

typedef struct {
    mn_face_new *what; /* those that can be read, in their order */
    size_t *place;     /* in the request */
    size_t n;
    mn_error *faults; /* of the others, by their place in the request */
} reading;

static mn_code read_all(mn_api_call *call, const json_t *rows, reading *r, mn_error *err)
{
    size_t n = json_array_size(rows);
    mn_descriptor *d = mn_arena_calloc(call->arena, n + 1, sizeof *d);
    r->what = mn_arena_calloc(call->arena, n + 1, sizeof *r->what);
    r->place = mn_arena_calloc(call->arena, n + 1, sizeof *r->place);
    r->faults = mn_arena_calloc(call->arena, n + 1, sizeof *r->faults);
    if (!d || !r->what || !r->place || !r->faults)
        return mn_fail(err, MN_E_MEMORY, "no memory to import %zu descriptors", n);
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        mn_code code = mn_api_read_descriptor(call, row, &d[i], &r->faults[i]);
        if (code == MN_E_MEMORY)
            return mn_fail(err, MN_E_MEMORY, "no memory to import %zu descriptors", n);
        if (code != MN_OK)
            continue;
        mn_face_new *what = &r->what[r->n];
        what->descriptor = &d[i];
        what->source = mn_field_text(row, "source");
        what->quality = (float)mn_field_number(row, "quality", 0);
        mn_field_id(row, "person", &what->person);
        r->place[r->n++] = i;
    }
    return MN_OK;
}

static mn_code answer_import(mn_api_call *call, const reading *r, const mn_face_result *results, size_t n,
                             mn_error *err)
{
    size_t at = 0, done = 0;
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++) {
        bool read = at < r->n && r->place[at] == i;
        const mn_face_result *one = read ? &results[at++] : NULL;
        done += one && one->code == MN_OK;
        json_array_append_new(rows, one ? mn_json_batch_row(&one->face, one->code, one->why)
                                        : mn_json_batch_row(NULL, r->faults[i].code, r->faults[i].text));
    }
    return mn_api_answer(call, 200,
                         json_pack("{s:I, s:I, s:o}", "done", (json_int_t)done, "refused",
                                   (json_int_t)(n - done), "results", rows),
                         err);
}

mn_code mn_api_descriptors_import(mn_api_call *call, mn_error *err)
{
    reading r = {0};
    const json_t *rows = json_object_get(call->body, "descriptors");
    mn_code code = read_all(call, rows, &r, err);
    mn_face_result *results = code == MN_OK ? mn_arena_calloc(call->arena, r.n + 1, sizeof *results) : NULL;
    if (code == MN_OK && !results)
        code = mn_fail(err, MN_E_MEMORY, "no memory to import descriptors");
    if (code == MN_OK && r.n > 0)
        code = mn_core_faces_import(call->core, call->actor, r.what, r.n, call->arena, results, err);
    return code == MN_OK ? answer_import(call, &r, results, json_array_size(rows), err) : code;
}
