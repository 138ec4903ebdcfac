/* alloc.h, arena.h and buf.h */
#include "base/alloc.h"
#include "base/arena.h"
#include "support.h"
#include <string.h>

static void the_nth_allocation_fails(void **state)
{
    (void)state;
    mn_alloc_fail_at(2);
    void *first = mn_alloc(8);
    void *second = mn_calloc(1, 8), *third = mn_alloc_aligned(8);
    assert_int_equal(mn_alloc_count(), 3);
    mn_alloc_fail_at(0);
    assert_non_null(first);
    assert_null(second);
    assert_null(third);
    mn_free(first);
    char *copy = mn_strdup("hello");
    assert_string_equal(copy, "hello");
    mn_free(copy);
}

static void sizes_at_the_edges(void **state)
{
    (void)state;
    void *none = mn_alloc(0), *none_zeroed = mn_calloc(0, 8), *none_aligned = mn_alloc_aligned(0);
    assert_non_null(none);
    assert_non_null(none_zeroed);
    assert_non_null(none_aligned);
    none = mn_realloc(none, 0);
    assert_non_null(none);
    mn_free(none);
    mn_free(none_zeroed);
    mn_free_aligned(none_aligned);
    assert_null(mn_alloc_aligned(SIZE_MAX - 8));
    mn_free(NULL);
    mn_free_aligned(NULL);
    for (size_t size = 1; size < 300; size += 37) {
        void *p = mn_alloc_aligned(size);
        assert_int_equal((uintptr_t)p % 64, 0);
        mn_free_aligned(p);
    }
}

static void arena_pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    mn_arena *arena = mn_arena_create(1 << 20);
    uint8_t *pieces[300];
    for (size_t i = 0; i < 300; i++) {
        pieces[i] = mn_arena_alloc(arena, i);
        assert_int_equal((uintptr_t)pieces[i] % (i >= 64 ? 64 : 16), 0);
        memset(pieces[i], (int)(i & 255), i);
    }
    for (size_t i = 0; i < 300; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_equal(pieces[i][j], i & 255);
    assert_true(mn_arena_used(arena) >= 299 * 300 / 2);
    assert_string_equal(mn_arena_printf(arena, "%s-%d", "a", 5), "a-5");
    assert_string_equal(mn_arena_strdup(arena, "text"), "text");
    uint8_t *zeroed = mn_arena_calloc(arena, 100, 3);
    for (int i = 0; i < 300; i++)
        assert_int_equal(zeroed[i], 0);
    mn_arena_destroy(arena);
    mn_arena_destroy(NULL);
}

static void arena_has_a_hard_maximum(void **state)
{
    (void)state;
    mn_arena *arena = mn_arena_create(100000);
    assert_null(mn_arena_alloc(arena, 100001));
    assert_null(mn_arena_alloc(arena, SIZE_MAX));
    assert_null(mn_arena_alloc(arena, SIZE_MAX - 64));
    assert_null(mn_arena_calloc(arena, SIZE_MAX / 2, 3));
    size_t got = 0;
    while (mn_arena_alloc(arena, 1000))
        got += 1000;
    assert_in_range(got, 90000, 100000);
    assert_null(mn_arena_alloc(arena, 1000));
    assert_non_null(mn_arena_alloc(arena, 1));
    mn_arena_reset(arena);
    assert_int_equal(mn_arena_used(arena), 0);
    assert_non_null(mn_arena_alloc(arena, 60000));
    mn_arena_destroy(arena);
    arena = mn_arena_create(0);
    assert_null(mn_arena_alloc(arena, 1));
    mn_arena_destroy(arena);
}

static char trace[8];

static void note(void *p)
{
    strncat(trace, p, 1);
}

