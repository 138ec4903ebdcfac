#include "base/alloc.h"
#include "net/json.h"
#include "net/schema.h"
#include "net/text.h"
#include "support.h"

#include <math.h>
#include <string.h>

/* Bounds of numbers, of texts, of arrays and of objects. */
#define BOUNDS(low, high, length, entries, parts)                                                            \
    .least = (low), .most = (high), .max_length = (length), .max_items = (entries), .max_fields = (parts)
#define ANY BOUNDS(-INFINITY, INFINITY, SIZE_MAX, SIZE_MAX, SIZE_MAX)

static const char *const colours[] = {"blue", "green", "red"};
static const mn_schema id = {ANY, .types = MN_TYPE_STRING, .format = MN_FORM_UUID};
static const mn_schema name = {BOUNDS(-INFINITY, INFINITY, 5, SIZE_MAX, SIZE_MAX), .types = MN_TYPE_STRING,
                               .min_length = 1};
static const mn_schema colour = {ANY, .types = MN_TYPE_STRING | MN_TYPE_NULL, .choices = colours,
                                 .n_choices = 3};
static const mn_schema whole = {BOUNDS(1, 10, SIZE_MAX, SIZE_MAX, SIZE_MAX), .types = MN_TYPE_INT};
static const mn_schema free_number = {BOUNDS(0, INFINITY, SIZE_MAX, SIZE_MAX, SIZE_MAX),
                                      .types = MN_TYPE_NUMBER};
static const mn_schema names = {BOUNDS(-INFINITY, INFINITY, SIZE_MAX, 3, SIZE_MAX), .types = MN_TYPE_ARRAY,
                                .items = &name, .min_items = 1, .unique = true};
static const mn_schema key = {BOUNDS(-INFINITY, INFINITY, 4, SIZE_MAX, SIZE_MAX), .types = MN_TYPE_STRING,
                              .format = MN_FORM_IDENTIFIER};
static const mn_schema bag = {BOUNDS(-INFINITY, INFINITY, SIZE_MAX, SIZE_MAX, 2), .types = MN_TYPE_OBJECT,
                              .names = &key, .rest = &whole};
static const mn_schema yes = {ANY, .types = MN_TYPE_BOOL};
static const mn_schema tag = {ANY, .types = MN_TYPE_STRING};
static const mn_schema_field by_id_fields[] = {{"id", &id, true, NULL}, {"type", &tag, true, NULL}};
static const mn_schema_field by_name_fields[] = {
    {"name", &name, true, NULL}, {"strict", &yes, false, "true"}, {"type", &tag, true, NULL}};
static const mn_schema by_id = {ANY, .types = MN_TYPE_OBJECT, .fields = by_id_fields, .n_fields = 2};
static const mn_schema by_name = {ANY, .types = MN_TYPE_OBJECT, .fields = by_name_fields, .n_fields = 3};
static const mn_schema_case cases[] = {{"id", &by_id}, {"name", &by_name}};
static const mn_schema either = {ANY, .types = MN_TYPE_OBJECT, .tag = "type", .cases = cases, .n_cases = 2};
static const mn_schema_field fields[] = {
    {"bag", &bag, false, NULL},     {"colour", &colour, false, NULL},      {"name", &name, true, NULL},
    {"names", &names, false, NULL}, {"number", &free_number, false, NULL}, {"who", &either, false, NULL},
    {"whole", &whole, false, "3"},
};
static const mn_schema thing = {ANY, .types = MN_TYPE_OBJECT, .fields = fields, .n_fields = 7,
                                .min_fields = 1};

