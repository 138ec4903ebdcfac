#include "core/quota.h"

static int64_t left_of(int64_t max, int64_t used)
{
    return max == 0 ? -1 : max > used ? max - used : 0;
}

static mn_code find(mn_core *c, mn_quota **all, const mn_id *account, mn_arena *arena, mn_quota **out,
                    mn_error *err)
{
    mn_account a;
    int64_t people = 0, faces = 0;
    for (mn_quota *q = *all; q; q = q->next)
        if (mn_id_compare(&q->account, account) == 0) {
            *out = q;
            return MN_OK;
        }
    mn_quota *q = mn_arena_calloc(arena, 1, sizeof *q);
    if (!q)
        return mn_fail(err, MN_E_MEMORY, "no memory for an account's limits");
    mn_code code = c->store->ops->access->account_get(c->store, account, arena, &a, err);
    if (code == MN_OK && (a.people_max || a.faces_max))
        code = c->store->ops->access->account_use(c->store, account, &people, &faces, err);
    if (code != MN_OK)
        return code;
    *q = (mn_quota){.account = *account,
                    .people = left_of(a.people_max, people),
                    .faces = left_of(a.faces_max, faces),
                    .people_max = a.people_max,
                    .faces_max = a.faces_max,
                    .next = *all};
    *out = *all = q;
    return MN_OK;
}

static mn_code check(const char *what, int64_t left, int64_t more, int64_t max, mn_error *err)
{
    return left < 0 || more <= left
               ? MN_OK
               : mn_fail(err, MN_E_QUOTA,
                         "the account may have %lld %s, and has no room for %lld more: erase some, or "
                         "ask who runs this server for a higher limit",
                         (long long)max, what, (long long)more);
}

mn_code mn_quota_take(mn_core *c, mn_quota **all, const mn_id *account, int64_t people, int64_t faces,
                      mn_arena *arena, mn_error *err)
{
    mn_quota *q = NULL;
    mn_code code = find(c, all, account, arena, &q, err);
    if (code == MN_OK)
        code = check("people", q->people, people, q->people_max, err);
    if (code == MN_OK)
        code = check("faces", q->faces, faces, q->faces_max, err);
    if (code != MN_OK)
        return code;
    q->people -= q->people >= 0 ? people : 0;
    q->faces -= q->faces >= 0 ? faces : 0;
    return MN_OK;
}

void mn_quota_give_back(mn_quota *all, const mn_id *account, int64_t people, int64_t faces)
{
    for (mn_quota *q = all; q; q = q->next)
        if (mn_id_compare(&q->account, account) == 0) {
            q->people += q->people >= 0 ? people : 0;
            q->faces += q->faces >= 0 ? faces : 0;
        }
}
