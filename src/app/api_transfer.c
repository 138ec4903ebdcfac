/* /v1/people/export: people out, as the command has them. */
#include "app/transfer.h"
#include "core/export.h"
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
