/* Inside view: the counts of chunks and segments. Not for searches and writers. */
#ifndef MN_GALLERY_VIEW_PARTS_H
#define MN_GALLERY_VIEW_PARTS_H

#include "gallery/view.h"

/* Zeros that begin on a huge page and are in no core file; a multiple of a page, unmapped with munmap. NULL:
 * out of memory. */
void *mn_hot_map(size_t bytes, bool huge_pages);
/* A deleted file of so many bytes, reserved on disk, as shared memory; unmapped with munmap. NULL: errno says
 * why. */
void *mn_cold_map(const char *dir, size_t bytes);
mn_chunk *mn_chunk_ref(mn_chunk *c);
void mn_chunk_unref(mn_chunk *c);
mn_segment *mn_segment_create(mn_chunk *chunk); /* takes the reference */
mn_segment *mn_segment_copy(const mn_segment *from);
mn_segment *mn_segment_ref(mn_segment *s); /* NULL stays NULL */
void mn_segment_unref(mn_segment *s);

#endif
