/* One against one and a few against a few: who may be looked at, what the scores mean, what is on record. */
#include "base/alloc.h"
#include "core/verify.h"
#include "support.h"
#include "world.h"

#include <math.h>
#include <string.h>

static const mn_compare_rules plain = {0};

static mn_side picture(world *w, unsigned who, unsigned look)
{
    return (mn_side){.kind = MN_SIDE_DESCRIPTOR, .descriptor = &make_face(w, who, look)->descriptor};
}

static mn_side person(mn_id id)
{
    return (mn_side){.kind = MN_SIDE_PERSON, .id = id};
}

static mn_side face(mn_id id)
{
    return (mn_side){.kind = MN_SIDE_FACE, .id = id};
}

static mn_enrolment enrol_for(world *w, const char *name, const char *list, mn_purpose purpose, unsigned who,
                              unsigned look)
{
    mn_enrolment done = {0};
    const mn_consent_given consent = agreed(purpose);
    assert_ok(try_enrol(w, name, list, &consent, who, look, &done, err));
    return done;
}

static mn_enrolment verified(world *w, const char *name, unsigned who, unsigned look)
{
    return enrol_for(w, name, "badge", MN_PURPOSE_VERIFICATION, who, look);
}

static mn_list list_named(world *w, const char *name)
{
    mn_list list;
    bool found = false;
    assert_ok(mn_core_find_list(w->core, &ann, name, w->arena, &list, &found, err));
    assert_true(found);
    return list;
}

static mn_comparison verify(world *w, mn_side a, mn_side b, const mn_compare_rules *rules)
{
    mn_comparison out = {0};
    assert_ok(mn_core_verify(w->core, &ann, &a, &b, rules, w->arena, &out, err));
    return out;
}

#define refused(w, a, b, rules, want)                                                                        \
    do {                                                                                                     \
        mn_side a_ = (a), b_ = (b);                                                                          \
        mn_comparison out_ = {.comparisons = 77};                                                            \
        assert_code(mn_core_verify((w)->core, &ann, &a_, &b_, (rules), (w)->arena, &out_, err), want);       \
        assert_int_equal(out_.comparisons, 77);                                                              \
    } while (0)

static void test_two_pictures_leave_no_record(void **state)
{
    world *w = *state;
    char detail[512];
    mn_comparison same = verify(w, picture(w, 1, 0), picture(w, 1, 1), &plain);
    mn_comparison other = verify(w, picture(w, 1, 0), picture(w, 2, 0), &plain);
    assert_true(same.verdict.same && same.verdict.raw > 0.8);
    assert_false(other.verdict.same);
    assert_true(mn_id_is_nil(&same.a.person) && mn_id_is_nil(&same.b.face));
    assert_int_equal(count_audit(w, "verify", detail, sizeof detail), 0);
}

static void test_a_person_against_a_picture(void **state)
{
    world *w = *state;
    char detail[512];
    mn_enrolment anna = verified(w, "Anna", 1, 0);
    mn_comparison same = verify(w, person(anna.person), picture(w, 1, 5), &plain);
    assert_true(same.verdict.same);
    assert_memory_equal(&same.a.person, &anna.person, sizeof anna.person);
    assert_memory_equal(&same.a.face, &anna.face, sizeof anna.face);
    assert_string_equal(same.a.name, "Anna");
    assert_int_equal(count_audit(w, "verify", detail, sizeof detail), 1);
    assert_non_null(strstr(detail, "\"purpose\":\"verification\""));
    assert_non_null(strstr(detail, "\"same\":1"));
    mn_comparison other = verify(w, picture(w, 2, 5), person(anna.person), &plain);
    assert_false(other.verdict.same);
    assert_memory_equal(&other.b.person, &anna.person, sizeof anna.person);
    assert_int_equal(count_audit(w, "verify", detail, sizeof detail), 2); /* also when it is somebody else */
    assert_non_null(strstr(detail, "\"same\":0"));
    assert_true(verify(w, face(anna.face), person(anna.person), &plain).verdict.raw > 0.999);
}

