/* kill -9 in the middle of writing, again and again on the same store.
 *
 * A child enrols people (a transaction of several records), erases some, and tells what was acknowledged
 * through a pipe. It is killed at a random moment after some of it, or while it opens the store. Then: the
 * store opens and checks clean; everything acknowledged is there; what was not acknowledged is there whole or
 * not at all; and the audit log's chain holds. MIEN_TEST_CRASHES sets the number of cycles. */
#include "store/audit.h"
#include "store/blobs.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CYCLES 30
#define TOLD   40 /* acts of a cycle, at most, before the kill is due */

typedef enum {
    ENROLLED,
    ERASING,
    ERASED
} act; /* of one person in this order, with nobody else's in between */
typedef struct {
    act what;
    mn_id person, face, sample;
} acknowledged;

typedef struct {
    acknowledged *acts;
    size_t n;
} history;

static char db_path[400], blob_path[400];

/* ---- the child ---- */

#define must(call)                                                                                           \
    do {                                                                                                     \
        if ((call) != MN_OK)                                                                                 \
            _exit(3);                                                                                        \
    } while (0)

/* The records one by one, or in one call. */
static acknowledged write_person(mn_store *s, mn_blobs *b, bool together)
{
    const mn_store_ops *o = s->ops;
    acknowledged done = {ENROLLED, mn_id_make(), mn_id_make(), mn_id_make()};
    static const uint8_t sealed[512] = {1, 2, 3};
    mn_person p = {.id = done.person, .name = "Somebody", .active = true};
    mn_key_record k = {p.id, sealed, 73};
    mn_consent c = {.id = mn_id_make(),
                    .person = p.id,
                    .method = "form",
                    .until = MN_TIME_NEVER,
                    .withdrawn = MN_TIME_NEVER};
    mn_face_record f = {.id = done.face, .person = p.id, .sample = done.sample};
    mn_descriptor_record d = {
        .face = f.id, .model = "m", .dim = 128, .sealed = sealed, .sealed_len = sizeof sealed};
    mn_audit_record r = {.time = 1, .actor = "child", .action = "person.enrol", .detail = "{}"};
    const mn_records all = {.people = &p,
                            .keys = &k,
                            .consents = &c,
                            .faces = &f,
                            .descriptors = &d,
                            .audit = &r,
                            .n_people = 1,
                            .n_keys = 1,
                            .n_consents = 1,
                            .n_faces = 1,
                            .n_descriptors = 1,
                            .n_audit = 1};
    must(b->ops->put(b, &done.sample, sealed, sizeof sealed, NULL));
    if (together) {
        must(o->put_many(s, &all, NULL));
        return done;
    }
    must(o->begin(s, NULL));
    must(o->person_put(s, &p, NULL));
    must(o->key_put(s, &p.id, sealed, 73, NULL));
    must(o->consent_put(s, &c, NULL));
    must(o->face_put(s, &f, NULL));
    must(o->descriptor_put(s, &d, NULL));
    must(o->audit_append(s, &r, NULL));
    must(o->commit(s, NULL));
    return done;
}

static void tell(int out, const acknowledged *done)
{
    if (write(out, done, sizeof *done) != (ssize_t)sizeof *done)
        _exit(4);
}

static void write_until_killed(int out, uint64_t seed)
{
    mn_store *s = NULL;
    mn_blobs *b = NULL;
    must(mn_store_open_sqlite(db_path, &s, NULL));
    must(mn_blobs_open_files(blob_path, &b, NULL));
    for (;;) {
        acknowledged done = write_person(s, b, mn_test_random(&seed) % 2 == 0);
        tell(out, &done);
        if (mn_test_random(&seed) % 4 == 0) {
            done.what = ERASING;
            tell(out, &done);
            must(s->ops->person_delete(s, &done.person, NULL));
            done.what = ERASED;
            tell(out, &done);
        }
    }
}

/* ---- the parent ---- */

/* False: the child has ended, and all it told is known. */
static bool hear_one(int in, history *h)
{
    acknowledged one;
    if (read(in, &one, sizeof one) != (ssize_t)sizeof one)
        return false;
    h->acts = realloc(h->acts, (h->n + 1) * sizeof *h->acts);
    assert_non_null(h->acts);
    h->acts[h->n++] = one;
    return true;
}

