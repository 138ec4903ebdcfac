#include "store/seal.h"

#include "store/master.h"

#include <sodium.h>
#include <string.h>

/* A sealed text: one byte that says how, the nonce, then what XChaCha20-Poly1305 makes (16 bytes longer than
 * the plain). A wrapped key: one byte that says how, the id of the master key, and a sealed text. */
#define FORMAT      1
#define WRAPPED     2
#define NONCE       crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG         crypto_aead_xchacha20poly1305_ietf_ABYTES
#define KEY         crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define OVERHEAD    (1 + NONCE + TAG)
#define CONTEXT_MAX 512
#define HEAD        (1 + MN_MASTER_ID)
#define WRAPPED_LEN (HEAD + OVERHEAD + KEY)

struct mn_key {
    uint8_t bytes[KEY];
};

/* ---- sealing ---- */

/* A wrapped key and a sealed text of the same context are different things: the label keeps one from passing
 * as the other. */
static mn_code make_context(const char *label, const void *context, size_t n, uint8_t out[CONTEXT_MAX],
                            size_t *len, mn_error *err)
{
    size_t l = strlen(label) + 1;
    if (n > CONTEXT_MAX - l)
        return mn_fail(err, MN_E_INTERNAL, "a sealing context of %zu bytes is too long", n);
    memcpy(out, label, l);
    if (n > 0)
        memcpy(out + l, context, n);
    *len = l + n;
    return MN_OK;
}

static mn_code seal(const uint8_t key[KEY], const uint8_t *context, size_t context_len, const void *plain,
                    size_t n, mn_buf *out, mn_error *err)
{
    uint8_t *at;
    mn_code code = mn_buf_reserve(out, n + OVERHEAD, &at, err);
    if (code != MN_OK)
        return code;
    at[0] = FORMAT;
    randombytes_buf(at + 1, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(at + 1 + NONCE, NULL, plain, n, context, context_len, NULL,
                                               at + 1, key);
    mn_buf_commit(out, n + OVERHEAD);
    return MN_OK;
}

/* Into `plain`, which has room for n - OVERHEAD bytes. */
static bool unseal(const uint8_t key[KEY], const uint8_t *context, size_t context_len, const uint8_t *sealed,
                   size_t n, uint8_t *plain)
{
    return n >= OVERHEAD && sealed[0] == FORMAT &&
           crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed + 1 + NONCE, n - 1 - NONCE,
                                                      context, context_len, sealed + 1, key) == 0;
}

mn_code mn_seal(const mn_key *key, const void *context, size_t context_len, const void *plain, size_t n,
                mn_buf *out, mn_error *err)
{
    uint8_t bound[CONTEXT_MAX];
    size_t len = 0;
    mn_code code = make_context("mien.seal", context, context_len, bound, &len, err);
    return code != MN_OK ? code : seal(key->bytes, bound, len, plain, n, out, err);
}

mn_code mn_unseal(const mn_key *key, const void *context, size_t context_len, const void *sealed, size_t n,
                  mn_buf *out, mn_error *err)
{
    uint8_t bound[CONTEXT_MAX];
    size_t len = 0;
    mn_code code = make_context("mien.seal", context, context_len, bound, &len, err);
    if (code != MN_OK)
        return code;
    size_t plain = n >= OVERHEAD ? n - OVERHEAD : 0;
    uint8_t *at;
    code = mn_buf_reserve(out, plain, &at, err);
    if (code != MN_OK)
        return code;
    if (!unseal(key->bytes, bound, len, sealed, n, at)) {
        if (plain > 0)
            sodium_memzero(at, plain);
        return mn_fail(err, MN_E_CORRUPT,
                       "sealed data do not open: they were changed or moved, or belong to another key");
    }
    mn_buf_commit(out, plain);
    return MN_OK;
}

