#include "gallery/rowset.h"

#include "base/alloc.h"
#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#define ARRAY_MAX 4096u /* more than that takes as much room as the bits */

struct mn_rowset {
    atomic_uint refs;
    uint32_t n;
    uint32_t cap;    /* of the array; 0: the bits */
    uint64_t data[]; /* uint16_t[cap], sorted, or uint64_t[MN_ROWSET_WORDS] */
};

static uint16_t *array_of(const mn_rowset *s)
{
    return (uint16_t *)(void *)(uintptr_t)s->data;
}

static size_t bytes_of(uint32_t cap)
{
    return sizeof(mn_rowset) + (cap ? cap * sizeof(uint16_t) : MN_ROWSET_WORDS * sizeof(uint64_t));
}

mn_rowset *mn_rowset_ref(mn_rowset *s)
{
    if (s)
        atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void mn_rowset_unref(mn_rowset *s)
{
    if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
        mn_free(s);
}

static mn_rowset *create(uint32_t cap)
{
    mn_rowset *s = mn_alloc(bytes_of(cap));
    if (!s)
        return NULL;
    atomic_init(&s->refs, 1);
    s->n = 0;
    s->cap = cap;
    if (cap == 0)
        memset(s->data, 0, MN_ROWSET_WORDS * sizeof s->data[0]);
    return s;
}

/* A set of our own with the same rows and room for one more. */
static mn_rowset *copy_with_room(const mn_rowset *s)
{
    bool bits = s && (s->cap == 0 || s->n >= ARRAY_MAX);
    uint32_t cap = !s ? 4 : s->n < s->cap ? s->cap : s->cap * 2;
    mn_rowset *copy = create(bits ? 0 : cap < ARRAY_MAX ? cap : ARRAY_MAX);
    if (!copy || !s)
        return copy;
    copy->n = s->n;
    if (!bits)
        memcpy(copy->data, s->data, s->n * sizeof(uint16_t));
    else if (s->cap == 0)
        memcpy(copy->data, s->data, MN_ROWSET_WORDS * sizeof s->data[0]);
    else
        mn_rowset_or(s, 0, copy->data, MN_ROWSET_WORDS);
    return copy;
}

static bool make_own(mn_rowset **s, bool room)
{
    mn_rowset *old = *s;
    if (old && atomic_load_explicit(&old->refs, memory_order_acquire) == 1 &&
        (!room || old->cap == 0 || old->n < old->cap))
        return true;
    mn_rowset *copy = copy_with_room(old);
    if (!copy)
        return false;
    mn_rowset_unref(old);
    *s = copy;
    return true;
}

/* Index of the first element that is not below row. */
static uint32_t lower_bound(const mn_rowset *s, uint32_t row)
{
    const uint16_t *a = array_of(s);
    if (s->n > 0 && a[s->n - 1] < row) /* rows are mostly added in rising order */
        return s->n;
    uint32_t low = 0, high = s->n;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (a[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool mn_rowset_has(const mn_rowset *s, uint32_t row)
{
    if (!s)
        return false;
    if (s->cap == 0)
        return s->data[row / 64] >> (row % 64) & 1;
    uint32_t i = lower_bound(s, row);
    return i < s->n && array_of(s)[i] == row;
}

bool mn_rowset_add(mn_rowset **s, uint32_t row)
{
    assert(row < MN_CHUNK_ROWS);
    if (mn_rowset_has(*s, row))
        return true;
    if (!make_own(s, true))
        return false;
    mn_rowset *own = *s;
    if (own->cap == 0) {
        own->data[row / 64] |= UINT64_C(1) << (row % 64);
    } else {
        uint32_t i = lower_bound(own, row);
        uint16_t *a = array_of(own);
        memmove(a + i + 1, a + i, (own->n - i) * sizeof *a);
        a[i] = (uint16_t)row;
    }
    own->n++;
    return true;
}

/* Bits stay bits when rows leave: compaction builds the sets anew. */
bool mn_rowset_remove(mn_rowset **s, uint32_t row)
{
    if (!mn_rowset_has(*s, row))
        return true;
    if (!make_own(s, false))
        return false;
    mn_rowset *own = *s;
    if (own->cap == 0) {
        own->data[row / 64] &= ~(UINT64_C(1) << (row % 64));
    } else {
        uint32_t i = lower_bound(own, row);
        uint16_t *a = array_of(own);
        memmove(a + i, a + i + 1, (own->n - i - 1) * sizeof *a);
    }
    own->n--;
    return true;
}

bool mn_rowset_from_words(const uint64_t words[MN_ROWSET_WORDS], mn_rowset **out)
{
    uint32_t n = 0;
    for (size_t w = 0; w < MN_ROWSET_WORDS; w++)
        n += (uint32_t)__builtin_popcountll(words[w]);
    mn_rowset *s = n > 0 ? create(n > ARRAY_MAX ? 0 : n) : NULL;
    if (n > 0 && !s)
        return false;
    if (n > ARRAY_MAX)
        memcpy(s->data, words, MN_ROWSET_WORDS * sizeof words[0]);
    for (uint32_t w = 0, i = 0; n > 0 && n <= ARRAY_MAX && w < MN_ROWSET_WORDS; w++)
        for (uint64_t bits = words[w]; bits; bits &= bits - 1)
            array_of(s)[i++] = (uint16_t)(w * 64 + (uint32_t)__builtin_ctzll(bits));
    if (s)
        s->n = n;
    *out = s;
    return true;
}

size_t mn_rowset_count(const mn_rowset *s)
{
    return s ? s->n : 0;
}

size_t mn_rowset_bytes(const mn_rowset *s)
{
    return s ? bytes_of(s->cap) : 0;
}

void mn_rowset_or(const mn_rowset *s, uint32_t from, uint64_t *words, size_t n_words)
{
    if (!s)
        return;
    if (s->cap == 0) {
        for (size_t i = 0; i < n_words; i++)
            words[i] |= s->data[from / 64 + i];
        return;
    }
    const uint16_t *a = array_of(s);
    for (uint32_t i = lower_bound(s, from); i < s->n && a[i] < from + 64 * n_words; i++)
        words[(a[i] - from) / 64] |= UINT64_C(1) << (a[i] % 64);
}

void mn_rowset_andnot(const mn_rowset *s, uint32_t from, uint64_t *words, size_t n_words)
{
    if (!s)
        return;
    if (s->cap == 0) {
        for (size_t i = 0; i < n_words; i++)
            words[i] &= ~s->data[from / 64 + i];
        return;
    }
    const uint16_t *a = array_of(s);
    for (uint32_t i = lower_bound(s, from); i < s->n && a[i] < from + 64 * n_words; i++)
        words[(a[i] - from) / 64] &= ~(UINT64_C(1) << (a[i] % 64));
}
