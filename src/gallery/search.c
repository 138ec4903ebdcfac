/* A search: quantise the probes, scan in int8, score the best again in float until no other can come before
 * them. */
#include "gallery/pass.h"

#include "base/alloc.h"
#include "gallery/quantise.h"
#include <math.h>
#include <string.h>

#define K_MAX 1000

static float raw_of_score(const mn_gallery *g, const mn_probe *p, float score)
{
    return mn_gallery_halves(g) ? -sqrtf(fmaxf(0, p->norm * p->norm - 2 * score)) : score;
}

static mn_code check_query(const mn_query *q, mn_error *err)
{
    if (q->k < 1 || q->k > K_MAX)
        return mn_fail(err, MN_E_INVALID, "%zu people wanted of a search: from 1 to %d are possible", q->k,
                       K_MAX);
    if (isnan(q->min_raw))
        return mn_fail(err, MN_E_INVALID, "the lowest wanted score is not a number");
    return MN_OK;
}

/* What can be done without a view. */
static mn_code prepare(mn_gallery *g, mn_ticket *t, size_t i, const mn_query *q, mn_error *err)
{
    size_t dim = (size_t)g->options.dim;
    mn_quantised probe;
    mn_code code = check_query(q, err);
    if (code || (code = mn_quantise(q->probe, dim, g->stride, g->options.metric, t->rows + i * g->stride,
                                    &probe, err)))
        return code;
    t->probes[i] = (mn_probe){.query = q, .scale = probe.scale, .norm = probe.norm, .error = probe.error};
    if (g->options.metric == MN_METRIC_COSINE)
        t->probes[i].unit = 1 / sqrtf(g->simd->dot_f32(q->probe, q->probe, dim));
    return MN_OK;
}

/* ---- answers ---- */

static bool comes_before(const mn_candidate *a, const mn_candidate *b)
{
    if (a->raw != b->raw)
        return a->raw > b->raw;
    int by_person = mn_id_compare(&a->person, &b->person);
    return by_person ? by_person < 0 : mn_id_compare(&a->face, &b->face) < 0;
}

/* Into the ordered answers, one for each person. */
static void enter(mn_candidate *out, size_t *n, size_t k, const mn_candidate *c)
{
    size_t at = 0;
    while (at < *n && mn_id_compare(&out[at].person, &c->person) != 0)
        at++;
    if (at < *n && !comes_before(c, &out[at]))
        return; /* the person has a better face in it */
    if (at == *n && *n < k)
        ++*n;
    else if (at == *n && !comes_before(c, &out[--at]))
        return;
    for (; at > 0 && comes_before(c, &out[at - 1]); at--)
        out[at] = out[at - 1];
    out[at] = *c;
}

static mn_code raw_in_float(mn_gallery *g, const mn_probe *p, const mn_hit *hit, float *v, float *raw,
                            mn_error *err)
{
    size_t dim = (size_t)g->options.dim;
    mn_code code = g->options.fetch(g->options.fetch_ctx, mn_hit_face(hit), v, err);
    if (code)
        return code;
    if (mn_gallery_halves(g)) {
        *raw = -sqrtf(g->simd->l2sq_f32(p->query->probe, v, dim));
        return MN_OK;
    }
    float norm = sqrtf(g->simd->dot_f32(v, v, dim));
    *raw = g->simd->dot_f32(p->query->probe, v, dim) * p->unit / norm;
    return MN_OK;
}

static mn_code look_at_clock(const mn_query *q, mn_error *err)
{
    if (mn_cancelled(q->cancel))
        return mn_fail(err, MN_E_CANCELLED, "the search was cancelled");
    if (mn_deadline_passed(q->deadline))
        return mn_fail(err, MN_E_TIMEOUT, "the search did not end before its deadline");
    return MN_OK;
}

/* The hits come best first by their int8 scores: as soon as the next could not even with the slack come
 * before the k-th, the answer is final. */
