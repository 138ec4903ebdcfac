/* People, consent, search and erasure, on descriptors made of random numbers. */
#include "base/alloc.h"
#include "base/file.h"
#include "core/check.h"
#include "places.h"
#include "support.h"
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR (MN_TIME_DAY / 24)

static const mn_purpose IDENTIFY = MN_PURPOSE_IDENTIFICATION;

/* ---- enrolment and search ---- */

static void test_enrol_and_identify(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Bert", "staff", 2, 0);
    assert_int_equal(a.outcome, MN_ENROLLED);
    assert_true(a.person_is_new);
    assert_false(a.duplicate);
    for (int again = 0; again < 2; again++) {
        mn_identification found = look_for(w, w->core, 1);
        assert_int_equal(found.n, 1);
        assert_int_equal(found.searched, 2);
        assert_string_equal(found.matches[0].name, "Anna");
        assert_string_equal(found.matches[0].list, "staff");
        assert_memory_equal(&found.matches[0].person, &a.person, sizeof a.person);
        assert_memory_equal(&found.matches[0].face, &a.face, sizeof a.face);
        assert_true(found.matches[0].raw > 0.8 && found.matches[0].raw < 1);
        assert_true(found.matches[0].similarity == 1.0);
        assert_true(found.threshold_measured);
        world_reopen(w);
    }
    assert_int_equal(look_for(w, w->core, 3).n, 0); /* a stranger is nobody */
}

/* The score is that of the exact floats, whatever the gallery holds. */
static void test_scores_are_exact(void **state)
{
    world *w = *state;
    float a[DIM], b[DIM];
    double cosine = 0;
    enrol(w, "Anna", "staff", 1, 0);
    make_descriptor(1, 0, a);
    make_descriptor(1, 77, b);
    for (int i = 0; i < DIM; i++)
        cosine += (double)a[i] * (double)b[i];
    mn_identification found = look_for(w, w->core, 1);
    assert_int_equal(found.n, 1);
    assert_true(fabs(found.matches[0].raw - cosine) < 1e-5);
}

static void test_second_picture(void **state)
{
    world *w = *state;
    mn_enrolment first = enrol(w, "Anna", "staff", 1, 0), second = enrol(w, "Anna", "staff", 1, 1);
    assert_false(second.person_is_new);
    assert_memory_equal(&first.person, &second.person, sizeof first.person);
    assert_false(second.duplicate); /* she looks like herself */
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, "Anna", w->arena, &v, err));
    assert_int_equal(v.n_faces, 2);
    assert_int_equal(v.n_consents, 1); /* the same statement is on record once */
    assert_int_equal(v.n_lists, 1);
    mn_identification found = look_for(w, w->core, 1);
    assert_int_equal(found.n, 1);
    assert_int_equal(found.searched, 1); /* people, not faces */
}

static void test_resume(void **state)
{
    world *w = *state;
    mn_enrolment first = enrol(w, "Anna", "staff", 1, 0), again = enrol(w, "Anna", "staff", 1, 0);
    assert_int_equal(again.outcome, MN_ENROLLED_ALREADY);
    assert_memory_equal(&first.face, &again.face, sizeof first.face);
    bool yes = false;
    const mn_enrol_person anna = {.name = "Anna", .list = "staff"}, bert = {.name = "Bert", .list = "staff"};
    const mn_enrol_person elsewhere = {.name = "Anna", .list = "guests"};
    const uint8_t *picture = (const uint8_t *)"picture of 1 number 0",
                  *other = (const uint8_t *)"picture of 1 number 9";
    assert_ok(mn_core_enrolled_before(w->core, &ann, &anna, picture, 21, &yes, err));
    assert_true(yes);
    assert_ok(mn_core_enrolled_before(w->core, &ann, &anna, other, 21, &yes, err));
    assert_false(yes);
    assert_ok(mn_core_enrolled_before(w->core, &ann, &bert, picture, 21, &yes, err));
    assert_false(yes);
    assert_ok(mn_core_enrolled_before(w->core, &ann, &elsewhere, picture, 21, &yes, err));
    assert_false(yes);
}

static void test_external_id(void **state)
{
    world *w = *state;
    const mn_consent_given consent = agreed(IDENTIFY);
    mn_enrolment done[3];
    const mn_enrol_person people[3] = {
        {.external_id = "17", .name = "Ann", .list = "staff", .consent = &consent},
        {.external_id = "18", .name = "Ann", .list = "staff", .consent = &consent},
        {.external_id = "17", .list = "guests", .consent = &consent}};
    for (unsigned i = 0; i < 3; i++) {
        const mn_enrol_face face = {.face = make_face(w, 1 + i % 2, i)};
        assert_ok(mn_core_enrol(w->core, &ann, &people[i], &face, w->arena, &done[i], err));
    }
    assert_memory_equal(&done[0].person, &done[2].person, sizeof done[0].person);
    assert_memory_not_equal(&done[0].person, &done[1].person, sizeof done[0].person);
    mn_enrolment out;
    assert_code(try_enrol(w, "Ann", "staff", &consent, 3, 0, &out, err), MN_E_EXISTS); /* which of the two? */
    mn_person_view v;
    assert_code(mn_core_person(w->core, &ann, "Ann", w->arena, &v, err), MN_E_EXISTS);
    assert_ok(mn_core_person(w->core, &ann, "17", w->arena, &v, err));
    assert_int_equal(v.n_lists, 2);
    char id[MN_ID_TEXT];
    mn_id_format(&done[1].person, id);
    assert_ok(mn_core_person(w->core, &ann, id, w->arena, &v, err));
    assert_string_equal(v.person.external_id, "18");
    assert_code(mn_core_person(w->core, &ann, "Nobody", w->arena, &v, err), MN_E_NOT_FOUND);
}

