/* mien enroll: take people in who agreed to it, one person or a folder a person. A face a picture, or with
 * --aggregate one of all pictures of a person. */
#include "base/alloc.h"
#include "cli/config.h"
#include "cli/consent.h"
#include "cli/out.h"
#include "cli/say.h"
#include "cli/together.h"
#include <string.h>

#define ARENA_MAX ((size_t)16 << 20)

typedef struct {
    char *file;
    mn_error error;
} refusal;

typedef struct {
    const mn_cli *cli;
    const mn_inputs *inputs;
    mn_core *core;
    mn_actor actor;
    mn_consent_given consent;
    bool with_consent;
    mn_progress progress;

    size_t done, enrolled, already, people_new;
    refusal *refusals; /* pictures that were not enrolled, in order */
    size_t n_refusals, cap_refusals, n_failures;
    json_t *duplicates;

    /* --aggregate: of the person whose pictures are being looked at */
    const mn_model_info *model;
    mn_together together;
    size_t group;
    size_t unusable; /* pictures that could not be used: the person is not enrolled then */
    mn_code why;     /* of the first one */
} enrolling;

/* Nothing is wrong with the picture's file, but with what it shows. */
static bool is_refusal(mn_code code)
{
    return code == MN_E_NO_FACE || code == MN_E_SEVERAL_FACES || code == MN_E_QUALITY;
}

static mn_enrol_person person_of(const enrolling *e, size_t group)
{
    const mn_args *a = e->cli->args;
    return (mn_enrol_person){
        .external_id = a->value[MN_O_EXTERNAL_ID],
        .name = a->value[MN_O_FOLDERS] ? e->inputs->groups[group] : a->value[MN_O_NAME],
        .list = a->value[MN_O_LIST],
        .consent = e->with_consent ? &e->consent : NULL,
    };
}

static mn_code note_refusal(enrolling *e, const char *label, const mn_error *error, mn_error *err)
{
    if (e->n_refusals == e->cap_refusals) {
        size_t cap = e->cap_refusals ? 2 * e->cap_refusals : 16;
        refusal *more = mn_realloc(e->refusals, cap * sizeof *more);
        if (!more)
            return mn_fail(err, MN_E_MEMORY, "no memory for the report");
        e->refusals = more;
        e->cap_refusals = cap;
    }
    char *file = mn_strdup(label);
    if (!file)
        return mn_fail(err, MN_E_MEMORY, "no memory for the report");
    e->refusals[e->n_refusals++] = (refusal){file, *error};
    e->n_failures += !is_refusal(error->code);
    return MN_OK;
}

static void note_duplicate(enrolling *e, const char *label, const mn_enrolment *done)
{
    mn_progress_clear(&e->progress);
    mn_say_note(e->cli, "%s: looks like %s, who is enrolled already (similarity %.3f)", label,
                done->duplicate_name ? done->duplicate_name : "somebody", done->duplicate_similarity);
    json_array_append_new(e->duplicates, json_pack("{so so so sf}", "file", mn_json_text(label), "person",
                                                   mn_json_id(&done->duplicate_person), "name",
                                                   mn_json_text(done->duplicate_name), "similarity",
                                                   done->duplicate_similarity));
}

/* On a worker: was this very picture enrolled before? */
static mn_code before(void *ctx, mn_picture *p, mn_error *err)
{
    enrolling *e = ctx;
    const mn_enrol_person person = person_of(e, p->input->group);
    return mn_core_enrolled_before(e->core, &e->actor, &person, p->bytes.data, p->bytes.len, &p->skipped,
                                   err);
}

static void count(enrolling *e, const char *label, size_t pictures, const mn_enrolment *done)
{
    if (done->outcome == MN_ENROLLED_ALREADY)
        e->already += pictures;
    else
        e->enrolled += pictures;
    e->people_new += done->person_is_new;
    if (done->duplicate)
        note_duplicate(e, label, done);
}

static float least_quality(const enrolling *e)
{
    return (float)mn_settings_real(e->cli->settings, MN_S_FACE_MIN_QUALITY);
}

static mn_code enrol(enrolling *e, mn_picture *p, mn_error *err)
{
    const mn_face *face;
    mn_enrolment done = {0};
    mn_code code = mn_picture_pick(e->cli, p, "only", &face, err);
    if (code != MN_OK)
        return code;
    const mn_enrol_person person = person_of(e, p->input->group);
    const mn_enrol_face what = {.source = p->label,
                                .bytes = p->bytes.data,
                                .n = p->bytes.len,
                                .face = face,
                                .min_quality = least_quality(e)};
    code = mn_core_enrol(e->core, &e->actor, &person, &what, p->arena, &done, err);
    if (code == MN_OK)
        count(e, p->label, 1, &done);
    return code;
}

/* Every further picture would meet it too. */
static bool ends_all(mn_code code)
{
    return code == MN_E_MEMORY || code == MN_E_FULL || code == MN_E_PACK;
}

/* ---- --aggregate ---- */

