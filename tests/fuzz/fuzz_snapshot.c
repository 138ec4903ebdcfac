/* A snapshot from anywhere. The first byte says what the rest is:
 *   0  a whole file
 *   1  a header and a directory, as if their tags were right
 *   2  the sets of a chunk of as many rows as the next two bytes say, and one
 *   3  a file as one who has the key would make it: header and directory are given their tags
 * Taken whole or refused with a text; a gallery that refused one is empty, and one that took it can be
 * searched. */
#include "gallery/gallery_parts.h"
#include "gallery/snapshot_parts.h"
#include "gallery/view_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const mn_snapshot_seal seal = {.key = {1}, .owner = {2}};

static void check(mn_code code, const mn_error *e)
{
    if (code != MN_OK && (e->code != code || !e->text[0]))
        abort();
}

static void search(mn_gallery *g)
{
    const float probe[64] = {1};
    mn_candidate out[3];
    size_t n = 0;
    const mn_query q = {.probe = probe, .k = 3, .min_raw = -2};
    mn_error e = {0};
    check(mn_gallery_search(g, &q, out, &n, NULL, &e), &e);
}

static void read_file(const uint8_t *data, size_t size)
{
    char path[64];
    mn_gallery *g = NULL;
    mn_error e = {0};
    const mn_gallery_options o = {.dim = 64, .threads = 1};
    if (mn_gallery_create(&o, &g, &e) != MN_OK)
        abort();
    snprintf(path, sizeof path, "/dev/shm/mien-fuzz-snapshot-%d", (int)getpid());
    (void)unlink(path);
    FILE *f = fopen(path, "wb");
    if (f && fwrite(data, 1, size, f) == size && fclose(f) == 0) {
        mn_code code = mn_snapshot_read(g, path, &seal, NULL, NULL, &e);
        check(code, &e);
        if (code != MN_OK && mn_gallery_stats_get(g).chunks != 0)
            abort();
        search(g);
    }
    (void)unlink(path);
    mn_gallery_destroy(g);
}

static void read_directory(const uint8_t *data, size_t size)
{
    mn_snapshot_header h;
    mn_error e = {0};
    if (size < MN_SNAPSHOT_HEADER)
        return;
    mn_code code = mn_snapshot_get_header(data, &h, &e);
    check(code, &e);
    if (code != MN_OK || h.chunks * (size_t)MN_SNAPSHOT_ENTRY > size - MN_SNAPSHOT_HEADER)
        return;
    mn_snapshot_entry *entries = calloc(h.chunks + 1, sizeof *entries);
    code = mn_snapshot_get_entries(data + MN_SNAPSHOT_HEADER, &h, entries, &e);
    check(code, &e);
    for (uint32_t i = 0; code == MN_OK && i < h.chunks; i++)
        if (entries[i].position >= h.positions || entries[i].rows > 65536 || entries[i].offset >= h.directory)
            abort();
    free(entries);
}

static void read_sets(const uint8_t *data, size_t size)
{
    mn_error e = {0};
    if (size < 2)
        return;
    mn_chunk *chunk = mn_chunk_create(&(mn_chunk_shape){.stride = 64}, false);
    mn_segment *s = chunk ? mn_segment_create(chunk) : NULL;
    if (!s)
        abort();
    s->n = (data[0] | (uint32_t)data[1] << 8) + 1;
    mn_code code = mn_snapshot_get_sets(data + 2, size - 2, s, &e);
    check(code, &e);
    if (code == MN_OK && (mn_rowset_count(s->dead) > s->n || mn_rowset_count(s->further) > s->n))
        abort();
    mn_segment_unref(s);
}

/* ---- sealing what the input says ---- */

#define FILE_MAX   ((size_t)4 << 20)
#define CHUNKS_MAX 8

typedef struct {
    const uint8_t *plain; /* what is sealed next; beyond its end there are zeros */
    size_t left;
    uint8_t *file;
    uint64_t at;
    mn_snapshot_key key;
} sealer;

static void seal_bytes(sealer *s, mn_snapshot_place place, uint64_t n, size_t piece)
{
    for (; n > 0; place.piece++) {
        size_t part = n < piece ? (size_t)n : piece, have = part < s->left ? part : s->left;
        uint8_t *at = s->file + s->at;
        memcpy(at, s->plain, have);
        s->plain += have;
        s->left -= have;
        mn_snapshot_close_piece(&s->key, &place, at, part, at + part);
        s->at += part + MN_SNAPSHOT_TAG;
        n -= part;
    }
}

static void seal_chunk(sealer *s, const mn_snapshot_entry *e, bool halves)
{
    for (uint32_t c = 0; c < MN_COLUMN_SETS; c++) {
        size_t row = mn_snapshot_row_bytes((int)c, 64, halves);
        if (row > 0)
            seal_bytes(s, (mn_snapshot_place){e->position, c, 0}, (uint64_t)e->rows * row,
                       mn_snapshot_piece(row));
    }
    seal_bytes(s, (mn_snapshot_place){e->position, MN_COLUMN_SETS, 0}, e->sets_bytes, MN_SNAPSHOT_PIECE);
}

static void read_sealed(const uint8_t *data, size_t size)
{
    mn_snapshot_header h;
    mn_snapshot_entry entries[CHUNKS_MAX];
    if (size < MN_SNAPSHOT_HEADER || mn_snapshot_get_header(data, &h, NULL) != MN_OK ||
        h.chunks > CHUNKS_MAX || h.dim != 64 || h.file_bytes > FILE_MAX)
        return;
    const uint8_t *directory = data + MN_SNAPSHOT_HEADER;
    size_t n = h.chunks * (size_t)MN_SNAPSHOT_ENTRY;
    if (size - MN_SNAPSHOT_HEADER < n || mn_snapshot_get_entries(directory, &h, entries, NULL) != MN_OK)
        return;
    sealer s = {.plain = directory + n, .left = size - MN_SNAPSHOT_HEADER - n, .at = MN_SNAPSHOT_HEADER};
    s.file = calloc(1, FILE_MAX);
    if (!s.file)
        abort();
    memcpy(h.owner, seal.owner, sizeof h.owner);
    mn_snapshot_derive(seal.key, h.salt, &s.key, h.key_id);
    mn_snapshot_put_header(&h, &s.key, s.file);
    for (uint32_t i = 0; i < h.chunks; i++)
        seal_chunk(&s, &entries[i], h.metric == MN_METRIC_L2);
    s.plain = directory;
    s.left = n;
    seal_bytes(&s, (mn_snapshot_place){MN_SNAPSHOT_DIRECTORY, 0, 0}, n, MN_SNAPSHOT_PIECE);
    if (s.at != h.file_bytes)
        abort();
    read_file(s.file, (size_t)h.file_bytes);
    free(s.file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    switch (data[0] % 4) {
    case 0:
        read_file(data + 1, size - 1);
        break;
    case 1:
        read_directory(data + 1, size - 1);
        break;
    case 2:
        read_sets(data + 1, size - 1);
        break;
    default:
        read_sealed(data + 1, size - 1);
    }
    return 0;
}