static void test_duplicate(void **state)
{
    world *w = *state;
    enrol(w, "Anna", "staff", 1, 0);
    mn_enrolment same = enrol(w, "Anne", "guests", 1, 1), other = enrol(w, "Bert", "guests", 2, 0);
    assert_true(same.duplicate);
    assert_string_equal(same.duplicate_name, "Anna");
    assert_true(same.duplicate_similarity == 1.0);
    assert_false(other.duplicate);
    /* Who agreed to attendance only is not searched for identification's sake. */
    const mn_consent_given consent = agreed(MN_PURPOSE_ATTENDANCE);
    mn_enrolment out;
    assert_ok(try_enrol(w, "Anya", "clock", &consent, 1, 2, &out, err));
    assert_false(out.duplicate);
    assert_int_equal(look_for(w, w->core, 1).n, 2);
}

static void test_refused_faces(void **state)
{
    world *w = *state;
    const mn_consent_given consent = agreed(IDENTIFY);
    mn_enrolment out = {0};
    const mn_enrol_person who = {.name = "Anna", .list = "staff", .consent = &consent};
    mn_face *f = make_face(w, 1, 0);
    f->quality.overall = 0.29f;
    const mn_enrol_face face = {.face = f, .min_quality = 0.3f}, none = {.face = NULL};
    assert_code(mn_core_enrol(w->core, &ann, &who, &face, w->arena, &out, err), MN_E_QUALITY);
    f->quality = (mn_quality){.overall = 0.9f};
    assert_code(mn_core_enrol(w->core, &ann, &who, &face, w->arena, &out, err), MN_E_INVALID);
    assert_code(mn_core_enrol(w->core, &ann, &who, &none, w->arena, &out, err), MN_E_INVALID);
    f = make_face(w, 1, 0);
    f->descriptor.dim = 512;
    const mn_enrol_face longer = {.face = f};
    assert_code(mn_core_enrol(w->core, &ann, &who, &longer, w->arena, &out, err), MN_E_PACK);
    f = make_face(w, 1, 0);
    ((float *)f->descriptor.v)[5] = NAN;
    const mn_enrol_face broken = {.face = f};
    assert_code(mn_core_enrol(w->core, &ann, &who, &broken, w->arena, &out, err), MN_E_INVALID);
    assert_int_equal(count_audit(w, "person.enrol", NULL, 0), 0);
}

static void test_refused_names(void **state)
{
    world *w = *state;
    static const char *const bad[] = {
        "", "a\nb", "\xff\xfe", "caf\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf5\x80\x80\x80"};
    char longest[202];
    const mn_consent_given consent = agreed(IDENTIFY);
    mn_enrolment out;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_code(try_enrol(w, bad[i], "staff", &consent, 1, 0, &out, err), MN_E_INVALID);
        assert_code(try_enrol(w, "Anna", bad[i], &consent, 1, 0, &out, err), MN_E_INVALID);
    }
    memset(longest, 'n', 201);
    longest[201] = 0;
    assert_code(try_enrol(w, longest, "staff", &consent, 1, 0, &out, err), MN_E_INVALID);
    assert_code(try_enrol(w, NULL, "staff", &consent, 1, 0, &out, err), MN_E_INVALID);
    assert_code(try_enrol(w, "Anna", NULL, &consent, 1, 0, &out, err), MN_E_INVALID);
    assert_ok(try_enrol(w, longest + 1, "sta\"ff é 😀", &consent, 1, 0, &out, err));
    assert_string_equal(look_for(w, w->core, 1).matches[0].list, "sta\"ff é 😀");
}

static void test_actor_is_needed(void **state)
{
    world *w = *state;
    const mn_actor nobody = {.name = ""};
    mn_person_view v, *all;
    size_t n;
    mn_id id = mn_id_make();
    assert_code(mn_core_person(w->core, &nobody, "x", w->arena, &v, err), MN_E_INVALID);
    assert_code(mn_core_people(w->core, NULL, NULL, NULL, NULL, 5, w->arena, &all, &n, err), MN_E_INVALID);
    assert_code(mn_core_erase(w->core, &nobody, &id, err), MN_E_INVALID);
}

/* ---- consent ---- */

static void test_consent_is_needed(void **state)
{
    world *w = *state;
    mn_enrolment out = {0};
    assert_code(try_enrol(w, "Anna", "staff", NULL, 1, 0, &out, err), MN_E_CONSENT); /* no list yet */
    enrol(w, "Bert", "staff", 2, 0);
    assert_code(try_enrol(w, "Anna", "staff", NULL, 1, 0, &out, err), MN_E_CONSENT); /* no person yet */
    assert_ok(try_enrol(w, "Bert", "staff", NULL, 2, 1, &out, err));                 /* it is on record */
    mn_store_counts c;
    assert_ok(w->core->store->ops->counts(w->core->store, &c, err));
    assert_int_equal(c.people, 1);
    assert_int_equal(c.faces, 2);
    assert_int_equal(c.descriptors, 2);
}

