#include "gate.h"

#include "base/file.h"
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static FILE *to, *from;
static pid_t child;
static int port;
static const char *folder;

static void run_gate(int in, int out)
{
    char script[4096];
    snprintf(script, sizeof script, "%s/tests/store/s3/gate.py", mn_test_root());
    dup2(in, 0);
    dup2(out, 1);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    execlp("python3", "python3", script, folder, (char *)NULL);
    _exit(127);
}

void gate_start(void)
{
    char path[4096], line[100];
    int in[2], out[2];
    if (to)
        return;
    snprintf(path, sizeof path, "%s/tests/store/s3/node_modules/s3rver/package.json", mn_test_root());
    mn_test_need(mn_file_exists(path), "the S3 server of tests/store/s3 (run tools/setup)");
    folder = mn_test_folder();
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_gate(in[0], out[1]);
    close(in[0]);
    close(out[1]);
    to = fdopen(in[1], "w");
    from = fdopen(out[0], "r");
    assert_true(to && from);
    if (!fgets(line, sizeof line, from) || sscanf(line, "ready %d", &port) != 1)
        fail_msg("%s: the S3 server for tests does not start", path);
}

void gate_stop(void)
{
    if (!to)
        return;
    fclose(to);
    fclose(from);
    to = NULL;
    waitpid(child, NULL, 0);
}

int gate_port(void)
{
    return port;
}

const char *gate_folder(void)
{
    return folder;
}

static void ask(const char *text, char answer[100])
{
    assert_true(fprintf(to, "%s\n", text) > 0);
    assert_int_equal(fflush(to), 0);
    if (!fgets(answer, 100, from))
        fail_msg("the S3 server for tests has ended");
}

void gate_tell(const char *format, ...)
{
    char text[1000], answer[100];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ask(text, answer);
    assert_string_equal(answer, "ok\n");
}

gate_counts gate_count(void)
{
    char answer[100];
    gate_counts c;
    ask("count", answer);
    assert_int_equal(sscanf(answer, "%d %d %d", &c.requests, &c.connections, &c.refused), 3);
    return c;
}
