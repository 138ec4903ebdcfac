/* mien lists list, show, create, change, delete, add, remove: lists as records, and who is in them. None of
 * them needs a model. */
#include "cli/config.h"
#include "cli/desk.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/records.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE      200
#define LIMIT_MAX 1000000
#define NAME_SIZE 256 /* core takes no longer ones */

/* ---- what a list looks like ---- */

static json_t *list_json(const mn_list_view *v)
{
    const mn_list *l = &v->list;
    json_t *retention =
        l->retention == MN_TIME_NEVER ? json_null() : json_integer(l->retention / MN_TIME_SECOND);
    return json_pack(
        "{so so ss ss so so so sb sb sb sI so so}", "list", mn_json_id(&l->id), "name", mn_json_text(l->name),
        "purpose", mn_purpose_word(l->purpose), "comment", l->comment ? l->comment : "", "retention_s",
        retention, "fmr", l->fmr > 0 ? json_real(l->fmr) : json_null(), "color", mn_json_text(l->color),
        "active", !l->inactive, "acknowledge", (int)l->acknowledge, "sound", (int)l->sound, "members",
        (json_int_t)v->members, "created", mn_json_time(l->created), "updated", mn_json_time(l->updated));
}

/* "30 days", or seconds where they are no whole days. */
static void print_span(FILE *out, mn_time span)
{
    char count[MN_RATE_TEXT];
    bool days = span % MN_TIME_DAY == 0;
    uint64_t n = (uint64_t)(span / (days ? MN_TIME_DAY : MN_TIME_SECOND));
    fprintf(out, "%s %s%s", mn_text_count(n, count), days ? "day" : "second", n == 1 ? "" : "s");
}

static void print_list(FILE *out, const mn_list_view *v)
{
    const mn_list *l = &v->list;
    char id[MN_ID_TEXT], text[MN_RATE_TEXT];
    mn_id_format(&l->id, id);
    fprintf(out, "%s\n  list         %s\n  purpose      %s\n  people       %s\n", l->name, id,
            mn_purpose_word(l->purpose), mn_text_count(v->members, text));
    fprintf(out, "  retention    ");
    if (l->retention == MN_TIME_NEVER)
        fprintf(out, "without end\n");
    else {
        print_span(out, l->retention);
        fprintf(out, " from joining on\n");
    }
    fprintf(out, "  threshold    %s\n", l->fmr > 0 ? mn_text_rate(l->fmr, text) : "that of match.fmr");
    fprintf(out, "  state        %s%s%s\n", l->inactive ? "inactive" : "active",
            l->acknowledge ? ", to be acknowledged" : "", l->sound ? ", with a sound" : "");
    if (l->color)
        fprintf(out, "  color        %s\n", l->color);
    if (l->comment)
        fprintf(out, "  comment      %s\n", l->comment);
}

static void print_row(FILE *out, const mn_list_view *v)
{
    char count[MN_RATE_TEXT];
    mn_text_pad(out, v->list.name, 28);
    fprintf(out, " %-20s %9s%s\n", mn_purpose_word(v->list.purpose), mn_text_count(v->members, count),
            v->list.inactive ? "  inactive" : "");
}

/* ---- list ---- */

typedef struct {
    mn_list_query query;
    mn_purpose purpose;
    mn_id after;
    char after_name[NAME_SIZE];
    size_t limit, n;
    bool more; /* there are others behind the last one */
    json_t *all;
} listing;

/* The page goes on behind this list: it is remembered, as its records end with the page. */
static void go_on_behind(listing *l, const mn_list *last)
{
    l->after = last->id;
    snprintf(l->after_name, sizeof l->after_name, "%s", last->name);
    l->query.after = &l->after;
    l->query.after_name = l->after_name;
}

