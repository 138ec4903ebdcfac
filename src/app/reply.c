/* Answers: JSON, CSV, states, and problem details. */
#include "app/internal.h"

#include "base/alloc.h"
#include "net/json.h"

#include <inttypes.h>
#include <string.h>

#define ANSWER_MAX  ((size_t)256 << 20)
#define FIRST       ((size_t)2048) /* of the buffer: enough for most answers */
#define SMALL       ((size_t)8192)
#define PROBLEM_MAX ((size_t)256 << 10)
#define JSON_TYPE   "application/json"

void mn_api_write(mn_json_out *o, mn_buf *room)
{
    uint8_t *at;
    mn_buf_init(room, ANSWER_MAX);
    *o = (mn_json_out){.out = room};
    o->code = mn_buf_reserve(room, FIRST, &at, NULL);
}

/* What is small goes into the arena: freeing on the I/O thread what a worker took from the heap makes them
 * wait for each other. */
static mn_code keep_small(const mn_api_call *call, mn_buf *body, mn_error *err)
{
    char *kept = mn_arena_alloc(call->arena, body->len + 1);
    if (!kept)
        return mn_fail(err, MN_E_MEMORY, "no memory for the answer");
    memcpy(kept, body->data, body->len + 1);
    mn_http_body(call->answer, JSON_TYPE, kept, body->len);
    mn_buf_finish(body);
    return MN_OK;
}

mn_code mn_api_written(mn_api_call *call, int status, mn_json_out *o, mn_error *err)
{
    if (o->code != MN_OK) {
        mn_buf_finish(o->out);
        return o->code == MN_E_CORRUPT
                   ? mn_fail(err, MN_E_CORRUPT, "the store has a text that is not UTF-8: put its backup back")
                   : mn_fail(err, MN_E_MEMORY, "no memory for the answer");
    }
    if (call->kept) {
        call->kept->status = status;
        call->kept->body = mn_arena_strdup(call->arena, (const char *)o->out->data);
    }
    mn_http_status(call->answer, status);
    if (o->out->len <= SMALL)
        return keep_small(call, o->out, err);
    mn_http_body_buf(call->answer, JSON_TYPE, o->out);
    return MN_OK;
}

mn_code mn_api_answer(mn_api_call *call, int status, json_t *body, mn_error *err)
{
    mn_buf room;
    mn_json_out o;
    mn_api_write(&o, &room);
    o.code = mn_json_write(body, &room, NULL);
    json_decref(body);
    return mn_api_written(call, status, &o, err);
}

static mn_code add_location(mn_api_call *call, const char *folder, const char *id, mn_error *err)
{
    const char *location = mn_arena_printf(call->arena, "%s/%s", folder, id);
    if (!location)
        return mn_fail(err, MN_E_MEMORY, "no memory for the answer");
    mn_http_header_add(call->answer, "Location", location);
    if (call->kept)
        call->kept->location = location;
    return MN_OK;
}

mn_code mn_api_created(mn_api_call *call, const char *folder, const char *id, json_t *body, mn_error *err)
{
    mn_code code = mn_api_answer(call, 201, body, err);
    return code == MN_OK ? add_location(call, folder, id, err) : code;
}

mn_code mn_api_created_written(mn_api_call *call, const char *folder, const char *id, mn_json_out *o,
                               mn_error *err)
{
    mn_code code = mn_api_written(call, 201, o, err);
    return code == MN_OK ? add_location(call, folder, id, err) : code;
}

mn_code mn_api_nothing(mn_api_call *call, mn_error *err)
{
    (void)err;
    if (call->kept)
        *call->kept = (mn_app_kept){.status = 204, .body = ""};
    mn_http_status(call->answer, 204);
    return MN_OK;
}

/* ---- states ---- */

void mn_api_etag(mn_api_call *call, mn_time updated)
{
    char text[32];
    snprintf(text, sizeof text, "\"%" PRIx64 "\"", (uint64_t)updated);
    mn_http_header_add(call->answer, "ETag", text);
    if (call->kept)
        call->kept->etag = mn_arena_strdup(call->arena, text);
}

mn_code mn_api_if_match(mn_api_call *call, int param, mn_time *room, const mn_time **out, mn_error *err)
{
    const char *text = mn_api_text(call, param);
    uint64_t updated;
    char end;
    *out = NULL;
    if (!text || strcmp(text, "*") == 0)
        return MN_OK;
    if (strncmp(text, "W/", 2) == 0)
        text += 2;
    if (sscanf(text, "\"%16" SCNx64 "\"%c", &updated, &end) != 1)
        return mn_fail(err, MN_E_PRECONDITION,
                       "If-Match is not an ETag that was given here: send the object's own");
    *room = (mn_time)updated;
    *out = room;
    return MN_OK;
}

/* ---- problems ---- */

void mn_api_problem_more(mn_api_call *call, json_t *more)
{
    mn_visit *visit = call->request->user;
    json_decref(visit->more);
    visit->more = more;
}

/* A place in the body is a JSON pointer; a parameter or header has a name. */
static const char *kind_of(const mn_fault *f)
{
    return f->named ? "field" : "pointer";
}

static json_t *fault_rows(const mn_faults *faults)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < faults->n; i++)
        json_array_append_new(rows, json_pack("{s:s, s:s}", kind_of(&faults->v[i]), faults->v[i].where,
                                              "detail", faults->v[i].what));
    return rows;
}

void mn_app_fail(const mn_http_request *r, mn_http_response *answer, json_t *more, const mn_faults *faults,
                 const mn_error *why)
{
    mn_problem p = mn_problem_of(why);
    if (!more && !(faults && faults->n > 0 && why->code == faults->v[0].code)) {
        mn_http_fail(answer, why); /* with Retry-After where that is for later */
        return;
    }
    mn_buf out;
    mn_buf_init(&out, PROBLEM_MAX);
    json_t *body = json_pack("{s:s, s:s, s:i, s:s, s:s*, s:s, s:s}", "type", "about:blank", "title",
                             mn_http_reason(p.status), "status", p.status, "code", p.code, "detail", p.detail,
                             "action", p.action, "request_id", r->id);
    if (body && faults && faults->n > 0) {
        json_object_set_new(body, kind_of(&faults->v[0]), json_string(faults->v[0].where));
        json_object_set_new(body, "errors", fault_rows(faults));
    }
    if (body && more)
        json_object_update(body, more);
    if (mn_json_write(body, &out, NULL) == MN_OK) {
        mn_http_status(answer, p.status);
        mn_http_body_buf(answer, MN_PROBLEM_TYPE, &out);
    } else {
        mn_buf_finish(&out);
        mn_http_problem(answer, &p);
    }
    json_decref(body);
}
