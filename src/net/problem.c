#include "net/problem.h"
#include "net/text.h"
#include <microhttpd.h>
#include <string.h>

#define TEXT_MAX 1024

const char *mn_http_reason(int status)
{
    const char *words = status == 499 ? "Client Closed Request" : MHD_get_reason_phrase_for((unsigned)status);
    return words && words[0] && strcmp(words, "Unknown") != 0 ? words : "Error";
}

const char *mn_problem_action(mn_code code)
{
    static const char *const actions[MN_E_COUNT] = {
        [MN_E_INVALID] = "correct what detail and errors name, and send it again",
        [MN_E_UNAUTHENTICATED] = "sign in under /v1/login, or send a token as Authorization: Bearer TOKEN",
        [MN_E_FORBIDDEN] = "ask an administrator for the right, or leave it",
        [MN_E_CONSENT] = "put the person's consent for this purpose on record first",
        [MN_E_PURPOSE] = "name lists of this purpose, or ask for theirs",
        [MN_E_ACCOUNT] = "ask who runs the server to open the account again",
        [MN_E_QUOTA] = "delete what is not needed, or have the account's limit raised",
        [MN_E_NOT_FOUND] = "check the address and the ids in it",
        [MN_E_METHOD] = "use one of the methods that the header Allow names",
        [MN_E_ACCEPT] = "name another format in the header Accept",
        [MN_E_EXISTS] = "use the one that is there, or take another name",
        [MN_E_CONFLICT] = "look at what is there now, then decide",
        [MN_E_DUPLICATE] = "find out whether it is the same person, then enrol the face for them or ask",
        [MN_E_PACK] = "make the descriptor again, from its picture",
        [MN_E_PRECONDITION] = "read it again, and send the change with its new ETag",
        [MN_E_LIMIT] = "send less, or have the limit raised",
        [MN_E_UNSUPPORTED] = "send one of the formats that /docs names for this address",
        [MN_E_DECODE] = "send the file again, or another one",
        [MN_E_NO_FACE] = "send a picture that shows a whole face, large enough",
        [MN_E_SEVERAL_FACES] = "send a picture of one person, or say which face is meant",
        [MN_E_QUALITY] = "take a sharper, larger, frontal picture",
        [MN_E_RATE] = "wait as long as Retry-After says",
        [MN_E_CANCELLED] = "send it again",
        [MN_E_MEMORY] = "try again later",
        [MN_E_BUSY] = "try again later",
        [MN_E_TIMEOUT] = "send less at once, or try again later",
        [MN_E_IO] = "try again later; where it stays so, tell who runs the server",
    };
    const char *action = (unsigned)code < MN_E_COUNT ? actions[code] : NULL;
    return action ? action : "tell who runs the server, with the request_id";
}

mn_problem mn_problem_of(const mn_error *why)
{
    int status = mn_code_http(why->code);
    mn_problem p = {.status = status < 400 ? 500 : status,
                    .code = mn_code_word(why->code),
                    .action = mn_problem_action(why->code)};
    if (status < 400)
        p.code = mn_code_word(MN_E_INTERNAL);
    if (p.status != 500)
        p.detail = why->text;
    return p;
}

static mn_code put_character(mn_buf *out, const char *at, size_t n, mn_error *err)
{
    if (n == 0)
        return mn_buf_append(out, "\xef\xbf\xbd", 3, err);
    if (*at == '"' || *at == '\\')
        return mn_buf_printf(out, err, "\\%c", *at);
    if ((unsigned char)*at < 0x20 || *at == 0x7f)
        return mn_buf_printf(out, err, "\\u%04x", (unsigned)*at);
    return mn_buf_append(out, at, n, err);
}

static mn_code put_text(mn_buf *out, const char *name, const char *text, mn_error *err)
{
    if (!text)
        return MN_OK;
    mn_code code = mn_buf_printf(out, err, ",\"%s\":\"", name);
    size_t len = strlen(text), n;
    for (size_t i = 0; !code && i < len && i < TEXT_MAX; i += n ? n : 1) {
        n = mn_utf8_character(text + i, len - i);
        code = put_character(out, text + i, n, err);
    }
    return code ? code : mn_buf_append(out, "\"", 1, err);
}

mn_code mn_problem_render(const mn_problem *p, const char *request_id, mn_buf *out, mn_error *err)
{
    size_t before = out->len;
    mn_code code = mn_buf_printf(out, err, "{\"type\":\"about:blank\",\"status\":%d", p->status);
    const struct {
        const char *name, *text;
    } members[] = {
        {"title", p->title ? p->title : mn_http_reason(p->status)},
        {"code", p->code},
        {"detail", p->detail},
        {"field", p->field},
        {"pointer", p->pointer},
        {"action", p->action},
        {"request_id", request_id},
    };
    for (size_t i = 0; !code && i < sizeof members / sizeof *members; i++)
        code = put_text(out, members[i].name, members[i].text, err);
    if (!code)
        code = mn_buf_append(out, "}", 1, err);
    if (code)
        mn_buf_cut(out, before);
    return code;
}
