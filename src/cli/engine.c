#include "cli/engine.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/config.h"
#include "cli/say.h"
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Measured on Labeled Faces in the Wild, see the guide's page on models. */
static const char offline_cost[] = "where one search in 100 may raise a false alarm it misses 30 % of the "
                                   "people it should know, the standard "
                                   "pack 5 %; use it for trying out, or for comparing two good pictures";

static mn_code open_pack(const char *name, const char *dir, mn_pack **out, mn_error *err)
{
    mn_pack *pack;
    mn_code code = mn_pack_open(name, dir, &pack, err);
    if (code != MN_OK)
        return code;
    if (!mn_pack_complete(pack)) {
        mn_pack_close(pack);
        return mn_fail(err, MN_E_MODEL,
                       "the %s pack is not complete in %s (mien models list shows what is missing, mien "
                       "models pull gets it)",
                       name, dir);
    }
    *out = pack;
    return MN_OK;
}

static mn_code open_best(const mn_cli *cli, const char *dir, mn_pack **out, mn_error *err)
{
    if (open_pack("standard", dir, out, NULL) == MN_OK)
        return MN_OK;
    if (open_pack("offline", dir, out, NULL) != MN_OK)
        return mn_fail(err, MN_E_MODEL,
                       "no models in %s (get them with mien models pull, or say where they are with --set "
                       "model.dir=DIR)",
                       dir);
    mn_say_note(cli,
                "the standard model pack is not installed in %s (mien models pull gets it), using the "
                "offline pack: %s",
                dir, offline_cost);
    return MN_OK;
}

/* The pack that the data directory was made with, "" where there is none yet. */
static mn_code pack_of_data(const mn_cli *cli, char *name, size_t size, mn_error *err)
{
    char dir[MN_PATH_SIZE];
    name[0] = 0;
    if (mn_config_data_dir(cli->settings, dir, NULL) != MN_OK)
        return MN_OK;
    const mn_core_options options = {.data_dir = dir, .settings = cli->settings};
    return mn_core_pack_of(&options, name, size, err);
}

mn_code mn_engine_choose_pack(const mn_cli *cli, const char *model_dir, mn_pack **out, mn_error *err)
{
    char made_with[64];
    const char *wanted = mn_settings_text(cli->settings, MN_S_MODEL_PACK);
    if (strcmp(wanted, "auto") != 0)
        return open_pack(wanted, model_dir, out, err);
    mn_code code = pack_of_data(cli, made_with, sizeof made_with, err);
    if (code != MN_OK)
        return code;
    if (!*made_with)
        return open_best(cli, model_dir, out, err);
    if (strcmp(made_with, "offline") == 0)
        mn_say_note(cli, "the data directory was made with the offline model pack: %s", offline_cost);
    return open_pack(made_with, model_dir, out, err);
}

mn_code mn_engine_open_runtime(const mn_cli *cli, mn_runtime **out, mn_error *err)
{
    const mn_runtime_options options = {
        .library = mn_settings_text(cli->settings, MN_S_INFER_LIBRARY),
        .provider = mn_settings_text(cli->settings, MN_S_INFER_PROVIDER),
    };
    return mn_runtime_create(&options, out, err);
}

static mn_code open_pipeline(const mn_cli *cli, unsigned want, mn_engine *e, mn_error *err)
{
    const mn_settings *s = cli->settings;
    mn_pipeline_options options = mn_pipeline_options_default();
    options.precision = mn_settings_text(s, MN_S_INFER_PRECISION);
    options.flip = mn_settings_bool(s, MN_S_FACE_FLIP);
    options.min_score = (float)mn_settings_real(s, MN_S_FACE_MIN_SCORE);
    options.min_face = (int)mn_settings_int(s, MN_S_FACE_MIN_SIZE);
    options.max_faces = (int)mn_settings_int(s, MN_S_FACE_MAX);
    mn_code code = mn_pipeline_create(e->runtime, e->pack, &options, &e->pipeline, err);
    return code == MN_OK ? mn_pipeline_prepare(e->pipeline, want, err) : code;
}

static void warn(void *user, const char *text)
{
    (void)user;
    mn_log(MN_LOG_WARN, "core", "%s", text);
}

