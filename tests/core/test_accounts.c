/* Accounts: made, limited, suspended, and what of one is there to another: nothing. */
#include "core/accounts.h"
#include "core/sessions.h"
#include "core/signin_state.h"
#include "support.h"
#include "world.h"

#include <string.h>

static const char GOOD[] = "correct horse battery";

static void cheap(mn_settings *s)
{
    assert_ok(mn_settings_set(s, MN_S_LOGIN_MEMORY, "8192", "test", err));
    assert_ok(mn_settings_set(s, MN_S_LOGIN_PASSES, "1", "test", err));
}

static mn_account add_account(world *w, const char *name, const mn_account_fields *more)
{
    mn_account_fields f = more ? *more : (mn_account_fields){0};
    mn_account a;
    f.name = name;
    assert_ok(mn_core_account_add(w->core, &ann, &f, w->arena, &a, NULL, NULL, err));
    return a;
}

static void test_account_and_its_administrator(void **state)
{
    world *w = *state;
    char once[MN_ONCE_TEXT], secret[MN_SECRET_TEXT];
    const mn_account_fields f = {.name = "acme", .comment = "a tenant", .admin_login = "boss"};
    mn_account a, *all = NULL;
    mn_user boss;
    size_t n = 0;
    unsigned wait = 0;
    mn_identity *who = NULL;
    assert_ok(mn_core_account_add(w->core, &ann, &f, w->arena, &a, &boss, once, err));
    assert_memory_equal(&boss.account, &a.id, sizeof a.id);
    assert_code(mn_core_account_add(w->core, &ann, &f, w->arena, &a, &boss, once, err), MN_E_EXISTS);
    mn_login login = {.login = "acme/boss", .password = once},
             elsewhere = {.login = "boss", .password = once};
    assert_code(mn_core_login(w->core, &elsewhere, secret, &who, &wait, err), MN_E_UNAUTHENTICATED);
    assert_ok(mn_core_login(w->core, &login, secret, &who, &wait, err));
    assert_ok(mn_core_password_change(w->core, who, NULL, once, GOOD, &wait, err));
    mn_identity_unref(who);
    assert_ok(mn_core_session(w->core, secret, &who, err));
    const mn_actor *actor = mn_identity_actor(who);
    /* An administrator there, but of that account alone. */
    const mn_account_query every = {.active = MN_ANY, .expires_to = MN_TIME_NEVER, .limit = 9};
    assert_code(mn_core_accounts(w->core, actor, &every, w->arena, &all, &n, err), MN_E_FORBIDDEN);
    assert_code(mn_core_account_change(w->core, actor, &a.id, &f, NULL, w->arena, &a, err), MN_E_FORBIDDEN);
    assert_code(mn_core_account_remove(w->core, actor, &a.id, NULL, err), MN_E_FORBIDDEN);
    assert_ok(mn_core_accounts(w->core, &ann, &every, w->arena, &all, &n, err));
    assert_int_equal(n, 2);

    const bool yes = true, no = false;
    const mn_account_fields off = {.suspended = &yes}, on = {.suspended = &no};
    login.password = GOOD;
    assert_ok(mn_core_account_change(w->core, &ann, &a.id, &off, &a.updated, w->arena, &a, err));
    mn_identity *again = NULL;
    assert_code(mn_core_session(w->core, secret, &again, err), MN_E_ACCOUNT);
    assert_code(mn_core_login(w->core, &login, secret, &again, &wait, err), MN_E_ACCOUNT);
    const mn_time seen = a.updated - 1;
    assert_code(mn_core_account_change(w->core, &ann, &a.id, &on, &seen, w->arena, &a, err),
                MN_E_PRECONDITION);
    assert_ok(mn_core_account_change(w->core, &ann, &a.id, &on, NULL, w->arena, &a, err));
    assert_ok(mn_core_session(w->core, secret, &again, err));
    mn_identity_unref(again);
    const mn_time past = mn_time_now() - 1;
    const mn_account_fields ends = {.expires = &past};
    assert_ok(mn_core_account_change(w->core, &ann, &a.id, &ends, NULL, w->arena, &a, err));
    assert_code(mn_core_session(w->core, secret, &again, err), MN_E_ACCOUNT);
    mn_identity_unref(who);
    assert_ok(mn_core_account_remove(w->core, &ann, &a.id, NULL, err));
    assert_code(mn_core_session(w->core, secret, &again, err), MN_E_UNAUTHENTICATED);
    assert_code(mn_core_account_find(w->core, &ann, "acme", w->arena, &a, err), MN_E_NOT_FOUND);
}

