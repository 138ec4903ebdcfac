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

/* Does `what` with the records open, and says what failed; the exit status. create: makes the data directory
 * when it is missing. */
int mn_desk_run(mn_cli *cli, bool create, mn_code (*what)(mn_desk *d, mn_error *err));

/* Asked for twice without echo where there is a terminal, else the first line of standard input. */
#define MN_DESK_PASSWORD 160
mn_code mn_desk_password(char out[MN_DESK_PASSWORD], mn_error *err);

#endif
