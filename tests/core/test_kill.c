/* kill -9 in the middle of everything that writes, again and again on the same data.
 *
 * A child has two threads, each with people of its own: they enrol one and many at once, into two lists, with
 * and without a sample, erase, withdraw, let people agree again and look at them. Each says through a pipe
 * what it is about to do, and when that was acknowledged. The parent knows from these what must be there. The
 * child is killed at a random moment after some of it, or while it opens the data; for PostgreSQL the server
 * is stopped or killed under it and started again. Then everything acknowledged is there, what was under way
 * is there as a whole or not at all, nobody else is there, the records check clean, the audit log holds as
 * many records as there were acts, and no sample is left over. MIEN_TEST_KILLS and MIEN_TEST_SERVER_KILLS:
 * how many cycles, by themselves a few. */
#include "core/check.h"
#include "places.h"
#include "store/postgres_server.h"
#include "support.h"
#include "world.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KILLS        12
#define SERVER_KILLS 3
#define TOLD         100 /* messages of a cycle, at most, before the kill is due */
#define THREADS      2
#define SLOTS        30 /* people of a thread */
#define MANY_MAX     12
#define IDENTIFY     MN_PURPOSE_IDENTIFICATION

typedef enum { ENROL, ENROL_MANY, WITHDRAW, ERASE, LOOK, ACTS } act;

/* What one call does: for each of these people the same. */
typedef struct {
    uint32_t number; /* also makes the pictures different */
    uint8_t thread, what, n, list, sample;
    uint8_t slots[MANY_MAX];
    uint8_t acknowledged;
    int8_t refused; /* nobody there, or no consent: nothing changes */
} message;

typedef struct {
    bool there, agreed;
    int faces, samples, withdrawn;
    bool lists[2];
} fate;

static fate fates[THREADS][SLOTS];
static uint64_t audit_records;
static uint32_t next_number;
static void (*place)(mn_settings *s);
static world w; /* the data; core is open in the parent only while it checks, and in a child */

/* ---- what a call does to the people ---- */

static void change(fate *f, const message *m)
{
    switch (m->what) {
    case ENROL:
    case ENROL_MANY:
        f->there = f->agreed = true;
        f->faces++;
        f->samples += m->sample;
        f->lists[m->list] = true;
        break;
    case WITHDRAW:
        f->agreed = false;
        f->withdrawn++;
        f->faces = f->samples = 0;
        break;
    case ERASE:
        *f = (fate){0};
        break;
    default:
        break;
    }
}

static void apply(const message *m)
{
    if (m->refused)
        return;
    for (int i = 0; i < m->n; i++)
        change(&fates[m->thread][m->slots[i]], m);
    audit_records += m->what == WITHDRAW ? 2 : m->n; /* and its certificate of erasure */
}

/* ---- the child ---- */

typedef struct {
    int out;
    uint8_t thread;
    uint32_t number;
    uint64_t seed;
    fate fates[SLOTS];
    pthread_t id;
} actor;

static void name_slot(uint8_t thread, uint8_t slot, char text[16])
{
    snprintf(text, 16, "t%u-%u", thread, slot);
}

static message choose(actor *a)
{
    static const uint8_t likely[] = {ENROL,    ENROL, ENROL, ENROL_MANY, ENROL_MANY,
                                     WITHDRAW, ERASE, ERASE, LOOK};
    message m = {.number = a->number++, .thread = a->thread, .n = 1};
    m.what = likely[mn_test_random(&a->seed) % sizeof likely];
    m.list = mn_test_random(&a->seed) % 2;
    m.sample = mn_test_random(&a->seed) % 4 == 0;
    m.slots[0] = (uint8_t)(mn_test_random(&a->seed) % SLOTS);
    if (m.what == ENROL_MANY)
        m.n = (uint8_t)(2 + mn_test_random(&a->seed) % (MANY_MAX - 1));
    for (int i = 1; i < m.n; i++) /* each once */
        m.slots[i] = (uint8_t)((m.slots[0] + i) % SLOTS);
    const fate *f = &a->fates[m.slots[0]];
    m.refused = (m.what == WITHDRAW && !f->agreed) || ((m.what == ERASE || m.what == LOOK) && !f->there);
    return m;
}

typedef struct {
    char names[MANY_MAX][16], pictures[MANY_MAX][32];
    mn_enrol_record records[MANY_MAX];
    mn_consent_given consent;
} load;

