/* What settings.c (values) and settings_pages.c (sample file, documentation) share. */
#ifndef MN_BASE_SETTINGS_INTERNAL_H
#define MN_BASE_SETTINGS_INTERNAL_H

#include "base/settings.h"

#define MN_SETTING_ALLOWED 160

void mn_setting_allowed(mn_setting which,
                        char text[MN_SETTING_ALLOWED]); /* "a whole number in 1..1000 faces" */

#endif
