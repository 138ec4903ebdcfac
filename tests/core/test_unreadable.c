/* One record that was damaged: nobody else is the worse for it, it is told, and a check names it. */
#include "core/check.h"
#include "crowd.h"
#include "places.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

#define MODEL_NAME "synthetic-128"

static const crowd_kind staff = {.purpose = MN_PURPOSE_IDENTIFICATION, .list = "staff"};

static char warned[1000];

static void warn(void *user, const char *text)
{
    (void)user;
    snprintf(warned, sizeof warned, "%s", text);
}

static void assert_warned_of(const mn_id *person, const char *text)
{
    char id[MN_ID_TEXT];
    mn_id_format(person, id);
    if (!strstr(warned, id) || !strstr(warned, text))
        fail_msg("warned \"%s\", wanted %s and \"%s\"", warned, id, text);
    warned[0] = 0;
}

static void listen(world *w)
{
    warned[0] = 0;
    w->core->warn = warn;
}

/* Everybody read from the store. */
static mn_core *open_anew(world *w)
{
    mn_core *c = NULL;
    const mn_core_options o = {.data_dir = w->dir,
                               .settings = w->settings,
                               .search_threads = 2,
                               .fmr = 1e-3,
                               .gallery = {.fresh = true},
                               .warn = warn};
    warned[0] = 0;
    assert_ok(mn_core_open_model(&o, "test", &fp32_model, &c, err));
    return c;
}

static bool core_finds(world *w, mn_core *c, unsigned who)
{
    mn_id want = crowd_person(w, who);
    mn_identification found = look_for(w, c, who);
    return found.n > 0 && mn_id_compare(&found.matches[0].person, &want) == 0;
}

/* ---- damage ---- */

static mn_id face_of(world *w, const mn_id *person)
{
    mn_face_record *faces = NULL;
    size_t n = 0;
    assert_ok(w->core->store->ops->faces_of(w->core->store, person, w->arena, &faces, &n, err));
    assert_true(n > 0);
    return faces[0].id;
}

/* Flips a bit, and back when called again. silent: as a disk does it, without a change that is noted. */
static void flip_descriptor(world *w, const mn_id *person, bool silent)
{
    mn_store *s = w->core->store;
    mn_descriptor_record d;
    const mn_id face = face_of(w, person);
    assert_ok(s->ops->descriptor_get(s, &face, MODEL_NAME, w->arena, &d, err));
    ((uint8_t *)(uintptr_t)d.sealed)[100] ^= 4;
    if (!silent) {
        assert_ok(s->ops->descriptor_put(s, &d, err));
        return;
    }
    const mn_value row[] = {{.bytes = face.bytes, .n = 16},
                            {.bytes = (const uint8_t *)MODEL_NAME, .n = strlen(MODEL_NAME)},
                            {.integer = DIM},
                            {.bytes = d.sealed, .n = d.sealed_len}};
    assert_ok(s->ops->rows_put(s, mn_kind_find("descriptor"), row, 1, err));
}

static void flip_key(world *w, const mn_id *person)
{
    mn_store *s = w->core->store;
    const uint8_t *wrapped = NULL;
    size_t n = 0;
    assert_ok(s->ops->key_get(s, person, w->arena, &wrapped, &n, err));
    ((uint8_t *)(uintptr_t)wrapped)[n / 2] ^= 16;
    assert_ok(s->ops->key_put(s, person, wrapped, n, err));
}

/* A change to them, which a core follows. */
static void touch(world *w, const mn_id *person)
{
    mn_store *s = w->core->store;
    mn_person p;
    assert_ok(s->ops->person_get(s, person, w->arena, &p, err));
    assert_ok(s->ops->person_put(s, &p, err));
}

/* ---- what a check says ---- */

typedef struct {
    mn_damage last;
    unsigned n, progress;
    mn_cancel cancel;
    bool stop;
} findings;

static void find(void *user, const mn_damage *d)
{
    findings *f = user;
    assert_true(d->why && *d->why);
    f->last = *d;
    f->n++;
}

