/* Looking through people, members and consents; lists with all they have; evidence; kept answers. */
#include "conformance_parts.h"

#include <stdio.h>
#include <string.h>

static const mn_people_query everybody = {.active = MN_ANY,
                                          .faces = MN_ANY,
                                          .now = 100,
                                          .created_to = MN_TIME_NEVER,
                                          .updated_to = MN_TIME_NEVER,
                                          .limit = 50};

/* The numbers of the people found, one character each. */
static void find(fixture *f, const mn_people_query *q, char out[64])
{
    mn_person *people = NULL;
    size_t n = 0;
    assert_ok(f->s->ops->people->page(f->s, q, f->a, &people, &n, err));
    assert_true(n < 64);
    for (size_t i = 0; i < n; i++)
        out[i] = (char)('0' + people[i].id.bytes[15]);
    out[n] = 0;
}

#define assert_found(query, want)                                                                            \
    do {                                                                                                     \
        char got_[64];                                                                                       \
        find(f, &(query), got_);                                                                             \
        assert_string_equal(got_, want);                                                                     \
    } while (0)

static void put(fixture *f, uint8_t n, const char *name, const char *external_id, const char *custom)
{
    mn_person p = make_person(n, name, external_id);
    p.created = 1000 + 10 * n;
    p.updated = 9000 - 10 * n;
    p.custom = custom;
    p.active = n != 4;
    assert_ok(f->s->ops->person_put(f->s, &p, err));
}

static void put_crowd(fixture *f)
{
    put(f, 1, "Dora", "E-1", "{\"dep\":\"Lab\",\"n\":3,\"tags\":[\"a\",\"b\"]}");
    put(f, 2, "anna", "E-2", "{\"dep\":\"Lab\",\"n\":4}");
    put(f, 3, "Anna", "x_1", NULL);
    put(f, 4, "Bert", NULL, "{\"dep\":\"Archive\",\"ok\":true}");
    put(f, 5, "Anna", NULL, "{\"tags\":[\"b\"]}");
}

static void test_orders(void **state)
{
    fixture *f = *state;
    put_crowd(f);
    static const char *const want[MN_PEOPLE_ORDERS] = {"12345", "54321", "35412", "21453", "54321", "12345"};
    for (int order = 0; order < MN_PEOPLE_ORDERS; order++) {
        mn_people_query q = everybody;
        q.order = (mn_people_order)order;
        assert_found(q, want[order]);
        q.limit = 2; /* and page by page */
        char all[64] = "", part[64];
        mn_person *people = NULL;
        size_t n = 2;
        mn_id after;
        while (n == 2) {
            find(f, &q, part);
            strcat(all, part);
            assert_ok(f->s->ops->people->page(f->s, &q, f->a, &people, &n, err));
            if (n > 0) {
                after = people[n - 1].id;
                q.after = &after;
                q.after_name = people[n - 1].name;
                q.after_time = order >= MN_PEOPLE_UPDATED ? people[n - 1].updated : people[n - 1].created;
            }
        }
        assert_string_equal(all, want[order]);
    }
}

