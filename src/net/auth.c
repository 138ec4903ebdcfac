#include "net/auth.h"
#include "net/text.h"
#include <sodium.h>
#include <string.h>
#include <strings.h>

/* What follows the scheme and one blank or more; NULL: another scheme. */
static const char *after_scheme(const char *header, const char *scheme)
{
    size_t n = strlen(scheme);
    if (!header || strncasecmp(header, scheme, n) != 0 || header[n] != ' ')
        return NULL;
    return header + n + strspn(header + n, " ");
}

bool mn_auth_bearer(const char *header, const char **token, size_t *n)
{
    const char *at = after_scheme(header, "Bearer");
    if (!at)
        return false;
    size_t len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");
    size_t all = len + strspn(at + len, "=");
    if (!len || at[all] || all > MN_BEARER_MAX)
        return false;
    *token = at;
    *n = all;
    return true;
}

static bool copy(const char *from, size_t n, char to[MN_BASIC_MAX])
{
    if (n >= MN_BASIC_MAX || !mn_is_utf8(from, n) || !mn_is_field_value(from, n))
        return false;
    memcpy(to, from, n);
    to[n] = 0;
    return true;
}

bool mn_auth_basic(const char *header, char user[MN_BASIC_MAX], char password[MN_BASIC_MAX])
{
    const char *at = after_scheme(header, "Basic"), *end;
    char text[2 * MN_BASIC_MAX + 3];
    size_t n;
    bool good = at &&
                sodium_base642bin((unsigned char *)text, sizeof text, at, strlen(at), NULL, &n, &end,
                                  sodium_base64_VARIANT_ORIGINAL) == 0 &&
                !*end;
    const char *colon = good ? memchr(text, ':', n) : NULL;
    good = colon && copy(text, (size_t)(colon - text), user) &&
           copy(colon + 1, n - (size_t)(colon - text) - 1, password);
    sodium_memzero(text, sizeof text);
    return good;
}
