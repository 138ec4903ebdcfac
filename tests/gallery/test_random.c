/* Random operations on a gallery and on the plain model, compared after every search: 200 000 in each metric,
 * a million with MIEN_TEST_ALL=1, or as many as MIEN_TEST_OPERATIONS says. The gallery grows and shrinks
 * meanwhile, to nothing too. People end and come back; one search or several in a pass, through lists and
 * sets of people. The prefilter has a gallery of its own, for it needs many faces, and finds for certain only
 * what is near. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PEOPLE = 400, SET = 60, LARGE = 70000 };

typedef struct {
    model m; /* first: what `passes` gets is the world */
    mn_gallery *g;
    uint64_t seed;
    size_t n_people;
    bool *ended, *in_set; /* by person */
    mn_id set[SET];
    size_t wanted; /* faces, for a while */
    bool near;     /* what is searched for is near to a face, and only that is wanted */
    size_t added, removed, exchanged, searched, most, chunks;
} world;

static size_t below(world *w, size_t n)
{
    return (size_t)(mn_test_random(&w->seed) % n);
}

static bool passes(const model *m, size_t face)
{
    const world *w = (const world *)m;
    unsigned person = m->faces[face].person;
    return !w->ended[person] && (m->filter.n_people == 0 || w->in_set[person]);
}

static const model_face *some_face(world *w)
{
    const model *m = &w->m;
    if (m->n_alive == 0)
        return NULL;
    return &m->faces[m->alive[below(w, m->n_alive)]];
}

/* Of unit length, in any direction: nearly normal is enough. */
static void make_noise(world *w, float *v)
{
    double length = 0;
    for (int i = 0; i < w->m.dim; i++) {
        uint64_t bits = mn_test_random(&w->seed);
        v[i] = (float)(bits & 0xffff) + (float)(bits >> 16 & 0xffff) + (float)(bits >> 32 & 0xffff) -
               1.5f * 65535;
        length += (double)v[i] * (double)v[i];
    }
    for (int i = 0; i < w->m.dim; i++)
        v[i] /= (float)sqrt(length);
}

/* Something new, something near to a face that is there, or exactly a face that is there (a tie). */
static const float *a_vector(world *w, float *v)
{
    model *m = &w->m;
    const model_face *f = some_face(w);
    size_t kind = below(w, 8);
    make_noise(w, v);
    if (kind < 3 || !f)
        return v;
    if (kind == 3)
        return memcpy(v, f->v, (size_t)m->dim * sizeof(float));
    float noise = 0.02f * (float)(1 + below(w, 50));
    for (int i = 0; i < m->dim; i++)
        v[i] = f->v[i] + noise * v[i];
    if (m->metric == MN_METRIC_L2 && kind == 4) /* L2 models need not be of unit length */
        for (int i = 0; i < m->dim; i++)
            v[i] *= 1.7f;
    return v;
}

/* At cosine 0.85 and more. */
static const float *a_near_vector(world *w, float *v)
{
    const model_face *f = some_face(w);
    make_noise(w, v);
    for (int i = 0; i < w->m.dim; i++)
        v[i] = f->v[i] + 0.5f * v[i];
    return v;
}

static size_t lists_of(const world *w, unsigned person, mn_id lists[MODEL_LISTS])
{
    size_t n = 0;
    for (size_t i = 0; i < MODEL_LISTS; i++)
        if (w->m.lists[person] >> i & 1)
            lists[n++] = model_list_id(i);
    return n;
}

/* The end that comes with a face holds for all of the person's. */
static void add_faces(world *w, unsigned person, size_t n)
{
    enum { MOST = 40 };
    mn_gallery_entry entries[MOST];
    mn_id lists[MODEL_LISTS];
    float v[1024];
    static const mn_time ends[] = {0, MN_TIME_SECOND, MN_TIME_NEVER};
    size_t n_lists = lists_of(w, person, lists), first = w->m.n_faces, end = below(w, 20);
    w->ended[person] = end == 1;
    for (size_t i = 0; i < n; i++)
        (void)model_add(&w->m, person, a_vector(w, v));
    for (size_t i = 0; i < n; i++)
        entries[i] = (mn_gallery_entry){model_face_id(first + i), model_person_id(person), lists, n_lists,
                                        w->m.faces[first + i].v,  end < 3 ? ends[end] : 0};
    assert_ok(mn_gallery_add(w->g, entries, n, err));
    w->added += n;
}

