/* Signing in: sessions for people with a browser, tokens for programs, and whom a secret belongs to.
 *
 * Secrets are 256 random bits. What is stored is a hash under the deployment's key. A lookup is a hash and a
 * look into a table in memory, which is thrown away when rights changed: at once when they changed here,
 * within a second when in another process. Last uses are written at most once a minute.
 *
 * A login costs the same whether the user exists or not. After `login.failures` wrong passwords in a row each
 * further try waits twice as long as the one before, up to `login.wait_max_s`; by user (which survives a
 * restart) and by address (four times as many). Where the user signed in lately only what failed there
 * counts. */
#ifndef MN_CORE_SESSIONS_H
#define MN_CORE_SESSIONS_H

#include "core/core.h"

#define MN_SECRET_TEXT 64 /* room for a session's or token's secret, and for a CSRF value */

/* Whom a secret belongs to. Shared and immutable; what it points to lives as long as the reference. */
typedef struct mn_identity mn_identity;
const mn_actor *mn_identity_actor(const mn_identity *who); /* all rights and all lists of all roles */
/* The actor while making use of one right: kept to the lists in which some role gives it, and with those
 * other rights that hold in all of these. Lists are the arena's or the identity's. */
mn_code mn_identity_narrow(const mn_identity *who, mn_resource r, mn_verb verb, mn_arena *arena,
                           mn_actor *out, mn_error *err);
typedef struct {
    mn_id account, user;
    mn_id session, token; /* one of them is nil */
    const char *login, *name, *roles;
    bool must_change; /* the password, before anything else: until then there are no rights */
    mn_time until;
} mn_identity_info;
mn_identity_info mn_identity_describe(const mn_identity *who);
void mn_identity_unref(mn_identity *who); /* NULL is allowed */

typedef struct {
    const char *login; /* "anna", or "acme/anna" outside of the first account */
    const char *password;
    const char *address, *program; /* where from, and with what; NULL: not known */
    const char *request;           /* as mn_actor has it */
    const char *block;             /* whom failures are counted by, as well as by login; NULL: address */
} mn_login;

/* MN_E_UNAUTHENTICATED: name or password are wrong. MN_E_RATE: *wait_s says how long. MN_E_FORBIDDEN: the
 * user is disabled. MN_E_ACCOUNT: the account is suspended or has expired. MN_E_BUSY: too many sign in at
 * once. */
mn_code mn_core_login(mn_core *c, const mn_login *login, char secret[MN_SECRET_TEXT], mn_identity **out,
                      unsigned *wait_s, mn_error *err);
/* MN_E_UNAUTHENTICATED where there is no such session or token, or no more. */
mn_code mn_core_session(mn_core *c, const char *secret, mn_identity **out, mn_error *err);
mn_code mn_core_token(mn_core *c, const char *secret, mn_identity **out, mn_error *err);
/* The same secret, asked about once more by a request that takes long: `who` itself where nothing changed,
 * else what it stands for now. Costs a look into the table. Errors as above. */
mn_code mn_core_identity_again(mn_core *c, const mn_identity *who, mn_identity **out, mn_error *err);
/* On record: what was going on for `who` ended, as they lost what it needs. */
mn_code mn_core_note_cut(mn_core *c, const mn_actor *who, const char *operation, const mn_error *why,
                         mn_error *err);
/* What a request of this session must say to change something; "" for a token. */
void mn_core_csrf(const mn_core *c, const mn_identity *who, char text[MN_SECRET_TEXT]);
bool mn_core_csrf_fits(const mn_core *c, const mn_identity *who, const char *text); /* in constant time */

/* Every other session of the user ends. request: as mn_actor has it. */
mn_code mn_core_password_change(mn_core *c, const mn_identity *who, const char *request, const char *old,
                                const char *password, unsigned *wait_s, mn_error *err);

/* One's own sessions. The query's user is not looked at. */
mn_code mn_core_sessions(mn_core *c, const mn_actor *who, const mn_session_query *q, mn_arena *arena,
                         mn_session **out, size_t *n, mn_error *err);
mn_code mn_core_session_end(mn_core *c, const mn_actor *who, const mn_id *session, mn_error *err);
/* The same for the session that asks for it. */
mn_code mn_core_logout(mn_core *c, const mn_actor *who, const mn_id *session, mn_error *err);
mn_code mn_core_sessions_end(mn_core *c, const mn_actor *who, const mn_id *but,
                             mn_error *err); /* NULL: all */
/* Removes those that ended; a server calls it from time to time. */
mn_code mn_core_sessions_expire(mn_core *c, mn_error *err);

/* ---- tokens ---- */
typedef struct {
    const char *name;        /* NULL in a change: as it is */
    const mn_id *user;       /* new tokens only: for whom; NULL: for oneself */
    const mn_rights *rights; /* part of the user's own; NULL in a change: as they are */
    bool set_lists, limited;
    const mn_id *lists;
    size_t n_lists;
    mn_time until; /* 0 in a change: as it is; MN_TIME_NEVER */
} mn_token_fields;

/* The secret is told this once. Records come without their hash. */
mn_code mn_core_token_add(mn_core *c, const mn_actor *who, const mn_token_fields *fields, mn_arena *arena,
                          mn_token *out, char secret[MN_SECRET_TEXT], mn_error *err);
/* Another number for every change of what a token may do: for `if_state`. */
int64_t mn_core_token_state(const mn_token *t);
/* One's own need no right; with tokens.view those of the account. The query's account and now are not looked
 * at. */
mn_code mn_core_tokens(mn_core *c, const mn_actor *who, const mn_token_query *q, mn_arena *arena,
                       mn_token **out, size_t *n, mn_error *err);
mn_code mn_core_token_get(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_token *out,
                          mn_error *err);
/* if_state: NULL, or the state that the caller has seen: MN_E_PRECONDITION where it is another one. */
mn_code mn_core_token_change(mn_core *c, const mn_actor *who, const mn_id *id, const mn_token_fields *fields,
                             const int64_t *if_state, mn_arena *arena, mn_token *out, mn_error *err);
mn_code mn_core_token_revoke(mn_core *c, const mn_actor *who, const mn_id *id, const int64_t *if_state,
                             mn_error *err);

#endif
