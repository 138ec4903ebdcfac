/* The audit record of what was done, and the checks of texts that end up in it. */
#include "core/internal.h"
#include "core/sessions.h"

#include <stdlib.h>
#include <string.h>

/* Length of the well-formed UTF-8 character at p, 0 where there is none. */
static size_t utf8_length(const unsigned char *p)
{
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
               : (p[0] & 0xf0) == 0xe0       ? 3
               : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                             : 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xed && p[1] >= 0xa0;
    bool beyond = p[0] == 0xf4 && p[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : n;
}

mn_code mn_core_check_text(const char *what, const char *text, mn_error *err)
{
    if (!text || !*text)
        return mn_fail(err, MN_E_INVALID, "%s is missing", what);
    if (strlen(text) > MN_CORE_TEXT_MAX)
        return mn_fail(err, MN_E_INVALID, "%s is longer than %d bytes", what, MN_CORE_TEXT_MAX);
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        size_t n = utf8_length(p);
        if (n == 0)
            return mn_fail(err, MN_E_INVALID,
                           "%s is not UTF-8: give it in another way than by this file or folder name", what);
        if (*p < 0x20 || *p == 0x7f)
            return mn_fail(err, MN_E_INVALID, "%s has a control character in it: take it out", what);
        p += n;
    }
    return MN_OK;
}

mn_code mn_core_check_lines(const char *what, const char *text, size_t max, mn_error *err)
{
    if (strlen(text) > max)
        return mn_fail(err, MN_E_INVALID, "%s is longer than %zu bytes", what, max);
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        size_t n = utf8_length(p);
        if (n == 0)
            return mn_fail(err, MN_E_INVALID, "%s is not UTF-8", what);
        if ((*p < 0x20 && !strchr("\t\n\r", *p)) || *p == 0x7f)
            return mn_fail(err, MN_E_INVALID, "%s has a control character in it: take it out", what);
        p += n;
    }
    return MN_OK;
}

mn_code mn_core_note_cut(mn_core *c, const mn_actor *who, const char *operation, const mn_error *why,
                         mn_error *err)
{
    return mn_core_record(c, who, "transfer.cut", NULL,
                          json_pack("{s:s, s:s, s:s}", "operation", operation, "code",
                                    mn_code_word(why->code), "why", why->text),
                          err);
}

mn_code mn_core_check_actor(const mn_actor *who, mn_error *err)
{
    return mn_core_check_text("the actor's name, for the audit log,", who ? who->name : NULL, err);
}

json_t *mn_core_json_id(const mn_id *id)
{
    char text[MN_ID_TEXT];
    mn_id_format(id, text);
    return json_string(text);
}

/* To text, and gone; NULL for want of memory. The request's id leads to what else is known of it: its line in
 * the server's log, and its other records. */
static char *dump(const mn_actor *who, json_t *detail)
{
    if (who->request && json_object_set_new(detail, "request", json_string(who->request)) != 0) {
        json_decref(detail);
        return NULL;
    }
    char *text = detail ? json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(detail);
    return text;
}

mn_code mn_core_make_record(const mn_actor *who, const char *action, const mn_id *target, json_t *detail,
                            mn_time now, mn_arena *arena, mn_audit_record *out, mn_error *err)
{
    char *text = dump(who, detail), *own = text ? mn_arena_strdup(arena, text) : NULL;
    char *id = target ? mn_arena_alloc(arena, MN_ID_TEXT) : NULL;
    free(text);
    if (!own || (target && !id))
        return mn_fail(err, MN_E_MEMORY, "no memory for the audit record");
    if (target)
        mn_id_format(target, id);
    *out = (mn_audit_record){.time = now,
                             .account = who->account,
                             .actor = who->name,
                             .action = action,
                             .target = id,
                             .detail = own};
    return MN_OK;
}

mn_code mn_core_record(mn_core *c, const mn_actor *who, const char *action, const mn_id *target,
                       json_t *detail, mn_error *err)
{
    char *text = dump(who, detail);
    if (!text)
        return mn_fail(err, MN_E_MEMORY, "no memory for the audit record");
    char id[MN_ID_TEXT];
    if (target)
        mn_id_format(target, id);
    mn_audit_record r = {.time = mn_time_now(),
                         .account = who->account,
                         .actor = who->name,
                         .action = action,
                         .target = target ? id : NULL,
                         .detail = text};
    mn_code code = c->store->ops->audit_append(c->store, &r, err);
    free(text);
    return code == MN_OK ? MN_OK : mn_error_prefix(err, "audit log");
}
