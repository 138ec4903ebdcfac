#include "app/pictures.h"

#include "app/api_schemas.h"
#include "app/internal.h"
#include "base/buf.h"
#include "base/log.h"
#include "core/attributes.h"
#include "face/choose.h"
#include "image/encode.h"
#include "net/accept.h"
#include "net/base64.h"
#include "net/json.h"
#include "net/multipart.h"

#include <math.h>
#include <string.h>

#define NAME_MAX_BYTES 200
#define PARTS_MAX      (MN_SHOWN_MAX + 4)
#define JSON_PART_MAX  ((size_t)64 << 10)
#define JSON_DEPTH_MAX 8
#define JSON_VALUES    2048

static size_t picture_max(const mn_api_call *call)
{
    return (size_t)mn_settings_int(call->settings, MN_S_IMAGE_MAX_BYTES);
}

static void drop_json(void *value)
{
    json_decref(value);
}

static void drop_buf(void *buf)
{
    mn_buf_finish(buf);
}

/* A name or address as answers and records have it: 200 bytes at most, cut between characters. */
static const char *fit_name(mn_api_call *call, const char *name)
{
    size_t n = name ? strlen(name) : 0;
    if (n <= NAME_MAX_BYTES)
        return name;
    for (n = NAME_MAX_BYTES; n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80; n--)
        continue;
    return mn_arena_printf(call->arena, "%.*s", (int)n, name);
}

/* ---- from JSON ---- */

static mn_code read_box(mn_api_call *call, const json_t *box, mn_shown *out, mn_error *err)
{
    if (!json_is_object(box))
        return MN_OK;
    mn_box *b = mn_arena_calloc(call->arena, 1, sizeof *b);
    if (!b)
        return mn_fail(err, MN_E_MEMORY, "no memory for a box");
    *b = (mn_box){(float)mn_field_number(box, "x", 0), (float)mn_field_number(box, "y", 0),
                  (float)mn_field_number(box, "width", 0), (float)mn_field_number(box, "height", 0)};
    out->box = b;
    return MN_OK;
}

/* A buffer that ends with the request. */
static mn_buf *make_buf(mn_api_call *call, size_t max)
{
    mn_buf *buf = mn_arena_calloc(call->arena, 1, sizeof *buf);
    if (!buf)
        return NULL;
    mn_buf_init(buf, max);
    return mn_arena_on_end(call->arena, drop_buf, buf) == 0 ? buf : NULL;
}

static bool is_callers_fault(mn_code code)
{
    int status = mn_code_http(code);
    return status >= 400 && status < 500;
}

/* What is fetched counts as what is sent: against server.bodies_max, and against what this request's body may
 * have. */
static bool has_room(void *ctx, size_t n)
{
    mn_api_call *call = ctx;
    mn_visit *visit = call->request->user;
    visit->fetched += n;
    return mn_http_count_bytes(call->request, n);
}

static void log_refused(void *ctx, const char *address)
{
    const mn_api_call *call = ctx;
    mn_log(MN_LOG_WARN, "app", "a picture's address leads to %s: it is not asked (request %s)", address,
           call->request->id);
}

static size_t left_to_fetch(const mn_api_call *call)
{
    const mn_visit *visit = call->request->user;
    size_t one = picture_max(call), all = mn_app_body_max(call->settings, call->route);
    size_t left = visit->fetched < all ? all - visit->fetched : 0;
    return left < one ? left : one;
}

static mn_code check_time(const mn_api_call *call, mn_error *err)
{
    if (mn_cancelled(call->request->cancel))
        return mn_fail(err, MN_E_CANCELLED, "the server is stopping");
    if (mn_deadline_passed(call->request->deadline))
        return mn_fail(err, MN_E_TIMEOUT, "the time for this request is over: send fewer pictures at once");
    return MN_OK;
}

/* fetch.max_ms, or what is left until the deadline. */
static int ms_to_fetch(const mn_api_call *call)
{
    int64_t most = mn_settings_int(call->settings, MN_S_FETCH_MAX_MS), left = most;
    if (call->request->deadline)
        left = (call->request->deadline - mn_monotonic_ns()) / 1000000 + 1;
    return (int)(left < 1 ? 1 : left < most ? left : most);
}

