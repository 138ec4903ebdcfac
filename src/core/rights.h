/* Rights: which verbs of which resources somebody may use. A set of them fits in a few bytes and is copied
 * freely; nothing here allocates. rights.def has the tables.
 *
 * The words "people.view", "actions.search" name single rights in the API, in stored roles and in tokens. */
#ifndef MN_CORE_RIGHTS_H
#define MN_CORE_RIGHTS_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
#define V(id, word) MN_VERB_##id,
#include "core/rights.def"
    MN_VERBS
} mn_verb;

typedef enum {
#define R(id, word, verbs, text) MN_R_##id,
#include "core/rights.def"
    MN_RESOURCES
} mn_resource;

typedef enum {
#define P(id, word, text) MN_ROLE_##id,
#include "core/rights.def"
    MN_ROLES
} mn_role_id;

typedef struct {
    uint8_t verbs[MN_RESOURCES]; /* bit 1 << mn_verb */
} mn_rights;

const char *mn_verb_word(mn_verb v);         /* "view" */
const char *mn_resource_word(mn_resource r); /* "people" */
const char *mn_resource_text(mn_resource r);
const char *mn_role_word(mn_role_id r); /* "administrator" */
const char *mn_role_text(mn_role_id r);
bool mn_role_parse(const char *word, mn_role_id *r); /* false: none of the predefined ones */

bool mn_right_exists(mn_resource r, mn_verb v); /* does the verb mean something for the resource? */
mn_rights mn_rights_all(void);
mn_rights mn_rights_of_role(mn_role_id r);
bool mn_rights_has(const mn_rights *rights, mn_resource r, mn_verb v);
void mn_rights_add(mn_rights *to, const mn_rights *more);  /* union */
void mn_rights_cut(mn_rights *to, const mn_rights *limit); /* intersection */
bool mn_rights_within(const mn_rights *part, const mn_rights *whole);
bool mn_rights_none(const mn_rights *rights);

/* Adds one right by its word. MN_E_INVALID names the word and says what there is. */
mn_code mn_rights_parse(const char *word, size_t n, mn_rights *to, mn_error *err);
/* "people.view people.search": as it is stored. The longest such text is below MN_RIGHTS_TEXT bytes. */
#define MN_RIGHTS_TEXT 2048
void mn_rights_format(const mn_rights *rights, char text[MN_RIGHTS_TEXT]);
mn_code mn_rights_parse_all(const char *text, mn_rights *out, mn_error *err);

/* docs/guide/rights.md */
mn_code mn_rights_write_markdown(mn_buf *out, mn_error *err);

#endif
