/* mien models list, pull, check: the packs on the disk. */
#include "app/pull.h"
#include "base/alloc.h"
#include "base/file.h"
#include "cli/config.h"
#include "cli/out.h"
#include "cli/say.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const pack_names[] = {"standard", "offline"};
#define N_PACKS (sizeof pack_names / sizeof *pack_names)

static int fail(const mn_error *err)
{
    mn_say_error(NULL, err);
    return MN_EXIT_FAILURE;
}

/* --pack, or all packs for list and check. */
static bool wanted(const mn_cli *cli, const char *name)
{
    const char *pack = mn_settings_text(cli->settings, MN_S_MODEL_PACK);
    return strcmp(pack, "auto") == 0 || strcmp(pack, name) == 0;
}

static mn_code open_pack(const mn_cli *cli, const char *name, mn_pack **out, mn_error *err)
{
    char dir[MN_PATH_SIZE];
    mn_code code = mn_config_model_dir(cli->settings, dir, err);
    return code == MN_OK ? mn_pack_open(name, dir, out, err) : code;
}

/* ---- list and check ---- */

static const char *state_word(mn_model_state state)
{
    return state == MN_MODEL_PRESENT ? "present" : state == MN_MODEL_MISSING ? "missing" : "damaged";
}

/* Listing looks at sizes only; checking reads every byte. */
static mn_model_state state_of(const mn_pack *pack, const mn_model_info *m, bool thorough, mn_error *why)
{
    char path[MN_PATH_SIZE];
    struct stat st;
    if (thorough)
        return mn_pack_check(pack, m, why);
    mn_pack_path(pack, m, path, sizeof path);
    if (stat(path, &st) != 0)
        return MN_MODEL_MISSING;
    if (st.st_size == m->bytes)
        return MN_MODEL_PRESENT;
    mn_fail(why, MN_E_MODEL, "%lld bytes instead of %lld", (long long)st.st_size, (long long)m->bytes);
    return MN_MODEL_DAMAGED;
}

typedef struct {
    const mn_cli *cli;
    bool thorough;
    json_t *packs; /* with --json */
    bool wrong;    /* a needed model is missing, or any is damaged */
} listing;

static json_t *model_json(const mn_model_info *m, mn_model_state state)
{
    return json_pack("{ss ss so ss sI ss so so ss sb}", "task", m->task, "name", m->name, "precision",
                     mn_json_text(m->precision), "file", m->file, "bytes", (json_int_t)m->bytes, "license",
                     m->license, "source", mn_json_text(m->source), "url", mn_json_text(m->url), "state",
                     state_word(state), "optional", m->optional);
}

static void model_row(FILE *out, const mn_model_info *m, mn_model_state state, const mn_error *why)
{
    fprintf(out, "  %-8s  ", state_word(state));
    mn_text_pad(out, m->task, 12);
    mn_text_pad(out, m->name, 22);
    fprintf(out, " %-5s %7.1f MB  %s%s", m->precision ? m->precision : "", (double)m->bytes / 1e6, m->license,
            m->optional ? "  (optional)" : "");
    if (state == MN_MODEL_DAMAGED)
        fprintf(out, "  %s", why->text);
    fputc('\n', out);
}

static void list_models(listing *l, const mn_pack *pack, json_t *models)
{
    for (size_t i = 0; i < mn_pack_count(pack); i++) {
        const mn_model_info *m = mn_pack_model(pack, i);
        mn_error why = {0};
        mn_model_state state = state_of(pack, m, l->thorough, &why);
        if (state == MN_MODEL_DAMAGED || (state == MN_MODEL_MISSING && !m->optional))
            l->wrong = true;
        if (models)
            json_array_append_new(models, model_json(m, state));
        else
            model_row(l->cli->out, m, state, &why);
    }
}

static mn_code list_pack(listing *l, const char *name, mn_error *err)
{
    mn_pack *pack;
    mn_code code = open_pack(l->cli, name, &pack, err);
    if (code != MN_OK)
        return code;
    json_t *models = l->packs ? json_array() : NULL;
    if (!models)
        fprintf(l->cli->out, "%s, version %d: %s\n", name, mn_pack_version(pack),
                mn_pack_complete(pack) ? "complete" : "not complete");
    list_models(l, pack, models);
    if (models)
        json_array_append_new(l->packs,
                              json_pack("{ss si sb so}", "name", name, "version", mn_pack_version(pack),
                                        "complete", mn_pack_complete(pack), "models", models));
    mn_pack_close(pack);
    return MN_OK;
}

