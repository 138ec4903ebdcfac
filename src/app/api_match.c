/* /v1/match: every reference with every set of candidates. A set is searched through (lists), or compared one
 * by one (people, faces, attributes, as they are named). */
#include "app/pictures.h"
#include "core/attributes.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    mn_shown shown;
    mn_side side;
    mn_code code; /* why there is none */
    mn_error error;
} reference;

typedef struct {
    const json_t *json;
    mn_purpose purpose;
    double fmr;
    size_t k;
    const char *kind;    /* "people", "faces", "attributes"; NULL: lists are searched */
    const json_t *named; /* of that kind */
} set;

/* ---- what is asked for ---- */

static mn_code read_set(const json_t *json, set *out, size_t *named, mn_error *err)
{
    static const char *const kinds[] = {"people", "faces", "attributes"};
    const char *purpose = mn_field_text(json, "purpose");
    *out = (set){.json = json,
                 .purpose = MN_PURPOSE_IDENTIFICATION,
                 .fmr = mn_field_number(json, "fmr", 0),
                 .k = (size_t)mn_field_whole(json, "k", 5)};
    if (purpose)
        mn_purpose_parse(purpose, &out->purpose);
    size_t n = json_object_get(json, "lists") != NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (json_object_get(json, kinds[i])) {
            out->kind = kinds[i];
            out->named = json_object_get(json, kinds[i]);
            n++;
        }
    if (n > 1)
        return mn_fail(err, MN_E_INVALID, "a set names lists, people, faces or attributes: one of these");
    if (out->kind && json_object_get(json, "filter"))
        return mn_fail(err, MN_E_INVALID, "a filter is for lists: leave out of %s whom you do not want",
                       out->kind);
    *named += json_array_size(out->named);
    return MN_OK;
}

static mn_code read_sets(mn_api_call *call, set **out, size_t *n, mn_error *err)
{
    const json_t *rows = json_object_get(call->body, "candidates");
    size_t count = json_array_size(rows), named = 0,
           most = (size_t)mn_settings_int(call->settings, MN_S_MATCH_CANDIDATES);
    set *all = mn_arena_calloc(call->arena, count, sizeof *all);
    mn_code code = all ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for %zu sets", count);
    for (size_t i = 0; code == MN_OK && i < count; i++) {
        code = read_set(json_array_get(rows, i), &all[i], &named, err);
        if (code != MN_OK)
            mn_error_prefix(err, "candidates[%zu]", i);
    }
    if (code == MN_OK && named > most)
        code = mn_fail(err, MN_E_LIMIT, "%zu candidates are named: at most %zu at a time (match.candidates)",
                       named, most);
    if (code != MN_OK)
        return code;
    *out = all;
    *n = count;
    return MN_OK;
}

static bool is_own(mn_code code)
{
    int status = mn_code_http(code);
    return status >= 400 && status < 500 && code != MN_E_CANCELLED;
}

/* What is wrong with one reference is told in its entries; what is wrong with the server ends the request. */
static mn_code read_reference(mn_api_call *call, const json_t *json, reference *out, mn_error *err)
{
    out->code = mn_shown_of_source(call, json, &out->shown, &out->error);
    if (out->code == MN_OK)
        out->code = mn_shown_side(call, &out->shown, "only", &out->side, &out->error);
    if (out->code == MN_OK || is_own(out->code))
        return MN_OK;
    if (err)
        *err = out->error;
    return out->code;
}

static mn_code read_references(mn_api_call *call, reference **out, size_t *n, mn_error *err)
{
    const json_t *rows = json_object_get(call->body, "references");
    size_t count = json_array_size(rows);
    reference *all = mn_arena_calloc(call->arena, count, sizeof *all);
    mn_code code = all ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for %zu references", count);
    for (size_t i = 0; code == MN_OK && i < count; i++)
        code = read_reference(call, json_array_get(rows, i), &all[i], err);
    if (code != MN_OK)
        return code;
    *out = all;
    *n = count;
    return MN_OK;
}

/* ---- answers ---- */

static json_t *threshold(double fmr, double raw, bool measured)
{
    return json_pack("{s:f, s:o, s:b}", "fmr", fmr, "raw", mn_value_real(raw), "measured", measured);
}

static void add_person(json_t *row, const mn_id *person, const mn_id *face, const char *name,
                       const char *external_id)
{
    json_object_set_new(row, "person", mn_value_id(person));
    json_object_set_new(row, "face", mn_value_id(face));
    json_object_set_new(row, "name", json_string(name));
    json_object_set_new(row, "external_id", mn_value_text(external_id));
}

