/* Lines of a text of any length, each bounded: one that is too long is passed over, and those after it are
 * read. One thread. */
#ifndef MN_EXCHANGE_LINES_H
#define MN_EXCHANGE_LINES_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct {
    FILE *in; /* the caller's */
    mn_buf line;
    uint64_t number; /* of the line read last, from 1 on */
} mn_lines;

void mn_lines_init(mn_lines *l, FILE *in, size_t max_bytes);
void mn_lines_finish(mn_lines *l);
/* The next line that is not blank, without its end, in l->line. MN_E_NOT_FOUND at the end; MN_E_LIMIT for one
 * that is too long, and MN_E_IO. After MN_E_LIMIT the next call goes on with the next line. */
mn_code mn_lines_next(mn_lines *l, mn_error *err);

/* The same of bytes as they come, in pieces that end anywhere. */
typedef struct {
    mn_buf line;
    uint64_t number;
    bool begun, too_long; /* the line at hand: some of it is there; too much of it */
} mn_line_pieces;

void mn_line_pieces_init(mn_line_pieces *l, size_t max_bytes);
void mn_line_pieces_finish(mn_line_pieces *l);
/* Takes bytes[*at … n - 1] up to the end of the next line that is not blank, which then is in l->line;
 * `last`: nothing comes behind them. MN_E_NOT_FOUND: there is no whole line in what is left, all of which was
 * taken; MN_E_LIMIT: for one that was too long, and the next call goes on with the next line. MN_E_MEMORY. */
mn_code mn_line_pieces_next(mn_line_pieces *l, const char *bytes, size_t n, bool last, size_t *at,
                            mn_error *err);

#endif
