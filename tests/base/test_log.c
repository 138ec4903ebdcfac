#include "base/log.h"
#include "support.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char line[20000];

/* What one call of mn_log writes. */
#define logged(level, format, ...)                                                                           \
    do {                                                                                                     \
        int ends_[2];                                                                                        \
        assert_int_equal(pipe(ends_), 0);                                                                    \
        mn_log_setup(MN_LOG_INFO, format, ends_[1]);                                                         \
        errno = 42;                                                                                          \
        mn_log(level, "test", __VA_ARGS__);                                                                  \
        assert_int_equal(errno, 42);                                                                         \
        close(ends_[1]);                                                                                     \
        ssize_t n_ = read(ends_[0], line, sizeof line - 1);                                                  \
        line[n_ > 0 ? n_ : 0] = 0;                                                                           \
        close(ends_[0]);                                                                                     \
        mn_log_setup(MN_LOG_WARN, MN_LOG_TEXT, 2);                                                           \
    } while (0)

static void text_lines(void **state)
{
    (void)state;
    logged(MN_LOG_WARN, MN_LOG_TEXT, "%d \"pictures\" \\ \xc3\xa4", 3);
    assert_string_equal(line + 24, " warn test: 3 \"pictures\" \\ \xc3\xa4\n");
    logged(MN_LOG_ERROR, MN_LOG_TEXT, "a\nb\tc\x1b[31m\x7f\xc2\x9b");
    assert_string_equal(line + 24, " error test: a\\nb\\tc\\u001b[31m\\u007f\\u009b\n");
    logged(MN_LOG_DEBUG, MN_LOG_TEXT, "below the level");
    assert_string_equal(line, "");
}

static void json_lines(void **state)
{
    (void)state;
    logged(MN_LOG_INFO, MN_LOG_JSON, "say \"hi\" \\ \n\x01");
    assert_memory_equal(line, "{\"time\":\"20", 11);
    assert_string_equal(line + 33, "\",\"level\":\"info\",\"module\":\"test\",\"message\":\"say \\\"hi\\\" "
                                   "\\\\ \\n\\u0001\"}\n");
}

static void broken_utf8_is_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {{"\xff", "\xef\xbf\xbd"},
                 {"\xc3", "\xef\xbf\xbd"},
                 {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
                 {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
                 {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                 {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
                 {"\xe2\x82\xac", "\xe2\x82\xac"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[64];
        logged(MN_LOG_INFO, MN_LOG_TEXT, "%s", cases[i].in);
        snprintf(want, sizeof want, " info test: %s\n", cases[i].out);
        assert_string_equal(line + 24, want);
    }
}

static void long_messages_are_one_line(void **state)
{
    (void)state;
    char message[5000];
    memset(message, 1, sizeof message - 1);
    message[sizeof message - 1] = 0;
    logged(MN_LOG_INFO, MN_LOG_JSON, "%s", message);
    size_t n = strlen(line);
    assert_true(n > 12000 && n < 12500);
    assert_ptr_equal(strchr(line, '\n'), line + n - 1);
    assert_string_equal(line + n - 9, "\\u0001\"}\n");
}

static void levels(void **state)
{
    (void)state;
    mn_log_level level = MN_LOG_DEBUG;
    assert_true(mn_log_parse_level("error", &level));
    assert_int_equal(level, MN_LOG_ERROR);
    assert_false(mn_log_parse_level("fatal", &level));
    assert_int_equal(level, MN_LOG_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_lines),
        cmocka_unit_test(json_lines),
        cmocka_unit_test(broken_utf8_is_replaced),
        cmocka_unit_test(long_messages_are_one_line),
        cmocka_unit_test(levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
