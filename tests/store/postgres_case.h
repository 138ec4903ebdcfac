/* What the tests on a PostgreSQL server share: a store of its own for each, its settings, and failures that
 * say what happened and tell no password. */
#ifndef MN_TESTS_STORE_POSTGRES_CASE_H
#define MN_TESTS_STORE_POSTGRES_CASE_H

#include "postgres_server.h"
#include "support.h"

typedef struct {
    const char *schema;
    mn_store *s;
    mn_arena *a;
} fixture;

extern int postgres_timeout_ms; /* of the stores that are opened from then on; 0: as by itself */

mn_code open_as(const char *schema, mn_store_how how, int version, mn_store **out, mn_error *err);
int postgres_setup(void **state);    /* a new schema, migrated; starts the server where it does not run */
int postgres_teardown(void **state); /* lets a server go on, or starts it again */
const char *get(fixture *f, const char *key); /* "" where there is nothing */
void put(fixture *f, const char *key, const char *value);
void assert_says(const mn_error *e, const char *part);

#define assert_fails(call, want, part) assert_error(call, want, assert_says(err, part))

#endif
