/* Which key opens what. A context names the place of a sealed text: put under another face, it does not open.
 */
#include "core/internal.h"

#include "base/alloc.h"

#include <sodium.h>
#include <string.h>

#define SEALED_KEY_MAX 512

mn_code mn_core_person_key(mn_core *c, const mn_id *person, mn_arena *arena, mn_key **out, mn_error *err)
{
    const uint8_t *wrapped = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->key_get(c->store, person, arena, &wrapped, &n, err);
    return code != MN_OK
               ? code
               : mn_key_unwrap(c->master, person->bytes, sizeof person->bytes, wrapped, n, out, err);
}

mn_code mn_core_make_person_key(mn_core *c, const mn_id *person, mn_key **out, mn_error *err)
{
    mn_buf wrapped;
    mn_key *key = NULL;
    mn_buf_init(&wrapped, SEALED_KEY_MAX);
    mn_code code = mn_key_make(c->master, person->bytes, sizeof person->bytes, &key, &wrapped, err);
    if (code == MN_OK)
        code = c->store->ops->key_put(c->store, person, wrapped.data, wrapped.len, err);
    mn_buf_finish(&wrapped);
    if (code != MN_OK) {
        mn_key_close(key);
        return code;
    }
    *out = key;
    return MN_OK;
}

static void face_context(char kind, const mn_id *face, uint8_t out[17])
{
    out[0] = (uint8_t)kind;
    memcpy(out + 1, face->bytes, sizeof face->bytes);
}

mn_code mn_core_seal_sample(const mn_key *key, const mn_id *face, const mn_buf *jpeg, mn_buf *out,
                            mn_error *err)
{
    uint8_t context[17];
    face_context('s', face, context);
    return mn_seal(key, context, sizeof context, jpeg->data, jpeg->len, out, err);
}

mn_code mn_core_unseal_sample(const mn_key *key, const mn_id *face, const mn_buf *sealed, mn_buf *out,
                              mn_error *err)
{
    uint8_t context[17];
    face_context('s', face, context);
    return mn_unseal(key, context, sizeof context, sealed->data, sealed->len, out, err);
}

mn_code mn_core_seal_original(const mn_key *key, const mn_id *face, const uint8_t *bytes, size_t n,
                              mn_buf *out, mn_error *err)
{
    uint8_t context[17];
    face_context('o', face, context);
    return mn_seal(key, context, sizeof context, bytes, n, out, err);
}

mn_code mn_core_unseal_original(const mn_key *key, const mn_id *face, const mn_buf *sealed, mn_buf *out,
                                mn_error *err)
{
    uint8_t context[17];
    face_context('o', face, context);
    return mn_unseal(key, context, sizeof context, sealed->data, sealed->len, out, err);
}
