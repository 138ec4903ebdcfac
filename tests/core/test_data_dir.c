/* The data directory: who may open it, what is in its files, and what damage is noticed. */
#include "base/file.h"
#include "needles.h"
#include "support.h"
#include "world.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void path_in(const world *w, const char *name, char out[400])
{
    snprintf(out, 400, "%s/%s", w->dir, name);
}

static void assert_refused(world *w, const char *pack, const mn_model_info *model, mn_code want,
                           const char *part)
{
    mn_core *c = NULL;
    mn_error e = {0};
    mn_code code = world_open(w, pack, model, true, &c, &e);
    if (code != want)
        fail_msg("%s, wanted %s: %s", mn_code_word(code), mn_code_word(want), e.text);
    if (!strstr(e.text, part))
        fail_msg("\"%s\" does not say \"%s\"", e.text, part);
    assert_null(c);
}

/* ---- packs ---- */

static void test_packs(void **state)
{
    world *w = *state;
    char pack[64] = "x";
    enrol(w, "Anna", "staff", 1, 0);
    assert_refused(w, "other", &fp32_model, MN_E_PACK, "--pack test");
    assert_refused(w, "test", &other_model, MN_E_PACK, "synthetic-128");
    mn_model_info longer = fp32_model;
    longer.dim = 512;
    assert_refused(w, "test", &longer, MN_E_PACK, "128");
    mn_core *c = NULL;
    assert_ok(world_open(w, "test", &int8_model, false, &c, err)); /* the same space */
    assert_int_equal(look_for(w, c, 1).n, 1);
    mn_core_close(c);
    const mn_core_options here = {.data_dir = w->dir}, nowhere = {.data_dir = "/nonexistent"};
    assert_ok(mn_core_pack_of(&here, pack, sizeof pack, err));
    assert_string_equal(pack, "test");
    assert_ok(mn_core_pack_of(&nowhere, pack, sizeof pack, err));
    assert_string_equal(pack, "");
}

static void test_must_be_there(void **state)
{
    world *w = *state;
    mn_core *c = NULL;
    mn_core_options o = {.data_dir = "/nonexistent/data", .fmr = 1e-3};
    assert_code(mn_core_open_records(&o, &c, err), MN_E_NOT_FOUND);
    o = (mn_core_options){.data_dir = w->dir, .fmr = 0};
    assert_code(mn_core_open_records(&o, &c, err), MN_E_INVALID);
    o = (mn_core_options){.data_dir = "", .fmr = 0.1};
    assert_code(mn_core_open_records(&o, &c, err), MN_E_INVALID);
    assert_null(c);
}

/* ---- keys ---- */

static void test_master_key(void **state)
{
    world *w = *state;
    char key[400], kept[400];
    struct stat st;
    enrol(w, "Anna", "staff", 1, 0);
    path_in(w, "master.key", key);
    path_in(w, "kept.key", kept);
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 32);

    assert_int_equal(chmod(key, 0640), 0);
    assert_refused(w, "test", &fp32_model, MN_E_FORBIDDEN, "chmod 600");
    assert_int_equal(chmod(key, 0600), 0);

    assert_int_equal(rename(key, kept), 0); /* never silently a new one */
    assert_refused(w, "test", &fp32_model, MN_E_NOT_FOUND, "backup");
    assert_false(mn_file_exists(key));

    uint8_t wrong[32] = {1, 2, 3};
    assert_ok(mn_file_write(key, wrong, 31, 0600, err));
    assert_refused(w, "test", &fp32_model, MN_E_CORRUPT, "31 bytes");
    assert_ok(mn_file_write(key, wrong, 32, 0600, err));
    assert_refused(w, "test", &fp32_model, MN_E_CORRUPT, "which is not here: put that one back");

    assert_int_equal(rename(kept, key), 0);
    world_reopen(w);
    assert_int_equal(look_for(w, w->core, 1).n, 1);
}

/* ---- what lies in the files ---- */

static void test_nothing_biometric_is_readable(void **state)
{
    world *w = *state;
    needle what[NEEDLES];
    needles_enrol(w, what);
    assert_true(assert_nowhere(w->dir, what, NEEDLES) >= 3 + NEEDLE_PEOPLE); /* database, WAL, key, samples */
    mn_id id;
    mn_person_view view;
    assert_ok(mn_core_person(w->core, &ann, "p3", w->arena, &view, err));
    id = view.person.id;
    assert_ok(mn_core_erase(w->core, &ann, &id, err));
    world_reopen(w);
    assert_nowhere(w->dir, what, NEEDLES);

    /* The search itself finds what is there. */
    char path[400];
    float v[DIM];
    make_descriptor(2, 0, v);
    path_in(w, "leak", path);
    assert_ok(mn_file_write(path, &v[30], 40 * sizeof(float), 0600, err));
    mn_buf b;
    mn_buf_init(&b, 1 << 20);
    mn_test_read(path, &b);
    assert_non_null(memmem(b.data, b.len, what[6].bytes, what[6].n));
    mn_buf_finish(&b);
}

/* After an erasure neither the name nor the wrapped key stand in any file, free pages and WAL included. */
static void test_erased_bytes_are_gone(void **state)
{
    world *w = *state;
    enrol(w, "Bert", "staff", 2, 0);
    mn_enrolment a = enrol(w, "Annaliese Unmistakable", "staff", 1, 0);
    const uint8_t *wrapped = NULL;
    size_t n = 0;
    assert_ok(w->core->store->ops->key_get(w->core->store, &a.person, w->arena, &wrapped, &n, err));
    assert_true(n > 32);
    assert_ok(mn_core_erase(w->core, &ann, &a.person, err));
    const needle what[] = {{"Annaliese Unmistakable", 22, "the name"}, {wrapped + 30, 24, "the wrapped key"}};
    assert_true(assert_nowhere(w->dir, what, 2) >= 3);
}

