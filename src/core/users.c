#include "core/signin.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const mn_actor *who;
    const mn_user_fields *fields;
    const mn_id *id;
    const mn_time *if_updated;
    mn_arena *arena;
    const char *hash; /* of the new password */
    bool once;
    mn_user user;
} job;

/* ---- checks ---- */

static bool login_character(unsigned char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           (ch != 0 && strchr("._-+@", ch)) || ch >= 0x80;
}

mn_code mn_core_check_name_word(const char *what, const char *text, mn_error *err)
{
    mn_code code = mn_core_check_text(what, text, err);
    if (code == MN_OK && strlen(text) > MN_LOGIN_MAX)
        code = mn_fail(err, MN_E_INVALID, "%s is longer than %d bytes", what, MN_LOGIN_MAX);
    for (const char *p = text; code == MN_OK && *p; p++)
        if (!login_character((unsigned char)*p))
            code =
                mn_fail(err, MN_E_INVALID, "%s has letters, digits and . _ - + @ in it, no \"%c\"", what, *p);
    return code;
}

mn_code mn_core_check_comment(const char *text, mn_error *err)
{
    return text && *text ? mn_core_check_lines("the comment", text, MN_COMMENT_MAX, err) : MN_OK;
}

/* The roles as they are stored; each must be there, and none beyond what the actor may give. */
static mn_code join_roles(mn_core *c, job *j, const char **out, mn_error *err)
{
    const mn_user_fields *f = j->fields;
    char text[MN_ROLES_MAX * (MN_LOGIN_MAX + 1) + 1] = "";
    size_t at = 0;
    if (f->n_roles > MN_ROLES_MAX)
        return mn_fail(err, MN_E_INVALID, "a user has at most %d roles", MN_ROLES_MAX);
    for (size_t i = 0; i < f->n_roles; i++) {
        mn_role_id predefined;
        mn_role r;
        mn_code code = mn_core_check_name_word("the role's name", f->roles[i], err);
        if (code == MN_OK && !mn_role_parse(f->roles[i], &predefined))
            code = mn_role_by_name(c, &j->who->account, f->roles[i], j->arena, &r, err);
        if (code != MN_OK)
            return code == MN_E_NOT_FOUND
                       ? mn_fail(err, MN_E_INVALID, "there is no role \"%.64s\"", f->roles[i])
                       : code;
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at ? " " : "", f->roles[i]);
    }
    *out = mn_arena_strdup(j->arena, text);
    return *out ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for a user");
}

/* May the actor have to do with this user, as it is or is going to be? */
static mn_code check_reach(mn_core *c, const mn_actor *who, const mn_user *u, mn_arena *arena, mn_error *err)
{
    mn_grant g;
    mn_code code = mn_grant_of_user(c, u, arena, &g, err);
    return code == MN_OK ? mn_grant_within(who, &g, err) : code;
}

