/* Two records of one person become one. Consents decide: what either record says was withdrawn counts for
 * both, and only what the person still agrees to is moved. The other record is then erased, with its
 * certificate.
 *
 * Pictures are sealed anew and put away before the transaction (enrol_early.c says why). Inside it the faces
 * and the key must still be those; else all begins again. */
#include "core/records.h"
#include "core/records_internal.h"
#include "core/signin.h"

#include <string.h>

#define SAMPLE_ROOM ((size_t)256 << 20)
#define FACES_MAX   2048 /* of one person */
#define ATTEMPTS    8    /* while others change the two */

/* A face of the one as it is going to be one of the other; its pictures are put away. */
typedef struct {
    mn_face_record old, face;
    mn_original original; /* blob nil: there is none */
    mn_id old_original;
    bool stored;
} moved_face;

typedef struct {
    const mn_actor *who;
    const mn_id *into_id, *from_id;
    mn_arena *arena; /* the caller's */
    mn_person into, from;
    mn_arena *early;            /* of what is made before the transaction */
    mn_core_early_key into_key; /* key NULL: not needed */
    mn_key *from_key;
    moved_face *moved;
    size_t n_moved;
    size_t faces, consents, lists, ended;
    bool stale; /* what was made before does not fit any more */
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

typedef struct {
    mn_consent *own, *others; /* as they are going to be */
    size_t n_own, n_others;
    bool *ended; /* own ones that end with the merging */
} both_consents;

static mn_code read_consents(mn_core *c, const merging *m, mn_arena *arena, both_consents *b, mn_error *err)
{
    mn_time now = mn_time_now(), latest[MN_PURPOSES] = {0};
    mn_code code = c->store->ops->consent_list(c->store, m->into_id, arena, &b->own, &b->n_own, err);
    if (code == MN_OK)
        code = c->store->ops->consent_list(c->store, m->from_id, arena, &b->others, &b->n_others, err);
    if (code != MN_OK)
        return code;
    b->ended = mn_arena_calloc(arena, b->n_own + 1, sizeof *b->ended);
    if (!b->ended)
        return mn_fail(err, MN_E_MEMORY, "no memory for the consents of two people");
    latest_withdrawals(b->own, b->n_own, latest);
    latest_withdrawals(b->others, b->n_others, latest);
    for (size_t i = 0; i < b->n_own; i++)
        b->ended[i] = end_withdrawn(&b->own[i], latest, now);
    for (size_t i = 0; i < b->n_others; i++)
        end_withdrawn(&b->others[i], latest, now);
    return MN_OK;
}

static mn_code merge_consents(mn_core *c, merging *m, mn_arena *arena, mn_consent **all, size_t *n,
                              mn_error *err)
{
    both_consents b;
    mn_code code = read_consents(c, m, arena, &b, err);
    for (size_t i = 0; code == MN_OK && i < b.n_own; i++)
        if (b.ended[i] && ++m->ended)
            code = c->store->ops->consent_put(c->store, &b.own[i], err);
    for (size_t i = 0; code == MN_OK && i < b.n_others; i++) {
        b.others[i].id = mn_id_make();
        b.others[i].person = *m->into_id;
        code = c->store->ops->consent_put(c->store, &b.others[i], err);
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
    mn_code code = c->store->ops->lists_of(c->store, m->into_id, now, arena, &own, &n_own, err);
    if (code == MN_OK)
        code = c->store->ops->lists_of(c->store, m->from_id, now, arena, &others, &n_others, err);
    for (size_t i = 0; code == MN_OK && i < n_others; i++) {
        const mn_list *l = &others[i].list;
        if (is_in(own, n_own, &l->id) || !mn_consents_allow(consents, n, l->purpose, now))
            continue;
        code = c->store->ops->member_put(c->store, &l->id, m->into_id, others[i].added, err);
        m->lists += code == MN_OK;
    }
    return code;
}

/* ---- pictures: sealed anew under the key of who stays, before the transaction ---- */

typedef mn_code recode(const mn_key *key, const mn_id *face, const mn_buf *in, mn_buf *out, mn_error *err);

static mn_code seal_original(const mn_key *key, const mn_id *face, const mn_buf *plain, mn_buf *out,
                             mn_error *err)
{
    return mn_core_seal_original(key, face, plain->data, plain->len, out, err);
}

static mn_code move_picture(mn_core *c, const merging *m, const moved_face *f, const mn_id *blob,
                            recode *open, recode *seal, mn_id *out, mn_error *err)
{
    mn_buf sealed, plain, anew;
    mn_buf_init(&sealed, SAMPLE_ROOM);
    mn_buf_init(&plain, SAMPLE_ROOM);
    mn_buf_init(&anew, SAMPLE_ROOM);
    mn_code code = c->blobs->ops->get(c->blobs, blob, &sealed, err);
    if (code == MN_OK)
        code = open(m->from_key, &f->old.id, &sealed, &plain, err);
    if (code == MN_OK)
        code = seal(m->into_key.key, &f->face.id, &plain, &anew, err);
    if (code == MN_OK) {
        *out = mn_id_make();
        code = c->blobs->ops->put(c->blobs, out, anew.data, anew.len, err);
    }
    mn_buf_finish(&sealed);
    mn_buf_finish(&plain);
    mn_buf_finish(&anew);
    return code;
}

static mn_code move_original(mn_core *c, const merging *m, moved_face *f, mn_error *err)
{
    mn_original o;
    mn_code code = c->store->ops->face->original_get(c->store, &f->old.id, m->early, &o, err);
    if (code != MN_OK)
        return code == MN_E_NOT_FOUND ? MN_OK : code;
    f->old_original = o.blob;
    f->original = o;
    f->original.face = f->face.id;
    f->original.blob = (mn_id){{0}};
    return move_picture(c, m, f, &o.blob, mn_core_unseal_original, seal_original, &f->original.blob, err);
}

/* The same picture is not moved. */
static mn_code is_there(mn_core *c, const merging *m, const mn_face_record *f, mn_arena *arena, bool *yes,
                        mn_error *err)
{
    mn_face_record same;
    mn_code code = MN_E_NOT_FOUND;
    if (f->source_hash)
        code = c->store->ops->face_by_source(c->store, m->into_id, f->source_hash, arena, &same, err);
    *yes = code == MN_OK;
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code move_pictures(mn_core *c, merging *m, const mn_face_record *old, mn_error *err)
{
    bool there = false;
    mn_face_record now;
    mn_code code = is_there(c, m, old, m->early, &there, err);
    if (code != MN_OK || there)
        return code;
    moved_face *f = &m->moved[m->n_moved++];
    *f = (moved_face){.old = *old, .face = *old};
    f->face.id = mn_id_make();
    f->face.person = *m->into_id;
    f->face.sample = (mn_id){{0}};
    if (!mn_id_is_nil(&old->sample))
        code = move_picture(c, m, f, &old->sample, mn_core_unseal_sample, mn_core_seal_sample,
                            &f->face.sample, err);
    if (code == MN_OK)
        code = move_original(c, m, f, err);
    if (code == MN_E_NOT_FOUND) /* a picture went just now */
        m->stale = c->store->ops->face_get(c->store, &old->id, m->early, &now, NULL) == MN_E_NOT_FOUND;
    return code;
}

static mn_code move_all_pictures(mn_core *c, merging *m, mn_error *err)
{
    mn_face_record *faces = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->faces_of(c->store, m->from_id, m->early, &faces, &n, err);
    if (code != MN_OK || n == 0)
        return code;
    if (n > FACES_MAX)
        return mn_fail(err, MN_E_LIMIT, "more than %d faces of one person", FACES_MAX);
    m->moved = mn_arena_calloc(m->early, n, sizeof *m->moved);
    if (!m->moved)
        return mn_fail(err, MN_E_MEMORY, "no memory to merge two people");
    code = mn_core_person_key(c, m->from_id, m->early, &m->from_key, err);
    if (code == MN_OK)
        code = mn_core_early_key_take(c, m->into_id, m->early, &m->into_key, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = move_pictures(c, m, &faces[i], err);
    return code;
}

/* ---- faces, inside the transaction ---- */

static mn_code stale(merging *m, mn_error *err)
{
    m->stale = true;
    return mn_fail(err, MN_E_CONFLICT, "one of the two is changed all the time meanwhile: try again");
}

/* Of every model that the store has: while it changes from one to the other, both search. */
static mn_code move_descriptors(mn_core *c, const merging *m, const moved_face *f, mn_arena *arena,
                                mn_error *err)
{
    mn_code code = MN_OK;
    for (mn_model_role role = MN_MODEL_CURRENT; code == MN_OK && role < MN_MODEL_OTHER; role++) {
        mn_model_mark mark;
        mn_descriptor_record d;
        mn_buf sealed;
        code = mn_core_model_mark(c, role, arena, &mark, err);
        if (code != MN_OK || !mark.model)
            continue;
        code = c->store->ops->descriptor_get(c->store, &f->old.id, mark.model, arena, &d, err);
        if (code != MN_OK) {
            code = code == MN_E_NOT_FOUND ? MN_OK : code;
            continue;
        }
        mn_buf_init(&sealed, MN_DESCRIPTOR_MAX * sizeof(float) + MN_SEAL_ROOM);
        code = mn_core_move_descriptor(m->from_key, m->into_key.key, &f->face.id, &d, &sealed, err);
        d.face = f->face.id;
        d.sealed = sealed.data;
        d.sealed_len = sealed.len;
        if (code == MN_OK)
            code = c->store->ops->descriptor_put(c->store, &d, err);
        mn_buf_finish(&sealed);
    }
    return code;
}

static mn_code find_original(mn_core *c, const mn_id *face, mn_arena *arena, mn_id *blob, mn_error *err)
{
    mn_original o = {0};
    mn_code code = c->store->ops->face->original_get(c->store, face, arena, &o, err);
    *blob = code == MN_OK ? o.blob : (mn_id){{0}};
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

/* As it was when its pictures were moved? */
static mn_code find_moved(mn_core *c, merging *m, const mn_face_record *old, mn_arena *arena,
                          moved_face **out, mn_error *err)
{
    mn_id original;
    mn_code code = find_original(c, &old->id, arena, &original, err);
    for (size_t i = 0; code == MN_OK && i < m->n_moved; i++) {
        moved_face *f = &m->moved[i];
        if (mn_id_compare(&f->old.id, &old->id) == 0 && mn_id_compare(&f->old.sample, &old->sample) == 0 &&
            mn_id_compare(&f->old_original, &original) == 0) {
            *out = f;
            return MN_OK;
        }
    }
    return code == MN_OK ? stale(m, err) : code;
}

static mn_code move_face(mn_core *c, merging *m, const mn_face_record *old, mn_arena *arena, mn_error *err)
{
    moved_face *f = NULL;
    bool there = false;
    mn_code code = is_there(c, m, old, arena, &there, err);
    if (code != MN_OK || there)
        return code;
    code = find_moved(c, m, old, arena, &f, err);
    if (code == MN_OK)
        code = c->store->ops->face_put(c->store, &f->face, err);
    if (code == MN_OK)
        code = move_descriptors(c, m, f, arena, err);
    if (code == MN_OK && !mn_id_is_nil(&f->original.blob))
        code = c->store->ops->face->original_put(c->store, &f->original, err);
    if (code != MN_OK)
        return code;
    f->stored = true;
    m->faces++;
    return MN_OK;
}

static mn_code merge_faces(mn_core *c, merging *m, mn_arena *arena, mn_error *err)
{
    mn_face_record *faces = NULL;
    size_t n = 0;
    bool stands = false;
    mn_code code = c->store->ops->faces_of(c->store, m->from_id, arena, &faces, &n, err);
    if (code != MN_OK || n == 0)
        return code;
    if (m->into_key.key)
        code = mn_core_early_key_settle(c, &m->into_key, arena, &stands, err);
    if (code == MN_OK && !stands)
        code = stale(m, err);
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

/* Who may not be merged, or agrees to nothing, has no picture moved. */
static mn_code prepare(mn_core *c, merging *m, mn_error *err)
{
    both_consents b;
    mn_code code = check_both(c, m, m->early, err);
    if (code == MN_OK)
        code = read_consents(c, m, m->early, &b, err);
    if (code != MN_OK || !(agrees_to_any(b.own, b.n_own) || agrees_to_any(b.others, b.n_others)))
        return code;
    return move_all_pictures(c, m, err);
}

static void drop(mn_core *c, const mn_id *blob)
{
    if (!mn_id_is_nil(blob))
        c->blobs->ops->remove(c->blobs, blob, NULL);
}

/* A commit whose answer was lost may have been done: the blobs are then named, and stay. */
static void drop_pictures(mn_core *c, const merging *m, mn_code code)
{
    mn_person p;
    bool all = code != MN_OK;
    if (all && m->n_moved > 0 && c->store->ops->person_get(c->store, m->from_id, m->early, &p, NULL) != MN_OK)
        return;
    for (size_t i = 0; i < m->n_moved; i++)
        if (all || !m->moved[i].stored) {
            drop(c, &m->moved[i].face.sample);
            drop(c, &m->moved[i].original.blob);
        }
}

static mn_code try_merge(mn_core *c, merging *m, mn_error *err)
{
    m->early = mn_arena_create(MN_CORE_ARENA);
    mn_code code = m->early ? prepare(c, m, err) : mn_fail(err, MN_E_MEMORY, "no memory to merge two people");
    if (code == MN_OK)
        code = mn_core_take_out(c, merge, m, err);
    if (m->early)
        drop_pictures(c, m, code);
    mn_key_close(m->from_key);
    mn_core_early_key_close(&m->into_key);
    mn_arena_destroy(m->early);
    return code;
}

mn_code mn_core_person_merge(mn_core *c, const mn_actor *who, const mn_id *into, const mn_id *from,
                             mn_arena *arena, mn_person_view *out, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_DELETE, err);
    bool again = code == MN_OK;
    for (int attempt = 0; again && attempt < ATTEMPTS; attempt++) {
        merging m = {.who = who, .into_id = into, .from_id = from, .arena = arena};
        code = try_merge(c, &m, err);
        again = m.stale;
        if (code == MN_OK)
            *out = m.view;
    }
    return code;
}