static void test_consent_must_hold_now(void **state)
{
    world *w = *state;
    mn_enrolment out = {0};
    mn_consent_given c = agreed(IDENTIFY);
    c.given = mn_time_now() + MN_TIME_DAY;
    assert_code(try_enrol(w, "Anna", "staff", &c, 1, 0, &out, err), MN_E_CONSENT);
    c = agreed(IDENTIFY);
    c.until = mn_time_now() - 1;
    assert_code(try_enrol(w, "Anna", "staff", &c, 1, 0, &out, err), MN_E_CONSENT);
    c = agreed(IDENTIFY);
    c.method = NULL;
    assert_code(try_enrol(w, "Anna", "staff", &c, 1, 0, &out, err), MN_E_INVALID);
    c = agreed((mn_purpose)9);
    assert_code(try_enrol(w, "Anna", "staff", &c, 1, 0, &out, err), MN_E_INVALID);
    mn_store_counts n;
    assert_ok(w->core->store->ops->counts(w->core->store, &n, err));
    assert_int_equal(n.people + n.faces + n.lists + n.consents, 0);
}

static void test_purposes_do_not_mix(void **state)
{
    world *w = *state;
    mn_enrolment out = {0};
    enrol(w, "Anna", "staff", 1, 0);
    const mn_consent_given attendance = agreed(MN_PURPOSE_ATTENDANCE),
                           verify = agreed(MN_PURPOSE_VERIFICATION);
    assert_code(try_enrol(w, "Bert", "staff", &attendance, 2, 0, &out, err), MN_E_PURPOSE);
    assert_ok(try_enrol(w, "Bert", "clock", &attendance, 2, 0, &out, err));
    assert_ok(try_enrol(w, "Cleo", "door", &verify, 3, 0, &out, err));

    mn_identification found = {0};
    const mn_face *f = make_face(w, 1, 5);
    mn_identify what = {.probe = &f->descriptor, .purpose = MN_PURPOSE_ATTENDANCE, .k = 1, IN("staff")};
    assert_code(mn_core_identify(w->core, &ann, &what, w->arena, &found, err), MN_E_PURPOSE);
    what.n_lists = 0;
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_int_equal(found.n, 0);
    assert_int_equal(found.searched, 1);
    what.purpose = MN_PURPOSE_LIVE; /* there is no such list */
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_int_equal(found.n + found.searched, 0);
    what.purpose = MN_PURPOSE_VERIFICATION;
    what.lists = (const char *const[]){"door"};
    what.n_lists = 1;
    assert_code(mn_core_identify(w->core, &ann, &what, w->arena, &found, err), MN_E_PURPOSE);
    what = (mn_identify){.probe = &f->descriptor, .purpose = IDENTIFY, .k = 1, IN("nowhere")};
    assert_code(mn_core_identify(w->core, &ann, &what, w->arena, &found, err), MN_E_NOT_FOUND);
    assert_int_equal(look_for(w, w->core, 3).n, 0); /* who agreed to verification is in no search */
    assert_int_equal(mn_gallery_stats_get(w->core->gallery).faces, 2);
}

static void test_consent_runs_out(void **state)
{
    world *w = *state;
    mn_enrolment out = {0};
    mn_consent_given soon = agreed(IDENTIFY);
    soon.until = mn_time_now() + HOUR;
    assert_ok(try_enrol(w, "Anna", "staff", &soon, 1, 0, &out, err));
    enrol(w, "Bert", "staff", 2, 0);
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    mn_time_shift(HOUR);
    mn_identification found = look_for(w, w->core, 1); /* nobody wrote anything meanwhile */
    assert_int_equal(found.n, 0);
    assert_int_equal(found.searched, 1);
    assert_int_equal(mn_gallery_stats_get(w->core->gallery).people, 1);

    mn_expired gone = {9, 9};
    assert_ok(mn_core_expire(w->core, &ann, &gone, err));
    assert_int_equal(gone.people, 1);
    assert_int_equal(gone.memberships, 0);
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, "Anna", w->arena, &v, err));
    assert_int_equal(v.n_faces, 0);
    assert_int_equal(v.n_consents, 1); /* the proof stays */
    assert_int_equal(count_audit(w, "consent.expire", NULL, 0), 1);
    assert_ok(mn_core_expire(w->core, &ann, &gone, err));
    assert_int_equal(gone.people, 0);
    enrol(w, "Anna", "staff", 1, 3); /* with a new consent she is back, under a new key */
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    mn_time_shift(-HOUR);
}

static void test_expired_at_opening(void **state)
{
    world *w = *state;
    mn_enrolment out = {0};
    mn_consent_given soon = agreed(IDENTIFY);
    soon.until = mn_time_now() + HOUR;
    assert_ok(try_enrol(w, "Anna", "staff", &soon, 1, 0, &out, err));
    mn_time_shift(HOUR);
    world_reopen(w);
    mn_store_counts c;
    assert_ok(w->core->store->ops->counts(w->core->store, &c, err));
    assert_int_equal(c.people, 1);
    assert_int_equal(c.descriptors, 0);
    mn_time_shift(-HOUR);
}

