/* mien help: what there is, what a command does, the manual page. */
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/say.h"
#include <string.h>

static int help_about(const mn_cli *cli, const char *first, const char *second)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s%s", first, second ? " " : "", second ? second : "");
    const mn_command *c = mn_command_find(name);
    if (c) {
        mn_help_command(cli->out, c);
        return MN_EXIT_DONE;
    }
    if (!second && mn_help_group(cli->out, first))
        return MN_EXIT_DONE;
    snprintf(name, sizeof name, "there is no command '%.60s%s%.60s'", first, second ? " " : "",
             second ? second : "");
    return mn_say_usage(NULL, name);
}

int mn_cmd_help(mn_cli *cli)
{
    const mn_args *a = cli->args;
    if (a->value[MN_O_MAN])
        mn_help_manual(cli->out);
    else if (a->n_operands)
        return help_about(cli, a->operands[0], a->n_operands > 1 ? a->operands[1] : NULL);
    else
        mn_help_overview(cli->out);
    return MN_EXIT_DONE;
}
