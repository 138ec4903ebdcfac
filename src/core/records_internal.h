/* What the files about records share. */
#ifndef MN_CORE_RECORDS_INTERNAL_H
#define MN_CORE_RECORDS_INTERNAL_H

#include "core/internal.h"
#include "core/records.h"

/* fields.c: the values of custom fields with those of `changes` (JSON objects or NULL) in their place; null
 * empties one; a new person has the defaults of those that are not named. *out: the arena's, NULL where none
 * is left. MN_E_INVALID for a field that is not defined, or a value that is not of its type. */
mn_code mn_core_fields_merge(mn_core *c, const mn_actor *who, const char *values, const char *changes,
                             bool is_new, mn_arena *arena, const char **out, mn_error *err);

/* fields: a table of custom fields. *out: the values, a JSON object, as they are stored; the arena's. */
mn_code mn_core_fields_fit(const json_t *fields, const char *values, mn_arena *arena, const char **out,
                           mn_error *err);
/* A field as mn_core_fields_put takes them, where there is none of the name yet; *made says so.
 * MN_E_CONFLICT: there is one of another type. dry: it is only asked. Needs settings.change where there is
 * none. */
mn_code mn_core_field_add(mn_core *c, const mn_actor *who, const json_t *field, bool dry, mn_arena *arena,
                          bool *made, mn_error *err);

/* consents.c: as mn_core_consent_check, for a consent that is stated by itself: one that never held or holds
 * no more is MN_E_INVALID, since nobody is enrolled on it. */
mn_code mn_core_check_stated(const mn_consent_given *given, mn_time now, mn_error *err);
/* for the audit log */
json_t *mn_core_json_consent(const mn_consent *c);

/* list_change.c: may the actor make such a list, whatever there is? */
mn_code mn_core_check_new_list(const mn_actor *who, const mn_list_fields *fields, mn_error *err);
/* one that is there for the actor */
mn_code mn_core_need_list(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_list *out,
                          mn_error *err);

#endif
