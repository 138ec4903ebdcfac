/* The conformance suite on PostgreSQL, and what only a server can get wrong: it goes and comes back, others
 * use it too, and its address holds a password. */
#include "base/alloc.h"
#include "base/id.h"
#include "conformance.h"
#include "postgres_case.h"
#include "store/audit.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the address ---- */

static void test_address(void **state)
{
    fixture *f = *state;
    mn_store *s = NULL;
    assert_fails(mn_store_open_postgres("postgresql://u:hunter2@x@host/db", &s, err), MN_E_INVALID, "%40");
    assert_fails(mn_store_open_postgres("postgresql://u:hunter2/x@host/db", &s, err), MN_E_INVALID, "%2F");
    assert_fails(mn_store_open_postgres("postgresql://u:hunter2%zz@host/db", &s, err), MN_E_INVALID, "%25");
    assert_fails(mn_store_open_postgres("password=hunter2 x", &s, err), MN_E_INVALID,
                 "no PostgreSQL address");
    assert_fails(mn_store_open("/nowhere", "mysql://u:hunter2@host/db", &s, err), MN_E_INVALID,
                 "begins with");
    assert_fails(mn_store_open_postgres("postgresql://u:hunter2@/db?host=/nowhere", &s, err), MN_E_IO,
                 "PostgreSQL at /nowhere, database db cannot be reached");
    assert_null(s);
    assert_ok(mn_store_open("/nowhere", postgres_url(f->schema), &s, err));
    assert_string_equal(s->ops->name, "postgresql");
    s->ops->close(s);
    assert_ok(mn_store_open(mn_test_folder(), "", &s, err));
    assert_string_equal(s->ops->name, "sqlite");
    s->ops->close(s);
    assert_true(mn_store_is_local(NULL) && mn_store_is_local("") && !mn_store_is_local("postgres://h/d"));
}

/* ---- whose database it is ---- */

static void assert_refused(const char *schema, mn_code want, const char *part)
{
    mn_store *s = NULL;
    assert_fails(mn_store_open_postgres(postgres_url(schema), &s, err), want, part);
    assert_null(s);
}

static void test_versions(void **state)
{
    fixture *f = *state;
    postgres_sql(f->schema, "UPDATE mien_version SET version = 1000");
    assert_refused(f->schema, MN_E_CORRUPT, "newer mien");
    postgres_sql(f->schema, "DELETE FROM mien_version");
    assert_refused(f->schema, MN_E_CORRUPT, "mien_version is damaged");
    const char *other = postgres_new_schema();
    postgres_sql(other, "CREATE VIEW v AS SELECT 1");
    assert_refused(other, MN_E_CORRUPT, "not one of mien");
    assert_refused("not_there", MN_E_INVALID, "no schema");
}

static void test_rights(void **state)
{
    (void)state;
    const char *schema = postgres_new_schema();
    char sql[256], url[512];
    snprintf(sql, sizeof sql, "CREATE USER guest; GRANT USAGE ON SCHEMA %s TO guest", schema);
    postgres_sql(schema, sql);
    snprintf(url, sizeof url, "%s&user=guest", postgres_url(schema));
    mn_store *s = NULL;
    assert_fails(mn_store_open_postgres(url, &s, err), MN_E_IO, "lacks rights");
}

/* A server that runs, and lets nobody in: without a password, with a wrong one, into no database, as nobody.
 */
static void test_let_in(void **state)
{
    fixture *f = *state;
    mn_store *s = NULL;
    char url[600];
    postgres_sql(f->schema,
                 "CREATE USER locked PASSWORD 'hunter2-right';"
                 "CREATE TABLE hba (line text);"
                 "INSERT INTO hba VALUES ('local all locked scram-sha-256'), ('local all all trust')");
    postgres_sql(f->schema,
                 "DO $$ BEGIN EXECUTE format('COPY hba TO %L', current_setting('hba_file')); END $$;"
                 "SELECT pg_reload_conf()");
    snprintf(url, sizeof url, "postgresql://locked@/postgres?host=%s", postgres_folder());
    for (int i = 0; i < 500 && mn_store_open_postgres(url, &s, NULL) == MN_OK; i++, usleep(20000))
        s->ops->close(s); /* until the server has read it */
    assert_fails(mn_store_open_postgres(url, &s, err), MN_E_IO, "asks for a password: give it in store.url");
    snprintf(url, sizeof url, "postgresql://locked:hunter2-wrong@/postgres?host=%s", postgres_folder());
    assert_fails(mn_store_open_postgres(url, &s, err), MN_E_IO, "runs and refuses: check user, password");
    snprintf(url, sizeof url, "postgresql://mien@/elsewhere?host=%s", postgres_folder());
    assert_fails(mn_store_open_postgres(url, &s, err), MN_E_IO, "runs and refuses: check user, password");
    snprintf(url, sizeof url, "postgresql://somebody@/postgres?host=%s", postgres_folder());
    assert_fails(mn_store_open_postgres(url, &s, err), MN_E_IO, "runs and refuses: check user, password");
}

