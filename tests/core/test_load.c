/* A gallery filled from the store: who gets into it, until when, at what cost of memory, and what stops it.
 */
#include "crowd.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const crowd_kind staff = {.purpose = MN_PURPOSE_IDENTIFICATION, .list = "staff"};

static size_t faces(world *w)
{
    return mn_gallery_stats_get(w->core->gallery).faces;
}

/* More than two pages of 2 048, with people in between who must not get in. */
static void test_everybody(void **state)
{
    world *w = *state;
    crowd_enrol(w, 0, 2000, &staff);
    crowd_enrol(w, 2000, 100, &(crowd_kind){.purpose = MN_PURPOSE_VERIFICATION, .list = "door"});
    crowd_enrol(w, 2100, 100,
                &(crowd_kind){.purpose = MN_PURPOSE_IDENTIFICATION, .list = "staff", .inactive = true});
    crowd_enrol(w, 2200, 100, &(crowd_kind){.purpose = MN_PURPOSE_IDENTIFICATION});
    crowd_enrol(w, 2300, 2200, &staff);
    crowd_enrol(w, 4500, 50,
                &(crowd_kind){.purpose = MN_PURPOSE_ATTENDANCE, .list = "staff"}); /* another consent */
    world_reopen(w);
    assert_int_equal(faces(w), 4200);
    static const unsigned found[] = {0, 1999, 2300, 4499}, not_found[] = {2050, 2150, 2250, 4520};
    for (size_t i = 0; i < 4; i++) {
        assert_true(crowd_finds(w, found[i]));
        assert_false(crowd_finds(w, not_found[i]));
    }
    /* What was written after the load is followed, page or no page. */
    crowd_enrol(w, 5000, 700, &staff);
    assert_true(crowd_finds(w, 5699));
    assert_int_equal(faces(w), 4900);
}

#define HOUR (MN_TIME_DAY / 24)

/* The gallery itself lets go at the end: nobody asks the store. */
static void test_ends(void **state)
{
    world *w = *state;
    const mn_time end = mn_time_now() + HOUR;
    crowd_enrol(w, 0, 5, &(crowd_kind){.purpose = MN_PURPOSE_IDENTIFICATION, .list = "staff", .until = end});
    crowd_enrol(w, 5, 5, &staff);
    crowd_enrol(
        w, 10, 5,
        &(crowd_kind){.purpose = MN_PURPOSE_LIVE, .list = "guests", .retention = end - mn_time_now()});
    world_reopen(w);
    assert_int_equal(faces(w), 15);
    for (unsigned i = 0; i < 15; i += 5)
        assert_true(crowd_gallery_finds(w, i));
    mn_time_shift(HOUR + MN_TIME_SECOND); /* the gallery rounds up to a whole second */
    assert_false(crowd_gallery_finds(w, 0));
    assert_true(crowd_gallery_finds(w, 5));
    assert_false(crowd_gallery_finds(w, 10));
    assert_int_equal(faces(w), 15); /* they are still there, and nobody finds them */
    assert_true(crowd_finds(w, 5));
    assert_int_equal(faces(w), 5); /* following took them out */
    mn_time_shift(-HOUR - MN_TIME_SECOND);
}

/* In two lists, one of which ends: found through the other, and by the store's word not through the one. */
static void test_one_of_two_lists_ends(void **state)
{
    world *w = *state;
    mn_store *s = w->core->store;
    mn_list brief = {.id = mn_id_make(),
                     .name = "brief",
                     .purpose = MN_PURPOSE_IDENTIFICATION,
                     .retention = HOUR,
                     .created = 1};
    crowd_enrol(w, 0, 1, &staff);
    mn_id person = crowd_person(w, 0);
    assert_ok(s->ops->list_put(s, &brief, err));
    assert_ok(s->ops->member_put(s, &brief.id, &person, mn_time_now(), err));
    world_reopen(w);
    const mn_face *f = make_face(w, 0, 9);
    mn_identify what = {.probe = &f->descriptor, .purpose = MN_PURPOSE_IDENTIFICATION, IN("brief"), .k = 1};
    mn_identification found;
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_int_equal(found.n, 1);
    mn_time_shift(HOUR);
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_int_equal(found.n, 0);
    what.lists = (const char *const[]){"staff"};
    assert_ok(mn_core_identify(w->core, &ann, &what, w->arena, &found, err));
    assert_int_equal(found.n, 1);
    mn_time_shift(-HOUR);
}

typedef struct {
    uint64_t told, last;
    uint64_t stop_at;
    mn_cancel cancel;
} listener;

static void listen(void *user, uint64_t people)
{
    listener *l = user;
    assert_true(people > l->last);
    l->last = people;
    l->told++;
    if (people >= l->stop_at && l->stop_at)
        mn_cancel_set(&l->cancel);
}

static mn_code open_listening(world *w, listener *l, mn_core **out, mn_error *err)
{
    const mn_core_options options = {
        .data_dir = w->dir,
        .search_threads = 2,
        .fmr = 1e-3,
        .gallery = {.fresh = true, .progress = listen, .user = l, .cancel = &l->cancel}};
    return mn_core_open_model(&options, "test", &fp32_model, out, err);
}

static void test_progress_and_cancel(void **state)
{
    world *w = *state;
    mn_core *c = NULL;
    crowd_enrol(w, 0, 4500, &staff);
    listener all = {0}, some = {.stop_at = 2000};
    assert_ok(open_listening(w, &all, &c, err));
    assert_int_equal(all.told, 3);
    assert_int_equal(all.last, 4500);
    assert_int_equal(mn_gallery_stats_get(c->gallery).faces, 4500);
    mn_core_close(c);
    c = NULL;
    assert_code(open_listening(w, &some, &c, err), MN_E_CANCELLED);
    assert_null(c);
    assert_int_equal(some.told, 1);
}

