/* mien people list, show, erase, withdraw: the records. None of them needs a model. */
#include "cli/config.h"
#include "cli/desk.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/backup.h"
#include <string.h>
#include <unistd.h>

#define PAGE 200

/* ---- what a record looks like ---- */

static const char *consent_state(const mn_consent *c)
{
    if (c->withdrawn != MN_TIME_NEVER)
        return "withdrawn";
    return c->until <= mn_time_now() ? "expired" : "valid";
}

static json_t *consents_json(const mn_person_view *v)
{
    json_t *all = json_array();
    for (size_t i = 0; i < v->n_consents; i++) {
        const mn_consent *c = &v->consents[i];
        json_array_append_new(all, json_pack("{ss ss so so so so so}", "purpose", mn_purpose_word(c->purpose),
                                             "state", consent_state(c), "method", mn_json_text(c->method),
                                             "evidence", mn_json_text(c->evidence), "given",
                                             mn_json_time(c->given), "until", mn_json_time(c->until),
                                             "withdrawn", mn_json_time(c->withdrawn)));
    }
    return all;
}

static json_t *person_json(const mn_person_view *v)
{
    json_t *lists = json_array(), *faces = json_array();
    for (size_t i = 0; i < v->n_lists; i++)
        json_array_append_new(lists, mn_json_text(v->lists[i].name));
    for (size_t i = 0; i < v->n_faces; i++)
        json_array_append_new(faces, json_pack("{so so sf so}", "face", mn_json_id(&v->faces[i].id), "source",
                                               mn_json_text(v->faces[i].source), "quality",
                                               (double)v->faces[i].quality, "created",
                                               mn_json_time(v->faces[i].created)));
    return json_pack("{so so so so so so so so}", "person", mn_json_id(&v->person.id), "name",
                     mn_json_text(v->person.name), "external_id", mn_json_text(v->person.external_id),
                     "created", mn_json_time(v->person.created), "lists", lists, "consents", consents_json(v),
                     "faces", faces, "erasure_due", mn_json_time(v->erasure_due));
}

static void print_consents(FILE *out, const mn_person_view *v)
{
    char given[MN_TIME_TEXT], until[MN_TIME_TEXT];
    for (size_t i = 0; i < v->n_consents; i++) {
        const mn_consent *c = &v->consents[i];
        mn_time_format(c->given, given);
        mn_time_format(c->until, until);
        fprintf(out, "  consent      %s: %s, given %.10s, until %.10s, by %s", mn_purpose_word(c->purpose),
                consent_state(c), given, until, c->method);
        fprintf(out, c->evidence && *c->evidence ? " (%s)\n" : "\n", c->evidence);
    }
}

static void print_person(FILE *out, const mn_person_view *v)
{
    char id[MN_ID_TEXT];
    mn_id_format(&v->person.id, id);
    fprintf(out, "%s\n  person       %s\n", v->person.name ? v->person.name : "(no name)", id);
    if (v->person.external_id)
        fprintf(out, "  external id  %s\n", v->person.external_id);
    for (size_t i = 0; i < v->n_lists; i++)
        fprintf(out, "  list         %s\n", v->lists[i].name);
    print_consents(out, v);
    if (v->erasure_due != MN_TIME_NEVER) {
        char due[MN_TIME_TEXT];
        mn_time_format(v->erasure_due, due);
        fprintf(out, "  erasure      at %s\n", due);
    }
    for (size_t i = 0; i < v->n_faces; i++)
        fprintf(out, "  face         quality %.2f, from %s\n", (double)v->faces[i].quality,
                v->faces[i].source ? v->faces[i].source : "(unknown)");
}

/* ---- list ---- */

static void print_row(FILE *out, const mn_person_view *v)
{
    char id[MN_ID_TEXT];
    mn_id_format(&v->person.id, id);
    fprintf(out, "%s  ", id);
    mn_text_pad(out, v->person.name ? v->person.name : "(no name)", 28);
    fprintf(out, " %3zu face%s", v->n_faces, v->n_faces == 1 ? " " : "s");
    for (size_t i = 0; i < v->n_lists; i++)
        fprintf(out, "%s%s", i ? ", " : "  ", v->lists[i].name);
    fputc('\n', out);
}

/* One page after another; the records of a page end before the next begins. */
static mn_code list_people(mn_desk *d, size_t limit, json_t *all, size_t *n_all, mn_error *err)
{
    const mn_args *a = d->cli->args;
    mn_id after = {0};
    size_t n = PAGE;
    while (n == PAGE && *n_all < limit) {
        mn_person_view *page;
        mn_code code = mn_core_people(d->core, &d->actor, a->value[MN_O_LIST], a->value[MN_O_LIKE], &after,
                                      PAGE, d->arena, &page, &n, err);
        if (code != MN_OK)
            return code;
        for (size_t i = 0; i < n && *n_all < limit; i++, ++*n_all) {
            if (all)
                json_array_append_new(all, person_json(&page[i]));
            else
                print_row(d->cli->out, &page[i]);
        }
        if (n)
            after = page[n - 1].person.id;
        mn_arena_reset(d->arena);
    }
    return MN_OK;
}

