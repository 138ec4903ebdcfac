/* Many people in one transaction, and single enrolments that share one: the same rules, and nothing half. */
#include "base/alloc.h"
#include "places.h"
#include "support.h"
#include "world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N 60

typedef struct {
    mn_enrol_record records[N];
    mn_enrol_result results[N];
    char names[N][24], pictures[N][24];
    mn_consent_given consent;
} crowd;

/* Nameless records `from` to `to` of people of these numbers. */
static crowd *make_crowd(world *w, size_t n)
{
    crowd *m = mn_arena_calloc(w->arena, 1, sizeof *m);
    assert_non_null(m);
    m->consent = agreed(MN_PURPOSE_IDENTIFICATION);
    for (size_t i = 0; i < n; i++) {
        snprintf(m->names[i], sizeof m->names[i], "Person %zu", i);
        snprintf(m->pictures[i], sizeof m->pictures[i], "picture %zu", i);
        mn_face *face = make_face(w, (unsigned)i + 1, 0);
        face->sample = NULL;
        m->records[i] =
            (mn_enrol_record){.person = {.name = m->names[i], .list = "staff", .consent = &m->consent},
                              .face = {.source = "a.jpg",
                                       .bytes = (const uint8_t *)m->pictures[i],
                                       .n = strlen(m->pictures[i]),
                                       .face = face,
                                       .min_quality = 0.3f}};
    }
    return m;
}

static void enrol_crowd(world *w, crowd *m, size_t n, size_t batch)
{
    const mn_enrol_options o = {.batch = batch};
    size_t done = 0;
    assert_ok(mn_core_enrol_many(w->core, &ann, m->records, n, &o, w->arena, m->results, &done, err));
    assert_int_equal(done, n);
}

static void assert_refused(const crowd *m, size_t i, mn_code want)
{
    if (m->results[i].code != want)
        fail_msg("record %zu: %s, wanted %s", i, mn_code_word(m->results[i].code), mn_code_word(want));
    assert_true(m->results[i].why[0]);
}

/* One bit of what wraps somebody's key. */
static void damage_key(world *w, const mn_id *person)
{
    mn_store *s = w->core->store;
    const uint8_t *wrapped = NULL;
    uint8_t copy[256];
    size_t n = 0;
    assert_ok(s->ops->key_get(s, person, w->arena, &wrapped, &n, err));
    assert_true(n <= sizeof copy);
    memcpy(copy, wrapped, n);
    copy[n / 2] ^= 16;
    assert_ok(s->ops->key_put(s, person, copy, n, err));
}

static void test_a_damaged_key_refuses_its_person_alone(void **state)
{
    world *w = *state;
    crowd *m = make_crowd(w, 3);
    enrol_crowd(w, m, 3, 100);
    const mn_id damaged = m->results[1].done.person;
    damage_key(w, &damaged);
    for (size_t i = 0; i < 3; i++)
        m->pictures[i][0] = 'P'; /* others than before */
    enrol_crowd(w, m, 3, 100);
    assert_refused(m, 1, MN_E_CORRUPT);
    assert_int_equal(m->results[0].code, MN_OK);
    assert_int_equal(m->results[2].code, MN_OK);
    mn_face_record *faces = NULL;
    size_t n = 0;
    assert_ok(
        w->core->store->ops->faces_of(w->core->store, &m->results[2].done.person, w->arena, &faces, &n, err));
    assert_int_equal(n, 2);
    damage_key(w, &damaged); /* whole again */
}

static void test_all_are_found(void **state)
{
    world *w = *state;
    crowd *m = make_crowd(w, N);
    char detail[400];
    enrol_crowd(w, m, N, 25); /* in three transactions */
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(m->results[i].code, MN_OK);
        assert_null(m->results[i].why);
        assert_int_equal(m->results[i].done.outcome, MN_ENROLLED);
        assert_true(m->results[i].done.person_is_new);
    }
    for (unsigned i = 0; i < N; i += 7) {
        mn_identification found = look_for(w, w->core, i + 1);
        assert_int_equal(found.n, 1);
        assert_int_equal(found.searched, N);
        assert_string_equal(found.matches[0].name, m->names[i]);
        assert_memory_equal(&found.matches[0].person, &m->results[i].done.person, sizeof(mn_id));
        assert_memory_equal(&found.matches[0].face, &m->results[i].done.face, sizeof(mn_id));
    }
    assert_int_equal(count_audit(w, "person.enrol", detail, sizeof detail), N);
    assert_non_null(strstr(detail, "\"list\":\"staff\""));
    assert_non_null(strstr(detail, "\"new\":true"));
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, "Person 3", w->arena, &v, err));
    assert_int_equal(v.n_consents, 1);
    assert_string_equal(v.consents[0].evidence, "cabinet 3");
    assert_int_equal(v.n_faces, 1);
    assert_string_equal(v.faces[0].source, "a.jpg");
}

