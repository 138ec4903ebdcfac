/* Is a picture fit for a document, or for enrolment? 44 checks of one face and its picture, each with a
 * value, the range or the states that are wanted, and a verdict.
 *
 * checks.def has the table. What the models here cannot see is told as not made, with the reason, and never
 * guessed. A profile says which checks are wanted and with which ranges; nothing is computed for the others.
 * Everything is pure and thread-safe; costs about a millisecond, whatever the size of the picture. */
#ifndef MN_FACE_CHECKS_H
#define MN_FACE_CHECKS_H

#include "face/pipeline.h"
#include "image/decode.h"

typedef enum {
#define RANGE(id, ...) MN_CHECK_##id,
#define STATE(id, ...) MN_CHECK_##id,
#include "face/checks.def"
#undef RANGE
#undef STATE
    MN_CHECKS
} mn_check_id;

#define MN_CHECK_STATES 16
typedef struct {
    const char *word, *unit, *text; /* unit: "" where it has none */
    const char *states;             /* "no|yes", NULL: the value is a number */
    double lowest, highest;         /* between which a range may be set */
    unsigned needs;                 /* MN_WANT_ bits */
} mn_check_info;

const mn_check_info *mn_check_describe(mn_check_id id);
bool mn_check_parse(const char *word, mn_check_id *out);
/* The i-th state's word, not ended by 0: *n is its length. NULL behind the last. */
const char *mn_check_state(mn_check_id id, unsigned i, size_t *n);

typedef struct {
    bool wanted;
    double min, max;  /* of a number: both count as in the range */
    unsigned allowed; /* of a state: bit 1 << its place in the table */
} mn_check_rule;

typedef struct {
    mn_check_rule of[MN_CHECKS];
} mn_check_profile;

mn_check_profile mn_check_profile_icao(void); /* all of them, for a passport photograph */
/* What recognition needs: sharp, lit, large enough, turned to the camera. */
mn_check_profile mn_check_profile_recognition(void);
bool mn_check_profile_parse(const char *word, mn_check_profile *out); /* "icao", "recognition" */
/* Another range; a NULL keeps that end. MN_E_INVALID outside of lowest … highest, for min > max, and for a
 * check of states. The check is wanted from then on. */
mn_code mn_check_set_range(mn_check_profile *p, mn_check_id id, const double *min, const double *max,
                           mn_error *err);
mn_code mn_check_set_allowed(mn_check_profile *p, mn_check_id id, const char *const *words, size_t n,
                             mn_error *err);

/* What the pipeline has to make for this profile. */
unsigned mn_check_profile_want(const mn_check_profile *p);

typedef struct {
    mn_image_format format; /* MN_FORMAT_UNKNOWN where there was no file */
    size_t file_bytes;      /* 0 likewise */
    const mn_image *image;  /* RGB; a scaled decode is known by its scale */
    const mn_face *face;    /* made with mn_check_profile_want */
} mn_check_subject;

typedef enum { MN_CHECK_PASSED, MN_CHECK_FAILED, MN_CHECK_NOT_MADE } mn_check_verdict;
const char *mn_check_verdict_word(mn_check_verdict v); /* "passed", "failed", "not_made" */

typedef struct {
    mn_check_id id;
    mn_check_verdict verdict;
    double value;       /* of a number, where it was made */
    unsigned state;     /* of a state likewise: its place */
    const char *reason; /* static; why it was not made, NULL elsewhere */
} mn_check;

/* The wanted checks, in the order of the table: *n of them, at most MN_CHECKS. */
mn_code mn_checks_make(const mn_check_subject *s, const mn_check_profile *p, mn_check out[MN_CHECKS],
                       size_t *n, mn_error *err);

#endif
