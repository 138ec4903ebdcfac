/* Whom a secret belongs to: from the table in memory, else from the store.
 *
 * What was read while rights changed is given to who asked, and not kept: an entry goes into the table only
 * when the table is still of the generation that it was read at. */
#include "core/signin_state.h"

#include "base/alloc.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define ASK_NS      INT64_C(1000000000)
#define WRITE_EVERY (60 * MN_TIME_SECOND) /* last uses */
#define TOKEN_MARK  "mien_"

/* ---- secrets ---- */

void mn_secret_hash(const mn_core *c, char kind, const uint8_t *bytes, size_t n, uint8_t out[MN_SECRET_HASH])
{
    uint8_t inner[MN_SECRET_HASH], text[1 + MN_SECRET_HASH];
    crypto_generichash(inner, sizeof inner, bytes, n, NULL, 0);
    text[0] = (uint8_t)kind;
    memcpy(text + 1, inner, sizeof inner);
    mn_key_hash(c->deployment, text, sizeof text, out);
}

void mn_secret_make(const mn_core *c, char kind, char text[MN_SECRET_TEXT], uint8_t hash[MN_SECRET_HASH])
{
    uint8_t bytes[MN_SECRET_BYTES];
    char coded[MN_SECRET_TEXT];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(coded, sizeof coded, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(text, MN_SECRET_TEXT, "%s%.50s", kind == 't' ? TOKEN_MARK : "", coded);
    mn_secret_hash(c, kind, bytes, sizeof bytes, hash);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(coded, sizeof coded);
}

bool mn_secret_read(char kind, const char *text, uint8_t bytes[MN_SECRET_BYTES])
{
    size_t n = 0, mark = strlen(TOKEN_MARK);
    if (!text || (kind == 't' && strncmp(text, TOKEN_MARK, mark) != 0))
        return false;
    text += kind == 't' ? mark : 0;
    size_t len = strnlen(text, MN_SECRET_TEXT);
    if (sodium_base642bin(bytes, MN_SECRET_BYTES, text, len, NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        n != MN_SECRET_BYTES)
        return false;
    char coded[MN_SECRET_TEXT]; /* libsodium takes some bytes beyond ASCII for letters */
    sodium_bin2base64(coded, sizeof coded, bytes, MN_SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    bool same = len == strlen(coded) && sodium_memcmp(coded, text, len) == 0;
    sodium_memzero(coded, sizeof coded);
    return same;
}

static bool hash_of(const mn_core *c, char kind, const char *text, uint8_t hash[MN_SECRET_HASH])
{
    uint8_t bytes[MN_SECRET_BYTES];
    if (!mn_secret_read(kind, text, bytes))
        return false;
    mn_secret_hash(c, kind, bytes, sizeof bytes, hash);
    sodium_memzero(bytes, sizeof bytes);
    return true;
}

mn_code mn_account_usable(const mn_account *a, mn_error *err)
{
    if (a->suspended)
        return mn_fail(err, MN_E_ACCOUNT, "the account %.100s is suspended: ask who runs this server",
                       a->name);
    if (a->expires <= mn_time_now())
        return mn_fail(err, MN_E_ACCOUNT, "the account %.100s has expired: ask who runs this server",
                       a->name);
    return MN_OK;
}

mn_code mn_scope_check(mn_core *c, const mn_actor *who, const mn_id *lists, size_t n, mn_arena *arena,
                       mn_error *err)
{
    if (n > MN_SCOPE_MAX)
        return mn_fail(err, MN_E_INVALID, "at most %d lists may be named, not %zu", MN_SCOPE_MAX, n);
    for (size_t i = 0; i < n; i++) {
        mn_list l;
        mn_code code = c->store->ops->list_get(c->store, &lists[i], arena, &l, err);
        if (code == MN_OK &&
            (mn_id_compare(&l.account, &who->account) != 0 || !mn_core_list_allowed(who, &lists[i])))
            code = MN_E_NOT_FOUND;
        if (code == MN_E_NOT_FOUND) {
            char id[MN_ID_TEXT];
            mn_id_format(&lists[i], id);
            return mn_fail(err, MN_E_INVALID, "there is no list %s", id);
        }
        if (code != MN_OK)
            return code;
    }
    return MN_OK;
}

/* ---- identities ---- */

const mn_actor *mn_identity_actor(const mn_identity *who)
{
    return &who->actor;
}

mn_code mn_identity_narrow(const mn_identity *who, mn_resource r, mn_verb verb, mn_arena *arena,
                           mn_actor *out, mn_error *err)
{
    mn_grant here;
    mn_code code = mn_grant_where(&who->grant, r, verb, arena, &here, err);
    if (code != MN_OK)
        return code;
    *out = who->actor;
    out->rights = here.rights;
    out->lists = here.lists;
    out->n_lists = here.n_lists;
    return MN_OK;
}

mn_identity_info mn_identity_describe(const mn_identity *who)
{
    return who->info;
}

void mn_identity_unref(mn_identity *who)
{
    if (who && atomic_fetch_sub(&who->refs, 1) == 1)
        mn_free(who);
}

static const char *copy(char **at, const char *text)
{
    char *here = *at;
    size_t n = strlen(text) + 1;
    memcpy(here, text, n);
    *at += n;
    return here;
}

static void copy_lists(mn_grant *g, mn_id **at)
{
    if (g->n_lists)
        memcpy(*at, g->lists, g->n_lists * sizeof **at);
    g->lists = *at;
    *at += g->n_lists;
}

/* One piece of memory, as there may be many: parts, lists and texts stand behind the struct. */
static mn_identity *pack(const mn_user *u, const mn_grant *g, const char *actor, const mn_token *t)
{
    size_t lists = g->n_lists,
           texts = strlen(actor) + strlen(u->login) + strlen(u->name) + strlen(u->roles) + 4;
    for (size_t i = 0; i < g->n_parts; i++)
        lists += g->parts[i].n_lists;
    mn_identity *id =
        mn_calloc(1, sizeof *id + g->n_parts * sizeof *g->parts + lists * sizeof(mn_id) + texts);
    if (!id)
        return NULL;
    mn_grant all = *g, *parts = (mn_grant *)(id + 1);
    mn_id *list = (mn_id *)(void *)(parts + g->n_parts);
    copy_lists(&all, &list);
    for (size_t i = 0; i < g->n_parts; i++) {
        parts[i] = g->parts[i];
        copy_lists(&parts[i], &list);
    }
    all.parts = parts;
    id->grant = all;
    id->actor = (mn_actor){.account = u->account,
                           .rights = all.rights,
                           .limited = all.limited,
                           .lists = all.lists,
                           .n_lists = all.n_lists,
                           .user = t ? (mn_id){{0}} : u->id,
                           .token = t ? t->id : (mn_id){{0}}};
    char *at = (char *)list;
    id->actor.name = copy(&at, actor);
    id->info = (mn_identity_info){.account = u->account, .user = u->id, .must_change = u->once};
    id->info.login = copy(&at, u->login);
    id->info.name = copy(&at, u->name);
    id->info.roles = copy(&at, u->roles);
    atomic_init(&id->refs, 1);
    return id;
}

static mn_code token_grant(const mn_token *t, mn_grant *g, mn_error *err)
{
    mn_rights rights;
    mn_code code = mn_rights_parse_all(t->rights, &rights, err);
    if (code != MN_OK)
        return code;
    mn_grant_cut(g, &rights);
    mn_grant_keep_to(g, t->lists, t->n_lists, t->limited);
    return MN_OK;
}

static mn_code check_user(mn_core *c, const mn_user *u, mn_arena *arena, mn_error *err)
{
    mn_account a;
    if (u->disabled)
        return mn_fail(err, MN_E_FORBIDDEN, "the user %.64s is disabled: ask an administrator", u->login);
    mn_code code = c->store->ops->access->account_get(c->store, &u->account, arena, &a, err);
    return code == MN_OK ? mn_account_usable(&a, err) : code;
}

mn_code mn_identity_make(mn_core *c, const mn_session *s, const mn_token *t, mn_arena *arena,
                         mn_identity **out, mn_error *err)
{
    mn_user u;
    mn_grant g = {0};
    char actor[MN_CORE_TEXT_MAX + 1];
    mn_code code = c->store->ops->access->user_get(c->store, s ? &s->user : &t->user, arena, &u, err);
    if (code == MN_OK)
        code = check_user(c, &u, arena, err);
    if (code == MN_OK)
        code = mn_grant_of_user(c, &u, arena, &g, err);
    if (code == MN_OK && t)
        code = token_grant(t, &g, err);
    if (code != MN_OK)
        return code;
    if (u.once)
        g = (mn_grant){0};
    snprintf(actor, sizeof actor, s ? "user:%.64s" : "token:%.64s/%.100s", u.login, t ? t->name : "");
    mn_identity *id = pack(&u, &g, actor, t);
    if (!id)
        return mn_fail(err, MN_E_MEMORY, "no memory for somebody's rights");
    memcpy(id->hash, s ? s->hash : t->hash, sizeof id->hash);
    if (s)
        id->info.session = s->id;
    else
        id->info.token = t->id;
    id->info.until = s ? s->until : t->until;
    atomic_init(&id->seen, s ? s->seen : t->used);
    atomic_init(&id->written, s ? s->seen : t->used);
    *out = id;
    return MN_OK;
}

/* ---- the table ---- */

static mn_identity **slot_of(mn_signin *s, const uint8_t hash[MN_SECRET_HASH])
{
    return &s->slots[(hash[0] | hash[1] << 8) & (MN_IDENTITY_SLOTS - 1)];
}

/* Under the lock. */
static void empty(mn_signin *s)
{
    for (size_t i = 0; s->n > 0 && i < MN_IDENTITY_SLOTS; i++) {
        for (mn_identity *id = s->slots[i], *next; id; id = next) {
            next = id->next;
            mn_identity_unref(id);
            s->n--;
        }
        s->slots[i] = NULL;
    }
}

static void renew(mn_core *c, mn_signin *s)
{
    uint64_t now = 0;
    mn_code code = c->store->ops->access->generation(c->store, &now, NULL);
    pthread_mutex_lock(&s->cache_lock);
    if (code != MN_OK || now != s->generation)
        empty(s); /* what cannot be asked is not believed either */
    s->generation = code == MN_OK ? now : 0;
    pthread_mutex_unlock(&s->cache_lock);
}

void mn_identity_forget(mn_core *c)
{
    renew(c, c->signin);
}

/* Asks the store once a second whether rights changed: whoever comes first. */
static void follow(mn_core *c)
{
    mn_signin *s = c->signin;
    int64_t now = mn_monotonic_ns();
    pthread_mutex_lock(&s->cache_lock);
    bool mine = s->asked_ns == 0 || now - s->asked_ns >= ASK_NS;
    if (mine)
        s->asked_ns = now;
    pthread_mutex_unlock(&s->cache_lock);
    if (mine)
        renew(c, s);
}

static mn_identity *look_up(mn_signin *s, const uint8_t hash[MN_SECRET_HASH], uint64_t *generation)
{
    pthread_mutex_lock(&s->cache_lock);
    mn_identity *id = *slot_of(s, hash);
    while (id && sodium_memcmp(id->hash, hash, MN_SECRET_HASH) != 0)
        id = id->next;
    if (id)
        atomic_fetch_add(&id->refs, 1);
    *generation = s->generation;
    pthread_mutex_unlock(&s->cache_lock);
    return id;
}

static void keep(mn_signin *s, mn_identity *id, uint64_t generation)
{
    pthread_mutex_lock(&s->cache_lock);
    if (s->generation == generation && generation != 0) {
        if (s->n >= MN_IDENTITIES_MAX)
            empty(s);
        mn_identity **slot = slot_of(s, id->hash);
        atomic_fetch_add(&id->refs, 1);
        id->next = *slot;
        *slot = id;
        s->n++;
    }
    pthread_mutex_unlock(&s->cache_lock);
}

static mn_code nobody(char kind, mn_error *err)
{
    return mn_fail(err, MN_E_UNAUTHENTICATED,
                   kind == 't' ? "there is no such token, or it ended: make a new one"
                               : "the session ended: sign in again");
}

static mn_code read_identity(mn_core *c, char kind, const uint8_t hash[MN_SECRET_HASH], mn_identity **out,
                             mn_error *err)
{
    const mn_access_ops *ops = c->store->ops->access;
    mn_session s;
    mn_token t;
    mn_arena *arena = mn_arena_create(MN_SIGNIN_ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to look a session up");
    mn_code code = c->store->ops->begin_read(c->store, err);
    if (code == MN_OK) {
        code = kind == 't' ? ops->token_by_hash(c->store, hash, arena, &t, err)
                           : ops->session_by_hash(c->store, hash, arena, &s, err);
        if (code == MN_OK)
            code = mn_identity_make(c, kind == 't' ? NULL : &s, kind == 't' ? &t : NULL, arena, out, err);
        c->store->ops->rollback(c->store);
    }
    mn_arena_destroy(arena);
    return code == MN_E_NOT_FOUND ? nobody(kind, err) : code;
}

static bool ended(const mn_core *c, const mn_identity *id, mn_time now)
{
    bool idle =
        mn_id_is_nil(&id->info.token) && now - (mn_time)atomic_load(&id->seen) > mn_signin_policy_of(c).idle;
    return now >= id->info.until || idle;
}

/* A use that could not be written is written by the next one. */
static void note_use(mn_core *c, mn_identity *id, mn_time now)
{
    long long written = atomic_load(&id->written);
    atomic_store(&id->seen, now);
    if (now - written < WRITE_EVERY || !atomic_compare_exchange_strong(&id->written, &written, now))
        return;
    mn_code code = mn_id_is_nil(&id->info.token)
                       ? c->store->ops->access->session_seen(c->store, &id->info.session, now, NULL)
                       : c->store->ops->access->token_used(c->store, &id->info.token, now, NULL);
    if (code != MN_OK)
        atomic_store(&id->written, written);
}

static mn_code whose_hash(mn_core *c, char kind, const uint8_t hash[MN_SECRET_HASH], mn_identity **out,
                          mn_error *err)
{
    uint64_t generation = 0;
    mn_code code = MN_OK;
    mn_time now = mn_time_now();
    follow(c);
    mn_identity *id = look_up(c->signin, hash, &generation);
    if (id && ended(c, id, now)) { /* unless it was used in another process meanwhile */
        mn_identity_unref(id);
        id = NULL;
        generation = 0;
    }
    if (!id) {
        code = read_identity(c, kind, hash, &id, err);
        if (code == MN_OK && ended(c, id, now)) {
            mn_identity_unref(id);
            return nobody(kind, err);
        }
        if (code == MN_OK)
            keep(c->signin, id, generation);
    }
    if (code != MN_OK)
        return code;
    note_use(c, id, now);
    *out = id;
    return MN_OK;
}

static mn_code who_is(mn_core *c, char kind, const char *secret, mn_identity **out, mn_error *err)
{
    uint8_t hash[MN_SECRET_HASH];
    return hash_of(c, kind, secret, hash) ? whose_hash(c, kind, hash, out, err) : nobody(kind, err);
}

mn_code mn_core_identity_again(mn_core *c, const mn_identity *who, mn_identity **out, mn_error *err)
{
    return whose_hash(c, mn_id_is_nil(&who->info.token) ? 's' : 't', who->hash, out, err);
}

mn_code mn_core_session(mn_core *c, const char *secret, mn_identity **out, mn_error *err)
{
    return who_is(c, 's', secret, out, err);
}

mn_code mn_core_token(mn_core *c, const char *secret, mn_identity **out, mn_error *err)
{
    return who_is(c, 't', secret, out, err);
}

/* ---- CSRF: derived from the session, so that nothing more is stored ---- */

void mn_core_csrf(const mn_core *c, const mn_identity *who, char text[MN_SECRET_TEXT])
{
    uint8_t hash[MN_SECRET_HASH];
    text[0] = 0;
    if (mn_id_is_nil(&who->info.session))
        return;
    mn_secret_hash(c, 'c', who->hash, sizeof who->hash, hash);
    sodium_bin2base64(text, MN_SECRET_TEXT, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool mn_core_csrf_fits(const mn_core *c, const mn_identity *who, const char *text)
{
    char want[MN_SECRET_TEXT] = "", got[MN_SECRET_TEXT] = "";
    mn_core_csrf(c, who, want);
    if (!text || !want[0] || strlen(text) >= sizeof got)
        return false;
    memcpy(got, text, strlen(text));
    return sodium_memcmp(want, got, sizeof want) == 0;
}
