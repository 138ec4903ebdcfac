/* A multipart body: parts lie within it and do not overlap, texts are texts, and a refusal has a reason. */
#include "net/multipart.h"
#include "net/text.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const mn_part *p, size_t n, const uint8_t *body, size_t size)
{
    const uint8_t *at = body;
    for (size_t i = 0; i < n; i++) {
        if (p[i].bytes < at || p[i].bytes + p[i].n > body + size || p[i].n > 4096 || !p[i].name || !p[i].type)
            abort();
        at = p[i].bytes + p[i].n;
        if (!mn_is_utf8(p[i].name, strlen(p[i].name)) || strlen(p[i].name) > MN_PART_NAME_MAX ||
            p[i].n_headers > MN_PART_HEADERS)
            abort();
        for (size_t h = 0; h < p[i].n_headers; h++)
            if (!mn_is_token(p[i].headers[h].name, strlen(p[i].headers[h].name)))
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const mn_multipart_limits limits = {8, 4096, size % 2};
    mn_arena *arena = mn_arena_create(1 << 20);
    const mn_part *parts = NULL;
    size_t n = 0;
    mn_error err = {.code = MN_OK};
    if (!arena)
        abort();
    mn_code code = mn_multipart_parse("B", data, size, &limits, arena, &parts, &n, &err);
    if (code && (err.code != code || !err.text[0] || parts))
        abort();
    if (!code && n > 8)
        abort();
    if (!code)
        check(parts, n, data, size);
    mn_arena_destroy(arena);
    return 0;
}
