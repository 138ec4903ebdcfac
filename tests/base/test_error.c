#include "support.h"
#include <errno.h>
#include <string.h>

static void words_and_statuses(void **state)
{
    (void)state;
    assert_string_equal(mn_code_word(MN_E_NOT_FOUND), "not_found");
    assert_int_equal(mn_code_http(MN_E_NOT_FOUND), 404);
    assert_int_equal(mn_code_http(MN_E_FULL), 507);
    assert_string_equal(mn_code_word(MN_OK), "ok");
    assert_string_equal(mn_code_meaning(MN_E_NO_FACE), "no face was found");
    assert_string_equal(mn_code_word((mn_code)1000), "internal");
    assert_int_equal(mn_code_http((mn_code)-1), 500);
    for (int a = 0; a < MN_E_COUNT; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(mn_code_word((mn_code)a), mn_code_word((mn_code)b));
}

static void fail_fills_and_returns(void **state)
{
    (void)state;
    mn_error e = {0};
    assert_int_equal(mn_fail(&e, MN_E_LIMIT, "%d of %s", 3, "them"), MN_E_LIMIT);
    assert_int_equal(e.code, MN_E_LIMIT);
    assert_string_equal(e.text, "3 of them");
    assert_non_null(strstr(e.file, "test_error.c"));
    assert_int_equal(e.line, __LINE__ - 4);
    assert_int_equal(mn_fail(NULL, MN_E_BUSY, "nobody listens"), MN_E_BUSY);
    assert_int_equal(mn_fail_errno(NULL, ENOSPC, "nobody listens"), MN_E_FULL);
}

static void errno_becomes_a_code(void **state)
{
    (void)state;
    static const struct {
        int errnum;
        mn_code code;
    } cases[] = {{ENOENT, MN_E_NOT_FOUND}, {ENOTDIR, MN_E_NOT_FOUND}, {EEXIST, MN_E_EXISTS},
                 {ENOSPC, MN_E_FULL},      {EDQUOT, MN_E_FULL},       {ENOMEM, MN_E_MEMORY},
                 {EAGAIN, MN_E_BUSY},      {ETIMEDOUT, MN_E_TIMEOUT}, {EISDIR, MN_E_INVALID},
                 {EIO, MN_E_IO},           {EACCES, MN_E_IO},         {EFBIG, MN_E_LIMIT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mn_error e = {0};
        assert_int_equal(mn_fail_errno(&e, cases[i].errnum, "x"), cases[i].code);
        assert_int_equal(e.code, cases[i].code);
    }
    mn_error e = {0};
    mn_fail_errno(&e, ENOENT, "%s: cannot open", "a.jpg");
    assert_string_equal(e.text, "a.jpg: cannot open: No such file or directory");
}

static void prefix_keeps_code_and_place(void **state)
{
    (void)state;
    mn_error e = {0};
    mn_fail(&e, MN_E_DECODE, "bad marker");
    int line = e.line;
    assert_int_equal(mn_error_prefix(&e, "frame %d", 7), MN_E_DECODE);
    assert_string_equal(e.text, "frame 7: bad marker");
    assert_int_equal(e.line, line);
    mn_fail(&e, MN_E_IO, "again: %s", e.text);
    assert_string_equal(e.text, "again: frame 7: bad marker");
}

/* 511 bytes fit; a character that would be cut in two is left out whole. */
static void long_texts_end_between_characters(void **state)
{
    (void)state;
    char text[1025];
    for (int shift = 0; shift < 4; shift++) {
        memset(text, 'a', sizeof text);
        for (size_t i = (size_t)shift; i + 3 < 1024; i += 3)
            memcpy(text + i, "\xe2\x82\xac", 3);
        text[1024] = 0;
        mn_error e = {0};
        mn_fail(&e, MN_E_INVALID, "%s", text);
        size_t n = strlen(e.text);
        assert_in_range(n, 509, 511);
        assert_int_equal((n - (size_t)shift) % 3, 0);
        mn_error_prefix(&e, "p");
        n = strlen(e.text);
        assert_int_equal((n - 3 - (size_t)shift) % 3, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_statuses),
        cmocka_unit_test(fail_fills_and_returns),
        cmocka_unit_test(errno_becomes_a_code),
        cmocka_unit_test(prefix_keeps_code_and_place),
        cmocka_unit_test(long_texts_end_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
