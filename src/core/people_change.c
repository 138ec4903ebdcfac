/* People as records: making and changing them. */
#include "core/many.h"
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
    const mn_id *id;
    const mn_person_fields *fields;
    const int64_t *if_state;
    mn_arena *arena;
    mn_person_view view;
} job;

/* Who is made. Everything is looked at before anything is written, so that a refusal leaves nothing behind in
 * a transaction that goes on with the next one. */
typedef struct {
    const mn_actor *who;
    const mn_person_new *what;
    mn_arena *arena;
    mn_quota *quota;
    mn_time now;
    mn_person person;
    mn_consent *consents;
    mn_list *lists;
} making;

static mn_code check_consents(making *m, mn_error *err)
{
    mn_code code = MN_OK;
    m->consents = mn_arena_calloc(m->arena, m->what->n_consents + 1, sizeof *m->consents);
    if (!m->consents)
        return mn_fail(err, MN_E_MEMORY, "no memory for a person's consents");
    for (size_t i = 0; code == MN_OK && i < m->what->n_consents; i++) {
        code = mn_core_check_stated(&m->what->consents[i], m->now, err);
        if (code == MN_OK)
            m->consents[i] = mn_core_consent_record(&m->person.id, &m->what->consents[i]);
    }
    return code;
}

static mn_code check_lists(mn_core *c, making *m, mn_error *err)
{
    mn_code code = MN_OK;
    m->lists = mn_arena_calloc(m->arena, m->what->n_lists + 1, sizeof *m->lists);
    if (!m->lists)
        return mn_fail(err, MN_E_MEMORY, "no memory for a person's lists");
    for (size_t i = 0; code == MN_OK && i < m->what->n_lists; i++) {
        bool found = false;
        mn_list *list = &m->lists[i];
        const char *name = m->what->lists[i];
        code = mn_core_find_list(c, m->who, name, m->arena, list, &found, err);
        if (code == MN_OK && !found)
            code = mn_fail(err, MN_E_INVALID, "there is no list \"%.200s\": make it first", name);
        if (code == MN_OK)
            code = mn_core_consent_needed(m->consents, m->what->n_consents, list->purpose, m->now, err);
    }
    return code;
}

static mn_code check_new(mn_core *c, making *m, mn_error *err)
{
    mn_code code =
        m->who->limited && m->what->n_lists == 0
            ? mn_fail(err, MN_E_FORBIDDEN,
                      "%s is kept to some lists: name the one that the person is put into", m->who->name)
            : mn_core_check_text("the name", m->what->fields.name, err);
    if (code == MN_OK)
        code = check_fields(&m->what->fields, err);
    if (code == MN_OK)
        code = apply(c, m->who, &m->what->fields, true, m->arena, &m->person, err);
    if (code == MN_OK)
        code = check_consents(m, err);
    if (code == MN_OK)
        code = check_lists(c, m, err);
    return code == MN_OK ? mn_quota_take(c, &m->quota, &m->person.account, 1, 0, m->arena, err) : code;
}

static mn_code write_new(mn_core *c, const making *m, mn_error *err)
{
    const mn_id *id = &m->person.id;
    mn_code code = c->store->ops->person_put(c->store, &m->person, err);
    if (code == MN_OK)
        code = mn_core_record(c, m->who, "person.create", id,
                              json_pack("{s:I}", "lists", (json_int_t)m->what->n_lists), err);
    for (size_t i = 0; code == MN_OK && i < m->what->n_consents; i++) {
        code = c->store->ops->consent_put(c->store, &m->consents[i], err);
        if (code == MN_OK)
            code = mn_core_record(c, m->who, "consent.give", id, mn_core_json_consent(&m->consents[i]), err);
    }
    for (size_t i = 0; code == MN_OK && i < m->what->n_lists; i++)
        code = c->store->ops->member_put(c->store, &m->lists[i].id, id, m->now, err);
    return code;
}

/* *refused: `code` is this person's, and nothing was written. */
static mn_code make_one(mn_core *c, making *m, const mn_person_new *what, bool *refused, mn_error *err)
{
    m->what = what;
    m->now = mn_time_now();
    m->person = (mn_person){
        .id = mn_id_make(), .account = m->who->account, .active = true, .created = m->now, .updated = m->now};
    mn_code code = check_new(c, m, err);
    *refused = code != MN_OK && mn_code_http(code) < 500;
    return code == MN_OK ? write_new(c, m, err) : code;
}

static mn_code may_create(const mn_actor *who, const mn_person_new *what, mn_error *err)
{
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_CREATE, err);
    if (code == MN_OK && what->n_consents > 0)
        code = mn_core_may(who, MN_R_CONSENTS, MN_VERB_CREATE, err);
    if (code == MN_OK && what->n_lists > 0)
        code = mn_core_may(who, MN_R_LISTS, MN_VERB_CHANGE, err);
    return code;
}

typedef struct {
    making making;
    const mn_person_new *what;
    mn_person_view *view;
} single;

static mn_code create(mn_core *c, void *ctx, mn_error *err)
{
    single *s = ctx;
    bool refused = false;
    mn_code code = make_one(c, &s->making, s->what, &refused, err);
    return code == MN_OK ? see_again(c, s->making.who, &s->making.person.id, s->making.arena, s->view, err)
                         : code;
}

mn_code mn_core_person_create(mn_core *c, const mn_actor *who, const mn_person_new *what, mn_arena *arena,
                              mn_person_view *out, mn_error *err)
{
    mn_person_view view;
    single s = {.making = {.who = who, .arena = arena}, .what = what, .view = &view};
    mn_code code = may_create(who, what, err);
    if (code == MN_OK)
        code = mn_core_transact(c, create, &s, err);
    if (code == MN_OK)
        *out = view;
    return code;
}

typedef struct {
    making making;
    const mn_person_new *what;
} batch;

static mn_code create_one(mn_core *c, void *ctx, size_t i, mn_id *id, mn_error *err)
{
    batch *b = ctx;
    bool refused = true;
    mn_code code = may_create(b->making.who, &b->what[i], err);
    if (code == MN_OK)
        code = make_one(c, &b->making, &b->what[i], &refused, err);
    *id = b->making.person.id;
    return code == MN_OK || refused || mn_code_http(code) >= 500 ? code
                                                                 : MN_E_INTERNAL; /* half of it stands */
}

mn_code mn_core_people_create(mn_core *c, const mn_actor *who, const mn_person_new *what, size_t n,
                              mn_deadline deadline, const mn_cancel *cancel, mn_arena *arena,
                              mn_made *results, mn_error *err)
{
    batch b = {.making = {.who = who, .arena = arena}, .what = what};
    mn_core_many many = {create_one, &b, n, deadline, cancel, arena, results};
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_CREATE, err);
    return code == MN_OK ? mn_core_transact(c, mn_core_each, &many, err) : code;
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

static mn_code check_state(mn_core *c, const job *j, const mn_person *p, mn_error *err)
{
    mn_person_view *before = NULL;
    mn_code code = mn_core_make_views(c, j->who, p, 1, j->arena, &before, err);
    return code == MN_OK ? mn_core_check_updated(mn_core_person_state(before), j->if_state, err) : code;
}

static mn_code change(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_person p;
    mn_code code = mn_core_get_whole_person(c, j->who, j->id, j->arena, &p, err);
    if (code == MN_OK && j->if_state)
        code = check_state(c, j, &p, err);
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
                              const mn_person_fields *fields, const int64_t *if_state, mn_arena *arena,
                              mn_person_view *out, mn_error *err)
{
    job j = {.who = who, .id = id, .fields = fields, .if_state = if_state, .arena = arena};
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
