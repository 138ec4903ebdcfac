/* Tokens: a part of their user's rights, for a program. */
#include "core/many.h"
#include "core/signin.h"

#include <sodium.h>

#include <string.h>

typedef struct {
    const mn_actor *who;
    const mn_token_fields *fields;
    const mn_id *id;
    const int64_t *if_state;
    mn_arena *arena;
    mn_token token;
} job;

static bool is_own(const mn_actor *who, const mn_id *user)
{
    return !mn_id_is_nil(&who->user) && mn_id_compare(&who->user, user) == 0;
}

/* One's own, or with the right to those of others. */
static mn_code need(const mn_actor *who, const mn_id *user, mn_verb verb, mn_error *err)
{
    mn_code code = mn_core_check_actor(who, err);
    return code != MN_OK || is_own(who, user) ? code : mn_core_may(who, MN_R_TOKENS, verb, err);
}

static mn_code read_token(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_token *out,
                          mn_error *err)
{
    mn_token t;
    mn_code code = c->store->ops->access->token_get(c->store, id, arena, &t, err);
    bool there = code == MN_OK && mn_id_compare(&t.account, &who->account) == 0 &&
                 (is_own(who, &t.user) || mn_rights_has(&who->rights, MN_R_TOKENS, MN_VERB_VIEW));
    if (code == MN_OK && !there)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such token");
    if (code == MN_OK)
        *out = t;
    return code;
}

/* A token may do nothing that its user, or who makes it, may not. */
static mn_code check_reach(mn_core *c, job *j, mn_error *err)
{
    mn_user u;
    mn_grant users = {0}, own = {.limited = j->token.limited,
                                 .lists = (mn_id *)j->token.lists,
                                 .n_lists = j->token.n_lists};
    mn_code code = c->store->ops->access->user_get(c->store, &j->token.user, j->arena, &u, err);
    if (code == MN_E_NOT_FOUND || (code == MN_OK && mn_id_compare(&u.account, &j->who->account) != 0))
        return mn_fail(err, MN_E_INVALID, "there is no such user");
    if (code == MN_OK)
        code = mn_grant_of_user(c, &u, j->arena, &users, err);
    if (code == MN_OK)
        code = mn_rights_parse_all(j->token.rights, &own.rights, err);
    if (code != MN_OK)
        return code;
    if (!mn_rights_within(&own.rights, &users.rights))
        return mn_fail(err, MN_E_FORBIDDEN,
                       "the user %s does not have all the rights that this token is to have", u.login);
    mn_grant_keep_to(&own, users.lists, users.n_lists, users.limited);
    return mn_grant_within(j->who, &own, err);
}

static mn_code apply(mn_core *c, job *j, mn_error *err)
{
    const mn_token_fields *f = j->fields;
    mn_token *t = &j->token;
    if (f->name)
        t->name = f->name;
    if (f->until)
        t->until = f->until;
    if (f->set_lists) {
        t->limited = f->limited;
        t->lists = f->lists;
        t->n_lists = f->limited ? f->n_lists : 0;
    }
    if (f->rights) {
        char text[MN_RIGHTS_TEXT];
        mn_rights_format(f->rights, text);
        t->rights = mn_arena_strdup(j->arena, text);
        if (!t->rights)
            return mn_fail(err, MN_E_MEMORY, "no memory for a token");
    }
    mn_code code = mn_scope_check(c, j->who, t->lists, f->set_lists ? t->n_lists : 0, j->arena, err);
    return code == MN_OK ? check_reach(c, j, err) : code;
}

static mn_code record(mn_core *c, const job *j, const char *action, mn_error *err)
{
    return mn_core_record(c, j->who, action, &j->token.id,
                          json_pack("{s:s, s:o, s:s}", "name", j->token.name, "user",
                                    mn_core_json_id(&j->token.user), "rights", j->token.rights),
                          err);
}

static mn_code add(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_code code = apply(c, j, err);
    if (code == MN_OK)
        code = c->store->ops->access->token_put(c->store, &j->token, err);
    return code == MN_OK ? record(c, j, "token.create", err) : code;
}

static mn_code check_state(const job *j, mn_error *err)
{
    const int64_t state = mn_core_token_state(&j->token);
    return mn_core_check_updated(state, j->if_state, err);
}