static void test_encoding(void **state)
{
    (void)state;
    char url[512];
    mn_store *s = NULL;
    postgres_sql(
        "public",
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0");
    snprintf(url, sizeof url, "%s&dbname=latin", postgres_url("public"));
    assert_fails(mn_store_open_postgres(url, &s, err), MN_E_UNSUPPORTED, "keeps texts as LATIN1");
}

/* As on a standby: what is there can be read. */
static void test_read_only(void **state)
{
    fixture *f = *state;
    char url[512];
    fixture other = {.a = f->a};
    put(f, "k", "v");
    snprintf(url, sizeof url, "%s -cdefault_transaction_read_only%%3Don", postgres_url(f->schema));
    assert_ok(mn_store_open_postgres(url, &other.s, err));
    assert_string_equal(get(&other, "k"), "v");
    assert_fails(other.s->ops->meta_put(other.s, "k", "w", err), MN_E_IO, "accepts no writes");
    assert_string_equal(get(&other, "k"), "v");
    other.s->ops->close(other.s);
}

static void *open_and_close(void *schema)
{
    mn_store *s = NULL;
    assert_ok(mn_store_open_postgres(schema, &s, err));
    s->ops->close(s);
    return NULL;
}

static void test_migration_runs_once(void **state)
{
    (void)state;
    const char *schema = postgres_new_schema();
    char url[512];
    pthread_t t[6];
    snprintf(url, sizeof url, "%s", postgres_url(schema));
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&t[i], NULL, open_and_close, url), 0);
    for (int i = 0; i < 6; i++)
        pthread_join(t[i], NULL);
    postgres_sql(schema, "SELECT 1 / (count(*) = 1)::int FROM mien_version WHERE version = 8");
    postgres_sql(schema, "SELECT 1 / (count(*) = 1)::int FROM account");
}

/* ---- the server goes and comes back ---- */

static void test_restart(void **state)
{
    fixture *f = *state;
    const int signals[] = {SIGINT, SIGQUIT, SIGKILL};
    for (size_t i = 0; i < 3; i++) {
        char value[2] = {(char)('a' + i), 0};
        put(f, "before", value);
        postgres_stop(signals[i]);
        postgres_start();
        assert_string_equal(get(f, "before"), value); /* a read on the broken connection */
        postgres_stop(signals[i]);
        postgres_start();
        put(f, "after", value); /* a write on the broken connection */
        assert_string_equal(get(f, "after"), value);
    }
}

static void test_server_gone(void **state)
{
    fixture *f = *state;
    const char *value = "untouched";
    mn_store *other = NULL;
    put(f, "k", "1");
    postgres_stop(SIGINT);
    for (int i = 0; i < 2; i++) {
        assert_fails(f->s->ops->meta_get(f->s, "k", f->a, &value, err), MN_E_IO, "cannot be reached");
        assert_fails(f->s->ops->meta_put(f->s, "k", "2", err), MN_E_IO, "check that the server runs");
        assert_fails(f->s->ops->begin(f->s, err), MN_E_IO, "cannot be reached");
    }
    assert_string_equal(value, "untouched");
    assert_fails(mn_store_open_postgres(postgres_url(f->schema), &other, err), MN_E_IO, "cannot be reached");
    postgres_start();
    assert_string_equal(get(f, "k"), "1");
    put(f, "k", "3");
    assert_string_equal(get(f, "k"), "3");
}

