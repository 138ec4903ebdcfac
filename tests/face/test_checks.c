/* The checks of a picture: made-up changes of a real photograph move the checks that they should, and no
 * other. */
#include "face/checks.h"
#include "face/skin.h"
#include "image/transform.h"
#include "photos.h"
#include "support.h"
#include <math.h>
#include <string.h>

static mn_image *subject_picture(void)
{
    mn_image *whole = sample("sample6.jpg"), *out;
    mn_box around = {150, 380, 420, 500};
    out = placed(whole, around, 1, 0, 600, 780);
    mn_image_unref(whole);
    return out;
}

static void judge(fixture *f, const mn_image *image, const mn_check_profile *p, mn_check out[MN_CHECKS])
{
    mn_check made[MN_CHECKS];
    size_t n = 0;
    run(f, image, mn_check_profile_want(p));
    assert_true(f->n >= 1);
    const mn_check_subject s = {
        .format = MN_FORMAT_JPEG, .file_bytes = 50000, .image = image, .face = &f->faces[0]};
    assert_ok(mn_checks_make(&s, p, made, &n, err));
    for (int i = 0; i < MN_CHECKS; i++)
        out[i] = (mn_check){.verdict = MN_CHECK_NOT_MADE};
    for (size_t i = 0; i < n; i++)
        out[made[i].id] = made[i];
}

/* The same picture with each pixel changed. */
static mn_image *changed(const mn_image *from, void (*change)(uint8_t *p, int x, int y))
{
    mn_image *out;
    int w = mn_image_width(from), h = mn_image_height(from);
    assert_ok(mn_image_create(w, h, 3, &out, err));
    for (int y = 0; y < h; y++) {
        memcpy(mn_image_row_mut(out, y), mn_image_row(from, y), 3 * (size_t)w);
        for (int x = 0; x < w; x++)
            change(mn_image_row_mut(out, y) + 3 * x, x, y);
    }
    return out;
}

static mn_image *blurred(const mn_image *from)
{
    mn_image *small, *large, *out;
    int w = mn_image_width(from), h = mn_image_height(from);
    assert_ok(mn_image_resize(from, w / 8, h / 8, &small, err));
    assert_ok(mn_image_resize(small, w, h, &large, err));
    assert_ok(mn_image_create(w, h, 3, &out, err));
    for (int y = 0; y < h; y++)
        memcpy(mn_image_row_mut(out, y), mn_image_row(large, y), 3 * (size_t)w);
    mn_image_unref(small);
    mn_image_unref(large);
    return out;
}

static uint8_t limit(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void darken(uint8_t *p, int x, int y)
{
    (void)x, (void)y;
    for (int i = 0; i < 3; i++)
        p[i] = (uint8_t)(p[i] / 6);
}

static void overexpose(uint8_t *p, int x, int y)
{
    (void)x, (void)y;
    for (int i = 0; i < 3; i++)
        p[i] = limit(3 * p[i] + 60);
}

static void flatten(uint8_t *p, int x, int y)
{
    (void)x, (void)y;
    for (int i = 0; i < 3; i++)
        p[i] = (uint8_t)(90 + p[i] / 5);
}

static void shade_left(uint8_t *p, int x, int y)
{
    (void)y;
    for (int i = 0; x < 300 && i < 3; i++)
        p[i] = (uint8_t)(p[i] / 4);
}

static void tint_green(uint8_t *p, int x, int y)
{
    (void)x, (void)y;
    p[0] = (uint8_t)(p[0] * 3 / 5), p[1] = limit(p[1] * 5 / 4);
}

static void grey(uint8_t *p, int x, int y)
{
    (void)x, (void)y;
    p[0] = p[1] = p[2] = (uint8_t)((77 * p[0] + 150 * p[1] + 29 * p[2]) >> 8);
}

/* Does the change move the named checks (below `low` or above it), and leave the others within `slack`? */
typedef struct {
    mn_check_id id;
    double at_most; /* of the changed picture's value */
} moved;

static const mn_check_id measured[] = {
    MN_CHECK_ILLUMINATION_UNIFORMITY, MN_CHECK_SPECULARITY,  MN_CHECK_BLUR,
    MN_CHECK_UNDEREXPOSURE,           MN_CHECK_OVEREXPOSURE, MN_CHECK_FACE_ILLUMINATION_UNIFORMITY,
    MN_CHECK_SKIN_DYNAMIC_RANGE,      MN_CHECK_HEAD_WIDTH,   MN_CHECK_HEAD_CENTER_X,
    MN_CHECK_HEAD_CENTER_Y,           MN_CHECK_MOUTH_OPEN};

static void check_change(const mn_image *before, mn_image *after, const moved *moves, size_t n,
                         const mn_check_id *free, size_t n_free)
{
    fixture f = open_standard();
    mn_check_profile p = mn_check_profile_icao();
    mn_check a[MN_CHECKS], b[MN_CHECKS];
    judge(&f, before, &p, a);
    judge(&f, after, &p, b);
    for (size_t i = 0; i < n; i++) {
        mn_check_id id = moves[i].id;
        if (!(a[id].value > moves[i].at_most + 0.1 && b[id].value <= moves[i].at_most))
            fail_msg("%s: %g before, %g after, at most %g wanted", mn_check_describe(id)->word, a[id].value,
                     b[id].value, moves[i].at_most);
    }
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
        bool skip = false;
        for (size_t j = 0; j < n; j++)
            skip = skip || moves[j].id == measured[i];
        for (size_t j = 0; j < n_free; j++)
            skip = skip || free[j] == measured[i];
        if (!skip && fabs(a[measured[i]].value - b[measured[i]].value) > 0.12)
            fail_msg("%s moved: %g before, %g after", mn_check_describe(measured[i])->word,
                     a[measured[i]].value, b[measured[i]].value);
    }
    mn_image_unref(after);
    finish(&f);
}

