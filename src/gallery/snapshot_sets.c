/* Sets of rows as bytes: how many rows; up to 4 096 of them as 16-bit numbers in rising order, more as 65 536
 * bits. */
#include "gallery/snapshot_parts.h"

#include "base/alloc.h"
#include <string.h>

#define ARRAY_MAX 4096u

static mn_code put_words(const uint64_t words[MN_ROWSET_WORDS], mn_buf *out, mn_error *err)
{
    uint32_t n = 0;
    uint8_t *at;
    for (size_t w = 0; w < MN_ROWSET_WORDS; w++)
        n += (uint32_t)__builtin_popcountll(words[w]);
    size_t bytes = sizeof n + (n > ARRAY_MAX ? MN_CHUNK_ROWS / 8 : n * sizeof(uint16_t));
    mn_code code = mn_buf_reserve(out, bytes, &at, err);
    if (code != MN_OK)
        return code;
    for (int i = 0; i < 4; i++)
        *at++ = (uint8_t)(n >> (8 * i));
    for (uint32_t w = 0; w < MN_ROWSET_WORDS; w++) {
        for (int i = 0; n > ARRAY_MAX && i < 8; i++)
            *at++ = (uint8_t)(words[w] >> (8 * i));
        for (uint64_t bits = n > ARRAY_MAX ? 0 : words[w]; bits; bits &= bits - 1) {
            uint32_t row = w * 64 + (uint32_t)__builtin_ctzll(bits);
            *at++ = (uint8_t)row;
            *at++ = (uint8_t)(row >> 8);
        }
    }
    mn_buf_commit(out, bytes);
    return MN_OK;
}

/* dead: the removed, which no set needs to know of; NULL for that set itself. *n: how many rows are in it. */
static mn_code put_set(const mn_rowset *set, const mn_rowset *dead, mn_buf *out, bool only_if_any, bool *any,
                       mn_error *err)
{
    uint64_t words[MN_ROWSET_WORDS] = {0}, all = 0;
    mn_rowset_or(set, 0, words, MN_ROWSET_WORDS);
    mn_rowset_andnot(dead, 0, words, MN_ROWSET_WORDS);
    for (size_t w = 0; w < MN_ROWSET_WORDS; w++)
        all |= words[w];
    *any = all != 0;
    return only_if_any && !*any ? MN_OK : put_words(words, out, err);
}

static mn_code put_list(const mn_segment_list *l, const mn_rowset *dead, mn_buf *out, mn_error *err)
{
    bool any = false;
    size_t before = out->len;
    mn_code code = mn_buf_append(out, l->list.bytes, sizeof l->list.bytes, err);
    if (code == MN_OK)
        code = put_set(l->rows, dead, out, true, &any, err);
    if (code == MN_OK && !any)
        mn_buf_cut(out, before);
    return code;
}

mn_code mn_snapshot_put_sets(const mn_segment *s, mn_buf *out, mn_error *err)
{
    bool any;
    mn_code code = put_set(s->dead, NULL, out, false, &any, err);
    if (code == MN_OK)
        code = put_set(s->further, s->dead, out, false, &any, err);
    for (size_t i = 0; code == MN_OK && i < s->n_lists; i++)
        code = put_list(&s->lists[i], s->dead, out, err);
    return code;
}

/* ---- reading ---- */

typedef struct {
    const uint8_t *at, *end;
    uint32_t rows; /* of the chunk */
} source;

static bool get_array(source *in, uint32_t n, uint64_t words[MN_ROWSET_WORDS])
{
    uint32_t next = 0;
    if ((size_t)(in->end - in->at) < n * sizeof(uint16_t))
        return false;
    for (uint32_t i = 0; i < n; i++, in->at += 2) {
        uint32_t row = in->at[0] | (uint32_t)in->at[1] << 8;
        if (row < next || row >= in->rows)
            return false;
        words[row / 64] |= UINT64_C(1) << (row % 64);
        next = row + 1;
    }
    return true;
}

static bool get_bits(source *in, uint32_t n, uint64_t words[MN_ROWSET_WORDS])
{
    uint32_t count = 0;
    if ((size_t)(in->end - in->at) < MN_CHUNK_ROWS / 8)
        return false;
    for (uint32_t w = 0; w < MN_ROWSET_WORDS; w++, in->at += 8) {
        for (int i = 0; i < 8; i++)
            words[w] |= (uint64_t)in->at[i] << (8 * i);
        uint32_t first = w * 64;
        uint64_t beyond = first + 64 <= in->rows ? 0
                          : first >= in->rows    ? ~UINT64_C(0)
                                                 : ~UINT64_C(0) << (in->rows - first);
        if (words[w] & beyond)
            return false;
        count += (uint32_t)__builtin_popcountll(words[w]);
    }
    return count == n;
}

static mn_code get_set(source *in, mn_rowset **out, mn_error *err)
{
    uint64_t words[MN_ROWSET_WORDS] = {0};
    if (in->end - in->at < 4)
        return mn_fail(err, MN_E_CORRUPT, "a set of rows is cut off");
    uint32_t n = in->at[0] | (uint32_t)in->at[1] << 8 | (uint32_t)in->at[2] << 16 | (uint32_t)in->at[3] << 24;
    in->at += 4;
    if (n > in->rows || !(n > ARRAY_MAX ? get_bits(in, n, words) : get_array(in, n, words)))
        return mn_fail(err, MN_E_CORRUPT, "a set of rows is not one of its chunk");
    return mn_rowset_from_words(words, out) ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
}

static mn_code get_list(source *in, mn_segment *s, mn_error *err)
{
    mn_id list;
    if ((size_t)(in->end - in->at) < sizeof list.bytes)
        return mn_fail(err, MN_E_CORRUPT, "a list is cut off");
    memcpy(list.bytes, in->at, sizeof list.bytes);
    in->at += sizeof list.bytes;
    if (s->n_lists > 0 && mn_id_compare(&s->lists[s->n_lists - 1].list, &list) >= 0)
        return mn_fail(err, MN_E_CORRUPT, "its lists are not in their order");
    mn_rowset **rows = mn_segment_list_own(s, &list);
    return rows ? get_set(in, rows, err) : mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
}

mn_code mn_snapshot_get_sets(const uint8_t *bytes, size_t n, mn_segment *s, mn_error *err)
{
    source in = {bytes, bytes + n, s->n};
    mn_code code = get_set(&in, &s->dead, err);
    if (code == MN_OK)
        code = get_set(&in, &s->further, err);
    while (code == MN_OK && in.at < in.end)
        code = get_list(&in, s, err);
    return code;
}
