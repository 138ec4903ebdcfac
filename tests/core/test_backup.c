/* Backups: made while everything goes on, restored on either back end; what was erased stays erased in the
 * older ones; nothing half, nothing damaged passes for whole. */
#include "../store/postgres_server.h"
#include "base/file.h"
#include "core/backup.h"
#include "core/backup_internal.h"
#include "core/check.h"
#include "support.h"
#include "world.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const mn_backup_options quiet;

static const char *backup_folder(const world *w)
{
    static char path[400];
    snprintf(path, sizeof path, "%s-backup", w->dir);
    return path;
}

static mn_backup_info backup(world *w)
{
    mn_backup_info info = {0};
    assert_ok(mn_core_backup(w->core, &ann, backup_folder(w), &quiet, &info, err));
    return info;
}

static void copy_key(const char *from, const char *to)
{
    char path[400];
    mn_buf key;
    mn_buf_init(&key, 64);
    snprintf(path, sizeof path, "%s/master.key", from);
    mn_test_read(path, &key);
    assert_int_equal(key.len, 32);
    snprintf(path, sizeof path, "%s/master.key", to);
    assert_ok(mn_file_write(path, key.data, key.len, 0600, err));
    mn_buf_finish(&key);
}

/* Into a new data directory, opened with the master key of today. */
static mn_restore_report restore(world *w, const char *name, const char *ledger, const char *url, world *out)
{
    mn_restore_report report = {0};
    memset(out, 0, sizeof *out);
    snprintf(out->dir, sizeof out->dir, "%s/restored", mn_test_folder());
    out->arena = mn_arena_create((size_t)256 << 20);
    if (url) {
        out->settings = mn_settings_create();
        assert_ok(mn_settings_set(out->settings, MN_S_STORE_URL, url, "test", err));
    }
    const mn_core_options where = {.data_dir = out->dir, .settings = out->settings, .fmr = 1e-3};
    assert_ok(mn_core_restore(&where, &ann, backup_folder(w), name, ledger, &quiet, &report, err));
    copy_key(w->dir, out->dir);
    assert_ok(world_open(out, "test", &fp32_model, false, &out->core, err));
    return report;
}

static void close_world(world *w)
{
    assert_ok(mn_core_check(w->core, NULL, NULL, err));
    mn_core_close(w->core);
    mn_arena_destroy(w->arena);
    mn_settings_destroy(w->settings);
}

static void assert_found(world *w, unsigned who, const char *name)
{
    const mn_identification found = look_for(w, w->core, who);
    assert_int_equal(found.n, 1);
    assert_string_equal(found.matches[0].name, name);
    mn_buf sample;
    mn_buf_init(&sample, 1 << 20);
    assert_ok(mn_core_sample(w->core, &ann, &found.matches[0].face, &sample, err));
    assert_true(sample.len > 100);
    mn_buf_finish(&sample);
}

static void assert_nobody(world *w, unsigned who)
{
    assert_int_equal(look_for(w, w->core, who).n, 0);
}

/* ---- there and back ---- */

