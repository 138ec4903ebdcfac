/* mien identify: which enrolled people are in the pictures? */
#include "cli/config.h"
#include "cli/drawing.h"
#include "cli/out.h"
#include "cli/round.h"
#include "cli/say.h"

#define CANDIDATES_DEFAULT 5
#define CANDIDATES_MAX     100

typedef struct {
    mn_identify what; /* all but the probe */
    mn_actor actor;
    bool told; /* the threshold's fault was said */
} search;

static json_t *candidate(const mn_match *m)
{
    return json_pack("{so so so so sf sf sf}", "person", mn_json_id(&m->person), "name",
                     mn_json_text(m->name), "external_id", mn_json_text(m->external_id), "list",
                     mn_json_text(m->list), "similarity", m->similarity, "fmr", m->fmr, "raw", m->raw);
}

static mn_code print_json(mn_round *r, const mn_picture *p, const mn_identification *answers, mn_error *err)
{
    json_t *faces = json_array();
    for (size_t i = 0; i < p->n_faces; i++) {
        json_t *face = mn_json_face(&p->faces[i]), *candidates = json_array();
        for (size_t j = 0; j < answers[i].n; j++)
            json_array_append_new(candidates, candidate(&answers[i].matches[j]));
        json_object_set_new(face, "candidates", candidates);
        json_object_set_new(face, "searched", json_integer((json_int_t)answers[i].searched));
        json_object_set_new(face, "normalised", json_boolean(answers[i].normalised));
        if (answers[i].prefiltered)
            json_object_set_new(face, "prefilter", json_pack("{sf}", "missed", answers[i].missed));
        json_array_append_new(faces, face);
    }
    return mn_json_print(r->out, mn_json_picture(p, faces), err);
}

static void print_text(mn_round *r, const mn_picture *p, const mn_identification *answers)
{
    char rate[MN_RATE_TEXT];
    mn_text_faces_head(r->out, p);
    for (size_t i = 0; i < p->n_faces; i++) {
        const mn_box *b = &p->faces[i].box;
        fprintf(r->out, "%4zu  %4.0f×%-4.0f at %.0f,%.0f\n", i + 1, (double)b->width, (double)b->height,
                (double)b->x, (double)b->y);
        for (size_t j = 0; j < answers[i].n; j++) {
            const mn_match *m = &answers[i].matches[j];
            fprintf(r->out, "      ");
            mn_text_pad(r->out, m->name ? m->name : "(no name)", 28);
            fprintf(r->out, " similarity %.3f  false match %s  %s\n", m->similarity,
                    mn_text_measured_rate(m->fmr, answers[i].calibration, answers[i].searched, rate),
                    m->list ? m->list : "");
        }
        if (!answers[i].n)
            fprintf(r->out, "      nobody (%zu enrolled)\n", answers[i].searched);
    }
}

static mn_code draw(mn_round *r, const mn_picture *p, const mn_identification *answers, mn_error *err)
{
    if (!r->cli->args->value[MN_O_DRAW])
        return MN_OK;
    const char **labels = mn_arena_calloc(p->arena, p->n_faces + 1, sizeof *labels);
    int *tones = mn_arena_calloc(p->arena, p->n_faces + 1, sizeof *tones);
    if (!labels || !tones)
        return mn_fail(err, MN_E_MEMORY, "no memory for the drawing");
    for (size_t i = 0; i < p->n_faces; i++) {
        labels[i] = answers[i].n ? answers[i].matches[0].name : NULL;
        tones[i] = answers[i].n ? 1 : 0;
    }
    return mn_drawing_save(r->cli, r->several, p, labels, tones, err);
}

static mn_code ask(mn_round *r, mn_picture *p, mn_identification *answers, mn_error *err)
{
    search *s = r->ctx;
    bool known = false;
    const mn_descriptor **probes = mn_arena_calloc(p->arena, p->n_faces + 1, sizeof *probes);
    if (!probes)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu searches", p->n_faces);
    for (size_t i = 0; i < p->n_faces; i++)
        probes[i] = &p->faces[i].descriptor;
    mn_code code = mn_core_identify_each(r->engine.core, &s->actor, &s->what, probes, p->n_faces, p->arena,
                                         answers, err);
    for (size_t i = 0; code == MN_OK && i < p->n_faces; i++) {
        known = known || answers[i].n;
        if (!answers[i].threshold_measured && !s->told) {
            mn_say_note(
                r->cli,
                "so low a rate among %zu people was not measured for this model; the strictest measured "
                "threshold is used",
                answers[i].searched);
            s->told = true;
        }
    }
    r->found += code == MN_OK && known;
    return code;
}

static mn_code show(mn_round *r, mn_picture *p, mn_error *err)
{
    mn_identification *answers = mn_arena_calloc(p->arena, p->n_faces + 1, sizeof *answers);
    if (!answers)
        return mn_fail(err, MN_E_MEMORY, "no memory for the answers");
    mn_code code = ask(r, p, answers, err);
    if (code == MN_OK)
        code = draw(r, p, answers, err);
    if (code != MN_OK)
        return code;
    if (r->cli->json)
        return print_json(r, p, answers, err);
    print_text(r, p, answers);
    return MN_OK;
}

int mn_cmd_identify(mn_cli *cli)
{
    mn_error err = {0};
    long k;
    const mn_args *a = cli->args;
    search s = {.actor = mn_engine_actor(),
                .what = {.lists = &a->value[MN_O_LIST],
                         .n_lists = a->value[MN_O_LIST] != NULL,
                         .purpose = MN_PURPOSE_IDENTIFICATION,
                         .cancel = cli->cancel}};
    mn_round round = {.cli = cli,
                      .want = MN_WANT_DESCRIPTOR | MN_WANT_POSE | MN_WANT_QUALITY,
                      .people = MN_PEOPLE_READ,
                      .show = show,
                      .ctx = &s};
    mn_code code = mn_parts_parse(a, &round.want, &err);
    if (code == MN_OK)
        code = mn_config_number(a, MN_O_CANDIDATES, 1, CANDIDATES_MAX, CANDIDATES_DEFAULT, &k, &err);
    if (code != MN_OK)
        return mn_say_usage(a->command, err.text);
    s.what.k = (size_t)k;
    if (a->value[MN_O_PURPOSE])
        mn_purpose_parse(a->value[MN_O_PURPOSE], &s.what.purpose);
    if (a->value[MN_O_FMR])
        s.what.fmr = mn_settings_real(cli->settings, MN_S_MATCH_FMR);
    return mn_round_run(&round);
}
