#include "base/alloc.h"
#include "base/file.h"
#include "store/seal.h"
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static mn_master *open_master(void)
{
    char path[400];
    mn_master *m = NULL;
    snprintf(path, sizeof path, "%s/master.key", mn_test_folder());
    assert_ok(mn_master_open_file(path, 1, &m, err));
    return m;
}

static mn_key *make_key(const mn_master *m, mn_buf *wrapped)
{
    mn_key *key = NULL;
    mn_buf_init(wrapped, 1024);
    assert_ok(mn_key_make(m, "ctx", 3, &key, wrapped, err));
    return key;
}

static void assert_closed(const mn_key *key, const char *context, const mn_buf *sealed, size_t n)
{
    mn_buf out;
    mn_error e = {0};
    mn_buf_init(&out, 1024);
    assert_int_equal(mn_unseal(key, context, strlen(context), sealed->data, n, &out, &e), MN_E_CORRUPT);
    assert_int_equal(out.len, 0);
    assert_true(e.text[0] != 0);
    mn_buf_finish(&out);
}

static void test_round_trip(void **state)
{
    (void)state;
    mn_master *m = open_master();
    mn_buf wrapped, sealed, again, plain;
    mn_key *key = make_key(m, &wrapped), *same = NULL;
    mn_buf_init(&sealed, 1024);
    mn_buf_init(&again, 1024);
    mn_buf_init(&plain, 1024);
    assert_ok(mn_seal(key, "place", 5, "secret", 6, &sealed, err));
    assert_ok(mn_seal(key, "place", 5, "secret", 6, &again, err));
    assert_int_equal(sealed.len, 6 + 1 + 24 + 16);
    assert_memory_not_equal(sealed.data, again.data, sealed.len); /* a nonce of its own each time */
    assert_null(memmem(sealed.data, sealed.len, "secret", 6));
    assert_ok(mn_key_unwrap(m, "ctx", 3, wrapped.data, wrapped.len, &same, err));
    assert_ok(mn_unseal(same, "place", 5, sealed.data, sealed.len, &plain, err));
    assert_ok(mn_unseal(key, "place", 5, again.data, again.len, &plain, err)); /* appends */
    assert_int_equal(plain.len, 12);
    assert_memory_equal(plain.data, "secretsecret", 12);
    mn_buf empty;
    mn_buf_init(&empty, 1024);
    assert_ok(mn_seal(key, "place", 5, "", 0, &empty, err));
    assert_ok(mn_unseal(key, "place", 5, empty.data, empty.len, &plain, err));
    assert_int_equal(plain.len, 12);
    mn_buf_finish(&empty);
    mn_buf_finish(&sealed);
    mn_buf_finish(&again);
    mn_buf_finish(&plain);
    mn_buf_finish(&wrapped);
    mn_key_close(key);
    mn_key_close(same);
    mn_key_close(NULL);
    mn_master_close(m);
    mn_master_close(NULL);
}

static void test_every_changed_bit_is_noticed(void **state)
{
    (void)state;
    mn_master *m = open_master();
    mn_buf wrapped, sealed;
    mn_key *key = make_key(m, &wrapped), *none = NULL;
    mn_buf_init(&sealed, 1024);
    assert_ok(mn_seal(key, "place", 5, "secret", 6, &sealed, err));
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sealed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_closed(key, "place", &sealed, sealed.len);
        sealed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t n = 0; n < sealed.len; n++)
        assert_closed(key, "place", &sealed, n);
    assert_closed(key, "plac", &sealed, sealed.len);
    assert_closed(key, "place2", &sealed, sealed.len);
    for (size_t bit = 0; bit < wrapped.len * 8; bit++) {
        wrapped.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(mn_key_unwrap(m, "ctx", 3, wrapped.data, wrapped.len, &none, NULL), MN_E_CORRUPT);
        wrapped.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(mn_key_unwrap(m, "ctx", 3, wrapped.data, wrapped.len - 1, &none, NULL), MN_E_CORRUPT);
    assert_int_equal(mn_key_unwrap(m, "other", 5, wrapped.data, wrapped.len, &none, NULL), MN_E_CORRUPT);
    assert_null(none);
    mn_buf_finish(&sealed);
    mn_buf_finish(&wrapped);
    mn_key_close(key);
    mn_master_close(m);
}

static void test_other_keys_do_not_open(void **state)
{
    (void)state;
    mn_master *m = open_master(), *other = open_master();
    mn_buf wrapped, wrapped2, sealed;
    mn_key *key = make_key(m, &wrapped), *second = make_key(m, &wrapped2), *none = NULL;
    mn_buf_init(&sealed, 1024);
    assert_ok(mn_seal(key, "place", 5, "secret", 6, &sealed, err));
    assert_closed(second, "place", &sealed, sealed.len);
    assert_int_equal(mn_key_unwrap(other, "ctx", 3, wrapped.data, wrapped.len, &none, NULL), MN_E_CORRUPT);
    /* Sealing 32 bytes does not make a wrapped key, not even under the same context. */
    assert_closed(key, "ctx", &wrapped, wrapped.len);
    mn_buf_finish(&sealed);
    mn_buf_finish(&wrapped);
    mn_buf_finish(&wrapped2);
    mn_key_close(key);
    mn_key_close(second);
    mn_master_close(m);
    mn_master_close(other);
}

