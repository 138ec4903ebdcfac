#include "net/text.h"
#include <string.h>
#include <strings.h>

bool mn_is_tchar(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool mn_is_token(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!mn_is_tchar((unsigned char)text[i]))
            return false;
    return n > 0;
}

bool mn_is_field_value(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* No surrogates, nothing overlong, nothing past U+10FFFF. */
size_t mn_utf8_character(const char *text, size_t n)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned lead = at[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (!lead || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((lead == 0xe0 && at[1] < 0xa0) || (lead == 0xed && at[1] > 0x9f) || (lead == 0xf0 && at[1] < 0x90) ||
        (lead == 0xf4 && at[1] > 0x8f))
        return 0;
    return len;
}

bool mn_is_utf8(const char *text, size_t n)
{
    for (size_t i = 0, len; i < n; i += len)
        if (!(len = mn_utf8_character(text + i, n - i)))
            return false;
    return true;
}

bool mn_same_word(const char *text, size_t n, const char *word)
{
    return strlen(word) == n && strncasecmp(text, word, n) == 0;
}

int mn_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool mn_percent_decode(const char *text, size_t n, bool form, char *out, size_t *len)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '%') {
            int high = n - i > 2 ? mn_hex_digit(text[i + 1]) : -1;
            int low = n - i > 2 ? mn_hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            out[at++] = (char)(high << 4 | low);
            i += 2;
        } else {
            out[at++] = form && text[i] == '+' ? ' ' : text[i];
        }
    }
    *len = at;
    return true;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

void mn_trim(const char **text, size_t *n)
{
    while (*n && blank(**text))
        ++*text, --*n;
    while (*n && blank((*text)[*n - 1]))
        --*n;
}

bool mn_next_item(const char **at, const char *end, char separator, const char **item, size_t *n)
{
    while (*at < end) {
        const char *start = *at, *p = start;
        bool quoted = false;
        for (; p < end && (quoted || *p != separator); p++) {
            if (quoted && *p == '\\' && p + 1 < end)
                p++;
            else if (*p == '"')
                quoted = !quoted;
        }
        *at = p < end ? p + 1 : end;
        *item = start;
        *n = (size_t)(p - start);
        mn_trim(item, n);
        if (*n)
            return true;
    }
    return false;
}

bool mn_take_word(const char **at, const char *end, char *out, size_t size)
{
    const char *p = *at;
    size_t n = 0;
    if (p < end && *p == '"') {
        for (p++; p < end && *p != '"'; p++) {
            if (*p == '\\' && ++p == end)
                return false;
            if (n + 1 >= size)
                return false;
            out[n++] = *p;
        }
        if (p == end)
            return false;
        p++;
    } else {
        for (; p < end && mn_is_tchar((unsigned char)*p); p++) {
            if (n + 1 >= size)
                return false;
            out[n++] = *p;
        }
        if (!n)
            return false;
    }
    out[n] = 0;
    *at = p;
    return true;
}