static void test_there_and_back(void **state)
{
    world *w = *state, r;
    struct stat st;
    char path[500];
    for (unsigned i = 0; i < 4; i++)
        enrol(w, i % 2 ? "Odd" : "Even", i < 2 ? "staff" : "guests", i, 1);
    const mn_backup_info info = backup(w);
    assert_int_equal(info.faces, 4);
    assert_int_equal(info.samples, 4);
    assert_int_equal(info.copied, 4);
    assert_int_equal(info.missing, 0);
    assert_int_equal(stat(backup_folder(w), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    static const char *const files[] = {"keys", "backup.json", "lock"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", backup_folder(w), files[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    enrol(w, "Later", "staff", 9, 1);
    assert_int_equal(backup(w).copied, 1);
    const mn_restore_report report = restore(w, info.name, NULL, NULL, &r);
    assert_int_equal(report.people, 4);
    assert_int_equal(report.samples, 4);
    assert_int_equal(report.erased, 0);
    assert_found(&r, 0, "Even");
    assert_found(&r, 3, "Odd");
    assert_nobody(&r, 9);
    enrol(&r, "New", "staff", 20, 1); /* it goes on */
    assert_found(&r, 20, "New");
    const mn_core_options again = {.data_dir = r.dir, .fmr = 1e-3};
    mn_restore_report no;
    mn_error e = {0};
    assert_int_equal(mn_core_restore(&again, &ann, backup_folder(w), info.name, NULL, &quiet, &no, &e),
                     MN_E_EXISTS);
    assert_non_null(strstr(e.text, "and the place was used since"));
    assert_int_equal(mn_core_restore(&again, &ann, backup_folder(w), NULL, NULL, &quiet, &no, &e),
                     MN_E_EXISTS);
    assert_non_null(strstr(e.text, "there are records already"));
    close_world(&r);
    restore(w, NULL, NULL, NULL, &r);
    assert_found(&r, 9, "Later");
    close_world(&r);
}

static void test_to_another_back_end_and_back(void **state)
{
    world *w = *state, in_postgres, home;
    postgres_need();
    postgres_start();
    enrol(w, "Ada", "staff", 1, 1);
    enrol(w, "Bo", "staff", 2, 1);
    backup(w);
    restore(w, NULL, NULL, postgres_url(postgres_new_schema()), &in_postgres);
    assert_found(&in_postgres, 1, "Ada");
    backup(&in_postgres);
    restore(&in_postgres, NULL, NULL, NULL, &home);
    assert_found(&home, 2, "Bo");
    close_world(&home);
    close_world(&in_postgres);
}

/* ---- what was erased stays erased ---- */

typedef struct {
    const uint8_t *needle;
    size_t n;
    int hits;
} grep;

static void grep_folder(const char *folder, grep *g)
{
    char **names = NULL;
    size_t n = 0;
    assert_ok(mn_file_list(folder, 100000, &names, &n, err));
    for (size_t i = 0; i < n; i++) {
        mn_buf file;
        if (mn_file_is_folder(names[i])) {
            grep_folder(names[i], g);
            continue;
        }
        mn_buf_init(&file, 64 << 20);
        mn_test_read(names[i], &file);
        g->hits += file.len >= g->n && memmem(file.data, file.len, g->needle, g->n);
        mn_buf_finish(&file);
    }
    mn_file_list_free(names, n);
}

static int count_in_backup(const world *w, const uint8_t *needle, size_t n)
{
    grep g = {needle, n, 0};
    grep_folder(backup_folder(w), &g);
    return g.hits;
}

/* With the master key and every key that the folder has, does anything of this open? */
static void assert_nothing_opens(world *w, const mn_buf *sample, const mn_id *face)
{
    mn_key_file keys = {0};
    int tried = 0;
    assert_ok(mn_key_file_read(backup_folder(w), &keys, err));
    for (size_t i = 0; i < keys.n; i++) {
        mn_key *key = NULL;
        mn_buf out;
        const mn_key_slot *s = &keys.slots[i];
        mn_buf_init(&out, 1 << 20);
        if (s->len &&
            mn_key_unwrap(w->core->master, s->person.bytes, 16, s->wrapped, s->len, &key, NULL) == MN_OK) {
            assert_int_equal(mn_core_unseal_sample(key, face, sample, &out, NULL), MN_E_CORRUPT);
            tried++;
        }
        mn_key_close(key);
        mn_buf_finish(&out);
    }
    assert_true(tried > 0);
    mn_key_file_finish(&keys);
}

static void test_erased_stays_erased_in_older_backups(void **state)
{
    world *w = *state, r;
    const uint8_t *wrapped = NULL;
    size_t n = 0;
    mn_face_record face;
    mn_buf sample;
    mn_error e = {0};
    const mn_enrolment gone = enrol(w, "Gone", "staff", 1, 1);
    enrol(w, "Stays", "staff", 2, 1);
    const mn_backup_info first = backup(w);
    backup(w);
    assert_ok(w->core->store->ops->key_get(w->core->store, &gone.person, w->arena, &wrapped, &n, err));
    assert_ok(w->core->store->ops->face_get(w->core->store, &gone.face, w->arena, &face, err));
    assert_int_equal(count_in_backup(w, wrapped, n), 1); /* else nothing is tested */
    mn_buf_init(&sample, 1 << 20);
    assert_ok(w->core->blobs->ops->get(w->core->blobs, &face.sample, &sample, err));

    assert_ok(mn_core_erase(w->core, &ann, &gone.person, err));
    assert_int_equal(count_in_backup(w, wrapped, n), 0);
    assert_int_equal(count_in_backup(w, sample.data, sample.len), 1); /* sealed, and nothing opens it */
    assert_nothing_opens(w, &sample, &gone.face);
    assert_ok(mn_backup_verify(backup_folder(w), first.name, &quiet, &(mn_backup_info){0}, err));

    const mn_restore_report report = restore(w, first.name, NULL, NULL, &r);
    assert_int_equal(report.erased, 1);
    assert_int_equal(report.people, 1);
    assert_nobody(&r, 1);
    assert_found(&r, 2, "Stays");
    mn_person_view view;
    assert_int_equal(mn_core_person(r.core, &ann, "Gone", r.arena, &view, &e), MN_E_NOT_FOUND);
    assert_int_equal(mn_core_sample(r.core, &ann, &gone.face, &sample, &e), MN_E_NOT_FOUND);
    assert_int_equal(count_audit(&r, "person.erase", NULL, 0), 1);
    close_world(&r);
    mn_buf_finish(&sample);
}

static void test_withdrawn_and_enrolled_again(void **state)
{
    world *w = *state, r;
    const mn_enrolment first = enrol(w, "Ada", "staff", 1, 1);
    enrol(w, "Bo", "staff", 2, 1);
    const mn_backup_info old = backup(w);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &first.person, MN_PURPOSE_IDENTIFICATION, err));
    mn_consent_given again = agreed(MN_PURPOSE_IDENTIFICATION);
    mn_enrolment second;
    again.given = mn_time_now();
    assert_ok(try_enrol(w, "Ada", "staff", &again, 1, 2, &second, err));
    assert_memory_equal(&first.person, &second.person, 16);
    backup(w);
    mn_restore_report report = restore(w, old.name, NULL, NULL, &r);
    assert_int_equal(report.closed, 1); /* the new key opens nothing of the old backup */
    assert_int_equal(report.people, 2);
    assert_nobody(&r, 1);
    assert_found(&r, 2, "Bo");
    close_world(&r);
    report = restore(w, NULL, NULL, NULL, &r);
    assert_int_equal(report.closed, 0);
    assert_found(&r, 1, "Ada");
    close_world(&r);
}

static size_t behind(world *w)
{
    const char **folders = NULL;
    size_t n = 99;
    assert_ok(mn_core_backups_behind(w->core, w->arena, &folders, &n, err));
    return n;
}

static void test_a_folder_out_of_reach(void **state)
{
    world *w = *state, r;
    char away[400];
    const uint8_t *wrapped = NULL;
    size_t n = 0;
    const mn_enrolment gone = enrol(w, "Gone", "staff", 1, 1), more = enrol(w, "More", "staff", 3, 1);
    enrol(w, "Stays", "staff", 2, 1);
    backup(w);
    assert_ok(w->core->store->ops->key_get(w->core->store, &gone.person, w->arena, &wrapped, &n, err));
    snprintf(away, sizeof away, "%s-away", w->dir);
    assert_int_equal(rename(backup_folder(w), away), 0);
    assert_ok(mn_core_erase(w->core, &ann, &gone.person, err));
    assert_int_equal(behind(w), 1);
    world_reopen(w);
    assert_int_equal(behind(w), 1);
    assert_int_equal(rename(away, backup_folder(w)), 0);
    assert_int_equal(count_in_backup(w, wrapped, n), 1);

    /* The folder alone does not know of the erasure; the ledger that the store gives does. */
    char ledger[400], line[600], id[MN_ID_TEXT];
    mn_id_format(&gone.person, id);
    snprintf(ledger, sizeof ledger, "%s-ledger", w->dir);
    int len = snprintf(
        line, sizeof line,
        "{\"seq\":99,\"time_us\":%lld,\"action\":\"person.erase\",\"target\":\"%s\",\"detail\":null}\n",
        (long long)mn_time_now(), id);
    assert_ok(mn_file_write(ledger, line, (size_t)len, 0600, err));
    const mn_restore_report report = restore(w, NULL, ledger, NULL, &r);
    assert_int_equal(report.erased, 1);
    assert_nobody(&r, 1);
    assert_found(&r, 3, "More");
    close_world(&r);
    assert_ok(mn_file_write(ledger, "{}\n", 3, 0600, err));
    const mn_core_options where = {.data_dir = w->dir, .fmr = 1e-3};
    mn_restore_report no;
    mn_error e = {0};
    assert_int_equal(mn_core_restore(&where, &ann, backup_folder(w), NULL, ledger, &quiet, &no, &e),
                     MN_E_INVALID);

    world_reopen(w); /* in reach again */
    assert_int_equal(behind(w), 0);
    assert_int_equal(count_in_backup(w, wrapped, n), 0);
    assert_ok(mn_core_erase(w->core, &ann, &more.person, err));
    assert_int_equal(behind(w), 0);
    restore(w, NULL, NULL, NULL, &r);
    assert_nobody(&r, 1);
    assert_nobody(&r, 3);
    assert_found(&r, 2, "Stays");
    close_world(&r);
}

static void test_the_master_key_was_exchanged(void **state)
{
    world *w = *state, r;
    mn_rotate_report rotated;
    char key[400];
    mn_buf master;
    enrol(w, "Ada", "staff", 1, 1);
    backup(w);
    assert_ok(mn_core_rotate_keys(w->core, &ann, NULL, NULL, NULL, &rotated, err));
    assert_int_equal(behind(w), 0);
    restore(w, NULL, NULL, NULL, &r); /* with the new master key */
    assert_found(&r, 1, "Ada");
    assert_ok(mn_core_rotate_keys(r.core, &ann, NULL, NULL, NULL, &rotated, err));
    close_world(&r);
    snprintf(key, sizeof key, "%s/master.key", w->dir);
    mn_buf_init(&master, 64);
    mn_test_read(key, &master);
    assert_int_equal(count_in_backup(w, master.data, master.len), 0);
    mn_buf_finish(&master);
}

/* ---- while others write ---- */

typedef struct {
    world w;
    atomic_bool stop;
    atomic_uint made;
} writer;

static void *write_on(void *arg)
{
    writer *x = arg;
    for (unsigned i = 0; !atomic_load(&x->stop) && i < 400; i++) {
        const int64_t from = mn_monotonic_ns();
        char name[32];
        snprintf(name, sizeof name, "Person %u", i);
        const mn_enrolment e = enrol(&x->w, name, "crowd", 1000 + i, 1);
        if (i % 3 == 0)
            assert_ok(mn_core_erase(x->w.core, &ann, &e.person, err));
        atomic_fetch_add(&x->made, 1);
        /* SQLite's waiting is not fair: somebody who never pauses keeps the others out. */
        usleep((useconds_t)((mn_monotonic_ns() - from) / 1000));
    }
    return NULL;
}

static void test_while_others_write(void **state)
{
    world *w = *state, r;
    writer x = {.w = *w};
    pthread_t thread;
    enrol(w, "Stays", "staff", 1, 1);
    x.w.arena = mn_arena_create((size_t)256 << 20);
    assert_ok(world_open(w, "test", &fp32_model, false, &x.w.core, err));
    assert_int_equal(pthread_create(&thread, NULL, write_on, &x), 0);
    mn_backup_info infos[5];
    for (unsigned i = 0; i < 5; i++) {
        while (atomic_load(&x.made) < 2 * i) /* a busy machine may not let it go on */
            usleep(1000);
        infos[i] = backup(w);
    }
    atomic_store(&x.stop, true);
    pthread_join(thread, NULL);
    assert_true(x.made > 5);
    mn_core_close(x.w.core);
    mn_arena_destroy(x.w.arena);
    for (int i = 0; i < 5; i += 2) {
        restore(w, infos[i].name, NULL, NULL, &r);
        assert_found(&r, 1, "Stays");
        for (unsigned p = 0; p < x.made; p += 3)
            assert_nobody(&r, 1000 + p);
        close_world(&r);
    }
}

/* ---- damage ---- */

static void damage_each(const world *w, const char *file, size_t step)
{
    char path[800];
    mn_buf bytes;
    mn_error e = {0};
    mn_backup_info info;
    snprintf(path, sizeof path, "%s/%s", backup_folder(w), file);
    mn_buf_init(&bytes, 16 << 20);
    mn_test_read(path, &bytes);
    assert_true(bytes.len > 0);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    for (size_t i = 0; i < bytes.len; i += step) {
        assert_int_equal(pwrite(fileno(f), &(uint8_t){(uint8_t)(bytes.data[i] ^ 1)}, 1, (off_t)i), 1);
        if (mn_backup_verify(backup_folder(w), NULL, &quiet, &info, &e) != MN_E_CORRUPT)
            fail_msg("byte %zu of %s was changed, and nothing noticed it", i, file);
        assert_int_equal(pwrite(fileno(f), bytes.data + i, 1, (off_t)i), 1);
    }
    for (size_t i = 0; i < bytes.len; i += step * 3 + 1) {
        assert_int_equal(ftruncate(fileno(f), (off_t)i), 0);
        if (mn_backup_verify(backup_folder(w), NULL, &quiet, &info, &e) != MN_E_CORRUPT)
            fail_msg("%s was cut at %zu, and nothing noticed it", file, i);
        assert_int_equal(pwrite(fileno(f), bytes.data, bytes.len, 0), (ssize_t)bytes.len);
    }
    fclose(f);
    assert_ok(mn_backup_verify(backup_folder(w), NULL, &quiet, &info, err));
    mn_buf_finish(&bytes);
}

static mn_code first_blob(void *ctx, const mn_id *id, uint64_t size, mn_error *err)
{
    char name[MN_BLOB_NAME];
    (void)size;
    (void)err;
    mn_blob_name(id, name);
    snprintf(ctx, 100, "blobs/%s", name);
    return MN_OK;
}

static void test_every_flipped_byte_is_noticed(void **state)
{
    world *w = *state;
    char file[200], blob[100];
    mn_blobs *pool = NULL;
    enrol(w, "Ada", "staff", 1, 1);
    const mn_backup_info info = backup(w);
    damage_each(w, "keys", 1);
    snprintf(file, sizeof file, "%s/manifest.json", info.name);
    damage_each(w, file, 1);
    snprintf(file, sizeof file, "%s/samples", info.name);
    damage_each(w, file, 1);
    snprintf(file, sizeof file, "%s/records", info.name);
    damage_each(w, file, 7);
    assert_ok(mn_backup_open_pool(backup_folder(w), &pool, err));
    assert_ok(pool->ops->each(pool, first_blob, blob, err));
    pool->ops->close(pool);
    damage_each(w, blob, 997);
    /* And restoring verifies first. */
    char path[600];
    world r = {0};
    mn_restore_report report;
    mn_error e = {0};
    snprintf(path, sizeof path, "%s/%s", backup_folder(w), blob);
    assert_int_equal(truncate(path, 10), 0);
    snprintf(r.dir, sizeof r.dir, "%s/no", mn_test_folder());
    const mn_core_options where = {.data_dir = r.dir, .fmr = 1e-3};
    assert_int_equal(mn_core_restore(&where, &ann, backup_folder(w), NULL, NULL, &quiet, &report, &e),
                     MN_E_CORRUPT);
    assert_false(mn_file_exists(r.dir));
}

/* ---- list and prune ---- */

static void test_list_and_prune(void **state)
{
    world *w = *state, r;
    mn_backup_info *all = NULL;
    size_t n = 0;
    mn_backup_pruned pruned;
    char path[800];
    mn_error e = {0};
    assert_int_equal(mn_backup_list(w->dir, w->arena, &all, &n, &e), MN_E_NOT_FOUND);
    assert_int_equal(mn_core_backup(w->core, &ann, w->dir, &quiet, &(mn_backup_info){0}, &e), MN_E_EXISTS);
    const mn_enrolment gone = enrol(w, "Gone", "staff", 1, 1);
    enrol(w, "Stays", "staff", 2, 1);
    const mn_backup_info first = backup(w);
    assert_ok(mn_core_erase(w->core, &ann, &gone.person, err));
    mn_backup_info last = {0};
    for (int i = 0; i < 3; i++)
        last = backup(w);
    assert_ok(mn_backup_list(backup_folder(w), w->arena, &all, &n, err));
    assert_int_equal(n, 4);
    assert_string_equal(all[0].name, first.name);
    assert_int_equal(all[0].people, 2);
    assert_int_equal(all[3].people, 1);
    assert_null(all[3].fault);
    /* A damaged one is shown, and does not count. */
    snprintf(path, sizeof path, "%s/%s/manifest.json", backup_folder(w), all[2].name);
    assert_int_equal(unlink(path), 0);
    assert_ok(mn_backup_list(backup_folder(w), w->arena, &all, &n, err));
    assert_non_null(all[2].fault);
    assert_int_equal(mn_backup_prune(backup_folder(w), 0, &pruned, &e), MN_E_INVALID);
    assert_ok(mn_backup_prune(backup_folder(w), 1, &pruned, err));
    assert_int_equal(pruned.removed, 3);
    assert_int_equal(pruned.left, 1);
    assert_int_equal(pruned.samples, 1); /* of who was erased */
    assert_ok(mn_backup_verify(backup_folder(w), NULL, &quiet, &last, err));
    restore(w, NULL, NULL, NULL, &r);
    assert_found(&r, 2, "Stays");
    close_world(&r);
}

static void stop_at_once(void *user, const char *what, uint64_t done, uint64_t total)
{
    (void)what;
    (void)done;
    (void)total;
    mn_cancel_set(user);
}

static void test_interrupted(void **state)
{
    world *w = *state;
    mn_cancel cancel = {0};
    mn_backup_info info, *all = NULL;
    mn_restore_report report;
    mn_error e = {0};
    size_t n = 0;
    char dir[400];
    for (unsigned i = 0; i < 3; i++)
        enrol(w, "Somebody", "staff", i, 1);
    const mn_backup_options o = {.progress = stop_at_once, .user = &cancel, .cancel = &cancel};
    assert_int_equal(mn_core_backup(w->core, &ann, backup_folder(w), &o, &info, &e), MN_E_CANCELLED);
    assert_ok(mn_backup_list(backup_folder(w), w->arena, &all, &n, err));
    assert_int_equal(n, 0);
    backup(w);
    snprintf(dir, sizeof dir, "%s/half", mn_test_folder());
    const mn_core_options where = {.data_dir = dir, .fmr = 1e-3};
    cancel = (mn_cancel){0};
    const mn_backup_options at_keys = {.cancel = &cancel};
    mn_cancel_set(&cancel);
    assert_int_equal(mn_core_restore(&where, &ann, backup_folder(w), NULL, NULL, &at_keys, &report, &e),
                     MN_E_CANCELLED);
    assert_ok(mn_core_restore(&where, &ann, backup_folder(w), NULL, NULL, &quiet, &report, err));
    assert_int_equal(report.backup.people, 1);
}

/* Whoever did not hear that it was done starts it again, hears the same, and nothing is written. */
static mn_id restore_twice(world *w, const mn_core_options *where)
{
    const mn_store_where place = mn_core_store_where(where);
    mn_store *s = NULL;
    mn_store_counts once, twice;
    const mn_enrolment goes = enrol(w, "Goes", "staff", 1, 1);
    const mn_enrolment stays = enrol(w, "Stays", "staff", 3, 1);
    backup(w);
    assert_ok(mn_core_erase(w->core, &ann, &goes.person, err));
    for (int i = 0; i < 2; i++) {
        mn_restore_report report = {0};
        assert_ok(mn_core_restore(where, &ann, backup_folder(w), NULL, NULL, &quiet, &report, err));
        assert_int_equal(report.whole, i);
        assert_int_equal(report.people, 1);
        assert_int_equal(report.samples, 1);
        assert_int_equal(report.erased, 1);
        assert_ok(mn_store_open_as(&place, MN_STORE_MIGRATE, 0, &s, err));
        assert_ok(s->ops->counts(s, i ? &twice : &once, err));
        s->ops->close(s);
    }
    assert_int_equal(twice.audit, once.audit);
    return stays.person;
}

static void test_done_and_started_again(void **state)
{
    world *w = *state;
    char dir[400];
    mn_restore_report report;
    mn_error e = {0};
    snprintf(dir, sizeof dir, "%s/twice", mn_test_folder());
    const mn_core_options where = {.data_dir = dir, .fmr = 1e-3};
    const mn_id stays = restore_twice(w, &where);
    assert_ok(mn_core_erase(w->core, &ann, &stays, err));
    assert_int_equal(mn_core_restore(&where, &ann, backup_folder(w), NULL, NULL, &quiet, &report, &e),
                     MN_E_EXISTS);
    assert_non_null(strstr(e.text, "somebody in it was erased since"));
}

static void test_done_in_postgres_and_started_again(void **state)
{
    char dir[400];
    postgres_need();
    postgres_start();
    mn_settings *settings = mn_settings_create();
    snprintf(dir, sizeof dir, "%s/twice", mn_test_folder());
    assert_ok(mn_settings_set(settings, MN_S_STORE_URL, postgres_url(postgres_new_schema()), "test", err));
    const mn_core_options where = {.data_dir = dir, .settings = settings, .fmr = 1e-3};
    restore_twice(*state, &where);
    mn_settings_destroy(settings);
}

/* ---- kill -9 ---- */

static void backup_until_killed(const world *w)
{
    world own = *w;
    mn_backup_info info;
    if (world_open(w, "test", &fp32_model, false, &own.core, NULL) != MN_OK)
        _exit(3);
    for (int i = 0;; i++)
        if (mn_core_backup(own.core, &ann, backup_folder(w), &quiet, &info, NULL) != MN_OK)
            _exit(4);
}

typedef struct {
    uint64_t calls, hold_at; /* 0: never */
    int out;
} victim;

static void hold_at(void *user, const char *what, uint64_t done, uint64_t total)
{
    victim *v = user;
    (void)what, (void)done, (void)total;
    if (++v->calls == v->hold_at)
        mn_test_hold(v->out);
}

static void restore_until_killed(const world *w, const char *dir, victim *v)
{
    const mn_core_options where = {.data_dir = dir, .fmr = 1e-3};
    const mn_backup_options o = {.progress = hold_at, .user = v};
    mn_restore_report report;
    mn_error e = {0};
    if (mn_core_restore(&where, &ann, backup_folder(w), NULL, NULL, &o, &report, &e) == MN_OK)
        _exit(0);
    fprintf(stderr, "%s (%s:%d)\n", e.text, e.file, e.line);
    _exit(4);
}

/* After so many words of progress, for certain; 0: after so many microseconds. True: it got through. */
static bool restore_and_kill(const world *w, const world *r, uint64_t words, useconds_t us)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    victim v = {.hold_at = words, .out = pipes[1]};
    pid_t child = mn_test_fork();
    if (child == 0)
        restore_until_killed(w, r->dir, &v);
    close(pipes[1]);
    if (words)
        mn_test_wait_held(pipes[0]);
    else
        usleep(us);
    bool killed = mn_test_kill(child);
    close(pipes[0]);
    /* Half a restore opens for nobody. */
    mn_core *no = NULL;
    if (killed && mn_file_exists(r->dir))
        assert_int_not_equal(world_open(r, "test", &fp32_model, false, &no, NULL), MN_OK);
    return !killed;
}

