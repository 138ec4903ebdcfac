/* A PostgreSQL that keeps its connections and says nothing, as when its disk hangs: all its processes are
 * stopped, and go on later. Nobody waits for it for ever, and nobody needs to be started anew. */
#include "base/id.h"
#include "postgres_case.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GIVEN_UP "did not answer within 6000 ms and was given up"

/* A second connection is made, and is idle afterwards. */
static void *read_once(void *arg)
{
    fixture *f = arg;
    uint64_t generation;
    assert_ok(f->s->ops->generation(f->s, &generation, err));
    return NULL;
}

static void make_second_connection(fixture *f)
{
    pthread_t t;
    assert_ok(f->s->ops->begin_read(f->s, err));
    assert_int_equal(pthread_create(&t, NULL, read_once, f), 0);
    pthread_join(t, NULL);
    f->s->ops->rollback(f->s);
}

/* The first one waits for an answer; then the other connections are doubted, and the next one finds that none
 * can be made. */
static void test_idle(void **state)
{
    fixture *f = *state;
    mn_store *other = NULL;
    const char *value = "untouched";
    put(f, "k", "1");
    make_second_connection(f);
    postgres_freeze();
    assert_fails(f->s->ops->meta_get(f->s, "k", f->a, &value, err), MN_E_IO, GIVEN_UP);
    assert_fails(f->s->ops->meta_get(f->s, "k", f->a, &value, err), MN_E_IO, "cannot be reached");
    assert_fails(f->s->ops->meta_put(f->s, "k", "2", err), MN_E_IO, "cannot be reached");
    assert_fails(f->s->ops->begin(f->s, err), MN_E_IO, "cannot be reached");
    assert_fails(open_as(f->schema, MN_STORE_MIGRATE, 0, &other, err), MN_E_IO, "cannot be reached");
    assert_string_equal(value, "untouched");
    postgres_thaw();
    assert_string_equal(get(f, "k"), "1");
    make_second_connection(f);
    put(f, "k", "3");
    assert_string_equal(get(f, "k"), "3");
}

static void test_beginning(void **state)
{
    fixture *f = *state;
    postgres_freeze();
    assert_fails(f->s->ops->begin(f->s, err), MN_E_IO, GIVEN_UP);
    postgres_thaw();
    postgres_settle();
    assert_ok(f->s->ops->begin(f->s, err));
    put(f, "k", "v");
    assert_ok(f->s->ops->commit(f->s, err));
    assert_string_equal(get(f, "k"), "v");
}

static mn_person somebody(void)
{
    return (mn_person){.id = mn_id_make(), .name = "half", .active = true};
}

static void test_in_a_transaction(void **state)
{
    fixture *f = *state;
    const mn_person p = somebody();
    mn_person got;
    assert_ok(f->s->ops->begin(f->s, err));
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    postgres_freeze();
    assert_fails(f->s->ops->meta_put(f->s, "k", "v", err), MN_E_IO, GIVEN_UP);
    assert_fails(f->s->ops->person_get(f->s, &p.id, f->a, &got, err), MN_E_IO, "begin again");
    assert_fails(f->s->ops->commit(f->s, err), MN_E_IO, "nothing of it is stored");
    postgres_thaw();
    postgres_settle(); /* the server has ended the transaction too */
    assert_fails(f->s->ops->person_get(f->s, &p.id, f->a, &got, err), MN_E_NOT_FOUND, "no such person");
    assert_string_equal(get(f, "k"), "");
    assert_ok(f->s->ops->begin(f->s, err));
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    postgres_freeze();
    f->s->ops->rollback(f->s);
    postgres_thaw();
    postgres_settle();
    put(f, "k", "w");
    assert_fails(f->s->ops->person_get(f->s, &p.id, f->a, &got, err), MN_E_NOT_FOUND, "no such person");
}

/* More than the socket takes: it is the sending that does not end. */
static void test_sending(void **state)
{
    fixture *f = *state;
    const size_t n = 4 << 20;
    uint8_t *large = calloc(1, n);
    const mn_person p = somebody();
    assert_non_null(large);
    assert_ok(f->s->ops->begin(f->s, err));
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    assert_ok(f->s->ops->key_put(f->s, &p.id, large, 1, err)); /* the statement is known there */
    postgres_freeze();
    assert_fails(f->s->ops->key_put(f->s, &p.id, large, n, err), MN_E_IO, GIVEN_UP);
    f->s->ops->rollback(f->s);
    postgres_thaw();
    postgres_settle();
    assert_ok(f->s->ops->begin(f->s, err));
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    assert_ok(f->s->ops->key_put(f->s, &p.id, large, n, err)); /* in pieces, where it is not */
    assert_ok(f->s->ops->commit(f->s, err));
    free(large);
}

