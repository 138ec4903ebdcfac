/* A backup folder: its locks, its manifests, its list, and what goes out of it again. */
#include "core/backup_internal.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ENTRIES_MAX  100000
#define MANIFEST_MAX ((size_t)1 << 20)
#define HASH_TEXT    (2 * MN_BACKUP_HASH + 1)
#define SAMPLE_BYTES 56
#define PART         ".part-"

static const uint8_t samples_magic[16] = "mien.samples.1\n";

mn_code mn_backup_path(const char *folder, const char *name, const char *file, char out[PATH_MAX],
                       mn_error *err)
{
    char part[PATH_MAX];
    if (mn_path_join(part, sizeof part, folder, name) &&
        (file ? mn_path_join(out, PATH_MAX, part, file) : mn_path_join(out, PATH_MAX, folder, name)))
        return MN_OK;
    return mn_fail(err, MN_E_INVALID, "the path of the backup folder is too long");
}

mn_code mn_backup_sync_folder(const char *path, mn_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return mn_fail_errno(err, errno, "%s", path);
    int rc = fsync(fd), why = errno;
    close(fd);
    return rc == 0 || why == EINVAL ? MN_OK : mn_fail_errno(err, why, "%s", path);
}

/* ---- the folder ---- */

static void wait_a_moment(void)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    nanosleep(&pause, NULL);
}

mn_code mn_backup_lock_file(const char *folder, const char *name, int wait_ms, int *lock, mn_error *err)
{
    char path[PATH_MAX];
    mn_code code = mn_backup_path(folder, name, NULL, path, err);
    if (code != MN_OK)
        return code;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return mn_fail_errno(err, errno, "%s: cannot open", path);
    const mn_deadline until = mn_deadline_in_ms(wait_ms);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            code = mn_fail_errno(err, errno, "%s: cannot lock", path);
            close(fd);
            return code;
        }
        if (wait_ms == 0 || mn_deadline_passed(until)) {
            close(fd);
            return mn_fail(err, MN_E_BUSY, "%s is in use by another process: try again", folder);
        }
        wait_a_moment();
    }
    *lock = fd;
    return MN_OK;
}

void mn_backup_close(int lock)
{
    if (lock >= 0)
        close(lock);
}

static mn_code make_folder(const char *folder, mn_error *err)
{
    char path[PATH_MAX], id[MN_ID_TEXT], text[128];
    const mn_id made = mn_id_make();
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return mn_fail_errno(err, errno, "%s: cannot create the folder", folder);
    char **names = NULL;
    size_t n = 0;
    mn_code code = mn_file_list(folder, ENTRIES_MAX, &names, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++) /* what was killed on its way here left locks at most */
        if (!strstr(names[i], "/lock") && !strstr(names[i], "/keys.lock") &&
            !strstr(names[i], "/backup.json.new") && !strstr(names[i], "/lost+found"))
            code =
                mn_fail(err, MN_E_EXISTS,
                        "%s is no backup folder, and not empty: name an empty one, or one that is to be made",
                        folder);
    mn_file_list_free(names, n);
    if (code == MN_OK)
        code = mn_backup_path(folder, "backup.json", NULL, path, err);
    if (code != MN_OK)
        return code;
    mn_id_format(&made, id);
    int len =
        snprintf(text, sizeof text, "{\"mien\": \"backup folder\", \"format\": 1, \"id\": \"%s\"}\n", id);
    return mn_file_write(path, text, (size_t)len, 0600, err);
}

