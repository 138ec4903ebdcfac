/* The records of a round. */
#include "core/import_parts.h"

#include <math.h>
#include <string.h>

#define WRAPPED_MAX 512

mn_code mn_import_make_rows(mn_import_batch *b, const mn_import_plan *plans, size_t n, mn_error *err)
{
    mn_rows room = {.n_people = n};
    for (size_t i = 0; i < n; i++) {
        room.n_consents += plans[i].p->n_consents;
        room.n_members += plans[i].p->n_lists;
        room.n_faces += plans[i].p->n_faces;
    }
    return mn_rows_make(&b->rows, &room, b->arena, err);
}

mn_code mn_import_put_rows(mn_import_batch *b, mn_error *err)
{
    if (b->rows.n_faces > 0)
        b->face = b->rows.faces[0].id;
    return mn_rows_put(b->c, &b->rows, err);
}

/* ---- faces ---- */

static mn_code copy_out(const mn_buf *from, mn_arena *a, const uint8_t **bytes, size_t *n, mn_error *err)
{
    uint8_t *copy = mn_arena_alloc(a, from->len + 1);
    if (!copy)
        return mn_import_no_memory(err);
    memcpy(copy, from->data, from->len);
    *bytes = copy;
    *n = from->len;
    return MN_OK;
}

static mn_code make_key(mn_import_batch *b, mn_import_plan *plan, mn_key **key, mn_error *err)
{
    const mn_id *person = &plan->record.id;
    mn_key_record *out = &b->rows.keys[b->rows.n_keys];
    mn_buf wrapped;
    if (b->i->has_samples)
        return mn_import_settle(b, plan, key, err);
    mn_code code = plan->is_new ? MN_E_NOT_FOUND : mn_core_person_key(b->c, person, b->arena, key, err);
    if (code != MN_E_NOT_FOUND)
        return code;
    mn_buf_init(&wrapped, WRAPPED_MAX);
    out->person = *person;
    code = mn_key_make(b->c->master, person->bytes, sizeof person->bytes, key, &wrapped, err);
    if (code == MN_OK)
        code = copy_out(&wrapped, b->arena, &out->wrapped, &out->n, err);
    mn_buf_finish(&wrapped);
    b->rows.n_keys += code == MN_OK;
    return code;
}

/* The unit vector, or the numbers as they are; little-endian machines alone are built for. */
static mn_code seal_vector(mn_import_batch *b, const mn_key *key, const mn_import_new_face *f,
                           mn_descriptor_record *out, mn_error *err)
{
    float v[MN_DESCRIPTOR_MAX];
    size_t n = (size_t)f->face->dim; /* the model's */
    double sum = 0;
    mn_buf sealed;
    for (size_t i = 0; i < n; i++)
        sum += (double)f->face->v[i] * (double)f->face->v[i];
    double length = b->c->model->metric == MN_METRIC_COSINE ? sqrt(sum) : 1;
    for (size_t i = 0; i < n; i++)
        v[i] = (float)((double)f->face->v[i] / length);
    mn_buf_init(&sealed, sizeof v + 256);
    *out = (mn_descriptor_record){.face = f->id, .model = b->c->model_name, .dim = f->face->dim};
    mn_code code = mn_core_seal_descriptor(b->c, key, &f->id, v, &sealed, err);
    if (code == MN_OK)
        code = copy_out(&sealed, b->arena, &out->sealed, &out->sealed_len, err);
    mn_buf_finish(&sealed);
    return code;
}

static mn_code fill_face(mn_import_batch *b, const mn_import_plan *plan, const mn_key *key,
                         const mn_import_new_face *f, mn_error *err)
{
    mn_rows *r = &b->rows;
    mn_face_record *face = &r->faces[r->n_faces];
    *face = (mn_face_record){.id = f->id,
                             .person = plan->record.id,
                             .source = f->face->source,
                             .source_hash = f->hash,
                             .quality = f->face->quality,
                             .created = f->face->created == MN_TIME_NEVER ? b->now : f->face->created};
    mn_code code = seal_vector(b, key, f, &r->descriptors[r->n_faces], err);
    if (code == MN_OK)
        mn_import_take_sample(b, plan, f, face);
    r->n_faces += code == MN_OK;
    return code;
}

