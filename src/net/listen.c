#include "net/listen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG       1024
#define SYSTEMD_FIRST 3
#define NAME_SIZE     160

static void set_none(mn_listening *l)
{
    *l = (mn_listening){.fd = -1};
}

static int port_of(int fd)
{
    struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof sa;
    if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
        return 0;
    if (sa.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&sa)->sin_port);
    return sa.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&sa)->sin6_port) : 0;
}

static mn_code explain_refusal(const char *name, int family, int why, mn_error *err)
{
    if (why == EADDRINUSE)
        return mn_fail(err, MN_E_IO, "%s: cannot listen: another program does, perhaps another mien", name);
    if (why == EADDRNOTAVAIL)
        return mn_fail(err, MN_E_IO, "%s: cannot listen: this host does not have that address", name);
    if (why == EACCES && family != AF_UNIX)
        return mn_fail(
            err, MN_E_IO,
            "%s: cannot listen: a port below 1024 is for root; take a higher one, or let systemd open it "
            "(mien.socket, and systemd as the address)",
            name);
    return mn_fail_errno(err, why, "%s: cannot listen", name);
}

static mn_code bind_and_listen(int fd, const struct sockaddr *sa, socklen_t len, const char *name,
                               mn_error *err)
{
    if (fd < 0)
        return mn_fail_errno(err, errno, "%s: no socket", name);
    if (bind(fd, sa, len) != 0 || listen(fd, BACKLOG) != 0) {
        int why = errno;
        close(fd);
        return explain_refusal(name, sa->sa_family, why, err);
    }
    return MN_OK;
}

/* ---- TCP -------------------------------------------------------------------------------------------------
 */

/* "host:port" or "[host]:port" in its two parts. */
static bool split(const char *name, char host[64], char port[8])
{
    const char *colon = strrchr(name, ':');
    if (!colon || !colon[1] || strlen(colon + 1) > 5 || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    size_t n = (size_t)(colon - name);
    if (n >= 2 && name[0] == '[' && name[n - 1] == ']')
        name++, n -= 2;
    else if (memchr(name, ':', n))
        return false;
    if (!n || n >= 64)
        return false;
    memcpy(host, name, n);
    host[n] = 0;
    snprintf(port, 8, "%s", colon + 1);
    return strtol(port, NULL, 10) <= 65535;
}

static mn_code open_address(const struct addrinfo *a, bool both, const char *name, mn_listening *out,
                            mn_error *err)
{
    const int on = 1, v6only = !both;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0 && a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only);
    mn_code code = bind_and_listen(fd, a->ai_addr, a->ai_addrlen, name, err);
    if (!code) {
        out->fd = fd;
        out->port = port_of(fd);
    }
    return code;
}

/* *both: all addresses, of IPv6 and IPv4. The caller frees *found. */
static mn_code resolve(const char *name, bool *both, char port[8], struct addrinfo **found, mn_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    char host[64];
    if (!split(name, host, port))
        return mn_fail(err, MN_E_INVALID,
                       "\"%.100s\" is no address to listen on (such as 127.0.0.1:8080, [::1]:8080, *:8080, "
                       "unix:/path, systemd)",
                       name);
    *both = strcmp(host, "*") == 0;
    if (getaddrinfo(*both                            ? "::"
                    : strcmp(host, "localhost") == 0 ? "127.0.0.1"
                                                     : host,
                    port, &hints, found) != 0)
        return mn_fail(err, MN_E_INVALID, "%s: give the address in numbers", name);
    return MN_OK;
}

static mn_code open_tcp(const char *name, mn_listening *out, mn_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found;
    char port[8];
    bool both;
    mn_code resolved = resolve(name, &both, port, &found, err);
    if (resolved)
        return resolved;
    mn_code code = open_address(found, both, name, out, err);
    freeaddrinfo(found);
    if (code && both && getaddrinfo("0.0.0.0", port, &hints, &found) == 0) {
        code = open_address(found, false, name, out, err);
        freeaddrinfo(found);
    }
    return code;
}

/* ---- Unix sockets ----------------------------------------------------------------------------------------
 */