static mn_code read_marker(const char *folder, json_t **out, mn_error *err)
{
    char path[PATH_MAX];
    mn_buf text;
    mn_code code = mn_backup_path(folder, "backup.json", NULL, path, err);
    if (code != MN_OK)
        return code;
    if (!mn_file_exists(path))
        return mn_fail(err, MN_E_NOT_FOUND, "%s is no backup folder (mien backup makes one)", folder);
    mn_buf_init(&text, MANIFEST_MAX);
    code = mn_file_read(path, &text, err);
    json_t *root = code == MN_OK ? json_loadb((const char *)text.data, text.len, 0, NULL) : NULL;
    mn_buf_finish(&text);
    if (code == MN_OK && !json_is_string(json_object_get(root, "id")))
        code = mn_fail(err, MN_E_CORRUPT, "%s is damaged", path);
    if (code == MN_OK && json_integer_value(json_object_get(root, "format")) != 1)
        code = mn_fail(err, MN_E_UNSUPPORTED, "%s is of another format: use the mien that made it", folder);
    if (code != MN_OK) {
        json_decref(root);
        return code;
    }
    *out = root;
    return MN_OK;
}

mn_code mn_backup_id(const char *folder, char id[MN_ID_TEXT], mn_error *err)
{
    json_t *root = NULL;
    mn_code code = read_marker(folder, &root, err);
    if (code != MN_OK)
        return code;
    snprintf(id, MN_ID_TEXT, "%s", json_string_value(json_object_get(root, "id")));
    json_decref(root);
    return MN_OK;
}

mn_code mn_backup_open(const char *folder, bool create, int *lock, mn_error *err)
{
    char id[MN_ID_TEXT];
    mn_error e = {0};
    mn_code code = mn_backup_id(folder, id, &e);
    if (code == MN_E_NOT_FOUND && create)
        code = make_folder(folder, &e);
    if (code == MN_OK)
        code = mn_backup_lock_file(folder, "lock", 0, lock, &e);
    if (code != MN_OK && err)
        *err = e;
    return code;
}

mn_code mn_backup_open_pool(const char *folder, mn_blobs **out, mn_error *err)
{
    char path[PATH_MAX];
    mn_code code = mn_backup_path(folder, "blobs", NULL, path, err);
    return code == MN_OK ? mn_blobs_open_files(path, out, err) : code;
}

/* ---- hashes ---- */

void mn_backup_hash(const void *bytes, size_t n, uint8_t hash[MN_BACKUP_HASH])
{
    crypto_generichash(hash, MN_BACKUP_HASH, bytes, n, NULL, 0);
}

mn_code mn_backup_hash_file(const char *path, uint8_t hash[MN_BACKUP_HASH], uint64_t *n, mn_error *err)
{
    static const size_t step = 1 << 16;
    crypto_generichash_state h;
    uint8_t *part = mn_alloc(step);
    FILE *f = part ? fopen(path, "rbe") : NULL;
    mn_code code = MN_OK;
    size_t got;
    if (!part)
        return mn_fail(err, MN_E_MEMORY, "no memory to check a backup");
    if (!f) {
        mn_free(part);
        return errno == ENOENT ? mn_fail(err, MN_E_CORRUPT, "%s is missing", path)
                               : mn_fail_errno(err, errno, "%s: cannot open", path);
    }
    crypto_generichash_init(&h, NULL, 0, MN_BACKUP_HASH);
    *n = 0;
    while ((got = fread(part, 1, step, f)) > 0) {
        crypto_generichash_update(&h, part, got);
        *n += got;
    }
    if (ferror(f))
        code = mn_fail_errno(err, errno, "%s: cannot read", path);
    crypto_generichash_final(&h, hash, MN_BACKUP_HASH);
    fclose(f);
    mn_free(part);
    return code;
}

/* ---- manifests: one line of JSON, and one with its hash ---- */

static json_t *hex(const uint8_t *hash)
{
    char text[HASH_TEXT];
    sodium_bin2hex(text, sizeof text, hash, MN_BACKUP_HASH);
    return json_string(text);
}

static bool unhex(const json_t *value, uint8_t hash[MN_BACKUP_HASH])
{
    size_t n = 0;
    const char *text = json_string_value(value);
    return text && sodium_hex2bin(hash, MN_BACKUP_HASH, text, strlen(text), NULL, &n, NULL) == 0 &&
           n == MN_BACKUP_HASH;
}

