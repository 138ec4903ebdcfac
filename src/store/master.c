/* The ring of master keys, from wherever they come. */
#include "store/master.h"

#include "base/alloc.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEW, NOW, OLD };

bool mn_master_source_parse(const char *word, mn_master_source *out)
{
    static const char *const words[] = {"file", "environment", "credential"};
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (mn_master_source)i;
            return true;
        }
    return false;
}

/* ---- the ring ---- */

static void make_id(const uint8_t key[MN_MASTER_KEY], uint8_t id[MN_MASTER_ID])
{
    static const uint8_t label[] = "mien.master";
    uint8_t hash[32];
    crypto_generichash(hash, sizeof hash, label, sizeof label, key, MN_MASTER_KEY);
    memcpy(id, hash, MN_MASTER_ID);
}

static const mn_master_key *find(const mn_master_ring *ring, const uint8_t id[MN_MASTER_ID])
{
    for (size_t i = 0; i < ring->n; i++)
        if (memcmp(ring->keys[i].id, id, MN_MASTER_ID) == 0)
            return &ring->keys[i];
    return NULL;
}

/* The bytes of the next key stand at ring->keys[ring->n] already. */
static void keep(mn_master_ring *ring)
{
    mn_master_key *k = &ring->keys[ring->n];
    make_id(k->bytes, k->id);
    if (find(ring, k->id))
        sodium_memzero(k, sizeof *k);
    else
        ring->n++;
}

/* ---- from files ---- */

/* In this order none is missed while another process exchanges them: a key that is not .new any more is
 * <path>, and one that is not <path> any more is .old. */
static mn_code read_files(mn_master *m, mn_master_ring *ring, mn_error *err)
{
    const bool private_only = m->source == MN_MASTER_FILE;
    mn_master_stamp stamps[MN_MASTER_RING] = {0};
    for (int i = NEW; i <= OLD; i++) {
        if (!m->paths[i][0])
            continue;
        mn_master_stamp_file(m->paths[i], &stamps[i]);
        mn_code code = mn_master_read_file(m->paths[i], private_only, ring->keys[ring->n].bytes, err);
        if (code == MN_OK)
            keep(ring);
        else if (code != MN_E_NOT_FOUND || i == NOW)
            return code;
    }
    memcpy(m->stamps, stamps, sizeof stamps);
    return MN_OK;
}

static bool files_changed(const mn_master *m)
{
    for (int i = NEW; i <= OLD; i++) {
        mn_master_stamp now, then = m->stamps[i];
        mn_master_stamp_file(m->paths[i], &now);
        if (now.there != then.there || now.inode != then.inode || now.changed.tv_sec != then.changed.tv_sec ||
            now.changed.tv_nsec != then.changed.tv_nsec)
            return true;
    }
    return false;
}

/* ---- from the environment ---- */

/* What was read once in this process, for it cannot be read again. Locked memory, kept for good. */
static pthread_mutex_t environment_lock = PTHREAD_MUTEX_INITIALIZER;
static mn_master_ring *environment_ring;

/* Wipes the variable where the process got it, too: it would stand in /proc/<pid>/environ. */
static void take_out(const char *name, char *value)
{
    sodium_memzero(value, strlen(value));
    unsetenv(name);
}

static mn_code read_variable(const char *name, bool optional, mn_master_ring *ring, mn_error *err)
{
    char *value = getenv(name);
    size_t len = 0;
    if (!value || !*value)
        return optional ? MN_OK
                        : mn_fail(err, MN_E_NOT_FOUND,
                                  "%s is not set: give it the master key, 32 bytes in base64, or take "
                                  "another key.source",
                                  name);
    int rc = sodium_base642bin(ring->keys[ring->n].bytes, MN_MASTER_KEY, value, strlen(value), " \r\n", &len,
                               NULL, sodium_base64_VARIANT_ORIGINAL);
    take_out(name, value);
    if (rc != 0 || len != MN_MASTER_KEY)
        return mn_fail(err, MN_E_INVALID,
                       "%s is not a master key: 32 bytes in base64, as head -c 32 /dev/urandom | base64 "
                       "makes them",
                       name);
    keep(ring);
    return MN_OK;
}

static mn_code read_environment(mn_master_ring *ring, mn_error *err)
{
    mn_code code = MN_OK;
    pthread_mutex_lock(&environment_lock);
    if (!environment_ring) {
        code = read_variable("MIEN_MASTER_KEY_NEW", true, ring, err);
        if (code == MN_OK)
            code = read_variable("MIEN_MASTER_KEY", false, ring, err);
        environment_ring = code == MN_OK ? sodium_malloc(sizeof *ring) : NULL;
        if (environment_ring)
            memcpy(environment_ring, ring, sizeof *ring);
        else if (code == MN_OK)
            code = mn_fail(err, MN_E_MEMORY, "no memory that can be locked for a key");
        if (environment_ring)
            sodium_mprotect_readonly(environment_ring);
    } else {
        memcpy(ring, environment_ring, sizeof *ring);
    }
    pthread_mutex_unlock(&environment_lock);
    return code;
}

