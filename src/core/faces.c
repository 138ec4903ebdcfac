#include "core/faces.h"

#include "core/internal.h"
#include "core/signin.h"

#include <string.h>

#define ORIGINAL_MAX ((size_t)1 << 30) /* a blob's; image.max_bytes decided when it came */

/* ---- looking ---- */

static mn_code find_list(mn_core *c, const mn_actor *who, const char *name, mn_arena *arena, mn_list *out,
                         mn_error *err)
{
    bool found = false;
    mn_code code = mn_core_find_list(c, who, name, arena, out, &found, err);
    if (code == MN_OK && !found)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no list \"%.200s\"", name);
    return code;
}

static mn_code record_faces(mn_core *c, const mn_actor *who, const char *list, const mn_id *person, size_t n,
                            mn_error *err)
{
    return person ? mn_core_record(c, who, "person.view", person, json_pack("{s:I}", "faces", (json_int_t)n),
                                   err)
                  : mn_core_record(c, who, "face.list", NULL,
                                   json_pack("{s:s?, s:I}", "list", list, "faces", (json_int_t)n), err);
}

mn_code mn_core_faces(mn_core *c, const mn_actor *who, const char *list, const mn_face_query *query,
                      mn_arena *arena, mn_face_found **out, size_t *n, mn_error *err)
{
    static const mn_id nobody;
    mn_list of;
    mn_person p;
    mn_face_query q = *query;
    mn_face_found *found = NULL;
    size_t count = 0;
    mn_code code = mn_core_may(who, MN_R_FACES, MN_VERB_VIEW, err);
    if (code == MN_OK && (q.limit < 1 || q.limit > MN_FACES_PAGE_MAX))
        code = mn_fail(err, MN_E_INVALID, "a page has 1 to %d faces, not %zu", MN_FACES_PAGE_MAX, q.limit);
    if (code == MN_OK && list)
        code = find_list(c, who, list, arena, &of, err);
    if (code == MN_OK && q.person)
        code = mn_core_get_person(c, who, q.person, arena, &p, err);
    if (code != MN_OK)
        return code;
    q.account = who->account;
    q.list = list ? &of.id : NULL;
    q.now = mn_time_now();
    if (who->limited && !list && !q.person) {
        q.lists = who->n_lists > 0 ? who->lists : &nobody;
        q.n_lists = who->n_lists;
    }
    code = c->store->ops->face->page(c->store, &q, arena, &found, &count, err);
    if (code == MN_OK)
        code = record_faces(c, who, list, q.person, count, err);
    if (code != MN_OK)
        return code;
    *out = found;
    *n = count;
    return MN_OK;
}

mn_code mn_core_get_face(mn_core *c, const mn_actor *who, const mn_id *face, mn_arena *arena,
                         mn_face_record *out, mn_error *err)
{
    mn_person p;
    mn_face_record f;
    mn_code code = c->store->ops->face_get(c->store, face, arena, &f, err);
    if (code == MN_OK)
        code = mn_core_get_person(c, who, &f.person, arena, &p, err);
    if (code == MN_E_NOT_FOUND)
        return mn_fail(err, MN_E_NOT_FOUND, "there is no such face");
    if (code == MN_OK)
        *out = f;
    return code;
}

static mn_code look_at(mn_core *c, const mn_actor *who, const mn_id *face, mn_arena *arena,
                       mn_face_found *out, mn_error *err)
{
    mn_original o;
    mn_code code = mn_core_get_face(c, who, face, arena, &out->face, err);
    if (code != MN_OK)
        return code;
    code = c->store->ops->face->original_get(c->store, face, arena, &o, err);
    out->original = code == MN_OK;
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

mn_code mn_core_face(mn_core *c, const mn_actor *who, const mn_id *face, mn_arena *arena, mn_face_found *out,
                     mn_error *err)
{
    mn_face_found found = {0};
    mn_code code = mn_core_may(who, MN_R_FACES, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = look_at(c, who, face, arena, &found, err);
    if (code == MN_OK)
        code = mn_core_record(c, who, "person.view", &found.face.person,
                              json_pack("{s:o}", "face", mn_core_json_id(face)), err);
    if (code == MN_OK)
        *out = found;
    return code;
}

/* ---- originals ---- */

static const char *static_type(const char *type)
{
    static const char *const known[] = {"image/jpeg",
                                        "image/png",
                                        "image/webp",
                                        "image/bmp",
                                        "image/tiff",
                                        "image/jp2",
                                        "image/x-portable-pixmap"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], type) == 0)
            return known[i];
    return "application/octet-stream";
}

