/* Lists as records, and who is in them. */
#include "core/many.h"
#include "core/records_internal.h"
#include "core/signin.h"

#include <string.h>

#define COMMENT_MAX 2048

/* One of other lists than the actor's is not there: an id betrays nothing. */
mn_code mn_core_need_list(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_list *out,
                          mn_error *err)
{
    mn_list found;
    mn_code code = c->store->ops->list_get(c->store, id, arena, &found, err);
    if (code == MN_OK &&
        (mn_id_compare(&found.account, &who->account) != 0 || !mn_core_list_allowed(who, id)))
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such list");
    if (code == MN_OK)
        *out = found;
    return code;
}

static mn_code count_members(mn_core *c, const mn_list *l, mn_list_view *out, mn_error *err)
{
    uint64_t n = 0;
    mn_code code = c->store->ops->people->member_count(c->store, &l->id, mn_time_now(), &n, err);
    if (code == MN_OK)
        *out = (mn_list_view){*l, n};
    return code;
}

/* ---- what may be written ---- */

static bool is_color(const char *text)
{
    return text[0] == '#' && strlen(text) == 7 && strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

static mn_code check_fields(const mn_list_fields *f, mn_error *err)
{
    mn_code code = f->name ? mn_core_check_text("the list's name", f->name, err) : MN_OK;
    if (code != MN_OK)
        return code;
    if (f->comment.set && f->comment.text && strlen(f->comment.text) > COMMENT_MAX)
        return mn_fail(err, MN_E_INVALID, "the comment is longer than %d bytes", COMMENT_MAX);
    if (f->color.set && f->color.text && !is_color(f->color.text))
        return mn_fail(err, MN_E_INVALID, "a color is written #rrggbb");
    if (f->retention && *f->retention < MN_TIME_SECOND)
        return mn_fail(err, MN_E_INVALID, "a membership lasts a second at least");
    if (f->fmr && !(*f->fmr >= 0 && *f->fmr < 1))
        return mn_fail(err, MN_E_INVALID, "a list's rate is more than 0 and less than 1, not %g", *f->fmr);
    if (f->purpose && (unsigned)*f->purpose >= MN_PURPOSES)
        return mn_fail(err, MN_E_INVALID, "there is no such purpose");
    return MN_OK;
}

static mn_code apply(mn_core *c, const mn_list_fields *f, mn_arena *arena, mn_list *l, mn_error *err)
{
    mn_list other;
    mn_code code = MN_E_NOT_FOUND;
    if (f->name) {
        l->name = f->name;
        code = c->store->ops->list_by_name(c->store, &l->account, f->name, arena, &other, err);
        if (code == MN_OK && mn_id_compare(&other.id, &l->id) != 0)
            return mn_fail(err, MN_E_EXISTS, "there is a list \"%.200s\" already", f->name);
        if (code != MN_OK && code != MN_E_NOT_FOUND)
            return code;
    }
    if (f->comment.set)
        l->comment = f->comment.text;
    if (f->color.set)
        l->color = f->color.text;
    l->retention = f->retention ? *f->retention : l->retention;
    l->fmr = f->fmr ? *f->fmr : l->fmr;
    l->inactive = f->active ? !*f->active : l->inactive;
    l->acknowledge = f->acknowledge ? *f->acknowledge : l->acknowledge;
    l->sound = f->sound ? *f->sound : l->sound;
    return c->store->ops->list_put(c->store, l, err);
}

static json_t *describe(const mn_list *l)
{
    return json_pack("{s:s, s:s, s:b, s:f, s:o}", "name", l->name, "purpose", mn_purpose_word(l->purpose),
                     "active", !l->inactive, "fmr", l->fmr, "retention_s",
                     l->retention == MN_TIME_NEVER ? json_null()
                                                   : json_integer(l->retention / MN_TIME_SECOND));
}

typedef struct {
    const mn_actor *who;
    const mn_id *id;
    const mn_list_fields *fields;
    const mn_time *if_updated;
    mn_arena *arena;
    mn_list_view view;
} job;

/* ---- making, changing, deleting ---- */

static mn_code create(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_time now = mn_time_now();
    mn_list l = {.id = mn_id_make(),
                 .account = j->who->account,
                 .purpose = *j->fields->purpose,
                 .retention = MN_TIME_NEVER,
                 .created = now,
                 .updated = now};
    mn_code code = apply(c, j->fields, j->arena, &l, err);
    if (code == MN_OK)
        code = mn_core_record(c, j->who, "list.create", &l.id, describe(&l), err);
    j->view = (mn_list_view){l, 0};
    return code;
}

mn_code mn_core_check_new_list(const mn_actor *who, const mn_list_fields *fields, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_LISTS, MN_VERB_CREATE, err);
    if (code == MN_OK && who->limited)
        code = mn_fail(err, MN_E_FORBIDDEN, "%s is kept to lists that are there, and makes none", who->name);
    if (code == MN_OK && (!fields->name || !fields->purpose))
        code = mn_fail(err, MN_E_INVALID, "a list needs a name and a purpose");
    return code == MN_OK ? check_fields(fields, err) : code;
}

