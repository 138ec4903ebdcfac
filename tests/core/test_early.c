/* Pictures are put away before the transaction that names them: whoever writes meanwhile is not held up, and
 * what they write is not overlooked. */
#include "core/faces.h"
#include "core/import.h"
#include "core/records.h"
#include "places.h"
#include "store/gate.h"
#include "support.h"
#include "world.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const uint8_t jpeg[] = "\xff\xd8\xff sample", file[] = "\xff\xd8\xff the whole picture";

/* ---- something happens while a picture is put away ---- */

/* Deadlocks or fails where a transaction is open: what is done takes one of its own. */
typedef void happening(world *w, const mn_id *person);

static struct {
    world *w;
    const mn_blobs_ops *real;
    mn_blobs_ops ops;
    happening *what;
    mn_id person;
    unsigned left, puts; /* how often it is to happen; how often something was put */
} meanwhile;

static mn_code put_and_more(mn_blobs *b, const mn_id *id, const void *bytes, size_t n, mn_error *err)
{
    meanwhile.puts++;
    if (meanwhile.left > 0) {
        meanwhile.left--;
        meanwhile.what(meanwhile.w, &meanwhile.person);
    }
    return meanwhile.real->put(b, id, bytes, n, err);
}

static void let_happen(world *w, happening *what, const mn_id *person, unsigned times)
{
    meanwhile.w = w;
    meanwhile.real = w->core->blobs->ops;
    meanwhile.ops = *meanwhile.real;
    meanwhile.ops.put = put_and_more;
    meanwhile.what = what;
    meanwhile.person = person ? *person : (mn_id){{0}};
    meanwhile.left = times;
    meanwhile.puts = 0;
    w->core->blobs->ops = &meanwhile.ops;
}

static void end_happening(world *w)
{
    w->core->blobs->ops = meanwhile.real;
    assert_int_equal(meanwhile.left, 0);
}

static void erase(world *w, const mn_id *person)
{
    assert_ok(mn_core_erase_now(w->core, &ann, person, err));
}

static void withdraw(world *w, const mn_id *person)
{
    assert_ok(mn_core_consent_withdraw(w->core, &ann, person, MN_PURPOSE_IDENTIFICATION, err));
}

static void agree_anew(world *w, const mn_id *person)
{
    mn_consent made;
    mn_consent_given given = agreed(MN_PURPOSE_IDENTIFICATION);
    given.given = mn_time_now();
    assert_ok(mn_core_consent_give(w->core, &ann, person, &given, w->arena, &made, err));
}

/* The key is destroyed; the next face has another one. */
static void withdraw_and_agree_anew(world *w, const mn_id *person)
{
    withdraw(w, person);
    agree_anew(w, person);
}

static void enrol_the_same_person(world *w, const mn_id *person)
{
    (void)person;
    meanwhile.left = 0;
    enrol(w, "Zoe", "staff", 9, 5);
}

static mn_face_made add_face(world *w, const mn_id *person, unsigned who, unsigned look, mn_code want)
{
    mn_face_made made = {0};
    mn_error e = {0};
    const mn_face_new what = {.person = *person,
                              .source = "door",
                              .descriptor = &make_face(w, who, look)->descriptor,
                              .quality = 0.75f,
                              .sample = {jpeg, sizeof jpeg, "image/jpeg"},
                              .picture = {file, sizeof file - look % 2, "image/jpeg"},
                              .keep_original = true};
    mn_code code = mn_core_face_enrol(w->core, &ann, &what, w->arena, &made, &e);
    if (code != want)
        fail_msg("%s, wanted %s: %s", mn_code_word(code), mn_code_word(want), e.text);
    return made;
}

static void add_another_face(world *w, const mn_id *person)
{
    add_face(w, person, 2, 3, MN_OK);
}

/* Each time under another key. */
static void begin_anew_with_a_face(world *w, const mn_id *person)
{
    static unsigned look = 20;
    mn_face_made made;
    withdraw_and_agree_anew(w, person);
    const mn_face_new bare = {.person = *person, .descriptor = &make_face(w, 1, look++)->descriptor};
    assert_ok(mn_core_face_enrol(w->core, &ann, &bare, w->arena, &made, err));
}

