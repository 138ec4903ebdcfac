/* One attempt is: open .part, see how much of it is there, ask for the rest, check, rename. */
#include "net/fetch.h"
#include "base/file.h"
#include "base/time.h"
#include "net/curl_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_S   15
#define STALL_S     30
#define ATTEMPTS    3
#define STALL_RATE  100L /* bytes a second that count as nothing coming in */
#define REDIRECTS   5L
#define PROGRESS_NS INT64_C(200000000)
#define PAUSE_MS    500 /* before the second attempt; doubled for each further one */
#define STEP        ((size_t)64 * 1024)

/* State of one mn_fetch_file. */
typedef struct {
    const mn_fetch *what;
    char part[PATH_MAX];
    char shown[256]; /* the source as messages may show it */
    int fd;          /* of .part, locked */
    int64_t have;    /* bytes in it */
    int64_t began;   /* bytes in it when this attempt began */
    int write_errno; /* 0: every write went well */
    bool too_long;   /* the source has more than `bytes` */
    bool again;      /* the failure is one that another attempt may cure */
    int64_t shown_at;
} fetch;

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The protocol this source may use, as libcurl names it; NULL: a path. */
static const char *protocol_of(const char *source)
{
    if (begins(source, "file://"))
        return "file";
    return begins(source, "http://") || begins(source, "https://") ? "http,https" : NULL;
}

/* Leaves out "user:password@", which must not come into logs. */
static void show_source(fetch *f)
{
    const char *source = f->what->source, *after = strstr(source, "://");
    const char *host = after ? after + 3 : source;
    const char *at = after ? memchr(host, '@', strcspn(host, "/")) : NULL;
    snprintf(f->shown, sizeof f->shown, "%.*s%s", (int)(host - source), source, at ? at + 1 : host);
}

static void report(fetch *f, bool now)
{
    int64_t ns = mn_monotonic_ns();
    if (!f->what->progress || (!now && ns - f->shown_at < PROGRESS_NS))
        return;
    f->shown_at = ns;
    f->what->progress(f->what->user, f->have, f->what->bytes);
}

/* ---- the .part file ---------------------------------------------------------------------------------------
 */

static mn_code truncate_part(fetch *f, mn_error *err)
{
    if (ftruncate(f->fd, 0) != 0 || lseek(f->fd, 0, SEEK_SET) != 0)
        return mn_fail_errno(err, errno, "%s: cannot be emptied", f->part);
    f->have = 0;
    return MN_OK;
}

static mn_code make_folder_of(const char *path, mn_error *err)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash || slash == folder)
        return MN_OK;
    *slash = 0;
    return mn_file_make_folders(folder, 0755, err);
}

/* Between our open and our lock, another program may have finished and renamed the file we hold: then it is
 * not .part. */
static mn_code lock_part(fetch *f, mn_error *err)
{
    struct stat st, named;
    if (flock(f->fd, LOCK_EX | LOCK_NB) != 0 || fstat(f->fd, &st) != 0 || stat(f->part, &named) != 0 ||
        st.st_ino != named.st_ino)
        return mn_fail(err, MN_E_BUSY, "%s: is being fetched by another program", f->what->target);
    if (!S_ISREG(st.st_mode))
        return mn_fail(err, MN_E_INVALID, "%s: is not a file", f->part);
    f->have = lseek(f->fd, 0, SEEK_END);
    /* More than there can be: of another version, or spoilt. */
    return f->have > f->what->bytes ? truncate_part(f, err) : MN_OK;
}

