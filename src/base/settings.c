#include "base/settings.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/settings_internal.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX  ((size_t)1024 * 1024)
#define LINE_MAX_ 8192

static const mn_setting_info table[MN_S_COUNT] = {
#define S(id, name, type, def, range, unit, live, secret, text)                                              \
    {name, MN_SET_##type, live, secret, def, range, unit, text},
#include "base/settings.def"
#undef S
};

typedef struct {
    char *text, *origin; /* owned */
    union {
        bool flag;
        int64_t whole;
        double real;
    } as; /* by the setting's type */
} value;

struct mn_settings {
    atomic_uint refs;
    value values[MN_S_COUNT];
};

const mn_setting_info *mn_setting_describe(mn_setting which)
{
    return &table[which];
}

bool mn_setting_find(const char *name, mn_setting *which)
{
    for (unsigned i = 0; i < MN_S_COUNT; i++)
        if (strcmp(name, table[i].name) == 0) {
            *which = (mn_setting)i;
            return true;
        }
    return false;
}

void mn_setting_environment_name(mn_setting which, char name[MN_SETTING_ENVIRONMENT_NAME])
{
    snprintf(name, MN_SETTING_ENVIRONMENT_NAME, "MIEN_%s", table[which].name);
    for (char *p = name; *p; p++)
        *p = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
}

/* ---- one value
 * ---------------------------------------------------------------------------------------------- */

static bool parse_flag(const char *text, bool *flag)
{
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no", "off", "0"};
    for (unsigned i = 0; i < sizeof yes / sizeof *yes; i++)
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *flag = strcmp(text, yes[i]) == 0;
            return true;
        }
    return false;
}

/* Digits with a sign, to the end of the text or to `end`; without the blanks and prefixes that strtoll
 * allows. */
static bool parse_whole(const char *text, const char *end, int64_t *whole)
{
    char *stop;
    if (!isdigit((unsigned char)text[*text == '-']))
        return false;
    errno = 0;
    long long n = strtoll(text, &stop, 10);
    if (errno || stop != end)
        return false;
    *whole = n;
    return true;
}

/* Decimal notation with a point, whatever the locale; no hexadecimal, no infinity, no NaN. */
static bool parse_real(const char *text, const char *end, double *real)
{
    static const char allowed[] = "0123456789.eE+-";
    char copy[64], *stop;
    size_t n = (size_t)(end - text);
    if (n == 0 || n >= sizeof copy || strspn(text, allowed) < n)
        return false;
    memcpy(copy, text, n);
    copy[n] = 0;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c)
        return false;
    errno = 0;
    double parsed = strtod_l(copy, &stop, c);
    bool good = errno == 0 && *stop == 0;
    freelocale(c);
    if (good)
        *real = parsed;
    return good;
}

static bool whole_in_range(const char *range, int64_t n)
{
    int64_t low = 0, high = 0;
    const char *dots = strstr(range, "..");
    return parse_whole(range, dots, &low) && parse_whole(dots + 2, strchr(range, 0), &high) && n >= low &&
           n <= high;
}

static bool real_in_range(const char *range, double x)
{
    double low = 0, high = 0;
    const char *dots = strstr(range, "..");
    return parse_real(range, dots, &low) && parse_real(dots + 2, strchr(range, 0), &high) && x >= low &&
           x <= high;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t n = strlen(text);
    for (const char *p = choices; *p;) {
        size_t length = strcspn(p, "|");
        if (length == n && memcmp(p, text, n) == 0)
            return true;
        p += length + (p[length] == '|');
    }
    return false;
}

static bool parse_value(const mn_setting_info *info, const char *text, value *out)
{
    const char *end = strchr(text, 0);
    int64_t longest;
    switch (info->type) {
    case MN_SET_BOOL:
        return parse_flag(text, &out->as.flag);
    case MN_SET_INT:
        return parse_whole(text, end, &out->as.whole) && whole_in_range(info->range, out->as.whole);
    case MN_SET_REAL:
        return parse_real(text, end, &out->as.real) && real_in_range(info->range, out->as.real);
    case MN_SET_TEXT:
        return parse_whole(info->range, strchr(info->range, 0), &longest) && end - text <= longest;
    case MN_SET_CHOICE:
        return is_choice(info->range, text);
    }
    return false;
}

void mn_setting_allowed(mn_setting which, char text[MN_SETTING_ALLOWED])
{
    const mn_setting_info *info = &table[which];
    const char *unit = info->unit, *blank = *unit ? " " : "";
    switch (info->type) {
    case MN_SET_BOOL:
        snprintf(text, MN_SETTING_ALLOWED, "true or false");
        break;
    case MN_SET_INT:
        snprintf(text, MN_SETTING_ALLOWED, "a whole number in %s%s%s", info->range, blank, unit);
        break;
    case MN_SET_REAL:
        snprintf(text, MN_SETTING_ALLOWED, "a number in %s%s%s", info->range, blank, unit);
        break;
    case MN_SET_TEXT:
        snprintf(text, MN_SETTING_ALLOWED, "a text of at most %s bytes", info->range);
        break;
    case MN_SET_CHOICE:
        snprintf(text, MN_SETTING_ALLOWED, "one of %s", info->range);
        break;
    }
}