/* The other side's troubles are its picture's; those of this server, and the end of its time, are the call's.
 */
static mn_code settle_fetch(mn_shown *out, bool was_last, mn_error *err)
{
    mn_code code = out->code;
    if (code == MN_E_TIMEOUT && was_last)
        return mn_fail(err, MN_E_TIMEOUT, "the time for this request is over: send fewer pictures at once");
    if (code == MN_E_BUSY || code == MN_E_MEMORY || code == MN_E_CANCELLED) {
        if (err)
            *err = out->error;
        return code;
    }
    if (!is_callers_fault(code))
        out->code = out->error.code = MN_E_DECODE;
    return MN_OK;
}

static mn_code fetch(mn_api_call *call, const char *url, mn_shown *out, mn_error *err)
{
    char type[MN_DOWNLOAD_TYPE];
    mn_code code = check_time(call, err);
    if (code != MN_OK)
        return code;
    mn_buf *buf = make_buf(call, left_to_fetch(call));
    if (!buf)
        return mn_fail(err, MN_E_MEMORY, "no memory to fetch a picture");
    const mn_download what = {
        .url = url,
        .rules = call->app->download_rules,
        .total_ms = ms_to_fetch(call),
        .redirects = (unsigned)mn_settings_int(call->settings, MN_S_FETCH_REDIRECTS),
        .type = "image/*",
        .cancel = call->request->cancel,
        .room = has_room,
        .refused = log_refused,
        .ctx = call,
    };
    out->file = fit_name(call, url);
    out->code = mn_download_get(&what, buf, type, &out->error);
    if (out->code != MN_OK)
        return settle_fetch(out, what.total_ms < mn_settings_int(call->settings, MN_S_FETCH_MAX_MS), err);
    out->bytes = buf->data;
    out->n = buf->len;
    return MN_OK;
}

/* Of an enrolled face, or of an attribute: their ids name their samples. */
static mn_code read_sample(mn_api_call *call, const mn_id *id, bool *enrolled, mn_buf *out, mn_error *err)
{
    mn_temporary t;
    mn_error why = {0};
    mn_code code = mn_core_sample(call->core, call->actor, id, out, &why);
    *enrolled = code == MN_OK;
    if (code != MN_E_NOT_FOUND) {
        if (code != MN_OK && err)
            *err = why;
        return code;
    }
    code = mn_core_attribute(call->core, call->actor, MN_R_SAMPLES, MN_VERB_VIEW, id, call->arena, &t, err);
    if (code == MN_E_NOT_FOUND || (code == MN_OK && !t.sample.bytes)) {
        if (err)
            *err = why;
        return why.code;
    }
    return code == MN_OK ? mn_buf_append(out, t.sample.bytes, t.sample.n, err) : code;
}

mn_code mn_api_sample(mn_api_call *call, const mn_id *id, mn_buf *out, mn_error *err)
{
    bool enrolled;
    return read_sample(call, id, &enrolled, out, err);
}

/* field: that has the id */
mn_code mn_shown_of_sample(mn_api_call *call, const json_t *source, const char *field, mn_shown *out,
                           mn_error *err)
{
    mn_field_id(source, field, &out->face);
    mn_buf *buf = make_buf(call, picture_max(call));
    if (!buf)
        return mn_fail(err, MN_E_MEMORY, "no memory for a sample");
    mn_code code = read_sample(call, &out->face, &out->is_enrolled, buf, &out->error);
    if (code != MN_OK && is_callers_fault(code)) {
        out->code = code;
        return MN_OK;
    }
    if (code != MN_OK) {
        if (err)
            *err = out->error;
        return code;
    }
    out->is_sample = true;
    out->bytes = buf->data;
    out->n = buf->len;
    return MN_OK;
}

static mn_code decode_base64(mn_api_call *call, const json_t *source, mn_shown *out, mn_error *err)
{
    const json_t *data = json_object_get(source, "data");
    out->file = mn_field_text(source, "file");
    out->code = mn_base64_decode(json_string_value(data), json_string_length(data), picture_max(call),
                                 call->arena, &out->bytes, &out->n, &out->error);
    return out->code == MN_E_MEMORY ? mn_fail(err, MN_E_MEMORY, "no memory for a picture") : MN_OK;
}

