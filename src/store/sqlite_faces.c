#include "store/sqlite_internal.h"

/* ---- faces ---- */

static void read_face(mn_sql *q, mn_arena *a, void *item)
{
    *(mn_face_record *)item = (mn_face_record){
        .id = mn_sql_column_id(q, 0),
        .person = mn_sql_column_id(q, 1),
        .source = mn_sql_column_text(q, 2, a),
        .source_hash = mn_sql_column_text(q, 3, a),
        .quality = (float)sqlite3_column_double(q->st, 4),
        .sample = mn_sql_column_id(q, 5),
        .created = sqlite3_column_int64(q->st, 6),
        .original = sqlite3_column_count(q->st) > 7 && sqlite3_column_int(q->st, 7) != 0,
    };
}

mn_code mn_sqlite_insert_face(mn_store *store, const mn_face_record *f, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_FACE_PUT, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, &f->id);
    mn_sql_id(&q, &f->person);
    mn_sql_text(&q, f->source);
    mn_sql_text(&q, f->source_hash);
    mn_sql_real(&q, f->quality);
    mn_sql_id(&q, mn_id_is_nil(&f->sample) ? NULL : &f->sample);
    mn_sql_int(&q, f->created);
    return mn_sql_run(&q, err);
}

mn_code mn_sqlite_face_put(mn_store *store, const mn_face_record *f, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_sqlite_insert_face(store, f, err);
    if (code == MN_OK)
        code = mn_sqlite_changed(s, Q_CHANGE_PERSON, &f->person, err);
    return mn_sqlite_leave(s, own, code, err);
}

