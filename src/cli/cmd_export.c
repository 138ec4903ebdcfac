/* mien export: people and descriptors as JSON Lines, vectors as a NumPy file. */
#include "base/file.h"
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/export.h"
#include "exchange/npy.h"
#include "exchange/person.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define HEAD_MAX ((size_t)64 << 20) /* of lists and custom fields */

typedef struct {
    mn_cli *cli;
    const char *path;         /* NULL: standard output */
    char temporary[PATH_MAX]; /* becomes path when all of it is written */
    char folder[PATH_MAX];    /* that of path */
    char npy[PATH_MAX];       /* "": none */
    char samples[PATH_MAX];   /* "": none */
    const char *samples_name;
    FILE *out;
    mn_npy_writer *writer;
    char model[MN_CORE_MODEL_NAME];
    int dim;
    bool in_line;
    mn_progress progress;
    uint64_t people, faces;
} exporting;

static mn_code print(exporting *e, json_t *line, mn_error *err)
{
    if (!line)
        return mn_fail(err, MN_E_MEMORY, "no memory for a line");
    int rc = json_dumpf(line, e->out, JSON_COMPACT);
    json_decref(line);
    errno = 0;
    if (rc != 0 || fputc('\n', e->out) == EOF)
        return mn_fail_errno(err, errno ? errno : EIO, "%s: cannot be written",
                             e->path ? e->path : "standard output");
    return MN_OK;
}

static mn_code write_sample(exporting *e, const mn_id *face, const mn_export_face *f, char name[PATH_MAX],
                            mn_error *err)
{
    char id[MN_ID_TEXT], file[MN_ID_TEXT + 4], path[PATH_MAX];
    name[0] = 0;
    if (!f->jpeg)
        return MN_OK;
    mn_id_format(face, id);
    snprintf(file, sizeof file, "%s.jpg", id);
    if (!mn_path_join(path, sizeof path, e->samples, file) ||
        !mn_path_join(name, PATH_MAX, e->samples_name, file))
        return mn_fail(err, MN_E_INVALID, "the path of the samples is too long");
    return mn_file_write(path, f->jpeg, f->n, 0600, err);
}

static mn_code face_line(exporting *e, const mn_export_person *p, size_t i, json_t *faces, mn_error *err)
{
    char sample[PATH_MAX];
    const mn_export_face *f = &p->faces[i];
    uint64_t row = MN_EXCHANGE_NO_ROW;
    mn_code code = write_sample(e, &p->view->faces[i].id, f, sample, err);
    if (code == MN_OK && f->v && e->writer)
        code = mn_npy_append(e->writer, f->v, &row, err);
    if (code != MN_OK)
        return code;
    json_t *face = mn_exchange_face_json(&p->view->faces[i], p->model, f->v, (size_t)p->dim, row,
                                         sample[0] ? sample : NULL);
    return face && json_array_append_new(faces, face) == 0
               ? MN_OK
               : mn_fail(err, MN_E_MEMORY, "no memory for a line");
}

static mn_code give(void *ctx, const mn_export_person *p, mn_error *err)
{
    exporting *e = ctx;
    mn_code code = MN_OK;
    const mn_person_view *v = p->view;
    json_t *faces = json_array();
    for (size_t i = 0; code == MN_OK && i < v->n_faces; i++)
        code = face_line(e, p, i, faces, err);
    if (code != MN_OK) {
        json_decref(faces);
        return code;
    }
    code = print(
        e, mn_exchange_person_json(&v->person, v->lists, v->n_lists, v->consents, v->n_consents, faces), err);
    e->faces += v->n_faces;
    mn_progress_show(&e->progress, (size_t)++e->people, "people");
    return code;
}

/* ---- files ---- */

static mn_code too_long(mn_error *err)
{
    return mn_fail(err, MN_E_INVALID, "the path of the output is too long");
}

static mn_code name_files(exporting *e, const char *vectors, mn_error *err)
{
    const char *slash = strrchr(e->path, '/');
    size_t n = strlen(e->path), stem = n > 6 && strcmp(e->path + n - 6, ".jsonl") == 0 ? n - 6 : n;
    if (n + 32 > PATH_MAX)
        return too_long(err);
    snprintf(e->temporary, sizeof e->temporary, "%s.%ld.tmp", e->path, (long)getpid());
    snprintf(e->folder, sizeof e->folder, "%.*s", slash ? (int)(slash - e->path) : 1, slash ? e->path : ".");
    if (strncmp(vectors, "npy", 3) == 0)
        snprintf(e->npy, sizeof e->npy, "%.*s.npy", (int)stem, e->path);
    if (e->samples_name && !mn_path_join(e->samples, sizeof e->samples, e->folder, e->samples_name))
        return too_long(err);
    return e->samples_name ? mn_file_make_folders(e->samples, 0700, err) : MN_OK;
}

static mn_code open_files(exporting *e, const char *vectors, mn_error *err)
{
    mn_code code = MN_OK;
    if (!e->path)
        return MN_OK;
    code = name_files(e, vectors, err);
    if (code != MN_OK)
        return code;
    int fd = open(e->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    e->out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!e->out)
        return mn_fail_errno(err, errno, "%s: cannot be written", e->path);
    if (!e->npy[0] || e->dim == 0)
        return MN_OK;
    return mn_npy_create(e->npy, strcmp(vectors, "npy") == 0 ? MN_NPY_F4 : MN_NPY_F2, (size_t)e->dim,
                         &e->writer, err);
}

