/* Faces one by one, and those that are kept in memory for a while. */
#include "base/alloc.h"
#include "core/attributes.h"
#include "core/faces.h"
#include "support.h"
#include "world.h"

#include <string.h>

static const uint8_t jpeg[] = "\xff\xd8\xff sample",
                     file[] = "\xff\xd8\xff the whole picture, which is longer";

static mn_face_new face_of(world *w, const mn_id *person, unsigned who, unsigned look)
{
    return (mn_face_new){.person = *person,
                         .source = "door",
                         .descriptor = &make_face(w, who, look)->descriptor,
                         .quality = 0.75f,
                         .sample = {jpeg, sizeof jpeg, "image/jpeg"}};
}

static mn_face_made put(world *w, const mn_face_new *what)
{
    mn_face_made made = {0};
    assert_ok(mn_core_face_enrol(w->core, &ann, what, w->arena, &made, err));
    return made;
}

static mn_temporary keep(world *w, const mn_id *person, int64_t seconds)
{
    mn_temporary kept, t = {.quality = 0.5f, .descriptor = make_face(w, 1, 1)->descriptor};
    t.sample = (mn_picture_file){jpeg, sizeof jpeg, "image/jpeg"};
    if (person)
        t.person = *person;
    assert_ok(mn_core_attribute_keep(w->core, &ann, &t, seconds, &kept, err));
    return kept;
}

static mn_code look_up(world *w, const mn_actor *who, const mn_id *id, mn_error *err)
{
    mn_temporary t;
    return mn_core_attribute(w->core, who, MN_R_ATTRIBUTES, MN_VERB_VIEW, id, w->arena, &t, err);
}

/* ---- attributes ---- */

static void test_their_time(void **state)
{
    world *w = *state;
    mn_temporary kept = keep(w, NULL, 60), got;
    assert_ok(mn_core_attribute(w->core, &ann, MN_R_ATTRIBUTES, MN_VERB_VIEW, &kept.id, w->arena, &got, err));
    assert_int_equal(got.sample.n, sizeof jpeg);
    assert_memory_equal(got.sample.bytes, jpeg, sizeof jpeg);
    assert_memory_equal(got.descriptor.v, make_face(w, 1, 1)->descriptor.v, DIM * sizeof(float));
    mn_actor other = ann;
    other.account = mn_id_make();
    assert_code(look_up(w, &other, &kept.id, err), MN_E_NOT_FOUND);
    mn_time_shift(61 * MN_TIME_SECOND);
    assert_code(look_up(w, &ann, &kept.id, err), MN_E_NOT_FOUND);
    mn_time_shift(-61 * MN_TIME_SECOND);
}

static void test_long_ones_need_consent(void **state)
{
    world *w = *state;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0);
    mn_temporary t = {.descriptor = make_face(w, 1, 1)->descriptor}, kept;
    assert_code(mn_core_attribute_keep(w->core, &ann, &t, 901, &kept, err), MN_E_CONSENT);
    assert_code(mn_core_attribute_keep(w->core, &ann, &t, 0, &kept, err), MN_E_INVALID);
    assert_code(mn_core_attribute_keep(w->core, &ann, &t, 86401, &kept, err), MN_E_INVALID);
    mn_temporary day = keep(w, &anna.person, 86400), shortly = keep(w, &anna.person, 900);
    assert_ok(look_up(w, &ann, &day.id, err));
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &anna.person, MN_PURPOSE_IDENTIFICATION, err));
    assert_code(look_up(w, &ann, &day.id, err), MN_E_NOT_FOUND);
    (void)shortly;
    t.person = anna.person;
    assert_code(mn_core_attribute_keep(w->core, &ann, &t, 901, &kept, err), MN_E_CONSENT);
    assert_ok(mn_core_attribute_keep(w->core, &ann, &t, 900, &kept, err));
    assert_ok(mn_core_erase(w->core, &ann, &anna.person, err));
    assert_code(look_up(w, &ann, &kept.id, err), MN_E_NOT_FOUND);
}

