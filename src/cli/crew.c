#include "cli/crew.h"
#include "base/alloc.h"
#include "base/file.h"
#include "cli/config.h"
#include "face/choose.h"
#include <math.h>
#include <pthread.h>
#include <string.h>

#define SLOTS_PER_WORKER 3
#define ARENA_MAX        ((size_t)256 << 20)

typedef struct mn_crew mn_crew;

typedef struct {
    mn_crew *crew;
    mn_picture picture;
    bool done; /* under the crew's lock */
} slot;

struct mn_crew {
    const mn_crew_task *task;
    mn_pipeline *pipeline;
    mn_decode_limits limits;
    const mn_cancel *cancel;
    slot *slots;
    size_t n_slots;
    pthread_mutex_t lock;
    pthread_cond_t change; /* some slot is done */
};

static void unref_image(void *image)
{
    mn_image_unref(image);
}

static mn_code decode(const mn_crew *crew, mn_picture *p, mn_error *err)
{
    mn_image *image;
    mn_code code = mn_image_decode(p->bytes.data, p->bytes.len, &crew->limits, &image, err);
    if (code != MN_OK)
        return code;
    if (mn_arena_on_end(p->arena, unref_image, image) != 0) {
        mn_image_unref(image);
        return mn_fail(err, MN_E_MEMORY, "no memory for a picture");
    }
    p->image = image;
    return MN_OK;
}

static mn_code read_sample(const mn_crew *crew, mn_picture *p, mn_error *err)
{
    mn_face *face = mn_arena_calloc(p->arena, 1, sizeof *face);
    if (!face)
        return mn_fail(err, MN_E_MEMORY, "no memory for a face");
    mn_code code = mn_pipeline_run_sample(crew->pipeline, p->image, crew->task->want, p->arena, face, err);
    if (code != MN_OK)
        return code;
    p->faces = face;
    p->n_faces = 1;
    return MN_OK;
}

static mn_code find_faces(const mn_crew *crew, mn_picture *p, mn_error *err)
{
    const mn_crew_task *t = crew->task;
    if (t->samples)
        return read_sample(crew, p, err);
    if (!t->box)
        return mn_pipeline_run(crew->pipeline, p->image, t->want, p->arena, &p->faces, &p->n_faces, err);
    mn_code code =
        mn_pipeline_run_boxes(crew->pipeline, p->image, t->box, 1, t->want, p->arena, &p->faces, err);
    p->n_faces = code == MN_OK;
    return code;
}

static mn_code work_on(const mn_crew *crew, mn_picture *p, mn_error *err)
{
    mn_code code = mn_file_read(p->input->path, &p->bytes, err);
    if (code == MN_OK && !p->bytes.len)
        code = mn_fail(err, MN_E_DECODE, "the file is empty: 0 bytes");
    if (code == MN_OK && crew->task->before)
        code = crew->task->before(crew->task->ctx, p, err);
    if (code != MN_OK || p->skipped)
        return code;
    code = decode(crew, p, err);
    return code == MN_OK && crew->pipeline ? find_faces(crew, p, err) : code;
}

static void mark_done(slot *s)
{
    pthread_mutex_lock(&s->crew->lock);
    s->done = true;
    pthread_cond_signal(&s->crew->change);
    pthread_mutex_unlock(&s->crew->lock);
}

static void run_slot(void *job, unsigned worker)
{
    slot *s = job;
    (void)worker;
    s->picture.code = work_on(s->crew, &s->picture, &s->picture.error);
    mark_done(s);
}

static void drop_slot(void *job)
{
    slot *s = job;
    s->picture.code = mn_fail(&s->picture.error, MN_E_CANCELLED, "interrupted");
    mark_done(s);
}

static void clear(slot *s)
{
    mn_arena *arena = s->picture.arena;
    mn_buf bytes = s->picture.bytes;
    mn_arena_reset(arena);
    mn_buf_clear(&bytes);
    s->picture = (mn_picture){.arena = arena, .bytes = bytes};
    s->done = false;
}

static mn_code submit(mn_crew *crew, mn_pool *pool, slot *s, const mn_input *input, mn_error *err)
{
    clear(s);
    s->picture.input = input;
    s->picture.label = strcmp(input->path, "-") == 0 ? "standard input" : input->path;
    const mn_job job = {.run = run_slot, .drop = drop_slot, .job = s, .cancel = crew->cancel};
    return mn_pool_submit(pool, &job, true, err);
}

