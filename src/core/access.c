/* May this actor do this? Asked by every operation before anything else. */
#include "core/internal.h"

mn_code mn_core_may(const mn_actor *who, mn_resource r, mn_verb verb, mn_error *err)
{
    mn_code code = mn_core_check_actor(who, err);
    if (code != MN_OK || mn_rights_has(&who->rights, r, verb))
        return code;
    return mn_fail(err, MN_E_FORBIDDEN,
                   "this needs the right %s.%s, which %s does not have: an administrator can give a role "
                   "that has it",
                   mn_resource_word(r), mn_verb_word(verb), who->name);
}

mn_code mn_core_may_all_lists(const mn_actor *who, mn_resource r, mn_verb verb, mn_error *err)
{
    mn_code code = mn_core_may(who, r, verb, err);
    if (code == MN_OK && who->limited)
        code = mn_fail(err, MN_E_FORBIDDEN, "this concerns all lists, and %s is kept to some of them",
                       who->name);
    return code;
}

mn_code mn_core_may_everywhere(const mn_actor *who, mn_resource r, mn_verb verb, mn_error *err)
{
    mn_code code = mn_core_may_all_lists(who, r, verb, err);
    if (code == MN_OK && !mn_id_is_nil(&who->account))
        code = mn_fail(err, MN_E_FORBIDDEN,
                       "this concerns all accounts: it is for the administrators of the first account");
    return code;
}

bool mn_core_list_allowed(const mn_actor *who, const mn_id *list)
{
    if (!who->limited)
        return true;
    for (size_t i = 0; i < who->n_lists; i++)
        if (mn_id_compare(&who->lists[i], list) == 0)
            return true;
    return false;
}

/* In how many of the lists that the actor may use is this person, and in how many others? */
static mn_code count_lists(mn_core *c, const mn_actor *who, const mn_id *person, mn_arena *arena,
                           size_t *allowed, size_t *others, mn_error *err)
{
    mn_membership *m = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->lists_of(c->store, person, mn_time_now(), arena, &m, &n, err);
    *allowed = *others = 0;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        ++*(mn_core_list_allowed(who, &m[i].list.id) ? allowed : others);
    return code;
}

mn_code mn_core_person_visible(mn_core *c, const mn_actor *who, const mn_id *person, mn_arena *arena,
                               bool *yes, mn_error *err)
{
    size_t allowed = 1, others = 0;
    mn_code code = who->limited ? count_lists(c, who, person, arena, &allowed, &others, err) : MN_OK;
    if (code == MN_OK)
        *yes = allowed > 0;
    return code;
}

mn_code mn_core_get_person(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_person *out,
                           mn_error *err)
{
    mn_person p;
    bool visible = false;
    mn_code code = c->store->ops->person_get(c->store, id, arena, &p, err);
    if (code == MN_OK && mn_id_compare(&p.account, &who->account) == 0)
        code = mn_core_person_visible(c, who, id, arena, &visible, err);
    if (code == MN_OK && !visible)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such person");
    if (code == MN_OK)
        *out = p;
    return code;
}

mn_code mn_core_get_whole_person(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena,
                                 mn_person *out, mn_error *err)
{
    mn_person p;
    size_t allowed = 0, others = 0;
    mn_code code = mn_core_get_person(c, who, id, arena, &p, err);
    if (code == MN_OK && who->limited)
        code = count_lists(c, who, id, arena, &allowed, &others, err);
    if (code == MN_OK && others > 0)
        code = mn_fail(err, MN_E_FORBIDDEN,
                       "this person is in lists too that %s may not use: ask somebody who may use them all",
                       who->name);
    if (code == MN_OK)
        *out = p;
    return code;
}