/* Of two faces the better one counts, and the rate is that of both comparisons. */
static void test_the_best_of_several_faces(void **state)
{
    world *w = *state;
    mn_enrolment first = verified(w, "Anna", 1, 0);
    mn_comparison one = verify(w, person(first.person), picture(w, 1, 5), &plain);
    mn_enrolment second = verified(w, "Anna", 1, 5);
    mn_comparison two = verify(w, person(first.person), picture(w, 1, 5), &plain);
    assert_int_equal(one.comparisons, 1);
    assert_int_equal(two.comparisons, 2);
    assert_memory_equal(&two.a.face, &second.face, sizeof second.face);
    assert_true(two.verdict.raw > 0.999);
    /* the fixture's curve: 1e-3 at 0.35, half of it at 0.365 */
    assert_float_equal(one.verdict.threshold_raw, 0.35, 1e-4);
    assert_float_equal(two.verdict.threshold_raw, 0.36506, 1e-4);
    mn_comparison stranger = verify(w, person(first.person), picture(w, 3, 0), &plain);
    mn_comparison single = verify(w, face(stranger.a.face), picture(w, 3, 0), &plain);
    assert_float_equal(stranger.verdict.raw, single.verdict.raw, 1e-9);
    assert_true(stranger.verdict.fmr >= single.verdict.fmr);
}

static void test_consent_for_verification_is_needed(void **state)
{
    world *w = *state;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0); /* agreed to identification */
    const mn_compare_rules staff = {.list = "staff"}, badge = {.list = "badge"}, guests = {.list = "guests"},
                           none = {.list = "none"};
    char detail[512];
    refused(w, person(anna.person), picture(w, 1, 5), &plain, MN_E_CONSENT);
    refused(w, picture(w, 1, 5), face(anna.face), &plain, MN_E_CONSENT);
    assert_int_equal(count_audit(w, "verify", detail, sizeof detail), 0); /* nobody was looked at */
    assert_true(verify(w, person(anna.person), picture(w, 1, 5), &staff).verdict.same);
    assert_int_equal(count_audit(w, "verify", detail, sizeof detail), 1);
    assert_non_null(strstr(detail, "\"list\":\"staff\""));
    assert_non_null(strstr(detail, "\"purpose\":\"identification\""));
    const mn_compare_rules identify = {.purpose = MN_PURPOSE_IDENTIFICATION},
                           attend = {.purpose = MN_PURPOSE_ATTENDANCE};
    const mn_list listed = list_named(w, "staff");
    assert_true(verify(w, person(anna.person), picture(w, 1, 5), &identify).verdict.same);
    refused(w, person(anna.person), picture(w, 1, 5), &attend, MN_E_CONSENT);
    assert_ok(w->core->store->ops->member_delete(w->core->store, &listed.id, &anna.person, 0, err));
    refused(w, person(anna.person), picture(w, 1, 5), &identify,
            MN_E_NOT_FOUND); /* in no such list any more */
    assert_ok(w->core->store->ops->member_put(w->core->store, &listed.id, &anna.person, mn_time_now(), err));
    mn_enrolment bert = verified(w, "Bert", 2, 0);
    assert_true(verify(w, person(bert.person), picture(w, 2, 5), &badge).verdict.same);
    refused(w, person(anna.person), picture(w, 1, 5), &badge, MN_E_CONSENT);
    enrol(w, "Cleo", "guests", 3, 0);
    refused(w, person(anna.person), picture(w, 1, 5), &guests, MN_E_NOT_FOUND); /* not in it */
    refused(w, person(anna.person), picture(w, 1, 5), &none, MN_E_NOT_FOUND);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &anna.person, MN_PURPOSE_IDENTIFICATION, err));
    refused(w, person(anna.person), picture(w, 1, 5), &staff, MN_E_CONSENT);
}

static void test_withdrawn_inactive_erased(void **state)
{
    world *w = *state;
    mn_enrolment anna = verified(w, "Anna", 1, 0), bert = verified(w, "Bert", 2, 0);
    mn_person p;
    assert_ok(w->core->store->ops->person_get(w->core->store, &anna.person, w->arena, &p, err));
    p.active = false;
    assert_ok(w->core->store->ops->person_put(w->core->store, &p, err));
    refused(w, person(anna.person), picture(w, 1, 5), &plain, MN_E_FORBIDDEN);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &bert.person, MN_PURPOSE_VERIFICATION, err));
    refused(w, person(bert.person), picture(w, 2, 5), &plain, MN_E_CONSENT);
    assert_ok(mn_core_erase(w->core, &ann, &bert.person, err));
    refused(w, person(bert.person), picture(w, 2, 5), &plain, MN_E_NOT_FOUND);
    refused(w, face(bert.face), picture(w, 2, 5), &plain, MN_E_NOT_FOUND);
}

