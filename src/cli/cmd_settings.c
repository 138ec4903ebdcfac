/* mien settings: what is set and why, a sample file, the documentation's table. */
#include "cli/out.h"
#include "cli/say.h"
#include <string.h>

static const char *shown_value(const mn_settings *s, mn_setting which, char *out, size_t size)
{
    const mn_setting_info *info = mn_setting_describe(which);
    if (info->secret)
        return *mn_settings_text(s, which) ? "(secret)" : "";
    switch (info->type) {
    case MN_SET_BOOL:
        return mn_settings_bool(s, which) ? "true" : "false";
    case MN_SET_INT:
        snprintf(out, size, "%lld", (long long)mn_settings_int(s, which));
        return out;
    case MN_SET_REAL:
        snprintf(out, size, "%g", mn_settings_real(s, which));
        return out;
    default:
        return mn_settings_text(s, which);
    }
}

static mn_code print_json(const mn_cli *cli, mn_error *err)
{
    char value[64];
    json_t *all = json_array();
    for (int i = 0; i < MN_S_COUNT; i++) {
        const mn_setting_info *info = mn_setting_describe((mn_setting)i);
        json_array_append_new(
            all, json_pack("{ss so ss ss}", "name", info->name, "value",
                           mn_json_text(shown_value(cli->settings, (mn_setting)i, value, sizeof value)),
                           "origin", mn_settings_origin(cli->settings, (mn_setting)i), "text", info->text));
    }
    return mn_json_print(cli->out, json_pack("{so}", "settings", all), err);
}

static void print_text(const mn_cli *cli)
{
    char value[64];
    for (int i = 0; i < MN_S_COUNT; i++) {
        const mn_setting_info *info = mn_setting_describe((mn_setting)i);
        mn_text_pad(cli->out, info->name, 18);
        fputc(' ', cli->out);
        mn_text_pad(cli->out, shown_value(cli->settings, (mn_setting)i, value, sizeof value), 12);
        fprintf(cli->out, "  %s\n", mn_settings_origin(cli->settings, (mn_setting)i));
    }
}

int mn_cmd_settings(mn_cli *cli)
{
    mn_error err = {0};
    mn_code code = MN_OK;
    const char *what = cli->args->n_operands ? cli->args->operands[0] : "show";
    if (strcmp(what, "sample") == 0)
        code = mn_out_document(cli->out, mn_settings_write_sample, &err);
    else if (strcmp(what, "markdown") == 0)
        code = mn_out_document(cli->out, mn_settings_write_markdown, &err);
    else if (strcmp(what, "show") != 0)
        return mn_say_usage(cli->args->command, "settings are shown, or written as sample or markdown");
    else if (cli->json)
        code = print_json(cli, &err);
    else
        print_text(cli);
    if (code == MN_OK)
        return MN_EXIT_DONE;
    mn_say_error(NULL, &err);
    return MN_EXIT_FAILURE;
}
