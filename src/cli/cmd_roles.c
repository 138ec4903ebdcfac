/* mien roles: the predefined roles and their rights, and the page about them. */
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/rights.h"
#include <string.h>

static json_t *rights_json(const mn_rights *rights)
{
    json_t *all = json_array();
    for (int r = 0; r < MN_RESOURCES; r++)
        for (int v = 0; v < MN_VERBS; v++)
            if (mn_rights_has(rights, (mn_resource)r, (mn_verb)v))
                json_array_append_new(
                    all, json_sprintf("%s.%s", mn_resource_word((mn_resource)r), mn_verb_word((mn_verb)v)));
    return all;
}

static mn_code print_json(const mn_cli *cli, mn_error *err)
{
    json_t *all = json_array();
    for (int i = 0; i < MN_ROLES; i++) {
        const mn_rights rights = mn_rights_of_role((mn_role_id)i);
        json_array_append_new(all, json_pack("{ss ss so}", "role", mn_role_word((mn_role_id)i), "text",
                                             mn_role_text((mn_role_id)i), "rights", rights_json(&rights)));
    }
    return mn_json_print(cli->out, json_pack("{so}", "roles", all), err);
}

static void print_text(const mn_cli *cli)
{
    for (int i = 0; i < MN_ROLES; i++) {
        const mn_rights rights = mn_rights_of_role((mn_role_id)i);
        fprintf(cli->out, "%s: %s\n", mn_role_word((mn_role_id)i), mn_role_text((mn_role_id)i));
        for (int r = 0; r < MN_RESOURCES; r++) {
            if (rights.verbs[r] == 0)
                continue;
            fprintf(cli->out, "  ");
            mn_text_pad(cli->out, mn_resource_word((mn_resource)r), 12);
            for (int v = 0; v < MN_VERBS; v++)
                if (mn_rights_has(&rights, (mn_resource)r, (mn_verb)v))
                    fprintf(cli->out, " %s", mn_verb_word((mn_verb)v));
            fputc('\n', cli->out);
        }
    }
}

int mn_cmd_roles(mn_cli *cli)
{
    mn_error err = {0};
    mn_code code = MN_OK;
    const char *what = cli->args->n_operands ? cli->args->operands[0] : "show";
    if (strcmp(what, "markdown") == 0)
        code = mn_out_document(cli->out, mn_rights_write_markdown, &err);
    else if (strcmp(what, "show") != 0)
        return mn_say_usage(cli->args->command, "roles are shown, or written as markdown");
    else if (cli->json)
        code = print_json(cli, &err);
    else
        print_text(cli);
    if (code == MN_OK)
        return MN_EXIT_DONE;
    mn_say_error(NULL, &err);
    return MN_EXIT_FAILURE;
}
