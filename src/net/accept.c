#include "net/accept.h"
#include "net/text.h"
#include <string.h>
#include <strings.h>

/* "0.875" in thousandths; -1: no weight (RFC 9110, 12.4.2: at most three digits). */
static int weight_of(const char *text, size_t n)
{
    if (!n || n > 5 || (text[0] != '0' && text[0] != '1') || (n > 1 && text[1] != '.'))
        return -1;
    int weight = (text[0] - '0') * 1000, unit = 100;
    for (size_t i = 2; i < n; i++, unit /= 10) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        weight += (text[i] - '0') * unit;
    }
    return weight <= 1000 ? weight : -1;
}

/* Splits "name ; a=b ; q=0.5" into its name and its weight; false: it cannot be read. */
static bool read_item(const char *item, size_t n, const char **name, size_t *name_len, int *weight)
{
    const char *at = item, *end = item + n, *part;
    size_t len;
    *weight = 1000;
    if (!mn_next_item(&at, end, ';', name, name_len))
        return false;
    while (mn_next_item(&at, end, ';', &part, &len))
        if (len >= 2 && (part[0] == 'q' || part[0] == 'Q') && part[1] == '=')
            *weight = weight_of(part + 2, len - 2);
    return *weight >= 0;
}

int mn_accept_coding(const char *header, const char *coding)
{
    int own = -1, any = -1;
    if (!header)
        return 0;
    const char *at = header, *end = header + strlen(header), *item, *name;
    size_t n, len;
    while (mn_next_item(&at, end, ',', &item, &n)) {
        int weight;
        if (!read_item(item, n, &name, &len, &weight))
            continue;
        if (mn_same_word(name, len, coding))
            own = weight;
        else if (len == 1 && *name == '*')
            any = weight;
    }
    return own >= 0 ? own : any >= 0 ? any : 0;
}

/* 3: the type itself, 2: its kind with a star, 1: two stars, 0: something else. */
static int how_specific(const char *range, size_t n, const char *type)
{
    if (mn_same_word(range, n, type))
        return 3;
    if (n == 3 && memcmp(range, "*/*", 3) == 0)
        return 1;
    const char *slash = strchr(type, '/');
    size_t kind = slash ? (size_t)(slash - type) + 1 : 0;
    return kind && n == kind + 1 && range[kind] == '*' && strncasecmp(range, type, kind) == 0 ? 2 : 0;
}

int mn_accept_type(const char *header, const char *type)
{
    if (!header || !*header)
        return 1000;
    const char *at = header, *end = header + strlen(header), *item, *name;
    size_t n, len;
    int best = 0, found = 0;
    while (mn_next_item(&at, end, ',', &item, &n)) {
        int weight;
        if (!read_item(item, n, &name, &len, &weight))
            continue;
        int fits = how_specific(name, len, type);
        if (fits > best || (fits && fits == best && weight > found)) {
            best = fits;
            found = weight;
        }
    }
    return found;
}

/* ---- media types -----------------------------------------------------------------------------------------
 */

static bool take_small(const char **at, const char *end, char *out, size_t size)
{
    size_t n = 0;
    for (; *at < end && mn_is_tchar((unsigned char)**at); ++*at) {
        if (n + 1 >= size)
            return false;
        char c = **at;
        out[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    out[n] = 0;
    return n > 0;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

static mn_code read_parameters(const char *at, const char *end, mn_media_type *m, mn_error *err)
{
    while ((at = skip_blanks(at, end)) < end) {
        if (*at++ != ';')
            return mn_fail(err, MN_E_INVALID,
                           "the content type has something other than a parameter after the type");
        at = skip_blanks(at, end);
        if (at == end || *at == ';')
            continue;
        if (m->n == MN_MEDIA_PARAMETERS)
            return mn_fail(err, MN_E_INVALID, "the content type has more than %d parameters",
                           MN_MEDIA_PARAMETERS);
        char *name = m->parameters[m->n].name;
        if (!take_small(&at, end, name, sizeof m->parameters->name) || at == end || *at++ != '=' ||
            !mn_take_word(&at, end, m->parameters[m->n].value, sizeof m->parameters->value))
            return mn_fail(err, MN_E_INVALID, "a parameter of the content type is malformed or too long");
        if (mn_media_type_parameter(m, name))
            return mn_fail(err, MN_E_INVALID, "the content type has the parameter %s twice", name);
        m->n++;
    }
    return MN_OK;
}

mn_code mn_media_type_parse(const char *header, mn_media_type *out, mn_error *err)
{
    mn_media_type m = {.n = 0};
    const char *at = header, *end = header + strlen(header);
    at = skip_blanks(at, end);
    char *type = m.type;
    bool good = take_small(&at, end, type, sizeof m.type);
    size_t n = strlen(type);
    good = good && at < end && *at++ == '/' && n + 2 < sizeof m.type;
    if (good) {
        type[n] = '/';
        good = take_small(&at, end, type + n + 1, sizeof m.type - n - 1);
    }
    if (!good)
        return mn_fail(err, MN_E_INVALID, "the content type is not of the form type/subtype");
    mn_code code = read_parameters(at, end, &m, err);
    if (!code)
        *out = m;
    return code;
}

const char *mn_media_type_parameter(const mn_media_type *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->parameters[i].name, name) == 0)
            return m->parameters[i].value;
    return NULL;
}

bool mn_media_type_matches(const char *type, const char *pattern)
{
    return how_specific(pattern, strlen(pattern), type) > 0;
}

bool mn_media_type_compressible(const char *type)
{
    static const char *const types[] = {"application/json", "application/javascript", "application/xml",
                                        "application/yaml", "application/x-ndjson",   "image/svg+xml"};
    size_t n = strcspn(type, "; \t");
    if (n > 5 && strncasecmp(type, "text/", 5) == 0)
        return true;
    if (n > 5 && (strncasecmp(type + n - 5, "+json", 5) == 0))
        return true;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (mn_same_word(type, n, types[i]))
            return true;
    return false;
}
