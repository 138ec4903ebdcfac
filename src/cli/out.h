/* How results look: as JSON (out_json.c) and as text (out_text.c). The JSON fields are a promise, see
 * docs/guide/cli.md. */
#ifndef MN_CLI_OUT_H
#define MN_CLI_OUT_H

#include "app/face_json.h"
#include "cli/crew.h"
#include <jansson.h>

/* ---- JSON: NULL means out of memory, which mn_json_print reports ---- */

/* {"file", "width", "height", "faces"}; takes faces over. */
json_t *mn_json_picture(const mn_picture *p, json_t *faces);
/* {"file", "error": {"code", "text"}} */
json_t *mn_json_failure(const char *label, const mn_error *error);
json_t *mn_json_id(const mn_id *id);
json_t *mn_json_time(mn_time t); /* null for never */
/* null where it is not finite: JSON has no infinity. */
json_t *mn_json_real(double v);
json_t *mn_json_text(const char *text); /* null for NULL; bytes that are no UTF-8 are replaced */

/* One line. Takes the document over. Write faults show when standard output is closed. */
mn_code mn_json_print(FILE *out, json_t *document, mn_error *err);

/* Standard output, once a program; NULL: no memory. stdio forgets why a write failed by the time that the
 * stream is closed; this one keeps the first cause for mn_out_close. */
FILE *mn_out_open_standard(void);

/* Flushes and closes; a write fault (a full disk) is said, with `name`, and the answer is false. */
bool mn_out_close(FILE *out, const char *name);

/* ---- text ---- */

/* One that base or core makes from its tables. */
mn_code mn_out_document(FILE *out, mn_code (*write)(mn_buf *text, mn_error *err), mn_error *err);

/* "1 in 12 000", or "12 %" where it is more than one in a hundred. */
#define MN_RATE_TEXT 48
const char *mn_text_rate(double rate, char out[MN_RATE_TEXT]);
/* The same for a rate from a calibration: "at most 1 in 180 000" where nothing rarer was measured. people:
 * how many were searched, 1 for a comparison. */
const char *mn_text_measured_rate(double rate, const mn_calibration *c, size_t people,
                                  char out[MN_RATE_TEXT]);
/* 1234567 → "1 234 567" */
const char *mn_text_count(uint64_t n, char out[MN_RATE_TEXT]);
/* The text, filled up with spaces to `width` characters (not bytes). */
void mn_text_pad(FILE *out, const char *text, int width);
void mn_text_faces_head(FILE *out, const mn_picture *p);
void mn_text_face(FILE *out, size_t number, const mn_face *face);

#endif
