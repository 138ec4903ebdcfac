/* Many against many, compared with all pairs of a plain model. */
#include "model.h"

#include "base/alloc.h"
#include "gallery/matrix.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    mn_pair found[40000];
    size_t n, calls, done, all, fail_at, cancel_at;
    mn_cancel cancel;
} told;

static mn_code keep(void *ctx, const mn_pair *m, mn_error *err)
{
    told *t = ctx;
    if (t->fail_at && t->n + 1 == t->fail_at)
        return mn_fail(err, MN_E_IO, "the reader is gone");
    assert_true(t->n < sizeof t->found / sizeof t->found[0]);
    t->found[t->n++] = *m;
    if (t->n == t->cancel_at)
        mn_cancel_set(&t->cancel);
    return MN_OK;
}

static mn_code count(void *ctx, size_t done, size_t all, mn_error *err)
{
    told *t = ctx;
    (void)err;
    assert_true(done > t->done && done <= all);
    t->calls++;
    t->done = done;
    t->all = all;
    return MN_OK;
}

static told *told_make(void)
{
    told *t = calloc(1, sizeof *t);
    assert_non_null(t);
    return t;
}

static mn_gallery *make(model *m, bool fetch)
{
    mn_gallery *g = NULL;
    mn_gallery_options o = {.dim = m->dim, .metric = m->metric, .threads = 2};
    o.fetch = fetch ? model_fetch : NULL;
    o.fetch_ctx = m;
    assert_ok(mn_gallery_create(&o, &g, err));
    return g;
}

static void fill(model *m, mn_gallery *g, size_t n, uint64_t seed)
{
    float v[1024];
    for (size_t i = 0; i < n; i++) {
        model_random_vector(m, &seed, v);
        model_add_both(m, g, (unsigned)(i % m->n_people), v);
    }
}

static bool in_lists(const model *m, unsigned person, unsigned lists)
{
    return lists == 0 || (m->lists[person] & lists);
}

static double raw_of(const model *m, const model_face *a, const model_face *b)
{
    double dot = 0, apart = 0;
    for (int i = 0; i < m->dim; i++) {
        dot += (double)a->v[i] * (double)b->v[i];
        apart += ((double)a->v[i] - (double)b->v[i]) * ((double)a->v[i] - (double)b->v[i]);
    }
    return m->metric == MN_METRIC_L2 ? -sqrt(apart) : dot / sqrt(a->squares * b->squares);
}

/* The best score between the faces of two people; -INFINITY where one has none. */
static double best_of(const model *m, unsigned a, unsigned b)
{
    double best = -INFINITY;
    for (size_t i = 0; i < m->n_faces; i++)
        for (size_t j = 0; m->faces[i].alive && m->faces[i].person == a && j < m->n_faces; j++)
            if (m->faces[j].alive && m->faces[j].person == b)
                best = fmax(best, raw_of(m, &m->faces[i], &m->faces[j]));
    return best;
}

static size_t number_of(const mn_id *person, size_t n_people)
{
    for (size_t i = 0; i < n_people; i++) {
        mn_id id = model_person_id(i);
        if (mn_id_compare(&id, person) == 0)
            return i;
    }
    fail_msg("an unknown person was told");
    return 0;
}

/* Every pair at or above the lowest score is told with its best score, and no other. */
static void compare(const model *m, const told *t, unsigned from, unsigned to, double min_raw, bool once)
{
    size_t n = m->n_people, expected = 0;
    double *seen = malloc(n * n * sizeof *seen);
    assert_non_null(seen);
    for (size_t i = 0; i < n * n; i++)
        seen[i] = -INFINITY;
    for (size_t i = 0; i < t->n; i++) {
        size_t a = number_of(&t->found[i].person, n), b = number_of(&t->found[i].with.person, n);
        assert_true(seen[a * n + b] == -INFINITY);
        seen[a * n + b] = (double)t->found[i].with.raw;
    }
    for (unsigned a = 0; a < n; a++)
        for (unsigned b = 0; b < n; b++) {
            mn_id ia = model_person_id(a), ib = model_person_id(b);
            bool wanted = a != b && in_lists(m, a, from) && in_lists(m, b, to);
            wanted = wanted && (!once || mn_id_compare(&ia, &ib) < 0);
            double raw = wanted ? best_of(m, a, b) : -INFINITY;
            if (raw < min_raw) {
                assert_true(seen[a * n + b] == -INFINITY);
                continue;
            }
            expected++;
            assert_true(fabs(seen[a * n + b] - raw) < 1e-5);
        }
    assert_int_equal(t->n, expected);
    free(seen);
}

