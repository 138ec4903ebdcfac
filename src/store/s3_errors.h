/* What an S3 server's refusal, or its absence, means to the person who runs mien. */
#ifndef MN_STORE_S3_ERRORS_H
#define MN_STORE_S3_ERRORS_H

#include "base/error.h"
#include "store/s3_xml.h"

#include <curl/curl.h>

typedef struct {
    const char *url;    /* without keys */
    const char *method; /* GET, PUT, DELETE */
    const char *name;   /* of the object; NULL: the bucket */
    CURLcode why;       /* CURLE_OK: there is an answer */
    const char *words;  /* libcurl's */
    long status;
    char code[MN_S3_CODE]; /* "SlowDown"; "" where the answer was none of S3's */
} mn_s3_failure;

bool mn_s3_may_pass(const mn_s3_failure *f); /* is trying again worth it? */
mn_code mn_s3_fail(const mn_s3_failure *f, mn_error *err);

#endif