mn_code mn_shown_of_source(mn_api_call *call, const json_t *source, mn_shown *out, mn_error *err)
{
    const char *type = mn_field_text(source, "type");
    mn_code code = read_box(call, json_object_get(source, "box"), out, err);
    if (code != MN_OK)
        return code;
    if (strcmp(type, "base64") == 0)
        return decode_base64(call, source, out, err);
    if (strcmp(type, "url") == 0)
        return fetch(call, mn_field_text(source, "url"), out, err);
    if (strcmp(type, "sample") == 0)
        return mn_shown_of_sample(call, source, "sample", out, err);
    out->reference = source;
    return MN_OK;
}

static mn_code from_json(mn_api_call *call, const char *name, mn_shown *all, size_t *n, mn_error *err)
{
    const json_t *sources = name ? json_object_get(call->body, name) : call->body;
    if (!json_is_array(sources)) {
        *n = 1;
        return mn_shown_of_source(call, sources, &all[0], err);
    }
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < json_array_size(sources) && i < MN_SHOWN_MAX; i++) {
        code = mn_shown_of_source(call, json_array_get(sources, i), &all[i], err);
        *n = i + 1;
    }
    return code;
}

/* ---- from a form ---- */

typedef struct {
    const char *fields; /* that it may have */
    json_t *boxes, *checks;
} form;

static mn_code part_json(mn_api_call *call, const mn_part *part, const mn_schema *schema, json_t **out,
                         mn_error *err)
{
    json_t *value = NULL;
    if (*out)
        return mn_fail(err, MN_E_INVALID, "part %.64s: it is there twice", part->name);
    const mn_json_limits limits = {.bytes = JSON_PART_MAX, .depth = JSON_DEPTH_MAX, .values = JSON_VALUES};
    mn_code code = mn_json_read((const char *)part->bytes, part->n, &limits, &value, err);
    if (code == MN_OK && mn_arena_on_end(call->arena, drop_json, value) != 0) {
        json_decref(value);
        code = mn_fail(err, MN_E_MEMORY, "no memory for a part");
    }
    if (code == MN_OK)
        code = mn_schema_check(schema, value, call->settings, NULL, err);
    if (code == MN_OK)
        *out = value;
    else
        mn_error_prefix(err, "part %s", part->name);
    return code;
}

static bool may_have(const form *f, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = f->fields; *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        if (len == n && memcmp(at, name, n) == 0)
            return true;
        at += len;
    }
    return false;
}

static mn_code take_part(mn_api_call *call, const mn_part *part, form *f, mn_shown *all, size_t *n,
                         mn_error *err)
{
    if (!may_have(f, part->name))
        return mn_fail(err, MN_E_INVALID, "part %.64s: there is no such field here, but: %s", part->name,
                       f->fields);
    if (strcmp(part->name, "box") == 0)
        return part_json(call, part, &schema_Box, &f->boxes, err);
    if (strcmp(part->name, "boxes") == 0)
        return part_json(call, part, &schema_Boxes, &f->boxes, err);
    if (strcmp(part->name, "checks") == 0)
        return part_json(call, part, &schema_CheckRanges, &f->checks, err);
    if (*n == (size_t)mn_settings_int(call->settings, MN_S_REQUEST_PICTURES))
        return mn_fail(err, MN_E_LIMIT, "the form has more than %zu pictures (setting request.pictures)", *n);
    all[*n].file = fit_name(call, part->file_name);
    all[*n].part = part->name;
    all[*n].bytes = part->bytes;
    all[*n].n = part->n;
    ++*n;
    return MN_OK;
}

static mn_code spread_boxes(mn_api_call *call, const json_t *boxes, mn_shown *all, size_t n, mn_error *err)
{
    mn_code code = MN_OK;
    if (json_is_object(boxes))
        return read_box(call, boxes, &all[0], err);
    if (json_array_size(boxes) > n)
        return mn_fail(err, MN_E_INVALID, "part boxes: there are %zu boxes for %zu pictures",
                       json_array_size(boxes), n);
    for (size_t i = 0; code == MN_OK && i < json_array_size(boxes); i++)
        code = read_box(call, json_array_get(boxes, i), &all[i], err);
    return code;
}

