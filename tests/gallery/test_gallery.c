/* What the gallery promises, one promise a test. Compared with the plain model where there is something to
 * compare. */
#include "model.h"

#include "base/alloc.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static mn_gallery *make(model *m, unsigned threads, bool fetch)
{
    mn_gallery *g = NULL;
    mn_gallery_options o = {.dim = m->dim, .metric = m->metric, .threads = threads};
    o.fetch = fetch ? model_fetch : NULL;
    o.fetch_ctx = m;
    assert_ok(mn_gallery_create(&o, &g, err));
    return g;
}

static void fill(model *m, mn_gallery *g, size_t n, uint64_t seed)
{
    float v[1024];
    for (size_t i = 0; i < n; i++) {
        model_random_vector(m, &seed, v);
        model_add_both(m, g, (unsigned)(i % m->n_people), v);
    }
}

/* Ready entries of a model that no gallery has yet. */
static mn_gallery_entry *fill_batch(model *m, size_t n, uint64_t seed)
{
    mn_gallery_entry *e = calloc(n, sizeof *e);
    float v[1024];
    assert_non_null(e);
    for (size_t i = 0; i < n; i++) {
        model_random_vector(m, &seed, v);
        size_t number = model_add(m, (unsigned)(i % m->n_people), v);
        e[i] = (mn_gallery_entry){.face = model_face_id(number),
                                  .person = model_person_id(i % m->n_people),
                                  .v = m->faces[number].v};
    }
    return e;
}

static void an_empty_gallery_finds_nobody(void **state)
{
    (void)state;
    model m;
    model_init(&m, 128, MN_METRIC_COSINE, 1);
    mn_gallery *g = make(&m, 2, true);
    float probe[128] = {1};
    model_compare(&m, g, probe, 0, 5, -INFINITY);
    model_compare(&m, g, probe, 3, 5, -INFINITY);
    mn_id nobody = model_person_id(7);
    assert_ok(mn_gallery_exchange(g, &nobody, 1, NULL, 0, err));
    assert_ok(mn_gallery_add(g, NULL, 0, err));
    mn_gallery_stats s = mn_gallery_stats_get(g);
    assert_int_equal(s.faces + s.people + s.removed + s.chunks, 0);
    mn_gallery_destroy(g);
    mn_gallery_destroy(NULL);
    model_finish(&m);
}

static void known_scores_come_out(void **state)
{
    (void)state;
    static const float rows[3][64] = {{1, 0}, {0.6f, 0.8f}, {0, -5}};
    static const float cosines[3] = {1, 0.6f, 0}, distances[3] = {0, -0.8944272f, -5.0990195f};
    for (int l2 = 0; l2 < 2; l2++) {
        model m;
        model_init(&m, 64, l2 ? MN_METRIC_L2 : MN_METRIC_COSINE, 3);
        mn_gallery *g = make(&m, 1, true);
        for (unsigned i = 0; i < 3; i++)
            model_add_both(&m, g, i, rows[i]);
        mn_query q = {.probe = rows[0], .k = 3, .min_raw = -INFINITY};
        mn_candidate out[3];
        size_t n, searched;
        assert_ok(mn_gallery_search(g, &q, out, &n, &searched, err));
        assert_int_equal(n, 3);
        assert_int_equal(searched, 3);
        for (size_t i = 0; i < 3; i++) {
            mn_id person = model_person_id(i);
            assert_memory_equal(&out[i].person, &person, sizeof person);
            assert_true(fabsf(out[i].raw - (l2 ? distances[i] : cosines[i])) < 1e-6f);
        }
        q.min_raw = l2 ? -0.9f : 0.5f;
        assert_ok(mn_gallery_search(g, &q, out, &n, &searched, err));
        assert_int_equal(n, 2);
        q.min_raw = 1.5f;
        assert_ok(mn_gallery_search(g, &q, out, &n, &searched, err));
        assert_int_equal(n, 0);
        mn_gallery_destroy(g);
        model_finish(&m);
    }
}

