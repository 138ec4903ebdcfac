/* Where a test's records and samples are kept, if not in its data directory: for world_place. */
#ifndef MN_TESTS_CORE_PLACES_H
#define MN_TESTS_CORE_PLACES_H

#include "world.h"

void place_in_postgres(
    mn_settings *s); /* a new schema; skips the running test where PostgreSQL 15 is missing */
void place_in_s3(mn_settings *s, const char *prefix);

size_t count_blobs(const world *w); /* wherever they are; empty ones do not count */

/* A test: is PostgreSQL there? Then the next worlds are made in it. */
void go_on_in_postgres(void **state);

#endif
