/* Faces that are kept in memory for a while and never written: attributes, and enrolments that wait for
 * somebody's decision.
 *
 * Bounded twice: entries of one account, and bytes of all (MN_E_BUSY for both: time makes room). An entry is
 * wiped when its time is over, within a second of it, whether or not anybody asks. The table knows neither
 * rights nor consent (core/attributes.h does). Thread-safe; holds no lock of the store. */
#ifndef MN_CORE_TEMPORARY_H
#define MN_CORE_TEMPORARY_H

#include "base/arena.h"
#include "base/id.h"
#include "base/time.h"
#include "face/face.h"

typedef enum { MN_TEMPORARY_ATTRIBUTE, MN_TEMPORARY_DECISION } mn_temporary_kind;

/* Somebody who looks the same. */
#define MN_DUPLICATES_MAX 16
typedef struct {
    mn_id person;
    double similarity;
    const char *name; /* NULL while it is kept: names change */
} mn_duplicate;

/* A file or a sample. */
typedef struct {
    const uint8_t *bytes; /* NULL: none */
    size_t n;
    const char *type; /* "image/jpeg", static */
} mn_picture_file;

typedef struct {
    mn_temporary_kind kind;
    mn_id id, account;
    mn_id person; /* nil: nobody known; of a decision: who it was meant for */
    mn_id by;     /* the user or token whose it is where nobody knows the face; nil: of none */
    float quality;
    mn_time created, until;
    mn_descriptor descriptor; /* its model's name is static */
    mn_picture_file sample;
    /* Of a decision. */
    const char *source; /* may be NULL */
    mn_picture_file picture;
    bool keep_original;
    const mn_duplicate *duplicates;
    size_t n_duplicates;
} mn_temporary;

typedef struct mn_temporary_table mn_temporary_table;

/* Needs no thread before the first entry. */
mn_code mn_temporary_create(size_t per_account, size_t bytes, mn_temporary_table **out, mn_error *err);
void mn_temporary_destroy(mn_temporary_table *t); /* wipes all; NULL is allowed */

/* Copies it; id and created are made here and told in *entry. */
mn_code mn_temporary_put(mn_temporary_table *t, mn_temporary *entry, mn_error *err);
/* The answer about one that is not there, or that may not be seen: MN_E_NOT_FOUND. */
mn_code mn_temporary_missing(mn_temporary_kind kind, mn_error *err);
/* A copy in the arena, which wipes descriptor and pictures at its end. MN_E_NOT_FOUND also for another
 * account's, and for what is over. */
mn_code mn_temporary_get(mn_temporary_table *t, mn_temporary_kind kind, const mn_id *account, const mn_id *id,
                         mn_arena *arena, mn_temporary *out, mn_error *err);
typedef enum { MN_TEMPORARY_CREATED, MN_TEMPORARY_UNTIL, MN_TEMPORARY_QUALITY } mn_temporary_order;
typedef struct {
    mn_temporary_order order;
    bool descending;
    const mn_id *person; /* NULL: of anybody */
    float min_quality;
    const mn_temporary
        *after; /* its id, created, until and quality: goes on behind it; NULL: from the first */
    size_t limit;
} mn_temporary_query;
/* Without descriptors and pictures (sample.n is told). */
mn_code mn_temporary_list(mn_temporary_table *t, mn_temporary_kind kind, const mn_id *account,
                          const mn_temporary_query *q, mn_arena *arena, mn_temporary **out, size_t *n,
                          mn_error *err);
/* MN_E_NOT_FOUND: it is gone already. Of several callers one gets MN_OK. */
mn_code mn_temporary_drop(mn_temporary_table *t, mn_temporary_kind kind, const mn_id *account,
                          const mn_id *id, mn_error *err);
/* For one that works on it: nobody else gets it meanwhile. MN_E_NOT_FOUND likewise. Then it is done with, and
 * goes, or comes back. */
mn_code mn_temporary_claim(mn_temporary_table *t, mn_temporary_kind kind, const mn_id *account,
                           const mn_id *id, mn_error *err);
void mn_temporary_release(mn_temporary_table *t, const mn_id *id, bool done);
/* All that is this person's and was made until then. t: may be NULL. */
void mn_temporary_forget(mn_temporary_table *t, const mn_id *person, mn_time until);
/* People of entries behind *after (nil: from the first), which is moved on; each once, at most `max`. 0:
 * there are no more. */
size_t mn_temporary_people(mn_temporary_table *t, mn_id *after, mn_id *out, size_t max);

#endif