static mn_code from_form(mn_api_call *call, form *f, mn_shown *all, size_t *n, mn_error *err)
{
    mn_media_type type;
    const mn_part *parts = NULL;
    size_t n_parts = 0;
    const mn_http_request *r = call->request;
    const mn_multipart_limits limits = {.parts = PARTS_MAX, .part_bytes = picture_max(call), .form = true};
    mn_code code = mn_media_type_parse(mn_http_header_value(r, "Content-Type"), &type, err);
    const char *boundary = code == MN_OK ? mn_media_type_parameter(&type, "boundary") : NULL;
    if (code == MN_OK && !boundary)
        code = mn_fail(err, MN_E_INVALID, "Content-Type has no boundary: most clients set it by themselves");
    if (code == MN_OK)
        code =
            mn_multipart_parse(boundary, r->body, r->body_len, &limits, call->arena, &parts, &n_parts, err);
    for (size_t i = 0; code == MN_OK && i < n_parts; i++)
        code = take_part(call, &parts[i], f, all, n, err);
    if (code == MN_OK && *n == 0)
        code = mn_fail(err, MN_E_INVALID, "there is no picture in the form: send it in the field %.*s",
                       (int)strcspn(f->fields, " "), f->fields);
    return code == MN_OK && f->boxes ? spread_boxes(call, f->boxes, all, *n, err) : code;
}

mn_code mn_shown_read(mn_api_call *call, const char *json_name, const char *fields, json_t **checks,
                      mn_shown **out, size_t *n, mn_error *err)
{
    form f = {.fields = fields};
    mn_shown *all = mn_arena_calloc(call->arena, MN_SHOWN_MAX, sizeof *all);
    size_t count = 0;
    if (!all)
        return mn_fail(err, MN_E_MEMORY, "no memory for the pictures");
    mn_code code = MN_OK;
    if (strcmp(call->media, "application/json") == 0)
        code = from_json(call, json_name, all, &count, err);
    else if (strcmp(call->media, "multipart/form-data") == 0)
        code = from_form(call, &f, all, &count, err);
    else
        all[count++] = (mn_shown){.bytes = call->request->body, .n = call->request->body_len};
    if (code != MN_OK)
        return code;
    if (checks)
        *checks = f.checks;
    *out = all;
    *n = count;
    return MN_OK;
}

/* ---- to faces ---- */

/* A failure of the machine ends the request; one of the picture is the picture's. */
static mn_code settle(mn_shown *p, mn_code code, mn_error *err)
{
    if (code == MN_OK || !is_callers_fault(code) || code == MN_E_CANCELLED) {
        if (code != MN_OK && err)
            *err = p->error;
        return code;
    }
    p->code = code;
    return MN_OK;
}

static mn_code run_networks(mn_api_call *call, mn_shown *p, unsigned want)
{
    mn_face *one = p->is_sample ? mn_arena_calloc(call->arena, 1, sizeof *one) : NULL;
    if (p->is_sample && !one)
        return mn_fail(&p->error, MN_E_MEMORY, "no memory for a face");
    if (!p->is_sample && !p->box)
        return mn_pipeline_run(call->pipeline, p->image, want, call->arena, &p->faces, &p->n_faces,
                               &p->error);
    mn_code code =
        p->is_sample
            ? mn_pipeline_run_sample(call->pipeline, p->image, want, call->arena, one, &p->error)
            : mn_pipeline_run_boxes(call->pipeline, p->image, p->box, 1, want, call->arena, &one, &p->error);
    if (code == MN_OK) {
        p->faces = one;
        p->n_faces = 1;
    }
    return code;
}

typedef struct {
    unsigned want;
    mn_decode_limits limits;
    mn_shown_with *with;
    void *ctx;
} looking;

static uint64_t bytes_of(const mn_image *image)
{
    return mn_image_stride(image) * (uint64_t)mn_image_height(image);
}

/* Inside the gate, with `taken` bytes there; fewer when this is over. */
static mn_code work_on(mn_api_call *call, mn_shown *p, const looking *l, uint64_t *taken)
{
    mn_image *image = NULL;
    mn_code code = mn_image_decode(p->bytes, p->n, &l->limits, &image, &p->error);
    if (code != MN_OK)
        return code;
    if (bytes_of(image) < *taken) {
        mn_gate_give_back(call->app->gate, *taken - bytes_of(image));
        *taken = bytes_of(image);
    }
    p->image = image;
    p->width = mn_image_scale(image) * (float)mn_image_width(image);
    p->height = mn_image_scale(image) * (float)mn_image_height(image);
    code = run_networks(call, p, l->want);
    if (code == MN_OK && l->with)
        l->with(call, p, l->ctx);
    p->image = NULL;
    mn_image_unref(image);
    return code;
}

