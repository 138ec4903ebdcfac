/* People taken in with descriptors that were made elsewhere.
 *
 * What holds for enrolment holds here: every list needs a consent valid now for its purpose, and a consent
 * that was withdrawn here is not undone by an older one. Needs the rights people.create, consents.create and
 * descriptors.create, and lists.create where a list is made.
 *
 * Who is who: by id, as an export of mien has it, else by external id; one of them is needed, so that a
 * second run knows whom it took in. Of somebody who is there, what is missing is added (faces, consents,
 * memberships) and nothing is changed, custom fields and avatar neither. Who was erased here does not come
 * back under the same id. A face is known by its id, else by its very numbers. Nobody is searched for: see
 * core/match.h for who is enrolled twice.
 *
 * One thread an object. */
#ifndef MN_CORE_IMPORT_H
#define MN_CORE_IMPORT_H

#include "core/core.h"

typedef struct {
    const char *name;
    bool with_purpose; /* false: the list must be there */
    mn_purpose purpose;
} mn_import_list;

typedef struct {
    mn_id id; /* nil: none */
    const char *source;
    float quality;
    mn_time created; /* MN_TIME_NEVER: now */
    const char *model;
    const float *v; /* `dim` numbers; where the metric is cosine of length 1, within 2 % */
    int dim;
    const uint8_t *jpeg; /* the aligned sample, or NULL */
    size_t n;
} mn_import_face;

typedef struct {
    mn_id id;
    const char *external_id, *name, *user_data; /* NULL: none; name: the external id then */
    bool active;
    mn_time created;    /* MN_TIME_NEVER: now */
    const char *custom; /* values of custom fields, a JSON object; NULL: none */
    mn_id avatar;       /* the id of one of the faces; nil: none was chosen */
    const mn_import_list *lists;
    size_t n_lists;
    const mn_consent *consents; /* ids and people are not looked at */
    size_t n_consents;
    bool said_of_all; /* the last consent is no record of this person's, but stated for all of them, now */
    const mn_import_face *faces;
    size_t n_faces;

    /* What became of it. */
    mn_code code;
    mn_error error;
    mn_id person;
    bool is_new;
    size_t faces_new, faces_known;
} mn_import_person;

typedef struct mn_import mn_import;
/* dry_run: everything is tried, and nothing is kept. Core must have been opened with its model. */
mn_code mn_core_import_open(mn_core *c, const mn_actor *who, bool dry_run, mn_import **out, mn_error *err);
/* May its actor, as it is now, still import? */
mn_code mn_core_import_may(const mn_import *i, mn_error *err);
void mn_core_import_close(mn_import *i);
/* What the people to come have: made where it is missing, and left as it is where it is there. In a dry run
 * it is made for the people to come alone. *made: it was missing. MN_E_PURPOSE: such a list is for something
 * else; MN_E_CONFLICT: such a field is of another type. The list's id, account and times are not looked at;
 * the field is an object as fields.h has them. Need lists.create and settings.change where they make one. */
mn_code mn_core_import_list(mn_import *i, const mn_list *l, bool *made, mn_error *err);
mn_code mn_core_import_field(mn_import *i, const char *json, bool *made, mn_error *err);
/* A batch of up to MN_ENROL_BATCH_MAX, in one transaction. Each person is taken in whole or not at all, and
 * has a code and an error of their own. What fails here fails for all of them: then none is taken in
 * (MN_E_IO, MN_E_FULL, MN_E_MEMORY, …). */
mn_code mn_core_import_people(mn_import *i, mn_import_person *people, size_t n, mn_error *err);

#endif
