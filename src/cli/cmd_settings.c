/* mien settings: what is set and why, a sample file, the documentation's table; and what is kept in the
 * store. */
#include "cli/config.h"
#include "cli/desk.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/settings.h"
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

/* Where the store cannot be asked, what was given is shown all the same: it may be what is wrong. */
static mn_code show(mn_cli *cli, mn_error *err)
{
    mn_code stored = mn_config_add_stored(&cli->settings, err), code = MN_OK;
    if (stored != MN_OK)
        mn_error_prefix(err, "what is kept in the store is not among these");
    if (cli->json)
        code = print_json(cli, stored == MN_OK ? err : NULL);
    else
        print_text(cli);
    return stored != MN_OK ? stored : code;
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
    else if (strcmp(what, "show") == 0)
        code = show(cli, &err);
    else
        return mn_say_usage(cli->args->command, "settings are shown, or written as sample or markdown");
    if (code == MN_OK)
        return MN_EXIT_DONE;
    mn_say_error(NULL, &err);
    return MN_EXIT_FAILURE;
}

/* ---- change ---- */

/* "NAME=VALUE" or "NAME=". */
static mn_code read_change(const char *text, mn_live_value *out, mn_error *err)
{
    char name[64];
    size_t n = strcspn(text, "=");
    if (!text[n] || n >= sizeof name)
        return mn_fail(err, MN_E_INVALID, "%.100s: a change is NAME=VALUE, or NAME= to take it away", text);
    memcpy(name, text, n);
    name[n] = 0;
    if (!mn_setting_find(name, &out->which))
        return mn_fail(err, MN_E_INVALID, "there is no setting %s (mien settings lists them)", name);
    out->value = text[n + 1] ? text + n + 1 : NULL;
    return MN_OK;
}

static mn_code print_stored(const mn_cli *cli, const mn_core_settings *now, mn_error *err)
{
    json_t *all = json_array();
    for (size_t i = 0; i < now->n; i++) {
        const char *name = mn_setting_describe(now->values[i].which)->name;
        json_array_append_new(
            all, json_pack("{ss so}", "name", name, "value", mn_json_text(now->values[i].value)));
        if (!cli->json)
            fprintf(cli->out, "%s = %s\n", name, now->values[i].value);
    }
    if (cli->json)
        return mn_json_print(cli->out, json_pack("{so}", "stored", all), err);
    json_decref(all);
    if (!now->n)
        fprintf(cli->out, "no setting is kept in the store\n");
    return MN_OK;
}

static mn_code change(mn_desk *d, const mn_live_value *changes, size_t n, mn_error *err)
{
    mn_core_settings now;
    mn_live *given = NULL;
    mn_code code = mn_live_create(d->cli->settings, &given, err);
    if (code == MN_OK)
        code = mn_core_settings_change(d->core, &d->actor, changes, n, given, NULL, d->arena, &now, err);
    mn_live_destroy(given);
    return code == MN_OK ? print_stored(d->cli, &now, err) : code;
}

int mn_cmd_settings_change(mn_cli *cli)
{
    mn_error err = {0};
    mn_desk d = {0};
    mn_live_value changes[MN_S_COUNT];
    size_t n = cli->args->n_operands;
    if (n > MN_S_COUNT)
        return mn_say_usage(cli->args->command, "these are more changes than there are settings");
    for (size_t i = 0; i < n; i++)
        if (read_change(cli->args->operands[i], &changes[i], &err) != MN_OK)
            return mn_say_usage(cli->args->command, err.text);
    mn_code code = mn_desk_open(cli, true, &d, &err);
    if (code == MN_OK)
        code = change(&d, changes, n, &err);
    return mn_desk_close(&d, code, &err);
}
