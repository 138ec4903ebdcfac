/* mien completion: scripts that complete commands, options and their values, for three shells. */
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/say.h"
#include <string.h>

int mn_cmd_completion(mn_cli *cli)
{
    const char *shell = cli->args->operands[0];
    if (strcmp(shell, "bash") == 0)
        mn_completion_bash(cli->out);
    else if (strcmp(shell, "zsh") == 0)
        mn_completion_zsh(cli->out);
    else if (strcmp(shell, "fish") == 0)
        mn_completion_fish(cli->out);
    else
        return mn_say_usage(cli->args->command, "there is completion for bash, zsh and fish");
    return MN_EXIT_DONE;
}
