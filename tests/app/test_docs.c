#include "app/api.h"
#include "app/docs.h"
#include "support.h"

#include <jansson.h>
#include <string.h>

/* What is embedded is what was made: it parses, and describes the operations that the program has. */
static void the_description_is_there(void **state)
{
    (void)state;
    const mn_docs_file *f = mn_docs_find("openapi.json");
    assert_non_null(f);
    assert_string_equal(f->type, "application/json");
    assert_int_equal(f->bytes[f->n], 0);
    json_t *doc = json_loadb((const char *)f->bytes, f->n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(doc);
    assert_string_equal(json_string_value(json_object_get(doc, "openapi")), "3.1.0");
    json_t *paths = json_object_get(doc, "paths");
    for (int op = 0; op < MN_OPS; op++) {
        char method[8] = "";
        const char *word = mn_method_word(mn_api_routes[op]->method);
        for (size_t i = 0; word[i]; i++)
            method[i] = (char)(word[i] | 0x20);
        json_t *item = json_object_get(json_object_get(paths, mn_api_routes[op]->path), method);
        assert_string_equal(json_string_value(json_object_get(item, "operationId")), mn_api_routes[op]->name);
    }
    json_decref(doc);
}

static void files_are_whole(void **state)
{
    (void)state;
    for (const mn_docs_file *f = mn_docs_files; f->name; f++) {
        assert_ptr_equal(mn_docs_find(f->name), f);
        assert_int_equal(strlen(f->etag), 18);
        assert_int_equal(f->etag[0], '"');
        assert_int_equal(f->bytes[f->n], 0);
        mn_route_match m;
        char path[128];
        snprintf(path, sizeof path, "/docs/%s", f->name);
        assert_int_equal(mn_route_find(&mn_api_root, MN_GET, path, strlen(path), &m, NULL), MN_OK);
        char room[MN_FAULT_WHAT];
        assert_null(mn_schema_text_fault(m.route->params[0].schema, f->name, strlen(f->name), room));
    }
    assert_null(mn_docs_find("../master.key"));
    assert_null(mn_docs_find(""));
    mn_test_need(mn_docs_find("index.html") != NULL,
                 "the viewer's package (tools/setup gets it, before meson setup)");
    assert_memory_equal(mn_docs_find("index.html")->bytes, "<!doctype html>", 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_description_is_there),
        cmocka_unit_test(files_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