static mn_code read_user(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_user *out,
                         mn_error *err)
{
    mn_user u;
    mn_code code = c->store->ops->access->user_get(c->store, id, arena, &u, err);
    if (code == MN_OK && mn_id_compare(&u.account, &who->account) != 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such user");
    if (code == MN_OK)
        *out = u;
    return code;
}

bool mn_user_has_role(const mn_user *u, const char *role)
{
    size_t n = strlen(role);
    for (const char *at = u->roles; (at = strstr(at, role)); at += n)
        if ((at == u->roles || at[-1] == ' ') && (at[n] == 0 || at[n] == ' '))
            return true;
    return false;
}

mn_code mn_user_any(mn_core *c, const mn_id *account, const char *after, mn_user_fits *fits, void *ctx,
                    mn_arena *arena, mn_user *out, bool *yes, mn_error *err)
{
    size_t n = MN_SIGNIN_PAGE;
    while (n == MN_SIGNIN_PAGE) {
        mn_user *page = NULL;
        mn_code code =
            c->store->ops->access->user_list(c->store, account, after, MN_SIGNIN_PAGE, arena, &page, &n, err);
        if (code != MN_OK)
            return code;
        for (size_t i = 0; i < n; i++) {
            if (fits(&page[i], ctx)) {
                if (out)
                    *out = page[i];
                *yes = true;
                return MN_OK;
            }
            after = page[i].login;
        }
    }
    *yes = false;
    return MN_OK;
}

static bool is_administrator(const mn_user *u)
{
    return !u->disabled && mn_user_has_role(u, "administrator");
}

static bool is_other_administrator(const mn_user *u, void *id)
{
    return is_administrator(u) && mn_id_compare(&u->id, id) != 0;
}

/* Somebody must be left who can let others in. */
static mn_code check_last(mn_core *c, const mn_user *before, const mn_user *after, mn_arena *arena,
                          mn_error *err)
{
    bool other = false;
    mn_id id = before->id;
    if (!is_administrator(before) || (after && is_administrator(after)))
        return MN_OK;
    mn_code code =
        mn_user_any(c, &before->account, NULL, is_other_administrator, &id, arena, NULL, &other, err);
    if (code == MN_OK && !other)
        code = mn_fail(err, MN_E_CONFLICT,
                       "%s is the last administrator of this account: make somebody else one first",
                       before->login);
    return code;
}

static mn_code record(mn_core *c, const job *j, const char *action, mn_error *err)
{
    return mn_core_record(c, j->who, action, &j->user.id,
                          json_pack("{s:s, s:s, s:b}", "login", j->user.login, "roles", j->user.roles,
                                    "disabled", j->user.disabled),
                          err);
}

/* ---- add, change ---- */

static mn_code apply(mn_core *c, job *j, mn_error *err)
{
    const mn_user_fields *f = j->fields;
    mn_user *u = &j->user;
    mn_code code = MN_OK;
    if (f->name)
        u->name = f->name;
    if (f->comment)
        u->comment = *f->comment ? f->comment : NULL;
    if (f->disabled)
        u->disabled = *f->disabled;
    if (f->n_roles > 0)
        code = join_roles(c, j, &u->roles, err);
    if (code == MN_OK && f->set_lists) {
        u->limited = f->limited;
        u->lists = f->lists;
        u->n_lists = f->limited ? f->n_lists : 0;
        code = mn_scope_check(c, j->who, u->lists, u->n_lists, j->arena, err);
    }
    return code == MN_OK ? check_reach(c, j->who, u, j->arena, err) : code;
}

static mn_code add(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_time now = mn_time_now();
    j->user = (mn_user){.id = mn_id_make(),
                        .account = j->who->account,
                        .login = j->fields->login,
                        .password = j->hash,
                        .once = j->once,
                        .roles = "",
                        .created = now,
                        .updated = now};
    mn_code code = apply(c, j, err);
    if (code == MN_OK)
        code = c->store->ops->access->user_put(c->store, &j->user, err);
    if (code == MN_E_EXISTS)
        return mn_fail(err, code, "there is a user \"%.64s\" already", j->user.login);
    return code == MN_OK ? record(c, j, "user.create", err) : code;
}

static mn_code change(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_user before;
    mn_code code = read_user(c, j->who, j->id, j->arena, &before, err);
    if (code == MN_OK)
        code = mn_core_check_updated(before.updated, j->if_updated, err);
    if (code == MN_OK)
        code = check_reach(c, j->who, &before, j->arena, err);
    if (code != MN_OK)
        return code;
    j->user = before;
    j->user.updated = mn_core_next_update(before.updated);
    code = apply(c, j, err);
    if (code == MN_OK)
        code = check_last(c, &before, &j->user, j->arena, err);
    if (code == MN_OK)
        code = c->store->ops->access->user_put(c->store, &j->user, err);
    if (code == MN_OK && j->user.disabled)
        code = c->store->ops->access->sessions_end(c->store, &j->user.id, NULL, err);
    return code == MN_OK ? record(c, j, "user.change", err) : code;
}

static mn_code check_fields(const mn_user_fields *f, mn_error *err)
{
    mn_code code = f->name ? mn_core_check_text("the user's name", f->name, err) : MN_OK;
    return code == MN_OK ? mn_core_check_comment(f->comment, err) : code;
}

/* The hash of the password given, or of a new one for one login. */
static mn_code make_password(mn_core *c, const char *given, const char *login, const char *name,
                             char once[MN_ONCE_TEXT], char hash[MN_PASSWORD_HASH], mn_error *err)
{
    mn_code code = MN_OK;
    once[0] = 0;
    if (given)
        code = mn_core_password_check(c, given, login, name, err);
    else
        mn_password_once(once);
    return code == MN_OK ? mn_password_hash(c, given ? given : once, hash, err) : code;
}

static void tell(mn_user *out, const mn_user *u)
{
    *out = *u;
    out->password = NULL;
}

mn_code mn_user_prepare(mn_core *c, const mn_user_fields *fields, char once[MN_ONCE_TEXT],
                        char hash[MN_PASSWORD_HASH], mn_error *err)
{
    mn_code code = mn_core_check_name_word("the login", fields->login, err);
    if (code == MN_OK && !fields->name)
        code = mn_fail(err, MN_E_INVALID, "the user's name is missing");
    if (code == MN_OK && fields->n_roles == 0)
        code = mn_fail(err, MN_E_INVALID, "the user needs a role: see mien roles");
    if (code == MN_OK)
        code = check_fields(fields, err);
    return code == MN_OK ? make_password(c, fields->password, fields->login, fields->name, once, hash, err)
                         : code;
}

mn_code mn_user_insert(mn_core *c, const mn_actor *who, const mn_user_fields *fields,
                       const char hash[MN_PASSWORD_HASH], mn_arena *arena, mn_user *out, mn_error *err)
{
    job j = {.who = who, .fields = fields, .arena = arena, .hash = hash, .once = !fields->password};
    mn_code code = add(c, &j, err);
    if (code == MN_OK)
        tell(out, &j.user);
    return code;
}

mn_code mn_core_user_add(mn_core *c, const mn_actor *who, const mn_user_fields *fields, mn_arena *arena,
                         mn_user *out, char once[MN_ONCE_TEXT], mn_error *err)
{
    char hash[MN_PASSWORD_HASH], made[MN_ONCE_TEXT];
    job j = {.who = who, .fields = fields, .arena = arena, .hash = hash, .once = !fields->password};
    mn_code code = mn_core_may(who, MN_R_USERS, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = mn_user_prepare(c, fields, made, hash, err);
    if (code == MN_OK)
        code = mn_core_transact(c, add, &j, err);
    if (code != MN_OK)
        return code;
    memcpy(once, made, sizeof made);
    tell(out, &j.user);
    return MN_OK;
}

mn_code mn_core_user_change(mn_core *c, const mn_actor *who, const mn_id *id, const mn_user_fields *fields,
                            const mn_time *if_updated, mn_arena *arena, mn_user *out, mn_error *err)
{
    job j = {.who = who, .fields = fields, .id = id, .if_updated = if_updated, .arena = arena};
    mn_code code = mn_core_may(who, MN_R_USERS, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = check_fields(fields, err);
    if (code == MN_OK)
        code = mn_core_transact(c, change, &j, err);
    if (code != MN_OK)
        return code;
    mn_identity_forget(c);
    tell(out, &j.user);
    return MN_OK;
}

/* ---- reset, remove ---- */

static mn_code reset(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    const mn_access_ops *ops = c->store->ops->access;
    mn_code code = read_user(c, j->who, j->id, j->arena, &j->user, err);
    if (code == MN_OK)
        code = check_reach(c, j->who, &j->user, j->arena, err);
    if (code != MN_OK)
        return code;
    j->user.password = j->hash;
    j->user.once = j->once;
    j->user.updated = mn_core_next_update(j->user.updated);
    j->user.failures = 0;
    j->user.locked = 0;
    code = ops->user_put(c->store, &j->user, err);
    if (code == MN_OK)
        code = ops->user_noted(c->store, j->id, j->user.seen, 0, 0, err);
    if (code == MN_OK)
        code = ops->sessions_end(c->store, j->id, NULL, err);
    return code == MN_OK ? record(c, j, "user.reset", err) : code;
}

static mn_code drop(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_code code = read_user(c, j->who, j->id, j->arena, &j->user, err);
    if (code == MN_OK)
        code = check_reach(c, j->who, &j->user, j->arena, err);
    if (code == MN_OK)
        code = mn_core_check_updated(j->user.updated, j->if_updated, err);
    if (code == MN_OK)
        code = check_last(c, &j->user, NULL, j->arena, err);
    if (code == MN_OK)
        code = c->store->ops->access->user_delete(c->store, j->id, err);
    return code == MN_OK ? record(c, j, "user.delete", err) : code;
}

mn_code mn_core_user_reset(mn_core *c, const mn_actor *who, const mn_id *id, const char *password,
                           mn_arena *arena, mn_user *out, char once[MN_ONCE_TEXT], mn_error *err)
{
    char hash[MN_PASSWORD_HASH], made[MN_ONCE_TEXT];
    job j = {.who = who, .id = id, .hash = hash, .once = !password, .arena = arena};
    mn_code code = mn_core_may(who, MN_R_USERS, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = make_password(c, password, NULL, NULL, made, hash, err);
    if (code == MN_OK)
        code = mn_core_transact(c, reset, &j, err);
    if (code != MN_OK)
        return code;
    mn_identity_forget(c);
    memcpy(once, made, sizeof made);
    tell(out, &j.user);
    return MN_OK;
}

mn_code mn_core_user_remove(mn_core *c, const mn_actor *who, const mn_id *id, const mn_time *if_updated,
                            mn_error *err)
{
    job j = {.who = who, .id = id, .if_updated = if_updated};
    mn_code code = mn_core_may(who, MN_R_USERS, MN_VERB_DELETE, err);
    return code == MN_OK ? mn_core_take_away(c, drop, &j, &j.arena, err) : code;
}

/* ---- reading ---- */

mn_code mn_core_user_get(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_user *out,
                         mn_error *err)
{
    mn_user u;
    mn_code code = mn_core_may(who, MN_R_USERS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = read_user(c, who, id, arena, &u, err);
    if (code == MN_OK)
        tell(out, &u);
    return code;
}

mn_code mn_core_user_find(mn_core *c, const mn_actor *who, const char *login, mn_arena *arena, mn_user *out,
                          mn_error *err)
{
    mn_user u;
    mn_code code = mn_core_may(who, MN_R_USERS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = c->store->ops->access->user_by_login(c->store, &who->account, login, arena, &u, err);
    if (code == MN_E_NOT_FOUND)
        return mn_fail(err, code, "there is no user \"%.64s\"", login);
    if (code == MN_OK)
        tell(out, &u);
    return code;
}

mn_code mn_core_users(mn_core *c, const mn_actor *who, const char *after, size_t limit, mn_arena *arena,
                      mn_user **out, size_t *n, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_USERS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_core_check_page(limit, err);
    if (code == MN_OK)
        code = c->store->ops->access->user_list(c->store, &who->account, after, limit, arena, out, n, err);
    for (size_t i = 0; code == MN_OK && i < *n; i++)
        (*out)[i].password = NULL;
    return code;
}

/* ---- the first start ---- */

static mn_code has_users(mn_core *c, mn_arena *arena, bool *yes, mn_error *err)
{
    static const mn_id first;
    mn_user *all = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->access->user_list(c->store, &first, NULL, 1, arena, &all, &n, err);
    *yes = code == MN_OK && n > 0;
    return code;
}

/* Another process may have been faster. */
static mn_code add_first(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    bool there = false;
    mn_code code = has_users(c, j->arena, &there, err);
    return code == MN_OK && !there ? add(c, j, err) : code;
}

mn_code mn_core_first_user(mn_core *c, char once[MN_ONCE_TEXT], bool *made, mn_error *err)
{
    static const char *const roles[] = {"administrator"};
    const mn_actor self = {.name = "mien", .rights = mn_rights_all()};
    const mn_user_fields fields = {.login = "admin", .name = "Administrator", .roles = roles, .n_roles = 1};
    char hash[MN_PASSWORD_HASH], password[MN_ONCE_TEXT] = "";
    bool there = false;
    job j = {.who = &self, .fields = &fields, .hash = hash, .once = true};
    j.arena = mn_arena_create(MN_SIGNIN_ARENA);
    if (!j.arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to look for users");
    mn_code code = has_users(c, j.arena, &there, err);
    if (code == MN_OK && !there)
        code = make_password(c, NULL, NULL, NULL, password, hash, err);
    if (code == MN_OK && !there)
        code = mn_core_transact(c, add_first, &j, err);
    mn_arena_destroy(j.arena);
    if (code != MN_OK)
        return code;
    *made = !mn_id_is_nil(&j.user.id);
    if (*made)
        memcpy(once, password, sizeof password);
    return MN_OK;
}
