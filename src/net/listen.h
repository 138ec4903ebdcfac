/* Where a server listens: addresses as text, and the sockets made of them.
 *
 *   127.0.0.1:8080      [::1]:8080      IPv4, IPv6
 *   *:8080              both: one socket for IPv6 and IPv4, or IPv4 alone where the host has no IPv6
 *   unix:/run/mien.sock a Unix socket; its mode is 0660, an old one in its place is removed when nobody
 * listens there systemd             the sockets that systemd hands over (LISTEN_FDS); systemd:NAME only those
 * with this FileDescriptorName
 */
#ifndef MN_NET_LISTEN_H
#define MN_NET_LISTEN_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

#define MN_LISTEN_MAX 16

typedef struct {
    int fd;              /* non-blocking, listening */
    int port;            /* 0: a Unix socket */
    char unix_path[108]; /* "": none, or one that systemd made */
} mn_listening;

/* Opens all that `addresses` (with commas between) names, after the *n that are in `out` already (room for
 * MN_LISTEN_MAX). On failure none of it is left open. */
mn_code mn_listen_open(const char *addresses, mn_listening *out, size_t *n, mn_error *err);
void mn_listen_close(mn_listening *l); /* and removes its Unix socket */

#endif
