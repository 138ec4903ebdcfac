/* Signing in, sessions, tokens, users and roles. */
#include "base/alloc.h"
#include "core/attributes.h"
#include "core/signin_state.h"
#include "places.h"
#include "store/postgres_server.h"
#include "support.h"
#include "world.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char GOOD[] = "correct horse battery";

/* Argon2id as cheap as it gets. */
static void cheap(mn_settings *s)
{
    assert_ok(mn_settings_set(s, MN_S_LOGIN_MEMORY, "8192", "test", err));
    assert_ok(mn_settings_set(s, MN_S_LOGIN_PASSES, "1", "test", err));
}

static mn_user add_user(world *w, const char *login, const char *role)
{
    const char *const roles[] = {role};
    const mn_user_fields f = {
        .login = login, .name = "Somebody", .password = GOOD, .roles = roles, .n_roles = 1};
    char once[MN_ONCE_TEXT];
    mn_user u;
    assert_ok(mn_core_user_add(w->core, &ann, &f, w->arena, &u, once, err));
    assert_string_equal(once, "");
    assert_null(u.password);
    return u;
}

static const char *from = "192.0.2.7", *from_block;

static mn_code try_login(mn_core *c, const char *login, const char *password, char secret[MN_SECRET_TEXT],
                         mn_identity **out, unsigned *wait, mn_error *err)
{
    const mn_login what = {
        .login = login, .password = password, .address = from, .block = from_block, .program = "test"};
    return mn_core_login(c, &what, secret, out, wait, err);
}

static mn_identity *sign_in(world *w, const char *login, char secret[MN_SECRET_TEXT])
{
    mn_identity *who = NULL;
    unsigned wait = 0;
    assert_ok(try_login(w->core, login, GOOD, secret, &who, &wait, err));
    return who;
}

static void assert_refused(world *w, const char *login, const char *password, mn_code want)
{
    char secret[MN_SECRET_TEXT];
    mn_identity *who = NULL;
    unsigned wait = 0;
    assert_code(try_login(w->core, login, password, secret, &who, &wait, err), want);
    assert_true((wait > 0) == (want == MN_E_RATE));
    assert_null(who);
}

/* Who the secret belongs to, as another request would ask. */
static mn_code ask(world *w, const char *secret)
{
    mn_identity *who = NULL;
    mn_code code = mn_core_session(w->core, secret, &who, NULL);
    mn_identity_unref(who);
    return code;
}

static mn_code ask_token(world *w, const char *secret)
{
    mn_identity *who = NULL;
    mn_code code = mn_core_token(w->core, secret, &who, NULL);
    mn_identity_unref(who);
    return code;
}

/* ---- signing in ---- */

static void test_login(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT], csrf[MN_SECRET_TEXT];
    mn_user anna = add_user(w, "anna", "operator");
    mn_identity *who = sign_in(w, "anna", secret), *again = NULL;
    const mn_identity_info info = mn_identity_describe(who);
    const mn_rights operator_rights = mn_rights_of_role(MN_ROLE_OPERATOR);
    assert_int_equal(strlen(secret), 43);
    assert_string_equal(info.login, "anna");
    assert_string_equal(info.roles, "operator");
    assert_memory_equal(&info.user, &anna.id, sizeof anna.id);
    assert_false(info.must_change);
    assert_memory_equal(&mn_identity_actor(who)->rights, &operator_rights, sizeof operator_rights);
    assert_string_equal(mn_identity_actor(who)->name, "user:anna");
    mn_core_csrf(w->core, who, csrf);
    assert_int_equal(strlen(csrf), 43);
    for (int i = 0; i < 2; i++) { /* from the store, then from memory; then after a restart */
        assert_ok(mn_core_session(w->core, secret, &again, err));
        assert_true(mn_core_csrf_fits(w->core, again, csrf));
        assert_false(mn_core_csrf_fits(w->core, again, "x"));
        assert_false(mn_core_csrf_fits(w->core, again, ""));
        assert_false(mn_core_csrf_fits(w->core, again, NULL));
        mn_identity_unref(again);
        world_reopen(w);
    }
    mn_identity_unref(who);
    assert_int_equal(ask(w, "nonsense"), MN_E_UNAUTHENTICATED);
    assert_int_equal(ask(w, ""), MN_E_UNAUTHENTICATED);
    secret[5] = secret[5] == 'A' ? 'B' : 'A';
    assert_int_equal(ask(w, secret), MN_E_UNAUTHENTICATED);
    assert_int_equal(ask_token(w, secret), MN_E_UNAUTHENTICATED); /* a session is no token */
    assert_int_equal(count_audit(w, "session.login", NULL, 0), 1);
}

static void test_wrong(void **state)
{
    world *w = *state;
    char detail[200];
    add_user(w, "anna", "operator");
    assert_refused(w, "anna", "wrong horse battery", MN_E_UNAUTHENTICATED);
    assert_refused(w, "nobody", GOOD, MN_E_UNAUTHENTICATED);
    assert_refused(w, "none/anna", GOOD, MN_E_UNAUTHENTICATED);
    assert_refused(w, "ANNA", GOOD, MN_E_UNAUTHENTICATED);
    assert_refused(w, "anna", "", MN_E_UNAUTHENTICATED);
    assert_int_equal(count_audit(w, "session.refused", detail, sizeof detail), 5);
    assert_string_equal(detail + strlen(detail) - 23, "{\"address\":\"192.0.2.7\"}");
}

