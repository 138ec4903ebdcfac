#include "net/schema.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The way from the whole to the value looked at; becomes a JSON pointer only where there is a fault. */
typedef struct step {
    const struct step *up;
    const char *key; /* NULL: an entry of an array */
    size_t index;
} step;

typedef struct {
    const mn_settings *settings;
    mn_faults *faults;
    bool full, memory;
} look;

/* ---- saying what is wrong ---- */

/* Cuts a half character off the end: n bytes of what was valid UTF-8 before it was cut. */
static size_t whole_characters(const char *s, size_t n)
{
    size_t back = 0;
    while (back < n && back < 4 && ((unsigned char)s[n - 1 - back] & 0xc0) == 0x80)
        back++;
    if (back >= n)
        return n;
    unsigned char lead = (unsigned char)s[n - 1 - back];
    size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return need > back + 1 ? n - 1 - back : n;
}

static void append(char *to, size_t size, size_t *n, const char *bytes, size_t len)
{
    size_t room = size - 1 - *n;
    if (len > room)
        len = whole_characters(bytes, room);
    memcpy(to + *n, bytes, len);
    *n += len;
    to[*n] = '\0';
}

static void append_key(char *to, size_t size, size_t *n, const char *key)
{
    append(to, size, n, "/", 1);
    for (; *key; key++) {
        size_t run = strcspn(key, "~/");
        append(to, size, n, key, run);
        key += run;
        if (!*key)
            break;
        append(to, size, n, *key == '~' ? "~0" : "~1", 2);
    }
}

static void pointer(const step *at, char *to, size_t size, size_t *n)
{
    if (!at)
        return;
    pointer(at->up, to, size, n);
    if (at->key) {
        append_key(to, size, n, at->key);
    } else {
        char number[24];
        int len = snprintf(number, sizeof number, "/%zu", at->index);
        append(to, size, n, number, (size_t)len);
    }
}

static bool add(mn_faults *f, bool named, const char *where, const char *format, va_list args)
{
    if (f->n >= f->max)
        return false;
    mn_fault *fault = &f->v[f->n++];
    size_t n = 0;
    fault->named = named;
    fault->code = MN_E_INVALID;
    append(fault->where, sizeof fault->where, &n, where, strlen(where));
    int len = vsnprintf(fault->what, sizeof fault->what, format, args);
    if (len >= (int)sizeof fault->what)
        fault->what[whole_characters(fault->what, sizeof fault->what - 1)] = '\0';
    return f->n < f->max;
}

bool mn_faults_add(mn_faults *f, const char *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool more = add(f, true, where, format, args);
    va_end(args);
    return more;
}

static void fault(look *l, const step *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void fault(look *l, const step *at, const char *format, ...)
{
    char where[MN_FAULT_WHERE] = "";
    size_t n = 0;
    pointer(at, where, sizeof where, &n);
    va_list args;
    va_start(args, format);
    l->full = !add(l->faults, false, where, format, args);
    va_end(args);
}

/* ---- what a setting allows ---- */

int64_t mn_schema_most(const mn_schema *s, const mn_settings *settings)
{
    return s->setting > 0 && settings ? mn_settings_int(settings, (mn_setting)(s->setting - 1)) : INT64_MAX;
}

const char *mn_schema_setting(const mn_schema *s)
{
    return mn_setting_describe((mn_setting)(s->setting - 1))->name;
}

/* Adds a fault where a number, or a number of entries, is more than that. */
static bool too_much(look *l, const mn_schema *s, int64_t n, bool entries, const step *at)
{
    int64_t most = mn_schema_most(s, l->settings);
    if (n <= most)
        return false;
    fault(l, at, "must %s %" PRId64 "%s at most (setting %s), %s %" PRId64, entries ? "have" : "be", most,
          entries ? " entries" : "", mn_schema_setting(s), entries ? "has" : "is", n);
    l->faults->v[l->faults->n - 1].code = MN_E_LIMIT;
    return true;
}

/* ---- what a value is ---- */

static unsigned type_of(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_NULL:
        return MN_TYPE_NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        return MN_TYPE_BOOL;
    case JSON_INTEGER:
        return MN_TYPE_INT | MN_TYPE_NUMBER;
    case JSON_REAL:
        return MN_TYPE_NUMBER;
    case JSON_STRING:
        return MN_TYPE_STRING;
    case JSON_ARRAY:
        return MN_TYPE_ARRAY;
    default:
        return MN_TYPE_OBJECT;
    }
}

