#include "base/alloc.h"
#include "base/file.h"
#include "support.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[4096];

static const char *in(const char *folder, const char *name)
{
    assert_true(mn_path_join(path, sizeof path, folder, name));
    return path;
}

static void expect_content(const char *file, const char *text)
{
    mn_buf b;
    mn_buf_init(&b, 1000);
    mn_test_read(file, &b);
    assert_int_equal(b.len, strlen(text));
    assert_string_equal(b.data ? (char *)b.data : "", text);
    mn_buf_finish(&b);
}

static size_t entries(const char *folder)
{
    char **names;
    size_t n = 0;
    assert_ok(mn_file_list(folder, 100, &names, &n, err));
    mn_file_list_free(names, n);
    return n;
}

static void writes_whole_files(void **state)
{
    (void)state;
    const char *folder = mn_test_folder(), *file = in(folder, "a");
    struct stat st;
    assert_ok(mn_file_write(file, "one", 3, 0640, err));
    expect_content(file, "one");
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_ok(mn_file_write(file, "two!", 4, 0600, err));
    expect_content(file, "two!");
    assert_ok(mn_file_write(file, NULL, 0, 0600, err));
    expect_content(file, "");
    assert_int_equal(entries(folder), 1);
    assert_int_equal(mn_file_write(folder, "x", 1, 0600, NULL), MN_E_INVALID);
    assert_int_equal(mn_file_write(in(folder, "no/such"), "x", 1, 0600, NULL), MN_E_NOT_FOUND);
}

static void a_full_device_is_said_and_kept(void **state)
{
    (void)state;
    mn_error e = {0};
    mn_test_need(mn_file_exists("/dev/full"), "/dev/full");
    assert_int_equal(mn_file_write("/dev/full", "x", 1, 0600, &e), MN_E_FULL);
    assert_string_equal(e.text, "/dev/full: cannot write: No space left on device: make room and try again");
    struct stat st;
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

/* Writes 200 000 bytes over a file where they do not fit: the old file stays, and nothing is left beside it.
 */
static void expect_refused_write(const char *folder, mn_code (*refused)(const char *file))
{
    const char *file = in(folder, "a");
    assert_ok(mn_file_write(file, "old", 3, 0600, err));
    mn_code code = refused(file);
    assert_true(code == MN_E_FULL || code == MN_E_LIMIT);
    expect_content(file, "old");
    assert_int_equal(entries(folder), 1);
}

static mn_code write_large(const char *file)
{
    static char large[200000];
    return mn_file_write(file, large, sizeof large, 0600, NULL);
}

static mn_code write_past_limit(const char *file)
{
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 65536, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    mn_code code = write_large(file);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    return code;
}

static void a_refused_write_keeps_the_old_file(void **state)
{
    (void)state;
    char folder[300];
    snprintf(folder, sizeof folder, "%s", mn_test_folder());
    expect_refused_write(folder, write_past_limit);
}

static char mounted[300];

static int unmount(void **state)
{
    (void)state;
    return mounted[0] ? umount(mounted) : 0;
}

/* Only root can mount the full disk; the test above shows the same with what everybody may do. */
static void a_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    char folder[300];
    snprintf(folder, sizeof folder, "%s", mn_test_folder());
    if (mount("none", folder, "tmpfs", 0, "size=64k") != 0) {
        fprintf(stderr, "SKIPPED: not there: the right to mount a small tmpfs (root)\n");
        skip();
    }
    memcpy(mounted, folder, sizeof mounted);
    expect_refused_write(folder, write_large);
}

static void reading_has_a_limit(void **state)
{
    (void)state;
    const char *file = in(mn_test_folder(), "a");
    mn_error e = {0};
    mn_buf b;
    assert_ok(mn_file_write(file, "0123456789", 10, 0600, err));
    mn_buf_init(&b, 12);
    assert_ok(mn_buf_append(&b, "ab", 2, err));
    assert_ok(mn_file_read(file, &b, err));
    assert_string_equal((char *)b.data, "ab0123456789");
    mn_buf_finish(&b);
    mn_buf_init(&b, 11);
    assert_ok(mn_buf_append(&b, "ab", 2, err));
    assert_int_equal(mn_file_read(file, &b, &e), MN_E_LIMIT);
    assert_string_equal((char *)b.data, "ab");
    assert_int_equal(mn_file_read("/dev/zero", &b, &e), MN_E_LIMIT);
    assert_string_equal(e.text, "/dev/zero: larger than the limit of 11 bytes");
    assert_string_equal((char *)b.data, "ab");
    assert_int_equal(b.len, 2);
    assert_int_equal(mn_file_read("/", &b, NULL), MN_E_INVALID);
    assert_int_equal(mn_file_read("/no/such", &b, NULL), MN_E_NOT_FOUND);
    mn_buf_finish(&b);
    mn_buf_init(&b, 100);
    mn_alloc_fail_at(1);
    mn_code code = mn_file_read(file, &b, NULL);
    mn_alloc_fail_at(0);
    assert_int_equal(code, MN_E_MEMORY);
}