static void test_withdrawal(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0), out;
    const mn_consent_given attendance = agreed(MN_PURPOSE_ATTENDANCE);
    const mn_enrol_person by_id = {.name = "Anna", .list = "clock", .consent = &attendance};
    const mn_enrol_face face = {.face = make_face(w, 1, 1)};
    assert_ok(mn_core_enrol(w->core, &ann, &by_id, &face, w->arena, &out, err));
    enrol(w, "Bert", "staff", 2, 0);
    assert_int_equal(look_for(w, w->core, 1).n, 1);

    assert_ok(mn_core_consent_withdraw(w->core, &ann, &a.person, IDENTIFY, err));
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, "Bert", w->arena, &v, err));
    assert_int_equal(v.n_faces, 1);
    char id[MN_ID_TEXT];
    mn_id_format(&a.person, id);
    assert_ok(mn_core_person(w->core, &ann, id, w->arena, &v, err));
    assert_int_equal(v.n_faces, 0); /* nothing valid was left */
    const uint8_t *key;
    size_t n;
    assert_code(w->core->store->ops->key_get(w->core->store, &a.person, w->arena, &key, &n, err),
                MN_E_NOT_FOUND);
    assert_code(mn_core_consent_withdraw(w->core, &ann, &a.person, IDENTIFY, err), MN_E_NOT_FOUND);

    /* The old statement does not undo the withdrawal, a new consent does. */
    mn_consent_given again = agreed(IDENTIFY);
    assert_code(try_enrol(w, "Anna", "staff", &again, 1, 4, &out, err), MN_E_CONSENT);
    again.given = mn_time_now();
    again.of_all = true; /* of many at once, again and again: it undoes nothing either */
    assert_code(try_enrol(w, "Anna", "staff", &again, 1, 4, &out, err), MN_E_CONSENT);
    again.of_all = false;
    assert_ok(try_enrol(w, "Anna", "staff", &again, 1, 4, &out, err));
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    mn_consent_given of_all = again;
    of_all.of_all = true;
    of_all.method = "web form";
    assert_ok(try_enrol(w, "Anna", "staff", &of_all, 1, 5, &out, err)); /* by what she agreed to again */
    assert_ok(mn_core_person(w->core, &ann, id, w->arena, &v, err));
    assert_int_equal(v.n_consents, 2);
}

static void test_withdrawal_of_one_purpose(void **state)
{
    world *w = *state;
    const mn_consent_given to_search = agreed(IDENTIFY), to_clock = agreed(MN_PURPOSE_ATTENDANCE);
    mn_enrolment a, b;
    const mn_enrol_person staff = {.external_id = "1", .list = "staff", .consent = &to_search};
    const mn_enrol_person clock = {.external_id = "1", .list = "clock", .consent = &to_clock};
    const mn_enrol_face face = {.face = make_face(w, 1, 0)};
    assert_ok(mn_core_enrol(w->core, &ann, &staff, &face, w->arena, &a, err));
    assert_ok(mn_core_enrol(w->core, &ann, &clock, &face, w->arena, &b, err));
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &a.person, IDENTIFY, err));
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    mn_identification found;
    const mn_identify what = {.probe = &face.face->descriptor, .purpose = MN_PURPOSE_ATTENDANCE, .k = 1};
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_int_equal(found.n, 1);
    assert_string_equal(found.matches[0].list, "clock");
}

static void test_retention_of_a_list(void **state)
{
    world *w = *state;
    mn_list l;
    mn_id nil = {0};
    enrol(w, "Anna", "visitors", 1, 0);
    assert_ok(w->core->store->ops->list_by_name(w->core->store, &nil, "visitors", w->arena, &l, err));
    l.retention = HOUR;
    assert_ok(w->core->store->ops->list_put(w->core->store, &l, err));
    assert_int_equal(look_for(w, w->core, 1).n, 1);
    mn_time_shift(HOUR);
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    mn_time_shift(-HOUR);
}

/* The search itself is ended, and nothing of it is on record. */
static void test_deadline_and_cancel(void **state)
{
    world *w = *state;
    mn_identification found;
    mn_cancel cancel = {0};
    enrol(w, "Anna", "staff", 1, 0);
    const mn_face *f = make_face(w, 1, 7);
    mn_identify what = {.probe = &f->descriptor,
                        .purpose = IDENTIFY,
                        .k = 1,
                        .deadline = mn_deadline_in_ms(60000),
                        .cancel = &cancel};
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_int_equal(found.n, 1);
    what.deadline = 1;
    assert_code(mn_core_identify(w->core, &ann, &what, w->arena, &found, err), MN_E_TIMEOUT);
    what.deadline = 0;
    mn_cancel_set(&cancel);
    assert_code(mn_core_identify(w->core, &ann, &what, w->arena, &found, err), MN_E_CANCELLED);
    assert_int_equal(count_audit(w, "identify", NULL, 0), 1);
}