static void test_who_may(void **state)
{
    world *w = *state;
    mn_enrolment anna = verified(w, "Anna", 1, 0);
    mn_side a = person(anna.person), f = face(anna.face), b = picture(w, 1, 5);
    mn_comparison out;
    mn_error gone = {0}, foreign = {0};
    mn_actor viewer = ann, elsewhere = ann, kept = ann;
    viewer.rights = (mn_rights){{0}};
    assert_ok(mn_rights_parse_all("actions.view", &viewer.rights, err));
    elsewhere.account = (mn_id){{9}};
    kept.limited = true; /* to no list */
    assert_code(mn_core_verify(w->core, &viewer, &a, &b, &plain, w->arena, &out, err), MN_E_FORBIDDEN);
    assert_ok(mn_core_verify(w->core, &viewer, &b, &b, &plain, w->arena, &out, err));
    assert_code(mn_core_verify(w->core, &elsewhere, &a, &b, &plain, w->arena, &out, err), MN_E_NOT_FOUND);
    assert_code(mn_core_verify(w->core, &kept, &a, &b, &plain, w->arena, &out, err), MN_E_NOT_FOUND);
    /* another account's face cannot be told from none */
    mn_core_verify(w->core, &elsewhere, &f, &b, &plain, w->arena, &out, &foreign);
    mn_side no = face(mn_id_make());
    mn_core_verify(w->core, &elsewhere, &no, &b, &plain, w->arena, &out, &gone);
    assert_int_equal(gone.code, MN_E_NOT_FOUND);
    assert_string_equal(gone.text, foreign.text);
}

static void test_wrong_descriptors_and_rates(void **state)
{
    world *w = *state;
    mn_side a = picture(w, 1, 0), other = picture(w, 1, 1), nan = picture(w, 1, 2);
    mn_descriptor longer = *other.descriptor;
    longer.dim = 64;
    other.descriptor = &longer;
    ((float *)nan.descriptor->v)[3] = NAN;
    const mn_compare_rules rate = {.fmr = 1}, negative = {.fmr = -0.1};
    refused(w, a, other, &plain, MN_E_PACK);
    refused(w, a, nan, &plain, MN_E_INVALID);
    refused(w, a, a, &rate, MN_E_INVALID);
    refused(w, a, a, &negative, MN_E_INVALID);
}

/* ---- a few against a few ---- */

static mn_compare request(const mn_side *references, size_t n, const mn_side *candidates, size_t m)
{
    return (mn_compare){.references = references,
                        .n_references = n,
                        .candidates = candidates,
                        .n_candidates = m,
                        .max_references = 30,
                        .max_candidates = 30};
}

static void test_a_few_against_a_few(void **state)
{
    world *w = *state;
    char detail[512];
    mn_enrolment anna = verified(w, "Anna", 1, 0), bert = verified(w, "Bert", 2, 0);
    mn_side references[2] = {picture(w, 1, 5), picture(w, 9, 0)};
    mn_side candidates[3] = {person(bert.person), picture(w, 1, 6), person(anna.person)};
    mn_compare what = request(references, 2, candidates, 3);
    mn_compare_row *rows;
    assert_ok(mn_core_compare(w->core, &ann, &what, w->arena, &rows, err));
    assert_int_equal(rows[0].n, 3);
    assert_int_equal(rows[0].found[2].candidate, 0); /* Bert is last */
    for (size_t i = 1; i < 3; i++)
        assert_true(rows[0].found[i - 1].comparison.verdict.raw >= rows[0].found[i].comparison.verdict.raw);
    assert_int_equal(count_audit(w, "compare", detail, sizeof detail), 2); /* one for each person looked at */
    what.only_same = true;
    assert_ok(mn_core_compare(w->core, &ann, &what, w->arena, &rows, err));
    assert_int_equal(rows[0].n, 2);
    assert_int_equal(rows[1].n, 0);
    what.k = 1;
    assert_ok(mn_core_compare(w->core, &ann, &what, w->arena, &rows, err));
    assert_int_equal(rows[0].n, 1);
    what.only_same = false, what.k = 0, what.min_similarity = 0.5;
    assert_ok(mn_core_compare(w->core, &ann, &what, w->arena, &rows, err));
    assert_int_equal(rows[0].n, 2);
    assert_int_equal(rows[1].n, 0);
}

