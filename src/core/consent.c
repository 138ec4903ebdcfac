#include "core/internal.h"

#include <string.h>

bool mn_consent_valid(const mn_consent *c, mn_purpose purpose, mn_time now)
{
    return c->purpose == purpose && c->given <= now && now < c->until && now < c->withdrawn;
}

bool mn_consents_allow(const mn_consent *c, size_t n, mn_purpose purpose, mn_time now)
{
    for (size_t i = 0; i < n; i++)
        if (mn_consent_valid(&c[i], purpose, now))
            return true;
    return false;
}

mn_code mn_core_agreed_to_any(mn_core *c, const mn_id *person, mn_arena *arena, bool *yes, mn_error *err)
{
    mn_consent *all = NULL;
    size_t n = 0;
    mn_time now = mn_time_now();
    mn_code code = c->store->ops->consent_list(c->store, person, arena, &all, &n, err);
    *yes = false;
    for (size_t i = 0; code == MN_OK && i < n && !*yes; i++)
        *yes = mn_consent_valid(&all[i], all[i].purpose, now);
    return code;
}

mn_code mn_core_consent_check(const mn_consent_given *given, mn_time now, mn_error *err)
{
    if ((unsigned)given->purpose >= MN_PURPOSES)
        return mn_fail(err, MN_E_INVALID,
                       "the consent's purpose is none of verification, identification, "
                       "live_identification, attendance");
    mn_code code = mn_core_check_text("how the consent was given", given->method, err);
    if (code == MN_OK && given->evidence && *given->evidence)
        code = mn_core_check_text("the consent's evidence", given->evidence, err);
    if (code != MN_OK)
        return code;
    if (given->given > now)
        return mn_fail(err, MN_E_CONSENT,
                       "the consent is said to be given in the future: enrol when it has been given");
    if (given->until <= now)
        return mn_fail(err, MN_E_CONSENT, "the consent has run out already: ask the person for a new one");
    return MN_OK;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The statement that comes with every picture of a person is put on record once. */
static bool on_record(const mn_consent *c, size_t n, const mn_consent_given *given, mn_time now)
{
    for (size_t i = 0; i < n; i++)
        if (mn_consent_valid(&c[i], given->purpose, now) && c[i].until == given->until &&
            same_text(c[i].method, given->method) && same_text(c[i].evidence, given->evidence))
            return true;
    return false;
}

/* Who withdrew must have agreed again afterwards: an older statement does not undo it, and none that is made
 * of many at once. */
static const mn_consent *find_withdrawal(const mn_consent *c, size_t n, const mn_consent_given *given)
{
    for (size_t i = 0; i < n; i++)
        if (c[i].purpose == given->purpose && c[i].withdrawn != MN_TIME_NEVER &&
            (given->of_all || given->given <= c[i].withdrawn))
            return &c[i];
    return NULL;
}

static mn_code refuse_withdrawn(const mn_consent *c, const mn_consent_given *given, mn_error *err)
{
    char when[MN_TIME_TEXT];
    mn_time_format(c->withdrawn, when);
    return mn_fail(err, MN_E_CONSENT,
                   "this person withdrew the consent for %s at %s: enrolling needs one given after that%s",
                   mn_purpose_word(given->purpose), when,
                   given->of_all ? ", stated for this person alone (--name)" : "");
}

bool mn_core_consent_said(const mn_consent *all, size_t n, const mn_consent_given *given, mn_time now)
{
    return on_record(all, n, given, now) || find_withdrawal(all, n, given);
}

mn_consent mn_core_consent_record(const mn_id *person, const mn_consent_given *given)
{
    return (mn_consent){
        .id = mn_id_make(),
        .person = *person,
        .purpose = given->purpose,
        .method = given->method,
        .evidence = given->evidence,
        .given = given->given,
        .until = given->until,
        .withdrawn = MN_TIME_NEVER,
    };
}

mn_code mn_core_consent_needed(const mn_consent *all, size_t n, mn_purpose purpose, mn_time now,
                               mn_error *err)
{
    if (mn_consents_allow(all, n, purpose, now))
        return MN_OK;
    return mn_fail(err, MN_E_CONSENT,
                   "this person has no valid consent for %s on record: state what they agreed to, how, and "
                   "until when",
                   mn_purpose_word(purpose));
}

mn_code mn_core_consent_decide(mn_core *c, const mn_id *person, const mn_consent_given *given,
                               mn_purpose purpose, mn_time now, mn_arena *arena, bool *put, mn_error *err)
{
    mn_consent *all = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->consent_list(c->store, person, arena, &all, &n, err);
    if (code != MN_OK)
        return code;
    if (!given) {
        *put = false;
        return mn_core_consent_needed(all, n, purpose, now, err);
    }
    bool needed = !on_record(all, n, given, now);
    const mn_consent *withdrawn = needed ? find_withdrawal(all, n, given) : NULL;
    if (withdrawn && given->of_all && mn_consents_allow(all, n, given->purpose, now))
        needed = false; /* who agreed again said so in other words */
    else if (withdrawn)
        return refuse_withdrawn(withdrawn, given, err);
    *put = needed;
    return MN_OK;
}

/* ---- withdrawal ---- */

/* Marks what is valid as withdrawn now; *left: something for another purpose is still valid. */
static mn_code mark_withdrawn(mn_core *c, const mn_id *person, mn_purpose purpose, mn_arena *arena,
                              bool *left, mn_error *err)
{
    mn_consent *all = NULL;
    size_t n = 0, marked = 0;
    mn_time now = mn_time_now();
    mn_code code = c->store->ops->consent_list(c->store, person, arena, &all, &n, err);
    *left = false;
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        bool valid = mn_consent_valid(&all[i], all[i].purpose, now);
        if (valid && all[i].purpose == purpose) {
            all[i].withdrawn = now;
            code = c->store->ops->consent_put(c->store, &all[i], err);
            marked++;
        } else if (valid) {
            *left = true;
        }
    }
    if (code == MN_OK && marked == 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "this person has no valid consent for %s that could be withdrawn",
                       mn_purpose_word(purpose));
    return code;
}

