/* Erasure: the wrapped key and all records go in one transaction, with the certificate in the audit log; the
 * sealed blobs, unreadable from that moment, are removed after it, again and again until they are gone.
 *
 * Whoever's last consent ended, and whoever is erased, is in no answer from that moment, because no consent
 * of theirs is valid any more. What is stored of them is destroyed when the grace period has passed; until
 * then the store knows when that is due, and a new consent takes it back. */
#include "core/records.h"

#include "core/internal.h"
#include "core/temporary.h"

#define TRASH_PAGE 256

void mn_core_empty_trash(mn_core *c)
{
    mn_id *blobs = NULL;
    size_t n = TRASH_PAGE;
    mn_code code = MN_OK;
    mn_arena *arena = mn_arena_create(1 << 20);
    while (arena && code == MN_OK && n == TRASH_PAGE) {
        code = c->store->ops->trash_list(c->store, TRASH_PAGE, arena, &blobs, &n, NULL);
        for (size_t i = 0; code == MN_OK && i < n; i++) {
            code = c->blobs->ops->remove(c->blobs, &blobs[i], NULL);
            if (code == MN_OK)
                code = c->store->ops->trash_drop(c->store, &blobs[i], NULL);
        }
        mn_arena_reset(arena);
    }
    mn_arena_destroy(arena);
}

/* ---- the frame of all that takes people out ---- */

mn_code mn_core_in_transaction(mn_core *c, mn_core_step *step, void *ctx, mn_arena *arena, mn_error *err)
{
    mn_code code = c->store->ops->begin(c->store, err);
    if (code != MN_OK)
        return code;
    code = step(c, ctx, arena, err);
    if (code == MN_OK)
        return c->store->ops->commit(c->store, err);
    c->store->ops->rollback(c->store);
    return code;
}

mn_code mn_core_take_out(mn_core *c, mn_core_step *step, void *ctx, mn_error *err)
{
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to take a person out");
    mn_code code = mn_core_in_transaction(c, step, ctx, arena, err);
    mn_arena_destroy(arena);
    if (code != MN_OK)
        return code;
    mn_core_empty_trash(c);
    mn_core_backups_follow(c);
    /* It is done: what hinders the gallery from following now is told to who searches next. */
    mn_core_follow(c, NULL);
    return MN_OK;
}

/* ---- destroying, with a certificate ---- */

typedef struct {
    size_t faces, samples, consents, lists;
    bool key;
    char key_id[MN_KEY_ID_TEXT]; /* "": no key, or one that does not open */
} traces;

static mn_code note_key(mn_core *c, const mn_id *person, mn_arena *arena, traces *t, mn_error *err)
{
    const uint8_t *wrapped = NULL;
    size_t n = 0;
    mn_key *key = NULL;
    mn_code code = c->store->ops->key_get(c->store, person, arena, &wrapped, &n, err);
    if (code != MN_OK)
        return code == MN_E_NOT_FOUND ? MN_OK : code;
    t->key = true;
    /* A key that does not open is destroyed all the same. */
    if (mn_key_unwrap(c->master, person->bytes, sizeof person->bytes, wrapped, n, &key, NULL) == MN_OK)
        mn_key_id(key, t->key_id);
    mn_key_close(key);
    return MN_OK;
}

static mn_code count_traces(mn_core *c, const mn_id *person, mn_arena *arena, traces *t,
                            mn_face_record **faces, mn_error *err)
{
    mn_consent *consents = NULL;
    mn_membership *lists = NULL;
    mn_code code = c->store->ops->faces_of(c->store, person, arena, faces, &t->faces, err);
    if (code == MN_OK)
        code = c->store->ops->consent_list(c->store, person, arena, &consents, &t->consents, err);
    if (code == MN_OK)
        code = c->store->ops->lists_of(c->store, person, mn_time_now(), arena, &lists, &t->lists, err);
    if (code != MN_OK)
        return code;
    for (size_t i = 0; i < t->faces; i++)
        t->samples += !mn_id_is_nil(&(*faces)[i].sample);
    return note_key(c, person, arena, t, err);
}

static json_t *json_when(mn_time t)
{
    char text[MN_TIME_TEXT];
    mn_time_format(t, text);
    return json_string(text);
}

