/* Custom fields of people: each account says which there are, of what type, and whether people can be
 * searched by them. A value that stands with a person is always of its field's type. Thread-safe. */
#ifndef MN_CORE_FIELDS_H
#define MN_CORE_FIELDS_H

#include "core/core.h"

#include <jansson.h>

/* An array of objects as the API's schema Field has them. *updated: 0 where nobody defined any. The array is
 * the arena's. */
mn_code mn_core_fields_get(mn_core *c, const mn_actor *who, mn_arena *arena, json_t **out, mn_time *updated,
                           mn_error *err);
/* fields: fits the schema. MN_E_INVALID for two of a name, choices without the type, a default that does not
 * fit; MN_E_CONFLICT where people have values in a field that goes or changes its type, unless these are to
 * be dropped. MN_E_PRECONDITION: see mn_core_person_change. Looks at everybody where a field goes. */
mn_code mn_core_fields_put(mn_core *c, const mn_actor *who, const json_t *fields, bool drop_values,
                           const mn_time *if_updated, mn_arena *arena, mn_time *updated, mn_error *err);
/* "name:value" of fields that may be searched by, as mn_people_query.custom. *out is NULL for none. */
mn_code mn_core_fields_conditions(mn_core *c, const mn_actor *who, const char *const *texts, size_t n,
                                  mn_arena *arena, const char **out, mn_error *err);

#endif
