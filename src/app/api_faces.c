/* /v1/faces and a person's faces: looking through them, and taking them away. */
#include "app/faces_json.h"
#include "core/faces.h"

#include <inttypes.h>
#include <string.h>

static json_t *face_id(const mn_id *id, bool there)
{
    return there ? mn_value_id(id) : json_null();
}

json_t *mn_json_enrolled(const mn_face_found *found)
{
    const mn_face_record *f = &found->face;
    return json_pack("{s:o, s:o, s:s?, s:f, s:o, s:o, s:o}", "face", mn_value_id(&f->id), "person",
                     mn_value_id(&f->person), "source", f->source, "quality", (double)f->quality, "sample",
                     face_id(&f->id, !mn_id_is_nil(&f->sample)), "original", face_id(&f->id, found->original),
                     "created", mn_value_time(f->created));
}

/* ---- pages ---- */

/* "<what it is sorted by> <id>" */
static bool read_place(const char *key, mn_face_query *q, mn_id *after)
{
    char id[MN_ID_TEXT];
    if (!key || sscanf(key, "%" SCNd64 " %lf %36s", &q->after_created, &q->after_quality, id) != 3 ||
        !mn_id_parse(id, after))
        return false;
    q->after = after;
    return true;
}

static const char *make_place(mn_api_call *call, const mn_face_record *f)
{
    char id[MN_ID_TEXT];
    mn_id_format(&f->id, id);
    return mn_arena_printf(call->arena, "%" PRId64 " %.17g %s", f->created, (double)f->quality, id);
}

/* One more is asked for than told, so that the last page knows that it is. */
static mn_code answer_page(mn_api_call *call, const char *list, const mn_face_query *what, int cursor,
                           size_t limit, mn_error *err)
{
    static const char *const columns[] = {"face",   "person",   "source",  "quality",
                                          "sample", "original", "created", NULL};
    mn_id after;
    mn_face_query q = *what;
    const char *key = NULL, *next = NULL;
    mn_face_found *found = NULL;
    size_t n = 0;
    mn_code code = mn_api_cursor(call, cursor, &key, err);
    read_place(key, &q, &after);
    q.limit = limit < MN_FACES_PAGE_MAX ? limit + 1 : limit;
    if (code == MN_OK)
        code = mn_core_faces(call->core, call->actor, list, &q, call->arena, &found, &n, err);
    if (code != MN_OK)
        return code;
    bool more = n > limit || (n == limit && q.limit == limit);
    n = n > limit ? limit : n;
    if (more && !(next = make_place(call, &found[n - 1].face)))
        return mn_fail(err, MN_E_MEMORY, "no memory for a page");
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, mn_json_enrolled(&found[i]));
    return mn_api_page(call, "faces", rows, next, columns, err);
}

static const char *const orders[] = {"created", "-created", "quality", "-quality", NULL};

mn_code mn_api_faces_list(mn_api_call *call, mn_error *err)
{
    bool min = mn_api_given(call, MN_P_FACES_LIST_MIN_QUALITY),
         max = mn_api_given(call, MN_P_FACES_LIST_MAX_QUALITY);
    mn_face_query q = {.min_quality = min ? mn_api_number(call, MN_P_FACES_LIST_MIN_QUALITY) : 0,
                       .max_quality = max ? mn_api_number(call, MN_P_FACES_LIST_MAX_QUALITY) : 1,
                       .from = mn_api_time(call, MN_P_FACES_LIST_CREATED_FROM, INT64_MIN),
                       .to = mn_api_time(call, MN_P_FACES_LIST_CREATED_TO, INT64_MAX),
                       .order = (mn_face_order)mn_api_choice(call, MN_P_FACES_LIST_SORT, orders)};
    return answer_page(call, mn_api_text(call, MN_P_FACES_LIST_LIST), &q, MN_P_FACES_LIST_CURSOR,
                       (size_t)mn_api_whole(call, MN_P_FACES_LIST_LIMIT), err);
}

mn_code mn_api_person_faces(mn_api_call *call, mn_error *err)
{
    const mn_id person = mn_api_id(call, MN_P_PERSON_FACES_PERSON);
    mn_face_query q = {.person = &person,
                       .max_quality = 1,
                       .from = INT64_MIN,
                       .to = INT64_MAX,
                       .order = (mn_face_order)mn_api_choice(call, MN_P_PERSON_FACES_SORT, orders)};
    return answer_page(call, NULL, &q, MN_P_PERSON_FACES_CURSOR,
                       (size_t)mn_api_whole(call, MN_P_PERSON_FACES_LIMIT), err);
}

mn_code mn_api_face_get(mn_api_call *call, mn_error *err)
{
    mn_face_found found;
    const mn_id id = mn_api_id(call, MN_P_FACE_GET_FACE);
    mn_code code = mn_core_face(call->core, call->actor, &id, call->arena, &found, err);
    if (code != MN_OK)
        return code;
    mn_api_etag(call, mn_core_face_state(&found));
    return mn_api_answer(call, 200, mn_json_enrolled(&found), err);
}

/* ---- deleting ---- */

static const char *why_not(mn_code code)
{
    return code == MN_E_FORBIDDEN ? "the person is in lists too that you may not use"
                                  : "there is no such face";
}

mn_code mn_api_face_delete(mn_api_call *call, mn_error *err)
{
    mn_time when;
    const mn_time *seen = NULL;
    const mn_id id = mn_api_id(call, MN_P_FACE_DELETE_FACE);
    mn_code code = mn_api_if_match(call, MN_P_FACE_DELETE_IF_MATCH, &when, &seen, err);
    if (code == MN_OK)
        code = mn_core_face_delete(call->core, call->actor, &id, seen, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}

json_t *mn_json_batch_row(const mn_id *id, mn_code code, const char *why)
{
    return code == MN_OK ? json_pack("{s:o}", "id", mn_value_id(id))
                         : json_pack("{s:{s:s, s:s}}", "error", "code", mn_code_word(code), "text", why);
}

mn_code mn_api_faces_delete_batch(mn_api_call *call, mn_error *err)
{
    const mn_id *ids = NULL;
    size_t n = 0, done = 0;
    mn_code code = mn_field_ids(call, json_object_get(call->body, "faces"), &ids, &n, err);
    mn_code *codes = code == MN_OK ? mn_arena_calloc(call->arena, n + 1, sizeof *codes) : NULL;
    if (code == MN_OK && !codes)
        code = mn_fail(err, MN_E_MEMORY, "no memory to delete %zu faces", n);
    if (code == MN_OK)
        code = mn_core_faces_delete(call->core, call->actor, ids, n, codes, err);
    if (code != MN_OK)
        return code;
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++) {
        done += codes[i] == MN_OK;
        json_array_append_new(rows, mn_json_batch_row(&ids[i], codes[i], why_not(codes[i])));
    }
    return mn_api_answer(call, 200,
                         json_pack("{s:I, s:I, s:o}", "done", (json_int_t)done, "refused",
                                   (json_int_t)(n - done), "results", rows),
                         err);
}
