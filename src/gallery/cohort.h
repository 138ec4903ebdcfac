/* Scores weighed against the other enrolled people: adaptive score normalisation (s-norm) of a search.
 *
 * Some faces look a little like many others, and with a weak network a stranger with such a face scores as
 * high as other people's mates do. So a raw score is compared with what both sides score with the rest:
 *
 *     ((raw - probe mean) / probe deviation + (raw - enrolled mean) / enrolled deviation) / 2
 *
 * where mean and deviation are of a side's best scores with a cohort. The cohort are the people searched: up
 * to 1 000 of them, spread evenly over the gallery's rows, each by the int8 row of the first face. So nobody
 * outside the searched lists is looked at, and who is removed is in it no longer. Nobody is weighed against
 * himself: an enrolled side leaves out its own person, and a probe, whose mate may be enrolled, its best
 * score. How many are the best is a share of the cohort, so that a score means nearly the same in galleries
 * of any size.
 *
 * Thread-safe; a cohort is read-only once drawn. Costs of a search: a look at the sets of the rows searched
 * (one bit a row), and (candidates + 1) × cohort comparisons in float, and the descriptors of the candidates
 * are fetched once more.
 */
#ifndef MN_GALLERY_COHORT_H
#define MN_GALLERY_COHORT_H

#include "gallery/gallery.h"

#define MN_COHORT_MAX 1000

typedef struct mn_cohort mn_cohort;

/* lists: any of these; n_lists = 0: everybody. MN_E_MEMORY. */
mn_code mn_cohort_draw(mn_gallery *g, const mn_id *lists, size_t n_lists, mn_cohort **out, mn_error *err);
void mn_cohort_destroy(mn_cohort *c);
size_t mn_cohort_size(const mn_cohort *c);

typedef struct {
    double mean, std; /* of the best scores with the cohort */
} mn_cohort_side;

/* v: as many floats as the gallery's dimensions. share: of the cohort that counts as the best, 0 … 1. */
mn_cohort_side mn_cohort_probe(const mn_cohort *c, const float *v, double share);
mn_cohort_side mn_cohort_enrolled(const mn_cohort *c, const float *v, const mn_id *person, double share);
double mn_cohort_normalise(double raw, mn_cohort_side probe, mn_cohort_side enrolled);

/* ---- the search ---- */

typedef struct {
    mn_candidate found; /* with the raw score */
    double score;       /* by which it is ordered and judged: normalised, or the raw one */
} mn_ranked;

typedef struct {
    mn_ranked *out; /* room for the query's k */
    size_t n, searched;
    bool normalised;
    bool prefiltered; /* as in mn_found, with the next */
    float missed;
    const mn_calibration *calibration; /* of the scores: the model's */
} mn_ranking;

/* mn_gallery_search, and where the model's scores are to be normalised and enough people were searched, the
 * best 2k (at least 20) by raw score are weighed and put in order again. Raw scores stand in a gallery
 * without fetch. Only ranking->out is read of what it held; untouched on failure. */
mn_code mn_gallery_rank(mn_gallery *g, const mn_model_info *model, const mn_query *q, mn_ranking *ranking,
                        mn_error *err);

#endif