static void progress(void *user, const char *what, uint64_t done, uint64_t all)
{
    findings *f = user;
    assert_non_null(what);
    assert_true(done <= all);
    f->progress++;
    if (f->stop)
        mn_cancel_set(&f->cancel);
}

static mn_code check(world *w, findings *f, mn_check_report *out)
{
    mn_error e = {0};
    const mn_check_options o = {.found = find, .progress = progress, .user = f, .cancel = &f->cancel};
    *out = (mn_check_report){0};
    mn_code code = mn_core_check(w->core, &o, out, &e);
    if (code != MN_OK && code != MN_E_CORRUPT && code != MN_E_CANCELLED)
        fail_msg("%s", e.text);
    return code;
}

static void assert_checked(world *w, mn_damage_kind kind, const mn_id *person, const mn_id *item)
{
    findings f = {0};
    mn_check_report r;
    const mn_id nobody = {{0}};
    assert_int_equal(check(w, &f, &r), kind == MN_DAMAGE_ORPHAN ? MN_OK : MN_E_CORRUPT);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.last.kind, kind);
    assert_int_equal(mn_id_compare(&f.last.person, person ? person : &nobody), 0);
    assert_int_equal(mn_id_compare(&f.last.item, item ? item : &nobody), 0);
    assert_int_equal(r.damaged, kind != MN_DAMAGE_ORPHAN);
    assert_int_equal(r.orphans, kind == MN_DAMAGE_ORPHAN);
}

/* ---- tests ---- */

static void test_opening(void **state)
{
    world *w = *state;
    crowd_enrol(w, 0, 300, &staff);
    const mn_id person = crowd_person(w, 211), face = face_of(w, &person);
    flip_descriptor(w, &person, false);
    mn_core *c = open_anew(w);
    assert_warned_of(&person, "mien store check");
    assert_int_equal(mn_gallery_stats_get(c->gallery).faces, 299);
    assert_int_equal(mn_core_unreadable_count(c), 1);
    assert_true(core_finds(w, c, 210));
    assert_true(core_finds(w, c, 212));
    assert_int_equal(look_for(w, c, 211).n, 0);
    assert_string_equal(warned, ""); /* once */
    assert_checked(w, MN_DAMAGE_DESCRIPTOR, &person, &face);
    flip_descriptor(w, &person, false);
    assert_true(core_finds(w, c, 211));
    assert_int_equal(mn_core_unreadable_count(c), 0);
    mn_core_close(c);
}

/* Of several on one page the first is named, and the others are counted. */
static void test_several(void **state)
{
    world *w = *state;
    crowd_enrol(w, 0, 300, &staff);
    for (unsigned i = 100; i < 105; i++) {
        const mn_id person = crowd_person(w, i);
        flip_key(w, &person);
    }
    mn_core *c = open_anew(w);
    if (!strstr(warned, "4 others"))
        fail_msg("warned \"%s\"", warned);
    assert_int_equal(mn_core_unreadable_count(c), 5);
    assert_int_equal(mn_gallery_stats_get(c->gallery).faces, 295);
    mn_core_gallery_state look;
    assert_ok(mn_core_gallery_look(c, &look, err));
    assert_int_equal(look.unreadable, 5);
    mn_core_close(c);
    for (unsigned i = 100; i < 105; i++) {
        const mn_id person = crowd_person(w, i);
        flip_key(w, &person);
    }
}

