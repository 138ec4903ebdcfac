/* Blobs: samples, originals, results, by id. Sealed by the caller; the blob store sees bytes only.
 * Thread-safe. */
#ifndef MN_STORE_BLOBS_H
#define MN_STORE_BLOBS_H

#include "base/buf.h"
#include "base/id.h"
#include <stdbool.h>

typedef struct mn_blobs mn_blobs;
typedef struct {
    const char *name;
    void (*close)(mn_blobs *b);
    mn_code (*put)(mn_blobs *b, const mn_id *id, const void *bytes, size_t n,
                   mn_error *err); /* durable on return */
    mn_code (*get)(mn_blobs *b, const mn_id *id, mn_buf *out, mn_error *err);
    mn_code (*remove)(mn_blobs *b, const mn_id *id, mn_error *err); /* MN_OK where it is gone already */
    mn_code (*each)(mn_blobs *b, mn_code (*fn)(void *ctx, const mn_id *id, uint64_t size, mn_error *err),
                    void *ctx, mn_error *err);
} mn_blobs_ops;
struct mn_blobs {
    const mn_blobs_ops *ops;
};

/* Files in <folder>/ab/cd/<id>, written beside and renamed, with fsync of file and folder. */
mn_code mn_blobs_open_files(const char *folder, mn_blobs **out, mn_error *err);

#endif
