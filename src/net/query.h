/* A query string ("a=1&b=x%20y&a=2") as pairs of texts, decoded. What the texts must be is another's to check
 * (net/params.h). Pure but for the arena. */
#ifndef MN_NET_QUERY_H
#define MN_NET_QUERY_H

#include "base/arena.h"
#include "base/error.h"

typedef struct {
    const char *name,
        *value; /* UTF-8 without control characters, ended by a zero; value "" where there is no "=" */
    size_t name_len, value_len;
} mn_query_pair;

/* In the order in which they came, repeated names too. Empty pairs ("&&") are left out. MN_E_INVALID: a
 * percent sign without two digits, no UTF-8, a control character, a pair without a name; MN_E_LIMIT: more
 * than max; MN_E_MEMORY. Also for bodies of application/x-www-form-urlencoded. */
mn_code mn_query_parse(const char *raw, size_t n, size_t max, mn_arena *arena, const mn_query_pair **pairs,
                       size_t *n_pairs, mn_error *err);

#endif
