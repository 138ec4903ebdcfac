/* Blobs in S3: the suite against a real server whose gate checks signatures, in both forms of addresses; and
 * what a server and the way to it may do. */
#include "base/alloc.h"
#include "base/time.h"
#include "blobs_suite.h"
#include "gate.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS  600   /* of who is tried with silence */
#define PATIENCE_MS 60000 /* of everybody else: the server may take its time on a machine that is busy */

static unsigned place; /* each test has a prefix of its own */
static bool in_host;

static mn_blobs_s3 make_where(char url[200])
{
    if (in_host)
        snprintf(url, 200, "http://samples.s3.localhost:%d/h%u", gate_port(), place);
    else
        snprintf(url, 200, "http://127.0.0.1:%d/samples/deep/p%u/", gate_port(), place);
    return (mn_blobs_s3){.url = url,
                         .in_host = in_host,
                         .region = GATE_REGION,
                         .access_key = GATE_ACCESS,
                         .secret_key = GATE_SECRET,
                         .timeout_ms = PATIENCE_MS};
}

static mn_code begin(mn_error *err)
{
    (void)err;
    place++;
    return MN_OK;
}

static mn_code open_blobs(mn_blobs **out, mn_error *err)
{
    char url[200];
    const mn_blobs_s3 where = make_where(url);
    return mn_blobs_open_s3(&where, out, err);
}

static void litter(const char *name)
{
    gate_tell("object %s%u/%s", in_host ? "h" : "deep/p", place, name);
}

/* ---- what servers and networks do ---- */

static int setup(void **state)
{
    static mn_blobs *b;
    place++;
    assert_ok(open_blobs(&b, err));
    *state = b;
    return 0;
}

/* The same blobs, by somebody who waits for no one. */
static mn_blobs *open_impatient(void)
{
    char url[200];
    mn_blobs *b = NULL;
    mn_blobs_s3 where = make_where(url);
    where.timeout_ms = TIMEOUT_MS;
    assert_ok(mn_blobs_open_s3(&where, &b, err));
    return b;
}

static int teardown(void **state)
{
    mn_blobs *b = *state;
    b->ops->close(b);
    gate_tell("pass");
    return 0;
}

static mn_id put_one(mn_blobs *b, const char *text)
{
    mn_id id = mn_id_make();
    assert_ok(b->ops->put(b, &id, text, strlen(text), err));
    return id;
}

/* Fails with `want` and a text that has `part` in it and nothing secret. */
static void assert_failure(mn_code got, const mn_error *e, mn_code want, const char *part)
{
    if (got != want || !strstr(e->text, part))
        fail_msg("%s: %s; wanted %s: ...%s...", mn_code_word(got), e->text, mn_code_word(want), part);
    assert_null(strstr(e->text, GATE_SECRET));
    assert_null(strstr(e->text, GATE_ACCESS));
}

static void assert_get_fails(mn_blobs *b, const mn_id *id, mn_code want, const char *part)
{
    mn_buf got;
    mn_error e = {0};
    mn_buf_init(&got, 1 << 20);
    assert_ok(mn_buf_append(&got, "head", 4, err));
    assert_failure(b->ops->get(b, id, &got, &e), &e, want, part);
    assert_int_equal(got.len, 4);
    mn_buf_finish(&got);
}

static void test_passing_errors(void **state)
{
    mn_blobs *b = *state;
    mn_id id = put_one(b, "kept");
    static const char *const troubles[] = {"error 2 503 SlowDown",
                                           "error 1 500 InternalError",
                                           "error 1 429 TooManyRequests",
                                           "error 1 400 RequestTimeout",
                                           "error 1 502 x",
                                           "error 1 504 x",
                                           "reset 2",
                                           "half 1"};
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        gate_tell("%s", troubles[i]);
        mn_blobs_assert(b, &id, "kept", 4);
    }
    mn_blobs_tally t = {0};
    gate_tell("error 3 503 SlowDown");
    mn_id other = put_one(b, "x");
    gate_tell("reset 1");
    assert_ok(b->ops->each(b, mn_blobs_count, &t, err));
    assert_int_equal(t.n, 2);
    gate_tell("error 1 503 SlowDown");
    assert_ok(b->ops->remove(b, &other, err));
}