typedef struct {
    const mn_actor *who;
    const mn_id *person;
    mn_purpose purpose;
} withdrawal;

static mn_code withdraw(mn_core *c, void *ctx, mn_arena *arena, mn_error *err)
{
    const withdrawal *w = ctx;
    mn_person p;
    bool left = false;
    mn_erasure e = {.person = *w->person, .asked = mn_time_now(), .why = MN_ERASURE_WITHDRAWN};
    mn_code code = mn_core_get_person(c, w->who, w->person, arena, &p, err);
    if (code == MN_OK)
        code = mark_withdrawn(c, w->person, w->purpose, arena, &left, err);
    if (code == MN_OK && !left)
        code = mn_core_retire(c, w->who, &e, arena, err);
    if (code != MN_OK)
        return code;
    json_t *due = left ? json_null() : mn_core_json_due(c, &e);
    return mn_core_record(c, w->who, "consent.withdraw", w->person,
                          json_pack("{s:s, s:b, s:o}", "purpose", mn_purpose_word(w->purpose),
                                    "key_destroyed", !left && json_is_null(due), "erasure_due", due),
                          err);
}

mn_code mn_core_consent_withdraw(mn_core *c, const mn_actor *who, const mn_id *person, mn_purpose purpose,
                                 mn_error *err)
{
    withdrawal w = {who, person, purpose};
    mn_code code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_CHANGE, err);
    if (code == MN_OK && (unsigned)purpose >= MN_PURPOSES)
        code = mn_fail(err, MN_E_INVALID, "there is no such purpose");
    return code == MN_OK ? mn_core_take_out(c, withdraw, &w, err) : code;
}