static json_t *kinds_to_json(const mn_stream_totals *t)
{
    json_t *all = json_object();
    for (size_t i = 0; all && i < t->n; i++)
        json_object_set_new(
            all, t->kinds[i].name,
            json_pack("{sI so}", "rows", (json_int_t)t->kinds[i].rows, "digest", hex(t->kinds[i].digest)));
    return all;
}

static json_t *manifest_to_json(const mn_manifest *m)
{
    const mn_backup_info *i = &m->info;
    return json_pack("{si ss sI si sI sI sI sI sI sI sI sI so so so}", "format", 1, "name", i->name, "made",
                     (json_int_t)i->made, "version", i->version, "people", (json_int_t)i->people, "faces",
                     (json_int_t)i->faces, "audit", (json_int_t)i->audit, "rows", (json_int_t)i->records,
                     "samples", (json_int_t)i->samples, "sample_bytes", (json_int_t)i->sample_bytes,
                     "missing", (json_int_t)i->missing, "record_bytes", (json_int_t)m->record_bytes,
                     "records_hash", hex(m->records), "samples_hash", hex(m->samples), "kinds",
                     kinds_to_json(&m->totals));
}

mn_code mn_backup_write_manifest(const char *folder, const char *name, mn_manifest *m, mn_error *err)
{
    char path[PATH_MAX], sum[HASH_TEXT];
    mn_buf file;
    json_t *root = manifest_to_json(m);
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(root);
    if (!text)
        return mn_fail(err, MN_E_MEMORY, "no memory for the backup's manifest");
    mn_backup_hash(text, strlen(text), m->self);
    sodium_bin2hex(sum, sizeof sum, m->self, MN_BACKUP_HASH);
    mn_buf_init(&file, MANIFEST_MAX);
    mn_code code = mn_buf_printf(&file, err, "%s\n%s\n", text, sum);
    free(text);
    if (code == MN_OK)
        code = mn_backup_path(folder, name, "manifest.json", path, err);
    if (code == MN_OK)
        code = mn_file_write(path, file.data, file.len, 0600, err);
    mn_buf_finish(&file);
    return code;
}

static uint64_t count(const json_t *root, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(root, name));
}

static bool kinds_from_json(json_t *all, mn_stream_totals *t)
{
    const char *name;
    json_t *kind;
    if (!json_is_object(all) || json_object_size(all) > MN_KINDS_MAX)
        return false;
    json_object_foreach(all, name, kind)
    {
        if (strlen(name) >= MN_KIND_NAME || !unhex(json_object_get(kind, "digest"), t->kinds[t->n].digest))
            return false;
        memcpy(t->kinds[t->n].name, name, strlen(name) + 1);
        t->kinds[t->n].rows = count(kind, "rows");
        t->rows += t->kinds[t->n].rows;
        t->n++;
    }
    return true;
}

static bool manifest_from_json(json_t *root, const char *name, mn_manifest *m)
{
    const char *own = json_string_value(json_object_get(root, "name"));
    m->info = (mn_backup_info){.made = (mn_time)count(root, "made"),
                               .version = (int)count(root, "version"),
                               .records = count(root, "rows"),
                               .people = count(root, "people"),
                               .faces = count(root, "faces"),
                               .audit = count(root, "audit"),
                               .samples = count(root, "samples"),
                               .sample_bytes = count(root, "sample_bytes"),
                               .missing = count(root, "missing")};
    m->record_bytes = count(root, "record_bytes");
    snprintf(m->info.name, sizeof m->info.name, "%s", name);
    return own && strcmp(own, name) == 0 && count(root, "format") == 1 &&
           unhex(json_object_get(root, "records_hash"), m->records) &&
           unhex(json_object_get(root, "samples_hash"), m->samples) &&
           kinds_from_json(json_object_get(root, "kinds"), &m->totals);
}

