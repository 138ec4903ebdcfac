/* Threads take chunks: each piece is read, opened, and lies in its column. The table of people is
 * made afterwards. Nothing is seen of it before all of it has proven right. */
#include "gallery/gallery_parts.h"
#include "gallery/snapshot_parts.h"
#include "gallery/view_parts.h"

#include "base/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HUGE_PAGES_FROM 8192 /* as in write.c */

typedef struct {
    mn_gallery *g;
    mn_code (*accepts)(void *ctx, const uint8_t stamp[MN_SNAPSHOT_STAMP], mn_error *err);
    void *ctx;
    int fd;
    mn_snapshot_header header;
    mn_snapshot_key key;
    mn_snapshot_entry *entries;
    mn_view *view;

    atomic_uint next;     /* entry to be worked on */
    pthread_mutex_t lock; /* guards those below */
    mn_code code;
    mn_error error;
} reader;

static mn_code damaged(mn_error *err)
{
    return mn_fail(err, MN_E_CORRUPT, "it was changed, cut off or mixed up");
}

static mn_code read_at(const reader *r, uint8_t *bytes, size_t n, uint64_t at, mn_error *err)
{
    while (n > 0) {
        ssize_t done = pread(r->fd, bytes, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return mn_fail_errno(err, errno, "reading");
        if (done == 0)
            return damaged(err);
        bytes += done;
        at += (uint64_t)done;
        n -= (size_t)done;
    }
    return MN_OK;
}

/* Bytes that were sealed in pieces; scratch: room for one with its tag. *at moves past them. */
static mn_code get_bytes(const reader *r, mn_snapshot_place place, uint64_t n, size_t piece, uint64_t *at,
                         uint8_t *scratch, uint8_t *out, mn_error *err)
{
    mn_code code = MN_OK;
    for (; code == MN_OK && n > 0; place.piece++) {
        size_t part = n < piece ? (size_t)n : piece;
        code = read_at(r, scratch, part + MN_SNAPSHOT_TAG, *at, err);
        if (code == MN_OK && !mn_snapshot_open_piece(&r->key, &place, scratch, part, scratch + part, out))
            code = damaged(err);
        *at += part + MN_SNAPSHOT_TAG;
        out += part;
        n -= part;
    }
    return code;
}

/* ---- chunks ---- */

static uint8_t *column_of(mn_chunk *c, int column)
{
    switch (column) {
    case MN_COLUMN_ROWS:
        return (uint8_t *)c->rows;
    case MN_COLUMN_SCALES:
        return (uint8_t *)c->scales;
    case MN_COLUMN_HALVES:
        return (uint8_t *)c->halves;
    case MN_COLUMN_FACES:
        return c->faces->bytes;
    case MN_COLUMN_PEOPLE:
        return c->people->bytes;
    default:
        return (uint8_t *)(void *)c->until; /* nobody else has the chunk yet */
    }
}
_Static_assert(sizeof(atomic_uint) == sizeof(uint32_t), "ends are read in place");

static mn_code get_columns(const reader *r, const mn_snapshot_entry *e, mn_chunk *c, uint64_t *at,
                           uint8_t *scratch, mn_error *err)
{
    mn_code code = MN_OK;
    for (int i = 0; code == MN_OK && i < MN_COLUMN_SETS; i++) {
        size_t row = mn_snapshot_row_bytes(i, c->stride, c->halves != NULL);
        if (row > 0)
            code = get_bytes(r, (mn_snapshot_place){e->position, (uint32_t)i, 0}, (uint64_t)e->rows * row,
                             mn_snapshot_piece(row), at, scratch, column_of(c, i), err);
    }
    return code;
}

static mn_code get_sets(const reader *r, const mn_snapshot_entry *e, mn_segment *s, uint64_t *at,
                        uint8_t *scratch, mn_error *err)
{
    uint8_t *bytes = mn_alloc(e->sets_bytes);
    if (!bytes)
        return mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    mn_code code = get_bytes(r, (mn_snapshot_place){e->position, MN_COLUMN_SETS, 0}, e->sets_bytes,
                             MN_SNAPSHOT_PIECE, at, scratch, bytes, err);
    if (code == MN_OK)
        code = mn_snapshot_get_sets(bytes, (size_t)e->sets_bytes, s, err);
    mn_free(bytes);
    return code;
}

/* What the scan relies on, whoever wrote the file. */
static mn_code settle_rows(mn_segment *s, mn_error *err)
{
    mn_chunk *c = s->chunk;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t until = atomic_load_explicit(&c->until[i], memory_order_relaxed);
        c->next[i] = MN_NO_ROW;
        if (!isfinite(c->scales[i]) || (c->halves && !isfinite(c->halves[i])))
            return damaged(err);
        if (until < s->earliest && !mn_rowset_has(s->dead, i))
            s->earliest = until;
    }
    return MN_OK;
}

