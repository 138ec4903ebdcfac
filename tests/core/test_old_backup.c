/* A backup made by the first version that could make one, with a store of version 2, restored by this one.
 *
 * tests/core/data/backup-2 holds the backup folder and the master key of that store. In it: Anna (two faces)
 * and Clara in the list "staff", Berta and Ella in "guests", with grey pictures as samples and descriptors of
 * make_descriptor; Clara withdrew before the backup. After it Dora, of "staff", was erased, and Ella
 * withdrew. A user "boss" is an administrator. */
#include "base/file.h"
#include "core/backup.h"
#include "core/check.h"
#include "core/sessions.h"
#include "core/users.h"
#include "store/postgres_server.h"
#include "support.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *fixture(const char *name)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/tests/core/data/backup-2/%s", mn_test_root(), name);
    return path;
}

/* A folder of backups is locked and kept up to date while it is used. */
static const char *copy_backup(void)
{
    static char path[400];
    char command[1200];
    snprintf(path, sizeof path, "%s/backup", mn_test_folder());
    snprintf(command, sizeof command, "cp -R '%s' '%s'", fixture("backup"), path);
    assert_int_equal(system(command), 0);
    return path;
}

static void put_key(const char *dir)
{
    char path[400];
    mn_buf key;
    mn_buf_init(&key, 64);
    mn_test_read(fixture("master.key"), &key);
    snprintf(path, sizeof path, "%s/master.key", dir);
    assert_ok(mn_file_write(path, key.data, key.len, 0600, err));
    mn_buf_finish(&key);
}

static world restore(const char *url)
{
    world w = {.arena = mn_arena_create((size_t)64 << 20), .settings = mn_settings_create()};
    const mn_backup_options quiet = {0};
    mn_backup_info info;
    mn_restore_report r;
    ann.rights = mn_rights_all();
    assert_true(w.arena && w.settings);
    snprintf(w.dir, sizeof w.dir, "%s/restored", mn_test_folder());
    if (url)
        assert_ok(mn_settings_set(w.settings, MN_S_STORE_URL, url, "test", err));
    const char *folder = copy_backup();
    const mn_core_options where = {.data_dir = w.dir, .settings = w.settings, .fmr = 1e-3};
    assert_ok(mn_backup_verify(folder, NULL, &quiet, &info, err));
    assert_int_equal(info.version, 2);
    assert_ok(mn_core_restore(&where, &ann, folder, NULL, NULL, &quiet, &r, err));
    assert_int_equal(r.people, 4);
    assert_int_equal(r.erased, 1);
    assert_int_equal(r.closed, 1);
    assert_int_equal(r.samples, 3);
    put_key(w.dir);
    assert_ok(world_open(&w, "test", &fp32_model, false, &w.core, err));
    return w;
}

static void check_person(world *w, const char *external_id, const char *name, const char *list, size_t faces,
                         bool agreed_still)
{
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, external_id, w->arena, &v, err));
    assert_string_equal(v.person.name, name);
    assert_true(v.person.active && !v.person.custom && mn_id_is_nil(&v.person.avatar));
    assert_int_equal(v.n_lists, 1);
    assert_string_equal(v.lists[0].name, list);
    assert_int_equal(v.lists[0].purpose, MN_PURPOSE_IDENTIFICATION);
    assert_true(v.lists[0].retention == MN_TIME_NEVER && !v.lists[0].inactive && !v.lists[0].color);
    assert_int_equal(v.n_consents, 1);
    assert_string_equal(v.consents[0].method, "signed form");
    assert_string_equal(v.consents[0].evidence, "cabinet 3");
    assert_int_equal(v.consents[0].withdrawn == MN_TIME_NEVER, agreed_still);
    assert_int_equal(v.n_faces, faces);
    for (size_t i = 0; i < v.n_faces; i++) {
        mn_buf sample;
        mn_buf_init(&sample, 1 << 20);
        assert_string_equal(v.faces[i].source, "a.jpg");
        assert_ok(mn_core_sample(w->core, &ann, &v.faces[i].id, &sample, err));
        assert_true(sample.len > 100 && sample.data[0] == 0xff && sample.data[1] == 0xd8);
        mn_buf_finish(&sample);
    }
}

static void check_people(world *w)
{
    mn_person_view v;
    check_person(w, "A", "Anna", "staff", 2, true);
    check_person(w, "B", "Berta", "guests", 1, true);
    check_person(w, "C", "Clara", "staff", 0, false);
    check_person(w, "E", "Ella", "guests", 0,
                 true); /* her withdrawal came after the backup; her key is gone */
    assert_code(mn_core_person(w->core, &ann, "D", w->arena, &v, err), MN_E_NOT_FOUND);
    static const char *const names[] = {NULL, "Anna", "Berta", NULL, NULL, NULL};
    for (unsigned who = 1; who <= 5; who++) {
        const mn_identification found = look_for(w, w->core, who);
        assert_int_equal(found.n, names[who] ? 1 : 0);
        if (names[who])
            assert_string_equal(found.matches[0].name, names[who]);
    }
}

static void check_signing_in(world *w)
{
    char secret[MN_SECRET_TEXT];
    unsigned wait = 0;
    mn_identity *who = NULL;
    const mn_login login = {.login = "boss", .password = "correct horse battery"};
    assert_ok(mn_core_login(w->core, &login, secret, &who, &wait, err));
    assert_true(mn_rights_within(&(mn_rights){0}, &mn_identity_actor(who)->rights));
    assert_ok(mn_core_may(mn_identity_actor(who), MN_R_USERS, MN_VERB_CREATE, err));
    mn_identity_unref(who);
}

static void check_all(const char *url)
{
    world w = restore(url);
    int version = 0;
    mn_store *s = w.core->store;
    assert_ok(s->ops->version(s, &version, err));
    assert_int_equal(version, mn_store_newest_version());
    assert_ok(mn_core_check(w.core, NULL, NULL, err));
    assert_int_equal(count_audit(&w, "person.enrol", NULL, 0), 6);
    check_people(&w);
    check_signing_in(&w);
    const mn_enrolment more = enrol(&w, "Anna", "staff", 1, 7); /* and it goes on */
    assert_int_equal(more.outcome, MN_ENROLLED);
    assert_false(more.person_is_new);
    enrol(&w, "Fanny", "staff", 6, 0);
    assert_int_equal(look_for(&w, w.core, 6).n, 1);
    assert_ok(mn_core_check(w.core, NULL, NULL, err));
    mn_core_close(w.core);
    mn_arena_destroy(w.arena);
    mn_settings_destroy(w.settings);
}

static void test_into_sqlite(void **state)
{
    (void)state;
    check_all(NULL);
}

static void test_into_postgres(void **state)
{
    (void)state;
    postgres_need();
    postgres_start();
    check_all(postgres_url(postgres_new_schema()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_into_sqlite),
                                       cmocka_unit_test(test_into_postgres)};
    return cmocka_run_group_tests_name("an old backup", tests, NULL, NULL);
}