static void put_the_other_file(world *w, const mn_id *person)
{
    mn_consent *all = NULL;
    size_t n = 0;
    assert_ok(mn_core_consents_of(w->core, &ann, person, w->arena, &all, &n, err));
    assert_ok(mn_core_evidence_put(w->core, &ann, person, &all[n - 1].id, "image/png",
                                   (const uint8_t *)"other", 5, err));
}

/* ---- what must be there ---- */

/* So many faces, each of whose pictures opens. */
static void assert_faces(world *w, const mn_id *person, size_t want)
{
    mn_person_view v;
    assert_ok(mn_core_person_get(w->core, &ann, person, w->arena, &v, err));
    assert_int_equal(v.n_faces, want);
    for (size_t i = 0; i < v.n_faces; i++) {
        const char *type;
        mn_buf got;
        mn_face_vector vector;
        mn_buf_init(&got, 1 << 20);
        assert_ok(mn_core_sample(w->core, &ann, &v.faces[i].id, &got, err));
        assert_ok(mn_core_face_descriptor(w->core, &ann, &v.faces[i].id, w->arena, &vector, err));
        if (v.faces[i].original)
            assert_ok(mn_core_original(w->core, &ann, &v.faces[i].id, &got, &type, err));
        mn_buf_finish(&got);
    }
}

/* ---- one face ---- */

static void test_erased_meanwhile(void **state)
{
    world *w = *state;
    const mn_id anna = enrol(w, "Anna", "staff", 1, 0).person;
    let_happen(w, erase, &anna, 1);
    add_face(w, &anna, 1, 1, MN_E_NOT_FOUND);
    end_happening(w);
    assert_int_equal(count_blobs(w), 0);
}

static void test_withdrawn_meanwhile(void **state)
{
    world *w = *state;
    const mn_id anna = enrol(w, "Anna", "staff", 1, 0).person;
    let_happen(w, withdraw, &anna, 1);
    add_face(w, &anna, 1, 1, MN_E_CONSENT);
    end_happening(w);
    assert_int_equal(count_blobs(w), 0);
    assert_faces(w, &anna, 0);
}

/* A key that was destroyed stays so, also when the sample was sealed under it a moment before. */
static void test_a_destroyed_key_stays_destroyed(void **state)
{
    world *w = *state;
    const uint8_t *before = NULL, *after = NULL;
    size_t n = 0, m = 0;
    mn_store *s = w->core->store;
    const mn_id anna = enrol(w, "Anna", "staff", 1, 0).person;
    assert_ok(s->ops->key_get(s, &anna, w->arena, &before, &n, err));
    let_happen(w, withdraw_and_agree_anew, &anna, 1);
    assert_int_equal(add_face(w, &anna, 1, 1, MN_OK).outcome, MN_FACE_MADE);
    end_happening(w);
    assert_int_equal(meanwhile.puts, 4); /* sample and original, and both again */
    assert_faces(w, &anna, 1);
    assert_int_equal(count_blobs(w), 2);
    assert_ok(s->ops->key_get(s, &anna, w->arena, &after, &m, err));
    assert_true(n != m || memcmp(before, after, n) != 0);
}

/* Who changes all the time is refused in the end, and nothing stays. */
static void test_it_does_not_go_round_for_ever(void **state)
{
    world *w = *state;
    const mn_id anna = enrol(w, "Anna", "staff", 1, 0).person;
    let_happen(w, begin_anew_with_a_face, &anna, 1000);
    add_face(w, &anna, 1, 1, MN_E_CONFLICT);
    meanwhile.left = 0;
    end_happening(w);
    assert_int_equal(count_blobs(w), 0);
    assert_int_equal(add_face(w, &anna, 1, 1, MN_OK).outcome, MN_FACE_MADE);
    assert_int_equal(count_blobs(w), 2);
}

/* ---- people ---- */

