/* IP addresses and networks: parsing, printing, and which of them are not on the public Internet.
 *
 * An IPv4 address mapped into IPv6 (::ffff:a.b.c.d) counts as the IPv4 address everywhere. Pure functions. */
#ifndef MN_NET_ADDRESS_H
#define MN_NET_ADDRESS_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

typedef enum { MN_ADDRESS_NONE, MN_ADDRESS_IP4, MN_ADDRESS_IP6, MN_ADDRESS_UNIX } mn_address_kind;

typedef struct {
    mn_address_kind kind;
    uint8_t bytes[16]; /* network order; the first 4 for IPv4 */
} mn_address;

#define MN_ADDRESS_TEXT 46

bool mn_address_parse(const char *text, size_t n,
                      mn_address *out); /* "192.0.2.1", "2001:db8::1"; no brackets, zone or port */
mn_address mn_address_of(const struct sockaddr *sa, size_t len);
void mn_address_format(const mn_address *a, char text[MN_ADDRESS_TEXT]); /* "unix", "" for none */
/* Whom to count by: whoever has one IPv6 address has 2^64 of them, so the first of its /64; else the address.
 */
mn_address mn_address_block(const mn_address *a);
bool mn_address_equal(const mn_address *a, const mn_address *b);

/* Why a request on somebody else's behalf must not go there: "loopback", "private", "link-local", ...; NULL
 * for addresses of the public Internet. IPv4 inside IPv6 (mapped, NAT64, 6to4, Teredo) is judged as the IPv4
 * address, too. */
const char *mn_address_special(const mn_address *a);

typedef struct {
    mn_address base;
    unsigned bits;
} mn_network;
bool mn_network_parse(const char *text, size_t n, mn_network *out); /* an address, or "10.0.0.0/8" */
bool mn_network_has(const mn_network *net, const mn_address *a);

/* Networks with commas and blanks between. At most max; MN_E_INVALID names the one that is wrong, MN_E_LIMIT.
 */
mn_code mn_networks_parse(const char *text, mn_network *out, size_t max, size_t *n, mn_error *err);
bool mn_networks_have(const mn_network *nets, size_t n, const mn_address *a);

#endif
