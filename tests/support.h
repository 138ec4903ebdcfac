/* What tests share: where pictures, packs and the evaluation data are, and what to do when they are not
 * there.
 *
 * A test that needs something missing is skipped and says so on stderr; with MIEN_TEST_ALL=1 (CI) that is a
 * failure. */
#ifndef MN_TESTS_SUPPORT_H
#define MN_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"

const char *mn_test_root(void);   /* the source tree */
const char *mn_test_shared(void); /* $MIEN_SHARED, else <root>/../shared when it is there, else NULL */
const char *
mn_test_samples(void); /* folder of the npm package's photographs (sample1.jpg … sample6.jpg), or NULL */
const char *mn_test_models(void);  /* folder of the packs, or NULL */
const char *mn_test_library(void); /* libonnxruntime.so.1, or NULL */

/* Skips the running cmocka test unless `there`; `what` says what is missing and how to get it. */
void mn_test_need(bool there, const char *what);

/* A new empty folder under $TMPDIR, removed (with what is in it) at exit; the path stays valid. 256 a
 * program. */
const char *mn_test_folder(void);
void mn_test_read(const char *path, mn_buf *out); /* fails the test when it cannot */

/* As fork, for a child that is to be killed: it ends with the test, whatever way that ends. */
pid_t mn_test_fork(void);
/* kill -9, and wait. False: it had ended before, with 0; with anything else the test fails. */
bool mn_test_kill(pid_t child);
/* In the child, at a place where it is to be killed: says so through the pipe, and goes no further. */
_Noreturn void mn_test_hold(int out);
void mn_test_wait_held(int in); /* in the parent */

/* Deterministic random numbers (splitmix64). */
uint64_t mn_test_random(uint64_t *state);
float mn_test_random_normal(uint64_t *state);

#define assert_ok(call)                                                                                      \
    do {                                                                                                     \
        mn_error e_ = {0};                                                                                   \
        mn_error *err = &e_;                                                                                 \
        mn_code c_ = (call);                                                                                 \
        if (c_ != MN_OK)                                                                                     \
            fail_msg("%s: %s (%s:%d)", mn_code_word(c_), e_.text, e_.file ? e_.file : "?", e_.line);         \
        (void)err;                                                                                           \
    } while (0)

/* The call fails as wanted, and says something; `then` may look at err. */
#define assert_error(call, want, then)                                                                       \
    do {                                                                                                     \
        mn_error e_ = {0};                                                                                   \
        mn_error *err = &e_;                                                                                 \
        mn_code c_ = (call);                                                                                 \
        if (c_ != (want))                                                                                    \
            fail_msg("%s, wanted %s: %s", mn_code_word(c_), mn_code_word(want), e_.text);                    \
        if (e_.text[0] == 0)                                                                                 \
            fail_msg("the error has no text");                                                               \
        (void)err;                                                                                           \
        then;                                                                                                \
    } while (0)
#define assert_code(call, want) assert_error(call, want, (void)0)

#endif
