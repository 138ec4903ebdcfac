#include "net/download.h"
#include "base/alloc.h"
#include "net/accept.h"
#include "net/address.h"
#include "net/curl_internal.h"
#include "net/text.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define TOTAL_MS   10000
#define CONNECT_MS 3000
#define RULES_MAX  64
#define URL_MAX    8192
#define HOST_MAX   256

struct mn_download_rules {
    mn_network nets[RULES_MAX];
    size_t n_nets;
    char hosts[RULES_MAX][HOST_MAX];
    size_t n_hosts;
};

/* State of one mn_download_get. */
typedef struct {
    const mn_download *what;
    CURL *curl;
    mn_buf *out;
    size_t before;
    char host[HOST_MAX]; /* of the address given, for messages */
    char refused[128];   /* the address that was not connected to, and why */
    bool too_large, no_memory, no_room;
} download;

/* ---- rules -----------------------------------------------------------------------------------------------
 */

static bool is_host_name(const char *text, size_t n)
{
    return n > 0 && n < HOST_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") >= n;
}

static mn_code add_rule(mn_download_rules *r, const char *text, size_t n, mn_error *err)
{
    mn_network net;
    if (r->n_nets == RULES_MAX || r->n_hosts == RULES_MAX)
        return mn_fail(err, MN_E_LIMIT, "more than %d hosts or networks", RULES_MAX);
    if (mn_network_parse(text, n, &net) && net.base.kind != MN_ADDRESS_UNIX) {
        r->nets[r->n_nets++] = net;
        return MN_OK;
    }
    if (!is_host_name(text, n) || memchr(text, '/', n))
        return mn_fail(err, MN_E_INVALID, "\"%.*s\" is no host, address or network", (int)(n < 60 ? n : 60),
                       text);
    memcpy(r->hosts[r->n_hosts], text, n);
    r->hosts[r->n_hosts++][n] = 0;
    return MN_OK;
}

mn_code mn_download_rules_create(const char *allow, mn_download_rules **out, mn_error *err)
{
    mn_download_rules *r = mn_calloc(1, sizeof *r);
    mn_code code = r ? MN_OK : mn_fail(err, MN_E_MEMORY, "out of memory");
    for (const char *at = allow; !code && *(at += strspn(at, ", \t")) != 0;) {
        size_t n = strcspn(at, ", \t");
        code = add_rule(r, at, n, err);
        at += n;
    }
    if (code)
        mn_download_rules_destroy(r);
    else
        *out = r;
    return code;
}

void mn_download_rules_destroy(mn_download_rules *r)
{
    mn_free(r);
}

/* ---- the guard -------------------------------------------------------------------------------------------
 */

static bool host_of(const char *url, char host[HOST_MAX])
{
    CURLU *u = curl_url();
    char *part = NULL;
    bool good = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_HOST, &part, 0) == CURLUE_OK && strlen(part) < HOST_MAX;
    if (good)
        snprintf(host, HOST_MAX, "%s", part);
    curl_free(part);
    curl_url_cleanup(u);
    return good;
}

/* The host of this hop is one that is allowed by name. */
static bool named(const download *d)
{
    const mn_download_rules *r = d->what->rules;
    char *url = NULL, host[HOST_MAX];
    if (!r || !r->n_hosts || curl_easy_getinfo(d->curl, CURLINFO_EFFECTIVE_URL, &url) != CURLE_OK || !url ||
        !host_of(url, host))
        return false;
    for (size_t i = 0; i < r->n_hosts; i++)
        if (strcasecmp(r->hosts[i], host) == 0)
            return true;
    return false;
}

/* libcurl asks for the socket of each connection, with the address that it is about to connect to. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *sa)
{
    download *d = user;
    mn_address a = mn_address_of(&sa->addr, sa->addrlen);
    const char *why = mn_address_special(&a);
    const mn_download_rules *r = d->what->rules;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    if (why && !(r && mn_networks_have(r->nets, r->n_nets, &a)) && !named(d)) {
        char text[MN_ADDRESS_TEXT];
        mn_address_format(&a, text);
        snprintf(d->refused, sizeof d->refused, "%s, which is %s", text, why);
        if (d->what->refused)
            d->what->refused(d->what->ctx, d->refused);
        return CURL_SOCKET_BAD;
    }
    return socket(sa->family, sa->socktype | SOCK_CLOEXEC, sa->protocol);
}

/* ---- the transfer ----------------------------------------------------------------------------------------
 */

static size_t on_bytes(char *bytes, size_t size, size_t n, void *user)
{
    download *d = user;
    n *= size;
    d->no_room = d->what->room && !d->what->room(d->what->ctx, n);
    if (d->no_room)
        return 0;
    mn_code code = mn_buf_append(d->out, bytes, n, NULL);
    d->too_large = code == MN_E_LIMIT;
    d->no_memory = code == MN_E_MEMORY;
    return code ? 0 : n;
}

static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    (void)total, (void)now, (void)up_total, (void)up_now;
    const download *d = user;
    return mn_cancelled(d->what->cancel);
}

