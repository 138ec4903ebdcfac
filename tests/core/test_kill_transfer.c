/* kill -9 in the middle of an import and of a copy of the store, again and again, until one gets through.
 *
 * Import: after each kill whole batches are there, in their order, no fewer than were acknowledged, and the
 * records check clean; starting it again takes in the rest. Copy, from SQLite to PostgreSQL: as long as it is
 * not whole nobody can open it; in the end both hold the same, the copy checks clean, and its people are
 * found. A kill that comes when all is done, but before anybody was told, is one more copy, which says so.
 * The first kills come at places in the middle, where the child waits for them; the others at random moments
 * within a time that grows. */
#include "core/check.h"
#include "core/copy.h"
#include "core/import.h"
#include "crowd.h"
#include "store/postgres_server.h"
#include "store/stream.h"
#include "support.h"
#include "world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCH   64
#define BATCHES 16
#define HELD    4    /* kills in the middle, for certain */
#define PEOPLE  3000 /* of the copy */

static const uint8_t sample[] = {0xff, 0xd8, 0xff, 0xd9};
static const char *schema; /* NULL: SQLite */

/* ---- what both share ---- */

typedef struct {
    world *w;
    int out, held; /* pipes: what was done, and that it waits to be killed */
    uint64_t hold_at;
} victim;

#define NOWHERE 0
#define AT_END  UINT64_MAX

static void hold_at(void *user, uint64_t place)
{
    const victim *v = user;
    if (v->hold_at != NOWHERE && place >= v->hold_at)
        mn_test_hold(v->held);
}

/* Runs a child until it ends or is killed, at a place or else after some microseconds. True: it got through.
 */
static bool run_and_kill(void (*work)(victim *v), world *w, uint64_t place, useconds_t after, int *in)
{
    int out[2], held[2];
    assert_int_equal(pipe(out) | pipe(held), 0);
    victim v = {w, out[1], held[1], place};
    pid_t child = mn_test_fork();
    if (child == 0) {
        close(out[0]);
        work(&v);
        _exit(0);
    }
    close(out[1]);
    close(held[1]);
    if (place == NOWHERE)
        usleep(after);
    else
        mn_test_wait_held(held[0]);
    bool killed = mn_test_kill(child);
    close(held[0]);
    *in = out[0];
    return !killed;
}

/* A quarter longer each time: a slow machine, too, does it in the end. */
static useconds_t until_kill(unsigned kills, uint64_t *seed)
{
    double most = 30000;
    for (unsigned i = 0; i < kills; i++)
        most *= 1.25;
    return (useconds_t)(mn_test_random(seed) % (uint64_t)most);
}

static void fail_child(const char *what, const mn_error *e)
{
    fprintf(stderr, "%s: %s: %s\n", what, mn_code_word(e->code), e->text);
    _exit(3);
}

/* ---- import ---- */

/* The same in every run. */
static const mn_consent consent = {.purpose = MN_PURPOSE_IDENTIFICATION,
                                   .method = "signed form",
                                   .evidence = "cabinet 3",
                                   .given = INT64_C(1767225600000000),
                                   .until = INT64_C(4102444800000000),
                                   .withdrawn = MN_TIME_NEVER};

static void take_in(mn_import *i, unsigned batch, mn_error *e)
{
    static char ids[BATCH][16];
    static float vectors[BATCH][DIM];
    static mn_import_face faces[BATCH];
    static mn_import_person people[BATCH];
    static const mn_import_list lists[2] = {{"staff", true, MN_PURPOSE_IDENTIFICATION},
                                            {"guests", true, MN_PURPOSE_IDENTIFICATION}};
    for (unsigned k = 0; k < BATCH; k++) {
        unsigned who = batch * BATCH + k;
        snprintf(ids[k], sizeof ids[k], "p%u", who);
        make_descriptor(who, 0, vectors[k]);
        faces[k] = (mn_import_face){.model = "synthetic-128",
                                    .v = vectors[k],
                                    .dim = DIM,
                                    .created = MN_TIME_NEVER,
                                    .jpeg = k % 8 ? NULL : sample,
                                    .n = k % 8 ? 0 : sizeof sample};
        people[k] = (mn_import_person){.external_id = ids[k],
                                       .active = true,
                                       .created = MN_TIME_NEVER,
                                       .lists = lists,
                                       .n_lists = 2,
                                       .consents = &consent,
                                       .n_consents = 1,
                                       .faces = &faces[k],
                                       .n_faces = 1};
    }
    if (mn_core_import_people(i, people, BATCH, e) != MN_OK)
        fail_child("batch", e);
    for (unsigned k = 0; k < BATCH; k++)
        if (people[k].code != MN_OK)
            fail_child(ids[k], &people[k].error);
}

