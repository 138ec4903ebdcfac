/*        ┌──── no connection, cut, silent, 429, 500, 502, 503, 504: once more after a pause ────┐
 * take an idle handle ─ sign (libcurl) ─ send ─ answer ─┬─ 2xx: done                          │
 *        └──────────────────────────────────────────────┴─ else: code and advice ─────────────┘
 *
 * Every request is one that may be sent twice: a put of the same bytes, a get, a removal, a listing. */
#include "store/s3_request.h"

#include "base/alloc.h"
#include "base/time.h"
#include "store/s3_errors.h"
#include "store/s3_xml.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ATTEMPTS    4
#define PAUSE_MS    100          /* before the second attempt, doubled for each further one; at least half */
#define SLOWEST     ((size_t)64) /* KiB/s: a transfer that is slower is given up */
#define ERROR_MAX   ((size_t)16 << 10)
#define HASH_HEADER (sizeof "x-amz-content-sha256: " + 2 * crypto_hash_sha256_BYTES)

/* One attempt. */
typedef struct {
    mn_s3 *s;
    const mn_s3_request *r;
    CURL *curl;
    struct curl_slist *headers;
    char url[MN_S3_URL];
    mn_buf error; /* the body of an answer that is no success */
    mn_code code; /* first failure of taking the body */
    mn_error *err;
    bool again; /* the failure is one that another attempt may cure */

    curl_off_t moved; /* bytes, either way */
    int64_t moved_at;
} attempt;

/* ---- connections ---- */

static CURL *take_handle(mn_s3 *s)
{
    CURL *c = NULL;
    pthread_mutex_lock(&s->lock);
    if (s->n_idle > 0)
        c = s->idle[--s->n_idle];
    pthread_mutex_unlock(&s->lock);
    return c ? c : curl_easy_init();
}

static void give_handle(mn_s3 *s, CURL *c)
{
    curl_easy_reset(c); /* keeps the connection; forgets the keys */
    pthread_mutex_lock(&s->lock);
    bool kept = s->n_idle < MN_S3_IDLE;
    if (kept)
        s->idle[s->n_idle++] = c;
    pthread_mutex_unlock(&s->lock);
    if (!kept)
        curl_easy_cleanup(c);
}

/* ---- libcurl's callbacks ---- */

static bool succeeded(CURL *c)
{
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

static size_t on_bytes(char *bytes, size_t size, size_t n, void *user)
{
    attempt *a = user;
    size_t len = size * n;
    if (!succeeded(a->curl)) {
        if (len <= a->error.max - a->error.len) /* what is too long is no S3 error */
            a->code = mn_buf_append(&a->error, bytes, len, a->err);
    } else if (a->r->answer) {
        a->code = mn_buf_append(a->r->answer, bytes, len, a->err);
    }
    return a->code == MN_OK ? len : 0;
}

/* Called at least about once a second. */
static int on_progress(void *user, curl_off_t total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    (void)total, (void)up_total;
    attempt *a = user;
    int64_t now = mn_monotonic_ns();
    if (down + up != a->moved) {
        a->moved = down + up;
        a->moved_at = now;
    }
    return now - a->moved_at > (int64_t)a->s->timeout_ms * 1000000;
}

/* ---- one attempt ---- */

static long longest_ms(const attempt *a)
{
    const mn_buf *answer = a->r->answer;
    size_t bytes = a->r->body_len + (answer ? answer->max - answer->len : 0);
    if (bytes > MN_BLOBS_S3_MAX)
        bytes = MN_BLOBS_S3_MAX;
    return a->s->timeout_ms + (long)(bytes / (SLOWEST * 1024 / 1000));
}

static mn_code make_headers(attempt *a, mn_error *err)
{
    uint8_t sum[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof sum + 1], line[HASH_HEADER];
    /* A POST's own type would be one that invites a server to take the body apart. */
    const char *const lines[] = {line, a->r->body ? "Content-Type: application/octet-stream" : NULL};
    crypto_hash_sha256(sum, a->r->body, a->r->body_len);
    sodium_bin2hex(hex, sizeof hex, sum, sizeof sum);
    snprintf(line, sizeof line, "x-amz-content-sha256: %s", hex);
    for (size_t i = 0; i < 2 && lines[i]; i++) {
        struct curl_slist *more = curl_slist_append(a->headers, lines[i]);
        if (!more)
            return mn_fail(err, MN_E_MEMORY, "no memory for a request to the S3 server");
        a->headers = more;
    }
    return MN_OK;
}

static mn_code make_url(attempt *a, mn_error *err)
{
    const mn_s3_request *r = a->r;
    int n = snprintf(a->url, sizeof a->url, "%s%s%s%s", r->name ? a->s->base : a->s->root,
                     r->name ? r->name : "", r->query ? "?" : "", r->query ? r->query : "");
    return n > 0 && (size_t)n < sizeof a->url ? MN_OK : mn_fail(err, MN_E_LIMIT, "an S3 address is too long");
}

/* The keys go in last, so that a handle that failed before has none. */
static CURLcode set_up(attempt *a, char words[CURL_ERROR_SIZE])
{
    CURL *c = a->curl;
    const mn_s3 *s = a->s;
    CURLcode bad = CURLE_OK;
#define SET(option, value)                                                                                   \
    do {                                                                                                     \
        if (!bad)                                                                                            \
            bad = curl_easy_setopt(c, option, value);                                                        \
    } while (0)
    SET(CURLOPT_URL, a->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_PATH_AS_IS, 1L); /* what is signed is what is sent */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_NOSIGNAL, 1L); /* signals and threads do not mix */
    SET(CURLOPT_USERAGENT, "mien/" MN_VERSION);
    SET(CURLOPT_ERRORBUFFER, words);
    SET(CURLOPT_CONNECTTIMEOUT_MS, s->timeout_ms);
    SET(CURLOPT_TIMEOUT_MS, longest_ms(a));
    SET(CURLOPT_WRITEFUNCTION, on_bytes);
    SET(CURLOPT_WRITEDATA, a);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, a);
    SET(CURLOPT_HTTPHEADER, a->headers);
    if (a->r->body) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)a->r->body_len);
        SET(CURLOPT_POSTFIELDS, (const char *)a->r->body);
    }
    SET(CURLOPT_CUSTOMREQUEST, a->r->method);
    if (s->ca_file)
        SET(CURLOPT_CAINFO, s->ca_file);
    SET(CURLOPT_AWS_SIGV4, s->signer);
    SET(CURLOPT_USERNAME, s->access_key);
    SET(CURLOPT_PASSWORD, s->secret_key);