/* As mn_core_record; *seq: the record's number. */
static mn_code number_record(mn_core *c, const mn_actor *who, const char *action, const mn_id *target,
                             json_t *detail, mn_arena *arena, uint64_t *seq, mn_error *err)
{
    mn_audit_record r;
    mn_code code = mn_core_make_record(who, action, target, detail, mn_time_now(), arena, &r, err);
    if (code == MN_OK)
        code = c->store->ops->audit_append(c->store, &r, err);
    if (code == MN_OK)
        *seq = r.seq;
    return code;
}

static mn_code certify(mn_core *c, const mn_actor *who, const mn_erasure *e, const traces *t, mn_arena *arena,
                       uint64_t *seq, mn_error *err)
{
    static const char *const why[] = {"withdrawn", "expired", "asked"};
    json_t *key = t->key_id[0] ? json_string(t->key_id) : json_null();
    json_t *detail =
        json_pack("{s:s, s:o, s:I, s:I, s:b, s:o, s:o}", "why", why[e->why], "asked", json_when(e->asked),
                  "faces", (json_int_t)t->faces, "samples", (json_int_t)t->samples, "key_destroyed", t->key,
                  "key", key, "time", json_when(mn_time_now()));
    if (detail && e->whole) {
        json_object_set_new(detail, "consents", json_integer((json_int_t)t->consents));
        json_object_set_new(detail, "memberships", json_integer((json_int_t)t->lists));
    }
    return number_record(c, who, e->whole ? "person.erase" : "biometrics.erase", &e->person, detail, arena,
                         seq, err);
}

static mn_code forget(mn_core *c, const mn_id *person, const mn_face_record *faces, size_t n, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = c->store->ops->face_delete(c->store, &faces[i].id, err);
    if (code == MN_OK)
        code = c->store->ops->key_delete(c->store, person, err);
    return code == MN_OK ? c->store->ops->erasure->drop(c->store, person, err) : code;
}

mn_code mn_core_forget(mn_core *c, const mn_id *person, mn_arena *arena, size_t *n, mn_error *err)
{
    mn_face_record *faces = NULL;
    mn_code code = c->store->ops->faces_of(c->store, person, arena, &faces, n, err);
    if (code == MN_OK)
        code = forget(c, person, faces, *n, err);
    return code == MN_OK ? mn_core_backups_due(c, err) : code;
}

static mn_certificate certificate_of(const traces *t, bool erased, uint64_t seq)
{
    return (mn_certificate){.erased = erased,
                            .time = mn_time_now(),
                            .faces = t->faces,
                            .samples = t->samples,
                            .consents = t->consents,
                            .key_destroyed = erased && t->key,
                            .audit = seq};
}

/* out may be NULL. */
static mn_code destroy(mn_core *c, const mn_actor *who, const mn_erasure *e, mn_arena *arena,
                       mn_certificate *out, mn_error *err)
{
    traces t = {0};
    uint64_t seq = 0;
    mn_face_record *faces = NULL;
    mn_code code = count_traces(c, &e->person, arena, &t, &faces, err);
    if (code == MN_OK)
        code = e->whole ? c->store->ops->person_delete(c->store, &e->person, err)
                        : forget(c, &e->person, faces, t.faces, err);
    if (code == MN_OK)
        code = certify(c, who, e, &t, arena, &seq, err);
    if (code == MN_OK)
        code = mn_core_backups_due(c, err);
    if (code == MN_OK && out)
        *out = certificate_of(&t, true, seq);
    return code;
}

mn_code mn_core_destroy(mn_core *c, const mn_actor *who, const mn_erasure *e, mn_arena *arena, mn_error *err)
{
    return destroy(c, who, e, arena, NULL, err);
}

/* ---- now, or when the grace period has passed ---- */

/* One that was asked for before is not put off. */
static mn_code note_erasure(mn_core *c, mn_erasure *e, mn_arena *arena, mn_error *err)
{
    mn_erasure before;
    mn_code code = c->store->ops->erasure->get(c->store, &e->person, arena, &before, err);
    if (code == MN_OK && before.due < e->due)
        e->due = before.due;
    if (code == MN_OK && before.whole)
        e->whole = true;
    return code == MN_OK || code == MN_E_NOT_FOUND ? c->store->ops->erasure->put(c->store, e, err) : code;
}

