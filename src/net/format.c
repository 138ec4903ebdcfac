#include "net/format.h"

#include "base/id.h"
#include "base/time.h"

#include <string.h>

static const char *const texts[] = {
#define X(id, word, text) text,
    MN_FORMS(X)
#undef X
};

const char *mn_form_text(mn_form f)
{
    return texts[f];
}

static bool lower(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}

static bool digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool alnum(unsigned char c)
{
    return lower(c) || digit(c) || (c >= 'A' && c <= 'Z');
}

static bool hex(unsigned char c)
{
    return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Every character is a letter, a digit, or one of `more`. */
static bool all_of(const char *s, size_t n, const char *more)
{
    for (size_t i = 0; i < n; i++)
        if (!alnum((unsigned char)s[i]) && (s[i] == '\0' || !strchr(more, s[i])))
            return false;
    return n > 0;
}

static bool base64(const char *s, size_t n)
{
    size_t padding = 0;
    while (padding < 2 && padding < n && s[n - 1 - padding] == '=')
        padding++;
    return n % 4 == 0 && n > padding && all_of(s, n - padding, "+/");
}

static bool color(const char *s, size_t n)
{
    if (n != 7 || s[0] != '#')
        return false;
    for (size_t i = 1; i < n; i++)
        if (!hex((unsigned char)s[i]))
            return false;
    return true;
}

static bool identifier(const char *s, size_t n, const char *more)
{
    if (n == 0 || !lower((unsigned char)s[0]))
        return false;
    for (size_t i = 1; i < n; i++)
        if (!lower((unsigned char)s[i]) && !digit((unsigned char)s[i]) &&
            (s[i] == '\0' || !strchr(more, s[i])))
            return false;
    return true;
}

static bool setting_name(const char *s, size_t n)
{
    size_t parts = 0;
    for (size_t start = 0; start <= n; parts++) {
        const char *dot = memchr(s + start, '.', n - start);
        size_t end = dot ? (size_t)(dot - s) : n;
        if (!identifier(s + start, end - start, "_"))
            return false;
        start = end + 1;
    }
    return parts >= 2;
}

static bool http_url(const char *s, size_t n)
{
    size_t head = n > 8 && memcmp(s, "https://", 8) == 0 ? 8 : n > 7 && memcmp(s, "http://", 7) == 0 ? 7 : 0;
    if (head == 0 || s[head] == '/')
        return false;
    for (size_t i = head; i < n; i++)
        if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] >= 0x7f)
            return false;
    return true;
}

/* Control characters of ASCII and Latin-1 (U+0080 to U+009F, in UTF-8 C2 80 to C2 9F), and the two line ends
 * of Unicode (U+2028 and U+2029). */
static bool control_at(const char *s, size_t n, size_t i)
{
    unsigned char c = (unsigned char)s[i];
    if (c < ' ' || c == 0x7f)
        return true;
    if (c == 0xc2 && i + 1 < n)
        return (unsigned char)s[i + 1] < 0xa0;
    if (c == 0xe2 && i + 2 < n)
        return (unsigned char)s[i + 1] == 0x80 && ((unsigned char)s[i + 2] | 1) == 0xa9;
    return false;
}

static bool printable(const char *s, size_t n, const char *but)
{
    for (size_t i = 0; i < n; i++)
        if (control_at(s, n, i) && (s[i] == '\0' || !strchr(but, s[i])))
            return false;
    return true;
}

static bool uuid(const char *s, size_t n)
{
    char text[MN_ID_TEXT];
    mn_id id;
    if (n != MN_ID_TEXT - 1)
        return false;
    memcpy(text, s, n);
    text[n] = '\0';
    return mn_id_parse(text, &id);
}

static bool date_time(const char *s, size_t n)
{
    char text[48];
    mn_time t;
    if (n < 20 || n >= sizeof text || s[10] != 'T')
        return false;
    memcpy(text, s, n);
    text[n] = '\0';
    return strlen(text) == n && mn_time_parse(text, &t);
}

bool mn_form_fits(mn_form f, const char *s, size_t n)
{
    switch (f) {
    case MN_FORM_BASE64:
        return base64(s, n);
    case MN_FORM_BASE64URL:
        return all_of(s, n, "-_");
    case MN_FORM_COLOR:
        return color(s, n);
    case MN_FORM_DATE_TIME:
        return date_time(s, n);
    case MN_FORM_FILE_NAME:
        return all_of(s, n, ".-_") && s[0] != '.';
    case MN_FORM_HTTP_URL:
        return http_url(s, n);
    case MN_FORM_IDENTIFIER:
        return identifier(s, n, "_-");
    case MN_FORM_LINE:
        return printable(s, n, "") && (n == 0 || (s[0] != ' ' && s[n - 1] != ' '));
    case MN_FORM_LOGIN:
        return all_of(s, n, "._@+-") && alnum((unsigned char)s[0]);
    case MN_FORM_MODEL:
        return all_of(s, n, "._-") && alnum((unsigned char)s[0]);
    case MN_FORM_SETTING_NAME:
        return setting_name(s, n);
    case MN_FORM_TEXT:
        return printable(s, n, "\t\n\r");
    case MN_FORM_TOKEN:
        return all_of(s, n, "!#$%&'*+-.^_`|~");
    case MN_FORM_UUID:
        return uuid(s, n);
    default:
        return true;
    }
}
