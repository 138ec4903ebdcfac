/* Parity: a few figures of the whole pipeline, pinned. A wrong channel order, scaling, template or crop moves
 * them by far more than the tolerances, which cover the differences between CPUs and instruction sets. */
#include "base/file.h"
#include "face/pipeline.h"
#include "image/decode.h"
#include "simd/simd.h"
#include "support.h"

typedef struct {
    mn_runtime *rt;
    mn_pack *pack;
    mn_pipeline *p;
    mn_arena *arena;
} fixture;

static fixture open_pack(const char *name, const char *precision, bool flip)
{
    fixture f = {0};
    mn_test_need(mn_test_models() && mn_test_library(), "model packs and ONNX Runtime: run make models");
    mn_runtime_options how = {.library = mn_test_library(), .provider = "cpu"};
    mn_pipeline_options options = mn_pipeline_options_default();
    options.precision = precision;
    options.flip = flip;
    assert_ok(mn_pack_open(name, mn_test_models(), &f.pack, err));
    if (!mn_pack_complete(f.pack)) {
        mn_pack_close(f.pack);
        mn_test_need(false, "the standard model pack: run make models where it is reached");
    }
    assert_ok(mn_runtime_create(&how, &f.rt, err));
    assert_ok(mn_pipeline_create(f.rt, f.pack, &options, &f.p, err));
    f.arena = mn_arena_create(256u << 20);
    assert_non_null(f.arena);
    return f;
}

static void finish(fixture *f)
{
    mn_arena_destroy(f->arena);
    mn_pipeline_destroy(f->p);
    mn_runtime_destroy(f->rt);
    mn_pack_close(f->pack);
}

/* Faces of a file, in the fixture's arena. */
static size_t faces_of(fixture *f, const char *folder, const char *name, unsigned want, mn_face **faces)
{
    char path[4096];
    mn_buf bytes;
    mn_image *image;
    size_t n;
    mn_decode_limits limits = mn_decode_limits_default();
    assert_true(mn_path_join(path, sizeof path, folder, name));
    mn_buf_init(&bytes, limits.max_bytes);
    mn_test_read(path, &bytes);
    assert_ok(mn_image_decode(bytes.data, bytes.len, &limits, &image, err));
    mn_buf_finish(&bytes);
    assert_ok(mn_pipeline_run(f->p, image, want, f->arena, faces, &n, err));
    mn_image_unref(image);
    return n;
}

static const char *samples(void)
{
    mn_test_need(mn_test_samples() != NULL, "the npm package's photographs: run npm ci in models");
    return mn_test_samples();
}

static const char *shared(void)
{
    mn_test_need(mn_test_shared() != NULL, "the evaluation data beside the tree");
    return mn_test_shared();
}

static void assert_box(mn_box b, double x, double y, double width, double height, double tolerance)
{
    assert_float_equal(b.x, x, tolerance);
    assert_float_equal(b.y, y, tolerance);
    assert_float_equal(b.width, width, tolerance);
    assert_float_equal(b.height, height, tolerance);
}

static void assert_points(const mn_point *p, const double expected[5][2], double tolerance)
{
    for (int i = 0; i < 5; i++) {
        assert_float_equal(p[i].x, expected[i][0], tolerance);
        assert_float_equal(p[i].y, expected[i][1], tolerance);
    }
}

static void assert_values(const mn_descriptor *d, const double *expected, int n, double tolerance)
{
    for (int i = 0; i < n; i++)
        assert_float_equal(d->v[i], expected[i], tolerance);
}

/* sample1.jpg: a laughing woman on the right, turned by 45° (largest), one on the left, one in the middle
 * looking down. The last one is also on the left of sample4.jpg. */
