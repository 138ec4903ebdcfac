/* Who of the enrolled is this?
 *
 *   lists of the purpose ─ follow the store ─ search, and normalise ─ threshold for the people searched ─
 *   confirm ─ audit ─ answer
 *
 * The gallery proposes, the store disposes: in the transaction that writes the audit record, each match must
 * still be a person there, active, in the list, with a consent valid now. */
#include "core/internal.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

#define K_MAX 1000

static void add_list(mn_scope *s, const mn_list *l)
{
    s->ids[s->n++] = l->id;
    if (l->fmr > 0 && (s->fmr == 0 || l->fmr < s->fmr))
        s->fmr = l->fmr;
}

static mn_code one_list(mn_core *c, const mn_actor *who, const char *name, mn_purpose purpose,
                        mn_arena *arena, mn_scope *s, mn_error *err)
{
    mn_list list;
    bool found;
    mn_code code = mn_core_find_list(c, who, name, arena, &list, &found, err);
    if (code != MN_OK)
        return code;
    if (!found)
        return mn_fail(err, MN_E_NOT_FOUND, "there is no list \"%s\": make it first", name);
    if (list.purpose != purpose)
        return mn_fail(err, MN_E_PURPOSE,
                       "the list \"%s\" is for %s, and this search is for %s: the people in it agreed to the "
                       "former only",
                       name, mn_purpose_word(list.purpose), mn_purpose_word(purpose));
    if (list.inactive)
        return mn_fail(err, MN_E_CONFLICT,
                       "the list \"%s\" is inactive, and so in no search: activate it first", name);
    add_list(s, &list);
    return MN_OK;
}

static mn_code these_lists(mn_core *c, const mn_actor *who, const char *const *names, size_t n,
                           mn_purpose purpose, mn_arena *arena, mn_scope *s, mn_error *err)
{
    mn_code code = MN_OK;
    s->ids = mn_arena_calloc(arena, n, sizeof *s->ids);
    if (!s->ids)
        return mn_fail(err, MN_E_MEMORY, "no memory for a search");
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = one_list(c, who, names[i], purpose, arena, s, err);
    return code;
}

static mn_code all_lists(mn_core *c, const mn_actor *who, mn_purpose purpose, mn_arena *arena, mn_scope *s,
                         mn_error *err)
{
    mn_list *lists = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->list_list(c->store, &who->account, arena, &lists, &n, err);
    if (code != MN_OK)
        return code;
    s->ids = mn_arena_calloc(arena, n + 1, sizeof *s->ids);
    if (!s->ids)
        return mn_fail(err, MN_E_MEMORY, "no memory for a search");
    for (size_t i = 0; i < n; i++)
        if (lists[i].purpose == purpose && !lists[i].inactive && mn_core_list_allowed(who, &lists[i].id))
            add_list(s, &lists[i]);
    return MN_OK;
}

mn_code mn_core_scope(mn_core *c, const mn_actor *who, const char *const *lists, size_t n_lists,
                      mn_purpose purpose, mn_arena *arena, mn_scope *out, mn_error *err)
{
    mn_scope s = {0};
    if ((unsigned)purpose >= MN_PURPOSES || purpose == MN_PURPOSE_VERIFICATION)
        return mn_fail(err, MN_E_PURPOSE,
                       "verification compares one with one: a search is for identification, "
                       "live_identification or attendance");
    mn_code code = n_lists > 0 ? these_lists(c, who, lists, n_lists, purpose, arena, &s, err)
                               : all_lists(c, who, purpose, arena, &s, err);
    if (code == MN_OK)
        *out = s;
    return code;
}

mn_code mn_core_check_descriptor(const mn_core *c, const mn_descriptor *d, mn_error *err)
{
    if (!c->gallery)
        return mn_fail(err, MN_E_INTERNAL, "this data directory was opened for its records only");
    if (!d || d->dim == 0 || !d->v)
        return mn_fail(err, MN_E_INVALID, "the face has no descriptor");
    if (d->dim != c->model->dim || d->metric != c->model->metric)
        return mn_fail(err, MN_E_PACK,
                       "a descriptor of %d numbers from %s does not compare with those of %s here", d->dim,
                       d->model ? d->model : "another model", c->model_name);
    for (int i = 0; i < d->dim; i++)
        if (!isfinite(d->v[i]))
            return mn_fail(err, MN_E_INVALID, "the descriptor has a number in it that is none");
    return MN_OK;
}

static mn_code check_request(const mn_actor *who, const mn_identify *what, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_ACTIONS, MN_VERB_SEARCH, err);
    if (code != MN_OK)
        return code;
    if (what->k < 1 || what->k > K_MAX)
        return mn_fail(err, MN_E_INVALID, "the number of people wanted is 1 to %d, not %zu", K_MAX, what->k);
    if (!(what->fmr >= 0 && what->fmr < 1))
        return mn_fail(err, MN_E_INVALID, "a false-positive rate is more than 0 and less than 1, not %g",
                       what->fmr);
    return MN_OK;
}