static mn_membership only_list(world *w, const mn_id *person)
{
    mn_membership *m = NULL;
    size_t n = 0;
    assert_ok(w->core->store->ops->lists_of(w->core->store, person, 0, w->arena, &m, &n, err));
    assert_int_equal(n, 1);
    return m[0];
}

/* One more picture does not put off when somebody is in a list no more. */
static void test_retention_goes_on(void **state)
{
    world *w = *state;
    mn_list l;
    mn_id nil = {0};
    const mn_enrolment a = enrol(w, "Anna", "visitors", 1, 0);
    assert_ok(w->core->store->ops->list_by_name(w->core->store, &nil, "visitors", w->arena, &l, err));
    l.retention = MN_TIME_DAY;
    assert_ok(w->core->store->ops->list_put(w->core->store, &l, err));
    const mn_membership before = only_list(w, &a.person);
    assert_int_equal(before.until, before.added + MN_TIME_DAY);
    mn_time_shift(HOUR);
    enrol(w, "Anna", "visitors", 1, 1);
    const mn_membership after = only_list(w, &a.person);
    assert_int_equal(after.added, before.added);
    assert_int_equal(after.until, before.until);
    mn_time_shift(-HOUR);
}

static void test_inactive(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    mn_person p;
    assert_ok(w->core->store->ops->person_get(w->core->store, &a.person, w->arena, &p, err));
    p.active = false;
    assert_ok(w->core->store->ops->person_put(w->core->store, &p, err));
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    p.active = true;
    assert_ok(w->core->store->ops->person_put(w->core->store, &p, err));
    assert_int_equal(look_for(w, w->core, 1).n, 1);
}

/* ---- thresholds ---- */

/* At n people, a search at rate f needs one comparison at about f / n: here 1e-2 and 100 people are the point
 * 1e-4. */
static void test_threshold_is_corrected_for_the_number_of_people(void **state)
{
    world *w = *state;
    mn_identification found = {0};
    const mn_face *f = make_face(w, 500, 0);
    mn_identify what = {.probe = &f->descriptor, .purpose = IDENTIFY, .k = 1, .fmr = 1e-2};
    enrol(w, "First", "staff", 0, 0);
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_true(fabs(found.threshold_score - 0.3) < 1e-3);
    for (unsigned i = 1; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", i);
        enrol(w, name, "staff", i, 0);
    }
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_int_equal(found.searched, 100);
    assert_true(fabs(found.threshold_score - 0.4) < 1e-3);
    assert_true(found.threshold_fmr == 1e-2);
    assert_true(found.threshold_measured);
    mn_identification mate = look_for(w, w->core, 42);
    assert_int_equal(mate.n, 1);
    assert_string_equal(mate.matches[0].name, "p42");
    assert_true(fabs(mate.matches[0].fmr - 1e-6) < 1e-8); /* 100 × 1e-8 */
    what.fmr = 1e-9;
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_false(found.threshold_measured);
    assert_true(fabs(found.threshold_score - 0.7) < 1e-6);
}

/* Whoever is left by a filter is who was searched: one of a hundred people is as easily taken for somebody as
 * the only one. */
