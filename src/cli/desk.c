#include "cli/desk.h"

#include "cli/out.h"
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

mn_code mn_desk_open(mn_cli *cli, bool create, mn_desk *out, mn_error *err)
{
    *out = (mn_desk){.cli = cli, .actor = mn_engine_actor(), .arena = mn_arena_create(ARENA_MAX)};
    if (!out->arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for the records");
    mn_code code =
        create ? mn_engine_make_records(cli, &out->core, err) : mn_engine_open_records(cli, &out->core, err);
    return code == MN_OK ? choose_account(out, err) : code;
}

int mn_desk_close(mn_desk *d, mn_code code, const mn_error *err)
{
    if (d->core)
        mn_core_close(d->core);
    mn_arena_destroy(d->arena);
    if (code != MN_OK)
        mn_say_error(NULL, err);
    return code == MN_OK ? MN_EXIT_DONE : MN_EXIT_FAILURE;
}

int mn_desk_run(mn_cli *cli, bool create, mn_code (*what)(mn_desk *d, mn_error *err))
{
    mn_error err = {0};
    mn_desk d;
    mn_code code = mn_desk_open(cli, create, &d, &err);
    if (code == MN_OK)
        code = what(&d, &err);
    return mn_desk_close(&d, code, &err);
}

/* ---- one record after the other ---- */

static int each(mn_desk *d, size_t first, json_t *all,
                mn_code (*work)(mn_desk *d, const char *ref, json_t *all, mn_error *err))
{
    const mn_args *a = d->cli->args;
    int status = MN_EXIT_DONE;
    for (size_t i = first; i < a->n_operands; i++) {
        mn_error err = {0};
        mn_code code = work(d, a->operands[i], all, &err);
        mn_arena_reset(d->arena);
        if (code == MN_E_CANCELLED && status == MN_EXIT_DONE)
            status = MN_EXIT_NO;
        if (code == MN_OK || code == MN_E_CANCELLED)
            continue;
        mn_say_error(a->operands[i], &err);
        status = MN_EXIT_FAILURE;
    }
    return status;
}

int mn_desk_each(mn_cli *cli, size_t first, const char *key,
                 mn_code (*work)(mn_desk *d, const char *ref, json_t *all, mn_error *err))
{
    mn_error err = {0};
    mn_desk d;
    int status = MN_EXIT_DONE;
    json_t *all = json_array();
    mn_code code = mn_desk_open(cli, false, &d, &err);
    if (code == MN_OK)
        status = each(&d, first, all, work);
    if (code == MN_OK && cli->json)
        code = mn_json_print(cli->out, json_pack("{sO}", key, all), &err);
    json_decref(all);
    int closed = mn_desk_close(&d, code, &err);
    return closed == MN_EXIT_DONE ? status : closed;
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