mn_code mn_core_search(mn_core *c, const mn_core_query *what, mn_ranking *found, mn_error *err)
{
    /* To the gallery, no lists would mean all of them, and no people everybody. */
    if (what->n_lists == 0 || (what->chosen && what->n_people == 0)) {
        *found = (mn_ranking){.out = found->out, .calibration = &c->model->calibration};
        return MN_OK;
    }
    float turned[MN_DESCRIPTOR_MAX];
    mn_core_turn(c, what->probe->v, turned);
    const mn_query q = {.probe = turned,
                        .lists = what->lists,
                        .n_lists = what->n_lists,
                        .people = what->people,
                        .n_people = what->n_people,
                        .k = what->k,
                        .min_raw = -INFINITY,
                        .deadline = what->deadline,
                        .cancel = what->cancel};
    return mn_gallery_rank(c->gallery, c->model, &q, found, err);
}

double mn_core_threshold(const mn_ranking *found, double fmr, bool *measured)
{
    double one = mn_fmr_per_comparison(fmr, (double)(found->searched ? found->searched : 1));
    return mn_calibration_threshold(found->calibration, one, measured);
}

static bool in_scope(const mn_scope *s, const mn_id *list)
{
    for (size_t i = 0; i < s->n; i++)
        if (mn_id_compare(&s->ids[i], list) == 0)
            return true;
    return false;
}

mn_code mn_core_allowed_by(mn_core *c, const mn_id *person, mn_purpose purpose, const mn_scope *s,
                           mn_arena *arena, const mn_list **list, mn_error *err)
{
    mn_consent *consents = NULL;
    mn_membership *m = NULL;
    size_t n_consents = 0, n_m = 0;
    mn_time now = mn_time_now();
    mn_code code = c->store->ops->consent_list(c->store, person, arena, &consents, &n_consents, err);
    if (code == MN_OK)
        code = c->store->ops->lists_of(c->store, person, now, arena, &m, &n_m, err);
    if (code != MN_OK)
        return code;
    *list = NULL;
    if (mn_consents_allow(consents, n_consents, purpose, now))
        for (size_t i = 0; i < n_m && !*list; i++)
            if (!m[i].list.inactive && in_scope(s, &m[i].list.id))
                *list = &m[i].list;
    return MN_OK;
}

static mn_code confirm(mn_core *c, const mn_identify *what, const mn_scope *s, const mn_ranking *found,
                       size_t i, mn_arena *arena, mn_match *out, bool *keep, mn_error *err)
{
    mn_person p;
    const mn_list *list = NULL;
    const mn_ranked *r = &found->out[i];
    *keep = false;
    mn_code code = c->store->ops->person_get(c->store, &r->found.person, arena, &p, err);
    if (code == MN_E_NOT_FOUND || (code == MN_OK && !p.active))
        return MN_OK;
    if (code == MN_OK)
        code = mn_core_allowed_by(c, &p.id, what->purpose, s, arena, &list, err);
    if (code != MN_OK || !list)
        return code;
    *out = (mn_match){
        .person = p.id,
        .face = r->found.face,
        .name = p.name,
        .external_id = p.external_id,
        .list = list->name,
        .list_id = list->id,
        .raw = (double)r->found.raw,
        .score = r->score,
        .similarity = mn_calibration_similarity(found->calibration, r->score),
        .fmr = mn_fmr_1n(mn_calibration_fmr(found->calibration, r->score), (double)found->searched),
    };
    *keep = true;
    return MN_OK;
}

static mn_code record_search(mn_core_trail *trail, const mn_actor *who, const mn_identify *what,
                             const mn_identification *answer, mn_error *err)
{
    json_t *people = json_array(), *lists = json_array();
    for (size_t i = 0; i < what->n_lists; i++)
        json_array_append_new(lists, json_string(what->lists[i]));
    for (size_t i = 0; i < answer->n; i++)
        json_array_append_new(people, mn_core_json_id(&answer->matches[i].person));
    return mn_core_trail_add(trail, who, "identify", answer->n > 0 ? &answer->matches[0].person : NULL,
                             json_pack("{s:s, s:o, s:I, s:f, s:o}", "purpose", mn_purpose_word(what->purpose),
                                       "lists", lists, "searched", (json_int_t)answer->searched, "fmr",
                                       answer->threshold_fmr, "people", people),
                             err);
}

typedef struct {
    const mn_actor *who;
    const mn_identify *what;
    const mn_scope *scope;
    size_t n; /* searches */
    mn_ranking *found;
    mn_identification *answers;
} decision;