/* The first fault as "where what", or "fits". */
static void expect(const char *json, const char *answer)
{
    json_error_t why;
    json_t *v = json_loads(json, 0, &why);
    mn_error err = {0};
    assert_non_null(v);
    mn_fault found[4];
    mn_faults faults = {.v = found, .max = 4};
    mn_code code = mn_schema_check(&thing, v, NULL, &faults, &err);
    if (strcmp(answer, "fits") == 0) {
        if (code != MN_OK)
            fail_msg("%s: %s", json, err.text);
        assert_int_equal(faults.n, 0);
    } else {
        char said[600];
        assert_int_equal(code, MN_E_INVALID);
        assert_int_not_equal(faults.n, 0);
        snprintf(said, sizeof said, "%s %s", found[0].where, found[0].what);
        assert_string_equal(said, answer);
    }
    json_decref(v);
}

static void values_are_checked(void **state)
{
    (void)state;
    expect("{\"name\": \"Anna\"}", "fits");
    expect("{}", "/name is missing");
    expect("[]", " must be an object, is an array");
    expect("{\"name\": 5}", "/name must be a text, is a whole number");
    expect("{\"name\": null}", "/name must be a text, is null");
    expect("{\"name\": \"\"}", "/name must have 1 characters at least, has 0");
    expect("{\"name\": \"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"}", "fits");
    expect("{\"name\": \"abcdef\"}", "/name must have 5 characters at most, has 6");
    expect("{\"name\": \"A\", \"nam\": 1}", "/nam is not known here");
    expect("{\"name\": \"A\", \"a/b~c\": 1}", "/a~1b~0c is not known here");
    expect("{\"name\": \"A\", \"colour\": \"red\"}", "fits");
    expect("{\"name\": \"A\", \"colour\": null}", "fits");
    expect("{\"name\": \"A\", \"colour\": \"re\"}", "/colour must be one of blue, green, red");
    expect("{\"name\": \"A\", \"colour\": \"redd\"}", "/colour must be one of blue, green, red");
    expect("{\"name\": \"A\", \"colour\": true}", "/colour must be a text or null, is true");
}

static void numbers_are_checked(void **state)
{
    (void)state;
    expect("{\"name\": \"A\", \"whole\": 10}", "fits");
    expect("{\"name\": \"A\", \"whole\": 11}", "/whole must be between 1 and 10, is 11");
    expect("{\"name\": \"A\", \"whole\": 0}", "/whole must be between 1 and 10, is 0");
    expect("{\"name\": \"A\", \"whole\": 5.0}",
           "/whole must be a whole number, is a number with a point or exponent");
    expect("{\"name\": \"A\", \"number\": 0.5}", "fits");
    expect("{\"name\": \"A\", \"number\": 7}", "fits");
    expect("{\"name\": \"A\", \"number\": -0.5}", "/number must be 0 or more, is -0.5");
    expect("{\"name\": \"A\", \"number\": 9007199254740991}", "fits");
    expect("{\"name\": \"A\", \"number\": 9007199254740992}",
           "/number must be between -9007199254740991 and 9007199254740991, as JavaScript has it, is "
           "9007199254740992");
}

static void arrays_and_bags_are_checked(void **state)
{
    (void)state;
    expect("{\"name\": \"A\", \"names\": [\"a\", \"b\", \"c\"]}", "fits");
    expect("{\"name\": \"A\", \"names\": []}", "/names must have 1 entries at least, has 0");
    expect("{\"name\": \"A\", \"names\": [\"a\", \"b\", \"c\", \"d\"]}",
           "/names must have 3 entries at most, has 4");
    expect("{\"name\": \"A\", \"names\": [\"a\", \"b\", \"a\"]}", "/names must not hold an entry twice: a");
    expect("{\"name\": \"A\", \"names\": [\"a\", 7]}", "/names/1 must be a text, is a whole number");
    expect("{\"name\": \"A\", \"bag\": {\"a\": 1, \"b\": 2}}", "fits");
    expect("{\"name\": \"A\", \"bag\": {\"a\": 1, \"b\": 2, \"c\": 3}}",
           "/bag must have 2 fields at most, has 3");
    expect("{\"name\": \"A\", \"bag\": {\"a\": 11}}", "/bag/a must be between 1 and 10, is 11");
    expect("{\"name\": \"A\", \"bag\": {\"A\": 1}}",
           "/bag/A the field's name must be small letters, digits, _ and -, beginning with a letter");
    expect("{\"name\": \"A\", \"bag\": {\"abcde\": 1}}",
           "/bag/abcde the field's name must have 4 characters at most, has 5");
}

