#include "net/cookies.h"
#include "net/text.h"
#include <inttypes.h>
#include <string.h>

/* cookie-octet of RFC 6265, 4.1.1 */
static bool is_value(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\')
            return false;
    }
    return n <= MN_COOKIE_VALUE_MAX;
}

bool mn_cookie_find(const char *header, const char *name, const char **value, size_t *n)
{
    const char *found = NULL;
    size_t found_len = 0, name_len = strlen(name);
    for (const char *at = header; at && *at;) {
        size_t len = strcspn(at, ";");
        const char *pair = at;
        size_t pair_len = len;
        mn_trim(&pair, &pair_len);
        at += len + (at[len] == ';');
        if (pair_len <= name_len || pair[name_len] != '=' || memcmp(pair, name, name_len) != 0)
            continue;
        const char *v = pair + name_len + 1;
        size_t v_len = pair_len - name_len - 1;
        if (v_len >= 2 && v[0] == '"' && v[v_len - 1] == '"')
            v++, v_len -= 2;
        if (!is_value(v, v_len) || (found && (v_len != found_len || memcmp(v, found, v_len) != 0)))
            return false;
        found = v;
        found_len = v_len;
    }
    if (!found)
        return false;
    *value = found;
    *n = found_len;
    return true;
}

static bool prefix_is_kept(const char *name, const mn_cookie_attributes *a)
{
    if (strncmp(name, "__Host-", 7) == 0)
        return a->secure && strcmp(a->path, "/") == 0;
    return strncmp(name, "__Secure-", 9) != 0 || a->secure;
}

static bool is_path(const char *path)
{
    for (const char *p = path; *p; p++)
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f || *p == ';')
            return false;
    return path[0] == '/';
}

mn_code mn_cookie_format(const char *name, const char *value, const mn_cookie_attributes *a, mn_buf *out,
                         mn_error *err)
{
    size_t before = out->len;
    if (!mn_is_token(name, strlen(name)) || strlen(name) > MN_COOKIE_NAME_MAX ||
        !is_value(value, strlen(value)) || !is_path(a->path))
        return mn_fail(err, MN_E_INVALID,
                       "a cookie's name, value or path has characters that it must not have");
    if (!prefix_is_kept(name, a))
        return mn_fail(err, MN_E_INVALID, "the cookie %s must be secure (and of path / with __Host-)", name);
    mn_code code = mn_buf_printf(out, err, "%s=%s; Path=%s; SameSite=%s%s%s", name, value, a->path,
                                 a->site == MN_COOKIE_STRICT ? "Strict" : "Lax",
                                 a->http_only ? "; HttpOnly" : "", a->secure ? "; Secure" : "");
    if (!code && a->max_age_s >= 0)
        code = mn_buf_printf(out, err, "; Max-Age=%" PRId64, a->max_age_s);
    if (code)
        mn_buf_cut(out, before);
    return code;
}