static mn_code open_original(mn_core *c, const mn_face_record *f, const mn_original *o, mn_arena *arena,
                             mn_buf *out, mn_error *err)
{
    mn_buf sealed;
    mn_key *key = NULL;
    mn_buf_init(&sealed, ORIGINAL_MAX);
    mn_code code = mn_core_person_key(c, &f->person, arena, &key, err);
    if (code == MN_OK)
        code = c->blobs->ops->get(c->blobs, &o->blob, &sealed, err);
    if (code == MN_OK)
        code = mn_core_unseal_original(key, &f->id, &sealed, out, err);
    mn_key_close(key);
    mn_buf_finish(&sealed);
    return code;
}

mn_code mn_core_original(mn_core *c, const mn_actor *who, const mn_id *face, mn_buf *out, const char **type,
                         mn_error *err)
{
    mn_face_record f;
    mn_original o;
    size_t before = out->len;
    mn_code code = mn_core_may(who, MN_R_SAMPLES, MN_VERB_VIEW, err);
    mn_arena *arena = code == MN_OK ? mn_arena_create(MN_CORE_ARENA) : NULL;
    if (code == MN_OK && !arena)
        code = mn_fail(err, MN_E_MEMORY, "no memory for a picture");
    if (code == MN_OK)
        code = mn_core_get_face(c, who, face, arena, &f, err);
    if (code == MN_OK)
        code = c->store->ops->face->original_get(c->store, face, arena, &o, err);
    if (code == MN_OK)
        code = mn_core_check_agreed(c, &f.person, arena, err);
    if (code == MN_OK)
        code = open_original(c, &f, &o, arena, out, err);
    if (code == MN_OK)
        code = mn_core_record(c, who, "face.original", &f.person,
                              json_pack("{s:o}", "face", mn_core_json_id(face)), err);
    if (code == MN_OK)
        *type = static_type(o.format);
    else
        out->len = before;
    mn_arena_destroy(arena);
    return code;
}

/* ---- descriptors ---- */

static mn_code take_out(mn_core *c, const mn_face_record *f, mn_arena *arena, mn_face_vector *out,
                        mn_error *err)
{
    mn_descriptor_record d;
    mn_key *key = NULL;
    float turned[MN_DESCRIPTOR_MAX];
    mn_code code = c->store->ops->descriptor_get(c->store, &f->id, c->model_name, arena, &d, err);
    float *plain = code == MN_OK ? mn_arena_calloc(arena, (size_t)c->model->dim, sizeof *plain) : NULL;
    if (code == MN_OK && !plain)
        code = mn_fail(err, MN_E_MEMORY, "no memory for a descriptor");
    if (code == MN_OK)
        code = mn_core_person_key(c, &f->person, arena, &key, err);
    if (code == MN_OK)
        code = mn_core_unseal_descriptor(c, key, &d, turned, err);
    mn_key_close(key);
    if (code != MN_OK)
        return code;
    mn_core_turn_back(c, turned, plain);
    *out = (mn_face_vector){
        .face = f->id,
        .person = f->person,
        .descriptor = {.dim = c->model->dim, .model = c->model_name, .metric = c->model->metric, .v = plain}};
    return MN_OK;
}