static load *make_load(world *own, const message *m)
{
    load *l = mn_arena_calloc(own->arena, 1, sizeof *l);
    l->consent = agreed(IDENTIFY);
    l->consent.given = mn_time_now(); /* after whatever was withdrawn */
    for (int i = 0; i < m->n; i++) {
        name_slot(m->thread, m->slots[i], l->names[i]);
        snprintf(l->pictures[i], sizeof l->pictures[i], "%u/%u/%d", m->thread, m->number, i);
        mn_face *face = make_face(own, 1000u * m->thread + m->slots[i], m->number);
        face->sample = m->sample ? face->sample : NULL;
        l->records[i] = (mn_enrol_record){
            .person = {.external_id = l->names[i],
                       .list = m->list ? "guests" : "staff",
                       .consent = &l->consent},
            .face = {.bytes = (const uint8_t *)l->pictures[i], .n = strlen(l->pictures[i]), .face = face}};
    }
    return l;
}

static mn_code enrol_load(world *own, const load *l, const message *m, mn_error *err)
{
    mn_enrolment out;
    mn_enrol_result results[MANY_MAX];
    const mn_enrol_options options = {0};
    size_t done = 0;
    if (m->what == ENROL)
        return mn_core_enrol(own->core, &ann, &l->records[0].person, &l->records[0].face, own->arena, &out,
                             err);
    mn_code code =
        mn_core_enrol_many(own->core, &ann, l->records, m->n, &options, own->arena, results, &done, err);
    for (int i = 0; code == MN_OK && i < m->n; i++)
        if (results[i].code != MN_OK)
            return mn_fail(err, MN_E_INTERNAL, "record %d: %s", i, results[i].why);
    return code;
}

static mn_code find(world *own, const message *m, mn_id *id)
{
    char name[16];
    mn_person p;
    const mn_id account = {{0}};
    name_slot(m->thread, m->slots[0], name);
    mn_store *s = own->core->store;
    mn_code code = s->ops->person_by_external_id(s, &account, name, own->arena, &p, NULL);
    if (code == MN_OK)
        *id = p.id;
    return code;
}

static mn_code perform(world *own, const message *m, mn_error *err)
{
    mn_person_view v;
    mn_id id;
    char name[16];
    if (m->what == ENROL || m->what == ENROL_MANY)
        return enrol_load(own, make_load(own, m), m, err);
    mn_code code = find(own, m, &id);
    if (code != MN_OK)
        return code;
    name_slot(m->thread, m->slots[0], name);
    return m->what == WITHDRAW ? mn_core_consent_withdraw(own->core, &ann, &id, IDENTIFY, err)
           : m->what == ERASE  ? mn_core_erase(own->core, &ann, &id, err)
                               : mn_core_person(own->core, &ann, name, own->arena, &v, err);
}

static void tell(const actor *a, const message *m)
{
    if (write(a->out, m, sizeof *m) != (ssize_t)sizeof *m)
        _exit(4);
}

static void *act_until_killed(void *p)
{
    actor *a = p;
    world own = w;
    own.arena = mn_arena_create(64 << 20);
    for (;;) {
        mn_error e = {0};
        message m = choose(a);
        tell(a, &m);
        mn_code code = perform(&own, &m, &e);
        if (place && (code == MN_E_IO || code == MN_E_BUSY))
            pause(); /* the server went: whether it is done, nobody knows */
        if (code != (m.refused ? MN_E_NOT_FOUND : MN_OK)) {
            fprintf(stderr, "act %u: %s: %s\n", m.what, mn_code_word(code), e.text);
            _exit(3);
        }
        m.acknowledged = 1;
        tell(a, &m);
        for (int i = 0; !m.refused && i < m.n; i++)
            change(&a->fates[m.slots[i]], &m);
        mn_arena_reset(own.arena);
    }
    return NULL;
}

static void run_child(int out, uint64_t seed)
{
    actor actors[THREADS];
    mn_error e = {0};
    mn_code code = world_open(&w, "test", &fp32_model, true, &w.core, &e);
    if (code != MN_OK && place)
        pause(); /* the server went */
    if (code != MN_OK) {
        fprintf(stderr, "opening: %s\n", e.text);
        _exit(5);
    }
    for (uint8_t i = 0; i < THREADS; i++) {
        actors[i] = (actor){.out = out, .thread = i, .number = next_number, .seed = seed + i};
        memcpy(actors[i].fates, fates[i], sizeof fates[i]);
        if (pthread_create(&actors[i].id, NULL, act_until_killed, &actors[i]) != 0)
            _exit(6);
    }
    pause();
}

