/* People as records: making and changing them. */
#include "core/quota.h"
#include "core/records.h"
#include "core/records_internal.h"
#include "core/signin.h"

#include <string.h>

#define USER_DATA_MAX 2048

/* ---- what may be written ---- */

static mn_code check_user_data(const char *text, mn_error *err)
{
    if (text && strlen(text) > USER_DATA_MAX)
        return mn_fail(err, MN_E_INVALID, "user_data is longer than %d bytes", USER_DATA_MAX);
    return MN_OK;
}

static mn_code check_fields(const mn_person_fields *f, mn_error *err)
{
    mn_code code = f->name ? mn_core_check_text("the name", f->name, err) : MN_OK;
    if (code == MN_OK && f->external_id.set && f->external_id.text)
        code = mn_core_check_text("the external id", f->external_id.text, err);
    return code == MN_OK && f->user_data.set ? check_user_data(f->user_data.text, err) : code;
}

static mn_code check_external_id(mn_core *c, const mn_person *p, mn_arena *arena, mn_error *err)
{
    mn_person other;
    if (!p->external_id)
        return MN_OK;
    mn_code code =
        c->store->ops->person_by_external_id(c->store, &p->account, p->external_id, arena, &other, err);
    if (code == MN_OK && mn_id_compare(&other.id, &p->id) != 0)
        return mn_fail(err, MN_E_EXISTS, "somebody else has the external id \"%.200s\"", p->external_id);
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code check_avatar(mn_core *c, const mn_person *p, const mn_id *face, mn_arena *arena, mn_error *err)
{
    mn_face_record f;
    if (mn_id_is_nil(face))
        return MN_OK;
    mn_code code = c->store->ops->face_get(c->store, face, arena, &f, err);
    if (code == MN_E_NOT_FOUND || (code == MN_OK && mn_id_compare(&f.person, &p->id) != 0))
        return mn_fail(err, MN_E_INVALID, "avatar_face is no face of this person");
    return code;
}

static mn_code apply(mn_core *c, const mn_actor *who, const mn_person_fields *f, bool is_new, mn_arena *arena,
                     mn_person *p, mn_error *err)
{
    mn_code code = MN_OK;
    if (f->name)
        p->name = f->name;
    if (f->external_id.set)
        p->external_id = f->external_id.text;
    if (f->user_data.set)
        p->user_data = f->user_data.text;
    if (f->active)
        p->active = *f->active;
    if (f->avatar) {
        code = check_avatar(c, p, f->avatar, arena, err);
        p->avatar = *f->avatar;
    }
    if (code == MN_OK && f->external_id.set)
        code = check_external_id(c, p, arena, err);
    return code == MN_OK ? mn_core_fields_merge(c, who, p->custom, f->custom, is_new, arena, &p->custom, err)
                         : code;
}

static mn_code see_again(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena,
                         mn_person_view *out, mn_error *err)
{
    mn_person p;
    mn_person_view *views = NULL;
    mn_code code = c->store->ops->person_get(c->store, id, arena, &p, err);
    if (code == MN_OK)
        code = mn_core_make_views(c, who, &p, 1, arena, &views, err);
    if (code == MN_OK)
        *out = views[0];
    return code;
}

/* ---- making ---- */

typedef struct {
    const mn_actor *who;
    const mn_person_new *what;
    const mn_id *id;
    const mn_person_fields *fields;
    const mn_time *if_updated;
    mn_arena *arena;
    mn_person_view view;
} job;

static mn_code join_lists(mn_core *c, const job *j, const mn_id *person, mn_time now, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < j->what->n_lists; i++) {
        mn_list list;
        bool found = false, put = false;
        const char *name = j->what->lists[i];
        code = mn_core_find_list(c, &j->who->account, name, j->arena, &list, &found, err);
        if (code == MN_OK && found)
            code = mn_core_may_list(j->who, &list, err);
        if (code == MN_OK && !found)
            code = mn_fail(err, MN_E_INVALID, "there is no list \"%.200s\": make it first", name);
        if (code == MN_OK)
            code = mn_core_consent_decide(c, person, NULL, list.purpose, now, j->arena, &put, err);
        if (code == MN_OK)
            code = c->store->ops->member_put(c->store, &list.id, person, now, err);
    }
    return code;
}