static mn_code get_segment(reader *r, const mn_snapshot_entry *e, uint8_t *scratch, mn_error *err)
{
    const mn_chunk_shape shape = mn_gallery_shape(r->g);
    uint64_t at = e->offset;
    mn_chunk *chunk = mn_chunk_create(&shape, r->header.faces >= HUGE_PAGES_FROM);
    mn_segment *s = chunk ? mn_segment_create(chunk) : NULL;
    if (!s) {
        mn_chunk_unref(chunk);
        return mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    }
    s->n = e->rows;
    mn_code code = get_columns(r, e, chunk, &at, scratch, err);
    if (code == MN_OK)
        code = get_sets(r, e, s, &at, scratch, err);
    if (code == MN_OK)
        code = settle_rows(s, err);
    if (code == MN_OK)
        r->view->segments[e->position] = s; /* each thread its own */
    else
        mn_segment_unref(s);
    return code;
}

static void note_failure(reader *r, mn_code code, const mn_error *e)
{
    pthread_mutex_lock(&r->lock);
    if (r->code == MN_OK) {
        r->code = code;
        r->error = *e;
    }
    pthread_mutex_unlock(&r->lock);
}

static void read_segments(void *job, unsigned worker)
{
    (void)worker;
    reader *r = job;
    mn_error e = {0};
    uint8_t *scratch = mn_alloc(MN_SNAPSHOT_PIECE + MN_SNAPSHOT_TAG);
    mn_code code = scratch ? MN_OK : mn_fail(&e, MN_E_MEMORY, "no memory for the gallery");
    unsigned i;
    while (code == MN_OK && (i = atomic_fetch_add(&r->next, 1)) < r->header.chunks)
        code = get_segment(r, &r->entries[i], scratch, &e);
    mn_free(scratch);
    if (code != MN_OK) {
        atomic_store(&r->next, r->header.chunks);
        note_failure(r, code, &e);
    }
}

/* ---- the table of people ---- */

static bool alive(const mn_segment *s, uint32_t row)
{
    return !mn_rowset_has(s->dead, row);
}

/* Are there as many faces and people as the header says? */
static bool enter_heads(reader *r)
{
    uint64_t faces = 0, people = 0;
    for (size_t i = 0; i < r->view->n_segments; i++) {
        const mn_segment *s = r->view->segments[i];
        for (uint32_t row = 0; s && row < s->n; row++) {
            if (!alive(s, row))
                continue;
            faces++;
            if (!mn_rowset_has(s->further, row) && people++ < r->header.people)
                mn_rowmap_insert(&r->g->people, r->view, (uint32_t)(i << 16 | row));
        }
    }
    return faces == r->header.faces && people == r->header.people;
}

/* The further faces of a person follow the first one. */
static bool chain(reader *r, const mn_segment *s, size_t position, uint32_t row)
{
    uint32_t head = mn_rowmap_find(&r->g->people, r->view, &s->chunk->people[row]);
    if (head == MN_NO_ROW)
        return false;
    uint32_t *next = &r->view->segments[head >> 16]->chunk->next[head & 0xffff];
    s->chunk->next[row] = *next;
    *next = (uint32_t)(position << 16 | row);
    return true;
}

