/* Which list, which person. Nothing is written here, so that a refused enrolment leaves nothing behind.
 *
 * The store is asked for all people of a transaction at once. An enrolment may concern somebody whom another
 * one of the same transaction makes or puts into a list; then it waits until that is in the store, and is
 * planned again. */
#include "core/enrolment.h"

#include <stdlib.h>
#include <string.h>

mn_code mn_enrol_refuse(const mn_enrol_round *r, mn_enrol_job *job, mn_code code, mn_error *err)
{
    job->code = code;
    job->refused = true;
    if (!r->whole && mn_code_http(code) < 500)
        return MN_OK;
    if (err)
        *err = job->error;
    return code;
}

/* ---- which list ---- */

static mn_code check_purpose(const mn_enrol_job *job, const mn_list *list, mn_error *err)
{
    const mn_consent_given *given = job->person->consent;
    if (!given || given->purpose == list->purpose)
        return MN_OK;
    return mn_fail(err, MN_E_PURPOSE,
                   "the list \"%s\" is for %s, and the consent for %s: use a list for that, or ask for a "
                   "consent to the former",
                   list->name, mn_purpose_word(list->purpose), mn_purpose_word(given->purpose));
}

static mn_code refuse_list(const mn_enrol_job *job, mn_error *err)
{
    return mn_fail(err, MN_E_FORBIDDEN, "there is no list \"%.200s\" among those that %s is kept to",
                   job->person->list, job->who->name);
}

static mn_code new_list(const mn_enrol_job *job, mn_list *out, mn_error *err)
{
    const mn_consent_given *given = job->person->consent;
    if (!given)
        return mn_fail(err, MN_E_CONSENT,
                       "the list \"%s\" is new, and nobody in it has agreed to anything yet: state the "
                       "consent (what for, how it was given, until when)",
                       job->person->list);
    mn_code code = mn_core_may(job->who, MN_R_LISTS, MN_VERB_CREATE, err);
    if (code == MN_OK && job->who->limited)
        code = refuse_list(job, err);
    if (code == MN_OK)
        *out = (mn_list){.id = mn_id_make(),
                         .account = job->who->account,
                         .name = job->person->list,
                         .purpose = given->purpose,
                         .retention = MN_TIME_NEVER,
                         .created = job->now,
                         .updated = job->now};
    return code;
}

static mn_enrol_list *seen_list(mn_enrol_round *r, const mn_enrol_job *job)
{
    for (size_t i = 0; i < r->n_lists; i++)
        if (mn_id_compare(&r->lists[i].list.account, &job->who->account) == 0 &&
            strcmp(r->lists[i].list.name, job->person->list) == 0)
            return &r->lists[i];
    return NULL;
}

static mn_code plan_list(mn_enrol_round *r, mn_enrol_job *job, mn_error *err)
{
    mn_enrol_list found = {0};
    bool there = false;
    job->list = seen_list(r, job);
    if (job->list) /* that somebody else may use */
        return mn_core_list_allowed(job->who, &job->list->list.id) ? check_purpose(job, &job->list->list, err)
                                                                   : refuse_list(job, err);
    mn_code code = mn_core_find_list(r->c, job->who, job->person->list, r->arena, &found.list, &there, err);
    if (code == MN_OK)
        code = there ? check_purpose(job, &found.list, err) : new_list(job, &found.list, err);
    if (code != MN_OK)
        return code;
    found.is_new = !there;
    job->list = &r->lists[r->n_lists++];
    *job->list = found;
    return MN_OK;
}

/* ---- who is there already ---- */

/* Are both found in the same way, in one question to the store? */
static bool same_question(const mn_enrol_job *a, const mn_enrol_job *b)
{
    if (a->code != MN_OK || b->code != MN_OK || !a->person->external_id != !b->person->external_id)
        return false;
    return a->person->external_id ? mn_id_compare(&a->who->account, &b->who->account) == 0
                                  : a->list == b->list;
}

