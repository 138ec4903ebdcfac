#include "gallery/calibration.h"
#include "support.h"

#include <math.h>

static const float raw[] = {0.1f, 0.2f, 0.4f, 0.6f};
static const float log10_fmr[] = {0.0f, -1.0f, -3.0f, -5.0f};
static const float similarity[] = {0.0f, 0.25f, 0.5f, 1.0f};
static const mn_calibration curve = {raw, log10_fmr, similarity, 4, 0, 0};

static void near(double a, double b, double within)
{
    if (!(fabs(a - b) <= within))
        fail_msg("%.12g is not within %g of %.12g", a, within, b);
}

static void the_rate_is_interpolated_in_its_logarithm(void **state)
{
    (void)state;
    near(mn_calibration_fmr(&curve, 0.2), 0.1, 1e-7);
    near(mn_calibration_fmr(&curve, 0.3), 0.01, 1e-8);
    near(mn_calibration_fmr(&curve, 0.5), 1e-4, 1e-9);
    near(mn_calibration_fmr(&curve, 0.15), 0.31622776601683794, 1e-7);
}

static void a_rate_below_what_was_measured_is_never_claimed(void **state)
{
    (void)state;
    near(mn_calibration_fmr(&curve, 0.6), 1e-5, 1e-10);
    near(mn_calibration_fmr(&curve, 0.99), 1e-5, 1e-12);
    near(mn_calibration_fmr(&curve, -2.0), 1.0, 0);
    near(mn_calibration_fmr(&curve, NAN), 1.0, 0);
}

static void similarity_is_interpolated_and_held_at_the_ends(void **state)
{
    (void)state;
    near(mn_calibration_similarity(&curve, 0.05), 0.0, 0);
    near(mn_calibration_similarity(&curve, 0.3), 0.375, 1e-7);
    near(mn_calibration_similarity(&curve, 0.5), 0.75, 1e-7);
    near(mn_calibration_similarity(&curve, 3.0), 1.0, 0);
}

static void a_threshold_is_the_lowest_score_of_the_rate(void **state)
{
    (void)state;
    bool reached = false;
    near(mn_calibration_threshold(&curve, 1e-3, &reached), 0.4, 1e-6);
    assert_true(reached);
    near(mn_calibration_threshold(&curve, 1e-4, &reached), 0.5, 1e-6);
    assert_true(reached);
    near(mn_calibration_threshold(&curve, 1e-5, &reached), 0.6, 1e-6);
    assert_true(reached);
    near(mn_calibration_threshold(&curve, 1.0, &reached), 0.1, 1e-6);
    assert_true(reached);
}

static void an_unmeasured_rate_gives_the_strictest_score_and_says_so(void **state)
{
    (void)state;
    bool reached = true;
    near(mn_calibration_threshold(&curve, 1e-6, &reached), 0.6, 1e-7);
    assert_false(reached);
    reached = true;
    near(mn_calibration_threshold(&curve, 0, &reached), 0.6, 1e-7);
    assert_false(reached);
}

static void a_flat_stretch_gives_its_lowest_score(void **state)
{
    (void)state;
    static const float r[] = {0.1f, 0.2f, 0.3f, 0.4f}, l[] = {-1.0f, -2.0f, -2.0f, -3.0f}, s[] = {0, 0, 0, 0};
    const mn_calibration flat = {r, l, s, 4, 0, 0};
    bool reached;
    near(mn_calibration_threshold(&flat, 1e-2, &reached), 0.2, 1e-6);
}

static void without_points_nothing_is_claimed(void **state)
{
    (void)state;
    const mn_calibration none = {0};
    bool reached = true;
    near(mn_calibration_fmr(&none, 0.9), 1, 0);
    near(mn_calibration_similarity(&none, 0.9), 0, 0);
    assert_true(isinf(mn_calibration_threshold(&none, 0.1, &reached)));
    assert_false(reached);
    const mn_calibration one = {raw, log10_fmr + 2, similarity, 1, 0, 0};
    near(mn_calibration_fmr(&one, 0.9), 1e-3, 1e-9);
}

static void a_search_through_many_raises_the_rate(void **state)
{
    (void)state;
    near(mn_fmr_1n(1e-3, 1), 1e-3, 1e-15);
    near(mn_fmr_1n(1e-3, 1000), 0.6323045752290363, 1e-12);
    near(mn_fmr_1n(1e-12, 1000000), 9.999995000002e-07, 1e-15);
    near(mn_fmr_1n(1, 5), 1, 0);
    near(mn_fmr_1n(0, 5), 0, 0);
    near(mn_fmr_1n(0.5, 0), 0, 0);
    near(mn_fmr_per_comparison(0.01, 1000), 1.005028532e-05, 1e-13);
    near(mn_fmr_per_comparison(0.01, 1), 0.01, 1e-15);
    near(mn_fmr_per_comparison(1, 1000), 1, 0);
    near(mn_fmr_per_comparison(0, 1000), 0, 0);
    near(mn_fmr_1n(mn_fmr_per_comparison(0.003, 123456), 123456), 0.003, 1e-12);
}

static void scores_are_normalised_on_both_sides(void **state)
{
    (void)state;
    near(mn_score_normalise(0.5, 0.1, 0.2, 0.3, 0.1), 2.0, 1e-12);
    near(mn_score_normalise(0.5, 0.1, 0, 0.3, 0.1), 1.2, 1e-12);
}

static void a_cohort_is_its_best_scores(void **state)
{
    (void)state;
    static const float scores[] = {0.5f, -1.0f, 2.0f, 4.0f, 4.0f, 0.0f, -3.0f};
    double mean, std;
    mn_cohort_stats(scores, 7, 3, &mean, &std);
    near(mean, 3.3333333333, 1e-6);
    near(std, 0.9428090416, 1e-6);
    mn_cohort_stats(scores, 7, 1, &mean, &std);
    near(mean, 4, 0);
    near(std, 0, 0);
    mn_cohort_stats(scores, 7, 100, &mean, &std);
    near(mean, 0.9285714286, 1e-6);
    near(std, 2.3968517, 1e-6);
    mn_cohort_stats(scores, 0, 3, &mean, &std);
    near(mean, 0, 0);
    near(std, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_is_interpolated_in_its_logarithm),
        cmocka_unit_test(a_rate_below_what_was_measured_is_never_claimed),
        cmocka_unit_test(similarity_is_interpolated_and_held_at_the_ends),
        cmocka_unit_test(a_threshold_is_the_lowest_score_of_the_rate),
        cmocka_unit_test(an_unmeasured_rate_gives_the_strictest_score_and_says_so),
        cmocka_unit_test(a_flat_stretch_gives_its_lowest_score),
        cmocka_unit_test(without_points_nothing_is_claimed),
        cmocka_unit_test(a_search_through_many_raises_the_rate),
        cmocka_unit_test(scores_are_normalised_on_both_sides),
        cmocka_unit_test(a_cohort_is_its_best_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