static void import_all(victim *v)
{
    world *w = v->w;
    mn_error e = {0};
    mn_import *i = NULL;
    if (world_open(w, "test", &fp32_model, true, &w->core, &e) != MN_OK ||
        mn_core_import_open(w->core, &ann, false, &i, &e) != MN_OK)
        fail_child("opening", &e);
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        take_in(i, batch, &e);
        hold_at(v, batch + 1);
        if (write(v->out, &batch, sizeof batch) != (ssize_t)sizeof batch)
            _exit(4);
    }
    mn_core_import_close(i);
    mn_core_close(w->core);
}

static unsigned hear_batches(int in)
{
    unsigned batch, n = 0;
    while (read(in, &batch, sizeof batch) == (ssize_t)sizeof batch)
        n = batch + 1;
    close(in);
    return n;
}

static void check_import(world *w, unsigned acknowledged)
{
    mn_store_counts c;
    char id[16];
    mn_person_view v;
    assert_ok(world_open(w, "test", &fp32_model, true, &w->core, err));
    assert_ok(mn_core_check(w->core, NULL, NULL, err));
    assert_ok(mn_core_counts(w->core, &c, err));
    assert_int_equal(c.people % BATCH, 0);
    assert_true(c.people >= (uint64_t)acknowledged * BATCH);
    assert_int_equal(c.faces, c.people);
    assert_int_equal(c.descriptors, c.people);
    assert_int_equal(c.consents, c.people);
    assert_int_equal(c.lists, c.people ? 2 : 0);
    for (unsigned who = 0; who < c.people; who += BATCH) { /* the first ones, and with their samples */
        mn_buf jpeg;
        snprintf(id, sizeof id, "p%u", who);
        assert_ok(mn_core_person(w->core, &ann, id, w->arena, &v, err));
        assert_int_equal(v.n_lists, 2);
        assert_int_equal(v.n_faces, 1);
        mn_buf_init(&jpeg, 1 << 20);
        assert_ok(mn_core_sample(w->core, &ann, &v.faces[0].id, &jpeg, err));
        assert_int_equal(jpeg.len, sizeof sample);
        mn_buf_finish(&jpeg);
    }
    mn_core_close(w->core);
    w->core = NULL;
    mn_arena_reset(w->arena);
}

static world *make_world(void)
{
    static world w;
    ann.rights = mn_rights_all();
    w = (world){.arena = mn_arena_create((size_t)64 << 20)};
    assert_non_null(w.arena);
    snprintf(w.dir, sizeof w.dir, "%s/data", mn_test_folder());
    if (schema) {
        w.settings = mn_settings_create();
        assert_non_null(w.settings);
        assert_ok(mn_settings_set(w.settings, MN_S_STORE_URL, postgres_url(schema), "test", err));
    }
    return &w;
}

static void end_world(world *w)
{
    mn_core_close(w->core);
    mn_arena_destroy(w->arena);
    mn_settings_destroy(w->settings);
}

static void check_found(world *w, unsigned n)
{
    assert_ok(world_open(w, "test", &fp32_model, false, &w->core, err));
    for (unsigned who = 0; who < n; who += 97)
        assert_int_equal(look_for(w, w->core, who).n, 1);
    assert_int_equal(look_for(w, w->core, n).n, 0);
}

static bool import_once(world *w, uint64_t place, useconds_t after)
{
    int in;
    bool done = run_and_kill(import_all, w, place, after, &in);
    if (schema)
        postgres_settle();
    check_import(w, hear_batches(in));
    return done;
}

static void import_and_kill(void)
{
    world *w = make_world();
    uint64_t seed = 5;
    unsigned kills = 0;
    for (int i = 0; i < HELD; i++)
        assert_false(import_once(w, 1 + mn_test_random(&seed) % BATCHES, 0));
    while (!import_once(w, NOWHERE, until_kill(kills, &seed)))
        kills++;
    printf("%u kills\n", HELD + kills);
    check_found(w, BATCH * BATCHES);
    end_world(w);
}

static void test_import_in_sqlite(void **state)
{
    (void)state;
    schema = NULL;
    import_and_kill();
}

