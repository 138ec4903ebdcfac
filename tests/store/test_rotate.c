/* The exchange of the master key, with both stores: all that was sealed before opens after it, whatever
 * happens in between: others who write, kill -9, no memory. MIEN_TEST_CRASHES sets the number of kills. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/time.h"
#include "postgres_server.h"
#include "store/audit.h"
#include "store/rotate.h"
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEOPLE 230

typedef struct {
    char folder[300], key[400];
    mn_store *s;
    mn_master *m;
    mn_arena *a;
    mn_id people[PEOPLE];
    mn_buf sealed; /* "secret" under each person's key, one after the other */
} fixture;

#define SEALED (6 + 1 + 24 + 16)

static const mn_rotate_meta metas[] = {{"deployment_key", "deployment"}};
static const mn_rotate_options options = {.actor = "test", .metas = metas, .n_metas = 1, .batch = 50};

static void put_key(mn_store *s, const mn_master *m, const mn_id *person, mn_buf *sealed)
{
    mn_buf wrapped;
    mn_key *key = NULL;
    mn_buf_init(&wrapped, 256);
    assert_ok(mn_key_make(m, person->bytes, 16, &key, &wrapped, err));
    assert_ok(s->ops->key_put(s, person, wrapped.data, wrapped.len, err));
    assert_ok(mn_seal(key, person->bytes, 16, "secret", 6, sealed, err));
    mn_key_close(key);
    mn_buf_finish(&wrapped);
}

static void put_deployment_key(fixture *f)
{
    mn_buf wrapped;
    mn_key *key = NULL;
    char hex[300] = "";
    mn_buf_init(&wrapped, 256);
    assert_ok(mn_key_make(f->m, "deployment", 10, &key, &wrapped, err));
    for (size_t i = 0; i < wrapped.len; i++)
        snprintf(hex + 2 * i, 3, "%02x", wrapped.data[i]);
    assert_ok(f->s->ops->meta_put(f->s, "deployment_key", hex, err));
    mn_key_close(key);
    mn_buf_finish(&wrapped);
}

static void put_people(fixture *f)
{
    assert_ok(f->s->ops->begin(f->s, err));
    for (int i = 0; i < PEOPLE; i++) {
        f->people[i] = mn_id_make();
        mn_person p = {.id = f->people[i], .name = "Somebody", .active = true};
        assert_ok(f->s->ops->person_put(f->s, &p, err));
        put_key(f->s, f->m, &p.id, &f->sealed);
    }
    assert_ok(f->s->ops->commit(f->s, err));
}

static mn_code open_sqlite(const char *folder, mn_store **out, mn_error *err)
{
    char path[400];
    snprintf(path, sizeof path, "%s/mien.db", folder);
    return mn_store_open_sqlite(path, out, err);
}

static mn_code (*open_store)(const char *folder, mn_store **out, mn_error *err) = open_sqlite;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "%s", mn_test_folder());
    snprintf(f->key, sizeof f->key, "%s/master.key", f->folder);
    f->a = mn_arena_create(64 << 20);
    mn_buf_init(&f->sealed, PEOPLE * SEALED);
    assert_ok(open_store(f->folder, &f->s, err));
    assert_ok(mn_master_open_file(f->key, 1, &f->m, err));
    put_people(f);
    put_deployment_key(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    mn_buf_finish(&f->sealed);
    mn_arena_destroy(f->a);
    mn_master_close(f->m);
    f->s->ops->close(f->s);
    free(f);
    return 0;
}

static void assert_opens(fixture *f, const mn_master *m, int i)
{
    const uint8_t *wrapped = NULL;
    size_t n = 0;
    mn_key *key = NULL;
    mn_buf plain;
    const mn_id *id = &f->people[i];
    mn_buf_init(&plain, 100);
    assert_ok(f->s->ops->key_get(f->s, id, f->a, &wrapped, &n, err));
    assert_ok(mn_key_unwrap(m, id->bytes, 16, wrapped, n, &key, err));
    assert_ok(mn_unseal(key, id->bytes, 16, f->sealed.data + (size_t)i * SEALED, SEALED, &plain, err));
    assert_string_equal((const char *)plain.data, "secret");
    mn_key_close(key);
    mn_buf_finish(&plain);
}

