#include "net/forwarded.h"
#include "net/text.h"
#include <string.h>

#define HOPS_MAX 32

typedef struct {
    const char *text;
    size_t n;
} slice;

/* The last items of the list, at most HOPS_MAX. */
static size_t split(const char *header, slice out[HOPS_MAX])
{
    const char *at = header, *end = header + strlen(header), *item;
    size_t n = 0, len;
    while (mn_next_item(&at, end, ',', &item, &len)) {
        if (n == HOPS_MAX)
            memmove(out, out + 1, --n * sizeof *out);
        out[n++] = (slice){item, len};
    }
    return n;
}

/* The value of name= in one entry of Forwarded, unquoted. */
static bool find_pair(slice entry, const char *name, char *out, size_t size)
{
    const char *at = entry.text, *end = at + entry.n, *pair;
    size_t n, len = strlen(name);
    while (mn_next_item(&at, end, ';', &pair, &n)) {
        if (n <= len || pair[len] != '=' || !mn_same_word(pair, len, name))
            continue;
        const char *value = pair + len + 1, *stop = pair + n;
        if (value < stop && *value == '"')
            return mn_take_word(&value, stop, out, size) && value == stop;
        if ((size_t)(stop - value) >= size)
            return false;
        memcpy(out, value, (size_t)(stop - value));
        out[stop - value] = 0;
        return true;
    }
    return false;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80" */
static bool read_node(const char *text, size_t n, mn_address *out)
{
    if (n && text[0] == '[') {
        const char *close = memchr(text, ']', n);
        return close && mn_address_parse(text + 1, (size_t)(close - text) - 1, out);
    }
    if (mn_address_parse(text, n, out))
        return true;
    const char *colon = memchr(text, ':', n);
    return colon && mn_address_parse(text, (size_t)(colon - text), out) && out->kind == MN_ADDRESS_IP4;
}

mn_address mn_forwarded_peer(const char *header, bool rfc7239, const mn_address *peer,
                             const mn_network *trusted, size_t n)
{
    slice hops[HOPS_MAX];
    mn_address who = *peer, next;
    for (size_t i = split(header, hops); i-- > 0;) {
        char node[80];
        slice hop = hops[i];
        if (rfc7239) {
            if (!find_pair(hop, "for", node, sizeof node))
                break;
            hop = (slice){node, strlen(node)};
        }
        if (!read_node(hop.text, hop.n, &next))
            break;
        who = next;
        if (!mn_networks_have(trusted, n, &who))
            break;
    }
    return who;
}

bool mn_forwarded_secure(const char *header)
{
    slice hops[HOPS_MAX];
    char proto[16];
    size_t n = split(header, hops);
    return n && find_pair(hops[n - 1], "proto", proto, sizeof proto) &&
           mn_same_word(proto, strlen(proto), "https");
}
