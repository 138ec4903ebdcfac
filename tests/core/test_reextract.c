/* A change of the descriptor model, with both served side by side. */
#include "base/file.h"
#include "core/faces.h"
#include "core/records.h"
#include "core/reextract.h"
#include "support.h"
#include "world.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    world *w;
    uint32_t broken_at; /* the sample of this seed cannot be described; 0: all can */
    atomic_uint described;
    mn_id cannot[8];
    size_t n_cannot, pages;
    mn_cancel cancel;
    bool cancel_after_page, enrol_after_page;
    mn_id erase_after_page; /* nil: nobody */
} teller;

/* The new model: a descriptor made of the sample's bytes. */
static uint32_t seed_of(const uint8_t *jpeg, size_t n)
{
    uint8_t hash[16];
    uint32_t seed;
    crypto_generichash(hash, sizeof hash, jpeg, n, NULL, 0);
    memcpy(&seed, hash, sizeof seed);
    return seed;
}

static mn_code describe(void *ctx, const mn_buf *jpeg, mn_arena *arena, mn_descriptor *out, mn_error *err)
{
    teller *t = ctx;
    float *v = mn_arena_calloc(arena, DIM, sizeof *v);
    if (!v)
        return mn_fail(err, MN_E_MEMORY, "no memory");
    atomic_fetch_add(&t->described, 1);
    if (t->broken_at && seed_of(jpeg->data, jpeg->len) == t->broken_at)
        return mn_fail(err, MN_E_DECODE, "the sample is damaged");
    make_descriptor(seed_of(jpeg->data, jpeg->len), 0, v);
    *out = (mn_descriptor){.dim = DIM, .model = "another-128", .metric = MN_METRIC_COSINE, .v = v};
    return MN_OK;
}

static mn_code cannot(void *ctx, const mn_face_record *face, const mn_error *why, mn_error *err)
{
    teller *t = ctx;
    (void)err;
    assert_true(why->text[0]);
    assert_true(t->n_cannot < 8);
    t->cannot[t->n_cannot++] = face->id;
    return MN_OK;
}

static void progress(void *ctx, uint64_t done, uint64_t all)
{
    teller *t = ctx;
    assert_true(done <= all);
    t->pages++;
    if (t->cancel_after_page)
        mn_cancel_set(&t->cancel);
    if (t->enrol_after_page && t->pages == 1)
        enrol(t->w, "late", "staff", 500, 0);
    if (!mn_id_is_nil(&t->erase_after_page) && t->pages == 1)
        assert_ok(mn_core_erase(t->w->core, &ann, &t->erase_after_page, err));
}

static mn_reextract ask(teller *t)
{
    return (mn_reextract){
        .describe = describe, .cannot = cannot, .progress = progress, .ctx = t, .cancel = &t->cancel};
}

static mn_code open_change(world *w, const char *pack, const mn_model_info *model, mn_core **out,
                           mn_error *err)
{
    const mn_core_options options = {
        .data_dir = w->dir, .search_threads = 2, .fmr = 1e-3, .begin_change = true};
    return mn_core_open_model(&options, pack, model, out, err);
}

static mn_core *changing(world *w)
{
    mn_core *c = NULL;
    assert_ok(open_change(w, "newer", &other_model, &c, err));
    return c;
}

static void fill(world *w, unsigned n)
{
    char name[32];
    for (unsigned i = 0; i < n; i++) {
        snprintf(name, sizeof name, "person %u", i);
        enrol(w, name, "staff", i, 0);
    }
}

static uint32_t new_seed(world *w, const char *name)
{
    mn_person_view v;
    mn_buf jpeg;
    mn_buf_init(&jpeg, 1 << 20);
    assert_ok(mn_core_person(w->core, &ann, name, w->arena, &v, err));
    assert_ok(mn_core_sample(w->core, &ann, &v.faces[0].id, &jpeg, err));
    uint32_t seed = seed_of(jpeg.data, jpeg.len);
    mn_buf_finish(&jpeg);
    return seed;
}

/* Whom a core finds for another look of this seed; NULL: nobody. */
static const char *found_by(world *w, mn_core *c, uint32_t seed)
{
    mn_identification found = look_for(w, c, seed);
    return found.n ? found.matches[0].name : NULL;
}

static mn_code enrol_with(world *w, mn_core *c, const char *name, mn_error *err)
{
    mn_enrolment done;
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    mn_core *own = w->core;
    w->core = c;
    mn_code code = try_enrol(w, name, "staff", &consent, 800, 0, &done, err);
    w->core = own;
    return code;
}

static bool has_snapshot(const world *w, const char *model)
{
    char path[400];
    snprintf(path, sizeof path, "%s/gallery.%s.snapshot", w->dir, model);
    return mn_file_exists(path);
}

