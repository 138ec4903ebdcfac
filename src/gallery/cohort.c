#include "gallery/cohort.h"

#include "base/alloc.h"
#include "gallery/gallery_parts.h"
#include <math.h>
#include <string.h>

#define SEARCH_MAX 1000
/* Of the raw order so many are weighed: twice those wanted. With 5, 20 and 1 000 the same errors were
 * measured. */
#define WEIGHED     2
#define WEIGHED_MIN 20

struct mn_cohort {
    const mn_simd *simd;
    mn_metric metric;
    size_t dim, n, cap;
    mn_id *people;
    float *rows; /* n × dim */
};

/* ---- drawing ---- */

/* The people that a cohort is drawn from. */
typedef struct {
    const mn_view *view;
    const mn_id *lists;
    size_t n_lists;
    uint32_t now; /* seconds since 1970 */
} crowd;

/* One bit for each person's first row that is in the lists. */
static void first_rows(const crowd *from, const mn_segment *s, uint64_t words[MN_ROWSET_WORDS])
{
    size_t n_words = (s->n + 63) / 64;
    memset(words, from->n_lists ? 0 : 0xff, n_words * sizeof *words);
    for (size_t i = 0; i < from->n_lists; i++)
        mn_rowset_or(mn_segment_list_find(s, &from->lists[i]), 0, words, n_words);
    if (s->n % 64)
        words[n_words - 1] &= (UINT64_C(1) << s->n % 64) - 1;
    mn_rowset_andnot(s->dead, 0, words, n_words);
    mn_rowset_andnot(s->further, 0, words, n_words);
}

static size_t count_people(const crowd *from)
{
    uint64_t words[MN_ROWSET_WORDS];
    size_t n = 0;
    for (size_t i = 0; i < from->view->n_segments; i++) {
        const mn_segment *s = from->view->segments[i];
        if (!s)
            continue;
        first_rows(from, s, words);
        for (size_t w = 0; w < (s->n + 63) / 64; w++)
            n += (size_t)__builtin_popcountll(words[w]);
    }
    return n;
}

static void take_row(mn_cohort *c, const crowd *who, const mn_chunk *chunk, size_t row)
{
    if (atomic_load_explicit(&chunk->until[row], memory_order_relaxed) <= who->now)
        return;
    const int8_t *from = chunk->rows + row * chunk->stride;
    float *to = c->rows + c->n * c->dim;
    for (size_t i = 0; i < c->dim; i++)
        to[i] = (float)from[i] * chunk->scales[row];
    c->people[c->n++] = chunk->people[row];
}

/* Of `people` in all every (people / cap)-th, unless their time is over. */
static void take_people(mn_cohort *c, const crowd *from, size_t people)
{
    uint64_t words[MN_ROWSET_WORDS];
    size_t seen = 0, wanted = 0;
    for (size_t i = 0; i < from->view->n_segments; i++) {
        const mn_segment *s = from->view->segments[i];
        if (!s)
            continue;
        first_rows(from, s, words);
        for (size_t w = 0; w < (s->n + 63) / 64; w++)
            for (uint64_t bits = words[w]; bits && wanted < c->cap; bits &= bits - 1)
                if (seen++ == wanted * people / c->cap) {
                    take_row(c, from, s->chunk, w * 64 + (size_t)__builtin_ctzll(bits));
                    wanted++;
                }
    }
}

static mn_cohort *cohort_create(const mn_gallery *g, size_t cap)
{
    mn_cohort *c = mn_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    *c = (mn_cohort){.simd = g->simd, .metric = g->options.metric, .dim = (size_t)g->options.dim, .cap = cap};
    c->people = mn_calloc(cap, sizeof *c->people);
    c->rows = mn_calloc(cap, c->dim * sizeof *c->rows);
    if (c->people && c->rows)
        return c;
    mn_cohort_destroy(c);
    return NULL;
}

