/* Between the end of consent and erasure: nobody is found, what is stored is destroyed when the time has
 * come, whatever happens to the process, and a new consent takes it back. The clock is moved, nobody waits.
 */
#include "core/attributes.h"
#include "core/export.h"
#include "core/records.h"
#include "store/postgres_server.h"
#include "support.h"
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOUR     (MN_TIME_DAY / 24)
#define IDENTIFY MN_PURPOSE_IDENTIFICATION

static mn_time shifted;
static bool in_postgres;

static void later(mn_time by)
{
    mn_time_shift(by);
    shifted += by;
}

static int teardown(void **state)
{
    int rc = world_teardown(state);
    mn_time_shift(-shifted);
    shifted = 0;
    return rc;
}

static void place(mn_settings *s)
{
    assert_ok(mn_settings_set(s, MN_S_CONSENT_GRACE, "48", "test", err));
    if (in_postgres)
        assert_ok(mn_settings_set(s, MN_S_STORE_URL, postgres_url(postgres_new_schema()), "test", err));
}

static size_t expire(world *w)
{
    mn_expired gone = {99, 99};
    assert_ok(mn_core_expire(w->core, &ann, &gone, err));
    return gone.people;
}

static mn_person_view view(world *w, const char *name)
{
    mn_person_view v = {0};
    assert_ok(mn_core_person(w->core, &ann, name, w->arena, &v, err));
    return v;
}

static bool has_key(world *w, const mn_id *person)
{
    const uint8_t *key;
    size_t n;
    mn_code code = w->core->store->ops->key_get(w->core->store, person, w->arena, &key, &n, NULL);
    assert_true(code == MN_OK || code == MN_E_NOT_FOUND);
    return code == MN_OK;
}

static void assert_in(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
}

static void test_withdrawal(void **state)
{
    world *w = *state;
    char detail[512];
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    assert_true(view(w, "Anna").erasure_due == MN_TIME_NEVER);
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    mn_time asked = mn_time_now();
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &a.person, IDENTIFY, err));
    assert_int_equal(look_for(w, w->core, 1).n, 0); /* at once */
    assert_int_equal(count_audit(w, "consent.withdraw", detail, sizeof detail), 1);
    assert_in(detail, "\"key_destroyed\":false");
    mn_person_view v = view(w, "Anna");
    assert_int_equal(v.n_faces, 1);
    assert_true(has_key(w, &a.person));
    assert_true(v.erasure_due >= asked + 48 * HOUR && v.erasure_due <= mn_time_now() + 48 * HOUR);

    later(47 * HOUR);
    assert_int_equal(expire(w), 0);
    assert_int_equal(view(w, "Anna").n_faces, 1);
    later(2 * HOUR);
    assert_int_equal(expire(w), 1);
    v = view(w, "Anna");
    assert_int_equal(v.n_faces, 0);
    assert_int_equal(v.n_consents, 1); /* the proof */
    assert_true(v.erasure_due == MN_TIME_NEVER);
    assert_false(has_key(w, &a.person));
    assert_int_equal(count_audit(w, "biometrics.erase", detail, sizeof detail), 1);
    assert_in(detail, "\"why\":\"withdrawn\"");
    assert_in(detail, "\"faces\":1,\"key\":\"");
    assert_in(detail, "\"key_destroyed\":true,\"samples\":1");
    assert_int_equal(expire(w), 0); /* once */
    assert_int_equal(count_audit(w, "biometrics.erase", NULL, 0), 1);
}

/* What the certificate names is the key that was there: somebody with a backup can tell. */
static void test_key_is_named(void **state)
{
    world *w = *state;
    char detail[512], id[MN_KEY_ID_TEXT], want[64];
    mn_key *key = NULL;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    assert_ok(mn_core_person_key(w->core, &a.person, w->arena, &key, err));
    mn_key_id(key, id);
    mn_key_close(key);
    assert_int_equal(strlen(id), 16);
    assert_ok(mn_core_erase_now(w->core, &ann, &a.person, err));
    assert_int_equal(count_audit(w, "person.erase", detail, sizeof detail), 1);
    snprintf(want, sizeof want, "\"key\":\"%s\"", id);
    assert_in(detail, want);
}

static mn_enrolment enrol_until(world *w, const char *name, unsigned who, mn_time until)
{
    mn_enrolment out = {0};
    mn_consent_given given = agreed(IDENTIFY);
    given.until = until;
    given.given = mn_time_now();
    assert_ok(try_enrol(w, name, "staff", &given, who, 0, &out, err));
    return out;
}

