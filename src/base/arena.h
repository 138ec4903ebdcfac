/* Arena: many small pieces of memory that end together. One per request; not thread-safe.
 *
 * Grows by blocks of at least 64 KiB up to the hard maximum given at birth; past it, allocation returns NULL
 * and the caller reports MN_E_LIMIT or MN_E_MEMORY. Pieces are 64-byte aligned when 64 bytes or larger,
 * else 16. */
#ifndef MN_BASE_ARENA_H
#define MN_BASE_ARENA_H

#include <stddef.h>

typedef struct mn_arena mn_arena;

mn_arena *mn_arena_create(size_t max_bytes); /* NULL: out of memory */
void mn_arena_destroy(mn_arena *arena);      /* runs the cleanups, newest first */
void mn_arena_reset(mn_arena *arena);        /* the same, and keeps the first block for the next request */

void *mn_arena_alloc(mn_arena *arena, size_t size);
void *mn_arena_calloc(mn_arena *arena, size_t count, size_t size);
char *mn_arena_strdup(mn_arena *arena, const char *text);
char *mn_arena_printf(mn_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Runs fn(p) when the arena ends, e.g. to unref an image. Returns 0, or -1 when out of memory (fn was not
 * kept). */
int mn_arena_on_end(mn_arena *arena, void (*fn)(void *p), void *p);

size_t mn_arena_used(const mn_arena *arena);

#endif
