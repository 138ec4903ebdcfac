/* The pieces below the gallery: row sets, tables of ids, views, quantised rows, the best rows. */
#include "gallery/best.h"
#include "gallery/gallery_parts.h"
#include "gallery/quantise.h"
#include "gallery/rowmap.h"
#include "gallery/view_parts.h"
#include "support.h"

#include "base/alloc.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- row sets ---- */

static void check_set(const mn_rowset *s, const bool *plain, size_t n)
{
    size_t count = 0;
    for (uint32_t i = 0; i < MN_CHUNK_ROWS; i++)
        count += plain[i];
    assert_int_equal(mn_rowset_count(s), count);
    for (uint32_t from = 0; from < MN_CHUNK_ROWS; from += 16384) {
        uint64_t words[256] = {0}, inverse[256];
        memset(inverse, 0xff, sizeof inverse);
        mn_rowset_or(s, from, words, 256);
        mn_rowset_andnot(s, from, inverse, 256);
        for (uint32_t i = 0; i < 16384; i++)
            if ((words[i / 64] >> i % 64 & 1) != plain[from + i] ||
                (inverse[i / 64] >> i % 64 & 1) == plain[from + i])
                fail_msg("row %u after %zu steps", from + i, n);
    }
}

static void a_row_set_is_what_was_added(void **state)
{
    (void)state;
    static bool plain[MN_CHUNK_ROWS];
    uint64_t seed = 1;
    mn_rowset *s = NULL;
    assert_false(mn_rowset_has(s, 5));
    check_set(s, plain, 0);
    for (size_t n = 1; n <= 40000; n++) { /* grows past 4 096, so from array to bits */
        uint32_t row = (uint32_t)(mn_test_random(&seed) % (n < 20000 ? 9000 : MN_CHUNK_ROWS));
        bool put = mn_test_random(&seed) % 4 != 0;
        assert_true(put ? mn_rowset_add(&s, row) : mn_rowset_remove(&s, row));
        plain[row] = put;
        assert_true(mn_rowset_has(s, row) == put);
        if (n % 2500 == 0)
            check_set(s, plain, n);
    }
    for (uint32_t row = 0; row < MN_CHUNK_ROWS; row++) {
        assert_true(mn_rowset_remove(&s, row));
        plain[row] = false;
    }
    check_set(s, plain, 0);
    mn_rowset_unref(s);
}

static void a_shared_row_set_is_copied_before_it_changes(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 3, 4, 5, 4095, 4096, 4097, 60000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        mn_rowset *a = NULL;
        for (uint32_t row = 0; row < sizes[i]; row++)
            assert_true(mn_rowset_add(&a, row));
        mn_rowset *b = mn_rowset_ref(a), *c = mn_rowset_ref(a);
        assert_true(mn_rowset_add(&b, 65535));
        assert_true(mn_rowset_remove(&c, 0));
        assert_int_equal(mn_rowset_count(a), sizes[i]);
        assert_int_equal(mn_rowset_count(b), sizes[i] + 1);
        assert_int_equal(mn_rowset_count(c), sizes[i] - 1);
        assert_true(mn_rowset_has(a, 0) && !mn_rowset_has(a, 65535) && mn_rowset_has(b, 65535) &&
                    !mn_rowset_has(c, 0));
        mn_rowset *same = a;
        assert_true(mn_rowset_add(&same, 0) && same == a); /* no change, no copy */
        mn_rowset *shared = mn_rowset_ref(a);
        mn_alloc_fail_at(1);
        assert_false(mn_rowset_add(&shared, 65534));
        assert_false(mn_rowset_remove(&shared, 0));
        mn_alloc_fail_at(0);
        assert_ptr_equal(shared, a);
        mn_rowset_unref(shared);
        mn_rowset_unref(a);
        mn_rowset_unref(b);
        mn_rowset_unref(c);
    }
}

static void a_row_set_takes_at_most_8_kib(void **state)
{
    (void)state;
    mn_rowset *s = NULL;
    assert_int_equal(mn_rowset_bytes(s), 0);
    for (uint32_t row = 0; row < MN_CHUNK_ROWS; row++) {
        assert_true(mn_rowset_add(&s, row));
        assert_true(mn_rowset_bytes(s) <= 8192 + 64 && mn_rowset_bytes(s) <= 4 * (row + 1) + 64);
    }
    mn_rowset_unref(s);
}

/* ---- views and tables ---- */

static mn_id id_of(uint64_t number)
{
    mn_id id;
    uint64_t parts[2] = {number % 7, number}; /* many alike in their first half */
    memcpy(id.bytes, parts, sizeof parts);
    return id;
}