static const char *type_words(unsigned types, char room[MN_FAULT_WHAT])
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = {{MN_TYPE_STRING, "a text"},      {MN_TYPE_NUMBER, "a number"},
                 {MN_TYPE_INT, "a whole number"}, {MN_TYPE_BOOL, "true or false"},
                 {MN_TYPE_ARRAY, "an array"},     {MN_TYPE_OBJECT, "an object"},
                 {MN_TYPE_NULL, "null"}};
    size_t n = 0;
    room[0] = '\0';
    if (types & MN_TYPE_NUMBER)
        types &= ~(unsigned)MN_TYPE_INT;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (types & words[i].bit) {
            if (n > 0)
                append(room, MN_FAULT_WHAT, &n, " or ", 4);
            append(room, MN_FAULT_WHAT, &n, words[i].word, strlen(words[i].word));
        }
    return room;
}

static const char *came(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_NULL:
        return "null";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_INTEGER:
        return "a whole number";
    case JSON_REAL:
        return "a number with a point or exponent";
    case JSON_STRING:
        return "a text";
    case JSON_ARRAY:
        return "an array";
    default:
        return "an object";
    }
}

static size_t code_points(const char *s, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)s[i] & 0xc0) != 0x80;
    return count;
}

static int compare_word(const char *a, size_t n, const char *word)
{
    size_t len = strlen(word);
    int order = memcmp(a, word, n < len ? n : len);
    return order ? order : (n > len) - (n < len);
}

