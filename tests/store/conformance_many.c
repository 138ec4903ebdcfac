/* Records written together, on every back end: the same as one by one, and whole or not at all; and the
 * erasures that are due. */
#include "conformance.h"

#include "store/audit.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N 40

static const mn_store_backend *backend;
static const uint8_t key[] = "wrapped key", sealed[] = "a sealed descriptor";

typedef struct {
    mn_store *s;
    mn_arena *a;
    mn_id list;
    mn_records r;
    mn_person people[N];
    mn_key_record keys[N];
    mn_consent consents[N];
    mn_member_record members[N];
    mn_face_record faces[N];
    mn_descriptor_record descriptors[N];
    mn_audit_record audit[N];
    char names[N][16], hashes[N][16];
} fixture;

static void make_record(fixture *f, size_t i)
{
    snprintf(f->names[i], sizeof f->names[i], "Person %zu", i);
    snprintf(f->hashes[i], sizeof f->hashes[i], "hash %zu", i);
    const mn_id person = mn_id_make(), face = mn_id_make();
    f->people[i] = (mn_person){.id = person,
                               .external_id = i % 2 ? f->hashes[i] : NULL,
                               .name = f->names[i],
                               .active = i != 3,
                               .created = 10,
                               .updated = 20};
    f->keys[i] = (mn_key_record){person, key, sizeof key};
    f->consents[i] = (mn_consent){.id = mn_id_make(),
                                  .person = person,
                                  .purpose = MN_PURPOSE_LIVE,
                                  .method = "form",
                                  .evidence = i % 3 ? "cabinet" : NULL,
                                  .given = 5,
                                  .until = 6,
                                  .withdrawn = MN_TIME_NEVER};
    f->members[i] = (mn_member_record){f->list, person, 1000};
    f->faces[i] = (mn_face_record){.id = face,
                                   .person = person,
                                   .source = i % 5 ? "a.jpg" : NULL,
                                   .source_hash = f->hashes[i],
                                   .quality = 0.5f,
                                   .sample = i == 7 ? person : (mn_id){{0}},
                                   .created = 30};
    f->descriptors[i] = (mn_descriptor_record){face, "model", 128, sealed, sizeof sealed};
    f->audit[i] = (mn_audit_record){.time = 40, .actor = "test", .action = "person.enrol", .detail = "{}"};
}

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->a = mn_arena_create(64 << 20);
    assert_non_null(f->a);
    assert_ok(backend->open(mn_test_folder(), &f->s, err));
    f->list = mn_id_make();
    const mn_list l = {.id = f->list, .name = "staff", .purpose = MN_PURPOSE_LIVE, .retention = 500};
    assert_ok(f->s->ops->list_put(f->s, &l, err));
    for (size_t i = 0; i < N; i++)
        make_record(f, i);
    f->r = (mn_records){f->people, f->keys, f->consents, f->members, f->faces, f->descriptors, f->audit, N, N,
                        N,         N,       N,           N,          N};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    mn_audit_report report;
    assert_ok(f->s->ops->check(f->s, err));
    assert_ok(mn_audit_verify(f->s, &report, err));
    f->s->ops->close(f->s);
    mn_arena_destroy(f->a);
    free(f);
    return 0;
}

static void assert_counts(fixture *f, uint64_t each)
{
    mn_store_counts c = {0};
    assert_ok(f->s->ops->counts(f->s, &c, err));
    assert_int_equal(c.people, each);
    assert_int_equal(c.faces, each);
    assert_int_equal(c.descriptors, each);
    assert_int_equal(c.consents, each);
    assert_int_equal(c.audit, each);
}

static void assert_text(const char *got, const char *want)
{
    if (!want)
        assert_null(got);
    else
        assert_string_equal(got, want);
}

static void check_person(fixture *f, size_t i)
{
    const mn_id *id = &f->people[i].id;
    mn_person p;
    mn_consent *c = NULL;
    mn_membership *m = NULL;
    const uint8_t *wrapped = NULL;
    size_t n = 0;
    assert_ok(f->s->ops->person_get(f->s, id, f->a, &p, err));
    assert_string_equal(p.name, f->names[i]);
    assert_text(p.external_id, f->people[i].external_id);
    assert_int_equal(p.active, i != 3);
    assert_int_equal(p.created, 10);
    assert_int_equal(p.updated, 20);
    assert_ok(f->s->ops->key_get(f->s, id, f->a, &wrapped, &n, err));
    assert_int_equal(n, 12);
    assert_memory_equal(wrapped, "wrapped key", 12);
    assert_ok(f->s->ops->consent_list(f->s, id, f->a, &c, &n, err));
    assert_int_equal(n, 1);
    assert_int_equal(c->purpose, MN_PURPOSE_LIVE);
    assert_text(c->evidence, f->consents[i].evidence);
    assert_int_equal(c->given, 5);
    assert_int_equal(c->until, 6);
    assert_int_equal(c->withdrawn, MN_TIME_NEVER);
    assert_ok(f->s->ops->lists_of(f->s, id, 0, f->a, &m, &n, err));
    assert_int_equal(n, 1);
    assert_int_equal(m->added, 1000);
    assert_int_equal(m->until, 1500); /* the list's retention */
}

