/* Descriptors as they lie in the store: turned by the deployment's secret rotation, then sealed under their
 * person's key. Whatever comes behind the network and before an export sees turned ones only: store, gallery,
 * snapshot, search.
 *
 * The rotation's secret is derived from the deployment key, which stands in the store wrapped by the master
 * key and never changes. What was sealed before deployments had a rotation has another context; it is turned
 * when it is read, so both kinds live side by side in one store. */
#include "core/internal.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define CONTEXT_TURNED 'r'
#define CONTEXT_PLAIN  'd'
#define MARK_META      "descriptor_rotation.%d" /* one for each dimension */
#define MARK_TEXT      (2 * MN_SECRET_ROTATION_MARK + 1)

mn_code mn_core_make_rotation(const mn_core *c, int dim, mn_secret_rotation **out, mn_error *err)
{
    static const char label[] = "mien.rotation/1";
    uint8_t secret[MN_SECRET_ROTATION_KEY];
    mn_key_hash(c->deployment, label, sizeof label, secret);
    mn_code code = mn_secret_rotation_create(secret, dim, out, err);
    sodium_memzero(secret, sizeof secret);
    return code;
}

mn_code mn_core_open_rotation(mn_core *c, mn_arena *arena, mn_error *err)
{
    uint8_t mark[MN_SECRET_ROTATION_MARK];
    char text[MARK_TEXT], name[sizeof MARK_META + 16];
    const char *known = NULL;
    snprintf(name, sizeof name, MARK_META, c->model->dim);
    mn_code code = mn_core_make_rotation(c, c->model->dim, &c->rotation, err);
    if (code == MN_OK)
        code = c->store->ops->meta_get(c->store, name, arena, &known, err);
    if (code != MN_OK)
        return code;
    mn_secret_rotation_mark(c->rotation, mark);
    sodium_bin2hex(text, sizeof text, mark, sizeof mark);
    if (!known)
        return c->store->ops->meta_put(c->store, name, text, err);
    return strcmp(known, text) == 0
               ? MN_OK
               : mn_fail(
                     err, MN_E_PACK,
                     "the descriptors in the store were turned by another rotation than this deployment's: "
                     "put the backup of the store back, deployment key included");
}

void mn_core_turn(const mn_core *c, const float *plain, float *out)
{
    mn_secret_rotation_apply(c->rotation, plain, out);
}

void mn_core_turn_back(const mn_core *c, const float *turned, float *out)
{
    mn_secret_rotation_undo(c->rotation, turned, out);
}

/* Names the place of a sealed text: put under another face, it does not open. */
static size_t make_context(char kind, const mn_id *face, const char *model,
                           uint8_t out[MN_DESCRIPTOR_CONTEXT])
{
    size_t room = MN_DESCRIPTOR_CONTEXT - 1 - sizeof face->bytes, n = strlen(model);
    if (n > room)
        n = room;
    out[0] = (uint8_t)kind;
    memcpy(out + 1, face->bytes, sizeof face->bytes);
    memcpy(out + 1 + sizeof face->bytes, model, n);
    return 1 + sizeof face->bytes + n;
}

mn_code mn_core_seal_descriptor(const mn_core *c, const mn_key *key, const mn_id *face, const float *plain,
                                mn_buf *out, mn_error *err)
{
    uint8_t context[MN_DESCRIPTOR_CONTEXT];
    float turned[MN_DESCRIPTOR_MAX];
    size_t len = make_context(CONTEXT_TURNED, face, c->model_name, context);
    size_t size = (size_t)c->model->dim * sizeof(float);
    mn_core_turn(c, plain, turned);
    mn_code code = mn_seal(key, context, len, turned, size, out, err);
    sodium_memzero(turned, size);
    return code;
}

mn_code mn_core_unseal_turned(const mn_secret_rotation *rotation, int dim, const mn_key *key,
                              const mn_descriptor_record *d, float *out, mn_error *err)
{
    uint8_t context[MN_DESCRIPTOR_CONTEXT];
    float plain[MN_DESCRIPTOR_MAX];
    size_t len = make_context(CONTEXT_TURNED, &d->face, d->model, context);
    size_t size = (size_t)dim * sizeof(float);
    if (d->dim != dim)
        return mn_fail(err, MN_E_CORRUPT, "a descriptor has %d numbers where %d belong", d->dim, dim);
    if (mn_unseal_to(key, context, len, d->sealed, d->sealed_len, out, size, NULL) == MN_OK)
        return MN_OK;
    len = make_context(CONTEXT_PLAIN, &d->face, d->model, context);
    mn_code code = mn_unseal_to(key, context, len, d->sealed, d->sealed_len, plain, size, err);
    if (code == MN_OK)
        mn_secret_rotation_apply(rotation, plain, out);
    sodium_memzero(plain, size);
    return code;
}

mn_code mn_core_move_descriptor(const mn_key *from, const mn_key *to, const mn_id *face,
                                const mn_descriptor_record *d, mn_buf *out, mn_error *err)
{
    static const char kinds[] = {CONTEXT_TURNED, CONTEXT_PLAIN};
    uint8_t context[MN_DESCRIPTOR_CONTEXT];
    float v[MN_DESCRIPTOR_MAX];
    size_t size = (size_t)d->dim * sizeof *v, i = 0;
    if (d->dim < 1 || d->dim > MN_DESCRIPTOR_MAX)
        return mn_fail(err, MN_E_CORRUPT, "a descriptor has %d numbers", d->dim);
    mn_code code = MN_E_CORRUPT;
    for (; code != MN_OK && i < sizeof kinds; i++) {
        size_t len = make_context(kinds[i], &d->face, d->model, context);
        code = mn_unseal_to(from, context, len, d->sealed, d->sealed_len, v, size, err);
    }
    if (code == MN_OK) {
        size_t len = make_context(kinds[i - 1], face, d->model, context);
        code = mn_seal(to, context, len, v, size, out, err);
    }
    sodium_memzero(v, size);
    return code;
}

mn_code mn_core_unseal_descriptor(const mn_core *c, const mn_key *key, const mn_descriptor_record *d,
                                  float *out, mn_error *err)
{
    return mn_core_unseal_turned(c->rotation, c->model->dim, key, d, out, err);
}
