/* Lists of pairs in the layout of Labeled Faces in the Wild. */
#include "cli/pairs.h"
#include "support.h"

#include "base/alloc.h"
#include <string.h>

static mn_code parse(const char *text, mn_arena *arena, mn_pair **pairs, size_t *n, unsigned *folds,
                     mn_error *err)
{
    return mn_pairs_parse(text, strlen(text), arena, pairs, n, folds, err);
}

static void test_two_folds(void **state)
{
    (void)state;
    mn_arena *arena = mn_arena_create(1 << 20);
    mn_pair *p;
    size_t n;
    unsigned folds;
    assert_ok(parse("2\t1\nAnna_K\t1\t4\nAnna_K\t2\tBo\t1\nCem\t1\t2\r\nCem\t3\tDi\t10\n\n", arena, &p, &n,
                    &folds, err));
    assert_int_equal(n, 4);
    assert_int_equal(folds, 2);
    assert_true(p[0].mate && p[0].fold == 0);
    assert_string_equal(p[0].name[1], "Anna_K");
    assert_int_equal(p[0].number[1], 4);
    assert_false(p[1].mate);
    assert_string_equal(p[1].name[1], "Bo");
    assert_true(p[2].mate && p[2].fold == 1);
    assert_int_equal(p[2].number[1], 2);
    assert_int_equal(p[3].number[1], 10);
    mn_arena_destroy(arena);
}

static void test_faults_name_the_line(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"", "line 1"},
        {"300\n", "line 1"},
        {"10\t0\n", "line 1"},
        {"1000\t5000000\n", "line 1"},
        {"1\t1\nA\t1\t2\n", "1 pairs, fewer than the 2"},
        {"1\t1\nA\t1\t2\nA\t1\tB\t1\nC\t1\t2\n", "line 4: more pairs"},
        {"1\t1\nA\t1\t0\nA\t1\tB\t1\n", "line 2"},
        {"1\t1\nA\t1\t-2\nA\t1\tB\t1\n", "line 2"},
        {"1\t1\nA\t1\t2\nA\t1\tB\t1\t9\n", "line 3"},
        {"1\t1\nA\t1\t2\nA\tB\n", "line 3"},
    };
    mn_arena *arena = mn_arena_create(1 << 20);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        mn_pair *p = NULL;
        size_t n = 77;
        unsigned folds = 7;
        mn_error err = {0};
        assert_int_not_equal(parse(lines[i][0], arena, &p, &n, &folds, &err), MN_OK);
        if (!strstr(err.text, lines[i][1]))
            fail_msg("'%s' does not say '%s'", err.text, lines[i][1]);
        assert_true(!p && n == 77 && folds == 7);
    }
    mn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_folds),
        cmocka_unit_test(test_faults_name_the_line),
    };
    return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
