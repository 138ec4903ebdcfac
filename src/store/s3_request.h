/* One request to an S3 server: signed, sent, sent again where that may help, and its failure said in words.
 *
 * Thread-safe: each thread has a connection of its own while its request runs; connections are kept for the
 * next ones. */
#ifndef MN_STORE_S3_REQUEST_H
#define MN_STORE_S3_REQUEST_H

#include "store/blobs.h"

#include <curl/curl.h>
#include <pthread.h>

#define MN_S3_URL  8192
#define MN_S3_IDLE 8 /* connections kept open while nobody uses them */

typedef struct {
    char *base;   /* "https://host/bucket/prefix/": object names go behind it */
    char *root;   /* "https://host/bucket/": what is listed */
    char *prefix; /* "prefix/", or "" */
    char *signer; /* "aws:amz:region:s3" */
    char *access_key, *secret_key, *ca_file;
    long timeout_ms;

    pthread_mutex_t lock; /* guards the two below */
    CURL *idle[MN_S3_IDLE];
    unsigned n_idle;
} mn_s3;

mn_code mn_s3_create(const mn_blobs_s3 *where, mn_s3 **out, mn_error *err);
void mn_s3_destroy(mn_s3 *s);

typedef struct {
    const char *method;
    const char *name;  /* behind base; NULL: the bucket itself */
    const char *query; /* "a=1&b=2", sorted and percent-encoded; NULL: none */
    const void *body;  /* of a PUT */
    size_t body_len;
    mn_buf *answer;  /* what comes back is appended; as it was on failure. NULL: nothing is wanted */
    bool missing_ok; /* an object that is not there is no failure */
} mn_s3_request;

mn_code mn_s3_run(mn_s3 *s, const mn_s3_request *r, mn_error *err);

#endif