static mn_code score_again(mn_scan *s, size_t i, float *v, mn_candidate *out, size_t *n, mn_error *err)
{
    mn_gallery *g = s->g;
    const mn_probe *p = &s->probes[i];
    const mn_query *q = p->query;
    for (size_t j = 0; j < s->best[i].n; j++) {
        const mn_hit *hit = &s->best[i].hits[j];
        if (*n == q->k && hit->score + p->slack < mn_score_of_raw(g, p, out[*n - 1].raw))
            break;
        mn_candidate c = {*mn_hit_face(hit), *mn_hit_person(hit), raw_of_score(g, p, hit->score)};
        mn_code code = look_at_clock(q, err);
        if (code == MN_OK && g->options.fetch)
            code = raw_in_float(g, p, hit, v, &c.raw, err);
        if (code == MN_E_NOT_FOUND)
            continue;
        if (code)
            return code;
        if (c.raw >= q->min_raw)
            enter(out, n, q->k, &c);
    }
    return MN_OK;
}

/* What a search needs besides the scan. */
typedef struct {
    mn_ticket ticket;
    mn_candidate *found; /* for all queries, one after the other */
    size_t n[MN_GALLERY_QUERIES_MAX];
    float *v; /* a descriptor */
} work;

static void work_finish(work *w)
{
    mn_scan_unref(w->ticket.scan);
    mn_free_aligned(w->ticket.rows);
    mn_free(w->found);
    mn_free(w->v);
}

static mn_code run(mn_gallery *g, work *w, const mn_query *queries, mn_error *err)
{
    mn_ticket *t = &w->ticket;
    mn_code code = MN_OK;
    for (size_t i = 0; i < t->n && code == MN_OK; i++)
        code = prepare(g, t, i, &queries[i], err);
    if (code == MN_OK)
        code = mn_pass_take_part(g, t, err);
    mn_candidate *out = w->found;
    for (size_t i = 0; i < t->n && code == MN_OK; i++) {
        code = score_again(t->scan, t->first + i, w->v, out, &w->n[i], err);
        out += queries[i].k;
    }
    return code;
}

mn_code mn_gallery_search_many(mn_gallery *g, const mn_query *queries, size_t n_queries, mn_found *answers,
                               mn_error *err)
{
    if (n_queries < 1 || n_queries > MN_GALLERY_QUERIES_MAX)
        return mn_fail(err, MN_E_INVALID, "%zu queries in one search: from 1 to %d are possible", n_queries,
                       MN_GALLERY_QUERIES_MAX);
    size_t k = 0;
    for (size_t i = 0; i < n_queries; i++)
        k += queries[i].k <= K_MAX ? queries[i].k : 0;
    work w = {.ticket.n = n_queries,
              .ticket.rows = mn_alloc_aligned(n_queries * g->stride),
              .found = mn_alloc(k * sizeof *w.found),
              .v = mn_alloc((size_t)g->options.dim * sizeof *w.v)};
    mn_code code = w.ticket.rows && w.found && w.v ? run(g, &w, queries, err)
                                                   : mn_fail(err, MN_E_MEMORY, "no memory for a search");
    const mn_candidate *at = w.found;
    for (size_t i = 0; i < n_queries && code == MN_OK; i++) {
        const mn_scan *s = w.ticket.scan;
        size_t q = w.ticket.first + i;
        memcpy(answers[i].out, at, w.n[i] * sizeof *at);
        at += queries[i].k;
        answers[i].n = w.n[i];
        answers[i].prefiltered = s->probes[q].sketch.used;
        answers[i].missed = s->probes[q].sketch.missed;
        answers[i].searched = s->probes[q].counted ? s->searched[q] : s->view->people;
    }
    work_finish(&w);
    return code;
}

mn_code mn_gallery_search(mn_gallery *g, const mn_query *q, mn_candidate *out, size_t *n, size_t *searched,
                          mn_error *err)
{
    mn_found answer = {.out = out};
    mn_code code = mn_gallery_search_many(g, q, 1, &answer, err);
    if (code)
        return code;
    *n = answer.n;
    if (searched)
        *searched = answer.searched;
    return MN_OK;
}
