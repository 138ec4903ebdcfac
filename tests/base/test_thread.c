#include "base/alloc.h"
#include "base/thread.h"
#include "support.h"
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

/* A gate holds a worker until the test opens it. */
typedef struct {
    sem_t entered, open;
} gate;

static void gate_init(gate *g)
{
    sem_init(&g->entered, 0, 0);
    sem_init(&g->open, 0, 0);
}

static void stand_at_gate(void *job, unsigned worker)
{
    gate *g = job;
    (void)worker;
    sem_post(&g->entered);
    sem_wait(&g->open);
}

static struct {
    int order[64];
    atomic_int n, dropped;
} seen;

static void seen_clear(void)
{
    atomic_store(&seen.n, 0);
    atomic_store(&seen.dropped, 0);
}

static void note_run(void *job, unsigned worker)
{
    (void)worker;
    seen.order[atomic_fetch_add(&seen.n, 1)] = *(int *)job;
}

static void note_drop(void *job)
{
    (void)job;
    atomic_fetch_add(&seen.dropped, 1);
}

static int numbers[64];

static mn_job numbered(int i, const mn_cancel *cancel)
{
    numbers[i] = i;
    return (mn_job){.run = note_run, .drop = note_drop, .job = &numbers[i], .cancel = cancel};
}

static mn_pool *pool_of(unsigned workers, size_t queue)
{
    mn_pool *pool = NULL;
    assert_ok(mn_pool_create(workers, queue, &pool, err));
    return pool;
}

static void hold_worker(mn_pool *pool, gate *g)
{
    gate_init(g);
    assert_ok(mn_pool_submit(pool, &(mn_job){.run = stand_at_gate, .job = g}, true, err));
    sem_wait(&g->entered);
}

static void jobs_run_in_order(void **state)
{
    (void)state;
    seen_clear();
    mn_pool *pool = pool_of(1, 3);
    for (int i = 0; i < 50; i++) {
        mn_job job = numbered(i, NULL);
        assert_ok(mn_pool_submit(pool, &job, true, err));
    }
    mn_pool_drain(pool);
    assert_int_equal(seen.n, 50);
    for (int i = 0; i < 50; i++)
        assert_int_equal(seen.order[i], i);
    mn_pool_destroy(pool);
    assert_int_equal(seen.dropped, 0);
}

static atomic_int total, per_worker[4];

static void count_run(void *job, unsigned worker)
{
    (void)job;
    atomic_fetch_add(&total, 1);
    atomic_fetch_add(&per_worker[worker], 1); /* ASan and TSan see a number beyond 3 */
}

static void *submit_many(void *arg)
{
    for (int i = 0; i < 1000; i++)
        if (mn_pool_submit(arg, &(mn_job){.run = count_run}, true, NULL) != MN_OK)
            return arg;
    return NULL;
}

static void many_submitters_many_workers(void **state)
{
    (void)state;
    atomic_store(&total, 0);
    mn_pool *pool = pool_of(4, 2);
    assert_int_equal(mn_pool_workers(pool), 4);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, submit_many, pool), 0);
    for (int i = 0; i < 3; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    mn_pool_drain(pool);
    assert_int_equal(total, 3000);
    assert_int_equal(per_worker[0] + per_worker[1] + per_worker[2] + per_worker[3], 3000);
    mn_pool_destroy(pool);
}

static void a_full_queue_is_busy(void **state)
{
    (void)state;
    seen_clear();
    gate g;
    mn_error e = {0};
    mn_pool *pool = pool_of(1, 2);
    hold_worker(pool, &g);
    for (int i = 0; i < 2; i++) {
        mn_job job = numbered(i, NULL);
        assert_ok(mn_pool_submit(pool, &job, false, err));
    }
    mn_job job = numbered(2, NULL);
    assert_int_equal(mn_pool_submit(pool, &job, false, &e), MN_E_BUSY);
    assert_string_equal(e.text, "the queue is full: 2 jobs wait");
    sem_post(&g.open);
    mn_pool_drain(pool);
    assert_int_equal(seen.n, 2);
    mn_pool_destroy(pool);
}

static void cancelled_jobs_are_dropped(void **state)
{
    (void)state;
    seen_clear();
    gate g;
    mn_cancel cancel = {0};
    mn_pool *pool = pool_of(1, 8);
    hold_worker(pool, &g);
    mn_job kept = numbered(1, NULL), dropped = numbered(2, &cancel), silent = numbered(3, &cancel);
    silent.drop = NULL;
    assert_ok(mn_pool_submit(pool, &dropped, true, err));
    assert_ok(mn_pool_submit(pool, &silent, true, err));
    assert_ok(mn_pool_submit(pool, &kept, true, err));
    assert_false(mn_cancelled(&cancel));
    assert_false(mn_cancelled(NULL));
    mn_cancel_set(&cancel);
    assert_true(mn_cancelled(&cancel));
    sem_post(&g.open);
    mn_pool_drain(pool);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.order[0], 1);
    assert_int_equal(seen.dropped, 1);
    mn_pool_destroy(pool);
}

static void *destroy_pool(void *pool)
{
    mn_pool_destroy(pool);
    return NULL;
}

static void *submit_waiting(void *pool)
{
    mn_job job = numbered(40, NULL);
    return (void *)(intptr_t)mn_pool_submit(pool, &job, true, NULL);
}

static void short_pause(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* One runs, two are queued, one submitter waits for room: the first ends, the two are dropped, the last is
 * refused. */
static void destroying_drops_and_wakes(void **state)
{
    (void)state;
    seen_clear();
    gate g;
    mn_pool *pool = pool_of(1, 2);
    hold_worker(pool, &g);
    for (int i = 0; i < 2; i++) {
        mn_job job = numbered(i, NULL);
        assert_ok(mn_pool_submit(pool, &job, false, err));
    }
    pthread_t submitter, destroyer;
    assert_int_equal(pthread_create(&submitter, NULL, submit_waiting, pool), 0);
    short_pause();
    assert_int_equal(pthread_create(&destroyer, NULL, destroy_pool, pool), 0);
    void *code;
    pthread_join(submitter, &code);
    assert_int_equal((intptr_t)code, MN_E_CANCELLED);
    sem_post(&g.open);
    pthread_join(destroyer, NULL);
    assert_int_equal(seen.n, 0);
    assert_int_equal(seen.dropped, 2);
}

static void create_refuses_and_survives(void **state)
{
    (void)state;
    mn_pool *pool = NULL;
    assert_int_equal(mn_pool_create(0, 1, &pool, NULL), MN_E_INVALID);
    assert_int_equal(mn_pool_create(1, 0, &pool, NULL), MN_E_INVALID);
    for (long n = 1; n <= 3; n++) {
        mn_alloc_fail_at(n);
        mn_code code = mn_pool_create(2, 4, &pool, NULL);
        mn_alloc_fail_at(0);
        assert_int_equal(code, MN_E_MEMORY);
    }
    assert_null(pool);
    mn_pool_destroy(NULL);
    assert_in_range(mn_cpu_count(), 1, 65536);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_run_in_order),          cmocka_unit_test(many_submitters_many_workers),
        cmocka_unit_test(a_full_queue_is_busy),       cmocka_unit_test(cancelled_jobs_are_dropped),
        cmocka_unit_test(destroying_drops_and_wakes), cmocka_unit_test(create_refuses_and_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
