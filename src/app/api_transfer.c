/* /v1/people/export and import: people out and in, as the commands have them. */
#include "app/transfer.h"
#include "core/export.h"
#include "core/import_lines.h"
#include "exchange/lines.h"
#include "exchange/person.h"

#include <string.h>

/* ---- out: line by line as fast as the client reads; between two pieces a page of people is in memory ----
 */

typedef struct {
    mn_transfer transfer;
    mn_export what;
    mn_export_run *run;
    bool last; /* nobody is left */
} exporting;

static json_t *faces_json(const mn_export_person *p)
{
    json_t *faces = json_array();
    for (size_t i = 0; i < p->view->n_faces; i++)
        if (json_array_append_new(faces, mn_exchange_face_json(&p->view->faces[i], p->model, p->faces[i].v,
                                                               (size_t)p->dim, MN_EXCHANGE_NO_ROW, NULL)) !=
            0) {
            json_decref(faces);
            return NULL;
        }
    return faces;
}

static json_t *person_json(const mn_export_person *p)
{
    const mn_person_view *v = p->view;
    json_t *faces = faces_json(p);
    return faces
               ? mn_exchange_person_json(&v->person, v->lists, v->n_lists, v->consents, v->n_consents, faces)
               : NULL;
}

static mn_code next_person(exporting *e, mn_error *err)
{
    const mn_export_person *p = NULL;
    mn_code code = mn_core_export_next(e->run, &p, err);
    e->last = code == MN_OK && !p;
    return code == MN_OK && p ? mn_transfer_put(&e->transfer, person_json(p), err) : code;
}

static mn_code more_people(void *stream, mn_buf *out, bool *last, mn_error *err)
{
    exporting *e = stream;
    mn_code code = mn_transfer_check(&e->transfer, err);
    while (code == MN_OK && mn_transfer_give(&e->transfer, out) && !e->last)
        code = next_person(e, err);
    *last = e->last && mn_transfer_given(&e->transfer);
    if (code != MN_OK)
        mn_transfer_cut_off(&e->transfer, err);
    return code;
}

static void end_export(void *stream, bool complete)
{
    exporting *e = stream;
    (void)complete;
    mn_core_export_close(e->run);
    mn_transfer_end(&e->transfer);
}

static mn_code put_header(mn_api_call *call, exporting *e, mn_error *err)
{
    char model[MN_CORE_MODEL_NAME];
    int dim = 0;
    size_t n = 0;
    mn_list *lists = NULL;
    json_t *fields = NULL, *all = json_array();
    mn_code code = mn_core_model_of(call->core, model, &dim, err);
    if (code == MN_OK)
        code = mn_core_export_head(call->core, &e->transfer.actor, e->what.list, call->arena, &lists, &n,
                                   &fields, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (json_array_append_new(all, mn_exchange_list_json(&lists[i])) != 0)
            code = mn_fail(err, MN_E_MEMORY, "no memory for the header");
    if (code == MN_OK)
        return mn_transfer_put(&e->transfer,
                               mn_exchange_header_json(model, dim, NULL, all, json_incref(fields)), err);
    json_decref(all);
    return code;
}

static mn_code may_export(void *job, mn_error *err)
{
    const exporting *e = job;
    return mn_core_export_may(e->run, err);
}

mn_code mn_api_people_export(mn_api_call *call, mn_error *err)
{
    static const mn_http_stream_ops ops = {more_people, end_export};
    exporting *e = mn_arena_calloc(call->arena, 1, sizeof *e);
    mn_code code =
        e ? mn_transfer_begin(call, &e->transfer, err) : mn_fail(err, MN_E_MEMORY, "no memory for an export");
    if (code != MN_OK)
        return code;
    e->what = (mn_export){.list = mn_api_text(call, MN_P_PEOPLE_EXPORT_LIST),
                          .reason = mn_api_text(call, MN_P_PEOPLE_EXPORT_REASON),
                          .vectors = strcmp(mn_api_text(call, MN_P_PEOPLE_EXPORT_VECTORS), "line") == 0,
                          .cancel = call->request->cancel};
    e->transfer.job = e;
    e->transfer.may = may_export;
    code = mn_core_export_open(call->core, &e->transfer.actor, &e->what, &e->run, err);
    if (code == MN_OK)
        code = put_header(call, e, err);
    if (code != MN_OK) {
        end_export(e, false);
        return code;
    }
    mn_http_status(call->answer, 200);
    mn_http_body_stream(call->answer, "application/jsonl", MN_HTTP_TRANSFERS, &ops, e);
    return MN_OK;
}

/* ---- in: the lines are taken piece by piece, as they come, and people go in in batches ---- */

#define FAULTS_TOLD 100 /* faults that are told; all are counted */

typedef struct {
    mn_transfer transfer;
    mn_import *importer;
    mn_import_given given;
    mn_consent consent;
    bool dry_run;
    mn_line_pieces pieces;
    mn_import_lines *people;
    json_t *errors;
} importing;

static mn_code refuse_line(void *ctx, uint64_t line, const mn_error *why, mn_error *err)
{
    importing *m = ctx;
    if (json_array_size(m->errors) >= FAULTS_TOLD)
        return MN_OK;
    json_t *row = json_pack("{s:I, s:{s:s, s:s}}", "line", (json_int_t)line, "error", "code",
                            mn_code_word(why->code), "text", why->text);
    return json_array_append_new(m->errors, row) == 0 ? MN_OK
                                                      : mn_fail(err, MN_E_MEMORY, "no memory for an import");
}

static mn_code take_lines(importing *m, const char *bytes, size_t n, bool last, mn_error *err)
{
    size_t at = 0;
    mn_code code = MN_OK;
    while (code == MN_OK) {
        mn_error fault = {0};
        const mn_buf *line = &m->pieces.line;
        mn_code found = mn_line_pieces_next(&m->pieces, bytes, n, last, &at, &fault);
        if (found == MN_E_NOT_FOUND)
            return MN_OK;
        if (found == MN_E_LIMIT) {
            code = mn_import_lines_refuse(m->people, m->pieces.number, &fault, err);
        } else if (found != MN_OK) {
            *err = fault;
            return found;
        } else {
            code =
                mn_import_lines_take(m->people, m->pieces.number, (const char *)line->data, line->len, err);
        }
    }
    return code;
}

static mn_code answer_import(importing *m, mn_http_response *answer, mn_error *err)
{
    const mn_import_counts c = mn_import_lines_counts(m->people);
    json_t *body =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:O}", "lists_new", (json_int_t)c.new_lists,
                  "fields_new", (json_int_t)c.new_fields, "people_new", (json_int_t)c.new_people,
                  "people_known", (json_int_t)c.known_people, "faces_new", (json_int_t)c.new_faces,
                  "faces_known", (json_int_t)c.known_faces, "refused", (json_int_t)c.refused, "dry_run",
                  (int)m->dry_run, "errors", m->errors);
    mn_buf out;
    mn_buf_init(&out, (size_t)1 << 20);
    mn_code code =
        body ? mn_json_write(body, &out, err) : mn_fail(err, MN_E_MEMORY, "no memory for an answer");
    json_decref(body);
    if (code == MN_OK) {
        mn_http_status(answer, 200);
        mn_http_body_buf(answer, "application/json", &out);
    }
    mn_buf_finish(&out);
    return code;
}

