/* The small languages of HTTP, each with what it takes and what it refuses. */
#include "net/accept.h"
#include "net/address.h"
#include "net/auth.h"
#include "net/base64.h"
#include "net/cookies.h"
#include "net/forwarded.h"
#include "net/multipart.h"
#include "net/path.h"
#include "net/problem.h"
#include "net/query.h"
#include "net/range.h"
#include "net/text.h"
#include "support.h"
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static mn_arena *arena;

static int start(void **state)
{
    (void)state;
    arena = mn_arena_create(1 << 20);
    return arena ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    mn_arena_destroy(arena);
    return 0;
}

#define fails(call, expected, says)                                                                          \
    do {                                                                                                     \
        mn_error e_ = {.code = MN_OK};                                                                       \
        mn_error *err = &e_;                                                                                 \
        mn_code c_ = (call);                                                                                 \
        if (c_ != (expected) || !strstr(e_.text, says))                                                      \
            fail_msg("%s '%s' (case %zu)", mn_code_word(c_), e_.text, i);                                    \
    } while (0)

/* ---- query -----------------------------------------------------------------------------------------------
 */

static void queries(void **state)
{
    (void)state;
    const mn_query_pair *p;
    size_t n;
    static const char raw[] = "a=1&b=x%20y+z&&a=2&empty=&bare&%C3%A4=%26%3D";
    assert_ok(mn_query_parse(raw, sizeof raw - 1, 10, arena, &p, &n, err));
    static const char *const expected[][2] = {{"a", "1"},    {"b", "x y z"}, {"a", "2"},
                                              {"empty", ""}, {"bare", ""},   {"\xc3\xa4", "&="}};
    assert_int_equal(n, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(p[i].name, expected[i][0]);
        assert_string_equal(p[i].value, expected[i][1]);
        assert_int_equal(p[i].value_len, strlen(expected[i][1]));
    }
    assert_ok(mn_query_parse("", 0, 0, arena, &p, &n, err));
    assert_int_equal(n, 0);
    static const struct {
        const char *raw, *says;
        mn_code code;
    } bad[] = {
        {"a=%", "without two hexadecimal", MN_E_INVALID},
        {"a=%4", "without two hexadecimal", MN_E_INVALID},
        {"a=%zz", "without two hexadecimal", MN_E_INVALID},
        {"a=%00", "not UTF-8", MN_E_INVALID},
        {"a=%ff", "not UTF-8", MN_E_INVALID},
        {"a=%0a", "control character", MN_E_INVALID},
        {"=x", "without a name", MN_E_INVALID},
        {"a&b&c", "more than 2", MN_E_LIMIT},
        {"%c0%80=x", "not UTF-8", MN_E_INVALID},
        {"a=%ed%a0%80", "not UTF-8", MN_E_INVALID},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        fails(mn_query_parse(bad[i].raw, strlen(bad[i].raw), 2, arena, &p, &n, err), bad[i].code,
              bad[i].says);
}

/* ---- cookies ---------------------------------------------------------------------------------------------
 */

static void cookies(void **state)
{
    (void)state;
    static const struct {
        const char *header, *value; /* NULL: not found */
    } cases[] = {
        {"sid=abc", "abc"},
        {"a=1; sid=abc; b=2", "abc"},
        {"a=1;sid=abc;b=2", "abc"},
        {"sid=\"abc\"", "abc"},
        {"sid=", ""},
        {"sid=a=b", "a=b"},
        {"sid=abc; sid=abc", "abc"},
        {"sid=abc; sid=abd", NULL}, /* somebody set one beside ours */
        {"xsid=abc", NULL},
        {"SID=abc", NULL},
        {"sid", NULL},
        {"sid=a b", NULL},
        {"sid=a,b", NULL},
        {"sid=a\\b", NULL},
        {"", NULL},
        {NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *v = "untouched";
        size_t n = 9;
        bool found = mn_cookie_find(cases[i].header, "sid", &v, &n);
        if (found != !!cases[i].value ||
            (found && (n != strlen(cases[i].value) || memcmp(v, cases[i].value, n) != 0)))
            fail_msg("case %zu", i);
    }
    mn_buf out;
    mn_buf_init(&out, 200);
    const mn_cookie_attributes session = {"/", -1, true, true, MN_COOKIE_STRICT},
                               gone = {"/x", 0, false, false, MN_COOKIE_LAX};
    assert_ok(mn_cookie_format("__Host-sid", "abc", &session, &out, err));
    assert_string_equal((char *)out.data, "__Host-sid=abc; Path=/; SameSite=Strict; HttpOnly; Secure");
    mn_buf_clear(&out);
    assert_ok(mn_cookie_format("sid", "", &gone, &out, err));
    assert_string_equal((char *)out.data, "sid=; Path=/x; SameSite=Lax; Max-Age=0");
    size_t i = 0;
    fails(mn_cookie_format("a b", "", &gone, &out, err), MN_E_INVALID, "must not have");
    fails(mn_cookie_format("a", "b;c", &gone, &out, err), MN_E_INVALID, "must not have");
    fails(mn_cookie_format("__Host-a", "b", &gone, &out, err), MN_E_INVALID, "must be secure");
    fails(mn_cookie_format("__Secure-a", "b", &gone, &out, err), MN_E_INVALID, "must be secure");
    mn_buf_finish(&out);
}

/* ---- multipart -------------------------------------------------------------------------------------------
 */

static const mn_multipart_limits form = {3, 100, true}, mixed = {3, 100, false};

static mn_code parse(const char *body, const mn_multipart_limits *limits, const mn_part **p, size_t *n,
                     mn_error *err)
{
    return mn_multipart_parse("B", (const uint8_t *)body, strlen(body), limits, arena, p, n, err);
}

static void forms(void **state)
{
    (void)state;
    const mn_part *p;
    size_t n;
    assert_ok(parse("preamble\r\n--B\r\n"
                    "Content-Disposition: form-data; name=\"a\"\r\n\r\none\r\n"
                    "--B  \r\n"
                    "content-disposition: FORM-DATA; name=\"im\\\"age\"; filename=\"../x; y.jpg\"\r\n"
                    "Content-Type: image/jpeg\r\nX-Box: 1,2,3,4\r\n\r\nx--B\r\n-\r\n--C\r\n\r\n"
                    "--B\r\nContent-Disposition: form-data; name=empty\r\n\r\n\r\n--B--\r\nepilogue",
                    &form, &p, &n, err));
    assert_int_equal(n, 3);
    assert_string_equal(p[0].name, "a");
    assert_null(p[0].file_name);
    assert_string_equal(p[0].type, "text/plain");
    assert_int_equal(p[0].n, 3);
    assert_memory_equal(p[0].bytes, "one", 3);
    assert_string_equal(p[1].name, "im\"age");
    assert_string_equal(p[1].file_name, "../x; y.jpg");
    assert_string_equal(p[1].type, "image/jpeg");
    assert_string_equal(mn_part_header_value(&p[1], "x-box"), "1,2,3,4");
    assert_null(mn_part_header_value(&p[1], "X-Other"));
    assert_int_equal(p[1].n, 14);
    assert_memory_equal(p[1].bytes, "x--B\r\n-\r\n--C\r\n", 14);
    assert_int_equal(p[2].n, 0);
    assert_ok(parse("--B\r\n\r\nx\r\n--B--", &mixed, &p, &n, err));
    assert_int_equal(n, 1);
    assert_string_equal(p[0].name, "");
    assert_ok(parse("--B--", &mixed, &p, &n, err));
    assert_int_equal(n, 0);
}

/* "--Bx" in a part's bytes is a boundary with something behind it: RFC 2046 leaves it to the sender to choose
 * a boundary that is nowhere in the content. */
static void bad_forms(void **state)
{
    (void)state;
#define D "Content-Disposition: form-data; name=a\r\n"
    static const struct {
        const char *body, *says;
        mn_code code;
    } bad[] = {
        {"", "no boundary", MN_E_INVALID},
        {"--C\r\n", "no boundary", MN_E_INVALID},
        {"--B", "no line ends", MN_E_INVALID},
        {"--Bx\r\n", "no line ends", MN_E_INVALID},
        {"--B\r\n" D "\r\nx", "the body is cut", MN_E_INVALID},
        {"--B\r\n" D "\r\nx\r\n--B", "no line ends", MN_E_INVALID},
        {"--B\r\n" D "\r\n\r\n--Bx\r\n--B--", "no line ends", MN_E_INVALID},
        {"--B\r\n" D, "within its head", MN_E_INVALID},
        {"--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--",
         "part 1 of the body: it has no Content-Disposition", MN_E_INVALID},
        {"--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--", "it has no name", MN_E_INVALID},
        {"--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--", "must be form-data",
         MN_E_INVALID},
        {"--B\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--B--", "twice", MN_E_INVALID},
        {"--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--B--", "malformed", MN_E_INVALID},
        {"--B\r\nno colon\r\n\r\nx\r\n--B--", "no header", MN_E_INVALID},
        {"--B\r\n" D "X: \x01\r\n\r\nx\r\n--B--", "must not have", MN_E_INVALID},
        {"--B\r\n" D "X: \xff\r\n\r\nx\r\n--B--", "must not have", MN_E_INVALID},
        {"--B\r\n" D " folded\r\n\r\nx\r\n--B--", "no header", MN_E_INVALID},
        {"--B\r\n" D "\r\n1\r\n--B\r\n" D "\r\n2\r\n--B\r\n" D "\r\n3\r\n--B\r\n" D "\r\n4\r\n--B--",
         "more than 3 parts", MN_E_LIMIT},
        {"--B\r\n" D "\r\n01234567890123456789012345678901234567890123456789012345678901234567890123456789012"
         "34567890123456789+\r\n--B--",
         "part 1 of the body has more than 100 bytes", MN_E_LIMIT},
        {"--B\r\n" D "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\nh:\r\ni:\r\nj:\r\nk:\r\nl:\r\nm:\r\nn:\r\no:"
         "\r\np:\r\n\r\nx\r\n--B--",
         "more than 16 headers", MN_E_LIMIT},
    };
    const mn_part *p;
    size_t n;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        fails(parse(bad[i].body, &form, &p, &n, err), bad[i].code, bad[i].says);
    static const char *const boundaries[] = {
        NULL, "", "a\r\nb", "trailing ",
        "0123456789012345678901234567890123456789012345678901234567890123456789+"};
    for (size_t i = 0; i < 5; i++)
        fails(mn_multipart_parse(boundaries[i], (const uint8_t *)"", 0, &form, arena, &p, &n, err),
              MN_E_INVALID, "needs a boundary");
}

/* ---- accept, media types ---------------------------------------------------------------------------------
 */

static void weights(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int gzip;
    } codings[] = {{"gzip", 1000},      {"GZIP;q=0.5", 500}, {"br, *", 1000}, {"*;q=0.1, gzip;q=0", 0},
                   {"br", 0},           {NULL, 0},           {"", 0},         {"gzip ; q=0.875", 875},
                   {"gzip;q=1.001", 0}, {"gzip;q=x", 0},     {"gzip;q=", 0},  {"gzip;q=0.1234", 0}};
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
        if (mn_accept_coding(codings[i].header, "gzip") != codings[i].gzip)
            fail_msg("coding %zu", i);
    static const struct {
        const char *header;
        int json;
    } types[] = {{NULL, 1000},
                 {"", 1000},
                 {"application/json", 1000},
                 {"text/html, */*;q=0.1", 100},
                 {"application/*;q=0.5, */*;q=0.9", 500},
                 {"application/json;q=0, */*", 0},
                 {"text/csv", 0},
                 {"text/csv, Application/JSON ; q=0.7", 700},
                 {"*/*;q=0.2, application/json;charset=utf-8", 1000}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (mn_accept_type(types[i].header, "application/json") != types[i].json)
            fail_msg("type %zu", i);
}

static void media_types(void **state)
{
    (void)state;
    mn_media_type m;
    assert_ok(mn_media_type_parse("Multipart/Form-Data; Boundary=\"a;b\\\"c\" ; charset=UTF-8;", &m, err));
    assert_string_equal(m.type, "multipart/form-data");
    assert_string_equal(mn_media_type_parameter(&m, "boundary"), "a;b\"c");
    assert_string_equal(mn_media_type_parameter(&m, "charset"), "UTF-8");
    assert_null(mn_media_type_parameter(&m, "q"));
    static const char *const bad[] = {"",
                                      "text",
                                      "text/",
                                      "/plain",
                                      "text/plain x",
                                      "text/plain; a",
                                      "text/plain; a=",
                                      "text/plain; a=\"x",
                                      "text/plain; a=1; a=2",
                                      "te xt/plain",
                                      "text/plain; =1",
                                      "a/b;c=1;d=1;e=1;f=1;g=1;h=1;i=1;j=1;k=1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        fails(mn_media_type_parse(bad[i], &m, err), MN_E_INVALID, "content type");
    assert_string_equal(m.type, "multipart/form-data"); /* untouched */
    assert_true(mn_media_type_matches("image/jpeg", "image/*"));
    assert_true(mn_media_type_matches("IMAGE/jpeg", "image/JPEG"));
    assert_true(mn_media_type_matches("image/jpeg", "*/*"));
    assert_false(mn_media_type_matches("imagex/jpeg", "image/*"));
    assert_false(mn_media_type_matches("text/html", "image/*"));
    assert_true(mn_media_type_compressible("application/problem+json"));
    assert_true(mn_media_type_compressible("text/csv; charset=utf-8"));
    assert_true(mn_media_type_compressible("application/json"));
    assert_false(mn_media_type_compressible("image/jpeg"));
    assert_false(mn_media_type_compressible("application/octet-stream"));
}

/* ---- ranges, tags, dates ---------------------------------------------------------------------------------
 */

static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        uint64_t size;
        mn_range_kind kind;
        uint64_t first, last;
    } cases[] = {
        {NULL, 10, MN_RANGE_ALL, 7, 7},
        {"bytes=0-0", 10, MN_RANGE_PART, 0, 0},
        {"Bytes= 2-4 ", 10, MN_RANGE_PART, 2, 4},
        {"bytes=2-", 10, MN_RANGE_PART, 2, 9},
        {"bytes=-3", 10, MN_RANGE_PART, 7, 9},
        {"bytes=-30", 10, MN_RANGE_PART, 0, 9},
        {"bytes=9-18446744073709551615", 10, MN_RANGE_PART, 9, 9},
        {"bytes=10-", 10, MN_RANGE_NONE, 7, 7},
        {"bytes=-0", 10, MN_RANGE_NONE, 7, 7},
        {"bytes=0-", 0, MN_RANGE_NONE, 7, 7},
        {"bytes=-1", 0, MN_RANGE_NONE, 7, 7},
        {"bytes=4-2", 10, MN_RANGE_ALL, 7, 7},
        {"bytes=0-1,2-3", 10, MN_RANGE_ALL, 7, 7},
        {"bytes=99999999999999999999-", 10, MN_RANGE_ALL, 7, 7},
        {"bytes=a-b", 10, MN_RANGE_ALL, 7, 7},
        {"bytes=-", 10, MN_RANGE_ALL, 7, 7},
        {"bytes=", 10, MN_RANGE_ALL, 7, 7},
        {"items=0-1", 10, MN_RANGE_ALL, 7, 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t first = 7, last = 7;
        mn_range_kind kind = mn_range_parse(cases[i].header, cases[i].size, &first, &last);
        if (kind != cases[i].kind || first != cases[i].first || last != cases[i].last)
            fail_msg("case %zu", i);
    }
}

static void tags_and_dates(void **state)
{
    (void)state;
    assert_true(mn_etag_in("*", "\"a\"", false));
    assert_true(mn_etag_in("\"b\", \"a\"", "\"a\"", false));
    assert_true(mn_etag_in("W/\"a\"", "\"a\"", true));
    assert_false(mn_etag_in("W/\"a\"", "\"a\"", false));
    assert_false(mn_etag_in("\"a\"", "W/\"a\"", false));
    assert_false(mn_etag_in("a", "\"a\"", true));
    assert_false(mn_etag_in("\"ab\"", "\"a\"", true));
    assert_false(mn_etag_in("", "\"a\"", true));
    assert_true(mn_etag_valid("W/\"v1\""));
    assert_false(mn_etag_valid("v1"));
    assert_false(mn_etag_valid("\"a\"b\""));
    assert_false(mn_etag_valid("\"a\n\""));
    char text[MN_HTTP_DATE];
    mn_time t = 0;
    mn_http_date_format(INT64_C(784111777) * MN_TIME_SECOND, text);
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(mn_http_date_parse("Sun, 06 Nov 1994 08:49:37 GMT", &t));
    assert_true(t == INT64_C(784111777) * MN_TIME_SECOND);
    static const char *const bad[] = {"",
                                      "now",
                                      "Mon, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 08:49:37 CET",
                                      "Sun, 31 Jun 1994 08:49:37 GMT",
                                      "Sunday, 06-Nov-94 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 28:49:37 GMT",
                                      "Sun, 06 nov 1994 08:49:37 GMT"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (mn_http_date_parse(bad[i], &t))
            fail_msg("date %zu", i);
}

/* ---- authorization ---------------------------------------------------------------------------------------
 */

static void authorization(void **state)
{
    (void)state;
    const char *token;
    size_t n;
    assert_true(mn_auth_bearer("Bearer abc-._~+/09==", &token, &n));
    assert_int_equal(n, 13);
    assert_true(mn_auth_bearer("bearer   x", &token, &n));
    assert_int_equal(n, 1);
    static const char *const bad[] = {NULL,        "",           "Bearer",     "Bearer ",  "Bearerabc",
                                      "Basic abc", "Bearer a b", "Bearer a,b", "Bearer =", "Bearer a=b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (mn_auth_bearer(bad[i], &token, &n))
            fail_msg("bearer %zu", i);
    char user[MN_BASIC_MAX], password[MN_BASIC_MAX];
    assert_true(mn_auth_basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", user, password));
    assert_string_equal(user, "Aladdin");
    assert_string_equal(password, "open sesame");
    assert_true(mn_auth_basic("basic YTpiOmM=", user, password)); /* a:b:c */
    assert_string_equal(password, "b:c");
    static const char *const basic[] = {NULL,        "Basic",      "Basic QWxhZGRpbg==", "Basic !!!!",
                                        "Basic QQ=", "Basic /zr/", "Basic YTpiAA==",     "Bearer YTpi"};
    for (size_t i = 0; i < sizeof basic / sizeof *basic; i++)
        if (mn_auth_basic(basic[i], user, password))
            fail_msg("basic %zu", i);
}

static void base64(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"", ""},           {"Zg==", "f"},       {"Zm8=", "fo"},      {"Zm9v", "foo"},
        {"Zm9vYg", "foob"}, {"_-8", "\xff\xef"}, {"/+8=", "\xff\xef"}};
    const uint8_t *bytes;
    size_t n;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_ok(mn_base64_decode(good[i][0], strlen(good[i][0]), 4, arena, &bytes, &n, err));
        assert_int_equal(n, strlen(good[i][1]));
        assert_memory_equal(bytes, good[i][1], n);
    }
    static const char *const bad[] = {"Z",    "Zg=",  "Zg===", "Zm9v\n", "Zm 9v",
                                      "Zh==", "Z===", "====",  "_/8=",   "Zg==Zg=="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        fails(mn_base64_decode(bad[i], strlen(bad[i]), 100, arena, &bytes, &n, err), MN_E_INVALID,
              "not base64");
    for (size_t i = 0; i < 1; i++)
        fails(mn_base64_decode("Zm9vYmE=", 8, 4, arena, &bytes, &n, err), MN_E_LIMIT, "more than 4 bytes");
}

/* ---- addresses -------------------------------------------------------------------------------------------
 */

static mn_address address_of(const char *text)
{
    mn_address a;
    if (!mn_address_parse(text, strlen(text), &a))
        fail_msg("%s", text);
    return a;
}

static void addresses(void **state)
{
    (void)state;
    static const char *const public[] = {
        "1.1.1.1",         "8.8.8.8",        "93.184.216.34",  "172.15.255.255",    "172.32.0.0",
        "100.63.255.255",  "100.128.0.0",    "2606:4700::1",   "2a00:1450:4001::1", "64:ff9b::808:808",
        "2002:808:808::1", "198.17.255.255", "223.255.255.255"};
    for (size_t i = 0; i < sizeof public / sizeof *public; i++) {
        mn_address a = address_of(public[i]);
        if (mn_address_special(&a))
            fail_msg("%s is %s", public[i], mn_address_special(&a));
    }
    static const char *const special[] = {"0.0.0.0",
                                          "0.1.2.3",
                                          "10.0.0.1",
                                          "10.255.255.255",
                                          "100.64.0.1",
                                          "100.127.255.255",
                                          "127.0.0.1",
                                          "127.255.255.254",
                                          "169.254.169.254",
                                          "172.16.0.1",
                                          "172.31.255.255",
                                          "192.0.0.1",
                                          "192.0.2.1",
                                          "192.168.0.1",
                                          "198.18.0.1",
                                          "198.19.255.255",
                                          "198.51.100.1",
                                          "203.0.113.1",
                                          "224.0.0.1",
                                          "239.255.255.255",
                                          "240.0.0.1",
                                          "255.255.255.255",
                                          "168.63.129.16",
                                          "::",
                                          "::1",
                                          "::ffff:127.0.0.1",
                                          "::ffff:10.0.0.1",
                                          "::7f00:1",
                                          "64:ff9b::7f00:1",
                                          "64:ff9b::a9fe:a9fe",
                                          "64:ff9b:1::1",
                                          "100::1",
                                          "2001::1",
                                          "2001:db8::1",
                                          "2002:7f00:1::",
                                          "2002:c0a8:1::1",
                                          "fc00::1",
                                          "fd00:ec2::254",
                                          "fe80::1",
                                          "febf::1",
                                          "fec0::1",
                                          "ff02::1",
                                          "4000::1",
                                          "3fff::1"};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        mn_address a = address_of(special[i]);
        if (!mn_address_special(&a))
            fail_msg("%s is not special", special[i]);
    }
    static const char *const bad[] = {"",         "1.2.3", "1.2.3.4.5", "256.1.1.1",    "01.2.3.4",
                                      "1.2.3.4 ", "::g",   "[::1]",     "fe80::1%eth0", "1.2.3.4:80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mn_address a;
        if (mn_address_parse(bad[i], strlen(bad[i]), &a))
            fail_msg("%s", bad[i]);
    }
    char text[MN_ADDRESS_TEXT];
    mn_address a = address_of("::ffff:1.2.3.4"), b = address_of("1.2.3.4");
    assert_true(mn_address_equal(&a, &b));
    a = address_of("2001:DB8:0::1");
    mn_address_format(&a, text);
    assert_string_equal(text, "2001:db8::1");
}

static void networks(void **state)
{
    (void)state;
    static const struct {
        const char *net, *address;
        bool has;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"192.0.2.128/25", "192.0.2.129", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"0.0.0.0/0", "1.2.3.4", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "::1", true},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"1.2.3.4", "1.2.3.4", true},
        {"1.2.3.4", "1.2.3.5", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mn_network net;
        assert_true(mn_network_parse(cases[i].net, strlen(cases[i].net), &net));
        mn_address a = address_of(cases[i].address);
        if (mn_network_has(&net, &a) != cases[i].has)
            fail_msg("case %zu", i);
    }
    mn_network nets[2];
    size_t n;
    assert_ok(mn_networks_parse(" 10.0.0.0/8,, fc00::/7 ", nets, 2, &n, err));
    assert_int_equal(n, 2);
    static const char *const bad[] = {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
                                      "10.0.0.0/8x", "x",         "::/129"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        fails(mn_networks_parse(bad[i], nets, 2, &n, err), MN_E_INVALID, "no address or network");
    for (size_t i = 0; i < 1; i++)
        fails(mn_networks_parse("::1 ::2 ::3", nets, 2, &n, err), MN_E_LIMIT, "more than 2");
}

static void forwarded(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool rfc7239;
        const char *who;
    } cases[] = {
        {"", false, "10.0.0.1"},
        {"198.51.100.1", false, "198.51.100.1"},
        {"6.6.6.6, 198.51.100.1", false, "198.51.100.1"},
        {"6.6.6.6, 198.51.100.1, 10.0.0.2", false, "198.51.100.1"},
        {"10.0.0.3, 10.0.0.2", false, "10.0.0.3"},
        {"198.51.100.1, nonsense, 10.0.0.2", false, "10.0.0.2"},
        {"198.51.100.1:1234", false, "198.51.100.1"},
        {"[2001:db8::1]:80", false, "2001:db8::1"},
        {"2001:db8::1", false, "2001:db8::1"},
        {"for=198.51.100.1", true, "198.51.100.1"},
        {"for=6.6.6.6, For=\"[2001:db8::1]:80\";proto=https", true, "2001:db8::1"},
        {"for=6.6.6.6;by=x, for=198.51.100.1, for=10.0.0.2", true, "198.51.100.1"},
        {"for=_hidden", true, "10.0.0.1"},
        {"for=unknown, for=10.0.0.2", true, "10.0.0.2"},
        {"by=198.51.100.1", true, "10.0.0.1"},
        {"for=\"198.51.100.1", true, "10.0.0.1"},
    };
    const mn_address peer = address_of("10.0.0.1");
    mn_network trusted;
    assert_true(mn_network_parse("10.0.0.0/8", 10, &trusted));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mn_address who = mn_forwarded_peer(cases[i].header, cases[i].rfc7239, &peer, &trusted, 1),
                   expected = address_of(cases[i].who);
        if (!mn_address_equal(&who, &expected))
            fail_msg("case %zu", i);
    }
    assert_true(mn_forwarded_secure("for=a;proto=http, for=b;Proto=\"https\""));
    assert_false(mn_forwarded_secure("proto=https, for=b"));
    assert_false(mn_forwarded_secure("proto=http"));
    assert_false(mn_forwarded_secure(""));
}