static mn_code print_header(exporting *e, mn_core *core, const mn_actor *who, mn_error *err)
{
    const char *slash = strrchr(e->npy, '/');
    const char *name = e->writer ? slash ? slash + 1 : e->npy : NULL;
    mn_list *lists = NULL;
    json_t *fields = NULL, *all = json_array();
    size_t n = 0;
    mn_arena *arena = mn_arena_create(HEAD_MAX);
    mn_code code = all && arena ? mn_core_export_head(core, who, e->cli->args->value[MN_O_LIST], arena,
                                                      &lists, &n, &fields, err)
                                : mn_fail(err, MN_E_MEMORY, "no memory for the header");
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (json_array_append_new(all, mn_exchange_list_json(&lists[i])) != 0)
            code = mn_fail(err, MN_E_MEMORY, "no memory for the header");
    if (code == MN_OK)
        code = print(
            e, mn_exchange_header_json(e->model, e->dim, name, json_incref(all), json_incref(fields)), err);
    json_decref(all);
    mn_arena_destroy(arena);
    return code;
}

/* The vectors first: a file of lines that is there has all that it names. */
static mn_code keep_files(exporting *e, mn_error *err)
{
    mn_code code = MN_OK;
    if (e->writer)
        code = mn_npy_finish(e->writer, err);
    e->writer = NULL;
    if (!e->path || code != MN_OK)
        return code;
    errno = 0;
    bool written = fflush(e->out) == 0 && fsync(fileno(e->out)) == 0;
    int why = errno;
    written = fclose(e->out) == 0 && written;
    e->out = NULL;
    if (written && rename(e->temporary, e->path) == 0)
        return MN_OK;
    return mn_fail_errno(err, why ? why : errno ? errno : EIO, "%s: cannot be written", e->path);
}

static void drop_files(exporting *e)
{
    mn_npy_abandon(e->writer);
    if (!e->path)
        return;
    if (e->out)
        fclose(e->out);
    unlink(e->temporary);
}

/* ---- the command ---- */

static mn_code run(exporting *e, const char *vectors, mn_error *err)
{
    mn_core *core = NULL;
    mn_store_counts counts = {0};
    const mn_actor who = mn_engine_actor();
    const mn_args *a = e->cli->args;
    const mn_export what = {.list = a->value[MN_O_LIST],
                            .reason = a->value[MN_O_REASON],
                            .vectors = strcmp(vectors, "none") != 0,
                            .samples = e->samples_name != NULL,
                            .cancel = e->cli->cancel,
                            .person = give,
                            .ctx = e};
    uint64_t n = 0;
    mn_code code = mn_engine_open_records(e->cli, &core, err);
    if (code == MN_OK)
        code = mn_core_counts(core, &counts, err);
    if (code == MN_OK)
        code = mn_core_model_of(core, e->model, &e->dim, err);
    if (code == MN_OK)
        code = open_files(e, vectors, err);
    if (code == MN_OK)
        code = print_header(e, core, &who, err);
    if (code == MN_OK) {
        e->progress = mn_progress_start(e->cli, (size_t)counts.people);
        code = mn_core_export(core, &who, &what, &n, err);
        mn_progress_clear(&e->progress);
    }
    if (code == MN_OK)
        code = keep_files(e, err);
    if (code != MN_OK)
        drop_files(e);
    mn_core_close(core);
    return code;
}

static mn_code check_options(const mn_args *a, const char *vectors, mn_error *err)
{
    const char *samples = a->value[MN_O_SAMPLES];
    if (!a->value[MN_O_REASON])
        return mn_fail(err, MN_E_INVALID, "why? An export is on record with its reason: --reason TEXT");
    if (!a->value[MN_O_OUTPUT] && strncmp(vectors, "npy", 3) == 0)
        return mn_fail(err, MN_E_INVALID, "--vectors %s needs --output: the NumPy file is beside it",
                       vectors);
    if (samples && !a->value[MN_O_OUTPUT])
        return mn_fail(err, MN_E_INVALID, "--samples needs --output: the folder is beside it");
    if (samples && (!*samples || strchr(samples, '/') || samples[0] == '.'))
        return mn_fail(err, MN_E_INVALID, "--samples names a folder beside the output, without a path");
    return MN_OK;
}

int mn_cmd_export(mn_cli *cli)
{
    mn_error err = {0};
    const mn_args *a = cli->args;
    const char *vectors = a->value[MN_O_VECTORS];
    char people[MN_RATE_TEXT], faces[MN_RATE_TEXT];
    if (!vectors)
        vectors = a->value[MN_O_OUTPUT] ? "npy" : "line";
    exporting e = {
        .cli = cli, .path = a->value[MN_O_OUTPUT], .samples_name = a->value[MN_O_SAMPLES], .out = cli->out};
    if (check_options(a, vectors, &err) != MN_OK)
        return mn_say_usage(a->command, err.text);
    if (run(&e, vectors, &err) != MN_OK) {
        mn_say_error(NULL, &err);
        return MN_EXIT_FAILURE;
    }
    mn_say_note(cli, "%s people, %s faces: these files are not sealed, keep them as such",
                mn_text_count(e.people, people), mn_text_count(e.faces, faces));
    return MN_EXIT_DONE;
}
