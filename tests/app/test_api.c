/* The tables that tools/api made. */
#include "app/api.h"
#include "app/api_schemas.h"
#include "base/settings.h"
#include "core/rights.h"
#include "face/checks.h"
#include "store/store.h"
#include "support.h"

#include <string.h>

static mn_code find(mn_method method, const char *path, mn_route_match *m)
{
    mn_error err = {0};
    mn_code code = mn_route_find(&mn_api_root, method, path, strlen(path), m, &err);
    assert_int_equal(code == MN_OK, err.text[0] == '\0');
    return code;
}

static void every_operation_is_found(void **state)
{
    (void)state;
    assert_true(MN_OPS > 80);
    for (int op = 0; op < MN_OPS; op++) {
        const mn_route *r = mn_api_routes[op];
        char path[256] = "";
        size_t n = 0, params = 0;
        for (const char *at = r->path; *at;) {
            size_t len = strcspn(at, "{");
            n += (size_t)snprintf(path + n, sizeof path - n, "%.*s", (int)len, at);
            at += len;
            if (*at == '{') {
                n += (size_t)snprintf(path + n, sizeof path - n, "value-%zu", params++);
                at = strchr(at, '}') + 1;
            }
        }
        mn_route_match m;
        assert_int_equal(find(r->method, path, &m), MN_OK);
        assert_ptr_equal(m.route, r);
        assert_int_equal(m.n_args, params);
        assert_int_equal(r->operation, op);
        for (size_t i = 0; i < params; i++) {
            char wanted[32];
            snprintf(wanted, sizeof wanted, "value-%zu", i);
            assert_int_equal(m.args[i].n, strlen(wanted));
            assert_memory_equal(m.args[i].text, wanted, m.args[i].n);
            assert_int_equal(r->params[i].in, MN_IN_PATH);
        }
    }
}

static void strange_addresses_are_not_found(void **state)
{
    (void)state;
    static const char *const paths[] = {"",
                                        "/",
                                        "//",
                                        "/v1",
                                        "/v1/",
                                        "/v1/people/",
                                        "/v1//people",
                                        "v1/people",
                                        "/v1/peopl",
                                        "/v1/people/x/y/z/a/b/c/d/e/f/g",
                                        "/V1/people",
                                        "/v1/people/../people"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        mn_route_match m;
        assert_int_equal(find(MN_GET, paths[i], &m), MN_E_NOT_FOUND);
    }
}

static void literal_segments_win(void **state)
{
    (void)state;
    mn_route_match m;
    assert_int_equal(find(MN_POST, "/v1/people/batch", &m), MN_OK);
    assert_string_equal(m.route->name, "people_create_batch");
    assert_int_equal(find(MN_GET, "/v1/people/batcx", &m), MN_OK);
    assert_string_equal(m.route->name, "person_get");
}

static void other_methods_are_told(void **state)
{
    (void)state;
    mn_route_match m;
    assert_int_equal(find(MN_DELETE, "/v1/people", &m), MN_E_METHOD);
    assert_int_equal(m.allowed, 1U << MN_GET | 1U << MN_POST);
    mn_method method;
    assert_true(mn_method_parse("HEAD", &method));
    assert_int_equal(method, MN_GET);
    assert_false(mn_method_parse("get", &method));
    assert_false(mn_method_parse("TRACE", &method));
}

static void rights_are_those_of_core(void **state)
{
    (void)state;
    bool used[MN_RESOURCES] = {false};
    for (int op = 0; op < MN_OPS; op++) {
        const mn_route *r = mn_api_routes[op];
        if (r->access == MN_ACCESS_RIGHT) {
            assert_true(mn_right_exists((mn_resource)r->resource, (mn_verb)r->verb));
            used[r->resource] = true;
        }
        if (r->csv_resource >= 0) {
            assert_true(mn_right_exists((mn_resource)r->csv_resource, (mn_verb)r->csv_verb));
        }
    }
    for (int i = 0; i < MN_RESOURCES; i++)
        if (!used[i] && i != MN_R_TOKENS)
            fail_msg("no route asks for %s", mn_resource_word((mn_resource)i));
}

static const mn_schema *schema(const char *name)
{
    for (size_t i = 0; i < mn_api_schemas_n; i++)
        if (strcmp(mn_api_schemas[i].tag, name) == 0)
            return mn_api_schemas[i].schema;
    fail_msg("there is no schema %s", name);
    return NULL;
}