static void test_made_meanwhile(void **state)
{
    world *w = *state;
    enrol(w, "Anna", "staff", 1, 0);
    let_happen(w, enrol_the_same_person, NULL, 1);
    mn_enrolment zoe = enrol(w, "Zoe", "staff", 9, 6);
    end_happening(w);
    assert_false(zoe.person_is_new);
    assert_faces(w, &zoe.person, 2);
    assert_int_equal(count_blobs(w), 3);
}

static void test_known_and_erased_meanwhile(void **state)
{
    world *w = *state;
    const mn_id anna = enrol(w, "Anna", "staff", 1, 0).person;
    let_happen(w, erase, &anna, 1);
    mn_enrolment again = enrol(w, "Anna", "staff", 1, 1);
    end_happening(w);
    assert_true(again.person_is_new);
    assert_true(mn_id_compare(&anna, &again.person) != 0);
    assert_faces(w, &again.person, 1);
    assert_int_equal(count_blobs(w), 1);
}

typedef struct {
    const char *name, *external_id;
    unsigned who, look;
    bool refuses; /* to agree to anything */
} entry;

static mn_code enrol_these(world *w, const entry *e, size_t n, bool whole, mn_enrol_result *results)
{
    static char pictures[16][24];
    mn_enrol_record records[16];
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    const mn_enrol_options o = {.all_or_nothing = whole};
    size_t done = 0;
    for (size_t i = 0; i < n; i++) {
        int len = snprintf(pictures[i], sizeof pictures[i], "%u %u", e[i].who, e[i].look);
        records[i] = (mn_enrol_record){.person = {.name = e[i].name,
                                                  .external_id = e[i].external_id,
                                                  .list = "new",
                                                  .consent = e[i].refuses ? NULL : &consent},
                                       .face = {.source = "a.jpg",
                                                .bytes = (const uint8_t *)pictures[i],
                                                .n = (size_t)len,
                                                .face = make_face(w, e[i].who, e[i].look)}};
        if (i == 1)
            ((mn_face *)(uintptr_t)records[i].face.face)->sample = NULL;
    }
    return mn_core_enrol_many(w->core, &ann, records, n, &o, w->arena, results, &done, NULL);
}

/* Several pictures of one new person, one without a sample, one twice, and the same person under an external
 * id: whether they come together or one refusal refuses all. */
static void batch(world *w, bool whole)
{
    static const entry all[] = {{"Eva", NULL, 3, 0, false},  {"Eva", NULL, 3, 1, false},
                                {"Eva", NULL, 3, 2, false},  {"Eva", NULL, 3, 2, false},
                                {"Tom", "E-9", 4, 0, false}, {"Tom", NULL, 4, 1, false},
                                {NULL, "E-9", 4, 2, false},  {"Ida", NULL, 5, 0, false}};
    mn_enrol_result r[8];
    assert_int_equal(enrol_these(w, all, 8, whole, r), MN_OK);
    for (size_t i = 0; i < 8; i++) {
        if (r[i].code != MN_OK)
            fail_msg("%zu: %s", i, r[i].why);
        assert_int_equal(r[i].done.outcome, i == 3 ? MN_ENROLLED_ALREADY : MN_ENROLLED);
    }
    assert_memory_equal(&r[0].done.person, &r[2].done.person, sizeof(mn_id));
    assert_memory_equal(&r[4].done.person, &r[5].done.person, sizeof(mn_id));
    assert_memory_equal(&r[4].done.person, &r[6].done.person, sizeof(mn_id));
    assert_faces(w, &r[4].done.person, 3);
    assert_faces(w, &r[7].done.person, 1);
    assert_int_equal(count_blobs(w), 6);
}

static void test_many(void **state)
{
    batch(*state, false);
}

static void test_many_or_none(void **state)
{
    batch(*state, true);
}

static void test_none_of_many(void **state)
{
    world *w = *state;
    mn_enrol_result r[2];
    const entry all[] = {{"Eva", NULL, 3, 0, false}, {"Tom", NULL, 3, 1, true}};
    assert_int_equal(enrol_these(w, all, 2, true, r), MN_E_CONSENT);
    assert_int_equal(count_blobs(w), 0);
    assert_int_equal(enrol_these(w, all, 2, false, r), MN_OK);
    assert_int_equal(r[1].code, MN_E_CONSENT);
    assert_int_equal(count_blobs(w), 1);
}

