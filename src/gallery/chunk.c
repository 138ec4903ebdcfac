#include "base/alloc.h"
#include "gallery/view.h"
#include "gallery/view_parts.h"

#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

static size_t column(size_t *at, size_t element)
{
    size_t start = *at;
    *at += element * MN_CHUNK_ROWS;
    return start;
}

size_t mn_chunk_bytes_per_row(const mn_chunk *c)
{
    return c->stride + sizeof(float) * (c->halves ? 2 : 1) + 2 * sizeof(mn_id) + sizeof(uint32_t);
}

/* Straight from the kernel, and given back to it: memory of erased people does not linger in the heap, pages
 * that were never written cost nothing, and the rows begin on a huge page. */
mn_chunk *mn_chunk_create(size_t stride, bool halves, bool huge_pages)
{
    mn_chunk *c = mn_alloc(sizeof *c);
    if (!c)
        return NULL;
    size_t size = 0;
    size_t rows = column(&size, stride), scales = column(&size, sizeof(float));
    size_t half = halves ? column(&size, sizeof(float)) : 0;
    size_t faces = column(&size, sizeof(mn_id)), people = column(&size, sizeof(mn_id));
    size_t next = column(&size, sizeof(uint32_t));
    size_t mapped = size + HUGE_PAGE;
    char *memory =
        mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        mn_free(c);
        return NULL;
    }
    char *base = memory + (HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE) % HUGE_PAGE;
    if (huge_pages) /* only advice: without it the rows are read a few percent slower */
        (void)madvise(base, size, MADV_HUGEPAGE);
    (void)madvise(memory, mapped, MADV_DONTDUMP); /* descriptors do not belong into a core file */
    *c = (mn_chunk){
        .stride = stride, .memory = memory, .memory_bytes = mapped, .rows = (int8_t *)(base + rows)};
    c->scales = (float *)(void *)(base + scales);
    c->halves = halves ? (float *)(void *)(base + half) : NULL;
    c->faces = (mn_id *)(void *)(base + faces);
    c->people = (mn_id *)(void *)(base + people);
    c->next = (uint32_t *)(void *)(base + next);
    atomic_init(&c->refs, 1);
    return c;
}

void mn_chunk_unref(mn_chunk *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    munmap(c->memory, c->memory_bytes);
    mn_free(c);
}

mn_chunk *mn_chunk_ref(mn_chunk *c)
{
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}
