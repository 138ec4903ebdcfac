#include "cli/desk.h"

#include "cli/say.h"
#include "core/accounts.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ARENA_MAX ((size_t)64 << 20)

static mn_code choose_account(mn_desk *d, mn_error *err)
{
    mn_account a;
    const char *name = d->cli->args->value[MN_O_ACCOUNT];
    if (!name)
        return MN_OK;
    mn_code code = mn_core_account_find(d->core, &d->actor, name, d->arena, &a, err);
    if (code == MN_OK)
        d->actor.account = a.id;
    return code;
}

static mn_code open_records(mn_desk *d, bool create, mn_error *err)
{
    if (!d->arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for the records");
    mn_code code = create ? mn_engine_make_records(d->cli, &d->core, err)
                          : mn_engine_open_records(d->cli, &d->core, err);
    return code == MN_OK ? choose_account(d, err) : code;
}

int mn_desk_run(mn_cli *cli, bool create, mn_code (*what)(mn_desk *d, mn_error *err))
{
    mn_error err = {0};
    mn_desk d = {.cli = cli, .actor = mn_engine_actor(), .arena = mn_arena_create(ARENA_MAX)};
    mn_code code = open_records(&d, create, &err);
    if (code == MN_OK)
        code = what(&d, &err);
    if (d.core)
        mn_core_close(d.core);
    mn_arena_destroy(d.arena);
    if (code != MN_OK)
        mn_say_error(NULL, &err);
    return code == MN_OK ? MN_EXIT_DONE : MN_EXIT_FAILURE;
}

/* ---- passwords ---- */

static mn_code read_line(char out[MN_DESK_PASSWORD], mn_error *err)
{
    size_t n = 0;
    char ch;
    ssize_t got;
    while ((got = read(STDIN_FILENO, &ch, 1)) != 0 && ch != '\n') {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return mn_fail_errno(err, errno, "the password");
        if (n + 1 >= MN_DESK_PASSWORD)
            return mn_fail(err, MN_E_INVALID, "the password is too long");
        out[n++] = ch;
    }
    out[n] = 0;
    return MN_OK;
}

static mn_code ask(const char *what, char out[MN_DESK_PASSWORD], mn_error *err)
{
    struct termios before, quiet;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return mn_fail_errno(err, errno, "the terminal");
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    fputs(what, stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    mn_code code = read_line(out, err);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    return code;
}

mn_code mn_desk_password(char out[MN_DESK_PASSWORD], mn_error *err)
{
    if (!isatty(STDIN_FILENO))
        return read_line(out, err);
    char again[MN_DESK_PASSWORD];
    mn_code code = ask("Password: ", out, err);
    if (code == MN_OK)
        code = ask("Again: ", again, err);
    if (code == MN_OK && strcmp(out, again) != 0)
        code = mn_fail(err, MN_E_INVALID, "these are two different passwords");
    sodium_memzero(again, sizeof again);
    return code;
}