/* ---- reading and finding ---- */

static mn_code read_ring(mn_master *m, mn_error *err)
{
    mn_master_ring *ring = sodium_malloc(sizeof *ring);
    if (!ring)
        return mn_fail(err, MN_E_MEMORY, "no memory that can be locked for a key");
    ring->n = 0;
    mn_code code =
        m->source == MN_MASTER_ENVIRONMENT ? read_environment(ring, err) : read_files(m, ring, err);
    if (code != MN_OK) {
        sodium_free(ring);
        return code;
    }
    sodium_mprotect_readonly(ring);
    sodium_free(m->ring);
    m->ring = ring;
    return MN_OK;
}

/* A key that would wrap by what is about to be removed is lost: so every time it is looked whether the files
 * are still those that were read. */
mn_code mn_master_newest(mn_master *m, const mn_master_key **out, mn_error *err)
{
    mn_code code = m->source == MN_MASTER_FILE && files_changed(m) ? read_ring(m, err) : MN_OK;
    if (code == MN_OK)
        *out = &m->ring->keys[0];
    return code;
}

mn_code mn_master_find(mn_master *m, const uint8_t id[MN_MASTER_ID], const mn_master_key **out, mn_error *err)
{
    *out = find(m->ring, id);
    if (*out || m->source != MN_MASTER_FILE || !files_changed(m))
        return MN_OK;
    mn_code code = read_ring(m, err);
    if (code == MN_OK)
        *out = find(m->ring, id);
    return code;
}

/* ---- open and close ---- */

static mn_code set_path(char out[PATH_MAX], const char *path, const char *suffix, mn_error *err)
{
    int n = snprintf(out, PATH_MAX, "%s%s", path, suffix);
    /* Room for the name beside, under which a file is made. */
    return n >= 0 && n < PATH_MAX - 32 ? MN_OK
                                       : mn_fail(err, MN_E_INVALID, "the path of the master key is too long");
}

static mn_code set_file_paths(mn_master *m, const char *path, mn_error *err)
{
    mn_code code = set_path(m->paths[NEW], path, ".new", err);
    if (code == MN_OK)
        code = set_path(m->paths[NOW], path, "", err);
    return code == MN_OK ? set_path(m->paths[OLD], path, ".old", err) : code;
}

static mn_code set_credential_paths(mn_master *m, mn_error *err)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder || !*folder)
        return mn_fail(err, MN_E_NOT_FOUND,
                       "CREDENTIALS_DIRECTORY is not set: let systemd load the master key with "
                       "LoadCredentialEncrypted=mien-master-key:..., or take another key.source");
    mn_code code = set_path(m->paths[NEW], folder, "/mien-master-key-new", err);
    return code == MN_OK ? set_path(m->paths[NOW], folder, "/mien-master-key", err) : code;
}

static mn_code set_paths(mn_master *m, const char *path, mn_error *err)
{
    if (m->source == MN_MASTER_FILE)
        return set_file_paths(m, path, err);
    return m->source == MN_MASTER_CREDENTIAL ? set_credential_paths(m, err) : MN_OK;
}

mn_code mn_master_open(mn_master_source source, const char *path, int create, mn_master **out, mn_error *err)
{
    if (sodium_init() < 0)
        return mn_fail(err, MN_E_INTERNAL, "libsodium does not start");
    mn_master *m = mn_calloc(1, sizeof *m);
    if (!m)
        return mn_fail(err, MN_E_MEMORY, "no memory for the master key");
    *m = (mn_master){.source = source, .held = {-1, -1}};
    pthread_mutex_init(&m->lock, NULL);
    mn_code code = set_paths(m, path, err);
    if (code == MN_OK)
        code = read_ring(m, err);
    if (code == MN_E_NOT_FOUND && create && source == MN_MASTER_FILE) {
        code = mn_master_create_file(m->paths[NOW], err);
        if (code == MN_OK)
            code = read_ring(m, err);
    }
    if (code != MN_OK) {
        mn_master_close(m);
        return code;
    }
    *out = m;
    return MN_OK;
}

mn_code mn_master_open_file(const char *path, int create, mn_master **out, mn_error *err)
{
    return mn_master_open(MN_MASTER_FILE, path, create, out, err);
}

void mn_master_close(mn_master *m)
{
    if (!m)
        return;
    mn_master_exchange_leave(m);
    sodium_free(m->ring);
    pthread_mutex_destroy(&m->lock);
    mn_free(m);
}

mn_code mn_master_id(const mn_master *m, char text[MN_MASTER_ID_TEXT], mn_error *err)
{
    mn_master *own = (mn_master *)m; /* reading again changes nothing of what it is */
    const mn_master_key *key = NULL;
    pthread_mutex_lock(&own->lock);
    mn_code code = mn_master_newest(own, &key, err);
    if (code == MN_OK)
        sodium_bin2hex(text, MN_MASTER_ID_TEXT, key->id, MN_MASTER_ID);
    pthread_mutex_unlock(&own->lock);
    return code;
}
