/* mien audit verify, export: who did what, and whether the log is whole. */
#include "cli/config.h"
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"
#include <inttypes.h>
#include <sodium.h>

#define HASH_TEXT 65

static int fail(const mn_error *err)
{
    mn_say_error(NULL, err);
    return MN_EXIT_FAILURE;
}

/* ---- verify ---- */

static mn_code print_verdict(const mn_cli *cli, const mn_audit_report *report, const mn_error *broken,
                             mn_error *err)
{
    char head[HASH_TEXT], count[MN_RATE_TEXT];
    sodium_bin2hex(head, sizeof head, report->head, sizeof report->head);
    if (cli->json)
        return mn_json_print(cli->out,
                             broken ? json_pack("{sb s{ss ss}}", "intact", 0, "error", "code",
                                                mn_code_word(broken->code), "text", broken->text)
                                    : json_pack("{sb sI ss}", "intact", 1, "records",
                                                (json_int_t)report->records, "head", head),
                             err);
    if (broken)
        fprintf(cli->out, "the audit log was changed: %s\n", broken->text);
    else
        fprintf(cli->out, "records      %s, none changed, removed or put in between\nhead         %s\n",
                mn_text_count(report->records, count), head);
    return MN_OK;
}

int mn_cmd_audit_verify(mn_cli *cli)
{
    mn_error err = {0}, broken = {0};
    mn_core *core = NULL;
    mn_audit_report report = {0};
    mn_code code = mn_engine_open_records(cli, &core, &err);
    if (code != MN_OK)
        return fail(&err);
    mn_code verdict = mn_core_audit_verify(core, &report, &broken);
    mn_core_close(core);
    if (verdict != MN_OK && verdict != MN_E_CORRUPT)
        return fail(&broken);
    if (print_verdict(cli, &report, verdict == MN_OK ? NULL : &broken, &err) != MN_OK)
        return fail(&err);
    return verdict == MN_OK ? MN_EXIT_DONE : MN_EXIT_NO;
}

/* ---- export ---- */

static mn_code print_record(void *ctx, const mn_audit_record *r, mn_error *err)
{
    const mn_cli *cli = ctx;
    char prev[HASH_TEXT], hash[HASH_TEXT];
    if (mn_cancelled(cli->cancel))
        return mn_fail(err, MN_E_CANCELLED, "interrupted: the export is not complete");
    sodium_bin2hex(prev, sizeof prev, r->prev, sizeof r->prev);
    sodium_bin2hex(hash, sizeof hash, r->hash, sizeof r->hash);
    return mn_json_print(cli->out,
                         json_pack("{sI so sI so so so so so ss ss}", "seq", (json_int_t)r->seq, "time",
                                   mn_json_time(r->time), "time_us", (json_int_t)r->time, "account",
                                   mn_json_id(&r->account), "actor", mn_json_text(r->actor), "action",
                                   mn_json_text(r->action), "target", mn_json_text(r->target), "detail",
                                   mn_json_text(r->detail), "prev", prev, "hash", hash),
                         err);
}

/* A date, or a span before now. */
static mn_code read_time(const mn_args *a, mn_option option, mn_time otherwise, mn_time *out, mn_error *err)
{
    const char *text = a->value[option];
    mn_time span;
    *out = otherwise;
    if (!text || mn_time_parse(text, out))
        return MN_OK;
    if (!mn_duration_parse(text, &span))
        return mn_fail(err, MN_E_INVALID,
                       "--%s %.40s: it takes a date (2026-01-31), a time with its zone, or a span before now "
                       "such as 30d",
                       mn_option_describe(option)->name, text);
    *out = mn_time_now() - span;
    return MN_OK;
}

int mn_cmd_audit_export(mn_cli *cli)
{
    mn_error err = {0};
    mn_core *core = NULL;
    mn_time from, to;
    uint64_t n = 0;
    const mn_actor who = mn_engine_actor();
    mn_code code = read_time(cli->args, MN_O_FROM, 0, &from, &err);
    if (code == MN_OK)
        code = read_time(cli->args, MN_O_TO, MN_TIME_NEVER, &to, &err);
    if (code != MN_OK)
        return mn_say_usage(cli->args->command, err.text);
    code = mn_engine_open_records(cli, &core, &err);
    if (code == MN_OK)
        code = mn_core_audit_export(core, &who, from, to, print_record, cli, &n, &err);
    mn_core_close(core);
    if (code != MN_OK)
        return fail(&err);
    mn_say_note(cli, "%" PRIu64 " audit record%s", n, n == 1 ? "" : "s");
    return MN_EXIT_DONE;
}
