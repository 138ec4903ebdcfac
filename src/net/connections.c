/* libmicrohttpd knows one timeout, of silence: a client that sends a byte now and then would hold its
 * connection for ever. So each connection has a deadline that depends on what is waited for, and a thread of
 * ours, the reaper, looks at all of them a few times a second. It ends a connection by shutdown(): the I/O
 * thread sees the end and cleans up. The descriptor cannot be another's by then: it is closed after the
 * connection left our list, and the reaper holds the list's lock. */
#include "base/alloc.h"
#include "net/http_internal.h"
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define TICK_NS        INT64_C(200000000)
#define SCARCE_IDLE_NS INT64_C(1000000000)
#define END_SEEN_NS    INT64_C(1000000000)
#define MS             INT64_C(1000000)
#define COUNTS         (sizeof((connections *)0)->counts / sizeof(peer_count *))

/* ---- how many an address has -----------------------------------------------------------------------------
 */

struct peer_count {
    peer_count *next;
    mn_address key;
    unsigned n;
};

static peer_count **find_count(connections *c, const mn_address *key)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < sizeof key->bytes; i++)
        hash = (hash ^ key->bytes[i]) * 0x100000001b3u;
    peer_count **at = &c->counts[(hash >> 20) % COUNTS];
    while (*at && !mn_address_equal(&(*at)->key, key))
        at = &(*at)->next;
    return at;
}

static peer_count *count_peer(connections *c, const mn_address *peer)
{
    mn_address key = mn_address_block(peer);
    peer_count **at = find_count(c, &key);
    if (!*at) {
        *at = mn_calloc(1, sizeof **at);
        if (!*at)
            return NULL;
        (*at)->key = key;
    }
    (*at)->n++;
    return *at;
}

static void uncount_peer(connections *c, peer_count *count)
{
    if (!count || --count->n)
        return;
    *find_count(c, &count->key) = count->next;
    mn_free(count);
}

static bool unlimited(const mn_http_server *s, const mn_address *peer)
{
    return !s->o.connections_per_address || peer->kind == MN_ADDRESS_UNIX || peer->kind == MN_ADDRESS_NONE ||
           mn_networks_have(s->proxies, s->n_proxies, peer);
}

/* ---- coming and going ------------------------------------------------------------------------------------
 */

enum MHD_Result mn_on_accept(void *cls, const struct sockaddr *addr, socklen_t len)
{
    mn_http_server *s = ((listener *)cls)->server;
    connections *c = &s->connections;
    mn_address peer = mn_address_of(addr, len);
    if (unlimited(s, &peer))
        return MHD_YES;
    mn_address key = mn_address_block(&peer);
    pthread_mutex_lock(&c->lock);
    const peer_count *count = *find_count(c, &key);
    bool room = !count || count->n < s->o.connections_per_address;
    pthread_mutex_unlock(&c->lock);
    if (!room)
        count_up(&c->refused, 1);
    return room ? MHD_YES : MHD_NO;
}

static void opened(listener *l, struct MHD_Connection *mhd, void **context)
{
    mn_http_server *s = l->server;
    connections *all = &s->connections;
    connection *c = mn_calloc(1, sizeof *c);
    *context = c;
    if (!c) /* its requests are refused: see mn_on_line */
        return;
    const union MHD_ConnectionInfo *addr = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    c->peer = addr && addr->client_addr ? mn_address_of(addr->client_addr, sizeof(struct sockaddr_in6))
                                        : (mn_address){.kind = MN_ADDRESS_NONE};
    c->is_unix = l->listening.port == 0;
    if (c->is_unix)
        c->peer = (mn_address){.kind = MN_ADDRESS_UNIX};
    c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    c->tls = l->tls;
    if (l->tls)
        mn_tls_enter(s);
    mn_connection_phase(s, c, PHASE_HEAD);
    count_up(&all->total, 1);
    atomic_fetch_add(&all->open, 1);
    pthread_mutex_lock(&all->lock);
    if (!unlimited(s, &c->peer))
        c->counted = count_peer(all, &c->peer);
    c->older = all->newest;
    if (c->older)
        c->older->newer = c;
    all->newest = c;
    pthread_mutex_unlock(&all->lock);
}

