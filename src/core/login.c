/* Signing in and out. A wrong name costs the same as a wrong password: the same hashing, one transaction. */
#include "core/signin_state.h"

#include <stdio.h>
#include <string.h>

#define PLACE_TEXT                                                                                           \
    (2 * (MN_CORE_TEXT_MAX + 1) + MN_LOGIN_MAX + 8) /* a login and an address, both checked                  \
                                                     */

typedef struct {
    const mn_login *what;
    mn_arena *arena;
    const char *login; /* without the account */
    mn_account account;
    mn_user user;
    bool known, fits, stale;
    char rehashed[MN_PASSWORD_HASH]; /* "": as it is */
    mn_session session;
    mn_identity *identity;
} attempt;

static mn_code wrong(mn_error *err)
{
    return mn_fail(err, MN_E_UNAUTHENTICATED, "login or password are wrong");
}

static mn_code too_early(unsigned wait, unsigned *wait_s, mn_error *err)
{
    *wait_s = wait;
    return mn_fail(err, MN_E_RATE, "too many wrong passwords: the next try may be made in %u seconds", wait);
}

/* ---- who ---- */

static mn_code find_account(mn_core *c, attempt *a, mn_error *err)
{
    static const mn_id first;
    const char *slash = strchr(a->what->login, '/');
    a->login = slash ? slash + 1 : a->what->login;
    if (!slash)
        return c->store->ops->access->account_get(c->store, &first, a->arena, &a->account, err);
    char name[MN_CORE_TEXT_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)(slash - a->what->login), a->what->login);
    return c->store->ops->access->account_by_name(c->store, name, a->arena, &a->account, err);
}

