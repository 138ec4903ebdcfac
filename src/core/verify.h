/* One against one, and a few against a few, whoever they are: descriptors that a client made or sent,
 * enrolled faces, enrolled people (by the best of their faces).
 *
 * Who is enrolled is looked at only with a consent for the purpose: verification, or another one and then
 * only as a member of a list of that purpose, of the one that is named where one is. What the actor may not
 * see is not there. All of one call is one transaction of the store: who is compared is there, active, and
 * has the consent at the moment of the audit record, which is written for each enrolled person before the
 * answer is given. A call that looks at nobody enrolled leaves no record. Any thread; costs about 20 µs a
 * stored face, and one durable write. */
#ifndef MN_CORE_VERIFY_H
#define MN_CORE_VERIFY_H

#include "core/core.h"

typedef enum { MN_SIDE_DESCRIPTOR, MN_SIDE_FACE, MN_SIDE_PERSON } mn_side_kind;

typedef struct {
    mn_side_kind kind;
    const mn_descriptor *descriptor; /* of MN_SIDE_DESCRIPTOR: of a picture, a sample, or as it was sent */
    mn_id id;                        /* of the others: face or person */
} mn_side;

typedef struct {
    mn_purpose purpose; /* verification where it is 0 */
    const char *list;   /* NULL: none is named; else the purpose is the list's */
    double fmr; /* false matches that are acceptable of one side against another; 0: the list's, else the
                   default */
} mn_compare_rules;

typedef struct {
    mn_id person, face;             /* nil where nobody enrolled is meant; the face that was the best one */
    const char *name, *external_id; /* NULL likewise */
} mn_compared;

typedef struct {
    mn_verdict verdict; /* fmr and thresholds hold for all the comparisons together */
    size_t comparisons; /* of descriptors: several where a side is a person with several faces */
    mn_compared a, b;
} mn_comparison;

/* Faces of one person that can be compared: MN_E_LIMIT for more. */
#define MN_COMPARE_FACES 1000

/* MN_E_NOT_FOUND for who is not there or has no descriptor of this model, MN_E_CONSENT, MN_E_FORBIDDEN for
 * who is set inactive, MN_E_PACK for a descriptor of another model. Needs actions.search where somebody
 * enrolled is meant, else actions.view. Texts are the arena's. */
mn_code mn_core_verify(mn_core *c, const mn_actor *who, const mn_side *a, const mn_side *b,
                       const mn_compare_rules *rules, mn_arena *arena, mn_comparison *out, mn_error *err);

typedef struct {
    const mn_side *references, *candidates;
    size_t n_references, n_candidates;
    size_t max_references,
        max_candidates; /* MN_E_LIMIT for more: the settings match.references, .candidates */
    mn_compare_rules rules;
    bool leave_out; /* candidates who are not there or may not be looked at, in place of an error */
    /* What is told of each reference. */
    size_t k;              /* at most so many candidates, best first; 0: all */
    bool only_same;        /* only who reaches the threshold */
    double min_similarity; /* and this */
} mn_compare;

typedef struct {
    size_t candidate; /* its number in the request */
    mn_comparison comparison;
} mn_compare_found;

typedef struct {
    mn_compare_found *found; /* best first; equals in the order of the request */
    size_t n;
} mn_compare_row; /* of one reference */

/* *rows: n_references of them. The text of an error says which reference or candidate is meant. */
mn_code mn_core_compare(mn_core *c, const mn_actor *who, const mn_compare *what, mn_arena *arena,
                        mn_compare_row **rows, mn_error *err);

/* A side as the probe of a search (mn_core_identify): a face's descriptor, a person's best face by quality.
 * Who is enrolled must have a consent for the purpose of the search; the look is on record. */
mn_code mn_core_side_probe(mn_core *c, const mn_actor *who, const mn_side *side, mn_purpose purpose,
                           mn_arena *arena, mn_descriptor *out, mn_error *err);

#endif
