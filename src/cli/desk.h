/* The records, opened for a command about users or accounts; and passwords, which are never on the command
 * line. */
#ifndef MN_CLI_DESK_H
#define MN_CLI_DESK_H

#include "cli/cli.h"
#include "cli/engine.h"

typedef struct {
    mn_cli *cli;
    mn_core *core;
    mn_arena *arena;
    mn_actor actor; /* of the account named by --account */
} mn_desk;

/* create: makes the data directory when it is missing. Ends with mn_desk_close, also after a failure. */
mn_code mn_desk_open(mn_cli *cli, bool create, mn_desk *out, mn_error *err);
void mn_desk_close(mn_desk *d);
/* Says what failed, and is the exit status for it. */
int mn_desk_fail(const mn_error *err);

/* Asked for twice without echo where there is a terminal, else the first line of standard input. */
#define MN_DESK_PASSWORD 160
mn_code mn_desk_password(char out[MN_DESK_PASSWORD], mn_error *err);

#endif
