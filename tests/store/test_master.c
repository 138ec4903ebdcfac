/* Where the master key comes from: files while they are exchanged, the environment, systemd's credentials.
 * The environment is read once in a process, so each test of it runs in a child; one starts this program
 * again to see what the kernel shows of its environment. */
#include "base/file.h"
#include "store/rotate.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* 32 bytes of 0x41, and of 0x42. */
#define KEY_A "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
#define KEY_B "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="

static char self[4096];

/* The code of opening, in a child with these variables; what is wrapped goes through a file. */
typedef struct {
    const char *key, *newer;             /* NULL: not set */
    const char *wrap_into, *unwrap_from; /* NULL: not tried */
} child_task;

static mn_code wrap_to(const mn_master *m, const char *path)
{
    mn_buf wrapped;
    mn_key *key = NULL;
    mn_buf_init(&wrapped, 256);
    mn_code code = mn_key_make(m, "x", 1, &key, &wrapped, NULL);
    if (code == MN_OK)
        code = mn_file_write(path, wrapped.data, wrapped.len, 0600, NULL);
    mn_key_close(key);
    mn_buf_finish(&wrapped);
    return code;
}

static mn_code unwrap_from(const mn_master *m, const char *path)
{
    mn_buf wrapped;
    mn_key *key = NULL;
    mn_buf_init(&wrapped, 256);
    mn_code code = mn_file_read(path, &wrapped, NULL);
    if (code == MN_OK)
        code = mn_key_unwrap(m, "x", 1, wrapped.data, wrapped.len, &key, NULL);
    mn_key_close(key);
    mn_buf_finish(&wrapped);
    return code;
}

static void set(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static mn_code do_task(const child_task *t)
{
    mn_master *m = NULL, *again = NULL;
    mn_error e = {0};
    set("MIEN_MASTER_KEY", t->key);
    set("MIEN_MASTER_KEY_NEW", t->newer);
    mn_code code = mn_master_open(MN_MASTER_ENVIRONMENT, NULL, 1, &m, &e);
    if (t->key && *t->key && strstr(e.text, t->key))
        return MN_E_INTERNAL; /* a key in a message */
    if (code != MN_OK)
        return code;
    if (getenv("MIEN_MASTER_KEY") || getenv("MIEN_MASTER_KEY_NEW"))
        return MN_E_INTERNAL;
    if (t->wrap_into)
        code = wrap_to(m, t->wrap_into);
    if (code == MN_OK && t->unwrap_from)
        code = unwrap_from(m, t->unwrap_from);
    if (code == MN_OK && mn_master_open(MN_MASTER_ENVIRONMENT, NULL, 0, &again, NULL) != MN_OK)
        return MN_E_INTERNAL; /* a second time, though the variable is gone */
    mn_master_close(m);
    mn_master_close(again);
    return code;
}

static mn_code in_child(child_task t)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit((int)do_task(&t));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (mn_code)WEXITSTATUS(status);
}

static void test_environment(void **state)
{
    (void)state;
    char path[400], newer[400];
    snprintf(path, sizeof path, "%s/wrapped", mn_test_folder());
    snprintf(newer, sizeof newer, "%s/newer", mn_test_folder());
    assert_int_equal(in_child((child_task){.key = KEY_A, .wrap_into = path, .unwrap_from = path}), MN_OK);
    assert_int_equal(in_child((child_task){.key = KEY_A "\n", .unwrap_from = path}), MN_OK);
    assert_int_equal(in_child((child_task){.key = KEY_B, .unwrap_from = path}), MN_E_CORRUPT);
    /* Both: either opens, the new one wraps. */
    assert_int_equal(
        in_child((child_task){.key = KEY_A, .newer = KEY_B, .wrap_into = newer, .unwrap_from = path}), MN_OK);
    assert_int_equal(in_child((child_task){.key = KEY_B, .unwrap_from = newer}), MN_OK);
    assert_int_equal(in_child((child_task){.key = KEY_A, .unwrap_from = newer}), MN_E_CORRUPT);
    assert_int_equal(in_child((child_task){.key = NULL}), MN_E_NOT_FOUND);
    assert_int_equal(in_child((child_task){.key = ""}), MN_E_NOT_FOUND);
    assert_int_equal(in_child((child_task){.key = "password"}), MN_E_INVALID);
    assert_int_equal(in_child((child_task){.key = "QUFB" KEY_A}), MN_E_INVALID);
    assert_int_equal(in_child((child_task){.key = "not base64 !!"}), MN_E_INVALID);
    assert_int_equal(in_child((child_task){.key = KEY_A, .newer = "short"}), MN_E_INVALID);
}

/* What root, and whoever runs as the same user, reads in /proc. */
static int look_at_proc(void)
{
    mn_master *m = NULL;
    char bytes[65536];
    if (mn_master_open(MN_MASTER_ENVIRONMENT, NULL, 0, &m, NULL) != MN_OK)
        return 1;
    FILE *f = fopen("/proc/self/environ", "r");
    size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f)
        fclose(f);
    mn_master_close(m);
    return n > 0 && !memmem(bytes, n, KEY_A, 20) && memmem(bytes, n, "WITNESS", 7) ? 0 : 2;
}

