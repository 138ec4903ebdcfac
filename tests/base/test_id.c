#include "base/id.h"
#include "base/time.h"
#include "support.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define EACH    20000

static mn_id made[THREADS * EACH];

static void *make_many(void *at)
{
    mn_id *ids = at;
    for (int i = 0; i < EACH; i++)
        ids[i] = mn_id_make();
    return NULL;
}

static int by_id(const void *a, const void *b)
{
    return mn_id_compare(a, b);
}

static void ids_rise_in_each_thread_and_never_repeat(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, make_many, made + t * EACH), 0);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int t = 0; t < THREADS; t++)
        for (int i = 1; i < EACH; i++)
            assert_true(mn_id_compare(&made[t * EACH + i - 1], &made[t * EACH + i]) < 0);
    qsort(made, THREADS * EACH, sizeof *made, by_id);
    for (int i = 1; i < THREADS * EACH; i++)
        assert_true(mn_id_compare(&made[i - 1], &made[i]) != 0);
}

static void ids_carry_version_variant_and_time(void **state)
{
    (void)state;
    int64_t before = mn_time_now() / 1000;
    mn_id id = mn_id_make();
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id.bytes[i];
    assert_int_equal(id.bytes[6] >> 4, 7);
    assert_int_equal(id.bytes[8] >> 6, 2);
    assert_true(ms >= before && ms < before + 60000);
    assert_false(mn_id_is_nil(&id));
    assert_true(mn_id_is_nil(&(mn_id){{0}}));
}

static void text_and_back(void **state)
{
    (void)state;
    static const char text[] = "0190a3f2-7b1c-7def-8123-456789abcdef";
    mn_id id;
    char again[MN_ID_TEXT];
    assert_true(mn_id_parse(text, &id));
    assert_int_equal(id.bytes[0], 0x01);
    assert_int_equal(id.bytes[7], 0xef);
    assert_int_equal(id.bytes[15], 0xef);
    mn_id_format(&id, again);
    assert_string_equal(again, text);
    assert_true(mn_id_parse("0190A3F2-7B1C-7DEF-8123-456789ABCDEF", &id));
    mn_id_format(&id, again);
    assert_string_equal(again, text);
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "0",
                                      "0190a3f2",
                                      "0190a3f27b1c7def8123456789abcdef",
                                      "0190a3f2-7b1c-7def-8123-456789abcde",
                                      "0190a3f2-7b1c-7def-8123-456789abcdef0",
                                      "0190a3f2-7b1c-7def-8123-456789abcdeg",
                                      "0190a3f2-7b1c-7def-8123_456789abcdef",
                                      "{0190a3f2-7b1c-7def-8123-456789abcdef}",
                                      " 0190a3f2-7b1c-7def-8123-456789abcdef",
                                      "0190a3f-27b1c-7def-8123-456789abcdef"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mn_id id = {{42}};
        assert_false(mn_id_parse(bad[i], &id));
        assert_int_equal(id.bytes[0], 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_rise_in_each_thread_and_never_repeat),
        cmocka_unit_test(ids_carry_version_variant_and_time),
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
