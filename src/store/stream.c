/* Rows as bytes, their digests, and the walk over a store. */
#include "store/stream.h"

#include "base/alloc.h"

#include <sodium.h>
#include <string.h>

#define PAGE_MAX ((size_t)512 << 20) /* bytes of one page in memory */

/* ---- encoding: a byte whether it is NULL, then the value ---- */

static mn_code put_u64(mn_buf *b, uint64_t v, size_t n, mn_error *err)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    return mn_buf_append(b, bytes, n, err);
}

static mn_code encode_value(mn_column_type type, const mn_value *v, mn_buf *out, mn_error *err)
{
    uint64_t bits;
    uint8_t there = !v->null;
    mn_code code = mn_buf_append(out, &there, 1, err);
    if (code != MN_OK || v->null)
        return code;
    switch (type) {
    case MN_COLUMN_INT:
        return put_u64(out, (uint64_t)v->integer, 8, err);
    case MN_COLUMN_BOOL:
        return put_u64(out, v->integer != 0, 1, err);
    case MN_COLUMN_REAL:
        memcpy(&bits, &v->real, sizeof bits);
        return put_u64(out, bits, 8, err);
    case MN_COLUMN_ID:
        return mn_buf_append(out, v->bytes, sizeof(mn_id), err);
    default:
        if (v->n > UINT32_MAX)
            return mn_fail(err, MN_E_LIMIT, "a value is too large for a backup");
        code = put_u64(out, v->n, 4, err);
        return code == MN_OK ? mn_buf_append(out, v->bytes, v->n, err) : code;
    }
}

mn_code mn_stream_encode(const mn_page *page, mn_buf *out, mn_error *err)
{
    const mn_kind *k = page->kind;
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < page->n * k->n_columns; i++)
        code = encode_value(k->columns[i % k->n_columns].type, &page->rows[i], out, err);
    return code;
}

/* ---- digests ---- */

struct mn_meter {
    mn_stream_totals totals;
    crypto_generichash_state state[MN_KINDS_MAX];
};

mn_meter *mn_meter_create(void)
{
    return mn_calloc(1, sizeof(mn_meter));
}

void mn_meter_destroy(mn_meter *m)
{
    mn_free(m);
}

static mn_code find_kind(mn_meter *m, const char *name, size_t *at, mn_error *err)
{
    mn_stream_totals *t = &m->totals;
    for (*at = 0; *at < t->n; ++*at)
        if (strcmp(t->kinds[*at].name, name) == 0)
            return MN_OK;
    if (t->n == MN_KINDS_MAX)
        return mn_fail(err, MN_E_LIMIT, "more than %d kinds of records", MN_KINDS_MAX);
    memcpy(t->kinds[*at].name, name, strlen(name) + 1);
    crypto_generichash_init(&m->state[*at], NULL, 0, MN_STREAM_DIGEST);
    t->n++;
    return MN_OK;
}

mn_code mn_meter_add(mn_meter *m, const mn_page *page, const mn_buf *encoded, mn_error *err)
{
    size_t at = 0;
    mn_code code = find_kind(m, page->kind->name, &at, err);
    if (code != MN_OK)
        return code;
    crypto_generichash_update(&m->state[at], encoded->data, encoded->len);
    m->totals.kinds[at].rows += page->n;
    m->totals.rows += page->n;
    return MN_OK;
}

void mn_meter_read(const mn_meter *m, mn_stream_totals *out)
{
    *out = m->totals;
    for (size_t i = 0; i < out->n; i++) {
        crypto_generichash_state state = m->state[i];
        crypto_generichash_final(&state, out->kinds[i].digest, MN_STREAM_DIGEST);
    }
}

static const uint8_t *digest_of(const mn_stream_totals *t, const char *name, uint64_t *rows)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->kinds[i].name, name) == 0) {
            *rows = t->kinds[i].rows;
            return t->kinds[i].digest;
        }
    *rows = 0;
    return NULL;
}

static mn_code compare_kind(const mn_stream_totals *a, const mn_stream_totals *b, const char *name,
                            mn_error *err)
{
    uint64_t in_a = 0, in_b = 0;
    const uint8_t *one = digest_of(a, name, &in_a), *other = digest_of(b, name, &in_b);
    if (in_a == in_b && (in_a == 0 || memcmp(one, other, MN_STREAM_DIGEST) == 0))
        return MN_OK;
    return mn_fail(err, MN_E_CORRUPT,
                   "the records of kind %s are not the same on both sides: %llu here, %llu there%s", name,
                   (unsigned long long)in_a, (unsigned long long)in_b,
                   in_a == in_b ? ", with other contents" : "");
}

