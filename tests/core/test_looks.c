/* Looks at people that come at the same time share a transaction: each has its record before its answer, and
 * one that is refused hinders no other. */
#include "support.h"
#include "world.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define THREADS 8
#define LOOKS   25

typedef struct {
    mn_core *core;
    mn_id person;
    mn_code code; /* what each look must come to */
    unsigned wrong;
} looker;

static void *look(void *ctx)
{
    looker *l = ctx;
    char ref[MN_ID_TEXT];
    mn_id_format(&l->person, ref);
    for (int i = 0; i < LOOKS; i++) {
        mn_person_view v = {0};
        mn_arena *a = mn_arena_create(1 << 20);
        mn_code code = mn_core_person(l->core, &ann, ref, a, &v, NULL);
        l->wrong += code != l->code || (code == MN_OK && mn_id_compare(&v.person.id, &l->person) != 0);
        mn_arena_destroy(a);
    }
    return NULL;
}

static void test_each_look_is_on_record(void **state)
{
    world *w = *state;
    pthread_t threads[THREADS];
    looker all[THREADS];
    mn_audit_report report;
    mn_enrolment one = enrol(w, "one", "staff", 1, 0), two = enrol(w, "two", "staff", 2, 0);
    for (int i = 0; i < THREADS; i++) {
        all[i] = (looker){.core = w->core, .person = i % 2 ? one.person : two.person};
        if (i == 0)
            all[i] = (looker){.core = w->core, .person = {{7}}, .code = MN_E_NOT_FOUND};
        assert_int_equal(pthread_create(&threads[i], NULL, look, &all[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(all[i].wrong, 0);
    }
    assert_int_equal(count_audit(w, "person.view", NULL, 0), 7 * 25);
    assert_ok(mn_core_audit_verify(w->core, &report, err));
}

/* ---- one transaction of several looks, by hand ---- */

typedef struct {
    const char *action; /* NULL: refused */
    unsigned records;
} plan;

static mn_code planned(mn_core *c, void *ctx, mn_arena *arena, mn_core_trail *trail, mn_error *err)
{
    (void)c;
    (void)arena;
    const plan *p = ctx;
    mn_code code = MN_OK;
    for (unsigned i = 0; code == MN_OK && i < p->records; i++)
        code = mn_core_trail_add(trail, &ann, p->action ? p->action : "refused", NULL,
                                 json_pack("{s:i}", "i", (int)i), err);
    return p->action ? code : mn_fail(err, MN_E_CONSENT, "refused");
}

static void test_refused_looks_leave_nothing(void **state)
{
    world *w = *state;
    plan few = {"few", 3}, many = {"many", 300}, none = {"none", 0}, refused = {NULL, 2};
    char detail[64];
    assert_ok(mn_core_look_on_record(w->core, planned, &few, w->arena, err));
    assert_ok(mn_core_look_on_record(w->core, planned, &many, w->arena, err));
    assert_ok(mn_core_look_on_record(w->core, planned, &none, w->arena, err));
    assert_code(mn_core_look_on_record(w->core, planned, &refused, w->arena, err), MN_E_CONSENT);
    assert_int_equal(count_audit(w, "few", detail, sizeof detail), 3);
    assert_string_equal(detail, "test:ann - {\"i\":2}");
    assert_int_equal(count_audit(w, "many", NULL, 0), 300);
    assert_int_equal(count_audit(w, "none", NULL, 0), 0);
    assert_int_equal(count_audit(w, "refused", NULL, 0), 0);
}

/* The faces of a picture: an answer and a record each, or none at all. */
static void test_several_probes(void **state)
{
    world *w = *state;
    mn_identification found[3];
    const mn_identify what = {.purpose = MN_PURPOSE_IDENTIFICATION, .k = 3, .fmr = 1e-3};
    enrol(w, "one", "staff", 1, 0);
    enrol(w, "two", "staff", 2, 0);
    mn_descriptor bad = make_face(w, 1, 1)->descriptor;
    const mn_descriptor *probes[] = {&make_face(w, 2, 1)->descriptor, &make_face(w, 9, 0)->descriptor,
                                     &make_face(w, 1, 1)->descriptor};
    assert_ok(mn_core_identify_each(w->core, &ann, &what, probes, 3, w->arena, found, err));
    assert_int_equal(found[0].n, 1);
    assert_string_equal(found[0].matches[0].name, "two");
    assert_int_equal(found[1].n, 0);
    assert_int_equal(found[1].searched, 2);
    assert_int_equal(found[2].n, 1);
    assert_string_equal(found[2].matches[0].name, "one");
    assert_int_equal(count_audit(w, "identify", NULL, 0), 3);
    assert_ok(mn_core_identify_each(w->core, &ann, &what, NULL, 0, w->arena, NULL, err));
    bad.dim--;
    probes[2] = &bad;
    assert_code(mn_core_identify_each(w->core, &ann, &what, probes, 3, w->arena, found, err), MN_E_PACK);
    assert_int_equal(count_audit(w, "identify", NULL, 0), 3);
}

/* ---- looks that nobody waits for ---- */

typedef struct {
    mn_holder holder; /* first */
    atomic_uint held, released, told;
    atomic_int why;
} answer;

static void hold(mn_holder *h)
{
    atomic_fetch_add(&((answer *)h)->held, 1);
}

static void release(mn_holder *h, const mn_error *why)
{
    answer *a = (answer *)h;
    atomic_store(&a->why, why ? (int)why->code : MN_OK);
    atomic_fetch_add(&a->told, why == NULL);
    atomic_fetch_add(&a->released, 1);
}

static void wait_for_release(answer *a)
{
    while (atomic_load(&a->released) < atomic_load(&a->held))
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    assert_int_equal(atomic_load(&a->released), atomic_load(&a->held));
}

static void look_often(world *w, const mn_actor *who, const mn_id *person, int n)
{
    char ref[MN_ID_TEXT];
    mn_id_format(person, ref);
    for (int i = 0; i < n; i++) {
        mn_person_view v = {0};
        assert_ok(mn_core_person(w->core, who, ref, w->arena, &v, err));
        assert_true(mn_id_compare(&v.person.id, person) == 0);
    }
}

static void test_answers_wait_and_callers_do_not(void **state)
{
    world *w = *state;
    mn_audit_report report;
    answer a = {.holder = {w->arena, hold, release}};
    mn_actor eve = ann;
    mn_enrolment one = enrol(w, "one", "staff", 1, 0);
    eve.holder = &a.holder;
    look_often(w, &eve, &one.person, 300);
    look_often(w, &ann, &one.person, 1); /* one that waits, among them */
    wait_for_release(&a);
    assert_int_equal(atomic_load(&a.held), 300);
    assert_int_equal(atomic_load(&a.told), 300);
    assert_int_equal(count_audit(w, "person.view", NULL, 0), 301);
    assert_ok(mn_core_audit_verify(w->core, &report, err));
}

static void test_what_waits_is_recorded_before_the_end(void **state)
{
    world *w = *state;
    answer a = {.holder = {w->arena, hold, release}};
    mn_actor eve = ann;
    mn_enrolment one = enrol(w, "one", "staff", 1, 0);
    eve.holder = &a.holder;
    look_often(w, &eve, &one.person, 20);
    world_reopen(w);
    assert_int_equal(atomic_load(&a.released), 20);
    assert_int_equal(atomic_load(&a.told), 20);
    assert_int_equal(count_audit(w, "person.view", NULL, 0), 20);
}

static mn_code disk_is_full(mn_store *s, mn_audit_record *r, size_t n, mn_error *err)
{
    (void)s;
    (void)r;
    (void)n;
    return mn_fail(err, MN_E_FULL, "no room left");
}

static void test_without_a_record_nothing_is_told(void **state)
{
    world *w = *state;
    answer a = {.holder = {w->arena, hold, release}};
    mn_actor eve = ann;
    mn_enrolment one = enrol(w, "one", "staff", 1, 0);
    const mn_store_ops *real = w->core->store->ops;
    mn_store_ops full = *real;
    full.audit_append_many = disk_is_full;
    w->core->store->ops = &full;
    eve.holder = &a.holder;
    look_often(w, &eve, &one.person, 3);
    wait_for_release(&a);
    w->core->store->ops = real;
    assert_int_equal(atomic_load(&a.held), 3);
    assert_int_equal(atomic_load(&a.told), 0);
    assert_int_equal(atomic_load(&a.why), MN_E_FULL);
    assert_int_equal(count_audit(w, "person.view", NULL, 0), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_each_look_is_on_record),           T(test_refused_looks_leave_nothing),
        T(test_answers_wait_and_callers_do_not),  T(test_what_waits_is_recorded_before_the_end),
        T(test_without_a_record_nothing_is_told), T(test_several_probes),
    };
    return cmocka_run_group_tests_name("looks", tests, NULL, NULL);
}
