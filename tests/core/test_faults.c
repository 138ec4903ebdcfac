/* The disk is full or cannot be written, PostgreSQL or S3 go away, fall silent and come back. Whatever is
 * done meanwhile stands whole or fails with words that help and leaves nothing; afterwards the same core
 * works again. */
#include "base/file.h"
#include "core/backup.h"
#include "core/check.h"
#include "places.h"
#include "store/gate.h"
#include "store/postgres_server.h"
#include "support.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define CROWD 20

/* ---- what is done ---- */

typedef struct {
    world *w;
    mn_id bert, cleo;
    char backups[400];
} town;

static mn_code do_enrol(town *t, mn_error *err)
{
    mn_enrolment done;
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    return try_enrol(t->w, "Newcomer", "staff", &consent, 10, 0, &done, err);
}

static mn_code do_enrol_many(town *t, mn_error *err)
{
    static char names[CROWD][24];
    mn_enrol_record records[CROWD];
    mn_enrol_result results[CROWD];
    size_t done = 99;
    const mn_enrol_options o = {.batch = CROWD};
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    for (unsigned i = 0; i < CROWD; i++) {
        snprintf(names[i], sizeof names[i], "Visitor %u", i);
        mn_face *face = make_face(t->w, 20 + i, 0);
        face->sample = NULL;
        records[i] = (mn_enrol_record){.person = {.name = names[i], .list = "staff", .consent = &consent},
                                       .face = {.source = "a.jpg", .face = face}};
    }
    mn_code code = mn_core_enrol_many(t->w->core, &ann, records, CROWD, &o, t->w->arena, results, &done, err);
    assert_int_equal(done, code == MN_OK ? CROWD : 0);
    return code;
}

static mn_code do_identify(town *t, mn_error *err)
{
    mn_identification found = {0};
    const mn_face *f = make_face(t->w, 1, 77);
    const mn_identify what = {.probe = &f->descriptor, .purpose = MN_PURPOSE_IDENTIFICATION, .k = 3};
    mn_code code = mn_core_identify(t->w->core, &ann, &what, t->w->arena, &found, err);
    assert_int_equal(found.n, code == MN_OK);
    return code;
}

static mn_code do_withdraw(town *t, mn_error *err)
{
    return mn_core_consent_withdraw(t->w->core, &ann, &t->bert, MN_PURPOSE_IDENTIFICATION, err);
}

static mn_code do_erase(town *t, mn_error *err)
{
    return mn_core_erase_now(t->w->core, &ann, &t->cleo, err);
}

static mn_code do_snapshot(town *t, mn_error *err)
{
    return mn_core_gallery_save(t->w->core, NULL, err);
}

static mn_code do_backup(town *t, mn_error *err)
{
    mn_backup_info info;
    const mn_backup_options quiet = {0};
    return mn_core_backup(t->w->core, &ann, t->backups, &quiet, &info, err);
}

enum { ENROL = 1, MANY = 2, IDENTIFY = 4, WITHDRAW = 8, ERASE = 16, SNAPSHOT = 32, BACKUP = 64, ALL = 127 };
static const struct {
    unsigned bit;
    const char *name;
    mn_code (*run)(town *t, mn_error *err);
} deeds[] = {
    {IDENTIFY, "identify", do_identify}, {ENROL, "enrol", do_enrol}, {MANY, "enrol_many", do_enrol_many},
    {WITHDRAW, "withdraw", do_withdraw}, {ERASE, "erase", do_erase}, {SNAPSHOT, "snapshot", do_snapshot},
    {BACKUP, "backup", do_backup},
};
#define N_DEEDS (sizeof deeds / sizeof *deeds)

/* ---- what must be there ---- */

static mn_code count_blob(void *ctx, const mn_id *id, uint64_t size, mn_error *err)
{
    (void)id, (void)err;
    *(size_t *)ctx += size > 0;
    return MN_OK;
}

