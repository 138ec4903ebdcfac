#include "store/store.h"

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
