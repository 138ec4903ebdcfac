#include "cli/evaluation.h"
#include "base/alloc.h"
#include "cli/say.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const mn_cli *cli;
    mn_described *described;
    mn_progress progress;
    size_t at;
} work;

static mn_code show(void *ctx, mn_picture *p, mn_error *err)
{
    work *w = ctx;
    mn_described *d = w->described;
    const mn_face *face;
    mn_error error = p->error;
    char what[48];
    (void)err;
    mn_code code = p->code != MN_OK ? p->code : mn_picture_pick(w->cli, p, "centre", &face, &error);
    if (code == MN_OK) {
        memcpy(d->values + w->at * (size_t)d->model->dim, face->descriptor.v,
               (size_t)d->model->dim * sizeof *d->values);
        d->made[w->at] = true;
    } else {
        mn_progress_clear(&w->progress);
        mn_say_error(p->label, &error);
        d->failed++;
    }
    snprintf(what, sizeof what, "failed %zu", d->failed);
    mn_progress_show(&w->progress, ++w->at, what);
    return MN_OK;
}

mn_code mn_describe_all(const mn_cli *cli, const mn_engine *engine, const mn_inputs *inputs,
                        mn_described *out, mn_error *err)
{
    mn_described d = {.model = mn_pipeline_descriptor_model(engine->pipeline), .n = inputs->n};
    d.values = mn_calloc(inputs->n, (size_t)d.model->dim * sizeof *d.values);
    d.made = mn_calloc(inputs->n, sizeof *d.made);
    if (!d.values || !d.made) {
        mn_described_finish(&d);
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu descriptors", inputs->n);
    }
    work w = {.cli = cli, .described = &d, .progress = mn_progress_start(cli, inputs->n)};
    const mn_crew_task task = {
        .want = MN_WANT_DESCRIPTOR, .wanted_side = MN_SIDE_ONE_FACE, .show = show, .ctx = &w};
    mn_code code = mn_crew_run(cli, engine->pipeline, inputs, &task, err);
    mn_progress_clear(&w.progress);
    if (code != MN_OK) {
        mn_described_finish(&d);
        return code;
    }
    *out = d;
    return MN_OK;
}

void mn_described_finish(mn_described *d)
{
    mn_free(d->values);
    mn_free(d->made);
    memset(d, 0, sizeof *d);
}

static mn_descriptor descriptor_at(const mn_described *d, size_t i)
{
    return (mn_descriptor){.dim = d->model->dim,
                           .model = d->model->name,
                           .metric = d->model->metric,
                           .v = d->values + i * (size_t)d->model->dim};
}

double mn_described_score(const mn_described *d, size_t a, size_t b)
{
    if (!d->made[a] || !d->made[b])
        return -INFINITY;
    mn_descriptor x = descriptor_at(d, a), y = descriptor_at(d, b);
    return (double)mn_descriptor_score(&x, &y);
}

mn_id mn_described_id(size_t picture)
{
    uint64_t number = (uint64_t)picture + 1; /* the id of zeros is nobody's */
    mn_id id = {{0}};
    memcpy(id.bytes, &number, sizeof number);
    return id;
}

size_t mn_described_picture(const mn_id *id)
{
    uint64_t number;
    memcpy(&number, id->bytes, sizeof number);
    return (size_t)(number - 1);
}

static mn_code fetch(void *ctx, const mn_id *face, float *out, mn_error *err)
{
    const mn_described *d = ctx;
    size_t dim = (size_t)d->model->dim;
    (void)err;
    memcpy(out, d->values + mn_described_picture(face) * dim, dim * sizeof *out);
    return MN_OK;
}

static mn_code enrol_picture(mn_gallery *g, const mn_described *d, size_t picture, mn_error *err)
{
    const mn_id id = mn_described_id(picture);
    const mn_gallery_entry entry = {
        .face = id, .person = id, .v = d->values + picture * (size_t)d->model->dim};
    return mn_gallery_add(g, &entry, 1, err);
}

mn_code mn_described_enrol(const mn_described *d, const size_t *pictures, size_t n, mn_gallery **out,
                           mn_error *err)
{
    const mn_gallery_options options = {.dim = d->model->dim,
                                        .metric = d->model->metric,
                                        .threads = 1,
                                        .fetch = fetch,
                                        .fetch_ctx = (void *)d};
    mn_gallery *g = NULL;
    mn_code code = mn_gallery_create(&options, &g, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (d->made[pictures[i]])
            code = enrol_picture(g, d, pictures[i], err);
    if (code == MN_OK)
        *out = g;
    else
        mn_gallery_destroy(g);
    return code;
}

mn_code mn_part_parse(const mn_args *args, size_t *k, size_t *n, mn_error *err)
{
    const char *text = args->value[MN_O_PART];
    char *slash, *end;
    *k = *n = 1;
    if (!text)
        return MN_OK;
    unsigned long part = strtoul(text, &slash, 10), parts = *slash == '/' ? strtoul(slash + 1, &end, 10) : 0;
    if (*slash != '/' || end == slash + 1 || *end || part < 1 || part > parts || parts > 1000)
        return mn_fail(err, MN_E_INVALID, "--part %.40s: it takes K/N, e.g. 1/2 for the first half", text);
    *k = part;
    *n = parts;
    return MN_OK;
}

const char *mn_rate_key(double rate, char *out, size_t size)
{
    snprintf(out, size, "%.10g", rate);
    return out;
}
