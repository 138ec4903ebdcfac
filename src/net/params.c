#include "net/params.h"

#include "net/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The texts that came for one parameter, or the default as if it had come. */
typedef struct {
    const mn_param *param;
    const mn_settings *settings;
    const mn_param_raw *raw;
    size_t n_raw;
    mn_param_raw standard;
    size_t came, values;
} source;

static bool is_called(const mn_param *p, const mn_param_raw *r)
{
    if (p->in != r->in)
        return false;
    return p->in == MN_IN_HEADER ? strcasecmp(p->name, r->name) == 0 : strcmp(p->name, r->name) == 0;
}

/* A number as JSON writes it: no plus, no blanks, no hexadecimal, no infinity. */
static bool number_shaped(const char *s, bool whole)
{
    s += *s == '-';
    size_t digits = strspn(s, "0123456789");
    if (digits == 0 || (digits > 1 && *s == '0'))
        return false;
    s += digits;
    if (whole)
        return *s == '\0';
    if (*s == '.') {
        digits = strspn(s + 1, "0123456789");
        if (digits == 0)
            return false;
        s += 1 + digits;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        digits = strspn(s, "0123456789");
        if (digits == 0)
            return false;
        s += digits;
    }
    return *s == '\0';
}

/* What a setting allows less of: a default gives way. */
static const char *turn_to_most(const mn_schema *s, int64_t most, bool came, mn_param_one *one,
                                char room[MN_FAULT_WHAT])
{
    if (one->whole <= most)
        return NULL;
    if (!came) {
        one->whole = most;
        one->number = (double)most;
        return NULL;
    }
    snprintf(room, MN_FAULT_WHAT, "must be %" PRId64 " at most (setting %s), is %" PRId64, most,
             mn_schema_setting(s), one->whole);
    return room;
}

static const char *turn_number(const mn_schema *s, int64_t most, bool came, mn_param_one *one,
                               char room[MN_FAULT_WHAT])
{
    bool whole = !(s->types & MN_TYPE_NUMBER);
    /* 32 characters hold every number that is safe in JavaScript, and no number is written longer on purpose.
     */
    if (one->n > 32 || strlen(one->text) != one->n || !number_shaped(one->text, whole))
        return whole ? "must be a whole number" : "must be a number";
    one->number = strtod(one->text, NULL);
    if (whole && (one->n > 17 || fabs(one->number) > (double)MN_SAFE_INTEGER))
        return "must be between -9007199254740991 and 9007199254740991, as JavaScript has it";
    one->whole = whole ? strtoll(one->text, NULL, 10) : 0;
    const char *wrong = mn_schema_number_fault(s, one->number, room);
    return wrong ? wrong : turn_to_most(s, most, came, one, room);
}

/* NULL, or what is wrong with the text. */
static const char *turn(const source *from, mn_param_one *one, char room[MN_FAULT_WHAT])
{
    const mn_schema *s = from->param->schema;
    if (s->types & (MN_TYPE_INT | MN_TYPE_NUMBER))
        return turn_number(s, mn_schema_most(s, from->settings), from->came > 0, one, room);
    if (s->types & MN_TYPE_BOOL) {
        one->yes = strcmp(one->text, "true") == 0;
        return one->yes || strcmp(one->text, "false") == 0 ? NULL : "must be true or false";
    }
    if (!mn_is_utf8(one->text, one->n))
        return "must be UTF-8 without the character U+0000";
    return mn_schema_text_fault(s, one->text, one->n, room);
}

static mn_code take(const source *s, const char *text, size_t n, mn_arena *arena, mn_param_one *one,
                    mn_faults *faults, mn_error *err)
{
    const mn_param *p = s->param;
    char *copy = mn_arena_alloc(arena, n + 1);
    char room[MN_FAULT_WHAT];
    if (!copy)
        return mn_fail(err, MN_E_MEMORY, "no memory for the parameter %s", p->name);
    memcpy(copy, text, n);
    copy[n] = '\0';
    *one = (mn_param_one){.text = copy, .n = n};
    const char *wrong = turn(s, one, room);
    if (wrong)
        mn_faults_add(faults, p->name, "%s", wrong);
    return MN_OK;
}

/* How many values a text holds. */
static size_t pieces(const char *text, size_t n, bool commas)
{
    size_t count = 1;
    for (size_t i = 0; commas && i < n; i++)
        count += text[i] == ',';
    return count;
}

/* The values of one text, of which there are `count`, into v. */
static mn_code take_pieces(const source *s, const char *text, size_t n, size_t count, mn_arena *arena,
                           mn_param_one *v, mn_faults *faults, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; i < count && code == MN_OK; i++) {
        const char *comma = i + 1 < count ? memchr(text, ',', n) : NULL;
        size_t len = comma ? (size_t)(comma - text) : n;
        code = take(s, text, len, arena, &v[i], faults, err);
        text += len + (comma ? 1 : 0);
        n -= len + (comma ? 1 : 0);
    }
    return code;
}

