/* The gallery that every engine is measured with: rows made anew from their number whenever they are needed,
 * and probes whose mates are planted among them at even distances.
 *
 * Unit vectors of normal components; 16 probes with mates at cosine 0.6. Or pairs of real descriptors from a
 * file: of each pair the first is planted and the second searched for. Used from C and C++. */
#ifndef MN_BENCH_VECTORS_H
#define MN_BENCH_VECTORS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VECTORS_PROBES    16
#define VECTORS_PAIRS_MAX 16384

typedef struct {
    size_t rows;
    int dim; /* 64 … 1024 */
    size_t n_probes;
    float *probes; /* n_probes × dim */
    float *mates;  /* the same of real mates; NULL: made from the probes */
} vectors;

/* "1000000x128". False: not a size, or fewer rows than probes. */
bool vectors_parse(const char *text, size_t *rows, int *dim);
bool vectors_make(vectors *v, size_t rows, int dim); /* false: out of memory */
/* The same with so many probes and mates, at most as many as rows. */
bool vectors_make_many(vectors *v, size_t rows, int dim, size_t probes);
/* A file of float32 in the machine's byte order: pairs × 2 × dim, nothing else. False: not that, or more
 * pairs than rows. */
bool vectors_read_pairs(vectors *v, size_t rows, int dim, const char *path);
void vectors_finish(vectors *v);

size_t vectors_mate(const vectors *v, size_t probe); /* its row */
void vectors_row(const vectors *v, size_t row, float *out);

#ifdef __cplusplus
}
#endif

#endif
