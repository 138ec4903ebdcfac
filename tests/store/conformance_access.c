/* Accounts, users, roles, tokens and sessions, on every back end. */
#include "conformance.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const mn_store_backend *backend;

typedef struct {
    mn_store *s;
    const mn_access_ops *ops;
    mn_arena *a;
    const char *where;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->where = mn_test_folder();
    f->a = mn_arena_create(64 << 20);
    assert_ok(backend->open(f->where, &f->s, err));
    f->ops = f->s->ops->access;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    assert_ok(f->s->ops->check(f->s, err));
    f->s->ops->close(f->s);
    mn_arena_destroy(f->a);
    free(f);
    return 0;
}

static void reopen(fixture *f)
{
    f->s->ops->close(f->s);
    assert_ok(backend->open(f->where, &f->s, err));
    f->ops = f->s->ops->access;
}

static mn_id make_id(uint8_t kind, uint8_t n)
{
    return (mn_id){{[0] = 1, [6] = kind, [15] = n}};
}

static void assert_id(mn_id got, uint8_t kind, uint8_t n)
{
    mn_id want = make_id(kind, n);
    assert_memory_equal(got.bytes, want.bytes, 16);
}

static uint64_t generation(fixture *f)
{
    uint64_t g = 0;
    assert_ok(f->ops->generation(f->s, &g, err));
    return g;
}

static void put_account(fixture *f, uint8_t n, const char *name)
{
    const mn_account r = {.id = make_id('a', n), .name = name, .created = 5, .expires = MN_TIME_NEVER};
    assert_ok(f->ops->account_put(f->s, &r, err));
}

static mn_user make_user(uint8_t n, const char *login)
{
    return (mn_user){.id = make_id('u', n),
                     .login = login,
                     .name = "Jan Okafor",
                     .password = "$argon2id$x",
                     .roles = "operator",
                     .created = 10,
                     .updated = 11};
}

static void put_user(fixture *f, uint8_t n, const char *login)
{
    const mn_user r = make_user(n, login);
    assert_ok(f->ops->user_put(f->s, &r, err));
}

static mn_token make_token(uint8_t n, uint8_t user)
{
    return (mn_token){.id = make_id('t', n),
                      .user = make_id('u', user),
                      .name = "door",
                      .hash = {n, 2, [31] = 3},
                      .rights = "actions.search",
                      .created = 20,
                      .until = MN_TIME_NEVER};
}

static mn_session make_session(uint8_t n, uint8_t user)
{
    return (mn_session){.id = make_id('s', n),
                        .user = make_id('u', user),
                        .hash = {n, 7},
                        .address = "192.0.2.1",
                        .created = 30,
                        .seen = 31,
                        .until = 1000};
}

/* ---- tests ---- */

static void test_accounts(void **state)
{
    fixture *f = *state;
    mn_account got, *all = NULL,
                    acme = {.id = make_id('a', 1),
                            .name = "acme",
                            .suspended = true,
                            .created = 5,
                            .expires = 77,
                            .people_max = 100,
                            .faces_max = 200,
                            .cameras_max = 7,
                            .comment = "a tenant",
                            .updated = 6};
    const mn_id first = {{0}}, nobody = make_id('a', 9);
    size_t n = 0;
    int64_t people = -1, faces = -1;
    assert_ok(f->ops->account_get(f->s, &first, f->a, &got, err)); /* from the first migration */
    assert_string_equal(got.name, "default");
    assert_int_equal(got.expires, INT64_MAX);
    assert_false(got.suspended);
    assert_int_equal(got.people_max, 0);
    assert_ok(f->ops->account_put(f->s, &acme, err));
    reopen(f);
    assert_ok(f->ops->account_by_name(f->s, "acme", f->a, &got, err));
    assert_id(got.id, 'a', 1);
    assert_true(got.suspended);
    assert_int_equal(got.created, 5);
    assert_int_equal(got.expires, 77);
    assert_int_equal(got.people_max, 100);
    assert_int_equal(got.faces_max, 200);
    assert_int_equal(got.cameras_max, 7);
    assert_string_equal(got.comment, "a tenant");
    assert_int_equal(got.updated, 6);
    acme.suspended = false;
    acme.name = "acme 2";
    acme.created = 99;
    assert_ok(f->ops->account_put(f->s, &acme, err));
    assert_ok(f->ops->account_get(f->s, &acme.id, f->a, &got, err));
    assert_string_equal(got.name, "acme 2");
    assert_false(got.suspended);
    assert_int_equal(got.created, 5);
    acme.id = make_id('a', 2);
    assert_code(f->ops->account_put(f->s, &acme, err), MN_E_EXISTS);
    assert_code(f->ops->account_get(f->s, &nobody, f->a, &got, err), MN_E_NOT_FOUND);
    assert_code(f->ops->account_by_name(f->s, "none", f->a, &got, err), MN_E_NOT_FOUND);
    mn_account_query q = {.active = MN_ANY, .expires_to = MN_TIME_NEVER, .limit = 9};
    assert_ok(f->ops->account_list(f->s, &q, f->a, &all, &n, err));
    assert_int_equal(n, 2);
    assert_string_equal(all[0].name, "acme 2");
    const mn_place behind = {.id = all[0].id, .name = "acme 2"};
    q.after = &behind;
    assert_ok(f->ops->account_list(f->s, &q, f->a, &all, &n, err));
    assert_int_equal(n, 1);
    assert_string_equal(all[0].name, "default");
    assert_ok(f->ops->account_use(f->s, &first, &people, &faces, err));
    assert_int_equal(people, 0);
    assert_int_equal(faces, 0);
}