#define N(a) (sizeof(a) / sizeof *(a))

static void blur_moves_blur(void **state)
{
    (void)state;
    mn_image *image = subject_picture();
    static const moved moves[] = {{MN_CHECK_BLUR, 0.5}};
    check_change(image, blurred(image), moves, N(moves), NULL, 0);
    mn_image_unref(image);
}

static void darkness_moves_underexposure(void **state)
{
    (void)state;
    mn_image *image = subject_picture();
    static const moved moves[] = {{MN_CHECK_UNDEREXPOSURE, 0.3}, {MN_CHECK_SKIN_DYNAMIC_RANGE, 0.25}};
    static const mn_check_id free[] = {MN_CHECK_BLUR, MN_CHECK_OVEREXPOSURE};
    check_change(image, changed(image, darken), moves, N(moves), free, N(free));
    mn_image_unref(image);
}

static void brightness_moves_overexposure_and_glare(void **state)
{
    (void)state;
    mn_image *image = subject_picture();
    static const moved moves[] = {{MN_CHECK_OVEREXPOSURE, 0.2}, {MN_CHECK_SPECULARITY, 0.3}};
    static const mn_check_id free[] = {MN_CHECK_BLUR, MN_CHECK_ILLUMINATION_UNIFORMITY,
                                       MN_CHECK_UNDEREXPOSURE, MN_CHECK_FACE_ILLUMINATION_UNIFORMITY,
                                       MN_CHECK_SKIN_DYNAMIC_RANGE};
    check_change(image, changed(image, overexpose), moves, N(moves), free, N(free));
    mn_image_unref(image);
}

static void flatness_moves_the_dynamic_range(void **state)
{
    (void)state;
    mn_image *image = subject_picture();
    static const moved moves[] = {{MN_CHECK_SKIN_DYNAMIC_RANGE, 0.2}};
    static const mn_check_id free[] = {MN_CHECK_BLUR, MN_CHECK_ILLUMINATION_UNIFORMITY,
                                       MN_CHECK_FACE_ILLUMINATION_UNIFORMITY};
    check_change(image, changed(image, flatten), moves, N(moves), free, N(free));
    mn_image_unref(image);
}

static void a_shadow_moves_uniformity(void **state)
{
    (void)state;
    mn_image *image = subject_picture();
    static const moved moves[] = {{MN_CHECK_FACE_ILLUMINATION_UNIFORMITY, 0.6},
                                  {MN_CHECK_ILLUMINATION_UNIFORMITY, 0.6}};
    static const mn_check_id free[] = {MN_CHECK_BLUR, MN_CHECK_UNDEREXPOSURE, MN_CHECK_SKIN_DYNAMIC_RANGE,
                                       MN_CHECK_MOUTH_OPEN};
    check_change(image, changed(image, shade_left), moves, N(moves), free, N(free));
    mn_image_unref(image);
}

