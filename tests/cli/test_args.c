/* Command lines: what is taken, what is refused, and with which words. */
#include "cli/args.h"
#include "cli/config.h"
#include "support.h"

#include "base/alloc.h"
#include <stdlib.h>
#include <string.h>

static mn_code parse(mn_args *args, mn_error *err, size_t n, const char *const *words)
{
    char *argv[32] = {(char *)"mien"};
    for (size_t i = 0; i < n; i++)
        argv[i + 1] = (char *)words[i];
    return mn_args_parse((int)n + 1, argv, args, err);
}

#define PARSE(args, err, ...)                                                                                \
    parse(args, err, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

static void refused(mn_code code, const mn_error *err, const char *text)
{
    assert_int_equal(code, MN_E_INVALID);
    if (!strstr(err->text, text))
        fail_msg("'%s' does not say '%s'", err->text, text);
}

static void test_commands_and_operands(void **state)
{
    (void)state;
    mn_args a;
    assert_ok(PARSE(&a, err, "compare", "a.jpg", "b.jpg"));
    assert_string_equal(a.command->name, "compare");
    assert_int_equal(a.n_operands, 2);
    assert_string_equal(a.operands[1], "b.jpg");
    mn_args_finish(&a);
    assert_ok(PARSE(&a, err, "people", "show", "Anna"));
    assert_string_equal(a.command->name, "people show");
    assert_int_equal(a.n_operands, 1);
    assert_string_equal(a.operands[0], "Anna");
    mn_args_finish(&a);
}

static void test_options_in_every_form(void **state)
{
    (void)state;
    mn_args a;
    assert_ok(PARSE(&a, err, "identify", "--list", "staff", "x.jpg", "--fmr=1e-3", "-k", "3", "--json", "-"));
    assert_string_equal(a.value[MN_O_LIST], "staff");
    assert_string_equal(a.value[MN_O_FMR], "1e-3");
    assert_string_equal(a.value[MN_O_CANDIDATES], "3");
    assert_true(mn_args_given(&a, MN_O_JSON));
    assert_false(mn_args_given(&a, MN_O_FLIP));
    assert_int_equal(a.n_operands, 2);
    assert_string_equal(a.operands[1], "-");
    mn_args_finish(&a);
    assert_ok(PARSE(&a, err, "--json", "detect", "--", "--odd-name.jpg"));
    assert_string_equal(a.operands[0], "--odd-name.jpg");
    mn_args_finish(&a);
}

static void test_what_was_meant_is_suggested(void **state)
{
    (void)state;
    mn_args a;
    mn_error err = {0};
    refused(PARSE(&a, &err, "detect", "--jsno", "x"), &err, "did you mean --json?");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "enroll", "--externalid", "7", "x"), &err, "did you mean --external-id?");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "detekt", "x"), &err, "did you mean 'detect'?");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "enrol", "x"), &err, "did you mean 'enroll'?");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "detect", "--xyzzy", "x"), &err, "unknown option --xyzzy");
    assert_null(strstr(err.text, "mean"));
    mn_args_finish(&a);
}

static void test_refusals(void **state)
{
    (void)state;
    mn_args a;
    mn_error err = {0};
    refused(PARSE(&a, &err, "compare", "a.jpg"), &err, "too few arguments");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "compare", "a", "b", "c"), &err, "'c' is one argument too many");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "detect", "--data"), &err, "--data needs a value");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "detect", "--json=yes", "x"), &err, "--json takes no value");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "detect", "--list", "staff", "x"), &err, "'detect' takes no --list");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "detect", "--data", "a", "--data", "b", "x"), &err, "--data is given twice");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "people"), &err, "needs a second word");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "people", "shwo"), &err, "list, show, erase, withdraw");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "compare", "--face", "left", "a", "b"), &err, "largest, centre, only");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "identify", "--purpose", "fun", "a"), &err, "identification");
    mn_args_finish(&a);
    refused(PARSE(&a, &err, "detect", "-z", "a"), &err, "unknown option -z");
    mn_args_finish(&a);
}

static void test_help_asks_for_no_operands(void **state)
{
    (void)state;
    mn_args a;
    assert_ok(PARSE(&a, err, "compare", "--help"));
    assert_true(mn_args_given(&a, MN_O_HELP));
    mn_args_finish(&a);
    assert_ok(parse(&a, err, 0, NULL));
    assert_null(a.command);
    mn_args_finish(&a);
}

