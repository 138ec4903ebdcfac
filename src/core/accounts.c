#include "core/accounts.h"

#include "core/signin.h"

#include <string.h>

#define LIMIT_MAX    INT64_C(1000000000)
#define WARN_PERCENT 15
#define WARN_DAYS    14

typedef struct {
    const mn_actor *who;
    const mn_account_fields *fields;
    const mn_id *id;
    const mn_time *if_updated;
    mn_arena *arena;
    mn_account account;
    const mn_user_fields *user; /* the first administrator, or NULL */
    char hash[MN_PASSWORD_HASH];
    mn_user admin;
} job;

static mn_code check_limit(const char *what, const int64_t *limit, mn_error *err)
{
    return !limit || (*limit >= 0 && *limit <= LIMIT_MAX)
               ? MN_OK
               : mn_fail(err, MN_E_INVALID, "the limit of %s is 0 (none) to %lld", what,
                         (long long)LIMIT_MAX);
}

static mn_code check_fields(const mn_account_fields *f, mn_error *err)
{
    mn_code code = f->name ? mn_core_check_text("the account's name", f->name, err) : MN_OK;
    if (code == MN_OK && f->name && strchr(f->name, '/'))
        code = mn_fail(err, MN_E_INVALID, "an account's name has no / in it");
    if (code == MN_OK)
        code = mn_core_check_comment(f->comment, err);
    if (code == MN_OK)
        code = check_limit("people", f->people, err);
    if (code == MN_OK)
        code = check_limit("faces", f->faces, err);
    return code == MN_OK ? check_limit("cameras", f->cameras, err) : code;
}

static mn_code apply(job *j, mn_error *err)
{
    const mn_account_fields *f = j->fields;
    mn_account *a = &j->account;
    if (f->name)
        a->name = f->name;
    if (f->comment)
        a->comment = *f->comment ? f->comment : NULL;
    if (f->suspended)
        a->suspended = *f->suspended;
    if (f->expires)
        a->expires = *f->expires;
    if (f->people)
        a->people_max = *f->people;
    if (f->faces)
        a->faces_max = *f->faces;
    if (f->cameras)
        a->cameras_max = *f->cameras;
    if (mn_id_is_nil(&a->id) && (a->suspended || a->expires != MN_TIME_NEVER))
        return mn_fail(err, MN_E_CONFLICT,
                       "the first account runs the server: it is never suspended and does not expire");
    return MN_OK;
}

static mn_code put(mn_core *c, job *j, const char *action, mn_error *err)
{
    const mn_account *a = &j->account;
    mn_code code = c->store->ops->access->account_put(c->store, a, err);
    if (code == MN_E_EXISTS)
        return mn_fail(err, code, "there is an account \"%.100s\" already", a->name);
    return code == MN_OK
               ? mn_core_record(c, j->who, action, &a->id,
                                json_pack("{s:s, s:b, s:I, s:I, s:I}", "name", a->name, "suspended",
                                          a->suspended, "people", (json_int_t)a->people_max, "faces",
                                          (json_int_t)a->faces_max, "cameras", (json_int_t)a->cameras_max),
                                err)
               : code;
}

static mn_code add(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_time now = mn_time_now();
    j->account = (mn_account){.id = mn_id_make(), .expires = MN_TIME_NEVER, .created = now, .updated = now};
    mn_code code = apply(j, err);
    if (code == MN_OK)
        code = put(c, j, "account.create", err);
    if (code != MN_OK || !j->user)
        return code;
    mn_actor there = *j->who; /* who may make accounts may let somebody into this one */
    there.account = j->account.id;
    there.rights = mn_rights_all();
    return mn_user_insert(c, &there, j->user, j->hash, j->arena, &j->admin, err);
}

static mn_code change(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_code code = c->store->ops->access->account_get(c->store, j->id, j->arena, &j->account, err);
    if (code == MN_OK)
        code = mn_core_check_updated(j->account.updated, j->if_updated, err);
    if (code != MN_OK)
        return code;
    j->account.updated = mn_core_next_update(j->account.updated);
    code = apply(j, err);
    return code == MN_OK ? put(c, j, "account.change", err) : code;
}

mn_code mn_core_account_add(mn_core *c, const mn_actor *who, const mn_account_fields *fields, mn_arena *arena,
                            mn_account *out, mn_user *admin, char once[MN_ONCE_TEXT], mn_error *err)
{
    static const char *const roles[] = {"administrator"};
    const mn_user_fields user = {
        .login = fields->admin_login, .name = fields->admin_login, .roles = roles, .n_roles = 1};
    char made[MN_ONCE_TEXT];
    job j = {.who = who, .fields = fields, .arena = arena, .user = fields->admin_login ? &user : NULL};
    mn_code code = mn_core_may_everywhere(who, MN_R_ACCOUNTS, MN_VERB_CREATE, err);
    if (code == MN_OK && !fields->name)
        code = mn_fail(err, MN_E_INVALID, "the account's name is missing");
    if (code == MN_OK)
        code = check_fields(fields, err);
    if (code == MN_OK && j.user)
        code = mn_user_prepare(c, &user, made, j.hash, err);
    if (code == MN_OK)
        code = mn_core_transact(c, add, &j, err);
    if (code != MN_OK)
        return code;
    *out = j.account;
    if (j.user) {
        *admin = j.admin;
        memcpy(once, made, sizeof made);
    }
    return MN_OK;
}

