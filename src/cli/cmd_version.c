/* mien version: the program, and what it runs on. What cannot be opened is named, and is no failure here. */
#include "cli/config.h"
#include "cli/engine.h"
#include "cli/out.h"
#include "simd/simd.h"

typedef struct {
    mn_engine engine;
    mn_error runtime_fault, pack_fault;
    const mn_model_info *model; /* of the descriptors; NULL where it is not known */
    char model_dir[MN_PATH_SIZE];
} facts;

static void gather(mn_cli *cli, facts *f)
{
    mn_pipeline_options options = mn_pipeline_options_default();
    options.precision = mn_settings_text(cli->settings, MN_S_INFER_PRECISION);
    cli->quiet = true; /* which pack it is stands in the answer */
    mn_engine *e = &f->engine;
    mn_engine_open_runtime(cli, &e->runtime, &f->runtime_fault);
    if (mn_config_model_dir(cli->settings, f->model_dir, &f->pack_fault) == MN_OK)
        mn_engine_choose_pack(cli, f->model_dir, &e->pack, &f->pack_fault);
    if (e->runtime && e->pack &&
        mn_pipeline_create(e->runtime, e->pack, &options, &e->pipeline, &f->pack_fault) == MN_OK)
        f->model = mn_pipeline_descriptor_model(e->pipeline);
}

static mn_code print_json(const mn_cli *cli, const facts *f, mn_error *err)
{
    const mn_engine *e = &f->engine;
    return mn_json_print(
        cli->out,
        json_pack("{ss so so so so so so ss sb sI}", "version", MN_VERSION, "onnxruntime",
                  mn_json_text(e->runtime ? mn_runtime_version(e->runtime) : NULL), "provider",
                  mn_json_text(e->runtime ? mn_runtime_provider(e->runtime) : NULL), "pack",
                  mn_json_text(e->pack ? mn_pack_name(e->pack) : NULL), "model_dir",
                  mn_json_text(f->model_dir), "model", mn_json_text(f->model ? f->model->name : NULL),
                  "precision", mn_json_text(f->model ? f->model->precision : NULL), "simd",
                  mn_simd_get()->name, "vnni", mn_simd_has_vnni(), "cpus", (json_int_t)mn_cpu_count()),
        err);
}

static void print_text(const mn_cli *cli, const facts *f)
{
    const mn_engine *e = &f->engine;
    fprintf(cli->out, "mien          %s\n", MN_VERSION);
    if (e->runtime)
        fprintf(cli->out, "onnxruntime   %s (%s, %s)\n", mn_runtime_version(e->runtime),
                mn_runtime_provider(e->runtime), mn_runtime_library(e->runtime));
    else
        fprintf(cli->out, "onnxruntime   none: %s\n", f->runtime_fault.text);
    if (e->pack)
        fprintf(cli->out, "pack          %s, version %d (%s)\n", mn_pack_name(e->pack),
                mn_pack_version(e->pack), f->model_dir);
    else
        fprintf(cli->out, "pack          none: %s\n", f->pack_fault.text);
    if (f->model)
        fprintf(cli->out, "descriptors   %s, %s\n", f->model->name, f->model->precision);
    fprintf(cli->out, "simd          %s%s, %u CPU%s\n", mn_simd_get()->name,
            mn_simd_has_vnni() ? " with VNNI" : "", mn_cpu_count(), mn_cpu_count() == 1 ? "" : "s");
}

int mn_cmd_version(mn_cli *cli)
{
    mn_error err = {0};
    facts f = {0};
    mn_code code = MN_OK;
    gather(cli, &f);
    if (cli->json)
        code = print_json(cli, &f, &err);
    else
        print_text(cli, &f);
    mn_engine_close(&f.engine);
    return code == MN_OK ? MN_EXIT_DONE : MN_EXIT_FAILURE;
}