static void test_nothing_secret_is_stored(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT], path[400];
    mn_buf file;
    add_user(w, "anna", "operator");
    mn_identity_unref(sign_in(w, "anna", secret));
    const char *const names[] = {"mien.db", "mien.db-wal"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", w->dir, names[i]);
        mn_buf_init(&file, 64 << 20);
        mn_test_read(path, &file);
        assert_null(memmem(file.data, file.len, secret, strlen(secret)));
        assert_null(memmem(file.data, file.len, GOOD, strlen(GOOD)));
        mn_buf_finish(&file);
    }
}

static void test_waits_grow(void **state)
{
    (void)state;
    const mn_signin_policy p = {.failures = 5, .wait_max_s = 900};
    const struct {
        int failures;
        unsigned wait;
    } want[] = {{0, 0}, {4, 0}, {5, 1}, {6, 2}, {7, 4}, {10, 32}, {14, 512}, {15, 900}, {60, 900}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_int_equal(mn_throttle_seconds(&p, 5, want[i].failures), want[i].wait);
}

/* Waits that have begun become long ones, however long this machine takes until it looks at them. */
static void prolong_waits(world *w)
{
    mn_signin *s = w->core->signin;
    pthread_mutex_lock(&s->throttle_lock);
    for (size_t i = 0; i < MN_THROTTLE_SLOTS; i++)
        if (s->throttles[i].until_ns > s->throttles[i].last_ns)
            s->throttles[i].until_ns += INT64_C(3600000000000);
    pthread_mutex_unlock(&s->throttle_lock);
}

static void test_lock_out(void **state)
{
    world *w = *state;
    mn_user anna = add_user(w, "anna", "operator"), u;
    /* Known or not: the same answers. */
    for (int i = 0; i < 5; i++) {
        assert_refused(w, "anna", "wrong", MN_E_UNAUTHENTICATED);
        assert_refused(w, "nobody", "wrong", MN_E_UNAUTHENTICATED);
    }
    prolong_waits(w);
    assert_refused(w, "anna", GOOD, MN_E_RATE);
    assert_refused(w, "nobody", GOOD, MN_E_RATE);
    assert_ok(w->core->store->ops->access->user_get(w->core->store, &anna.id, w->arena, &u, err));
    assert_int_equal(u.failures, 5);
    assert_true(u.locked > 0);
    /* A long lock survives a restart. */
    assert_ok(w->core->store->ops->access->user_noted(w->core->store, &anna.id, 0, 15,
                                                      mn_time_now() + MN_TIME_DAY, err));
    world_reopen(w);
    assert_refused(w, "anna", GOOD, MN_E_RATE);
    /* A reset takes it away. */
    char once[MN_ONCE_TEXT], secret[MN_SECRET_TEXT];
    assert_ok(mn_core_user_reset(w->core, &ann, &anna.id, GOOD, w->arena, &anna, once, err));
    mn_identity_unref(sign_in(w, "anna", secret));
    assert_ok(w->core->store->ops->access->user_get(w->core->store, &anna.id, w->arena, &u, err));
    assert_int_equal(u.failures, 0);
    assert_true(u.seen > 0);
}

/* Who fails elsewhere locks nobody out where they are known; who fails there does. */
static void test_known_places(void **state)
{
    static const char *const homes[][2] = {{"192.0.2.7", NULL}, {"2001:db8:1:2::77", "2001:db8:1:2::"}};
    static const char *const logins[] = {"anna", "berta"};
    world *w = *state;
    char secret[MN_SECRET_TEXT];
    for (size_t i = 0; i < 2; i++) {
        from = homes[i][0];
        from_block = homes[i][1];
        add_user(w, logins[i], "operator");
        mn_identity_unref(sign_in(w, logins[i], secret));
        from = "198.51.100.9";
        from_block = NULL;
        for (int k = 0; k < 5; k++)
            assert_refused(w, logins[i], "wrong", MN_E_UNAUTHENTICATED);
        assert_refused(w, logins[i], GOOD, MN_E_RATE);
        world_reopen(w);
        mn_user u;
        assert_ok(mn_core_user_find(w->core, &ann, logins[i], w->arena, &u, err));
        assert_ok(w->core->store->ops->access->user_noted(w->core->store, &u.id, 0, 15,
                                                          mn_time_now() + MN_TIME_DAY, err));
        assert_refused(w, logins[i], GOOD, MN_E_RATE);
        from = i ? "2001:db8:1:2::99" : homes[i][0]; /* another address of the same block */
        from_block = homes[i][1];
        for (int k = 0; k < 5; k++)
            assert_refused(w, logins[i], "wrong", MN_E_UNAUTHENTICATED);
        assert_refused(w, logins[i], GOOD, MN_E_RATE);
        world_reopen(w); /* forgets what failed here; the record's lock stays, for elsewhere */
        mn_identity_unref(sign_in(w, logins[i], secret));
    }
    from = "192.0.2.7";
    from_block = NULL;
}

static void test_address_waits(void **state)
{
    world *w = *state;
    char login[32];
    add_user(w, "anna", "operator");
    for (int i = 0; i < 20; i++) {
        snprintf(login, sizeof login, "guess%d", i);
        assert_refused(w, login, "x", MN_E_UNAUTHENTICATED);
    }
    prolong_waits(w);
    assert_refused(w, "anna", GOOD, MN_E_RATE);
    world_reopen(w); /* that was in memory only */
    char secret[MN_SECRET_TEXT];
    mn_identity_unref(sign_in(w, "anna", secret));
}

/* ---- sessions ---- */

static void test_once(void **state)
{
    world *w = *state;
    char once[MN_ONCE_TEXT], secret[MN_SECRET_TEXT], other[MN_SECRET_TEXT];
    bool made = false;
    unsigned wait = 0;
    mn_identity *who = NULL;
    assert_ok(mn_core_first_user(w->core, once, &made, err));
    assert_true(made);
    assert_int_equal(strlen(once), 23);
    assert_ok(try_login(w->core, "admin", once, other, &who, &wait, err));
    mn_identity_unref(who);
    assert_ok(try_login(w->core, "admin", once, secret, &who, &wait, err));
    assert_true(mn_identity_describe(who).must_change);
    assert_true(mn_rights_none(&mn_identity_actor(who)->rights));
    mn_user *users = NULL;
    size_t n = 0;
    assert_code(mn_core_users(w->core, mn_identity_actor(who), NULL, 9, w->arena, &users, &n, err),
                MN_E_FORBIDDEN);
    assert_code(mn_core_password_change(w->core, who, NULL, "wrong", GOOD, &wait, err), MN_E_INVALID);
    assert_code(mn_core_password_change(w->core, who, NULL, once, "short", &wait, err), MN_E_INVALID);
    assert_code(mn_core_password_change(w->core, who, NULL, once, "Administrator 17x", &wait, err),
                MN_E_INVALID);
    assert_ok(mn_core_password_change(w->core, who, NULL, once, GOOD, &wait, err));
    mn_identity_unref(who);
    assert_int_equal(ask(w, other), MN_E_UNAUTHENTICATED); /* every other session ended */
    assert_ok(mn_core_session(w->core, secret, &who, err));
    assert_false(mn_identity_describe(who).must_change);
    assert_ok(mn_core_users(w->core, mn_identity_actor(who), NULL, 9, w->arena, &users, &n, err));
    assert_int_equal(n, 1);
    mn_identity_unref(who);
    assert_refused(w, "admin", once, MN_E_UNAUTHENTICATED);
    made = true;
    assert_ok(mn_core_first_user(w->core, once, &made, err));
    assert_false(made);
}

static void test_passwords(void **state)
{
    world *w = *state;
    const char *const bad[] = {
        "",           "ninechars",          "password123!",          "aaaaaaaaaaaa",
        "1234567890", "abcabcabcabc",       "Qwertyuiop99",          "my anna password",
        "abcdefghij", "tab\tin the middle", "\xff\xfe\xfd not utf-8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mn_error e = {0};
        if (mn_core_password_check(w->core, bad[i], "anna", "Anna Kern", &e) != MN_E_INVALID || !e.text[0])
            fail_msg("\"%s\" was allowed", bad[i]);
    }
    assert_ok(mn_core_password_check(w->core, GOOD, "anna", "Anna Kern", err));
    assert_ok(mn_core_password_check(w->core, "schöne Wörter viele", "an", NULL, err));
    char once[MN_ONCE_TEXT], again[MN_ONCE_TEXT];
    mn_password_once(once);
    mn_password_once(again);
    assert_string_not_equal(once, again);
}

static void test_sessions_end(void **state)
{
    world *w = *state;
    char a[MN_SECRET_TEXT], b[MN_SECRET_TEXT], c[MN_SECRET_TEXT];
    add_user(w, "anna", "operator");
    add_user(w, "bert", "operator");
    mn_identity *first = sign_in(w, "anna", a), *second = sign_in(w, "anna", b),
                *bert = sign_in(w, "bert", c);
    mn_session *all = NULL;
    size_t n = 0;
    const mn_id one = mn_identity_describe(first).session, two = mn_identity_describe(second).session;
    const mn_actor *anna = mn_identity_actor(second);
    const mn_session_query every = {.limit = 9};
    assert_ok(mn_core_sessions(w->core, anna, &every, w->arena, &all, &n, err));
    assert_int_equal(n, 2);
    assert_string_equal(all[0].program, "test");
    static const uint8_t none[32];
    assert_memory_equal(all[0].hash, none, 32); /* not told */
    assert_code(mn_core_session_end(w->core, mn_identity_actor(bert), &one, err), MN_E_NOT_FOUND);
    assert_int_equal(ask(w, a), MN_OK);
    assert_ok(mn_core_session_end(w->core, anna, &one, err));
    assert_int_equal(ask(w, a), MN_E_UNAUTHENTICATED);
    assert_int_equal(ask(w, b), MN_OK);
    mn_identity_unref(first);
    first = sign_in(w, "anna", a);
    assert_ok(mn_core_sessions_end(w->core, anna, &two, err));
    assert_int_equal(ask(w, a), MN_E_UNAUTHENTICATED);
    assert_int_equal(ask(w, b), MN_OK);
    assert_ok(mn_core_sessions_end(w->core, anna, NULL, err));
    assert_int_equal(ask(w, b), MN_E_UNAUTHENTICATED);
    assert_int_equal(ask(w, c), MN_OK);
    mn_identity_unref(first);
    mn_identity_unref(second);
    mn_identity_unref(bert);
    assert_code(mn_core_sessions(w->core, &ann, &every, w->arena, &all, &n, err), MN_E_INVALID);
}

static void test_sessions_run_out(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT];
    const mn_user anna = add_user(w, "anna", "operator");
    mn_identity *who = sign_in(w, "anna", secret);
    mn_session s;
    const mn_id id = mn_identity_describe(who).session;
    mn_identity_unref(who);
    assert_int_equal(ask(w, secret), MN_OK);
    assert_ok(w->core->store->ops->access->session_get(w->core->store, &id, w->arena, &s, err));
    const mn_time now = mn_time_now();
    /* Used long ago: it is idle, however much is left of it. */
    assert_ok(
        w->core->store->ops->access->session_seen(w->core->store, &id, now - 3601 * MN_TIME_SECOND, err));
    world_reopen(w);
    assert_int_equal(ask(w, secret), MN_E_UNAUTHENTICATED);
    /* Used just now in another process: not idle. */
    assert_ok(w->core->store->ops->access->session_seen(w->core->store, &id, now, err));
    assert_int_equal(ask(w, secret), MN_OK);
    assert_ok(mn_core_sessions_expire(w->core, err));
    assert_int_equal(ask(w, secret), MN_OK);
    /* Over, however lately it was used. */
    s.id = mn_id_make();
    s.until = now - 1;
    s.seen = now;
    mn_secret_make(w->core, 's', secret, s.hash);
    assert_ok(w->core->store->ops->access->session_put(w->core->store, &s, err));
    assert_int_equal(ask(w, secret), MN_E_UNAUTHENTICATED);
    assert_ok(mn_core_sessions_expire(w->core, err));
    mn_session *all = NULL;
    size_t n = 0;
    const mn_session_query hers = {.user = anna.id, .limit = 9};
    assert_ok(w->core->store->ops->access->session_list(w->core->store, &hers, w->arena, &all, &n, err));
    assert_int_equal(n, 1);
}

