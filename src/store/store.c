#include "store/open_internal.h"

#include <string.h>

static const char *const purpose_words[MN_PURPOSES] = {
    [MN_PURPOSE_VERIFICATION] = "verification",
    [MN_PURPOSE_IDENTIFICATION] = "identification",
    [MN_PURPOSE_LIVE] = "live_identification",
    [MN_PURPOSE_ATTENDANCE] = "attendance",
};

const char *mn_purpose_word(mn_purpose p)
{
    return (unsigned)p < MN_PURPOSES ? purpose_words[p] : "unknown";
}

bool mn_purpose_parse(const char *word, mn_purpose *p)
{
    for (unsigned i = 0; i < MN_PURPOSES; i++)
        if (strcmp(word, purpose_words[i]) == 0) {
            *p = (mn_purpose)i;
            return true;
        }
    return false;
}

mn_code mn_store_pattern(const char *part, mn_arena *a, const char **out, mn_error *err)
{
    *out = NULL;
    if (!part)
        return MN_OK;
    char *pattern = mn_arena_alloc(a, 2 * strlen(part) + 3);
    if (!pattern)
        return mn_fail(err, MN_E_MEMORY, "no memory for a search by name");
    char *at = pattern;
    *at++ = '%';
    for (; *part; part++) {
        if (strchr("%_\\", *part))
            *at++ = '\\';
        *at++ = *part;
    }
    *at++ = '%';
    *at = 0;
    *out = pattern;
    return MN_OK;
}