/* ---- the rest --------------------------------------------------------------------------------------------
 */

static void problems(void **state)
{
    (void)state;
    mn_buf out;
    mn_buf_init(&out, MN_PROBLEM_MAX);
    const mn_problem p = {.status = 422,
                          .code = "low_quality",
                          .detail = "\"a\\b\"\n\xff\xc3\xa4\x7f",
                          .field = "box",
                          .pointer = "/people/3",
                          .action = "take another"};
    assert_ok(mn_problem_render(&p, NULL, &out, err));
    assert_string_equal((char *)out.data,
                        "{\"type\":\"about:blank\",\"status\":422,\"title\":\"Unprocessable "
                        "Content\",\"code\":\"low_quality\","
                        "\"detail\":\"\\\"a\\\\b\\\"\\u000a\xef\xbf\xbd\xc3\xa4\\u007f\",\"field\":\"box\","
                        "\"pointer\":\"/people/3\",\"action\":\"take another\"}");
    mn_buf_finish(&out);
    mn_error why;
    mn_fail(&why, MN_E_INTERNAL, "secret");
    mn_problem q = mn_problem_of(&why);
    assert_int_equal(q.status, 500);
    assert_null(q.detail);
    mn_fail(&why, MN_E_QUALITY, "too dark");
    q = mn_problem_of(&why);
    assert_int_equal(q.status, 422);
    assert_string_equal(q.code, "low_quality");
    assert_string_equal(q.detail, "too dark");
    assert_string_equal(q.action, "take a sharper, larger, frontal picture");
    assert_string_equal(mn_problem_action(MN_E_CORRUPT), "tell who runs the server, with the request_id");
    assert_string_equal(mn_http_reason(404), "Not Found");
    assert_string_equal(mn_http_reason(599), "Error");
}

