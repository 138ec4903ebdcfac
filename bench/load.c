/* A load client for HTTP/1.1: one thread, many kept connections, at a given rate or as fast as they come.
 *
 * Usage: bench-load [options] HOST PORT REQUESTS
 *   --connections N   (8)      --seconds S (5)      --warm-up S (0): what begins before is not counted
 *   --rate R          open loop: R requests begin each second, evenly, whether or not others were answered.
 *                     Each one's time counts from when it was to begin, so that what a slow server makes wait
 *                     in the client counts too. Without it a connection asks again when it has its answer.
 *   --count N         so many requests at most      --drain S (10): for answers that are still out at the end
 *   --headers FILE    lines that go into every head --acknowledged FILE: numbers of what was answered 201
 *   --first N (0)     number of the first request, for "{n}"
 *
 * REQUESTS has a request a line, asked in turn: METHOD TARGET [TYPE BODYFILE]. "{n}" in a target or body is
 * the request's number in ten digits. Prints one JSON object: counts by status, and the times of answers of
 * 2xx and of all others apart. Answers must have a Content-Length; a chunked one ends the run. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS_MAX 100000
#define HOLES_MAX    4
#define HEAD_MAX     65536
#define HOLE         "{n}"
#define HOLE_DIGITS  10
#define SECOND       INT64_C(1000000000)

typedef struct {
    char *bytes;
    size_t n;
    size_t holes[HOLES_MAX];
    int n_holes;
} template;

typedef struct {
    int fd;               /* -1: closed */
    const template *what; /* NULL: free */
    char *own;            /* bytes with the number in them; of HEAD_MAX more than the longest */
    const char *out;
    size_t out_n, out_at;
    char *in; /* head of the answer */
    size_t in_n;
    uint64_t body_left;
    int status;
    bool in_body, closes, writes, retry_after, counted;
    int64_t wanted; /* when it was to begin */
    uint64_t number;
} connection;

typedef struct {
    uint32_t *v; /* in units of 100 ns */
    size_t n, room;
} times;

static struct {
    int connections;
    double seconds, warm_up, rate, drain;
    uint64_t count, first;
    const char *headers, *acknowledged;
    struct sockaddr_in to;
} o = {.connections = 8, .seconds = 5, .drain = 10, .count = UINT64_MAX};

static template *requests;
static size_t n_requests, longest;
static connection *all, **idle; /* idle: a ring, the longest idle first */
static size_t idle_first, n_idle;
static int epoll_fd;
static FILE *acknowledged;
static times good, other;
static uint64_t begun, answered, status_counts[600], broken, connects, no_retry_after, bytes_in;
static int64_t start_ns, end_ns, count_from_ns, last_ns;

