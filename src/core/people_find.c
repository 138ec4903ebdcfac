/* People as records: looking at one, going through many. */
#include "core/records.h"
#include "core/records_internal.h"
#include "core/signin.h"

mn_code mn_core_person_get(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena,
                           mn_person_view *out, mn_error *err)
{
    mn_person_whole w;
    size_t shown = 0;
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = c->store->ops->people->whole(c->store, id, mn_time_now(), arena, &w, err);
    for (size_t i = 0; code == MN_OK && i < w.n_lists; i++)
        if (mn_core_list_allowed(who, &w.lists[i].id))
            w.lists[shown++] = w.lists[i];
    /* As mn_core_get_person has it, from the rows that are there already. */
    if (code == MN_OK &&
        (mn_id_compare(&w.person.account, &who->account) != 0 || (who->limited && shown == 0)))
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such person");
    if (code == MN_OK)
        code = mn_core_note_look(c, who, "person.view", &w.person.id, "{}", err);
    if (code == MN_OK)
        *out = (mn_person_view){.person = w.person,
                                .consents = w.consents,
                                .n_consents = w.n_consents,
                                .lists = w.lists,
                                .n_lists = shown,
                                .faces = w.faces,
                                .n_faces = w.n_faces,
                                .erasure_due = w.erasure_due};
    return code;
}

static mn_code find_list(mn_core *c, const mn_actor *who, const char *name, mn_arena *arena, mn_list *out,
                         mn_error *err)
{
    bool found = false;
    mn_code code = mn_core_find_list(c, who, name, arena, out, &found, err);
    if (code == MN_OK && !found)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no list \"%.200s\"", name);
    return code;
}

mn_code mn_core_people_find(mn_core *c, const mn_actor *who, const char *list, const mn_people_query *what,
                            mn_arena *arena, mn_person_view **out, size_t *n, mn_error *err)
{
    static const mn_id nobody;
    mn_list of;
    mn_person *people = NULL;
    mn_person_view *views = NULL;
    size_t found = 0;
    mn_people_query q = *what;
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_SEARCH, err);
    if (code == MN_OK)
        code = mn_core_check_page(q.limit, err);
    if (code == MN_OK && list)
        code = find_list(c, who, list, arena, &of, err);
    if (code != MN_OK)
        return code;
    q.account = who->account;
    q.list = list ? &of.id : NULL;
    if (who->limited && !list) {
        q.lists = who->n_lists > 0 ? who->lists : &nobody;
        q.n_lists = who->n_lists;
    }
    q.now = mn_time_now();
    code = c->store->ops->people->page(c->store, &q, arena, &people, &found, err);
    if (code == MN_OK)
        code = mn_core_make_views(c, who, people, found, arena, &views, err);
    if (code == MN_OK)
        code = mn_core_record(c, who, "person.list", NULL,
                              json_pack("{s:s?, s:b, s:I}", "list", list, "by_name", q.like || q.external_id,
                                        "people", (json_int_t)found),
                              err);
    if (code != MN_OK)
        return code;
    *out = views;
    *n = found;
    return MN_OK;
}

static mn_code choose_face(mn_core *c, const mn_person *p, mn_arena *arena, mn_id *out, mn_error *err)
{
    mn_face_record *faces = NULL;
    size_t n = 0, best = SIZE_MAX;
    mn_code code = c->store->ops->faces_of(c->store, &p->id, arena, &faces, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        if (mn_id_is_nil(&faces[i].sample))
            continue;
        if (mn_id_compare(&faces[i].id, &p->avatar) == 0) {
            best = i;
            break;
        }
        if (best == SIZE_MAX || faces[i].quality > faces[best].quality)
            best = i;
    }
    if (code == MN_OK && best == SIZE_MAX)
        code = mn_fail(err, MN_E_NOT_FOUND, "no picture of this person is stored");
    if (code == MN_OK)
        *out = faces[best].id;
    return code;
}

mn_code mn_core_avatar(mn_core *c, const mn_actor *who, const mn_id *person, mn_buf *out, mn_error *err)
{
    mn_person p;
    mn_id face;
    mn_code code = mn_core_may(who, MN_R_SAMPLES, MN_VERB_VIEW, err);
    if (code != MN_OK)
        return code;
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for a picture");
    code = mn_core_get_person(c, who, person, arena, &p, err);
    if (code == MN_OK)
        code = choose_face(c, &p, arena, &face, err);
    mn_arena_destroy(arena);
    return code == MN_OK ? mn_core_sample(c, who, &face, out, err) : code;
}
