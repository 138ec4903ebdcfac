/* Cookies (RFC 6265): what a client sends, and how one is set. Pure functions. */
#ifndef MN_NET_COOKIES_H
#define MN_NET_COOKIES_H

#include "base/buf.h"
#include <stdbool.h>

#define MN_COOKIE_NAME_MAX  64
#define MN_COOKIE_VALUE_MAX 4096

/* The value of cookie `name` in a Cookie header (header may be NULL), without quotes around it; points into
 * header. False: it is not there, its value has characters that cookies cannot have, or it is there with two
 * different values: then somebody has set one beside ours. */
bool mn_cookie_find(const char *header, const char *name, const char **value, size_t *n);

typedef enum { MN_COOKIE_STRICT, MN_COOKIE_LAX } mn_cookie_site; /* SameSite */

typedef struct {
    const char *path;  /* "/" */
    int64_t max_age_s; /* 0: deletes it; -1: as long as the browser runs */
    bool http_only;    /* not for scripts */
    bool secure;       /* HTTPS only; needed for names that begin with __Host- or __Secure- */
    mn_cookie_site site;
} mn_cookie_attributes;

/* Appends the value of a Set-Cookie header. MN_E_INVALID: name, value or path have characters that they must
 * not have, or the name's prefix promises what the attributes do not keep. */
mn_code mn_cookie_format(const char *name, const char *value, const mn_cookie_attributes *a, mn_buf *out,
                         mn_error *err);

#endif
