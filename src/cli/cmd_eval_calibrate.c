/* mien eval calibrate: what the scores of a descriptor model mean, for its manifest. */
#include "base/alloc.h"
#include "base/file.h"
#include "cli/calibrate.h"
#include "cli/evaluation.h"
#include "cli/out.h"
#include "cli/say.h"
#include <math.h>
#include <string.h>

typedef struct {
    mn_calibration_made made;
    uint64_t impostors, mates, missed; /* missed: mates below the score of a false-match rate of 1e-4 */
    size_t people;
} results;

static size_t count_people(const mn_inputs *in)
{
    size_t people = 0;
    for (size_t i = 0; i < in->n; i++)
        people += !i || in->at[i].group != in->at[i - 1].group;
    return people;
}

static void compare_all(const mn_inputs *in, const mn_described *d, mn_impostors *impostors)
{
    for (size_t i = 0; i < in->n; i++)
        for (size_t j = i + 1; d->made[i] && j < in->n; j++)
            if (d->made[j] && in->at[i].group != in->at[j].group)
                mn_impostors_add(impostors, mn_described_score(d, i, j));
}

/* The lowest support point with at most one false match in ten thousand; +INFINITY where that was not
 * measured. */
static double strict_score(const mn_calibration_made *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->log10_fmr[i] <= -4)
            return c->raw[i];
    return INFINITY;
}

static void count_mates(const mn_inputs *in, const mn_described *d, results *r)
{
    double strict = strict_score(&r->made);
    for (size_t i = 0; i < in->n; i++)
        for (size_t j = i + 1; j < in->n && in->at[i].group == in->at[j].group; j++) {
            r->mates++;
            r->missed += mn_described_score(d, i, j) < strict;
        }
}

static mn_code calibrate(const mn_inputs *in, const mn_described *d, results *r, mn_error *err)
{
    mn_impostors impostors;
    mn_code code = mn_impostors_init(&impostors, err);
    if (code != MN_OK)
        return code;
    compare_all(in, d, &impostors);
    code = mn_calibrate(&impostors, d->model->metric == MN_METRIC_L2 ? 0 : 1, &r->made, err);
    r->impostors = impostors.n;
    mn_impostors_finish(&impostors);
    if (code != MN_OK)
        return code;
    r->people = count_people(in);
    count_mates(in, d, r);
    return MN_OK;
}

/* Rounded so that the manifest stays readable: a fifth digit of a score means nothing. */
static json_t *numbers(const double *v, size_t n, double digits)
{
    json_t *all = json_array();
    for (size_t i = 0; all && i < n; i++)
        json_array_append_new(all, json_real(round(v[i] * digits) / digits + 0.0));
    return all;
}

static json_t *measured_on(const mn_described *d, const results *r)
{
    double strict = strict_score(&r->made);
    return json_pack("{sI sI sI sI sI so}", "people", (json_int_t)r->people, "pictures", (json_int_t)d->n,
                     "failed", (json_int_t)d->failed, "impostor_pairs", (json_int_t)r->impostors,
                     "mate_pairs", (json_int_t)r->mates, "fnmr_at_fmr_0.0001",
                     isinf(strict) || !r->mates ? json_null()
                                                : json_real((double)r->missed / (double)r->mates));
}

static json_t *document(const mn_cli *cli, const mn_described *d, const results *r)
{
    const mn_calibration_made *c = &r->made;
    return json_pack("{ss ss sb so so so sf sf so}", "model", d->model->name, "precision",
                     d->model->precision, "flip", mn_settings_bool(cli->settings, MN_S_FACE_FLIP), "raw",
                     numbers(c->raw, c->n, 1e5), "log10_fmr", numbers(c->log10_fmr, c->n, 1e4), "similarity",
                     numbers(c->similarity, c->n, 1e4), "cohort_mean", round(c->cohort_mean * 1e5) / 1e5,
                     "cohort_std", round(c->cohort_std * 1e5) / 1e5, "measured_on", measured_on(d, r));
}

static void print_text(FILE *out, const mn_described *d, const results *r)
{
    const mn_calibration_made *c = &r->made;
    char rate[MN_RATE_TEXT], count[MN_RATE_TEXT];
    fprintf(out, "%s %s: %zu people, %s comparisons of different people\n", d->model->name,
            d->model->precision, r->people, mn_text_count(r->impostors, count));
    fprintf(out, "     raw  similarity  false-match rate\n");
    for (size_t i = 0; i < c->n; i++)
        fprintf(out, "%8.4f  %10.3f  %s\n", c->raw[i], c->similarity[i],
                mn_text_rate(pow(10, c->log10_fmr[i]), rate));
    fprintf(out, "cohort: mean %.4f, deviation %.4f\n", c->cohort_mean, c->cohort_std);
    if (!isinf(strict_score(c)) && r->mates)
        fprintf(out, "of the mates %.2f %% are missed at 1 in 10 000\n",
                100 * (double)r->missed / (double)r->mates);
}

static mn_code save(const char *path, json_t *j, mn_error *err)
{
    char *text = j ? json_dumps(j, JSON_INDENT(1) | JSON_REAL_PRECISION(7)) : NULL;
    size_t n = text ? strlen(text) : 0;
    mn_code code = text ? mn_file_write(path, text, n, 0644, err)
                        : mn_fail(err, MN_E_MEMORY, "no memory for the document");
    mn_free(text);
    json_decref(j);
    return code;
}

static mn_code print(const mn_cli *cli, const mn_described *d, const results *r, mn_error *err)
{
    const char *path = cli->args->value[MN_O_OUTPUT];
    mn_code code = path ? save(path, document(cli, d, r), err) : MN_OK;
    if (code != MN_OK)
        return code;
    if (cli->json)
        return mn_json_print(cli->out, document(cli, d, r), err);
    print_text(cli->out, d, r);
    return MN_OK;
}

static mn_code run(mn_cli *cli, mn_engine *engine, const mn_inputs *in, mn_error *err)
{
    mn_described d = {0};
    results r = {0};
    mn_code code = mn_engine_open(cli, MN_WANT_DESCRIPTOR, MN_PEOPLE_NONE, engine, err);
    if (code == MN_OK)
        code = mn_describe_all(cli, engine, in, &d, err);
    if (code == MN_OK)
        code = calibrate(in, &d, &r, err);
    if (code == MN_OK)
        code = print(cli, &d, &r, err);
    mn_described_finish(&d);
    return code;
}

int mn_cmd_eval_calibrate(mn_cli *cli)
{
    mn_error err = {0};
    mn_engine engine = {0};
    mn_inputs inputs = {0};
    size_t k, n;
    if (mn_part_parse(cli->args, &k, &n, &err) != MN_OK)
        return mn_say_usage(cli->args->command, err.text);
    mn_code code = mn_inputs_gather_people(cli->args->operands, 1, &inputs, &err);
    if (code == MN_OK) {
        mn_inputs_keep_part(&inputs, k, n);
        code = run(cli, &engine, &inputs, &err);
    }
    mn_engine_close(&engine);
    mn_inputs_finish(&inputs);
    if (code == MN_OK)
        return MN_EXIT_DONE;
    mn_say_error(NULL, &err);
    return MN_EXIT_FAILURE;
}
