#include "conformance_parts.h"

#include "store/audit.h"
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const mn_store_backend *backend;

int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->where = mn_test_folder();
    f->a = mn_arena_create(64 << 20);
    assert_non_null(f->a);
    assert_ok(backend->open(f->where, &f->s, err));
    *state = f;
    return 0;
}

int teardown(void **state)
{
    fixture *f = *state;
    mn_error e = {0};
    if (f->s->ops->check(f->s, &e) != MN_OK)
        fail_msg("after the test the store is not sound: %s", e.text);
    f->s->ops->close(f->s);
    mn_arena_destroy(f->a);
    free(f);
    return 0;
}

void reopen(fixture *f)
{
    f->s->ops->close(f->s);
    f->s = NULL;
    assert_ok(backend->open(f->where, &f->s, err));
}

/* Id n of kind k, so that tests can say which is smaller. */
mn_id make_id(uint8_t kind, uint8_t n)
{
    mn_id id = {{[0] = 1, [6] = kind, [15] = n}};
    return id;
}

mn_person make_person(uint8_t n, const char *name, const char *external_id)
{
    return (mn_person){.id = make_id('p', n),
                       .name = name,
                       .external_id = external_id,
                       .active = true,
                       .created = 1000 + n,
                       .updated = 2000 + n};
}

void put_person(fixture *f, uint8_t n, const char *name)
{
    mn_person p = make_person(n, name, NULL);
    assert_ok(f->s->ops->person_put(f->s, &p, err));
}

static mn_list make_list(uint8_t n, const char *name)
{
    return (mn_list){.id = make_id('l', n),
                     .name = name,
                     .purpose = MN_PURPOSE_IDENTIFICATION,
                     .retention = MN_TIME_NEVER,
                     .fmr = 0.001,
                     .created = 77};
}

void put_list(fixture *f, uint8_t n, const char *name)
{
    mn_list l = make_list(n, name);
    assert_ok(f->s->ops->list_put(f->s, &l, err));
}

void put_face(fixture *f, uint8_t n, uint8_t person, const char *hash)
{
    mn_face_record r = {.id = make_id('f', n),
                        .person = make_id('p', person),
                        .source = "a.jpg",
                        .source_hash = hash,
                        .quality = 0.75f,
                        .sample = make_id('s', n),
                        .created = 5000 + n};
    assert_ok(f->s->ops->face_put(f->s, &r, err));
}

void put_descriptor(fixture *f, uint8_t face, const char *model, const char *sealed)
{
    mn_descriptor_record d = {.face = make_id('f', face),
                              .model = model,
                              .dim = 128,
                              .sealed = (const uint8_t *)sealed,
                              .sealed_len = strlen(sealed)};
    assert_ok(f->s->ops->descriptor_put(f->s, &d, err));
}

void assert_id(mn_id got, uint8_t kind, uint8_t n)
{
    mn_id want = make_id(kind, n);
    assert_memory_equal(got.bytes, want.bytes, 16);
}

/* ---- meta ---- */

static void test_meta(void **state)
{
    fixture *f = *state;
    const char *v = "untouched";
    assert_ok(f->s->ops->meta_get(f->s, "pack", f->a, &v, err));
    assert_null(v);
    assert_ok(f->s->ops->meta_put(f->s, "pack", "offline", err));
    assert_ok(f->s->ops->meta_put(f->s, "pack", "standard", err));
    reopen(f);
    assert_ok(f->s->ops->meta_get(f->s, "pack", f->a, &v, err));
    assert_string_equal(v, "standard");
}

/* ---- people ---- */

static void test_person_round_trip(void **state)
{
    fixture *f = *state;
    mn_person p = make_person(1, "Ada Löve \"x\" '; DROP", "ext-1"), got;
    p.user_data = "{\"k\":1}";
    p.active = false;
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    reopen(f);
    assert_ok(f->s->ops->person_get(f->s, &p.id, f->a, &got, err));
    assert_id(got.id, 'p', 1);
    assert_true(mn_id_is_nil(&got.account));
    assert_string_equal(got.name, "Ada Löve \"x\" '; DROP");
    assert_string_equal(got.external_id, "ext-1");
    assert_string_equal(got.user_data, "{\"k\":1}");
    assert_false(got.active);
    assert_int_equal(got.created, 1001);
    assert_int_equal(got.updated, 2001);
}

static void test_person_update(void **state)
{
    fixture *f = *state;
    mn_person p = make_person(1, "Old", "e"), got;
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    p.name = "New";
    p.external_id = NULL;
    p.created = 1;
    p.updated = 9;
    assert_ok(f->s->ops->person_put(f->s, &p, err));
    assert_ok(f->s->ops->person_get(f->s, &p.id, f->a, &got, err));
    assert_string_equal(got.name, "New");
    assert_null(got.external_id);
    assert_null(got.user_data);
    assert_int_equal(got.created, 1001); /* the time of making stays */
    assert_int_equal(got.updated, 9);
}

static void test_person_unknown(void **state)
{
    fixture *f = *state;
    mn_person got = {.name = "untouched"};
    mn_id nobody = make_id('p', 9), nil = {0};
    assert_code(f->s->ops->person_get(f->s, &nobody, f->a, &got, err), MN_E_NOT_FOUND);
    assert_code(f->s->ops->person_by_external_id(f->s, &nil, "x", f->a, &got, err), MN_E_NOT_FOUND);
    assert_code(f->s->ops->person_delete(f->s, &nobody, err), MN_E_NOT_FOUND);
    assert_string_equal(got.name, "untouched");
}