static void test_filter(void **state)
{
    world *w = *state;
    mn_store *s = w->core->store;
    mn_identification found = {0};
    mn_person p;
    const mn_face *f = make_face(w, 7, 77);
    const mn_people_filter all = {
        .active = MN_ANY, .created_from = INT64_MIN, .created_to = MN_TIME_NEVER, .most = 1000};
    mn_people_filter only = all;
    mn_identify what = {.probe = &f->descriptor, .purpose = IDENTIFY, .k = 5, .fmr = 1e-2, .only = &only};
    mn_time before = 0, after = 0;
    for (unsigned i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", i);
        mn_enrolment e = enrol(w, name, i < 50 ? "staff" : "guests", i, 0);
        if (i != 7)
            continue;
        assert_ok(s->ops->person_get(s, &e.person, w->arena, &p, err));
        p.external_id = "seven";
        p.custom = "{\"floor\":3}";
        assert_ok(s->ops->person_put(s, &p, err));
        before = p.created;
        after = before + 1;
    }
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_int_equal(found.searched, 100);
    assert_true(fabs(found.threshold_score - 0.4) < 1e-3);
    const char *const ids[] = {"nobody's", "seven"};
    const struct {
        mn_people_filter only;
        size_t searched, n;
    } cases[] = {
        {{.active = MN_ANY, .created_to = MN_TIME_NEVER, .external_ids = ids, .n_external_ids = 2}, 1, 1},
        {{.active = MN_ANY, .created_to = MN_TIME_NEVER, .external_ids = ids, .n_external_ids = 1}, 0, 0},
        {{.active = MN_ANY, .created_to = MN_TIME_NEVER, .custom = "{\"floor\":3.0}"}, 1, 1},
        {{.active = MN_ANY, .created_to = MN_TIME_NEVER, .custom = "{\"floor\":4}"}, 0, 0},
        {{.active = MN_ANY, .created_from = before, .created_to = after}, 1, 1},
        {{.active = MN_ANY, .created_from = after, .created_to = MN_TIME_NEVER}, 92, 0},
        {{.active = MN_YES, .created_to = after}, 8, 1},
        {{.active = MN_NO, .created_to = MN_TIME_NEVER}, 0, 0},
        {{.active = MN_ANY,
          .created_from = after,
          .created_to = MN_TIME_NEVER,
          .external_ids = ids,
          .n_external_ids = 2},
         0,
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        only = cases[i].only;
        only.most = 92;
        assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
        if (found.searched != cases[i].searched || found.n != cases[i].n)
            fail_msg("case %zu: %zu of %zu", i, found.n, found.searched);
        if (found.searched == 1)
            assert_true(fabs(found.threshold_score - 0.3) < 1e-3);
    }
    what.lists = (const char *const[]){"guests"};
    what.n_lists = 1;
    only = cases[5].only;
    only.most = 50;
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_int_equal(found.searched, 50);
    only.most = 49;
    assert_code(mn_core_identify(w->core, &ann, &what, w->arena, &found, err), MN_E_LIMIT);
    only.most = 50;
    only.custom = "[]";
    assert_code(mn_core_identify(w->core, &ann, &what, w->arena, &found, err), MN_E_INVALID);
}

static void test_threshold_of_a_list(void **state)
{
    world *w = *state;
    mn_list l;
    mn_id nil = {0};
    mn_identification found;
    enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Bert", "vault", 2, 0);
    assert_ok(w->core->store->ops->list_by_name(w->core->store, &nil, "vault", w->arena, &l, err));
    l.fmr = 1e-6;
    assert_ok(w->core->store->ops->list_put(w->core->store, &l, err));
    const mn_face *f = make_face(w, 9, 0);
    mn_identify what = {.probe = &f->descriptor, .purpose = IDENTIFY, .k = 1, IN("staff")};
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_true(found.threshold_fmr == 1e-3); /* the default */
    what.lists = (const char *const[]){"vault"};
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_true(found.threshold_fmr == 1e-6);
    what.n_lists = 0; /* the strictest of all */
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_true(found.threshold_fmr == 1e-6);
    what.fmr = 0.1;
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_true(found.threshold_fmr == 0.1);
    static const double bad[] = {-1, 1, NAN, INFINITY};
    for (int i = 0; i < 4; i++) {
        what.fmr = bad[i];
        assert_code(mn_core_identify(w->core, &ann, &what, w->arena, &found, err), MN_E_INVALID);
    }
    what.fmr = 0;
    what.k = 0;
    assert_code(mn_core_identify(w->core, &ann, &what, w->arena, &found, err), MN_E_INVALID);
}

static void test_verify(void **state)
{
    (void)state;
    float x[DIM] = {1}, y[DIM] = {0.45f, 0.8930286f};
    const mn_descriptor a = {.dim = DIM, .metric = MN_METRIC_COSINE, .v = x},
                        b = {.dim = DIM, .metric = MN_METRIC_COSINE, .v = y};
    mn_verdict v = mn_decide_verify(&fp32_model, &a, &b, 1e-4);
    assert_true(v.same && v.threshold_measured);
    assert_true(fabs(v.raw - 0.45) < 1e-6);
    assert_true(fabs(v.threshold_raw - 0.4) < 1e-6);
    assert_true(fabs(v.similarity - 0.75) < 1e-5);
    assert_true(fabs(v.fmr - 1e-5) < 1e-9);
    assert_true(v.threshold_fmr == 1e-4 && v.metric == MN_METRIC_COSINE);
    assert_false(mn_decide_verify(&fp32_model, &a, &b, 1e-6).same);
    v = mn_decide_verify(&fp32_model, &a, &b, 1e-12);
    assert_false(v.same || v.threshold_measured);
}

/* ---- erasure ---- */

static mn_code count_sample(void *ctx, const mn_id *id, uint64_t size, mn_error *err)
{
    (void)id, (void)err;
    assert_true(size > 500);
    ++*(size_t *)ctx;
    return MN_OK;
}

static size_t count_samples(world *w)
{
    size_t n = 0;
    assert_ok(w->core->blobs->ops->each(w->core->blobs, count_sample, &n, err));
    return n;
}

static void test_erase(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Anna", "staff", 1, 1);
    mn_enrolment b = enrol(w, "Bert", "staff", 2, 0);
    assert_int_equal(count_samples(w), 3);
    assert_ok(mn_core_erase(w->core, &ann, &a.person, err));
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    assert_int_equal(look_for(w, w->core, 2).n, 1);
    assert_int_equal(count_samples(w), 1);
    mn_person_view v;
    assert_code(mn_core_person(w->core, &ann, "Anna", w->arena, &v, err), MN_E_NOT_FOUND);
    assert_code(mn_core_erase(w->core, &ann, &a.person, err), MN_E_NOT_FOUND);

    char detail[512], id[MN_ID_TEXT], want[512];
    assert_int_equal(count_audit(w, "person.erase", detail, sizeof detail), 1);
    mn_id_format(&a.person, id);
    snprintf(want, sizeof want, "test:ann %s {\"asked\":\"", id);
    assert_memory_equal(detail, want, strlen(want));
    assert_non_null(strstr(detail, "\"consents\":1,\"faces\":2,\"key\":\""));
    assert_non_null(strstr(detail, "\"key_destroyed\":true,\"memberships\":1,\"samples\":2,\"time\":\""));
    assert_non_null(strstr(detail, "\"why\":\"asked\"}"));
    world_reopen(w);
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    mn_buf jpeg;
    mn_buf_init(&jpeg, 1 << 20);
    assert_code(mn_core_sample(w->core, &ann, &a.face, &jpeg, err), MN_E_NOT_FOUND);
    assert_ok(mn_core_sample(w->core, &ann, &b.face, &jpeg, err));
    assert_memory_equal(jpeg.data, "\xff\xd8\xff", 3);
    mn_buf_finish(&jpeg);
}

/* The machine died after the commit and before the blobs were removed: the next opening does it. */
static void test_interrupted_erasure_is_finished(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    assert_ok(w->core->store->ops->person_delete(w->core->store, &a.person, err));
    assert_int_equal(count_samples(w), 1);
    world_reopen(w);
    assert_int_equal(count_samples(w), 0);
}

/* ---- audit ---- */

static void test_everything_is_on_record(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    char detail[1024], id[MN_ID_TEXT], want[512];
    mn_id_format(&a.person, id);
    look_for(w, w->core, 1);
    look_for(w, w->core, 2);
    assert_int_equal(count_audit(w, "identify", detail, sizeof detail), 2);
    assert_string_equal(
        detail, "test:ann - "
                "{\"fmr\":0.001,\"lists\":[],\"people\":[],\"purpose\":\"identification\",\"searched\":1}");
    mn_person_view v, *all;
    size_t n;
    assert_ok(mn_core_person(w->core, &ann, "Anna", w->arena, &v, err));
    assert_int_equal(count_audit(w, "person.view", detail, sizeof detail), 1);
    snprintf(want, sizeof want, "test:ann %s {}", id);
    assert_string_equal(detail, want);
    assert_ok(mn_core_people(w->core, &ann, "staff", NULL, NULL, 10, w->arena, &all, &n, err));
    assert_int_equal(count_audit(w, "person.list", detail, sizeof detail), 1);
    assert_string_equal(detail, "test:ann - {\"by_name\":false,\"list\":\"staff\",\"people\":1}");
    mn_buf jpeg;
    mn_buf_init(&jpeg, 1 << 20);
    assert_ok(mn_core_sample(w->core, &ann, &a.face, &jpeg, err));
    mn_buf_finish(&jpeg);
    assert_int_equal(count_audit(w, "face.sample", NULL, 0), 1);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &a.person, IDENTIFY, err));
    assert_int_equal(count_audit(w, "consent.withdraw", detail, sizeof detail), 1);
    snprintf(want, sizeof want,
             "test:ann %s {\"erasure_due\":null,\"key_destroyed\":true,\"purpose\":\"identification\"}", id);
    assert_string_equal(detail, want);
    mn_check_report report;
    assert_ok(mn_core_check(w->core, NULL, &report, err));
    assert_int_equal(report.audit, 8);
    assert_int_equal(count_audit(w, "biometrics.erase", detail, sizeof detail), 1);
    assert_non_null(strstr(detail, "\"faces\":1,"));
    assert_int_equal(count_audit(w, "person.enrol", detail, sizeof detail), 1);
    assert_non_null(
        strstr(detail, "\"list\":\"staff\",\"looks_like\":null,\"new\":true,\"outcome\":\"enrolled\""));
}

