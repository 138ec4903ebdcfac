/* Key files: read with suspicion, made and exchanged so that they are there whole at any moment. */
#include "store/master.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TEXT_MAX 128 /* a key in base64 has 44 letters */

/* ---- reading ---- */

static mn_code check_file(int fd, const char *path, bool private_only, mn_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return mn_fail_errno(err, errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return mn_fail(err, MN_E_INVALID, "%s is not an ordinary file: a master key is a file of %d bytes",
                       path, MN_MASTER_KEY);
    if (private_only && st.st_mode & (S_IRWXG | S_IRWXO))
        return mn_fail(
            err, MN_E_FORBIDDEN,
            "%s can be read or written by other users (mode %03o): run chmod 600 on it, and make sure that "
            "nobody took a copy",
            path, (unsigned)(st.st_mode & 0777));
    return MN_OK;
}

static mn_code read_bytes(int fd, const char *path, uint8_t bytes[TEXT_MAX], size_t *n, mn_error *err)
{
    size_t have = 0;
    for (ssize_t got = 1; got != 0 && have < TEXT_MAX;) {
        got = read(fd, bytes + have, TEXT_MAX - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return mn_fail_errno(err, errno, "%s", path);
        have += (size_t)got;
    }
    *n = have;
    return MN_OK;
}

/* text_too: base64 as well, as people make credentials. */
static mn_code take_key(const char *path, bool text_too, const uint8_t *bytes, size_t n,
                        uint8_t key[MN_MASTER_KEY], mn_error *err)
{
    size_t len = 0;
    if (n == MN_MASTER_KEY) {
        memcpy(key, bytes, MN_MASTER_KEY);
        return MN_OK;
    }
    if (text_too &&
        sodium_base642bin(key, MN_MASTER_KEY, (const char *)bytes, n, " \r\n", &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0 &&
        len == MN_MASTER_KEY)
        return MN_OK;
    return mn_fail(err, MN_E_CORRUPT,
                   "%s has %zu%s bytes where a master key has %d: put the right file back from its backup",
                   path, n, n == TEXT_MAX ? " or more" : "", MN_MASTER_KEY);
}

mn_code mn_master_read_file(const char *path, bool private_only, uint8_t key[MN_MASTER_KEY], mn_error *err)
{
    uint8_t bytes[TEXT_MAX];
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno != ENOENT)
        return mn_fail_errno(err, errno, "%s", path);
    if (fd < 0)
        return mn_fail(err, MN_E_NOT_FOUND,
                       "the master key %s is missing: put it back from its backup; without it nothing that "
                       "is sealed opens",
                       path);
    mn_code code = check_file(fd, path, private_only, err);
    if (code == MN_OK)
        code = read_bytes(fd, path, bytes, &n, err);
    if (code == MN_OK)
        code = take_key(path, !private_only, bytes, n, key, err);
    close(fd);
    sodium_memzero(bytes, sizeof bytes);
    return code;
}

void mn_master_stamp_file(const char *path, mn_master_stamp *out)
{
    struct stat st;
    *out = (mn_master_stamp){.there = stat(path, &st) == 0};
    if (out->there) {
        out->inode = st.st_ino;
        out->changed = st.st_mtim;
    }
}

/* ---- making ---- */

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

static mn_code write_new(const char *path, const uint8_t key[MN_MASTER_KEY], mn_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return mn_fail_errno(err, errno, "%s", path);
    ssize_t n = write(fd, key, MN_MASTER_KEY);
    int why = errno;
    bool ok = n == MN_MASTER_KEY;
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
mn_code mn_master_create_file(const char *path, mn_error *err)
{
    char beside[PATH_MAX];
    uint8_t *key = sodium_malloc(MN_MASTER_KEY);
    if (!key)
        return mn_fail(err, MN_E_MEMORY, "no memory that can be locked for a key");
    mn_code code;
    int len = snprintf(beside, sizeof beside, "%s.%08x.new", path, randombytes_random());
    if (len < 0 || (size_t)len >= sizeof beside) {
        code = mn_fail(err, MN_E_INVALID, "the path of the master key is too long");
    } else {
        randombytes_buf(key, MN_MASTER_KEY);
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

/* ---- exchanging ---- */

enum { NEW, NOW, OLD };

/* One exchange at a time. The lock is on the key file itself, so that none is left over. */
static mn_code lock_file(const char *path, int *fd, mn_error *err)
{
    struct stat st, named;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return mn_fail_errno(err, errno, "%s", path);
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0 || fstat(*fd, &st) != 0 || stat(path, &named) != 0 ||
        st.st_ino != named.st_ino)
        return mn_fail(err, MN_E_BUSY, "%s is being exchanged by another process: wait for it", path);
    return MN_OK;
}

static bool is_there(const char *path)
{
    mn_master_stamp s;
    mn_master_stamp_file(path, &s);
    return s.there;
}

mn_code mn_master_exchange_begin(mn_master *m, bool *switched, bool *resumed, mn_error *err)
{
    struct stat st;
    if (lstat(m->paths[NOW], &st) == 0 && S_ISLNK(st.st_mode))
        return mn_fail(err, MN_E_INVALID,
                       "%s is a symbolic link, and the file behind it would stay: put the file itself there",
                       m->paths[NOW]);
    mn_code code = lock_file(m->paths[NOW], &m->held[0], err);
    if (code != MN_OK)
        return code;
    bool new = is_there(m->paths[NEW]), old = is_there(m->paths[OLD]);
    if (!new && !old)
        code = mn_master_create_file(m->paths[NEW], err);
    if (code != MN_OK)
        return code;
    *switched = !new &&old;
    *resumed = new || old;
    return MN_OK;
}

static bool same_file(const char *a, const char *b)
{
    struct stat one, two;
    return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_ino == two.st_ino && one.st_dev == two.st_dev;
}

mn_code mn_master_exchange_switch(mn_master *m, mn_error *err)
{
    const char *now = m->paths[NOW], *old = m->paths[OLD];
    if (link(now, old) != 0 && errno != EEXIST)
        return mn_fail_errno(err, errno, "%s", old);
    if (!same_file(now, old))
        return mn_fail(err, MN_E_EXISTS,
                       "%s is there already and is not %s: keep a copy of it elsewhere, take it away and "
                       "rotate again",
                       old, now);
    mn_code code = sync_folder_of(old, err);
    if (code != MN_OK)
        return code;
    if (rename(m->paths[NEW], now) != 0)
        return mn_fail_errno(err, errno, "%s", m->paths[NEW]);
    code = sync_folder_of(now, err);
    return code == MN_OK ? lock_file(now, &m->held[1], err) : code;
}

mn_code mn_master_exchange_end(mn_master *m, mn_error *err)
{
    if (unlink(m->paths[OLD]) != 0 && errno != ENOENT)
        return mn_fail_errno(err, errno, "%s", m->paths[OLD]);
    return sync_folder_of(m->paths[OLD], err);
}

void mn_master_exchange_leave(mn_master *m)
{
    for (int i = 0; i < 2; i++) {
        if (m->held[i] >= 0)
            close(m->held[i]);
        m->held[i] = -1;
    }
}