/* Nobody knows what comes of it; all of it, or nothing. */
static void test_in_a_commit(void **state)
{
    fixture *f = *state;
    const mn_person p = somebody();
    mn_person got;
    assert_ok(f->s->ops->begin(f->s, err));
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    put(f, "k", "v");
    postgres_freeze();
    assert_fails(f->s->ops->commit(f->s, err), MN_E_IO,
                 "was given up during a commit: the change is stored as a whole or not at all");
    postgres_thaw();
    postgres_settle();
    bool whole = f->s->ops->person_get(f->s, &p.id, f->a, &got, NULL) == MN_OK;
    assert_string_equal(get(f, "k"), whole ? "v" : "");
    put(f, "k", "w");
    assert_string_equal(get(f, "k"), "w");
}

/* A server that is only slow says so itself, and keeps the connection. */
static void test_slow(void **state)
{
    fixture *f = *state;
    postgres_sql(f->schema, "CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS"
                            " $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;"
                            "CREATE TRIGGER sleep BEFORE INSERT ON meta EXECUTE FUNCTION sleep()");
    assert_ok(f->s->ops->begin(f->s, err));
    assert_fails(f->s->ops->meta_put(f->s, "k", "v", err), MN_E_TIMEOUT, "took too long");
    const mn_person p = somebody();
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    assert_ok(f->s->ops->commit(f->s, err));
}

/* What reads or changes everything takes as long as it takes, and the next transaction does not. */
static void test_patience(void **state)
{
    fixture *f = *state;
    postgres_sql(f->schema,
                 "ALTER TABLE erasure RENAME TO erasures;"
                 "CREATE VIEW erasure AS SELECT * FROM erasures WHERE (SELECT pg_sleep(5)::text) = ''");
    assert_ok(f->s->ops->check(f->s, err));
    test_slow(state);
}

static void test_migration(void **state)
{
    fixture *f = *state;
    mn_store *s = NULL;
    const char *schema = postgres_new_schema();
    assert_ok(open_as(schema, MN_STORE_UP_TO, 6, &s, err));
    s->ops->close(s);
    postgres_sql(f->schema, "CREATE FUNCTION sleep() RETURNS event_trigger LANGUAGE plpgsql AS"
                            " $$ BEGIN PERFORM pg_sleep(5); END $$;"
                            "CREATE EVENT TRIGGER sleep ON ddl_command_start WHEN tag IN ('ALTER TABLE')"
                            " EXECUTE FUNCTION sleep()");
    assert_ok(open_as(schema, MN_STORE_MIGRATE, 0, &s, err));
    s->ops->close(s);
    postgres_sql(f->schema, "DROP EVENT TRIGGER sleep");
}

static void test_connect_timeout(void **state)
{
    fixture *f = *state;
    char url[512];
    mn_store *s = NULL;
    snprintf(url, sizeof url, "%s&connect_timeout=0", postgres_url(f->schema));
    assert_fails(mn_store_open_postgres(url, &s, err), MN_E_INVALID, "connect_timeout is in seconds");
    snprintf(url, sizeof url, "%s&connect_timeout=5", postgres_url(f->schema));
    assert_ok(mn_store_open_postgres(url, &s, err));
    s->ops->close(s);
}

static bool there;

static void test_installed(void **state)
{
    (void)state;
    postgres_need();
    there = true;
}

int main(void)
{
    const struct CMUnitTest first[] = {cmocka_unit_test(test_installed)};
#define T(name) cmocka_unit_test_setup_teardown(name, postgres_setup, postgres_teardown)
    const struct CMUnitTest tests[] = {
        T(test_idle),     T(test_beginning),   T(test_in_a_transaction),
        T(test_sending),  T(test_in_a_commit), T(test_slow),
        T(test_patience), T(test_migration),   T(test_connect_timeout),
    };
#undef T
    postgres_timeout_ms = 4000; /* given up after 6000; enough for a server on a busy machine */
    int failed = cmocka_run_group_tests_name("PostgreSQL", first, NULL, NULL);
    return there ? cmocka_run_group_tests_name("silent PostgreSQL", tests, NULL, NULL) : failed;
}
