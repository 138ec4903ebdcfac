/* Base64 of pictures in JSON (RFC 4648, with padding, or the alphabet for URLs without). Strict: nothing but
 * the alphabet. */
#ifndef MN_NET_BASE64_H
#define MN_NET_BASE64_H

#include "base/arena.h"
#include "base/error.h"
#include <stdint.h>

/* Decodes n characters into the arena. MN_E_LIMIT, before anything is done: it would be more than max bytes;
 * MN_E_INVALID; MN_E_MEMORY. */
mn_code mn_base64_decode(const char *text, size_t n, size_t max, mn_arena *arena, const uint8_t **bytes,
                         size_t *len, mn_error *err);

#endif
