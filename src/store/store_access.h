/* Who may use the store's records: accounts, users, roles, tokens, sessions. The same promises as in store.h;
 * a second struct of operations, which a store carries as ops->access.
 *
 * No secret is stored: passwords as Argon2id strings, tokens and sessions as keyed hashes of 32 bytes. */
#ifndef MN_STORE_STORE_ACCESS_H
#define MN_STORE_STORE_ACCESS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "store/store_records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mn_store;

#define MN_SECRET_HASH 32

typedef struct {
    mn_id id;
    const char *name; /* unique */
    const char *comment;
    bool suspended;
    mn_time created, updated, expires;          /* expires: MN_TIME_NEVER */
    int64_t people_max, faces_max, cameras_max; /* 0: no limit */
} mn_account;

typedef struct {
    mn_id id, account;
    const char *login; /* unique within the account */
    const char *name, *comment;
    const char *password; /* Argon2id string; NULL: none, cannot log in */
    const char *roles;    /* names, with blanks between */
    bool limited;         /* to these lists, whatever the roles say */
    const mn_id *lists;
    size_t n_lists;
    bool once; /* the password is for one login, and must be changed there */
    bool disabled;
    mn_time created, updated, seen; /* seen: last login, 0: never */
    int64_t failures;               /* logins that failed since the last one that did not */
    mn_time locked;                 /* no login before this time; 0 */
} mn_user;

typedef struct {
    mn_id id, account;
    const char *name; /* unique within the account */
    const char *text;
    const char *rights; /* as mn_rights_format writes it */
    bool limited;       /* to these lists */
    const mn_id *lists;
    size_t n_lists;
    mn_time created, updated;
} mn_role;

typedef struct {
    mn_id id, account, user;
    const char *name;
    uint8_t hash[MN_SECRET_HASH]; /* unique */
    const char *rights;
    bool limited;
    const mn_id *lists;
    size_t n_lists;
    mn_time created, until, used; /* until: MN_TIME_NEVER; used: 0, never */
} mn_token;

typedef struct {
    mn_id id, account, user;
    uint8_t hash[MN_SECRET_HASH];  /* unique */
    const char *address, *program; /* where from and with what, for the user to recognise; may be NULL */
    mn_time created, seen, until;
} mn_session;

/* Orders: those of odd numbers go down. */
typedef enum {
    MN_ACCOUNTS_NAME,
    MN_ACCOUNTS_NAME_DOWN,
    MN_ACCOUNTS_CREATED,
    MN_ACCOUNTS_CREATED_DOWN,
    MN_ACCOUNTS_EXPIRES,
    MN_ACCOUNTS_EXPIRES_DOWN
} mn_account_order;

typedef struct {
    const char *like;   /* part of the name, letters A-Z of either case; NULL: all */
    mn_choice active;   /* not suspended */
    mn_time expires_to; /* ending before; MN_TIME_NEVER: those without an end too */
    mn_account_order order;
    const mn_place *after; /* NULL: from the first, as with the next */
    size_t limit;
} mn_account_query;

typedef enum {
    MN_TOKENS_CREATED,
    MN_TOKENS_CREATED_DOWN,
    MN_TOKENS_NAME,
    MN_TOKENS_NAME_DOWN,
    MN_TOKENS_USED,
    MN_TOKENS_USED_DOWN,
    MN_TOKENS_UNTIL,
    MN_TOKENS_UNTIL_DOWN
} mn_token_order;

typedef struct {
    mn_id account;
    const mn_id *user; /* NULL: of all */
    const char *like;  /* part of the name; NULL: all */
    mn_choice active;  /* at `now` its time is not over */
    mn_time now;
    mn_time used_to; /* used last before, or never; MN_TIME_NEVER: all */
    mn_token_order order;
    const mn_place *after;
    size_t limit;
} mn_token_query;

typedef enum {
    MN_SESSIONS_CREATED,
    MN_SESSIONS_CREATED_DOWN,
    MN_SESSIONS_SEEN,
    MN_SESSIONS_SEEN_DOWN
} mn_session_order;

typedef struct {
    mn_id user;
    mn_session_order order;
    const mn_place *after;
    size_t limit;
} mn_session_query;

