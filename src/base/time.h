/* Time: microseconds since 1970 UTC inside, RFC 3339 with milliseconds outside. */
#ifndef MN_BASE_TIME_H
#define MN_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

typedef int64_t mn_time; /* microseconds */
#define MN_TIME_NEVER  INT64_MAX
#define MN_TIME_SECOND INT64_C(1000000)
#define MN_TIME_DAY    (INT64_C(86400) * MN_TIME_SECOND)
#define MN_TIME_TEXT   32

mn_time mn_time_now(void); /* wall clock */
/* Tests: mn_time_now answers so much later from now on. Process-wide. */
void mn_time_shift(mn_time by);
int64_t mn_monotonic_ns(void); /* for durations and deadlines */

void mn_time_format(mn_time t,
                    char text[MN_TIME_TEXT]); /* "2026-01-31T12:00:00.000Z"; "never" for MN_TIME_NEVER */
/* Date-time with any offset, or a date alone (midnight UTC). Years 1970 to 9999. False, and *t untouched,
 * otherwise. */
bool mn_time_parse(const char *text, mn_time *t);
/* "90s", "15m", "12h", "30d", "2y" (365 days each) as microseconds. */
bool mn_duration_parse(const char *text, mn_time *t);

/* A deadline is a monotonic time in ns; 0 means none. */
typedef int64_t mn_deadline;
mn_deadline mn_deadline_in_ms(int64_t ms);
bool mn_deadline_passed(mn_deadline d);

#endif
