/* Numbers as people read them, paths of drawings, curves as SVG, names of pictures in folders. */
#include "cli/drawing.h"
#include "cli/inputs.h"
#include "cli/out.h"
#include "cli/plot.h"
#include "cli/say.h"
#include "support.h"

#include "base/file.h"
#include "base/time.h"
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void rate_is(double rate, const char *text)
{
    char out[MN_RATE_TEXT];
    assert_string_equal(mn_text_rate(rate, out), text);
}

static void test_rates(void **state)
{
    (void)state;
    rate_is(1e-4, "1 in 10 000");
    rate_is(3.4e-7, "1 in 2 900 000");
    rate_is(0.0049, "1 in 200");
    rate_is(0.25, "25 %");
    rate_is(1, "100 %");
    rate_is(0, "0");
    rate_is(1e-300, "1 in 1 000 000 000 000 000");
}

static void test_rates_that_were_measured(void **state)
{
    (void)state;
    const float raw[] = {0, 0.5f, 1}, fmr[] = {0, -5, -5}, similarity[] = {0, 0.6f, 1};
    const mn_calibration c = {.raw = raw, .log10_fmr = fmr, .similarity = similarity, .n = 3};
    char out[MN_RATE_TEXT];
    assert_string_equal(mn_text_measured_rate(1e-5, &c, 1, out), "at most 1 in 100 000");
    assert_string_equal(mn_text_measured_rate(2e-5, &c, 1, out), "1 in 50 000");
    assert_string_equal(mn_text_measured_rate(9.9995e-5, &c, 10, out), "at most 1 in 10 000");
    assert_string_equal(mn_text_measured_rate(1, &c, 10, out), "100 %");
}

static void test_times_left(void **state)
{
    (void)state;
    char out[32];
    mn_progress_format_time(0, out, sizeof out);
    assert_string_equal(out, "0:00");
    mn_progress_format_time(83, out, sizeof out);
    assert_string_equal(out, "1:23");
    mn_progress_format_time(7384, out, sizeof out);
    assert_string_equal(out, "2:03:04");
}

/* What a progress line shows that began `age` ago. */
static void progress_is(int64_t age_ns, size_t done, const char *text)
{
    char path[500];
    mn_buf shown;
    int64_t then = mn_monotonic_ns() - age_ns;
    mn_progress p = {.shown = true, .total = 10, .start_ns = then, .last_ns = then};
    snprintf(path, sizeof path, "%s/shown", mn_test_folder());
    const int terminal = dup(2), file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(terminal >= 0 && file >= 0 && dup2(file, 2) == 2);
    mn_progress_show(&p, done, "records");
    assert_int_equal(dup2(terminal, 2), 2);
    close(terminal);
    close(file);
    mn_buf_init(&shown, 1000);
    mn_test_read(path, &shown);
    if (*text ? !memmem(shown.data, shown.len, text, strlen(text)) : shown.len > 0)
        fail_msg("\"%.*s\" does not say \"%s\"", (int)shown.len, (const char *)shown.data, text);
    mn_buf_finish(&shown);
}

static void test_progress(void **state)
{
    (void)state;
    const int64_t second = INT64_C(1000000000);
    progress_is(60 * second, 5, "5 of 10  50 %  0.1/s  1:00 left  records");
    progress_is(60 * second, 10, "10 of 10  100 %  0.2/s  0:00 left");
    progress_is(60 * second, 12, "10 of 10  100 %  0.2/s  0:00 left"); /* the number was an estimate */
    progress_is(-60 * second, 1, "");  /* has just begun, however slow we are */
    progress_is(-60 * second, 10, ""); /* and is over at once */
}

static void test_paths_of_drawings(void **state)
{
    (void)state;
    char path[64];
    assert_ok(mn_drawing_path("out.png", false, "a/b.jpg", path, sizeof path, err));
    assert_string_equal(path, "out.png");
    assert_ok(mn_drawing_path("dir", true, "../a/b.jpg", path, sizeof path, err));
    assert_string_equal(path, "dir/a_b.jpg");
    assert_ok(mn_drawing_path("dir", true, "/a/b.tiff", path, sizeof path, err));
    assert_string_equal(path, "dir/a_b.tiff.jpg");
    assert_ok(mn_drawing_path("dir", true, "-", path, sizeof path, err));
    assert_string_equal(path, "dir/stdin.jpg");
    mn_error err = {0};
    assert_int_equal(mn_drawing_path("out.tiff", false, "a.jpg", path, sizeof path, &err), MN_E_INVALID);
    assert_int_equal(mn_drawing_path("dir", true,
                                     "a-name-that-is-longer-than-the-sixty-four-bytes-there-are.jpg", path,
                                     20, &err),
                     MN_E_LIMIT);
}

