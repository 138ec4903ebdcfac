/* Settings: one table (settings.def) from which come the parser, --help, the sample file and the
 * documentation.
 *
 * Order of precedence: command line, environment (MIEN_ and the name in upper case, dots as underscores),
 * file, what is stored (base/live.h), default. Whatever is set later overrides, so callers apply the file,
 * then the environment, then the command line. A value object is filled before threads start and read-only
 * afterwards. The file is lines of `name = value`, `#` for comments (at the start of a line or after a
 * blank), values optionally in double quotes; an unknown name or a value out of range is an error that names
 * the setting, the value, what is allowed, and the line. */
#ifndef MN_BASE_SETTINGS_H
#define MN_BASE_SETTINGS_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum { MN_SET_BOOL, MN_SET_INT, MN_SET_REAL, MN_SET_TEXT, MN_SET_CHOICE } mn_setting_type;

typedef enum {
/* S(id, "name", TYPE, "default", "range or choices", "unit", WHEN, secret, "text") */
#define S(id, name, type, def, range, unit, when, secret, text) MN_S_##id,
#include "base/settings.def"
#undef S
    MN_S_COUNT
} mn_setting;

typedef struct {
    const char *name;
    mn_setting_type type;
    bool live;   /* may change while running */
    bool secret; /* never printed */
    const char *def;
    const char *range; /* "0..100" for numbers, "a|b|c" for choices, "max length" for texts */
    const char *unit;
    const char *text;
} mn_setting_info;

typedef struct mn_settings mn_settings;

mn_settings *mn_settings_create(void); /* all defaults; NULL: out of memory */
void mn_settings_destroy(mn_settings *s);
/* Reference-counted: destroy and unref take one reference away, NULL is allowed. */
mn_settings *mn_settings_copy(const mn_settings *s); /* NULL: out of memory */
const mn_settings *mn_settings_ref(const mn_settings *s);
void mn_settings_unref(const mn_settings *s);
const mn_setting_info *mn_setting_describe(mn_setting which);
bool mn_setting_find(const char *name, mn_setting *which);
#define MN_SETTING_ENVIRONMENT_NAME 64
void mn_setting_environment_name(mn_setting which,
                                 char name[MN_SETTING_ENVIRONMENT_NAME]); /* "MIEN_FACE_MAX" */

/* origin: where the value came from, for messages: "command line", "/etc/mien.conf:12". The read functions
 * set all that is there or, on failure, nothing; an empty variable counts as not set. */
mn_code mn_settings_set(mn_settings *s, mn_setting which, const char *value, const char *origin,
                        mn_error *err);
mn_code mn_settings_read_text(mn_settings *s, const char *text, size_t n, const char *origin, mn_error *err);
mn_code mn_settings_read_file(mn_settings *s, const char *path, mn_error *err);
mn_code mn_settings_read_environment(mn_settings *s, mn_error *err);

bool mn_settings_bool(const mn_settings *s, mn_setting which);
int64_t mn_settings_int(const mn_settings *s, mn_setting which);
double mn_settings_real(const mn_settings *s, mn_setting which);
const char *mn_settings_text(const mn_settings *s, mn_setting which); /* of every type; never NULL */
const char *mn_settings_origin(const mn_settings *s, mn_setting which);

mn_code mn_settings_write_sample(mn_buf *out, mn_error *err); /* mien.conf with every setting commented out */
mn_code mn_settings_write_markdown(mn_buf *out, mn_error *err); /* docs/guide/settings.md */

#endif