static void test_again_is_passed_over(void **state)
{
    world *w = *state;
    crowd *m = make_crowd(w, 10), *again = make_crowd(w, 10);
    mn_store_counts c;
    enrol_crowd(w, m, 10, 0);
    enrol_crowd(w, again, 10, 0);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(again->results[i].code, MN_OK);
        assert_int_equal(again->results[i].done.outcome, MN_ENROLLED_ALREADY);
        assert_false(again->results[i].done.person_is_new);
        assert_memory_equal(&again->results[i].done.face, &m->results[i].done.face, sizeof(mn_id));
    }
    assert_ok(mn_core_counts(w->core, &c, err));
    assert_int_equal(c.faces, 10);
    assert_int_equal(c.consents, 10);
}

/* Records of one person in one batch, by external id and by name, and people who are there before. */
static void test_same_person_within_a_batch(void **state)
{
    world *w = *state;
    mn_enrolment old = enrol(w, "Olga", "staff", 100, 0);
    crowd *m = make_crowd(w, 9);
    for (size_t i = 0; i < 3; i++)
        m->records[i].person.external_id = "17"; /* the first one's name counts */
    m->records[2].person.list = "guests";
    m->records[3].person.name = "Person 0"; /* in staff: the one with the external id */
    m->records[4].person.name = "Olga";
    m->records[5].person.name = "Olga";
    m->records[6].person.name = "Person 0"; /* in guests: the same again */
    m->records[6].person.list = "guests";
    m->records[7].person.name = "Olga"; /* in another list: another one */
    m->records[7].person.list = "guests";
    enrol_crowd(w, m, 9, 0);
    const mn_id *first = &m->results[0].done.person;
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(m->results[i].code, MN_OK);
    const size_t same[] = {1, 2, 3, 6};
    for (size_t i = 0; i < 4; i++) {
        assert_memory_equal(&m->results[same[i]].done.person, first, sizeof *first);
        assert_false(m->results[same[i]].done.person_is_new);
    }
    assert_memory_equal(&m->results[4].done.person, &old.person, sizeof old.person);
    assert_memory_equal(&m->results[5].done.person, &old.person, sizeof old.person);
    assert_true(m->results[7].done.person_is_new);
    assert_true(m->results[8].done.person_is_new);
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, "17", w->arena, &v, err));
    assert_int_equal(v.n_faces, 5);
    assert_int_equal(v.n_lists, 2);
    assert_int_equal(v.n_consents, 1);
}

static size_t count_samples_of(world *w, const char *name, mn_person_view *v)
{
    size_t samples = 0;
    assert_ok(mn_core_person(w->core, &ann, name, w->arena, v, err));
    for (size_t i = 0; i < v->n_faces; i++)
        samples += !mn_id_is_nil(&v->faces[i].sample);
    return samples;
}

/* Many pictures of somebody who is there and has agreed again, and of somebody who is not: in two lists, with
 * one picture twice, consents of their own, and none stated. */
