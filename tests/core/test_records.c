/* People, lists and consents as records, and requests that come twice. */
#include "core/fields.h"
#include "core/once.h"
#include "core/records.h"
#include "support.h"
#include "world.h"

#include <string.h>

static mn_list_view make_list(world *w, const char *name, mn_purpose purpose)
{
    mn_list_view v;
    const mn_list_fields f = {.name = name, .purpose = &purpose};
    assert_ok(mn_core_list_create(w->core, &ann, &f, w->arena, &v, err));
    return v;
}

static void test_an_inactive_list_is_in_no_search(void **state)
{
    world *w = *state;
    bool active = false;
    mn_list_view v;
    mn_enrolment one = enrol(w, "one", "staff", 1, 0);
    mn_person_view p;
    assert_ok(mn_core_person_get(w->core, &ann, &one.person, w->arena, &p, err));
    const mn_id list = p.lists[0].id;
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    const mn_list_fields off = {.active = &active};
    assert_ok(mn_core_list_change(w->core, &ann, &list, &off, NULL, w->arena, &v, err));
    assert_int_equal(v.members, 1);
    mn_identification none = look_for(w, w->core, 1);
    assert_int_equal(none.n, 0);
    assert_int_equal(none.searched, 0);
    active = true;
    const mn_time before = v.list.updated;
    assert_ok(mn_core_list_change(w->core, &ann, &list, &off, &before, w->arena, &v, err));
    assert_true(v.list.updated > before);
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    assert_code(mn_core_list_change(w->core, &ann, &list, &off, &before, w->arena, &v, err),
                MN_E_PRECONDITION);
    assert_ok(mn_core_list_delete(w->core, &ann, &list, NULL, err));
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    assert_ok(mn_core_person_get(w->core, &ann, &one.person, w->arena, &p, err));
    assert_int_equal(p.n_lists, 0);
    assert_int_equal(p.n_faces, 1);
}

static void test_members_need_consent(void **state)
{
    world *w = *state;
    mn_person_view p;
    mn_member m;
    mn_consent c;
    const mn_list_view list = make_list(w, "staff", MN_PURPOSE_ATTENDANCE);
    const mn_person_new what = {.fields = {.name = "Anna"}};
    assert_ok(mn_core_person_create(w->core, &ann, &what, w->arena, &p, err));
    const mn_id id = p.person.id;
    assert_code(mn_core_member_add(w->core, &ann, &list.list.id, &id, w->arena, &m, err), MN_E_CONSENT);
    const mn_consent_given given = agreed(MN_PURPOSE_ATTENDANCE);
    assert_ok(mn_core_consent_give(w->core, &ann, &id, &given, w->arena, &c, err));
    assert_code(mn_core_consent_give(w->core, &ann, &id, &given, w->arena, &c, err), MN_E_EXISTS);
    assert_ok(mn_core_member_add(w->core, &ann, &list.list.id, &id, w->arena, &m, err));
    assert_string_equal(m.name, "Anna");
    assert_ok(mn_core_consent_withdraw_one(w->core, &ann, &id, &c.id, w->arena, &c, err));
    assert_true(c.withdrawn != MN_TIME_NEVER);
    assert_code(mn_core_consent_withdraw_one(w->core, &ann, &id, &c.id, w->arena, &c, err), MN_E_CONFLICT);
    mn_actor kept = ann;
    kept.limited = true;
    assert_code(mn_core_person_get(w->core, &kept, &id, w->arena, &p, err), MN_E_NOT_FOUND);
}

static void test_evidence(void **state)
{
    world *w = *state;
    mn_person_view p;
    mn_consent *all = NULL;
    mn_certificate done;
    mn_buf out;
    const char *format = NULL;
    const mn_consent_given given = agreed(MN_PURPOSE_LIVE);
    const mn_person_new what = {.fields = {.name = "Anna"}, .consents = &given, .n_consents = 1};
    size_t n = 0;
    assert_ok(mn_core_person_create(w->core, &ann, &what, w->arena, &p, err));
    const mn_id id = p.person.id;
    assert_ok(mn_core_consents_of(w->core, &ann, &id, w->arena, &all, &n, err));
    assert_int_equal(n, 1);
    mn_buf_init(&out, 100);
    assert_code(mn_core_evidence_get(w->core, &ann, &id, &all->id, w->arena, &format, &out, err),
                MN_E_NOT_FOUND);
    assert_ok(
        mn_core_evidence_put(w->core, &ann, &id, &all->id, "image/png", (const uint8_t *)"proof", 5, err));
    assert_code(mn_core_evidence_put(w->core, &ann, &id, &all->id, "image/png", (const uint8_t *)"x", 1, err),
                MN_E_EXISTS);
    assert_ok(mn_core_evidence_get(w->core, &ann, &id, &all->id, w->arena, &format, &out, err));
    assert_int_equal(out.len, 5);
    assert_memory_equal(out.data, "proof", 5);
    assert_string_equal(format, "image/png");
    assert_ok(mn_core_erase_certified(w->core, &ann, &id, &done, err));
    assert_true(done.erased && done.key_destroyed);
    assert_int_equal(done.consents, 1);
    assert_true(done.audit > 0);
    assert_code(mn_core_evidence_get(w->core, &ann, &id, &all->id, w->arena, &format, &out, err),
                MN_E_NOT_FOUND);
    mn_buf_finish(&out);
}

