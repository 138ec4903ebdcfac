/* Many against many, compared with a search for each face. */
#include "core/match.h"
#include "support.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    mn_id a, b;
    double raw, similarity, fmr;
    char name_a[32], name_b[32];
} told_pair;

typedef struct {
    told_pair pairs[512];
    size_t n, fail_at, calls;
    mn_cancel cancel;
    bool cancel_after_progress;
} told;

static mn_code keep(void *ctx, const mn_match_pair *p, mn_error *err)
{
    told *t = ctx;
    if (t->fail_at && t->n + 1 == t->fail_at)
        return mn_fail(err, MN_E_IO, "the reader is gone");
    assert_true(t->n < 512);
    told_pair *q = &t->pairs[t->n++];
    *q = (told_pair){.a = p->a.person, .b = p->b.person, .raw = p->raw, .similarity = p->similarity};
    q->fmr = p->fmr;
    snprintf(q->name_a, sizeof q->name_a, "%s", p->a.name);
    snprintf(q->name_b, sizeof q->name_b, "%s", p->b.name);
    return MN_OK;
}

static void progress(void *ctx, size_t faces, size_t all, uint64_t pairs)
{
    told *t = ctx;
    (void)pairs;
    assert_true(faces <= all);
    t->calls++;
    if (t->cancel_after_progress)
        mn_cancel_set(&t->cancel);
}

static mn_match_lists ask(told *t, const char *list, const char *with)
{
    return (mn_match_lists){.list = list,
                            .with = with,
                            .purpose = MN_PURPOSE_IDENTIFICATION,
                            .k = 5,
                            .cancel = &t->cancel,
                            .pair = keep,
                            .progress = progress,
                            .ctx = t};
}

/* People 0 … n-1 as "<prefix> i"; `look` tells the pictures of one person apart. */
static void fill(world *w, const char *list, const char *prefix, unsigned n, unsigned look)
{
    char name[32];
    for (unsigned i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s %u", prefix, i);
        enrol(w, name, list, i, look);
    }
}

static void test_two_lists(void **state)
{
    world *w = *state;
    told *t = calloc(1, sizeof *t);
    mn_match_report report;
    fill(w, "visitors", "visitor", 20, 1);
    fill(w, "staff", "colleague", 7, 2);
    enrol(w, "stranger", "staff", 900, 0);
    const mn_match_lists what = ask(t, "visitors", "staff");
    assert_ok(mn_core_match(w->core, &ann, &what, &report, err));
    assert_int_equal(report.people, 20);
    assert_int_equal(report.against, 8);
    assert_int_equal(report.pairs, 7);
    assert_int_equal(t->n, 7);
    assert_int_equal(t->calls, 2); /* 16 faces a pass */
    for (size_t i = 0; i < t->n; i++) {
        assert_string_equal(t->pairs[i].name_a + strlen("visitor"), t->pairs[i].name_b + strlen("colleague"));
        assert_true(t->pairs[i].raw > 0.7);
    }
    free(t);
}

static void test_agrees_with_identify(void **state)
{
    world *w = *state;
    told *t = calloc(1, sizeof *t);
    mn_match_report report;
    fill(w, "visitors", "visitor", 40, 1);
    fill(w, "staff", "colleague", 60, 2);
    mn_match_lists what = ask(t, "visitors", "staff");
    what.fmr = 0.9; /* so that strangers are told, too */
    what.k = 50;
    assert_ok(mn_core_match(w->core, &ann, &what, &report, err));
    size_t expected = 0;
    for (unsigned i = 0; i < 40; i++) {
        char name[32];
        mn_identification found;
        const mn_face *f = make_face(w, i, 1);
        snprintf(name, sizeof name, "visitor %u", i);
        const mn_identify one = {
            .probe = &f->descriptor, IN("staff"), .purpose = MN_PURPOSE_IDENTIFICATION, .fmr = 0.9, .k = 50};
        assert_ok(mn_core_identify(w->core, &ann, &one, w->arena, &found, err));
        assert_true(found.threshold_score == report.threshold_raw);
        size_t at = 0;
        while (at < t->n && strcmp(t->pairs[at].name_a, name) != 0)
            at++;
        for (size_t j = 0; j < found.n; j++, at++, expected++) {
            assert_true(at < t->n);
            assert_string_equal(t->pairs[at].name_a, name);
            assert_string_equal(t->pairs[at].name_b, found.matches[j].name);
            assert_true(t->pairs[at].raw == found.matches[j].raw);
            assert_true(t->pairs[at].fmr == found.matches[j].fmr);
        }
    }
    assert_int_equal(t->n, expected);
    assert_true(expected > 40);
    free(t);
}

static void test_duplicates(void **state)
{
    world *w = *state;
    told *t = calloc(1, sizeof *t);
    mn_match_report report;
    fill(w, "staff", "first", 10, 1);
    fill(w, "staff", "again", 3, 2);
    const mn_match_lists what = ask(t, "staff", NULL);
    assert_ok(mn_core_match(w->core, &ann, &what, &report, err));
    assert_int_equal(t->n, 3);
    for (size_t i = 0; i < t->n; i++)
        assert_string_equal(t->pairs[i].name_a + 5, t->pairs[i].name_b + 5);
    free(t);
}

