#include "core/internal.h"

#include <string.h>

#define PAGE_MAX  1000
#define NAMESAKES 1000 /* looked at for the one that somebody kept to some lists may see */

static mn_code view_lists(mn_core *c, const mn_actor *who, const mn_id *person, mn_arena *arena,
                          mn_person_view *v, mn_error *err)
{
    mn_membership *m = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->lists_of(c->store, person, mn_time_now(), arena, &m, &n, err);
    if (code != MN_OK)
        return code;
    v->lists = mn_arena_calloc(arena, n + 1, sizeof *v->lists);
    if (!v->lists)
        return mn_fail(err, MN_E_MEMORY, "no memory for a person's lists");
    for (size_t i = 0; i < n; i++)
        if (mn_core_list_allowed(who, &m[i].list.id))
            v->lists[v->n_lists++] = m[i].list;
    return MN_OK;
}

static mn_code view_erasure(mn_core *c, const mn_id *person, mn_arena *arena, mn_person_view *v,
                            mn_error *err)
{
    mn_erasure e;
    mn_code code = c->store->ops->erasure->get(c->store, person, arena, &e, err);
    v->erasure_due = code == MN_OK ? e.due : MN_TIME_NEVER;
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code make_view(mn_core *c, const mn_actor *who, const mn_person *p, mn_arena *arena,
                         mn_person_view *out, mn_error *err)
{
    mn_person_view v = {.person = *p};
    mn_code code = c->store->ops->consent_list(c->store, &p->id, arena, &v.consents, &v.n_consents, err);
    if (code == MN_OK)
        code = view_lists(c, who, &p->id, arena, &v, err);
    if (code == MN_OK)
        code = c->store->ops->faces_of(c->store, &p->id, arena, &v.faces, &v.n_faces, err);
    if (code == MN_OK)
        code = view_erasure(c, &p->id, arena, &v, err);
    if (code == MN_OK)
        *out = v;
    return code;
}

/* ---- one person ---- */

/* Of `people` those that the actor may see, moved to the front. */
static mn_code keep_visible(mn_core *c, const mn_actor *who, mn_person *people, size_t *n, mn_arena *arena,
                            mn_error *err)
{
    size_t kept = 0;
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < *n; i++) {
        bool visible = false;
        code = mn_core_person_visible(c, who, &people[i].id, arena, &visible, err);
        if (visible)
            people[kept++] = people[i];
    }
    *n = kept;
    return code;
}

static mn_code find_by_name(mn_core *c, const mn_actor *who, const char *ref, mn_arena *arena, mn_person *out,
                            mn_error *err)
{
    mn_person *people = NULL;
    size_t n = 0;
    const mn_person_query q = {.account = who->account, .name = ref, .limit = who->limited ? NAMESAKES : 2};
    mn_code code = c->store->ops->person_list(c->store, &q, arena, &people, &n, err);
    if (code == MN_OK)
        code = keep_visible(c, who, people, &n, arena, err);
    if (code != MN_OK)
        return code;
    if (n == 0)
        return mn_fail(err, MN_E_NOT_FOUND, "nobody has the id, the external id or the name \"%.200s\"", ref);
    if (n > 1)
        return mn_fail(err, MN_E_EXISTS,
                       "several people are called \"%.200s\": give the id or the external id", ref);
    *out = people[0];
    return MN_OK;
}

static mn_code find_by_external_id(mn_core *c, const mn_actor *who, const char *ref, mn_arena *arena,
                                   mn_person *out, mn_error *err)
{
    mn_person p;
    bool visible = false;
    mn_code code = c->store->ops->person_by_external_id(c->store, &who->account, ref, arena, &p, err);
    if (code == MN_OK)
        code = mn_core_person_visible(c, who, &p.id, arena, &visible, err);
    if (code == MN_OK && !visible)
        return MN_E_NOT_FOUND; /* the caller goes on looking, and says it */
    if (code == MN_OK)
        *out = p;
    return code;
}

static mn_code find_by_ref(mn_core *c, const mn_actor *who, const char *ref, mn_arena *arena, mn_person *out,
                           mn_error *err)
{
    mn_id id;
    mn_code code = mn_id_parse(ref, &id) ? mn_core_get_person(c, who, &id, arena, out, err) : MN_E_NOT_FOUND;
    if (code == MN_E_NOT_FOUND) /* external ids may look like ids */
        code = find_by_external_id(c, who, ref, arena, out, err);
    return code == MN_E_NOT_FOUND ? find_by_name(c, who, ref, arena, out, err) : code;
}

mn_code mn_core_person(mn_core *c, const mn_actor *who, const char *ref, mn_arena *arena, mn_person_view *out,
                       mn_error *err)
{
    mn_person p;
    mn_person_view v;
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = find_by_ref(c, who, ref, arena, &p, err);
    if (code == MN_OK)
        code = make_view(c, who, &p, arena, &v, err);
    if (code == MN_OK)
        code = mn_core_note_look(c, who, "person.view", &p.id, "{}", err);
    if (code == MN_OK)
        *out = v;
    return code;
}

