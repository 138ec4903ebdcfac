#include "server.h"
#include "base/file.h"
#include "support.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int port, lifeline = -1; /* closing the lifeline ends the child */
static pid_t child;

void server_start(void)
{
    char script[4096], port_file[4096], text[16] = "";
    int ends[2];
    snprintf(script, sizeof script, "%s/tests/net/server.py", mn_test_root());
    snprintf(port_file, sizeof port_file, "%s/port", mn_test_folder());
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        dup2(ends[0], 0);
        close(ends[0]);
        close(ends[1]);
        execlp("python3", "python3", script, port_file, (char *)NULL);
        _exit(127);
    }
    assert_true(child > 0);
    close(ends[0]);
    lifeline = ends[1];
    for (int i = 0; i < 6000 && !mn_file_exists(port_file); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    FILE *f = fopen(port_file, "r");
    if (!f || !fgets(text, sizeof text, f))
        fail_msg("the test's HTTP server did not start: %s", script);
    fclose(f);
    port = (int)strtol(text, NULL, 10);
}

void server_stop(void)
{
    if (lifeline < 0)
        return;
    close(lifeline);
    lifeline = -1;
    waitpid(child, NULL, 0);
}

const char *server_address(const char *path, char out[128])
{
    snprintf(out, 128, "http://127.0.0.1:%d/%s", port, path);
    return out;
}

void server_log(char *out, size_t size)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const char ask[] = "GET /log HTTP/1.0\r\n\r\n";
    char answer[8192];
    size_t len = 0;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(s, (const struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(write(s, ask, sizeof ask - 1), (int)sizeof ask - 1);
    for (ssize_t n; (n = read(s, answer + len, sizeof answer - 1 - len)) > 0;)
        len += (size_t)n;
    close(s);
    answer[len] = 0;
    const char *body = strstr(answer, "\r\n\r\n");
    assert_non_null(body);
    snprintf(out, size, "%s", body + 4);
}