static void standard_boxes_points_and_descriptors(void **state)
{
    (void)state;
    fixture f = open_pack("standard", "fp32", false);
    mn_face *faces;
    assert_int_equal(faces_of(&f, samples(), "sample1.jpg", MN_WANT_DESCRIPTOR | MN_WANT_POSE, &faces), 3);
    assert_box(faces[0].box, 1470.3, 200.0, 223.0, 237.1, 2);
    assert_box(faces[1].box, 416.7, 357.4, 190.8, 251.7, 2);
    assert_box(faces[2].box, 834.4, 430.7, 195.8, 235.0, 2);
    assert_float_equal(faces[0].score, 0.915, 0.01);
    static const double right[5][2] = {
        {1556.8, 280.7}, {1613.9, 337.3}, {1546.8, 335.4}, {1496.8, 343.5}, {1553.1, 398.2}};
    static const double left[5][2] = {
        {443.3, 457.0}, {518.6, 458.9}, {456.9, 509.7}, {451.0, 537.7}, {522.5, 539.5}};
    assert_points(faces[0].points, right, 1);
    assert_points(faces[1].points, left, 1);
    static const double v[3][6] = {{0.0759, -0.0582, 0.0502, 0.0383, -0.1406, -0.0450},
                                   {0.0326, 0.0251, -0.2124, -0.0034, -0.1116, 0.0195},
                                   {-0.0466, -0.0170, -0.0914, -0.1561, -0.1070, -0.0124}};
    for (int i = 0; i < 3; i++)
        assert_values(&faces[i].descriptor, v[i], 6, 0.01);
    assert_float_equal(faces[0].pose.roll, 45.1, 1);
    assert_float_equal(faces[1].pose.yaw, -26.9, 1);
    assert_float_equal(faces[2].pose.pitch, -10.0, 1);
    finish(&f);
}

static void standard_tells_people_apart(void **state)
{
    (void)state;
    fixture f = open_pack("standard", "fp32", false);
    mn_face *one, *other;
    assert_int_equal(faces_of(&f, samples(), "sample1.jpg", MN_WANT_DESCRIPTOR, &one), 3);
    assert_int_equal(faces_of(&f, samples(), "sample4.jpg", MN_WANT_DESCRIPTOR, &other), 4);
    assert_float_equal(mn_descriptor_score(&one[2].descriptor, &other[3].descriptor), 0.522, 0.02);
    assert_float_equal(mn_descriptor_score(&one[0].descriptor, &other[3].descriptor), 0.009, 0.02);
    assert_float_equal(mn_descriptor_score(&one[0].descriptor, &one[1].descriptor), 0.104, 0.02);
    finish(&f);
}

static void int8_is_near_fp32(void **state)
{
    (void)state;
    fixture f = open_pack("standard", "fp32", false);
    mn_pipeline_options options = mn_pipeline_options_default();
    mn_pipeline *small;
    mn_face *a, *b;
    options.precision = "int8";
    const mn_model_info *int8 = mn_pack_find(f.pack, "descriptor", NULL, "int8");
    mn_test_need(int8 && mn_pack_check(f.pack, int8, NULL) == MN_MODEL_PRESENT && mn_simd_has_vnni(),
                 "the int8 descriptor network, and a CPU with VNNI");
    assert_int_equal(faces_of(&f, samples(), "sample1.jpg", MN_WANT_DESCRIPTOR, &a), 3);
    assert_ok(mn_pipeline_create(f.rt, f.pack, &options, &small, err));
    assert_string_equal(mn_pipeline_descriptor_model(small)->precision, "int8");
    mn_pipeline_destroy(f.p);
    f.p = small;
    assert_int_equal(faces_of(&f, samples(), "sample1.jpg", MN_WANT_DESCRIPTOR, &b), 3);
    for (int i = 0; i < 3; i++)
        assert_true(mn_descriptor_score(&a[i].descriptor, &b[i].descriptor) > 0.98f);
    finish(&f);
}

static void offline_boxes_points_and_descriptors(void **state)
{
    (void)state;
    fixture f = open_pack("offline", "fp32", false);
    mn_face *faces, *other;
    assert_int_equal(faces_of(&f, samples(), "sample1.jpg", MN_WANT_DESCRIPTOR, &faces), 3);
    assert_box(faces[0].box, 418.8, 400.5, 200.2, 200.2, 3);
    assert_box(faces[2].box, 1487.8, 252.9, 163.2, 163.2, 3);
    static const double left[5][2] = {
        {444.0, 457.4}, {519.1, 459.0}, {456.3, 509.0}, {451.4, 538.6}, {523.7, 540.0}};
    assert_points(faces[0].points, left, 1.5);
    static const double v[2][6] = {{-0.0633, 0.0508, 0.0560, -0.1089, -0.0735, 0.0692},
                                   {-0.1166, 0.0337, 0.0611, -0.0763, -0.1242, -0.0152}};
    for (int i = 0; i < 2; i++)
        assert_values(&faces[i].descriptor, v[i], 6, 0.01);
    assert_int_equal(faces_of(&f, samples(), "sample4.jpg", MN_WANT_DESCRIPTOR, &other), 4);
    assert_float_equal(mn_descriptor_score(&faces[1].descriptor, &other[1].descriptor), -0.589, 0.02);
    assert_float_equal(mn_descriptor_score(&faces[2].descriptor, &other[2].descriptor), -0.857, 0.02);
    finish(&f);
}

