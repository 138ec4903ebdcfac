/* A membership ends with its list's retention: from that moment on it is shown nowhere as one, whether its
 * row is still there or not; the rows are removed, with a record. */
#include "core/export.h"
#include "core/faces.h"
#include "core/match.h"
#include "core/records.h"
#include "core/verify.h"
#include "crowd.h"
#include "places.h"
#include "support.h"

#include <string.h>

#define IDENTIFY MN_PURPOSE_IDENTIFICATION

static mn_id list_id(world *w, const char *name)
{
    mn_list l;
    const mn_id account = {{0}};
    assert_ok(w->core->store->ops->list_by_name(w->core->store, &account, name, w->arena, &l, err));
    return l.id;
}

static mn_id make_list(world *w, const char *name)
{
    static const mn_time retention = MN_TIME_DAY;
    static const mn_purpose purpose = IDENTIFY;
    mn_list_view v;
    const mn_list_fields f = {.name = name, .purpose = &purpose, .retention = &retention};
    assert_ok(mn_core_list_create(w->core, &ann, &f, w->arena, &v, err));
    return v.list.id;
}

/* As if they had come two days ago, where they may stay for one. */
static void end_membership(world *w, const mn_id *list, const mn_id *person)
{
    mn_store *s = w->core->store;
    assert_ok(s->ops->member_put(s, list, person, mn_time_now() - 2 * MN_TIME_DAY, err));
}

static mn_code one_more(void *ctx, const mn_match_pair *p, mn_error *err)
{
    size_t *n = ctx;
    (void)p;
    (void)err;
    ++*n;
    return MN_OK;
}

static mn_code give(void *ctx, const mn_export_person *p, mn_error *err)
{
    mn_id *last = ctx;
    (void)err;
    *last = p->view->person.id;
    return MN_OK;
}

/* By every way to look: only `there` is in the list, and has one face. */
static void assert_only(world *w, const char *list, const mn_id *there)
{
    const mn_id id = list_id(w, list);
    mn_core *c = w->core;
    mn_list_view v, *lists = NULL;
    mn_member *m = NULL;
    mn_person_view *people = NULL;
    mn_face_found *faces = NULL;
    mn_face_vector *vectors = NULL;
    mn_face_record last;
    mn_match_report report;
    bool more = false;
    size_t n = 0, pairs = 0;
    uint64_t given = 0;
    mn_id who;
    assert_ok(mn_core_list_get(c, &ann, &id, w->arena, &v, err));
    assert_int_equal(v.members, 1);
    const mn_list_query every = {.like = list, .active = MN_ANY, .limit = 9};
    assert_ok(mn_core_lists_find(c, &ann, &every, w->arena, &lists, &n, err));
    assert_int_equal(lists[0].members, 1);
    const mn_member_query in = {.list = id, .limit = 9};
    assert_ok(mn_core_members(c, &ann, &in, w->arena, &m, &n, err));
    assert_int_equal(n, 1);
    assert_memory_equal(&m[0].person, there, sizeof *there);
    assert_ok(mn_core_people(c, &ann, list, NULL, NULL, 9, w->arena, &people, &n, err));
    assert_int_equal(n, 1);
    assert_memory_equal(&people[0].person.id, there, sizeof *there);
    const mn_people_query all = {.active = MN_ANY,
                                 .faces = MN_ANY,
                                 .created_to = MN_TIME_NEVER,
                                 .updated_to = MN_TIME_NEVER,
                                 .limit = 9};
    assert_ok(mn_core_people_find(c, &ann, list, &all, w->arena, &people, &n, err));
    assert_int_equal(n, 1);
    const mn_face_query pictures = {.max_quality = 1, .to = MN_TIME_NEVER, .limit = 9};
    assert_ok(mn_core_faces(c, &ann, list, &pictures, w->arena, &faces, &n, err));
    assert_int_equal(n, 1);
    assert_ok(mn_core_descriptors(c, &ann, list, NULL, 9, w->arena, &vectors, &n, &last, &more, err));
    assert_int_equal(n, 1);
    assert_memory_equal(&vectors[0].person, there, sizeof *there);
    const mn_export out = {.list = list, .reason = "a test", .person = give, .ctx = &who};
    assert_ok(mn_core_export(c, &ann, &out, &given, err));
    assert_int_equal(given, 1);
    assert_memory_equal(&who, there, sizeof *there);
    const mn_match_lists twice = {
        .list = list, .purpose = IDENTIFY, .fmr = 0.9, .k = 9, .pair = one_more, .ctx = &pairs};
    assert_ok(mn_core_match(c, &ann, &twice, &report, err));
    assert_int_equal(report.people, 1);
    assert_int_equal(report.against, 1);
    assert_int_equal(pairs, 0);
}

