/* What a record must say, whatever is in the store. */
#include "core/import_parts.h"

#include <math.h>
#include <string.h>

#define LENGTH_OFF    0.02 /* of a unit vector: half precision loses a thousandth */
#define NUMBER_MOST   1e4f /* of a model that is not normalised */
#define USER_DATA_MAX 2048

static mn_code check_texts(const mn_import_person *p, mn_error *err)
{
    mn_code code = MN_OK;
    if (mn_id_is_nil(&p->id) && !p->external_id)
        return mn_fail(
            err, MN_E_INVALID,
            "the person has neither an id nor an external id: a second run could not know who it is");
    if (p->external_id)
        code = mn_core_check_text("the person's external id", p->external_id, err);
    if (code == MN_OK && p->name)
        code = mn_core_check_text("the person's name", p->name, err);
    if (code == MN_OK && !p->name && !p->external_id)
        code = mn_fail(err, MN_E_INVALID, "the person has neither a name nor an external id");
    if (code == MN_OK && p->user_data)
        code = mn_core_check_lines("the person's user_data", p->user_data, USER_DATA_MAX, err);
    if (code == MN_OK && p->n_lists == 0)
        code = mn_fail(err, MN_E_INVALID, "the person is in no list: name one in the record or with --list");
    for (size_t i = 0; code == MN_OK && i < p->n_lists; i++)
        code = mn_core_check_text("the list's name", p->lists[i].name, err);
    return code;
}

static mn_code check_consent(const mn_consent *c, mn_error *err)
{
    mn_code code = (unsigned)c->purpose < MN_PURPOSES
                       ? MN_OK
                       : mn_fail(err, MN_E_INVALID, "the consent is for no known purpose");
    if (code == MN_OK)
        code = mn_core_check_text("how the consent was given", c->method, err);
    if (code == MN_OK && c->evidence && *c->evidence)
        code = mn_core_check_text("the consent's evidence", c->evidence, err);
    if (code == MN_OK && c->given > mn_time_now())
        code = mn_fail(err, MN_E_CONSENT, "the consent is said to be given in the future");
    if (code == MN_OK && c->until <= c->given)
        code = mn_fail(err, MN_E_INVALID, "the consent ends before it was given");
    return code;
}

static mn_code check_model(const mn_core *c, const mn_import_face *f, mn_error *err)
{
    if (!f->model || !*f->model)
        return mn_fail(
            err, MN_E_INVALID,
            "it is not said which model made the descriptor: say it in the record, in the header or "
            "with --model");
    if (strcmp(f->model, c->model_name) != 0)
        return mn_fail(
            err, MN_E_PACK,
            "the descriptor is of the model %.80s, and the people here are of %s: descriptors of two "
            "models cannot be compared; enrol the pictures instead",
            f->model, c->model_name);
    if (f->dim != c->model->dim)
        return mn_fail(err, MN_E_INVALID, "the descriptor has %d numbers, and those of %s have %d", f->dim,
                       c->model_name, c->model->dim);
    return MN_OK;
}

static mn_code check_numbers(const mn_core *c, const mn_import_face *f, mn_error *err)
{
    double sum = 0;
    for (int i = 0; i < f->dim; i++) {
        if (!isfinite(f->v[i]) || fabsf(f->v[i]) > NUMBER_MOST)
            return mn_fail(err, MN_E_INVALID, "number %d of the descriptor is %g: that is no descriptor", i,
                           (double)f->v[i]);
        sum += (double)f->v[i] * (double)f->v[i];
    }
    if (sum == 0)
        return mn_fail(err, MN_E_INVALID, "all numbers of the descriptor are 0");
    if (c->model->metric == MN_METRIC_COSINE && fabs(sqrt(sum) - 1) > LENGTH_OFF)
        return mn_fail(
            err, MN_E_INVALID,
            "the descriptor has the length %.4g, and those of %s have 1: divide each by its length, "
            "if it is one",
            sqrt(sum), c->model_name);
    return MN_OK;
}

static mn_code check_face(const mn_core *c, const mn_import_face *f, mn_error *err)
{
    if (!f->v)
        return mn_fail(err, MN_E_INVALID, "it has no descriptor");
    mn_code code = check_model(c, f, err);
    if (code == MN_OK)
        code = check_numbers(c, f, err);
    if (code == MN_OK && f->source && *f->source)
        code = mn_core_check_text("the face's source", f->source, err);
    if (code == MN_OK && f->jpeg &&
        (f->n < 4 || f->n > MN_ENROL_SAMPLE_MAX || f->jpeg[0] != 0xff || f->jpeg[1] != 0xd8))
        code = mn_fail(err, MN_E_INVALID, "its sample is no JPEG of at most %zu bytes", MN_ENROL_SAMPLE_MAX);
    return code;
}

mn_code mn_import_check(const mn_core *c, const mn_import_person *p, mn_error *err)
{
    mn_code code = check_texts(p, err);
    for (size_t i = 0; code == MN_OK && i < p->n_consents; i++)
        code = check_consent(&p->consents[i], err);
    for (size_t i = 0; code == MN_OK && i < p->n_faces; i++) {
        code = check_face(c, &p->faces[i], err);
        if (code != MN_OK)
            mn_error_prefix(err, "face %zu", i + 1);
    }
    return code;
}