/* The face has no sample: there is no picture that its descriptor is of. Its mark, by which it is known the
 * next time, is made of the pictures' marks. */
static mn_code enrol_made(enrolling *e, mn_arena *arena, mn_error *err)
{
    mn_enrolment done = {0};
    mn_face face = {.quality.made = true};
    uint8_t marks[MN_AGGREGATE_MAX * MN_TOGETHER_MARK];
    char source[512];
    const char *first = mn_together_label(&e->together);
    mn_code code =
        mn_together_make(&e->together, e->model, arena, &face.descriptor, &face.quality.overall, err);
    if (code != MN_OK)
        return code;
    size_t pictures = e->together.n;
    snprintf(source, sizeof source, pictures > 1 ? "%s and %zu more" : "%s", first, pictures - 1);
    const mn_enrol_person person = person_of(e, e->group);
    const mn_enrol_face what = {.source = source,
                                .bytes = marks,
                                .n = mn_together_marks(&e->together, marks),
                                .face = &face,
                                .min_quality = least_quality(e)};
    code = mn_core_enrol(e->core, &e->actor, &person, &what, arena, &done, err);
    if (code == MN_OK)
        count(e, first, pictures, &done);
    return code;
}

/* A picture that could not be used fails the whole: it might have been of somebody else. */
static mn_code enrol_together(enrolling *e, mn_error *err)
{
    if (e->unusable > 0)
        return mn_fail(err, e->why, "not enrolled, because %zu of the pictures could not be used",
                       e->unusable);
    mn_arena *arena = mn_arena_create(ARENA_MAX);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for a descriptor");
    mn_code code = enrol_made(e, arena, err);
    mn_arena_destroy(arena);
    return code;
}

/* What was kept of one person's pictures becomes a face, and room for the next person. */
static mn_code finish_person(enrolling *e, mn_error *err)
{
    mn_error error = {0};
    if (e->together.n == 0 && e->unusable == 0)
        return MN_OK;
    const mn_enrol_person person = person_of(e, e->group);
    const char *label = person.name ? person.name : person.external_id;
    mn_code code = enrol_together(e, &error);
    mn_together_finish(&e->together);
    e->unusable = 0;
    if (ends_all(code)) {
        *err = error;
        return mn_error_prefix(err, "%s", label);
    }
    return code == MN_OK ? MN_OK : note_refusal(e, label, &error, err);
}

static mn_code keep(enrolling *e, const mn_picture *p, mn_error *err)
{
    const mn_face *face;
    double least = (double)least_quality(e);
    mn_code code = mn_picture_pick(e->cli, p, "only", &face, err);
    if (code == MN_OK && (double)face->quality.overall < least)
        code =
            mn_fail(err, MN_E_QUALITY,
                    "the face's quality is %.2f, and %.2f is needed: take a sharper, larger, frontal picture",
                    (double)face->quality.overall, least);
    return code == MN_OK ? mn_together_keep(&e->together, e->cli, p, err) : code;
}

static mn_code look_together(enrolling *e, const mn_picture *p, mn_code code, mn_error *error)
{
    if (code == MN_OK)
        code = keep(e, p, error);
    if (code != MN_OK && e->unusable++ == 0)
        e->why = code;
    return code;
}

/* ---- picture after picture ---- */

/* On the caller's thread, in order, so that a person's first picture makes the person and the others find it.
 */
static mn_code show(void *ctx, mn_picture *p, mn_error *err)
{
    enrolling *e = ctx;
    char what[64];
    mn_error error = p->error;
    mn_code code = MN_OK;
    bool together = e->cli->args->value[MN_O_AGGREGATE] != NULL;
    if (together && p->input->group != e->group)
        code = finish_person(e, err);
    if (code != MN_OK)
        return code;
    e->group = p->input->group;
    code = p->code;
    if (together)
        code = look_together(e, p, code, &error);
    else if (code == MN_OK && p->skipped)
        e->already++;
    else if (code == MN_OK)
        code = enrol(e, p, &error);
    if (ends_all(code)) {
        *err = error;
        return mn_error_prefix(err, "%s", p->label);
    }
    if (code != MN_OK)
        code = note_refusal(e, p->label, &error, err);
    snprintf(what, sizeof what, "refused %zu", e->n_refusals);
    mn_progress_show(&e->progress, ++e->done, what);
    return code;
}

/* ---- report ---- */

static mn_code print_json(const enrolling *e, bool interrupted, mn_error *err)
{
    json_t *refused = json_array();
    for (size_t i = 0; i < e->n_refusals; i++)
        json_array_append_new(refused, mn_json_failure(e->refusals[i].file, &e->refusals[i].error));
    return mn_json_print(e->cli->out,
                         json_pack("{sI sI sI sI so sO sb}", "pictures", (json_int_t)e->inputs->n, "enrolled",
                                   (json_int_t)e->enrolled, "already", (json_int_t)e->already, "people_new",
                                   (json_int_t)e->people_new, "refused", refused, "duplicates", e->duplicates,
                                   "interrupted", interrupted),
                         err);
}

