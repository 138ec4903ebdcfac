/* Every right of every predefined role, and what somebody without one is refused. */
#include "base/file.h"
#include "core/internal.h"
#include "support.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

/* ---- the table ---- */

/* view create change delete search export; "." = not granted, "-" = means nothing for the resource. One line
 * a resource; administrator, operator, auditor, integrator. */
static const struct {
    const char *resource;
    const char *roles[4];
} table[] = {
    {"people", {"vchdse", "vchds.", "v...s.", "vch.s."}},
    {"consents", {"vch---", "vch---", "v..---", "vch---"}},
    {"faces", {"vchd--", "vchd--", "....--", "vc..--"}},
    {"lists", {"vchd-e", "v.h.-.", "v...-.", "v...-."}},
    {"samples", {"v----e", "v----.", ".----.", ".----."}},
    {"descriptors", {"-c---e", "-.---.", "-.---.", "-.---."}},
    {"attributes", {"vc-d--", "vc-d--", "..-.--", "vc-d--"}},
    {"actions", {"vc--s-", "vc--s-", "..--.-", "vc--s-"}},
    {"users", {"vchd--", "....--", "v...--", "....--"}},
    {"roles", {"vchd--", "....--", "v...--", "....--"}},
    {"tokens", {"vchd--", "....--", "v...--", "....--"}},
    {"accounts", {"vchd--", "....--", "....--", "....--"}},
    {"settings", {"v-h---", ".-.---", "v-.---", ".-.---"}},
    {"audit", {"v----e", ".----.", "v----e", ".----."}},
    {"license", {"v-h---", "v-.---", "v-.---", "v-.---"}},
};
static const char *const role_words[] = {"administrator", "operator", "auditor", "integrator"};
static const char *const verb_words[] = {"view", "create", "change", "delete", "search", "export"};

static void test_every_right_of_every_role(void **state)
{
    (void)state;
    assert_int_equal(MN_RESOURCES, 15);
    assert_int_equal(MN_VERBS, 6);
    assert_int_equal(MN_ROLES, 4);
    for (int role = 0; role < 4; role++) {
        mn_role_id id;
        assert_true(mn_role_parse(role_words[role], &id));
        const mn_rights rights = mn_rights_of_role(id);
        for (int r = 0; r < 15; r++)
            for (int v = 0; v < 6; v++) {
                char letter = table[r].roles[role][v];
                assert_string_equal(mn_resource_word((mn_resource)r), table[r].resource);
                assert_string_equal(mn_verb_word((mn_verb)v), verb_words[v]);
                if (mn_right_exists((mn_resource)r, (mn_verb)v) != (letter != '-') ||
                    mn_rights_has(&rights, (mn_resource)r, (mn_verb)v) != (letter != '-' && letter != '.'))
                    fail_msg("%s: %s.%s is not as the table says (%c)", role_words[role], table[r].resource,
                             verb_words[v], letter);
            }
    }
}

static void test_words(void **state)
{
    (void)state;
    mn_rights some = {{0}}, again = {{0}};
    char text[MN_RIGHTS_TEXT];
    assert_true(mn_rights_none(&some));
    assert_ok(mn_rights_parse_all("people.view actions.search", &some, err));
    mn_rights_format(&some, text);
    assert_string_equal(text, "people.view actions.search");
    const mn_rights all = mn_rights_all();
    mn_rights_format(&all, text);
    assert_ok(mn_rights_parse_all(text, &again, err));
    assert_memory_equal(&again, &all, sizeof all);
    assert_true(mn_rights_within(&some, &all));
    assert_false(mn_rights_within(&all, &some));
    assert_code(mn_rights_parse_all("people.fly", &some, err), MN_E_INVALID);
    assert_code(mn_rights_parse_all("people.view samples.delete", &some, err),
                MN_E_INVALID); /* means nothing */
    assert_code(mn_rights_parse_all("people", &some, err), MN_E_INVALID);
    assert_code(mn_rights_parse_all("dogs.view", &some, err), MN_E_INVALID);
    mn_rights_format(&some, text);
    assert_string_equal(text, "people.view actions.search"); /* untouched */
}

