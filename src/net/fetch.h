/* Getting one file whose size and sum are known beforehand, by http, https, file:// or from a path.
 *
 * The bytes go to <target>.part and become <target> by one rename, after size and sha256 were found right; so
 * a target is there completely or not at all. What a cut connection or a cancelled run left in .part is
 * continued, not thrown away. No other protocols, no redirect away from http and https, never more bytes than
 * announced. One fetch a target at a time, also between processes (MN_E_BUSY). Blocks; call it from any
 * thread. */
#ifndef MN_NET_FETCH_H
#define MN_NET_FETCH_H

#include "base/error.h"
#include "base/thread.h"
#include <stdint.h>

typedef struct {
    const char *source; /* "http://…", "https://…", "file:///…", or the path of a file */
    const char *target; /* path; its folder is made */
    int64_t bytes;      /* exactly */
    const char *sha256; /* 64 small hexadecimal digits */

    /* Called on the fetching thread, at most some times a second, and once at the end. May be NULL. */
    void (*progress)(void *user, int64_t done, int64_t total);
    void *user;
    const mn_cancel *cancel; /* may be NULL */

    int connect_s; /* longest wait for a connection; 0: 15 */
    int stall_s;   /* longest time with (almost) nothing coming in; 0: 30 */
    int attempts;  /* tries when a connection fails or is cut, each continuing the last; 0: 3 */
} mn_fetch;

/* MN_E_NOT_FOUND: not there (404, no such file). MN_E_CORRUPT: another size or sum. MN_E_CANCELLED,
 * MN_E_TIMEOUT, MN_E_BUSY, MN_E_INVALID (an address of another protocol), MN_E_IO, MN_E_FULL. The text names
 * the address (without a password in it). */
mn_code mn_fetch_file(const mn_fetch *what, mn_error *err);

#endif
