/* From the settings to an mn_s3: what is refused here would otherwise be signed wrongly, or go astray. */
#include "store/s3_request.h"

#include "base/alloc.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define URL_MAX    1024
#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

/* Parts of blobs.url. libcurl's memory. */
typedef struct {
    char *scheme, *host, *port, *path;
} address;

static void free_address(address *a)
{
    curl_free(a->scheme);
    curl_free(a->host);
    curl_free(a->port);
    curl_free(a->path);
}

/* The address itself may hold a password, and is in no message. */
static mn_code refuse(const char *what, mn_error *err)
{
    return mn_fail(err, MN_E_INVALID,
                   "blobs.url %s: it looks like https://s3.example.com/bucket/prefix, or https://bucket.s3."
                   "example.com/prefix with blobs.style = host",
                   what);
}

static bool has(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    CURLUcode bad = curl_url_get(u, part, &text, 0);
    curl_free(text);
    return bad == CURLUE_OK;
}

static mn_code take_apart(const char *url, CURLU *u, address *a, mn_error *err)
{
    CURLUcode bad = curl_url_set(u, CURLUPART_URL, url, CURLU_DEFAULT_SCHEME | CURLU_PATH_AS_IS);
    if (bad == CURLUE_OUT_OF_MEMORY)
        return mn_fail(err, MN_E_MEMORY, "no memory for the address of the S3 server");
    if (bad)
        return refuse("is no address", err);
    if (has(u, CURLUPART_USER) || has(u, CURLUPART_PASSWORD))
        return mn_fail(err, MN_E_INVALID,
                       "blobs.url has a user or password in it: these go into blobs.access_key and "
                       "blobs.secret_key");
    if (has(u, CURLUPART_QUERY) || has(u, CURLUPART_FRAGMENT))
        return refuse("has a ? or # in it", err);
    if (curl_url_get(u, CURLUPART_SCHEME, &a->scheme, 0) || curl_url_get(u, CURLUPART_HOST, &a->host, 0) ||
        curl_url_get(u, CURLUPART_PATH, &a->path, 0))
        return mn_fail(err, MN_E_MEMORY, "no memory for the address of the S3 server");
    curl_url_get(u, CURLUPART_PORT, &a->port, 0);
    if (strcmp(a->scheme, "https") != 0 && strcmp(a->scheme, "http") != 0)
        return refuse("is neither https nor http", err);
    return MN_OK;
}

/* Segments of unreserved letters: such a path is signed as it stands, by every server alike. Takes slashes
 * off both ends. */
static mn_code trim_path(char **path, mn_error *err)
{
    char *p = *path + strspn(*path, "/");
    size_t n = strlen(p);
    while (n > 0 && p[n - 1] == '/')
        p[--n] = 0;
    *path = p;
    while (*p) {
        n = strspn(p, UNRESERVED);
        if (n == 0 || (p[n] && p[n] != '/') || (p[0] == '.' && (n == 1 || (n == 2 && p[1] == '.'))))
            return refuse("has a path with something else than letters, digits and - . _ ~ between its "
                          "slashes",
                          err);
        p += n + (p[n] == '/');
    }
    return MN_OK;
}

static char *join(const char *first, const char *second)
{
    size_t n = strlen(first) + strlen(second) + 2;
    char *text = mn_alloc(n);
    if (text)
        snprintf(text, n, "%s%s%s", first, second, *second ? "/" : "");
    return text;
}