mn_code mn_unseal_to(const mn_key *key, const void *context, size_t context_len, const void *sealed, size_t n,
                     void *out, size_t size, mn_error *err)
{
    uint8_t bound[CONTEXT_MAX];
    size_t len = 0;
    mn_code code = make_context("mien.seal", context, context_len, bound, &len, err);
    if (code != MN_OK)
        return code;
    if (n == size + OVERHEAD && unseal(key->bytes, bound, len, sealed, n, out))
        return MN_OK;
    sodium_memzero(out, size);
    return mn_fail(err, MN_E_CORRUPT,
                   "sealed data do not open: they were changed or moved, or belong to another key");
}

void mn_key_hash(const mn_key *key, const void *bytes, size_t n, uint8_t out[32])
{
    static const uint8_t label[] = "mien.hash";
    uint8_t own[32]; /* not the sealing key itself: a key has one use */
    crypto_generichash(own, sizeof own, label, sizeof label, key->bytes, KEY);
    crypto_generichash(out, 32, bytes, n, own, sizeof own);
    sodium_memzero(own, sizeof own);
}

void mn_key_id(const mn_key *key, char text[MN_KEY_ID_TEXT])
{
    static const uint8_t label[] = "mien.key.id";
    uint8_t hash[32];
    mn_key_hash(key, label, sizeof label, hash);
    sodium_bin2hex(text, MN_KEY_ID_TEXT, hash, (MN_KEY_ID_TEXT - 1) / 2);
}

/* ---- keys of people ---- */

/* Locked memory costs a dozen system calls to take and to give back, and loading a gallery opens a key for
 * each person: a few wiped ones are kept for the next. */
#define SPARE_MAX 8
static pthread_mutex_t spare_lock = PTHREAD_MUTEX_INITIALIZER;
static mn_key *spare[SPARE_MAX];
static size_t n_spare;

static mn_code key_alloc(mn_key **out, mn_error *err)
{
    pthread_mutex_lock(&spare_lock);
    mn_key *key = n_spare > 0 ? spare[--n_spare] : NULL;
    pthread_mutex_unlock(&spare_lock);
    if (!key)
        key = sodium_malloc(sizeof *key);
    if (!key)
        return mn_fail(err, MN_E_MEMORY, "no memory that can be locked for a key");
    *out = key;
    return MN_OK;
}

/* Between lock and unlock of m->lock. */
static mn_code wrap(mn_master *m, const uint8_t *context, size_t context_len, const uint8_t key[KEY],
                    mn_buf *out, mn_error *err)
{
    const mn_master_key *by = NULL;
    size_t before = out->len;
    uint8_t *at;
    mn_code code = mn_master_newest(m, &by, err);
    if (code == MN_OK)
        code = mn_buf_reserve(out, HEAD, &at, err);
    if (code != MN_OK)
        return code;
    at[0] = WRAPPED;
    memcpy(at + 1, by->id, MN_MASTER_ID);
    mn_buf_commit(out, HEAD);
    code = seal(by->bytes, context, context_len, key, KEY, out, err);
    if (code != MN_OK)
        mn_buf_cut(out, before);
    return code;
}

static mn_code unwrap(mn_master *m, const uint8_t *context, size_t context_len, const uint8_t *wrapped,
                      size_t n, uint8_t key[KEY], mn_error *err)
{
    const mn_master_key *by = NULL;
    if (n != WRAPPED_LEN || wrapped[0] != WRAPPED)
        return mn_fail(err, MN_E_CORRUPT, "a wrapped key does not open: it was changed");
    mn_code code = mn_master_find(m, wrapped + 1, &by, err);
    if (code != MN_OK)
        return code;
    if (!by) {
        char id[MN_MASTER_ID_TEXT];
        sodium_bin2hex(id, sizeof id, wrapped + 1, MN_MASTER_ID);
        return mn_fail(err, MN_E_CORRUPT,
                       "a wrapped key does not open: it was wrapped by the master key %s, which is not here: "
                       "put that one back from its backup",
                       id);
    }
    return unseal(by->bytes, context, context_len, wrapped + HEAD, n - HEAD, key)
               ? MN_OK
               : mn_fail(err, MN_E_CORRUPT, "a wrapped key does not open: it was changed or moved");
}