static void add(world *w, size_t n)
{
    unsigned person = (unsigned)below(w, w->n_people);
    if (n == 1 && below(w, 8) == 0) /* also a change of lists by adding a face */
        w->m.lists[person] = (uint8_t)(below(w, 2) ? 1u << below(w, MODEL_LISTS) : below(w, 256));
    add_faces(w, person, n);
}

static void remove_one(world *w)
{
    model *m = &w->m;
    size_t i = m->n_faces ? m->n_faces - 1 - below(w, m->n_faces < 3000 ? m->n_faces : 3000) : 0;
    unsigned whose = m->n_faces ? m->faces[i].person : 0;
    if (m->n_faces && m->faces[i].alive) {
        model_remove_face(m, i);
        w->removed++;
    }
    model_exchange(m, w->g, whose, w->ended[whose] ? MN_TIME_SECOND : 0);
}

static void remove_everyone_of(world *w)
{
    unsigned person = (unsigned)below(w, w->n_people);
    mn_id id = model_person_id(person);
    size_t before = w->m.n_alive;
    assert_ok(mn_gallery_exchange(w->g, &id, 1, NULL, 0, err));
    model_remove_person(&w->m, person);
    assert_int_equal(mn_gallery_faces(w->g), w->m.n_alive);
    w->removed += before - w->m.n_alive;
}

/* Up to three people and their faces for others of theirs, lists and end included. */
static void exchange(world *w)
{
    enum { MOST = 9 };
    mn_gallery_entry entries[MOST];
    mn_id people[3], lists[3][MODEL_LISTS];
    float v[1024];
    size_t n = 0, n_people = 1 + below(w, 3), base = below(w, w->n_people);
    for (size_t i = 0; i < n_people; i++) {
        unsigned person = (unsigned)((base + i) % w->n_people);
        people[i] = model_person_id(person);
        model_remove_person(&w->m, person);
        w->m.lists[person] = (uint8_t)below(w, 256);
        w->ended[person] = below(w, 10) == 0;
        for (size_t faces = below(w, 4); faces > 0; faces--) {
            size_t number = model_add(&w->m, person, a_vector(w, v));
            entries[n++] = (mn_gallery_entry){.face = model_face_id(number),
                                              .person = people[i],
                                              .lists = lists[i],
                                              .n_lists = lists_of(w, person, lists[i]),
                                              .v = w->m.faces[number].v,
                                              .until = w->ended[person] ? MN_TIME_SECOND : 0};
        }
    }
    assert_ok(mn_gallery_exchange(w->g, people, n_people, entries, n, err));
    w->exchanged += n_people;
}

static void change_lists(world *w)
{
    unsigned person = (unsigned)below(w, w->n_people);
    w->m.lists[person] = (uint8_t)below(w, 256);
    model_exchange(&w->m, w->g, person, w->ended[person] ? MN_TIME_SECOND : 0);
}

/* Now and then only some people are wanted. */
static void choose_people(world *w)
{
    for (size_t i = 0; i < w->m.filter.n_people; i++) {
        uint64_t person;
        memcpy(&person, w->set[i].bytes + 8, sizeof person);
        w->in_set[person] = false;
    }
    w->m.filter.people = w->set;
    w->m.filter.n_people = below(w, 4) ? 0 : 1 + below(w, SET);
    for (size_t i = 0; i < w->m.filter.n_people; i++) {
        size_t person = below(w, w->n_people);
        w->set[i] = model_person_id(person);
        w->in_set[person] = true;
    }
}

static void search(world *w)
{
    static const size_t ks[] = {1, 1, 1, 2, 3, 10, 50, 1000};
    static float v[MN_GALLERY_QUERIES_MAX][1024];
    model_question asked[MN_GALLERY_QUERIES_MAX];
    size_t n = below(w, 100) ? 1 : 2 + below(w, MN_GALLERY_QUERIES_MAX - 1);
    float shift = w->m.metric == MN_METRIC_L2 ? 1.0f : 0.3f;
    choose_people(w);
    for (size_t i = 0; i < n; i++) {
        asked[i].lists = below(w, 2) ? 0 : (unsigned)below(w, 256);
        asked[i].min_raw = below(w, 3) ? -INFINITY : (float)below(w, 100) / 100 - shift;
        asked[i].k = ks[below(w, 8)];
        asked[i].probe = w->near ? a_near_vector(w, v[i]) : a_vector(w, v[i]);
        if (w->near) {
            asked[i].k = 1;
            asked[i].min_raw = 0.7f;
        }
    }
    model_compare_many(&w->m, w->g, asked, n);
    w->searched += n;
}