/* A socket that nobody listens at is what a killed server left. */
static bool is_stale(const struct sockaddr_un *sa)
{
    struct stat st;
    if (lstat(sa->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool stale =
        fd >= 0 && connect(fd, (const struct sockaddr *)sa, sizeof *sa) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return stale;
}

static mn_code unix_address(const char *path, struct sockaddr_un *sa, mn_error *err)
{
    *sa = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path[0] != '/' || strlen(path) >= sizeof sa->sun_path)
        return mn_fail(err, MN_E_INVALID, "unix:%.100s: must be an absolute path of at most %zu bytes", path,
                       sizeof sa->sun_path - 1);
    memcpy(sa->sun_path, path, strlen(path));
    return MN_OK;
}

static mn_code open_unix(const char *path, mn_listening *out, mn_error *err)
{
    struct sockaddr_un sa;
    mn_code valid = unix_address(path, &sa, err);
    if (valid)
        return valid;
    if (is_stale(&sa))
        unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mn_code code = bind_and_listen(fd, (struct sockaddr *)&sa, sizeof sa, path, err);
    if (code)
        return code;
    snprintf(out->unix_path, sizeof out->unix_path, "%.*s", (int)sizeof out->unix_path - 1, path);
    out->fd = fd;
    if (chmod(path, 0660) != 0) {
        code = mn_fail_errno(err, errno, "%s: cannot set its mode", path);
        mn_listen_close(out);
    }
    return code;
}

/* ---- systemd ---------------------------------------------------------------------------------------------
 */

/* The n-th of the names with colons between that systemd gives. */
static bool has_name(const char *names, int n, const char *wanted)
{
    for (; names && n > 0; n--)
        names = strchr(names, ':') ? strchr(names, ':') + 1 : NULL;
    size_t len = names ? strcspn(names, ":") : 0;
    return names && len == strlen(wanted) && memcmp(names, wanted, len) == 0;
}

static bool listens(int fd)
{
    int on = 0;
    socklen_t len = sizeof on;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
}

/* Takes what is there as its own: LISTEN_PID says that it is meant for this process. */
static mn_code open_systemd(const char *wanted, mn_listening *out, size_t *n, mn_error *err)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    long count = fds ? strtol(fds, NULL, 10) : 0;
    size_t before = *n;
    if (!pid || strtol(pid, NULL, 10) != getpid() || count < 1)
        return mn_fail(err, MN_E_INVALID, "systemd: hands over no sockets (is there a .socket unit?)");
    for (int i = 0; i < count && i < MN_LISTEN_MAX; i++) {
        int fd = SYSTEMD_FIRST + i;
        if (*wanted && !has_name(getenv("LISTEN_FDNAMES"), i, wanted))
            continue;
        if (!listens(fd))
            return mn_fail(err, MN_E_INVALID, "systemd: descriptor %d is no listening socket", fd);
        if (*n == MN_LISTEN_MAX)
            return mn_fail(err, MN_E_LIMIT, "more than %d sockets to listen on", MN_LISTEN_MAX);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        set_none(&out[*n]);
        out[*n].fd = fd;
        out[*n].handed = true;
        out[(*n)++].port = port_of(fd);
    }
    return *n > before ? MN_OK
                       : mn_fail(err, MN_E_INVALID, "systemd: no socket has the name \"%.60s\"", wanted);
}

/* ---- all of it -------------------------------------------------------------------------------------------
 */

static bool is_systemd(const char *name)
{
    return strncmp(name, "systemd", 7) == 0 && (!name[7] || name[7] == ':');
}

static mn_code open_one(const char *name, mn_listening *out, size_t *n, mn_error *err)
{
    if (is_systemd(name))
        return open_systemd(name[7] ? name + 8 : "", out, n, err);
    if (*n == MN_LISTEN_MAX)
        return mn_fail(err, MN_E_LIMIT, "more than %d sockets to listen on", MN_LISTEN_MAX);
    set_none(&out[*n]);
    mn_code code =
        strncmp(name, "unix:", 5) == 0 ? open_unix(name + 5, &out[*n], err) : open_tcp(name, &out[*n], err);
    if (!code)
        ++*n;
    return code;
}