static mn_code find_user(mn_core *c, attempt *a, mn_error *err)
{
    mn_code code = find_account(c, a, err);
    if (code == MN_OK)
        code =
            c->store->ops->access->user_by_login(c->store, &a->account.id, a->login, a->arena, &a->user, err);
    a->known = code == MN_OK;
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static const char *block_of(const attempt *a)
{
    return a->what->block ? a->what->block : a->what->address;
}

static bool has_block(const attempt *a)
{
    return a->what->block && (!a->what->address || strcmp(a->what->block, a->what->address) != 0);
}

static const char *name_place(const attempt *a, char text[PLACE_TEXT])
{
    snprintf(text, PLACE_TEXT, "%s from %s", a->what->login, block_of(a));
    return text;
}

/* Longer of what the user's record and the table of users say. A record without failures overrules the table:
 * there was a login or a reset, maybe in another process. */
static unsigned user_wait(mn_core *c, const attempt *a)
{
    if (a->known && a->user.failures == 0)
        mn_throttle_passed(c, 'u', a->what->login);
    unsigned wait = mn_throttle_wait(c, 'u', a->what->login);
    mn_time now = mn_time_now();
    if (a->known && a->user.locked > now) {
        mn_time left = (a->user.locked - now + MN_TIME_SECOND - 1) / MN_TIME_SECOND;
        wait = left > wait ? (unsigned)left : wait;
    }
    return wait;
}

/* Longer of what the user and the address have to wait; where the user is known, what failed elsewhere does
 * not count. */
static mn_code wait_of(mn_core *c, const attempt *a, unsigned *out, mn_error *err)
{
    char place[PLACE_TEXT];
    bool at_home = false;
    const char *block = block_of(a);
    unsigned wait = user_wait(c, a), address = block ? mn_throttle_wait(c, 'a', block) : 0;
    if (wait > 0 && a->known && block) {
        mn_code code = mn_core_known_place(c, &a->user, block, a->arena, &at_home, err);
        if (code != MN_OK)
            return code;
        if (at_home)
            wait = mn_throttle_wait(c, 'p', name_place(a, place));
    }
    *out = address > wait ? address : wait;
    return MN_OK;
}

/* ---- what comes of it ---- */

static mn_code record_refusal(mn_core *c, void *ctx, mn_error *err)
{
    attempt *a = ctx;
    const mn_signin_policy p = mn_signin_policy_of(c);
    const mn_actor who = {.account = a->account.id, .name = "login", .request = a->what->request};
    mn_code code = MN_OK;
    if (a->known) {
        int64_t failures = a->user.failures + 1;
        unsigned wait = mn_throttle_seconds(&p, p.failures, failures);
        code = c->store->ops->access->user_noted(c->store, &a->user.id, a->user.seen, failures,
                                                 wait ? mn_time_now() + wait * MN_TIME_SECOND : 0, err);
    }
    return code == MN_OK ? mn_core_record(c, &who, "session.refused", a->known ? &a->user.id : NULL,
                                          json_pack("{s:s?}", "address", a->what->address), err)
                         : code;
}

static mn_code refuse(mn_core *c, attempt *a, mn_error *err)
{
    char place[PLACE_TEXT];
    mn_throttle_failed(c, 'u', a->what->login);
    if (block_of(a)) {
        mn_throttle_failed(c, 'a', block_of(a));
        mn_throttle_failed(c, 'p', name_place(a, place));
    }
    mn_code code = mn_core_transact(c, record_refusal, a, err);
    return code == MN_OK ? wrong(err) : code;
}

static mn_code begin_session(mn_core *c, void *ctx, mn_error *err)
{
    attempt *a = ctx;
    const mn_access_ops *ops = c->store->ops->access;
    mn_user u;
    mn_code code = ops->user_get(c->store, &a->user.id, a->arena, &u, err);
    /* Between looking and now the password may have been changed. */
    if (code == MN_E_NOT_FOUND ||
        (code == MN_OK && strcmp(u.password ? u.password : "", a->user.password) != 0))
        return wrong(err);
    if (code == MN_OK && a->rehashed[0]) {
        u.password = a->rehashed;
        code = ops->user_put(c->store, &u, err);
    }
    if (code == MN_OK)
        code = ops->user_noted(c->store, &u.id, a->session.created, 0, 0, err);
    if (code == MN_OK)
        code = ops->session_put(c->store, &a->session, err);
    if (code == MN_OK)
        code = mn_identity_make(c, &a->session, NULL, a->arena, &a->identity, err);
    if (code != MN_OK)
        return code;
    mn_actor who = a->identity->actor;
    who.request = a->what->request;
    code =
        mn_core_record(c, &who, "session.login", &u.id,
                       json_pack("{s:o, s:s?, s:s*}", "session", mn_core_json_id(&a->session.id), "address",
                                 a->what->address, "block", has_block(a) ? a->what->block : NULL),
                       err);
    return code;
}

/* What a program says of itself keeps nobody out: what is no text is not kept. */
static const char *name_program(const mn_login *what)
{
    return what->program && mn_core_check_text("the program's name", what->program, NULL) == MN_OK
               ? what->program
               : NULL;
}

static mn_code accept(mn_core *c, attempt *a, char secret[MN_SECRET_TEXT], mn_error *err)
{
    char place[PLACE_TEXT];
    const mn_signin_policy p = mn_signin_policy_of(c);
    mn_time now = mn_time_now();
    if (a->stale) {
        mn_code code = mn_password_hash(c, a->what->password, a->rehashed, err);
        if (code != MN_OK)
            return code;
    }
    a->session = (mn_session){.id = mn_id_make(),
                              .account = a->account.id,
                              .user = a->user.id,
                              .address = a->what->address,
                              .program = name_program(a->what),
                              .created = now,
                              .seen = now,
                              .until = now + p.longest};
    mn_secret_make(c, 's', secret, a->session.hash);
    mn_code code = mn_core_transact(c, begin_session, a, err);
    if (code != MN_OK) {
        mn_identity_unref(a->identity);
        return code;
    }
    mn_throttle_passed(c, 'u', a->what->login);
    if (block_of(a))
        mn_throttle_passed(c, 'p', name_place(a, place));
    return MN_OK;
}

static mn_code check_login(const mn_login *what, mn_error *err)
{
    if (!what->login || !what->password)
        return mn_fail(err, MN_E_INVALID, "login or password are missing");
    if (strlen(what->login) > MN_CORE_TEXT_MAX + 1 + MN_LOGIN_MAX || strlen(what->password) > MN_PASSWORD_MAX)
        return wrong(err);
    return what->address ? mn_core_check_text("the address", what->address, err) : MN_OK;
}

static mn_code attempt_login(mn_core *c, attempt *a, char secret[MN_SECRET_TEXT], unsigned *wait_s,
                             mn_error *err)
{
    unsigned wait = 0;
    mn_code code = find_user(c, a, err);
    if (code == MN_OK)
        code = wait_of(c, a, &wait, err);
    if (code == MN_OK && wait > 0)
        return too_early(wait, wait_s, err);
    if (code == MN_OK)
        code = mn_password_verify(c, a->known ? a->user.password : NULL, a->what->password, &a->fits,
                                  &a->stale, err);
    if (code != MN_OK)
        return code;
    return a->fits ? accept(c, a, secret, err) : refuse(c, a, err);
}

mn_code mn_core_login(mn_core *c, const mn_login *login, char secret[MN_SECRET_TEXT], mn_identity **out,
                      unsigned *wait_s, mn_error *err)
{
    char made[MN_SECRET_TEXT];
    attempt a = {.what = login};
    mn_code code = check_login(login, err);
    if (code != MN_OK)
        return code;
    a.arena = mn_arena_create(MN_SIGNIN_ARENA);
    if (!a.arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to sign somebody in");
    code = attempt_login(c, &a, made, wait_s, err);
    mn_arena_destroy(a.arena);
    if (code != MN_OK)
        return code;
    memcpy(secret, made, sizeof made);
    *out = a.identity;
    return MN_OK;
}

/* ---- one's own password ---- */

typedef struct {
    const mn_identity *who;
    const char *request;
    mn_user user;
    mn_arena *arena;
    char hash[MN_PASSWORD_HASH];
} change;

static mn_code write_password(mn_core *c, void *ctx, mn_error *err)
{
    change *ch = ctx;
    const mn_access_ops *ops = c->store->ops->access;
    mn_user u;
    mn_code code = ops->user_get(c->store, &ch->user.id, ch->arena, &u, err);
    if (code != MN_OK)
        return code;
    if (strcmp(u.password ? u.password : "", ch->user.password) != 0)
        return mn_fail(err, MN_E_CONFLICT, "the password was changed by somebody else just now");
    u.password = ch->hash;
    u.once = false;
    u.updated = mn_core_next_update(u.updated);
    code = ops->user_put(c->store, &u, err);
    if (code == MN_OK)
        code = ops->sessions_end(c->store, &u.id, &ch->who->info.session, err);
    mn_actor who = ch->who->actor;
    who.request = ch->request;
    return code == MN_OK ? mn_core_record(c, &who, "user.password", &u.id, json_object(), err) : code;
}

static mn_code check_old(mn_core *c, change *ch, const char *old, unsigned *wait_s, mn_error *err)
{
    bool fits = false, stale = false;
    char key[MN_ID_TEXT];
    mn_id_format(&ch->user.id, key);
    unsigned wait = mn_throttle_wait(c, 'u', key);
    if (wait > 0)
        return too_early(wait, wait_s, err);
    mn_code code = mn_password_verify(c, ch->user.password, old, &fits, &stale, err);
    if (code == MN_OK && !fits) {
        mn_throttle_failed(c, 'u', key);
        code = mn_fail(err, MN_E_INVALID, "the old password is wrong");
    }
    return code;
}

mn_code mn_core_password_change(mn_core *c, const mn_identity *who, const char *request, const char *old,
                                const char *password, unsigned *wait_s, mn_error *err)
{
    change ch = {.who = who, .request = request};
    if (mn_id_is_nil(&who->info.session))
        return mn_fail(err, MN_E_FORBIDDEN, "a token cannot change a password: sign in");
    if (!old || strlen(old) > MN_PASSWORD_MAX)
        return mn_fail(err, MN_E_INVALID, "the old password is wrong");
    mn_code code = mn_core_password_check(c, password, who->info.login, who->info.name, err);
    if (code == MN_OK && strcmp(old, password) == 0)
        code = mn_fail(err, MN_E_INVALID, "the new password is the old one");
    if (code != MN_OK)
        return code;
    ch.arena = mn_arena_create(MN_SIGNIN_ARENA);
    if (!ch.arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to change a password");
    code = c->store->ops->access->user_get(c->store, &who->info.user, ch.arena, &ch.user, err);
    if (code == MN_OK)
        code = check_old(c, &ch, old, wait_s, err);
    if (code == MN_OK)
        code = mn_password_hash(c, password, ch.hash, err);
    if (code == MN_OK)
        code = mn_core_transact(c, write_password, &ch, err);
    mn_arena_destroy(ch.arena);
    if (code == MN_OK)
        mn_identity_forget(c);
    return code;
}

/* ---- one's own sessions ---- */

static mn_code need_user(const mn_actor *who, mn_error *err)
{
    mn_code code = mn_core_check_actor(who, err);
    if (code == MN_OK && mn_id_is_nil(&who->user))
        code = mn_fail(err, MN_E_INVALID, "%s is no user and has no sessions", who->name);
    return code;
}

mn_code mn_core_sessions(mn_core *c, const mn_actor *who, const mn_session_query *what, mn_arena *arena,
                         mn_session **out, size_t *n, mn_error *err)
{
    mn_session_query q = *what;
    mn_code code = need_user(who, err);
    if (code == MN_OK)
        code = mn_core_check_page(q.limit, err);
    q.user = who->user;
    if (code == MN_OK)
        code = c->store->ops->access->session_list(c->store, &q, arena, out, n, err);
    for (size_t i = 0; code == MN_OK && i < *n; i++)
        memset((*out)[i].hash, 0, sizeof(*out)[i].hash);
    return code;
}

typedef struct {
    const mn_actor *who;
    const mn_id *id;
    const char *action; /* for the audit log */
    mn_arena *arena;
} ending;

static mn_code end_one(mn_core *c, void *ctx, mn_error *err)
{
    const ending *e = ctx;
    mn_session s;
    mn_code code = c->store->ops->access->session_get(c->store, e->id, e->arena, &s, err);
    if (code == MN_OK && mn_id_compare(&s.user, &e->who->user) != 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such session");
    if (code == MN_OK)
        code = c->store->ops->access->session_delete(c->store, e->id, err);
    return code == MN_OK ? mn_core_record(c, e->who, e->action, &e->who->user,
                                          json_pack("{s:o}", "session", mn_core_json_id(e->id)), err)
                         : code;
}

static mn_code end_all(mn_core *c, void *ctx, mn_error *err)
{
    const ending *e = ctx;
    mn_code code = c->store->ops->access->sessions_end(c->store, &e->who->user, e->id, err);
    return code == MN_OK ? mn_core_record(c, e->who, e->action, &e->who->user, json_object(), err) : code;
}

static mn_code end_with(mn_core *c, const mn_actor *who, const mn_id *id, const char *action,
                        mn_core_work *how, mn_error *err)
{
    ending e = {.who = who, .id = id, .action = action};
    mn_code code = need_user(who, err);
    return code == MN_OK ? mn_core_take_away(c, how, &e, &e.arena, err) : code;
}

mn_code mn_core_session_end(mn_core *c, const mn_actor *who, const mn_id *session, mn_error *err)
{
    return end_with(c, who, session, "session.end", end_one, err);
}

mn_code mn_core_logout(mn_core *c, const mn_actor *who, const mn_id *session, mn_error *err)
{
    return end_with(c, who, session, "session.logout", end_one, err);
}

mn_code mn_core_sessions_end(mn_core *c, const mn_actor *who, const mn_id *but, mn_error *err)
{
    return end_with(c, who, but, "session.logout", end_all, err);
}

mn_code mn_core_sessions_expire(mn_core *c, mn_error *err)
{
    mn_time now = mn_time_now();
    return c->store->ops->access->sessions_expire(c->store, now, now - mn_signin_policy_of(c).idle, err);
}
