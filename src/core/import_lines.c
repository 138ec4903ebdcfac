#include "core/import_lines.h"

#include "base/alloc.h"
#include "exchange/person.h"

#include <inttypes.h>
#include <stdio.h>

#define BATCH_BYTES ((size_t)32 << 20)  /* of lines, vectors and samples; then a batch is full, too */
#define ARENA_MAX   ((size_t)512 << 20) /* one person with all that a line may name */

struct mn_import_lines {
    mn_import *importer;
    const mn_import_given *given;
    const char *model;
    char header_model[256];
    mn_import_counts counts;

    mn_arena *arena; /* of a batch */
    mn_import_person *people;
    uint64_t *numbers; /* of their lines */
    size_t n;
};

static mn_code out_of_memory(mn_error *err)
{
    return mn_fail(err, MN_E_MEMORY, "no memory for the records of a batch");
}

mn_code mn_import_lines_refuse(mn_import_lines *l, uint64_t number, const mn_error *why, mn_error *err)
{
    l->counts.refused++;
    return l->given->refused(l->given->ctx, number, why, err);
}

/* ---- a line into a person ---- */

static mn_code read_vector(mn_import_lines *l, const mn_exchange_face *f, mn_import_face *out, mn_error *err)
{
    const mn_import_beside *beside = l->given->beside;
    if (f->vector || !f->with_row) {
        out->v = f->vector;
        out->dim = (int)f->n_vector;
        return MN_OK;
    }
    if (!beside)
        return mn_fail(err, MN_E_INVALID, "\"row\" is of a file beside: give \"vector\" here");
    return beside->vector(l->given->ctx, f->row, l->arena, &out->v, &out->dim, err);
}

static mn_code read_sample(mn_import_lines *l, const char *name, mn_import_face *out, mn_error *err)
{
    const mn_import_beside *beside = l->given->beside;
    if (!name)
        return MN_OK;
    if (!beside)
        return mn_fail(err, MN_E_INVALID, "\"sample\" is a file beside: leave it out here");
    return beside->sample(l->given->ctx, name, l->arena, &out->jpeg, &out->n, err);
}

static mn_code take_faces(mn_import_lines *l, const mn_exchange_person *p, mn_import_person *out,
                          mn_error *err)
{
    mn_code code = MN_OK;
    mn_import_face *faces = mn_arena_calloc(l->arena, p->n_faces + 1, sizeof *faces);
    if (!faces)
        return out_of_memory(err);
    for (size_t i = 0; code == MN_OK && i < p->n_faces; i++) {
        const mn_exchange_face *f = &p->faces[i];
        faces[i] = (mn_import_face){.id = f->id,
                                    .source = f->source,
                                    .quality = f->quality,
                                    .created = f->created,
                                    .model = f->model ? f->model : l->model};
        code = read_vector(l, f, &faces[i], err);
        if (code == MN_OK)
            code = read_sample(l, f->sample, &faces[i], err);
        if (code != MN_OK)
            mn_error_prefix(err, "face %zu", i + 1);
    }
    out->faces = faces;
    out->n_faces = p->n_faces;
    return code;
}

static mn_code take_consents(mn_import_lines *l, const mn_exchange_person *p, mn_import_person *out,
                             mn_error *err)
{
    mn_consent *all = mn_arena_calloc(l->arena, p->n_consents + 1, sizeof *all);
    if (!all)
        return out_of_memory(err);
    for (size_t i = 0; i < p->n_consents; i++)
        all[out->n_consents++] = p->consents[i];
    if (l->given->consent)
        all[out->n_consents++] = *l->given->consent;
    out->said_of_all = l->given->consent != NULL;
    out->consents = all;
    return MN_OK;
}

static mn_code take_lists(mn_import_lines *l, const mn_exchange_person *p, mn_import_person *out,
                          mn_error *err)
{
    const mn_consent *consent = l->given->consent;
    mn_import_list *all = mn_arena_calloc(l->arena, p->n_lists + 1, sizeof *all);
    if (!all)
        return out_of_memory(err);
    for (size_t i = 0; i < p->n_lists; i++)
        all[out->n_lists++] = (mn_import_list){.name = p->lists[i].name,
                                               .with_purpose = p->lists[i].with_purpose,
                                               .purpose = p->lists[i].purpose};
    if (l->given->list)
        all[out->n_lists++] = (mn_import_list){.name = l->given->list,
                                               .with_purpose = consent != NULL,
                                               .purpose = consent ? consent->purpose : (mn_purpose)0};
    out->lists = all;
    return MN_OK;
}

static mn_code take_person(mn_import_lines *l, uint64_t number, const mn_exchange_person *p, mn_error *err)
{
    mn_import_person out = {.id = p->person.id,
                            .external_id = p->person.external_id,
                            .name = p->person.name,
                            .user_data = p->person.user_data,
                            .active = p->person.active,
                            .created = p->person.created,
                            .custom = p->person.custom,
                            .avatar = p->person.avatar};
    mn_code code = take_lists(l, p, &out, err);
    if (code == MN_OK)
        code = take_consents(l, p, &out, err);
    if (code == MN_OK)
        code = take_faces(l, p, &out, err);
    if (code != MN_OK)
        return code;
    l->numbers[l->n] = number;
    l->people[l->n++] = out;
    return MN_OK;
}