static void test_account_use(void **state)
{
    fixture *f = *state;
    int64_t people = -1, faces = -1;
    put_account(f, 1, "acme");
    for (uint8_t i = 1; i <= 3; i++) {
        const mn_person p = {.id = make_id('p', i), .account = make_id('a', i == 3 ? 1 : 0), .name = "N"};
        mn_person own = p;
        if (i != 3)
            own.account = (mn_id){{0}};
        assert_ok(f->s->ops->person_put(f->s, &own, err));
        const mn_face_record r = {.id = make_id('f', i), .person = p.id};
        if (i > 1)
            assert_ok(f->s->ops->face_put(f->s, &r, err));
    }
    const mn_id first = {{0}}, acme = make_id('a', 1);
    assert_ok(f->ops->account_use(f->s, &first, &people, &faces, err));
    assert_int_equal(people, 2);
    assert_int_equal(faces, 1);
    assert_ok(f->ops->account_use(f->s, &acme, &people, &faces, err));
    assert_int_equal(people, 1);
    assert_int_equal(faces, 1);
}

static void test_users(void **state)
{
    fixture *f = *state;
    mn_user got, *all = NULL, jan = make_user(1, "jan");
    const mn_id first = {{0}}, acme = make_id('a', 1);
    size_t n = 0;
    put_account(f, 1, "acme");
    const mn_id lists[] = {make_id('l', 1), make_id('l', 2)};
    jan.once = true;
    jan.comment = "nights";
    jan.limited = true;
    jan.lists = lists;
    jan.n_lists = 2;
    assert_ok(f->ops->user_put(f->s, &jan, err));
    reopen(f);
    assert_ok(f->ops->user_by_login(f->s, &first, "jan", f->a, &got, err));
    assert_id(got.id, 'u', 1);
    assert_string_equal(got.name, "Jan Okafor");
    assert_string_equal(got.password, "$argon2id$x");
    assert_string_equal(got.roles, "operator");
    assert_string_equal(got.comment, "nights");
    assert_true(got.limited);
    assert_int_equal(got.n_lists, 2);
    assert_id(got.lists[1], 'l', 2);
    assert_true(got.once);
    assert_false(got.disabled);
    assert_int_equal(got.created, 10);
    assert_int_equal(got.updated, 11);
    assert_int_equal(got.seen, 0);
    assert_code(f->ops->user_by_login(f->s, &acme, "jan", f->a, &got, err), MN_E_NOT_FOUND);
    assert_ok(f->ops->user_noted(f->s, &jan.id, 50, 3, 60, err));
    jan.disabled = true;
    jan.password = NULL;
    jan.created = 1;
    jan.updated = 12;
    assert_ok(f->ops->user_put(f->s, &jan, err));
    assert_ok(f->ops->user_get(f->s, &jan.id, f->a, &got, err));
    assert_true(got.disabled);
    assert_null(got.password);
    assert_int_equal(got.created, 10);
    assert_int_equal(got.updated, 12);
    assert_int_equal(got.seen, 50); /* what was noted stays */
    assert_int_equal(got.failures, 3);
    assert_int_equal(got.locked, 60);
    jan.id = make_id('u', 2);
    assert_code(f->ops->user_put(f->s, &jan, err), MN_E_EXISTS);
    jan.account = acme; /* another account has names of its own */
    assert_ok(f->ops->user_put(f->s, &jan, err));
    put_user(f, 3, "eva");
    assert_ok(f->ops->user_list(f->s, &first, NULL, 9, f->a, &all, &n, err));
    assert_int_equal(n, 2);
    assert_string_equal(all[0].login, "eva");
    assert_ok(f->ops->user_list(f->s, &first, "eva", 1, f->a, &all, &n, err));
    assert_int_equal(n, 1);
    assert_id(all[0].id, 'u', 1);
    const mn_id nobody = make_id('u', 9);
    assert_code(f->ops->user_delete(f->s, &nobody, err), MN_E_NOT_FOUND);
    assert_code(f->ops->user_noted(f->s, &nobody, 1, 1, 1, err), MN_E_NOT_FOUND);
    assert_ok(f->ops->user_delete(f->s, &jan.id, err));
    assert_code(f->ops->user_get(f->s, &jan.id, f->a, &got, err), MN_E_NOT_FOUND);
}

