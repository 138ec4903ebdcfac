/* Enrolled faces one by one: enrolling somebody who is there already, looking through faces, taking them out
 * and away.
 *
 * Consent and audit as in core/core.h. Whoever's person the actor may not see has no faces. Texts in results
 * are the arena's. Thread-safe; each writing call is one transaction and costs one durable write. */
#ifndef MN_CORE_FACES_H
#define MN_CORE_FACES_H

#include "core/core.h"
#include "core/temporary.h"

/* ---- enrolling ---- */

typedef enum { MN_DUPLICATE_REPORT, MN_DUPLICATE_REFUSE, MN_DUPLICATE_ASK } mn_on_duplicate;

typedef struct {
    mn_id person;
    const char *source; /* for people to recognise; may be NULL */
    const mn_descriptor *descriptor;
    float quality;
    mn_picture_file sample;  /* JPEG */
    mn_picture_file picture; /* the file: by it the same picture is known again; may be kept whole */
    bool keep_original;
    mn_on_duplicate on_duplicate;
} mn_face_new;

typedef enum {
    MN_FACE_MADE,
    MN_FACE_ALREADY, /* this very picture was enrolled for this person before */
    MN_FACE_REFUSED, /* somebody looks the same; nothing was stored */
    MN_FACE_WAITS    /* likewise, and a decision waits for MN_DECISION_S */
} mn_face_outcome;

#define MN_DECISION_S 900

typedef struct {
    mn_face_outcome outcome;
    mn_face_found face;             /* MADE, ALREADY */
    const mn_duplicate *duplicates; /* most alike first */
    size_t n_duplicates;
    mn_id decision; /* WAITS */
    mn_time until;
} mn_face_made;

/* For a person with a valid consent for the purpose of each of their lists, or, in no list, with any. Who
 * looks the same is looked for among those who agreed to a purpose that this person agreed to as well, in
 * lists that the actor may use. MN_E_NOT_FOUND: no such person; MN_E_CONSENT; MN_E_QUOTA. Needs faces.create.
 */
mn_code mn_core_face_enrol(mn_core *c, const mn_actor *who, const mn_face_new *what, mn_arena *arena,
                           mn_face_made *out, mn_error *err);

/* Why each one was refused, in words of the arena; NULL: it is enrolled. */
typedef struct {
    mn_code code;
    const char *why;
    mn_id face;
} mn_face_result;
/* Of many, in one transaction, without a look for duplicates: descriptors that the same model made elsewhere.
 * A refused one hinders no other, and one with a sample or an original to be kept is refused. Any other
 * failure is that of all. Needs descriptors.create. */
#define MN_FACES_IMPORT_MAX 1000
mn_code mn_core_faces_import(mn_core *c, const mn_actor *who, const mn_face_new *what, size_t n,
                             mn_arena *arena, mn_face_result *results, mn_error *err);

typedef struct {
    mn_id decision, person;
    mn_time until;
    const mn_duplicate *duplicates; /* those who are still there */
    size_t n_duplicates;
} mn_decision;
mn_code mn_core_decision(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_decision *out,
                         mn_error *err);
/* Enrols the face for `person`: NULL: for whom it was meant; else one of the duplicates (MN_E_INVALID).
 * Consent is looked at again. Of several callers at once one enrols. */
mn_code mn_core_decision_make(mn_core *c, const mn_actor *who, const mn_id *id, const mn_id *person,
                              mn_arena *arena, mn_face_made *out, mn_error *err);
mn_code mn_core_decision_cancel(mn_core *c, const mn_actor *who, const mn_id *id, mn_error *err);

/* ---- looking ---- */

/* query: account and lists are filled here. list: name or id; NULL: all, or for whoever is kept to lists
 * those of their members. Needs faces.view. */
#define MN_FACES_PAGE_MAX 1000
mn_code mn_core_faces(mn_core *c, const mn_actor *who, const char *list, const mn_face_query *query,
                      mn_arena *arena, mn_face_found **out, size_t *n, mn_error *err);
mn_code mn_core_face(mn_core *c, const mn_actor *who, const mn_id *face, mn_arena *arena, mn_face_found *out,
                     mn_error *err);
/* Another number where a look at the face shows something else. */
int64_t mn_core_face_state(const mn_face_found *found);
/* The whole picture, appended to out. *type: static. Needs samples.view. */
mn_code mn_core_original(mn_core *c, const mn_actor *who, const mn_id *face, mn_buf *out, const char **type,
                         mn_error *err);

/* ---- descriptors ---- */

typedef struct {
    mn_id face, person;
    mn_descriptor descriptor; /* as the network made it */
} mn_face_vector;

/* Of people with a valid consent. Needs descriptors.export; each is on record. */
mn_code mn_core_face_descriptor(mn_core *c, const mn_actor *who, const mn_id *face, mn_arena *arena,
                                mn_face_vector *out, mn_error *err);
/* A page of a list's, oldest face first, behind the face `after` (its id and time; NULL: from the first).
 * *last: the face that the next page begins behind; *more: is there one? Faces without such a descriptor or
 * consent are left out. */
mn_code mn_core_descriptors(mn_core *c, const mn_actor *who, const char *list, const mn_face_record *after,
                            size_t limit, mn_arena *arena, mn_face_vector **out, size_t *n,
                            mn_face_record *last, bool *more, mn_error *err);

/* ---- taking away ---- */

/* if_state: MN_E_PRECONDITION where the face has another one by now; NULL: whatever it is. Needs
 * faces.delete, as the next ones do. */
mn_code mn_core_face_delete(mn_core *c, const mn_actor *who, const mn_id *face, const int64_t *if_state,
                            mn_error *err);
/* codes[i]: MN_OK, or why that one stays (MN_E_NOT_FOUND, MN_E_FORBIDDEN); one transaction. */
mn_code mn_core_faces_delete(mn_core *c, const mn_actor *who, const mn_id *faces, size_t n, mn_code *codes,
                             mn_error *err);
mn_code mn_core_original_delete(mn_core *c, const mn_actor *who, const mn_id *face, mn_error *err);

#endif