static void test_lost_in_transaction(void **state)
{
    fixture *f = *state;
    mn_id id = mn_id_make();
    mn_person p = {.id = id, .name = "half", .active = true}, got;
    assert_ok(f->s->ops->begin(f->s, err));
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    postgres_stop(SIGQUIT);
    postgres_start();
    assert_fails(f->s->ops->meta_put(f->s, "k", "v", err), MN_E_IO, "was lost, and nothing was stored");
    assert_fails(f->s->ops->person_get(f->s, &id, f->a, &got, err), MN_E_IO, "begin again");
    assert_fails(f->s->ops->meta_put(f->s, "k", "v", err), MN_E_IO, "begin again");
    assert_fails(f->s->ops->commit(f->s, err), MN_E_IO, "nothing of it is stored");
    assert_fails(f->s->ops->person_get(f->s, &id, f->a, &got, err), MN_E_NOT_FOUND, "no such person");
    assert_string_equal(get(f, "k"), "");
    assert_ok(f->s->ops->begin(f->s, err));
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    postgres_stop(SIGQUIT);
    f->s->ops->rollback(f->s);
    postgres_start();
    assert_ok(f->s->ops->begin(f->s, err));
    assert_ok(f->s->ops->commit(f->s, err));
}

/* The connection ends while the server works on the commit: what came of it is unknown, and said so. */
static void test_lost_in_commit(void **state)
{
    fixture *f = *state;
    postgres_sql(
        f->schema,
        "CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER hang_up AFTER INSERT ON meta DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION hang_up()");
    assert_fails(f->s->ops->meta_put(f->s, "k", "v", err), MN_E_IO, "look before you repeat it");
    assert_string_equal(get(f, "k"), "");
}

static void append_audit(mn_store *s, int n)
{
    for (int i = 0; i < n; i++) {
        mn_audit_record r = {.time = i, .actor = "a", .action = "person.view", .detail = "{}"};
        assert_ok(s->ops->audit_append(s, &r, err));
    }
}

/* ---- what the server answers ---- */

static void refuse_with(fixture *f, const char *state)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             " RAISE EXCEPTION 'so it is' USING ERRCODE = '%s', DETAIL = 'hunter2'; END $$;"
             "CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON trash EXECUTE FUNCTION refuse();"
             "CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON meta EXECUTE FUNCTION refuse()",
             state);
    postgres_sql(f->schema, sql);
}

static void test_answers(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *state;
        mn_code code;
        const char *part;
    } answers[] = {
        {"53100", MN_E_FULL, "no room left"},        {"53200", MN_E_MEMORY, "out of memory"},
        {"53300", MN_E_BUSY, "max_connections"},     {"40001", MN_E_BUSY, "nothing was stored: try again"},
        {"40P01", MN_E_BUSY, "try again"},           {"55P03", MN_E_BUSY, "another process"},
        {"57014", MN_E_TIMEOUT, "took too long"},    {"25006", MN_E_IO, "accepts no writes"},
        {"42501", MN_E_IO, "lacks rights"},          {"58030", MN_E_IO, "disk failed"},
        {"XX001", MN_E_CORRUPT, "backup"},           {"XX002", MN_E_CORRUPT, "REINDEX"},
        {"54000", MN_E_LIMIT, "too large"},          {"22021", MN_E_INVALID, "refuses this value"},
        {"23514", MN_E_INVALID, "refuses this"},     {"23505", MN_E_EXISTS, "already"},
        {"23503", MN_E_NOT_FOUND, "is not there"},   {"57P01", MN_E_IO, "was lost, and nothing was stored"},
        {"42P01", MN_E_INTERNAL, "so it is (42P01"},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        refuse_with(f, answers[i].state);
        assert_fails(f->s->ops->meta_put(f->s, "k", "v", err), answers[i].code, answers[i].part);
        postgres_sql(f->schema, "DROP TRIGGER refuse ON meta");
        put(f, "k", "w"); /* and goes on */
    }
}

static void test_values_that_are_refused(void **state)
{
    fixture *f = *state;
    put(f, "k", "v");
    assert_ok(f->s->ops->begin(f->s, err));
    assert_fails(f->s->ops->meta_put(f->s, "k", "\xff\xfe", err), MN_E_INVALID, "refuses this value");
    mn_list l = {.id = mn_id_make(), .name = "l", .retention = -1};
    assert_fails(f->s->ops->list_put(f->s, &l, err), MN_E_INVALID, "refuses this record");
    put(f, "k", "w");
    assert_ok(f->s->ops->commit(f->s, err));
    assert_string_equal(get(f, "k"), "w");
}