static mn_code record_export(mn_core *c, const mn_actor *who, const mn_face_record *f, mn_error *err)
{
    return mn_core_record(c, who, "descriptor.export", &f->person,
                          json_pack("{s:o}", "face", mn_core_json_id(&f->id)), err);
}

static mn_code may_export(const mn_core *c, const mn_actor *who, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_DESCRIPTORS, MN_VERB_EXPORT, err);
    return code == MN_OK && !c->gallery
               ? mn_fail(err, MN_E_INTERNAL, "this data directory was opened for its records only")
               : code;
}

mn_code mn_core_face_descriptor(mn_core *c, const mn_actor *who, const mn_id *face, mn_arena *arena,
                                mn_face_vector *out, mn_error *err)
{
    mn_face_record f;
    mn_face_vector v;
    mn_code code = may_export(c, who, err);
    if (code == MN_OK)
        code = mn_core_get_face(c, who, face, arena, &f, err);
    if (code == MN_OK)
        code = mn_core_check_agreed(c, &f.person, arena, err);
    if (code == MN_OK)
        code = take_out(c, &f, arena, &v, err);
    if (code == MN_OK)
        code = record_export(c, who, &f, err);
    if (code == MN_OK)
        *out = v;
    return code;
}

typedef struct {
    const mn_actor *who;
    const char *list;
    const mn_face_record *after;
    size_t limit;
    mn_arena *arena; /* the caller's */
    mn_face_vector *out;
    size_t n;
    mn_face_record last;
    bool more;
} exporting;

/* Whose consent for the list's purpose ended is in the list no more than in its searches. */
static mn_code export_one(mn_core *c, exporting *x, mn_purpose purpose, const mn_face_record *f,
                          mn_error *err)
{
    mn_consent *consents = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->consent_list(c->store, &f->person, x->arena, &consents, &n, err);
    if (code != MN_OK || !mn_consents_allow(consents, n, purpose, mn_time_now()))
        return code;
    code = take_out(c, f, x->arena, &x->out[x->n], err);
    if (code == MN_E_NOT_FOUND)
        return MN_OK;
    if (code == MN_OK)
        code = record_export(c, x->who, f, err);
    x->n += code == MN_OK;
    return code;
}

static mn_code export_page(mn_core *c, void *ctx, mn_arena *arena, mn_error *err)
{
    (void)arena;
    mn_list list;
    exporting *x = ctx;
    mn_face_found *found = NULL;
    size_t n = 0;
    mn_code code = find_list(c, x->who, x->list, x->arena, &list, err);
    mn_face_query q = {.account = x->who->account,
                       .list = &list.id,
                       .now = mn_time_now(),
                       .max_quality = 1,
                       .from = INT64_MIN,
                       .to = INT64_MAX,
                       .after = x->after ? &x->after->id : NULL,
                       .limit = x->limit + 1};
    if (x->after)
        q.after_created = x->after->created;
    if (code == MN_OK)
        code = c->store->ops->face->page(c->store, &q, x->arena, &found, &n, err);
    x->more = n > x->limit;
    n = x->more ? x->limit : n;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = export_one(c, x, list.purpose, &found[i].face, err);
    if (code == MN_OK && n > 0)
        x->last = found[n - 1].face;
    return code;
}

mn_code mn_core_descriptors(mn_core *c, const mn_actor *who, const char *list, const mn_face_record *after,
                            size_t limit, mn_arena *arena, mn_face_vector **out, size_t *n,
                            mn_face_record *last, bool *more, mn_error *err)
{
    exporting x = {.who = who, .list = list, .after = after, .limit = limit, .arena = arena};
    mn_code code = may_export(c, who, err);
    if (code == MN_OK && (limit < 1 || limit > MN_FACES_PAGE_MAX))
        code =
            mn_fail(err, MN_E_INVALID, "a page has 1 to %d descriptors, not %zu", MN_FACES_PAGE_MAX, limit);
    if (code == MN_OK)
        x.out = mn_arena_calloc(arena, limit, sizeof *x.out);
    if (code == MN_OK && !x.out)
        code = mn_fail(err, MN_E_MEMORY, "no memory for %zu descriptors", limit);
    if (code == MN_OK)
        code = mn_core_in_transaction(c, export_page, &x, arena, err);
    if (code != MN_OK)
        return code;
    *out = x.out;
    *n = x.n;
    *last = x.last;
    *more = x.more;
    return MN_OK;
}

