/* Settings that change while a program runs: the ones in force as an immutable object, exchanged as a whole.
 *
 * Two layers. What the program was given (file, environment, command line) wins over what was set while it
 * ran (the store, by hand of core and app), and that over the defaults. Settings that are not live keep the
 * value of the start, whatever the layers say later.
 *
 *   given ──┐
 *           ├─ mix ─ snapshot ── mn_live_take ─ ... ─ mn_settings_unref
 *   stored ─┘
 *
 * A reader takes the snapshot once for a piece of work (one lock, no copy), and sees one set of values to its
 * end. Old snapshots go with their last reader. Thread-safe. */
#ifndef MN_BASE_LIVE_H
#define MN_BASE_LIVE_H

#include "base/settings.h"

typedef struct mn_live mn_live;

/* given: as at the start; copied. */
mn_code mn_live_create(const mn_settings *given, mn_live **out, mn_error *err);
void mn_live_destroy(mn_live *live); /* NULL is allowed; snapshots that are still held stay */

/* The settings in force; give them back with mn_settings_unref. Never NULL. */
const mn_settings *mn_live_take(mn_live *live);

/* Where the setting was given (see mn_settings_origin), so that setting it otherwise would have no effect;
 * false: it was not. */
bool mn_live_given(mn_live *live, mn_setting which, char *origin, size_t size);

/* What was given, read anew; copied. Of it the live settings come into force. */
mn_code mn_live_give(mn_live *live, const mn_settings *given, mn_error *err);

typedef struct {
    mn_setting which;
    const char *value;
} mn_live_value;
/* All that is stored, in the place of what was stored before. Values that are not (any more) allowed, and
 * settings that are not live, are left out; *ignored (may be NULL) says how many. */
mn_code mn_live_store(mn_live *live, const mn_live_value *values, size_t n, size_t *ignored, mn_error *err);

#endif