static void step(world *w)
{
    size_t dice = below(w, 1000), adding = w->m.n_alive < w->wanted ? 450 : 200;
    if (dice < adding)
        add(w, 1);
    else if (dice < adding + 2 && !w->near)
        add(w, 40);
    else if (dice < 650)
        remove_one(w);
    else if (dice < 690)
        remove_everyone_of(w);
    else if (dice < 700)
        change_lists(w);
    else if (dice < 710)
        exchange(w);
    else if (dice < 712)
        assert_ok(mn_gallery_compact(w->g, err));
    else
        search(w);
}

static world *make(int dim, mn_metric metric, size_t n_people, mn_prefilter prefilter)
{
    world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->seed = (uint64_t)dim;
    w->n_people = n_people;
    w->ended = calloc(n_people, sizeof *w->ended);
    w->in_set = calloc(n_people, sizeof *w->in_set);
    assert_true(w->ended && w->in_set);
    model_init(&w->m, dim, metric, n_people);
    w->m.passes = passes;
    const mn_gallery_options o = {.dim = dim,
                                  .metric = metric,
                                  .threads = 2,
                                  .cold_dir = metric == MN_METRIC_L2 ? "/tmp" : NULL,
                                  .fetch = model_fetch,
                                  .fetch_ctx = &w->m,
                                  .prefilter = prefilter};
    assert_ok(mn_gallery_create(&o, &w->g, err));
    return w;
}

static void run(world *w, size_t operations)
{
    static const size_t sizes[] = {0, 50, 100, 300, 300, 600, 2000};
    for (size_t i = 0; i < operations; i++) {
        if (i % 2000 == 0)
            w->wanted = w->near ? LARGE : sizes[below(w, 7)];
        step(w);
        if (i % 1000 == 0) {
            mn_gallery_stats s = mn_gallery_stats_get(w->g);
            assert_int_equal(s.faces, w->m.n_alive);
            w->most = s.faces > w->most ? s.faces : w->most;
            w->chunks = s.chunks > w->chunks ? s.chunks : w->chunks;
        }
    }
    print_message(
        "%d dimensions, %s: %zu added, %zu removed, %zu people exchanged, %zu searched, at most %zu faces in "
        "%zu chunks\n",
        w->m.dim, w->m.metric == MN_METRIC_L2 ? "L2" : "cosine", w->added, w->removed, w->exchanged,
        w->searched, w->most, w->chunks);
}

static void end(world *w)
{
    mn_gallery_destroy(w->g);
    model_finish(&w->m);
    free(w->ended);
    free(w->in_set);
    free(w);
}

static size_t operations(void)
{
    const char *text = getenv("MIEN_TEST_OPERATIONS"), *all = getenv("MIEN_TEST_ALL");
    if (text)
        return strtoul(text, NULL, 10);
    return all && strcmp(all, "1") == 0 ? 1000000 : 200000;
}

static void random_operations_by_cosine(void **state)
{
    (void)state;
    world *w = make(64, MN_METRIC_COSINE, PEOPLE, MN_PREFILTER_OFF);
    run(w, operations());
    end(w);
}

static void random_operations_by_distance(void **state)
{
    (void)state;
    world *w = make(100, MN_METRIC_L2, PEOPLE, MN_PREFILTER_OFF);
    run(w, operations());
    end(w);
}

static void random_operations_with_sketches(void **state)
{
    (void)state;
    world *w = make(256, MN_METRIC_COSINE, LARGE, MN_PREFILTER_ON);
    for (unsigned i = 0; i < LARGE; i++)
        add_faces(w, i, 1);
    assert_ok(mn_gallery_compact(w->g, err));
    assert_true(mn_gallery_stats_get(w->g).sketched > 0);
    w->near = true;
    run(w, operations() / 500);
    assert_true(mn_gallery_stats_get(w->g).sketched > 0);
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_by_cosine),
        cmocka_unit_test(random_operations_by_distance),
        cmocka_unit_test(random_operations_with_sketches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