static void test_people(void **state)
{
    world *w = *state;
    enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Bert", "guests", 2, 0);
    enrol(w, "Anke", "guests", 3, 0);
    mn_person_view *v;
    size_t n;
    assert_ok(mn_core_people(w->core, &ann, NULL, NULL, NULL, 2, w->arena, &v, &n, err));
    assert_int_equal(n, 2);
    mn_id after = v[1].person.id;
    assert_ok(mn_core_people(w->core, &ann, NULL, NULL, &after, 2, w->arena, &v, &n, err));
    assert_int_equal(n, 1);
    assert_string_equal(v[0].person.name, "Anke");
    assert_int_equal(v[0].n_faces, 1);
    assert_string_equal(v[0].lists[0].name, "guests");
    assert_string_equal(v[0].consents[0].method, "signed form");
    assert_ok(mn_core_people(w->core, &ann, "guests", "an", NULL, 9, w->arena, &v, &n, err));
    assert_int_equal(n, 1);
    assert_code(mn_core_people(w->core, &ann, "none", NULL, NULL, 9, w->arena, &v, &n, err), MN_E_NOT_FOUND);
    assert_code(mn_core_people(w->core, &ann, NULL, NULL, NULL, 0, w->arena, &v, &n, err), MN_E_INVALID);
    const mn_actor elsewhere = {.account = {{9}}, .name = "test:eve", .rights = mn_rights_all()};
    assert_ok(mn_core_people(w->core, &ann, NULL, NULL, NULL, 9, w->arena, &v, &n, err));
    mn_id anna = v[0].person.id;
    mn_person_view one;
    assert_code(mn_core_person(w->core, &elsewhere, "Anna", w->arena, &one, err), MN_E_NOT_FOUND);
    assert_code(mn_core_erase(w->core, &elsewhere, &anna, err), MN_E_NOT_FOUND);
}

/* ---- several processes ---- */

