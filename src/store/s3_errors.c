#include "store/s3_errors.h"

#include <string.h>

static bool is(const mn_s3_failure *f, const char *code)
{
    return strcmp(f->code, code) == 0;
}

static bool connection_may_come_back(CURLcode why)
{
    switch (why) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_ABORTED_BY_CALLBACK: /* silent for too long */
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return true;
    default:
        return false;
    }
}

bool mn_s3_may_pass(const mn_s3_failure *f)
{
    if (f->why != CURLE_OK)
        return connection_may_come_back(f->why);
    return f->status == 429 || f->status == 500 || f->status == 502 || f->status == 503 || f->status == 504 ||
           is(f, "RequestTimeout"); /* a 400: our bytes came too slowly */
}

static mn_code fail_connection(const mn_s3_failure *f, mn_error *err)
{
    if (f->why == CURLE_OPERATION_TIMEDOUT || f->why == CURLE_ABORTED_BY_CALLBACK)
        return mn_fail(err, MN_E_TIMEOUT,
                       "the S3 server at %s is silent or too slow: look at it and at the network, or raise "
                       "blobs.timeout_ms",
                       f->url);
    if (f->why == CURLE_PEER_FAILED_VERIFICATION || f->why == CURLE_SSL_CACERT_BADFILE)
        return mn_fail(err, MN_E_IO,
                       "the S3 server at %s shows a certificate that is not trusted (%s): give its "
                       "authority's certificate in blobs.ca",
                       f->url, f->words);
    return mn_fail(err, MN_E_IO,
                   "the S3 server at %s cannot be reached: check that it runs, and blobs.url (%s)", f->url,
                   f->words);
}

static mn_code fail_forbidden(const mn_s3_failure *f, mn_error *err)
{
    static const struct {
        const char *code, *advice;
    } known[] = {
        {"InvalidAccessKeyId", "it does not know blobs.access_key"},
        {"SignatureDoesNotMatch", "blobs.secret_key does not belong to blobs.access_key, or blobs.region is "
                                  "another one"},
        {"RequestTimeTooSkewed", "this machine's clock and the server's differ: set them by NTP"},
        {"ExpiredToken", "the keys have expired: make new ones"},
    };
    const char *advice = "allow the key s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket there";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is(f, known[i].code))
            advice = known[i].advice;
    return mn_fail(err, MN_E_FORBIDDEN, "the S3 server at %s refuses %s (%s): %s", f->url, f->method,
                   f->code[0] ? f->code : "HTTP 403", advice);
}

static mn_code fail_missing(const mn_s3_failure *f, mn_error *err)
{
    if (is(f, "NoSuchBucket") || !f->name)
        return mn_fail(err, MN_E_IO, "the bucket of %s is not there: make it, or correct blobs.url", f->url);
    return mn_fail(err, MN_E_NOT_FOUND, "the blob %s%s is missing", f->url, f->name);
}

static bool wrong_region(const mn_s3_failure *f)
{
    return f->status == 301 || f->status == 307 || is(f, "AuthorizationHeaderMalformed") ||
           is(f, "IllegalLocationConstraintException") || is(f, "InvalidRegion");
}

mn_code mn_s3_fail(const mn_s3_failure *f, mn_error *err)
{
    if (f->why != CURLE_OK)
        return fail_connection(f, err);
    if (f->status == 404)
        return fail_missing(f, err);
    if (f->status == 401 || f->status == 403)
        return fail_forbidden(f, err);
    if (wrong_region(f))
        return mn_fail(err, MN_E_IO,
                       "the S3 server at %s has the bucket elsewhere: correct blobs.region, or the host in "
                       "blobs.url",
                       f->url);
    if (f->status == 413 || is(f, "EntityTooLarge"))
        return mn_fail(err, MN_E_LIMIT, "the S3 server at %s takes no blob of this size", f->url);
    if (f->status == 507 || is(f, "QuotaExceeded") || is(f, "XMinioStorageFull"))
        return mn_fail(err, MN_E_FULL, "the S3 server at %s has no room left: make some there", f->url);
    return mn_fail(err, MN_E_IO, "the S3 server at %s answers %s with HTTP %ld%s%s", f->url, f->method,
                   f->status, f->code[0] ? " " : "", f->code);
}
