/* What the files about enrolled faces share: how these are told. NULL means out of memory. */
#ifndef MN_APP_FACES_JSON_H
#define MN_APP_FACES_JSON_H

#include "app/call.h"
#include "core/faces.h"

json_t *mn_json_enrolled(const mn_face_found *found);
/* An entry of a BatchReport: {"id"}, or {"error"}. */
json_t *mn_json_batch_row(const mn_id *id, mn_code code, const char *why);

#endif
