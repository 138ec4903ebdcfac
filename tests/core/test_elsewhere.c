/* Records, samples and master key elsewhere than in the data directory: in PostgreSQL, in S3, in the
 * environment; and two machines that share them. */
#include "base/file.h"
#include "core/settings.h"
#include "needles.h"
#include "places.h"
#include "store/gate.h"
#include "store/postgres_server.h"
#include "support.h"
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set(mn_settings *s, mn_setting which, const char *value)
{
    assert_ok(mn_settings_set(s, which, value, "test", err));
}

static bool is_there(const world *w, const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    return mn_file_exists(path);
}

static void place_all(mn_settings *s)
{
    place_in_postgres(s);
    place_in_s3(s, "core");
    set(s, MN_S_KEY_SOURCE, "environment");
    setenv("MIEN_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 1);
}

static int setup_records(void **state)
{
    world_place = place_in_postgres;
    return world_setup(state);
}

static int setup_all(void **state)
{
    world_place = place_all;
    return world_setup(state);
}

/* Nothing stands in the data directory, and everything works: enrol, find, show, forget. */
static void test_nothing_in_the_data_directory(void **state)
{
    world *w = *state;
    mn_buf jpeg;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0), b = enrol(w, "Bert", "staff", 2, 0);
    mn_identification found = look_for(w, w->core, 1);
    assert_int_equal(found.n, 1);
    assert_string_equal(found.matches[0].name, "Anna");
    assert_int_equal(count_blobs(w), 2);
    assert_ok(mn_core_erase(w->core, &ann, &a.person, err));
    world_reopen(w);
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    assert_int_equal(look_for(w, w->core, 2).n, 1);
    assert_int_equal(count_blobs(w), 1);
    mn_buf_init(&jpeg, 1 << 20);
    assert_ok(mn_core_sample(w->core, &ann, &b.face, &jpeg, err));
    assert_memory_equal(jpeg.data, "\xff\xd8\xff", 3);
    mn_buf_finish(&jpeg);
    assert_false(is_there(w, "mien.db"));
    assert_false(is_there(w, "master.key"));
    assert_false(is_there(w, "blobs"));
    assert_ok(mn_core_erase(w->core, &ann, &b.person, err));
}

/* Neither in the files of the database and of S3, nor in a dump. */
static void test_nothing_biometric_is_readable(void **state)
{
    world *w = *state;
    needle what[NEEDLES];
    char command[9000], dump[500];
    needles_enrol(w, what);
    snprintf(dump, sizeof dump, "%s/dump.sql", w->dir);
    snprintf(command, sizeof command, "/usr/lib/postgresql/15/bin/pg_dump -h %s -U mien -d postgres -f %s",
             postgres_folder(), dump);
    assert_int_equal(system(command), 0);
    mn_buf text;
    mn_buf_init(&text, 64 << 20);
    mn_test_read(dump, &text);
    assert_non_null(memmem(text.data, text.len, "\tp3\t", 4)); /* a dump of these people it is */
    mn_buf_finish(&text);
    assert_true(assert_nowhere(w->dir, what, NEEDLES) >= 1);
    postgres_stop(SIGINT); /* all is in its files, and none of them comes or goes meanwhile */
    assert_true(assert_nowhere(postgres_folder(), what, NEEDLES) > 100);
    postgres_start();
    assert_true(assert_nowhere(gate_folder(), what, NEEDLES) >= NEEDLE_PEOPLE);
}

static void copy_key(const world *from, const world *to)
{
    char path[400];
    mn_buf key;
    mn_buf_init(&key, 100);
    snprintf(path, sizeof path, "%s/master.key", from->dir);
    mn_test_read(path, &key);
    snprintf(path, sizeof path, "%s/master.key", to->dir);
    assert_ok(mn_file_write(path, key.data, key.len, 0600, err));
    mn_buf_finish(&key);
}