static mn_code refuse_value(const mn_setting_info *info, const char *text, const char *origin, mn_error *err)
{
    char allowed[MN_SETTING_ALLOWED], shown[96];
    mn_setting_allowed((mn_setting)(info - table), allowed);
    if (info->secret)
        snprintf(shown, sizeof shown, "the value (not shown)");
    else
        snprintf(shown, sizeof shown, "\"%.60s%s\"", text, strlen(text) > 60 ? "..." : "");
    return mn_fail(err, MN_E_INVALID, "%s: %s: %s is not %s", origin, info->name, shown, allowed);
}

static void value_finish(value *v)
{
    mn_free(v->text);
    mn_free(v->origin);
}

/* Flags are kept as true or false, everything else as it was written. */
static mn_code value_make(const mn_setting_info *info, const char *text, const char *origin, value *out,
                          mn_error *err)
{
    value v = {0};
    if (!parse_value(info, text, &v))
        return refuse_value(info, text, origin, err);
    if (info->type == MN_SET_BOOL)
        text = v.as.flag ? "true" : "false";
    v.text = mn_strdup(text);
    v.origin = mn_strdup(origin);
    if (!v.text || !v.origin) {
        value_finish(&v);
        return mn_fail(err, MN_E_MEMORY, "%s: %s: out of memory", origin, info->name);
    }
    *out = v;
    return MN_OK;
}

/* ---- all of them
 * -------------------------------------------------------------------------------------------- */

/* With the values of `from`, or the defaults where it is NULL. */
static mn_settings *settings_copy(const mn_settings *from)
{
    mn_settings *s = mn_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    atomic_init(&s->refs, 1);
    for (unsigned i = 0; i < MN_S_COUNT; i++) {
        const char *text = from ? from->values[i].text : table[i].def;
        const char *origin = from ? from->values[i].origin : "default";
        if (value_make(&table[i], text, origin, &s->values[i], NULL) != MN_OK) {
            mn_settings_destroy(s);
            return NULL;
        }
    }
    return s;
}

mn_settings *mn_settings_create(void)
{
    return settings_copy(NULL);
}

mn_settings *mn_settings_copy(const mn_settings *s)
{
    return settings_copy(s);
}

const mn_settings *mn_settings_ref(const mn_settings *s)
{
    atomic_fetch_add_explicit(&((mn_settings *)s)->refs, 1, memory_order_relaxed);
    return s;
}

void mn_settings_unref(const mn_settings *s)
{
    mn_settings_destroy((mn_settings *)s);
}

void mn_settings_destroy(mn_settings *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) > 1)
        return;
    for (unsigned i = 0; i < MN_S_COUNT; i++)
        value_finish(&s->values[i]);
    mn_free(s);
}

mn_code mn_settings_set(mn_settings *s, mn_setting which, const char *text, const char *origin, mn_error *err)
{
    value v;
    mn_code code = value_make(&table[which], text, origin, &v, err);
    if (code)
        return code;
    value_finish(&s->values[which]);
    s->values[which] = v;
    return MN_OK;
}

/* ---- sources
 * ------------------------------------------------------------------------------------------------ */

/* Takes a copy, lets `fill` set values in it, and keeps it only when all went well. */
static mn_code settings_change(mn_settings *s, mn_code (*fill)(mn_settings *s, void *arg, mn_error *err),
                               void *arg, mn_error *err)
{
    mn_settings *next = settings_copy(s);
    if (!next)
        return mn_fail(err, MN_E_MEMORY, "out of memory for the settings");
    mn_code code = fill(next, arg, err);
    if (!code) {
        value before[MN_S_COUNT];
        memcpy(before, s->values, sizeof before);
        memcpy(s->values, next->values, sizeof before);
        memcpy(next->values, before, sizeof before);
    }
    mn_settings_destroy(next);
    return code;
}

static char *skip_blanks(char *p)
{
    return p + strspn(p, " \t\r");
}

static void trim_end(char *text)
{
    size_t n = strlen(text);
    while (n && strchr(" \t\r", text[n - 1]))
        text[--n] = 0;
}

/* A bare value goes to the end of the line, or to a # after a blank (a path may have one inside). */
static void cut_comment(char *text)
{
    for (char *p = text; *p; p++)
        if (*p == '#' && (p == text || p[-1] == ' ' || p[-1] == '\t')) {
            *p = 0;
            break;
        }
    trim_end(text);
}

