/* The whole pipeline on photographs: what is found, where, and what is computed. The parity figures are in
 * test_parity.c. */
#include "base/alloc.h"
#include "base/file.h"
#include "face/pipeline.h"
#include "image/decode.h"
#include "image/transform.h"
#include "photos.h"
#include "support.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The face on the right of sample1.jpg with a good deal around it. */
static const mn_box portrait = {1380, 120, 400, 400};

static void faces_come_largest_first(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample6.jpg");
    run(&f, image, MN_WANT_BOXES);
    assert_int_equal(f.n, 4);
    for (size_t i = 1; i < f.n; i++)
        assert_true(f.faces[i - 1].box.width * f.faces[i - 1].box.height >=
                    f.faces[i].box.width * f.faces[i].box.height);
    mn_image_unref(image);
    finish(&f);
}

static void at_most_max_faces_are_worked_on(void **state)
{
    (void)state;
    mn_pipeline_options options = mn_pipeline_options_default();
    options.max_faces = 2;
    fixture f = open_pack("standard", options);
    mn_image *image = sample("sample6.jpg");
    run(&f, image, MN_WANT_LANDMARKS);
    assert_int_equal(f.n, 2);
    mn_image_unref(image);
    finish(&f);
}

static uint64_t calls_of(const mn_pipeline *p, const char *stage)
{
    mn_stage_stats s[16];
    size_t n = mn_pipeline_stats(p, s, 16);
    for (size_t i = 0; i < n; i++)
        if (strcmp(s[i].name, stage) == 0) {
            assert_true(s[i].net_ns <= s[i].ns);
            return s[i].calls;
        }
    fail_msg("no stage %s", stage);
    return 0;
}

static void nothing_is_computed_that_was_not_asked_for(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample1.jpg");
    run(&f, image, MN_WANT_BOXES);
    assert_int_equal(calls_of(f.p, "detect"), 1);
    assert_int_equal(calls_of(f.p, "landmarks"), 0);
    run(&f, image, MN_WANT_POSE);
    assert_int_equal(calls_of(f.p, "landmarks"), 3);
    assert_int_equal(calls_of(f.p, "align"), 0);
    assert_true(f.faces[0].pose.made);
    assert_null(f.faces[0].mesh);
    assert_false(f.faces[0].expression.made || f.faces[0].quality.made || f.faces[0].liveness.made);
    run(&f, image, MN_WANT_DESCRIPTOR);
    assert_int_equal(calls_of(f.p, "describe"), 3);
    assert_int_equal(calls_of(f.p, "quality"), 0);
    assert_int_equal(f.faces[0].descriptor.dim, 128);
    assert_false(f.faces[0].pose.made);
    assert_null(f.faces[0].sample);
    run(&f, image, MN_WANT_SAMPLE | MN_WANT_LANDMARKS);
    assert_int_equal(calls_of(f.p, "describe"), 3);
    assert_int_equal(calls_of(f.p, "liveness") + calls_of(f.p, "age"), 0);
    assert_int_equal(mn_image_width(f.faces[0].sample), 112);
    assert_non_null(f.faces[0].mesh);
    mn_image_unref(image);
    finish(&f);
}

static void a_sample_describes_as_its_face(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample1.jpg");
    mn_descriptor again;
    mn_error error = {0};
    run(&f, image, MN_WANT_SAMPLE | MN_WANT_DESCRIPTOR);
    assert_ok(mn_pipeline_describe_sample(f.p, f.faces[1].sample, f.arena, &again, err));
    assert_float_equal(mn_descriptor_score(&again, &f.faces[1].descriptor), 1, 1e-5);
    assert_int_equal(mn_pipeline_describe_sample(f.p, image, f.arena, &again, &error), MN_E_INVALID);
    mn_image_unref(image);
    finish(&f);
}

static void no_face_is_no_error(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image;
    uint64_t seed = 3;
    assert_ok(mn_image_create(300, 200, 3, &image, err));
    for (int y = 0; y < 200; y++)
        for (int x = 0; x < 900; x++)
            mn_image_row_mut(image, y)[x] = (uint8_t)mn_test_random(&seed);
    f.n = 99;
    run(&f, image, ~0u);
    assert_int_equal(f.n, 0);
    mn_image_unref(image);
    finish(&f);
}

