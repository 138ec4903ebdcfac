/* Consents as records: giving, looking, withdrawing one, and the file that proves it. */
#include "core/many.h"
#include "core/records_internal.h"
#include "core/signin.h"

#include <stdlib.h>
#include <string.h>

#define EVIDENCE_CONTEXT 64
#define ATTEMPTS         8 /* to seal a file while the person's key changes */

static json_t *json_when(mn_time t)
{
    char text[MN_TIME_TEXT];
    mn_time_format(t, text);
    return t == MN_TIME_NEVER ? json_null() : json_string(text);
}

json_t *mn_core_json_consent(const mn_consent *c)
{
    return json_pack("{s:o, s:s, s:o, s:o}", "consent", mn_core_json_id(&c->id), "purpose",
                     mn_purpose_word(c->purpose), "given", json_when(c->given), "until", json_when(c->until));
}

/* ---- giving ---- */

mn_code mn_core_check_stated(const mn_consent_given *given, mn_time now, mn_error *err)
{
    if (given->given > now)
        return mn_fail(err, MN_E_INVALID,
                       "given: it is in the future: state the consent when it has been given");
    if (given->until <= now)
        return mn_fail(err, MN_E_INVALID,
                       "until: the consent has run out already: ask the person for a new one");
    return mn_core_consent_check(given, now, err);
}

typedef struct {
    const mn_actor *who;
    const mn_id *person;
    const mn_consent_given *given;
    mn_arena *arena;
    mn_consent made;
} giving;

static mn_code give(mn_core *c, void *ctx, mn_error *err)
{
    giving *g = ctx;
    mn_person p;
    bool put = false;
    mn_time now = mn_time_now();
    mn_code code = mn_core_check_stated(g->given, now, err);
    if (code == MN_OK)
        code = mn_core_get_person(c, g->who, g->person, g->arena, &p, err);
    if (code == MN_OK)
        code = mn_core_consent_decide(c, g->person, g->given, g->given->purpose, now, g->arena, &put, err);
    if (code == MN_OK && !put)
        code = mn_fail(err, MN_E_EXISTS, "the very same consent is on record, and valid");
    if (code != MN_OK)
        return code;
    g->made = mn_core_consent_record(g->person, g->given);
    code = c->store->ops->consent_put(c->store, &g->made, err);
    if (code == MN_OK)
        code = mn_core_undo_erasure(c, g->who, g->person, g->arena, err);
    return code == MN_OK
               ? mn_core_record(c, g->who, "consent.give", g->person, mn_core_json_consent(&g->made), err)
               : code;
}

mn_code mn_core_consent_give(mn_core *c, const mn_actor *who, const mn_id *person,
                             const mn_consent_given *given, mn_arena *arena, mn_consent *out, mn_error *err)
{
    giving g = {.who = who, .person = person, .given = given, .arena = arena};
    mn_code code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = mn_core_transact(c, give, &g, err);
    if (code == MN_OK)
        *out = g.made;
    return code;
}

typedef struct {
    giving giving;
    const mn_consent_for *what;
} giving_many;

static mn_code give_one(mn_core *c, void *ctx, size_t i, mn_id *id, mn_error *err)
{
    giving_many *m = ctx;
    m->giving.person = &m->what[i].person;
    m->giving.given = &m->what[i].given;
    mn_code code = give(c, &m->giving, err);
    *id = m->giving.made.id;
    return code;
}

mn_code mn_core_consents_give(mn_core *c, const mn_actor *who, const mn_consent_for *what, size_t n,
                              mn_deadline deadline, const mn_cancel *cancel, mn_arena *arena,
                              mn_made *results, mn_error *err)
{
    giving_many all = {.giving = {.who = who, .arena = arena}, .what = what};
    mn_core_many many = {give_one, &all, n, deadline, cancel, arena, results};
    mn_code code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_CREATE, err);
    return code == MN_OK ? mn_core_transact(c, mn_core_each, &many, err) : code;
}