static bool chain_all(reader *r)
{
    for (size_t i = 0; i < r->view->n_segments; i++) {
        const mn_segment *s = r->view->segments[i];
        for (uint32_t row = 0; s && mn_rowset_count(s->further) > 0 && row < s->n; row++)
            if (mn_rowset_has(s->further, row) && alive(s, row) && !chain(r, s, i, row))
                return false;
    }
    return true;
}

/* ---- all together ---- */

/* Each thread reads until there is nothing left. */
static mn_code read_in_parallel(reader *r, mn_pool *pool, mn_error *err)
{
    const mn_job job = {.run = read_segments, .job = r};
    atomic_store(&r->next, 0);
    for (unsigned i = 0; pool && i < mn_pool_workers(pool); i++)
        (void)mn_pool_submit(pool, &job, false, NULL);
    read_segments(r, 0);
    if (pool)
        mn_pool_drain(pool);
    if (r->code != MN_OK && err)
        *err = r->error;
    return r->code;
}

static mn_code read_directory(reader *r, mn_error *err)
{
    size_t n = r->header.chunks * (size_t)MN_SNAPSHOT_ENTRY;
    uint64_t at = r->header.directory;
    uint8_t *bytes = mn_alloc(n), *scratch = mn_alloc(MN_SNAPSHOT_PIECE + MN_SNAPSHOT_TAG);
    r->entries = mn_calloc(r->header.chunks + 1, sizeof *r->entries);
    mn_code code =
        bytes && scratch && r->entries ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    if (code == MN_OK)
        code = get_bytes(r, (mn_snapshot_place){MN_SNAPSHOT_DIRECTORY, 0, 0}, n, MN_SNAPSHOT_PIECE, &at,
                         scratch, bytes, err);
    if (code == MN_OK)
        code = mn_snapshot_get_entries(bytes, &r->header, r->entries, err);
    mn_free(bytes);
    mn_free(scratch);
    return code;
}

static mn_code make_view(reader *r, mn_error *err)
{
    size_t n = r->header.positions;
    mn_gallery *g = r->g;
    r->view = mn_view_copy(&g->views, NULL, n + 1);
    if (!r->view)
        return mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    memset(r->view->segments, 0, n * sizeof r->view->segments[0]);
    r->view->n_segments = n;
    r->view->faces = r->header.faces;
    r->view->people = r->header.people;
    r->view->max_error = r->header.max_error;
    r->view->max_norm = r->header.max_norm;
    return mn_rowmap_reserve(&g->people, r->view, r->header.people)
               ? MN_OK
               : mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
}

static size_t find_tail(const mn_view *v)
{
    size_t i = 0;
    while (i < v->n_segments && (!v->segments[i] || v->segments[i]->n == MN_CHUNK_ROWS))
        i++;
    return i < v->n_segments ? i : SIZE_MAX;
}

/* With the write lock held. */
static mn_code fill(reader *r, mn_error *err)
{
    mn_gallery *g = r->g;
    mn_pool *pool = NULL;
    mn_code code = make_view(r, err);
    if (code == MN_OK && g->options.threads > 1)
        code = mn_pool_create(g->options.threads - 1, g->options.threads, &pool, err);
    if (code == MN_OK)
        code = read_in_parallel(r, pool, err);
    if (code == MN_OK)
        code = enter_heads(r) && chain_all(r) ? MN_OK : damaged(err);
    mn_pool_destroy(pool);
    if (code != MN_OK) {
        mn_view_drop(&g->views, r->view);
        mn_rowmap_finish(&g->people);
        return code;
    }
    r->view->tail = find_tail(r->view);
    mn_view_publish(&g->views, r->view);
    mn_gallery_tidy(g);
    return MN_OK;
}

static mn_code read_header(reader *r, uint8_t bytes[MN_SNAPSHOT_HEADER], mn_error *err)
{
    struct stat st;
    if (fstat(r->fd, &st) != 0)
        return mn_fail_errno(err, errno, "reading");
    if (!S_ISREG(st.st_mode) || st.st_size < MN_SNAPSHOT_HEADER)
        return damaged(err);
    mn_code code = read_at(r, bytes, MN_SNAPSHOT_HEADER, 0, err);
    if (code == MN_OK)
        code = mn_snapshot_get_header(bytes, &r->header, err);
    if (code == MN_OK && r->header.file_bytes != (uint64_t)st.st_size)
        code = mn_fail(err, MN_E_CORRUPT, "it has %lld bytes where %llu belong", (long long)st.st_size,
                       (unsigned long long)r->header.file_bytes);
    return code;
}