/* The words that the API promises are those that the program has, no more and no fewer. */
static void codes_are_those_of_the_program(void **state)
{
    (void)state;
    const mn_schema *s = schema("ProblemCode");
    char room[MN_FAULT_WHAT];
    static const char *const http[] = {
        "malformed_request",  "malformed_path", "url_too_long",   "range",
        "expectation_failed", "head_too_large", "method_unknown", "version_unknown"};
    assert_int_equal(s->n_choices, MN_E_COUNT - 1 + 8);
    for (size_t i = 0; i < 8; i++)
        assert_null(mn_schema_text_fault(s, http[i], strlen(http[i]), room));
    for (int code = 1; code < MN_E_COUNT; code++) {
        const char *word = mn_code_word((mn_code)code);
        assert_null(mn_schema_text_fault(s, word, strlen(word), room));
    }
}

static void right_words_are_those_of_the_program(void **state)
{
    (void)state;
    const mn_schema *s = schema("Right");
    size_t n = 0;
    for (int r = 0; r < MN_RESOURCES; r++)
        for (int v = 0; v < MN_VERBS; v++) {
            char word[64], room[MN_FAULT_WHAT];
            int len = snprintf(word, sizeof word, "%s.%s", mn_resource_word((mn_resource)r),
                               mn_verb_word((mn_verb)v));
            bool exists = mn_right_exists((mn_resource)r, (mn_verb)v);
            assert_int_equal(exists, mn_schema_text_fault(s, word, (size_t)len, room) == NULL);
            n += exists;
        }
    assert_int_equal(s->n_choices, n);
}

static void checks_are_those_of_the_program(void **state)
{
    (void)state;
    const mn_schema *s = schema("CheckName");
    char room[MN_FAULT_WHAT];
    assert_int_equal(s->n_choices, MN_CHECKS);
    for (int i = 0; i < MN_CHECKS; i++) {
        const char *word = mn_check_describe((mn_check_id)i)->word;
        assert_null(mn_schema_text_fault(s, word, strlen(word), room));
    }
}

static void purposes_are_those_of_the_program(void **state)
{
    (void)state;
    const mn_schema *s = schema("Purpose");
    char room[MN_FAULT_WHAT];
    assert_int_equal(s->n_choices, MN_PURPOSES);
    for (int i = 0; i < MN_PURPOSES; i++) {
        const char *word = mn_purpose_word((mn_purpose)i);
        assert_null(mn_schema_text_fault(s, word, strlen(word), room));
    }
}

static void bodies_have_limits(void **state)
{
    (void)state;
    for (int op = 0; op < MN_OPS; op++) {
        const mn_route *r = mn_api_routes[op];
        if (r->n_bodies > 0) {
            assert_true(r->body_setting >= 0 || r->body_limit > 0);
        }
    }
    const mn_route *import = mn_api_routes[MN_OP_DESCRIPTORS_IMPORT];
    assert_int_equal(import->json_depth, 4 + 4);
    assert_int_equal(import->json_values, 1 + 1 + 1000 * (1 + 5 + 1 + 1024) + 256);
    assert_int_equal(mn_api_routes[MN_OP_DETECT]->body_setting, MN_S_IMAGE_MAX_BYTES);
    assert_int_equal(mn_api_routes[MN_OP_LOGIN]->body_limit, 4096);
}

static void media_types_are_chosen(void **state)
{
    (void)state;
    const mn_route *r = mn_api_routes[MN_OP_DETECT];
    const mn_media *m = NULL;
    mn_error err = {0};
    assert_int_equal(mn_route_media(r, "image/jpeg", &m, &err), MN_OK);
    assert_string_equal(m->type, "image/*");
    assert_int_equal(mn_route_media(r, "Application/JSON; charset=utf-8", &m, &err), MN_OK);
    assert_string_equal(m->type, "application/json");
    assert_int_equal(mn_route_media(r, "image/", &m, &err), MN_E_UNSUPPORTED);
    assert_int_equal(mn_route_media(r, "text/plain", &m, &err), MN_E_UNSUPPORTED);
    assert_string_equal(
        err.text, "Content-Type is text/plain: send image/*, application/octet-stream, multipart/form-data, "
                  "application/json");
    assert_int_equal(mn_route_media(r, NULL, &m, &err), MN_E_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_found),
        cmocka_unit_test(strange_addresses_are_not_found),
        cmocka_unit_test(literal_segments_win),
        cmocka_unit_test(other_methods_are_told),
        cmocka_unit_test(rights_are_those_of_core),
        cmocka_unit_test(codes_are_those_of_the_program),
        cmocka_unit_test(right_words_are_those_of_the_program),
        cmocka_unit_test(checks_are_those_of_the_program),
        cmocka_unit_test(purposes_are_those_of_the_program),
        cmocka_unit_test(bodies_have_limits),
        cmocka_unit_test(media_types_are_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
