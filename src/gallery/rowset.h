/* A set of rows of one chunk: members of a list, removed rows.
 *
 * NULL is the empty set. Up to 4 096 rows are a sorted array of 16-bit numbers, more are 65 536 bits, so no
 * set is larger than 8 KiB. Shared by views through an atomic count: whoever holds the only reference may
 * change it in place, everybody else gets a copy. These two containers are what a roaring bitmap is made of;
 * libroaring itself is not used because its counts are not atomic and it does not survive a failed
 * allocation. */
#ifndef MN_GALLERY_ROWSET_H
#define MN_GALLERY_ROWSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MN_CHUNK_ROWS   65536u
#define MN_ROWSET_WORDS (MN_CHUNK_ROWS / 64)

typedef struct mn_rowset mn_rowset;

mn_rowset *mn_rowset_ref(mn_rowset *s);
void mn_rowset_unref(mn_rowset *s);
/* False, and *s as it was, when memory is short. Adding what is there and removing what is not changes
 * nothing. */
bool mn_rowset_add(mn_rowset **s, uint32_t row);
bool mn_rowset_remove(mn_rowset **s, uint32_t row);
bool mn_rowset_has(const mn_rowset *s, uint32_t row);
size_t mn_rowset_count(const mn_rowset *s);
size_t mn_rowset_bytes(const mn_rowset *s);

/* The set of those bits. False: out of memory, and *out as it was. */
bool mn_rowset_from_words(const uint64_t words[MN_ROWSET_WORDS], mn_rowset **out);

/* Rows from … from + 64 * n_words (both multiples of 64) as bits of words: set, or cleared where the set has
 * them. */
void mn_rowset_or(const mn_rowset *s, uint32_t from, uint64_t *words, size_t n_words);
void mn_rowset_andnot(const mn_rowset *s, uint32_t from, uint64_t *words, size_t n_words);

#endif