static void test_roles(void **state)
{
    fixture *f = *state;
    const mn_id lists[] = {make_id('l', 1), make_id('l', 2)}, first = {{0}};
    mn_role got, *all = NULL,
                 r = {.id = make_id('r', 1),
                      .name = "reception",
                      .text = "Greets",
                      .rights = "people.view",
                      .limited = true,
                      .lists = lists,
                      .n_lists = 2,
                      .created = 1,
                      .updated = 2};
    size_t n = 0;
    assert_ok(f->ops->role_put(f->s, &r, err));
    reopen(f);
    assert_ok(f->ops->role_get(f->s, &r.id, f->a, &got, err));
    assert_string_equal(got.name, "reception");
    assert_string_equal(got.text, "Greets");
    assert_string_equal(got.rights, "people.view");
    assert_true(got.limited);
    assert_int_equal(got.n_lists, 2);
    assert_id(got.lists[0], 'l', 1);
    assert_id(got.lists[1], 'l', 2);
    r.text = NULL;
    r.limited = false;
    r.lists = NULL;
    r.n_lists = 0;
    r.updated = 3;
    assert_ok(f->ops->role_put(f->s, &r, err));
    assert_ok(f->ops->role_list(f->s, &first, NULL, 9, f->a, &all, &n, err));
    assert_int_equal(n, 1);
    assert_null(all[0].text);
    assert_false(all[0].limited);
    assert_int_equal(all[0].n_lists, 0);
    assert_int_equal(all[0].updated, 3);
    assert_ok(f->ops->role_list(f->s, &first, "reception", 9, f->a, &all, &n, err));
    assert_int_equal(n, 0);
    assert_ok(f->ops->role_delete(f->s, &r.id, err));
    assert_code(f->ops->role_delete(f->s, &r.id, err), MN_E_NOT_FOUND);
    assert_code(f->ops->role_get(f->s, &r.id, f->a, &got, err), MN_E_NOT_FOUND);
}

static void test_tokens(void **state)
{
    fixture *f = *state;
    const mn_id first = {{0}}, eva = make_id('u', 2), list = make_id('l', 4);
    mn_token got, *all = NULL, t = make_token(1, 1), other = make_token(2, 2);
    uint8_t unknown[32] = {9};
    size_t n = 0;
    put_user(f, 1, "jan");
    put_user(f, 2, "eva");
    t.limited = true;
    t.lists = &list;
    t.n_lists = 1;
    assert_ok(f->ops->token_put(f->s, &t, err));
    assert_ok(f->ops->token_put(f->s, &other, err));
    reopen(f);
    assert_ok(f->ops->token_by_hash(f->s, t.hash, f->a, &got, err));
    assert_id(got.id, 't', 1);
    assert_id(got.user, 'u', 1);
    assert_string_equal(got.name, "door");
    assert_memory_equal(got.hash, t.hash, 32);
    assert_string_equal(got.rights, "actions.search");
    assert_true(got.limited);
    assert_int_equal(got.n_lists, 1);
    assert_id(got.lists[0], 'l', 4);
    assert_int_equal(got.created, 20);
    assert_int_equal(got.until, INT64_MAX);
    assert_int_equal(got.used, 0);
    assert_code(f->ops->token_by_hash(f->s, unknown, f->a, &got, err), MN_E_NOT_FOUND);
    assert_ok(f->ops->token_used(f->s, &t.id, 44, err));
    t.name = "gate";
    t.until = 99;
    assert_ok(f->ops->token_put(f->s, &t, err));
    assert_ok(f->ops->token_get(f->s, &t.id, f->a, &got, err));
    assert_string_equal(got.name, "gate");
    assert_int_equal(got.until, 99);
    assert_int_equal(got.used, 44);
    mn_token_query q = {.account = first, .active = MN_ANY, .used_to = MN_TIME_NEVER, .limit = 9};
    assert_ok(f->ops->token_list(f->s, &q, f->a, &all, &n, err));
    assert_int_equal(n, 2);
    const mn_place behind = {.id = t.id, .time = t.created};
    q.after = &behind;
    assert_ok(f->ops->token_list(f->s, &q, f->a, &all, &n, err));
    assert_int_equal(n, 1);
    q.after = NULL;
    q.user = &eva;
    assert_ok(f->ops->token_list(f->s, &q, f->a, &all, &n, err));
    assert_int_equal(n, 1);
    assert_id(all[0].id, 't', 2);
    assert_ok(f->ops->user_delete(f->s, &eva, err)); /* takes the token along */
    assert_code(f->ops->token_get(f->s, &other.id, f->a, &got, err), MN_E_NOT_FOUND);
    assert_ok(f->ops->token_delete(f->s, &t.id, err));
    assert_code(f->ops->token_delete(f->s, &t.id, err), MN_E_NOT_FOUND);
    assert_code(f->ops->token_used(f->s, &t.id, 1, err), MN_E_NOT_FOUND);
}