static void a_tag_chooses(void **state)
{
    (void)state;
    expect("{\"name\": \"A\", \"who\": {\"type\": \"id\", \"id\": \"01931f6c-9a41-7c3e-8d52-6f1b2a9c4e07\"}}",
           "fits");
    expect("{\"name\": \"A\", \"who\": {\"type\": \"id\", \"id\": \"01931f6c\"}}",
           "/who/id must be an id like 01931f6c-9a41-7c3e-8d52-6f1b2a9c4e07");
    expect("{\"name\": \"A\", \"who\": {\"type\": \"id\", \"name\": \"B\"}}", "/who/id is missing");
    expect("{\"name\": \"A\", \"who\": {\"type\": \"other\"}}", "/who/type must be one of id, name");
    expect("{\"name\": \"A\", \"who\": {}}", "/who/type must be one of id, name");
    expect("{\"name\": \"A\", \"who\": {\"type\": 7}}", "/who/type must be one of id, name");
}

static void every_fault_is_told_up_to_the_room(void **state)
{
    (void)state;
    json_t *v = json_loads("{\"name\": 1, \"whole\": 11, \"names\": [], \"x\": 1, \"y\": 2}", 0, NULL);
    mn_fault found[8];
    mn_error err = {0};
    mn_faults faults = {.v = found, .max = 8};
    assert_int_equal(mn_schema_check(&thing, v, NULL, &faults, &err), MN_E_INVALID);
    assert_int_equal(faults.n, 5);
    faults = (mn_faults){.v = found, .max = 2};
    assert_int_equal(mn_schema_check(&thing, v, NULL, &faults, &err), MN_E_INVALID);
    assert_int_equal(faults.n, 2);
    assert_int_equal(mn_schema_check(&thing, v, NULL, &faults, &err), MN_E_INVALID);
    assert_int_equal(faults.n, 2);
    assert_int_equal(mn_schema_check(&thing, v, NULL, NULL, &err), MN_E_INVALID);
    assert_string_equal(err.text, "/name must be a text, is a whole number");
    json_decref(v);
}

static void long_names_are_cut_between_characters(void **state)
{
    (void)state;
    char json[2000] = "{\"name\": \"A\", \"";
    for (int i = 0; i < 400; i++)
        strncat(json, "\xe2\x82\xac", 4);
    strncat(json, "\": 1}", 6);
    json_t *v = json_loads(json, 0, NULL);
    mn_fault found[1];
    mn_faults faults = {.v = found, .max = 1};
    assert_non_null(v);
    assert_int_equal(mn_schema_check(&thing, v, NULL, &faults, NULL), MN_E_INVALID);
    assert_int_equal(strlen(found[0].where), 253); /* a slash, and 84 characters of 3 bytes */
    assert_true(mn_is_utf8(found[0].where, strlen(found[0].where)));
    json_decref(v);
}

static void defaults_are_put_in(void **state)
{
    (void)state;
    json_t *v = json_loads("{\"name\": \"A\", \"who\": {\"type\": \"name\", \"name\": \"B\"}}", 0, NULL);
    assert_int_equal(mn_schema_complete(&thing, v, NULL, NULL), MN_OK);
    assert_int_equal(json_integer_value(json_object_get(v, "whole")), 3);
    assert_true(json_is_true(json_object_get(json_object_get(v, "who"), "strict")));
    assert_null(json_object_get(v, "colour"));
    json_object_set_new(v, "whole", json_integer(4));
    assert_int_equal(mn_schema_complete(&thing, v, NULL, NULL), MN_OK);
    assert_int_equal(json_integer_value(json_object_get(v, "whole")), 4);
    json_decref(v);
}

