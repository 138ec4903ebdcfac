/* Certificates. A handshake takes the newest keys; older ones stay until a handshake that began with them
 * must be over, so that reloading needs no pause. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/time.h"
#include "net/http_internal.h"
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#define CHAIN_MAX 8
#define PEM_MAX   ((size_t)1024 * 1024)

struct tls_keys {
    tls_keys *older;
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned n;
    gnutls_privkey_t key;
    mn_time from, until; /* of the first of the chain */
    int64_t replaced_ns; /* 0: in use */
};

/* With 1.2, too, only what 1.3 has: forward secrecy, and encryption that authenticates. */
const char *const mn_tls_priorities =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE";

static _Thread_local mn_http_server *server_of_thread;

/* libmicrohttpd's callback has no argument of ours; but each of its threads serves one server. */
void mn_tls_enter(mn_http_server *s)
{
    server_of_thread = s;
}

static int retrieve(gnutls_session_t session, const gnutls_datum_t *ca, int n_ca,
                    const gnutls_pk_algorithm_t *algorithms, int n_algorithms, gnutls_pcert_st **chain,
                    unsigned *n, gnutls_privkey_t *key)
{
    (void)session, (void)ca, (void)n_ca, (void)algorithms, (void)n_algorithms;
    mn_http_server *s = server_of_thread;
    if (!s)
        return -1;
    pthread_mutex_lock(&s->tls_lock);
    tls_keys *keys = s->tls;
    pthread_mutex_unlock(&s->tls_lock);
    *chain = keys->chain;
    *n = keys->n;
    *key = keys->key;
    return 0;
}

void *mn_tls_callback(void)
{
    return (void *)(uintptr_t)retrieve;
}

static void keys_destroy(tls_keys *k)
{
    for (unsigned i = 0; i < k->n; i++)
        gnutls_pcert_deinit(&k->chain[i]);
    if (k->key)
        gnutls_privkey_deinit(k->key);
    mn_free(k);
}

static mn_code read_pem(const char *path, mn_buf *pem, mn_error *err)
{
    mn_code code = mn_file_read(path, pem, err);
    return code ? mn_error_prefix(err, "TLS") : MN_OK;
}

static mn_code import_chain(tls_keys *k, const mn_buf *pem, const char *path, mn_error *err)
{
    const gnutls_datum_t data = {pem->data, (unsigned)pem->len};
    unsigned n = CHAIN_MAX;
    int bad = gnutls_pcert_list_import_x509_raw(k->chain, &n, &data, GNUTLS_X509_FMT_PEM, 0);
    if (bad < 0 || n == 0)
        return mn_fail(err, MN_E_INVALID, "TLS: %s: is no certificate in PEM form (%s)", path,
                       bad < 0 ? gnutls_strerror(bad) : "empty");
    k->n = n;
    return MN_OK;
}

static mn_code read_dates(tls_keys *k, const char *path, mn_error *err)
{
    gnutls_x509_crt_t c = NULL;
    int bad = gnutls_pcert_export_x509(&k->chain[0], &c);
    if (bad)
        return mn_fail(err, MN_E_INVALID, "TLS: %s: cannot be read: %s", path, gnutls_strerror(bad));
    k->from = gnutls_x509_crt_get_activation_time(c) * MN_TIME_SECOND;
    k->until = gnutls_x509_crt_get_expiration_time(c) * MN_TIME_SECOND;
    gnutls_x509_crt_deinit(c);
    return MN_OK;
}

static mn_code import_key(tls_keys *k, const mn_buf *pem, const char *path, mn_error *err)
{
    const gnutls_datum_t data = {pem->data, (unsigned)pem->len};
    int bad = gnutls_privkey_init(&k->key);
    if (!bad)
        bad = gnutls_privkey_import_x509_raw(k->key, &data, GNUTLS_X509_FMT_PEM, NULL, 0);
    return bad < 0 ? mn_fail(err, MN_E_INVALID, "TLS: %s: is no private key in PEM form (%s)", path,
                             gnutls_strerror(bad))
                   : MN_OK;
}

