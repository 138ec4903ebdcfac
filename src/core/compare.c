/* A few against a few: sides into descriptors, with consent, inside one transaction; every pair's verdict;
 * the record. */
#include "core/verify.h"

#include "core/internal.h"
#include "gallery/calibration.h"

#include <math.h>
#include <stdlib.h>

/* A side with its descriptors, turned as those in the store are. */
typedef struct {
    mn_compared is; /* without the face */
    const mn_id *faces;
    const float **v;
    size_t n;
    size_t same; /* how often it was the same person as one of the other side */
} looked;

typedef struct {
    mn_core *c;
    const mn_actor *who;
    mn_arena *arena;
    const char *action; /* for the audit log */
    mn_purpose purpose;
    const mn_list *list; /* NULL: none */
    double fmr;
    mn_core_trail *trail; /* of the transaction */
} session;

/* ---- who may be looked at ---- */

/* Is the person in the list that was named, or, where none was, in one of the purpose? */
static bool member(const session *s, const mn_membership *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool meant = s->list ? mn_id_compare(&m[i].list.id, &s->list->id) == 0
                             : m[i].list.purpose == s->purpose && mn_core_list_allowed(s->who, &m[i].list.id);
        if (meant && !m[i].list.inactive)
            return true;
    }
    return false;
}

static mn_code refuse_outsider(const session *s, mn_error *err)
{
    return s->list ? mn_fail(err, MN_E_NOT_FOUND, "this person is not in the list \"%.200s\"", s->list->name)
                   : mn_fail(err, MN_E_NOT_FOUND, "this person is in no list for %s",
                             mn_purpose_word(s->purpose));
}

/* Being compared one to one with one's consent needs no list; every other purpose is that of a list. */
static mn_code check_consent(session *s, const mn_person *p, mn_error *err)
{
    mn_consent *consents = NULL;
    mn_membership *m = NULL;
    size_t n_consents = 0, n_m = 0;
    mn_time now = mn_time_now();
    bool needs_list = s->list || s->purpose != MN_PURPOSE_VERIFICATION;
    mn_code code = s->c->store->ops->consent_list(s->c->store, &p->id, s->arena, &consents, &n_consents, err);
    if (code == MN_OK && needs_list)
        code = s->c->store->ops->lists_of(s->c->store, &p->id, now, s->arena, &m, &n_m, err);
    if (code != MN_OK)
        return code;
    if (!mn_consents_allow(consents, n_consents, s->purpose, now))
        return mn_fail(
            err, MN_E_CONSENT,
            "this person has no valid consent for %s: ask for one, or compare for a purpose that they "
            "agreed to",
            mn_purpose_word(s->purpose));
    return !needs_list || member(s, m, n_m) ? MN_OK : refuse_outsider(s, err);
}

static mn_code look_at(session *s, const mn_id *id, looked *out, mn_error *err)
{
    mn_person p;
    mn_code code = mn_core_get_person(s->c, s->who, id, s->arena, &p, err);
    if (code == MN_OK && !p.active)
        code = mn_fail(err, MN_E_FORBIDDEN, "this person is set inactive, and compared with nobody");
    if (code == MN_OK)
        code = check_consent(s, &p, err);
    if (code == MN_OK)
        out->is = (mn_compared){.person = p.id, .name = p.name, .external_id = p.external_id};
    return code;
}

/* ---- descriptors ---- */

static mn_code make_room(session *s, size_t n, looked *out, mn_error *err)
{
    if (n > MN_COMPARE_FACES)
        return mn_fail(err, MN_E_LIMIT, "a person with %zu faces: at most %d can be compared", n,
                       MN_COMPARE_FACES);
    out->v = mn_arena_calloc(s->arena, n + 1, sizeof *out->v);
    return out->v ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for a comparison");
}