static void test_many_pictures_of_one(void **state)
{
    world *w = *state;
    mn_enrolment old = enrol(w, "Olga", "staff", 100, 0);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &old.person, MN_PURPOSE_IDENTIFICATION, err));
    crowd *m = make_crowd(w, 40);
    mn_consent_given anew = agreed(MN_PURPOSE_IDENTIFICATION), later = anew;
    anew.given = mn_time_now();
    later.given = anew.given + 1;
    later.evidence = "cabinet 4";
    for (unsigned i = 0; i < 40; i++) {
        m->records[i].person = (mn_enrol_person){.name = i < 20 ? "Olga" : "Nina", .list = "staff"};
        m->records[i].person.external_id = i < 20 ? NULL : "n";
        m->records[i].person.consent = i % 20 == 0 ? &anew : NULL;
        m->records[i].face.face = make_face(w, i < 20 ? 100 : 101, i);
    }
    m->records[19].person.consent = &later;
    m->records[25].person.list = m->records[26].person.list = "guests";
    m->records[25].person.consent = &anew; /* makes the list */
    m->records[9].face.bytes = m->records[8].face.bytes;
    m->records[9].face.n = m->records[8].face.n;
    enrol_crowd(w, m, 40, 0);
    for (size_t i = 0; i < 40; i++) {
        const mn_enrol_result *r = &m->results[i];
        if (r->code != MN_OK || r->done.outcome != (i == 9 ? MN_ENROLLED_ALREADY : MN_ENROLLED) ||
            r->done.person_is_new != (i == 20))
            fail_msg("record %zu: %s, %s", i, mn_code_word(r->code), r->why ? r->why : "another outcome");
        const mn_id *person = i < 20 ? &old.person : &m->results[20].done.person;
        assert_memory_equal(&r->done.person, person, sizeof *person);
    }
    assert_memory_equal(&m->results[9].done.face, &m->results[8].done.face, sizeof(mn_id));
    mn_person_view v;
    assert_int_equal(count_samples_of(w, "Olga", &v), 19);
    assert_int_equal(v.n_faces, 19);
    assert_int_equal(v.n_consents, 3);
    assert_int_equal(v.n_lists, 1);
    assert_int_equal(count_samples_of(w, "n", &v), 20);
    assert_int_equal(v.n_faces, 20);
    assert_int_equal(v.n_consents, 1);
    assert_int_equal(v.n_lists, 2);
    assert_int_equal(count_audit(w, "person.enrol", NULL, 0), 41);
    for (unsigned i = 0; i < 40; i += 3) { /* each sealed under the key of its person */
        mn_buf jpeg;
        mn_buf_init(&jpeg, 1 << 20);
        assert_ok(mn_core_sample(w->core, &ann, &m->results[i].done.face, &jpeg, err));
        mn_buf_finish(&jpeg);
    }
    assert_string_equal(look_for(w, w->core, 100).matches[0].name, "Olga");
    assert_string_equal(look_for(w, w->core, 101).matches[0].name, "Nina");
    world_reopen(w);
    assert_int_equal(look_for(w, w->core, 100).n, 1);
}

static void test_refused_records_hinder_no_other(void **state)
{
    world *w = *state;
    crowd *m = make_crowd(w, 12);
    mn_consent_given attendance = agreed(MN_PURPOSE_ATTENDANCE), past = m->consent;
    mn_store_counts c;
    mn_face worse = *m->records[5].face.face;
    past.until = mn_time_now() - 1;
    m->records[1].person.consent = NULL;        /* nobody knows them */
    m->records[2].person.consent = &attendance; /* the list is for identification */
    m->records[3].person.consent = &past;
    m->records[4].person.name = "";
    worse.quality.overall = 0.1f;
    m->records[5].face.face = &worse;
    m->records[6].face.face = NULL;
    m->records[7].person.list = "nobody's";
    m->records[7].person.consent = NULL; /* a list that would have to be made */
    enrol_crowd(w, m, 12, 0);
    assert_int_equal(m->results[0].code, MN_OK);
    assert_refused(m, 1, MN_E_CONSENT);
    assert_refused(m, 2, MN_E_PURPOSE);
    assert_refused(m, 3, MN_E_CONSENT);
    assert_refused(m, 4, MN_E_INVALID);
    assert_refused(m, 5, MN_E_QUALITY);
    assert_refused(m, 6, MN_E_INVALID);
    assert_refused(m, 7, MN_E_CONSENT);
    for (size_t i = 8; i < 12; i++)
        assert_int_equal(m->results[i].code, MN_OK);
    assert_ok(mn_core_counts(w->core, &c, err));
    assert_int_equal(c.people, 5);
    assert_int_equal(c.faces, 5);
    assert_int_equal(c.lists, 1);
    assert_int_equal(c.audit, 5);
}