static void test_conditions(void **state)
{
    fixture *f = *state;
    put_crowd(f);
    put_list(f, 1, "staff");
    mn_id list = make_id('l', 1), other = make_id('l', 9), person;
    for (uint8_t n = 1; n <= 3; n++) {
        person = make_id('p', n);
        assert_ok(f->s->ops->member_put(f->s, &list, &person, 5, err));
    }
    put_face(f, 1, 2, NULL);
    mn_consent c = {.id = make_id('c', 1),
                    .person = make_id('p', 3),
                    .purpose = MN_PURPOSE_ATTENDANCE,
                    .method = "m",
                    .given = 50,
                    .until = 200,
                    .withdrawn = MN_TIME_NEVER};
    assert_ok(f->s->ops->consent_put(f->s, &c, err));
    const mn_purpose attendance = MN_PURPOSE_ATTENDANCE, live = MN_PURPOSE_LIVE;
#define Q(...)                                                                                               \
    {                                                                                                        \
        mn_people_query q = everybody;                                                                       \
        __VA_ARGS__;                                                                                         \
    }
    Q(q.like = "ann"; assert_found(q, "235"));
    Q(q.like = "x_"; assert_found(q, "3"));
    Q(q.like = "e-"; assert_found(q, "12"));
    Q(q.external_id = "E-2"; assert_found(q, "2"));
    Q(q.external_id = "E-2"; q.active = MN_NO; assert_found(q, ""));
    Q(q.active = MN_NO; assert_found(q, "4"));
    Q(q.active = MN_YES; q.order = MN_PEOPLE_NEWEST; assert_found(q, "5321"));
    Q(q.faces = MN_YES; assert_found(q, "2"));
    Q(q.faces = MN_NO; assert_found(q, "1345"));
    Q(q.list = &list; assert_found(q, "123"));
    Q(q.list = &list; q.order = MN_PEOPLE_NEWEST; assert_found(q, "321"));
    Q(q.list = &list; q.order = MN_PEOPLE_NAME; assert_found(q, "312"));
    Q(q.list = &other; assert_found(q, ""));
    const mn_id both[] = {other, list};
    Q(q.lists = both; q.n_lists = 2; assert_found(q, "123"));
    Q(q.lists = both; q.n_lists = 2; q.order = MN_PEOPLE_NAME_DOWN; q.limit = 2; assert_found(q, "21"));
    Q(q.lists = both; q.n_lists = 2; q.external_id = "E-2"; assert_found(q, "2"));
    Q(q.lists = both; q.n_lists = 1; assert_found(q, ""));
    Q(q.lists = both; assert_found(q, ""));                    /* kept to none */
    Q(q.list = &list; q.lists = both; assert_found(q, "123")); /* the one that is named */
    Q(q.consent = &attendance; assert_found(q, "3"));
    Q(q.consent = &attendance; q.now = 200; assert_found(q, ""));
    Q(q.consent = &live; assert_found(q, ""));
    Q(q.created_from = 1020; q.created_to = 1040; assert_found(q, "23"));
    Q(q.updated_from = 8960; q.updated_to = 8980; assert_found(q, "34"));
    Q(q.account = make_id('a', 7); assert_found(q, ""));
    Q(q.custom = "{\"dep\":\"Lab\"}"; assert_found(q, "12"));
    Q(q.custom = "{\"dep\":\"Lab\",\"n\":4}"; assert_found(q, "2"));
    Q(q.custom = "{\"tags\":[\"b\"]}"; assert_found(q, "15"));
    Q(q.custom = "{\"ok\":true}"; assert_found(q, "4"));
    Q(q.custom = "{\"dep\":\"b\"}"; assert_found(q, ""));
#undef Q
}

static void test_custom_and_avatar(void **state)
{
    fixture *f = *state;
    mn_person p = make_person(1, "a", NULL), got;
    const mn_id id = p.id;
    p.custom = "{\"a\":1}";
    p.avatar = make_id('f', 3);
    const mn_records many = {.people = &p, .n_people = 1};
    assert_ok(f->s->ops->put_many(f->s, &many, err));
    assert_ok(f->s->ops->person_get(f->s, &id, f->a, &got, err));
    assert_string_equal(got.custom, "{\"a\":1}");
    assert_id(got.avatar, 'f', 3);
    p.custom = NULL;
    p.avatar = (mn_id){0};
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    assert_ok(f->s->ops->person_get(f->s, &id, f->a, &got, err));
    assert_null(got.custom);
    assert_true(mn_id_is_nil(&got.avatar));
}

