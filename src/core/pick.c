/* Whom a filter lets into a search: their ids, asked of the store before it. So the people searched, and with
 * them the threshold, are those who can be found. */
#include "core/internal.h"

#include "base/alloc.h"

#include <string.h>

#define PAGE 1000

bool mn_core_filters(const mn_people_filter *f)
{
    return f && (f->active != MN_ANY || f->n_external_ids > 0 || f->created_from != INT64_MIN ||
                 f->created_to != MN_TIME_NEVER || f->custom);
}

static bool same_value(const json_t *a, const json_t *b)
{
    return json_is_number(a) && json_is_number(b) ? json_number_value(a) == json_number_value(b)
                                                  : json_equal(a, b);
}

/* Has the person all of these values? */
static bool has_values(const json_t *wanted, const char *custom)
{
    const char *name;
    json_t *value, *theirs = custom ? json_loads(custom, 0, NULL) : NULL;
    bool all = true;
    json_object_foreach((json_t *)(uintptr_t)wanted, name, value) all =
        all && same_value(json_object_get(theirs, name), value);
    json_decref(theirs);
    return all;
}

typedef struct {
    const mn_people_filter *only;
    json_t *custom; /* NULL: all */
    mn_id *ids;
    size_t n, room;
} picked;

static bool fits(const picked *all, const mn_person *p)
{
    const mn_people_filter *f = all->only;
    return (f->active == MN_ANY || p->active == (f->active == MN_YES)) && p->created >= f->created_from &&
           p->created < f->created_to && (!all->custom || has_values(all->custom, p->custom));
}

static mn_code add(picked *all, const mn_id *id, mn_error *err)
{
    if (all->n == all->only->most)
        return mn_fail(
            err, MN_E_LIMIT,
            "more than %zu people pass the filter: narrow it down, or leave it out (match.filtered)",
            all->only->most);
    if (all->n == all->room) {
        size_t room = all->room ? 2 * all->room : 64;
        mn_id *more = mn_realloc(all->ids, room * sizeof *more);
        if (!more)
            return mn_fail(err, MN_E_MEMORY, "no memory for a filter");
        all->ids = more;
        all->room = room;
    }
    all->ids[all->n++] = *id;
    return MN_OK;
}

static mn_code add_people(picked *all, const mn_person *people, size_t n, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (fits(all, &people[i]))
            code = add(all, &people[i].id, err);
    return code;
}

static mn_code stopped(const mn_identify *what, mn_error *err)
{
    if (mn_cancelled(what->cancel))
        return mn_fail(err, MN_E_CANCELLED, "the search was cancelled");
    return mn_deadline_passed(what->deadline)
               ? mn_fail(err, MN_E_TIMEOUT, "the search did not end before its deadline")
               : MN_OK;
}

static mn_code by_external_id(mn_core *c, const mn_actor *who, mn_arena *arena, picked *all, mn_error *err)
{
    mn_person *people = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->people_find(c->store, &who->account, NULL, 0, all->only->external_ids,
                                              all->only->n_external_ids, arena, &people, &n, err);
    return code == MN_OK ? add_people(all, people, n, err) : code;
}

/* Of one list by that list, else of the account: who is in none of the lists is not found in the end. */
static mn_code by_page(mn_core *c, const mn_actor *who, const mn_identify *what, const mn_scope *s,
                       mn_arena *arena, picked *all, mn_error *err)
{
    mn_people_query q = {.account = who->account,
                         .list = s->n == 1 ? &s->ids[0] : NULL,
                         .active = what->only->active,
                         .faces = MN_ANY,
                         .now = mn_time_now(),
                         .created_from = what->only->created_from,
                         .created_to = what->only->created_to,
                         .updated_from = INT64_MIN,
                         .updated_to = MN_TIME_NEVER,
                         .order = MN_PEOPLE_OLDEST,
                         .limit = PAGE};
    mn_id after;
    size_t n = PAGE;
    mn_code code = MN_OK;
    while (code == MN_OK && n == PAGE) {
        mn_person *people = NULL;
        mn_arena_reset(arena);
        code = stopped(what, err);
        if (code == MN_OK)
            code = c->store->ops->people->page(c->store, &q, arena, &people, &n, err);
        if (code == MN_OK)
            code = add_people(all, people, n, err);
        if (code == MN_OK && n > 0) {
            after = people[n - 1].id;
            q.after = &after;
            q.after_time = people[n - 1].created;
        }
    }
    return code;
}

mn_code mn_core_pick(mn_core *c, const mn_actor *who, const mn_identify *what, const mn_scope *s, mn_id **out,
                     size_t *n, mn_error *err)
{
    picked all = {.only = what->only};
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    mn_code code = arena ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for a filter");
    if (code == MN_OK && what->only->custom) {
        all.custom = json_loads(what->only->custom, 0, NULL);
        code =
            json_is_object(all.custom) ? MN_OK : mn_fail(err, MN_E_INVALID, "custom: it is no JSON object");
    }
    if (code == MN_OK)
        code = what->only->n_external_ids > 0 ? by_external_id(c, who, arena, &all, err)
                                              : by_page(c, who, what, s, arena, &all, err);
    mn_arena_destroy(arena);
    json_decref(all.custom);
    if (code != MN_OK) {
        mn_free(all.ids);
        return code;
    }
    *out = all.ids;
    *n = all.n;
    return MN_OK;
}
