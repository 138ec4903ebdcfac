/* Restoring: records into an empty store of the backup's own version, compared, then brought to this version;
 * keys that still exist; whoever was erased since goes out again; samples; and only then the store can be
 * opened. Each step may be done again, so that an interrupted restore goes on by starting it again. */
#include "core/backup_internal.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MAX    ((size_t)64 << 20)
#define SAMPLE_MAX  ((size_t)1 << 30)
#define LEDGER_LINE ((size_t)1 << 20)
#define WHAT_MAX    80

typedef struct {
    const mn_core_options *where;
    const mn_actor *who;
    const char *folder;
    const mn_backup_options *o;
    mn_manifest m;
    mn_key_file keys, later; /* later: the ledger that was given */
    mn_core c;               /* for what records and erasures need: the store and the blobs */
    mn_restore_report report;
    bool resumed;
    char what[WHAT_MAX]; /* is restored: the backup, and a part of its manifest's hash */
} job;

static void tell(const job *j, const char *what, uint64_t done, uint64_t total)
{
    if (j->o->progress)
        j->o->progress(j->o->user, what, done, total);
}

/* Whatever a backup holds of somebody was sealed by the key that was destroyed after it. */
static bool is_after(const mn_manifest *m, const mn_key_slot *s)
{
    return s && s->destroyed_seq > 0 && (s->destroyed_seq > m->info.audit || s->destroyed > m->info.made);
}

static const mn_key_slot *ended(const job *j, const mn_id *person)
{
    const mn_key_slot *s = mn_key_file_find(&j->later, person);
    if (!is_after(&j->m, s))
        s = mn_key_file_find(&j->keys, person);
    return is_after(&j->m, s) ? s : NULL;
}

/* ---- a ledger that was given: lines of mien audit export ---- */

static mn_code note_line(job *j, const char *line, mn_error *err)
{
    json_t *root = json_loads(line, 0, NULL);
    mn_audit_record r = {.seq = (uint64_t)json_integer_value(json_object_get(root, "seq")),
                         .time = (mn_time)json_integer_value(json_object_get(root, "time_us")),
                         .action = json_string_value(json_object_get(root, "action")),
                         .target = json_string_value(json_object_get(root, "target")),
                         .detail = json_string_value(json_object_get(root, "detail"))};
    mn_code code = root && r.seq > 0 && r.action
                       ? mn_key_file_note(&j->later, &r, err)
                       : mn_fail(err, MN_E_INVALID, "the ledger is no output of mien audit export");
    json_decref(root);
    return code;
}

static mn_code read_ledger(job *j, const char *path, mn_error *err)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    mn_code code = MN_OK;
    FILE *f = path ? fopen(path, "re") : NULL;
    if (!path)
        return MN_OK;
    if (!f)
        return mn_fail_errno(err, errno, "%s: cannot open", path);
    while (code == MN_OK && (n = getline(&line, &room, f)) > 0)
        code = (size_t)n > LEDGER_LINE ? mn_fail(err, MN_E_LIMIT, "%s: a line is too long", path)
                                       : note_line(j, line, err);
    if (code == MN_OK && ferror(f))
        code = mn_fail_errno(err, errno, "%s: cannot read", path);
    free(line);
    fclose(f);
    mn_key_file_sort(&j->later);
    return code;
}

/* ---- records ---- */