mn_code mn_key_make(const mn_master *m, const void *context, size_t context_len, mn_key **out,
                    mn_buf *wrapped, mn_error *err)
{
    mn_master *own = (mn_master *)m; /* reading the key files again changes nothing of what it is */
    uint8_t bound[CONTEXT_MAX];
    size_t len = 0;
    mn_key *key = NULL;
    mn_code code = make_context("mien.key", context, context_len, bound, &len, err);
    if (code == MN_OK)
        code = key_alloc(&key, err);
    if (code != MN_OK)
        return code;
    randombytes_buf(key->bytes, KEY);
    pthread_mutex_lock(&own->lock);
    code = wrap(own, bound, len, key->bytes, wrapped, err);
    pthread_mutex_unlock(&own->lock);
    if (code != MN_OK) {
        mn_key_close(key);
        return code;
    }
    *out = key;
    return MN_OK;
}

mn_code mn_key_unwrap(const mn_master *m, const void *context, size_t context_len, const void *wrapped,
                      size_t n, mn_key **out, mn_error *err)
{
    mn_master *own = (mn_master *)m;
    uint8_t bound[CONTEXT_MAX];
    size_t len = 0;
    mn_key *key = NULL;
    mn_code code = make_context("mien.key", context, context_len, bound, &len, err);
    if (code == MN_OK)
        code = key_alloc(&key, err);
    if (code != MN_OK)
        return code;
    pthread_mutex_lock(&own->lock);
    code = unwrap(own, bound, len, wrapped, n, key->bytes, err);
    pthread_mutex_unlock(&own->lock);
    if (code != MN_OK) {
        mn_key_close(key);
        return code;
    }
    *out = key;
    return MN_OK;
}

static mn_code is_current(mn_master *m, const uint8_t *wrapped, size_t n, bool *out, mn_error *err)
{
    const mn_master_key *by = NULL;
    mn_code code = mn_master_newest(m, &by, err);
    if (code == MN_OK)
        *out = n == WRAPPED_LEN && wrapped[0] == WRAPPED && memcmp(wrapped + 1, by->id, MN_MASTER_ID) == 0;
    return code;
}

mn_code mn_key_is_current(const mn_master *m, const void *wrapped, size_t n, bool *current, mn_error *err)
{
    mn_master *own = (mn_master *)m;
    pthread_mutex_lock(&own->lock);
    mn_code code = is_current(own, wrapped, n, current, err);
    pthread_mutex_unlock(&own->lock);
    return code;
}

mn_code mn_key_rewrap(const mn_master *m, const void *context, size_t context_len, const void *wrapped,
                      size_t n, bool *current, mn_buf *out, mn_error *err)
{
    mn_master *own = (mn_master *)m;
    uint8_t bound[CONTEXT_MAX];
    size_t len = 0;
    mn_key *key = NULL;
    bool same = false;
    mn_code code = make_context("mien.key", context, context_len, bound, &len, err);
    if (code == MN_OK)
        code = key_alloc(&key, err);
    if (code != MN_OK)
        return code;
    pthread_mutex_lock(&own->lock);
    code = is_current(own, wrapped, n, &same, err);
    if (code == MN_OK && !same)
        code = unwrap(own, bound, len, wrapped, n, key->bytes, err);
    if (code == MN_OK && !same)
        code = wrap(own, bound, len, key->bytes, out, err);
    pthread_mutex_unlock(&own->lock);
    mn_key_close(key);
    if (code == MN_OK)
        *current = same;
    return code;
}

void mn_key_close(mn_key *key)
{
    if (!key)
        return;
    sodium_memzero(key, sizeof *key);
    pthread_mutex_lock(&spare_lock);
    bool keep = n_spare < SPARE_MAX;
    if (keep)
        spare[n_spare++] = key;
    pthread_mutex_unlock(&spare_lock);
    if (!keep)
        sodium_free(key);
}