static void test_import_in_postgres(void **state)
{
    (void)state;
    postgres_need();
    postgres_start();
    schema = postgres_new_schema();
    import_and_kill();
}

/* ---- copying the store ---- */

static mn_copy_report reported;

static void copy_all(victim *v)
{
    world *w = v->w;
    mn_error e = {0};
    const mn_core_options options = {.data_dir = w->dir, .fmr = 1e-3};
    if (mn_core_open_records(&options, &w->core, &e) != MN_OK ||
        mn_core_copy_store(w->core, &ann, postgres_url(schema), hold_at, v, NULL, &reported, &e) != MN_OK)
        fail_child("copying", &e);
    hold_at(v, AT_END);
    if (write(v->out, &reported, sizeof reported) != (ssize_t)sizeof reported)
        _exit(4);
    mn_core_close(w->core);
}

static mn_stream_totals measure(mn_store *s)
{
    mn_stream_totals t;
    mn_source *from = NULL;
    const mn_stream_options o = {0};
    assert_ok(s->ops->begin_read(s, err));
    assert_ok(mn_source_open_store(s, NULL, &from, err));
    assert_ok(mn_stream_measure(from, &o, &t, err));
    mn_source_close(from);
    s->ops->rollback(s);
    return t;
}

static void compare_with_source(const world *w)
{
    mn_store *from = NULL, *to = NULL;
    assert_ok(mn_store_open(w->dir, NULL, &from, err));
    assert_ok(mn_store_open(NULL, postgres_url(schema), &to, err));
    const mn_stream_totals a = measure(from), b = measure(to);
    assert_ok(mn_stream_compare(&a, &b, err));
    assert_int_equal(a.rows, b.rows);
    from->ops->close(from);
    to->ops->close(to);
}

/* Half a copy is opened by nobody. */
static void check_unfinished(world *w)
{
    mn_store *to = NULL;
    mn_error e = {0};
    assert_ok(mn_store_open(NULL, postgres_url(schema), &to, err));
    bool begun = mn_stream_unfinished(to, &e) != MN_OK;
    to->ops->close(to);
    if (begun)
        assert_int_equal(world_open(w, "test", &fp32_model, false, &w->core, &e), MN_E_INVALID);
}

static bool copy_once(world *w, uint64_t place, useconds_t after)
{
    int in;
    bool done = run_and_kill(copy_all, w, place, after, &in);
    postgres_settle();
    if (!done)
        check_unfinished(w);
    else
        assert_int_equal(read(in, &reported, sizeof reported), sizeof reported);
    close(in);
    return done;
}

/* Also when all is done, and nobody was told. */
static void copy_and_kill(world *w)
{
    uint64_t seed = 7;
    unsigned kills = 0;
    for (int i = 0; i < HELD; i++) {
        mn_store *to = NULL;
        assert_false(copy_once(w, 1 + mn_test_random(&seed) % (6 * PEOPLE), 0));
        assert_ok(mn_store_open(NULL, postgres_url(schema), &to, err));
        assert_int_equal(mn_stream_unfinished(to, NULL), MN_E_INVALID);
        to->ops->close(to);
    }
    for (int i = 0; i < 2; i++) {
        while (!copy_once(w, NOWHERE, until_kill(kills, &seed)))
            kills++;
        if (i == 0)
            assert_false(copy_once(w, AT_END, 0));
    }
    printf("%u kills\n", HELD + 1 + kills);
}

static void test_copy_to_postgres(void **state)
{
    (void)state;
    const crowd_kind staff = {.purpose = MN_PURPOSE_IDENTIFICATION, .list = "staff"};
    postgres_need();
    postgres_start();
    schema = NULL;
    world *w = make_world();
    assert_ok(world_open(w, "test", &fp32_model, true, &w->core, err));
    crowd_enrol(w, 0, PEOPLE, &staff);
    mn_core_close(w->core);
    w->core = NULL;
    schema = postgres_new_schema();
    w->settings = mn_settings_create();
    assert_ok(mn_settings_set(w->settings, MN_S_STORE_URL, postgres_url(schema), "test", err));
    copy_and_kill(w);
    assert_false(reported.moved_on);
    compare_with_source(w);
    check_found(w, PEOPLE);
    assert_ok(mn_core_check(w->core, NULL, NULL, err));
    end_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_import_in_sqlite),
                                       cmocka_unit_test(test_import_in_postgres),
                                       cmocka_unit_test(test_copy_to_postgres)};
    return cmocka_run_group_tests_name("killed in between", tests, NULL, NULL);
}
