/* Which key opens what. A context names the place of a sealed text: put under another face, it does not open.
 */
#include "core/internal.h"

#include "base/alloc.h"

#include <sodium.h>
#include <string.h>

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
    mn_buf_init(&wrapped, MN_CORE_WRAPPED_MAX);
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

/* ---- before the transaction ---- */

static mn_code open_early(mn_core *c, const mn_id *person, const void *wrapped, size_t n,
                          mn_core_early_key *out, mn_error *err)
{
    mn_key *key = NULL;
    if (n > sizeof out->wrapped)
        return mn_fail(err, MN_E_CORRUPT, "a wrapped key of %zu bytes", n);
    mn_code code = mn_key_unwrap(c->master, person->bytes, sizeof person->bytes, wrapped, n, &key, err);
    if (code != MN_OK)
        return code;
    *out = (mn_core_early_key){.person = *person, .key = key, .n = n};
    memcpy(out->wrapped, wrapped, n);
    return MN_OK;
}

mn_code mn_core_early_key_make(mn_core *c, const mn_id *person, mn_core_early_key *out, mn_error *err)
{
    mn_buf wrapped;
    mn_key *key = NULL;
    mn_buf_init(&wrapped, MN_CORE_WRAPPED_MAX);
    mn_code code = mn_key_make(c->master, person->bytes, sizeof person->bytes, &key, &wrapped, err);
    if (code == MN_OK) {
        *out = (mn_core_early_key){.person = *person, .key = key, .n = wrapped.len, .is_new = true};
        memcpy(out->wrapped, wrapped.data, wrapped.len);
    }
    mn_buf_finish(&wrapped);
    return code;
}

mn_code mn_core_early_key_take(mn_core *c, const mn_id *person, mn_arena *arena, mn_core_early_key *out,
                               mn_error *err)
{
    const uint8_t *wrapped = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->key_get(c->store, person, arena, &wrapped, &n, err);
    if (code == MN_E_NOT_FOUND)
        return mn_core_early_key_make(c, person, out, err);
    return code == MN_OK ? open_early(c, person, wrapped, n, out, err) : code;
}

mn_code mn_core_early_key_copy(mn_core *c, const mn_core_early_key *from, mn_core_early_key *out,
                               mn_error *err)
{
    mn_code code = open_early(c, &from->person, from->wrapped, from->n, out, err);
    if (code == MN_OK)
        out->is_new = from->is_new;
    return code;
}

mn_code mn_core_early_key_settle(mn_core *c, const mn_core_early_key *k, mn_arena *arena, bool *stands,
                                 mn_error *err)
{
    char own[MN_KEY_ID_TEXT], theirs[MN_KEY_ID_TEXT];
    mn_key *now = NULL;
    mn_code code = mn_core_person_key(c, &k->person, arena, &now, err);
    if (code == MN_E_NOT_FOUND) {
        *stands = k->is_new;
        return k->is_new ? c->store->ops->key_put(c->store, &k->person, k->wrapped, k->n, err) : MN_OK;
    }
    if (code != MN_OK)
        return code;
    mn_key_id(k->key, own); /* the wrapped bytes change with the master key */
    mn_key_id(now, theirs);
    mn_key_close(now);
    *stands = strcmp(own, theirs) == 0;
    return MN_OK;
}

void mn_core_early_key_close(mn_core_early_key *k)
{
    mn_key_close(k->key);
    k->key = NULL;
}

/* ---- what is sealed, and its place ---- */

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