static void test_withdrawn_is_refused_in_a_batch(void **state)
{
    world *w = *state;
    mn_enrolment old = enrol(w, "Olga", "staff", 100, 0);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &old.person, MN_PURPOSE_IDENTIFICATION, err));
    crowd *m = make_crowd(w, 3);
    m->records[1].person.name = "Olga"; /* with a consent that is older than the withdrawal */
    m->records[2].person.name = "Olga";
    m->records[2].person.consent = NULL;
    enrol_crowd(w, m, 3, 0);
    assert_int_equal(m->results[0].code, MN_OK);
    assert_refused(m, 1, MN_E_CONSENT);
    assert_refused(m, 2, MN_E_CONSENT);
    assert_int_equal(look_for(w, w->core, 100).n, 0);
}

static void test_all_or_nothing(void **state)
{
    world *w = *state;
    crowd *m = make_crowd(w, 8);
    const mn_enrol_options o = {.all_or_nothing = true, .batch = 2};
    mn_store_counts c;
    mn_error e = {0};
    size_t done = 9;
    m->records[6].person.consent = NULL;
    m->results[0].code = MN_E_BUSY;
    assert_int_equal(mn_core_enrol_many(w->core, &ann, m->records, 8, &o, w->arena, m->results, &done, &e),
                     MN_E_CONSENT);
    assert_non_null(strstr(e.text, "record 7: Person 6 is not enrolled yet"));
    assert_int_equal(done, 0);
    assert_int_equal(m->results[0].code, MN_E_BUSY); /* untouched */
    assert_ok(mn_core_counts(w->core, &c, err));
    assert_int_equal(c.people + c.lists + c.audit, 0);
    m->records[6].person.consent = &m->consent;
    assert_ok(mn_core_enrol_many(w->core, &ann, m->records, 8, &o, w->arena, m->results, &done, err));
    assert_int_equal(done, 8);
    assert_int_equal(m->results[7].code, MN_OK);
}

static void test_limits(void **state)
{
    world *w = *state;
    crowd *m = make_crowd(w, 1);
    size_t done = 9;
    mn_enrol_options o = {.batch = 4097};
    assert_code(mn_core_enrol_many(w->core, &ann, m->records, 1, &o, w->arena, m->results, &done, err),
                MN_E_LIMIT);
    o = (mn_enrol_options){.all_or_nothing = true};
    assert_code(mn_core_enrol_many(w->core, &ann, m->records, 4097, &o, w->arena, m->results, &done, err),
                MN_E_LIMIT);
    assert_ok(mn_core_enrol_many(w->core, &ann, NULL, 0, &o, w->arena, NULL, &done, err));
    assert_int_equal(done, 0);
    const mn_actor nobody = {.name = "test:nobody"};
    o = (mn_enrol_options){0};
    assert_code(mn_core_enrol_many(w->core, &nobody, m->records, 1, &o, w->arena, m->results, &done, err),
                MN_E_FORBIDDEN);
}

static void test_duplicates(void **state)
{
    world *w = *state;
    mn_enrolment old = enrol(w, "Olga", "staff", 3, 0);
    crowd *m = make_crowd(w, 4);
    mn_enrol_options o = {.look_for_duplicates = true};
    size_t done = 0;
    assert_ok(mn_core_enrol_many(w->core, &ann, m->records, 4, &o, w->arena, m->results, &done, err));
    assert_true(m->results[2].done.duplicate); /* person 3 */
    assert_memory_equal(&m->results[2].done.duplicate_person, &old.person, sizeof old.person);
    assert_string_equal(m->results[2].done.duplicate_name, "Olga");
    assert_false(m->results[1].done.duplicate);
}

static size_t count_samples(world *w)
{
    size_t n = 0;
    mn_person_view *v = NULL;
    assert_ok(mn_core_people(w->core, &ann, NULL, NULL, NULL, 1000, w->arena, &v, &n, err));
    size_t samples = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < v[i].n_faces; k++)
            samples += !mn_id_is_nil(&v[i].faces[k].sample);
    return samples;
}

static void test_samples(void **state)
{
    world *w = *state;
    crowd *m = make_crowd(w, 5);
    mn_buf jpeg;
    for (unsigned i = 0; i < 5; i++)
        m->records[i].face.face = make_face(w, i + 1, 0);
    enrol_crowd(w, m, 5, 0);
    assert_int_equal(count_samples(w), 5);
    mn_buf_init(&jpeg, 1 << 20);
    assert_ok(mn_core_sample(w->core, &ann, &m->results[4].done.face, &jpeg, err));
    assert_int_equal(jpeg.data[0], 0xff);
    mn_buf_finish(&jpeg);
}