static const char *text_of(const mn_enrol_job *job)
{
    return job->person->external_id ? job->person->external_id : job->person->name;
}

static int by_external_id(const void *a, const void *b)
{
    return strcmp(((const mn_person *)a)->external_id, ((const mn_person *)b)->external_id);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const mn_person *)a)->name, ((const mn_person *)b)->name);
}

/* Gives each job that asked the people that fit it; these are in the order of what was asked for. */
static void share_out(mn_enrol_job *job, const mn_person *people, size_t n, bool by_id)
{
    const char *text = text_of(job);
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(by_id ? people[middle].external_id : people[middle].name, text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < n && strcmp(by_id ? people[low].external_id : people[low].name, text) == 0; low++)
        if (job->matches++ == 0)
            job->record = people[low];
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each once, else the store may answer twice. */
static size_t unique(const char **texts, size_t n)
{
    size_t kept = 0;
    qsort(texts, n, sizeof *texts, by_text);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(texts[kept - 1], texts[i]) != 0)
            texts[kept++] = texts[i];
    return kept;
}

static mn_code ask(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, const char **texts, mn_error *err)
{
    const mn_enrol_job *first = jobs[0];
    bool by_id = first->person->external_id != NULL;
    mn_person *people = NULL;
    size_t n_texts = 0, found = 0;
    for (size_t i = 0; i < n; i++)
        if (same_question(first, jobs[i]))
            texts[n_texts++] = text_of(jobs[i]);
    n_texts = unique(texts, n_texts);
    mn_code code =
        r->c->store->ops->people_find(r->c->store, &first->who->account, by_id ? NULL : &first->list->list.id,
                                      first->now, texts, n_texts, r->arena, &people, &found, err);
    if (code != MN_OK)
        return code;
    if (found > 1)
        qsort(people, found, sizeof *people, by_id ? by_external_id : by_name);
    for (size_t i = 0; i < n; i++)
        if (same_question(first, jobs[i])) {
            jobs[i]->matches = 0;
            share_out(jobs[i], people, found, by_id);
            jobs[i]->asked = true;
        }
    return MN_OK;
}

static mn_code find_people(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err)
{
    mn_code code = MN_OK;
    const char **texts = mn_arena_calloc(r->arena, n, sizeof *texts);
    if (!texts)
        return mn_fail(err, MN_E_MEMORY, "no memory to enrol %zu people", n);
    for (size_t i = 0; i < n; i++) {
        jobs[i]->matches = 0;
        jobs[i]->asked = jobs[i]->code != MN_OK || (!jobs[i]->person->external_id && jobs[i]->list->is_new);
    }
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (!jobs[i]->asked)
            code = ask(r, jobs + i, n - i, texts, err);
    return code;
}

/* ---- who hangs on another one of this transaction ---- */

typedef struct {
    mn_id scope; /* account for an external id, list for a name */
    const char *text;
} who_key;

typedef struct {
    who_key *slots; /* text NULL: free */
    size_t mask;
} who_set;

static mn_code make_set(who_set *set, size_t n, mn_arena *a, mn_error *err)
{
    size_t room = 16;
    while (room < 4 * n) /* two keys a job, half full */
        room *= 2;
    set->mask = room - 1;
    set->slots = mn_arena_calloc(a, room, sizeof *set->slots);
    return set->slots ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory to enrol %zu people", n);
}

static who_key *find_slot(const who_set *set, const mn_id *scope, const char *text)
{
    uint64_t h = 14695981039346656037ull; /* FNV-1a */
    for (const char *p = text; *p; p++)
        h = (h ^ (uint8_t)*p) * 1099511628211ull;
    for (size_t i = (size_t)(h ^ h >> 32);; i++) {
        who_key *k = &set->slots[i & set->mask];
        if (!k->text || (mn_id_compare(&k->scope, scope) == 0 && strcmp(k->text, text) == 0))
            return k;
    }
}