#undef SET
    return bad;
}

static mn_code judge(attempt *a, CURLcode why, const char *words, mn_error *err)
{
    mn_s3_failure f = {.url = a->s->base,
                       .method = a->r->method,
                       .name = a->r->name,
                       .why = why,
                       .words = *words ? words : curl_easy_strerror(why)};
    if (a->code != MN_OK)
        return a->code;
    if (why == CURLE_OUT_OF_MEMORY)
        return mn_fail(err, MN_E_MEMORY, "no memory for a request to the S3 server");
    if (why == CURLE_OK) {
        curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &f.status);
        if (f.status >= 200 && f.status < 300)
            return MN_OK;
        mn_s3_read_error(a->error.data, a->error.len, f.code);
    }
    if (a->r->missing_ok && f.status == 404 && strcmp(f.code, "NoSuchBucket") != 0)
        return MN_OK;
    a->again = mn_s3_may_pass(&f);
    return mn_s3_fail(&f, err);
}

static mn_code send_request(attempt *a, mn_error *err)
{
    char words[CURL_ERROR_SIZE] = "";
    a->curl = take_handle(a->s);
    if (!a->curl)
        return mn_fail(err, MN_E_MEMORY, "no memory for a request to the S3 server");
    CURLcode why = set_up(a, words);
    a->moved_at = mn_monotonic_ns();
    if (!why)
        why = curl_easy_perform(a->curl);
    mn_code code = judge(a, why, words, err);
    if (why == CURLE_OK)
        give_handle(a->s, a->curl);
    else
        curl_easy_cleanup(a->curl); /* whatever is wrong with the connection, it is not used again */
    return code;
}

static mn_code try_once(mn_s3 *s, const mn_s3_request *r, bool *again, mn_error *err)
{
    attempt a = {.s = s, .r = r, .err = err};
    size_t before = r->answer ? r->answer->len : 0;
    mn_buf_init(&a.error, ERROR_MAX);
    mn_code code = make_url(&a, err);
    if (code == MN_OK)
        code = make_headers(&a, err);
    if (code == MN_OK)
        code = send_request(&a, err);
    if (code != MN_OK && r->answer)
        mn_buf_cut(r->answer, before);
    curl_slist_free_all(a.headers);
    mn_buf_finish(&a.error);
    *again = a.again;
    return code;
}

/* ---- attempts ---- */

/* Not all at once: what was refused together would be refused together again. */
static void pause_before(int tries)
{
    uint32_t half = PAUSE_MS << (tries - 1) >> 1;
    uint32_t ms = half + randombytes_uniform(half);
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

mn_code mn_s3_run(mn_s3 *s, const mn_s3_request *r, mn_error *err)
{
    int64_t give_up = mn_monotonic_ns() + (int64_t)s->timeout_ms * 3 / 2 * 1000000;
    for (int tries = 1;; tries++) {
        bool again = false;
        mn_code code = try_once(s, r, &again, err);
        if (code == MN_OK || !again || tries == ATTEMPTS || mn_monotonic_ns() > give_up)
            return code;
        pause_before(tries);
    }
}
