/* Custom roles. The predefined ones are in rights.def and never change. */
#include "core/signin.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    const mn_actor *who;
    const char *name;
    const mn_role_fields *fields;
    const mn_time *if_updated;
    mn_arena *arena;
    mn_role role;
} job;

/* At most MN_SIGNIN_PAGE custom roles in an account, so that one page holds them. */
static mn_code read_all(mn_core *c, const mn_id *account, mn_arena *arena, mn_role **out, size_t *n,
                        mn_error *err)
{
    return c->store->ops->access->role_list(c->store, account, NULL, MN_SIGNIN_PAGE, arena, out, n, err);
}

mn_code mn_role_by_name(mn_core *c, const mn_id *account, const char *name, mn_arena *arena, mn_role *out,
                        mn_error *err)
{
    mn_role *all = NULL;
    size_t n = 0;
    mn_code code = read_all(c, account, arena, &all, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (strcmp(all[i].name, name) == 0) {
            *out = all[i];
            return MN_OK;
        }
    return code == MN_OK ? mn_fail(err, MN_E_NOT_FOUND, "there is no role \"%.64s\"", name) : code;
}

static mn_code check_predefined(const char *name, mn_error *err)
{
    mn_role_id r;
    return mn_role_parse(name, &r)
               ? mn_fail(err, MN_E_CONFLICT, "the role %s is predefined and cannot be changed", name)
               : MN_OK;
}

static mn_code check_reach(const mn_actor *who, const mn_role *r, mn_error *err)
{
    mn_grant g = {.limited = r->limited, .lists = (mn_id *)r->lists, .n_lists = r->n_lists};
    mn_code code = mn_rights_parse_all(r->rights, &g.rights, err);
    return code == MN_OK ? mn_grant_within(who, &g, err) : code;
}

static mn_code record(mn_core *c, const job *j, const char *action, mn_error *err)
{
    return mn_core_record(c, j->who, action, &j->role.id,
                          json_pack("{s:s, s:s, s:b}", "role", j->role.name, "rights", j->role.rights,
                                    "limited", j->role.limited),
                          err);
}

static mn_code apply(mn_core *c, job *j, mn_error *err)
{
    const mn_role_fields *f = j->fields;
    mn_role *r = &j->role;
    if (f->text)
        r->text = *f->text ? f->text : NULL;
    if (f->rights) {
        char text[MN_RIGHTS_TEXT];
        mn_rights_format(f->rights, text);
        r->rights = mn_arena_strdup(j->arena, text);
        if (!r->rights)
            return mn_fail(err, MN_E_MEMORY, "no memory for a role");
    }
    if (f->set_lists) {
        r->limited = f->limited;
        r->lists = f->lists;
        r->n_lists = f->limited ? f->n_lists : 0;
    }
    mn_code code = mn_scope_check(c, j->who, r->lists, f->set_lists ? r->n_lists : 0, j->arena, err);
    return code == MN_OK ? check_reach(j->who, r, err) : code;
}

static mn_code add(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_role *all = NULL;
    size_t n = 0;
    mn_time now = mn_time_now();
    mn_code code = read_all(c, &j->who->account, j->arena, &all, &n, err);
    if (code == MN_OK && n >= MN_SIGNIN_PAGE)
        code = mn_fail(err, MN_E_LIMIT, "an account has at most %d roles", MN_SIGNIN_PAGE);
    if (code != MN_OK)
        return code;
    j->role = (mn_role){.id = mn_id_make(),
                        .account = j->who->account,
                        .name = j->fields->name,
                        .rights = "",
                        .created = now,
                        .updated = now};
    code = apply(c, j, err);
    if (code == MN_OK)
        code = c->store->ops->access->role_put(c->store, &j->role, err);
    if (code == MN_E_EXISTS)
        return mn_fail(err, code, "there is a role \"%.64s\" already", j->role.name);
    return code == MN_OK ? record(c, j, "role.create", err) : code;
}

static mn_code change(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_code code = mn_role_by_name(c, &j->who->account, j->name, j->arena, &j->role, err);
    if (code == MN_OK)
        code = mn_core_check_updated(j->role.updated, j->if_updated, err);
    if (code == MN_OK)
        code = check_reach(j->who, &j->role, err);
    if (code != MN_OK)
        return code;
    j->role.updated = mn_core_next_update(j->role.updated);
    code = apply(c, j, err);
    if (code == MN_OK)
        code = c->store->ops->access->role_put(c->store, &j->role, err);
    return code == MN_OK ? record(c, j, "role.change", err) : code;
}

static bool has_role(const mn_user *u, void *ctx)
{
    const job *j = ctx;
    return mn_user_has_role(u, j->name);
}

static mn_code check_unused(mn_core *c, job *j, mn_error *err)
{
    mn_user u;
    bool used = false;
    mn_code code = mn_user_any(c, &j->who->account, NULL, has_role, j, j->arena, &u, &used, err);
    if (code == MN_OK && used)
        code = mn_fail(err, MN_E_CONFLICT, "the user %s has the role \"%s\": give them another one first",
                       u.login, j->name);
    return code;
}

static mn_code drop(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_code code = mn_role_by_name(c, &j->who->account, j->name, j->arena, &j->role, err);
    if (code == MN_OK)
        code = check_reach(j->who, &j->role, err);
    if (code == MN_OK)
        code = mn_core_check_updated(j->role.updated, j->if_updated, err);
    if (code == MN_OK)
        code = check_unused(c, j, err);
    if (code == MN_OK)
        code = c->store->ops->access->role_delete(c->store, &j->role.id, err);
    return code == MN_OK ? record(c, j, "role.delete", err) : code;
}

mn_code mn_core_role_find(mn_core *c, const mn_actor *who, const char *name, mn_arena *arena, mn_role *out,
                          mn_error *err)
{
    mn_role_id predefined;
    char text[MN_RIGHTS_TEXT];
    mn_code code = mn_core_may(who, MN_R_ROLES, MN_VERB_VIEW, err);
    if (code != MN_OK)
        return code;
    if (!mn_role_parse(name, &predefined))
        return mn_role_by_name(c, &who->account, name, arena, out, err);
    const mn_rights rights = mn_rights_of_role(predefined);
    mn_rights_format(&rights, text);
    const char *copy = mn_arena_strdup(arena, text);
    if (!copy)
        return mn_fail(err, MN_E_MEMORY, "no memory for a role");
    *out = (mn_role){.account = who->account,
                     .name = mn_role_word(predefined),
                     .text = mn_role_text(predefined),
                     .rights = copy};
    return MN_OK;
}

/* ---- a page of them: there are few, so they are chosen and put in order here ---- */

static mn_role_id rank_of(const mn_role *r)
{
    mn_role_id id = MN_ROLES;
    mn_role_parse(r->name, &id);
    return id;
}

static int compare(const void *a, const void *b, void *query)
{
    const mn_role_query *q = query;
    const mn_role *x = q->descending ? b : a, *y = q->descending ? a : b;
    int by_rank = (int)rank_of(x) - (int)rank_of(y);
    if (q->order == MN_ROLES_PREDEFINED_FIRST && by_rank != 0)
        return by_rank;
    if (q->order == MN_ROLES_BY_UPDATED && x->updated != y->updated)
        return x->updated < y->updated ? -1 : 1;
    return strcmp(x->name, y->name);
}

static bool fits(const mn_role_query *q, const mn_role *r)
{
    mn_rights rights = {{0}};
    bool predefined = rank_of(r) < MN_ROLES;
    if (q->right &&
        (mn_rights_parse_all(r->rights, &rights, NULL) != MN_OK || !mn_rights_within(q->right, &rights)))
        return false;
    return (q->predefined == MN_ANY || predefined == (q->predefined == MN_YES)) &&
           (!q->like || mn_core_contains(r->name, q->like) ||
            (r->text && mn_core_contains(r->text, q->like)));
}

static mn_code read_with_predefined(mn_core *c, const mn_actor *who, mn_arena *arena, mn_role **out,
                                    size_t *n, mn_error *err)
{
    mn_role *custom = NULL;
    size_t count = 0;
    mn_code code = read_all(c, &who->account, arena, &custom, &count, err);
    mn_role *all = code == MN_OK ? mn_arena_calloc(arena, count + MN_ROLES, sizeof *all) : NULL;
    if (code == MN_OK && !all)
        code = mn_fail(err, MN_E_MEMORY, "no memory for the roles");
    for (int i = 0; code == MN_OK && i < MN_ROLES; i++)
        code = mn_core_role_find(c, who, mn_role_word((mn_role_id)i), arena, &all[i], err);
    if (code != MN_OK)
        return code;
    if (count > 0)
        memcpy(all + MN_ROLES, custom, count * sizeof *all);
    *out = all;
    *n = count + MN_ROLES;
    return MN_OK;
}

mn_code mn_core_roles(mn_core *c, const mn_actor *who, const mn_role_query *q, mn_arena *arena, mn_role **out,
                      size_t *n, bool *more, mn_error *err)
{
    mn_role *all = NULL;
    size_t count = 0, kept = 0;
    mn_code code = mn_core_may(who, MN_R_ROLES, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_core_check_page(q->limit, err);
    if (code == MN_OK)
        code = read_with_predefined(c, who, arena, &all, &count, err);
    if (code != MN_OK)
        return code;
    const mn_role last = {.name = q->after ? q->after->name : "", .updated = q->after ? q->after->time : 0};
    for (size_t i = 0; i < count; i++)
        if (fits(q, &all[i]) && (!q->after || compare(&all[i], &last, (void *)q) > 0))
            all[kept++] = all[i];
    qsort_r(all, kept, sizeof *all, compare, (void *)q);
    *more = kept > q->limit;
    *n = *more ? q->limit : kept;
    *out = all;
    return MN_OK;
}

mn_code mn_core_role_add(mn_core *c, const mn_actor *who, const mn_role_fields *fields, mn_arena *arena,
                         mn_role *out, mn_error *err)
{
    job j = {.who = who, .fields = fields, .arena = arena};
    mn_code code = mn_core_may(who, MN_R_ROLES, MN_VERB_CREATE, err);
    if (code == MN_OK)
        code = mn_core_check_name_word("the role's name", fields->name, err);
    if (code == MN_OK)
        code = check_predefined(fields->name, err);
    if (code == MN_OK)
        code = mn_core_check_comment(fields->text, err);
    if (code == MN_OK)
        code = mn_core_transact(c, add, &j, err);
    if (code == MN_OK)
        *out = j.role;
    return code;
}

mn_code mn_core_role_change(mn_core *c, const mn_actor *who, const char *name, const mn_role_fields *fields,
                            const mn_time *if_updated, mn_arena *arena, mn_role *out, mn_error *err)
{
    job j = {.who = who, .name = name, .fields = fields, .if_updated = if_updated, .arena = arena};
    mn_code code = mn_core_may(who, MN_R_ROLES, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = check_predefined(name, err);
    if (code == MN_OK)
        code = mn_core_check_comment(fields->text, err);
    if (code == MN_OK)
        code = mn_core_transact(c, change, &j, err);
    if (code != MN_OK)
        return code;
    mn_identity_forget(c);
    *out = j.role;
    return MN_OK;
}

mn_code mn_core_role_remove(mn_core *c, const mn_actor *who, const char *name, const mn_time *if_updated,
                            mn_error *err)
{
    job j = {.who = who, .name = name, .if_updated = if_updated};
    mn_code code = mn_core_may(who, MN_R_ROLES, MN_VERB_DELETE, err);
    if (code == MN_OK)
        code = check_predefined(name, err);
    return code == MN_OK ? mn_core_take_away(c, drop, &j, &j.arena, err) : code;
}
