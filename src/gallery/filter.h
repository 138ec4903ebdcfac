/* Which rows a query may answer with: lists, a set of people, and who has not ended. */
#ifndef MN_GALLERY_FILTER_H
#define MN_GALLERY_FILTER_H

#include "gallery/scan.h"

typedef struct {
    const mn_segment *segment;
    uint32_t first; /* number of the block's first row in the view */
    uint32_t n;     /* rows, at most 4 096 */
} mn_filter_block;

/* Sets p->counted and, with the write lock held where the query names people, p->rows. False: out of memory.
 */
bool mn_filter_prepare(mn_probe *p, mn_gallery *g, const mn_view *v, uint32_t now);

/* How many rows of the block pass; as bits of words. *people: how many of them count as searched. The cost is
 * that of the members, and of one bit a row. */
size_t mn_filter_rows(const mn_probe *p, uint32_t now, const mn_filter_block *b, uint64_t *words,
                      size_t *people);
/* How many rows of the view pass at most. */
size_t mn_filter_most(const mn_probe *p, const mn_view *v);

#endif
