/* What the back ends share. */
#ifndef MN_STORE_OPEN_INTERNAL_H
#define MN_STORE_OPEN_INTERNAL_H

#include "store/store.h"

/* Room for one record as it is read, so that the caller's is filled whole or not at all. */
typedef union {
    void *pointer;
    int64_t number;
    double real;
    char bytes[512];
} mn_store_item;

/* From the version that a store has to the one it is brought to: *to holds what MN_STORE_UP_TO wants, and
 * becomes the version to stop at. `place` is for messages. */
mn_code mn_store_plan(mn_store_how how, const char *place, int version, int *to, mn_error *err);

/* "%part%" with the wildcards in it escaped by a backslash, for LIKE; NULL for NULL. */
mn_code mn_store_pattern(const char *part, mn_arena *a, const char **out, mn_error *err);

mn_code mn_pg_open_as(const mn_store_where *where, mn_store_how how, int version, mn_store **out,
                      mn_error *err);
mn_code mn_sqlite_open_as(const char *path, mn_store_how how, int version, mn_store **out, mn_error *err);

#endif