static void all_pairs_are_told(void **state)
{
    (void)state;
    for (int l2 = 0; l2 < 2; l2++) {
        model m;
        model_init(&m, 64, l2 ? MN_METRIC_L2 : MN_METRIC_COSINE, 60);
        for (unsigned i = 0; i < 60; i++)
            m.lists[i] = (uint8_t)(i % 3 == 0 ? 1 : i % 3 == 1 ? 2 : 3);
        mn_gallery *g = make(&m, true);
        fill(&m, g, 150, 4);
        model_remove_person(&m, 6);
        mn_id gone = model_person_id(6);
        assert_ok(mn_gallery_exchange(g, &gone, 1, NULL, 0, err));
        mn_id lists[2] = {model_list_id(0), model_list_id(1)};
        static const struct {
            size_t n_from, n_to;
            bool once;
        } cases[] = {{0, 0, false}, {0, 0, true}, {1, 1, false}, {1, 0, false}, {0, 1, false}};
        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
            told *t = told_make();
            mn_matrix_result r = {0};
            float min_raw = l2 ? -1.35f : 0.1f;
            mn_matrix x = {.from = &lists[0],
                           .n_from = cases[c].n_from,
                           .to = &lists[1],
                           .n_to = cases[c].n_to,
                           .once = cases[c].once,
                           .k = 100,
                           .min_raw = min_raw};
            x.match = keep;
            x.progress = count;
            x.ctx = t;
            assert_ok(mn_gallery_match(g, &x, &r, err));
            compare(&m, t, cases[c].n_from ? 1 : 0, cases[c].n_to ? 2 : 0, (double)min_raw, cases[c].once);
            assert_int_equal(r.matches, t->n);
            assert_int_equal(r.passed_over + r.full, 0);
            assert_int_equal(t->done, t->all);
            assert_int_equal(t->calls, (t->all + 15) / 16);
            if (cases[c].n_from == 0) {
                assert_int_equal(r.people, 59);
                assert_int_equal(r.faces, 147); /* person 6 had faces 6, 66, 126 */
            }
            free(t);
        }
        mn_gallery_destroy(g);
        model_finish(&m);
    }
}

/* Duplicates among strangers, without exact descriptors. */
static void who_is_enrolled_twice_is_told_once(void **state)
{
    (void)state;
    model m;
    model_init(&m, 128, MN_METRIC_COSINE, 500);
    mn_gallery *g = make(&m, false);
    fill(&m, g, 490, 9);
    float v[128];
    for (unsigned i = 0; i < 10; i++) {
        memcpy(v, m.faces[i * 7].v, sizeof v);
        v[i] += 0.05f;
        model_add_both(&m, g, 490 + i, v);
    }
    told *t = told_make();
    mn_matrix_result r;
    mn_matrix x = {.once = true, .k = 5, .min_raw = 0.8f, .match = keep, .ctx = t};
    assert_ok(mn_gallery_match(g, &x, &r, err));
    assert_int_equal(t->n, 10);
    for (size_t i = 0; i < t->n; i++) {
        size_t a = number_of(&t->found[i].person, 500), b = number_of(&t->found[i].with.person, 500);
        size_t lower = a < b ? a : b, higher = a < b ? b : a;
        assert_int_equal(higher, 490 + lower / 7);
        assert_true(mn_id_compare(&t->found[i].person, &t->found[i].with.person) < 0);
    }
    assert_int_equal(r.faces, 500);
    free(t);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void the_best_k_are_told_in_order(void **state)
{
    (void)state;
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 80);
    mn_gallery *g = make(&m, true);
    fill(&m, g, 200, 12);
    told *t = told_make();
    mn_matrix_result r;
    mn_matrix x = {.k = 3, .min_raw = -1, .match = keep, .ctx = t};
    assert_ok(mn_gallery_match(g, &x, &r, err));
    assert_int_equal(t->n, 240);
    assert_int_equal(r.full, 80);
    for (size_t i = 0; i < 240; i += 3) {
        unsigned a = (unsigned)number_of(&t->found[i].person, 80);
        double last = INFINITY;
        size_t better = 0;
        for (size_t j = i; j < i + 3; j++) {
            assert_memory_equal(&t->found[j].person, &t->found[i].person, sizeof(mn_id));
            assert_true((double)t->found[j].with.raw <= last);
            last = (double)t->found[j].with.raw;
        }
        for (unsigned b = 0; b < 80; b++)
            better += b != a && best_of(&m, a, b) > last + 1e-5;
        assert_int_equal(better, 2);
    }
    free(t);
    mn_gallery_destroy(g);
    model_finish(&m);
}

/* The first match told of removes all others: nobody of them is told any more. */
static mn_gallery *shrinking;