static void tilting_moves_roll_alone(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = subject_picture();
    mn_image *turned = placed(image, (mn_box){0, 0, 600, 780}, 1, 20, 600, 780);
    mn_check_profile p = mn_check_profile_icao();
    mn_check a[MN_CHECKS], b[MN_CHECKS];
    judge(&f, image, &p, a);
    judge(&f, turned, &p, b);
    assert_float_equal(b[MN_CHECK_HEAD_ROLL].value - a[MN_CHECK_HEAD_ROLL].value, 20, 4);
    assert_int_equal(b[MN_CHECK_HEAD_ROLL].verdict, MN_CHECK_FAILED);
    assert_float_equal(b[MN_CHECK_HEAD_YAW].value, a[MN_CHECK_HEAD_YAW].value, 8);
    assert_float_equal(b[MN_CHECK_EYE_DISTANCE].value, a[MN_CHECK_EYE_DISTANCE].value, 6);
    assert_float_equal(b[MN_CHECK_BLUR].value, a[MN_CHECK_BLUR].value, 0.15);
    mn_image_unref(image);
    mn_image_unref(turned);
    finish(&f);
}

static void colours_are_told(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = subject_picture(), *green = changed(image, tint_green), *without = changed(image, grey);
    mn_check_profile p = mn_check_profile_icao();
    mn_check a[MN_CHECKS], b[MN_CHECKS], c[MN_CHECKS];
    judge(&f, image, &p, a);
    judge(&f, green, &p, b);
    judge(&f, without, &p, c);
    assert_int_equal(a[MN_CHECK_NATURAL_LIGHT].verdict, MN_CHECK_PASSED);
    assert_int_equal(b[MN_CHECK_NATURAL_LIGHT].verdict, MN_CHECK_FAILED);
    assert_int_equal(b[MN_CHECK_COLOR_TYPE].verdict, MN_CHECK_PASSED);
    assert_int_equal(c[MN_CHECK_COLOR_TYPE].verdict, MN_CHECK_FAILED);
    assert_int_equal(c[MN_CHECK_COLOR_TYPE].state, 1);
    assert_int_equal(c[MN_CHECK_NATURAL_LIGHT].verdict, MN_CHECK_NOT_MADE);
    assert_string_equal(c[MN_CHECK_NATURAL_LIGHT].reason, "the picture is grey");
    mn_image_unref(image);
    mn_image_unref(green);
    mn_image_unref(without);
    finish(&f);
}

/* Where the face lies: the same picture, cut. */
static void cropping_moves_offsets_and_shares(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = subject_picture();
    mn_image *cut =
        placed(image, (mn_box){100, 140, 400, 500}, 1, 0, 400, 500); /* less by 100 and 140 a side */
    mn_check_profile p = mn_check_profile_icao();
    mn_check a[MN_CHECKS], b[MN_CHECKS];
    judge(&f, image, &p, a);
    judge(&f, cut, &p, b);
    assert_float_equal(b[MN_CHECK_WIDTH].value, 400, 0);
    assert_float_equal(b[MN_CHECK_ASPECT_RATIO].value, 0.8, 1e-6);
    assert_float_equal(a[MN_CHECK_OFFSET_LEFT].value - b[MN_CHECK_OFFSET_LEFT].value, 100, 8);
    assert_float_equal(a[MN_CHECK_OFFSET_RIGHT].value - b[MN_CHECK_OFFSET_RIGHT].value, 100, 8);
    assert_float_equal(a[MN_CHECK_OFFSET_TOP].value - b[MN_CHECK_OFFSET_TOP].value, 140, 8);
    assert_float_equal(a[MN_CHECK_OFFSET_BOTTOM].value - b[MN_CHECK_OFFSET_BOTTOM].value, 140, 8);
    assert_float_equal(b[MN_CHECK_HEAD_WIDTH].value, 1.5 * a[MN_CHECK_HEAD_WIDTH].value, 0.03);
    assert_float_equal(b[MN_CHECK_HEAD_HEIGHT].value, 1.56 * a[MN_CHECK_HEAD_HEIGHT].value, 0.04);
    assert_float_equal(b[MN_CHECK_FACE_WIDTH].value, a[MN_CHECK_FACE_WIDTH].value, 8);
    assert_float_equal(b[MN_CHECK_BLUR].value, a[MN_CHECK_BLUR].value, 0.08);
    mn_image_unref(image);
    mn_image_unref(cut);
    finish(&f);
}

static mn_box head; /* of the background tests */

static void plain_wall(uint8_t *p, int x, int y)
{
    float dx = ((float)x - head.x - head.width / 2) / head.width,
          dy = ((float)y - head.y - head.height / 2) / head.height;
    if (dx * dx + dy * dy > 0.49f && y < head.y + head.height)
        p[0] = p[1] = p[2] = 200;
}

