/* mien quality: is the picture fit for a document, or for enrolment? */
#include "app/checks_json.h"
#include "base/file.h"
#include "cli/out.h"
#include "cli/round.h"
#include "cli/say.h"
#include <string.h>

#define PROFILE_MAX ((size_t)1 << 20)

static mn_code read_profile_file(const char *path, mn_check_profile *out, mn_error *err)
{
    mn_buf bytes;
    json_error_t fault;
    json_t *document = NULL;
    mn_buf_init(&bytes, PROFILE_MAX);
    mn_code code = mn_file_read(path, &bytes, err);
    if (code == MN_OK) {
        document = json_loadb((const char *)bytes.data, bytes.len, JSON_REJECT_DUPLICATES, &fault);
        code = document ? mn_checks_read_profile(document, out, err)
                        : mn_fail(err, MN_E_INVALID, "line %d: %s", fault.line, fault.text);
        if (code != MN_OK)
            mn_error_prefix(err, "%s", path);
    }
    json_decref(document);
    mn_buf_finish(&bytes);
    return code;
}

static mn_code read_profile(const char *word, mn_check_profile *out, mn_error *err)
{
    if (mn_check_profile_parse(word ? word : "icao", out))
        return MN_OK;
    return read_profile_file(word, out, err);
}

static size_t count(const mn_check *checks, size_t n, mn_check_verdict verdict)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += checks[i].verdict == verdict;
    return found;
}

static mn_code print_json(mn_round *r, const mn_picture *p, const mn_face *face, const mn_check *checks,
                          size_t n, mn_error *err)
{
    json_t *all = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(all, mn_checks_to_json(&checks[i], r->ctx));
    return mn_json_print(r->out,
                         json_pack("{so s{sf sf sf sf} sb sI so}", "file", mn_json_text(p->input->path),
                                   "box", "x", (double)face->box.x, "y", (double)face->box.y, "width",
                                   (double)face->box.width, "height", (double)face->box.height, "passed",
                                   count(checks, n, MN_CHECK_FAILED) == 0, "made",
                                   (json_int_t)(n - count(checks, n, MN_CHECK_NOT_MADE)), "checks", all),
                         err);
}

static void print_states(FILE *out, mn_check_id id, unsigned allowed)
{
    size_t n;
    const char *word, *between = "";
    for (unsigned i = 0; (word = mn_check_state(id, i, &n)); i++)
        if (allowed >> i & 1) {
            fprintf(out, "%s%.*s", between, (int)n, word);
            between = " or ";
        }
}

static void print_one(FILE *out, const mn_check *c, const mn_check_rule *rule)
{
    size_t n;
    const mn_check_info *info = mn_check_describe(c->id);
    fprintf(out, "  ");
    mn_text_pad(out, c->verdict == MN_CHECK_NOT_MADE ? "-" : mn_check_verdict_word(c->verdict), 7);
    mn_text_pad(out, info->word, 30);
    if (c->verdict == MN_CHECK_NOT_MADE) {
        fprintf(out, "not made: %s\n", c->reason);
        return;
    }
    if (info->states) {
        const char *word = mn_check_state(c->id, c->state, &n);
        fprintf(out, "%.*s  (", (int)n, word);
        print_states(out, c->id, rule->allowed);
    } else {
        fprintf(out, "%.6g%s%s  (%g to %g", c->value, *info->unit ? " " : "", info->unit, rule->min,
                rule->max);
    }
    fprintf(out, ")\n");
}

static void print_text(mn_round *r, const mn_picture *p, const mn_check *checks, size_t n)
{
    const mn_check_profile *profile = r->ctx;
    size_t failed = count(checks, n, MN_CHECK_FAILED), missing = count(checks, n, MN_CHECK_NOT_MADE);
    fprintf(r->out, "%s: %s (%zu passed, %zu failed, %zu not made)\n", p->label, failed ? "not fit" : "fit",
            n - failed - missing, failed, missing);
    for (size_t i = 0; i < n; i++)
        print_one(r->out, &checks[i], &profile->of[checks[i].id]);
}

static mn_code show(mn_round *r, mn_picture *p, mn_error *err)
{
    const mn_decode_limits limits = mn_decode_limits_default();
    mn_image_info info;
    mn_check checks[MN_CHECKS];
    const mn_face *face;
    size_t n;
    mn_code code = mn_picture_pick(r->cli, p, "only", &face, err);
    if (code == MN_OK)
        code = mn_image_probe(p->bytes.data, p->bytes.len, &limits, &info, err);
    if (code != MN_OK)
        return code;
    const mn_check_subject subject = {
        .format = info.format, .file_bytes = p->bytes.len, .image = p->image, .face = face};
    code = mn_checks_make(&subject, r->ctx, checks, &n, err);
    if (code != MN_OK)
        return code;
    r->found += count(checks, n, MN_CHECK_FAILED) == 0;
    if (r->cli->json)
        return print_json(r, p, face, checks, n, err);
    print_text(r, p, checks, n);
    return MN_OK;
}

int mn_cmd_quality(mn_cli *cli)
{
    mn_error err = {0};
    mn_check_profile profile;
    mn_round round = {.cli = cli, .show = show, .ctx = &profile};
    if (read_profile(cli->args->value[MN_O_PROFILE], &profile, &err) != MN_OK)
        return mn_say_usage(cli->args->command, err.text);
    round.want = mn_check_profile_want(&profile);
    return mn_round_run(&round);
}