static mn_code enter_and_work(mn_api_call *call, mn_shown *p, const looking *l)
{
    mn_image_info info;
    const mn_http_request *r = call->request;
    mn_code code = mn_image_probe(p->bytes, p->n, &l->limits, &info, &p->error);
    if (code == MN_OK)
        code = mn_gate_enter(call->app->gate, info.memory, r->deadline, r->cancel, &p->error);
    if (code != MN_OK)
        return code;
    uint64_t taken = info.memory;
    p->format = info.format;
    code = work_on(call, p, l, &taken);
    mn_gate_leave(call->app->gate, taken);
    return code;
}

mn_code mn_shown_look(mn_api_call *call, mn_shown *p, unsigned want, int wanted_side, mn_shown_with *with,
                      void *ctx, mn_error *err)
{
    looking l = {want, mn_decode_limits_read(call->settings), with, ctx};
    l.limits.wanted_side = wanted_side;
    if (p->code != MN_OK || p->reference || p->width > 0)
        return MN_OK;
    mn_code code = check_time(call, err);
    if (code != MN_OK)
        return code;
    return settle(p, enter_and_work(call, p, &l), err);
}

void mn_shown_choose(mn_shown *p, const char *which)
{
    const mn_face *face = NULL;
    if (p->code != MN_OK || p->reference || strcmp(which, "all") == 0)
        return;
    p->code = mn_face_choose(p->faces, p->n_faces, p->width, p->height, which, &face, &p->error);
    if (p->code != MN_OK)
        return;
    p->faces += face - p->faces;
    p->n_faces = 1;
}

/* ---- sides of a comparison ---- */

mn_code mn_api_read_descriptor(mn_api_call *call, const json_t *source, mn_descriptor *out, mn_error *err)
{
    const json_t *values = json_object_get(source, "values");
    const mn_model_info *model = mn_pipeline_descriptor_model(call->pipeline);
    const char *name = model->made_from ? model->made_from : model->name,
               *sent = mn_field_text(source, "model");
    if (strcmp(sent, name) != 0 && strcmp(sent, model->name) != 0)
        return mn_fail(err, MN_E_PACK,
                       "descriptors of %.64s do not compare with those of %s, which are used here", sent,
                       name);
    float *v = mn_arena_calloc(call->arena, (size_t)model->dim, sizeof *v);
    if (!v)
        return mn_fail(err, MN_E_MEMORY, "no memory for a descriptor");
    if ((int)json_array_size(values) != model->dim)
        return mn_fail(err, MN_E_INVALID, "a descriptor of %s has %d values, not %zu", name, model->dim,
                       json_array_size(values));
    double square = 0;
    for (int i = 0; i < model->dim; i++) {
        v[i] = (float)json_number_value(json_array_get(values, (size_t)i));
        square += (double)v[i] * (double)v[i];
    }
    if (model->metric == MN_METRIC_COSINE && !(square > 0.98 && square < 1.02))
        return mn_fail(err, MN_E_INVALID, "a descriptor of %s has length 1, this one %.3g: normalise it",
                       name, sqrt(square));
    *out = (mn_descriptor){.dim = model->dim, .model = name, .metric = model->metric, .v = v};
    return MN_OK;
}

static mn_code side_of_descriptor(mn_api_call *call, const mn_descriptor *d, mn_side *out, mn_error *err)
{
    mn_descriptor *kept = mn_arena_calloc(call->arena, 1, sizeof *kept);
    if (!kept)
        return mn_fail(err, MN_E_MEMORY, "no memory for a descriptor");
    *kept = *d;
    *out = (mn_side){.kind = MN_SIDE_DESCRIPTOR, .descriptor = kept};
    return MN_OK;
}

