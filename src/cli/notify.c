#include "cli/notify.h"

#include "base/time.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void mn_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, path, strlen(path) + 1);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (path[0] == '@')
        to.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to, len);
    close(fd);
}

void mn_notify_reloading(void)
{
    char text[80];
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(mn_monotonic_ns() / 1000));
    mn_notify(text);
}

static long long number_of(const char *variable)
{
    const char *text = getenv(variable);
    char *end;
    if (!text || !*text)
        return -1;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    return errno || *end || n < 0 ? -1 : n;
}

int mn_notify_watchdog_ms(void)
{
    long long us = number_of("WATCHDOG_USEC"), pid = number_of("WATCHDOG_PID");
    if (us <= 0 || (pid >= 0 && pid != getpid()))
        return 0;
    long long ms = us / 2000;
    return ms < 1 ? 1 : ms > INT_MAX ? INT_MAX : (int)ms;
}