static void test_the_page_is_up_to_date(void **state)
{
    (void)state;
    char path[4096];
    mn_buf made, page;
    mn_buf_init(&made, 1 << 20);
    mn_buf_init(&page, 1 << 20);
    assert_ok(mn_rights_write_markdown(&made, err));
    assert_true(mn_path_join(path, sizeof path, mn_test_root(), "docs/guide/rights.md"));
    mn_test_read(path, &page);
    if (strcmp((char *)page.data, (char *)made.data) != 0)
        fail_msg("docs/guide/rights.md is out of date: run mien roles markdown > docs/guide/rights.md");
    mn_buf_finish(&made);
    mn_buf_finish(&page);
}

/* ---- operations ---- */

static mn_actor with(const char *rights)
{
    mn_actor a = {.name = "test:bob"};
    assert_ok(mn_rights_parse_all(rights, &a.rights, err));
    return a;
}

static mn_code stop(void *ctx, const mn_audit_record *r, mn_error *err)
{
    (void)ctx;
    (void)r;
    (void)err;
    return MN_OK;
}

static void test_each_operation_needs_its_right(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    mn_rights all = mn_rights_all();
    const mn_face *f = make_face(w, 1, 5);
    const mn_identify what = {.probe = &f->descriptor, .purpose = MN_PURPOSE_IDENTIFICATION, .k = 3};
    mn_identification found = {0};
    mn_person_view view, *views = NULL;
    mn_buf sample;
    size_t n = 0;
    uint64_t records = 0;
    mn_buf_init(&sample, 1 << 20);
    const struct {
        mn_resource r;
        mn_verb v;
    } needed[] = {{MN_R_ACTIONS, MN_VERB_SEARCH},  {MN_R_PEOPLE, MN_VERB_VIEW},
                  {MN_R_PEOPLE, MN_VERB_SEARCH},   {MN_R_SAMPLES, MN_VERB_VIEW},
                  {MN_R_CONSENTS, MN_VERB_CHANGE}, {MN_R_PEOPLE, MN_VERB_DELETE},
                  {MN_R_AUDIT, MN_VERB_EXPORT}};
    for (size_t i = 0; i < 7; i++) {
        mn_actor but = {.name = "test:bob", .rights = all};
        mn_code code = MN_OK;
        mn_error e = {0};
        but.rights.verbs[needed[i].r] &= (uint8_t) ~(1u << needed[i].v);
        switch (i) {
        case 0:
            code = mn_core_identify(w->core, &but, &what, w->arena, &found, &e);
            break;
        case 1:
            code = mn_core_person(w->core, &but, "Anna", w->arena, &view, &e);
            break;
        case 2:
            code = mn_core_people(w->core, &but, NULL, NULL, NULL, 9, w->arena, &views, &n, &e);
            break;
        case 3:
            code = mn_core_sample(w->core, &but, &a.face, &sample, &e);
            break;
        case 4:
            code = mn_core_consent_withdraw(w->core, &but, &a.person, MN_PURPOSE_IDENTIFICATION, &e);
            break;
        case 5:
            code = mn_core_erase(w->core, &but, &a.person, &e);
            break;
        case 6:
            code = mn_core_audit_export(w->core, &but, 0, MN_TIME_NEVER, stop, NULL, &records, &e);
            break;
        }
        char right[64];
        snprintf(right, sizeof right, "%s.%s", mn_resource_word(needed[i].r), mn_verb_word(needed[i].v));
        if (code != MN_E_FORBIDDEN || !strstr(e.text, right))
            fail_msg("without %s: %s: %s", right, mn_code_word(code), e.text);
    }
    mn_buf_finish(&sample);
    assert_int_equal(look_for(w, w->core, 1).n, 1); /* nothing happened */
}

static void test_enrolment_needs_rights(void **state)
{
    world *w = *state;
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    const char *const almost[] = {
        "people.create consents.create lists.create", "faces.create consents.create lists.create",
        "faces.create people.create lists.create", "faces.create people.create consents.create"};
    mn_enrolment done = {0};
    mn_actor before = ann;
    for (int i = 0; i < 4; i++) {
        ann.rights = with(almost[i]).rights;
        assert_code(try_enrol(w, "Anna", "staff", &consent, 1, 0, &done, err), MN_E_FORBIDDEN);
    }
    ann.rights = with("faces.create people.create consents.create lists.create").rights;
    assert_ok(try_enrol(w, "Anna", "staff", &consent, 1, 0, &done, err));
    ann.rights = with("faces.create consents.create").rights; /* everybody is there already */
    assert_ok(try_enrol(w, "Anna", "staff", &consent, 1, 1, &done, err));
    ann = before;
}

