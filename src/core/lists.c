#include "core/internal.h"

mn_code mn_core_find_list(mn_core *c, const mn_actor *who, const char *name, mn_arena *arena, mn_list *out,
                          bool *found, mn_error *err)
{
    mn_id id;
    mn_list list;
    mn_code code = c->store->ops->list_by_name(c->store, &who->account, name, arena, &list, err);
    if (code == MN_E_NOT_FOUND && mn_id_parse(name, &id)) {
        code = c->store->ops->list_get(c->store, &id, arena, &list, err);
        if (code == MN_OK && mn_id_compare(&list.account, &who->account) != 0)
            code = MN_E_NOT_FOUND;
    }
    *found = code == MN_OK && mn_core_list_allowed(who, &list.id);
    if (*found)
        *out = list;
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}