static void test_another_process(void **state)
{
    world *w = *state;
    mn_core *other = NULL;
    assert_ok(world_open(w, "test", &fp32_model, false, &other, err));
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    assert_int_equal(look_for(w, other, 1).n, 1); /* enrolled there, found here */
    enrol(w, "Bert", "staff", 2, 0);
    assert_int_equal(look_for(w, other, 2).searched, 2);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &a.person, IDENTIFY, err));
    assert_int_equal(look_for(w, other, 1).n, 0);
    assert_ok(mn_core_erase(other, &ann, &a.person, err));
    assert_int_equal(look_for(w, w->core, 2).searched, 1);
    mn_core_close(other);
}

static void test_records_only(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0), out;
    mn_core *records = NULL;
    const mn_core_options options = {.data_dir = w->dir, .settings = w->settings, .fmr = 1e-3};
    assert_ok(mn_core_open_records(&options, &records, err));
    mn_person_view v;
    assert_ok(mn_core_person(records, &ann, "Anna", w->arena, &v, err));
    mn_identification found;
    const mn_face *f = make_face(w, 1, 5);
    const mn_identify what = {.probe = &f->descriptor, .purpose = IDENTIFY, .k = 1};
    assert_code(mn_core_identify(records, &ann, &what, w->arena, &found, err), MN_E_INTERNAL);
    const mn_enrol_person who = {.name = "Anna", .list = "staff"};
    const mn_enrol_face face = {.face = f};
    assert_code(mn_core_enrol(records, &ann, &who, &face, w->arena, &out, err), MN_E_INTERNAL);
    assert_ok(mn_core_erase(records, &ann, &a.person, err));
    mn_core_close(records);
    assert_int_equal(look_for(w, w->core, 1).n, 0);
}

/* ---- short of memory ---- */

static void test_enrol_when_memory_fails(void **state)
{
    world *w = *state;
    enrol(w, "Bert", "staff", 2, 0);
    for (long n = 1;; n++) {
        const mn_consent_given consent = agreed(IDENTIFY);
        const mn_enrol_person who = {.name = "Anna", .list = "staff", .consent = &consent};
        const mn_enrol_face face = {.face = make_face(w, 1, 0)};
        mn_enrolment out = {.face = {{7}}};
        mn_error e = {0};
        mn_arena *arena = mn_arena_create(1 << 20);
        mn_alloc_fail_at(n);
        mn_code code = mn_core_enrol(w->core, &ann, &who, &face, arena, &out, &e);
        bool enough = mn_alloc_count() < n;
        mn_alloc_fail_at(0);
        mn_arena_destroy(arena);
        if (enough) {
            assert_int_equal(code, MN_OK);
            break;
        }
        if (code == MN_OK) { /* what could be done without that memory; as if it had not been */
            assert_ok(mn_core_erase(w->core, &ann, &out.person, err));
            continue;
        }
        assert_int_equal(code, MN_E_MEMORY);
        assert_int_equal(out.face.bytes[0], 7);
        assert_int_equal(count_samples(w), 1); /* nothing half */
    }
    assert_int_equal(look_for(w, w->core, 1).n, 1);
}

static void test_identify_when_memory_fails(void **state)
{
    world *w = *state;
    enrol(w, "Anna", "staff", 1, 0);
    const mn_face *f = make_face(w, 1, 5);
    const mn_identify what = {.probe = &f->descriptor, .purpose = IDENTIFY, .k = 3};
    for (long n = 1;; n++) {
        mn_identification found = {.n = 99};
        mn_error e = {0};
        mn_arena *arena = mn_arena_create(1 << 20);
        mn_alloc_fail_at(n);
        mn_code code = mn_core_identify(w->core, &ann, &what, arena, &found, &e);
        bool enough = mn_alloc_count() < n;
        mn_alloc_fail_at(0);
        if (code == MN_OK)
            assert_int_equal(found.n, 1);
        else
            assert_true(code == MN_E_MEMORY && found.n == 99);
        mn_arena_destroy(arena);
        if (enough)
            break;
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_enrol_and_identify),
        T(test_scores_are_exact),
        T(test_second_picture),
        T(test_resume),
        T(test_external_id),
        T(test_duplicate),
        T(test_refused_faces),
        T(test_refused_names),
        T(test_actor_is_needed),
        T(test_consent_is_needed),
        T(test_consent_must_hold_now),
        T(test_purposes_do_not_mix),
        T(test_consent_runs_out),
        T(test_expired_at_opening),
        T(test_withdrawal),
        T(test_withdrawal_of_one_purpose),
        T(test_retention_of_a_list),
        T(test_retention_goes_on),
        T(test_deadline_and_cancel),
        T(test_inactive),
        T(test_threshold_is_corrected_for_the_number_of_people),
        T(test_filter),
        T(test_threshold_of_a_list),
        cmocka_unit_test(test_verify),
        T(test_erase),
        T(test_interrupted_erasure_is_finished),
        T(test_everything_is_on_record),
        T(test_people),
        T(test_another_process),
        T(test_records_only),
        T(test_enrol_when_memory_fails),
        T(test_identify_when_memory_fails),
    };
#undef T
    return run_in_both("core", tests, tests);
}