static void grey_pictures_are_refused(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image;
    mn_error error = {0};
    assert_ok(mn_image_create(64, 64, 1, &image, err));
    assert_int_equal(mn_pipeline_run(f.p, image, 0, f.arena, &f.faces, &f.n, &error), MN_E_INVALID);
    mn_image_unref(image);
    finish(&f);
}

static void small_faces_are_found(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample1.jpg");
    /* the face is 223 px wide there: 20 px in a picture of 640 × 480, and in one of 1920 × 1080 */
    static const int sizes[2][2] = {{640, 480}, {1920, 1080}};
    for (int i = 0; i < 2; i++) {
        mn_image *small = placed(image, portrait, 22.0f / 223, 0, sizes[i][0], sizes[i][1]);
        run(&f, small, MN_WANT_BOXES);
        assert_true(f.n >= 1);
        mn_image_unref(small);
    }
    mn_image_unref(image);
    finish(&f);
}

static void close_ups_are_found(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample6.jpg");
    mn_box face = {252, 481, 217, 290};
    static const int sides[3] = {250, 640, 1600};
    for (int i = 0; i < 3; i++) {
        /* the face is as wide as the picture, and taller than it */
        mn_image *near = placed(image, face, (float)sides[i] / 217, 0, sides[i], sides[i]);
        run(&f, near, MN_WANT_LANDMARKS);
        assert_true(f.n >= 1);
        assert_true(f.faces[0].box.width > 0.6f * (float)sides[i]);
        mn_image_unref(near);
    }
    mn_image_unref(image);
    finish(&f);
}

static void a_turned_picture_gives_the_same_person(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample6.jpg");
    mn_box around = {150, 380, 420, 500};
    mn_image *upright = placed(image, around, 1, 0, 500, 500),
             *turned = placed(image, around, 1, 30, 500, 500);
    run(&f, upright, MN_WANT_DESCRIPTOR | MN_WANT_POSE);
    assert_int_equal(f.n, 1);
    mn_face first = f.faces[0];
    run(&f, turned, MN_WANT_DESCRIPTOR | MN_WANT_POSE);
    assert_int_equal(f.n, 1);
    assert_float_equal(f.faces[0].pose.roll - first.pose.roll, 30, 4);
    assert_float_equal(f.faces[0].pose.yaw, first.pose.yaw, 8);
    assert_true(mn_descriptor_score(&first.descriptor, &f.faces[0].descriptor) > 0.85f);
    mn_image_unref(image);
    mn_image_unref(upright);
    mn_image_unref(turned);
    finish(&f);
}

static void a_mirror_image_changes_the_signs(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample6.jpg"), *mirror;
    mn_box around = {150, 380, 420, 500};
    mn_image *part = placed(image, around, 1, 0, 500, 500);
    assert_ok(mn_image_flip(part, &mirror, err));
    run(&f, part, MN_WANT_POSE);
    assert_int_equal(f.n, 1);
    mn_face first = f.faces[0];
    run(&f, mirror, MN_WANT_POSE);
    assert_int_equal(f.n, 1);
    assert_true(first.pose.yaw > 6); /* she turns to her own left */
    assert_true(first.pose.roll < -3);
    assert_float_equal(f.faces[0].pose.yaw, -first.pose.yaw, 4);
    assert_float_equal(f.faces[0].pose.roll, -first.pose.roll, 2);
    assert_float_equal(f.faces[0].pose.pitch, first.pose.pitch, 4);
    mn_image_unref(image);
    mn_image_unref(part);
    mn_image_unref(mirror);
    finish(&f);
}

static void the_mesh_sees_eyes_and_mouth(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample1.jpg");
    run(&f, image, MN_WANT_EXPRESSION);
    assert_int_equal(f.n, 3);
    /* the one on the right laughs, the one in the middle looks down */
    assert_true(f.faces[0].expression.mouth_open > 0.3f);
    assert_true(f.faces[1].expression.mouth_open < 0.15f);
    assert_true(f.faces[2].expression.left_open < f.faces[0].expression.left_open);
    mn_image_unref(image);
    finish(&f);
}

/* ---- threads ---- */

typedef struct {
    mn_pipeline *p;
    const mn_image *image;
    float v[128];
    mn_box box;
    mn_code code;
} job;

static void *describe_once(void *arg)
{
    job *j = arg;
    mn_face *faces;
    size_t n;
    mn_arena *arena = mn_arena_create(64u << 20);
    j->code = mn_pipeline_run(j->p, j->image, MN_WANT_DESCRIPTOR, arena, &faces, &n, NULL);
    if (j->code == MN_OK && n > 0) {
        memcpy(j->v, faces[0].descriptor.v, sizeof j->v);
        j->box = faces[0].box;
    }
    mn_arena_destroy(arena);
    return NULL;
}

