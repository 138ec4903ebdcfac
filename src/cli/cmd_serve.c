/* mien serve: the HTTP API. Loads, serves until a signal, stops in order. */
#include "app/app.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/config.h"
#include "cli/engine.h"
#include "cli/say.h"
#include "core/sessions.h"
#include "core/users.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HOUSEKEEPING_S 30
#define WANT_ALL                                                                                             \
    (MN_WANT_LANDMARKS | MN_WANT_POSE | MN_WANT_QUALITY | MN_WANT_EXPRESSION | MN_WANT_LIVENESS |            \
     MN_WANT_AGE | MN_WANT_DESCRIPTOR | MN_WANT_SAMPLE)

/* ---- systemd is told when it may go on (sd_notify's protocol: one datagram) ---- */

static void notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, path, strlen(path) + 1);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (path[0] == '@')
        to.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to, len);
    close(fd);
}

/* ---- what is due from time to time: consents and sessions that ended ---- */

typedef struct {
    mn_core *core;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
} housekeeper;

static void keep_house(mn_core *core)
{
    static const mn_actor self = {.name = "mien"};
    mn_error err = {0};
    size_t people = 0;
    if (mn_core_expire(core, &self, &people, &err) != MN_OK || mn_core_sessions_expire(core, &err) != MN_OK)
        mn_log(MN_LOG_WARN, "serve", "housekeeping failed, and is tried again in %d s: %s", HOUSEKEEPING_S,
               err.text);
    else if (people > 0)
        mn_log(MN_LOG_INFO, "serve", "consents ended: biometrics of %zu people were destroyed", people);
}

static void *run_house(void *arg)
{
    housekeeper *h = arg;
    pthread_mutex_lock(&h->lock);
    while (!h->stop) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += HOUSEKEEPING_S;
        pthread_cond_timedwait(&h->wake, &h->lock, &until);
        if (h->stop)
            break;
        pthread_mutex_unlock(&h->lock);
        keep_house(h->core);
        pthread_mutex_lock(&h->lock);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

static void stop_house(housekeeper *h, pthread_t thread)
{
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
    pthread_join(thread, NULL);
}

/* ---- first start ---- */

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

static void say_where(const mn_cli *cli, const mn_app *app)
{
    for (size_t i = 0; i < 2; i++) {
        int port = mn_app_port(app, i);
        if (port > 0)
            mn_say_note(cli, "listening on port %d", port);
    }
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

static void wait_for_end(mn_app *app, const sigset_t *set)
{
    int number = 0;
    while (sigwait(set, &number) != 0 || number == SIGHUP) {
        mn_error err = {0};
        if (mn_app_reload(app, NULL, &err) != MN_OK)
            mn_log(MN_LOG_ERROR, "serve", "reload failed, everything stays as it was: %s", err.text);
        else
            mn_log(MN_LOG_INFO, "serve", "reloaded");
    }
    mn_log(MN_LOG_INFO, "serve", "signal %d: stopping", number);
}

static mn_code serve(const mn_cli *cli, mn_app *app, mn_core *core, const sigset_t *set, mn_error *err)
{
    housekeeper h = {.core = core, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    mn_code code = mn_app_start(app, err);
    if (code != MN_OK)
        return code;
    if (pthread_create(&thread, NULL, run_house, &h) != 0) {
        mn_app_stop(app);
        return mn_fail(err, MN_E_MEMORY, "no thread for housekeeping");
    }
    say_where(cli, app);
    notify("READY=1");
    wait_for_end(app, set);
    notify("STOPPING=1");
    mn_app_stop(app);
    stop_house(&h, thread);
    return MN_OK;
}

static mn_code open_and_serve(const mn_cli *cli, mn_engine *engine, const sigset_t *set, mn_error *err)
{
    mn_app *app = NULL;
    unsigned want = mn_settings_bool(cli->settings, MN_S_SERVER_PRELOAD) ? WANT_ALL : 0;
    mn_code code = mn_engine_open(cli, want, MN_PEOPLE_CREATE, engine, err);
    if (code != MN_OK)
        return code;
    const mn_app_options options = {
        .settings = cli->settings, .core = engine->core, .pipeline = engine->pipeline};
    code = mn_app_create(&options, &app, err);
    if (code == MN_OK)
        code = first_user(engine->core, err);
    if (code == MN_OK)
        code = serve(cli, app, engine->core, set, err);
    mn_app_destroy(app);
    return code;
}

int mn_cmd_serve(mn_cli *cli)
{
    mn_error err = {0};
    mn_engine engine = {0};
    sigset_t set;
    block_signals(&set); /* before any thread is made */
    mn_code code = open_and_serve(cli, &engine, &set, &err);
    mn_engine_close(&engine);
    if (code == MN_OK)
        return MN_EXIT_DONE;
    mn_say_error(NULL, &err);
    return MN_EXIT_FAILURE;
}
