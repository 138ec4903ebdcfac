/* Searches, writes and compaction at once; run under ThreadSanitizer too. The people of the first half stay
 * all the time and must be found by every search, with their exact scores; those of the second half come and
 * go. */
#include "gallery/gallery.h"
#include "support.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIM = 64, STAY = 300, COME_AND_GO = 1500, READERS = 3, ROUNDS = 12 };

typedef struct {
    mn_gallery *g;
    float (*v)[DIM];
    atomic_bool stop;
    atomic_size_t searches;
    atomic_int failures;
} stage;

static mn_id id_of(uint64_t kind, uint64_t number)
{
    mn_id id;
    uint64_t parts[2] = {kind, number};
    memcpy(id.bytes, parts, sizeof parts);
    return id;
}

static mn_code fetch(void *ctx, const mn_id *face, float *out, mn_error *err)
{
    (void)err;
    uint64_t number;
    memcpy(&number, face->bytes + 8, sizeof number);
    memcpy(out, ((stage *)ctx)->v[number], sizeof(float[DIM]));
    return MN_OK;
}

/* Everybody is in list 0, every third in list 1. */
static mn_code add(stage *s, size_t i)
{
    mn_id lists[2] = {id_of(3, 0), id_of(3, 1)};
    mn_gallery_entry e = {id_of(1, i), id_of(2, i), lists, i % 3 == 0 ? 2 : 1, s->v[i], 0};
    return mn_gallery_add(s->g, &e, 1, NULL);
}

static void fault(stage *s, const char *what)
{
    print_error("%s\n", what);
    atomic_fetch_add(&s->failures, 1);
}

static void check_found(stage *s, size_t i, const mn_found *a)
{
    mn_id person = id_of(2, i);
    if (a->n != 1 || mn_id_compare(&a->out[0].person, &person) != 0)
        fault(s, "somebody who was there all the time was not found");
    else if (!(a->out[0].raw > 0.9999f))
        fault(s, "a wrong score");
    if (a->searched < STAY / 3 || a->searched > STAY + COME_AND_GO)
        fault(s, "a wrong number of people");
}

static void *read_on(void *arg)
{
    stage *s = arg;
    mn_id lists[2] = {id_of(3, 0), id_of(3, 1)};
    for (size_t i = 0; !atomic_load(&s->stop); i++) {
        mn_query q[4];
        mn_candidate out[4];
        mn_found a[4];
        size_t n = 1 + i % 4, who[4];
        for (size_t j = 0; j < n; j++) {
            who[j] = (i * 7 + j) * 3 % STAY;
            q[j] = (mn_query){.probe = s->v[who[j]],
                              .lists = lists + i % 2,
                              .n_lists = i % 3 ? 1 : 0,
                              .k = 1,
                              .min_raw = 0.5f};
            a[j].out = &out[j];
        }
        if (mn_gallery_search_many(s->g, q, n, a, NULL))
            fault(s, "a search failed");
        for (size_t j = 0; j < n; j++)
            check_found(s, who[j], &a[j]);
        atomic_fetch_add(&s->searches, n);
    }
    return NULL;
}

/* The writer's own searches: at once there, at once gone. */
static void check_now(stage *s, size_t i, size_t wanted)
{
    mn_query q = {.probe = s->v[i], .k = 1, .min_raw = 0.999f};
    mn_candidate out;
    size_t n = 9, searched;
    if (mn_gallery_search(s->g, &q, &out, &n, &searched, NULL) || n != wanted)
        fault(s, wanted ? "enrolled and not found" : "removed and found");
}

/* Somebody who is there all the time, by another row: no search may miss them meanwhile. */
static void exchange(stage *s, size_t i)
{
    const mn_id person = id_of(2, i), lists[2] = {id_of(3, 0), id_of(3, 1)};
    const mn_gallery_entry e = {id_of(1, i), person, lists, i % 3 == 0 ? 2 : 1, s->v[i], 0};
    if (mn_gallery_exchange(s->g, &person, 1, &e, 1, NULL))
        fault(s, "an exchange failed");
}

