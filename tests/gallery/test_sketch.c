/* The prefilter: its sketches, its limit, and that searches find the same mates with it as without. */
#include "gallery/gallery.h"
#include "gallery/prefilter.h"
#include "gallery/sketch.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void random_unit(uint64_t *seed, int dim, float *v)
{
    double squares = 0;
    for (int i = 0; i < dim; i++) {
        v[i] = mn_test_random_normal(seed);
        squares += (double)v[i] * (double)v[i];
    }
    for (int i = 0; i < dim; i++)
        v[i] /= (float)sqrt(squares);
}

/* At cosine 0.6 to a, or a little more: the random part is made square to a, and so a little shorter. */
static void mate_of(const float *a, uint64_t *seed, int dim, float *mate)
{
    random_unit(seed, dim, mate);
    double along = 0;
    for (int i = 0; i < dim; i++)
        along += (double)a[i] * (double)mate[i];
    for (int i = 0; i < dim; i++)
        mate[i] = 0.6f * a[i] + 0.8f * (mate[i] - (float)along * a[i]);
}

static unsigned differ(const uint64_t *a, const uint64_t *b, size_t words)
{
    unsigned n = 0;
    for (size_t i = 0; i < words; i++)
        n += (unsigned)__builtin_popcountll(a[i] ^ b[i]);
    return n;
}

static void a_sketch_has_the_next_power_of_two_bits(void **state)
{
    (void)state;
    static const size_t strides[] = {64, 128, 192, 256, 320, 512, 576, 1024},
                        words[] = {1, 2, 4, 4, 8, 8, 16, 16};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_int_equal(mn_sketch_words(strides[i]), words[i]);
}

/* 0.29517 of the bits differ at cosine 0.6, a half between strangers. */
static void bits_differ_as_the_angle_says(void **state)
{
    (void)state;
    static const int dims[] = {256, 320, 512, 1024};
    uint64_t seed = 1;
    for (size_t d = 0; d < sizeof dims / sizeof dims[0]; d++) {
        int dim = dims[d];
        size_t words = mn_sketch_words((size_t)dim);
        double mates = 0, strangers = 0;
        for (int i = 0; i < 400; i++) {
            float v[3][1024];
            int8_t row[1024];
            uint64_t s[3][16];
            random_unit(&seed, dim, v[0]);
            mate_of(v[0], &seed, dim, v[1]);
            random_unit(&seed, dim, v[2]);
            for (int j = 0; j < 3; j++) {
                for (int k = 0; k < dim; k++)
                    row[k] = (int8_t)lrintf(v[j][k] * 400);
                mn_sketch_row(row, (size_t)dim, s[j]);
            }
            mates += (double)differ(s[0], s[1], words) / (double)(words * 64) / 400;
            strangers += (double)differ(s[0], s[2], words) / (double)(words * 64) / 400;
        }
        assert_true(fabs(mates - 0.29517) < 0.006);
        assert_true(fabs(strangers - 0.5) < 0.006);
    }
}

static void near_rows_are_those_within_the_limit(void **state)
{
    (void)state;
    enum { GROUPS = 512 };
    uint64_t seed = 2, probe[16];
    for (size_t words = 1; words <= 16; words *= 2) {
        uint64_t *sketches = malloc(GROUPS * 8 * words * sizeof *sketches), near[GROUPS / 8];
        assert_non_null(sketches);
        for (size_t i = 0; i < GROUPS * 8 * words; i++)
            sketches[i] = mn_test_random(&seed);
        for (size_t i = 0; i < words; i++)
            probe[i] = mn_test_random(&seed);
        for (unsigned limit = 0; limit <= words * 64; limit += 1 + (unsigned)words) {
            memset(near, 0xaa, sizeof near);
            mn_sketch_near(sketches, GROUPS, words, probe, limit, near);
            for (size_t r = 0; r < GROUPS * 8; r++) {
                unsigned n = 0;
                for (size_t w = 0; w < words; w++)
                    n += (unsigned)__builtin_popcountll(sketches[r / 8 * 8 * words + w * 8 + r % 8] ^
                                                        probe[w]);
                if ((near[r / 64] >> r % 64 & 1) != (n <= limit))
                    fail_msg("%zu words, limit %u, row %zu at %u", words, limit, r, n);
            }
        }
        free(sketches);
    }
}

