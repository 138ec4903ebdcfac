/* The pictures named on a command line: files, folders (searched through, sorted by name) and "-".
 *
 * Inside folders a file counts as a picture when its first bytes say so; what was named itself is always
 * taken, so that its fault is reported. Links to folders are not followed below the first. */
#ifndef MN_CLI_INPUTS_H
#define MN_CLI_INPUTS_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *path;
    size_t group; /* number of the person, where a folder is a person; else 0 */
} mn_input;

typedef struct {
    mn_input *at;
    size_t n, cap;
    char **groups; /* names of the people */
    size_t n_groups, cap_groups;
    size_t missing; /* operands that could not be read; each was said on standard error */
    bool several;   /* more than one was asked for: several operands, or a folder */
} mn_inputs;

#define MN_INPUTS_MAX 10000000

/* Unreadable operands are reported and counted, not failed on. */
mn_code mn_inputs_gather(const char *const *operands, size_t n, mn_inputs *out, mn_error *err);
/* Each folder inside the given ones is a group, named by the folder; pictures beside them belong to nobody
 * and are left out. */
mn_code mn_inputs_gather_people(const char *const *folders, size_t n, mn_inputs *out, mn_error *err);
/* Keeps the k-th of n parts (1 … n) of the groups, by a hash of their names that never changes. */
void mn_inputs_keep_part(mn_inputs *in, size_t k, size_t n);
void mn_inputs_finish(mn_inputs *in);

#endif