static void test_consent_and_purpose(void **state)
{
    world *w = *state;
    told *t = calloc(1, sizeof *t);
    mn_match_report report;
    mn_enrolment done;
    fill(w, "visitors", "visitor", 4, 1);
    fill(w, "staff", "colleague", 4, 2);
    const mn_consent_given live = agreed(MN_PURPOSE_LIVE);
    assert_ok(try_enrol(w, "colleague at the door", "door", &live, 1, 3, &done, err));
    mn_match_lists what = ask(t, "visitors", "door");
    assert_code(mn_core_match(w->core, &ann, &what, &report, err), MN_E_PURPOSE);
    what.purpose = MN_PURPOSE_LIVE;
    assert_code(mn_core_match(w->core, &ann, &what, &report, err), MN_E_PURPOSE);
    what = ask(t, "visitors", "nowhere");
    assert_code(mn_core_match(w->core, &ann, &what, &report, err), MN_E_NOT_FOUND);
    what = ask(t, "visitors", "visitors");
    assert_code(mn_core_match(w->core, &ann, &what, &report, err), MN_E_INVALID);
    what = ask(t, "visitors", "staff");
    what.purpose = MN_PURPOSE_VERIFICATION;
    assert_code(mn_core_match(w->core, &ann, &what, &report, err), MN_E_PURPOSE);
    assert_int_equal(t->n, 0);

    /* Who withdrew is on neither side. */
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, "visitor 0", w->arena, &v, err));
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &v.person.id, MN_PURPOSE_IDENTIFICATION, err));
    assert_ok(mn_core_person(w->core, &ann, "colleague 2", w->arena, &v, err));
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &v.person.id, MN_PURPOSE_IDENTIFICATION, err));
    what = ask(t, "visitors", "staff");
    assert_ok(mn_core_match(w->core, &ann, &what, &report, err));
    assert_int_equal(t->n, 2);
    assert_string_equal(t->pairs[0].name_b, "colleague 1");
    assert_string_equal(t->pairs[1].name_b, "colleague 3");
    free(t);
}

/* Pairs wait up to a second: whoever ends in between is in none. */
static void test_withdrawn_while_it_runs(void **state)
{
    world *w = *state;
    told *t = calloc(1, sizeof *t);
    mn_match_report report;
    mn_enrolment done;
    mn_consent_given soon = agreed(MN_PURPOSE_IDENTIFICATION);
    fill(w, "visitors", "visitor", 2, 1);
    fill(w, "staff", "colleague", 1, 2);
    assert_ok(try_enrol(w, "leaves", "staff", &soon, 1, 2, &done, err));
    /* The gallery still has them, the store does not allow it any more. */
    mn_consent *consents;
    size_t n;
    mn_store *s = w->core->store;
    assert_ok(mn_core_follow(w->core, err));
    assert_ok(s->ops->consent_list(s, &done.person, w->arena, &consents, &n, err));
    assert_int_equal(n, 1);
    consents[0].withdrawn = mn_time_now();
    assert_ok(s->ops->consent_put(s, &consents[0], err));
    const mn_match_lists what = ask(t, "visitors", "staff");
    assert_ok(mn_core_match(w->core, &ann, &what, &report, err));
    assert_int_equal(t->n, 1);
    assert_string_equal(t->pairs[0].name_b, "colleague 0");
    free(t);
}

static void test_on_record(void **state)
{
    world *w = *state;
    char detail[1024], want[128], id[MN_ID_TEXT];
    told *t = calloc(1, sizeof *t);
    mn_match_report report;
    fill(w, "visitors", "visitor", 3, 1);
    fill(w, "staff", "colleague", 3, 2);
    const mn_match_lists what = ask(t, "visitors", "staff");
    assert_ok(mn_core_match(w->core, &ann, &what, &report, err));
    assert_int_equal(count_audit(w, "match", detail, sizeof detail), 1);
    assert_non_null(strstr(detail, "\"list\":\"visitors\""));
    assert_non_null(strstr(detail, "\"with\":\"staff\""));
    assert_int_equal(count_audit(w, "match.found", detail, sizeof detail), 3);
    mn_id_format(&t->pairs[2].a, id);
    snprintf(want, sizeof want, "test:ann %s ", id);
    assert_memory_equal(detail, want, strlen(want));
    mn_id_format(&t->pairs[2].b, id);
    assert_non_null(strstr(detail, id));
    free(t);
}

static void test_cancel_and_failure(void **state)
{
    world *w = *state;
    told *t = calloc(1, sizeof *t);
    mn_match_report report = {.pairs = 77};
    fill(w, "visitors", "visitor", 40, 1);
    fill(w, "staff", "colleague", 40, 2);
    mn_match_lists what = ask(t, "visitors", "staff");
    t->cancel_after_progress = true;
    assert_code(mn_core_match(w->core, &ann, &what, &report, err), MN_E_CANCELLED);
    assert_int_equal(report.pairs, 77);
    assert_in_range(t->n, 15, 16); /* of the first pass; the last one may still wait for more of its faces */
    told *u = calloc(1, sizeof *u);
    u->fail_at = 3;
    what = ask(u, "visitors", "staff");
    assert_code(mn_core_match(w->core, &ann, &what, &report, err), MN_E_IO);
    assert_int_equal(u->n, 2);
    what.k = 0;
    assert_code(mn_core_match(w->core, &ann, &what, &report, err), MN_E_INVALID);
    free(t);
    free(u);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_two_lists),           T(test_agrees_with_identify),    T(test_duplicates),
        T(test_consent_and_purpose), T(test_withdrawn_while_it_runs), T(test_on_record),
        T(test_cancel_and_failure),
    };
    return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
