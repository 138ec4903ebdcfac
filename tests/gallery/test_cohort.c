/* Searches whose scores are weighed against the other people enrolled. */
#include "base/alloc.h"
#include "gallery/cohort.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DIM 64

static float faces[4000][DIM]; /* by number of the face */

static mn_id id_of(size_t number)
{
    mn_id id = {{0}};
    id.bytes[0] = 1;
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

static size_t number_of(const mn_id *id)
{
    return (size_t)id->bytes[14] << 8 | id->bytes[15];
}

static mn_code fetch(void *ctx, const mn_id *face, float *out, mn_error *err)
{
    (void)ctx;
    (void)err;
    memcpy(out, faces[number_of(face)], sizeof faces[0]);
    return MN_OK;
}

static mn_gallery *make(mn_metric metric)
{
    const mn_gallery_options options = {.dim = DIM, .metric = metric, .threads = 1, .fetch = fetch};
    mn_gallery *g = NULL;
    assert_ok(mn_gallery_create(&options, &g, err));
    return g;
}

static void add(mn_gallery *g, size_t face, size_t person, size_t list, mn_time until)
{
    const mn_id id = id_of(list);
    const mn_gallery_entry e = {.face = id_of(face),
                                .person = id_of(person),
                                .lists = &id,
                                .n_lists = 1,
                                .v = faces[face],
                                .until = until};
    assert_ok(mn_gallery_add(g, &e, 1, err));
}

/* A face on the first axis: its distance from another such face is the difference of the numbers. */
static void place(size_t face, float at)
{
    memset(faces[face], 0, sizeof faces[face]);
    faces[face][0] = at;
}

static void near(double a, double b)
{
    if (!(fabs(a - b) < 1e-3))
        fail_msg("%.9g is not %.9g", a, b);
}

static void sides_leave_out_oneself(void **state)
{
    (void)state;
    mn_gallery *g = make(MN_METRIC_L2);
    mn_cohort *c = NULL;
    const float at[] = {1, 2, 4, 7, 11};
    for (size_t i = 0; i < 5; i++) {
        place(i, at[i]);
        add(g, i, i, 900, 0);
    }
    assert_ok(mn_cohort_draw(g, NULL, 0, &c, err));
    assert_int_equal(mn_cohort_size(c), 5);
    const mn_id third = id_of(2), nobody = id_of(77);
    /* From 4 to the others: 3, 2, 3 and 7; three fifths of the cohort are the best three. */
    mn_cohort_side s = mn_cohort_enrolled(c, faces[2], &third, 0.6);
    near(s.mean, -2.66667);
    near(s.std, 0.471405);
    /* Somebody else there would be 0 from it. */
    s = mn_cohort_enrolled(c, faces[2], &nobody, 0.6);
    near(s.mean, -1.66667);
    near(s.std, 1.247219);
    /* A probe at 3.5 is 0.5 from the nearest, who may be its mate; then come 1.5, 2.5 and 3.5. */
    place(50, 3.5f);
    s = mn_cohort_probe(c, faces[50], 0.6);
    near(s.mean, -2.5);
    near(s.std, 0.816497);
    /* One alone has no deviation: the best two at least are taken. */
    s = mn_cohort_probe(c, faces[50], 0.01);
    near(s.mean, -2);
    near(s.std, 0.5);
    near(mn_cohort_normalise(-1, (mn_cohort_side){-2, 0.5}, (mn_cohort_side){-4, 1}), 2.5);
    mn_cohort_destroy(c);
    mn_gallery_destroy(g);
}

static void cosines_do_not_depend_on_lengths(void **state)
{
    (void)state;
    mn_gallery *g = make(MN_METRIC_COSINE);
    mn_cohort *c = NULL;
    for (size_t i = 0; i < 3; i++) {
        memset(faces[i], 0, sizeof faces[i]);
        faces[i][i] = 5;
        add(g, i, i, 900, 0);
    }
    memset(faces[3], 0, sizeof faces[3]);
    faces[3][0] = 30, faces[3][1] = 40;
    assert_ok(mn_cohort_draw(g, NULL, 0, &c, err));
    mn_cohort_side s = mn_cohort_probe(c, faces[3], 1); /* 0.8 left out: 0.6 and 0 */
    near(s.mean, 0.3);
    near(s.std, 0.3);
    mn_cohort_destroy(c);
    mn_gallery_destroy(g);
}

/* Leaving out who is not in the cohort changes nothing. */
static bool has(const mn_cohort *c, size_t person)
{
    const mn_id id = id_of(person), nobody = id_of(3999);
    static const float nowhere[DIM] = {-1000};
    return mn_cohort_enrolled(c, nowhere, &nobody, 1).mean != mn_cohort_enrolled(c, nowhere, &id, 1).mean;
}

static void only_those_who_may_be_found_are_drawn(void **state)
{
    (void)state;
    mn_gallery *g = make(MN_METRIC_L2);
    mn_cohort *c = NULL;
    for (size_t i = 0; i < 6; i++)
        place(i, (float)(i * i));
    add(g, 0, 0, 900, 0);
    add(g, 1, 1, 901, 0); /* in another list */
    add(g, 2, 2, 900, 0);
    add(g, 3, 2, 900, 0);              /* a second face */
    add(g, 4, 4, 900, MN_TIME_SECOND); /* has ended long ago */
    add(g, 5, 5, 900, 0);
    const mn_id list = id_of(900), removed = id_of(5);
    assert_ok(mn_cohort_draw(g, &list, 1, &c, err));
    assert_int_equal(mn_cohort_size(c), 3);
    assert_true(has(c, 0) && has(c, 2) && has(c, 5));
    assert_false(has(c, 1) || has(c, 4));
    mn_cohort_destroy(c);
    assert_ok(mn_gallery_exchange(g, &removed, 1, NULL, 0, err));
    assert_ok(mn_cohort_draw(g, &list, 1, &c, err));
    assert_int_equal(mn_cohort_size(c), 2);
    assert_false(has(c, 5));
    mn_cohort_destroy(c);
    const mn_id empty = id_of(902);
    assert_ok(mn_cohort_draw(g, &empty, 1, &c, err));
    assert_int_equal(mn_cohort_size(c), 0);
    mn_cohort_side s = mn_cohort_probe(c, faces[0], 0.5);
    near(s.mean, 0);
    near(s.std, 0);
    mn_cohort_destroy(c);
    mn_gallery_destroy(g);
}

static void of_many_a_thousand_are_drawn_evenly(void **state)
{
    (void)state;
    mn_gallery *g = make(MN_METRIC_L2);
    mn_cohort *c = NULL;
    size_t first = 0, last = 0;
    for (size_t i = 0; i < 2500; i++) {
        place(i, (float)i + 1);
        add(g, i, i, 900, 0);
    }
    assert_ok(mn_cohort_draw(g, NULL, 0, &c, err));
    assert_int_equal(mn_cohort_size(c), 1000);
    for (size_t i = 0; i < 250; i++) {
        first += has(c, i);
        last += has(c, 2250 + i);
    }
    assert_int_equal(first, 100);
    assert_int_equal(last, 100);
    mn_cohort_destroy(c);
    mn_gallery_destroy(g);
}

/* ---- searches ---- */

static const float raw[] = {-30, 0}, score[] = {-10, 10}, rates[] = {0, -3}, similarity[] = {0, 1};
static const mn_model_info plain = {.calibration = {raw, rates, similarity, 2, 0, 0}};
static const mn_model_info weighed = {
    .calibration = {raw, rates, similarity, 2, 0, 0},
    .normalisation = {.least = 12, .share = 0.25f, .calibration = {score, rates, similarity, 2, 0, 0}}};

/* Eight people stand 1 apart in a row, a loner has nobody within 37. The probe is a bit nearer to the row's
 * end than to the loner, but for somebody of the row that is far. */
static mn_gallery *crowd_and_loner(size_t more)
{
    mn_gallery *g = make(MN_METRIC_L2);
    for (size_t i = 0; i < 8; i++) {
        place(i, 30 - (float)i);
        add(g, i, i, 900, 0);
    }
    memset(faces[100], 0, sizeof faces[100]);
    faces[100][1] = 30;
    add(g, 100, 100, 900, 0);
    for (size_t i = 0; i < more; i++) {
        memset(faces[200 + i], 0, sizeof faces[0]);
        faces[200 + i][2 + i] = 30;
        add(g, 200 + i, 200 + i, 900, 0);
    }
    memset(faces[50], 0, sizeof faces[50]);
    faces[50][0] = 15.5f;
    faces[50][1] = 14.9f;
    return g;
}

static void an_order_is_changed(void **state)
{
    (void)state;
    mn_gallery *g = crowd_and_loner(3); /* twelve people */
    mn_ranked found[3];
    mn_ranking r = {.out = found};
    const mn_query q = {.probe = faces[50], .k = 3, .min_raw = -INFINITY};
    assert_ok(mn_gallery_rank(g, &plain, &q, &r, err));
    assert_int_equal(r.n, 3);
    assert_false(r.normalised);
    assert_ptr_equal(r.calibration, &plain.calibration);
    assert_int_equal(number_of(&found[0].found.person), 7);
    near(found[0].score, -16.681127);
    assert_true((double)found[0].found.raw == found[0].score);

    assert_ok(mn_gallery_rank(g, &weighed, &q, &r, err));
    assert_int_equal(r.n, 3);
    assert_int_equal(r.searched, 12);
    assert_true(r.normalised);
    assert_ptr_equal(r.calibration, &weighed.normalisation.calibration);
    assert_int_equal(number_of(&found[0].found.person), 100);
    near(found[0].found.raw, -21.639316);
    assert_true(found[0].score > found[1].score && found[1].score >= found[2].score);
    mn_gallery_destroy(g);
}

static void below_the_least_number_raw_scores_stand(void **state)
{
    (void)state;
    mn_gallery *g = crowd_and_loner(2); /* eleven people */
    mn_ranked found[1];
    mn_ranking r = {.out = found};
    const mn_query q = {.probe = faces[50], .k = 1, .min_raw = -INFINITY};
    assert_ok(mn_gallery_rank(g, &weighed, &q, &r, err));
    assert_int_equal(r.searched, 11);
    assert_false(r.normalised);
    assert_ptr_equal(r.calibration, &weighed.calibration);
    assert_int_equal(number_of(&found[0].found.person), 7);
    mn_gallery_destroy(g);
}

static void faults_leave_the_answer_alone(void **state)
{
    (void)state;
    mn_gallery *g = crowd_and_loner(3);
    mn_ranked found[2] = {{.score = 17}};
    mn_ranking r = {.out = found, .n = 99, .searched = 98};
    mn_error err = {0};
    mn_query q = {.probe = faces[50], .k = 1001, .min_raw = -INFINITY};
    assert_int_equal(mn_gallery_rank(g, &weighed, &q, &r, &err), MN_E_INVALID);
    q.k = 0;
    assert_int_equal(mn_gallery_rank(g, &weighed, &q, &r, &err), MN_E_INVALID);
    q.k = 2;
    mn_cancel stop = {0};
    mn_cancel_set(&stop);
    q.cancel = &stop;
    assert_int_equal(mn_gallery_rank(g, &weighed, &q, &r, &err), MN_E_CANCELLED);
    q.cancel = NULL;
    mn_code code = MN_E_MEMORY;
    long nth = 1;
    for (; code == MN_E_MEMORY && nth < 100; nth++) {
        assert_true(r.n == 99 && r.searched == 98 && found[0].score == 17);
        mn_alloc_fail_at(nth);
        code = mn_gallery_rank(g, &weighed, &q, &r, &err);
        mn_alloc_fail_at(0);
    }
    assert_int_equal(code, MN_OK);
    assert_true(nth > 6);
    assert_int_equal(r.n, 2);
    mn_gallery_destroy(g);
}

static void without_fetch_raw_scores_stand(void **state)
{
    (void)state;
    const mn_gallery_options options = {.dim = DIM, .metric = MN_METRIC_L2, .threads = 1};
    mn_gallery *g = NULL;
    mn_ranked found[2];
    mn_ranking r = {.out = found};
    assert_ok(mn_gallery_create(&options, &g, err));
    for (size_t i = 0; i < 20; i++) {
        place(i, (float)i);
        add(g, i, i, 900, 0);
    }
    const mn_query q = {.probe = faces[5], .k = 2, .min_raw = -INFINITY};
    assert_ok(mn_gallery_rank(g, &weighed, &q, &r, err));
    assert_false(r.normalised);
    assert_int_equal(number_of(&found[0].found.person), 5);
    mn_gallery_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sides_leave_out_oneself),
        cmocka_unit_test(cosines_do_not_depend_on_lengths),
        cmocka_unit_test(only_those_who_may_be_found_are_drawn),
        cmocka_unit_test(of_many_a_thousand_are_drawn_evenly),
        cmocka_unit_test(an_order_is_changed),
        cmocka_unit_test(below_the_least_number_raw_scores_stand),
        cmocka_unit_test(faults_leave_the_answer_alone),
        cmocka_unit_test(without_fetch_raw_scores_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
