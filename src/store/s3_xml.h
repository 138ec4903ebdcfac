/* The two XML documents that an S3 server sends and that are read: a page of a listing, and an error.
 *
 * A server is not trusted: no document types or entities, at most 16 elements deep, bounded texts. What is
 * unknown is passed over. */
#ifndef MN_STORE_S3_XML_H
#define MN_STORE_S3_XML_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MN_S3_TEXT 2048 /* bytes of a key or a continuation token, with the zero byte */
#define MN_S3_CODE 64   /* "NoSuchBucket" */

typedef struct {
    bool truncated;         /* another page follows, to be asked for with: */
    char token[MN_S3_TEXT]; /* NextContinuationToken */
} mn_s3_page;

/* fn for each object in the page; a non-zero answer stops, and is returned. MN_E_CORRUPT for what is no
 * ListBucketResult. */
mn_code mn_s3_read_page(const void *xml, size_t n,
                        mn_code (*fn)(void *ctx, const char *key, uint64_t size, mn_error *err), void *ctx,
                        mn_s3_page *out, mn_error *err);

/* The Code of an error; "" for what is no S3 error. Letters and digits only: fit for a message. */
void mn_s3_read_error(const void *xml, size_t n, char code[MN_S3_CODE]);

#endif