static void wait_for(mn_crew *crew, const slot *s)
{
    pthread_mutex_lock(&crew->lock);
    while (!s->done)
        pthread_cond_wait(&crew->change, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
}

/* The ring of slots: inputs shown … sent-1 are in work or waiting to be shown. */
static mn_code feed(mn_crew *crew, mn_pool *pool, const mn_inputs *inputs, mn_error *err)
{
    size_t sent = 0, shown = 0;
    mn_code code = MN_OK;
    while (code == MN_OK) {
        while (sent < inputs->n && sent - shown < crew->n_slots && !mn_cancelled(crew->cancel) &&
               code == MN_OK) {
            code = submit(crew, pool, &crew->slots[sent % crew->n_slots], &inputs->at[sent], err);
            sent++;
        }
        if (code != MN_OK || shown == sent)
            break;
        slot *s = &crew->slots[shown++ % crew->n_slots];
        wait_for(crew, s);
        if (s->picture.code != MN_E_CANCELLED)
            code = crew->task->show(crew->task->ctx, &s->picture, err);
    }
    if (code == MN_OK && mn_cancelled(crew->cancel))
        code = mn_fail(err, MN_E_CANCELLED, "interrupted after %zu of %zu pictures", shown, inputs->n);
    return code;
}

static mn_code make_slots(mn_crew *crew, size_t n, mn_error *err)
{
    crew->slots = mn_calloc(n, sizeof *crew->slots);
    if (!crew->slots)
        return mn_fail(err, MN_E_MEMORY, "no memory for the work");
    crew->n_slots = n;
    for (size_t i = 0; i < n; i++) {
        crew->slots[i].crew = crew;
        mn_buf_init(&crew->slots[i].picture.bytes, crew->limits.max_bytes);
        crew->slots[i].picture.arena = mn_arena_create(ARENA_MAX);
        if (!crew->slots[i].picture.arena)
            return mn_fail(err, MN_E_MEMORY, "no memory for the work");
    }
    return MN_OK;
}

static void destroy_slots(mn_crew *crew)
{
    for (size_t i = 0; i < crew->n_slots; i++) {
        if (crew->slots[i].picture.arena)
            mn_arena_destroy(crew->slots[i].picture.arena);
        mn_buf_finish(&crew->slots[i].picture.bytes);
    }
    mn_free(crew->slots);
}

mn_code mn_crew_run(const mn_cli *cli, mn_pipeline *pipeline, const mn_inputs *inputs,
                    const mn_crew_task *task, mn_error *err)
{
    unsigned workers = mn_config_workers(cli->settings);
    if (workers > inputs->n)
        workers = inputs->n ? (unsigned)inputs->n : 1;
    mn_crew crew = {.task = task,
                    .pipeline = pipeline,
                    .cancel = cli->cancel,
                    .limits = mn_decode_limits_read(cli->settings),
                    .lock = PTHREAD_MUTEX_INITIALIZER,
                    .change = PTHREAD_COND_INITIALIZER};
    crew.limits.wanted_side = task->wanted_side;
    mn_pool *pool = NULL;
    mn_code code = make_slots(&crew, (size_t)workers * SLOTS_PER_WORKER, err);
    if (code == MN_OK)
        code = mn_pool_create(workers, crew.n_slots, &pool, err);
    if (code == MN_OK)
        code = feed(&crew, pool, inputs, err);
    if (pool)
        mn_pool_destroy(pool); /* before the slots: what is still in work writes into them */
    destroy_slots(&crew);
    return code;
}

/* ---- which face is meant ---- */

mn_code mn_picture_pick(const mn_cli *cli, const mn_picture *p, const char *otherwise, const mn_face **out,
                        mn_error *err)
{
    const char *which = cli->args->value[MN_O_FACE] ? cli->args->value[MN_O_FACE] : otherwise;
    float scale = mn_image_scale(p->image);
    return mn_face_choose(p->faces, p->n_faces, scale * (float)mn_image_width(p->image),
                          scale * (float)mn_image_height(p->image), which, out, err);
}

float mn_face_eye_distance(const mn_face *face)
{
    return hypotf(face->points[1].x - face->points[0].x, face->points[1].y - face->points[0].y);
}