static void test_sessions(void **state)
{
    fixture *f = *state;
    const mn_id jan = make_id('u', 1);
    mn_session got, *all = NULL;
    size_t n = 0;
    put_user(f, 1, "jan");
    for (uint8_t i = 1; i <= 4; i++) {
        mn_session s = make_session(i, 1);
        s.seen += i;
        assert_ok(f->ops->session_put(f->s, &s, err));
    }
    mn_session one = make_session(1, 1), two = make_session(2, 1);
    assert_code(f->ops->session_put(f->s, &one, err), MN_E_EXISTS);
    reopen(f);
    assert_ok(f->ops->session_by_hash(f->s, one.hash, f->a, &got, err));
    assert_id(got.id, 's', 1);
    assert_id(got.user, 'u', 1);
    assert_string_equal(got.address, "192.0.2.1");
    assert_null(got.program);
    assert_int_equal(got.created, 30);
    assert_int_equal(got.seen, 32);
    assert_int_equal(got.until, 1000);
    mn_session_query q = {.user = jan, .order = MN_SESSIONS_CREATED_DOWN, .limit = 3};
    assert_ok(f->ops->session_list(f->s, &q, f->a, &all, &n, err));
    assert_int_equal(n, 3);
    assert_id(all[0].id, 's', 4); /* newest first */
    const mn_place behind = {.id = all[2].id, .time = all[2].created};
    q.after = &behind;
    assert_ok(f->ops->session_list(f->s, &q, f->a, &all, &n, err));
    assert_int_equal(n, 1);
    assert_id(all[0].id, 's', 1);
    assert_ok(f->ops->session_seen(f->s, &one.id, 500, err));
    assert_ok(f->ops->sessions_expire(f->s, 999, 33, err)); /* 2 was last seen at 33 */
    assert_ok(f->ops->session_get(f->s, &one.id, f->a, &got, err));
    assert_int_equal(got.seen, 500);
    assert_code(f->ops->session_get(f->s, &two.id, f->a, &got, err), MN_E_NOT_FOUND);
    assert_ok(f->ops->sessions_end(f->s, &jan, &one.id, err));
    q.after = NULL;
    assert_ok(f->ops->session_list(f->s, &q, f->a, &all, &n, err));
    assert_int_equal(n, 1);
    assert_ok(f->ops->sessions_expire(f->s, 1000, 0, err)); /* it ends at 1000 */
    assert_code(f->ops->session_delete(f->s, &one.id, err), MN_E_NOT_FOUND);
    assert_ok(f->ops->session_put(f->s, &two, err));
    assert_ok(f->ops->sessions_end(f->s, &jan, NULL, err));
    assert_ok(f->ops->sessions_end(f->s, &jan, NULL, err));
    assert_code(f->ops->session_by_hash(f->s, two.hash, f->a, &got, err), MN_E_NOT_FOUND);
}