/* ---- kept to lists ---- */

static mn_id list_id(world *w, const char *name)
{
    const mn_id account = {0};
    mn_list l;
    assert_ok(w->core->store->ops->list_by_name(w->core->store, &account, name, w->arena, &l, err));
    return l.id;
}

static void test_kept_to_lists(void **state)
{
    world *w = *state;
    mn_enrolment anna = enrol(w, "Anna", "staff", 1, 0), bert = enrol(w, "Bert", "guests", 2, 0);
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    const mn_id lists[] = {list_id(w, "guests")};
    const mn_actor before = ann, bob = {.name = "test:bob",
                                        .rights = mn_rights_all(),
                                        .limited = true,
                                        .lists = lists,
                                        .n_lists = 1};
    mn_person_view view, *views = NULL;
    mn_enrolment done = {0};
    size_t n = 0;
    mn_buf sample;
    mn_buf_init(&sample, 1 << 20);
    assert_code(mn_core_person(w->core, &bob, "Anna", w->arena, &view, err), MN_E_NOT_FOUND);
    assert_code(mn_core_sample(w->core, &bob, &anna.face, &sample, err), MN_E_NOT_FOUND);
    assert_code(mn_core_erase(w->core, &bob, &anna.person, err), MN_E_NOT_FOUND);
    assert_code(mn_core_consent_withdraw(w->core, &bob, &anna.person, consent.purpose, err), MN_E_NOT_FOUND);
    assert_code(mn_core_people(w->core, &bob, "staff", NULL, NULL, 9, w->arena, &views, &n, err),
                MN_E_NOT_FOUND);
    assert_ok(mn_core_person(w->core, &bob, "Bert", w->arena, &view, err));
    assert_ok(mn_core_sample(w->core, &bob, &bert.face, &sample, err));
    mn_buf_finish(&sample);

    ann = bob; /* the helpers act as ann */
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    assert_int_equal(look_for(w, w->core, 2).n, 1);
    assert_code(try_enrol(w, "Cleo", "staff", &consent, 3, 0, &done, err), MN_E_FORBIDDEN);
    assert_code(try_enrol(w, "Cleo", "new list", &consent, 3, 0, &done, err), MN_E_FORBIDDEN);
    assert_ok(try_enrol(w, "Looks like Anna", "guests", &consent, 1, 1, &done, err));
    assert_false(done.duplicate); /* who is in no list of theirs is not named to them */
    ann = before;

    enrol(w, "Bert", "staff", 2, 3); /* another person of that name */
    assert_ok(mn_core_person(w->core, &bob, "Bert", w->arena, &view, err));
    assert_memory_equal(&view.person.id, &bert.person, sizeof bert.person);
    const mn_id staff = list_id(w, "staff");
    assert_ok(w->core->store->ops->member_put(w->core->store, &staff, &bert.person, 1, err));
    assert_ok(mn_core_person(w->core, &bob, "Bert", w->arena, &view, err));
    assert_int_equal(view.n_lists, 1);
    assert_string_equal(view.lists[0].name, "guests");
    assert_code(mn_core_erase(w->core, &bob, &bert.person, err), MN_E_FORBIDDEN); /* in staff too */

    w->core->grace = MN_TIME_SECOND * 3600;
    assert_ok(mn_core_erase(w->core, &ann, &anna.person, err));
    mn_time due = 0;
    const mn_actor deleter = with("people.delete");
    assert_ok(mn_core_erasure_due(w->core, &ann, &anna.person, &due, err));
    assert_true(due > mn_time_now() && due < MN_TIME_NEVER);
    assert_code(mn_core_erasure_due(w->core, &deleter, &anna.person, &due, err), MN_E_FORBIDDEN);
    assert_ok(mn_core_erasure_due(w->core, &bob, &anna.person, &due, err));
    assert_true(due == MN_TIME_NEVER); /* who is in no list of theirs is not there */
    const mn_actor nobody = {.name = "test:bob", .rights = mn_rights_all(), .limited = true};
    assert_code(mn_core_person(w->core, &nobody, "Anna", w->arena, &view, err), MN_E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_right_of_every_role),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_the_page_is_up_to_date),
        cmocka_unit_test_setup_teardown(test_each_operation_needs_its_right, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_enrolment_needs_rights, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_kept_to_lists, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
