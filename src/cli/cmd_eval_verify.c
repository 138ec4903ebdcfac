/* mien eval verify: 1:1 accuracy on a list of pairs, nothing left out. */
#include "base/alloc.h"
#include "base/file.h"
#include "cli/evaluation.h"
#include "cli/out.h"
#include "cli/pairs.h"
#include "cli/plot.h"
#include "cli/say.h"
#include <stdlib.h>
#include <string.h>

#define PAIRS_FILE_MAX ((size_t)256 << 20)
#define ARENA_MAX      ((size_t)2 << 30)

static const double rates[] = {1e-1, 1e-2, 1e-3, 1e-4};
#define N_RATES (sizeof rates / sizeof *rates)

typedef struct {
    mn_arena *arena;
    mn_pair *pairs;
    size_t n;
    unsigned folds;
    size_t (*pictures)[2]; /* of each pair, as indices of the inputs */
    mn_inputs inputs;      /* every picture once; the paths are the arena's */
} pair_list;

typedef struct {
    mn_scores scores;
    mn_accuracy accuracy;
    double eer;
    mn_tar tars[N_RATES];
    size_t pairs, failed_pairs, pictures, failed_pictures;
} results;

/* ---- the list and its pictures ---- */

/* FOLDER/NAME/NAME_0001.jpg, or another ending where there is no such file. */
static char *picture_path(pair_list *l, const char *folder, const char *name, unsigned number)
{
    static const char *const endings[] = {"jpg", "png", "jpeg", "webp", "ppm", "pgm", "bmp"};
    char *first = NULL;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char *path = mn_arena_printf(l->arena, "%s/%s/%s_%04u.%s", folder, name, name, number, endings[i]);
        if (!path || mn_file_exists(path))
            return path;
        first = first ? first : path;
    }
    return first; /* its absence is reported when its turn comes */
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const mn_input *)a)->path, ((const mn_input *)b)->path);
}

static size_t index_of(const mn_inputs *in, const char *path)
{
    const mn_input key = {(char *)path, 0};
    return (size_t)((const mn_input *)bsearch(&key, in->at, in->n, sizeof *in->at, by_path) - in->at);
}

static mn_code gather_pictures(pair_list *l, const char *folder, mn_error *err)
{
    size_t n = 2 * l->n, kept = 0;
    mn_input *all = mn_arena_calloc(l->arena, n, sizeof *all),
             *paths = mn_arena_calloc(l->arena, n, sizeof *paths);
    l->pictures = mn_arena_calloc(l->arena, l->n, sizeof *l->pictures);
    if (!all || !paths || !l->pictures)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu pairs", l->n);
    for (size_t i = 0; i < n; i++) {
        paths[i].path = picture_path(l, folder, l->pairs[i / 2].name[i % 2], l->pairs[i / 2].number[i % 2]);
        if (!paths[i].path)
            return mn_fail(err, MN_E_MEMORY, "no memory for %zu pairs", l->n);
        all[i] = paths[i];
    }
    qsort(all, n, sizeof *all, by_path);
    for (size_t i = 0; i < n; i++)
        if (!kept || strcmp(all[kept - 1].path, all[i].path) != 0)
            all[kept++] = all[i];
    l->inputs = (mn_inputs){.at = all, .n = kept, .several = true};
    for (size_t i = 0; i < n; i++)
        l->pictures[i / 2][i % 2] = index_of(&l->inputs, paths[i].path);
    return MN_OK;
}

