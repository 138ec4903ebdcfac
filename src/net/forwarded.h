/* Who asks, when a reverse proxy stands between. Pure functions. */
#ifndef MN_NET_FORWARDED_H
#define MN_NET_FORWARDED_H

#include "net/address.h"

/* `header` lists addresses, nearest last: X-Forwarded-For ("198.51.100.1, 10.0.0.2") or, with `rfc7239`,
 * Forwarded
 * ("for=198.51.100.1;proto=https, for=\"[2001:db8::1]:80\""). Only as far as trusted hops wrote it is it
 * believed: read from its end, the first address that is no trusted proxy is who asks. An entry that is no
 * address ends the walk. peer: of the connection; the caller has found it trusted. */
mn_address mn_forwarded_peer(const char *header, bool rfc7239, const mn_address *peer,
                             const mn_network *trusted, size_t n);

/* The proto of the last entry of a Forwarded header is https. */
bool mn_forwarded_secure(const char *header);

#endif
