/* Snapshots: what was written is read, whatever else lies there is refused, and nothing of it is readable. */
#include "model.h"

#include "base/alloc.h"
#include "base/file.h"
#include "gallery/gallery_parts.h"
#include "gallery/snapshot_parts.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const mn_snapshot_seal ours = {.key = {1, 2, 3}, .owner = {9}};

static mn_gallery *make(model *m, unsigned threads, const char *cold_dir)
{
    mn_gallery *g = NULL;
    const mn_gallery_options o = {.dim = m->dim,
                                  .metric = m->metric,
                                  .threads = threads,
                                  .fetch = model_fetch,
                                  .fetch_ctx = m,
                                  .cold_dir = cold_dir};
    assert_ok(mn_gallery_create(&o, &g, err));
    return g;
}

static void fill(model *m, mn_gallery *g, size_t n, uint64_t *seed)
{
    float v[1024];
    for (size_t i = 0; i < n; i++) {
        model_random_vector(m, seed, v);
        model_add_both(m, g, (unsigned)(mn_test_random(seed) % m->n_people), v);
    }
}

static const char *new_path(void)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/gallery.snapshot", mn_test_folder());
    return path;
}

static void write_to(mn_gallery *g, const char *path, uint8_t stamp)
{
    mn_snapshot *s = NULL;
    uint8_t bytes[MN_SNAPSHOT_STAMP] = {stamp};
    assert_ok(mn_snapshot_take(g, &s, err));
    assert_ok(mn_snapshot_write(s, path, &ours, bytes, NULL, err));
    mn_snapshot_release(s);
}

static mn_code see_stamp(void *ctx, const uint8_t stamp[MN_SNAPSHOT_STAMP], mn_error *err)
{
    (void)err;
    *(uint8_t *)ctx = stamp[0];
    return MN_OK;
}

static mn_code refuse_stamp(void *ctx, const uint8_t stamp[MN_SNAPSHOT_STAMP], mn_error *err)
{
    (void)ctx, (void)stamp;
    return mn_fail(err, MN_E_CORRUPT, "not that one");
}

static void read_from(mn_gallery *g, const char *path, uint8_t stamp)
{
    uint8_t seen = 0;
    mn_error e = {0};
    assert_int_equal(mn_snapshot_read(g, path, &ours, refuse_stamp, NULL, &e), MN_E_CORRUPT);
    assert_int_equal(mn_gallery_stats_get(g).chunks, 0);
    assert_ok(mn_snapshot_read(g, path, &ours, see_stamp, &seen, err));
    assert_int_equal(seen, stamp);
}

static void compare(model *m, mn_gallery *g, uint64_t *seed, int searches)
{
    float v[1024];
    for (int i = 0; i < searches; i++) {
        model_random_vector(m, seed, v);
        model_compare(m, g, v, i % 3 ? (unsigned)(mn_test_random(seed) % 256) : 0, 1 + (size_t)i % 20,
                      -INFINITY);
    }
}

/* ---- what is written is read ---- */

static void remove_some(model *m, mn_gallery *g, unsigned from, unsigned n)
{
    for (unsigned p = from; p < from + n; p++) {
        mn_id id = model_person_id(p);
        model_remove_person(m, p);
        assert_ok(mn_gallery_exchange(g, &id, 1, NULL, 0, err));
    }
    for (size_t f = 0; f < m->n_faces; f += 17) {
        model_remove_face(m, f);
        model_exchange(m, g, m->faces[f].person, 0);
    }
}

