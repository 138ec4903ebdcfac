/* The pure parts after detection: alignment, mesh crops, points, rotation, pose, expression, liveness crops,
 * age. */
#include "face/age.h"
#include "face/align.h"
#include "face/describe.h"
#include "face/liveness.h"
#include "face/mesh.h"
#include "face/pose.h"
#include "support.h"
#include <math.h>
#include <string.h>

#define RADIANS 0.01745329252f

static void assert_point(mn_point p, double x, double y, double tolerance)
{
    assert_float_equal(p.x, x, tolerance);
    assert_float_equal(p.y, y, tolerance);
}

/* ---- rotation and pose ---- */

/* A point turned about x, then y, then z (degrees), by matrices written out: independent of rotation.c. */
static mn_point3 turned(mn_point3 p, float rx, float ry, float rz)
{
    float c = cosf(rx * RADIANS), s = sinf(rx * RADIANS);
    p = (mn_point3){p.x, c * p.y - s * p.z, s * p.y + c * p.z};
    c = cosf(ry * RADIANS), s = sinf(ry * RADIANS);
    p = (mn_point3){c * p.x + s * p.z, p.y, -s * p.x + c * p.z};
    c = cosf(rz * RADIANS), s = sinf(rz * RADIANS);
    return (mn_point3){c * p.x - s * p.y, s * p.x + c * p.y, p.z};
}

/* A mesh whose rigid points are the mean face turned so; the others are zero. */
static void turned_mesh(mn_point3 mesh[MN_MESH_POINTS], float rx, float ry, float rz)
{
    memset(mesh, 0, MN_MESH_POINTS * sizeof *mesh);
    for (int i = 0; i < MN_MEAN_SHAPE_POINTS; i++) {
        mn_point3 p = turned(mn_mean_shape[i].at, rx, ry, rz);
        mesh[mn_mean_shape[i].index] = (mn_point3){p.x * 80 + 300, p.y * 80 + 200, p.z * 80 - 5};
    }
}

static void pose_is_that_of_a_turned_face(void **state)
{
    (void)state;
    static const float angles[][3] = {{0, 0, 0},    {30, 0, 0},     {0, 25, 0},     {0, 0, 40},
                                      {-20, 35, 5}, {15, -60, -80}, {-40, -10, 170}};
    mn_point3 mesh[MN_MESH_POINTS];
    for (size_t i = 0; i < sizeof angles / sizeof *angles; i++) {
        turned_mesh(mesh, angles[i][0], angles[i][1], angles[i][2]);
        mn_pose pose = mn_pose_of_mesh(mesh);
        assert_true(pose.made);
        assert_float_equal(pose.pitch, -angles[i][0], 0.01);
        assert_float_equal(pose.yaw, -angles[i][1], 0.01);
        assert_float_equal(pose.roll, angles[i][2], 0.01);
    }
}

/* The promises of face.h, by where the nose goes. */
static void signs_are_as_promised(void **state)
{
    (void)state;
    mn_point3 mesh[MN_MESH_POINTS];
    turned_mesh(mesh, 0, 0, 0);
    mn_point3 frontal = mesh[4];
    turned_mesh(mesh, 0, -20, 0);
    assert_true(mesh[4].x > frontal.x); /* the nose goes right in the picture: the subject's left */
    assert_float_equal(mn_pose_of_mesh(mesh).yaw, 20, 0.01);
    turned_mesh(mesh, -20, 0, 0);
    assert_true(mesh[4].y < frontal.y); /* up */
    assert_float_equal(mn_pose_of_mesh(mesh).pitch, 20, 0.01);
    turned_mesh(mesh, 0, 0, 20);
    assert_true(mesh[263].y > mesh[33].y); /* clockwise: the eye on the right sinks */
    assert_float_equal(mn_pose_of_mesh(mesh).roll, 20, 0.01);
}

static void noise_moves_the_pose_little(void **state)
{
    (void)state;
    mn_point3 mesh[MN_MESH_POINTS];
    uint64_t seed = 7;
    turned_mesh(mesh, 10, 20, -15);
    for (int i = 0; i < MN_MESH_POINTS; i++) {
        mesh[i].x += mn_test_random_normal(&seed) * 2;
        mesh[i].y += mn_test_random_normal(&seed) * 2;
        mesh[i].z += mn_test_random_normal(&seed) * 2;
    }
    mn_pose pose = mn_pose_of_mesh(mesh);
    assert_float_equal(pose.pitch, -10, 1.5);
    assert_float_equal(pose.yaw, -20, 1.5);
    assert_float_equal(pose.roll, -15, 1.5);
}

