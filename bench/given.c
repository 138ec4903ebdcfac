/* What faces that somebody else has found cost in accuracy, on LFW's pairs: boxes in place of the detector,
 * and ready samples in place of pictures. Usage: bench-given FOLDER PAIRS MODELS LIBRARY [PAIRS AT MOST]
 *
 * Prints a JSON object a way: the ten-fold accuracy (of as many folds as the pairs hold) and true accepts at
 * a false-accept rate of 1e-3. What a way finds no face in counts as the worst score. One thread. */
#include "base/alloc.h"
#include "base/file.h"
#include "cli/pairs.h"
#include "cli/stats.h"
#include "face/align.h"
#include "face/pipeline.h"
#include "image/decode.h"
#include "image/encode.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIM 128

typedef enum { DETECTED, BOX, BOX_LOOSE, BOX_MOVED, SAMPLE_112, SAMPLE_150, SAMPLE_250, ELSEWHERE, WAYS } way;
static const char *const words[WAYS] = {
    "detected",   "box",        "box 1.5 times as large", "box moved by a sixth", "sample 112",
    "sample 150", "sample 250", "box beside the face"};

typedef struct {
    mn_pipeline *p;
    mn_arena *arena;
    double seen[WAYS], tried[WAYS];
} bench;

typedef struct {
    float v[WAYS][DIM];
    bool made[WAYS];
} views;

