/* Which part of an answer is wanted, and whether the client has it already: Range, If-Range, If-None-Match,
 * If-Modified-Since, If-Match (RFC 9110). Pure functions. */
#ifndef MN_NET_RANGE_H
#define MN_NET_RANGE_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    MN_RANGE_ALL,  /* no header, several ranges, another unit, malformed: the whole */
    MN_RANGE_PART, /* first and last (inclusive) are set */
    MN_RANGE_NONE  /* 416: it lies behind the end */
} mn_range_kind;

mn_range_kind mn_range_parse(const char *header, uint64_t size, uint64_t *first, uint64_t *last);

/* Whether a list of entity tags ("*", "\"a\", W/\"b\"") has `etag`; weak: W/ does not matter (If-None-Match),
 * else weak ones never match (If-Match, If-Range). */
bool mn_etag_in(const char *header, const char *etag, bool weak);
bool mn_etag_valid(const char *etag); /* quotes, no control characters, no quote inside */

#define MN_HTTP_DATE 30
/* "Sun, 06 Nov 1994 08:49:37 GMT": the form that is sent, and the only one that is read. */
void mn_http_date_format(mn_time t, char text[MN_HTTP_DATE]);
bool mn_http_date_parse(const char *text, mn_time *t);

#endif
