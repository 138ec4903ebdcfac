/* A JSON document from outside, read within limits that are checked before any of it is built.
 *
 * jansson would take two thousand levels and as many values as there are bytes, at 30 to 100 bytes of memory
 * each: so the text is gone through once first, which counts both and costs about a nanosecond a byte.
 * Refused are also: invalid UTF-8, the character U+0000, an object with a name twice, numbers out of range,
 * anything behind the document. Thread-safe. */
#ifndef MN_NET_JSON_H
#define MN_NET_JSON_H

#include "base/buf.h"
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    size_t bytes;
    unsigned depth; /* objects and arrays within each other */
    size_t values;  /* objects, arrays, texts, numbers, ... in all */
} mn_json_limits;

/* MN_E_LIMIT: a limit is exceeded. MN_E_INVALID: no JSON object or array, with line and column. MN_E_MEMORY.
 * The caller calls json_decref on *out. */
mn_code mn_json_read(const char *bytes, size_t n, const mn_json_limits *limits, json_t **out, mn_error *err);

/* Appends the value without blanks, members in their order, as json_dumps(JSON_COMPACT) does. At most 64
 * levels, in which there must be no circle. MN_E_MEMORY, also for NULL; MN_E_LIMIT: out is full. On failure
 * out ends anywhere. */
mn_code mn_json_write(const json_t *value, mn_buf *out, mn_error *err);

/* Values written one behind the other, without a tree of them first: for answers that are asked for all the
 * time. That brackets fit and names differ is the caller's. name: plain letters; NULL within an array. The
 * first failure stays (MN_E_LIMIT, MN_E_MEMORY, MN_E_CORRUPT for a text that is not UTF-8), and nothing is
 * written after it. */
typedef struct {
    mn_buf *out;
    mn_code code;
    bool more; /* a value stands before the next one */
} mn_json_out;

void mn_json_begin(mn_json_out *o, const char *name, char bracket); /* '{' or '[' */
void mn_json_end(mn_json_out *o, char bracket);
void mn_json_put_text(mn_json_out *o, const char *name, const char *text); /* NULL: null */
void mn_json_put_bool(mn_json_out *o, const char *name, bool value);
void mn_json_put_real(mn_json_out *o, const char *name, double value); /* null for what is not finite */
void mn_json_put(mn_json_out *o, const char *name, const json_t *value);

#endif