static void a_mesh_without_extent_has_no_pose(void **state)
{
    (void)state;
    mn_point3 mesh[MN_MESH_POINTS] = {{0}};
    assert_false(mn_pose_of_mesh(mesh).made);
    mesh[33].x = NAN;
    assert_false(mn_pose_of_mesh(mesh).made);
}

static void mean_face_is_symmetric(void **state)
{
    (void)state;
    for (int i = 0; i < MN_MEAN_SHAPE_POINTS; i++) {
        int j = 0;
        while (j < MN_MEAN_SHAPE_POINTS && mn_mean_shape[j].index != mn_mean_shape[i].mirror)
            j++;
        assert_true(j < MN_MEAN_SHAPE_POINTS);
        assert_float_equal(mn_mean_shape[i].at.x, -mn_mean_shape[j].at.x, 1e-6);
        assert_float_equal(mn_mean_shape[i].at.y, mn_mean_shape[j].at.y, 1e-6);
        assert_float_equal(mn_mean_shape[i].at.z, mn_mean_shape[j].at.z, 1e-6);
    }
}

/* ---- alignment ---- */

static void aligned_points_fall_on_the_template(void **state)
{
    (void)state;
    /* the template of 112 px, three times as large, turned by 90° and moved */
    mn_point points[5];
    for (int i = 0; i < 5; i++)
        points[i] = (mn_point){400 - 3 * mn_template_112.points[i].y, 50 + 3 * mn_template_112.points[i].x};
    mn_affine map;
    assert_ok(mn_align_map(&mn_template_112, points, &map, err));
    assert_point(mn_affine_apply(&map, (mn_point){38.2946f, 51.6963f}), 400 - 3 * 51.6963, 50 + 3 * 38.2946,
                 1e-3);
    assert_point(mn_affine_apply(&map, (mn_point){0, 0}), 400, 50, 1e-3);
    assert_point(mn_affine_apply(&map, (mn_point){112, 0}), 400, 386, 1e-3);
}

static void templates_are_the_published_ones(void **state)
{
    (void)state;
    assert_int_equal(mn_template_112.size, 112);
    assert_point(mn_template_112.points[1], 73.53, 51.50, 0.01);
    assert_point(mn_template_112.points[4], 70.73, 92.20, 0.01);
    assert_int_equal(mn_template_150.size, 150);
    assert_point(mn_template_150.points[0], 47.82, 47.41, 0.01);
    assert_point(mn_template_150.points[2], 74.01, 76.56, 0.01);
    mn_template half = mn_template_scaled(&mn_template_150, 75);
    assert_int_equal(half.size, 75);
    assert_point(half.points[3], 25.207, 51.512, 0.01);
}

static void points_that_coincide_are_refused(void **state)
{
    (void)state;
    mn_point same[5] = {{3, 3}, {3, 3}, {3, 3}, {3, 3}, {3, 3}}, odd[5] = {{NAN, 0}};
    mn_affine map = {.a = 42};
    mn_error err = {0};
    assert_int_equal(mn_align_map(&mn_template_112, same, &map, &err), MN_E_INVALID);
    assert_int_equal(mn_align_map(&mn_template_112, odd, &map, &err), MN_E_INVALID);
    assert_float_equal(map.a, 42, 0);
}

/* ---- mesh ---- */

static void crops_follow_box_and_eyes(void **state)
{
    (void)state;
    mn_detection d = {.box = {100, 200, 60, 80}, .points = {{110, 230}, {150, 270}}};
    mn_mesh_crop crop = mn_mesh_crop_of_detection(&d);
    assert_point(crop.centre, 130, 240, 1e-4);
    assert_float_equal(crop.side, 120, 1e-4);
    assert_float_equal(crop.angle / RADIANS, 45, 1e-3);
    mn_affine map = mn_mesh_crop_map(&crop, 192);
    assert_point(mn_affine_apply(&map, (mn_point){95.5f, 95.5f}), 130, 240, 1e-3);
    /* to the right in the crop is right and down in the picture */
    assert_point(mn_affine_apply(&map, (mn_point){95.5f + 96, 95.5f}), 130 + 42.4264, 240 + 42.4264, 1e-2);
    assert_point(mn_affine_apply(&map, (mn_point){95.5f, 95.5f + 96}), 130 - 42.4264, 240 + 42.4264, 1e-2);
}

