/* mien eval calibrate: what the scores of a descriptor model mean, for its manifest. */
#include "base/alloc.h"
#include "base/file.h"
#include "cli/calibrate.h"
#include "cli/evaluation.h"
#include "cli/out.h"
#include "cli/say.h"
#include <math.h>
#include <string.h>

/* Normalised scores, in standard deviations. With these two the errors of both halves of Labeled Faces in the
 * Wild were smallest: see docs/internals/gallery.md. */
#define NORMALISED_LEAST 200  /* people searched */
#define NORMALISED_SHARE 0.35 /* of the cohort that counts as the best scores */
#define NORMALISED_LOW   (-15.0)
#define NORMALISED_HIGH  30.0

typedef struct {
    mn_calibration_made made;
    uint64_t impostors, mates, missed; /* missed: mates below the score of a false-match rate of 1e-4 */
    size_t people;
    bool normalise;
    mn_calibration_made normalised;
    uint64_t normalised_impostors;
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

/* Of a descriptor with itself. */
static double identical_score(const mn_described *d)
{
    return d->model->metric == MN_METRIC_L2 ? 0 : 1;
}

static mn_code calibrate(const mn_inputs *in, const mn_described *d, results *r, mn_error *err)
{
    mn_impostors impostors;
    mn_code code = mn_impostors_init(&impostors, -3, 1.5, err);
    if (code != MN_OK)
        return code;
    compare_all(in, d, &impostors);
    code = mn_calibrate(&impostors, identical_score(d), &r->made, err);
    r->impostors = impostors.n;
    mn_impostors_finish(&impostors);
    if (code != MN_OK)
        return code;
    r->people = count_people(in);
    count_mates(in, d, r);
    return MN_OK;
}

/* ---- normalised scores ---- */

/* The first pictures of the people are enrolled in groups of as many as are the least to normalise scores: in
 * so small galleries scores scatter most, so that in larger ones the rates are kept, and more. Each further
 * picture is searched for in every group. */
typedef struct {
    const mn_inputs *in;
    const mn_described *described;
    size_t enrolled[NORMALISED_LEAST]; /* the group's pictures */
    mn_cohort_side sides[NORMALISED_LEAST];
    size_t n;
    mn_cohort *cohort;
    mn_impostors impostors;
    double identical; /* sum of what descriptors score with themselves */
} weighing;

static const float *values_of(const mn_described *d, size_t picture)
{
    return d->values + picture * (size_t)d->model->dim;
}

static bool is_first(const mn_inputs *in, size_t picture)
{
    return picture == 0 || in->at[picture].group != in->at[picture - 1].group;
}

static void weigh_picture(weighing *w, size_t picture)
{
    const mn_described *d = w->described;
    mn_cohort_side probe = mn_cohort_probe(w->cohort, values_of(d, picture), NORMALISED_SHARE);
    for (size_t i = 0; i < w->n; i++) {
        double raw = mn_described_score(d, picture, w->enrolled[i]);
        if (w->in->at[w->enrolled[i]].group != w->in->at[picture].group)
            mn_impostors_add(&w->impostors, mn_cohort_normalise(raw, probe, w->sides[i]));
    }
}

static void weigh_enrolled(weighing *w)
{
    for (size_t i = 0; i < w->n; i++) {
        const mn_id id = mn_described_id(w->enrolled[i]);
        const float *v = values_of(w->described, w->enrolled[i]);
        w->sides[i] = mn_cohort_enrolled(w->cohort, v, &id, NORMALISED_SHARE);
        w->identical += mn_cohort_normalise(identical_score(w->described), w->sides[i], w->sides[i]);
    }
}

static mn_code weigh_group(weighing *w, mn_error *err)
{
    mn_gallery *g = NULL;
    mn_code code = mn_described_enrol(w->described, w->enrolled, w->n, &g, err);
    if (code == MN_OK)
        code = mn_cohort_draw(g, NULL, 0, &w->cohort, err);
    mn_gallery_destroy(g);
    if (code != MN_OK)
        return code;
    weigh_enrolled(w);
    for (size_t i = 0; i < w->in->n; i++)
        if (w->described->made[i] && !is_first(w->in, i))
            weigh_picture(w, i);
    mn_cohort_destroy(w->cohort);
    return MN_OK;
}

/* Every groups-th of the first pictures. */
static void choose_group(weighing *w, size_t group, size_t groups)
{
    size_t seen = 0;
    w->n = 0;
    for (size_t i = 0; i < w->in->n && w->n < NORMALISED_LEAST; i++)
        if (w->described->made[i] && is_first(w->in, i) && seen++ % groups == group)
            w->enrolled[w->n++] = i;
}

static size_t count_first(const mn_inputs *in, const mn_described *d)
{
    size_t n = 0;
    for (size_t i = 0; i < in->n; i++)
        n += d->made[i] && is_first(in, i);
    return n;
}

static mn_code calibrate_normalised(const mn_inputs *in, const mn_described *d, results *r, mn_error *err)
{
    size_t people = count_first(in, d), groups = people / NORMALISED_LEAST;
    if (groups == 0)
        return mn_fail(err, MN_E_INVALID, "%zu people are too few to normalise scores by: it takes %d",
                       people, NORMALISED_LEAST);
    weighing w = {.in = in, .described = d};
    mn_code code = mn_impostors_init(&w.impostors, NORMALISED_LOW, NORMALISED_HIGH, err);
    for (size_t i = 0; code == MN_OK && i < groups; i++) {
        choose_group(&w, i, groups);
        code = weigh_group(&w, err);
    }
    if (code == MN_OK)
        code = mn_calibrate(&w.impostors, w.identical / (double)(groups * NORMALISED_LEAST), &r->normalised,
                            err);
    r->normalised_impostors = w.impostors.n;
    mn_impostors_finish(&w.impostors);
    return code;
}

/* ---- print ---- */

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

static json_t *normalised(const results *r)
{
    const mn_calibration_made *c = &r->normalised;
    return json_pack("{si sf so so so s{sI}}", "least", NORMALISED_LEAST, "share", NORMALISED_SHARE, "raw",
                     numbers(c->raw, c->n, 1e4), "log10_fmr", numbers(c->log10_fmr, c->n, 1e4), "similarity",
                     numbers(c->similarity, c->n, 1e4), "measured_on", "impostor_pairs",
                     (json_int_t)r->normalised_impostors);
}

static json_t *document(const mn_cli *cli, const mn_described *d, const results *r)
{
    const mn_calibration_made *c = &r->made;
    json_t *o =
        json_pack("{ss ss sb so so so sf sf so}", "model", d->model->name, "precision", d->model->precision,
                  "flip", mn_settings_bool(cli->settings, MN_S_FACE_FLIP), "raw", numbers(c->raw, c->n, 1e5),
                  "log10_fmr", numbers(c->log10_fmr, c->n, 1e4), "similarity",
                  numbers(c->similarity, c->n, 1e4), "cohort_mean", round(c->cohort_mean * 1e5) / 1e5,
                  "cohort_std", round(c->cohort_std * 1e5) / 1e5, "measured_on", measured_on(d, r));
    if (o && r->normalise)
        json_object_set_new(o, "normalised", normalised(r));
    return o;
}

static void print_points(FILE *out, const char *what, const mn_calibration_made *c)
{
    char rate[MN_RATE_TEXT];
    fprintf(out, "%10s  similarity  false-match rate\n", what);
    for (size_t i = 0; i < c->n; i++)
        fprintf(out, "%10.4f  %10.3f  %s\n", c->raw[i], c->similarity[i],
                mn_text_rate(pow(10, c->log10_fmr[i]), rate));
}

static void print_text(FILE *out, const mn_described *d, const results *r)
{
    const mn_calibration_made *c = &r->made;
    char count[MN_RATE_TEXT];
    fprintf(out, "%s %s: %zu people, %s comparisons of different people\n", d->model->name,
            d->model->precision, r->people, mn_text_count(r->impostors, count));
    print_points(out, "raw", c);
    fprintf(out, "cohort: mean %.4f, deviation %.4f\n", c->cohort_mean, c->cohort_std);
    if (!isinf(strict_score(c)) && r->mates)
        fprintf(out, "of the mates %.2f %% are missed at 1 in 10 000\n",
                100 * (double)r->missed / (double)r->mates);
    if (r->normalise)
        print_points(out, "normalised", &r->normalised);
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
    results r = {.normalise = mn_args_given(cli->args, MN_O_NORMALISE)};
    mn_code code = mn_engine_open(cli, MN_WANT_DESCRIPTOR, MN_PEOPLE_NONE, engine, err);
    if (code == MN_OK)
        code = mn_describe_all(cli, engine, in, &d, err);
    if (code == MN_OK)
        code = calibrate(in, &d, &r, err);
    if (code == MN_OK && r.normalise)
        code = calibrate_normalised(in, &d, &r, err);
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
