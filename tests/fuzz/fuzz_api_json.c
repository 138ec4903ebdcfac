/* A JSON body from anywhere against every schema of the API: what fits gets its defaults and still fits, and
 * what does not is told with a place and words that are valid UTF-8. */
#include "app/api_schemas.h"
#include "net/json.h"
#include "net/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const mn_schema *schema, json_t *value)
{
    mn_fault found[4];
    mn_faults faults = {.v = found, .max = 4};
    mn_error err = {0};
    mn_code code = mn_schema_check(schema, value, NULL, &faults, &err);
    if (code == MN_OK) {
        if (faults.n != 0 || mn_schema_complete(schema, value, NULL, &err) != MN_OK ||
            mn_schema_check(schema, value, NULL, NULL, &err) != MN_OK)
            abort();
        return;
    }
    if (code != MN_E_INVALID || faults.n == 0 || faults.n > 4 || !err.text[0])
        abort();
    for (size_t i = 0; i < faults.n; i++)
        if (!found[i].what[0] || !mn_is_utf8(found[i].where, strlen(found[i].where)) ||
            !mn_is_utf8(found[i].what, strlen(found[i].what)))
            abort();
}

/* The first two bytes choose the schema, the rest is the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const mn_json_limits limits = {.bytes = 1 << 16, .depth = 20, .values = 4096};
    const mn_schema *schema = mn_api_schemas[(data[0] << 8 | data[1]) % mn_api_schemas_n].schema;
    json_t *value = NULL;
    mn_error err = {0};
    mn_code code = mn_json_read((const char *)data + 2, size - 2, &limits, &value, &err);
    if ((code == MN_OK) != (value != NULL) || (code != MN_OK && err.code != code))
        abort();
    if (!value)
        return 0;
    check(schema, value);
    for (size_t i = 0; i < json_array_size(value); i++)
        check(schema, json_array_get(value, i));
    json_decref(value);
    return 0;
}
