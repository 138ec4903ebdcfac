/* Blobs: samples, originals, results, by id. Sealed by the caller; the blob store sees bytes only.
 * Thread-safe. */
#ifndef MN_STORE_BLOBS_H
#define MN_STORE_BLOBS_H

#include "base/buf.h"
#include "base/id.h"
#include "base/settings.h"
#include <stdbool.h>

typedef struct mn_blobs mn_blobs;
typedef struct {
    const char *name;
    void (*close)(mn_blobs *b);
    mn_code (*put)(mn_blobs *b, const mn_id *id, const void *bytes, size_t n,
                   mn_error *err); /* durable on return */
    /* Appends to out, whose maximum is the limit. MN_E_NOT_FOUND: there is no such blob. */
    mn_code (*get)(mn_blobs *b, const mn_id *id, mn_buf *out, mn_error *err);
    mn_code (*remove)(mn_blobs *b, const mn_id *id, mn_error *err); /* MN_OK where it is gone already */
    /* In no certain order. A non-zero answer stops, and is returned. fn may put, get and remove; whether what
     * is put meanwhile is seen is not said. */
    mn_code (*each)(mn_blobs *b, mn_code (*fn)(void *ctx, const mn_id *id, uint64_t size, mn_error *err),
                    void *ctx, mn_error *err);
} mn_blobs_ops;
struct mn_blobs {
    const mn_blobs_ops *ops;
};

/* Files in <folder>/ab/cd/<id>, written beside and renamed, with fsync of file and folder. */
mn_code mn_blobs_open_files(const char *folder, mn_blobs **out, mn_error *err);

/* Objects of an S3 server, with the same names as the files: <url>/ab/cd/<id>. */
#define MN_BLOBS_S3_MAX ((size_t)1 << 30) /* bytes of a blob put there: one request each */
typedef struct {
    const char *url; /* "https://host/bucket/prefix"; https where no scheme is named */
    bool in_host;    /* the bucket is in the host's name: "https://bucket.host/prefix" */
    const char *region;
    const char *access_key, *secret_key; /* copied; in no message */
    const char *ca_file;                 /* certificates to trust; NULL or "": the system's */
    int timeout_ms; /* longest silence of the server. A call ends, well or not, within about twice this, plus
                     * what its bytes take at 64 KiB/s. */
} mn_blobs_s3;
/* Does not speak to the server yet. MN_E_INVALID: what is wrong with the settings. The operations fail with
 * MN_E_FORBIDDEN (keys, rights, clock), MN_E_TIMEOUT and MN_E_IO (after several attempts), MN_E_FULL,
 * MN_E_LIMIT. */
mn_code mn_blobs_open_s3(const mn_blobs_s3 *where, mn_blobs **out, mn_error *err);

/* As the settings blobs.… say: S3 where blobs.url names one, else files in `folder`. */
mn_code mn_blobs_open(const mn_settings *settings, const char *folder, mn_blobs **out, mn_error *err);

/* "ab/cd/<id>", by which a blob is called everywhere. */
#define MN_BLOB_NAME 48
void mn_blob_name(const mn_id *id, char name[MN_BLOB_NAME]);
/* The id in such a name; false for any other name. */
bool mn_blob_parse(const char *name, mn_id *id);

#endif