/* ---- galleries ---- */

enum { ROWS = 140000, PROBES = 64, BATCH = 1000 };

static mn_id id_of(uint64_t number)
{
    mn_id id;
    uint64_t parts[2] = {number % 13, number};
    memcpy(id.bytes, parts, sizeof parts);
    return id;
}

static mn_gallery *make(int dim, mn_metric metric, mn_prefilter prefilter, float *probes)
{
    mn_gallery *g = NULL;
    mn_gallery_options o = {.dim = dim, .metric = metric, .threads = 2, .prefilter = prefilter};
    assert_ok(mn_gallery_create(&o, &g, err));
    uint64_t seed = 7;
    for (size_t p = 0; p < PROBES; p++)
        random_unit(&seed, dim, probes + p * (size_t)dim);
    float *v = malloc(BATCH * (size_t)dim * sizeof *v);
    mn_gallery_entry *e = calloc(BATCH, sizeof *e);
    assert_true(v && e);
    mn_id list = id_of(1);
    for (size_t row = 0; row < ROWS; row++) {
        float *at = v + row % BATCH * (size_t)dim;
        size_t p = row / (ROWS / PROBES);
        if (row % (ROWS / PROBES) == 0 && p < PROBES)
            mate_of(probes + p * (size_t)dim, &seed, dim, at);
        else
            random_unit(&seed, dim, at);
        e[row % BATCH] = (mn_gallery_entry){
            .face = id_of(row), .person = id_of(row), .lists = &list, .n_lists = row % 3 != 1, .v = at};
        if (row % BATCH == BATCH - 1)
            assert_ok(mn_gallery_add(g, e, BATCH, err));
    }
    free(v);
    free(e);
    assert_ok(mn_gallery_compact(g, err)); /* also makes the sketches */
    return g;
}

/* The answers to all probes, alone and together, with and without a list. */
static void ask(mn_gallery *g, const float *probes, int dim, mn_candidate out[2 * PROBES], float *missed)
{
    mn_id list = id_of(1);
    const bool used = *missed > 0;
    *missed = 0;
    for (size_t p = 0; p < PROBES; p += 4) {
        mn_query q[8];
        mn_found a[8];
        for (size_t i = 0; i < 8; i++) {
            q[i] = (mn_query){.probe = probes + (p + i % 4) * (size_t)dim,
                              .lists = &list,
                              .n_lists = i / 4,
                              .k = 1,
                              .min_raw = -1};
            a[i].out = &out[2 * p + i];
        }
        assert_ok(mn_gallery_search_many(g, q, 8, a, err));
        for (size_t i = 0; i < 8; i++) {
            assert_int_equal(a[i].n, 1);
            assert_int_equal(a[i].searched, i < 4 ? 140000 : 93333);
            assert_int_equal(a[i].prefiltered, used);
            *missed = fmaxf(*missed, a[i].missed);
        }
    }
}

static void mates_are_found_as_without_it(void **state)
{
    (void)state;
    static const struct {
        int dim;
        mn_metric metric;
        bool used;
    } cases[] = {{256, MN_METRIC_COSINE, true},
                 {300, MN_METRIC_COSINE, true},
                 {512, MN_METRIC_COSINE, true},
                 {64, MN_METRIC_COSINE, false}, /* too few bits: all rows are compared */
                 {256, MN_METRIC_L2, false}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        static mn_candidate with[2 * PROBES], without[2 * PROBES];
        int dim = cases[c].dim;
        float *probes = malloc(PROBES * (size_t)dim * sizeof *probes), missed = cases[c].used, none = 0;
        assert_non_null(probes);
        mn_gallery *g = make(dim, cases[c].metric, MN_PREFILTER_ON, probes);
        ask(g, probes, dim, with, &missed);
        size_t bytes = mn_gallery_stats_get(g).bytes;
        mn_gallery_destroy(g);
        g = make(dim, cases[c].metric, MN_PREFILTER_OFF, probes);
        ask(g, probes, dim, without, &none);
        assert_true(none == 0);
        assert_true(cases[c].used ? missed > 0 && missed <= 1e-4f : missed == 0);
        size_t mates = 0;
        for (size_t i = 0; i < 2 * PROBES; i++) {
            size_t p = i / 8 * 4 + i % 4;
            mn_id mate = id_of(p * (140000 / 64));
            bool found = mn_id_compare(&without[i].face, &mate) == 0;
            mates += found;
            if (found && mn_id_compare(&with[i].face, &mate) != 0)
                fail_msg("%d dimensions: the mate of probe %zu is lost", dim, p);
        }
        assert_true(dim < 256 || mates >= PROBES + PROBES / 2);
        if (cases[c].metric == MN_METRIC_COSINE)
            assert_int_equal(bytes - mn_gallery_stats_get(g).bytes,
                             131072 * mn_sketch_words((size_t)dim) * 8);
        mn_gallery_destroy(g);
        free(probes);
    }
}