static void test_external_id_is_unique(void **state)
{
    fixture *f = *state;
    mn_person a = make_person(1, "A", "same"), b = make_person(2, "B", "same"), got;
    mn_id nil = {0};
    assert_ok(f->s->ops->person_put(f->s, &a, err));
    assert_code(f->s->ops->person_put(f->s, &b, err), MN_E_EXISTS);
    b.external_id = NULL; /* several people without one are fine */
    assert_ok(f->s->ops->person_put(f->s, &b, err));
    put_person(f, 3, "C");
    assert_ok(f->s->ops->person_by_external_id(f->s, &nil, "same", f->a, &got, err));
    assert_id(got.id, 'p', 1);
}

static void test_account_must_be_there(void **state)
{
    fixture *f = *state;
    mn_person p = make_person(1, "A", NULL);
    p.account = make_id('a', 1);
    assert_code(f->s->ops->person_put(f->s, &p, err), MN_E_NOT_FOUND);
}

static size_t list_people(fixture *f, mn_person_query q, mn_person **out)
{
    size_t n = 99;
    *out = NULL;
    assert_ok(f->s->ops->person_list(f->s, &q, f->a, out, &n, err));
    return n;
}

static void test_person_paging(void **state)
{
    fixture *f = *state;
    for (uint8_t i = 20; i > 0; i--) /* written backwards: order is by id */
        put_person(f, i, "P");
    mn_person *p;
    mn_person_query q = {.limit = 7};
    uint8_t next = 1;
    for (int page = 0; page < 3; page++) {
        size_t n = list_people(f, q, &p);
        assert_int_equal(n, page < 2 ? 7 : 6);
        for (size_t i = 0; i < n; i++)
            assert_id(p[i].id, 'p', next++);
        q.after = p[n - 1].id;
    }
    assert_int_equal(list_people(f, q, &p), 0);
}

static void test_person_filters(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "Anna 100%");
    put_person(f, 2, "Hannah");
    put_person(f, 3, "Bob_x");
    mn_person p4 = make_person(4, "Dora", "anna-ext"), *p;
    assert_ok(f->s->ops->person_put(f->s, &p4, err));
    put_list(f, 1, "staff");
    mn_id staff = make_id('l', 1), second = make_id('p', 2), third = make_id('p', 3);
    assert_ok(f->s->ops->member_put(f->s, &staff, &second, 1, err));
    assert_ok(f->s->ops->member_put(f->s, &staff, &third, 1, err));

    assert_int_equal(list_people(f, (mn_person_query){.limit = 10, .name_like = "anna"}, &p), 3);
    assert_int_equal(list_people(f, (mn_person_query){.limit = 10, .name_like = "0%"}, &p), 1);
    assert_int_equal(list_people(f, (mn_person_query){.limit = 10, .name_like = "b_x"}, &p), 1);
    assert_id(p[0].id, 'p', 3);
    assert_int_equal(list_people(f, (mn_person_query){.limit = 10, .name_like = "\\"}, &p), 0);
    assert_int_equal(list_people(f, (mn_person_query){.limit = 10, .name = "anna"}, &p), 0);
    assert_int_equal(list_people(f, (mn_person_query){.limit = 10, .name = "Hannah"}, &p), 1);
    assert_id(p[0].id, 'p', 2);

    assert_int_equal(list_people(f, (mn_person_query){.limit = 10, .list = &staff}, &p), 2);
    assert_int_equal(list_people(f, (mn_person_query){.limit = 1, .list = &staff, .after = second}, &p), 1);
    assert_id(p[0].id, 'p', 3);
    assert_int_equal(list_people(f, (mn_person_query){.limit = 10, .list = &staff, .name_like = "ann"}, &p),
                     1);
    assert_int_equal(list_people(f, (mn_person_query){.limit = 10, .list = &staff, .name = "Anna 100%"}, &p),
                     0);
    assert_int_equal(list_people(f, (mn_person_query){.limit = 10, .account = make_id('a', 5)}, &p), 0);
}

/* ---- keys ---- */

static void test_key(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "A");
    mn_id p = make_id('p', 1), nobody = make_id('p', 2);
    const uint8_t *w = NULL;
    size_t n = 0;
    assert_code(f->s->ops->key_get(f->s, &p, f->a, &w, &n, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->key_put(f->s, &p, (const uint8_t *)"old", 3, err));
    assert_ok(f->s->ops->key_put(f->s, &p, (const uint8_t *)"n\0w", 3, err));
    assert_code(f->s->ops->key_put(f->s, &nobody, (const uint8_t *)"x", 1, err), MN_E_NOT_FOUND);
    reopen(f);
    assert_ok(f->s->ops->key_get(f->s, &p, f->a, &w, &n, err));
    assert_int_equal(n, 3);
    assert_memory_equal(w, "n\0w", 3);
}

static void test_key_delete(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "A");
    mn_id p = make_id('p', 1);
    const uint8_t *w = NULL;
    size_t n = 0;
    assert_ok(f->s->ops->key_delete(f->s, &p, err));
    assert_ok(f->s->ops->key_put(f->s, &p, (const uint8_t *)"key", 3, err));
    assert_ok(f->s->ops->key_delete(f->s, &p, err));
    assert_code(f->s->ops->key_get(f->s, &p, f->a, &w, &n, err), MN_E_NOT_FOUND);
}

typedef struct {
    fixture *f;
    size_t n, stop_at;
    uint8_t last; /* number of the person seen last */
} key_walk;

