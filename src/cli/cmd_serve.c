/* mien serve: the HTTP API. Loads, serves until a signal, stops in order. */
#include "app/app.h"
#include "base/log.h"
#include "cli/config.h"
#include "cli/engine.h"
#include "cli/notify.h"
#include "cli/say.h"
#include "cli/serve_check.h"
#include "core/sessions.h"
#include "core/users.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define HOUSEKEEPING_S 30
/* Descriptors besides those of connections: store, blobs, models, downloads. */
#define FILES_BESIDES 512
#define WANT_ALL                                                                                             \
    (MN_WANT_LANDMARKS | MN_WANT_POSE | MN_WANT_QUALITY | MN_WANT_EXPRESSION | MN_WANT_LIVENESS |            \
     MN_WANT_AGE | MN_WANT_DESCRIPTOR | MN_WANT_SAMPLE)

typedef struct {
    const mn_cli *cli;
    mn_engine engine;
    mn_app *app;
    sigset_t signals;
} server;

/* ---- start ---- */

static void raise_files(const mn_settings *s)
{
    struct rlimit limit;
    rlim_t need = (rlim_t)mn_settings_int(s, MN_S_SERVER_CONNECTIONS_MAX) + FILES_BESIDES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
        return;
    struct rlimit more = {.rlim_cur = need, .rlim_max = limit.rlim_max < need ? need : limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0)
        return;
    limit.rlim_cur = limit.rlim_max; /* who is not root can go as far as this */
    setrlimit(RLIMIT_NOFILE, &limit);
    mn_log(
        MN_LOG_WARN, "serve",
        "server.connections_max is %lld, which takes %llu open files, and %llu are allowed: raise the limit "
        "(LimitNOFILE= in the unit, or ulimit -n)",
        (long long)mn_settings_int(s, MN_S_SERVER_CONNECTIONS_MAX), (unsigned long long)need,
        (unsigned long long)limit.rlim_cur);
}

static mn_code first_user(mn_core *core, mn_error *err)
{
    char once[MN_ONCE_TEXT];
    bool made = false;
    mn_code code = mn_core_first_user(core, once, &made, err);
    if (code == MN_OK && made)
        fprintf(stderr,
                "\nThe administrator \"admin\" was made. Password for the first login, shown this once:\n\n  "
                "  %s\n\n",
                once);
    memset(once, 0, sizeof once);
    return code;
}

static void say_where(const server *s)
{
    char address[MN_HTTP_ADDRESS], all[2048] = "", status[2100];
    size_t len = 0;
    for (size_t i = 0; len < sizeof all && mn_app_address(s->app, i, address); i++)
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i ? ", " : "", address);
    if (strcmp(mn_settings_text(s->cli->settings, MN_S_LOG_FORMAT), "json") == 0)
        mn_log(MN_LOG_INFO, "serve", "listening on %s", all);
    else
        mn_say_note(s->cli, "listening on %s", all);
    snprintf(status, sizeof status, "READY=1\nSTATUS=Listening on %s", all);
    mn_notify(status);
}

/* ---- reload ---- */

static void say_what_waits(const mn_settings *start, const mn_settings *read)
{
    for (int i = 0; i < MN_S_COUNT; i++) {
        const mn_setting_info *info = mn_setting_describe((mn_setting)i);
        const char *was = mn_settings_text(start, (mn_setting)i), *is = mn_settings_text(read, (mn_setting)i);
        if (!info->live && strcmp(was, is) != 0)
            mn_log(MN_LOG_WARN, "serve", "%s was changed, which takes effect at the next start", info->name);
    }
}

/* File, environment and command line again, in the same order as at the start; and the certificates. */
static mn_code reload(const server *s, mn_error *err)
{
    const mn_settings *read;
    bool usage;
    mn_code code = mn_config_load(s->cli->args, &read, &usage, err);
    if (code != MN_OK)
        return code;
    say_what_waits(s->cli->settings, read);
    code = mn_app_reload(s->app, read, err);
    mn_settings_unref(read);
    return code;
}

