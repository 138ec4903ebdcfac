/* Multipart bodies, as forms and programs send several files with fields (multipart/form-data, RFC 7578; and
 * multipart/mixed, where a part needs no name). Works on the complete body: parts point into it, nothing is
 * copied but names. */
#ifndef MN_NET_MULTIPART_H
#define MN_NET_MULTIPART_H

#include "base/arena.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

#define MN_PART_HEADERS  16
#define MN_PART_HEAD_MAX ((size_t)4096) /* bytes of a part's headers */
#define MN_PART_NAME_MAX ((size_t)256)
#define MN_BOUNDARY_MAX  70

typedef struct {
    const char *name, *value; /* in the arena */
} mn_part_header;

typedef struct {
    const char *name;      /* of the field, UTF-8; "" where it has none */
    const char *file_name; /* as the client says: for messages, never for a path; NULL: it has none */
    const char *type;      /* Content-Type; "text/plain" where it has none */
    const mn_part_header *headers;
    size_t n_headers;
    const uint8_t *bytes; /* into the body */
    size_t n;
} mn_part;

typedef struct {
    size_t parts;      /* at most */
    size_t part_bytes; /* each at most */
    bool form;         /* form-data: each must have a name */
} mn_multipart_limits;

/* boundary: the parameter of the Content-Type. MN_E_INVALID: malformed or cut; MN_E_LIMIT: too many or too
 * large; both name the part by number. MN_E_MEMORY. */
mn_code mn_multipart_parse(const char *boundary, const uint8_t *body, size_t n,
                           const mn_multipart_limits *limits, mn_arena *arena, const mn_part **parts,
                           size_t *n_parts, mn_error *err);

/* The value of a part's header (any case), or NULL. */
const char *mn_part_header_value(const mn_part *p, const char *name);

#endif
