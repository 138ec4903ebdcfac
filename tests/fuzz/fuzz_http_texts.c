/* Everything that is read from a request line or a header; the first byte says as what. What comes out keeps
 * its promises: UTF-8, no control characters, within limits; and nothing is read past the end. */
#include "net/accept.h"
#include "net/auth.h"
#include "net/base64.h"
#include "net/cookies.h"
#include "net/forwarded.h"
#include "net/path.h"
#include "net/query.h"
#include "net/range.h"
#include "net/text.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static mn_arena *arena;

static void must(bool fact)
{
    if (!fact)
        abort();
}

static void query(const char *raw, size_t n)
{
    const mn_query_pair *p;
    size_t count = 0;
    mn_error err = {.code = MN_OK};
    if (mn_query_parse(raw, n, 16, arena, &p, &count, &err)) {
        must(err.text[0]);
        return;
    }
    must(count <= 16);
    for (size_t i = 0; i < count; i++) {
        must(p[i].name_len > 0 && strlen(p[i].name) == p[i].name_len && strlen(p[i].value) == p[i].value_len);
        must(mn_is_utf8(p[i].name, p[i].name_len) && mn_is_utf8(p[i].value, p[i].value_len));
        must(mn_is_field_value(p[i].value, p[i].value_len));
    }
}

static void path(const char *raw, size_t n)
{
    char *out = mn_arena_alloc(arena, n + 1);
    must(out != NULL);
    if (mn_path_decode(raw, n, out, NULL))
        return;
    must(out[0] == '/' && mn_is_utf8(out, strlen(out)) && !strstr(out, "//") && !strstr(out, "/../") &&
         !strstr(out, "/./") && !strchr(out, '\\') && strlen(out) <= n);
}

static void cookie(const char *text)
{
    const char *v;
    size_t n;
    if (mn_cookie_find(text, "sid", &v, &n))
        must(v >= text && v + n <= text + strlen(text) && !memchr(v, ';', n) && !memchr(v, ' ', n));
}

static void authorization(const char *text)
{
    const char *token;
    size_t n;
    char user[MN_BASIC_MAX], password[MN_BASIC_MAX];
    if (mn_auth_bearer(text, &token, &n))
        must(n > 0 && n <= MN_BEARER_MAX && token + n == text + strlen(text));
    if (mn_auth_basic(text, user, password))
        must(mn_is_utf8(user, strlen(user)) && !strchr(user, ':') && mn_is_utf8(password, strlen(password)));
}

static void media(const char *text)
{
    mn_media_type m;
    if (!mn_media_type_parse(text, &m, NULL))
        must(strchr(m.type, '/') && m.n <= MN_MEDIA_PARAMETERS);
    int a = mn_accept_type(text, "application/json"), b = mn_accept_coding(text, "gzip");
    must(a >= 0 && a <= 1000 && b >= 0 && b <= 1000);
    (void)mn_media_type_compressible(text);
}

static void range(const char *text)
{
    uint64_t first = 0, last = 0;
    if (mn_range_parse(text, 1000, &first, &last) == MN_RANGE_PART)
        must(first <= last && last < 1000);
    mn_time t;
    char again[MN_HTTP_DATE];
    if (mn_http_date_parse(text, &t)) {
        mn_http_date_format(t, again);
        must(strcmp(again, text) == 0);
    }
    (void)mn_etag_in(text, "\"a\"", true);
    (void)mn_etag_valid(text);
}

static void forwarded(const char *text)
{
    const mn_address peer = {.kind = MN_ADDRESS_IP4, .bytes = {10, 0, 0, 1}};
    mn_network nets[4];
    size_t n = 0;
    mn_address who = mn_forwarded_peer(text, false, &peer, NULL, 0);
    must(who.kind == MN_ADDRESS_IP4 || who.kind == MN_ADDRESS_IP6);
    who = mn_forwarded_peer(text, true, &peer, NULL, 0);
    must(who.kind == MN_ADDRESS_IP4 || who.kind == MN_ADDRESS_IP6);
    (void)mn_forwarded_secure(text);
    if (!mn_networks_parse(text, nets, 4, &n, NULL))
        must(n <= 4);
}

static void base64(const char *text, size_t n)
{
    const uint8_t *bytes;
    size_t len;
    if (!mn_base64_decode(text, n, 10000, arena, &bytes, &len, NULL))
        must(len <= n / 4 * 3 + 2 && len <= 10000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    arena = mn_arena_create(1 << 20);
    must(arena != NULL);
    const char *raw = (const char *)data + 1;
    size_t n = size - 1;
    char *text = mn_arena_alloc(arena, n + 1);
    if (!text) {
        mn_arena_destroy(arena);
        return 0;
    }
    memcpy(text, raw, n);
    text[n] = 0;
    switch (data[0]) {
    case 'q':
        query(raw, n);
        break;
    case 'p':
        path(raw, n);
        break;
    case 'c':
        cookie(text);
        break;
    case 'a':
        authorization(text);
        break;
    case 'm':
        media(text);
        break;
    case 'r':
        range(text);
        break;
    case 'f':
        forwarded(text);
        break;
    case 'b':
        base64(raw, n);
        break;
    default:
        break;
    }
    mn_arena_destroy(arena);
    return 0;
}
