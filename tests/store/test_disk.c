/* Disks that are full or cannot be written. A tmpfs of a few hundred KiB where this process may mount one,
 * else a limit on the size of files, which meets SQLite in the same place. */
#include "base/file.h"
#include "store/blobs.h"
#include "store/seal.h"
#include "store/store.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[300], db_path[400];

static int run_in_child(int (*body)(void))
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Exit statuses of a child, each for one thing that was not as it must be. */
enum {
    FINE = 0,
    NO_MOUNT = 10,
    NO_OPEN,
    NOT_FULL,
    WRONG_TEXT,
    NOT_READABLE,
    WRONG_COUNT,
    UNSOUND,
    NOT_AGAIN,
    WRONG_CODE
};

/* ---- full ---- */

static mn_code put_person(mn_store *s, mn_error *err)
{
    static char long_text[2000];
    memset(long_text, 'x', sizeof long_text - 1);
    mn_person p = {.id = mn_id_make(), .name = "Somebody", .user_data = long_text, .active = true};
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = s->ops->person_put(s, &p, err);
    if (code == MN_OK)
        code = s->ops->key_put(s, &p.id, (const uint8_t *)"k", 1, err);
    if (code == MN_OK)
        return s->ops->commit(s, err);
    s->ops->rollback(s);
    return code;
}

/* Writes until there is no room; then all that was acknowledged must be there, and no more. */
static int fill_up(mn_store *s, uint64_t *written)
{
    mn_error err = {0};
    mn_code code = MN_OK;
    for (*written = 0; *written < 100000; ++*written)
        if ((code = put_person(s, &err)) != MN_OK)
            break;
    if (code != MN_E_FULL || *written < 5)
        return NOT_FULL;
    return strstr(err.text, "make room") ? FINE : WRONG_TEXT;
}

static int check_count(mn_store *s, uint64_t written)
{
    mn_store_counts n;
    if (s->ops->counts(s, &n, NULL) != MN_OK)
        return NOT_READABLE;
    if (n.people != written)
        return WRONG_COUNT;
    return s->ops->check(s, NULL) == MN_OK ? FINE : UNSOUND;
}

static int full_then_room(void (*make_room)(void))
{
    mn_store *s = NULL;
    uint64_t written = 0;
    if (mn_store_open_sqlite(db_path, &s, NULL) != MN_OK)
        return NO_OPEN;
    int result = fill_up(s, &written);
    if (result == FINE)
        result = check_count(s, written);
    make_room();
    if (result == FINE && put_person(s, NULL) != MN_OK) /* it goes on by itself */
        result = NOT_AGAIN;
    s->ops->close(s);
    s = NULL;
    if (result == FINE && mn_store_open_sqlite(db_path, &s, NULL) != MN_OK)
        return NO_OPEN;
    if (s) {
        result = check_count(s, written + 1);
        s->ops->close(s);
    }
    return result;
}

static void drop_ballast(void)
{
    char path[400];
    snprintf(path, sizeof path, "%s/ballast", folder);
    unlink(path);
}

static int on_small_disk(void)
{
    static uint8_t ballast[200000];
    char path[400];
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=1000k") != 0)
        return NO_MOUNT;
    snprintf(path, sizeof path, "%s/ballast", folder);
    if (mn_file_write(path, ballast, sizeof ballast, 0600, NULL) != MN_OK)
        return NO_MOUNT;
    return full_then_room(drop_ballast);
}

static void lift_limit(void)
{
    struct rlimit r;
    getrlimit(RLIMIT_FSIZE, &r);
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_FSIZE, &r);
}

static int under_limit(void)
{
    struct rlimit r;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &r);
    r.rlim_cur = 300000;
    setrlimit(RLIMIT_FSIZE, &r);
    return full_then_room(lift_limit);
}

static void new_folder(void)
{
    snprintf(folder, sizeof folder, "%s", mn_test_folder());
    snprintf(db_path, sizeof db_path, "%s/mien.db", folder);
}

static void test_full_disk(void **state)
{
    (void)state;
    new_folder();
    int result = run_in_child(on_small_disk);
    mn_test_need(result != NO_MOUNT, "the right to mount a tmpfs (root with CAP_SYS_ADMIN)");
    assert_int_equal(result, FINE);
}

static void test_file_limit(void **state)
{
    (void)state;
    new_folder();
    assert_int_equal(run_in_child(under_limit), FINE);
}

/* ---- blobs and the master key on a full disk ---- */

static int files_under_limit(void)
{
    static uint8_t large[300000];
    struct rlimit r;
    mn_blobs *b = NULL;
    mn_master *m = NULL;
    mn_error err = {0};
    mn_id id = mn_id_make();
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &r);
    r.rlim_cur = 100000;
    setrlimit(RLIMIT_FSIZE, &r);
    if (mn_blobs_open_files(folder, &b, NULL) != MN_OK)
        return NO_OPEN;
    mn_code code = b->ops->put(b, &id, large, sizeof large, &err);
    if (code == MN_OK)
        return NOT_FULL;
    mn_buf got;
    mn_buf_init(&got, 1 << 20);
    if (b->ops->get(b, &id, &got, NULL) != MN_E_NOT_FOUND)
        return WRONG_COUNT; /* half a blob */
    b->ops->close(b);
    r.rlim_cur = 10;
    setrlimit(RLIMIT_FSIZE, &r);
    char path[400];
    snprintf(path, sizeof path, "%s/master.key", folder);
    if (mn_master_open_file(path, 1, &m, &err) == MN_OK)
        return NOT_FULL;
    return mn_file_exists(path) ? WRONG_COUNT : FINE; /* half a key would be worse than none */
}

static void test_files_under_limit(void **state)
{
    (void)state;
    new_folder();
    assert_int_equal(run_in_child(files_under_limit), FINE);
}

/* ---- read-only ---- */

static int open_read_only(void)
{
    mn_store *s = NULL;
    mn_error err = {0};
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        return NO_MOUNT;
    mn_code code = mn_store_open_sqlite(db_path, &s, &err);
    if (code == MN_OK) {
        code = s->ops->meta_put(s, "a", "b", &err);
        s->ops->close(s);
    }
    if (code != MN_E_IO && code != MN_E_FORBIDDEN)
        return WRONG_CODE;
    return strstr(err.text, "owner and mode") || strstr(err.text, "may be written") ? FINE : WRONG_TEXT;
}

static void test_read_only_folder(void **state)
{
    (void)state;
    new_folder();
    mn_store *s = NULL;
    assert_ok(mn_store_open_sqlite(db_path, &s, err));
    s->ops->close(s);
    assert_int_equal(chmod(db_path, 0444), 0); /* readable, so that it fails where it writes */
    assert_int_equal(chmod(folder, 0555), 0);
    char parent[310];
    snprintf(parent, sizeof parent, "%s/..", folder);
    assert_int_equal(chmod(parent, 0755), 0);
    assert_int_equal(run_in_child(open_read_only), FINE);
    assert_int_equal(chmod(db_path, 0600), 0);
    assert_int_equal(chmod(folder, 0700), 0);
}

static void test_read_only_and_empty(void **state)
{
    (void)state;
    new_folder();
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(run_in_child(open_read_only), FINE);
    assert_int_equal(chmod(folder, 0700), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_disk),           cmocka_unit_test(test_file_limit),
        cmocka_unit_test(test_files_under_limit),   cmocka_unit_test(test_read_only_folder),
        cmocka_unit_test(test_read_only_and_empty),
    };
    return cmocka_run_group_tests_name("disks", tests, NULL, NULL);
}