static void every_dimension_gives_what_a_float_scan_gives(void **state)
{
    (void)state;
    static const int dims[] = {64, 65, 100, 127, 128, 200, 256, 300, 512, 513, 768, 1000, 1024};
    for (size_t d = 0; d < 2 * sizeof dims / sizeof dims[0]; d++) {
        model m;
        model_init(&m, dims[d / 2], d % 2 ? MN_METRIC_L2 : MN_METRIC_COSINE, 150);
        mn_gallery *g = make(&m, 2, true);
        fill(&m, g, 301, d);
        uint64_t seed = 77 + d;
        float probe[1024];
        static const size_t ks[] = {1, 2, 7, 149, 150, 151, 1000};
        for (size_t k = 0; k < sizeof ks / sizeof ks[0]; k++) {
            model_random_vector(&m, &seed, probe);
            model_compare(&m, g, probe, 0, ks[k], -INFINITY);
            model_compare(&m, g, m.faces[k * 3].v, 0, ks[k], m.metric == MN_METRIC_L2 ? -1.0f : 0.2f);
        }
        mn_gallery_destroy(g);
        model_finish(&m);
    }
}

/* Vectors with one large component, all zero but one, very short, very long. */
static void odd_vectors_are_compared_exactly(void **state)
{
    (void)state;
    model m;
    model_init(&m, 96, MN_METRIC_L2, 64);
    mn_gallery *g = make(&m, 1, true);
    uint64_t seed = 5;
    for (unsigned i = 0; i < 64; i++) {
        float v[96];
        model_random_vector(&m, &seed, v);
        v[i] += i % 3 == 0 ? 50.0f : 0.0f;
        for (size_t j = 0; i % 3 == 1 && j < 96; j++)
            v[j] = j == i ? 1.0f : 0.0f;
        for (size_t j = 0; i % 3 == 2 && j < 96; j++)
            v[j] *= i % 2 ? 1e-4f : 40.0f;
        model_add_both(&m, g, i, v);
    }
    for (size_t i = 0; i < 64; i++)
        model_compare(&m, g, m.faces[i].v, 0, 10, -INFINITY);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void ties_are_ordered_by_person(void **state)
{
    (void)state;
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 3000);
    mn_gallery *g = make(&m, 2, true);
    float v[64] = {0.3f, 0.4f, -0.5f};
    for (unsigned i = 0; i < 3000; i++)
        model_add_both(&m, g, i, v);
    size_t n_all, people, n, searched;
    model_answer *all = model_search(&m, v, 0, -1, 3000, &n_all, &people);
    assert_int_equal(n_all, 3000);
    mn_candidate out[20];
    mn_query q = {.probe = v, .k = 20, .min_raw = -1};
    assert_ok(mn_gallery_search(g, &q, out, &n, &searched, err));
    assert_int_equal(n, 20);
    for (size_t i = 0; i < 20; i++)
        assert_memory_equal(&out[i].person, &all[i].person, sizeof(mn_id));
    free(all);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void a_person_with_many_faces_hides_nobody(void **state)
{
    (void)state;
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 50);
    mn_gallery *g = make(&m, 1, true);
    uint64_t seed = 3;
    float v[64], near[64];
    model_random_vector(&m, &seed, v);
    for (unsigned i = 0; i < 2000; i++) {
        model_random_vector(&m, &seed, near);
        for (size_t j = 0; j < 64; j++)
            near[j] = v[j] + 0.5f * near[j];
        model_add_both(&m, g, 0, near);
    }
    fill(&m, g, 50, 9);
    model_compare(&m, g, v, 0, 5, -1);
    mn_gallery_stats s = mn_gallery_stats_get(g);
    assert_int_equal(s.people, 50);
    assert_int_equal(s.faces, 2050);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void enrolled_is_found_at_once_and_removed_never_again(void **state)
{
    (void)state;
    model m;
    model_init(&m, 128, MN_METRIC_COSINE, 300);
    mn_gallery *g = make(&m, 1, false);
    uint64_t seed = 8;
    for (unsigned i = 0; i < 300; i++) {
        float v[128];
        model_random_vector(&m, &seed, v);
        model_add_both(&m, g, i, v);
        mn_query q = {.probe = v, .k = 1, .min_raw = 0.99f};
        mn_candidate out;
        size_t n, searched;
        mn_id person = model_person_id(i);
        assert_ok(mn_gallery_search(g, &q, &out, &n, &searched, err));
        assert_int_equal(n, 1);
        assert_memory_equal(&out.person, &person, sizeof person);
        if (i % 2) {
            assert_ok(mn_gallery_exchange(g, &person, 1, NULL, 0, err));
            assert_ok(mn_gallery_search(g, &q, &out, &n, &searched, err));
            assert_int_equal(n, 0);
        }
    }
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void refused_entries_change_nothing(void **state)
{
    (void)state;
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 10);
    mn_gallery *g = make(&m, 1, true);
    fill(&m, g, 10, 1);
    float good[64] = {1}, zero[64] = {0}, bad[64] = {1, NAN}, endless[64] = {INFINITY};
    mn_gallery_entry e[2] = {{.face = model_face_id(100), .person = model_person_id(3), .v = good},
                             {.face = model_face_id(101), .person = model_person_id(99), .v = zero}};
    mn_error fault = {0};
    assert_int_equal(mn_gallery_add(g, e, 2, &fault), MN_E_INVALID);
    e[1].v = bad;
    assert_int_equal(mn_gallery_add(g, e, 2, &fault), MN_E_INVALID);
    e[1].v = endless;
    assert_int_equal(mn_gallery_add(g, e, 2, &fault), MN_E_INVALID);
    e[1].v = good;
    e[1].face = e[0].face;
    e[1].person = e[0].person;
    assert_int_equal(mn_gallery_add(g, e, 2, &fault), MN_E_EXISTS);
    e[1].face = model_face_id(4);
    e[1].person = model_person_id(m.faces[4].person);
    assert_int_equal(mn_gallery_add(g, e, 2, &fault), MN_E_EXISTS);
    mn_gallery_stats s = mn_gallery_stats_get(g);
    assert_int_equal(s.faces, 10);
    assert_int_equal(s.people, 10);
    model_compare(&m, g, good, 0, 10, -1);
    e[1].face = model_face_id(101);
    e[1].person = model_person_id(99);
    assert_ok(mn_gallery_add(g, e, 2, err));
    assert_int_equal(mn_gallery_stats_get(g).faces, 12);
    assert_int_equal(mn_gallery_stats_get(g).people, 11);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void bad_options_and_queries_are_refused(void **state)
{
    (void)state;
    static const mn_gallery_options bad[] = {
        {.dim = 63, .threads = 1}, {.dim = 1025, .threads = 1}, {.dim = 64}, {.dim = 64, .threads = 65}};
    mn_error fault = {0};
    mn_gallery *g = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(mn_gallery_create(&bad[i], &g, &fault), MN_E_INVALID);
    assert_null(g);
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 10);
    g = make(&m, 1, true);
    fill(&m, g, 10, 1);
    float probe[64] = {1}, zero[64] = {0};
    const mn_query queries[] = {{.probe = probe},
                                {.probe = probe, .k = 1001},
                                {.probe = zero, .k = 1},
                                {.probe = probe, .k = 1, .min_raw = NAN}};
    mn_candidate out[1];
    size_t n = 77, searched = 78;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        assert_int_equal(mn_gallery_search(g, &queries[i], out, &n, &searched, &fault), MN_E_INVALID);
    mn_found answers[17];
    mn_query many[17] = {{0}};
    assert_int_equal(mn_gallery_search_many(g, many, 0, answers, &fault), MN_E_INVALID);
    assert_int_equal(mn_gallery_search_many(g, many, 17, answers, &fault), MN_E_INVALID);
    assert_int_equal(n, 77);
    assert_int_equal(searched, 78);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void deadline_and_cancel_end_a_search(void **state)
{
    (void)state;
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 10);
    mn_gallery *g = make(&m, 2, true);
    fill(&m, g, 10, 1);
    float probe[64] = {1};
    mn_cancel cancel = {false};
    mn_query q = {.probe = probe, .k = 1, .min_raw = -1, .deadline = 1, .cancel = &cancel};
    mn_candidate out[1];
    size_t n = 77, searched = 78;
    mn_error fault = {0};
    assert_int_equal(mn_gallery_search(g, &q, out, &n, &searched, &fault), MN_E_TIMEOUT);
    q.deadline = mn_deadline_in_ms(60000);
    mn_cancel_set(&cancel);
    assert_int_equal(mn_gallery_search(g, &q, out, &n, &searched, &fault), MN_E_CANCELLED);
    assert_int_equal(n, 77);
    assert_int_equal(searched, 78);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static mn_code broken_fetch(void *ctx, const mn_id *face, float *out, mn_error *err)
{
    (void)face;
    (void)out;
    return mn_fail(err, *(mn_code *)ctx, "broken");
}

static void what_fetch_says_is_respected(void **state)
{
    (void)state;
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 10);
    mn_code code = MN_E_IO;
    mn_gallery_options o = {.dim = 64, .threads = 1, .fetch = broken_fetch, .fetch_ctx = &code};
    mn_gallery *g = NULL;
    assert_ok(mn_gallery_create(&o, &g, err));
    fill(&m, g, 10, 1);
    float probe[64] = {1};
    mn_query q = {.probe = probe, .k = 1, .min_raw = -1};
    mn_candidate out[1];
    size_t n = 77, searched;
    mn_error fault = {0};
    assert_int_equal(mn_gallery_search(g, &q, out, &n, &searched, &fault), MN_E_IO);
    assert_string_equal(fault.text, "broken");
    assert_int_equal(n, 77);
    code = MN_E_NOT_FOUND;
    assert_int_equal(mn_gallery_search(g, &q, out, &n, &searched, &fault), MN_OK);
    assert_int_equal(n, 0);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void few_faces_are_fetched(void **state)
{
    (void)state;
    model m;
    model_init(&m, 128, MN_METRIC_COSINE, 5000);
    mn_gallery *g = make(&m, 1, true);
    mn_gallery_entry *e = fill_batch(&m, 5000, 3);
    assert_ok(mn_gallery_add(g, e, 5000, err));
    m.fetched = 0;
    for (size_t i = 0; i < 100; i++)
        model_compare(&m, g, m.faces[i * 7].v, 0, 1, 0.5f);
    assert_true(m.fetched >= 100 && m.fetched <= 110);
    free(e);
    mn_gallery_destroy(g);
    model_finish(&m);
}

/* Three chunks, all levels of blocks and tiles, threads, and lists of every share of the rows. */
static void several_chunks_give_what_a_float_scan_gives(void **state)
{
    (void)state;
    enum { ROWS = 150001 };
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 100000);
    mn_gallery *g = make(&m, 3, true);
    mn_gallery_entry *e = fill_batch(&m, ROWS, 3);
    mn_id lists[MODEL_LISTS];
    for (size_t i = 0; i < MODEL_LISTS; i++)
        lists[i] = model_list_id(i);
    static const size_t shares[MODEL_LISTS] = {1, 2, 5, 9, 50, 1000, 30000, 99999};
    mn_id of_person[MODEL_LISTS];
    for (size_t i = 0; i < ROWS; i++) {
        size_t person = i % m.n_people;
        for (size_t l = 0; l < MODEL_LISTS; l++)
            m.lists[person] |= (uint8_t)((person % shares[l] == 0) << l);
        e[i].lists = of_person;
        e[i].n_lists = 0;
        for (size_t l = 0; l < MODEL_LISTS; l++)
            if (m.lists[person] >> l & 1)
                of_person[e[i].n_lists++] = lists[l];
        assert_ok(mn_gallery_add(g, &e[i], 1, err));
    }
    assert_int_equal(mn_gallery_stats_get(g).chunks, 3);
    uint64_t seed = 4;
    float probe[64];
    for (unsigned l = 0; l <= MODEL_LISTS; l++) {
        model_random_vector(&m, &seed, probe);
        model_compare(&m, g, probe, l < MODEL_LISTS ? 1u << l : 0, 5, -INFINITY);
        model_compare(&m, g, probe, l < MODEL_LISTS ? 1u << l | 8 : 0, 30, 0.3f);
    }
    free(e);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void many_queries_give_what_each_alone_gives(void **state)
{
    (void)state;
    model m;
    model_init(&m, 200, MN_METRIC_COSINE, 4000);
    mn_gallery *g = make(&m, 2, true);
    for (size_t i = 0; i < m.n_people; i++)
        m.lists[i] = (uint8_t)(i % 9 == 0 ? 1 : i % 500 == 1 ? 2 : i % 2 ? 4 : 8);
    fill(&m, g, 9000, 6);
    uint64_t seed = 4;
    for (size_t n = 1; n <= 16; n++) {
        static float probes[16][1024];
        static mn_candidate together[16][20], alone[20];
        mn_id lists[4] = {model_list_id(0), model_list_id(1), model_list_id(2), model_list_id(3)};
        mn_query q[16];
        mn_found a[16];
        for (size_t i = 0; i < n; i++) {
            model_random_vector(&m, &seed, probes[i]);
            q[i] = (mn_query){.probe = probes[i],
                              .k = 1 + i,
                              .min_raw = -1,
                              .lists = lists + i % 4,
                              .n_lists = i % 3 ? 1 : 0};
            a[i].out = together[i];
        }
        assert_ok(mn_gallery_search_many(g, q, n, a, err));
        for (size_t i = 0; i < n; i++) {
            size_t found, searched;
            assert_ok(mn_gallery_search(g, &q[i], alone, &found, &searched, err));
            assert_int_equal(a[i].n, found);
            assert_int_equal(a[i].searched, searched);
            for (size_t j = 0; j < found; j++)
                assert_true(mn_id_compare(&together[i][j].face, &alone[j].face) == 0 &&
                            together[i][j].raw == alone[j].raw);
        }
    }
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void compaction_frees_chunks_and_changes_no_answer(void **state)
{
    (void)state;
    enum { ROWS = 140000 };
    model m;
    model_init(&m, 64, MN_METRIC_L2, 60000);
    mn_gallery *g = make(&m, 1, true);
    mn_gallery_entry *e = fill_batch(&m, ROWS, 3);
    mn_id list = model_list_id(0);
    for (size_t i = 0; i < ROWS; i++) {
        m.lists[i % 60000] = (uint8_t)(i % 60000 % 7 == 0);
        e[i].lists = &list;
        e[i].n_lists = m.lists[i % 60000];
    }
    assert_ok(mn_gallery_add(g, e, ROWS, err));
    size_t before = mn_gallery_stats_get(g).bytes;
    for (unsigned p = 0; p < 60000; p++) {
        if (p % 20 == 0)
            continue;
        mn_id id = model_person_id(p);
        assert_ok(mn_gallery_exchange(g, &id, 1, NULL, 0, err));
    }
    for (size_t i = m.n_alive; i-- > 0;)
        if (m.faces[m.alive[i]].person % 20 != 0)
            model_remove_face(&m, m.alive[i]);
    assert_ok(mn_gallery_compact(g, err));
    mn_gallery_stats s = mn_gallery_stats_get(g);
    assert_int_equal(s.people, 3000);
    assert_int_equal(s.faces, 7000);
    assert_int_equal(s.chunks, 1);
    assert_true(s.removed <= s.faces);
    assert_true(s.bytes < before / 5);
    uint64_t seed = 4;
    float probe[64];
    for (unsigned i = 0; i < 10; i++) {
        model_random_vector(&m, &seed, probe);
        model_compare(&m, g, probe, i % 2, 10, -INFINITY);
    }
    /* The tables of ids moved with the rows. */
    for (unsigned p = 0; p < 60000; p += 40) {
        mn_id id = model_person_id(p);
        size_t left = mn_gallery_faces(g);
        assert_ok(mn_gallery_exchange(g, &id, 1, NULL, 0, err));
        assert_int_equal(left - mn_gallery_faces(g), p < 20000 ? 3 : 2);
    }
    assert_int_equal(mn_gallery_stats_get(g).people, 1500);
    free(e);
    mn_gallery_destroy(g);
    model_finish(&m);
}

/* Fails each allocation in turn, and all after it, until the call succeeds. */
#define WITH_EVERY_FAILURE(g, call)                                                                          \
    do {                                                                                                     \
        for (long at = 1;; at++) {                                                                           \
            mn_gallery_stats before = mn_gallery_stats_get(g);                                               \
            mn_alloc_fail_at(at);                                                                            \
            mn_error fault = {0};                                                                            \
            mn_code code = (call);                                                                           \
            mn_alloc_fail_at(0);                                                                             \
            if (code == MN_OK)                                                                               \
                break;                                                                                       \
            assert_int_equal(code, MN_E_MEMORY);                                                             \
            assert_int_equal(fault.code, MN_E_MEMORY);                                                       \
            mn_gallery_stats after = mn_gallery_stats_get(g);                                                \
            assert_int_equal(after.faces, before.faces);                                                     \
            assert_int_equal(after.people, before.people);                                                   \
            assert_int_equal(after.removed, before.removed);                                                 \
            assert_true(at < 1000);                                                                          \
        }                                                                                                    \
    } while (0)

/* Faces, lists and end of several people: all of it, or nothing. */
static void an_exchange_is_one_step(void **state)
{
    (void)state;
    model m;
    uint64_t seed = 4;
    float v[64], probe[64];
    model_init(&m, 64, MN_METRIC_COSINE, 20);
    mn_gallery *g = make(&m, 1, true);
    fill(&m, g, 60, 3);
    const mn_id people[3] = {model_person_id(2), model_person_id(30), model_person_id(3)},
                list = model_list_id(1), other = model_person_id(5);
    mn_gallery_entry e[3];
    model_remove_person(&m, 2);
    model_remove_person(&m, 3);
    m.lists[3] = 2;
    for (size_t i = 0; i < 3; i++) {
        model_random_vector(&m, &seed, v);
        size_t number = model_add(&m, 3, v);
        e[i] = (mn_gallery_entry){.face = model_face_id(number),
                                  .person = people[2],
                                  .lists = &list,
                                  .n_lists = 1,
                                  .v = m.faces[number].v};
    }
    mn_gallery_entry wrong[2] = {e[0], e[1]};
    wrong[1].person = other;
    assert_int_equal(mn_gallery_exchange(g, people, 3, wrong, 2, &(mn_error){0}), MN_E_EXISTS);
    assert_int_equal(mn_gallery_faces(g), 60);
    assert_ok(mn_gallery_exchange(g, people, 3, e, 3, err));
    for (unsigned lists = 0; lists < 4; lists++) {
        model_random_vector(&m, &seed, probe);
        model_compare(&m, g, probe, lists, 20, -INFINITY);
    }
    /* The same faces again, and each of them is found. */
    assert_ok(mn_gallery_exchange(g, &people[2], 1, e, 3, err));
    for (size_t i = 0; i < 3; i++)
        model_compare(&m, g, e[i].v, 0, 3, -INFINITY);
    assert_ok(mn_gallery_exchange(g, &people[2], 1, NULL, 0, err));
    model_remove_person(&m, 3);
    model_compare(&m, g, probe, 0, 20, -INFINITY);
    assert_int_equal(mn_gallery_stats_get(g).people, 18);
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void without_memory_everything_stays_as_it_was(void **state)
{
    (void)state;
    model m;
    model_init(&m, 64, MN_METRIC_COSINE, 700);
    for (size_t i = 0; i < 700; i++)
        m.lists[i] = (uint8_t)(i % 256);
    mn_gallery *g = NULL;
    for (long at = 1;; at++) {
        mn_gallery_options o = {.dim = 64, .threads = 2, .fetch = model_fetch, .fetch_ctx = &m};
        mn_alloc_fail_at(at);
        mn_code code = mn_gallery_create(&o, &g, NULL);
        mn_alloc_fail_at(0);
        if (code == MN_OK)
            break;
        assert_null(g);
    }
    fill(&m, g, 1400, 5);
    mn_id lists[2] = {model_list_id(1), model_list_id(100)}, first = model_person_id(0);
    float v[64] = {1, 2, 3}, w[64] = {-1, 2, 3};
    mn_gallery_entry e[3] = {{model_face_id(5000), first, lists, 2, v, 0},
                             {model_face_id(5001), first, lists, 2, w, 0},
                             {model_face_id(5002), model_person_id(5), lists, 1, v, 0}};
    WITH_EVERY_FAILURE(g, mn_gallery_add(g, e, 3, &fault));
    const mn_gallery_entry x[2] = {{model_face_id(5000), first, lists, 2, w, 0},
                                   {model_face_id(5003), first, lists, 2, v, 0}};
    WITH_EVERY_FAILURE(g, mn_gallery_exchange(g, &first, 1, x, 2, &fault));
    WITH_EVERY_FAILURE(g, mn_gallery_exchange(g, &first, 1, NULL, 0, &fault));
    mn_candidate out[3];
    size_t n = 0, searched;
    mn_query q = {.probe = v, .k = 3, .min_raw = -1};
    WITH_EVERY_FAILURE(g, mn_gallery_search(g, &q, out, &n, &searched, &fault));
    assert_int_equal(n, 3);
    for (unsigned p = 6; p < 380; p++) {
        mn_id id = model_person_id(p);
        mn_alloc_fail_at(5); /* enough for the removal, not for the background */
        mn_code code = mn_gallery_exchange(g, &id, 1, NULL, 0, NULL);
        mn_alloc_fail_at(0);
        if (code)
            assert_ok(mn_gallery_exchange(g, &id, 1, NULL, 0, err));
    }
    WITH_EVERY_FAILURE(g, mn_gallery_compact(g, &fault));
    mn_gallery_destroy(g);
    model_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_gallery_finds_nobody),
        cmocka_unit_test(known_scores_come_out),
        cmocka_unit_test(every_dimension_gives_what_a_float_scan_gives),
        cmocka_unit_test(odd_vectors_are_compared_exactly),
        cmocka_unit_test(ties_are_ordered_by_person),
        cmocka_unit_test(a_person_with_many_faces_hides_nobody),
        cmocka_unit_test(enrolled_is_found_at_once_and_removed_never_again),
        cmocka_unit_test(refused_entries_change_nothing),
        cmocka_unit_test(bad_options_and_queries_are_refused),
        cmocka_unit_test(deadline_and_cancel_end_a_search),
        cmocka_unit_test(what_fetch_says_is_respected),
        cmocka_unit_test(few_faces_are_fetched),
        cmocka_unit_test(several_chunks_give_what_a_float_scan_gives),
        cmocka_unit_test(many_queries_give_what_each_alone_gives),
        cmocka_unit_test(compaction_frees_chunks_and_changes_no_answer),
        cmocka_unit_test(an_exchange_is_one_step),
        cmocka_unit_test(without_memory_everything_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
