#include "exchange/person.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    *state = mn_arena_create(1 << 20);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    mn_arena_destroy(*state);
    return 0;
}

static mn_code parse(mn_arena *a, const char *text, mn_exchange_line *out, mn_error *err)
{
    return mn_exchange_parse(text, strlen(text), a, out, err);
}

static void test_header(void **state)
{
    mn_exchange_line l;
    assert_ok(
        parse(*state,
              "{\"mien\": \"people\", \"version\": 1, \"model\": \"m\", \"dim\": 4, \"vectors\": \"v.npy\"}",
              &l, err));
    assert_true(l.is_header);
    assert_string_equal(l.header.model, "m");
    assert_string_equal(l.header.vectors, "v.npy");
}

static void test_person(void **state)
{
    mn_exchange_line l;
    assert_ok(parse(
        *state,
        "{\"person\": \"0190a3f2-7c1e-7d3a-9b4e-2f60c1d5a8e7\", \"external_id\": \"A7\", \"name\": \"Anna\", "
        "\"user_data\": \"u\", \"active\": false, \"created\": \"2026-01-31T12:00:00Z\", "
        "\"lists\": [\"old\", {\"name\": \"staff\", \"purpose\": \"attendance\"}], "
        "\"consents\": [{\"purpose\": \"attendance\", \"method\": \"form\", \"evidence\": \"cabinet\", "
        "\"given\": \"2026-01-01\", \"until\": null, \"withdrawn\": \"2026-02-01\"}], "
        "\"faces\": [{\"face\": \"0190a3f2-7c1e-7d3a-9b4e-2f60c1d5a8e8\", \"source\": \"a.jpg\", "
        "\"quality\": 0.5, \"model\": \"m\", \"vector\": \"AAAAPwAAgL8=\", \"sample\": \"s/a.jpg\"}, "
        "{\"row\": 7}]}",
        &l, err));
    const mn_exchange_person *p = &l.person;
    assert_false(l.is_header);
    assert_string_equal(p->person.external_id, "A7");
    assert_string_equal(p->person.name, "Anna");
    assert_string_equal(p->person.user_data, "u");
    assert_false(p->person.active);
    assert_true(p->person.created == INT64_C(1769860800000000));
    assert_int_equal(p->n_lists, 2);
    assert_false(p->lists[0].with_purpose);
    assert_string_equal(p->lists[1].name, "staff");
    assert_int_equal(p->lists[1].purpose, MN_PURPOSE_ATTENDANCE);
    assert_int_equal(p->n_consents, 1);
    assert_true(p->consents[0].until == MN_TIME_NEVER);
    assert_true(p->consents[0].withdrawn == INT64_C(1769904000000000));
    assert_int_equal(p->n_faces, 2);
    assert_int_equal(p->faces[0].n_vector, 2);
    assert_true(p->faces[0].vector[0] == 0.5f && p->faces[0].vector[1] == -1.0f);
    assert_true(p->faces[0].quality == 0.5f);
    assert_string_equal(p->faces[0].sample, "s/a.jpg");
    assert_true(p->faces[1].with_row && p->faces[1].row == 7);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *words;
        mn_code code;
    } bad[] = {
        {"", "no JSON", MN_E_DECODE},
        {"{\"name\": \"a\"", "no JSON", MN_E_DECODE},
        {"{\"name\": \"a\", \"name\": \"b\"}", "no JSON", MN_E_DECODE},
        {"[1]", "must be a JSON object", MN_E_INVALID},
        {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "nested", MN_E_LIMIT},
        {"{\"consent\": []}", "a person has no \"consent\"", MN_E_INVALID},
        {"{\"name\": 7}", "\"name\" must be a text", MN_E_INVALID},
        {"{\"person\": \"7\"}", "\"person\" must be an id", MN_E_INVALID},
        {"{\"active\": 1}", "\"active\" must be true or false", MN_E_INVALID},
        {"{\"created\": \"yesterday\"}", "\"created\" must be a time", MN_E_INVALID},
        {"{\"lists\": {}}", "\"lists\" must be an array", MN_E_INVALID},
        {"{\"lists\": [{\"purpose\": \"attendance\"}]}", "\"name\" must be given", MN_E_INVALID},
        {"{\"lists\": [{\"name\": \"a\", \"purpose\": \"fun\"}]}", "\"purpose\" must be verification",
         MN_E_INVALID},
        {"{\"consents\": [{\"purpose\": \"attendance\"}]}", "when did the person agree", MN_E_INVALID},
        {"{\"consents\": [{\"given\": \"2026-01-01\"}]}", "\"purpose\" must be given", MN_E_INVALID},
        {"{\"faces\": [{\"vector\": \"AAAA\"}]}", "\"vector\" must be base64", MN_E_INVALID},
        {"{\"faces\": [{\"vector\": \"\"}]}", "\"vector\" must be base64", MN_E_INVALID},
        {"{\"faces\": [{\"vector\": \"AAAAPwAAgL8=\", \"row\": 1}]}", "give one of them", MN_E_INVALID},
        {"{\"faces\": [{\"row\": -1}]}", "\"row\" must be", MN_E_INVALID},
        {"{\"faces\": [{\"quality\": 2}]}", "\"quality\" must be", MN_E_INVALID},
        {"{\"faces\": [{\"sample\": \"/etc/passwd\"}]}", "below the folder", MN_E_INVALID},
        {"{\"faces\": [{\"sample\": \"a/../../b\"}]}", "below the folder", MN_E_INVALID},
        {"{\"faces\": [{\"sample\": \"..\"}]}", "below the folder", MN_E_INVALID},
        {"{\"mien\": \"lists\", \"version\": 1}", "\"mien\" must be", MN_E_INVALID},
        {"{\"mien\": \"people\", \"version\": 2}", "version 2", MN_E_UNSUPPORTED},
        {"{\"mien\": \"people\", \"version\": 1, \"vectors\": \"../v.npy\"}", "below the folder",
         MN_E_INVALID},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mn_exchange_line l = {.is_header = true};
        mn_error e = {0};
        mn_code code = parse(*state, bad[i].text, &l, &e);
        if (code != bad[i].code || !strstr(e.text, bad[i].words))
            fail_msg("%s: %s \"%s\", wanted \"%s\"", bad[i].text, mn_code_word(code), e.text, bad[i].words);
        assert_true(l.is_header);
    }
}