static void test_account_delete(void **state)
{
    fixture *f = *state;
    const mn_id acme = make_id('a', 1), jan_id = make_id('u', 1);
    mn_account a;
    mn_user jan = make_user(1, "jan"), u;
    mn_token t = make_token(1, 1);
    mn_role r = {.id = make_id('r', 1), .account = acme, .name = "x", .rights = ""};
    const mn_person p = {.id = make_id('p', 1), .account = acme, .name = "N"};
    put_account(f, 1, "acme");
    jan.account = acme;
    t.account = acme;
    assert_ok(f->ops->user_put(f->s, &jan, err));
    assert_ok(f->ops->token_put(f->s, &t, err));
    assert_ok(f->ops->role_put(f->s, &r, err));
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    mn_error e = {0};
    assert_int_not_equal(f->ops->account_delete(f->s, &acme, &e), MN_OK);
    assert_ok(f->ops->user_get(f->s, &jan_id, f->a, &u, err)); /* nothing of it was done */
    assert_ok(f->s->ops->person_delete(f->s, &p.id, err));
    assert_ok(f->ops->account_delete(f->s, &acme, err));
    assert_code(f->ops->account_get(f->s, &acme, f->a, &a, err), MN_E_NOT_FOUND);
    assert_code(f->ops->user_get(f->s, &jan_id, f->a, &u, err), MN_E_NOT_FOUND);
    assert_code(f->ops->account_delete(f->s, &acme, err), MN_E_NOT_FOUND);
}

/* Does the call raise the generation, or leave it? */
#define RAISES(call)                                                                                         \
    do {                                                                                                     \
        uint64_t before_ = generation(f);                                                                    \
        assert_ok(call);                                                                                     \
        if (generation(f) <= before_)                                                                        \
            fail_msg("%s did not raise the generation", #call);                                              \
    } while (0)
#define LEAVES(call)                                                                                         \
    do {                                                                                                     \
        uint64_t before_ = generation(f);                                                                    \
        assert_ok(call);                                                                                     \
        if (generation(f) != before_)                                                                        \
            fail_msg("%s raised the generation", #call);                                                     \
    } while (0)

static void test_generation(void **state)
{
    fixture *f = *state;
    mn_user jan = make_user(1, "jan");
    mn_token t = make_token(1, 1);
    mn_session s = make_session(1, 1), s2 = make_session(2, 1);
    mn_role r = {.id = make_id('r', 1), .name = "x", .rights = ""};
    mn_account a = {.id = make_id('a', 1), .name = "acme", .expires = 1};
    LEAVES(f->ops->account_put(f->s, &a, err));
    RAISES(f->ops->account_put(f->s, &a, err));
    LEAVES(f->ops->user_put(f->s, &jan, err));
    RAISES(f->ops->user_put(f->s, &jan, err));
    LEAVES(f->ops->user_noted(f->s, &jan.id, 1, 2, 3, err));
    LEAVES(f->ops->role_put(f->s, &r, err));
    RAISES(f->ops->role_put(f->s, &r, err));
    RAISES(f->ops->role_delete(f->s, &r.id, err));
    LEAVES(f->ops->token_put(f->s, &t, err));
    RAISES(f->ops->token_put(f->s, &t, err));
    LEAVES(f->ops->token_used(f->s, &t.id, 9, err));
    RAISES(f->ops->token_delete(f->s, &t.id, err));
    LEAVES(f->ops->session_put(f->s, &s, err));
    LEAVES(f->ops->session_put(f->s, &s2, err));
    LEAVES(f->ops->session_seen(f->s, &s.id, 99, err));
    RAISES(f->ops->session_delete(f->s, &s.id, err));
    RAISES(f->ops->sessions_end(f->s, &jan.id, NULL, err));
    RAISES(f->ops->user_delete(f->s, &jan.id, err));
}

static void test_rollback(void **state)
{
    fixture *f = *state;
    mn_user got, jan = make_user(1, "jan");
    assert_ok(f->s->ops->begin(f->s, err));
    assert_ok(f->ops->user_put(f->s, &jan, err));
    f->s->ops->rollback(f->s);
    assert_code(f->ops->user_get(f->s, &jan.id, f->a, &got, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->begin_read(f->s, err));
    assert_code(f->ops->user_put(f->s, &jan, err), MN_E_INTERNAL);
    f->s->ops->rollback(f->s);
}

int mn_store_conformance_access(const mn_store_backend *which)
{
    backend = which;
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {T(test_accounts), T(test_account_use), T(test_account_delete),
                                       T(test_users),    T(test_roles),       T(test_tokens),
                                       T(test_sessions), T(test_generation),  T(test_rollback)};
#undef T
    return cmocka_run_group_tests_name("who may use the store", tests, NULL, NULL);
}