static void test_consent_runs_out(void **state)
{
    world *w = *state;
    char detail[512];
    mn_time end = mn_time_now() + HOUR;
    mn_enrolment a = enrol_until(w, "Anna", 1, end);
    enrol(w, "Bert", "staff", 2, 0);
    later(2 * HOUR);
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    assert_int_equal(expire(w), 0);
    assert_int_equal(count_audit(w, "consent.expire", detail, sizeof detail), 1);
    assert_in(detail, "\"key_destroyed\":false");
    assert_true(view(w, "Anna").erasure_due == end + 48 * HOUR); /* from the end, whoever looked when */
    later(24 * HOUR);
    assert_int_equal(expire(w), 0);
    assert_int_equal(count_audit(w, "consent.expire", NULL, 0), 1); /* once */
    later(24 * HOUR);
    assert_int_equal(expire(w), 1);
    assert_false(has_key(w, &a.person));
    assert_int_equal(count_audit(w, "biometrics.erase", detail, sizeof detail), 1);
    assert_in(detail, "\"why\":\"expired\"");
    assert_int_equal(look_for(w, w->core, 2).n, 1); /* nobody else */
}

/* The machine was off for longer than the grace period. */
static void test_overdue_at_opening(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol_until(w, "Anna", 1, mn_time_now() + HOUR);
    mn_enrolment b = enrol(w, "Bert", "staff", 2, 0), c = enrol(w, "Cleo", "staff", 3, 0);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &b.person, IDENTIFY, err));
    assert_ok(mn_core_erase(w->core, &ann, &c.person, err));
    later(100 * HOUR);
    world_reopen(w);
    assert_false(has_key(w, &a.person));
    assert_false(has_key(w, &b.person));
    mn_person_view v;
    assert_code(mn_core_person(w->core, &ann, "Cleo", w->arena, &v, err), MN_E_NOT_FOUND);
    assert_int_equal(count_audit(w, "biometrics.erase", NULL, 0), 2);
    assert_int_equal(count_audit(w, "person.erase", NULL, 0), 1);
}

static void test_erase(void **state)
{
    world *w = *state;
    char detail[512];
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    assert_ok(mn_core_erase(w->core, &ann, &a.person, err));
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    assert_int_equal(count_audit(w, "erasure.ask", detail, sizeof detail), 1);
    assert_in(detail, "{\"due\":\"");
    assert_int_equal(view(w, "Anna").n_faces, 1);
    world_reopen(w);
    later(24 * HOUR);
    assert_ok(mn_core_erase(w->core, &ann, &a.person, err)); /* asking again does not put it off */
    later(25 * HOUR);
    assert_int_equal(expire(w), 1);
    mn_person_view v;
    assert_code(mn_core_person(w->core, &ann, "Anna", w->arena, &v, err), MN_E_NOT_FOUND);
    assert_int_equal(count_audit(w, "person.erase", detail, sizeof detail), 1);
    assert_in(detail, "\"why\":\"asked\"");
    assert_in(detail, "\"consents\":1,");
}

static void test_erase_now(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0), b = enrol(w, "Bert", "staff", 2, 0);
    assert_ok(mn_core_erase_now(w->core, &ann, &a.person, err));
    assert_ok(mn_core_erase(w->core, &ann, &b.person, err));
    assert_ok(
        mn_core_erase_now(w->core, &ann, &b.person, err)); /* the rest of the grace period is given up */
    mn_store_counts c;
    assert_ok(mn_core_counts(w->core, &c, err));
    assert_int_equal(c.people, 0);
    assert_int_equal(count_audit(w, "person.erase", NULL, 0), 2);
    later(100 * HOUR);
    assert_int_equal(expire(w), 0);
}

/* A consent that is older than the withdrawal undoes nothing; one given after it does. */
static void test_new_consent_undoes_it(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0), out;
    const mn_consent_given old = agreed(IDENTIFY);
    assert_ok(mn_core_erase(w->core, &ann, &a.person, err));
    assert_code(try_enrol(w, "Anna", "staff", &old, 1, 1, &out, err), MN_E_CONSENT);
    later(HOUR);
    mn_consent_given again = agreed(IDENTIFY);
    again.given = mn_time_now();
    assert_ok(try_enrol(w, "Anna", "staff", &again, 1, 1, &out, err));
    assert_memory_equal(&out.person, &a.person, sizeof a.person);
    assert_true(view(w, "Anna").erasure_due == MN_TIME_NEVER);
    assert_int_equal(count_audit(w, "erasure.undo", NULL, 0), 1);
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    later(100 * HOUR);
    assert_int_equal(expire(w), 0);
    assert_int_equal(view(w, "Anna").n_faces, 2);
    /* And it can be asked for again, with a grace period of its own. */
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &a.person, IDENTIFY, err));
    later(47 * HOUR);
    assert_int_equal(expire(w), 0);
    later(2 * HOUR);
    assert_int_equal(expire(w), 1);
    assert_int_equal(view(w, "Anna").n_faces, 0);
}