static void test_what_changes_takes_effect(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT];
    const char *const auditor[] = {"auditor"};
    const bool yes = true, no = false;
    mn_user anna = add_user(w, "anna", "operator"), u;
    mn_identity_unref(sign_in(w, "anna", secret));
    const mn_user_fields fewer = {.roles = auditor, .n_roles = 1}, off = {.disabled = &yes},
                         on = {.disabled = &no};
    mn_identity *who = NULL;
    assert_ok(mn_core_user_change(w->core, &ann, &anna.id, &fewer, &anna.updated, w->arena, &u, err));
    assert_ok(mn_core_session(w->core, secret, &who, err));
    assert_false(mn_rights_has(&mn_identity_actor(who)->rights, MN_R_ACTIONS, MN_VERB_SEARCH));
    assert_true(mn_rights_has(&mn_identity_actor(who)->rights, MN_R_AUDIT, MN_VERB_VIEW));
    mn_identity_unref(who);
    assert_code(mn_core_user_change(w->core, &ann, &anna.id, &off, &anna.updated, w->arena, &u, err),
                MN_E_PRECONDITION);
    assert_ok(mn_core_user_change(w->core, &ann, &anna.id, &off, &u.updated, w->arena, &u, err));
    assert_int_equal(ask(w, secret), MN_E_UNAUTHENTICATED);
    assert_refused(w, "anna", GOOD, MN_E_FORBIDDEN);
    assert_refused(w, "anna", "wrong", MN_E_UNAUTHENTICATED); /* only who knows the password is told */
    assert_ok(mn_core_user_change(w->core, &ann, &anna.id, &on, NULL, w->arena, &u, err));
    mn_identity_unref(sign_in(w, "anna", secret));
    assert_ok(mn_core_user_remove(w->core, &ann, &anna.id, NULL, err));
    assert_int_equal(ask(w, secret), MN_E_UNAUTHENTICATED);
}

