/* The snapshot behind core: an instant start, and what becomes of it when somebody is erased, the store is
 * put back, the file is damaged or comes from elsewhere, or the process is killed. */
#include "crowd.h"
#include "support.h"

#include "base/file.h"

#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const crowd_kind staff = {.purpose = MN_PURPOSE_IDENTIFICATION, .list = "staff"};

static char warned[1000];

static void warn(void *user, const char *text)
{
    (void)user;
    snprintf(warned, sizeof warned, "%s", text);
}

static mn_core *open_as(world *w, const char *every, bool fresh)
{
    mn_core *c = NULL;
    mn_settings *s = mn_settings_create();
    assert_non_null(s);
    assert_ok(mn_settings_set(s, MN_S_GALLERY_SNAPSHOT, every, "test", err));
    const mn_core_options o = {.data_dir = w->dir,
                               .settings = s,
                               .search_threads = 2,
                               .fmr = 1e-3,
                               .gallery = {.fresh = fresh},
                               .warn = warn};
    warned[0] = 0;
    assert_ok(mn_core_open_model(&o, "test", &fp32_model, &c, err));
    mn_settings_destroy(s);
    return c;
}

/* Closes, which writes a snapshot after the least change, and opens. */
static void again(world *w)
{
    mn_core_close(w->core);
    w->core = open_as(w, "1", false);
}

static void path_of(const world *w, char out[400])
{
    snprintf(out, 400, "%s/gallery.synthetic-128.snapshot", w->dir);
}

static void copy_file(const char *from, const char *to)
{
    mn_buf b;
    mn_buf_init(&b, 64 << 20);
    mn_test_read(from, &b);
    assert_ok(mn_file_write(to, b.data, b.len, 0600, err));
    mn_buf_finish(&b);
}

/* People from … from + n - 1 are found, one by one. */
static void assert_found(world *w, unsigned from, unsigned n)
{
    for (unsigned i = from; i < from + n; i++)
        if (!crowd_finds(w, i))
            fail_msg("person %u is not found", i);
}

static void assert_from(world *w, bool snapshot, const char *warning)
{
    mn_core_gallery_state state;
    assert_ok(mn_core_gallery_look(w->core, &state, err));
    if (state.from_snapshot != snapshot)
        fail_msg("from a snapshot: %d, wanted %d (%s)", state.from_snapshot, snapshot, warned);
    if (!warning ? warned[0] : !strstr(warned, warning))
        fail_msg("warned \"%s\", wanted \"%s\"", warned, warning ? warning : "");
}

/* ---- an instant start ---- */

static void test_start(void **state)
{
    world *w = *state;
    char path[400];
    struct stat st;
    path_of(w, path);
    crowd_enrol(w, 0, 60, &staff);
    again(w); /* what was there was opened without the setting */
    again(w);
    assert_from(w, true, NULL);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_found(w, 0, 60);
    /* It is followed from its generation on. */
    crowd_enrol(w, 100, 5, &staff);
    assert_found(w, 100, 5);
    again(w);
    assert_from(w, true, NULL);
    assert_int_equal(mn_gallery_stats_get(w->core->gallery).faces, 65);
    /* Also what others wrote while nobody had the gallery open. */
    mn_core *records = NULL;
    const mn_core_options o = {.data_dir = w->dir, .fmr = 1e-3};
    mn_core_close(w->core);
    assert_ok(mn_core_open_records(&o, &records, err));
    w->core = records;
    const mn_list guests = {.id = mn_id_make(),
                            .name = "guests",
                            .purpose = MN_PURPOSE_VERIFICATION,
                            .retention = 1,
                            .created = 1};
    mn_id gone = crowd_person(w, 7);
    mn_person p;
    assert_ok(records->store->ops->list_put(records->store, &guests, err));
    assert_ok(records->store->ops->person_get(records->store, &gone, w->arena, &p, err));
    p.active = false;
    assert_ok(records->store->ops->person_put(records->store, &p, err));
    again(w);
    assert_from(w, true, NULL);
    assert_false(crowd_finds(w, 7));
    assert_false(crowd_gallery_finds(w, 7));
    assert_found(w, 0, 7);
    assert_found(w, 8, 52);
}

