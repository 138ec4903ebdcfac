/* What the files about users, sessions and tokens share. Not for other rooms. */
#ifndef MN_CORE_SIGNIN_H
#define MN_CORE_SIGNIN_H

#include "core/internal.h"
#include "core/sessions.h"
#include "core/users.h"

#define MN_PASSWORD_HASH 128 /* crypto_pwhash_STRBYTES */
#define MN_SIGNIN_PAGE   1000
#define MN_SIGNIN_ARENA  ((size_t)8 << 20)

typedef struct {
    unsigned failures, wait_max_s;
    size_t memory; /* of Argon2id, bytes */
    unsigned passes;
    size_t password_min;
    mn_time idle, longest; /* of a session */
} mn_signin_policy;

/* Made with the core. */
mn_code mn_signin_create(const mn_settings *settings, mn_signin **out, mn_error *err);
void mn_signin_destroy(mn_signin *s);
mn_signin_policy mn_signin_policy_of(const mn_core *c); /* as it is at this moment */
void mn_signin_policy_use(mn_core *c, const mn_settings *settings);

/* ---- passwords.c: at most two at work at a time; MN_E_BUSY where too many wait ---- */
mn_code mn_password_hash(mn_core *c, const char *password, char out[MN_PASSWORD_HASH], mn_error *err);
/* stored NULL: works as long, and never fits. *stale: the cost is another one by now. */
mn_code mn_password_verify(mn_core *c, const char *stored, const char *password, bool *fits, bool *stale,
                           mn_error *err);
void mn_password_once(char out[MN_ONCE_TEXT]);

/* ---- throttle.c: in memory; `what` is a user's name ('u'), an address's ('a'), or both ('p') ---- */
unsigned mn_throttle_wait(mn_core *c, char kind, const char *what); /* seconds; 0: go on */
void mn_throttle_failed(mn_core *c, char kind, const char *what);
void mn_throttle_passed(mn_core *c, char kind, const char *what);
/* ---- known_place.c: did the user sign in from this block of addresses lately? ---- */
mn_code mn_core_known_place(mn_core *c, const mn_user *u, const char *block, mn_arena *arena, bool *known,
                            mn_error *err);

/* How long after so many failures in a row. */
unsigned mn_throttle_seconds(const mn_signin_policy *p, unsigned allowed, int64_t failures);

/* ---- identity.c ---- */
/* A new secret (t: a token's, with its mark) and its hash. */
void mn_secret_make(const mn_core *c, char kind, char text[MN_SECRET_TEXT], uint8_t hash[MN_SECRET_HASH]);
void mn_secret_hash(const mn_core *c, char kind, const uint8_t *bytes, size_t n, uint8_t out[MN_SECRET_HASH]);
/* What a secret's text stands for; one secret has one text. False: it cannot be one (text may be NULL). */
#define MN_SECRET_BYTES 32
bool mn_secret_read(char kind, const char *text, uint8_t bytes[MN_SECRET_BYTES]);
/* Something was taken away: forget what is in memory now. */
void mn_identity_forget(mn_core *c);
/* From a session or a token (the other one NULL) that was just read or made. */
mn_code mn_identity_make(mn_core *c, const mn_session *s, const mn_token *t, mn_arena *arena,
                         mn_identity **out, mn_error *err);

/* ---- grants.c ---- */
/* Rights, and the lists that they are kept to. */
typedef struct mn_grant mn_grant;
struct mn_grant {
    mn_rights rights;
    bool limited;
    mn_id *lists; /* the arena's */
    size_t n_lists;
    /* Where roles are kept to lists: which rights hold in which of them. The above is all of it together. */
    mn_grant *parts;
    size_t n_parts;
};
/* Of these roles together. Where one of them is kept to lists, all are kept to the lists of all such roles.
 * MN_E_INVALID for a role that is not there. */
mn_code mn_grant_of_roles(mn_core *c, const mn_id *account, const char *roles, mn_arena *arena, mn_grant *out,
                          mn_error *err);
mn_code mn_grant_of_user(mn_core *c, const mn_user *u, mn_arena *arena, mn_grant *out, mn_error *err);
void mn_grant_cut(mn_grant *g, const mn_rights *limit);
/* Cuts down to these lists. */
void mn_grant_keep_to(mn_grant *g, const mn_id *lists, size_t n, bool limited);
/* What is left for who makes use of this right: the lists in which it holds, and of the other rights those
 * that hold in all of these. All of *g where the right holds in no list. */
mn_code mn_grant_where(const mn_grant *g, mn_resource r, mn_verb verb, mn_arena *arena, mn_grant *out,
                       mn_error *err);
/* May the actor give, or touch somebody who has, this? MN_E_FORBIDDEN. */
mn_code mn_grant_within(const mn_actor *who, const mn_grant *g, mn_error *err);
mn_code mn_role_by_name(mn_core *c, const mn_id *account, const char *name, mn_arena *arena, mn_role *out,
                        mn_error *err);
mn_code mn_account_usable(const mn_account *a, mn_error *err);
/* Ids of the actor's account's lists, at most MN_SCOPE_MAX, copied into the arena. */
mn_code mn_scope_check(mn_core *c, const mn_actor *who, const mn_id *lists, size_t n, mn_arena *arena,
                       mn_error *err);

/* users.c: a new user in two steps: everything that takes long or needs no store (hash: of the password;
 * once: the one that was made, or ""), then inside a transaction. No right is asked for. */
mn_code mn_user_prepare(mn_core *c, const mn_user_fields *fields, char once[MN_ONCE_TEXT],
                        char hash[MN_PASSWORD_HASH], mn_error *err);
mn_code mn_user_insert(mn_core *c, const mn_actor *who, const mn_user_fields *fields,
                       const char hash[MN_PASSWORD_HASH], mn_arena *arena, mn_user *out, mn_error *err);

/* users.c: is there a user of the account that `fits`? Asked of one after the other, by login, behind `after`
 * (NULL: from the first), up to the first that does: *out (may be NULL). */
typedef bool mn_user_fits(const mn_user *u, void *ctx);
mn_code mn_user_any(mn_core *c, const mn_id *account, const char *after, mn_user_fits *fits, void *ctx,
                    mn_arena *arena, mn_user *out, bool *yes, mn_error *err);
/* roles: as they are stored, names with blanks between */
bool mn_user_has_role(const mn_user *u, const char *role);

/* users_find.c: is `part` in it, letters A to Z of either case? */
bool mn_core_contains(const char *text, const char *part);

/* users.c: letters, digits and a few signs; NULL or "" is fine for a comment */
mn_code mn_core_check_name_word(const char *what, const char *text, mn_error *err);
mn_code mn_core_check_comment(const char *text, mn_error *err);

/* Runs fn inside a transaction. */
typedef mn_code mn_core_work(mn_core *c, void *ctx, mn_error *err);
mn_code mn_core_transact(mn_core *c, mn_core_work *fn, void *ctx, mn_error *err);
/* The same for what takes something away from somebody, which ends at once. *arena, a part of ctx, is there
 * for as long as it takes. */
mn_code mn_core_take_away(mn_core *c, mn_core_work *fn, void *ctx, mn_arena **arena, mn_error *err);
mn_code mn_core_check_page(size_t limit, mn_error *err);
/* if_updated NULL: fits. */
mn_code mn_core_check_updated(mn_time updated, const mn_time *if_updated, mn_error *err);
mn_time mn_core_next_update(mn_time before); /* later than before, else now */

#endif
