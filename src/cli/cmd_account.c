/* mien account add, list, suspend, resume. */
#include "cli/desk.h"
#include "cli/out.h"
#include "core/accounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 200

static json_t *limit_json(int64_t limit)
{
    return limit ? json_integer(limit) : json_null();
}

static json_t *account_json(const mn_account *a)
{
    return json_pack("{so so sb so so so so}", "account", mn_json_id(&a->id), "name", mn_json_text(a->name),
                     "active", !a->suspended, "created", mn_json_time(a->created), "expires",
                     mn_json_time(a->expires), "max_people", limit_json(a->people_max), "max_faces",
                     limit_json(a->faces_max));
}

static void print_limit(FILE *out, const char *what, int64_t limit)
{
    char text[MN_RATE_TEXT];
    if (limit)
        fprintf(out, ", at most %s %s", mn_text_count((uint64_t)limit, text), what);
}

static mn_code tell(const mn_desk *d, const mn_account *a, mn_error *err)
{
    char expires[MN_TIME_TEXT];
    if (d->cli->json)
        return mn_json_print(d->cli->out, account_json(a), err);
    mn_text_pad(d->cli->out, a->name, 24);
    fprintf(d->cli->out, " %s", a->suspended ? "suspended" : "active");
    print_limit(d->cli->out, "people", a->people_max);
    print_limit(d->cli->out, "faces", a->faces_max);
    if (a->expires != MN_TIME_NEVER) {
        mn_time_format(a->expires, expires);
        fprintf(d->cli->out, ", expires %.10s", expires);
    }
    fputc('\n', d->cli->out);
    return MN_OK;
}

static mn_code read_limit(const mn_args *a, mn_option which, int64_t *room, const int64_t **out,
                          mn_error *err)
{
    char *end = NULL;
    const char *text = a->value[which];
    if (!text)
        return MN_OK;
    errno = 0;
    *room = strtoll(text, &end, 10);
    *out = room;
    return errno == 0 && end != text && *end == 0
               ? MN_OK
               : mn_fail(err, MN_E_INVALID, "--%s is a whole number, 0 for no limit, not \"%.40s\"",
                         mn_option_describe(which)->name, text);
}

static mn_code add(mn_desk *d, mn_error *err)
{
    const mn_args *a = d->cli->args;
    int64_t people, faces;
    char once[MN_ONCE_TEXT] = "";
    mn_account_fields f = {.name = a->operands[0], .admin_login = a->value[MN_O_ADMIN]};
    mn_account account;
    mn_user admin;
    mn_code code = read_limit(a, MN_O_MAX_PEOPLE, &people, &f.people, err);
    if (code == MN_OK)
        code = read_limit(a, MN_O_MAX_FACES, &faces, &f.faces, err);
    if (code == MN_OK)
        code = mn_core_account_add(d->core, &d->actor, &f, d->arena, &account, &admin, once, err);
    if (code != MN_OK)
        return code;
    if (d->cli->json) {
        json_t *o = account_json(&account);
        if (f.admin_login)
            json_object_set_new(o, "admin",
                                json_pack("{so so ss}", "user", mn_json_id(&admin.id), "login",
                                          mn_json_text(admin.login), "one_time_password", once));
        return mn_json_print(d->cli->out, o, err);
    }
    code = tell(d, &account, err);
    if (code == MN_OK && f.admin_login)
        fprintf(d->cli->out, "login %s/%s, one-time password, shown this once: %s\n", account.name,
                admin.login, once);
    return code;
}

static mn_code set_suspended(mn_desk *d, bool suspended, mn_error *err)
{
    const mn_account_fields f = {.suspended = &suspended};
    mn_account a;
    mn_code code = mn_core_account_find(d->core, &d->actor, d->cli->args->operands[0], d->arena, &a, err);
    if (code == MN_OK)
        code = mn_core_account_change(d->core, &d->actor, &a.id, &f, NULL, d->arena, &a, err);
    return code == MN_OK ? tell(d, &a, err) : code;
}

static mn_code suspend(mn_desk *d, mn_error *err)
{
    return set_suspended(d, true, err);
}

static mn_code resume(mn_desk *d, mn_error *err)
{
    return set_suspended(d, false, err);
}

static mn_code list(mn_desk *d, mn_error *err)
{
    mn_place last;
    mn_account_query q = {.active = MN_ANY, .expires_to = MN_TIME_NEVER, .limit = PAGE};
    size_t n = PAGE;
    mn_code code = MN_OK;
    while (code == MN_OK && n == PAGE) {
        mn_account *all = NULL;
        code = mn_core_accounts(d->core, &d->actor, &q, d->arena, &all, &n, err);
        for (size_t i = 0; code == MN_OK && i < n; i++)
            code = tell(d, &all[i], err);
        if (code == MN_OK && n > 0) {
            last = (mn_place){.id = all[n - 1].id, .name = all[n - 1].name};
            q.after = &last;
        }
    }
    return code;
}

int mn_cmd_account_add(mn_cli *cli)
{
    return mn_desk_run(cli, true, add);
}

int mn_cmd_account_list(mn_cli *cli)
{
    return mn_desk_run(cli, false, list);
}

int mn_cmd_account_suspend(mn_cli *cli)
{
    return mn_desk_run(cli, false, suspend);
}

int mn_cmd_account_resume(mn_cli *cli)
{
    return mn_desk_run(cli, false, resume);
}