static void die(const char *what)
{
    fprintf(stderr, "bench-load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static void *must(void *p)
{
    if (!p)
        die("out of memory");
    return p;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

/* ---- requests ---- */

static char *read_all(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    size_t room = 65536;
    char *bytes = must(malloc(room));
    *n = 0;
    if (!f)
        die(path);
    for (size_t got; (got = fread(bytes + *n, 1, room - *n - 1, f)) > 0;) {
        *n += got;
        if (room - *n < 4096)
            bytes = must(realloc(bytes, room *= 2));
    }
    fclose(f);
    bytes[*n] = 0;
    return bytes;
}

/* Copies with room for the number where "{n}" stands. */
static void put(template *t, size_t *room, const char *bytes, size_t n)
{
    while (n > 0) {
        const char *hole = memmem(bytes, n, HOLE, strlen(HOLE));
        size_t plain = hole ? (size_t)(hole - bytes) : n;
        if (t->n + plain + HOLE_DIGITS > *room)
            t->bytes = must(realloc(t->bytes, *room = 2 * *room + plain + HOLE_DIGITS));
        memcpy(t->bytes + t->n, bytes, plain);
        t->n += plain;
        bytes += plain, n -= plain;
        if (!hole)
            continue;
        if (t->n_holes == HOLES_MAX)
            die("more than 4 {n} in a request");
        t->holes[t->n_holes++] = t->n;
        memset(t->bytes + t->n, '0', HOLE_DIGITS);
        t->n += HOLE_DIGITS;
        bytes += strlen(HOLE), n -= strlen(HOLE);
    }
}

static size_t filled(const char *bytes, size_t n)
{
    size_t holes = 0;
    for (const char *at = bytes; (at = memmem(at, n - (size_t)(at - bytes), HOLE, strlen(HOLE)));
         at += strlen(HOLE))
        holes++;
    return n + holes * (HOLE_DIGITS - strlen(HOLE));
}

static void read_request(char *line, const char *host, const char *headers)
{
    char *save, *method = strtok_r(line, " ", &save), *target = strtok_r(NULL, " ", &save),
                *type = strtok_r(NULL, " ", &save), *file = strtok_r(NULL, " ", &save), head[8192];
    size_t room = 1024, n = 0;
    template t = {.bytes = must(malloc(room))};
    char *body = file ? read_all(file, &n) : NULL;
    if (!target || (type && !file) || n_requests == REQUESTS_MAX)
        die("a line of the requests is not METHOD TARGET [TYPE BODYFILE], or there are too many");
    int len = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", method, target, host, headers);
    if (len < 0 || (size_t)len >= sizeof head)
        die("a head is too long");
    put(&t, &room, head, (size_t)len);
    if (file)
        len = snprintf(head, sizeof head, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n", type,
                       filled(body, n));
    else
        len =
            snprintf(head, sizeof head, "%s\r\n", strcmp(method, "GET") == 0 ? "" : "Content-Length: 0\r\n");
    put(&t, &room, head, (size_t)len);
    if (body)
        put(&t, &room, body, n);
    free(body);
    longest = t.n > longest ? t.n : longest;
    requests[n_requests++] = t;
}

static void read_requests(const char *path, const char *host)
{
    size_t n, m = 0;
    char *text = read_all(path, &n), *save, *headers = o.headers ? read_all(o.headers, &m) : NULL,
         lines[4096];
    size_t len = 0;
    requests = must(calloc(REQUESTS_MAX, sizeof *requests));
    for (char *l = headers ? strtok_r(headers, "\n", &save) : NULL; l; l = strtok_r(NULL, "\n", &save))
        len += (size_t)snprintf(lines + len, sizeof lines - len, "%s\r\n", l);
    lines[len] = 0;
    for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
        read_request(l, host, lines);
    if (!n_requests)
        die("no requests");
    free(text);
    free(headers);
}

/* ---- connections ---- */

static void watch(connection *c, uint32_t events, int how)
{
    struct epoll_event e = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll_fd, how, c->fd, &e) != 0)
        die("epoll_ctl");
}

static void open_connection(connection *c)
{
    const int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->fd, (const struct sockaddr *)&o.to, sizeof o.to) != 0 && errno != EINPROGRESS)
        die("connect");
    watch(c, EPOLLIN, EPOLL_CTL_ADD);
    c->writes = false;
    connects++;
}

