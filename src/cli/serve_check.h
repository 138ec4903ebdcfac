/* mien serve --check: would it start? Changes nothing, and may run beside a server. */
#ifndef MN_CLI_SERVE_CHECK_H
#define MN_CLI_SERVE_CHECK_H

#include "cli/cli.h"

int mn_serve_check(mn_cli *cli); /* MN_EXIT_DONE, or MN_EXIT_NO where something would not do */

#endif