static bool one_of(const mn_schema *s, const char *text, size_t n)
{
    for (size_t low = 0, high = s->n_choices; low < high;) {
        size_t mid = (low + high) / 2;
        int order = compare_word(text, n, s->choices[mid]);
        if (order == 0)
            return true;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return false;
}

static const char *choice_words(const mn_schema *s, char room[MN_FAULT_WHAT])
{
    static const char head[] = "must be one of ";
    size_t n = 0;
    append(room, MN_FAULT_WHAT, &n, head, sizeof head - 1);
    for (size_t i = 0; i < s->n_choices; i++) {
        append(room, MN_FAULT_WHAT, &n, ", ", i > 0 ? 2 : 0);
        append(room, MN_FAULT_WHAT, &n, s->choices[i], strlen(s->choices[i]));
    }
    return room;
}

const char *mn_schema_text_fault(const mn_schema *s, const char *text, size_t n, char room[MN_FAULT_WHAT])
{
    size_t length = code_points(text, n);
    if (s->choices)
        return one_of(s, text, n) ? NULL : choice_words(s, room);
    if (length < s->min_length)
        snprintf(room, MN_FAULT_WHAT, "must have %zu characters at least, has %zu", s->min_length, length);
    else if (length > s->max_length)
        snprintf(room, MN_FAULT_WHAT, "must have %zu characters at most, has %zu", s->max_length, length);
    else if (!mn_form_fits(s->format, text, n))
        snprintf(room, MN_FAULT_WHAT, "must be %s", mn_form_text(s->format));
    else
        return NULL;
    return room;
}

const char *mn_schema_number_fault(const mn_schema *s, double number, char room[MN_FAULT_WHAT])
{
    if (number >= s->least && number <= s->most)
        return NULL;
    if (isinf(s->most))
        snprintf(room, MN_FAULT_WHAT, "must be %.17g or more", s->least);
    else if (isinf(s->least))
        snprintf(room, MN_FAULT_WHAT, "must be %.17g or less", s->most);
    else
        snprintf(room, MN_FAULT_WHAT, "must be between %.16g and %.16g", s->least, s->most);
    return room;
}

/* ---- looking ---- */

static void look_at(look *l, const mn_schema *s, const json_t *v, const step *at);

static int compare_texts(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    size_t n = json_string_length(*x), m = json_string_length(*y);
    int order = memcmp(json_string_value(*x), json_string_value(*y), n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

/* Entries of arrays whose entries must differ are texts: tools/api refuses others. */
static void look_for_twins(look *l, const json_t *array, const step *at)
{
    size_t n = json_array_size(array), texts = 0;
    const json_t **sorted = mn_alloc(n * sizeof *sorted);
    if (!sorted) {
        l->memory = l->full = true;
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (json_is_string(json_array_get(array, i)))
            sorted[texts++] = json_array_get(array, i);
    qsort(sorted, texts, sizeof *sorted, compare_texts);
    for (size_t i = 1; i < texts; i++)
        if (compare_texts(&sorted[i - 1], &sorted[i]) == 0) {
            fault(l, at, "must not hold an entry twice: %.64s", json_string_value(sorted[i]));
            break;
        }
    mn_free(sorted);
}

static void look_at_array(look *l, const mn_schema *s, const json_t *v, const step *at)
{
    size_t n = json_array_size(v);
    if (n < s->min_items) {
        fault(l, at, "must have %zu entries at least, has %zu", s->min_items, n);
        return;
    }
    if (n > s->max_items) {
        fault(l, at, "must have %zu entries at most, has %zu", s->max_items, n);
        return;
    }
    if (too_much(l, s, (int64_t)n, true, at))
        return;
    for (size_t i = 0; i < n && s->items && !l->full; i++)
        look_at(l, s->items, json_array_get(v, i), &(step){.up = at, .index = i});
    if (s->unique && n > 1 && !l->full)
        look_for_twins(l, v, at);
}

static const mn_schema_field *find_field(const mn_schema *s, const char *name)
{
    for (size_t low = 0, high = s->n_fields; low < high;) {
        size_t mid = (low + high) / 2;
        int order = strcmp(name, s->fields[mid].name);
        if (order == 0)
            return &s->fields[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

static void look_at_further(look *l, const mn_schema *s, const char *name, const json_t *v, const step *at)
{
    char room[MN_FAULT_WHAT];
    const char *wrong = s->names ? mn_schema_text_fault(s->names, name, strlen(name), room) : NULL;
    if (!s->rest)
        fault(l, at, "is not known here");
    else if (wrong)
        fault(l, at, "the field's name %s", wrong);
    else
        look_at(l, s->rest, v, at);
}

static void look_at_object(look *l, const mn_schema *s, const json_t *v, const step *at)
{
    size_t n = json_object_size(v);
    if (n > s->max_fields) {
        fault(l, at, "must have %zu fields at most, has %zu", s->max_fields, n);
        return;
    }
    for (size_t i = 0; i < s->n_fields && !l->full; i++)
        if (s->fields[i].required && !json_object_get(v, s->fields[i].name))
            fault(l, &(step){.up = at, .key = s->fields[i].name}, "is missing");
    if (n < s->min_fields && !l->full)
        fault(l, at, "must have %zu fields at least, has %zu", s->min_fields, n);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)v, name, value)
    {
        if (l->full)
            return;
        const mn_schema_field *f = find_field(s, name);
        const step here = {.up = at, .key = name};
        if (f)
            look_at(l, f->schema, value, &here);
        else
            look_at_further(l, s, name, value, &here);
    }
}

static const mn_schema *find_case(const mn_schema *s, const json_t *v)
{
    const char *tag = json_string_value(json_object_get(v, s->tag));
    for (size_t i = 0; tag && i < s->n_cases; i++)
        if (strcmp(s->cases[i].tag, tag) == 0)
            return s->cases[i].schema;
    return NULL;
}

static void look_at_cases(look *l, const mn_schema *s, const json_t *v, const step *at)
{
    const mn_schema *found = find_case(s, v);
    if (found) {
        look_at(l, found, v, at);
        return;
    }
    char room[MN_FAULT_WHAT] = "";
    size_t n = 0;
    for (size_t i = 0; i < s->n_cases; i++) {
        append(room, sizeof room, &n, ", ", i > 0 ? 2 : 0);
        append(room, sizeof room, &n, s->cases[i].tag, strlen(s->cases[i].tag));
    }
    fault(l, &(step){.up = at, .key = s->tag}, "must be one of %s", room);
}

static void look_at_number(look *l, const mn_schema *s, const json_t *v, const step *at)
{
    char room[MN_FAULT_WHAT];
    bool whole = json_is_integer(v);
    const char *wrong = NULL;
    if (whole && (json_integer_value(v) > MN_SAFE_INTEGER || json_integer_value(v) < -MN_SAFE_INTEGER))
        wrong = "must be between -9007199254740991 and 9007199254740991, as JavaScript has it";
    if (!wrong)
        wrong = mn_schema_number_fault(s, json_number_value(v), room);
    if (wrong && whole)
        fault(l, at, "%s, is %" JSON_INTEGER_FORMAT, wrong, json_integer_value(v));
    else if (wrong)
        fault(l, at, "%s, is %.16g", wrong, json_real_value(v));
    else if (whole)
        too_much(l, s, json_integer_value(v), false, at);
}

static void look_at(look *l, const mn_schema *s, const json_t *v, const step *at)
{
    if (s->types == 0)
        return;
    if ((type_of(v) & s->types) == 0) {
        char room[MN_FAULT_WHAT];
        fault(l, at, "must be %s, is %s", type_words(s->types, room), came(v));
    } else if (s->tag && json_is_object(v)) {
        look_at_cases(l, s, v, at);
    } else if (json_is_object(v)) {
        look_at_object(l, s, v, at);
    } else if (json_is_array(v)) {
        look_at_array(l, s, v, at);
    } else if (json_is_string(v)) {
        char room[MN_FAULT_WHAT];
        const char *wrong = mn_schema_text_fault(s, json_string_value(v), json_string_length(v), room);
        if (wrong)
            fault(l, at, "%s", wrong);
    } else if (json_is_number(v)) {
        look_at_number(l, s, v, at);
    }
}

mn_code mn_schema_check(const mn_schema *s, const json_t *value, const mn_settings *settings,
                        mn_faults *faults, mn_error *err)
{
    mn_fault one;
    mn_faults alone = {.v = &one, .max = 1};
    look l = {.settings = settings, .faults = faults && faults->max > 0 ? faults : &alone};
    size_t before = l.faults->n;
    if (before >= l.faults->max)
        return mn_fail(err, MN_E_INVALID, "there are %zu faults already", before);
    look_at(&l, s, value, NULL);
    if (l.memory)
        return mn_fail(err, MN_E_MEMORY, "no memory to check the document");
    if (l.faults->n == before)
        return MN_OK;
    const mn_fault *first = &l.faults->v[before];
    return mn_fail(err, first->code, "%s %s", first->where[0] ? first->where : "the document", first->what);
}

/* ---- defaults ---- */

/* The default of a field, as far as its setting allows. NULL: no memory. */
static json_t *standard(const mn_schema_field *f, const mn_settings *settings)
{
    json_t *value = json_loads(f->fallback, JSON_DECODE_ANY, NULL);
    int64_t most = mn_schema_most(f->schema, settings);
    if (json_is_integer(value) && json_integer_value(value) > most)
        json_integer_set(value, most);
    return value;
}

static mn_code complete_object(const mn_schema *s, json_t *object, const mn_settings *settings, mn_error *err)
{
    for (size_t i = 0; i < s->n_fields; i++) {
        const mn_schema_field *f = &s->fields[i];
        json_t *value = json_object_get(object, f->name);
        if (!value && f->fallback) {
            if (json_object_set_new(object, f->name, standard(f, settings)) != 0)
                return mn_fail(err, MN_E_MEMORY, "no memory for the document");
        } else if (value) {
            mn_code code = mn_schema_complete(f->schema, value, settings, err);
            if (code != MN_OK)
                return code;
        }
    }
    return MN_OK;
}

mn_code mn_schema_complete(const mn_schema *s, json_t *value, const mn_settings *settings, mn_error *err)
{
    if (json_is_array(value) && s->items) {
        mn_code code = MN_OK;
        for (size_t i = 0; i < json_array_size(value) && code == MN_OK; i++)
            code = mn_schema_complete(s->items, json_array_get(value, i), settings, err);
        return code;
    }
    if (!json_is_object(value))
        return MN_OK;
    const mn_schema *found = s->tag ? find_case(s, value) : s;
    return found ? complete_object(found, value, settings, err) : MN_OK;
}
