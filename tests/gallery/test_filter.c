/* Filters of a search, against the plain model: sets of people, ends, and both with lists. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DIM = 64, PEOPLE = 9000, FACES = 80000 };

typedef struct {
    model m;
    mn_gallery *g;
    bool in_set[PEOPLE], ended[PEOPLE];
    mn_id ids[PEOPLE];
    uint64_t seed;
} world;

static world *w;

static bool chosen(const model *m, size_t face)
{
    unsigned person = m->faces[face].person;
    if (m->filter.n_people > 0 && !w->in_set[person])
        return false;
    return !w->ended[person];
}

static int make(void **state)
{
    (void)state;
    w = calloc(1, sizeof *w);
    assert_non_null(w);
    model *m = &w->m;
    model_init(m, DIM, MN_METRIC_COSINE, PEOPLE);
    m->passes = chosen;
    mn_gallery_options o = {.dim = DIM, .threads = 2, .fetch = model_fetch, .fetch_ctx = m};
    assert_ok(mn_gallery_create(&o, &w->g, err));
    mn_gallery_entry *e = calloc(FACES, sizeof *e);
    assert_non_null(e);
    mn_id lists[2] = {model_list_id(0), model_list_id(1)};
    float v[DIM];
    for (size_t i = 0; i < FACES; i++) {
        unsigned person = (unsigned)(i * 7919 % PEOPLE);
        model_random_vector(m, &w->seed, v);
        size_t number = model_add(m, person, v);
        m->lists[person] = person % 100 == 0 ? 3 : 1;
        e[i] = (mn_gallery_entry){.face = model_face_id(number),
                                  .person = model_person_id(person),
                                  .lists = lists,
                                  .n_lists = person % 100 == 0 ? 2 : 1,
                                  .v = m->faces[number].v};
    }
    assert_ok(mn_gallery_add(w->g, e, FACES, err));
    free(e);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    mn_gallery_destroy(w->g);
    model_finish(&w->m);
    free(w);
    return 0;
}

static void compare_some(void)
{
    float probe[DIM];
    for (unsigned lists = 0; lists < 4; lists++) {
        model_random_vector(&w->m, &w->seed, probe);
        model_compare(&w->m, w->g, probe, lists, 1 + lists * 5, -INFINITY);
        model_compare(&w->m, w->g, probe, lists, 300, 0.2f);
    }
}

static void choose(size_t n)
{
    memset(w->in_set, 0, sizeof w->in_set);
    for (size_t i = 0; i < n; i++) {
        unsigned person = (unsigned)(mn_test_random(&w->seed) % PEOPLE);
        w->in_set[person] = true; /* some twice */
        w->ids[i] = model_person_id(person);
    }
    w->m.filter.people = w->ids;
    w->m.filter.n_people = n;
}

static void a_set_of_people(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 10, 500, 3000, PEOPLE};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        choose(sizes[i]);
        compare_some();
    }
    w->ids[0] = model_person_id(PEOPLE + 5); /* nobody */
    w->m.filter.n_people = 1;
    memset(w->in_set, 0, sizeof w->in_set);
    compare_some();
}

static void set_end(unsigned person, mn_time until, bool ended)
{
    model_exchange(&w->m, w->g, person, until);
    w->ended[person] = ended;
}

static void who_has_ended_is_not_found(void **state)
{
    (void)state;
    mn_time now = mn_time_now();
    for (unsigned p = 0; p < PEOPLE; p += 3)
        set_end(p, p % 2 ? now - MN_TIME_SECOND : 1, true);
    for (unsigned p = 1; p < PEOPLE; p += 3)
        set_end(p, now + MN_TIME_DAY, false);
    compare_some();
    choose(200);
    compare_some();
    for (unsigned p = 0; p < PEOPLE; p += 6)
        set_end(p, p % 4 ? 0 : MN_TIME_NEVER, false);
    w->m.filter.n_people = 0;
    compare_some();
}

/* The end comes by itself, and goes with the rows when they are moved. */
static void an_end_comes_without_a_write(void **state)
{
    (void)state;
    const mn_time end = mn_time_now() + MN_TIME_DAY;
    for (unsigned p = 0; p < 500; p++)
        set_end(p, end, false);
    for (unsigned p = 500; p < PEOPLE; p++) {
        if (p % 10 == 0)
            continue;
        mn_id id = model_person_id(p);
        assert_ok(mn_gallery_exchange(w->g, &id, 1, NULL, 0, err));
    }
    for (size_t i = w->m.n_alive; i-- > 0;) {
        unsigned p = w->m.faces[w->m.alive[i]].person;
        if (p >= 500 && p % 10 != 0)
            model_remove_face(&w->m, w->m.alive[i]);
    }
    assert_ok(mn_gallery_compact(w->g, err));
    compare_some();
    mn_time_shift(MN_TIME_DAY);
    for (unsigned p = 0; p < 500; p++)
        w->ended[p] = true;
    compare_some();
    mn_time_shift(-MN_TIME_DAY);
}

static void another_face_brings_a_new_end(void **state)
{
    (void)state;
    float v[DIM];
    set_end(5, 1, true);
    compare_some();
    model_random_vector(&w->m, &w->seed, v);
    model_add_both(&w->m, w->g, 5, v); /* for ever, as for all faces of that person */
    w->ended[5] = false;
    compare_some();
    choose(1);
    w->ids[0] = model_person_id(5);
    memset(w->in_set, 0, sizeof w->in_set);
    w->in_set[5] = true;
    compare_some();
    mn_gallery_entry bad[2] = {
        {.face = model_face_id(900000), .person = model_person_id(5), .v = v, .until = 1},
        {.face = model_face_id(1), .person = model_person_id(w->m.faces[1].person), .v = v}};
    assert_int_equal(mn_gallery_add(w->g, bad, 2, &(mn_error){0}), MN_E_EXISTS);
    compare_some(); /* a write that failed ended nobody */
}

/* What the processor did, whoever else keeps it busy. */
static int64_t work_ns(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* One person costs no scan. */
static void a_narrow_set_costs_little(void **state)
{
    (void)state;
    float probe[DIM];
    model_random_vector(&w->m, &w->seed, probe);
    mn_query q = {.probe = probe, .k = 1, .min_raw = -1};
    mn_candidate out;
    size_t n, searched;
    int64_t from = work_ns();
    for (int i = 0; i < 200; i++)
        assert_ok(mn_gallery_search(w->g, &q, &out, &n, &searched, err));
    int64_t wide = work_ns() - from;
    mn_id person = model_person_id(77);
    q.people = &person;
    q.n_people = 1;
    from = work_ns();
    for (int i = 0; i < 200; i++)
        assert_ok(mn_gallery_search(w->g, &q, &out, &n, &searched, err));
    int64_t narrow = work_ns() - from;
    assert_int_equal(searched, 1);
    assert_true(narrow < wide);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(a_set_of_people),
        WORLD(who_has_ended_is_not_found),
        WORLD(an_end_comes_without_a_write),
        WORLD(another_face_brings_a_new_end),
        WORLD(a_narrow_set_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
