#include "net/multipart.h"
#include "net/text.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* State of one mn_multipart_parse. */
typedef struct {
    const uint8_t *at, *end;
    char mark[MN_BOUNDARY_MAX + 8]; /* "\r\n--boundary" */
    size_t mark_len;
    mn_arena *arena;
    size_t number; /* of the part, from 1 */
    mn_error *err;
} reader;

static bool is_boundary(const char *text)
{
    size_t n = strlen(text);
    return n > 0 && n <= MN_BOUNDARY_MAX && text[n - 1] != ' ' &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ") == n;
}

static mn_code malformed(const reader *r, const char *what)
{
    return mn_fail(r->err, MN_E_INVALID, "part %zu of the body: %s", r->number, what);
}

static mn_code no_memory(const reader *r)
{
    return mn_fail(r->err, MN_E_MEMORY, "out of memory");
}

/* Behind a boundary: blanks and the line's end, or "--" for the last one. */
static mn_code after_mark(reader *r, bool *last)
{
    *last = r->end - r->at >= 2 && r->at[0] == '-' && r->at[1] == '-';
    if (*last)
        return MN_OK;
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
    if (r->end - r->at < 2 || r->at[0] != '\r' || r->at[1] != '\n')
        return malformed(r, "no line ends after the boundary");
    r->at += 2;
    return MN_OK;
}

/* To behind the first boundary, which may stand at the very beginning. */
static mn_code find_first(reader *r, bool *last)
{
    size_t n = (size_t)(r->end - r->at);
    if (n >= r->mark_len - 2 && memcmp(r->at, r->mark + 2, r->mark_len - 2) == 0) {
        r->at += r->mark_len - 2;
        return after_mark(r, last);
    }
    const uint8_t *found = memmem(r->at, n, r->mark, r->mark_len);
    if (!found)
        return mn_fail(r->err, MN_E_INVALID, "the body has no boundary as its Content-Type names it");
    r->at = found + r->mark_len;
    return after_mark(r, last);
}

/* ---- a part's head ---------------------------------------------------------------------------------------
 */

static const char *keep(reader *r, const char *text, size_t n)
{
    char *copy = mn_arena_alloc(r->arena, n + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, n);
    copy[n] = 0;
    return copy;
}

static mn_code read_header(reader *r, const char *line, size_t n, mn_part_header *out)
{
    const char *colon = memchr(line, ':', n), *value = colon ? colon + 1 : NULL;
    size_t name_len = colon ? (size_t)(colon - line) : 0, value_len = colon ? n - name_len - 1 : 0;
    if (!mn_is_token(line, name_len))
        return malformed(r, "a line of its head is no header");
    mn_trim(&value, &value_len);
    if (!mn_is_field_value(value, value_len) || !mn_is_utf8(value, value_len))
        return malformed(r, "a header has a character that it must not have");
    *out = (mn_part_header){keep(r, line, name_len), keep(r, value, value_len)};
    return out->name && out->value ? MN_OK : no_memory(r);
}

static mn_code read_head(reader *r, mn_part *p)
{
    mn_part_header headers[MN_PART_HEADERS];
    size_t n = 0;
    const uint8_t *start = r->at;
    for (;;) {
        size_t left = (size_t)(r->end - r->at);
        const uint8_t *eol = memmem(r->at, left, "\r\n", 2);
        if ((size_t)((eol ? eol : r->end) - start) > MN_PART_HEAD_MAX)
            return mn_fail(r->err, MN_E_LIMIT, "part %zu of the body: its head is longer than %zu bytes",
                           r->number, MN_PART_HEAD_MAX);
        if (!eol)
            return malformed(r, "it ends within its head");
        const char *line = (const char *)r->at;
        size_t len = (size_t)(eol - r->at);
        r->at = eol + 2;
        if (!len)
            break;
        if (n == MN_PART_HEADERS)
            return mn_fail(r->err, MN_E_LIMIT, "part %zu of the body has more than %d headers", r->number,
                           MN_PART_HEADERS);
        mn_code code = read_header(r, line, len, &headers[n++]);
        if (code)
            return code;
    }
    mn_part_header *kept = mn_arena_calloc(r->arena, n + 1, sizeof *kept);
    if (!kept)
        return no_memory(r);
    memcpy(kept, headers, n * sizeof *kept);
    p->headers = kept;
    p->n_headers = n;
    return MN_OK;
}

const char *mn_part_header_value(const mn_part *p, const char *name)
{
    for (size_t i = 0; i < p->n_headers; i++)
        if (strcasecmp(p->headers[i].name, name) == 0)
            return p->headers[i].value;
    return NULL;
}

