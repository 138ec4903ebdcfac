/* Records as a stream: between the back ends and a file, there and back, damaged, and killed in the middle.
 */
#include "base/alloc.h"
#include "base/file.h"
#include "postgres_server.h"
#include "store/audit.h"
#include "store/stream.h"
#include "support.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PEOPLE 1200 /* more than two pages */

static mn_store *open_sqlite(const char *folder)
{
    char path[400];
    mn_store *s = NULL;
    snprintf(path, sizeof path, "%s/mien.db", folder);
    assert_ok(mn_store_open_sqlite(path, &s, err));
    return s;
}

static void put_person(mn_store *s, const mn_list *list, unsigned i)
{
    uint8_t sealed[600];
    uint64_t seed = i;
    char name[64], external[32], hash[40];
    for (size_t j = 0; j < sizeof sealed; j++)
        sealed[j] = (uint8_t)mn_test_random(&seed);
    snprintf(name, sizeof name, "Zo\xc3\xab Person %u", i);
    snprintf(external, sizeof external, "E%u", i);
    snprintf(hash, sizeof hash, "hash%u", i);
    const mn_person p = {.id = mn_id_make(),
                         .external_id = i % 3 ? external : NULL,
                         .name = name,
                         .user_data = i % 2 ? "" : NULL,
                         .active = i % 5 != 0,
                         .created = i,
                         .updated = i + 1};
    const mn_consent c = {.id = mn_id_make(),
                          .person = p.id,
                          .purpose = (mn_purpose)(i % 4),
                          .method = "form",
                          .evidence = i % 2 ? "cabinet" : NULL,
                          .given = i,
                          .until = MN_TIME_NEVER,
                          .withdrawn = MN_TIME_NEVER};
    const mn_face_record f = {.id = mn_id_make(),
                              .person = p.id,
                              .source = "a.jpg",
                              .source_hash = hash,
                              .quality = 0.1f * (float)(i % 9),
                              .sample = i % 2 ? mn_id_make() : (mn_id){{0}},
                              .created = i};
    const mn_descriptor_record d = {
        .face = f.id, .model = "m-128", .dim = 128, .sealed = sealed, .sealed_len = sizeof sealed};
    assert_ok(s->ops->person_put(s, &p, err));
    assert_ok(s->ops->key_put(s, &p.id, sealed, 82, err));
    assert_ok(s->ops->consent_put(s, &c, err));
    assert_ok(s->ops->member_put(s, &list->id, &p.id, (mn_time)i, err));
    assert_ok(s->ops->face_put(s, &f, err));
    assert_ok(s->ops->descriptor_put(s, &d, err));
    mn_audit_record r = {.time = (mn_time)i,
                         .actor = "test",
                         .action = "person.enrol",
                         .target = i % 2 ? name : NULL,
                         .detail = "{}"};
    assert_ok(s->ops->audit_append(s, &r, err));
    if (i % 100 == 99) /* so that there is trash, and a change of somebody who is gone */
        assert_ok(s->ops->person_delete(s, &p.id, err));
}

static void fill(mn_store *s, unsigned people)
{
    const mn_list list = {.id = mn_id_make(),
                          .name = "staff",
                          .purpose = MN_PURPOSE_LIVE,
                          .retention = MN_TIME_DAY,
                          .fmr = 1e-5,
                          .created = 7};
    assert_ok(s->ops->begin(s, err));
    assert_ok(s->ops->meta_put(s, "pack", "standard", err));
    assert_ok(s->ops->list_put(s, &list, err));
    for (unsigned i = 0; i < people; i++)
        put_person(s, &list, i);
    assert_ok(s->ops->commit(s, err));
}

static mn_stream_totals measure(mn_store *s)
{
    mn_source *source = NULL;
    mn_stream_totals t;
    const mn_stream_options o = {0};
    assert_ok(s->ops->begin_read(s, err));
    assert_ok(mn_source_open_store(s, NULL, &source, err));
    assert_ok(mn_stream_measure(source, &o, &t, err));
    mn_source_close(source);
    s->ops->rollback(s);
    return t;
}

static uint64_t rows_of(const mn_stream_totals *t, const char *kind)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->kinds[i].name, kind) == 0)
            return t->kinds[i].rows;
    return 0;
}

static void check_full(mn_store *s)
{
    mn_audit_report report;
    const mn_stream_totals t = measure(s);
    assert_int_equal(rows_of(&t, "person"), 1188);
    assert_int_equal(rows_of(&t, "person_key"), 1188);
    assert_int_equal(rows_of(&t, "descriptor"), 1188);
    assert_int_equal(rows_of(&t, "change"), 1200);
    assert_int_equal(rows_of(&t, "trash"), 12);
    assert_int_equal(rows_of(&t, "audit"), 1200);
    assert_ok(mn_audit_verify(s, &report, err));
    assert_ok(s->ops->check(s, err));
}

