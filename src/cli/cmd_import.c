/* mien import: people and descriptors from JSON Lines, in batches; what is wrong with a line is said, and the
 * others go in. */
#include "base/alloc.h"
#include "base/file.h"
#include "cli/config.h"
#include "cli/consent.h"
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/import.h"
#include "exchange/lines.h"
#include "exchange/npy.h"
#include "exchange/person.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define BATCH_BYTES ((size_t)32 << 20)  /* of lines, vectors and samples; then a batch is full, too */
#define ARENA_MAX   ((size_t)512 << 20) /* one person with all that a line may name */
#define SAMPLE_MAX  ((size_t)4 << 20)
#define SAID_MAX    20 /* faults said on standard error; all are in the report */

typedef struct {
    mn_cli *cli;
    mn_core *core;
    mn_import *import;
    const char *path;
    char folder[PATH_MAX];
    FILE *in, *report;
    mn_lines lines;
    mn_npy *npy;
    const char *model; /* of the command line, else of the header */
    char header_model[256];
    mn_consent_given consent;
    bool with_consent;
    uint64_t size; /* of the file; 0: not known */
    mn_progress progress;

    mn_arena *arena; /* of a batch */
    mn_import_person *people;
    uint64_t *numbers; /* of their lines */
    size_t n, batch;   /* batch: room for so many, the setting enrol.batch */

    uint64_t new_lists, new_fields, new_people, known_people, new_faces, known_faces, refused;
} importing;

/* ---- what is wrong ---- */

static mn_code refuse(importing *m, uint64_t line, const mn_error *why, mn_error *err)
{
    char where[64];
    m->refused++;
    if (m->refused <= SAID_MAX) {
        snprintf(where, sizeof where, "line %" PRIu64, line);
        mn_progress_clear(&m->progress);
        mn_say_error(where, why);
    } else if (m->refused == SAID_MAX + 1 && !m->report) {
        mn_say_note(m->cli, "further faults are only counted: --report FILE takes all of them");
    }
    if (!m->report)
        return MN_OK;
    return mn_json_print(m->report,
                         json_pack("{sI s{ss so}}", "line", (json_int_t)line, "error", "code",
                                   mn_code_word(why->code), "text", mn_json_text(why->text)),
                         err);
}

/* ---- a line into a person ---- */

static mn_code out_of_memory(mn_error *err)
{
    return mn_fail(err, MN_E_MEMORY, "no memory for the records of a batch");
}

static mn_code read_vector(importing *m, const mn_exchange_face *f, mn_import_face *out, mn_error *err)
{
    if (f->vector || !f->with_row) {
        out->v = f->vector;
        out->dim = (int)f->n_vector;
        return MN_OK;
    }
    if (!m->npy)
        return mn_fail(
            err, MN_E_INVALID,
            "the face names a row, and there is no file of vectors: name it in the header or with --npy");
    size_t n = mn_npy_shape_of(m->npy).columns;
    float *v = mn_arena_calloc(m->arena, n, sizeof *v);
    if (!v)
        return out_of_memory(err);
    out->v = v;
    out->dim = (int)n;
    return mn_npy_row(m->npy, f->row, v, err);
}

static mn_code read_sample(importing *m, const char *name, mn_import_face *out, mn_error *err)
{
    char path[PATH_MAX];
    mn_buf jpeg;
    if (!name)
        return MN_OK;
    if (!mn_path_join(path, sizeof path, m->folder, name))
        return mn_fail(err, MN_E_INVALID, "the path of a sample is too long");
    mn_buf_init(&jpeg, SAMPLE_MAX);
    mn_code code = mn_file_read(path, &jpeg, err);
    uint8_t *copy = code == MN_OK ? mn_arena_alloc(m->arena, jpeg.len + 1) : NULL;
    if (copy) {
        memcpy(copy, jpeg.data, jpeg.len);
        out->jpeg = copy;
        out->n = jpeg.len;
    } else if (code == MN_OK) {
        code = out_of_memory(err);
    }
    mn_buf_finish(&jpeg);
    return code;
}

static mn_code take_faces(importing *m, const mn_exchange_person *p, mn_import_person *out, mn_error *err)
{
    mn_code code = MN_OK;
    mn_import_face *faces = mn_arena_calloc(m->arena, p->n_faces + 1, sizeof *faces);
    if (!faces)
        return out_of_memory(err);
    for (size_t i = 0; code == MN_OK && i < p->n_faces; i++) {
        const mn_exchange_face *f = &p->faces[i];
        faces[i] = (mn_import_face){.id = f->id,
                                    .source = f->source,
                                    .quality = f->quality,
                                    .created = f->created,
                                    .model = f->model ? f->model : m->model};
        code = read_vector(m, f, &faces[i], err);
        if (code == MN_OK)
            code = read_sample(m, f->sample, &faces[i], err);
        if (code != MN_OK)
            mn_error_prefix(err, "face %zu", i + 1);
    }
    out->faces = faces;
    out->n_faces = p->n_faces;
    return code;
}