static mn_code fill_faces(mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    mn_key *key = NULL;
    mn_code code = plan->n_faces > 0 ? make_key(b, plan, &key, err) : MN_OK;
    for (size_t i = 0; code == MN_OK && i < plan->n_faces; i++)
        code = fill_face(b, plan, key, &plan->faces[i], err);
    mn_key_close(key);
    return code;
}

/* ---- lists and consents ---- */

static mn_code put_lists(mn_import_batch *b, const mn_import_plan *plan, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < plan->p->n_lists; i++) {
        if (!plan->list_is_new[i])
            continue;
        code = b->c->store->ops->list_put(b->c->store, &plan->lists[i], err);
        if (code == MN_OK)
            code = mn_import_note_list(b, plan->p->lists[i].name, &plan->lists[i], err);
    }
    return code;
}

static void fill_members(mn_import_batch *b, const mn_import_plan *plan)
{
    mn_rows *r = &b->rows;
    for (size_t i = 0; i < plan->p->n_lists; i++) {
        const mn_id *list = &plan->lists[i].id;
        bool known = false;
        for (size_t j = 0; j < plan->there.n_lists; j++)
            known = known || mn_id_compare(&plan->there.lists[j].id, list) == 0;
        for (size_t j = 0; j < i; j++)
            known = known || mn_id_compare(&plan->lists[j].id, list) == 0;
        if (!known)
            r->members[r->n_members++] = (mn_member_record){*list, plan->record.id, b->now};
    }
}

/* Who is to be erased and agreed again is not. */
static mn_code fill_consents(mn_import_batch *b, const mn_import_plan *plan, mn_error *err)
{
    bool agreed = false;
    for (size_t i = 0; i < plan->n_consents; i++) {
        b->rows.consents[b->rows.n_consents++] = plan->consents[i];
        agreed = agreed || plan->consents[i].withdrawn == MN_TIME_NEVER;
    }
    return agreed && plan->there.erasure_due != MN_TIME_NEVER && !plan->is_new
               ? mn_core_undo_erasure(b->c, b->i->who, &plan->record.id, b->arena, err)
               : MN_OK;
}

/* ---- a person ---- */

static mn_code fill_audit(mn_import_batch *b, const mn_import_plan *plan, mn_error *err)
{
    mn_rows *r = &b->rows;
    json_t *lists = json_array();
    for (size_t i = 0; i < plan->p->n_lists; i++)
        json_array_append_new(lists, json_string(plan->lists[i].name));
    mn_code code =
        mn_core_make_record(b->i->who, "person.import", &plan->record.id,
                            json_pack("{s:o, s:b, s:I, s:I, s:I}", "lists", lists, "new", (int)plan->is_new,
                                      "faces", (json_int_t)plan->n_faces, "faces_known",
                                      (json_int_t)plan->n_known, "consents", (json_int_t)plan->n_consents),
                            b->now, b->arena, &r->audit[r->n_audit], err);
    r->n_audit += code == MN_OK;
    return code;
}

mn_code mn_import_fill(mn_import_batch *b, mn_import_plan *plan, mn_error *err)
{
    mn_rows *r = &b->rows;
    if (plan->is_new)
        r->people[r->n_people++] = plan->record;
    mn_code code = put_lists(b, plan, err);
    if (code == MN_OK)
        code = fill_consents(b, plan, err);
    if (code == MN_OK)
        fill_members(b, plan);
    if (code == MN_OK)
        code = fill_faces(b, plan, err);
    if (code == MN_OK)
        code = fill_audit(b, plan, err);
    if (code != MN_OK)
        return code;
    plan->p->person = plan->record.id;
    plan->p->is_new = plan->is_new;
    plan->p->faces_new = plan->n_faces;
    plan->p->faces_known = plan->n_known;
    return MN_OK;
}