static mn_code list_packs(listing *l, mn_error *err)
{
    mn_code code = MN_OK;
    l->packs = l->cli->json ? json_array() : NULL;
    for (size_t i = 0; i < N_PACKS && code == MN_OK; i++)
        if (wanted(l->cli, pack_names[i]))
            code = list_pack(l, pack_names[i], err);
    if (code == MN_OK && l->packs)
        code = mn_json_print(l->cli->out, json_pack("{sO}", "packs", l->packs), err);
    json_decref(l->packs);
    return code;
}

int mn_cmd_models_list(mn_cli *cli)
{
    mn_error err = {0};
    listing l = {.cli = cli};
    return list_packs(&l, &err) == MN_OK ? MN_EXIT_DONE : fail(&err);
}

int mn_cmd_models_check(mn_cli *cli)
{
    mn_error err = {0};
    listing l = {.cli = cli, .thorough = true};
    if (list_packs(&l, &err) != MN_OK)
        return fail(&err);
    return l.wrong ? MN_EXIT_NO : MN_EXIT_DONE;
}

/* ---- pull ---- */

static void show_progress(void *user, const mn_model_info *m, int64_t done, int64_t total)
{
    const mn_cli *cli = user;
    if (cli->json || cli->quiet || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K%s  %.1f of %.1f MB", m->name, (double)done / 1e6, (double)total / 1e6);
    if (done == total)
        fprintf(stderr, "\r\033[K");
    fflush(stderr);
}

static const char *outcome_word(const mn_pull_outcome *o)
{
    if (o->state == MN_PULL_FETCHED)
        return o->mirrored ? "fetched from the mirror" : "fetched";
    return o->state == MN_PULL_PRESENT ? "there already" : "failed";
}

static json_t *outcome_json(const mn_pull_outcome *o)
{
    static const char *const words[] = {
        [MN_PULL_PRESENT] = "present", [MN_PULL_FETCHED] = "fetched", [MN_PULL_FAILED] = "failed"};
    json_t *j = json_pack("{ss ss ss sb}", "name", o->model->name, "file", o->model->file, "state",
                          words[o->state], "optional", o->model->optional);
    if (j && o->state == MN_PULL_FAILED)
        json_object_set_new(j, "error", mn_json_text(o->error.text));
    return j;
}

static void outcome_row(const mn_cli *cli, const mn_pull_outcome *o)
{
    if (o->state == MN_PULL_FAILED)
        fprintf(stderr, "mien: %s%s: %s\n", o->model->name, o->model->optional ? " (optional)" : "",
                o->error.text);
    else if (!cli->quiet)
        fprintf(cli->out, "%-24s %s\n", o->model->name, outcome_word(o));
}

static mn_code report(const mn_cli *cli, const mn_pack *pack, const mn_pull_outcome *outcomes, mn_error *err)
{
    json_t *all = cli->json ? json_array() : NULL;
    for (size_t i = 0; i < mn_pack_count(pack); i++) {
        if (all)
            json_array_append_new(all, outcome_json(&outcomes[i]));
        else
            outcome_row(cli, &outcomes[i]);
    }
    if (!all)
        return MN_OK;
    return mn_json_print(cli->out,
                         json_pack("{ss sb so}", "pack", mn_pack_name(pack), "complete",
                                   mn_pack_complete(pack), "models", all),
                         err);
}

static mn_code pull(mn_cli *cli, const mn_pack *pack, mn_error *err)
{
    mn_pull_outcome *outcomes = mn_calloc(mn_pack_count(pack), sizeof *outcomes);
    if (!outcomes)
        return mn_fail(err, MN_E_MEMORY, "no memory for the report");
    const mn_pull what = {.pack = pack,
                          .mirror = mn_settings_text(cli->settings, MN_S_MODEL_MIRROR),
                          .progress = show_progress,
                          .user = cli,
                          .cancel = cli->cancel};
    mn_code code = mn_models_pull(&what, outcomes, err);
    mn_error print = {0};
    if (report(cli, pack, outcomes, &print) != MN_OK && code == MN_OK) {
        *err = print;
        code = print.code;
    }
    mn_free(outcomes);
    if (code != MN_OK && code != MN_E_CANCELLED && !cli->json)
        mn_fail(err, code, "the %s pack is not complete: what is missing stands above", mn_pack_name(pack));
    return code;
}

int mn_cmd_models_pull(mn_cli *cli)
{
    mn_error err = {0};
    mn_pack *pack;
    const char *name = mn_settings_text(cli->settings, MN_S_MODEL_PACK);
    if (strcmp(name, "auto") == 0)
        name = "standard";
    mn_code code = open_pack(cli, name, &pack, &err);
    if (code != MN_OK)
        return fail(&err);
    code = pull(cli, pack, &err);
    mn_pack_close(pack);
    return code == MN_OK ? MN_EXIT_DONE : fail(&err);
}