/* A server that runs, and a change to the person: it follows, and goes on following. */
static void test_following(void **state)
{
    world *w = *state;
    crowd_enrol(w, 0, 20, &staff);
    assert_true(crowd_finds(w, 3));
    listen(w);
    const mn_id person = crowd_person(w, 3);
    flip_key(w, &person);
    touch(w, &person);
    assert_true(crowd_finds(w, 4));
    assert_warned_of(&person, "passed over");
    assert_int_equal(look_for(w, w->core, 3).n, 0);
    crowd_enrol(w, 20, 1, &staff);
    assert_true(crowd_finds(w, 20));
    assert_int_equal(mn_core_unreadable_count(w->core), 1);
    assert_checked(w, MN_DAMAGE_KEY, &person, NULL);
    flip_key(w, &person);
    touch(w, &person);
    assert_true(crowd_finds(w, 3));
    assert_int_equal(mn_core_unreadable_count(w->core), 0);
    /* One who is erased is not waited for either. */
    flip_key(w, &person);
    touch(w, &person);
    assert_true(crowd_finds(w, 4));
    assert_ok(mn_core_erase(w->core, &ann, &person, err));
    assert_true(crowd_finds(w, 4));
    assert_int_equal(mn_core_unreadable_count(w->core), 0);
}

/* Of somebody with two faces, one of which was damaged, the other is found. */
static void test_one_of_two_faces(void **state)
{
    world *w = *state;
    const mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Anna", "staff", 1, 1);
    flip_descriptor(w, &a.person, false);
    mn_core *c = open_anew(w);
    assert_int_equal(mn_gallery_stats_get(c->gallery).faces, 1);
    assert_int_equal(mn_core_unreadable_count(c), 1);
    assert_int_equal(look_for(w, c, 1).n, 1);
    mn_core_close(c);
    flip_descriptor(w, &a.person, false);
}

/* Damaged when it was in the gallery already: noticed when it is to be compared. */
static void test_a_match(void **state)
{
    world *w = *state;
    crowd_enrol(w, 0, 20, &staff);
    assert_true(crowd_finds(w, 3));
    listen(w);
    const mn_id person = crowd_person(w, 3);
    flip_descriptor(w, &person, true);
    assert_int_equal(look_for(w, w->core, 3).n, 0);
    assert_warned_of(&person, "mien store check");
    assert_int_equal(mn_core_unreadable_count(w->core), 1);
    assert_true(crowd_finds(w, 4));
    assert_true(mn_core_unreadable_count(w->core) == 1);
    flip_descriptor(w, &person, true);
    assert_true(crowd_finds(w, 3));
}

static void test_blobs(void **state)
{
    world *w = *state;
    mn_blobs *b = w->core->blobs;
    findings f = {0};
    mn_check_report r;
    mn_face_record face;
    mn_buf sample;
    mn_id stray = {{1, [6] = 0x70, [15] = 9}}, fresh = mn_id_make();
    const mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Bert", "staff", 2, 0);
    assert_int_equal(check(w, &f, &r), MN_OK);
    assert_true(f.progress > 0);
    assert_int_equal(f.n, 0);
    assert_int_equal(r.audit, 2);
    assert_int_equal(r.keys, 2);
    assert_int_equal(r.descriptors, 2);
    assert_int_equal(r.blobs, 2);
    /* What was written just now may be waiting for its record. */
    assert_ok(b->ops->put(b, &fresh, "x", 1, err));
    assert_int_equal(check(w, &f, &r), MN_OK);
    assert_int_equal(f.n, 0);
    assert_ok(b->ops->remove(b, &fresh, err));
    assert_ok(b->ops->put(b, &stray, "x", 1, err));
    assert_checked(w, MN_DAMAGE_ORPHAN, NULL, &stray);
    assert_ok(b->ops->remove(b, &stray, err));
    mn_buf_init(&sample, 1 << 20);
    assert_ok(w->core->store->ops->face_get(w->core->store, &a.face, w->arena, &face, err));
    assert_ok(b->ops->get(b, &face.sample, &sample, err));
    assert_ok(b->ops->remove(b, &face.sample, err));
    assert_checked(w, MN_DAMAGE_BLOB, &a.person, &face.sample);
    assert_ok(b->ops->put(b, &face.sample, sample.data, sample.len, err));
    mn_buf_finish(&sample);
    f = (findings){.stop = true};
    assert_int_equal(check(w, &f, &r), MN_E_CANCELLED);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_opening),          T(test_several), T(test_following),
        T(test_one_of_two_faces), T(test_a_match), T(test_blobs),
    };
#undef T
    return run_in_both("damaged records", tests, tests);
}