mn_code mn_core_list_create(mn_core *c, const mn_actor *who, const mn_list_fields *fields, mn_arena *arena,
                            mn_list_view *out, mn_error *err)
{
    job j = {.who = who, .fields = fields, .arena = arena};
    mn_code code = mn_core_check_new_list(who, fields, err);
    if (code == MN_OK)
        code = mn_core_transact(c, create, &j, err);
    if (code == MN_OK)
        *out = j.view;
    return code;
}

typedef struct {
    job job;
    const mn_list_fields *fields;
    const mn_id *ids;
} many_lists;

static mn_code create_one(mn_core *c, void *ctx, size_t i, mn_id *id, mn_error *err)
{
    many_lists *m = ctx;
    m->job.fields = &m->fields[i];
    mn_code code = mn_core_check_new_list(m->job.who, m->job.fields, err);
    if (code == MN_OK)
        code = create(c, &m->job, err);
    *id = m->job.view.list.id;
    return code;
}

mn_code mn_core_lists_create(mn_core *c, const mn_actor *who, const mn_list_fields *fields, size_t n,
                             mn_deadline deadline, const mn_cancel *cancel, mn_arena *arena, mn_made *results,
                             mn_error *err)
{
    many_lists all = {.job = {.who = who, .arena = arena}, .fields = fields};
    mn_core_many many = {create_one, &all, n, deadline, cancel, arena, results};
    mn_code code = mn_core_may_everywhere(who, MN_R_LISTS, MN_VERB_CREATE, err);
    return code == MN_OK ? mn_core_transact(c, mn_core_each, &many, err) : code;
}

static mn_code change(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_list l;
    mn_code code = mn_core_need_list(c, j->who, j->id, j->arena, &l, err);
    if (code == MN_OK)
        code = mn_core_check_updated(l.updated, j->if_updated, err);
    if (code != MN_OK)
        return code;
    l.updated = mn_core_next_update(l.updated);
    code = apply(c, j->fields, j->arena, &l, err);
    if (code == MN_OK)
        code = mn_core_record(c, j->who, "list.change", &l.id, describe(&l), err);
    return code == MN_OK ? count_members(c, &l, &j->view, err) : code;
}

mn_code mn_core_list_change(mn_core *c, const mn_actor *who, const mn_id *id, const mn_list_fields *fields,
                            const mn_time *if_updated, mn_arena *arena, mn_list_view *out, mn_error *err)
{
    job j = {.who = who, .id = id, .fields = fields, .if_updated = if_updated, .arena = arena};
    mn_code code = mn_core_may(who, MN_R_LISTS, MN_VERB_CHANGE, err);
    if (code == MN_OK && fields->purpose)
        code = mn_fail(err, MN_E_INVALID, "a list's purpose stays: its people agreed to it");
    if (code == MN_OK)
        code = check_fields(fields, err);
    if (code == MN_OK)
        code = mn_core_transact(c, change, &j, err);
    if (code != MN_OK)
        return code;
    if (c->gallery)
        mn_core_follow(c, NULL); /* what hinders it is told to who searches next */
    *out = j.view;
    return MN_OK;
}

