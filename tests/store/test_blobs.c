/* What every blob store must do; files are the one there is. */
#include "base/file.h"
#include "store/blobs.h"
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char folder[300];
    mn_blobs *b;
} fixture;

static int setup(void **state)
{
    static fixture f;
    snprintf(f.folder, sizeof f.folder, "%s/blobs", mn_test_folder());
    assert_ok(mn_blobs_open_files(f.folder, &f.b, err));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    f->b->ops->close(f->b);
    return 0;
}

static void assert_blob(mn_blobs *b, const mn_id *id, const void *want, size_t n)
{
    mn_buf got;
    mn_buf_init(&got, 8 << 20);
    assert_ok(b->ops->get(b, id, &got, err));
    assert_int_equal(got.len, n);
    if (n > 0)
        assert_memory_equal(got.data, want, n);
    mn_buf_finish(&got);
}

static void test_round_trip(void **state)
{
    fixture *f = *state;
    static uint8_t large[3 << 20];
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 31 >> 3);
    mn_id a = mn_id_make(), b = mn_id_make(), c = mn_id_make();
    assert_ok(f->b->ops->put(f->b, &a, large, sizeof large, err));
    assert_ok(f->b->ops->put(f->b, &b, "", 0, err));
    assert_ok(f->b->ops->put(f->b, &c, "old", 3, err));
    assert_ok(f->b->ops->put(f->b, &c, "n\0w!", 4, err));
    f->b->ops->close(f->b);
    assert_ok(mn_blobs_open_files(f->folder, &f->b, err));
    assert_blob(f->b, &a, large, sizeof large);
    assert_blob(f->b, &b, "", 0);
    assert_blob(f->b, &c, "n\0w!", 4);
}

static void test_missing(void **state)
{
    fixture *f = *state;
    mn_id id = mn_id_make();
    mn_buf got;
    mn_error e = {0};
    mn_buf_init(&got, 100);
    assert_int_equal(f->b->ops->get(f->b, &id, &got, &e), MN_E_NOT_FOUND);
    assert_true(e.text[0] != 0 && got.len == 0);
    assert_ok(f->b->ops->remove(f->b, &id, err));
    assert_ok(f->b->ops->put(f->b, &id, "x", 1, err));
    assert_ok(f->b->ops->remove(f->b, &id, err));
    assert_ok(f->b->ops->remove(f->b, &id, err));
    assert_int_equal(f->b->ops->get(f->b, &id, &got, &e), MN_E_NOT_FOUND);
    mn_buf_finish(&got);
}

static void test_limit(void **state)
{
    fixture *f = *state;
    mn_id id = mn_id_make();
    mn_buf got;
    mn_buf_init(&got, 4);
    assert_ok(f->b->ops->put(f->b, &id, "12345", 5, err));
    assert_int_equal(f->b->ops->get(f->b, &id, &got, NULL), MN_E_LIMIT);
    mn_buf_finish(&got);
}

typedef struct {
    size_t n, stop_at;
    uint64_t bytes;
} tally;

static mn_code count(void *ctx, const mn_id *id, uint64_t size, mn_error *err)
{
    tally *t = ctx;
    assert_false(mn_id_is_nil(id));
    t->n++;
    t->bytes += size;
    return t->n == t->stop_at ? mn_fail(err, MN_E_CANCELLED, "enough") : MN_OK;
}

static void test_each(void **state)
{
    fixture *f = *state;
    tally t = {0};
    assert_ok(f->b->ops->each(f->b, count, &t, err));
    assert_int_equal(t.n, 0);
    mn_id last = {{0}};
    for (int i = 0; i < 50; i++) {
        last = mn_id_make();
        assert_ok(f->b->ops->put(f->b, &last, "12345", (size_t)(i % 5), err));
    }
    /* What a crash leaves of a write is no blob, and neither is a file that somebody put there. */
    char text[MN_ID_TEXT], stray[500];
    mn_id_format(&last, text);
    snprintf(stray, sizeof stray, "%s/%02x/%02x/%s.new-abc123", f->folder, last.bytes[14], last.bytes[15],
             text);
    assert_ok(mn_file_write(stray, "half", 4, 0600, err));
    snprintf(stray, sizeof stray, "%s/readme", f->folder);
    assert_ok(mn_file_write(stray, "x", 1, 0600, err));
    assert_ok(f->b->ops->each(f->b, count, &t, err));
    assert_int_equal(t.n, 50);
    assert_int_equal(t.bytes, 100);
    t = (tally){.stop_at = 7};
    assert_int_equal(f->b->ops->each(f->b, count, &t, NULL), MN_E_CANCELLED);
    assert_int_equal(t.n, 7);
}

static void test_private(void **state)
{
    fixture *f = *state;
    mn_id id = mn_id_make();
    char text[MN_ID_TEXT], path[500];
    struct stat st;
    umask(0);
    assert_ok(f->b->ops->put(f->b, &id, "x", 1, err));
    umask(022);
    mn_id_format(&id, text);
    snprintf(path, sizeof path, "%s/%02x/%02x/%s", f->folder, id.bytes[14], id.bytes[15], text);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(path, sizeof path, "%s/%02x", f->folder, id.bytes[14]);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
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
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_round_trip), T(test_missing), T(test_limit),
        T(test_each),       T(test_private), cmocka_unit_test(test_unusable_folder),
    };
#undef T
    return cmocka_run_group_tests_name("blobs", tests, NULL, NULL);
}
