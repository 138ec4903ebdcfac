/* Memory from the heap, in one place, so that tests can make the n-th allocation fail.
 *
 * All return NULL when memory is short (never abort); sizes of 0 give a valid pointer. Thread-safe. */
#ifndef MN_BASE_ALLOC_H
#define MN_BASE_ALLOC_H

#include <stddef.h>

void *mn_alloc(size_t size);
void *mn_calloc(size_t count, size_t size); /* zeroed; overflow of the product is a failure */
void *mn_realloc(void *p, size_t size);     /* p stays valid on failure */
char *mn_strdup(const char *text);
void mn_free(void *p); /* for all of the above; NULL is allowed */

/* 64-byte aligned, for pixels, tensors and gallery rows. Freed with mn_free_aligned only. */
void *mn_alloc_aligned(size_t size);
void mn_free_aligned(void *p);

/* Tests: the n-th allocation from now (1 = the next) and all after it fail; 0 switches it off. Process-wide.
 */
void mn_alloc_fail_at(long n);
/* How many allocations were asked for since the last mn_alloc_fail_at. */
long mn_alloc_count(void);

#endif