static void test_a_curve(void **state)
{
    (void)state;
    const mn_plot_point points[] = {{0.001, 0.5}, {0.1, 0.9}, {1, 1}};
    const mn_plot plot = {.title = "T",
                          .x_label = "X",
                          .y_label = "Y",
                          .x_log = true,
                          .x_min = 1e-4,
                          .x_max = 1,
                          .y_min = 0,
                          .y_max = 1,
                          .points = points,
                          .n = 3};
    mn_buf svg;
    mn_buf_init(&svg, 1 << 16);
    assert_ok(mn_plot_write(&plot, &svg, err));
    /* The frame is 84 … 616 by 48 … 416: 0.001 is a quarter of the decades, 0.5 half of the height. */
    assert_non_null(strstr((char *)svg.data, "points=\"217.0,232.0 483.0,84.8 616.0,48.0\""));
    assert_non_null(strstr((char *)svg.data, ">0.01 %</text>"));
    assert_non_null(strstr((char *)svg.data, "</svg>"));
    mn_buf_finish(&svg);
    mn_buf_init(&svg, 100);
    mn_error err = {0};
    assert_int_equal(mn_plot_write(&plot, &svg, &err), MN_E_LIMIT);
    mn_buf_finish(&svg);
}

static void test_points_of_curves(void **state)
{
    (void)state;
    static double mates[1000], others[5000];
    mn_plot_point points[MN_CURVE_MAX];
    for (int i = 0; i < 5000; i++)
        others[i] = i;
    for (int i = 0; i < 1000; i++)
        mates[i] = 4000 + i * 2;
    mn_scores s = {mates, others, 1000, 5000};
    size_t n = mn_curve_roc(&s, points);
    assert_true(n > 100 && n <= MN_CURVE_MAX);
    assert_true(points[0].x == 0 && fabs(points[0].y - 0.5) < 1e-9);
    assert_true(points[n - 1].x == 1 && points[n - 1].y == 1);
    for (size_t i = 1; i < n; i++)
        assert_true(points[i].x > points[i - 1].x && points[i].y >= points[i - 1].y);
}

static void put(const char *folder, const char *name, const char *bytes)
{
    char path[512];
    assert_true(mn_path_join(path, sizeof path, folder, name));
    assert_ok(mn_file_write(path, bytes, strlen(bytes), 0644, err));
}

static void test_pictures_in_folders(void **state)
{
    (void)state;
    char sub[512];
    const char *folder = mn_test_folder();
    mn_inputs in;
    assert_true(mn_path_join(sub, sizeof sub, folder, "sub"));
    assert_ok(mn_file_make_folders(sub, 0755, err));
    put(folder, "b.txt", "P6\n1 1\n255\nabc"); /* told by its content */
    put(folder, "a.jpg", "no picture");
    put(sub, "c", "P5\n1 1\n255\na");
    assert_ok(mn_inputs_gather(&folder, 1, &in, err));
    assert_int_equal(in.n, 2);
    assert_true(in.several);
    assert_non_null(strstr(in.at[0].path, "/b.txt"));
    assert_non_null(strstr(in.at[1].path, "/sub/c"));
    mn_inputs_finish(&in);
    assert_ok(mn_inputs_gather_people(&folder, 1, &in, err));
    assert_int_equal(in.n, 1);
    assert_string_equal(in.groups[in.at[0].group], "sub");
    mn_inputs_finish(&in);
}

/* Every person is in exactly one part, always in the same. */
static void test_parts(void **state)
{
    (void)state;
    const char *folder = mn_test_folder();
    for (int i = 0; i < 40; i++) {
        char person[512];
        snprintf(person, sizeof person, "%s/person%d", folder, i);
        assert_ok(mn_file_make_folders(person, 0755, err));
        put(person, "1.pgm", "P5\n1 1\n255\na");
    }
    size_t n[3] = {0};
    for (size_t k = 1; k <= 3; k++) {
        mn_inputs in;
        assert_ok(mn_inputs_gather_people(&folder, 1, &in, err));
        assert_int_equal(in.n, 40);
        mn_inputs_keep_part(&in, k, 3);
        n[k - 1] = in.n;
        mn_inputs_finish(&in);
    }
    assert_int_equal(n[0] + n[1] + n[2], 40);
    assert_true(n[0] > 5 && n[1] > 5 && n[2] > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_rates_that_were_measured),
        cmocka_unit_test(test_times_left),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_paths_of_drawings),
        cmocka_unit_test(test_a_curve),
        cmocka_unit_test(test_points_of_curves),
        cmocka_unit_test(test_pictures_in_folders),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests_name("out", tests, NULL, NULL);
}
