/* A face into a person's record, for a purpose that the person agreed to.
 *
 * One transaction holds the list, the person, the consent, the key, the face and the audit record: all of it
 * is there, or nothing. The sample's blob is written before the commit; when the commit fails it is removed,
 * and when the machine dies in between, what stays on the disk is sealed under a key that exists nowhere. */
#include "core/internal.h"

#include "base/alloc.h"
#include "image/encode.h"

#include <sodium.h>
#include <string.h>

#define SAMPLE_MAX     ((size_t)4 << 20)
#define SAMPLE_QUALITY 92
#define HASH_TEXT      65

typedef struct {
    mn_core *c;
    const mn_actor *who;
    const mn_enrol_person *person;
    const mn_enrol_face *face;
    mn_arena *arena;
    mn_time now;
    char hash[HASH_TEXT];   /* "" without the picture's bytes */
    mn_buf jpeg;            /* empty without a sample */
    mn_ranked lookalike[2]; /* the nearest two: one of them may be the person */
    mn_ranking lookalikes;
    mn_list list;
    mn_person record;
    mn_id blob; /* written, not committed yet; nil: none */
} enrolment;

/* ---- who ---- */

static mn_code check_person(const mn_enrol_person *p, mn_error *err)
{
    mn_code code = MN_OK;
    if (!p->name && !p->external_id)
        return mn_fail(err, MN_E_INVALID, "the person has neither a name nor an external id");
    if (p->name)
        code = mn_core_check_text("the person's name", p->name, err);
    if (code == MN_OK && p->external_id)
        code = mn_core_check_text("the person's external id", p->external_id, err);
    return code == MN_OK ? mn_core_check_text("the list's name", p->list, err) : code;
}

static mn_code find_by_name(mn_core *c, const mn_actor *who, const mn_enrol_person *p, const mn_list *list,
                            mn_arena *arena, mn_person *out, bool *found, mn_error *err)
{
    mn_person *people = NULL;
    size_t n = 0;
    const mn_person_query q = {.account = who->account, .list = &list->id, .name = p->name, .limit = 2};
    mn_code code = c->store->ops->person_list(c->store, &q, arena, &people, &n, err);
    if (code != MN_OK)
        return code;
    if (n > 1)
        return mn_fail(err, MN_E_EXISTS,
                       "several people in \"%s\" are called \"%s\": say which one by external id", list->name,
                       p->name);
    *found = n == 1;
    if (*found)
        *out = people[0];
    return MN_OK;
}

/* list: NULL while there is none. */
static mn_code find_person(mn_core *c, const mn_actor *who, const mn_enrol_person *p, const mn_list *list,
                           mn_arena *arena, mn_person *out, bool *found, mn_error *err)
{
    *found = false;
    if (p->external_id) {
        mn_code code =
            c->store->ops->person_by_external_id(c->store, &who->account, p->external_id, arena, out, err);
        *found = code == MN_OK;
        return code == MN_E_NOT_FOUND ? MN_OK : code;
    }
    return list ? find_by_name(c, who, p, list, arena, out, found, err) : MN_OK;
}

/* A hash of the picture that says nothing to whoever has the same picture and not the key. */
static void hash_picture(const mn_core *c, const uint8_t *bytes, size_t n, char text[HASH_TEXT])
{
    uint8_t hash[32];
    mn_key_hash(c->deployment, bytes, n, hash);
    sodium_bin2hex(text, HASH_TEXT, hash, sizeof hash);
}

mn_code mn_core_enrolled_before(mn_core *c, const mn_actor *who, const mn_enrol_person *person,
                                const uint8_t *bytes, size_t n, bool *yes, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_FACES, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = check_person(person, err);
    if (code != MN_OK)
        return code;
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to look a picture up");
    mn_list list;
    mn_person p;
    mn_face_record face;
    bool there = false, found = false;
    char hash[HASH_TEXT];
    code = mn_core_find_list(c, &who->account, person->list, arena, &list, &there, err);
    if (code == MN_OK && there)
        code = mn_core_may_list(who, &list, err);
    if (code == MN_OK)
        code = find_person(c, who, person, there ? &list : NULL, arena, &p, &found, err);
    if (code == MN_OK && there && found) {
        hash_picture(c, bytes, n, hash);
        code = c->store->ops->face_by_source(c->store, &p.id, hash, arena, &face, err);
        found = code == MN_OK;
        if (code == MN_E_NOT_FOUND)
            code = MN_OK;
    }
    mn_arena_destroy(arena);
    if (code == MN_OK)
        *yes = there && found;
    return code;
}

