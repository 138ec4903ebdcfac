#include "net/params.h"
#include "support.h"

#include <math.h>
#include <string.h>

/* Bounds of numbers, of texts, of arrays and of objects. */
#define BOUNDS(low, high, length, entries, parts)                                                            \
    .least = (low), .most = (high), .max_length = (length), .max_items = (entries), .max_fields = (parts)
#define ANY BOUNDS(-INFINITY, INFINITY, SIZE_MAX, SIZE_MAX, SIZE_MAX)

static const char *const kinds[] = {"age", "pose", "quality"};
static const mn_schema limit = {BOUNDS(1, 1000, SIZE_MAX, SIZE_MAX, SIZE_MAX), .types = MN_TYPE_INT,
                                .setting = 1 + MN_S_PAGE_MAX};
static const mn_schema rate = {BOUNDS(0, 1, SIZE_MAX, SIZE_MAX, SIZE_MAX), .types = MN_TYPE_NUMBER};
static const mn_schema flag = {ANY, .types = MN_TYPE_BOOL};
static const mn_schema kind = {ANY, .types = MN_TYPE_STRING, .choices = kinds, .n_choices = 3};
static const mn_schema name = {BOUNDS(-INFINITY, INFINITY, 6, SIZE_MAX, SIZE_MAX), .types = MN_TYPE_STRING,
                               .min_length = 1};
static const mn_schema big = {ANY, .types = MN_TYPE_INT};
static const mn_param params[] = {
    {.name = "name", .in = MN_IN_PATH, .required = true, .schema = &name},
    {.name = "limit", .in = MN_IN_QUERY, .schema = &limit, .fallback = "50"},
    {.name = "fmr", .in = MN_IN_QUERY, .schema = &rate},
    {.name = "deep", .in = MN_IN_QUERY, .schema = &flag, .fallback = "false"},
    {.name = "with",
     .in = MN_IN_QUERY,
     .many = true,
     .commas = true,
     .max_many = 3,
     .unique = true,
     .schema = &kind,
     .fallback = "pose,quality"},
    {.name = "list", .in = MN_IN_QUERY, .many = true, .max_many = 2, .schema = &name},
    {.name = "If-Match", .in = MN_IN_HEADER, .schema = &name},
    {.name = "big", .in = MN_IN_QUERY, .schema = &big},
};
enum { NAME, LIMIT, RATE, DEEP, WITH, LIST, IF_MATCH, BIG, COUNT };

static mn_settings *settings;
static mn_arena *arena;
static mn_param_value v[COUNT];
static mn_fault found[4];

static mn_code take(const mn_param_raw *raw, size_t n, size_t *faults)
{
    mn_faults f = {.v = found, .max = 4};
    mn_error err = {0};
    mn_code code = mn_params_read(params, COUNT, raw, n, settings, arena, v, &f, &err);
    *faults = f.n;
    return code;
}

/* One query parameter beside the path's: the fault, or "fits". */
static const char *query(const char *key, const char *text)
{
    const mn_param_raw raw[] = {{MN_IN_PATH, "name", "Anna", 4}, {MN_IN_QUERY, key, text, strlen(text)}};
    static char said[600];
    size_t n;
    if (take(raw, 2, &n) == MN_OK)
        return "fits";
    assert_int_equal(n, 1);
    snprintf(said, sizeof said, "%s %s", found[0].where, found[0].what);
    return said;
}

static void values_have_their_types(void **state)
{
    (void)state;
    const mn_param_raw raw[] = {
        {MN_IN_PATH, "name", "Anna/x", 4},    {MN_IN_QUERY, "limit", "7", 1},
        {MN_IN_QUERY, "fmr", "1e-4", 4},      {MN_IN_QUERY, "deep", "true", 4},
        {MN_IN_QUERY, "with", "age,pose", 8}, {MN_IN_QUERY, "list", "a,b", 3},
        {MN_IN_QUERY, "list", "c", 1},        {MN_IN_HEADER, "if-match", "x", 1},
        {MN_IN_HEADER, "Accept", "y", 1},
    };
    size_t n;
    assert_int_equal(take(raw, 9, &n), MN_OK);
    assert_string_equal(v[NAME].v[0].text, "Anna");
    assert_int_equal(v[LIMIT].v[0].whole, 7);
    assert_true(v[LIMIT].given);
    assert_true(v[RATE].v[0].number == 1e-4);
    assert_true(v[DEEP].v[0].yes);
    assert_int_equal(v[WITH].n, 2);
    assert_string_equal(v[WITH].v[0].text, "age");
    assert_string_equal(v[WITH].v[1].text, "pose");
    assert_int_equal(v[LIST].n, 2);
    assert_string_equal(v[LIST].v[0].text, "a,b");
    assert_string_equal(v[LIST].v[1].text, "c");
    assert_string_equal(v[IF_MATCH].v[0].text, "x");
    assert_int_equal(v[BIG].n, 0);
}

