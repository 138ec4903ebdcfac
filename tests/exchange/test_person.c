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

static void test_lists_and_fields(void **state)
{
    mn_exchange_line l;
    assert_ok(parse(
        *state,
        "{\"mien\": \"people\", \"version\": 2, \"lists\": [{\"name\": \"staff\", \"purpose\": "
        "\"attendance\"}, "
        "{\"name\": \"visitors\", \"purpose\": \"identification\", \"comment\": \"a\\nb\", \"color\": "
        "\"#2f6fde\", "
        "\"retention_s\": 86400, \"fmr\": 1e-5, \"active\": false, \"acknowledge\": true, \"sound\": true}], "
        "\"fields\": [{\"name\": \"office\", \"label\": \"Office\", \"type\": \"choice\", \"choices\": "
        "[\"a\", \"b\"], "
        "\"default\": \"a\"}]}",
        &l, err));
    assert_true(l.is_header);
    assert_null(l.header.model);
    assert_int_equal(l.header.n_lists, 2);
    const mn_list *plain = &l.header.lists[0], *full = &l.header.lists[1];
    assert_string_equal(plain->name, "staff");
    assert_int_equal(plain->purpose, MN_PURPOSE_ATTENDANCE);
    assert_true(plain->retention == MN_TIME_NEVER && plain->fmr == 0 && !plain->inactive);
    assert_null(plain->comment);
    assert_string_equal(full->comment, "a\nb");
    assert_string_equal(full->color, "#2f6fde");
    assert_true(full->retention == INT64_C(86400000000) && full->fmr == 1e-5);
    assert_true(full->inactive && full->acknowledge && full->sound);
    assert_int_equal(l.header.n_fields, 1);
    assert_string_equal(l.header.fields[0], "{\"choices\":[\"a\",\"b\"],\"default\":\"a\",\"label\":"
                                            "\"Office\",\"name\":\"office\",\"type\":\"choice\"}");
}

static void test_custom_and_avatar(void **state)
{
    mn_exchange_line l;
    assert_ok(parse(*state,
                    "{\"name\": \"Anna\", \"custom\": {\"office\": \"B 7\", \"floors\": [1, 2.5]}, "
                    "\"avatar\": \"0190a3f2-7c1e-7d3a-9b4e-2f60c1d5a8e8\"}",
                    &l, err));
    char id[MN_ID_TEXT];
    mn_id_format(&l.person.person.avatar, id);
    assert_string_equal(id, "0190a3f2-7c1e-7d3a-9b4e-2f60c1d5a8e8");
    assert_string_equal(l.person.person.custom, "{\"floors\":[1,2.5],\"office\":\"B 7\"}");
}