/* Either all of the batch is there, or nothing of it. */
static void test_when_memory_fails(void **state)
{
    world *w = *state;
    crowd *m = make_crowd(w, 3);
    const mn_enrol_options o = {0};
    for (long n = 1;; n++) {
        mn_store_counts c;
        size_t done = 9;
        mn_arena *arena = mn_arena_create(1 << 20);
        mn_alloc_fail_at(n);
        mn_code code = mn_core_enrol_many(w->core, &ann, m->records, 3, &o, arena, m->results, &done, NULL);
        bool enough = mn_alloc_count() < n;
        mn_alloc_fail_at(0);
        mn_arena_destroy(arena);
        assert_ok(mn_core_counts(w->core, &c, err));
        assert_int_equal(c.people, code == MN_OK || done == 3 ? 3 : 0);
        if (code == MN_OK) {
            assert_true(enough);
            break;
        }
        assert_int_equal(code, MN_E_MEMORY);
        if (c.people == 3) /* stored, and no memory for the answer */
            break;
    }
}

/* ---- single enrolments that share a transaction ---- */

typedef struct {
    world *w;
    unsigned number;
    pthread_t thread;
    int enrolled, refused;
} worker;

#define WORKERS 6
#define EACH    12

static void *enrol_some(void *p)
{
    worker *k = p;
    world own = *k->w; /* with memory of its own */
    own.arena = mn_arena_create(64 << 20);
    assert_non_null(own.arena);
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    for (unsigned i = 0; i < EACH; i++) {
        char name[32];
        mn_enrolment out = {0};
        unsigned who = 1000 * (k->number + 1) + i;
        snprintf(name, sizeof name, "Worker %u person %u", k->number, i);
        const mn_enrol_person person = {
            .name = i % 4 == 3 ? "Shared" : name, .list = "staff", .consent = i % 6 == 5 ? NULL : &consent};
        mn_face *face = make_face(&own, who, 0);
        face->sample = NULL;
        const mn_enrol_face f = {.bytes = (const uint8_t *)name, .n = strlen(name), .face = face};
        mn_code code = mn_core_enrol(own.core, &ann, &person, &f, own.arena, &out, NULL);
        k->enrolled += code == MN_OK;
        k->refused += code == MN_E_CONSENT;
    }
    mn_arena_destroy(own.arena);
    return NULL;
}

static void test_enrolments_at_once(void **state)
{
    world *w = *state;
    worker workers[WORKERS];
    mn_person_view v;
    mn_store_counts c;
    enrol(w, "First", "staff", 1, 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (worker){.w = w, .number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, enrol_some, &workers[i]), 0);
    }
    int enrolled = 0, refused = 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        enrolled += workers[i].enrolled;
        refused += workers[i].refused;
    }
    assert_int_equal(enrolled + refused, WORKERS * EACH);
    /* 5 is refused always; 11 states nothing, and is "Shared", who is there by then. */
    assert_int_equal(refused, WORKERS);
    assert_ok(mn_core_person(w->core, &ann, "Shared", w->arena, &v, err)); /* one, whoever came first */
    assert_int_equal(v.n_faces, 3 * WORKERS);
    assert_int_equal(v.n_consents, 1);
    assert_ok(mn_core_counts(w->core, &c, err));
    assert_int_equal(c.faces, 1 + 11 * WORKERS);
    assert_int_equal(c.people, 1 + 1 + 8 * WORKERS);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_damaged_key_refuses_its_person_alone),
        T(test_all_are_found),
        T(test_again_is_passed_over),
        T(test_same_person_within_a_batch),
        T(test_many_pictures_of_one),
        T(test_refused_records_hinder_no_other),
        T(test_withdrawn_is_refused_in_a_batch),
        T(test_all_or_nothing),
        T(test_limits),
        T(test_duplicates),
        T(test_samples),
        T(test_when_memory_fails),
        T(test_enrolments_at_once),
    };
#undef T
    return run_in_both("enrol many", tests, tests);
}
