#include "core/many.h"

static mn_code check_time(const mn_core_many *m, mn_error *err)
{
    if (mn_cancelled(m->cancel))
        return mn_fail(err, MN_E_CANCELLED, "the work was cancelled, and nothing was done");
    if (mn_deadline_passed(m->deadline))
        return mn_fail(err, MN_E_BUSY,
                       "the time is over, and nothing was done: send fewer at once, or try again");
    return MN_OK;
}

mn_code mn_core_each(mn_core *c, void *many, mn_error *err)
{
    const mn_core_many *m = many;
    for (size_t i = 0; i < m->n; i++) {
        mn_error own = {0};
        mn_id id = {{0}};
        mn_code code = check_time(m, &own);
        if (code == MN_OK)
            code = m->one(c, m->ctx, i, &id, &own);
        if (code != MN_OK && (mn_code_http(code) >= 500 || code == MN_E_CANCELLED)) {
            if (err)
                *err = own;
            return code;
        }
        m->results[i] = (mn_made){code, code == MN_OK ? NULL : mn_arena_strdup(m->arena, own.text), id};
    }
    return MN_OK;
}