static mn_code see_key(void *ctx, const mn_id *person, const uint8_t *wrapped, size_t n, mn_error *e)
{
    key_walk *w = ctx;
    const uint8_t *again = NULL;
    size_t len = 0;
    assert_true(person->bytes[15] > w->last);
    w->last = person->bytes[15];
    assert_int_equal(n, 2);
    assert_int_equal(wrapped[0], 'k');
    assert_int_equal(wrapped[1], w->last);
    assert_ok(w->f->s->ops->key_get(w->f->s, person, w->f->a, &again, &len, err)); /* reading is allowed */
    assert_int_equal(len, 2);
    return ++w->n == w->stop_at ? mn_fail(e, MN_E_CANCELLED, "enough") : MN_OK;
}

static void test_key_each(void **state)
{
    fixture *f = *state;
    key_walk w = {.f = f};
    const mn_id from = {{0}}, third = make_id('p', 3);
    assert_ok(f->s->ops->key_each(f->s, &from, 10, see_key, &w, err));
    assert_int_equal(w.n, 0);
    for (uint8_t i = 7; i >= 1; i--) {
        mn_id p = make_id('p', i);
        put_person(f, i, "A");
        if (i != 5) /* somebody without a key */
            assert_ok(f->s->ops->key_put(f->s, &p, (const uint8_t[]){'k', i}, 2, err));
    }
    assert_ok(f->s->ops->key_each(f->s, &from, 10, see_key, &w, err));
    assert_int_equal(w.n, 6);
    w = (key_walk){.f = f};
    assert_ok(f->s->ops->key_each(f->s, &from, 2, see_key, &w, err));
    assert_true(w.n == 2 && w.last == 2);
    w = (key_walk){.f = f};
    assert_ok(f->s->ops->key_each(f->s, &third, 2, see_key, &w, err));
    assert_true(w.n == 2 && w.last == 6);
    w = (key_walk){.f = f, .stop_at = 4};
    assert_code(f->s->ops->key_each(f->s, &from, 10, see_key, &w, err), MN_E_CANCELLED);
    assert_int_equal(w.n, 4);
}

static void test_key_replace(void **state)
{
    fixture *f = *state;
    const mn_store_ops *o = f->s->ops;
    mn_id p = make_id('p', 1);
    const uint8_t *w = NULL, *a = (const uint8_t *)"a\0a", *b = (const uint8_t *)"bbbb";
    size_t n = 0;
    bool replaced = true;
    put_person(f, 1, "A");
    assert_ok(o->key_replace(f->s, &p, a, 3, b, 4, &replaced, err)); /* what is not there stays away */
    assert_false(replaced);
    assert_code(o->key_get(f->s, &p, f->a, &w, &n, err), MN_E_NOT_FOUND);
    assert_ok(o->key_put(f->s, &p, a, 3, err));
    assert_ok(o->key_replace(f->s, &p, b, 4, a, 3, &replaced, err)); /* nor is another one touched */
    assert_false(replaced);
    assert_ok(o->key_replace(f->s, &p, a, 2, b, 4, &replaced, err));
    assert_false(replaced);
    assert_ok(o->key_replace(f->s, &p, a, 3, b, 4, &replaced, err));
    assert_true(replaced);
    reopen(f);
    assert_ok(f->s->ops->key_get(f->s, &p, f->a, &w, &n, err));
    assert_int_equal(n, 4);
    assert_memory_equal(w, "bbbb", 4);
}

/* ---- consent ---- */

static void test_consent(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "A");
    mn_consent c = {.id = make_id('c', 1),
                    .person = make_id('p', 1),
                    .purpose = MN_PURPOSE_ATTENDANCE,
                    .method = "signed form",
                    .evidence = "cabinet 3",
                    .given = 10,
                    .until = 20,
                    .withdrawn = MN_TIME_NEVER};
    assert_ok(f->s->ops->consent_put(f->s, &c, err));
    c.withdrawn = 15;
    c.given = 11; /* what was said when it was given is not rewritten */
    assert_ok(f->s->ops->consent_put(f->s, &c, err));
    mn_consent second = {.id = make_id('c', 2),
                         .person = make_id('p', 1),
                         .purpose = MN_PURPOSE_LIVE,
                         .method = "web form",
                         .given = 30,
                         .until = MN_TIME_NEVER,
                         .withdrawn = MN_TIME_NEVER};
    assert_ok(f->s->ops->consent_put(f->s, &second, err));
    reopen(f);
    mn_consent *got = NULL;
    size_t n = 0;
    assert_ok(f->s->ops->consent_list(f->s, &c.person, f->a, &got, &n, err));
    assert_int_equal(n, 2);
    assert_id(got[0].id, 'c', 1);
    assert_int_equal(got[0].purpose, MN_PURPOSE_ATTENDANCE);
    assert_string_equal(got[0].method, "signed form");
    assert_string_equal(got[0].evidence, "cabinet 3");
    assert_int_equal(got[0].given, 10);
    assert_int_equal(got[0].until, 20);
    assert_int_equal(got[0].withdrawn, 15);
    assert_null(got[1].evidence);
    assert_int_equal(got[1].purpose, MN_PURPOSE_LIVE);
    assert_true(got[1].until == INT64_MAX && got[1].withdrawn == INT64_MAX);
    second.id = make_id('c', 3);
    second.person = make_id('p', 7);
    assert_code(f->s->ops->consent_put(f->s, &second, err), MN_E_NOT_FOUND);
}

/* ---- lists ---- */

