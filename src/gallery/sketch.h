/* One bit a dimension, to tell most strangers from a mate at an eighth of the reading.
 *
 * A row's sketch: its signs after a random rotation (two rounds of random signs and a Hadamard transform over
 * the next power of two). Two vectors at the angle t differ in t/π of the bits, give or take
 * sqrt(p (1 - p) / bits). A search samples how far the rows are from its probe, and compares in int8 only the
 * nearest 1 in 128; who of the mates at cosine 0.6 is lost by that is known from the limit, and where it
 * could be more than 1 in 10 000 - few dimensions, a probe near to everybody - all rows are compared as ever.
 *
 * A chunk gets its sketches when it is full, in the background, once and for all of its life. For cosine
 * only. */
#ifndef MN_GALLERY_SKETCH_H
#define MN_GALLERY_SKETCH_H

#include "gallery/gallery.h"
#include "gallery/view.h"

#define MN_SKETCH_GROUP 8  /* rows whose words lie side by side */
#define MN_SKETCH_WORDS 16 /* of 1 024 dimensions */

size_t mn_sketch_words(size_t stride); /* of 64 bits, of a row */
size_t mn_sketch_bytes(size_t stride); /* of a chunk */
void mn_sketch_row(const int8_t *row, size_t stride, uint64_t words[MN_SKETCH_WORDS]);
/* Of all rows of a full chunk: word w of row r is at [r / 8 × 8 × words + w × 8 + r % 8]. Unmapped
 * with munmap. NULL: out of memory. */
uint64_t *mn_sketch_chunk(const mn_chunk *c);

/* Which of the rows differ from the probe in at most `limit` bits; n_groups × 8 rows, one bit each. */
void mn_sketch_near(const uint64_t *sketches, size_t n_groups, size_t words, const uint64_t *probe,
                    unsigned limit, uint64_t *near);

typedef struct {
    uint64_t words[MN_SKETCH_WORDS];
    bool used; /* false: all rows are compared, and the rest says nothing */
    unsigned limit;
    float missed; /* share of mates at cosine 0.6 beyond the limit, by the formula */
} mn_sketch_probe;

/* Sets *p, from a sample of the view's sketches. k: people wanted. */
void mn_sketch_prepare(const mn_view *v, const int8_t *row, size_t stride, size_t k, mn_sketch_probe *p);

#endif
