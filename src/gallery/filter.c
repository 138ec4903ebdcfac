#include "gallery/filter.h"

#include "base/alloc.h"
#include <stdlib.h>
#include <string.h>

#define BLOCK_WORDS (4096 / 64)

/* ---- before the scan ---- */

static bool some_have_ended(const mn_view *v, uint32_t now)
{
    for (size_t i = 0; i < v->n_segments; i++)
        if (v->segments[i] && v->segments[i]->earliest <= now)
            return true;
    return false;
}

static int by_number(const void *pa, const void *pb)
{
    uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
    return (a > b) - (a < b);
}

static bool push(mn_probe *p, size_t *room, uint32_t row)
{
    if (p->n_rows == *room) {
        size_t more = *room ? *room * 2 : p->query->n_people + 16;
        uint32_t *rows = mn_realloc(p->rows, more * sizeof *rows);
        if (!rows)
            return false;
        p->rows = rows;
        *room = more;
    }
    p->rows[p->n_rows++] = row;
    return true;
}

static bool find_people(mn_probe *p, mn_gallery *g, const mn_view *v)
{
    size_t room = 0;
    for (size_t i = 0; i < p->query->n_people; i++) {
        uint32_t row = mn_rowmap_find(&g->people, v, &p->query->people[i]);
        for (; row != MN_NO_ROW; row = v->segments[row >> 16]->chunk->next[row & 0xffff])
            if (!push(p, &room, row))
                return false;
    }
    if (p->n_rows > 0)
        qsort(p->rows, p->n_rows, sizeof *p->rows, by_number);
    return true;
}

bool mn_filter_prepare(mn_probe *p, mn_gallery *g, const mn_view *v, uint32_t now)
{
    const mn_query *q = p->query;
    p->counted = q->n_lists > 0 || q->n_people > 0 || some_have_ended(v, now);
    return q->n_people == 0 || find_people(p, g, v);
}

size_t mn_filter_most(const mn_probe *p, const mn_view *v)
{
    const mn_query *q = p->query;
    size_t rows = 0;
    for (size_t i = 0; i < v->n_segments; i++) {
        const mn_segment *s = v->segments[i];
        rows += s && q->n_lists == 0 ? s->n : 0;
        for (size_t j = 0; s && j < q->n_lists; j++)
            rows += mn_rowset_count(mn_segment_list_find(s, &q->lists[j]));
    }
    return q->n_people > 0 && p->n_rows < rows ? p->n_rows : rows;
}

/* ---- in the scan ---- */

static void all_rows(uint64_t *words, uint32_t n)
{
    memset(words, 0xff, n / 64 * sizeof *words);
    if (n % 64)
        words[n / 64] = (UINT64_C(1) << n % 64) - 1;
}

static size_t count_bits(const uint64_t *words, size_t n_words)
{
    size_t n = 0;
    for (size_t i = 0; i < n_words; i++)
        n += (size_t)__builtin_popcountll(words[i]);
    return n;
}

static bool add_lists(const mn_query *q, const mn_filter_block *b, uint64_t *words)
{
    bool members = false;
    for (size_t i = 0; i < q->n_lists; i++) {
        const mn_rowset *rows = mn_segment_list_find(b->segment, &q->lists[i]);
        members |= mn_rowset_count(rows) > 0;
        mn_rowset_or(rows, b->first & 0xffff, words, (b->n + 63) / 64);
    }
    return members;
}

/* Of the rows there are in words, those of the query's people. */
static bool keep_people(const mn_probe *p, const mn_filter_block *b, uint64_t *words)
{
    size_t low = 0, high = p->n_rows;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (p->rows[middle] < b->first)
            low = middle + 1;
        else
            high = middle;
    }
    uint64_t theirs[BLOCK_WORDS] = {0};
    size_t from = low;
    for (; low < p->n_rows && p->rows[low] - b->first < b->n; low++)
        theirs[(p->rows[low] - b->first) / 64] |= UINT64_C(1) << (p->rows[low] - b->first) % 64;
    for (size_t i = 0; low > from && i < (b->n + 63) / 64; i++)
        words[i] &= theirs[i];
    return low > from;
}

static void keep_not_ended(uint32_t now, const mn_filter_block *b, uint64_t *words)
{
    const mn_chunk *c = b->segment->chunk;
    if (b->segment->earliest > now)
        return;
    for (uint32_t w = 0; w * 64 < b->n; w++)
        for (uint64_t bits = words[w]; bits; bits &= bits - 1) {
            uint32_t row = (b->first & 0xffff) + w * 64 + (uint32_t)__builtin_ctzll(bits);
            if (atomic_load_explicit(&c->until[row], memory_order_relaxed) <= now)
                words[w] &= ~(bits & -bits);
        }
}

/* Each person has one row that is not a further one. */
static size_t count_people(const mn_filter_block *b, const uint64_t *words, size_t n_rows)
{
    if (mn_rowset_count(b->segment->further) == 0)
        return n_rows;
    uint64_t first[BLOCK_WORDS];
    size_t n_words = (b->n + 63) / 64;
    memcpy(first, words, n_words * sizeof *first);
    mn_rowset_andnot(b->segment->further, b->first & 0xffff, first, n_words);
    return count_bits(first, n_words);
}

size_t mn_filter_rows(const mn_probe *p, uint32_t now, const mn_filter_block *b, uint64_t *words,
                      size_t *people)
{
    const mn_query *q = p->query;
    size_t n_words = (b->n + 63) / 64;
    *people = 0;
    memset(words, 0, n_words * sizeof *words);
    if (q->n_lists == 0)
        all_rows(words, b->n);
    else if (!add_lists(q, b, words))
        return 0;
    if (q->n_people > 0 && !keep_people(p, b, words))
        return 0;
    mn_rowset_andnot(b->segment->dead, b->first & 0xffff, words, n_words);
    keep_not_ended(now, b, words);
    size_t n = count_bits(words, n_words);
    *people = count_people(b, words, n);
    return n;
}
