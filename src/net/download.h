/* Getting a picture from an address that a client gave, without letting the client reach what only we can
 * reach (server-side request forgery).
 *
 * http and https alone, no user or password in the address, no proxy of the environment, no cookies. Each
 * address that is really connected to is judged at that moment (net/address.h): also after a redirect, and
 * whatever the name resolved to before, so that DNS rebinding does nothing. Sizes and times are limited.
 * Blocks: call it from a worker. */
#ifndef MN_NET_DOWNLOAD_H
#define MN_NET_DOWNLOAD_H

#include "base/buf.h"
#include "base/thread.h"
#include <stdint.h>

typedef struct mn_download_rules mn_download_rules;

/* allow: with commas between, what may be reached although it is not of the public Internet: addresses,
 * networks ("10.1.0.0/16"), host names ("cameras.intern", at every address that they have). "": nothing.
 * MN_E_INVALID names what is wrong. */
mn_code mn_download_rules_create(const char *allow, mn_download_rules **out, mn_error *err);
void mn_download_rules_destroy(mn_download_rules *r);

typedef struct {
    const char *url;
    const mn_download_rules *rules; /* NULL: nothing is allowed but the public Internet */
    int total_ms;                   /* for all of it; 0: 10 000 */
    int connect_ms;                 /* 0: 3 000 */
    unsigned redirects;             /* at most; each to http or https */
    const char *type;        /* "image/" and a star: what the server may say that it is, also with no type or
                                application/octet-stream; NULL: anything */
    const mn_cancel *cancel; /* may be NULL */
    /* Is there room for so many bytes more? Asked before they are kept; NULL: always. */
    bool (*room)(void *ctx, size_t n);
    /* What was not connected to, and why: "10.0.0.1, which is private". For the log alone, since it tells the
     * client what is inside; NULL. */
    void (*refused)(void *ctx, const char *address);
    void *ctx;
    const char *resolve; /* tests: "host:port:address,address", as of CURLOPT_RESOLVE; NULL */
} mn_download;

#define MN_DOWNLOAD_TYPE 128

/* Appends to out, whose maximum is the limit in size. On failure out is as it was. type: of the answer,
 * without parameters, or "". MN_E_INVALID: no address that may be fetched; MN_E_FORBIDDEN: it leads to one
 * that is not public; MN_E_NOT_FOUND (404, 410); MN_E_LIMIT: too large, too many redirects; MN_E_UNSUPPORTED:
 * another type; MN_E_BUSY: `room` said no; MN_E_TIMEOUT, MN_E_CANCELLED, MN_E_IO, MN_E_MEMORY. The texts name
 * the host, never what is behind it in the address, nor what it resolves to. */
mn_code mn_download_get(const mn_download *what, mn_buf *out, char type[MN_DOWNLOAD_TYPE], mn_error *err);

#endif