static mn_code decide_one(mn_core *c, const decision *d, const mn_ranking *found, mn_identification *answer,
                          mn_arena *arena, mn_core_trail *trail, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < found->n && found->out[i].score >= answer->threshold_score; i++) {
        bool keep = false;
        code = confirm(c, d->what, d->scope, found, i, arena, &answer->matches[answer->n], &keep, err);
        answer->n += keep;
    }
    return code == MN_OK ? record_search(trail, d->who, d->what, answer, err) : code;
}

/* Inside the transaction whose commit puts the searches on record. */
static mn_code decide(mn_core *c, void *ctx, mn_arena *arena, mn_core_trail *trail, mn_error *err)
{
    const decision *d = ctx;
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < d->n; i++)
        code = decide_one(c, d, &d->found[i], &d->answers[i], arena, trail, err);
    return code;
}

static void set_threshold(const mn_core *c, const mn_identify *what, const mn_scope *s,
                          const mn_ranking *found, mn_identification *answer)
{
    answer->searched = found->searched;
    answer->normalised = found->normalised;
    answer->prefiltered = found->prefiltered;
    answer->missed = (double)found->missed;
    answer->calibration = found->calibration;
    answer->threshold_fmr = what->fmr > 0 ? what->fmr : s->fmr > 0 ? s->fmr : c->fmr;
    answer->threshold_score = mn_core_threshold(found, answer->threshold_fmr, &answer->threshold_measured);
}

static mn_code search_scope(mn_core *c, const mn_actor *who, const mn_identify *what,
                            const mn_descriptor *probe, const mn_scope *s, mn_ranking *found, mn_error *err)
{
    mn_id *people = NULL;
    mn_core_query q = {.probe = probe,
                       .lists = s->ids,
                       .n_lists = s->n,
                       .chosen = mn_core_filters(what->only),
                       .k = what->k,
                       .deadline = what->deadline,
                       .cancel = what->cancel};
    mn_code code = q.chosen ? mn_core_pick(c, who, what, s, &people, &q.n_people, err) : MN_OK;
    q.people = people;
    if (code == MN_OK)
        code = mn_core_search(c, &q, found, err);
    mn_free(people);
    return code;
}

static mn_code search_one(mn_core *c, const decision *d, size_t i, const mn_descriptor *probe,
                          mn_arena *arena, mn_error *err)
{
    mn_ranking *found = &d->found[i];
    mn_identification *answer = &d->answers[i];
    found->out = mn_arena_calloc(arena, d->what->k, sizeof *found->out);
    answer->matches = mn_arena_calloc(arena, d->what->k, sizeof *answer->matches);
    if (!found->out || !answer->matches)
        return mn_fail(err, MN_E_MEMORY, "no memory for a search");
    mn_code code = search_scope(c, d->who, d->what, probe, d->scope, found, err);
    if (code == MN_OK)
        set_threshold(c, d->what, d->scope, found, answer);
    return code;
}

static mn_code answer_searches(mn_core *c, const mn_actor *who, const mn_identify *what, const mn_scope *s,
                               const mn_descriptor *const *probes, size_t n, mn_arena *arena,
                               mn_identification *out, mn_error *err)
{
    decision d = {who,
                  what,
                  s,
                  n,
                  mn_arena_calloc(arena, n, sizeof *d.found),
                  mn_arena_calloc(arena, n, sizeof *d.answers)};
    if (!d.found || !d.answers)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu searches", n);
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = search_one(c, &d, i, probes[i], arena, err);
    if (code == MN_OK)
        code = mn_core_look_on_record(c, decide, &d, arena, err);
    if (code == MN_OK)
        memcpy(out, d.answers, n * sizeof *out);
    return code;
}

mn_code mn_core_identify_each(mn_core *c, const mn_actor *who, const mn_identify *what,
                              const mn_descriptor *const *probes, size_t n, mn_arena *arena,
                              mn_identification *out, mn_error *err)
{
    mn_scope s = {0};
    mn_code code = check_request(who, what, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = mn_core_check_descriptor(c, probes[i], err);
    if (code == MN_OK)
        code = mn_core_scope(c, who, what->lists, what->n_lists, what->purpose, arena, &s, err);
    if (code == MN_OK && n > 0)
        code = mn_core_follow(c, err);
    return code == MN_OK && n > 0 ? answer_searches(c, who, what, &s, probes, n, arena, out, err) : code;
}

mn_code mn_core_identify(mn_core *c, const mn_actor *who, const mn_identify *what, mn_arena *arena,
                         mn_identification *out, mn_error *err)
{
    return mn_core_identify_each(c, who, what, &what->probe, 1, arena, out, err);
}