/* Killed right after a withdrawal was acknowledged, and then again and again while what is due is destroyed.
 */
static void kill_while(world *w, void (*child)(world *w, int out), uint64_t *seed)
{
    int pipes[2];
    char byte;
    assert_int_equal(pipe(pipes), 0);
    mn_core_close(w->core);
    w->core = NULL;
    pid_t pid = mn_test_fork();
    if (pid == 0) {
        child(w, pipes[1]);
        for (;;)
            pause();
    }
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    usleep((useconds_t)(mn_test_random(seed) % 20000));
    assert_true(mn_test_kill(pid));
    close(pipes[0]);
}

#define DYING 40

static void withdraw_all(world *w, int out)
{
    mn_person_view *v = NULL;
    size_t n = 0;
    if (world_open(w, "test", &fp32_model, false, &w->core, NULL) != MN_OK ||
        mn_core_people(w->core, &ann, NULL, NULL, NULL, 100, w->arena, &v, &n, NULL) != MN_OK || n != DYING)
        _exit(3);
    for (size_t i = 0; i < n; i++) {
        mn_code code = i % 2 ? mn_core_erase(w->core, &ann, &v[i].person.id, NULL)
                             : mn_core_consent_withdraw(w->core, &ann, &v[i].person.id, IDENTIFY, NULL);
        if (code != MN_OK)
            _exit(4);
    }
    if (write(out, "x", 1) != 1)
        _exit(5);
}

static void destroy_them(world *w, int out)
{
    if (write(out, "x", 1) != 1 || world_open(w, "test", &fp32_model, false, &w->core, NULL) != MN_OK)
        _exit(6);
}

static void test_killed_in_between(void **state)
{
    world *w = *state;
    uint64_t seed = 5;
    mn_store_counts c;
    for (unsigned i = 0; i < DYING; i++) {
        char name[32];
        snprintf(name, sizeof name, "Person %u", i);
        enrol(w, name, "staff", i + 1, 0);
    }
    kill_while(w, withdraw_all, &seed);
    later(49 * HOUR);
    for (int i = 0; i < 6; i++)
        kill_while(w, destroy_them, &seed);
    assert_ok(world_open(w, "test", &fp32_model, false, &w->core, err));
    assert_ok(mn_core_counts(w->core, &c, err));
    assert_int_equal(c.people, DYING / 2); /* those who withdrew, as proof */
    assert_int_equal(c.faces, 0);
    assert_int_equal(count_audit(w, "biometrics.erase", NULL, 0), DYING / 2); /* one certificate each */
    assert_int_equal(count_audit(w, "person.erase", NULL, 0), DYING / 2);
}

static void test_housekeeping(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &a.person, IDENTIFY, err));
    assert_code(mn_core_keep_house(w->core, 0, NULL, NULL, err), MN_E_INVALID);
    assert_ok(mn_core_keep_house(w->core, 1, NULL, NULL, err));
    assert_code(mn_core_keep_house(w->core, 1, NULL, NULL, err), MN_E_INTERNAL);
    assert_true(has_key(w, &a.person));
    later(49 * HOUR);
    while (has_key(w, &a.person))
        usleep(10000);
}

static void test_postgres_installed(void **state)
{
    (void)state;
    postgres_need();
    postgres_start();
    in_postgres = true;
}

/* ---- faces in memory ---- */

static mn_code keep(world *w, const mn_id *person, int64_t seconds, mn_temporary *out, mn_error *err)
{
    mn_temporary t = {.person = *person, .quality = 0.5f, .descriptor = make_face(w, 1, 1)->descriptor};
    return mn_core_attribute_keep(w->core, &ann, &t, seconds, out, err);
}

static mn_code use(world *w, const mn_temporary *t, mn_error *err)
{
    mn_temporary got;
    return mn_core_attribute(w->core, &ann, MN_R_ACTIONS, MN_VERB_VIEW, &t->id, w->arena, &got, err);
}

static size_t people_in_memory(world *w)
{
    mn_id people[8], after = {{0}};
    return mn_temporary_people(w->core->temporary, &after, people, 8);
}

/* Whichever process takes the withdrawal, an attribute that was kept before is gone at once, however short
 * its time; and none stays in memory when the next look for what ended is done. */
