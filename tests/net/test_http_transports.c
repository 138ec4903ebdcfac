/* The same server over TLS, Unix sockets and sockets handed over by systemd; and its settings. */
#include "base/file.h"
#include "http_app.h"
#include "http_client.h"
#include "support.h"
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[4096], cert[4200], key[4200];

static int stop(void **state)
{
    (void)state;
    app_stop();
    return 0;
}

/* ---- certificates ----------------------------------------------------------------------------------------
 */

static void write_pem(const char *path, const gnutls_datum_t *pem)
{
    assert_ok(mn_file_write(path, pem->data, pem->size, 0600, err));
}

/* A key and a certificate of its own signature, with this serial number, valid between two times. */
static void make_dated(const char *cert_path, const char *key_path, uint8_t serial, time_t from, time_t until)
{
    gnutls_x509_privkey_t k;
    gnutls_x509_crt_t c;
    gnutls_datum_t pem;
    assert_int_equal(gnutls_x509_privkey_init(&k), 0);
    assert_int_equal(gnutls_x509_crt_init(&c), 0);
    assert_int_equal(
        gnutls_x509_privkey_generate(k, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
        0);
    gnutls_x509_crt_set_version(c, 3);
    gnutls_x509_crt_set_serial(c, &serial, 1);
    gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, "localhost", 9);
    gnutls_x509_crt_set_activation_time(c, from);
    gnutls_x509_crt_set_expiration_time(c, until);
    gnutls_x509_crt_set_key(c, k);
    assert_int_equal(gnutls_x509_crt_sign2(c, c, k, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(c, GNUTLS_X509_FMT_PEM, &pem), 0);
    write_pem(cert_path, &pem);
    gnutls_free(pem.data);
    assert_int_equal(gnutls_x509_privkey_export2(k, GNUTLS_X509_FMT_PEM, &pem), 0);
    write_pem(key_path, &pem);
    gnutls_free(pem.data);
    gnutls_x509_crt_deinit(c);
    gnutls_x509_privkey_deinit(k);
}

static void make_certificate(const char *cert_path, const char *key_path, uint8_t serial)
{
    make_dated(cert_path, key_path, serial, time(NULL) - 3600, time(NULL) + 3600);
}

/* ---- a TLS client ----------------------------------------------------------------------------------------
 */

typedef struct {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    int fd;
} tls;

static int shake(tls *t, int port, const char *priorities)
{
    t->fd = dial(port);
    assert_int_equal(gnutls_certificate_allocate_credentials(&t->credentials), 0);
    assert_int_equal(gnutls_init(&t->session, GNUTLS_CLIENT), 0);
    assert_int_equal(gnutls_priority_set_direct(t->session, priorities, NULL), 0);
    gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, t->credentials);
    gnutls_transport_set_int(t->session, t->fd);
    int bad;
    do
        bad = gnutls_handshake(t->session);
    while (bad == GNUTLS_E_INTERRUPTED);
    return bad;
}

static void hang_up(tls *t)
{
    gnutls_deinit(t->session);
    gnutls_certificate_free_credentials(t->credentials);
    close(t->fd);
}

static uint8_t serial_of(const tls *t)
{
    unsigned n;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(t->session, &n);
    gnutls_x509_crt_t c;
    uint8_t serial[20];
    size_t size = sizeof serial;
    assert_int_equal(n, 1);
    gnutls_x509_crt_init(&c);
    assert_int_equal(gnutls_x509_crt_import(c, chain, GNUTLS_X509_FMT_DER), 0);
    gnutls_x509_crt_get_serial(c, serial, &size);
    gnutls_x509_crt_deinit(c);
    return serial[size - 1];
}