static void test_proc_shows_nothing(void **state)
{
    (void)state;
    char *const environment[] = {(char[]){"WITNESS=1"}, (char[]){"MIEN_MASTER_KEY=" KEY_A}, NULL};
    char *const args[] = {self, (char[]){"--proc"}, NULL};
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execve(self, args, environment);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- rotation with given keys ---- */

static const mn_rotate_options options = {.actor = "test"};

static int rotate_in_child(const char *db, const char *key, const char *newer, mn_rotate_report *report,
                           mn_error *err)
{
    mn_store *s = NULL;
    mn_master *m = NULL;
    set("MIEN_MASTER_KEY", key);
    set("MIEN_MASTER_KEY_NEW", newer);
    mn_code code = mn_store_open_sqlite(db, &s, err);
    if (code == MN_OK)
        code = mn_master_open(MN_MASTER_ENVIRONMENT, NULL, 0, &m, err);
    for (int i = 0; code == MN_OK && !newer && i < 20; i++) {
        mn_person p = {.id = mn_id_make(), .name = "Somebody", .active = true};
        mn_buf wrapped;
        mn_key *k = NULL;
        mn_buf_init(&wrapped, 256);
        code = s->ops->person_put(s, &p, err);
        if (code == MN_OK)
            code = mn_key_make(m, p.id.bytes, 16, &k, &wrapped, err);
        if (code == MN_OK)
            code = s->ops->key_put(s, &p.id, wrapped.data, wrapped.len, err);
        mn_key_close(k);
        mn_buf_finish(&wrapped);
    }
    if (code == MN_OK)
        code = mn_rotate_master(s, m, &options, report, err);
    if (s)
        s->ops->close(s);
    mn_master_close(m);
    return (int)code;
}

static int rotation(const char *db, const char *key, const char *newer, uint64_t keys, const char *part)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        mn_rotate_report report = {0};
        mn_error e = {0};
        int code = rotate_in_child(db, key, newer, &report, &e);
        _exit(report.rewrapped == keys && strstr(e.text, part) ? code : 99);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_rotation_with_given_keys(void **state)
{
    (void)state;
    char db[400];
    snprintf(db, sizeof db, "%s/mien.db", mn_test_folder());
    assert_int_equal(rotation(db, KEY_A, NULL, 0, "MIEN_MASTER_KEY_NEW"), MN_E_INVALID); /* makes 20 keys */
    assert_int_equal(rotation(db, KEY_A, KEY_B, 20, ""), MN_OK);
    assert_int_equal(rotation(db, KEY_A, KEY_B, 0, ""), MN_OK);  /* again: all is done */
    assert_int_equal(rotation(db, KEY_B, KEY_A, 20, ""), MN_OK); /* and back */
}

/* ---- credentials ---- */

static void test_credential(void **state)
{
    (void)state;
    char folder[300], path[400], newer[400], wrapped[400];
    mn_master *m = NULL;
    mn_error e = {0};
    snprintf(folder, sizeof folder, "%s", mn_test_folder());
    snprintf(path, sizeof path, "%s/mien-master-key", folder);
    snprintf(newer, sizeof newer, "%s/mien-master-key-new", folder);
    snprintf(wrapped, sizeof wrapped, "%s/wrapped", folder);
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(mn_master_open(MN_MASTER_CREDENTIAL, NULL, 1, &m, &e), MN_E_NOT_FOUND);
    assert_non_null(strstr(e.text, "LoadCredentialEncrypted"));
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    assert_int_equal(mn_master_open(MN_MASTER_CREDENTIAL, NULL, 1, &m, &e), MN_E_NOT_FOUND);
    assert_false(mn_file_exists(path));                        /* never made */
    assert_ok(mn_file_write(path, KEY_A "\n", 45, 0440, err)); /* the mode that systemd's ACL looks like */
    assert_ok(mn_master_open(MN_MASTER_CREDENTIAL, NULL, 0, &m, err));
    assert_ok(wrap_to(m, wrapped));
    mn_master_close(m);
    assert_ok(mn_file_write(newer, "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", 32, 0400, err));
    assert_ok(mn_master_open(MN_MASTER_CREDENTIAL, NULL, 0, &m, err));
    assert_ok(unwrap_from(m, wrapped));
    assert_ok(wrap_to(m, wrapped));
    mn_master_close(m);
    assert_int_equal(unlink(newer), 0);
    assert_ok(mn_master_open(MN_MASTER_CREDENTIAL, NULL, 0, &m, err));
    assert_int_equal(unwrap_from(m, wrapped), MN_E_CORRUPT);
    mn_master_close(m);
    assert_ok(mn_file_write(path, "short", 5, 0400, err));
    m = NULL;
    assert_int_equal(mn_master_open(MN_MASTER_CREDENTIAL, NULL, 0, &m, &e), MN_E_CORRUPT);
    assert_null(m);
    unsetenv("CREDENTIALS_DIRECTORY");
}

static void test_words(void **state)
{
    (void)state;
    mn_master_source s = MN_MASTER_FILE;
    assert_true(mn_master_source_parse("credential", &s) && s == MN_MASTER_CREDENTIAL);
    assert_true(mn_master_source_parse("environment", &s) && s == MN_MASTER_ENVIRONMENT);
    assert_true(mn_master_source_parse("file", &s) && s == MN_MASTER_FILE);
    assert_false(mn_master_source_parse("tpm", &s));
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--proc") == 0)
        return look_at_proc();
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_proc_shows_nothing),
        cmocka_unit_test(test_rotation_with_given_keys),
        cmocka_unit_test(test_credential),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests_name("master key", tests, NULL, NULL);
}