/* The server did it, and the answer was lost: done twice is as good as once. */
static void test_lost_answers(void **state)
{
    mn_blobs *b = *state;
    gate_tell("lose 2");
    mn_id id = put_one(b, "once");
    mn_blobs_assert(b, &id, "once", 4);
    gate_tell("lose 1");
    assert_ok(b->ops->remove(b, &id, err));
    assert_get_fails(b, &id, MN_E_NOT_FOUND, "is missing");
}

static void test_lasting_errors(void **state)
{
    mn_blobs *b = *state;
    mn_id id = put_one(b, "kept");
    static const struct {
        const char *trouble;
        mn_code code;
        const char *part;
        int requests;
    } cases[] = {
        {"error 9 503 SlowDown", MN_E_IO, "HTTP 503 SlowDown", 4},
        {"reset 9", MN_E_IO, "cannot be reached", 5}, /* libcurl itself makes up for an old connection */
        {"error 9 403 AccessDenied", MN_E_FORBIDDEN, "s3:GetObject", 1},
        {"error 9 403 RequestTimeTooSkewed", MN_E_FORBIDDEN, "clock", 1},
        {"error 9 403 <!x>", MN_E_FORBIDDEN, "HTTP 403", 1},
        {"error 9 404 NoSuchBucket", MN_E_IO, "bucket", 1},
        {"error 9 301 PermanentRedirect", MN_E_IO, "blobs.region", 1},
        {"error 9 507 InsufficientStorage", MN_E_FULL, "no room", 1},
        {"error 9 501 NotImplemented", MN_E_IO, "HTTP 501 NotImplemented", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gate_tell("%s", cases[i].trouble);
        int before = gate_count().requests;
        assert_get_fails(b, &id, cases[i].code, cases[i].part);
        assert_int_equal(gate_count().requests - before, cases[i].requests);
        gate_tell("pass");
    }
    mn_error e = {0};
    gate_tell("error 9 404 NoSuchBucket");
    assert_failure(b->ops->remove(b, &id, &e), &e, MN_E_IO, "bucket");
    gate_tell("error 9 413 EntityTooLarge");
    assert_failure(b->ops->put(b, &id, "x", 1, &e), &e, MN_E_LIMIT, "size");
    gate_tell("pass");
    mn_blobs_assert(b, &id, "kept", 4);
}

static int64_t since_ms(int64_t ns)
{
    return (mn_monotonic_ns() - ns) / 1000000;
}

static void test_silence(void **state)
{
    mn_blobs *patient = *state, *b = open_impatient();
    char kept[3000] = {'k'};
    mn_id id = mn_id_make(), other = mn_id_make();
    assert_ok(patient->ops->put(patient, &id, kept, sizeof kept, err));
    static const char *const silences[] = {"stall", "freeze"};
    for (size_t i = 0; i < 2; i++) {
        mn_error e = {0};
        gate_tell("%s", silences[i]);
        int64_t start = mn_monotonic_ns();
        assert_get_fails(b, &id, MN_E_TIMEOUT, "blobs.timeout_ms");
        assert_true(since_ms(start) >= TIMEOUT_MS);
        if (i == 0) {
            assert_failure(b->ops->put(b, &id, kept, sizeof kept, &e), &e, MN_E_TIMEOUT, "silent");
            assert_failure(b->ops->remove(b, &other, &e), &e, MN_E_TIMEOUT, "silent");
        }
        gate_tell("pass");
        mn_blobs_assert(patient, &id, kept, sizeof kept);
    }
    b->ops->close(b);
}

/* Never silent for long: a slow server is waited for, one that drips is given up. */
static void test_slowness(void **state)
{
    mn_blobs *patient = *state, *b = open_impatient();
    mn_error e = {0};
    mn_buf out;
    char kept[3000] = {'k'};
    mn_id id = mn_id_make();
    assert_ok(patient->ops->put(patient, &id, kept, sizeof kept, err));
    gate_tell("drip 1000 100");
    mn_buf_init(&out, 4000);
    assert_ok(patient->ops->get(patient, &id, &out, err));
    assert_int_equal(out.len, sizeof kept);
    mn_buf_finish(&out);
    gate_tell("drip 1 50"); /* two and a half minutes */
    mn_buf_init(&out, 4000);
    int64_t start = mn_monotonic_ns();
    assert_failure(b->ops->get(b, &id, &out, &e), &e, MN_E_TIMEOUT, "blobs.timeout_ms");
    assert_true(since_ms(start) >= TIMEOUT_MS);
    mn_buf_finish(&out);
    gate_tell("pass");
    mn_blobs_assert(patient, &id, kept, sizeof kept);
    b->ops->close(b);
}

static void test_server_gone(void **state)
{
    mn_blobs *b = *state;
    mn_error e = {0};
    mn_blobs_tally t = {0};
    mn_id id = put_one(b, "kept"), other = mn_id_make();
    gate_tell("down");
    assert_get_fails(b, &id, MN_E_IO, "cannot be reached");
    assert_failure(b->ops->put(b, &other, "x", 1, &e), &e, MN_E_IO, "cannot be reached");
    assert_failure(b->ops->remove(b, &id, &e), &e, MN_E_IO, "cannot be reached");
    assert_failure(b->ops->each(b, mn_blobs_count, &t, &e), &e, MN_E_IO, "cannot be reached");
    gate_tell("up");
    mn_blobs_assert(b, &id, "kept", 4);
    assert_ok(b->ops->each(b, mn_blobs_count, &t, err));
    assert_int_equal(t.n, 1);
}

static void test_connections_are_kept(void **state)
{
    mn_blobs *b = *state;
    gate_counts before = gate_count();
    mn_id id = put_one(b, "x");
    for (int i = 0; i < 30; i++)
        mn_blobs_assert(b, &id, "x", 1);
    gate_counts after = gate_count();
    assert_int_equal(after.requests - before.requests, 31);
    assert_int_equal(after.connections - before.connections, 1);
}

/* More than one page, and bytes in a prefix that have to be encoded in a query. */
static void test_pages(void **state)
{
    mn_blobs *b = *state;
    mn_blobs_tally t = {0};
    for (int i = 0; i < 2100; i++)
        put_one(b, "12");
    int before = gate_count().requests;
    assert_ok(b->ops->each(b, mn_blobs_count, &t, err));
    assert_int_equal(t.n, 2100);
    assert_int_equal(t.bytes, 4200);
    assert_int_equal(gate_count().requests - before, 3);
    t = (mn_blobs_tally){.stop_at = 1001};
    assert_int_equal(b->ops->each(b, mn_blobs_count, &t, NULL), MN_E_CANCELLED);
}

static void test_bad_listings(void **state)
{
    mn_blobs *b = *state;
    static const char endless[] =
        "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>a</NextContinuationToken>"
        "</ListBucketResult>";
    static const char *const bodies[] = {
        "hello",
        "<html></html>",
        "<ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<!DOCTYPE x [<!ENTITY a 'b'>]><ListBucketResult>&a;</ListBucketResult>",
        endless};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        mn_blobs_tally t = {0};
        mn_error e = {0};
        gate_tell("body %s", bodies[i]);
        assert_failure(b->ops->each(b, mn_blobs_count, &t, &e), &e, MN_E_CORRUPT, "S3 server");
        assert_int_equal(t.n, 0);
    }
}

