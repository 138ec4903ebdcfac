/* Enrols people from ready descriptors, and prints how long it took as a line of JSON.
 *
 *   bench-enrol FOLDER URL PEOPLE BATCH THREADS DIM
 *
 * URL is store.url, "" for SQLite in FOLDER. BATCH 0: one by one, by THREADS threads. Each person is new,
 * with consent, membership, key, face, sealed descriptor and audit record, and on the disk when its call
 * returns. */
#include "core/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIM_MAX     1024
#define THREADS_MAX 64

typedef struct {
    mn_core *core;
    size_t from, to, batch;
    int dim;
    uint64_t seed;
    pthread_t thread;
} work;

static const mn_actor *actor(void)
{
    static mn_actor who = {.name = "bench"};
    who.rights = mn_rights_all();
    return &who;
}

static void die(const char *what, const mn_error *err)
{
    fprintf(stderr, "bench-enrol: %s: %s\n", what, err->text);
    exit(1);
}

/* Somebody's face: what matters is its size, and that no two are alike. */
static void random_vector(uint64_t *seed, int dim, float *out)
{
    double sum = 0;
    for (int i = 0; i < dim; i++) {
        *seed += 0x9e3779b97f4a7c15ull;
        uint64_t z = (*seed ^ *seed >> 30) * 0xbf58476d1ce4e5b9ull;
        out[i] = (float)((double)((z ^ z >> 27) >> 11) / 9007199254740992.0 - 0.5);
        sum += (double)out[i] * out[i];
    }
    for (int i = 0; i < dim; i++)
        out[i] = (float)(out[i] / sqrt(sum));
}

typedef struct {
    char name[32];
    float v[DIM_MAX];
    mn_face face;
} subject;

static const mn_consent_given consent = {.purpose = MN_PURPOSE_IDENTIFICATION,
                                         .method = "signed form",
                                         .evidence = "cabinet 3",
                                         .given = 1,
                                         .until = MN_TIME_NEVER};

static void make_subject(work *w, size_t number, subject *s, mn_enrol_record *out)
{
    snprintf(s->name, sizeof s->name, "P%zu", number);
    random_vector(&w->seed, w->dim, s->v);
    s->face =
        (mn_face){.quality = {.made = true, .overall = 0.8f},
                  .descriptor = {.dim = w->dim, .model = "bench", .metric = MN_METRIC_COSINE, .v = s->v}};
    *out = (mn_enrol_record){
        .person = {.external_id = s->name, .name = s->name, .list = "bench", .consent = &consent},
        .face = {.source = "bench", .face = &s->face}};
}

static void enrol_batch(work *w, size_t from, size_t n, subject *subjects, mn_enrol_record *records,
                        mn_enrol_result *results)
{
    const mn_enrol_options options = {.batch = n};
    mn_error err = {0};
    size_t done = 0;
    mn_arena *arena = mn_arena_create((size_t)64 << 20);
    for (size_t i = 0; i < n; i++)
        make_subject(w, from + i, &subjects[i], &records[i]);
    if (!arena ||
        mn_core_enrol_many(w->core, actor(), records, n, &options, arena, results, &done, &err) != MN_OK)
        die("a batch", &err);
    for (size_t i = 0; i < n; i++)
        if (results[i].code != MN_OK || !results[i].done.person_is_new)
            die("a record was refused", &(mn_error){0});
    mn_arena_destroy(arena);
}

static void enrol_one(work *w, size_t number, subject *s, mn_enrol_record *r)
{
    mn_error err = {0};
    mn_enrolment out;
    mn_arena *arena = mn_arena_create((size_t)16 << 20);
    make_subject(w, number, s, r);
    if (!arena || mn_core_enrol(w->core, actor(), &r->person, &r->face, arena, &out, &err) != MN_OK)
        die("an enrolment", &err);
    mn_arena_destroy(arena);
}

static void *run(void *p)
{
    work *w = p;
    size_t room = w->batch ? w->batch : 1;
    subject *subjects = calloc(room, sizeof *subjects);
    mn_enrol_record *records = calloc(room, sizeof *records);
    mn_enrol_result *results = calloc(room, sizeof *results);
    if (!subjects || !records || !results)
        exit(1);
    for (size_t at = w->from; at < w->to; at += room) {
        if (w->batch)
            enrol_batch(w, at, w->to - at < room ? w->to - at : room, subjects, records, results);
        else
            enrol_one(w, at, subjects, records);
    }
    free(subjects);
    free(records);
    free(results);
    return NULL;
}

static mn_core *open_core(const char *folder, const char *url, const mn_model_info *model)
{
    mn_error err = {0};
    mn_core *core = NULL;
    mn_settings *settings = mn_settings_create();
    if (!settings || mn_settings_set(settings, MN_S_STORE_URL, url, "bench", &err) != MN_OK)
        die("settings", &err);
    const mn_core_options options = {
        .data_dir = folder, .create = true, .settings = settings, .search_threads = 1, .fmr = 1e-4};
    if (mn_core_open_model(&options, "bench", model, &core, &err) != MN_OK)
        die("opening", &err);
    mn_settings_destroy(settings);
    return core;
}

int main(int argc, char **argv)
{
    static const float raw[] = {0, 1}, log10_fmr[] = {0, -8}, similarity[] = {0, 1};
    if (argc != 7) {
        fprintf(stderr, "usage: bench-enrol FOLDER URL PEOPLE BATCH THREADS DIM\n");
        return 2;
    }
    size_t people = strtoul(argv[3], NULL, 10), batch = strtoul(argv[4], NULL, 10);
    size_t threads = strtoul(argv[5], NULL, 10);
    const mn_model_info model = {.task = "descriptor",
                                 .name = "bench",
                                 .precision = "fp32",
                                 .dim = (int)strtol(argv[6], NULL, 10),
                                 .metric = MN_METRIC_COSINE,
                                 .calibration = {raw, log10_fmr, similarity, 2}};
    if (threads < 1 || threads > THREADS_MAX || batch > MN_ENROL_BATCH_MAX || model.dim > DIM_MAX)
        return 2;
    mn_core *core = open_core(argv[1], argv[2], &model);
    work each[THREADS_MAX];
    int64_t start = mn_monotonic_ns();
    for (size_t i = 0; i < threads; i++) {
        each[i] = (work){core, people * i / threads, people * (i + 1) / threads, batch, model.dim, i * 77, 0};
        if (pthread_create(&each[i].thread, NULL, run, &each[i]) != 0)
            return 1;
    }
    for (size_t i = 0; i < threads; i++)
        pthread_join(each[i].thread, NULL);
    double seconds = (double)(mn_monotonic_ns() - start) / 1e9;
    printf("{\"engine\": \"%s\", \"people\": %zu, \"batch\": %zu, \"threads\": %zu, \"dim\": %d, "
           "\"seconds\": %.3f, \"per_s\": %.0f}\n",
           *argv[2] ? "postgresql" : "sqlite", people, batch, threads, model.dim, seconds,
           (double)people / seconds);
    mn_core_close(core);
    return 0;
}
