#include "net/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static mn_address ip4(const uint8_t bytes[4])
{
    mn_address a = {.kind = MN_ADDRESS_IP4};
    memcpy(a.bytes, bytes, 4);
    return a;
}

static mn_address ip6(const uint8_t bytes[16])
{
    if (memcmp(bytes, mapped_prefix, sizeof mapped_prefix) == 0)
        return ip4(bytes + 12);
    mn_address a = {.kind = MN_ADDRESS_IP6};
    memcpy(a.bytes, bytes, 16);
    return a;
}

bool mn_address_parse(const char *text, size_t n, mn_address *out)
{
    char copy[MN_ADDRESS_TEXT];
    uint8_t bytes[16];
    if (n >= sizeof copy || memchr(text, 0, n))
        return false;
    memcpy(copy, text, n);
    copy[n] = 0;
    if (inet_pton(AF_INET, copy, bytes) == 1) {
        *out = ip4(bytes);
        return true;
    }
    if (inet_pton(AF_INET6, copy, bytes) == 1) {
        *out = ip6(bytes);
        return true;
    }
    return false;
}

mn_address mn_address_of(const struct sockaddr *sa, size_t len)
{
    if (sa && sa->sa_family == AF_INET && len >= sizeof(struct sockaddr_in))
        return ip4((const uint8_t *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr);
    if (sa && sa->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6))
        return ip6((const uint8_t *)&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
    if (sa && sa->sa_family == AF_UNIX)
        return (mn_address){.kind = MN_ADDRESS_UNIX};
    return (mn_address){.kind = MN_ADDRESS_NONE};
}

void mn_address_format(const mn_address *a, char text[MN_ADDRESS_TEXT])
{
    text[0] = 0;
    if (a->kind == MN_ADDRESS_UNIX)
        snprintf(text, MN_ADDRESS_TEXT, "unix");
    else if (a->kind != MN_ADDRESS_NONE)
        inet_ntop(a->kind == MN_ADDRESS_IP4 ? AF_INET : AF_INET6, a->bytes, text, MN_ADDRESS_TEXT);
}

static size_t length_of(const mn_address *a)
{
    return a->kind == MN_ADDRESS_IP4 ? 4 : a->kind == MN_ADDRESS_IP6 ? 16 : 0;
}

mn_address mn_address_block(const mn_address *a)
{
    mn_address block = *a;
    if (block.kind == MN_ADDRESS_IP6)
        memset(block.bytes + 8, 0, 8);
    return block;
}

bool mn_address_equal(const mn_address *a, const mn_address *b)
{
    return a->kind == b->kind && memcmp(a->bytes, b->bytes, length_of(a)) == 0;
}

/* ---- networks --------------------------------------------------------------------------------------------
 */

bool mn_network_has(const mn_network *net, const mn_address *a)
{
    if (net->base.kind != a->kind)
        return false;
    unsigned whole = net->bits / 8, rest = net->bits % 8;
    if (memcmp(net->base.bytes, a->bytes, whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return !rest || ((net->base.bytes[whole] ^ a->bytes[whole]) & mask) == 0;
}

bool mn_network_parse(const char *text, size_t n, mn_network *out)
{
    const char *slash = memchr(text, '/', n);
    mn_network net;
    if (n == 4 && memcmp(text, "unix", 4) == 0) {
        *out = (mn_network){.base.kind = MN_ADDRESS_UNIX};
        return true;
    }
    if (!mn_address_parse(text, slash ? (size_t)(slash - text) : n, &net.base))
        return false;
    net.bits = (unsigned)length_of(&net.base) * 8;
    if (slash) {
        const char *digits = slash + 1, *end = text + n;
        unsigned bits = 0;
        if (digits == end || end - digits > 3)
            return false;
        for (; digits < end; digits++) {
            if (*digits < '0' || *digits > '9')
                return false;
            bits = bits * 10 + (unsigned)(*digits - '0');
        }
        if (bits > net.bits)
            return false;
        net.bits = bits;
    }
    *out = net;
    return true;
}

mn_code mn_networks_parse(const char *text, mn_network *out, size_t max, size_t *n, mn_error *err)
{
    size_t found = 0;
    for (const char *at = text; *(at += strspn(at, ", \t")) != 0;) {
        size_t len = strcspn(at, ", \t");
        mn_network net;
        if (!mn_network_parse(at, len, &net))
            return mn_fail(err, MN_E_INVALID, "\"%.*s\" is no address or network (such as 10.0.0.0/8)",
                           (int)(len < 60 ? len : 60), at);
        if (found == max)
            return mn_fail(err, MN_E_LIMIT, "more than %zu networks", max);
        out[found++] = net;
        at += len;
    }
    *n = found;
    return MN_OK;
}

bool mn_networks_have(const mn_network *nets, size_t n, const mn_address *a)
{
    for (size_t i = 0; i < n; i++)
        if (mn_network_has(&nets[i], a))
            return true;
    return false;
}

/* ---- addresses that are not of the public Internet -------------------------------------------------------
 */

typedef struct {
    uint8_t bytes[16];
    unsigned bits;
    const char *why;
} special;

/* The special-purpose registries of IANA (RFC 6890 and later), without those that are globally reachable. */
static const special special4[] = {
    {{0}, 8, "this host"},
    {{10}, 8, "private"},
    {{100, 64}, 10, "shared by a provider (CGNAT)"},
    {{127}, 8, "loopback"},
    {{169, 254}, 16, "link-local"},
    {{172, 16}, 12, "private"},
    {{192, 0, 0}, 24, "reserved for protocols"},
    {{192, 0, 2}, 24, "for documentation"},
    {{192, 31, 196}, 24, "reserved"},
    {{192, 52, 193}, 24, "reserved"},
    {{192, 88, 99}, 24, "a relay"},
    {{192, 168}, 16, "private"},
    {{192, 175, 48}, 24, "reserved"},
    {{198, 18}, 15, "for benchmarks"},
    {{198, 51, 100}, 24, "for documentation"},
    {{203, 0, 113}, 24, "for documentation"},
    {{224}, 4, "multicast"},
    {{240}, 4, "reserved"},
    /* The platform addresses of a cloud that are in no private network. */
    {{168, 63, 129, 16}, 32, "of a cloud's platform"},
};

/* Of IPv6 only 2000::/3 is given out, so the table needs what lies inside it; the rest is named for the
 * message. */
static const special special6[] = {
    {{0}, 128, "unspecified"},
    {{[15] = 1}, 128, "loopback"},
    {{0}, 8, "reserved"},
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, "translated to IPv4 locally"},
    {{0x01}, 64, "discarded"},
    {{0x20, 0x01}, 23, "reserved for protocols"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "for documentation"},
    {{0x3f, 0xff}, 20, "for documentation"},
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48, "reserved"},
    {{0xfc}, 7, "private (ULA)"},
    {{0xfe, 0x80}, 10, "link-local"},
    {{0xfe, 0xc0}, 10, "site-local"},
    {{0xff}, 8, "multicast"},
};

static const char *find(const special *table, size_t n, const mn_address *a)
{
    for (size_t i = 0; i < n; i++) {
        mn_network net = {.base.kind = a->kind, .bits = table[i].bits};
        memcpy(net.base.bytes, table[i].bytes, sizeof net.base.bytes);
        if (mn_network_has(&net, a))
            return table[i].why;
    }
    return NULL;
}

static const char *find4(const uint8_t bytes[4])
{
    mn_address a = ip4(bytes);
    return find(special4, sizeof special4 / sizeof *special4, &a);
}

/* Refuses by the IPv4 address inside; where that is public the IPv6 address is public, too. */
static const char *find_inside(const mn_address *a, bool *inside)
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    const uint8_t *b = a->bytes;
    *inside = true;
    if (memcmp(b, nat64, sizeof nat64) == 0)
        return find4(b + 12);
    if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 */
        return find4(b + 2);
    if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0)
        return "a tunnel (Teredo)";
    *inside = false;
    return NULL;
}

const char *mn_address_special(const mn_address *a)
{
    if (a->kind == MN_ADDRESS_IP4)
        return find4(a->bytes);
    if (a->kind == MN_ADDRESS_UNIX)
        return "a Unix socket";
    if (a->kind == MN_ADDRESS_NONE)
        return "of an unknown kind";
    bool inside;
    const char *why = find_inside(a, &inside);
    if (inside)
        return why;
    why = find(special6, sizeof special6 / sizeof *special6, a);
    if (why)
        return why;
    return (a->bytes[0] & 0xe0) == 0x20 ? NULL : "reserved";
}