static void print_text(const enrolling *e, bool interrupted)
{
    FILE *out = e->cli->out;
    fprintf(out, "%zu picture%s enrolled, %zu new %s", e->enrolled, e->enrolled == 1 ? "" : "s",
            e->people_new, e->people_new == 1 ? "person" : "people");
    if (e->already)
        fprintf(out, ", %zu enrolled before", e->already);
    if (e->n_refusals)
        fprintf(out, ", %zu refused", e->n_refusals);
    fputc('\n', out);
    if (interrupted)
        fprintf(out, "interrupted: start the same command again to go on\n");
}

static mn_code report(enrolling *e, mn_code code, mn_error *err)
{
    bool interrupted = code == MN_E_CANCELLED;
    mn_progress_clear(&e->progress);
    if (code != MN_OK && !interrupted)
        mn_say_error(NULL, err);
    for (size_t i = 0; i < e->n_refusals; i++)
        mn_say_error(e->refusals[i].file, &e->refusals[i].error);
    if (e->cli->json)
        return print_json(e, interrupted, err);
    print_text(e, interrupted);
    return MN_OK;
}

/* ---- the command ---- */

static mn_code read_who(const mn_args *a, mn_error *err)
{
    bool named = a->value[MN_O_NAME] || a->value[MN_O_EXTERNAL_ID];
    if (a->value[MN_O_FOLDERS] && named)
        return mn_fail(err, MN_E_INVALID,
                       "--folders names the people by their folders: leave out --name and --external-id");
    if (!a->value[MN_O_FOLDERS] && !named)
        return mn_fail(err, MN_E_INVALID,
                       "who is it? Give --name or --external-id (or --folders for a folder a person)");
    if (!a->value[MN_O_LIST])
        return mn_fail(err, MN_E_INVALID,
                       "into which list? Give --list NAME (it is made when there is none)");
    return MN_OK;
}

static mn_code run(enrolling *e, mn_error *err)
{
    mn_engine engine = {0};
    const mn_crew_task task = {.want = MN_WANT_DESCRIPTOR | MN_WANT_QUALITY | MN_WANT_SAMPLE,
                               .wanted_side = MN_SIDE_ONE_FACE,
                               .before = e->cli->args->value[MN_O_AGGREGATE] ? NULL : before,
                               .show = show,
                               .ctx = e};
    mn_code code = mn_engine_open(e->cli, task.want, MN_PEOPLE_CREATE, &engine, err);
    if (code == MN_OK) {
        e->core = engine.core;
        e->model = mn_pipeline_descriptor_model(engine.pipeline);
        e->progress = mn_progress_start(e->cli, e->inputs->n);
        code = mn_crew_run(e->cli, engine.pipeline, e->inputs, &task, err);
    }
    if (code == MN_OK && e->cli->args->value[MN_O_AGGREGATE])
        code = finish_person(e, err);
    mn_engine_close(&engine);
    return code;
}

static void finish(enrolling *e)
{
    for (size_t i = 0; i < e->n_refusals; i++)
        mn_free(e->refusals[i].file);
    mn_free(e->refusals);
    json_decref(e->duplicates);
    mn_together_finish(&e->together);
}

static int enrol_inputs(const mn_cli *cli, enrolling *e, const mn_inputs *inputs)
{
    mn_error err = {0};
    e->cli = cli;
    e->inputs = inputs;
    e->duplicates = json_array();
    if (!cli->args
             ->value[MN_O_FOLDERS]) { /* what is not there was said; with --folders it is a person's all */
        e->unusable = inputs->missing;
        e->why = MN_E_NOT_FOUND;
    }
    mn_code code = run(e, &err);
    mn_code printed = report(e, code, &err);
    bool failed = code != MN_OK || printed != MN_OK || e->n_failures || inputs->missing;
    if (printed != MN_OK)
        mn_say_error(NULL, &err);
    bool refused = e->n_refusals > 0;
    finish(e);
    return failed ? MN_EXIT_FAILURE : refused ? MN_EXIT_NO : MN_EXIT_DONE;
}

int mn_cmd_enroll(mn_cli *cli)
{
    mn_error err = {0};
    mn_inputs inputs = {0};
    const mn_args *a = cli->args;
    enrolling e = {.actor = mn_engine_actor()};
    mn_code code = read_who(a, &err);
    if (code == MN_OK)
        code = mn_consent_read(a, &e.consent, &e.with_consent, &err);
    if (code != MN_OK)
        return mn_say_usage(a->command, err.text);
    e.consent.of_all = a->value[MN_O_FOLDERS] != NULL;
    code = a->value[MN_O_FOLDERS] ? mn_inputs_gather_people(a->operands, a->n_operands, &inputs, &err)
                                  : mn_inputs_gather(a->operands, a->n_operands, &inputs, &err);
    if (code != MN_OK) {
        mn_say_error(NULL, &err);
        return MN_EXIT_FAILURE;
    }
    int status = enrol_inputs(cli, &e, &inputs);
    mn_inputs_finish(&inputs);
    return status;
}
