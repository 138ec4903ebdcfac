/* A settings file from anywhere: it is taken whole or refused with a text, and what was taken is within its
 * ranges. */
#include "base/settings.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mn_error err = {0};
    mn_settings *s = mn_settings_create();
    if (!s)
        return 0;
    mn_code code = mn_settings_read_text(s, (const char *)data, size, "fuzz", &err);
    if (code && (err.code != code || !err.text[0]))
        abort();
    int64_t max = mn_settings_int(s, MN_S_FACE_MAX);
    double fmr = mn_settings_real(s, MN_S_MATCH_FMR);
    if (max < 1 || max > 1000 || !(fmr >= 1e-9 && fmr <= 0.5) ||
        strlen(mn_settings_text(s, MN_S_DATA_DIR)) > 4096)
        abort();
    for (unsigned i = 0; code && i < MN_S_COUNT; i++)
        if (strcmp(mn_settings_text(s, (mn_setting)i), mn_setting_describe((mn_setting)i)->def) != 0)
            abort();
    mn_settings_destroy(s);
    return 0;
}