/* A certificate with another's key would fail in every handshake. */
static mn_code check_match(const tls_keys *k, const mn_http_options *o, mn_error *err)
{
    uint8_t ids[2][64];
    size_t sizes[2] = {sizeof ids[0], sizeof ids[1]};
    gnutls_pubkey_t public = NULL;
    int bad = gnutls_pubkey_init(&public);
    if (!bad)
        bad = gnutls_pubkey_import_privkey(public, k->key, 0, 0);
    if (!bad)
        bad = gnutls_pubkey_get_key_id(public, 0, ids[0], &sizes[0]);
    if (!bad)
        bad = gnutls_pubkey_get_key_id(k->chain[0].pubkey, 0, ids[1], &sizes[1]);
    if (public)
        gnutls_pubkey_deinit(public);
    if (bad)
        return mn_fail(err, MN_E_INVALID, "TLS: the key cannot be used: %s", gnutls_strerror(bad));
    if (sizes[0] != sizes[1] || memcmp(ids[0], ids[1], sizes[0]) != 0)
        return mn_fail(err, MN_E_INVALID, "TLS: %s is not the key of %s", o->key_file, o->cert_file);
    return MN_OK;
}

static mn_code load(const mn_http_options *o, tls_keys **out, mn_error *err)
{
    mn_buf cert, key;
    mn_buf_init(&cert, PEM_MAX);
    mn_buf_init(&key, PEM_MAX);
    tls_keys *k = mn_calloc(1, sizeof *k);
    mn_code code = k ? MN_OK : mn_fail(err, MN_E_MEMORY, "out of memory");
    if (!code)
        code = read_pem(o->cert_file, &cert, err);
    if (!code)
        code = read_pem(o->key_file, &key, err);
    if (!code)
        code = import_chain(k, &cert, o->cert_file, err);
    if (!code)
        code = read_dates(k, o->cert_file, err);
    if (!code)
        code = import_key(k, &key, o->key_file, err);
    if (!code)
        code = check_match(k, o, err);
    if (key.data)
        gnutls_memset(key.data, 0, key.len);
    mn_buf_finish(&key);
    mn_buf_finish(&cert);
    if (!code)
        *out = k;
    else if (k)
        keys_destroy(k);
    return code;
}

/* Those that no handshake can have any more: it takes head_ms at most. */
static tls_keys *take_old(mn_http_server *s, int64_t now)
{
    int64_t longest = (int64_t)s->o.head_ms * 1000000 + INT64_C(60000000000);
    for (tls_keys **at = &s->tls; *at; at = &(*at)->older) {
        if (!(*at)->replaced_ns || now - (*at)->replaced_ns < longest)
            continue;
        tls_keys *old = *at;
        *at = NULL;
        return old;
    }
    return NULL;
}

static void destroy_all(tls_keys *k)
{
    while (k) {
        tls_keys *older = k->older;
        keys_destroy(k);
        k = older;
    }
}

mn_code mn_tls_load(mn_http_server *s, mn_error *err)
{
    tls_keys *k;
    mn_code code = load(&s->o, &k, err);
    if (code)
        return code;
    int64_t now = mn_monotonic_ns();
    pthread_mutex_lock(&s->tls_lock);
    if (s->tls)
        s->tls->replaced_ns = now;
    k->older = s->tls;
    s->tls = k;
    tls_keys *old = take_old(s, now);
    pthread_mutex_unlock(&s->tls_lock);
    destroy_all(old);
    return MN_OK;
}

mn_code mn_tls_check_dates(mn_http_server *s, mn_time now, mn_error *err)
{
    char text[MN_TIME_TEXT];
    pthread_mutex_lock(&s->tls_lock);
    mn_time from = s->tls ? s->tls->from : now, until = s->tls ? s->tls->until : now + 1;
    pthread_mutex_unlock(&s->tls_lock);
    if (from <= now && now < until)
        return MN_OK;
    mn_time_format(now < from ? from : until, text);
    return mn_fail(err, MN_E_INVALID,
                   "TLS: %s %s %s, and clients refuse it: put one there that is valid now, and reload",
                   s->o.cert_file, now < from ? "is not valid before" : "ended", text);
}

void mn_tls_finish(mn_http_server *s)
{
    destroy_all(s->tls);
    s->tls = NULL;
}
