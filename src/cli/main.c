/* mien: from the command line to a command and its exit status. */
#include "base/alloc.h"
#include "base/log.h"
#include "cli/config.h"
#include "cli/help.h"
#include "cli/out.h"
#include "cli/say.h"
#include <assert.h>
#include <signal.h>
#include <string.h>

static mn_cancel interrupted;

/* The first Ctrl-C lets the pictures in work finish; SA_RESETHAND makes the second one end the program. */
static void on_signal(int number)
{
    (void)number;
    mn_cancel_set(&interrupted);
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void setup_log(const mn_settings *s)
{
    mn_log_level level = MN_LOG_WARN;
    mn_log_parse_level(mn_settings_text(s, MN_S_LOG_LEVEL), &level);
    mn_log_setup(level, strcmp(mn_settings_text(s, MN_S_LOG_FORMAT), "json") == 0 ? MN_LOG_JSON : MN_LOG_TEXT,
                 2);
}

static int run_command(const mn_args *args, FILE *out)
{
    mn_error err = {0};
    const mn_settings *settings = NULL;
    bool usage;
    mn_code code = mn_config_load(args, &settings, &usage, &err);
    if (code != MN_OK && usage)
        return mn_say_usage(args->command, err.text);
    if (code == MN_OK) {
        setup_log(settings);
        if (args->command->settings == MN_ALL_SETTINGS)
            code = mn_config_add_stored(&settings, &err);
    }
    if (code != MN_OK) {
        mn_settings_unref(settings);
        mn_say_error(NULL, &err);
        return MN_EXIT_FAILURE;
    }
    setup_log(settings);
    mn_cli cli = {.args = args,
                  .settings = settings,
                  .cancel = &interrupted,
                  .out = out,
                  .json = args->value[MN_O_JSON] != NULL,
                  .quiet = args->value[MN_O_QUIET] != NULL};
    int status = args->command->run(&cli);
    assert(status != MN_EXIT_NO || args->command->no); /* or the documentation does not know of it */
    mn_settings_unref(cli.settings);
    return status;
}

static int dispatch(int argc, char **argv, FILE *out)
{
    mn_args args;
    mn_error err = {0};
    int status = MN_EXIT_DONE;
    mn_code code = mn_args_parse(argc, argv, &args, &err);
    if (code != MN_OK)
        status = mn_say_usage(args.command, err.text);
    else if (args.command && args.value[MN_O_HELP])
        mn_help_command(out, args.command);
    else if (args.command)
        status = run_command(&args, out);
    else if (args.value[MN_O_HELP])
        mn_help_overview(out);
    else
        status = mn_say_usage(NULL, "which command?");
    mn_args_finish(&args);
    return status;
}

int main(int argc, char **argv)
{
    json_set_alloc_funcs(mn_alloc, mn_free);
    watch_signals();
    mn_error err = {0};
    FILE *out = mn_out_open_standard();
    if (!out) {
        mn_fail(&err, MN_E_MEMORY, "no memory for standard output");
        mn_say_error(NULL, &err);
        return MN_EXIT_FAILURE;
    }
    int status = dispatch(argc, argv, out);
    return mn_out_close(out, "standard output") ? status : MN_EXIT_FAILURE;
}