/* ---- inside the transaction ---- */

static mn_code need_list(enrolment *e, mn_error *err)
{
    const mn_consent_given *given = e->person->consent;
    bool found = false;
    mn_code code =
        mn_core_find_list(e->c, &e->who->account, e->person->list, e->arena, &e->list, &found, err);
    if (code != MN_OK)
        return code;
    if (found)
        code = mn_core_may_list(e->who, &e->list, err);
    if (code != MN_OK)
        return code;
    if (found && given && given->purpose != e->list.purpose)
        return mn_fail(err, MN_E_PURPOSE,
                       "the list \"%s\" is for %s, and the consent for %s: use a list for that, or ask for a "
                       "consent to the former",
                       e->list.name, mn_purpose_word(e->list.purpose), mn_purpose_word(given->purpose));
    if (found)
        return MN_OK;
    if (!given)
        return mn_fail(err, MN_E_CONSENT,
                       "the list \"%s\" is new, and nobody in it has agreed to anything yet: state the "
                       "consent (what for, how it was given, until when)",
                       e->person->list);
    code = mn_core_may(e->who, MN_R_LISTS, MN_VERB_CREATE, err);
    if (code == MN_OK && e->who->limited)
        code = mn_fail(err, MN_E_FORBIDDEN, "there is no list \"%.200s\" among those that %s is kept to",
                       e->person->list, e->who->name);
    if (code != MN_OK)
        return code;
    e->list = (mn_list){.id = mn_id_make(),
                        .account = e->who->account,
                        .name = e->person->list,
                        .purpose = given->purpose,
                        .retention = MN_TIME_NEVER,
                        .created = e->now};
    return e->c->store->ops->list_put(e->c->store, &e->list, err);
}

static mn_code check_visible(enrolment *e, mn_error *err)
{
    bool visible = false;
    mn_code code = mn_core_person_visible(e->c, e->who, &e->record.id, e->arena, &visible, err);
    if (code == MN_OK && !visible)
        code = mn_fail(err, MN_E_FORBIDDEN,
                       "the external id belongs to somebody in other lists than those %s "
                       "is kept to",
                       e->who->name);
    return code;
}

static mn_code need_person(enrolment *e, bool *is_new, mn_error *err)
{
    bool found = false;
    mn_code code = find_person(e->c, e->who, e->person, &e->list, e->arena, &e->record, &found, err);
    *is_new = !found;
    if (code != MN_OK)
        return code;
    if (found)
        return check_visible(e, err);
    code = mn_core_may(e->who, MN_R_PEOPLE, MN_VERB_CREATE, err);
    if (code != MN_OK)
        return code;
    if (!e->person->consent)
        return mn_fail(err, MN_E_CONSENT,
                       "%s is not enrolled yet: state the consent (what for, how it was given, until when)",
                       e->person->name ? e->person->name : e->person->external_id);
    e->record = (mn_person){.id = mn_id_make(),
                            .account = e->who->account,
                            .external_id = e->person->external_id,
                            .name = e->person->name ? e->person->name : e->person->external_id,
                            .active = true,
                            .created = e->now,
                            .updated = e->now};
    return e->c->store->ops->person_put(e->c->store, &e->record, err);
}

static mn_code need_key(enrolment *e, mn_key **key, mn_error *err)
{
    mn_code code = mn_core_person_key(e->c, &e->record.id, e->arena, key, err);
    return code == MN_E_NOT_FOUND ? mn_core_make_person_key(e->c, &e->record.id, key, err) : code;
}

static mn_code put_sample(enrolment *e, const mn_key *key, mn_face_record *f, mn_error *err)
{
    if (e->jpeg.len == 0)
        return MN_OK;
    mn_buf sealed;
    mn_buf_init(&sealed, SAMPLE_MAX + 256);
    mn_code code = mn_core_seal_sample(key, &f->id, &e->jpeg, &sealed, err);
    if (code == MN_OK) {
        e->blob = f->sample = mn_id_make();
        code = e->c->blobs->ops->put(e->c->blobs, &f->sample, sealed.data, sealed.len, err);
    }
    mn_buf_finish(&sealed);
    return code;
}

