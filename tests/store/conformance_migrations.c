/* From every version on, with data in it, to the newest one. */
#include "conformance.h"

#include "store/audit.h"
#include "support.h"

#include <string.h>

static mn_store_open_version *open_version;

static const mn_id person = {{1}}, list = {{2}}, face = {{3}}, consent = {{4}}, sample = {{5}};

/* The columns that these tables have had since the first version. */
static const mn_kind old_people = {"person",
                                   false,
                                   1,
                                   7,
                                   {{"id", MN_COLUMN_ID},
                                    {"account", MN_COLUMN_ID},
                                    {"external_id", MN_COLUMN_TEXT},
                                    {"name", MN_COLUMN_TEXT},
                                    {"active", MN_COLUMN_BOOL},
                                    {"created", MN_COLUMN_INT},
                                    {"updated", MN_COLUMN_INT}}};
static const mn_kind old_lists = {"list",
                                  false,
                                  1,
                                  7,
                                  {{"id", MN_COLUMN_ID},
                                   {"account", MN_COLUMN_ID},
                                   {"name", MN_COLUMN_TEXT},
                                   {"purpose", MN_COLUMN_TEXT},
                                   {"retention", MN_COLUMN_INT},
                                   {"fmr", MN_COLUMN_REAL},
                                   {"created", MN_COLUMN_INT}}};

static mn_value text(const char *t)
{
    return (mn_value){.bytes = (const uint8_t *)t, .n = strlen(t)};
}

static mn_value id(const mn_id *i)
{
    return (mn_value){.bytes = i->bytes, .n = sizeof i->bytes};
}

static void put_rows(mn_store *s)
{
    static const mn_id account;
    const mn_value one = {.integer = 1}, retention = {.integer = 500}, fmr = {.real = 0};
    const mn_value p[] = {id(&person), id(&account), text("17"), text("Anna"), one, one, one};
    const mn_value l[] = {id(&list), id(&account), text("staff"), text("live_identification"), retention,
                          fmr,       one};
    assert_ok(s->ops->begin(s, err));
    assert_ok(s->ops->rows_put(s, &old_people, p, 1, err));
    assert_ok(s->ops->rows_put(s, &old_lists, l, 1, err));
    assert_ok(s->ops->commit(s, err));
}

/* What every version has had since the first. */
static void put_data(mn_store *s)
{
    const mn_store_ops *o = s->ops;
    const mn_consent c = {.id = consent,
                          .person = person,
                          .purpose = MN_PURPOSE_LIVE,
                          .method = "form",
                          .given = 1,
                          .until = 77,
                          .withdrawn = MN_TIME_NEVER};
    const mn_face_record f = {
        .id = face, .person = person, .source = "a.jpg", .quality = 0.5f, .sample = sample};
    const mn_descriptor_record d = {
        .face = face, .model = "m", .dim = 128, .sealed = (const uint8_t *)"sealed", .sealed_len = 6};
    mn_audit_record r = {.time = 1, .actor = "test", .action = "x", .detail = "{}"};
    assert_ok(o->meta_put(s, "pack", "standard", err));
    put_rows(s);
    assert_ok(o->key_put(s, &person, (const uint8_t *)"wrapped", 7, err));
    assert_ok(o->member_put(s, &list, &person, 100, err));
    assert_ok(o->consent_put(s, &c, err));
    assert_ok(o->face_put(s, &f, err));
    assert_ok(o->descriptor_put(s, &d, err));
    assert_ok(o->audit_append(s, &r, err));
}

static void check_people(mn_store *s, mn_arena *a)
{
    mn_person p;
    mn_consent *c = NULL;
    mn_membership *m = NULL;
    const uint8_t *key = NULL;
    const char *pack = NULL;
    size_t n = 0;
    const mn_id account = {{0}};
    assert_ok(s->ops->person_by_external_id(s, &account, "17", a, &p, err));
    assert_string_equal(p.name, "Anna");
    assert_ok(s->ops->key_get(s, &person, a, &key, &n, err));
    assert_int_equal(n, 7);
    assert_memory_equal(key, "wrapped", 7);
    assert_ok(s->ops->consent_list(s, &person, a, &c, &n, err));
    assert_int_equal(n, 1);
    assert_int_equal(c->until, 77);
    assert_ok(s->ops->lists_of(s, &person, 0, a, &m, &n, err));
    assert_int_equal(n, 1);
    assert_int_equal(m->until, 600);
    assert_ok(s->ops->meta_get(s, "pack", a, &pack, err));
    assert_string_equal(pack, "standard");
}

static void check_data(mn_store *s, mn_arena *a)
{
    mn_face_record f;
    mn_descriptor_record d;
    mn_audit_report report;
    mn_id *changed = NULL;
    size_t n = 0;
    uint64_t reached = 0;
    check_people(s, a);
    assert_ok(s->ops->face_get(s, &face, a, &f, err));
    assert_memory_equal(&f.sample, &sample, 16);
    assert_ok(s->ops->descriptor_get(s, &face, "m", a, &d, err));
    assert_memory_equal(d.sealed, "sealed", 6);
    assert_ok(mn_audit_verify(s, &report, err));
    assert_int_equal(report.records, 1);
    assert_ok(s->ops->changes(s, 0, 10, a, &changed, &n, &reached, err));
    assert_int_equal(n, 1);
    assert_ok(s->ops->check(s, err));
}

static void test_from(int version)
{
    const char *where = mn_test_folder();
    mn_store *s = NULL;
    int now = 0;
    mn_arena *a = mn_arena_create(1 << 20);
    assert_non_null(a);
    assert_ok(open_version(where, version, &s, err));
    assert_ok(s->ops->version(s, &now, err));
    assert_int_equal(now, version);
    put_data(s);
    s->ops->close(s);
    assert_ok(open_version(where, 0, &s, err));
    assert_ok(s->ops->version(s, &now, err));
    assert_int_equal(now, mn_store_newest_version());
    check_data(s, a);
    /* What came later works on what was there. */
    const mn_erasure e = {.person = person, .asked = 1, .due = 2};
    assert_ok(s->ops->erasure->put(s, &e, err));
    assert_ok(s->ops->person_delete(s, &person, err));
    assert_ok(s->ops->check(s, err));
    s->ops->close(s);
    mn_arena_destroy(a);
}

static void test_every_version(void **state)
{
    (void)state;
    assert_true(mn_store_newest_version() >= 3);
    for (int version = 1; version <= mn_store_newest_version(); version++)
        test_from(version);
}

int mn_store_conformance_migrations(mn_store_open_version *open)
{
    open_version = open;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_version)};
    return cmocka_run_group_tests_name("migrations", tests, NULL, NULL);
}