static void test_another_process(void **state)
{
    world *w = *state;
    mn_core *other = NULL;
    char secret[MN_SECRET_TEXT];
    add_user(w, "anna", "operator");
    assert_ok(world_open(w, "test", &fp32_model, false, &other, err));
    mn_identity *who = sign_in(w, "anna", secret), *there = NULL;
    assert_ok(mn_core_session(other, secret, &there, err));
    mn_identity_unref(there);
    assert_int_equal(other->signin->n, 1);
    assert_ok(mn_core_sessions_end(w->core, mn_identity_actor(who), NULL, err));
    other->signin->asked_ns = 0; /* a second later */
    assert_code(mn_core_session(other, secret, &there, err), MN_E_UNAUTHENTICATED);
    mn_identity_unref(who);
    mn_core_close(other);
}

/* ---- tokens ---- */

static void test_tokens(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT], session[MN_SECRET_TEXT];
    mn_user anna = add_user(w, "anna", "operator");
    mn_rights rights, too_much;
    assert_ok(mn_rights_parse_all("people.view actions.search", &rights, err));
    assert_ok(mn_rights_parse_all("people.view audit.export", &too_much, err));
    const mn_token_fields f = {.name = "door", .user = &anna.id, .rights = &rights, .until = MN_TIME_NEVER},
                          much = {.name = "door", .user = &anna.id, .rights = &too_much};
    mn_token t;
    mn_identity *who = NULL;
    assert_code(mn_core_token_add(w->core, &ann, &much, w->arena, &t, secret, err), MN_E_FORBIDDEN);
    assert_ok(mn_core_token_add(w->core, &ann, &f, w->arena, &t, secret, err));
    assert_int_equal(strlen(secret), 48);
    assert_memory_equal(secret, "mien_", 5);
    assert_ok(mn_core_token(w->core, secret, &who, err));
    assert_string_equal(mn_identity_actor(who)->name, "token:anna/door");
    assert_memory_equal(&mn_identity_actor(who)->rights, &rights, sizeof rights);
    assert_true(mn_id_is_nil(&mn_identity_actor(who)->user));
    char csrf[MN_SECRET_TEXT];
    mn_core_csrf(w->core, who, csrf);
    assert_string_equal(csrf, "");
    assert_false(mn_core_csrf_fits(w->core, who, ""));
    mn_identity_unref(who);
    assert_int_equal(ask(w, secret), MN_E_UNAUTHENTICATED); /* a token is no session */
    assert_ok(mn_core_token_get(w->core, &ann, &t.id, w->arena, &t, err));
    assert_true(t.used > 0);

    /* Fewer rights of the user are fewer of the token. */
    const char *const auditor[] = {"auditor"};
    const mn_user_fields fewer = {.roles = auditor, .n_roles = 1};
    mn_user u;
    assert_ok(mn_core_user_change(w->core, &ann, &anna.id, &fewer, NULL, w->arena, &u, err));
    assert_ok(mn_core_token(w->core, secret, &who, err));
    assert_false(mn_rights_has(&mn_identity_actor(who)->rights, MN_R_ACTIONS, MN_VERB_SEARCH));
    assert_true(mn_rights_has(&mn_identity_actor(who)->rights, MN_R_PEOPLE, MN_VERB_VIEW));
    mn_identity_unref(who);

    /* One's own are seen and revoked without a right to tokens; those of others are not there. */
    add_user(w, "bert", "operator");
    mn_identity *bert = sign_in(w, "bert", session);
    assert_code(mn_core_token_get(w->core, mn_identity_actor(bert), &t.id, w->arena, &t, err),
                MN_E_NOT_FOUND);
    assert_code(mn_core_token_revoke(w->core, mn_identity_actor(bert), &t.id, NULL, err), MN_E_NOT_FOUND);
    mn_identity_unref(bert);
    mn_identity *own = sign_in(w, "anna", session);
    mn_token *all = NULL;
    size_t n = 0;
    const mn_token_query every = {.active = MN_ANY, .used_to = MN_TIME_NEVER, .limit = 9};
    assert_ok(mn_core_tokens(w->core, mn_identity_actor(own), &every, w->arena, &all, &n, err));
    assert_int_equal(n, 1);
    assert_ok(mn_core_token_revoke(w->core, mn_identity_actor(own), &t.id, NULL, err));
    mn_identity_unref(own);
    assert_int_equal(ask_token(w, secret), MN_E_UNAUTHENTICATED);
}