static void look_for_twins(const mn_param *p, const mn_param_value *v, mn_faults *faults)
{
    for (size_t i = 1; p->unique && i < v->n; i++)
        for (size_t j = 0; j < i; j++)
            if (v->v[i].n == v->v[j].n && memcmp(v->v[i].text, v->v[j].text, v->v[i].n) == 0) {
                mn_faults_add(faults, p->name, "must not hold a value twice: %.64s", v->v[i].text);
                return;
            }
}

static source look_for(const mn_param *p, const mn_settings *settings, const mn_param_raw *raw, size_t n_raw)
{
    source s = {.param = p, .settings = settings, .raw = raw, .n_raw = n_raw};
    for (size_t i = 0; i < n_raw; i++)
        if (is_called(p, &raw[i])) {
            s.came++;
            s.values += pieces(raw[i].text, raw[i].n, p->commas);
        }
    if (s.came == 0 && p->fallback) {
        s.standard =
            (mn_param_raw){.in = p->in, .name = p->name, .text = p->fallback, .n = strlen(p->fallback)};
        s.raw = &s.standard;
        s.n_raw = 1;
        s.values = pieces(p->fallback, s.standard.n, p->many);
    }
    return s;
}

static mn_code take_all(const source *s, mn_arena *arena, mn_param_one *v, mn_faults *faults, mn_error *err)
{
    const mn_param *p = s->param;
    mn_code code = MN_OK;
    for (size_t i = 0; i < s->n_raw && code == MN_OK; i++) {
        const mn_param_raw *r = s->came > 0 ? &s->raw[i] : &s->standard;
        if (!is_called(p, r))
            continue;
        size_t count = pieces(r->text, r->n, s->came > 0 ? p->commas : p->many);
        code = take_pieces(s, r->text, r->n, count, arena, v, faults, err);
        v += count;
    }
    return code;
}

static mn_code read_one(const mn_param *p, const mn_settings *settings, const mn_param_raw *raw, size_t n_raw,
                        mn_arena *arena, mn_param_value *value, mn_faults *faults, mn_error *err)
{
    source s = look_for(p, settings, raw, n_raw);
    *value = (mn_param_value){.given = s.came > 0};
    if (s.values == 0) {
        if (p->required)
            mn_faults_add(faults, p->name, "is missing");
        return MN_OK;
    }
    if (p->many && s.values > p->max_many) {
        mn_faults_add(faults, p->name, "must have %zu values at most, has %zu", p->max_many, s.values);
        return MN_OK;
    }
    if (!p->many && s.came > 1) {
        mn_faults_add(faults, p->name, "must come once, came %zu times", s.came);
        return MN_OK;
    }
    mn_param_one *v = mn_arena_alloc(arena, s.values * sizeof *v);
    if (!v)
        return mn_fail(err, MN_E_MEMORY, "no memory for the parameter %s", p->name);
    mn_code code = take_all(&s, arena, v, faults, err);
    if (code != MN_OK)
        return code;
    value->v = v;
    value->n = s.values;
    look_for_twins(p, value, faults);
    return MN_OK;
}

static void refuse_unknown(const mn_param *params, size_t n_params, const mn_param_raw *r, mn_faults *faults)
{
    for (size_t i = 0; i < n_params; i++)
        if (is_called(&params[i], r))
            return;
    mn_faults_add(faults, r->name, "is not known here");
}

mn_code mn_params_read(const mn_param *params, size_t n_params, const mn_param_raw *raw, size_t n_raw,
                       const mn_settings *settings, mn_arena *arena, mn_param_value *values,
                       mn_faults *faults, mn_error *err)
{
    mn_fault one;
    mn_faults alone = {.v = &one, .max = 1};
    mn_faults *f = faults && faults->max > 0 ? faults : &alone;
    size_t before = f->n;
    if (before >= f->max)
        return mn_fail(err, MN_E_INVALID, "there are %zu faults already", before);
    for (size_t i = 0; i < n_raw; i++)
        if (raw[i].in == MN_IN_QUERY)
            refuse_unknown(params, n_params, &raw[i], f);
    for (size_t i = 0; i < n_params; i++) {
        mn_code code = read_one(&params[i], settings, raw, n_raw, arena, &values[i], f, err);
        if (code != MN_OK)
            return code;
    }
    if (f->n == before)
        return MN_OK;
    return mn_fail(err, MN_E_INVALID, "parameter %s %s", f->v[before].where, f->v[before].what);
}
