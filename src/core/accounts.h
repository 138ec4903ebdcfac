/* Accounts separate tenants: people, lists, users, everything belongs to one, and nothing of another one is
 * there to its users. The first account (nil id, "default") runs the server; the others are made, changed and
 * suspended from there. A suspended or expired account lets nobody in (MN_E_ACCOUNT). Limits are checked
 * where people and faces are written (MN_E_QUOTA). Thread-safe. */
#ifndef MN_CORE_ACCOUNTS_H
#define MN_CORE_ACCOUNTS_H

#include "core/users.h"

typedef struct {
    const char *name, *comment;              /* NULL in a change: as it is; an empty comment takes it away */
    const char *admin_login;                 /* new accounts only; NULL: no user is made. Both or neither */
    const bool *suspended;                   /* NULL: as it is, or not */
    const mn_time *expires;                  /* NULL: as it is, or never */
    const int64_t *people, *faces, *cameras; /* limits, 0: none; NULL: as it is */
} mn_account_fields;

/* admin and once (may be NULL without admin_login): the first administrator and their one-time password. */
mn_code mn_core_account_add(mn_core *c, const mn_actor *who, const mn_account_fields *fields, mn_arena *arena,
                            mn_account *out, mn_user *admin, char once[MN_ONCE_TEXT], mn_error *err);
mn_code mn_core_account_get(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena,
                            mn_account *out, mn_error *err);
/* By id or name. */
mn_code mn_core_account_find(mn_core *c, const mn_actor *who, const char *ref, mn_arena *arena,
                             mn_account *out, mn_error *err);
mn_code mn_core_accounts(mn_core *c, const mn_actor *who, const mn_account_query *q, mn_arena *arena,
                         mn_account **out, size_t *n, mn_error *err);
mn_code mn_core_account_change(mn_core *c, const mn_actor *who, const mn_id *id,
                               const mn_account_fields *fields, const mn_time *if_updated, mn_arena *arena,
                               mn_account *out, mn_error *err);
/* MN_E_CONFLICT while it has people or lists. Its users and roles go with it; the audit log stays. */
mn_code mn_core_account_remove(mn_core *c, const mn_actor *who, const mn_id *id, const mn_time *if_updated,
                               mn_error *err);

/* ---- limits of one's own account ---- */
typedef struct {
    bool valid; /* neither suspended nor expired */
    mn_time expires;
    int64_t people, faces;                      /* there are */
    int64_t people_max, faces_max, cameras_max; /* 0: no limit */
    /* 15 % left or less, or 14 days */
    bool warn_people, warn_faces, warn_expires;
} mn_license;
mn_code mn_core_license(mn_core *c, const mn_actor *who, mn_license *out, mn_error *err);

#endif