/* The next of the names from *at on. False: there are no more. */
static bool next_name(const char **at, char name[NAME_SIZE], mn_code *code, mn_error *err)
{
    *at += strspn(*at, ", \t");
    size_t len = strcspn(*at, ", \t");
    if (!len)
        return false;
    if (len >= NAME_SIZE)
        *code = mn_fail(err, MN_E_INVALID, "\"%.40s...\" is too long for an address to listen on", *at);
    snprintf(name, NAME_SIZE, "%.*s", (int)len, *at);
    *at += len;
    return *code == MN_OK;
}

mn_code mn_listen_open(const char *addresses, mn_listening *out, size_t *n, mn_error *err)
{
    char name[NAME_SIZE];
    size_t before = *n;
    mn_code code = MN_OK;
    while (!code && next_name(&addresses, name, &code, err))
        code = open_one(name, out, n, err);
    while (code && *n > before)
        mn_listen_close(&out[--*n]);
    return code;
}

/* Once: another process may have a socket of its own at the path by then. */
static void remove_path(mn_listening *l)
{
    if (l->unix_path[0])
        unlink(l->unix_path);
    l->unix_path[0] = 0;
}

void mn_listen_end(mn_listening *l)
{
    if (l->fd < 0 || l->handed)
        return;
    remove_path(l);
    shutdown(l->fd, SHUT_RDWR);
}

void mn_listen_close(mn_listening *l)
{
    remove_path(l);
    if (l->fd >= 0)
        close(l->fd);
    set_none(l);
}

/* ---- what it became --------------------------------------------------------------------------------------
 */

void mn_listen_name(const mn_listening *l, char out[MN_LISTEN_NAME])
{
    struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof sa;
    char host[INET6_ADDRSTRLEN] = "";
    getsockname(l->fd, (struct sockaddr *)&sa, &len);
    if (sa.ss_family == AF_INET) {
        inet_ntop(AF_INET, &((struct sockaddr_in *)&sa)->sin_addr, host, sizeof host);
        snprintf(out, MN_LISTEN_NAME, "%s:%d", host, l->port);
    } else if (sa.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&sa)->sin6_addr, host, sizeof host);
        snprintf(out, MN_LISTEN_NAME, "[%s]:%d", host, l->port);
    } else {
        size_t most =
            len > offsetof(struct sockaddr_un, sun_path) ? len - offsetof(struct sockaddr_un, sun_path) : 0;
        snprintf(out, MN_LISTEN_NAME, "unix:%.*s", (int)most, ((struct sockaddr_un *)&sa)->sun_path);
    }
}

static bool is_local(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr) >> 24 == 127;
    if (sa->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
    return sa->sa_family == AF_UNIX;
}

bool mn_listen_is_local(const mn_listening *l)
{
    struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof sa;
    return getsockname(l->fd, (struct sockaddr *)&sa, &len) == 0 && is_local((struct sockaddr *)&sa);
}

mn_code mn_listen_refuse_plain(const char *address, mn_error *err)
{
    return mn_fail(
        err, MN_E_INVALID,
        "server.listen: plain HTTP on %s would show passwords and pictures to the network; use TLS "
        "(server.listen_tls, server.cert, server.key), or listen on 127.0.0.1, or say "
        "server.allow_plain=true where only a reverse proxy reaches this address",
        address);
}

static mn_code check_one(const char *name, bool local_only, mn_error *err)
{
    struct sockaddr_un sa;
    struct addrinfo *found;
    char port[8];
    bool both, local = true;
    if (is_systemd(name))
        return MN_OK;
    if (strncmp(name, "unix:", 5) == 0)
        return unix_address(name + 5, &sa, err);
    mn_code code = resolve(name, &both, port, &found, err);
    if (code)
        return code;
    local = is_local(found->ai_addr);
    freeaddrinfo(found);
    return local || !local_only ? MN_OK : mn_listen_refuse_plain(name, err);
}

mn_code mn_listen_check(const char *addresses, bool local_only, mn_error *err)
{
    char name[NAME_SIZE];
    mn_code code = MN_OK;
    while (!code && next_name(&addresses, name, &code, err))
        code = check_one(name, local_only, err);
    return code;
}