#define HEAD(more)  "{\"mien\": \"people\", \"version\": 2, " more "}"
#define LIST(more)  HEAD("\"lists\": [{\"name\": \"a\", \"purpose\": \"attendance\", " more "}]")
#define FIELD(more) HEAD("\"fields\": [{\"name\": \"a\", \"type\": \"text\", " more "}]")

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
        {"{\"mien\": \"people\", \"version\": 3}", "version 3", MN_E_UNSUPPORTED},
        {"{\"mien\": \"people\"}", "version 0", MN_E_UNSUPPORTED},
        {"{\"custom\": []}", "\"custom\" must be an object", MN_E_INVALID},
        {"{\"avatar\": \"a.jpg\"}", "\"avatar\" must be an id", MN_E_INVALID},
        {HEAD("\"lists\": {}"), "\"lists\" must be an array", MN_E_INVALID},
        {HEAD("\"lists\": [\"staff\"]"), "\"lists\" must be an array of objects", MN_E_INVALID},
        {HEAD("\"lists\": [{\"name\": \"a\"}]"), "\"purpose\" must be given", MN_E_INVALID},
        {LIST("\"colour\": \"#000000\""), "a list has no \"colour\"", MN_E_INVALID},
        {LIST("\"retention_s\": 0"), "\"retention_s\" must be", MN_E_INVALID},
        {LIST("\"retention_s\": 1.5"), "\"retention_s\" must be", MN_E_INVALID},
        {LIST("\"retention_s\": 9e18"), "\"retention_s\" must be", MN_E_INVALID},
        {LIST("\"fmr\": 1"), "\"fmr\" must be", MN_E_INVALID},
        {LIST("\"fmr\": \"low\""), "\"fmr\" must be", MN_E_INVALID},
        {LIST("\"sound\": 1"), "\"sound\" must be true or false", MN_E_INVALID},
        {HEAD("\"fields\": [7]"), "\"fields\" must be an array of objects", MN_E_INVALID},
        {HEAD("\"fields\": [{\"name\": \"Office\", \"type\": \"text\"}]"), "small letters", MN_E_INVALID},
        {HEAD("\"fields\": [{\"name\": \"a\", \"type\": \"colour\"}]"), "\"type\" must be", MN_E_INVALID},
        {HEAD("\"fields\": [{\"name\": \"a\"}]"), "\"type\" must be", MN_E_INVALID},
        {HEAD("\"fields\": [{\"name\": \"a\", \"type\": \"text\"}, {\"name\": \"a\", \"type\": \"text\"}]"),
         "two custom fields of the name \"a\"", MN_E_INVALID},
        {FIELD("\"choices\": []"), "\"choices\" must be", MN_E_INVALID},
        {FIELD("\"choices\": [7]"), "\"choices\" must be", MN_E_INVALID},
        {FIELD("\"filter\": 1"), "\"filter\" must be true or false", MN_E_INVALID},
        {FIELD("\"shown\": true"), "a custom field has no \"shown\"", MN_E_INVALID},
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
    p.custom = "{\"a\": [1, \"x\"]}";
    p.avatar = face.id;
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
    assert_string_equal(l.person.person.custom, "{\"a\":[1,\"x\"]}");
    assert_memory_equal(&l.person.person.avatar, &face.id, sizeof face.id);
}

static void test_header_round(void **state)
{
    mn_exchange_line l;
    const mn_list list = {.name = "Zoë",
                          .purpose = MN_PURPOSE_LIVE,
                          .comment = "a\nb",
                          .color = "#2f6fde",
                          .retention = 7 * MN_TIME_SECOND,
                          .fmr = 1e-7,
                          .inactive = true,
                          .acknowledge = true},
                  plain = {.name = "b", .purpose = MN_PURPOSE_VERIFICATION, .retention = MN_TIME_NEVER};
    json_t *o = mn_exchange_header_json(
        "m", 3, NULL, json_pack("[o o]", mn_exchange_list_json(&list), mn_exchange_list_json(&plain)),
        json_pack("[{ss ss ss}]", "name", "office", "label", "Office", "type", "text"));
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    assert_non_null(strstr(text, "{\"mien\":\"people\",\"version\":2,\"model\":\"m\",\"dim\":3,"));
    assert_ok(parse(*state, text, &l, err));
    free(text);
    assert_string_equal(l.header.model, "m");
    assert_int_equal(l.header.n_lists, 2);
    const mn_list *a = &l.header.lists[0], *b = &l.header.lists[1];
    assert_string_equal(a->name, "Zoë");
    assert_string_equal(a->comment, "a\nb");
    assert_string_equal(a->color, "#2f6fde");
    assert_true(a->purpose == MN_PURPOSE_LIVE && a->retention == 7 * MN_TIME_SECOND && a->fmr == 1e-7);
    assert_true(a->inactive && a->acknowledge && !a->sound);
    assert_true(b->retention == MN_TIME_NEVER && b->fmr == 0 && !b->inactive && !b->color);
    assert_int_equal(l.header.n_fields, 1);
    o = mn_exchange_header_json("", 0, NULL, json_array(), json_array());
    text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    assert_string_equal(text, "{\"mien\":\"people\",\"version\":2,\"lists\":[],\"fields\":[]}");
    free(text);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_header),  T(test_lists_and_fields), T(test_person), T(test_custom_and_avatar),
        T(test_refused), T(test_limits),           T(test_round),  T(test_header_round)};
    return cmocka_run_group_tests_name("person", tests, NULL, NULL);
}
