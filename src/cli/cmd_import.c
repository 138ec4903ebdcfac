/* mien import: people and descriptors from JSON Lines, in batches; what is wrong with a line is said, and the
 * others go in. */
#include "base/alloc.h"
#include "base/file.h"
#include "cli/config.h"
#include "cli/consent.h"
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/import_lines.h"
#include "exchange/lines.h"
#include "exchange/npy.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define SAMPLE_MAX ((size_t)4 << 20)
#define SAID_MAX   20 /* faults said on standard error; all are in the report */

typedef struct {
    mn_cli *cli;
    mn_core *core;
    mn_import *import;
    const char *path;
    char folder[PATH_MAX];
    FILE *in, *report;
    mn_lines lines;
    mn_npy *npy;
    mn_consent_given consent;
    bool with_consent;
    mn_consent for_all; /* the same, as a record has it */
    mn_import_given given;
    mn_import_lines *people;
    mn_import_counts counts;
    uint64_t size; /* of the file; 0: not known */
    mn_progress progress;
    uint64_t said; /* faults */
} importing;

/* ---- what is wrong ---- */

static mn_code refuse(void *ctx, uint64_t line, const mn_error *why, mn_error *err)
{
    importing *m = ctx;
    char where[64];
    m->said++;
    if (m->said <= SAID_MAX) {
        snprintf(where, sizeof where, "line %" PRIu64, line);
        mn_progress_clear(&m->progress);
        mn_say_error(where, why);
    } else if (m->said == SAID_MAX + 1 && !m->report) {
        mn_say_note(m->cli, "further faults are only counted: --report FILE takes all of them");
    }
    if (!m->report)
        return MN_OK;
    return mn_json_print(m->report,
                         json_pack("{sI s{ss so}}", "line", (json_int_t)line, "error", "code",
                                   mn_code_word(why->code), "text", mn_json_text(why->text)),
                         err);
}

/* ---- files beside ---- */

static mn_code out_of_memory(mn_error *err)
{
    return mn_fail(err, MN_E_MEMORY, "no memory for the records of a batch");
}

static mn_code open_vectors(void *ctx, const char *name, mn_error *err)
{
    importing *m = ctx;
    char path[PATH_MAX];
    if (m->npy)
        return MN_OK;
    if (!mn_path_join(path, sizeof path, m->folder, name))
        return mn_fail(err, MN_E_INVALID, "the path of the vectors is too long");
    return mn_npy_open(path, &m->npy, err);
}

static mn_code read_vector(void *ctx, uint64_t row, mn_arena *arena, const float **out, int *dim,
                           mn_error *err)
{
    const importing *m = ctx;
    if (!m->npy)
        return mn_fail(
            err, MN_E_INVALID,
            "the face names a row, and there is no file of vectors: name it in the header or with --npy");
    size_t n = mn_npy_shape_of(m->npy).columns;
    float *v = mn_arena_calloc(arena, n, sizeof *v);
    if (!v)
        return out_of_memory(err);
    *out = v;
    *dim = (int)n;
    return mn_npy_row(m->npy, row, v, err);
}

static mn_code read_sample(void *ctx, const char *name, mn_arena *arena, const uint8_t **out, size_t *n,
                           mn_error *err)
{
    const importing *m = ctx;
    char path[PATH_MAX];
    mn_buf jpeg;
    if (!mn_path_join(path, sizeof path, m->folder, name))
        return mn_fail(err, MN_E_INVALID, "the path of a sample is too long");
    mn_buf_init(&jpeg, SAMPLE_MAX);
    mn_code code = mn_file_read(path, &jpeg, err);
    uint8_t *copy = code == MN_OK ? mn_arena_alloc(arena, jpeg.len + 1) : NULL;
    if (copy) {
        memcpy(copy, jpeg.data, jpeg.len);
        *out = copy;
        *n = jpeg.len;
    } else if (code == MN_OK) {
        code = out_of_memory(err);
    }
    mn_buf_finish(&jpeg);
    return code;
}