mn_code mn_cohort_draw(mn_gallery *g, const mn_id *lists, size_t n_lists, mn_cohort **out, mn_error *err)
{
    mn_view *view = mn_view_take(&g->views);
    const crowd from = {view, lists, n_lists, (uint32_t)(mn_time_now() / MN_TIME_SECOND)};
    size_t people = count_people(&from);
    mn_cohort *c = cohort_create(g, people < MN_COHORT_MAX ? people : MN_COHORT_MAX);
    if (c)
        take_people(c, &from, people);
    mn_view_give_back(&g->views, view);
    if (!c)
        return mn_fail(err, MN_E_MEMORY, "no memory for the cohort of a search");
    *out = c;
    return MN_OK;
}

void mn_cohort_destroy(mn_cohort *c)
{
    if (!c)
        return;
    mn_free(c->people);
    mn_free(c->rows);
    mn_free(c);
}

size_t mn_cohort_size(const mn_cohort *c)
{
    return c->n;
}

/* ---- weighing ---- */

/* Scores with all but one person (NULL: with all). Returns how many. */
static size_t score_all(const mn_cohort *c, const float *v, const mn_id *but, float scores[MN_COHORT_MAX])
{
    size_t n = 0;
    float unit = c->metric == MN_METRIC_COSINE ? 1 / sqrtf(c->simd->dot_f32(v, v, c->dim)) : 1;
    for (size_t i = 0; i < c->n; i++) {
        const float *row = c->rows + i * c->dim;
        if (but && mn_id_compare(but, &c->people[i]) == 0)
            continue;
        scores[n++] = c->metric == MN_METRIC_L2 ? -sqrtf(c->simd->l2sq_f32(v, row, c->dim))
                                                : c->simd->dot_f32(v, row, c->dim) * unit;
    }
    return n;
}

static mn_cohort_side side_of(const mn_cohort *c, const float *scores, size_t n, double share)
{
    mn_cohort_side side;
    size_t top = (size_t)lround(share * (double)c->n);
    mn_cohort_stats(scores, n, top > 2 ? top : 2, &side.mean, &side.std);
    return side;
}

mn_cohort_side mn_cohort_probe(const mn_cohort *c, const float *v, double share)
{
    float scores[MN_COHORT_MAX];
    size_t n = score_all(c, v, NULL, scores), best = 0;
    for (size_t i = 1; i < n; i++)
        best = scores[i] > scores[best] ? i : best;
    if (n > 0)
        scores[best] = scores[--n];
    return side_of(c, scores, n, share);
}

mn_cohort_side mn_cohort_enrolled(const mn_cohort *c, const float *v, const mn_id *person, double share)
{
    float scores[MN_COHORT_MAX];
    size_t n = score_all(c, v, person, scores);
    return side_of(c, scores, n, share);
}

double mn_cohort_normalise(double raw, mn_cohort_side probe, mn_cohort_side enrolled)
{
    return mn_score_normalise(raw, probe.mean, probe.std, enrolled.mean, enrolled.std);
}

/* ---- the search ---- */

static bool comes_before(const mn_ranked *a, const mn_ranked *b)
{
    if (a->score != b->score)
        return a->score > b->score;
    return mn_id_compare(&a->found.person, &b->found.person) < 0;
}

static void enter(mn_ranked *ranked, size_t n, mn_ranked r)
{
    for (; n > 0 && comes_before(&r, &ranked[n - 1]); n--)
        ranked[n] = ranked[n - 1];
    ranked[n] = r;
}

static mn_code look_at_clock(const mn_query *q, mn_error *err)
{
    if (mn_cancelled(q->cancel))
        return mn_fail(err, MN_E_CANCELLED, "the search was cancelled");
    if (mn_deadline_passed(q->deadline))
        return mn_fail(err, MN_E_TIMEOUT, "the search did not end before its deadline");
    return MN_OK;
}

