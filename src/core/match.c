/* The gallery proposes pairs, person by person; they wait here until there are enough of them, or a second
 * has passed. Then one transaction confirms them and puts them on record, a record for each person searched
 * for, and after its commit they are told. */
#include "core/match.h"

#include "core/internal.h"
#include "gallery/matrix.h"

#include <math.h>
#include <string.h>

#define WAITING_MAX 256
#define WAIT_NS     INT64_C(1000000000)

typedef struct {
    mn_core *c;
    const mn_actor *who;
    const mn_match_lists *what;
    mn_scope from, to;
    mn_arena *arena; /* of the pairs that wait */
    mn_pair waiting[WAITING_MAX];
    size_t n;
    int64_t since; /* when the first of them came */
    mn_match_report report;
} matching;

/* ---- the pairs that wait ---- */

static mn_code confirm_side(matching *m, const mn_id *person, const mn_id *face, const mn_scope *s,
                            mn_match_side *out, bool *keep, mn_error *err)
{
    mn_person p;
    const mn_list *list = NULL;
    mn_code code = m->c->store->ops->person_get(m->c->store, person, m->arena, &p, err);
    *keep = false;
    if (code == MN_E_NOT_FOUND || (code == MN_OK && !p.active))
        return MN_OK;
    if (code == MN_OK)
        code = mn_core_allowed_by(m->c, person, m->what->purpose, s, m->arena, &list, err);
    if (code != MN_OK)
        return code;
    *keep = list != NULL;
    *out = (mn_match_side){.person = *person, .face = *face, .name = p.name, .external_id = p.external_id};
    return MN_OK;
}

static mn_code confirm(matching *m, const mn_pair *pair, mn_match_pair *out, bool *keep, mn_error *err)
{
    const mn_calibration *cal = &m->c->model->calibration;
    double raw = (double)pair->with.raw;
    *keep = false;
    if (raw < m->report.threshold_raw)
        return MN_OK;
    mn_code code = confirm_side(m, &pair->person, &pair->face, &m->from, &out->a, keep, err);
    if (code == MN_OK && *keep)
        code = confirm_side(m, &pair->with.person, &pair->with.face, &m->to, &out->b, keep, err);
    out->raw = raw;
    out->similarity = mn_calibration_similarity(cal, raw);
    out->fmr = mn_fmr_1n(mn_calibration_fmr(cal, raw), (double)m->report.against);
    return code;
}

/* One record for each person searched for: pairs of one person stand together. */
static mn_code record(matching *m, const mn_match_pair *pairs, size_t n, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0, j; code == MN_OK && i < n; i = j) {
        json_t *people = json_array();
        for (j = i; j < n && mn_id_compare(&pairs[j].a.person, &pairs[i].a.person) == 0; j++)
            json_array_append_new(people, mn_core_json_id(&pairs[j].b.person));
        code = mn_core_record(m->c, m->who, "match.found", &pairs[i].a.person,
                              json_pack("{s:s, s:s, s:s?, s:o}", "purpose", mn_purpose_word(m->what->purpose),
                                        "list", m->what->list, "with", m->what->with, "people", people),
                              err);
    }
    return code;
}

static mn_code settle(matching *m, mn_match_pair *pairs, size_t *n, mn_error *err)
{
    mn_code code = m->c->store->ops->begin(m->c->store, err);
    if (code != MN_OK)
        return code;
    for (size_t i = 0; code == MN_OK && i < m->n; i++) {
        bool keep = false;
        code = confirm(m, &m->waiting[i], &pairs[*n], &keep, err);
        *n += keep;
    }
    if (code == MN_OK)
        code = record(m, pairs, *n, err);
    if (code == MN_OK)
        return m->c->store->ops->commit(m->c->store, err);
    m->c->store->ops->rollback(m->c->store);
    return code;
}

/* Whoever came, left or withdrew meanwhile is followed too, so that the scan does not work on for nothing. */
static mn_code flush(matching *m, mn_error *err)
{
    size_t n = 0;
    mn_code code = mn_core_follow(m->c, err);
    mn_match_pair *pairs = mn_arena_calloc(m->arena, m->n + 1, sizeof *pairs);
    if (code == MN_OK && !pairs)
        code = mn_fail(err, MN_E_MEMORY, "no memory for the pairs found");
    if (code == MN_OK && m->n > 0)
        code = settle(m, pairs, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        code = m->what->pair(m->what->ctx, &pairs[i], err);
        m->report.pairs += code == MN_OK;
    }
    m->n = 0;
    m->since = mn_monotonic_ns();
    mn_arena_reset(m->arena);
    return code;
}

/* ---- what the gallery calls ---- */

static mn_code take(void *ctx, const mn_pair *pair, mn_error *err)
{
    matching *m = ctx;
    m->waiting[m->n++] = *pair;
    return m->n < WAITING_MAX ? MN_OK : flush(m, err);
}

static mn_code progress(void *ctx, size_t done, size_t all, mn_error *err)
{
    matching *m = ctx;
    mn_code code = mn_monotonic_ns() - m->since >= WAIT_NS ? flush(m, err) : MN_OK;
    if (code == MN_OK && m->what->progress)
        m->what->progress(m->what->ctx, done, all, m->report.pairs);
    return code;
}

/* ---- before ---- */

static mn_code check(const mn_core *c, const mn_actor *who, const mn_match_lists *what, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_ACTIONS, MN_VERB_SEARCH, err);
    if (code != MN_OK)
        return code;
    if (!c->gallery)
        return mn_fail(err, MN_E_INTERNAL, "this data directory was opened for its records only");
    if (what->k < 1 || what->k > MN_MATRIX_K_MAX)
        return mn_fail(err, MN_E_INVALID, "the number of people told of each is 1 to %d, not %zu",
                       MN_MATRIX_K_MAX, what->k);
    if (!(what->fmr >= 0 && what->fmr < 1))
        return mn_fail(err, MN_E_INVALID, "a false-positive rate is more than 0 and less than 1, not %g",
                       what->fmr);
    return MN_OK;
}