mn_code mn_core_account_change(mn_core *c, const mn_actor *who, const mn_id *id,
                               const mn_account_fields *fields, const mn_time *if_updated, mn_arena *arena,
                               mn_account *out, mn_error *err)
{
    job j = {.who = who, .fields = fields, .id = id, .if_updated = if_updated, .arena = arena};
    mn_code code = mn_core_may_everywhere(who, MN_R_ACCOUNTS, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = check_fields(fields, err);
    if (code == MN_OK)
        code = mn_core_transact(c, change, &j, err);
    if (code != MN_OK)
        return code;
    mn_identity_forget(c);
    *out = j.account;
    return MN_OK;
}

/* ---- removing ---- */

static mn_code check_empty(mn_core *c, const mn_account *a, mn_arena *arena, mn_error *err)
{
    int64_t people = 0, faces = 0;
    mn_list *lists = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->access->account_use(c->store, &a->id, &people, &faces, err);
    if (code == MN_OK)
        code = c->store->ops->list_list(c->store, &a->id, arena, &lists, &n, err);
    if (code == MN_OK && (people > 0 || n > 0))
        code = mn_fail(err, MN_E_CONFLICT,
                       "the account %.100s has %lld people and %zu lists: erase and delete them first",
                       a->name, (long long)people, n);
    return code;
}

static mn_code drop(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_code code = c->store->ops->access->account_get(c->store, j->id, j->arena, &j->account, err);
    if (code == MN_OK && mn_id_is_nil(j->id))
        code = mn_fail(err, MN_E_CONFLICT, "the first account runs the server: it stays");
    if (code == MN_OK)
        code = mn_core_check_updated(j->account.updated, j->if_updated, err);
    if (code == MN_OK)
        code = check_empty(c, &j->account, j->arena, err);
    if (code == MN_OK)
        code = c->store->ops->access->account_delete(c->store, j->id, err);
    return code == MN_OK ? mn_core_record(c, j->who, "account.delete", j->id,
                                          json_pack("{s:s}", "name", j->account.name), err)
                         : code;
}

mn_code mn_core_account_remove(mn_core *c, const mn_actor *who, const mn_id *id, const mn_time *if_updated,
                               mn_error *err)
{
    job j = {.who = who, .id = id, .if_updated = if_updated};
    mn_code code = mn_core_may_everywhere(who, MN_R_ACCOUNTS, MN_VERB_DELETE, err);
    return code == MN_OK ? mn_core_take_away(c, drop, &j, &j.arena, err) : code;
}

/* ---- reading ---- */

mn_code mn_core_account_get(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena,
                            mn_account *out, mn_error *err)
{
    mn_code code = mn_core_may_everywhere(who, MN_R_ACCOUNTS, MN_VERB_VIEW, err);
    return code == MN_OK ? c->store->ops->access->account_get(c->store, id, arena, out, err) : code;
}

mn_code mn_core_account_find(mn_core *c, const mn_actor *who, const char *ref, mn_arena *arena,
                             mn_account *out, mn_error *err)
{
    mn_id id;
    mn_code code = mn_core_may_everywhere(who, MN_R_ACCOUNTS, MN_VERB_VIEW, err);
    if (code != MN_OK)
        return code;
    code = mn_id_parse(ref, &id) ? c->store->ops->access->account_get(c->store, &id, arena, out, err)
                                 : MN_E_NOT_FOUND;
    if (code == MN_E_NOT_FOUND)
        code = c->store->ops->access->account_by_name(c->store, ref, arena, out, err);
    return code == MN_E_NOT_FOUND ? mn_fail(err, code, "there is no account \"%.100s\"", ref) : code;
}

mn_code mn_core_accounts(mn_core *c, const mn_actor *who, const mn_account_query *q, mn_arena *arena,
                         mn_account **out, size_t *n, mn_error *err)
{
    mn_code code = mn_core_may_everywhere(who, MN_R_ACCOUNTS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_core_check_page(q->limit, err);
    return code == MN_OK ? c->store->ops->access->account_list(c->store, q, arena, out, n, err) : code;
}

static bool is_short(int64_t used, int64_t max)
{
    return max > 0 && (max - used) * 100 <= max * WARN_PERCENT;
}

mn_code mn_core_license(mn_core *c, const mn_actor *who, mn_license *out, mn_error *err)
{
    mn_account a;
    mn_license l = {0};
    mn_time now = mn_time_now();
    mn_code code = mn_core_may(who, MN_R_LICENSE, MN_VERB_VIEW, err);
    if (code != MN_OK)
        return code;
    mn_arena *arena = mn_arena_create(1 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for an account's limits");
    code = c->store->ops->access->account_get(c->store, &who->account, arena, &a, err);
    if (code == MN_OK)
        code = c->store->ops->access->account_use(c->store, &who->account, &l.people, &l.faces, err);
    if (code == MN_OK) {
        l.valid = !a.suspended && a.expires > now;
        l.expires = a.expires;
        l.people_max = a.people_max;
        l.faces_max = a.faces_max;
        l.cameras_max = a.cameras_max;
        l.warn_people = is_short(l.people, a.people_max);
        l.warn_faces = is_short(l.faces, a.faces_max);
        l.warn_expires = a.expires != MN_TIME_NEVER && a.expires - now <= WARN_DAYS * MN_TIME_DAY;
        *out = l;
    }
    mn_arena_destroy(arena);
    return code;
}