static void test_side_by_side(void **state)
{
    world *w = *state;
    teller t = {.w = w};
    mn_reextract_report r;
    fill(w, 3);
    uint32_t seed = new_seed(w, "person 1");
    mn_core *c = changing(w), *none = NULL;
    assert_string_equal(found_by(w, w->core, 1), "person 1");
    assert_null(found_by(w, c, seed));
    assert_code(enrol_with(w, c, "too early", err), MN_E_PACK);

    const mn_reextract what = ask(&t);
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_int_equal(r.made, 3);
    assert_int_equal(r.missing, 0);
    assert_true(r.switched && r.current && r.old_is_there);
    assert_string_equal(found_by(w, c, seed), "person 1");
    assert_string_equal(found_by(w, w->core, 1), "person 1"); /* the old one goes on */
    assert_ok(mn_core_gallery_save(w->core, NULL, err));      /* each with a snapshot of its own */
    assert_ok(mn_core_gallery_save(c, NULL, err));
    assert_true(has_snapshot(w, "synthetic-128") && has_snapshot(w, "another-128"));
    assert_code(enrol_with(w, w->core, "too late", err), MN_E_PACK);
    assert_ok(enrol_with(w, c, "in time", err));

    assert_code(world_open(w, "third", &int8_model, false, &none, err), MN_E_PACK);
    assert_int_equal(count_audit(w, "model.switch", NULL, 0), 1);
    mn_reextract remove = what;
    remove.remove_old = true;
    assert_ok(mn_core_reextract(c, &ann, &remove, &r, err));
    assert_int_equal(r.removed, 3);
    assert_false(r.switched || r.old_is_there);
    assert_true(!has_snapshot(w, "synthetic-128") && has_snapshot(w, "another-128"));
    assert_code(world_open(w, "test", &fp32_model, false, &none, err), MN_E_PACK);
    const mn_face *f = make_face(w, 1, 77);
    mn_identification found;
    const mn_identify probe = {.probe = &f->descriptor, .purpose = MN_PURPOSE_IDENTIFICATION, .k = 3};
    assert_code(mn_core_identify(w->core, &ann, &probe, w->arena, &found, err), MN_E_PACK);
    mn_core_close(w->core);
    w->core = c;
    assert_string_equal(found_by(w, c, seed), "person 1");
}

static size_t vectors_of(world *w, mn_core *c, const mn_person_view *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_faces; i++) {
        mn_face_vector vector;
        n += mn_core_face_descriptor(c, &ann, &v->faces[i].id, w->arena, &vector, NULL) == MN_OK;
    }
    return n;
}

/* While both models are served, who is merged is found by both. */
static void test_merged_meanwhile(void **state)
{
    world *w = *state;
    teller t = {.w = w};
    mn_reextract_report r;
    mn_person_view one, other;
    fill(w, 2);
    uint32_t seed = new_seed(w, "person 1");
    mn_core *c = changing(w);
    const mn_reextract what = ask(&t);
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_true(r.switched && r.old_is_there);
    assert_ok(mn_core_person(c, &ann, "person 0", w->arena, &one, err));
    assert_ok(mn_core_person(c, &ann, "person 1", w->arena, &other, err));
    assert_ok(mn_core_person_merge(c, &ann, &one.person.id, &other.person.id, w->arena, &one, err));
    assert_int_equal(one.n_faces, 2);
    assert_int_equal(vectors_of(w, c, &one), 2);
    assert_int_equal(vectors_of(w, w->core, &one), 2);
    assert_string_equal(found_by(w, c, seed), "person 0");
    assert_string_equal(found_by(w, w->core, 1), "person 0");
    mn_core_close(c);
}

static void test_same_model(void **state)
{
    world *w = *state;
    teller t = {.w = w};
    mn_reextract_report r;
    fill(w, 2);
    mn_core *c;
    assert_ok(open_change(w, "test", &int8_model, &c, err)); /* int8 and fp32 give one space */
    const mn_reextract what = ask(&t);
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_true(r.current && !r.switched);
    assert_int_equal(r.made + atomic_load(&t.described), 0);
    mn_core_close(c);
}

static void test_interrupted(void **state)
{
    world *w = *state;
    teller t = {.w = w, .cancel_after_page = true}, rest = {.w = w};
    mn_reextract_report r = {.made = 77};
    fill(w, 70);
    mn_core *c = changing(w);
    mn_reextract what = ask(&t);
    assert_code(mn_core_reextract(c, &ann, &what, &r, err), MN_E_CANCELLED);
    assert_int_equal(r.made, 77);
    assert_int_equal(atomic_load(&t.described), 64);
    mn_core_close(c);
    assert_string_equal(found_by(w, w->core, 69), "person 69");
    c = changing(w);
    what = ask(&rest);
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_int_equal(r.made, 6);
    assert_int_equal(atomic_load(&rest.described), 6);
    assert_true(r.switched);
    assert_string_equal(found_by(w, c, new_seed(w, "person 3")), "person 3");
    mn_core_close(c);
}