static mn_code read_listing(mn_desk *d, listing *l, mn_error *err)
{
    const mn_args *a = d->cli->args;
    mn_list_view last;
    l->query = (mn_list_query){.like = a->value[MN_O_LIKE], .active = MN_ANY, .order = MN_LISTS_NAME};
    if (a->value[MN_O_PURPOSE] && mn_purpose_parse(a->value[MN_O_PURPOSE], &l->purpose))
        l->query.purpose = &l->purpose;
    if (!a->value[MN_O_AFTER])
        return MN_OK;
    mn_code code = mn_core_list_find(d->core, &d->actor, a->value[MN_O_AFTER], d->arena, &last, err);
    if (code == MN_OK)
        go_on_behind(l, &last.list);
    return code;
}

static mn_code read_page(mn_desk *d, listing *l, bool *end, mn_error *err)
{
    mn_list_view *page;
    size_t n, left = l->limit - l->n;
    l->query.limit = left < PAGE ? left + 1 : PAGE; /* one more tells whether there are others */
    mn_code code = mn_core_lists_find(d->core, &d->actor, &l->query, d->arena, &page, &n, err);
    if (code != MN_OK)
        return code;
    l->more = n > left;
    *end = l->more || n < l->query.limit;
    n = l->more ? left : n;
    for (size_t i = 0; i < n; i++, l->n++) {
        if (l->all)
            json_array_append_new(l->all, list_json(&page[i]));
        else
            print_row(d->cli->out, &page[i]);
    }
    if (n)
        go_on_behind(l, &page[n - 1].list);
    mn_arena_reset(d->arena);
    return MN_OK;
}

static mn_code list_lists(mn_desk *d, listing *l, mn_error *err)
{
    bool end = false;
    mn_code code = read_listing(d, l, err);
    while (code == MN_OK && !end)
        code = read_page(d, l, &end, err);
    if (code != MN_OK)
        return code;
    if (l->all)
        return mn_json_print(
            d->cli->out,
            json_pack("{sO so}", "lists", l->all, "next", l->more ? mn_json_id(&l->after) : json_null()),
            err);
    if (!l->n)
        fprintf(d->cli->out, "no list\n");
    if (l->more)
        mn_say_note(d->cli, "there are more: go on with --after '%s'", l->after_name);
    return MN_OK;
}

int mn_cmd_lists_list(mn_cli *cli)
{
    mn_error err = {0};
    mn_desk d = {0};
    listing l = {0};
    long limit;
    mn_code code = mn_config_number(cli->args, MN_O_LIMIT, 1, LIMIT_MAX, LIMIT_MAX, &limit, &err);
    if (code != MN_OK)
        return mn_say_usage(cli->args->command, err.text);
    l.limit = (size_t)limit;
    l.all = cli->json ? json_array() : NULL;
    code = mn_desk_open(cli, false, &d, &err);
    if (code == MN_OK)
        code = list_lists(&d, &l, &err);
    json_decref(l.all);
    return mn_desk_close(&d, code, &err);
}

/* ---- create, change ---- */

/* What the fields of a command line point to. */
typedef struct {
    mn_list_fields fields;
    mn_purpose purpose;
    mn_time retention;
    double fmr;
    bool active, acknowledge, sound;
} wish;

static bool none(const char *text)
{
    return strcmp(text, "none") == 0;
}

static mn_code read_retention(const mn_args *a, wish *w, mn_error *err)
{
    const char *text = a->value[MN_O_RETENTION];
    if (!text)
        return MN_OK;
    w->retention = MN_TIME_NEVER;
    w->fields.retention = &w->retention;
    if (none(text) || mn_duration_parse(text, &w->retention))
        return MN_OK;
    return mn_fail(err, MN_E_INVALID, "--retention %.40s: it takes a span such as 30d or 1y, or none", text);
}

static mn_code read_threshold(const mn_args *a, wish *w, mn_error *err)
{
    char *end = NULL;
    const char *text = a->value[MN_O_THRESHOLD];
    if (!text)
        return MN_OK;
    w->fmr = 0;
    w->fields.fmr = &w->fmr;
    if (none(text))
        return MN_OK;
    errno = 0;
    w->fmr = strtod(text, &end);
    return errno == 0 && end != text && !*end && w->fmr > 0 && w->fmr < 1
               ? MN_OK
               : mn_fail(err, MN_E_INVALID,
                         "--threshold %.40s: it takes a rate of false matches such as 1e-5, or none", text);
}