/* ---- taking away ---- */

typedef struct {
    const mn_actor *who;
    const mn_id *faces;
    size_t n;
    mn_code *codes;
    const int64_t *if_state; /* of a single one */
} deleting;

static mn_code delete_one(mn_core *c, const deleting *d, const mn_id *face, mn_arena *arena, mn_error *err)
{
    mn_face_found found = {0};
    mn_person p;
    mn_code code = look_at(c, d->who, face, arena, &found, err);
    if (code == MN_OK)
        code = mn_core_get_whole_person(c, d->who, &found.face.person, arena, &p, err);
    if (code == MN_OK)
        code = mn_core_check_updated(mn_core_face_state(&found), d->if_state, err);
    if (code == MN_OK)
        code = c->store->ops->face_delete(c->store, face, err);
    return code == MN_OK ? mn_core_record(c, d->who, "face.delete", &found.face.person,
                                          json_pack("{s:o}", "face", mn_core_json_id(face)), err)
                         : code;
}

static mn_code delete_all(mn_core *c, void *ctx, mn_arena *arena, mn_error *err)
{
    const deleting *d = ctx;
    for (size_t i = 0; i < d->n; i++) {
        mn_code code = d->codes[i] = delete_one(c, d, &d->faces[i], arena, err);
        if (code != MN_OK && code != MN_E_NOT_FOUND && code != MN_E_FORBIDDEN)
            return code;
    }
    return MN_OK;
}

static mn_code delete_single(mn_core *c, void *ctx, mn_arena *arena, mn_error *err)
{
    const deleting *d = ctx;
    return delete_one(c, d, d->faces, arena, err);
}

mn_code mn_core_face_delete(mn_core *c, const mn_actor *who, const mn_id *face, const int64_t *if_state,
                            mn_error *err)
{
    deleting d = {.who = who, .faces = face, .n = 1, .if_state = if_state};
    mn_code code = mn_core_may(who, MN_R_FACES, MN_VERB_DELETE, err);
    return code == MN_OK ? mn_core_take_out(c, delete_single, &d, err) : code;
}

mn_code mn_core_faces_delete(mn_core *c, const mn_actor *who, const mn_id *faces, size_t n, mn_code *codes,
                             mn_error *err)
{
    deleting d = {.who = who, .faces = faces, .n = n, .codes = codes};
    mn_code code = mn_core_may(who, MN_R_FACES, MN_VERB_DELETE, err);
    return code == MN_OK ? mn_core_take_out(c, delete_all, &d, err) : code;
}

static mn_code delete_original(mn_core *c, void *ctx, mn_arena *arena, mn_error *err)
{
    const deleting *d = ctx;
    mn_face_record f;
    mn_person p;
    mn_code code = mn_core_get_face(c, d->who, d->faces, arena, &f, err);
    if (code == MN_OK)
        code = mn_core_get_whole_person(c, d->who, &f.person, arena, &p, err);
    if (code == MN_OK)
        code = c->store->ops->face->original_delete(c->store, d->faces, err);
    return code == MN_OK ? mn_core_record(c, d->who, "face.original.delete", &f.person,
                                          json_pack("{s:o}", "face", mn_core_json_id(d->faces)), err)
                         : code;
}

mn_code mn_core_original_delete(mn_core *c, const mn_actor *who, const mn_id *face, mn_error *err)
{
    deleting d = {.who = who, .faces = face, .n = 1};
    mn_code code = mn_core_may(who, MN_R_FACES, MN_VERB_DELETE, err);
    return code == MN_OK ? mn_core_take_out(c, delete_original, &d, err) : code;
}