/* ---- imports ---- */

static mn_code take_in(world *w, const mn_face *const *faces, mn_import_person *people, size_t n,
                       mn_error *why)
{
    static const mn_import_list staff = {"staff", true, MN_PURPOSE_IDENTIFICATION};
    const mn_consent consent = {.purpose = MN_PURPOSE_IDENTIFICATION,
                                .method = "form",
                                .given = mn_time_now(),
                                .until = INT64_C(4102444800000000),
                                .withdrawn = MN_TIME_NEVER};
    mn_import_face in[4];
    mn_import *i = NULL;
    for (size_t k = 0; k < n; k++) {
        in[k] = (mn_import_face){.created = MN_TIME_NEVER,
                                 .model = "synthetic-128",
                                 .v = faces[k]->descriptor.v,
                                 .dim = DIM,
                                 .jpeg = jpeg,
                                 .n = sizeof jpeg};
        people[k] = (mn_import_person){.external_id = people[k].external_id,
                                       .active = true,
                                       .created = MN_TIME_NEVER,
                                       .lists = &staff,
                                       .n_lists = 1,
                                       .consents = &consent,
                                       .n_consents = 1,
                                       .faces = &in[k],
                                       .n_faces = 1};
    }
    mn_code code = mn_core_import_open(w->core, &ann, false, &i, why);
    if (code == MN_OK)
        code = mn_core_import_people(i, people, n, why);
    mn_core_import_close(i);
    return code;
}

static mn_import_person take_in_one(world *w, unsigned who, unsigned look, mn_code want)
{
    mn_error e = {0};
    mn_import_person p = {.id = {{0}}, .external_id = "E-1"};
    const mn_face *face = make_face(w, who, look);
    memset(&p, 0, sizeof p);
    p.external_id = "E-1";
    mn_code code = take_in(w, &face, &p, 1, &e);
    if (code != want)
        fail_msg("%s, wanted %s: %s", mn_code_word(code), mn_code_word(want), e.text);
    return p;
}

/* Another one, with a key of their own. */
static void make_who_has_that_number(world *w, const mn_id *person)
{
    mn_person_view v;
    const mn_person_new what = {.fields = {.name = "Eva", .external_id = {true, "E-1"}}};
    (void)person;
    assert_ok(mn_core_person_create(w->core, &ann, &what, w->arena, &v, err));
    agree_anew(w, &v.person.id);
    add_face(w, &v.person.id, 3, 9, MN_OK);
    meanwhile.person = v.person.id;
}

static void test_import_made_meanwhile(void **state)
{
    world *w = *state;
    enrol(w, "Anna", "staff", 1, 0);
    let_happen(w, make_who_has_that_number, NULL, 1);
    const mn_import_person p = take_in_one(w, 3, 0, MN_OK);
    end_happening(w);
    assert_true(p.code == MN_OK && !p.is_new);
    assert_memory_equal(&p.person, &meanwhile.person, sizeof(mn_id));
    assert_faces(w, &p.person, 2);
    assert_int_equal(count_blobs(w), 4); /* Anna's, and a sample, an original and a sample */
}

static void test_import_another_key(void **state)
{
    world *w = *state;
    const mn_id eva = take_in_one(w, 3, 0, MN_OK).person;
    let_happen(w, begin_anew_with_a_face, &eva, 1);
    const mn_import_person p = take_in_one(w, 3, 1, MN_OK);
    end_happening(w);
    assert_true(p.code == MN_OK && !p.is_new && p.faces_new == 1);
    assert_int_equal(meanwhile.puts, 2);
    assert_int_equal(count_blobs(w),
                     1); /* the first one's went with the withdrawal, and the other has none */
}