static void test_token_ends(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT];
    mn_user anna = add_user(w, "anna", "operator");
    const mn_rights none = {{0}};
    const mn_token_fields past = {.name = "x", .user = &anna.id, .rights = &none, .until = 1},
                          f = {.name = "x", .user = &anna.id, .rights = &none};
    mn_token t;
    assert_code(mn_core_token_add(w->core, &ann, &past, w->arena, &t, secret, err), MN_E_INVALID);
    assert_ok(mn_core_token_add(w->core, &ann, &f, w->arena, &t, secret, err));
    assert_int_equal(ask_token(w, secret), MN_OK);
    mn_token stored;
    assert_ok(w->core->store->ops->access->token_get(w->core->store, &t.id, w->arena, &stored, err));
    stored.until = mn_time_now() - 1;
    assert_ok(w->core->store->ops->access->token_put(w->core->store, &stored, err));
    mn_identity_forget(w->core);
    assert_int_equal(ask_token(w, secret), MN_E_UNAUTHENTICATED);
}

/* ---- who may give what ---- */

static void test_nobody_gives_more_than_they_have(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT], once[MN_ONCE_TEXT];
    mn_rights hr;
    assert_ok(mn_rights_parse_all(
        "users.view users.create users.change users.delete roles.create roles.change people.view", &hr, err));
    const mn_role_fields f = {.name = "hr", .rights = &hr};
    mn_role r;
    assert_ok(mn_core_role_add(w->core, &ann, &f, w->arena, &r, err));
    mn_user eva = add_user(w, "eva", "hr"), root = add_user(w, "root", "administrator"), u;
    mn_identity *who = sign_in(w, "eva", secret);
    const mn_actor *hr_actor = mn_identity_actor(who);
    const char *const administrator[] = {"administrator"}, *const own[] = {"hr"};
    const mn_user_fields up = {.roles = administrator, .n_roles = 1},
                         mole = {.login = "mole", .name = "M", .roles = administrator, .n_roles = 1},
                         colleague = {.login = "colleague", .name = "C", .roles = own, .n_roles = 1};
    assert_code(mn_core_user_change(w->core, hr_actor, &eva.id, &up, NULL, w->arena, &u, err),
                MN_E_FORBIDDEN);
    assert_code(mn_core_user_add(w->core, hr_actor, &mole, w->arena, &u, once, err), MN_E_FORBIDDEN);
    assert_code(mn_core_user_reset(w->core, hr_actor, &root.id, GOOD, w->arena, &root, once, err),
                MN_E_FORBIDDEN);
    assert_code(mn_core_user_remove(w->core, hr_actor, &root.id, NULL, err), MN_E_FORBIDDEN);
    const mn_rights all = mn_rights_all();
    const mn_role_fields more = {.rights = &all}, new_role = {.name = "god", .rights = &all};
    assert_code(mn_core_role_change(w->core, hr_actor, "hr", &more, NULL, w->arena, &r, err), MN_E_FORBIDDEN);
    assert_code(mn_core_role_add(w->core, hr_actor, &new_role, w->arena, &r, err), MN_E_FORBIDDEN);
    assert_ok(mn_core_user_add(w->core, hr_actor, &colleague, w->arena, &u, once, err));
    assert_int_equal(strlen(once), 23);
    mn_identity_unref(who);
}

static mn_list list_of(world *w, const char *name)
{
    const mn_id account = {{0}};
    mn_list l;
    assert_ok(w->core->store->ops->list_by_name(w->core->store, &account, name, w->arena, &l, err));
    return l;
}