static mn_code take_piece(void *user, const uint8_t *bytes, size_t n, bool last, mn_http_response *answer,
                          mn_error *err)
{
    importing *m = user;
    mn_code code = mn_transfer_check(&m->transfer, err);
    if (code == MN_OK)
        code = take_lines(m, (const char *)bytes, n, last, err);
    if (code == MN_OK && last)
        code = mn_import_lines_finish(m->people, err);
    return code == MN_OK && last ? answer_import(m, answer, err) : code;
}

static void end_import(void *user)
{
    importing *m = user;
    mn_import_lines_destroy(m->people);
    mn_core_import_close(m->importer);
    mn_line_pieces_finish(&m->pieces);
    json_decref(m->errors);
    mn_transfer_end(&m->transfer);
}

/* A consent that holds for all of them. */
static mn_code read_consent(const mn_api_call *call, importing *m, mn_error *err)
{
    const char *purpose = mn_api_text(call, MN_P_PEOPLE_IMPORT_CONSENT);
    mn_time now = mn_time_now();
    m->consent = (mn_consent){.method = mn_api_text(call, MN_P_PEOPLE_IMPORT_CONSENT_METHOD),
                              .evidence = mn_api_text(call, MN_P_PEOPLE_IMPORT_CONSENT_EVIDENCE),
                              .given = now,
                              .until = mn_api_time(call, MN_P_PEOPLE_IMPORT_CONSENT_UNTIL, MN_TIME_NEVER),
                              .withdrawn = MN_TIME_NEVER};
    if (!purpose && (m->consent.method || m->consent.evidence || m->consent.until != MN_TIME_NEVER))
        return mn_fail(err, MN_E_INVALID, "which consent? Say what it is for: consent");
    if (purpose && (!m->consent.method || !m->consent.evidence))
        return mn_fail(
            err, MN_E_INVALID,
            "a consent for all of them needs consent_method, how it was given, and consent_evidence, "
            "where the proof is");
    if (purpose)
        mn_purpose_parse(purpose, &m->consent.purpose);
    m->given.consent = purpose ? &m->consent : NULL;
    return MN_OK;
}

static mn_code open_import(mn_api_call *call, importing *m, mn_error *err)
{
    m->dry_run = mn_api_yes(call, MN_P_PEOPLE_IMPORT_DRY_RUN);
    m->errors = json_array();
    m->given.model = mn_api_text(call, MN_P_PEOPLE_IMPORT_MODEL);
    m->given.list = mn_api_text(call, MN_P_PEOPLE_IMPORT_LIST);
    m->given.batch = (size_t)mn_settings_int(call->settings, MN_S_ENROL_BATCH);
    m->given.refused = refuse_line;
    m->given.ctx = m;
    mn_line_pieces_init(&m->pieces, (size_t)mn_settings_int(call->settings, MN_S_IMPORT_MAX_LINE));
    mn_code code =
        m->errors ? read_consent(call, m, err) : mn_fail(err, MN_E_MEMORY, "no memory for an import");
    if (code == MN_OK)
        code = mn_core_import_open(call->core, &m->transfer.actor, m->dry_run, &m->importer, err);
    return code == MN_OK ? mn_import_lines_create(m->importer, &m->given, &m->people, err) : code;
}

static mn_code may_import(void *job, mn_error *err)
{
    const importing *m = job;
    return mn_core_import_may(m->importer, err);
}

mn_code mn_api_people_import(mn_api_call *call, mn_error *err)
{
    static const mn_http_body_ops ops = {take_piece, end_import};
    importing *m = mn_arena_calloc(call->arena, 1, sizeof *m);
    mn_code code =
        m ? mn_transfer_begin(call, &m->transfer, err) : mn_fail(err, MN_E_MEMORY, "no memory for an import");
    if (code != MN_OK)
        return code;
    m->transfer.job = m;
    m->transfer.may = may_import;
    code = open_import(call, m, err);
    if (code == MN_OK)
        mn_http_take_body(call->request, &ops, m);
    else
        end_import(m);
    return code;
}
