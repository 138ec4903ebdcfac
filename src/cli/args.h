/* The command line: one table of options (options.def), one of commands (commands.c). Parsing, --help,
 * completion and the manual page all read them. Pure but for memory; not thread-safe. */
#ifndef MN_CLI_ARGS_H
#define MN_CLI_ARGS_H

#include "base/error.h"
#include "base/settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
#define O(id, name, letter, value, completion, setting, text) MN_O_##id,
#include "cli/options.def"
#undef O
    MN_O_COUNT
} mn_option;

typedef struct {
    const char *name;       /* without the dashes */
    const char *value;      /* placeholder, NULL: a flag */
    const char *completion; /* "file", "folder", "a|b", "" */
    const char *text;
    int setting; /* mn_setting, or -1 */
    char letter; /* 0: none */
} mn_option_info;

typedef struct mn_cli mn_cli;

/* A bit each; C11 has no integer of this width, gcc and clang have it on every 64-bit machine. */
__extension__ typedef unsigned __int128 mn_option_set;
_Static_assert(MN_O_COUNT <= 128, "an option needs a bit of mn_option_set");

#define MN_O_BIT(id) ((mn_option_set)1 << MN_O_##id)
/* What every command takes. */
#define MN_O_SHARED                                                                                          \
    (MN_O_BIT(HELP) | MN_O_BIT(JSON) | MN_O_BIT(QUIET) | MN_O_BIT(CONFIG) | MN_O_BIT(SET) | MN_O_BIT(DATA) | \
     MN_O_BIT(PACK) | MN_O_BIT(PRECISION) | MN_O_BIT(THREADS) | MN_O_BIT(FMR) | MN_O_BIT(FLIP))
#define MN_OPERANDS_ANY SIZE_MAX

/* Which settings a command goes by. */
typedef enum {
    MN_ALL_SETTINGS,  /* those kept in the store too, see mn_config_add_stored */
    MN_GIVEN_SETTINGS /* those given only: it opens no store, or is about the store itself, or looks by itself
                       */
} mn_settings_use;

typedef struct {
    const char *name;     /* one or two words: "people list" */
    const char *operands; /* for the usage line: "FILE..." */
    size_t min_operands, max_operands;
    mn_option_set options; /* its own; the shared ones come on top */
    const char *text;      /* one line */
    const char *more;      /* a paragraph or two for --help and the manual page, may be NULL */
    const char *no;        /* what exit status 1 means, NULL: it never comes */
    const char *examples;  /* command lines, one a line */
    int (*run)(mn_cli *cli);
    mn_settings_use settings;
} mn_command;

const mn_option_info *mn_option_describe(mn_option option);
size_t mn_command_count(void);
const mn_command *mn_command_at(size_t i);
/* By its full name; NULL where there is none. */
const mn_command *mn_command_find(const char *name);
bool mn_command_takes(const mn_command *command, mn_option option);

typedef struct {
    const mn_command *command;     /* NULL: none was named */
    const char *value[MN_O_COUNT]; /* NULL: not given; "" for a flag that was */
    const char **operands;         /* in order; the texts are argv's */
    size_t n_operands;
    const char **sets; /* of each --set */
    size_t n_sets;
} mn_args;

/* MN_E_INVALID for what is no command line of ours; the text says what was meant, where that can be guessed.
 * Operands are counted only where --help is not given. Ends with mn_args_finish in any case. */
mn_code mn_args_parse(int argc, char **argv, mn_args *out, mn_error *err);
void mn_args_finish(mn_args *args);
bool mn_args_given(const mn_args *args, mn_option option);

/* The candidate nearest to `word` (Damerau-Levenshtein at most a third of its length, at least 1), or NULL.
 */
const char *mn_args_nearest(const char *word, const char *(*candidate)(size_t i, const void *ctx),
                            const void *ctx);

#endif
