/* Settings in the store: who may change them, what can be stored, and when it is in force. */
#include "core/settings.h"
#include "core/signin_state.h"
#include "support.h"
#include "world.h"

#include <string.h>

static mn_code change(world *w, const mn_actor *who, mn_setting which, const char *value, mn_live *live,
                      const mn_time *seen, mn_core_settings *out, mn_error *err)
{
    const mn_live_value v = {which, value};
    return mn_core_settings_change(w->core, who, &v, 1, live, seen, w->arena, out, err);
}

static void test_change_and_read(void **state)
{
    world *w = *state;
    char detail[300] = "";
    mn_core_settings now, other;
    assert_ok(mn_core_settings_read(w->core, w->arena, &now, err));
    assert_int_equal(now.n, 0);
    assert_true(now.updated == 0);
    assert_ok(change(w, &ann, MN_S_MATCH_FMR, "1e-5", NULL, &now.updated, &now, err));
    assert_true(now.updated > 0);
    assert_code(change(w, &ann, MN_S_MATCH_FMR, "1e-6", NULL, &(mn_time){1}, &other, err), MN_E_PRECONDITION);
    assert_ok(change(w, &ann, MN_S_FACE_MAX, "7", NULL, &now.updated, &now, err));
    assert_int_equal(count_audit(w, "settings.change", detail, sizeof detail), 2);
    assert_string_equal(detail, "test:ann - {\"face.max\":{\"from\":null,\"to\":\"7\"}}");
    assert_ok(mn_core_settings_read(w->core, w->arena, &now, err));
    assert_int_equal(now.n, 2);
    assert_ok(change(w, &ann, MN_S_FACE_MAX, NULL, NULL, NULL, &now, err));
    assert_int_equal(now.n, 1);
    assert_int_equal(now.values[0].which, MN_S_MATCH_FMR);
    assert_string_equal(now.values[0].value, "1e-5");
}

static void test_what_is_refused(void **state)
{
    world *w = *state;
    const mn_actor auditor = {.name = "test:eve", .rights = mn_rights_of_role(MN_ROLE_AUDITOR)},
                   elsewhere = {.account = mn_id_make(), .name = "test:bob", .rights = mn_rights_all()};
    const mn_live_value two[] = {{MN_S_FACE_MAX, "7"}, {MN_S_FACE_MIN_SIZE, "0"}};
    mn_core_settings now = {0};
    mn_live *live = NULL;
    mn_settings *given = mn_settings_create();
    assert_ok(mn_settings_set(given, MN_S_FACE_MAX, "5", "/etc/mien.conf:3", err));
    assert_ok(mn_live_create(given, &live, err));
    assert_code(change(w, &auditor, MN_S_FACE_MAX, "7", NULL, NULL, &now, err), MN_E_FORBIDDEN);
    assert_code(change(w, &elsewhere, MN_S_FACE_MAX, "7", NULL, NULL, &now, err), MN_E_FORBIDDEN);
    assert_ok(mn_core_settings_may_view(&auditor, err));
    assert_code(mn_core_settings_may_view(&elsewhere, err), MN_E_FORBIDDEN);
    assert_code(change(w, &ann, MN_S_FACE_MAX, "0", NULL, NULL, &now, err), MN_E_INVALID);
    assert_code(change(w, &ann, MN_S_SERVER_GZIP, "7", NULL, NULL, &now, err), MN_E_CONFLICT);
    assert_code(change(w, &ann, MN_S_STORE_URL, "postgresql:///x", NULL, NULL, &now, err), MN_E_CONFLICT);
    assert_code(change(w, &ann, MN_S_FACE_MAX, "7", live, NULL, &now, err), MN_E_CONFLICT);
    assert_code(mn_core_settings_change(w->core, &ann, two, 2, NULL, NULL, w->arena, &now, err),
                MN_E_INVALID);
    assert_ok(mn_core_settings_read(w->core, w->arena, &now, err));
    assert_int_equal(now.n, 0);
    assert_int_equal(count_audit(w, "settings.change", NULL, 0), 0);
    mn_settings_destroy(given);
    mn_live_destroy(live);
}

static void test_in_force(void **state)
{
    world *w = *state;
    mn_settings *s = mn_settings_create();
    assert_ok(mn_settings_set(s, MN_S_LOGIN_PASSWORD_MIN, "20", "test", err));
    assert_ok(mn_settings_set(s, MN_S_MATCH_FMR, "1e-7", "test", err));
    assert_ok(mn_core_password_check(w->core, "correct horse", NULL, NULL, err));
    mn_core_settings_use(w->core, s);
    assert_code(mn_core_password_check(w->core, "correct horse", NULL, NULL, err), MN_E_INVALID);
    assert_true(w->core->fmr == 1e-7);
    mn_settings_destroy(s);
}

static void test_damaged(void **state)
{
    world *w = *state;
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{\"updated\":1}",
                                        "{\"updated\":\"1\",\"values\":{}}",
                                        "{\"updated\":1,\"values\":{\"face.max\":7}}"};
    mn_core_settings now = {.n = 99};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_ok(w->core->store->ops->meta_put(w->core->store, "settings", texts[i], err));
        assert_code(mn_core_settings_read(w->core, w->arena, &now, err), MN_E_CORRUPT);
        assert_int_equal(now.n, 99);
    }
    /* Of another version: left alone. */
    assert_ok(w->core->store->ops->meta_put(w->core->store, "settings",
                                            "{\"updated\":1,\"values\":{\"face.later\":\"7\"}}", err));
    assert_ok(mn_core_settings_read(w->core, w->arena, &now, err));
    assert_int_equal(now.n, 0);
}

/* A look before anything is opened, into a store of whatever version, which stays as it is. */
static void test_looked_at(void **state)
{
    world *w = *state;
    int version = 0;
    char pack[64];
    mn_store *s = NULL;
    mn_core_settings now = {.n = 99};
    const char *folder = mn_test_folder();
    const mn_core_options there = {.data_dir = w->dir}, nowhere = {.data_dir = "/nonexistent"},
                          older = {.data_dir = folder};
    assert_ok(change(w, &ann, MN_S_FACE_MAX, "7", NULL, NULL, &now, err));
    assert_ok(mn_core_settings_of(&nowhere, w->arena, &now, err));
    assert_int_equal(now.n, 0);
    assert_ok(mn_core_settings_of(&there, w->arena, &now, err));
    assert_int_equal(now.n, 1);
    assert_string_equal(now.values[0].value, "7");
    assert_ok(mn_store_open_as(&(mn_store_where){.data_dir = folder}, MN_STORE_UP_TO, 1, &s, err));
    assert_ok(s->ops->meta_put(s, "pack", "standard", err));
    assert_ok(s->ops->meta_put(s, "settings", "{\"updated\":1,\"values\":{\"face.max\":\"9\"}}", err));
    s->ops->close(s);
    assert_ok(mn_core_settings_of(&older, w->arena, &now, err));
    assert_string_equal(now.values[0].value, "9");
    assert_ok(mn_core_pack_of(&older, pack, sizeof pack, err));
    assert_string_equal(pack, "standard");
    assert_ok(mn_store_open_as(&(mn_store_where){.data_dir = folder}, MN_STORE_LOOK, 0, &s, err));
    assert_ok(s->ops->version(s, &version, err));
    assert_int_equal(version, 1);
    s->ops->close(s);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_change_and_read), T(test_what_is_refused), T(test_in_force),
        T(test_damaged),         T(test_looked_at),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
