/* Who is in a list. */
#include "core/records.h"
#include "core/records_internal.h"
#include "core/signin.h"

mn_code mn_core_members(mn_core *c, const mn_actor *who, const mn_member_query *what, mn_arena *arena,
                        mn_member **out, size_t *n, mn_error *err)
{
    mn_list l;
    mn_member_query q = *what;
    mn_member *found = NULL;
    size_t count = 0;
    mn_code code = mn_core_may(who, MN_R_LISTS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_core_check_page(q.limit, err);
    if (code == MN_OK)
        code = mn_core_need_list(c, who, &q.list, arena, &l, err);
    q.now = mn_time_now();
    if (code == MN_OK)
        code = c->store->ops->people->members(c->store, &q, arena, &found, &count, err);
    if (code == MN_OK)
        code = mn_core_record(c, who, "list.members", &q.list,
                              json_pack("{s:I}", "members", (json_int_t)count), err);
    if (code != MN_OK)
        return code;
    *out = found;
    *n = count;
    return MN_OK;
}

/* ---- those that ended ---- */

#define PAGE 256

typedef struct {
    const mn_actor *who;
    size_t n;
    bool more;
} ending;

/* The first of them and all others of the same list; the record is the account's that the list is of. */
static mn_code end_in_list(mn_core *c, const mn_actor *who, const mn_ended *m, size_t n, size_t *done,
                           mn_error *err)
{
    mn_actor own = *who;
    json_t *removed = json_array();
    mn_code code = MN_OK;
    own.account = m->account;
    size_t i = 0;
    for (; code == MN_OK && i < n && mn_id_compare(&m[i].list, &m->list) == 0; i++) {
        code = c->store->ops->member_delete(c->store, &m[i].list, &m[i].person, 0, err);
        json_array_append_new(removed, mn_core_json_id(&m[i].person));
    }
    if (code == MN_OK)
        code = mn_core_record(c, &own, "list.members.expire", &m->list,
                              json_pack("{s:O}", "removed", removed), err);
    json_decref(removed);
    *done += i;
    return code;
}

static mn_code end_page(mn_core *c, void *ctx, mn_arena *arena, mn_error *err)
{
    ending *e = ctx;
    mn_ended *m = NULL;
    size_t n = 0, done = 0;
    mn_code code = c->store->ops->people->members_ended(c->store, mn_time_now(), PAGE, arena, &m, &n, err);
    while (code == MN_OK && done < n)
        code = end_in_list(c, e->who, m + done, n - done, &done, err);
    e->more = n == PAGE;
    e->n += code == MN_OK ? n : 0;
    return code;
}

mn_code mn_core_members_expire(mn_core *c, const mn_actor *who, mn_arena *arena, size_t *n, mn_error *err)
{
    ending e = {.who = who, .more = true};
    mn_code code = MN_OK;
    while (code == MN_OK && e.more) {
        code = mn_core_in_transaction(c, end_page, &e, arena, err);
        mn_arena_reset(arena);
    }
    *n += e.n;
    return code;
}

/* ---- changing ---- */

typedef struct {
    const mn_actor *who;
    const mn_id *list_id;
    const mn_id *add, *remove;
    size_t n_add, n_remove;
    mn_arena *arena;
    mn_member_result *results;
    mn_list list;
    mn_time now;
} job;

static mn_code add_one(mn_core *c, const job *j, const mn_id *person, mn_error *err)
{
    mn_person p;
    bool put = false;
    mn_code code = mn_core_get_person(c, j->who, person, j->arena, &p, err);
    if (code == MN_OK)
        code = mn_core_consent_decide(c, person, NULL, j->list.purpose, j->now, j->arena, &put, err);
    return code == MN_OK ? c->store->ops->member_put(c->store, j->list_id, person, j->now, err) : code;
}

static mn_code remove_one(mn_core *c, const job *j, const mn_id *person, mn_error *err)
{
    mn_person p;
    mn_code code = mn_core_get_person(c, j->who, person, j->arena, &p, err);
    return code == MN_OK ? c->store->ops->member_delete(c->store, j->list_id, person, j->now, err) : code;
}

typedef mn_code one_change(mn_core *c, const job *j, const mn_id *person, mn_error *err);

/* A refusal is one person's; any other failure is everybody's. */
static mn_code change_each(mn_core *c, const job *j, one_change *fn, const mn_id *people, size_t n,
                           mn_member_result *results, json_t *done, mn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        mn_error own = {0};
        mn_code code = fn(c, j, &people[i], &own);
        if (code != MN_OK && mn_code_http(code) >= 500) {
            *err = own;
            return code;
        }
        results[i] = (mn_member_result){code, code == MN_OK ? NULL : mn_arena_strdup(j->arena, own.text)};
        if (code == MN_OK)
            json_array_append_new(done, mn_core_json_id(&people[i]));
    }
    return MN_OK;
}