mn_code mn_stream_compare(const mn_stream_totals *a, const mn_stream_totals *b, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < a->n; i++)
        code = compare_kind(a, b, a->kinds[i].name, err);
    for (size_t i = 0; code == MN_OK && i < b->n; i++)
        code = compare_kind(a, b, b->kinds[i].name, err);
    return code;
}

/* ---- a store as a source ---- */

typedef struct {
    mn_source base;
    mn_store *store;
    mn_stream_without without;
    mn_arena *arena;
    size_t kind; /* the how-manieth */
    bool inside; /* `after` says where in the kind */
    mn_value after[MN_COLUMNS_MAX];
    uint8_t *after_bytes[MN_COLUMNS_MAX];
} walk;

static void close_walk(mn_source *s)
{
    walk *w = (walk *)s;
    for (size_t i = 0; i < MN_COLUMNS_MAX; i++)
        mn_free(w->after_bytes[i]);
    mn_arena_destroy(w->arena);
    mn_free(w);
}

/* The key of the last row is kept apart: the arena is emptied before the next page. */
static mn_code keep_key(walk *w, const mn_kind *k, const mn_value *row, mn_error *err)
{
    for (size_t i = 0; i < k->keys; i++) {
        uint8_t *copy = row[i].bytes ? mn_alloc(row[i].n + 1) : NULL;
        if (row[i].bytes && !copy)
            return mn_fail(err, MN_E_MEMORY, "no memory to walk the store");
        if (copy) {
            memcpy(copy, row[i].bytes, row[i].n);
            copy[row[i].n] = 0;
        }
        mn_free(w->after_bytes[i]);
        w->after_bytes[i] = copy;
        w->after[i] = row[i];
        w->after[i].bytes = copy;
    }
    return MN_OK;
}

static bool left_out(const walk *w, const mn_value *key)
{
    const char *text = (const char *)key->bytes;
    if (strcmp(text, MN_STREAM_MARK) == 0 || strcmp(text, MN_STREAM_LOADED) == 0 ||
        strcmp(text, MN_STORE_SNAPSHOT_META) == 0)
        return true;
    for (const char *const *m = w->without.metas; m && *m; m++)
        if (strcmp(text, *m) == 0)
            return true;
    return false;
}

static size_t drop_metas(const walk *w, const mn_kind *k, mn_value *rows, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (left_out(w, &rows[i * k->n_columns]))
            continue;
        memmove(&rows[kept * k->n_columns], &rows[i * k->n_columns], k->n_columns * sizeof *rows);
        kept++;
    }
    return kept;
}

static mn_code next_of_kind(walk *w, const mn_kind *k, mn_page *out, mn_error *err)
{
    mn_value *rows = NULL;
    size_t n = 0;
    mn_arena_reset(w->arena);
    mn_code code = w->store->ops->rows(w->store, k, w->inside ? w->after : NULL, w->arena, &rows, &n, err);
    if (code != MN_OK)
        return code;
    w->inside = n == MN_KIND_ROWS;
    if (w->inside)
        code = keep_key(w, k, rows + (n - 1) * k->n_columns, err);
    if (strcmp(k->name, "meta") == 0)
        n = drop_metas(w, k, rows, n);
    *out = (mn_page){.kind = k, .rows = rows, .n = n};
    return code;
}

static mn_code walk_next(mn_source *s, mn_page *out, mn_error *err)
{
    walk *w = (walk *)s;
    mn_page page = {0};
    size_t n = w->without.kinds ? w->without.n_kinds : mn_kind_count();
    while (page.n == 0 && w->kind < n) {
        const mn_kind *k = w->without.kinds ? w->without.kinds[w->kind] : mn_kind_at(w->kind);
        if (w->without.kind && strcmp(w->without.kind, k->name) == 0) {
            w->kind++;
            continue;
        }
        mn_code code = next_of_kind(w, k, &page, err);
        if (code != MN_OK)
            return code;
        w->kind += !w->inside;
    }
    *out = page.n > 0 ? page : (mn_page){0};
    return MN_OK;
}

mn_code mn_source_open_store(mn_store *s, const mn_stream_without *without, mn_source **out, mn_error *err)
{
    static const mn_source_ops ops = {.close = close_walk, .next = walk_next};
    walk *w = mn_calloc(1, sizeof *w);
    mn_arena *arena = mn_arena_create(PAGE_MAX);
    if (!w || !arena) {
        mn_free(w);
        mn_arena_destroy(arena);
        return mn_fail(err, MN_E_MEMORY, "no memory to walk the store");
    }
    w->base.ops = &ops;
    w->store = s;
    w->arena = arena;
    if (without)
        w->without = *without;
    *out = &w->base;
    return MN_OK;
}

void mn_source_close(mn_source *s)
{
    if (s)
        s->ops->close(s);
}

mn_code mn_source_next(mn_source *s, mn_page *out, mn_error *err)
{
    return s->ops->next(s, out, err);
}