/* ---- settings ---- */

static void test_wrong_keys(void **state)
{
    (void)state;
    char url[200];
    static const struct {
        const char *access, *secret, *region, *part;
        mn_code code;
    } cases[] = {
        {"somebody", GATE_SECRET, GATE_REGION, "blobs.access_key", MN_E_FORBIDDEN},
        {GATE_ACCESS, "guess", GATE_REGION, "blobs.secret_key", MN_E_FORBIDDEN},
        {GATE_ACCESS, GATE_SECRET, "elsewhere-1", "blobs.region", MN_E_IO},
    };
    for (size_t i = 0; i < 3; i++) {
        mn_blobs *b = NULL;
        mn_error e = {0};
        mn_id id = mn_id_make();
        mn_blobs_s3 where = make_where(url);
        where.access_key = cases[i].access;
        where.secret_key = cases[i].secret;
        where.region = cases[i].region;
        assert_ok(mn_blobs_open_s3(&where, &b, err));
        assert_failure(b->ops->put(b, &id, "x", 1, &e), &e, cases[i].code, cases[i].part);
        b->ops->close(b);
    }
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool in_host, fine;
    } cases[] = {
        {"http://127.0.0.1:1/bucket", false, true},
        {"https://s3.example.com/bucket/a/b/", false, true},
        {"s3.example.com/bucket", false, true},
        {"https://bucket.s3.example.com", true, true},
        {"https://[::1]:9000/bucket", false, true},
        {"http://127.0.0.1:1", false, false}, /* no bucket */
        {"ftp://host/bucket", false, false},
        {"https://user:hidden-word@host/bucket", false, false},
        {"https://host/bucket?x=1", false, false},
        {"https://host/bucket#x", false, false},
        {"https://host/buc ket", false, false},
        {"https://host/bucket/../other", false, false},
        {"https://host/bucket/./x", false, false},
        {"https://host/bucket//x", false, false},
        {"https://host/b%75cket", false, false},
        {"https://host:99999/bucket", false, false},
        {"://", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mn_blobs *b = NULL;
        mn_error e = {0};
        const mn_blobs_s3 where = {.url = cases[i].url,
                                   .in_host = cases[i].in_host,
                                   .region = "r",
                                   .access_key = "a",
                                   .secret_key = "s",
                                   .timeout_ms = 100};
        mn_code code = mn_blobs_open_s3(&where, &b, &e);
        if (code != (cases[i].fine ? MN_OK : MN_E_INVALID))
            fail_msg("%s: %s %s", cases[i].url, mn_code_word(code), e.text);
        assert_null(strstr(e.text, "hidden-word"));
        if (b)
            b->ops->close(b);
    }
}