static void write_round(stage *s)
{
    for (size_t i = STAY; i < STAY + COME_AND_GO; i++) {
        if (add(s, i))
            fault(s, "adding failed");
        if (i % 50 == 0)
            check_now(s, i, 1);
        if (i % 5 == 0)
            exchange(s, i % STAY);
    }
    for (size_t i = STAY; i < STAY + COME_AND_GO; i++) {
        const mn_id person = id_of(2, i);
        if (mn_gallery_exchange(s->g, &person, 1, NULL, 0, NULL))
            fault(s, "removing failed");
        if (i % 50 == 0)
            check_now(s, i, 0);
        if (i % 100 == 0)
            (void)mn_gallery_stats_get(s->g);
    }
}

static void readers_writer_and_compaction_at_once(void **state)
{
    (void)state;
    stage s = {.v = malloc((STAY + COME_AND_GO) * sizeof(float[DIM]))};
    assert_non_null(s.v);
    uint64_t seed = 1;
    for (size_t i = 0; i < STAY + COME_AND_GO; i++)
        for (size_t j = 0; j < DIM; j++)
            s.v[i][j] = mn_test_random_normal(&seed);
    mn_gallery_options o = {.dim = DIM, .threads = 2, .fetch = fetch, .fetch_ctx = &s};
    assert_ok(mn_gallery_create(&o, &s.g, err));
    for (size_t i = 0; i < STAY; i++)
        assert_int_equal(add(&s, i), MN_OK);
    pthread_t readers[READERS];
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &s), 0);
    while (atomic_load(&s.searches) == 0 && atomic_load(&s.failures) == 0)
        usleep(1000); /* a busy machine may not let them begin */
    for (size_t i = 0; i < ROUNDS; i++)
        write_round(&s);
    atomic_store(&s.stop, true);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    print_message("%zu searches while %d faces came and went\n", atomic_load(&s.searches),
                  ROUNDS * COME_AND_GO);
    assert_int_equal(atomic_load(&s.failures), 0);
    assert_true(atomic_load(&s.searches) > 0);
    assert_int_equal(mn_gallery_stats_get(s.g).faces, STAY);
    while (mn_gallery_stats_get(s.g).removed >= ROUNDS * COME_AND_GO / 2)
        usleep(1000); /* until the background did its work */
    mn_gallery_destroy(s.g);
    free(s.v);
}

/* Large enough for helpers: threads share one search's blocks, and several searches the helpers. */
static void *search_big(void *arg)
{
    stage *s = arg;
    for (size_t i = 0; i < 10; i++) {
        mn_query q = {.probe = s->v[i * 1000 % 40000], .k = 3, .min_raw = -1};
        mn_candidate out[3];
        mn_found a = {.out = out};
        mn_id person = id_of(2, i * 1000 % 40000);
        if (mn_gallery_search_many(s->g, &q, 1, &a, NULL) || a.n != 3 ||
            mn_id_compare(&out[0].person, &person) != 0)
            fault(s, "a large search went wrong");
    }
    return NULL;
}

static void make_big(stage *s, unsigned threads)
{
    s->v = malloc(40000 * sizeof(float[DIM]));
    mn_gallery_entry *e = calloc(40000, sizeof *e);
    assert_true(s->v && e);
    uint64_t seed = 1;
    for (size_t i = 0; i < 40000; i++) {
        for (size_t j = 0; j < DIM; j++)
            s->v[i][j] = mn_test_random_normal(&seed);
        e[i] = (mn_gallery_entry){.face = id_of(1, i), .person = id_of(2, i), .v = s->v[i]};
    }
    mn_gallery_options o = {.dim = DIM, .threads = threads, .fetch = fetch, .fetch_ctx = s};
    assert_ok(mn_gallery_create(&o, &s->g, err));
    assert_ok(mn_gallery_add(s->g, e, 40000, err));
    free(e);
}

static void several_threads_share_one_search(void **state)
{
    (void)state;
    stage s = {0};
    make_big(&s, 4);
    pthread_t threads[READERS];
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, search_big, &s), 0);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&s.failures), 0);
    mn_gallery_destroy(s.g);
    free(s.v);
}

