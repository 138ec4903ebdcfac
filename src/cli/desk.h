/* The records, opened for a command about people, lists, users or accounts; and passwords, which are never on
 * the command line. */
#ifndef MN_CLI_DESK_H
#define MN_CLI_DESK_H

#include "cli/cli.h"
#include "cli/engine.h"

#include <jansson.h>

typedef struct {
    mn_cli *cli;
    mn_core *core;
    mn_arena *arena;
    mn_actor actor; /* of the account named by --account */
} mn_desk;

/* create: makes the data directory when it is missing. Ends with mn_desk_close, also after a failure. */
mn_code mn_desk_open(mn_cli *cli, bool create, mn_desk *out, mn_error *err);
/* Says what failed, if code says that something did; the exit status. */
int mn_desk_close(mn_desk *d, mn_code code, const mn_error *err);
/* Does `what` with the records open, and says what failed; the exit status. create: makes the data directory
 * when it is missing. */
int mn_desk_run(mn_cli *cli, bool create, mn_code (*what)(mn_desk *d, mn_error *err));

/* Does `work` for each operand from the first one on (0), which names a record; after a fault of one the
 * others go on. What it puts into `all` is printed at the end, as {"<key>": all}, under --json; else it
 * prints by itself. MN_E_CANCELLED is somebody's "no", and nothing is said of it. The answer is the exit
 * status. */
int mn_desk_each(mn_cli *cli, size_t first, const char *key,
                 mn_code (*work)(mn_desk *d, const char *ref, json_t *all, mn_error *err));

/* Asked for twice without echo where there is a terminal, else the first line of standard input. */
#define MN_DESK_PASSWORD 160
mn_code mn_desk_password(char out[MN_DESK_PASSWORD], mn_error *err);

#endif