static void a_setting_may_allow_less(void **state)
{
    (void)state;
    static const mn_schema few = {BOUNDS(-INFINITY, INFINITY, SIZE_MAX, 30, SIZE_MAX), .types = MN_TYPE_ARRAY,
                                  .setting = 1 + MN_S_MATCH_SETS};
    static const mn_schema low = {BOUNDS(1, 100, SIZE_MAX, SIZE_MAX, SIZE_MAX), .types = MN_TYPE_INT,
                                  .setting = 1 + MN_S_MATCH_BEST};
    static const mn_schema_field rows[] = {{"few", &few, false, NULL}, {"low", &low, false, "5"}};
    static const mn_schema both = {ANY, .types = MN_TYPE_OBJECT, .fields = rows, .n_fields = 2};
    mn_settings *s = mn_settings_create();
    json_t *v = json_loads("{\"few\": [1, 2, 3], \"low\": 4}", 0, NULL);
    mn_fault found[4];
    mn_faults faults = {.v = found, .max = 4};
    mn_error err = {0};
    assert_int_equal(mn_schema_check(&both, v, s, &faults, &err), MN_OK);
    assert_int_equal(mn_settings_set(s, MN_S_MATCH_SETS, "2", "test", &err), MN_OK);
    assert_int_equal(mn_settings_set(s, MN_S_MATCH_BEST, "3", "test", &err), MN_OK);
    assert_int_equal(mn_schema_check(&both, v, s, &faults, &err), MN_E_LIMIT);
    assert_string_equal(err.text, "/few must have 2 entries at most (setting match.sets), has 3");
    assert_int_equal(faults.n, 2);
    assert_string_equal(found[1].what, "must be 3 at most (setting match.best), is 4");
    assert_int_equal(found[1].code, MN_E_LIMIT);
    assert_int_equal(mn_schema_check(&both, v, NULL, NULL, &err), MN_OK);
    json_object_del(v, "low");
    assert_int_equal(mn_schema_complete(&both, v, s, &err), MN_OK);
    assert_int_equal(json_integer_value(json_object_get(v, "low")), 3);
    json_decref(v);
    mn_settings_unref(s);
}

static void want_of_memory_is_told(void **state)
{
    (void)state;
    json_t *v = json_loads("{\"name\": \"A\", \"names\": [\"a\", \"b\"]}", 0, NULL);
    mn_alloc_fail_at(1);
    mn_code code = mn_schema_check(&thing, v, NULL, NULL, NULL);
    mn_alloc_fail_at(0);
    assert_int_equal(code, MN_E_MEMORY);
    json_decref(v);
}

static void formats(void **state)
{
    (void)state;
    static const struct {
        mn_form f;
        const char *fits, *fits_too, *not, *nor;
    } t[] = {
        {MN_FORM_BASE64, "QUJD", "QQ==", "QQ=", "QQ===A=="},
        {MN_FORM_BASE64URL, "a-_9", "A", "", "a+b"},
        {MN_FORM_COLOR, "#2f6fde", "#FFFFFF", "2f6fde", "#2f6fdg"},
        {MN_FORM_DATE_TIME, "2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00+02:00", "2026-01-31",
         "2026-02-30T12:00:00Z"},
        {MN_FORM_FILE_NAME, "ui.css", "a-b_c.js", ".htaccess", "a/b"},
        {MN_FORM_HTTP_URL, "http://a", "https://a.example/x?y", "ftp://a", "http:///x"},
        {MN_FORM_IDENTIFIER, "a", "a-b_9", "9a", "A"},
        {MN_FORM_LINE, "Anna Kern", "", " Anna", "a\nb"},
        {MN_FORM_LOGIN, "anna", "Anna.K@example.org", ".anna", "anna kern"},
        {MN_FORM_MODEL, "mobilefacenet-128", "w600k_r50.v2", "-a", "a/b"},
        {MN_FORM_SETTING_NAME, "match.fmr", "a.b.c_d", "match", "match."},
        {MN_FORM_TEXT, "a\nb\tc", "", "a\x01", "a\xc2\x85"},
        {MN_FORM_TOKEN, "a!~'", "0190", "", "a b"},
        {MN_FORM_UUID, "01931f6c-9a41-7c3e-8d52-6f1b2a9c4e07", "01931F6C-9A41-7C3E-8D52-6F1B2A9C4E07",
         "01931f6c9a417c3e8d526f1b2a9c4e07", "01931f6c-9a41-7c3e-8d52-6f1b2a9c4e0g"},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        assert_true(mn_form_fits(t[i].f, t[i].fits, strlen(t[i].fits)));
        assert_true(mn_form_fits(t[i].f, t[i].fits_too, strlen(t[i].fits_too)));
        assert_false(mn_form_fits(t[i].f, t[i].not, strlen(t[i].not )));
        assert_false(mn_form_fits(t[i].f, t[i].nor, strlen(t[i].nor)));
    }
    assert_false(mn_form_fits(MN_FORM_LINE, "a\xe2\x80\xa8z", 5));
    assert_false(mn_form_fits(MN_FORM_UUID, "01931f6c-9a41-7c3e-8d52-6f1b2a9c4e07x", 37));
    assert_false(mn_form_fits(MN_FORM_LOGIN, "a\0b", 3));
}