/* ---- the parent ---- */

/* False: the child has ended, and all it told is known. */
static bool hear_one(int in, message under_way[THREADS], bool busy[THREADS])
{
    message m;
    if (read(in, &m, sizeof m) != (ssize_t)sizeof m)
        return false;
    if (m.acknowledged)
        apply(&m);
    busy[m.thread] = !m.acknowledged;
    under_way[m.thread] = m;
    next_number = m.number >= next_number ? m.number + 1 : next_number;
    return true;
}

/* One cycle; who was under way when it ended is left in `under_way`. */
static void run_and_kill(uint64_t *seed, bool opening, message under_way[THREADS], bool busy[THREADS])
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    uint64_t own = mn_test_random(seed);
    pid_t child = mn_test_fork();
    if (child == 0) {
        close(pipes[0]);
        run_child(pipes[1], own);
        _exit(7);
    }
    close(pipes[1]);
    for (uint64_t n = opening ? 0 : 2 * THREADS + mn_test_random(seed) % TOLD; n > 0; n--)
        assert_true(hear_one(pipes[0], under_way, busy));
    usleep((useconds_t)(mn_test_random(seed) % 50000));
    if (place)
        postgres_stop(mn_test_random(seed) % 2 ? SIGQUIT : SIGKILL);
    assert_true(mn_test_kill(child));
    while (hear_one(pipes[0], under_way, busy))
        ;
    close(pipes[0]);
    if (place)
        postgres_start();
}

/* What the store says of one of them; each face with its descriptor, and its sample that opens. */
static fate look_at(uint8_t thread, uint8_t slot)
{
    fate f = {0};
    mn_person_view v;
    mn_descriptor_record d;
    mn_store *s = w.core->store;
    char name[16];
    const uint8_t *key;
    size_t n;
    mn_id id;
    const message who = {.thread = thread, .slots = {slot}};
    if (find(&w, &who, &id) != MN_OK)
        return f;
    name_slot(thread, slot, name);
    assert_ok(mn_core_person(w.core, &ann, name, w.arena, &v, err));
    audit_records++;
    f.there = true;
    f.faces = (int)v.n_faces;
    for (size_t i = 0; i < v.n_consents; i++) {
        bool valid = v.consents[i].withdrawn == MN_TIME_NEVER;
        assert_false(valid && f.agreed); /* one at most */
        f.agreed |= valid;
        f.withdrawn += !valid;
    }
    for (size_t i = 0; i < v.n_lists; i++)
        f.lists[strcmp(v.lists[i].name, "guests") == 0] = true;
    assert_int_equal(s->ops->key_get(s, &id, w.arena, &key, &n, NULL), f.faces ? MN_OK : MN_E_NOT_FOUND);
    for (size_t i = 0; i < v.n_faces; i++) {
        mn_buf jpeg;
        mn_buf_init(&jpeg, 1 << 20);
        assert_ok(s->ops->descriptor_get(s, &v.faces[i].id, "synthetic-128", w.arena, &d, err));
        if (!mn_id_is_nil(&v.faces[i].sample)) {
            f.samples++;
            audit_records++;
            assert_ok(mn_core_sample(w.core, &ann, &v.faces[i].id, &jpeg, err));
        }
        mn_buf_finish(&jpeg);
    }
    return f;
}

static bool same(const fate *a, const fate *b)
{
    return a->there == b->there && a->agreed == b->agreed && a->faces == b->faces &&
           a->samples == b->samples && a->withdrawn == b->withdrawn && a->lists[0] == b->lists[0] &&
           a->lists[1] == b->lists[1];
}

/* Whole or not at all: the first of its people says which, and the others must agree. */
static void settle(const message *m, fate found[THREADS][SLOTS])
{
    fate after = fates[m->thread][m->slots[0]];
    change(&after, m);
    if (!m->refused && m->what != LOOK && same(&after, &found[m->thread][m->slots[0]]))
        apply(m);
}

