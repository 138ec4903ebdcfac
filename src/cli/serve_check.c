#include "cli/serve_check.h"

#include "base/file.h"
#include "cli/config.h"
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/copy.h"
#include "net/http.h"

#include <string.h>
#include <unistd.h>

#define WANT_ALL                                                                                             \
    (MN_WANT_LANDMARKS | MN_WANT_POSE | MN_WANT_QUALITY | MN_WANT_EXPRESSION | MN_WANT_LIVENESS |            \
     MN_WANT_AGE | MN_WANT_DESCRIPTOR | MN_WANT_SAMPLE)

/* Each says in *note what it found, where there is more to say than that it is good. */
typedef mn_code check(const mn_cli *cli, const char **note, mn_error *err);

static mn_code check_addresses(const mn_cli *cli, const char **note, mn_error *err)
{
    mn_http_options http;
    mn_http_options_read(cli->settings, &http);
    if (!*http.listen && !*http.listen_tls)
        return mn_fail(err, MN_E_INVALID,
                       "no address to listen on: server.listen and server.listen_tls are empty");
    if (!*http.listen_tls)
        *note = "without TLS";
    return mn_http_server_check(&http, err);
}

static mn_code check_data(const mn_cli *cli, const char **note, mn_error *err)
{
    char dir[MN_PATH_SIZE];
    mn_code code = mn_config_data_dir(cli->settings, dir, err);
    if (code != MN_OK)
        return code;
    if (!mn_file_exists(dir)) {
        *note = "there is none yet; the first start makes it";
        return MN_OK;
    }
    if (!mn_file_is_folder(dir))
        return mn_fail(err, MN_E_INVALID, "%.200s is no folder", dir);
    return access(dir, R_OK | W_OK | X_OK) == 0
               ? MN_OK
               : mn_fail(err, MN_E_IO, "%.200s belongs to somebody else: this user can't write there", dir);
}

/* Opens without bringing an older store to this version. */
static mn_code check_store(const mn_cli *cli, const char **note, mn_error *err)
{
    char dir[MN_PATH_SIZE];
    mn_core *core = NULL;
    mn_migration found;
    mn_code code = mn_config_data_dir(cli->settings, dir, err);
    if (code != MN_OK)
        return code;
    const mn_core_options where = {.data_dir = dir, .settings = cli->settings};
    code = mn_core_migrate(&where, true, &found, err);
    if (code == MN_E_NOT_FOUND) {
        *note = "there is none yet; the first start makes it";
        *err = (mn_error){0};
        return MN_OK;
    }
    if (code == MN_OK && found.was < found.newest && mn_settings_bool(cli->settings, MN_S_STORE_MIGRATE)) {
        *note = "of an older version; the start brings it to this one (make a backup before)";
        return MN_OK;
    }
    if (code == MN_OK)
        code = mn_engine_open_records(cli, &core, err);
    if (code == MN_OK)
        code = mn_core_alive(core, err);
    mn_core_close(core);
    return code;
}

static mn_code check_models(const mn_cli *cli, const char **note, mn_error *err)
{
    mn_engine engine;
    mn_code code = mn_engine_open(cli, WANT_ALL, MN_PEOPLE_NONE, &engine, err);
    if (code == MN_OK && strcmp(mn_pack_name(engine.pack), "offline") == 0)
        *note = "the offline pack, which is for trying out";
    mn_engine_close(&engine);
    return code;
}

static json_t *row(const char *name, const char *note, const mn_error *err)
{
    return json_pack("{s:s, s:b, s:s*}", "name", name, "ok", err->code == MN_OK, "text",
                     err->code == MN_OK ? note : err->text);
}

int mn_serve_check(mn_cli *cli)
{
    static const struct {
        const char *name;
        check *run;
    } checks[] = {{"addresses and certificate", check_addresses},
                  {"data directory", check_data},
                  {"store and keys", check_store},
                  {"models", check_models}};
    bool all = true;
    json_t *rows = cli->json ? json_array() : NULL;
    mn_error failed = {0};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        mn_error err = {0};
        const char *note = NULL;
        bool ok = checks[i].run(cli, &note, &err) == MN_OK;
        all &= ok;
        if (rows)
            json_array_append_new(rows, row(checks[i].name, note, &err));
        else
            fprintf(cli->out, "%s: %s%s%s\n", checks[i].name, ok ? "good" : err.text, ok && note ? ", " : "",
                    ok && note ? note : "");
    }
    if (cli->json &&
        mn_json_print(cli->out, json_pack("{s:b, s:o}", "ok", all, "checks", rows), &failed) != MN_OK) {
        mn_say_error(NULL, &failed);
        return MN_EXIT_FAILURE;
    }
    return all ? MN_EXIT_DONE : MN_EXIT_NO;
}
