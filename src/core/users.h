/* Users and their roles, and accounts.
 *
 * A login name is unique within its account. Outside of the first account one signs in as "account/login".
 * Nobody can give rights that they do not have, nor change, reset or remove somebody who has more than they;
 * the last administrator of an account stays. Whoever changes something here ends what it takes away at once
 * in this process, and within a second in others. All of it is on record. Thread-safe. */
#ifndef MN_CORE_USERS_H
#define MN_CORE_USERS_H

#include "core/core.h"

#define MN_LOGIN_MAX    64 /* bytes of a login name or of a role's name */
#define MN_PASSWORD_MAX 128
#define MN_ONCE_TEXT    32   /* room for a one-time password */
#define MN_ROLES_MAX    16   /* roles of one user */
#define MN_SCOPE_MAX    1000 /* lists that a user, role or token is kept to */
#define MN_COMMENT_MAX  8192 /* bytes; may have several lines */

/* Text for what follows: NULL keeps what is there in a change, and is "none" in a new record. */
typedef struct {
    const char *login; /* new users only */
    const char *name, *comment;
    const char *password; /* new users only; NULL: a one-time password is made */
    const char *const *roles;
    size_t n_roles; /* 0 in a change: as they are */
    bool set_lists; /* in a change: limited, lists and n_lists are meant */
    bool limited;
    const mn_id *lists;
    size_t n_lists;
    const bool *disabled; /* NULL: as it is, or enabled */
} mn_user_fields;

/* once: the one-time password where one was made, else "". The user's record comes without its password. */
mn_code mn_core_user_add(mn_core *c, const mn_actor *who, const mn_user_fields *fields, mn_arena *arena,
                         mn_user *out, char once[MN_ONCE_TEXT], mn_error *err);
mn_code mn_core_user_get(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_user *out,
                         mn_error *err);
mn_code mn_core_user_find(mn_core *c, const mn_actor *who, const char *login, mn_arena *arena, mn_user *out,
                          mn_error *err);
/* By login, after `after` (NULL: from the first). limit: 1 to 1000. */
mn_code mn_core_users(mn_core *c, const mn_actor *who, const char *after, size_t limit, mn_arena *arena,
                      mn_user **out, size_t *n, mn_error *err);
typedef enum { MN_USERS_BY_LOGIN, MN_USERS_BY_NAME, MN_USERS_BY_CREATED, MN_USERS_BY_SEEN } mn_user_order;
#define MN_USERS_SORTED_MAX 10000 /* an account with more users is listed by login, upwards, only */
typedef struct {
    mn_user_order order;
    bool descending;
    const char *like;   /* part of login or name, letters A to Z of either case; NULL: all */
    const char *role;   /* who has it; NULL: all */
    const bool *active; /* NULL: all */
    const char *after;  /* what *next was with the page before; NULL: from the first */
    size_t limit;       /* 1 to 1000 */
} mn_user_query;
#define MN_USER_NEXT 320 /* room for the key of the next page */
/* next: "" where that was all. */
mn_code mn_core_users_find(mn_core *c, const mn_actor *who, const mn_user_query *q, mn_arena *arena,
                           mn_user **out, size_t *n, char next[MN_USER_NEXT], mn_error *err);
/* if_updated: NULL, or the `updated` that the caller has seen: MN_E_PRECONDITION where it is another one. */
mn_code mn_core_user_change(mn_core *c, const mn_actor *who, const mn_id *id, const mn_user_fields *fields,
                            const mn_time *if_updated, mn_arena *arena, mn_user *out, mn_error *err);
/* A one-time password, or the one given, which need not be changed. Ends the user's sessions and unlocks. */
mn_code mn_core_user_reset(mn_core *c, const mn_actor *who, const mn_id *id, const char *password,
                           mn_arena *arena, mn_user *out, char once[MN_ONCE_TEXT], mn_error *err);
mn_code mn_core_user_remove(mn_core *c, const mn_actor *who, const mn_id *id, const mn_time *if_updated,
                            mn_error *err);
/* Where the first account has no user yet: makes "admin", an administrator of the first account. *made says
 * whether.
 */
mn_code mn_core_first_user(mn_core *c, char once[MN_ONCE_TEXT], bool *made, mn_error *err);

/* ---- roles ---- */
typedef struct {
    const char *name; /* new roles only */
    const char *text; /* NULL in a change: as it is */
    const mn_rights *rights;
    bool set_lists, limited;
    const mn_id *lists;
    size_t n_lists;
} mn_role_fields;

/* Predefined ones too: id nil, created 0. */
mn_code mn_core_role_find(mn_core *c, const mn_actor *who, const char *name, mn_arena *arena, mn_role *out,
                          mn_error *err);
typedef enum { MN_ROLES_PREDEFINED_FIRST, MN_ROLES_BY_NAME, MN_ROLES_BY_UPDATED } mn_role_order;
typedef struct {
    mn_role_order order; /* predefined ones first: these in their own order, the others by name */
    bool descending;
    const char *like;       /* part of name or text, letters A to Z of either case; NULL: all */
    mn_choice predefined;   /* MN_ANY: all */
    const mn_rights *right; /* that give all of these; NULL: all */
    const mn_place *after;  /* its time and name: the page goes on behind it; NULL: from the first */
    size_t limit;           /* 1 to 1000 */
} mn_role_query;
/* *more: there are more behind these. */
mn_code mn_core_roles(mn_core *c, const mn_actor *who, const mn_role_query *q, mn_arena *arena, mn_role **out,
                      size_t *n, bool *more, mn_error *err);
mn_code mn_core_role_add(mn_core *c, const mn_actor *who, const mn_role_fields *fields, mn_arena *arena,
                         mn_role *out, mn_error *err);
mn_code mn_core_role_change(mn_core *c, const mn_actor *who, const char *name, const mn_role_fields *fields,
                            const mn_time *if_updated, mn_arena *arena, mn_role *out, mn_error *err);
/* MN_E_CONFLICT while somebody has it. */
mn_code mn_core_role_remove(mn_core *c, const mn_actor *who, const char *name, const mn_time *if_updated,
                            mn_error *err);

/* Length and commonness; login and name may be NULL. MN_E_INVALID says what is wrong. */
mn_code mn_core_password_check(mn_core *c, const char *password, const char *login, const char *name,
                               mn_error *err);

#endif
