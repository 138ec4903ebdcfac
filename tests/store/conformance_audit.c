/* Looking through the audit log, on every back end. */
#include "conformance_parts.h"
#include "store/audit.h"
#include "store/kinds.h"

#include <stdio.h>
#include <string.h>

/* Ten records: seq 1 to 10 at the times 100 to 109, turn by turn of two accounts, two actors, three actions
 * and two targets. */
static void write_ten(fixture *f)
{
    static const char *const actions[] = {"person.create", "person.change", "persona"};
    for (int i = 0; i < 10; i++) {
        mn_audit_record r = {.time = 100 + i,
                             .account = i % 2 ? make_id('a', 1) : (mn_id){{0}},
                             .actor = i < 5 ? "user:anna" : "user:berta",
                             .action = actions[i % 3],
                             .target = i % 4 == 0   ? "t0"
                                       : i % 4 == 1 ? "t1"
                                                    : NULL,
                             .detail = "{}"};
        assert_ok(f->s->ops->audit_append(f->s, &r, err));
        assert_int_equal(r.seq, i + 1);
    }
}

static void find(fixture *f, mn_audit_query q, const char *want)
{
    char got[200] = "";
    size_t n = 0, at = 0;
    mn_audit_record *r = NULL;
    q.to = q.to ? q.to : INT64_MAX;
    q.limit = q.limit ? q.limit : 100;
    assert_ok(f->s->ops->audit_find(f->s, &q, f->a, &r, &n, err));
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(got + at, sizeof got - at, "%s%d", i ? " " : "", (int)r[i].seq);
    assert_string_equal(got, want);
}

static void test_filters(void **state)
{
    fixture *f = *state;
    const mn_id first = {{0}}, second = make_id('a', 1), third = make_id('a', 2);
    find(f, (mn_audit_query){0}, "");
    write_ten(f);
    find(f, (mn_audit_query){0}, "1 2 3 4 5 6 7 8 9 10");
    find(f, (mn_audit_query){.newest = true}, "10 9 8 7 6 5 4 3 2 1");
    find(f, (mn_audit_query){.account = &first}, "1 3 5 7 9");
    find(f, (mn_audit_query){.account = &second, .newest = true}, "10 8 6 4 2");
    find(f, (mn_audit_query){.account = &third}, "");
    find(f, (mn_audit_query){.actor = "user:anna"}, "1 2 3 4 5");
    find(f, (mn_audit_query){.actor = "user"}, "");
    find(f, (mn_audit_query){.action = "person.create"}, "1 4 7 10");
    find(f, (mn_audit_query){.action = "person."}, "");
    find(f, (mn_audit_query){.action = "person.", .beginning = true}, "1 2 4 5 7 8 10");
    find(f, (mn_audit_query){.action = "person", .beginning = true}, "1 2 3 4 5 6 7 8 9 10");
    find(f, (mn_audit_query){.action = "persona"}, "3 6 9");
    find(f, (mn_audit_query){.target = "t0"}, "1 5 9");
    find(f, (mn_audit_query){.target = "t1", .account = &second, .newest = true}, "10 6 2");
    find(f, (mn_audit_query){.target = "t1", .account = &first}, "");
    find(f, (mn_audit_query){.from = 103, .to = 106}, "4 5 6");
    find(f, (mn_audit_query){.from = 103, .to = 109, .actor = "user:berta", .action = "person.create"}, "7");
}

static void test_pages(void **state)
{
    fixture *f = *state;
    const mn_id second = make_id('a', 1);
    write_ten(f);
    find(f, (mn_audit_query){.limit = 4}, "1 2 3 4");
    find(f, (mn_audit_query){.limit = 4, .after = 4}, "5 6 7 8");
    find(f, (mn_audit_query){.limit = 4, .after = 8}, "9 10");
    find(f, (mn_audit_query){.limit = 4, .after = 10}, "");
    find(f, (mn_audit_query){.limit = 4, .newest = true}, "10 9 8 7");
    find(f, (mn_audit_query){.limit = 4, .newest = true, .after = 3}, "2 1");
    find(f, (mn_audit_query){.limit = 4, .newest = true, .after = 1}, "");
    find(f, (mn_audit_query){.limit = 2, .account = &second, .after = 4}, "6 8");
    find(f, (mn_audit_query){.limit = 2, .target = "t0", .newest = true, .after = 9}, "5 1");
}

/* Records far apart, as rows, about turn by turn of two ids that end alike and a short text. */
#define FAR_APART 60

static const char *const targets[] = {"01890000-0000-7000-8000-00000000beef",
                                      "01890000-0000-7000-8000-11110000beef", "t"};

static uint64_t far_seq(size_t i)
{
    return i < 20 ? 4090 + i : i * i * 500; /* around the end of a block; then to the 425th */
}