static void test_import_does_not_go_round_for_ever(void **state)
{
    world *w = *state;
    const mn_id eva = take_in_one(w, 3, 0, MN_OK).person;
    let_happen(w, begin_anew_with_a_face, &eva, 1000);
    take_in_one(w, 3, 1, MN_E_BUSY);
    meanwhile.left = 0;
    end_happening(w);
    assert_int_equal(meanwhile.puts, 8);
    assert_int_equal(count_blobs(w), 0);
    assert_int_equal(take_in_one(w, 3, 1, MN_OK).code, MN_OK);
    assert_int_equal(count_blobs(w), 1);
}

/* Who comes twice in a batch has one key; what is known or refused leaves no sample. */
static void test_import_batch(void **state)
{
    world *w = *state;
    const mn_face *faces[4] = {make_face(w, 3, 0), make_face(w, 3, 1), make_face(w, 3, 1),
                               make_face(w, 4, 0)};
    mn_import_person p[4] = {
        {.external_id = "E-1"}, {.external_id = "E-1"}, {.external_id = "E-1"}, {.external_id = NULL}};
    let_happen(w, NULL, NULL, 0);
    assert_ok(take_in(w, faces, p, 4, err));
    end_happening(w);
    assert_true(p[0].is_new && !p[1].is_new && p[2].faces_known == 1 && p[3].code == MN_E_INVALID);
    assert_int_equal(meanwhile.puts, 2);
    assert_faces(w, &p[0].person, 2);
    assert_int_equal(count_blobs(w), 2);
}

/* ---- merging, and files that prove a consent ---- */

static void test_a_face_more_while_two_are_merged(void **state)
{
    world *w = *state;
    mn_person_view v;
    const mn_id into = enrol(w, "Anna", "staff", 2, 0).person, from = enrol(w, "A.", "guests", 2, 1).person;
    let_happen(w, add_another_face, &from, 1);
    assert_ok(mn_core_person_merge(w->core, &ann, &into, &from, w->arena, &v, err));
    end_happening(w);
    assert_faces(w, &into, 3);
    assert_int_equal(count_blobs(w), 4); /* three samples, an original */
}

static void test_the_other_file_came_first(void **state)
{
    world *w = *state;
    mn_consent *all = NULL;
    mn_buf got;
    const char *format;
    size_t n = 0;
    const mn_id anna = enrol(w, "Anna", "staff", 1, 0).person;
    assert_ok(mn_core_consents_of(w->core, &ann, &anna, w->arena, &all, &n, err));
    let_happen(w, put_the_other_file, &anna, 1);
    assert_code(
        mn_core_evidence_put(w->core, &ann, &anna, &all->id, "image/png", (const uint8_t *)"one", 3, err),
        MN_E_EXISTS);
    end_happening(w);
    assert_int_equal(count_blobs(w), 2);
    mn_buf_init(&got, 100);
    assert_ok(mn_core_evidence_get(w->core, &ann, &anna, &all->id, w->arena, &format, &got, err));
    assert_memory_equal(got.data, "other", 5);
    mn_buf_finish(&got);
}

/* ---- faces of several threads ---- */

#define TOGETHER 12

static struct {
    const mn_store_ops *real;
    mn_store_ops ops;
    mn_group *group;
    atomic_uint commits, over; /* over: who got an answer */
} slow;

static void wait_a_moment(void)
{
    nanosleep(&(const struct timespec){.tv_nsec = 2000000}, NULL);
}

/* Those who wait to share a transaction, and those who do not any more. */
static size_t gathered(void)
{
    size_t n = atomic_load(&slow.over);
    pthread_mutex_lock(&slow.group->lock);
    for (const mn_group_job *j = slow.group->first; j; j = j->next)
        n++;
    pthread_mutex_unlock(&slow.group->lock);
    return n;
}

/* As a disk that takes its time, at first: meanwhile the others come together. */
static mn_code commit_slowly(mn_store *s, mn_error *err)
{
    if (atomic_fetch_add(&slow.commits, 1) == 0)
        while (gathered() < TOGETHER - 1)
            wait_a_moment();
    return slow.real->commit(s, err);
}

typedef struct {
    world *w;
    mn_id person;
    float v[DIM];
    mn_code code;
    mn_error error;
} one_face;