/* One parameter of Content-Disposition: name= or filename=; others are passed over. */
static mn_code read_parameter(reader *r, const char *item, size_t n, mn_part *p)
{
    const char *equals = memchr(item, '=', n);
    size_t name_len = equals ? (size_t)(equals - item) : n;
    bool is_name = mn_same_word(item, name_len, "name"), is_file = mn_same_word(item, name_len, "filename");
    if (!equals || (!is_name && !is_file))
        return MN_OK;
    const char **to = is_name ? &p->name : &p->file_name, *at = equals + 1, *end = item + n;
    char value[MN_PART_NAME_MAX + 1];
    if (*to)
        return malformed(r, "its Content-Disposition has a parameter twice");
    if (!mn_take_word(&at, end, value, sizeof value) || at != end)
        return malformed(r, "its name or file name is malformed, or longer than 256 bytes");
    *to = keep(r, value, strlen(value));
    return *to ? MN_OK : no_memory(r);
}

static mn_code read_disposition(reader *r, mn_part *p, bool form)
{
    const char *header = mn_part_header_value(p, "Content-Disposition"), *item;
    size_t n;
    if (form && !header)
        return malformed(r, "it has no Content-Disposition");
    const char *at = header, *end = header ? header + strlen(header) : NULL;
    if (header && !mn_next_item(&at, end, ';', &item, &n))
        return malformed(r, "its Content-Disposition is empty");
    if (form && !mn_same_word(item, n, "form-data"))
        return malformed(r, "its Content-Disposition must be form-data");
    while (header && mn_next_item(&at, end, ';', &item, &n)) {
        mn_code code = read_parameter(r, item, n, p);
        if (code)
            return code;
    }
    if (form && !p->name)
        return malformed(r, "it has no name");
    p->name = p->name ? p->name : "";
    return MN_OK;
}

/* ---- parts -----------------------------------------------------------------------------------------------
 */

static mn_code read_part(reader *r, const mn_multipart_limits *limits, mn_part *p)
{
    *p = (mn_part){.name = NULL};
    mn_code code = read_head(r, p);
    if (!code)
        code = read_disposition(r, p, limits->form);
    if (code)
        return code;
    const char *type = mn_part_header_value(p, "Content-Type");
    p->type = type ? type : "text/plain";
    /* The empty line's end may be the boundary's beginning: a part without bytes. */
    const uint8_t *from = r->at - 2, *mark = memmem(from, (size_t)(r->end - from), r->mark, r->mark_len);
    if (!mark)
        return malformed(r, "no boundary follows it: the body is cut");
    p->bytes = r->at;
    p->n = mark > r->at ? (size_t)(mark - r->at) : 0;
    if (p->n > limits->part_bytes)
        return mn_fail(r->err, MN_E_LIMIT, "part %zu of the body has more than %zu bytes", r->number,
                       limits->part_bytes);
    r->at = mark + r->mark_len;
    return MN_OK;
}

typedef struct chunk chunk;
struct chunk {
    chunk *next;
    mn_part part;
};

static mn_code flatten(reader *r, const chunk *first, size_t n, const mn_part **parts)
{
    mn_part *all = mn_arena_calloc(r->arena, n + 1, sizeof *all);
    if (!all)
        return no_memory(r);
    for (size_t i = 0; i < n && first; i++, first = first->next)
        all[i] = first->part;
    *parts = all;
    return MN_OK;
}

mn_code mn_multipart_parse(const char *boundary, const uint8_t *body, size_t n,
                           const mn_multipart_limits *limits, mn_arena *arena, const mn_part **parts,
                           size_t *n_parts, mn_error *err)
{
    reader r = {.at = body, .end = body + n, .arena = arena, .err = err};
    chunk *first = NULL, **to = &first;
    bool last = false;
    if (!boundary || !is_boundary(boundary))
        return mn_fail(err, MN_E_INVALID, "the Content-Type needs a boundary of 1 to %d characters",
                       MN_BOUNDARY_MAX);
    r.mark_len = (size_t)snprintf(r.mark, sizeof r.mark, "\r\n--%s", boundary);
    mn_code code = find_first(&r, &last);
    while (!code && !last) {
        if (r.number == limits->parts)
            return mn_fail(err, MN_E_LIMIT, "the body has more than %zu parts", limits->parts);
        chunk *c = mn_arena_calloc(arena, 1, sizeof *c);
        r.number++;
        code = c ? read_part(&r, limits, &c->part) : no_memory(&r);
        if (!code)
            code = after_mark(&r, &last);
        *to = c;
        if (c)
            to = &c->next;
    }
    if (!code)
        code = flatten(&r, first, r.number, parts);
    if (!code)
        *n_parts = r.number;
    return code;
}