static void write_far_apart(fixture *f)
{
    static const uint8_t none[32];
    const mn_kind *k = mn_kind_find("audit");
    for (size_t i = 0; i < FAR_APART; i++) {
        const mn_value hash = {.bytes = none, .n = 32},
                       row[] = {{.integer = (int64_t)far_seq(i)},
                                {.integer = 1},
                                {.bytes = none, .n = 16},
                                {.bytes = (const uint8_t *)"a", .n = 1},
                                {.bytes = (const uint8_t *)"x", .n = 1},
                                {.bytes = (const uint8_t *)targets[i % 3], .n = strlen(targets[i % 3])},
                                {.bytes = (const uint8_t *)"{}", .n = 2},
                                hash,
                                hash};
        assert_ok(f->s->ops->rows_put(f->s, k, row, 1, err));
    }
}

static void test_about_in_far_blocks(void **state)
{
    fixture *f = *state;
    assert_ok(f->s->ops->begin(f->s, err));
    write_far_apart(f);
    assert_ok(f->s->ops->commit(f->s, err));
    for (size_t t = 0; t < 3; t++)
        for (size_t limit = 1; limit <= FAR_APART; limit += 6)
            for (int newest = 0; newest < 2; newest++) {
                mn_audit_query q = {.target = targets[t], .to = 2, .limit = limit, .newest = newest};
                size_t n = limit, seen = 0;
                while (n == limit) {
                    mn_audit_record *r = NULL;
                    assert_ok(f->s->ops->audit_find(f->s, &q, f->a, &r, &n, err));
                    assert_true(n <= limit);
                    for (size_t i = 0; i < n; i++, seen++) {
                        assert_int_equal(r[i].seq, far_seq(t + 3 * (newest ? 19 - seen : seen)));
                        assert_string_equal(r[i].target, targets[t]);
                        q.after = r[i].seq;
                    }
                }
                assert_int_equal(seen, FAR_APART / 3);
            }
    find(f, (mn_audit_query){.target = "01890000-0000-7000-8000-22220000beef"}, "");
    find(f, (mn_audit_query){.target = "t", .after = 1, .newest = true}, "");
    find(f, (mn_audit_query){.target = "t", .after = INT64_MAX}, "");
}

/* What is read is what was written, hashes too. */
static void test_records(void **state)
{
    fixture *f = *state;
    mn_audit_record wrote = {.time = 5,
                             .account = make_id('a', 1),
                             .actor = "user:zo\xc3\xab",
                             .action = "x",
                             .detail = "{\"a\":1}"},
                    *r = NULL;
    size_t n = 0;
    const mn_audit_query q = {.to = 6, .limit = 9};
    assert_ok(f->s->ops->audit_append(f->s, &wrote, err));
    assert_ok(f->s->ops->audit_find(f->s, &q, f->a, &r, &n, err));
    assert_int_equal(n, 1);
    assert_int_equal(r->seq, 1);
    assert_true(r->time == 5);
    assert_id(r->account, 'a', 1);
    assert_string_equal(r->actor, "user:zo\xc3\xab");
    assert_string_equal(r->action, "x");
    assert_null(r->target);
    assert_string_equal(r->detail, "{\"a\":1}");
    assert_memory_equal(r->prev, wrote.prev, 32);
    assert_memory_equal(r->hash, wrote.hash, 32);
}

static void test_chain_in_pages(void **state)
{
    fixture *f = *state;
    mn_audit_report whole, report = {.records = 99};
    mn_cancel cancel = {0};
    assert_ok(mn_audit_verify_pages(f->s, 0, &cancel, &report, err));
    assert_int_equal(report.records, 0);
    write_ten(f);
    assert_ok(mn_audit_verify(f->s, &whole, err));
    assert_ok(mn_audit_verify_pages(f->s, mn_deadline_in_ms(600000), NULL, &report, err));
    assert_int_equal(report.records, 10);
    assert_memory_equal(report.head, whole.head, 32);
    report.records = 99;
    assert_code(mn_audit_verify_pages(f->s, 1, NULL, &report, err), MN_E_TIMEOUT);
    assert_ok(f->s->ops->meta_put(f->s, "audit_head", "9 00", err));
    assert_code(mn_audit_verify_pages(f->s, 0, NULL, &report, err), MN_E_CORRUPT);
    mn_cancel_set(&cancel);
    assert_code(mn_audit_verify_pages(f->s, 0, &cancel, &report, err), MN_E_CANCELLED);
    assert_int_equal(report.records, 99);
}

int conformance_audit(const char *name)
{
    char title[100];
    snprintf(title, sizeof title, "looking through the audit log on %s", name);
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {T(test_filters), T(test_pages), T(test_about_in_far_blocks),
                                       T(test_records), T(test_chain_in_pages)};
#undef T
    return cmocka_run_group_tests_name(title, tests, NULL, NULL);
}
