#include "support.h"
#include "base/file.h"
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

const char *mn_test_root(void)
{
    const char *root = getenv("MIEN_TEST_ROOT");
    return root ? root : ".";
}

/* <root>/<tail> when it exists, else NULL; kept for the life of the process. */
static const char *under_root(char *keep, size_t size, const char *tail)
{
    return mn_path_join(keep, size, mn_test_root(), tail) && mn_file_exists(keep) ? keep : NULL;
}

const char *mn_test_shared(void)
{
    static char path[4096];
    const char *given = getenv("MIEN_SHARED");
    return given && *given ? (mn_file_is_folder(given) ? given : NULL)
                           : under_root(path, sizeof path, "../shared");
}

const char *mn_test_samples(void)
{
    static char path[4096];
    return under_root(path, sizeof path, "models/node_modules/@vladmandic/face-api/demo");
}

static const char *of_environment(const char *name)
{
    const char *path = getenv(name);
    return path && *path && mn_file_exists(path) ? path : NULL;
}

const char *mn_test_models(void)
{
    return of_environment("MIEN_MODEL_DIR");
}

const char *mn_test_library(void)
{
    return of_environment("MIEN_INFER_LIBRARY");
}

void mn_test_need(bool there, const char *what)
{
    if (there)
        return;
    const char *all = getenv("MIEN_TEST_ALL");
    if (all && strcmp(all, "1") == 0)
        fail_msg("needed and not there: %s", what);
    fprintf(stderr, "SKIPPED: not there: %s\n", what);
    skip();
}

static char folder[256];
static pid_t folder_owner; /* children that a test forks must not remove it */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void remove_folder(void)
{
    if (getpid() == folder_owner)
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *mn_test_folder(void)
{
    static char paths[256][300]; /* each stays valid for the life of the process */
    static unsigned count;
    if (!folder[0]) {
        const char *tmp = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/mien-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
        if (!mkdtemp(folder))
            fail_msg("mkdtemp %s", folder);
        folder_owner = getpid();
        atexit(remove_folder);
    }
    assert_true(count < sizeof paths / sizeof *paths);
    char *path = paths[count];
    snprintf(path, sizeof *paths, "%s/%u", folder, count++);
    assert_ok(mn_file_make_folders(path, 0700, err));
    return path;
}

void mn_test_read(const char *path, mn_buf *out)
{
    assert_ok(mn_file_read(path, out, err));
}

pid_t mn_test_fork(void)
{
    const pid_t parent = getpid();
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
        _exit(90);
    return child;
}

bool mn_test_kill(pid_t child)
{
    int status = 0;
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fail_msg("the child ended by itself with %d", WEXITSTATUS(status));
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        fail_msg("the child was ended by signal %d", WTERMSIG(status));
    return WIFSIGNALED(status);
}

_Noreturn void mn_test_hold(int out)
{
    if (write(out, "h", 1) != 1)
        _exit(91);
    for (;;)
        pause();
}

void mn_test_wait_held(int in)
{
    char byte = 0;
    if (read(in, &byte, 1) != 1 || byte != 'h')
        fail_msg("the child does not come to the place where it is to be killed");
}

uint64_t mn_test_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

float mn_test_random_normal(uint64_t *state)
{
    double u = ((double)(mn_test_random(state) >> 11) + 0.5) / 9007199254740992.0;
    double v = (double)(mn_test_random(state) >> 11) / 9007199254740992.0;
    return (float)(sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
}
