/* The secret rotation in a running core: descriptors of two deployments do not match each other, and what was
 * stored before there was a rotation goes on working. */
#include "support.h"
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The stored descriptor of a face as a thief with all keys would have it. */
static void stolen(world *w, const mn_id *face, float out[DIM])
{
    assert_ok(mn_core_fetch(w->core, face, out, err));
}

static double cosine(const float a[DIM], const float b[DIM])
{
    double ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < DIM; i++) {
        ab += (double)a[i] * b[i];
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
    }
    return ab / sqrt(aa * bb);
}

/* Ten people enrolled here and there, from the same pictures. */
static void test_two_deployments(void **state)
{
    enum { PEOPLE = 10 };
    world *here = *state, *there = NULL;
    float a[PEOPLE][DIM], b[PEOPLE][DIM], plain[DIM];
    double worst = 0;
    void *second = NULL;
    assert_int_equal(world_setup(&second), 0);
    there = second;
    for (unsigned i = 0; i < PEOPLE; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", i);
        mn_id fa = enrol(here, name, "staff", i, 0).face, fb = enrol(there, name, "staff", i, 0).face;
        stolen(here, &fa, a[i]);
        stolen(there, &fb, b[i]);
        make_descriptor(i, 0, plain);
        assert_true(fabs(cosine(a[i], a[i]) - 1) < 1e-6);
        worst = fmax(worst, fmax(fabs(cosine(a[i], b[i])),
                                 fmax(fabs(cosine(a[i], plain)), fabs(cosine(b[i], plain)))));
    }
    assert_true(worst < 0.45); /* 30 pairs of strangers at 128 dimensions: 0.45 is five deviations */

    /* Each finds its own people by another look of theirs … */
    for (unsigned i = 0; i < PEOPLE; i++) {
        assert_int_equal(look_for(here, here->core, i).n, 1);
        assert_int_equal(look_for(there, there->core, i).n, 1);
    }
    /* … and nobody by what was stolen from the other one, be it used as it is or turned by one's own
     * rotation. */
    for (unsigned i = 0; i < PEOPLE; i++) {
        const mn_descriptor d = {.dim = DIM, .model = "synthetic-128", .metric = MN_METRIC_COSINE, .v = b[i]};
        const mn_identify what = {.probe = &d, .purpose = MN_PURPOSE_IDENTIFICATION, .k = 3, .fmr = 1e-7};
        mn_identification found = {0};
        assert_ok(mn_core_identify(here->core, &ann, &what, here->arena, &found, err));
        assert_int_equal(found.n, 0);
    }
    world_teardown(&second);
}

static void test_the_same_after_reopening(void **state)
{
    world *w = *state;
    float before[DIM], after[DIM], plain[DIM], back[DIM];
    mn_id face = enrol(w, "Anna", "staff", 1, 0).face;
    stolen(w, &face, before);
    world_reopen(w);
    stolen(w, &face, after);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    make_descriptor(1, 0, plain);
    mn_core_turn_back(w->core, after, back);
    for (int i = 0; i < DIM; i++)
        assert_true(fabsf(back[i] - plain[i]) < 1e-5f);
}

/* As versions without a rotation sealed it. */
static void seal_as_before(world *w, const mn_enrolment *e, unsigned who)
{
    uint8_t context[64] = {'d'};
    float plain[DIM];
    mn_key *key = NULL;
    mn_buf sealed;
    make_descriptor(who, 0, plain);
    memcpy(context + 1, e->face.bytes, 16);
    memcpy(context + 17, "synthetic-128", 13);
    mn_buf_init(&sealed, 4096);
    assert_ok(mn_core_person_key(w->core, &e->person, w->arena, &key, err));
    assert_ok(mn_seal(key, context, 30, plain, sizeof plain, &sealed, err));
    const mn_descriptor_record d = {.face = e->face,
                                    .model = "synthetic-128",
                                    .dim = DIM,
                                    .sealed = sealed.data,
                                    .sealed_len = sealed.len};
    assert_ok(w->core->store->ops->descriptor_put(w->core->store, &d, err));
    mn_key_close(key);
    mn_buf_finish(&sealed);
}

static void test_older_stores(void **state)
{
    world *w = *state;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0), bert = enrol(w, "Bert", "staff", 2, 0);
    float turned[DIM], again[DIM];
    (void)bert;
    stolen(w, &anna.face, turned);
    seal_as_before(w, &anna, 1);
    stolen(w, &anna.face, again);
    for (int i = 0; i < DIM; i++)
        assert_true(fabsf(turned[i] - again[i]) < 1e-6f);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(look_for(w, w->core, 1).n, 1);
        assert_int_equal(look_for(w, w->core, 2).n, 1);
        assert_int_equal(look_for(w, w->core, 3).n, 0);
        world_reopen(w);
    }
}

static void test_another_rotation_is_refused(void **state)
{
    world *w = *state;
    mn_core *c = NULL;
    const char *mark = NULL;
    mn_store *s = w->core->store;
    assert_ok(s->ops->meta_get(s, "descriptor_rotation.128", w->arena, &mark, err));
    assert_int_equal(strlen(mark), 32);
    assert_ok(s->ops->meta_put(s, "descriptor_rotation.128", "00112233445566778899aabbccddeeff", err));
    assert_code(world_open(w, "test", &fp32_model, false, &c, err), MN_E_PACK);
    assert_null(c);
    assert_ok(s->ops->meta_put(s, "descriptor_rotation.128", mark, err));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_two_deployments),
        T(test_the_same_after_reopening),
        T(test_older_stores),
        T(test_another_rotation_is_refused),
    };
#undef T
    return cmocka_run_group_tests_name("rotation in core", tests, NULL, NULL);
}
