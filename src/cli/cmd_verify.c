/* mien verify: is this the enrolled person? */
#include "cli/out.h"
#include "cli/round.h"
#include "cli/say.h"
#include "core/verify.h"

typedef struct {
    mn_actor actor;
    mn_compare_rules rules;
    const char *ref; /* the person, as named on the command line */
    mn_side person;
    bool known; /* person is filled in */
} verification;

static mn_code find_person(mn_round *r, verification *v, mn_arena *arena, mn_error *err)
{
    mn_person_view view;
    if (v->known)
        return MN_OK;
    mn_code code = mn_core_person(r->engine.core, &v->actor, v->ref, arena, &view, err);
    if (code != MN_OK)
        return code;
    v->person = (mn_side){.kind = MN_SIDE_PERSON, .id = view.person.id};
    v->known = true;
    return MN_OK;
}

static mn_code print_json(mn_round *r, const mn_picture *p, const mn_comparison *c, mn_error *err)
{
    const mn_verdict *v = &c->verdict;
    return mn_json_print(
        r->out,
        json_pack("{so sb sf sf so sI so so so s{sf so sb}}", "file", mn_json_text(p->input->path), "same",
                  v->same, "similarity", v->similarity, "fmr", v->fmr, "raw", mn_json_real(v->raw),
                  "comparisons", (json_int_t)c->comparisons, "person", mn_json_id(&c->a.person), "name",
                  mn_json_text(c->a.name), "face", mn_json_id(&c->a.face), "threshold", "fmr",
                  v->threshold_fmr, "raw", mn_json_real(v->threshold_raw), "measured", v->threshold_measured),
        err);
}

static void print_text(mn_round *r, const mn_picture *p, const mn_comparison *c)
{
    char rate[MN_RATE_TEXT], threshold[MN_RATE_TEXT];
    const mn_model_info *model = mn_pipeline_descriptor_model(r->engine.pipeline);
    fprintf(r->out, "%s: %s%s\n", p->label, c->verdict.same ? "" : "not ",
            c->a.name ? c->a.name : "the person");
    fprintf(r->out, "  similarity        %.3f\n", c->verdict.similarity);
    fprintf(r->out, "  false-match rate  %s  (accepted up to %s)\n",
            mn_text_measured_rate(c->verdict.fmr, &model->calibration, c->comparisons, rate),
            mn_text_rate(c->verdict.threshold_fmr, threshold));
}

static mn_code show(mn_round *r, mn_picture *p, mn_error *err)
{
    verification *v = r->ctx;
    mn_comparison c;
    const mn_face *face;
    mn_code code = find_person(r, v, p->arena, err);
    if (code == MN_OK)
        code = mn_picture_pick(r->cli, p, "largest", &face, err);
    if (code != MN_OK)
        return code;
    const mn_side picture = {.kind = MN_SIDE_DESCRIPTOR, .descriptor = &face->descriptor};
    code = mn_core_verify(r->engine.core, &v->actor, &v->person, &picture, &v->rules, p->arena, &c, err);
    if (code != MN_OK)
        return code;
    r->found += c.verdict.same;
    if (r->cli->json)
        return print_json(r, p, &c, err);
    print_text(r, p, &c);
    return MN_OK;
}

int mn_cmd_verify(mn_cli *cli)
{
    const mn_args *a = cli->args;
    verification v = {
        .actor = mn_engine_actor(), .ref = a->operands[0], .rules = {.list = a->value[MN_O_LIST]}};
    mn_round round = {
        .cli = cli, .want = MN_WANT_DESCRIPTOR, .people = MN_PEOPLE_READ, .show = show, .ctx = &v, .skip = 1};
    if (a->value[MN_O_FMR])
        v.rules.fmr = mn_settings_real(cli->settings, MN_S_MATCH_FMR);
    return mn_round_run(&round);
}
