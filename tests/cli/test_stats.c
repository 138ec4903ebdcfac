/* Error rates of lists small enough to count by hand. */
#include "cli/stats.h"
#include "support.h"

#include "base/alloc.h"
#include <math.h>

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

/* Mates 1 to 10, others -4 to 5: at thresholds in (3, 4] two others of ten are accepted and three mates of
 * ten refused; at (2, 3] three others and two mates. The lines cross half-way, at a quarter. */
static void test_rates_and_eer(void **state)
{
    (void)state;
    double mates[] = {10, 1, 2, 3, 4, 5, 6, 7, 8, 9}, others[] = {5, 4, 3, 2, 1, 0, -1, -2, -3, -4};
    mn_scores s = {mates, others, 10, 10};
    mn_scores_sort(&s);
    NEAR(mn_stats_fmr(&s, 3.5), 0.2);
    NEAR(mn_stats_fnmr(&s, 3.5), 0.3);
    NEAR(mn_stats_fmr(&s, 3), 0.3); /* accepted at the threshold itself */
    NEAR(mn_stats_fnmr(&s, 3), 0.2);
    NEAR(mn_stats_fmr(&s, 100), 0);
    NEAR(mn_stats_fnmr(&s, 100), 1);
    NEAR(mn_stats_eer(&s), 0.25);
}

static void test_eer_of_lists_apart(void **state)
{
    (void)state;
    double mates[] = {3, 4}, others[] = {1, 2};
    mn_scores s = {mates, others, 2, 2};
    mn_scores_sort(&s);
    NEAR(mn_stats_eer(&s), 0);
    double same_mates[] = {1, 1}, same_others[] = {1, 1};
    mn_scores same = {same_mates, same_others, 2, 2};
    NEAR(mn_stats_eer(&same), 0.5);
}

/* Two of four mates could not be compared: they are missed at every threshold. */
static void test_failed_pictures_count(void **state)
{
    (void)state;
    double mates[] = {-INFINITY, 5, -INFINITY, 6}, others[] = {1, 2, -INFINITY, 3};
    mn_scores s = {mates, others, 4, 4};
    mn_scores_sort(&s);
    NEAR(mn_stats_fnmr(&s, 0), 0.5);
    NEAR(mn_stats_fmr(&s, 0), 0.75);
    NEAR(mn_stats_eer(&s), 0.5);
    mn_tar all = mn_stats_tar_at_far(&s, 1);
    NEAR(all.tar, 0.5);
}

static void test_tar_at_far(void **state)
{
    (void)state;
    double mates[] = {0.15, 0.55, 0.65, 0.95}, others[100];
    for (int i = 0; i < 100; i++)
        others[i] = i / 100.0; /* 0.00 to 0.99 */
    mn_scores s = {mates, others, 4, 100};
    mn_scores_sort(&s);
    mn_tar t = mn_stats_tar_at_far(&s, 0.1); /* ten accepted: 0.90 to 0.99 */
    NEAR(t.tar, 0.25);
    assert_true(t.threshold > 0.89 && t.threshold <= 0.90);
    assert_true(t.measurable);
    NEAR(mn_stats_fmr(&s, t.threshold), 0.1);
    t = mn_stats_tar_at_far(&s, 0.5);
    NEAR(t.tar, 0.75);
    t = mn_stats_tar_at_far(&s, 0.001);
    NEAR(t.tar, 0);
    assert_false(t.measurable);
}

/* Wilson's interval for 8 of 10 and 0 of 20, as in Newcombe 1998 (table I, method 3). */
static void test_wilson(void **state)
{
    (void)state;
    double low, high;
    mn_stats_wilson(81, 263, &low, &high);
    assert_true(fabs(low - 0.2553) < 5e-5 && fabs(high - 0.3662) < 5e-5);
    mn_stats_wilson(15, 148, &low, &high);
    assert_true(fabs(low - 0.0624) < 5e-5 && fabs(high - 0.1605) < 5e-5);
    mn_stats_wilson(0, 20, &low, &high);
    assert_true(low == 0 && fabs(high - 0.1611) < 5e-5);
    mn_stats_wilson(29, 29, &low, &high);
    assert_true(fabs(low - 0.8830) < 5e-5 && high == 1);
    mn_stats_wilson(0, 0, &low, &high);
    assert_true(low == 0 && high == 1);
}