static void test_lists(void **state)
{
    fixture *f = *state;
    put_list(f, 1, "staff");
    put_list(f, 2, "guests");
    mn_list same = make_list(3, "staff"), got, *all = NULL;
    mn_id nil = {0}, nobody = make_id('l', 9);
    size_t n = 0;
    assert_code(f->s->ops->list_put(f->s, &same, err), MN_E_EXISTS);
    reopen(f);
    assert_ok(f->s->ops->list_by_name(f->s, &nil, "staff", f->a, &got, err));
    assert_id(got.id, 'l', 1);
    assert_int_equal(got.purpose, MN_PURPOSE_IDENTIFICATION);
    assert_true(got.retention == INT64_MAX);
    assert_true(got.fmr == 0.001);
    assert_int_equal(got.created, 77);
    assert_ok(f->s->ops->list_get(f->s, &got.id, f->a, &got, err));
    assert_string_equal(got.name, "staff");
    assert_code(f->s->ops->list_by_name(f->s, &nil, "Staff", f->a, &got, err), MN_E_NOT_FOUND);
    assert_code(f->s->ops->list_get(f->s, &nobody, f->a, &got, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->list_list(f->s, &nil, f->a, &all, &n, err));
    assert_int_equal(n, 2);
    assert_string_equal(all[0].name, "guests");
    assert_string_equal(all[1].name, "staff");
}

static void test_members(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "A");
    mn_list l = make_list(1, "visitors");
    l.retention = 100;
    assert_ok(f->s->ops->list_put(f->s, &l, err));
    put_list(f, 2, "always");
    mn_id person = make_id('p', 1), nobody = make_id('p', 9), always = make_id('l', 2),
          nowhere = make_id('l', 9);
    assert_ok(f->s->ops->member_put(f->s, &l.id, &person, 50, err));
    assert_ok(f->s->ops->member_put(f->s, &always, &person, 60, err));
    assert_code(f->s->ops->member_put(f->s, &l.id, &nobody, 1, err), MN_E_NOT_FOUND);
    assert_code(f->s->ops->member_put(f->s, &nowhere, &person, 1, err), MN_E_NOT_FOUND);
    mn_membership *m = NULL;
    size_t n = 0;
    assert_ok(f->s->ops->lists_of(f->s, &person, 0, f->a, &m, &n, err));
    assert_int_equal(n, 2);
    assert_string_equal(m[0].list.name, "always");
    assert_int_equal(m[0].added, 60);
    assert_true(m[0].until == INT64_MAX);
    assert_string_equal(m[1].list.name, "visitors");
    assert_int_equal(m[1].until, 150);

    l.retention = 500; /* a list that changes takes its members along */
    assert_ok(f->s->ops->list_put(f->s, &l, err));
    assert_ok(f->s->ops->member_delete(f->s, &always, &person, 0, err));
    assert_code(f->s->ops->member_delete(f->s, &always, &person, 0, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->lists_of(f->s, &person, 0, f->a, &m, &n, err));
    assert_int_equal(n, 1);
    assert_int_equal(m[0].until, 550);
    assert_ok(f->s->ops->member_put(f->s, &l.id, &person, 70, err)); /* once more: it counts from then */
    assert_ok(f->s->ops->lists_of(f->s, &person, 0, f->a, &m, &n, err));
    assert_int_equal(n, 1);
    assert_int_equal(m[0].until, 570);
}

/* ---- faces and descriptors ---- */

static void test_faces(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "A");
    put_person(f, 2, "B");
    put_face(f, 1, 1, "hash-1");
    put_face(f, 2, 1, NULL);
    put_face(f, 3, 1, NULL);
    put_face(f, 4, 2, "hash-1"); /* the same picture may show two people */
    mn_face_record twice = {.id = make_id('f', 5), .person = make_id('p', 1), .source_hash = "hash-1"}, got,
                   *all = NULL;
    assert_code(f->s->ops->face_put(f->s, &twice, err), MN_E_EXISTS);
    reopen(f);
    size_t n = 0;
    mn_id a = make_id('p', 1), first = make_id('f', 1), none = make_id('f', 9);
    assert_ok(f->s->ops->faces_of(f->s, &a, f->a, &all, &n, err));
    assert_int_equal(n, 3);
    assert_id(all[2].id, 'f', 3);
    assert_ok(f->s->ops->face_get(f->s, &first, f->a, &got, err));
    assert_id(got.person, 'p', 1);
    assert_string_equal(got.source, "a.jpg");
    assert_string_equal(got.source_hash, "hash-1");
    assert_true(got.quality == 0.75f);
    assert_id(got.sample, 's', 1);
    assert_int_equal(got.created, 5001);
    assert_code(f->s->ops->face_get(f->s, &none, f->a, &got, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->face_by_source(f->s, &a, "hash-1", f->a, &got, err));
    assert_id(got.id, 'f', 1);
    assert_code(f->s->ops->face_by_source(f->s, &a, "hash-2", f->a, &got, err), MN_E_NOT_FOUND);
}

static void test_face_delete(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "A");
    put_face(f, 1, 1, NULL);
    put_descriptor(f, 1, "m", "sealed");
    mn_id face = make_id('f', 1), *blobs = NULL;
    size_t n = 0;
    assert_ok(f->s->ops->face_delete(f->s, &face, err));
    assert_code(f->s->ops->face_delete(f->s, &face, err), MN_E_NOT_FOUND);
    mn_store_counts c;
    assert_ok(f->s->ops->counts(f->s, &c, err));
    assert_int_equal(c.people, 1);
    assert_int_equal(c.faces, 0);
    assert_int_equal(c.descriptors, 0);
    assert_ok(f->s->ops->trash_list(f->s, 10, f->a, &blobs, &n, err));
    assert_int_equal(n, 1);
    assert_id(blobs[0], 's', 1);
    assert_ok(f->s->ops->trash_drop(f->s, &blobs[0], err));
    assert_ok(f->s->ops->trash_drop(f->s, &blobs[0], err));
    assert_ok(f->s->ops->trash_list(f->s, 10, f->a, &blobs, &n, err));
    assert_int_equal(n, 0);
}