static mn_code put_consents(mn_core *c, const job *j, const mn_id *person, mn_time now, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < j->what->n_consents; i++) {
        const mn_consent consent = mn_core_consent_record(person, &j->what->consents[i]);
        code = mn_core_check_stated(&j->what->consents[i], now, err);
        if (code == MN_OK)
            code = c->store->ops->consent_put(c->store, &consent, err);
        if (code == MN_OK)
            code = mn_core_record(c, j->who, "consent.give", person, mn_core_json_consent(&consent), err);
    }
    return code;
}

static mn_code create(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_quota *quota = NULL;
    mn_time now = mn_time_now();
    mn_person p = {
        .id = mn_id_make(), .account = j->who->account, .active = true, .created = now, .updated = now};
    mn_code code = mn_quota_take(c, &quota, &p.account, 1, 0, j->arena, err);
    if (code == MN_OK)
        code = apply(c, j->who, &j->what->fields, true, j->arena, &p, err);
    if (code == MN_OK)
        code = c->store->ops->person_put(c->store, &p, err);
    if (code == MN_OK)
        code = mn_core_record(c, j->who, "person.create", &p.id,
                              json_pack("{s:I}", "lists", (json_int_t)j->what->n_lists), err);
    if (code == MN_OK)
        code = put_consents(c, j, &p.id, now, err);
    if (code == MN_OK)
        code = join_lists(c, j, &p.id, now, err);
    return code == MN_OK ? see_again(c, j->who, &p.id, j->arena, &j->view, err) : code;
}

mn_code mn_core_person_create(mn_core *c, const mn_actor *who, const mn_person_new *what, mn_arena *arena,
                              mn_person_view *out, mn_error *err)
{
    job j = {.who = who, .what = what, .arena = arena};
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_CREATE, err);
    if (code == MN_OK && what->n_consents > 0)
        code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_CREATE, err);
    if (code == MN_OK && what->n_lists > 0)
        code = mn_core_may(who, MN_R_LISTS, MN_VERB_CHANGE, err);
    if (code == MN_OK && who->limited && what->n_lists == 0)
        code = mn_fail(err, MN_E_FORBIDDEN,
                       "%s is kept to some lists: name the one that the person is put into", who->name);
    if (code == MN_OK)
        code = mn_core_check_text("the name", what->fields.name, err);
    if (code == MN_OK)
        code = check_fields(&what->fields, err);
    if (code == MN_OK)
        code = mn_core_transact(c, create, &j, err);
    if (code == MN_OK)
        *out = j.view;
    return code;
}

/* ---- changing ---- */

static json_t *names_of(const mn_person_fields *f)
{
    json_t *names = json_array();
    const struct {
        const char *name;
        bool set;
    } all[] = {{"name", f->name != NULL},       {"external_id", f->external_id.set},
               {"user_data", f->user_data.set}, {"custom", f->custom != NULL},
               {"active", f->active != NULL},   {"avatar_face", f->avatar != NULL}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].set)
            json_array_append_new(names, json_string(all[i].name));
    return names;
}

static mn_code change(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_person p;
    mn_code code = mn_core_get_whole_person(c, j->who, j->id, j->arena, &p, err);
    if (code == MN_OK)
        code = mn_core_check_updated(p.updated, j->if_updated, err);
    if (code == MN_OK)
        code = apply(c, j->who, j->fields, false, j->arena, &p, err);
    if (code != MN_OK)
        return code;
    p.updated = mn_core_next_update(p.updated);
    code = c->store->ops->person_put(c->store, &p, err);
    if (code == MN_OK) /* the names of the fields; what was in them is personal, and would stay for ever */
        code = mn_core_record(c, j->who, "person.change", &p.id,
                              json_pack("{s:o}", "fields", names_of(j->fields)), err);
    return code == MN_OK ? see_again(c, j->who, &p.id, j->arena, &j->view, err) : code;
}

mn_code mn_core_person_change(mn_core *c, const mn_actor *who, const mn_id *id,
                              const mn_person_fields *fields, const mn_time *if_updated, mn_arena *arena,
                              mn_person_view *out, mn_error *err)
{
    job j = {.who = who, .id = id, .fields = fields, .if_updated = if_updated, .arena = arena};
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_CHANGE, err);
    if (code == MN_OK && fields->avatar)
        code = mn_core_may(who, MN_R_FACES, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = check_fields(fields, err);
    if (code == MN_OK)
        code = mn_core_transact(c, change, &j, err);
    if (code == MN_OK)
        *out = j.view;
    return code;
}
