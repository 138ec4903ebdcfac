/* A thread that counts what /metrics shows of the store, so that a request never waits for it: each request
 * gets the last count, and asks for a new one when that is older than MN_CENSUS_SECONDS. Nobody asks: nothing
 * is counted but once at the start. */
#ifndef MN_APP_CENSUS_H
#define MN_APP_CENSUS_H

#include "core/status.h"

#define MN_CENSUS_SECONDS 30

typedef struct mn_census mn_census;

/* core must outlive the census. */
mn_code mn_census_create(mn_core *core, mn_census **out, mn_error *err);
void mn_census_destroy(mn_census *w); /* waits for a count that runs; NULL is allowed */

/* False: nothing was counted yet. *age_s: of the count. Any thread. */
bool mn_census_get(mn_census *w, mn_core_status *out, double *age_s);

#endif