static void test_missing(void **state)
{
    world *w = *state;
    teller t = {.w = w};
    mn_reextract_report r;
    fill(w, 5);
    t.broken_at = new_seed(w, "person 2");
    mn_core *c = changing(w);
    mn_reextract what = ask(&t);
    what.remove_old = true;
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_int_equal(r.made, 4);
    assert_int_equal(r.missing, 1);
    assert_int_equal(r.removed, 0);
    assert_false(r.switched || r.current);
    assert_int_equal(t.n_cannot, 1);
    assert_string_equal(found_by(w, w->core, 2), "person 2");
    assert_ok(enrol_with(w, w->core, "still", err));

    what.accept_missing = true;
    what.remove_old = false;
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_int_equal(r.made, 1);
    assert_true(r.switched && r.old_is_there);
    assert_int_equal(t.n_cannot, 2); /* told once by each call */
    what.accept_missing = false;
    what.remove_old = true;
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_int_equal(r.removed, 5);
    assert_true(r.old_is_there); /* the old descriptor of the face that has no new one */
    assert_string_equal(found_by(w, w->core, 2), "person 2");
    what.accept_missing = true;
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_int_equal(r.removed, 1);
    assert_false(r.old_is_there);
    mn_core_close(c);
}

static void test_enrolled_meanwhile(void **state)
{
    world *w = *state;
    teller t = {.w = w, .enrol_after_page = true};
    mn_reextract_report r;
    fill(w, 3);
    mn_core *c = changing(w);
    const mn_reextract what = ask(&t);
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_int_equal(r.made, 4);
    assert_true(r.switched);
    assert_string_equal(found_by(w, c, new_seed(w, "late")), "late");
    mn_core_close(c);
}

/* One whose sample cannot be described goes, and another one comes: as many lack a new descriptor as before,
 * and it is not the same person. */
static void test_exchanged_meanwhile(void **state)
{
    world *w = *state;
    teller t = {.w = w, .enrol_after_page = true};
    mn_reextract_report r;
    mn_person_view v;
    fill(w, 3);
    t.broken_at = new_seed(w, "person 1");
    assert_ok(mn_core_person(w->core, &ann, "person 1", w->arena, &v, err));
    t.erase_after_page = v.person.id;
    mn_core *c = changing(w);
    mn_reextract what = ask(&t);
    what.accept_missing = true;
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_int_equal(t.n_cannot, 1);
    assert_int_equal(r.made, 3);
    assert_int_equal(r.missing, 0);
    assert_true(r.switched);
    assert_string_equal(found_by(w, c, new_seed(w, "late")), "late");
    mn_core_close(c);
}

static void test_abandoned(void **state)
{
    world *w = *state;
    teller t = {.w = w};
    mn_reextract_report r;
    mn_store_counts counts;
    mn_core *none = NULL;
    fill(w, 3);
    t.broken_at = new_seed(w, "person 0");
    mn_core *c = changing(w);
    mn_reextract what = ask(&t);
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_int_equal(r.made, 2);
    static const mn_model_info third = {.task = "descriptor", .name = "third-128", .dim = DIM};
    assert_code(open_change(w, "third", &third, &none, err), MN_E_PACK);
    what.abandon = true;
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_int_equal(r.removed, 2);
    assert_code(mn_core_reextract(c, &ann, &what, &r, err), MN_E_INVALID);
    mn_core_close(c);
    assert_ok(mn_core_counts(w->core, &counts, err));
    assert_int_equal(counts.descriptors, 3);
    assert_string_equal(found_by(w, w->core, 2), "person 2");
    assert_code(world_open(w, "newer", &other_model, false, &none, err), MN_E_PACK);
}

static void test_erased_meanwhile(void **state)
{
    world *w = *state;
    teller t = {.w = w};
    mn_reextract_report r;
    fill(w, 2);
    mn_core *c = changing(w);
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, "person 0", w->arena, &v, err));
    assert_ok(mn_core_erase(w->core, &ann, &v.person.id, err));
    const mn_reextract what = ask(&t);
    assert_ok(mn_core_reextract(c, &ann, &what, &r, err));
    assert_int_equal(r.made, 1);
    assert_true(r.switched);
    mn_core_close(c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_side_by_side), T(test_merged_meanwhile), T(test_same_model),
        T(test_interrupted),  T(test_missing),          T(test_enrolled_meanwhile),
        T(test_abandoned),    T(test_erased_meanwhile), T(test_exchanged_meanwhile),
    };
    return cmocka_run_group_tests_name("reextract", tests, NULL, NULL);
}