/* ---- looking ---- */

static int newest_first(const void *a, const void *b)
{
    return mn_id_compare(&((const mn_consent *)b)->id, &((const mn_consent *)a)->id);
}

mn_code mn_core_consents_of(mn_core *c, const mn_actor *who, const mn_id *person, mn_arena *arena,
                            mn_consent **out, size_t *n, mn_error *err)
{
    mn_person p;
    mn_consent *all = NULL;
    size_t found = 0;
    mn_code code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_core_get_person(c, who, person, arena, &p, err);
    if (code == MN_OK)
        code = c->store->ops->consent_list(c->store, person, arena, &all, &found, err);
    if (code == MN_OK)
        code = mn_core_note_look(c, who, "consent.view", person, "{}", err);
    if (code != MN_OK)
        return code;
    if (found > 1)
        qsort(all, found, sizeof *all, newest_first);
    *out = all;
    *n = found;
    return MN_OK;
}

static mn_code find_consent(mn_core *c, const mn_actor *who, const mn_id *person, const mn_id *id,
                            mn_arena *arena, mn_consent *out, mn_error *err)
{
    mn_person p;
    mn_consent found;
    mn_code code = mn_core_get_person(c, who, person, arena, &p, err);
    if (code == MN_OK)
        code = c->store->ops->people->consent_get(c->store, id, arena, &found, err);
    if (code == MN_OK && mn_id_compare(&found.person, person) != 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such consent");
    if (code == MN_OK)
        *out = found;
    return code;
}

mn_code mn_core_consent_get(mn_core *c, const mn_actor *who, const mn_id *person, const mn_id *consent,
                            mn_arena *arena, mn_consent *out, mn_error *err)
{
    mn_consent found;
    mn_code code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = find_consent(c, who, person, consent, arena, &found, err);
    if (code == MN_OK)
        code = mn_core_note_look(c, who, "consent.view", person, "{}", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

mn_code mn_core_consents_find(mn_core *c, const mn_actor *who, const mn_consent_query *what, mn_arena *arena,
                              mn_consent **out, size_t *n, mn_error *err)
{
    mn_consent_query q = *what;
    mn_consent *found = NULL;
    size_t count = 0;
    mn_code code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_core_check_page(q.limit, err);
    if (code == MN_OK && who->limited)
        code = mn_fail(err, MN_E_FORBIDDEN, "%s is kept to some lists: look at the consents of one person",
                       who->name);
    if (code != MN_OK)
        return code;
    q.account = who->account;
    q.now = mn_time_now();
    code = c->store->ops->people->consents(c->store, &q, arena, &found, &count, err);
    if (code == MN_OK)
        code = mn_core_record(c, who, "consent.list", NULL, json_pack("{s:I}", "consents", (json_int_t)count),
                              err);
    if (code != MN_OK)
        return code;
    *out = found;
    *n = count;
    return MN_OK;
}

/* ---- withdrawing ---- */

mn_code mn_core_consent_withdraw_one(mn_core *c, const mn_actor *who, const mn_id *person,
                                     const mn_id *consent, mn_arena *arena, mn_consent *out, mn_error *err)
{
    mn_consent found;
    mn_code code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = find_consent(c, who, person, consent, arena, &found, err);
    if (code == MN_OK && !mn_consent_valid(&found, found.purpose, mn_time_now()))
        code = mn_fail(err, MN_E_CONFLICT, "this consent ended already: there is nothing to withdraw");
    if (code == MN_OK)
        code = mn_core_consent_withdraw(c, who, person, found.purpose, err);
    if (code == MN_OK)
        code = c->store->ops->people->consent_get(c->store, consent, arena, &found, err);
    if (code == MN_OK)
        *out = found;
    return code;
}

mn_code mn_core_consent_end(mn_core *c, const mn_actor *who, const mn_id *consent, mn_arena *arena,
                            mn_error *err)
{
    mn_consent found;
    mn_person p;
    mn_code code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = c->store->ops->people->consent_get(c->store, consent, arena, &found, err);
    if (code == MN_OK)
        code = mn_core_get_person(c, who, &found.person, arena, &p, err);
    if (code == MN_E_NOT_FOUND)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such consent");
    return code == MN_OK ? mn_core_consent_withdraw_one(c, who, &p.id, consent, arena, &found, err) : code;
}

/* ---- the file that proves it ---- */

static size_t context_of(const mn_id *consent, char text[EVIDENCE_CONTEXT])
{
    char id[MN_ID_TEXT];
    mn_id_format(consent, id);
    return (size_t)snprintf(text, EVIDENCE_CONTEXT, "evidence %s", id);
}

typedef struct {
    const mn_actor *who;
    const mn_id *person, *consent;
    const char *format;
    const uint8_t *bytes;
    size_t n;
    mn_arena *arena;
    mn_core_early_key key;
    mn_id blob; /* nil: not written */
    bool stale; /* it is sealed under a key that is not the person's any more */
} proof;

static mn_code check_proof(mn_core *c, const proof *p, mn_error *err)
{
    mn_consent consent;
    mn_evidence before;
    mn_code code = find_consent(c, p->who, p->person, p->consent, p->arena, &consent, err);
    if (code == MN_OK && !mn_consent_valid(&consent, consent.purpose, mn_time_now()))
        code = mn_fail(err, MN_E_CONFLICT, "this consent ended already: there is nothing left to prove");
    if (code != MN_OK)
        return code;
    code = c->store->ops->people->evidence_get(c->store, p->consent, p->arena, &before, err);
    if (code == MN_OK)
        return mn_fail(err, MN_E_EXISTS, "this consent has its file already");
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

/* Before the transaction, as a sample is (enrol_early.c). */
static mn_code seal_proof(mn_core *c, proof *p, mn_error *err)
{
    char context[EVIDENCE_CONTEXT];
    mn_buf sealed;
    size_t n = context_of(p->consent, context);
    mn_buf_init(&sealed, MN_CORE_EVIDENCE_MAX + 4096);
    mn_code code = mn_core_early_key_take(c, p->person, p->arena, &p->key, err);
    if (code == MN_OK)
        code = mn_seal(p->key.key, context, n, p->bytes, p->n, &sealed, err);
    if (code == MN_OK) {
        p->blob = mn_id_make();
        code = c->blobs->ops->put(c->blobs, &p->blob, sealed.data, sealed.len, err);
    }
    mn_buf_finish(&sealed);
    return code;
}

static mn_code put_proof(mn_core *c, void *ctx, mn_error *err)
{
    proof *p = ctx;
    bool stands = true;
    mn_code code = check_proof(c, p, err);
    if (code == MN_OK)
        code = mn_core_early_key_settle(c, &p->key, p->arena, &stands, err);
    p->stale = !stands;
    if (code == MN_OK && !stands)
        code = mn_fail(err, MN_E_CONFLICT, "the person was erased or sealed anew meanwhile: try again");
    if (code != MN_OK)
        return code;
    const mn_evidence e = {*p->consent, p->blob, p->format, (int64_t)p->n};
    code = c->store->ops->people->evidence_put(c->store, &e, err);
    return code == MN_OK ? mn_core_record(c, p->who, "consent.evidence.put", p->person,
                                          json_pack("{s:o, s:s, s:I}", "consent", mn_core_json_id(p->consent),
                                                    "format", p->format, "bytes", (json_int_t)p->n),
                                          err)
                         : code;
}

/* A commit whose answer was lost may have been done: where that cannot be asked, the blob stays. */
static bool is_stored(mn_core *c, const proof *p)
{
    mn_evidence e;
    mn_code code = c->store->ops->people->evidence_get(c->store, p->consent, p->arena, &e, NULL);
    return code == MN_OK ? mn_id_compare(&e.blob, &p->blob) == 0 : code != MN_E_NOT_FOUND;
}

static mn_code try_proof(mn_core *c, proof *p, mn_error *err)
{
    p->blob = (mn_id){{0}};
    p->stale = false;
    mn_code code = check_proof(c, p, err);
    if (code == MN_OK)
        code = seal_proof(c, p, err);
    if (code == MN_OK)
        code = mn_core_transact(c, put_proof, p, err);
    mn_core_early_key_close(&p->key);
    if (code != MN_OK && !mn_id_is_nil(&p->blob) && !is_stored(c, p))
        c->blobs->ops->remove(c->blobs, &p->blob, NULL);
    return code;
}

mn_code mn_core_evidence_put(mn_core *c, const mn_actor *who, const mn_id *person, const mn_id *consent,
                             const char *format, const uint8_t *bytes, size_t n, mn_error *err)
{
    proof p = {.who = who, .person = person, .consent = consent, .format = format, .bytes = bytes, .n = n};
    mn_code code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_CREATE, err);
    if (code == MN_OK && n > MN_CORE_EVIDENCE_MAX)
        code = mn_fail(err, MN_E_LIMIT, "the file has more than %zu bytes", MN_CORE_EVIDENCE_MAX);
    p.arena = code == MN_OK ? mn_arena_create(1 << 20) : NULL;
    if (code == MN_OK && !p.arena)
        code = mn_fail(err, MN_E_MEMORY, "no memory for a file");
    for (int attempt = 0; code == MN_OK && attempt < ATTEMPTS; attempt++) {
        code = try_proof(c, &p, err);
        if (!p.stale)
            break;
        code = attempt + 1 < ATTEMPTS ? MN_OK : code;
    }
    mn_arena_destroy(p.arena);
    return code;
}

mn_code mn_core_has_evidence(mn_core *c, const mn_id *consent, bool *yes, mn_error *err)
{
    mn_evidence e;
    mn_arena *arena = mn_arena_create(1 << 16);
    mn_code code = arena ? c->store->ops->people->evidence_get(c->store, consent, arena, &e, err)
                         : mn_fail(err, MN_E_MEMORY, "no memory for a consent");
    mn_arena_destroy(arena);
    if (code != MN_OK && code != MN_E_NOT_FOUND)
        return code;
    *yes = code == MN_OK;
    return MN_OK;
}

static mn_code open_proof(mn_core *c, const mn_id *person, const mn_evidence *e, mn_arena *arena, mn_buf *out,
                          mn_error *err)
{
    char context[EVIDENCE_CONTEXT];
    mn_key *key = NULL;
    mn_buf sealed;
    size_t n = context_of(&e->consent, context);
    mn_buf_init(&sealed, MN_CORE_EVIDENCE_MAX + 4096);
    mn_code code = mn_core_person_key(c, person, arena, &key, err);
    if (code == MN_E_NOT_FOUND)
        code = mn_fail(err, MN_E_NOT_FOUND, "the file was destroyed with the person's key");
    if (code == MN_OK)
        code = c->blobs->ops->get(c->blobs, &e->blob, &sealed, err);
    if (code == MN_OK)
        code = mn_unseal(key, context, n, sealed.data, sealed.len, out, err);
    mn_key_close(key);
    mn_buf_finish(&sealed);
    return code;
}

mn_code mn_core_evidence_get(mn_core *c, const mn_actor *who, const mn_id *person, const mn_id *consent,
                             mn_arena *arena, const char **format, mn_buf *out, mn_error *err)
{
    mn_consent found;
    mn_evidence e;
    size_t before = out->len;
    mn_code code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = find_consent(c, who, person, consent, arena, &found, err);
    if (code == MN_OK)
        code = c->store->ops->people->evidence_get(c->store, consent, arena, &e, err);
    if (code == MN_OK)
        code = open_proof(c, person, &e, arena, out, err);
    if (code == MN_OK)
        code = mn_core_note_look(c, who, "consent.evidence", person, "{}", err);
    if (code == MN_OK)
        *format = e.format;
    else
        mn_buf_cut(out, before);
    return code;
}
