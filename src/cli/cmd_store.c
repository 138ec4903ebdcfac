/* mien store check, stats, expire, migrate, copy: the records as a whole. */
#include "cli/config.h"
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/check.h"
#include "core/copy.h"

static int fail(const mn_error *err)
{
    mn_say_error(NULL, err);
    return MN_EXIT_FAILURE;
}

/* ---- check ---- */

#define TOLD_MAX 1000 /* findings in the JSON; all are counted */

static const struct {
    const char *word, *text;
} damage[] = {
    [MN_DAMAGE_KEY] = {"key", "the key does not open, and nothing of this person"},
    [MN_DAMAGE_DESCRIPTOR] = {"descriptor", "a descriptor does not open"},
    [MN_DAMAGE_BLOB] = {"blob", "a blob is missing"},
    [MN_DAMAGE_ORPHAN] = {"orphan", "a blob too many"},
};

typedef struct {
    mn_cli *cli;
    mn_progress line;
    const char *what; /* of the line; NULL: there is none */
    json_t *found;
} watcher;

static void show_check(void *user, const char *what, uint64_t done, uint64_t all)
{
    watcher *w = user;
    if (w->what != what) {
        if (w->what)
            mn_progress_clear(&w->line);
        w->line = mn_progress_start(w->cli, (size_t)all);
        w->what = what;
    }
    mn_progress_show(&w->line, (size_t)done, what);
}

static void show_damage(void *user, const mn_damage *d)
{
    watcher *w = user;
    char person[MN_ID_TEXT], item[MN_ID_TEXT];
    const bool somebody = d->kind != MN_DAMAGE_ORPHAN, something = d->kind != MN_DAMAGE_KEY;
    mn_id_format(&d->person, person);
    mn_id_format(&d->item, item);
    if (w->found) {
        if (json_array_size(w->found) < TOLD_MAX)
            json_array_append_new(w->found, json_pack("{ss ss? ss? ss}", "kind", damage[d->kind].word,
                                                      "person", somebody ? person : NULL, "item",
                                                      something ? item : NULL, "text", d->why));
        return;
    }
    if (w->what)
        mn_progress_clear(&w->line);
    fprintf(w->cli->out, "%s%s%s (%s): %s%s%s\n", somebody ? "person " : "blob ", somebody ? person : item,
            somebody ? "" : ":", damage[d->kind].text, d->why, somebody && something ? ": " : "",
            somebody && something ? item : "");
}

static mn_code print_json(const mn_cli *cli, const mn_check_report *r, json_t *found, const mn_error *broken,
                          mn_error *err)
{
    json_t *root = json_pack("{sb sI sI sI sI sI sI sO}", "sound", broken == NULL, "audit",
                             (json_int_t)r->audit, "keys", (json_int_t)r->keys, "descriptors",
                             (json_int_t)r->descriptors, "blobs", (json_int_t)r->blobs, "damaged",
                             (json_int_t)r->damaged, "orphans", (json_int_t)r->orphans, "found", found);
    if (broken)
        json_object_set_new(root, "error",
                            json_pack("{ss ss}", "code", mn_code_word(broken->code), "text", broken->text));
    return mn_json_print(cli->out, root, err);
}

static void print_text(const mn_cli *cli, const mn_check_report *r, const mn_error *broken)
{
    char audit[MN_RATE_TEXT], keys[MN_RATE_TEXT], descriptors[MN_RATE_TEXT], blobs[MN_RATE_TEXT],
        orphans[MN_RATE_TEXT];
    if (broken)
        fprintf(cli->out, "the store is damaged: %s\n", broken->text);
    else
        fprintf(cli->out, "the store is sound; audit records: %s, keys: %s, descriptors: %s, blobs: %s\n",
                mn_text_count(r->audit, audit), mn_text_count(r->keys, keys),
                mn_text_count(r->descriptors, descriptors), mn_text_count(r->blobs, blobs));
    if (r->orphans > 0)
        fprintf(cli->out, "blobs that no record names, and that may be deleted: %s\n",
                mn_text_count(r->orphans, orphans));
}

int mn_cmd_store_check(mn_cli *cli)
{
    mn_error err = {0}, broken = {0};
    mn_core *core = NULL;
    mn_check_report report = {0};
    watcher w = {.cli = cli, .found = cli->json ? json_array() : NULL};
    const mn_check_options options = {
        .found = show_damage, .progress = show_check, .user = &w, .cancel = cli->cancel};
    if (mn_engine_open_records(cli, &core, &err) != MN_OK) {
        json_decref(w.found);
        return fail(&err);
    }
    mn_code verdict = mn_core_check(core, &options, &report, &broken), code = MN_OK;
    mn_core_close(core);
    if (w.what)
        mn_progress_clear(&w.line);
    const mn_error *why = verdict == MN_OK ? NULL : &broken;
    if (verdict == MN_OK || verdict == MN_E_CORRUPT) {
        if (cli->json)
            code = print_json(cli, &report, w.found, why, &err);
        else
            print_text(cli, &report, why);
    }
    json_decref(w.found);
    if (verdict != MN_OK && verdict != MN_E_CORRUPT)
        return fail(&broken);
    if (code != MN_OK)
        return fail(&err);
    return verdict == MN_OK ? MN_EXIT_DONE : MN_EXIT_NO;
}