/* So few mates are beyond the limit that their share is no number a float can hold: it is used all the same.
 */
static void the_best_of_prefilters_is_used(void **state)
{
    (void)state;
    enum { DIM = 1024, FACES = 70000 };
    mn_gallery *g = NULL;
    const mn_gallery_options o = {
        .dim = DIM, .metric = MN_METRIC_COSINE, .threads = 2, .prefilter = MN_PREFILTER_ON};
    float v[DIM], probe[DIM];
    uint64_t seed = 3;
    mn_candidate out;
    mn_found a = {.out = &out};
    random_unit(&seed, DIM, probe);
    assert_ok(mn_gallery_create(&o, &g, err));
    for (size_t i = 0; i < FACES; i++) {
        /* All as far away as can be, but for one mate: the nearest 1 in 128 are still far away. */
        for (int j = 0; j < DIM; j++)
            v[j] = i == 500 ? probe[j] : -probe[j];
        const mn_gallery_entry e = {.face = id_of(i), .person = id_of(i), .v = v};
        assert_ok(mn_gallery_add(g, &e, 1, err));
    }
    assert_ok(mn_gallery_compact(g, err));
    const mn_query q = {.probe = probe, .k = 1, .min_raw = -1};
    assert_ok(mn_gallery_search_many(g, &q, 1, &a, err));
    const mn_id mate = id_of(500);
    assert_int_equal(a.n, 1);
    assert_memory_equal(&out.face, &mate, sizeof mate);
    assert_true(a.missed == 0);
    assert_true(a.prefiltered);
    mn_gallery_destroy(g);
}

/* From 500 MB of rows of 256 dimensions on, neither before nor with L2. */
static void auto_is_on_from_its_edges_on(void **state)
{
    (void)state;
    static const struct {
        mn_prefilter how;
        mn_metric metric;
        int dim;
        size_t faces;
        bool on;
    } cases[] = {
        {MN_PREFILTER_AUTO, MN_METRIC_COSINE, 256, 1953125, true},
        {MN_PREFILTER_AUTO, MN_METRIC_COSINE, 256, 1953124, false},
        {MN_PREFILTER_AUTO, MN_METRIC_COSINE, 255, 100000000, false},
        {MN_PREFILTER_AUTO, MN_METRIC_COSINE, 512, 1000000, true},
        {MN_PREFILTER_AUTO, MN_METRIC_COSINE, 1024, 488282, true},
        {MN_PREFILTER_AUTO, MN_METRIC_COSINE, 1024, 488281, false},
        {MN_PREFILTER_AUTO, MN_METRIC_L2, 512, 100000000, false},
        {MN_PREFILTER_OFF, MN_METRIC_COSINE, 512, 100000000, false},
        {MN_PREFILTER_ON, MN_METRIC_COSINE, 64, 0, true},
        {MN_PREFILTER_ON, MN_METRIC_L2, 64, 100000000, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mn_gallery *g = NULL;
        const mn_gallery_options o = {
            .dim = cases[i].dim, .metric = cases[i].metric, .threads = 1, .prefilter = cases[i].how};
        const mn_view v = {.faces = cases[i].faces};
        assert_ok(mn_gallery_create(&o, &g, err));
        if (mn_prefilter_is_on(g, &v) != cases[i].on)
            fail_msg("case %zu", i);
        mn_gallery_destroy(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sketch_has_the_next_power_of_two_bits),
        cmocka_unit_test(bits_differ_as_the_angle_says),
        cmocka_unit_test(near_rows_are_those_within_the_limit),
        cmocka_unit_test(mates_are_found_as_without_it),
        cmocka_unit_test(the_best_of_prefilters_is_used),
        cmocka_unit_test(auto_is_on_from_its_edges_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