static void add_key(const who_set *set, const mn_id *scope, const char *text)
{
    *find_slot(set, scope, text) = (who_key){*scope, text};
}

static bool hangs_on_another(const who_set *set, const mn_enrol_job *job)
{
    if (job->person->external_id)
        return find_slot(set, &job->who->account, job->person->external_id)->text != NULL;
    return job->list->uncertain || find_slot(set, &job->list->list.id, job->person->name)->text != NULL;
}

/* ---- who ---- */

static mn_code check_known(mn_enrol_round *r, mn_enrol_job *job, mn_error *err)
{
    bool visible = false;
    job->fate = MN_JOB_KNOWN;
    if (job->matches > 1)
        return mn_fail(err, MN_E_EXISTS,
                       "several people in \"%s\" are called \"%s\": say which one by external id",
                       job->list->list.name, job->person->name);
    mn_code code = mn_core_person_visible(r->c, job->who, &job->record.id, r->arena, &visible, err);
    if (code == MN_OK && !visible)
        code = mn_fail(err, MN_E_FORBIDDEN,
                       "the external id belongs to somebody in other lists than those %s is kept to",
                       job->who->name);
    return code;
}

static mn_code check_new(mn_enrol_round *r, mn_enrol_job *job, mn_error *err)
{
    const mn_enrol_person *p = job->person;
    job->fate = MN_JOB_NEW;
    mn_code code = mn_core_may(job->who, MN_R_PEOPLE, MN_VERB_CREATE, err);
    if (code == MN_OK && !p->consent)
        code = mn_fail(err, MN_E_CONSENT,
                       "%s is not enrolled yet: state the consent (what for, how it was given, until when)",
                       p->name ? p->name : p->external_id);
    if (code == MN_OK)
        code = mn_quota_take(r->c, &r->quota, &job->who->account, 1, 1, r->arena, err);
    if (code == MN_OK)
        job->record = (mn_person){.id = mn_id_make(),
                                  .account = job->who->account,
                                  .external_id = p->external_id,
                                  .name = p->name ? p->name : p->external_id,
                                  .active = true,
                                  .created = job->now,
                                  .updated = job->now};
    return code;
}

static mn_code plan_person(mn_enrol_round *r, mn_enrol_job *job, const who_set *set, mn_error *err)
{
    if (hangs_on_another(set, job)) {
        job->fate = MN_JOB_LATER;
        job->list->uncertain = true;
        return MN_OK;
    }
    mn_code code = job->matches > 0 ? check_known(r, job, &job->error) : check_new(r, job, &job->error);
    if (code != MN_OK)
        return mn_enrol_refuse(r, job, code, err);
    bool is_new = job->fate == MN_JOB_NEW;
    if (is_new && job->record.external_id)
        add_key(set, &job->record.account, job->record.external_id);
    if (is_new || job->person->external_id) /* else the list has them already */
        add_key(set, &job->list->list.id, job->record.name);
    return MN_OK;
}

mn_code mn_enrol_plan(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err)
{
    who_set set;
    mn_code code = MN_OK;
    r->n_lists = 0;
    r->lists = mn_arena_calloc(r->arena, n, sizeof *r->lists);
    if (!r->lists)
        return mn_fail(err, MN_E_MEMORY, "no memory to enrol %zu people", n);
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        mn_code own = jobs[i]->code == MN_OK ? plan_list(r, jobs[i], &jobs[i]->error) : MN_OK;
        if (own != MN_OK)
            code = mn_enrol_refuse(r, jobs[i], own, err);
    }
    if (code == MN_OK)
        code = find_people(r, jobs, n, err);
    if (code == MN_OK)
        code = make_set(&set, n, r->arena, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (jobs[i]->code == MN_OK)
            code = plan_person(r, jobs[i], &set, err);
    return code;
}
