/* jansson's own writer calls back for each piece of each text, decodes all UTF-8 again (a json_t has none
 * that is wrong) and looks for circles: that was a fifth of what a small answer took. The bytes are the same.
 */
#include "net/json.h"
#include "net/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FIRST     ((size_t)1024) /* of the buffer: enough for most answers */
#define DEPTH_MAX 64
#define REAL_TEXT 64

/* The letter behind the backslash, 'u' for a code, or 0 where the byte stands for itself. */
static char escape_of(unsigned char c)
{
    static const char letters[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (c == '"' || c == '\\')
        return (char)c;
    if (c >= 0x20)
        return 0;
    return c < sizeof letters && letters[c] ? letters[c] : 'u';
}

static mn_code write_escape(unsigned char c, mn_buf *out, mn_error *err)
{
    const char letter = escape_of(c), text[] = {'\\', letter};
    return letter == 'u' ? mn_buf_printf(out, err, "\\u%04X", c) : mn_buf_append(out, text, 2, err);
}

static mn_code write_text(const char *s, size_t n, mn_buf *out, mn_error *err)
{
    size_t from = 0;
    mn_code code = mn_buf_append(out, "\"", 1, err);
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        if (!escape_of((unsigned char)s[i]))
            continue;
        code = mn_buf_append(out, s + from, i - from, err);
        if (code == MN_OK)
            code = write_escape((unsigned char)s[i], out, err);
        from = i + 1;
    }
    if (code == MN_OK)
        code = mn_buf_append(out, s + from, n - from, err);
    return code == MN_OK ? mn_buf_append(out, "\"", 1, err) : code;
}

static mn_code write_number(const json_t *v, mn_buf *out, mn_error *err)
{
    char text[REAL_TEXT];
    if (json_is_integer(v))
        return mn_buf_printf(out, err, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    size_t n = json_dumpb(v, text, sizeof text, JSON_COMPACT | JSON_ENCODE_ANY);
    if (n == 0 || n > sizeof text)
        return mn_fail(err, MN_E_INTERNAL, "a number cannot be written");
    return mn_buf_append(out, text, n, err);
}

static mn_code write_value(const json_t *v, unsigned depth, mn_buf *out, mn_error *err);

static mn_code write_object(const json_t *v, unsigned depth, mn_buf *out, mn_error *err)
{
    json_t *o = (json_t *)(uintptr_t)v; /* jansson's iterators want it so, and change nothing */
    mn_code code = mn_buf_append(out, "{", 1, err);
    for (void *i = json_object_iter(o); code == MN_OK && i; i = json_object_iter_next(o, i)) {
        code = write_text(json_object_iter_key(i), json_object_iter_key_len(i), out, err);
        if (code == MN_OK)
            code = mn_buf_append(out, ":", 1, err);
        if (code == MN_OK)
            code = write_value(json_object_iter_value(i), depth + 1, out, err);
        if (code == MN_OK && json_object_iter_next(o, i))
            code = mn_buf_append(out, ",", 1, err);
    }
    return code == MN_OK ? mn_buf_append(out, "}", 1, err) : code;
}

static mn_code write_array(const json_t *v, unsigned depth, mn_buf *out, mn_error *err)
{
    size_t n = json_array_size(v);
    mn_code code = mn_buf_append(out, "[", 1, err);
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        if (i > 0)
            code = mn_buf_append(out, ",", 1, err);
        if (code == MN_OK)
            code = write_value(json_array_get(v, i), depth + 1, out, err);
    }
    return code == MN_OK ? mn_buf_append(out, "]", 1, err) : code;
}

