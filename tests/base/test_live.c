#include "base/alloc.h"
#include "base/live.h"
#include "support.h"

#include <pthread.h>
#include <string.h>

static mn_live *make(const char *file)
{
    mn_live *live = NULL;
    mn_settings *given = mn_settings_create();
    assert_ok(mn_settings_read_text(given, file, strlen(file), "a.conf", err));
    assert_ok(mn_live_create(given, &live, err));
    mn_settings_destroy(given);
    return live;
}

static int64_t whole(mn_live *live, mn_setting which)
{
    const mn_settings *s = mn_live_take(live);
    int64_t v = mn_settings_int(s, which);
    mn_settings_unref(s);
    return v;
}

static void what_was_given_wins(void **state)
{
    (void)state;
    static const mn_live_value stored[] = {{MN_S_FACE_MAX, "7"}, {MN_S_FACE_MIN_SIZE, "33"}};
    char origin[64] = "";
    size_t ignored = 9;
    mn_live *live = make("face.max = 5\n");
    assert_int_equal(whole(live, MN_S_FACE_MAX), 5);
    assert_ok(mn_live_store(live, stored, 2, &ignored, err));
    assert_int_equal(ignored, 0);
    assert_int_equal(whole(live, MN_S_FACE_MAX), 5);
    assert_int_equal(whole(live, MN_S_FACE_MIN_SIZE), 33);
    assert_true(mn_live_given(live, MN_S_FACE_MAX, origin, sizeof origin));
    assert_string_equal(origin, "a.conf:1");
    assert_false(mn_live_given(live, MN_S_FACE_MIN_SIZE, origin, sizeof origin));
    const mn_settings *s = mn_live_take(live);
    assert_string_equal(mn_settings_origin(s, MN_S_FACE_MIN_SIZE), "stored");
    mn_settings_unref(s);
    assert_ok(mn_live_store(live, NULL, 0, NULL, err));
    assert_int_equal(whole(live, MN_S_FACE_MIN_SIZE), 20);
    mn_live_destroy(live);
    mn_live_destroy(NULL);
}

static void what_is_given_anew_is_in_force(void **state)
{
    (void)state;
    static const mn_live_value stored[] = {{MN_S_FACE_MAX, "7"}};
    mn_live *live = make("face.max = 5\nserver.gzip = 3\n");
    mn_settings *next = mn_settings_create();
    assert_ok(mn_live_store(live, stored, 1, NULL, err));
    assert_ok(mn_settings_set(next, MN_S_SERVER_GZIP, "9", "b.conf:1", err));
    assert_ok(mn_settings_set(next, MN_S_FACE_MIN_SIZE, "44", "b.conf:2", err));
    assert_ok(mn_live_give(live, next, err));
    assert_int_equal(whole(live, MN_S_FACE_MAX), 7);
    assert_int_equal(whole(live, MN_S_FACE_MIN_SIZE), 44);
    assert_int_equal(whole(live, MN_S_SERVER_GZIP), 3); /* is not live */
    mn_settings_destroy(next);
    mn_live_destroy(live);
}

static void what_cannot_be_stored_is_left_out(void **state)
{
    (void)state;
    static const mn_live_value stored[] = {
        {MN_S_FACE_MAX, "0"}, {MN_S_SERVER_GZIP, "9"}, {MN_S_FACE_MIN_SIZE, "33"}};
    size_t ignored = 0;
    mn_live *live = make("");
    assert_ok(mn_live_store(live, stored, 3, &ignored, err));
    assert_int_equal(ignored, 2);
    assert_int_equal(whole(live, MN_S_FACE_MAX), 100);
    assert_int_equal(whole(live, MN_S_SERVER_GZIP), 5);
    assert_int_equal(whole(live, MN_S_FACE_MIN_SIZE), 33);
    mn_live_destroy(live);
}

static void a_snapshot_stays_as_it_is(void **state)
{
    (void)state;
    static const mn_live_value stored[] = {{MN_S_FACE_MAX, "7"}};
    mn_live *live = make("");
    const mn_settings *before = mn_live_take(live);
    assert_ok(mn_live_store(live, stored, 1, NULL, err));
    assert_int_equal(mn_settings_int(before, MN_S_FACE_MAX), 100);
    mn_live_destroy(live);
    assert_int_equal(mn_settings_int(before, MN_S_FACE_MAX), 100);
    mn_settings_unref(before);
    mn_settings_unref(NULL);
}

/* Both values come from one change, so no reader may see one of another. */
static void *read_pairs(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        const mn_settings *s = mn_live_take(arg);
        if (mn_settings_int(s, MN_S_FACE_MAX) != mn_settings_int(s, MN_S_FACE_MIN_SIZE)) {
            mn_settings_unref(s);
            return "mixed";
        }
        mn_settings_unref(s);
    }
    return NULL;
}

static void readers_see_whole_changes(void **state)
{
    (void)state;
    static const mn_live_value a[] = {{MN_S_FACE_MAX, "11"}, {MN_S_FACE_MIN_SIZE, "11"}},
                               b[] = {{MN_S_FACE_MAX, "22"}, {MN_S_FACE_MIN_SIZE, "22"}};
    pthread_t readers[3];
    void *seen = NULL;
    mn_live *live = make("");
    assert_ok(mn_live_store(live, a, 2, NULL, err));
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_pairs, live), 0);
    for (int i = 0; i < 200; i++)
        assert_ok(mn_live_store(live, i % 2 ? a : b, 2, NULL, err));
    for (int i = 0; i < 3; i++) {
        pthread_join(readers[i], &seen);
        assert_null(seen);
    }
    mn_live_destroy(live);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    static const mn_live_value stored[] = {{MN_S_FACE_MAX, "7"}};
    mn_live *live = make("");
    mn_settings *given = mn_settings_create();
    assert_ok(mn_settings_set(given, MN_S_FACE_MIN_SIZE, "44", "b.conf:2", err));
    mn_code code = MN_E_MEMORY;
    for (long n = 1; code != MN_OK; n += 7) {
        mn_alloc_fail_at(n);
        code = mn_live_store(live, stored, 1, NULL, NULL);
        mn_alloc_fail_at(0);
        assert_true(code == MN_OK || code == MN_E_MEMORY);
        assert_int_equal(whole(live, MN_S_FACE_MAX), code == MN_OK ? 7 : 100);
    }
    code = MN_E_MEMORY;
    for (long n = 1; code != MN_OK; n += 7) {
        mn_alloc_fail_at(n);
        code = mn_live_give(live, given, NULL);
        mn_alloc_fail_at(0);
        assert_true(code == MN_OK || code == MN_E_MEMORY);
        assert_int_equal(whole(live, MN_S_FACE_MIN_SIZE), code == MN_OK ? 44 : 20);
    }
    mn_settings_destroy(given);
    mn_live_destroy(live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_given_wins),
        cmocka_unit_test(what_is_given_anew_is_in_force),
        cmocka_unit_test(what_cannot_be_stored_is_left_out),
        cmocka_unit_test(a_snapshot_stays_as_it_is),
        cmocka_unit_test(readers_see_whole_changes),
        cmocka_unit_test(memory_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
