/* Enrols people from ready descriptors, and prints how long it took as a line of JSON.
 *
 *   bench-enrol FOLDER URL PEOPLE BATCH THREADS DIM [import]
 *
 * URL is store.url, "" for SQLite in FOLDER. BATCH 0: one by one, by THREADS threads. Each person is new,
 * with consent, membership, key, face, sealed descriptor and audit record, and on the disk when its call
 * returns. With `import` they come as an import's do, in batches. After batches the data are opened again,
 * from the snapshot and without it: how long until everybody can be searched for. */
#include "core/import.h"
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
    bool import;
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

static void import_batch(work *w, mn_import *import, size_t from, size_t n, subject *subjects)
{
    static const mn_import_list list = {
        .name = "bench", .with_purpose = true, .purpose = MN_PURPOSE_IDENTIFICATION};
    const mn_consent agreed = {.purpose = consent.purpose,
                               .method = consent.method,
                               .evidence = consent.evidence,
                               .given = consent.given,
                               .until = consent.until,
                               .withdrawn = MN_TIME_NEVER};
    mn_import_person *people = calloc(n, sizeof *people);
    mn_import_face *faces = calloc(n, sizeof *faces);
    mn_error err = {0};
    if (!people || !faces)
        exit(1);
    for (size_t i = 0; i < n; i++) {
        mn_enrol_record unused;
        make_subject(w, from + i, &subjects[i], &unused);
        faces[i] = (mn_import_face){.source = "bench",
                                    .quality = 0.8f,
                                    .created = MN_TIME_NEVER,
                                    .model = "bench",
                                    .v = subjects[i].v,
                                    .dim = w->dim};
        people[i] = (mn_import_person){.external_id = subjects[i].name,
                                       .name = subjects[i].name,
                                       .active = true,
                                       .created = MN_TIME_NEVER,
                                       .lists = &list,
                                       .n_lists = 1,
                                       .consents = &agreed,
                                       .n_consents = 1,
                                       .faces = &faces[i],
                                       .n_faces = 1};
    }
    if (mn_core_import_people(import, people, n, &err) != MN_OK)
        die("a batch", &err);
    for (size_t i = 0; i < n; i++)
        if (people[i].code != MN_OK || !people[i].is_new)
            die("a person was refused", &people[i].error);
    free(people);
    free(faces);
}

static void *run(void *p)
{
    work *w = p;
    size_t room = w->batch ? w->batch : 1;
    subject *subjects = calloc(room, sizeof *subjects);
    mn_enrol_record *records = calloc(room, sizeof *records);
    mn_enrol_result *results = calloc(room, sizeof *results);
    mn_import *import = NULL;
    mn_error err = {0};
    if (!subjects || !records || !results)
        exit(1);
    if (w->import && mn_core_import_open(w->core, actor(), false, &import, &err) != MN_OK)
        die("opening an import", &err);
    for (size_t at = w->from; at < w->to; at += room) {
        size_t n = w->to - at < room ? w->to - at : room;
        if (w->import)
            import_batch(w, import, at, n, subjects);
        else if (w->batch)
            enrol_batch(w, at, n, subjects, records, results);
        else
            enrol_one(w, at, subjects, records);
    }
    mn_core_import_close(import);
    free(subjects);
    free(records);
    free(results);
    return NULL;
}

typedef struct {
    const char *folder, *url;
    mn_model_info model;
} place;

static mn_core *open_core(const place *p, bool snapshot)
{
    mn_error err = {0};
    mn_core *core = NULL;
    mn_settings *settings = mn_settings_create();
    if (!settings || mn_settings_set(settings, MN_S_STORE_URL, p->url, "bench", &err) != MN_OK ||
        (!snapshot && mn_settings_set(settings, MN_S_GALLERY_SNAPSHOT, "0", "bench", &err) != MN_OK))
        die("settings", &err);
    const mn_core_options options = {
        .data_dir = p->folder, .create = true, .settings = settings, .search_threads = 2, .fmr = 1e-4};
    if (mn_core_open_model(&options, "bench", &p->model, &core, &err) != MN_OK)
        die("opening", &err);
    mn_settings_destroy(settings);
    return core;
}

static double seconds_since(int64_t from)
{
    return (double)(mn_monotonic_ns() - from) / 1e9;
}

/* How long until everybody is in the gallery. */
static double open_again(const place *p, bool snapshot, size_t people)
{
    mn_core_gallery_state state = {0};
    mn_error err = {0};
    int64_t from = mn_monotonic_ns();
    mn_core *core = open_core(p, snapshot);
    double seconds = seconds_since(from);
    if (mn_core_gallery_look(core, &state, &err) != MN_OK || state.rows != people ||
        state.from_snapshot != snapshot)
        die("not everybody was loaded, or not from there", &err);
    mn_core_close(core);
    return seconds;
}

/* Enrols them all; seconds. */
static double enrol_all(mn_core *core, size_t people, size_t batch, size_t threads, int dim, bool import)
{
    work each[THREADS_MAX];
    int64_t start = mn_monotonic_ns();
    for (size_t i = 0; i < threads; i++) {
        each[i] = (work){.core = core,
                         .from = people * i / threads,
                         .to = people * (i + 1) / threads,
                         .batch = batch,
                         .dim = dim,
                         .import = import,
                         .seed = i * 77};
        if (pthread_create(&each[i].thread, NULL, run, &each[i]) != 0)
            exit(1);
    }
    for (size_t i = 0; i < threads; i++)
        pthread_join(each[i].thread, NULL);
    return seconds_since(start);
}

int main(int argc, char **argv)
{
    static const float raw[] = {0, 1}, log10_fmr[] = {0, -8}, similarity[] = {0, 1};
    if (argc < 7 || argc > 8 || (argc == 8 && strcmp(argv[7], "import") != 0)) {
        fprintf(stderr, "usage: bench-enrol FOLDER URL PEOPLE BATCH THREADS DIM [import]\n");
        return 2;
    }
    size_t people = strtoul(argv[3], NULL, 10), batch = strtoul(argv[4], NULL, 10);
    size_t threads = strtoul(argv[5], NULL, 10);
    const place p = {argv[1],
                     argv[2],
                     {.task = "descriptor",
                      .name = "bench",
                      .precision = "fp32",
                      .dim = (int)strtol(argv[6], NULL, 10),
                      .metric = MN_METRIC_COSINE,
                      .calibration = {raw, log10_fmr, similarity, 2}}};
    if (threads < 1 || threads > THREADS_MAX || batch > MN_ENROL_BATCH_MAX || p.model.dim < 64 ||
        p.model.dim > DIM_MAX || (argc == 8 && batch == 0))
        return 2;
    mn_core *core = open_core(&p, true);
    double seconds = enrol_all(core, people, batch, threads, p.model.dim, argc == 8);
    mn_error err = {0};
    if (batch > 0 && mn_core_gallery_save(core, NULL, &err) != MN_OK)
        die("the snapshot", &err);
    mn_core_close(core);
    printf("{\"engine\": \"%s\", \"way\": \"%s\", \"people\": %zu, \"batch\": %zu, \"threads\": %zu, "
           "\"dim\": %d, \"seconds\": %.3f, \"per_s\": %.0f",
           *p.url ? "postgresql" : "sqlite", argc == 8 ? "import" : "enrol", people, batch, threads,
           p.model.dim, seconds, (double)people / seconds);
    if (batch > 0) {
        double ready = open_again(&p, true, people), load = open_again(&p, false, people);
        printf(", \"snapshot_s\": %.3f, \"load_s\": %.3f", ready, load);
    }
    printf("}\n");
    return 0;
}