mn_code mn_core_retire(mn_core *c, const mn_actor *who, mn_erasure *e, mn_arena *arena, mn_error *err)
{
    mn_time now = mn_time_now();
    mn_temporary_forget(c->temporary, &e->person, MN_TIME_NEVER);
    e->due = e->asked > MN_TIME_NEVER - c->grace ? MN_TIME_NEVER : e->asked + c->grace;
    if (e->due > now)
        return note_erasure(c, e, arena, err);
    e->due = now;
    return mn_core_destroy(c, who, e, arena, err);
}

mn_code mn_core_undo_erasure(mn_core *c, const mn_actor *who, const mn_id *person, mn_arena *arena,
                             mn_error *err)
{
    mn_erasure e;
    mn_code code = c->store->ops->erasure->get(c->store, person, arena, &e, err);
    if (code != MN_OK)
        return code == MN_E_NOT_FOUND ? MN_OK : code;
    code = c->store->ops->erasure->drop(c->store, person, err);
    return code == MN_OK
               ? mn_core_record(c, who, "erasure.undo", person,
                                json_pack("{s:o, s:o}", "asked", json_when(e.asked), "due", json_when(e.due)),
                                err)
               : code;
}

json_t *mn_core_json_due(const mn_core *c, const mn_erasure *e)
{
    return c->grace > 0 && e->due > mn_time_now() ? json_when(e->due) : json_null();
}

/* ---- a whole person ---- */

typedef struct {
    const mn_actor *who;
    const mn_id *person;
    bool now;
    mn_certificate certificate;
} erasure;

static mn_code withdraw_all(mn_core *c, const mn_id *person, mn_time now, mn_arena *arena, mn_error *err)
{
    mn_consent *all = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->consent_list(c->store, person, arena, &all, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (mn_consent_valid(&all[i], all[i].purpose, now)) {
            all[i].withdrawn = now;
            code = c->store->ops->consent_put(c->store, &all[i], err);
        }
    return code;
}

static mn_code erase(mn_core *c, void *ctx, mn_arena *arena, mn_error *err)
{
    erasure *what = ctx;
    traces t = {0};
    mn_face_record *faces = NULL;
    uint64_t seq = 0;
    mn_person p;
    mn_erasure e = {.person = *what->person, .asked = mn_time_now(), .why = MN_ERASURE_ASKED, .whole = true};
    mn_code code = mn_core_get_whole_person(c, what->who, what->person, arena, &p, err);
    if (code != MN_OK)
        return code;
    if (what->now || c->grace == 0)
        return destroy(c, what->who, &e, arena, &what->certificate, err);
    code = withdraw_all(c, &e.person, e.asked, arena, err);
    if (code == MN_OK)
        code = mn_core_retire(c, what->who, &e, arena, err);
    if (code == MN_OK)
        code = count_traces(c, &e.person, arena, &t, &faces, err);
    if (code == MN_OK)
        code = number_record(c, what->who, "erasure.ask", &e.person,
                             json_pack("{s:o}", "due", mn_core_json_due(c, &e)), arena, &seq, err);
    if (code == MN_OK)
        what->certificate = certificate_of(&t, false, seq);
    return code;
}

/* out may be NULL. */
static mn_code erase_person(mn_core *c, const mn_actor *who, const mn_id *person, bool now,
                            mn_certificate *out, mn_error *err)
{
    erasure what = {.who = who, .person = person, .now = now};
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_DELETE, err);
    if (code == MN_OK)
        code = mn_core_take_out(c, erase, &what, err);
    if (code == MN_OK && out)
        *out = what.certificate;
    return code;
}

mn_code mn_core_erase_certified(mn_core *c, const mn_actor *who, const mn_id *person, mn_certificate *out,
                                mn_error *err)
{
    return erase_person(c, who, person, false, out, err);
}

mn_code mn_core_erase(mn_core *c, const mn_actor *who, const mn_id *person, mn_error *err)
{
    return erase_person(c, who, person, false, NULL, err);
}

mn_code mn_core_erase_now(mn_core *c, const mn_actor *who, const mn_id *person, mn_error *err)
{
    return erase_person(c, who, person, true, NULL, err);
}