/* Of these faces those that have a descriptor of this model. */
static mn_code unseal(session *s, const mn_face_record *faces, size_t n, looked *out, mn_error *err)
{
    mn_key *key = NULL;
    mn_id *ids = mn_arena_calloc(s->arena, n + 1, sizeof *ids);
    mn_code code = ids ? make_room(s, n, out, err) : mn_fail(err, MN_E_MEMORY, "no memory for a comparison");
    if (code == MN_OK && n > 0)
        code = mn_core_person_key(s->c, &out->is.person, s->arena, &key, err);
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        mn_descriptor_record d;
        code =
            s->c->store->ops->descriptor_get(s->c->store, &faces[i].id, s->c->model_name, s->arena, &d, err);
        if (code == MN_E_NOT_FOUND) {
            code = MN_OK;
            continue;
        }
        float *v = code == MN_OK ? mn_arena_calloc(s->arena, (size_t)s->c->model->dim, sizeof *v) : NULL;
        if (code == MN_OK && !v)
            code = mn_fail(err, MN_E_MEMORY, "no memory for a comparison");
        if (code == MN_OK)
            code = mn_core_unseal_descriptor(s->c, key, &d, v, err);
        if (code == MN_OK) {
            ids[out->n] = faces[i].id;
            out->v[out->n++] = v;
        }
    }
    mn_key_close(key);
    out->faces = ids;
    if (code == MN_OK && out->n == 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "no descriptor of %s is stored of this person: enrol a picture",
                       s->c->model_name);
    return code;
}

static mn_code look_at_person(session *s, const mn_id *id, looked *out, mn_error *err)
{
    mn_face_record *faces = NULL;
    size_t n = 0;
    mn_code code = look_at(s, id, out, err);
    if (code == MN_OK)
        code = s->c->store->ops->faces_of(s->c->store, id, s->arena, &faces, &n, err);
    return code == MN_OK ? unseal(s, faces, n, out, err) : code;
}

static mn_code look_at_face(session *s, const mn_id *id, looked *out, mn_error *err)
{
    mn_face_record face;
    mn_person p;
    mn_code code = s->c->store->ops->face_get(s->c->store, id, s->arena, &face, err);
    if (code == MN_OK) /* whose it is not to be known where it may not be seen */
        code = mn_core_get_person(s->c, s->who, &face.person, s->arena, &p, err);
    if (code == MN_E_NOT_FOUND)
        return mn_fail(err, MN_E_NOT_FOUND, "there is no such face");
    if (code == MN_OK)
        code = look_at(s, &face.person, out, err);
    return code == MN_OK ? unseal(s, &face, 1, out, err) : code;
}

static mn_code look_at_side(session *s, const mn_side *side, looked *out, mn_error *err)
{
    if (side->kind == MN_SIDE_PERSON)
        return look_at_person(s, &side->id, out, err);
    if (side->kind == MN_SIDE_FACE)
        return look_at_face(s, &side->id, out, err);
    mn_code code = mn_core_check_descriptor(s->c, side->descriptor, err);
    if (code == MN_OK)
        code = make_room(s, 1, out, err);
    float *turned =
        code == MN_OK ? mn_arena_calloc(s->arena, (size_t)s->c->model->dim, sizeof *turned) : NULL;
    if (code == MN_OK && !turned)
        code = mn_fail(err, MN_E_MEMORY, "no memory for a comparison");
    if (code != MN_OK)
        return code;
    mn_core_turn(s->c, side->descriptor->v, turned);
    out->v[out->n++] = turned;
    return MN_OK;
}

static mn_code look_at_sides(session *s, const char *what, const mn_side *sides, size_t n, bool leave_out,
                             looked **out, mn_error *err)
{
    looked *all = mn_arena_calloc(s->arena, n + 1, sizeof *all);
    if (!all)
        return mn_fail(err, MN_E_MEMORY, "no memory for a comparison");
    for (size_t i = 0; i < n; i++) {
        mn_code code = look_at_side(s, &sides[i], &all[i], err);
        if (leave_out && (code == MN_E_NOT_FOUND || code == MN_E_CONSENT || code == MN_E_FORBIDDEN)) {
            all[i] = (looked){0};
            continue;
        }
        if (code != MN_OK) {
            if (n > 1)
                mn_error_prefix(err, "%s %zu", what, i + 1);
            return code;
        }
    }
    *out = all;
    return MN_OK;
}

