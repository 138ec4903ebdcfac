/* mien compare: do two pictures show the same person? */
#include "cli/drawing.h"
#include "cli/out.h"
#include "cli/say.h"
#include <string.h>

/* What is kept of a picture after it is gone. */
typedef struct {
    mn_descriptor descriptor;
    float values[MN_DESCRIPTOR_MAX];
    float eye_distance;
    size_t n_faces;
} side;

typedef struct {
    const mn_cli *cli;
    side sides[2];
    size_t n, failed;
} comparison;

static mn_code keep(comparison *c, mn_picture *p, mn_error *err)
{
    const mn_face *face;
    mn_code code = p->code != MN_OK ? p->code : mn_picture_pick(c->cli, p, "largest", &face, err);
    if (code != MN_OK)
        return code;
    side *s = &c->sides[c->n];
    s->descriptor = face->descriptor;
    memcpy(s->values, face->descriptor.v, (size_t)face->descriptor.dim * sizeof *s->values);
    s->descriptor.v = s->values;
    s->eye_distance = mn_face_eye_distance(face);
    s->n_faces = p->n_faces;
    return mn_drawing_save(c->cli, true, p, NULL, NULL, err);
}

static mn_code show(void *ctx, mn_picture *p, mn_error *err)
{
    comparison *c = ctx;
    mn_error error = p->error;
    (void)err;
    if (keep(c, p, &error) != MN_OK) {
        mn_say_error(p->label, &error);
        c->failed++;
    }
    const side *s = &c->sides[c->n++];
    if (s->n_faces > 1 && !c->cli->args->value[MN_O_FACE])
        mn_say_note(c->cli, "%s: %zu faces, the largest is compared (choose with --face)", p->label,
                    s->n_faces);
    if (s->n_faces && s->eye_distance < MN_EYES_SMALL)
        mn_say_note(c->cli, "%s: the face is very small (%.0f px between the eyes): do not trust the score",
                    p->label, (double)s->eye_distance);
    return MN_OK;
}

static json_t *threshold_json(const mn_verdict *v)
{
    return json_pack("{sf so sb}", "fmr", v->threshold_fmr, "raw", mn_json_real(v->threshold_raw), "measured",
                     v->threshold_measured);
}

static mn_code print_json(const mn_cli *cli, const mn_engine *e, const mn_verdict *v, mn_error *err)
{
    const mn_model_info *model = mn_pipeline_descriptor_model(e->pipeline);
    return mn_json_print(cli->out,
                         json_pack("{sb sf sf sf ss so ss ss ss}", "same", v->same, "similarity",
                                   v->similarity, "fmr", v->fmr, "raw", v->raw, "metric",
                                   v->metric == MN_METRIC_L2 ? "l2" : "cosine", "threshold",
                                   threshold_json(v), "pack", mn_pack_name(e->pack), "model", model->name,
                                   "precision", model->precision),
                         err);
}

static void print_text(const mn_cli *cli, const mn_engine *e, const mn_verdict *v)
{
    char rate[MN_RATE_TEXT], threshold[MN_RATE_TEXT];
    const mn_model_info *model = mn_pipeline_descriptor_model(e->pipeline);
    fprintf(cli->out, "%s\n", v->same ? "the same person" : "not the same person");
    fprintf(cli->out, "  similarity        %.3f\n", v->similarity);
    fprintf(cli->out, "  false-match rate  %s  (accepted up to %s)\n",
            mn_text_measured_rate(v->fmr, &model->calibration, 1, rate),
            mn_text_rate(v->threshold_fmr, threshold));
    fprintf(cli->out, "  model             %s %s, %s %.4f  (threshold %.4f)\n", model->name, model->precision,
            v->metric == MN_METRIC_L2 ? "-L2" : "cosine", v->raw, v->threshold_raw);
}

static mn_code decide(const mn_cli *cli, const mn_engine *e, const comparison *c, bool *same, mn_error *err)
{
    const mn_verdict v =
        mn_decide_verify(mn_pipeline_descriptor_model(e->pipeline), &c->sides[0].descriptor,
                         &c->sides[1].descriptor, mn_settings_real(cli->settings, MN_S_MATCH_FMR));
    if (!v.threshold_measured)
        mn_say_note(cli,
                    "a false-match rate of %g was not measured for this model; the strictest measured "
                    "threshold is used",
                    v.threshold_fmr);
    *same = v.same;
    if (cli->json)
        return print_json(cli, e, &v, err);
    print_text(cli, e, &v);
    return MN_OK;
}

int mn_cmd_compare(mn_cli *cli)
{
    mn_error err = {0};
    mn_engine engine = {0};
    comparison c = {.cli = cli};
    mn_input pair[2] = {{(char *)cli->args->operands[0], 0}, {(char *)cli->args->operands[1], 0}};
    const mn_inputs inputs = {.at = pair, .n = 2};
    const mn_crew_task task = {.want = MN_WANT_DESCRIPTOR,
                               .show = show,
                               .ctx = &c,
                               .samples = cli->args->value[MN_O_SAMPLE] != NULL,
                               .wanted_side = cli->args->value[MN_O_DRAW] ? 0 : MN_SIDE_ONE_FACE};
    bool same = false;

    mn_code code = mn_engine_open(cli, task.want, MN_PEOPLE_NONE, &engine, &err);
    if (code == MN_OK)
        code = mn_crew_run(cli, engine.pipeline, &inputs, &task, &err);
    if (code == MN_OK && !c.failed)
        code = decide(cli, &engine, &c, &same, &err);
    mn_engine_close(&engine);
    if (code != MN_OK)
        mn_say_error(NULL, &err);
    if (code != MN_OK || c.failed)
        return MN_EXIT_FAILURE;
    return same ? MN_EXIT_DONE : MN_EXIT_NO;
}
