/* The pictures of a request, in whichever way they came: as the body, as parts of a form, in JSON as base64,
 * as an address to fetch, or as a reference to a sample. And references to what is known already: a face, a
 * person, an attribute, a descriptor.
 *
 *   mn_shown_read  one mn_shown for each, in their order ─ mn_shown_look  faces of one ─ mn_shown_choose
 *
 * Pixels are there only while mn_shown_look works: of one picture of a request at a time, and of all requests
 * as many as the gate has room for.
 *
 * What is wrong with one picture is that picture's (code, error) and hinders no other; what is wrong with the
 * request is the call's. Everything lives in the request's arena. */
#ifndef MN_APP_PICTURES_H
#define MN_APP_PICTURES_H

#include "app/call.h"
#include "core/temporary.h"
#include "core/verify.h"
#include "image/decode.h"

#define MN_SHOWN_MAX 16 /* pictures of a request */

typedef struct {
    const char *file;     /* name of the part, or address: for the answer; NULL */
    const char *part;     /* "a", "b": the field it came in; NULL */
    const uint8_t *bytes; /* of the file; NULL for a reference */
    size_t n;
    mn_image_format format;
    const mn_image *image; /* while mn_shown_look works */
    float width, height;   /* of the whole picture, in its pixels; 0: it was not looked at */
    bool is_sample;        /* an aligned sample: one face, no detector */
    bool is_enrolled;      /* the sample of an enrolled face, which has this id */
    mn_id face;
    const mn_box *box;       /* work on the face in it only; NULL */
    const json_t *reference; /* {"type": "face" …}; NULL for a picture */
    mn_face *faces;          /* largest first */
    size_t n_faces;
    mn_code code; /* why this one failed */
    mn_error error;
} mn_shown;

/* All of the body. json_name: the field of a JSON body that holds them: an array, or one object; NULL: the
 * body is one source. fields: what a form may have, with blanks between: "picture", "a", "b" are pictures,
 * "box" and "boxes" where the faces are, and the JSON of "checks" goes to *checks (else may be NULL). */
mn_code mn_shown_read(mn_api_call *call, const char *json_name, const char *fields, json_t **checks,
                      mn_shown **out, size_t *n, mn_error *err);
/* The same for one JSON source. */
mn_code mn_shown_of_source(mn_api_call *call, const json_t *source, mn_shown *out, mn_error *err);

/* A sample, as a picture whose face is aligned already: of the face or attribute whose id stands in this
 * field. Of somebody without a valid consent it is refused. */
mn_code mn_shown_of_sample(mn_api_call *call, const json_t *source, const char *field, mn_shown *out,
                           mn_error *err);
/* The JPEG of the sample of a face or an attribute with this id, appended to out. */
mn_code mn_api_sample(mn_api_call *call, const mn_id *id, mn_buf *out, mn_error *err);
/* Takes over what is in buf: with an ETag, and in parts where Range asks for it. */
void mn_api_send_file(mn_api_call *call, const char *type, mn_buf *buf);
/* {"model", "metric", "values"}: of the model in use here, and whole. */
mn_code mn_api_read_descriptor(mn_api_call *call, const json_t *source, mn_descriptor *out, mn_error *err);
/* The parameter min_quality, else the setting face.min_quality. */
double mn_api_min_quality(const mn_api_call *call, int param);
/* A face's sample as JPEG, in the arena; none where the face has none. */
mn_code mn_api_encode_sample(mn_api_call *call, const mn_face *face, mn_picture_file *out, mn_error *err);
/* "image/jpeg" */
const char *mn_api_media_type(mn_image_format format);

/* What is to be done with the pixels once the faces are found; p->code is MN_OK. */
typedef void mn_shown_with(mn_api_call *call, mn_shown *p, void *ctx);
/* Decodes, and finds faces with what `want` says; fills faces, or code and error. wanted_side: see
 * mn_decode_limits; with: may be NULL. Only running out of time, memory or models is the call's failure. */
mn_code mn_shown_look(mn_api_call *call, mn_shown *p, unsigned want, int wanted_side, mn_shown_with *with,
                      void *ctx, mn_error *err);
/* Keeps one face, as the word says ("all" keeps all): else code and error. */
void mn_shown_choose(mn_shown *p, const char *which);

/* {"file", "width", "height"} or {"file", "error"}: what each entry of an answer begins with. */
json_t *mn_shown_json(const mn_shown *p);
json_t *mn_error_json(mn_code code, const char *text);
/* MN_OK, or the failure of the first, where there is nothing but failures: a request with one picture that
 * fails fails. */
mn_code mn_shown_all_failed(const mn_shown *p, size_t n, mn_error *err);

/* What stands for a side of a comparison: a reference to somebody enrolled, who must agree to it (the sample
 * of an enrolled face is that face), or a descriptor: of a picture's chosen face, of an attribute, or as it
 * was sent. Looks at a picture first. */
mn_code mn_shown_side(mn_api_call *call, mn_shown *p, const char *which, mn_side *out, mn_error *err);

#endif
