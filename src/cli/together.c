#include "cli/together.h"
#include "base/alloc.h"
#include "gallery/calibration.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(MN_TOGETHER_MARK == crypto_hash_sha256_BYTES, "a mark is a SHA-256");

struct mn_kept {
    mn_descriptor descriptor;
    float values[MN_DESCRIPTOR_MAX];
    float quality;
    uint8_t mark[MN_TOGETHER_MARK]; /* SHA-256 of the file */
    char *label;
};

mn_code mn_together_keep(mn_together *t, const mn_cli *cli, const mn_picture *p, mn_error *err)
{
    const mn_face *face;
    mn_code code = mn_picture_pick(cli, p, "only", &face, err);
    if (code != MN_OK)
        return code;
    if (t->n == MN_AGGREGATE_MAX)
        return mn_fail(err, MN_E_LIMIT, "at most %d pictures make one descriptor", MN_AGGREGATE_MAX);
    struct mn_kept *more = mn_realloc(t->at, (t->n + 1) * sizeof *more);
    if (!more)
        return mn_fail(err, MN_E_MEMORY, "no memory for a descriptor");
    t->at = more;
    struct mn_kept *k = &more[t->n];
    k->descriptor = face->descriptor;
    k->quality = face->quality.overall;
    crypto_hash_sha256(k->mark, p->bytes.data, p->bytes.len);
    k->label = mn_strdup(p->label);
    if (!k->label)
        return mn_fail(err, MN_E_MEMORY, "no memory for a descriptor");
    memcpy(k->values, face->descriptor.v, (size_t)face->descriptor.dim * sizeof *k->values);
    t->n++;
    return MN_OK;
}

mn_code mn_together_make(const mn_together *t, const mn_model_info *model, mn_arena *arena,
                         mn_descriptor *out, float *quality, mn_error *err)
{
    mn_aggregate_part parts[MN_AGGREGATE_MAX];
    bool measured;
    size_t odd = 0;
    const mn_aggregate_rules rules = {
        .pair = mn_calibration_threshold(&model->calibration, MN_AGGREGATE_PAIR_FMR, &measured),
        .rest = mn_calibration_threshold(&model->calibration, MN_AGGREGATE_REST_FMR, &measured)};
    for (size_t i = 0; i < t->n; i++) {
        t->at[i].descriptor.v = t->at[i].values; /* the array may have moved */
        parts[i] = (mn_aggregate_part){&t->at[i].descriptor, t->at[i].quality};
    }
    mn_code code = mn_aggregate(parts, t->n, &rules, arena, out, quality, &odd, err);
    if (code == MN_E_SEVERAL_FACES)
        mn_error_prefix(err, "%s", t->at[odd].label);
    return code;
}

const char *mn_together_label(const mn_together *t)
{
    return t->n ? t->at[0].label : "";
}

static int compare_marks(const void *a, const void *b)
{
    return memcmp(a, b, MN_TOGETHER_MARK);
}

size_t mn_together_marks(const mn_together *t, uint8_t *out)
{
    for (size_t i = 0; i < t->n; i++)
        memcpy(out + i * MN_TOGETHER_MARK, t->at[i].mark, MN_TOGETHER_MARK);
    qsort(out, t->n, MN_TOGETHER_MARK, compare_marks);
    return t->n * MN_TOGETHER_MARK;
}

void mn_together_finish(mn_together *t)
{
    for (size_t i = 0; i < t->n; i++)
        mn_free(t->at[i].label);
    mn_free(t->at);
    *t = (mn_together){0};
}