/* Searches that share a pass: one that is cancelled, late or wrong ends alone. */
typedef struct {
    stage *s;
    size_t number;
} searcher;

static void *search_beside_others(void *arg)
{
    const searcher *me = arg;
    float zero[DIM] = {0};
    mn_cancel cancelled = {true};
    static const mn_code codes[] = {MN_OK, MN_E_TIMEOUT, MN_E_CANCELLED, MN_E_INVALID};
    mn_code expected = me->number < 4 ? codes[me->number] : MN_OK;
    for (size_t i = 0; i < 30; i++) {
        size_t who = (me->number * 4999 + i * 1000) % 40000;
        mn_query q = {.probe = me->number == 3 ? zero : me->s->v[who],
                      .k = 2,
                      .min_raw = -1,
                      .deadline = me->number == 1 ? 1 : mn_deadline_in_ms(60000),
                      .cancel = me->number == 2 ? &cancelled : NULL};
        mn_candidate out[2];
        size_t n = 77, searched = 78;
        mn_id person = id_of(2, who);
        if (mn_gallery_search(me->s->g, &q, out, &n, &searched, NULL) != expected)
            fault(me->s, "another code than expected");
        else if (expected != MN_OK && (n != 77 || searched != 78))
            fault(me->s, "an answer was touched");
        else if (expected == MN_OK &&
                 (n != 2 || searched != 40000 || mn_id_compare(&out[0].person, &person) != 0))
            fault(me->s, "a wrong answer");
    }
    return NULL;
}

static void each_search_of_a_pass_ends_for_itself(void **state)
{
    (void)state;
    enum { SEARCHERS = 20 }; /* more than fit into a pass */
    stage s = {0};
    make_big(&s, 1);
    pthread_t threads[SEARCHERS];
    searcher searchers[SEARCHERS];
    for (size_t i = 0; i < SEARCHERS; i++) {
        searchers[i] = (searcher){&s, i};
        assert_int_equal(pthread_create(&threads[i], NULL, search_beside_others, &searchers[i]), 0);
    }
    for (size_t i = 0; i < SEARCHERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&s.failures), 0);
    mn_gallery_destroy(s.g);
    free(s.v);
}

/* ---- all of it at once ---- */

/* Several chunks with sketches: searches that share passes and helpers, a writer that fills and empties
 * chunks, and in the background sketches and compaction. Vectors are made of their numbers, not kept. */
enum { WIDE = 256, LIVE = 66000, PASS_BY = 70000, TURNS = 2, BATCH = 500, SEEKERS = 6 };

static void wide_vector(uint64_t number, float v[WIDE])
{
    uint64_t seed = number * 7919 + 1;
    for (size_t i = 0; i < WIDE; i += 8) {
        uint64_t bits = mn_test_random(&seed);
        for (size_t j = 0; j < 8; j++)
            v[i + j] = (float)(int8_t)(bits >> (8 * j)) + 0.5f;
    }
}

static mn_code wide_fetch(void *ctx, const mn_id *face, float *out, mn_error *err)
{
    (void)ctx, (void)err;
    uint64_t number;
    memcpy(&number, face->bytes + 8, sizeof number);
    wide_vector(number, out);
    return MN_OK;
}

static void add_wide(mn_gallery *g, uint64_t from, float (*v)[WIDE])
{
    mn_gallery_entry e[BATCH];
    const mn_id list = id_of(3, 0);
    for (size_t i = 0; i < BATCH; i++) {
        wide_vector(from + i, v[i]);
        e[i] = (mn_gallery_entry){.face = id_of(1, from + i),
                                  .person = id_of(2, from + i),
                                  .lists = &list,
                                  .n_lists = (from + i) % 3 == 0,
                                  .v = v[i]};
    }
    assert_ok(mn_gallery_add(g, e, BATCH, err));
}

typedef struct {
    stage *s;
    size_t number;
    atomic_size_t *prefiltered;
} seeker;