static void threads_give_identical_results(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample1.jpg");
    job jobs[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) { /* the first uses open the networks, at once */
        jobs[i] = (job){.p = f.p, .image = image};
        assert_int_equal(pthread_create(&threads[i], NULL, describe_once, &jobs[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(jobs[i].code, MN_OK);
        assert_memory_equal(jobs[i].v, jobs[0].v, sizeof jobs[0].v);
        assert_memory_equal(&jobs[i].box, &jobs[0].box, sizeof jobs[0].box);
    }
    mn_image_unref(image);
    finish(&f);
}

static void every_failed_allocation_is_an_error(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = sample("sample6.jpg");
    mn_image *part = placed(image, (mn_box){150, 380, 420, 500}, 0.5f, 0, 250, 250);
    unsigned want = MN_WANT_DESCRIPTOR | MN_WANT_SAMPLE | MN_WANT_QUALITY | MN_WANT_LANDMARKS;
    run(&f, part, want);
    mn_arena_reset(f.arena);
    for (long n = 1;; n++) {
        mn_error error = {0};
        mn_face *faces = NULL;
        size_t count = 77;
        mn_alloc_fail_at(n);
        mn_code code = mn_pipeline_run(f.p, part, want, f.arena, &faces, &count, &error);
        bool reached = mn_alloc_count() >= n;
        mn_alloc_fail_at(0);
        mn_arena_reset(f.arena);
        if (!reached) {
            assert_int_equal(code, MN_OK);
            assert_true(n > 5);
            break;
        }
        assert_true(code == MN_E_MEMORY || code == MN_E_LIMIT);
        assert_int_equal(count, 77);
        assert_true(error.text[0] != 0);
    }
    mn_image_unref(image);
    mn_image_unref(part);
    finish(&f);
}

static void options_are_checked(void **state)
{
    (void)state;
    mn_error error = {0};
    mn_pipeline *p = NULL;
    mn_pipeline_options o = mn_pipeline_options_default();
    assert_string_equal(o.precision, "auto");
    assert_float_equal(o.min_score, 0.6, 1e-6);
    o.precision = "int4";
    assert_int_equal(mn_pipeline_create(NULL, NULL, &o, &p, &error), MN_E_INVALID);
    o = mn_pipeline_options_default();
    o.min_score = NAN;
    assert_int_equal(mn_pipeline_create(NULL, NULL, &o, &p, &error), MN_E_INVALID);
    o = mn_pipeline_options_default();
    o.max_faces = 0;
    assert_int_equal(mn_pipeline_create(NULL, NULL, &o, &p, &error), MN_E_INVALID);
    assert_null(p);
}

static void a_pack_without_a_detector_is_refused(void **state)
{
    (void)state;
    static const char manifest[] = "{\"pack\":\"empty\",\"version\":1,\"models\":[]}";
    mn_error error = {0};
    mn_pack *pack;
    mn_pipeline *p = NULL;
    mn_pipeline_options o = mn_pipeline_options_default();
    if (mn_pack_parse(manifest, sizeof manifest - 1, "/nowhere", &pack, &error) != MN_OK)
        return; /* a manifest may have to name a model */
    assert_int_equal(mn_pipeline_create(NULL, pack, &o, &p, &error), MN_E_MODEL);
    assert_null(p);
    mn_pack_close(pack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faces_come_largest_first),
        cmocka_unit_test(at_most_max_faces_are_worked_on),
        cmocka_unit_test(nothing_is_computed_that_was_not_asked_for),
        cmocka_unit_test(a_sample_describes_as_its_face),
        cmocka_unit_test(no_face_is_no_error),
        cmocka_unit_test(grey_pictures_are_refused),
        cmocka_unit_test(small_faces_are_found),
        cmocka_unit_test(close_ups_are_found),
        cmocka_unit_test(a_turned_picture_gives_the_same_person),
        cmocka_unit_test(a_mirror_image_changes_the_signs),
        cmocka_unit_test(the_mesh_sees_eyes_and_mouth),
        cmocka_unit_test(threads_give_identical_results),
        cmocka_unit_test(every_failed_allocation_is_an_error),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(a_pack_without_a_detector_is_refused),
    };
    return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