/* ---- the header ---- */

/* What is wrong with one of them is told, and the others are taken. */
static mn_code judge(mn_import_lines *l, uint64_t number, mn_code code, const mn_error *fault, mn_error *err)
{
    if (code == MN_OK)
        return MN_OK;
    if (mn_code_http(code) < 500)
        return mn_import_lines_refuse(l, number, fault, err);
    *err = *fault;
    return code;
}

static mn_code take_tables(mn_import_lines *l, uint64_t number, const mn_exchange_header *h, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < h->n_fields; i++) {
        mn_error fault = {0};
        bool made = false;
        code = mn_core_import_field(l->importer, h->fields[i], &made, &fault);
        l->counts.new_fields += made;
        code = judge(l, number, code, &fault, err);
    }
    for (size_t i = 0; code == MN_OK && i < h->n_lists; i++) {
        mn_error fault = {0};
        bool made = false;
        code = mn_core_import_list(l->importer, &h->lists[i], &made, &fault);
        l->counts.new_lists += made;
        code = judge(l, number, code, &fault, err);
    }
    return code;
}

static mn_code take_header(mn_import_lines *l, uint64_t number, const mn_exchange_header *h, mn_error *err)
{
    mn_code code = MN_OK;
    if (number != 1)
        return mn_fail(err, MN_E_INVALID, "a header may stand in the first line only");
    if (h->model && !l->model) {
        snprintf(l->header_model, sizeof l->header_model, "%s", h->model);
        l->model = l->header_model;
    }
    if (h->vectors)
        code = l->given->beside ? l->given->beside->open_vectors(l->given->ctx, h->vectors, err)
                                : mn_fail(err, MN_E_INVALID, "\"vectors\" is a file beside: none comes here");
    return code == MN_OK ? take_tables(l, number, h, err) : code;
}

/* ---- batches ---- */

mn_code mn_import_lines_finish(mn_import_lines *l, mn_error *err)
{
    mn_code code = l->n ? mn_core_import_people(l->importer, l->people, l->n, err) : MN_OK;
    for (size_t i = 0; code == MN_OK && i < l->n; i++) {
        const mn_import_person *p = &l->people[i];
        if (p->code != MN_OK) {
            code = mn_import_lines_refuse(l, l->numbers[i], &p->error, err);
            continue;
        }
        l->counts.new_people += p->is_new;
        l->counts.known_people += !p->is_new;
        l->counts.new_faces += p->faces_new;
        l->counts.known_faces += p->faces_known;
    }
    if (l->given->settled)
        l->given->settled(l->given->ctx, &l->counts);
    l->n = 0;
    mn_arena_reset(l->arena);
    return code;
}

mn_code mn_import_lines_take(mn_import_lines *l, uint64_t number, const char *text, size_t n, mn_error *err)
{
    mn_error fault = {0};
    mn_exchange_line line;
    mn_code code = mn_exchange_parse(text, n, l->arena, &line, &fault);
    if (code == MN_OK && line.is_header) {
        code = take_header(l, number, &line.header, err);
        return code == MN_OK ? MN_OK : mn_error_prefix(err, "line %" PRIu64, number);
    }
    if (code == MN_OK)
        code = take_person(l, number, &line.person, &fault);
    if (code == MN_E_MEMORY) {
        *err = fault;
        return code;
    }
    if (code != MN_OK)
        code = mn_import_lines_refuse(l, number, &fault, err);
    if (code == MN_OK && (l->n == l->given->batch || mn_arena_used(l->arena) > BATCH_BYTES))
        code = mn_import_lines_finish(l, err);
    return code;
}

/* ---- life ---- */

mn_code mn_import_lines_create(mn_import *importer, const mn_import_given *given, mn_import_lines **out,
                               mn_error *err)
{
    mn_import_lines *l = mn_calloc(1, sizeof *l);
    if (!l)
        return out_of_memory(err);
    *l = (mn_import_lines){.importer = importer,
                           .given = given,
                           .model = given->model,
                           .arena = mn_arena_create(ARENA_MAX),
                           .people = mn_calloc(given->batch, sizeof *l->people),
                           .numbers = mn_calloc(given->batch, sizeof *l->numbers)};
    if (!l->arena || !l->people || !l->numbers) {
        mn_import_lines_destroy(l);
        return out_of_memory(err);
    }
    *out = l;
    return MN_OK;
}

void mn_import_lines_destroy(mn_import_lines *l)
{
    if (!l)
        return;
    mn_arena_destroy(l->arena);
    mn_free(l->people);
    mn_free(l->numbers);
    mn_free(l);
}

mn_import_counts mn_import_lines_counts(const mn_import_lines *l)
{
    return l->counts;
}