static mn_code take_consents(importing *m, const mn_exchange_person *p, mn_import_person *out, mn_error *err)
{
    mn_consent *all = mn_arena_calloc(m->arena, p->n_consents + 1, sizeof *all);
    if (!all)
        return out_of_memory(err);
    for (size_t i = 0; i < p->n_consents; i++)
        all[out->n_consents++] = p->consents[i];
    if (m->with_consent)
        all[out->n_consents++] = (mn_consent){.purpose = m->consent.purpose,
                                              .method = m->consent.method,
                                              .evidence = m->consent.evidence,
                                              .given = m->consent.given,
                                              .until = m->consent.until,
                                              .withdrawn = MN_TIME_NEVER};
    out->consents = all;
    return MN_OK;
}

static mn_code take_lists(importing *m, const mn_exchange_person *p, mn_import_person *out, mn_error *err)
{
    const char *more = m->cli->args->value[MN_O_LIST];
    mn_import_list *all = mn_arena_calloc(m->arena, p->n_lists + 1, sizeof *all);
    if (!all)
        return out_of_memory(err);
    for (size_t i = 0; i < p->n_lists; i++)
        all[out->n_lists++] = (mn_import_list){.name = p->lists[i].name,
                                               .with_purpose = p->lists[i].with_purpose,
                                               .purpose = p->lists[i].purpose};
    if (more)
        all[out->n_lists++] =
            (mn_import_list){.name = more, .with_purpose = m->with_consent, .purpose = m->consent.purpose};
    out->lists = all;
    return MN_OK;
}

static mn_code take_person(importing *m, const mn_exchange_person *p, mn_error *err)
{
    mn_import_person out = {.id = p->person.id,
                            .external_id = p->person.external_id,
                            .name = p->person.name,
                            .user_data = p->person.user_data,
                            .active = p->person.active,
                            .created = p->person.created,
                            .custom = p->person.custom,
                            .avatar = p->person.avatar};
    mn_code code = take_lists(m, p, &out, err);
    if (code == MN_OK)
        code = take_consents(m, p, &out, err);
    if (code == MN_OK)
        code = take_faces(m, p, &out, err);
    if (code != MN_OK)
        return code;
    m->numbers[m->n] = m->lines.number;
    m->people[m->n++] = out;
    return MN_OK;
}

/* What is wrong with one of them goes to the report, and the others are taken. */
static mn_code judge(importing *m, mn_code code, const mn_error *fault, mn_error *err)
{
    if (code == MN_OK)
        return MN_OK;
    if (mn_code_http(code) < 500)
        return refuse(m, m->lines.number, fault, err);
    *err = *fault;
    return code;
}

static mn_code take_tables(importing *m, const mn_exchange_header *h, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < h->n_fields; i++) {
        mn_error fault = {0};
        bool made = false;
        code = mn_core_import_field(m->import, h->fields[i], &made, &fault);
        m->new_fields += made;
        code = judge(m, code, &fault, err);
    }
    for (size_t i = 0; code == MN_OK && i < h->n_lists; i++) {
        mn_error fault = {0};
        bool made = false;
        code = mn_core_import_list(m->import, &h->lists[i], &made, &fault);
        m->new_lists += made;
        code = judge(m, code, &fault, err);
    }
    return code;
}

static mn_code take_header(importing *m, const mn_exchange_header *h, mn_error *err)
{
    char path[PATH_MAX];
    if (m->lines.number != 1)
        return mn_fail(err, MN_E_INVALID, "a header may stand in the first line only");
    if (h->model && !m->model) {
        snprintf(m->header_model, sizeof m->header_model, "%s", h->model);
        m->model = m->header_model;
    }
    if (h->vectors && !m->npy && !mn_path_join(path, sizeof path, m->folder, h->vectors))
        return mn_fail(err, MN_E_INVALID, "the path of the vectors is too long");
    mn_code code = h->vectors && !m->npy ? mn_npy_open(path, &m->npy, err) : MN_OK;
    return code == MN_OK ? take_tables(m, h, err) : code;
}

/* ---- batches ---- */

static mn_code settle(importing *m, mn_error *err)
{
    char what[96];
    mn_code code = m->n ? mn_core_import_people(m->import, m->people, m->n, err) : MN_OK;
    for (size_t i = 0; code == MN_OK && i < m->n; i++) {
        const mn_import_person *p = &m->people[i];
        if (p->code != MN_OK) {
            code = refuse(m, m->numbers[i], &p->error, err);
            continue;
        }
        m->new_people += p->is_new;
        m->known_people += !p->is_new;
        m->new_faces += p->faces_new;
        m->known_faces += p->faces_known;
    }
    snprintf(what, sizeof what, "KB  %" PRIu64 " people, %" PRIu64 " refused",
             m->new_people + m->known_people, m->refused);
    off_t at = ftello(m->in);
    mn_progress_show(&m->progress, at > 0 ? (size_t)at >> 10 : 0, what);
    m->n = 0;
    mn_arena_reset(m->arena);
    return code;
}

