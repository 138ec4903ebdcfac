/* May an answer that was kept be told again to who has other rights or lists by now? */
#include "core/attributes.h"
#include "core/once.h"
#include "core/signin.h"

/* Whoever is kept to no lists sees all of the account. */
static mn_code see_person(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_error *err)
{
    bool visible = true;
    mn_code code = who->limited ? mn_core_person_visible(c, who, id, arena, &visible, err) : MN_OK;
    return code == MN_OK && !visible
               ? mn_fail(err, MN_E_FORBIDDEN,
                         "it was done, and who it was about is in none of the lists that you may use now")
               : code;
}

static mn_code see_face(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_error *err)
{
    mn_face_record f;
    mn_code code = who->limited ? mn_core_get_face(c, who, id, arena, &f, err) : MN_OK;
    return code == MN_E_NOT_FOUND
               ? mn_fail(err, MN_E_FORBIDDEN,
                         "it was done, and the face is of nobody in the lists that you may use now")
               : code;
}

static mn_code see_consent(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_error *err)
{
    mn_consent consent;
    mn_code code =
        who->limited ? c->store->ops->people->consent_get(c->store, id, arena, &consent, err) : MN_OK;
    if (code == MN_E_NOT_FOUND)
        return MN_OK; /* it went with its person */
    return code == MN_OK && who->limited ? see_person(c, who, &consent.person, arena, err) : code;
}

/* As whoever makes one needs it. */
static mn_code see_everything(const mn_actor *who, const char *what, mn_error *err)
{
    return who->limited ? mn_fail(err, MN_E_FORBIDDEN, "%s is kept to some lists by now, and makes no %s",
                                  who->name, what)
                        : MN_OK;
}

static mn_code see_user(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_error *err)
{
    mn_user u;
    mn_grant g;
    mn_code code = c->store->ops->access->user_get(c->store, id, arena, &u, err);
    if (code == MN_OK)
        code = mn_grant_of_user(c, &u, arena, &g, err);
    if (code == MN_OK)
        code = mn_grant_within(who, &g, err);
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code see_grant(const mn_actor *who, const char *rights, bool limited, const mn_id *lists, size_t n,
                         mn_error *err)
{
    mn_grant g = {.limited = limited, .lists = (mn_id *)lists, .n_lists = n};
    mn_code code = mn_rights_parse_all(rights, &g.rights, err);
    return code == MN_OK ? mn_grant_within(who, &g, err) : code;
}

static mn_code see_role(mn_core *c, const mn_actor *who, const char *name, mn_arena *arena, mn_error *err)
{
    mn_role r;
    mn_code code = mn_role_by_name(c, &who->account, name, arena, &r, err);
    if (code == MN_OK)
        code = see_grant(who, r.rights, r.limited, r.lists, r.n_lists, err);
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

static mn_code see_token(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_error *err)
{
    mn_token t;
    mn_code code = c->store->ops->access->token_get(c->store, id, arena, &t, err);
    if (code == MN_OK)
        code = see_grant(who, t.rights, t.limited, t.lists, t.n_lists, err);
    return code == MN_E_NOT_FOUND ? MN_OK : code;
}

mn_code mn_core_once_stands(mn_core *c, const mn_actor *who, mn_once_kind kind, const char *ref,
                            mn_arena *arena, mn_error *err)
{
    mn_id id = {{0}};
    if (kind == MN_ONCE_ROLE)
        return see_role(c, who, ref, arena, err);
    if (!mn_id_parse(ref, &id))
        return mn_fail(err, MN_E_CORRUPT, "a kept answer names what is no id");
    switch (kind) {
    case MN_ONCE_PERSON:
        return see_person(c, who, &id, arena, err);
    case MN_ONCE_FACE:
        return see_face(c, who, &id, arena, err);
    case MN_ONCE_CONSENT:
        return see_consent(c, who, &id, arena, err);
    case MN_ONCE_USER:
        return see_user(c, who, &id, arena, err);
    case MN_ONCE_TOKEN:
        return see_token(c, who, &id, arena, err);
    case MN_ONCE_ATTRIBUTE:
        return mn_core_attribute_there(c, who, &id, arena, err);
    case MN_ONCE_LIST:
        return see_everything(who, "list", err);
    default:
        return see_everything(who, "account", err);
    }
}
