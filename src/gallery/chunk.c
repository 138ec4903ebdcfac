#include "base/alloc.h"
#include "gallery/sketch.h"
#include "gallery/view.h"
#include "gallery/view_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define PATH_SIZE 4096

static size_t column(size_t *at, size_t element)
{
    size_t start = *at;
    *at += element * MN_CHUNK_ROWS;
    return start;
}

size_t mn_chunk_hot_bytes(const mn_chunk *c)
{
    return c->stride + sizeof(float) * (c->halves ? 2 : 1);
}

size_t mn_chunk_cold_bytes(const mn_chunk *c)
{
    return sizeof *c->faces + sizeof *c->people + sizeof *c->until + sizeof *c->next;
}

/* Reserved, because a write into a hole of a full disk would kill the process. */
void *mn_cold_map(const char *dir, size_t bytes)
{
    char path[PATH_SIZE];
    int n = snprintf(path, sizeof path, "%s/gallery-XXXXXX", dir);
    if (n < 0 || n >= PATH_SIZE) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return NULL;
    (void)unlink(path);
    int failed = posix_fallocate(fd, 0, (off_t)bytes);
    void *memory = failed ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (memory != MAP_FAILED)
        return memory;
    errno = failed ? failed : errno;
    return NULL;
}

static void *memory_map(size_t bytes)
{
    void *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void *mn_hot_map(size_t bytes, bool huge_pages)
{
    char *all = memory_map(bytes + HUGE_PAGE);
    if (!all)
        return NULL;
    size_t before = (HUGE_PAGE - (uintptr_t)all % HUGE_PAGE) % HUGE_PAGE;
    if (before > 0)
        (void)munmap(all, before);
    (void)munmap(all + before + bytes, HUGE_PAGE - before);
    if (huge_pages) /* only advice: without it, memory is read more slowly */
        (void)madvise(all + before, bytes, MADV_HUGEPAGE);
    (void)madvise(all + before, bytes, MADV_DONTDUMP); /* descriptors do not belong into a core file */
    return all + before;
}

/* The caller checks c->memory and c->cold. */
static void map_columns(mn_chunk *c, const mn_chunk_shape *shape, bool huge_pages)
{
    size_t size = 0, rows = column(&size, shape->stride), scales = column(&size, sizeof(float));
    size_t half = shape->halves ? column(&size, sizeof(float)) : 0;
    c->memory_bytes = size;
    c->memory = mn_hot_map(size, huge_pages);
    if (!c->memory)
        return;
    char *base = c->memory;
    c->rows = (int8_t *)(base + rows);
    c->scales = (float *)(void *)(base + scales);
    c->halves = shape->halves ? (float *)(void *)(base + half) : NULL;
}

static void map_cold_columns(mn_chunk *c, const char *dir)
{
    size_t size = 0, faces = column(&size, sizeof(mn_id)), people = column(&size, sizeof(mn_id));
    size_t until = column(&size, sizeof *c->until), next = column(&size, sizeof(uint32_t));
    c->cold_bytes = size;
    c->cold = dir ? mn_cold_map(dir, size) : NULL;
    c->cold_in_file = c->cold != NULL;
    if (!c->cold)
        c->cold = memory_map(size);
    if (!c->cold)
        return;
    char *base = c->cold;
    c->faces = (mn_id *)(void *)(base + faces);
    c->people = (mn_id *)(void *)(base + people);
    c->until = (atomic_uint *)(void *)(base + until);
    c->next = (uint32_t *)(void *)(base + next);
}

/* Straight from the kernel, and given back to it: memory of erased people does not linger in the heap, pages
 * that were never written cost nothing, and the rows begin on a huge page. */
mn_chunk *mn_chunk_create(const mn_chunk_shape *shape, bool huge_pages)
{
    mn_chunk *c = mn_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    atomic_init(&c->refs, 1);
    c->stride = shape->stride;
    map_columns(c, shape, huge_pages);
    if (c->memory)
        map_cold_columns(c, shape->cold_dir);
    if (c->memory && c->cold)
        return c;
    mn_chunk_unref(c);
    return NULL;
}

void mn_chunk_unref(mn_chunk *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (c->memory)
        munmap(c->memory, c->memory_bytes);
    if (c->cold)
        munmap(c->cold, c->cold_bytes);
    if (atomic_load(&c->sketches))
        munmap(atomic_load(&c->sketches), mn_sketch_bytes(c->stride));
    mn_free(c);
}

mn_chunk *mn_chunk_ref(mn_chunk *c)
{
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}