/* A read that fails does not end the transaction; in one for reading it does. */
static void test_read_fails_in_transaction(void **state)
{
    fixture *f = *state;
    const char *value = NULL;
    assert_ok(f->s->ops->begin(f->s, err));
    put(f, "kept", "v");
    assert_fails(f->s->ops->meta_get(f->s, "\xff", f->a, &value, err), MN_E_INVALID, "refuses this value");
    assert_string_equal(get(f, "kept"), "v");
    assert_ok(f->s->ops->commit(f->s, err));
    assert_string_equal(get(f, "kept"), "v");
    assert_ok(f->s->ops->begin_read(f->s, err));
    assert_fails(f->s->ops->meta_get(f->s, "\xff", f->a, &value, err), MN_E_INVALID, "refuses this value");
    assert_fails(f->s->ops->meta_get(f->s, "kept", f->a, &value, err), MN_E_IO, "taken back");
    f->s->ops->rollback(f->s);
    assert_string_equal(get(f, "kept"), "v");
}

/* Every kind of value, refusals in between, and more than one savepoint can hold: all of it is there once. */
static void test_refusals_in_a_large_transaction(void **state)
{
    fixture *f = *state;
    static char text[4000];
    memset(text, 'x', sizeof text - 1);
    mn_id orphan = mn_id_make();
    assert_ok(f->s->ops->begin(f->s, err));
    for (int i = 0; i < 300; i++) { /* 1.2 MB */
        mn_person p = {
            .id = mn_id_make(), .name = "x", .user_data = i % 2 ? text : NULL, .active = i % 3 != 0};
        mn_face_record face = {.id = p.id, .person = p.id, .quality = 0.25f, .created = i};
        assert_ok(f->s->ops->person_put(f->s, &p, err));
        assert_ok(f->s->ops->key_put(f->s, &p.id, (const uint8_t *)text, 2000, err));
        assert_ok(f->s->ops->face_put(f->s, &face, err));
        append_audit(f->s, 1);
        if (i % 50 == 49)
            assert_fails(f->s->ops->key_put(f->s, &orphan, (const uint8_t *)"k", 1, err), MN_E_NOT_FOUND,
                         "is not there");
    }
    assert_ok(f->s->ops->commit(f->s, err));
    postgres_sql(f->schema,
                 "SELECT 1 / (count(*) = 300 AND sum(created) = 44850 AND sum(quality) = 75)::int FROM face");
    postgres_sql(f->schema, "SELECT 1 / (count(*) = 300 AND count(user_data) = 150 AND sum(active::int) = 200"
                            " AND max(length(user_data)) = 3999)::int FROM person");
    postgres_sql(f->schema, "SELECT 1 / (sum(length(wrapped)) = 600000)::int FROM person_key");
    mn_audit_report report = {0};
    assert_ok(mn_audit_verify(f->s, &report, err));
    assert_int_equal(report.records, 300);
}

/* ---- a disk that is full ---- */

static bool own_mounts; /* what is mounted here is seen by this program and its server only */

/* One descriptor of 6 KB. Returns what the store says. */
static mn_code put_large(mn_store *s, const mn_id *id, mn_error *err)
{
    static uint8_t bytes[6000];
    mn_person p = {.id = *id, .name = "x", .active = true};
    mn_face_record f = {.id = *id, .person = *id};
    mn_descriptor_record d = {
        .face = *id, .model = "m", .dim = 1, .sealed = bytes, .sealed_len = sizeof bytes};
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = s->ops->person_put(s, &p, err);
    if (code == MN_OK)
        code = s->ops->face_put(s, &f, err);
    if (code == MN_OK)
        code = s->ops->descriptor_put(s, &d, err);
    if (code == MN_OK)
        return s->ops->commit(s, err);
    s->ops->rollback(s);
    return code;
}

static void move_descriptors_to(fixture *f, const char *folder)
{
    char sql[512];
    postgres_own(folder);
    snprintf(sql, sizeof sql, "CREATE TABLESPACE small LOCATION '%s'", folder);
    postgres_sql(f->schema, sql);
    postgres_sql(f->schema, "ALTER TABLE descriptor SET TABLESPACE small");
}

