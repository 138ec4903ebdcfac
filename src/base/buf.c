#include "base/buf.h"
#include "base/alloc.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY 64

void mn_buf_init(mn_buf *b, size_t max_bytes)
{
    /* Half the address space is as good as no limit, and then no sum below overflows. */
    size_t most = SIZE_MAX / 2 - 1;
    *b = (mn_buf){.max = max_bytes < most ? max_bytes : most};
}

void mn_buf_finish(mn_buf *b)
{
    mn_free(b->data);
    *b = (mn_buf){0};
}

void mn_buf_cut(mn_buf *b, size_t len)
{
    assert(len <= b->len);
    b->len = len;
    if (b->data)
        b->data[len] = 0;
}

void mn_buf_clear(mn_buf *b)
{
    mn_buf_cut(b, 0);
}

/* Doubles, so that appending n bytes one by one costs O(n). */
static size_t next_capacity(const mn_buf *b, size_t need)
{
    size_t cap = b->cap > FIRST_CAPACITY / 2 ? b->cap * 2 : FIRST_CAPACITY;
    if (cap < need)
        cap = need;
    return cap < b->max ? cap : b->max;
}

static mn_code make_room(mn_buf *b, size_t n, mn_error *err)
{
    if (n > b->max - b->len)
        return mn_fail(err, MN_E_LIMIT, "%zu bytes and %zu more are over the limit of %zu", b->len, n,
                       b->max);
    if (!b->data || b->len + n > b->cap) {
        size_t cap = next_capacity(b, b->len + n);
        uint8_t *data = mn_realloc(b->data, cap + 1);
        if (!data)
            return mn_fail(err, MN_E_MEMORY, "out of memory for %zu bytes", cap + 1);
        b->data = data;
        b->cap = cap;
        b->data[b->len] = 0;
    }
    return MN_OK;
}

mn_code mn_buf_reserve(mn_buf *b, size_t n, uint8_t **at, mn_error *err)
{
    mn_code code = make_room(b, n, err);
    if (!code)
        *at = b->data + b->len;
    return code;
}

void mn_buf_commit(mn_buf *b, size_t n)
{
    assert(n <= b->cap - b->len);
    b->len += n;
    if (b->data)
        b->data[b->len] = 0;
}

mn_code mn_buf_append(mn_buf *b, const void *bytes, size_t n, mn_error *err)
{
    if (n == 0)
        return MN_OK;
    mn_code code = make_room(b, n, err);
    if (code)
        return code;
    memcpy(b->data + b->len, bytes, n);
    mn_buf_commit(b, n);
    return MN_OK;
}

mn_code mn_buf_printf(mn_buf *b, mn_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return mn_fail(err, MN_E_INTERNAL, "cannot format \"%s\"", format);
    mn_code code = make_room(b, (size_t)n, err);
    if (code)
        return code;
    va_start(args, format);
    vsnprintf((char *)b->data + b->len, (size_t)n + 1, format,
              args); /* the zero byte has its place after cap */
    va_end(args);
    mn_buf_commit(b, (size_t)n);
    return MN_OK;
}
