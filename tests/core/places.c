#include "places.h"

#include "store/gate.h"
#include "store/postgres_server.h"

#include <stdio.h>

static void set(mn_settings *s, mn_setting which, const char *value)
{
    assert_ok(mn_settings_set(s, which, value, "test", err));
}

void place_in_postgres(mn_settings *s)
{
    postgres_need();
    postgres_start();
    set(s, MN_S_STORE_URL, postgres_url(postgres_new_schema()));
}

void place_in_s3(mn_settings *s, const char *prefix)
{
    char url[100];
    gate_start();
    snprintf(url, sizeof url, "http://127.0.0.1:%d/samples/%s", gate_port(), prefix);
    set(s, MN_S_BLOBS_URL, url);
    set(s, MN_S_BLOBS_REGION, GATE_REGION);
    set(s, MN_S_BLOBS_ACCESS_KEY, GATE_ACCESS);
    set(s, MN_S_BLOBS_SECRET_KEY, GATE_SECRET);
}

static mn_code count_blob(void *ctx, const mn_id *id, uint64_t size, mn_error *err)
{
    (void)id, (void)err;
    *(size_t *)ctx += size > 0;
    return MN_OK;
}

size_t count_blobs(const world *w)
{
    size_t n = 0;
    assert_ok(w->core->blobs->ops->each(w->core->blobs, count_blob, &n, err));
    return n;
}

static void go_on_in_postgres(void **state)
{
    (void)state;
    postgres_need();
    postgres_start();
    world_place = place_in_postgres;
}

int run_groups(const char *name, const struct CMUnitTest *tests, size_t n,
               const struct CMUnitTest *in_postgres, size_t n_in_postgres)
{
    char there[100];
    const struct CMUnitTest installed[] = {cmocka_unit_test(go_on_in_postgres)};
    int failed = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
    failed += cmocka_run_group_tests_name("PostgreSQL", installed, NULL, NULL);
    if (!world_place)
        return failed;
    snprintf(there, sizeof there, "%s in PostgreSQL", name);
    return failed + _cmocka_run_group_tests(there, in_postgres, n_in_postgres, NULL, NULL);
}
