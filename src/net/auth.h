/* What a client shows to say who it is: Authorization. Pure functions. */
#ifndef MN_NET_AUTH_H
#define MN_NET_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#define MN_BEARER_MAX 4096
#define MN_BASIC_MAX  256 /* user and password, each, with the zero byte */

/* "Bearer token" (RFC 6750): the token points into header (which may be NULL). False: another scheme,
 * malformed, longer than MN_BEARER_MAX. */
bool mn_auth_bearer(const char *header, const char **token, size_t *n);

/* "Basic base64(user:password)" (RFC 7617). Both UTF-8 without control characters. The caller wipes them
 * (sodium_memzero). */
bool mn_auth_basic(const char *header, char user[MN_BASIC_MAX], char password[MN_BASIC_MAX]);

#endif