static void test_the_table_has_limits(void **state)
{
    (void)state;
    mn_temporary_table *t = NULL;
    mn_temporary e = {.until = mn_time_now() + MN_TIME_DAY, .sample = {jpeg, sizeof jpeg, "image/jpeg"}},
                 *list = NULL;
    size_t n = 0;
    mn_arena *arena = mn_arena_create(1 << 20);
    assert_ok(mn_temporary_create(2, 100000, &t, err));
    assert_ok(mn_temporary_put(t, &e, err));
    mn_id first = e.id;
    assert_ok(mn_temporary_put(t, &e, err));
    assert_code(mn_temporary_put(t, &e, err), MN_E_BUSY); /* of this account */
    e.account = mn_id_make();
    assert_ok(mn_temporary_put(t, &e, err));
    e.account = mn_id_make();
    uint8_t *large = test_calloc(1, 100000);
    e.picture = (mn_picture_file){large, 100000, "image/png"};
    assert_code(mn_temporary_put(t, &e, err), MN_E_BUSY); /* of all */
    test_free(large);
    const mn_id nil = {{0}};
    mn_temporary_query q = {.limit = 4};
    assert_ok(mn_temporary_list(t, MN_TEMPORARY_ATTRIBUTE, &nil, &q, arena, &list, &n, err));
    assert_int_equal(n, 2);
    q.after = &list[0];
    assert_ok(mn_temporary_list(t, MN_TEMPORARY_ATTRIBUTE, &nil, &q, arena, &list, &n, err));
    assert_int_equal(n, 1);
    q.descending = true; /* behind the first one in this order is nothing */
    assert_ok(mn_temporary_list(t, MN_TEMPORARY_ATTRIBUTE, &nil, &q, arena, &list, &n, err));
    assert_int_equal(n, 0);
    q.after = NULL;
    q.order = MN_TEMPORARY_QUALITY;
    q.min_quality = 0.5F;
    assert_ok(mn_temporary_list(t, MN_TEMPORARY_ATTRIBUTE, &nil, &q, arena, &list, &n, err));
    assert_int_equal(n, 0);
    mn_arena_destroy(arena);
    assert_ok(mn_temporary_claim(t, MN_TEMPORARY_ATTRIBUTE, &nil, &first, err));
    assert_code(mn_temporary_claim(t, MN_TEMPORARY_ATTRIBUTE, &nil, &first, err), MN_E_NOT_FOUND);
    mn_temporary_release(t, &first, false);
    assert_ok(mn_temporary_drop(t, MN_TEMPORARY_ATTRIBUTE, &nil, &first, err));
    assert_code(mn_temporary_drop(t, MN_TEMPORARY_ATTRIBUTE, &nil, &first, err), MN_E_NOT_FOUND);
    mn_temporary_destroy(t);
}

/* ---- enrolling ---- */

static void test_consent_for_every_list(void **state)
{
    world *w = *state;
    char detail[512];
    mn_face_made made = {.n_duplicates = 77};
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0);
    mn_face_new what = face_of(w, &anna.person, 1, 1);
    assert_int_equal(put(w, &what).outcome, MN_FACE_MADE);
    assert_true(count_audit(w, "person.enrol", detail, sizeof detail) >= 2);
    assert_non_null(strstr(detail, "\"outcome\":\"enrolled\""));
    const mn_list live = {
        .id = mn_id_make(), .name = "doors", .purpose = MN_PURPOSE_LIVE, .retention = MN_TIME_NEVER};
    assert_ok(w->core->store->ops->list_put(w->core->store, &live, err));
    assert_ok(w->core->store->ops->member_put(w->core->store, &live.id, &anna.person, mn_time_now(), err));
    assert_code(mn_core_face_enrol(w->core, &ann, &what, w->arena, &made, err), MN_E_CONSENT);
    what.person = mn_id_make();
    assert_code(mn_core_face_enrol(w->core, &ann, &what, w->arena, &made, err), MN_E_NOT_FOUND);
    mn_actor nobody = ann;
    memset(&nobody.rights, 0, sizeof nobody.rights);
    assert_code(mn_core_face_enrol(w->core, &nobody, &what, w->arena, &made, err), MN_E_FORBIDDEN);
    assert_int_equal(made.n_duplicates, 77);
}

