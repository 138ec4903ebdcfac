/* A data directory: mien.db (records), master.key, blobs/ (sealed samples). By the settings each of the three
 * may be elsewhere: a PostgreSQL database, the environment or a credential, a bucket.
 *
 * The first opening makes a deployment key, kept in the store wrapped by the master key. From then on the
 * master key is never made again: where its file is missing, that is said, and a wrong one does not open the
 * deployment key. */
#include "core/enrolment.h"
#include "core/signin.h"
#include "core/temporary.h"

#include "base/alloc.h"
#include "base/file.h"
#include "store/stream.h"

#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define WRAPPED_MAX 128
#define META_MAX    ((size_t)1 << 20)

static mn_code path_in(const char *folder, const char *name, char out[PATH_MAX], mn_error *err)
{
    return mn_path_join(out, PATH_MAX, folder, name)
               ? MN_OK
               : mn_fail(err, MN_E_INVALID, "the path of the data directory is too long");
}

static const char *setting(const mn_core_options *o, mn_setting which)
{
    return o->settings ? mn_settings_text(o->settings, which) : "";
}

mn_store_where mn_core_store_where(const mn_core_options *o)
{
    const mn_settings *s = o->settings;
    return (mn_store_where){.data_dir = o->data_dir,
                            .url = s ? mn_settings_text(s, MN_S_STORE_URL) : NULL,
                            .timeout_ms = s ? (int)mn_settings_int(s, MN_S_STORE_TIMEOUT) : 0};
}

const char *mn_core_place(const mn_core_options *o)
{
    return mn_store_is_local(setting(o, MN_S_STORE_URL)) ? o->data_dir : "the database of store.url";
}

/* Are there records, as far as can be seen without opening the store? */
static mn_code look_for_store(const mn_core_options *o, bool *there, mn_error *err)
{
    char path[PATH_MAX];
    *there = true;
    if (!mn_store_is_local(setting(o, MN_S_STORE_URL)))
        return MN_OK;
    mn_code code = path_in(o->data_dir, "mien.db", path, err);
    if (code == MN_OK)
        *there = mn_file_exists(path);
    return code;
}

static mn_code nobody_there(const mn_core_options *o, mn_error *err)
{
    return mn_fail(err, MN_E_NOT_FOUND, "nobody is enrolled in %s", mn_core_place(o));
}

static mn_code open_store(const mn_core_options *o, mn_store **out, mn_error *err)
{
    bool there;
    mn_code code = look_for_store(o, &there, err);
    if (code == MN_OK && !o->create && !there)
        return nobody_there(o, err);
    if (code == MN_OK && o->create)
        code = mn_file_make_folders(o->data_dir, 0700, err);
    if (code != MN_OK)
        return code;
    bool migrate = !o->settings || mn_settings_bool(o->settings, MN_S_STORE_MIGRATE);
    const mn_store_where where = mn_core_store_where(o);
    return mn_store_open_as(&where, migrate ? MN_STORE_MIGRATE : MN_STORE_REFUSE, 0, out, err);
}

/* ---- keys ---- */

static mn_code make_deployment_key(mn_core *c, mn_error *err)
{
    mn_buf wrapped;
    char hex[2 * WRAPPED_MAX + 1];
    mn_buf_init(&wrapped, WRAPPED_MAX);
    mn_code code =
        mn_key_make(c->master, MN_CORE_DEPLOYMENT, strlen(MN_CORE_DEPLOYMENT), &c->deployment, &wrapped, err);
    if (code == MN_OK) {
        sodium_bin2hex(hex, sizeof hex, wrapped.data, wrapped.len);
        code = c->store->ops->meta_put(c->store, MN_CORE_DEPLOYMENT_META, hex, err);
    }
    mn_buf_finish(&wrapped);
    return code;
}

