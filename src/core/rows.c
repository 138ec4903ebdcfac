/* The records of one call of the store, while they are made. */
#include "core/enrolment.h"

mn_code mn_rows_make(mn_rows *r, const mn_rows *room, mn_arena *a, mn_error *err)
{
    *r = (mn_rows){0};
    r->people = mn_arena_calloc(a, room->n_people + 1, sizeof *r->people);
    r->keys = mn_arena_calloc(a, room->n_people + 1, sizeof *r->keys);
    r->consents = mn_arena_calloc(a, room->n_consents + 1, sizeof *r->consents);
    r->members = mn_arena_calloc(a, room->n_members + 1, sizeof *r->members);
    r->faces = mn_arena_calloc(a, room->n_faces + 1, sizeof *r->faces);
    r->descriptors = mn_arena_calloc(a, room->n_faces + 1, sizeof *r->descriptors);
    r->audit = mn_arena_calloc(a, room->n_people + 1, sizeof *r->audit);
    if (r->people && r->keys && r->consents && r->members && r->faces && r->descriptors && r->audit)
        return MN_OK;
    return mn_fail(err, MN_E_MEMORY, "no memory for the records of %zu people", room->n_people);
}

mn_code mn_rows_put(mn_core *c, const mn_rows *r, mn_error *err)
{
    const mn_records all = {.people = r->people,
                            .keys = r->keys,
                            .consents = r->consents,
                            .members = r->members,
                            .faces = r->faces,
                            .descriptors = r->descriptors,
                            .audit = r->audit,
                            .n_people = r->n_people,
                            .n_keys = r->n_keys,
                            .n_consents = r->n_consents,
                            .n_members = r->n_members,
                            .n_faces = r->n_faces,
                            .n_descriptors = r->n_faces,
                            .n_audit = r->n_audit};
    return r->n_audit > 0 ? c->store->ops->put_many(c->store, &all, err) : MN_OK;
}