static void test_the_first_account_stays(void **state)
{
    world *w = *state;
    const mn_id first = {{0}};
    const bool yes = true;
    const mn_time soon = mn_time_now() + MN_TIME_DAY;
    const mn_account_fields off = {.suspended = &yes}, ends = {.expires = &soon};
    mn_account a;
    assert_code(mn_core_account_change(w->core, &ann, &first, &off, NULL, w->arena, &a, err), MN_E_CONFLICT);
    assert_code(mn_core_account_change(w->core, &ann, &first, &ends, NULL, w->arena, &a, err), MN_E_CONFLICT);
    assert_code(mn_core_account_remove(w->core, &ann, &first, NULL, err), MN_E_CONFLICT);
}

static void test_bad_fields(void **state)
{
    world *w = *state;
    const int64_t below = -1, above = 1000000001;
    const mn_account_fields bad[] = {{0},
                                     {.name = ""},
                                     {.name = "a/b"},
                                     {.name = "a\nb"},
                                     {.name = "a", .people = &below},
                                     {.name = "a", .faces = &above},
                                     {.name = "a", .admin_login = "x y"}};
    mn_account a;
    mn_user u;
    char once[MN_ONCE_TEXT];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_code(mn_core_account_add(w->core, &ann, &bad[i], w->arena, &a, &u, once, err), MN_E_INVALID);
    assert_code(mn_core_account_find(w->core, &ann, "a", w->arena, &a, err), MN_E_NOT_FOUND);
}

static void test_limits(void **state)
{
    world *w = *state;
    const int64_t people = 2, faces = 3, more = 20;
    const mn_id first = {{0}};
    const mn_account_fields f = {.people = &people, .faces = &faces},
                            wider = {.people = &more, .faces = &more};
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    mn_enrolment done;
    mn_license l;
    mn_account a;
    assert_ok(mn_core_license(w->core, &ann, &l, err));
    assert_int_equal(l.people_max, 0);
    assert_false(l.warn_people || l.warn_faces || l.warn_expires);
    assert_ok(mn_core_account_change(w->core, &ann, &first, &f, NULL, w->arena, &a, err));
    enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Bert", "staff", 2, 0);
    assert_code(try_enrol(w, "Cleo", "staff", &consent, 3, 0, &done, err), MN_E_QUOTA);
    enrol(w, "Bert", "staff", 2, 1);
    assert_code(try_enrol(w, "Bert", "staff", &consent, 2, 2, &done, err), MN_E_QUOTA);
    assert_ok(try_enrol(w, "Bert", "staff", &consent, 2, 1, &done, err)); /* is there already */
    assert_int_equal(done.outcome, MN_ENROLLED_ALREADY);
    assert_ok(mn_core_license(w->core, &ann, &l, err));
    assert_true(l.valid);
    assert_int_equal(l.people, 2);
    assert_int_equal(l.faces, 3);
    assert_int_equal(l.people_max, 2);
    assert_true(l.warn_people && l.warn_faces);
    assert_int_equal(look_for(w, w->core, 3).n, 0);
    assert_ok(mn_core_account_change(w->core, &ann, &first, &wider, NULL, w->arena, &a, err));
    enrol(w, "Cleo", "staff", 3, 0);
    for (unsigned i = 4; i <= 16; i++) {
        char name[8] = {'P', (char)('a' + i)};
        enrol(w, name, "staff", i, 0);
    }
    assert_ok(mn_core_license(w->core, &ann, &l, err));
    assert_int_equal(l.people, 16); /* 20 % left */
    assert_int_equal(l.faces, 17);  /* 15 % left */
    assert_false(l.warn_people);
    assert_true(l.warn_faces);
}

