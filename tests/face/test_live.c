/* Verdicts from liveness scores, and the reasons why there is none. */
#include "face/live.h"
#include "face/pipeline.h"
#include "photos.h"
#include "support.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static mn_face good(float score)
{
    return (mn_face){.box = {100, 100, 200, 260},
                     .pose = {.made = true},
                     .quality = {.made = true, .overall = 0.8f},
                     .liveness = {.made = true, .score = score, .n = 2}};
}

static mn_live judge(const mn_face *f)
{
    mn_live_rules rules = mn_live_rules_default();
    return mn_live_judge(f, 640, 480, &rules);
}

static void verdicts_follow_the_threshold(void **state)
{
    (void)state;
    mn_live_rules strict = mn_live_rules_default();
    mn_face live = good(0.5f), spoof = good(0.49f);
    strict.threshold = 0.9f;
    assert_int_equal(judge(&live).verdict, MN_LIVE_LIVE);
    assert_int_equal(judge(&spoof).verdict, MN_LIVE_SPOOF);
    assert_int_equal(mn_live_judge(&live, 640, 480, &strict).verdict, MN_LIVE_SPOOF);
    assert_int_equal(judge(&live).reasons, 0);
}

static void each_requirement_has_its_reason(void **state)
{
    (void)state;
    mn_face f = good(0.9f);
    f.box.width = 59, f.box.height = 70;
    assert_int_equal(judge(&f).reasons, MN_LIVE_SMALL);
    assert_int_equal(judge(&f).verdict, MN_LIVE_UNKNOWN);
    assert_true(judge(&f).scored);
    f = good(0.9f), f.box.x = 19;
    assert_int_equal(judge(&f).reasons, MN_LIVE_BORDER);
    f = good(0.9f), f.box.y = 210;
    assert_int_equal(judge(&f).reasons, MN_LIVE_BORDER);
    f = good(0.9f), f.pose.yaw = -41;
    assert_int_equal(judge(&f).reasons, MN_LIVE_TURNED);
    f = good(0.9f), f.pose.pitch = 31;
    assert_int_equal(judge(&f).reasons, MN_LIVE_TURNED);
    f = good(0.9f), f.quality.overall = 0.49f;
    assert_int_equal(judge(&f).reasons, MN_LIVE_QUALITY);
    f = good(0.9f), f.liveness.made = false;
    assert_int_equal(judge(&f).reasons, MN_LIVE_NO_MODEL);
    assert_false(judge(&f).scored);
    f = good(NAN);
    assert_int_equal(judge(&f).verdict, MN_LIVE_UNKNOWN);
}

static void reasons_are_words(void **state)
{
    (void)state;
    char text[MN_LIVE_TEXT];
    mn_live_rules rules = mn_live_rules_default();
    mn_live_reasons(0, &rules, text);
    assert_string_equal(text, "");
    mn_live_reasons(MN_LIVE_SMALL | MN_LIVE_QUALITY, &rules, text);
    assert_string_equal(text, "the face is under 60 px wide; the quality is under 0.50");
    mn_live_reasons(~0u, &rules, text);
    assert_true(strlen(text) < MN_LIVE_TEXT);
}

static void several_pictures_are_judged_by_their_mean(void **state)
{
    (void)state;
    mn_live_rules rules = mn_live_rules_default();
    mn_face a = good(0.9f), b = good(0.2f), c = good(0.01f);
    c.box.width = 20;
    mn_live each[3] = {judge(&a), judge(&b), judge(&c)};
    mn_live all = mn_live_judge_together(each, 3, &rules);
    assert_int_equal(all.verdict, MN_LIVE_LIVE);
    assert_float_equal(all.score, 0.55, 1e-6); /* the third could not be judged */
    all = mn_live_judge_together(&each[2], 1, &rules);
    assert_int_equal(all.verdict, MN_LIVE_UNKNOWN);
    assert_int_equal(all.reasons, MN_LIVE_NO_FACE);
}

/* The published pictures: a person, and two pictures of pictures. */
static void the_published_samples(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        mn_live_verdict verdict;
    } samples[] = {{"T1.jpg", MN_LIVE_LIVE}, {"F1.jpg", MN_LIVE_SPOOF}, {"F2.jpg", MN_LIVE_SPOOF}};
    char folder[4096];
    mn_live_rules rules = mn_live_rules_default();
    mn_test_need(mn_test_shared() != NULL, "../shared with the liveness samples");
    snprintf(folder, sizeof folder, "%s/data/antispoof", mn_test_shared());
    fixture f = open_standard();
    mn_test_need(mn_pipeline_can(f.p, MN_WANT_LIVENESS), "the liveness networks: a mirror has them");
    for (size_t i = 0; i < 3; i++) {
        mn_image *image = load(folder, samples[i].name);
        run(&f, image, MN_LIVE_WANT);
        assert_true(f.n >= 1);
        mn_live live =
            mn_live_judge(&f.faces[0], (float)mn_image_width(image), (float)mn_image_height(image), &rules);
        assert_int_equal(live.verdict, samples[i].verdict);
        mn_image_unref(image);
    }
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_follow_the_threshold),
        cmocka_unit_test(each_requirement_has_its_reason),
        cmocka_unit_test(reasons_are_words),
        cmocka_unit_test(several_pictures_are_judged_by_their_mean),
        cmocka_unit_test(the_published_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
