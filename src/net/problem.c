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

mn_problem mn_problem_of(const mn_error *why)
{
    int status = mn_code_http(why->code);
    mn_problem p = {.status = status < 400 ? 500 : status, .code = mn_code_word(why->code)};
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
