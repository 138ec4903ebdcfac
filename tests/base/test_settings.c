#include "base/alloc.h"
#include "base/file.h"
#include "base/settings.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mn_code read_text(mn_settings *s, const char *text, mn_error *err)
{
    return mn_settings_read_text(s, text, strlen(text), "a.conf", err);
}

static void defaults(void **state)
{
    (void)state;
    mn_settings *s = mn_settings_create();
    assert_non_null(s);
    assert_int_equal(mn_settings_int(s, MN_S_FACE_MAX), 100);
    assert_true(mn_settings_real(s, MN_S_MATCH_FMR) == 1e-4);
    assert_false(mn_settings_bool(s, MN_S_FACE_FLIP));
    assert_string_equal(mn_settings_text(s, MN_S_MODEL_PACK), "auto");
    assert_string_equal(mn_settings_text(s, MN_S_DATA_DIR), "");
    assert_string_equal(mn_settings_origin(s, MN_S_FACE_MAX), "default");
    mn_settings_destroy(s);
    mn_settings_destroy(NULL);
}

static void later_overrides_earlier(void **state)
{
    (void)state;
    const char *folder = mn_test_folder();
    char path[4096], origin[4200];
    mn_settings *s = mn_settings_create();
    assert_true(mn_path_join(path, sizeof path, folder, "mien.conf"));
    assert_ok(mn_file_write(path, "# first\nface.max = 7\nface.min_size = 30\n", 40, 0600, err));
    assert_ok(mn_settings_read_file(s, path, err));
    assert_int_equal(mn_settings_int(s, MN_S_FACE_MAX), 7);
    snprintf(origin, sizeof origin, "%s:2", path);
    assert_string_equal(mn_settings_origin(s, MN_S_FACE_MAX), origin);
    setenv("MIEN_FACE_MAX", "8", 1);
    setenv("MIEN_FACE_MIN_SIZE", "", 1);
    assert_ok(mn_settings_read_environment(s, err));
    assert_int_equal(mn_settings_int(s, MN_S_FACE_MAX), 8);
    assert_int_equal(mn_settings_int(s, MN_S_FACE_MIN_SIZE), 30);
    assert_string_equal(mn_settings_origin(s, MN_S_FACE_MAX), "environment MIEN_FACE_MAX");
    assert_ok(mn_settings_set(s, MN_S_FACE_MAX, "9", "command line", err));
    assert_int_equal(mn_settings_int(s, MN_S_FACE_MAX), 9);
    mn_error e = {0};
    setenv("MIEN_FACE_MAX", "0", 1);
    assert_int_equal(mn_settings_read_environment(s, &e), MN_E_INVALID);
    assert_string_equal(e.text,
                        "environment MIEN_FACE_MAX: face.max: \"0\" is not a whole number in 1..1000 faces");
    unsetenv("MIEN_FACE_MAX");
    unsetenv("MIEN_FACE_MIN_SIZE");
    assert_int_equal(mn_settings_read_file(s, "/no/such", NULL), MN_E_NOT_FOUND);
    mn_settings_destroy(s);
}

static void the_form_of_lines(void **state)
{
    (void)state;
    mn_settings *s = mn_settings_create();
    assert_ok(read_text(s,
                        "\n  # x\n\tface.max\t=\t5 # five\r\ndata.dir = /a b#c/d  \nmodel.dir=\"a # "
                        "\\\"b\\\" \\\\ \\n \" # c\n"
                        "face.flip = on\nmodel.pack = \"offline\"",
                        err));
    assert_int_equal(mn_settings_int(s, MN_S_FACE_MAX), 5);
    assert_string_equal(mn_settings_text(s, MN_S_DATA_DIR), "/a b#c/d");
    assert_string_equal(mn_settings_text(s, MN_S_MODEL_DIR), "a # \"b\" \\ \\n ");
    assert_string_equal(mn_settings_text(s, MN_S_FACE_FLIP), "true");
    assert_string_equal(mn_settings_text(s, MN_S_MODEL_PACK), "offline");
    assert_string_equal(mn_settings_origin(s, MN_S_FACE_FLIP), "a.conf:6");
    assert_ok(read_text(s, "data.dir =\n", err));
    assert_string_equal(mn_settings_text(s, MN_S_DATA_DIR), "");
    mn_settings_destroy(s);
}