static mn_code open_deployment_key(mn_core *c, const char *hex, mn_error *err)
{
    uint8_t wrapped[WRAPPED_MAX];
    size_t n = 0;
    if (sodium_hex2bin(wrapped, sizeof wrapped, hex, strlen(hex), NULL, &n, NULL) != 0)
        return mn_fail(err, MN_E_CORRUPT,
                       "the store's deployment key is damaged: put the backup of the store back");
    mn_code code = mn_key_unwrap(c->master, MN_CORE_DEPLOYMENT, strlen(MN_CORE_DEPLOYMENT), wrapped, n,
                                 &c->deployment, err);
    return code == MN_OK ? code : mn_error_prefix(err, "the store's deployment key");
}

static mn_code open_master(const mn_core_options *o, bool create, mn_master **out, mn_error *err)
{
    char path[PATH_MAX];
    mn_master_source source = MN_MASTER_FILE;
    if (o->settings && !mn_master_source_parse(setting(o, MN_S_KEY_SOURCE), &source))
        return mn_fail(err, MN_E_INVALID, "there is no key.source %s", setting(o, MN_S_KEY_SOURCE));
    mn_code code = path_in(o->data_dir, "master.key", path, err);
    return code == MN_OK ? mn_master_open(source, path, create, out, err) : code;
}

/* Inside a transaction, so that of two processes that come first one makes the keys and the other one finds
 * them. */
static mn_code open_keys(mn_core *c, const mn_core_options *o, mn_arena *arena, mn_error *err)
{
    const char *hex = NULL;
    mn_code code = c->store->ops->meta_get(c->store, MN_CORE_DEPLOYMENT_META, arena, &hex, err);
    if (code == MN_OK && !hex && !o->create)
        return nobody_there(o, err);
    if (code == MN_OK)
        code = open_master(o, !hex, &c->master, err);
    if (code != MN_OK)
        return code;
    return hex ? open_deployment_key(c, hex, err) : make_deployment_key(c, err);
}

/* ---- open and close ---- */

static mn_code create_temporary(const mn_core_options *o, mn_temporary_table **out, mn_error *err)
{
    size_t most = MN_CORE_ATTRIBUTES, bytes = MN_CORE_ATTRIBUTE_MEMORY;
    if (o->settings) {
        most = (size_t)mn_settings_int(o->settings, MN_S_ATTRIBUTE_MAX);
        bytes = (size_t)mn_settings_int(o->settings, MN_S_ATTRIBUTE_MEMORY);
    }
    return mn_temporary_create(most, bytes, out, err);
}

static mn_code alloc_core(const mn_core_options *o, mn_core **out, mn_error *err)
{
    mn_core *c = mn_calloc(1, sizeof *c);
    if (!c)
        return mn_fail(err, MN_E_MEMORY, "no memory to open a data directory");
    c->fmr = o->fmr;
    mn_code code = mn_signin_create(o->settings, &c->signin, err);
    if (code == MN_OK)
        code = create_temporary(o, &c->temporary, err);
    if (code != MN_OK) {
        mn_signin_destroy(c->signin);
        mn_free(c);
        return code;
    }
    c->warn = o->warn;
    c->warn_user = o->warn_user;
    c->enrol_batch =
        o->settings ? (size_t)mn_settings_int(o->settings, MN_S_ENROL_BATCH) : MN_ENROL_BATCH_DEFAULT;
    c->grace = o->settings ? mn_settings_int(o->settings, MN_S_CONSENT_GRACE) * MN_TIME_DAY / 24 : 0;
    pthread_mutex_init(&c->house_lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&c->house_wake, &clock);
    pthread_condattr_destroy(&clock);
    pthread_mutex_init(&c->follow_lock, NULL);
    pthread_mutex_init(&c->snapshot.saves, NULL);
    pthread_mutex_init(&c->unreadable.lock, NULL);
    mn_group_init(&c->enrolments, mn_enrol_run_group, c);
    mn_group_init(&c->looks, mn_core_run_looks, c);
    *out = c;
    return MN_OK;
}