static void test_shown_nowhere(void **state)
{
    world *w = *state;
    mn_person_view v;
    const mn_id visitors = make_list(w, "visitors");
    const mn_id anna = enrol(w, "Anna", "visitors", 1, 0).person;
    const mn_id bert = enrol(w, "Bert", "visitors", 2, 0).person;
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    end_membership(w, &visitors, &anna);
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    assert_int_equal(look_for(w, w->core, 2).n, 1);
    assert_only(w, "visitors", &bert);
    assert_ok(mn_core_person_get(w->core, &ann, &anna, w->arena, &v, err));
    assert_int_equal(v.n_lists, 0);
    assert_int_equal(v.n_faces, 1);
    assert_ok(mn_core_person(w->core, &ann, "Anna", w->arena, &v, err));
    assert_int_equal(v.n_lists, 0);
    mn_descriptor probe;
    const mn_side side = {.kind = MN_SIDE_PERSON, .id = anna};
    assert_code(mn_core_side_probe(w->core, &ann, &side, IDENTIFY, w->arena, &probe, err), MN_E_NOT_FOUND);
    assert_code(mn_core_member_remove(w->core, &ann, &visitors, &anna, err), MN_E_NOT_FOUND);
    /* The same when its row is gone. */
    mn_expired gone;
    assert_ok(mn_core_expire(w->core, &ann, &gone, err));
    assert_int_equal(gone.memberships, 1);
    assert_only(w, "visitors", &bert);
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    mn_member again;
    assert_ok(mn_core_member_add(w->core, &ann, &visitors, &anna, w->arena, &again, err));
    assert_int_equal(look_for(w, w->core, 1).n, 1);
}

/* Whoever is kept to lists sees nobody by a membership that is over, and none of it is in their way. */
static void test_who_is_kept_to_lists(void **state)
{
    world *w = *state;
    mn_person_view v;
    const mn_id visitors = make_list(w, "visitors");
    const mn_id anna = enrol(w, "Anna", "staff", 1, 0).person, staff = list_id(w, "staff");
    const char *name = "Anna K.";
    const mn_person_fields renamed = {.name = name};
    mn_member m;
    assert_ok(mn_core_member_add(w->core, &ann, &visitors, &anna, w->arena, &m, err));
    mn_actor desk = ann, office = ann;
    desk.limited = office.limited = true;
    desk.lists = &visitors;
    office.lists = &staff;
    desk.n_lists = office.n_lists = 1;
    assert_ok(mn_core_person_get(w->core, &desk, &anna, w->arena, &v, err));
    assert_code(mn_core_person_change(w->core, &office, &anna, &renamed, NULL, w->arena, &v, err),
                MN_E_FORBIDDEN);
    end_membership(w, &visitors, &anna);
    assert_code(mn_core_person_get(w->core, &desk, &anna, w->arena, &v, err), MN_E_NOT_FOUND);
    assert_code(mn_core_person(w->core, &desk, "Anna", w->arena, &v, err), MN_E_NOT_FOUND);
    assert_ok(mn_core_person_change(w->core, &office, &anna, &renamed, NULL, w->arena, &v, err));
    assert_int_equal(v.n_lists, 1);
}

/* A list's longer retention is for who is in it, not for who was. */
static void test_a_longer_retention(void **state)
{
    world *w = *state;
    mn_list_view v;
    const mn_time longer = 30 * MN_TIME_DAY;
    const mn_list_fields f = {.retention = &longer};
    const mn_id visitors = make_list(w, "visitors");
    const mn_id anna = enrol(w, "Anna", "visitors", 1, 0).person;
    enrol(w, "Bert", "visitors", 2, 0);
    end_membership(w, &visitors, &anna);
    assert_ok(mn_core_list_change(w->core, &ann, &visitors, &f, NULL, w->arena, &v, err));
    assert_int_equal(v.members, 1);
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    const mn_member_query in = {.list = visitors, .limit = 9};
    mn_member *m = NULL;
    size_t n = 0;
    assert_ok(mn_core_members(w->core, &ann, &in, w->arena, &m, &n, err));
    assert_int_equal(n, 1);
    assert_int_equal(m[0].until - m[0].added, longer);
}

