#include "exchange/lines.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

void mn_lines_init(mn_lines *l, FILE *in, size_t max_bytes)
{
    *l = (mn_lines){.in = in};
    mn_buf_init(&l->line, max_bytes);
}

void mn_lines_finish(mn_lines *l)
{
    mn_buf_finish(&l->line);
}

static bool is_blank(const mn_buf *line)
{
    for (size_t i = 0; i < line->len; i++)
        if (line->data[i] != ' ' && line->data[i] != '\t' && line->data[i] != '\r')
            return false;
    return true;
}

static mn_code too_long(const mn_buf *line, mn_error *err)
{
    return mn_fail(err, MN_E_LIMIT, "the line is longer than %zu bytes (import.max_line)", line->max);
}

/* *ended: the file is at its end and this line is empty. */
static mn_code read_line(mn_lines *l, bool *ended, mn_error *err)
{
    mn_code code = MN_OK;
    int c;
    mn_buf_clear(&l->line);
    errno = 0;
    while ((c = getc(l->in)) != EOF && c != '\n') {
        uint8_t byte = (uint8_t)c;
        if (code == MN_OK)
            code = mn_buf_append(&l->line, &byte, 1, err);
    }
    if (ferror(l->in))
        return mn_fail_errno(err, errno ? errno : EIO, "cannot be read");
    *ended = c == EOF && code == MN_OK && l->line.len == 0;
    l->number += !*ended;
    return code == MN_E_LIMIT ? too_long(&l->line, err) : code;
}

mn_code mn_lines_next(mn_lines *l, mn_error *err)
{
    for (;;) {
        bool ended = false;
        mn_code code = read_line(l, &ended, err);
        if (code != MN_OK)
            return code;
        if (ended)
            return mn_fail(err, MN_E_NOT_FOUND, "there are no more lines");
        if (!is_blank(&l->line))
            return MN_OK;
    }
}

/* ---- in pieces ---- */

void mn_line_pieces_init(mn_line_pieces *l, size_t max_bytes)
{
    *l = (mn_line_pieces){0};
    mn_buf_init(&l->line, max_bytes);
}

void mn_line_pieces_finish(mn_line_pieces *l)
{
    mn_buf_finish(&l->line);
}

/* Up to the end of a line, or all. True: the line is whole. */
static mn_code add(mn_line_pieces *l, const char *bytes, size_t n, size_t *at, bool *whole, mn_error *err)
{
    const char *from = bytes + *at, *end = n > *at ? memchr(from, '\n', n - *at) : NULL;
    size_t length = end ? (size_t)(end - from) : n - *at;
    if (!l->begun) {
        mn_buf_clear(&l->line);
        l->begun = end || length > 0;
        l->number += l->begun;
        l->too_long = false;
    }
    *whole = end != NULL;
    *at += length + (end != NULL);
    mn_code code = l->too_long || length == 0 ? MN_OK : mn_buf_append(&l->line, from, length, err);
    l->too_long |= code == MN_E_LIMIT;
    return code == MN_E_LIMIT ? MN_OK : code;
}

mn_code mn_line_pieces_next(mn_line_pieces *l, const char *bytes, size_t n, bool last, size_t *at,
                            mn_error *err)
{
    for (;;) {
        bool whole = false;
        mn_code code = add(l, bytes, n, at, &whole, err);
        if (code != MN_OK)
            return code;
        if (!whole && !(last && l->begun))
            return mn_fail(err, MN_E_NOT_FOUND, "there are no more lines");
        l->begun = false;
        if (l->too_long)
            return too_long(&l->line, err);
        if (!is_blank(&l->line))
            return MN_OK;
    }
}