static mn_code delete_list(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_list_view v;
    mn_list l;
    mn_code code = mn_core_need_list(c, j->who, j->id, j->arena, &l, err);
    if (code == MN_OK)
        code = mn_core_check_updated(l.updated, j->if_updated, err);
    if (code == MN_OK)
        code = count_members(c, &l, &v, err);
    if (code == MN_OK)
        code = c->store->ops->people->list_delete(c->store, j->id, err);
    return code == MN_OK
               ? mn_core_record(c, j->who, "list.delete", j->id,
                                json_pack("{s:s, s:I}", "name", l.name, "members", (json_int_t)v.members),
                                err)
               : code;
}

mn_code mn_core_list_delete(mn_core *c, const mn_actor *who, const mn_id *id, const mn_time *if_updated,
                            mn_error *err)
{
    job j = {.who = who, .id = id, .if_updated = if_updated, .arena = mn_arena_create(1 << 20)};
    mn_code code = j.arena ? mn_core_may(who, MN_R_LISTS, MN_VERB_DELETE, err)
                           : mn_fail(err, MN_E_MEMORY, "no memory for a list");
    if (code == MN_OK)
        code = mn_core_transact(c, delete_list, &j, err);
    mn_arena_destroy(j.arena);
    if (code == MN_OK && c->gallery)
        mn_core_follow(c, NULL);
    return code;
}

static mn_code delete_one(mn_core *c, void *ctx, size_t i, mn_id *id, mn_error *err)
{
    many_lists *m = ctx;
    m->job.id = &m->ids[i];
    *id = m->ids[i];
    return delete_list(c, &m->job, err);
}

mn_code mn_core_lists_delete(mn_core *c, const mn_actor *who, const mn_id *ids, size_t n,
                             mn_deadline deadline, const mn_cancel *cancel, mn_arena *arena, mn_made *results,
                             mn_error *err)
{
    many_lists all = {.job = {.who = who, .arena = arena}, .ids = ids};
    mn_core_many many = {delete_one, &all, n, deadline, cancel, arena, results};
    mn_code code = mn_core_may(who, MN_R_LISTS, MN_VERB_DELETE, err);
    if (code == MN_OK)
        code = mn_core_transact(c, mn_core_each, &many, err);
    if (code == MN_OK && c->gallery)
        mn_core_follow(c, NULL);
    return code;
}

/* ---- looking ---- */

mn_code mn_core_list_get(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_list_view *out,
                         mn_error *err)
{
    mn_list l;
    mn_code code = mn_core_may(who, MN_R_LISTS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_core_need_list(c, who, id, arena, &l, err);
    return code == MN_OK ? count_members(c, &l, out, err) : code;
}

mn_code mn_core_list_find(mn_core *c, const mn_actor *who, const char *ref, mn_arena *arena,
                          mn_list_view *out, mn_error *err)
{
    mn_list l;
    bool found = false;
    mn_code code = mn_core_may(who, MN_R_LISTS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_core_find_list(c, who, ref, arena, &l, &found, err);
    if (code == MN_OK && !found)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no list \"%.200s\"", ref);
    return code == MN_OK ? count_members(c, &l, out, err) : code;
}

/* The lists that the actor may not see leave gaps in the store's pages: these are filled from the next ones.
 */
mn_code mn_core_lists_find(mn_core *c, const mn_actor *who, const mn_list_query *what, mn_arena *arena,
                           mn_list_view **out, size_t *n, mn_error *err)
{
    mn_list_query q = *what;
    size_t read = q.limit, kept = 0;
    mn_list_view *views = NULL, *page = NULL;
    q.account = who->account;
    q.now = mn_time_now();
    mn_code code = mn_core_may(who, MN_R_LISTS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_core_check_page(q.limit, err);
    if (code != MN_OK)
        return code;
    views = mn_arena_calloc(arena, q.limit, sizeof *views);
    if (!views)
        return mn_fail(err, MN_E_MEMORY, "no memory for lists");
    while (code == MN_OK && kept < q.limit && read == q.limit) {
        code = c->store->ops->people->lists(c->store, &q, arena, &page, &read, err);
        for (size_t i = 0; code == MN_OK && i < read && kept < q.limit; i++) {
            const mn_list *l = &page[i].list;
            if (mn_core_list_allowed(who, &l->id))
                views[kept++] = page[i];
            q.after = &l->id;
            q.after_name = l->name;
            q.after_created = l->created;
        }
    }
    if (code != MN_OK)
        return code;
    *out = views;
    *n = kept;
    return MN_OK;
}
