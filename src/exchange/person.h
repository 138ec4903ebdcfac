/* A person as a line of JSON: what `mien export` writes and `mien import` reads. docs/guide/transfer.md says
 * what stands in a line.
 *
 * The first line, a header, may be missing. Version 2 has lists and fields in it, and people with custom and
 * avatar; version 1 is read too. Times are RFC 3339, null or missing for never. What is not known
 * is refused by name, so that a mistyped "consent" does not go unseen. Reading is pure; texts and arrays
 * belong to the arena. Limits: MN_EXCHANGE_*_MAX, and the length of the line, which is the caller's. */
#ifndef MN_EXCHANGE_PERSON_H
#define MN_EXCHANGE_PERSON_H

#include "store/store.h"

#include <jansson.h>

#define MN_EXCHANGE_VERSION          2
#define MN_EXCHANGE_DEPTH_MAX        16
#define MN_EXCHANGE_FACES_MAX        1000
#define MN_EXCHANGE_CONSENTS_MAX     100
#define MN_EXCHANGE_LISTS_MAX        100
#define MN_EXCHANGE_NUMBERS_MAX      4096 /* of a vector */
#define MN_EXCHANGE_HEADER_LISTS_MAX 10000
#define MN_EXCHANGE_FIELDS_MAX       64

typedef struct {
    const char *name;
    bool with_purpose;
    mn_purpose purpose;
} mn_exchange_list;

typedef struct {
    const char *model, *vectors; /* NULL: not said */
    mn_list *lists;              /* ids nil */
    const char **fields;         /* JSON objects as GET /v1/fields has them */
    size_t n_lists, n_fields;
} mn_exchange_header;

typedef struct {
    mn_id id; /* nil: none was given */
    const char *source, *model, *sample;
    float quality; /* 0: not known */
    mn_time created;
    bool with_row;
    uint64_t row;
    float *vector; /* NULL: none in the line */
    size_t n_vector;
} mn_exchange_face;

typedef struct {
    mn_person person; /* id nil, external_id NULL: not given; account nil */
    mn_exchange_list *lists;
    size_t n_lists;
    mn_consent *consents; /* ids nil */
    size_t n_consents;
    mn_exchange_face *faces;
    size_t n_faces;
} mn_exchange_person;

typedef struct {
    bool is_header;
    mn_exchange_header header;
    mn_exchange_person person;
} mn_exchange_line;

/* MN_E_DECODE for what is no JSON, MN_E_INVALID for what is no such line, MN_E_LIMIT for too much of it. */
mn_code mn_exchange_parse(const char *text, size_t n, mn_arena *arena, mn_exchange_line *out, mn_error *err);

/* New documents; NULL for want of memory. Of a face, where `row` is MN_EXCHANGE_NO_ROW and v is not NULL, the
 * vector stands in the line. */
#define MN_EXCHANGE_NO_ROW UINT64_MAX
/* Takes lists and fields over; dim 0: nobody is enrolled yet. */
json_t *mn_exchange_header_json(const char *model, int dim, const char *vectors, json_t *lists,
                                json_t *fields);
json_t *mn_exchange_list_json(const mn_list *l); /* as the header has them */
json_t *mn_exchange_face_json(const mn_face_record *f, const char *model, const float *v, size_t dim,
                              uint64_t row, const char *sample);
/* Takes faces over. */
json_t *mn_exchange_person_json(const mn_person *p, const mn_list *lists, size_t n_lists,
                                const mn_consent *consents, size_t n_consents, json_t *faces);

#endif
