/* Who asks: a program's token, or a browser's session. */
#include "app/internal.h"

#include "net/auth.h"
#include "net/cookies.h"

#include <string.h>

static bool is_safe(mn_http_method m)
{
    return m == MN_HTTP_GET || m == MN_HTTP_HEAD;
}

static bool find_cookie(const mn_http_request *r, const char **value, size_t *n)
{
    const char *header = mn_http_header_value(r, "Cookie");
    return mn_cookie_find(header, r->secure ? MN_SESSION_COOKIE_SECURE : MN_SESSION_COOKIE, value, n);
}

bool mn_app_has_credentials(const mn_http_request *r)
{
    const char *value;
    size_t n;
    return mn_http_header_value(r, "Authorization") || find_cookie(r, &value, &n);
}

static mn_code by_token(mn_api_call *call, const char *header, mn_identity **out, mn_error *err)
{
    char secret[MN_SECRET_TEXT];
    const char *token;
    size_t n;
    if (!mn_auth_bearer(header, &token, &n) || n >= sizeof secret)
        return mn_fail(err, MN_E_UNAUTHENTICATED, "send a token as Authorization: Bearer TOKEN");
    memcpy(secret, token, n);
    secret[n] = 0;
    return mn_core_token(call->core, secret, out, err);
}

/* A browser sends the cookie by itself, whichever page asks: what changes something must prove that it was a
 * page that could read the answer of /v1/login or /v1/me. */
static mn_code by_session(mn_api_call *call, mn_identity **out, mn_error *err)
{
    const char *value;
    size_t n;
    char secret[MN_SECRET_TEXT];
    if (!find_cookie(call->request, &value, &n) || n >= sizeof secret)
        return mn_fail(err, MN_E_UNAUTHENTICATED, "nobody is signed in: sign in under /v1/login");
    memcpy(secret, value, n);
    secret[n] = 0;
    mn_code code = mn_core_session(call->core, secret, out, err);
    if (code != MN_OK || is_safe(call->request->method))
        return code;
    const char *csrf = mn_http_header_value(call->request, "X-CSRF-Token");
    if (csrf && mn_core_csrf_fits(call->core, *out, csrf))
        return MN_OK;
    mn_identity_unref(*out);
    return mn_fail(
        err, MN_E_FORBIDDEN,
        "the header X-CSRF-Token is missing or belongs to another session: send the value of csrf from "
        "/v1/me");
}

static void drop_identity(void *who)
{
    mn_identity_unref(who);
}

static mn_code keep(mn_api_call *call, mn_identity *who, mn_error *err)
{
    mn_visit *visit = call->request->user;
    const mn_identity_info info = mn_identity_describe(who);
    if (mn_arena_on_end(call->arena, drop_identity, who) != 0) {
        mn_identity_unref(who);
        return mn_fail(err, MN_E_MEMORY, "no memory for a request");
    }
    mn_id_format(&info.user, visit->user);
    call->caller = who;
    call->actor = mn_identity_actor(who);
    return MN_OK;
}

mn_code mn_app_authenticate(mn_api_call *call, mn_error *err)
{
    mn_identity *who = NULL;
    const char *header = mn_http_header_value(call->request, "Authorization");
    mn_code code = header ? by_token(call, header, &who, err) : by_session(call, &who, err);
    return code == MN_OK ? keep(call, who, err) : code;
}
