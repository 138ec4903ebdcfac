/* Searches of a model whose manifest says to normalise scores. */
#include "support.h"
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const mn_purpose IDENTIFY = MN_PURPOSE_IDENTIFICATION;

static const float normalised_score[] = {0, 4, 8}, normalised_rate[] = {0, -2, -8},
                   normalised_similarity[] = {0, 0.25f, 1};

static void blend(float out[DIM], float part_a, const float *a, float part_b, const float *b)
{
    double squares = 0;
    for (int i = 0; i < DIM; i++) {
        out[i] = part_a * a[i] + part_b * b[i];
        squares += (double)out[i] * (double)out[i];
    }
    for (int i = 0; i < DIM; i++)
        out[i] /= (float)sqrt(squares);
}

static mn_face *face_of(world *w, const float v[DIM])
{
    mn_face *f = make_face(w, 1, 0);
    float *copy = mn_arena_calloc(w->arena, DIM, sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, v, DIM * sizeof *copy);
    f->descriptor.v = copy;
    return f;
}

static void enrol_face(world *w, const char *name, const float v[DIM])
{
    const mn_consent_given consent = agreed(IDENTIFY);
    const mn_enrol_person person = {.name = name, .list = "staff", .consent = &consent};
    const mn_enrol_face face = {.face = face_of(w, v)};
    mn_enrolment done;
    assert_ok(mn_core_enrol(w->core, &ann, &person, &face, w->arena, &done, err));
}

/* Eight who look like each other, Lo who looks like nobody, and twenty strangers. */
static void enrol_lookalikes(world *w, float lo[DIM], float likeness[DIM])
{
    char name[16];
    float own[DIM], v[DIM];
    make_descriptor(700, 0, lo);
    make_descriptor(701, 0, likeness);
    enrol_face(w, "Lo", lo);
    for (unsigned i = 0; i < 28; i++) {
        snprintf(name, sizeof name, "p%u", i);
        make_descriptor(710 + i, 0, own);
        blend(v, i < 8 ? 0.9f : 0, likeness, i < 8 ? 0.436f : 1, own);
        enrol_face(w, name, v);
    }
}

/* The probe scores a little higher with those who all look alike than with Lo: that says more about Lo. */
static void test_normalised_scores(void **state)
{
    world *w = *state;
    mn_model_info model = fp32_model;
    model.normalisation = (mn_normalisation){
        .least = 30,
        .share = 0.25f,
        .calibration = {normalised_score, normalised_rate, normalised_similarity, 3, 0, 0}};
    mn_core_close(w->core);
    assert_ok(world_open(w, "test", &model, false, &w->core, err));
    float lo[DIM], likeness[DIM], v[DIM];
    enrol_lookalikes(w, lo, likeness);
    blend(v, 0.65f, lo, 0.75f, likeness);
    mn_identification raw, normalised;
    const mn_identify what = {.probe = &face_of(w, v)->descriptor, .purpose = IDENTIFY, .k = 9, .fmr = 1e-2};
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &raw, err));
    assert_int_equal(raw.searched, 29);
    assert_false(raw.normalised);
    assert_int_equal(raw.n, 9);
    assert_true(raw.matches[0].name[0] == 'p');
    assert_true(raw.matches[0].score == raw.matches[0].raw);

    enrol(w, "The thirtieth", "staff", 750, 0);
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &normalised, err));
    assert_int_equal(normalised.searched, 30);
    assert_true(normalised.normalised);
    assert_ptr_equal(normalised.calibration, &model.normalisation.calibration);
    assert_true(fabs(normalised.threshold_score - 4.99) < 0.01); /* 1e-2 among 30 is 10^-3.475 */
    assert_int_equal(normalised.n, 1);
    assert_string_equal(normalised.matches[0].name, "Lo");
    assert_true(normalised.matches[0].raw < raw.matches[0].raw);
    assert_true(fabs(normalised.matches[0].raw - 0.684) < 1e-3);
    /* The cohort is compared as int8 rows, whose rounding differs with the secret rotation of each
     * deployment. */
    assert_true(fabs(normalised.matches[0].score - 20.3) < 1.5);
    assert_true(normalised.matches[0].similarity == 1.0);
    assert_true(fabs(normalised.matches[0].fmr - 3e-7) < 1e-9); /* 30 × 1e-8 */
    world_reopen(w);                                            /* the model's numbers end with this test */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_normalised_scores, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
