/* Inside snapshot: the file's parts.
 *
 *   header, 256 bytes, authenticated by its tag
 *   for each chunk: its columns one after the other (rows, scales, half squared lengths for L2, faces,
 * people, ends), then its sets: removed, further faces, lists directory: what chunks there are, and where
 *
 * All but the header is a series of pieces, each followed by its tag. A piece's nonce is its place (chunk,
 * column, number), so a piece that was moved does not open. Columns are cut between rows. */
#ifndef MN_GALLERY_SNAPSHOT_PARTS_H
#define MN_GALLERY_SNAPSHOT_PARTS_H

#include "base/buf.h"
#include "gallery/snapshot.h"
#include "gallery/view.h"

#define MN_SNAPSHOT_FORMAT     1
#define MN_SNAPSHOT_HEADER     256
#define MN_SNAPSHOT_TAG        16
#define MN_SNAPSHOT_PIECE      ((size_t)256 << 10)
#define MN_SNAPSHOT_ENTRY      32 /* of the directory */
#define MN_SNAPSHOT_CHUNKS_MAX 32768
#define MN_SNAPSHOT_SETS_MAX   ((size_t)1 << 30) /* bytes of one chunk's sets: 100 000 lists */
#define MN_SNAPSHOT_DIRECTORY  UINT32_MAX        /* in place of a chunk's position */

enum {
    MN_COLUMN_ROWS,
    MN_COLUMN_SCALES,
    MN_COLUMN_HALVES,
    MN_COLUMN_FACES,
    MN_COLUMN_PEOPLE,
    MN_COLUMN_UNTIL,
    MN_COLUMN_SETS,
    MN_COLUMNS
};

typedef struct {
    uint32_t dim, metric, chunks, positions; /* positions: slots of the view's table, empty ones included */
    uint64_t faces, people, file_bytes, directory;
    float max_error, max_norm;
    uint8_t owner[MN_SNAPSHOT_OWNER], salt[32], stamp[MN_SNAPSHOT_STAMP], key_id[8];
} mn_snapshot_header;

typedef struct {
    uint8_t bytes[32];
} mn_snapshot_key;

/* The file's own key, and what tells the owner's key without betraying it. */
void mn_snapshot_derive(const uint8_t owner_key[MN_SNAPSHOT_KEY], const uint8_t salt[32],
                        mn_snapshot_key *out, uint8_t key_id[8]);
void mn_snapshot_put_header(const mn_snapshot_header *h, const mn_snapshot_key *key,
                            uint8_t out[MN_SNAPSHOT_HEADER]);
/* MN_E_UNSUPPORTED, MN_E_CORRUPT. Proves nothing: see the next. */
mn_code mn_snapshot_get_header(const uint8_t in[MN_SNAPSHOT_HEADER], mn_snapshot_header *out, mn_error *err);
bool mn_snapshot_proven(const uint8_t in[MN_SNAPSHOT_HEADER], const mn_snapshot_key *key);

typedef struct {
    uint32_t position, rows;
    uint64_t offset, sets_bytes;
} mn_snapshot_entry;
void mn_snapshot_put_entry(const mn_snapshot_entry *e, uint8_t out[MN_SNAPSHOT_ENTRY]);
/* Of n = h->chunks entries: each within the file and in rising order. */
mn_code mn_snapshot_get_entries(const uint8_t *bytes, const mn_snapshot_header *h, mn_snapshot_entry *out,
                                mn_error *err);

/* Bytes of a row in a column; 0: the gallery has no such column, or it has no rows. */
size_t mn_snapshot_row_bytes(int column, size_t stride, bool halves);
size_t mn_snapshot_piece(size_t row_bytes); /* of a column: the largest one of whole rows */
uint64_t mn_snapshot_sealed(uint64_t bytes, size_t piece);

typedef struct {
    uint32_t chunk, column, piece;
} mn_snapshot_place;
void mn_snapshot_close_piece(const mn_snapshot_key *key, const mn_snapshot_place *at, uint8_t *bytes,
                             size_t n, uint8_t tag[MN_SNAPSHOT_TAG]); /* in place */
bool mn_snapshot_open_piece(const mn_snapshot_key *key, const mn_snapshot_place *at, const uint8_t *sealed,
                            size_t n, const uint8_t tag[MN_SNAPSHOT_TAG], uint8_t *out);

/* Sets as bytes, without what is removed. */
mn_code mn_snapshot_put_sets(const mn_segment *s, mn_buf *out, mn_error *err);
/* Into a segment of s->n rows that has none yet. */
mn_code mn_snapshot_get_sets(const uint8_t *bytes, size_t n, mn_segment *s, mn_error *err);

#endif