static mn_code put_descriptor(enrolment *e, const mn_key *key, const mn_id *face, mn_error *err)
{
    const mn_descriptor *d = &e->face->face->descriptor;
    mn_buf sealed;
    mn_buf_init(&sealed, MN_DESCRIPTOR_MAX * sizeof(float) + 256);
    mn_code code = mn_core_seal_descriptor(e->c, key, face, d->v, &sealed, err);
    if (code == MN_OK) {
        const mn_descriptor_record r = {.face = *face,
                                        .model = e->c->model_name,
                                        .dim = d->dim,
                                        .sealed = sealed.data,
                                        .sealed_len = sealed.len};
        code = e->c->store->ops->descriptor_put(e->c->store, &r, err);
    }
    mn_buf_finish(&sealed);
    return code;
}

static mn_code put_face(enrolment *e, mn_id *out, mn_error *err)
{
    mn_key *key = NULL;
    mn_face_record f = {.id = mn_id_make(),
                        .person = e->record.id,
                        .source = e->face->source,
                        .source_hash = e->hash[0] ? e->hash : NULL,
                        .quality = e->face->face->quality.overall,
                        .created = e->now};
    mn_code code = need_key(e, &key, err);
    if (code == MN_OK)
        code = put_sample(e, key, &f, err);
    if (code == MN_OK)
        code = e->c->store->ops->face_put(e->c->store, &f, err);
    if (code == MN_OK)
        code = put_descriptor(e, key, &f.id, err);
    mn_key_close(key);
    if (code == MN_OK)
        *out = f.id;
    return code;
}

/* The nearest other person, when as near as a search at the default rate would report. */
static mn_code note_duplicate(const enrolment *e, mn_enrolment *out, mn_error *err)
{
    bool measured;
    double threshold = e->lookalikes.n > 0 ? mn_core_threshold(&e->lookalikes, e->c->fmr, &measured) : 0;
    for (size_t i = 0; i < e->lookalikes.n && !out->duplicate; i++) {
        const mn_ranked *like = &e->lookalike[i];
        const mn_id *id = &like->found.person;
        mn_person p;
        if (like->score < threshold || mn_id_compare(id, &e->record.id) == 0)
            continue;
        mn_code code = e->c->store->ops->person_get(e->c->store, id, e->arena, &p, err);
        if (code == MN_E_NOT_FOUND)
            continue;
        if (code != MN_OK)
            return code;
        out->duplicate = true;
        out->duplicate_person = p.id;
        out->duplicate_name = p.name;
        out->duplicate_similarity = mn_calibration_similarity(e->lookalikes.calibration, like->score);
    }
    return MN_OK;
}

static mn_code put_or_pass_over(enrolment *e, mn_enrolment *out, mn_error *err)
{
    mn_face_record before;
    mn_code code = MN_E_NOT_FOUND;
    if (e->hash[0])
        code = e->c->store->ops->face_by_source(e->c->store, &e->record.id, e->hash, e->arena, &before, err);
    if (code == MN_OK) {
        out->outcome = MN_ENROLLED_ALREADY;
        out->face = before.id;
        return MN_OK;
    }
    out->outcome = MN_ENROLLED;
    return code == MN_E_NOT_FOUND ? put_face(e, &out->face, err) : code;
}

static mn_code record_enrolment(const enrolment *e, const mn_enrolment *done, mn_error *err)
{
    json_t *duplicate = done->duplicate ? mn_core_json_id(&done->duplicate_person) : json_null();
    return mn_core_record(e->c, e->who, "person.enrol", &done->person,
                          json_pack("{s:s, s:s, s:b, s:s, s:o, s:o}", "list", e->list.name, "purpose",
                                    mn_purpose_word(e->list.purpose), "new", done->person_is_new, "outcome",
                                    done->outcome == MN_ENROLLED ? "enrolled" : "already", "face",
                                    mn_core_json_id(&done->face), "looks_like", duplicate),
                          err);
}

static mn_code write_all(enrolment *e, mn_enrolment *out, mn_error *err)
{
    mn_code code = need_list(e, err);
    if (code == MN_OK)
        code = need_person(e, &out->person_is_new, err);
    if (code != MN_OK)
        return code;
    out->person = e->record.id;
    code = mn_core_consent_state(e->c, &e->record.id, e->person->consent, e->list.purpose, e->now, e->arena,
                                 err);
    if (code == MN_OK)
        code = e->c->store->ops->member_put(e->c->store, &e->list.id, &e->record.id, e->now, err);
    if (code == MN_OK)
        code = put_or_pass_over(e, out, err);
    if (code == MN_OK)
        code = note_duplicate(e, out, err);
    return code == MN_OK ? record_enrolment(e, out, err) : code;
}

/* ---- before the transaction ---- */

