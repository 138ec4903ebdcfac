/* What galleries are loaded from: four statements for some thousand people instead of six for each of them.
 */
#include "store/dossiers.h"
#include "store/postgres_internal.h"

static void read_person(mn_pg *q, mn_arena *a, void *item)
{
    mn_dossier *d = item;
    *d = (mn_dossier){.person = mn_pg_column_id(q, 0), .active = mn_pg_column_bool(q, 1)};
    if (!PQgetisnull(q->result, q->row, 2))
        d->key = mn_pg_column_blob(q, 2, a, &d->key_len);
}

static void read_consent(mn_pg *q, mn_arena *a, void *item)
{
    (void)a;
    *(mn_consent *)item = (mn_consent){
        .id = mn_pg_column_id(q, 0),
        .person = mn_pg_column_id(q, 1),
        .purpose = mn_pg_column_purpose(q, 2),
        .given = mn_pg_column_int(q, 5),
        .until = mn_pg_column_int(q, 6),
        .withdrawn = mn_pg_column_int(q, 7),
    };
}

static void read_list(mn_pg *q, mn_arena *a, void *item)
{
    (void)a;
    *(mn_dossier_list *)item = (mn_dossier_list){
        .person = mn_pg_column_id(q, 0),
        .list = mn_pg_column_id(q, 1),
        .purpose = mn_pg_column_purpose(q, 2),
        .until = mn_pg_column_int(q, 3),
    };
}

static void read_face(mn_pg *q, mn_arena *a, void *item)
{
    mn_dossier_face *f = item;
    f->person = mn_pg_column_id(q, 0);
    f->descriptor.face = mn_pg_column_id(q, 1);
    f->descriptor.dim = (int)mn_pg_column_int(q, 2);
    f->descriptor.sealed = mn_pg_column_blob(q, 3, a, &f->descriptor.sealed_len);
}

typedef struct {
    const mn_id *after, *last;
    const char *model; /* NULL: the statement takes none */
} range;

static mn_code collect(mn_store *store, mn_pg_query which, const range *r, mn_arena *a, mn_pg_reader *read,
                       size_t size, void **items, size_t *n, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, which, &q);
    mn_pg_id(&q, r->after);
    mn_pg_id(&q, r->last);
    if (r->model)
        mn_pg_text(&q, r->model);
    return mn_pg_collect(&q, a, read, size, items, n, err);
}

static mn_code collect_people(mn_store *store, const mn_id *after, size_t limit, mn_arena *a, void **items,
                              size_t *n, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_DOSSIER_PEOPLE, &q);
    mn_pg_id(&q, after);
    mn_pg_int(&q, (int64_t)limit);
    return mn_pg_collect(&q, a, read_person, sizeof(mn_dossier), items, n, err);
}

mn_code mn_pg_dossiers(mn_store *store, const char *model, const mn_id *after, size_t limit, mn_arena *a,
                       mn_dossier **out, size_t *n, mn_error *err)
{
    mn_dossier_parts p = {0};
    void *people = NULL, *consents = NULL, *lists = NULL, *faces = NULL;
    mn_code code = collect_people(store, after, limit, a, &people, &p.n, err);
    p.people = people;
    range r = {.after = after, .last = p.n > 0 ? &p.people[p.n - 1].person : after};
    if (code == MN_OK)
        code = collect(store, P_DOSSIER_CONSENTS, &r, a, read_consent, sizeof(mn_consent), &consents,
                       &p.n_consents, err);
    if (code == MN_OK)
        code = collect(store, P_DOSSIER_LISTS, &r, a, read_list, sizeof(mn_dossier_list), &lists, &p.n_lists,
                       err);
    r.model = model;
    if (code == MN_OK)
        code = collect(store, P_DOSSIER_FACES, &r, a, read_face, sizeof(mn_dossier_face), &faces, &p.n_faces,
                       err);
    if (code != MN_OK)
        return code;
    p.consents = consents;
    p.lists = lists;
    p.faces = faces;
    for (size_t i = 0; i < p.n_faces; i++)
        p.faces[i].descriptor.model = model;
    mn_dossiers_join(&p);
    *out = p.people;
    *n = p.n;
    return MN_OK;
}