/* Anna, Bert, Cleo and Dora, and what those deeds have changed that succeeded. */
static void assert_state(town *t, unsigned done, bool blobs_too)
{
    mn_store_counts n;
    size_t blobs = 0;
    mn_core *c = t->w->core;
    const unsigned enrolled = !!(done & ENROL), many = !!(done & MANY), gone = !!(done & ERASE);
    assert_ok(c->store->ops->counts(c->store, &n, err));
    assert_int_equal(n.people, 4 + enrolled + many * CROWD - gone);
    assert_int_equal(n.faces, 4 + enrolled + many * CROWD - gone - !!(done & WITHDRAW));
    assert_int_equal(look_for(t->w, c, 1).n, 1);
    assert_int_equal(look_for(t->w, c, 2).n, !(done & WITHDRAW));
    assert_int_equal(look_for(t->w, c, 3).n, !gone);
    assert_int_equal(look_for(t->w, c, 10).n, enrolled);
    assert_int_equal(look_for(t->w, c, 25).n, many);
    assert_ok(c->blobs->ops->each(c->blobs, count_blob, &blobs, err));
    if (blobs_too)
        assert_int_equal(blobs, 4 + enrolled - gone - !!(done & WITHDRAW));
    assert_ok(mn_core_check(c, NULL, NULL, err));
}

/* Every deed; which of them succeeded. Those of `must` may not, and each failure has to say one of `says`. */
static unsigned do_all(town *t, unsigned must, const char *const *says)
{
    unsigned done = 0;
    for (size_t i = 0; i < N_DEEDS; i++) {
        mn_error e = {0};
        mn_code code = deeds[i].run(t, &e);
        bool helps = false;
        for (size_t j = 0; says[j]; j++)
            helps = helps || strstr(e.text, says[j]);
        if (code == MN_OK && (must & deeds[i].bit))
            fail_msg("%s succeeded", deeds[i].name);
        if (code != MN_OK &&
            (!helps || strlen(e.text) > sizeof e.text - 2 || strstr(e.text, POSTGRES_PASSWORD)))
            fail_msg("%s: %s: %s", deeds[i].name, mn_code_word(code), e.text);
        done |= code == MN_OK ? deeds[i].bit : 0;
    }
    return done;
}

static void do_rest(town *t, unsigned done)
{
    for (size_t i = 0; i < N_DEEDS; i++) {
        mn_error e = {0};
        if (!(done & deeds[i].bit) && deeds[i].run(t, &e) != MN_OK)
            fail_msg("%s does not work again: %s", deeds[i].name, e.text);
    }
}

static void settle(town *t, world *w)
{
    t->w = w;
    snprintf(t->backups, sizeof t->backups, "%s/backups", w->dir);
    enrol(w, "Anna", "staff", 1, 0);
    t->bert = enrol(w, "Bert", "staff", 2, 0).person;
    t->cleo = enrol(w, "Cleo", "staff", 3, 0).person;
    enrol(w, "Dora", "staff", 4, 0);
    mn_id gone = enrol(w, "Eve", "staff", 5, 0).person;
    assert_ok(mn_core_erase_now(w->core, &ann, &gone, err)); /* nothing is left of the write-ahead log */
}

static void through(town *t, void (*hit)(town *), void (*mend)(town *), unsigned must,
                    const char *const *says)
{
    mn_backup_info *all = NULL;
    size_t n = 0;
    hit(t);
    unsigned done = do_all(t, must, says);
    mend(t);
    assert_state(t, done, false);
    if (!(done & BACKUP)) { /* no folder, or one without a backup that could be taken for one */
        mn_code code = mn_backup_list(t->backups, t->w->arena, &all, &n, NULL);
        assert_true(code == MN_E_NOT_FOUND || (code == MN_OK && n == 0));
    }
    do_rest(t, done);
    assert_ok(mn_core_expire(t->w->core, &ann, NULL, err)); /* as the program does by itself */
    assert_state(t, ALL, true);
    mn_backup_info info;
    const mn_backup_options quiet = {0};
    assert_ok(mn_backup_verify(t->backups, NULL, &quiet, &info, err));
    world_reopen(t->w);
    assert_state(t, ALL, true);
}

/* ---- the disk is full ---- */

static void ballast_path(const town *t, char *out, size_t size)
{
    snprintf(out, size, "%s/ballast", t->w->dir);
}

static void fill_disk(town *t)
{
    static const uint8_t block[1024];
    char path[400];
    ballast_path(t, path, sizeof path);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    while (write(fd, block, sizeof block) > 0)
        ;
    assert_int_equal(errno, ENOSPC);
    close(fd);
}

static void make_room(town *t)
{
    char path[400];
    ballast_path(t, path, sizeof path);
    assert_int_equal(unlink(path), 0);
}

static int teardown_disk(void **state)
{
    char dir[300];
    snprintf(dir, sizeof dir, "%s", ((world *)*state)->dir);
    int failed = world_teardown(state);
    (void)umount2(dir, MNT_DETACH);
    return failed;
}

