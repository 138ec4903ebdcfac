/* Making a backup, and checking one.
 *
 *   remember the folder → records of one moment → samples → manifest → keys as they are now → rename
 *
 * The keys come last, under the keys' lock: what is erased while the samples are copied is in no keys file.
 */
#include "core/backup_internal.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PART         ".part-"
#define SAMPLE_MAX   ((size_t)1 << 30)
#define SAMPLE_BYTES 56

typedef struct {
    mn_core *core;
    const char *folder;
    char part[MN_BACKUP_NAME + sizeof PART];
    const mn_backup_options *o;
    mn_manifest m;
    uint64_t expected; /* rows */
    mn_sample *samples, *known;
    size_t n, room, n_known;
    mn_blobs *pool;
} job;

static void tell(const mn_backup_options *o, const char *what, uint64_t done, uint64_t total)
{
    if (o->progress)
        o->progress(o->user, what, done, total);
}

static void make_name(char name[MN_BACKUP_NAME], mn_time at)
{
    struct tm t;
    const time_t seconds = (time_t)(at / MN_TIME_SECOND);
    const mn_id id = mn_id_make();
    gmtime_r(&seconds, &t);
    size_t n = strftime(name, MN_BACKUP_NAME, "%Y%m%dT%H%M%S", &t);
    snprintf(name + n, MN_BACKUP_NAME - n, "%03dZ-%02x%02x", (int)(at % MN_TIME_SECOND / 1000), id.bytes[14],
             id.bytes[15]);
}

/* ---- records ---- */

static mn_code add_sample(job *j, const mn_id *id, mn_error *err)
{
    if (j->n == j->room) {
        size_t room = j->room ? j->room * 2 : 1024;
        mn_sample *more = mn_realloc(j->samples, room * sizeof *more);
        if (!more)
            return mn_fail(err, MN_E_MEMORY, "no memory for the list of %zu samples", room);
        j->samples = more;
        j->room = room;
    }
    j->samples[j->n++] = (mn_sample){.id = *id};
    return MN_OK;
}

static mn_code see_page(void *user, const mn_page *page, mn_error *err)
{
    job *j = user;
    const mn_kind *k = page->kind;
    mn_code code = MN_OK;
    if (strcmp(k->name, "person") == 0)
        j->m.info.people += page->n;
    if (strcmp(k->name, "audit") == 0)
        j->m.info.audit = (uint64_t)page->rows[(page->n - 1) * k->n_columns].integer;
    bool faces = strcmp(k->name, "face") == 0;
    if (!faces && strcmp(k->name, "original") != 0 && strcmp(k->name, "evidence") != 0)
        return MN_OK;
    j->m.info.faces += faces ? page->n : 0;
    const mn_value *sample = page->rows + mn_kind_column(k, faces ? "sample" : "blob");
    for (size_t i = 0; code == MN_OK && i < page->n; i++, sample += k->n_columns) {
        mn_id id;
        if (sample->null)
            continue;
        memcpy(id.bytes, sample->bytes, sizeof id.bytes);
        if (!mn_id_is_nil(&id))
            code = add_sample(j, &id, err);
    }
    return code;
}

static void see_progress(void *user, uint64_t rows)
{
    const job *j = user;
    tell(j->o, "records", rows, j->expected);
}

/* Inside begin_read: everything is of one moment. The keys of people go into the keys file alone, and a
 * restored store must not prune this folder. */
static mn_code write_view(job *j, const char *path, mn_error *err)
{
    static const char *const metas[] = {MN_BACKUP_META, MN_CORE_DEPLOYMENT_META, "master_key",
                                        MN_RESTORE_META, NULL};
    const mn_stream_without without = {.kind = "person_key", .metas = metas};
    const mn_stream_options o = {
        .each = see_page, .progress = see_progress, .user = j, .cancel = j->o->cancel};
    mn_store *s = j->core->store;
    mn_source *source = NULL;
    mn_store_counts counts;
    j->m.info.made = mn_time_now();
    mn_code code = s->ops->version(s, &j->m.info.version, err);
    if (code == MN_OK)
        code = s->ops->counts(s, &counts, err);
    if (code == MN_OK)
        code = mn_source_open_store(s, &without, &source, err);
    if (code != MN_OK)
        return code;
    j->expected =
        counts.people * 2 + counts.faces + counts.descriptors + counts.lists + counts.consents + counts.audit;
    code = mn_stream_write(source, path, &o, &j->m.totals, err);
    mn_source_close(source);
    j->m.info.records = j->m.totals.rows;
    return code;
}

