/* Downloads on a client's behalf: what is fetched, and above all what is not. */
#include "net/download.h"
#include "server.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char address[128];
static mn_download_rules *rules; /* the test's server alone */

static int start(void **state)
{
    (void)state;
    server_start();
    assert_ok(mn_download_rules_create("127.0.0.1", &rules, err));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    mn_download_rules_destroy(rules);
    server_stop();
    return 0;
}

static mn_download from(const char *url)
{
    return (mn_download){.url = url, .rules = rules, .redirects = 3};
}

static void fails(const mn_download *d, size_t max, mn_code code, const char *says)
{
    mn_error why = {.code = MN_OK};
    mn_buf out;
    char type[MN_DOWNLOAD_TYPE] = "untouched";
    mn_buf_init(&out, max);
    assert_ok(mn_buf_append(&out, "before", 6, err));
    mn_code got = mn_download_get(d, &out, type, &why);
    if (got != code || !strstr(why.text, says))
        fail_msg("%s: %s '%s', not %s '%s'", d->url, mn_code_word(got), why.text, mn_code_word(code), says);
    assert_int_equal(out.len, 6);
    assert_string_equal(type, "untouched");
    mn_buf_finish(&out);
}

static void note_refused(void *ctx, const char *told)
{
    snprintf(ctx, 128, "%s", told);
}

/* Where it leads to is for the log, and not in the text. */
static void refuses(mn_download *d, const char *to)
{
    char told[128] = "";
    mn_buf out;
    char type[MN_DOWNLOAD_TYPE];
    mn_error why = {0};
    mn_buf_init(&out, 1000);
    d->refused = note_refused;
    d->ctx = told;
    assert_int_equal(mn_download_get(d, &out, type, &why), MN_E_FORBIDDEN);
    assert_string_equal(told, to);
    assert_null(strstr(why.text, "which is"));
    char number[64];
    snprintf(number, sizeof number, "%.*s", (int)strcspn(to, ","), to);
    assert_null(strstr(why.text, number));
    d->refused = NULL;
    mn_buf_finish(&out);
}

static void fetches(const mn_download *d, size_t bytes, const char *expected_type)
{
    mn_buf out;
    char type[MN_DOWNLOAD_TYPE];
    mn_buf_init(&out, 1 << 20);
    assert_ok(mn_download_get(d, &out, type, err));
    assert_int_equal(out.len, bytes);
    assert_int_equal(out.data[8], 56); /* 8 * 7 */
    assert_string_equal(type, expected_type);
    mn_buf_finish(&out);
}

static void pictures_come(void **state)
{
    (void)state;
    mn_download d = from(server_address("good", address));
    fetches(&d, SERVER_BYTES, "");
    d = from(server_address("image", address));
    d.type = "image/*";
    fetches(&d, 1000, "image/jpeg");
    d = from(server_address("away", address)); /* redirects to /good */
    fetches(&d, SERVER_BYTES, "");
    d = from(server_address("text", address));
    d.type = "image/*";
    fails(&d, 1 << 20, MN_E_UNSUPPORTED, "is text/html, not image/*");
}

static void sizes_and_times_are_limited(void **state)
{
    (void)state;
    mn_download d = from(server_address("good", address));
    fails(&d, 100000, MN_E_LIMIT, "more than 99994 bytes");
    d = from(server_address("endless", address)); /* says no length */
    fails(&d, 1000000, MN_E_LIMIT, "more than");
    d = from(server_address("slow", address));
    d.total_ms = 300;
    fails(&d, 1 << 20, MN_E_TIMEOUT, "took too long");
    d = from(server_address("loop", address));
    fails(&d, 1 << 20, MN_E_LIMIT, "redirects more than 3 times");
    d = from(server_address("nothing", address));
    fails(&d, 1 << 20, MN_E_NOT_FOUND, "HTTP 404");
    d = from(server_address("forbidden", address));
    fails(&d, 1 << 20, MN_E_IO, "HTTP 403");
    mn_cancel cancel = {0};
    mn_cancel_set(&cancel);
    d = from(server_address("good", address));
    d.cancel = &cancel;
    fails(&d, 1 << 20, MN_E_CANCELLED, "cancelled");
}