/* Twice: whoever did not hear that it was done starts it again. */
static void copy(mn_store *from, mn_store *to)
{
    for (int i = 0; i < 2; i++) {
        mn_copy_report report = {0};
        assert_ok(mn_store_copy(from, to, NULL, NULL, NULL, &report, err));
        assert_int_equal(report.audit, 1200);
        assert_false(report.moved_on);
    }
    const mn_stream_totals a = measure(from), b = measure(to);
    assert_ok(mn_stream_compare(&a, &b, err));
    check_full(to);
}

/* The number of the next change goes on behind those that were copied. */
static void write_on(mn_store *s)
{
    uint64_t before, after;
    const mn_person p = {.id = mn_id_make(), .name = "Later", .active = true};
    mn_audit_record r = {.time = 1, .actor = "test", .action = "later", .detail = "{}"};
    assert_ok(s->ops->generation(s, &before, err));
    assert_ok(s->ops->person_put(s, &p, err));
    assert_ok(s->ops->generation(s, &after, err));
    assert_true(after > before);
    assert_ok(s->ops->audit_append(s, &r, err));
    assert_int_equal(r.seq, 1201);
}

static void test_there_and_back(void **state)
{
    (void)state;
    postgres_need();
    postgres_start();
    mn_store *first = open_sqlite(mn_test_folder()), *back = open_sqlite(mn_test_folder()), *postgres = NULL;
    const char *schema = postgres_new_schema();
    assert_ok(mn_store_open_postgres(postgres_url(schema), &postgres, err));
    fill(first, PEOPLE);
    copy(first, postgres);
    copy(postgres, back);
    write_on(postgres);
    write_on(back);
    mn_copy_report report;
    mn_error e = {0};
    assert_int_equal(mn_store_copy(first, back, NULL, NULL, NULL, &report, &e), MN_E_EXISTS);
    assert_non_null(strstr(e.text, "nothing is overwritten"));
    first->ops->close(first);
    back->ops->close(back);
    postgres->ops->close(postgres);
}

/* ---- every table is in the stream ---- */

static void test_every_table_has_a_kind(void **state)
{
    (void)state;
    char path[400];
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    size_t tables = 0;
    const char *folder = mn_test_folder();
    mn_store *s = open_sqlite(folder);
    s->ops->close(s);
    snprintf(path, sizeof path, "%s/mien.db", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c "
                           "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
                           -1, &st, NULL),
        SQLITE_OK);
    for (; sqlite3_step(st) == SQLITE_ROW; tables++) {
        const char *table = (const char *)sqlite3_column_text(st, 0);
        const char *column = (const char *)sqlite3_column_text(st, 1);
        const mn_kind *k = mn_kind_find(table);
        if (!k || mn_kind_column(k, column) == k->n_columns)
            fail_msg("%s.%s is in no backup: add it to src/store/kinds.c", table, column);
    }
    assert_true(tables > 50);
    sqlite3_finalize(st);
    sqlite3_close(db);
    for (size_t i = 0; i < mn_kind_count(); i++)
        assert_true(mn_kind_sound(mn_kind_at(i)));
}

static void test_both_back_ends_have_the_same_version(void **state)
{
    (void)state;
    int one = 0, other = 0;
    postgres_need();
    postgres_start();
    mn_store *sqlite = open_sqlite(mn_test_folder()), *postgres = NULL;
    assert_ok(mn_store_open_postgres(postgres_url(postgres_new_schema()), &postgres, err));
    assert_ok(sqlite->ops->version(sqlite, &one, err));
    assert_ok(postgres->ops->version(postgres, &other, err));
    assert_int_equal(one, other);
    assert_int_equal(one, mn_store_newest_version());
    sqlite->ops->close(sqlite);
    postgres->ops->close(postgres);
}

/* ---- files ---- */

static void write_file(mn_store *s, const char *path, mn_stream_totals *t)
{
    const mn_stream_options o = {0};
    mn_source *source = NULL;
    assert_ok(s->ops->begin_read(s, err));
    assert_ok(mn_source_open_store(s, NULL, &source, err));
    assert_ok(mn_stream_write(source, path, &o, t, err));
    mn_source_close(source);
    s->ops->rollback(s);
}

