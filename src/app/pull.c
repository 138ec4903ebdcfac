#include "app/pull.h"
#include "net/fetch.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SOURCES_MAX 3

/* Where one model may come from, in the order they are tried. */
typedef struct {
    char text[SOURCES_MAX][PATH_MAX];
    size_t n, n_mirrored; /* the first n_mirrored are the mirror's */
} sources;

static void add_source(sources *s, const char *mirror, const char *pack, const char *file)
{
    int n = pack ? snprintf(s->text[s->n], PATH_MAX, "%s/%s/%s", mirror, pack, file)
                 : snprintf(s->text[s->n], PATH_MAX, "%s/%s", mirror, file);
    if (n > 0 && n < PATH_MAX)
        s->n++;
}

static void list_sources(const mn_pull *what, const mn_model_info *model, sources *s)
{
    s->n = 0;
    if (what->mirror && *what->mirror) {
        add_source(s, what->mirror, mn_pack_name(what->pack), model->file);
        add_source(s, what->mirror, NULL, model->file);
    }
    s->n_mirrored = s->n;
    if (model->url && strlen(model->url) < PATH_MAX)
        snprintf(s->text[s->n++], PATH_MAX, "%s", model->url);
}

/* Carries the caller's progress through mn_fetch, which knows no models. */
typedef struct {
    const mn_pull *pull;
    const mn_model_info *model;
} reporter;

static void on_progress(void *user, int64_t done, int64_t total)
{
    const reporter *r = user;
    if (r->pull->progress)
        r->pull->progress(r->pull->user, r->model, done, total);
}

static mn_code no_source(const mn_pull *what, const mn_model_info *model, mn_error *err)
{
    const char *name = model->name, *pack = mn_pack_name(what->pack);
    if (strncmp(model->file, "made/", 5) == 0)
        return mn_fail(err, MN_E_MODEL, "%s (%s) is made by the converter: run `make models`", name,
                       model->precision);
    return mn_fail(err, MN_E_MODEL,
                   "%s (%s) has no upstream address and comes from a mirror only: set model.mirror or "
                   "MIEN_MODEL_MIRROR to one that has %s/%s",
                   name, model->precision, pack, model->file);
}

/* That a mirror lacks a file is no news while there is an upstream address, and without one no_source says it
 * better. */
static mn_code fetch_model(const mn_pull *what, mn_pull_outcome *o)
{
    const mn_model_info *model = o->model;
    sources s;
    list_sources(what, model, &s);
    char target[PATH_MAX];
    mn_pack_path(what->pack, model, target, sizeof target);
    reporter r = {what, model};
    mn_code code = MN_E_NOT_FOUND;
    no_source(what, model, &o->error);
    for (size_t i = 0; i < s.n && code && code != MN_E_CANCELLED; i++) {
        mn_fetch fetch = {.source = s.text[i],
                          .target = target,
                          .bytes = model->bytes,
                          .sha256 = model->sha256,
                          .progress = on_progress,
                          .user = &r,
                          .cancel = what->cancel};
        mn_error why = {.code = MN_OK};
        code = mn_fetch_file(&fetch, &why);
        o->mirrored = i < s.n_mirrored;
        if (code && (code != MN_E_NOT_FOUND || !o->mirrored))
            o->error = why;
    }
    return code;
}

static void pull_one(const mn_pull *what, mn_pull_outcome *o)
{
    if (mn_pack_check(what->pack, o->model, NULL) == MN_MODEL_PRESENT) {
        o->state = MN_PULL_PRESENT;
        return;
    }
    if (mn_cancelled(what->cancel)) {
        mn_fail(&o->error, MN_E_CANCELLED, "%s: cancelled", o->model->name);
        return;
    }
    on_progress(&(reporter){what, o->model}, 0, o->model->bytes);
    if (fetch_model(what, o) == MN_OK) {
        o->state = MN_PULL_FETCHED;
        o->error = (mn_error){.code = MN_OK};
    }
}

mn_code mn_models_pull(const mn_pull *what, mn_pull_outcome *outcomes, mn_error *err)
{
    const mn_pull_outcome *first = NULL;
    for (size_t i = 0; i < mn_pack_count(what->pack); i++) {
        mn_pull_outcome *o = &outcomes[i];
        *o = (mn_pull_outcome){.model = mn_pack_model(what->pack, i), .state = MN_PULL_FAILED};
        pull_one(what, o);
        bool cancelled = o->error.code == MN_E_CANCELLED;
        if (o->state == MN_PULL_FAILED && !first && (!o->model->optional || cancelled))
            first = o;
    }
    if (!first)
        return MN_OK;
    if (err)
        *err = first->error;
    return first->error.code;
}
