#include "store/postgres_internal.h"

#define PAGE 512 /* descriptors in memory at a time */

/* ---- faces ---- */

static void read_face(mn_pg *q, mn_arena *a, void *item)
{
    *(mn_face_record *)item = (mn_face_record){
        .id = mn_pg_column_id(q, 0),
        .person = mn_pg_column_id(q, 1),
        .source = mn_pg_column_text(q, 2, a),
        .source_hash = mn_pg_column_text(q, 3, a),
        .quality = (float)mn_pg_column_real(q, 4),
        .sample = mn_pg_column_id(q, 5),
        .created = mn_pg_column_int(q, 6),
        .original = PQnfields(q->result) > 7 && mn_pg_column_bool(q, 7),
    };
}

mn_code mn_pg_face_put(mn_store *store, const mn_face_record *f, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_FACE_PUT, &q);
    mn_pg_id(&q, &f->id);
    mn_pg_id(&q, &f->person);
    mn_pg_text(&q, f->source);
    mn_pg_text(&q, f->source_hash);
    mn_pg_real(&q, f->quality);
    mn_pg_id(&q, mn_id_is_nil(&f->sample) ? NULL : &f->sample);
    mn_pg_int(&q, f->created);
    return mn_pg_write(&q, NULL, err);
}

static mn_code one_face(mn_pg *q, mn_arena *a, mn_face_record *out, mn_error *err)
{
    mn_face_record found;
    mn_code code = mn_pg_one(q, a, read_face, &found, "face", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

mn_code mn_pg_face_get(mn_store *store, const mn_id *id, mn_arena *a, mn_face_record *out, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_FACE_GET, &q);
    mn_pg_id(&q, id);
    return one_face(&q, a, out, err);
}

mn_code mn_pg_face_by_source(mn_store *store, const mn_id *person, const char *source_hash, mn_arena *a,
                             mn_face_record *out, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_FACE_BY_SOURCE, &q);
    mn_pg_id(&q, person);
    mn_pg_text(&q, source_hash);
    return one_face(&q, a, out, err);
}

mn_code mn_pg_faces_of(mn_store *store, const mn_id *person, mn_arena *a, mn_face_record **out, size_t *n,
                       mn_error *err)
{
    mn_pg q;
    void *items = NULL;
    mn_pg_ask(store, P_FACES_OF, &q);
    mn_pg_id(&q, person);
    mn_code code = mn_pg_collect(&q, a, read_face, sizeof(mn_face_record), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}

mn_code mn_pg_face_delete(mn_store *store, const mn_id *id, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_FACE_DELETE, &q);
    mn_pg_id(&q, id);
    return mn_pg_write(&q, "there is no such face", err);
}

mn_code mn_pg_faces_page(mn_store *store, const char *with, const char *without, const mn_id *after,
                         size_t limit, mn_arena *a, mn_face_record **out, size_t *n, mn_error *err)
{
    mn_pg q;
    void *items = NULL;
    mn_pg_ask(store, P_FACES_PAGE, &q);
    mn_pg_id(&q, after);
    mn_pg_text(&q, with);
    mn_pg_text(&q, without);
    mn_pg_int(&q, (int64_t)limit);
    mn_code code = mn_pg_collect(&q, a, read_face, sizeof(mn_face_record), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}

/* ---- descriptors ---- */

static void read_descriptor(mn_pg *q, mn_arena *a, void *item)
{
    mn_descriptor_record *d = item;
    d->face = mn_pg_column_id(q, 0);
    d->model = mn_pg_column_text(q, 1, a);
    d->dim = (int)mn_pg_column_int(q, 2);
    d->sealed = mn_pg_column_blob(q, 3, a, &d->sealed_len);
}

mn_code mn_pg_descriptor_put(mn_store *store, const mn_descriptor_record *d, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_DESCRIPTOR_PUT, &q);
    mn_pg_id(&q, &d->face);
    mn_pg_text(&q, d->model);
    mn_pg_int(&q, d->dim);
    mn_pg_blob(&q, d->sealed, d->sealed_len);
    return mn_pg_write(&q, NULL, err);
}