static void make_role(world *w, const char *name, const char *rights, const mn_list *list)
{
    mn_rights r;
    mn_role made;
    assert_ok(mn_rights_parse_all(rights, &r, err));
    const mn_role_fields f = {.name = name,
                              .rights = &r,
                              .set_lists = list != NULL,
                              .limited = list != NULL,
                              .lists = list ? &list->id : NULL,
                              .n_lists = list != NULL};
    assert_ok(mn_core_role_add(w->core, &ann, &f, w->arena, &made, err));
}

static mn_actor while_using(world *w, const mn_identity *who, mn_resource r, mn_verb verb)
{
    mn_actor actor;
    assert_ok(mn_identity_narrow(who, r, verb, w->arena, &actor, err));
    return actor;
}

/* A right of one list is none in another. */
static void test_roles_of_several_lists(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT];
    enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Bert", "guests", 2, 0);
    mn_list staff = list_of(w, "staff"), guests = list_of(w, "guests");
    make_role(w, "looks", "people.view people.search", &guests);
    make_role(w, "clears", "people.delete people.view", &staff);
    make_role(w, "counts", "license.view", NULL);
    const char *const roles[] = {"looks", "clears", "counts"};
    const mn_user_fields all = {.roles = roles, .n_roles = 3};
    mn_user eva = add_user(w, "eva", "looks");
    assert_ok(mn_core_user_change(w->core, &ann, &eva.id, &all, NULL, w->arena, &eva, err));
    mn_identity *who = sign_in(w, "eva", secret);
    assert_int_equal(mn_identity_actor(who)->n_lists, 2);

    mn_actor deletes = while_using(w, who, MN_R_PEOPLE, MN_VERB_DELETE);
    assert_int_equal(deletes.n_lists, 1);
    assert_memory_equal(&deletes.lists[0], &staff.id, sizeof(mn_id));
    assert_true(mn_rights_has(&deletes.rights, MN_R_PEOPLE, MN_VERB_VIEW));
    assert_true(mn_rights_has(&deletes.rights, MN_R_LICENSE, MN_VERB_VIEW));
    assert_false(mn_rights_has(&deletes.rights, MN_R_PEOPLE, MN_VERB_SEARCH)); /* of guests alone */
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &deletes, "Anna", w->arena, &v, err));
    assert_code(mn_core_person(w->core, &deletes, "Bert", w->arena, &v, err), MN_E_NOT_FOUND);

    mn_actor views = while_using(w, who, MN_R_PEOPLE, MN_VERB_VIEW);
    assert_int_equal(views.n_lists, 2);
    assert_false(mn_rights_has(&views.rights, MN_R_PEOPLE, MN_VERB_DELETE)); /* not in both */
    assert_ok(mn_core_person(w->core, &views, "Bert", w->arena, &v, err));

    mn_actor none = while_using(w, who, MN_R_USERS, MN_VERB_VIEW);
    assert_false(mn_rights_has(&none.rights, MN_R_USERS, MN_VERB_VIEW));
    mn_identity_unref(who);
}

static void test_roles(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT];
    enrol(w, "Anna", "staff", 1, 0);
    const mn_id account = {{0}};
    mn_list staff;
    assert_ok(w->core->store->ops->list_by_name(w->core->store, &account, "staff", w->arena, &staff, err));
    mn_rights view, more;
    assert_ok(mn_rights_parse_all("people.view", &view, err));
    assert_ok(mn_rights_parse_all("people.view people.search", &more, err));
    const mn_id nowhere = mn_id_make();
    mn_role_fields f = {.name = "reception",
                        .text = "Greets",
                        .rights = &view,
                        .set_lists = true,
                        .limited = true,
                        .lists = &nowhere,
                        .n_lists = 1};
    mn_role r;
    assert_code(mn_core_role_add(w->core, &ann, &f, w->arena, &r, err), MN_E_INVALID);
    f.lists = &staff.id;
    assert_ok(mn_core_role_add(w->core, &ann, &f, w->arena, &r, err));
    assert_code(mn_core_role_add(w->core, &ann, &f, w->arena, &r, err), MN_E_EXISTS);
    f.name = "operator";
    assert_code(mn_core_role_add(w->core, &ann, &f, w->arena, &r, err), MN_E_CONFLICT);
    f.name = "two words";
    assert_code(mn_core_role_add(w->core, &ann, &f, w->arena, &r, err), MN_E_INVALID);
    add_user(w, "eva", "reception");
    mn_identity *who = sign_in(w, "eva", secret);
    assert_true(mn_identity_actor(who)->limited);
    assert_int_equal(mn_identity_actor(who)->n_lists, 1);
    mn_person_view v;
    assert_ok(mn_core_person(w->core, mn_identity_actor(who), "Anna", w->arena, &v, err));
    mn_identity_unref(who);
    const mn_role_fields change = {.rights = &more, .set_lists = true};
    assert_ok(mn_core_role_change(w->core, &ann, "reception", &change, NULL, w->arena, &r, err));
    assert_string_equal(r.text, "Greets");
    assert_ok(mn_core_session(w->core, secret, &who, err));
    assert_false(mn_identity_actor(who)->limited);
    assert_true(mn_rights_has(&mn_identity_actor(who)->rights, MN_R_PEOPLE, MN_VERB_SEARCH));
    mn_identity_unref(who);
    assert_code(mn_core_role_remove(w->core, &ann, "reception", NULL, err), MN_E_CONFLICT); /* eva has it */
    assert_code(mn_core_role_remove(w->core, &ann, "auditor", NULL, err), MN_E_CONFLICT);
    assert_code(mn_core_role_remove(w->core, &ann, "none", NULL, err), MN_E_NOT_FOUND);
    mn_user eva;
    assert_ok(mn_core_user_find(w->core, &ann, "eva", w->arena, &eva, err));
    assert_ok(mn_core_user_remove(w->core, &ann, &eva.id, NULL, err));
    assert_ok(mn_core_role_remove(w->core, &ann, "reception", NULL, err));
    assert_ok(mn_core_role_find(w->core, &ann, "auditor", w->arena, &r, err));
    assert_true(mn_id_is_nil(&r.id));
    const char *const gone[] = {"reception"};
    const mn_user_fields nobody = {.login = "x", .name = "X", .password = GOOD, .roles = gone, .n_roles = 1};
    char once[MN_ONCE_TEXT];
    assert_code(mn_core_user_add(w->core, &ann, &nobody, w->arena, &eva, once, err), MN_E_INVALID);
}