static void test_descriptors(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "A");
    put_face(f, 1, 1, NULL);
    put_descriptor(f, 1, "model-a", "first");
    put_descriptor(f, 1, "model-b", "other");
    put_descriptor(f, 1, "model-a", "second");
    reopen(f);
    mn_id face = make_id('f', 1), none = make_id('f', 2);
    mn_descriptor_record d;
    assert_ok(f->s->ops->descriptor_get(f->s, &face, "model-a", f->a, &d, err));
    assert_id(d.face, 'f', 1);
    assert_string_equal(d.model, "model-a");
    assert_int_equal(d.dim, 128);
    assert_int_equal(d.sealed_len, 6);
    assert_memory_equal(d.sealed, "second", 6);
    assert_code(f->s->ops->descriptor_get(f->s, &face, "model-c", f->a, &d, err), MN_E_NOT_FOUND);
    d.face = none;
    assert_code(f->s->ops->descriptor_put(f->s, &d, err), MN_E_NOT_FOUND);
}

static void test_descriptor_with_key(void **state)
{
    fixture *f = *state;
    const mn_store_ops *o = f->s->ops;
    put_person(f, 1, "A");
    put_person(f, 2, "B");
    put_face(f, 1, 1, NULL);
    put_face(f, 2, 2, NULL);
    put_descriptor(f, 1, "model-a", "first");
    put_descriptor(f, 1, "model-b", "other");
    put_descriptor(f, 2, "model-a", "second");
    mn_id face = make_id('f', 2), person = make_id('p', 2), none = make_id('f', 3);
    mn_descriptor_record d;
    mn_key_record k;
    assert_ok(o->key_put(f->s, &person, (const uint8_t *)"wrapped", 7, err));
    assert_ok(o->descriptor_with_key(f->s, &face, "model-a", f->a, &d, &k, err));
    assert_id(d.face, 'f', 2);
    assert_string_equal(d.model, "model-a");
    assert_true(d.dim == 128 && d.sealed_len == 6 && memcmp(d.sealed, "second", 6) == 0);
    assert_id(k.person, 'p', 2);
    assert_true(k.n == 7 && memcmp(k.wrapped, "wrapped", 7) == 0);
    assert_code(o->descriptor_with_key(f->s, &face, "model-b", f->a, &d, &k, err), MN_E_NOT_FOUND);
    assert_code(o->descriptor_with_key(f->s, &none, "model-a", f->a, &d, &k, err), MN_E_NOT_FOUND);
    assert_ok(o->key_delete(f->s, &person, err));
    assert_ok(o->descriptor_with_key(f->s, &face, "model-a", f->a, &d, &k, err));
    assert_true(k.n == 0 && d.sealed_len == 6);
}

typedef struct {
    fixture *f;
    uint8_t people[8], faces[8];
    size_t n, stop_at;
} seen_descriptors;

static mn_code see_descriptor(void *ctx, const mn_id *person, const mn_descriptor_record *d, mn_error *err)
{
    seen_descriptors *seen = ctx;
    mn_person p;
    assert_int_equal(seen->f->s->ops->person_get(seen->f->s, person, seen->f->a, &p, err),
                     MN_OK); /* reading is allowed */
    assert_string_equal(d->model, "m");
    assert_int_equal(d->sealed_len, 1);
    assert_int_equal(d->sealed[0], 'x');
    seen->people[seen->n] = person->bytes[15];
    seen->faces[seen->n++] = d->face.bytes[15];
    return seen->n == seen->stop_at ? mn_fail(err, MN_E_CANCELLED, "enough") : MN_OK;
}

static void test_faces_page(void **state)
{
    fixture *f = *state;
    mn_face_record *faces = NULL;
    mn_id nil = {0}, first = make_id('f', 1), third = make_id('f', 3);
    size_t n = 9;
    uint64_t before, after;
    put_person(f, 1, "A");
    for (uint8_t i = 1; i <= 4; i++)
        put_face(f, i, 1, NULL);
    put_descriptor(f, 1, "old", "o1");
    put_descriptor(f, 3, "old", "o3");
    put_descriptor(f, 3, "new", "n3");
    put_descriptor(f, 4, "new", "n4");
    assert_ok(f->s->ops->faces_page(f->s, NULL, NULL, &first, 2, f->a, &faces, &n, err));
    assert_int_equal(n, 2);
    assert_id(faces[0].id, 'f', 2);
    assert_id(faces[1].id, 'f', 3);
    assert_id(faces[1].person, 'p', 1);
    assert_ok(f->s->ops->faces_page(f->s, NULL, "new", &nil, 10, f->a, &faces, &n, err));
    assert_int_equal(n, 2);
    assert_id(faces[0].id, 'f', 1);
    assert_id(faces[1].id, 'f', 2);
    assert_ok(f->s->ops->faces_page(f->s, "old", "new", &nil, 10, f->a, &faces, &n, err));
    assert_int_equal(n, 1);
    assert_ok(f->s->ops->faces_page(f->s, "old", NULL, &nil, 10, f->a, &faces, &n, err));
    assert_int_equal(n, 2);

    assert_ok(f->s->ops->meta_put(f->s, MN_STORE_SNAPSHOT_META, "k", err));
    assert_ok(f->s->ops->generation(f->s, &before, err));
    assert_ok(f->s->ops->descriptor_delete(f->s, &third, "old", err));
    assert_ok(f->s->ops->descriptor_delete(f->s, &third, "old", err));
    assert_ok(f->s->ops->generation(f->s, &after, err));
    assert_true(after > before);
    const char *key = "k";
    assert_ok(f->s->ops->meta_get(f->s, MN_STORE_SNAPSHOT_META, f->a, &key, err));
    assert_null(key);
    assert_ok(f->s->ops->faces_page(f->s, "old", NULL, &nil, 10, f->a, &faces, &n, err));
    assert_int_equal(n, 1);
    assert_id(faces[0].id, 'f', 1);
    assert_ok(f->s->ops->faces_page(f->s, "new", NULL, &nil, 10, f->a, &faces, &n, err));
    assert_int_equal(n, 2);
}