/* ---- settings ---- */

static mn_code open_with(world *w, const char *cold_dir, const char *filter, mn_core **out, mn_error *e)
{
    mn_settings *s = mn_settings_create();
    assert_non_null(s);
    assert_ok(mn_settings_set(s, MN_S_GALLERY_COLD_DIR, cold_dir, "test", err));
    assert_ok(mn_settings_set(s, MN_S_GALLERY_PREFILTER, filter, "test", err));
    const mn_core_options options = {.data_dir = w->dir, .settings = s, .search_threads = 1, .fmr = 1e-3};
    mn_code code = mn_core_open_model(&options, "test", &fp32_model, out, e);
    mn_settings_destroy(s);
    return code;
}

static void test_settings(void **state)
{
    world *w = *state;
    mn_core *c = NULL;
    crowd_enrol(w, 0, 10, &staff);
    assert_ok(open_with(w, "", "auto", &c, err));
    assert_int_equal(mn_gallery_stats_get(c->gallery).cold_bytes,
                     400); /* 40 a face, in a file without a name */
    mn_core_close(c);
    assert_ok(open_with(w, "memory", "on", &c, err));
    assert_int_equal(mn_gallery_stats_get(c->gallery).cold_bytes, 0);
    mn_core_close(c);
    assert_ok(open_with(w, mn_test_folder(), "off", &c, err));
    assert_int_equal(mn_gallery_stats_get(c->gallery).cold_bytes, 400);
    mn_core_close(c);
    c = NULL;
    assert_code(open_with(w, "/nonexistent/folder", "auto", &c, err), MN_E_IO);
    assert_null(c);
}

static double missed_max(mn_core *c)
{
    mn_core_gallery_state look;
    assert_ok(mn_core_gallery_look(c, &look, err));
    return look.missed_max;
}

static void test_prefilter_setting(void **state)
{
    static const struct {
        const char *word;
        double missed_max;
    } cases[] = {{"on", 1e-4}, {"off", 0}, {"auto", 0}};
    world *w = *state;
    for (size_t i = 0; i < 3; i++) {
        mn_core *c = NULL;
        assert_ok(open_with(w, "", cases[i].word, &c, err));
        assert_true(missed_max(c) == cases[i].missed_max);
        mn_core_close(c);
    }
}

/* Rows that the store does not know, in the list: enough of them for sketches. */
static void fill_gallery(mn_core *c, const mn_id *list, size_t n, int dim)
{
    enum { BATCH = 1000 };
    uint64_t seed = 5;
    float *v = malloc(BATCH * (size_t)dim * sizeof *v);
    mn_gallery_entry *e = calloc(BATCH, sizeof *e);
    assert_true(v && e);
    for (size_t i = 0; i < n; i++) {
        float *at = v + i % BATCH * (size_t)dim;
        for (int j = 0; j < dim; j++)
            at[j] = mn_test_random_normal(&seed);
        const mn_id id = mn_id_make();
        e[i % BATCH] = (mn_gallery_entry){.face = id, .person = id, .lists = list, .n_lists = 1, .v = at};
        if (i % BATCH == BATCH - 1)
            assert_ok(mn_gallery_add(c->gallery, e, BATCH, err));
    }
    free(v);
    free(e);
    assert_ok(mn_gallery_compact(c->gallery, err));
}

/* What the prefilter of a search may have passed over is in its answer. */
static void test_prefilter_is_told(void **state)
{
    enum { WIDE = 512, FACES = 70000 };
    world *w = *state;
    char dir[320];
    mn_core *c = NULL;
    mn_settings *s = mn_settings_create();
    mn_model_info wide = fp32_model;
    float v[WIDE];
    uint64_t seed = 9;
    wide.name = "wide-512";
    wide.dim = WIDE;
    snprintf(dir, sizeof dir, "%s/wide", w->dir);
    for (int on = 0; on < 2; on++) {
        assert_ok(mn_settings_set(s, MN_S_GALLERY_PREFILTER, on ? "on" : "off", "test", err));
        const mn_core_options o = {
            .data_dir = dir, .create = true, .settings = s, .search_threads = 2, .fmr = 1e-3};
        assert_ok(mn_core_open_model(&o, "wide", &wide, &c, err));
        const mn_list list = {.id = mn_id_make(),
                              .name = on ? "with" : "without",
                              .purpose = MN_PURPOSE_IDENTIFICATION,
                              .retention = MN_TIME_NEVER,
                              .created = 1};
        assert_ok(c->store->ops->list_put(c->store, &list, err));
        fill_gallery(c, &list.id, FACES, WIDE);
        for (int j = 0; j < WIDE; j++)
            v[j] = mn_test_random_normal(&seed);
        const mn_descriptor probe = {.dim = WIDE, .model = "wide-512", .metric = MN_METRIC_COSINE, .v = v};
        const mn_identify what = {.probe = &probe, .purpose = MN_PURPOSE_IDENTIFICATION, .k = 1};
        mn_identification found;
        assert_ok(mn_core_identify(c, &ann, &what, w->arena, &found, err));
        assert_int_equal(found.searched, FACES);
        assert_int_equal(found.prefiltered, on);
        assert_true(on ? found.missed > 0 && found.missed < 1e-9 : found.missed == 0);
        mn_core_close(c);
    }
    mn_settings_destroy(s);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_everybody),           T(test_ends),     T(test_one_of_two_lists_ends),
        T(test_progress_and_cancel), T(test_settings), T(test_prefilter_setting),
        T(test_prefilter_is_told),
    };
#undef T
    return cmocka_run_group_tests_name("loading", tests, NULL, NULL);
}