static mn_code change(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_error own = {0};
    json_t *added = json_array(), *removed = json_array();
    mn_code code = mn_core_need_list(c, j->who, j->list_id, j->arena, &j->list, &own);
    if (code == MN_OK)
        code = change_each(c, j, add_one, j->add, j->n_add, j->results, added, &own);
    if (code == MN_OK)
        code = change_each(c, j, remove_one, j->remove, j->n_remove, j->results + j->n_add, removed, &own);
    if (code != MN_OK && err)
        *err = own;
    bool any = json_array_size(added) + json_array_size(removed) > 0;
    if (code == MN_OK && any)
        code = mn_core_record(c, j->who, "list.members.change", j->list_id,
                              json_pack("{s:O, s:O}", "added", added, "removed", removed), err);
    json_decref(added);
    json_decref(removed);
    return code;
}

mn_code mn_core_members_change(mn_core *c, const mn_actor *who, const mn_id *list, const mn_id *add,
                               size_t n_add, const mn_id *remove, size_t n_remove, mn_arena *arena,
                               mn_member_result *results, mn_error *err)
{
    job j = {.who = who,
             .list_id = list,
             .add = add,
             .n_add = n_add,
             .remove = remove,
             .n_remove = n_remove,
             .arena = arena,
             .results = results,
             .now = mn_time_now()};
    mn_code code = mn_core_may(who, MN_R_LISTS, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = mn_core_transact(c, change, &j, err);
    if (code == MN_OK && c->gallery)
        mn_core_follow(c, NULL); /* what hinders it is told to who searches next */
    return code;
}

static mn_code change_one(mn_core *c, const mn_actor *who, const mn_id *list, const mn_id *add,
                          const mn_id *remove, mn_arena *arena, mn_error *err)
{
    mn_member_result result = {0};
    mn_code code =
        mn_core_members_change(c, who, list, add, add != NULL, remove, remove != NULL, arena, &result, err);
    if (code == MN_OK && result.code != MN_OK)
        code = mn_fail(err, result.code, "%s", result.why ? result.why : mn_code_meaning(result.code));
    return code;
}

mn_code mn_core_member_add(mn_core *c, const mn_actor *who, const mn_id *list, const mn_id *person,
                           mn_arena *arena, mn_member *out, mn_error *err)
{
    mn_person p;
    mn_membership *m = NULL;
    size_t n = 0;
    mn_code code = change_one(c, who, list, person, NULL, arena, err);
    if (code == MN_OK)
        code = c->store->ops->person_get(c->store, person, arena, &p, err);
    if (code == MN_OK) /* as it was made, however short it is */
        code = c->store->ops->lists_of(c->store, person, 0, arena, &m, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (mn_id_compare(&m[i].list.id, list) == 0) {
            *out = (mn_member){p.id, p.name, p.external_id, m[i].added, m[i].until};
            return MN_OK;
        }
    return code == MN_OK ? mn_fail(err, MN_E_NOT_FOUND, "the person was taken out of the list meanwhile")
                         : code;
}

mn_code mn_core_member_remove(mn_core *c, const mn_actor *who, const mn_id *list, const mn_id *person,
                              mn_error *err)
{
    mn_arena *arena = mn_arena_create(1 << 20);
    mn_code code = arena ? change_one(c, who, list, NULL, person, arena, err)
                         : mn_fail(err, MN_E_MEMORY, "no memory for a list");
    mn_arena_destroy(arena);
    return code;
}