/* The JSON's length, where the line behind it is its hash and nothing follows; else 0. */
static size_t sound_text(const mn_buf *file, uint8_t self[MN_BACKUP_HASH])
{
    char sum[HASH_TEXT];
    const uint8_t *end = file->len ? memchr(file->data, '\n', file->len) : NULL;
    size_t n = end ? (size_t)(end - file->data) : 0;
    if (n == 0 || file->len != n + 1 + HASH_TEXT || file->data[file->len - 1] != '\n')
        return 0;
    mn_backup_hash(file->data, n, self);
    sodium_bin2hex(sum, sizeof sum, self, MN_BACKUP_HASH);
    return memcmp(sum, end + 1, HASH_TEXT - 1) == 0 ? n : 0;
}

mn_code mn_backup_read_manifest(const char *folder, const char *name, mn_manifest *out, mn_error *err)
{
    char path[PATH_MAX];
    mn_buf file;
    mn_manifest m = {0};
    mn_code code = mn_backup_path(folder, name, "manifest.json", path, err);
    if (code == MN_OK && !mn_file_exists(path))
        return mn_fail(err, MN_E_CORRUPT, "%s is missing", path);
    mn_buf_init(&file, MANIFEST_MAX);
    if (code == MN_OK)
        code = mn_file_read(path, &file, err);
    if (code == MN_OK) {
        size_t n = sound_text(&file, m.self);
        json_t *root = n ? json_loadb((const char *)file.data, n, JSON_REJECT_DUPLICATES, NULL) : NULL;
        if (!root || !manifest_from_json(root, name, &m))
            code = mn_fail(err, MN_E_CORRUPT, "%s is damaged: use another backup", path);
        json_decref(root);
    }
    mn_buf_finish(&file);
    if (code == MN_OK)
        *out = m;
    return code;
}

/* ---- samples ---- */

mn_code mn_backup_read_samples(const char *folder, const char *name, const uint8_t *hash, mn_sample **out,
                               size_t *n, mn_error *err)
{
    char path[PATH_MAX];
    uint8_t found[MN_BACKUP_HASH];
    mn_buf file;
    mn_code code = mn_backup_path(folder, name, "samples", path, err);
    if (code == MN_OK && !mn_file_exists(path))
        return mn_fail(err, MN_E_CORRUPT, "%s is missing", path);
    mn_buf_init(&file, (size_t)16 << 30);
    if (code == MN_OK)
        code = mn_file_read(path, &file, err);
    if (code == MN_OK) {
        mn_backup_hash(file.data, file.len, found);
        if (memcmp(found, hash, sizeof found) != 0 || file.len < 16 || (file.len - 16) % SAMPLE_BYTES != 0 ||
            memcmp(file.data, samples_magic, 16) != 0)
            code = mn_fail(err, MN_E_CORRUPT, "%s is damaged: use another backup", path);
    }
    size_t count_of = code == MN_OK ? (file.len - 16) / SAMPLE_BYTES : 0;
    mn_sample *all = code == MN_OK ? mn_calloc(count_of + 1, sizeof *all) : NULL;
    if (code == MN_OK && !all)
        code = mn_fail(err, MN_E_MEMORY, "no memory for the list of samples");
    for (size_t i = 0; code == MN_OK && i < count_of; i++) {
        const uint8_t *at = file.data + 16 + i * SAMPLE_BYTES;
        memcpy(all[i].id.bytes, at, 16);
        for (int j = 0; j < 8; j++)
            all[i].size |= (uint64_t)at[16 + j] << (8 * j);
        memcpy(all[i].hash, at + 24, MN_BACKUP_HASH);
    }
    mn_buf_finish(&file);
    if (code != MN_OK) {
        mn_free(all);
        return code;
    }
    *out = all;
    *n = count_of;
    return MN_OK;
}

/* ---- the list ---- */