static void test_settings(void **state)
{
    (void)state;
    char url[200];
    mn_blobs *b = NULL;
    mn_error e = {0};
    place++;
    make_where(url);
    mn_settings *s = mn_settings_create();
    assert_non_null(s);
    assert_ok(mn_settings_set(s, MN_S_BLOBS_URL, url, "test", err));
    assert_failure(mn_blobs_open(s, "/nonexistent", &b, &e), &e, MN_E_INVALID, "blobs.access_key");
    assert_ok(mn_settings_set(s, MN_S_BLOBS_ACCESS_KEY, GATE_ACCESS, "test", err));
    assert_ok(mn_settings_set(s, MN_S_BLOBS_SECRET_KEY, GATE_SECRET, "test", err));
    assert_ok(mn_settings_set(s, MN_S_BLOBS_REGION, "Mars!", "test", err));
    assert_failure(mn_blobs_open(s, "/nonexistent", &b, &e), &e, MN_E_INVALID, "blobs.region");
    assert_ok(mn_settings_set(s, MN_S_BLOBS_REGION, GATE_REGION, "test", err));
    assert_ok(mn_blobs_open(s, "/nonexistent", &b, err));
    assert_string_equal(b->ops->name, "s3");
    mn_id id = put_one(b, "set");
    mn_blobs_assert(b, &id, "set", 3);
    b->ops->close(b);
    mn_settings_destroy(s);
}

/* ---- memory ---- */