/* ---- many people ---- */

static mn_code need_list(mn_core *c, const mn_actor *who, const char *name, mn_arena *arena, mn_list *out,
                         mn_error *err)
{
    bool found = false;
    mn_code code = mn_core_find_list(c, who, name, arena, out, &found, err);
    if (code == MN_OK && !found)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no list \"%.200s\"", name);
    return code;
}

mn_code mn_core_make_views(mn_core *c, const mn_actor *who, const mn_person *people, size_t n,
                           mn_arena *arena, mn_person_view **out, mn_error *err)
{
    mn_code code = MN_OK;
    mn_person_view *views = mn_arena_calloc(arena, n + 1, sizeof *views);
    if (!views)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu people", n);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = make_view(c, who, &people[i], arena, &views[i], err);
    if (code == MN_OK)
        *out = views;
    return code;
}

mn_code mn_core_people(mn_core *c, const mn_actor *who, const char *list, const char *name_like,
                       const mn_id *after, size_t limit, mn_arena *arena, mn_person_view **out, size_t *n,
                       mn_error *err)
{
    mn_person *people = NULL;
    mn_person_view *views = NULL;
    size_t count = 0;
    mn_list of;
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_SEARCH, err);
    if (code == MN_OK && (limit < 1 || limit > PAGE_MAX))
        code = mn_fail(err, MN_E_INVALID, "a page has 1 to %d people, not %zu", PAGE_MAX, limit);
    if (code == MN_OK && who->limited && !list)
        code = mn_fail(err, MN_E_FORBIDDEN, "%s is kept to some lists: name the one wanted", who->name);
    if (code == MN_OK && list)
        code = need_list(c, who, list, arena, &of, err);
    if (code != MN_OK)
        return code;
    mn_person_query q = {.account = who->account,
                         .list = list ? &of.id : NULL,
                         .now = mn_time_now(),
                         .name_like = name_like,
                         .limit = limit};
    if (after)
        q.after = *after;
    code = c->store->ops->person_list(c->store, &q, arena, &people, &count, err);
    if (code == MN_OK)
        code = mn_core_make_views(c, who, people, count, arena, &views, err);
    if (code == MN_OK)
        code = mn_core_record(c, who, "person.list", NULL,
                              json_pack("{s:s?, s:b, s:I}", "list", list, "by_name", name_like != NULL,
                                        "people", (json_int_t)count),
                              err);
    if (code != MN_OK)
        return code;
    *out = views;
    *n = count;
    return MN_OK;
}

/* ---- samples ---- */

mn_code mn_core_open_sample(mn_core *c, const mn_face_record *f, mn_arena *arena, mn_buf *out, mn_error *err)
{
    mn_buf sealed;
    mn_key *key = NULL;
    mn_buf_init(&sealed, (size_t)8 << 20);
    mn_code code = mn_core_person_key(c, &f->person, arena, &key, err);
    if (code == MN_OK)
        code = c->blobs->ops->get(c->blobs, &f->sample, &sealed, err);
    if (code == MN_OK)
        code = mn_core_unseal_sample(key, &f->id, &sealed, out, err);
    mn_key_close(key);
    mn_buf_finish(&sealed);
    return code;
}

mn_code mn_core_check_agreed(mn_core *c, const mn_id *person, mn_arena *arena, mn_error *err)
{
    bool yes = false;
    mn_code code = mn_core_agreed_to_any(c, person, arena, &yes, err);
    return code == MN_OK && !yes
               ? mn_fail(
                     err, MN_E_CONSENT,
                     "this person has no valid consent any more: what is stored of their face waits for its "
                     "end, and is not given out")
               : code;
}

mn_code mn_core_sample(mn_core *c, const mn_actor *who, const mn_id *face, mn_buf *out, mn_error *err)
{
    mn_face_record f;
    size_t before = out->len;
    mn_code code = mn_core_may(who, MN_R_SAMPLES, MN_VERB_VIEW, err);
    if (code != MN_OK)
        return code;
    mn_arena *arena = mn_arena_create(1 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for a sample");
    code = mn_core_get_face(c, who, face, arena, &f, err);
    if (code == MN_OK && mn_id_is_nil(&f.sample))
        code = mn_fail(err, MN_E_NOT_FOUND, "no sample was stored for this face");
    if (code == MN_OK)
        code = mn_core_check_agreed(c, &f.person, arena, err);
    if (code == MN_OK)
        code = mn_core_open_sample(c, &f, arena, out, err);
    if (code == MN_OK)
        code = mn_core_record(c, who, "face.sample", &f.person,
                              json_pack("{s:o}", "face", mn_core_json_id(face)), err);
    if (code != MN_OK)
        out->len = before;
    mn_arena_destroy(arena);
    return code;
}