static mn_code core_options(const mn_cli *cli, bool create, char dir[MN_PATH_SIZE], mn_core_options *out,
                            mn_error *err)
{
    mn_code code = mn_config_data_dir(cli->settings, dir, err);
    if (code != MN_OK)
        return code;
    bool local = mn_store_is_local(mn_settings_text(cli->settings, MN_S_STORE_URL));
    if (!create && local && !mn_file_is_folder(dir))
        return mn_fail(err, MN_E_NOT_FOUND,
                       "%s: nobody is enrolled here (mien enroll makes this folder; --data names another)",
                       dir);
    int64_t threads = mn_settings_int(cli->settings, MN_S_MATCH_THREADS);
    *out = (mn_core_options){
        .data_dir = dir,
        .create = create,
        .settings = cli->settings,
        .search_threads = threads > 0 ? (unsigned)threads : mn_cpu_count(),
        .fmr = mn_settings_real(cli->settings, MN_S_MATCH_FMR),
        .warn = warn,
    };
    return MN_OK;
}

static mn_code open_core(const mn_cli *cli, mn_people_use people, mn_engine *e, mn_error *err)
{
    char dir[MN_PATH_SIZE];
    mn_core_options options;
    mn_code code = core_options(cli, people == MN_PEOPLE_CREATE, dir, &options, err);
    options.begin_change = people == MN_PEOPLE_CHANGE;
    return code == MN_OK ? mn_core_open(&options, e->pipeline, &e->core, err) : code;
}

mn_code mn_engine_open(const mn_cli *cli, unsigned want, mn_people_use people, mn_engine *out, mn_error *err)
{
    char dir[MN_PATH_SIZE];
    memset(out, 0, sizeof *out);
    mn_code code = mn_config_model_dir(cli->settings, dir, err);
    if (code == MN_OK)
        code = mn_engine_choose_pack(cli, dir, &out->pack, err);
    if (code == MN_OK)
        code = mn_engine_open_runtime(cli, &out->runtime, err);
    if (code == MN_OK)
        code = open_pipeline(cli, want, out, err);
    if (code == MN_OK && people != MN_PEOPLE_NONE)
        code = open_core(cli, people, out, err);
    return code;
}

void mn_engine_close(mn_engine *e)
{
    if (e->core)
        mn_core_close(e->core);
    if (e->pipeline)
        mn_pipeline_destroy(e->pipeline);
    if (e->runtime)
        mn_runtime_destroy(e->runtime);
    if (e->pack)
        mn_pack_close(e->pack);
    memset(e, 0, sizeof *e);
}

mn_code mn_engine_open_gallery(const mn_cli *cli, const mn_core_gallery_options *gallery, mn_engine *out,
                               mn_error *err)
{
    char models[MN_PATH_SIZE], data[MN_PATH_SIZE];
    mn_core_options options;
    memset(out, 0, sizeof *out);
    mn_code code = core_options(cli, false, data, &options, err);
    if (code == MN_OK)
        code = mn_config_model_dir(cli->settings, models, err);
    if (code == MN_OK)
        code = mn_engine_choose_pack(cli, models, &out->pack, err);
    if (code != MN_OK)
        return code;
    options.gallery = *gallery;
    return mn_core_open_pack(&options, out->pack, &out->core, err);
}

mn_code mn_engine_open_records(const mn_cli *cli, mn_core **out, mn_error *err)
{
    char dir[MN_PATH_SIZE];
    mn_core_options options;
    mn_code code = core_options(cli, false, dir, &options, err);
    return code == MN_OK ? mn_core_open_records(&options, out, err) : code;
}

mn_code mn_engine_make_records(const mn_cli *cli, mn_core **out, mn_error *err)
{
    char dir[MN_PATH_SIZE];
    mn_core_options options;
    mn_code code = core_options(cli, true, dir, &options, err);
    return code == MN_OK ? mn_core_open_records(&options, out, err) : code;
}

mn_actor mn_engine_actor(void)
{
    static char name[64];
    const struct passwd *user = getpwuid(getuid());
    if (user)
        snprintf(name, sizeof name, "cli:%s", user->pw_name);
    else
        snprintf(name, sizeof name, "cli:%u", (unsigned)getuid());
    return (mn_actor){.name = name, .rights = mn_rights_all()};
}