/* ---- verdicts ---- */

/* The rate asked for is that of all the comparisons together: who has five faces enrolled is not more easily
 * taken for somebody else. */
static mn_verdict judge(const session *s, double raw, size_t comparisons)
{
    const mn_calibration *c = &s->c->model->calibration;
    double n = (double)comparisons;
    mn_verdict v = {.metric = s->c->model->metric, .threshold_fmr = s->fmr, .raw = raw};
    v.threshold_raw = mn_calibration_threshold(c, mn_fmr_per_comparison(s->fmr, n), &v.threshold_measured);
    v.similarity = mn_calibration_similarity(c, raw);
    v.fmr = mn_fmr_1n(mn_calibration_fmr(c, raw), n);
    v.same = raw >= v.threshold_raw;
    return v;
}

static mn_descriptor as_descriptor(const session *s, const float *v)
{
    return (mn_descriptor){
        .dim = s->c->model->dim, .model = s->c->model_name, .metric = s->c->model->metric, .v = v};
}

static mn_comparison compare(const session *s, const looked *a, const looked *b)
{
    mn_comparison out = {.a = a->is, .b = b->is, .comparisons = a->n * b->n};
    double best = -INFINITY;
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < b->n; j++) {
            mn_descriptor x = as_descriptor(s, a->v[i]), y = as_descriptor(s, b->v[j]);
            double raw = (double)mn_descriptor_score(&x, &y);
            if (raw <= best)
                continue;
            best = raw;
            if (a->faces)
                out.a.face = a->faces[i];
            if (b->faces)
                out.b.face = b->faces[j];
        }
    out.verdict = judge(s, best, out.comparisons);
    return out;
}

static int better(const void *left, const void *right)
{
    const mn_compare_found *a = left, *b = right;
    double x = a->comparison.verdict.raw, y = b->comparison.verdict.raw;
    if (x != y)
        return x > y ? -1 : 1;
    return a->candidate < b->candidate ? -1 : 1;
}

static mn_code compare_row(session *s, const mn_compare *what, looked *reference, looked *candidates,
                           mn_compare_row *row, mn_error *err)
{
    row->found = mn_arena_calloc(s->arena, what->n_candidates, sizeof *row->found);
    if (!row->found)
        return mn_fail(err, MN_E_MEMORY, "no memory for a comparison");
    for (size_t i = 0; i < what->n_candidates; i++) {
        if (candidates[i].n == 0) /* left out */
            continue;
        mn_compare_found one = {i, compare(s, reference, &candidates[i])};
        const mn_verdict *v = &one.comparison.verdict;
        if ((what->only_same && !v->same) || v->similarity < what->min_similarity)
            continue;
        reference->same += v->same;
        candidates[i].same += v->same;
        row->found[row->n++] = one;
    }
    qsort(row->found, row->n, sizeof *row->found, better);
    if (what->k > 0 && row->n > what->k)
        row->n = what->k;
    return MN_OK;
}

/* ---- the record ---- */

static bool recorded_before(const looked *sides, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (mn_id_compare(&sides[j].is.person, &sides[i].is.person) == 0)
            return true;
    return false;
}

static mn_code record_sides(session *s, const char *side, const looked *sides, size_t n, size_t others,
                            mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (!mn_id_is_nil(&sides[i].is.person) && !recorded_before(sides, i))
            code = mn_core_trail_add(
                s->trail, s->who, s->action, &sides[i].is.person,
                json_pack("{s:s, s:s?, s:s, s:I, s:I, s:f}", "purpose", mn_purpose_word(s->purpose), "list",
                          s->list ? s->list->name : NULL, "side", side, "compared_with", (json_int_t)others,
                          "same", (json_int_t)sides[i].same, "fmr", s->fmr),
                err);
    return code;
}

/* ---- the calls ---- */

static bool looks_at_somebody(const mn_side *sides, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (sides[i].kind != MN_SIDE_DESCRIPTOR)
            return true;
    return false;
}