static void test_descriptor_each(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "A");
    put_person(f, 2, "B");
    put_face(f, 1, 2, NULL); /* face ids do not follow people */
    put_face(f, 2, 1, NULL);
    put_face(f, 3, 2, NULL);
    put_face(f, 4, 1, NULL);
    for (uint8_t i = 1; i <= 3; i++)
        put_descriptor(f, i, "m", "x");
    put_descriptor(f, 4, "other model", "y");
    seen_descriptors seen = {.f = f};
    assert_ok(f->s->ops->descriptor_each(f->s, "m", see_descriptor, &seen, err));
    assert_int_equal(seen.n, 3);
    assert_memory_equal(seen.people, ((uint8_t[]){1, 2, 2}), 3);
    assert_memory_equal(seen.faces, ((uint8_t[]){2, 1, 3}), 3);
    seen = (seen_descriptors){.f = f, .stop_at = 2};
    assert_code(f->s->ops->descriptor_each(f->s, "m", see_descriptor, &seen, err), MN_E_CANCELLED);
    assert_int_equal(seen.n, 2);
}

static void test_person_delete_takes_everything(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "A");
    put_person(f, 2, "B");
    put_list(f, 1, "staff");
    mn_id a = make_id('p', 1), b = make_id('p', 2), staff = make_id('l', 1);
    for (uint8_t i = 1; i <= 2; i++) {
        mn_id p = make_id('p', i);
        mn_consent c = {.id = make_id('c', i),
                        .person = p,
                        .method = "m",
                        .until = MN_TIME_NEVER,
                        .withdrawn = MN_TIME_NEVER};
        assert_ok(f->s->ops->key_put(f->s, &p, (const uint8_t *)"k", 1, err));
        assert_ok(f->s->ops->consent_put(f->s, &c, err));
        assert_ok(f->s->ops->member_put(f->s, &staff, &p, 1, err));
        put_face(f, i, i, NULL);
        put_descriptor(f, i, "m", "x");
    }
    assert_ok(f->s->ops->person_delete(f->s, &a, err));
    reopen(f);
    mn_store_counts c;
    const uint8_t *w;
    size_t n = 9;
    mn_person *people;
    mn_id *blobs = NULL;
    assert_ok(f->s->ops->counts(f->s, &c, err));
    assert_int_equal(c.people, 1);
    assert_int_equal(c.faces, 1);
    assert_int_equal(c.descriptors, 1);
    assert_int_equal(c.consents, 1);
    assert_int_equal(c.lists, 1);
    assert_code(f->s->ops->key_get(f->s, &a, f->a, &w, &n, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->key_get(f->s, &b, f->a, &w, &n, err));
    assert_int_equal(list_people(f, (mn_person_query){.limit = 9, .list = &staff}, &people), 1);
    assert_id(people[0].id, 'p', 2);
    assert_ok(f->s->ops->trash_list(f->s, 10, f->a, &blobs, &n, err));
    assert_int_equal(n, 1);
    assert_id(blobs[0], 's', 1);
}

/* ---- transactions ---- */

static void test_rollback(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "kept");
    uint64_t before = 0, after = 0;
    assert_ok(f->s->ops->generation(f->s, &before, err));
    assert_ok(f->s->ops->begin(f->s, err));
    put_person(f, 2, "gone");
    put_face(f, 1, 1, NULL);
    mn_audit_record r = {.actor = "t", .action = "x", .target = "", .detail = "{}"};
    assert_ok(f->s->ops->audit_append(f->s, &r, err));
    assert_ok(f->s->ops->meta_put(f->s, "k", "v", err));
    f->s->ops->rollback(f->s);
    reopen(f);
    mn_store_counts c;
    const char *v = NULL;
    assert_ok(f->s->ops->counts(f->s, &c, err));
    assert_int_equal(c.people, 1);
    assert_int_equal(c.faces, 0);
    assert_int_equal(c.audit, 0);
    assert_ok(f->s->ops->meta_get(f->s, "k", f->a, &v, err));
    assert_null(v);
    assert_ok(f->s->ops->generation(f->s, &after, err));
    assert_int_equal(after, before);
}

static void test_audit_append_many(void **state)
{
    fixture *f = *state;
    mn_audit_report report;
    mn_audit_record r[3] = {{.actor = "t", .action = "x", .detail = "{}"},
                            {.actor = "t", .action = "y", .target = "z", .detail = "{}"},
                            {.actor = "t", .action = "x", .detail = "{}"}};
    assert_ok(f->s->ops->begin(f->s, err));
    assert_ok(f->s->ops->audit_append_many(f->s, r, 1, err));
    assert_ok(f->s->ops->audit_append_many(f->s, r + 1, 2, err));
    assert_ok(f->s->ops->commit(f->s, err));
    assert_int_equal(r[0].seq, 1);
    assert_int_equal(r[2].seq, 3);
    assert_memory_equal(r[2].prev, r[1].hash, 32);
    reopen(f);
    assert_ok(mn_audit_verify(f->s, &report, err));
    assert_int_equal(report.records, 3);
    assert_memory_equal(report.head, r[2].hash, 32);
}

