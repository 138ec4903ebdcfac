/* mien store reextract: another descriptor model, from the stored samples. */
#include "cli/config.h"
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/reextract.h"
#include <errno.h>

#define SAID_MAX 20 /* faces said on standard error; all are in the report */

typedef struct {
    mn_cli *cli;
    mn_engine engine;
    FILE *report;
    mn_progress progress;
    uint64_t cannot;
} changing;

/* On a worker's thread. */
static mn_code describe(void *ctx, const mn_buf *jpeg, mn_arena *arena, mn_descriptor *out, mn_error *err)
{
    const changing *h = ctx;
    const mn_decode_limits limits = mn_decode_limits_read(h->cli->settings);
    mn_image *sample;
    mn_code code = mn_image_decode(jpeg->data, jpeg->len, &limits, &sample, err);
    if (code != MN_OK)
        return code;
    code = mn_pipeline_redescribe_sample(h->engine.pipeline, sample, arena, out, err);
    mn_image_unref(sample);
    return code;
}

static mn_code cannot(void *ctx, const mn_face_record *face, const mn_error *why, mn_error *err)
{
    changing *h = ctx;
    char id[MN_ID_TEXT], what[MN_ID_TEXT + 8];
    mn_id_format(&face->id, id);
    if (++h->cannot <= SAID_MAX) {
        snprintf(what, sizeof what, "face %s", id);
        mn_progress_clear(&h->progress);
        mn_say_error(what, why);
    }
    if (!h->report)
        return MN_OK;
    return mn_json_print(h->report,
                         json_pack("{ss so so s{ss so}}", "face", id, "person", mn_json_id(&face->person),
                                   "source", mn_json_text(face->source), "error", "code",
                                   mn_code_word(why->code), "text", mn_json_text(why->text)),
                         err);
}

static void show_progress(void *ctx, uint64_t done, uint64_t all)
{
    changing *h = ctx;
    char what[64];
    h->progress.total = (size_t)all;
    snprintf(what, sizeof what, "faces, %llu cannot", (unsigned long long)h->cannot);
    mn_progress_show(&h->progress, (size_t)done, what);
}

static mn_code run(changing *h, mn_reextract_report *report, mn_error *err)
{
    const mn_actor who = mn_engine_actor();
    const mn_args *a = h->cli->args;
    const char *file = a->value[MN_O_REPORT];
    const mn_reextract what = {.describe = describe,
                               .cannot = cannot,
                               .progress = show_progress,
                               .ctx = h,
                               .accept_missing = a->value[MN_O_ACCEPT_MISSING] != NULL,
                               .remove_old = a->value[MN_O_REMOVE_OLD] != NULL,
                               .abandon = a->value[MN_O_ABANDON] != NULL,
                               .cancel = h->cli->cancel};
    h->report = file ? fopen(file, "we") : NULL;
    if (file && !h->report)
        return mn_fail_errno(err, errno, "%s: cannot be written", file);
    mn_code code = mn_engine_open(h->cli, MN_WANT_DESCRIPTOR,
                                  what.abandon ? MN_PEOPLE_READ : MN_PEOPLE_CHANGE, &h->engine, err);
    if (code == MN_OK) {
        h->progress = mn_progress_start(h->cli, 0);
        code = mn_core_reextract(h->engine.core, &who, &what, report, err);
        mn_progress_clear(&h->progress);
    }
    mn_engine_close(&h->engine);
    return code;
}

static mn_code print(const mn_cli *cli, const mn_reextract_report *r, mn_error *err)
{
    FILE *out = cli->out;
    char made[MN_RATE_TEXT], missing[MN_RATE_TEXT], removed[MN_RATE_TEXT];
    if (cli->json)
        return mn_json_print(out,
                             json_pack("{sI sI sI sb sb sb}", "made", (json_int_t)r->made, "missing",
                                       (json_int_t)r->missing, "removed", (json_int_t)r->removed, "switched",
                                       (int)r->switched, "current", (int)r->current, "old_is_there",
                                       (int)r->old_is_there),
                             err);
    fprintf(out, "%s descriptors made, %s faces without one, %s old ones removed\n",
            mn_text_count(r->made, made), mn_text_count(r->missing, missing),
            mn_text_count(r->removed, removed));
    if (r->switched)
        fprintf(out, "the new model is in use from now on; start programs again that run with the old one\n");
    else if (!r->current && !cli->args->value[MN_O_ABANDON])
        fprintf(out, "the old model stays in use: enrol these faces anew, or say --accept-missing\n");
    if (r->old_is_there)
        fprintf(out, "descriptors of the old model are still there: --remove-old removes them\n");
    return MN_OK;
}

int mn_cmd_store_reextract(mn_cli *cli)
{
    mn_error err = {0};
    const mn_args *a = cli->args;
    mn_reextract_report report = {0};
    changing h = {.cli = cli};
    if (a->value[MN_O_ABANDON] && (a->value[MN_O_REMOVE_OLD] || a->value[MN_O_ACCEPT_MISSING]))
        return mn_say_usage(a->command, "--abandon stays with the old model: nothing else goes with it");
    mn_code code = run(&h, &report, &err);
    if (code == MN_OK)
        code = print(cli, &report, &err);
    bool reported = !h.report || mn_out_close(h.report, a->value[MN_O_REPORT]);
    if (code != MN_OK)
        mn_say_error(NULL, &err);
    return code != MN_OK || !reported                 ? MN_EXIT_FAILURE
           : report.current || a->value[MN_O_ABANDON] ? MN_EXIT_DONE
                                                      : MN_EXIT_NO;
}