static mn_code check_request(mn_core *c, const mn_actor *who, const mn_compare *what, mn_error *err)
{
    bool enrolled = looks_at_somebody(what->references, what->n_references) ||
                    looks_at_somebody(what->candidates, what->n_candidates);
    mn_code code = mn_core_may(who, MN_R_ACTIONS, enrolled ? MN_VERB_SEARCH : MN_VERB_VIEW, err);
    if (code != MN_OK)
        return code;
    if (!c->gallery)
        return mn_fail(err, MN_E_INTERNAL, "this data directory was opened for its records only");
    if (what->n_references < 1 || what->n_candidates < 1)
        return mn_fail(err, MN_E_INVALID, "there is nothing to compare: %zu references, %zu candidates",
                       what->n_references, what->n_candidates);
    if (what->n_references > what->max_references || what->n_candidates > what->max_candidates)
        return mn_fail(err, MN_E_LIMIT, "%zu references and %zu candidates: at most %zu and %zu at a time",
                       what->n_references, what->n_candidates, what->max_references, what->max_candidates);
    if ((unsigned)what->rules.purpose >= MN_PURPOSES)
        return mn_fail(err, MN_E_INVALID, "there is no such purpose");
    if (!(what->rules.fmr >= 0 && what->rules.fmr < 1))
        return mn_fail(err, MN_E_INVALID, "a false-match rate is more than 0 and less than 1, not %g",
                       what->rules.fmr);
    return MN_OK;
}

static mn_code use_list(session *s, const char *name, mn_list *list, mn_error *err)
{
    bool found = false;
    if (!name)
        return MN_OK;
    mn_code code = mn_core_find_list(s->c, s->who, name, s->arena, list, &found, err);
    if (code == MN_OK && !found)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no list \"%.200s\"", name);
    if (code != MN_OK)
        return code;
    s->list = list;
    s->purpose = list->purpose;
    if (s->fmr == 0)
        s->fmr = list->fmr;
    return MN_OK;
}

/* Inside the transaction whose commit puts it on record. */
static mn_code compare_all(session *s, const mn_compare *what, mn_compare_row **rows, mn_error *err)
{
    mn_list list;
    looked *references = NULL, *candidates = NULL;
    mn_compare_row *made = mn_arena_calloc(s->arena, what->n_references, sizeof *made);
    mn_code code = made ? use_list(s, what->rules.list, &list, err)
                        : mn_fail(err, MN_E_MEMORY, "no memory for a comparison");
    if (s->fmr == 0)
        s->fmr = s->c->fmr;
    if (code == MN_OK)
        code = look_at_sides(s, "reference", what->references, what->n_references, false, &references, err);
    if (code == MN_OK)
        code = look_at_sides(s, "candidate", what->candidates, what->n_candidates, what->leave_out,
                             &candidates, err);
    for (size_t i = 0; code == MN_OK && i < what->n_references; i++)
        code = compare_row(s, what, &references[i], candidates, &made[i], err);
    if (code == MN_OK)
        code = record_sides(s, "reference", references, what->n_references, what->n_candidates, err);
    if (code == MN_OK)
        code = record_sides(s, "candidate", candidates, what->n_candidates, what->n_references, err);
    if (code == MN_OK)
        *rows = made;
    return code;
}

typedef struct {
    session *s;
    const mn_compare *what;
    mn_compare_row *rows;
} comparison;

static mn_code compare_on_record(mn_core *c, void *ctx, mn_arena *arena, mn_core_trail *trail, mn_error *err)
{
    (void)c;
    (void)arena; /* the session's */
    comparison *of = ctx;
    of->s->trail = trail;
    return compare_all(of->s, of->what, &of->rows, err);
}

static mn_code run(session *s, const mn_compare *what, mn_compare_row **rows, mn_error *err)
{
    comparison of = {s, what, NULL};
    mn_code code = check_request(s->c, s->who, what, err);
    if (code == MN_OK)
        code = mn_core_look_on_record(s->c, compare_on_record, &of, s->arena, err);
    if (code == MN_OK)
        *rows = of.rows;
    return code;
}