static void test_options_reach_the_settings(void **state)
{
    (void)state;
    mn_args a;
    const mn_settings *s;
    bool usage;
    assert_ok(PARSE(&a, err, "compare", "a", "b", "--threads", "3", "--fmr", "1e-5", "--flip",
                    "--pack=offline", "--precision", "fp32", "--data", "/d", "--set", "face.min_size=40",
                    "--set", "face.max=7"));
    assert_ok(mn_config_load(&a, &s, &usage, err));
    assert_int_equal(mn_settings_int(s, MN_S_INFER_WORKERS), 3);
    assert_int_equal(mn_settings_int(s, MN_S_MATCH_THREADS), 3);
    assert_true(mn_settings_real(s, MN_S_MATCH_FMR) == 1e-5);
    assert_true(mn_settings_bool(s, MN_S_FACE_FLIP));
    assert_string_equal(mn_settings_text(s, MN_S_MODEL_PACK), "offline");
    assert_string_equal(mn_settings_text(s, MN_S_INFER_PRECISION), "fp32");
    assert_string_equal(mn_settings_text(s, MN_S_DATA_DIR), "/d");
    assert_int_equal(mn_settings_int(s, MN_S_FACE_MIN_SIZE), 40);
    assert_int_equal(mn_settings_int(s, MN_S_FACE_MAX), 7);
    assert_string_equal(mn_settings_origin(s, MN_S_FACE_MAX), "command line");
    mn_settings_unref(s);
    mn_args_finish(&a);
}

static void test_the_command_line_wins_over_the_environment(void **state)
{
    (void)state;
    mn_args a;
    const mn_settings *s;
    bool usage;
    setenv("MIEN_FACE_MAX", "5", 1);
    setenv("MIEN_MATCH_FMR", "0.01", 1);
    assert_ok(PARSE(&a, err, "compare", "a", "b", "--fmr", "1e-5"));
    assert_ok(mn_config_load(&a, &s, &usage, err));
    assert_int_equal(mn_settings_int(s, MN_S_FACE_MAX), 5);
    assert_true(mn_settings_real(s, MN_S_MATCH_FMR) == 1e-5);
    unsetenv("MIEN_FACE_MAX");
    unsetenv("MIEN_MATCH_FMR");
    mn_settings_unref(s);
    mn_args_finish(&a);
}

static void test_bad_values_are_usage_errors(void **state)
{
    (void)state;
    static const char *const lines[][3] = {{"--fmr", "2", "match.fmr"},
                                           {"--threads", "x", "infer.workers"},
                                           {"--pack", "best", "model.pack"},
                                           {"--set", "face.min_size", "NAME=VALUE"},
                                           {"--set", "no.such=1", "no.such"}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        mn_args a;
        const mn_settings *s = NULL;
        mn_error err = {0};
        bool usage = false;
        assert_int_equal(PARSE(&a, &err, "compare", "a", "b", lines[i][0], lines[i][1]), MN_OK);
        refused(mn_config_load(&a, &s, &usage, &err), &err, lines[i][2]);
        assert_true(usage);
        assert_null(s);
        mn_args_finish(&a);
    }
}

static void test_numbers_of_options(void **state)
{
    (void)state;
    mn_args a;
    mn_error err = {0};
    long n = -1;
    assert_int_equal(PARSE(&a, &err, "identify", "-k", "12", "x"), MN_OK);
    assert_int_equal(mn_config_number(&a, MN_O_CANDIDATES, 1, 100, 5, &n, &err), MN_OK);
    assert_int_equal(n, 12);
    assert_int_equal(mn_config_number(&a, MN_O_LIMIT, 1, 100, 5, &n, &err), MN_OK);
    assert_int_equal(n, 5);
    refused(mn_config_number(&a, MN_O_CANDIDATES, 1, 10, 5, &n, &err), &err, "from 1 to 10");
    assert_int_equal(n, 5);
    mn_args_finish(&a);
}

static void test_memory_failures_are_clean(void **state)
{
    (void)state;
    for (long n = 1; n <= 2; n++) {
        mn_args a;
        mn_error err = {0};
        mn_alloc_fail_at(n);
        mn_code code = PARSE(&a, &err, "compare", "a", "b");
        mn_alloc_fail_at(0);
        assert_int_equal(code, MN_E_MEMORY);
        mn_args_finish(&a);
    }
}

static void test_every_command_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < mn_command_count(); i++) {
        const mn_command *c = mn_command_at(i);
        assert_non_null(c->run);
        assert_non_null(c->examples);
        assert_true(strncmp(c->examples, "mien ", 5) == 0);
        assert_true(strstr(c->examples, c->name) != NULL);
        assert_ptr_equal(mn_command_find(c->name), c);
        assert_true(mn_command_takes(c, MN_O_JSON));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_and_operands),
        cmocka_unit_test(test_options_in_every_form),
        cmocka_unit_test(test_what_was_meant_is_suggested),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_help_asks_for_no_operands),
        cmocka_unit_test(test_options_reach_the_settings),
        cmocka_unit_test(test_the_command_line_wins_over_the_environment),
        cmocka_unit_test(test_bad_values_are_usage_errors),
        cmocka_unit_test(test_numbers_of_options),
        cmocka_unit_test(test_memory_failures_are_clean),
        cmocka_unit_test(test_every_command_is_whole),
    };
    return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