static void test_limits(void **state)
{
    static const struct {
        const char *key, *element;
        size_t most;
    } arrays[] = {{"lists", "\"a\"", 100}, {"faces", "{}", 1000}};
    for (size_t i = 0; i < 2; i++)
        for (size_t more = 0; more < 2; more++) {
            mn_exchange_line l;
            mn_error e = {0};
            mn_buf b;
            mn_buf_init(&b, 1 << 16);
            assert_ok(mn_buf_printf(&b, err, "{\"%s\": [%s", arrays[i].key, arrays[i].element));
            for (size_t n = 1; n < arrays[i].most + more; n++)
                assert_ok(mn_buf_printf(&b, err, ",%s", arrays[i].element));
            assert_ok(mn_buf_printf(&b, err, "]}"));
            assert_int_equal(mn_exchange_parse((char *)b.data, b.len, *state, &l, &e),
                             more ? MN_E_LIMIT : MN_OK);
            mn_buf_finish(&b);
        }
}

/* What is written is read as the same. */
static void test_round(void **state)
{
    mn_exchange_line l;
    const float v[3] = {0.1f, -2e-30f, 3};
    mn_person p = {.id = mn_id_make(), .external_id = "x", .name = "Zoë \"Z\"", .active = true};
    p.created = INT64_C(1769860800123000);
    const mn_list list = {.name = "staff", .purpose = MN_PURPOSE_LIVE};
    const mn_consent consent = {.purpose = MN_PURPOSE_LIVE,
                                .method = "form",
                                .evidence = "",
                                .given = INT64_C(1769860800000000),
                                .until = MN_TIME_NEVER,
                                .withdrawn = MN_TIME_NEVER};
    const mn_face_record face = {
        .id = mn_id_make(), .source = "a.jpg", .quality = 0.5f, .created = p.created};
    json_t *faces = json_array();
    json_array_append_new(faces, mn_exchange_face_json(&face, "m", v, 3, MN_EXCHANGE_NO_ROW, "s/a.jpg"));
    json_array_append_new(faces, mn_exchange_face_json(&face, "m", v, 3, 12, NULL));
    json_array_append_new(faces, mn_exchange_face_json(&face, "m", NULL, 3, MN_EXCHANGE_NO_ROW, NULL));
    json_t *o = mn_exchange_person_json(&p, &list, 1, &consent, 1, faces);
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    assert_ok(parse(*state, text, &l, err));
    free(text);
    assert_memory_equal(&l.person.person.id, &p.id, sizeof p.id);
    assert_string_equal(l.person.person.name, "Zoë \"Z\"");
    assert_true(l.person.person.created == p.created);
    assert_int_equal(l.person.lists[0].purpose, MN_PURPOSE_LIVE);
    assert_true(l.person.consents[0].given == consent.given);
    assert_memory_equal(l.person.faces[0].vector, v, sizeof v);
    assert_true(l.person.faces[1].with_row && l.person.faces[1].row == 12);
    assert_true(!l.person.faces[2].vector && !l.person.faces[2].model);
    o = mn_exchange_header_json("m", 3, NULL);
    text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    assert_string_equal(text, "{\"mien\":\"people\",\"version\":1,\"model\":\"m\",\"dim\":3}");
    free(text);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_header), T(test_person), T(test_refused), T(test_limits),
                                       T(test_round)};
    return cmocka_run_group_tests_name("person", tests, NULL, NULL);
}