static void test_kill_9(void **state)
{
    world *w = *state, r;
    uint64_t seed = 5;
    for (unsigned i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "Person %u", i);
        enrol(w, name, "staff", i, 1);
    }
    mn_core_close(w->core);
    for (int i = 0; i < 12; i++) {
        mn_backup_info *all = NULL, info;
        size_t n = 0;
        pid_t child = mn_test_fork();
        if (child == 0)
            backup_until_killed(w);
        usleep((useconds_t)(20000 + mn_test_random(&seed) % 150000));
        assert_true(mn_test_kill(child));
        if (mn_backup_list(backup_folder(w), w->arena, &all, &n, NULL) != MN_OK)
            continue;
        for (size_t b = 0; b < n; b++) /* whatever is in the list is whole */
            assert_ok(mn_backup_verify(backup_folder(w), all[b].name, &quiet, &info, err));
    }
    assert_ok(world_open(w, "test", &fp32_model, false, &w->core, err));
    backup(w);
    for (int i = 0; i < 6; i++) {
        memset(&r, 0, sizeof r);
        snprintf(r.dir, sizeof r.dir, "%s/killed", mn_test_folder());
        r.arena = mn_arena_create((size_t)256 << 20);
        assert_false(restore_and_kill(w, &r, 1 + mn_test_random(&seed) % 4, 0));
        /* A little longer each time: a slow machine, too, gets through in the end. */
        for (unsigned round = 0;
             !restore_and_kill(w, &r, 0, (useconds_t)(mn_test_random(&seed) % 60000 + 15000 * round));)
            round += 1 + round / 4;
        copy_key(w->dir, r.dir);
        assert_ok(world_open(&r, "test", &fp32_model, false, &r.core, err));
        assert_found(&r, 39, "Person 39");
        assert_found(&r, 0, "Person 0");
        close_world(&r);
    }
}

