#include "net/json.h"

#include <string.h>

/* Behind the quote that ends a text; n where none does. */
static size_t skip_text(const char *s, size_t n, size_t i)
{
    for (; i < n; i++)
        if (s[i] == '\\')
            i++;
        else if (s[i] == '"')
            return i + 1;
    return n;
}

/* Counts more values than there are where the text is no JSON, never fewer: a comma or an opening bracket
 * stands before each but the first, and a colon before each of an object's. */
static mn_code count(const char *s, size_t n, const mn_json_limits *limits, mn_error *err)
{
    size_t values = 1;
    unsigned depth = 0;
    for (size_t i = 0; i < n;) {
        char c = s[i++];
        if (c == '"')
            i = skip_text(s, n, i);
        else if (c == '{' || c == '[')
            depth++, values++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        else if (c == ',')
            values++;
        if (depth > limits->depth)
            return mn_fail(err, MN_E_LIMIT, "the JSON is nested deeper than %u levels at byte %zu",
                           limits->depth, i);
        if (values > limits->values)
            return mn_fail(err, MN_E_LIMIT, "the JSON holds more than %zu values: send less at once",
                           limits->values);
    }
    return MN_OK;
}

mn_code mn_json_read(const char *bytes, size_t n, const mn_json_limits *limits, json_t **out, mn_error *err)
{
    if (n > limits->bytes)
        return mn_fail(err, MN_E_LIMIT, "the JSON has %zu bytes, at most %zu are read", n, limits->bytes);
    mn_code code = count(bytes, n, limits, err);
    if (code != MN_OK)
        return code;
    json_error_t why;
    json_t *read = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &why);
    if (read) {
        *out = read;
        return MN_OK;
    }
    if (json_error_code(&why) == json_error_out_of_memory)
        return mn_fail(err, MN_E_MEMORY, "no memory for the JSON");
    return mn_fail(err, MN_E_INVALID, "this is not the JSON that is read here: %s (line %d, column %d)",
                   why.text, why.line, why.column);
}