static void compare(fate found[THREADS][SLOTS])
{
    for (uint8_t t = 0; t < THREADS; t++)
        for (uint8_t i = 0; i < SLOTS; i++)
            if (!same(&fates[t][i], &found[t][i]))
                fail_msg("t%u-%u: there %d/%d agreed %d/%d faces %d/%d samples %d/%d withdrawn %d/%d", t, i,
                         fates[t][i].there, found[t][i].there, fates[t][i].agreed, found[t][i].agreed,
                         fates[t][i].faces, found[t][i].faces, fates[t][i].samples, found[t][i].samples,
                         fates[t][i].withdrawn, found[t][i].withdrawn);
}

static void check_counts(bool looking)
{
    mn_store_counts c;
    uint64_t people = 0, faces = 0, consents = 0;
    for (int t = 0; t < THREADS; t++)
        for (int i = 0; i < SLOTS; i++) {
            people += fates[t][i].there;
            faces += (uint64_t)fates[t][i].faces;
            consents += (uint64_t)(fates[t][i].withdrawn + fates[t][i].agreed);
        }
    assert_ok(mn_core_counts(w.core, &c, err));
    assert_int_equal(c.people, people); /* and nobody else */
    assert_int_equal(c.faces, faces);
    assert_int_equal(c.descriptors, faces);
    assert_int_equal(c.consents, consents);
    assert_true(c.lists <= 2);
    /* A look that was under way is on record or not. */
    assert_true(c.audit == audit_records ||
                (looking && c.audit > audit_records && c.audit <= audit_records + THREADS));
    audit_records = c.audit;
}

static void check_data(const message under_way[THREADS], const bool busy[THREADS])
{
    static fate found[THREADS][SLOTS];
    bool looking = false;
    mn_id *trash = NULL;
    size_t n = 9;
    assert_ok(world_open(&w, "test", &fp32_model, true, &w.core, err));
    assert_ok(mn_core_check(w.core, NULL, NULL, err)); /* with the audit log's chain */
    for (uint8_t t = 0; t < THREADS; t++)
        for (uint8_t i = 0; i < SLOTS; i++)
            found[t][i] = look_at(t, i);
    for (int t = 0; t < THREADS; t++) {
        if (busy[t])
            settle(&under_way[t], found);
        looking |= busy[t] && under_way[t].what == LOOK;
    }
    compare(found);
    check_counts(looking);
    assert_ok(w.core->store->ops->trash_list(w.core->store, 10, w.arena, &trash, &n, err));
    assert_int_equal(n, 0); /* opening removes what an erasure left over */
    mn_core_close(w.core);
    w.core = NULL;
    mn_arena_reset(w.arena);
}

static void run_cycles(size_t cycles)
{
    uint64_t seed = 20260101;
    uint64_t first = audit_records;
    for (size_t i = 1; i <= cycles; i++) {
        message under_way[THREADS];
        bool busy[THREADS] = {false};
        run_and_kill(&seed, i % 3 == 0, under_way, busy);
        check_data(under_way, busy);
    }
    printf("%zu kills, %llu audit records, %u acts of a thread\n", cycles,
           (unsigned long long)(audit_records - first), next_number);
}

static size_t cycles_of(const char *variable, size_t usual)
{
    const char *more = getenv(variable);
    return more ? strtoul(more, NULL, 10) : usual;
}

static void begin(void)
{
    ann.rights = mn_rights_all();
    memset(fates, 0, sizeof fates);
    audit_records = next_number = 0;
    w = (world){.arena = mn_arena_create((size_t)64 << 20)};
    assert_non_null(w.arena);
    snprintf(w.dir, sizeof w.dir, "%s/data", mn_test_folder());
    if (place) {
        w.settings = mn_settings_create();
        assert_non_null(w.settings);
        place(w.settings);
    }
}

static void end(void)
{
    mn_arena_destroy(w.arena);
    mn_settings_destroy(w.settings);
}

static void test_sqlite(void **state)
{
    (void)state;
    place = NULL;
    begin();
    run_cycles(cycles_of("MIEN_TEST_KILLS", KILLS));
    end();
}

static void test_postgres(void **state)
{
    (void)state;
    postgres_need();
    postgres_start();
    place = place_in_postgres;
    begin();
    run_cycles(cycles_of("MIEN_TEST_SERVER_KILLS", SERVER_KILLS));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sqlite), cmocka_unit_test(test_postgres)};
    return cmocka_run_group_tests_name("killed", tests, NULL, NULL);
}
