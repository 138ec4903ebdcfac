/* The gallery's snapshot: when it is written, when it is believed, and how it becomes unreadable.
 *
 * It is sealed under a key that stands in the store (MN_STORE_SNAPSHOT_META), sealed by the deployment key.
 * The store takes that key out in the very transaction that takes out a face, a person's key or a person. So
 * a commit of an erasure is the end of every snapshot that has the person in it, copies and backups of the
 * file included, whether or not this process lives to delete it.
 *
 * A writer takes the key first, then follows the store, then takes the gallery's view: whoever was erased
 * before it took the key is not in the view, and who is erased afterwards takes the key along.
 *
 * The stamp says up to where the gallery had followed the store, and which audit record was the newest. A
 * store that is behind that, or that has another record there, is not the one that the snapshot was made
 * from: a backup that was put back, for example. What is not believed is thrown away, and everybody is read
 * from the store. */
#include "core/internal.h"

#include "base/file.h"

#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTEXT       "gallery.snapshot"
#define SEALED_MAX    256
#define FILE_FIRST    "gallery."
#define FILE_LAST     ".snapshot"
#define FILES_MAX     65536 /* in a data directory */
#define MODEL_IN_NAME 100
#define PAUSE_NS      (INT64_C(60) * 1000000000) /* between two that are written in the background */
#define META_ARENA    ((size_t)1 << 20)

void mn_core_warn(const mn_core *c, const mn_error *e, const char *then)
{
    char text[MN_ERROR_TEXT + 200];
    snprintf(text, sizeof text, "%s: %s", e->text, then);
    if (c->warn)
        c->warn(c->warn_user, text);
}

/* A file for each model, for two of them are served side by side during a change of model. */
static bool name_file(const char *folder, const char *model, char out[PATH_MAX])
{
    char name[MODEL_IN_NAME + 32];
    int n = snprintf(name, sizeof name, FILE_FIRST "%.*s" FILE_LAST, MODEL_IN_NAME, model);
    for (char *at = name; *at; at++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *at))
            *at = '_';
    return n > 0 && mn_path_join(out, PATH_MAX, folder, name);
}

mn_code mn_core_snapshot_init(mn_core *c, const mn_core_options *o, mn_error *err)
{
    mn_core_snapshot *s = &c->snapshot;
    s->every = o->settings ? (uint64_t)mn_settings_int(o->settings, MN_S_GALLERY_SNAPSHOT)
                           : MN_CORE_SNAPSHOT_CHANGES;
    s->pause_ns = PAUSE_NS;
    return mn_path_join(s->folder, sizeof s->folder, o->data_dir, "") &&
                   name_file(o->data_dir, c->model_name, s->path)
               ? MN_OK
               : mn_fail(err, MN_E_INVALID, "the path of the data directory is too long");
}

/* ---- key and owner ---- */

static mn_code open_key(mn_core *c, const char *hex, uint8_t out[MN_SNAPSHOT_KEY], mn_error *err)
{
    uint8_t sealed[SEALED_MAX];
    size_t n = 0;
    if (sodium_hex2bin(sealed, sizeof sealed, hex, strlen(hex), NULL, &n, NULL) != 0)
        return mn_fail(err, MN_E_CORRUPT, "the key of the gallery's snapshot is damaged");
    return mn_unseal_to(c->deployment, CONTEXT, strlen(CONTEXT), sealed, n, out, MN_SNAPSHOT_KEY, err);
}

static mn_code make_key(mn_core *c, uint8_t out[MN_SNAPSHOT_KEY], mn_error *err)
{
    mn_buf sealed;
    char hex[2 * SEALED_MAX + 1];
    mn_buf_init(&sealed, SEALED_MAX);
    randombytes_buf(out, MN_SNAPSHOT_KEY);
    mn_code code = mn_seal(c->deployment, CONTEXT, strlen(CONTEXT), out, MN_SNAPSHOT_KEY, &sealed, err);
    if (code == MN_OK) {
        sodium_bin2hex(hex, sizeof hex, sealed.data, sealed.len);
        code = c->store->ops->meta_put(c->store, MN_STORE_SNAPSHOT_META, hex, err);
    }
    mn_buf_finish(&sealed);
    return code;
}

