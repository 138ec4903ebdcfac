/* /v1/login, /v1/logout, /v1/me: signing in, and what concerns oneself. */
#include "app/internal.h"

#include "core/users.h"
#include "net/cookies.h"
#include "net/text.h"

#include <string.h>

#define COOKIE_MAX 1024
#define AGENT_MAX  200

static mn_code set_cookie(mn_api_call *call, const char *secret, int64_t max_age_s, mn_error *err)
{
    bool secure = call->request->secure;
    const mn_cookie_attributes a = {
        .path = "/", .max_age_s = max_age_s, .http_only = true, .secure = secure, .site = MN_COOKIE_STRICT};
    mn_buf text;
    mn_buf_init(&text, COOKIE_MAX);
    mn_code code =
        mn_cookie_format(secure ? MN_SESSION_COOKIE_SECURE : MN_SESSION_COOKIE, secret, &a, &text, err);
    if (code == MN_OK)
        mn_http_header_add(call->answer, "Set-Cookie", (const char *)text.data);
    mn_buf_finish(&text);
    return code;
}

/* ---- who am I ---- */

static json_t *rights_of(const mn_actor *who)
{
    char text[MN_RIGHTS_TEXT];
    mn_rights_format(&who->rights, text);
    return mn_value_words(text);
}

static json_t *describe(mn_core *core, const mn_identity *who)
{
    char csrf[MN_SECRET_TEXT];
    const mn_identity_info i = mn_identity_describe(who);
    const mn_actor *actor = mn_identity_actor(who);
    mn_core_csrf(core, who, csrf);
    return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:b, s:s*, s:o}", "account",
                     mn_value_account(&i.account), "user", mn_value_id(&i.user), "login", i.login, "name",
                     i.name, "roles", mn_value_words(i.roles), "rights", rights_of(actor), "lists",
                     mn_value_scope(actor->limited, actor->lists, actor->n_lists), "password_change",
                     i.must_change, "csrf", csrf[0] ? csrf : NULL, "until", mn_value_time(i.until));
}

mn_code mn_api_me_get(mn_api_call *call, mn_error *err)
{
    return mn_api_answer(call, 200, describe(call->core, call->caller), err);
}

/* ---- in and out ---- */

/* The first AGENT_MAX bytes of User-Agent: some are longer than anybody needs. */
static const char *read_agent(const mn_api_call *call)
{
    const char *said = mn_http_header_value(call->request, "User-Agent");
    int n = 0;
    for (size_t len = said ? strlen(said) : 0, more; (size_t)n < len; n += (int)more) {
        more = mn_utf8_character(said + n, len - (size_t)n);
        if (!more || n + (int)more > AGENT_MAX)
            break;
    }
    return n > 0 ? mn_arena_printf(call->arena, "%.*s", n, said) : NULL;
}

mn_code mn_api_login(mn_api_call *call, mn_error *err)
{
    char secret[MN_SECRET_TEXT], address[MN_ADDRESS_TEXT], block[MN_ADDRESS_TEXT], wait[16];
    unsigned wait_s = 0;
    mn_identity *who = NULL;
    const mn_address counted = mn_address_block(&call->request->peer);
    mn_address_format(&call->request->peer, address);
    mn_address_format(&counted, block);
    const mn_login login = {
        .login = mn_field_text(call->body, "login"),
        .password = mn_field_text(call->body, "password"),
        .address = address,
        .block = block,
        .request = call->request->id,
        .program = read_agent(call),
    };
    mn_code code = mn_core_login(call->core, &login, secret, &who, &wait_s, err);
    if (code == MN_E_RATE) {
        snprintf(wait, sizeof wait, "%u", wait_s);
        mn_http_header_add(call->answer, "Retry-After", wait);
    }
    if (code != MN_OK)
        return code;
    code = set_cookie(call, secret, -1, err);
    if (code == MN_OK)
        code = mn_api_answer(call, 200, describe(call->core, who), err);
    mn_identity_unref(who);
    return code;
}

mn_code mn_api_logout(mn_api_call *call, mn_error *err)
{
    const mn_identity_info i = mn_identity_describe(call->caller);
    mn_code code = MN_OK;
    if (mn_api_yes(call, MN_P_LOGOUT_EVERYWHERE))
        code = mn_core_sessions_end(call->core, call->actor, NULL, err);
    else if (!mn_id_is_nil(&i.session))
        code = mn_core_logout(call->core, call->actor, &i.session, err);
    if (code == MN_OK && !mn_id_is_nil(&i.session))
        code = set_cookie(call, "", 0, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}

mn_code mn_api_password_change(mn_api_call *call, mn_error *err)
{
    unsigned wait_s = 0;
    char wait[16];
    mn_code code =
        mn_core_password_change(call->core, call->caller, call->request->id, mn_field_text(call->body, "old"),
                                mn_field_text(call->body, "new"), &wait_s, err);
    if (code == MN_E_RATE) {
        snprintf(wait, sizeof wait, "%u", wait_s);
        mn_http_header_add(call->answer, "Retry-After", wait);
    }
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}

/* ---- one's own sessions ---- */

static json_t *session_row(const mn_session *s, const mn_id *current)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:b, s:s*}", "session", mn_value_id(&s->id), "created",
                     mn_value_time(s->created), "last_used", mn_value_time(s->seen), "until",
                     mn_value_time(s->until), "current", mn_id_compare(&s->id, current) == 0, "agent",
                     s->program);
}

mn_code mn_api_sessions_list(mn_api_call *call, mn_error *err)
{
    static const char *const columns[] = {"session", "created", "last_used", "until",
                                          "current", "agent",   NULL};
    static const char *const orders[] = {"created", "-created", "last_used", "-last_used", NULL};
    mn_place room;
    const char *next = NULL;
    mn_session *sessions = NULL;
    size_t n = 0;
    const mn_identity_info who = mn_identity_describe(call->caller);
    mn_session_query q = {.order = (mn_session_order)mn_api_choice(call, MN_P_SESSIONS_LIST_SORT, orders),
                          .limit = (size_t)mn_api_whole(call, MN_P_SESSIONS_LIST_LIMIT)};
    mn_code code = mn_api_place(call, MN_P_SESSIONS_LIST_CURSOR, &room, &q.after, err);
    if (code == MN_OK)
        code = mn_core_sessions(call->core, call->actor, &q, call->arena, &sessions, &n, err);
    if (code != MN_OK)
        return code;
    if (n == q.limit) {
        const mn_session *last = &sessions[n - 1];
        next = mn_place_make(call, &last->id, q.order >= MN_SESSIONS_SEEN ? last->seen : last->created, NULL);
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, session_row(&sessions[i], &who.session));
    return mn_api_page(call, "sessions", rows, next, columns, err);
}

mn_code mn_api_session_end(mn_api_call *call, mn_error *err)
{
    const mn_id id = mn_api_id(call, MN_P_SESSION_END_SESSION);
    mn_code code = mn_core_session_end(call->core, call->actor, &id, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}
