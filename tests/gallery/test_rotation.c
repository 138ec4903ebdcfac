/* The secret rotation: scores stay, deployments do not match each other, the same secret gives the same
 * matrix. */
#include "base/alloc.h"
#include "gallery/gallery.h"
#include "gallery/rotation.h"
#include "support.h"

#include <math.h>
#include <string.h>

static mn_secret_rotation *make(uint8_t first, int dim)
{
    uint8_t secret[32];
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)(first + 7 * i);
    mn_secret_rotation *r = NULL;
    assert_ok(mn_secret_rotation_create(secret, dim, &r, err));
    assert_non_null(r);
    return r;
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static void unit_vector(uint64_t *seed, size_t dim, float *v)
{
    for (size_t i = 0; i < dim; i++)
        v[i] = mn_test_random_normal(seed);
    float unit = (float)(1 / sqrt(dot(v, v, dim)));
    for (size_t i = 0; i < dim; i++)
        v[i] *= unit;
}

/* A unit vector at cosine 0.6 to v. */
static void mate_of(uint64_t *seed, size_t dim, const float *v, float *mate)
{
    unit_vector(seed, dim, mate);
    double along = dot(v, mate, dim), side = 0.8 / sqrt(1 - along * along);
    for (size_t i = 0; i < dim; i++)
        mate[i] = (float)(0.6 * (double)v[i] + side * ((double)mate[i] - along * (double)v[i]));
}

static void scores_stay_what_they_were(void **state)
{
    (void)state;
    static const int dims[] = {64, 65, 127, 128, 512, 1000};
    for (size_t d = 0; d < sizeof dims / sizeof dims[0]; d++) {
        mn_secret_rotation *r = make(3, dims[d]);
        size_t dim = (size_t)dims[d];
        uint64_t seed = d;
        float a[1024], b[1024], ra[1024], rb[1024], back[1024];
        for (size_t round = 0; round < 50; round++) {
            unit_vector(&seed, dim, a);
            mate_of(&seed, dim, a, b);
            mn_secret_rotation_apply(r, a, ra);
            mn_secret_rotation_apply(r, b, rb);
            assert_true(fabs(dot(ra, rb, dim) - 0.6) < 1e-6);
            assert_true(fabs(dot(ra, ra, dim) - 1) < 1e-6);
            mn_secret_rotation_undo(r, ra, back);
            for (size_t i = 0; i < dim; i++) {
                assert_true(fabsf(back[i] - a[i]) < 1e-6f);
                b[i] -= a[i];
                rb[i] -= ra[i];
            }
            assert_true(fabs(sqrt(dot(b, b, dim)) - sqrt(dot(rb, rb, dim))) < 1e-6);
        }
        mn_secret_rotation_destroy(r);
    }
}

/* Each axis alone: the columns are of length 1 and stand upright on each other. */
static void every_direction_is_turned_without_loss(void **state)
{
    (void)state;
    mn_secret_rotation *r = make(9, 96);
    static float columns[96][96];
    for (size_t i = 0; i < 96; i++) {
        float axis[96] = {0};
        axis[i] = 1;
        mn_secret_rotation_apply(r, axis, columns[i]);
    }
    for (size_t i = 0; i < 96; i++)
        for (size_t j = 0; j < 96; j++)
            assert_true(fabs(dot(columns[i], columns[j], 96) - (i == j ? 1 : 0)) < 1e-6);
    mn_secret_rotation_destroy(r);
}

/* Scores of 4 000 pairs between two deployments: mates at 0.6 in one, then even the same picture, against
 * what strangers in one deployment score. */
static void two_deployments_do_not_match_each_other(void **state)
{
    (void)state;
    enum { PAIRS = 4000 };
    static const int dims[] = {128, 512};
    for (size_t d = 0; d < 2; d++) {
        size_t dim = (size_t)dims[d];
        mn_secret_rotation *here = make(1, dims[d]), *there = make(2, dims[d]);
        double sum[3] = {0}, squares[3] = {0}, highest[3] = {0}, lowest_mate = 1;
        uint64_t seed = 40 + d;
        float a[512], b[512], stranger[512], a_here[512], b_here[512], b_there[512], a_there[512],
            s_here[512];
        for (size_t i = 0; i < PAIRS; i++) {
            unit_vector(&seed, dim, a);
            mate_of(&seed, dim, a, b);
            unit_vector(&seed, dim, stranger);
            mn_secret_rotation_apply(here, a, a_here);
            mn_secret_rotation_apply(here, b, b_here);
            mn_secret_rotation_apply(here, stranger, s_here);
            mn_secret_rotation_apply(there, a, a_there);
            mn_secret_rotation_apply(there, b, b_there);
            lowest_mate = fmin(lowest_mate, dot(a_here, b_here, dim));
            double scores[3] = {dot(a_here, b_there, dim), dot(a_here, a_there, dim),
                                dot(a_here, s_here, dim)};
            for (size_t k = 0; k < 3; k++) {
                sum[k] += scores[k];
                squares[k] += scores[k] * scores[k];
                highest[k] = fmax(highest[k], scores[k]);
            }
        }
        /* Strangers at random: mean 0, deviation 1/√dim; 4 000 of them reach about 3.7 deviations. The same
         * face under two rotations has the mean trace/dim, where the trace is normal with deviation 1. */
        double deviation = 1 / sqrt((double)dim);
        assert_true(lowest_mate > 0.599);
        for (size_t k = 0; k < 3; k++) {
            assert_true(fabs(sum[k] / PAIRS) < 4 / (double)dim + 5 * deviation / sqrt(PAIRS));
            assert_true(fabs(sqrt(squares[k] / PAIRS) / deviation - 1) < 0.06);
            assert_true(highest[k] < 5 * deviation);
        }
        mn_secret_rotation_destroy(here);
        mn_secret_rotation_destroy(there);
    }
}