static bool is_name(const char *name)
{
    return strlen(name) == 24 && name[8] == 'T' && name[18] == 'Z' && name[19] == '-' &&
           strspn(name, "0123456789abcdefTZ-") == 24;
}

mn_code mn_backup_list(const char *folder, mn_arena *arena, mn_backup_info **out, size_t *n, mn_error *err)
{
    char id[MN_ID_TEXT];
    char **names = NULL;
    size_t entries = 0, found = 0;
    mn_manifest m;
    mn_error e = {0};
    mn_code code = mn_backup_id(folder, id, err);
    if (code == MN_OK)
        code = mn_file_list(folder, ENTRIES_MAX, &names, &entries, err);
    mn_backup_info *all = code == MN_OK ? mn_arena_calloc(arena, entries + 1, sizeof *all) : NULL;
    if (code == MN_OK && !all)
        code = mn_fail(err, MN_E_MEMORY, "no memory for the list of backups");
    for (size_t i = 0; code == MN_OK && i < entries; i++) {
        const char *name = strrchr(names[i], '/') + 1;
        if (!is_name(name))
            continue;
        mn_code read = mn_backup_read_manifest(folder, name, &m, &e);
        all[found] = read == MN_OK ? m.info : (mn_backup_info){.fault = mn_arena_strdup(arena, e.text)};
        snprintf(all[found++].name, MN_BACKUP_NAME, "%s", name);
    }
    mn_file_list_free(names, entries);
    if (code != MN_OK)
        return code;
    *out = all;
    *n = found;
    return MN_OK;
}

