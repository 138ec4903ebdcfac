/* Checks of a picture (face/checks.h) as JSON: the profile that is asked for, and what came out. Pure. */
#ifndef MN_APP_CHECKS_JSON_H
#define MN_APP_CHECKS_JSON_H

#include "face/checks.h"

#include <jansson.h>

/* [{"check", "wanted", "min", "max", "allowed": […]}, …] onto a profile: a check that is named is wanted,
 * unless it says "wanted": false. At most MN_CHECKS of them. MN_E_INVALID says which entry is wrong and why;
 * *p is then as it was. */
mn_code mn_checks_apply(const json_t *ranges, mn_check_profile *p, mn_error *err);

/* A profile of one's own: {"profile": "icao" | "recognition", "checks": [as above]}, both optional; without a
 * profile only the checks that are named are wanted. */
mn_code mn_checks_read_profile(const json_t *document, mn_check_profile *out, mn_error *err);

/* {"check", "verdict", "value", "min", "max" | "allowed", "unit", "reason"}; NULL: out of memory. */
json_t *mn_checks_to_json(const mn_check *c, const mn_check_profile *p);

#endif