static void test_the_same_picture_comes_once(void **state)
{
    world *w = *state;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0);
    mn_face_new what = face_of(w, &anna.person, 1, 1);
    what.picture = (mn_picture_file){file, sizeof file, "image/jpeg"};
    mn_face_made first = put(w, &what), again = put(w, &what);
    assert_int_equal(again.outcome, MN_FACE_ALREADY);
    assert_memory_equal(&again.face.face.id, &first.face.face.id, sizeof(mn_id));
    assert_false(first.face.original);
}

static void test_decisions(void **state)
{
    world *w = *state;
    mn_face_made made;
    mn_decision d;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0), bert = enrol(w, "Bert", "staff", 2, 0);
    mn_face_new what = face_of(w, &bert.person, 1, 1);
    what.on_duplicate = MN_DUPLICATE_REFUSE;
    made = put(w, &what);
    assert_int_equal(made.outcome, MN_FACE_REFUSED);
    assert_int_equal(made.n_duplicates, 1);
    assert_memory_equal(&made.duplicates[0].person, &anna.person, sizeof(mn_id));
    what.on_duplicate = MN_DUPLICATE_ASK;
    made = put(w, &what);
    assert_int_equal(made.outcome, MN_FACE_WAITS);
    assert_ok(mn_core_decision(w->core, &ann, &made.decision, w->arena, &d, err));
    assert_string_equal(d.duplicates[0].name, "Anna");
    assert_int_equal(count_audit(w, "decision.view", NULL, 0), 1);
    mn_face_made done = {0};
    assert_code(mn_core_decision_make(w->core, &ann, &made.decision, &bert.person, w->arena, &done, err),
                MN_E_INVALID);
    assert_ok(mn_core_decision_make(w->core, &ann, &made.decision, &anna.person, w->arena, &done, err));
    assert_memory_equal(&done.face.face.person, &anna.person, sizeof(mn_id));
    assert_code(mn_core_decision_cancel(w->core, &ann, &made.decision, err), MN_E_NOT_FOUND);
    made = put(
        w, &what); /* consent that ends while a decision waits: of who looks the same, and of whose it is */
    w->core->grace = MN_TIME_DAY;
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &anna.person, MN_PURPOSE_IDENTIFICATION, err));
    assert_ok(mn_core_decision(w->core, &ann, &made.decision, w->arena, &d, err));
    assert_int_equal(d.n_duplicates, 0);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &bert.person, MN_PURPOSE_IDENTIFICATION, err));
    assert_int_not_equal(mn_core_decision_make(w->core, &ann, &made.decision, NULL, w->arena, &done, NULL),
                         MN_OK);
}

/* ---- whole pictures, and how faces go ---- */

static size_t count_blobs(world *w)
{
    size_t n = 0;
    mn_id *trash = NULL;
    assert_ok(w->core->store->ops->trash_list(w->core->store, 100, w->arena, &trash, &n, err));
    return n;
}

static void test_originals(void **state)
{
    world *w = *state;
    mn_buf got;
    const char *type = NULL;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0);
    mn_face_new what = face_of(w, &anna.person, 1, 1);
    what.picture = (mn_picture_file){file, sizeof file, "image/png"};
    what.keep_original = true;
    const mn_id face = put(w, &what).face.face.id;
    mn_buf_init(&got, 1000);
    assert_ok(mn_core_original(w->core, &ann, &face, &got, &type, err));
    assert_int_equal(got.len, sizeof file);
    assert_memory_equal(got.data, file, sizeof file);
    assert_string_equal(type, "image/png");
    assert_ok(mn_core_erase(w->core, &ann, &anna.person, err));
    got.len = 0;
    assert_code(mn_core_original(w->core, &ann, &face, &got, &type, err), MN_E_NOT_FOUND);
    assert_int_equal(count_blobs(w), 0); /* all are removed */
    mn_buf_finish(&got);
}