static mn_code print_counts(const mn_cli *cli, const mn_store_counts *n, mn_error *err)
{
    const struct {
        const char *what;
        uint64_t n;
    } rows[] = {{"people", n->people},     {"faces", n->faces}, {"descriptors", n->descriptors},
                {"consents", n->consents}, {"lists", n->lists}, {"audit", n->audit}};
    json_t *all = cli->json ? json_object() : NULL;
    char count[MN_RATE_TEXT];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (all)
            json_object_set_new(all, rows[i].what, json_integer((json_int_t)rows[i].n));
        else
            fprintf(cli->out, "%-12s %s\n", rows[i].what, mn_text_count(rows[i].n, count));
    }
    return cli->json ? mn_json_print(cli->out, all, err) : MN_OK;
}

int mn_cmd_store_expire(mn_cli *cli)
{
    mn_error err = {0};
    mn_core *core = NULL;
    mn_expired now = {0}, before = {0};
    char count[MN_RATE_TEXT];
    const mn_actor who = mn_engine_actor();
    mn_code code = mn_engine_open_records(cli, &core, &err); /* which may do it all */
    if (code == MN_OK)
        code = mn_core_expire(core, &who, &now, &err);
    if (code == MN_OK)
        before = mn_core_expired_at_opening(core);
    mn_core_close(core);
    if (code != MN_OK)
        return fail(&err);
    uint64_t people = before.people + now.people, memberships = before.memberships + now.memberships;
    if (cli->json)
        return mn_json_print(cli->out,
                             json_pack("{sI, sI}", "people", (json_int_t)people, "memberships",
                                       (json_int_t)memberships),
                             &err) == MN_OK
                   ? MN_EXIT_DONE
                   : fail(&err);
    fprintf(cli->out, "people whose biometrics were destroyed: %s\n", mn_text_count(people, count));
    fprintf(cli->out, "memberships that ended: %s\n", mn_text_count(memberships, count));
    return MN_EXIT_DONE;
}

int mn_cmd_store_stats(mn_cli *cli)
{
    mn_error err = {0};
    mn_core *core = NULL;
    mn_store_counts counts;
    mn_code code = mn_engine_open_records(cli, &core, &err);
    if (code == MN_OK)
        code = mn_core_counts(core, &counts, &err);
    if (code == MN_OK)
        code = print_counts(cli, &counts, &err);
    mn_core_close(core);
    return code == MN_OK ? MN_EXIT_DONE : fail(&err);
}

/* ---- migrate, copy ---- */

static mn_code print_migration(const mn_cli *cli, const mn_migration *m, bool dry, mn_error *err)
{
    bool due = m->was < m->newest;
    if (cli->json)
        return mn_json_print(cli->out,
                             json_pack("{si si sb}", "version", dry ? m->was : m->newest, "newest", m->newest,
                                       "migrated", (int)(due && !dry)),
                             err);
    fprintf(cli->out, "version      %d\n", m->was);
    if (!due)
        fprintf(cli->out, "nothing to do: this is the newest one\n");
    else
        fprintf(cli->out, dry ? "to migrate   to version %d\n" : "migrated     to version %d\n", m->newest);
    return MN_OK;
}

int mn_cmd_store_migrate(mn_cli *cli)
{
    mn_error err = {0};
    mn_migration m;
    char dir[MN_PATH_SIZE];
    bool dry = cli->args->value[MN_O_DRY_RUN] != NULL;
    mn_code code = mn_config_data_dir(cli->settings, dir, &err);
    const mn_core_options where = {.data_dir = dir, .settings = cli->settings};
    if (code == MN_OK)
        code = mn_core_migrate(&where, dry, &m, &err);
    if (code == MN_OK)
        code = print_migration(cli, &m, dry, &err);
    return code == MN_OK ? MN_EXIT_DONE : fail(&err);
}

static void show_rows(void *user, uint64_t rows)
{
    mn_progress_show(user, (size_t)rows, "records");
}

static mn_code print_copy(const mn_cli *cli, const mn_copy_report *r, mn_error *err)
{
    char rows[MN_RATE_TEXT], audit[MN_RATE_TEXT];
    if (r->moved_on)
        mn_say_note(cli, "somebody wrote to the source meanwhile: that is not in the copy");
    if (cli->json)
        return mn_json_print(cli->out,
                             json_pack("{sI sI sb}", "rows", (json_int_t)r->rows, "audit",
                                       (json_int_t)r->audit, "moved_on", (int)r->moved_on),
                             err);
    fprintf(cli->out,
            "copied       %s rows, the same on both sides\naudit        %s records, the chain holds\n",
            mn_text_count(r->rows, rows), mn_text_count(r->audit, audit));
    return MN_OK;
}

static mn_code copy(mn_cli *cli, mn_core *core, mn_copy_report *report, mn_error *err)
{
    mn_store_counts n;
    const mn_actor who = mn_engine_actor();
    mn_code code = mn_core_counts(core, &n, err);
    if (code != MN_OK)
        return code;
    mn_progress p = mn_progress_start(
        cli, (size_t)(n.people * 4 + n.faces + n.descriptors + n.lists + n.consents + n.audit));
    code = mn_core_copy_store(core, &who, cli->args->operands[0], show_rows, &p, cli->cancel, report, err);
    mn_progress_clear(&p);
    return code;
}

int mn_cmd_store_copy(mn_cli *cli)
{
    mn_error err = {0};
    mn_core *core = NULL;
    mn_copy_report report;
    mn_code code = mn_engine_open_records(cli, &core, &err);
    if (code == MN_OK)
        code = copy(cli, core, &report, &err);
    mn_core_close(core);
    if (code == MN_OK)
        code = print_copy(cli, &report, &err);
    return code == MN_OK ? MN_EXIT_DONE : fail(&err);
}