static void only_http_and_https_without_credentials(void **state)
{
    (void)state;
    static const struct {
        const char *url, *says;
        mn_code code;
    } cases[] = {
        {"file:///etc/passwd", "must begin with http", MN_E_INVALID},
        {"ftp://127.0.0.1/", "must begin with http", MN_E_INVALID},
        {"gopher://127.0.0.1:70/_x", "must begin with http", MN_E_INVALID},
        {"dict://127.0.0.1/", "must begin with http", MN_E_INVALID},
        {"127.0.0.1/good", "must begin with http", MN_E_INVALID},
        {"", "must begin with http", MN_E_INVALID},
        {"http://", "malformed", MN_E_INVALID},
        {"http://a b/", "malformed", MN_E_INVALID},
        {"http://a\r\nX: y/", "malformed", MN_E_INVALID},
        {"http://user:secret@127.0.0.1:1/x", "user or password", MN_E_INVALID},
        {"http://user@127.0.0.1:1/x", "user or password", MN_E_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mn_download d = from(cases[i].url);
        fails(&d, 1000, cases[i].code, cases[i].says);
    }
}

static void what_is_not_public_is_not_reached(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://127.0.0.2:1/",
        "http://localhost:1/",
        "http://0.0.0.0:1/",
        "http://10.0.0.1:1/",
        "http://172.16.0.1:1/",
        "http://192.168.1.1:1/",
        "http://169.254.169.254:1/",
        "http://100.64.0.1:1/",
        "http://[::1]:1/",
        "http://[::ffff:127.0.0.2]:1/",
        "http://2130706434:1/",
        "http://0x7f000002:1/",
        "http://0177.0.0.2:1/",
        "http://127.2:1/",
        "http://[::]:1/",
        "https://10.0.0.1:1/",
        "http://[64:ff9b::a00:1]:1/",
        "http://[::ffff:a00:1]:1/",
    };
    mn_download_rules *none;
    assert_ok(mn_download_rules_create("", &none, err));
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        mn_download d = from(urls[i]);
        d.rules = i % 2 ? none : NULL;
        fails(&d, 1000, MN_E_FORBIDDEN, "leads to an address that is not allowed");
    }
    mn_download_rules_destroy(none);
}

static void redirects_do_not_lead_inside(void **state)
{
    (void)state;
    static const struct {
        const char *to, *says;
        mn_code code;
    } cases[] = {
        {"http://127.0.0.2:1/", "127.0.0.2, which is loopback", MN_E_FORBIDDEN},
        {"http://169.254.169.254/latest/meta-data/", "169.254.169.254, which is link-local", MN_E_FORBIDDEN},
        {"http://[::1]:1/", "::1, which is loopback", MN_E_FORBIDDEN},
        {"file:///etc/passwd", "neither http nor https", MN_E_FORBIDDEN},
        {"ftp://127.0.0.1/", "neither http nor https", MN_E_FORBIDDEN},
        {"http://user:secret@127.0.0.1:1/", "user or password", MN_E_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char url[300];
        snprintf(url, sizeof url, "%s?%s", server_address("redirect", address), cases[i].to);
        mn_download d = from(url);
        if (strstr(cases[i].says, "which is"))
            refuses(&d, cases[i].says);
        else
            fails(&d, 1000, cases[i].code, cases[i].says);
    }
}

/* A name that resolves to a public address when it is looked at and to an inner one when it is used: only the
 * address in use counts, so resolving to the inner one is all there is to test. */
static void names_do_not_lead_inside(void **state)
{
    (void)state;
    char url[300], resolve[100], port[8];
    snprintf(port, sizeof port, "%s", strrchr(server_address("", address), ':') + 1);
    port[strspn(port, "0123456789")] = 0;
    snprintf(url, sizeof url, "http://pictures.example:%s/good", port);
    snprintf(resolve, sizeof resolve, "pictures.example:%s:127.0.0.1", port);
    mn_download d = from(url);
    d.rules = NULL;
    d.resolve = resolve;
    refuses(&d, "127.0.0.1, which is loopback");
    fails(&d, 1 << 20, MN_E_FORBIDDEN, "pictures.example: leads to an address that is not allowed");
    d.rules = rules; /* the address is allowed */
    fetches(&d, SERVER_BYTES, "");
    mn_download_rules *by_name;
    assert_ok(mn_download_rules_create("cameras.example, Pictures.Example", &by_name, err));
    d.rules = by_name;
    fetches(&d, SERVER_BYTES, "");
    /* The name is allowed, not where it redirects to. */
    snprintf(url, sizeof url, "http://pictures.example:%s/redirect?http://127.0.0.1:%s/good", port, port);
    refuses(&d, "127.0.0.1, which is loopback");
    mn_download_rules_destroy(by_name);
}

static void proxies_of_the_environment_do_not_count(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    mn_download d = from(server_address("good", address));
    fetches(&d, SERVER_BYTES, "");
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void wrong_rules_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"10.0.0.0/33", "a/b", "unix", "10.0.0.0/", "*"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        mn_download_rules *r = NULL;
        mn_error why;
        mn_code code = mn_download_rules_create(wrong[i], &r, &why);
        if (i == 2) { /* a host may have this name */
            assert_int_equal(code, MN_OK);
            mn_download_rules_destroy(r);
            continue;
        }
        assert_int_equal(code, MN_E_INVALID);
        assert_non_null(strstr(why.text, "is no host, address or network"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_come),
        cmocka_unit_test(sizes_and_times_are_limited),
        cmocka_unit_test(only_http_and_https_without_credentials),
        cmocka_unit_test(what_is_not_public_is_not_reached),
        cmocka_unit_test(redirects_do_not_lead_inside),
        cmocka_unit_test(names_do_not_lead_inside),
        cmocka_unit_test(proxies_of_the_environment_do_not_count),
        cmocka_unit_test(wrong_rules_are_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