/* ---- damage ---- */

static char found_blob[400];

static int find_blob(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)ftw;
    if (type == FTW_F && strstr(path, "/blobs/"))
        snprintf(found_blob, sizeof found_blob, "%s", path);
    return 0;
}

static void test_tampered_sample(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    assert_int_equal(nftw(w->dir, find_blob, 16, FTW_PHYS), 0);
    mn_buf bytes, jpeg;
    mn_buf_init(&bytes, 1 << 20);
    mn_buf_init(&jpeg, 1 << 20);
    mn_test_read(found_blob, &bytes);
    assert_ok(mn_core_sample(w->core, &ann, &a.face, &jpeg, err));
    size_t whole = jpeg.len;
    static const size_t places[] = {0, 1, 30, 400};
    for (size_t i = 0; i < 4; i++) {
        bytes.data[places[i]] ^= 1;
        assert_ok(mn_file_write(found_blob, bytes.data, bytes.len, 0600, err));
        assert_code(mn_core_sample(w->core, &ann, &a.face, &jpeg, err), MN_E_CORRUPT);
        assert_int_equal(jpeg.len, whole);
        bytes.data[places[i]] ^= 1;
    }
    assert_ok(mn_file_write(found_blob, bytes.data, 20, 0600, err));
    assert_code(mn_core_sample(w->core, &ann, &a.face, &jpeg, err), MN_E_CORRUPT);
    assert_int_equal(unlink(found_blob), 0);
    assert_code(mn_core_sample(w->core, &ann, &a.face, &jpeg, err), MN_E_NOT_FOUND);
    assert_ok(mn_file_write(found_blob, bytes.data, bytes.len, 0600, err));
    mn_buf_finish(&bytes);
    mn_buf_finish(&jpeg);
}

/* One person's sealed descriptor put under another one's face: identity theft with a database editor. */
static void test_moved_descriptor(void **state)
{
    world *w = *state;
    mn_enrolment a = enrol(w, "Anna", "staff", 1, 0), b = enrol(w, "Anna", "staff", 1, 1),
                 c = enrol(w, "Bert", "staff", 2, 0);
    mn_store *s = w->core->store;
    mn_descriptor_record d, kept;
    const mn_id *targets[] = {&b.face, &c.face};
    for (int i = 0; i < 2; i++) { /* to the same person's other face, and to somebody else's */
        assert_ok(s->ops->descriptor_get(s, targets[i], "synthetic-128", w->arena, &kept, err));
        assert_ok(s->ops->descriptor_get(s, &a.face, "synthetic-128", w->arena, &d, err));
        d.face = *targets[i];
        assert_ok(s->ops->descriptor_put(s, &d, err));
        mn_core *other = NULL;
        assert_ok(world_open(w, "test", &fp32_model, false, &other, err));
        assert_int_equal(mn_core_unreadable_count(other), 1);
        assert_int_equal(mn_gallery_faces(other->gallery), 2);
        mn_core_close(other);
        assert_ok(s->ops->descriptor_put(s, &kept, err));
    }
    world_reopen(w);
}

/* ---- threads ---- */

typedef struct {
    world *w;
    const mn_face *probe;
    int failures, missed;
} searcher;

static void *keep_searching(void *arg)
{
    searcher *s = arg;
    for (int i = 0; i < 60; i++) {
        mn_arena *arena = mn_arena_create(1 << 20);
        mn_identification found = {0};
        const mn_identify what = {
            .probe = &s->probe->descriptor, .purpose = MN_PURPOSE_IDENTIFICATION, .k = 2};
        s->failures += mn_core_identify(s->w->core, &ann, &what, arena, &found, NULL) != MN_OK;
        s->missed += found.n != 1; /* she is there all the time, whatever happens to the others */
        mn_arena_destroy(arena);
    }
    return NULL;
}

static void test_search_while_people_come_and_go(void **state)
{
    world *w = *state;
    enrol(w, "Anna", "staff", 1, 0);
    searcher s[2];
    pthread_t t[2];
    for (int i = 0; i < 2; i++) {
        s[i] = (searcher){.w = w, .probe = make_face(w, 1, 9)};
        assert_int_equal(pthread_create(&t[i], NULL, keep_searching, &s[i]), 0);
    }
    for (unsigned i = 10; i < 30; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", i);
        mn_enrolment e = enrol(w, name, "staff", i, 0);
        enrol(w, "Anna", "staff", 1, i); /* her faces are exchanged, and she is found meanwhile */
        if (i % 2)
            assert_ok(mn_core_erase(w->core, &ann, &e.person, err));
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(s[i].failures, 0);
        assert_int_equal(s[i].missed, 0);
    }
    assert_int_equal(look_for(w, w->core, 1).searched, 11);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_packs),
        T(test_must_be_there),
        T(test_master_key),
        T(test_nothing_biometric_is_readable),
        T(test_erased_bytes_are_gone),
        T(test_tampered_sample),
        T(test_moved_descriptor),
        T(test_search_while_people_come_and_go),
    };
#undef T
    return cmocka_run_group_tests_name("data directory", tests, NULL, NULL);
}
