#include "exchange/lines.h"

#include <errno.h>
#include <stdbool.h>

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
    if (code == MN_E_LIMIT)
        return mn_fail(err, MN_E_LIMIT, "the line is longer than %zu bytes (import.max_line)", l->line.max);
    return code;
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
