#include "cli/round.h"
#include "cli/config.h"
#include "cli/out.h"
#include "cli/say.h"
#include <string.h>

static const struct {
    const char *word;
    unsigned want;
} parts[] = {
    {"landmarks", MN_WANT_LANDMARKS},   {"pose", MN_WANT_POSE},         {"quality", MN_WANT_QUALITY},
    {"expression", MN_WANT_EXPRESSION}, {"liveness", MN_WANT_LIVENESS}, {"age", MN_WANT_AGE},
};
#define N_PARTS (sizeof parts / sizeof *parts)

static unsigned part_of_word(const char *word, size_t n)
{
    unsigned all = 0;
    for (size_t i = 0; i < N_PARTS; i++) {
        all |= parts[i].want;
        if (strlen(parts[i].word) == n && strncmp(parts[i].word, word, n) == 0)
            return parts[i].want;
    }
    return n == 3 && strncmp(word, "all", n) == 0 ? all : 0;
}

mn_code mn_parts_parse(const mn_args *args, unsigned *want, mn_error *err)
{
    const char *word = args->value[MN_O_WITH];
    unsigned bits = 0;
    while (word && *word) {
        size_t n = strcspn(word, ",");
        unsigned bit = part_of_word(word, n);
        if (!bit)
            return mn_fail(err, MN_E_INVALID,
                           "--with %.*s: there are landmarks, pose, quality, expression, liveness, age, all",
                           n < 40 ? (int)n : 40, word);
        bits |= bit;
        word += n + (word[n] == ',');
    }
    *want |= bits;
    return MN_OK;
}

void mn_parts_note_missing(const mn_cli *cli, const mn_pipeline *pipeline, unsigned want)
{
    for (size_t i = 0; i < N_PARTS; i++)
        if ((want & parts[i].want) && !mn_pipeline_can(pipeline, parts[i].want))
            mn_say_note(cli, "no %s: the %s pack has no model for it here", parts[i].word,
                        mn_pack_name(mn_pipeline_pack(pipeline)));
}

static mn_code fail_one(mn_round *r, const mn_picture *p, const mn_error *error, mn_error *err)
{
    r->failed++;
    mn_say_error(p->label, error);
    return r->cli->json ? mn_json_print(r->out, mn_json_failure(p->input->path, error), err) : MN_OK;
}

/* Faults that every further picture would meet too: of the machine, or of what the pictures are asked
 * against. */
static bool ends_round(const mn_picture *p, mn_code code)
{
    if (code == MN_E_MEMORY || code == MN_E_FULL)
        return true;
    return p->code == MN_OK &&
           (code == MN_E_NOT_FOUND || code == MN_E_PURPOSE || code == MN_E_PACK || code == MN_E_FORBIDDEN);
}

static mn_code show(void *ctx, mn_picture *p, mn_error *err)
{
    mn_round *r = ctx;
    mn_error error = p->error;
    mn_code code = p->code != MN_OK ? p->code : r->show(r, p, &error);
    if (code == MN_OK)
        return MN_OK;
    if (ends_round(p, code)) {
        *err = error;
        return code;
    }
    return fail_one(r, p, &error, err);
}

static mn_code run(mn_round *r, const mn_inputs *inputs, const mn_box *box, mn_error *err)
{
    const mn_crew_task task = {
        .box = box,
        .samples = r->cli->args->value[MN_O_SAMPLE] != NULL,
        .want = r->want,
        .wanted_side = r->cli->args->value[MN_O_DRAW] ? 0 : MN_SIDE_ALL_FACES,
        .show = show,
        .ctx = r,
    };
    mn_code code = mn_engine_open(r->cli, r->want, r->people, &r->engine, err);
    if (code == MN_OK) {
        mn_parts_note_missing(r->cli, r->engine.pipeline, r->want);
        code = mn_crew_run(r->cli, r->engine.pipeline, inputs, &task, err);
        if (code == MN_OK && r->finish)
            code = r->finish(r, err);
    }
    mn_engine_close(&r->engine);
    return code;
}

int mn_round_run(mn_round *r)
{
    mn_inputs inputs = {0};
    mn_error err = {0};
    bool boxed = false;
    if (!r->out)
        r->out = r->cli->out;
    if (mn_config_box(r->cli->args, &r->box, &boxed, &err) != MN_OK)
        return mn_say_usage(r->cli->args->command, err.text);
    mn_code code =
        mn_inputs_gather(r->cli->args->operands + r->skip, r->cli->args->n_operands - r->skip, &inputs, &err);
    r->failed += inputs.missing;
    r->several = inputs.several;
    if (code == MN_OK && inputs.n)
        code = run(r, &inputs, boxed ? &r->box : NULL, &err);
    mn_inputs_finish(&inputs);
    if (code != MN_OK)
        mn_say_error(NULL, &err);
    if (code != MN_OK || r->failed)
        return MN_EXIT_FAILURE;
    return r->found ? MN_EXIT_DONE : MN_EXIT_NO;
}
