#include "net/base64.h"
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

mn_code mn_base64_decode(const char *text, size_t n, size_t max, mn_arena *arena, const uint8_t **bytes,
                         size_t *len, mn_error *err)
{
    bool padded = n && n % 4 == 0 && text[n - 1] == '=';
    if (padded)
        n -= text[n - 2] == '=' ? 2 : 1;
    size_t size = n / 4 * 3 + n % 4 * 3 / 4, got;
    if (size > max)
        return mn_fail(err, MN_E_LIMIT, "the base64 text is of more than %zu bytes", max);
    uint8_t *out = mn_arena_alloc(arena, size + 1);
    if (!out)
        return mn_fail(err, MN_E_MEMORY, "out of memory");
    const char *end;
    bool url = memchr(text, '-', n) || memchr(text, '_', n);
    if (sodium_base642bin(out, size + 1, text, n, NULL, &got, &end,
                          url ? sodium_base64_VARIANT_URLSAFE_NO_PADDING
                              : sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0 ||
        end != text + n)
        return mn_fail(err, MN_E_INVALID, "the text is not base64");
    *bytes = out;
    *len = got;
    return MN_OK;
}