static void striped_wall(uint8_t *p, int x, int y)
{
    plain_wall(p, x, y);
    if (p[0] == 200 && p[1] == 200 && p[2] == 200)
        p[0] = p[1] = p[2] = x / 20 % 2 ? 220 : 40;
}

static void the_wall_is_seen(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = subject_picture();
    mn_check_profile p = mn_check_profile_icao();
    mn_check a[MN_CHECKS], b[MN_CHECKS], c[MN_CHECKS];
    judge(&f, image, &p, a);
    head = (mn_box){f.faces[0].box.x, f.faces[0].box.y, f.faces[0].box.width, f.faces[0].box.height};
    mn_image *plain = changed(image, plain_wall), *striped = changed(image, striped_wall);
    judge(&f, plain, &p, b);
    judge(&f, striped, &p, c);
    assert_true(b[MN_CHECK_BACKGROUND_UNIFORMITY].value > 0.7);
    assert_float_equal(b[MN_CHECK_BACKGROUND_LIGHTNESS].value, 200.0 / 255, 0.04);
    assert_true(c[MN_CHECK_BACKGROUND_UNIFORMITY].value < 0.1);
    assert_float_equal(b[MN_CHECK_SKIN_DYNAMIC_RANGE].value, a[MN_CHECK_SKIN_DYNAMIC_RANGE].value, 0.1);
    mn_image_unref(image);
    mn_image_unref(plain);
    mn_image_unref(striped);
    finish(&f);
}

static const mn_face *red_face;

static void flash(uint8_t *p, int x, int y)
{
    const mn_point3 *m = red_face->mesh;
    float ax = (m[159].x + m[145].x) / 2, ay = (m[159].y + m[145].y) / 2, bx = (m[386].x + m[374].x) / 2,
          by = (m[386].y + m[374].y) / 2;
    if (hypotf((float)x - ax, (float)y - ay) < 6 || hypotf((float)x - bx, (float)y - by) < 6)
        p[0] = 190, p[1] = 30, p[2] = 40;
}

static void red_eyes_are_seen(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = subject_picture(),
             *large = placed(image, (mn_box){100, 140, 400, 500}, 1.6f, 0, 640, 800);
    mn_check_profile p = mn_check_profile_icao();
    mn_check a[MN_CHECKS], b[MN_CHECKS];
    judge(&f, large, &p, a);
    red_face = &f.faces[0];
    mn_image *red = changed(large, flash);
    assert_int_equal(a[MN_CHECK_RED_EYES].verdict, MN_CHECK_PASSED);
    judge(&f, red, &p, b);
    assert_int_equal(b[MN_CHECK_RED_EYES].verdict, MN_CHECK_FAILED);
    mn_image_unref(image);
    mn_image_unref(large);
    mn_image_unref(red);
    finish(&f);
}

static void what_is_not_seen_is_not_guessed(void **state)
{
    (void)state;
    fixture f = open_standard();
    mn_image *image = subject_picture();
    mn_check_profile p = mn_check_profile_icao();
    mn_check a[MN_CHECKS];
    static const mn_check_id unseen[] = {MN_CHECK_FISHEYE,    MN_CHECK_SHOULDERS,       MN_CHECK_GAZE_YAW,
                                         MN_CHECK_GAZE_PITCH, MN_CHECK_MOUTH_OCCLUSION, MN_CHECK_GLASSES,
                                         MN_CHECK_EYEBROWS,   MN_CHECK_HEADWEAR};
    judge(&f, image, &p, a);
    for (size_t i = 0; i < N(unseen); i++) {
        assert_int_equal(a[unseen[i]].verdict, MN_CHECK_NOT_MADE);
        assert_true(a[unseen[i]].reason && strlen(a[unseen[i]].reason) < 200);
    }
    /* without a file, nothing is said of one */
    const mn_check_subject s = {.image = image, .face = &f.faces[0]};
    mn_check made[MN_CHECKS];
    size_t n;
    assert_ok(mn_checks_make(&s, &p, made, &n, err));
    assert_int_equal(n, 44);
    assert_int_equal(made[MN_CHECK_FORMAT].verdict, MN_CHECK_NOT_MADE);
    assert_int_equal(made[MN_CHECK_FILE_SIZE].verdict, MN_CHECK_NOT_MADE);
    mn_image_unref(image);
    finish(&f);
}

/* ---- profiles ---- */