static void test_hash(void **state)
{
    (void)state;
    mn_master *m = open_master();
    mn_buf wrapped, wrapped2;
    mn_key *key = make_key(m, &wrapped), *second = make_key(m, &wrapped2);
    uint8_t a[32], b[32];
    mn_key_hash(key, "picture", 7, a);
    mn_key_hash(key, "picture", 7, b);
    assert_memory_equal(a, b, 32);
    mn_key_hash(key, "pictura", 7, b);
    assert_memory_not_equal(a, b, 32);
    mn_key_hash(second, "picture", 7, b);
    assert_memory_not_equal(a, b, 32);
    mn_buf_finish(&wrapped);
    mn_buf_finish(&wrapped2);
    mn_key_close(key);
    mn_key_close(second);
    mn_master_close(m);
}

static void test_limits(void **state)
{
    (void)state;
    mn_master *m = open_master();
    mn_buf wrapped, small;
    mn_key *key = make_key(m, &wrapped);
    char context[600] = {0};
    mn_buf_init(&small, 10);
    assert_int_equal(mn_seal(key, "x", 1, "secret", 6, &small, NULL), MN_E_LIMIT);
    assert_int_equal(small.len, 0);
    assert_int_equal(mn_seal(key, context, sizeof context, "secret", 6, &small, NULL), MN_E_INTERNAL);
    mn_buf_finish(&small);
    mn_buf_finish(&wrapped);
    mn_key_close(key);
    mn_master_close(m);
}

static void test_master_file(void **state)
{
    (void)state;
    char path[400], folder[300];
    struct stat st;
    mn_master *m = NULL;
    mn_error e = {0};
    snprintf(folder, sizeof folder, "%s", mn_test_folder());
    snprintf(path, sizeof path, "%s/master.key", folder);
    assert_int_equal(mn_master_open_file(path, 0, &m, &e), MN_E_NOT_FOUND);
    assert_false(mn_file_exists(path));
    umask(0);
    assert_ok(mn_master_open_file(path, 1, &m, err));
    umask(022);
    mn_master_close(m);
    m = NULL;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    char **names;
    size_t n;
    assert_ok(mn_file_list(folder, 10, &names, &n, err));
    assert_int_equal(n, 1); /* nothing is left beside it */
    mn_file_list_free(names, n);
    static const mode_t open_modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0666};
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(chmod(path, open_modes[i]), 0);
        assert_int_equal(mn_master_open_file(path, 1, &m, &e), MN_E_FORBIDDEN);
        assert_non_null(strstr(e.text, "chmod 600"));
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_ok(mn_master_open_file(path, 1, &m, err));
    mn_master_close(m);
    m = NULL;
    assert_int_equal(mn_master_open_file(folder, 1, &m, &e), MN_E_INVALID); /* a folder */
    static const size_t sizes[] = {0, 31, 33, 4096};
    static const uint8_t bytes[4096];
    for (size_t i = 0; i < 4; i++) {
        assert_ok(mn_file_write(path, bytes, sizes[i], 0600, err));
        assert_int_equal(mn_master_open_file(path, 1, &m, &e), MN_E_CORRUPT);
    }
    assert_int_equal(mn_master_open_file("/nonexistent/master.key", 1, &m, &e), MN_E_NOT_FOUND);
    assert_null(m);
}

/* Of several processes that come first, all end with the same key. */
static void test_master_made_by_many(void **state)
{
    (void)state;
    char path[400];
    snprintf(path, sizeof path, "%s/master.key", mn_test_folder());
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < 6; i++) {
        if (fork() == 0) {
            mn_master *m = NULL;
            mn_buf none;
            mn_buf_init(&none, 64);
            uint8_t key[32] = {0};
            if (mn_master_open_file(path, 1, &m, NULL) == MN_OK && mn_file_read(path, &none, NULL) == MN_OK)
                memcpy(key, none.data, 32);
            _exit(write(pipes[1], key, 32) == 32 ? 0 : 1);
        }
    }
    uint8_t first[32], next[32], zero[32] = {0};
    assert_int_equal(read(pipes[0], first, 32), 32);
    assert_memory_not_equal(first, zero, 32);
    for (int i = 1; i < 6; i++) {
        assert_int_equal(read(pipes[0], next, 32), 32);
        assert_memory_equal(first, next, 32);
    }
    while (wait(NULL) > 0)
        ;
    close(pipes[0]);
    close(pipes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_changed_bit_is_noticed),
        cmocka_unit_test(test_other_keys_do_not_open),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_master_file),
        cmocka_unit_test(test_master_made_by_many),
    };
    return cmocka_run_group_tests_name("sealing", tests, NULL, NULL);
}