static void arena_cleanups_run_newest_first(void **state)
{
    (void)state;
    static char a[] = "a", b[] = "b", c[] = "c";
    trace[0] = 0;
    mn_arena *arena = mn_arena_create(200000);
    assert_int_equal(mn_arena_on_end(arena, note, a), 0);
    assert_non_null(mn_arena_alloc(arena, 70000));
    assert_int_equal(mn_arena_on_end(arena, note, b), 0);
    mn_arena_reset(arena);
    assert_string_equal(trace, "ba");
    assert_int_equal(mn_arena_on_end(arena, note, c), 0);
    mn_arena_destroy(arena);
    assert_string_equal(trace, "bac");
    arena = mn_arena_create(8);
    assert_int_equal(mn_arena_on_end(arena, note, a), -1);
    mn_arena_destroy(arena);
    assert_string_equal(trace, "bac");
}

static void arena_survives_every_failure(void **state)
{
    (void)state;
    for (long n = 1; n < 6; n++) {
        mn_alloc_fail_at(n);
        mn_arena *arena = mn_arena_create(1 << 20);
        void *last = NULL;
        for (int i = 0; arena && i < 3; i++)
            last = mn_arena_alloc(arena, 70000);
        mn_alloc_fail_at(0);
        assert_int_equal(arena != NULL, n > 2);
        assert_null(last);
        if (arena)
            assert_non_null(mn_arena_alloc(arena, 70000));
        mn_arena_destroy(arena);
    }
}

static void buffer_grows_to_its_maximum(void **state)
{
    (void)state;
    mn_buf b;
    mn_error e = {0};
    mn_buf_init(&b, 100);
    assert_null(b.data);
    for (int i = 0; i < 100; i++)
        assert_ok(mn_buf_append(&b, &(char){(char)i}, 1, err));
    assert_int_equal(mn_buf_append(&b, "x", 1, &e), MN_E_LIMIT);
    assert_string_equal(e.text, "100 bytes and 1 more are over the limit of 100");
    assert_int_equal(b.len, 100);
    assert_int_equal(b.data[99], 99);
    assert_int_equal(b.data[100], 0);
    assert_ok(mn_buf_append(&b, NULL, 0, err));
    mn_buf_cut(&b, 10);
    assert_int_equal(b.data[10], 0);
    assert_int_equal(mn_buf_append(&b, "", SIZE_MAX, &e), MN_E_LIMIT);
    mn_buf_clear(&b);
    assert_int_equal(b.len, 0);
    mn_buf_finish(&b);
    assert_null(b.data);
}

static void buffer_prints_whole_or_not_at_all(void **state)
{
    (void)state;
    mn_buf b;
    mn_buf_init(&b, 12);
    assert_ok(mn_buf_printf(&b, err, "%s %d", "abc", 42));
    assert_string_equal((char *)b.data, "abc 42");
    assert_int_equal(mn_buf_printf(&b, NULL, "%s", "1234567"), MN_E_LIMIT);
    assert_string_equal((char *)b.data, "abc 42");
    assert_ok(mn_buf_printf(&b, err, "%s", "123456"));
    assert_string_equal((char *)b.data, "abc 42123456");
    mn_buf_finish(&b);
    mn_buf_init(&b, SIZE_MAX);
    assert_int_equal(mn_buf_append(&b, "", SIZE_MAX, NULL), MN_E_LIMIT);
    mn_alloc_fail_at(1);
    mn_code code = mn_buf_append(&b, "abc", 3, NULL);
    mn_alloc_fail_at(0);
    assert_int_equal(code, MN_E_MEMORY);
    assert_int_equal(b.len, 0);
    uint8_t *at;
    assert_ok(mn_buf_reserve(&b, 5, &at, err));
    memcpy(at, "hello", 5);
    mn_buf_commit(&b, 4);
    assert_string_equal((char *)b.data, "hell");
    mn_buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nth_allocation_fails),
        cmocka_unit_test(sizes_at_the_edges),
        cmocka_unit_test(arena_pieces_are_aligned_and_apart),
        cmocka_unit_test(arena_has_a_hard_maximum),
        cmocka_unit_test(arena_cleanups_run_newest_first),
        cmocka_unit_test(arena_survives_every_failure),
        cmocka_unit_test(buffer_grows_to_its_maximum),
        cmocka_unit_test(buffer_prints_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