static void paths(void **state)
{
    (void)state;
    char out[64];
    assert_ok(mn_path_decode("/a%20b/%E2%82%AC/...", 20, out, err));
    assert_string_equal(out, "/a b/\xe2\x82\xac/...");
    assert_ok(mn_path_decode("/", 1, out, err));
    assert_string_equal(out, "/");
    assert_ok(mn_path_decode("/a/", 3, out, err));
    assert_string_equal(out, "/a/");
    static const char *const bad[] = {"",     "a",         "//",     "/a//b",  "/.",    "/..",    "/a/..",
                                      "/%2e", "/%2E%2e/x", "/a%2fb", "/a%5cb", "/a\\b", "/%0a",   "/%7f",
                                      "/%00", "/%",        "/%4",    "/%g0",   "/%ff",  "/%c0%af"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        fails(mn_path_decode(bad[i], strlen(bad[i]), out, err), MN_E_INVALID, "the path");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries),   cmocka_unit_test(cookies),        cmocka_unit_test(forms),
        cmocka_unit_test(bad_forms), cmocka_unit_test(weights),        cmocka_unit_test(media_types),
        cmocka_unit_test(ranges),    cmocka_unit_test(tags_and_dates), cmocka_unit_test(authorization),
        cmocka_unit_test(base64),    cmocka_unit_test(addresses),      cmocka_unit_test(networks),
        cmocka_unit_test(forwarded), cmocka_unit_test(problems),       cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