static void test_ends_go_on(void **state)
{
    world *w = *state;
    const mn_time end = mn_time_now() + MN_TIME_DAY;
    crowd_enrol(w, 0, 5, &staff);
    crowd_enrol(w, 5, 5, &(crowd_kind){.purpose = MN_PURPOSE_IDENTIFICATION, .list = "staff", .until = end});
    again(w);
    assert_found(w, 5, 5);
    mn_core_close(w->core);
    mn_time_shift(MN_TIME_DAY + MN_TIME_SECOND); /* the gallery rounds up to a whole second */
    w->core = open_as(w, "1", false);
    assert_from(w, true, NULL);
    assert_found(w, 0, 5);
    for (unsigned i = 5; i < 10; i++)
        assert_false(crowd_finds(w, i) || crowd_gallery_finds(w, i));
    mn_time_shift(-MN_TIME_DAY - MN_TIME_SECOND);
}

static void test_none_is_kept(void **state)
{
    world *w = *state;
    char path[400];
    path_of(w, path);
    mn_core_close(w->core);
    w->core = open_as(w, "0", false);
    crowd_enrol(w, 0, 10, &staff);
    assert_found(w, 0, 10);
    assert_int_equal(mn_core_gallery_save(w->core, NULL, NULL), MN_E_INVALID);
    mn_core_close(w->core);
    assert_false(mn_file_exists(path));
    w->core = open_as(w, "20", false); /* too few changes */
    assert_found(w, 0, 10);
    mn_core_close(w->core);
    assert_false(mn_file_exists(path));
    w->core = open_as(w, "10", false);
    mn_core_close(w->core);
    assert_true(mn_file_exists(path));
    w->core = open_as(w, "0", false); /* and one that lies there is not read, and not left there */
    assert_from(w, false, NULL);
    assert_false(mn_file_exists(path));
}

static void test_in_the_background(void **state)
{
    world *w = *state;
    char path[400];
    path_of(w, path);
    mn_core_close(w->core);
    w->core = open_as(w, "50", false);
    w->core->snapshot.pause_ns = 0;
    crowd_enrol(w, 0, 40, &staff);
    assert_found(w, 0, 1);
    assert_false(mn_file_exists(path));
    crowd_enrol(w, 40, 20, &staff);
    assert_found(w, 59, 1);
    while (!mn_file_exists(path))
        usleep(10000);
    /* An erasure makes it unreadable; the next one comes by itself. */
    mn_id gone = crowd_person(w, 3);
    const char *before = NULL, *after = NULL;
    mn_store *s = w->core->store;
    assert_ok(mn_core_gallery_save(w->core, NULL, err));
    assert_ok(s->ops->meta_get(s, "snapshot_key", w->arena, &before, err));
    assert_non_null(before);
    assert_ok(mn_core_erase(w->core, &ann, &gone, err));
    for (; !after; usleep(10000)) {
        crowd_finds(w, 4);
        assert_ok(s->ops->meta_get(s, "snapshot_key", w->arena, &after, err));
    }
    assert_string_not_equal(before, after);
}

/* An erasure in the moment when a writer has its key, and has not taken the gallery's view yet. */
static struct {
    mn_store_ops ops;
    const mn_store_ops *real;
    world *w;
    bool armed;
} moment;

static void erase_now(mn_store *s)
{
    const mn_id gone = crowd_person(moment.w, 7);
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    assert_non_null(arena);
    assert_ok(moment.real->person_delete(s, &gone, err));
    assert_ok(mn_core_follow_locked(moment.w->core, arena, err)); /* the writer has the lock */
    mn_arena_destroy(arena);
}

static mn_code erase_meanwhile(mn_store *s, const char *key, mn_arena *a, const char **value, mn_error *err)
{
    if (moment.armed && strcmp(key, "audit_head") == 0) {
        moment.armed = false;
        erase_now(s);
    }
    return moment.real->meta_get(s, key, a, value, err);
}

/* Somebody is erased while the first snapshot after a load is written: what lies there then opens nowhere,
 * and everybody is still to be written. */