static void test_attributes_end_with_the_consent(void **state)
{
    world *w = *state;
    mn_core *other = NULL;
    mn_consent more;
    mn_temporary a, b, both;
    const mn_consent_given live = agreed(MN_PURPOSE_LIVE);
    const mn_id anna = enrol(w, "Anna", "staff", 1, 0).person, bert = enrol(w, "Bert", "staff", 2, 0).person,
                cleo = enrol(w, "Cleo", "staff", 3, 0).person;
    assert_ok(mn_core_consent_give(w->core, &ann, &cleo, &live, w->arena, &more, err));
    assert_ok(world_open(w, "test", &fp32_model, false, &other, err));
    assert_ok(keep(w, &anna, 600, &a, err));
    assert_ok(keep(w, &bert, 600, &b, err));
    assert_ok(keep(w, &cleo, 86400, &both, err));
    assert_ok(use(w, &a, err));
    assert_ok(mn_core_consent_withdraw(other, &ann, &anna, IDENTIFY, err));
    assert_ok(mn_core_consent_withdraw(other, &ann, &bert, IDENTIFY, err));
    assert_ok(mn_core_consent_withdraw(other, &ann, &cleo, IDENTIFY, err));
    assert_code(use(w, &a, err), MN_E_NOT_FOUND);
    assert_int_equal(people_in_memory(w), 2);
    expire(w);
    assert_int_equal(people_in_memory(w), 1);
    assert_ok(use(w, &both, err)); /* to live identification they agree still */
    assert_code(keep(w, &anna, 901, &a, err), MN_E_CONSENT);
    assert_ok(keep(w, &anna, 600, &a, err)); /* as of anybody */
    assert_ok(use(w, &a, err));
    expire(w);
    assert_ok(use(w, &a, err));
    assert_ok(mn_core_erase_now(other, &ann, &anna, err));
    assert_code(use(w, &a, err), MN_E_NOT_FOUND);
    assert_true(count_audit(w, "attribute.view", NULL, 0) >= 4);
    mn_core_close(other);
}

/* Until it is destroyed, a sample waits: it is neither shown nor worked on, and is there again with a new
 * consent. */
static void test_samples_wait(void **state)
{
    world *w = *state;
    mn_buf jpeg;
    mn_buf_init(&jpeg, 1 << 20);
    const mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0);
    assert_ok(mn_core_sample(w->core, &ann, &anna.face, &jpeg, err));
    size_t n = jpeg.len;
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &anna.person, IDENTIFY, err));
    assert_code(mn_core_sample(w->core, &ann, &anna.face, &jpeg, err), MN_E_CONSENT);
    assert_int_equal(jpeg.len, n);
    later(HOUR);
    mn_consent_given again = agreed(IDENTIFY);
    again.given = mn_time_now();
    mn_consent given;
    assert_ok(mn_core_consent_give(w->core, &ann, &anna.person, &again, w->arena, &given, err));
    assert_ok(mn_core_sample(w->core, &ann, &anna.face, &jpeg, err));
    mn_buf_finish(&jpeg);
}

typedef struct {
    unsigned people, vectors, samples;
} exported;

static mn_code take(void *ctx, const mn_export_person *p, mn_error *err)
{
    exported *x = ctx;
    (void)err;
    x->people++;
    for (size_t i = 0; i < p->view->n_faces; i++) {
        x->vectors += p->faces[i].v != NULL;
        x->samples += p->faces[i].jpeg != NULL;
    }
    return MN_OK;
}

/* Until it is destroyed, nothing biometric is given out of who agrees to nothing. */
static void test_export(void **state)
{
    world *w = *state;
    exported x = {0}, later_on = {0};
    uint64_t n = 0;
    mn_export what = {.reason = "moving", .vectors = true, .samples = true, .person = take, .ctx = &x};
    const mn_id anna = enrol(w, "Anna", "staff", 1, 0).person;
    enrol(w, "Bert", "staff", 2, 0);
    assert_ok(mn_core_export(w->core, &ann, &what, &n, err));
    assert_true(x.people == 2 && x.vectors == 2 && x.samples == 2);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &anna, IDENTIFY, err));
    what.ctx = &later_on;
    assert_ok(mn_core_export(w->core, &ann, &what, &n, err));
    assert_true(later_on.people == 2 && later_on.vectors == 1 && later_on.samples == 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_withdrawal),
        T(test_key_is_named),
        T(test_consent_runs_out),
        T(test_overdue_at_opening),
        T(test_erase),
        T(test_erase_now),
        T(test_new_consent_undoes_it),
        T(test_killed_in_between),
        T(test_housekeeping),
        T(test_attributes_end_with_the_consent),
        T(test_samples_wait),
        T(test_export),
    };
#undef T
    const struct CMUnitTest installed[] = {cmocka_unit_test(test_postgres_installed)};
    world_place = place;
    int failed = cmocka_run_group_tests_name("grace", tests, NULL, NULL);
    failed += cmocka_run_group_tests_name("PostgreSQL", installed, NULL, NULL);
    return in_postgres ? failed + cmocka_run_group_tests_name("grace in PostgreSQL", tests, NULL, NULL)
                       : failed;
}
