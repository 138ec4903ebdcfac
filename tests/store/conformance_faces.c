/* Looking through faces, and the whole pictures that belong to them. */
#include "conformance_parts.h"

#include <string.h>

static void put_graded(fixture *f, uint8_t n, uint8_t person, float quality, mn_time created)
{
    const mn_face_record face = {.id = make_id('f', n),
                                 .person = make_id('p', person),
                                 .source = "door.jpg",
                                 .quality = quality,
                                 .created = created};
    assert_ok(f->s->ops->face_put(f->s, &face, err));
}

/* Five faces of three people; two of equal quality, two of the same moment; the last one elsewhere. */
static void put_faces(fixture *f)
{
    mn_account other = {
        .id = make_id('a', 1), .name = "other", .created = 1, .updated = 1, .expires = MN_TIME_NEVER};
    mn_person theirs = make_person(3, "C", NULL);
    assert_ok(f->s->ops->access->account_put(f->s, &other, err));
    theirs.account = other.id;
    put_person(f, 1, "A");
    put_person(f, 2, "B");
    assert_ok(f->s->ops->person_put(f->s, &theirs, err));
    put_list(f, 1, "staff");
    mn_id staff = make_id('l', 1), two = make_id('p', 2);
    assert_ok(f->s->ops->member_put(f->s, &staff, &two, 1, err));
    put_graded(f, 1, 1, 0.5f, 300);
    put_graded(f, 2, 2, 0.25f, 200);
    put_graded(f, 3, 1, 0.75f, 200);
    put_graded(f, 4, 2, 0.5f, 100);
    put_graded(f, 5, 3, 1, 250);
}

static mn_face_query everything(void)
{
    return (mn_face_query){.max_quality = 1, .from = INT64_MIN, .to = INT64_MAX, .limit = 10};
}

static void expect(fixture *f, const mn_face_query *q, const char *faces)
{
    mn_face_found *found = NULL;
    size_t n = 9;
    assert_ok(f->s->ops->face->page(f->s, q, f->a, &found, &n, err));
    assert_int_equal(n, strlen(faces));
    for (size_t i = 0; i < n; i++)
        assert_id(found[i].face.id, 'f', (uint8_t)(faces[i] - '0'));
}

static void test_orders(void **state)
{
    fixture *f = *state;
    mn_face_query q = everything();
    put_faces(f);
    expect(f, &q, "4231");
    q.order = MN_FACES_NEWEST;
    expect(f, &q, "1324");
    q.order = MN_FACES_WORST;
    expect(f, &q, "2143");
    q.order = MN_FACES_BEST;
    expect(f, &q, "3412");
    q.account = make_id('a', 1);
    expect(f, &q, "5");
}

/* Page by page each face comes once, in every order. */
static void test_pages(void **state)
{
    static const char *const all[] = {"4231", "1324", "2143", "3412"};
    fixture *f = *state;
    put_faces(f);
    for (int order = 0; order < 4; order++) {
        mn_face_query q = everything();
        mn_face_found *found = NULL;
        size_t n = 1;
        q.order = (mn_face_order)order;
        q.limit = 1;
        for (size_t i = 0; i < 4; i++) {
            assert_ok(f->s->ops->face->page(f->s, &q, f->a, &found, &n, err));
            assert_int_equal(n, 1);
            assert_id(found[0].face.id, 'f', (uint8_t)(all[order][i] - '0'));
            q.after = &found[0].face.id;
            q.after_created = found[0].face.created;
            q.after_quality = (double)found[0].face.quality;
        }
        expect(f, &q, "");
    }
}

static void test_filters(void **state)
{
    fixture *f = *state;
    mn_face_query q = everything();
    mn_id staff = make_id('l', 1), one = make_id('p', 1), nobody = make_id('p', 9);
    put_faces(f);
    q.list = &staff;
    expect(f, &q, "42");
    q.person = &one;
    expect(f, &q, "");
    q.list = NULL;
    const mn_id both[] = {one, staff};
    q.person = NULL;
    q.lists = both;
    q.n_lists = 2;
    expect(f, &q, "42");
    q.n_lists = 0; /* kept to none */
    expect(f, &q, "");
    q.lists = NULL;
    q.person = &one;
    expect(f, &q, "31");
    q.person = &nobody;
    expect(f, &q, "");
    q = everything();
    q.min_quality = 0.5;
    expect(f, &q, "431");
    q.max_quality = 0.5;
    expect(f, &q, "41");
    q = everything();
    q.from = 200;
    expect(f, &q, "231");
    q.to = 300;
    expect(f, &q, "23");
}

static mn_original make_original(uint8_t face)
{
    return (mn_original){
        .face = make_id('f', face), .blob = make_id('o', face), .format = "image/png", .bytes = 4096};
}

static size_t count_trash(fixture *f, mn_id *last)
{
    mn_id *blobs = NULL;
    size_t n = 0;
    assert_ok(f->s->ops->trash_list(f->s, 10, f->a, &blobs, &n, err));
    if (n > 0)
        *last = blobs[n - 1];
    return n;
}

static void test_originals(void **state)
{
    fixture *f = *state;
    mn_original o = make_original(1), got;
    mn_face_found *found = NULL;
    mn_face_query q = everything();
    mn_id last;
    size_t n = 0;
    put_faces(f);
    assert_code(f->s->ops->face->original_get(f->s, &o.face, f->a, &got, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->face->original_put(f->s, &o, err));
    reopen(f);
    assert_ok(f->s->ops->face->original_get(f->s, &o.face, f->a, &got, err));
    assert_id(got.blob, 'o', 1);
    assert_string_equal(got.format, "image/png");
    assert_int_equal(got.bytes, 4096);
    q.order = MN_FACES_NEWEST;
    assert_ok(f->s->ops->face->page(f->s, &q, f->a, &found, &n, err));
    assert_true(found[0].original && !found[1].original);
    assert_int_equal(count_trash(f, &last), 0);
    assert_ok(f->s->ops->face->original_delete(f->s, &o.face, err));
    assert_int_equal(count_trash(f, &last), 1);
    assert_id(last, 'o', 1);
    assert_code(f->s->ops->face->original_delete(f->s, &o.face, err), MN_E_NOT_FOUND);
}

/* Their blobs are to be removed, however the face goes. */
static void test_originals_go_with_their_faces(void **state)
{
    fixture *f = *state;
    mn_original first = make_original(1), third = make_original(3), got;
    mn_id one = make_id('p', 1), last;
    put_faces(f);
    assert_ok(f->s->ops->face->original_put(f->s, &first, err));
    assert_ok(f->s->ops->face->original_put(f->s, &third, err));
    assert_ok(f->s->ops->face_delete(f->s, &first.face, err));
    assert_int_equal(count_trash(f, &last), 1);
    assert_id(last, 'o', 1);
    assert_ok(f->s->ops->person_delete(f->s, &one, err));
    assert_int_equal(count_trash(f, &last), 2);
    assert_id(last, 'o', 3);
    assert_code(f->s->ops->face->original_get(f->s, &third.face, f->a, &got, err), MN_E_NOT_FOUND);
}

static void test_an_original_needs_its_face(void **state)
{
    fixture *f = *state;
    mn_original o = make_original(1);
    assert_int_not_equal(f->s->ops->face->original_put(f->s, &o, NULL), MN_OK);
}

int conformance_faces(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_orders, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_originals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_originals_go_with_their_faces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_original_needs_its_face, setup, teardown),
    };
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