static void test_disk_full(void **state)
{
    fixture *f = *state;
    const char *folder = mn_test_folder();
    if (!own_mounts || mount("tmpfs", folder, "tmpfs", 0, "size=1m") != 0) {
        fprintf(stderr, "SKIPPED: no right to mount a small disk; the answer to a full one was tested\n");
        skip();
    }
    move_descriptors_to(f, folder);
    mn_code code = MN_OK;
    mn_error e = {0};
    uint64_t stored = 0;
    for (; code == MN_OK && stored < 1000; stored += code == MN_OK) {
        mn_id id = mn_id_make();
        code = put_large(f->s, &id, &e);
    }
    assert_int_equal(code, MN_E_FULL);
    assert_says(&e, "make room and try again");
    assert_true(stored > 10);
    mn_store_counts c;
    assert_ok(f->s->ops->counts(f->s, &c, err));
    assert_true(c.people == stored && c.descriptors == stored);
    assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=64m"), 0);
    mn_id id = mn_id_make();
    assert_ok(put_large(f->s, &id, err));
    assert_ok(f->s->ops->check(f->s, err));
    postgres_sql(f->schema, "ALTER TABLE descriptor SET TABLESPACE pg_default");
    postgres_sql(f->schema, "DROP TABLESPACE small");
    assert_int_equal(umount(folder), 0);
}

/* ---- several at once ---- */

static void test_two_stores(void **state)
{
    fixture *f = *state;
    fixture other = {.a = f->a};
    uint64_t before = 0, after = 0;
    assert_ok(mn_store_open_postgres(postgres_url(f->schema), &other.s, err));
    assert_ok(other.s->ops->generation(other.s, &before, err));
    put(f, "k", "1");
    assert_ok(f->s->ops->begin(f->s, err));
    mn_person p = {.id = mn_id_make(), .name = "x", .active = true};
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    assert_fails(other.s->ops->begin(other.s, err), MN_E_BUSY, "another process"); /* after ten seconds */
    assert_string_equal(get(&other, "k"), "1");                                    /* readers do not wait */
    assert_ok(other.s->ops->generation(other.s, &after, err));
    assert_true(after == before);
    assert_ok(f->s->ops->commit(f->s, err));
    assert_ok(other.s->ops->generation(other.s, &after, err));
    assert_true(after > before);
    put(&other, "k", "2");
    assert_string_equal(get(f, "k"), "2");
    other.s->ops->close(other.s);
}

/* On a busy machine one of many may have to wait for longer than the store does. */
#define in_the_end(code, call)                                                                               \
    do                                                                                                       \
        code = (call);                                                                                       \
    while (code == MN_E_BUSY)

static void test_processes_share_one_audit_chain(void **state)
{
    fixture *f = *state;
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            mn_store *s = NULL;
            if (mn_store_open_postgres(postgres_url(f->schema), &s, NULL) != MN_OK)
                _exit(1);
            for (int n = 0; n < 100; n++) {
                mn_audit_record r = {.time = n, .actor = "a", .action = "x", .detail = "{}"};
                mn_code code;
                in_the_end(code, s->ops->audit_append(s, &r, NULL));
                if (code != MN_OK)
                    _exit(1);
            }
            s->ops->close(s);
            _exit(0);
        }
    }
    for (int i = 0; i < 4; i++) {
        int status = 1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    mn_audit_report report = {0};
    assert_ok(mn_audit_verify(f->s, &report, err));
    assert_int_equal(report.records, 400);
}

#define THREADS 20 /* more than there are connections */

static void *mixed_work(void *arg)
{
    fixture *f = arg;
    mn_arena *a = mn_arena_create(1 << 20);
    assert_non_null(a);
    for (int i = 0; i < 10; i++) {
        mn_id id = mn_id_make();
        mn_person p = {.id = id, .name = "x", .active = true}, got;
        uint64_t generation = 0;
        mn_code code;
        in_the_end(code, f->s->ops->begin(f->s, NULL));
        assert_int_equal(code, MN_OK);
        assert_ok(f->s->ops->person_put(f->s, &p, err));
        assert_ok(f->s->ops->person_get(f->s, &id, a, &got, err)); /* on the transaction's connection */
        append_audit(f->s, 1);
        if (i % 3 == 2)
            f->s->ops->rollback(f->s);
        else
            assert_ok(f->s->ops->commit(f->s, err));
        in_the_end(code, f->s->ops->begin_read(f->s, NULL));
        assert_int_equal(code, MN_OK);
        assert_ok(f->s->ops->generation(f->s, &generation, err));
        f->s->ops->rollback(f->s);
        mn_arena_reset(a);
    }
    mn_arena_destroy(a);
    return NULL;
}

