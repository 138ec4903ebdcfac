#include "blobs_suite.h"

#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const mn_blobs_backend *backend;

static int setup(void **state)
{
    static mn_blobs *b;
    assert_ok(backend->begin(err));
    assert_ok(backend->open(&b, err));
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    mn_blobs *b = *(mn_blobs **)*state;
    b->ops->close(b);
    return 0;
}

static void reopen(mn_blobs **b)
{
    (*b)->ops->close(*b);
    assert_ok(backend->open(b, err));
}

void mn_blobs_assert(mn_blobs *b, const mn_id *id, const void *want, size_t n)
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
    mn_blobs **b = *state;
    static uint8_t large[3 << 20];
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 31 >> 3);
    mn_id first = mn_id_make(), empty = mn_id_make(), again = mn_id_make();
    assert_ok((*b)->ops->put(*b, &first, large, sizeof large, err));
    assert_ok((*b)->ops->put(*b, &empty, "", 0, err));
    assert_ok((*b)->ops->put(*b, &again, "longer than", 11, err));
    assert_ok((*b)->ops->put(*b, &again, "n\0w!", 4, err));
    reopen(b);
    mn_blobs_assert(*b, &first, large, sizeof large);
    mn_blobs_assert(*b, &empty, "", 0);
    mn_blobs_assert(*b, &again, "n\0w!", 4);
}

static void test_appends(void **state)
{
    mn_blobs *b = *(mn_blobs **)*state;
    mn_id id = mn_id_make(), none = mn_id_make();
    mn_buf got;
    mn_buf_init(&got, 100);
    assert_ok(b->ops->put(b, &id, "blob", 4, err));
    assert_ok(mn_buf_append(&got, "head ", 5, err));
    assert_ok(b->ops->get(b, &id, &got, err));
    assert_int_equal(b->ops->get(b, &none, &got, NULL), MN_E_NOT_FOUND);
    assert_string_equal((const char *)got.data, "head blob"); /* as it was */
    mn_buf_finish(&got);
}

static void test_missing(void **state)
{
    mn_blobs *b = *(mn_blobs **)*state;
    mn_id id = mn_id_make();
    char text[MN_ID_TEXT];
    mn_buf got;
    mn_error e = {0};
    mn_id_format(&id, text);
    mn_buf_init(&got, 100);
    assert_int_equal(b->ops->get(b, &id, &got, &e), MN_E_NOT_FOUND);
    assert_non_null(strstr(e.text, text));
    assert_int_equal(got.len, 0);
    assert_ok(b->ops->remove(b, &id, err));
    assert_ok(b->ops->put(b, &id, "x", 1, err));
    assert_ok(b->ops->remove(b, &id, err));
    assert_ok(b->ops->remove(b, &id, err));
    assert_int_equal(b->ops->get(b, &id, &got, &e), MN_E_NOT_FOUND);
    mn_buf_finish(&got);
}

static void test_limit(void **state)
{
    mn_blobs *b = *(mn_blobs **)*state;
    mn_id id = mn_id_make();
    mn_buf got;
    mn_buf_init(&got, 4);
    assert_ok(b->ops->put(b, &id, "12345", 5, err));
    assert_int_equal(b->ops->get(b, &id, &got, NULL), MN_E_LIMIT);
    assert_int_equal(got.len, 0);
    mn_buf_finish(&got);
}

mn_code mn_blobs_count(void *ctx, const mn_id *id, uint64_t size, mn_error *err)
{
    mn_blobs_tally *t = ctx;
    assert_false(mn_id_is_nil(id));
    t->n++;
    t->bytes += size;
    return t->n == t->stop_at ? mn_fail(err, MN_E_CANCELLED, "enough") : MN_OK;
}

static void test_each(void **state)
{
    mn_blobs *b = *(mn_blobs **)*state;
    mn_blobs_tally t = {0};
    assert_ok(b->ops->each(b, mn_blobs_count, &t, err));
    assert_int_equal(t.n, 0);
    mn_id last = {{0}};
    char name[100];
    for (int i = 0; i < 50; i++) {
        last = mn_id_make();
        assert_ok(b->ops->put(b, &last, "12345", (size_t)(i % 5), err));
    }
    /* What a crash leaves of a write is no blob, nor is what somebody else put there. */
    mn_blob_name(&last, name);
    snprintf(name + strlen(name), 20, ".new-abc123");
    backend->litter(name);
    backend->litter("readme");
    assert_ok(b->ops->each(b, mn_blobs_count, &t, err));
    assert_int_equal(t.n, 50);
    assert_int_equal(t.bytes, 100);
    t = (mn_blobs_tally){.stop_at = 7};
    assert_int_equal(b->ops->each(b, mn_blobs_count, &t, NULL), MN_E_CANCELLED);
    assert_int_equal(t.n, 7);
}

static mn_code drop(void *ctx, const mn_id *id, uint64_t size, mn_error *err)
{
    mn_blobs *b = ctx;
    assert_int_equal(size, 1);
    mn_blobs_assert(b, id, "x", 1);
    return b->ops->remove(b, id, err);
}

static void test_removing_while_walking(void **state)
{
    mn_blobs *b = *(mn_blobs **)*state;
    mn_blobs_tally t = {0};
    for (int i = 0; i < 10; i++) {
        mn_id id = mn_id_make();
        assert_ok(b->ops->put(b, &id, "x", 1, err));
    }
    assert_ok(b->ops->each(b, drop, b, err));
    assert_ok(b->ops->each(b, mn_blobs_count, &t, err));
    assert_int_equal(t.n, 0);
}

typedef struct {
    mn_blobs *b;
    uint8_t n;
    bool ok;
} worker;

static void *work(void *ctx)
{
    worker *w = ctx;
    uint8_t bytes[1000];
    memset(bytes, w->n, sizeof bytes);
    w->ok = true;
    for (int i = 0; i < 25 && w->ok; i++) {
        mn_id id = mn_id_make();
        mn_buf got;
        mn_buf_init(&got, sizeof bytes);
        w->ok = w->b->ops->put(w->b, &id, bytes, sizeof bytes, NULL) == MN_OK &&
                w->b->ops->get(w->b, &id, &got, NULL) == MN_OK && got.len == sizeof bytes &&
                memcmp(got.data, bytes, sizeof bytes) == 0 && w->b->ops->remove(w->b, &id, NULL) == MN_OK;
        mn_buf_finish(&got);
    }
    return NULL;
}

static void test_threads(void **state)
{
    mn_blobs *b = *(mn_blobs **)*state;
    pthread_t threads[6];
    worker workers[6];
    for (int i = 0; i < 6; i++) {
        workers[i] = (worker){.b = b, .n = (uint8_t)i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        assert_true(workers[i].ok);
    }
}

int mn_blobs_suite(const mn_blobs_backend *which)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_round_trip), T(test_appends), T(test_missing),
        T(test_limit),      T(test_each),    T(test_removing_while_walking),
        T(test_threads),
    };
#undef T
    backend = which;
    return cmocka_run_group_tests_name(which->name, tests, NULL, NULL);
}