static void test_full_disk(void **state)
{
    world *w = *state;
    town t;
    static const char *const says[] = {"make room", NULL};
    bool small = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    mn_core_close(w->core);
    w->core = NULL;
    small = small && mount("tmpfs", w->dir, "tmpfs", 0, "size=8m") == 0;
    assert_ok(world_open(w, "test", &fp32_model, true, &w->core, err));
    mn_test_need(small, "the right to mount a tmpfs (root with CAP_SYS_ADMIN)");
    settle(&t, w);
    through(&t, fill_disk, make_room, ALL, says);
}

/* ---- the folder cannot be written any more ---- */

static mode_t folder_mode;

static int set_mode(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)at;
    return type == FTW_D || type == FTW_DP ? chmod(path, folder_mode) : 0;
}

static void lock_folders(town *t)
{
    folder_mode = 0500;
    assert_int_equal(nftw(t->w->dir, set_mode, 16, FTW_PHYS | FTW_DEPTH), 0);
}

static void unlock_folders(town *t)
{
    folder_mode = 0700;
    assert_int_equal(nftw(t->w->dir, set_mode, 16, FTW_PHYS), 0);
}

/* Root may write anywhere, so this is somebody else. */
static int give_away(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return chown(path, 65534, 65534);
}

static void let_through(const char *path)
{
    char parent[300];
    snprintf(parent, sizeof parent, "%s", path);
    for (char *end = strrchr(parent, '/'); end && end != parent; end = strrchr(parent, '/')) {
        struct stat st;
        *end = 0;
        if (stat(parent, &st) == 0 && (st.st_mode & 0011) != 0011)
            assert_int_equal(chmod(parent, st.st_mode | 0011), 0);
        if (strcmp(parent, getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp") == 0)
            break;
    }
}

static void test_read_only_folder(void **state)
{
    world *w = *state;
    town t;
    char db[400];
    mn_core *c = NULL;
    mn_error e = {0};
    const bool root = geteuid() == 0;
    static const char *const says[] = {"owner and mode", "may be written", NULL};
    let_through(w->dir);
    if (root) {
        assert_int_equal(nftw(w->dir, give_away, 16, FTW_PHYS), 0);
        assert_int_equal(seteuid(65534), 0);
    }
    mn_core_close(w->core);
    assert_ok(world_open(w, "test", &fp32_model, true, &w->core, err));
    settle(&t, w);
    through(&t, lock_folders, unlock_folders, ENROL | SNAPSHOT | BACKUP, says);
    mn_core_close(w->core); /* and whoever starts then is told */
    w->core = NULL;
    snprintf(db, sizeof db, "%s/mien.db", w->dir);
    assert_int_equal(chmod(db, 0400), 0);
    lock_folders(&t);
    mn_code code = world_open(w, "test", &fp32_model, false, &c, &e);
    unlock_folders(&t);
    assert_int_equal(chmod(db, 0600), 0);
    if (code == MN_OK || (!strstr(e.text, "owner and mode") && !strstr(e.text, "may be written")))
        fail_msg("%s: %s", mn_code_word(code), e.text);
    assert_ok(world_open(w, "test", &fp32_model, false, &w->core, err));
    assert_state(&t, ALL, true);
}

static int teardown_as_root(void **state)
{
    int failed = world_teardown(state);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    return failed;
}

/* ---- the disk fails, and the kernel lets nothing be written to it any more ---- */

typedef struct {
    char image[320], device[64], dir[300];
} ext4_disk;

static bool run(const char *command, char *out, size_t size)
{
    FILE *f = popen(command, "re");
    if (!f)
        return false;
    size_t n = fread(out, 1, size - 1, f);
    out[n] = 0;
    out[strcspn(out, "\n")] = 0;
    return pclose(f) == 0;
}

static bool mount_ext4(const ext4_disk *d)
{
    return mount(d->device, d->dir, "ext4", 0, "errors=remount-ro") == 0;
}

/* A small disk of our own on a file, seen by this process alone. */
static bool make_ext4(ext4_disk *d, const char *dir)
{
    char command[800], said[200];
    snprintf(d->dir, sizeof d->dir, "%s", dir);
    snprintf(d->image, sizeof d->image, "%s/../disk", dir);
    snprintf(command, sizeof command, "truncate -s 32M %s && mkfs.ext4 -q %s 2>&1", d->image, d->image);
    if (!run(command, said, sizeof said))
        return false;
    snprintf(command, sizeof command, "losetup -f --show %s 2>/dev/null", d->image);
    if (!run(command, d->device, sizeof d->device))
        return false;
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount_ext4(d);
}

static void break_ext4(const ext4_disk *d)
{
    char path[200];
    snprintf(path, sizeof path, "/sys/fs/ext4/%s/trigger_fs_error", d->device + strlen("/dev/"));
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs("the test says so\n", f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* As an administrator does it: nothing else makes such a disk writable again. */
static void repair_ext4(const ext4_disk *d)
{
    char command[400], said[200];
    assert_int_equal(umount(d->dir), 0);
    snprintf(command, sizeof command, "e2fsck -fy %s >/dev/null 2>&1; test $? -le 1", d->device);
    assert_true(run(command, said, sizeof said));
    assert_true(mount_ext4(d));
}

static ext4_disk disk;

static void test_disk_turns_read_only(void **state)
{
    world *w = *state;
    town t;
    static const char *const says[] = {"look at the system log", "may be written", NULL};
    mn_core_close(w->core);
    w->core = NULL;
    bool there = make_ext4(&disk, w->dir);
    assert_ok(world_open(w, "test", &fp32_model, true, &w->core, err));
    if (!there) {
        fprintf(stderr,
                "SKIPPED: no right to mount a disk of its own; a folder that cannot be written was tested\n");
        skip();
    }
    settle(&t, w);
    break_ext4(&disk);
    assert_int_equal(do_all(&t, ALL, says), 0);
    mn_core_close(w->core);
    w->core = NULL;
    repair_ext4(&disk);
    assert_ok(world_open(w, "test", &fp32_model, false, &w->core, err));
    assert_state(&t, 0, true);
    do_rest(&t, 0);
    assert_state(&t, ALL, true);
}

static int teardown_ext4(void **state)
{
    char command[100], said[200];
    int failed = teardown_disk(state);
    if (*disk.device) {
        snprintf(command, sizeof command, "losetup -d %s 2>&1", disk.device);
        failed |= !run(command, said, sizeof said);
    }
    return failed;
}

/* ---- PostgreSQL and S3 ---- */

static void set(mn_settings *s, mn_setting which, const char *value)
{
    assert_ok(mn_settings_set(s, which, value, "test", err));
}

static void place_samples(mn_settings *s)
{
    char prefix[40];
    snprintf(prefix, sizeof prefix, "faults%ld", random());
    place_in_s3(s, prefix);
}

static int setup_postgres(void **state)
{
    world_place = place_in_postgres;
    return world_setup(state);
}

static int setup_s3(void **state)
{
    world_place = place_samples;
    return world_setup(state);
}

static void stop_server(town *t)
{
    (void)t;
    postgres_stop(SIGQUIT);
}

static void start_server(town *t)
{
    (void)t;
    postgres_start();
}

static void test_postgres_gone(void **state)
{
    town t;
    static const char *const says[] = {"check that the server runs, and store.url", NULL};
    settle(&t, *state);
    through(&t, stop_server, start_server, ALL, says);
}

static void close_port(town *t)
{
    (void)t;
    gate_tell("down");
}

static void open_port(town *t)
{
    (void)t;
    gate_tell("up");
}

static void test_s3_gone(void **state)
{
    town t;
    static const char *const says[] = {"check that it runs, and blobs.url", NULL};
    settle(&t, *state);
    through(&t, close_port, open_port, ENROL | BACKUP, says);
}

/* Three seconds are enough for a server on a busy machine that is not silent. */
static void fall_silent(town *t)
{
    set(t->w->settings, MN_S_BLOBS_TIMEOUT, "3000");
    world_reopen(t->w);
    gate_tell("stall");
}

static void speak_again(town *t)
{
    (void)t;
    gate_tell("pass");
}

static void test_s3_silent(void **state)
{
    town t;
    static const char *const says[] = {"raise blobs.timeout_ms", NULL};
    settle(&t, *state);
    through(&t, fall_silent, speak_again, ENROL | BACKUP, says);
}

/* ---- in the middle ---- */

typedef struct {
    town *t;
    size_t done;  /* acknowledged */
    bool started; /* guarded by the lock */
    pthread_mutex_t lock;
    pthread_cond_t begun;
    mn_code code;
    mn_error error;
} stream;

#define BATCH  10
#define STREAM 20000 /* far more than are done before the server dies */
#define BEGUN  30

/* Batch after batch until one fails. */
static void *enrol_on(void *arg)
{
    stream *s = arg;
    static char names[STREAM][24];
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    const mn_enrol_options o = {.batch = BATCH};
    mn_arena *arena = mn_arena_create((size_t)256 << 20);
    for (size_t at = 0; arena && s->code == MN_OK && at < STREAM; at += BATCH) {
        mn_enrol_record records[BATCH];
        mn_enrol_result results[BATCH];
        mn_face faces[BATCH];
        float v[BATCH][DIM];
        size_t done = 0;
        for (size_t i = 0; i < BATCH; i++) {
            snprintf(names[at + i], sizeof names[0], "S%zu", at + i);
            make_descriptor((unsigned)(1000 + at + i), 0, v[i]);
            faces[i] = (mn_face){
                .quality = {.made = true, .overall = 0.8f},
                .descriptor = {.dim = DIM, .model = "synthetic-128", .metric = MN_METRIC_COSINE, .v = v[i]}};
            records[i] =
                (mn_enrol_record){.person = {.name = names[at + i], .list = "staff", .consent = &consent},
                                  .face = {.source = "a.jpg", .face = &faces[i]}};
        }
        s->code =
            mn_core_enrol_many(s->t->w->core, &ann, records, BATCH, &o, arena, results, &done, &s->error);
        mn_arena_reset(arena);
        pthread_mutex_lock(&s->lock);
        s->done += done;
        s->started = s->done >= BEGUN || s->code != MN_OK;
        pthread_cond_signal(&s->begun);
        pthread_mutex_unlock(&s->lock);
    }
    mn_arena_destroy(arena);
    return NULL;
}

/* The server dies under a stream of batches: what was acknowledged is there, and of what was not at most one
 * batch, whole. */
static void test_postgres_dies_in_the_middle(void **state)
{
    town t;
    pthread_t thread;
    mn_store_counts n;
    static stream s;
    s = (stream){.t = &t, .lock = PTHREAD_MUTEX_INITIALIZER, .begun = PTHREAD_COND_INITIALIZER};
    settle(&t, *state);
    assert_int_equal(pthread_create(&thread, NULL, enrol_on, &s), 0);
    pthread_mutex_lock(&s.lock);
    while (!s.started)
        pthread_cond_wait(&s.begun, &s.lock);
    pthread_mutex_unlock(&s.lock);
    postgres_stop(SIGQUIT);
    pthread_join(thread, NULL);
    postgres_start();
    if (s.done < BEGUN || s.code == MN_OK || !strstr(s.error.text, "PostgreSQL"))
        fail_msg("%zu done, then %s: %s", s.done, mn_code_word(s.code), s.error.text);
    mn_store *store = t.w->core->store;
    assert_ok(store->ops->counts(store, &n, err));
    assert_int_equal(n.people, n.faces);
    if (n.people != 4 + s.done && n.people != 4 + s.done + BATCH)
        fail_msg("%zu acknowledged, %zu there", s.done, (size_t)n.people - 4);
    assert_int_equal(look_for(t.w, t.w->core, 1000).n, 1);
    assert_int_equal(look_for(t.w, t.w->core, (unsigned)(1000 + s.done - 1)).n, 1);
    do_rest(&t, 0);
    assert_ok(mn_core_check(t.w->core, NULL, NULL, err));
}

/* An answer that is lost or cut, and a server that is busy for a moment, are not even noticed. */
static void test_s3_stumbles(void **state)
{
    town t;
    static const char *const troubles[] = {"error 2 503 SlowDown", "reset 1", "lose 1"};
    settle(&t, *state);
    for (unsigned i = 0; i < 3; i++) {
        gate_tell("%s", troubles[i]);
        enrol(t.w, "Somebody", "staff", 60 + i, 0);
        gate_tell("pass");
    }
    do_rest(&t, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_full_disk, world_setup, teardown_disk),
        cmocka_unit_test_setup_teardown(test_read_only_folder, world_setup, teardown_as_root),
        cmocka_unit_test_setup_teardown(test_disk_turns_read_only, world_setup, teardown_ext4),
        cmocka_unit_test_setup_teardown(test_postgres_gone, setup_postgres, world_teardown),
        cmocka_unit_test_setup_teardown(test_postgres_dies_in_the_middle, setup_postgres, world_teardown),
        cmocka_unit_test_setup_teardown(test_s3_gone, setup_s3, world_teardown),
        cmocka_unit_test_setup_teardown(test_s3_silent, setup_s3, world_teardown),
        cmocka_unit_test_setup_teardown(test_s3_stumbles, setup_s3, world_teardown),
    };
    int failed = cmocka_run_group_tests_name("faults", tests, NULL, NULL);
    postgres_stop(SIGQUIT); /* it holds the gate's pipes open */
    gate_stop();
    return failed;
}