static void test_the_error_names_the_side(void **state)
{
    world *w = *state;
    mn_side references[2] = {picture(w, 1, 5), face(mn_id_make())}, candidates[1] = {picture(w, 1, 6)};
    mn_compare what = request(references, 2, candidates, 1);
    mn_compare_row *rows = NULL;
    mn_error error = {0};
    assert_int_equal(mn_core_compare(w->core, &ann, &what, w->arena, &rows, &error), MN_E_NOT_FOUND);
    assert_string_equal(error.text, "reference 2: there is no such face");
    assert_null(rows);
    what = request(candidates, 1, references, 2);
    assert_int_equal(mn_core_compare(w->core, &ann, &what, w->arena, &rows, &error), MN_E_NOT_FOUND);
    assert_string_equal(error.text, "candidate 2: there is no such face");
    what.leave_out = true;
    assert_ok(mn_core_compare(w->core, &ann, &what, w->arena, &rows, err));
    assert_int_equal(rows[0].n, 1);
    what = request(references, 2, candidates, 1);
    what.max_references = 1;
    assert_code(mn_core_compare(w->core, &ann, &what, w->arena, &rows, err), MN_E_LIMIT);
    what = request(references, 0, candidates, 1);
    assert_code(mn_core_compare(w->core, &ann, &what, w->arena, &rows, err), MN_E_INVALID);
}

static void test_a_side_as_a_probe(void **state)
{
    world *w = *state;
    char detail[512];
    mn_descriptor probe;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0);
    mn_side a = person(anna.person), b = face(anna.face);
    assert_ok(mn_core_side_probe(w->core, &ann, &a, MN_PURPOSE_IDENTIFICATION, w->arena, &probe, err));
    mn_identification found;
    const mn_identify what = {.probe = &probe, .purpose = MN_PURPOSE_IDENTIFICATION, .k = 1};
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_int_equal(found.n, 1);
    assert_true(found.matches[0].raw > 0.999);
    assert_int_equal(count_audit(w, "compare", detail, sizeof detail), 1);
    assert_non_null(strstr(detail, "\"side\":\"probe\""));
    assert_ok(mn_core_side_probe(w->core, &ann, &b, MN_PURPOSE_IDENTIFICATION, w->arena, &probe, err));
    assert_code(mn_core_side_probe(w->core, &ann, &b, MN_PURPOSE_ATTENDANCE, w->arena, &probe, err),
                MN_E_CONSENT);
}

static void test_when_memory_fails(void **state)
{
    world *w = *state;
    mn_enrolment anna = verified(w, "Anna", 1, 0);
    mn_side a = person(anna.person), b = picture(w, 1, 5);
    mn_code code = MN_E_MEMORY;
    char detail[512];
    for (long n = 1; code != MN_OK; n++) {
        mn_comparison out = {.comparisons = 77};
        mn_error error = {0};
        mn_arena *arena = mn_arena_create(1 << 22);
        assert_non_null(arena);
        mn_alloc_fail_at(n);
        code = mn_core_verify(w->core, &ann, &a, &b, &plain, arena, &out, &error);
        mn_alloc_fail_at(0);
        if (code != MN_OK) {
            assert_int_equal(out.comparisons, 77);
            assert_true(error.text[0] != 0);
        }
        mn_arena_destroy(arena);
        assert_true(n < 1000);
    }
    assert_int_equal(count_audit(w, "verify", detail, sizeof detail), 1); /* of the one that was answered */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_two_pictures_leave_no_record),
        T(test_a_person_against_a_picture),
        T(test_the_best_of_several_faces),
        T(test_consent_for_verification_is_needed),
        T(test_withdrawn_inactive_erased),
        T(test_who_may),
        T(test_wrong_descriptors_and_rates),
        T(test_a_few_against_a_few),
        T(test_the_error_names_the_side),
        T(test_a_side_as_a_probe),
        T(test_when_memory_fails),
    };
#undef T
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