static void closed(mn_http_server *s, connection *c)
{
    connections *all = &s->connections;
    if (!c)
        return;
    mn_request_abandon(c);
    pthread_mutex_lock(&all->lock);
    if (c->older)
        c->older->newer = c->newer;
    if (c->newer)
        c->newer->older = c->older;
    else
        all->newest = c->older;
    uncount_peer(all, c->counted);
    pthread_mutex_unlock(&all->lock);
    atomic_fetch_sub(&all->open, 1);
    mn_free(c);
}

void mn_on_connection(void *cls, struct MHD_Connection *mhd, void **context,
                      enum MHD_ConnectionNotificationCode code)
{
    listener *l = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        opened(l, mhd, context);
    else
        closed(l->server, *context);
}

/* ---- deadlines -------------------------------------------------------------------------------------------
 */

/* Bytes that the client has acknowledged since it connected; UINT64_MAX where the kernel does not say (Unix
 * sockets). */
static uint64_t acknowledged(const connection *c)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    memset(&info, 0, sizeof info);
    if (c->is_unix || getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
        len < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked)
        return UINT64_MAX;
    return info.tcpi_bytes_acked;
}

void mn_connection_phase(mn_http_server *s, connection *c, phase next)
{
    int64_t now = mn_monotonic_ns();
    const int limits[] = {[PHASE_HEAD] = s->o.head_ms,
                          [PHASE_BODY] = s->o.body_ms,
                          [PHASE_WORK] = 0,
                          [PHASE_SEND] = s->o.send_ms,
                          [PHASE_IDLE] = s->o.idle_ms};
    if (next == PHASE_BODY)
        atomic_store_explicit(&c->received, 0, memory_order_relaxed);
    if (next == PHASE_SEND)
        atomic_store_explicit(&c->sent_before, UINT64_MAX, memory_order_relaxed);
    atomic_store_explicit(&c->since_ns, now, memory_order_relaxed);
    atomic_store_explicit(&c->deadline_ns, limits[next] ? now + limits[next] * MS : INT64_MAX,
                          memory_order_relaxed);
    atomic_store_explicit(&c->phase, (int)next, memory_order_release);
}

/* What came or went since `since` buys time at the slowest rate allowed. */
static bool too_slow(mn_http_server *s, connection *c, int64_t now, int base_ms, uint64_t moved)
{
    int64_t since = atomic_load_explicit(&c->since_ns, memory_order_relaxed);
    uint64_t bought = s->o.rate_min ? moved / s->o.rate_min : 0;
    int64_t until = since + base_ms * MS + (int64_t)(bought < 1000000 ? bought : 1000000) * 1000 * MS;
    if (until <= now)
        return true;
    atomic_store_explicit(&c->deadline_ns, until, memory_order_relaxed);
    return false;
}

/* The first look takes the count to start from: asking the kernel for each answer would cost a system call.
 */
static bool sends_too_slowly(mn_http_server *s, connection *c, int64_t now)
{
    uint64_t acked = acknowledged(c), before = atomic_load_explicit(&c->sent_before, memory_order_relaxed);
    if (before == UINT64_MAX ||
        acked == UINT64_MAX) { /* who reads from a Unix socket is on this machine: no limit */
        atomic_store_explicit(&c->sent_before, acked, memory_order_relaxed);
        atomic_store_explicit(&c->since_ns, now, memory_order_relaxed);
        atomic_store_explicit(&c->deadline_ns, now + s->o.send_ms * MS, memory_order_relaxed);
        return false;
    }
    return too_slow(s, c, now, s->o.send_ms, acked - before);
}

