#include "base/time.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LAST_SECOND INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static _Atomic mn_time shift; /* 0 outside of tests */

void mn_time_shift(mn_time by)
{
    atomic_fetch_add(&shift, by);
}

mn_time mn_time_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * MN_TIME_SECOND + now.tv_nsec / 1000 +
           atomic_load_explicit(&shift, memory_order_relaxed);
}

int64_t mn_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static char *put_digits(char *at, unsigned v, int n)
{
    for (int i = n - 1; i >= 0; i--, v /= 10)
        at[i] = (char)('0' + v % 10);
    return at + n;
}

/* "2026-01-31" of a day since 1970. Years are counted from March on, so that the leap day is a year's last
 * one and months have 153 days in five; 146097 days are 400 years. */
static char *put_date(char *at, unsigned day)
{
    unsigned from_march = day + 719468; /* since 0000-03-01 */
    unsigned era = from_march / 146097, of_era = from_march % 146097;
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153, of_month = of_year - (153 * month + 2) / 5;
    bool next = month >= 10; /* January and February */
    at = put_digits(at, year + 400 * era + next, 4);
    *at++ = '-';
    at = put_digits(at, next ? month - 9 : month + 3, 2);
    *at++ = '-';
    return put_digits(at, of_month + 1, 2);
}

/* By hand: an answer has some of them, and the library's functions take a lock and look for a time zone. */
static void format_known(mn_time t, char *at)
{
    unsigned second = (unsigned)(t / MN_TIME_SECOND % 86400);
    at = put_date(at, (unsigned)(t / MN_TIME_DAY));
    *at++ = 'T';
    at = put_digits(at, second / 3600, 2);
    *at++ = ':';
    at = put_digits(at, second / 60 % 60, 2);
    *at++ = ':';
    at = put_digits(at, second % 60, 2);
    *at++ = '.';
    at = put_digits(at, (unsigned)(t / 1000 % 1000), 3);
    memcpy(at, "Z", sizeof "Z");
}

void mn_time_format(mn_time t, char text[MN_TIME_TEXT])
{
    if (t == MN_TIME_NEVER) {
        memcpy(text, "never", sizeof "never");
        return;
    }
    if (t >= 0 && t / MN_TIME_SECOND <= LAST_SECOND) {
        format_known(t, text);
        return;
    }
    int64_t micros = t % MN_TIME_SECOND;
    time_t seconds = t / MN_TIME_SECOND;
    if (micros < 0) {
        micros += MN_TIME_SECOND;
        seconds--;
    }
    struct tm tm;
    gmtime_r(&seconds, &tm);
    char date[MN_TIME_TEXT - 5];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, MN_TIME_TEXT, "%s.%03uZ", date, (unsigned)(micros / 1000) % 1000);
}

/* Exactly n digits at *text, which moves behind them. */
static bool digits(const char **text, int n, int *value)
{
    int v = 0;
    for (int i = 0; i < n; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        v = v * 10 + (**text - '0');
    }
    *value = v;
    return true;
}

static bool one_of(const char **text, const char *set)
{
    if (!**text || !strchr(set, **text))
        return false;
    (*text)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool parse_date(const char **text, struct tm *tm)
{
    int year, month, day;
    if (!digits(text, 4, &year) || !one_of(text, "-") || !digits(text, 2, &month) || !one_of(text, "-") ||
        !digits(text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return true;
}

/* ".123456789" as microseconds; finer digits are cut off. */
static bool parse_fraction(const char **text, int64_t *micros)
{
    int64_t unit = MN_TIME_SECOND;
    *micros = 0;
    if (!one_of(text, "."))
        return true;
    int digit;
    if (!digits(text, 1, &digit))
        return false;
    do {
        unit /= 10;
        *micros += digit * unit;
    } while (**text >= '0' && **text <= '9' && digits(text, 1, &digit));
    return true;
}

static bool parse_offset(const char **text, int *seconds)
{
    *seconds = 0;
    if (one_of(text, "Zz"))
        return true;
    int sign = **text == '-' ? -1 : 1, hours, minutes;
    if (!one_of(text, "+-") || !digits(text, 2, &hours) || !one_of(text, ":") || !digits(text, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool parse_clock(const char **text, struct tm *tm, int64_t *micros, int *offset)
{
    if (!digits(text, 2, &tm->tm_hour) || !one_of(text, ":") || !digits(text, 2, &tm->tm_min) ||
        !one_of(text, ":") || !digits(text, 2, &tm->tm_sec))
        return false;
    if (tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60)
        return false;
    return parse_fraction(text, micros) && parse_offset(text, offset);
}

bool mn_time_parse(const char *text, mn_time *t)
{
    struct tm tm = {0};
    int64_t micros = 0;
    int offset = 0;
    if (!parse_date(&text, &tm))
        return false;
    if (*text && (!one_of(&text, "Tt ") || !parse_clock(&text, &tm, &micros, &offset) || *text))
        return false;
    bool leap_second = tm.tm_sec == 60;
    int64_t seconds = (int64_t)timegm(&tm) - offset;
    /* A leap second stands only at the end of a UTC day; like POSIX we count it as the first one of the next.
     */
    if (leap_second && seconds % 86400 != 0)
        return false;
    if (seconds < 0 || seconds > LAST_SECOND)
        return false;
    *t = seconds * MN_TIME_SECOND + micros;
    return true;
}

static int64_t unit_seconds(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    case 'y':
        return INT64_C(365) * 86400;
    default:
        return 0;
    }
}

bool mn_duration_parse(const char *text, mn_time *t)
{
    int64_t count = 0, micros;
    const char *p = text;
    int digit;
    while (*p >= '0' && *p <= '9' && digits(&p, 1, &digit))
        if (__builtin_mul_overflow(count, 10, &count) || __builtin_add_overflow(count, digit, &count))
            return false;
    int64_t unit = unit_seconds(*p);
    if (p == text || !unit || p[1])
        return false;
    if (__builtin_mul_overflow(count, unit * MN_TIME_SECOND, &micros) || micros == MN_TIME_NEVER)
        return false;
    *t = micros;
    return true;
}

mn_deadline mn_deadline_in_ms(int64_t ms)
{
    int64_t ns, at;
    if (ms < 0)
        ms = 0;
    if (__builtin_mul_overflow(ms, INT64_C(1000000), &ns) ||
        __builtin_add_overflow(mn_monotonic_ns(), ns, &at))
        return INT64_MAX;
    return at ? at : 1;
}

bool mn_deadline_passed(mn_deadline d)
{
    return d != 0 && mn_monotonic_ns() >= d;
}
