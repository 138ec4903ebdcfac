#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* float sums in another order */
#define TOLERANCE 2e-5

static mn_id id_of(uint64_t kind, uint64_t number)
{
    uint64_t seed = kind << 56 ^ number;
    uint64_t front = mn_test_random(&seed); /* the order of ids is not that of the numbers */
    mn_id id;
    memcpy(id.bytes, &front, 8);
    memcpy(id.bytes + 8, &number, 8);
    return id;
}

mn_id model_face_id(size_t number)
{
    return id_of(1, number);
}

mn_id model_person_id(size_t number)
{
    return id_of(2, number);
}

mn_id model_list_id(size_t number)
{
    return id_of(3, number);
}

void model_init(model *m, int dim, mn_metric metric, size_t n_people)
{
    *m = (model){.dim = dim, .metric = metric, .n_people = n_people};
    m->lists = calloc(n_people, 1);
    assert_non_null(m->lists);
}

void model_finish(model *m)
{
    for (size_t i = 0; i < m->n_faces; i++)
        free(m->faces[i].v);
    free(m->faces);
    free(m->alive);
    free(m->lists);
}

static double dot(const model *m, const float *a, const float *b)
{
    double sum[4] = {0}; /* which the processor adds up side by side */
    int i = 0;
    for (; i + 4 <= m->dim; i += 4)
        for (int j = 0; j < 4; j++)
            sum[j] += (double)a[i + j] * (double)b[i + j];
    for (; i < m->dim; i++)
        sum[0] += (double)a[i] * (double)b[i];
    return sum[0] + sum[1] + (sum[2] + sum[3]);
}

static double squared_distance(const model *m, const float *a, const float *b)
{
    double sum[4] = {0};
    int i = 0;
    for (; i + 4 <= m->dim; i += 4)
        for (int j = 0; j < 4; j++) {
            double difference = (double)a[i + j] - (double)b[i + j];
            sum[j] += difference * difference;
        }
    for (; i < m->dim; i++)
        sum[0] += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sum[0] + sum[1] + (sum[2] + sum[3]);
}

size_t model_add(model *m, unsigned person, const float *v)
{
    if (m->n_faces == m->cap_faces) {
        m->cap_faces = m->cap_faces ? m->cap_faces * 2 : 64;
        m->faces = realloc(m->faces, m->cap_faces * sizeof *m->faces);
        m->alive = realloc(m->alive, m->cap_faces * sizeof *m->alive);
        assert_true(m->faces && m->alive);
    }
    float *copy = malloc((size_t)m->dim * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, v, (size_t)m->dim * sizeof *copy);
    m->faces[m->n_faces] = (model_face){true, person, m->n_alive, copy, dot(m, v, v)};
    m->alive[m->n_alive++] = m->n_faces;
    return m->n_faces++;
}

void model_remove_face(model *m, size_t number)
{
    model_face *f = &m->faces[number];
    if (!f->alive)
        return;
    size_t last = m->alive[--m->n_alive];
    m->alive[f->place] = last;
    m->faces[last].place = f->place;
    f->alive = false;
    free(f->v);
    f->v = NULL;
}

void model_remove_person(model *m, unsigned person)
{
    for (size_t i = m->n_alive; i-- > 0;)
        if (m->faces[m->alive[i]].person == person)
            model_remove_face(m, m->alive[i]);
}

mn_code model_fetch(void *ctx, const mn_id *face, float *out, mn_error *err)
{
    model *m = ctx;
    uint64_t number;
    memcpy(&number, face->bytes + 8, 8);
    __atomic_fetch_add(&m->fetched, 1, __ATOMIC_RELAXED);
    if (number >= m->n_faces || !m->faces[number].alive)
        return mn_fail(err, MN_E_NOT_FOUND, "no such face");
    memcpy(out, m->faces[number].v, (size_t)m->dim * sizeof *out);
    return MN_OK;
}

static double raw_of(const model *m, const float *probe, double probe_squares, const model_face *f)
{
    if (m->metric == MN_METRIC_COSINE)
        return dot(m, probe, f->v) / sqrt(probe_squares * f->squares);
    return -sqrt(squared_distance(m, probe, f->v));
}

static int best_first(const void *pa, const void *pb)
{
    const model_answer *a = pa, *b = pb;
    if (a->raw != b->raw)
        return a->raw > b->raw ? -1 : 1;
    return memcmp(&a->person, &b->person, sizeof a->person);
}