/* ---- a full disk ---- */

static int on_a_small_disk(const world *w, const char *folder)
{
    mn_backup_info info, *all = NULL;
    mn_error e = {0};
    size_t n = 0;
    char inside[400];
    world own = *w;
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=120k") != 0)
        return 10;
    snprintf(inside, sizeof inside, "%s/b", folder);
    if (world_open(w, "test", &fp32_model, false, &own.core, NULL) != MN_OK)
        return 1;
    if (mn_core_backup(own.core, &ann, inside, &quiet, &info, &e) != MN_E_FULL)
        return 2;
    if (mn_backup_list(inside, w->arena, &all, &n, NULL) != MN_OK || n != 0)
        return 3;
    if (mount(NULL, folder, NULL, MS_REMOUNT, "size=20m") != 0)
        return 4;
    return mn_core_backup(own.core, &ann, inside, &quiet, &info, &e) == MN_OK ? 0 : 5;
}

static void test_a_full_disk(void **state)
{
    world *w = *state;
    const char *folder = mn_test_folder();
    int status = 0;
    for (unsigned i = 0; i < 20; i++)
        enrol(w, "Somebody", "staff", i, 1);
    mn_core_close(w->core);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(on_a_small_disk(w, folder));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_ok(world_open(w, "test", &fp32_model, false, &w->core, err));
    assert_true(WIFEXITED(status));
    mn_test_need(WEXITSTATUS(status) != 10, "the right to mount a tmpfs");
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(there_and_back),
        TEST(to_another_back_end_and_back),
        TEST(erased_stays_erased_in_older_backups),
        TEST(withdrawn_and_enrolled_again),
        TEST(a_folder_out_of_reach),
        TEST(the_master_key_was_exchanged),
        TEST(while_others_write),
        TEST(every_flipped_byte_is_noticed),
        TEST(list_and_prune),
        TEST(interrupted),
        TEST(done_and_started_again),
        TEST(done_in_postgres_and_started_again),
        TEST(kill_9),
        TEST(a_full_disk),
    };
    return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
