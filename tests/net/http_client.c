#include "http_client.h"
#include "support.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* 0, or why it is not connected. */
static int try_dial(int port, int *fd)
{
    const struct timeval patience = {.tv_sec = CLIENT_PATIENCE_S};
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(*fd >= 0);
    setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return connect(*fd, (struct sockaddr *)&sa, sizeof sa) == 0 ? 0 : errno;
}

int dial(int port)
{
    int fd;
    assert_int_equal(try_dial(port, &fd), 0);
    return fd;
}

bool is_refused(int port)
{
    int fd, why = try_dial(port, &fd);
    close(fd);
    return why == ECONNREFUSED;
}

void say_bytes(int fd, const void *bytes, size_t n)
{
    for (const char *at = bytes; n;) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += sent;
        n -= (size_t)sent;
    }
}

void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

static bool read_byte(int fd, char *c)
{
    return recv(fd, c, 1, 0) == 1;
}

static bool read_line(int fd, char *line, size_t size)
{
    size_t n = 0;
    for (; n + 1 < size && read_byte(fd, line + n); n++)
        if (line[n] == '\n') {
            line[n + 1] = 0;
            return true;
        }
    line[n] = 0;
    return false;
}

static bool read_head(int fd, reply *r)
{
    size_t n = 0;
    for (; n + 1 < sizeof r->head;) {
        if (!read_line(fd, r->head + n, sizeof r->head - n))
            return false;
        if (strcmp(r->head + n, "\r\n") == 0)
            break;
        n += strlen(r->head + n);
    }
    return sscanf(r->head, "HTTP/1.1 %d ", &r->status) == 1;
}

const char *header(const reply *r, const char *name)
{
    static char value[4096];
    for (const char *line = strstr(r->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        size_t n = strlen(name);
        if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':')
            continue;
        snprintf(value, sizeof value, "%.*s", (int)strcspn(line + 4 + n, "\r"), line + 4 + n);
        return value;
    }
    return NULL;
}

static bool read_exactly(int fd, char *to, size_t n)
{
    for (size_t got = 0; got < n;) {
        ssize_t more = recv(fd, to + got, n - got, 0);
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return true;
}

static void read_chunks(int fd, reply *r)
{
    char line[64];
    while (read_line(fd, line, sizeof line)) {
        size_t n = strtoul(line, NULL, 16);
        if (r->n + n > CLIENT_MAX || !read_exactly(fd, r->body + r->n, n) ||
            !read_line(fd, line, sizeof line))
            return;
        r->n += n;
        if (n == 0) {
            r->whole = true;
            return;
        }
    }
}

static void read_body(int fd, reply *r)
{
    const char *length = header(r, "Content-Length"), *coding = header(r, "Transfer-Encoding");
    r->body = calloc(1, CLIENT_MAX + 1);
    assert_non_null(r->body);
    if (header(r, "Transfer-Encoding") && (coding = header(r, "Transfer-Encoding")) &&
        strcmp(coding, "chunked") == 0) {
        read_chunks(fd, r);
    } else if ((length = header(r, "Content-Length"))) {
        r->n = strtoul(length, NULL, 10);
        assert_true(r->n <= CLIENT_MAX);
        r->whole = read_exactly(fd, r->body, r->n);
    }
}

reply hear_head(int fd)
{
    reply r = {.status = 0};
    if (!read_head(fd, &r))
        r.status = 0;
    return r;
}

reply hear(int fd)
{
    reply r = hear_head(fd);
    if (r.status >= 200 && r.status != 204 && r.status != 304)
        read_body(fd, &r);
    return r;
}

void reply_free(reply *r)
{
    free(r->body);
    r->body = NULL;
}

bool is_closed(int fd)
{
    char bytes[4096];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        ;
    return n == 0 || errno == ECONNRESET;
}

void shutdown_sending(int fd)
{
    shutdown(fd, SHUT_WR);
}

reply ask(int port, const char *request)
{
    int fd = dial(port);
    say(fd, request);
    reply r = hear(fd);
    close(fd);
    return r;
}

reply get(int port, const char *path, const char *headers)
{
    char request[16384];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n%sConnection: close\r\n\r\n",
             path, headers);
    return ask(port, request);
}