mn_code mn_core_compare(mn_core *c, const mn_actor *who, const mn_compare *what, mn_arena *arena,
                        mn_compare_row **rows, mn_error *err)
{
    session s = {.c = c,
                 .who = who,
                 .arena = arena,
                 .action = "compare",
                 .purpose = what->rules.purpose,
                 .fmr = what->rules.fmr};
    return run(&s, what, rows, err);
}

mn_code mn_core_verify(mn_core *c, const mn_actor *who, const mn_side *a, const mn_side *b,
                       const mn_compare_rules *rules, mn_arena *arena, mn_comparison *out, mn_error *err)
{
    mn_compare_row *row = NULL;
    const mn_compare what = {.references = a,
                             .candidates = b,
                             .n_references = 1,
                             .n_candidates = 1,
                             .max_references = 1,
                             .max_candidates = 1,
                             .rules = *rules};
    session s = {
        .c = c, .who = who, .arena = arena, .action = "verify", .purpose = rules->purpose, .fmr = rules->fmr};
    mn_code code = run(&s, &what, &row, err);
    if (code == MN_OK)
        *out = row->found[0].comparison;
    return code;
}

/* ---- a side as a probe ---- */

static mn_code best_face(session *s, const mn_id *person, mn_id *out, mn_error *err)
{
    mn_face_record *faces = NULL;
    size_t n = 0, best = 0;
    mn_code code = s->c->store->ops->faces_of(s->c->store, person, s->arena, &faces, &n, err);
    if (code == MN_OK && n == 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "no face is stored of this person: enrol a picture");
    for (size_t i = 1; code == MN_OK && i < n; i++)
        if (faces[i].quality > faces[best].quality)
            best = i;
    if (code == MN_OK)
        *out = faces[best].id;
    return code;
}

typedef struct {
    session *s;
    const mn_side *side;
    mn_descriptor out;
} probing;

static mn_code find_probe(mn_core *c, void *ctx, mn_arena *arena, mn_core_trail *trail, mn_error *err)
{
    (void)c;
    (void)arena; /* the session's */
    probing *of = ctx;
    session *s = of->s;
    const mn_side *side = of->side;
    s->trail = trail;
    looked side_looked = {0};
    mn_id face = side->id;
    mn_code code = MN_OK;
    if (side->kind == MN_SIDE_PERSON) {
        code = look_at(s, &side->id, &side_looked, err);
        if (code == MN_OK)
            code = best_face(s, &side->id, &face, err);
    }
    if (code == MN_OK)
        code = look_at_face(s, &face, &side_looked, err);
    if (code == MN_OK)
        code = record_sides(s, "probe", &side_looked, 1, 0, err);
    float *plain = code == MN_OK ? mn_arena_calloc(s->arena, (size_t)s->c->model->dim, sizeof *plain) : NULL;
    if (code == MN_OK && !plain)
        code = mn_fail(err, MN_E_MEMORY, "no memory for a comparison");
    if (code != MN_OK)
        return code;
    mn_core_turn_back(s->c, side_looked.v[0], plain);
    of->out = as_descriptor(s, plain);
    return MN_OK;
}

mn_code mn_core_side_probe(mn_core *c, const mn_actor *who, const mn_side *side, mn_purpose purpose,
                           mn_arena *arena, mn_descriptor *out, mn_error *err)
{
    session s = {.c = c, .who = who, .arena = arena, .action = "compare", .purpose = purpose, .fmr = c->fmr};
    probing of = {.s = &s, .side = side};
    mn_code code = mn_core_may(who, MN_R_ACTIONS, MN_VERB_SEARCH, err);
    if (code == MN_OK && !c->gallery)
        code = mn_fail(err, MN_E_INTERNAL, "this data directory was opened for its records only");
    if (code != MN_OK)
        return code;
    if (side->kind == MN_SIDE_DESCRIPTOR) {
        code = mn_core_check_descriptor(c, side->descriptor, err);
        if (code == MN_OK)
            *out = *side->descriptor;
        return code;
    }
    code = mn_core_look_on_record(c, find_probe, &of, arena, err);
    if (code == MN_OK)
        *out = of.out;
    return code;
}