static mn_code write_value(const json_t *v, unsigned depth, mn_buf *out, mn_error *err)
{
    if (depth > DEPTH_MAX)
        return mn_fail(err, MN_E_INTERNAL, "JSON is nested deeper than %d levels", DEPTH_MAX);
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return write_object(v, depth, out, err);
    case JSON_ARRAY:
        return write_array(v, depth, out, err);
    case JSON_STRING:
        return write_text(json_string_value(v), json_string_length(v), out, err);
    case JSON_INTEGER:
    case JSON_REAL:
        return write_number(v, out, err);
    case JSON_TRUE:
        return mn_buf_append(out, "true", 4, err);
    case JSON_FALSE:
        return mn_buf_append(out, "false", 5, err);
    default:
        return mn_buf_append(out, "null", 4, err);
    }
}

mn_code mn_json_write(const json_t *value, mn_buf *out, mn_error *err)
{
    uint8_t *at;
    if (!value)
        return mn_fail(err, MN_E_MEMORY, "no memory for the JSON");
    mn_code code =
        out->max - out->len >= FIRST && out->len == 0 ? mn_buf_reserve(out, FIRST - 1, &at, err) : MN_OK;
    return code == MN_OK ? write_value(value, 0, out, err) : code;
}

/* ---- without a tree ---- */

/* Comma and name, with room for n bytes more at *at, which finish_value counts. NULL: it failed. */
static uint8_t *begin_value(mn_json_out *o, const char *name, size_t n)
{
    size_t len = name ? strlen(name) : 0;
    uint8_t *at = NULL;
    if (o->code == MN_OK)
        o->code = mn_buf_reserve(o->out, o->more + (name ? len + 3 : 0) + n, &at, NULL);
    if (o->code != MN_OK)
        return NULL;
    if (o->more)
        *at++ = ',';
    o->more = true;
    if (name) {
        *at++ = '"';
        at = mempcpy(at, name, len);
        *at++ = '"';
        *at++ = ':';
    }
    return at;
}

static void finish_value(mn_json_out *o, const uint8_t *end)
{
    mn_buf_commit(o->out, (size_t)(end - (o->out->data + o->out->len)));
}

static void put_word(mn_json_out *o, const char *name, const char *word, size_t n)
{
    uint8_t *at = begin_value(o, name, n);
    if (at)
        finish_value(o, mempcpy(at, word, n));
}

/* Nothing but ASCII that stands for itself: most texts are so. */
static bool is_plain(const char *text, size_t n)
{
    unsigned odd = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned c = (unsigned char)text[i];
        odd |= (c < 0x20) | (c > 0x7f) | (c == '"') | (c == '\\');
    }
    return !odd;
}

void mn_json_begin(mn_json_out *o, const char *name, char bracket)
{
    put_word(o, name, &bracket, 1);
    o->more = false;
}

void mn_json_end(mn_json_out *o, char bracket)
{
    o->more = false; /* no comma */
    put_word(o, NULL, &bracket, 1);
}

static void put_quoted(mn_json_out *o, const char *name, const char *text, size_t n)
{
    uint8_t *at = begin_value(o, name, n + 2);
    if (!at)
        return;
    *at++ = '"';
    at = mempcpy(at, text, n);
    *at++ = '"';
    finish_value(o, at);
}

void mn_json_put_text(mn_json_out *o, const char *name, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (!text)
        put_word(o, name, "null", 4);
    else if (is_plain(text, n))
        put_quoted(o, name, text, n);
    else {
        put_word(o, name, "", 0);
        if (o->code == MN_OK)
            o->code = mn_is_utf8(text, n) ? write_text(text, n, o->out, NULL) : MN_E_CORRUPT;
    }
}

void mn_json_put_bool(mn_json_out *o, const char *name, bool value)
{
    put_word(o, name, value ? "true" : "false", value ? 4 : 5);
}

void mn_json_put_real(mn_json_out *o, const char *name, double value)
{
    json_t *number = isfinite(value) ? json_real(value) : json_null();
    mn_json_put(o, name, number);
    json_decref(number);
}

void mn_json_put(mn_json_out *o, const char *name, const json_t *value)
{
    put_word(o, name, "", 0);
    if (o->code == MN_OK)
        o->code = value ? write_value(value, 1, o->out, NULL) : MN_E_MEMORY;
}