static void test_a_file_holds_the_same(void **state)
{
    (void)state;
    char path[400];
    mn_stream_totals t, again;
    mn_source *source = NULL;
    const mn_stream_options o = {0};
    const char *folder = mn_test_folder();
    mn_store *s = open_sqlite(folder), *other = open_sqlite(mn_test_folder());
    fill(s, PEOPLE);
    snprintf(path, sizeof path, "%s/records", folder);
    write_file(s, path, &t);
    assert_ok(mn_source_open_file(path, &source, err));
    assert_ok(mn_stream_measure(source, &o, &again, err));
    mn_source_close(source);
    assert_ok(mn_stream_compare(&t, &again, err));
    assert_ok(mn_source_open_file(path, &source, err));
    assert_ok(mn_stream_load(source, other, "one", &o, err));
    mn_source_close(source);
    assert_int_equal(mn_stream_unfinished(other, NULL), MN_E_INVALID);
    assert_ok(mn_stream_finish(other, "one", err));
    assert_ok(mn_stream_unfinished(other, err));
    again = measure(other);
    assert_ok(mn_stream_compare(&t, &again, err));
    check_full(other);
    s->ops->close(s);
    other->ops->close(other);
}

static mn_code read_through(const char *path, mn_error *err)
{
    mn_source *source = NULL;
    mn_stream_totals t;
    const mn_stream_options o = {0};
    mn_code code = mn_source_open_file(path, &source, err);
    if (code != MN_OK)
        return code;
    code = mn_stream_measure(source, &o, &t, err);
    mn_source_close(source);
    return code;
}

static void test_every_flipped_byte_and_cut_is_noticed(void **state)
{
    (void)state;
    char path[400], damaged[400];
    mn_stream_totals t;
    mn_buf file;
    const char *folder = mn_test_folder();
    mn_store *s = open_sqlite(folder);
    fill(s, 2);
    snprintf(path, sizeof path, "%s/records", folder);
    snprintf(damaged, sizeof damaged, "%s/damaged", folder);
    write_file(s, path, &t);
    s->ops->close(s);
    mn_buf_init(&file, 1 << 20);
    mn_test_read(path, &file);
    assert_true(file.len > 2000);
    FILE *f = fopen(damaged, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(file.data, 1, file.len, f), file.len);
    assert_int_equal(fflush(f), 0);
    for (size_t i = 0; i < file.len; i++) {
        assert_int_equal(pwrite(fileno(f), &(uint8_t){(uint8_t)(file.data[i] ^ 0x10)}, 1, (off_t)i), 1);
        if (read_through(damaged, NULL) != MN_E_CORRUPT)
            fail_msg("a flipped bit at %zu is not noticed", i);
        assert_int_equal(pwrite(fileno(f), file.data + i, 1, (off_t)i), 1);
    }
    assert_ok(read_through(damaged, err));
    for (size_t i = file.len; i-- > 0;) {
        assert_int_equal(ftruncate(fileno(f), (off_t)i), 0);
        if (read_through(damaged, NULL) != MN_E_CORRUPT)
            fail_msg("an end at %zu is not noticed", i);
    }
    fclose(f);
    mn_buf_finish(&file);
}

/* ---- killed, cancelled, and no memory ---- */

typedef struct {
    uint64_t hold_at; /* rows; 0: goes on to the end */
    int out;
} victim;

static void hold_at(void *user, uint64_t rows)
{
    const victim *v = user;
    if (v->hold_at && rows >= v->hold_at)
        mn_test_hold(v->out);
}

static void copy_until_killed(const char *from, const char *to, victim *v)
{
    mn_copy_report report;
    mn_store *a = open_sqlite(from), *b = open_sqlite(to);
    _exit(mn_store_copy(a, b, hold_at, v, NULL, &report, NULL) == MN_OK ? 0 : 3);
}

/* After so many rows; nobody takes it for whole then. */
static void kill_at(const char *from, const char *to, uint64_t rows)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    victim v = {.hold_at = rows, .out = pipes[1]};
    pid_t child = mn_test_fork();
    if (child == 0)
        copy_until_killed(from, to, &v);
    close(pipes[1]);
    mn_test_wait_held(pipes[0]);
    assert_true(mn_test_kill(child));
    close(pipes[0]);
    mn_store *b = open_sqlite(to);
    assert_int_equal(mn_stream_unfinished(b, NULL), MN_E_INVALID);
    b->ops->close(b);
}

/* At some moment. True: it got through before. */
static bool kill_after(const char *from, const char *to, useconds_t us)
{
    victim v = {0};
    pid_t child = mn_test_fork();
    if (child == 0)
        copy_until_killed(from, to, &v);
    usleep(us);
    return !mn_test_kill(child);
}