static void test_deleted_faces_are_found_no_more(void **state)
{
    world *w = *state;
    mn_code codes[2];
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0);
    const mn_id faces[] = {anna.face, mn_id_make()};
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    assert_ok(mn_core_faces_delete(w->core, &ann, faces, 2, codes, err));
    assert_int_equal(codes[0], MN_OK);
    assert_int_equal(codes[1], MN_E_NOT_FOUND);
    assert_int_equal(look_for(w, w->core, 1).n, 0);
}

static void test_a_face_is_deleted_as_it_was_seen(void **state)
{
    world *w = *state;
    mn_face_found f, other;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0), berta = enrol(w, "Berta", "staff", 2, 0);
    assert_ok(mn_core_face(w->core, &ann, &anna.face, w->arena, &f, err));
    assert_ok(mn_core_face(w->core, &ann, &berta.face, w->arena, &other, err));
    const int64_t seen = mn_core_face_state(&f), others = mn_core_face_state(&other);
    f.original = !f.original;
    assert_true(seen != others && seen != mn_core_face_state(&f));
    assert_code(mn_core_face_delete(w->core, &ann, &anna.face, &others, err), MN_E_PRECONDITION);
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    assert_ok(mn_core_face_delete(w->core, &ann, &anna.face, &seen, err));
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    assert_code(mn_core_face_delete(w->core, &ann, &anna.face, NULL, err), MN_E_NOT_FOUND);
    assert_ok(mn_core_face_delete(w->core, &ann, &berta.face, NULL, err));
}

static void test_import(void **state)
{
    world *w = *state;
    mn_face_result r[3] = {0};
    mn_face_vector v;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0);
    mn_id nobody = mn_id_make();
    mn_face_new what[] = {face_of(w, &anna.person, 1, 2), face_of(w, &nobody, 1, 2),
                          face_of(w, &anna.person, 1, 3)};
    for (int i = 0; i < 3; i++)
        what[i].sample = (mn_picture_file){0};
    assert_ok(mn_core_faces_import(w->core, &ann, what, 3, w->arena, r, err));
    assert_int_equal(r[0].code, MN_OK);
    assert_int_equal(r[1].code, MN_E_NOT_FOUND);
    assert_non_null(r[1].why);
    assert_int_equal(r[2].code, MN_OK);
    assert_ok(mn_core_face_descriptor(w->core, &ann, &r[2].face, w->arena, &v, err));
    for (int i = 0; i < DIM; i++)
        assert_float_equal(v.descriptor.v[i], what[2].descriptor->v[i], 1e-5);
    assert_code(mn_core_faces_import(w->core, &ann, what, 1001, w->arena, r, err), MN_E_LIMIT);
    what[0] = face_of(w, &anna.person, 1, 4); /* with a sample */
    assert_ok(mn_core_faces_import(w->core, &ann, what, 1, w->arena, r, err));
    assert_int_equal(r[0].code, MN_E_INVALID);
}

/* Nothing is half there, and the next try succeeds. */
static void test_every_allocation_may_fail(void **state)
{
    world *w = *state;
    mn_face_made made;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0);
    mn_face_new what = face_of(w, &anna.person, 1, 1);
    what.picture = (mn_picture_file){file, sizeof file, "image/jpeg"};
    what.keep_original = true;
    mn_code code = MN_E_MEMORY;
    for (long n = 1; code != MN_OK; n++) {
        mn_alloc_fail_at(n);
        code = mn_core_face_enrol(w->core, &ann, &what, w->arena, &made, NULL);
        mn_alloc_fail_at(0);
        assert_true(n < 1000);
        assert_true(code == MN_OK || code == MN_E_MEMORY);
    }
    mn_buf got;
    const char *type;
    mn_buf_init(&got, 1000);
    assert_ok(mn_core_original(w->core, &ann, &made.face.face.id, &got, &type, err));
    mn_buf_finish(&got);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_their_time),
        T(test_long_ones_need_consent),
        T(test_the_table_has_limits),
        T(test_consent_for_every_list),
        T(test_the_same_picture_comes_once),
        T(test_decisions),
        T(test_originals),
        T(test_deleted_faces_are_found_no_more),
        T(test_a_face_is_deleted_as_it_was_seen),
        T(test_import),
        T(test_every_allocation_may_fail),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
