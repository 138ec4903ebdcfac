/* mien keys show, rotate: the master key. */
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"

static int finish(mn_core *core, mn_code code, const mn_error *err)
{
    mn_core_close(core);
    if (code == MN_OK)
        return MN_EXIT_DONE;
    mn_say_error(NULL, err);
    return MN_EXIT_FAILURE;
}

static mn_code print_state(const mn_cli *cli, const mn_rotate_state *s, mn_error *err)
{
    const char *source = mn_settings_text(cli->settings, MN_S_KEY_SOURCE);
    char current[MN_RATE_TEXT], older[MN_RATE_TEXT];
    if (cli->json)
        return mn_json_print(cli->out,
                             json_pack("{ss ss sI sI}", "source", source, "master_key", s->id, "current",
                                       (json_int_t)s->current, "older", (json_int_t)s->older),
                             err);
    fprintf(cli->out, "master key   %s, from: %s\n", s->id, source);
    fprintf(cli->out, "people       %s wrapped by it, %s by an older one\n",
            mn_text_count(s->current, current), mn_text_count(s->older, older));
    return MN_OK;
}

int mn_cmd_keys_show(mn_cli *cli)
{
    mn_error err = {0};
    mn_core *core = NULL;
    mn_rotate_state state;
    mn_code code = mn_engine_open_records(cli, &core, &err);
    if (code == MN_OK)
        code = mn_core_look_at_keys(core, &state, &err);
    if (code == MN_OK)
        code = print_state(cli, &state, &err);
    return finish(core, code, &err);
}

static void show_progress(void *user, uint64_t done)
{
    mn_progress_show(user, (size_t)done, "");
}

static mn_code rotate(mn_cli *cli, mn_core *core, mn_rotate_report *report, mn_error *err)
{
    mn_rotate_state state;
    const mn_actor who = mn_engine_actor();
    mn_code code = mn_core_look_at_keys(core, &state, err);
    if (code != MN_OK)
        return code;
    mn_progress p = mn_progress_start(cli, (size_t)(state.current + state.older));
    code = mn_core_rotate_keys(core, &who, show_progress, &p, cli->cancel, report, err);
    mn_progress_clear(&p);
    return code;
}

static mn_code print_report(const mn_cli *cli, const mn_rotate_report *r, mn_error *err)
{
    char keys[MN_RATE_TEXT];
    if (cli->json)
        return mn_json_print(cli->out,
                             json_pack("{ss sI sI sb}", "master_key", r->to, "keys", (json_int_t)r->keys,
                                       "rewrapped", (json_int_t)r->rewrapped, "resumed", (int)r->resumed),
                             err);
    if (r->resumed)
        fprintf(cli->out, "an interrupted exchange was brought to its end\n");
    fprintf(cli->out, "master key   %s\npeople       %s wrapped by it\n", r->to,
            mn_text_count(r->keys, keys));
    return MN_OK;
}

int mn_cmd_keys_rotate(mn_cli *cli)
{
    mn_error err = {0};
    mn_core *core = NULL;
    mn_rotate_report report;
    mn_code code = mn_engine_open_records(cli, &core, &err);
    if (code == MN_OK)
        code = rotate(cli, core, &report, &err);
    if (code == MN_OK)
        code = print_report(cli, &report, &err);
    return finish(core, code, &err);
}
