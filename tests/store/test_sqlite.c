/* The conformance suite on SQLite, and what only SQLite can get wrong: foreign files, versions, two
 * processes. */
#include "base/alloc.h"
#include "base/file.h"
#include "conformance.h"
#include "store/audit.h"
#include "store/audit_queries.h"
#include "support.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static mn_code open_at(const char *where, mn_store **out, mn_error *err)
{
    char path[4096];
    assert_true(mn_path_join(path, sizeof path, where, "mien.db"));
    return mn_store_open_sqlite(path, out, err);
}

static void run_sql(const char *where, const char *sql)
{
    char path[4096];
    sqlite3 *db = NULL;
    assert_true(mn_path_join(path, sizeof path, where, "mien.db"));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s", why);
    sqlite3_close(db);
}

static void assert_refused(const char *where, mn_code want, const char *part)
{
    mn_store *s = NULL;
    mn_error e = {0};
    assert_int_equal(open_at(where, &s, &e), want);
    assert_null(s);
    if (!strstr(e.text, part))
        fail_msg("\"%s\" does not say \"%s\"", e.text, part);
}

static void make_store(const char *where)
{
    mn_store *s = NULL;
    assert_ok(open_at(where, &s, err));
    s->ops->close(s);
}

static void test_modes(void **state)
{
    (void)state;
    const char *where = mn_test_folder();
    mn_store *s = NULL;
    struct stat st;
    char path[4096];
    umask(0); /* the mode must not depend on it */
    assert_ok(open_at(where, &s, err));
    assert_true(mn_path_join(path, sizeof path, where, "mien.db"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(s->ops->meta_put(s, "a", "b", err));
    assert_true(mn_path_join(path, sizeof path, where, "mien.db-wal"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    s->ops->close(s);
    umask(022);
}

static void test_not_a_database(void **state)
{
    (void)state;
    const char *where = mn_test_folder();
    char path[4096], text[4096];
    assert_true(mn_path_join(path, sizeof path, where, "mien.db"));
    memset(text, 'x', sizeof text);
    assert_ok(mn_file_write(path, text, sizeof text, 0600, err));
    assert_refused(where, MN_E_CORRUPT, "damaged");
}

static void test_other_database(void **state)
{
    (void)state;
    const char *where = mn_test_folder();
    run_sql(where, "CREATE TABLE t (x)");
    assert_refused(where, MN_E_CORRUPT, "not one of mien");
}

static void test_newer_version(void **state)
{
    (void)state;
    const char *where = mn_test_folder();
    make_store(where);
    run_sql(where, "PRAGMA user_version = 1000");
    assert_refused(where, MN_E_CORRUPT, "newer mien");
}

static void test_no_folder(void **state)
{
    (void)state;
    assert_refused("/nonexistent/folder", MN_E_NOT_FOUND, "/nonexistent/folder/mien.db");
}

static void test_damaged_page(void **state)
{
    (void)state;
    const char *where = mn_test_folder();
    mn_store *s = NULL;
    assert_ok(open_at(where, &s, err));
    for (int i = 0; i < 200; i++) {
        mn_person p = {.id = mn_id_make(), .name = "Somebody with a name", .active = true};
        assert_ok(s->ops->person_put(s, &p, err));
    }
    s->ops->close(s);
    char path[4096];
    assert_true(mn_path_join(path, sizeof path, where, "mien.db"));
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    char junk[4096];
    memset(junk, 0xee, sizeof junk);
    for (long page = 4; page < 24; page++) {
        fseek(file, page * 4096, SEEK_SET);
        fwrite(junk, 1, sizeof junk, file);
    }
    fclose(file);
    mn_error e = {0};
    mn_code code = open_at(where, &s, &e);
    if (code == MN_OK) {
        code = s->ops->check(s, &e);
        s->ops->close(s);
    }
    assert_int_equal(code, MN_E_CORRUPT);
    assert_non_null(strstr(e.text, "backup"));
}

static void test_busy(void **state)
{
    (void)state;
    const char *where = mn_test_folder();
    mn_store *a = NULL, *b = NULL;
    assert_ok(open_at(where, &a, err));
    assert_ok(open_at(where, &b, err));
    assert_ok(a->ops->meta_put(a, "k", "1", err));
    const char *v = NULL;
    mn_arena *arena = mn_arena_create(1 << 20);
    assert_ok(b->ops->meta_get(b, "k", arena, &v, err)); /* what one wrote the other one sees */
    assert_string_equal(v, "1");
    assert_ok(a->ops->begin(a, err));
    mn_error e = {0};
    assert_int_equal(b->ops->begin(b, &e), MN_E_BUSY); /* after waiting for 10 s */
    assert_non_null(strstr(e.text, "another process"));
    assert_ok(b->ops->meta_get(b, "k", arena, &v, err)); /* readers do not wait */
    a->ops->rollback(a);
    assert_ok(b->ops->meta_put(b, "k", "2", err));
    mn_arena_destroy(arena);
    a->ops->close(a);
    b->ops->close(b);
}

/* Two that open a new store at the same time make one, with one default account. */
static void test_migration_runs_once(void **state)
{
    (void)state;
    const char *where = mn_test_folder();
    mn_store *a = NULL, *b = NULL;
    assert_ok(open_at(where, &a, err));
    assert_ok(open_at(where, &b, err));
    mn_person p = {.id = mn_id_make(), .name = "in the default account", .active = true};
    assert_ok(b->ops->person_put(b, &p, err));
    a->ops->close(a);
    b->ops->close(b);
    char path[4096];
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    assert_true(mn_path_join(path, sizeof path, where, "mien.db"));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT count(*) FROM account WHERE id = zeroblob(16)", -1, &st, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(st, 0), 1);
    sqlite3_finalize(st);
    sqlite3_close(db);
}

/* ---- audit chain against somebody with SQL ---- */

static const char *make_audit(mn_store **s)
{
    const char *where = mn_test_folder();
    assert_ok(open_at(where, s, err));
    for (int i = 0; i < 6; i++) {
        mn_audit_record r = {.time = i, .actor = "a", .action = "person.view", .target = "t", .detail = "{}"};
        assert_ok((*s)->ops->audit_append(*s, &r, err));
    }
    (*s)->ops->close(*s);
    *s = NULL;
    return where;
}

static void assert_broken(const char *sql, const char *part)
{
    mn_store *s = NULL;
    const char *where = make_audit(&s);
    run_sql(where, "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted");
    run_sql(where, sql);
    assert_ok(open_at(where, &s, err));
    mn_error e = {0};
    mn_audit_report report = {0};
    assert_int_equal(mn_audit_verify(s, &report, &e), MN_E_CORRUPT);
    if (!strstr(e.text, part))
        fail_msg("\"%s\" does not say \"%s\"", e.text, part);
    s->ops->close(s);
}

static void test_audit_tampered(void **state)
{
    (void)state;
    assert_broken("UPDATE audit SET detail = '{ }' WHERE seq = 3", "audit record 3 was changed");
    assert_broken("UPDATE audit SET target = NULL WHERE seq = 1", "audit record 1 was changed");
    assert_broken("UPDATE audit SET time = 99 WHERE seq = 6", "audit record 6 was changed");
    assert_broken("UPDATE audit SET actor = 'ap', action = 'erson.view' WHERE seq = 2",
                  "audit record 2 was changed");
    assert_broken("UPDATE audit SET hash = zeroblob(32) WHERE seq = 4", "audit record 4 was changed");
    assert_broken("UPDATE audit SET prev = zeroblob(32) WHERE seq = 4", "audit record 4 does not follow");
    assert_broken("DELETE FROM audit WHERE seq = 2", "audit record 2 is missing");
    assert_broken("DELETE FROM audit WHERE seq = 6", "another end");
    assert_broken("DELETE FROM audit", "another end");
}

static void test_audit_is_append_only(void **state)
{
    (void)state;
    mn_store *s = NULL;
    const char *where = make_audit(&s);
    char path[4096];
    sqlite3 *db = NULL;
    assert_true(mn_path_join(path, sizeof path, where, "mien.db"));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE audit SET actor = 'b'", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM audit WHERE seq = 6", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

#define PARAMETER(n) "?" #n

enum {
#define X(name, sql) name,
    MN_AUDIT_QUERIES(X, PARAMETER)
#undef X
};

static const char *const plans[] = {
#define X(name, sql) [name] = "EXPLAIN QUERY PLAN " sql,
    MN_AUDIT_QUERIES(X, PARAMETER)
#undef X
};

/* The planner might as well read the whole log. */
static void test_audit_by_target_uses_its_index(void **state)
{
    (void)state;
    mn_store *s = NULL;
    const char *where = make_audit(&s);
    char path[4096];
    sqlite3 *db = NULL;
    assert_true(mn_path_join(path, sizeof path, where, "mien.db"));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (int i = AUDIT_ABOUT_UP; i <= AUDIT_ABOUT_DOWN; i++) {
        sqlite3_stmt *st = NULL;
        bool found = false;
        assert_int_equal(sqlite3_prepare_v2(db, plans[i], -1, &st, NULL), SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW)
            found |= strstr((const char *)sqlite3_column_text(st, 3),
                            "SEARCH audit USING INDEX audit_block (<expr>=? AND <expr>=?") != NULL;
        assert_true(found);
        sqlite3_finalize(st);
    }
    sqlite3_close(db);
}

/* The encoding is a promise to those who verify an exported log elsewhere. */
static void test_audit_hash_is_pinned(void **state)
{
    (void)state;
    mn_audit_record r = {
        .seq = 7, .time = 1700000000000000, .actor = "cli:ann", .action = "person.erase", .detail = "{}"};
    uint8_t hash[32];
    char hex[65];
    mn_audit_hash(&r, hash);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    assert_string_equal(hex, "543fc240d553e5e9b2f5f6b2a583a75672b49304174e9c5e4545528781d51e7c");
}

/* ---- short of memory ---- */

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    const char *where = mn_test_folder();
    int done_without = 0; /* a connection that only reads: the other one does it */
    make_store(where);
    for (long n = 1;; n++) {
        mn_store *s = NULL;
        mn_error e = {0};
        mn_person *people = NULL;
        size_t count = 0;
        mn_alloc_fail_at(n);
        mn_code code = open_at(where, &s, &e);
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
            break;
        }
        done_without += code == MN_OK;
        assert_true(code == MN_OK || code == MN_E_MEMORY);
        assert_true(code == MN_OK || !people);
    }
    assert_int_equal(done_without, 1);
}

/* ---- the WAL ---- */

#define LONG_TEXT 8000 /* bytes: two pages of SQLite's and a bit */

static mn_code put_people(mn_store *s, int n, const char *text)
{
    mn_code code = s->ops->begin(s, NULL);
    if (code != MN_OK)
        return code;
    for (int i = 0; code == MN_OK && i < n; i++) {
        mn_person p = {.id = mn_id_make(), .name = "Somebody", .user_data = text, .active = true};
        code = s->ops->person_put(s, &p, NULL);
    }
    if (code == MN_OK)
        return s->ops->commit(s, NULL);
    s->ops->rollback(s);
    return code;
}

typedef struct {
    mn_store *s;
    const char *text;
    int transactions;
    atomic_bool over;
    atomic_int failed;
} company;

static void *read_on(void *arg)
{
    company *c = arg;
    mn_arena *arena = mn_arena_create(1 << 20);
    while (arena && !atomic_load(&c->over)) {
        mn_list *found = NULL;
        size_t n = 0;
        const mn_id account = {{0}};
        atomic_fetch_or(&c->failed, (int)c->s->ops->list_list(c->s, &account, arena, &found, &n, NULL));
        mn_arena_reset(arena);
    }
    mn_arena_destroy(arena);
    return NULL;
}

static void *write_on(void *arg)
{
    company *c = arg;
    for (int i = 0; i < c->transactions && !atomic_load(&c->over); i++)
        atomic_fetch_or(&c->failed, (int)put_people(c->s, 200, c->text));
    return NULL;
}

static long file_size(const char *where, const char *name)
{
    char path[4096];
    struct stat st;
    assert_true(mn_path_join(path, sizeof path, where, name));
    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

/* 36 000 pages are written, 150 MB; what is copied already makes room for what comes. */
static void test_wal_stays_short(void **state)
{
    (void)state;
    const char *where = mn_test_folder();
    static char text[LONG_TEXT + 1];
    pthread_t reader;
    mn_store_counts n;
    company c = {.text = memset(text, 'x', LONG_TEXT)};
    assert_ok(open_at(where, &c.s, err));
    assert_int_equal(pthread_create(&reader, NULL, read_on, &c), 0);
    long longest = 0;
    for (int i = 0; i < 80; i++) {
        atomic_fetch_or(&c.failed, (int)put_people(c.s, 200, text));
        long now = file_size(where, "mien.db-wal");
        longest = now > longest ? now : longest;
    }
    atomic_store(&c.over, true);
    pthread_join(reader, NULL);
    assert_int_equal(c.failed, MN_OK);
    assert_in_range(longest, 4L << 20, 110L << 20);
    assert_ok(c.s->ops->counts(c.s, &n, err));
    assert_int_equal(n.people, 16000);
    assert_ok(c.s->ops->check(c.s, err));
    c.s->ops->close(c.s);
    assert_int_equal(file_size(where, "mien.db-wal"), -1);
}

/* In another process: who closes one of these files drops the locks of its own. */
static bool files_have(const char *where, const char *text)
{
    char command[4096];
    snprintf(command, sizeof command, "grep -qF '%s' '%s'/mien.db '%s'/mien.db-wal", text, where, where);
    int status = system(command);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

/* Also while the WAL is being copied. */
static void test_erased_bytes_are_gone(void **state)
{
    (void)state;
    const char *where = mn_test_folder();
    static char text[LONG_TEXT + 1];
    pthread_t writer;
    company c = {.text = memset(text, 'x', LONG_TEXT), .transactions = 60};
    assert_ok(open_at(where, &c.s, err));
    assert_int_equal(pthread_create(&writer, NULL, write_on, &c), 0);
    for (int i = 0; i < 15; i++) {
        char secret[64];
        snprintf(secret, sizeof secret, "to be erased %d of fifteen", i);
        mn_person p = {.id = mn_id_make(), .name = secret, .active = true};
        assert_ok(c.s->ops->person_put(c.s, &p, err));
        while (!files_have(where, secret))
            ; /* it went from the WAL to the database behind the reader's back */
        assert_ok(c.s->ops->person_delete(c.s, &p.id, err));
        assert_false(files_have(where, secret));
    }
    atomic_store(&c.over, true);
    pthread_join(writer, NULL);
    assert_int_equal(c.failed, MN_OK);
    c.s->ops->close(c.s);
}

static mn_code open_version(const char *where, int version, mn_store **out, mn_error *err)
{
    return version ? mn_store_open_as(&(mn_store_where){.data_dir = where}, MN_STORE_UP_TO, version, out, err)
                   : mn_store_open(where, NULL, out, err);
}

int main(void)
{
    static const mn_store_backend sqlite_backend = {"store on SQLite", open_at};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_not_a_database),
        cmocka_unit_test(test_other_database),
        cmocka_unit_test(test_newer_version),
        cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_damaged_page),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_migration_runs_once),
        cmocka_unit_test(test_audit_tampered),
        cmocka_unit_test(test_audit_is_append_only),
        cmocka_unit_test(test_audit_by_target_uses_its_index),
        cmocka_unit_test(test_audit_hash_is_pinned),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_wal_stays_short),
        cmocka_unit_test(test_erased_bytes_are_gone),
    };
    int failed = mn_store_conformance(&sqlite_backend) + mn_store_conformance_many(&sqlite_backend) +
                 mn_store_conformance_migrations(open_version);
    failed += mn_store_conformance_access(&sqlite_backend);
    return failed + cmocka_run_group_tests_name("SQLite itself", tests, NULL, NULL);
}
