#include "core/status.h"

#include "core/internal.h"

#define PAGE 100

mn_code mn_core_status_may(const mn_actor *who, mn_error *err)
{
    return mn_core_may_everywhere(who, MN_R_LICENSE, MN_VERB_VIEW, err);
}

static mn_code read_account(mn_core *c, const mn_account *a, mn_core_status *out, mn_error *err)
{
    mn_account_status s = {
        .account = a->id, .people_max = a->people_max, .faces_max = a->faces_max, .expires = a->expires};
    if (!a->people_max && !a->faces_max && a->expires == MN_TIME_NEVER)
        return MN_OK;
    mn_code code = c->store->ops->access->account_use(c->store, &a->id, &s.people, &s.faces, err);
    if (code == MN_E_NOT_FOUND) /* removed since the list was read */
        return MN_OK;
    if (code == MN_OK)
        out->accounts[out->n_accounts++] = s;
    return code;
}

static mn_code read_accounts(mn_core *c, mn_core_status *out, mn_error *err)
{
    mn_arena *arena = mn_arena_create(16 << 20);
    mn_place last;
    mn_account_query q = {.active = MN_ANY, .expires_to = MN_TIME_NEVER, .limit = PAGE};
    size_t n = PAGE;
    mn_code code = arena ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory to look at the accounts");
    while (code == MN_OK && n == PAGE && out->n_accounts < MN_STATUS_ACCOUNTS) {
        mn_account *page;
        code = c->store->ops->access->account_list(c->store, &q, arena, &page, &n, err);
        for (size_t i = 0; code == MN_OK && i < n && out->n_accounts < MN_STATUS_ACCOUNTS; i++)
            code = read_account(c, &page[i], out, err);
        if (code == MN_OK && n > 0) {
            last = (mn_place){.id = page[n - 1].id, .name = page[n - 1].name};
            q.after = &last;
        }
    }
    mn_arena_destroy(arena);
    return code;
}

mn_code mn_core_status_read(mn_core *c, mn_core_status *out, mn_error *err)
{
    mn_core_status s = {.has_gallery = c->gallery != NULL};
    mn_code code = mn_core_counts(c, &s.counts, err);
    if (code == MN_OK && s.has_gallery)
        code = mn_core_gallery_look(c, &s.gallery, err);
    if (code == MN_OK)
        code = read_accounts(c, &s, err);
    if (code == MN_OK)
        *out = s;
    return code;
}