static mn_code change(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_code code = read_token(c, j->who, j->id, j->arena, &j->token, err);
    if (code == MN_OK)
        code = need(j->who, &j->token.user, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = check_state(j, err);
    if (code == MN_OK)
        code = apply(c, j, err);
    if (code == MN_OK)
        code = c->store->ops->access->token_put(c->store, &j->token, err);
    return code == MN_OK ? record(c, j, "token.change", err) : code;
}

static mn_code drop(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    mn_code code = read_token(c, j->who, j->id, j->arena, &j->token, err);
    if (code == MN_OK)
        code = need(j->who, &j->token.user, MN_VERB_DELETE, err);
    if (code == MN_OK)
        code = check_state(j, err);
    if (code == MN_OK)
        code = c->store->ops->access->token_delete(c->store, j->id, err);
    return code == MN_OK ? record(c, j, "token.revoke", err) : code;
}

typedef struct {
    job job;
    const mn_id *ids;
    mn_core_many many;
} many_tokens;

static mn_code drop_one(mn_core *c, void *ctx, size_t i, mn_id *id, mn_error *err)
{
    many_tokens *m = ctx;
    m->job.id = &m->ids[i];
    *id = m->ids[i];
    return drop(c, &m->job, err);
}

static mn_code drop_each(mn_core *c, void *ctx, mn_error *err)
{
    many_tokens *m = ctx;
    return mn_core_each(c, &m->many, err);
}

static mn_code check_fields(const mn_token_fields *f, mn_error *err)
{
    mn_code code = f->name ? mn_core_check_text("the token's name", f->name, err) : MN_OK;
    if (code == MN_OK && f->until && f->until <= mn_time_now())
        code = mn_fail(err, MN_E_INVALID, "the token's end is in the past");
    return code;
}

static void tell(mn_token *out, const mn_token *t)
{
    *out = *t;
    memset(out->hash, 0, sizeof out->hash);
}

mn_code mn_core_token_add(mn_core *c, const mn_actor *who, const mn_token_fields *fields, mn_arena *arena,
                          mn_token *out, char secret[MN_SECRET_TEXT], mn_error *err)
{
    job j = {.who = who, .fields = fields, .arena = arena};
    char made[MN_SECRET_TEXT];
    mn_code code = mn_core_may(who, MN_R_TOKENS, MN_VERB_CREATE, err);
    if (code == MN_OK && !fields->name)
        code = mn_fail(err, MN_E_INVALID, "the token's name is missing");
    if (code == MN_OK && !fields->user && mn_id_is_nil(&who->user))
        code = mn_fail(err, MN_E_INVALID, "say for which user the token is");
    if (code == MN_OK)
        code = check_fields(fields, err);
    if (code != MN_OK)
        return code;
    j.token = (mn_token){.id = mn_id_make(),
                         .account = who->account,
                         .user = fields->user ? *fields->user : who->user,
                         .rights = "",
                         .created = mn_time_now(),
                         .until = MN_TIME_NEVER};
    mn_secret_make(c, 't', made, j.token.hash);
    code = mn_core_transact(c, add, &j, err);
    if (code != MN_OK)
        return code;
    memcpy(secret, made, sizeof made);
    tell(out, &j.token);
    return MN_OK;
}

int64_t mn_core_token_state(const mn_token *t)
{
    crypto_generichash_state h;
    uint8_t hash[crypto_generichash_BYTES_MIN];
    int64_t state;
    crypto_generichash_init(&h, NULL, 0, sizeof hash);
    crypto_generichash_update(&h, (const uint8_t *)t->name, strlen(t->name) + 1);
    crypto_generichash_update(&h, (const uint8_t *)t->rights, strlen(t->rights) + 1);
    crypto_generichash_update(&h, (const uint8_t *)&t->until, sizeof t->until);
    crypto_generichash_update(&h, (const uint8_t *)&t->limited, sizeof t->limited);
    if (t->n_lists > 0)
        crypto_generichash_update(&h, (const uint8_t *)t->lists, t->n_lists * sizeof *t->lists);
    crypto_generichash_final(&h, hash, sizeof hash);
    memcpy(&state, hash, sizeof state);
    return state;
}

mn_code mn_core_tokens(mn_core *c, const mn_actor *who, const mn_token_query *what, mn_arena *arena,
                       mn_token **out, size_t *n, mn_error *err)
{
    mn_token_query q = *what;
    const bool own = q.user && is_own(who, q.user);
    mn_code code = mn_core_check_actor(who, err);
    bool all = code == MN_OK && mn_rights_has(&who->rights, MN_R_TOKENS, MN_VERB_VIEW);
    if (code == MN_OK && !all && !own && (q.user || mn_id_is_nil(&who->user)))
        code = mn_core_may(who, MN_R_TOKENS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_core_check_page(q.limit, err);
    q.account = who->account;
    q.now = mn_time_now();
    if (!q.user && !all)
        q.user = &who->user;
    if (code == MN_OK)
        code = c->store->ops->access->token_list(c->store, &q, arena, out, n, err);
    for (size_t i = 0; code == MN_OK && i < *n; i++)
        memset((*out)[i].hash, 0, sizeof(*out)[i].hash);
    return code;
}

mn_code mn_core_token_get(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_token *out,
                          mn_error *err)
{
    mn_token t;
    mn_code code = mn_core_check_actor(who, err);
    if (code == MN_OK)
        code = read_token(c, who, id, arena, &t, err);
    if (code == MN_OK)
        tell(out, &t);
    return code;
}

mn_code mn_core_token_change(mn_core *c, const mn_actor *who, const mn_id *id, const mn_token_fields *fields,
                             const int64_t *if_state, mn_arena *arena, mn_token *out, mn_error *err)
{
    job j = {.who = who, .fields = fields, .id = id, .if_state = if_state, .arena = arena};
    mn_code code = mn_core_check_actor(who, err);
    if (code == MN_OK)
        code = check_fields(fields, err);
    if (code == MN_OK)
        code = mn_core_transact(c, change, &j, err);
    if (code != MN_OK)
        return code;
    mn_identity_forget(c);
    tell(out, &j.token);
    return MN_OK;
}

mn_code mn_core_token_revoke(mn_core *c, const mn_actor *who, const mn_id *id, const int64_t *if_state,
                             mn_error *err)
{
    job j = {.who = who, .id = id, .if_state = if_state};
    mn_code code = mn_core_check_actor(who, err);
    return code == MN_OK ? mn_core_take_away(c, drop, &j, &j.arena, err) : code;
}

mn_code mn_core_tokens_revoke(mn_core *c, const mn_actor *who, const mn_id *ids, size_t n,
                              mn_deadline deadline, const mn_cancel *cancel, mn_arena *arena,
                              mn_made *results, mn_error *err)
{
    many_tokens all = {.job = {.who = who}, .ids = ids};
    mn_code code = mn_core_check_actor(who, err);
    all.many = (mn_core_many){drop_one, &all, n, deadline, cancel, arena, results};
    return code == MN_OK ? mn_core_take_away(c, drop_each, &all, &all.job.arena, err) : code;
}