static void refused_lines_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *line, *text;
    } cases[] = {
        {"face.max 5", "a.conf:2: a line is `name = value`, and this one has no ="},
        {"face.maximum = 5", "a.conf:2: there is no setting \"face.maximum\"; `mien settings` lists them"},
        {"= 5", "a.conf:2: there is no setting \"\"; `mien settings` lists them"},
        {"data.dir = \"a", "a.conf:2: data.dir: the value's double quotes do not match"},
        {"data.dir = \"a\" b", "a.conf:2: data.dir: the value's double quotes do not match"},
        {"face.max = 1001", "a.conf:2: face.max: \"1001\" is not a whole number in 1..1000 faces"},
        {"face.max = ", "a.conf:2: face.max: \"\" is not a whole number in 1..1000 faces"},
        {"face.max = +5", "a.conf:2: face.max: \"+5\" is not a whole number in 1..1000 faces"},
        {"face.max = 5x", "a.conf:2: face.max: \"5x\" is not a whole number in 1..1000 faces"},
        {"face.max = -5", "a.conf:2: face.max: \"-5\" is not a whole number in 1..1000 faces"},
        {"face.max = 99999999999999999999",
         "a.conf:2: face.max: \"99999999999999999999\" is not a whole number in 1..1000 faces"},
        {"match.fmr = 0.6", "a.conf:2: match.fmr: \"0.6\" is not a number in 1e-9..0.5 rate"},
        {"match.fmr = nan", "a.conf:2: match.fmr: \"nan\" is not a number in 1e-9..0.5 rate"},
        {"match.fmr = 0x1p-4", "a.conf:2: match.fmr: \"0x1p-4\" is not a number in 1e-9..0.5 rate"},
        {"match.fmr = 0,1", "a.conf:2: match.fmr: \"0,1\" is not a number in 1e-9..0.5 rate"},
        {"match.fmr = 1e-999", "a.conf:2: match.fmr: \"1e-999\" is not a number in 1e-9..0.5 rate"},
        {"face.flip = maybe", "a.conf:2: face.flip: \"maybe\" is not true or false"},
        {"model.pack = standard|offline",
         "a.conf:2: model.pack: \"standard|offline\" is not one of auto|standard|offline"},
        {"model.pack =", "a.conf:2: model.pack: \"\" is not one of auto|standard|offline"},
    };
    mn_settings *s = mn_settings_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        mn_error e = {0};
        snprintf(text, sizeof text, "face.min_size = 99\n%s\n", cases[i].line);
        assert_int_equal(read_text(s, text, &e), MN_E_INVALID);
        assert_string_equal(e.text, cases[i].text);
        assert_int_equal(mn_settings_int(s, MN_S_FACE_MIN_SIZE), 20);
    }
    assert_int_equal(mn_settings_read_text(s, "face.max = 5\0", 13, "a.conf", NULL), MN_E_INVALID);
    mn_settings_destroy(s);
}

static void lengths_are_bounded(void **state)
{
    (void)state;
    static char text[9000] = "data.dir = ";
    mn_settings *s = mn_settings_create();
    memset(text + 11, 'x', 4096);
    assert_ok(read_text(s, text, err));
    text[11 + 4096] = 'x';
    assert_int_equal(read_text(s, text, NULL), MN_E_INVALID);
    memset(text + 11, 'x', 8190);
    assert_int_equal(read_text(s, text, NULL), MN_E_LIMIT);
    mn_settings_destroy(s);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    mn_settings *s = mn_settings_create();
    long n = 1;
    for (mn_code code = MN_E_MEMORY; code; n++) {
        mn_alloc_fail_at(n);
        code = read_text(s, "face.max = 5\nface.min_size = 30\n", NULL);
        mn_alloc_fail_at(0);
        assert_true(code == MN_OK || code == MN_E_MEMORY);
        assert_int_equal(mn_settings_int(s, MN_S_FACE_MAX), code ? 100 : 5);
    }
    assert_true(n > 40);
    mn_settings_destroy(s);
    for (n = 1; n < 2000; n++) {
        mn_alloc_fail_at(n);
        s = mn_settings_create();
        mn_alloc_fail_at(0);
        if (s)
            break;
    }
    assert_in_range(n, MN_S_COUNT, 1999);
    mn_settings_destroy(s);
}