static void test_the_last_administrator_stays(void **state)
{
    world *w = *state;
    mn_user anna = add_user(w, "anna", "administrator"), u;
    const char *const operator_role[] = {"operator"};
    const bool yes = true;
    const mn_user_fields down = {.roles = operator_role, .n_roles = 1}, off = {.disabled = &yes};
    assert_code(mn_core_user_remove(w->core, &ann, &anna.id, NULL, err), MN_E_CONFLICT);
    assert_code(mn_core_user_change(w->core, &ann, &anna.id, &down, NULL, w->arena, &u, err), MN_E_CONFLICT);
    assert_code(mn_core_user_change(w->core, &ann, &anna.id, &off, NULL, w->arena, &u, err), MN_E_CONFLICT);
    add_user(w, "bert", "administrator");
    assert_ok(mn_core_user_change(w->core, &ann, &anna.id, &off, NULL, w->arena, &u, err));
    mn_user bert;
    assert_ok(mn_core_user_find(w->core, &ann, "bert", w->arena, &bert, err));
    assert_code(mn_core_user_remove(w->core, &ann, &bert.id, NULL, err),
                MN_E_CONFLICT); /* anna is disabled */
}

/* ---- whose is a face that nobody knows? ---- */

static mn_token make_token(world *w, const mn_id *user, const char *name, const mn_list *only,
                           char secret[MN_SECRET_TEXT])
{
    mn_rights r;
    mn_token t;
    assert_ok(mn_rights_parse_all("actions.create attributes.view attributes.delete", &r, err));
    const mn_token_fields f = {.name = name,
                               .user = user,
                               .rights = &r,
                               .set_lists = true,
                               .limited = true,
                               .lists = &only->id,
                               .n_lists = 1};
    assert_ok(mn_core_token_add(w->core, &ann, &f, w->arena, &t, secret, err));
    return t;
}

static mn_id keep_stranger(world *w, const mn_identity *who)
{
    mn_temporary kept;
    const mn_temporary t = {.quality = 0.5f, .descriptor = make_face(w, 9, 0)->descriptor};
    assert_ok(mn_core_attribute_keep(w->core, mn_identity_actor(who), &t, 60, &kept, err));
    return kept.id;
}

static mn_code look(world *w, const mn_identity *who, const mn_id *id)
{
    mn_temporary t;
    return mn_core_attribute(w->core, mn_identity_actor(who), MN_R_ATTRIBUTES, MN_VERB_VIEW, id, w->arena, &t,
                             NULL);
}

static mn_identity *take_token(world *w, const char *secret)
{
    mn_identity *who = NULL;
    assert_ok(mn_core_token(w->core, secret, &who, err));
    return who;
}

static void test_a_token_owns_what_it_brought(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT], namesake[MN_SECRET_TEXT];
    enrol(w, "Anna", "staff", 1, 0);
    const mn_list staff = list_of(w, "staff");
    const mn_user eva = add_user(w, "eva", "operator");
    mn_token t = make_token(w, &eva.id, "door", &staff, secret);
    make_token(w, &eva.id, "door", &staff, namesake);
    mn_identity *one = take_token(w, secret), *other = take_token(w, namesake);
    const mn_id face = keep_stranger(w, one);
    const mn_temporary_query q = {.limit = 9};
    mn_temporary *all = NULL;
    size_t n = 9;
    bool more = false;
    assert_int_equal(look(w, one, &face), MN_OK);
    assert_int_equal(look(w, other, &face), MN_E_NOT_FOUND);
    assert_ok(mn_core_attributes(w->core, mn_identity_actor(other), &q, w->arena, &all, &n, &more, err));
    assert_int_equal(n, 0);
    assert_code(mn_core_attribute_drop(w->core, mn_identity_actor(other), &face, err), MN_E_NOT_FOUND);
    mn_identity_unref(one);
    const mn_token_fields renamed = {.name = "gate"};
    assert_ok(mn_core_token_change(w->core, &ann, &t.id, &renamed, NULL, w->arena, &t, err));
    one = take_token(w, secret);
    assert_string_equal(mn_identity_actor(one)->name, "token:eva/gate");
    assert_int_equal(look(w, one, &face), MN_OK);
    assert_int_equal(look(w, other, &face), MN_E_NOT_FOUND);
    assert_ok(mn_core_attributes(w->core, mn_identity_actor(one), &q, w->arena, &all, &n, &more, err));
    assert_int_equal(n, 1);
    mn_identity_unref(one);
    mn_identity_unref(other);
}