void mn_core_close(mn_core *c)
{
    if (!c)
        return;
    mn_core_end_house(c);
    mn_group_finish(&c->enrolments);
    mn_group_finish(&c->looks); /* puts what was posted on record */
    mn_core_snapshot_close(c);
    mn_gallery_destroy(c->gallery);
    mn_free(c->unreadable.people);
    mn_secret_rotation_destroy(c->rotation);
    mn_signin_destroy(c->signin);
    mn_temporary_destroy(c->temporary);
    mn_key_close(c->deployment);
    mn_master_close(c->master);
    if (c->blobs)
        c->blobs->ops->close(c->blobs);
    if (c->store)
        c->store->ops->close(c->store);
    pthread_mutex_destroy(&c->follow_lock);
    pthread_mutex_destroy(&c->snapshot.saves);
    pthread_mutex_destroy(&c->unreadable.lock);
    pthread_mutex_destroy(&c->house_lock);
    pthread_cond_destroy(&c->house_wake);
    mn_free(c);
}

/* pack and model: NULL for records only. */
static mn_code settle(mn_core *c, const mn_core_options *o, const char *pack, const mn_model_info *model,
                      mn_error *err)
{
    mn_arena *arena = mn_arena_create(META_MAX);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to open a data directory");
    mn_code code = mn_stream_unfinished(c->store, err);
    if (code == MN_OK)
        code = c->store->ops->begin(c->store, err);
    if (code == MN_OK) {
        code = open_keys(c, o, arena, err);
        if (code == MN_OK && model)
            code = mn_core_check_pack(c, o, pack, arena, err);
        if (code == MN_OK && model)
            code = mn_core_open_rotation(c, arena, err);
        if (code == MN_OK)
            code = c->store->ops->commit(c->store, err);
        else
            c->store->ops->rollback(c->store);
    }
    mn_arena_destroy(arena);
    return code;
}

mn_code mn_core_open_blobs(const mn_core_options *o, mn_blobs **out, mn_error *err)
{
    char path[PATH_MAX];
    mn_code code = path_in(o->data_dir, "blobs", path, err);
    if (code != MN_OK)
        return code;
    return o->settings ? mn_blobs_open(o->settings, path, out, err) : mn_blobs_open_files(path, out, err);
}

static mn_code open_parts(mn_core *c, const mn_core_options *o, const char *pack, const mn_model_info *model,
                          mn_error *err)
{
    mn_code code = open_store(o, &c->store, err);
    if (code == MN_OK)
        code = settle(c, o, pack, model, err);
    return code == MN_OK ? mn_core_open_blobs(o, &c->blobs, err) : code;
}

/* Ids and ends may be written out: they are asked for the last few of a search only. */
static const char *cold_dir(const mn_core_options *o)
{
    const char *where = setting(o, MN_S_GALLERY_COLD_DIR);
    if (strcmp(where, "memory") == 0)
        return NULL;
    return *where ? where : o->data_dir;
}

static mn_prefilter prefilter(const mn_core_options *o)
{
    const char *word = setting(o, MN_S_GALLERY_PREFILTER);
    return strcmp(word, "on") == 0    ? MN_PREFILTER_ON
           : strcmp(word, "off") == 0 ? MN_PREFILTER_OFF
                                      : MN_PREFILTER_AUTO;
}

static mn_code open_gallery(mn_core *c, const mn_core_options *o, mn_error *err)
{
    c->threads = o->search_threads ? o->search_threads : 1;
    mn_gallery_options options = {
        .dim = c->model->dim,
        .metric = c->model->metric,
        .threads = c->threads,
        .fetch = mn_core_fetch,
        .fetch_ctx = c,
        .cold_dir = cold_dir(o),
        .prefilter = prefilter(o),
    };
    mn_code code = mn_gallery_create(&options, &c->gallery, err);
    if (code != MN_E_IO || *setting(o, MN_S_GALLERY_COLD_DIR))
        return code;
    options.cold_dir = NULL; /* the data directory was only the default: it may be read-only or gone */
    return mn_gallery_create(&options, &c->gallery, err);
}