/* Into the answers, of which each person has one: the best. place[person]: where it stands, plus 1.  */
static void enter(model_answer *all, size_t *n, uint32_t *place, unsigned person, double raw)
{
    if (*place == 0) {
        all[(*n)++] = (model_answer){raw, model_person_id(person)};
        *place = (uint32_t)*n;
    } else if (raw > all[*place - 1].raw) {
        all[*place - 1].raw = raw;
    }
}

/* Not all need to be sorted: those that are worse than the last one wanted, and not only by rounding, go. */
static size_t keep_best(model_answer *all, size_t n, size_t k)
{
    enum { MOST = 50 };
    double best[MOST];
    size_t sorted = 0, kept = 0;
    if (k == 0 || k > MOST || n <= k)
        return n;
    for (size_t i = 0; i < n; i++) {
        if (sorted == k && all[i].raw <= best[k - 1])
            continue;
        size_t at = sorted < k ? sorted++ : k - 1;
        for (; at > 0 && best[at - 1] < all[i].raw; at--)
            best[at] = best[at - 1];
        best[at] = all[i].raw;
    }
    for (size_t i = 0; i < n; i++)
        if (all[i].raw >= best[k - 1] - 4 * TOLERANCE)
            all[kept++] = all[i];
    return kept;
}

model_answer *model_search(const model *m, const float *probe, unsigned lists, double min_raw, size_t k,
                           size_t *n, size_t *searched)
{
    model_answer *all = malloc((m->n_people + 1) * sizeof *all);
    uint32_t *place = calloc(m->n_people, sizeof *place);
    uint8_t *seen = calloc(m->n_people, 1);
    assert_true(all && place && seen);
    double squares = dot(m, probe, probe);
    *searched = *n = 0;
    for (size_t i = 0; i < m->n_alive; i++) {
        const model_face *f = &m->faces[m->alive[i]];
        if (lists != 0 && !(m->lists[f->person] & lists))
            continue;
        if (m->passes && !m->passes(m, m->alive[i]))
            continue;
        *searched += !seen[f->person];
        seen[f->person] = 1;
        double raw = raw_of(m, probe, squares, f);
        if (raw >= min_raw - TOLERANCE)
            enter(all, n, &place[f->person], f->person, raw);
    }
    *n = keep_best(all, *n, k);
    qsort(all, *n, sizeof *all, best_first);
    free(seen);
    free(place);
    return all;
}

void model_random_vector(model *m, uint64_t *seed, float *v)
{
    double length = 0;
    for (int i = 0; i < m->dim; i++) {
        v[i] = mn_test_random_normal(seed);
        length += (double)v[i] * (double)v[i];
    }
    for (int i = 0; i < m->dim; i++)
        v[i] /= (float)sqrt(length);
}

static size_t lists_of(unsigned bits, mn_id out[MODEL_LISTS])
{
    size_t n = 0;
    for (size_t i = 0; i < MODEL_LISTS; i++)
        if (bits >> i & 1)
            out[n++] = model_list_id(i);
    return n;
}

void model_add_both(model *m, mn_gallery *g, unsigned person, const float *v)
{
    mn_id lists[MODEL_LISTS];
    mn_gallery_entry e = {.face = model_face_id(model_add(m, person, v)),
                          .person = model_person_id(person),
                          .lists = lists,
                          .v = v};
    e.n_lists = lists_of(m->lists[person], lists);
    assert_ok(mn_gallery_add(g, &e, 1, err));
}

void model_exchange(const model *m, mn_gallery *g, unsigned person, mn_time until)
{
    const mn_id id = model_person_id(person);
    mn_id lists[MODEL_LISTS];
    size_t n = 0, n_lists = lists_of(m->lists[person], lists);
    mn_gallery_entry *e = calloc(m->n_alive + 1, sizeof *e);
    assert_non_null(e);
    for (size_t i = 0; i < m->n_alive; i++) {
        const model_face *f = &m->faces[m->alive[i]];
        if (f->person == person)
            e[n++] = (mn_gallery_entry){model_face_id(m->alive[i]), id, lists, n_lists, f->v, until};
    }
    assert_ok(mn_gallery_exchange(g, &id, 1, e, n, err));
    free(e);
}

