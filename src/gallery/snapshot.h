/* A gallery on the disk, sealed, for an instant start.
 *
 * Written from one moment's view while searches and writes go on; read by several threads straight into the
 * columns of new chunks. What was removed is not in it: its rows, ids and list entries are written as zeros.
 *
 * Sealed: XChaCha20-Poly1305 in pieces of 256 KiB at most, under a key of the file's own, made from the
 * owner's key and a random salt. Nothing of it opens without the owner's key: who destroys that key has
 * destroyed all snapshots made under it, copies included. The header is plain: sizes, the owner's hash and
 * stamp; no ids, nothing biometric.
 *
 * Complete or not at all: <path>.new, mode 0600, fsync, rename, fsync of the folder. Damage, truncation, a
 * piece in another place: MN_E_CORRUPT, and the gallery stays empty. All numbers are little-endian; a format
 * that this version does not know is MN_E_UNSUPPORTED. Limits: those of a gallery. */
#ifndef MN_GALLERY_SNAPSHOT_H
#define MN_GALLERY_SNAPSHOT_H

#include "gallery/gallery.h"

#define MN_SNAPSHOT_KEY   32
#define MN_SNAPSHOT_OWNER 32
#define MN_SNAPSHOT_STAMP 96

typedef struct {
    uint8_t key[MN_SNAPSHOT_KEY]; /* secret; wiped by the caller */
    uint8_t
        owner[MN_SNAPSHOT_OWNER]; /* public: a hash of all that must be the same for the rows to be of use */
} mn_snapshot_seal;

typedef struct mn_snapshot mn_snapshot; /* one moment of a gallery; must be released before it is destroyed */
mn_code mn_snapshot_take(mn_gallery *g, mn_snapshot **out, mn_error *err);
void mn_snapshot_release(mn_snapshot *s);
size_t mn_snapshot_faces(const mn_snapshot *s);

/* stamp: the caller's, shown to him when reading; authenticated, not secret. MN_E_BUSY: another process is
 * writing one there. MN_E_CANCELLED between two pieces. On failure the old file is as it was. */
mn_code mn_snapshot_write(const mn_snapshot *s, const char *path, const mn_snapshot_seal *seal,
                          const uint8_t stamp[MN_SNAPSHOT_STAMP], const mn_cancel *cancel, mn_error *err);

/* Into an empty gallery (else MN_E_EXISTS), by as many threads as its searches have. MN_E_NOT_FOUND: no such
 * file. MN_E_PACK: of another owner or of other dimensions. MN_E_FORBIDDEN: sealed under another key, most
 * likely one that was destroyed since. accepts (may be NULL) is shown the proven stamp before any row is
 * read; its failure is returned. */
mn_code mn_snapshot_read(mn_gallery *g, const char *path, const mn_snapshot_seal *seal,
                         mn_code (*accepts)(void *ctx, const uint8_t stamp[MN_SNAPSHOT_STAMP], mn_error *err),
                         void *ctx, mn_error *err);

typedef struct {
    uint64_t bytes, faces, people;
    int dim;
    uint8_t stamp[MN_SNAPSHOT_STAMP];
} mn_snapshot_info;
/* The header, without any key: nothing of it is proven. */
mn_code mn_snapshot_look(const char *path, mn_snapshot_info *out, mn_error *err);

#endif
