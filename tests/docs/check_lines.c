/* Reads command lines, each a JSON array of words on a line of its own, and says for each whether the program
 * would take it ("fits") or what it would say. Nothing is run, and no file is read. */
#include "base/alloc.h"
#include "cli/config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64

/* NAME=VALUE of one that may change while mien runs; NAME= takes it away. */
static mn_code check_change(mn_settings *s, const char *pair, mn_error *err)
{
    char name[64];
    mn_setting which;
    size_t n = strcspn(pair, "=");
    snprintf(name, sizeof name, "%.*s", (int)n, pair);
    if (!pair[n] || !mn_setting_find(name, &which))
        return mn_fail(err, MN_E_INVALID, "%s: there is no such setting, or no value", pair);
    if (!mn_setting_describe(which)->live)
        return mn_fail(err, MN_E_INVALID, "%s may not change while mien runs", name);
    return pair[n + 1] ? mn_settings_set(s, which, pair + n + 1, "command line", err) : MN_OK;
}

/* The settings that a command line names: options that set one, --set, and what is to be changed. */
static mn_code check_settings(const mn_args *args, mn_error *err)
{
    mn_settings *s = mn_settings_create();
    mn_code code = s ? mn_config_from_args(s, args, err) : MN_E_MEMORY;
    bool changes = strcmp(args->command->name, "settings change") == 0;
    for (size_t i = 0; code == MN_OK && changes && i < args->n_operands; i++)
        code = check_change(s, args->operands[i], err);
    mn_settings_destroy(s);
    return code;
}

static void check(int argc, char **argv)
{
    mn_args args;
    mn_error err = {0};
    mn_code code = mn_args_parse(argc, argv, &args, &err);
    if (code == MN_OK && args.command)
        code = check_settings(&args, &err);
    puts(code == MN_OK ? "fits" : err.text);
    mn_args_finish(&args);
}

static int words_of(json_t *line, char *argv[WORDS_MAX])
{
    size_t n = json_array_size(line);
    if (n == 0 || n >= WORDS_MAX)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (!(argv[i] = (char *)(uintptr_t)json_string_value(json_array_get(line, i))))
            return 0;
    argv[n] = NULL;
    return (int)n;
}

int main(void)
{
    json_t *line;
    while ((line = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL))) {
        char *argv[WORDS_MAX];
        int argc = words_of(line, argv);
        if (argc == 0)
            return 2;
        check(argc, argv);
        json_decref(line);
    }
    return 0;
}
