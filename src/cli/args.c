#include "cli/args.h"
#include "base/alloc.h"
#include <stdio.h>
#include <string.h>

static const mn_option_info options[MN_O_COUNT] = {
#define O(id, name, letter, value, completion, setting, text)                                                \
    {name, value, completion, text, setting, letter},
#include "cli/options.def"
#undef O
};

const mn_option_info *mn_option_describe(mn_option option)
{
    return &options[option];
}

bool mn_command_takes(const mn_command *command, mn_option option)
{
    return ((MN_O_SHARED | command->options) >> option) & 1;
}

bool mn_args_given(const mn_args *args, mn_option option)
{
    return args->value[option] != NULL;
}

/* ---- guessing what was meant ---- */

#define WORD_MAX 40

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Optimal string alignment distance: insertions, deletions, changes and swaps of neighbours cost 1 each. */
static size_t distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    size_t rows[3][WORD_MAX + 1];
    if (la > WORD_MAX || lb > WORD_MAX)
        return SIZE_MAX;
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= lb; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; i <= la; i++) {
        now[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        size_t *oldest = before;
        before = last, last = now, now = oldest;
    }
    return last[lb];
}

const char *mn_args_nearest(const char *word, const char *(*candidate)(size_t i, const void *ctx),
                            const void *ctx)
{
    const char *best = NULL, *name;
    size_t allowed = strlen(word) / 3, least = allowed > 1 ? allowed + 1 : 2;
    for (size_t i = 0; (name = candidate(i, ctx)); i++) {
        size_t d = distance(word, name);
        /* A word cut short is meant, however much is missing: --ext is --external-id. */
        if (strlen(word) >= 3 && strncmp(name, word, strlen(word)) == 0)
            d = 1;
        if (d < least)
            least = d, best = name;
    }
    return best;
}

static const char *option_name(size_t i, const void *command)
{
    if (i >= MN_O_COUNT)
        return NULL;
    return !command || mn_command_takes(command, (mn_option)i) ? options[i].name : "";
}

static const char *command_name(size_t i, const void *ctx)
{
    (void)ctx;
    return i < mn_command_count() ? mn_command_at(i)->name : NULL;
}

/* ---- commands ---- */

const mn_command *mn_command_find(const char *name)
{
    for (size_t i = 0; i < mn_command_count(); i++)
        if (strcmp(mn_command_at(i)->name, name) == 0)
            return mn_command_at(i);
    return NULL;
}

/* "people" → "list, show, erase" into out; false where no command begins so. */
static bool second_words(const char *first, char *out, size_t size)
{
    size_t used = 0, n = strlen(first);
    for (size_t i = 0; i < mn_command_count(); i++) {
        const char *name = mn_command_at(i)->name;
        if (strncmp(name, first, n) != 0 || name[n] != ' ')
            continue;
        int wrote = snprintf(out + used, size - used, "%s%s", used ? ", " : "", name + n + 1);
        if (wrote < 0 || (size_t)wrote >= size - used)
            break;
        used += (size_t)wrote;
    }
    return used > 0;
}

static mn_code unknown_command(const char *first, const char *second, mn_error *err)
{
    char words[256];
    if (second_words(first, words, sizeof words)) {
        if (second)
            return mn_fail(err, MN_E_INVALID, "there is no command '%s %s' (there are: %s)", first, second,
                           words);
        return mn_fail(err, MN_E_INVALID, "'%s' needs a second word (one of: %s)", first, words);
    }
    const char *near = mn_args_nearest(first, command_name, NULL);
    if (near)
        return mn_fail(err, MN_E_INVALID, "there is no command '%s' (did you mean '%s'?)", first, near);
    return mn_fail(err, MN_E_INVALID, "there is no command '%s' (see mien help)", first);
}

/* The command of the first one or two words; *used says how many of them it took. */
static mn_code find_command(const char *first, const char *second, const mn_command **out, size_t *used,
                            mn_error *err)
{
    char both[2 * WORD_MAX + 2];
    const mn_command *c = NULL;
    *used = 2;
    if (second && strlen(first) <= WORD_MAX && strlen(second) <= WORD_MAX) {
        snprintf(both, sizeof both, "%s %s", first, second);
        c = mn_command_find(both);
    }
    if (!c) {
        c = mn_command_find(first);
        *used = 1;
    }
    if (!c)
        return unknown_command(first, second, err);
    *out = c;
    return MN_OK;
}

/* ---- options ---- */

static mn_code unknown_option(const char *word, const mn_command *command, mn_error *err)
{
    const char *near = mn_args_nearest(word, option_name, command);
    if (near && *near)
        return mn_fail(err, MN_E_INVALID, "unknown option --%s (did you mean --%s?)", word, near);
    return mn_fail(err, MN_E_INVALID, "unknown option --%s", word);
}

static int option_by_name(const char *name, size_t n)
{
    for (int i = 0; i < MN_O_COUNT; i++)
        if (strlen(options[i].name) == n && strncmp(options[i].name, name, n) == 0)
            return i;
    return -1;
}

static int option_by_letter(char letter)
{
    for (int i = 0; i < MN_O_COUNT; i++)
        if (options[i].letter && options[i].letter == letter)
            return i;
    return -1;
}