static void test_commit(void **state)
{
    fixture *f = *state;
    assert_ok(f->s->ops->begin(f->s, err));
    put_person(f, 1, "a");
    mn_person same = make_person(2, "b", NULL);
    mn_face_record orphan = {.id = make_id('f', 1), .person = make_id('p', 9)};
    assert_code(f->s->ops->face_put(f->s, &orphan, err), MN_E_NOT_FOUND);
    assert_ok(f->s->ops->person_put(f->s, &same, err)); /* a refused record does not end the transaction */
    assert_ok(f->s->ops->commit(f->s, err));
    reopen(f);
    mn_store_counts c;
    assert_ok(f->s->ops->counts(f->s, &c, err));
    assert_int_equal(c.people, 2);
}

static void test_begin_does_not_nest(void **state)
{
    fixture *f = *state;
    assert_ok(f->s->ops->begin(f->s, err));
    assert_code(f->s->ops->begin(f->s, err), MN_E_INTERNAL);
    put_person(f, 1, "a");
    assert_ok(f->s->ops->commit(f->s, err));
    put_person(f, 2, "b");
}

static void test_begin_read(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "a");
    mn_person *p;
    mn_person refused = make_person(2, "b", NULL);
    assert_ok(f->s->ops->begin_read(f->s, err));
    assert_int_equal(list_people(f, (mn_person_query){.limit = 9}, &p), 1);
    assert_code(f->s->ops->person_put(f->s, &refused, err), MN_E_INTERNAL);
    f->s->ops->rollback(f->s);
    put_person(f, 3, "c");
    assert_int_equal(list_people(f, (mn_person_query){.limit = 9}, &p), 2);
}

typedef struct {
    fixture *f;
    uint8_t kind;
} writer;

static void *write_people(void *arg)
{
    writer *w = arg;
    for (uint8_t i = 0; i < 50; i++) {
        mn_person p = {.id = make_id(w->kind, i), .name = "x", .active = true};
        mn_list l = {.id = make_id(w->kind, (uint8_t)(i + 100)), .retention = 1};
        char name[16];
        snprintf(name, sizeof name, "%c%d", w->kind, i);
        l.name = name;
        assert_ok(w->f->s->ops->begin(w->f->s, err));
        assert_ok(w->f->s->ops->person_put(w->f->s, &p, err));
        assert_ok(w->f->s->ops->list_put(w->f->s, &l, err));
        assert_ok(w->f->s->ops->commit(w->f->s, err));
        assert_ok(w->f->s->ops->member_put(w->f->s, &l.id, &p.id, 1, err));
    }
    return NULL;
}

