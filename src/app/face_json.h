/* Faces as JSON, with the same fields in the API and on the command line. NULL means out of memory. */
#ifndef MN_APP_FACE_JSON_H
#define MN_APP_FACE_JSON_H

#include "face/face.h"

#include <jansson.h>

json_t *mn_json_face(const mn_face *face); /* what was made of it; the descriptor is left out */
json_t *mn_json_box(const mn_box *box);
json_t *mn_json_quality(const mn_quality *q);
json_t *mn_json_descriptor(const mn_descriptor *d);

#endif