/* MN_E_NOT_FOUND: there is none, and so nothing that a snapshot could be opened with. A damaged one is
 * replaced. */
static mn_code get_key(mn_core *c, bool make, mn_arena *arena, uint8_t out[MN_SNAPSHOT_KEY], mn_error *err)
{
    const char *hex = NULL;
    mn_code code = c->store->ops->meta_get(c->store, MN_STORE_SNAPSHOT_META, arena, &hex, err);
    if (code != MN_OK)
        return code;
    code = hex ? open_key(c, hex, out, err)
               : mn_fail(err, MN_E_NOT_FOUND, "there is no snapshot of the gallery");
    return make && (code == MN_E_NOT_FOUND || code == MN_E_CORRUPT) ? make_key(c, out, err) : code;
}

/* In a transaction, so that two processes agree on one. */
static mn_code need_key(mn_core *c, mn_arena *arena, uint8_t out[MN_SNAPSHOT_KEY], mn_error *err)
{
    mn_code code = c->store->ops->begin(c->store, err);
    if (code != MN_OK)
        return code;
    code = get_key(c, true, arena, out, err);
    if (code == MN_OK)
        return c->store->ops->commit(c->store, err);
    c->store->ops->rollback(c->store);
    return code;
}

/* All that must be the same for the rows to be of use: deployment, model, rotation. */
static void name_owner(const mn_core *c, uint8_t out[MN_SNAPSHOT_OWNER])
{
    uint8_t mark[MN_SECRET_ROTATION_MARK];
    char text[256], hex[2 * sizeof mark + 1];
    mn_secret_rotation_mark(c->rotation, mark);
    sodium_bin2hex(hex, sizeof hex, mark, sizeof mark);
    int n = snprintf(text, sizeof text, "mien.snapshot.owner %.100s %d %d %s", c->model_name, c->model->dim,
                     (int)c->model->metric, hex);
    mn_key_hash(c->deployment, text, (size_t)n, out);
}

/* ---- the stamp ---- */

typedef struct {
    uint64_t generation, audit_seq;
    mn_time looked, written;
    uint8_t audit_hash[32];
} stamp;
_Static_assert(sizeof(stamp) <= MN_SNAPSHOT_STAMP, "the stamp fits");

static void put64(uint8_t *at, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--)
        v = v << 8 | at[i];
    return v;
}

static void put_stamp(const stamp *s, uint8_t out[MN_SNAPSHOT_STAMP])
{
    memset(out, 0, MN_SNAPSHOT_STAMP);
    put64(out, s->generation);
    put64(out + 8, s->audit_seq);
    put64(out + 16, (uint64_t)s->looked);
    put64(out + 24, (uint64_t)s->written);
    memcpy(out + 32, s->audit_hash, sizeof s->audit_hash);
}

static stamp get_stamp(const uint8_t in[MN_SNAPSHOT_STAMP])
{
    stamp s = {.generation = get64(in),
               .audit_seq = get64(in + 8),
               .looked = (mn_time)get64(in + 16),
               .written = (mn_time)get64(in + 24)};
    memcpy(s.audit_hash, in + 32, sizeof s.audit_hash);
    return s;
}

/* The newest audit record, as the store remembers it: its number and hash. */
static mn_code read_audit_head(mn_core *c, mn_arena *arena, stamp *out, mn_error *err)
{
    const char *head = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->meta_get(c->store, "audit_head", arena, &head, err);
    if (code != MN_OK || !head || !*head)
        return code;
    char *hash = NULL;
    out->audit_seq = strtoull(head, &hash, 10);
    hash += strspn(hash, " :");
    if (sodium_hex2bin(out->audit_hash, sizeof out->audit_hash, hash, strlen(hash), NULL, &n, NULL) != 0 ||
        n != 32)
        return mn_fail(err, MN_E_CORRUPT, "the store's audit_head is damaged: see mien store check");
    return MN_OK;
}