static void *enrol_one(void *arg)
{
    one_face *f = arg;
    mn_face_made made;
    mn_arena *arena = mn_arena_create((size_t)16 << 20);
    const mn_descriptor d = {.dim = DIM, .model = "synthetic-128", .metric = MN_METRIC_COSINE, .v = f->v};
    const mn_face_new what = {
        .person = f->person, .descriptor = &d, .quality = 0.75f, .sample = {jpeg, sizeof jpeg, "image/jpeg"}};
    f->code = mn_core_face_enrol(f->w->core, &ann, &what, arena, &made, &f->error);
    atomic_fetch_add(&slow.over, 1);
    mn_arena_destroy(arena);
    return NULL;
}

/* They share transactions; one that is refused hinders no other. */
static void test_faces_come_together(void **state)
{
    world *w = *state;
    one_face faces[TOGETHER] = {0};
    pthread_t threads[TOGETHER];
    const mn_id anna = enrol(w, "Anna", "staff", 1, 0).person, bert = enrol(w, "Bert", "staff", 2, 0).person;
    withdraw(w, &bert);
    slow.real = w->core->store->ops;
    slow.ops = *slow.real;
    slow.ops.commit = commit_slowly;
    slow.group = &w->core->enrolments;
    w->core->store->ops = &slow.ops;
    for (unsigned i = 0; i < TOGETHER; i++) {
        faces[i] = (one_face){.w = w, .person = i == 5 ? bert : anna};
        make_descriptor(1, 10 + i, faces[i].v);
        assert_int_equal(pthread_create(&threads[i], NULL, enrol_one, &faces[i]), 0);
        while (atomic_load(&slow.commits) == 0) /* the first one works for herself alone */
            wait_a_moment();
    }
    for (unsigned i = 0; i < TOGETHER; i++) {
        pthread_join(threads[i], NULL);
        if (faces[i].code != (i == 5 ? MN_E_CONSENT : MN_OK))
            fail_msg("%u: %s: %s", i, mn_code_word(faces[i].code), faces[i].error.text);
    }
    w->core->store->ops = slow.real;
    assert_int_equal(atomic_load(&slow.commits), 2);
    assert_faces(w, &anna, TOGETHER); /* one was there */
    assert_int_equal(count_blobs(w), TOGETHER);
}

/* ---- an S3 server that falls silent ---- */

#define SILENCE_MS 600000 /* nobody gives up waiting before the others have done all they do */

static void place_samples(mn_settings *s)
{
    char prefix[40], text[16];
    snprintf(prefix, sizeof prefix, "early%ld", random());
    snprintf(text, sizeof text, "%d", SILENCE_MS);
    place_in_s3(s, prefix);
    assert_ok(mn_settings_set(s, MN_S_BLOBS_TIMEOUT, text, "test", err));
}

static int setup_s3(void **state)
{
    world_place = place_samples;
    int failed = world_setup(state);
    world_place = NULL;
    return failed;
}

typedef struct {
    world *w;
    mn_id anna, bert, consent;
    const mn_face *face;
    atomic_uint done;
} town;

static void *enrol_newcomer(void *arg)
{
    town *t = arg;
    mn_enrolment out;
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    const mn_enrol_person person = {.name = "Newcomer", .list = "staff", .consent = &consent};
    const mn_enrol_face face = {.source = "a.jpg", .face = t->face};
    mn_arena *arena = mn_arena_create((size_t)16 << 20);
    mn_core_enrol(t->w->core, &ann, &person, &face, arena, &out, NULL);
    atomic_fetch_add(&t->done, 1);
    mn_arena_destroy(arena);
    return NULL;
}

static void *enrol_face(void *arg)
{
    town *t = arg;
    mn_face_made made;
    mn_arena *arena = mn_arena_create((size_t)16 << 20);
    const mn_face_new what = {.person = t->anna,
                              .descriptor = &t->face->descriptor,
                              .quality = 0.75f,
                              .sample = {jpeg, sizeof jpeg, "image/jpeg"}};
    mn_core_face_enrol(t->w->core, &ann, &what, arena, &made, NULL);
    atomic_fetch_add(&t->done, 1);
    mn_arena_destroy(arena);
    return NULL;
}