static mn_code side_of_reference(mn_api_call *call, const json_t *source, mn_side *out, mn_error *err)
{
    const char *type = mn_field_text(source, "type");
    mn_descriptor d;
    mn_temporary t = {0};
    mn_id id = {{0}};
    mn_code code = MN_OK;
    mn_field_id(source, type, &id); /* {"type": "face", "face": id} */
    if (strcmp(type, "face") == 0)
        *out = (mn_side){.kind = MN_SIDE_FACE, .id = id};
    else if (strcmp(type, "person") == 0)
        *out = (mn_side){.kind = MN_SIDE_PERSON, .id = id};
    else if (strcmp(type, "attribute") == 0) {
        code =
            mn_core_attribute(call->core, call->actor, MN_R_ACTIONS, MN_VERB_VIEW, &id, call->arena, &t, err);
        d = t.descriptor;
    } else
        code = mn_api_read_descriptor(call, source, &d, err);
    bool made = strcmp(type, "face") != 0 && strcmp(type, "person") != 0;
    return code == MN_OK && made ? side_of_descriptor(call, &d, out, err) : code;
}

mn_code mn_shown_side(mn_api_call *call, mn_shown *p, const char *which, mn_side *out, mn_error *err)
{
    if (p->reference)
        return side_of_reference(call, p->reference, out, err);
    if (p->is_enrolled) {
        *out = (mn_side){.kind = MN_SIDE_FACE, .id = p->face};
        return MN_OK;
    }
    mn_code code = mn_shown_look(call, p, MN_WANT_DESCRIPTOR, MN_SIDE_ONE_FACE, NULL, NULL, err);
    if (code != MN_OK)
        return code;
    mn_shown_choose(p, which);
    if (p->code != MN_OK) {
        if (err)
            *err = p->error;
        return p->code;
    }
    return side_of_descriptor(call, &p->faces[0].descriptor, out, err);
}

/* ---- what is kept of faces ---- */

#define SAMPLE_QUALITY 92
#define SAMPLE_MAX     ((size_t)4 << 20)

double mn_api_min_quality(const mn_api_call *call, int param)
{
    return mn_api_given(call, param) ? mn_api_number(call, param)
                                     : mn_settings_real(call->settings, MN_S_FACE_MIN_QUALITY);
}

mn_code mn_api_encode_sample(mn_api_call *call, const mn_face *face, mn_picture_file *out, mn_error *err)
{
    if (!face->sample) {
        *out = (mn_picture_file){0};
        return MN_OK;
    }
    mn_buf *buf = make_buf(call, SAMPLE_MAX);
    if (!buf)
        return mn_fail(err, MN_E_MEMORY, "no memory for a sample");
    mn_code code = mn_image_encode(face->sample, MN_FORMAT_JPEG, SAMPLE_QUALITY, buf, err);
    if (code == MN_OK)
        *out = (mn_picture_file){buf->data, buf->len, "image/jpeg"};
    return code;
}

const char *mn_api_media_type(mn_image_format format)
{
    static const char *const types[] = {
        [MN_FORMAT_UNKNOWN] = "application/octet-stream",
        [MN_FORMAT_JPEG] = "image/jpeg",
        [MN_FORMAT_PNG] = "image/png",
        [MN_FORMAT_WEBP] = "image/webp",
        [MN_FORMAT_BMP] = "image/bmp",
        [MN_FORMAT_PNM] = "image/x-portable-pixmap",
        [MN_FORMAT_TIFF] = "image/tiff",
        [MN_FORMAT_JP2] = "image/jp2",
    };
    return types[format];
}

/* ---- in answers ---- */

json_t *mn_error_json(mn_code code, const char *text)
{
    return json_pack("{s:s, s:s}", "code", mn_code_word(code), "text", text);
}

json_t *mn_shown_json(const mn_shown *p)
{
    json_t *o = json_pack("{s:s?}", "file", p->file);
    if (o && p->code != MN_OK)
        json_object_set_new(o, "error", mn_error_json(p->code, p->error.text));
    if (o && p->width > 0) {
        json_object_set_new(o, "width", json_integer((json_int_t)p->width));
        json_object_set_new(o, "height", json_integer((json_int_t)p->height));
    }
    return o;
}

mn_code mn_shown_all_failed(const mn_shown *p, size_t n, mn_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (p[i].code == MN_OK)
            return MN_OK;
    if (err)
        *err = p[0].error;
    return p[0].code;
}