static json_t *scores(double similarity, double fmr, double raw)
{
    return json_pack("{s:f, s:f, s:f}", "similarity", similarity, "fmr", fmr, "raw", raw);
}

/* ---- searching through lists ---- */

/* Who is not active is found by no search. NULL: no filter. */
static mn_code read_filter(const mn_api_call *call, const json_t *json, mn_people_filter *f,
                           const mn_people_filter **out, mn_error *err)
{
    const json_t *custom = json_object_get(json, "custom");
    const char *const *ids = NULL;
    *out = json ? f : NULL;
    *f = (mn_people_filter){.active = mn_field_yes(json, "active", true) ? MN_YES : MN_NO,
                            .created_from = mn_field_time(json, "created_from", INT64_MIN),
                            .created_to = mn_field_time(json, "created_to", MN_TIME_NEVER),
                            .most = (size_t)mn_settings_int(call->settings, MN_S_MATCH_FILTERED)};
    if (f->active == MN_YES) /* and so it is not asked */
        f->active = MN_ANY;
    mn_code code = mn_field_texts(call, json, "external_ids", &ids, &f->n_external_ids, err);
    f->external_ids = ids;
    if (code != MN_OK || json_object_size(custom) == 0)
        return code;
    char *text = json_dumps(custom, JSON_COMPACT);
    f->custom = text ? mn_arena_strdup(call->arena, text) : NULL;
    free(text);
    return f->custom ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for a filter");
}

static json_t *found_json(const mn_identification *a)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < a->n; i++) {
        const mn_match *m = &a->matches[i];
        json_t *row = scores(m->similarity, m->fmr, m->raw);
        add_person(row, &m->person, &m->face, m->name, m->external_id);
        json_array_append_new(rows, row);
    }
    return rows;
}

static mn_code search(mn_api_call *call, const reference *r, const set *s, json_t *row, mn_error *err)
{
    mn_descriptor probe;
    mn_identification a;
    mn_people_filter filter;
    const char *const *lists = NULL;
    mn_identify what = {.probe = &probe,
                        .purpose = s->purpose,
                        .fmr = s->fmr,
                        .k = s->k,
                        .deadline = call->request->deadline,
                        .cancel = call->request->cancel};
    mn_code code = mn_field_texts(call, s->json, "lists", &lists, &what.n_lists, err);
    what.lists = lists;
    if (code == MN_OK)
        code = read_filter(call, json_object_get(s->json, "filter"), &filter, &what.only, err);
    if (code == MN_OK)
        code = mn_core_side_probe(call->core, call->actor, &r->side, s->purpose, call->arena, &probe, err);
    if (code == MN_OK)
        code = mn_core_identify(call->core, call->actor, &what, call->arena, &a, err);
    if (code != MN_OK)
        return code;
    json_object_set_new(row, "searched", json_integer((json_int_t)a.searched));
    json_object_set_new(row, "normalised", json_boolean(a.normalised));
    if (a.prefiltered)
        json_object_set_new(row, "prefilter", json_pack("{s:f}", "missed", a.missed));
    json_object_set_new(row, "threshold",
                        threshold(a.threshold_fmr, a.threshold_score, a.threshold_measured));
    json_object_set_new(row, "candidates", found_json(&a));
    return MN_OK;
}

/* ---- comparing one by one ---- */

/* The sides of a set; place[i] is where the i-th stands in it. Attributes that are over are left out. */
static mn_code make_sides(mn_api_call *call, const set *s, mn_side **out, size_t **place, size_t *n,
                          mn_error *err)
{
    size_t count = json_array_size(s->named), used = 0;
    mn_side *sides = mn_arena_calloc(call->arena, count + 1, sizeof *sides);
    size_t *places = mn_arena_calloc(call->arena, count + 1, sizeof *places);
    mn_temporary *t = mn_arena_calloc(call->arena, count + 1, sizeof *t);
    mn_code code =
        sides && places && t ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for %zu candidates", count);
    for (size_t i = 0; code == MN_OK && i < count; i++) {
        mn_side side = {.kind = strcmp(s->kind, "people") == 0 ? MN_SIDE_PERSON : MN_SIDE_FACE};
        mn_id_parse(json_string_value(json_array_get(s->named, i)), &side.id);
        if (strcmp(s->kind, "attributes") == 0) {
            code = mn_core_attribute(call->core, call->actor, MN_R_ACTIONS, MN_VERB_SEARCH, &side.id,
                                     call->arena, &t[i], err);
            side = (mn_side){.kind = MN_SIDE_DESCRIPTOR, .descriptor = &t[i].descriptor};
        }
        if (code == MN_OK) {
            places[used] = i;
            sides[used++] = side;
        } else if (code == MN_E_NOT_FOUND)
            code = MN_OK;
    }
    if (code != MN_OK)
        return code;
    *out = sides;
    *place = places;
    *n = used;
    return MN_OK;
}