static void the_second_crop_is_around_the_mesh(void **state)
{
    (void)state;
    mn_point3 mesh[MN_MESH_POINTS];
    for (int i = 0; i < MN_MESH_POINTS; i++)
        mesh[i] = (mn_point3){50, 60, 0};
    mesh[33] = mesh[133] = (mn_point3){40, 60, 0};
    mesh[362] = mesh[263] = (mn_point3){80, 60, 0};
    mesh[10] = (mn_point3){60, 20, 0};
    mesh[152] = (mn_point3){60, 120, 0};
    mn_mesh_crop crop = mn_mesh_crop_of_mesh(mesh);
    assert_point(crop.centre, 60, 70, 1e-3);
    assert_float_equal(crop.side, 150, 1e-3);
    assert_float_equal(crop.angle, 0, 1e-6);
}

static void points_are_picked_from_the_mesh(void **state)
{
    (void)state;
    mn_point3 mesh[MN_MESH_POINTS];
    for (int i = 0; i < MN_MESH_POINTS; i++)
        mesh[i] = (mn_point3){(float)i, (float)(1000 - i), 0};
    mn_point five[5], all[68];
    mn_mesh_five_points(mesh, five);
    assert_point(five[0], 83, 917, 0);      /* (33 + 133) / 2 */
    assert_point(five[1], 312.5, 687.5, 0); /* (362 + 263) / 2 */
    assert_point(five[2], 4, 996, 0);
    assert_point(five[3], 61, 939, 0);
    assert_point(five[4], 291, 709, 0);
    mn_face face = {.mesh = mesh};
    mn_face_points68(&face, all);
    assert_float_equal(all[8].x, 152, 0); /* chin */
    assert_float_equal(all[36].x, 33, 0); /* outer corner of the image-left eye */
    assert_float_equal(all[39].x, 133, 0);
    assert_float_equal(all[45].x, 263, 0); /* outer corner of the image-right eye */
    assert_float_equal(all[48].x, 61, 0);
    assert_float_equal(all[54].x, 291, 0);
    assert_float_equal(all[66].x, 14, 0);
}

/* Eyes 40 px wide with lids `eyes` apart, a mouth 60 px wide with lips `lips` apart. */
static mn_expression expression_with(float left, float right, float lips)
{
    static mn_point3 mesh[MN_MESH_POINTS];
    static const short upper[6] = {160, 159, 158, 385, 386, 387}, lower[6] = {144, 145, 153, 380, 374, 373};
    memset(mesh, 0, sizeof mesh);
    mesh[133].x = mesh[263].x = 40;
    mesh[308].x = 60;
    mesh[14].y = lips;
    for (int i = 0; i < 6; i++) {
        mesh[upper[i]].x = mesh[lower[i]].x = 10;
        mesh[lower[i]].y = i < 3 ? right : left;
    }
    return mn_expression_of_mesh(mesh);
}

static void expression_follows_lids_and_lips(void **state)
{
    (void)state;
    mn_expression e = expression_with(14, 1, 50);
    assert_true(e.made);
    assert_float_equal(e.left_open, 1, 0);
    assert_float_equal(e.right_open, 0, 0);
    assert_float_equal(e.mouth_open, 1, 0);
    e = expression_with(7.2f, 7.2f, 0);
    assert_float_equal(e.left_open, 0.5, 0.01);
    assert_float_equal(e.right_open, 0.5, 0.01);
    assert_float_equal(e.mouth_open, 0, 0);
}

/* ---- liveness, age, descriptor ---- */

