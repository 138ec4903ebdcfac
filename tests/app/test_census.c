/* The count that /metrics shows: made beside the requests, and kept where a new one cannot be made. */
#include "app/census.h"
#include "base/alloc.h"
#include "base/log.h"
#include "core/world.h"
#include "support.h"

#include <unistd.h>

static void wait_for_count(mn_census *census, mn_core_status *out)
{
    double age = -1;
    while (!mn_census_get(census, out, &age))
        usleep(10000);
    assert_true(age >= 0);
}

static void test_counts(void **state)
{
    world *w = *state;
    mn_census *census = NULL;
    static mn_core_status s;
    enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Berta", "staff", 2, 0);
    assert_ok(mn_census_create(w->core, &census, err));
    wait_for_count(census, &s);
    assert_int_equal(s.counts.people, 2);
    assert_int_equal(s.counts.lists, 1);
    mn_census_destroy(census);
    mn_census_destroy(NULL);
}

static void test_without_memory(void **state)
{
    world *w = *state;
    mn_census *census = NULL;
    mn_error e = {0};
    static mn_core_status s;
    double age;
    enrol(w, "Anna", "staff", 1, 0);
    mn_alloc_fail_at(1);
    assert_int_equal(mn_census_create(w->core, &census, &e), MN_E_MEMORY);
    assert_int_equal(e.code, MN_E_MEMORY);
    assert_null(census);
    mn_alloc_fail_at(2); /* it is made, and cannot count */
    assert_ok(mn_census_create(w->core, &census, err));
    while (mn_alloc_count() < 2)
        usleep(1000);
    for (int i = 0; i < 20; i++, usleep(1000))
        assert_false(mn_census_get(census, &s, &age));
    mn_alloc_fail_at(0);
    wait_for_count(census, &s);
    assert_int_equal(s.counts.people, 1);
    mn_census_destroy(census);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {T(test_counts), T(test_without_memory)};
#undef T
    return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}
