/* Many against many: who of one list is in another as well, and who is enrolled twice.
 *
 * Every face of `from` is searched for among `to`, 16 in a pass over the rows, and what is found of a person
 * is told as soon as that person's faces are done, in the order of their ids. As exact as a search is (a
 * prefilter that is on may lose a mate, see mn_found), with the same filters: a person who is removed or ends
 * while this runs is neither searched for nor found from then on, one who is added is found but not searched
 * for. Writers are not stopped.
 *
 * Time: faces of `from` × rows / 16 passes, at 0.6 to 1.8 G comparisons a second with two threads. Memory: 32
 * bytes a face of `from`, 2 MB at most for the answers, and nothing for the matches, which are not kept. */
#ifndef MN_GALLERY_MATRIX_H
#define MN_GALLERY_MATRIX_H

#include "gallery/gallery.h"

#define MN_MATRIX_K_MAX 999

typedef struct {
    mn_id face, person; /* of `from`: the face that came nearest */
    mn_candidate with;  /* of `to`: never the same person */
} mn_pair;

typedef struct {
    const mn_id *from, *to; /* members of any of these lists; n = 0: everybody */
    size_t n_from, n_to;
    /* Each pair at most once, told of the person with the lower id: for duplicates within one list. */
    bool once;
    size_t k;      /* people told of each person, best first: 1 … 999 */
    float min_raw; /* nothing below it is told */
    mn_deadline deadline;
    const mn_cancel *cancel; /* may be NULL */
    /* On the caller's thread. A failure ends the matching and is handed on. */
    mn_code (*match)(void *ctx, const mn_pair *m, mn_error *err);
    /* Faces, after each pass; may be NULL. A failure ends the matching, too. */
    mn_code (*progress)(void *ctx, size_t done, size_t all, mn_error *err);
    void *ctx;
} mn_matrix;

typedef struct {
    size_t faces, people; /* searched for */
    size_t matches;       /* told */
    size_t passed_over;   /* faces that were removed or had ended when their turn came */
    size_t full;          /* people who had k answers or more: there may be others, k was too low */
} mn_matrix_result;

mn_code mn_gallery_match(mn_gallery *g, const mn_matrix *m, mn_matrix_result *out, mn_error *err);

#endif