static void round_trip(int dim, mn_metric metric, unsigned threads, const char *cold_dir)
{
    model m;
    uint64_t seed = 5;
    model_init(&m, dim, metric, 300);
    mn_gallery *g = make(&m, threads, cold_dir), *back = make(&m, threads, cold_dir);
    const char *path = new_path();
    fill(&m, g, 1500, &seed);
    remove_some(&m, g, 40, 30);
    write_to(g, path, 7);
    read_from(back, path, 7);
    mn_gallery_stats a = mn_gallery_stats_get(g), b = mn_gallery_stats_get(back);
    assert_int_equal(a.faces, b.faces);
    assert_int_equal(a.people, b.people);
    assert_int_equal(a.removed, b.removed);
    compare(&m, back, &seed, 40);
    /* It lives on: rows are added, people removed, chunks compacted, and it is written again. */
    fill(&m, back, 400, &seed);
    remove_some(&m, back, 100, 190);
    compare(&m, back, &seed, 20);
    assert_ok(mn_gallery_compact(back, err));
    fill(&m, back, 100, &seed);
    compare(&m, back, &seed, 20);
    write_to(back, path, 8);
    mn_gallery_destroy(g);
    g = make(&m, 1, NULL);
    read_from(g, path, 8);
    compare(&m, g, &seed, 20);
    mn_gallery_destroy(g);
    mn_gallery_destroy(back);
    model_finish(&m);
}

static void test_round_trips(void **state)
{
    (void)state;
    round_trip(64, MN_METRIC_COSINE, 1, NULL);
    round_trip(100, MN_METRIC_COSINE, 3, NULL);
    round_trip(128, MN_METRIC_L2, 2, mn_test_folder());
    round_trip(1024, MN_METRIC_COSINE, 2, NULL);
}

static void test_empty(void **state)
{
    (void)state;
    model m;
    uint64_t seed = 1;
    model_init(&m, 64, MN_METRIC_COSINE, 3);
    mn_gallery *g = make(&m, 2, NULL), *back = make(&m, 2, NULL);
    const char *path = new_path();
    write_to(g, path, 1);
    read_from(back, path, 1);
    fill(&m, back, 9, &seed);
    compare(&m, back, &seed, 3);
    mn_gallery_destroy(g);
    mn_gallery_destroy(back);
    model_finish(&m);
}

/* Three chunks, one of them with most of its rows in a list, and a person in all three. */
static void test_several_chunks(void **state)
{
    (void)state;
    enum { N = 140000 };
    model m;
    uint64_t seed = 3;
    model_init(&m, 64, MN_METRIC_COSINE, N);
    mn_gallery *g = make(&m, 2, NULL), *back = make(&m, 2, NULL);
    mn_gallery_entry *e = calloc(N, sizeof *e);
    mn_id list = model_list_id(1), far = model_person_id(0);
    float v[64];
    assert_non_null(e);
    for (size_t i = 0; i < N; i++) {
        unsigned person = i % 60000 == 0 ? 0 : (unsigned)i;
        model_random_vector(&m, &seed, v);
        size_t number = model_add(&m, person, v);
        if (i < 70000)
            m.lists[person] = 2;
        e[i] = (mn_gallery_entry){.face = model_face_id(number),
                                  .person = model_person_id(person),
                                  .lists = &list,
                                  .n_lists = i < 70000 ? 1 : 0,
                                  .v = m.faces[number].v};
        if (person == 0)
            e[i].n_lists = 1;
    }
    m.lists[0] = 2;
    assert_ok(mn_gallery_add(g, e, N, err));
    free(e);
    const char *path = new_path();
    write_to(g, path, 1);
    read_from(back, path, 1);
    assert_int_equal(mn_gallery_stats_get(back).chunks, 3);
    for (int i = 0; i < 4; i++) {
        model_random_vector(&m, &seed, v);
        model_compare(&m, back, v, i % 2 ? 2 : 0, 5, -INFINITY);
    }
    assert_ok(mn_gallery_exchange(back, &far, 1, NULL, 0, err));
    assert_int_equal(mn_gallery_faces(back), N - 3); /* the chain goes through all chunks */
    mn_gallery_destroy(g);
    mn_gallery_destroy(back);
    model_finish(&m);
}

