/* Which library is loaded, and what is said when it cannot be used. */
#include "base/alloc.h"
#include "infer/infer.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Folder of the stand-ins for ONNX Runtime, given by meson. */
static const char *fake(const char *name)
{
    static char path[4096];
    const char *folder = getenv("MIEN_TEST_FAKES");
    snprintf(path, sizeof path, "%s/libfake_ort_%s.so", folder ? folder : ".", name);
    return path;
}

static mn_code create(const char *library, const char *provider, mn_runtime **rt, mn_error *err)
{
    mn_runtime_options options = {library, provider};
    *rt = NULL;
    return mn_runtime_create(&options, rt, err);
}

static void refuses(const char *library, const char *provider, mn_code code, const char *says)
{
    mn_runtime *rt;
    mn_error why = {0};
    assert_int_equal(create(library, provider, &rt, &why), code);
    assert_null(rt);
    if (!strstr(why.text, says))
        fail_msg("'%s' should say '%s'", why.text, says);
}

static void library_that_is_not_there_is_named(void **state)
{
    (void)state;
    refuses("/nowhere/libonnxruntime.so.1", "cpu", MN_E_RUNTIME, "/nowhere/libonnxruntime.so.1");
}

static void path_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static char path[6000];
    memset(path, 'a', sizeof path - 1);
    refuses(path, "cpu", MN_E_INVALID, "infer.library");
}

static void without_a_path_the_usual_places_are_named(void **state)
{
    (void)state;
    mn_runtime *rt;
    mn_error why = {0};
    mn_code code = create("", "cpu", &rt, &why);
    mn_runtime_destroy(rt);
    if (code == MN_OK) /* this machine has one installed: nothing to be said */
        skip();
    assert_int_equal(code, MN_E_RUNTIME);
    assert_non_null(strstr(why.text, "/../lib/mien"));
    assert_non_null(strstr(why.text, "infer.library"));
}

static void another_library_is_refused(void **state)
{
    (void)state;
    refuses("libm.so.6", "cpu", MN_E_RUNTIME, "libm.so.6 is not ONNX Runtime");
}

static void library_that_is_too_old_is_refused(void **state)
{
    (void)state;
    refuses(fake("old"), "cpu", MN_E_RUNTIME, "is ONNX Runtime 1.7.2; 1.11 or newer is needed");
}

static void provider_must_be_known(void **state)
{
    (void)state;
    refuses(fake("cpu"), "tpu", MN_E_INVALID, "'tpu' is not one of auto, cpu, cuda");
}

static void cuda_that_is_not_offered_is_refused_with_what_is(void **state)
{
    (void)state;
    refuses(fake("cpu"), "cuda", MN_E_RUNTIME, "offers only CPUExecutionProvider");
}

static void cuda_that_does_not_start_is_refused_with_its_words(void **state)
{
    (void)state;
    refuses(fake("cuda_broken"), "cuda", MN_E_RUNTIME, "no device was found");
}

static void uses(const char *library, const char *provider, const char *expected)
{
    mn_runtime *rt;
    assert_ok(create(library, provider, &rt, err));
    assert_string_equal(mn_runtime_provider(rt), expected);
    assert_string_equal(mn_runtime_version(rt), "1.7.2");
    assert_string_equal(mn_runtime_library(rt), library);
    mn_runtime_destroy(rt);
}

static void auto_takes_cuda_only_where_it_works(void **state)
{
    (void)state;
    uses(fake("cpu"), "auto", "cpu");
    uses(fake("cuda_broken"), "auto", "cpu");
    uses(fake("cuda"), "auto", "cuda");
    uses(fake("cuda"), "cuda", "cuda");
    uses(fake("cuda"), "cpu", "cpu");
    uses(fake("cpu"), NULL, "cpu");
}

static void memory_that_is_short_is_an_error(void **state)
{
    (void)state;
    mn_runtime *rt;
    mn_error why = {0};
    mn_alloc_fail_at(1);
    mn_code code = create(fake("cpu"), "cpu", &rt, &why);
    mn_alloc_fail_at(0);
    assert_int_equal(code, MN_E_MEMORY);
    assert_null(rt);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    mn_runtime_destroy(NULL);
}

static void real_library_loads_twice(void **state)
{
    (void)state;
    mn_test_need(mn_test_library() != NULL, "ONNX Runtime (make setup)");
    mn_runtime *one, *two;
    assert_ok(create(mn_test_library(), "cpu", &one, err));
    assert_ok(create(mn_test_library(), "auto", &two, err));
    assert_string_equal(mn_runtime_provider(one), "cpu");
    assert_true(strncmp(mn_runtime_version(one), "1.", 2) == 0);
    mn_runtime_destroy(one);
    mn_runtime_destroy(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_that_is_not_there_is_named),
        cmocka_unit_test(path_that_is_too_long_is_refused),
        cmocka_unit_test(without_a_path_the_usual_places_are_named),
        cmocka_unit_test(another_library_is_refused),
        cmocka_unit_test(library_that_is_too_old_is_refused),
        cmocka_unit_test(provider_must_be_known),
        cmocka_unit_test(cuda_that_is_not_offered_is_refused_with_what_is),
        cmocka_unit_test(cuda_that_does_not_start_is_refused_with_its_words),
        cmocka_unit_test(auto_takes_cuda_only_where_it_works),
        cmocka_unit_test(memory_that_is_short_is_an_error),
        cmocka_unit_test(destroying_nothing_is_allowed),
        cmocka_unit_test(real_library_loads_twice),
    };
    return cmocka_run_group_tests_name("infer runtime", tests, NULL, NULL);
}
