/* Enough of cmocka to run the kernel tests where no cmocka is: under the emulator of tools/test-neon. A
 * failed check ends the program. */
#ifndef MN_TESTS_SIMD_CMOCKA_H
#define MN_TESTS_SIMD_CMOCKA_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(f)                                                                                  \
    {                                                                                                        \
#f, f                                                                                                \
    }
#define cmocka_run_group_tests(tests, setup, teardown)                                                       \
    run_tests(#tests, tests, sizeof(tests) / sizeof *(tests), setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown)                                            \
    run_tests(name, tests, sizeof(tests) / sizeof *(tests), setup, teardown)

#define fail_msg(...)                                                                                        \
    (fprintf(stderr, "%s:%d: ", __FILE__, __LINE__), fprintf(stderr, __VA_ARGS__), fputc('\n', stderr),      \
     exit(1))
#define skip() exit(77)

#define assert_true(c) ((c) ? (void)0 : fail_msg("not so: %s", #c))
#define assert_int_equal(a, b)                                                                               \
    ((intmax_t)(a) == (intmax_t)(b)                                                                          \
         ? (void)0                                                                                           \
         : fail_msg("%s is %" PRIdMAX ", %s is %" PRIdMAX, #a, (intmax_t)(a), #b, (intmax_t)(b)))
#define assert_non_null(p)           assert_true((p) != NULL)
#define assert_memory_equal(a, b, n) assert_true(memcmp(a, b, n) == 0)

static inline int run_tests(const char *group, const struct CMUnitTest *tests, size_t n, const void *setup,
                            const void *teardown)
{
    if (setup || teardown)
        fail_msg("%s: set-up is not known here", group);
    for (size_t i = 0; i < n; i++) {
        tests[i].run(NULL);
        printf("ok %s: %s\n", group, tests[i].name);
    }
    return 0;
}

#endif