mn_code mn_backup_choose(const char *folder, const char *name, char out[MN_BACKUP_NAME], mn_error *err)
{
    char path[PATH_MAX];
    mn_backup_info *all = NULL;
    size_t n = 0;
    if (name && !is_name(name))
        return mn_fail(err, MN_E_INVALID,
                       "\"%.60s\" is not the name of a backup: mien backup list shows them", name);
    mn_arena *arena = mn_arena_create(64 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for the list of backups");
    mn_code code = mn_backup_list(folder, arena, &all, &n, err);
    if (code == MN_OK && !name && n == 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "%s has no backup that was finished", folder);
    if (code == MN_OK && name) {
        code = mn_backup_path(folder, name, NULL, path, err);
        if (code == MN_OK && !mn_file_is_folder(path))
            code = mn_fail(err, MN_E_NOT_FOUND, "%s has no backup %s: mien backup list shows them", folder,
                           name);
    }
    if (code == MN_OK)
        snprintf(out, MN_BACKUP_NAME, "%s", name ? name : all[n - 1].name);
    mn_arena_destroy(arena);
    return code;
}

/* ---- out of it ---- */

/* No other files are ever made in there. What cannot be removed stays, and is no backup. */
static void remove_part(const char *folder, const char *part)
{
    static const char *const files[] = {"manifest.json", "records", "samples"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (mn_backup_path(folder, part, files[i], path, NULL) == MN_OK)
            unlink(path);
    if (mn_backup_path(folder, part, NULL, path, NULL) == MN_OK)
        rmdir(path);
}

void mn_backup_remove_parts(const char *folder)
{
    char **names = NULL;
    size_t n = 0;
    if (mn_file_list(folder, ENTRIES_MAX, &names, &n, NULL) != MN_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        const char *name = strrchr(names[i], '/') + 1;
        if (strncmp(name, PART, strlen(PART)) == 0)
            remove_part(folder, name);
    }
    mn_file_list_free(names, n);
}

/* Renamed first: half a backup never passes for a whole one. */
static mn_code remove_backup(const char *folder, const char *name, mn_error *err)
{
    char from[PATH_MAX], to[PATH_MAX], part[MN_BACKUP_NAME + sizeof PART];
    snprintf(part, sizeof part, PART "%s", name);
    mn_code code = mn_backup_path(folder, name, NULL, from, err);
    if (code == MN_OK)
        code = mn_backup_path(folder, part, NULL, to, err);
    if (code == MN_OK && rename(from, to) != 0)
        code = mn_fail_errno(err, errno, "%s: cannot remove", from);
    if (code == MN_OK)
        code = mn_backup_sync_folder(folder, err);
    if (code == MN_OK)
        remove_part(folder, part);
    return code;
}

typedef struct {
    mn_blobs *pool;
    mn_sample *needed; /* by id */
    size_t n;
    uint64_t removed;
} sweep;

static int by_id(const void *a, const void *b)
{
    return mn_id_compare(&((const mn_sample *)a)->id, &((const mn_sample *)b)->id);
}

static mn_code sweep_blob(void *ctx, const mn_id *id, uint64_t size, mn_error *err)
{
    sweep *s = ctx;
    const mn_sample key = {.id = *id};
    (void)size;
    if (s->n > 0 && bsearch(&key, s->needed, s->n, sizeof key, by_id))
        return MN_OK;
    s->removed++;
    return s->pool->ops->remove(s->pool, id, err);
}

static mn_code add_needed(const char *folder, const char *name, sweep *s, mn_error *err)
{
    mn_manifest m;
    mn_sample *more = NULL;
    size_t n = 0;
    mn_code code = mn_backup_read_manifest(folder, name, &m, err);
    if (code == MN_OK)
        code = mn_backup_read_samples(folder, name, m.samples, &more, &n, err);
    if (code == MN_OK && n > 0) {
        mn_sample *all = mn_realloc(s->needed, (s->n + n) * sizeof *all);
        if (all) {
            memcpy(all + s->n, more, n * sizeof *all);
            s->needed = all;
            s->n += n;
        } else {
            code = mn_fail(err, MN_E_MEMORY, "no memory for the list of samples");
        }
    }
    mn_free(more);
    return code;
}

static mn_code sweep_pool(const char *folder, const mn_backup_info *left, size_t n, uint64_t *removed,
                          mn_error *err)
{
    sweep s = {0};
    mn_code code = mn_backup_open_pool(folder, &s.pool, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = add_needed(folder, left[i].name, &s, err);
    if (code == MN_OK && s.n > 1)
        qsort(s.needed, s.n, sizeof *s.needed, by_id);
    if (code == MN_OK)
        code = s.pool->ops->each(s.pool, sweep_blob, &s, err);
    if (s.pool)
        s.pool->ops->close(s.pool);
    mn_free(s.needed);
    if (code == MN_OK)
        *removed = s.removed;
    return code;
}

static mn_code prune(const char *folder, uint64_t keep, mn_arena *arena, mn_backup_pruned *out, mn_error *err)
{
    mn_backup_info *all = NULL;
    size_t n = 0, first = 0;
    mn_backup_pruned done = {0};
    mn_code code = mn_backup_list(folder, arena, &all, &n, err);
    for (size_t whole = 0, i = n; code == MN_OK && i-- > 0 && whole < keep;) {
        whole += !all[i].fault; /* a damaged one does not count as kept */
        first = i;
    }
    for (size_t i = 0; code == MN_OK && i < first; i++, done.removed++)
        code = remove_backup(folder, all[i].name, err);
    done.left = n - first;
    if (code == MN_OK) {
        mn_backup_remove_parts(folder);
        code = sweep_pool(folder, all + first, n - first, &done.samples, err);
    }
    if (code == MN_OK)
        *out = done;
    return code;
}

mn_code mn_backup_prune(const char *folder, uint64_t keep, mn_backup_pruned *out, mn_error *err)
{
    int lock = -1;
    if (keep < 1)
        return mn_fail(err, MN_E_INVALID, "at least one backup is kept");
    mn_arena *arena = mn_arena_create(64 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for the list of backups");
    mn_code code = mn_backup_open(folder, false, &lock, err);
    if (code == MN_OK)
        code = prune(folder, keep, arena, out, err);
    mn_backup_close(lock);
    mn_arena_destroy(arena);
    return code;
}
