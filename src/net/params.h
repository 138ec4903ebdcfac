/* Parameters of a request: texts from path, query and headers, checked and turned into values of their types.
 *
 * The caller hands over what came, decoded from percent encoding, and gets one value for each parameter that
 * the route has, in the order of the route's table. Values point into what came. Allocates from the arena
 * only; thread-safe. */
#ifndef MN_NET_PARAMS_H
#define MN_NET_PARAMS_H

#include "base/arena.h"
#include "net/schema.h"

typedef enum { MN_IN_PATH, MN_IN_QUERY, MN_IN_HEADER } mn_param_in;

typedef struct {
    const char *name;
    mn_param_in in;
    bool required;
    bool many;   /* may come several times; schema is that of one */
    bool commas; /* or as one text with commas between */
    size_t max_many;
    bool unique;
    const mn_schema *schema;
    const char *fallback; /* default as it would come; NULL: none. Of `many`, with commas between */
} mn_param;

typedef struct {
    mn_param_in in;
    const char *name;
    const char *text; /* UTF-8, not ended by a zero */
    size_t n;
} mn_param_raw;

typedef struct {
    const char *text; /* as it came, ended by a zero; never NULL */
    size_t n;
    int64_t whole; /* of MN_TYPE_INT */
    double number; /* of MN_TYPE_INT and MN_TYPE_NUMBER */
    bool yes;      /* of MN_TYPE_BOOL */
} mn_param_one;

typedef struct {
    bool given; /* false: it did not come; v holds the default, if there is one */
    const mn_param_one *v;
    size_t n; /* 0: neither came nor has a default */
} mn_param_value;

/* values: room for n_params. settings: as mn_schema_check has them; a default is never more than they allow.
 * A header or query parameter that the route does not have: headers are passed over, of the query it is a
 * fault that names it. MN_E_INVALID with every fault, as far as there is room; MN_E_MEMORY, MN_E_LIMIT. */
mn_code mn_params_read(const mn_param *params, size_t n_params, const mn_param_raw *raw, size_t n_raw,
                       const mn_settings *settings, mn_arena *arena, mn_param_value *values,
                       mn_faults *faults, mn_error *err);

#endif