static mn_code check_face(const mn_core *c, const mn_enrol_face *f, mn_error *err)
{
    if (!f->face)
        return mn_fail(err, MN_E_INVALID, "no face was given");
    mn_code code = mn_core_check_descriptor(c, &f->face->descriptor, err);
    if (code != MN_OK)
        return code;
    if (f->min_quality > 0 && !f->face->quality.made)
        return mn_fail(err, MN_E_INVALID, "the face's quality was not measured");
    if (f->min_quality > 0 && !(f->face->quality.overall >= f->min_quality))
        return mn_fail(
            err, MN_E_QUALITY,
            "the face's quality is %.2f, and %.2f is needed: take a sharper, larger, frontal picture",
            (double)f->face->quality.overall, (double)f->min_quality);
    return MN_OK;
}

/* The purpose that this enrolment is for: the list's, or the consent's where the list is still to be made. */
static bool purpose_of(const enrolment *e, const mn_list *lists, size_t n, mn_purpose *purpose)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(lists[i].name, e->person->list) == 0) {
            *purpose = lists[i].purpose;
            return true;
        }
    if (e->person->consent)
        *purpose = e->person->consent->purpose;
    return e->person->consent != NULL;
}

/* Who looks like this, among those who agreed to be searched for the same purpose? */
static mn_code find_lookalikes(enrolment *e, mn_error *err)
{
    mn_list *lists = NULL;
    size_t n = 0, used = 0;
    mn_purpose purpose;
    mn_code code = e->c->store->ops->list_list(e->c->store, &e->who->account, e->arena, &lists, &n, err);
    if (code != MN_OK || !purpose_of(e, lists, n, &purpose) || purpose == MN_PURPOSE_VERIFICATION)
        return code;
    mn_id *ids = mn_arena_calloc(e->arena, n + 1, sizeof *ids);
    if (!ids)
        return mn_fail(err, MN_E_MEMORY, "no memory for a search");
    for (size_t i = 0; i < n; i++)
        if (lists[i].purpose == purpose && mn_core_list_allowed(e->who, &lists[i].id))
            ids[used++] = lists[i].id;
    code = mn_core_follow(e->c, err);
    e->lookalikes.out = e->lookalike;
    return code == MN_OK ? mn_core_search(e->c, &e->face->face->descriptor, ids, used, 2, &e->lookalikes, err)
                         : code;
}

static mn_code prepare(enrolment *e, mn_error *err)
{
    const mn_enrol_face *f = e->face;
    mn_code code = mn_core_may(e->who, MN_R_FACES, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = check_person(e->person, err);
    if (code == MN_OK)
        code = check_face(e->c, f, err);
    if (code == MN_OK && e->person->consent)
        code = mn_core_may(e->who, MN_R_CONSENTS, MN_VERB_CREATE, err);
    if (code == MN_OK && e->person->consent)
        code = mn_core_consent_check(e->person->consent, e->now, err);
    if (code != MN_OK)
        return code;
    if (f->bytes)
        hash_picture(e->c, f->bytes, f->n, e->hash);
    if (f->face->sample)
        code = mn_image_encode(f->face->sample, MN_FORMAT_JPEG, SAMPLE_QUALITY, &e->jpeg, err);
    return code == MN_OK ? find_lookalikes(e, err) : code;
}

static mn_code run(enrolment *e, mn_enrolment *out, mn_error *err)
{
    mn_core *c = e->c;
    mn_code code = prepare(e, err);
    if (code == MN_OK)
        code = c->store->ops->begin(c->store, err);
    if (code != MN_OK)
        return code;
    code = write_all(e, out, err);
    if (code == MN_OK)
        code = c->store->ops->commit(c->store, err);
    else
        c->store->ops->rollback(c->store);
    if (code != MN_OK && !mn_id_is_nil(&e->blob))
        c->blobs->ops->remove(c->blobs, &e->blob, NULL);
    return code;
}

mn_code mn_core_enrol(mn_core *c, const mn_actor *who, const mn_enrol_person *person,
                      const mn_enrol_face *face, mn_arena *arena, mn_enrolment *out, mn_error *err)
{
    mn_enrolment done = {0};
    enrolment e = {.c = c, .who = who, .person = person, .face = face, .arena = arena, .now = mn_time_now()};
    mn_buf_init(&e.jpeg, SAMPLE_MAX);
    mn_code code = run(&e, &done, err);
    mn_buf_finish(&e.jpeg);
    if (code == MN_OK)
        *out = done;
    return code;
}
