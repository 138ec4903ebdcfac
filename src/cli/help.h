/* What is made from the tables of commands and options: help, the manual page, completion. */
#ifndef MN_CLI_HELP_H
#define MN_CLI_HELP_H

#include "cli/args.h"
#include <stdio.h>

void mn_help_overview(FILE *out);
void mn_help_command(FILE *out, const mn_command *command);
/* Lists the commands that begin with this word ("people"); false where none does. */
bool mn_help_group(FILE *out, const char *word);
void mn_help_manual(FILE *out); /* mdoc */

void mn_completion_bash(FILE *out);
void mn_completion_zsh(FILE *out);
void mn_completion_fish(FILE *out);

#endif