/* ---- crossing over ---- */

static void test_nothing_of_another_account_is_there(void **state)
{
    world *w = *state;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0);
    const mn_account b = add_account(w, "acme", NULL);
    const mn_actor eve = {.account = b.id, .name = "test:eve", .rights = mn_rights_all()}, before = ann;
    const char *const operator_role[] = {"operator"};
    const bool yes = true;
    char once[MN_ONCE_TEXT], secret[MN_SECRET_TEXT];
    char person[MN_ID_TEXT];
    mn_id_format(&anna.person, person);
    const mn_rights rights = mn_rights_of_role(MN_ROLE_OPERATOR);
    const mn_user_fields jan_fields = {.login = "jan",
                                       .name = "Jan",
                                       .password = GOOD,
                                       .roles = operator_role,
                                       .n_roles = 1},
                         off = {.disabled = &yes};
    const mn_role_fields role = {.name = "desk", .rights = &rights}, role_change = {.text = "x"};
    mn_user jan, u, *users = NULL;
    mn_role r, *roles = NULL;
    mn_token t, *tokens = NULL;
    mn_person_view v, *views = NULL;
    mn_buf sample;
    mn_list list;
    size_t n = 9;
    mn_buf_init(&sample, 1 << 20);
    assert_ok(mn_core_user_add(w->core, &ann, &jan_fields, w->arena, &jan, once, err));
    assert_ok(mn_core_role_add(w->core, &ann, &role, w->arena, &r, err));
    const mn_token_fields token = {.name = "door", .user = &jan.id, .rights = &rights},
                          renamed = {.name = "x"};
    assert_ok(mn_core_token_add(w->core, &ann, &token, w->arena, &t, secret, err));
    assert_ok(w->core->store->ops->list_by_name(w->core->store, &ann.account, "staff", w->arena, &list, err));

    /* people */
    assert_code(mn_core_person(w->core, &eve, "Anna", w->arena, &v, err), MN_E_NOT_FOUND);
    assert_code(mn_core_person(w->core, &eve, person, w->arena, &v, err), MN_E_NOT_FOUND);
    assert_ok(mn_core_people(w->core, &eve, NULL, NULL, NULL, 9, w->arena, &views, &n, err));
    assert_int_equal(n, 0);
    assert_code(mn_core_people(w->core, &eve, "staff", NULL, NULL, 9, w->arena, &views, &n, err),
                MN_E_NOT_FOUND);
    assert_code(mn_core_sample(w->core, &eve, &anna.face, &sample, err), MN_E_NOT_FOUND);
    assert_code(mn_core_erase(w->core, &eve, &anna.person, err), MN_E_NOT_FOUND);
    assert_code(mn_core_consent_withdraw(w->core, &eve, &anna.person, MN_PURPOSE_IDENTIFICATION, err),
                MN_E_NOT_FOUND);
    ann = eve; /* the helpers act as ann */
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    const mn_enrolment other =
        enrol(w, "Anna", "staff", 1, 3); /* the same face, name and list: somebody else */
    ann = before;
    assert_true(other.person_is_new);
    assert_false(other.duplicate);
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    /* users, roles, tokens */
    assert_ok(mn_core_users(w->core, &eve, NULL, 9, w->arena, &users, &n, err));
    assert_int_equal(n, 0);
    assert_code(mn_core_user_get(w->core, &eve, &jan.id, w->arena, &u, err), MN_E_NOT_FOUND);
    assert_code(mn_core_user_find(w->core, &eve, "jan", w->arena, &u, err), MN_E_NOT_FOUND);
    assert_code(mn_core_user_change(w->core, &eve, &jan.id, &off, NULL, w->arena, &u, err), MN_E_NOT_FOUND);
    assert_code(mn_core_user_reset(w->core, &eve, &jan.id, GOOD, w->arena, &jan, once, err), MN_E_NOT_FOUND);
    assert_code(mn_core_user_remove(w->core, &eve, &jan.id, NULL, err), MN_E_NOT_FOUND);
    const mn_role_query own_roles = {.predefined = MN_NO, .limit = 9};
    bool more = false;
    assert_ok(mn_core_roles(w->core, &eve, &own_roles, w->arena, &roles, &n, &more, err));
    assert_int_equal(n, 0);
    assert_code(mn_core_role_find(w->core, &eve, "desk", w->arena, &r, err), MN_E_NOT_FOUND);
    assert_code(mn_core_role_change(w->core, &eve, "desk", &role_change, NULL, w->arena, &r, err),
                MN_E_NOT_FOUND);
    assert_code(mn_core_role_remove(w->core, &eve, "desk", NULL, err), MN_E_NOT_FOUND);
    const mn_token_query every_token = {.active = MN_ANY, .used_to = MN_TIME_NEVER, .limit = 9};
    assert_ok(mn_core_tokens(w->core, &eve, &every_token, w->arena, &tokens, &n, err));
    assert_int_equal(n, 0);
    assert_code(mn_core_token_get(w->core, &eve, &t.id, w->arena, &t, err), MN_E_NOT_FOUND);
    assert_code(mn_core_token_change(w->core, &eve, &t.id, &renamed, NULL, w->arena, &t, err),
                MN_E_NOT_FOUND);
    assert_code(mn_core_token_revoke(w->core, &eve, &t.id, NULL, err), MN_E_NOT_FOUND);
    assert_code(mn_core_token_add(w->core, &eve, &token, w->arena, &t, secret, err), MN_E_INVALID);
    const mn_role_fields foreign = {.name = "spy",
                                    .rights = &rights,
                                    .set_lists = true,
                                    .limited = true,
                                    .lists = &list.id,
                                    .n_lists = 1};
    assert_code(mn_core_role_add(w->core, &eve, &foreign, w->arena, &r, err), MN_E_INVALID);
    /* what is of all accounts */
    mn_rotate_report report;
    mn_expired gone;
    assert_code(mn_core_rotate_keys(w->core, &eve, NULL, NULL, NULL, &report, err), MN_E_FORBIDDEN);
    assert_code(mn_core_expire(w->core, &eve, &gone, err), MN_E_FORBIDDEN);
    mn_buf_finish(&sample);
}

static mn_code of_account(void *ctx, const mn_audit_record *r, mn_error *err)
{
    const mn_id *account = ctx;
    return mn_id_compare(&r->account, account) == 0 ? MN_OK
                                                    : mn_fail(err, MN_E_INTERNAL, "of another account");
}

static void test_audit_of_ones_own(void **state)
{
    world *w = *state;
    enrol(w, "Anna", "staff", 1, 0);
    mn_account b = add_account(w, "acme", NULL);
    const mn_actor eve = {.account = b.id, .name = "test:eve", .rights = mn_rights_all()};
    uint64_t n = 0;
    assert_ok(mn_core_audit_export(w->core, &eve, 0, MN_TIME_NEVER, of_account, &b.id, &n, err));
    assert_int_equal(n, 1); /* the export itself */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_account_and_its_administrator),
        T(test_the_first_account_stays),
        T(test_bad_fields),
        T(test_limits),
        T(test_nothing_of_another_account_is_there),
        T(test_audit_of_ones_own),
    };
#undef T
    world_place = cheap;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
