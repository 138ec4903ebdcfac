#include "base/alloc.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64 /* a cache line, and the widest vector */

static atomic_long asked, fail_from;

/* Counts one request and says whether a test wants it to fail. */
static bool refused(void)
{
    long nth = atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed) + 1;
    long from = atomic_load_explicit(&fail_from, memory_order_relaxed);
    return from && nth >= from;
}

void mn_alloc_fail_at(long n)
{
    atomic_store(&fail_from, n);
    atomic_store(&asked, 0);
}

long mn_alloc_count(void)
{
    return atomic_load(&asked);
}

void *mn_alloc(size_t size)
{
    return refused() ? NULL : malloc(size ? size : 1);
}

void *mn_calloc(size_t count, size_t size)
{
    if (refused())
        return NULL;
    return count && size ? calloc(count, size) : calloc(1, 1);
}

void *mn_realloc(void *p, size_t size)
{
    return refused() ? NULL : realloc(p, size ? size : 1);
}

char *mn_strdup(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = mn_alloc(n);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

void mn_free(void *p)
{
    free(p);
}

/* The size is rounded up, so that the last vector of a row may be read whole. */
void *mn_alloc_aligned(size_t size)
{
    if (refused() || size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size_t whole = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return aligned_alloc(ALIGNMENT, whole ? whole : ALIGNMENT);
}

void mn_free_aligned(void *p)
{
    free(p);
}