static void check_face(fixture *f, size_t i)
{
    mn_face_record *r = NULL;
    mn_descriptor_record d;
    size_t n = 0;
    assert_ok(f->s->ops->faces_of(f->s, &f->people[i].id, f->a, &r, &n, err));
    assert_int_equal(n, 1);
    assert_memory_equal(&r->id, &f->faces[i].id, 16);
    assert_text(r->source, f->faces[i].source);
    assert_string_equal(r->source_hash, f->hashes[i]);
    assert_true(r->quality == 0.5f);
    assert_memory_equal(&r->sample, &f->faces[i].sample, 16);
    assert_int_equal(r->created, 30);
    assert_ok(f->s->ops->descriptor_get(f->s, &f->faces[i].id, "model", f->a, &d, err));
    assert_int_equal(d.dim, 128);
    assert_int_equal(d.sealed_len, 20);
    assert_memory_equal(d.sealed, "a sealed descriptor", 20);
}

static void test_all_of_it(void **state)
{
    fixture *f = *state;
    mn_id *changed = NULL;
    size_t n = 0;
    uint64_t reached = 0;
    assert_ok(f->s->ops->put_many(f->s, &f->r, err));
    assert_counts(f, N);
    for (size_t i = 0; i < N; i++) {
        check_person(f, i);
        check_face(f, i);
        assert_int_equal(f->audit[i].seq, i + 1);
    }
    assert_ok(f->s->ops->changes(f->s, 0, 1000, f->a, &changed, &n, &reached, err));
    assert_int_equal(n, N); /* once each */
}

static void test_again_updates(void **state)
{
    fixture *f = *state;
    mn_person p;
    assert_ok(f->s->ops->put_many(f->s, &f->r, err));
    f->people[5].name = "Somebody else";
    f->r.n_audit = 0;
    assert_ok(f->s->ops->put_many(f->s, &f->r, err));
    assert_counts(f, N);
    assert_ok(f->s->ops->person_get(f->s, &f->people[5].id, f->a, &p, err));
    assert_string_equal(p.name, "Somebody else");
}

static void test_parts(void **state)
{
    fixture *f = *state;
    mn_id *changed = NULL;
    size_t n = 0;
    uint64_t before = 0, reached = 0;
    const mn_records nothing = {0};
    assert_ok(f->s->ops->put_many(f->s, &nothing, err));
    mn_records part = {.people = f->people, .n_people = N, .faces = f->faces, .n_faces = N};
    assert_ok(f->s->ops->put_many(f->s, &part, err));
    assert_ok(f->s->ops->generation(f->s, &before, err));
    part = (mn_records){.descriptors = f->descriptors + 1, .n_descriptors = 2};
    assert_ok(f->s->ops->put_many(f->s, &part, err));
    assert_ok(f->s->ops->changes(f->s, before, 1000, f->a, &changed, &n, &reached, err));
    assert_int_equal(n, 2); /* their people, whose faces were there before */
}

/* The last record of each kind does not fit, in turn; nothing of the others is there, and the caller's
 * transaction goes on. */
static void refuse(fixture *f, mn_code want)
{
    mn_error e = {0};
    const mn_person other = {.id = mn_id_make(), .name = "Other"};
    const uint64_t seq = f->audit[0].seq;
    assert_int_equal(f->s->ops->put_many(f->s, &f->r, &e), want);
    assert_true(e.text[0]);
    assert_counts(f, 0);
    assert_int_equal(f->audit[0].seq, seq);
    assert_ok(f->s->ops->begin(f->s, err));
    assert_ok(f->s->ops->person_put(f->s, &other, err));
    assert_int_equal(f->s->ops->put_many(f->s, &f->r, NULL), want);
    assert_ok(f->s->ops->commit(f->s, err));
    mn_store_counts c = {0};
    assert_ok(f->s->ops->counts(f->s, &c, err));
    assert_int_equal(c.people, 1);
    assert_int_equal(c.faces + c.descriptors + c.consents + c.audit, 0);
    assert_ok(f->s->ops->person_delete(f->s, &other.id, err));
}

