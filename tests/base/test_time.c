#include "base/time.h"
#include "support.h"
#include <string.h>

static void parses(const char *text, int64_t micros)
{
    mn_time t = -1;
    if (!mn_time_parse(text, &t))
        fail_msg("%s was refused", text);
    assert_int_equal(t, micros);
}

static void date_times(void **state)
{
    (void)state;
    parses("1970-01-01", 0);
    parses("1970-01-01T00:00:00Z", 0);
    parses("2026-01-31T12:00:00.000Z", INT64_C(1769860800000000));
    parses("2026-01-31t12:00:00z", INT64_C(1769860800000000));
    parses("2026-01-31 12:00:00Z", INT64_C(1769860800000000));
    parses("2026-01-31T12:00:00.5Z", INT64_C(1769860800500000));
    parses("2026-01-31T12:00:00.1234567899Z", INT64_C(1769860800123456));
    parses("2026-01-31T13:30:00+01:30", INT64_C(1769860800000000));
    parses("2026-01-30T23:00:00-13:00", INT64_C(1769860800000000));
    parses("2026-01-31T12:00:00-00:00", INT64_C(1769860800000000));
    parses("1969-12-31T23:30:00-01:00", INT64_C(1800000000));
    parses("2038-01-19T03:14:08Z", INT64_C(2147483648000000));
    parses("9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999));
}

static void leap_years_and_seconds(void **state)
{
    (void)state;
    parses("2000-02-29", INT64_C(951782400000000));
    parses("2024-02-29", INT64_C(1709164800000000));
    parses("2016-12-31T23:59:60Z", INT64_C(1483228800000000));
    parses("2017-01-01T00:59:60+01:00", INT64_C(1483228800000000));
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "never",
                                      "2026",
                                      "2026-1-31",
                                      "2026-01-32",
                                      "2026-00-10",
                                      "2026-13-01",
                                      "2026-04-31",
                                      "2026-01-00",
                                      "2023-02-29",
                                      "2100-02-29",
                                      "1900-02-29",
                                      "2026-01-31T",
                                      "2026-01-31T12:00",
                                      "2026-01-31T12:00:00",
                                      "2026-01-31T24:00:00Z",
                                      "2026-01-31T12:60:00Z",
                                      "2026-01-31T12:00:61Z",
                                      "2026-01-31T12:00:60Z",
                                      "2026-01-31T12:00:00.Z",
                                      "2026-01-31T12:00:00,5Z",
                                      "2026-01-31T12:00:00+24:00",
                                      "2026-01-31T12:00:00+01:60",
                                      "2026-01-31T12:00:00+0100",
                                      "2026-01-31T12:00:00+01",
                                      "2026-01-31T12:00:00ZZ",
                                      "2026-01-31T12:00:00Z ",
                                      " 2026-01-31",
                                      "2026-01-31Z",
                                      "+2026-01-31",
                                      "1969-12-31",
                                      "1969-12-31T23:59:59.999Z",
                                      "1970-01-01T00:00:00+00:01",
                                      "9999-12-31T23:59:59-00:01",
                                      "9999-12-31T23:59:60Z",
                                      "10000-01-01",
                                      "20260131"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mn_time t = 42;
        if (mn_time_parse(bad[i], &t))
            fail_msg("\"%s\" was taken", bad[i]);
        assert_int_equal(t, 42);
    }
}

static void formats(int64_t micros, const char *text)
{
    char got[MN_TIME_TEXT];
    mn_time_format(micros, got);
    assert_string_equal(got, text);
}

static void formatting(void **state)
{
    (void)state;
    formats(0, "1970-01-01T00:00:00.000Z");
    formats(INT64_C(1769860800123999), "2026-01-31T12:00:00.123Z");
    formats(-1, "1969-12-31T23:59:59.999Z");
    formats(INT64_C(253402300799999999), "9999-12-31T23:59:59.999Z");
    formats(MN_TIME_NEVER, "never");
    formats(INT64_MAX - 1, "294247-01-10T04:00:54.775Z");
    formats(INT64_MIN, "-290308-12-21T19:59:05.224Z");
}

/* What is written is read as the same moment: days up to the last one that is written by hand. */
static void formatting_and_parsing(void **state)
{
    (void)state;
    char text[MN_TIME_TEXT];
    for (mn_time t = 59999000; t < INT64_C(253402300800000000);
         t += 11 * MN_TIME_DAY + 3607 * MN_TIME_SECOND) {
        mn_time got = -1;
        mn_time_format(t, text);
        if (!mn_time_parse(text, &got) || got != t)
            fail_msg("%lld is written as %s", (long long)t, text);
    }
    formats(INT64_C(951782399999000), "2000-02-28T23:59:59.999Z");
    formats(INT64_C(951782400000000), "2000-02-29T00:00:00.000Z");
    formats(INT64_C(951868800000000), "2000-03-01T00:00:00.000Z");
    formats(INT64_C(4107542400000000), "2100-03-01T00:00:00.000Z");
}

static void durations(void **state)
{
    (void)state;
    mn_time t;
    assert_true(mn_duration_parse("90s", &t));
    assert_int_equal(t, INT64_C(90000000));
    assert_true(mn_duration_parse("15m", &t));
    assert_int_equal(t, INT64_C(900000000));
    assert_true(mn_duration_parse("12h", &t));
    assert_int_equal(t, INT64_C(43200000000));
    assert_true(mn_duration_parse("30d", &t));
    assert_int_equal(t, INT64_C(2592000000000));
    assert_true(mn_duration_parse("2y", &t));
    assert_int_equal(t, INT64_C(63072000000000));
    assert_true(mn_duration_parse("0s", &t));
    assert_int_equal(t, 0);
    static const char *const bad[] = {"",    "s",   "5",   "5w",   "-5s",     "+5s",
                                      "5 s", "5ss", " 5s", "1.5h", "292472y", "99999999999999999999s"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        t = 42;
        if (mn_duration_parse(bad[i], &t))
            fail_msg("\"%s\" was taken", bad[i]);
        assert_int_equal(t, 42);
    }
}

static void deadlines(void **state)
{
    (void)state;
    assert_false(mn_deadline_passed(0));
    assert_true(mn_deadline_passed(mn_deadline_in_ms(0)));
    assert_true(mn_deadline_passed(mn_deadline_in_ms(-5)));
    assert_false(mn_deadline_passed(mn_deadline_in_ms(60000)));
    assert_false(mn_deadline_passed(mn_deadline_in_ms(INT64_MAX)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(date_times),
        cmocka_unit_test(leap_years_and_seconds),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(formatting),
        cmocka_unit_test(formatting_and_parsing),
        cmocka_unit_test(durations),
        cmocka_unit_test(deadlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