mn_code mn_sqlite_face_get(mn_store *store, const mn_id *id, mn_arena *a, mn_face_record *out, mn_error *err)
{
    mn_sql q;
    mn_face_record found;
    mn_code code = mn_sql_open(store, Q_FACE_GET, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, id);
    code = mn_sql_one(&q, a, read_face, &found, "face", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

static mn_code run_with_id(mn_store *store, mn_sqlite_query which, const mn_id *id, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, which, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, id);
    return mn_sql_run(&q, err);
}

mn_code mn_sqlite_face_delete(mn_store *store, const mn_id *id, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_sqlite_changed(s, Q_CHANGE_OF_FACE, id, err);
    if (code == MN_OK)
        code = run_with_id(store, Q_FACE_TRASH, id, err);
    if (code == MN_OK)
        code = run_with_id(store, Q_FACE_DELETE, id, err);
    if (code == MN_OK && sqlite3_changes(s->db) == 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such face");
    if (code == MN_OK)
        code = mn_sqlite_destroyed(s, err);
    return mn_sqlite_leave(s, own, code, err);
}

mn_code mn_sqlite_faces_of(mn_store *store, const mn_id *person, mn_arena *a, mn_face_record **out, size_t *n,
                           mn_error *err)
{
    mn_sql q;
    void *items = NULL;
    mn_code code = mn_sql_open(store, Q_FACES_OF, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, person);
    code = mn_sql_collect(&q, a, read_face, sizeof(mn_face_record), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}

mn_code mn_sqlite_face_by_source(mn_store *store, const mn_id *person, const char *source_hash, mn_arena *a,
                                 mn_face_record *out, mn_error *err)
{
    mn_sql q;
    mn_face_record found;
    mn_code code = mn_sql_open(store, Q_FACE_BY_SOURCE, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, person);
    mn_sql_text(&q, source_hash);
    code = mn_sql_one(&q, a, read_face, &found, "face", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

mn_code mn_sqlite_faces_page(mn_store *store, const char *with, const char *without, const mn_id *after,
                             size_t limit, mn_arena *a, mn_face_record **out, size_t *n, mn_error *err)
{
    mn_sql q;
    void *items = NULL;
    mn_code code = mn_sql_open(store, Q_FACES_PAGE, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, after);
    mn_sql_text(&q, with);
    mn_sql_text(&q, without);
    mn_sql_int(&q, (int64_t)limit);
    code = mn_sql_collect(&q, a, read_face, sizeof(mn_face_record), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}

/* ---- descriptors ---- */

static void read_descriptor(mn_sql *q, mn_arena *a, void *item)
{
    mn_descriptor_record *d = item;
    d->face = mn_sql_column_id(q, 0);
    d->model = mn_sql_column_text(q, 1, a);
    d->dim = sqlite3_column_int(q->st, 2);
    d->sealed = mn_sql_column_blob(q, 3, a, &d->sealed_len);
}

mn_code mn_sqlite_insert_descriptor(mn_store *store, const mn_descriptor_record *d, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_DESCRIPTOR_PUT, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, &d->face);
    mn_sql_text(&q, d->model);
    mn_sql_int(&q, d->dim);
    mn_sql_blob(&q, d->sealed, d->sealed_len);
    return mn_sql_run(&q, err);
}

mn_code mn_sqlite_descriptor_put(mn_store *store, const mn_descriptor_record *d, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_sqlite_insert_descriptor(store, d, err);
    if (code == MN_OK)
        code = mn_sqlite_changed(s, Q_CHANGE_OF_FACE, &d->face, err);
    return mn_sqlite_leave(s, own, code, err);
}

mn_code mn_sqlite_descriptor_get(mn_store *store, const mn_id *face, const char *model, mn_arena *a,
                                 mn_descriptor_record *out, mn_error *err)
{
    mn_sql q;
    mn_descriptor_record found;
    mn_code code = mn_sql_open(store, Q_DESCRIPTOR_GET, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, face);
    mn_sql_text(&q, model);
    code = mn_sql_one(&q, a, read_descriptor, &found, "descriptor", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

static mn_code delete_descriptor(mn_store *store, const mn_id *face, const char *model, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_DESCRIPTOR_DELETE, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, face);
    mn_sql_text(&q, model);
    return mn_sql_run(&q, err);
}

mn_code mn_sqlite_descriptor_delete(mn_store *store, const mn_id *face, const char *model, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = delete_descriptor(store, face, model, err);
    if (code == MN_OK && sqlite3_changes(s->db) > 0) {
        code = mn_sqlite_changed(s, Q_CHANGE_OF_FACE, face, err);
        if (code == MN_OK)
            code = mn_sqlite_destroyed(s, err);
    }
    return mn_sqlite_leave(s, own, code, err);
}

/* The columns as they lie in SQLite's own memory: nothing is copied for what lives only during the call. */
static mn_code visit_descriptor(mn_sql *q, const char *model,
                                mn_code (*fn)(void *ctx, const mn_id *person, const mn_descriptor_record *d,
                                              mn_error *err),
                                void *ctx, mn_error *err)
{
    mn_id person = mn_sql_column_id(q, 4);
    mn_descriptor_record d = {
        .face = mn_sql_column_id(q, 0),
        .model = model,
        .dim = sqlite3_column_int(q->st, 2),
        .sealed = sqlite3_column_blob(q->st, 3),
        .sealed_len = (size_t)sqlite3_column_bytes(q->st, 3),
    };
    mn_code code = mn_sql_row_ok(q, err);
    return code != MN_OK ? code : fn(ctx, &person, &d, err);
}

mn_code mn_sqlite_descriptor_each(mn_store *store, const char *model,
                                  mn_code (*fn)(void *ctx, const mn_id *person, const mn_descriptor_record *d,
                                                mn_error *err),
                                  void *ctx, mn_error *err)
{
    mn_sql q;
    bool row = false;
    mn_code code = mn_sql_open(store, Q_DESCRIPTOR_EACH, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_text(&q, model);
    while ((code = mn_sql_step(&q, &row, err)) == MN_OK && row) {
        code = visit_descriptor(&q, model, fn, ctx, err);
        if (code != MN_OK)
            break;
    }
    mn_sql_end(&q);
    return code;
}

/* ---- trash ---- */

mn_code mn_sqlite_trash_list(mn_store *store, size_t limit, mn_arena *a, mn_id **blobs, size_t *n,
                             mn_error *err)
{
    mn_sql q;
    void *items = NULL;
    mn_code code = mn_sql_open(store, Q_TRASH_LIST, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_int(&q, (int64_t)limit);
    code = mn_sql_collect(&q, a, mn_sql_read_id, sizeof(mn_id), &items, n, err);
    if (code == MN_OK)
        *blobs = items;
    return code;
}

mn_code mn_sqlite_trash_drop(mn_store *store, const mn_id *blob, mn_error *err)
{
    return run_with_id(store, Q_TRASH_DROP, blob, err);
}