static void test_custom_fields(void **state)
{
    world *w = *state;
    mn_person_view p;
    mn_time updated = 0, same = 0;
    json_t *fields =
        json_loads("[{\"name\":\"dep\",\"label\":\"D\",\"type\":\"choice\",\"choices\":[\"Lab\",\"Shop\"],"
                   "\"filter\":true},{\"name\":\"n\",\"label\":\"N\",\"type\":\"number\",\"default\":7}]",
                   0, NULL);
    json_t *fewer = json_pack("[O]", json_array_get(fields, 1));
    assert_ok(mn_core_fields_put(w->core, &ann, fields, false, NULL, w->arena, &updated, err));
    mn_person_new what = {.fields = {.name = "Anna", .custom = "{\"dep\":\"Lab\"}"}};
    assert_ok(mn_core_person_create(w->core, &ann, &what, w->arena, &p, err));
    assert_string_equal(p.person.custom, "{\"dep\":\"Lab\",\"n\":7}");
    const char *wrong[] = {"{\"dep\":\"Moon\"}", "{\"n\":\"7\"}", "{\"dep\":[\"Lab\"]}", "{\"other\":1}"};
    for (size_t i = 0; i < 4; i++) {
        what.fields.custom = wrong[i];
        assert_code(mn_core_person_create(w->core, &ann, &what, w->arena, &p, err), MN_E_INVALID);
    }
    const char *texts[] = {"dep:Lab"}, *hidden[] = {"n:7"}, *wanted = NULL;
    assert_ok(mn_core_fields_conditions(w->core, &ann, texts, 1, w->arena, &wanted, err));
    assert_string_equal(wanted, "{\"dep\":\"Lab\"}");
    assert_code(mn_core_fields_conditions(w->core, &ann, hidden, 1, w->arena, &wanted, err), MN_E_INVALID);
    assert_code(mn_core_fields_put(w->core, &ann, fewer, false, &updated, w->arena, &same, err),
                MN_E_CONFLICT);
    assert_ok(mn_core_fields_put(w->core, &ann, fewer, true, &updated, w->arena, &same, err));
    assert_true(same > updated);
    assert_code(mn_core_fields_put(w->core, &ann, fewer, true, &updated, w->arena, &same, err),
                MN_E_PRECONDITION);
    const mn_id id = p.person.id;
    assert_ok(mn_core_person_get(w->core, &ann, &id, w->arena, &p, err));
    assert_string_equal(p.person.custom, "{\"n\":7}");
    json_decref(fields);
    json_decref(fewer);
}

