#include "cli/pairs.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 4
#define FOLDS_MAX  1000

/* Cuts the line at tabs and spaces; returns the number of fields, FIELDS_MAX + 1 for too many. */
static size_t split(char *line, char *fields[FIELDS_MAX])
{
    size_t n = 0;
    char *rest = line, *field;
    while ((field = strsep(&rest, "\t \r"))) {
        if (!*field)
            continue;
        if (n == FIELDS_MAX)
            return FIELDS_MAX + 1;
        fields[n++] = field;
    }
    return n;
}

static bool number(const char *text, unsigned high, unsigned *out)
{
    char *end;
    errno = 0;
    unsigned long v = strtoul(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || v < 1 || v > high)
        return false;
    *out = (unsigned)v;
    return true;
}

static bool read_pair(char *const fields[FIELDS_MAX], size_t n, mn_pair *out)
{
    if (n == 3) {
        *out = (mn_pair){.name = {fields[0], fields[0]}, .mate = true};
        return number(fields[1], 999999, &out->number[0]) && number(fields[2], 999999, &out->number[1]);
    }
    if (n != 4)
        return false;
    *out = (mn_pair){.name = {fields[0], fields[2]}};
    return number(fields[1], 999999, &out->number[0]) && number(fields[3], 999999, &out->number[1]);
}

static mn_code read_head(char *line, unsigned *folds, size_t *a_fold, size_t *n_pairs, mn_error *err)
{
    char *fields[FIELDS_MAX];
    unsigned of_kind;
    if (split(line, fields) != 2 || !number(fields[0], FOLDS_MAX, folds) ||
        !number(fields[1], MN_PAIRS_MAX / 2, &of_kind))
        return mn_fail(
            err, MN_E_INVALID,
            "line 1: it takes the number of folds and of pairs of each kind a fold, as in: 10 300");
    *a_fold = 2 * (size_t)of_kind;
    *n_pairs = *folds * *a_fold;
    return *n_pairs <= MN_PAIRS_MAX ? MN_OK
                                    : mn_fail(err, MN_E_LIMIT, "line 1: more than %d pairs", MN_PAIRS_MAX);
}

mn_code mn_pairs_parse(const char *text, size_t n, mn_arena *arena, mn_pair **out, size_t *n_pairs,
                       unsigned *folds, mn_error *err)
{
    char *copy = mn_arena_alloc(arena, n + 1), *rest = copy, *line, *fields[FIELDS_MAX];
    size_t a_fold = 0, wanted = 0, got = 0, line_number = 1;
    unsigned n_folds = 0;
    if (!copy)
        return mn_fail(err, MN_E_MEMORY, "no memory for the list of pairs");
    memcpy(copy, text, n);
    copy[n] = 0;
    mn_code code = read_head(strsep(&rest, "\n"), &n_folds, &a_fold, &wanted, err);
    if (code != MN_OK)
        return code;
    mn_pair *pairs = mn_arena_calloc(arena, wanted, sizeof *pairs);
    if (!pairs)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu pairs", wanted);
    while ((line = strsep(&rest, "\n"))) {
        line_number++;
        size_t n_fields = split(line, fields);
        if (!n_fields)
            continue;
        if (got == wanted)
            return mn_fail(err, MN_E_INVALID, "line %zu: more pairs than the %zu that line 1 says",
                           line_number, wanted);
        if (!read_pair(fields, n_fields, &pairs[got]))
            return mn_fail(err, MN_E_INVALID, "line %zu: it takes NAME I J, or NAME I OTHER J", line_number);
        pairs[got].fold = (unsigned)(got / a_fold);
        got++;
    }
    if (got < wanted)
        return mn_fail(err, MN_E_INVALID, "%zu pairs, fewer than the %zu that line 1 says", got, wanted);
    *out = pairs;
    *n_pairs = wanted;
    *folds = n_folds;
    return MN_OK;
}