static mn_code read_json(const char *text, size_t n, const mn_json_limits *limits)
{
    json_t *v = NULL;
    mn_error err = {0};
    mn_code code = mn_json_read(text, n, limits, &v, &err);
    assert_int_equal(code == MN_OK, v != NULL);
    assert_int_equal(code == MN_OK, err.text[0] == '\0');
    json_decref(v);
    return code;
}

static void json_is_read_within_limits(void **state)
{
    (void)state;
    const mn_json_limits limits = {.bytes = 64, .depth = 3, .values = 6};
#define READ(text) read_json(text, sizeof text - 1, &limits)
    assert_int_equal(READ("[[[1]]]"), MN_OK);
    assert_int_equal(READ("[[[[]]]]"), MN_E_LIMIT);
    assert_int_equal(READ("[[\"[[[[,,,,,\\\"[[\"]]"), MN_OK);
    assert_int_equal(READ("[1,2,3,4,5]"), MN_OK);
    assert_int_equal(READ("[1,2,3,4,5,6]"), MN_E_LIMIT);
    assert_int_equal(READ("{\"a\":1,\"a\":2}"), MN_E_INVALID);
    assert_int_equal(READ("{\"a\":\"\\u0000\"}"), MN_E_INVALID);
    assert_int_equal(READ("{\"a\":\"\xff\"}"), MN_E_INVALID);
    assert_int_equal(READ("[1e999]"), MN_E_INVALID);
    assert_int_equal(READ("[99999999999999999999]"), MN_E_INVALID);
    assert_int_equal(READ("5"), MN_E_INVALID);
    assert_int_equal(READ(""), MN_E_INVALID);
    assert_int_equal(READ("[]]"), MN_E_INVALID);
    assert_int_equal(READ("[\"a"), MN_E_INVALID);
    assert_int_equal(READ("[\"a\\"), MN_E_INVALID);
    assert_int_equal(READ("[                                                                    ]"),
                     MN_E_LIMIT);
#undef READ
}

/* ---- JSON is written ---- */

static void json_is_written(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"b\":[1,-9007199254740991,0.5,1e+30,true,false,null],\"a\":{\"\":\"\"}}",
        "[\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001F/\x7f \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"]",
        "[[[[\"a\\nb\\nc\",\"\\n\"]]]]",
        "[0.92862647771835327,-0.0,3.0,2.5e-08]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *v = json_loads(texts[i], 0, NULL);
        mn_buf out;
        mn_buf_init(&out, 10000);
        assert_non_null(v);
        assert_ok(mn_json_write(v, &out, err));
        char *other = json_dumps(v, JSON_COMPACT);
        assert_string_equal((const char *)out.data, other);
        free(other);
        mn_buf_finish(&out);
        json_decref(v);
    }
}