typedef struct {
    /* Rises with every change that may take something away from somebody: of an account, user, role, token,
     * or the end of a session. A login that was noted and the use of a token are no such change. */
    mn_code (*generation)(struct mn_store *s, uint64_t *out, mn_error *err);

    mn_code (*account_put)(struct mn_store *s, const mn_account *r, mn_error *err); /* or update by id */
    mn_code (*account_get)(struct mn_store *s, const mn_id *id, mn_arena *a, mn_account *out, mn_error *err);
    mn_code (*account_by_name)(struct mn_store *s, const char *name, mn_arena *a, mn_account *out,
                               mn_error *err);
    mn_code (*account_list)(struct mn_store *s, const mn_account_query *q, mn_arena *a, mn_account **out,
                            size_t *n, mn_error *err);
    /* With its users, roles, tokens and sessions. Fails, whole, while people or lists belong to it. */
    mn_code (*account_delete)(struct mn_store *s, const mn_id *id, mn_error *err);
    /* How much of its limits an account has used up. */
    mn_code (*account_use)(struct mn_store *s, const mn_id *account, int64_t *people, int64_t *faces,
                           mn_error *err);

    mn_code (*user_put)(struct mn_store *s, const mn_user *r, mn_error *err); /* not seen, failures, locked */
    mn_code (*user_get)(struct mn_store *s, const mn_id *id, mn_arena *a, mn_user *out, mn_error *err);
    mn_code (*user_by_login)(struct mn_store *s, const mn_id *account, const char *login, mn_arena *a,
                             mn_user *out, mn_error *err);
    mn_code (*user_list)(struct mn_store *s, const mn_id *account, const char *after, size_t limit,
                         mn_arena *a, mn_user **out, size_t *n, mn_error *err); /* by login */
    mn_code (*user_noted)(struct mn_store *s, const mn_id *id, mn_time seen, int64_t failures, mn_time locked,
                          mn_error *err);
    mn_code (*user_delete)(struct mn_store *s, const mn_id *id, mn_error *err); /* tokens and sessions too */

    mn_code (*role_put)(struct mn_store *s, const mn_role *r, mn_error *err);
    mn_code (*role_get)(struct mn_store *s, const mn_id *id, mn_arena *a, mn_role *out, mn_error *err);
    mn_code (*role_list)(struct mn_store *s, const mn_id *account, const char *after, size_t limit,
                         mn_arena *a, mn_role **out, size_t *n, mn_error *err); /* by name */
    mn_code (*role_delete)(struct mn_store *s, const mn_id *id, mn_error *err);

    mn_code (*token_put)(struct mn_store *s, const mn_token *r, mn_error *err); /* update: not hash, used */
    mn_code (*token_get)(struct mn_store *s, const mn_id *id, mn_arena *a, mn_token *out, mn_error *err);
    mn_code (*token_by_hash)(struct mn_store *s, const uint8_t hash[MN_SECRET_HASH], mn_arena *a,
                             mn_token *out, mn_error *err);
    mn_code (*token_list)(struct mn_store *s, const mn_token_query *q, mn_arena *a, mn_token **out, size_t *n,
                          mn_error *err);
    mn_code (*token_used)(struct mn_store *s, const mn_id *id, mn_time used, mn_error *err);
    mn_code (*token_delete)(struct mn_store *s, const mn_id *id, mn_error *err);

    mn_code (*session_put)(struct mn_store *s, const mn_session *r, mn_error *err); /* insert only */
    mn_code (*session_get)(struct mn_store *s, const mn_id *id, mn_arena *a, mn_session *out, mn_error *err);
    mn_code (*session_by_hash)(struct mn_store *s, const uint8_t hash[MN_SECRET_HASH], mn_arena *a,
                               mn_session *out, mn_error *err);
    mn_code (*session_list)(struct mn_store *s, const mn_session_query *q, mn_arena *a, mn_session **out,
                            size_t *n, mn_error *err);
    mn_code (*session_seen)(struct mn_store *s, const mn_id *id, mn_time seen, mn_error *err);
    mn_code (*session_delete)(struct mn_store *s, const mn_id *id, mn_error *err);
    /* All of a user's but one (NULL: all); MN_OK where there are none. */
    mn_code (*sessions_end)(struct mn_store *s, const mn_id *user, const mn_id *but, mn_error *err);
    /* Those that ended before now, or were not used since `idle`. */
    mn_code (*sessions_expire)(struct mn_store *s, mn_time now, mn_time idle, mn_error *err);
} mn_access_ops;

#endif
