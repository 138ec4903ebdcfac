/* What the files about people, consents and lists share: how records are told, and pages of them. */
#ifndef MN_APP_RECORDS_JSON_H
#define MN_APP_RECORDS_JSON_H

#include "app/call.h"
#include "core/records.h"
#include "net/json.h"

void mn_json_person(mn_json_out *o, const mn_person_view *v);
/* file: whether one proves it; NULL: that is not told. */
void mn_json_consent(mn_json_out *o, const mn_consent *c, mn_time now, const bool *file);

/* {"purpose", "method", ...} that fits the schema ConsentGive. */
mn_consent_given mn_given_of(const json_t *object);
mn_text_change mn_text_change_of(const json_t *object, const char *name);

/* Where each of a batch is done by itself: MN_E_BUSY where the deadline is over or the server stops. */
mn_code mn_batch_may_go_on(const mn_api_call *call, mn_error *err);
/* The report of a batch; a row is {"id"} or {"error"}. */
mn_code mn_batch_add(json_t *rows, const mn_id *id, mn_code code, const char *why, mn_error *err);
/* Room for what becomes of n. NULL: no memory, and err says so. */
mn_made *mn_batch_room(const mn_api_call *call, size_t n, mn_error *err);
/* The report of what core did, unless `code` says that it failed as a whole. */
mn_code mn_batch_made(mn_api_call *call, mn_code code, const mn_made *made, size_t n, mn_error *err);
/* Ids of the body's field, done one after the other by themselves; after a failure that is not one's own, and
 * after the request's time, nobody further is tried. */
typedef mn_code mn_batch_one(mn_api_call *call, const mn_id *id, mn_error *err);
mn_code mn_batch_one_by_one(mn_api_call *call, const char *field, mn_batch_one *one, mn_error *err);
mn_code mn_batch_answer(mn_api_call *call, json_t *rows, mn_error *err);

#endif