static void close_connection(connection *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static void set_free(connection *c)
{
    c->what = NULL;
    idle[(idle_first + n_idle++) % (size_t)o.connections] = c;
}

/* Nothing was answered: it is counted, and not asked again. */
static void give_up(connection *c)
{
    close_connection(c);
    if (c->what) {
        broken++;
        set_free(c);
    }
}

static void write_some(connection *c)
{
    while (c->out_at < c->out_n) {
        ssize_t n = send(c->fd, c->out + c->out_at, c->out_n - c->out_at, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) {
            if (!c->writes)
                watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            c->writes = true;
            return;
        }
        if (n < 0) /* it may have answered before it closed: what there is, is read */
            break;
        c->out_at += (size_t)n;
    }
    if (c->writes)
        watch(c, EPOLLIN, EPOLL_CTL_MOD);
    c->writes = false;
}

static void begin(int64_t wanted)
{
    connection *c = idle[idle_first];
    idle_first = (idle_first + 1) % (size_t)o.connections;
    n_idle--;
    const template *t = &requests[begun % n_requests];
    if (c->fd < 0)
        open_connection(c);
    c->what = t;
    c->number = o.first + begun++;
    c->wanted = wanted;
    c->counted = wanted >= count_from_ns;
    c->out = t->bytes;
    c->out_n = t->n;
    c->out_at = c->in_n = 0;
    c->in_body = c->closes = c->retry_after = false;
    if (t->n_holes) {
        char digits[24];
        snprintf(digits, sizeof digits, "%0*" PRIu64, HOLE_DIGITS, c->number % UINT64_C(10000000000));
        memcpy(c->own, t->bytes, t->n);
        for (int i = 0; i < t->n_holes; i++)
            memcpy(c->own + t->holes[i], digits, HOLE_DIGITS);
        c->out = c->own;
    }
    write_some(c);
}

/* ---- answers ---- */

static void note(times *t, int64_t ns)
{
    if (t->n == t->room)
        t->v = must(realloc(t->v, (t->room = t->room ? 2 * t->room : 65536) * sizeof *t->v));
    t->v[t->n++] = ns / 100 > UINT32_MAX ? UINT32_MAX : (uint32_t)(ns / 100);
}

static void finish(connection *c)
{
    last_ns = now_ns();
    if (c->counted) {
        answered++;
        status_counts[c->status]++;
        no_retry_after += c->status == 503 && !c->retry_after;
        note(c->status / 100 == 2 ? &good : &other, last_ns - c->wanted);
    }
    if (acknowledged && c->status == 201)
        fprintf(acknowledged, "%0*" PRIu64 "\n", HOLE_DIGITS, c->number);
    if (c->closes || c->out_at < c->out_n)
        close_connection(c);
    set_free(c);
}

static bool is_header(const char *line, const char *name, const char **value)
{
    size_t n = strlen(name);
    if (strncasecmp(line, name, n) != 0)
        return false;
    *value = line + n + strspn(line + n, " ");
    return true;
}

static void read_head(connection *c, char *end)
{
    const char *value, *length = NULL;
    *end = 0;
    if (sscanf(c->in, "HTTP/1.%*1[01] %3d", &c->status) != 1 || c->status < 200 || c->status > 599)
        die("an answer does not begin with HTTP/1.1 and a status");
    for (const char *line = strchr(c->in, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (is_header(line, "Content-Length:", &value))
            length = value;
        else if (is_header(line, "Retry-After:", &value))
            c->retry_after = true;
        else if (is_header(line, "Connection:", &value))
            c->closes = strncasecmp(value, "close", 5) == 0;
        else if (is_header(line, "Transfer-Encoding:", &value))
            die("a chunked answer cannot be measured");
    }
    c->body_left = length ? strtoull(length, NULL, 10) : 0;
    c->in_body = true;
}

/* n bytes that came, behind in_n. False: more than one answer. */
static bool take(connection *c, size_t n)
{
    bytes_in += n;
    if (!c->in_body) {
        c->in_n += n;
        c->in[c->in_n] = 0;
        char *end = memmem(c->in, c->in_n, "\r\n\r\n", 4);
        if (!end) {
            if (c->in_n == HEAD_MAX)
                die("the head of an answer is too long");
            return true;
        }
        n = c->in_n - (size_t)(end + 4 - c->in);
        read_head(c, end);
    }
    if (n > c->body_left)
        return false;
    c->body_left -= n;
    if (c->body_left == 0)
        finish(c);
    return true;
}

static void read_some(connection *c)
{
    static char sink[1 << 18];
    while (c->fd >= 0 && c->what) {
        char *to = c->in_body ? sink : c->in + c->in_n;
        size_t room = c->in_body ? sizeof sink : HEAD_MAX - c->in_n;
        ssize_t n = recv(c->fd, to, room, 0);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            give_up(c);
            return;
        }
        if (!take(c, (size_t)n))
            die("more was answered than asked for");
        if ((size_t)n < room) /* that was all: epoll says when there is more */
            return;
    }
    if (c->fd >= 0 && !c->what) { /* nothing was asked: it is being closed */
        char byte;
        if (recv(c->fd, &byte, 1, 0) == 0 || errno != EAGAIN)
            close_connection(c);
    }
}

/* ---- the loop ---- */

/* When the next one is to begin; INT64_MAX: never, or not before another is answered. */
static int64_t next_ns(int64_t now)
{
    if (begun >= o.count)
        return INT64_MAX;
    if (o.rate <= 0)
        return now < end_ns && n_idle ? now : INT64_MAX;
    int64_t at = start_ns + (int64_t)((double)begun * 1e9 / o.rate);
    return at < end_ns && n_idle ? at : INT64_MAX;
}

static bool is_over(int64_t now)
{
    bool more = o.rate > 0 ? start_ns + (int64_t)((double)begun * 1e9 / o.rate) < end_ns : now < end_ns;
    if (begun >= o.count)
        more = false;
    return (!more && n_idle == (size_t)o.connections) || now > end_ns + (int64_t)(o.drain * 1e9);
}

static void run(void)
{
    struct epoll_event events[256];
    for (int64_t now = now_ns(); !is_over(now); now = now_ns()) {
        int64_t at;
        while ((at = next_ns(now)) <= now)
            begin(at);
        int64_t wait = at == INT64_MAX ? SECOND / 10 : at - now;
        wait = wait > SECOND / 10 ? SECOND / 10 : wait;
        const struct timespec t = {.tv_sec = 0, .tv_nsec = wait};
        int n = epoll_pwait2(epoll_fd, events, 256, &t, NULL);
        if (n < 0 && errno != EINTR)
            die("epoll_pwait2");
        for (int i = 0; i < n; i++) {
            connection *c = events[i].data.ptr;
            if (events[i].events & EPOLLOUT)
                write_some(c);
            if (events[i].events & ~(uint32_t)EPOLLOUT)
                read_some(c);
        }
    }
}

/* ---- what came out ---- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double at(const times *t, double part)
{
    size_t i = (size_t)(part * (double)t->n);
    return t->n ? t->v[i < t->n ? i : t->n - 1] / 1e4 : 0;
}

static void print_times(const char *name, times *t)
{
    double sum = 0;
    qsort(t->v, t->n, sizeof *t->v, by_value);
    for (size_t i = 0; i < t->n; i++)
        sum += t->v[i] / 1e4;
    printf("\"%s\": {\"n\": %zu, \"mean_ms\": %.4f, \"p50_ms\": %.4f, \"p90_ms\": %.4f, \"p99_ms\": %.4f, "
           "\"p999_ms\": %.4f, \"max_ms\": %.4f}, ",
           name, t->n, t->n ? sum / (double)t->n : 0, at(t, 0.5), at(t, 0.9), at(t, 0.99), at(t, 0.999),
           at(t, 1));
}

static void print_results(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    double cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                 (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
    int64_t until = o.rate > 0 || begun >= o.count ? last_ns : end_ns;
    double seconds = (double)(until - count_from_ns) / 1e9;
    uint64_t due = o.rate > 0 ? (uint64_t)(o.rate * o.seconds) : begun;
    due = due < o.count ? due : o.count;
    printf("{\"connections\": %d, \"rate\": %g, \"seconds\": %.3f, \"begun\": %" PRIu64
           ", \"never_begun\": %" PRIu64 ", \"answered\": %" PRIu64
           ", \"unanswered\": %zu, \"broken\": %" PRIu64 ", \"connects\": %" PRIu64
           ", \"per_s\": %.1f, \"good_per_s\": %.1f, ",
           o.connections, o.rate, seconds, begun, due > begun ? due - begun : 0, answered,
           (size_t)o.connections - n_idle, broken, connects, (double)answered / seconds,
           (double)good.n / seconds);
    printf("\"status\": {");
    for (int i = 0, n = 0; i < 600; i++)
        if (status_counts[i])
            printf("%s\"%d\": %" PRIu64, n++ ? ", " : "", i, status_counts[i]);
    printf("}, \"no_retry_after\": %" PRIu64 ", ", no_retry_after);
    print_times("good", &good);
    print_times("other", &other);
    printf("\"bytes_in\": %" PRIu64 ", \"client_cpu_us\": %.2f}\n", bytes_in,
           begun ? cpu * 1e6 / (double)begun : 0);
}

static double number(const char *text)
{
    char *end;
    double v = strtod(text ? text : "", &end);
    if (!text || end == text || *end || v < 0)
        die("an option wants a number");
    return v;
}

static void read_options(int argc, char **argv)
{
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        const char *name = argv[i] + 2, *v = argv[i + 1];
        if (strcmp(name, "connections") == 0)
            o.connections = (int)number(v);
        else if (strcmp(name, "seconds") == 0)
            o.seconds = number(v);
        else if (strcmp(name, "warm-up") == 0)
            o.warm_up = number(v);
        else if (strcmp(name, "rate") == 0)
            o.rate = number(v);
        else if (strcmp(name, "drain") == 0)
            o.drain = number(v);
        else if (strcmp(name, "count") == 0)
            o.count = (uint64_t)number(v);
        else if (strcmp(name, "first") == 0)
            o.first = (uint64_t)number(v);
        else if (strcmp(name, "headers") == 0)
            o.headers = v;
        else if (strcmp(name, "acknowledged") == 0)
            o.acknowledged = v;
        else
            die("no such option");
    }
    if (argc - i != 3 || o.connections < 1)
        die("usage: bench-load [options] HOST PORT REQUESTS");
    o.to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)number(argv[i + 1]))};
    if (inet_pton(AF_INET, argv[i], &o.to.sin_addr) != 1)
        die("give the host as an IPv4 address");
    read_requests(argv[i + 2], argv[i]);
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    prctl(PR_SET_TIMERSLACK, 1); /* an even rate needs waits of microseconds */
    if (o.acknowledged && !(acknowledged = fopen(o.acknowledged, "w")))
        die(o.acknowledged);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    all = must(calloc((size_t)o.connections, sizeof *all));
    idle = must(calloc((size_t)o.connections, sizeof *idle));
    for (int i = 0; i < o.connections; i++) {
        all[i] = (connection){.fd = -1, .in = must(malloc(HEAD_MAX + 1)), .own = must(malloc(longest + 1))};
        open_connection(&all[i]);
        set_free(&all[i]);
    }
    errno = 0;
    start_ns = now_ns();
    count_from_ns = start_ns + (int64_t)(o.warm_up * 1e9);
    end_ns = start_ns + (int64_t)(o.seconds * 1e9);
    last_ns = start_ns;
    run();
    print_results();
    if (acknowledged && fclose(acknowledged) != 0)
        die("the acknowledged numbers could not be written");
    return 0;
}