static CURLcode set_up(download *d, struct curl_slist *resolve, char words[CURL_ERROR_SIZE])
{
    const mn_download *w = d->what;
    CURLcode bad = CURLE_OK;
#define SET(option, value)                                                                                   \
    do {                                                                                                     \
        if (!bad)                                                                                            \
            bad = curl_easy_setopt(d->curl, option, value);                                                  \
    } while (0)
    SET(CURLOPT_URL, w->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, (long)w->redirects);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, d);
    SET(CURLOPT_FAILONERROR, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_USERAGENT, "mien/" MN_VERSION);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(w->connect_ms > 0 ? w->connect_ms : CONNECT_MS));
    SET(CURLOPT_TIMEOUT_MS, (long)(w->total_ms > 0 ? w->total_ms : TOTAL_MS));
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)(d->out->max - d->out->len));
    SET(CURLOPT_ERRORBUFFER, words);
    SET(CURLOPT_WRITEFUNCTION, on_bytes);
    SET(CURLOPT_WRITEDATA, d);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, d);
    if (resolve)
        SET(CURLOPT_RESOLVE, resolve);
#undef SET
    return bad;
}

static mn_code check_url(download *d, mn_error *err)
{
    const char *url = d->what->url;
    size_t n = strlen(url);
    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
        return mn_fail(err, MN_E_INVALID, "the address must begin with http:// or https://");
    if (n > URL_MAX || !mn_is_field_value(url, n) || strchr(url, ' ') || !host_of(url, d->host))
        return mn_fail(err, MN_E_INVALID, "the address is malformed, or longer than %d bytes", URL_MAX);
    return MN_OK;
}

static mn_code refused(download *d, mn_error *err)
{
    long status = 0;
    curl_easy_getinfo(d->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 404 || status == 410)
        return mn_fail(err, MN_E_NOT_FOUND, "%s: there is nothing at the address (HTTP %ld)", d->host,
                       status);
    return mn_fail(err, MN_E_IO, "%s: the server refuses it (HTTP %ld)", d->host, status);
}

static mn_code explain(download *d, CURLcode why, const char *words, mn_error *err)
{
    if (!*words)
        words = curl_easy_strerror(why);
    if (d->too_large || why == CURLE_FILESIZE_EXCEEDED)
        return mn_fail(err, MN_E_LIMIT, "%s: has more than %zu bytes", d->host, d->out->max - d->before);
    if (d->no_room)
        return mn_fail(err, MN_E_BUSY, "there is no room for it at this moment: try again");
    if (d->no_memory || why == CURLE_OUT_OF_MEMORY)
        return mn_fail(err, MN_E_MEMORY, "out of memory");
    switch (why) {
    case CURLE_ABORTED_BY_CALLBACK:
        return mn_fail(err, MN_E_CANCELLED, "%s: cancelled", d->host);
    case CURLE_HTTP_RETURNED_ERROR:
        return refused(d, err);
    case CURLE_TOO_MANY_REDIRECTS:
        return mn_fail(err, MN_E_LIMIT, "%s: redirects more than %u times", d->host, d->what->redirects);
    case CURLE_UNSUPPORTED_PROTOCOL:
        return mn_fail(err, MN_E_FORBIDDEN, "%s: leads to an address that is neither http nor https",
                       d->host);
    case CURLE_LOGIN_DENIED:
    case CURLE_URL_MALFORMAT:
        return mn_fail(err, MN_E_INVALID, "%s: the address has a user or password, or is malformed", d->host);
    case CURLE_OPERATION_TIMEDOUT:
        return mn_fail(err, MN_E_TIMEOUT, "%s: took too long", d->host);
    default:
        if (d->refused[0])
            return mn_fail(err, MN_E_FORBIDDEN,
                           "%s: leads to an address that is not allowed: see the setting fetch.allow",
                           d->host);
        return mn_fail(err, MN_E_IO, "%s: %s", d->host, words);
    }
}

/* Loosely: servers often say nothing, or "bytes"; what it is the decoder finds out. */
static mn_code check_type(download *d, char type[MN_DOWNLOAD_TYPE], mn_error *err)
{
    char *said = NULL;
    curl_easy_getinfo(d->curl, CURLINFO_CONTENT_TYPE, &said);
    const char *text = said ? said : "";
    size_t n = strcspn(text, "; \t");
    char seen[MN_DOWNLOAD_TYPE];
    snprintf(seen, sizeof seen, "%.*s", (int)(n < sizeof seen ? n : sizeof seen - 1), text);
    if (!mn_is_field_value(seen, strlen(seen)))
        seen[0] = 0;
    if (d->what->type && seen[0] && strcasecmp(seen, "application/octet-stream") != 0 &&
        strcasecmp(seen, "binary/octet-stream") != 0 && !mn_media_type_matches(seen, d->what->type))
        return mn_fail(err, MN_E_UNSUPPORTED, "%s: is %.60s, not %s", d->host, seen, d->what->type);
    snprintf(type, MN_DOWNLOAD_TYPE, "%s", seen);
    return MN_OK;
}

static mn_code transfer(download *d, char type[MN_DOWNLOAD_TYPE], mn_error *err)
{
    char words[CURL_ERROR_SIZE] = "";
    struct curl_slist *resolve = d->what->resolve ? curl_slist_append(NULL, d->what->resolve) : NULL;
    CURLcode why = set_up(d, resolve, words);
    if (!why)
        why = curl_easy_perform(d->curl);
    mn_code code = why ? explain(d, why, words, err) : check_type(d, type, err);
    curl_slist_free_all(resolve);
    return code;
}

mn_code mn_download_get(const mn_download *what, mn_buf *out, char type[MN_DOWNLOAD_TYPE], mn_error *err)
{
    download d = {.what = what, .out = out, .before = out->len};
    d.curl = mn_curl_create();
    if (!d.curl)
        return mn_fail(err, MN_E_MEMORY, "libcurl cannot be started");
    mn_code code = check_url(&d, err);
    if (!code)
        code = transfer(&d, type, err);
    curl_easy_cleanup(d.curl);
    if (code)
        mn_buf_cut(out, d.before);
    return code;
}