static void nothing_is_wanted_for_what_was_not_asked(void **state)
{
    (void)state;
    mn_check_profile p = {0};
    double ten = 10;
    assert_int_equal(mn_check_profile_want(&p), 0);
    assert_ok(mn_check_set_range(&p, MN_CHECK_WIDTH, &ten, &ten, err));
    assert_int_equal(mn_check_profile_want(&p), 0);
    assert_ok(mn_check_set_range(&p, MN_CHECK_HEAD_YAW, &ten, &ten, err));
    assert_int_equal(mn_check_profile_want(&p), MN_WANT_POSE);
    p = mn_check_profile_recognition();
    assert_int_equal(mn_check_profile_want(&p), MN_WANT_POSE | MN_WANT_QUALITY | MN_WANT_LANDMARKS);
}

static void defaults_are_those_of_the_table(void **state)
{
    (void)state;
    mn_check_profile p = mn_check_profile_icao();
    assert_int_equal(MN_CHECKS, 44);
    assert_true(p.of[MN_CHECK_BLUR].min == 0.61 && p.of[MN_CHECK_BLUR].max == 1);
    assert_true(p.of[MN_CHECK_HEAD_ROLL].min == -8 && p.of[MN_CHECK_HEAD_ROLL].max == 8);
    assert_true(p.of[MN_CHECK_EYE_DISTANCE].min == 90 && p.of[MN_CHECK_EYE_DISTANCE].max == 100);
    assert_int_equal(p.of[MN_CHECK_FORMAT].allowed, 7);
    assert_int_equal(p.of[MN_CHECK_NATURAL_LIGHT].allowed, 1);
    for (int i = 0; i < MN_CHECKS; i++) {
        mn_check_id id;
        const mn_check_info *info = mn_check_describe((mn_check_id)i);
        assert_true(mn_check_parse(info->word, &id) && (int)id == i);
        assert_true(p.of[i].wanted);
        if (!info->states)
            assert_true(info->lowest <= p.of[i].min && p.of[i].max <= info->highest);
    }
}

static void ranges_have_limits(void **state)
{
    (void)state;
    mn_check_profile p = mn_check_profile_icao();
    mn_error error = {0};
    double low = -0.1, high = 1.5, half = 0.5, less = 0.4, nan = NAN;
    const char *allowed[] = {"open", "shut"};
    assert_int_equal(mn_check_set_range(&p, MN_CHECK_BLUR, &low, NULL, &error), MN_E_INVALID);
    assert_int_equal(mn_check_set_range(&p, MN_CHECK_BLUR, NULL, &high, &error), MN_E_INVALID);
    assert_int_equal(mn_check_set_range(&p, MN_CHECK_BLUR, &nan, NULL, &error), MN_E_INVALID);
    assert_int_equal(mn_check_set_range(&p, MN_CHECK_BLUR, &half, &less, &error), MN_E_INVALID);
    assert_string_equal(error.text, "blur: nothing is at least 0.5 and at most 0.4");
    assert_int_equal(mn_check_set_range(&p, MN_CHECK_LEFT_EYE, &half, NULL, &error), MN_E_INVALID);
    assert_int_equal(mn_check_set_allowed(&p, MN_CHECK_LEFT_EYE, allowed, 2, &error), MN_E_INVALID);
    assert_string_equal(error.text, "left_eye is never shut: it is one of open|closed|occluded");
    assert_int_equal(mn_check_set_allowed(&p, MN_CHECK_BLUR, allowed, 1, &error), MN_E_INVALID);
    assert_int_equal(mn_check_set_allowed(&p, MN_CHECK_LEFT_EYE, allowed, 0, &error), MN_E_INVALID);
    assert_true(p.of[MN_CHECK_BLUR].min == 0.61); /* untouched */
    assert_ok(mn_check_set_allowed(&p, MN_CHECK_LEFT_EYE, allowed, 1, err));
    assert_ok(mn_check_set_range(&p, MN_CHECK_BLUR, &half, NULL, err));
    assert_true(p.of[MN_CHECK_BLUR].min == 0.5 && p.of[MN_CHECK_BLUR].max == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blur_moves_blur),
        cmocka_unit_test(darkness_moves_underexposure),
        cmocka_unit_test(brightness_moves_overexposure_and_glare),
        cmocka_unit_test(flatness_moves_the_dynamic_range),
        cmocka_unit_test(a_shadow_moves_uniformity),
        cmocka_unit_test(tilting_moves_roll_alone),
        cmocka_unit_test(colours_are_told),
        cmocka_unit_test(cropping_moves_offsets_and_shares),
        cmocka_unit_test(the_wall_is_seen),
        cmocka_unit_test(red_eyes_are_seen),
        cmocka_unit_test(what_is_not_seen_is_not_guessed),
        cmocka_unit_test(nothing_is_wanted_for_what_was_not_asked),
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(ranges_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
