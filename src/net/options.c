/* Settings server.* as options of the server. */
#include "net/http.h"
#include <string.h>

#define PASSWORD_WORKERS 2

static size_t size(const mn_settings *s, mn_setting which)
{
    return (size_t)mn_settings_int(s, which);
}

static unsigned count(const mn_settings *s, mn_setting which)
{
    return (unsigned)mn_settings_int(s, which);
}

static int number(const mn_settings *s, mn_setting which)
{
    return (int)mn_settings_int(s, which);
}

void mn_http_options_read(const mn_settings *s, mn_http_options *o)
{
    mn_http_options_default(o);
    o->listen = mn_settings_text(s, MN_S_SERVER_LISTEN);
    o->listen_tls = mn_settings_text(s, MN_S_SERVER_LISTEN_TLS);
    o->allow_plain = mn_settings_bool(s, MN_S_SERVER_ALLOW_PLAIN);
    o->cert_file = mn_settings_text(s, MN_S_SERVER_CERT);
    o->key_file = mn_settings_text(s, MN_S_SERVER_KEY);
    o->io_threads = count(s, MN_S_SERVER_IO_THREADS);
    o->head_max = size(s, MN_S_SERVER_HEAD_MAX);
    o->headers_max = count(s, MN_S_SERVER_HEADERS_MAX);
    o->url_max = size(s, MN_S_SERVER_URL_MAX);
    o->body_max = size(s, MN_S_SERVER_BODY_MAX);
    o->bodies_max = (uint64_t)mn_settings_int(s, MN_S_SERVER_BODIES_MAX);
    o->connections_max = count(s, MN_S_SERVER_CONNECTIONS_MAX);
    o->connections_per_address = count(s, MN_S_SERVER_CONNECTIONS_PER_ADDRESS);
    o->requests_per_connection = count(s, MN_S_SERVER_REQUESTS_PER_CONNECTION);
    o->head_ms = number(s, MN_S_SERVER_HEAD_MS);
    o->body_ms = number(s, MN_S_SERVER_BODY_MS);
    o->send_ms = number(s, MN_S_SERVER_SEND_MS);
    o->idle_ms = number(s, MN_S_SERVER_IDLE_MS);
    o->rate_min = count(s, MN_S_SERVER_RATE_MIN);
    o->deadline_ms = number(s, MN_S_SERVER_DEADLINE_MS);
    o->stop_ms = number(s, MN_S_SERVER_STOP_MS);
    o->retry_after_s = number(s, MN_S_SERVER_RETRY_AFTER);
    o->trusted_proxies = mn_settings_text(s, MN_S_SERVER_TRUSTED_PROXIES);
    o->forwarded_header = strcmp(mn_settings_text(s, MN_S_SERVER_FORWARDED), "forwarded") == 0;
    o->cors_origins = mn_settings_text(s, MN_S_SERVER_CORS_ORIGINS);
    o->cors_credentials = mn_settings_bool(s, MN_S_SERVER_CORS_CREDENTIALS);
    o->hsts_s = number(s, MN_S_SERVER_HSTS);
    o->gzip_level = number(s, MN_S_SERVER_GZIP);
    o->classes[MN_HTTP_RECORDS] =
        (mn_http_class){"records", count(s, MN_S_SERVER_RECORD_WORKERS), count(s, MN_S_SERVER_RECORD_QUEUE)};
    /* As many as core lets hash at once: none of them waits for another. */
    o->classes[MN_HTTP_PASSWORDS] =
        (mn_http_class){"passwords", PASSWORD_WORKERS, count(s, MN_S_SERVER_PASSWORD_QUEUE)};
    /* As many as may go on at once: a piece of one never waits for another's. */
    unsigned transfers = count(s, MN_S_SERVER_TRANSFERS);
    o->classes[MN_HTTP_TRANSFERS] = (mn_http_class){"transfers", transfers, transfers};
    /* Two a CPU: one computes while the other waits for the disk that puts its search on record. */
    unsigned pixels = count(s, MN_S_SERVER_PIXEL_WORKERS);
    o->classes[MN_HTTP_PIXELS] =
        (mn_http_class){"pixels", pixels ? pixels : 2 * mn_cpu_count(), count(s, MN_S_SERVER_PIXEL_QUEUE)};
}