static void defaults_stand_in(void **state)
{
    (void)state;
    assert_string_equal(query("big", "1"), "fits");
    assert_false(v[LIMIT].given);
    assert_int_equal(v[LIMIT].v[0].whole, 50);
    assert_false(v[DEEP].v[0].yes);
    assert_int_equal(v[WITH].n, 2);
    assert_string_equal(v[WITH].v[1].text, "quality");
    assert_int_equal(v[RATE].n, 0);
}

static void wrong_ones_are_told(void **state)
{
    (void)state;
    assert_string_equal(query("limit", "0"), "limit must be between 1 and 1000");
    assert_string_equal(query("limit", "1001"), "limit must be between 1 and 1000");
    assert_string_equal(query("limit", "x"), "limit must be a whole number");
    assert_string_equal(query("limit", "+5"), "limit must be a whole number");
    assert_string_equal(query("limit", "05"), "limit must be a whole number");
    assert_string_equal(query("limit", "5.0"), "limit must be a whole number");
    assert_string_equal(query("limit", " 5"), "limit must be a whole number");
    assert_string_equal(query("limit", ""), "limit must be a whole number");
    assert_string_equal(query("fmr", "nan"), "fmr must be a number");
    assert_string_equal(query("fmr", "0x1"), "fmr must be a number");
    assert_string_equal(query("fmr", "1e999"), "fmr must be between 0 and 1");
    assert_string_equal(query("fmr", ".5"), "fmr must be a number");
    assert_string_equal(query("fmr", "0.00000000000000000000000000000001"), "fmr must be a number");
    assert_string_equal(query("deep", "1"), "deep must be true or false");
    assert_string_equal(query("with", "pose,face"), "with must be one of age, pose, quality");
    assert_string_equal(query("with", "pose,pose"), "with must not hold a value twice: pose");
    assert_string_equal(query("with", "pose,age,age,age"), "with must have 3 values at most, has 4");
    assert_string_equal(query("list", "\xff"), "list must be UTF-8 without the character U+0000");
    assert_string_equal(query("list", "abcdefg"), "list must have 6 characters at most, has 7");
    assert_string_equal(query("List", "a"), "List is not known here");
    assert_string_equal(query("big", "9007199254740991"), "fits");
    assert_int_equal(v[BIG].v[0].whole, 9007199254740991);
    assert_string_equal(query("big", "9007199254740992"),
                        "big must be between -9007199254740991 and 9007199254740991, as JavaScript has it");
    assert_string_equal(query("big", "9223372036854775808"),
                        "big must be between -9007199254740991 and 9007199254740991, as JavaScript has it");
}

static void a_setting_may_allow_less(void **state)
{
    (void)state;
    settings = mn_settings_create();
    assert_int_equal(mn_settings_set(settings, MN_S_PAGE_MAX, "20", "test", NULL), MN_OK);
    assert_string_equal(query("limit", "21"), "limit must be 20 at most (setting page.max), is 21");
    assert_string_equal(query("limit", "1001"), "limit must be between 1 and 1000");
    assert_string_equal(query("limit", "20"), "fits");
    assert_int_equal(v[LIMIT].v[0].whole, 20);
    assert_string_equal(query("deep", "true"), "fits");
    assert_int_equal(v[LIMIT].v[0].whole, 20);
    mn_settings_unref(settings);
    settings = NULL;
}

static void twice_and_never(void **state)
{
    (void)state;
    const mn_param_raw raw[] = {{MN_IN_QUERY, "limit", "5", 1}, {MN_IN_QUERY, "limit", "5", 1}};
    size_t n;
    assert_int_equal(take(raw, 2, &n), MN_E_INVALID);
    assert_int_equal(n, 2);
    assert_string_equal(found[0].where, "name");
    assert_string_equal(found[0].what, "is missing");
    assert_string_equal(found[1].what, "must come once, came 2 times");
}

static int begin(void **state)
{
    (void)state;
    arena = mn_arena_create(1 << 20);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    mn_arena_destroy(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_have_their_types, begin, end),
        cmocka_unit_test_setup_teardown(defaults_stand_in, begin, end),
        cmocka_unit_test_setup_teardown(wrong_ones_are_told, begin, end),
        cmocka_unit_test_setup_teardown(a_setting_may_allow_less, begin, end),
        cmocka_unit_test_setup_teardown(twice_and_never, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
