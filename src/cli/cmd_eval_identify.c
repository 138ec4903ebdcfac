/* mien eval identify: open-set 1:N accuracy on a folder a person. */
#include "base/alloc.h"
#include "cli/evaluation.h"
#include "cli/out.h"
#include "cli/plot.h"
#include "cli/say.h"
#include <math.h>

static const double rates[] = {1e-1, 1e-2, 1e-3};
#define N_RATES (sizeof rates / sizeof *rates)

typedef struct {
    mn_inputs inputs;   /* the pictures of a person stand together */
    size_t *references; /* the enrolled pictures */
    size_t n_references;
    size_t *mated, *mate; /* probes, and which of the references is theirs */
    size_t n_mated;
    size_t *unmated;
    size_t n_unmated;
    size_t *all; /* memory of the above */
} roles;

typedef struct {
    mn_searches searches;
    mn_fnir fnirs[N_RATES];
    double rank1;
    bool normalised;
} results;

/* Of people with several pictures the first by name is enrolled and the others have a mate; a person's only
 * picture has none. */
static mn_code cast(roles *r, mn_error *err)
{
    size_t n = r->inputs.n;
    r->all = mn_calloc(n + 1, 4 * sizeof *r->all);
    if (!r->all)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu pictures", n);
    r->references = r->all, r->mated = r->all + n, r->mate = r->all + 2 * n, r->unmated = r->all + 3 * n;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && r->inputs.at[end].group == r->inputs.at[i].group;)
            end++;
        if (end == i + 1) {
            r->unmated[r->n_unmated++] = i;
            continue;
        }
        for (size_t j = i + 1; j < end; j++) {
            r->mate[r->n_mated] = r->n_references;
            r->mated[r->n_mated++] = j;
        }
        r->references[r->n_references++] = i;
    }
    if (!r->n_mated || !r->n_unmated)
        return mn_fail(err, MN_E_INVALID,
                       "it takes people with several pictures and people with one (here: %zu probes with a "
                       "mate, %zu without)",
                       r->n_mated, r->n_unmated);
    return MN_OK;
}

/* ---- searches ---- */

/* Everything a search needs. What is measured is what `mien identify` does: the same search, with the scores
 * normalised from as many people on as the manifest says. */
typedef struct {
    const roles *roles;
    const mn_described *described;
    mn_model_info model;
    mn_gallery *gallery;
    bool normalised; /* the last search was */
} searcher;

/* The score of the probe's mate, where it is among the best two, and of the best of the others. That tells
 * whether the mate is the best, and nothing else is asked. */
static mn_code search(searcher *s, size_t probe, size_t mate, mn_mated_search *out, mn_error *err)
{
    const mn_described *d = s->described;
    mn_ranked best[2];
    mn_ranking found = {.out = best};
    *out = (mn_mated_search){-INFINITY, -INFINITY};
    if (!d->made[probe])
        return MN_OK;
    const mn_query q = {.probe = d->values + probe * (size_t)d->model->dim, .k = 2, .min_raw = -INFINITY};
    mn_code code = mn_gallery_rank(s->gallery, &s->model, &q, &found, err);
    if (code != MN_OK)
        return code;
    s->normalised = found.normalised;
    for (size_t i = found.n; i-- > 0;) {
        bool is_mate = mn_described_picture(&best[i].found.person) == mate;
        *(is_mate ? &out->mate : &out->best_other) = best[i].score;
    }
    return MN_OK;
}

static mn_code search_all(searcher *s, mn_mated_search **mated, double **unmated, mn_error *err)
{
    const roles *r = s->roles;
    *mated = mn_calloc(r->n_mated, sizeof **mated);
    *unmated = mn_calloc(r->n_unmated, sizeof **unmated);
    if (!*mated || !*unmated)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu searches", r->n_mated + r->n_unmated);
    mn_code code = mn_described_enrol(s->described, r->references, r->n_references, &s->gallery, err);
    for (size_t i = 0; code == MN_OK && i < r->n_mated; i++)
        code = search(s, r->mated[i], r->references[r->mate[i]], &(*mated)[i], err);
    for (size_t i = 0; code == MN_OK && i < r->n_unmated; i++) {
        mn_mated_search found;
        code = search(s, r->unmated[i], SIZE_MAX, &found, err);
        (*unmated)[i] = code == MN_OK ? found.best_other : 0;
    }
    mn_gallery_destroy(s->gallery);
    return code;
}

static void judge(results *out)
{
    mn_searches_sort(&out->searches);
    out->rank1 = mn_stats_rank1(&out->searches);
    for (size_t i = 0; i < N_RATES; i++)
        out->fnirs[i] = mn_stats_fnir_at_fpir(&out->searches, rates[i]);
}

static mn_code save_curve(const char *folder, const mn_searches *s, mn_error *err)
{
    mn_plot_point points[MN_CURVE_MAX];
    mn_plot det = {.title = "DET: open-set identification",
                   .x_label = "false-positive identifications (FPIR)",
                   .y_label = "false-negative identifications (FNIR)",
                   .x_log = true,
                   .y_log = true,
                   .x_min = 1e-3,
                   .x_max = 1,
                   .y_min = 1e-3,
                   .y_max = 1,
                   .points = points};
    det.n = mn_curve_det_open_set(s, points);
    return mn_plot_save(&det, folder, "identify-det.svg", err);
}

