#include "core/internal.h"

#define AUDIT_PAGE_MAX 1000

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

/* ---- pages ---- */

static json_t *time_or_null(mn_time t, mn_time nothing)
{
    char text[MN_TIME_TEXT];
    if (t == nothing)
        return json_null();
    mn_time_format(t, text);
    return json_string(text);
}

static json_t *what_was_asked(const mn_audit_query *q)
{
    json_t *all =
        json_pack("{s:s*, s:s*, s:s*, s:o, s:o}", "actor", q->actor, "action", q->action, "target", q->target,
                  "from", time_or_null(q->from, 0), "to", time_or_null(q->to, MN_TIME_NEVER));
    if (json_is_null(json_object_get(all, "from")))
        json_object_del(all, "from");
    if (json_is_null(json_object_get(all, "to")))
        json_object_del(all, "to");
    return all;
}

static mn_code read_page(mn_core *c, const mn_actor *who, const mn_audit_query *q, mn_arena *arena,
                         mn_audit_record **out, size_t *n, mn_error *err)
{
    mn_audit_query mine = *q;
    mine.account = mn_id_is_nil(&who->account) ? NULL : &who->account;
    if (q->limit < 1 || q->limit > AUDIT_PAGE_MAX)
        return mn_fail(err, MN_E_INVALID, "a page has 1 to %d records, not %zu", AUDIT_PAGE_MAX, q->limit);
    return c->store->ops->audit_find(c->store, &mine, arena, out, n, err);
}

mn_code mn_core_audit_find(mn_core *c, const mn_actor *who, const mn_audit_query *q, mn_arena *arena,
                           mn_audit_record **out, size_t *n, mn_error *err)
{
    mn_code code = mn_core_may_all_lists(who, MN_R_AUDIT, MN_VERB_VIEW, err);
    if (code == MN_OK && q->after == 0)
        code = mn_core_record(c, who, "audit.view", NULL, what_was_asked(q), err);
    return code == MN_OK ? read_page(c, who, q, arena, out, n, err) : code;
}

mn_code mn_core_audit_export_begin(mn_core *c, const mn_actor *who, mn_time from, mn_time to, mn_error *err)
{
    mn_code code = mn_core_may_all_lists(who, MN_R_AUDIT, MN_VERB_EXPORT, err);
    return code == MN_OK ? record_export(c, who, from, to, err) : code;
}

mn_code mn_core_audit_export_page(mn_core *c, const mn_actor *who, const mn_audit_query *q, mn_arena *arena,
                                  mn_audit_record **out, size_t *n, mn_error *err)
{
    mn_code code = mn_core_may_all_lists(who, MN_R_AUDIT, MN_VERB_EXPORT, err);
    return code == MN_OK ? read_page(c, who, q, arena, out, n, err) : code;
}

/* ---- the chain ---- */

mn_code mn_core_audit_prove(mn_core *c, const mn_actor *who, mn_deadline deadline, const mn_cancel *cancel,
                            mn_audit_report *out, mn_error *err)
{
    mn_audit_report report;
    mn_code code = mn_core_may_everywhere(who, MN_R_AUDIT, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_audit_verify_pages(c->store, deadline, cancel, &report, err);
    if (code != MN_OK && code != MN_E_CORRUPT)
        return code;
    /* What was found is on record too, at the end of a log that may be broken. */
    mn_error second = {0};
    mn_code noted = mn_core_record(c, who, "audit.verify", NULL,
                                   json_pack("{s:b}", "intact", (int)(code == MN_OK)), &second);
    if (code == MN_OK && noted != MN_OK)
        return mn_fail(err, noted, "%s", second.text);
    if (code == MN_OK)
        *out = report;
    return code;
}

mn_code mn_core_audit_export(mn_core *c, const mn_actor *who, mn_time from, mn_time to,
                             mn_code (*fn)(void *ctx, const mn_audit_record *r, mn_error *err), void *ctx,
                             uint64_t *n, mn_error *err)
{
    selection s = {.from = from, .to = to, .fn = fn, .ctx = ctx};
    mn_code code = mn_core_may_all_lists(who, MN_R_AUDIT, MN_VERB_EXPORT, err);
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
