/* Every allocation fails in turn: what was asked for is done, or refused for want of memory with nothing half
 * done, and it can be asked for again. Import and export: test_transfer.c. */
#include "base/alloc.h"
#include "core/match.h"
#include "core/reextract.h"
#include "core/settings.h"
#include "core/status.h"
#include "core/users.h"
#include "support.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

/* With memory of its own for the answers. */
#define WITH_EVERY_FAILURE(call, check)                                                                      \
    do {                                                                                                     \
        mn_code code = MN_E_MEMORY;                                                                          \
        for (long at = 1; code != MN_OK; at++) {                                                             \
            mn_error fault = {0};                                                                            \
            mn_arena *arena = mn_arena_create(16 << 20);                                                     \
            assert_non_null(arena);                                                                          \
            mn_alloc_fail_at(at);                                                                            \
            code = (call);                                                                                   \
            mn_alloc_fail_at(0);                                                                             \
            if (code != MN_OK && (code != MN_E_MEMORY || fault.code != MN_E_MEMORY))                         \
                fail_msg("allocation %ld: %s: %s", at, mn_code_word(code), fault.text);                      \
            check;                                                                                           \
            mn_arena_destroy(arena);                                                                         \
            assert_true(at < 5000);                                                                          \
        }                                                                                                    \
    } while (0)

/* ---- matching ---- */

static mn_code count_pair(void *ctx, const mn_match_pair *p, mn_error *err)
{
    (void)err;
    assert_true(p->raw > 0.7);
    ++*(size_t *)ctx;
    return MN_OK;
}

static void test_match(void **state)
{
    world *w = *state;
    char name[32];
    size_t told = 0;
    for (unsigned i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "visitor %u", i);
        enrol(w, name, "visitors", i, 1);
        snprintf(name, sizeof name, "colleague %u", i);
        enrol(w, name, "staff", i, 2);
    }
    const mn_match_lists what = {.list = "visitors",
                                 .with = "staff",
                                 .purpose = MN_PURPOSE_IDENTIFICATION,
                                 .k = 5,
                                 .pair = count_pair,
                                 .ctx = &told};
    mn_match_report r = {.pairs = 77};
    WITH_EVERY_FAILURE((told = 0, mn_core_match(w->core, &ann, &what, &r, &fault)),
                       assert_int_equal(r.pairs, code == MN_OK ? 5 : 77));
    assert_int_equal(told, 5);
    assert_int_equal(r.people, 5);
}

/* ---- another model ---- */

static mn_code describe(void *ctx, const mn_buf *jpeg, mn_arena *arena, mn_descriptor *out, mn_error *err)
{
    float *v = mn_arena_calloc(arena, DIM, sizeof *v);
    (void)ctx;
    if (!v)
        return mn_fail(err, MN_E_MEMORY, "no memory");
    make_descriptor((unsigned)jpeg->len, 0, v);
    *out = (mn_descriptor){.dim = DIM, .model = "another-128", .metric = MN_METRIC_COSINE, .v = v};
    return MN_OK;
}

/* A want of memory is no fault of a sample's. */
static mn_code cannot(void *ctx, const mn_face_record *face, const mn_error *why, mn_error *err)
{
    (void)ctx;
    (void)face;
    return mn_fail(err, MN_E_INTERNAL, "told as a face that cannot be described: %s", why->text);
}

static void test_reextract(void **state)
{
    world *w = *state;
    mn_core *c = NULL;
    const mn_core_options options = {
        .data_dir = w->dir, .search_threads = 2, .fmr = 1e-3, .begin_change = true};
    enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Berta", "staff", 2, 0);
    enrol(w, "Clara", "staff", 3, 0);
    assert_ok(mn_core_open_model(&options, "newer", &other_model, &c, err));
    const mn_reextract what = {.describe = describe, .cannot = cannot, .remove_old = true};
    mn_reextract_report r = {.faces = 77};
    WITH_EVERY_FAILURE(mn_core_reextract(c, &ann, &what, &r, &fault),
                       assert_true(code == MN_OK ? r.current : r.faces == 77));
    assert_true(r.current && !r.old_is_there);
    assert_int_equal(r.missing, 0);
    mn_store_counts counts;
    assert_ok(mn_core_counts(c, &counts, err));
    assert_int_equal(counts.descriptors, 3);
    mn_core_close(w->core);
    w->core = c;
}