static mn_code set_address(mn_s3 *s, const mn_blobs_s3 *where, const address *a, mn_error *err)
{
    char *path = a->path, host[600];
    mn_code code = trim_path(&path, err);
    if (code == MN_OK && !where->in_host && !*path)
        code = refuse("names no bucket", err);
    if (code != MN_OK)
        return code;
    int n = snprintf(host, sizeof host, "%s://%s%s%s/", a->scheme, a->host, a->port ? ":" : "",
                     a->port ? a->port : "");
    if (n < 0 || (size_t)n >= sizeof host)
        return refuse("has too long a host name", err);
    char *slash = where->in_host ? NULL : strchr(path, '/');
    const char *prefix = where->in_host ? path : slash ? slash + 1 : "";
    s->base = join(host, path);
    if (slash)
        *slash = 0;
    s->root = where->in_host ? mn_strdup(host) : join(host, path);
    s->prefix = join("", prefix);
    return s->base && s->root && s->prefix
               ? MN_OK
               : mn_fail(err, MN_E_MEMORY, "no memory for the address of the S3 server");
}

static mn_code read_address(mn_s3 *s, const mn_blobs_s3 *where, mn_error *err)
{
    address a = {0};
    CURLU *u = curl_url();
    if (!u)
        return mn_fail(err, MN_E_MEMORY, "no memory for the address of the S3 server");
    mn_code code =
        strlen(where->url) <= URL_MAX ? take_apart(where->url, u, &a, err) : refuse("is too long", err);
    if (code == MN_OK)
        code = set_address(s, where, &a, err);
    free_address(&a);
    curl_url_cleanup(u);
    return code;
}

static mn_code check_keys(const mn_blobs_s3 *where, mn_error *err)
{
    if (!where->access_key || !*where->access_key || !where->secret_key || !*where->secret_key)
        return mn_fail(err, MN_E_INVALID,
                       "blobs.url names an S3 server, and blobs.access_key and blobs.secret_key are not both "
                       "set");
    size_t n = where->region ? strspn(where->region, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;
    if (n == 0 || n > 60 || where->region[n])
        return mn_fail(err, MN_E_INVALID,
                       "blobs.region is a word such as eu-central-1 of small letters, digits and dashes");
    if (where->timeout_ms < 1)
        return mn_fail(err, MN_E_INVALID, "blobs.timeout_ms is at least 1");
    return MN_OK;
}

static mn_code copy_keys(mn_s3 *s, const mn_blobs_s3 *where, mn_error *err)
{
    char signer[100];
    snprintf(signer, sizeof signer, "aws:amz:%s:s3", where->region);
    bool ca = where->ca_file && *where->ca_file;
    s->signer = mn_strdup(signer);
    s->access_key = mn_strdup(where->access_key);
    s->secret_key = mn_strdup(where->secret_key);
    s->ca_file = ca ? mn_strdup(where->ca_file) : NULL;
    return s->signer && s->access_key && s->secret_key && (s->ca_file || !ca)
               ? MN_OK
               : mn_fail(err, MN_E_MEMORY, "no memory for the keys of the S3 server");
}

mn_code mn_s3_create(const mn_blobs_s3 *where, mn_s3 **out, mn_error *err)
{
    mn_code code = check_keys(where, err);
    if (code != MN_OK)
        return code;
    mn_s3 *s = mn_calloc(1, sizeof *s);
    if (!s)
        return mn_fail(err, MN_E_MEMORY, "no memory for the S3 server");
    pthread_mutex_init(&s->lock, NULL);
    s->timeout_ms = where->timeout_ms;
    code = read_address(s, where, err);
    if (code == MN_OK)
        code = copy_keys(s, where, err);
    if (code != MN_OK) {
        mn_s3_destroy(s);
        return code;
    }
    *out = s;
    return MN_OK;
}

static void free_secret(char *text)
{
    if (text)
        sodium_memzero(text, strlen(text));
    mn_free(text);
}

void mn_s3_destroy(mn_s3 *s)
{
    for (unsigned i = 0; i < s->n_idle; i++)
        curl_easy_cleanup(s->idle[i]);
    pthread_mutex_destroy(&s->lock);
    mn_free(s->base);
    mn_free(s->root);
    mn_free(s->prefix);
    mn_free(s->signer);
    mn_free(s->ca_file);
    free_secret(s->access_key);
    free_secret(s->secret_key);
    mn_free(s);
}
