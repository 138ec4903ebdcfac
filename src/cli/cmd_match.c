/* mien people match, duplicates: many against many, pairs printed as they come. */
#include "cli/config.h"
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/match.h"
#include <errno.h>

#define MATCHES_DEFAULT 10

typedef struct {
    mn_cli *cli;
    mn_match_lists what;
    FILE *out;
    mn_progress progress;
    bool csv;
} matching;

/* ---- how a pair looks ---- */

static json_t *side_json(const mn_match_side *s)
{
    return json_pack("{so so so so}", "person", mn_json_id(&s->person), "name", mn_json_text(s->name),
                     "external_id", mn_json_text(s->external_id), "face", mn_json_id(&s->face));
}

static void csv_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *c = text ? text : ""; *c; c++) {
        if (*c == '"')
            fputc('"', out);
        fputc(*c, out);
    }
    fputc('"', out);
}

static void csv_side(FILE *out, const mn_match_side *s)
{
    char person[MN_ID_TEXT], face[MN_ID_TEXT];
    mn_id_format(&s->person, person);
    mn_id_format(&s->face, face);
    fprintf(out, "%s,", person);
    csv_text(out, s->name);
    fputc(',', out);
    csv_text(out, s->external_id);
    fprintf(out, ",%s,", face);
}

static void print_text(const matching *m, const mn_match_pair *p)
{
    char rate[MN_RATE_TEXT];
    mn_text_pad(m->out, p->a.name ? p->a.name : "(no name)", 28);
    fputs("  ", m->out);
    mn_text_pad(m->out, p->b.name ? p->b.name : "(no name)", 28);
    fprintf(m->out, "  similarity %.3f  false match %s\n", p->similarity, mn_text_rate(p->fmr, rate));
}

static mn_code print_pair(void *ctx, const mn_match_pair *p, mn_error *err)
{
    matching *m = ctx;
    mn_code code = MN_OK;
    mn_progress_clear(&m->progress);
    if (m->cli->json) {
        code = mn_json_print(m->out,
                             json_pack("{so so sf sf sf}", "a", side_json(&p->a), "b", side_json(&p->b),
                                       "similarity", p->similarity, "fmr", p->fmr, "raw", p->raw),
                             err);
    } else if (m->csv) {
        csv_side(m->out, &p->a);
        csv_side(m->out, &p->b);
        fprintf(m->out, "%.6g,%.6g,%.6g\n", p->similarity, p->fmr, p->raw);
    } else {
        print_text(m, p);
    }
    if (code == MN_OK && (fflush(m->out) != 0 || ferror(m->out)))
        return mn_fail(err, MN_E_IO, "the result cannot be written: is the disk full, or the reader gone?");
    return code;
}

static void show_progress(void *ctx, size_t faces, size_t all, uint64_t pairs)
{
    matching *m = ctx;
    char what[64];
    snprintf(what, sizeof what, "faces, pairs %llu", (unsigned long long)pairs);
    m->progress.total = all;
    mn_progress_show(&m->progress, faces, what);
}

/* ---- the command ---- */

static void say_report(const mn_cli *cli, const mn_match_report *r)
{
    char pairs[MN_RATE_TEXT], faces[MN_RATE_TEXT], against[MN_RATE_TEXT];
    mn_say_note(cli, "%s pairs, from %s faces against %s people", mn_text_count(r->pairs, pairs),
                mn_text_count(r->faces, faces), mn_text_count(r->against, against));
    if (!r->threshold_measured)
        mn_say_note(cli,
                    "so low a rate among %zu people was not measured for this model; the strictest measured "
                    "threshold is used",
                    r->against);
    if (r->full)
        mn_say_note(cli, "%zu people have as many pairs as --candidates allows, and perhaps more", r->full);
}

static mn_code run(matching *m, mn_match_report *report, mn_error *err)
{
    mn_engine engine = {0};
    const mn_actor who = mn_engine_actor();
    mn_code code = mn_engine_open(m->cli, 0, MN_PEOPLE_READ, &engine, err);
    if (code == MN_OK) {
        if (m->csv)
            fputs("a_person,a_name,a_external_id,a_face,b_person,b_name,b_external_id,b_face,similarity,fmr,"
                  "raw\n",
                  m->out);
        m->progress = mn_progress_start(m->cli, 0);
        code = mn_core_match(engine.core, &who, &m->what, report, err);
        mn_progress_clear(&m->progress);
    }
    mn_engine_close(&engine);
    return code;
}

static int finish(matching *m, mn_code code, const mn_match_report *report, const mn_error *err)
{
    const char *file = m->cli->args->value[MN_O_OUTPUT];
    if (m->out != m->cli->out && !mn_out_close(m->out, file))
        return MN_EXIT_FAILURE;
    if (code != MN_OK) {
        mn_say_error(NULL, err);
        return MN_EXIT_FAILURE;
    }
    say_report(m->cli, report);
    return report->pairs ? MN_EXIT_DONE : MN_EXIT_NO;
}

static mn_code read_options(matching *m, mn_error *err)
{
    const mn_args *a = m->cli->args;
    long k;
    mn_code code = mn_config_number(a, MN_O_CANDIDATES, 1, 999, MATCHES_DEFAULT, &k, err);
    if (code != MN_OK)
        return code;
    if (!a->value[MN_O_LIST])
        return mn_fail(err, MN_E_INVALID, "whom of? Give --list NAME");
    if (a->value[MN_O_CSV] && m->cli->json)
        return mn_fail(err, MN_E_INVALID, "--json or --csv, not both");
    m->csv = a->value[MN_O_CSV] != NULL;
    m->what.k = (size_t)k;
    m->what.list = a->value[MN_O_LIST];
    m->what.with = a->value[MN_O_AGAINST];
    m->what.purpose = MN_PURPOSE_IDENTIFICATION;
    if (a->value[MN_O_PURPOSE])
        mn_purpose_parse(a->value[MN_O_PURPOSE], &m->what.purpose);
    if (a->value[MN_O_FMR])
        m->what.fmr = mn_settings_real(m->cli->settings, MN_S_MATCH_FMR);
    return MN_OK;
}

static int match(mn_cli *cli, bool needs_against)
{
    mn_error err = {0};
    mn_match_report report = {0};
    const char *file = cli->args->value[MN_O_OUTPUT];
    matching m = {.cli = cli,
                  .out = cli->out,
                  .what = {.cancel = cli->cancel, .pair = print_pair, .progress = show_progress}};
    m.what.ctx = &m;
    mn_code code = read_options(&m, &err);
    if (code == MN_OK && needs_against && !m.what.with)
        code = mn_fail(&err, MN_E_INVALID, "against which list? Give --against NAME");
    if (code != MN_OK)
        return mn_say_usage(cli->args->command, err.text);
    if (file) {
        m.out = fopen(file, "we");
        if (!m.out) {
            mn_fail_errno(&err, errno, "%s: cannot be written", file);
            mn_say_error(NULL, &err);
            return MN_EXIT_FAILURE;
        }
    }
    code = run(&m, &report, &err);
    return finish(&m, code, &report, &err);
}

int mn_cmd_people_match(mn_cli *cli)
{
    return match(cli, true);
}

int mn_cmd_people_duplicates(mn_cli *cli)
{
    return match(cli, false);
}
