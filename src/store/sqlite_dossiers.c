/* What galleries are loaded from: four statements for some thousand people instead of six for each of them.
 */
#include "store/dossiers.h"
#include "store/sqlite_internal.h"

static void read_person(mn_sql *q, mn_arena *a, void *item)
{
    mn_dossier *d = item;
    *d = (mn_dossier){.person = mn_sql_column_id(q, 0), .active = sqlite3_column_int(q->st, 1) != 0};
    if (sqlite3_column_type(q->st, 2) != SQLITE_NULL)
        d->key = mn_sql_column_blob(q, 2, a, &d->key_len);
}

static void read_consent(mn_sql *q, mn_arena *a, void *item)
{
    (void)a;
    *(mn_consent *)item = (mn_consent){
        .id = mn_sql_column_id(q, 0),
        .person = mn_sql_column_id(q, 1),
        .purpose = mn_sql_column_purpose(q, 2),
        .given = sqlite3_column_int64(q->st, 5),
        .until = sqlite3_column_int64(q->st, 6),
        .withdrawn = sqlite3_column_int64(q->st, 7),
    };
}

static void read_list(mn_sql *q, mn_arena *a, void *item)
{
    (void)a;
    *(mn_dossier_list *)item = (mn_dossier_list){
        .person = mn_sql_column_id(q, 0),
        .list = mn_sql_column_id(q, 1),
        .purpose = mn_sql_column_purpose(q, 2),
        .until = sqlite3_column_int64(q->st, 3),
    };
}

static void read_face(mn_sql *q, mn_arena *a, void *item)
{
    mn_dossier_face *f = item;
    f->person = mn_sql_column_id(q, 0);
    f->descriptor.face = mn_sql_column_id(q, 1);
    f->descriptor.dim = sqlite3_column_int(q->st, 2);
    f->descriptor.sealed = mn_sql_column_blob(q, 3, a, &f->descriptor.sealed_len);
}

typedef struct {
    const mn_id *after, *last;
    const char *model; /* NULL: the statement takes none */
} range;

static mn_code collect(mn_store *store, mn_sqlite_query which, const range *r, mn_arena *a,
                       mn_sql_reader *read, size_t size, void **items, size_t *n, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, which, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, r->after);
    mn_sql_id(&q, r->last);
    if (r->model)
        mn_sql_text(&q, r->model);
    return mn_sql_collect(&q, a, read, size, items, n, err);
}

static mn_code collect_people(mn_store *store, const mn_id *after, size_t limit, mn_arena *a, void **items,
                              size_t *n, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_DOSSIER_PEOPLE, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, after);
    mn_sql_int(&q, (int64_t)limit);
    return mn_sql_collect(&q, a, read_person, sizeof(mn_dossier), items, n, err);
}

mn_code mn_sqlite_dossiers(mn_store *store, const char *model, const mn_id *after, size_t limit, mn_arena *a,
                           mn_dossier **out, size_t *n, mn_error *err)
{
    mn_dossier_parts p = {0};
    void *people = NULL, *consents = NULL, *lists = NULL, *faces = NULL;
    mn_code code = collect_people(store, after, limit, a, &people, &p.n, err);
    p.people = people;
    range r = {.after = after, .last = p.n > 0 ? &p.people[p.n - 1].person : after};
    if (code == MN_OK)
        code = collect(store, Q_DOSSIER_CONSENTS, &r, a, read_consent, sizeof(mn_consent), &consents,
                       &p.n_consents, err);
    if (code == MN_OK)
        code = collect(store, Q_DOSSIER_LISTS, &r, a, read_list, sizeof(mn_dossier_list), &lists, &p.n_lists,
                       err);
    r.model = model;
    if (code == MN_OK)
        code = collect(store, Q_DOSSIER_FACES, &r, a, read_face, sizeof(mn_dossier_face), &faces, &p.n_faces,
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