static void standard_input(void **state)
{
    (void)state;
    int ends[2], saved = dup(0);
    mn_buf b;
    mn_buf_init(&b, 100);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "piped", 5), 5);
    close(ends[1]);
    dup2(ends[0], 0);
    close(ends[0]);
    mn_code code = mn_file_read("-", &b, NULL);
    dup2(saved, 0);
    close(saved);
    assert_int_equal(code, MN_OK);
    assert_string_equal((char *)b.data, "piped");
    mn_buf_finish(&b);
}

static void folders(void **state)
{
    (void)state;
    const char *folder = mn_test_folder();
    mn_error e = {0};
    assert_ok(mn_file_make_folders(in(folder, "a/b//c/"), 0700, err));
    assert_true(mn_file_is_folder(in(folder, "a/b/c")));
    assert_ok(mn_file_make_folders(in(folder, "a/b/c"), 0700, err));
    assert_ok(mn_file_write(in(folder, "a/file"), "x", 1, 0600, err));
    assert_false(mn_file_is_folder(in(folder, "a/file")));
    assert_true(mn_file_exists(path));
    assert_int_equal(mn_file_make_folders(path, 0700, &e), MN_E_EXISTS);
    assert_int_equal(mn_file_make_folders(in(folder, "a/file/x"), 0700, &e), MN_E_EXISTS);
    assert_int_equal(mn_file_make_folders("", 0700, &e), MN_E_INVALID);
    assert_false(mn_file_exists(in(folder, "a/none")));
}

static void lists_are_sorted_and_bounded(void **state)
{
    (void)state;
    const char *folder = mn_test_folder();
    char **names = NULL;
    size_t n = 99;
    static const char *const made[] = {"b", "B", "\xc3\xa4", "a"}, *const sorted[] = {"B", "a", "b",
                                                                                      "\xc3\xa4"};
    for (int i = 0; i < 4; i++)
        assert_ok(mn_file_write(in(folder, made[i]), "", 0, 0600, err));
    assert_int_equal(mn_file_list(folder, 3, &names, &n, NULL), MN_E_LIMIT);
    assert_int_equal(n, 99);
    for (long fail = 1; fail <= 5; fail++) {
        mn_alloc_fail_at(fail);
        mn_code code = mn_file_list(folder, 4, &names, &n, NULL);
        mn_alloc_fail_at(0);
        assert_int_equal(code, MN_E_MEMORY);
        assert_int_equal(n, 99);
    }
    assert_ok(mn_file_list(folder, 4, &names, &n, err));
    assert_int_equal(n, 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(names[i], in(folder, sorted[i]));
    mn_file_list_free(names, n);
    assert_int_equal(mn_file_list(in(folder, "none"), 4, &names, &n, NULL), MN_E_NOT_FOUND);
}

static void joining_paths(void **state)
{
    (void)state;
    char out[6];
    assert_true(mn_path_join(out, sizeof out, "ab", "cd"));
    assert_string_equal(out, "ab/cd");
    assert_true(mn_path_join(out, sizeof out, "ab/", "cd"));
    assert_string_equal(out, "ab/cd");
    assert_true(mn_path_join(out, sizeof out, "", "cd"));
    assert_string_equal(out, "cd");
    assert_false(mn_path_join(out, sizeof out, "ab", "cde"));
    assert_int_equal(mn_file_program_folder()[0], '/');
    assert_true(mn_file_is_folder(mn_file_program_folder()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_whole_files),
        cmocka_unit_test(a_full_device_is_said_and_kept),
        cmocka_unit_test(a_refused_write_keeps_the_old_file),
        cmocka_unit_test_teardown(a_full_disk_keeps_the_old_file, unmount),
        cmocka_unit_test(reading_has_a_limit),
        cmocka_unit_test(standard_input),
        cmocka_unit_test(folders),
        cmocka_unit_test(lists_are_sorted_and_bounded),
        cmocka_unit_test(joining_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
