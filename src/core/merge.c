/* Two records of one person become one. Consents decide: what either record says was withdrawn counts for
 * both, and only what the person still agrees to is moved. The other record is then erased, with its
 * certificate. */
#include "core/records.h"
#include "core/records_internal.h"
#include "core/signin.h"

#include <string.h>

#define SAMPLE_ROOM ((size_t)256 << 20)
#define BLOBS_MAX   4096

typedef struct {
    const mn_actor *who;
    const mn_id *into_id, *from_id;
    mn_arena *arena; /* the caller's */
    mn_person into, from;
    mn_key *into_key, *from_key; /* NULL: not needed so far */
    mn_id *blobs;                /* written, not committed yet */
    size_t n_blobs;
    size_t faces, consents, lists, ended;
    mn_person_view view;
} merging;

/* ---- may they be merged? ---- */

static mn_code check_stays(mn_core *c, const mn_id *person, mn_arena *arena, mn_error *err)
{
    mn_erasure e;
    mn_code code = c->store->ops->erasure->get(c->store, person, arena, &e, err);
    if (code == MN_OK)
        return mn_fail(err, MN_E_CONFLICT,
                       "one of the two is going to be erased: a new consent would take that back");
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code check_both(mn_core *c, merging *m, mn_arena *arena, mn_error *err)
{
    if (mn_id_compare(m->into_id, m->from_id) == 0)
        return mn_fail(err, MN_E_CONFLICT, "from: this is the same record");
    mn_code code = mn_core_get_whole_person(c, m->who, m->into_id, arena, &m->into, err);
    if (code == MN_OK)
        code = mn_core_get_whole_person(c, m->who, m->from_id, arena, &m->from, err);
    if (code == MN_OK)
        code = check_stays(c, m->into_id, arena, err);
    return code == MN_OK ? check_stays(c, m->from_id, arena, err) : code;
}

/* ---- consents ---- */

static void latest_withdrawals(const mn_consent *c, size_t n, mn_time latest[MN_PURPOSES])
{
    for (size_t i = 0; i < n; i++)
        if (c[i].withdrawn != MN_TIME_NEVER && c[i].withdrawn > latest[c[i].purpose])
            latest[c[i].purpose] = c[i].withdrawn;
}

/* Who withdrew under one name has withdrawn. */
static bool end_withdrawn(mn_consent *c, const mn_time latest[MN_PURPOSES], mn_time now)
{
    if (c->withdrawn != MN_TIME_NEVER || c->given > latest[c->purpose])
        return false;
    c->withdrawn = now;
    return true;
}

static mn_code merge_consents(mn_core *c, merging *m, mn_arena *arena, mn_consent **all, size_t *n,
                              mn_error *err)
{
    mn_consent *own = NULL, *others = NULL;
    size_t n_own = 0, n_others = 0;
    mn_time now = mn_time_now(), latest[MN_PURPOSES] = {0};
    mn_code code = c->store->ops->consent_list(c->store, m->into_id, arena, &own, &n_own, err);
    if (code == MN_OK)
        code = c->store->ops->consent_list(c->store, m->from_id, arena, &others, &n_others, err);
    if (code != MN_OK)
        return code;
    latest_withdrawals(own, n_own, latest);
    latest_withdrawals(others, n_others, latest);
    for (size_t i = 0; code == MN_OK && i < n_own; i++)
        if (end_withdrawn(&own[i], latest, now) && ++m->ended)
            code = c->store->ops->consent_put(c->store, &own[i], err);
    for (size_t i = 0; code == MN_OK && i < n_others; i++) {
        mn_consent moved = others[i];
        moved.id = mn_id_make();
        moved.person = *m->into_id;
        end_withdrawn(&moved, latest, now);
        code = c->store->ops->consent_put(c->store, &moved, err);
        m->consents += code == MN_OK;
    }
    return code == MN_OK ? c->store->ops->consent_list(c->store, m->into_id, arena, all, n, err) : code;
}

static bool agrees_to_any(const mn_consent *c, size_t n)
{
    mn_time now = mn_time_now();
    for (size_t i = 0; i < n; i++)
        if (mn_consent_valid(&c[i], c[i].purpose, now))
            return true;
    return false;
}

/* ---- lists ---- */

static bool is_in(const mn_membership *m, size_t n, const mn_id *list)
{
    for (size_t i = 0; i < n; i++)
        if (mn_id_compare(&m[i].list.id, list) == 0)
            return true;
    return false;
}

static mn_code merge_lists(mn_core *c, merging *m, const mn_consent *consents, size_t n, mn_arena *arena,
                           mn_error *err)
{
    mn_membership *own = NULL, *others = NULL;
    size_t n_own = 0, n_others = 0;
    mn_time now = mn_time_now();
    mn_code code = c->store->ops->lists_of(c->store, m->into_id, arena, &own, &n_own, err);
    if (code == MN_OK)
        code = c->store->ops->lists_of(c->store, m->from_id, arena, &others, &n_others, err);
    for (size_t i = 0; code == MN_OK && i < n_others; i++) {
        const mn_list *l = &others[i].list;
        if (is_in(own, n_own, &l->id) || !mn_consents_allow(consents, n, l->purpose, now))
            continue;
        code = c->store->ops->member_put(c->store, &l->id, m->into_id, others[i].added, err);
        m->lists += code == MN_OK;
    }
    return code;
}

/* ---- faces: sealed anew under the key of who stays ---- */

static mn_code open_keys(mn_core *c, merging *m, mn_arena *arena, mn_error *err)
{
    mn_code code = m->from_key ? MN_OK : mn_core_person_key(c, m->from_id, arena, &m->from_key, err);
    if (code != MN_OK || m->into_key)
        return code;
    code = mn_core_person_key(c, m->into_id, arena, &m->into_key, err);
    return code == MN_E_NOT_FOUND ? mn_core_make_person_key(c, m->into_id, &m->into_key, err) : code;
}

static mn_code put_blob(mn_core *c, merging *m, const mn_buf *sealed, mn_id *out, mn_error *err)
{
    if (m->n_blobs == BLOBS_MAX)
        return mn_fail(err, MN_E_LIMIT, "more than %d pictures of one person", BLOBS_MAX);
    const mn_id id = mn_id_make();
    m->blobs[m->n_blobs++] = id;
    mn_code code = c->blobs->ops->put(c->blobs, &id, sealed->data, sealed->len, err);
    if (code == MN_OK)
        *out = id;
    return code;
}

static mn_code move_sample(mn_core *c, merging *m, const mn_face_record *old, mn_face_record *f,
                           mn_error *err)
{
    mn_buf sealed, jpeg, anew;
    if (mn_id_is_nil(&old->sample))
        return MN_OK;
    mn_buf_init(&sealed, SAMPLE_ROOM);
    mn_buf_init(&jpeg, SAMPLE_ROOM);
    mn_buf_init(&anew, SAMPLE_ROOM);
    mn_code code = c->blobs->ops->get(c->blobs, &old->sample, &sealed, err);
    if (code == MN_OK)
        code = mn_core_unseal_sample(m->from_key, &old->id, &sealed, &jpeg, err);
    if (code == MN_OK)
        code = mn_core_seal_sample(m->into_key, &f->id, &jpeg, &anew, err);
    if (code == MN_OK)
        code = put_blob(c, m, &anew, &f->sample, err);
    mn_buf_finish(&sealed);
    mn_buf_finish(&jpeg);
    mn_buf_finish(&anew);
    return code;
}

static mn_code move_original(mn_core *c, merging *m, const mn_face_record *old, const mn_id *face,
                             mn_arena *arena, mn_error *err)
{
    mn_buf sealed, plain, anew;
    mn_original o;
    mn_code code = c->store->ops->face->original_get(c->store, &old->id, arena, &o, err);
    if (code != MN_OK)
        return code == MN_E_NOT_FOUND ? MN_OK : code;
    mn_buf_init(&sealed, SAMPLE_ROOM);
    mn_buf_init(&plain, SAMPLE_ROOM);
    mn_buf_init(&anew, SAMPLE_ROOM);
    code = c->blobs->ops->get(c->blobs, &o.blob, &sealed, err);
    if (code == MN_OK)
        code = mn_core_unseal_original(m->from_key, &old->id, &sealed, &plain, err);
    if (code == MN_OK)
        code = mn_core_seal_original(m->into_key, face, plain.data, plain.len, &anew, err);
    if (code == MN_OK)
        code = put_blob(c, m, &anew, &o.blob, err);
    o.face = *face;
    if (code == MN_OK)
        code = c->store->ops->face->original_put(c->store, &o, err);
    mn_buf_finish(&sealed);
    mn_buf_finish(&plain);
    mn_buf_finish(&anew);
    return code;
}

/* Of the model in use; others are made again from the sample where they are wanted. */
static mn_code move_descriptor(mn_core *c, merging *m, const mn_id *old, const mn_id *face, mn_arena *arena,
                               mn_error *err)
{
    float turned[MN_DESCRIPTOR_MAX], plain[MN_DESCRIPTOR_MAX];
    mn_buf sealed;
    mn_descriptor_record d;
    mn_code code = c->store->ops->descriptor_get(c->store, old, c->model_name, arena, &d, err);
    if (code != MN_OK)
        return code == MN_E_NOT_FOUND ? MN_OK : code;
    mn_buf_init(&sealed, sizeof turned + 4096);
    code = mn_core_unseal_descriptor(c, m->from_key, &d, turned, err);
    if (code == MN_OK) {
        mn_core_turn_back(c, turned, plain);
        code = mn_core_seal_descriptor(c, m->into_key, face, plain, &sealed, err);
    }
    d.face = *face;
    d.sealed = sealed.data;
    d.sealed_len = sealed.len;
    if (code == MN_OK)
        code = c->store->ops->descriptor_put(c->store, &d, err);
    mn_buf_finish(&sealed);
    memset(turned, 0, sizeof turned);
    memset(plain, 0, sizeof plain);
    return code;
}

static mn_code move_face(mn_core *c, merging *m, const mn_face_record *old, mn_arena *arena, mn_error *err)
{
    mn_face_record same, f = *old;
    mn_code code = MN_E_NOT_FOUND;
    if (old->source_hash)
        code = c->store->ops->face_by_source(c->store, m->into_id, old->source_hash, arena, &same, err);
    if (code != MN_E_NOT_FOUND)
        return code; /* the same picture is there */
    f.id = mn_id_make();
    f.person = *m->into_id;
    f.sample = (mn_id){{0}};
    code = open_keys(c, m, arena, err);
    if (code == MN_OK)
        code = move_sample(c, m, old, &f, err);
    if (code == MN_OK)
        code = c->store->ops->face_put(c->store, &f, err);
    if (code == MN_OK)
        code = move_descriptor(c, m, &old->id, &f.id, arena, err);
    if (code == MN_OK)
        code = move_original(c, m, old, &f.id, arena, err);
    m->faces += code == MN_OK;
    return code;
}

static mn_code merge_faces(mn_core *c, merging *m, mn_arena *arena, mn_error *err)
{
    mn_face_record *faces = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->faces_of(c->store, m->from_id, arena, &faces, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = move_face(c, m, &faces[i], arena, err);
    return code;
}

/* ---- the whole ---- */

static mn_code see(mn_core *c, merging *m, mn_error *err)
{
    mn_person_view *views = NULL;
    mn_code code = c->store->ops->person_get(c->store, m->into_id, m->arena, &m->into, err);
    if (code == MN_OK)
        code = mn_core_make_views(c, m->who, &m->into, 1, m->arena, &views, err);
    if (code == MN_OK)
        m->view = views[0];
    return code;
}

static mn_code end_from(mn_core *c, merging *m, mn_arena *arena, mn_error *err)
{
    const mn_erasure e = {
        .person = *m->from_id, .asked = mn_time_now(), .why = MN_ERASURE_ASKED, .whole = true};
    mn_code code = mn_core_record(c, m->who, "person.merge", m->into_id,
                                  json_pack("{s:o, s:I, s:I, s:I}", "from", mn_core_json_id(m->from_id),
                                            "faces", (json_int_t)m->faces, "consents",
                                            (json_int_t)m->consents, "memberships", (json_int_t)m->lists),
                                  err);
    return code == MN_OK ? mn_core_destroy(c, m->who, &e, arena, err) : code;
}

static mn_code merge(mn_core *c, void *ctx, mn_arena *arena, mn_error *err)
{
    merging *m = ctx;
    mn_consent *consents = NULL;
    size_t n = 0;
    mn_code code = check_both(c, m, arena, err);
    if (code == MN_OK)
        code = merge_consents(c, m, arena, &consents, &n, err);
    if (code == MN_OK)
        code = merge_lists(c, m, consents, n, arena, err);
    if (code == MN_OK && agrees_to_any(consents, n))
        code = merge_faces(c, m, arena, err);
    if (code != MN_OK)
        return code;
    /* Their last consent ended here: what is stored of them goes, as after a withdrawal. */
    mn_erasure e = {.person = *m->into_id, .asked = mn_time_now(), .why = MN_ERASURE_WITHDRAWN};
    if (m->ended > 0 && !agrees_to_any(consents, n))
        code = mn_core_retire(c, m->who, &e, arena, err);
    if (code != MN_OK)
        return code;
    m->into.updated = mn_core_next_update(m->into.updated);
    code = c->store->ops->person_put(c->store, &m->into, err);
    if (code == MN_OK)
        code = end_from(c, m, arena, err);
    return code == MN_OK ? see(c, m, err) : code;
}

/* A commit whose answer was lost may have been done: the blobs are then named, and stay. */
static void drop_blobs(mn_core *c, const merging *m)
{
    mn_person p;
    mn_arena *a = mn_arena_create(1 << 20);
    bool there = a && c->store->ops->person_get(c->store, m->from_id, a, &p, NULL) == MN_OK;
    mn_arena_destroy(a);
    for (size_t i = 0; there && i < m->n_blobs; i++)
        c->blobs->ops->remove(c->blobs, &m->blobs[i], NULL);
}

mn_code mn_core_person_merge(mn_core *c, const mn_actor *who, const mn_id *into, const mn_id *from,
                             mn_arena *arena, mn_person_view *out, mn_error *err)
{
    merging m = {.who = who, .into_id = into, .from_id = from, .arena = arena};
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_DELETE, err);
    if (code == MN_OK && !c->model)
        code = mn_fail(err, MN_E_INTERNAL, "this data directory was opened for its records only");
    m.blobs = code == MN_OK ? mn_arena_calloc(arena, BLOBS_MAX, sizeof *m.blobs) : NULL;
    if (code == MN_OK && !m.blobs)
        code = mn_fail(err, MN_E_MEMORY, "no memory to merge two people");
    if (code == MN_OK)
        code = mn_core_take_out(c, merge, &m, err);
    if (code != MN_OK && m.n_blobs > 0)
        drop_blobs(c, &m);
    mn_key_close(m.from_key);
    mn_key_close(m.into_key);
    if (code == MN_OK)
        *out = m.view;
    return code;
}
