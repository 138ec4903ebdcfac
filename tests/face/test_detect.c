/* The parts of detection that need no network: overlap, suppression, order, views of a picture. */
#include "base/alloc.h"
#include "face/detector.h"
#include "support.h"

static mn_detection at(float x, float y, float size, float score)
{
    return (mn_detection){.box = {x, y, size, size}, .score = score};
}

static mn_detections list_of(const mn_detection *items, size_t n)
{
    mn_detections d = {0};
    for (size_t i = 0; i < n; i++)
        assert_ok(mn_detections_add(&d, &items[i], err));
    return d;
}

static void overlap_is_intersection_over_union(void **state)
{
    (void)state;
    mn_box a = {0, 0, 10, 10}, half = {5, 0, 10, 10}, inside = {2, 2, 5, 4}, apart = {10, 0, 10, 10};
    mn_box empty = {3, 3, 0, 0};
    assert_float_equal(mn_box_overlap(&a, &a), 1, 1e-6);
    assert_float_equal(mn_box_overlap(&a, &half), 50.0 / 150, 1e-6);
    assert_float_equal(mn_box_overlap(&half, &a), 50.0 / 150, 1e-6);
    assert_float_equal(mn_box_overlap(&a, &inside), 0.2, 1e-6);
    assert_float_equal(mn_box_overlap(&a, &apart), 0, 0);
    assert_float_equal(mn_box_overlap(&a, &empty), 0, 0);
}

static void suppression_keeps_the_best_of_each_face(void **state)
{
    (void)state;
    const mn_detection items[] = {at(1, 1, 10, 0.7f), at(0, 0, 10, 0.9f), at(40, 0, 10, 0.65f),
                                  at(2, 0, 10, 0.8f), at(7, 0, 10, 0.6f)};
    mn_detections d = list_of(items, 5);
    mn_detections_suppress(&d);
    /* the one at 7 overlaps the best by 30/170 only: a neighbour */
    assert_int_equal(d.n, 3);
    assert_float_equal(d.items[0].score, 0.9f, 0);
    assert_float_equal(d.items[1].score, 0.65f, 0);
    assert_float_equal(d.items[2].score, 0.6f, 0);
    mn_detections_finish(&d);
}

static void a_part_of_a_face_is_not_another(void **state)
{
    (void)state;
    /* 65 of 100 px² inside: a part; 50: somebody in front */
    const mn_detection items[] = {at(0, 0, 100, 0.97f), at(93.5f, 50, 10, 0.9f), at(95, 20, 10, 0.8f)};
    mn_detections d = list_of(items, 3);
    mn_detections_suppress(&d);
    assert_int_equal(d.n, 2);
    assert_float_equal(d.items[0].score, 0.97f, 0);
    assert_float_equal(d.items[1].score, 0.8f, 0);
    mn_detections_finish(&d);
}

static void largest_come_first_and_the_rest_is_cut(void **state)
{
    (void)state;
    const mn_detection items[] = {at(0, 0, 10, 0.9f), at(50, 0, 30, 0.6f), at(90, 0, 20, 0.7f),
                                  at(20, 0, 10, 0.95f)};
    mn_detections d = list_of(items, 4);
    mn_detections_largest(&d, 3);
    assert_int_equal(d.n, 3);
    assert_float_equal(d.items[0].box.width, 30, 0);
    assert_float_equal(d.items[1].box.width, 20, 0);
    assert_float_equal(d.items[2].box.x, 0, 0); /* of equal ones, the one on the left */
    mn_detections_finish(&d);

    mn_detections none = {0};
    mn_detections_suppress(&none);
    mn_detections_largest(&none, 3);
    assert_int_equal(none.n, 0);
}

static void the_list_is_bounded(void **state)
{
    (void)state;
    mn_detections d = {0};
    mn_detection one = at(0, 0, 10, 0.9f);
    for (int i = 0; i < 20010; i++)
        assert_ok(mn_detections_add(&d, &one, err));
    assert_int_equal(d.n, 20000);
    mn_detections_suppress(&d);
    assert_int_equal(d.n, 1);
    mn_detections_finish(&d);
}

static void out_of_memory_is_reported(void **state)
{
    (void)state;
    mn_error err = {0};
    mn_detections d = {0};
    mn_views v = {0};
    mn_detection one = at(0, 0, 10, 0.9f);
    mn_view view = {.width = 32, .height = 32};
    mn_alloc_fail_at(1);
    mn_code of_detections = mn_detections_add(&d, &one, &err), of_views = mn_views_add(&v, &view, &err);
    mn_alloc_fail_at(0);
    assert_int_equal(of_detections, MN_E_MEMORY);
    assert_int_equal(of_views, MN_E_MEMORY);
    assert_int_equal(d.n, 0);
    assert_int_equal(v.n, 0);
}

