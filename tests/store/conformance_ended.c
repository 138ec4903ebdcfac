/* Memberships whose list's retention is over: nothing shows them, and they are removed in pages. */
#include "conformance_parts.h"

#include <string.h>

/* Anna is in "visitors" up to 150 and in "staff" for ever; Bert was in "visitors" up to 110. */
static void put_visitors(fixture *f)
{
    mn_list visitors = {.id = make_id('l', 1), .name = "visitors", .retention = 100, .fmr = 0.001};
    const mn_id anna = make_id('p', 1), bert = make_id('p', 2), staff = make_id('l', 2);
    put_person(f, 1, "Anna");
    put_person(f, 2, "Bert");
    put_face(f, 1, 1, NULL);
    put_face(f, 2, 2, NULL);
    put_list(f, 2, "staff");
    assert_ok(f->s->ops->list_put(f->s, &visitors, err));
    assert_ok(f->s->ops->member_put(f->s, &visitors.id, &anna, 50, err));
    assert_ok(f->s->ops->member_put(f->s, &visitors.id, &bert, 10, err));
    assert_ok(f->s->ops->member_put(f->s, &staff, &anna, 10, err));
}

static size_t lists_of(fixture *f, uint8_t person, mn_time now)
{
    mn_membership *m = NULL;
    size_t n = 9;
    const mn_id id = make_id('p', person);
    assert_ok(f->s->ops->lists_of(f->s, &id, now, f->a, &m, &n, err));
    return n;
}

/* By every way to ask who is in "visitors": the same number. */
static void assert_members(fixture *f, mn_time now, size_t want)
{
    const mn_store_ops *ops = f->s->ops;
    const mn_id account = {{0}}, visitors = make_id('l', 1);
    const char *const names[] = {"Anna", "Bert"};
    mn_member *members = NULL;
    mn_list_view *lists = NULL;
    mn_person *people = NULL;
    mn_face_found *faces = NULL;
    uint64_t count = 9;
    size_t n = 9;
    assert_ok(ops->people->member_count(f->s, &visitors, now, &count, err));
    assert_int_equal(count, want);
    const mn_list_query every_list = {.active = MN_ANY, .now = now, .order = MN_LISTS_NAME_DOWN, .limit = 1};
    assert_ok(ops->people->lists(f->s, &every_list, f->a, &lists, &n, err));
    assert_string_equal(lists[0].list.name, "visitors");
    assert_int_equal(lists[0].members, want);
    for (int order = MN_MEMBERS_PERSON; order <= MN_MEMBERS_NAME_DOWN; order++) {
        const mn_member_query q = {.list = visitors, .now = now, .order = (mn_member_order)order, .limit = 9};
        assert_ok(ops->people->members(f->s, &q, f->a, &members, &n, err));
        assert_int_equal(n, want);
    }
    for (int order = 0; order < MN_PEOPLE_ORDERS; order++) {
        mn_people_query q = {.list = &visitors,
                             .active = MN_ANY,
                             .faces = MN_ANY,
                             .now = now,
                             .created_from = INT64_MIN,
                             .created_to = MN_TIME_NEVER,
                             .updated_from = INT64_MIN,
                             .updated_to = MN_TIME_NEVER,
                             .order = (mn_people_order)order,
                             .limit = 9};
        assert_ok(ops->people->page(f->s, &q, f->a, &people, &n, err));
        assert_int_equal(n, want);
        q.list = NULL;
        q.lists = &visitors;
        q.n_lists = 1;
        assert_ok(ops->people->page(f->s, &q, f->a, &people, &n, err));
        assert_int_equal(n, want);
    }
    mn_person_query by_id = {.list = &visitors, .now = now, .limit = 9};
    assert_ok(ops->person_list(f->s, &by_id, f->a, &people, &n, err));
    assert_int_equal(n, want);
    assert_ok(ops->people_find(f->s, &account, &visitors, now, names, 2, f->a, &people, &n, err));
    assert_int_equal(n, want);
    by_id.name = "Anna";
    assert_ok(ops->person_list(f->s, &by_id, f->a, &people, &n, err));
    assert_int_equal(n, now < 150);
    mn_face_query pictures = {
        .list = &visitors, .now = now, .max_quality = 1, .from = INT64_MIN, .to = INT64_MAX, .limit = 9};
    assert_ok(ops->face->page(f->s, &pictures, f->a, &faces, &n, err));
    assert_int_equal(n, want);
    pictures.list = NULL;
    pictures.lists = &visitors;
    pictures.n_lists = 1;
    assert_ok(ops->face->page(f->s, &pictures, f->a, &faces, &n, err));
    assert_int_equal(n, want);
}

