/* Several descriptors into one, with figures worked out by hand. */
#include "face/aggregate.h"
#include "face/pipeline.h"
#include "support.h"
#include <math.h>
#include <string.h>

#define DIM 4
static const float east[DIM] = {1, 0, 0, 0}, north_east[DIM] = {0.8f, 0.6f, 0, 0}, up[DIM] = {0, 0, 1, 0},
                   west[DIM] = {-1, 0, 0, 0};
static const mn_aggregate_rules rules = {.pair = 0.3, .rest = 0.5}, none = {.pair = -2, .rest = -2};

static mn_descriptor of(const float *v, mn_metric metric)
{
    return (mn_descriptor){.dim = DIM, .model = "four", .metric = metric, .v = v};
}

static mn_arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = mn_arena_create(1 << 20);
    return arena ? 0 : -1;
}

static int end_arena(void **state)
{
    (void)state;
    mn_arena_destroy(arena);
    return 0;
}

static void better_pictures_weigh_more(void **state)
{
    (void)state;
    mn_descriptor a = of(east, MN_METRIC_COSINE), b = of(north_east, MN_METRIC_COSINE), out;
    const mn_aggregate_part parts[] = {{&a, 0.75f}, {&b, 0.25f}};
    float quality;
    assert_ok(mn_aggregate(parts, 2, &rules, arena, &out, &quality, NULL, err));
    /* (0.75 · (1, 0) + 0.25 · (0.8, 0.6)) = (0.95, 0.15), of length 0.961769 */
    assert_float_equal(out.v[0], 0.987763, 1e-5);
    assert_float_equal(out.v[1], 0.155963, 1e-5);
    assert_float_equal(quality, 0.625, 1e-6);
    assert_string_equal(out.model, "four");
}

static void without_a_direction_of_unit_length(void **state)
{
    (void)state;
    mn_descriptor a = of(east, MN_METRIC_L2), b = of(north_east, MN_METRIC_L2), out;
    const mn_aggregate_part parts[] = {{&a, 0.5f}, {&b, 0.5f}};
    const mn_aggregate_rules near = {.pair = -0.7, .rest = -0.7};
    assert_ok(mn_aggregate(parts, 2, &near, arena, &out, NULL, NULL, err));
    assert_float_equal(out.v[0], 0.9, 1e-6);
    assert_float_equal(out.v[1], 0.3, 1e-6);
}

static void one_picture_stays_as_it_is(void **state)
{
    (void)state;
    mn_descriptor a = of(north_east, MN_METRIC_COSINE), out;
    const mn_aggregate_part one = {&a, 0};
    assert_ok(mn_aggregate(&one, 1, &rules, arena, &out, NULL, NULL, err));
    assert_memory_equal(out.v, north_east, sizeof north_east);
    assert_ptr_not_equal(out.v, north_east);
}

static void the_odd_one_is_named(void **state)
{
    (void)state;
    mn_descriptor a = of(east, MN_METRIC_COSINE), b = of(north_east, MN_METRIC_COSINE),
                  c = of(up, MN_METRIC_COSINE);
    mn_descriptor out = {.dim = 77};
    const mn_aggregate_part parts[] = {{&a, 0.9f}, {&c, 0.9f}, {&b, 0.9f}};
    size_t odd = 9;
    mn_error error = {0};
    assert_int_equal(mn_aggregate(parts, 3, &rules, arena, &out, NULL, &odd, &error), MN_E_SEVERAL_FACES);
    assert_int_equal(odd, 1);
    assert_string_equal(error.text, "the pictures do not show one person: number 2 fits the others least");
    assert_int_equal(out.dim, 77);
    /* everyone fits the mean of the others, and yet one pair does not */
    const mn_aggregate_rules pairs = {.pair = 0.9, .rest = 0.1};
    const mn_aggregate_part two[] = {{&a, 0.9f}, {&b, 0.9f}};
    assert_int_equal(mn_aggregate(two, 2, &pairs, arena, &out, NULL, NULL, &error), MN_E_SEVERAL_FACES);
}

static void what_cannot_be_put_together(void **state)
{
    (void)state;
    mn_descriptor a = of(east, MN_METRIC_COSINE), b = of(west, MN_METRIC_COSINE), other = a, empty = a, out;
    mn_error error = {0};
    other.model = "five";
    empty.dim = 0;
    const mn_aggregate_part models[] = {{&a, 1}, {&other, 1}}, gone[] = {{&a, 1}, {&empty, 1}},
                            opposite[] = {{&a, 1}, {&b, 1}};
    assert_int_equal(mn_aggregate(models, 2, &none, arena, &out, NULL, NULL, &error), MN_E_INVALID);
    assert_non_null(strstr(error.text, "picture 2"));
    assert_int_equal(mn_aggregate(gone, 2, &none, arena, &out, NULL, NULL, &error), MN_E_INVALID);
    assert_int_equal(mn_aggregate(opposite, 2, &none, arena, &out, NULL, NULL, &error), MN_E_INVALID);
    assert_int_equal(mn_aggregate(models, 0, &none, arena, &out, NULL, NULL, &error), MN_E_INVALID);
    assert_int_equal(mn_aggregate(models, 101, &none, arena, &out, NULL, NULL, &error), MN_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(better_pictures_weigh_more),  cmocka_unit_test(without_a_direction_of_unit_length),
        cmocka_unit_test(one_picture_stays_as_it_is),  cmocka_unit_test(the_odd_one_is_named),
        cmocka_unit_test(what_cannot_be_put_together),
    };
    return cmocka_run_group_tests(tests, make_arena, end_arena);
}