static mn_code open_part(fetch *f, mn_error *err)
{
    if (snprintf(f->part, sizeof f->part, "%s.part", f->what->target) >= (int)sizeof f->part)
        return mn_fail(err, MN_E_INVALID, "the target's path is too long");
    mn_code code = make_folder_of(f->part, err);
    if (code)
        return code;
    f->fd = open(f->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    if (f->fd < 0)
        return mn_fail_errno(err, errno, "%s: cannot be written", f->part);
    return lock_part(f, err);
}

static mn_code sum_part(const fetch *f, char hex[2 * crypto_hash_sha256_BYTES + 1], mn_error *err)
{
    uint8_t step[STEP], sum[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    ssize_t n = 0;
    for (off_t at = 0; (n = pread(f->fd, step, sizeof step, at)) > 0; at += n)
        crypto_hash_sha256_update(&state, step, (unsigned long long)n);
    if (n < 0)
        return mn_fail_errno(err, errno, "%s: cannot read", f->part);
    crypto_hash_sha256_final(&state, sum);
    sodium_bin2hex(hex, 2 * sizeof sum + 1, sum, sizeof sum);
    return MN_OK;
}

/* A continued download that brought nothing: the server's file is shorter than ours (HTTP 416), so ours is
 * another's. */
static mn_code check_size(fetch *f, mn_error *err)
{
    const int64_t have = f->have;
    if (have == f->what->bytes)
        return MN_OK;
    if (f->began > 0 && have == f->began) {
        mn_code code = truncate_part(f, err);
        if (code)
            return code;
        f->again = true;
    }
    return mn_fail(err, MN_E_CORRUPT, "%s: has %lld bytes, %lld are expected", f->shown, (long long)have,
                   (long long)f->what->bytes);
}

/* A wrong sum empties .part: nothing of it can be trusted. */
static mn_code check_part(fetch *f, mn_error *err)
{
    mn_code code = check_size(f, err);
    if (code)
        return code;
    char hex[2 * crypto_hash_sha256_BYTES + 1];
    code = sum_part(f, hex, err);
    if (code || strcmp(hex, f->what->sha256) == 0)
        return code;
    code = truncate_part(f, err);
    if (code)
        return code;
    f->again = f->began > 0; /* the older part may have been the wrong one */
    return mn_fail(err, MN_E_CORRUPT, "%s: is not what is expected: sha256 %s, not %s", f->shown, hex,
                   f->what->sha256);
}

static mn_code sync_folder_of(const char *path, mn_error *err)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return failed ? mn_fail_errno(err, failed, "%s: cannot be written to disk", path) : MN_OK;
}

static mn_code keep_part(fetch *f, mn_error *err)
{
    if (fsync(f->fd) != 0)
        return mn_fail_errno(err, errno, "%s: cannot be written to disk", f->part);
    if (rename(f->part, f->what->target) != 0)
        return mn_fail_errno(err, errno, "%s: cannot be renamed to %s", f->part, f->what->target);
    return sync_folder_of(f->what->target, err);
}

/* Appends to .part; false (with the reason in f) stops the transfer. */
static bool take(fetch *f, const char *bytes, size_t n)
{
    if ((int64_t)n > f->what->bytes - f->have) {
        f->too_long = true;
        return false;
    }
    while (n) {
        ssize_t written = write(f->fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            f->write_errno = errno;
            return false;
        }
        bytes += written;
        n -= (size_t)written;
        f->have += written;
    }
    report(f, false);
    return true;
}

/* ---- from a path ------------------------------------------------------------------------------------------
 */

static mn_code copy_open(fetch *f, int from, mn_error *err)
{
    char step[STEP];
    for (ssize_t n; (n = read(from, step, sizeof step)) != 0;) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return mn_fail_errno(err, errno, "%s: cannot read", f->shown);
        if (mn_cancelled(f->what->cancel))
            return mn_fail(err, MN_E_CANCELLED, "%s: cancelled", f->shown);
        if (take(f, step, (size_t)n))
            continue;
        if (f->too_long)
            return mn_fail(err, MN_E_CORRUPT, "%s: has more than the %lld bytes expected", f->shown,
                           (long long)f->what->bytes);
        return mn_fail_errno(err, f->write_errno, "%s: cannot write", f->part);
    }
    return MN_OK;
}

/* Copying is quick: what an earlier try left is not continued. */
static mn_code copy_file(fetch *f, mn_error *err)
{
    int from = open(f->what->source, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (from < 0)
        return mn_fail_errno(err, errno, "%s: cannot open", f->shown);
    mn_code code = truncate_part(f, err);
    if (!code)
        code = copy_open(f, from, err);
    close(from);
    return code;
}

/* ---- by libcurl -------------------------------------------------------------------------------------------
 */

typedef struct {
    fetch *f;
    CURL *curl;
    mn_error *err;
} transfer;

static size_t on_bytes(char *bytes, size_t size, size_t n, void *user)
{
    transfer *t = user;
    return take(t->f, bytes, size * n) ? size * n : 0;
}

static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    (void)total, (void)now, (void)up_total, (void)up_now;
    const transfer *t = user;
    return mn_cancelled(t->f->what->cancel);
}

static int or_default(int given, int otherwise)
{
    return given > 0 ? given : otherwise;
}

static CURLcode set_up(transfer *t, char words[CURL_ERROR_SIZE])
{
    CURL *c = t->curl;
    const mn_fetch *what = t->f->what;
    CURLcode bad = CURLE_OK;
#define SET(option, value)                                                                                   \
    do {                                                                                                     \
        if (!bad)                                                                                            \
            bad = curl_easy_setopt(c, option, value);                                                        \
    } while (0)
    SET(CURLOPT_URL, what->source);
    SET(CURLOPT_PROTOCOLS_STR, protocol_of(what->source));
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, REDIRECTS);
    SET(CURLOPT_FAILONERROR, 1L);
    SET(CURLOPT_NOSIGNAL, 1L); /* signals and threads do not mix */
    SET(CURLOPT_USERAGENT, "mien/" MN_VERSION);
    SET(CURLOPT_CONNECTTIMEOUT, (long)or_default(what->connect_s, CONNECT_S));
    SET(CURLOPT_LOW_SPEED_LIMIT, STALL_RATE);
    SET(CURLOPT_LOW_SPEED_TIME, (long)or_default(what->stall_s, STALL_S));
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)what->bytes);
    SET(CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->f->have);
    SET(CURLOPT_ERRORBUFFER, words);
    SET(CURLOPT_WRITEFUNCTION, on_bytes);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, t);
#undef SET
    return bad;
}