static void the_mirror_image_is_averaged_in(void **state)
{
    (void)state;
    fixture f = open_pack("standard", "fp32", true);
    mn_face *faces;
    assert_int_equal(faces_of(&f, samples(), "sample1.jpg", MN_WANT_DESCRIPTOR, &faces), 3);
    static const double v[6] = {0.0098, 0.0059, -0.2350, 0.0014, -0.0868, 0.0186};
    assert_values(&faces[1].descriptor, v, 6, 0.01);
    finish(&f);
}

static void liveness_has_the_published_scores(void **state)
{
    (void)state;
    fixture f = open_pack("standard", "fp32", false);
    /* printed in the result pictures: T1 live 0.994, F1 fake 0.732, F2 fake 0.817 (of one class of two) */
    static const struct {
        const char *name;
        double least, most;
    } expected[3] = {{"T1.jpg", 0.98, 1}, {"F1.jpg", 0.22, 0.31}, {"F2.jpg", 0, 0.05}};
    char folder[4096];
    assert_true(mn_path_join(folder, sizeof folder, shared(), "data/antispoof"));
    mn_test_need(mn_pipeline_can(f.p, MN_WANT_LIVENESS), "the liveness networks of the standard pack");
    for (int i = 0; i < 3; i++) {
        mn_face *faces;
        assert_int_equal(faces_of(&f, folder, expected[i].name, MN_WANT_LIVENESS, &faces), 1);
        assert_int_equal(faces[0].liveness.n, 2);
        assert_in_range((int)(faces[0].liveness.score * 1000), (int)(expected[i].least * 1000),
                        (int)(expected[i].most * 1000));
    }
    finish(&f);
}

static void groups_are_found(void **state)
{
    (void)state;
    fixture f = open_pack("standard", "fp32", false);
    mn_face *faces;
    char folder[4096];
    assert_true(mn_path_join(folder, sizeof folder, shared(), "data/wider"));
    assert_int_equal(
        faces_of(&f, folder, "wider_12_Group_Group_12_Group_Group_12_24.jpg", MN_WANT_LANDMARKS, &faces), 23);
    assert_int_equal(
        faces_of(&f, folder, "wider_12_Group_Group_12_Group_Group_12_51.jpg", MN_WANT_LANDMARKS, &faces), 8);
    finish(&f);
}

static void press_pictures_have_their_scores(void **state)
{
    (void)state;
    fixture f = open_pack("standard", "fp32", false);
    static const struct {
        const char *a, *b;
        double score;
    } pairs[3] = {
        {"Abel_Pacheco/Abel_Pacheco_0001.jpg", "Abel_Pacheco/Abel_Pacheco_0004.jpg", 0.617},
        {"Akhmed_Zakayev/Akhmed_Zakayev_0001.jpg", "Akhmed_Zakayev/Akhmed_Zakayev_0003.jpg", 0.888},
        {"Abdel_Madi_Shabneh/Abdel_Madi_Shabneh_0001.jpg", "Dean_Barker/Dean_Barker_0001.jpg", 0.013}};
    char folder[4096];
    assert_true(mn_path_join(folder, sizeof folder, shared(), "data/lfw/images"));
    for (int i = 0; i < 3; i++) {
        mn_face *a, *b;
        assert_int_equal(faces_of(&f, folder, pairs[i].a, MN_WANT_DESCRIPTOR, &a), 1);
        assert_int_equal(faces_of(&f, folder, pairs[i].b, MN_WANT_DESCRIPTOR, &b), 1);
        assert_float_equal(mn_descriptor_score(&a->descriptor, &b->descriptor), pairs[i].score, 0.02);
    }
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_boxes_points_and_descriptors),
        cmocka_unit_test(standard_tells_people_apart),
        cmocka_unit_test(int8_is_near_fp32),
        cmocka_unit_test(offline_boxes_points_and_descriptors),
        cmocka_unit_test(the_mirror_image_is_averaged_in),
        cmocka_unit_test(liveness_has_the_published_scores),
        cmocka_unit_test(groups_are_found),
        cmocka_unit_test(press_pictures_have_their_scores),
    };
    return cmocka_run_group_tests_name("parity", tests, NULL, NULL);
}