static mn_code read_step(mn_store *s, bool *loaded, mn_error *err)
{
    const char *step = NULL;
    mn_arena *arena = mn_arena_create(1 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to restore");
    mn_code code = s->ops->meta_get(s, MN_RESTORE_META, arena, &step, err);
    if (code == MN_OK)
        *loaded = step && strcmp(step, "loaded") == 0;
    mn_arena_destroy(arena);
    return code;
}

static void see_progress(void *user, uint64_t rows)
{
    const job *j = user;
    tell(j, "records", rows, j->m.info.records);
}

static mn_code compare(job *j, mn_source *file, mn_error *err)
{
    static const char *const metas[] = {MN_BACKUP_META, MN_CORE_DEPLOYMENT_META, "master_key",
                                        MN_RESTORE_META, NULL};
    const mn_stream_options silent = {.cancel = j->o->cancel};
    const mn_kind *kinds[MN_KINDS_MAX];
    const mn_stream_without without = {
        .metas = metas, .kinds = kinds, .n_kinds = mn_source_file_kinds(file, kinds)};
    mn_source *walk = NULL;
    mn_stream_totals found;
    mn_store *s = j->c.store;
    mn_code code = s->ops->begin_read(s, err);
    if (code != MN_OK)
        return code;
    code = mn_source_open_store(s, &without, &walk, err);
    if (code == MN_OK)
        code = mn_stream_measure(walk, &silent, &found, err);
    mn_source_close(walk);
    s->ops->rollback(s);
    return code == MN_OK ? mn_stream_compare(&j->m.totals, &found, err) : code;
}

static void name_it(job *j)
{
    char hash[17];
    for (int i = 0; i < 8; i++)
        snprintf(hash + 2 * i, 3, "%02x", j->m.self[i]);
    snprintf(j->what, sizeof j->what, "restore:%s:%s", j->m.info.name, hash);
}

static mn_code check_gone(job *j, const mn_key_file *ledger, mn_arena *arena, mn_error *err)
{
    mn_store *s = j->c.store;
    mn_code code = MN_E_NOT_FOUND;
    for (size_t i = 0; code == MN_E_NOT_FOUND && i < ledger->n; i++) {
        const mn_key_slot *slot = &ledger->slots[i];
        const uint8_t *wrapped;
        mn_person person;
        size_t n;
        if (!is_after(&j->m, slot))
            continue;
        mn_arena_reset(arena);
        code = slot->erased ? s->ops->person_get(s, &slot->person, arena, &person, err)
                            : s->ops->key_get(s, &slot->person, arena, &wrapped, &n, err);
    }
    if (code == MN_OK)
        return mn_fail(
            err, MN_E_EXISTS,
            "this backup was restored here already, and somebody in it was erased since: empty this "
            "place and restore it again");
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code check_all_gone(job *j, mn_error *err)
{
    mn_arena *arena = mn_arena_create(1 << 20);
    mn_code code = arena ? check_gone(j, &j->keys, arena, err)
                         : mn_fail(err, MN_E_MEMORY, "no memory to look at the store");
    if (code == MN_OK)
        code = check_gone(j, &j->later, arena, err);
    mn_arena_destroy(arena);
    return code;
}

/* Whoever was cut off when all was done, and before anybody was told, starts it again. */
static mn_code look_whether_whole(job *j, mn_error *err)
{
    char loaded[MN_STREAM_STAMP], now[MN_STREAM_STAMP];
    size_t n = strlen(j->what);
    mn_code code = mn_stream_loaded(j->c.store, loaded, err);
    if (code != MN_OK || strncmp(loaded, j->what, n) != 0 || loaded[n] != ':')
        return code;
    code = mn_stream_stamp(j->c.store, j->what, now, err);
    if (code == MN_OK && strcmp(loaded, now) != 0)
        return mn_fail(err, MN_E_EXISTS,
                       "this backup was restored here already, and the place was used since: nothing is "
                       "overwritten, name an empty place");
    if (code == MN_OK)
        code = check_all_gone(j, err);
    j->report.whole = code == MN_OK;
    return code;
}

static mn_code load(job *j, mn_error *err)
{
    char path[PATH_MAX];
    const mn_stream_options o = {.progress = see_progress, .user = j, .cancel = j->o->cancel};
    mn_source *file = NULL;
    bool loaded = false;
    mn_code code = mn_stream_resumes(j->c.store, j->what, err);
    if (code == MN_OK)
        code = read_step(j->c.store, &loaded, err);
    j->resumed = loaded;
    if (code != MN_OK || loaded)
        return code;
    code = mn_backup_path(j->folder, j->m.info.name, "records", path, err);
    if (code == MN_OK)
        code = mn_source_open_file(path, &file, err);
    if (code == MN_OK)
        code = mn_stream_load(file, j->c.store, j->what, &o, err);
    if (code == MN_OK)
        code = compare(j, file, err);
    mn_source_close(file);
    return code == MN_OK ? j->c.store->ops->meta_put(j->c.store, MN_RESTORE_META, "loaded", err) : code;
}

static mn_code open_target(job *j, mn_store_how how, mn_error *err)
{
    if (j->c.store)
        j->c.store->ops->close(j->c.store);
    j->c.store = NULL;
    const mn_store_where where = mn_core_store_where(j->where);
    return mn_store_open_as(&where, how, j->m.info.version, &j->c.store, err);
}

static mn_code restore_records(job *j, mn_error *err)
{
    if (j->m.info.version > mn_store_newest_version())
        return mn_fail(err, MN_E_UNSUPPORTED,
                       "the backup is of store version %d, and this mien knows %d: use a newer mien",
                       j->m.info.version, mn_store_newest_version());
    mn_code code = mn_file_make_folders(j->where->data_dir, 0700, err);
    if (code == MN_OK)
        code = open_target(j, MN_STORE_UP_TO, err);
    if (code == MN_OK)
        code = look_whether_whole(j, err);
    if (code == MN_OK && !j->report.whole)
        code = load(j, err);
    return code == MN_OK ? open_target(j, MN_STORE_MIGRATE, err) : code;
}

/* ---- keys, and who has none any more ---- */

typedef struct {
    mn_id *ids; /* people of the page without a key */
    size_t n;
    mn_value *rows;
    size_t n_rows;
} division;

static void divide(job *j, const mn_value *people, size_t n, size_t columns, division *out)
{
    for (size_t i = 0; i < n; i++) {
        mn_id id;
        memcpy(id.bytes, people[i * columns].bytes, sizeof id.bytes);
        const mn_key_slot *key = mn_key_file_find(&j->keys, &id);
        if (!key || key->len == 0 || ended(j, &id)) {
            out->ids[out->n++] = id;
            continue;
        }
        mn_value *row = &out->rows[2 * out->n_rows++];
        row[0] = people[i * columns];
        row[1] = (mn_value){.bytes = key->wrapped, .n = key->len};
    }
}

static mn_code record_end(job *j, const char *action, const mn_id *person, const mn_key_slot *s, size_t faces,
                          mn_error *err)
{
    char when[MN_TIME_TEXT];
    mn_time_format(s ? s->destroyed : mn_time_now(), when);
    return mn_core_record(&j->c, j->who, action, person,
                          json_pack("{s:b, s:b, s:I, s:I, s:s}", "key_destroyed", 1, "restored", 1,
                                    "faces_erased", (json_int_t)faces, "record",
                                    (json_int_t)(s ? s->destroyed_seq : 0), "destroyed", when),
                          err);
}

/* In a transaction. */
static mn_code end_person(job *j, const mn_id *person, mn_arena *arena, mn_error *err)
{
    const mn_key_slot *s = ended(j, person);
    size_t faces = 0;
    mn_store *store = j->c.store;
    if (s && s->erased) {
        mn_code code = store->ops->person_delete(store, person, err);
        j->report.erased += code == MN_OK;
        return code == MN_OK ? record_end(j, "person.erase", person, s, 0, err) : code;
    }
    mn_code code = mn_core_forget(&j->c, person, arena, &faces, err);
    if (code != MN_OK || faces == 0)
        return code;
    j->report.closed++;
    return record_end(j, "biometrics.erase", person, s, faces, err);
}

static mn_code settle_page(job *j, const mn_value *people, size_t n, size_t columns, mn_arena *arena,
                           mn_error *err)
{
    mn_store *s = j->c.store;
    division d = {.ids = mn_arena_calloc(arena, n, sizeof(mn_id)),
                  .rows = mn_arena_calloc(arena, 2 * n, sizeof(mn_value))};
    if (!d.ids || !d.rows)
        return mn_fail(err, MN_E_MEMORY, "no memory to restore");
    divide(j, people, n, columns, &d);
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    if (d.n_rows > 0)
        code = s->ops->rows_put(s, mn_kind_find("person_key"), d.rows, d.n_rows, err);
    for (size_t i = 0; code == MN_OK && i < d.n; i++)
        code = end_person(j, &d.ids[i], arena, err);
    if (code == MN_OK)
        return s->ops->commit(s, err);
    s->ops->rollback(s);
    return code;
}

static mn_code settle_people(job *j, mn_error *err)
{
    const mn_kind *k = mn_kind_find("person");
    mn_arena *arena = mn_arena_create(PAGE_MAX);
    mn_code code = arena ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory to restore");
    mn_id last;
    mn_value after = {.bytes = last.bytes, .n = sizeof last.bytes}, *people = NULL;
    uint64_t done = 0;
    for (size_t n = MN_KIND_ROWS; code == MN_OK && n == MN_KIND_ROWS;) {
        mn_arena_reset(arena);
        code = j->c.store->ops->rows(j->c.store, k, done ? &after : NULL, arena, &people, &n, err);
        if (code != MN_OK || n == 0)
            break;
        memcpy(last.bytes, people[(n - 1) * k->n_columns].bytes, sizeof last.bytes);
        code = mn_cancelled(j->o->cancel)
                   ? mn_fail(err, MN_E_CANCELLED, "interrupted: start it again to go on")
                   : settle_page(j, people, n, k->n_columns, arena, err);
        done += n;
        tell(j, "keys", done, j->m.info.people);
    }
    mn_arena_destroy(arena);
    return code;
}

/* The deployment key and the note of the master key's id, as they are wrapped now. */
static mn_code settle_metas(job *j, mn_error *err)
{
    static const mn_id deployment = {{0}}, note = {{[15] = 1}};
    char text[2 * sizeof(((mn_key_slot *)0)->wrapped) + 1];
    mn_store *s = j->c.store;
    const mn_key_slot *d = mn_key_file_find(&j->keys, &deployment), *m = mn_key_file_find(&j->keys, &note);
    mn_code code = MN_OK;
    if (!d || d->len == 0)
        return mn_fail(err, MN_E_CORRUPT, "the keys file has no deployment key: make a new backup");
    for (size_t i = 0; i < d->len; i++)
        snprintf(text + 2 * i, 3, "%02x", d->wrapped[i]);
    code = s->ops->meta_put(s, MN_CORE_DEPLOYMENT_META, text, err);
    if (code == MN_OK && m && m->len > 0) {
        memcpy(text, m->wrapped, m->len);
        text[m->len] = 0;
        code = s->ops->meta_put(s, "master_key", text, err);
    }
    return code;
}

/* ---- samples ---- */

/* Put there before the restore was interrupted? */
static bool is_there(const job *j, const mn_id *id, const mn_buf *bytes)
{
    mn_buf found;
    mn_buf_init(&found, bytes->len);
    bool same = j->c.blobs->ops->get(j->c.blobs, id, &found, NULL) == MN_OK && found.len == bytes->len &&
                memcmp(found.data, bytes->data, bytes->len) == 0;
    mn_buf_finish(&found);
    return same;
}

static mn_code restore_sample(job *j, mn_blobs *pool, const mn_id *id, const mn_sample *known, size_t n,
                              mn_error *err)
{
    mn_buf bytes;
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (mn_id_compare(&known[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == n || mn_id_compare(&known[low].id, id) != 0)
        return MN_OK; /* it was missing when the backup was made */
    mn_buf_init(&bytes, SAMPLE_MAX);
    mn_code code = pool->ops->get(pool, id, &bytes, err);
    if (code == MN_OK && !((j->resumed || j->report.whole) && is_there(j, id, &bytes)))
        code = j->c.blobs->ops->put(j->c.blobs, id, bytes.data, bytes.len, err);
    mn_buf_finish(&bytes);
    j->report.samples += code == MN_OK;
    return code;
}

static mn_code restore_page(job *j, mn_blobs *pool, const mn_kind *k, const mn_value *faces, size_t n,
                            const mn_sample *known, size_t n_known, mn_error *err)
{
    size_t column = mn_kind_column(k, "sample"); /* or of an original, or evidence */
    const mn_value *sample = faces + (column < k->n_columns ? column : mn_kind_column(k, "blob"));
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++, sample += k->n_columns) {
        mn_id id;
        if (sample->null)
            continue;
        memcpy(id.bytes, sample->bytes, sizeof id.bytes);
        if (mn_cancelled(j->o->cancel))
            code = mn_fail(err, MN_E_CANCELLED, "interrupted: start it again to go on");
        else if (!mn_id_is_nil(&id))
            code = restore_sample(j, pool, &id, known, n_known, err);
    }
    tell(j, "samples", j->report.samples, j->m.info.samples);
    return code;
}

static mn_code walk_faces(job *j, const mn_kind *k, mn_blobs *pool, const mn_sample *known, size_t n_known,
                          mn_arena *arena, mn_error *err)
{
    mn_value after[1], *faces = NULL;
    mn_id last;
    bool more = false;
    mn_code code = MN_OK;
    for (size_t n = MN_KIND_ROWS; code == MN_OK && n == MN_KIND_ROWS; more = true) {
        mn_arena_reset(arena);
        code = j->c.store->ops->rows(j->c.store, k, more ? after : NULL, arena, &faces, &n, err);
        if (code != MN_OK || n == 0)
            break;
        memcpy(last.bytes, faces[(n - 1) * k->n_columns].bytes, sizeof last.bytes);
        after[0] = (mn_value){.bytes = last.bytes, .n = sizeof last.bytes};
        code = restore_page(j, pool, k, faces, n, known, n_known, err);
    }
    return code;
}

static mn_code restore_samples(job *j, mn_error *err)
{
    mn_blobs *pool = NULL;
    mn_sample *known = NULL;
    size_t n = 0;
    mn_arena *arena = mn_arena_create(PAGE_MAX);
    mn_code code = arena ? mn_core_open_blobs(j->where, &j->c.blobs, err)
                         : mn_fail(err, MN_E_MEMORY, "no memory to restore");
    if (code == MN_OK)
        code = mn_backup_read_samples(j->folder, j->m.info.name, j->m.samples, &known, &n, err);
    if (code == MN_OK)
        code = mn_backup_open_pool(j->folder, &pool, err);
    if (code == MN_OK)
        code = walk_faces(j, mn_kind_find("face"), pool, known, n, arena, err);
    if (code == MN_OK)
        code = walk_faces(j, mn_kind_find("original"), pool, known, n, arena, err);
    if (code == MN_OK)
        code = walk_faces(j, mn_kind_find("evidence"), pool, known, n, arena, err);
    if (pool)
        pool->ops->close(pool);
    mn_free(known);
    mn_arena_destroy(arena);
    return code;
}

/* ---- the whole ---- */

static mn_code check_it(job *j, mn_audit_report *audit, mn_error *err)
{
    mn_store *s = j->c.store;
    mn_store_counts counts;
    mn_code code = s->ops->check(s, err);
    if (code == MN_OK)
        code = mn_audit_verify(s, audit, err);
    if (code == MN_OK)
        code = s->ops->counts(s, &counts, err);
    if (code == MN_OK)
        j->report.people = counts.people;
    return code;
}

static mn_code finish(job *j, mn_error *err)
{
    mn_store *s = j->c.store;
    char stamp[MN_STREAM_STAMP];
    mn_audit_report audit;
    mn_code code = check_it(j, &audit, err);
    if (code == MN_OK)
        code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = mn_core_record(&j->c, j->who, "store.restore", NULL,
                          json_pack("{s:s, s:I, s:I}", "backup", j->m.info.name, "erased",
                                    (json_int_t)j->report.erased, "closed", (json_int_t)j->report.closed),
                          err);
    if (code == MN_OK)
        code = s->ops->meta_put(s, MN_RESTORE_META, "", err);
    if (code == MN_OK)
        code = mn_stream_stamp(s, j->what, stamp, err);
    if (code == MN_OK)
        code = mn_stream_finish(s, stamp, err);
    if (code == MN_OK)
        return s->ops->commit(s, err);
    s->ops->rollback(s);
    return code;
}

static mn_code read_counts(void *user, const mn_audit_record *r, mn_error *err)
{
    mn_restore_report *report = user;
    json_t *detail = json_loads(r->detail ? r->detail : "", 0, NULL);
    (void)err;
    report->erased = (uint64_t)json_integer_value(json_object_get(detail, "erased"));
    report->closed = (uint64_t)json_integer_value(json_object_get(detail, "closed"));
    json_decref(detail);
    return MN_OK;
}

/* Tells again what the record of the restore says, the newest one. */
static mn_code find_whole(job *j, mn_error *err)
{
    mn_audit_report audit = {0};
    mn_code code = check_it(j, &audit, err);
    return code == MN_OK
               ? j->c.store->ops->audit_each(j->c.store, audit.records, read_counts, &j->report, err)
               : code;
}

static mn_code restore(job *j, const char *ledger, mn_error *err)
{
    mn_code code = read_ledger(j, ledger, err);
    if (code == MN_OK)
        code = mn_key_file_read(j->folder, &j->keys, err);
    if (code == MN_OK)
        code = restore_records(j, err);
    if (code == MN_OK && !j->report.whole)
        code = settle_people(j, err);
    if (code == MN_OK && !j->report.whole)
        code = settle_metas(j, err);
    if (code == MN_OK)
        code = restore_samples(j, err);
    if (code != MN_OK)
        return code;
    return j->report.whole ? find_whole(j, err) : finish(j, err);
}

static mn_code restore_with(job *j, const char *name, const char *ledger, mn_error *err)
{
    char chosen[MN_BACKUP_NAME];
    mn_code code = mn_backup_choose(j->folder, name, chosen, err);
    if (code == MN_OK)
        code = mn_backup_verify(j->folder, chosen, j->o, &j->report.backup, err);
    if (code == MN_OK)
        code = mn_backup_read_manifest(j->folder, chosen, &j->m, err);
    if (code == MN_OK) {
        name_it(j);
        code = restore(j, ledger, err);
    }
    if (j->c.store)
        j->c.store->ops->close(j->c.store);
    if (j->c.blobs)
        j->c.blobs->ops->close(j->c.blobs);
    mn_key_file_finish(&j->keys);
    mn_key_file_finish(&j->later);
    return code;
}

mn_code mn_core_restore(const mn_core_options *where, const mn_actor *who, const char *folder,
                        const char *name, const char *ledger, const mn_backup_options *o,
                        mn_restore_report *out, mn_error *err)
{
    int lock = -1;
    mn_code code = mn_core_may_everywhere(who, MN_R_SETTINGS, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = mn_backup_open(folder, false, &lock, err);
    if (code != MN_OK)
        return code;
    job *j = mn_calloc(1, sizeof *j);
    if (j) {
        j->where = where;
        j->who = who;
        j->folder = folder;
        j->o = o;
        code = restore_with(j, name, ledger, err);
        if (code == MN_OK)
            *out = j->report;
    } else {
        code = mn_fail(err, MN_E_MEMORY, "no memory to restore");
    }
    mn_free(j);
    mn_backup_close(lock);
    return code;
}