static mn_code compare_record(void *ctx, const mn_audit_record *r, mn_error *err)
{
    stamp *s = ctx;
    if (r->seq == s->audit_seq && memcmp(r->hash, s->audit_hash, sizeof s->audit_hash) == 0)
        s->audit_seq = 0; /* found */
    return mn_fail(err, MN_E_CANCELLED, "one is enough");
}

typedef struct {
    mn_core *c;
    stamp stamp;
} loading;

/* Is the store the one from which this was made, or a later one? */
static mn_code accept(void *ctx, const uint8_t bytes[MN_SNAPSHOT_STAMP], mn_error *err)
{
    loading *l = ctx;
    uint64_t newest = 0;
    l->stamp = get_stamp(bytes);
    mn_code code = l->c->store->ops->generation(l->c->store, &newest, err);
    if (code == MN_OK && newest < l->stamp.generation)
        code =
            mn_fail(err, MN_E_CORRUPT, "the store is older than it (change %" PRIu64 " against %" PRIu64 ")",
                    newest, l->stamp.generation);
    if (code != MN_OK || l->stamp.audit_seq == 0)
        return code;
    stamp wanted = l->stamp;
    code = l->c->store->ops->audit_each(l->c->store, wanted.audit_seq, compare_record, &wanted, err);
    if (code != MN_OK && code != MN_E_CANCELLED)
        return code;
    return wanted.audit_seq == 0 ? MN_OK
                                 : mn_fail(err, MN_E_CORRUPT, "the store has another history than it");
}

/* ---- reading ---- */

static mn_code read_snapshot(mn_core *c, mn_arena *arena, mn_error *err)
{
    mn_snapshot_seal seal;
    loading l = {.c = c};
    name_owner(c, seal.owner);
    mn_code code = get_key(c, false, arena, seal.key, err);
    if (code == MN_OK)
        code = mn_snapshot_read(c->gallery, c->snapshot.path, &seal, accept, &l, err);
    sodium_memzero(&seal, sizeof seal);
    if (code != MN_OK)
        return code;
    c->seen = l.stamp.generation;
    c->looked = l.stamp.looked;
    return MN_OK;
}

/* A key that is gone is how an erasure leaves it, and needs no warning. */
static bool worth_a_warning(mn_code code)
{
    return code != MN_E_NOT_FOUND && code != MN_E_FORBIDDEN;
}

/* Of this core's model, or of one that has a part in a change of model. */
static bool is_of_use(mn_core *c, const char *path, mn_arena *arena)
{
    char named[PATH_MAX];
    bool of_use = strcmp(path, c->snapshot.path) == 0;
    for (int role = MN_MODEL_CURRENT; !of_use && role < MN_MODEL_OTHER; role++) {
        mn_model_mark mark;
        if (mn_core_model_mark(c, (mn_model_role)role, arena, &mark, NULL) != MN_OK)
            return true;
        of_use = mark.model && name_file(c->snapshot.folder, mark.model, named) && strcmp(path, named) == 0;
    }
    return of_use;
}

static bool is_snapshot(const char *path)
{
    const char *name = strrchr(path, '/');
    size_t n = strlen(path), last = strlen(FILE_LAST);
    return name && strncmp(name + 1, FILE_FIRST, strlen(FILE_FIRST)) == 0 && n > last &&
           strcmp(path + n - last, FILE_LAST) == 0;
}

void mn_core_snapshot_tidy(mn_core *c)
{
    char **names = NULL;
    size_t n = 0;
    mn_arena *arena = mn_arena_create(META_ARENA);
    if (arena && mn_file_list(c->snapshot.folder, FILES_MAX, &names, &n, NULL) == MN_OK) {
        for (size_t i = 0; i < n; i++)
            if (is_snapshot(names[i]) && !is_of_use(c, names[i], arena))
                (void)unlink(names[i]);
        mn_file_list_free(names, n);
    }
    mn_arena_destroy(arena);
}

