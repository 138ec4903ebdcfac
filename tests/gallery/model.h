/* A gallery as plain as can be, to compare with: an array of float vectors, and a scan in double with a full
 * sort. */
#ifndef MN_TESTS_GALLERY_MODEL_H
#define MN_TESTS_GALLERY_MODEL_H

#include "gallery/gallery.h"
#include "support.h"

#define MODEL_LISTS 8

typedef struct {
    bool alive;
    unsigned person;
    size_t place; /* in model.alive */
    float *v;
    double squares; /* |v|² */
} model_face;

typedef struct model model;

struct model {
    int dim;
    mn_metric metric;
    model_face *faces; /* by number; numbers are never used again */
    size_t n_faces, cap_faces;
    size_t *alive; /* numbers of the living, in any order */
    size_t n_alive;
    uint8_t *lists; /* by person: a bit for each list */
    size_t n_people;
    size_t fetched;
    /* What model_search and model_compare filter by besides lists: the query's fields, and the same in plain
     * words. */
    mn_query filter;
    bool (*passes)(const model *m, size_t face);
};

typedef struct {
    double raw;
    mn_id person;
} model_answer;

mn_id model_face_id(size_t number);
mn_id model_person_id(size_t number);
mn_id model_list_id(size_t number);

void model_init(model *m, int dim, mn_metric metric, size_t n_people);
void model_finish(model *m);
size_t model_add(model *m, unsigned person, const float *v); /* the face's number */
void model_remove_person(model *m, unsigned person);
void model_remove_face(model *m, size_t number); /* nothing happens when it is gone */

/* As the gallery's options.fetch; ctx is the model. */
mn_code model_fetch(void *ctx, const mn_id *face, float *out, mn_error *err);

/* Of each person the best answer that passes, best first, the first k of them at least with all that are
 * hardly worse; freed with free(). lists: bits, 0 for all. */
model_answer *model_search(const model *m, const float *probe, unsigned lists, double min_raw, size_t k,
                           size_t *n, size_t *searched);

void model_random_vector(model *m, uint64_t *seed, float *v);
/* Adds a face to both. The lists are the person's. */
void model_add_both(model *m, mn_gallery *g, unsigned person, const float *v);
/* The person's faces in the gallery are those of the model again, with its lists and this end. */
void model_exchange(const model *m, mn_gallery *g, unsigned person, mn_time until);
/* Searches both and fails the test where they differ. */
void model_compare(model *m, mn_gallery *g, const float *probe, unsigned lists, size_t k, float min_raw);
typedef struct {
    const float *probe;
    unsigned lists; /* bits, 0 for all */
    size_t k;
    float min_raw;
} model_question;
/* The same with up to MN_GALLERY_QUERIES_MAX of them in one pass. */
void model_compare_many(model *m, mn_gallery *g, const model_question *asked, size_t n);
/* The answers of the gallery against all answers of the model. */
void model_check(const model_answer *all, size_t n_all, size_t k, const mn_candidate *out, size_t n);

#endif