static void test_threads(void **state)
{
    fixture *f = *state;
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, mixed_work, f), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    mn_store_counts c;
    mn_audit_report report = {0};
    assert_ok(f->s->ops->counts(f->s, &c, err));
    assert_int_equal(c.people, 140); /* 20 × (10 − 3) */
    assert_ok(mn_audit_verify(f->s, &report, err));
    assert_int_equal(report.records, 140);
}

typedef struct {
    fixture *f;
    pthread_barrier_t held, enough;
} holders;

static void *hold_connection(void *arg)
{
    holders *h = arg;
    assert_ok(h->f->s->ops->begin_read(h->f->s, err));
    pthread_barrier_wait(&h->held);
    pthread_barrier_wait(&h->enough);
    h->f->s->ops->rollback(h->f->s);
    return NULL;
}

static void test_connections_run_out(void **state)
{
    holders h = {.f = *state};
    pthread_t t[8];
    pthread_barrier_init(&h.held, NULL, 9);
    pthread_barrier_init(&h.enough, NULL, 9);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&t[i], NULL, hold_connection, &h), 0);
    pthread_barrier_wait(&h.held);
    assert_fails(h.f->s->ops->begin_read(h.f->s, err), MN_E_BUSY,
                 "all 8 connections"); /* after ten seconds */
    pthread_barrier_wait(&h.enough);
    for (int i = 0; i < 8; i++)
        pthread_join(t[i], NULL);
    put(h.f, "k", "v");
    pthread_barrier_destroy(&h.held);
    pthread_barrier_destroy(&h.enough);
}

/* ---- pages ---- */

static mn_code count_descriptor(void *ctx, const mn_id *person, const mn_descriptor_record *d, mn_error *err)
{
    uint64_t *n = ctx;
    (void)err;
    assert_memory_equal(person->bytes, d->face.bytes, 16);
    (*n)++;
    return MN_OK;
}

static void test_many_pages(void **state)
{
    fixture *f = *state;
    assert_ok(f->s->ops->begin(f->s, err));
    for (int i = 0; i < 1024; i++) { /* two full pages */
        mn_person p = {.id = mn_id_make(), .name = "x", .active = true};
        mn_face_record face = {.id = p.id, .person = p.id};
        mn_descriptor_record d = {
            .face = p.id, .model = "m", .dim = 1, .sealed = (const uint8_t *)"s", .sealed_len = 1};
        assert_ok(f->s->ops->person_put(f->s, &p, err));
        assert_ok(f->s->ops->face_put(f->s, &face, err));
        assert_ok(f->s->ops->descriptor_put(f->s, &d, err));
    }
    append_audit(f->s, 1025);
    assert_ok(f->s->ops->commit(f->s, err));
    uint64_t n = 0;
    mn_audit_report report = {0};
    assert_ok(f->s->ops->descriptor_each(f->s, "m", count_descriptor, &n, err));
    assert_int_equal(n, 1024);
    assert_ok(mn_audit_verify(f->s, &report, err));
    assert_int_equal(report.records, 1025);
}

/* ---- what somebody with SQL may do ---- */

static void test_audit_is_append_only(void **state)
{
    fixture *f = *state;
    append_audit(f->s, 3);
    static const char *const attempts[] = {"UPDATE audit SET actor = 'b'", "DELETE FROM audit WHERE seq = 3",
                                           "TRUNCATE audit"};
    for (int i = 0; i < 3; i++) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "DO $$ BEGIN %s; RAISE division_by_zero; EXCEPTION WHEN raise_exception THEN NULL; END $$",
                 attempts[i]);
        postgres_sql(f->schema, sql);
    }
    mn_audit_report report = {0};
    assert_ok(mn_audit_verify(f->s, &report, err));
    assert_int_equal(report.records, 3);
    postgres_sql(f->schema, "ALTER TABLE audit DISABLE TRIGGER audit_is_append_only");
    assert_fails(f->s->ops->check(f->s, err), MN_E_CORRUPT, "\"audit_is_append_only\" is missing");
    postgres_sql(f->schema, "UPDATE audit SET actor = 'b' WHERE seq = 2");
    assert_fails(mn_audit_verify(f->s, &report, err), MN_E_CORRUPT, "audit record 2 was changed");
}

