/* mien user add, list, passwd, disable, enable, remove. */
#include "cli/desk.h"
#include "cli/out.h"
#include "core/users.h"

#include <sodium.h>
#include <string.h>

#define PAGE 200

static json_t *user_json(const mn_user *u, const char *once)
{
    json_t *o =
        json_pack("{so so so so sb sb so}", "user", mn_json_id(&u->id), "login", mn_json_text(u->login),
                  "name", mn_json_text(u->name), "roles", json_array(), "active", !u->disabled,
                  "password_change", u->once, "last_login", u->seen ? mn_json_time(u->seen) : json_null());
    json_t *roles = json_object_get(o, "roles");
    for (const char *at = u->roles; at && *at;) {
        size_t n = strcspn(at, " ");
        json_array_append_new(roles, json_stringn(at, n));
        at += n + (at[n] == ' ');
    }
    if (once && *once)
        json_object_set_new(o, "one_time_password", json_string(once));
    return o;
}

static mn_code tell(const mn_desk *d, const mn_user *u, const char *once, const char *done, mn_error *err)
{
    if (d->cli->json)
        return mn_json_print(d->cli->out, user_json(u, once), err);
    fprintf(d->cli->out, "%s: %s\n", u->login, done);
    if (once && *once)
        fprintf(d->cli->out, "one-time password, shown this once: %s\n", once);
    return MN_OK;
}

/* "operator,auditor" */
static size_t split_roles(const char *text, mn_arena *arena, const char *out[MN_ROLES_MAX + 1])
{
    size_t n = 0;
    char *copy = mn_arena_strdup(arena, text), *rest = NULL;
    for (char *one = copy ? strtok_r(copy, ",", &rest) : NULL; one && n <= MN_ROLES_MAX;
         one = strtok_r(NULL, ",", &rest))
        out[n++] = one;
    return n;
}

/* NULL without --password. */
static mn_code read_password(const mn_desk *d, char room[MN_DESK_PASSWORD], const char **out, mn_error *err)
{
    *out = NULL;
    if (!mn_args_given(d->cli->args, MN_O_PASSWORD))
        return MN_OK;
    mn_code code = mn_desk_password(room, err);
    if (code == MN_OK)
        *out = room;
    return code;
}

static mn_code add(mn_desk *d, mn_error *err)
{
    const mn_args *a = d->cli->args;
    const char *roles[MN_ROLES_MAX + 1];
    const char *login = a->operands[0], *role = a->value[MN_O_ROLE];
    char password[MN_DESK_PASSWORD], once[MN_ONCE_TEXT] = "";
    mn_user_fields f = {
        .login = login, .name = a->value[MN_O_NAME] ? a->value[MN_O_NAME] : login, .roles = roles};
    mn_user u;
    if (!role)
        return mn_fail(err, MN_E_INVALID, "--role says what the user may do: see mien roles");
    f.n_roles = split_roles(role, d->arena, roles);
    mn_code code = read_password(d, password, &f.password, err);
    if (code == MN_OK)
        code = mn_core_user_add(d->core, &d->actor, &f, d->arena, &u, once, err);
    sodium_memzero(password, sizeof password);
    return code == MN_OK ? tell(d, &u, once, "added", err) : code;
}

static mn_code passwd(mn_desk *d, mn_error *err)
{
    char room[MN_DESK_PASSWORD], once[MN_ONCE_TEXT] = "";
    const char *password = NULL;
    mn_user u;
    mn_code code = mn_core_user_find(d->core, &d->actor, d->cli->args->operands[0], d->arena, &u, err);
    if (code == MN_OK)
        code = read_password(d, room, &password, err);
    if (code == MN_OK)
        code = mn_core_user_reset(d->core, &d->actor, &u.id, password, d->arena, &u, once, err);
    sodium_memzero(room, sizeof room);
    if (code == MN_OK)
        code = mn_core_user_get(d->core, &d->actor, &u.id, d->arena, &u, err);
    return code == MN_OK ? tell(d, &u, once, "has a new password", err) : code;
}

static mn_code set_disabled(mn_desk *d, bool disabled, mn_error *err)
{
    const mn_user_fields f = {.disabled = &disabled};
    mn_user u;
    mn_code code = mn_core_user_find(d->core, &d->actor, d->cli->args->operands[0], d->arena, &u, err);
    if (code == MN_OK)
        code = mn_core_user_change(d->core, &d->actor, &u.id, &f, NULL, d->arena, &u, err);
    return code == MN_OK ? tell(d, &u, NULL, disabled ? "disabled" : "enabled", err) : code;
}

static mn_code disable(mn_desk *d, mn_error *err)
{
    return set_disabled(d, true, err);
}

static mn_code enable(mn_desk *d, mn_error *err)
{
    return set_disabled(d, false, err);
}

static mn_code remove_user(mn_desk *d, mn_error *err)
{
    mn_user u;
    mn_code code = mn_core_user_find(d->core, &d->actor, d->cli->args->operands[0], d->arena, &u, err);
    if (code == MN_OK)
        code = mn_core_user_remove(d->core, &d->actor, &u.id, NULL, err);
    return code == MN_OK ? tell(d, &u, NULL, "removed", err) : code;
}

static void print_row(FILE *out, const mn_user *u)
{
    char seen[MN_TIME_TEXT] = "never";
    if (u->seen)
        mn_time_format(u->seen, seen);
    mn_text_pad(out, u->login, 20);
    fputc(' ', out);
    mn_text_pad(out, u->name, 24);
    fprintf(out, " %s, last login %s%s\n", u->roles, seen, u->disabled ? ", disabled" : "");
}

static mn_code list(mn_desk *d, mn_error *err)
{
    const char *after = NULL;
    size_t n = PAGE;
    mn_code code = MN_OK;
    while (code == MN_OK && n == PAGE) {
        mn_user *users = NULL;
        code = mn_core_users(d->core, &d->actor, after, PAGE, d->arena, &users, &n, err);
        for (size_t i = 0; code == MN_OK && i < n; i++) {
            if (d->cli->json)
                code = mn_json_print(d->cli->out, user_json(&users[i], NULL), err);
            else
                print_row(d->cli->out, &users[i]);
        }
        if (code == MN_OK && n > 0)
            after = users[n - 1].login;
    }
    return code;
}

int mn_cmd_user_add(mn_cli *cli)
{
    return mn_desk_run(cli, true, add);
}

int mn_cmd_user_list(mn_cli *cli)
{
    return mn_desk_run(cli, false, list);
}

int mn_cmd_user_passwd(mn_cli *cli)
{
    return mn_desk_run(cli, false, passwd);
}

int mn_cmd_user_disable(mn_cli *cli)
{
    return mn_desk_run(cli, false, disable);
}

int mn_cmd_user_enable(mn_cli *cli)
{
    return mn_desk_run(cli, false, enable);
}

int mn_cmd_user_remove(mn_cli *cli)
{
    return mn_desk_run(cli, false, remove_user);
}