static void test_erased_while_it_is_written(void **state)
{
    world *w = *state;
    const char *key = NULL;
    mn_core_close(w->core);
    w->core = open_as(w, "1000000", false);
    crowd_enrol(w, 0, 60, &staff);
    assert_found(w, 0, 60);
    moment.w = w;
    moment.real = w->core->store->ops;
    moment.ops = *moment.real;
    moment.ops.meta_get = erase_meanwhile;
    moment.armed = true;
    w->core->store->ops = &moment.ops;
    assert_ok(mn_core_gallery_save(w->core, NULL, err));
    w->core->store->ops = moment.real;
    assert_false(moment.armed);
    assert_ok(w->core->store->ops->meta_get(w->core->store, "snapshot_key", w->arena, &key, err));
    assert_null(key);
    assert_true(w->core->snapshot.changes >= 59);
}

/* ---- erasure ---- */

typedef struct {
    const void *bytes;
    size_t n;
    const char *what;
} needle;

static const needle *needles;
static size_t n_needles, files_seen;

static int search_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)ftw;
    if (type != FTW_F)
        return 0;
    mn_buf b;
    mn_buf_init(&b, 64 << 20);
    mn_test_read(path, &b);
    for (size_t i = 0; i < n_needles && b.len > 0; i++)
        if (memmem(b.data, b.len, needles[i].bytes, needles[i].n))
            fail_msg("%s is readable in %s", needles[i].what, path);
    mn_buf_finish(&b);
    files_seen++;
    return 0;
}

static void assert_nowhere(const world *w, const needle *what, size_t n)
{
    needles = what;
    n_needles = n;
    files_seen = 0;
    assert_int_equal(nftw(w->dir, search_file, 16, FTW_PHYS), 0);
    assert_true(files_seen >= 3);
}

static mn_code erase_by(world *w, int how, const mn_id *person)
{
    mn_face_record *faces = NULL;
    size_t n = 0;
    mn_store *s = w->core->store;
    if (how == 0)
        return mn_core_erase(w->core, &ann, person, NULL);
    if (how == 1)
        return mn_core_consent_withdraw(w->core, &ann, person, MN_PURPOSE_IDENTIFICATION, NULL);
    mn_code code = s->ops->faces_of(s, person, w->arena, &faces, &n, NULL);
    return code == MN_OK && n == 1 ? s->ops->face_delete(s, &faces[0].id, NULL) : MN_E_INTERNAL;
}

/* Whoever erases, and however: what was copied before cannot be opened afterwards, by nobody, not even in the
 * process that is killed in the moment of the commit. */
