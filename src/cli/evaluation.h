/* What the eval commands share: the descriptor of one face of every picture, and scores between them. */
#ifndef MN_CLI_EVALUATION_H
#define MN_CLI_EVALUATION_H

#include "cli/crew.h"
#include "gallery/cohort.h"

typedef struct {
    const mn_model_info *model; /* the engine's */
    float *values;              /* dim numbers a picture, in the order of the inputs */
    bool *made;                 /* false: not readable, or no face */
    size_t n, failed;
} mn_described;

/* One face of each picture: --face, or the one nearest to the centre. What failed is said and counted. */
mn_code mn_describe_all(const mn_cli *cli, const mn_engine *engine, const mn_inputs *inputs,
                        mn_described *out, mn_error *err);
void mn_described_finish(mn_described *d);
/* -INFINITY where one of them was not made. */
double mn_described_score(const mn_described *d, size_t a, size_t b);

/* A gallery in which each of these pictures is a person, so that scores are those of a search; without those
 * that were not made. d must outlive it. */
mn_code mn_described_enrol(const mn_described *d, const size_t *pictures, size_t n, mn_gallery **out,
                           mn_error *err);
/* The picture behind an id of that gallery, and the id of a picture. */
size_t mn_described_picture(const mn_id *id);
mn_id mn_described_id(size_t picture);

/* --part K/N; 1/1 where it was not given. */
mn_code mn_part_parse(const mn_args *args, size_t *k, size_t *n, mn_error *err);

/* "0.01" for 0.01, as a field's name. */
const char *mn_rate_key(double rate, char *out, size_t size);

#endif