static void test_ends_are_kept(void **state)
{
    (void)state;
    model m;
    float v[64];
    uint64_t seed = 11;
    model_init(&m, 64, MN_METRIC_COSINE, 2);
    mn_gallery *g = make(&m, 1, NULL), *back = make(&m, 1, NULL);
    model_random_vector(&m, &seed, v);
    model_add_both(&m, g, 0, v);
    model_exchange(&m, g, 0, mn_time_now() - MN_TIME_DAY);
    const char *path = new_path();
    write_to(g, path, 1);
    read_from(back, path, 1);
    mn_candidate best;
    size_t n = 9;
    mn_query q = {.probe = v, .k = 1, .min_raw = -1};
    assert_ok(mn_gallery_search(back, &q, &best, &n, NULL, err));
    assert_int_equal(n, 0);
    model_exchange(&m, back, 0, 0);
    assert_ok(mn_gallery_search(back, &q, &best, &n, NULL, err));
    assert_int_equal(n, 1);
    mn_gallery_destroy(g);
    mn_gallery_destroy(back);
    model_finish(&m);
}

/* ---- what is not in it ---- */

static void test_removed_people_are_not_in_it(void **state)
{
    (void)state;
    model m;
    uint64_t seed = 2;
    model_init(&m, 64, MN_METRIC_COSINE, 50);
    mn_gallery *g = make(&m, 1, NULL), *back = make(&m, 1, NULL);
    fill(&m, g, 200, &seed);
    remove_some(&m, g, 10, 5);
    const char *path = new_path();
    write_to(g, path, 1);
    read_from(back, path, 1);
    const mn_view *v = mn_view_current(&back->views);
    const mn_segment *s = v->segments[0];
    size_t dead = 0, i = 0;
    for (uint32_t row = 0; row < s->n; row++) {
        if (!mn_rowset_has(s->dead, row))
            continue;
        dead++;
        for (i = 0; i < 64; i++)
            assert_int_equal(s->chunk->rows[row * 64 + i], 0);
        assert_true(s->chunk->scales[row] == 0);
        assert_true(mn_id_is_nil(&s->chunk->faces[row]) && mn_id_is_nil(&s->chunk->people[row]));
        for (i = 0; i < s->n_lists; i++)
            assert_false(mn_rowset_has(s->lists[i].rows, row));
        assert_false(mn_rowset_has(s->further, row));
    }
    assert_true(dead >= 12);
    mn_gallery_destroy(g);
    mn_gallery_destroy(back);
    model_finish(&m);
}

static void test_nothing_is_readable(void **state)
{
    (void)state;
    model m;
    uint64_t seed = 2;
    model_init(&m, 64, MN_METRIC_COSINE, 50);
    mn_gallery *g = make(&m, 1, NULL);
    fill(&m, g, 200, &seed);
    const char *path = new_path();
    write_to(g, path, 1);
    mn_buf b;
    struct stat st;
    mn_buf_init(&b, 1 << 20);
    mn_test_read(path, &b);
    const mn_chunk *c = mn_view_current(&g->views)->segments[0]->chunk;
    assert_null(memmem(b.data, b.len, ours.key, sizeof ours.key));
    for (size_t row = 0; row < 200; row++) {
        assert_null(memmem(b.data, b.len, c->rows + row * 64, 12));
        assert_null(memmem(b.data, b.len, &c->faces[row], 16));
        assert_null(memmem(b.data, b.len, &c->people[row], 16));
    }
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    mn_buf_finish(&b);
    mn_gallery_destroy(g);
    model_finish(&m);
}

/* ---- what is refused ---- */

typedef struct {
    model m;
    mn_gallery *g; /* what was written */
    const char *path;
    mn_buf file;
} small;

static void small_setup(small *s, const mn_metric metric)
{
    uint64_t seed = 4;
    model_init(&s->m, 64, metric, 9);
    s->g = make(&s->m, 1, NULL);
    s->path = new_path();
    fill(&s->m, s->g, 12, &seed);
    remove_some(&s->m, s->g, 2, 1);
    write_to(s->g, s->path, 1);
    mn_buf_init(&s->file, 1 << 20);
    mn_test_read(s->path, &s->file);
}

static void small_finish(small *s)
{
    mn_buf_finish(&s->file);
    mn_gallery_destroy(s->g);
    model_finish(&s->m);
}