/* ---- settings ---- */

static void check_settings(world *w, bool changed)
{
    mn_core_settings now;
    assert_ok(mn_core_settings_read(w->core, w->arena, &now, err));
    assert_int_equal(now.n, changed ? 2 : 0);
    assert_int_equal(count_audit(w, "settings.change", NULL, 0), changed);
}

static void test_settings(void **state)
{
    world *w = *state;
    const mn_live_value two[] = {{MN_S_MATCH_FMR, "1e-5"}, {MN_S_FACE_MAX, "7"}};
    mn_core_settings now = {.n = 77};
    WITH_EVERY_FAILURE(mn_core_settings_change(w->core, &ann, two, 2, NULL, NULL, arena, &now, &fault),
                       check_settings(w, code == MN_OK));
    assert_int_equal(now.n, 2);
    now.n = 77;
    WITH_EVERY_FAILURE(mn_core_settings_read(w->core, arena, &now, &fault),
                       assert_int_equal(now.n, code == MN_OK ? 2 : 77));
}

/* ---- users ---- */

static void test_users(void **state)
{
    world *w = *state;
    char once[MN_ONCE_TEXT], login[16], next[MN_USER_NEXT] = "untouched";
    const char *const roles[] = {"auditor"};
    mn_user *users = NULL;
    size_t n = 77;
    for (unsigned i = 0; i < 3; i++) {
        mn_user u;
        snprintf(login, sizeof login, "user%u", i);
        const mn_user_fields f = {.login = login, .name = "Somebody", .roles = roles, .n_roles = 1};
        assert_ok(mn_core_user_add(w->core, &ann, &f, w->arena, &u, once, err));
    }
    const mn_user_query by_created = {
        .order = MN_USERS_BY_CREATED, .descending = true, .like = "USER", .limit = 2};
    WITH_EVERY_FAILURE(mn_core_users_find(w->core, &ann, &by_created, arena, &users, &n, next, &fault), {
        assert_int_equal(n, code == MN_OK ? 2 : 77);
        if (code == MN_OK)
            assert_string_equal(users[0].login, "user2");
        else
            assert_string_equal(next, "untouched");
    });
    n = 77;
    const mn_user_query by_login = {.like = "user", .limit = 10};
    WITH_EVERY_FAILURE(mn_core_users_find(w->core, &ann, &by_login, arena, &users, &n, next, &fault),
                       assert_int_equal(n, code == MN_OK ? 3 : 77));
    assert_string_equal(next, "");
}

static void cheap(mn_settings *s)
{
    assert_ok(mn_settings_set(s, MN_S_LOGIN_MEMORY, "8192", "test", err));
    assert_ok(mn_settings_set(s, MN_S_LOGIN_PASSES, "1", "test", err));
}

/* ---- status ---- */

static void test_status(void **state)
{
    world *w = *state;
    static mn_core_status s;
    s.counts.people = 77;
    enrol(w, "Anna", "staff", 1, 0);
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    WITH_EVERY_FAILURE(mn_core_status_read(w->core, &s, &fault),
                       assert_int_equal(s.counts.people, code == MN_OK ? 1 : 77));
    assert_true(s.has_gallery);
    assert_int_equal(s.gallery.rows, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {T(test_match), T(test_settings), T(test_users), T(test_status)};
    const struct CMUnitTest alone[] = {
        T(test_reextract)}; /* opens the same data once more, without settings */
#undef T
    int failed = cmocka_run_group_tests_name("another model without memory", alone, NULL, NULL);
    world_place = cheap;
    return failed + cmocka_run_group_tests_name("without memory", tests, NULL, NULL);
}