static void get_hello(const tls *t)
{
    static const char request[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    char answer[4096];
    size_t n = 0;
    assert_int_equal(gnutls_record_send(t->session, request, sizeof request - 1), sizeof request - 1);
    do {
        ssize_t got = gnutls_record_recv(t->session, answer + n, sizeof answer - 1 - n);
        assert_true(got > 0);
        n += (size_t)got;
        answer[n] = 0;
    } while (!strstr(answer, "\r\n\r\nhello"));
    assert_non_null(strstr(answer, "HTTP/1.1 200 OK"));
    assert_non_null(strstr(answer, "Strict-Transport-Security: max-age=300"));
}

static int start_tls(void **state)
{
    (void)state;
    mn_http_options o = app_options();
    snprintf(folder, sizeof folder, "%s", mn_test_folder());
    snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    snprintf(key, sizeof key, "%s/key.pem", folder);
    make_certificate(cert, key, 1);
    o.listen_tls = "127.0.0.1:0";
    o.cert_file = cert;
    o.key_file = key;
    o.hsts_s = 300;
    app_start(&o);
    return 0;
}

static void https_is_served(void **state)
{
    (void)state;
    static const char *const priorities[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.3",
                                             "NORMAL:-VERS-ALL:+VERS-TLS1.2"};
    for (size_t i = 0; i < 2; i++) {
        tls t;
        assert_int_equal(shake(&t, mn_http_server_port(app.server, 1), priorities[i]), 0);
        get_hello(&t);
        get_hello(&t);
        hang_up(&t);
    }
    static const char *const refused[] = {
        "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:%VERIFY_ALLOW_SIGN_WITH_SHA1",
        "NORMAL:-VERS-ALL:+VERS-TLS1.2:-AEAD", /* encryption that does not authenticate */
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        tls t;
        assert_true(shake(&t, mn_http_server_port(app.server, 1), refused[i]) < 0);
        hang_up(&t);
    }
    reply r = get(app.port, "/hello", ""); /* HTTP beside it */
    assert_int_equal(r.status, 200);
    assert_null(header(&r, "Strict-Transport-Security"));
    reply_free(&r);
}

static void certificates_are_exchanged_while_connections_go_on(void **state)
{
    (void)state;
    int port = mn_http_server_port(app.server, 1);
    tls before, after;
    assert_int_equal(shake(&before, port, "NORMAL"), 0);
    assert_int_equal(serial_of(&before), 1);
    make_certificate(cert, key, 2);
    assert_ok(mn_http_server_reload(app.server, err));
    assert_int_equal(shake(&after, port, "NORMAL"), 0);
    assert_int_equal(serial_of(&after), 2);
    get_hello(&before);
    get_hello(&after);
    hang_up(&after);

    /* What cannot be used leaves what is in use. */
    char other[4300];
    mn_error why;
    snprintf(other, sizeof other, "%s/other.pem", folder);
    make_certificate(other, key, 3); /* now the key is not the certificate's */
    assert_int_equal(mn_http_server_reload(app.server, &why), MN_E_INVALID);
    assert_non_null(strstr(why.text, "is not the key of"));
    assert_ok(mn_file_write(cert, "nonsense", 8, 0600, err));
    assert_int_equal(mn_http_server_reload(app.server, &why), MN_E_INVALID);
    assert_non_null(strstr(why.text, "is no certificate in PEM form"));
    unlink(cert);
    assert_int_equal(mn_http_server_reload(app.server, &why), MN_E_NOT_FOUND);
    assert_int_equal(shake(&after, port, "NORMAL"), 0);
    assert_int_equal(serial_of(&after), 2);
    get_hello(&before);
    hang_up(&after);
    hang_up(&before);
}

static void certificates_that_are_not_valid_now_are_told(void **state)
{
    (void)state;
    static const struct {
        time_t from, until;
        const char *text;
    } cases[] = {{1577836800, 1609459200, "ended 2021-01-01T00:00:00.000Z"},
                 {4102444800, 4133980800, "is not valid before 2100-01-01T00:00:00.000Z"}};
    mn_http_options o = app_options();
    mn_error why;
    o.listen = "127.0.0.1:0";
    o.listen_tls = "127.0.0.1:0";
    o.cert_file = cert;
    o.key_file = key;
    make_certificate(cert, key, 1);
    assert_ok(mn_http_server_check(&o, err));
    assert_ok(mn_http_server_reload(app.server, err));
    assert_ok(mn_http_server_check_certificate(app.server, err));
    for (size_t i = 0; i < 2; i++) {
        make_dated(cert, key, (uint8_t)(i + 2), cases[i].from, cases[i].until);
        assert_int_equal(mn_http_server_check(&o, &why), MN_E_INVALID);
        assert_non_null(strstr(why.text, cases[i].text));
        assert_ok(mn_http_server_reload(app.server, err)); /* served all the same */
        assert_int_equal(mn_http_server_check_certificate(app.server, &why), MN_E_INVALID);
        assert_non_null(strstr(why.text, cases[i].text));
    }
}

/* ---- Unix sockets ----------------------------------------------------------------------------------------
 */

static int dial_unix(const char *path)
{
    const struct timeval patience = {.tv_sec = CLIENT_PATIENCE_S};
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    memcpy(sa.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

static void unix_sockets_are_served(void **state)
{
    (void)state;
    char path[4200], listen[4300];
    struct stat st;
    mn_http_options o = app_options();
    snprintf(path, sizeof path, "%s/s", mn_test_folder());
    mn_test_need(strlen(path) < 100, "a shorter TMPDIR");
    snprintf(listen, sizeof listen, "unix:%s", path);
    /* A killed server's socket is in the way. */
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    memcpy(sa.sun_path, path, strlen(path));
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(stale, (struct sockaddr *)&sa, sizeof sa), 0);
    close(stale);
    o.listen = listen;
    o.trusted_proxies = "unix";
    app_start(&o);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    int fd = dial_unix(path);
    say(fd, "GET /who HTTP/1.1\r\nHost: a\r\nX-Request-Id: i\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n");
    reply r = hear(fd);
    assert_string_equal(r.body, "198.51.100.1 plain a i");
    reply_free(&r);
    say(fd, "GET /who HTTP/1.1\r\nHost: a\r\nX-Request-Id: i\r\n\r\n");
    r = hear(fd);
    assert_string_equal(r.body, "unix plain a i");
    reply_free(&r);
    close(fd);
    /* One that somebody listens at is not taken away. */
    static const mn_http_ops ops = {0};
    mn_http_server *second = NULL;
    mn_error why;
    assert_int_equal(mn_http_server_create(&o, &ops, NULL, &second, &why), MN_E_IO);
    app_stop();
    assert_int_equal(stat(path, &st), -1);
}

/* ---- systemd ---------------------------------------------------------------------------------------------
 */

/* A child, since the sockets must be descriptors 3 and 4. */
static void serve_what_systemd_gives(int first, int second)
{
    char pid[16];
    mn_http_options o = app_options();
    dup2(first, 10);
    dup2(second, 11);
    dup2(10, 3);
    dup2(11, 4);
    for (int fd = 5; fd < 64; fd++)
        close(fd);
    snprintf(pid, sizeof pid, "%d", getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_FDNAMES", "other:http", 1);
    o.listen = "systemd:http";
    app_start(&o);
    reply r = get(app.port, "/hello", "");
    _exit(r.status == 200 && mn_http_server_port(app.server, 1) == 0 ? 0 : 1);
}

static void sockets_of_systemd_are_served(void **state)
{
    (void)state;
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fds[2], status;
    for (int i = 0; i < 2; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(bind(fds[i], (struct sockaddr *)&sa, sizeof sa), 0);
        assert_int_equal(listen(fds[i], 16), 0);
    }
    pid_t child = fork();
    if (child == 0)
        serve_what_systemd_gives(fds[0], fds[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(fds[0]);
    close(fds[1]);
}

/* ---- IPv6, settings --------------------------------------------------------------------------------------
 */

static void all_addresses_are_served(void **state)
{
    (void)state;
    mn_http_options o = app_options();
    o.listen = "*:0, 127.0.0.1:0";
    o.allow_plain = true;
    app_start(&o);
    for (size_t i = 0; i < 2; i++) {
        reply r = get(mn_http_server_port(app.server, i), "/who", "X-Request-Id: i\r\n");
        assert_string_equal(r.body, "127.0.0.1 plain localhost i");
        reply_free(&r);
    }
    app_stop();
}

static void settings_become_options(void **state)
{
    (void)state;
    mn_settings *s = mn_settings_create();
    mn_http_options o, d;
    mn_http_options_default(&d);
    mn_http_options_read(s, &o);
    /* The settings' defaults are the options'. */
    assert_string_equal(o.listen, d.listen);
    assert_int_equal(o.head_max, d.head_max);
    assert_int_equal(o.headers_max, d.headers_max);
    assert_int_equal(o.url_max, d.url_max);
    assert_int_equal(o.body_max, d.body_max);
    assert_int_equal(o.bodies_max, d.bodies_max);
    assert_int_equal(o.connections_max, d.connections_max);
    assert_int_equal(o.connections_per_address, d.connections_per_address);
    assert_int_equal(o.requests_per_connection, d.requests_per_connection);
    assert_int_equal(o.head_ms, d.head_ms);
    assert_int_equal(o.body_ms, d.body_ms);
    assert_int_equal(o.send_ms, d.send_ms);
    assert_int_equal(o.idle_ms, d.idle_ms);
    assert_int_equal(o.rate_min, d.rate_min);
    assert_int_equal(o.deadline_ms, d.deadline_ms);
    assert_int_equal(o.stop_ms, d.stop_ms);
    assert_int_equal(o.retry_after_s, d.retry_after_s);
    assert_int_equal(o.gzip_level, d.gzip_level);
    assert_false(o.forwarded_header);
    assert_string_equal(o.classes[MN_HTTP_PIXELS].name, "pixels");
    assert_int_equal(o.classes[MN_HTTP_RECORDS].queue_max, 256);
    assert_int_equal(o.classes[MN_HTTP_PASSWORDS].queue_max, 16);
    assert_int_equal(o.classes[MN_HTTP_PASSWORDS].workers, 2);
    assert_int_equal(o.classes[MN_HTTP_TRANSFERS].workers, 4);
    assert_int_equal(o.classes[MN_HTTP_TRANSFERS].queue_max, 4);
    assert_ok(mn_settings_set(s, MN_S_SERVER_FORWARDED, "forwarded", "test", err));
    assert_ok(mn_settings_set(s, MN_S_SERVER_RECORD_QUEUE, "7", "test", err));
    mn_http_options_read(s, &o);
    assert_true(o.forwarded_header);
    assert_int_equal(o.classes[MN_HTTP_RECORDS].queue_max, 7);
    mn_settings_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(https_is_served, start_tls, stop),
        cmocka_unit_test_setup_teardown(certificates_are_exchanged_while_connections_go_on, start_tls, stop),
        cmocka_unit_test_setup_teardown(certificates_that_are_not_valid_now_are_told, start_tls, stop),
        cmocka_unit_test_teardown(unix_sockets_are_served, stop),
        cmocka_unit_test(sockets_of_systemd_are_served),
        cmocka_unit_test_teardown(all_addresses_are_served, stop),
        cmocka_unit_test(settings_become_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