static mn_code see_memory(mn_blobs **b, const mn_id *id, mn_error *err)
{
    char url[200];
    mn_buf got;
    mn_blobs_tally t = {0};
    const mn_blobs_s3 where = make_where(url);
    mn_buf_init(&got, 100);
    mn_code code = mn_blobs_open_s3(&where, b, err);
    if (code == MN_OK)
        code = (*b)->ops->put(*b, id, "x", 1, err);
    if (code == MN_OK)
        code = (*b)->ops->get(*b, id, &got, err);
    if (code == MN_OK)
        code = (*b)->ops->each(*b, mn_blobs_count, &t, err);
    mn_buf_finish(&got);
    return code;
}

/* libcurl and Expat take their memory from the same place. */
static void test_every_allocation_may_fail(void **state)
{
    mn_blobs *ready = *state;
    mn_id id = put_one(ready, "x");
    mn_code code = MN_E_MEMORY;
    for (long n = 1; code != MN_OK; n++) {
        mn_blobs *b = NULL;
        mn_error e = {0};
        mn_alloc_fail_at(n);
        code = see_memory(&b, &id, &e);
        mn_alloc_fail_at(0);
        if (code != MN_OK && e.text[0] == 0)
            fail_msg("allocation %ld: an error without a text", n);
        if (code == MN_E_CORRUPT || code == MN_E_NOT_FOUND)
            fail_msg("allocation %ld: %s", n, e.text);
        if (b)
            b->ops->close(b);
        assert_true(n < 5000);
    }
    mn_blobs_assert(ready, &id, "x", 1);
}

/* ---- TLS: last, for the gate does not go back ---- */

static void test_tls(void **state)
{
    (void)state;
    char url[200], ca[400];
    mn_error e = {0};
    mn_blobs *b = NULL;
    mn_id id = mn_id_make();
    gate_tell("tls");
    snprintf(url, sizeof url, "127.0.0.1:%d/samples/tls", gate_port()); /* https without being asked */
    snprintf(ca, sizeof ca, "%s/cert.pem", gate_folder());
    mn_blobs_s3 where = {.url = url,
                         .region = GATE_REGION,
                         .access_key = GATE_ACCESS,
                         .secret_key = GATE_SECRET,
                         .timeout_ms = PATIENCE_MS};
    assert_ok(mn_blobs_open_s3(&where, &b, err));
    assert_failure(b->ops->put(b, &id, "x", 1, &e), &e, MN_E_IO, "blobs.ca");
    b->ops->close(b);
    where.ca_file = ca;
    assert_ok(mn_blobs_open_s3(&where, &b, err));
    assert_ok(b->ops->put(b, &id, "x", 1, err));
    mn_blobs_assert(b, &id, "x", 1);
    b->ops->close(b);
}

static int stop(void **state)
{
    (void)state;
    gate_stop();
    return 0;
}

static bool there;

static void test_installed(void **state)
{
    (void)state;
    gate_start();
    there = true;
}

int main(void)
{
    const struct CMUnitTest alone[] = {cmocka_unit_test(test_addresses), cmocka_unit_test(test_installed)};
    static const mn_blobs_backend by_path = {"blobs in S3, by path", begin, open_blobs, litter},
                                  by_host = {"blobs in S3, by host", begin, open_blobs, litter};
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_passing_errors),
        T(test_lost_answers),
        T(test_lasting_errors),
        T(test_silence),
        T(test_slowness),
        T(test_server_gone),
        T(test_connections_are_kept),
        T(test_pages),
        T(test_bad_listings),
        T(test_every_allocation_may_fail),
        cmocka_unit_test(test_wrong_keys),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_tls),
    };
#undef T
    int failed = cmocka_run_group_tests_name("S3", alone, NULL, NULL);
    if (!there)
        return failed;
    failed += mn_blobs_suite(&by_path);
    in_host = true;
    failed += mn_blobs_suite(&by_host);
    in_host = false;
    return failed + cmocka_run_group_tests_name("blobs in S3", tests, NULL, stop);
}
