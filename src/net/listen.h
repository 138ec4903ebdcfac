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
    bool handed;         /* by systemd, where it goes on for the next process */
} mn_listening;

/* Opens all that `addresses` (with commas between) names, after the *n that are in `out` already (room for
 * MN_LISTEN_MAX). On failure none of it is left open. */
mn_code mn_listen_open(const char *addresses, mn_listening *out, size_t *n, mn_error *err);
/* Can these addresses be read, and with local_only: does only this host reach them? Opens nothing; what
 * systemd hands over is not looked at. */
mn_code mn_listen_check(const char *addresses, bool local_only, mn_error *err);
/* Who connects from now on is refused at once, and no more left waiting; what systemd handed over stays open.
 * The descriptor stays too, as others may still look at it. */
void mn_listen_end(mn_listening *l);
void mn_listen_close(mn_listening *l); /* and removes its Unix socket */

/* "127.0.0.1:8080", "[::]:8080", "unix:/run/mien.sock", as the kernel says. */
#define MN_LISTEN_NAME 120
void mn_listen_name(const mn_listening *l, char out[MN_LISTEN_NAME]);
/* Can nobody but this host reach it: a Unix socket, or a loopback address? */
bool mn_listen_is_local(const mn_listening *l);
/* MN_E_INVALID, with what to do: plain HTTP at this address is for everybody to read. */
mn_code mn_listen_refuse_plain(const char *address, mn_error *err);

#endif
