#include "store/seal.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A sealed text: one byte that says how, the nonce, then what XChaCha20-Poly1305 makes (16 bytes longer than
 * the plain). */
#define FORMAT      1
#define NONCE       crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG         crypto_aead_xchacha20poly1305_ietf_ABYTES
#define KEY         crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define OVERHEAD    (1 + NONCE + TAG)
#define CONTEXT_MAX 512

struct mn_master {
    uint8_t bytes[KEY];
};
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

void mn_key_hash(const mn_key *key, const void *bytes, size_t n, uint8_t out[32])
{
    static const uint8_t label[] = "mien.hash";
    uint8_t own[32]; /* not the sealing key itself: a key has one use */
    crypto_generichash(own, sizeof own, label, sizeof label, key->bytes, KEY);
    crypto_generichash(out, 32, bytes, n, own, sizeof own);
    sodium_memzero(own, sizeof own);
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

mn_code mn_key_make(const mn_master *m, const void *context, size_t context_len, mn_key **out,
                    mn_buf *wrapped, mn_error *err)
{
    uint8_t bound[CONTEXT_MAX];
    size_t len = 0;
    mn_key *key = NULL;
    mn_code code = make_context("mien.key", context, context_len, bound, &len, err);
    if (code == MN_OK)
        code = key_alloc(&key, err);
    if (code != MN_OK)
        return code;
    randombytes_buf(key->bytes, KEY);
    code = seal(m->bytes, bound, len, key->bytes, KEY, wrapped, err);
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
    uint8_t bound[CONTEXT_MAX];
    size_t len = 0;
    mn_key *key = NULL;
    mn_code code = make_context("mien.key", context, context_len, bound, &len, err);
    if (code == MN_OK)
        code = key_alloc(&key, err);
    if (code != MN_OK)
        return code;
    if (n != KEY + OVERHEAD || !unseal(m->bytes, bound, len, wrapped, n, key->bytes)) {
        mn_key_close(key);
        return mn_fail(err, MN_E_CORRUPT,
                       "a wrapped key does not open: the master key is another one, or the key was changed");
    }
    *out = key;
    return MN_OK;
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

/* ---- the master key ---- */

static mn_code read_key(int fd, const char *path, uint8_t key[KEY], mn_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return mn_fail_errno(err, errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return mn_fail(err, MN_E_INVALID, "%s is not an ordinary file: a master key is a file of %d bytes",
                       path, (int)KEY);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return mn_fail(
            err, MN_E_FORBIDDEN,
            "%s can be read or written by other users (mode %03o): run chmod 600 on it, and make sure that "
            "nobody took a copy",
            path, (unsigned)(st.st_mode & 0777));
    if (st.st_size != KEY)
        return mn_fail(err, MN_E_CORRUPT,
                       "%s has %lld bytes where a master key has %d: put the right file back from its backup",
                       path, (long long)st.st_size, (int)KEY);
    size_t have = 0;
    while (have < KEY) {
        ssize_t n = read(fd, key + have, KEY - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return mn_fail_errno(err, errno, "%s", path);
        if (n == 0)
            return mn_fail(err, MN_E_CORRUPT, "%s ended early: put the right file back from its backup",
                           path);
        have += (size_t)n;
    }
    return MN_OK;
}

static mn_code sync_folder_of(const char *path, mn_error *err)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    const char *folder = dirname(copy);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return mn_fail_errno(err, errno, "%s", folder);
    int rc = fsync(fd);
    int why = errno;
    close(fd);
    return rc == 0 ? MN_OK : mn_fail_errno(err, why, "%s", folder);
}

static mn_code write_new(const char *path, const uint8_t key[KEY], mn_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return mn_fail_errno(err, errno, "%s", path);
    ssize_t n = write(fd, key, KEY);
    int why = errno;
    bool ok = n == (ssize_t)KEY;
    if (n >= 0 && !ok)
        why = ENOSPC;
    if (ok && fsync(fd) != 0) {
        why = errno;
        ok = false;
    }
    close(fd);
    if (ok)
        return MN_OK;
    unlink(path);
    return mn_fail_errno(err, why, "%s", path);
}

/* The file is there whole or not at all: written beside under a name of its own, then linked, which never
 * replaces. Another process that made one in the same moment wins, and its key is read. */
static mn_code create_file(const char *path, mn_error *err)
{
    char beside[PATH_MAX];
    uint8_t *key = sodium_malloc(KEY);
    if (!key)
        return mn_fail(err, MN_E_MEMORY, "no memory that can be locked for a key");
    mn_code code;
    int len = snprintf(beside, sizeof beside, "%s.%08x.new", path, randombytes_random());
    if (len < 0 || (size_t)len >= sizeof beside) {
        code = mn_fail(err, MN_E_INVALID, "the path of the master key is too long");
    } else {
        randombytes_buf(key, KEY);
        code = write_new(beside, key, err);
        if (code == MN_OK) {
            if (link(beside, path) != 0 && errno != EEXIST)
                code = mn_fail_errno(err, errno, "%s", path);
            unlink(beside);
        }
        if (code == MN_OK)
            code = sync_folder_of(path, err);
    }
    sodium_free(key);
    return code;
}

static mn_code open_existing(const char *path, int *fd, mn_error *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd >= 0)
        return MN_OK;
    if (errno != ENOENT)
        return mn_fail_errno(err, errno, "%s", path);
    return mn_fail(
        err, MN_E_NOT_FOUND,
        "the master key %s is missing: put it back from its backup; without it nothing that is sealed opens",
        path);
}

mn_code mn_master_open_file(const char *path, int create, mn_master **out, mn_error *err)
{
    if (sodium_init() < 0)
        return mn_fail(err, MN_E_INTERNAL, "libsodium does not start");
    int fd = -1;
    mn_code code = open_existing(path, &fd, err);
    if (code == MN_E_NOT_FOUND && create) {
        code = create_file(path, err);
        if (code == MN_OK)
            code = open_existing(path, &fd, err);
    }
    if (code != MN_OK)
        return code;
    mn_master *m = sodium_malloc(sizeof *m);
    if (!m)
        code = mn_fail(err, MN_E_MEMORY, "no memory that can be locked for a key");
    if (code == MN_OK)
        code = read_key(fd, path, m->bytes, err);
    close(fd);
    if (code != MN_OK) {
        sodium_free(m);
        return code;
    }
    sodium_mprotect_readonly(m);
    *out = m;
    return MN_OK;
}

void mn_master_close(mn_master *m)
{
    sodium_free(m);
}