bool mn_core_snapshot_load(mn_core *c)
{
    mn_error e = {0};
    mn_core_snapshot_tidy(c);
    mn_arena *arena = c->snapshot.every > 0 ? mn_arena_create(META_ARENA) : NULL;
    mn_code code = arena ? read_snapshot(c, arena, &e) : MN_E_NOT_FOUND;
    mn_arena_destroy(arena);
    if (code == MN_OK)
        return true;
    if (arena && worth_a_warning(code))
        mn_core_warn(c, &e,
                     "this snapshot of the gallery is thrown away, and everybody is read from the store");
    (void)unlink(c->snapshot.path);
    return false;
}

/* ---- writing ---- */

/* An erasure has taken the key: what lies there opens nowhere, and the whole gallery is to be written anew.
 */
static void write_anew(mn_core *c)
{
    size_t faces = mn_gallery_faces(c->gallery);
    if (c->snapshot.changes < faces)
        c->snapshot.changes = faces;
}

static void notice_lost_key(mn_core *c, mn_arena *arena)
{
    const char *hex = NULL;
    if (c->snapshot.every > 0 &&
        c->store->ops->meta_get(c->store, MN_STORE_SNAPSHOT_META, arena, &hex, NULL) == MN_OK && !hex)
        write_anew(c);
}

/* The same for a key that was taken while the snapshot was written, maybe with another one in its place. */
static void notice_lost_seal(mn_core *c, mn_arena *arena, const uint8_t key[MN_SNAPSHOT_KEY])
{
    uint8_t now[MN_SNAPSHOT_KEY];
    mn_code code = get_key(c, false, arena, now, NULL);
    if (code == MN_E_NOT_FOUND || (code == MN_OK && sodium_memcmp(now, key, sizeof now) != 0))
        write_anew(c);
    sodium_memzero(now, sizeof now);
}

/* The gallery as it is when it has followed the store, and what says so. */
static mn_code take(mn_core *c, mn_arena *arena, mn_snapshot **out, uint8_t bytes[MN_SNAPSHOT_STAMP],
                    uint64_t *changes, mn_error *err)
{
    stamp s = {0};
    pthread_mutex_lock(&c->follow_lock);
    mn_code code = mn_core_follow_locked(c, arena, err);
    if (code == MN_OK)
        code = read_audit_head(c, arena, &s, err);
    if (code == MN_OK)
        code = mn_snapshot_take(c->gallery, out, err);
    s.generation = c->seen;
    s.looked = c->looked;
    s.written = mn_time_now();
    *changes = c->snapshot.changes;
    pthread_mutex_unlock(&c->follow_lock);
    put_stamp(&s, bytes);
    return code;
}

static mn_code write_it(mn_core *c, mn_arena *arena, const mn_cancel *cancel, mn_error *err)
{
    mn_snapshot_seal seal;
    mn_snapshot *s = NULL;
    uint8_t bytes[MN_SNAPSHOT_STAMP];
    uint64_t changes = 0;
    name_owner(c, seal.owner);
    mn_code code = need_key(c, arena, seal.key, err);
    if (code == MN_OK)
        code = take(c, arena, &s, bytes, &changes, err);
    if (code == MN_OK)
        code = mn_snapshot_write(s, c->snapshot.path, &seal, bytes, cancel, err);
    mn_snapshot_release(s);
    pthread_mutex_lock(&c->follow_lock);
    c->snapshot.not_before = mn_monotonic_ns() + c->snapshot.pause_ns;
    if (code == MN_OK) {
        c->snapshot.changes -= changes < c->snapshot.changes ? changes : c->snapshot.changes;
        notice_lost_seal(c, arena, seal.key);
    }
    pthread_mutex_unlock(&c->follow_lock);
    sodium_memzero(&seal, sizeof seal);
    return code;
}

static void count_writers(mn_core *c, int change)
{
    pthread_mutex_lock(&c->follow_lock);
    c->snapshot.writers += change;
    pthread_mutex_unlock(&c->follow_lock);
}