/* Fills ranked with the candidates in their new order; v is room for one descriptor. */
static mn_code weigh(const mn_gallery *g, const mn_cohort *c, double share, const mn_query *q,
                     const mn_found *raw, float *v, mn_ranked *ranked, size_t *n, mn_error *err)
{
    const mn_cohort_side probe = mn_cohort_probe(c, q->probe, share);
    *n = 0;
    for (size_t i = 0; i < raw->n; i++) {
        const mn_candidate *found = &raw->out[i];
        mn_code code = look_at_clock(q, err);
        if (code == MN_OK)
            code = g->options.fetch(g->options.fetch_ctx, &found->face, v, err);
        if (code == MN_E_NOT_FOUND)
            continue;
        if (code != MN_OK)
            return code;
        mn_cohort_side enrolled = mn_cohort_enrolled(c, v, &found->person, share);
        enter(ranked, (*n)++, (mn_ranked){*found, mn_cohort_normalise((double)found->raw, probe, enrolled)});
    }
    return MN_OK;
}

static void leave_raw(const mn_found *raw, mn_ranked *ranked, size_t *n)
{
    for (*n = 0; *n < raw->n; ++*n)
        ranked[*n] = (mn_ranked){raw->out[*n], (double)raw->out[*n].raw};
}

static mn_code weigh_by_cohort(mn_gallery *g, double share, const mn_query *q, const mn_found *raw,
                               mn_ranked *ranked, size_t *n, mn_error *err)
{
    mn_cohort *c = NULL;
    mn_code code = mn_cohort_draw(g, q->lists, q->n_lists, &c, err);
    if (code != MN_OK)
        return code;
    float *v = mn_alloc((size_t)g->options.dim * sizeof *v);
    code = v ? weigh(g, c, share, q, raw, v, ranked, n, err)
             : mn_fail(err, MN_E_MEMORY, "no memory for a search");
    mn_free(v);
    mn_cohort_destroy(c);
    return code;
}

static bool can_normalise(const mn_gallery *g, const mn_normalisation *how)
{
    return how->least > 0 && g->options.fetch;
}

static size_t candidates_to_weigh(size_t k)
{
    size_t n = WEIGHED * k > WEIGHED_MIN ? WEIGHED * k : WEIGHED_MIN;
    return n < SEARCH_MAX ? n : SEARCH_MAX;
}

/* raw->out and ranking->out have room for q->k. */
static mn_code search_and_weigh(mn_gallery *g, const mn_model_info *model, const mn_query *q, mn_found *raw,
                                mn_ranking *ranking, mn_error *err)
{
    const mn_normalisation *how = &model->normalisation;
    mn_code code = mn_gallery_search_many(g, q, 1, raw, err);
    if (code != MN_OK)
        return code;
    ranking->searched = raw->searched;
    ranking->prefiltered = raw->prefiltered;
    ranking->missed = raw->missed;
    ranking->normalised = can_normalise(g, how) && raw->searched >= (size_t)how->least;
    ranking->calibration = ranking->normalised ? &how->calibration : &model->calibration;
    if (ranking->normalised)
        return weigh_by_cohort(g, (double)how->share, q, raw, ranking->out, &ranking->n, err);
    leave_raw(raw, ranking->out, &ranking->n);
    return MN_OK;
}

mn_code mn_gallery_rank(mn_gallery *g, const mn_model_info *model, const mn_query *q, mn_ranking *ranking,
                        mn_error *err)
{
    if (q->k < 1 || q->k > SEARCH_MAX)
        return mn_fail(err, MN_E_INVALID, "%zu people wanted of a search: from 1 to %d are possible", q->k,
                       SEARCH_MAX);
    mn_query wide = *q;
    if (can_normalise(g, &model->normalisation))
        wide.k = candidates_to_weigh(q->k);
    mn_found raw = {.out = mn_alloc(wide.k * sizeof *raw.out)};
    mn_ranking all = {.out = mn_alloc(wide.k * sizeof *all.out)};
    mn_code code = raw.out && all.out ? search_and_weigh(g, model, &wide, &raw, &all, err)
                                      : mn_fail(err, MN_E_MEMORY, "no memory for a search");
    if (code == MN_OK) {
        all.n = all.n < q->k ? all.n : q->k;
        memcpy(ranking->out, all.out, all.n * sizeof *all.out);
        mn_ranked *out = ranking->out;
        *ranking = all;
        ranking->out = out;
    }
    mn_free(all.out);
    mn_free(raw.out);
    return code;
}