/* Between two pages, for certain, and then at any moment. */
static void test_kill_9_and_resume(void **state)
{
    (void)state;
    const char *from = mn_test_folder();
    uint64_t seed = 11;
    mn_store *a = open_sqlite(from);
    fill(a, PEOPLE);
    const mn_stream_totals one = measure(a);
    for (int round = 0; round < 6; round++) {
        const char *to = mn_test_folder();
        mn_copy_report report;
        bool done = false;
        for (int i = 0; i < 2; i++)
            kill_at(from, to, 1 + mn_test_random(&seed) % (one.rows - 1));
        for (int i = 0; i < 4 && !done; i++)
            done = kill_after(from, to, (useconds_t)(mn_test_random(&seed) % 60000));
        mn_store *b = open_sqlite(to);
        if (!done)
            assert_ok(mn_store_copy(a, b, NULL, NULL, NULL, &report, err));
        const mn_stream_totals other = measure(b);
        assert_ok(mn_stream_compare(&one, &other, err));
        assert_ok(mn_stream_unfinished(b, err));
        check_full(b);
        b->ops->close(b);
    }
    a->ops->close(a);
}

typedef struct {
    mn_cancel cancel;
    uint64_t after, seen;
} stopper;

static void stop_after(void *user, uint64_t rows)
{
    stopper *s = user;
    s->seen = rows;
    if (rows > s->after)
        mn_cancel_set(&s->cancel);
}

static void test_a_source_that_moved_on_does_not_resume(void **state)
{
    (void)state;
    mn_store *a = open_sqlite(mn_test_folder()), *b = open_sqlite(mn_test_folder());
    mn_copy_report report;
    mn_error e = {0};
    stopper stop = {.after = 3000};
    fill(a, PEOPLE);
    assert_int_equal(mn_store_copy(a, b, stop_after, &stop, &stop.cancel, &report, &e), MN_E_CANCELLED);
    assert_true(stop.seen > 3000 && stop.seen < 5000);
    assert_int_equal(mn_stream_unfinished(b, &e), MN_E_INVALID);
    assert_int_equal(mn_store_copy(b, a, NULL, NULL, NULL, &report, &e),
                     MN_E_INVALID); /* from half a store */
    write_on(a);
    assert_int_equal(mn_store_copy(a, b, NULL, NULL, NULL, &report, &e), MN_E_EXISTS);
    a->ops->close(a);
    b->ops->close(b);
}

static void test_no_memory(void **state)
{
    (void)state;
    mn_store *a = open_sqlite(mn_test_folder()), *b = open_sqlite(mn_test_folder());
    mn_copy_report report;
    fill(a, 3);
    mn_code code = MN_E_MEMORY;
    for (long n = 1; code != MN_OK; n++) {
        mn_alloc_fail_at(n);
        code = mn_store_copy(a, b, NULL, NULL, NULL, &report, NULL);
        mn_alloc_fail_at(0);
        assert_true(code == MN_OK || code == MN_E_MEMORY);
        assert_true(n < 3000);
    }
    const mn_stream_totals one = measure(a), other = measure(b);
    assert_ok(mn_stream_compare(&one, &other, err));
    a->ops->close(a);
    b->ops->close(b);
}

/* ---- versions ---- */

static void test_opening_by_version(void **state)
{
    (void)state;
    mn_store *s = NULL;
    mn_error e = {0};
    int version = 0;
    const mn_store_where where = {.data_dir = mn_test_folder()}, empty = {.data_dir = mn_test_folder()};
    assert_int_equal(mn_store_open_as(&where, MN_STORE_LOOK, 0, &s, &e), MN_E_NOT_FOUND);
    assert_ok(mn_store_open_as(&where, MN_STORE_UP_TO, 1, &s, err));
    assert_ok(s->ops->version(s, &version, err));
    assert_int_equal(version, 1);
    s->ops->close(s);
    assert_ok(mn_store_open_as(&where, MN_STORE_LOOK, 0, &s, err));
    s->ops->close(s);
    assert_int_equal(mn_store_open_as(&empty, MN_STORE_UP_TO, 9999, &s, &e), MN_E_INVALID);
    if (mn_store_newest_version() > 1)
        assert_int_equal(mn_store_open_as(&where, MN_STORE_REFUSE, 0, &s, &e), MN_E_INVALID);
    assert_ok(mn_store_open_as(&where, MN_STORE_MIGRATE, 0, &s, err));
    assert_ok(s->ops->version(s, &version, err));
    assert_int_equal(version, mn_store_newest_version());
    s->ops->close(s);
    assert_ok(mn_store_open_as(&where, MN_STORE_REFUSE, 0, &s, err));
    s->ops->close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_every_table_has_a_kind),
        cmocka_unit_test(test_both_back_ends_have_the_same_version),
        cmocka_unit_test(test_a_file_holds_the_same),
        cmocka_unit_test(test_every_flipped_byte_and_cut_is_noticed),
        cmocka_unit_test(test_kill_9_and_resume),
        cmocka_unit_test(test_a_source_that_moved_on_does_not_resume),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_opening_by_version),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
