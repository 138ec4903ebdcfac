/* A calibration from scores whose rates are known. */
#include "cli/calibrate.h"
#include "support.h"

#include "base/alloc.h"
#include <math.h>

#define NEAR(a, b, by) assert_true(fabs((a) - (b)) < (by))

/* 100 000 scores evenly over 0 … 1: the share above x is 1 - x. */
static void even_scores(mn_impostors *s)
{
    assert_ok(mn_impostors_init(s, -3, 1.5, err));
    for (int i = 0; i < 100000; i++)
        mn_impostors_add(s, (i + 0.5) / 100000);
}

static void test_even_scores(void **state)
{
    (void)state;
    mn_impostors s;
    mn_calibration_made c;
    even_scores(&s);
    assert_ok(mn_calibrate(&s, 1.5, &c, err));
    NEAR(c.raw[0], 0, 2e-5);
    NEAR(c.log10_fmr[0], 0, 1e-9);
    NEAR(c.similarity[0], 0, 1e-9);
    for (size_t i = 1; i < c.n; i++) {
        assert_true(c.raw[i] > c.raw[i - 1]);
        assert_true(c.log10_fmr[i] <= c.log10_fmr[i - 1]);
        assert_true(c.similarity[i] >= c.similarity[i - 1]);
    }
    /* Points 4 and 8 are rates of 1e-1 and 1e-2. */
    NEAR(c.raw[4], 0.9, 3e-5);
    NEAR(c.log10_fmr[4], -1, 1e-3);
    NEAR(c.similarity[4], 0.125, 1e-3);
    NEAR(c.raw[8], 0.99, 3e-5);
    NEAR(c.cohort_mean, 0.5, 1e-6);
    NEAR(c.cohort_std, 0.2886751, 1e-5);
    mn_impostors_finish(&s);
}

/* 30 of 100 000 is 3e-4: nothing rarer is claimed, and the last point only lifts the similarity. */
static void test_nothing_is_extrapolated(void **state)
{
    (void)state;
    mn_impostors s;
    mn_calibration_made c;
    even_scores(&s);
    assert_ok(mn_calibrate(&s, 1.5, &c, err));
    NEAR(c.raw[c.n - 1], 1.5, 1e-12);
    NEAR(c.similarity[c.n - 1], 1, 1e-12);
    assert_true(c.log10_fmr[c.n - 1] == c.log10_fmr[c.n - 2]);
    assert_true(c.log10_fmr[c.n - 1] >= -3.53);
    assert_true(c.similarity[c.n - 2] < 0.45);
    mn_impostors_finish(&s);
}

static void test_too_few_scores(void **state)
{
    (void)state;
    mn_impostors s;
    mn_calibration_made c = {.n = 99};
    mn_error err = {0};
    assert_int_equal(mn_impostors_init(&s, -3, 1.5, &err), MN_OK);
    for (int i = 0; i < 999; i++)
        mn_impostors_add(&s, 0.1);
    assert_int_equal(mn_calibrate(&s, 1, &c, &err), MN_E_INVALID);
    assert_int_equal(c.n, 99);
    mn_impostors_add(&s, 0.1);
    assert_int_equal(mn_calibrate(&s, 1, &c, &err), MN_OK);
    assert_int_equal(c.n, 2); /* all scores alike: rate 1 there, and identical */
    mn_impostors_finish(&s);
}

static void test_scores_out_of_range_are_kept_at_the_border(void **state)
{
    (void)state;
    mn_impostors s;
    mn_calibration_made c;
    assert_ok(mn_impostors_init(&s, -3, 1.5, err));
    for (int i = 0; i < 1000; i++)
        mn_impostors_add(&s, i % 2 ? 1e30 : -1e30);
    assert_ok(mn_calibrate(&s, 1, &c, err));
    assert_true(c.raw[0] == -3);
    mn_impostors_finish(&s);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    mn_impostors s;
    mn_error err = {0};
    mn_alloc_fail_at(1);
    assert_int_equal(mn_impostors_init(&s, -3, 1.5, &err), MN_E_MEMORY);
    mn_alloc_fail_at(0);
    mn_impostors_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_even_scores),
        cmocka_unit_test(test_nothing_is_extrapolated),
        cmocka_unit_test(test_too_few_scores),
        cmocka_unit_test(test_scores_out_of_range_are_kept_at_the_border),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("calibrate", tests, NULL, NULL);
}