static void test_threads(void **state)
{
    fixture *f = *state;
    writer w[4];
    pthread_t t[4];
    for (uint8_t i = 0; i < 4; i++) {
        w[i] = (writer){f, (uint8_t)('A' + i)};
        assert_int_equal(pthread_create(&t[i], NULL, write_people, &w[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    mn_store_counts c;
    assert_ok(f->s->ops->counts(f->s, &c, err));
    assert_int_equal(c.people, 200);
    assert_int_equal(c.lists, 200);
}

/* ---- the change log ---- */

static void test_changes(void **state)
{
    fixture *f = *state;
    uint64_t start = 0, mark = 0;
    mn_id *who = NULL;
    size_t n = 9;
    assert_ok(f->s->ops->generation(f->s, &start, err));
    put_person(f, 1, "a");
    put_person(f, 2, "b");
    put_person(f, 3, "c");
    put_face(f, 1, 1, NULL); /* 1 is the newest change now, and named once */
    assert_ok(f->s->ops->changes(f->s, start, 10, f->a, &who, &n, &mark, err));
    assert_int_equal(n, 3);
    assert_id(who[0], 'p', 2);
    assert_id(who[1], 'p', 3);
    assert_id(who[2], 'p', 1);
    uint64_t generation = 0, again = 0;
    assert_ok(f->s->ops->generation(f->s, &generation, err));
    assert_true(generation == mark && mark > start);
    assert_ok(f->s->ops->changes(f->s, mark, 10, f->a, &who, &n, &again, err));
    assert_int_equal(n, 0);
    assert_true(again == mark);
    assert_ok(f->s->ops->changes(f->s, start, 2, f->a, &who, &n, &again, err));
    assert_int_equal(n, 2);
    assert_true(again < mark);
}

/* Each kind of change names its person; looking and writing to the audit log changes nothing. */
static void test_changes_by_kind(void **state)
{
    fixture *f = *state;
    put_person(f, 1, "a");
    put_list(f, 1, "l");
    put_face(f, 1, 1, NULL);
    mn_id p = make_id('p', 1), l = make_id('l', 1), face = make_id('f', 1), *who = NULL;
    mn_consent c = {
        .id = make_id('c', 1), .person = p, .method = "m", .until = 5, .withdrawn = MN_TIME_NEVER};
    uint64_t mark = 0, next = 0;
    size_t n = 0;
#define assert_changes(call)                                                                                 \
    do {                                                                                                     \
        assert_ok(f->s->ops->generation(f->s, &mark, err));                                                  \
        assert_ok(call);                                                                                     \
        assert_ok(f->s->ops->changes(f->s, mark, 10, f->a, &who, &n, &next, err));                           \
        assert_int_equal(n, 1);                                                                              \
        assert_id(who[0], 'p', 1);                                                                           \
    } while (0)
    assert_changes(f->s->ops->consent_put(f->s, &c, err));
    assert_changes(f->s->ops->member_put(f->s, &l, &p, 1, err));
    mn_list list = make_list(1, "list");
    list.purpose = MN_PURPOSE_ATTENDANCE;
    assert_changes(f->s->ops->list_put(f->s, &list, err));
    list.retention = 1000;
    assert_changes(f->s->ops->list_put(f->s, &list, err));
    list.inactive = true;
    assert_changes(f->s->ops->list_put(f->s, &list, err));
    list.name = "renamed"; /* which changes nothing for its members */
    list.color = "#ff0000";
    assert_ok(f->s->ops->generation(f->s, &mark, err));
    assert_ok(f->s->ops->list_put(f->s, &list, err));
    assert_ok(f->s->ops->generation(f->s, &next, err));
    assert_true(next == mark);
    assert_ok(f->s->ops->list_get(f->s, &l, f->a, &list, err));
    assert_string_equal(list.name, "renamed");
    assert_string_equal(list.color, "#ff0000");
    assert_changes(f->s->ops->member_delete(f->s, &l, &p, 0, err));
    mn_descriptor_record d = {
        .face = face, .model = "m", .dim = 1, .sealed = (const uint8_t *)"x", .sealed_len = 1};
    assert_changes(f->s->ops->descriptor_put(f->s, &d, err));
    assert_changes(f->s->ops->face_delete(f->s, &face, err));
    assert_changes(f->s->ops->person_delete(f->s, &p, err));
#undef assert_changes
    mn_audit_record r = {.actor = "t", .action = "x", .target = "", .detail = "{}"};
    assert_ok(f->s->ops->generation(f->s, &mark, err));
    assert_ok(f->s->ops->audit_append(f->s, &r, err));
    assert_ok(f->s->ops->generation(f->s, &next, err));
    assert_true(next == mark);
}

static void test_ended(void **state)
{
    fixture *f = *state;
    for (uint8_t i = 1; i <= 4; i++) {
        put_person(f, i, "a");
        mn_consent c = {.id = make_id('c', i),
                        .person = make_id('p', i),
                        .method = "m",
                        .until = 100 * i,
                        .withdrawn = MN_TIME_NEVER};
        assert_ok(f->s->ops->consent_put(f->s, &c, err));
    }
    mn_list l = make_list(1, "l");
    l.retention = 10;
    assert_ok(f->s->ops->list_put(f->s, &l, err));
    mn_id fourth = make_id('p', 4), second = make_id('p', 2), *who = NULL;
    size_t n = 0;
    assert_ok(f->s->ops->member_put(f->s, &l.id, &fourth, 190, err)); /* ends at 200 */
    assert_ok(f->s->ops->member_put(f->s, &l.id, &second, 190, err)); /* named once */
    assert_ok(f->s->ops->ended(f->s, 100, 200, f->a, &who, &n, err));
    assert_int_equal(n, 2);
    assert_id(who[0], 'p', 2);
    assert_id(who[1], 'p', 4);
    assert_ok(f->s->ops->ended(f->s, 99, 100, f->a, &who, &n, err));
    assert_int_equal(n, 1);
    assert_ok(f->s->ops->ended(f->s, 400, MN_TIME_NEVER - 1, f->a, &who, &n, err));
    assert_int_equal(n, 0);
}

/* ---- audit ---- */

static mn_code count_audit(void *ctx, const mn_audit_record *r, mn_error *err)
{
    uint64_t *next = ctx;
    (void)err;
    assert_int_equal(r->seq, *next);
    (*next)++;
    return MN_OK;
}

static void test_audit(void **state)
{
    fixture *f = *state;
    mn_audit_report report = {.records = 9};
    assert_ok(mn_audit_verify(f->s, &report, err));
    assert_int_equal(report.records, 0);
    for (int i = 1; i <= 5; i++) {
        mn_audit_record r = {.time = 100 + i,
                             .actor = "cli:ann",
                             .action = "person.view",
                             .target = i % 2 ? "x" : NULL,
                             .detail = "{\"n\":1}"};
        assert_ok(f->s->ops->audit_append(f->s, &r, err));
        assert_int_equal(r.seq, i);
        if (i == 3)
            reopen(f);
    }
    uint64_t next = 2;
    assert_ok(f->s->ops->audit_each(f->s, 2, count_audit, &next, err));
    assert_int_equal(next, 6);
    assert_ok(mn_audit_verify(f->s, &report, err));
    assert_int_equal(report.records, 5);
}

static void test_counts(void **state)
{
    fixture *f = *state;
    mn_store_counts c = {.people = 9};
    assert_ok(f->s->ops->counts(f->s, &c, err));
    assert_int_equal(c.people + c.faces + c.descriptors + c.lists + c.consents + c.audit, 0);
}

int mn_store_conformance(const mn_store_backend *which)
{
    backend = which;
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_meta),
        T(test_person_round_trip),
        T(test_person_update),
        T(test_person_unknown),
        T(test_external_id_is_unique),
        T(test_account_must_be_there),
        T(test_person_paging),
        T(test_person_filters),
        T(test_key),
        T(test_key_delete),
        T(test_key_each),
        T(test_key_replace),
        T(test_consent),
        T(test_lists),
        T(test_members),
        T(test_faces),
        T(test_face_delete),
        T(test_descriptors),
        T(test_descriptor_with_key),
        T(test_faces_page),
        T(test_descriptor_each),
        T(test_person_delete_takes_everything),
        T(test_rollback),
        T(test_audit_append_many),
        T(test_commit),
        T(test_begin_does_not_nest),
        T(test_begin_read),
        T(test_threads),
        T(test_changes),
        T(test_changes_by_kind),
        T(test_ended),
        T(test_audit),
        T(test_counts),
    };
#undef T
    return cmocka_run_group_tests_name(which->name, tests, NULL, NULL) + conformance_dossiers(which->name) +
           conformance_ended(which->name) + conformance_people(which->name) + conformance_faces(which->name) +
           conformance_audit(which->name);
}