static mn_code refused(transfer *t, mn_error *err)
{
    fetch *f = t->f;
    long status = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    f->again = status >= 500 || status == 429;
    if (status == 404 || status == 410)
        return mn_fail(err, MN_E_NOT_FOUND, "%s: is not there (HTTP %ld)", f->shown, status);
    return mn_fail(err, MN_E_IO, "%s: the server refuses it (HTTP %ld)", f->shown, status);
}

/* Servers that know no ranges send the whole file: then from the beginning. */
static mn_code no_ranges(fetch *f, mn_error *err)
{
    mn_code code = truncate_part(f, err);
    f->again = true;
    return code ? code : mn_fail(err, MN_E_IO, "%s: the server cannot continue a download", f->shown);
}

static mn_code explain(transfer *t, CURLcode why, const char *words, mn_error *err)
{
    fetch *f = t->f;
    if (!*words)
        words = curl_easy_strerror(why);
    switch (why) {
    case CURLE_ABORTED_BY_CALLBACK:
        return mn_fail(err, MN_E_CANCELLED, "%s: cancelled", f->shown);
    case CURLE_WRITE_ERROR:
        if (f->write_errno)
            return mn_fail_errno(err, f->write_errno, "%s: cannot write", f->part);
        if (!f->too_long)
            break;
        __attribute__((fallthrough));
    case CURLE_FILESIZE_EXCEEDED:
        return mn_fail(err, MN_E_CORRUPT, "%s: has more than the %lld bytes expected", f->shown,
                       (long long)f->what->bytes);
    case CURLE_HTTP_RETURNED_ERROR:
        return refused(t, err);
    case CURLE_RANGE_ERROR:
        return no_ranges(f, err);
    case CURLE_UNSUPPORTED_PROTOCOL:
        return mn_fail(err, MN_E_INVALID, "%s: leads to an address that is neither http nor https (%s)",
                       f->shown, words);
    case CURLE_FILE_COULDNT_READ_FILE:
        return mn_fail(err, MN_E_NOT_FOUND, "%s: cannot be read", f->shown);
    case CURLE_OPERATION_TIMEDOUT:
        f->again = true;
        return mn_fail(err, MN_E_TIMEOUT, "%s: %s", f->shown, words);
    default:
        break;
    }
    /* Not found, not reachable, cut: all may be better in a moment. */
    f->again = true;
    return mn_fail(err, MN_E_IO, "%s: %s", f->shown, words);
}

static mn_code download(fetch *f, mn_error *err)
{
    transfer t = {.f = f, .curl = mn_curl_create()};
    if (!t.curl)
        return mn_fail(err, MN_E_MEMORY, "libcurl cannot be started");
    char words[CURL_ERROR_SIZE] = "";
    CURLcode why = set_up(&t, words);
    if (!why)
        why = curl_easy_perform(t.curl);
    mn_code code = why ? explain(&t, why, words, err) : MN_OK;
    curl_easy_cleanup(t.curl);
    return code;
}

/* ---- attempts ---------------------------------------------------------------------------------------------
 */

static mn_code attempt(fetch *f, mn_error *err)
{
    f->again = f->too_long = false;
    f->write_errno = 0;
    f->began = f->have;
    mn_code code = MN_OK;
    if (!protocol_of(f->what->source))
        code = copy_file(f, err);
    else if (f->have < f->what->bytes)
        code = download(f, err);
    return code ? code : check_part(f, err);
}

/* false: cancelled while waiting. */
static bool pause_before(const fetch *f, int tries)
{
    int ms = PAUSE_MS << (tries < 6 ? tries - 1 : 5);
    for (; ms > 0 && !mn_cancelled(f->what->cancel); ms -= 50) {
        struct timespec t = {.tv_nsec = 50 * 1000000L};
        nanosleep(&t, NULL);
    }
    return !mn_cancelled(f->what->cancel);
}

static mn_code fetch_into_part(fetch *f, mn_error *err)
{
    const int most = or_default(f->what->attempts, ATTEMPTS);
    for (int tries = 1;; tries++) {
        mn_code code = attempt(f, err);
        if (!code || !f->again || tries >= most)
            return code;
        if (!pause_before(f, tries))
            return mn_fail(err, MN_E_CANCELLED, "%s: cancelled", f->shown);
    }
}

/* "C:\\x" and "ftp://x" are not meant as paths. */
static mn_code check_source(const fetch *f, mn_error *err)
{
    if (!protocol_of(f->what->source) && strstr(f->what->source, "://"))
        return mn_fail(err, MN_E_INVALID, "%s: only http, https and file addresses are fetched", f->shown);
    return MN_OK;
}

mn_code mn_fetch_file(const mn_fetch *what, mn_error *err)
{
    fetch f = {.what = what, .fd = -1};
    show_source(&f);
    mn_code code = check_source(&f, err);
    if (!code)
        code = open_part(&f, err);
    if (!code)
        code = fetch_into_part(&f, err);
    if (!code)
        report(&f, true);
    if (!code)
        code = keep_part(&f, err);
    /* An empty .part is of no use to a later try. */
    if (code && f.fd >= 0 && f.have == 0 && code != MN_E_BUSY)
        unlink(f.part);
    if (f.fd >= 0)
        close(f.fd);
    return code;
}