static void liveness_crops_stay_inside(void **state)
{
    (void)state;
    mn_box middle = {200, 200, 40, 60}, corner = {0, 380, 50, 50}, large = {10, 10, 300, 380};
    mn_box c = mn_liveness_crop(&middle, 2.7f, 640, 480);
    assert_float_equal(c.x, 166, 0.01);
    assert_float_equal(c.y, 149, 0.01);
    assert_float_equal(c.width, 108, 0.01);
    assert_float_equal(c.height, 162, 0.01);
    c = mn_liveness_crop(&corner, 4, 640, 480);
    assert_float_equal(c.x, 0, 0);
    assert_float_equal(c.y, 279, 0.01);
    assert_float_equal(c.width, 200, 0.01);
    c = mn_liveness_crop(&large, 2.7f, 400, 400);
    assert_float_equal(c.height, 399, 0.01);
    assert_float_equal(c.width, 315, 0.01);
    assert_float_equal(c.y, 0, 0.01);
}

static void stretching_spans_0_to_255(void **state)
{
    (void)state;
    float v[4] = {10, 60, 35, 20}, flat[2] = {9, 9};
    mn_stretch_255(v, 4);
    assert_float_equal(v[0], 0, 1e-4);
    assert_float_equal(v[1], 255, 1e-4);
    assert_float_equal(v[2], 127.5, 1e-4);
    mn_stretch_255(flat, 2);
    assert_float_equal(flat[1], 0, 0);
}

static void vectors_get_unit_length(void **state)
{
    (void)state;
    float v[3] = {3, 0, -4}, zero[2] = {0, 0}, odd[2] = {INFINITY, 1};
    assert_true(mn_normalise(v, 3));
    assert_float_equal(v[0], 0.6, 1e-6);
    assert_float_equal(v[2], -0.8, 1e-6);
    assert_false(mn_normalise(zero, 2));
    assert_false(mn_normalise(odd, 2));
    assert_float_equal(odd[1], 1, 0);
}

static void scores_rise_with_likeness(void **state)
{
    (void)state;
    float x[4] = {1, 0, 0, 0}, y[4] = {0.6f, 0.8f, 0, 0};
    mn_descriptor a = {.dim = 4, .metric = MN_METRIC_COSINE, .v = x}, b = a;
    b.v = y;
    assert_float_equal(mn_descriptor_score(&a, &b), 0.6, 1e-6);
    assert_float_equal(mn_descriptor_score(&a, &a), 1, 1e-6);
    a.metric = b.metric = MN_METRIC_L2;
    assert_float_equal(mn_descriptor_score(&a, &b), -sqrt(0.16 + 0.64), 1e-6);
    assert_float_equal(mn_descriptor_score(&a, &a), 0, 0);
}

static void recipes_are_found_by_model(void **state)
{
    (void)state;
    mn_model_info fp32 = {.name = "dlib-resnet-150"},
                  int8 = {.name = "small", .made_from = "dlib-resnet-150"};
    mn_model_info other = {.name = "other"};
    assert_non_null(mn_descriptor_recipe_for(&fp32));
    assert_ptr_equal(mn_descriptor_recipe_for(&int8), mn_descriptor_recipe_for(&fp32));
    assert_null(mn_descriptor_recipe_for(&other));
    assert_null(mn_descriptor_recipe_for(NULL));
    assert_null(mn_mesh_recipe_for(&other));
    assert_null(mn_liveness_recipe_for(&other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pose_is_that_of_a_turned_face),
        cmocka_unit_test(signs_are_as_promised),
        cmocka_unit_test(noise_moves_the_pose_little),
        cmocka_unit_test(a_mesh_without_extent_has_no_pose),
        cmocka_unit_test(mean_face_is_symmetric),
        cmocka_unit_test(aligned_points_fall_on_the_template),
        cmocka_unit_test(templates_are_the_published_ones),
        cmocka_unit_test(points_that_coincide_are_refused),
        cmocka_unit_test(crops_follow_box_and_eyes),
        cmocka_unit_test(the_second_crop_is_around_the_mesh),
        cmocka_unit_test(points_are_picked_from_the_mesh),
        cmocka_unit_test(expression_follows_lids_and_lips),
        cmocka_unit_test(liveness_crops_stay_inside),
        cmocka_unit_test(stretching_spans_0_to_255),
        cmocka_unit_test(vectors_get_unit_length),
        cmocka_unit_test(scores_rise_with_likeness),
        cmocka_unit_test(recipes_are_found_by_model),
    };
    return cmocka_run_group_tests_name("geometry", tests, NULL, NULL);
}