/* A view with one segment whose row i is person i. */
static mn_view *view_of_people(mn_published *p, size_t n)
{
    assert_true(mn_published_init(p));
    mn_view *v = mn_view_copy(p, mn_view_current(p), 2);
    assert_non_null(v);
    size_t position;
    mn_segment *s = mn_view_tail(v, &(mn_chunk_shape){.stride = 64}, false, &position);
    assert_non_null(s);
    for (; s->n < n; s->n++)
        s->chunk->people[s->n] = id_of(s->n);
    return v;
}

static void a_table_finds_what_was_inserted_and_not_what_was_erased(void **state)
{
    (void)state;
    enum { N = 20000 };
    static mn_published p;
    static bool there[N];
    memset(there, 0, sizeof there);
    mn_view *v = view_of_people(&p, N);
    mn_rowmap m = {0};
    uint64_t seed = 3;
    mn_id absent = id_of(N + 5);
    assert_int_equal(mn_rowmap_find(&m, v, &absent), MN_NO_ROW);
    for (size_t step = 0; step < 200000; step++) {
        uint32_t row = (uint32_t)(mn_test_random(&seed) % N);
        mn_id id = id_of(row);
        assert_int_equal(mn_rowmap_find(&m, v, &id), there[row] ? row : MN_NO_ROW);
        if (there[row]) {
            mn_rowmap_erase(&m, v, row);
        } else {
            assert_true(mn_rowmap_reserve(&m, v, 1));
            mn_rowmap_insert(&m, v, row);
        }
        there[row] = !there[row];
    }
    for (uint32_t row = 0; row < N; row++) {
        mn_id id = id_of(row);
        assert_int_equal(mn_rowmap_find(&m, v, &id), there[row] ? row : MN_NO_ROW);
        if (there[row])
            mn_rowmap_erase(&m, v, row);
    }
    assert_int_equal(m.used, 0);
    assert_true(m.size > 8192);
    assert_true(mn_rowmap_reserve(&m, v, 0));
    assert_int_equal(m.size, 64); /* it also becomes smaller */
    mn_rowmap_finish(&m);
    mn_view_drop(&p, v);
    mn_published_finish(&p);
}

static void an_old_view_lives_as_long_as_its_last_reader(void **state)
{
    (void)state;
    static mn_published p;
    mn_view *first = view_of_people(&p, 10);
    mn_view_publish(&p, first);
    mn_view *a = mn_view_take(&p), *b = mn_view_take(&p);
    assert_ptr_equal(a, first);
    unsigned slot = first->slot;
    mn_view *second = mn_view_copy(&p, first, 1);
    mn_segment *own = mn_view_own(second, 0);
    assert_true(own && own != first->segments[0] && mn_rowset_add(&own->dead, 3));
    mn_view_publish(&p, second);
    assert_ptr_equal(mn_view_take(&p), second);
    assert_false(mn_rowset_has(a->segments[0]->dead, 3)); /* what a reader holds does not change */
    assert_non_null(atomic_load(&p.slots[slot]));
    mn_view_give_back(&p, a);
    assert_non_null(atomic_load(&p.slots[slot]));
    mn_view_give_back(&p, b);
    assert_null(atomic_load(&p.slots[slot]));
    mn_view_give_back(&p, second);
    mn_published_finish(&p);
}

static void no_more_views_than_slots(void **state)
{
    (void)state;
    static mn_published p;
    static mn_view *held[MN_VIEW_SLOTS];
    assert_true(mn_published_init(&p));
    size_t n = 0;
    for (; n < MN_VIEW_SLOTS; n++) {
        held[n] = mn_view_take(&p);
        mn_view *next = mn_view_copy(&p, held[n], 0);
        if (!next)
            break;
        mn_view_publish(&p, next);
    }
    assert_int_equal(n, 1023);
    for (size_t i = 0; i <= n; i++)
        mn_view_give_back(&p, held[i]);
    mn_view *next = mn_view_copy(&p, mn_view_current(&p), 0);
    assert_non_null(next);
    mn_view_publish(&p, next);
    mn_published_finish(&p);
}

/* ---- quantised rows ---- */

static void the_largest_component_becomes_127(void **state)
{
    (void)state;
    float v[64] = {0.5f, -1.0f, 0.25f, 0.004f, -0.003f};
    int8_t row[128];
    memset(row, 99, sizeof row);
    mn_quantised q;
    assert_ok(mn_quantise(v, 64, 128, MN_METRIC_L2, row, &q, err));
    static const int8_t expected[128] = {64, -127, 32, 1, 0};
    assert_memory_equal(row, expected, 128);
    assert_true(fabsf(q.scale - 0.00787402f) < 1e-7f);
    assert_true(fabsf(q.norm - 1.1456548f) < 1e-5f);
    assert_true(fabsf(q.error - 0.0065866f) < 1e-5f);
    assert_ok(mn_quantise(v, 64, 128, MN_METRIC_COSINE, row, &q, err));
    assert_memory_equal(row, expected, 128);
    assert_true(fabsf(q.scale - 0.00787402f / 1.1456548f) < 1e-7f);
    assert_true(q.norm == 1);
}