static mn_code find_lists(mn_core *c, const mn_actor *who, const mn_match_lists *w, mn_arena *arena,
                          mn_scope *from, mn_scope *to, mn_error *err)
{
    mn_code code = mn_core_scope(c, who, &w->list, 1, w->purpose, arena, from, err);
    if (code == MN_OK)
        code = mn_core_scope(c, who, w->with ? &w->with : &w->list, 1, w->purpose, arena, to, err);
    if (code == MN_OK && w->with && mn_id_compare(&from->ids[0], &to->ids[0]) == 0)
        code = mn_fail(err, MN_E_INVALID,
                       "both lists are \"%.200s\": look for duplicates within one list instead", w->with);
    return code;
}

mn_code mn_core_match_may(mn_core *c, const mn_actor *who, const mn_match_lists *what, mn_error *err)
{
    mn_scope from = {0}, to = {0};
    mn_code code = check(c, who, what, err);
    mn_arena *arena = code == MN_OK ? mn_arena_create(1 << 20) : NULL;
    if (code == MN_OK)
        code = arena ? find_lists(c, who, what, arena, &from, &to, err)
                     : mn_fail(err, MN_E_MEMORY, "no memory to match lists");
    mn_arena_destroy(arena);
    return code;
}

/* The threshold of a search depends on how many people it goes through, which is known by a search that
 * nobody can be the answer to. */
static mn_code set_threshold(matching *m, mn_arena *arena, mn_error *err)
{
    mn_match_report *r = &m->report;
    mn_candidate nobody;
    size_t n;
    float *probe = mn_arena_calloc(arena, (size_t)m->c->model->dim, sizeof *probe);
    if (!probe)
        return mn_fail(err, MN_E_MEMORY, "no memory for a search");
    probe[0] = 1;
    const mn_query q = {.probe = probe, .lists = m->to.ids, .n_lists = m->to.n, .k = 1, .min_raw = INFINITY};
    mn_code code = mn_gallery_search(m->c->gallery, &q, &nobody, &n, &r->against, err);
    double own = m->from.fmr > 0 && (m->to.fmr == 0 || m->from.fmr < m->to.fmr) ? m->from.fmr : m->to.fmr;
    r->threshold_fmr = m->what->fmr > 0 ? m->what->fmr : own > 0 ? own : m->c->fmr;
    double one = mn_fmr_per_comparison(r->threshold_fmr, (double)(r->against ? r->against : 1));
    r->threshold_raw = mn_calibration_threshold(&m->c->model->calibration, one, &r->threshold_measured);
    return code;
}

static mn_code record_begin(matching *m, mn_error *err)
{
    return mn_core_record(m->c, m->who, "match", NULL,
                          json_pack("{s:s, s:s, s:s?, s:f, s:I}", "purpose",
                                    mn_purpose_word(m->what->purpose), "list", m->what->list, "with",
                                    m->what->with, "fmr", m->report.threshold_fmr, "searched",
                                    (json_int_t)m->report.against),
                          err);
}

static mn_code scan(matching *m, mn_error *err)
{
    mn_matrix_result found = {0};
    const mn_matrix matrix = {
        .from = m->from.ids,
        .to = m->to.ids,
        .n_from = m->from.n,
        .n_to = m->to.n,
        .once = !m->what->with,
        .k = m->what->k,
        /* What is told must reach it as a double, as in a single search. */
        .min_raw = nextafterf((float)m->report.threshold_raw, -INFINITY),
        .cancel = m->what->cancel,
        .match = take,
        .progress = progress,
        .ctx = m,
    };
    m->since = mn_monotonic_ns();
    mn_code code = mn_gallery_match(m->c->gallery, &matrix, &found, err);
    if (code == MN_OK)
        code = flush(m, err);
    else if (code == MN_E_CANCELLED) /* what was found is told, also when no more is wanted */
        flush(m, NULL);
    m->report.people = found.people;
    m->report.faces = found.faces;
    m->report.full = found.full;
    return code;
}

mn_code mn_core_match(mn_core *c, const mn_actor *who, const mn_match_lists *what, mn_match_report *out,
                      mn_error *err)
{
    mn_code code = check(c, who, what, err);
    if (code != MN_OK)
        return code;
    mn_arena *arena = mn_arena_create(1 << 20);
    matching *m = arena ? mn_arena_calloc(arena, 1, sizeof *m) : NULL;
    if (m) {
        *m = (matching){.c = c, .who = who, .what = what, .arena = mn_arena_create(MN_CORE_ARENA)};
        code = m->arena ? find_lists(c, who, what, arena, &m->from, &m->to, err)
                        : mn_fail(err, MN_E_MEMORY, "no memory to match lists");
        if (code == MN_OK)
            code = mn_core_follow(c, err);
        if (code == MN_OK)
            code = set_threshold(m, arena, err);
        if (code == MN_OK)
            code = record_begin(m, err);
        if (code == MN_OK && what->begun)
            what->begun(what->ctx, &m->report);
        if (code == MN_OK)
            code = scan(m, err);
        if (code == MN_OK)
            *out = m->report;
        mn_arena_destroy(m->arena);
    } else {
        code = mn_fail(err, MN_E_MEMORY, "no memory to match lists");
    }
    mn_arena_destroy(arena);
    return code;
}