static mn_code remove_all(void *ctx, const mn_pair *m, mn_error *err)
{
    told *t = ctx;
    t->found[t->n++] = *m;
    for (size_t i = 0; t->n == 1 && i < 100; i++) {
        mn_id person = model_person_id(i);
        mn_code code = mn_gallery_exchange(shrinking, &person, 1, NULL, 0, err);
        if (code)
            return code;
    }
    return MN_OK;
}

static void who_is_removed_meanwhile_is_passed_over(void **state)
{
    (void)state;
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 100);
    shrinking = make(&m, false);
    fill(&m, shrinking, 100, 3);
    mn_id ended = model_person_id(50);
    model_exchange(&m, shrinking, 50, MN_TIME_SECOND);
    told *t = told_make();
    mn_matrix_result r;
    mn_matrix x = {.k = 1, .min_raw = -1, .match = remove_all, .ctx = t};
    assert_ok(mn_gallery_match(shrinking, &x, &r, err));
    assert_true(r.faces == 16); /* the first pass was done */
    assert_int_equal(r.faces + r.passed_over, 100);
    assert_int_equal(t->n, 16);
    for (size_t i = 0; i < t->n; i++)
        assert_memory_not_equal(&t->found[i].with.person, &ended, sizeof ended);
    free(t);
    mn_gallery_destroy(shrinking);
    model_finish(&m);
}

static void it_ends_when_told_to(void **state)
{
    (void)state;
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 100);
    mn_gallery *g = make(&m, true);
    fill(&m, g, 100, 3);
    mn_error e;
    mn_matrix_result r = {.faces = 77};
    told *t = told_make();
    mn_matrix x = {.k = 1, .min_raw = -1, .match = keep, .ctx = t, .cancel = &t->cancel};
    t->fail_at = 5;
    assert_int_equal(mn_gallery_match(g, &x, &r, &e), MN_E_IO);
    assert_int_equal(t->n, 4);
    *t = (told){.cancel_at = 3};
    assert_int_equal(mn_gallery_match(g, &x, &r, &e), MN_E_CANCELLED);
    assert_in_range(t->n, 3, 16);
    *t = (told){0};
    x.deadline = 1;
    assert_int_equal(mn_gallery_match(g, &x, &r, &e), MN_E_TIMEOUT);
    assert_int_equal(t->n, 0);
    x.deadline = 0;
    x.k = 0;
    assert_int_equal(mn_gallery_match(g, &x, &r, &e), MN_E_INVALID);
    x.k = 1000;
    assert_int_equal(mn_gallery_match(g, &x, &r, &e), MN_E_INVALID);
    x.k = 1;
    x.min_raw = NAN;
    assert_int_equal(mn_gallery_match(g, &x, &r, &e), MN_E_INVALID);
    assert_int_equal(r.faces, 77);
    free(t);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void nobody_matches_nobody(void **state)
{
    (void)state;
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 5);
    mn_gallery *g = make(&m, true);
    told *t = told_make();
    mn_matrix_result r = {.faces = 9};
    mn_matrix x = {.k = 1, .min_raw = -1, .match = keep, .ctx = t, .progress = count};
    assert_ok(mn_gallery_match(g, &x, &r, err));
    assert_int_equal(r.faces + r.people + r.matches + t->n + t->calls, 0);
    fill(&m, g, 1, 1);
    assert_ok(mn_gallery_match(g, &x, &r, err));
    assert_int_equal(r.faces, 1);
    assert_int_equal(r.matches, 0);
    free(t);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void no_memory_is_survived(void **state)
{
    (void)state;
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 20);
    mn_gallery *g = make(&m, true);
    fill(&m, g, 20, 3);
    told *t = told_make();
    mn_matrix x = {.k = 2, .min_raw = -1, .match = keep, .ctx = t};
    for (long n = 1;; n++) {
        mn_matrix_result r = {0};
        t->n = 0;
        mn_alloc_fail_at(n);
        mn_code code = mn_gallery_match(g, &x, &r, NULL);
        mn_alloc_fail_at(0);
        if (code == MN_OK) {
            assert_true(n > 4);
            assert_int_equal(t->n, 40);
            break;
        }
        assert_int_equal(code, MN_E_MEMORY);
        assert_int_equal(r.faces, 0);
    }
    free(t);
    mn_gallery_destroy(g);
    model_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_are_told),
        cmocka_unit_test(who_is_enrolled_twice_is_told_once),
        cmocka_unit_test(the_best_k_are_told_in_order),
        cmocka_unit_test(who_is_removed_meanwhile_is_passed_over),
        cmocka_unit_test(it_ends_when_told_to),
        cmocka_unit_test(nobody_matches_nobody),
        cmocka_unit_test(no_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