/* What is wrong with the line goes to the report; *err is for what ends the import. */
static mn_code take_line(importing *m, mn_error *err)
{
    mn_error fault = {0};
    mn_exchange_line line;
    mn_code code =
        mn_exchange_parse((const char *)m->lines.line.data, m->lines.line.len, m->arena, &line, &fault);
    if (code == MN_OK && line.is_header) {
        code = take_header(m, &line.header, err);
        return code == MN_OK ? MN_OK : mn_error_prefix(err, "line %" PRIu64, m->lines.number);
    }
    if (code == MN_OK)
        code = take_person(m, &line.person, &fault);
    if (code == MN_E_MEMORY) {
        *err = fault;
        return code;
    }
    return code == MN_OK ? MN_OK : refuse(m, m->lines.number, &fault, err);
}

static mn_code take_lines(importing *m, mn_error *err)
{
    mn_code code = MN_OK;
    while (code == MN_OK) {
        mn_error fault = {0};
        mn_code read = mn_lines_next(&m->lines, &fault);
        if (read == MN_E_NOT_FOUND)
            return settle(m, err);
        if (read == MN_E_LIMIT) {
            code = refuse(m, m->lines.number, &fault, err);
        } else if (read != MN_OK) {
            *err = fault;
            code = read;
        } else {
            code = take_line(m, err);
        }
        if (code == MN_OK && (m->n == m->batch || mn_arena_used(m->arena) > BATCH_BYTES))
            code = settle(m, err);
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
    m->arena = mn_arena_create(ARENA_MAX);
    m->batch = (size_t)mn_settings_int(m->cli->settings, MN_S_ENROL_BATCH);
    m->people = mn_calloc(m->batch, sizeof *m->people);
    m->numbers = mn_calloc(m->batch, sizeof *m->numbers);
    if (!m->arena || !m->people || !m->numbers)
        return out_of_memory(err);
    if (a->value[MN_O_REPORT]) {
        m->report = fopen(a->value[MN_O_REPORT], "we");
        if (!m->report)
            return mn_fail_errno(err, errno, "%s: cannot be written", a->value[MN_O_REPORT]);
    }
    return a->value[MN_O_NPY] ? mn_npy_open(a->value[MN_O_NPY], &m->npy, err) : MN_OK;
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
        m->progress = mn_progress_start(m->cli, (size_t)m->size >> 10);
        m->progress.shown = m->progress.shown && m->size > 0;
        code = take_lines(m, err);
        mn_progress_clear(&m->progress);
    }
    mn_core_import_close(m->import);
    mn_engine_close(&engine);
    return code;
}

static void close_input(importing *m)
{
    mn_lines_finish(&m->lines);
    mn_npy_close(m->npy);
    mn_arena_destroy(m->arena);
    mn_free(m->people);
    mn_free(m->numbers);
    if (m->in && m->in != stdin)
        fclose(m->in);
}

static mn_code print_summary(const importing *m, bool interrupted, mn_error *err)
{
    bool dry = m->cli->args->value[MN_O_DRY_RUN] != NULL;
    FILE *out = m->cli->out;
    if (m->cli->json)
        return mn_json_print(out,
                             json_pack("{sI sI sI sI sI sI sI sb sb}", "lists_new", (json_int_t)m->new_lists,
                                       "fields_new", (json_int_t)m->new_fields, "people_new",
                                       (json_int_t)m->new_people, "people_known", (json_int_t)m->known_people,
                                       "faces_new", (json_int_t)m->new_faces, "faces_known",
                                       (json_int_t)m->known_faces, "refused", (json_int_t)m->refused,
                                       "dry_run", (int)dry, "interrupted", (int)interrupted),
                             err);
    fprintf(out, "%s%" PRIu64 " people and %" PRIu64 " faces taken in", dry ? "would be: " : "",
            m->new_people, m->new_faces);
    if (m->known_people)
        fprintf(out, ", %" PRIu64 " people and %" PRIu64 " faces were there", m->known_people,
                m->known_faces);
    if (m->refused)
        fprintf(out, ", %" PRIu64 " records refused", m->refused);
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
           : m->refused                                         ? MN_EXIT_NO
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
    m->model = a->value[MN_O_MODEL];
    mn_code code = mn_consent_read(a, &m->consent, &m->with_consent, &err);
    if (code == MN_OK && m->with_consent && !a->value[MN_O_CONSENT_EVIDENCE])
        code = mn_fail(&err, MN_E_INVALID,
                       "a consent for all of them needs --consent-evidence: where is the proof?");
    int status = code == MN_OK ? finish(m, run(m, &err), &err) : mn_say_usage(a->command, err.text);
    mn_free(m);
    return status;
}