mn_code mn_pg_descriptor_get(mn_store *store, const mn_id *face, const char *model, mn_arena *a,
                             mn_descriptor_record *out, mn_error *err)
{
    mn_pg q;
    mn_descriptor_record found;
    mn_pg_ask(store, P_DESCRIPTOR_GET, &q);
    mn_pg_id(&q, face);
    mn_pg_text(&q, model);
    mn_code code = mn_pg_one(&q, a, read_descriptor, &found, "descriptor", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

mn_code mn_pg_descriptor_delete(mn_store *store, const mn_id *face, const char *model, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_DESCRIPTOR_DELETE, &q);
    mn_pg_id(&q, face);
    mn_pg_text(&q, model);
    return mn_pg_write(&q, NULL, err);
}

typedef mn_code visitor(void *ctx, const mn_id *person, const mn_descriptor_record *d, mn_error *err);

/* The values as they lie in libpq's memory: nothing is copied for what lives only during the call. */
static mn_code visit_row(mn_pg *q, const char *model, visitor *fn, void *ctx, mn_id *person, mn_id *face,
                         mn_error *err)
{
    mn_descriptor_record d = {
        .face = mn_pg_column_id(q, 0),
        .model = model,
        .dim = (int)mn_pg_column_int(q, 2),
        .sealed = (const uint8_t *)PQgetvalue(q->result, q->row, 3),
        .sealed_len = (size_t)PQgetlength(q->result, q->row, 3),
    };
    *person = mn_pg_column_id(q, 4);
    *face = d.face;
    mn_code code = mn_pg_row_ok(q, err);
    return code != MN_OK ? code : fn(ctx, person, &d, err);
}

/* Goes on after (person, face), which move along; *n: how many there were. */
static mn_code visit_page(mn_store *store, const char *model, visitor *fn, void *ctx, mn_id *person,
                          mn_id *face, int *n, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_DESCRIPTOR_PAGE, &q);
    mn_pg_text(&q, model);
    mn_pg_id(&q, person);
    mn_pg_id(&q, face);
    mn_pg_int(&q, PAGE);
    mn_code code = mn_pg_read(&q, err);
    if (code != MN_OK)
        return code;
    *n = PQntuples(q.result);
    for (; code == MN_OK && q.row < *n; q.row++)
        code = visit_row(&q, model, fn, ctx, person, face, err);
    mn_pg_end(&q);
    return code;
}

mn_code mn_pg_descriptor_each(mn_store *store, const char *model, visitor *fn, void *ctx, mn_error *err)
{
    mn_postgres *s = (mn_postgres *)store;
    mn_id person = {0}, face = {0};
    bool own = false;
    int n = PAGE;
    mn_code code = mn_pg_enter(s, true, &own, err); /* all pages are of one moment */
    if (code != MN_OK)
        return code;
    while (code == MN_OK && n == PAGE)
        code = visit_page(store, model, fn, ctx, &person, &face, &n, err);
    return mn_pg_leave(s, own, code, err);
}

/* ---- trash ---- */

mn_code mn_pg_trash_list(mn_store *store, size_t limit, mn_arena *a, mn_id **blobs, size_t *n, mn_error *err)
{
    mn_pg q;
    void *items = NULL;
    mn_pg_ask(store, P_TRASH_LIST, &q);
    mn_pg_int(&q, (int64_t)limit);
    mn_code code = mn_pg_collect(&q, a, mn_pg_read_id, sizeof(mn_id), &items, n, err);
    if (code == MN_OK)
        *blobs = items;
    return code;
}

mn_code mn_pg_trash_drop(mn_store *store, const mn_id *blob, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_TRASH_DROP, &q);
    mn_pg_id(&q, blob);
    return mn_pg_write(&q, NULL, err);
}