/* Is the value one of "a|b|c"? */
static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);
    for (const char *c = choices; *c; c += strcspn(c, "|"), c += *c == '|')
        if (strcspn(c, "|") == n && strncmp(c, value, n) == 0)
            return true;
    return false;
}

/* What sets a setting is checked by the settings; --with takes several and is checked where it is read. */
static mn_code check_choice(int option, const char *value, mn_error *err)
{
    const mn_option_info *o = &options[option];
    char words[128];
    if (o->setting >= 0 || option == MN_O_WITH || !strchr(o->completion, '|') ||
        is_choice(o->completion, value))
        return MN_OK;
    size_t n = 0;
    for (const char *c = o->completion; *c && n + 3 < sizeof words; c++) {
        words[n++] = *c == '|' ? ',' : *c;
        if (*c == '|')
            words[n++] = ' ';
    }
    words[n] = 0;
    return mn_fail(err, MN_E_INVALID, "--%s %.40s: it takes one of %s", o->name, value, words);
}

static mn_code keep_value(mn_args *a, int option, const char *value, mn_error *err)
{
    if (option == MN_O_SET)
        a->sets[a->n_sets++] = value;
    else if (a->value[option] && options[option].value)
        return mn_fail(err, MN_E_INVALID, "--%s is given twice", options[option].name);
    a->value[option] = value;
    return options[option].value ? check_choice(option, value, err) : MN_OK;
}

/* One "--name", "--name=value" or "-x" at argv[*at]; moves *at over a value that follows. */
static mn_code take_option(int argc, char **argv, int *at, mn_args *a, mn_error *err)
{
    const char *word = argv[*at], *value = NULL, *name = word + 2;
    int option;
    if (word[1] == '-') {
        size_t n = strcspn(name, "=");
        option = option_by_name(name, n);
        value = name[n] == '=' ? name + n + 1 : NULL;
        if (option < 0) {
            char cut[WORD_MAX];
            snprintf(cut, sizeof cut, "%.*s", n < WORD_MAX ? (int)n : WORD_MAX - 1, name);
            return unknown_option(cut, a->command, err);
        }
    } else {
        option = word[2] ? -1 : option_by_letter(word[1]);
        if (option < 0)
            return mn_fail(err, MN_E_INVALID, "unknown option %.40s", word);
    }
    const mn_option_info *info = &options[option];
    if (!info->value) {
        if (value)
            return mn_fail(err, MN_E_INVALID, "--%s takes no value", info->name);
        return keep_value(a, option, "", err);
    }
    if (!value && *at + 1 < argc)
        value = argv[++*at];
    if (!value)
        return mn_fail(err, MN_E_INVALID, "--%s needs a value: --%s %s", info->name, info->name, info->value);
    return keep_value(a, option, value, err);
}

static mn_code check_options(const mn_args *a, mn_error *err)
{
    for (int i = 0; i < MN_O_COUNT; i++)
        if (a->value[i] && !mn_command_takes(a->command, (mn_option)i))
            return mn_fail(err, MN_E_INVALID, "'%s' takes no --%s", a->command->name, options[i].name);
    if (a->value[MN_O_HELP])
        return MN_OK;
    if (a->n_operands < a->command->min_operands)
        return mn_fail(err, MN_E_INVALID, "too few arguments: mien %s %s", a->command->name,
                       a->command->operands);
    if (a->n_operands > a->command->max_operands)
        return mn_fail(err, MN_E_INVALID, "'%.200s' is one argument too many: mien %s %s",
                       a->operands[a->command->max_operands], a->command->name, a->command->operands);
    return MN_OK;
}

/* Takes the command's words off the front of the operands. */
static mn_code name_command(mn_args *a, mn_error *err)
{
    size_t used = 0;
    if (!a->n_operands)
        return MN_OK;
    const char *second = a->n_operands > 1 ? a->operands[1] : NULL;
    mn_code code = find_command(a->operands[0], second, &a->command, &used, err);
    if (code != MN_OK)
        return code;
    a->n_operands -= used;
    memmove(a->operands, a->operands + used, a->n_operands * sizeof *a->operands);
    return check_options(a, err);
}

mn_code mn_args_parse(int argc, char **argv, mn_args *out, mn_error *err)
{
    mn_code code = MN_OK;
    size_t room = argc > 0 ? (size_t)argc : 1;
    memset(out, 0, sizeof *out);
    out->operands = mn_calloc(room, sizeof *out->operands);
    out->sets = mn_calloc(room, sizeof *out->sets);
    if (!out->operands || !out->sets)
        return mn_fail(err, MN_E_MEMORY, "no memory for %d arguments", argc);

    bool options_end = false;
    for (int i = 1; i < argc && code == MN_OK; i++) {
        const char *word = argv[i];
        if (!options_end && strcmp(word, "--") == 0)
            options_end = true;
        else if (!options_end && word[0] == '-' && word[1])
            code = take_option(argc, argv, &i, out, err);
        else
            out->operands[out->n_operands++] = word;
    }
    return code == MN_OK ? name_command(out, err) : code;
}

void mn_args_finish(mn_args *args)
{
    mn_free(args->operands);
    mn_free(args->sets);
    memset(args, 0, sizeof *args);
}
