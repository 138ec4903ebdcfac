#include "infer/pack.h"
#include "base/file.h"
#include "infer/manifest.h"
#include "infer/sha256.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_MAX_BYTES 4096
#define HASH_STEP      (32 * 1024)

mn_code mn_pack_open(const char *name, const char *dir, mn_pack **out, mn_error *err)
{
    for (const mn_manifest *m = mn_manifests; m->name; m++)
        if (strcmp(m->name, name) == 0)
            return mn_pack_parse(m->text, m->n, dir, out, err);
    return mn_fail(err, MN_E_NOT_FOUND, "there is no model pack '%s': standard and offline are known", name);
}

const char *mn_pack_name(const mn_pack *pack)
{
    return pack->name;
}

int mn_pack_version(const mn_pack *pack)
{
    return pack->version;
}

size_t mn_pack_count(const mn_pack *pack)
{
    return pack->n;
}

const mn_model_info *mn_pack_model(const mn_pack *pack, size_t i)
{
    return i < pack->n ? &pack->models[i] : NULL;
}

static bool fits(const char *wanted, const char *has)
{
    return !wanted || strcmp(wanted, has) == 0;
}

const mn_model_info *mn_pack_find(const mn_pack *pack, const char *task, const char *name,
                                  const char *precision)
{
    for (size_t i = 0; i < pack->n; i++) {
        const mn_model_info *m = &pack->models[i];
        if (fits(task, m->task) && fits(name, m->name) && fits(precision, m->precision))
            return m;
    }
    return NULL;
}

void mn_pack_path(const mn_pack *pack, const mn_model_info *model, char *out, size_t size)
{
    int n = snprintf(out, size, "%s/%s/%s", pack->dir, pack->name, model->file);
    if (size && (n < 0 || (size_t)n >= size))
        out[0] = 0; /* no path at all, rather than another one */
}

static mn_code missing(const mn_pack *pack, const mn_model_info *model, const char *path, mn_error *err)
{
    return mn_fail(err, MN_E_MODEL,
                   "model %s of the %s pack is not there: %s (try `mien models pull --pack %s`)", model->name,
                   pack->name, path, pack->name);
}

static mn_code wrong_size(const mn_pack *pack, const mn_model_info *model, const char *path, int64_t size,
                          mn_error *err)
{
    return mn_fail(err, MN_E_MODEL, "model %s of the %s pack has %lld bytes, its manifest says %lld: %s",
                   model->name, pack->name, (long long)size, (long long)model->bytes, path);
}

static mn_code check_sum(const mn_pack *pack, const mn_model_info *model, const char *path,
                         const uint8_t sum[crypto_hash_sha256_BYTES], mn_error *err)
{
    char hex[2 * crypto_hash_sha256_BYTES + 1];
    sodium_bin2hex(hex, sizeof hex, sum, crypto_hash_sha256_BYTES);
    if (strcmp(hex, model->sha256) == 0)
        return MN_OK;
    return mn_fail(err, MN_E_MODEL,
                   "model %s of the %s pack is not what its manifest says: sha256 %s, not %s: %s",
                   model->name, pack->name, hex, model->sha256, path);
}

/* The model's file, open and of the right size. */
static mn_code open_model(const mn_pack *pack, const mn_model_info *model, const char *path, int *out,
                          mn_error *err)
{
    struct stat st;
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a pipe in its place must not hang us */
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? missing(pack, model, path, err)
                   : mn_fail_errno(err, errno, "model %s: %s", model->name, path);
    mn_code code = MN_OK;
    if (fstat(fd, &st) != 0)
        code = mn_fail_errno(err, errno, "model %s: %s", model->name, path);
    else if (!S_ISREG(st.st_mode))
        code = mn_fail(err, MN_E_MODEL, "model %s: %s is not a file", model->name, path);
    else if (st.st_size != model->bytes)
        code = wrong_size(pack, model, path, st.st_size, err);
    if (code) {
        close(fd);
        return code;
    }
    *out = fd;
    return MN_OK;
}

static mn_code hash_file(int fd, const char *path, uint8_t sum[crypto_hash_sha256_BYTES], mn_error *err)
{
    uint8_t step[HASH_STEP];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (ssize_t n; (n = read(fd, step, sizeof step)) != 0;) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return mn_fail_errno(err, errno, "%s: cannot read", path);
        crypto_hash_sha256_update(&state, step, (unsigned long long)n);
    }
    crypto_hash_sha256_final(&state, sum);
    return MN_OK;
}

mn_model_state mn_pack_check(const mn_pack *pack, const mn_model_info *model, mn_error *err)
{
    char path[PATH_MAX_BYTES];
    mn_pack_path(pack, model, path, sizeof path);
    if (!mn_file_exists(path)) {
        missing(pack, model, path, err);
        return MN_MODEL_MISSING;
    }
    int fd = -1;
    uint8_t sum[crypto_hash_sha256_BYTES];
    mn_code code = open_model(pack, model, path, &fd, err);
    if (code)
        return MN_MODEL_DAMAGED;
    code = hash_file(fd, path, sum, err);
    close(fd);
    if (!code)
        code = check_sum(pack, model, path, sum, err);
    return code ? MN_MODEL_DAMAGED : MN_MODEL_PRESENT;
}

/* The file may be changed by somebody while it is read: what counts is the sum of the bytes that were read.
 */
mn_code mn_pack_read(const mn_pack *pack, const mn_model_info *model, mn_buf *out, mn_error *err)
{
    char path[PATH_MAX_BYTES];
    mn_pack_path(pack, model, path, sizeof path);
    int fd = -1;
    mn_code code = open_model(pack, model, path, &fd, err);
    if (code)
        return code;
    close(fd);
    size_t before = out->len;
    code = mn_file_read(path, out, err);
    if (code)
        return mn_error_prefix(err, "model %s", model->name);
    uint8_t sum[crypto_hash_sha256_BYTES];
    mn_sha256(out->data + before, out->len - before, sum);
    code = check_sum(pack, model, path, sum, err);
    if (code) {
        out->len = before;
        out->data[before] = 0;
    }
    return code;
}

static bool is_present(const mn_pack *pack, const mn_model_info *model)
{
    char path[PATH_MAX_BYTES];
    struct stat st;
    mn_pack_path(pack, model, path, sizeof path);
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == model->bytes;
}

const mn_model_info *mn_pack_best(const mn_pack *pack, const char *task, const char *precision)
{
    for (size_t i = pack->n; i-- > 0;) {
        const mn_model_info *m = &pack->models[i];
        if (fits(task, m->task) && fits(precision, m->precision) && is_present(pack, m))
            return m;
    }
    return NULL;
}

bool mn_pack_complete(const mn_pack *pack)
{
    for (size_t i = 0; i < pack->n; i++) {
        const mn_model_info *m = &pack->models[i];
        if (!m->optional && !mn_pack_best(pack, m->task, m->precision))
            return false;
    }
    return true;
}
