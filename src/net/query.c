#include "net/query.h"
#include "net/text.h"
#include <string.h>

/* Decodes n bytes into *to, which moves behind the zero byte. */
static mn_code decode(const char *raw, size_t n, char **to, const char **text, size_t *len, mn_error *err)
{
    if (!mn_percent_decode(raw, n, true, *to, len))
        return mn_fail(err, MN_E_INVALID, "the query has a \"%%\" without two hexadecimal digits after it");
    if (!mn_is_utf8(*to, *len))
        return mn_fail(err, MN_E_INVALID, "the query is not UTF-8");
    for (size_t i = 0; i < *len; i++)
        if ((unsigned char)(*to)[i] < 0x20 || (*to)[i] == 0x7f)
            return mn_fail(err, MN_E_INVALID, "the query has a control character");
    (*to)[*len] = 0;
    *text = *to;
    *to += *len + 1;
    return MN_OK;
}

static mn_code read_pair(const char *raw, size_t n, char **to, mn_query_pair *out, mn_error *err)
{
    const char *equals = memchr(raw, '=', n);
    size_t name = equals ? (size_t)(equals - raw) : n, value = equals ? n - name - 1 : 0;
    if (!name)
        return mn_fail(err, MN_E_INVALID, "the query has a value without a name");
    mn_code code = decode(raw, name, to, &out->name, &out->name_len, err);
    return code ? code : decode(equals ? equals + 1 : "", value, to, &out->value, &out->value_len, err);
}

static size_t count_pairs(const char *raw, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += raw[i] != '&' && (i == 0 || raw[i - 1] == '&');
    return count;
}

mn_code mn_query_parse(const char *raw, size_t n, size_t max, mn_arena *arena, const mn_query_pair **pairs,
                       size_t *n_pairs, mn_error *err)
{
    size_t count = count_pairs(raw, n), found = 0;
    if (count > max)
        return mn_fail(err, MN_E_LIMIT, "the query has more than %zu parameters", max);
    /* Decoding makes nothing longer; two zero bytes a pair. */
    mn_query_pair *list = mn_arena_calloc(arena, count + 1, sizeof *list);
    char *to = mn_arena_alloc(arena, n + 2 * count + 1);
    if (!list || !to)
        return mn_fail(err, MN_E_MEMORY, "out of memory");
    for (const char *at = raw, *end = raw + n; at < end;) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        mn_code code = len ? read_pair(at, len, &to, &list[found++], err) : MN_OK;
        if (code)
            return code;
        at += len + 1;
    }
    *pairs = list;
    *n_pairs = found;
    return MN_OK;
}