/* In each of their sessions; whoever gets their login name after them is somebody else. */
static void test_a_user_owns_what_they_brought(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT];
    mn_id face = {{0}};
    enrol(w, "Anna", "staff", 1, 0);
    const mn_list staff = list_of(w, "staff");
    const mn_user_fields kept = {.set_lists = true, .limited = true, .lists = &staff.id, .n_lists = 1};
    for (int time = 0; time < 2; time++) {
        mn_user eva = add_user(w, "eva", "operator");
        assert_ok(mn_core_user_change(w->core, &ann, &eva.id, &kept, NULL, w->arena, &eva, err));
        mn_identity *here = sign_in(w, "eva", secret), *there = sign_in(w, "eva", secret);
        if (time == 0)
            face = keep_stranger(w, here);
        assert_int_equal(look(w, here, &face), time == 0 ? MN_OK : MN_E_NOT_FOUND);
        assert_int_equal(look(w, there, &face), time == 0 ? MN_OK : MN_E_NOT_FOUND);
        mn_identity_unref(here);
        mn_identity_unref(there);
        assert_ok(mn_core_user_remove(w->core, &ann, &eva.id, NULL, err));
    }
}

/* ---- more than one at a time, and no memory ---- */

typedef struct {
    world *w;
    const char *secret;
    int refused;
} asker;

static void *ask_often(void *p)
{
    asker *a = p;
    for (int i = 0; i < 3000; i++)
        a->refused += ask(a->w, a->secret) != MN_OK;
    return NULL;
}

static void test_threads(void **state)
{
    world *w = *state;
    char stays[MN_SECRET_TEXT], goes[MN_SECRET_TEXT];
    add_user(w, "anna", "operator");
    mn_identity_unref(sign_in(w, "anna", stays));
    asker a[4];
    pthread_t t[4];
    for (int i = 0; i < 4; i++) {
        a[i] = (asker){.w = w, .secret = stays};
        assert_int_equal(pthread_create(&t[i], NULL, ask_often, &a[i]), 0);
    }
    for (int i = 0; i < 10; i++) {
        mn_identity *who = sign_in(w, "anna", goes);
        const mn_id id = mn_identity_describe(who).session;
        assert_ok(mn_core_session_end(w->core, mn_identity_actor(who), &id, err));
        mn_identity_unref(who);
        assert_int_equal(ask(w, goes), MN_E_UNAUTHENTICATED);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(a[i].refused, 0);
    }
}

static void test_no_memory(void **state)
{
    world *w = *state;
    char secret[MN_SECRET_TEXT] = "untouched";
    mn_user anna = add_user(w, "anna", "operator");
    mn_code code = MN_E_MEMORY;
    for (long n = 1; code != MN_OK && n < 500; n++) {
        mn_identity *who = NULL;
        unsigned wait = 0;
        mn_error e = {0};
        mn_alloc_fail_at(n);
        code = try_login(w->core, "anna", GOOD, secret, &who, &wait, &e);
        mn_alloc_fail_at(0);
        if (code != MN_OK) {
            assert_int_equal(code, MN_E_MEMORY);
            assert_string_equal(secret, "untouched");
            assert_null(who);
        }
        mn_identity_unref(who);
    }
    assert_int_equal(code, MN_OK);
    mn_session *all = NULL;
    size_t n = 0;
    const mn_session_query hers = {.user = anna.id, .limit = 99};
    assert_ok(w->core->store->ops->access->session_list(w->core->store, &hers, w->arena, &all, &n, err));
    assert_int_equal(n, 1);
    code = MN_E_MEMORY;
    for (long i = 1; code != MN_OK && i < 500; i++) {
        mn_identity_forget(w->core);
        mn_alloc_fail_at(i);
        code = ask(w, secret);
        mn_alloc_fail_at(0);
        assert_true(code == MN_OK || code == MN_E_MEMORY);
    }
    assert_int_equal(code, MN_OK);
}

static void in_postgres(mn_settings *s)
{
    cheap(s);
    place_in_postgres(s);
}

static void test_postgres_installed(void **state)
{
    (void)state;
    postgres_need();
    postgres_start();
    world_place = in_postgres;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest local[] = {T(test_nothing_secret_is_stored), cmocka_unit_test(test_waits_grow),
                                       T(test_threads), T(test_no_memory)};
    const struct CMUnitTest everywhere[] = {
        T(test_login),
        T(test_wrong),
        T(test_lock_out),
        T(test_known_places),
        T(test_address_waits),
        T(test_once),
        T(test_passwords),
        T(test_sessions_end),
        T(test_sessions_run_out),
        T(test_what_changes_takes_effect),
        T(test_another_process),
        T(test_tokens),
        T(test_token_ends),
        T(test_a_token_owns_what_it_brought),
        T(test_a_user_owns_what_they_brought),
        T(test_nobody_gives_more_than_they_have),
        T(test_roles),
        T(test_roles_of_several_lists),
        T(test_the_last_administrator_stays),
    };
#undef T
    world_place = cheap;
    int failed = cmocka_run_group_tests_name("here", local, NULL, NULL);
    failed += cmocka_run_group_tests_name("SQLite", everywhere, NULL, NULL);
    const struct CMUnitTest installed[] = {cmocka_unit_test(test_postgres_installed)};
    failed += cmocka_run_group_tests_name("is PostgreSQL installed?", installed, NULL, NULL);
    if (world_place == in_postgres)
        failed += cmocka_run_group_tests_name("PostgreSQL", everywhere, NULL, NULL);
    return failed;
}
