/* Many against many: who of one list is in another as well, and who is enrolled twice.
 *
 * Each face of `list` is searched for among the people of `with` (gallery/matrix.h). Consent and purpose hold
 * as in mn_core_identify, for both sides: lists of this purpose only, and each pair is confirmed by the store
 * in the transaction that puts it on record, before it is told. Scores are raw ones, also where the manifest
 * normalises those of single searches. Pairs come within about a second of being found. The caller's thread
 * does all but the scan; others may use the core meanwhile. */
#ifndef MN_CORE_MATCH_H
#define MN_CORE_MATCH_H

#include "core/core.h"

typedef struct {
    mn_id person, face;
    const char *name, *external_id;
} mn_match_side;

typedef struct {
    mn_match_side a, b; /* of `list`, of `with`: never the same person. Texts last for the call. */
    double raw, similarity;
    double fmr; /* of the score, corrected for the number of people of `with` */
} mn_match_pair;

typedef struct {
    size_t people, faces; /* searched for */
    size_t against;       /* people of `with` at the beginning */
    uint64_t pairs;       /* told */
    size_t full;          /* people who have k pairs, and perhaps more */
    double threshold_fmr, threshold_raw;
    bool threshold_measured;
} mn_match_report;

typedef struct {
    const char *list; /* the people searched for */
    const char *with; /* the list searched; NULL: `list` itself, each pair told once */
    mn_purpose purpose;
    double fmr; /* chance that the search for one face gives a stranger; 0: the strictest of the lists', else
                   the default */
    size_t k;   /* people told of each person, 1 … 999 */
    const mn_cancel *cancel; /* may be NULL */
    /* Once, when it is on record and goes on: nothing of the request can be wrong any more. `report` has
     * `against` and the threshold. May be NULL. */
    void (*begun)(void *ctx, const mn_match_report *report);
    mn_code (*pair)(void *ctx, const mn_match_pair *p, mn_error *err);           /* a failure ends it */
    void (*progress)(void *ctx, size_t faces, size_t all_faces, uint64_t pairs); /* may be NULL */
    void *ctx;
} mn_match_lists;

/* May the actor look through these lists, for this purpose? mn_core_match asks when it begins. */
mn_code mn_core_match_may(mn_core *c, const mn_actor *who, const mn_match_lists *what, mn_error *err);
/* MN_E_CANCELLED after what was told so far. */
mn_code mn_core_match(mn_core *c, const mn_actor *who, const mn_match_lists *what, mn_match_report *out,
                      mn_error *err);

#endif
