/* Random operations on a gallery and on the plain model, compared after every search. MIEN_TEST_OPERATIONS
 * sets how many. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE 400

typedef struct {
    model m;
    mn_gallery *g;
    uint64_t seed;
    float v[1024];
    size_t added, removed, searched, most;
} world;

static size_t below(world *w, size_t n)
{
    return (size_t)(mn_test_random(&w->seed) % n);
}

/* Something new, something near to a face that is there, or exactly a face that is there (a tie). */
static const float *a_vector(world *w)
{
    model *m = &w->m;
    model_random_vector(m, &w->seed, w->v);
    size_t kind = below(w, 8);
    const model_face *f =
        m->n_faces ? &m->faces[m->n_faces - 1 - below(w, m->n_faces < 800 ? m->n_faces : 800)] : NULL;
    if (kind < 3 || !f || !f->alive)
        return w->v;
    if (kind == 3)
        return memcpy(w->v, f->v, (size_t)m->dim * sizeof(float));
    float noise = 0.02f * (float)(1 + below(w, 50));
    for (int i = 0; i < m->dim; i++)
        w->v[i] = f->v[i] + noise * w->v[i];
    if (m->metric == MN_METRIC_L2 && kind == 4) /* L2 models need not be of unit length */
        for (int i = 0; i < m->dim; i++)
            w->v[i] *= 1.7f;
    return w->v;
}

static void add(world *w)
{
    unsigned person = (unsigned)below(w, PEOPLE);
    if (below(w, 8) == 0) { /* also a change of lists by adding a face */
        w->m.lists[person] = (uint8_t)(below(w, 2) ? 1u << below(w, MODEL_LISTS) : below(w, 256));
    }
    const float *v = a_vector(w);
    model_add_both(&w->m, w->g, person, v);
    w->added++;
}

static void add_batch(world *w)
{
    enum { BATCH = 40 };
    mn_gallery_entry entries[BATCH];
    unsigned person = (unsigned)below(w, PEOPLE);
    mn_id lists[MODEL_LISTS];
    size_t n_lists = 0;
    for (size_t i = 0; i < MODEL_LISTS; i++)
        if (w->m.lists[person] >> i & 1)
            lists[n_lists++] = model_list_id(i);
    size_t first = w->m.n_faces;
    for (size_t i = 0; i < BATCH; i++)
        (void)model_add(&w->m, person, a_vector(w));
    for (size_t i = 0; i < BATCH; i++)
        entries[i] = (mn_gallery_entry){
            model_face_id(first + i), model_person_id(person), lists, n_lists, w->m.faces[first + i].v, 0};
    assert_ok(mn_gallery_add(w->g, entries, BATCH, err));
    w->added += BATCH;
}

static void remove_one(world *w)
{
    model *m = &w->m;
    size_t i = m->n_faces ? m->n_faces - 1 - below(w, m->n_faces < 3000 ? m->n_faces : 3000) : 0;
    mn_id id = model_face_id(i);
    assert_ok(mn_gallery_remove_face(w->g, &id, err));
    if (m->n_faces && m->faces[i].alive) {
        model_remove_face(m, i);
        w->removed++;
    }
}

static void remove_everyone_of(world *w)
{
    unsigned person = (unsigned)below(w, PEOPLE);
    mn_id id = model_person_id(person);
    size_t n = 12345, before = w->m.n_alive;
    assert_ok(mn_gallery_remove_person(w->g, &id, &n, err));
    model_remove_person(&w->m, person);
    assert_int_equal(n, before - w->m.n_alive);
    w->removed += n;
}

static void change_lists(world *w)
{
    unsigned person = (unsigned)below(w, PEOPLE);
    mn_id id = model_person_id(person), lists[MODEL_LISTS];
    w->m.lists[person] = (uint8_t)below(w, 256);
    size_t n = 0;
    for (size_t i = 0; i < MODEL_LISTS; i++)
        if (w->m.lists[person] >> i & 1)
            lists[n++] = model_list_id(i);
    assert_ok(mn_gallery_set_lists(w->g, &id, lists, n, err));
}

static void search(world *w)
{
    static const size_t ks[] = {1, 1, 1, 2, 3, 10, 50, 1000};
    unsigned lists = below(w, 2) ? 0 : (unsigned)below(w, 256);
    float min_raw =
        below(w, 3) ? -INFINITY : (float)below(w, 100) / 100 - (w->m.metric == MN_METRIC_L2 ? 1.0f : 0.3f);
    const float *probe = a_vector(w);
    model_compare(&w->m, w->g, probe, lists, ks[below(w, 8)], min_raw);
    w->searched++;
}

static void step(world *w)
{
    size_t dice = below(w, 1000);
    if (dice < 350)
        add(w);
    else if (dice < 352)
        add_batch(w);
    else if (dice < 650)
        remove_one(w);
    else if (dice < 690)
        remove_everyone_of(w);
    else if (dice < 700)
        change_lists(w);
    else if (dice < 702)
        assert_ok(mn_gallery_compact(w->g, err));
    else
        search(w);
}

static void run(int dim, mn_metric metric, bool fetch, size_t operations, uint64_t seed)
{
    world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->seed = seed;
    model_init(&w->m, dim, metric, PEOPLE);
    mn_gallery_options o = {
        .dim = dim, .metric = metric, .threads = 2, .cold_dir = metric == MN_METRIC_L2 ? "/tmp" : NULL};
    if (fetch) {
        o.fetch = model_fetch;
        o.fetch_ctx = &w->m;
    }
    assert_ok(mn_gallery_create(&o, &w->g, err));
    for (size_t i = 0; i < operations; i++) {
        step(w);
        if (i % 1000 == 0) {
            mn_gallery_stats s = mn_gallery_stats_get(w->g);
            assert_int_equal(s.faces, w->m.n_alive);
            w->most = s.faces > w->most ? s.faces : w->most;
        }
    }
    print_message("%d dimensions, %s: %zu added, %zu removed, %zu searched, at most %zu faces\n", dim,
                  metric == MN_METRIC_L2 ? "L2" : "cosine", w->added, w->removed, w->searched, w->most);
    mn_gallery_destroy(w->g);
    model_finish(&w->m);
    free(w);
}

static size_t operations(void)
{
    const char *text = getenv("MIEN_TEST_OPERATIONS");
    return text ? strtoul(text, NULL, 10) : 100000;
}

static void random_operations_by_cosine(void **state)
{
    (void)state;
    run(64, MN_METRIC_COSINE, true, operations() / 2, 1);
}

static void random_operations_by_distance(void **state)
{
    (void)state;
    run(100, MN_METRIC_L2, true, operations() / 2, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_by_cosine),
        cmocka_unit_test(random_operations_by_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