int mn_cmd_people_list(mn_cli *cli)
{
    mn_error err = {0};
    mn_desk d = {0};
    long limit;
    size_t n = 0;
    mn_code code = mn_config_number(cli->args, MN_O_LIMIT, 1, 1000000, 1000000, &limit, &err);
    if (code != MN_OK)
        return mn_say_usage(cli->args->command, err.text);
    json_t *all = cli->json ? json_array() : NULL;
    code = mn_desk_open(cli, false, &d, &err);
    if (code == MN_OK)
        code = list_people(&d, (size_t)limit, all, &n, &err);
    if (code == MN_OK && cli->json)
        code = mn_json_print(cli->out, json_pack("{sO}", "people", all), &err);
    else if (code == MN_OK && !n)
        fprintf(cli->out, "nobody\n");
    json_decref(all);
    return mn_desk_close(&d, code, &err);
}

/* ---- one person after the other ---- */

static mn_code find(mn_desk *d, const char *ref, mn_person_view *out, mn_error *err)
{
    return mn_core_person(d->core, &d->actor, ref, d->arena, out, err);
}

static mn_code show(mn_desk *d, const char *ref, json_t *all, mn_error *err)
{
    mn_person_view v;
    mn_code code = find(d, ref, &v, err);
    if (code != MN_OK)
        return code;
    if (d->cli->json)
        json_array_append_new(all, person_json(&v));
    else
        print_person(d->cli->out, &v);
    return MN_OK;
}

int mn_cmd_people_show(mn_cli *cli)
{
    return mn_desk_each(cli, 0, "people", show);
}

/* The keys that were just destroyed may still stand in a backup folder that is not there. */
static void say_behind(mn_desk *d)
{
    const char **folders = NULL;
    size_t n = 0;
    mn_arena *arena = mn_arena_create(1 << 20);
    if (arena && mn_core_backups_behind(d->core, arena, &folders, &n, NULL) == MN_OK)
        for (size_t i = 0; i < n; i++)
            mn_say_note(d->cli,
                        "the backup folder %s could not be reached: the destroyed keys go out of it when a "
                        "command finds it there again (mien backup does)",
                        folders[i]);
    mn_arena_destroy(arena);
}

static mn_code destroy(mn_desk *d, const mn_person_view *v, mn_time *due, mn_error *err)
{
    *due = MN_TIME_NEVER;
    if (d->cli->args->value[MN_O_NOW])
        return mn_core_erase_now(d->core, &d->actor, &v->person.id, err);
    mn_code code = mn_core_erase(d->core, &d->actor, &v->person.id, err);
    return code == MN_OK ? mn_core_erasure_due(d->core, &d->actor, &v->person.id, due, err) : code;
}

static mn_code erase(mn_desk *d, const char *ref, json_t *all, mn_error *err)
{
    mn_person_view v;
    mn_time due;
    char when[MN_TIME_TEXT];
    mn_code code = find(d, ref, &v, err);
    const char *name = code == MN_OK && v.person.name ? v.person.name : "this person";
    if (code == MN_OK &&
        !mn_say_ask(d->cli, "Erase %s, %zu face%s, for good?", name, v.n_faces, v.n_faces == 1 ? "" : "s"))
        code = mn_fail(err, MN_E_CANCELLED, "not erased");
    if (code == MN_OK)
        code = destroy(d, &v, &due, err);
    if (code != MN_OK)
        return code;
    say_behind(d);
    mn_time_format(due, when);
    if (d->cli->json)
        json_array_append_new(all, json_pack("{so so sb so}", "person", mn_json_id(&v.person.id), "name",
                                             mn_json_text(v.person.name), "erased", due == MN_TIME_NEVER,
                                             "due", mn_json_time(due)));
    else if (due == MN_TIME_NEVER)
        fprintf(d->cli->out, "%s erased\n", name);
    else
        fprintf(d->cli->out, "%s is found no more, and will be erased at %s\n", name, when);
    return MN_OK;
}

int mn_cmd_people_erase(mn_cli *cli)
{
    if (!cli->args->value[MN_O_YES] && !isatty(STDIN_FILENO))
        return mn_say_usage(cli->args->command, "there is nobody to ask here: erasing needs --yes");
    return mn_desk_each(cli, 0, "people", erase);
}

static mn_code withdraw(mn_desk *d, const char *ref, json_t *all, mn_error *err)
{
    mn_person_view v;
    mn_purpose purpose = MN_PURPOSE_IDENTIFICATION;
    const char *word = d->cli->args->value[MN_O_CONSENT];
    mn_purpose_parse(word, &purpose);
    mn_code code = find(d, ref, &v, err);
    if (code == MN_OK)
        code = mn_core_consent_withdraw(d->core, &d->actor, &v.person.id, purpose, err);
    if (code != MN_OK)
        return code;
    if (d->cli->json)
        json_array_append_new(all, json_pack("{so so ss}", "person", mn_json_id(&v.person.id), "name",
                                             mn_json_text(v.person.name), "withdrawn", word));
    else
        fprintf(d->cli->out, "%s: consent to %s withdrawn\n", v.person.name ? v.person.name : "person", word);
    return MN_OK;
}

int mn_cmd_people_withdraw(mn_cli *cli)
{
    if (!cli->args->value[MN_O_CONSENT])
        return mn_say_usage(cli->args->command, "which consent? Say with --consent PURPOSE");
    return mn_desk_each(cli, 0, "people", withdraw);
}