static void run_and_kill(history *h, uint64_t *seed, bool opening)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    uint64_t child_seed = mn_test_random(seed);
    pid_t child = mn_test_fork();
    if (child == 0) {
        close(pipes[0]);
        write_until_killed(pipes[1], child_seed);
    }
    close(pipes[1]);
    for (uint64_t n = opening ? 0 : 1 + mn_test_random(seed) % TOLD; n > 0; n--)
        assert_true(hear_one(pipes[0], h));
    usleep((useconds_t)(mn_test_random(seed) % 20000));
    assert_true(mn_test_kill(child));
    while (hear_one(pipes[0], h))
        ;
    close(pipes[0]);
}

static void check_whole(mn_store *s, mn_blobs *b, const acknowledged *a, mn_arena *arena)
{
    mn_person p;
    mn_consent *c;
    mn_face_record f;
    mn_descriptor_record d;
    const uint8_t *key;
    size_t n;
    mn_buf blob;
    assert_ok(s->ops->person_get(s, &a->person, arena, &p, err));
    assert_ok(s->ops->key_get(s, &a->person, arena, &key, &n, err));
    assert_int_equal(n, 73);
    assert_ok(s->ops->consent_list(s, &a->person, arena, &c, &n, err));
    assert_int_equal(n, 1);
    assert_ok(s->ops->face_get(s, &a->face, arena, &f, err));
    assert_ok(s->ops->descriptor_get(s, &a->face, "m", arena, &d, err));
    assert_int_equal(d.sealed_len, 512);
    mn_buf_init(&blob, 1024);
    assert_ok(b->ops->get(b, &a->sample, &blob, err));
    assert_int_equal(blob.len, 512);
    mn_buf_finish(&blob);
}

/* Is this person there, as the last word about them says? */
static size_t check_person(mn_store *s, mn_blobs *b, const acknowledged *a, act last, mn_arena *arena)
{
    mn_person p;
    mn_code code = s->ops->person_get(s, &a->person, arena, &p, NULL);
    if (code == MN_E_NOT_FOUND && last != ENROLLED)
        return 0;
    if (last == ERASED)
        fail_msg("somebody erased is there again");
    if (code != MN_OK)
        fail_msg("an acknowledged enrolment is lost");
    check_whole(s, b, a, arena);
    return 1;
}

static void check_counts(mn_store *s, size_t known, size_t cycles)
{
    mn_store_counts n;
    assert_ok(s->ops->counts(s, &n, err));
    assert_true(n.people >= known &&
                n.people <= known + cycles); /* killed between the commit and its acknowledgement */
    assert_int_equal(n.people, n.faces);     /* nothing half: each has one of each */
    assert_int_equal(n.people, n.descriptors);
    assert_int_equal(n.people, n.consents);
}

static void check_store(const history *h, size_t cycles)
{
    mn_store *s = NULL;
    mn_blobs *b = NULL;
    mn_audit_report report;
    mn_arena *arena = mn_arena_create(256 << 20);
    size_t known = 0;
    assert_non_null(arena);
    assert_ok(mn_store_open_sqlite(db_path, &s, err));
    assert_ok(mn_blobs_open_files(blob_path, &b, err));
    assert_ok(s->ops->check(s, err));
    assert_ok(mn_audit_verify(s, &report, err));
    for (size_t i = 0; i < h->n; i++) {
        act last = ENROLLED;
        const acknowledged *a = &h->acts[i];
        while (i + 1 < h->n && h->acts[i + 1].what != ENROLLED)
            last = h->acts[++i].what;
        known += check_person(s, b, a, last, arena);
        mn_arena_reset(arena);
    }
    check_counts(s, known, cycles);
    s->ops->close(s);
    b->ops->close(b);
    mn_arena_destroy(arena);
}

static void test_kill_9(void **state)
{
    (void)state;
    const char *more = getenv("MIEN_TEST_CRASHES");
    size_t cycles = more ? strtoul(more, NULL, 10) : CYCLES;
    history h = {0};
    uint64_t seed = 20260101;
    snprintf(db_path, sizeof db_path, "%s/mien.db", mn_test_folder());
    snprintf(blob_path, sizeof blob_path, "%s/blobs", mn_test_folder());
    for (size_t i = 1; i <= cycles; i++) {
        run_and_kill(&h, &seed, i % 3 == 0);
        check_store(&h, i);
    }
    printf("%zu cycles, %zu acknowledgements\n", cycles, h.n);
    free(h.acts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill_9)};
    return cmocka_run_group_tests_name("kill -9", tests, NULL, NULL);
}