static void what_cannot_be_written_fails(void **state)
{
    (void)state;
    mn_buf out;
    json_t *deep = json_array(), *text = json_pack("[s]", "0123456789");
    for (int i = 0; i < 70; i++)
        deep = json_pack("[o]", deep);
    mn_buf_init(&out, 10000);
    assert_int_equal(mn_json_write(deep, &out, NULL), MN_E_INTERNAL);
    assert_int_equal(mn_json_write(NULL, &out, NULL), MN_E_MEMORY);
    mn_buf_finish(&out);
    for (size_t room = 1; room < 14; room++) {
        mn_buf_init(&out, room);
        assert_int_equal(mn_json_write(text, &out, NULL), MN_E_LIMIT);
        mn_buf_finish(&out);
    }
    mn_buf_init(&out, 14); /* one byte less was not enough */
    assert_ok(mn_json_write(text, &out, err));
    assert_string_equal((const char *)out.data, "[\"0123456789\"]");
    mn_buf_finish(&out);
    json_decref(deep);
    json_decref(text);
}

static void put_some(mn_json_out *o)
{
    json_t *value = json_pack("{s:[i, n]}", "deep", 7);
    mn_json_begin(o, NULL, '{');
    mn_json_put_text(o, "text", "a \"b\"\n\xc3\xa4");
    mn_json_put_text(o, "none", NULL);
    mn_json_put_bool(o, "yes", true);
    mn_json_put_bool(o, "no", false);
    mn_json_put_real(o, "real", 0.92862647771835327);
    mn_json_put_real(o, "endless", INFINITY);
    mn_json_begin(o, "empty", '[');
    mn_json_end(o, ']');
    mn_json_begin(o, "rows", '[');
    mn_json_begin(o, NULL, '{');
    mn_json_end(o, '}');
    mn_json_put_text(o, NULL, "x");
    mn_json_end(o, ']');
    mn_json_put(o, "value", value);
    mn_json_end(o, '}');
    json_decref(value);
}

static void json_is_written_without_a_tree(void **state)
{
    (void)state;
    static const char want[] =
        "{\"text\":\"a \\\"b\\\"\\n\xc3\xa4\",\"none\":null,\"yes\":true,\"no\":false,"
        "\"real\":0.92862647771835327,\"endless\":null,\"empty\":[],\"rows\":[{},\"x\"],"
        "\"value\":{\"deep\":[7,null]}}";
    mn_buf out;
    mn_buf_init(&out, sizeof want - 1);
    mn_json_out o = {.out = &out};
    put_some(&o);
    assert_int_equal(o.code, MN_OK);
    assert_string_equal((const char *)out.data, want);
    mn_buf_finish(&out);
    for (size_t room = 1; room < sizeof want - 1; room++) {
        mn_buf_init(&out, room);
        o = (mn_json_out){.out = &out};
        put_some(&o);
        assert_int_equal(o.code, MN_E_LIMIT);
        mn_buf_finish(&out);
    }
    mn_buf_init(&out, 100);
    o = (mn_json_out){.out = &out};
    mn_json_put_text(&o, NULL, "cut \xc3");
    assert_int_equal(o.code, MN_E_CORRUPT);
    o = (mn_json_out){.out = &out};
    mn_json_put(&o, NULL, NULL);
    assert_int_equal(o.code, MN_E_MEMORY);
    mn_buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(arrays_and_bags_are_checked),
        cmocka_unit_test(a_tag_chooses),
        cmocka_unit_test(every_fault_is_told_up_to_the_room),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(defaults_are_put_in),
        cmocka_unit_test(a_setting_may_allow_less),
        cmocka_unit_test(want_of_memory_is_told),
        cmocka_unit_test(formats),
        cmocka_unit_test(json_is_read_within_limits),
        cmocka_unit_test(json_is_written),
        cmocka_unit_test(what_cannot_be_written_fails),
        cmocka_unit_test(json_is_written_without_a_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
