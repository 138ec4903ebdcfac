/* The path of a request, from what the client sent to what the application may split at slashes. Pure
 * functions. */
#ifndef MN_NET_PATH_H
#define MN_NET_PATH_H

#include "base/error.h"
#include <stddef.h>

/* Decodes `n` bytes at `raw` (no query) into out, which has room for n + 1, with a zero byte. Refused
 * (MN_E_INVALID) where two readers could take it for different things: no "/" in front, empty, "." or ".."
 * segments also when encoded, an encoded slash or backslash, control characters and NUL, a percent sign
 * without two hexadecimal digits, what is not UTF-8. */
mn_code mn_path_decode(const char *raw, size_t n, char *out, mn_error *err);

#endif