static void *put_evidence(void *arg)
{
    town *t = arg;
    mn_core_evidence_put(t->w->core, &ann, &t->anna, &t->consent, "image/png", (const uint8_t *)"x", 1, NULL);
    atomic_fetch_add(&t->done, 1);
    return NULL;
}

static void *merge_two(void *arg)
{
    town *t = arg;
    mn_person_view v;
    mn_arena *arena = mn_arena_create((size_t)16 << 20);
    mn_core_person_merge(t->w->core, &ann, &t->anna, &t->bert, arena, &v, NULL);
    atomic_fetch_add(&t->done, 1);
    mn_arena_destroy(arena);
    return NULL;
}

static void *import_one(void *arg)
{
    town *t = arg;
    mn_import_person p = {.external_id = "E-7"};
    take_in(t->w, &t->face, &p, 1, NULL);
    atomic_fetch_add(&t->done, 1);
    return NULL;
}

#define STUCK 5

static void wait_for_requests(int want)
{
    while (gate_count().requests < want)
        wait_a_moment();
}

static void write_all_kinds(town *t)
{
    world *w = t->w;
    mn_person_view v;
    mn_enrolment out;
    const mn_person_new what = {.fields = {.name = "Clara"}};
    const mn_consent_given consent = agreed(MN_PURPOSE_IDENTIFICATION);
    const mn_enrol_person person = {.name = "Dora", .list = "staff", .consent = &consent};
    mn_face *face = make_face(w, 20, 0);
    const mn_enrol_face without = {.source = "a.jpg", .face = face};
    face->sample = NULL;
    assert_ok(mn_core_person_create(w->core, &ann, &what, w->arena, &v, err));
    agree_anew(w, &v.person.id);
    assert_ok(mn_core_enrol(w->core, &ann, &person, &without, w->arena, &out, err)); /* the group goes on */
    assert_int_equal(look_for(w, w->core, 20).n, 1);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &out.person, MN_PURPOSE_IDENTIFICATION, err));
    assert_int_equal(look_for(w, w->core, 20).n, 0);
}

/* Five are stuck with their pictures; everybody else writes as if nothing were. */
static void test_a_silent_server_holds_up_nobody_else(void **state)
{
    static void *(*const stuck[STUCK])(void *) = {enrol_newcomer, enrol_face, put_evidence, merge_two,
                                                  import_one};
    world *w = *state;
    town t = {.w = w};
    pthread_t threads[STUCK];
    mn_consent *all = NULL;
    size_t n = 0;
    t.anna = enrol(w, "Anna", "staff", 1, 0).person;
    t.bert = enrol(w, "A.", "guests", 1, 1).person;
    t.face = make_face(w, 1, 2);
    assert_ok(mn_core_consents_of(w->core, &ann, &t.anna, w->arena, &all, &n, err));
    t.consent = all->id;
    int before = gate_count().requests;
    gate_tell("stall");
    for (int i = 0; i < STUCK; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, stuck[i], &t), 0);
    wait_for_requests(before + STUCK);
    write_all_kinds(&t);
    assert_int_equal(atomic_load(&t.done), 0);
    gate_tell("pass");
    for (int i = 0; i < STUCK; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(look_for(w, w->core, 1).n >= 1, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(test_erased_meanwhile),
        T(test_withdrawn_meanwhile),
        T(test_a_destroyed_key_stays_destroyed),
        T(test_it_does_not_go_round_for_ever),
        T(test_made_meanwhile),
        T(test_known_and_erased_meanwhile),
        T(test_many),
        T(test_many_or_none),
        T(test_none_of_many),
        T(test_import_made_meanwhile),
        T(test_import_another_key),
        T(test_import_does_not_go_round_for_ever),
        T(test_import_batch),
        T(test_a_face_more_while_two_are_merged),
        T(test_the_other_file_came_first),
        T(test_faces_come_together),
        cmocka_unit_test_setup_teardown(test_a_silent_server_holds_up_nobody_else, setup_s3, world_teardown),
    };
#undef T
    int failed = cmocka_run_group_tests_name("early", tests, NULL, NULL);
    gate_stop();
    return failed;
}
