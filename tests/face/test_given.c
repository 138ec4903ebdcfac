/* Faces that somebody else has found: boxes, and samples that were aligned before. */
#include "face/align.h"
#include "image/transform.h"
#include "photos.h"
#include "support.h"
#include <math.h>
#include <string.h>

#define ALL_BOXES (MN_WANT_DESCRIPTOR | MN_WANT_POSE)

static mn_code with_box(fixture *f, const mn_image *image, mn_box box, mn_face **face, mn_error *err)
{
    return mn_pipeline_run_boxes(f->p, image, &box, 1, ALL_BOXES, f->arena, face, err);
}

/* Off by a quarter of its size, half as large again, smaller: the same face. */
static void a_box_gives_the_face_in_it(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample1.jpg");
    run(&f, image, ALL_BOXES);
    assert_int_equal(f.n, 3);
    for (size_t i = 0; i < f.n; i++) {
        const mn_box b = f.faces[i].box;
        const mn_box drawn[] = {b,
                                {b.x + b.width / 4, b.y - b.height / 4, b.width, b.height},
                                {b.x - b.width / 4, b.y - b.height / 4, 1.5f * b.width, 1.5f * b.height},
                                {b.x + b.width / 5, b.y + b.height / 5, 0.6f * b.width, 0.6f * b.height}};
        for (size_t j = 0; j < 4; j++) {
            mn_face *face;
            assert_ok(with_box(&f, image, drawn[j], &face, err));
            assert_true(mn_descriptor_score(&face->descriptor, &f.faces[i].descriptor) > 0.97f);
            assert_float_equal(face->box.x, b.x, b.width / 6);
            assert_float_equal(face->box.width, b.width, b.width / 4);
            assert_float_equal(face->pose.yaw, f.faces[i].pose.yaw, 3);
        }
    }
    mn_image_unref(image);
    finish(&f);
}

static void faces_come_in_the_order_of_their_boxes(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample1.jpg");
    run(&f, image, MN_WANT_BOXES);
    mn_box boxes[3] = {f.faces[2].box, f.faces[0].box, f.faces[1].box};
    mn_face *faces;
    assert_ok(mn_pipeline_run_boxes(f.p, image, boxes, 3, MN_WANT_BOXES, f.arena, &faces, err));
    assert_float_equal(faces[0].box.x, f.faces[2].box.x, 40);
    assert_float_equal(faces[1].box.x, f.faces[0].box.x, 40);
    assert_float_equal(faces[2].box.x, f.faces[1].box.x, 40);
    assert_null(faces[0].mesh);
    mn_image_unref(image);
    finish(&f);
}

static void where_no_face_is_it_is_said_which_box(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample1.jpg");
    mn_error error = {0};
    run(&f, image, MN_WANT_BOXES);
    mn_box boxes[2] = {f.faces[0].box, {10, 10, 150, 180}};
    mn_face *faces = f.faces;
    assert_int_equal(mn_pipeline_run_boxes(f.p, image, boxes, 2, ALL_BOXES, f.arena, &faces, &error),
                     MN_E_NO_FACE);
    assert_string_equal(error.text, "box 2: no face is in it (150 × 180 px at 10,10)");
    assert_ptr_equal(faces, f.faces); /* untouched */
    mn_image_unref(image);
    finish(&f);
}

static void a_box_that_is_none_is_refused(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample1.jpg");
    static const mn_box wrong[] = {{10, 10, 0, 50},        {10, 10, 50, -3},     {NAN, 10, 50, 50},
                                   {10, INFINITY, 50, 50}, {-500, 10, 50, 50},   {9000, 10, 50, 50},
                                   {10, 10, 7, 50},        {0, 0, 1e30f, 1e30f}, {10, 9000, 50, 50}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        mn_error error = {0};
        mn_face *face = NULL;
        assert_int_equal(with_box(&f, image, wrong[i], &face, &error), MN_E_INVALID);
        assert_non_null(strstr(error.text, "box 1"));
        assert_null(face);
    }
    mn_face *faces = NULL;
    mn_error error = {0};
    assert_int_equal(mn_pipeline_run_boxes(f.p, image, wrong, 0, 0, f.arena, &faces, &error), MN_E_INVALID);
    assert_int_equal(mn_pipeline_run_boxes(f.p, image, wrong, 101, 0, f.arena, &faces, &error), MN_E_INVALID);
    mn_image_unref(image);
    finish(&f);
}

/* ---- samples ---- */

