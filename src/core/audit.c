#include "core/internal.h"

mn_code mn_core_audit_verify(mn_core *c, mn_audit_report *out, mn_error *err)
{
    return mn_audit_verify(c->store, out, err);
}

typedef struct {
    mn_time from, to;
    const mn_id *account; /* NULL: all */
    mn_code (*fn)(void *ctx, const mn_audit_record *r, mn_error *err);
    void *ctx;
    uint64_t n;
} selection;

static mn_code give(void *ctx, const mn_audit_record *r, mn_error *err)
{
    selection *s = ctx;
    if (r->time < s->from || r->time >= s->to)
        return MN_OK;
    if (s->account && mn_id_compare(s->account, &r->account) != 0)
        return MN_OK;
    mn_code code = s->fn(s->ctx, r, err);
    s->n += code == MN_OK;
    return code;
}

static mn_code record_export(mn_core *c, const mn_actor *who, mn_time from, mn_time to, mn_error *err)
{
    char since[MN_TIME_TEXT], until[MN_TIME_TEXT];
    mn_time_format(from, since);
    mn_time_format(to, until);
    return mn_core_record(c, who, "audit.export", NULL, json_pack("{s:s, s:s}", "from", since, "to", until),
                          err);
}

mn_code mn_core_audit_export(mn_core *c, const mn_actor *who, mn_time from, mn_time to,
                             mn_code (*fn)(void *ctx, const mn_audit_record *r, mn_error *err), void *ctx,
                             uint64_t *n, mn_error *err)
{
    selection s = {.from = from, .to = to, .fn = fn, .ctx = ctx};
    mn_code code = mn_core_may(who, MN_R_AUDIT, MN_VERB_EXPORT, err);
    if (code == MN_OK && !mn_id_is_nil(&who->account))
        s.account = &who->account;
    if (code == MN_OK)
        code = record_export(c, who, from, to, err);
    if (code == MN_OK)
        code = c->store->ops->begin_read(c->store, err);
    if (code != MN_OK)
        return code;
    code = c->store->ops->audit_each(c->store, 1, give, &s, err);
    c->store->ops->rollback(c->store);
    if (code == MN_OK)
        *n = s.n;
    return code;
}