/* Fold 0 is judged by fold 1, whose gap is 0.2 … 0.8 (threshold 0.5), and the other way round: 0.6 … 0.7
 * (0.65). */
static void test_accuracy_over_folds(void **state)
{
    (void)state;
    const mn_pair_score pairs[] = {
        {0.7, true, 0}, {0.9, true, 0}, {0.6, false, 0}, {0.1, false, 0}, /* 0.6 is wrong at 0.5 */
        {0.8, true, 1}, {0.8, true, 1}, {0.2, false, 1}, {0.1, false, 1}, /* all right at 0.65 */
    };
    mn_accuracy a;
    assert_ok(mn_stats_accuracy(pairs, 8, 2, &a, err));
    NEAR(a.accuracy, 0.875);
    NEAR(a.threshold, 0.575);
    NEAR(a.std, 0.17677669529663687); /* of 0.75 and 1 */
    NEAR(a.standard_error, 0.125);
}

static void test_accuracy_counts_failures_as_refused(void **state)
{
    (void)state;
    const mn_pair_score pairs[] = {
        {-INFINITY, true, 0}, {0.9, true, 0}, {-INFINITY, false, 0}, {0.1, false, 0},
        {0.9, true, 1},       {0.9, true, 1}, {0.1, false, 1},       {0.1, false, 1},
    };
    mn_accuracy a;
    assert_ok(mn_stats_accuracy(pairs, 8, 2, &a, err));
    NEAR(a.accuracy, 0.875);
}

static void test_accuracy_refuses_one_fold(void **state)
{
    (void)state;
    mn_pair_score pair = {0.5, true, 0};
    mn_accuracy a = {.accuracy = 7};
    mn_error err = {0};
    assert_int_equal(mn_stats_accuracy(&pair, 1, 1, &a, &err), MN_E_INVALID);
    assert_true(a.accuracy == 7);
    mn_alloc_fail_at(1);
    assert_int_equal(mn_stats_accuracy(&pair, 1, 2, &a, &err), MN_E_MEMORY);
    mn_alloc_fail_at(0);
    assert_true(a.accuracy == 7);
}

static void test_open_set_identification(void **state)
{
    (void)state;
    const mn_mated_search mated[] = {{0.9, 0.3},
                                     {0.6, 0.5},
                                     {0.5, 0.7} /* somebody else is nearer */,
                                     {-INFINITY, -INFINITY} /* failed */};
    double unmated[] = {0.2, 0.65, 0.1, 0.4, 0.3, 0.3, 0.3, 0.3, 0.3, -INFINITY};
    mn_searches s = {mated, unmated, 4, 10};
    mn_searches_sort(&s);
    NEAR(mn_stats_rank1(&s), 0.5);
    NEAR(mn_stats_fpir(&s, 0.5), 0.1);
    NEAR(mn_stats_fnir(&s, 0.5), 0.5);
    NEAR(mn_stats_fnir(&s, 0.7), 0.75);
    mn_fnir f = mn_stats_fnir_at_fpir(&s, 0.1); /* one alarm allowed: above 0.4 */
    NEAR(f.fnir, 0.5);
    assert_true(f.threshold > 0.4 && f.threshold < 0.41);
    assert_true(f.measurable);
    f = mn_stats_fnir_at_fpir(&s, 0.01); /* none: above 0.65 */
    NEAR(f.fnir, 0.75);
    assert_false(f.measurable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_and_eer),
        cmocka_unit_test(test_eer_of_lists_apart),
        cmocka_unit_test(test_failed_pictures_count),
        cmocka_unit_test(test_tar_at_far),
        cmocka_unit_test(test_wilson),
        cmocka_unit_test(test_accuracy_over_folds),
        cmocka_unit_test(test_accuracy_counts_failures_as_refused),
        cmocka_unit_test(test_accuracy_refuses_one_fold),
        cmocka_unit_test(test_open_set_identification),
    };
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
