#include "base/arena.h"
#include "base/alloc.h"
#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Under AddressSanitizer memory that was not given out is poisoned, so that reading past a piece is found. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MN_HAS_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define MN_HAS_ASAN 1
#endif
#ifdef MN_HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define BLOCK_SIZE ((size_t)64 * 1024)
#define LARGE_PIECE                                                                                          \
    (BLOCK_SIZE / 4) /* gets a block of its own, so that the rest of the current one is not lost */
#define LINE 64

typedef struct block block;
struct block {
    block *older;
    size_t size, used; /* of data */
    _Alignas(LINE) uint8_t data[];
};

typedef struct cleanup cleanup;
struct cleanup {
    cleanup *older;
    void (*fn)(void *p);
    void *p;
};

struct mn_arena {
    block *current;
    block *large; /* blocks of one piece each */
    block *first;
    cleanup *newest;
    size_t max, held; /* bytes of all blocks' data; held <= max */
    size_t used;      /* bytes given out, with padding */
};

static size_t at_least(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

static block *block_create(size_t size)
{
    if (size > SIZE_MAX - sizeof(block))
        return NULL;
    block *b = mn_alloc_aligned(sizeof(block) + size);
    if (!b)
        return NULL;
    b->older = NULL;
    b->size = size;
    b->used = 0;
    ASAN_POISON_MEMORY_REGION(b->data, size);
    return b;
}

static void block_destroy(block *b)
{
    ASAN_UNPOISON_MEMORY_REGION(b->data, b->size);
    mn_free_aligned(b);
}

static size_t padding(const block *b, size_t alignment)
{
    return (alignment - b->used % alignment) % alignment;
}

static void *take(mn_arena *arena, block *b, size_t size, size_t alignment)
{
    size_t pad = padding(b, alignment);
    assert(pad + size <= b->size - b->used);
    uint8_t *p = b->data + b->used + pad;
    b->used += pad + size;
    arena->used += pad + size;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return p;
}

static block *arena_grow(mn_arena *arena, size_t size)
{
    if (size > arena->max - arena->held)
        return NULL;
    block *b = block_create(size);
    if (b)
        arena->held += size;
    return b;
}

mn_arena *mn_arena_create(size_t max_bytes)
{
    mn_arena *arena = mn_calloc(1, sizeof *arena);
    if (!arena)
        return NULL;
    arena->max = max_bytes;
    arena->first = arena->current = arena_grow(arena, at_most(BLOCK_SIZE, max_bytes));
    if (!arena->first) {
        mn_free(arena);
        return NULL;
    }
    return arena;
}

static void destroy_until(block *from, const block *keep)
{
    while (from != keep) {
        block *older = from->older;
        block_destroy(from);
        from = older;
    }
}

void mn_arena_reset(mn_arena *arena)
{
    while (arena->newest) {
        cleanup *c = arena->newest;
        arena->newest = c->older;
        c->fn(c->p);
    }
    destroy_until(arena->large, NULL);
    destroy_until(arena->current, arena->first);
    arena->large = NULL;
    arena->current = arena->first;
    arena->first->used = 0;
    ASAN_POISON_MEMORY_REGION(arena->first->data, arena->first->size);
    arena->held = arena->first->size;
    arena->used = 0;
}

void mn_arena_destroy(mn_arena *arena)
{
    if (!arena)
        return;
    mn_arena_reset(arena);
    block_destroy(arena->first);
    mn_free(arena);
}

void *mn_arena_alloc(mn_arena *arena, size_t size)
{
    size_t alignment = size >= LINE ? LINE : 16;
    size = at_least(size, 1); /* so that pieces of 0 bytes differ */
    block *b = arena->current;
    size_t room = b->size - b->used, pad = padding(b, alignment);
    if (pad <= room && size <= room - pad)
        return take(arena, b, size, alignment);
    if (size >= LARGE_PIECE) {
        b = arena_grow(arena, size);
        if (!b)
            return NULL;
        b->older = arena->large;
        arena->large = b;
    } else {
        b = arena_grow(arena, at_least(size, at_most(BLOCK_SIZE, arena->max - arena->held)));
        if (!b)
            return NULL;
        b->older = arena->current;
        arena->current = b;
    }
    return take(arena, b, size, alignment);
}

void *mn_arena_calloc(mn_arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    void *p = mn_arena_alloc(arena, count * size);
    if (p)
        memset(p, 0, count * size);
    return p;
}

char *mn_arena_strdup(mn_arena *arena, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = mn_arena_alloc(arena, n);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

char *mn_arena_printf(mn_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return NULL;
    char *text = mn_arena_alloc(arena, (size_t)n + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

int mn_arena_on_end(mn_arena *arena, void (*fn)(void *p), void *p)
{
    cleanup *c = mn_arena_alloc(arena, sizeof *c);
    if (!c)
        return -1;
    *c = (cleanup){.older = arena->newest, .fn = fn, .p = p};
    arena->newest = c;
    return 0;
}

size_t mn_arena_used(const mn_arena *arena)
{
    return arena->used;
}