static void *seek(void *arg)
{
    const seeker *me = arg;
    float v[2][WIDE];
    const mn_id list = id_of(3, 0);
    for (size_t i = me->number; !atomic_load(&me->s->stop); i++) {
        size_t n = 1 + i % 2, who = i * 4999 % LIVE / 3 * 3;
        mn_candidate out[2];
        mn_query q[2];
        mn_found a[2];
        for (size_t j = 0; j < n; j++) {
            wide_vector(who, v[j]);
            q[j] = (mn_query){.probe = v[j], .lists = &list, .n_lists = i % 3 == 0, .k = 1, .min_raw = 0.5f};
            a[j].out = &out[j];
        }
        const mn_id person = id_of(2, who);
        if (mn_gallery_search_many(me->s->g, q, n, a, NULL))
            fault(me->s, "a search failed");
        for (size_t j = 0; j < n; j++) {
            if (a[j].n != 1 || mn_id_compare(&out[j].person, &person) != 0 || !(out[j].raw > 0.9999f))
                fault(me->s, "somebody who was there all the time was not found");
            if (a[j].searched < LIVE / 3 || a[j].searched > LIVE + PASS_BY)
                fault(me->s, "a wrong number of people");
            atomic_fetch_add(me->prefiltered, a[j].prefiltered);
        }
        atomic_fetch_add(&me->s->searches, n);
    }
    return NULL;
}

/* How many chunks there were at most. */
static size_t come_and_go(stage *s, float (*v)[WIDE])
{
    for (uint64_t i = LIVE; i < LIVE + PASS_BY; i += BATCH)
        add_wide(s->g, i, v);
    const size_t chunks = mn_gallery_stats_get(s->g).chunks;
    for (uint64_t i = LIVE; i < LIVE + PASS_BY; i++) {
        const mn_id person = id_of(2, i);
        if (mn_gallery_exchange(s->g, &person, 1, NULL, 0, NULL))
            fault(s, "removing failed");
    }
    return chunks;
}

static void everything_at_once(void **state)
{
    (void)state;
    stage s = {0};
    atomic_size_t prefiltered = 0;
    pthread_t threads[SEEKERS];
    seeker seekers[SEEKERS];
    float(*v)[WIDE] = malloc(BATCH * sizeof *v);
    assert_non_null(v);
    const mn_gallery_options o = {
        .dim = WIDE, .threads = 3, .fetch = wide_fetch, .prefilter = MN_PREFILTER_ON};
    assert_ok(mn_gallery_create(&o, &s.g, err));
    for (uint64_t i = 0; i < LIVE; i += BATCH)
        add_wide(s.g, i, v);
    for (size_t i = 0; i < SEEKERS; i++) {
        seekers[i] = (seeker){&s, i, &prefiltered};
        assert_int_equal(pthread_create(&threads[i], NULL, seek, &seekers[i]), 0);
    }
    size_t chunks = 0;
    for (size_t i = 0; i < TURNS; i++) {
        const size_t now = come_and_go(&s, v);
        chunks = now > chunks ? now : chunks;
    }
    /* The background comes to sketches and to the emptied chunks while searches go on. */
    while (atomic_load(&prefiltered) == 0 || mn_gallery_stats_get(s.g).sketched == 0 ||
           mn_gallery_stats_get(s.g).removed == (size_t)TURNS * PASS_BY)
        usleep(10000);
    atomic_store(&s.stop, true);
    for (size_t i = 0; i < SEEKERS; i++)
        pthread_join(threads[i], NULL);
    mn_gallery_stats stats = mn_gallery_stats_get(s.g);
    print_message("%zu searches, %zu with sketches, while %d faces came and went in %zu chunks\n",
                  atomic_load(&s.searches), atomic_load(&prefiltered), TURNS * PASS_BY, chunks);
    assert_int_equal(atomic_load(&s.failures), 0);
    assert_true(chunks >= 3);
    assert_int_equal(stats.faces, LIVE);
    mn_gallery_destroy(s.g);
    free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_writer_and_compaction_at_once),
        cmocka_unit_test(several_threads_share_one_search),
        cmocka_unit_test(each_search_of_a_pass_ends_for_itself),
        cmocka_unit_test(everything_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