static void test_refused(void **state)
{
    fixture *f = *state;
    const size_t last = N - 1;
    f->people[last].external_id = f->people[1].external_id;
    refuse(f, MN_E_EXISTS);
    make_record(f, last);
    f->consents[last].person = mn_id_make();
    refuse(f, MN_E_NOT_FOUND);
    make_record(f, last);
    f->members[last].list = mn_id_make();
    refuse(f, MN_E_NOT_FOUND);
    make_record(f, last);
    f->descriptors[last].face = mn_id_make();
    refuse(f, MN_E_NOT_FOUND);
    make_record(f, last);
    f->audit[last].action = NULL;
    refuse(f, MN_E_INVALID);
    make_record(f, last);
    assert_ok(f->s->ops->put_many(f->s, &f->r, err));
    assert_counts(f, N);
}

static void test_find(void **state)
{
    fixture *f = *state;
    const mn_id account = {{0}}, other = mn_id_make();
    const char *const ids[] = {"hash 1", "nobody", "hash 9", "hash 2"};
    const char *const names[] = {"Person 4", "Nobody", "Person 6", "Person 7"};
    mn_person *found = NULL;
    size_t n = 9;
    assert_ok(f->s->ops->people_find(f->s, &account, NULL, 0, ids, 4, f->a, &found, &n, err));
    assert_int_equal(n, 0);
    assert_ok(f->s->ops->put_many(f->s, &f->r, err));
    assert_ok(f->s->ops->people_find(f->s, &account, NULL, 0, ids, 4, f->a, &found, &n, err));
    assert_int_equal(n, 2); /* "hash 2" has no external id */
    assert_true(strcmp(found[0].external_id, "hash 1") == 0 || strcmp(found[1].external_id, "hash 1") == 0);
    assert_ok(f->s->ops->people_find(f->s, &account, &f->list, 0, names, 4, f->a, &found, &n, err));
    assert_int_equal(n, 3);
    assert_ok(f->s->ops->people_find(f->s, &account, &other, 0, names, 4, f->a, &found, &n, err));
    assert_int_equal(n, 0);
    assert_ok(f->s->ops->people_find(f->s, &other, NULL, 0, ids, 4, f->a, &found, &n, err));
    assert_int_equal(n, 0);
    assert_ok(f->s->ops->people_find(f->s, &account, NULL, 0, ids, 0, f->a, &found, &n, err));
    assert_int_equal(n, 0);
}

static const mn_owned *owned(const mn_owned *all, size_t n, const mn_id *id)
{
    for (size_t i = 0; i < n; i++)
        if (mn_id_compare(&all[i].id, id) == 0)
            return &all[i];
    return NULL;
}

static void test_owners(void **state)
{
    fixture *f = *state;
    const mn_id account = {{0}}, nobody = mn_id_make();
    const mn_id people[] = {f->people[3].id, nobody, f->people[1].id};
    const mn_id faces[] = {f->faces[2].id, f->people[1].id, f->faces[7].id};
    mn_owned *found = NULL;
    size_t n = 9;
    assert_ok(f->s->ops->owners(f->s, MN_OWNED_PEOPLE, people, 3, f->a, &found, &n, err));
    assert_int_equal(n, 0);
    assert_ok(f->s->ops->put_many(f->s, &f->r, err));
    assert_ok(f->s->ops->owners(f->s, MN_OWNED_PEOPLE, people, 3, f->a, &found, &n, err));
    assert_int_equal(n, 2);
    assert_null(owned(found, n, &nobody));
    assert_memory_equal(&owned(found, n, &people[0])->owner, &account, sizeof account);
    assert_non_null(owned(found, n, &people[2]));
    assert_ok(f->s->ops->owners(f->s, MN_OWNED_FACES, faces, 3, f->a, &found, &n, err));
    assert_int_equal(n, 2);
    assert_memory_equal(&owned(found, n, &faces[0])->owner, &f->faces[2].person, sizeof account);
    assert_memory_equal(&owned(found, n, &faces[2])->owner, &f->faces[7].person, sizeof account);
    assert_ok(f->s->ops->owners(f->s, MN_OWNED_FACES, faces, 0, f->a, &found, &n, err));
    assert_int_equal(n, 0);
}

