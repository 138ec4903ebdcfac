#include "gallery/rowmap.h"

#include "base/alloc.h"
#include <assert.h>
#include <string.h>

/* Ids are random in their second half and rise in their first; both are mixed, so that ids of another make do
 * no harm. */
static size_t hash(const mn_id *id)
{
    uint64_t a, b;
    memcpy(&a, id->bytes, sizeof a);
    memcpy(&b, id->bytes + 8, sizeof b);
    uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) ^ b;
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return (size_t)(x ^ x >> 32);
}

void mn_rowmap_finish(mn_rowmap *m)
{
    mn_free(m->slots);
    *m = (mn_rowmap){.key = m->key};
}

static void put(uint32_t *slots, size_t size, const mn_id *id, uint32_t row)
{
    size_t i = hash(id) & (size - 1);
    while (slots[i] != MN_NO_ROW)
        i = (i + 1) & (size - 1);
    slots[i] = row;
}

bool mn_rowmap_reserve(mn_rowmap *m, const mn_view *v, size_t more)
{
    size_t size = 64;
    while ((m->used + more) * 4 > size * 3)
        size *= 2;
    if (size <= m->size && size * 4 > m->size)
        return true;
    uint32_t *slots = mn_alloc(size * sizeof *slots);
    if (!slots)
        return size < m->size; /* it was only to become smaller */
    memset(slots, 0xff, size * sizeof *slots);
    for (size_t i = 0; i < m->size; i++)
        if (m->slots[i] != MN_NO_ROW)
            put(slots, size, m->key(v, m->slots[i]), m->slots[i]);
    mn_free(m->slots);
    m->slots = slots;
    m->size = size;
    return true;
}

uint32_t mn_rowmap_find(const mn_rowmap *m, const mn_view *v, const mn_id *id)
{
    if (m->size == 0)
        return MN_NO_ROW;
    for (size_t i = hash(id) & (m->size - 1);; i = (i + 1) & (m->size - 1)) {
        uint32_t row = m->slots[i];
        if (row == MN_NO_ROW || mn_id_compare(m->key(v, row), id) == 0)
            return row;
    }
}

void mn_rowmap_insert(mn_rowmap *m, const mn_view *v, uint32_t row)
{
    assert((m->used + 1) * 4 <= m->size * 3);
    put(m->slots, m->size, m->key(v, row), row);
    m->used++;
}

static size_t slot_of(const mn_rowmap *m, const mn_view *v, uint32_t row)
{
    size_t i = hash(m->key(v, row)) & (m->size - 1);
    while (m->slots[i] != row) {
        assert(m->slots[i] != MN_NO_ROW);
        i = (i + 1) & (m->size - 1);
    }
    return i;
}

void mn_rowmap_move(mn_rowmap *m, const mn_view *v, uint32_t from, uint32_t to)
{
    m->slots[slot_of(m, v, from)] = to;
}

/* What follows the hole is moved into it where its own chain would otherwise break; so no marks of erased
 * rows pile up. */
void mn_rowmap_erase(mn_rowmap *m, const mn_view *v, uint32_t row)
{
    size_t mask = m->size - 1, hole = slot_of(m, v, row);
    for (size_t i = (hole + 1) & mask; m->slots[i] != MN_NO_ROW; i = (i + 1) & mask) {
        size_t home = hash(m->key(v, m->slots[i])) & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole] = MN_NO_ROW;
    m->used--;
}
