/* From a person to their first row, for writers: a hash table of row numbers; the ids stay in the chunks.
 *
 * 5 bytes a slot: the row, and one byte of the id's hash, so that ids, which may be far from the processor,
 * are looked at almost only where they are the right ones. Between 0.68 and 0.85 full while it grows. Row
 * numbers are looked up in the view given, which must have the rows that the table knows. Not thread-safe:
 * the gallery's writer lock guards it. */
#ifndef MN_GALLERY_ROWMAP_H
#define MN_GALLERY_ROWMAP_H

#include "gallery/view.h"

typedef struct {
    uint32_t *slots;   /* row, or MN_NO_ROW; then the bytes of the hashes */
    size_t size, used; /* size: 0, or 4 to 7 times a power of two */
} mn_rowmap;

void mn_rowmap_finish(mn_rowmap *m);
/* Room for more ids, and no more than four times what is needed. False: out of memory. */
bool mn_rowmap_reserve(mn_rowmap *m, const mn_view *v, size_t more);
size_t mn_rowmap_bytes(const mn_rowmap *m);

uint32_t mn_rowmap_find(const mn_rowmap *m, const mn_view *v, const mn_id *id); /* MN_NO_ROW: not there */
void mn_rowmap_insert(mn_rowmap *m, const mn_view *v, uint32_t row); /* room was reserved; the id is new */
void mn_rowmap_move(mn_rowmap *m, const mn_view *v, uint32_t from,
                    uint32_t to); /* both rows carry the same id */
void mn_rowmap_erase(mn_rowmap *m, const mn_view *v, uint32_t row);

#endif