static json_t *compared_json(const set *s, const mn_compare_row *compared, const size_t *place)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < compared->n && i < s->k; i++) {
        const mn_comparison *c = &compared->found[i].comparison;
        json_t *row = scores(c->verdict.similarity, c->verdict.fmr, c->verdict.raw);
        if (!mn_id_is_nil(&c->b.person))
            add_person(row, &c->b.person, &c->b.face, c->b.name, c->b.external_id);
        else
            json_object_set(row, "attribute", json_array_get(s->named, place[compared->found[i].candidate]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static mn_code compare(mn_api_call *call, const reference *r, const set *s, json_t *row, mn_error *err)
{
    mn_side *sides = NULL;
    size_t *place = NULL, n = 0;
    mn_compare_row none = {0}, *compared = &none;
    mn_code code = make_sides(call, s, &sides, &place, &n, err);
    const mn_compare what = {.references = &r->side,
                             .candidates = sides,
                             .n_references = 1,
                             .n_candidates = n,
                             .max_references = 1,
                             .max_candidates = n,
                             .rules = {.purpose = s->purpose, .fmr = s->fmr},
                             .leave_out = true};
    if (code == MN_OK && n > 0)
        code = mn_core_compare(call->core, call->actor, &what, call->arena, &compared, err);
    if (code != MN_OK)
        return code;
    json_object_set_new(row, "searched", json_integer((json_int_t)compared->n));
    json_object_set_new(row, "normalised", json_false());
    if (compared->n > 0) {
        const mn_verdict *v = &compared->found[0].comparison.verdict;
        json_object_set_new(row, "threshold",
                            threshold(v->threshold_fmr, v->threshold_raw, v->threshold_measured));
    }
    json_object_set_new(row, "candidates", compared_json(s, compared, place));
    return MN_OK;
}

/* ---- all of it ---- */

typedef struct {
    size_t well;
    mn_error first; /* failure */
} tally;

static mn_code match_pair(mn_api_call *call, const reference *r, const set *s, json_t *row, tally *t,
                          mn_error *err)
{
    mn_error why = r->error;
    mn_code code = r->code;
    if (mn_cancelled(call->request->cancel))
        return mn_fail(err, MN_E_CANCELLED, "the server is stopping");
    if (mn_deadline_passed(call->request->deadline))
        return mn_fail(err, MN_E_TIMEOUT, "the time for this request is over: match fewer at once");
    if (code == MN_OK)
        code = s->kind ? compare(call, r, s, row, &why) : search(call, r, s, row, &why);
    t->well += code == MN_OK;
    if (code == MN_OK)
        return MN_OK;
    if (!is_own(code)) {
        if (err)
            *err = why;
        return code;
    }
    if (t->first.code == MN_OK)
        t->first = why;
    json_object_set_new(row, "error", mn_error_json(code, why.text));
    return MN_OK;
}

static mn_code match_all(mn_api_call *call, json_t *rows, mn_error *err)
{
    set *sets = NULL;
    reference *references = NULL;
    size_t n_sets = 0, n_references = 0;
    tally t = {0};
    mn_code code = read_sets(call, &sets, &n_sets, err);
    if (code == MN_OK)
        code = read_references(call, &references, &n_references, err);
    for (size_t i = 0; code == MN_OK && i < n_references; i++)
        for (size_t j = 0; code == MN_OK && j < n_sets; j++) {
            json_t *row = json_pack("{s:I, s:I}", "reference", (json_int_t)i, "set", (json_int_t)j);
            code = match_pair(call, &references[i], &sets[j], row, &t, err);
            json_array_append_new(rows, row);
        }
    if (code == MN_OK && t.well == 0) {
        if (err)
            *err = t.first;
        code = t.first.code;
    }
    return code;
}

mn_code mn_api_match(mn_api_call *call, mn_error *err)
{
    json_t *rows = json_array();
    mn_code code = match_all(call, rows, err);
    if (code == MN_OK)
        return mn_api_answer(call, 200, json_pack("{s:o}", "matches", rows), err);
    json_decref(rows);
    return code;
}
