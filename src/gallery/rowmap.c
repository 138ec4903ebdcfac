#include "gallery/rowmap.h"

#include "base/alloc.h"
#include <assert.h>
#include <string.h>

#define SIZE_MIN   64
#define LOAD       17 /* of 20 slots are used at most */
#define SLOTS      20
#define SLOT_BYTES (sizeof(uint32_t) + 1)

/* Ids are random in their second half and rise in their first; both are mixed, so that ids of another make do
 * no harm. */
static uint64_t hash(const mn_id *id)
{
    uint64_t a, b;
    memcpy(&a, id->bytes, sizeof a);
    memcpy(&b, id->bytes + 8, sizeof b);
    uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) ^ b;
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

static size_t home_of(uint64_t hashed, size_t size)
{
    return (size_t)((hashed >> 32) * size >> 32);
}

static size_t after(size_t i, size_t size)
{
    return i + 1 < size ? i + 1 : 0;
}

static uint8_t *tags(uint32_t *slots, size_t size)
{
    return (uint8_t *)(slots + size);
}

void mn_rowmap_finish(mn_rowmap *m)
{
    mn_free(m->slots);
    *m = (mn_rowmap){0};
}

size_t mn_rowmap_bytes(const mn_rowmap *m)
{
    return m->size * SLOT_BYTES;
}

static void put(uint32_t *slots, size_t size, const mn_id *id, uint32_t row)
{
    uint64_t hashed = hash(id);
    size_t i = home_of(hashed, size);
    while (slots[i] != MN_NO_ROW)
        i = after(i, size);
    slots[i] = row;
    tags(slots, size)[i] = (uint8_t)hashed;
}

/* Growing by a quarter and less keeps the table full, and a hundred million ids from needing twice that. */
static size_t size_for(size_t used)
{
    size_t size = SIZE_MIN;
    while (used * SLOTS > size * 2 * LOAD)
        size *= 2;
    size_t quarter = size / 4;
    while (used * SLOTS > size * LOAD)
        size += quarter;
    return size;
}

bool mn_rowmap_reserve(mn_rowmap *m, const mn_view *v, size_t more)
{
    size_t size = size_for(m->used + more);
    if (size <= m->size && size * 4 > m->size)
        return true;
    uint32_t *slots = mn_alloc(size * SLOT_BYTES);
    if (!slots)
        return size < m->size; /* it was only to become smaller */
    memset(slots, 0xff, size * sizeof *slots);
    for (size_t i = 0; i < m->size; i++)
        if (m->slots[i] != MN_NO_ROW)
            put(slots, size, mn_view_person(v, m->slots[i]), m->slots[i]);
    mn_free(m->slots);
    m->slots = slots;
    m->size = size;
    return true;
}

uint32_t mn_rowmap_find(const mn_rowmap *m, const mn_view *v, const mn_id *id)
{
    if (m->size == 0)
        return MN_NO_ROW;
    uint64_t hashed = hash(id);
    const uint8_t *tag = tags(m->slots, m->size);
    for (size_t i = home_of(hashed, m->size);; i = after(i, m->size)) {
        uint32_t row = m->slots[i];
        if (row == MN_NO_ROW || (tag[i] == (uint8_t)hashed && mn_id_compare(mn_view_person(v, row), id) == 0))
            return row;
    }
}

void mn_rowmap_insert(mn_rowmap *m, const mn_view *v, uint32_t row)
{
    assert((m->used + 1) * SLOTS <= m->size * LOAD);
    put(m->slots, m->size, mn_view_person(v, row), row);
    m->used++;
}

static size_t slot_of(const mn_rowmap *m, const mn_view *v, uint32_t row)
{
    size_t i = home_of(hash(mn_view_person(v, row)), m->size);
    while (m->slots[i] != row) {
        assert(m->slots[i] != MN_NO_ROW);
        i = after(i, m->size);
    }
    return i;
}

void mn_rowmap_move(mn_rowmap *m, const mn_view *v, uint32_t from, uint32_t to)
{
    m->slots[slot_of(m, v, from)] = to;
}

/* How far it is from one slot to another, upwards and around. */
static size_t distance(size_t from, size_t to, size_t size)
{
    return to >= from ? to - from : to + size - from;
}

/* What follows the hole is moved into it where its own chain would otherwise break; so no marks of erased
 * rows pile up. */
void mn_rowmap_erase(mn_rowmap *m, const mn_view *v, uint32_t row)
{
    size_t size = m->size, hole = slot_of(m, v, row);
    uint8_t *tag = tags(m->slots, size);
    for (size_t i = after(hole, size); m->slots[i] != MN_NO_ROW; i = after(i, size)) {
        size_t home = home_of(hash(mn_view_person(v, m->slots[i])), size);
        if (distance(home, i, size) >= distance(hole, i, size)) {
            m->slots[hole] = m->slots[i];
            tag[hole] = tag[i];
            hole = i;
        }
    }
    m->slots[hole] = MN_NO_ROW;
    m->used--;
}