/* "a \"quoted\" value" in place; \" and \\ are the only escapes. NULL where it is not well formed. */
static char *unquote(char *text)
{
    char *from = text + 1, *to = text;
    while (*from && *from != '"') {
        if (*from == '\\' && (from[1] == '"' || from[1] == '\\'))
            from++;
        *to++ = *from++;
    }
    if (*from != '"')
        return NULL;
    char *rest = skip_blanks(from + 1);
    if (*rest && *rest != '#')
        return NULL;
    *to = 0;
    return text;
}

static mn_code read_line(mn_settings *s, char *line, const char *origin, mn_error *err)
{
    char *name = skip_blanks(line);
    if (!*name || *name == '#')
        return MN_OK;
    char *equals = strchr(name, '=');
    if (!equals)
        return mn_fail(err, MN_E_INVALID, "%s: a line is `name = value`, and this one has no =", origin);
    *equals = 0;
    trim_end(name);
    mn_setting which;
    if (!mn_setting_find(name, &which))
        return mn_fail(err, MN_E_INVALID, "%s: there is no setting \"%.60s\"; `mien settings` lists them",
                       origin, name);
    char *text = skip_blanks(equals + 1);
    if (*text == '"')
        text = unquote(text);
    else
        cut_comment(text);
    if (!text)
        return mn_fail(err, MN_E_INVALID, "%s: %s: the value's double quotes do not match", origin, name);
    return mn_settings_set(s, which, text, origin, err);
}

typedef struct {
    const char *text;
    size_t n;
    const char *origin;
} source;

static mn_code read_lines(mn_settings *s, void *arg, mn_error *err)
{
    const source *src = arg;
    const char *p = src->text, *end = p + src->n;
    for (unsigned long number = 1; p < end; number++) {
        char line[LINE_MAX_], origin[512];
        snprintf(origin, sizeof origin, "%.480s:%lu", src->origin, number);
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((stop ? stop : end) - p);
        if (n >= sizeof line)
            return mn_fail(err, MN_E_LIMIT, "%s: the line has %zu bytes; %zu is the most", origin, n,
                           sizeof line - 1);
        if (memchr(p, 0, n))
            return mn_fail(err, MN_E_INVALID, "%s: a zero byte: this is not a text file", origin);
        memcpy(line, p, n);
        line[n] = 0;
        mn_code code = read_line(s, line, origin, err);
        if (code)
            return code;
        p += n + (stop != NULL);
    }
    return MN_OK;
}

mn_code mn_settings_read_text(mn_settings *s, const char *text, size_t n, const char *origin, mn_error *err)
{
    source src = {text, n, origin};
    return n ? settings_change(s, read_lines, &src, err) : MN_OK;
}

mn_code mn_settings_read_file(mn_settings *s, const char *path, mn_error *err)
{
    mn_buf text;
    mn_buf_init(&text, FILE_MAX);
    mn_code code = mn_file_read(path, &text, err);
    if (!code)
        code = mn_settings_read_text(s, (const char *)text.data, text.len, path, err);
    mn_buf_finish(&text);
    return code;
}

static mn_code read_variables(mn_settings *s, void *arg, mn_error *err)
{
    (void)arg;
    for (unsigned i = 0; i < MN_S_COUNT; i++) {
        char name[MN_SETTING_ENVIRONMENT_NAME], origin[MN_SETTING_ENVIRONMENT_NAME + 16];
        mn_setting_environment_name((mn_setting)i, name);
        const char *text = getenv(name);
        if (!text || !*text)
            continue;
        snprintf(origin, sizeof origin, "environment %s", name);
        mn_code code = mn_settings_set(s, (mn_setting)i, text, origin, err);
        if (code)
            return code;
    }
    return MN_OK;
}

mn_code mn_settings_read_environment(mn_settings *s, mn_error *err)
{
    return settings_change(s, read_variables, NULL, err);
}

/* ---- reading
 * ------------------------------------------------------------------------------------------------ */

static const value *value_of(const mn_settings *s, mn_setting which, mn_setting_type type)
{
    assert(table[which].type == type);
    (void)type;
    return &s->values[which];
}

bool mn_settings_bool(const mn_settings *s, mn_setting which)
{
    return value_of(s, which, MN_SET_BOOL)->as.flag;
}

int64_t mn_settings_int(const mn_settings *s, mn_setting which)
{
    return value_of(s, which, MN_SET_INT)->as.whole;
}

double mn_settings_real(const mn_settings *s, mn_setting which)
{
    return value_of(s, which, MN_SET_REAL)->as.real;
}

const char *mn_settings_text(const mn_settings *s, mn_setting which)
{
    return s->values[which].text;
}

const char *mn_settings_origin(const mn_settings *s, mn_setting which)
{
    return s->values[which].origin;
}