static void test_custom_numbers_and_fixed_fields(void **state)
{
    world *w = *state;
    mn_person_view p;
    mn_time updated = 0;
    const char *wanted = NULL;
    json_t *fields = json_loads("[{\"name\":\"floor\",\"label\":\"F\",\"type\":\"number\",\"filter\":true},"
                                "{\"name\":\"keys\",\"label\":\"K\",\"type\":\"number\",\"multiple\":true},"
                                "{\"name\":\"badge\",\"label\":\"B\",\"type\":\"text\",\"editable\":false}]",
                                0, NULL);
    assert_ok(mn_core_fields_put(w->core, &ann, fields, true, NULL, w->arena, &updated, err));
    json_decref(fields);
    const mn_person_new what = {
        .fields = {.name = "Anna", .custom = "{\"badge\":\"7\",\"floor\":3.0,\"keys\":[1.0,2.5]}"}};
    assert_ok(mn_core_person_create(w->core, &ann, &what, w->arena, &p, err));
    assert_string_equal(p.person.custom, "{\"badge\":\"7\",\"floor\":3,\"keys\":[1,2.5]}");
    const char *same[] = {"floor:3", "floor:3.0"}, *two[] = {"floor:3", "floor:4"};
    assert_ok(mn_core_fields_conditions(w->core, &ann, same, 2, w->arena, &wanted, err));
    assert_string_equal(wanted, "{\"floor\":3}");
    assert_code(mn_core_fields_conditions(w->core, &ann, two, 2, w->arena, &wanted, err), MN_E_INVALID);

    const mn_id id = p.person.id;
    mn_person_fields change = {.custom = "{\"badge\":\"7\",\"floor\":4}"};
    assert_ok(mn_core_person_change(w->core, &ann, &id, &change, NULL, w->arena, &p, err));
    change.custom = "{\"badge\":\"8\"}";
    assert_code(mn_core_person_change(w->core, &ann, &id, &change, NULL, w->arena, &p, err), MN_E_FORBIDDEN);
    change.custom = "{\"badge\":null}";
    assert_code(mn_core_person_change(w->core, &ann, &id, &change, NULL, w->arena, &p, err), MN_E_FORBIDDEN);
}

/* What concerns everybody of an account is not for who is kept to some of its lists. */
static void test_who_is_kept_to_lists_changes_no_fields(void **state)
{
    world *w = *state;
    mn_time updated = 0;
    mn_audit_record *records = NULL;
    size_t n = 0;
    mn_actor kept = ann;
    kept.limited = true;
    json_t *none = json_array();
    const mn_audit_query q = {.to = MN_TIME_NEVER, .limit = 9};
    assert_code(mn_core_fields_put(w->core, &kept, none, true, NULL, w->arena, &updated, err),
                MN_E_FORBIDDEN);
    assert_code(mn_core_audit_find(w->core, &kept, &q, w->arena, &records, &n, err), MN_E_FORBIDDEN);
    assert_code(mn_core_audit_export_begin(w->core, &kept, 0, MN_TIME_NEVER, err), MN_E_FORBIDDEN);
    assert_ok(mn_core_audit_find(w->core, &ann, &q, w->arena, &records, &n, err));
    json_decref(none);
}

static void test_two_records_become_one(void **state)
{
    world *w = *state;
    mn_person_view p;
    mn_enrolment one = enrol(w, "Anna", "staff", 1, 0), two = enrol(w, "A. Kern", "guests", 1, 1);
    assert_code(mn_core_person_merge(w->core, &ann, &one.person, &one.person, w->arena, &p, err),
                MN_E_CONFLICT);
    assert_ok(mn_core_person_merge(w->core, &ann, &one.person, &two.person, w->arena, &p, err));
    assert_string_equal(p.person.name, "Anna");
    assert_int_equal(p.n_faces, 2);
    assert_int_equal(p.n_lists, 2);
    assert_code(mn_core_person_get(w->core, &ann, &two.person, w->arena, &(mn_person_view){0}, err),
                MN_E_NOT_FOUND);
    mn_identification found = look_for(w, w->core, 1);
    assert_int_equal(found.n, 1);
    assert_memory_equal(&found.matches[0].person, &one.person, 16);
    for (size_t i = 0; i < p.n_faces; i++) { /* sealed under the key of who stays */
        mn_buf jpeg;
        mn_buf_init(&jpeg, 1 << 20);
        assert_ok(mn_core_sample(w->core, &ann, &p.faces[i].id, &jpeg, err));
        assert_true(jpeg.len > 0);
        mn_buf_finish(&jpeg);
    }
    assert_int_equal(count_audit(w, "person.merge", NULL, 0), 1);
    assert_int_equal(count_audit(w, "person.erase", NULL, 0), 1);
}

static void test_a_withdrawal_counts_for_both(void **state)
{
    world *w = *state;
    mn_person_view p;
    mn_enrolment one = enrol(w, "Anna", "staff", 1, 0);
    const mn_consent_given live = agreed(MN_PURPOSE_LIVE);
    mn_enrolment two = {0};
    assert_ok(try_enrol(w, "A. Kern", "gate", &live, 1, 1, &two, err));
    mn_consent other;
    const mn_consent_given given = agreed(MN_PURPOSE_IDENTIFICATION);
    assert_ok(mn_core_consent_give(w->core, &ann, &two.person, &given, w->arena, &other, err));
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &two.person, MN_PURPOSE_IDENTIFICATION, err));
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    assert_ok(mn_core_person_merge(w->core, &ann, &one.person, &two.person, w->arena, &p, err));
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    assert_int_equal(p.n_faces, 2); /* to live identification they agree still */
}

