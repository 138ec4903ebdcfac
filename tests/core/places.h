/* Where a test's records and samples are kept, if not in its data directory: for world_place. */
#ifndef MN_TESTS_CORE_PLACES_H
#define MN_TESTS_CORE_PLACES_H

#include "support.h"
#include "world.h"

void place_in_postgres(
    mn_settings *s); /* a new schema; skips the running test where PostgreSQL 15 is missing */
void place_in_s3(mn_settings *s, const char *prefix);

size_t count_blobs(const world *w); /* wherever they are; empty ones do not count */

/* Runs the tests, and then others, or the same again, in PostgreSQL, where that is installed. The number of
 * those that failed. */
#define run_in_both(name, tests, in_postgres)                                                                \
    run_groups(name, tests, sizeof(tests) / sizeof(tests)[0], in_postgres,                                   \
               sizeof(in_postgres) / sizeof(in_postgres)[0])
int run_groups(const char *name, const struct CMUnitTest *tests, size_t n,
               const struct CMUnitTest *in_postgres, size_t n_in_postgres);

#endif