static void put_erasure(fixture *f, size_t person, mn_time due, mn_erasure_why why, bool whole)
{
    const mn_erasure e = {.person = f->people[person].id, .asked = 7, .due = due, .why = why, .whole = whole};
    assert_ok(f->s->ops->erasure->put(f->s, &e, err));
}

static void test_erasures(void **state)
{
    fixture *f = *state;
    const mn_erasure_ops *o = f->s->ops->erasure;
    mn_erasure e = {.due = 3}, *due = NULL;
    size_t n = 9;
    assert_ok(f->s->ops->put_many(f->s, &f->r, err));
    assert_int_equal(o->get(f->s, &f->people[0].id, f->a, &e, NULL), MN_E_NOT_FOUND);
    assert_int_equal(e.due, 3);
    put_erasure(f, 0, 300, MN_ERASURE_WITHDRAWN, false);
    put_erasure(f, 1, 100, MN_ERASURE_EXPIRED, false);
    put_erasure(f, 2, 200, MN_ERASURE_EXPIRED, false);
    put_erasure(f, 2, 250, MN_ERASURE_ASKED, true); /* in the place of the earlier one */
    assert_ok(o->get(f->s, &f->people[2].id, f->a, &e, err));
    assert_memory_equal(&e.person, &f->people[2].id, 16);
    assert_int_equal(e.asked, 7);
    assert_int_equal(e.due, 250);
    assert_int_equal(e.why, MN_ERASURE_ASKED);
    assert_true(e.whole);
    assert_ok(o->due(f->s, 99, 10, f->a, &due, &n, err));
    assert_int_equal(n, 0);
    assert_ok(o->due(f->s, 299, 10, f->a, &due, &n, err));
    assert_int_equal(n, 2);
    assert_int_equal(due[0].due, 100);
    assert_int_equal(due[1].due, 250);
    assert_ok(o->due(f->s, 300, 1, f->a, &due, &n, err));
    assert_int_equal(n, 1);
    assert_ok(o->drop(f->s, &f->people[1].id, err));
    assert_ok(o->drop(f->s, &f->people[1].id, err));
    assert_ok(f->s->ops->person_delete(f->s, &f->people[2].id, err)); /* it goes with the person */
    assert_ok(o->due(f->s, 1000, 10, f->a, &due, &n, err));
    assert_int_equal(n, 1);
    e = (mn_erasure){.person = f->list, .due = 1};
    assert_int_equal(o->put(f->s, &e, NULL), MN_E_NOT_FOUND); /* nobody's */
}

static void test_without_consent(void **state)
{
    fixture *f = *state;
    const mn_erasure_ops *o = f->s->ops->erasure;
    const mn_id first = {{0}};
    mn_id *people = NULL;
    size_t n = 9;
    mn_consent again = f->consents[4];
    again.id = mn_id_make();
    again.until = 50;
    assert_ok(f->s->ops->put_many(f->s, &f->r, err)); /* all of them until 6 */
    assert_ok(o->without_consent(f->s, 5, &first, 100, f->a, &people, &n, err));
    assert_int_equal(n, 0);
    assert_ok(o->without_consent(f->s, 6, &first, 100, f->a, &people, &n, err));
    assert_int_equal(n, N);
    assert_ok(f->s->ops->consent_put(f->s, &again, err));
    assert_ok(f->s->ops->key_delete(f->s, &f->people[5].id, err));
    put_erasure(f, 6, 100, MN_ERASURE_EXPIRED, false);
    assert_ok(o->without_consent(f->s, 6, &first, 100, f->a, &people, &n, err));
    assert_int_equal(n, N - 3);
    assert_memory_equal(&people[4], &f->people[7].id, 16); /* in the order of their ids */
    mn_id after = people[4];
    assert_ok(o->without_consent(f->s, 6, &after, 2, f->a, &people, &n, err));
    assert_int_equal(n, 2);
    assert_memory_equal(&people[0], &f->people[8].id, 16);
    assert_ok(o->without_consent(f->s, 50, &after, 100, f->a, &people, &n, err));
    assert_int_equal(n, N - 8);
}

int mn_store_conformance_many(const mn_store_backend *which)
{
    backend = which;
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {T(test_all_of_it), T(test_again_updates),  T(test_parts),
                                       T(test_refused),   T(test_find),           T(test_owners),
                                       T(test_erasures),  T(test_without_consent)};
#undef T
    return cmocka_run_group_tests_name("records together", tests, NULL, NULL);
}