static mn_code check_owner(reader *r, const uint8_t bytes[MN_SNAPSHOT_HEADER], const mn_snapshot_seal *seal,
                           mn_error *err)
{
    uint8_t key_id[sizeof r->header.key_id];
    const mn_gallery_options *o = &r->g->options;
    if (memcmp(r->header.owner, seal->owner, sizeof seal->owner) != 0)
        return mn_fail(err, MN_E_PACK, "it was made for another deployment or model");
    mn_snapshot_derive(seal->key, r->header.salt, &r->key, key_id);
    if (memcmp(key_id, r->header.key_id, sizeof key_id) != 0)
        return mn_fail(err, MN_E_FORBIDDEN, "the key it was sealed under is not there any more");
    if (!mn_snapshot_proven(bytes, &r->key))
        return damaged(err);
    if (r->header.dim != (uint32_t)o->dim || r->header.metric != (uint32_t)o->metric)
        return mn_fail(err, MN_E_PACK, "its descriptors have %u numbers where %d belong, or another metric",
                       r->header.dim, o->dim);
    return MN_OK;
}

static mn_code open_file(const char *path, int *fd, mn_error *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return *fd >= 0 ? MN_OK : mn_fail_errno(err, errno, "%s", path);
}

static mn_code read_all(reader *r, const mn_snapshot_seal *seal, mn_error *err)
{
    uint8_t bytes[MN_SNAPSHOT_HEADER];
    mn_code code = read_header(r, bytes, err);
    if (code == MN_OK)
        code = check_owner(r, bytes, seal, err);
    if (code == MN_OK && r->accepts)
        code = r->accepts(r->ctx, r->header.stamp, err);
    if (code == MN_OK)
        code = read_directory(r, err);
    if (code != MN_OK)
        return code;
    pthread_mutex_lock(&r->g->write);
    code = mn_view_current(&r->g->views)->n_segments == 0
               ? fill(r, err)
               : mn_fail(err, MN_E_EXISTS, "the gallery is not empty");
    pthread_mutex_unlock(&r->g->write);
    return code;
}

mn_code mn_snapshot_read(mn_gallery *g, const char *path, const mn_snapshot_seal *seal,
                         mn_code (*accepts)(void *ctx, const uint8_t stamp[MN_SNAPSHOT_STAMP], mn_error *err),
                         void *ctx, mn_error *err)
{
    reader r = {.g = g, .accepts = accepts, .ctx = ctx};
    mn_code code = open_file(path, &r.fd, err);
    if (code != MN_OK)
        return code;
    pthread_mutex_init(&r.lock, NULL);
    atomic_init(&r.next, 0);
    code = read_all(&r, seal, err);
    if (code != MN_OK)
        mn_error_prefix(err, "%s", path);
    pthread_mutex_destroy(&r.lock);
    sodium_memzero(&r.key, sizeof r.key);
    mn_free(r.entries);
    close(r.fd);
    return code;
}

mn_code mn_snapshot_look(const char *path, mn_snapshot_info *out, mn_error *err)
{
    reader r = {0};
    uint8_t bytes[MN_SNAPSHOT_HEADER];
    mn_code code = open_file(path, &r.fd, err);
    if (code != MN_OK)
        return code;
    code = read_header(&r, bytes, err);
    if (code == MN_OK) {
        *out = (mn_snapshot_info){.bytes = r.header.file_bytes,
                                  .faces = r.header.faces,
                                  .people = r.header.people,
                                  .dim = (int)r.header.dim};
        memcpy(out->stamp, r.header.stamp, sizeof out->stamp);
    } else {
        mn_error_prefix(err, "%s", path);
    }
    close(r.fd);
    return code;
}