static void on_reload(const server *s)
{
    mn_error err = {0};
    mn_notify_reloading();
    if (reload(s, &err) != MN_OK)
        mn_log(MN_LOG_ERROR, "serve", "reload failed, everything stays as it was: %s", err.text);
    else
        mn_log(MN_LOG_INFO, "serve", "reloaded: certificates and settings");
    mn_notify("READY=1");
}

/* ---- until a signal ---- */

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* 0: nothing came for so long. every_ms 0: waits for ever. */
static int next_signal(const sigset_t *set, int every_ms)
{
    const struct timespec most = {.tv_sec = every_ms / 1000, .tv_nsec = (long)(every_ms % 1000) * 1000000};
    for (;;) {
        int number = sigtimedwait(set, NULL, every_ms > 0 ? &most : NULL);
        if (number > 0)
            return number;
        if (errno == EAGAIN)
            return 0;
    }
}

/* A store that hangs ends the beats; one that answers with an error does not, as a new start would not help.
 */
static void beat(const server *s)
{
    mn_error err = {0};
    if (mn_core_alive(s->engine.core, &err) != MN_OK)
        mn_log(MN_LOG_ERROR, "serve", "the store does not answer: %s", err.text);
    mn_notify("WATCHDOG=1");
}

static void wait_for_end(const server *s)
{
    int every_ms = mn_notify_watchdog_ms(), number = 0;
    do {
        number = next_signal(&s->signals, every_ms);
        if (number == SIGHUP)
            on_reload(s);
        else if (number == 0)
            beat(s);
    } while (number == SIGHUP || number == 0);
    mn_log(MN_LOG_INFO, "serve", "signal %d: stopping", number);
}

static void house_failed(void *user, const mn_error *err)
{
    (void)user;
    mn_log(MN_LOG_WARN, "serve", "housekeeping failed, and is tried again in %d s: %s", HOUSEKEEPING_S,
           err->text);
}

static mn_code run(server *s, mn_error *err)
{
    mn_code code = first_user(s->engine.core, err);
    if (code == MN_OK)
        code = mn_core_keep_house(s->engine.core, HOUSEKEEPING_S, house_failed, NULL, err);
    if (code == MN_OK)
        code = mn_app_start(s->app, err);
    if (code != MN_OK)
        return code;
    say_where(s);
    wait_for_end(s);
    mn_notify("STOPPING=1");
    mn_app_stop(s->app);
    return MN_OK;
}

static mn_code open_and_serve(server *s, mn_error *err)
{
    const mn_settings *settings = s->cli->settings;
    char data[MN_PATH_SIZE];
    unsigned want = mn_settings_bool(settings, MN_S_SERVER_PRELOAD) ? WANT_ALL : 0;
    mn_code code = mn_config_data_dir(settings, data, err);
    if (code == MN_OK)
        code = mn_engine_open(s->cli, want, MN_PEOPLE_CREATE, &s->engine, err);
    if (code != MN_OK)
        return code;
    const mn_app_options options = {
        .settings = settings, .data_dir = data, .core = s->engine.core, .pipeline = s->engine.pipeline};
    code = mn_app_create(&options, &s->app, err);
    if (code == MN_OK)
        code = run(s, err);
    mn_app_destroy(s->app);
    return code;
}

int mn_cmd_serve(mn_cli *cli)
{
    mn_error err = {0};
    server s = {.cli = cli};
    if (cli->args->value[MN_O_CHECK])
        return mn_serve_check(cli);
    block_signals(&s.signals); /* before any thread is made */
    raise_files(cli->settings);
    mn_code code = open_and_serve(&s, &err);
    mn_engine_close(&s.engine);
    if (code == MN_OK)
        return MN_EXIT_DONE;
    mn_say_error(NULL, &err);
    return MN_EXIT_FAILURE;
}