static void test_nothing_shows_them(void **state)
{
    fixture *f = *state;
    mn_person_whole whole;
    const mn_id anna = make_id('p', 1), visitors = make_id('l', 1);
    put_visitors(f);
    assert_members(f, 109, 2);
    assert_members(f, 110, 1);
    assert_members(f, 149, 1);
    assert_members(f, 150, 0); /* in the very moment of its end, as in a search */
    assert_int_equal(lists_of(f, 1, 149), 2);
    assert_int_equal(lists_of(f, 1, 150), 1);
    assert_ok(f->s->ops->people->whole(f->s, &anna, 149, f->a, &whole, err));
    assert_int_equal(whole.n_lists, 2);
    assert_ok(f->s->ops->people->whole(f->s, &anna, 150, f->a, &whole, err));
    assert_int_equal(whole.n_lists, 1);
    assert_string_equal(whole.lists[0].name, "staff");
    assert_code(f->s->ops->member_delete(f->s, &visitors, &anna, 150, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->member_put(f->s, &visitors, &anna, 160, err)); /* begins anew */
    assert_int_equal(lists_of(f, 1, 259), 2);
    assert_ok(f->s->ops->member_delete(f->s, &visitors, &anna, 259, err));
    assert_int_equal(lists_of(f, 1, 0), 1);
}

/* Whose time was over when the list changed does not come back with a longer retention. */
static void test_they_do_not_come_back(void **state)
{
    fixture *f = *state;
    mn_list visitors;
    const mn_id id = make_id('l', 1);
    put_visitors(f);
    assert_ok(f->s->ops->list_get(f->s, &id, f->a, &visitors, err));
    visitors.retention = 200;
    visitors.updated = 110;
    assert_ok(f->s->ops->list_put(f->s, &visitors, err));
    assert_int_equal(lists_of(f, 2, 109), 1);
    assert_int_equal(lists_of(f, 2, 110), 0);
    assert_int_equal(lists_of(f, 1, 249), 2);
    assert_int_equal(lists_of(f, 1, 250), 1);
}

static void test_they_are_removed(void **state)
{
    fixture *f = *state;
    mn_ended *m = NULL;
    uint64_t before = 0, after = 0;
    size_t n = 9;
    const mn_id anna = make_id('p', 1), bert = make_id('p', 2), visitors = make_id('l', 1);
    const mn_people_ops *ops = f->s->ops->people;
    put_visitors(f);
    mn_list brief = {.id = make_id('l', 0), .account = make_id('a', 1), .name = "brief", .retention = 1};
    const mn_account other = {
        .id = brief.account, .name = "other", .created = 1, .updated = 1, .expires = MN_TIME_NEVER};
    assert_ok(f->s->ops->access->account_put(f->s, &other, err));
    assert_ok(f->s->ops->list_put(f->s, &brief, err));
    assert_ok(f->s->ops->member_put(f->s, &brief.id, &bert, 120, err));
    assert_ok(ops->members_ended(f->s, 109, 9, f->a, &m, &n, err));
    assert_int_equal(n, 0);
    assert_ok(ops->members_ended(f->s, 150, 2, f->a, &m, &n, err)); /* those that ended first */
    assert_int_equal(n, 2);
    assert_id(m[0].list, 'l', 0);
    assert_id(m[0].account, 'a', 1);
    assert_id(m[1].list, 'l', 1);
    assert_id(m[1].person, 'p', 2);
    assert_true(mn_id_is_nil(&m[1].account));
    assert_ok(ops->members_ended(f->s, 150, 9, f->a, &m, &n, err)); /* each list's together */
    assert_int_equal(n, 3);
    assert_id(m[1].person, 'p', 1);
    assert_id(m[2].person, 'p', 2);
    assert_ok(f->s->ops->generation(f->s, &before, err));
    assert_ok(f->s->ops->member_delete(f->s, &visitors, &anna, 0, err));
    assert_ok(f->s->ops->member_delete(f->s, &visitors, &bert, 0, err));
    assert_ok(f->s->ops->generation(f->s, &after, err));
    assert_int_equal(after, before + 2); /* whoever follows hears of it */
    reopen(f);
    assert_ok(f->s->ops->people->members_ended(f->s, MN_TIME_NEVER - 1, 9, f->a, &m, &n, err));
    assert_int_equal(n, 1);
    assert_id(m[0].person, 'p', 2);
}

int conformance_ended(const char *name)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {T(test_nothing_shows_them), T(test_they_do_not_come_back),
                                       T(test_they_are_removed)};
#undef T
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