static mn_code write_records(job *j, mn_error *err)
{
    char path[PATH_MAX];
    mn_store *s = j->core->store;
    mn_code code = mn_backup_path(j->folder, j->part, "records", path, err);
    if (code == MN_OK)
        code = s->ops->begin_read(s, err);
    if (code != MN_OK)
        return code;
    code = write_view(j, path, err);
    s->ops->rollback(s);
    return code == MN_OK ? mn_backup_hash_file(path, j->m.records, &j->m.record_bytes, err) : code;
}

/* ---- samples ---- */

static int by_id(const void *a, const void *b)
{
    return mn_id_compare(&((const mn_sample *)a)->id, &((const mn_sample *)b)->id);
}

/* The name sorts behind those that are there, also where the clock was set back; and what the newest backup
 * knows of its samples need not be read again. */
static mn_code look_around(job *j, mn_error *err)
{
    mn_backup_info *all = NULL;
    size_t n = 0;
    mn_manifest m;
    mn_arena *arena = mn_arena_create(64 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for the list of backups");
    mn_code code = mn_backup_list(j->folder, arena, &all, &n, err);
    if (code == MN_OK && n > 0 && mn_backup_read_manifest(j->folder, all[n - 1].name, &m, NULL) == MN_OK &&
        mn_backup_read_samples(j->folder, all[n - 1].name, m.samples, &j->known, &j->n_known, NULL) != MN_OK)
        j->n_known = 0;
    const mn_time after = code == MN_OK && n > 0 ? all[n - 1].made + 1000 : 0, now = mn_time_now();
    make_name(j->m.info.name, now > after ? now : after);
    snprintf(j->part, sizeof j->part, PART "%s", j->m.info.name);
    mn_arena_destroy(arena);
    return code;
}

static bool in_pool(const job *j, const mn_id *id, uint64_t *size)
{
    char name[MN_BLOB_NAME], path[PATH_MAX];
    struct stat st;
    mn_blob_name(id, name);
    if (mn_backup_path(j->folder, "blobs", name, path, NULL) != MN_OK || stat(path, &st) != 0)
        return false;
    *size = (uint64_t)st.st_size;
    return true;
}

/* What a killed backup left in the pool is taken when it is what the source has. */
static bool is_in_pool(const job *j, const mn_sample *s)
{
    mn_buf bytes;
    uint8_t hash[MN_BACKUP_HASH];
    mn_buf_init(&bytes, s->size);
    bool same = j->pool->ops->get(j->pool, &s->id, &bytes, NULL) == MN_OK && bytes.len == s->size;
    if (same)
        mn_backup_hash(bytes.data, bytes.len, hash);
    mn_buf_finish(&bytes);
    return same && memcmp(hash, s->hash, sizeof hash) == 0;
}

/* Gone from the samples: erased while the backup is made, or lost. The keys file tells the first apart. */
static mn_code copy_sample(job *j, mn_sample *s, bool *there, mn_error *err)
{
    uint64_t size = 0;
    mn_buf bytes;
    const mn_sample *known = j->n_known > 0 ? bsearch(s, j->known, j->n_known, sizeof *s, by_id) : NULL;
    bool pooled = in_pool(j, &s->id, &size);
    *there = true;
    if (pooled && known && known->size == size) {
        *s = *known;
        return MN_OK;
    }
    mn_buf_init(&bytes, SAMPLE_MAX);
    mn_code code = j->core->blobs->ops->get(j->core->blobs, &s->id, &bytes, err);
    *there = code != MN_E_NOT_FOUND;
    if (code == MN_OK) {
        s->size = bytes.len;
        mn_backup_hash(bytes.data, bytes.len, s->hash);
        bool has = pooled && is_in_pool(j, s);
        if (!has)
            code = j->pool->ops->put(j->pool, &s->id, bytes.data, bytes.len, err);
        j->m.info.copied += code == MN_OK && !has;
    }
    mn_buf_finish(&bytes);
    return *there ? code : MN_OK;
}

static mn_code copy_samples(job *j, mn_error *err)
{
    size_t kept = 0;
    bool there = false;
    mn_code code = MN_OK;
    if (j->n > 1)
        qsort(j->samples, j->n, sizeof *j->samples, by_id);
    for (size_t i = 0; code == MN_OK && i < j->n; i++) {
        if (mn_cancelled(j->o->cancel))
            return mn_fail(err, MN_E_CANCELLED, "interrupted: there is no new backup");
        code = copy_sample(j, &j->samples[i], &there, err);
        if (code != MN_OK)
            return mn_error_prefix(err, "a sample"), code;
        if (there) {
            j->samples[kept++] = j->samples[i];
            j->m.info.sample_bytes += j->samples[kept - 1].size;
        } else {
            j->m.info.missing++;
        }
        tell(j->o, "samples", i + 1, j->n);
    }
    j->m.info.samples = j->n = kept;
    return code;
}

static mn_code write_samples(job *j, mn_error *err)
{
    static const uint8_t magic[16] = "mien.samples.1\n";
    char path[PATH_MAX];
    mn_buf file;
    mn_buf_init(&file, (size_t)16 << 30);
    mn_code code = mn_buf_append(&file, magic, sizeof magic, err);
    for (size_t i = 0; code == MN_OK && i < j->n; i++) {
        uint8_t bytes[SAMPLE_BYTES];
        memcpy(bytes, j->samples[i].id.bytes, 16);
        for (int b = 0; b < 8; b++)
            bytes[16 + b] = (uint8_t)(j->samples[i].size >> (8 * b));
        memcpy(bytes + 24, j->samples[i].hash, MN_BACKUP_HASH);
        code = mn_buf_append(&file, bytes, sizeof bytes, err);
    }
    if (code == MN_OK)
        code = mn_backup_path(j->folder, j->part, "samples", path, err);
    if (code == MN_OK)
        code = mn_file_write(path, file.data, file.len, 0600, err);
    if (code == MN_OK)
        mn_backup_hash(file.data, file.len, j->m.samples);
    mn_buf_finish(&file);
    return code;
}

/* ---- the whole ---- */

static mn_code write_part(job *j, mn_error *err)
{
    char part[PATH_MAX];
    mn_code code = mn_backup_path(j->folder, j->part, NULL, part, err);
    if (code == MN_OK && mkdir(part, 0700) != 0)
        code = mn_fail_errno(err, errno, "%s: cannot create", part);
    if (code == MN_OK)
        code = write_records(j, err);
    if (code == MN_OK)
        code = mn_backup_open_pool(j->folder, &j->pool, err);
    if (code == MN_OK)
        code = copy_samples(j, err);
    if (code == MN_OK)
        code = write_samples(j, err);
    /* The manifest holds the backup's own name, so that it is none under another. */
    if (code == MN_OK)
        code = mn_backup_write_manifest(j->folder, j->part, &j->m, err);
    return code == MN_OK ? mn_backup_sync_folder(part, err) : code;
}

static mn_code publish(job *j, mn_error *err)
{
    char from[PATH_MAX], to[PATH_MAX];
    mn_code code = mn_backup_update_keys(j->core->store, j->folder, err);
    if (code == MN_OK)
        code = mn_backup_path(j->folder, j->part, NULL, from, err);
    if (code == MN_OK)
        code = mn_backup_path(j->folder, j->m.info.name, NULL, to, err);
    if (code == MN_OK && rename(from, to) != 0)
        code = mn_fail_errno(err, errno, "%s: cannot be given its name", from);
    return code == MN_OK ? mn_backup_sync_folder(j->folder, err) : code;
}

static mn_code record(mn_core *c, const mn_actor *who, const char *folder, const char *name, mn_error *err)
{
    return mn_core_record(c, who, "store.backup", NULL,
                          json_pack("{s:s, s:s}", "folder", folder, "name", name), err);
}

static mn_code make(job *j, const mn_actor *who, mn_error *err)
{
    mn_backup_remove_parts(j->folder);
    mn_code code = look_around(j, err);
    if (code == MN_OK)
        code = mn_core_backups_remember(j->core, j->folder, err);
    if (code == MN_OK)
        code = record(j->core, who, j->folder, j->m.info.name, err);
    if (code == MN_OK)
        code = write_part(j, err);
    if (code == MN_OK)
        code = publish(j, err);
    if (code != MN_OK)
        mn_backup_remove_parts(j->folder);
    if (j->pool)
        j->pool->ops->close(j->pool);
    mn_free(j->samples);
    mn_free(j->known);
    return code;
}

mn_code mn_core_backup(mn_core *c, const mn_actor *who, const char *folder, const mn_backup_options *o,
                       mn_backup_info *out, mn_error *err)
{
    int lock = -1;
    char path[PATH_MAX];
    mn_code code = mn_core_may_everywhere(who, MN_R_SETTINGS, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = mn_backup_open(folder, true, &lock, err);
    if (code != MN_OK)
        return code;
    job *j = mn_calloc(1, sizeof *j); /* a manifest is too large for a thread's stack */
    if (!realpath(folder, path))
        code = mn_fail_errno(err, errno, "%s", folder);
    else if (!j)
        code = mn_fail(err, MN_E_MEMORY, "no memory to make a backup");
    if (code == MN_OK) {
        *j = (job){.core = c, .folder = path, .o = o};
        code = make(j, who, err);
        if (code == MN_OK)
            *out = j->m.info;
    }
    mn_free(j);
    mn_backup_close(lock);
    return code;
}

/* ---- checking ---- */

static mn_code verify_records(const char *folder, const mn_manifest *m, const mn_backup_options *o,
                              mn_error *err)
{
    char path[PATH_MAX];
    uint8_t hash[MN_BACKUP_HASH];
    uint64_t bytes = 0;
    mn_source *source = NULL;
    mn_stream_totals found;
    const mn_stream_options options = {.cancel = o->cancel};
    mn_code code = mn_backup_path(folder, m->info.name, "records", path, err);
    if (code == MN_OK)
        code = mn_backup_hash_file(path, hash, &bytes, err);
    if (code == MN_OK && (bytes != m->record_bytes || memcmp(hash, m->records, sizeof hash) != 0))
        code =
            mn_fail(err, MN_E_CORRUPT, "%s is damaged: it is not what was written: use another backup", path);
    if (code == MN_OK)
        code = mn_source_open_file(path, &source, err);
    if (code == MN_OK)
        code = mn_stream_measure(source, &options, &found, err);
    if (code == MN_OK)
        code = mn_stream_compare(&m->totals, &found, err);
    mn_source_close(source);
    tell(o, "records", m->info.records, m->info.records);
    return code;
}

static mn_code verify_sample(mn_blobs *pool, const mn_sample *s, mn_error *err)
{
    mn_buf bytes;
    uint8_t hash[MN_BACKUP_HASH];
    char id[MN_ID_TEXT];
    mn_buf_init(&bytes, SAMPLE_MAX);
    mn_code code = pool->ops->get(pool, &s->id, &bytes, err);
    if (code == MN_OK) {
        mn_backup_hash(bytes.data, bytes.len, hash);
        mn_id_format(&s->id, id);
        if (bytes.len != s->size || memcmp(hash, s->hash, sizeof hash) != 0)
            code = mn_fail(
                err, MN_E_CORRUPT,
                "the sample %s in the backup is damaged: remove it from blobs/ and make a new backup", id);
    }
    mn_buf_finish(&bytes);
    return code == MN_E_NOT_FOUND ? mn_fail(err, MN_E_CORRUPT, "a sample is missing in the backup's blobs")
                                  : code;
}

static mn_code verify_samples(const char *folder, const mn_manifest *m, const mn_backup_options *o,
                              mn_error *err)
{
    mn_sample *all = NULL;
    size_t n = 0;
    mn_blobs *pool = NULL;
    mn_code code = mn_backup_read_samples(folder, m->info.name, m->samples, &all, &n, err);
    if (code == MN_OK)
        code = mn_backup_open_pool(folder, &pool, err);
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        code = mn_cancelled(o->cancel) ? mn_fail(err, MN_E_CANCELLED, "interrupted")
                                       : verify_sample(pool, &all[i], err);
        tell(o, "samples", i + 1, n);
    }
    if (pool)
        pool->ops->close(pool);
    mn_free(all);
    return code;
}

static mn_code verify(const char *folder, const char *name, const mn_backup_options *o, mn_manifest *m,
                      mn_error *err)
{
    char chosen[MN_BACKUP_NAME];
    mn_key_file keys = {0};
    mn_code code = mn_backup_choose(folder, name, chosen, err);
    if (code == MN_OK)
        code = mn_backup_read_manifest(folder, chosen, m, err);
    if (code == MN_OK)
        code = mn_key_file_read(folder, &keys, err);
    mn_key_file_finish(&keys);
    if (code == MN_OK)
        code = verify_records(folder, m, o, err);
    return code == MN_OK ? verify_samples(folder, m, o, err) : code;
}

mn_code mn_backup_verify(const char *folder, const char *name, const mn_backup_options *o,
                         mn_backup_info *out, mn_error *err)
{
    mn_manifest *m = mn_calloc(1, sizeof *m);
    if (!m)
        return mn_fail(err, MN_E_MEMORY, "no memory to check a backup");
    mn_code code = verify(folder, name, o, m, err);
    if (code == MN_OK)
        *out = m->info;
    mn_free(m);
    return code;
}
