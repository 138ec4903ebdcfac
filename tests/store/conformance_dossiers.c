/* What galleries and their snapshots ask of a store. */
#include "conformance_parts.h"

#include <string.h>

static void put_consent(fixture *f, uint8_t n, uint8_t person, mn_purpose purpose, mn_time until)
{
    mn_consent c = {.id = make_id('c', n),
                    .person = make_id('p', person),
                    .purpose = purpose,
                    .method = "m",
                    .given = 10,
                    .until = until,
                    .withdrawn = 900};
    assert_ok(f->s->ops->consent_put(f->s, &c, err));
}

/* Four people: two with everything, one who has only a name, one who is not active and has no key. */
static void put_dossiers(fixture *f)
{
    mn_id one = make_id('p', 1), three = make_id('p', 3), staff = make_id('l', 1), guests = make_id('l', 2);
    mn_person away = make_person(4, "D", NULL);
    away.active = false;
    put_person(f, 1, "A");
    put_person(f, 2, "B");
    put_person(f, 3, "C");
    assert_ok(f->s->ops->person_put(f->s, &away, err));
    put_list(f, 1, "staff");
    put_list(f, 2, "guests");
    assert_ok(f->s->ops->key_put(f->s, &one, (const uint8_t *)"k1", 2, err));
    assert_ok(f->s->ops->key_put(f->s, &three, (const uint8_t *)"key3", 4, err));
    put_consent(f, 1, 3, MN_PURPOSE_LIVE, 500);
    put_consent(f, 2, 1, MN_PURPOSE_IDENTIFICATION, 600);
    put_consent(f, 3, 3, MN_PURPOSE_ATTENDANCE, 700);
    assert_ok(f->s->ops->member_put(f->s, &guests, &three, 1, err));
    assert_ok(f->s->ops->member_put(f->s, &staff, &three, 2, err));
    assert_ok(f->s->ops->member_put(f->s, &staff, &one, 3, err));
    put_face(f, 1, 3, NULL); /* face ids do not follow people */
    put_face(f, 2, 1, NULL);
    put_face(f, 3, 3, NULL);
    put_face(f, 4, 4, NULL);
    put_descriptor(f, 1, "m", "s1");
    put_descriptor(f, 1, "other", "o1");
    put_descriptor(f, 2, "m", "sealed2");
    put_descriptor(f, 3, "m", "s3");
    put_descriptor(f, 4, "other", "o4");
}

static void test_dossiers(void **state)
{
    fixture *f = *state;
    mn_dossier *d = NULL;
    mn_id nil = {0}, second = make_id('p', 2), last = make_id('p', 4);
    size_t n = 9;
    assert_ok(f->s->ops->dossiers(f->s, "m", &nil, 10, f->a, &d, &n, err));
    assert_int_equal(n, 0);
    put_dossiers(f);
    assert_ok(f->s->ops->dossiers(f->s, "m", &nil, 3, f->a, &d, &n, err));
    assert_int_equal(n, 3);
    assert_id(d[0].person, 'p', 1);
    assert_true(d[0].active);
    assert_int_equal(d[0].key_len, 2);
    assert_memory_equal(d[0].key, "k1", 2);
    assert_int_equal(d[0].n_consents, 1);
    assert_int_equal(d[0].consents[0].purpose, MN_PURPOSE_IDENTIFICATION);
    assert_true(d[0].consents[0].given == 10 && d[0].consents[0].until == 600);
    assert_true(d[0].consents[0].withdrawn == 900);
    assert_int_equal(d[0].n_lists, 1);
    assert_id(d[0].lists[0].list, 'l', 1);
    assert_int_equal(d[0].lists[0].purpose, MN_PURPOSE_IDENTIFICATION);
    assert_true(d[0].lists[0].until == MN_TIME_NEVER);
    assert_int_equal(d[0].n_faces, 1);
    assert_id(d[0].faces[0].descriptor.face, 'f', 2);
    assert_string_equal(d[0].faces[0].descriptor.model, "m");
    assert_int_equal(d[0].faces[0].descriptor.dim, 128);
    assert_int_equal(d[0].faces[0].descriptor.sealed_len, 7);
    assert_memory_equal(d[0].faces[0].descriptor.sealed, "sealed2", 7);
    assert_id(d[1].person, 'p', 2);
    assert_true(d[1].active && !d[1].key);
    assert_int_equal(d[1].n_consents + d[1].n_lists + d[1].n_faces, 0);
    assert_int_equal(d[2].key_len, 4);
    assert_int_equal(d[2].n_consents, 2);
    assert_int_equal(d[2].n_lists, 2);
    assert_int_equal(d[2].n_faces, 2);
    assert_id(d[2].faces[0].descriptor.face, 'f', 1);
    assert_id(d[2].faces[1].descriptor.face, 'f', 3);
    assert_ok(f->s->ops->dossiers(f->s, "m", &second, 1, f->a, &d, &n, err));
    assert_int_equal(n, 1);
    assert_id(d[0].person, 'p', 3);
    assert_int_equal(d[0].n_faces, 2);
    assert_ok(f->s->ops->dossiers(f->s, "m", &second, 9, f->a, &d, &n, err));
    assert_int_equal(n, 2);
    assert_false(d[1].active);
    assert_int_equal(d[1].n_faces, 0);
    assert_ok(f->s->ops->dossiers(f->s, "m", &last, 9, f->a, &d, &n, err));
    assert_int_equal(n, 0);
}

static bool has_snapshot_key(fixture *f)
{
    const char *value = NULL;
    reopen(f);
    assert_ok(f->s->ops->meta_get(f->s, "snapshot_key", f->a, &value, err));
    return value != NULL;
}

/* What takes biometric data out takes the key of its copies out; nothing else does, and a write that is taken
 * back does not. */
static void test_snapshot_key_goes_with_the_data(void **state)
{
    fixture *f = *state;
    put_dossiers(f);
    mn_id one = make_id('p', 1), face = make_id('f', 1), staff = make_id('l', 1), nobody = make_id('p', 9);
    for (int i = 0; i < 3; i++) {
        assert_ok(f->s->ops->meta_put(f->s, "snapshot_key", "sealed", err));
        assert_ok(f->s->ops->member_delete(f->s, &staff, &one, 0, err));
        assert_ok(f->s->ops->member_put(f->s, &staff, &one, 3, err));
        assert_code(f->s->ops->person_delete(f->s, &nobody, err), MN_E_NOT_FOUND);
        assert_true(has_snapshot_key(f));
        assert_ok(f->s->ops->begin(f->s, err));
        assert_ok(f->s->ops->key_delete(f->s, &one, err));
        f->s->ops->rollback(f->s);
        assert_true(has_snapshot_key(f));
        if (i == 0)
            assert_ok(f->s->ops->face_delete(f->s, &face, err));
        else if (i == 1)
            assert_ok(f->s->ops->key_delete(f->s, &one, err));
        else
            assert_ok(f->s->ops->person_delete(f->s, &one, err));
        assert_false(has_snapshot_key(f));
    }
}

int conformance_dossiers(const char *name)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {T(test_dossiers), T(test_snapshot_key_goes_with_the_data)};
#undef T
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