static void test_lists(void **state)
{
    fixture *f = *state;
    put_crowd(f);
    mn_list l = {.id = make_id('l', 1),
                 .name = "staff",
                 .purpose = MN_PURPOSE_ATTENDANCE,
                 .retention = MN_TIME_NEVER,
                 .created = 7,
                 .updated = 8,
                 .comment = "who works here",
                 .color = "#102030",
                 .inactive = true,
                 .sound = true};
    mn_list got;
    mn_member *m = NULL;
    uint64_t count = 9, before = 0, after = 0;
    size_t n = 0;
    assert_ok(f->s->ops->list_put(f->s, &l, err));
    assert_ok(f->s->ops->list_get(f->s, &l.id, f->a, &got, err));
    assert_string_equal(got.comment, "who works here");
    assert_string_equal(got.color, "#102030");
    assert_int_equal(got.updated, 8);
    assert_true(got.inactive && got.sound && !got.acknowledge);
    for (uint8_t i = 1; i <= 4; i++) {
        mn_id person = make_id('p', i);
        assert_ok(f->s->ops->member_put(f->s, &l.id, &person, 5 + i, err));
    }
    assert_ok(f->s->ops->people->member_count(f->s, &l.id, 0, &count, err));
    assert_int_equal(count, 4);
    const mn_place behind = {.id = make_id('p', 1)};
    const mn_member_query q = {.list = l.id, .after = &behind, .limit = 2};
    assert_ok(f->s->ops->people->members(f->s, &q, f->a, &m, &n, err));
    assert_int_equal(n, 2);
    assert_id(m[0].person, 'p', 2);
    assert_string_equal(m[0].name, "anna");
    assert_string_equal(m[0].external_id, "E-2");
    assert_int_equal(m[1].added, 8);
    assert_int_equal(m[1].until, MN_TIME_NEVER);
    assert_ok(f->s->ops->generation(f->s, &before, err));
    assert_ok(f->s->ops->people->list_delete(f->s, &l.id, err));
    assert_ok(f->s->ops->generation(f->s, &after, err));
    assert_true(after > before); /* its members are in a list less */
    assert_ok(f->s->ops->people->member_count(f->s, &l.id, 0, &count, err));
    assert_int_equal(count, 0);
    assert_code(f->s->ops->people->list_delete(f->s, &l.id, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->person_get(f->s, &behind.id, f->a, &(mn_person){0}, err));
}

static void put_named(fixture *f, uint8_t n, const char *name, mn_purpose purpose, mn_time created,
                      bool inactive)
{
    const mn_list l = {.id = make_id('l', n),
                       .name = name,
                       .purpose = purpose,
                       .retention = MN_TIME_NEVER,
                       .created = created,
                       .inactive = inactive};
    assert_ok(f->s->ops->list_put(f->s, &l, err));
}

/* The numbers of the lists found, one character each, page by page. */
static void find_lists(fixture *f, mn_list_query q, char out[64])
{
    mn_list_view *found = NULL;
    size_t n = q.limit, all = 0;
    while (n == q.limit) {
        assert_ok(f->s->ops->people->lists(f->s, &q, f->a, &found, &n, err));
        assert_true(n <= q.limit && all + n < 64);
        for (size_t i = 0; i < n; i++) {
            out[all++] = (char)('0' + found[i].list.id.bytes[15]);
            q.after = &found[i].list.id;
            q.after_name = found[i].list.name;
            q.after_created = found[i].list.created;
        }
    }
    out[all] = 0;
}

static void test_pages_of_lists(void **state)
{
    static const char *const want[] = {"3142", "2413", "2134", "4312"};
    const mn_purpose live = MN_PURPOSE_LIVE;
    fixture *f = *state;
    char got[64];
    put_named(f, 1, "guests", MN_PURPOSE_LIVE, 20, false);
    put_named(f, 2, "staff", MN_PURPOSE_ATTENDANCE, 10, false);
    put_named(f, 3, "Staff_old", MN_PURPOSE_LIVE, 20, true);
    put_named(f, 4, "guests of staff", MN_PURPOSE_LIVE, 30, false);
    for (int order = 0; order < 4; order++)
        for (size_t limit = 1; limit <= 5; limit++) {
            const mn_list_query q = {.active = MN_ANY, .order = (mn_list_order)order, .limit = limit};
            find_lists(f, q, got);
            assert_string_equal(got, want[order]);
        }
#define FOUND(want, ...)                                                                                     \
    {                                                                                                        \
        mn_list_query q = {.active = MN_ANY, .limit = 2};                                                    \
        __VA_ARGS__;                                                                                         \
        find_lists(f, q, got);                                                                               \
        assert_string_equal(got, want);                                                                      \
    }
    FOUND("342", q.like = "STAFF");
    FOUND("3", q.like = "f_o");
    FOUND("314", q.purpose = &live);
    FOUND("3", q.active = MN_NO);
    FOUND("142", q.active = MN_YES);
    FOUND("14", q.active = MN_YES; q.purpose = &live);
    FOUND("", q.account = make_id('a', 7));
#undef FOUND
    mn_list_view *found = NULL;
    size_t n = 0;
    const mn_id guests = make_id('l', 1), one = make_id('p', 1), two = make_id('p', 2);
    put_person(f, 1, "A");
    put_person(f, 2, "B");
    assert_ok(f->s->ops->member_put(f->s, &guests, &one, 5, err));
    assert_ok(f->s->ops->member_put(f->s, &guests, &two, 5, err));
    const mn_list_query q = {.active = MN_YES, .limit = 9};
    assert_ok(f->s->ops->people->lists(f->s, &q, f->a, &found, &n, err));
    assert_int_equal(n, 3);
    assert_int_equal(found[0].members, 2);
    assert_int_equal(found[1].members, 0);
    assert_string_equal(found[0].list.name, "guests");
    assert_int_equal(found[0].list.created, 20);
}

/* A list that is sorted for a page, and one that is too large for that: the same pages. */
static void test_small_and_large_lists(void **state)
{
    enum { N = 10001 };
    static mn_person people[N];
    static mn_member_record members[N];
    static char names[N][8];
    fixture *f = *state;
    put_list(f, 1, "all");
    put_person(f, 1, "n00000"); /* in no list */
    const mn_id list = make_id('l', 1);
    for (size_t i = 0; i < N; i++) {
        mn_id id = make_id('q', (uint8_t)(i & 0xff));
        id.bytes[14] = (uint8_t)(i >> 8);
        snprintf(names[i], sizeof names[i], "n%05u", (unsigned)(N - i));
        people[i] = (mn_person){.id = id, .name = names[i], .active = true, .updated = 50000 - (mn_time)i};
        members[i] = (mn_member_record){.list = list, .person = id, .added = 5};
    }
    const mn_records r = {.people = people, .n_people = N, .members = members, .n_members = N};
    assert_ok(f->s->ops->put_many(f->s, &r, err));
    for (int round = 0; round < 2; round++) {
        for (int order = MN_PEOPLE_NAME; order < MN_PEOPLE_ORDERS; order++) {
            bool down = order == MN_PEOPLE_NAME_DOWN || order == MN_PEOPLE_UPDATED_DOWN;
            mn_people_query q = everybody;
            mn_person *found = NULL;
            size_t n = 0;
            q.list = &list;
            q.order = (mn_people_order)order;
            q.limit = 3;
            q.after = &people[down ? 10 : N - 11].id;
            q.after_name = people[down ? 10 : N - 11].name;
            q.after_time = people[down ? 10 : N - 11].updated;
            assert_ok(f->s->ops->people->page(f->s, &q, f->a, &found, &n, err));
            assert_int_equal(n, 3);
            for (size_t i = 0; i < n; i++)
                assert_memory_equal(&found[i].id, &people[down ? 11 + i : N - 12 - i].id, 16);
        }
        if (round == 0)
            assert_ok(f->s->ops->member_delete(f->s, &list, &people[N / 2].id, 0, err));
    }
}

static void put_consent(fixture *f, uint8_t n, uint8_t person, mn_purpose purpose, mn_time until,
                        mn_time withdrawn)
{
    const mn_consent c = {.id = make_id('c', n),
                          .person = make_id('p', person),
                          .purpose = purpose,
                          .method = "m",
                          .given = 1,
                          .until = until,
                          .withdrawn = withdrawn};
    assert_ok(f->s->ops->consent_put(f->s, &c, err));
}

static void test_consents(void **state)
{
    fixture *f = *state;
    put_crowd(f);
    put_consent(f, 1, 1, MN_PURPOSE_LIVE, 300, MN_TIME_NEVER);
    put_consent(f, 2, 2, MN_PURPOSE_LIVE, 50, MN_TIME_NEVER);
    put_consent(f, 3, 3, MN_PURPOSE_ATTENDANCE, 300, 60);
    put_consent(f, 4, 3, MN_PURPOSE_ATTENDANCE, 200, MN_TIME_NEVER);
    put_consent(f, 5, 4, MN_PURPOSE_LIVE, MN_TIME_NEVER, MN_TIME_NEVER);
    const struct {
        mn_consent_state state;
        int purpose; /* -1: all */
        mn_time until_to;
        const char *want;
    } cases[] = {
        {MN_CONSENT_ANY, -1, MN_TIME_NEVER, "24135"},
        {MN_CONSENT_VALID, -1, MN_TIME_NEVER, "415"},
        {MN_CONSENT_EXPIRED, -1, MN_TIME_NEVER, "2"},
        {MN_CONSENT_WITHDRAWN, -1, MN_TIME_NEVER, "3"},
        {MN_CONSENT_ANY, MN_PURPOSE_LIVE, MN_TIME_NEVER, "215"},
        {MN_CONSENT_ANY, -1, 300, "24"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[8] = "";
        size_t at = 0, n = 1;
        mn_place after;
        mn_purpose purpose = (mn_purpose)cases[i].purpose;
        mn_consent_query q = {.purpose = cases[i].purpose < 0 ? NULL : &purpose,
                              .state = cases[i].state,
                              .now = 100,
                              .until_from = INT64_MIN,
                              .until_to = cases[i].until_to,
                              .given_from = INT64_MIN,
                              .given_to = MN_TIME_NEVER,
                              .limit = 1};
        while (n == 1) {
            mn_consent *c = NULL;
            assert_ok(f->s->ops->people->consents(f->s, &q, f->a, &c, &n, err));
            if (n == 1) {
                got[at++] = (char)('0' + c[0].id.bytes[15]);
                after = (mn_place){.id = c[0].id, .time = c[0].until};
                q.after = &after;
            }
        }
        assert_string_equal(got, cases[i].want);
    }
    mn_consent one;
    mn_id id = make_id('c', 3);
    assert_ok(f->s->ops->people->consent_get(f->s, &id, f->a, &one, err));
    assert_int_equal(one.withdrawn, 60);
}

static void test_a_whole_person(void **state)
{
    fixture *f = *state;
    mn_person_whole w;
    mn_id one = make_id('p', 1), list = make_id('l', 2), other = make_id('l', 1), none = make_id('p', 9);
    put_crowd(f);
    put_list(f, 1, "staff");
    put_list(f, 2, "guests");
    assert_ok(f->s->ops->member_put(f->s, &other, &one, 5, err));
    assert_ok(f->s->ops->member_put(f->s, &list, &one, 5, err));
    put_consent(f, 2, 1, MN_PURPOSE_ATTENDANCE, MN_TIME_NEVER, 60);
    put_consent(f, 1, 1, MN_PURPOSE_LIVE, 300, MN_TIME_NEVER);
    put_face(f, 2, 1, NULL);
    put_face(f, 1, 1, "hash");
    const mn_original o = {.face = make_id('f', 2), .blob = make_id('s', 9), .format = "png", .bytes = 1};
    const mn_erasure e = {.person = one, .asked = 3, .due = 4};
    assert_ok(f->s->ops->face->original_put(f->s, &o, err));
    assert_ok(f->s->ops->people->whole(f->s, &one, 0, f->a, &w, err));
    assert_int_equal(w.erasure_due, MN_TIME_NEVER);
    assert_ok(f->s->ops->erasure->put(f->s, &e, err));
    assert_ok(f->s->ops->people->whole(f->s, &one, 0, f->a, &w, err));
    assert_string_equal(w.person.name, "Dora");
    assert_string_equal(w.person.external_id, "E-1");
    assert_int_equal(w.person.created, 1010);
    assert_int_equal(w.person.updated, 8990);
    assert_true(w.person.active);
    assert_string_equal(w.person.custom, "{\"dep\":\"Lab\",\"n\":3,\"tags\":[\"a\",\"b\"]}");
    assert_int_equal(w.n_consents, 2);
    assert_id(w.consents[0].id, 'c', 1);
    assert_int_equal(w.consents[0].until, 300);
    assert_int_equal(w.consents[1].purpose, MN_PURPOSE_ATTENDANCE);
    assert_int_equal(w.consents[1].withdrawn, 60);
    assert_int_equal(w.n_lists, 2);
    assert_string_equal(w.lists[0].name, "guests");
    assert_int_equal(w.lists[1].retention, MN_TIME_NEVER);
    assert_true(w.lists[1].fmr > 0.0009 && w.lists[1].fmr < 0.0011);
    assert_int_equal(w.n_faces, 2);
    assert_id(w.faces[0].id, 'f', 1);
    assert_string_equal(w.faces[0].source_hash, "hash");
    assert_id(w.faces[0].sample, 's', 1);
    assert_true(w.faces[0].quality > 0.74f && w.faces[0].quality < 0.76f);
    assert_true(!w.faces[0].original && w.faces[1].original);
    assert_int_equal(w.erasure_due, 4);
    assert_code(f->s->ops->people->whole(f->s, &none, 0, f->a, &w, err), MN_E_NOT_FOUND);
}

static void test_evidence(void **state)
{
    fixture *f = *state;
    put_crowd(f);
    put_consent(f, 1, 1, MN_PURPOSE_LIVE, 300, MN_TIME_NEVER);
    mn_evidence e = {make_id('c', 1), make_id('s', 9), "application/pdf", 77}, got, none = e;
    none.consent = make_id('c', 9);
    assert_ok(f->s->ops->people->evidence_put(f->s, &e, err));
    assert_code(f->s->ops->people->evidence_put(f->s, &e, err), MN_E_EXISTS);
    assert_code(f->s->ops->people->evidence_put(f->s, &none, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->people->evidence_get(f->s, &e.consent, f->a, &got, err));
    assert_string_equal(got.format, "application/pdf");
    assert_int_equal(got.bytes, 77);
    mn_id person = make_id('p', 1), *trash = NULL;
    size_t n = 0;
    assert_ok(f->s->ops->person_delete(f->s, &person, err));
    assert_code(f->s->ops->people->evidence_get(f->s, &e.consent, f->a, &got, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->trash_list(f->s, 10, f->a, &trash, &n, err));
    assert_int_equal(n, 1);
    assert_id(trash[0], 's', 9);
}

static void test_kept_answers(void **state)
{
    fixture *f = *state;
    const mn_people_ops *ops = f->s->ops->people;
    put_crowd(f);
    mn_once o = {.account = make_id('a', 1), .caller = make_id('u', 1), .key = "key-0001", .until = 500}, got;
    memset(o.hash, 7, sizeof o.hash);
    assert_ok(ops->once_take(f->s, &o, err));
    assert_code(ops->once_take(f->s, &o, err), MN_E_EXISTS);
    assert_ok(ops->once_get(f->s, &o.account, &o.caller, "key-0001", f->a, &got, err));
    assert_null(got.answer);
    assert_memory_equal(got.hash, o.hash, 32);
    o.answer = (const uint8_t *)"sealed";
    o.answer_len = 6;
    o.person = make_id('p', 2);
    assert_ok(ops->once_keep(f->s, &o, err));
    assert_ok(ops->once_get(f->s, &o.account, &o.caller, "key-0001", f->a, &got, err));
    assert_int_equal(got.answer_len, 6);
    assert_memory_equal(got.answer, "sealed", 6);
    assert_ok(f->s->ops->person_delete(f->s, &o.person, err)); /* the answer speaks of that person */
    assert_code(ops->once_get(f->s, &o.account, &o.caller, "key-0001", f->a, &got, err), MN_E_NOT_FOUND);
    assert_code(ops->once_keep(f->s, &o, err), MN_E_NOT_FOUND);
    o.answer = NULL;
    o.person = (mn_id){0};
    assert_ok(ops->once_take(f->s, &o, err));
    assert_ok(ops->once_drop(f->s, &o, err));
    assert_ok(ops->once_take(f->s, &o, err));
    assert_ok(ops->once_expire(f->s, 499, err));
    assert_ok(ops->once_get(f->s, &o.account, &o.caller, "key-0001", f->a, &got, err));
    assert_ok(ops->once_expire(f->s, 500, err));
    assert_code(ops->once_get(f->s, &o.account, &o.caller, "key-0001", f->a, &got, err), MN_E_NOT_FOUND);
}

int conformance_people(const char *name)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_orders),
        T(test_conditions),
        T(test_custom_and_avatar),
        T(test_lists),
        T(test_consents),
        T(test_a_whole_person),
        T(test_evidence),
        T(test_kept_answers),
        T(test_pages_of_lists),
        T(test_small_and_large_lists),
    };
#undef T
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