static void assert_deployment_opens(fixture *f, const mn_master *m)
{
    const char *hex = NULL;
    uint8_t bytes[256];
    size_t n = 0;
    unsigned byte;
    mn_key *key = NULL;
    assert_ok(f->s->ops->meta_get(f->s, "deployment_key", f->a, &hex, err));
    for (; sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
        bytes[n] = (uint8_t)byte;
    assert_ok(mn_key_unwrap(m, "deployment", 10, bytes, n, &key, err));
    mn_key_close(key);
}

static void assert_all_opens(fixture *f, const mn_master *m)
{
    for (int i = 0; i < PEOPLE; i++)
        assert_opens(f, m, i);
    assert_deployment_opens(f, m);
    mn_arena_reset(f->a);
}

static void assert_files(const fixture *f, bool new, bool old)
{
    char path[500];
    snprintf(path, sizeof path, "%s.new", f->key);
    assert_int_equal(mn_file_exists(path), new);
    snprintf(path, sizeof path, "%s.old", f->key);
    assert_int_equal(mn_file_exists(path), old);
    assert_true(mn_file_exists(f->key));
}

typedef struct {
    int rotations;
    char last[300];
} log_seen;

static mn_code see_record(void *ctx, const mn_audit_record *r, mn_error *err)
{
    (void)err;
    log_seen *seen = ctx;
    if (strcmp(r->action, "master.rotate") == 0) {
        seen->rotations++;
        snprintf(seen->last, sizeof seen->last, "%s %s", r->actor, r->detail);
    }
    return MN_OK;
}

static log_seen look_at_log(fixture *f)
{
    log_seen seen = {0};
    mn_audit_report report;
    assert_ok(mn_audit_verify(f->s, &report, err));
    assert_ok(f->s->ops->audit_each(f->s, 0, see_record, &seen, err));
    return seen;
}

static void rotate(fixture *f, mn_rotate_report *report)
{
    assert_ok(mn_rotate_master(f->s, f->m, &options, report, err));
}

/* ---- what it does ---- */

static void test_exchange(void **state)
{
    fixture *f = *state;
    mn_master *other = NULL, *fresh = NULL, *former = NULL;
    mn_rotate_report report;
    mn_rotate_state look;
    char from[MN_MASTER_ID_TEXT], to[MN_MASTER_ID_TEXT], copy[500], want[300];
    mn_buf bytes;
    mn_buf_init(&bytes, 100);
    assert_ok(mn_file_read(f->key, &bytes, err));
    snprintf(copy, sizeof copy, "%s/copy", f->folder);
    assert_ok(mn_file_write(copy, bytes.data, bytes.len, 0600, err));
    assert_ok(mn_master_open_file(f->key, 0, &other, err)); /* of a process that goes on */
    assert_ok(mn_master_id(f->m, from, err));
    rotate(f, &report);
    assert_int_equal(report.keys, PEOPLE);
    assert_int_equal(report.rewrapped, PEOPLE + 1);
    assert_false(report.resumed);
    assert_files(f, false, false);
    assert_ok(mn_master_id(other, to, err));
    assert_string_equal(to, report.to);
    assert_string_not_equal(to, from);
    assert_ok(mn_master_open_file(f->key, 0, &fresh, err));
    assert_all_opens(f, f->m);
    assert_all_opens(f, other);
    assert_all_opens(f, fresh);
    assert_ok(mn_rotate_look(f->s, fresh, &look, err));
    assert_true(look.current == PEOPLE && look.older == 0);
    assert_string_equal(look.id, to);
    snprintf(want, sizeof want, "test {\"from\":\"%s\",\"to\":\"%s\",\"keys\":230}", from, to);
    log_seen seen = look_at_log(f);
    assert_int_equal(seen.rotations, 1);
    assert_string_equal(seen.last, want);
    /* The old one opens nothing any more. */
    const uint8_t *wrapped = NULL;
    size_t n = 0;
    mn_key *key = NULL;
    mn_error e = {0};
    assert_ok(mn_master_open_file(copy, 0, &former, err));
    assert_ok(f->s->ops->key_get(f->s, &f->people[0], f->a, &wrapped, &n, err));
    assert_int_equal(mn_key_unwrap(former, f->people[0].bytes, 16, wrapped, n, &key, &e), MN_E_CORRUPT);
    assert_non_null(strstr(e.text, to));
    assert_ok(mn_rotate_look(f->s, former, &look, err));
    assert_true(look.current == 0 && look.older == PEOPLE);
    mn_master_close(other);
    mn_master_close(fresh);
    mn_master_close(former);
    mn_buf_finish(&bytes);
}

/* Another process that has the old key in memory notices the new one before it wraps. */
static void test_others_wrap_by_the_new_key(void **state)
{
    fixture *f = *state;
    mn_rotate_report report;
    mn_rotate_state look;
    mn_master *other = NULL;
    assert_ok(mn_master_open_file(f->key, 0, &other, err));
    rotate(f, &report);
    mn_buf none;
    mn_buf_init(&none, 100);
    put_key(f->s, other, &f->people[3], &none);
    assert_ok(mn_rotate_look(f->s, f->m, &look, err));
    assert_true(look.current == PEOPLE && look.older == 0);
    mn_buf_finish(&none);
    mn_master_close(other);
}

typedef struct {
    const fixture *f;
    atomic_bool stop;
    int made, destroyed;
    mn_code code;
    mn_error error;
} writer;

/* As a server does. */
static mn_code write_one(writer *w, mn_store *s, const mn_master *m)
{
    mn_person p = {.id = mn_id_make(), .name = "New", .active = true};
    mn_buf wrapped;
    mn_key *key = NULL;
    mn_error *err = &w->error;
    mn_buf_init(&wrapped, 256);
    mn_code code = s->ops->begin(s, err);
    if (code == MN_OK) {
        code = s->ops->person_put(s, &p, err);
        if (code == MN_OK)
            code = mn_key_make(m, p.id.bytes, 16, &key, &wrapped, err);
        if (code == MN_OK)
            code = s->ops->key_put(s, &p.id, wrapped.data, wrapped.len, err);
        if (code == MN_OK && w->destroyed < PEOPLE / 2)
            code = s->ops->key_delete(s, &w->f->people[w->destroyed], err);
        if (code == MN_OK)
            code = s->ops->commit(s, err);
        else
            s->ops->rollback(s);
    }
    mn_key_close(key);
    mn_buf_finish(&wrapped);
    return code;
}

/* With a connection and a master key of its own. */
static void *write_keys(void *ctx)
{
    writer *w = ctx;
    mn_store *s = NULL;
    mn_master *m = NULL;
    w->code = open_store(w->f->folder, &s, &w->error);
    if (w->code == MN_OK)
        w->code = mn_master_open_file(w->f->key, 0, &m, &w->error);
    while (w->code == MN_OK && !w->stop) {
        const int64_t from = mn_monotonic_ns();
        w->code = write_one(w, s, m);
        w->made++;
        w->destroyed += w->destroyed < PEOPLE / 2;
        /* SQLite's waiting is not fair: somebody who never pauses keeps the others out. */
        usleep(3000 + (useconds_t)((mn_monotonic_ns() - from) / 1000));
    }
    if (s)
        s->ops->close(s);
    mn_master_close(m);
    return NULL;
}

static void test_with_a_writer(void **state)
{
    fixture *f = *state;
    writer w = {.f = f};
    pthread_t thread;
    mn_rotate_report report;
    mn_rotate_state look;
    mn_rotate_options o = options;
    o.batch = 20;
    o.settle_ms = 100;
    assert_int_equal(pthread_create(&thread, NULL, write_keys, &w), 0);
    for (int i = 0; i < 3; i++)
        assert_ok(mn_rotate_master(f->s, f->m, &o, &report, err));
    w.stop = true;
    pthread_join(thread, NULL);
    if (w.code != MN_OK)
        fail_msg("the writer: %s", w.error.text);
    assert_ok(mn_rotate_look(f->s, f->m, &look, err));
    assert_int_equal(look.older, 0);
    assert_int_equal(look.current, PEOPLE - w.destroyed + w.made); /* none came back, none is lost */
    for (int i = w.destroyed; i < PEOPLE; i++)
        assert_opens(f, f->m, i);
}

/* ---- what stops it ---- */

static void test_a_key_that_does_not_open(void **state)
{
    fixture *f = *state;
    const uint8_t *wrapped = NULL;
    size_t n = 0;
    uint8_t bad[256];
    char id[MN_ID_TEXT];
    mn_error e = {0};
    mn_rotate_report report;
    assert_ok(f->s->ops->key_get(f->s, &f->people[100], f->a, &wrapped, &n, err));
    memcpy(bad, wrapped, n);
    bad[n - 1] ^= 1;
    assert_ok(f->s->ops->key_put(f->s, &f->people[100], bad, n, err));
    mn_id_format(&f->people[100], id);
    assert_int_equal(mn_rotate_master(f->s, f->m, &options, &report, &e), MN_E_CORRUPT);
    assert_non_null(strstr(e.text, id));
    assert_files(f, true, false); /* both are there, and open what they wrapped */
    assert_int_equal(look_at_log(f).rotations, 0);
    bad[n - 1] ^= 1;
    assert_ok(f->s->ops->key_put(f->s, &f->people[100], bad, n, err));
    assert_all_opens(f, f->m);
    rotate(f, &report);
    assert_true(report.resumed);
    assert_files(f, false, false);
    assert_int_equal(look_at_log(f).rotations, 1);
    assert_all_opens(f, f->m);
}

static void cancel_at_100(void *user, uint64_t done)
{
    if (done >= 100)
        mn_cancel_set(user);
}

static void test_cancel_and_resume(void **state)
{
    fixture *f = *state;
    mn_cancel cancel = {0};
    mn_rotate_report report;
    mn_rotate_state look;
    mn_rotate_options o = options;
    o.progress = cancel_at_100;
    o.user = &cancel;
    o.cancel = &cancel;
    assert_int_equal(mn_rotate_master(f->s, f->m, &o, &report, NULL), MN_E_CANCELLED);
    assert_ok(mn_rotate_look(f->s, f->m, &look, err));
    assert_true(look.current == 100 && look.older == PEOPLE - 100);
    assert_all_opens(f, f->m);
    rotate(f, &report);
    assert_true(report.resumed);
    assert_int_equal(report.rewrapped, PEOPLE - 100 + 1);
    assert_all_opens(f, f->m);
}

static void test_one_at_a_time(void **state)
{
    fixture *f = *state;
    mn_master *other = NULL;
    mn_rotate_report report;
    mn_error e = {0};
    char command[1000];
    assert_ok(mn_master_open_file(f->key, 0, &other, err));
    snprintf(command, sizeof command, "flock -n '%s' sh -c 'echo locked; read x'", f->key);
    int in[2], out[2];
    assert_int_equal(pipe(in) | pipe(out), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    char word[10];
    assert_int_equal(read(out[0], word, 7), 7);
    assert_int_equal(mn_rotate_master(f->s, f->m, &options, &report, &e), MN_E_BUSY);
    assert_files(f, false, false);
    close(in[0]);
    close(in[1]);
    waitpid(child, NULL, 0);
    close(out[0]);
    close(out[1]);
    rotate(f, &report);
    mn_master_close(other);
}

/* A file that is no part of an exchange is not written over. */
static void test_a_foreign_old_file(void **state)
{
    fixture *f = *state;
    char new[500], old[500];
    uint8_t key[32] = {7};
    mn_rotate_report report;
    mn_error e = {0};
    snprintf(new, sizeof new, "%s.new", f->key);
    snprintf(old, sizeof old, "%s.old", f->key);
    assert_ok(mn_file_write(new, key, 32, 0600, err));
    key[0] = 8;
    assert_ok(mn_file_write(old, key, 32, 0600, err));
    assert_int_equal(mn_rotate_master(f->s, f->m, &options, &report, &e), MN_E_EXISTS);
    assert_files(f, true, true);
    assert_all_opens(f, f->m);
    assert_int_equal(unlink(old), 0);
    rotate(f, &report);
    assert_all_opens(f, f->m);
}

static void test_a_link(void **state)
{
    fixture *f = *state;
    char behind[500];
    mn_rotate_report report;
    mn_error e = {0};
    snprintf(behind, sizeof behind, "%s/elsewhere", f->folder);
    assert_int_equal(rename(f->key, behind), 0);
    assert_int_equal(symlink(behind, f->key), 0);
    assert_int_equal(mn_rotate_master(f->s, f->m, &options, &report, &e), MN_E_INVALID);
    assert_non_null(strstr(e.text, "link"));
    assert_files(f, false, false);
    assert_all_opens(f, f->m);
}

static void test_every_allocation_may_fail(void **state)
{
    fixture *f = *state;
    mn_code code = MN_E_MEMORY;
    long n = 1;
    for (; code != MN_OK; n++) {
        mn_rotate_report report = {.keys = 77};
        mn_error e = {0};
        mn_alloc_fail_at(n);
        code = mn_rotate_master(f->s, f->m, &options, &report, &e);
        mn_alloc_fail_at(0);
        if (code != MN_OK && (code != MN_E_MEMORY || e.text[0] == 0 || report.keys != 77))
            fail_msg("allocation %ld: %s %s", n, mn_code_word(code), e.text);
        assert_all_opens(f, f->m);
    }
    assert_true(n > 3);
    assert_files(f, false, false);
}

/* ---- kill -9 ---- */

typedef struct {
    uint64_t calls, hold_at; /* 0: never */
    int out;
} victim;

static void hold_at(void *user, uint64_t done)
{
    victim *v = user;
    (void)done;
    if (++v->calls == v->hold_at)
        mn_test_hold(v->out);
}

static void rotate_until_killed(const fixture *f, victim *v)
{
    mn_store *s = NULL;
    mn_master *m = NULL;
    mn_rotate_report report;
    mn_rotate_options o = options;
    o.progress = hold_at;
    o.user = v;
    if (open_store(f->folder, &s, NULL) != MN_OK || mn_master_open_file(f->key, 0, &m, NULL) != MN_OK)
        _exit(3);
    for (;;) {
        mn_error e = {0};
        if (mn_rotate_master(s, m, &o, &report, &e) != MN_OK) {
            fprintf(stderr, "%s\n", e.text);
            _exit(4);
        }
    }
}

/* Between two batches of an exchange, for certain, or at any moment. */
static void kill_in_the_middle(const fixture *f, uint64_t *seed, bool certain)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    victim v = {.hold_at = certain ? 1 + mn_test_random(seed) % 25 : 0, .out = pipes[1]};
    pid_t child = mn_test_fork();
    if (child == 0)
        rotate_until_killed(f, &v);
    close(pipes[1]);
    if (certain)
        mn_test_wait_held(pipes[0]);
    else
        usleep((useconds_t)(mn_test_random(seed) % 150000));
    assert_true(mn_test_kill(child));
    close(pipes[0]);
}

static void test_kill_9(void **state)
{
    fixture *f = *state;
    const char *more = getenv("MIEN_TEST_CRASHES");
    size_t cycles = more ? strtoul(more, NULL, 10) : 20, between = 0;
    uint64_t seed = 20261121;
    char new[500], old[500];
    mn_rotate_report report;
    mn_master_close(f->m);
    snprintf(new, sizeof new, "%s.new", f->key);
    snprintf(old, sizeof old, "%s.old", f->key);
    for (size_t i = 0; i < cycles; i++) {
        f->s->ops->close(f->s);
        f->m = NULL;
        kill_in_the_middle(f, &seed, i % 2 == 0);
        between += mn_file_exists(new) || mn_file_exists(old);
        assert_ok(open_store(f->folder, &f->s, err));
        assert_ok(mn_master_open_file(f->key, 0, &f->m, err));
        assert_ok(f->s->ops->check(f->s, err));
        assert_all_opens(f, f->m);
        look_at_log(f);
        mn_master_close(f->m);
    }
    printf("%zu kills, %zu of them in an exchange\n", cycles, between);
    assert_true(between >= (cycles + 1) / 2);
    assert_ok(mn_master_open_file(f->key, 0, &f->m, err));
    rotate(f, &report);
    assert_files(f, false, false);
    assert_int_equal(report.keys, PEOPLE);
    assert_all_opens(f, f->m);
}

static void test_postgres_installed(void **state)
{
    (void)state;
    postgres_need();
    postgres_start();
    open_store = postgres_open;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_exchange),
        T(test_others_wrap_by_the_new_key),
        T(test_with_a_writer),
        T(test_a_key_that_does_not_open),
        T(test_cancel_and_resume),
        T(test_one_at_a_time),
        T(test_a_foreign_old_file),
        T(test_a_link),
        T(test_every_allocation_may_fail),
        T(test_kill_9),
    };
#undef T
    int failed = cmocka_run_group_tests_name("exchange of the master key", tests, NULL, NULL);
    const struct CMUnitTest installed[] = {cmocka_unit_test(test_postgres_installed)};
    failed += cmocka_run_group_tests_name("PostgreSQL", installed, NULL, NULL);
    if (open_store != postgres_open)
        return failed;
    return failed + cmocka_run_group_tests_name("the same in PostgreSQL", tests, NULL, NULL);
}