static void names_are_unique_and_found(void **state)
{
    (void)state;
    mn_setting which;
    char variable[MN_SETTING_ENVIRONMENT_NAME];
    assert_true(mn_setting_find("image.max_ms", &which));
    assert_int_equal(which, MN_S_IMAGE_MAX_MS);
    assert_false(mn_setting_find("image", &which));
    mn_setting_environment_name(MN_S_MODEL_MIRROR, variable);
    assert_string_equal(variable, "MIEN_MODEL_MIRROR");
    for (unsigned i = 0; i < MN_S_COUNT; i++) {
        assert_true(mn_setting_find(mn_setting_describe((mn_setting)i)->name, &which));
        assert_int_equal(which, i);
    }
}

/* Every setting stands in the sample, commented out; taking the # away gives the defaults again. */
static void the_sample_is_the_defaults(void **state)
{
    (void)state;
    mn_buf sample;
    mn_buf_init(&sample, 1 << 20);
    assert_ok(mn_settings_write_sample(&sample, err));
    mn_settings *s = mn_settings_create();
    assert_ok(read_text(s, (char *)sample.data, err));
    assert_string_equal(mn_settings_origin(s, MN_S_FACE_MAX), "default");
    for (char *p = (char *)sample.data; p; p = strstr(p + 1, "\n#"))
        if (p[0] == '\n' && p[2] != ' ')
            p[1] = ' ';
    assert_ok(read_text(s, (char *)sample.data, err));
    for (unsigned i = 0; i < MN_S_COUNT; i++) {
        assert_memory_equal(mn_settings_origin(s, (mn_setting)i), "a.conf:", 7);
        assert_string_equal(mn_settings_text(s, (mn_setting)i), mn_setting_describe((mn_setting)i)->def);
    }
    mn_settings_destroy(s);
    mn_buf_finish(&sample);
    mn_buf_init(&sample, 100);
    assert_int_equal(mn_settings_write_sample(&sample, NULL), MN_E_LIMIT);
    assert_int_equal(sample.len, 0);
    mn_buf_finish(&sample);
}

/* MIEN_TEST_UPDATE=1 writes the page instead. */
static void the_page_is_up_to_date(void **state)
{
    (void)state;
    char path[4096];
    mn_buf made, page;
    mn_buf_init(&made, 1 << 20);
    mn_buf_init(&page, 1 << 20);
    assert_ok(mn_settings_write_markdown(&made, err));
    for (unsigned i = 0; i < MN_S_COUNT; i++)
        assert_non_null(strstr((char *)made.data, mn_setting_describe((mn_setting)i)->name));
    assert_true(mn_path_join(path, sizeof path, mn_test_root(), "docs/guide/settings.md"));
    if (getenv("MIEN_TEST_UPDATE"))
        assert_ok(mn_file_write(path, made.data, made.len, 0644, err));
    mn_test_read(path, &page);
    if (strcmp((char *)page.data, (char *)made.data) != 0)
        fail_msg(
            "docs/guide/settings.md is out of date: run mien settings markdown > docs/guide/settings.md");
    mn_buf_finish(&made);
    mn_buf_finish(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(later_overrides_earlier),
        cmocka_unit_test(the_form_of_lines),
        cmocka_unit_test(refused_lines_change_nothing),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(memory_may_fail_anywhere),
        cmocka_unit_test(names_are_unique_and_found),
        cmocka_unit_test(the_sample_is_the_defaults),
        cmocka_unit_test(the_page_is_up_to_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