static mn_image *aligned(const mn_image *image, const mn_face *face, mn_template t)
{
    mn_pyramid pyramid = mn_pyramid_of(image);
    mn_image *warped, *chip;
    assert_ok(mn_align_chip(&pyramid, &t, face->points, &warped, err));
    mn_pyramid_finish(&pyramid);
    assert_ok(mn_image_create(t.size, t.size, 3, &chip, err)); /* as from a file: of scale 1 */
    for (int y = 0; y < t.size; y++)
        memcpy(mn_image_row_mut(chip, y), mn_image_row(warped, y), 3 * (size_t)t.size);
    mn_image_unref(warped);
    return chip;
}

static mn_template loose_250(void)
{
    mn_template t = {.size = 250};
    for (int i = 0; i < 5; i++)
        t.points[i] = (mn_point){125 + (mn_template_112.points[i].x - 56) * 1.5f,
                                 125 + (mn_template_112.points[i].y - 72) * 1.5f};
    return t;
}

static void check_samples(const char *pack, float same)
{
    mn_pipeline_options options = mn_pipeline_options_default();
    options.precision = "fp32";
    fixture f = open_pack(pack, options);
    mn_image *image = sample("sample1.jpg");
    run(&f, image, MN_WANT_DESCRIPTOR);
    assert_int_equal(f.n, 3);
    const mn_template kinds[] = {mn_template_112, mn_template_150, loose_250()};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++) {
            mn_image *chip = aligned(image, &f.faces[i], kinds[k]);
            mn_face face;
            assert_ok(mn_pipeline_run_sample(f.p, chip, ALL_BOXES, f.arena, &face, err));
            assert_true(face.pose.made);
            assert_true(mn_descriptor_score(&face.descriptor, &f.faces[i].descriptor) > same);
            mn_image_unref(chip);
        }
    mn_image_unref(image);
    finish(&f);
}

static void samples_of_every_size_are_the_same_person(void **state)
{
    (void)state;
    check_samples("standard", 0.85f); /* cosine */
}

static void so_they_are_with_the_offline_pack(void **state)
{
    (void)state;
    check_samples("offline", -0.35f); /* minus L2; 0.6 is another person */
}

/* The pack's own kind is described as it is: bit by bit what mn_pipeline_describe_sample gives. */
static void a_sample_of_our_own_is_described_as_it_is(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample1.jpg");
    mn_descriptor plain;
    mn_face face;
    run(&f, image, MN_WANT_SAMPLE);
    mn_image *chip = aligned(image, &f.faces[0], mn_template_112);
    assert_ok(mn_pipeline_describe_sample(f.p, chip, f.arena, &plain, err));
    assert_ok(mn_pipeline_run_sample(f.p, chip, MN_WANT_DESCRIPTOR, f.arena, &face, err));
    assert_memory_equal(plain.v, face.descriptor.v, 128 * sizeof(float));
    mn_image_unref(chip);
    mn_image_unref(image);
    finish(&f);
}

static void what_is_no_sample_is_refused(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample1.jpg"), *blank, *odd;
    mn_face face = {.score = 7};
    mn_error error = {0};
    assert_int_equal(mn_pipeline_run_sample(f.p, image, ALL_BOXES, f.arena, &face, &error), MN_E_INVALID);
    assert_ok(mn_image_create(112, 112, 3, &blank, err));
    for (int y = 0; y < 112; y++)
        memset(mn_image_row_mut(blank, y), 128, 336);
    assert_int_equal(mn_pipeline_run_sample(f.p, blank, ALL_BOXES, f.arena, &face, &error), MN_E_NO_FACE);
    assert_ok(mn_image_create(111, 112, 3, &odd, err));
    assert_int_equal(mn_pipeline_run_sample(f.p, odd, ALL_BOXES, f.arena, &face, &error), MN_E_INVALID);
    assert_float_equal(face.score, 7, 0); /* untouched */
    mn_image_unref(image);
    mn_image_unref(blank);
    mn_image_unref(odd);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_gives_the_face_in_it),
        cmocka_unit_test(faces_come_in_the_order_of_their_boxes),
        cmocka_unit_test(where_no_face_is_it_is_said_which_box),
        cmocka_unit_test(a_box_that_is_none_is_refused),
        cmocka_unit_test(samples_of_every_size_are_the_same_person),
        cmocka_unit_test(so_they_are_with_the_offline_pack),
        cmocka_unit_test(a_sample_of_our_own_is_described_as_it_is),
        cmocka_unit_test(what_is_no_sample_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