/* ---- lines ---- */

static void show_progress(void *ctx, const mn_import_counts *c)
{
    importing *m = ctx;
    char what[96];
    snprintf(what, sizeof what, "KB  %" PRIu64 " people, %" PRIu64 " refused",
             c->new_people + c->known_people, c->refused);
    off_t at = ftello(m->in);
    mn_progress_show(&m->progress, at > 0 ? (size_t)at >> 10 : 0, what);
}

static mn_code take_lines(importing *m, mn_error *err)
{
    mn_code code = MN_OK;
    while (code == MN_OK) {
        mn_error fault = {0};
        const mn_buf *line = &m->lines.line;
        mn_code read = mn_lines_next(&m->lines, &fault);
        if (read == MN_E_NOT_FOUND)
            return mn_import_lines_finish(m->people, err);
        if (read == MN_E_LIMIT) {
            code = mn_import_lines_refuse(m->people, m->lines.number, &fault, err);
        } else if (read != MN_OK) {
            *err = fault;
            code = read;
        } else {
            code = mn_import_lines_take(m->people, m->lines.number, (const char *)line->data, line->len, err);
        }
        if (code == MN_OK && mn_cancelled(m->cli->cancel))
            return mn_fail(err, MN_E_CANCELLED, "interrupted: start the same command again to go on");
    }
    return code;
}

/* ---- the command ---- */

static mn_code open_input(importing *m, mn_error *err)
{
    const mn_args *a = m->cli->args;
    struct stat st;
    const char *slash = strrchr(m->path, '/');
    bool standard = strcmp(m->path, "-") == 0;
    snprintf(m->folder, sizeof m->folder, "%.*s", slash ? (int)(slash - m->path) + 1 : 1,
             slash ? m->path : ".");
    m->in = standard ? stdin : fopen(m->path, "re");
    if (!m->in)
        return mn_fail_errno(err, errno, "%s: cannot be opened", m->path);
    if (fstat(fileno(m->in), &st) == 0 && S_ISREG(st.st_mode))
        m->size = (uint64_t)st.st_size;
    mn_lines_init(&m->lines, m->in, (size_t)mn_settings_int(m->cli->settings, MN_S_IMPORT_MAX_LINE));
    if (a->value[MN_O_REPORT]) {
        m->report = fopen(a->value[MN_O_REPORT], "we");
        if (!m->report)
            return mn_fail_errno(err, errno, "%s: cannot be written", a->value[MN_O_REPORT]);
    }
    return a->value[MN_O_NPY] ? mn_npy_open(a->value[MN_O_NPY], &m->npy, err) : MN_OK;
}

static void gather_given(importing *m)
{
    static const mn_import_beside beside = {open_vectors, read_vector, read_sample};
    const mn_args *a = m->cli->args;
    m->for_all = (mn_consent){.purpose = m->consent.purpose,
                              .method = m->consent.method,
                              .evidence = m->consent.evidence,
                              .given = m->consent.given,
                              .until = m->consent.until,
                              .withdrawn = MN_TIME_NEVER};
    m->given = (mn_import_given){.model = a->value[MN_O_MODEL],
                                 .list = a->value[MN_O_LIST],
                                 .consent = m->with_consent ? &m->for_all : NULL,
                                 .batch = (size_t)mn_settings_int(m->cli->settings, MN_S_ENROL_BATCH),
                                 .beside = &beside,
                                 .refused = refuse,
                                 .settled = show_progress,
                                 .ctx = m};
}

