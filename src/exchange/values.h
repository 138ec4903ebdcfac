/* Inside exchange: the values of a line of JSON, and what is said where they are wrong. A value that is null
 * is as one that is missing. */
#ifndef MN_EXCHANGE_VALUES_H
#define MN_EXCHANGE_VALUES_H

#include "exchange/person.h"

typedef struct {
    mn_arena *arena;
    mn_error *err;
} mn_reading;

mn_code mn_exchange_wrong(mn_reading *r, const char *key, const char *what); /* "key" must be what */
mn_code mn_exchange_no_memory(mn_reading *r);
/* Only these keys, ended by NULL. */
mn_code mn_exchange_check_keys(mn_reading *r, json_t *o, const char *what, const char *const *keys);

json_t *mn_exchange_get(json_t *o, const char *key);                                   /* NULL: none */
mn_code mn_exchange_text(mn_reading *r, json_t *o, const char *key, const char **out); /* NULL: none */
mn_code mn_exchange_id(mn_reading *r, json_t *o, const char *key, mn_id *out);         /* as it was: none */
mn_code mn_exchange_time(mn_reading *r, json_t *o, const char *key, mn_time otherwise, mn_time *out);
mn_code mn_exchange_purpose(mn_reading *r, json_t *o, bool *there, mn_purpose *out);
mn_code mn_exchange_flag(mn_reading *r, json_t *o, const char *key, bool otherwise, bool *out);
mn_code mn_exchange_object(mn_reading *r, json_t *o, const char *key, const char **out); /* as text */
mn_code mn_exchange_dump(mn_reading *r, json_t *v, const char **out);                    /* any value */
/* An array of at most `max`; *n elements of `size` bytes, zeroed. */
mn_code mn_exchange_array(mn_reading *r, json_t *o, const char *key, size_t max, size_t size, json_t **array,
                          void **out, size_t *n);
/* Below the folder of the file that names it, and nowhere else. */
bool mn_exchange_safe_path(const char *path);

/* header.c */
mn_code mn_exchange_read_header(mn_reading *r, json_t *o, mn_exchange_header *h);

#endif