/* By name one is looked for among who is in the list; by an external id among all, and begins anew. */
static void test_enrolled_again(void **state)
{
    world *w = *state;
    const mn_consent_given given = agreed(IDENTIFY);
    const mn_enrol_person by_id = {
        .external_id = "E-1", .name = "Anna", .list = "visitors", .consent = &given};
    const mn_id visitors = make_list(w, "visitors");
    mn_enrolment first, next;
    for (unsigned i = 0; i < 2; i++) {
        const mn_enrol_face face = {.face = make_face(w, 1, i)};
        assert_ok(mn_core_enrol(w->core, &ann, &by_id, &face, w->arena, i == 0 ? &first : &next, err));
        assert_true(i == 0 || mn_id_compare(&first.person, &next.person) == 0);
        if (i == 0)
            end_membership(w, &visitors, &first.person);
    }
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    mn_membership *m = NULL;
    size_t n = 0;
    assert_ok(w->core->store->ops->lists_of(w->core->store, &first.person, 0, w->arena, &m, &n, err));
    assert_int_equal(n, 1);
    assert_true(m->added > mn_time_now() - MN_TIME_DAY);
    assert_int_equal(m->until, m->added + MN_TIME_DAY);
    end_membership(w, &visitors, &first.person);
    next = enrol(w, "Anna", "visitors", 2, 0);
    assert_true(next.person_is_new);
}

static uint64_t count_records(world *w, const mn_id *account)
{
    mn_audit_record *r = NULL;
    size_t n = 0;
    const mn_audit_query q = {.account = account,
                              .actor = "test:ann",
                              .action = "list.members.expire",
                              .from = INT64_MIN,
                              .to = MN_TIME_NEVER,
                              .limit = 9};
    assert_ok(w->core->store->ops->audit_find(w->core->store, &q, w->arena, &r, &n, err));
    return n;
}

/* More than a page, in lists of two accounts. */
static void test_removed(void **state)
{
    world *w = *state;
    mn_store *s = w->core->store;
    const mn_account other = {
        .id = mn_id_make(), .name = "other", .created = 1, .updated = 1, .expires = MN_TIME_NEVER};
    mn_list brief = {.id = mn_id_make(), .account = other.id, .name = "brief", .retention = 1};
    mn_person eva = {.id = mn_id_make(), .account = other.id, .name = "Eva", .active = true};
    mn_list guests;
    mn_expired gone;
    crowd_enrol(w, 0, 300, &(crowd_kind){.purpose = IDENTIFY, .list = "guests"});
    crowd_enrol(w, 300, 2, &(crowd_kind){.purpose = IDENTIFY, .list = "staff"});
    assert_ok(s->ops->access->account_put(s, &other, err));
    assert_ok(s->ops->list_put(s, &brief, err));
    assert_ok(s->ops->person_put(s, &eva, err));
    assert_ok(s->ops->member_put(s, &brief.id, &eva.id, 7, err));
    const mn_id id = list_id(w, "guests");
    assert_ok(s->ops->list_get(s, &id, w->arena, &guests, err));
    guests.retention = 1;
    assert_ok(s->ops->list_put(s, &guests, err));
    assert_ok(mn_core_expire(w->core, &ann, &gone, err));
    assert_int_equal(gone.memberships, 301);
    assert_int_equal(gone.people, 0);
    assert_int_equal(count_records(w, &other.id), 1);
    assert_int_equal(count_records(w, &ann.account), 2);
    assert_true(crowd_finds(w, 300));
    assert_false(crowd_finds(w, 1));
    mn_store_counts counts;
    assert_ok(s->ops->counts(s, &counts, err));
    assert_int_equal(counts.people, 303); /* who was in it is still there */
    assert_ok(mn_core_expire(w->core, &ann, &gone, err));
    assert_int_equal(gone.memberships, 0);
    assert_int_equal(count_records(w, NULL), 3);
}

/* What was not done before it was closed is done at the next opening. */
static void test_removed_at_opening(void **state)
{
    world *w = *state;
    char detail[200], want[MN_ID_TEXT];
    const mn_id visitors = make_list(w, "visitors");
    const mn_id anna = enrol(w, "Anna", "visitors", 1, 0).person;
    end_membership(w, &visitors, &anna);
    world_reopen(w);
    assert_int_equal(mn_core_expired_at_opening(w->core).memberships, 1);
    assert_int_equal(count_audit(w, "list.members.expire", detail, sizeof detail), 1);
    mn_id_format(&anna, want);
    assert_non_null(strstr(detail, want));
    world_reopen(w);
    assert_int_equal(mn_core_expired_at_opening(w->core).memberships, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_shown_nowhere),
        T(test_who_is_kept_to_lists),
        T(test_a_longer_retention),
        T(test_enrolled_again),
        T(test_removed),
        T(test_removed_at_opening),
    };
#undef T
    return run_in_both("ended", tests, tests);
}