/* Refused, without a trace: the same gallery then reads the right file. */
static mn_code refuse(small *s, const void *bytes, size_t n, mn_gallery *into)
{
    uint8_t seen = 77;
    mn_error e = {0};
    assert_ok(mn_file_write(s->path, bytes, n, 0600, err));
    mn_code code = mn_snapshot_read(into, s->path, &ours, see_stamp, &seen, &e);
    if (code == MN_OK)
        fail_msg("it was taken");
    if (!strstr(e.text, s->path))
        fail_msg("\"%s\" does not name the file", e.text);
    assert_int_equal(mn_gallery_stats_get(into).faces, 0);
    assert_int_equal(mn_gallery_stats_get(into).chunks, 0);
    return code;
}

static void test_damage(void **state)
{
    (void)state;
    small s;
    uint64_t seed = 8;
    small_setup(&s, MN_METRIC_L2);
    mn_gallery *into = make(&s.m, 2, NULL);
    size_t n = s.file.len;
    for (size_t i = 0; i < n; i++) {
        s.file.data[i] ^= (uint8_t)(1u << (i % 8));
        mn_code code = refuse(&s, s.file.data, n, into);
        if (code != MN_E_CORRUPT && code != MN_E_UNSUPPORTED && code != MN_E_PACK && code != MN_E_FORBIDDEN)
            fail_msg("byte %zu: %s", i, mn_code_word(code));
        s.file.data[i] ^= (uint8_t)(1u << (i % 8));
    }
    for (size_t len = 0; len < n; len += 7)
        assert_int_equal(refuse(&s, s.file.data, len, into), MN_E_CORRUPT);
    mn_buf_append(&s.file, "x", 1, NULL);
    assert_int_equal(refuse(&s, s.file.data, n + 1, into), MN_E_CORRUPT);
    assert_ok(mn_file_write(s.path, s.file.data, n, 0600, err));
    read_from(into, s.path, 1);
    compare(&s.m, into, &seed, 5);
    mn_gallery_destroy(into);
    small_finish(&s);
}

/* 12 rows of 64 dimensions: after the header, rows (768 bytes), scales (48), faces (192) and people (192),
 * each with its tag. Two pieces of one length change places. */
static void test_exchanged_pieces(void **state)
{
    (void)state;
    small s;
    uint8_t kept[208];
    small_setup(&s, MN_METRIC_COSINE);
    mn_gallery *into = make(&s.m, 1, NULL);
    uint8_t *faces = s.file.data + 256 + 784 + 64, *people = faces + 208;
    memcpy(kept, faces, 208);
    memcpy(faces, people, 208);
    memcpy(people, kept, 208);
    assert_int_equal(refuse(&s, s.file.data, s.file.len, into), MN_E_CORRUPT);
    mn_gallery_destroy(into);
    small_finish(&s);
}

static mn_code try(mn_gallery *g, const char *path, const mn_snapshot_seal *seal)
{
    mn_error e = {0};
    mn_code code = mn_snapshot_read(g, path, seal, NULL, NULL, &e);
    if (code != MN_OK && !e.text[0])
        fail_msg("the error has no text");
    return code;
}

static void test_foreign(void **state)
{
    (void)state;
    small s;
    model wider;
    small_setup(&s, MN_METRIC_COSINE);
    mn_gallery *into = make(&s.m, 1, NULL);
    mn_snapshot_seal other = ours;
    other.owner[31] ^= 1;
    assert_int_equal(try(into, s.path, &other), MN_E_PACK);
    other = ours;
    other.key[31] ^= 1;
    assert_int_equal(try(into, s.path, &other), MN_E_FORBIDDEN);
    model_init(&wider, 128, MN_METRIC_COSINE, 2);
    mn_gallery *more = make(&wider, 1, NULL);
    assert_int_equal(try(more, s.path, &ours), MN_E_PACK);
    assert_int_equal(try(s.g, s.path, &ours), MN_E_EXISTS);
    assert_int_equal(try(into, "/nonexistent/snapshot", &ours), MN_E_NOT_FOUND);
    assert_int_equal(try(into, mn_test_folder(), &ours), MN_E_CORRUPT); /* a folder */
    s.file.data[8] = 2;                                                 /* a later format */
    assert_int_equal(refuse(&s, s.file.data, s.file.len, into), MN_E_UNSUPPORTED);
    mn_gallery_destroy(more);
    mn_gallery_destroy(into);
    model_finish(&wider);
    small_finish(&s);
}

