/* Looks that come at the same time share the transaction that puts them on record. What a look reads to
 * decide its answer it reads in that transaction; a look that fails leaves no record, and the others go on.
 * Without a commit nobody has an answer. */
#include "core/internal.h"

#include "base/alloc.h"

#include <string.h>

#define TRAIL_MAX 65536 /* records of one look */

typedef struct {
    mn_group_job group; /* first */
    mn_core_look *look;
    void *ctx;
    mn_arena *arena;
    mn_audit_record one;
    mn_core_trail trail;
    mn_code code;
    mn_error error;
} job;

mn_code mn_core_trail_add(mn_core_trail *t, const mn_actor *who, const char *action, const mn_id *target,
                          json_t *detail, mn_error *err)
{
    if (t->n == t->room) {
        size_t room = t->room > 0 ? 4 * t->room : 4;
        mn_audit_record *larger = room <= TRAIL_MAX ? mn_arena_calloc(t->arena, room, sizeof *larger) : NULL;
        if (!larger) {
            json_decref(detail);
            return mn_fail(err, MN_E_MEMORY, "no memory for the audit record");
        }
        if (t->n > 0)
            memcpy(larger, t->v, t->n * sizeof *larger);
        t->v = larger;
        t->room = room;
    }
    mn_code code =
        mn_core_make_record(who, action, target, detail, mn_time_now(), t->arena, &t->v[t->n], err);
    t->n += code == MN_OK;
    return code;
}

/* *all: NULL where nobody left a record. */
static mn_code look_all(mn_core *c, mn_group_job *const *jobs, size_t n, mn_audit_record **all, size_t *n_all,
                        mn_error *err)
{
    size_t total = 0, at = 0;
    for (size_t i = 0; i < n; i++) {
        job *j = (job *)jobs[i];
        j->code = j->look ? j->look(c, j->ctx, j->arena, &j->trail, &j->error) : MN_OK;
        total += j->code == MN_OK ? j->trail.n : 0;
    }
    mn_audit_record *made = total > 0 ? mn_calloc(total, sizeof *made) : NULL;
    if (total > 0 && !made)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu audit records", total);
    for (size_t i = 0; i < n; i++) {
        const job *j = (const job *)jobs[i];
        if (made && j->code == MN_OK && j->trail.n > 0) {
            memcpy(made + at, j->trail.v, j->trail.n * sizeof *made);
            at += j->trail.n;
        }
    }
    *all = made;
    *n_all = total;
    return MN_OK;
}

static mn_code look_and_record(mn_core *c, mn_group_job *const *jobs, size_t n, mn_error *err)
{
    mn_store *s = c->store;
    mn_audit_record *records = NULL;
    size_t made = 0;
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = look_all(c, jobs, n, &records, &made, err);
    if (code == MN_OK && made > 0)
        code = s->ops->audit_append_many(s, records, made, err);
    mn_free(records);
    if (code == MN_OK && made > 0)
        return s->ops->commit(s, err);
    s->ops->rollback(s);
    return code;
}

void mn_core_run_looks(void *ctx, mn_group_job *const *jobs, size_t n)
{
    mn_error err = {0};
    mn_code code = look_and_record(ctx, jobs, n, &err);
    for (size_t i = 0; code != MN_OK && i < n; i++) {
        job *j = (job *)jobs[i];
        if (j->code == MN_OK) {
            j->code = code;
            j->error = err;
            mn_error_prefix(&j->error, "audit log");
        }
    }
}

static mn_code run(mn_core *c, job *j, mn_error *err)
{
    mn_group_do(&c->looks, &j->group);
    if (j->code != MN_OK && err)
        *err = j->error;
    return j->code;
}

mn_code mn_core_look_on_record(mn_core *c, mn_core_look *look, void *ctx, mn_arena *arena, mn_error *err)
{
    job j = {.look = look, .ctx = ctx, .arena = arena, .trail = {.arena = arena}};
    return run(c, &j, err);
}

/* A record that nobody waits for. Lives in the holder's arena. */
typedef struct {
    job j; /* first */
    mn_holder *holder;
    char target[MN_ID_TEXT];
} posted;

static void settled(mn_group_job *group)
{
    posted *p = (posted *)group;
    p->holder->release(p->holder, p->j.code == MN_OK ? NULL : &p->j.error);
}

static mn_code post(mn_core *c, const mn_audit_record *record, mn_holder *holder, mn_error *err)
{
    posted *p = mn_arena_calloc(holder->arena, 1, sizeof *p);
    char *detail = p ? mn_arena_strdup(holder->arena, record->detail) : NULL;
    if (!detail)
        return mn_fail(err, MN_E_MEMORY, "no memory for the audit record");
    p->holder = holder;
    p->j.one = *record;
    p->j.one.detail = detail;
    if (record->target) {
        memcpy(p->target, record->target, sizeof p->target);
        p->j.one.target = p->target;
    }
    p->j.trail = (mn_core_trail){.v = &p->j.one, .n = 1, .room = 1};
    holder->hold(holder);
    mn_group_post(&c->looks, &p->j.group, settled);
    return MN_OK;
}

/* The detail with the id of the request, whose letters need no escape in JSON; NULL: no memory. */
static char *with_request(const char *detail, const char *request)
{
    size_t n = strlen(detail) - 1, room = n + strlen(request) + 16;
    char *text = mn_alloc(room);
    if (text)
        snprintf(text, room, "%.*s%s\"request\":\"%s\"}", (int)n, detail, n > 1 ? "," : "", request);
    return text;
}

static mn_code note(mn_core *c, const mn_actor *who, const mn_audit_record *record, mn_error *err)
{
    if (who->holder)
        return post(c, record, who->holder, err);
    job j = {.one = *record};
    j.trail = (mn_core_trail){.v = &j.one, .n = 1, .room = 1};
    return run(c, &j, err);
}

mn_code mn_core_note_look(mn_core *c, const mn_actor *who, const char *action, const mn_id *target,
                          const char *detail, mn_error *err)
{
    char id[MN_ID_TEXT], *text = who->request ? with_request(detail, who->request) : NULL;
    if (who->request && !text)
        return mn_fail(err, MN_E_MEMORY, "no memory for the audit record");
    if (target)
        mn_id_format(target, id);
    const mn_audit_record record = {.time = mn_time_now(),
                                    .account = who->account,
                                    .actor = who->name,
                                    .action = action,
                                    .target = target ? id : NULL,
                                    .detail = text ? text : detail};
    mn_code code = note(c, who, &record, err);
    mn_free(text);
    return code;
}
