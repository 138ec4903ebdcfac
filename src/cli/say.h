/* What goes to standard error: errors, notes, progress. One write per line, so that lines of several threads
 * do not mix. */
#ifndef MN_CLI_SAY_H
#define MN_CLI_SAY_H

#include "base/error.h"
#include "cli/cli.h"

/* "mien: FILE: what (why, what to do)". file may be NULL. */
void mn_say_error(const char *file, const mn_error *err);
/* "mien: note: …"; nothing under --quiet. */
void mn_say_note(const mn_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The error and the hint where help is; returns MN_EXIT_USAGE. */
int mn_say_usage(const mn_command *command, const char *text);
/* "… [y/N] " on standard error: true for y, and with --yes without asking. Ctrl-C there means no. */
bool mn_say_ask(const mn_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What the user can do about a kind of error, or NULL. */
const char *mn_say_advice(mn_code code);

/* A line on a terminal that is written over: rate, time left. Shows nothing where standard error is no
 * terminal, and under --json and --quiet. Used by one thread. */
typedef struct {
    bool shown;
    size_t total;
    int64_t start_ns, last_ns;
} mn_progress;

mn_progress mn_progress_start(const mn_cli *cli, size_t total);
void mn_progress_show(mn_progress *p, size_t done, const char *what);
void mn_progress_clear(const mn_progress *p); /* at the end, and before other lines */
/* "1:23" or "2:03:04" into out. */
void mn_progress_format_time(int64_t seconds, char *out, size_t size);

#endif
