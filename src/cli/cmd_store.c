/* mien store check, stats: the records as a whole. */
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"

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