static void assert_refused(const world *w, mn_code want, const char *part)
{
    mn_core *c = NULL;
    mn_error e = {0};
    mn_code code = world_open(w, "test", &fp32_model, true, &c, &e);
    if (code != want || !strstr(e.text, part))
        fail_msg("%s, wanted %s with \"%s\": %s", mn_code_word(code), mn_code_word(want), part, e.text);
    assert_null(strstr(e.text, POSTGRES_PASSWORD));
}

/* Another machine with a data directory of its own needs the same master key, and never makes one. */
static void test_two_machines(void **state)
{
    world *w = *state, second = {.settings = w->settings};
    char path[400];
    mn_core *c = NULL;
    snprintf(second.dir, sizeof second.dir, "%s", mn_test_folder());
    enrol(w, "Anna", "staff", 1, 0);
    assert_false(is_there(w, "mien.db"));
    assert_refused(&second, MN_E_NOT_FOUND, "master.key");
    assert_false(is_there(&second, "master.key"));
    snprintf(path, sizeof path, "%s/master.key", second.dir);
    assert_ok(mn_file_write(path, "another key, of 32 bytes as well", 32, 0600, err));
    assert_refused(&second, MN_E_CORRUPT, "the store's deployment key: ");
    copy_key(w, &second);
    assert_ok(world_open(&second, "test", &fp32_model, false, &c, err));
    assert_int_equal(look_for(w, c, 1).n, 1);
    mn_core_close(c);
    set(w->settings, MN_S_KEY_SOURCE, "credential");
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_refused(w, MN_E_NOT_FOUND, "CREDENTIALS_DIRECTORY");
    set(w->settings, MN_S_KEY_SOURCE, "file");
}

static void test_pack(void **state)
{
    world *w = *state;
    char pack[64] = "x";
    mn_core_options here = {.data_dir = w->dir, .settings = w->settings};
    assert_ok(mn_core_pack_of(&here, pack, sizeof pack, err));
    assert_string_equal(pack, "test");
    mn_core_settings settings = {.n = 99};
    assert_ok(mn_core_settings_of(&here, w->arena, &settings, err));
    assert_int_equal(settings.n, 0);
    mn_core *c = NULL;
    mn_error e = {0};
    assert_int_equal(world_open(w, "other", &fp32_model, true, &c, &e), MN_E_PACK);
    assert_non_null(strstr(e.text, "the database of store.url was made with the test pack"));
}

/* Tables without anybody in them: reading says so, and makes neither key nor pack. */
static void test_nobody_there(void **state)
{
    world *w = *state, empty = {.settings = w->settings};
    char pack[64] = "x";
    mn_core *c = NULL;
    snprintf(empty.dir, sizeof empty.dir, "%s", mn_test_folder());
    set(w->settings, MN_S_STORE_URL, postgres_url(postgres_new_schema()));
    mn_core_options o = {.data_dir = empty.dir, .settings = w->settings, .fmr = 1e-3};
    assert_ok(mn_core_pack_of(&o, pack, sizeof pack, err));
    assert_string_equal(pack, "");
    assert_code(mn_core_open_records(&o, &c, err), MN_E_NOT_FOUND);
    assert_false(is_there(&empty, "master.key"));
    set(w->settings, MN_S_STORE_URL, "mysql://host/db");
    assert_code(mn_core_open_records(&o, &c, err), MN_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_in_the_data_directory, setup_all, world_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_biometric_is_readable, setup_all, world_teardown),
        cmocka_unit_test_setup_teardown(test_two_machines, setup_records, world_teardown),
        cmocka_unit_test_setup_teardown(test_pack, setup_records, world_teardown),
        cmocka_unit_test_setup_teardown(test_nobody_there, setup_records, world_teardown),
    };
    int failed = cmocka_run_group_tests_name("parts elsewhere", tests, NULL, NULL);
    postgres_stop(SIGQUIT); /* it holds the gate's pipes open */
    gate_stop();
    return failed;
}
