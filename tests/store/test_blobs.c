/* Blobs in files: the suite, and what only files have. */
#include "base/file.h"
#include "blobs_suite.h"
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[300];

static mn_code begin(mn_error *err)
{
    (void)err;
    snprintf(folder, sizeof folder, "%s/blobs", mn_test_folder());
    return MN_OK;
}

static mn_code open_blobs(mn_blobs **out, mn_error *err)
{
    mn_settings *s = mn_settings_create();
    assert_non_null(s);
    mn_code code = mn_blobs_open(s, folder, out, err); /* by default, files */
    mn_settings_destroy(s);
    return code;
}

static void litter(const char *name)
{
    char path[500];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(mn_file_write(path, "half", 4, 0600, err));
}

static void test_private(void **state)
{
    (void)state;
    mn_id id = {{[0] = 1, [14] = 0xab, [15] = 0x0c}};
    mn_blobs *b = NULL;
    char path[500];
    struct stat st;
    assert_ok(begin(err));
    assert_ok(open_blobs(&b, err));
    umask(0);
    assert_ok(b->ops->put(b, &id, "x", 1, err));
    umask(022);
    snprintf(path, sizeof path, "%s/ab/0c/01000000-0000-0000-0000-00000000ab0c", folder);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(path, sizeof path, "%s/ab", folder);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    b->ops->close(b);
}

static void test_names(void **state)
{
    (void)state;
    mn_id id;
    assert_true(mn_blob_parse("ab/0c/01000000-0000-0000-0000-00000000ab0c", &id));
    assert_int_equal(id.bytes[0], 1);
    assert_int_equal(id.bytes[15], 0x0c);
    static const char *const others[] = {"",
                                         "ab/0c/",
                                         "ab/0d/01000000-0000-0000-0000-00000000ab0c",
                                         "01000000-0000-0000-0000-00000000ab0c",
                                         "AB/0C/01000000-0000-0000-0000-00000000AB0C",
                                         "ab-0c-01000000-0000-0000-0000-00000000ab0c",
                                         "ab/0c/01000000-0000-0000-0000-00000000ab0c.new"};
    for (size_t i = 0; i < 7; i++)
        assert_false(mn_blob_parse(others[i], &id));
}

static void test_unusable_folder(void **state)
{
    (void)state;
    char path[400];
    mn_blobs *b = NULL;
    snprintf(path, sizeof path, "%s/file", mn_test_folder());
    assert_ok(mn_file_write(path, "x", 1, 0600, err));
    assert_true(mn_blobs_open_files(path, &b, NULL) != MN_OK);
    char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    assert_int_equal(mn_blobs_open_files(longest, &b, NULL), MN_E_INVALID);
    assert_null(b);
}

int main(void)
{
    static const mn_blobs_backend files = {"blobs in files", begin, open_blobs, litter};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_unusable_folder),
    };
    int failed = mn_blobs_suite(&files);
    return failed + cmocka_run_group_tests_name("blob files", tests, NULL, NULL);
}