static mn_code load(pair_list *l, const char *folder, const char *file, mn_error *err)
{
    mn_buf text;
    l->arena = mn_arena_create(ARENA_MAX);
    if (!l->arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for the list of pairs");
    if (!mn_file_is_folder(folder))
        return mn_fail(err, MN_E_NOT_FOUND, "%s: no such folder", folder);
    mn_buf_init(&text, PAIRS_FILE_MAX);
    mn_code code = mn_file_read(file, &text, err);
    if (code == MN_OK) {
        code = mn_pairs_parse((const char *)text.data, text.len, l->arena, &l->pairs, &l->n, &l->folds, err);
        if (code != MN_OK)
            mn_error_prefix(err, "%s", file);
    }
    mn_buf_finish(&text);
    return code == MN_OK ? gather_pictures(l, folder, err) : code;
}

/* ---- scores ---- */

static mn_code judge(const pair_list *l, const mn_described *d, results *r, mn_error *err)
{
    mn_pair_score *scores = mn_arena_calloc(l->arena, l->n, sizeof *scores);
    r->scores.mates = mn_arena_calloc(l->arena, l->n, sizeof(double));
    r->scores.others = mn_arena_calloc(l->arena, l->n, sizeof(double));
    if (!scores || !r->scores.mates || !r->scores.others)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu scores", l->n);
    for (size_t i = 0; i < l->n; i++) {
        size_t a = l->pictures[i][0], b = l->pictures[i][1];
        scores[i] = (mn_pair_score){mn_described_score(d, a, b), l->pairs[i].mate, l->pairs[i].fold};
        r->failed_pairs += !d->made[a] || !d->made[b];
        if (l->pairs[i].mate)
            r->scores.mates[r->scores.n_mates++] = scores[i].score;
        else
            r->scores.others[r->scores.n_others++] = scores[i].score;
    }
    r->pairs = l->n;
    r->pictures = d->n;
    r->failed_pictures = d->failed;
    mn_scores_sort(&r->scores);
    r->eer = mn_stats_eer(&r->scores);
    for (size_t i = 0; i < N_RATES; i++)
        r->tars[i] = mn_stats_tar_at_far(&r->scores, rates[i]);
    return mn_stats_accuracy(scores, l->n, l->folds, &r->accuracy, err);
}

static mn_code save_curves(const char *folder, const mn_scores *s, mn_error *err)
{
    mn_plot_point points[MN_CURVE_MAX];
    mn_plot roc = {.title = "ROC: verification",
                   .x_label = "false accepts",
                   .y_label = "true accepts",
                   .x_log = true,
                   .x_min = 1e-4,
                   .x_max = 1,
                   .y_min = 0.5,
                   .y_max = 1,
                   .points = points};
    mn_plot det = {.title = "DET: verification",
                   .x_label = "false matches",
                   .y_label = "false non-matches",
                   .x_log = true,
                   .y_log = true,
                   .x_min = 1e-4,
                   .x_max = 1,
                   .y_min = 1e-3,
                   .y_max = 1,
                   .points = points};
    roc.n = mn_curve_roc(s, points);
    mn_code code = mn_plot_save(&roc, folder, "verify-roc.svg", err);
    det.n = mn_curve_det(s, points);
    return code == MN_OK ? mn_plot_save(&det, folder, "verify-det.svg", err) : code;
}

/* ---- print ---- */

static mn_code print_json(const mn_cli *cli, const mn_engine *e, const results *r, mn_error *err)
{
    char key[32];
    const mn_model_info *model = mn_pipeline_descriptor_model(e->pipeline);
    json_t *tar = json_object(), *intervals = json_object(), *thresholds = json_object();
    for (size_t i = 0; i < N_RATES; i++) {
        mn_rate_key(rates[i], key, sizeof key);
        json_object_set_new(tar, key, json_real(r->tars[i].tar));
        json_object_set_new(intervals, key, json_pack("[ff]", r->tars[i].low, r->tars[i].high));
        json_object_set_new(thresholds, key, mn_json_real(r->tars[i].threshold));
    }
    return mn_json_print(cli->out,
                         json_pack("{ss ss ss sb sI sI sI sI sf sf sf so sf so so so}", "pack",
                                   mn_pack_name(e->pack), "model", model->name, "precision", model->precision,
                                   "flip", mn_settings_bool(cli->settings, MN_S_FACE_FLIP), "pairs",
                                   (json_int_t)r->pairs, "failed", (json_int_t)r->failed_pairs, "pictures",
                                   (json_int_t)r->pictures, "failed_pictures", (json_int_t)r->failed_pictures,
                                   "accuracy", r->accuracy.accuracy, "accuracy_std", r->accuracy.std,
                                   "accuracy_se", r->accuracy.standard_error, "threshold",
                                   mn_json_real(r->accuracy.threshold), "eer", r->eer, "tar_at_far", tar,
                                   "tar_at_far_ci95", intervals, "threshold_at_far", thresholds),
                         err);
}

static void print_text(const mn_cli *cli, const mn_engine *e, const results *r)
{
    FILE *out = cli->out;
    char rate[MN_RATE_TEXT];
    const mn_model_info *model = mn_pipeline_descriptor_model(e->pipeline);
    fprintf(out, "%s pack, %s %s%s\n", mn_pack_name(e->pack), model->name, model->precision,
            mn_settings_bool(cli->settings, MN_S_FACE_FLIP) ? ", flip average" : "");
    fprintf(out, "  pairs          %zu, %zu of them with a picture that failed\n", r->pairs, r->failed_pairs);
    fprintf(out, "  accuracy       %.2f %% ± %.2f (deviation of the folds; standard error %.2f)\n",
            100 * r->accuracy.accuracy, 100 * r->accuracy.std, 100 * r->accuracy.standard_error);
    fprintf(out, "  equal errors   %.2f %%\n", 100 * r->eer);
    for (size_t i = 0; i < N_RATES; i++) {
        const mn_tar *t = &r->tars[i];
        fprintf(out, "  true accepts   %6.2f %%  (%.2f … %.2f) at false accepts of %s%s\n", 100 * t->tar,
                100 * t->low, 100 * t->high, mn_text_rate(t->far, rate),
                t->measurable ? "" : "  (too few pairs to measure)");
    }
}

static mn_code run(mn_cli *cli, mn_engine *engine, pair_list *l, mn_error *err)
{
    mn_described d = {0};
    results r = {0};
    const char *svg = cli->args->value[MN_O_SVG];
    mn_code code = mn_engine_open(cli, MN_WANT_DESCRIPTOR, MN_PEOPLE_NONE, engine, err);
    if (code == MN_OK)
        code = mn_describe_all(cli, engine, &l->inputs, &d, err);
    if (code == MN_OK)
        code = judge(l, &d, &r, err);
    if (code == MN_OK && svg)
        code = save_curves(svg, &r.scores, err);
    if (code == MN_OK && cli->json)
        code = print_json(cli, engine, &r, err);
    else if (code == MN_OK)
        print_text(cli, engine, &r);
    mn_described_finish(&d);
    return code;
}

int mn_cmd_eval_verify(mn_cli *cli)
{
    mn_error err = {0};
    mn_engine engine = {0};
    pair_list l = {0};
    mn_code code = load(&l, cli->args->operands[0], cli->args->operands[1], &err);
    if (code == MN_OK)
        code = run(cli, &engine, &l, &err);
    mn_engine_close(&engine);
    if (l.arena)
        mn_arena_destroy(l.arena);
    if (code == MN_OK)
        return MN_EXIT_DONE;
    mn_say_error(NULL, &err);
    return MN_EXIT_FAILURE;
}