static const bool *yes_or_no(const mn_args *a, mn_option option, bool *room)
{
    const char *text = a->value[option];
    *room = text && strcmp(text, "yes") == 0;
    return text ? room : NULL;
}

static mn_text_change text_change(const char *text, const char *nothing)
{
    return (mn_text_change){.set = text != NULL, .text = text && strcmp(text, nothing) != 0 ? text : NULL};
}

static mn_code read_wish(const mn_args *a, wish *w, mn_error *err)
{
    *w = (wish){0};
    w->fields.comment = text_change(a->value[MN_O_COMMENT], "");
    w->fields.color = text_change(a->value[MN_O_COLOR], "none");
    w->fields.active = yes_or_no(a, MN_O_ACTIVE, &w->active);
    w->fields.acknowledge = yes_or_no(a, MN_O_ACKNOWLEDGE, &w->acknowledge);
    w->fields.sound = yes_or_no(a, MN_O_SOUND, &w->sound);
    mn_code code = read_retention(a, w, err);
    return code == MN_OK ? read_threshold(a, w, err) : code;
}

static mn_code tell(const mn_desk *d, const mn_list_view *v, mn_error *err)
{
    if (d->cli->json)
        return mn_json_print(d->cli->out, list_json(v), err);
    print_list(d->cli->out, v);
    return MN_OK;
}

static mn_code create(mn_desk *d, const wish *w, mn_error *err)
{
    mn_list_view made;
    mn_code code = mn_core_list_create(d->core, &d->actor, &w->fields, d->arena, &made, err);
    return code == MN_OK ? tell(d, &made, err) : code;
}

static mn_code change(mn_desk *d, const wish *w, mn_error *err)
{
    mn_list_view v;
    mn_code code = mn_core_list_find(d->core, &d->actor, d->cli->args->operands[0], d->arena, &v, err);
    if (code == MN_OK)
        code = mn_core_list_change(d->core, &d->actor, &v.list.id, &w->fields, NULL, d->arena, &v, err);
    return code == MN_OK ? tell(d, &v, err) : code;
}

static int write_one(mn_cli *cli, const wish *w, bool make,
                     mn_code (*work)(mn_desk *d, const wish *w, mn_error *err))
{
    mn_error err = {0};
    mn_desk d = {0};
    mn_code code = mn_desk_open(cli, make, &d, &err);
    if (code == MN_OK)
        code = work(&d, w, &err);
    return mn_desk_close(&d, code, &err);
}

int mn_cmd_lists_create(mn_cli *cli)
{
    mn_error err = {0};
    wish w;
    const mn_args *a = cli->args;
    if (!a->value[MN_O_PURPOSE])
        return mn_say_usage(a->command,
                            "what is the list for? Say with --purpose PURPOSE; it stays as it is");
    if (read_wish(a, &w, &err) != MN_OK)
        return mn_say_usage(a->command, err.text);
    mn_purpose_parse(a->value[MN_O_PURPOSE], &w.purpose);
    w.fields.purpose = &w.purpose;
    w.fields.name = a->operands[0];
    return write_one(cli, &w, true, create);
}

int mn_cmd_lists_change(mn_cli *cli)
{
    mn_error err = {0};
    wish w;
    const mn_args *a = cli->args;
    if (read_wish(a, &w, &err) != MN_OK)
        return mn_say_usage(a->command, err.text);
    w.fields.name = a->value[MN_O_NAME];
    return write_one(cli, &w, false, change);
}

/* ---- show, delete: one list after the other ---- */