static mn_code check_options(const mn_core_options *o, mn_error *err)
{
    if (!o->data_dir || !*o->data_dir)
        return mn_fail(err, MN_E_INVALID, "no data directory is named");
    if (!(o->fmr > 0 && o->fmr < 1))
        return mn_fail(err, MN_E_INVALID, "a false-match rate is more than 0 and less than 1, not %g",
                       o->fmr);
    return MN_OK;
}

static mn_code start(mn_core *c, const mn_core_options *o, const char *pack, const mn_model_info *model,
                     mn_error *err)
{
    const mn_actor self = {.name = "mien", .rights = mn_rights_all()};
    if (model) {
        c->model = model;
        c->pack = pack;
        c->model_name = model->made_from ? model->made_from : model->name;
    }
    mn_code code = open_parts(c, o, pack, model, err);
    if (code == MN_OK && model)
        code = open_gallery(c, o, err);
    if (code == MN_OK && model)
        code = mn_core_snapshot_init(c, o, err);
    if (code == MN_OK && model)
        code = mn_core_load_first(c, &o->gallery, err);
    return code == MN_OK ? mn_core_expire(c, &self, &c->expired, err) : code;
}

static mn_code open_core(const mn_core_options *o, const char *pack, const mn_model_info *model,
                         mn_core **out, mn_error *err)
{
    mn_core *c = NULL;
    mn_code code = check_options(o, err);
    if (code == MN_OK)
        code = alloc_core(o, &c, err);
    if (code != MN_OK)
        return code;
    code = start(c, o, pack, model, err);
    if (code != MN_OK) {
        mn_core_close(c);
        return code;
    }
    *out = c;
    return MN_OK;
}

mn_code mn_core_open_model(const mn_core_options *o, const char *pack, const mn_model_info *model,
                           mn_core **out, mn_error *err)
{
    return open_core(o, pack, model, out, err);
}

mn_code mn_core_open_records(const mn_core_options *o, mn_core **out, mn_error *err)
{
    return open_core(o, NULL, NULL, out, err);
}

static mn_code read_pack(mn_store *s, char *name, size_t size, mn_error *err)
{
    const char *pack = NULL;
    mn_arena *arena = mn_arena_create(META_MAX);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to look at a data directory");
    mn_code code = s->ops->meta_get(s, "pack", arena, &pack, err);
    if (code == MN_OK && pack && strlen(pack) >= size)
        code =
            mn_fail(err, MN_E_CORRUPT,
                    "the name of the pack in the store is %zu bytes long: put its backup back", strlen(pack));
    if (code == MN_OK)
        snprintf(name, size, "%s", pack ? pack : "");
    mn_arena_destroy(arena);
    return code;
}

mn_code mn_core_look_at_store(const mn_core_options *o, mn_store **out, mn_error *err)
{
    mn_error why = {0};
    const mn_store_where where = mn_core_store_where(o);
    mn_code code = mn_store_open_as(&where, MN_STORE_LOOK, 0, out, &why);
    if (code == MN_E_NOT_FOUND) {
        *out = NULL;
        return MN_OK;
    }
    if (code != MN_OK && err)
        *err = why;
    return code;
}

mn_code mn_core_pack_of(const mn_core_options *o, char *name, size_t size, mn_error *err)
{
    mn_store *s = NULL;
    mn_code code = mn_core_look_at_store(o, &s, err);
    if (code == MN_OK && s)
        code = read_pack(s, name, size, err);
    else if (code == MN_OK)
        snprintf(name, size, "%s", "");
    if (s)
        s->ops->close(s);
    return code;
}