static void test_nothing_stays_without_consent(void **state)
{
    world *w = *state;
    mn_person_view p;
    mn_enrolment one = enrol(w, "Anna", "staff", 1, 0), two = enrol(w, "A. Kern", "staff", 1, 1);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &two.person, MN_PURPOSE_IDENTIFICATION, err));
    assert_ok(mn_core_person_merge(w->core, &ann, &one.person, &two.person, w->arena, &p, err));
    assert_int_equal(p.n_faces, 0);
    assert_int_equal(p.n_consents, 2);
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    assert_int_equal(count_audit(w, "biometrics.erase", NULL, 0), 2);
}

/* ---- requests that come twice ---- */

static mn_once_request request(const char *key, const char *body)
{
    return (mn_once_request){.caller = {{5}},
                             .key = key,
                             .method = "POST",
                             .path = "/v1/x",
                             .query = "",
                             .body = (const uint8_t *)body,
                             .n_body = strlen(body),
                             .keep = 24 * 3600 * MN_TIME_SECOND};
}

static mn_code begin(world *w, const mn_once_request *r, bool *again, mn_once_answer *out, mn_error *err)
{
    return mn_core_once_begin(w->core, &ann, r, w->arena, again, out, err);
}

static void test_done_once(void **state)
{
    world *w = *state;
    bool again = true;
    mn_once_answer out = {0};
    const mn_once_answer first = {201, "/v1/x/1", NULL, "{\"a\":\"\\u00e4\"}", {{0}}};
    const mn_once_request r = request("k", "one"), other = request("k", "two"), large = request("l", "one");
    assert_ok(begin(w, &r, &again, &out, err));
    assert_false(again);
    assert_code(begin(w, &r, &again, &out, err), MN_E_CONFLICT); /* at work, or cut off */
    assert_ok(mn_core_once_done(w->core, &ann, &r, &first, 100, err));
    assert_ok(begin(w, &r, &again, &out, err));
    assert_true(again);
    assert_int_equal(out.status, 201);
    assert_string_equal(out.location, "/v1/x/1");
    assert_null(out.etag);
    assert_string_equal(out.body, "{\"a\":\"\\u00e4\"}");
    assert_code(begin(w, &other, &again, &out, err), MN_E_CONFLICT);
    world_reopen(w);
    assert_ok(begin(w, &r, &again, &out, err));
    assert_true(again);
    assert_ok(begin(w, &large, &again, &out, err));
    assert_ok(mn_core_once_done(w->core, &ann, &large, &first, 5, err));
    assert_code(begin(w, &large, &again, &out, err), MN_E_CONFLICT); /* done, and its answer not kept */
    mn_time_shift(25 * 3600 * MN_TIME_SECOND);
    assert_ok(begin(w, &r, &again, &out, err)); /* its time is over */
    assert_false(again);
    assert_ok(mn_core_once_expire(w->core, err));
    assert_ok(begin(w, &large, &again, &out, err));
    assert_false(again);
    mn_time_shift(-25 * 3600 * MN_TIME_SECOND);
}

static void test_failed_requests(void **state)
{
    world *w = *state;
    bool again = true;
    mn_once_answer out = {0};
    const mn_once_request r = request("k", "one"), lost = request("l", "one");
    assert_ok(begin(w, &r, &again, &out, err));
    mn_core_once_failed(w->core, &ann, &r, MN_E_CONSENT);
    assert_ok(begin(w, &r, &again, &out, err)); /* nothing was done: it may come again */
    assert_false(again);
    assert_ok(begin(w, &lost, &again, &out, err));
    mn_core_once_failed(w->core, &ann, &lost, MN_E_IO);
    assert_code(begin(w, &lost, &again, &out, err), MN_E_CONFLICT); /* it may have been done */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_an_inactive_list_is_in_no_search),
        T(test_members_need_consent),
        T(test_evidence),
        T(test_custom_fields),
        T(test_custom_numbers_and_fixed_fields),
        T(test_who_is_kept_to_lists_changes_no_fields),
        T(test_two_records_become_one),
        T(test_a_withdrawal_counts_for_both),
        T(test_nothing_stays_without_consent),
        T(test_done_once),
        T(test_failed_requests),
    };
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