/* A black picture: the views depend on its size only. */
static mn_views views_of(const mn_detector *detector, int width, int height, int min_face)
{
    mn_image *image;
    mn_views v = {0};
    assert_ok(mn_image_create(width, height, 3, &image, err));
    mn_pyramid p = mn_pyramid_of(image);
    assert_ok(detector->plan(&p, min_face, &v, err));
    mn_pyramid_finish(&p);
    mn_image_unref(image);
    return v;
}

static void assert_view(const mn_view *v, int level, int x, int y, int width, int height)
{
    assert_int_equal(v->level, level);
    assert_int_equal(v->x, x);
    assert_int_equal(v->y, y);
    assert_int_equal(v->width, width);
    assert_int_equal(v->height, height);
}

static void yunet_looks_at_every_second_level(void **state)
{
    (void)state;
    mn_views v = views_of(&mn_yunet, 1920, 1080, 20);
    assert_int_equal(v.n, 3);
    assert_view(&v.items[0], 1, 0, 0, 960, 544);
    assert_view(&v.items[1], 3, 0, 0, 256, 160);
    assert_view(&v.items[2], 5, 0, 0, 64, 64);
    assert_int_equal(v.items[0].input_width, 960);
    mn_free(v.items);
    /* nothing is gained by making a small picture smaller */
    v = views_of(&mn_yunet, 250, 250, 20);
    assert_view(&v.items[0], 0, 0, 0, 256, 256);
    mn_free(v.items);
    /* large faces only: start further down */
    v = views_of(&mn_yunet, 1920, 1080, 80);
    assert_view(&v.items[0], 3, 0, 0, 256, 160);
    mn_free(v.items);
    v = views_of(&mn_yunet, 1, 1, 20);
    assert_int_equal(v.n, 1);
    assert_view(&v.items[0], 0, 0, 0, 32, 32);
    mn_free(v.items);
}

static void big_pictures_are_tiled_without_gaps(void **state)
{
    (void)state;
    mn_views v = views_of(&mn_yunet, 3000, 2000, 10);
    bool covered[300][200] = {0};
    size_t tiles = 0;
    for (; tiles < v.n && v.items[tiles].level == 0; tiles++) {
        const mn_view *t = &v.items[tiles];
        assert_true(t->width <= 1280 && t->height <= 1280);
        for (int x = t->x; x < t->x + t->width; x++)
            for (int y = t->y; y < t->y + t->height; y++)
                if (x % 10 == 0 && y % 10 == 0 && x < 3000 && y < 2000)
                    covered[x / 10][y / 10] = true;
    }
    assert_int_equal(tiles, 6);
    for (int i = 0; i < 300 * 200; i++)
        assert_true(covered[i / 200][i % 200]);
    mn_free(v.items);
}

static void blazeface_tiles_where_faces_are_small(void **state)
{
    (void)state;
    mn_views v = views_of(&mn_blazeface, 250, 250, 20);
    assert_int_equal(v.n, 2);
    assert_view(&v.items[0], 0, 0, 0, 250, 250);
    assert_int_equal(v.items[0].input_width, 256);
    assert_true(v.items[1].spare); /* the rim around a close-up */
    assert_view(&v.items[1], 0, -125, -125, 500, 500);
    mn_free(v.items);
    v = views_of(&mn_blazeface, 1000, 500, 40);
    assert_view(&v.items[0], 1, 0, 0, 500, 500);
    assert_int_equal(v.n, 5);
    for (size_t i = 1; i + 1 < v.n; i++)
        assert_int_equal(v.items[i].width, 500);
    mn_free(v.items);
}

static void a_detector_is_found_by_its_model(void **state)
{
    (void)state;
    mn_model_info known = {.name = "yunet-n"}, unknown = {.name = "yolo"};
    assert_ptr_equal(mn_detector_for(&known), &mn_yunet);
    assert_null(mn_detector_for(&unknown));
    assert_null(mn_detector_for(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlap_is_intersection_over_union),
        cmocka_unit_test(suppression_keeps_the_best_of_each_face),
        cmocka_unit_test(a_part_of_a_face_is_not_another),
        cmocka_unit_test(largest_come_first_and_the_rest_is_cut),
        cmocka_unit_test(the_list_is_bounded),
        cmocka_unit_test(out_of_memory_is_reported),
        cmocka_unit_test(yunet_looks_at_every_second_level),
        cmocka_unit_test(big_pictures_are_tiled_without_gaps),
        cmocka_unit_test(blazeface_tiles_where_faces_are_small),
        cmocka_unit_test(a_detector_is_found_by_its_model),
    };
    return cmocka_run_group_tests_name("detect", tests, NULL, NULL);
}