static void test_look(void **state)
{
    (void)state;
    small s;
    mn_snapshot_info info = {0};
    small_setup(&s, MN_METRIC_COSINE);
    assert_ok(mn_snapshot_look(s.path, &info, err));
    assert_int_equal(info.bytes, s.file.len);
    assert_int_equal(info.dim, 64);
    assert_int_equal(info.stamp[0], 1);
    assert_int_equal(info.faces, mn_gallery_stats_get(s.g).faces);
    assert_int_equal(info.people, mn_gallery_stats_get(s.g).people);
    small_finish(&s);
}

/* ---- writing that does not come to its end ---- */

static mn_code write_again(mn_gallery *g, const char *path, const mn_cancel *cancel)
{
    mn_snapshot *s = NULL;
    mn_error e = {0};
    uint8_t stamp[MN_SNAPSHOT_STAMP] = {2};
    assert_ok(mn_snapshot_take(g, &s, err));
    mn_code code = mn_snapshot_write(s, path, &ours, stamp, cancel, &e);
    mn_snapshot_release(s);
    return code;
}

static void test_writing_fails(void **state)
{
    (void)state;
    small s;
    char fresh[320];
    mn_cancel cancel = {0};
    small_setup(&s, MN_METRIC_COSINE);
    snprintf(fresh, sizeof fresh, "%s.new", s.path);
    mn_cancel_set(&cancel);
    assert_int_equal(write_again(s.g, s.path, &cancel), MN_E_CANCELLED);
    assert_false(mn_file_exists(fresh));
    assert_int_equal(write_again(s.g, "/nonexistent/folder/x", NULL), MN_E_NOT_FOUND);

    struct rlimit before, tight = {1000, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &before);
    tight.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    mn_code code = write_again(s.g, s.path, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(code == MN_E_IO || code == MN_E_FULL || code == MN_E_LIMIT);
    assert_false(mn_file_exists(fresh));

    int fd = open(fresh, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0 && flock(fd, LOCK_EX) == 0);
    assert_int_equal(write_again(s.g, s.path, NULL), MN_E_BUSY);
    close(fd); /* a leftover of somebody who was killed is written over */

    mn_gallery *into = make(&s.m, 1, NULL);
    read_from(into, s.path, 1); /* the old one is as it was */
    mn_gallery_destroy(into);
    assert_int_equal(write_again(s.g, s.path, NULL), MN_OK);
    into = make(&s.m, 1, NULL);
    read_from(into, s.path, 2);
    mn_gallery_destroy(into);
    small_finish(&s);
}

/* Killed at any moment of many writings: what lies there is whole, and of the first or a later one. */
static void write_until_killed(mn_gallery *g, const char *path)
{
    for (uint8_t stamp = 1;; stamp++) {
        mn_snapshot *s = NULL;
        uint8_t bytes[MN_SNAPSHOT_STAMP] = {stamp};
        if (mn_snapshot_take(g, &s, NULL) || mn_snapshot_write(s, path, &ours, bytes, NULL, NULL))
            _exit(1);
        mn_snapshot_release(s);
    }
}

static void test_kills(void **state)
{
    (void)state;
    enum { CYCLES = 60 };
    model m;
    uint64_t seed = 21;
    model_init(&m, 256, MN_METRIC_COSINE, 100);
    mn_gallery *g = make(&m, 1, NULL);
    const char *path = new_path();
    fill(&m, g, 3000, &seed);
    write_to(g, path, 0);
    for (int i = 0; i < CYCLES; i++) {
        pid_t pid = mn_test_fork();
        if (pid == 0)
            write_until_killed(g, path);
        usleep((useconds_t)(mn_test_random(&seed) % 12000));
        assert_true(mn_test_kill(pid));
        mn_gallery *back = make(&m, 2, NULL);
        assert_int_equal(try(back, path, &ours), MN_OK);
        assert_int_equal(mn_gallery_stats_get(back).faces, 3000);
        mn_gallery_destroy(back);
    }
    mn_gallery_destroy(g);
    model_finish(&m);
}

static void test_memory(void **state)
{
    (void)state;
    small s;
    uint64_t seed = 6;
    small_setup(&s, MN_METRIC_COSINE);
    mn_snapshot *taken = NULL;
    uint8_t stamp[MN_SNAPSHOT_STAMP] = {5};
    mn_code code = MN_E_MEMORY;
    for (long n = 1; code != MN_OK; n++) {
        mn_error e = {0};
        mn_alloc_fail_at(n);
        code = mn_snapshot_take(s.g, &taken, &e);
        if (code == MN_OK)
            code = mn_snapshot_write(taken, s.path, &ours, stamp, NULL, &e);
        mn_alloc_fail_at(0);
        mn_snapshot_release(taken);
        taken = NULL;
        assert_true(code == MN_OK || code == MN_E_MEMORY || code == MN_E_LIMIT);
    }
    mn_gallery *into = make(&s.m, 2, NULL);
    code = MN_E_MEMORY;
    for (long n = 1; code != MN_OK; n++) {
        mn_error e = {0};
        mn_alloc_fail_at(n);
        code = mn_snapshot_read(into, s.path, &ours, NULL, NULL, &e);
        mn_alloc_fail_at(0);
        assert_true(code == MN_OK || code == MN_E_MEMORY);
        assert_int_equal(mn_gallery_stats_get(into).faces,
                         code == MN_OK ? mn_gallery_stats_get(s.g).faces : 0);
    }
    compare(&s.m, into, &seed, 5);
    mn_gallery_destroy(into);
    small_finish(&s);
}

/* ---- threads ---- */

typedef struct {
    model *m;
    mn_gallery *g;
    atomic_bool stop;
} writer;

static void *come_and_go(void *arg)
{
    writer *w = arg;
    uint64_t seed = 31;
    float v[64];
    mn_id list = model_list_id(0);
    for (size_t i = 0; !atomic_load(&w->stop); i++) {
        mn_id person = model_person_id(1000 + i % 50);
        const mn_gallery_entry e = {.face = model_face_id(100000 + i),
                                    .person = person,
                                    .lists = &list,
                                    .n_lists = 1,
                                    .v = v,
                                    .until = (mn_time)(4000 + i % 9) * MN_TIME_SECOND * 1000000};
        model_random_vector(w->m, &seed, v);
        assert_ok(mn_gallery_exchange(w->g, &person, 1, NULL, 0, err));
        assert_ok(mn_gallery_add(w->g, &e, 1, err));
    }
    return NULL;
}

static void test_while_people_come_and_go(void **state)
{
    (void)state;
    model m;
    uint64_t seed = 30;
    model_init(&m, 64, MN_METRIC_COSINE, 100);
    mn_gallery *g = make(&m, 1, NULL);
    fill(&m, g, 500, &seed);
    writer w = {.m = &m, .g = g};
    pthread_t t;
    const char *path = new_path();
    assert_int_equal(pthread_create(&t, NULL, come_and_go, &w), 0);
    for (int i = 0; i < 20; i++) {
        mn_snapshot *s = NULL;
        uint8_t stamp[MN_SNAPSHOT_STAMP] = {0};
        assert_ok(mn_snapshot_take(g, &s, err));
        size_t faces = mn_snapshot_faces(s);
        assert_ok(mn_snapshot_write(s, path, &ours, stamp, NULL, err));
        mn_snapshot_release(s);
        mn_gallery *back = make(&m, 2, NULL);
        read_from(back, path, 0);
        assert_int_equal(mn_gallery_stats_get(back).faces, faces);
        assert_true(faces >= 500 && faces <= 550);
        mn_gallery_destroy(back);
    }
    atomic_store(&w.stop, true);
    pthread_join(t, NULL);
    mn_gallery_destroy(g);
    model_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_several_chunks),
        cmocka_unit_test(test_ends_are_kept),
        cmocka_unit_test(test_removed_people_are_not_in_it),
        cmocka_unit_test(test_nothing_is_readable),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_exchanged_pieces),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_look),
        cmocka_unit_test(test_writing_fails),
        cmocka_unit_test(test_kills),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_while_people_come_and_go),
    };
    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
