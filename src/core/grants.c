/* What somebody's roles allow together, and where. */
#include "core/signin.h"

#include <stdio.h>
#include <string.h>

static bool has_list(const mn_grant *g, const mn_id *one)
{
    for (size_t i = 0; i < g->n_lists; i++)
        if (mn_id_compare(&g->lists[i], one) == 0)
            return true;
    return false;
}

static bool same_lists(const mn_grant *a, const mn_grant *b)
{
    bool same = a->n_lists == b->n_lists;
    for (size_t i = 0; same && i < a->n_lists; i++)
        same = has_list(b, &a->lists[i]);
    return same;
}

static mn_code add_lists(mn_grant *g, const mn_grant *more, mn_arena *arena, mn_error *err)
{
    mn_id *lists = mn_arena_alloc(arena, (g->n_lists + more->n_lists + 1) * sizeof *lists);
    if (!lists)
        return mn_fail(err, MN_E_MEMORY, "no memory for somebody's rights");
    if (g->n_lists)
        memcpy(lists, g->lists, g->n_lists * sizeof *lists);
    g->lists = lists;
    for (size_t i = 0; i < more->n_lists; i++)
        if (!has_list(g, &more->lists[i]))
            lists[g->n_lists++] = more->lists[i];
    return MN_OK;
}

/* ---- roles ---- */

static mn_code read_role(mn_core *c, const mn_id *account, const char *name, mn_arena *arena, mn_grant *out,
                         mn_error *err)
{
    mn_role_id predefined;
    mn_role r = {0};
    *out = (mn_grant){0};
    if (mn_role_parse(name, &predefined)) {
        out->rights = mn_rights_of_role(predefined);
        return MN_OK;
    }
    mn_code code = mn_role_by_name(c, account, name, arena, &r, err);
    if (code == MN_OK)
        code = mn_rights_parse_all(r.rights, &out->rights, err);
    out->limited = r.limited;
    out->lists = (mn_id *)r.lists;
    out->n_lists = r.n_lists;
    return code;
}

/* Roles that are kept to the same lists are one part. */
static mn_code add_part(mn_grant *g, const mn_grant *role, mn_arena *arena, mn_error *err)
{
    for (size_t i = 0; i < g->n_parts; i++)
        if (same_lists(&g->parts[i], role)) {
            mn_rights_add(&g->parts[i].rights, &role->rights);
            return MN_OK;
        }
    mn_grant *parts = mn_arena_alloc(arena, (g->n_parts + 1) * sizeof *parts);
    if (!parts)
        return mn_fail(err, MN_E_MEMORY, "no memory for somebody's rights");
    if (g->n_parts)
        memcpy(parts, g->parts, g->n_parts * sizeof *parts);
    parts[g->n_parts++] = *role;
    g->parts = parts;
    g->limited = true;
    return add_lists(g, role, arena, err);
}

mn_code mn_grant_of_roles(mn_core *c, const mn_id *account, const char *roles, mn_arena *arena, mn_grant *out,
                          mn_error *err)
{
    mn_grant g = {0};
    mn_rights anywhere = {{0}}; /* of the roles without lists */
    mn_code code = MN_OK;
    while (code == MN_OK && *roles) {
        char name[MN_LOGIN_MAX + 1];
        size_t n = strcspn(roles, " ");
        mn_grant role;
        snprintf(name, sizeof name, "%.*s", (int)(n < MN_LOGIN_MAX ? n : MN_LOGIN_MAX), roles);
        roles += n + (roles[n] == ' ');
        code = read_role(c, account, name, arena, &role, err);
        if (code != MN_OK)
            break;
        mn_rights_add(&g.rights, &role.rights);
        if (role.limited)
            code = add_part(&g, &role, arena, err);
        else
            mn_rights_add(&anywhere, &role.rights);
    }
    for (size_t i = 0; i < g.n_parts; i++)
        mn_rights_add(&g.parts[i].rights, &anywhere);
    if (code == MN_OK)
        *out = g;
    return code;
}

mn_code mn_grant_of_user(mn_core *c, const mn_user *u, mn_arena *arena, mn_grant *out, mn_error *err)
{
    mn_code code = mn_grant_of_roles(c, &u->account, u->roles, arena, out, err);
    if (code == MN_OK)
        mn_grant_keep_to(out, u->lists, u->n_lists, u->limited);
    return code;
}

/* ---- less ---- */

void mn_grant_cut(mn_grant *g, const mn_rights *limit)
{
    mn_rights_cut(&g->rights, limit);
    for (size_t i = 0; i < g->n_parts; i++)
        mn_rights_cut(&g->parts[i].rights, limit);
}

void mn_grant_keep_to(mn_grant *g, const mn_id *lists, size_t n, bool limited)
{
    const mn_grant kept_to = {.lists = (mn_id *)lists, .n_lists = n};
    if (!limited)
        return;
    if (!g->limited) {
        g->limited = true;
        g->lists = (mn_id *)lists;
        g->n_lists = n;
        return;
    }
    for (size_t i = 0; i < g->n_parts; i++)
        mn_grant_keep_to(&g->parts[i], lists, n, true);
    size_t kept = 0;
    for (size_t i = 0; i < g->n_lists; i++)
        if (has_list(&kept_to, &g->lists[i]))
            g->lists[kept++] = g->lists[i];
    g->n_lists = kept;
}

static mn_rights rights_in(const mn_grant *g, const mn_id *list)
{
    mn_rights rights = {{0}};
    for (size_t i = 0; i < g->n_parts; i++)
        if (has_list(&g->parts[i], list))
            mn_rights_add(&rights, &g->parts[i].rights);
    return rights;
}

mn_code mn_grant_where(const mn_grant *g, mn_resource r, mn_verb verb, mn_arena *arena, mn_grant *out,
                       mn_error *err)
{
    *out = *g;
    if (g->n_parts < 2 || !mn_rights_has(&g->rights, r, verb))
        return MN_OK;
    out->lists = mn_arena_alloc(arena, (g->n_lists + 1) * sizeof *out->lists);
    out->n_lists = 0;
    if (!out->lists)
        return mn_fail(err, MN_E_MEMORY, "no memory for somebody's rights");
    for (size_t i = 0; i < g->n_lists; i++) {
        mn_rights here = rights_in(g, &g->lists[i]);
        if (!mn_rights_has(&here, r, verb))
            continue;
        out->lists[out->n_lists++] = g->lists[i];
        mn_rights_cut(&out->rights, &here);
    }
    return MN_OK;
}

/* ---- giving ---- */

mn_code mn_grant_within(const mn_actor *who, const mn_grant *g, mn_error *err)
{
    bool lists = !who->limited || g->limited;
    for (size_t i = 0; lists && who->limited && i < g->n_lists; i++)
        lists = mn_core_list_allowed(who, &g->lists[i]);
    if (lists && mn_rights_within(&g->rights, &who->rights))
        return MN_OK;
    return mn_fail(err, MN_E_FORBIDDEN,
                   "this is about rights or lists that %s does not have, so they cannot give, change or take "
                   "them",
                   who->name);
}