static void test_erased_people_are_in_no_snapshot(void **state)
{
    world *w = *state;
    char path[400], kept[400];
    const char *key = NULL;
    path_of(w, path);
    snprintf(kept, sizeof kept, "%s/copy", mn_test_folder());
    crowd_enrol(w, 0, 40, &staff);
    again(w);
    again(w);
    for (int how = 0; how < 3; how++) {
        mn_id gone = crowd_person(w, 10 + (unsigned)how);
        mn_store *s = w->core->store;
        assert_ok(s->ops->meta_get(s, "snapshot_key", w->arena, &key, err));
        assert_non_null(key);
        copy_file(path, kept);
        mn_core_close(w->core);
        w->core = NULL;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) { /* dies with the erasure committed and nothing tidied */
            w->core = open_as(w, "1000", false);
            bool worked = w->core->from_snapshot && erase_by(w, how, &gone) == MN_OK;
            _exit(worked ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        w->core = open_as(w, "1", false); /* the file is still there, and worth nothing */
        assert_from(w, false, NULL);
        copy_file(kept, path); /* neither is a copy from before */
        mn_core_close(w->core);
        copy_file(kept, path);
        w->core = open_as(w, "1", false);
        assert_from(w, false, NULL);
        assert_false(crowd_finds(w, 10 + (unsigned)how) || crowd_gallery_finds(w, 10 + (unsigned)how));
        assert_found(w, 0, 10);
        const needle what = {key, strlen(key), "the key of a snapshot from before"};
        assert_nowhere(w, &what, 1);
        again(w);
        assert_from(w, true, NULL);
        assert_false(crowd_gallery_finds(w, 10 + (unsigned)how));
    }
    assert_int_equal(mn_gallery_stats_get(w->core->gallery).faces, 37);
}

/* Turned as they are in gallery and snapshot: as floats, and as rows. */
static void test_nothing_is_readable(void **state)
{
    world *w = *state;
    enum { PEOPLE = 20, RUN = 12 };
    static float v[PEOPLE][DIM];
    static int8_t rows[PEOPLE][DIM];
    needle what[2 * PEOPLE];
    crowd_enrol(w, 0, PEOPLE, &staff);
    again(w);
    again(w);
    assert_from(w, true, NULL);
    for (unsigned i = 0; i < PEOPLE; i++) {
        float plain[DIM], largest = 0;
        make_descriptor(i, 0, plain);
        mn_core_turn(w->core, plain, v[i]);
        for (int j = 0; j < DIM; j++)
            largest = fmaxf(largest, fabsf(v[i][j]));
        for (int j = 0; j < DIM; j++)
            rows[i][j] = (int8_t)lrintf(v[i][j] * 127 / largest);
        what[2 * i] = (needle){&v[i][40], RUN * sizeof(float), "a float descriptor"};
        what[2 * i + 1] = (needle){&rows[i][40], RUN, "an int8 descriptor"};
    }
    assert_nowhere(w, what, 2 * PEOPLE);
}

/* ---- what is not believed ---- */

static void test_damage(void **state)
{
    world *w = *state;
    char path[400];
    path_of(w, path);
    crowd_enrol(w, 0, 30, &staff);
    again(w);
    again(w);
    static const size_t places[] = {3, 50, 100, 250, 300, 3000};
    for (size_t i = 0; i < 7; i++) {
        mn_core_close(w->core);
        mn_buf b;
        mn_buf_init(&b, 1 << 20);
        mn_test_read(path, &b);
        if (i < 6)
            b.data[places[i]] ^= 0x10;
        assert_ok(mn_file_write(path, b.data, i < 6 ? b.len : b.len - 1, 0600, err));
        mn_buf_finish(&b);
        w->core = open_as(w, "1", false);
        assert_from(w, false, "thrown away");
        assert_false(mn_file_exists(path));
        assert_found(w, 0, 30);
        again(w);
        assert_from(w, true, NULL);
    }
}

static void test_foreign(void **state)
{
    world *here = *state, *there;
    void *second = NULL;
    char from[400], to[400];
    assert_int_equal(world_setup(&second), 0);
    there = second;
    crowd_enrol(here, 0, 10, &staff);
    crowd_enrol(there, 20, 10, &staff);
    again(here);
    again(there);
    path_of(there, from);
    path_of(here, to);
    mn_core_close(here->core);
    mn_core_close(there->core);
    copy_file(from, to);
    here->core = open_as(here, "1", false);
    assert_from(here, false, "another deployment");
    assert_found(here, 0, 10);
    assert_false(crowd_finds(here, 25));
    there->core = open_as(there, "1", false);
    world_teardown(&second);
}

static void copy_store(const world *w, const char *aside, bool back)
{
    char db[400], copy[400];
    snprintf(db, sizeof db, "%s/mien.db", w->dir);
    snprintf(copy, sizeof copy, "%s/mien.db", aside);
    copy_file(back ? copy : db, back ? db : copy);
}

/* A store from before is put back under a newer snapshot; then one that has gone on from there in another
 * way. */
static void test_a_store_that_was_put_back(void **state)
{
    world *w = *state;
    const char *aside = mn_test_folder();
    char path[400], kept[400];
    path_of(w, path);
    snprintf(kept, sizeof kept, "%s/snapshot", aside);
    crowd_enrol(w, 0, 10, &staff);
    enrol(w, "Anna", "staff", 900, 0);
    again(w);
    mn_core_close(w->core);
    copy_store(w, aside, false);
    w->core = open_as(w, "1", false);
    crowd_enrol(w, 10, 10, &staff);
    enrol(w, "Bert", "staff", 901, 0); /* an audit record */
    assert_found(w, 10, 10);
    mn_core_close(w->core);
    copy_file(path, kept);

    copy_store(w, aside, true);
    w->core = open_as(w, "1", false);
    assert_from(w, false, "older");
    assert_found(w, 0, 10);
    assert_false(crowd_finds(w, 15) || crowd_gallery_finds(w, 15));

    for (unsigned i = 0; i < 60; i++) { /* on to a generation beyond the snapshot's */
        char name[20];
        snprintf(name, sizeof name, "other %u", i);
        enrol(w, name, "staff", 300 + i, 0);
    }
    mn_core_close(w->core);
    copy_file(kept, path);
    w->core = open_as(w, "1", false);
    assert_from(w, false, "another history");
    assert_found(w, 0, 10);
    assert_false(crowd_finds(w, 15) || crowd_gallery_finds(w, 15));
    for (unsigned i = 300; i < 360; i++)
        assert_int_equal(look_for(w, w->core, i).n, 1);
}

static void test_fresh(void **state)
{
    world *w = *state;
    crowd_enrol(w, 0, 10, &staff);
    again(w);
    again(w);
    mn_core_close(w->core);
    w->core = open_as(w, "1", true);
    assert_from(w, false, NULL);
    assert_found(w, 0, 10);
    mn_core_gallery_state look;
    assert_ok(mn_core_gallery_save(w->core, NULL, err));
    assert_ok(mn_core_gallery_look(w->core, &look, err));
    assert_true(look.snapshot && look.snapshot_faces == 10 && look.snapshot_generation == look.generation);
    assert_int_equal(look.changes, 0);
    assert_int_equal(look.dim, 128);
    assert_true(look.snapshot_bytes > 10 * 128);
    mn_time age = mn_time_now() - look.snapshot_written;
    assert_true(age >= 0 && age < 60 * MN_TIME_SECOND);
}

/* Whoever asks for one while the background writes another waits for it. */
static void test_asked_for_meanwhile(void **state)
{
    world *w = *state;
    mn_core_close(w->core);
    w->core = open_as(w, "1", false);
    w->core->snapshot.pause_ns = 0;
    for (unsigned i = 0; i < 100; i++) {
        crowd_enrol(w, 3 * i, 3, &staff);
        assert_found(w, 3 * i, 1); /* which begins it */
        assert_ok(mn_core_gallery_save(w->core, NULL, err));
    }
    assert_int_equal(w->core->snapshot.changes, 0);
}

/* ---- kill -9 ---- */

static void write_for_ever(world *w, unsigned first)
{
    for (unsigned i = first;; i++) {
        w->core = open_as(w, "1", false);
        crowd_enrol(w, i, 1, &staff);
        mn_id gone = crowd_person(w, i);
        if (mn_core_gallery_save(w->core, NULL, NULL) != MN_OK ||
            (i % 3 == 0 && mn_core_erase(w->core, &ann, &gone, NULL) != MN_OK))
            _exit(1);
        mn_core_close(w->core);
    }
}

static void test_kills(void **state)
{
    world *w = *state;
    uint64_t seed = 77;
    enum { CYCLES = 15 };
    crowd_enrol(w, 0, 50, &staff);
    again(w);
    for (unsigned i = 0; i < CYCLES; i++) {
        mn_core_close(w->core);
        pid_t pid = mn_test_fork();
        if (pid == 0)
            write_for_ever(w, 1000000 * (i + 1));
        usleep((useconds_t)(mn_test_random(&seed) % 120000));
        assert_true(mn_test_kill(pid));
        /* From the snapshot, if it is believed, or not: the same people as by reading everybody. */
        w->core = open_as(w, "1", true);
        size_t faces = mn_gallery_stats_get(w->core->gallery).faces;
        w->core->snapshot.every = 0; /* leaves the file as the kill left it */
        mn_core_close(w->core);
        w->core = open_as(w, "1", false);
        assert_string_equal(warned, "");
        assert_int_equal(mn_gallery_stats_get(w->core->gallery).faces, faces);
        assert_found(w, 0, 3);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_start),
        T(test_ends_go_on),
        T(test_none_is_kept),
        T(test_in_the_background),
        T(test_erased_while_it_is_written),
        T(test_erased_people_are_in_no_snapshot),
        T(test_nothing_is_readable),
        T(test_damage),
        T(test_foreign),
        T(test_a_store_that_was_put_back),
        T(test_fresh),
        T(test_asked_for_meanwhile),
        T(test_kills),
    };
#undef T
    return cmocka_run_group_tests_name("instant start", tests, NULL, NULL);
}
