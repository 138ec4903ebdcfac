/* The server and its clients are killed in the middle of writing, again and again on the same store.
 *
 * Two processes write; each has its own numbers and tells through a pipe which of them were acknowledged.
 * Number n is one transaction: person n with key, consent, face and descriptor, an audit record that names n,
 * and, for every third n, the deletion of the person before. In each cycle the server dies while they write
 * (told to stop at once, or its first process by kill -9), comes back, and they go on by themselves; then
 * they are killed too. The audit log says what was committed: everything acknowledged is in it, once; and
 * everything in it is there whole, everything not in it is not there at all. MIEN_CRASH_CYCLES: how many
 * cycles. */
#include "postgres_server.h"
#include "store/audit.h"
#include "support.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CYCLES  5
#define WRITERS 2
#define NUMBERS 4000 /* a cycle's, for each writer; who comes to the end begins no other */
#define TOLD    30   /* writes of a writer, at most, before a kill is due */
#define FAULT   UINT32_MAX

typedef struct {
    uint8_t acknowledged, committed;
} fate;

static fate *fates[WRITERS];
static uint32_t used; /* numbers of the cycles so far */

/* ---- the writers ---- */

static mn_id make_id(uint8_t kind, uint8_t writer, uint32_t n)
{
    return (mn_id){
        {kind, writer, [12] = (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static bool deletes(uint32_t n)
{
    return n % 3 == 0 && n % NUMBERS != 0;
}

static mn_code put_face(const mn_store_ops *o, mn_store *s, uint8_t writer, uint32_t n, mn_error *err)
{
    static const uint8_t sealed[512] = {1, 2, 3};
    mn_id person = make_id('p', writer, n);
    mn_face_record f = {.id = make_id('f', writer, n), .person = person, .sample = make_id('s', writer, n)};
    mn_descriptor_record d = {
        .face = f.id, .model = "m", .dim = 128, .sealed = sealed, .sealed_len = sizeof sealed};
    mn_code code = o->key_put(s, &person, sealed, 73, err);
    if (code == MN_OK)
        code = o->face_put(s, &f, err);
    return code == MN_OK ? o->descriptor_put(s, &d, err) : code;
}

static mn_code put_records(const mn_store_ops *o, mn_store *s, uint8_t writer, uint32_t n, mn_error *err)
{
    char target[32];
    mn_person p = {.id = make_id('p', writer, n), .name = "Somebody", .active = true};
    mn_consent c = {.id = make_id('c', writer, n),
                    .person = p.id,
                    .method = "form",
                    .until = MN_TIME_NEVER,
                    .withdrawn = MN_TIME_NEVER};
    mn_id before = make_id('p', writer, n - 1);
    mn_audit_record r = {.time = n, .actor = "writer", .action = "x", .target = target, .detail = "{}"};
    snprintf(target, sizeof target, "%u/%u", writer, n);
    mn_code code = o->person_put(s, &p, err);
    if (code == MN_OK)
        code = o->consent_put(s, &c, err);
    if (code == MN_OK)
        code = put_face(o, s, writer, n, err);
    if (code == MN_OK && deletes(n))
        code = o->person_delete(s, &before, err);
    if (code == MN_E_NOT_FOUND)
        code = MN_OK; /* the one before was not committed */
    return code == MN_OK ? o->audit_append(s, &r, err) : code;
}

static mn_code write_one(mn_store *s, uint8_t writer, uint32_t n, mn_error *err)
{
    mn_code code = put_records(s->ops, s, writer, n, err);
    if (code == MN_OK)
        return s->ops->commit(s, err);
    s->ops->rollback(s);
    return code;
}

/* What a writer may be told while its server dies, and nothing with the password in it. */
static bool expected(mn_code code, const mn_error *e)
{
    return (code == MN_E_IO || code == MN_E_BUSY) && !strstr(e->text, POSTGRES_PASSWORD);
}

static void tell(int out, uint32_t told)
{
    if (write(out, &told, sizeof told) != (ssize_t)sizeof told)
        _exit(4);
}

/* Goes on where the server is away or dies, and nowhere else. */
static void bear(int out, mn_code code, const mn_error *e)
{
    if (!expected(code, e)) {
        fprintf(stderr, "writer: %s: %s\n", mn_code_word(code), e->text);
        tell(out, FAULT);
    }
    usleep(3000);
}

/* A number is used up with its transaction, not while the server is away: that may take any time. */
static void write_until_killed(int out, const char *url, uint8_t writer)
{
    mn_store *s = NULL;
    mn_error e = {0};
    mn_code code;
    while ((code = mn_store_open_postgres(url, &s, &e)) != MN_OK)
        bear(out, code, &e);
    for (uint32_t n = used; n < used + NUMBERS; n++) {
        while ((code = s->ops->begin(s, &e)) != MN_OK)
            bear(out, code, &e);
        code = write_one(s, writer, n, &e);
        if (code == MN_OK)
            tell(out, n);
        else
            bear(out, code, &e);
    }
    pause();
}

/* ---- the parent ---- */

typedef struct {
    pid_t pid;
    int in;
} child;

static child start_writer(uint8_t writer, const char *url)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    child c = {mn_test_fork(), pipes[0]};
    if (c.pid == 0)
        write_until_killed(pipes[1], url, writer);
    close(pipes[1]);
    return c;
}

/* Waits for so many that are acknowledged, and reads what was acknowledged beyond them. */
static size_t note_acknowledged(const child *c, uint8_t writer, size_t least)
{
    uint32_t n;
    size_t count = 0;
    struct pollfd ready = {.fd = c->in, .events = POLLIN};
    for (; poll(&ready, 1, count < least ? -1 : 0) == 1; count++) {
        if (read(c->in, &n, sizeof n) != (ssize_t)sizeof n)
            break;
        if (n == FAULT)
            fail_msg("a writer met an error that it must not meet");
        fates[writer][n].acknowledged = 1;
    }
    assert_true(count >= least);
    return count;
}

static size_t kill_writer(const child *c, uint8_t writer)
{
    assert_true(mn_test_kill(c->pid));
    size_t count = note_acknowledged(c, writer, 0);
    close(c->in);
    return count;
}

static mn_code note_commit(void *ctx, const mn_audit_record *r, mn_error *err)
{
    unsigned writer = 99, n = 0;
    (void)ctx, (void)err;
    assert_int_equal(sscanf(r->target, "%u/%u", &writer, &n), 2);
    assert_true(writer < WRITERS && n < used + NUMBERS);
    fates[writer][n].committed++;
    return MN_OK;
}

static void assert_whole(mn_store *s, uint8_t writer, uint32_t n, mn_arena *a)
{
    mn_id person = make_id('p', writer, n), face = make_id('f', writer, n);
    mn_descriptor_record d;
    mn_face_record f;
    mn_consent *c = NULL;
    const uint8_t *key = NULL;
    size_t len = 0;
    assert_ok(s->ops->key_get(s, &person, a, &key, &len, err));
    assert_int_equal(len, 73);
    assert_ok(s->ops->consent_list(s, &person, a, &c, &len, err));
    assert_int_equal(len, 1);
    assert_ok(s->ops->face_get(s, &face, a, &f, err));
    assert_ok(s->ops->descriptor_get(s, &face, "m", a, &d, err));
    assert_int_equal(d.sealed_len, 512);
}

/* Returns whether the person is there. */
static bool check_number(mn_store *s, uint8_t writer, uint32_t n, mn_arena *a)
{
    const fate *f = &fates[writer][n];
    mn_id person = make_id('p', writer, n);
    mn_person p;
    bool deleted = deletes(n + 1) && fates[writer][n + 1].committed;
    if (f->committed > 1 || f->committed < f->acknowledged)
        fail_msg("%u/%u: acknowledged %u, committed %u times", writer, n, f->acknowledged, f->committed);
    mn_code code = s->ops->person_get(s, &person, a, &p, NULL);
    assert_int_equal(code, f->committed && !deleted ? MN_OK : MN_E_NOT_FOUND);
    if (code == MN_OK)
        assert_whole(s, writer, n, a);
    return code == MN_OK;
}

static void check_counts(mn_store *s, size_t people)
{
    mn_store_counts c;
    assert_ok(s->ops->counts(s, &c, err));
    assert_int_equal(c.people, people);
    assert_int_equal(c.faces, people);
    assert_int_equal(c.descriptors, people);
    assert_int_equal(c.consents, people);
}

static void check_store(const char *url, mn_arena *a, size_t *before)
{
    mn_store *s = NULL;
    mn_audit_report report;
    size_t people = *before;
    assert_ok(mn_store_open_postgres(url, &s, err));
    assert_ok(s->ops->check(s, err));
    assert_ok(mn_audit_verify(s, &report, err));
    for (int w = 0; w < WRITERS; w++)
        for (uint32_t n = 0; n < used + NUMBERS; n++)
            fates[w][n].committed = 0;
    assert_ok(s->ops->audit_each(s, 1, note_commit, NULL, err));
    for (uint8_t w = 0; w < WRITERS; w++)
        for (uint32_t n = used; n < used + NUMBERS; n++) {
            const fate *f = &fates[w][n];
            if (f->acknowledged || f->committed || n < used + 3)
                people += check_number(s, w, n, a);
            mn_arena_reset(a);
        }
    check_counts(s, people); /* and nobody else */
    *before = people;
    s->ops->close(s);
}

/* Until each of them was told of so many, and a moment longer. Returns how many were acknowledged. */
static size_t let_write(const child writers[WRITERS], uint64_t *seed, size_t least)
{
    size_t acknowledged = 0;
    for (uint8_t w = 0; w < WRITERS; w++)
        acknowledged += note_acknowledged(&writers[w], w, least);
    usleep((useconds_t)(mn_test_random(seed) % 20000));
    return acknowledged;
}

/* Also while they open the store. Returns how many writes were acknowledged. */
static size_t run_and_kill(const char *url, uint64_t *seed, bool opening)
{
    child writers[WRITERS];
    for (uint8_t w = 0; w < WRITERS; w++)
        writers[w] = start_writer(w, url);
    size_t acknowledged = let_write(writers, seed, opening ? 0 : 1 + mn_test_random(seed) % TOLD);
    postgres_stop(mn_test_random(seed) % 2 ? SIGQUIT : SIGKILL);
    for (uint8_t w = 0; w < WRITERS; w++)
        acknowledged += note_acknowledged(&writers[w], w, 0);
    postgres_start();
    /* They go on by themselves. */
    acknowledged += let_write(writers, seed, 2 + mn_test_random(seed) % TOLD);
    for (uint8_t w = 0; w < WRITERS; w++)
        acknowledged += kill_writer(&writers[w], w);
    postgres_settle();
    return acknowledged;
}

static void test_kills(void **state)
{
    (void)state;
    postgres_need();
    const char *more = getenv("MIEN_CRASH_CYCLES");
    size_t cycles = more ? strtoul(more, NULL, 10) : CYCLES, acknowledged = 0, people = 0;
    uint64_t seed = 20260101;
    char url[512];
    mn_arena *a = mn_arena_create(16 << 20);
    assert_non_null(a);
    for (int w = 0; w < WRITERS; w++) {
        fates[w] = calloc((cycles + 1) * NUMBERS, sizeof(fate));
        assert_non_null(fates[w]);
    }
    postgres_start();
    snprintf(url, sizeof url, "%s", postgres_url(postgres_new_schema()));
    for (size_t i = 0; i < cycles; i++, used += NUMBERS) {
        acknowledged += run_and_kill(url, &seed, i % 3 == 2);
        check_store(url, a, &people);
    }
    printf("%zu cycles, %zu acknowledged transactions, %zu people\n", cycles, acknowledged, people);
    mn_arena_destroy(a);
    for (int w = 0; w < WRITERS; w++)
        free(fates[w]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kills)};
    return cmocka_run_group_tests_name("PostgreSQL killed", tests, NULL, NULL);
}