/* The same, as a user meets it: who is enrolled here is found here, and not with a descriptor from elsewhere.
 */
static void a_foreign_descriptor_finds_nobody(void **state)
{
    (void)state;
    enum { PEOPLE = 200, DIM = 128 };
    mn_secret_rotation *here = make(1, DIM), *there = make(2, DIM);
    mn_gallery *g = NULL;
    mn_gallery_options o = {.dim = DIM, .threads = 1};
    assert_ok(mn_gallery_create(&o, &g, err));
    static float plain[PEOPLE][DIM];
    mn_id ids[PEOPLE];
    float v[DIM];
    uint64_t seed = 8;
    for (size_t i = 0; i < PEOPLE; i++) {
        unit_vector(&seed, DIM, plain[i]);
        mn_secret_rotation_apply(here, plain[i], v);
        ids[i] = mn_id_make();
        mn_gallery_entry e = {.face = ids[i], .person = ids[i], .v = v};
        assert_ok(mn_gallery_add(g, &e, 1, err));
    }
    for (size_t i = 0; i < PEOPLE; i++) {
        mn_candidate c;
        size_t n;
        mn_query q = {.probe = v, .k = 1, .min_raw = 0.55f};
        mn_secret_rotation_apply(here, plain[i], v);
        assert_ok(mn_gallery_search(g, &q, &c, &n, NULL, err));
        assert_int_equal(n, 1);
        assert_memory_equal(&c.person, &ids[i], sizeof ids[i]);
        mn_secret_rotation_apply(there, plain[i], v);
        assert_ok(mn_gallery_search(g, &q, &c, &n, NULL, err));
        assert_int_equal(n, 0);
    }
    mn_gallery_destroy(g);
    mn_secret_rotation_destroy(here);
    mn_secret_rotation_destroy(there);
}

/* Another machine must arrive at these, or its descriptors would not match those stored. */
static void a_secret_always_gives_the_same_matrix(void **state)
{
    (void)state;
    static const struct {
        int dim;
        float first[3];
        uint8_t mark[4];
    } known[] = {{128, {-2.3144875f, 0.1144392f, -1.8536682f}, {77, 187, 212, 247}},
                 {512, {2.5874221f, -1.0100737f, 2.0139625f}, {33, 8, 184, 251}}};
    for (size_t k = 0; k < 2; k++) {
        mn_secret_rotation *r = make(1, known[k].dim);
        float in[512], out[512];
        for (int i = 0; i < known[k].dim; i++)
            in[i] = (float)(i % 5) - 2;
        mn_secret_rotation_apply(r, in, out);
        uint8_t mark[16];
        mn_secret_rotation_mark(r, mark);
        for (size_t i = 0; i < 3; i++)
            assert_true(fabsf(out[i < 2 ? i : (size_t)known[k].dim - 1] - known[k].first[i]) < 2e-5f);
        assert_memory_equal(mark, known[k].mark, 4);
        mn_secret_rotation_destroy(r);
    }
}

static void marks_tell_secrets_and_dimensions_apart(void **state)
{
    (void)state;
    mn_secret_rotation *r[4] = {make(1, 128), make(1, 128), make(2, 128), make(1, 192)};
    uint8_t marks[4][16];
    for (size_t i = 0; i < 4; i++)
        mn_secret_rotation_mark(r[i], marks[i]);
    assert_memory_equal(marks[0], marks[1], 16);
    assert_memory_not_equal(marks[0], marks[2], 16);
    assert_memory_not_equal(marks[0], marks[3], 16);
    for (size_t i = 0; i < 4; i++)
        mn_secret_rotation_destroy(r[i]);
}

static void what_is_no_rotation_is_refused(void **state)
{
    (void)state;
    uint8_t secret[32] = {0};
    mn_secret_rotation *r = NULL;
    mn_error e;
    assert_int_equal(mn_secret_rotation_create(secret, 128, &r, &e), MN_E_INVALID);
    assert_non_null(strstr(e.text, "zeros"));
    secret[31] = 1;
    assert_int_equal(mn_secret_rotation_create(secret, 63, &r, &e), MN_E_INVALID);
    assert_int_equal(mn_secret_rotation_create(secret, 1025, &r, &e), MN_E_INVALID);
    assert_int_equal(mn_secret_rotation_create(secret, -1, &r, NULL), MN_E_INVALID);
    assert_null(r);
    mn_secret_rotation_destroy(NULL);
}

static void no_memory_is_survived(void **state)
{
    (void)state;
    uint8_t secret[32] = {1};
    for (long n = 1;; n++) {
        mn_secret_rotation *r = NULL;
        mn_alloc_fail_at(n);
        mn_code code = mn_secret_rotation_create(secret, 64, &r, NULL);
        mn_alloc_fail_at(0);
        if (code == MN_OK) {
            assert_true(n > 3);
            mn_secret_rotation_destroy(r);
            return;
        }
        assert_int_equal(code, MN_E_MEMORY);
        assert_null(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_stay_what_they_were),
        cmocka_unit_test(every_direction_is_turned_without_loss),
        cmocka_unit_test(two_deployments_do_not_match_each_other),
        cmocka_unit_test(a_foreign_descriptor_finds_nobody),
        cmocka_unit_test(a_secret_always_gives_the_same_matrix),
        cmocka_unit_test(marks_tell_secrets_and_dimensions_apart),
        cmocka_unit_test(what_is_no_rotation_is_refused),
        cmocka_unit_test(no_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
