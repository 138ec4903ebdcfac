#include "world.h"

#include "core/check.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

mn_actor ann = {.name = "test:ann"};

static const float raw[] = {0.0f, 0.2f, 0.3f, 0.4f, 0.5f, 0.7f};
static const float log10_fmr[] = {0.0f, -1.0f, -2.0f, -4.0f, -6.0f, -8.0f};
static const float similarity[] = {0.0f, 0.1f, 0.3f, 0.6f, 0.9f, 1.0f};

#define MODEL(model_name, precision_word, from)                                                              \
    {                                                                                                        \
        .task = "descriptor", .name = model_name, .precision = precision_word, .made_from = from,            \
        .dim = DIM, .metric = MN_METRIC_COSINE, .calibration = {                                             \
            .raw = raw,                                                                                      \
            .log10_fmr = log10_fmr,                                                                          \
            .similarity = similarity,                                                                        \
            .n = 6                                                                                           \
        }                                                                                                    \
    }
const mn_model_info fp32_model = MODEL("synthetic-128", "fp32", NULL);
const mn_model_info int8_model = MODEL("synthetic-128-int8", "int8", "synthetic-128");
const mn_model_info other_model = MODEL("another-128", "fp32", NULL);

mn_code world_open(const world *w, const char *pack, const mn_model_info *model, bool create, mn_core **out,
                   mn_error *err)
{
    const mn_core_options options = {
        .data_dir = w->dir, .create = create, .settings = w->settings, .search_threads = 1, .fmr = 1e-3};
    return mn_core_open_model(&options, pack, model, out, err);
}

void (*world_place)(mn_settings *s);

int world_setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    ann.rights = mn_rights_all();
    snprintf(w->dir, sizeof w->dir, "%s/data", mn_test_folder());
    w->arena = mn_arena_create((size_t)256 << 20);
    assert_non_null(w->arena);
    if (world_place) {
        w->settings = mn_settings_create();
        assert_non_null(w->settings);
        world_place(w->settings);
    }
    assert_ok(world_open(w, "test", &fp32_model, true, &w->core, err));
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    world *w = *state;
    mn_error e = {0};
    if (mn_core_check(w->core, NULL, NULL, &e) != MN_OK)
        fail_msg("after the test the data are not sound: %s", e.text);
    mn_core_close(w->core);
    mn_arena_destroy(w->arena);
    mn_settings_destroy(w->settings);
    free(w);
    return 0;
}

void world_reopen(world *w)
{
    mn_core_close(w->core);
    w->core = NULL;
    assert_ok(world_open(w, "test", &fp32_model, false, &w->core, err));
}

static void unit(float v[DIM])
{
    double sum = 0;
    for (int i = 0; i < DIM; i++)
        sum += (double)v[i] * v[i];
    for (int i = 0; i < DIM; i++)
        v[i] = (float)(v[i] / sqrt(sum));
}

void make_descriptor(unsigned who, unsigned look, float out[DIM])
{
    uint64_t base = 1000003ull * who + 7, noise = 99991ull * who + 31ull * look + 5;
    for (int i = 0; i < DIM; i++)
        out[i] = mn_test_random_normal(&base) + 0.3f * mn_test_random_normal(&noise);
    unit(out);
}

static void unref_image(void *p)
{
    mn_image_unref(p);
}

static mn_image *make_sample(world *w, unsigned seed)
{
    mn_image *image = NULL;
    uint64_t state = seed;
    assert_ok(mn_image_create(112, 112, 3, &image, err));
    for (int y = 0; y < 112; y++) {
        uint8_t *row = mn_image_row_mut(image, y);
        for (int x = 0; x < 112 * 3; x++)
            row[x] = (uint8_t)(mn_test_random(&state) & 0xff);
    }
    assert_int_equal(mn_arena_on_end(w->arena, unref_image, image), 0);
    return image;
}

mn_face *make_face(world *w, unsigned who, unsigned look)
{
    mn_face *f = mn_arena_calloc(w->arena, 1, sizeof *f);
    float *v = mn_arena_calloc(w->arena, DIM, sizeof *v);
    assert_true(f && v);
    make_descriptor(who, look, v);
    f->descriptor = (mn_descriptor){.dim = DIM, .model = "synthetic-128", .metric = MN_METRIC_COSINE, .v = v};
    f->quality = (mn_quality){.made = true, .overall = 0.8f};
    f->sample = make_sample(w, who * 100 + look);
    return f;
}

mn_consent_given agreed(mn_purpose purpose)
{
    return (mn_consent_given){.purpose = purpose,
                              .method = "signed form",
                              .evidence = "cabinet 3",
                              .given = mn_time_now() - MN_TIME_DAY,
                              .until = INT64_C(4102444800000000)};
}

mn_code try_enrol(world *w, const char *name, const char *list, const mn_consent_given *consent, unsigned who,
                  unsigned look, mn_enrolment *out, mn_error *err)
{
    char picture[64];
    int n = snprintf(picture, sizeof picture, "picture of %u number %u", who, look);
    const mn_enrol_person person = {.name = name, .list = list, .consent = consent};
    const mn_enrol_face face = {.source = "a.jpg",
                                .bytes = (const uint8_t *)picture,
                                .n = (size_t)n,
                                .face = make_face(w, who, look),
                                .min_quality = 0.3f};
    return mn_core_enrol(w->core, &ann, &person, &face, w->arena, out, err);
}

mn_enrolment enrol(world *w, const char *name, const char *list, unsigned who, unsigned look)
{
    mn_enrolment done = {0};
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    assert_ok(try_enrol(w, name, list, &consent, who, look, &done, err));
    return done;
}

mn_identification look_for(world *w, mn_core *core, unsigned who)
{
    mn_identification found = {0};
    const mn_face *f = make_face(w, who, 77);
    const mn_identify what = {.probe = &f->descriptor, .purpose = MN_PURPOSE_IDENTIFICATION, .k = 3};
    assert_ok(mn_core_identify(core, &ann, &what, w->arena, &found, err));
    return found;
}

typedef struct {
    const char *action;
    uint64_t n;
    char *detail;
    size_t size;
} audit_count;

static mn_code count_record(void *ctx, const mn_audit_record *r, mn_error *err)
{
    audit_count *count = ctx;
    (void)err;
    if (strcmp(r->action, count->action) != 0)
        return MN_OK;
    count->n++;
    if (count->detail)
        snprintf(count->detail, count->size, "%s %s %s", r->actor, r->target ? r->target : "-", r->detail);
    return MN_OK;
}

uint64_t count_audit(world *w, const char *action, char *last_detail, size_t size)
{
    audit_count count = {action, 0, last_detail, size};
    assert_ok(w->core->store->ops->audit_each(w->core->store, 1, count_record, &count, err));
    return count.n;
}