static mn_code show(mn_desk *d, const char *ref, json_t *all, mn_error *err)
{
    mn_list_view v;
    mn_code code = mn_core_list_find(d->core, &d->actor, ref, d->arena, &v, err);
    if (code != MN_OK)
        return code;
    if (d->cli->json)
        json_array_append_new(all, list_json(&v));
    else
        print_list(d->cli->out, &v);
    return MN_OK;
}

int mn_cmd_lists_show(mn_cli *cli)
{
    return mn_desk_each(cli, 0, "lists", show);
}

static mn_code delete_list(mn_desk *d, const char *ref, json_t *all, mn_error *err)
{
    mn_list_view v;
    char people[MN_RATE_TEXT];
    mn_code code = mn_core_list_find(d->core, &d->actor, ref, d->arena, &v, err);
    if (code == MN_OK && !mn_say_ask(d->cli, "Delete the list %s, with %s people in it?", v.list.name,
                                     mn_text_count(v.members, people)))
        code = mn_fail(err, MN_E_CANCELLED, "not deleted");
    if (code == MN_OK)
        code = mn_core_list_delete(d->core, &d->actor, &v.list.id, NULL, err);
    if (code != MN_OK)
        return code;
    if (d->cli->json)
        json_array_append_new(all, json_pack("{so so sI}", "list", mn_json_id(&v.list.id), "name",
                                             mn_json_text(v.list.name), "members", (json_int_t)v.members));
    else
        fprintf(d->cli->out, "%s deleted\n", v.list.name);
    return MN_OK;
}

int mn_cmd_lists_delete(mn_cli *cli)
{
    if (!cli->args->value[MN_O_YES] && !isatty(STDIN_FILENO))
        return mn_say_usage(cli->args->command, "there is nobody to ask here: deleting needs --yes");
    return mn_desk_each(cli, 0, "lists", delete_list);
}

/* ---- add, remove: who is in it ---- */

static mn_code find_both(mn_desk *d, const char *ref, mn_list_view *list, mn_person_view *person,
                         mn_error *err)
{
    mn_code code = mn_core_list_find(d->core, &d->actor, d->cli->args->operands[0], d->arena, list, err);
    return code == MN_OK ? mn_core_person(d->core, &d->actor, ref, d->arena, person, err) : code;
}

/* until: NULL for who is not in it any more. */
static void tell_member(const mn_desk *d, const mn_list_view *l, const mn_person_view *p, json_t *all,
                        const mn_time *until)
{
    const char *name = p->person.name ? p->person.name : "person";
    if (!d->cli->json)
        fprintf(d->cli->out, "%s is %s %s\n", name, until ? "in" : "not any more in", l->list.name);
    else
        json_array_append_new(all, json_pack("{so so so so*}", "person", mn_json_id(&p->person.id), "name",
                                             mn_json_text(p->person.name), "list", mn_json_id(&l->list.id),
                                             "until", until ? mn_json_time(*until) : NULL));
}

static mn_code add(mn_desk *d, const char *ref, json_t *all, mn_error *err)
{
    mn_list_view l;
    mn_person_view p;
    mn_member m;
    mn_code code = find_both(d, ref, &l, &p, err);
    if (code == MN_OK)
        code = mn_core_member_add(d->core, &d->actor, &l.list.id, &p.person.id, d->arena, &m, err);
    if (code == MN_OK)
        tell_member(d, &l, &p, all, &m.until);
    return code;
}

int mn_cmd_lists_add(mn_cli *cli)
{
    return mn_desk_each(cli, 1, "people", add);
}

static mn_code take_out(mn_desk *d, const char *ref, json_t *all, mn_error *err)
{
    mn_list_view l;
    mn_person_view p;
    mn_code code = find_both(d, ref, &l, &p, err);
    if (code == MN_OK)
        code = mn_core_member_remove(d->core, &d->actor, &l.list.id, &p.person.id, err);
    if (code == MN_OK)
        tell_member(d, &l, &p, all, NULL);
    return code;
}

int mn_cmd_lists_remove(mn_cli *cli)
{
    return mn_desk_each(cli, 1, "people", take_out);
}
