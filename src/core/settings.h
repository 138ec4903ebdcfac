/* Settings that are kept in the store, for all processes that work on it: those that are live (see
 * base/live.h) and no secrets. They concern the whole deployment, so that only the first account's people see
 * and change them. Whatever a process was given by file, environment or command line wins there.
 *
 * A program that runs for long asks mn_core_settings_read from time to time, which is one small read, and
 * gives what it finds to its mn_live and to mn_core_settings_use. Thread-safe. */
#ifndef MN_CORE_SETTINGS_H
#define MN_CORE_SETTINGS_H

#include "base/live.h"
#include "core/core.h"

typedef struct {
    mn_live_value *values; /* the arena's; of settings that this program knows */
    size_t n;
    mn_time updated; /* of the last change; 0: there was none yet */
} mn_core_settings;

/* No right is asked for: a program reads them for itself. */
mn_code mn_core_settings_read(mn_core *c, mn_arena *arena, mn_core_settings *out, mn_error *err);
/* The same before anything is opened with them: none where there are no records yet. Needs no key. */
mn_code mn_core_settings_of(const mn_core_options *options, mn_arena *arena, mn_core_settings *out,
                            mn_error *err);
/* MN_E_FORBIDDEN without settings.view, and outside of the first account. */
mn_code mn_core_settings_may_view(const mn_actor *who, mn_error *err);
/* All or none; value NULL: not stored any more. On record with the old and the new values. MN_E_INVALID for a
 * value that is not allowed, MN_E_CONFLICT for a setting that is read at the start only or is a secret, or
 * that this process (live; may be NULL) was given elsewhere. if_updated as with users. *out is what is stored
 * now; nothing is in force by it yet. */
mn_code mn_core_settings_change(mn_core *c, const mn_actor *who, const mn_live_value *changes, size_t n,
                                mn_live *live, const mn_time *if_updated, mn_arena *arena,
                                mn_core_settings *out, mn_error *err);
/* login.*, session.* and match.fmr of these for all that comes from now on. */
void mn_core_settings_use(mn_core *c, const mn_settings *settings);

#endif
