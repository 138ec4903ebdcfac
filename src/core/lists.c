#include "core/internal.h"

mn_code mn_core_find_list(mn_core *c, const mn_id *account, const char *name, mn_arena *arena, mn_list *out,
                          bool *found, mn_error *err)
{
    mn_code code = c->store->ops->list_by_name(c->store, account, name, arena, out, err);
    *found = code == MN_OK;
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}
