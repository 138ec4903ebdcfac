/* Bounded buffer of bytes that grows up to a maximum fixed at birth.
 *
 * Every buffer that somebody outside can make grow is one of these. Appending past the maximum fails with
 * MN_E_LIMIT and leaves the content as it was. The content is always followed by a zero byte that does not
 * count. */
#ifndef MN_BASE_BUF_H
#define MN_BASE_BUF_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *data; /* owned; NULL while empty */
    size_t len, cap, max;
} mn_buf;

void mn_buf_init(mn_buf *b, size_t max_bytes);
void mn_buf_finish(mn_buf *b);
void mn_buf_clear(mn_buf *b);           /* keeps the memory */
void mn_buf_cut(mn_buf *b, size_t len); /* back to its first len bytes, len <= b->len */
mn_code mn_buf_append(mn_buf *b, const void *bytes, size_t n, mn_error *err);
mn_code mn_buf_printf(mn_buf *b, mn_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Room for n more bytes at *at; the caller writes them and calls mn_buf_commit(written). */
mn_code mn_buf_reserve(mn_buf *b, size_t n, uint8_t **at, mn_error *err);
void mn_buf_commit(mn_buf *b, size_t n);

#endif