/* Where the scores of neighbours differ by more than rounding, or not at all, the order is known. */
static bool stands_clear(const model_answer *all, size_t n_all, size_t i)
{
    size_t before = i, after = i;
    while (before > 0 && all[before - 1].raw == all[i].raw)
        before--;
    while (after + 1 < n_all && all[after + 1].raw == all[i].raw)
        after++;
    return (before == 0 || all[before - 1].raw - all[i].raw > 2 * TOLERANCE) &&
           (after + 1 == n_all || all[i].raw - all[after + 1].raw > 2 * TOLERANCE);
}

void model_check(const model_answer *all, size_t n_all, size_t k, const mn_candidate *out, size_t n)
{
    if (n > k || n > n_all)
        fail_msg("%zu answers where at most %zu of %zu were wanted", n, k, n_all);
    for (size_t i = 0; i < n; i++) {
        if (fabs((double)out[i].raw - all[i].raw) > TOLERANCE)
            fail_msg("answer %zu of %zu: raw %.7f, not %.7f", i, n, (double)out[i].raw, all[i].raw);
        bool clear = stands_clear(all, n_all, i);
        if (clear && memcmp(&out[i].person, &all[i].person, sizeof(mn_id)) != 0)
            fail_msg("answer %zu of %zu at %.7f: another person", i, n, all[i].raw);
        if (i > 0 && !(out[i - 1].raw >= out[i].raw))
            fail_msg("answer %zu is better than the one before", i);
    }
}

static void check_each_once(const model *m, const mn_found *found)
{
    uint8_t *seen = calloc(m->n_people, 1);
    assert_non_null(seen);
    for (size_t i = 0; i < found->n; i++) {
        uint64_t person;
        memcpy(&person, found->out[i].person.bytes + 8, sizeof person);
        if (person >= m->n_people || seen[person]++)
            fail_msg("answer %zu of %zu is nobody, or somebody a second time", i, found->n);
    }
    free(seen);
}

/* The face that an answer names is one of the person's, and it is the one that has this score. */
static void check_faces(const model *m, const model_question *a, const mn_found *found)
{
    double squares = dot(m, a->probe, a->probe);
    for (size_t i = 0; i < found->n && i < 3; i++) {
        const mn_candidate *c = &found->out[i];
        size_t number = 0;
        memcpy(&number, c->face.bytes + 8, sizeof number);
        assert_true(number < m->n_faces && m->faces[number].alive);
        const mn_id person = model_person_id(m->faces[number].person);
        assert_memory_equal(&c->person, &person, sizeof person);
        assert_true(fabs(raw_of(m, a->probe, squares, &m->faces[number]) - (double)c->raw) <= TOLERANCE);
    }
}

static void judge(model *m, const model_question *a, const mn_found *found)
{
    size_t n_all, people;
    model_answer *all = model_search(m, a->probe, a->lists, (double)a->min_raw, a->k, &n_all, &people);
    assert_int_equal(found->searched, people);
    model_check(all, n_all, a->k, found->out, found->n);
    check_each_once(m, found);
    check_faces(m, a, found);
    /* What is above the lowest wanted score beyond doubt must be there. */
    size_t sure = 0;
    while (sure < n_all && sure < a->k && all[sure].raw > (double)a->min_raw + TOLERANCE)
        sure++;
    assert_true(found->n >= sure);
    free(all);
}

void model_compare_many(model *m, mn_gallery *g, const model_question *asked, size_t n)
{
    mn_id ids[MN_GALLERY_QUERIES_MAX][MODEL_LISTS];
    mn_query q[MN_GALLERY_QUERIES_MAX] = {0};
    mn_found found[MN_GALLERY_QUERIES_MAX] = {0};
    for (size_t i = 0; i < n; i++) {
        q[i] = m->filter;
        q[i].probe = asked[i].probe;
        q[i].lists = ids[i];
        q[i].n_lists = lists_of(asked[i].lists, ids[i]);
        q[i].k = asked[i].k;
        q[i].min_raw = asked[i].min_raw;
        found[i] =
            (mn_found){.out = malloc(asked[i].k * sizeof *found[i].out), .n = 99999, .searched = 99999};
        assert_non_null(found[i].out);
    }
    assert_ok(mn_gallery_search_many(g, q, n, found, err));
    for (size_t i = 0; i < n; i++) {
        judge(m, &asked[i], &found[i]);
        free(found[i].out);
    }
}

void model_compare(model *m, mn_gallery *g, const float *probe, unsigned lists, size_t k, float min_raw)
{
    const model_question one = {probe, lists, k, min_raw};
    model_compare_many(m, g, &one, 1);
}
