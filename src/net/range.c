#include "net/range.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Digits at *at; false: none, or more than 64 bits hold. */
static bool take_number(const char **at, uint64_t *out)
{
    const char *p = *at;
    uint64_t v = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    if (p == *at)
        return false;
    *at = p;
    *out = v;
    return true;
}

static const char *skip(const char *p)
{
    return p + strspn(p, " \t");
}

mn_range_kind mn_range_parse(const char *header, uint64_t size, uint64_t *first, uint64_t *last)
{
    uint64_t from = 0, to = UINT64_MAX;
    if (!header || strncasecmp(header, "bytes=", 6) != 0)
        return MN_RANGE_ALL;
    const char *p = skip(header + 6);
    bool suffix = *p == '-';
    if (!suffix && !take_number(&p, &from))
        return MN_RANGE_ALL;
    if (*p++ != '-')
        return MN_RANGE_ALL;
    bool open = !take_number(&p, &to);
    if (*skip(p) || (suffix && open) || (!suffix && to < from))
        return MN_RANGE_ALL;
    if (suffix) { /* the last `to` bytes */
        if (to == 0 || size == 0)
            return MN_RANGE_NONE;
        from = to < size ? size - to : 0;
        to = size - 1;
    }
    if (from >= size)
        return MN_RANGE_NONE;
    *first = from;
    *last = to < size ? to : size - 1;
    return MN_RANGE_PART;
}

bool mn_etag_valid(const char *etag)
{
    if (strncmp(etag, "W/", 2) == 0)
        etag += 2;
    size_t n = strlen(etag);
    if (n < 2 || n > 200 || etag[0] != '"' || etag[n - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < n; i++)
        if ((unsigned char)etag[i] <= 0x20 || etag[i] == '"' || etag[i] == 0x7f)
            return false;
    return true;
}

bool mn_etag_in(const char *header, const char *etag, bool weak)
{
    const char *p = skip(header);
    if (*p == '*' && !*skip(p + 1))
        return true;
    bool own_weak = strncmp(etag, "W/", 2) == 0;
    const char *own = own_weak ? etag + 2 : etag;
    size_t n = strlen(own);
    while (*p) {
        bool is_weak = strncmp(p, "W/", 2) == 0;
        p += is_weak ? 2 : 0;
        const char *end = *p == '"' ? strchr(p + 1, '"') : NULL;
        if (!end)
            return false;
        if ((size_t)(end + 1 - p) == n && memcmp(p, own, n) == 0 && (weak || !(is_weak || own_weak)))
            return true;
        p = end + 1;
        p += strspn(p, " \t,");
    }
    return false;
}

/* ---- dates -----------------------------------------------------------------------------------------------
 */

static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void mn_http_date_format(mn_time t, char text[MN_HTTP_DATE])
{
    struct tm tm;
    time_t s = (time_t)(t / MN_TIME_SECOND);
    if (!gmtime_r(&s, &tm) || tm.tm_year < 0 || tm.tm_year > 8099)
        memset(&tm, 0, sizeof tm);
    char whole[64];
    snprintf(whole, sizeof whole, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * (tm.tm_wday % 7),
             tm.tm_mday, months + 3 * (tm.tm_mon % 12), tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    memcpy(text, whole, MN_HTTP_DATE - 1);
    text[MN_HTTP_DATE - 1] = 0;
}

bool mn_http_date_parse(const char *text, mn_time *t)
{
    struct tm tm = {0};
    char month[4] = "";
    int n = 0;
    if (strlen(text) != MN_HTTP_DATE - 1 ||
        sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &tm.tm_mday, month, &tm.tm_year,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &n) != 6 ||
        n != MN_HTTP_DATE - 1)
        return false;
    const char *found = strlen(month) == 3 ? strstr(months, month) : NULL;
    if (!found || (found - months) % 3)
        return false;
    tm.tm_mon = (int)(found - months) / 3;
    tm.tm_year -= 1900;
    char again[MN_HTTP_DATE];
    mn_time value = (mn_time)timegm(&tm) * MN_TIME_SECOND;
    mn_http_date_format(value, again); /* refuses the 31st of June, and a wrong day of the week */
    if (strcmp(again, text) != 0)
        return false;
    *t = value;
    return true;
}