static void zeros_and_endless_vectors(void **state)
{
    (void)state;
    float v[64] = {0};
    int8_t row[64];
    mn_quantised q;
    mn_error fault = {0};
    assert_int_equal(mn_quantise(v, 64, 64, MN_METRIC_COSINE, row, &q, &fault), MN_E_INVALID);
    assert_ok(mn_quantise(v, 64, 64, MN_METRIC_L2, row, &q, err));
    assert_true(q.norm == 0 && q.error == 0 && row[0] == 0);
    v[9] = 2e6f;
    assert_int_equal(mn_quantise(v, 64, 64, MN_METRIC_L2, row, &q, &fault), MN_E_INVALID);
    v[9] = NAN;
    assert_int_equal(mn_quantise(v, 64, 64, MN_METRIC_L2, row, &q, &fault), MN_E_INVALID);
    v[9] = 1e-40f;
    assert_ok(mn_quantise(v, 64, 64, MN_METRIC_L2, row, &q, err));
    assert_true(row[9] == 0 && isfinite(q.scale));
}

/* ---- the best rows ---- */

/* Whatever the order in which rows arrive, and however they are split among threads, the same rows are kept.
 */
static void the_best_do_not_depend_on_the_order(void **state)
{
    (void)state;
    enum { N = 6000, K = 20 };
    mn_chunk *c = mn_chunk_create(&(mn_chunk_shape){.stride = 64}, false);
    assert_non_null(c);
    uint64_t seed = 5;
    static float scores[N];
    for (uint32_t i = 0; i < N; i++) {
        c->faces[i] = id_of(i);
        c->people[i] = id_of(i % 900);
        scores[i] = (float)(mn_test_random(&seed) % 300); /* many ties */
    }
    mn_best first;
    assert_true(mn_best_init(&first, K, -INFINITY, 2.5f));
    for (uint32_t i = 0; i < N; i++)
        if (scores[i] >= first.floor)
            mn_best_add(&first, c, i, scores[i]);
    mn_best_prune(&first);
    for (size_t trial = 0; trial < 10; trial++) {
        mn_best halves[2], both;
        assert_true(mn_best_init(&both, K, -INFINITY, 2.5f));
        for (size_t h = 0; h < 2; h++) {
            assert_true(mn_best_init(&halves[h], K, -INFINITY, 2.5f));
            for (uint32_t i = 0; i < N; i++) {
                uint32_t row = (uint32_t)((i * 4999 + trial * 777) % N); /* 4 999 is prime: every row once */
                if (row % 2 == h && scores[row] >= halves[h].floor)
                    mn_best_add(&halves[h], c, row, scores[row]);
            }
            mn_best_merge(&both, &halves[h]);
            mn_best_finish(&halves[h]);
        }
        mn_best_prune(&both);
        assert_int_equal(both.n, first.n);
        for (size_t i = 0; i < both.n; i++)
            assert_int_equal(both.hits[i].row, first.hits[i].row);
        mn_best_finish(&both);
    }
    assert_true(first.n >= K);
    mn_best_finish(&first);
    mn_chunk_unref(c);
}

/* ---- counting ---- */

static void faces_are_counted_without_waiting_for_a_write(void **state)
{
    (void)state;
    mn_gallery *g = NULL;
    const mn_gallery_options o = {.dim = 64, .metric = MN_METRIC_COSINE, .threads = 1};
    const float v[64] = {1};
    const mn_gallery_entry all[] = {{.face = {{1}}, .person = {{1}}, .v = v},
                                    {.face = {{2}}, .person = {{2}}, .v = v},
                                    {.face = {{3}}, .person = {{2}}, .v = v}};
    assert_ok(mn_gallery_create(&o, &g, err));
    assert_int_equal(mn_gallery_faces(g), 0);
    assert_ok(mn_gallery_add(g, all, 3, err));
    pthread_mutex_lock(&g->write);
    assert_int_equal(mn_gallery_faces(g), 3);
    pthread_mutex_unlock(&g->write);
    assert_ok(mn_gallery_exchange(g, &all[1].person, 1, NULL, 0, err));
    assert_int_equal(mn_gallery_faces(g), 1);
    mn_gallery_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_set_is_what_was_added),
        cmocka_unit_test(a_shared_row_set_is_copied_before_it_changes),
        cmocka_unit_test(a_row_set_takes_at_most_8_kib),
        cmocka_unit_test(a_table_finds_what_was_inserted_and_not_what_was_erased),
        cmocka_unit_test(an_old_view_lives_as_long_as_its_last_reader),
        cmocka_unit_test(no_more_views_than_slots),
        cmocka_unit_test(the_largest_component_becomes_127),
        cmocka_unit_test(zeros_and_endless_vectors),
        cmocka_unit_test(the_best_do_not_depend_on_the_order),
        cmocka_unit_test(faces_are_counted_without_waiting_for_a_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
