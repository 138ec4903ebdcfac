#include "gallery/gallery_parts.h"
#include "gallery/snapshot_parts.h"

#include "base/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_TRIES 3

struct mn_snapshot {
    mn_gallery *g;
    mn_view *view;
};

mn_code mn_snapshot_take(mn_gallery *g, mn_snapshot **out, mn_error *err)
{
    mn_snapshot *s = mn_calloc(1, sizeof *s);
    if (!s)
        return mn_fail(err, MN_E_MEMORY, "no memory for a snapshot of the gallery");
    s->g = g;
    s->view = mn_view_take(&g->views);
    *out = s;
    return MN_OK;
}

void mn_snapshot_release(mn_snapshot *s)
{
    if (!s)
        return;
    mn_view_give_back(&s->g->views, s->view);
    mn_free(s);
}

size_t mn_snapshot_faces(const mn_snapshot *s)
{
    return s->view->faces;
}

/* ---- the file ---- */

typedef struct {
    char path[PATH_MAX], fresh[PATH_MAX];
    int fd;
    uint64_t at;
    uint8_t *piece; /* room for one, and its tag */
    mn_snapshot_key key;
    const mn_cancel *cancel;
} sink;

static bool still_there(const sink *out)
{
    struct stat opened, named;
    return fstat(out->fd, &opened) == 0 && stat(out->fresh, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

/* Locked, because two processes may write at once; who had to wait may hold what the other one has renamed.
 */
static mn_code open_fresh(sink *out, mn_error *err)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        out->fd = open(out->fresh, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (out->fd < 0)
            return mn_fail_errno(err, errno, "%s", out->fresh);
        if (flock(out->fd, LOCK_EX | LOCK_NB) != 0)
            break;
        if (still_there(out) && fchmod(out->fd, 0600) == 0 && ftruncate(out->fd, 0) == 0)
            return MN_OK;
        close(out->fd);
        out->fd = -1;
    }
    if (out->fd >= 0)
        close(out->fd);
    out->fd = -1;
    return mn_fail(err, MN_E_BUSY, "%s is being written by somebody else", out->fresh);
}

static mn_code write_at(const sink *out, const uint8_t *bytes, size_t n, uint64_t at, mn_error *err)
{
    while (n > 0) {
        ssize_t done = pwrite(out->fd, bytes, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return mn_fail_errno(err, done < 0 ? errno : ENOSPC, "%s", out->fresh);
        bytes += done;
        at += (uint64_t)done;
        n -= (size_t)done;
    }
    return MN_OK;
}

/* Seals what stands in out->piece. */
static mn_code put_piece(sink *out, const mn_snapshot_place *at, size_t n, mn_error *err)
{
    if (mn_cancelled(out->cancel))
        return mn_fail(err, MN_E_CANCELLED, "writing the snapshot was cancelled");
    mn_snapshot_close_piece(&out->key, at, out->piece, n, out->piece + n);
    mn_code code = write_at(out, out->piece, n + MN_SNAPSHOT_TAG, out->at, err);
    out->at += n + MN_SNAPSHOT_TAG;
    return code;
}

static mn_code put_bytes(sink *out, mn_snapshot_place at, const uint8_t *bytes, size_t n, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t done = 0; code == MN_OK && done < n; at.piece++) {
        size_t part = n - done < MN_SNAPSHOT_PIECE ? n - done : MN_SNAPSHOT_PIECE;
        memcpy(out->piece, bytes + done, part);
        code = put_piece(out, &at, part, err);
        done += part;
    }
    return code;
}

/* ---- columns ---- */

static const void *column_of(const mn_chunk *c, int column)
{
    switch (column) {
    case MN_COLUMN_ROWS:
        return c->rows;
    case MN_COLUMN_SCALES:
        return c->scales;
    case MN_COLUMN_HALVES:
        return c->halves;
    case MN_COLUMN_FACES:
        return c->faces;
    default:
        return c->people;
    }
}

/* Rows from … from + n - 1 into the piece; the removed ones as zeros. Ends may change meanwhile: a change is
 * in the caller's stamp or comes after it. */
static void gather(const sink *out, const mn_segment *s, int column, size_t row_bytes, uint32_t from,
                   uint32_t n)
{
    if (column == MN_COLUMN_UNTIL) {
        for (uint32_t i = 0; i < n; i++) {
            uint32_t until = atomic_load_explicit(&s->chunk->until[from + i], memory_order_relaxed);
            memcpy(out->piece + i * row_bytes, &until, sizeof until);
        }
    } else {
        const uint8_t *base = column_of(s->chunk, column);
        memcpy(out->piece, base + from * row_bytes, n * row_bytes);
    }
    for (uint32_t i = 0; s->dead && i < n; i++)
        if (mn_rowset_has(s->dead, from + i))
            memset(out->piece + i * row_bytes, 0, row_bytes);
}

static mn_code put_column(sink *out, const mn_segment *s, uint32_t position, int column, mn_error *err)
{
    size_t row_bytes = mn_snapshot_row_bytes(column, s->chunk->stride, s->chunk->halves != NULL);
    mn_snapshot_place at = {position, (uint32_t)column, 0};
    mn_code code = MN_OK;
    if (row_bytes == 0)
        return MN_OK;
    uint32_t step = (uint32_t)(mn_snapshot_piece(row_bytes) / row_bytes);
    for (uint32_t from = 0; code == MN_OK && from < s->n; from += step, at.piece++) {
        uint32_t n = s->n - from < step ? s->n - from : step;
        gather(out, s, column, row_bytes, from, n);
        code = put_piece(out, &at, n * row_bytes, err);
    }
    return code;
}

static mn_code put_segment(sink *out, const mn_segment *s, mn_snapshot_entry *entry, mn_error *err)
{
    mn_buf sets;
    mn_code code = MN_OK;
    entry->rows = s->n;
    entry->offset = out->at;
    for (int c = 0; code == MN_OK && c < MN_COLUMN_SETS; c++)
        code = put_column(out, s, entry->position, c, err);
    mn_buf_init(&sets, MN_SNAPSHOT_SETS_MAX);
    if (code == MN_OK)
        code = mn_snapshot_put_sets(s, &sets, err);
    if (code == MN_OK)
        code =
            put_bytes(out, (mn_snapshot_place){entry->position, MN_COLUMN_SETS, 0}, sets.data, sets.len, err);
    entry->sets_bytes = sets.len;
    mn_buf_finish(&sets);
    return code;
}

static mn_code put_segments(sink *out, const mn_view *v, mn_snapshot_header *h, mn_error *err)
{
    uint8_t *directory = mn_alloc(v->n_segments * MN_SNAPSHOT_ENTRY);
    mn_code code = directory ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for a snapshot of the gallery");
    for (size_t i = 0; code == MN_OK && i < v->n_segments; i++) {
        mn_snapshot_entry entry = {.position = (uint32_t)i};
        if (!v->segments[i] || v->segments[i]->n == 0)
            continue;
        code = put_segment(out, v->segments[i], &entry, err);
        mn_snapshot_put_entry(&entry, directory + MN_SNAPSHOT_ENTRY * h->chunks++);
    }
    h->directory = out->at;
    if (code == MN_OK)
        code = put_bytes(out, (mn_snapshot_place){MN_SNAPSHOT_DIRECTORY, 0, 0}, directory,
                         h->chunks * MN_SNAPSHOT_ENTRY, err);
    h->file_bytes = out->at;
    mn_free(directory);
    return code;
}

static mn_code put_all(sink *out, const mn_snapshot *s, const mn_snapshot_seal *seal,
                       const uint8_t stamp[MN_SNAPSHOT_STAMP], mn_error *err)
{
    const mn_view *v = s->view;
    uint8_t header[MN_SNAPSHOT_HEADER];
    mn_snapshot_header h = {
        .dim = (uint32_t)s->g->options.dim,
        .metric = (uint32_t)s->g->options.metric,
        .positions = (uint32_t)v->n_segments,
        .faces = v->faces,
        .people = v->people,
        .max_error = v->max_error,
        .max_norm = v->max_norm,
    };
    memcpy(h.owner, seal->owner, sizeof h.owner);
    memcpy(h.stamp, stamp, sizeof h.stamp);
    randombytes_buf(h.salt, sizeof h.salt);
    mn_snapshot_derive(seal->key, h.salt, &out->key, h.key_id);
    out->at = MN_SNAPSHOT_HEADER;
    mn_code code = put_segments(out, v, &h, err);
    if (code != MN_OK)
        return code;
    mn_snapshot_put_header(&h, &out->key, header);
    code = write_at(out, header, sizeof header, 0, err);
    if (code == MN_OK && fsync(out->fd) != 0)
        code = mn_fail_errno(err, errno, "%s", out->fresh);
    return code;
}

/* ---- whole files ---- */

static mn_code sync_folder(const char *path, mn_error *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    int fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return mn_fail_errno(err, errno, "%s", folder);
    mn_code code = fsync(fd) == 0 ? MN_OK : mn_fail_errno(err, errno, "%s", folder);
    close(fd);
    return code;
}

static mn_code publish(const sink *out, mn_error *err)
{
    if (rename(out->fresh, out->path) != 0)
        return mn_fail_errno(err, errno, "%s", out->path);
    return sync_folder(out->path, err);
}

mn_code mn_snapshot_write(const mn_snapshot *s, const char *path, const mn_snapshot_seal *seal,
                          const uint8_t stamp[MN_SNAPSHOT_STAMP], const mn_cancel *cancel, mn_error *err)
{
    sink out = {.fd = -1, .cancel = cancel, .piece = mn_alloc(MN_SNAPSHOT_PIECE + MN_SNAPSHOT_TAG)};
    int n = snprintf(out.path, sizeof out.path, "%s", path),
        m = snprintf(out.fresh, sizeof out.fresh, "%s.new", path);
    mn_code code = MN_OK;
    if (n >= (int)sizeof out.path || m >= (int)sizeof out.fresh)
        code = mn_fail(err, MN_E_INVALID, "the path of the snapshot is too long");
    else if (!out.piece)
        code = mn_fail(err, MN_E_MEMORY, "no memory for a snapshot of the gallery");
    if (code == MN_OK)
        code = open_fresh(&out, err);
    if (out.fd >= 0) {
        code = put_all(&out, s, seal, stamp, err);
        if (code == MN_OK)
            code = publish(&out, err);
        if (code != MN_OK)
            (void)unlink(out.fresh);
        close(out.fd);
    }
    sodium_memzero(&out.key, sizeof out.key);
    mn_free(out.piece);
    return code;
}