/* The end of a client that comes together with its last bytes is no event of its own, and libmicrohttpd waits
 * on. Looked at while a phase is young, for an end that comes later is an event; on a busy machine until
 * there was a look that found nothing, neither bytes that nobody took yet nor an end; and twice, for what
 * came before the end may be about to be worked on. */
static bool has_ended(connection *c, int64_t now, int64_t since)
{
    char byte;
    if (now - since > END_SEEN_NS && c->nothing_ns == since)
        return false;
    ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0)
        c->nothing_ns = since;
    if (n != 0)
        return false;
    bool again = c->ended_ns == since;
    c->ended_ns = since;
    return again;
}

static bool must_go(mn_http_server *s, connection *c, int64_t now)
{
    phase is = (phase)atomic_load_explicit(&c->phase, memory_order_acquire);
    int64_t since = atomic_load_explicit(&c->since_ns, memory_order_relaxed);
    bool late = now >= atomic_load_explicit(&c->deadline_ns, memory_order_relaxed);
    bool scarce = atomic_load(&s->connections.open) > s->o.connections_max / 4 * 3;
    switch (is) {
    case PHASE_IDLE:
        return late || s->connections.close_idle || (scarce && now - since > SCARCE_IDLE_NS) ||
               has_ended(c, now, since);
    case PHASE_HEAD:
        return late || has_ended(c, now, since);
    case PHASE_BODY:
        if (late)
            return too_slow(s, c, now, s->o.body_ms,
                            atomic_load_explicit(&c->received, memory_order_relaxed));
        return has_ended(c, now, since);
    case PHASE_SEND:
        return late && sends_too_slowly(s, c, now);
    default:
        return false;
    }
}

static void look_at_all(mn_http_server *s)
{
    connections *all = &s->connections;
    int64_t now = mn_monotonic_ns();
    for (connection *c = all->newest; c; c = c->older) {
        if (c->cut || !must_go(s, c, now))
            continue;
        c->cut = true;
        count_up(&all->cut, 1);
        shutdown(c->fd, SHUT_RDWR);
    }
}

static void *reap(void *arg)
{
    mn_http_server *s = arg;
    connections *all = &s->connections;
    pthread_mutex_lock(&all->lock);
    while (!all->stop) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t ns = until.tv_nsec + TICK_NS;
        until.tv_sec += ns / 1000000000;
        until.tv_nsec = ns % 1000000000;
        pthread_cond_timedwait(&all->wake, &all->lock, &until);
        look_at_all(s);
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------------------
 */

mn_code mn_connections_init(connections *c, mn_error *err)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return mn_fail(err, MN_E_MEMORY, "out of memory");
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    int bad = pthread_cond_init(&c->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (bad)
        return mn_fail(err, MN_E_MEMORY, "out of memory");
    pthread_mutex_init(&c->lock, NULL);
    return MN_OK;
}

void mn_connections_finish(connections *c)
{
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
}

mn_code mn_connections_watch(mn_http_server *s, mn_error *err)
{
    int bad = pthread_create(&s->connections.reaper, NULL, reap, s);
    if (bad)
        return mn_fail_errno(err, bad, "a thread cannot be started");
    s->connections.reaping = true;
    return MN_OK;
}

static void signal_reaper(mn_http_server *s, bool *flag)
{
    pthread_mutex_lock(&s->connections.lock);
    *flag = true;
    pthread_cond_signal(&s->connections.wake);
    pthread_mutex_unlock(&s->connections.lock);
}

void mn_connections_unwatch(mn_http_server *s)
{
    if (!s->connections.reaping)
        return;
    signal_reaper(s, &s->connections.stop);
    pthread_join(s->connections.reaper, NULL);
    s->connections.reaping = false;
}

void mn_connections_close_idle(mn_http_server *s)
{
    signal_reaper(s, &s->connections.close_idle);
}