/* ---- print ---- */

static mn_code print_json(const mn_cli *cli, const mn_engine *e, const roles *r, const mn_described *d,
                          const results *res, mn_error *err)
{
    char key[32];
    const mn_model_info *model = mn_pipeline_descriptor_model(e->pipeline);
    json_t *fnir = json_object(), *intervals = json_object(), *thresholds = json_object();
    for (size_t i = 0; i < N_RATES; i++) {
        mn_rate_key(rates[i], key, sizeof key);
        json_object_set_new(fnir, key, json_real(res->fnirs[i].fnir));
        json_object_set_new(intervals, key, json_pack("[ff]", res->fnirs[i].low, res->fnirs[i].high));
        json_object_set_new(thresholds, key, mn_json_real(res->fnirs[i].threshold));
    }
    return mn_json_print(cli->out,
                         json_pack("{ss ss ss sb sb sI sI sI sI sI sf so so so}", "pack",
                                   mn_pack_name(e->pack), "model", model->name, "precision", model->precision,
                                   "flip", mn_settings_bool(cli->settings, MN_S_FACE_FLIP), "normalised",
                                   res->normalised, "enrolled", (json_int_t)r->n_references, "probes",
                                   (json_int_t)r->n_mated + (json_int_t)r->n_unmated, "mated",
                                   (json_int_t)r->n_mated, "unmated", (json_int_t)r->n_unmated, "failed",
                                   (json_int_t)d->failed, "rank1", res->rank1, "fnir_at_fpir", fnir,
                                   "fnir_at_fpir_ci95", intervals, "threshold_at_fpir", thresholds),
                         err);
}

static void print_text(const mn_cli *cli, const mn_engine *e, const roles *r, const mn_described *d,
                       const results *res)
{
    FILE *out = cli->out;
    char rate[MN_RATE_TEXT];
    const mn_model_info *model = mn_pipeline_descriptor_model(e->pipeline);
    fprintf(out, "%s pack, %s %s%s%s\n", mn_pack_name(e->pack), model->name, model->precision,
            mn_settings_bool(cli->settings, MN_S_FACE_FLIP) ? ", flip average" : "",
            res->normalised ? ", scores normalised" : "");
    fprintf(out,
            "  enrolled      %zu people\n  probes        %zu with a mate, %zu without; %zu pictures failed\n",
            r->n_references, r->n_mated, r->n_unmated, d->failed);
    fprintf(out, "  rank 1        %.2f %%\n", 100 * res->rank1);
    for (size_t i = 0; i < N_RATES; i++) {
        const mn_fnir *f = &res->fnirs[i];
        fprintf(out, "  missed        %6.2f %%  (%.2f … %.2f) at false alarms of %s%s\n", 100 * f->fnir,
                100 * f->low, 100 * f->high, mn_text_rate(f->fpir, rate),
                f->measurable ? "" : "  (too few probes to measure)");
    }
}

static mn_code run(mn_cli *cli, mn_engine *engine, const roles *r, mn_error *err)
{
    mn_described d = {0};
    mn_mated_search *mated = NULL;
    double *unmated = NULL;
    results res = {0};
    const char *svg = cli->args->value[MN_O_SVG];
    mn_code code = mn_engine_open(cli, MN_WANT_DESCRIPTOR, MN_PEOPLE_NONE, engine, err);
    if (code == MN_OK)
        code = mn_describe_all(cli, engine, &r->inputs, &d, err);
    searcher s = {.roles = r, .described = &d};
    if (code == MN_OK) {
        s.model = *d.model;
        if (mn_args_given(cli->args, MN_O_RAW))
            s.model.normalisation.least = 0;
        code = search_all(&s, &mated, &unmated, err);
    }
    if (code == MN_OK) {
        res.normalised = s.normalised;
        res.searches = (mn_searches){mated, unmated, r->n_mated, r->n_unmated};
        judge(&res);
    }
    if (code == MN_OK && svg)
        code = save_curve(svg, &res.searches, err);
    if (code == MN_OK && cli->json)
        code = print_json(cli, engine, r, &d, &res, err);
    else if (code == MN_OK)
        print_text(cli, engine, r, &d, &res);
    mn_free(mated);
    mn_free(unmated);
    mn_described_finish(&d);
    return code;
}

int mn_cmd_eval_identify(mn_cli *cli)
{
    mn_error err = {0};
    mn_engine engine = {0};
    roles r = {0};
    size_t k, n;
    if (mn_part_parse(cli->args, &k, &n, &err) != MN_OK)
        return mn_say_usage(cli->args->command, err.text);
    mn_code code = mn_inputs_gather_people(cli->args->operands, 1, &r.inputs, &err);
    if (code == MN_OK) {
        mn_inputs_keep_part(&r.inputs, k, n);
        code = cast(&r, &err);
    }
    if (code == MN_OK)
        code = run(cli, &engine, &r, &err);
    mn_engine_close(&engine);
    mn_free(r.all);
    mn_inputs_finish(&r.inputs);
    if (code == MN_OK)
        return MN_EXIT_DONE;
    mn_say_error(NULL, &err);
    return MN_EXIT_FAILURE;
}