static mn_code run(importing *m, mn_error *err)
{
    mn_engine engine = {0};
    const mn_actor who = mn_engine_actor();
    bool dry = m->cli->args->value[MN_O_DRY_RUN] != NULL;
    mn_code code = open_input(m, err);
    if (code == MN_OK)
        code = mn_engine_open(m->cli, 0, dry ? MN_PEOPLE_READ : MN_PEOPLE_CREATE, &engine, err);
    if (code == MN_OK)
        code = mn_core_import_open(engine.core, &who, dry, &m->import, err);
    if (code == MN_OK) {
        gather_given(m);
        code = mn_import_lines_create(m->import, &m->given, &m->people, err);
    }
    if (code == MN_OK) {
        m->progress = mn_progress_start(m->cli, (size_t)m->size >> 10);
        m->progress.shown = m->progress.shown && m->size > 0;
        code = take_lines(m, err);
        mn_progress_clear(&m->progress);
        m->counts = mn_import_lines_counts(m->people);
    }
    mn_import_lines_destroy(m->people);
    mn_core_import_close(m->import);
    mn_engine_close(&engine);
    return code;
}

static void close_input(importing *m)
{
    mn_lines_finish(&m->lines);
    mn_npy_close(m->npy);
    if (m->in && m->in != stdin)
        fclose(m->in);
}

static mn_code print_summary(const importing *m, bool interrupted, mn_error *err)
{
    bool dry = m->cli->args->value[MN_O_DRY_RUN] != NULL;
    FILE *out = m->cli->out;
    if (m->cli->json)
        return mn_json_print(
            out,
            json_pack("{sI sI sI sI sI sI sI sb sb}", "lists_new", (json_int_t)m->counts.new_lists,
                      "fields_new", (json_int_t)m->counts.new_fields, "people_new",
                      (json_int_t)m->counts.new_people, "people_known", (json_int_t)m->counts.known_people,
                      "faces_new", (json_int_t)m->counts.new_faces, "faces_known",
                      (json_int_t)m->counts.known_faces, "refused", (json_int_t)m->counts.refused, "dry_run",
                      (int)dry, "interrupted", (int)interrupted),
            err);
    fprintf(out, "%s%" PRIu64 " people and %" PRIu64 " faces taken in", dry ? "would be: " : "",
            m->counts.new_people, m->counts.new_faces);
    if (m->counts.known_people)
        fprintf(out, ", %" PRIu64 " people and %" PRIu64 " faces were there", m->counts.known_people,
                m->counts.known_faces);
    if (m->counts.refused)
        fprintf(out, ", %" PRIu64 " records refused", m->counts.refused);
    fputc('\n', out);
    return MN_OK;
}

static int finish(importing *m, mn_code code, mn_error *err)
{
    mn_error printing = {0};
    bool interrupted = code == MN_E_CANCELLED;
    close_input(m);
    if (code != MN_OK)
        mn_say_error(NULL, err);
    if (code == MN_OK || interrupted)
        if (print_summary(m, interrupted, &printing) != MN_OK)
            mn_say_error(NULL, &printing);
    bool reported = !m->report || mn_out_close(m->report, m->cli->args->value[MN_O_REPORT]);
    return code != MN_OK || printing.code != MN_OK || !reported ? MN_EXIT_FAILURE
           : m->counts.refused                                  ? MN_EXIT_NO
                                                                : MN_EXIT_DONE;
}

int mn_cmd_import(mn_cli *cli)
{
    mn_error err = {0};
    const mn_args *a = cli->args;
    importing *m = mn_calloc(1, sizeof *m);
    if (!m) {
        out_of_memory(&err);
        mn_say_error(NULL, &err);
        return MN_EXIT_FAILURE;
    }
    m->cli = cli;
    m->path = a->operands[0];
    mn_code code = mn_consent_read(a, &m->consent, &m->with_consent, &err);
    if (code == MN_OK && m->with_consent && !a->value[MN_O_CONSENT_EVIDENCE])
        code = mn_fail(&err, MN_E_INVALID,
                       "a consent for all of them needs --consent-evidence: where is the proof?");
    int status = code == MN_OK ? finish(m, run(m, &err), &err) : mn_say_usage(a->command, err.text);
    mn_free(m);
    return status;
}