static void test_check(void **state)
{
    fixture *f = *state;
    assert_ok(f->s->ops->check(f->s, err));
    postgres_sql(f->schema, "SET session_replication_role = replica;" /* no foreign keys */
                            "INSERT INTO person_key VALUES ('01000000-0000-0000-0000-000000000000', 'x')");
    assert_fails(f->s->ops->check(f->s, err), MN_E_CORRUPT,
                 "\"person_key\" has a record that belongs to nothing");
    postgres_sql(f->schema, "DELETE FROM person_key; ALTER TABLE meta ADD COLUMN junk int");
    assert_ok(f->s->ops->check(f->s, err));
}

static void test_value_of_wrong_shape(void **state)
{
    fixture *f = *state;
    append_audit(f->s, 1);
    postgres_sql(f->schema, "ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET hash = 'short'");
    mn_audit_report report;
    assert_fails(mn_audit_verify(f->s, &report, err), MN_E_CORRUPT, "no mien wrote");
}

/* ---- short of memory ---- */

static void test_every_allocation_may_fail(void **state)
{
    fixture *f = *state;
    mn_person p = {.id = mn_id_make(), .name = "xy", .active = true};
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    for (long n = 1;; n++) {
        mn_store *s = NULL;
        mn_error e = {0};
        mn_person *people = NULL;
        size_t count = 0;
        mn_alloc_fail_at(n);
        mn_code code = mn_store_open_postgres(postgres_url(f->schema), &s, &e);
        if (code == MN_OK) {
            mn_arena *a = mn_arena_create(1 << 20);
            code = a ? s->ops->person_list(s, &(mn_person_query){.limit = 5, .name_like = "x"}, a, &people,
                                           &count, &e)
                     : MN_E_MEMORY;
            mn_arena_destroy(a);
            s->ops->close(s);
        }
        bool enough = mn_alloc_count() < n;
        mn_alloc_fail_at(0);
        if (enough) {
            assert_int_equal(code, MN_OK);
            assert_int_equal(count, 1);
            break;
        }
        assert_int_equal(code, MN_E_MEMORY);
        assert_null(people);
    }
}

static bool there;

static void test_installed(void **state)
{
    (void)state;
    postgres_need();
    postgres_start();
    there = true;
}

/* postgres_open makes a schema of the folder's name, with the newest tables; an empty one is wanted here. */
static mn_code open_version(const char *where, int version, mn_store **out, mn_error *err)
{
    static char schema[64], seen[512];
    if (strcmp(seen, where) != 0) {
        snprintf(seen, sizeof seen, "%s", where);
        snprintf(schema, sizeof schema, "%s", postgres_new_schema());
    }
    return version ? mn_store_open_as(&(mn_store_where){.url = postgres_url(schema)}, MN_STORE_UP_TO, version,
                                      out, err)
                   : mn_store_open("", postgres_url(schema), out, err);
}

int main(void)
{
    static const mn_store_backend backend = {"store on PostgreSQL", postgres_open};
    const struct CMUnitTest first[] = {cmocka_unit_test(test_installed)};
#define T(name) cmocka_unit_test_setup_teardown(name, postgres_setup, postgres_teardown)
    const struct CMUnitTest tests[] = {
        T(test_address),
        T(test_versions),
        T(test_rights),
        T(test_let_in),
        T(test_encoding),
        T(test_read_only),
        T(test_migration_runs_once),
        T(test_restart),
        T(test_server_gone),
        T(test_lost_in_transaction),
        T(test_lost_in_commit),
        T(test_answers),
        T(test_values_that_are_refused),
        T(test_read_fails_in_transaction),
        T(test_refusals_in_a_large_transaction),
        T(test_disk_full),
        T(test_two_stores),
        T(test_processes_share_one_audit_chain),
        T(test_threads),
        T(test_connections_run_out),
        T(test_many_pages),
        T(test_audit_is_append_only),
        T(test_check),
        T(test_value_of_wrong_shape),
        T(test_every_allocation_may_fail),
    };
#undef T
    own_mounts = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    int failed = cmocka_run_group_tests_name("PostgreSQL", first, NULL, NULL);
    if (!there)
        return failed;
    failed = mn_store_conformance(&backend) + mn_store_conformance_many(&backend) +
             mn_store_conformance_migrations(open_version);
    failed += mn_store_conformance_access(&backend);
    return failed + cmocka_run_group_tests_name("PostgreSQL itself", tests, NULL, NULL);
}
