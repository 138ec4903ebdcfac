/* mien store check, stats, expire, migrate, copy: the records as a whole. */
#include "cli/config.h"
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/copy.h"

static int fail(const mn_error *err)
{
    mn_say_error(NULL, err);
    return MN_EXIT_FAILURE;
}

static mn_code print_check(const mn_cli *cli, uint64_t records, const mn_error *broken, mn_error *err)
{
    char count[MN_RATE_TEXT];
    if (cli->json)
        return mn_json_print(cli->out,
                             broken ? json_pack("{sb s{ss ss}}", "sound", 0, "error", "code",
                                                mn_code_word(broken->code), "text", broken->text)
                                    : json_pack("{sb sI}", "sound", 1, "audit", (json_int_t)records),
                             err);
    if (broken)
        fprintf(cli->out, "the store is damaged: %s\n", broken->text);
    else
        fprintf(cli->out, "the store is sound; audit records: %s\n", mn_text_count(records, count));
    return MN_OK;
}

int mn_cmd_store_check(mn_cli *cli)
{
    mn_error err = {0}, broken = {0};
    mn_core *core = NULL;
    uint64_t records = 0;
    if (mn_engine_open_records(cli, &core, &err) != MN_OK)
        return fail(&err);
    mn_code verdict = mn_core_check(core, &records, &broken);
    mn_core_close(core);
    if (verdict != MN_OK && verdict != MN_E_CORRUPT)
        return fail(&broken);
    if (print_check(cli, records, verdict == MN_OK ? NULL : &broken, &err) != MN_OK)
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
    size_t people = 0;
    char count[MN_RATE_TEXT];
    const mn_actor who = mn_engine_actor();
    mn_code code = mn_engine_open_records(cli, &core, &err); /* which may do it all */
    if (code == MN_OK)
        code = mn_core_expire(core, &who, &people, &err);
    people += core ? mn_core_expired_at_opening(core) : 0;
    mn_core_close(core);
    if (code != MN_OK)
        return fail(&err);
    if (cli->json)
        return mn_json_print(cli->out, json_pack("{sI}", "people", (json_int_t)people), &err) == MN_OK
                   ? MN_EXIT_DONE
                   : fail(&err);
    fprintf(cli->out, "people whose biometrics were destroyed: %s\n", mn_text_count(people, count));
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