mn_code mn_core_gallery_save(mn_core *c, const mn_cancel *cancel, mn_error *err)
{
    if (!c->gallery)
        return mn_fail(err, MN_E_INTERNAL, "this data directory was opened for its records only");
    if (c->snapshot.every == 0)
        return mn_fail(err, MN_E_INVALID, "gallery.snapshot is 0: no snapshot is kept");
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    count_writers(c, 1);
    pthread_mutex_lock(&c->snapshot.saves);
    mn_code code = arena ? write_it(c, arena, cancel, err)
                         : mn_fail(err, MN_E_MEMORY, "no memory for a snapshot of the gallery");
    pthread_mutex_unlock(&c->snapshot.saves);
    count_writers(c, -1);
    mn_arena_destroy(arena);
    return code;
}

static void save(mn_core *c)
{
    mn_error e = {0};
    mn_code code = mn_core_gallery_save(c, NULL, &e);
    if (code != MN_OK && code != MN_E_BUSY)
        mn_core_warn(c, &e, "the snapshot of the gallery could not be written, the next start takes longer");
}

static void save_in_background(void *job, unsigned worker)
{
    (void)worker;
    save(job);
    count_writers(job, -1);
}

static bool due(const mn_core_snapshot *s)
{
    return s->every > 0 && s->changes >= s->every;
}

void mn_core_snapshot_changed(mn_core *c, size_t people, mn_arena *arena)
{
    mn_core_snapshot *s = &c->snapshot;
    s->changes += people;
    if (people > 0)
        notice_lost_key(c, arena);
    if (!due(s) || s->writers > 0 || s->closing || mn_monotonic_ns() < s->not_before)
        return;
    if (!s->writer && mn_pool_create(1, 2, &s->writer, NULL) != MN_OK)
        return;
    const mn_job job = {.run = save_in_background, .job = c};
    s->writers += mn_pool_submit(s->writer, &job, false, NULL) == MN_OK;
}

void mn_core_snapshot_close(mn_core *c)
{
    pthread_mutex_lock(&c->follow_lock);
    c->snapshot.closing = true;
    pthread_mutex_unlock(&c->follow_lock);
    mn_pool_destroy(c->snapshot.writer);
    c->snapshot.writer = NULL;
    if (c->loaded && due(&c->snapshot))
        save(c);
}

/* ---- looking at it ---- */

static mn_core_gallery_state state_of(mn_core *c)
{
    mn_gallery_stats g = mn_gallery_stats_get(c->gallery);
    mn_core_gallery_state state = {.rows = g.faces,
                                   .people = g.people,
                                   .lists = g.lists,
                                   .chunks = g.chunks,
                                   .sketched = g.sketched,
                                   .missed_max = g.prefilter ? MN_PREFILTER_MISSED_MAX : 0,
                                   .tombstones = g.removed,
                                   .bytes = g.bytes,
                                   .cold_bytes = g.cold_bytes,
                                   .dim = c->model->dim,
                                   .unreadable = mn_core_unreadable_count(c),
                                   .from_snapshot = c->from_snapshot};
    pthread_mutex_lock(&c->follow_lock);
    state.generation = c->seen;
    state.changes = c->snapshot.changes;
    pthread_mutex_unlock(&c->follow_lock);
    return state;
}

mn_code mn_core_gallery_look(mn_core *c, mn_core_gallery_state *out, mn_error *err)
{
    mn_snapshot_info info;
    if (!c->gallery)
        return mn_fail(err, MN_E_INTERNAL, "this data directory was opened for its records only");
    mn_core_gallery_state state = state_of(c);
    mn_code code = mn_snapshot_look(c->snapshot.path, &info, err);
    if (code == MN_OK) {
        stamp s = get_stamp(info.stamp);
        state.snapshot = true;
        state.snapshot_bytes = info.bytes;
        state.snapshot_faces = info.faces;
        state.snapshot_generation = s.generation;
        state.snapshot_written = s.written;
    } else if (code == MN_E_IO || code == MN_E_MEMORY) {
        return code;
    }
    *out = state;
    return MN_OK;
}