static void die(const mn_error *err)
{
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static void keep(bench *b, views *out, way w, mn_code code, const mn_face *f)
{
    b->tried[w]++;
    out->made[w] = code == MN_OK;
    b->seen[w] += out->made[w];
    if (out->made[w])
        memcpy(out->v[w], f->descriptor.v, sizeof out->v[w]);
}

static void try_box(bench *b, views *out, way w, const mn_image *image, mn_box box)
{
    mn_face *face = NULL;
    mn_error err;
    mn_code code = mn_pipeline_run_boxes(b->p, image, &box, 1, MN_WANT_DESCRIPTOR, b->arena, &face, &err);
    keep(b, out, w, code, face);
}

/* A sample as a client would send it: aligned by the template, JPEG of quality 92, read again. */
static void try_sample(bench *b, views *out, way w, const mn_image *image, const mn_face *f, mn_template t)
{
    mn_pyramid pyramid = mn_pyramid_of(image);
    mn_image *chip = NULL, *again = NULL;
    mn_face face = {0};
    mn_error err;
    mn_buf jpeg;
    mn_decode_limits limits = mn_decode_limits_default();
    mn_buf_init(&jpeg, 1 << 20);
    mn_code code = mn_align_chip(&pyramid, &t, f->points, &chip, &err);
    if (code == MN_OK)
        code = mn_image_encode(chip, MN_FORMAT_JPEG, 92, &jpeg, &err);
    if (code == MN_OK)
        code = mn_image_decode(jpeg.data, jpeg.len, &limits, &again, &err);
    if (code == MN_OK)
        code = mn_pipeline_run_sample(b->p, again, MN_WANT_DESCRIPTOR, b->arena, &face, &err);
    keep(b, out, w, code, &face);
    mn_image_unref(chip);
    mn_image_unref(again);
    mn_buf_finish(&jpeg);
    mn_pyramid_finish(&pyramid);
}

static const mn_face *nearest_centre(const mn_image *image, const mn_face *faces, size_t n)
{
    const mn_face *best = NULL;
    float least = INFINITY;
    for (size_t i = 0; i < n; i++) {
        const mn_box *x = &faces[i].box;
        float d = hypotf(x->x + x->width / 2 - (float)mn_image_width(image) / 2,
                         x->y + x->height / 2 - (float)mn_image_height(image) / 2);
        if (d < least)
            least = d, best = &faces[i];
    }
    return best;
}

/* Of 250 px, with half again as much around the face as the 112 px template has. */
static mn_template wide(void)
{
    mn_template t = {.size = 250};
    for (int i = 0; i < 5; i++)
        t.points[i] = (mn_point){125 + (mn_template_112.points[i].x - 56) * 1.5f,
                                 125 + (mn_template_112.points[i].y - 72) * 1.5f};
    return t;
}

static void see(bench *b, const mn_image *image, views *out)
{
    mn_face *faces;
    size_t n;
    mn_error err = {0};
    mn_code code = mn_pipeline_run(b->p, image, MN_WANT_DESCRIPTOR, b->arena, &faces, &n, &err);
    if (code != MN_OK)
        die(&err);
    const mn_face *f = nearest_centre(image, faces, n);
    keep(b, out, DETECTED, f ? MN_OK : MN_E_NO_FACE, f);
    if (!f)
        return;
    mn_box x = f->box;
    try_box(b, out, BOX, image, x);
    try_box(b, out, BOX_LOOSE, image,
            (mn_box){x.x - x.width / 4, x.y - x.height / 4, 1.5f * x.width, 1.5f * x.height});
    try_box(b, out, BOX_MOVED, image, (mn_box){x.x + x.width / 6, x.y - x.height / 6, x.width, x.height});
    try_box(b, out, ELSEWHERE, image, (mn_box){2, 2, x.width * 0.8f, x.height * 0.8f});
    try_sample(b, out, SAMPLE_112, image, f, mn_template_112);
    try_sample(b, out, SAMPLE_150, image, f, mn_template_150);
    try_sample(b, out, SAMPLE_250, image, f, wide());
}

static void read_one(bench *b, const char *folder, const char *name, unsigned number, views *out)
{
    char path[4096];
    mn_buf bytes;
    mn_image *image;
    mn_error err = {0};
    mn_decode_limits limits = mn_decode_limits_default();
    snprintf(path, sizeof path, "%s/%s/%s_%04u.jpg", folder, name, name, number);
    mn_buf_init(&bytes, limits.max_bytes);
    memset(out, 0, sizeof *out);
    if (mn_file_read(path, &bytes, &err) != MN_OK ||
        mn_image_decode(bytes.data, bytes.len, &limits, &image, &err) != MN_OK)
        die(&err);
    see(b, image, out);
    mn_image_unref(image);
    mn_buf_finish(&bytes);
    mn_arena_reset(b->arena);
}

static double score(const views *a, const views *b, way w)
{
    double sum = 0;
    for (int i = 0; i < DIM; i++)
        sum += (double)a->v[DETECTED][i] * (double)b->v[w][i];
    return a->made[DETECTED] && b->made[w] ? sum : -INFINITY;
}

/* One picture as it is, the other as the way has it. */
static void report(const bench *b, way w, mn_pair_score *s, size_t n, unsigned folds)
{
    mn_scores all = {.mates = mn_calloc(n, sizeof(double)), .others = mn_calloc(n, sizeof(double))};
    mn_accuracy accuracy = {0};
    mn_error err = {0};
    for (size_t i = 0; all.mates && all.others && i < n; i++)
        if (s[i].mate)
            all.mates[all.n_mates++] = s[i].score;
        else
            all.others[all.n_others++] = s[i].score;
    mn_scores_sort(&all);
    if (folds > 1 && mn_stats_accuracy(s, n, folds, &accuracy, &err) != MN_OK)
        die(&err);
    mn_tar tar = mn_stats_tar_at_far(&all, 1e-3);
    printf("{\"way\": \"%s\", \"pairs\": %zu, \"accuracy\": %.4f, \"standard_error\": %.4f, \"tar_at_1e-3\": "
           "%.4f, \"eer\": %.4f, \"seen\": %.4f}\n",
           words[w], n, accuracy.accuracy, accuracy.standard_error, tar.tar, mn_stats_eer(&all),
           b->seen[w] / b->tried[w]);
    mn_free(all.mates);
    mn_free(all.others);
}

static void open_pipeline(bench *b, const char *models, const char *library)
{
    static mn_runtime *rt;
    static mn_pack *pack;
    mn_error err = {0};
    const mn_runtime_options how = {.library = library, .provider = "cpu"};
    const mn_pipeline_options options = mn_pipeline_options_default();
    if (mn_pack_open("standard", models, &pack, &err) != MN_OK ||
        mn_runtime_create(&how, &rt, &err) != MN_OK ||
        mn_pipeline_create(rt, pack, &options, &b->p, &err) != MN_OK)
        die(&err);
    b->arena = mn_arena_create((size_t)256 << 20);
}

int main(int argc, char **argv)
{
    bench b = {0};
    mn_error err = {0};
    mn_buf text;
    mn_pair *pairs;
    size_t n = 0;
    unsigned folds = 0;
    if (argc < 5) {
        fprintf(stderr, "usage: bench-given FOLDER PAIRS MODELS LIBRARY [PAIRS AT MOST]\n");
        return 2;
    }
    open_pipeline(&b, argv[3], argv[4]);
    mn_arena *names = mn_arena_create((size_t)64 << 20);
    mn_buf_init(&text, (size_t)64 << 20);
    if (mn_file_read(argv[2], &text, &err) != MN_OK ||
        mn_pairs_parse((const char *)text.data, text.len, names, &pairs, &n, &folds, &err) != MN_OK)
        die(&err);
    size_t most = argc > 5 ? (size_t)strtoul(argv[5], NULL, 10) : n, step = most < n ? n / most : 1, used = 0;
    mn_pair_score *scores = mn_calloc(WAYS * n, sizeof *scores);
    views *two = mn_calloc(2, sizeof *two);
    if (!scores || !two)
        return 1;
    for (size_t i = 0; i < n; i += step, used++) {
        const mn_pair *pair = &pairs[i];
        read_one(&b, argv[1], pair->name[0], pair->number[0], &two[0]);
        read_one(&b, argv[1], pair->mate ? pair->name[0] : pair->name[1], pair->number[1], &two[1]);
        for (int w = 0; w < WAYS; w++)
            scores[(size_t)w * n + used] =
                (mn_pair_score){score(&two[0], &two[1], (way)w), pair->mate, pair->fold};
    }
    for (int w = 0; w < WAYS; w++)
        report(&b, (way)w, scores + (size_t)w * n, used, folds);
    return 0;
}
