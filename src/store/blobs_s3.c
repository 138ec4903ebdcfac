#include "store/blobs.h"

#include "base/alloc.h"
#include "store/s3_request.h"
#include "store/s3_xml.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define PAGE_MAX ((size_t)8 << 20) /* bytes of one page of a listing: 1000 keys */

typedef struct {
    mn_blobs base;
    mn_s3 *s3;
} bucket;

static mn_code put(mn_blobs *b, const mn_id *id, const void *bytes, size_t n, mn_error *err)
{
    char name[MN_BLOB_NAME];
    mn_blob_name(id, name);
    if (n > MN_BLOBS_S3_MAX)
        return mn_fail(err, MN_E_LIMIT, "a blob of %zu bytes is too large for one S3 request", n);
    const mn_s3_request r = {.method = "PUT", .name = name, .body = bytes, .body_len = n};
    return mn_s3_run(((bucket *)b)->s3, &r, err);
}

static mn_code get(mn_blobs *b, const mn_id *id, mn_buf *out, mn_error *err)
{
    char name[MN_BLOB_NAME];
    mn_blob_name(id, name);
    const mn_s3_request r = {.method = "GET", .name = name, .answer = out};
    return mn_s3_run(((bucket *)b)->s3, &r, err);
}

static mn_code remove_blob(mn_blobs *b, const mn_id *id, mn_error *err)
{
    char name[MN_BLOB_NAME];
    mn_blob_name(id, name);
    const mn_s3_request r = {.method = "DELETE", .name = name, .missing_ok = true};
    return mn_s3_run(((bucket *)b)->s3, &r, err);
}

/* ---- listing ---- */

typedef struct {
    const char *prefix;
    mn_code (*fn)(void *ctx, const mn_id *id, uint64_t size, mn_error *err);
    void *ctx;
} visitor;

/* Objects with other names are somebody else's. */
static mn_code visit(void *ctx, const char *key, uint64_t size, mn_error *err)
{
    const visitor *v = ctx;
    size_t n = strlen(v->prefix);
    mn_id id;
    if (strncmp(key, v->prefix, n) != 0 || !mn_blob_parse(key + n, &id))
        return MN_OK;
    return v->fn(v->ctx, &id, size, err);
}

/* Sorted by name, for libcurl signs a query as it stands. */
static mn_code make_query(const mn_s3 *s, const char *token, mn_buf *out, mn_error *err)
{
    char *prefix = curl_easy_escape(NULL, s->prefix, 0), *more = curl_easy_escape(NULL, token, 0);
    mn_buf_clear(out);
    mn_code code = prefix && more
                       ? mn_buf_printf(out, err, "%s%s%slist-type=2&max-keys=1000&prefix=%s",
                                       *more ? "continuation-token=" : "", more, *more ? "&" : "", prefix)
                       : mn_fail(err, MN_E_MEMORY, "no memory to list the blobs");
    curl_free(prefix);
    curl_free(more);
    return code;
}

static mn_code list_page(mn_s3 *s, visitor *v, mn_buf *query, mn_buf *xml, mn_s3_page *page, mn_error *err)
{
    mn_s3_page next;
    mn_code code = make_query(s, page->token, query, err);
    if (code != MN_OK)
        return code;
    mn_buf_clear(xml);
    const mn_s3_request r = {.method = "GET", .query = (const char *)query->data, .answer = xml};
    code = mn_s3_run(s, &r, err);
    if (code == MN_OK)
        code = mn_s3_read_page(xml->data, xml->len, visit, v, &next, err);
    if (code == MN_OK && next.truncated && strcmp(next.token, page->token) == 0)
        code = mn_fail(err, MN_E_CORRUPT, "the S3 server lists the same page for ever");
    if (code == MN_OK)
        *page = next;
    return code;
}

static mn_code each(mn_blobs *b, mn_code (*fn)(void *ctx, const mn_id *id, uint64_t size, mn_error *err),
                    void *ctx, mn_error *err)
{
    mn_s3 *s = ((bucket *)b)->s3;
    visitor v = {s->prefix, fn, ctx};
    mn_s3_page page = {.token = ""};
    mn_buf query, xml;
    mn_buf_init(&query, MN_S3_URL);
    mn_buf_init(&xml, PAGE_MAX);
    mn_code code;
    do
        code = list_page(s, &v, &query, &xml, &page, err);
    while (code == MN_OK && page.truncated);
    mn_buf_finish(&query);
    mn_buf_finish(&xml);
    return code;
}

/* ---- open and close ---- */

static void close_blobs(mn_blobs *b)
{
    mn_s3_destroy(((bucket *)b)->s3);
    mn_free(b);
}

static const mn_blobs_ops s3_ops = {
    .name = "s3", .close = close_blobs, .put = put, .get = get, .remove = remove_blob, .each = each};

/* Counted by libcurl; whoever is first in the process brings the memory functions, which are these
 * everywhere. */
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void start_curl(void)
{
    curl_ready =
        curl_global_init_mem(CURL_GLOBAL_DEFAULT, mn_alloc, mn_free, mn_realloc, mn_strdup, mn_calloc);
}

mn_code mn_blobs_open_s3(const mn_blobs_s3 *where, mn_blobs **out, mn_error *err)
{
    pthread_once(&curl_once, start_curl);
    if (curl_ready != CURLE_OK || sodium_init() < 0)
        return mn_fail(err, MN_E_INTERNAL, "libcurl or libsodium does not start");
    bucket *b = mn_calloc(1, sizeof *b);
    if (!b)
        return mn_fail(err, MN_E_MEMORY, "no memory for the blobs");
    mn_code code = mn_s3_create(where, &b->s3, err);
    if (code != MN_OK) {
        mn_free(b);
        return code;
    }
    b->base.ops = &s3_ops;
    *out = &b->base;
    return MN_OK;
}
